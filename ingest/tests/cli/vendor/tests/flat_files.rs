//! The flat files: signatures, lists, objects.

use std::time::Duration;

use chrono::{TimeZone, Utc};
use rusty_s3::actions::{GetObject, ListObjectsV2, S3Action};
use rusty_s3::{Bucket, Credentials, UrlStyle};

use super::super::http::Request;
use super::super::market::{Market, key};
use super::super::{BUCKET, Fault, S3_KEY, S3_SECRET, Vendor, signature};
use super::{Got, ask, market};

/// How long an address is good for.
const MINUTE: Duration = Duration::from_mins(1);

/// A request as the examples of AWS's description have it.
fn example(query: &str, headers: &[(&str, &str)]) -> Request {
    let mut headers: Vec<(String, String)> =
        headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    headers.push(("host".to_owned(), "examplebucket.s3.amazonaws.com".to_owned()));
    Request {
        server: "s3",
        method: "GET".to_owned(),
        path: "/test.txt".to_owned(),
        query: query.to_owned(),
        headers,
        at: std::time::Instant::now(),
        origin: String::new(),
    }
}

#[test]
fn the_signatures_of_awss_own_examples_are_right_and_others_are_not() {
    const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let then = Utc.with_ymd_and_hms(2013, 5, 24, 0, 0, 0).single().expect("a moment");
    let signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={KEY}/20130524/us-east-1/s3/aws4_request,\
         SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature={signature}"
    );
    let in_headers = |range: &str| {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let date = "20130524T000000Z";
        let request = example(
            "",
            &[
                ("authorization", &authorization),
                ("range", range),
                ("x-amz-date", date),
                ("x-amz-content-sha256", empty),
            ],
        );
        signature::check(&request, KEY, SECRET, then).map_err(|(code, _)| code)
    };
    assert_eq!(in_headers("bytes=0-9"), Ok(()));
    assert_eq!(in_headers("bytes=0-8"), Err("SignatureDoesNotMatch"));

    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
                 &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
                 &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    let in_address = |secret: &str, hours: i64| {
        signature::check(&example(query, &[]), KEY, secret, then + chrono::TimeDelta::hours(hours))
            .map_err(|(code, _)| code)
    };
    assert_eq!(in_address(SECRET, 1), Ok(()));
    assert_eq!(in_address(SECRET, 25), Err("AccessDenied"));
    assert_eq!(in_address("other", 1), Err("SignatureDoesNotMatch"));
}

fn signed<'a>(
    vendor: &Vendor,
    secret: &str,
    action: impl FnOnce(&'a Bucket, &'a Credentials) -> String,
) -> Got {
    let endpoint = vendor.s3_url().parse().expect("an address");
    let bucket = Bucket::new(endpoint, UrlStyle::Path, BUCKET, "us-east-1").expect("a bucket");
    // Kept for the rest of the test: the actions borrow them.
    let (bucket, credentials) =
        (Box::leak(Box::new(bucket)), Box::leak(Box::new(Credentials::new(S3_KEY, secret))));
    let url = action(bucket, credentials);
    ask(&vendor.s3_url(), url.strip_prefix(&vendor.s3_url()).expect("here"), &[])
}

fn object(vendor: &Vendor, key: &'static str) -> Got {
    signed(vendor, S3_SECRET, |b, c| GetObject::new(b, Some(c), key).sign(MINUTE).to_string())
}

#[test]
fn an_object_comes_with_etag_date_and_length_and_changes_when_it_is_published_again() {
    let vendor = Vendor::start(market());
    vendor.market().publish_day("2024-07-02");
    let path = "us_stocks_sip/day_aggs_v1/2024/07/2024-07-02.csv.gz";
    assert_eq!(key("day_aggs_v1", "2024-07-02"), path);
    let etag =
        |got: &Got| got.head.lines().find(|line| line.starts_with("etag: \"")).expect("an ETag").to_owned();
    let first = object(&vendor, path);
    assert_eq!(first.status, 200, "{}", first.text());
    assert!(
        first.head.contains(&format!("content-length: {}\r\n", first.body.len()))
            && first.head.contains("last-modified: ")
    );
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&first.body[..]), &mut text)
        .expect("gzip");
    assert_eq!(
        text,
        "ticker,volume,open,close,high,low,window_start,transactions\n\
         A,112117471,10.25,10,10.5,9.5,1719892800000000000,7\n\
         KIMpL,4369.5,26.1602,25.9102,26.4102,25.4102,1719892800000000000,7\n"
    );
    assert_eq!(etag(&object(&vendor, path)), etag(&first));
    vendor.market().day("2024-07-02", &[("A", 11.0, 1.0)]).publish_day("2024-07-02");
    assert_ne!(etag(&object(&vendor, path)), etag(&first));
    vendor.assert_secrets_kept();
}

