//! The flat files as S3 gives them: a bucket in the path, a list and objects.

use std::fmt::Write;

use chrono::Utc;

use super::http::Request;
use super::market::{File, Market};
use super::query::{Query, decoded, encoded};
use super::reply::Reply;
use super::{BUCKET, S3_KEY, S3_SECRET, signature};

/// Answers a request of the flat files.
pub fn answer(market: &Market, request: &Request) -> Reply {
    if let Err((code, words)) = signature::check(request, S3_KEY, S3_SECRET, Utc::now()) {
        return error(
            if code == "AuthorizationHeaderMalformed" { 400 } else { 403 },
            code,
            words,
            &request.path,
        );
    }
    if !["GET", "HEAD"].contains(&request.method.as_str()) {
        return error(
            405,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
            &request.path,
        );
    }
    let path = decoded(&request.path);
    let (bucket, key) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    if bucket != BUCKET {
        return error(404, "NoSuchBucket", "The specified bucket does not exist", &request.path);
    }
    if key.is_empty() { list(market, request) } else { object(market, request, key) }
}

/// GetObject, with `If-None-Match`.
fn object(market: &Market, request: &Request, key: &str) -> Reply {
    let Some(file) = market.files.get(key) else {
        return error(404, "NoSuchKey", "The specified key does not exist.", &request.path);
    };
    let mut reply = Reply::new(200, "application/gzip", file.bytes.as_slice());
    reply.headers.extend([
        ("etag", file.etag.clone()),
        ("last-modified", file.modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
        ("accept-ranges", "bytes".to_owned()),
        ("x-amz-request-id", "4442587FB7D0A2F9".to_owned()),
    ]);
    if request.header("if-none-match") == Some(file.etag.as_str()) {
        (reply.status, reply.body) = (304, Vec::new());
    }
    reply
}

/// ListObjectsV2, with prefix, delimiter, start-after, continuation-token and max-keys.
fn list(market: &Market, request: &Request) -> Reply {
    let query = Query::parse(&request.query);
    let invalid = |words: &str| error(400, "InvalidArgument", words, &request.path);
    let known = [
        "list-type",
        "prefix",
        "delimiter",
        "start-after",
        "continuation-token",
        "max-keys",
        "encoding-type",
        "fetch-owner",
    ];
    if let Some((name, _)) =
        query.0.iter().find(|(name, _)| !name.starts_with("X-Amz-") && !known.contains(&name.as_str()))
    {
        return invalid(&format!("unknown parameter {name}"));
    }
    if query.get("list-type") != Some("2") {
        return error(501, "NotImplemented", "Only the second version of the list is here.", &request.path);
    }
    let most: usize = match query.get("max-keys").map_or(Ok(1000), str::parse) {
        Ok(most) => usize::min(most, 1000),
        Err(_) => return invalid("Provided max-keys not an integer or within integer range"),
    };
    let in_url = query.get("encoding-type") == Some("url");
    let shown = |text: &str| if in_url { encoded(text).replace("%2F", "/") } else { escaped(text) };
    let prefix = query.get("prefix").unwrap_or_default();
    let delimiter = query.get("delimiter").unwrap_or_default();
    let after = match query.get("continuation-token") {
        Some(token) => match token.strip_prefix("after ") {
            Some(key) => key,
            None => return invalid("The continuation token provided is incorrect"),
        },
        None => query.get("start-after").unwrap_or_default(),
    };

    // A common prefix stands for the keys below it and counts as one.
    let mut entries: Vec<(String, Option<&File>)> = Vec::new();
    for (key, file) in market.files.iter().filter(|(key, _)| key.starts_with(prefix)) {
        let rest = &key[prefix.len()..];
        let cut = if delimiter.is_empty() { None } else { rest.find(delimiter) };
        let name =
            cut.map_or_else(|| key.clone(), |at| key[..prefix.len() + at + delimiter.len()].to_owned());
        if name.as_str() > after && entries.last().is_none_or(|(last, _)| *last != name) {
            entries.push((name, cut.is_none().then_some(file)));
        }
    }
    let more = entries.len() > most;
    entries.truncate(most);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <Name>{BUCKET}</Name><Prefix>{}</Prefix><KeyCount>{}</KeyCount><MaxKeys>{most}</MaxKeys><IsTruncated>{more}</IsTruncated>",
        shown(prefix),
        entries.len(),
    );
    if in_url {
        xml.push_str("<EncodingType>url</EncodingType>");
    }
    if let Some((last, _)) = entries.last().filter(|_| more) {
        let _ = write!(xml, "<NextContinuationToken>after {}</NextContinuationToken>", escaped(last));
    }
    for (name, file) in &entries {
        let _ = match file {
            Some(file) => write!(
                xml,
                "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag><Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>",
                shown(name),
                file.modified.format("%Y-%m-%dT%H:%M:%S.000Z"),
                escaped(&file.etag),
                file.bytes.len(),
            ),
            None => write!(xml, "<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", shown(name)),
        };
    }
    Reply::new(200, "application/xml", xml + "</ListBucketResult>")
}

/// An error in S3's shape.
pub fn error(status: u16, code: &str, words: &str, resource: &str) -> Reply {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{words}</Message><Resource>{}</Resource>\
         <RequestId>4442587FB7D0A2F9</RequestId></Error>",
        escaped(resource)
    );
    Reply::new(status, "application/xml", xml)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
