//! Returns after the fact, of one instrument. They exist in memory only, beside the values they judge.

use crate::arithmetic::factors::STALE_AFTER;
use crate::arithmetic::kept;
use crate::domain::history::{ActionCursor, BarSlice, History};

/// What became of a name between session t and session t + h.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// The total return from the close of t to the price at t + h.
    Return(f64),
    /// It stopped trading before t + h: the total return to its last bar.
    Stopped(f64),
    /// It has no price at t + h, and traded again later; or it has no bar at t.
    Unpriced,
}

/// The last session that has a bar: of the whole market, and of one instrument.
#[derive(Debug, Clone, Copy)]
pub struct Last {
    /// Of any instrument.
    pub market: i32,
    /// Of this one.
    pub own: i32,
}

/// An instrument's bars with what its splits and dividends make of a return over them.
#[derive(Debug)]
pub struct Path<'a> {
    bars: BarSlice<'a>,
    /// Position of each bar at which an action takes effect, and what holding a share over it multiplies by beyond the
    /// closes: new shares an old one + cash an old share / close.
    actions: Vec<(usize, f64)>,
    last: Last,
}

impl<'a> Path<'a> {
    /// Walks the actions once. An action on a session without a bar takes effect at the next bar.
    pub fn new(history: &History<'a>, last: Last) -> Path<'a> {
        let bars = history.bars;
        let mut actions = Vec::new();
        if let Some(&first) = bars.sessions.first() {
            let mut cursor = ActionCursor::new(history, first);
            for at in 1..bars.len() {
                let (ratio, cash) = cursor.advance(bars.sessions[at]);
                if ratio != 1.0 || cash != 0.0 {
                    actions.push((at, ratio + cash / bars.close[at]));
                }
            }
        }
        Path { bars, actions, last }
    }

    /// What became of the name `horizon` sessions after session `from`.
    ///
    /// - **Price at a session** its close, or the latest before it, at most 5 sessions back.
    /// - **Stopped** where its last bar is before `from + horizon`, and more than 5 sessions before the last session of
    ///   the market: a name that only pauses while the data ends is taken at its latest price.
    /// - The session `from + horizon` is not after the market's last.
    pub fn outcome(&self, from: i32, horizon: i32) -> Outcome {
        let start = self.bars.position(from);
        let to = from.saturating_add(horizon);
        if start == self.bars.len() || self.bars.sessions[start] != from {
            return Outcome::Unpriced;
        }
        let end = self.bars.position(to.saturating_add(1)) - 1;
        if self.last.own < to && self.last.market - self.last.own > STALE_AFTER {
            return Outcome::Stopped(self.total_return(start, end));
        }
        if to - self.bars.sessions[end] > STALE_AFTER {
            return Outcome::Unpriced;
        }
        Outcome::Return(self.total_return(start, end))
    }

    /// The total return between two bars. It depends, to the bit, on these bars and the actions between them alone, and is
    /// exactly 0 where the price did not move and nothing was paid.
    fn total_return(&self, start: usize, end: usize) -> f64 {
        let after = self.actions.partition_point(|(at, _)| *at <= start);
        let mut multiplied = 1.0;
        for (_, factor) in self.actions[after..].iter().take_while(|(at, _)| *at <= end) {
            multiplied *= factor;
        }
        kept(self.bars.close[end] / self.bars.close[start] * multiplied - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::history::{Dividend, Split};

    /// Sessions 100 … 104, then a pause, then 112 and 113.
    const SESSIONS: [i32; 7] = [100, 101, 102, 103, 104, 112, 113];
    const CLOSE: [f64; 7] = [10.0, 11.0, 12.0, 6.0, 6.0, 7.5, 9.0];
    const VOLUME: [f64; 7] = [1.0; 7];

    fn outcome(splits: &[Split], dividends: &[Dividend], last: Last, from: i32, horizon: i32) -> Outcome {
        let bars = BarSlice { sessions: &SESSIONS, close: &CLOSE, volume: &VOLUME };
        let history = History { bars, splits, dividends, ..History::default() };
        Path::new(&history, last).outcome(from, horizon)
    }

    const GOES_ON: Last = Last { market: 113, own: 113 };

    fn value(outcome: Outcome) -> f64 {
        match outcome {
            Outcome::Return(value) => value,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_plain_return_is_close_over_close() {
        assert!((value(outcome(&[], &[], GOES_ON, 100, 1)) - 0.1).abs() < 1e-15);
        assert_eq!(outcome(&[], &[], GOES_ON, 103, 1), Outcome::Return(0.0), "exactly, where nothing moved");
    }

    #[test]
    fn a_split_and_a_dividend_within_the_horizon_are_part_of_the_return() {
        let splits = [Split { session: 103, ratio: 2.0 }];
        // On the session of the split: paid an old share. At 104: a new one.
        let dividends = [Dividend { session: 103, cash: 0.6 }, Dividend { session: 104, cash: 0.3 }];
        // 12 → 2 × 6 + 0.6 = 12.6 (1.05), then 6 → 6.3 (1.05).
        assert!((value(outcome(&splits, &dividends, GOES_ON, 102, 1)) - 0.05).abs() < 1e-12);
        assert!((value(outcome(&splits, &dividends, GOES_ON, 102, 2)) - (1.05 * 1.05 - 1.0)).abs() < 1e-12);
        // What happened on t itself is behind.
        assert!((value(outcome(&splits, &dividends, GOES_ON, 103, 1)) - 0.05).abs() < 1e-12);
    }

    #[test]
    fn an_action_in_a_pause_counts_at_the_next_bar() {
        let dividends = [Dividend { session: 108, cash: 1.5 }];
        assert!((value(outcome(&[], &dividends, GOES_ON, 104, 8)) - 0.5).abs() < 1e-12);
        assert_eq!(outcome(&[], &dividends, GOES_ON, 104, 5), Outcome::Return(0.0), "not before");
    }

    #[test]
    fn a_price_is_at_most_five_sessions_old() {
        assert_eq!(outcome(&[], &[], GOES_ON, 103, 6), Outcome::Return(0.0), "109 has the price of 104");
        assert_eq!(outcome(&[], &[], GOES_ON, 103, 7), Outcome::Unpriced, "110 has none, but 112 does");
        assert!((value(outcome(&[], &[], GOES_ON, 103, 9)) - 0.25).abs() < 1e-12);
    }

    #[test]
    fn a_session_without_a_bar_starts_no_return() {
        assert_eq!(outcome(&[], &[], GOES_ON, 105, 1), Outcome::Unpriced);
        assert_eq!(outcome(&[], &[], GOES_ON, 114, 1), Outcome::Unpriced);
    }

    #[test]
    fn a_name_that_stopped_has_the_return_to_its_last_bar_and_no_other() {
        let stopped = Last { market: 119, own: 113 };
        assert_eq!(outcome(&[], &[], stopped, 112, 1), Outcome::Return(9.0 / 7.5 - 1.0));
        assert_eq!(outcome(&[], &[], stopped, 112, 2), Outcome::Stopped(9.0 / 7.5 - 1.0));
        assert_eq!(outcome(&[], &[], stopped, 113, 1), Outcome::Stopped(0.0));
    }

    #[test]
    fn a_name_that_pauses_while_the_data_ends_has_not_stopped() {
        let pauses = Last { market: 118, own: 113 };
        assert_eq!(outcome(&[], &[], pauses, 112, 6), Outcome::Return(9.0 / 7.5 - 1.0));
    }
}
