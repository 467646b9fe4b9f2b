//! What is asked of SQL's syntax tree besides its meaning: where a part begins, how a fault quotes it, chains and literals.

use std::fmt;

use sqlparser::ast::{
    BinaryOperator, Expr as Sql, Ident, ObjectName, Spanned, UnaryOperator, Value, ValueWithSpan,
};
use sqlparser::tokenizer::Location;

use super::error::short;

/// Where a part begins in the text. The parser's own spans are found by a deep recursion; this goes to the left.
pub(super) trait Begins {
    fn begins(&self) -> Location;
}

impl Begins for Sql {
    fn begins(&self) -> Location {
        let mut part = self;
        loop {
            part = match part {
                Sql::BinaryOp { left, .. }
                | Sql::IsDistinctFrom(left, _)
                | Sql::IsNotDistinctFrom(left, _) => left,
                Sql::Nested(inner)
                | Sql::IsNull(inner)
                | Sql::IsNotNull(inner)
                | Sql::IsTrue(inner)
                | Sql::IsNotTrue(inner)
                | Sql::IsFalse(inner)
                | Sql::IsNotFalse(inner)
                | Sql::IsUnknown(inner)
                | Sql::IsNotUnknown(inner) => inner,
                Sql::UnaryOp { expr, .. }
                | Sql::Between { expr, .. }
                | Sql::InList { expr, .. }
                | Sql::InSubquery { expr, .. }
                | Sql::Like { expr, .. }
                | Sql::ILike { expr, .. }
                | Sql::Cast { expr, .. } => expr,
                Sql::Function(call) => return call.name.begins(),
                Sql::Case { case_token, .. } => return case_token.0.span.start,
                leaf => return leaf.span().start,
            }
        }
    }
}

impl Begins for Ident {
    fn begins(&self) -> Location {
        self.span.start
    }
}

impl Begins for ObjectName {
    fn begins(&self) -> Location {
        self.span().start
    }
}

impl Begins for ValueWithSpan {
    fn begins(&self) -> Location {
        self.span.start
    }
}

/// The conditions that one operator joins, from left to right; through parentheses if `nested`.
pub(super) fn chain<'s>(sql: &'s Sql, operator: &BinaryOperator, nested: bool) -> Vec<&'s Sql> {
    let mut found = Vec::new();
    let mut open = vec![sql];
    while let Some(sql) = open.pop() {
        match sql {
            Sql::BinaryOp { left, op, right } if op == operator => open.extend([&**right, &**left]),
            Sql::Nested(inner) if nested && is_chain(inner, operator) => open.push(inner),
            other => found.push(other),
        }
    }
    found
}

pub(super) fn is_chain(sql: &Sql, operator: &BinaryOperator) -> bool {
    match sql {
        Sql::BinaryOp { op, .. } => op == operator,
        Sql::Nested(inner) => is_chain(inner, operator),
        _ => false,
    }
}

/// A part of the text, as a fault quotes it.
pub(super) fn quoted(part: &impl fmt::Display) -> String {
    format!("`{}`", short(&part.to_string()))
}

/// The literal that a part is, and its sign.
pub(super) fn literal_of(sql: &Sql) -> Option<(&Value, f64)> {
    match sql {
        Sql::Value(value) => Some((&value.value, 1.0)),
        Sql::UnaryOp { op: UnaryOperator::Minus, expr } => match &**expr {
            Sql::Value(ValueWithSpan { value: value @ Value::Number(..), .. }) => Some((value, -1.0)),
            _ => None,
        },
        _ => None,
    }
}
