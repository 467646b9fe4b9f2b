//! How a command fails: a fact, its causes, and a hint, on standard error.

use std::fmt;
use std::process::ExitCode;

use crate::store::StoreError;

/// A failure of a command, stated as a fact, with the act that mends it.
#[derive(Debug)]
pub struct Failure {
    fact: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure without a hint yet.
    pub fn new(fact: impl Into<String>) -> Self {
        Self { fact: fact.into(), hint: None }
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn hint(mut self, act: impl Into<String>) -> Self {
        self.hint = Some(act.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fact)
    }
}

impl std::error::Error for Failure {}

/// Prints `error:`, the causes and the hint, and gives the exit code of a failure. `hint_of` finds the hint of error
/// types that this library does not know.
pub fn report(
    error: &anyhow::Error,
    hint_of: impl Fn(&(dyn std::error::Error + 'static)) -> Option<String>,
) -> ExitCode {
    eprintln!("error: {error}");
    let mut said = error.to_string();
    for cause in error.chain().skip(1) {
        let words = one_line(cause);
        // A server's error is its own cause in the driver's chain.
        if !said.ends_with(&words) {
            eprintln!("  caused by: {words}");
        }
        said = words;
    }
    let hint = error.chain().find_map(|cause| {
        cause
            .downcast_ref::<Failure>()
            .and_then(|failure| failure.hint.clone())
            .or_else(|| cause.downcast_ref::<StoreError>().map(|store| store.hint().to_owned()))
            .or_else(|| hint_of(cause))
    });
    if let Some(hint) = hint {
        eprintln!("hint: {hint}");
    }
    ExitCode::FAILURE
}

/// The driver prints "db error" and hides what the server said one cause deeper; say it in one line.
fn one_line(cause: &(dyn std::error::Error + 'static)) -> String {
    match cause.downcast_ref::<tokio_postgres::Error>().and_then(tokio_postgres::Error::as_db_error) {
        Some(server) => match server.detail() {
            Some(detail) => format!("{} ({detail})", server.message()),
            None => server.message().to_owned(),
        },
        None => cause.to_string(),
    }
}
