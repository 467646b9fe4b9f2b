//! One instrument's bars and returns spread over a dense session grid, where a session without one holds what changes no
//! sum (0), no product (1) and no maximum (-infinity). Counts are differences of running integers, which do not drift.

use std::array::from_fn;

use super::benchmark::Benchmark;
use super::blocks::{BLOCK, Blocked, Falls, Highest, Lanes, Product, Sum, smaller};
use super::{HALF_YEAR, MONTH, QUARTER, YEAR};
use crate::arithmetic::NULL;
use crate::arithmetic::catalogue::PRICE_HISTORY;
use crate::domain::history::{ActionCursor, History};

/// Longest span of a return that statistics count, and age of a price, in sessions.
pub const STALE_AFTER: i32 = 5;

/// Sessions before the block of the first wanted row: as many whole blocks as hold [`PRICE_HISTORY`].
const HISTORY: i32 = (PRICE_HISTORY as usize).next_multiple_of(BLOCK) as i32;

/// The grid, kept between instruments so that its memory is used again. It is made of whole blocks of absolute session
/// numbers: position 0 is a multiple of [`BLOCK`], at least [`PRICE_HISTORY`] sessions before the first wanted row.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    /// Session number of position 0.
    origin: i32,
    /// 1 + r of every return, else 1.
    growth: Vec<f64>,
    /// r of returns over at most [`STALE_AFTER`] sessions, else 0.
    pub(super) returns: Vec<f64>,
    /// 1 where `returns` has one, else 0.
    pub(super) has_return: Vec<f64>,
    /// `returns` where the benchmark has the span's return too, else 0.
    pub(super) paired_returns: Vec<f64>,
    /// The benchmark's return over that span, else 0.
    pub(super) market_returns: Vec<f64>,
    /// 1 where both are there, else 0.
    pub(super) has_pair: Vec<f64>,
    /// Close as printed, else -infinity.
    pub(super) close: Vec<f64>,
    /// Volume as printed, else 0.
    pub(super) volume: Vec<f64>,
    /// 0 where there is a price, at most [`STALE_AFTER`] sessions old, else NaN.
    priced: Vec<f64>,
    pub(super) bars: Counts,
    /// Every return, of whatever span.
    pub(super) all_returns: Counts,
    /// What `returns` holds.
    pub(super) statistical_returns: Counts,
    /// What `has_pair` holds.
    pub(super) pairs: Counts,
    /// What `returns` holds at bars with volume.
    pub(super) traded_returns: Counts,
    pub(super) blocks: Blocks,
}

/// What windows are joined of.
#[derive(Debug, Clone, Default)]
pub(super) struct Blocks {
    pub growth: Blocked<Product>,
    pub falls: Falls,
    pub returns: Blocked<Sum>,
    pub squared_returns: Blocked<Sum>,
    /// Of `min(r, 0)²`.
    pub squared_falls: Blocked<Sum>,
    pub highest_return: Blocked<Highest>,
    /// Of `abs(r) / (close × volume)` at bars with volume.
    pub illiquidity: Blocked<Sum>,
    pub highest_close: Blocked<Highest>,
    pub volume: Blocked<Sum>,
    /// Of close × volume.
    pub money: Blocked<Sum>,
    /// Of pairs only, y being the instrument's return and x the benchmark's; not filled where there is no pair.
    pub y: Blocked<Sum>,
    pub x: Blocked<Sum>,
    pub yy: Blocked<Sum>,
    pub yx: Blocked<Sum>,
    pub xx: Blocked<Sum>,
}

/// How many of something a window holds: whole numbers, which are exact as floats and need no conversion.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// At i, how many are at positions before i.
    before: Vec<f64>,
}

impl Counts {
    /// How many are in the window of `length` that ends at position `end`.
    #[inline]
    pub fn within(&self, end: usize, length: usize) -> f64 {
        self.before[end + 1] - self.before[end + 1 - length]
    }

    /// The same for the windows that end at each session of the block `newest`.
    #[inline]
    pub fn windows(&self, newest: usize, length: usize) -> Lanes {
        let end = newest * BLOCK + 1;
        let until = &self.before[end..end + BLOCK];
        let before = &self.before[end - length..end - length + BLOCK];
        from_fn(|lane| until[lane] - before[lane])
    }

    fn total(&self) -> f64 {
        self.before.last().copied().unwrap_or(0.0)
    }

    /// Counts the positions that hold one.
    fn fill(&mut self, holds: impl ExactSizeIterator<Item = bool>) {
        self.before.resize(holds.len() + 1, 0.0);
        let mut total = 0;
        for (before, holds) in self.before[1..].iter_mut().zip(holds) {
            total += i32::from(holds);
            *before = f64::from(total);
        }
    }
}