#[test]
fn faults_of_the_flat_files_are_s3s_own() {
    let vendor = Vendor::start(market());
    vendor.market().publish_day("2024-07-02");
    let path = "us_stocks_sip/day_aggs_v1/2024/07/2024-07-02.csv.gz";
    let whole = object(&vendor, path).body;
    vendor
        .fault(path, 1, Fault::Status(503))
        .fault(path, 1, Fault::Status(500))
        .fault(path, 1, Fault::TruncatedGzip)
        .fault(path, 1, Fault::DamagedGzip)
        .fault(path, 1, Fault::CutInBody);
    let busy = object(&vendor, path);
    assert!(busy.status == 503 && busy.text().contains("<Code>SlowDown</Code>"), "{}", busy.text());
    assert!(object(&vendor, path).text().contains("<Code>InternalError</Code>"));
    let length = |got: &Got| format!("content-length: {}\r\n", got.body.len());
    let truncated = object(&vendor, path);
    assert!(truncated.head.contains(&length(&truncated)) && whole.starts_with(&truncated.body));
    let damaged = object(&vendor, path).body;
    assert!(damaged.len() == whole.len() && damaged != whole);
    let cut = object(&vendor, path);
    assert!(!cut.head.contains(&length(&cut)) && whole.starts_with(&cut.body));
    assert_eq!(object(&vendor, path).body, whole);
}

#[test]
fn wrong_keys_and_missing_objects_are_refused_in_s3s_words() {
    let vendor = Vendor::start(market());
    let code = |got: &Got| {
        got.text().split("<Code>").nth(1).and_then(|rest| rest.split('<').next()).expect("a code").to_owned()
    };
    let missing = object(&vendor, "us_stocks_sip/none.csv.gz");
    assert_eq!((missing.status, code(&missing).as_str()), (404, "NoSuchKey"));
    let wrong = signed(&vendor, "other", |b, c| GetObject::new(b, Some(c), "x").sign(MINUTE).to_string());
    assert_eq!((wrong.status, code(&wrong).as_str()), (403, "SignatureDoesNotMatch"));
    let stranger = Box::leak(Box::new(Credentials::new("STRANGER", S3_SECRET)));
    let stranger =
        signed(&vendor, "", |b, _| GetObject::new(b, Some(stranger), "x").sign(MINUTE).to_string());
    assert_eq!(code(&stranger), "InvalidAccessKeyId");
    let unsigned = ask(&vendor.s3_url(), "/flatfiles/x", &[]);
    assert_eq!((unsigned.status, code(&unsigned).as_str()), (403, "AccessDenied"));
}

fn list(
    vendor: &Vendor,
    set: impl FnOnce(&mut ListObjectsV2<'_>),
) -> rusty_s3::actions::ListObjectsV2Response {
    let got = signed(vendor, S3_SECRET, |b, c| {
        let mut action = ListObjectsV2::new(b, Some(c));
        set(&mut action);
        action.sign(MINUTE).to_string()
    });
    assert_eq!(got.status, 200, "{}", got.text());
    ListObjectsV2::parse_response(&got.text()).expect("a list")
}

#[test]
fn a_list_is_cut_into_pages_and_starts_where_it_is_asked_to() {
    let mut market = Market::new();
    for day in 10..31 {
        market.put(&key("day_aggs_v1", &format!("2024-07-{day}")), vec![day; usize::from(day)]);
    }
    market.put(&key("minute_aggs_v1", "2024-07-10"), vec![1]).put("odd/a b&c.txt", vec![1]);
    let vendor = Vendor::start(market);
    assert_eq!(list(&vendor, |_| {}).contents.len(), 23);
    let (mut keys, mut token, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = list(&vendor, |action| {
            action.with_prefix("us_stocks_sip/day_aggs_v1/2024/07/");
            action.with_max_keys(8);
            if let Some(token) = token.take() {
                action.with_continuation_token(token);
            }
        });
        pages += 1;
        keys.extend(page.contents.iter().map(|object| (object.key.clone(), object.size)));
        match page.next_continuation_token {
            Some(next) => token = Some(next),
            None => break,
        }
    }
    assert_eq!((pages, keys.len()), (3, 21));
    assert_eq!(keys[20], (key("day_aggs_v1", "2024-07-30"), Some(30)));
    assert!(keys.is_sorted());
    let later = list(&vendor, |action| {
        action.with_prefix("us_stocks_sip/day_aggs_v1/");
        action.with_start_after(key("day_aggs_v1", "2024-07-28"));
    });
    assert_eq!(later.contents.len(), 2);
    assert!(later.contents[0].etag.as_deref().is_some_and(|etag| etag.ends_with("-2\"")));
    let folders = list(&vendor, |action| {
        action.with_delimiter("/");
    });
    assert_eq!(
        folders.common_prefixes.iter().map(|one| one.prefix.as_str()).collect::<Vec<_>>(),
        ["odd/", "us_stocks_sip/"]
    );
    assert_eq!(list(&vendor, |action| action.with_prefix("odd/")).contents[0].key, "odd/a b&c.txt");
}
