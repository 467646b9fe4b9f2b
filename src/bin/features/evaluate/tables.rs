//! An evaluation as tables on standard output: one factor at length, or several in a line each.

use chrono::Datelike;
use tidemark::arithmetic::evaluation::periods::Period;
use tidemark::arithmetic::evaluation::series::Summary;
use tidemark::arithmetic::evaluation::summary::{self, HorizonSummary};
use tidemark::jobs::evaluate::{Evaluation, FactorEvaluation};
use tidemark::say;
use tidemark::store::date_of;

/// Calendar months of a range up to which the table goes by month, else by year.
const MOST_MONTHS: i32 = 24;

/// A table: header, which columns are numbers, lines.
pub struct Table {
    /// What it shows.
    pub title: String,
    /// Names of the columns.
    pub header: Vec<String>,
    /// How many columns on the left are text.
    pub text: usize,
    /// Lines.
    pub lines: Vec<Vec<String>>,
}

impl Table {
    fn new(title: &str, header: &[&str], text: usize) -> Self {
        let header = header.iter().map(|name| (*name).to_owned()).collect();
        Self { title: title.to_owned(), header, text, lines: Vec::new() }
    }

    fn print(self) {
        let header: Vec<&str> = self.header.iter().map(String::as_str).collect();
        let right: Vec<bool> = (0..header.len()).map(|column| column >= self.text).collect();
        println!("\n{}\n{}", self.title, say::table(&header, &right, self.lines));
    }
}

/// Prints the evaluation.
pub fn print(evaluation: &Evaluation) {
    let [factor] = evaluation.factors.as_slice() else {
        println!("{}", ground(evaluation));
        comparison(evaluation).print();
        return;
    };
    println!("factor     {}: {}", factor.signal.name(), factor.signal.definition());
    println!("value      {}", factor.signal.treatment());
    println!("{}", ground(evaluation));
    println!("names      {}", names(factor));
    for table in of_factor(evaluation, factor) {
        table.print();
    }
}

fn ground(evaluation: &Evaluation) -> String {
    let (first, last) = evaluation.sessions;
    let sessions = evaluation.factors.first().map_or(0, |factor| factor.rows.len());
    format!(
        "sessions   {} from {first} to {last}; returns up to {}, the last session with bars\nread       {} feature rows, {} bars; {} reading, {} computing",
        say::count(sessions as u64),
        evaluation.last_bars,
        say::count(evaluation.feature_rows),
        say::count(evaluation.bars),
        say::time(evaluation.reading),
        say::time(evaluation.computing)
    )
}

/// How many names a session has, in a line; the means are over the sessions that have a population.
pub fn names(factor: &FactorEvaluation) -> String {
    let populated = factor.rows.iter().filter(|row| row.result.population > 0).count();
    let with_names = factor.rows.iter().filter(|row| row.result.names > 0).count();
    let mean = |count: u64| say::count((count as f64 / populated.max(1) as f64).round() as u64);
    let total: u64 = factor.rows.iter().map(|row| u64::from(row.result.names)).sum();
    let population: u64 = factor.rows.iter().map(|row| u64::from(row.result.population)).sum();
    format!(
        "{} a session of a population of {} (coverage {}); of {} sessions {} have a population and {} any names, at most {}",
        mean(total),
        mean(population),
        percent(summary::coverage(&factor.rows).mean, 1),
        say::count(factor.rows.len() as u64),
        say::count(populated as u64),
        say::count(with_names as u64),
        say::count(u64::from(factor.most_names()))
    )
}

/// Every table of one factor.
pub fn of_factor(evaluation: &Evaluation, factor: &FactorEvaluation) -> [Table; 6] {
    [
        coefficients(factor),
        quantiles(evaluation, factor),
        spreads(factor),
        stability(factor),
        left_out(evaluation, factor),
        by_period(evaluation, factor),
    ]
}