impl Workspace {
    /// Spreads what the rows from session `first_row` through `last_row` need, and joins it within its blocks. Bars before
    /// the grid give the first return in it its start and are else not read; where the grid begins never shows in a row.
    pub(super) fn spread(
        &mut self,
        history: &History,
        benchmark: Option<&Benchmark>,
        first_row: i32,
        last_row: i32,
    ) {
        let block = BLOCK as i32;
        self.origin = first_row.div_euclid(block) * block - HISTORY;
        let origin = self.origin;
        let length = ((last_row - origin + 1) as usize).next_multiple_of(BLOCK);
        let growth = renewed(&mut self.growth, length, 1.0);
        let has_return = renewed(&mut self.has_return, length, 0.0);
        let market_returns = renewed(&mut self.market_returns, length, 0.0);
        let has_pair = renewed(&mut self.has_pair, length, 0.0);
        let closes = renewed(&mut self.close, length, f64::NEG_INFINITY);
        let volumes = renewed(&mut self.volume, length, 0.0);
        let from = history.bars.position(origin);
        let bars = history.bars.slice(from, history.bars.position(last_row.saturating_add(1)));
        let before = history.bars.slice(from.saturating_sub(1), from);
        let mut previous = before.sessions.first().copied().zip(before.close.first().copied());
        let without_return = if previous.is_none() { bars.sessions.first().copied() } else { None };
        let mut actions = ActionCursor::new(history, previous.map_or(origin, |(session, _)| session));
        for ((&session, &close), &volume) in bars.sessions.iter().zip(bars.close).zip(bars.volume) {
            let at = (session - origin) as usize;
            closes[at] = close;
            volumes[at] = volume;
            let (ratio, cash) = actions.advance(session);
            if let Some((since, previous_close)) = previous {
                growth[at] = (close * ratio + cash) / previous_close;
                if session - since <= STALE_AFTER {
                    has_return[at] = 1.0;
                    if let Some(market) = benchmark.and_then(|benchmark| benchmark.compounded(since, session))
                    {
                        market_returns[at] = market;
                        has_pair[at] = 1.0;
                    }
                }
            }
            previous = Some((session, close));
        }
        self.count(without_return.map(|session| (session - origin) as usize));
        self.join();
    }

    /// Position of a session of the grid.
    #[inline]
    pub(super) fn position(&self, session: i32) -> usize {
        (session - self.origin) as usize
    }

    /// Session number of a position of the grid.
    #[inline]
    pub(super) fn session(&self, position: usize) -> i32 {
        self.origin + position as i32
    }

    /// 0 where there is a price `ago` sessions before each session of the block `newest`, else NaN.
    #[inline]
    pub(super) fn priced(&self, newest: usize, ago: usize) -> &[f64] {
        let at = newest * BLOCK - ago;
        &self.priced[at..at + BLOCK]
    }

    /// Counts what the grid holds; the bar at `without_return` has none.
    fn count(&mut self, without_return: Option<usize>) {
        let is_set = |value: &f64| *value > 0.0;
        self.bars.fill(self.close.iter().map(is_set));
        let fresh = STALE_AFTER as usize + 1;
        self.priced.resize(self.close.len(), NULL);
        for (at, priced) in self.priced.iter_mut().enumerate().skip(fresh) {
            *priced = if self.bars.within(at, fresh) > 0.0 { 0.0 } else { NULL };
        }
        let returns =
            self.close.iter().enumerate().map(|(at, close)| is_set(close) && Some(at) != without_return);
        self.all_returns.fill(returns);
        self.statistical_returns.fill(self.has_return.iter().map(is_set));
        self.pairs.fill(self.has_pair.iter().map(is_set));
        let traded =
            self.has_return.iter().zip(&self.volume).map(|(has, volume)| is_set(has) && is_set(volume));
        self.traded_returns.fill(traded);
    }

