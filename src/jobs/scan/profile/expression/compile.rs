//! From SQL's syntax tree to what polars evaluates: the only place that decides what an expression may hold.

use polars::prelude::{
    ChunkApply, ClosedInterval, DataType, Expr, Field, IntoColumn, NULL, Operator, col, lit,
};
use sqlparser::ast::{
    BinaryOperator, CeilFloorKind, DateTimeField, Expr as Sql, Ident, UnaryOperator, Value, ValueWithSpan,
};

use super::super::known::{self, Kind, Known, LONGEST_AGO, probably_meant};
use super::error::short;
use super::reader::position;
use super::syntax::{Begins, chain, quoted};
use super::{Expression, ExpressionError, Fault, Part, Reads};
use crate::arithmetic::kept;

/// How deep an expression may be nested; a chain of AND or OR counts once.
const DEEPEST: usize = 50;
/// Most steps of an expression. BETWEEN, CASE and NULLIF read a part twice, which nested grows without bounds.
const MOST_STEPS: usize = 5_000;
/// Words of SQL that the parser takes for names where it finds nothing better.
const WORDS: [&str; 13] =
    ["AND", "OR", "NOT", "IN", "IS", "LIKE", "ILIKE", "BETWEEN", "THEN", "WHEN", "ELSE", "END", "AS"];
/// First words of statements, likewise.
const STATEMENTS: [&str; 12] = [
    "ALTER", "CALL", "COPY", "CREATE", "DELETE", "DROP", "GRANT", "INSERT", "SELECT", "TRUNCATE", "UPDATE",
    "WITH",
];

/// What is not finite becomes null, and -0.0 becomes 0.0.
pub(super) fn finite(expr: Expr) -> Expr {
    expr.map(
        |column| {
            let values = column.f64()?.apply(|value| value.map(kept).filter(|value| !value.is_nan()));
            Ok(values.into_column())
        },
        |_, field| Ok(Field::new(field.name().clone(), DataType::Float64)),
    )
}

/// A checked part of an expression. Kind none is the word NULL.
pub(super) struct Checked {
    pub(super) expr: Expr,
    pub(super) kind: Option<Kind>,
    pub(super) steps: usize,
}

pub(super) type Outcome = Result<Checked, ExpressionError>;

