//! Factors of one instrument from its own bars and the benchmark's. [`price_factors`] computes all of them for a range of
//! sessions; a value depends, to the bit, on its window's inputs alone, however the rows are cut: a window is joined out of
//! blocks of 16 sessions at fixed absolute session numbers (`blocks`), or swept from its own oldest session (`sweeps`).

mod benchmark;
mod blocks;
pub mod explain;
mod grid;
mod lanes;
mod rows;
mod sweeps;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod real_data;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use self::benchmark::Benchmark;
use self::blocks::{BLOCK, Lanes};
pub use self::grid::{STALE_AFTER, Workspace};
use self::rows::RowCursor;
use super::catalogue::PRICE_FACTOR_COUNT;
use super::{NULL, kept};
use crate::domain::history::History;

/// The parameters of all windows and the order of their sums, which decides bits, as text to take a digest of.
pub const PARAMETERS: &str = "windows 20 21 60 63 126 252, joined in blocks of 16, least 15 15 40 40 60 120, stale after 5, population close 1 adv_20 100000 age 60";

const MONTH: usize = 21;
const QUARTER: usize = 63;
const HALF_YEAR: usize = 126;
const YEAR: usize = 252;
const SESSIONS_A_YEAR: f64 = 252.0;

/// Least close, `adv_20` and sessions since the first bar of a member of the population.
const POPULATION_CLOSE: f64 = 1.0;
const POPULATION_ADV_20: f64 = 100_000.0;
const POPULATION_AGE: i32 = 60;

/// Least number of returns, or bars, in a window of `length` sessions.
const fn least(length: usize) -> u32 {
    match length {
        0..=MONTH => 15,
        22..=QUARTER => 40,
        64..=HALF_YEAR => 60,
        _ => 120,
    }
}

/// Feature rows in columns. All columns have one length; **null is NaN**.
#[derive(Debug, Clone, Default)]
pub struct FactorColumns {
    /// Session number of each row.
    pub sessions: Vec<i32>,
    /// Whether the row meets the population's rule on close, `adv_20` and age. Type and benchmark are the caller's to check.
    pub in_population_rule: Vec<bool>,
    /// Close as printed × shares outstanding on the session's split basis, currency: what statement factors are divided by.
    pub market_equity: Vec<f64>,
    /// A column a factor, in the order of [`super::catalogue::PRICE_FACTORS`].
    pub values: [Vec<f64>; PRICE_FACTOR_COUNT],
}

impl FactorColumns {
    /// Removes all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.sessions.clear();
        self.in_population_rule.clear();
        self.market_equity.clear();
        self.values.iter_mut().for_each(Vec::clear);
    }
}

/// Appends a row to `out` for each bar whose session is in `rows`, oldest first.
///
/// - **Reads** the bars of the [`PRICE_HISTORY`](super::catalogue::PRICE_HISTORY) sessions before `rows.start`, where the oldest of those sessions has no bar
///   the last bar before them too, every split since the oldest share report that counts, and the dividends of a year.
///   More history, or actions after a row's session, never change the row. `benchmark` must reach back as far.
/// - **Gives** null for `beta_252` and `ivol_252` without a benchmark, and 1 and 0 where `is_benchmark`.
/// - `workspace` is memory to use again, one a thread; what is in it does not matter.
pub fn price_factors(
    workspace: &mut Workspace,
    history: &History,
    benchmark: Option<&Benchmark>,
    is_benchmark: bool,
    rows: Range<i32>,
    out: &mut FactorColumns,
) {
    let wanted = history.bars.slice(history.bars.position(rows.start), history.bars.position(rows.end));
    let (Some(&first_row), Some(&last_row)) = (wanted.sessions.first(), wanted.sessions.last()) else {
        return;
    };
    workspace.spread(history, benchmark.filter(|_| !is_benchmark), first_row, last_row);
    let rows = Rows {
        grid: workspace,
        history,
        sessions: wanted.sessions,
        close: wanted.close,
        first_bar: if history.earlier_bars { None } else { history.bars.sessions.first().copied() },
    };
    rows.of_windows(is_benchmark, out);
    rows.of_each(out);
    out.sessions.extend_from_slice(wanted.sessions);
}

/// The rows on their way out. A factor is computed for all of them before the next one: what is repeated stays small.
struct Rows<'a> {
    grid: &'a Workspace,
    history: &'a History<'a>,
    sessions: &'a [i32],
    close: &'a [f64],
    /// Session of the instrument's first bar; none where it is not among those given.
    first_bar: Option<i32>,
}

