//! The client of the flat files against an HTTP server on loopback that checks signatures by itself.

use super::super::error::FilesRefusal;
use super::*;
use rusty_s3::actions::GetObject;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex};
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::method};

const ID: &str = "7d0ce4ff-access-key";
const SECRET: &str = "hush+this/is=secret";

/// HMAC with SHA-256 (RFC 2104), written again here so that the check does not lean on what it checks.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |byte: u8| block.map(|part| part ^ byte);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Whether `request` is signed by `secret` as AWS's Signature Version 4 asks of an address ("Authenticating requests:
/// using query parameters").
fn is_signed(request: &Request, secret: &str) -> bool {
    let query = request.url.query().unwrap_or_default();
    let Some((signed, signature)) = query.split_once("&X-Amz-Signature=") else { return false };
    let mut parameters: Vec<&str> = signed.split('&').collect();
    parameters.sort_unstable();
    let value = |name: &str| request.url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
    let (Some(credential), Some(time)) = (value("X-Amz-Credential"), value("X-Amz-Date")) else {
        return false;
    };
    let (id, scope) = credential.split_once('/').unwrap();
    let host = request.headers["host"].to_str().unwrap();
    let canonical = format!(
        "GET\n{}\n{}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD",
        request.url.path(),
        parameters.join("&")
    );
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let key =
        scope.split('/').fold(format!("AWS4{secret}").into_bytes(), |key, part| hmac(&key, part.as_bytes()));
    id == ID && signature == hex(&hmac(&key, text.as_bytes()))
}

fn settings(endpoint: &str) -> S3Settings {
    let patience = Patience {
        timeout: Duration::from_secs(2),
        tries: 3,
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_secs(3),
    };
    S3Settings { patience, ..S3Settings::new(endpoint, Secret::new(ID), Secret::new(SECRET)) }
}

fn client(endpoint: &str) -> S3Client {
    S3Client::new(settings(endpoint)).unwrap()
}

/// A server that gives these answers in turn, the last one for ever, to requests that are signed.
async fn server(answers: Vec<ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    let turn = Arc::new(Mutex::new(0));
    Mock::given(method("GET"))
        .respond_with(move |request: &Request| {
            assert!(!request.headers.contains_key("authorization"));
            if !is_signed(request, SECRET) {
                return error(403, "SignatureDoesNotMatch");
            }
            let mut turn = turn.lock().unwrap();
            *turn += 1;
            answers[(*turn - 1).min(answers.len() - 1)].clone()
        })
        .mount(&server)
        .await;
    server
}

fn error(status: u16, code: &str) -> ResponseTemplate {
    let body = format!("<Error><Code>{code}</Code><Message>no {ID} {SECRET}</Message></Error>");
    ResponseTemplate::new(status).set_body_raw(body, "application/xml")
}

fn bytes(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(text, "application/gzip").insert_header("etag", "\"one\"")
}

fn file() -> RemoteFile {
    RemoteFile {
        session_date: "2024-07-02".parse().unwrap(),
        key: "us_stocks_sip/day_aggs_v1/2024/07/2024-07-02.csv.gz".into(),
        etag: Some("one".into()),
        size: Some(5),
    }
}