pub(super) struct Compiler<'a> {
    text: &'a str,
    known: &'a [Known],
    reads: Reads,
    depth: usize,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(text: &'a str, known: &'a [Known]) -> Self {
        Self { text, known, reads: Reads::default(), depth: 0 }
    }

    /// A whole expression, with the conditions that its outermost ANDs join apart.
    pub(super) fn expression(mut self, sql: &Sql) -> Result<Expression, ExpressionError> {
        let mut reads = Reads::default();
        let mut parts = Vec::new();
        let mut kind = None;
        let conditions = chain(sql, &BinaryOperator::And, true);
        for condition in &conditions {
            let checked = match conditions.len() {
                1 => self.value(condition)?,
                _ => self.of_kind(condition, Kind::Flag)?,
            };
            let part = std::mem::take(&mut self.reads);
            reads.extend(&part);
            kind = checked.kind;
            parts.push(Part { text: condition.to_string(), reads: part, expr: checked.expr });
        }
        let kind = kind.ok_or_else(|| self.fail(sql, Fault::Null(quoted(sql))))?;
        let expr = joined(parts.iter().map(|part| part.expr.clone()).collect(), Operator::LogicalAnd);
        Ok(Expression { text: sql.to_string(), kind, reads, expr, parts })
    }

    pub(super) fn fail(&self, at: &impl Begins, fault: Fault) -> ExpressionError {
        let place = Some(position(at.begins())).filter(|&(line, _)| line > 0);
        ExpressionError { text: self.text.to_owned(), place, fault: Box::new(fault) }
    }

    pub(super) fn not_allowed(&self, at: &impl Begins, what: impl Into<String>) -> ExpressionError {
        self.fail(at, Fault::NotAllowed(what.into()))
    }

    /// A part that must have a value of the kind.
    pub(super) fn of_kind(&mut self, sql: &Sql, wanted: Kind) -> Outcome {
        let checked = self.value(sql)?;
        match checked.kind {
            Some(kind) if kind == wanted => Ok(checked),
            None => Err(self.fail(sql, Fault::Null(quoted(sql)))),
            is => Err(self.fail(sql, Fault::kind(&quoted(sql), is, wanted))),
        }
    }

    /// Parts of one kind, whichever, and that kind. The word NULL goes with all if `nulls`, and then takes their type.
    pub(super) fn alike(
        &mut self,
        parts: &[&Sql],
        nulls: bool,
    ) -> Result<(Vec<Checked>, Option<Kind>), ExpressionError> {
        let mut all: Vec<Checked> = Vec::with_capacity(parts.len());
        let mut first: Option<(&Sql, Kind)> = None;
        for &sql in parts {
            let checked = self.value(sql)?;
            match (checked.kind, first) {
                (None, _) if !nulls => return Err(self.fail(sql, Fault::Null(quoted(sql)))),
                (Some(kind), None) => first = Some((sql, kind)),
                (Some(kind), Some((other, known))) if kind != known => {
                    let (left, right) = (quoted(other), quoted(sql));
                    let fault = Fault::Mixed { left, left_is: known.words(), right, right_is: kind.words() };
                    return Err(self.fail(sql, fault));
                }
                _ => {}
            }
            all.push(checked);
        }
        let kind = first.map(|(_, kind)| kind);
        if let Some(kind) = kind {
            for null in all.iter_mut().filter(|checked| checked.kind.is_none()) {
                null.expr = null.expr.clone().cast(data_type(kind));
            }
        }
        Ok((all, kind))
    }

    pub(super) fn value(&mut self, sql: &Sql) -> Outcome {
        if self.depth == DEEPEST {
            return Err(self.fail(sql, Fault::TooLarge));
        }
        self.depth += 1;
        let checked = self.node(sql);
        self.depth -= 1;
        match checked {
            Ok(checked) if checked.steps > MOST_STEPS => Err(self.fail(sql, Fault::TooLarge)),
            other => other,
        }
    }

    fn node(&mut self, sql: &Sql) -> Outcome {
        match sql {
            Sql::Nested(inner) => self.value(inner),
            Sql::Identifier(name) => self.column(name),
            Sql::Value(value) => self.literal(value),
            Sql::UnaryOp { op, expr } => self.unary(sql, *op, expr),
            Sql::BinaryOp { left, op, right } => self.binary(sql, left, op, right),
            Sql::IsNull(inner) => self.is_null(inner, false),
            Sql::IsNotNull(inner) => self.is_null(inner, true),
            Sql::IsUnknown(inner) => self.of_kind(inner, Kind::Flag).map(|flag| test(flag, Expr::is_null)),
            Sql::IsNotUnknown(inner) => {
                self.of_kind(inner, Kind::Flag).map(|flag| test(flag, Expr::is_not_null))
            }
            Sql::IsTrue(inner) => self.is(inner, true, false),
            Sql::IsNotTrue(inner) => self.is(inner, true, true),
            Sql::IsFalse(inner) => self.is(inner, false, false),
            Sql::IsNotFalse(inner) => self.is(inner, false, true),
            Sql::IsDistinctFrom(left, right) => self.compare(left, right, Expr::neq_missing),
            Sql::IsNotDistinctFrom(left, right) => self.compare(left, right, Expr::eq_missing),
            Sql::Between { expr, negated, low, high } => self.between(expr, low, high, *negated),
            Sql::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            Sql::Like { negated, any: false, expr, pattern, escape_char: None } => {
                self.like(expr, pattern, *negated, false)
            }
            Sql::ILike { negated, any: false, expr, pattern, escape_char: None } => {
                self.like(expr, pattern, *negated, true)
            }
            Sql::Case { operand, conditions, else_result, .. } => {
                self.case(sql, operand.as_deref(), conditions, else_result.as_deref())
            }
            Sql::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                self.call("CEIL", sql, &[expr])
            }
            Sql::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
                self.call("FLOOR", sql, &[expr])
            }
            Sql::Function(call) => self.function(call),
            Sql::InSubquery { .. } | Sql::Subquery(_) | Sql::Exists { .. } => {
                Err(self.not_allowed(sql, "a query inside of an expression"))
            }
            Sql::Cast { .. } | Sql::Convert { .. } => Err(self.not_allowed(sql, "a conversion of types")),
            Sql::CompoundIdentifier(_) => {
                Err(self.not_allowed(sql, format!("a name with a dot, {},", quoted(sql))))
            }
            _ => Err(self.not_allowed(sql, quoted(sql))),
        }
    }

    fn column(&mut self, ident: &Ident) -> Outcome {
        let name = ident.value.as_str();
        let find = |name: &str| self.known.iter().find(|column| column.name == name);
        let (column, ago) = match (find(name), known::earlier(name)) {
            (Some(column), _) => (column, None),
            (None, Some((base, ago))) => match find(base) {
                Some(column) if !column.earlier => {
                    return Err(self.fail(ident, Fault::NoEarlier(base.to_owned())));
                }
                Some(_) if !(1..=LONGEST_AGO).contains(&ago) => {
                    return Err(self.fail(ident, Fault::Ago(name.to_owned())));
                }
                Some(column) => (column, Some(ago)),
                None => return Err(self.unknown(ident)),
            },
            (None, None) => return Err(self.unknown(ident)),
        };
        let kind = column.kind;
        self.reads.add(column.name, ago);
        Ok(Checked { expr: col(name), kind: Some(kind), steps: 1 })
    }

    fn unknown(&self, ident: &Ident) -> ExpressionError {
        let name = ident.value.clone();
        let word = |words: &[&str]| {
            ident.quote_style.is_none() && words.iter().any(|word| name.eq_ignore_ascii_case(word))
        };
        if word(&STATEMENTS) {
            return self.not_allowed(ident, format!("the statement {}", name.to_ascii_uppercase()));
        }
        if word(&WORDS) {
            return self.fail(ident, Fault::Syntax(format!("expected an expression, found {name}")));
        }
        let all = self.known.iter().map(|column| column.name);
        let meant = match known::earlier(&name) {
            Some((base, ago)) => {
                let earlier = self.known.iter().filter(|column| column.earlier).map(|column| column.name);
                probably_meant(base, earlier).map(|base| format!("{base}_{ago}d_ago"))
            }
            None => probably_meant(&name, all).map(str::to_owned),
        };
        let fault = Fault::UnknownColumn { name, meant, quoted: ident.quote_style.is_some() };
        self.fail(ident, fault)
    }

    fn literal(&self, value: &ValueWithSpan) -> Outcome {
        let (expr, kind) = match &value.value {
            Value::Number(digits, _) => match digits.parse::<f64>() {
                Ok(number) if number.is_finite() => (lit(number), Some(Kind::Number)),
                _ => return Err(self.not_allowed(value, format!("the number {}", short(digits)))),
            },
            Value::SingleQuotedString(text) => (lit(text.as_str()), Some(Kind::Text)),
            Value::Boolean(flag) => (lit(*flag), Some(Kind::Flag)),
            Value::Null => (lit(NULL), None),
            other => return Err(self.not_allowed(value, quoted(other))),
        };
        Ok(Checked { expr, kind, steps: 1 })
    }

    fn unary(&mut self, whole: &Sql, op: UnaryOperator, inner: &Sql) -> Outcome {
        match op {
            UnaryOperator::Not => self.of_kind(inner, Kind::Flag).map(|flag| test(flag, Expr::not)),
            UnaryOperator::Plus => self.of_kind(inner, Kind::Number),
            UnaryOperator::Minus => {
                let number = self.of_kind(inner, Kind::Number)?;
                Ok(Checked { expr: lit(0.0) - number.expr, kind: number.kind, steps: number.steps + 1 })
            }
            _ => Err(self.not_allowed(whole, quoted(whole))),
        }
    }

    fn binary(&mut self, whole: &Sql, left: &Sql, op: &BinaryOperator, right: &Sql) -> Outcome {
        let calculation: fn(Expr, Expr) -> Expr = match op {
            BinaryOperator::And => return self.logic(whole, op, Operator::LogicalAnd),
            BinaryOperator::Or => return self.logic(whole, op, Operator::LogicalOr),
            BinaryOperator::Eq => return self.compare(left, right, Expr::eq),
            BinaryOperator::NotEq => return self.compare(left, right, Expr::neq),
            BinaryOperator::Lt => return self.compare(left, right, Expr::lt),
            BinaryOperator::LtEq => return self.compare(left, right, Expr::lt_eq),
            BinaryOperator::Gt => return self.compare(left, right, Expr::gt),
            BinaryOperator::GtEq => return self.compare(left, right, Expr::gt_eq),
            BinaryOperator::Plus => |a, b| a + b,
            BinaryOperator::Minus => |a, b| a - b,
            BinaryOperator::Multiply => |a, b| a * b,
            BinaryOperator::Divide => |a, b| a / b,
            other => return Err(self.not_allowed(whole, format!("the operator {other}"))),
        };
        let (left, right) = (self.of_kind(left, Kind::Number)?, self.of_kind(right, Kind::Number)?);
        let steps = left.steps + right.steps + 2;
        Ok(Checked { expr: finite(calculation(left.expr, right.expr)), kind: Some(Kind::Number), steps })
    }

    fn logic(&mut self, whole: &Sql, op: &BinaryOperator, operator: Operator) -> Outcome {
        let mut steps = 0;
        let mut all = Vec::new();
        for condition in chain(whole, op, false) {
            let flag = self.of_kind(condition, Kind::Flag)?;
            steps += flag.steps + 1;
            all.push(flag.expr);
        }
        Ok(Checked { expr: joined(all, operator), kind: Some(Kind::Flag), steps })
    }

    pub(super) fn compare(&mut self, left: &Sql, right: &Sql, how: fn(Expr, Expr) -> Expr) -> Outcome {
        let (mut both, _) = self.alike(&[left, right], false)?;
        let steps = steps(&both) + 1;
        let right = both.remove(1).expr;
        Ok(Checked { expr: how(both.remove(0).expr, right), kind: Some(Kind::Flag), steps })
    }

    fn is_null(&mut self, inner: &Sql, negated: bool) -> Outcome {
        let checked = self.value(inner)?;
        if checked.kind.is_none() {
            return Err(self.fail(inner, Fault::Null(quoted(inner))));
        }
        Ok(test(checked, if negated { Expr::is_not_null } else { Expr::is_null }))
    }

    fn is(&mut self, inner: &Sql, wanted: bool, negated: bool) -> Outcome {
        let flag = self.of_kind(inner, Kind::Flag)?;
        let is = flag.expr.eq_missing(lit(wanted));
        let expr = if negated { is.not() } else { is };
        Ok(Checked { expr, kind: Some(Kind::Flag), steps: flag.steps + 2 })
    }

    fn between(&mut self, inner: &Sql, low: &Sql, high: &Sql, negated: bool) -> Outcome {
        let (mut three, _) = self.alike(&[inner, low, high], false)?;
        let steps = steps(&three) + 2;
        let (high, low) = (three.remove(2).expr, three.remove(1).expr);
        let within = three.remove(0).expr.is_between(low, high, ClosedInterval::Both);
        let expr = if negated { within.not() } else { within };
        Ok(Checked { expr, kind: Some(Kind::Flag), steps })
    }
}

/// Conditions joined pairwise, so that a long chain is not deep. Three-valued AND and OR do not mind the order.
fn joined(mut conditions: Vec<Expr>, operator: Operator) -> Expr {
    while conditions.len() > 1 {
        let mut all = conditions.into_iter();
        let mut half = Vec::with_capacity(all.len().div_ceil(2));
        while let Some(left) = all.next() {
            half.push(match (all.next(), operator) {
                (Some(right), Operator::LogicalAnd) => left.logical_and(right),
                (Some(right), _) => left.logical_or(right),
                (None, _) => left,
            });
        }
        conditions = half;
    }
    conditions.pop().unwrap_or_else(|| lit(true))
}

fn test(checked: Checked, how: fn(Expr) -> Expr) -> Checked {
    Checked { expr: how(checked.expr), kind: Some(Kind::Flag), steps: checked.steps + 1 }
}

pub(super) fn steps(all: &[Checked]) -> usize {
    all.iter().map(|checked| checked.steps).sum()
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Number => DataType::Float64,
        Kind::Text => DataType::String,
        Kind::Flag => DataType::Boolean,
    }
}
