//! SQL expressions over the columns of one instrument: read, checked for names and kinds, and made ready to run.
//!
//! sqlparser reads, and polars evaluates; in between, only what gives one value for one instrument
//! passes. Numbers are floats. What is not finite, a division by zero above all, is null at once, and null follows
//! SQL: a comparison with null is null, `AND` and `OR` know three values. Text is compared case-sensitively.

mod compile;
mod error;
mod forms;
mod functions;
mod reader;
mod syntax;
#[cfg(test)]
mod tests;

use polars::prelude::Expr;

use super::known::{Kind, Known};

pub use error::{ExpressionError, Fault};
pub use functions::names as function_names;
pub(super) use reader::Reader;

/// The columns that an expression reads, each once, in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Columns of the scan's own session.
    pub today: Vec<String>,
    /// Columns of earlier sessions: the column, and how many sessions ago (1 … 252).
    pub earlier: Vec<(String, u32)>,
}

impl Reads {
    /// Adds a column that is not there yet.
    fn add(&mut self, base: &str, ago: Option<u32>) {
        match ago {
            None if self.today.iter().all(|name| name != base) => self.today.push(base.to_owned()),
            Some(ago) if self.earlier.iter().all(|(name, n)| (name.as_str(), *n) != (base, ago)) => {
                self.earlier.push((base.to_owned(), ago));
            }
            _ => {}
        }
    }

    /// Adds all columns of others.
    pub fn extend(&mut self, others: &Reads) {
        others.today.iter().for_each(|name| self.add(name, None));
        others.earlier.iter().for_each(|(name, ago)| self.add(name, Some(*ago)));
    }

    /// The names as expressions write them, `rsi_14` or `rsi_14_5d_ago`.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let earlier = self.earlier.iter().map(|(name, ago)| format!("{name}_{ago}d_ago"));
        self.today.iter().cloned().chain(earlier)
    }
}

/// One condition of those that a `where` joins by `AND`.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) text: String,
    pub(super) reads: Reads,
    pub(super) expr: Expr,
}

/// An expression that can be evaluated.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    kind: Kind,
    reads: Reads,
    expr: Expr,
    parts: Vec<Part>,
}

impl Expression {
    /// Reads one expression and nothing else.
    ///
    /// # Errors
    /// The first fault of the text, its names or its kinds.
    pub fn read(text: &str, known: &[Known]) -> Result<Self, ExpressionError> {
        let mut reader = Reader::new(text, known)?;
        let expression = reader.expression()?;
        reader.end()?;
        Ok(expression)
    }

    /// Reads one expression that must be a condition.
    ///
    /// # Errors
    /// As [`Expression::read`], or that it is no condition.
    pub fn read_condition(text: &str, known: &[Known]) -> Result<Self, ExpressionError> {
        let expression = Self::read(text, known)?;
        if expression.kind == Kind::Flag {
            return Ok(expression);
        }
        let fault = Fault::kind(&format!("`{}`", expression.text), Some(expression.kind), Kind::Flag);
        Err(ExpressionError { text: text.to_owned(), place: Some((1, 1)), fault: Box::new(fault) })
    }

    /// The expression as SQL, in the parser's own spacing and capitals, so that equal meaning mostly has equal text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it gives.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The columns that it reads.
    pub fn columns(&self) -> &Reads {
        &self.reads
    }

    pub(super) fn expr(&self) -> Expr {
        self.expr.clone()
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }
}
