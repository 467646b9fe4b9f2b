//! Factors of one instrument from its own bars and the benchmark's. [`price_factors`] computes all of them for a range of
//! sessions; a value depends, to the bit, on its window's inputs alone, however the rows are cut.

mod benchmark;
pub mod explain;
mod grid;
mod lanes;
mod rows;
mod windows;

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
pub use self::grid::{STALE_AFTER, Workspace};
use self::lanes::Block;
use self::rows::RowCursor;
use self::windows::LANES;
use super::catalogue::{PRICE_FACTOR_COUNT, PRICE_HISTORY};
use super::kept;
use crate::domain::history::History;

/// The parameters of all windows, as text to take a digest of.
pub const PARAMETERS: &str = "windows 20 21 60 63 126 252, least 15 15 40 40 60 120, stale after 5, population close 1 adv_20 100000 age 60";

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

    fn push(
        &mut self,
        session: i32,
        in_population_rule: bool,
        market_equity: f64,
        values: [f64; PRICE_FACTOR_COUNT],
    ) {
        self.sessions.push(session);
        self.in_population_rule.push(in_population_rule);
        self.market_equity.push(market_equity);
        for (column, value) in self.values.iter_mut().zip(values) {
            column.push(kept(value));
        }
    }
}

/// Appends a row to `out` for each bar whose session is in `rows`, oldest first.
///
/// - **Reads** the bars of the [`PRICE_HISTORY`] sessions before `rows.start`, where the oldest of those sessions has no bar
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
    let first_bar = if history.earlier_bars { None } else { history.bars.sessions.first().copied() };
    workspace.spread(history, benchmark.filter(|_| !is_benchmark), first_row, last_row);
    let origin = first_row - PRICE_HISTORY;
    let mut cursor = RowCursor::new(history);
    let mut block: Option<(usize, Block)> = None;
    for (&session, &close) in wanted.sessions.iter().zip(wanted.close) {
        let at = (session - origin) as usize;
        let (start, block) = match &block {
            Some((start, computed)) if at < start + LANES => (*start, computed),
            _ => {
                let (start, computed) = block.insert((at, Block::new(workspace, at, is_benchmark)));
                (*start, &*computed)
            }
        };
        let age = first_bar.map_or(i32::MAX, |first| (session - first).saturating_add(1));
        let row = Row { session, close, at, lane: at - start, age };
        let shares = cursor.shares(session);
        let values = row.values(workspace, block, &mut cursor, shares);
        out.push(session, row.in_population_rule(block), kept(close * shares), values);
    }
}

/// One row on its way out: where it stands and what only it knows.
struct Row {
    session: i32,
    close: f64,
    /// Position in the grid.
    at: usize,
    /// Position in the block.
    lane: usize,
    /// Sessions since the instrument's first bar, that one included.
    age: i32,
}

impl Row {
    /// All factors, in the order of the catalogue.
    fn values(
        &self,
        grid: &Workspace,
        block: &Block,
        cursor: &mut RowCursor,
        shares: f64,
    ) -> [f64; PRICE_FACTOR_COUNT] {
        let &Row { session, close, lane, .. } = self;
        [
            block.mom_12_1[lane],
            block.mom_6_1[lane],
            block.mom_3[lane],
            block.rev_1[lane],
            block.mom_risk_adj[lane],
            self.high_52w(grid, block, cursor),
            block.vol_20[lane],
            block.vol_60[lane],
            block.vol_252[lane],
            block.downside_vol_252[lane],
            block.beta_252[lane],
            block.ivol_252[lane],
            block.max_ret_21[lane],
            block.max_drawdown_252[lane],
            self.adv_20(block),
            block.money_63[lane] / f64::from(self.age.min(QUARTER as i32)),
            block.amihud_126[lane],
            self.mean_volume(grid, block, cursor) / shares,
            (close * shares).ln(),
            cursor.dividends(session) / close,
        ]
    }

    fn high_52w(&self, grid: &Workspace, block: &Block, cursor: &RowCursor) -> f64 {
        let highest = block.highest_close[self.lane];
        if highest.is_nan() || !cursor.has_split(self.session, YEAR) {
            return self.close / highest;
        }
        self.close / cursor.highest_close(grid, self.at, self.session)
    }

    fn mean_volume(&self, grid: &Workspace, block: &Block, cursor: &RowCursor) -> f64 {
        let total = block.volume_63[self.lane];
        if total.is_nan() || !cursor.has_split(self.session, QUARTER) {
            return total / f64::from(grid.bars.within(self.at, QUARTER));
        }
        cursor.volume(grid, self.at, self.session) / f64::from(grid.bars.within(self.at, QUARTER))
    }

    fn adv_20(&self, block: &Block) -> f64 {
        block.money_20[self.lane] / f64::from(self.age.min(20))
    }

    fn in_population_rule(&self, block: &Block) -> bool {
        self.close >= POPULATION_CLOSE
            && self.adv_20(block) >= POPULATION_ADV_20
            && self.age >= POPULATION_AGE
    }
}
