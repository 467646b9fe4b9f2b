//! Why an expression cannot be used, where in its text, and what would help.

use std::fmt;

use super::super::known::{Kind, LONGEST_AGO};
use super::functions;

/// An expression that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub struct ExpressionError {
    /// The whole expression.
    pub text: String,
    /// Where in it, as line and character, both from 1; none where the fault has no place of its own.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub fault: Box<Fault>,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Fault {
    /// There is no text.
    #[error("the expression is empty")]
    Empty,
    /// It is longer, or nested deeper, than any sensible one.
    #[error("the expression is too long or too deeply nested")]
    TooLarge,
    /// The text is no SQL expression.
    #[error("{0}")]
    Syntax(String),
    /// Something follows a complete expression.
    #[error("the expression ends before `{0}`")]
    Trailing(String),
    /// A name that is no column.
    #[error("there is no column {name}")]
    UnknownColumn {
        /// The name.
        name: String,
        /// What was probably meant.
        meant: Option<String>,
        /// Whether it stood in double quotes, where SQL has names and no text.
        quoted: bool,
    },
    /// An earlier value of a column that has none.
    #[error("{0} has no values of earlier sessions")]
    NoEarlier(String),
    /// An earlier value from too far back, or of today.
    #[error("{0} is not 1 to {LONGEST_AGO} sessions ago")]
    Ago(String),
    /// A name that is no function.
    #[error("there is no function {name}")]
    UnknownFunction {
        /// The name.
        name: String,
        /// What was probably meant.
        meant: Option<&'static str>,
    },
    /// A function over many rows.
    #[error("{0} reads many rows, and an expression sees one instrument at a time")]
    ManyRows(String),
    /// A function with arguments that it does not take.
    #[error("{function} takes {takes}")]
    Arguments {
        /// The function.
        function: String,
        /// What it takes.
        takes: &'static str,
    },
    /// Something of SQL that has no place here.
    #[error("{0} cannot be used in an expression")]
    NotAllowed(String),
    /// A part that is of another kind than its place asks for.
    #[error("{part} is {is}, where {wanted} is needed")]
    Kind {
        /// The part, as SQL.
        part: String,
        /// What it is.
        is: &'static str,
        /// What is needed.
        wanted: &'static str,
    },
    /// Two parts of different kinds that are compared or chosen from.
    #[error("{left} is {left_is} and {right} is {right_is}; they cannot be compared or mixed")]
    Mixed {
        /// One part.
        left: String,
        /// What it is.
        left_is: &'static str,
        /// The other.
        right: String,
        /// What it is.
        right_is: &'static str,
    },
    /// A comparison or calculation with the word NULL.
    #[error("{0} is null for every instrument")]
    Null(String),
}

impl Fault {
    /// The fault of a part whose kind is not the wanted one.
    pub(super) fn kind(part: &impl fmt::Display, is: Option<Kind>, wanted: Kind) -> Self {
        Fault::Kind {
            part: short(&part.to_string()),
            is: is.map_or("null", Kind::words),
            wanted: wanted.words(),
        }
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault)?;
        if self.text.trim().is_empty() {
            return Ok(());
        }
        match self.place {
            None => write!(f, " (in `{}`)", short(&self.text)),
            Some((1, character)) if !self.text.contains('\n') => {
                write!(f, " (character {character} of `{}`)", short(&self.text))
            }
            Some((line, character)) => write!(
                f,
                " (character {character} of `{}`)",
                short(self.text.lines().nth(line - 1).unwrap_or_default().trim_end())
            ),
        }
    }
}

impl ExpressionError {
    /// What the user can do.
    pub fn hint(&self) -> String {
        match &*self.fault {
            Fault::Empty => "leave it out, or write a condition such as close > sma_200".into(),
            Fault::TooLarge => "split the work: fewer terms, or a list of text after IN".into(),
            Fault::Syntax(_) | Fault::Trailing(_) => {
                "an expression is one piece of SQL over columns, such as close > sma_200 AND rsi_14 < 30".into()
            }
            Fault::UnknownColumn { meant: Some(meant), .. } => {
                format!("did you mean {meant}? `scan columns` lists them all")
            }
            Fault::UnknownColumn { name, quoted: true, .. } => {
                format!("double quotes are for names; text stands in single quotes: '{name}'")
            }
            Fault::UnknownColumn { .. } => "`scan columns` lists them all".into(),
            Fault::NoEarlier(_) => {
                "bars, signals and factors have earlier values; scores, ranks, z-scores and text have not".into()
            }
            Fault::Ago(_) => format!("write 1 to {LONGEST_AGO} sessions, such as close_5d_ago"),
            Fault::UnknownFunction { meant: Some(meant), .. } => format!("did you mean {meant}?"),
            Fault::UnknownFunction { .. } | Fault::Arguments { .. } => {
                format!("functions are {}", functions::names())
            }
            Fault::ManyRows(_) => {
                "ranks and z-scores over the market are columns: see `scan columns` for names that end in _rank and _z"
                    .into()
            }
            Fault::NotAllowed(_) => {
                "use columns, numbers, 'text', + - * /, comparisons, AND OR NOT, IS NULL, IN, BETWEEN, LIKE, CASE \
                 and functions"
                    .into()
            }
            Fault::Kind { wanted, .. } if *wanted == Kind::Flag.words() => {
                "write a condition, such as close > sma_200".into()
            }
            Fault::Kind { .. } | Fault::Mixed { .. } => {
                "numbers go with numbers and 'text' with text; `scan columns` says which column is which".into()
            }
            Fault::Null(_) => "write IS NULL or IS NOT NULL".into(),
        }
    }
}

/// A text that fits into a sentence.
pub(super) fn short(text: &str) -> String {
    const MOST: usize = 100;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
