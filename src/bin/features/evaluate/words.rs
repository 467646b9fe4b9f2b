//! What the numbers mean, in words: for the help, the page, and warnings.

use tidemark::arithmetic::evaluation::LEAST_NAMES;
use tidemark::jobs::evaluate::Evaluation;
use tidemark::say;

/// Share of values that are tied from which it is said.
const MANY_TIES: f64 = 0.1;

/// What `--help` says after the options.
pub const HELP: &str = "\
What the numbers mean:
  names      instruments in the population at session t that have a value at t
  return     total return (splits, dividends) from the close of t to the price at session t + h:
             its close or the latest before it, at most 5 sessions back; sessions, not days
  stopped    a name that stopped trading before t + h has no return; it is counted, with the
             mean return to its last bar
  IC         Spearman's rank correlation of values and returns; none under 10 names or where
             all are equal
  IR         mean IC / its standard deviation over sessions (ddof 1), not annualised
  error, t   Newey-West with h - 1 lags, because the returns of neighbouring sessions overlap;
             none under 4 h sessions
  quantiles  by rank, as near equal in size as can be, 1 the lowest; equal values in the order
             of their tickers
  turnover   share of a quantile's names that were not in it one horizon earlier
  autocorr   rank correlation of the values with those one horizon earlier
  coverage   names / population

Examples:
  features evaluate mom_12_1
  features evaluate momentum momentum_sn low_risk --horizons 21,63
  features evaluate vol_60 --from 2016-01-04 --quantiles 10 --html vol_60.html
  features evaluate rev_1 --json | jq '.factors[0].horizons[] | {horizon, ic}'";

/// Terms and what they mean, as the page explains them.
pub const TERMS: [(&str, &str); 10] = [
    (
        "Names",
        "The instruments in the population of session t (common shares and receipts, close at least 1, enough trading, listed for at least 60 sessions) that have a value at t. Nothing after t decides who is a name or in which quantile it stands.",
    ),
    (
        "Value",
        "A factor's raw value as known at t (from the bars as they are stored now, the vendor's later corrections included), turned by its direction so that more is preferred; or a family's score. Sector-neutral: the z-score (or score) less the mean of its sector, for sectors of at least 5 names; sectors are as known now.",
    ),
    (
        "Forward return",
        "Of horizon h at session t: the total return, with splits and dividends, from the close of t to the price at session t + h. That price is the close of t + h, or the latest before it, at most 5 sessions back. Sessions are those of the exchange calendar. Returns are computed from the bars when the page is made; no table holds them.",
    ),
    (
        "Stopped",
        "A name whose last bar lies before t + h (and more than 5 sessions before the last bar of the market) has no price there and no forward return. Such names are counted, the mean return to their last bar is given apart, and the spread is given a second time with them in it. What was paid for the shares after the last bar is not known here.",
    ),
    (
        "Information coefficient (IC)",
        "Spearman's rank correlation of values and forward returns over the names of one session; equal ones share the mean of their ranks. None under 10 names, or where all values or all returns are equal. IR is the mean over sessions / the standard deviation (ddof 1), not annualised.",
    ),
    (
        "Quantiles",
        "Names by rank in groups as near equal in size as can be, 1 with the lowest values; equal values in the order of their tickers. They are formed from all names, before it is known who has a forward return. A quantile's return is the plain mean of its names' forward returns; the spread is that of the highest less that of the lowest.",
    ),
    (
        "Error and t",
        "Neighbouring sessions share all but one session of their returns, so their numbers are no independent draws. The standard error of a mean over sessions is Newey and West's (1987) with h - 1 lags and n/(n-1), and t is mean / error; with h = 1 it is the textbook's. None under 4 h sessions. With few spans it still leans towards too small an error.",
    ),
    (
        "Cumulative spread",
        "The running sum of spread / h: what was gained, before costs and not compounded, by putting 1/h of the capital into the top quantile against the bottom on every session and holding it for h. It is booked on session t, when it is put in.",
    ),
    (
        "Turnover and rank autocorrelation",
        "Turnover: the share of a quantile's names that were not in it h sessions earlier. Rank autocorrelation: Spearman's correlation of the values with those h sessions earlier, over the names that have both.",
    ),
    ("Coverage", "Names with a value / names in the population of the session."),
];

/// What should be known before the numbers are used.
pub fn warnings(evaluation: &Evaluation) -> Vec<String> {
    let mut warnings = Vec::new();
    if evaluation.features_behind > 0 {
        warnings.push(format!(
            "{} instruments changed after the last features refresh, so their features are older than their bars; run features refresh",
            say::count(evaluation.features_behind as u64)
        ));
    }
    for factor in &evaluation.factors {
        let most = factor.most_names() as usize;
        if most < LEAST_NAMES.max(evaluation.quantiles) {
            warnings.push(format!(
                "{} has a value for at most {most} names on a session, too few for {}",
                factor.signal.name(),
                if most < LEAST_NAMES { "a coefficient" } else { "the quantiles" }
            ));
        }
    }
    for (at, horizon) in evaluation.horizons.iter().enumerate() {
        if evaluation.factors.iter().all(|factor| factor.horizons[at].unfinished == factor.rows.len()) {
            warnings.push(format!(
                "no session has a return over a horizon of {horizon}: the last bars are of {}",
                evaluation.last_bars
            ));
        }
    }
    for factor in &evaluation.factors {
        let tied = tidemark::arithmetic::evaluation::summary::tied(&factor.rows);
        if tied >= MANY_TIES {
            warnings.push(format!(
                "{:.0} % of the values of {} are shared with another name of the session; a quantile's edge among them is the alphabet's",
                tied * 100.0,
                factor.signal.name()
            ));
        }
    }
    warnings
}
