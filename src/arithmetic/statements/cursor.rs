//! The kernel: all statement factors of an instrument, row after row.

use super::amounts::{AMOUNT_COUNT, Amount, View, When};
use super::factor::StatementFactor;
use super::formulas::formula;
use super::known::Known;
use super::why::Why;
use crate::arithmetic::catalogue::STATEMENT_FACTOR_COUNT;
use crate::arithmetic::{NULL, kept};
use crate::domain::history::Split;
use crate::domain::statement::Statement;

/// Goes through an instrument's rows from older to newer. What does not depend on the price is computed where a filing
/// becomes usable, the latest period expires or a split takes effect, and kept until the next of these.
#[derive(Debug, Clone)]
pub struct StatementCursor<'a> {
    known: Known<'a>,
    splits: &'a [Split],
    financial: bool,
    /// The first session for which what follows no longer holds.
    stale_from: i32,
    now: [Result<f64, Why>; AMOUNT_COUNT],
    /// The factors, null where the price moves them.
    values: [f64; STATEMENT_FACTOR_COUNT],
    /// Whether there is a latest period.
    alive: bool,
}

impl<'a> StatementCursor<'a> {
    /// Stands before the first row.
    ///
    /// - **Reads** `statements` in the order of [`Statement::sort`], `splits` ascending by session: all that was filed and
    ///   split before the rows, for values reach back years. More of either, after a row's session, never changes the row.
    /// - `financial` makes `gross_profitability` null.
    pub fn new(statements: &'a [Statement], splits: &'a [Split], financial: bool) -> Self {
        Self {
            known: Known::new(statements),
            splits,
            financial,
            stale_from: i32::MIN,
            now: [Err(Why::NothingUsable); AMOUNT_COUNT],
            values: [NULL; STATEMENT_FACTOR_COUNT],
            alive: false,
        }
    }

    /// The factors of `session` in the order of [`StatementFactor::ALL`]; null is NaN. Sessions must not go back from call to
    /// call. `market_equity` is the row's close × shares outstanding in currency; where it is null or not above 0, so are the
    /// six factors that divide by it.
    ///
    /// The bits depend on the session, its market value, the statements and the splits alone: not on the calls before.
    pub fn values(&mut self, session: i32, market_equity: f64) -> [f64; STATEMENT_FACTOR_COUNT] {
        if session >= self.stale_from {
            self.catch_up(session);
        }
        let mut values = self.values;
        if self.alive {
            for factor in StatementFactor::PRICED {
                let ask = |amount, _| self.now[amount as usize];
                values[factor as usize] =
                    formula(factor, self.financial, market_equity, ask).map_or(NULL, kept);
            }
        }
        values
    }

    fn catch_up(&mut self, session: i32) {
        self.known.advance(session);
        let view = View::new(&self.known, self.splits, session);
        self.alive = view.is_ok();
        self.values = [NULL; STATEMENT_FACTOR_COUNT];
        if let Ok(view) = &view {
            let mut before = [Err(Why::NothingUsable); AMOUNT_COUNT];
            for amount in Amount::ALL {
                self.now[amount as usize] = view.amount(amount, When::Now, &mut ());
            }
            for amount in Amount::COMPARED {
                before[amount as usize] = view.amount(amount, When::YearBefore, &mut ());
            }
            let ask = |amount: Amount, when| match when {
                When::Now => self.now[amount as usize],
                When::YearBefore => before[amount as usize],
            };
            for factor in &StatementFactor::ALL[StatementFactor::PRICED.len()..] {
                self.values[*factor as usize] =
                    formula(*factor, self.financial, NULL, ask).map_or(NULL, kept);
            }
        }
        let split = self.splits.iter().map(|split| split.session).find(|from| *from > session);
        let expired = self
            .known
            .periods
            .last()
            .filter(|_| self.alive)
            .map(|latest| latest.usable_through.saturating_add(1));
        self.stale_from = [self.known.next(), split, expired].into_iter().flatten().min().unwrap_or(i32::MAX);
    }
}
