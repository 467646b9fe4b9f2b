//! AWS's Signature Version 4, from its description: what the flat files' requests must be signed with.

use chrono::{DateTime, NaiveDateTime, Utc};
use sha2::{Digest, Sha256};

use super::http::Request;
use super::query::{Query, encoded};

/// Why a request is refused: S3's code and words.
pub type Refusal = (&'static str, &'static str);

/// Checks the signature of `request`, in its headers or in its address, made with `key` and `secret` around `now`.
pub fn check(request: &Request, key: &str, secret: &str, now: DateTime<Utc>) -> Result<(), Refusal> {
    let query = Query::parse(&request.query);
    let in_address = query.get("X-Amz-Signature").is_some();
    let malformed = ("AuthorizationHeaderMalformed", "The authorization header is malformed.");
    let none = ("AccessDenied", "Access Denied");
    let (credential, signed, signature, time, payload) = if in_address {
        let get = |name: &str| query.get(name).map(str::to_owned).ok_or(malformed);
        if get("X-Amz-Algorithm")? != "AWS4-HMAC-SHA256" {
            return Err(malformed);
        }
        let payload = "UNSIGNED-PAYLOAD".to_owned();
        (
            get("X-Amz-Credential")?,
            get("X-Amz-SignedHeaders")?,
            get("X-Amz-Signature")?,
            get("X-Amz-Date")?,
            payload,
        )
    } else {
        let header = request.header("authorization").ok_or(none)?;
        let parts = header.strip_prefix("AWS4-HMAC-SHA256 ").ok_or(malformed)?;
        let get = |name: &str| {
            let part = parts.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
            part.map(str::to_owned).ok_or(malformed)
        };
        let header = |name: &str| request.header(name).map(str::to_owned).ok_or(none);
        (
            get("Credential")?,
            get("SignedHeaders")?,
            get("Signature")?,
            header("x-amz-date")?,
            header("x-amz-content-sha256")?,
        )
    };

    let moment = NaiveDateTime::parse_from_str(&time, "%Y%m%dT%H%M%SZ").map_err(|_| malformed)?.and_utc();
    let age = (now - moment).num_seconds();
    if in_address {
        let expires: i64 = query.get("X-Amz-Expires").and_then(|text| text.parse().ok()).ok_or(malformed)?;
        if !(1..=604_800).contains(&expires) || age > expires || age < -900 {
            return Err(("AccessDenied", "Request has expired"));
        }
    } else if age.abs() > 900 {
        return Err((
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        ));
    }

    let parts: Vec<&str> = credential.split('/').collect();
    let [who, day, region, "s3", "aws4_request"] = parts[..] else { return Err(malformed) };
    if who != key {
        return Err((
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        ));
    }
    if day != &time[..8] || !signed.split(';').any(|name| name == "host") {
        return Err(malformed);
    }
    let canonical = canonical(request, &query, &signed, &payload).ok_or(malformed)?;
    let scope = format!("{day}/{region}/s3/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let mut signing = hmac(format!("AWS4{secret}").as_bytes(), day.as_bytes());
    for part in [region, "s3", "aws4_request"] {
        signing = hmac(&signing, part.as_bytes());
    }
    if hex(&hmac(&signing, text.as_bytes())) != signature {
        let words = "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
        return Err(("SignatureDoesNotMatch", words));
    }
    Ok(())
}

/// The request in the form that is signed; none when a signed header is missing.
fn canonical(request: &Request, query: &Query, signed: &str, payload: &str) -> Option<String> {
    let path: Vec<String> =
        request.path.split('/').map(|part| encoded(&super::query::decoded(part))).collect();
    let mut pairs: Vec<(String, String)> = query
        .0
        .iter()
        .filter(|(name, _)| name != "X-Amz-Signature")
        .map(|(n, v)| (encoded(n), encoded(v)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut headers = String::new();
    for name in signed.split(';') {
        let value: Vec<&str> = request.header(name)?.split_whitespace().collect();
        headers.extend([name, ":", &value.join(" "), "\n"]);
    }
    let (method, path, pairs) = (&request.method, path.join("/"), pairs.join("&"));
    Some(format!("{method}\n{path}\n{pairs}\n{headers}\n{signed}\n{payload}"))
}

/// HMAC-SHA256, RFC 2104.
pub fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let padded = |pad: u8| block.map(|byte| byte ^ pad);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
