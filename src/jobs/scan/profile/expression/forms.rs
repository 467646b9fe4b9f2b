//! The parts of an expression with a form of their own: lists, patterns, CASE and functions.

use polars::prelude::{Expr, NamedFrom, Series, lit, when};
use sqlparser::ast::{
    CaseWhen, Expr as Sql, Function as Call, FunctionArg, FunctionArgExpr, FunctionArguments, Value,
};

use super::super::known::Kind;
use super::Fault;
use super::compile::{Checked, Compiler, Outcome, steps};
use super::functions::{self, Function};
use super::syntax::{Begins, literal_of, quoted};

/// Most characters of a LIKE pattern.
const LONGEST_PATTERN: usize = 100;

impl Compiler<'_> {
    /// The list holds literals only: tickers and sectors, mostly.
    pub(super) fn in_list(&mut self, inner: &Sql, list: &[Sql], negated: bool) -> Outcome {
        let mut parts = vec![inner];
        parts.extend(list);
        if let Some(other) = list.iter().find(|part| literal_of(part).is_none()) {
            return Err(self.not_allowed(other, format!("{} in a list", quoted(other))));
        }
        let (mut all, kind) = self.alike(&parts, false)?;
        let steps = steps(&all) + 1;
        let series = match kind {
            Some(Kind::Number) => {
                let numbers = list.iter().filter_map(|part| match literal_of(part)? {
                    (Value::Number(digits, _), sign) => Some(sign * digits.parse::<f64>().ok()?),
                    _ => None,
                });
                Series::new("".into(), numbers.collect::<Vec<f64>>())
            }
            Some(Kind::Text) => {
                let texts = list.iter().filter_map(|part| match literal_of(part)? {
                    (Value::SingleQuotedString(text), _) => Some(text.as_str()),
                    _ => None,
                });
                Series::new("".into(), texts.collect::<Vec<&str>>())
            }
            _ => return Err(self.not_allowed(inner, "a list of conditions")),
        };
        let within = all.swap_remove(0).expr.is_in(lit(series).implode(false), false);
        let expr = if negated { within.not() } else { within };
        Ok(Checked { expr, kind: Some(Kind::Flag), steps })
    }

    pub(super) fn like(&mut self, inner: &Sql, pattern: &Sql, negated: bool, any_case: bool) -> Outcome {
        let text = self.of_kind(inner, Kind::Text)?;
        let pattern = match literal_of(pattern) {
            Some((Value::SingleQuotedString(pattern), _)) if pattern.chars().count() <= LONGEST_PATTERN => {
                pattern
            }
            Some((Value::SingleQuotedString(_), _)) => return Err(self.fail(pattern, Fault::TooLarge)),
            _ => return Err(self.not_allowed(pattern, format!("{} as a pattern", quoted(pattern)))),
        };
        let matches = text.expr.str().contains(lit(regex_of(pattern, any_case)), true);
        let expr = if negated { matches.not() } else { matches };
        Ok(Checked { expr, kind: Some(Kind::Flag), steps: text.steps + 2 })
    }

    pub(super) fn case(
        &mut self,
        whole: &Sql,
        operand: Option<&Sql>,
        arms: &[CaseWhen],
        otherwise: Option<&Sql>,
    ) -> Outcome {
        let mut conditions = Vec::with_capacity(arms.len());
        for arm in arms {
            conditions.push(match operand {
                Some(operand) => self.compare(operand, &arm.condition, Expr::eq)?,
                None => self.of_kind(&arm.condition, Kind::Flag)?,
            });
        }
        let null = Sql::Value(Value::Null.into());
        let mut results: Vec<&Sql> = arms.iter().map(|arm| &arm.result).collect();
        results.push(otherwise.unwrap_or(&null));
        let (mut results, kind) = self.alike(&results, true)?;
        if kind.is_none() {
            return Err(self.fail(whole, Fault::Null(quoted(whole))));
        }
        let steps = steps(&conditions) + steps(&results) + arms.len();
        let mut expr = results.remove(arms.len()).expr;
        for (condition, result) in conditions.into_iter().zip(results).rev() {
            expr = choose(condition.expr, result.expr, expr);
        }
        Ok(Checked { expr, kind, steps })
    }

    pub(super) fn function(&mut self, call: &Call) -> Outcome {
        let at = &call.name;
        let name = at.to_string();
        if call.over.is_some() {
            return Err(self.fail(at, Fault::ManyRows(format!("{} OVER", name.to_ascii_uppercase()))));
        }
        let plain = call.filter.is_none()
            && call.null_treatment.is_none()
            && call.within_group.is_empty()
            && matches!(call.parameters, FunctionArguments::None);
        let arguments: Option<Vec<&Sql>> = match &call.args {
            FunctionArguments::List(list)
                if plain && list.duplicate_treatment.is_none() && list.clauses.is_empty() =>
            {
                let arguments = list.args.iter().map(|argument| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument),
                    _ => None,
                });
                arguments.collect()
            }
            _ => None,
        };
        let Some(arguments) = arguments else {
            functions::find(&name).map_err(|fault| self.fail(at, fault))?;
            return Err(self.not_allowed(at, quoted(call)));
        };
        self.call(&name, at, &arguments)
    }

    pub(super) fn call(&mut self, name: &str, at: &impl Begins, arguments: &[&Sql]) -> Outcome {
        let (function, takes) = functions::find(name).map_err(|fault| self.fail(at, fault))?;
        if !takes.accepts(arguments.len()) {
            return Err(self.fail(at, functions::arguments(name, takes)));
        }
        let (mut values, mut decimals) = (arguments, 0);
        if function == Function::Round
            && let [_, literal] = arguments
        {
            decimals = match literal_of(literal) {
                Some((Value::Number(digits, _), 1.0)) => {
                    digits.parse().ok().filter(|&digits: &u32| digits <= 15)
                }
                _ => None,
            }
            .ok_or_else(|| self.fail(*literal, functions::arguments(name, takes)))?;
            values = &arguments[..1];
        }
        let (checked, kind) = match takes.kind() {
            Some(kind) => {
                let all: Result<Vec<_>, _> = values.iter().map(|value| self.of_kind(value, kind)).collect();
                (all?, Some(kind))
            }
            None => self.alike(values, true)?,
        };
        if kind.is_none() {
            return Err(self.fail(at, Fault::Null(format!("`{name}(…)`"))));
        }
        let steps = 2 * steps(&checked) + 2;
        let exprs = checked.into_iter().map(|checked| checked.expr).collect();
        let expr =
            function.over(exprs, decimals).ok_or_else(|| self.fail(at, functions::arguments(name, takes)))?;
        Ok(Checked { expr, kind, steps })
    }
}

/// One of two, by a condition; null counts as false.
pub(super) fn choose(condition: Expr, then: Expr, otherwise: Expr) -> Expr {
    when(condition).then(then).otherwise(otherwise)
}

/// A LIKE pattern as a regular expression: `%` is any text, `_` any character, all else itself.
fn regex_of(pattern: &str, any_case: bool) -> String {
    let mut regex = String::from(if any_case { "(?is)^" } else { "(?s)^" });
    for character in pattern.chars() {
        match character {
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            sign if sign.is_ascii_punctuation() => regex.extend(['\\', sign]),
            other => regex.push(other),
        }
    }
    regex.push('$');
    regex
}
