//! What a refusal of the store means: S3's error codes, or the HTTP status where there is none.

use std::time::Duration;

use super::super::{VendorError, answer::shorten, error::FilesRefusal, retry::Fault};

/// The fault of an answer of HTTP status `status` that is not 200. `redact` takes the keys out of the store's words.
pub(super) fn fault(
    path: &str,
    status: u16,
    retry_after: Option<Duration>,
    body: &[u8],
    redact: impl Fn(&str) -> String,
) -> Fault {
    let text = String::from_utf8_lossy(body);
    let code = element(&text, "Code").map(|code| shorten(&redact(&code))).unwrap_or_default();
    let message = element(&text, "Message").map(|message| shorten(&redact(&message)));
    let message = message.filter(|message| !message.is_empty()).unwrap_or("no reason given".to_owned());
    let expired = code == "AccessDenied" && message.contains("expired");
    let refusal = match (code.as_str(), status) {
        ("SlowDown" | "RequestLimitExceeded" | "Throttling" | "TooManyRequests", _) | (_, 429) => {
            return Fault::Throttled { retry_after, message };
        }
        ("RequestTimeout" | "InternalError" | "ServiceUnavailable", _) | (_, 500..=599) => {
            return Fault::Server { status, retry_after, message };
        }
        ("InvalidAccessKeyId" | "InvalidToken", _) | ("", 401) => FilesRefusal::UnknownKey,
        ("SignatureDoesNotMatch", _) => FilesRefusal::WrongSecret,
        ("RequestTimeTooSkewed" | "ExpiredToken", _) => FilesRefusal::Clock,
        _ if expired => FilesRefusal::Clock,
        ("NoSuchBucket", _) => FilesRefusal::NoBucket,
        // A list is of a folder: what answers so is no store of files.
        ("", 404) if path.ends_with('/') => FilesRefusal::NoBucket,
        ("NoSuchKey", _) | ("", 404) => FilesRefusal::NoFile,
        ("AccessDenied" | "AllAccessDisabled" | "AccountProblem", _) | (_, 403) => FilesRefusal::Denied,
        _ => return Fault::Final(VendorError::Refused { path: path.to_owned(), status, message }),
    };
    let code = if code.is_empty() { status.to_string() } else { code };
    Fault::Final(VendorError::FilesRefused { path: path.to_owned(), refusal, code, message })
}

/// The text of the first element of this name; an error document is flat and short.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let unescaped = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    Some(unescaped.replace("&apos;", "'").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(status: u16, code: &str, message: &str) -> Fault {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
             <AWSAccessKeyId>AKIA</AWSAccessKeyId><StringToSign>AWS4</StringToSign></Error>"
        );
        fault("s3://flatfiles/x", status, None, body.as_bytes(), |text| text.replace("hush", "***"))
    }

    fn refusal(status: u16, code: &str) -> FilesRefusal {
        match ask(status, code, "words") {
            Fault::Final(VendorError::FilesRefused { refusal, code: kept, .. }) => {
                assert_eq!(kept, code);
                refusal
            }
            other => panic!("{status} {code}: {other:?}"),
        }
    }

    #[test]
    fn each_code_has_its_case() {
        assert_eq!(refusal(403, "InvalidAccessKeyId"), FilesRefusal::UnknownKey);
        assert_eq!(refusal(403, "SignatureDoesNotMatch"), FilesRefusal::WrongSecret);
        assert_eq!(refusal(403, "RequestTimeTooSkewed"), FilesRefusal::Clock);
        assert_eq!(refusal(403, "AccessDenied"), FilesRefusal::Denied);
        assert_eq!(refusal(404, "NoSuchKey"), FilesRefusal::NoFile);
        assert_eq!(refusal(404, "NoSuchBucket"), FilesRefusal::NoBucket);
        assert!(matches!(ask(503, "SlowDown", ""), Fault::Throttled { .. }));
        assert!(matches!(ask(429, "", ""), Fault::Throttled { .. }));
        assert!(matches!(ask(400, "RequestTimeout", ""), Fault::Server { status: 400, .. }));
        assert!(matches!(ask(500, "InternalError", ""), Fault::Server { status: 500, .. }));
        assert!(matches!(ask(503, "ServiceUnavailable", ""), Fault::Server { .. }));
        let expired = ask(403, "AccessDenied", "Request has expired");
        assert!(
            matches!(expired, Fault::Final(VendorError::FilesRefused { refusal: FilesRefusal::Clock, .. })),
            "{expired:?}"
        );
        assert!(matches!(
            ask(400, "InvalidArgument", "odd"),
            Fault::Final(VendorError::Refused { status: 400, message, .. }) if message == "odd"
        ));
    }

    #[test]
    fn a_refusal_without_words_goes_by_its_status() {
        let bare = |status| fault("s3://flatfiles/x", status, None, b"", str::to_owned);
        for (status, expected) in
            [(403, FilesRefusal::Denied), (404, FilesRefusal::NoFile), (401, FilesRefusal::UnknownKey)]
        {
            let Fault::Final(error @ VendorError::FilesRefused { refusal, .. }) = bare(status) else {
                panic!("{status}")
            };
            assert_eq!(refusal, expected);
            assert_eq!(
                error.to_string(),
                format!("the store of flat files refuses s3://flatfiles/x with {status}: no reason given")
            );
        }
        let list = fault("s3://flatfiles/us_stocks_sip/", 404, None, b"<html>", str::to_owned);
        let no_bucket = FilesRefusal::NoBucket;
        assert!(
            matches!(list, Fault::Final(VendorError::FilesRefused { refusal, .. }) if refusal == no_bucket)
        );
        assert!(matches!(bare(502), Fault::Server { status: 502, .. }));
        assert!(matches!(bare(204), Fault::Final(VendorError::Refused { status: 204, .. })));
    }

    #[test]
    fn the_store_s_words_come_on_one_line_without_the_keys() {
        let Fault::Final(VendorError::FilesRefused { message, .. }) =
            ask(403, "SignatureDoesNotMatch", "key &quot;hush&quot;\n&amp;lt; does not sign")
        else {
            panic!("no refusal")
        };
        assert_eq!(message, "key \"***\" &lt; does not sign");
    }
}
