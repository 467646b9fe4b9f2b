//! All sessions of one factor in summary, a horizon each.

use std::collections::BTreeSet;

use super::series::{Summary, cumulative, summarise};
use super::session::{AfterHorizon, SessionResult};
use crate::arithmetic::{NULL, kept};

/// A session's result with how it compares to the session one horizon earlier, a horizon each.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionRow {
    /// Session number.
    pub session: i32,
    /// What the session was.
    pub result: SessionResult,
    /// Turnover of the lowest and of the highest quantile since a horizon earlier; null without such a session.
    pub turnover: Vec<[f64; 2]>,
    /// Rank autocorrelation over a horizon; null without such a session.
    pub autocorrelation: Vec<f64>,
}

impl SessionRow {
    fn after(&self, horizon: usize) -> Option<&AfterHorizon> {
        self.result.horizons[horizon].as_ref()
    }

    /// Information coefficient of the horizon at this position; null without.
    pub fn coefficient(&self, horizon: usize) -> f64 {
        self.after(horizon).map_or(NULL, |after| after.coefficient)
    }

    /// Spread of the horizon at this position; null without.
    pub fn spread(&self, horizon: usize) -> f64 {
        self.after(horizon).map_or(NULL, AfterHorizon::spread)
    }

    /// Share of the population with a value; null where nobody is in it.
    pub fn coverage(&self) -> f64 {
        share(u64::from(self.result.names), u64::from(self.result.population))
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { NULL } else { part as f64 / whole as f64 }
}

/// Names that stopped trading within a horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stopped {
    /// How often a name of a session had stopped by the end of the horizon: one name counts on many sessions.
    pub times: u64,
    /// Different instruments among them.
    pub instruments: usize,
    /// Mean return to their last bar; null without any.
    pub mean: f64,
}

/// One horizon of one factor.
#[derive(Debug, Clone, PartialEq)]
pub struct HorizonSummary {
    /// Sessions ahead.
    pub horizon: usize,
    /// Sessions whose horizon ends after the last session with bars: they have no forward return.
    pub unfinished: usize,
    /// Sessions with forward returns whose coefficient is null: too few names, or all equal.
    pub without_coefficient: usize,
    /// Forward returns, all sessions together.
    pub returns: u64,
    /// Information coefficient.
    pub coefficient: Summary,
    /// Mean forward return of all names.
    pub all: Summary,
    /// Mean forward return by quantile, lowest first.
    pub by_quantile: Vec<Summary>,
    /// Highest quantile less the lowest.
    pub spread: Summary,
    /// The same where names that stopped trading count with the return to their last bar.
    pub spread_with_stopped: Summary,
    /// Running sum of spread / horizon, a session each.
    pub cumulative_spread: Vec<f64>,
    /// Mean turnover of the lowest and of the highest quantile over a horizon.
    pub turnover: [f64; 2],
    /// Mean rank autocorrelation over a horizon.
    pub autocorrelation: f64,
    /// Names that stopped trading.
    pub stopped: Stopped,
    /// How often a name had no price at the end and traded again later.
    pub unpriced: u64,
    /// Session, instrument and size of the largest forward return.
    pub largest: Option<(i32, i32, f64)>,
}

/// Summarises the rows (ascending by session) for the horizon at position `at`, which is `horizon` sessions long.
pub fn of_horizon(rows: &[SessionRow], at: usize, horizon: usize, quantiles: usize) -> HorizonSummary {
    let sessions: Vec<i32> = rows.iter().map(|row| row.session).collect();
    let series = |value: &dyn Fn(&AfterHorizon) -> f64| -> Vec<f64> {
        rows.iter().map(|row| row.after(at).map_or(NULL, value)).collect()
    };
    let summary = |value: &dyn Fn(&AfterHorizon) -> f64| summarise(&sessions, &series(value), horizon);
    let finished = || rows.iter().filter_map(|row| row.after(at).map(|after| (row.session, after)));
    let mean = |values: &dyn Fn(&SessionRow) -> f64| {
        let (count, sum) = rows
            .iter()
            .map(values)
            .filter(|value| !value.is_nan())
            .fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
        if count == 0 { NULL } else { kept(sum / f64::from(count)) }
    };
    let coefficient = summary(&|after| after.coefficient);
    let finished_sessions = finished().count();
    HorizonSummary {
        horizon,
        unfinished: rows.len() - finished_sessions,
        without_coefficient: finished_sessions - coefficient.count,
        returns: finished().map(|(_, after)| u64::from(after.returns)).sum(),
        coefficient,
        all: summary(&|after| after.mean),
        by_quantile: (0..quantiles).map(|quantile| summary(&|after| after.by_quantile[quantile])).collect(),
        spread: summary(&AfterHorizon::spread),
        spread_with_stopped: summary(&AfterHorizon::spread_with_stopped),
        cumulative_spread: cumulative(&series(&AfterHorizon::spread), horizon),
        turnover: [0, 1].map(|end| mean(&|row| row.turnover[at][end])),
        autocorrelation: mean(&|row| row.autocorrelation[at]),
        stopped: stopped(finished().map(|(_, after)| after)),
        unpriced: finished().map(|(_, after)| u64::from(after.unpriced)).sum(),
        largest: finished()
            .filter_map(|(session, after)| after.largest.map(|(id, gain)| (session, id, gain)))
            .reduce(|most, other| if other.2 > most.2 { other } else { most }),
    }
}

