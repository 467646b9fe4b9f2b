//! Why a profile cannot be used: the file, the line, what is wrong, and what would help.

use std::fmt;
use std::path::PathBuf;

use super::expression::ExpressionError;
use super::known::probably_meant;

/// Where in a profile something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file; none for what a command line or a request gave.
    pub file: Option<String>,
    /// The line, from 1; none where the fault has none.
    pub line: Option<usize>,
    /// The key, such as `where`; empty where none is concerned.
    pub key: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            f.write_str(file)?;
        }
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        match (self.file.is_some(), self.key.is_empty()) {
            (_, true) => Ok(()),
            (true, false) => write!(f, ", {}", self.key),
            (false, false) => f.write_str(&self.key),
        }
    }
}

/// A profile that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// There is no profile of this name.
    #[error("there is no profile {name}")]
    NotFound {
        /// The name.
        name: String,
        /// The profiles that there are.
        known: Vec<String>,
    },
    /// The file cannot be read.
    #[error("the profile {} cannot be read", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is no UTF-8 text.
    #[error("{0}: not UTF-8 text")]
    NotText(Place),
    /// The file is no TOML, or a value is of the wrong type.
    #[error("{place}: {fault}")]
    Toml {
        /// Where.
        place: Place,
        /// The parser's words.
        fault: String,
    },
    /// A key that profiles do not have.
    #[error("{place}: there is no key {key}")]
    UnknownKey {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// The keys that can stand there.
        known: Vec<String>,
    },
    /// A value that means nothing.
    #[error("{place}: {fault}")]
    Value {
        /// Where.
        place: Place,
        /// What is wrong.
        fault: String,
        /// What is right.
        hint: String,
    },
    /// An expression that cannot be used.
    #[error("{place}: {source}")]
    Expression {
        /// Where.
        place: Place,
        /// Why.
        source: ExpressionError,
    },
}

impl ProfileError {
    /// What the user can do.
    pub fn hint(&self) -> String {
        match self {
            Self::NotFound { name, known } => {
                let meant = probably_meant(name, known.iter().map(String::as_str));
                format!(
                    "{}profiles are {}; or give the path of a file",
                    did_you_mean(meant),
                    known.join(", ")
                )
            }
            Self::Read { .. } => "give a name of a profile, or the path of a readable TOML file".into(),
            Self::NotText(_) => "save the file as UTF-8".into(),
            Self::Toml { .. } => {
                "a profile is TOML: text in quotes, numbers bare, lists in [ ]; copy one of the shipped ones"
                    .into()
            }
            Self::UnknownKey { key, known, .. } => {
                let meant = probably_meant(key, known.iter().map(String::as_str));
                format!("{}known here: {}", did_you_mean(meant), known.join(", "))
            }
            Self::Value { hint, .. } => hint.clone(),
            Self::Expression { source, .. } => source.hint(),
        }
    }
}

fn did_you_mean(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |meant| format!("did you mean {meant}? "))
}