    /// Fills the blocks from the grid.
    fn join(&mut self) {
        where_set(&mut self.returns, &self.has_return, self.growth.iter().map(|growth| growth - 1.0));
        // Of the windows that end in the rows' blocks, those of each length begin in as many blocks and one more.
        let (first, last) = (HISTORY as usize / BLOCK, self.growth.len() / BLOCK - 1);
        let begin = |lengths: &'static [usize]| {
            move |block: usize| {
                let mut back = lengths.iter().map(|length| (length - 1).div_ceil(BLOCK));
                back.any(|back| (first - back..=last - back + 1).contains(&block))
            }
        };
        let blocks = &mut self.blocks;
        let returns = || each(&self.returns);
        blocks.growth.fill(each(&self.growth), begin(&[YEAR, HALF_YEAR, QUARTER, MONTH]));
        blocks.falls.fill(each(&self.growth), begin(&[YEAR]));
        blocks.returns.fill(returns(), begin(&[YEAR, 60, 20]));
        blocks.squared_returns.fill(products(&self.returns, &self.returns), begin(&[YEAR, 60, 20]));
        let falls = returns().map(|r| r.map(|r| smaller(r, 0.0) * smaller(r, 0.0)));
        blocks.squared_falls.fill(falls, begin(&[YEAR]));
        let or_lowest =
            |(r, has): (Lanes, Lanes)| from_fn(|at| if has[at] > 0.0 { r[at] } else { f64::NEG_INFINITY });
        let returns_or_lowest = returns().zip(each(&self.has_return)).map(or_lowest);
        blocks.highest_return.fill(returns_or_lowest, begin(&[MONTH]));
        let traded = || each(&self.close).zip(each(&self.volume));
        let money = |(close, volume): (Lanes, Lanes)| {
            from_fn(|at| if volume[at] > 0.0 { close[at] * volume[at] } else { 0.0 })
        };
        blocks.money.fill(traded().map(money), begin(&[QUARTER, 20]));
        let impact = |((r, has), (close, volume)): ((Lanes, Lanes), (Lanes, Lanes))| {
            from_fn(|at| {
                let counts = has[at] > 0.0 && volume[at] > 0.0;
                if counts { r[at].abs() / (close[at] * volume[at]) } else { 0.0 }
            })
        };
        let impacts = returns().zip(each(&self.has_return)).zip(traded()).map(impact);
        blocks.illiquidity.fill(impacts, begin(&[HALF_YEAR]));
        blocks.highest_close.fill(each(&self.close), begin(&[YEAR]));
        blocks.volume.fill(each(&self.volume), begin(&[QUARTER]));
        if self.pairs.total() > 0.0 {
            where_set(&mut self.paired_returns, &self.has_pair, self.returns.iter().copied());
            let (y, x) = (&self.paired_returns, &self.market_returns);
            blocks.y.fill(each(y), begin(&[YEAR]));
            blocks.x.fill(each(x), begin(&[YEAR]));
            blocks.yy.fill(products(y, y), begin(&[YEAR]));
            blocks.yx.fill(products(y, x), begin(&[YEAR]));
            blocks.xx.fill(products(x, x), begin(&[YEAR]));
        }
    }
}

/// A grid's memory, with the same number everywhere.
fn renewed(grid: &mut Vec<f64>, length: usize, absent: f64) -> &mut [f64] {
    grid.clear();
    grid.resize(length, absent);
    grid
}

/// Makes a grid of the values where the mask is above 0, and 0 elsewhere.
fn where_set(grid: &mut Vec<f64>, mask: &[f64], values: impl Iterator<Item = f64>) {
    grid.resize(mask.len(), 0.0);
    for ((kept, has), value) in grid.iter_mut().zip(mask).zip(values) {
        *kept = if *has > 0.0 { value } else { 0.0 };
    }
}

/// The blocks of a grid.
fn each(grid: &[f64]) -> impl ExactSizeIterator<Item = Lanes> {
    grid.as_chunks().0.iter().copied()
}

/// The blocks of two grids, multiplied.
fn products(a: &[f64], b: &[f64]) -> impl ExactSizeIterator<Item = Lanes> {
    each(a).zip(each(b)).map(|(a, b)| from_fn(|at| a[at] * b[at]))
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
        let at = |session: i32| workspace.position(session);
        assert_eq!((workspace.growth[at(1005)], workspace.returns[at(1005)]), (1.5, 0.5));
        assert_eq!((workspace.growth[at(1011)], workspace.returns[at(1011)]), (2.5, 0.0));
        assert_eq!((workspace.growth[at(1000)], workspace.has_return[at(1000)]), (1.0, 0.0));
        assert_eq!(workspace.all_returns.within(at(1011), 12), 2.0);
        assert_eq!(workspace.statistical_returns.within(at(1011), 12), 1.0);
        assert_eq!(workspace.traded_returns.within(at(1011), 12), 0.0);
        assert_eq!(workspace.bars.within(at(1010), 6), 1.0);
        let month = |sums: &Blocked<Sum>| sums.windows::<21>(at(1000) / BLOCK)[at(1000) % BLOCK];
        assert_eq!((month(&workspace.blocks.money), month(&workspace.blocks.volume)), (1000.0, 100.0));
    }
}
