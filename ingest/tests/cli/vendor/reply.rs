//! Answers in the vendor's shapes.

use serde_json::{Value, json};

use super::query::Query;

/// An answer before it goes over the wire.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// An answer, or the refusal that takes its place.
pub type Answer = Result<Reply, Reply>;

impl Reply {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    /// JSON with status 200.
    pub fn json(text: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "application/json", text)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str())
    }
}

/// 400: a parameter that the vendor does not take.
pub fn bad(error: &str) -> Reply {
    refusal(400, &json!({"status": "ERROR", "request_id": "b5a0d9a5a4a64a9f0f8d8a9f", "error": error}))
}

/// 401: an unknown key.
pub fn unknown_key() -> Reply {
    refusal(
        401,
        &json!({"status": "ERROR", "request_id": "b5a0d9a5a4a64a9f0f8d8a9f", "error": "Unknown API Key"}),
    )
}

/// 403: more than the plan includes.
pub fn not_authorized(status: u16) -> Reply {
    let message = "Your plan doesn't include this data timeframe. Please upgrade your plan at https://massive.com/pricing";
    refusal(
        status,
        &json!({"status": "NOT_AUTHORIZED", "request_id": "b5a0d9a5a4a64a9f0f8d8a9f", "message": message}),
    )
}

/// 404: nothing of that name.
pub fn not_found(message: &str) -> Reply {
    refusal(
        404,
        &json!({"status": "NOT_FOUND", "request_id": "b5a0d9a5a4a64a9f0f8d8a9f", "message": message}),
    )
}

fn refusal(status: u16, body: &Value) -> Reply {
    Reply::new(status, "application/json", body.to_string())
}

/// An id of a request: another one each time, as the vendor's are, and the same for the same question, so that runs repeat.
pub fn request_id(path: &str, query: &Query) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(format!("{path}?{query:?}"));
    super::signature::hex(&digest[..16])
}

/// A number as the vendor prints volumes: great ones in e-notation with a sign and two digits, others with or without `.0`.
pub fn volume(value: f64) -> String {
    if value >= 1e6 {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').expect("an exponent");
        return format!("{digits}e+{exponent:0>2}");
    }
    // Debug writes 100.0, Display 100.
    if value % 2.0 == 0.0 { format!("{value:?}") } else { value.to_string() }
}
