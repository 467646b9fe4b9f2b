//! The factors that need one row's own close, splits, dividends or shares, a row at a time. Prices, volumes, dividends and
//! shares are brought to the row's split basis, so a later split never changes them.

use super::grid::Workspace;
use super::{QUARTER, YEAR};
use crate::arithmetic::NULL;
use crate::domain::history::{Dividend, History, SharesReport, split_ratio};

/// Goes through an instrument's rows from older to newer, keeping its place among dividends and share reports.
#[derive(Debug)]
pub struct RowCursor<'a> {
    history: History<'a>,
    /// Dividends with an ex-date after the oldest session of the window; those after the row are still among them.
    dividends: &'a [Dividend],
    /// Share reports that are not yet usable.
    later_shares: &'a [SharesReport],
    report: Option<SharesReport>,
    shares: Standing,
    cash: Standing,
}

/// A number that stays what it is until something happens, computed once and not for every row.
#[derive(Debug)]
struct Standing {
    value: f64,
    /// First session for which it is to be computed anew.
    until: i32,
}

impl Standing {
    /// Nothing is known yet.
    const UNKNOWN: Standing = Standing { value: NULL, until: i32::MIN };
}

impl<'a> RowCursor<'a> {
    /// Stands before the first row.
    pub fn new(history: &History<'a>) -> RowCursor<'a> {
        RowCursor {
            history: *history,
            dividends: history.dividends,
            later_shares: history.shares,
            report: None,
            shares: Standing::UNKNOWN,
            cash: Standing::UNKNOWN,
        }
    }

    /// Shares outstanding on the split basis of `session`; null if none is known or it is not above 0. Sessions must not
    /// go back from call to call.
    pub fn shares(&mut self, session: i32) -> f64 {
        if session >= self.shares.until {
            while let Some((report, later)) = self.later_shares.split_first()
                && report.usable_from <= session
            {
                self.report = Some(*report);
                self.later_shares = later;
            }
            let value = self.report.map_or(NULL, |report| {
                let shares = report.shares * split_ratio(self.history.splits, report.filed, session);
                if shares > 0.0 { shares } else { NULL }
            });
            let next_report = self.later_shares.first().map_or(i32::MAX, |report| report.usable_from);
            self.shares = Standing { value, until: next_report.min(self.next_split(session)) };
        }
        self.shares.value
    }

    /// Cash dividends of the year up to `session`, per share of `session`; 0 if there were none. Sessions must not go back.
    pub fn dividends(&mut self, session: i32) -> f64 {
        if session >= self.cash.until {
            let from = session.saturating_sub(YEAR as i32);
            while let Some((dividend, rest)) = self.dividends.split_first()
                && dividend.session <= from
            {
                self.dividends = rest;
            }
            let paid = self.dividends.partition_point(|dividend| dividend.session <= session);
            let (paid, later) = self.dividends.split_at(paid);
            let mut value = 0.0;
            for dividend in paid {
                let before = dividend.session.saturating_sub(1);
                value += dividend.cash / split_ratio(self.history.splits, before, session);
            }
            let next_paid = later.first().map_or(i32::MAX, |dividend| dividend.session);
            let oldest_leaves =
                paid.first().map_or(i32::MAX, |dividend| dividend.session.saturating_add(YEAR as i32));
            self.cash = Standing { value, until: next_paid.min(oldest_leaves).min(self.next_split(session)) };
        }
        self.cash.value
    }

    /// Session of the first split after `session`.
    fn next_split(&self, session: i32) -> i32 {
        let after = self.history.splits.partition_point(|split| split.session <= session);
        self.history.splits.get(after).map_or(i32::MAX, |split| split.session)
    }

    /// Whether a split took effect within the `length` sessions that end at `session`, so that they are on two bases.
    pub fn has_split(&self, session: i32, length: usize) -> bool {
        let oldest = session.saturating_sub(length as i32 - 1);
        self.history.splits.iter().any(|split| oldest < split.session && split.session <= session)
    }

    /// Highest close of the year up to `session` on its split basis; -infinity if there is no bar.
    pub fn highest_close(&self, grid: &Workspace, at: usize, session: i32) -> f64 {
        let mut highest = f64::NEG_INFINITY;
        self.on_one_basis(&grid.close, (at, session), YEAR, |close, ratio| {
            highest = highest.max(close / ratio);
        });
        highest
    }

    /// Sum of the volumes of the quarter up to `session` on its split basis.
    pub fn volume(&self, grid: &Workspace, at: usize, session: i32) -> f64 {
        let mut total = 0.0;
        self.on_one_basis(&grid.volume, (at, session), QUARTER, |volume, ratio| total += volume * ratio);
        total
    }

    /// Calls `take` with each number of the window, oldest first, and the product of the splits after it.
    fn on_one_basis(
        &self,
        grid: &[f64],
        (at, session): (usize, i32),
        length: usize,
        mut take: impl FnMut(f64, f64),
    ) {
        let oldest = session - (length as i32 - 1);
        let splits = self.history.splits;
        let mut next_split = splits.partition_point(|split| split.session <= oldest);
        let mut ratio = split_ratio(splits, oldest, session);
        for (&value, of) in grid[at + 1 - length..=at].iter().zip(oldest..) {
            if splits.get(next_split).is_some_and(|split| split.session == of) {
                ratio = split_ratio(splits, of, session);
                next_split = splits.partition_point(|split| split.session <= of);
            }
            take(value, ratio);
        }
    }
}
