//! Statements for the tests: few words to write one, and random ones full of gaps.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};

use super::{StatementCursor, StatementFactor};
use crate::arithmetic::catalogue::STATEMENT_FACTOR_COUNT;
use crate::domain::calendar::nyse;
use crate::domain::history::Split;
use crate::domain::statement::{FIELD_COUNT, Field, Statement, Timeframe};

pub use Timeframe::{Annual, Quarterly};

pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// The session on a day, or the next one.
pub fn session(text: &str) -> i32 {
    nyse().at_or_after(day(text)).expect("a session")
}

pub fn filed(end: &str, timeframe: Timeframe, filing: &str, numbers: &[(Field, f64)]) -> Statement {
    let mut values = [f64::NAN; FIELD_COUNT];
    for (field, value) in numbers {
        values[*field as usize] = *value;
    }
    Statement::new(day(end), timeframe, day(filing), values).expect("within the calendar")
}

/// An instrument with statements and splits.
#[derive(Debug, Clone, Default)]
pub struct Company {
    pub statements: Vec<Statement>,
    pub splits: Vec<Split>,
    pub financial: bool,
}

impl Company {
    pub fn new(mut statements: Vec<Statement>) -> Self {
        Statement::sort(&mut statements);
        Self { statements, ..Self::default() }
    }

    pub fn add(&mut self, statement: Statement) {
        self.statements.push(statement);
        Statement::sort(&mut self.statements);
    }

    /// Changes a number of every statement of a period.
    pub fn set(&mut self, end: &str, field: Field, value: f64) {
        for statement in self.statements.iter_mut().filter(|one| one.period_end == day(end)) {
            statement.values[field as usize] = value;
        }
    }

    /// All factors of a session by a cursor that begins there.
    pub fn values(&self, session: i32, market_equity: f64) -> [f64; STATEMENT_FACTOR_COUNT] {
        StatementCursor::new(&self.statements, &self.splits, self.financial).values(session, market_equity)
    }

    /// One factor on a day, with a market value of 1,000.
    pub fn on(&self, date: &str, factor: &str) -> f64 {
        let factor = StatementFactor::of(factor).expect("a factor");
        self.values(session(date), 1000.0)[factor as usize]
    }

    /// Why a factor is null on a day, with a market value of 1,000.
    pub fn why(&self, date: &str, factor: &str) -> String {
        let factor = StatementFactor::of(factor).expect("a factor");
        let explanation =
            super::explain(&self.statements, &self.splits, self.financial, session(date), 1000.0, factor);
        assert!(explanation.value.is_nan(), "{explanation:?}");
        explanation.why_null.expect("a reason")
    }

    /// Filings full of gaps, restatements, late ones, equal ends, odd lengths, and splits, over some ten years from 2010.
    pub fn random(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let complete = random.one_of(&[1.0, 0.97, 0.8, 0.5]);
        let mut keys = BTreeSet::new();
        let mut company = Self { financial: random.chance(0.2), ..Self::default() };
        let mut end = day("2009-12-31");
        for quarter in 0..random.below(44) {
            let regular = random.chance(0.9);
            let step = if regular {
                [90, 91, 92, 92][quarter as usize % 4]
            } else {
                random.one_of(&[1, 45, 79, 80, 101, 102, 182])
            };
            end = end + Days::new(step);
            let mut timeframes = Vec::new();
            if random.chance(complete) {
                timeframes.push(Quarterly);
            }
            if random.chance(if quarter % 4 == 3 { 0.95 } else { 0.05 }) {
                timeframes.push(Annual);
            }
            if random.chance(0.1) {
                timeframes.push(Timeframe::TrailingTwelveMonths);
            }
            // In the quarter in which the year ends there is often no quarterly statement.
            if timeframes.len() > 1 && random.chance(0.6) {
                timeframes.remove(0);
            }
            let together = random.chance(0.5);
            let lag = random.lag();
            for timeframe in timeframes {
                let mut filing = end + Days::new(if together { lag } else { random.lag() });
                let restatements = random.one_of(&[0, 0, 0, 1, 2]);
                for version in 0..=restatements {
                    let given = if version == 0 { complete } else { random.one_of(&[0.2, 1.0]) };
                    if keys.insert((end, timeframe, filing)) {
                        let values = random.numbers(given);
                        company.statements.extend(Statement::new(end, timeframe, filing, values));
                    }
                    filing = filing + Days::new(random.one_of(&[1, 30, 91, 365, 400]));
                }
            }
        }
        let first = session("2010-01-04");
        let mut splits: Vec<i32> = (0..random.below(4)).map(|_| first + random.below(2500) as i32).collect();
        splits.sort_unstable();
        for session in splits {
            company.splits.push(Split { session, ratio: random.one_of(&[7.0, 4.0, 2.0, 1.5, 0.1]) });
        }
        Statement::sort(&mut company.statements);
        company
    }

    /// Sessions at and around everything that can change a value, and some more.
    pub fn sessions(&self, seed: u64) -> Vec<i32> {
        let mut random = Random::new(seed);
        let mut sessions = BTreeSet::new();
        let filings = self.statements.iter().flat_map(|one| [one.usable_from, one.usable_through]);
        for event in filings.chain(self.splits.iter().map(|split| split.session)) {
            sessions
                .extend([event - 1, event, event + 1].into_iter().filter(|one| nyse().date(*one).is_some()));
        }
        sessions.extend((0..30).map(|_| session("2010-01-04") + random.below(3000) as i32));
        sessions.into_iter().collect()
    }
}

/// A small generator of numbers that look like any.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed ^ 0x9e37_79b9_7f4a_7c15);
        for _ in 0..4 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn chance(&mut self, part: f64) -> bool {
        (self.below(1 << 20) as f64) < part * f64::from(1 << 20)
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    fn lag(&mut self) -> u64 {
        if self.chance(0.1) { self.one_of(&[0, 200, 500, 600]) } else { 20 + self.below(70) }
    }

    /// Whole amounts, so that sums are exact; EPS in quarters of a unit.
    fn numbers(&mut self, given: f64) -> [f64; FIELD_COUNT] {
        Field::ALL.map(|field| {
            if !self.chance(given) {
                return f64::NAN;
            }
            let positive = self.below(1000) as f64 + 1.0;
            match field {
                _ if self.chance(0.02) => self.one_of(&[0.0, -positive]),
                Field::DilutedEps => self.one_of(&[positive / 4.0 - 50.0, 1e-10, 3.25, 3.25]),
                Field::NetIncomeToCommon | Field::OperatingCashFlow | Field::ParentEquity => positive - 200.0,
                Field::PropertyPurchases => self.one_of(&[-positive, -positive, positive]),
                Field::BasicShares => 100.0 * self.below(4) as f64 + 100.0,
                _ => positive,
            }
        })
    }
}