fn coefficients(factor: &FactorEvaluation) -> Table {
    let header = ["horizon", "sessions", "mean", "sd", "IR", "error", "t", "positive"];
    let mut table = Table::new("information coefficient", &header, 0);
    table.lines = factor
        .horizons
        .iter()
        .map(|horizon| {
            let ic = &horizon.coefficient;
            let mut line = vec![horizon.horizon.to_string(), say::count(ic.count as u64)];
            line.extend([ic.mean, ic.sd].map(|value| number(value, 4)));
            line.push(number(ic.ratio, 3));
            line.push(number(ic.error, 4));
            line.push(number(ic.t, 2));
            line.push(percent(ic.positive, 1));
            line
        })
        .collect();
    table
}

fn quantiles(evaluation: &Evaluation, factor: &FactorEvaluation) -> Table {
    let mut table = Table::new(
        "mean forward return by quantile, 1 the lowest values (in brackets: standard error)",
        &["horizon"],
        0,
    );
    table.header.extend((1..=evaluation.quantiles).map(|quantile| quantile.to_string()));
    table.header.push("all names".into());
    table.lines = factor
        .horizons
        .iter()
        .map(|horizon| {
            let mut line = vec![horizon.horizon.to_string()];
            line.extend(horizon.by_quantile.iter().chain([&horizon.all]).map(with_error));
            line
        })
        .collect();
    table
}

fn with_error(summary: &Summary) -> String {
    match (summary.mean.is_nan(), summary.error.is_nan()) {
        (true, _) => "-".into(),
        (false, true) => percent(summary.mean, 2),
        (false, false) => format!("{} ({})", percent(summary.mean, 2), number(summary.error * 100.0, 2)),
    }
}

fn spreads(factor: &FactorEvaluation) -> Table {
    let header = ["horizon", "sessions", "mean", "error", "t", "positive", "with stopped", "cumulative"];
    let mut table = Table::new("spread: return of the highest quantile less that of the lowest", &header, 0);
    table.lines = factor
        .horizons
        .iter()
        .map(|horizon| {
            let spread = &horizon.spread;
            vec![
                horizon.horizon.to_string(),
                say::count(spread.count as u64),
                percent(spread.mean, 3),
                percent(spread.error, 3),
                number(spread.t, 2),
                percent(spread.positive, 1),
                percent(horizon.spread_with_stopped.mean, 3),
                percent(cumulative(horizon), 2),
            ]
        })
        .collect();
    table
}

/// Where the cumulative spread ended; null where there is no spread.
pub fn cumulative(horizon: &HorizonSummary) -> f64 {
    if horizon.spread.count == 0 {
        f64::NAN
    } else {
        horizon.cumulative_spread.last().copied().unwrap_or(f64::NAN)
    }
}

fn stability(factor: &FactorEvaluation) -> Table {
    let header = ["horizon", "turnover lowest", "turnover highest", "rank autocorrelation"];
    let mut table = Table::new("against the session one horizon earlier", &header, 0);
    table.lines = factor
        .horizons
        .iter()
        .map(|horizon| {
            vec![
                horizon.horizon.to_string(),
                percent(horizon.turnover[0], 1),
                percent(horizon.turnover[1], 1),
                number(horizon.autocorrelation, 3),
            ]
        })
        .collect();
    table
}

fn left_out(evaluation: &Evaluation, factor: &FactorEvaluation) -> Table {
    let header = [
        "horizon",
        "returns",
        "sessions too late",
        "without IC",
        "stopped",
        "instruments",
        "to last bar",
        "no price",
        "largest return",
    ];
    let mut table = Table::new(
        "what has no forward return: sessions whose horizon ends after the bars, names that stopped trading (and their mean return to the last bar), names without a price",
        &header,
        0,
    );
    table.lines = factor
        .horizons
        .iter()
        .map(|horizon| {
            vec![
                horizon.horizon.to_string(),
                say::count(horizon.returns),
                say::count(horizon.unfinished as u64),
                say::count(horizon.without_coefficient as u64),
                say::count(horizon.stopped.times),
                say::count(horizon.stopped.instruments as u64),
                percent(horizon.stopped.mean, 2),
                say::count(horizon.unpriced),
                largest(evaluation, horizon),
            ]
        })
        .collect();
    table
}

