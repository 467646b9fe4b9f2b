//! The factors that windows give, for the sessions of the block of number `at` side by side, whether they have a bar or not:
//! a number each, NaN where there are too few. What needs one row's own splits, dividends and shares is in `rows`.
//!
//! A sum of squared deviations is the difference of two sums where what is left of them is a good part, and is swept in two
//! passes elsewhere. Which of the two it is depends on the window's numbers alone.

use std::array::from_fn;

use super::blocks::{BLOCK, Blocked, Lanes, Product, Sum};
use super::grid::{Counts, Workspace};
use super::sweeps::Sweep;
use super::{HALF_YEAR, MONTH, QUARTER, SESSIONS_A_YEAR, YEAR, least};
use crate::arithmetic::NULL;

/// Least part of Σr² that Σ(r − mean)² must be, to be taken as a difference.
const LEAST_OF_SQUARES: f64 = 0.25;

/// Least part of Σ(y − mean)² that a regression must leave unexplained for its residuals to be taken as a difference.
const LEAST_UNEXPLAINED: f64 = 0.1;

/// Annual root of the mean over the returns of the year of `min(r, 0)²`.
#[inline]
pub fn downside_volatility(grid: &Workspace, at: usize) -> Lanes {
    let count = counted(&grid.statistical_returns, at, YEAR);
    annual(over(&grid.blocks.squared_falls.windows::<YEAR>(at), &count))
}

/// Highest return of the month.
#[inline]
pub fn highest_return(grid: &Workspace, at: usize) -> Lanes {
    let count = counted(&grid.statistical_returns, at, MONTH);
    where_some(&grid.blocks.highest_return.windows::<MONTH>(at), &count)
}

/// Deepest fall from a peak of the year; at most 0.
#[inline]
pub fn deepest_fall(grid: &Workspace, at: usize) -> Lanes {
    let count = counted(&grid.all_returns, at, YEAR);
    where_some(&grid.blocks.falls.windows::<YEAR>(at), &count).map(|least| least - 1.0)
}

/// Highest close as printed of the year, right where the year has no split.
#[inline]
pub fn highest_close(grid: &Workspace, at: usize) -> Lanes {
    let count = counted(&grid.bars, at, YEAR);
    where_some(&grid.blocks.highest_close.windows::<YEAR>(at), &count)
}

/// Sum of close × volume.
#[inline]
pub fn money<const LENGTH: usize>(grid: &Workspace, at: usize) -> Lanes {
    where_some(&grid.blocks.money.windows::<LENGTH>(at), &counted(&grid.bars, at, LENGTH))
}

/// Mean over the bars with volume of half a year of `abs(r)` per million traded.
#[inline]
pub fn illiquidity(grid: &Workspace, at: usize) -> Lanes {
    let count = counted(&grid.traded_returns, at, HALF_YEAR);
    over(&grid.blocks.illiquidity.windows::<HALF_YEAR>(at), &count).map(|mean| mean * 1e6)
}

/// Mean over the bars of the quarter of volume as printed, right where the quarter has no split.
#[inline]
pub fn mean_volume(grid: &Workspace, at: usize) -> Lanes {
    over(&grid.blocks.volume.windows::<QUARTER>(at), &counted(&grid.bars, at, QUARTER))
}

/// How many each window of `length` holds, NaN where they are fewer than its least number.
#[inline]
fn counted(counts: &Counts, at: usize, length: usize) -> Lanes {
    let least = f64::from(least(length));
    counts.windows(at, length).map(|count| if count >= least { count } else { NULL })
}

#[inline]
fn where_some(values: &Lanes, count: &Lanes) -> Lanes {
    from_fn(|lane| if count[lane].is_nan() { NULL } else { values[lane] })
}

#[inline]
fn over(sum: &Lanes, count: &Lanes) -> Lanes {
    from_fn(|lane| sum[lane] / count[lane])
}

#[inline]
fn annual(variance: Lanes) -> Lanes {
    variance.map(|variance| variance.sqrt() * SESSIONS_A_YEAR.sqrt())
}

/// `Π(1 + r) − 1` over `(t − FROM, t − TO]`, which are `LENGTH` sessions; null unless there is a price at both ends.
#[inline]
pub fn compounded<const FROM: usize, const TO: usize, const LENGTH: usize>(
    grid: &Workspace,
    at: usize,
) -> Lanes {
    const { assert!(FROM - TO == LENGTH) }
    let product = ended_ago::<TO, LENGTH>(&grid.blocks.growth, at);
    let (then, now) = (grid.priced(at, FROM), grid.priced(at, TO));
    from_fn(|lane| product[lane] - 1.0 + (then[lane] + now[lane]))
}

/// The products of the windows that end `AGO` sessions before each session of the block.
#[inline]
fn ended_ago<const AGO: usize, const LENGTH: usize>(growth: &Blocked<Product>, at: usize) -> Lanes {
    if AGO == 0 {
        return growth.windows::<LENGTH>(at);
    }
    let newer = at - AGO / BLOCK;
    let both = [growth.windows::<LENGTH>(newer - 1), growth.windows::<LENGTH>(newer)];
    let first = BLOCK - AGO % BLOCK;
    from_fn(|lane| both.as_flattened()[first + lane])
}

