//! The kernel: all statement factors of an instrument, row after row.

use super::amounts::{AMOUNT_COUNT, Amount, View, When};
use super::factor::{PRICED_COUNT, StatementFactor};
use super::formulas::{Outcome, Priced, formula};
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
    /// The factors that the price does not move; the others are null here.
    values: [f64; STATEMENT_FACTOR_COUNT],
    /// The factors that it moves.
    priced: [Priced; PRICED_COUNT],
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
            values: [NULL; STATEMENT_FACTOR_COUNT],
            priced: [Priced::NULL; PRICED_COUNT],
        }
    }

    /// The factors of `session` in the order of [`StatementFactor::ALL`]; null is NaN. Sessions must not go back from call to
    /// call. `market_equity` is the row's close × shares outstanding in currency; where it is null or not above 0, so are the
    /// factors that divide by it.
    ///
    /// The bits depend on the session, its market value, the statements and the splits alone: not on the calls before.
    pub fn values(&mut self, session: i32, market_equity: f64) -> [f64; STATEMENT_FACTOR_COUNT] {
        if session >= self.stale_from {
            self.catch_up(session);
        }
        let mut values = self.values;
        for (value, priced) in values.iter_mut().zip(&self.priced) {
            *value = priced.at(market_equity).map_or(NULL, kept);
        }
        values
    }

    fn catch_up(&mut self, session: i32) {
        self.values = [NULL; STATEMENT_FACTOR_COUNT];
        self.priced = [Priced::NULL; PRICED_COUNT];
        self.known.advance(session);
        let mut stale_from = [self.known.next(), None, None];
        if let Ok(view) = View::new(&self.known, self.splits, session) {
            let amounts = Amounts::of(&view);
            for (place, factor) in StatementFactor::ALL.into_iter().enumerate() {
                match formula(factor, self.financial, |amount, when| amounts.get(amount, when)) {
                    Ok(Outcome::Value(value)) => self.values[place] = kept(value),
                    Ok(Outcome::Priced(priced)) => self.priced[place] = priced,
                    Err(_) => {}
                }
            }
            stale_from[1] = Some(view.usable_through().saturating_add(1));
            stale_from[2] = self.splits.iter().map(|split| split.session).find(|from| *from > session);
        }
        self.stale_from = stale_from.into_iter().flatten().min().unwrap_or(i32::MAX);
    }
}

/// Every amount that a formula may ask for, each found once.
struct Amounts {
    now: [Result<f64, Why>; AMOUNT_COUNT],
    year_before: [Result<f64, Why>; AMOUNT_COUNT],
}

impl Amounts {
    fn of(view: &View<'_, '_>) -> Self {
        let none = [Err(Why::NothingUsable); AMOUNT_COUNT];
        let mut amounts = Self { now: none, year_before: none };
        for amount in Amount::ALL {
            amounts.now[amount as usize] = view.amount(amount, When::Now, &mut ());
        }
        for amount in Amount::COMPARED {
            amounts.year_before[amount as usize] = view.amount(amount, When::YearBefore, &mut ());
        }
        amounts
    }

    fn get(&self, amount: Amount, when: When) -> Result<f64, Why> {
        match when {
            When::Now => self.now[amount as usize],
            When::YearBefore => self.year_before[amount as usize],
        }
    }
}