fn assert_silent(error: &VendorError) {
    for text in [error.to_string(), format!("{error:?}"), error.hint()] {
        for secret in [ID, SECRET, "X-Amz", "Signature="] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

/// The error of fetching a file from a server of these answers, and the number of requests.
async fn refused(answers: Vec<ResponseTemplate>) -> (VendorError, usize) {
    let server = server(answers).await;
    let error = client(&server.uri()).get(&file()).await.unwrap_err();
    assert_silent(&error);
    (error, server.received_requests().await.unwrap().len())
}

/// The example that AWS publishes with its result ("Authenticating requests: using query parameters").
#[test]
fn the_signature_is_that_of_aws_own_example() {
    let endpoint = "https://s3.amazonaws.com".parse().unwrap();
    let bucket = Bucket::new(endpoint, UrlStyle::VirtualHost, "examplebucket", "us-east-1").unwrap();
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let action = GetObject::new(&bucket, Some(&credentials), "test.txt");
    let url = action.sign_with_time(Duration::from_hours(24), &"2013-05-24T00:00:00Z".parse().unwrap());
    let expected = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    assert!(url.as_str().ends_with(&format!("&X-Amz-Signature={expected}")), "{url}");
}

#[tokio::test]
async fn a_file_is_asked_for_by_a_signed_address_and_comes_as_it_is_stored() {
    let server = server(vec![bytes("12345")]).await;
    let client = client(&server.uri());
    let fetched = client.get(&file()).await.unwrap();
    assert_eq!((&fetched.bytes[..], fetched.etag.as_deref()), (&b"12345"[..], Some("one")));
    assert_eq!(client.requests(), 1);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[0].url.path(), "/flatfiles/us_stocks_sip/day_aggs_v1/2024/07/2024-07-02.csv.gz");
    assert!(!requests[0].url.as_str().contains(SECRET));
    assert!(!requests[0].headers.contains_key("accept-encoding"), "nothing may be unpacked on the way");
}

#[tokio::test]
async fn another_secret_signs_otherwise_and_is_told() {
    let server = server(vec![bytes("12345")]).await;
    let wrong = S3Settings { secret_access_key: Secret::new("other"), ..settings(&server.uri()) };
    let error = S3Client::new(wrong).unwrap().get(&file()).await.unwrap_err();
    assert!(matches!(error, VendorError::FilesRefused { refusal: FilesRefusal::WrongSecret, .. }), "{error}");
    assert!(error.hint().contains("POLYGON_S3_SECRET_ACCESS_KEY"));
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for first in [error(503, "SlowDown"), error(500, "InternalError"), ResponseTemplate::new(429)] {
        let server = server(vec![first, bytes("12345")]).await;
        assert_eq!(client(&server.uri()).get(&file()).await.unwrap().bytes.len(), 5);
        assert_eq!(server.received_requests().await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn refusals_are_not_tried_again_and_show_no_key() {
    for (status, code, hint) in [
        (403, "AccessDenied", "--source rest"),
        (403, "InvalidAccessKeyId", "not the key of the API"),
        (403, "RequestTimeTooSkewed", "clock"),
        (404, "NoSuchBucket", "https://files.massive.com"),
        (404, "NoSuchKey", "taken away"),
    ] {
        let (error, asked) = refused(vec![error(status, code)]).await;
        assert_eq!(asked, 1, "{code}");
        assert!(error.to_string().contains(&format!("with {code}: no *** ***")), "{error}");
        assert!(error.hint().contains(hint), "{}", error.hint());
        assert_eq!(error.is_of_one_file(), code == "NoSuchKey");
    }
    let (error, asked) = refused(vec![error(503, "SlowDown")]).await;
    assert!(matches!(error, VendorError::SlowDown { tries: 3, .. }), "{error}");
    assert_eq!(asked, 3);
}

#[tokio::test]
async fn a_file_of_another_length_than_listed_is_tried_again_and_then_told() {
    let (error, asked) = refused(vec![bytes("123")]).await;
    assert_eq!(asked, 3);
    assert!(error.is_of_one_file());
    assert!(error.to_string().contains("3 bytes came of 5 listed"), "{error}");

    let server = server(vec![bytes("123"), bytes("12345")]).await;
    assert_eq!(client(&server.uri()).get(&file()).await.unwrap().bytes.len(), 5);
}

#[tokio::test]
async fn a_file_replaced_since_it_was_listed_is_taken_as_it_is_now() {
    let server = server(vec![bytes("1234567").insert_header("etag", "\"two\"")]).await;
    let fetched = client(&server.uri()).get(&file()).await.unwrap();
    assert_eq!((fetched.bytes.len(), fetched.etag.as_deref()), (7, Some("two")));
}

#[tokio::test]
async fn redirects_are_not_followed_and_plain_http_is_for_loopback_only() {
    let moved = ResponseTemplate::new(301).insert_header("location", "https://evil.example/x?a=b");
    let (error, asked) = refused(vec![moved]).await;
    assert_eq!(asked, 1);
    assert!(matches!(&error, VendorError::Redirected { host, .. } if host == "https://evil.example"));
    for bad in
        ["http://files.massive.com", "https://u:p@files.massive.com", "https://files.massive.com/x", "x"]
    {
        let error = S3Client::new(settings(bad)).map(|_| ()).unwrap_err();
        assert!(matches!(error, VendorError::Settings { .. }), "{bad}: {error}");
        assert!(error.to_string().contains("the S3 endpoint"), "{error}");
    }
}

#[tokio::test]
async fn a_list_is_read_page_by_page_until_the_range_is_past() {
    let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
    let page = |days: &[&str], token: &str| {
        let objects = days.iter().fold(String::new(), |objects, day| {
            let folder = day[..7].replace('-', "/");
            objects
                + &format!(
                    "<Contents><Key>us_stocks_sip/minute_aggs_v1/{folder}/{day}.csv.gz</Key><ETag>e</ETag>\
                     <Size>1</Size></Contents>"
                )
        });
        let body = format!(
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>true</IsTruncated>\
             <NextContinuationToken>{token}</NextContinuationToken>{objects}</ListBucketResult>"
        );
        ResponseTemplate::new(200).set_body_raw(body, "application/xml")
    };
    let server = server(vec![
        page(&["2024-07-02", "2024-07-03"], "a+b/c="),
        page(&["2024-07-05", "2024-07-08"], "end"),
    ])
    .await;
    let client = client(&server.uri());
    let listing = client.list(Timeframe::Minute, day("2024-07-02"), day("2024-07-08")).await.unwrap();
    assert_eq!((listing.files.len(), listing.pages, client.requests()), (3, 2, 2));
    let asked: Vec<Vec<(String, String)>> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(|request| {
            let pairs = request.url.query_pairs().into_owned();
            pairs.filter(|(name, _)| !name.starts_with("X-Amz")).collect()
        })
        .collect();
    let query = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    };
    let start = "us_stocks_sip/minute_aggs_v1/2024/07/2024-07-02";
    let first = [
        ("encoding-type", "url"),
        ("list-type", "2"),
        ("prefix", "us_stocks_sip/minute_aggs_v1/"),
        ("start-after", start),
    ];
    assert_eq!(asked[0], query(&first));
    assert_eq!(asked[1], query(&[&[("continuation-token", "a+b/c=")], &first[..]].concat()));
}

#[test]
fn debug_shows_neither_key() {
    let text =
        format!("{:?} {:?}", settings("https://files.massive.com"), client("https://files.massive.com"));
    assert!(text.contains("***") && !text.contains(ID) && !text.contains(SECRET), "{text}");
}