/// The largest forward return in words: one print can carry a mean.
fn largest(evaluation: &Evaluation, horizon: &HorizonSummary) -> String {
    horizon.largest.map_or("-".into(), |(session, id, gain)| {
        let ticker = evaluation.tickers.get(&id).map_or("", String::as_str);
        format!("{ticker} {} {}", date_of(session), percent(gain, 0))
    })
}

fn by_period(evaluation: &Evaluation, factor: &FactorEvaluation) -> Table {
    let (first, last) = evaluation.sessions;
    let months = (last.year() - first.year()) * 12 + last.month() as i32 - first.month() as i32 + 1;
    let (what, periods) = if months <= MOST_MONTHS {
        ("month", super::months(evaluation, factor))
    } else {
        ("year", super::years(evaluation, factor))
    };
    let mut table =
        Table::new(&format!("mean information coefficient and coverage by {what}"), &[what, "sessions"], 1);
    table.header.extend(evaluation.horizons.iter().map(|horizon| format!("IC {horizon}")));
    table.header.extend(["names".into(), "coverage".into()]);
    table.lines = periods.iter().map(period).collect();
    table
}

fn period(period: &Period) -> Vec<String> {
    let mut line = vec![period.label.clone(), period.sessions.to_string()];
    line.extend(period.coefficients.iter().map(|ic| number(ic.mean, 4)));
    line.push(number(period.names, 0));
    line.push(percent(period.coverage, 1));
    line
}

/// Several factors, a line each.
pub fn comparison(evaluation: &Evaluation) -> Table {
    let mut table = Table::new(
        "mean information coefficient (in brackets: t), spread of highest and lowest quantile, by horizon",
        &["factor"],
        1,
    );
    let longest = evaluation.horizons.last().copied().unwrap_or_default();
    table.header.extend(evaluation.horizons.iter().map(|horizon| format!("IC {horizon}")));
    table.header.extend(evaluation.horizons.iter().map(|horizon| format!("spread {horizon}")));
    table.header.extend([format!("turnover {longest}"), format!("autocorr {longest}"), "coverage".into()]);
    table.lines = evaluation
        .factors
        .iter()
        .map(|factor| {
            let mut line = vec![factor.signal.name()];
            line.extend(factor.horizons.iter().map(|horizon| with_t(&horizon.coefficient)));
            line.extend(factor.horizons.iter().map(|horizon| percent(horizon.spread.mean, 2)));
            let last = factor.horizons.last();
            line.push(percent(last.map_or(f64::NAN, |horizon| horizon.turnover[1]), 1));
            line.push(number(last.map_or(f64::NAN, |horizon| horizon.autocorrelation), 3));
            line.push(percent(summary::coverage(&factor.rows).mean, 1));
            line
        })
        .collect();
    table
}

fn with_t(summary: &Summary) -> String {
    match (summary.mean.is_nan(), summary.t.is_nan()) {
        (true, _) => "-".into(),
        (false, true) => number(summary.mean, 3),
        (false, false) => format!("{} ({})", number(summary.mean, 3), number(summary.t, 1)),
    }
}

/// A number with `places` after the point, `-` for null.
pub fn number(value: f64, places: usize) -> String {
    if value.is_nan() { "-".into() } else { format!("{:.places$}", positive_zero(value, places)) }
}

/// A share or return in percent, `-` for null.
pub fn percent(value: f64, places: usize) -> String {
    if value.is_nan() { "-".into() } else { format!("{} %", number(value * 100.0, places)) }
}

/// 0 for what would be printed as −0.
fn positive_zero(value: f64, places: usize) -> f64 {
    if value.abs() * 10_f64.powi(places as i32) < 0.5 { 0.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_are_dashes_and_nothing_is_minus_zero() {
        assert_eq!(number(f64::NAN, 2), "-");
        assert_eq!(number(-0.001, 2), "0.00");
        assert_eq!(number(-0.006, 2), "-0.01");
        assert_eq!(percent(0.01234, 1), "1.2 %");
    }
}
