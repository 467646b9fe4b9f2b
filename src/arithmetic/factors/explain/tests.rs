use proptest::prelude::*;

use super::*;
use crate::arithmetic::catalogue::PRICE_FACTOR_COUNT;
use crate::arithmetic::factors::sample::Sample;
use crate::domain::history::{Dividend, SharesReport, Split};

/// A session with a date: 1000 is in December of 1973.
const FIRST: i32 = 1000;

fn asked<'a>(history: &'a History<'a>, benchmark: Option<&'a Benchmark>) -> Asked<'a> {
    Asked { history, benchmark, benchmark_name: "SPY", is_benchmark: false, share_filings: &[] }
}

fn of(sample: &Sample, benchmark: Option<&Benchmark>, session: i32, factor: &str) -> Explanation {
    let history = sample.history();
    explain(&asked(&history, benchmark), session, position(factor).unwrap()).unwrap()
}

impl Explanation {
    fn step(&self, name: &str) -> &Step {
        self.steps.iter().find(|step| step.name == name).unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    fn number(&self, name: &str) -> f64 {
        self.step(name).value
    }

    /// The value once more, from nothing but the steps that are shown.
    fn by_steps(&self) -> f64 {
        let year = 252.0_f64.sqrt();
        match self.factor {
            "mom_12_1" | "mom_6_1" | "mom_3" | "rev_1" => self.number("growth") - 1.0,
            "mom_risk_adj" => {
                let vol = (self.number("sum_of_squares") / (self.number("returns") - 1.0)).sqrt() * year;
                (self.number("growth") - 1.0) / vol
            }
            "high_52w" => self.number("close") / self.number("highest_close"),
            "vol_20" | "vol_60" | "vol_252" => {
                (self.number("sum_of_squares") / (self.number("returns") - 1.0)).sqrt() * year
            }
            "downside_vol_252" => {
                (self.number("sum_of_squared_falls") / self.number("returns")).sqrt() * year
            }
            "beta_252" => self.number("covariance") / self.number("variance_of_benchmark"),
            "ivol_252" => {
                (self.number("sum_of_squared_residuals") / (self.number("pairs") - 2.0)).sqrt() * year
            }
            "max_ret_21" => self.number("highest_r"),
            "max_drawdown_252" => self.number("trough") / self.number("peak") - 1.0,
            "adv_20" | "adv_63" => self.number("sum_of_money") / self.number("sessions"),
            "amihud_126" => self.number("sum_of_illiquidity") / self.number("returns") * 1e6,
            "turnover_63" => self.number("sum_of_volume") / self.number("bars") / self.number("shares"),
            "size" => (self.number("close") * self.number("shares")).ln(),
            "div_yield" => self.number("cash") / self.number("close"),
            other => panic!("no steps of {other}"),
        }
    }

    /// The product of the shown returns, and how many statistics count.
    fn by_lines(&self) -> (f64, usize) {
        let returns = self.lines.iter().filter(|line| !line.r.is_nan());
        let growth = returns.map(|line| 1.0 + line.r).product();
        (growth, self.lines.iter().filter(|line| line.counted).count())
    }
}

fn date_in(session: i32) -> Option<NaiveDate> {
    nyse().date(session)
}

#[test]
fn momentum_shows_the_prices_at_both_ends_and_what_was_paid_between_them() {
    let mut sample = Sample::steady(FIRST, (0..300).map(|at| 100.0 + f64::from(at)));
    // No bar at t-252 nor the session before it: the price is two sessions old.
    let t = FIRST + 299;
    for session in [t - 252, t - 253] {
        let at = sample.sessions.iter().position(|one| *one == session).unwrap();
        for column in [&mut sample.close, &mut sample.volume] {
            column.remove(at);
        }
        sample.sessions.remove(at);
    }
    sample.splits.push(Split { session: t - 100, ratio: 2.0 });
    sample.dividends.push(Dividend { session: t - 50, cash: 3.0 });
    let got = of(&sample, None, t, "mom_12_1");
    let start = got.step("start_close");
    assert_eq!((start.value, start.session_date), (145.0, date_in(t - 254)));
    assert!(start.note.as_deref().unwrap().starts_with("2 sessions before "), "{start:?}");
    assert_eq!((got.number("end_close"), got.step("end_close").note.clone()), (378.0, None));
    assert_eq!(got.number("split_ratio"), 2.0);
    // Twice the shares from the split on, and the dividend bought more of them at the close of its day.
    let by_hand = 378.0 * 2.0 * ((349.0 + 3.0) / 349.0) / 145.0 - 1.0;
    assert!((got.value - by_hand).abs() < 1e-12, "{} is not {by_hand}", got.value);
    let window = got.window.as_ref().unwrap();
    assert_eq!((&*window.after_name, &*window.through_name, window.sessions), ("t-252", "t-21", 231));
    assert_eq!((window.after, window.through), (date_in(t - 252), date_in(t - 21)));
    let actions: Vec<_> = got.actions.iter().map(|one| (one.kind, Some(one.ex_session))).collect();
    assert_eq!(actions, [("split", date_in(t - 100)), ("dividend", date_in(t - 50))]);
    assert_eq!(got.lines[0].previous_date, date_in(t - 254));
    assert_eq!(got.lines.len(), 231);
}

#[test]
fn the_high_the_drawdown_and_the_largest_return_have_their_dates() {
    let mut close = vec![10.0; 130];
    (close[40], close[60], close[100]) = (20.0, 5.0, 30.0);
    let mut sample = Sample::steady(FIRST, close);
    sample.splits.push(Split { session: FIRST + 120, ratio: 2.0 });
    let t = FIRST + 129;
    let high = of(&sample, None, t, "high_52w");
    let highest = high.step("highest_close");
    assert_eq!((highest.value, highest.session_date), (15.0, date_in(FIRST + 100)));
    assert_eq!(high.number("highest_close_as_printed"), 30.0);
    assert_eq!((high.value, high.actions.len()), (10.0 / 15.0, 1));
    let fall = of(&sample, None, FIRST + 125, "max_drawdown_252");
    // From 20 to 5, before the rise to 30 and back: 10 / 30 is less deep.
    assert_eq!(fall.value, -0.75);
    assert_eq!((fall.number("peak"), fall.step("peak").session_date), (2.0, date_in(FIRST + 40)));
    assert_eq!((fall.number("trough"), fall.step("trough").session_date), (0.5, date_in(FIRST + 60)));
    // The split doubles what one holds of the steady price.
    let best = of(&sample, None, t, "max_ret_21");
    assert_eq!((best.value, best.step("highest_r").session_date), (1.0, date_in(FIRST + 120)));
    assert_eq!(best.step("close_before").session_date, date_in(FIRST + 119));
}

#[test]
fn a_price_that_never_fell_has_a_drawdown_of_nothing_from_its_latest_peak() {
    let sample = Sample::steady(FIRST, (0..130).map(|at| 10.0 + f64::from(at)));
    let fall = of(&sample, None, FIRST + 129, "max_drawdown_252");
    assert_eq!((fall.value, fall.by_steps()), (0.0, 0.0));
    assert_eq!(fall.step("peak").note.as_deref(), Some("wealth never fell"));
}

#[test]
fn shares_are_shown_as_filed_with_their_filing_and_the_splits_since() {
    let mut sample = Sample::steady(FIRST, vec![10.0; 70]);
    let t = FIRST + 69;
    sample.shares = vec![
        SharesReport { usable_from: FIRST + 10, filed: FIRST + 9, shares: 500.0 },
        SharesReport { usable_from: FIRST + 20, filed: FIRST + 19, shares: 1000.0 },
    ];
    sample.splits.push(Split { session: FIRST + 30, ratio: 3.0 });
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let filings = [(day("1973-12-20"), day("1973-09-30")), (day("1974-01-04"), day("1973-12-31"))];
    let history = sample.history();
    let asked = Asked { share_filings: &filings, ..asked(&history, None) };
    let got = explain(&asked, t, position("turnover_63").unwrap()).unwrap();
    let used = got.shares.clone().unwrap();
    assert_eq!((used.filed, used.split_ratio, used.shares), (1000.0, 3.0, 3000.0));
    assert_eq!((used.filing_date, used.period_end), (Some(filings[1].0), Some(filings[1].1)));
    // 1,000 a session: 23 sessions up to the one before the split count threefold.
    let volume: f64 = (7..70).map(|at| if at < 30 { 3000.0 } else { 1000.0 }).sum();
    assert_eq!(got.number("sum_of_volume"), volume);
    assert!((got.value - volume / 63.0 / 3000.0).abs() < 1e-15);
    let early = explain(&asked, FIRST + 5, position("size").unwrap()).unwrap();
    let first = nyse().date(FIRST + 10).unwrap();
    assert_eq!(
        early.why_null.unwrap(),
        format!("no basic_shares_outstanding in any filing known by then: the first is usable from {first}")
    );
}

#[test]
fn every_way_to_be_null_has_its_words() {
    let young = Sample::steady(FIRST, (0..100).map(|at| 10.0 + f64::from(at % 7)));
    let t = FIRST + 99;
    let day = |session: i32| nyse().date(session).unwrap();
    let why = |factor: &str| of(&young, None, t, factor).why_null;
    let (first, after) = (day(FIRST), day(t - 252));
    assert_eq!(
        why("mom_12_1").unwrap(),
        format!("no price at t-252 ({after}) or within 5 sessions before it: the first bar is of {first}")
    );
    let needs = |what: &str, has: u32| {
        format!("needs 120 {what} in ({after}, {}], has {has}: the first bar is of {first}", day(t))
    };
    assert_eq!(why("vol_252").unwrap(), needs("returns", 99));
    assert_eq!(why("max_drawdown_252").unwrap(), needs("returns of any span", 99));
    assert_eq!(why("high_52w").unwrap(), needs("bars", 100));
    assert_eq!(why("beta_252").unwrap(), "the benchmark SPY has no bars");
    assert_eq!(why("size").unwrap(), "no basic_shares_outstanding in any filing known by then");
    assert_eq!(why("mom_3"), None);

    // A gap: the price before it is too old, and the return over it does not count.
    let mut gap = Sample::steady(FIRST, (0..60).map(|at| 10.0 + f64::from(at % 7)));
    gap.sessions.iter_mut().skip(40).for_each(|session| *session += 12);
    let t = FIRST + 71;
    assert_eq!(
        of(&gap, None, t, "rev_1").why_null.unwrap(),
        format!(
            "no price at t-21 ({}) or within 5 sessions before it: the last bar before it is of {}",
            day(t - 21),
            day(FIRST + 39)
        )
    );
    let vol = of(&gap, None, FIRST + 53, "vol_20");
    assert_eq!(
        vol.why_null.unwrap(),
        format!(
            "needs 15 returns in ({}, {}], has 7; 1 over more than 5 sessions left out",
            day(FIRST + 33),
            day(FIRST + 53)
        )
    );

    // A benchmark that stands still, and a price that does.
    let flat = Benchmark::new(&Sample::steady(FIRST, vec![50.0; 300]).history());
    let still = Sample::steady(FIRST, vec![10.0; 300]);
    let t = FIRST + 299;
    assert_eq!(
        of(&still, Some(&flat), t, "beta_252").why_null.unwrap(),
        "the benchmark SPY did not move in the window"
    );
    assert_eq!(of(&still, None, t, "mom_risk_adj").why_null.unwrap(), "vol_252 is 0: the price did not move");
    let short = Benchmark::new(&Sample::steady(FIRST + 250, vec![50.0; 50]).history());
    assert_eq!(
        of(&still, Some(&short), t, "beta_252").why_null.unwrap(),
        format!(
            "needs 120 pairs of returns in ({}, {}], has 49; 203 of 252 returns lack the benchmark SPY's",
            day(t - 252),
            day(t)
        )
    );
    // Numbers that no price has, but that a file may hold.
    let absurd = Sample::steady(FIRST, (0..60).map(|at| if at % 2 == 0 { 1e-300 } else { 1e300 }));
    assert!(of(&absurd, None, FIRST + 59, "vol_20").why_null.unwrap().contains("no finite number"));
}

#[test]
fn the_benchmark_has_beta_one_and_says_so() {
    let sample = Sample::steady(FIRST, (0..300).map(|at| 10.0 + f64::from(at % 7)));
    let history = sample.history();
    let benchmark = Benchmark::new(&history);
    let asked = Asked { is_benchmark: true, ..asked(&history, Some(&benchmark)) };
    let of = |session, factor| explain(&asked, session, position(factor).unwrap()).unwrap();
    assert_eq!((of(FIRST + 299, "beta_252").value, of(FIRST + 299, "ivol_252").value), (1.0, 0.0));
    assert!(of(FIRST + 99, "beta_252").why_null.unwrap().starts_with("needs 120 returns in "));
}

#[test]
fn a_session_without_a_bar_and_a_factor_from_statements_have_no_explanation_here() {
    let sample = Sample::steady(FIRST, vec![10.0; 30]);
    let history = sample.history();
    assert!(explain(&asked(&history, None), FIRST + 30, 0).is_none());
    assert!(explain(&asked(&history, None), FIRST + 29, PRICE_FACTOR_COUNT).is_none());
}

/// Whether two numbers agree to 12 digits, or to 12 decimals where they are small.
fn agree(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * (1.0 + a.abs().max(b.abs()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn the_value_has_the_kernels_bits_the_steps_make_it_and_null_has_a_reason(
        seed in any::<u64>(),
        missing in prop::sample::select(vec![0.0, 0.02, 0.1, 0.4, 0.8]),
        steps in 1_usize..9,
    ) {
        let length = 560;
        let sample = Sample::random(seed, length, missing);
        let market = Sample::random(seed ^ 0xBE9C, length, 0.02);
        let benchmark = Benchmark::new(&market.history());
        let rows = sample.rows(FIRST..FIRST + length, Some(&benchmark));
        let history = sample.history();
        let asked = asked(&history, Some(&benchmark));
        for (at, session) in rows.sessions.iter().enumerate().step_by(7 * steps) {
            let row = row(&asked, *session).unwrap();
            prop_assert_eq!(row.in_population_rule, rows.in_population_rule[at]);
            prop_assert_eq!(row.exclusions().is_empty(), rows.in_population_rule[at]);
            prop_assert_eq!(row.market_equity.to_bits(), rows.market_equity[at].to_bits());
            for (place, factor) in PRICE_FACTORS.iter().enumerate() {
                let got = explain(&asked, *session, place).unwrap();
                prop_assert_eq!(got.value.to_bits(), rows.values[place][at].to_bits(), "{}", factor.name);
                prop_assert_eq!(got.why_null.is_some(), got.value.is_nan(), "{:?}", got);
                if let Some(why) = &got.why_null {
                    prop_assert!(!why.contains("no finite number"), "{}: {}", factor.name, why);
                    continue;
                }
                let again = got.by_steps();
                prop_assert!(agree(got.value, again), "{}: {} is not {again}", factor.name, got.value);
                let (growth, counted) = got.by_lines();
                if ["mom_12_1", "mom_6_1", "mom_3", "rev_1"].contains(&factor.name) {
                    prop_assert!(agree(got.value, growth - 1.0), "{}", factor.name);
                }
                if factor.name.starts_with("vol") {
                    prop_assert_eq!(counted as u32, got.counted.as_ref().unwrap().count);
                }
            }
        }
    }
}
