//! The functions of an expression: each takes one instrument's values and gives one.

use polars::lazy::dsl::{coalesce, max_horizontal, min_horizontal};
use polars::prelude::{Expr, NULL, RoundMode, lit};

use super::super::known::{Kind, probably_meant};
use super::compile::finite;
use super::error::Fault;

/// How many arguments a function takes and of what kind.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    Number,
    /// A number and, if wanted, the number of decimals as a literal.
    NumberAndDecimals,
    TwoNumbers,
    Numbers,
    Text,
    /// Two or more of one kind.
    Alike,
    TwoAlike,
}

impl Takes {
    fn words(self) -> &'static str {
        match self {
            Takes::Number => "one number",
            Takes::NumberAndDecimals => "a number and, if wanted, 0 to 15 decimals",
            Takes::TwoNumbers => "two numbers",
            Takes::Numbers => "two numbers or more",
            Takes::Text => "one text",
            Takes::Alike => "two values or more of one kind",
            Takes::TwoAlike => "two values of one kind",
        }
    }

    pub(super) fn accepts(self, arguments: usize) -> bool {
        match self {
            Takes::Number | Takes::Text => arguments == 1,
            Takes::NumberAndDecimals => (1..=2).contains(&arguments),
            Takes::TwoNumbers | Takes::TwoAlike => arguments == 2,
            Takes::Numbers | Takes::Alike => arguments >= 2,
        }
    }

    /// The kind that every argument must have; none: any, but one.
    pub(super) fn kind(self) -> Option<Kind> {
        match self {
            Takes::Number | Takes::NumberAndDecimals | Takes::TwoNumbers | Takes::Numbers => {
                Some(Kind::Number)
            }
            Takes::Text => Some(Kind::Text),
            Takes::Alike | Takes::TwoAlike => None,
        }
    }
}

/// A function of an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Ceil,
    Coalesce,
    Exp,
    Floor,
    Greatest,
    Least,
    Ln,
    Log10,
    Lower,
    NullIf,
    Power,
    Round,
    Sqrt,
    Upper,
}

/// Every function by name; `POW` and `CEILING` are other names of two.
const FUNCTIONS: [(&str, Function, Takes); 17] = [
    ("ABS", Function::Abs, Takes::Number),
    ("CEIL", Function::Ceil, Takes::Number),
    ("CEILING", Function::Ceil, Takes::Number),
    ("COALESCE", Function::Coalesce, Takes::Alike),
    ("EXP", Function::Exp, Takes::Number),
    ("FLOOR", Function::Floor, Takes::Number),
    ("GREATEST", Function::Greatest, Takes::Numbers),
    ("LEAST", Function::Least, Takes::Numbers),
    ("LN", Function::Ln, Takes::Number),
    ("LOG10", Function::Log10, Takes::Number),
    ("LOWER", Function::Lower, Takes::Text),
    ("NULLIF", Function::NullIf, Takes::TwoAlike),
    ("POW", Function::Power, Takes::TwoNumbers),
    ("POWER", Function::Power, Takes::TwoNumbers),
    ("ROUND", Function::Round, Takes::NumberAndDecimals),
    ("SQRT", Function::Sqrt, Takes::Number),
    ("UPPER", Function::Upper, Takes::Text),
];

/// Functions of SQL over many rows, which people reach for.
const MANY_ROWS: [&str; 18] = [
    "AVG",
    "CORR",
    "COUNT",
    "DENSE_RANK",
    "FIRST",
    "FIRST_VALUE",
    "LAG",
    "LAST",
    "LAST_VALUE",
    "LEAD",
    "MAX",
    "MEAN",
    "MEDIAN",
    "MIN",
    "PERCENT_RANK",
    "RANK",
    "STDDEV",
    "SUM",
];

/// The names of all functions, for hints.
pub fn names() -> String {
    FUNCTIONS.map(|(name, ..)| name).join(", ")
}

/// Finds a function by its name in any case.
pub(super) fn find(name: &str) -> Result<(Function, Takes), Fault> {
    let upper = name.to_ascii_uppercase();
    if let Some(&(_, function, takes)) = FUNCTIONS.iter().find(|(known, ..)| *known == upper) {
        return Ok((function, takes));
    }
    if MANY_ROWS.contains(&upper.as_str()) {
        return Err(Fault::ManyRows(upper));
    }
    let meant = probably_meant(&upper, FUNCTIONS.map(|(name, ..)| name));
    Err(Fault::UnknownFunction { name: name.to_owned(), meant })
}

/// The fault of arguments that a function does not take.
pub(super) fn arguments(name: &str, takes: Takes) -> Fault {
    Fault::Arguments { function: name.to_ascii_uppercase(), takes: takes.words() }
}

impl Function {
    /// The function over its arguments, which are as many and of the kinds that it takes. `decimals` is `ROUND`'s.
    pub(super) fn over(self, mut arguments: Vec<Expr>, decimals: u32) -> Option<Expr> {
        let all = match self {
            Function::Coalesce => return Some(coalesce(&arguments)),
            Function::Greatest => return max_horizontal(arguments).ok(),
            Function::Least => return min_horizontal(arguments).ok(),
            _ => &mut arguments,
        };
        let last = all.pop()?;
        Some(match self {
            Function::Power => finite(all.pop()?.pow(last)),
            Function::NullIf => {
                let value = all.pop()?;
                super::forms::choose(value.clone().eq(last), lit(NULL), value)
            }
            Function::Abs => last.abs(),
            Function::Ceil => finite(last.ceil()),
            Function::Exp => finite(last.exp()),
            Function::Floor => last.floor(),
            Function::Ln => finite(last.log(lit(std::f64::consts::E))),
            Function::Log10 => finite(last.log(lit(10.0))),
            Function::Lower => last.str().to_lowercase(),
            Function::Round => finite(last.round(decimals, RoundMode::HalfAwayFromZero)),
            Function::Sqrt => finite(last.sqrt()),
            Function::Upper => last.str().to_uppercase(),
            Function::Coalesce | Function::Greatest | Function::Least => return None,
        })
    }
}
