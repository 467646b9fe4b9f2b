//! Where a statement factor's value comes from: the very numbers that were filed, what was made of them, or why it is null.

use chrono::NaiveDate;
use serde::Serialize;

use super::amounts::{Trace, View, When};
use super::factor::StatementFactor;
use super::formulas::{Outcome, SIGNALS, formula, signals};
use super::known::{Found, Known};
use crate::arithmetic::{NULL, kept};
use crate::domain::history::Split;
use crate::domain::statement::{Statement, Timeframe};

/// A factor's value on one session, with all that it was made of. NaN is null.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// Published name.
    pub factor: &'static str,
    /// The value, to the bit what [`StatementCursor`](super::StatementCursor) gives.
    pub value: f64,
    /// Why the value is null; none where it is not.
    pub why_null: Option<String>,
    /// End of the latest period; none where nothing is usable or it has expired.
    pub latest_period: Option<NaiveDate>,
    /// What the formula names, in its order.
    pub amounts: Vec<AmountUsed>,
    /// What the formula makes of them on the way: market value, enterprise value, growths, conditions met (1) or not (0).
    pub steps: Vec<Step>,
}

/// An amount that the formula names.
#[derive(Debug, Clone, Serialize)]
pub struct AmountUsed {
    /// What it is.
    pub label: &'static str,
    /// Whether it is that of a year before.
    pub year_before: bool,
    /// The end of the period, or of the twelve months, that it is of; none where no period ends there.
    pub period_end: Option<NaiveDate>,
    /// In currency; EPS in currency a share and shares on the session's split basis.
    pub value: f64,
    /// Why it is null; none where it is not.
    pub why_null: Option<String>,
    /// The numbers that enter, in order, and where it is null those found before that turned out. Except for the deviation
    /// of growths it is the sum of their `used`.
    pub inputs: Vec<Input>,
}

/// A number of a filing that enters an amount.
#[derive(Debug, Clone, Serialize)]
pub struct Input {
    /// Column of the table `statements`.
    pub field: &'static str,
    /// End of the statement's period.
    pub period_end: NaiveDate,
    /// Length of the statement's period.
    pub timeframe: Timeframe,
    /// Day of the filing.
    pub filing_date: NaiveDate,
    /// The number as filed.
    pub filed: f64,
    /// What enters: on the session's split basis, with the sign with which it enters, capital expenditure without its own.
    pub used: f64,
    /// Whether it serves to derive a quarter that is not given: the year less three quarters.
    pub derived: bool,
}

/// Something computed on the way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: f64,
}

impl Step {
    fn new(label: &str, value: f64) -> Self {
        Self { label: label.to_owned(), value }
    }
}

/// Explains `factor` on `session`. The arguments are those of [`StatementCursor`](super::StatementCursor).
pub fn explain(
    statements: &[Statement],
    splits: &[Split],
    financial: bool,
    session: i32,
    market_equity: f64,
    factor: StatementFactor,
) -> Explanation {
    let mut known = Known::new(statements);
    known.advance(session);
    let view = View::new(&known, splits, session);
    let mut amounts = Vec::new();
    let mut steps = Vec::new();
    let outcome = match &view {
        Err(why) => Err(*why),
        Ok(view) => {
            let ask = |amount, when| {
                let mut notes = Notes::default();
                let found = view.amount(amount, when, &mut notes);
                steps.append(&mut notes.steps);
                amounts.push(AmountUsed {
                    label: amount.label(),
                    year_before: when == When::YearBefore,
                    period_end: view.end(when).ok(),
                    value: found.unwrap_or(NULL),
                    why_null: found.err().map(|why| why.to_string()),
                    inputs: notes.inputs,
                });
                found
            };
            formula(factor, financial, ask)
        }
    };
    if let Ok(Outcome::Priced(priced)) = &outcome {
        steps.push(Step::new("market value", market_equity));
        if factor == StatementFactor::EbitdaToEv {
            steps.push(Step::new("enterprise value", priced.denominator(market_equity)));
        }
    }
    if factor == StatementFactor::PiotroskiF
        && let Ok(view) = &view
        && let Ok(met) = signals(|amount, when| view.amount(amount, when, &mut ()))
    {
        let step = |(label, met): (&&str, bool)| Step::new(label, f64::from(u8::from(met)));
        steps.extend(SIGNALS.iter().zip(met).map(step));
    }
    let outcome = outcome.and_then(|outcome| outcome.at(market_equity));
    let value = outcome.map_or(NULL, kept);
    let why_null = match outcome {
        Err(why) => Some(why.to_string()),
        Ok(_) if value.is_nan() => Some("the quotient is too large for a number".to_owned()),
        Ok(_) => None,
    };
    let latest_period = view.ok().and_then(|view| view.end(When::Now).ok());
    Explanation { factor: factor.name(), value, why_null, latest_period, amounts, steps }
}

#[derive(Default)]
struct Notes {
    inputs: Vec<Input>,
    steps: Vec<Step>,
}

impl Trace for Notes {
    fn number(&mut self, found: Found<'_>, used: f64, derived: bool) {
        self.inputs.push(Input {
            field: found.field.column(),
            period_end: found.statement.period_end,
            timeframe: found.statement.timeframe,
            filing_date: found.statement.filing_date,
            filed: found.value(),
            used,
            derived,
        });
    }

    fn growth(&mut self, from: NaiveDate, to: NaiveDate, growth: f64) {
        self.steps.push(Step::new(&format!("EPS growth from {from} to {to}"), growth));
    }
}
