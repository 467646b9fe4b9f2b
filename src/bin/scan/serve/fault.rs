//! Why a request has no answer: a code for programs, a sentence and a hint for people, and HTTP's status.

use axum::http::StatusCode;
use serde_json::{Value, json};
use tidemark::jobs::scan::ScanError;
use tidemark::jobs::scan::profile::{Fault as Wrong, ProfileError};
use tidemark::store::StoreError;

/// Every code that an answer may carry, with its status. Codes never change meaning.
pub const CODES: &[(&str, StatusCode)] = &[
    ("malformed", StatusCode::BAD_REQUEST),
    ("too_long", StatusCode::BAD_REQUEST),
    ("unknown_key", StatusCode::BAD_REQUEST),
    ("bad_value", StatusCode::BAD_REQUEST),
    ("bad_profile", StatusCode::BAD_REQUEST),
    ("bad_expression", StatusCode::BAD_REQUEST),
    ("unknown_column", StatusCode::BAD_REQUEST),
    ("no_session", StatusCode::BAD_REQUEST),
    ("unauthorized", StatusCode::UNAUTHORIZED),
    ("unknown_profile", StatusCode::NOT_FOUND),
    ("unknown_ticker", StatusCode::NOT_FOUND),
    ("not_found", StatusCode::NOT_FOUND),
    ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED),
    ("body_timeout", StatusCode::REQUEST_TIMEOUT),
    ("body_too_large", StatusCode::PAYLOAD_TOO_LARGE),
    ("uri_too_long", StatusCode::URI_TOO_LONG),
    ("headers_too_large", StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
    ("internal", StatusCode::INTERNAL_SERVER_ERROR),
    ("starting", StatusCode::SERVICE_UNAVAILABLE),
    ("busy", StatusCode::SERVICE_UNAVAILABLE),
    ("stopping", StatusCode::SERVICE_UNAVAILABLE),
    ("database", StatusCode::SERVICE_UNAVAILABLE),
    ("no_bars", StatusCode::SERVICE_UNAVAILABLE),
    ("no_features", StatusCode::SERVICE_UNAVAILABLE),
    ("other_definitions", StatusCode::SERVICE_UNAVAILABLE),
    ("calendar", StatusCode::SERVICE_UNAVAILABLE),
    ("timeout", StatusCode::GATEWAY_TIMEOUT),
];

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// One of [`CODES`].
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What would help.
    pub hint: Option<String>,
}

impl Fault {
    /// A fault without a hint.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    /// With what would help.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// HTTP's status.
    pub fn status(&self) -> StatusCode {
        let known = CODES.iter().find(|(code, _)| *code == self.code);
        known.map_or(StatusCode::INTERNAL_SERVER_ERROR, |(_, status)| *status)
    }

    /// The fault as an object.
    pub fn json(&self) -> Value {
        json!({ "code": self.code, "message": self.message, "hint": self.hint })
    }

    /// The request took longer than it may.
    pub fn timeout(milliseconds: u128) -> Self {
        Self::new("timeout", format!("there was no answer within {milliseconds} ms"))
            .hint("ask for less, or give more time with timeoutMs (HTTP: timeout_ms)")
    }

    /// The program is about to end.
    pub fn stopping() -> Self {
        Self::new("stopping", "the server is stopping")
    }

    /// The first panel is not loaded yet.
    pub fn starting() -> Self {
        Self::new("starting", "the market is not loaded yet").hint("ask again in a few seconds")
    }

    /// A name that is not known, with the known one that was probably meant.
    pub fn unknown_key(key: &str, known: &[&str]) -> Self {
        let meant = tidemark::jobs::scan::profile::probably_meant(key, known.iter().copied());
        let meant = meant.map_or_else(String::new, |meant| format!("did you mean {meant}? "));
        Self::new("unknown_key", format!("there is no key {key}"))
            .hint(format!("{meant}known are {}", known.join(", ")))
    }

    /// A value that means nothing.
    pub fn bad_value(key: &str, wanted: &str) -> Self {
        Self::new("bad_value", format!("{key} is not {wanted}"))
    }
}

impl From<ProfileError> for Fault {
    fn from(error: ProfileError) -> Self {
        let code = match &error {
            ProfileError::NotFound { .. } => "unknown_profile",
            ProfileError::Value { .. } => "bad_value",
            ProfileError::Expression { source, .. } => match &*source.fault {
                Wrong::UnknownColumn { .. } => "unknown_column",
                _ => "bad_expression",
            },
            _ => "bad_profile",
        };
        Self::new(code, error.to_string()).hint(error.hint())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::new("database", error.to_string()).hint(error.hint())
    }
}

impl From<ScanError> for Fault {
    fn from(error: ScanError) -> Self {
        let code = match &error {
            ScanError::Store(_) => "database",
            ScanError::NoBars(Some(_)) | ScanError::NotASession { .. } | ScanError::NoBarsOn { .. } => {
                "no_session"
            }
            ScanError::NoBars(None) => "no_bars",
            ScanError::NoFeatures(_) => "no_features",
            ScanError::OtherDefinitions => "other_definitions",
            ScanError::Calendar => "calendar",
            _ => "internal",
        };
        Self { code, message: error.to_string(), hint: error.hint() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_a_profile_says_what_was_meant() {
        let fault = Fault::unknown_key("order", &["orderBy", "columns", "limit"]);
        assert_eq!(fault.message, "there is no key order");
        assert_eq!(
            Fault::unknown_key("orderby", &["orderBy", "limit"]).hint.as_deref(),
            Some("did you mean orderBy? known are orderBy, limit")
        );
        assert_eq!(Fault::timeout(5).status(), StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(Fault::stopping().json()["hint"], Value::Null);
    }
}
