//! One instrument's bars and returns spread over a dense session grid, where a session without one holds what changes no
//! sum (0), no product (1) and no maximum (-infinity). Counts are differences of running integers, which do not drift.

use super::benchmark::Benchmark;
use super::windows::LANES;
use crate::arithmetic::catalogue::PRICE_HISTORY;
use crate::domain::history::{ActionCursor, History};

/// Longest span of a return that statistics count, and age of a price, in sessions.
pub const STALE_AFTER: i32 = 5;

/// The grid, kept between instruments so that its memory is used again. Position 0 is [`PRICE_HISTORY`] sessions before the
/// first wanted row.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    /// 1 + r of every return, else 1.
    pub(super) growth: Vec<f64>,
    /// r of returns over at most [`STALE_AFTER`] sessions, else 0.
    pub(super) returns: Vec<f64>,
    /// 1 where `returns` has one, else 0.
    pub(super) has_return: Vec<f64>,
    /// `min(r, 0)²` of `returns`, else 0.
    pub(super) squared_falls: Vec<f64>,
    /// `returns` where there is one, else -infinity.
    pub(super) returns_or_lowest: Vec<f64>,
    /// `returns` where the benchmark has the span's return too, else 0.
    pub(super) paired_returns: Vec<f64>,
    /// The benchmark's return over that span, else 0.
    pub(super) market_returns: Vec<f64>,
    /// 1 where both are there, else 0.
    pub(super) has_pair: Vec<f64>,
    /// `abs(r) / (close × volume)` of `returns` at bars with volume, else 0.
    pub(super) illiquidity: Vec<f64>,
    /// Close as printed, else -infinity.
    pub(super) close: Vec<f64>,
    /// Volume as printed, else 0.
    pub(super) volume: Vec<f64>,
    /// Close × volume as printed, else 0.
    pub(super) money: Vec<f64>,
    pub(super) bars: Counts,
    /// Every return, of whatever span.
    pub(super) all_returns: Counts,
    /// What `returns` holds.
    pub(super) statistical_returns: Counts,
    /// What `has_pair` holds.
    pub(super) pairs: Counts,
    /// What `illiquidity` holds.
    pub(super) traded_returns: Counts,
}

/// How many of something a window holds.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// At i, how many are at positions before i.
    before: Vec<u32>,
}

impl Counts {
    /// How many are in the window of `length` that ends at position `end`.
    #[inline]
    pub fn within(&self, end: usize, length: usize) -> u32 {
        self.before[end + 1] - self.before[end + 1 - length]
    }

    fn reset(&mut self, length: usize) {
        self.before.clear();
        self.before.resize(length + 1, 0);
    }

    fn mark(&mut self, position: usize) {
        self.before[position + 1] = 1;
    }

    fn add_up(&mut self) {
        let mut total = 0;
        for count in &mut self.before {
            total += *count;
            *count = total;
        }
    }
}

impl Workspace {
    /// Spreads what the rows from session `first_row` through `last_row` need. Bars before the grid give the first
    /// return in it its start and are else not read, so a value never depends on where loading began.
    pub(super) fn spread(
        &mut self,
        history: &History,
        benchmark: Option<&Benchmark>,
        first_row: i32,
        last_row: i32,
    ) {
        let origin = first_row - PRICE_HISTORY;
        self.reset((last_row - origin) as usize + 1 + LANES);
        let from = history.bars.position(origin);
        let bars = history.bars.slice(from, history.bars.position(last_row.saturating_add(1)));
        let before = history.bars.slice(from.saturating_sub(1), from);
        let mut previous = before.sessions.first().copied().zip(before.close.first().copied());
        let mut actions =
            previous.or(bars.sessions.first().map(|&s| (s, 0.0))).map(|(s, _)| ActionCursor::new(history, s));
        for ((&session, &close), &volume) in bars.sessions.iter().zip(bars.close).zip(bars.volume) {
            let at = (session - origin) as usize;
            self.close[at] = close;
            self.volume[at] = volume;
            self.money[at] = close * volume;
            self.bars.mark(at);
            if let (Some((since, previous_close)), Some(actions)) = (previous, actions.as_mut()) {
                let (ratio, cash) = actions.advance(session);
                let growth = (close * ratio + cash) / previous_close;
                self.growth[at] = growth;
                self.all_returns.mark(at);
                if session - since <= STALE_AFTER {
                    let market = benchmark.and_then(|benchmark| benchmark.compounded(since, session));
                    self.count_return(at, growth - 1.0, market);
                }
            }
            previous = Some((session, close));
        }
        self.counts().into_iter().for_each(Counts::add_up);
    }