impl Rows<'_> {
    /// What the windows give, block by block. Where a row's own numbers are still to be brought in, this is the part of the
    /// windows: highest close, money, mean volume.
    fn of_windows(&self, is_benchmark: bool, out: &mut FactorColumns) {
        let grid = self.grid;
        let [
            mom_12_1,
            mom_6_1,
            mom_3,
            rev_1,
            _,
            high_52w,
            vol_20,
            vol_60,
            vol_252,
            downside_vol_252,
            beta_252,
            ivol_252,
            max_ret_21,
            max_drawdown_252,
            adv_20,
            adv_63,
            amihud_126,
            turnover_63,
            ..,
        ] = &mut out.values;
        self.append([mom_12_1], |at| [lanes::compounded::<YEAR, MONTH, { YEAR - MONTH }>(grid, at)]);
        self.append([mom_6_1], |at| [lanes::compounded::<HALF_YEAR, MONTH, { HALF_YEAR - MONTH }>(grid, at)]);
        self.append([mom_3], |at| [lanes::compounded::<QUARTER, 0, QUARTER>(grid, at)]);
        self.append([rev_1], |at| [lanes::compounded::<MONTH, 0, MONTH>(grid, at)]);
        self.append([high_52w], |at| [lanes::highest_close(grid, at)]);
        self.append([vol_20], |at| [lanes::volatility::<20>(grid, at)]);
        self.append([vol_60], |at| [lanes::volatility::<60>(grid, at)]);
        self.append([vol_252], |at| [lanes::volatility::<YEAR>(grid, at)]);
        self.append([downside_vol_252], |at| [lanes::downside_volatility(grid, at)]);
        if is_benchmark {
            self.append([beta_252, ivol_252], |at| lanes::against_itself(grid, at));
        } else {
            self.append([beta_252, ivol_252], |at| lanes::against_benchmark(grid, at));
        }
        self.append([max_ret_21], |at| [lanes::highest_return(grid, at)]);
        self.append([max_drawdown_252], |at| [lanes::deepest_fall(grid, at)]);
        self.append([adv_20], |at| [lanes::money::<20>(grid, at)]);
        self.append([adv_63], |at| [lanes::money::<QUARTER>(grid, at)]);
        self.append([amihud_126], |at| [lanes::illiquidity(grid, at)]);
        self.append([turnover_63], |at| [lanes::mean_volume(grid, at)]);
    }

    /// Appends to each column its numbers of the sessions that have a row, from the lanes of each block in which any has.
    #[inline]
    fn append<const N: usize>(&self, mut columns: [&mut Vec<f64>; N], lanes: impl Fn(usize) -> [Lanes; N]) {
        for column in &mut columns {
            column.reserve(self.sessions.len());
        }
        let mut rest = self.sessions;
        while let Some(&session) = rest.first() {
            let at = self.grid.position(session) / BLOCK;
            let end = self.grid.session((at + 1) * BLOCK);
            let here = rest[..rest.len().min(BLOCK)].partition_point(|&session| session < end);
            let (sessions, later) = rest.split_at(here);
            rest = later;
            for (column, lanes) in columns.iter_mut().zip(lanes(at)) {
                let lanes = lanes.map(kept);
                if here == BLOCK {
                    column.extend_from_slice(&lanes);
                } else {
                    let of = |session: &i32| lanes[self.grid.position(*session) % BLOCK];
                    column.extend(sessions.iter().map(of));
                }
            }
        }
    }

    /// Brings in a row's own close, splits, dividends, shares and age.
    fn of_each(&self, out: &mut FactorColumns) {
        let first = out.sessions.len();
        let FactorColumns { in_population_rule, market_equity, values, .. } = out;
        let [
            mom_12_1,
            _,
            _,
            _,
            mom_risk_adj,
            high_52w,
            _,
            _,
            vol_252,
            ..,
            adv_20,
            adv_63,
            _,
            turnover_63,
            size,
            div_yield,
        ] = values;
        let mut cursor = RowCursor::new(self.history);
        size.extend(self.sessions.iter().map(|&session| cursor.shares(session)));
        div_yield.extend(self.sessions.iter().map(|&session| cursor.dividends(session)));
        if !self.history.splits.is_empty() {
            self.on_one_basis(&cursor, &mut high_52w[first..], &mut turnover_63[first..]);
        }
        let momentum = mom_12_1[first..].iter().zip(&vol_252[first..]);
        mom_risk_adj.extend(momentum.map(|(r, vol)| if *vol > 0.0 { kept(r / vol) } else { NULL }));
        for (high, close) in high_52w[first..].iter_mut().zip(self.close) {
            *high = kept(close / *high);
        }
        self.by_age(&mut adv_20[first..], 20);
        self.by_age(&mut adv_63[first..], QUARTER as i32);
        for (turnover, shares) in turnover_63[first..].iter_mut().zip(&size[first..]) {
            *turnover = kept(*turnover / shares);
        }
        market_equity
            .extend(self.close.iter().zip(&size[first..]).map(|(close, shares)| kept(close * shares)));
        for (size, equity) in size[first..].iter_mut().zip(&market_equity[first..]) {
            *size = kept(equity.ln());
        }
        for (dividends, close) in div_yield[first..].iter_mut().zip(self.close) {
            *dividends = kept(*dividends / close);
        }
        let rows = self.sessions.iter().zip(self.close).zip(&adv_20[first..]);
        in_population_rule.extend(rows.map(|((&session, &close), &adv_20)| {
            close >= POPULATION_CLOSE && adv_20 >= POPULATION_ADV_20 && self.age(session) >= POPULATION_AGE
        }));
    }

    /// Takes the highest close and the mean volume anew where the window has a split.
    fn on_one_basis(&self, cursor: &RowCursor, highest: &mut [f64], volume: &mut [f64]) {
        for ((&session, highest), volume) in self.sessions.iter().zip(highest).zip(volume) {
            let at = self.grid.position(session);
            if !highest.is_nan() && cursor.has_split(session, YEAR) {
                *highest = cursor.highest_close(self.grid, at, session);
            }
            if !volume.is_nan() && cursor.has_split(session, QUARTER) {
                *volume = cursor.volume(self.grid, at, session) / self.grid.bars.within(at, QUARTER);
            }
        }
    }

    /// Divides the money of windows of `length` sessions by those since the first bar.
    fn by_age(&self, money: &mut [f64], length: i32) {
        for (money, &session) in money.iter_mut().zip(self.sessions) {
            *money = kept(*money / f64::from(self.age(session).min(length)));
        }
    }

    /// Sessions since the instrument's first bar, that one included; the most there can be where it is not given.
    #[inline]
    fn age(&self, session: i32) -> i32 {
        self.first_bar.map_or(i32::MAX, |first| (session - first).saturating_add(1))
    }
}