/// Annual sample standard deviation of the returns.
#[inline]
pub fn volatility<const LENGTH: usize>(grid: &Workspace, at: usize) -> Lanes {
    let count = &counted(&grid.statistical_returns, at, LENGTH);
    let squares = grid.blocks.squared_returns.windows::<LENGTH>(at);
    let mut deviations = apart(&squares, &grid.blocks.returns.windows::<LENGTH>(at), count);
    if any(|lane| is_slight(deviations[lane], count[lane] * squares[lane])) {
        sweep_deviations(grid, at, LENGTH, count, &squares, &mut deviations);
    }
    annual(from_fn(|lane| deviations[lane] / (count[lane] * (count[lane] - 1.0))))
}

/// Takes those sums of squared deviations, times their count, that are slight beside the sums of squares in two passes.
#[cold]
fn sweep_deviations(
    grid: &Workspace,
    at: usize,
    length: usize,
    count: &Lanes,
    squares: &Lanes,
    deviations: &mut Lanes,
) {
    let sweep = Sweep { end: at * BLOCK, length };
    let mean = over(&sweep.sum(&grid.returns), count);
    let swept = sweep.squared_deviations(&grid.returns, &grid.has_return, &mean);
    for lane in 0..BLOCK {
        if is_slight(deviations[lane], count[lane] * squares[lane]) {
            deviations[lane] = count[lane] * swept[lane];
        }
    }
}

/// Whether too few digits are left of a sum of squared deviations that was taken as a difference. Not so of a null.
#[inline]
fn is_slight(deviations: f64, squares: f64) -> bool {
    deviations < LEAST_OF_SQUARES * squares
}

/// Beta and residual volatility of the regression on the benchmark.
#[inline]
pub fn against_benchmark(grid: &Workspace, at: usize) -> [Lanes; 2] {
    let count = counted(&grid.pairs, at, YEAR);
    if count.iter().all(|count| count.is_nan()) {
        return [[NULL; BLOCK]; 2];
    }
    let window = |sums: &Blocked<Sum>| sums.windows::<YEAR>(at);
    let blocks = &grid.blocks;
    let (y, x, yy, xx) = (window(&blocks.y), window(&blocks.x), window(&blocks.yy), window(&blocks.xx));
    let (of_y, of_x) = (apart(&yy, &y, &count), apart(&xx, &x, &count));
    let yx = window(&blocks.yx);
    let both: Lanes = from_fn(|lane| count[lane] * yx[lane] - y[lane] * x[lane]);
    let mut beta = slope(&both, &of_x);
    let mut residuals: Lanes = from_fn(|lane| of_y[lane] - beta[lane] * both[lane]);
    let is_swept = |lane: usize| {
        is_slight(of_x[lane], count[lane] * xx[lane])
            || is_slight(of_y[lane], count[lane] * yy[lane])
            || residuals[lane] < LEAST_UNEXPLAINED * of_y[lane]
    };
    if any(is_swept) {
        let swept = from_fn(is_swept);
        sweep_regression(grid, at, &count, &swept, (&mut beta, &mut residuals));
    }
    [beta, annual(from_fn(|lane| residuals[lane] / (count[lane] * (count[lane] - 2.0))))]
}

/// Takes beta and the sum of squared residuals, times the count, of the lanes `swept` in three passes.
#[cold]
fn sweep_regression(
    grid: &Workspace,
    at: usize,
    count: &Lanes,
    swept: &[bool; BLOCK],
    (beta, residuals): (&mut Lanes, &mut Lanes),
) {
    let sweep = Sweep { end: at * BLOCK, length: YEAR };
    let (y, x, mask) = (&grid.paired_returns, &grid.market_returns, &grid.has_pair);
    let means = (&over(&sweep.sum(y), count), &over(&sweep.sum(x), count));
    let (both, of_x) = sweep.co_deviations(y, x, mask, means);
    let swept_beta = slope(&both, &of_x);
    let swept_residuals = sweep.squared_residuals(y, x, mask, means, &swept_beta);
    for lane in (0..BLOCK).filter(|&lane| swept[lane]) {
        (beta[lane], residuals[lane]) = (swept_beta[lane], count[lane] * swept_residuals[lane]);
    }
}

#[inline]
fn slope(both: &Lanes, of_x: &Lanes) -> Lanes {
    from_fn(|lane| if of_x[lane] > 0.0 { both[lane] / of_x[lane] } else { NULL })
}

/// `n Σv² − (Σv)²`, which is n times the sum of squared deviations from the mean: one division less than that sum.
#[inline]
fn apart(squares: &Lanes, sum: &Lanes, count: &Lanes) -> Lanes {
    from_fn(|lane| count[lane] * squares[lane] - sum[lane] * sum[lane])
}

#[inline]
fn any(lanes: impl Fn(usize) -> bool) -> bool {
    (0..BLOCK).fold(false, |any, lane| any | lanes(lane))
}

/// The benchmark's own: beta 1 and residual volatility 0, where it has enough returns.
pub fn against_itself(grid: &Workspace, at: usize) -> [Lanes; 2] {
    let count = counted(&grid.statistical_returns, at, YEAR);
    [where_some(&[1.0; BLOCK], &count), where_some(&[0.0; BLOCK], &count)]
}
