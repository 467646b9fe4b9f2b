//! The factors that are sums over windows, for [`LANES`] consecutive sessions at once: a number each, NaN where null. What
//! a formula needs of a single row (its close, its splits) is in `rows`.

use std::array::from_fn;

use super::grid::{Counts, STALE_AFTER, Workspace};
use super::windows::{LANES, Lanes, Windows};
use super::{HALF_YEAR, MONTH, QUARTER, SESSIONS_A_YEAR, YEAR, least};
use crate::arithmetic::NULL;

/// What windows give for [`LANES`] consecutive sessions, whether they have a bar or not.
#[derive(Debug, Clone, Copy)]
pub struct Block {
    pub mom_12_1: Lanes,
    pub mom_6_1: Lanes,
    pub mom_3: Lanes,
    pub rev_1: Lanes,
    pub mom_risk_adj: Lanes,
    /// Highest close as printed of the year, right where the year has no split.
    pub highest_close: Lanes,
    pub vol_20: Lanes,
    pub vol_60: Lanes,
    pub vol_252: Lanes,
    pub downside_vol_252: Lanes,
    pub beta_252: Lanes,
    pub ivol_252: Lanes,
    pub max_ret_21: Lanes,
    pub max_drawdown_252: Lanes,
    /// Sum of close × volume over 20 sessions, NaN with too few bars.
    pub money_20: Lanes,
    /// The same over 63 sessions.
    pub money_63: Lanes,
    pub amihud_126: Lanes,
    /// Sum of volume as printed over 63 sessions, right where they have no split.
    pub volume_63: Lanes,
}

impl Block {
    /// Computes the block that begins at grid position `end`.
    pub fn new(grid: &Workspace, end: usize, is_benchmark: bool) -> Block {
        let window = |length| Windows { end, length };
        let mom_12_1 = compounded(grid, end, YEAR, MONTH);
        let vol_252 = volatility(grid, end, YEAR);
        let downside =
            over(window(YEAR).sum(&grid.squared_falls), counted(&grid.statistical_returns, end, YEAR));
        let fall = window(YEAR).lowest_from_peak(&grid.growth);
        let illiquidity =
            over(window(HALF_YEAR).sum(&grid.illiquidity), counted(&grid.traded_returns, end, HALF_YEAR));
        let (beta_252, ivol_252) =
            if is_benchmark { against_itself(grid, end) } else { against_benchmark(grid, end) };
        Block {
            mom_12_1,
            mom_6_1: compounded(grid, end, HALF_YEAR, MONTH),
            mom_3: compounded(grid, end, QUARTER, 0),
            rev_1: compounded(grid, end, MONTH, 0),
            mom_risk_adj: from_fn(
                |lane| if vol_252[lane] > 0.0 { mom_12_1[lane] / vol_252[lane] } else { NULL },
            ),
            highest_close: where_enough(window(YEAR).highest(&grid.close), &grid.bars, end, YEAR),
            vol_20: volatility(grid, end, 20),
            vol_60: volatility(grid, end, 60),
            vol_252,
            downside_vol_252: annual(downside),
            beta_252,
            ivol_252,
            max_ret_21: where_enough(
                window(MONTH).highest(&grid.returns_or_lowest),
                &grid.statistical_returns,
                end,
                MONTH,
            ),
            max_drawdown_252: where_enough(fall.map(|least| least - 1.0), &grid.all_returns, end, YEAR),
            money_20: where_enough(window(20).sum(&grid.money), &grid.bars, end, 20),
            money_63: where_enough(window(QUARTER).sum(&grid.money), &grid.bars, end, QUARTER),
            amihud_126: illiquidity.map(|mean| mean * 1e6),
            volume_63: where_enough(window(QUARTER).sum(&grid.volume), &grid.bars, end, QUARTER),
        }
    }
}

/// How many a window of `length` holds, NaN where they are fewer than its least number.
#[inline]
fn counted(counts: &Counts, end: usize, length: usize) -> Lanes {
    from_fn(|lane| {
        let count = counts.within(end + lane, length);
        if count >= least(length) { f64::from(count) } else { NULL }
    })
}

#[inline]
fn where_enough(values: Lanes, counts: &Counts, end: usize, length: usize) -> Lanes {
    let counted = counted(counts, end, length);
    from_fn(|lane| if counted[lane].is_nan() { NULL } else { values[lane] })
}

#[inline]
fn over(sum: Lanes, count: Lanes) -> Lanes {
    from_fn(|lane| sum[lane] / count[lane])
}

#[inline]
fn annual(variance: Lanes) -> Lanes {
    variance.map(|variance| variance.sqrt() * SESSIONS_A_YEAR.sqrt())
}

/// `Π(1 + r) − 1` over `(t − from, t − to]`, null unless there is a price at both ends.
#[inline]
fn compounded(grid: &Workspace, end: usize, from: usize, to: usize) -> Lanes {
    let product = Windows { end: end - to, length: from - to }.product(&grid.growth);
    let fresh = STALE_AFTER as usize + 1;
    from_fn(|lane| {
        let at = end + lane;
        let priced = grid.bars.within(at - from, fresh) > 0 && grid.bars.within(at - to, fresh) > 0;
        if priced { product[lane] - 1.0 } else { NULL }
    })
}

/// Annual sample standard deviation of the returns, in two passes.
#[inline]
fn volatility(grid: &Workspace, end: usize, length: usize) -> Lanes {
    let window = Windows { end, length };
    let count = counted(&grid.statistical_returns, end, length);
    let mean = over(window.sum(&grid.returns), count);
    let squares = window.squared_deviations(&grid.returns, &grid.has_return, &mean);
    annual(over(squares, count.map(|count| count - 1.0)))
}

/// Beta and residual volatility of the regression on the benchmark, in three passes.
#[inline]
fn against_benchmark(grid: &Workspace, end: usize) -> (Lanes, Lanes) {
    let count = counted(&grid.pairs, end, YEAR);
    if count.iter().all(|count| count.is_nan()) {
        return ([NULL; LANES], [NULL; LANES]);
    }
    let window = Windows { end, length: YEAR };
    let (y, x, mask) = (&grid.paired_returns, &grid.market_returns, &grid.has_pair);
    let (mean_y, mean_x) = (over(window.sum(y), count), over(window.sum(x), count));
    let (both, of_x) = window.co_deviations(y, x, mask, (&mean_y, &mean_x));
    let beta: Lanes = from_fn(|lane| if of_x[lane] > 0.0 { both[lane] / of_x[lane] } else { NULL });
    let residuals = window.squared_residuals(y, x, mask, (&mean_y, &mean_x), &beta);
    (beta, annual(over(residuals, count.map(|count| count - 2.0))))
}

/// The benchmark's own: beta 1 and residual volatility 0, where it has enough returns.
fn against_itself(grid: &Workspace, end: usize) -> (Lanes, Lanes) {
    let where_enough = |value| where_enough([value; LANES], &grid.statistical_returns, end, YEAR);
    (where_enough(1.0), where_enough(0.0))
}
