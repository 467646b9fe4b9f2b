//! Rows gathered by stretches of time: months, years, or whatever label the caller gives a session.

use super::series::{Summary, summarise};
use super::summary::SessionRow;

/// A stretch of sessions of one label.
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    /// The label.
    pub label: String,
    /// Sessions.
    pub sessions: usize,
    /// Mean number of names with a value.
    pub names: f64,
    /// Mean share of the population with a value; null where nobody is in it.
    pub coverage: f64,
    /// Information coefficient, a horizon each: of the sessions on which the values stood, whenever the returns came.
    pub coefficients: Vec<Summary>,
    /// Spread, likewise.
    pub spreads: Vec<Summary>,
}

/// Gathers consecutive rows of one label; the labels are dates cut short, so that rows of one label lie together.
pub fn by(rows: &[SessionRow], horizons: &[usize], label: impl Fn(i32) -> String) -> Vec<Period> {
    let labels: Vec<String> = rows.iter().map(|row| label(row.session)).collect();
    let mut start = 0;
    let mut periods = Vec::new();
    for same in labels.chunk_by(|a, b| a == b) {
        periods.push(period(&same[0], &rows[start..start + same.len()], horizons));
        start += same.len();
    }
    periods
}

fn period(label: &str, rows: &[SessionRow], horizons: &[usize]) -> Period {
    let sessions: Vec<i32> = rows.iter().map(|row| row.session).collect();
    let summary = |horizon: usize, value: &dyn Fn(&SessionRow) -> f64| {
        summarise(&sessions, &rows.iter().map(value).collect::<Vec<f64>>(), horizon)
    };
    let each = |value: &dyn Fn(&SessionRow, usize) -> f64| {
        horizons.iter().enumerate().map(|(at, &horizon)| summary(horizon, &|row| value(row, at))).collect()
    };
    Period {
        label: label.to_owned(),
        sessions: rows.len(),
        names: summary(1, &|row| f64::from(row.result.names)).mean,
        coverage: summary(1, &SessionRow::coverage).mean,
        coefficients: each(&SessionRow::coefficient),
        spreads: each(&SessionRow::spread),
    }
}

#[cfg(test)]
mod tests {
    use super::super::session::{AfterHorizon, SessionResult};
    use super::*;

    #[test]
    fn sessions_of_one_label_are_gathered() {
        let row = |session: i32, coefficient: f64| {
            let after = AfterHorizon {
                returns: 10,
                coefficient,
                mean: 0.0,
                by_quantile: vec![0.0, coefficient],
                by_quantile_with_stopped: vec![0.0, coefficient],
                stopped: Vec::new(),
                unpriced: 0,
                largest: None,
            };
            let result =
                SessionResult { population: 20, names: session as u32, tied: 0, horizons: vec![Some(after)] };
            SessionRow { session, result, turnover: vec![[0.0; 2]], autocorrelation: vec![0.0] }
        };
        let rows = [row(10, 0.25), row(11, f64::NAN), row(12, 0.75), row(20, -0.5)];
        let periods = by(&rows, &[1], |session| format!("{}x", session / 10));
        assert_eq!(periods.iter().map(|p| p.label.as_str()).collect::<Vec<_>>(), ["1x", "2x"]);
        assert_eq!((periods[0].sessions, periods[0].names, periods[0].coefficients[0].count), (3, 11.0, 2));
        assert_eq!((periods[0].coefficients[0].mean, periods[0].spreads[0].mean), (0.5, 0.5));
        assert_eq!((periods[1].coefficients[0].mean, periods[1].coverage), (-0.5, 1.0));
    }
}