fn stopped<'a>(horizons: impl Iterator<Item = &'a AfterHorizon>) -> Stopped {
    let (mut times, mut sum, mut instruments) = (0, 0.0, BTreeSet::new());
    for (id, gain) in horizons.flat_map(|after| &after.stopped) {
        times += 1;
        sum += gain;
        instruments.insert(*id);
    }
    let mean = if times == 0 { NULL } else { kept(sum / times as f64) };
    Stopped { times, instruments: instruments.len(), mean }
}

/// Mean coverage: names with a value / names in the population, the sessions weighted alike.
pub fn coverage(rows: &[SessionRow]) -> Summary {
    let sessions: Vec<i32> = rows.iter().map(|row| row.session).collect();
    let values: Vec<f64> = rows.iter().map(SessionRow::coverage).collect();
    summarise(&sessions, &values, 1)
}

/// Share of all values that another name of the session shares.
pub fn tied(rows: &[SessionRow]) -> f64 {
    let total = |count: fn(&SessionResult) -> u32| rows.iter().map(|row| u64::from(count(&row.result))).sum();
    share(total(|result| result.tied), total(|result| result.names))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(session: i32, coefficient: f64, by_quantile: [f64; 2], stopped: &[(i32, f64)]) -> SessionRow {
        let after = AfterHorizon {
            returns: 10,
            coefficient,
            mean: 0.01,
            by_quantile: by_quantile.into(),
            by_quantile_with_stopped: vec![by_quantile[0], by_quantile[1] - 0.02],
            stopped: stopped.into(),
            unpriced: 1,
            largest: Some((session, by_quantile[1])),
        };
        let result = SessionResult { population: 20, names: 12, tied: 3, horizons: vec![Some(after), None] };
        SessionRow {
            session,
            result,
            turnover: vec![[NULL, NULL], [0.2, 0.4]],
            autocorrelation: vec![NULL, 0.9],
        }
    }

    #[test]
    fn sessions_add_up_to_a_horizon() {
        let rows = [
            row(7, 0.1, [0.01, 0.03], &[]),
            row(8, NULL, [NULL, NULL], &[(4, -0.2), (5, 0.1)]),
            row(9, -0.3, [0.02, 0.01], &[(4, -0.5)]),
        ];
        let first = of_horizon(&rows, 0, 1, 2);
        assert_eq!(
            (first.unfinished, first.without_coefficient, first.returns, first.unpriced),
            (0, 1, 30, 3)
        );
        assert_eq!((first.coefficient.count, first.coefficient.positive), (2, 0.5));
        assert!((first.coefficient.mean + 0.1).abs() < 1e-15);
        assert!((first.by_quantile[1].mean - 0.02).abs() < 1e-15);
        assert!((first.spread.mean - 0.005).abs() < 1e-15);
        assert!((first.spread_with_stopped.mean + 0.015).abs() < 1e-15);
        assert!((first.cumulative_spread[2] - 0.01).abs() < 1e-15);
        assert_eq!((first.stopped.times, first.stopped.instruments), (3, 2));
        assert!((first.stopped.mean + 0.2).abs() < 1e-15);
        assert_eq!(first.largest, Some((7, 7, 0.03)), "a null is never the largest");
        assert!(first.turnover[0].is_nan() && first.autocorrelation.is_nan());

        let second = of_horizon(&rows, 1, 5, 2);
        assert_eq!((second.unfinished, second.returns, second.coefficient.count), (3, 0, 0));
        assert!((second.turnover[0] - 0.2).abs() < 1e-15 && (second.turnover[1] - 0.4).abs() < 1e-15);
        assert_eq!(second.stopped.times, 0);
        assert!((coverage(&rows).mean - 0.6).abs() < 1e-15);
        assert_eq!(tied(&rows), 0.25);
    }
}
