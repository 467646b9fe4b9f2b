//! One page of a reply: its results, and where the next page is.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// One page of results.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// `OK`, `DELAYED` or `success`; `None` where the vendor leaves it out.
    pub status: Option<String>,
    /// Address of the next page, never with a key. Data from outside: check its origin before use.
    pub next_url: Option<String>,
    /// The records; empty where the vendor leaves the key out, as it does for holidays.
    pub results: Vec<T>,
}

/// Why a reply is no page of results.
#[derive(Debug, thiserror::Error)]
pub enum PageFault {
    /// The reply is not JSON, or not of the shape that was asked for.
    #[error("the reply is not understood")]
    Malformed(#[source] serde_json::Error),
    /// The vendor refuses, perhaps with HTTP status 200.
    #[error("the vendor answered {status}: {message}")]
    Refused {
        /// The vendor's own word, such as `NOT_AUTHORIZED`.
        status: String,
        /// Its explanation.
        message: String,
    },
}

/// What tells a refusal from a page; everything in it may be missing.
#[derive(serde::Deserialize)]
struct Verdict {
    #[serde(default)]
    status: Value,
    #[serde(default)]
    error: Value,
    #[serde(default)]
    message: Value,
}

/// What a page holds beside its status.
#[derive(serde::Deserialize)]
struct Body<T> {
    next_url: Option<String>,
    results: Option<Vec<T>>,
}

/// A reply about one thing.
#[derive(serde::Deserialize)]
struct Reply {
    #[serde(default)]
    results: Value,
}

/// Parses one reply.
///
/// # Errors
/// [`PageFault::Refused`] when `status` is none of the words for success, or is missing beside an `error`;
/// [`PageFault::Malformed`] for everything that is not a page.
pub fn parse_page<T: DeserializeOwned>(bytes: &[u8]) -> Result<Page<T>, PageFault> {
    let (bytes, status) = verdict(bytes)?;
    let Body { next_url, results } = serde_json::from_slice(bytes).map_err(PageFault::Malformed)?;
    Ok(Page {
        status,
        next_url: next_url.filter(|address| !address.is_empty()),
        results: results.unwrap_or_default(),
    })
}

/// The result of a reply about one thing; or of several such replies whose results were gathered into one list.
///
/// # Errors
/// As of [`parse_page`].
pub fn parse_reply<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>, PageFault> {
    let (bytes, _) = verdict(bytes)?;
    let Reply { results } = serde_json::from_slice(bytes).map_err(PageFault::Malformed)?;
    let results = match results {
        Value::Null => return Ok(Vec::new()),
        Value::Array(results) => results,
        one => vec![one],
    };
    results.into_iter().map(|one| serde_json::from_value(one).map_err(PageFault::Malformed)).collect()
}

/// The bytes without a mark of their order, and the status, if the vendor does not refuse.
fn verdict(bytes: &[u8]) -> Result<(&[u8], Option<String>), PageFault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let verdict: Verdict = serde_json::from_slice(bytes).map_err(PageFault::Malformed)?;
    let status = verdict.status.as_str();
    let complaint = verdict.error.as_str().or(verdict.message.as_str());
    let refused = match status {
        Some(status) => !["OK", "DELAYED", "SUCCESS"].contains(&status.to_ascii_uppercase().as_str()),
        None => complaint.is_some(),
    };
    if refused {
        return Err(PageFault::Refused {
            status: status.unwrap_or("without a status").to_owned(),
            message: complaint.unwrap_or("no reason is given").to_owned(),
        });
    }
    Ok((bytes, status.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Result<Page<i32>, PageFault> {
        parse_page(text.as_bytes())
    }

    #[test]
    fn a_page_has_results_and_the_way_on() {
        let text = r#"{"status":"DELAYED","request_id":1,"next_url":"https://x/y?cursor=z","results":[1,2],"count":2}"#;
        let page = page(text).expect("a page");
        assert_eq!(page.status.as_deref(), Some("DELAYED"));
        assert_eq!(page.next_url.as_deref(), Some("https://x/y?cursor=z"));
        assert_eq!(page.results, [1, 2]);
    }

    #[test]
    fn results_may_be_missing_or_null() {
        for text in
            [r#"{"status":"OK"}"#, r#"{"status":"OK","results":null,"next_url":null}"#, "{}", "\u{feff}{}"]
        {
            let page = page(text).expect(text);
            assert_eq!((page.results.len(), page.next_url), (0, None), "{text}");
        }
    }

    #[test]
    fn a_refusal_is_told_from_a_page_whatever_it_is_called() {
        for (text, message) in [
            (
                r#"{"status":"NOT_AUTHORIZED","message":"no plan"}"#,
                "the vendor answered NOT_AUTHORIZED: no plan",
            ),
            (
                r#"{"status":"ERROR","error":"bad date","request_id":7}"#,
                "the vendor answered ERROR: bad date",
            ),
            (r#"{"error":"slow down"}"#, "the vendor answered without a status: slow down"),
            (r#"{"status":"NOT_FOUND","results":[]}"#, "the vendor answered NOT_FOUND: no reason is given"),
        ] {
            assert_eq!(page(text).expect_err("refused").to_string(), message);
        }
    }

    #[test]
    fn a_reply_about_one_thing_is_read_alone_and_gathered() {
        let read = |text: &str| parse_reply::<std::collections::BTreeMap<String, i32>>(text.as_bytes());
        assert_eq!(read(r#"{"status":"OK","results":{"a":1}}"#).expect("one")[0]["a"], 1);
        assert_eq!(read(r#"{"results":[{"a":1},{"a":2}]}"#).expect("two").len(), 2);
        assert_eq!(read(r#"{"status":"OK"}"#).expect("none").len(), 0);
        assert!(matches!(read(r#"{"status":"NOT_FOUND"}"#), Err(PageFault::Refused { .. })));
        assert!(matches!(read(r#"{"results":[1]}"#), Err(PageFault::Malformed(_))));
    }

    #[test]
    fn what_is_no_page_is_malformed() {
        for text in [
            "",
            "[]",
            "<html>",
            r#"{"status":"OK","results":[1"#,
            r#"{"results":["one"]}"#,
            "{\"status\":\"\u{0}",
        ] {
            assert!(matches!(page(text), Err(PageFault::Malformed(_))), "{text}");
        }
    }
}