    /// Puts a return that statistics count in its places.
    fn count_return(&mut self, at: usize, value: f64, market: Option<f64>) {
        self.returns[at] = value;
        self.has_return[at] = 1.0;
        self.returns_or_lowest[at] = value;
        self.squared_falls[at] = value.min(0.0) * value.min(0.0);
        self.statistical_returns.mark(at);
        if let Some(market) = market {
            self.paired_returns[at] = value;
            self.market_returns[at] = market;
            self.has_pair[at] = 1.0;
            self.pairs.mark(at);
        }
        if self.volume[at] > 0.0 {
            self.illiquidity[at] = value.abs() / self.money[at];
            self.traded_returns.mark(at);
        }
    }

    fn reset(&mut self, length: usize) {
        for (grid, absent) in [
            (&mut self.growth, 1.0),
            (&mut self.returns, 0.0),
            (&mut self.has_return, 0.0),
            (&mut self.squared_falls, 0.0),
            (&mut self.returns_or_lowest, f64::NEG_INFINITY),
            (&mut self.paired_returns, 0.0),
            (&mut self.market_returns, 0.0),
            (&mut self.has_pair, 0.0),
            (&mut self.illiquidity, 0.0),
            (&mut self.close, f64::NEG_INFINITY),
            (&mut self.volume, 0.0),
            (&mut self.money, 0.0),
        ] {
            grid.clear();
            grid.resize(length, absent);
        }
        self.counts().into_iter().for_each(|counts| counts.reset(length));
    }

    fn counts(&mut self) -> [&mut Counts; 5] {
        [
            &mut self.bars,
            &mut self.all_returns,
            &mut self.statistical_returns,
            &mut self.pairs,
            &mut self.traded_returns,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::history::{BarSlice, Dividend, Split};

    #[test]
    fn a_return_stands_at_its_newer_bar_and_a_long_one_only_compounds() {
        let history = History {
            bars: BarSlice {
                sessions: &[1000, 1005, 1011],
                close: &[10.0, 5.0, 10.0],
                volume: &[100.0, 0.0, 1.0],
            },
            splits: &[Split { session: 1003, ratio: 3.0 }],
            dividends: &[Dividend { session: 1006, cash: 2.5 }],
            ..History::default()
        };
        let mut workspace = Workspace::default();
        workspace.spread(&history, None, 1000, 1011);
        let at = |session: i32| (session - 1000 + PRICE_HISTORY) as usize;
        assert_eq!((workspace.growth[at(1005)], workspace.returns[at(1005)]), (1.5, 0.5));
        assert_eq!((workspace.growth[at(1011)], workspace.returns[at(1011)]), (2.5, 0.0));
        assert_eq!((workspace.growth[at(1000)], workspace.has_return[at(1000)]), (1.0, 0.0));
        assert_eq!(workspace.all_returns.within(at(1011), 12), 2);
        assert_eq!(workspace.statistical_returns.within(at(1011), 12), 1);
        assert_eq!(workspace.traded_returns.within(at(1011), 12), 0);
        assert_eq!(workspace.bars.within(at(1010), 6), 1);
        assert_eq!(workspace.money[at(1000)], 1000.0);
    }
}
