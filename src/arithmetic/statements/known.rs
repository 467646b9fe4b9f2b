//! What is known of an instrument's periods at a session: for each period and timeframe which filing gives each number.

use chrono::{Datelike, NaiveDate};

use crate::domain::statement::{FIELD_COUNT, Field, Statement, Timeframe};

/// Days from one quarter's end to the next one's.
const QUARTER: std::ops::RangeInclusive<i32> = 80..=101;
/// Days from one year's end to the next one's.
pub const YEAR: std::ops::RangeInclusive<i32> = 350..=380;
/// Quarters of a chain: four for the sum, and the three before the oldest of them from which it may be derived.
const LINKS: usize = 7;

/// One period end, with its quarterly and annual statements.
#[derive(Debug, Clone)]
pub struct Period {
    /// Last day.
    pub end: NaiveDate,
    /// The same as a number, to count days.
    day: i32,
    /// Last session on which it may be the latest one.
    pub usable_through: i32,
    /// For quarterly and annual, whether there is a statement.
    exists: [bool; 2],
    /// For quarterly and annual, which statement gives the field: its place from 1, 0 is none.
    givers: [[u32; FIELD_COUNT]; 2],
}

impl Period {
    /// Whether there is a statement of `timeframe`.
    pub fn has(&self, timeframe: Timeframe) -> bool {
        self.exists[timeframe as usize]
    }
}

/// Whose number of a period is meant.
#[derive(Debug, Clone, Copy)]
pub enum Of {
    /// The quarter's or the year's.
    One(Timeframe),
    /// The latest filing's, be it of the quarter or of the year: what balances are.
    Latest,
}

/// A number as it was found.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// What it is.
    pub field: Field,
    /// Where it stands.
    pub statement: &'a Statement,
}

impl Found<'_> {
    /// As filed.
    pub fn value(&self) -> f64 {
        self.statement.values[self.field as usize]
    }
}

/// The periods of one instrument, growing as filings become usable.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    /// All statements in the order of [`Statement::sort`].
    statements: &'a [Statement],
    /// How many of them are usable.
    usable: usize,
    /// Ascending by end.
    pub periods: Vec<Period>,
}

impl<'a> Known<'a> {
    /// Nothing is known yet.
    pub fn new(statements: &'a [Statement]) -> Self {
        Self { statements, usable: 0, periods: Vec::with_capacity(statements.len()) }
    }

    /// Takes in what is usable at `session`, which must not go back.
    pub fn advance(&mut self, session: i32) {
        while let Some(statement) = self.statements.get(self.usable)
            && statement.usable_from <= session
        {
            self.usable += 1;
            if statement.timeframe != Timeframe::TrailingTwelveMonths {
                self.take(statement);
            }
        }
    }

    /// The session on which the next statement becomes usable.
    pub fn next(&self) -> Option<i32> {
        self.statements.get(self.usable).map(|statement| statement.usable_from)
    }

    fn take(&mut self, statement: &Statement) {
        let at = self.periods.partition_point(|period| period.end < statement.period_end);
        if self.periods.get(at).is_none_or(|period| period.end != statement.period_end) {
            let period = Period {
                end: statement.period_end,
                day: statement.period_end.num_days_from_ce(),
                usable_through: statement.usable_through,
                exists: [false; 2],
                givers: [[0; FIELD_COUNT]; 2],
            };
            self.periods.insert(at, period);
        }
        let (place, row) = (self.usable as u32, statement.timeframe as usize);
        let period = &mut self.periods[at];
        period.exists[row] = true;
        for (giver, value) in period.givers[row].iter_mut().zip(&statement.values) {
            if !value.is_nan() {
                *giver = place;
            }
        }
    }

    /// The number of the period at place `at`, from the latest filing that gives it.
    pub fn find(&self, at: usize, of: Of, field: Field) -> Option<Found<'a>> {
        let [quarterly, annual] = &self.periods[at].givers;
        let (quarterly, annual) = (quarterly[field as usize], annual[field as usize]);
        let giver = match of {
            Of::One(Timeframe::Annual) => annual,
            Of::One(_) => quarterly,
            // A quarterly statement stands behind an annual one of the same day.
            Of::Latest => quarterly.max(annual),
        };
        let statement = self.statements.get((giver as usize).checked_sub(1)?)?;
        Some(Found { field, statement })
    }

    /// Place of the latest period, of any timeframe or of one, that ends within `days` before the one at place `at`.
    pub fn before(
        &self,
        at: usize,
        days: std::ops::RangeInclusive<i32>,
        only: Option<Timeframe>,
    ) -> Option<usize> {
        let day = self.periods[at].day;
        let earlier = self.periods[..at].iter().enumerate().rev();
        earlier
            .skip_while(|(_, period)| day - period.day < *days.start())
            .take_while(|(_, period)| day - period.day <= *days.end())
            .find(|(_, period)| only.is_none_or(|timeframe| period.has(timeframe)))
            .map(|(place, _)| place)
    }
}

/// Quarter ends going back from one, as far as they follow each other.
#[derive(Debug, Clone, Copy)]
pub struct Chain {
    places: [usize; LINKS],
    length: usize,
}

impl Chain {
    /// The chain that goes back from the period at place `at`.
    pub fn back_from(known: &Known<'_>, at: usize) -> Self {
        let mut chain = Self { places: [at; LINKS], length: 1 };
        while chain.length < LINKS
            && let Some(place) = known.before(chain.places[chain.length - 1], QUARTER, None)
        {
            chain.places[chain.length] = place;
            chain.length += 1;
        }
        chain
    }

    /// Place of the period where the chain begins to go back.
    pub fn end(&self) -> usize {
        self.places[0]
    }

    /// Places of `count` quarters, of which the latest is `link` steps back, latest first; the place before which the chain
    /// breaks where there are fewer.
    pub fn quarters(&self, link: usize, count: usize) -> Result<&[usize], usize> {
        self.places[..self.length].get(link..link + count).ok_or(self.places[self.length - 1])
    }
}
