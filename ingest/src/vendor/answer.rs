//! What one answer of the vendor means: the HTTP status, and the status inside the body, which counts on 200 too.

use super::{Secret, VendorError, retry::Fault};
use bytes::Bytes;
use serde::Deserialize;
use std::time::Duration;

/// The longest part of the vendor's words that a message repeats, in characters.
const MESSAGE_LENGTH: usize = 200;

/// An answer that arrived whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: Bytes,
    /// Where the vendor says that the next page is.
    pub(super) next_url: Option<String>,
}

#[derive(Deserialize, Default)]
struct Envelope {
    status: Option<String>,
    error: Option<serde_json::Value>,
    message: Option<serde_json::Value>,
    next_url: Option<String>,
}

/// Reads an answer of HTTP status `status`. A bare array has no envelope and is taken as it is.
pub(super) fn read(
    path: &str,
    key: &Secret,
    status: u16,
    retry_after: Option<Duration>,
    body: Bytes,
) -> Result<Answer, Fault> {
    let bare = body.trim_ascii_start().starts_with(b"[");
    let envelope = if bare { Ok(Envelope::default()) } else { serde_json::from_slice::<Envelope>(&body) };
    let path = path.to_owned();
    if status == 200 {
        let envelope = envelope.map_err(|error| {
            Fault::Final(VendorError::Malformed {
                path: path.clone(),
                reason: key.redact(&error.to_string()),
            })
        })?;
        return match envelope.status.as_deref() {
            None | Some("OK" | "DELAYED") => {
                let next_url = envelope.next_url.filter(|next| !next.is_empty());
                Ok(Answer { body, next_url })
            }
            Some(word) => {
                let message = words(&envelope, key).unwrap_or_else(|| shorten(&key.redact(word)));
                Err(refusal(path, status, Some(word), message, retry_after))
            }
        };
    }
    let envelope = envelope.unwrap_or_default();
    let message = words(&envelope, key).unwrap_or_else(|| "no reason given".to_owned());
    Err(refusal(path, status, envelope.status.as_deref(), message, retry_after))
}

/// The case of a refusal, from the HTTP status and the word in the body's `status`.
fn refusal(
    path: String,
    status: u16,
    word: Option<&str>,
    message: String,
    retry_after: Option<Duration>,
) -> Fault {
    let lower = message.to_lowercase();
    let about_rate = lower.contains("maximum requests per");
    let about_key = lower.contains("api key") || lower.contains("apikey");
    match (status, word) {
        (429, _) => Fault::Throttled { retry_after, message },
        (413 | 499 | 500..=599, _) => Fault::Server { status, retry_after, message },
        (401, _) => Fault::Final(VendorError::KeyRefused { path, message }),
        (403, _) | (_, Some("NOT_AUTHORIZED")) => Fault::Final(VendorError::NotInPlan { path, message }),
        (404, _) | (_, Some("NOT_FOUND")) => Fault::Final(VendorError::NotFound { path, message }),
        _ if about_rate => Fault::Throttled { retry_after, message },
        _ if about_key => Fault::Final(VendorError::KeyRefused { path, message }),
        _ => Fault::Final(VendorError::Refused { path, status, message }),
    }
}

/// The vendor's own words, without the key, on one line, at a length that a person reads.
fn words(envelope: &Envelope, key: &Secret) -> Option<String> {
    let value = envelope.error.as_ref().or(envelope.message.as_ref())?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let text = shorten(&key.redact(&text));
    (!text.is_empty()).then_some(text)
}

/// On one line, at a length that a person reads.
pub(super) fn shorten(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().chars().take(MESSAGE_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(status: u16, body: &str) -> Result<Answer, Fault> {
        read("/v2/x", &Secret::new("k3y"), status, None, Bytes::copy_from_slice(body.as_bytes()))
    }

    fn final_error(status: u16, body: &str) -> VendorError {
        match ask(status, body) {
            Err(Fault::Final(error)) => error,
            other => panic!("{status} {body}: {other:?}"),
        }
    }

    #[test]
    fn ok_delayed_and_bodies_without_a_status_succeed() {
        for body in [r#"{"status":"OK"}"#, r#"{"status":"DELAYED","request_id":1}"#, "{}", "[]", " [1]"] {
            assert!(ask(200, body).is_ok(), "{body}");
        }
        assert_eq!(ask(200, r#"{"next_url":""}"#).unwrap().next_url, None);
        assert_eq!(ask(200, r#"{"next_url":null}"#).unwrap().next_url, None);
        assert_eq!(ask(200, r#"{"next_url":"/a"}"#).unwrap().next_url.as_deref(), Some("/a"));
    }

    #[test]
    fn the_status_in_the_body_counts_on_200_too() {
        let refused = final_error(200, r#"{"status":"NOT_AUTHORIZED","message":"Your plan doesn't"}"#);
        assert_eq!(
            refused,
            VendorError::NotInPlan { path: "/v2/x".into(), message: "Your plan doesn't".into() }
        );
        assert!(matches!(final_error(200, r#"{"status":"NOT_FOUND"}"#), VendorError::NotFound { .. }));
        assert!(matches!(
            final_error(200, r#"{"status":"ERROR","error":"odd"}"#),
            VendorError::Refused { message, .. } if message == "odd"
        ));
        assert!(matches!(final_error(200, r#"{"status":"SURPRISE"}"#), VendorError::Refused { .. }));
        let throttled = r#"{"status":"ERROR","error":"You've exceeded the maximum requests per minute"}"#;
        assert!(matches!(ask(200, throttled), Err(Fault::Throttled { .. })));
    }

    #[test]
    fn each_http_status_has_its_case() {
        assert!(matches!(final_error(401, ""), VendorError::KeyRefused { .. }));
        assert!(matches!(final_error(403, "<html>"), VendorError::NotInPlan { .. }));
        assert!(matches!(final_error(404, "{}"), VendorError::NotFound { .. }));
        let missing_key = r#"{"status":"ERROR","error":"API Key was not provided"}"#;
        assert!(matches!(final_error(400, missing_key), VendorError::KeyRefused { .. }));
        let bad_time = r#"{"status":"ERROR","error":"Could not parse the time parameter"}"#;
        assert!(matches!(final_error(400, bad_time), VendorError::Refused { status: 400, .. }));
        assert!(matches!(final_error(204, ""), VendorError::Refused { status: 204, .. }));
        assert!(matches!(ask(429, ""), Err(Fault::Throttled { .. })));
        for status in [413, 499, 500, 502, 503, 504, 520] {
            assert!(matches!(ask(status, "<html>"), Err(Fault::Server { .. })), "{status}");
        }
    }

    #[test]
    fn the_vendors_words_come_without_the_key_on_one_line() {
        let error = final_error(401, "{\"error\":\"Unknown key k3y\\n\\u001b[31m\"}");
        assert_eq!(
            error,
            VendorError::KeyRefused { path: "/v2/x".into(), message: "Unknown key ***  [31m".into() }
        );
        let long = format!(r#"{{"message":"{}"}}"#, "é".repeat(5000));
        assert!(final_error(401, &long).to_string().chars().count() < 300);
    }
}
