//! The client against a real HTTP server on loopback that misbehaves in every way the vendor is known for.

use super::{retry::Patience, *};
use chrono::NaiveDate;
use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tidemark::store::ledger::Timeframe;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path, query_param},
};

const KEY: &str = "q7-very-secret-q7";
const GROUPED: &str = "/v2/aggs/grouped/locale/us/market/stocks/2024-01-03";
const ONE_ROW: &str = r#"{"status":"OK","adjusted":false,"resultsCount":1,
    "results":[{"T":"A","o":1,"h":2,"l":1,"c":2,"v":5,"t":1}]}"#;

fn session() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 3).unwrap()
}

/// An impatient client of `base_url`: 3 tries, waits of a millisecond, a deadline of 2 s.
fn settings(base_url: &str) -> VendorSettings {
    VendorSettings {
        patience: Patience {
            timeout: Duration::from_secs(2),
            tries: 3,
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_secs(3),
        },
        ..VendorSettings::new(base_url, Secret::new(KEY), NonZeroU32::new(60_000).unwrap())
    }
}

fn client(base_url: &str) -> VendorClient {
    VendorClient::new(settings(base_url)).unwrap()
}

fn json(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

/// A server that gives these answers in turn, the last one for ever.
async fn server(answers: Vec<ResponseTemplate>) -> (MockServer, Arc<AtomicUsize>) {
    let server = MockServer::start().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    Mock::given(method("GET"))
        .and(header("authorization", format!("Bearer {KEY}").as_str()))
        .respond_with(move |_: &wiremock::Request| {
            let turn = count.fetch_add(1, Ordering::SeqCst);
            answers[turn.min(answers.len() - 1)].clone()
        })
        .mount(&server)
        .await;
    (server, asked)
}

/// The error of one request to a server that always gives `answer`, which must not show the key, and the number
/// of requests.
async fn refused(answer: ResponseTemplate) -> (VendorError, usize) {
    let (server, asked) = server(vec![answer]).await;
    let error = client(&server.uri()).grouped_daily(session()).await.unwrap_err();
    assert_silent(&error);
    (error, asked.load(Ordering::SeqCst))
}

fn assert_silent(error: &VendorError) {
    for text in [error.to_string(), format!("{error:?}"), error.hint()] {
        assert!(!text.contains(KEY), "{text}");
    }
}

/// A server below HTTP: reads a request, writes `answer`, waits, and closes the connection.
async fn raw_server(answer: String, then_wait: Duration) -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = socket.read(&mut request).await;
                let _ = socket.write_all(answer.as_bytes()).await;
                tokio::time::sleep(then_wait).await;
            });
        }
    });
    (address, asked)
}

#[tokio::test]
async fn the_grouped_day_is_asked_for_raw_with_the_key_in_the_header_only() {
    let (server, _) = server(vec![json(200, ONE_ROW)]).await;
    let day = client(&server.uri()).grouped_daily(session()).await.unwrap();
    assert_eq!(day.session, session());
    assert_eq!(day.bars.len(), 1);
    let requests = server.received_requests().await.unwrap();
    let url = requests[0].url.as_str();
    assert!(url.ends_with(&format!("{GROUPED}?adjusted=false&include_otc=false")), "{url}");
    assert!(!url.contains(KEY));
    assert!(requests[0].headers["accept-encoding"].to_str().unwrap().contains("gzip"));
}

#[tokio::test]
async fn delayed_is_a_success() {
    let (server, _) = server(vec![json(200, &ONE_ROW.replace("OK", "DELAYED"))]).await;
    assert_eq!(client(&server.uri()).grouped_daily(session()).await.unwrap().bars.len(), 1);
}

#[tokio::test]
async fn a_429_is_waited_out_for_as_long_as_it_says() {
    let slow = json(429, r#"{"status":"ERROR","error":"You've exceeded the maximum requests per minute"}"#)
        .insert_header("retry-after", "1");
    let (server, asked) = server(vec![slow, json(200, ONE_ROW)]).await;
    let start = Instant::now();
    client(&server.uri()).grouped_daily(session()).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_429_that_says_nothing_is_tried_again_and_then_reported() {
    let (error, asked) = refused(ResponseTemplate::new(429)).await;
    assert_eq!(asked, 3);
    assert_eq!(
        error,
        VendorError::SlowDown {
            path: GROUPED.into(),
            tries: 3,
            retry_after: None,
            message: "no reason given".into()
        }
    );
}

#[tokio::test]
async fn a_wait_longer_than_allowed_fails_at_once_and_is_named() {
    let (error, asked) = refused(ResponseTemplate::new(429).insert_header("retry-after", "3600")).await;
    assert_eq!(asked, 1);
    assert_eq!(error.hint(), "wait 3600 s, then run it again");
}

#[tokio::test]
async fn server_faults_pass_when_they_pass() {
    for status in [413, 499, 500, 502, 503, 504] {
        let (server, asked) = server(vec![ResponseTemplate::new(status), json(200, ONE_ROW)]).await;
        client(&server.uri()).grouped_daily(session()).await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 2, "{status}");
    }
}

#[tokio::test]
async fn a_lasting_server_fault_names_status_and_tries() {
    let (error, asked) = refused(ResponseTemplate::new(503).set_body_string("<html>busy</html>")).await;
    assert_eq!(asked, 3);
    assert!(matches!(error, VendorError::ServerFault { status: 503, tries: 3, .. }), "{error}");
}

#[tokio::test]
async fn refusals_are_not_tried_again() {
    let quoted = format!(r#"{{"status":"ERROR","error":"Unknown API Key {KEY}"}}"#);
    let (error, asked) = refused(json(401, &quoted)).await;
    assert_eq!(asked, 1);
    assert_eq!(
        error,
        VendorError::KeyRefused { path: GROUPED.into(), message: "Unknown API Key ***".into() }
    );

    let plan = r#"{"status":"NOT_AUTHORIZED","message":"Your plan doesn't include this data timeframe"}"#;
    for status in [200, 403] {
        let (error, asked) = refused(json(status, plan)).await;
        assert_eq!(asked, 1);
        assert!(matches!(error, VendorError::NotInPlan { .. }), "{error}");
        assert!(error.hint().contains("plan"));
    }
    let (error, _) = refused(json(404, r#"{"status":"NOT_FOUND","message":"Ticker not found."}"#)).await;
    assert!(matches!(error, VendorError::NotFound { .. }), "{error}");
    let (error, _) = refused(json(200, &quoted)).await;
    assert!(matches!(error, VendorError::KeyRefused { .. }), "{error}");
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_malformed() {
    for body in ["<html>welcome</html>", "", r#"{"status":"OK","results":[{"T""#, r#"{"results":7}"#] {
        let (error, asked) = refused(json(200, body)).await;
        assert_eq!(asked, 1);
        assert!(matches!(error, VendorError::Malformed { .. }), "{body}: {error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (error, asked) =
        refused(ResponseTemplate::new(302).insert_header("location", "https://evil.example/x?a=b")).await;
    assert_eq!(asked, 1);
    assert_eq!(error, VendorError::Redirected { path: GROUPED.into(), host: "https://evil.example".into() });
}

#[tokio::test]
async fn a_connection_cut_in_the_body_is_tried_again_and_then_reported() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"status\":".to_owned();
    let (address, asked) = raw_server(half, Duration::ZERO).await;
    let error = client(&address).grouped_daily(session()).await.unwrap_err();
    assert_silent(&error);
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    assert!(matches!(error, VendorError::Unreachable { tries: 3, .. }), "{error}");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_unreachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&address).grouped_daily(session()).await.unwrap_err();
    assert_silent(&error);
    assert!(matches!(error, VendorError::Unreachable { tries: 3, .. }), "{error}");
    assert!(!error.to_string().contains("include_otc"), "no query in {error}");
}

#[tokio::test]
async fn a_body_that_does_not_end_meets_the_deadline() {
    let slow = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"status\":".to_owned();
    let (address, asked) = raw_server(slow, Duration::from_mins(1)).await;
    let timeout = Duration::from_millis(150);
    let mut settings = settings(&address);
    settings.patience = Patience { timeout, tries: 2, ..settings.patience };
    let client = VendorClient::new(settings).unwrap();
    let start = Instant::now();
    let error = client.grouped_daily(session()).await.unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    assert_eq!(error, VendorError::TimedOut { path: GROUPED.into(), tries: 2, timeout });
}

#[tokio::test]
async fn requests_keep_to_the_plans_rate() {
    let (server, asked) = server(vec![json(200, ONE_ROW)]).await;
    let requests_per_minute = NonZeroU32::new(300).unwrap();
    let client =
        VendorClient::new(VendorSettings { requests_per_minute, ..settings(&server.uri()) }).unwrap();
    let start = Instant::now();
    for _ in 0..4 {
        client.grouped_daily(session()).await.unwrap();
    }
    assert_eq!(asked.load(Ordering::SeqCst), 4);
    assert!(start.elapsed() >= Duration::from_millis(590), "{:?}", start.elapsed());
}

/// A server whose first page names `next_url` and whose second page is the last.
async fn paged(next_url: impl Fn(&str) -> String) -> MockServer {
    let server = MockServer::start().await;
    let next = next_url(&server.uri());
    Mock::given(path("/v3/list"))
        .and(query_param("limit", "2"))
        .respond_with(json(200, &format!(r#"{{"status":"OK","results":[1],"next_url":"{next}"}}"#)))
        .mount(&server)
        .await;
    Mock::given(path("/v3/list"))
        .and(query_param("cursor", "a"))
        .and(header("authorization", format!("Bearer {KEY}").as_str()))
        .respond_with(json(200, r#"{"status":"OK","results":[2]}"#))
        .mount(&server)
        .await;
    server
}

async fn read_all(server: &MockServer) -> (Vec<bytes::Bytes>, Option<VendorError>) {
    let client = client(&server.uri());
    let mut pages = client.pages("/v3/list", &[("limit", "2")]);
    let mut read = Vec::new();
    loop {
        match pages.next().await {
            Ok(Some(page)) => read.push(page),
            Ok(None) => return (read, None),
            Err(error) => {
                assert_silent(&error);
                assert_eq!(pages.next().await, Ok(None), "after an error the list has ended");
                return (read, Some(error));
            }
        }
    }
}

#[tokio::test]
async fn pages_follow_the_next_url_and_strip_a_key_from_it() {
    for extra in ["", "&apiKey=someone"] {
        let server = paged(|uri| format!("{uri}/v3/list?cursor=a{extra}")).await;
        let (pages, error) = read_all(&server).await;
        assert_eq!(error, None);
        assert_eq!(pages.len(), 2);
        assert_eq!(&pages[1][..], br#"{"status":"OK","results":[2]}"#);
        for request in server.received_requests().await.unwrap() {
            assert!(!request.url.as_str().contains("apiKey"), "{}", request.url);
        }
    }
}

#[tokio::test]
async fn a_foreign_next_page_is_not_asked_for() {
    let foreign = MockServer::start().await;
    let elsewhere = foreign.uri();
    let server = paged(|_| format!("{elsewhere}/v3/list?cursor=a&apiKey={KEY}")).await;
    let (pages, error) = read_all(&server).await;
    assert!(pages.is_empty(), "a list cut short is not given");
    assert_eq!(error, Some(VendorError::ForeignPage { path: "/v3/list".into(), origin: elsewhere }));
    assert!(foreign.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn pages_in_a_circle_are_refused() {
    let server = paged(|uri| format!("{uri}/v3/list?limit=2")).await;
    let (_, error) = read_all(&server).await;
    assert_eq!(error, Some(VendorError::RepeatedPage { path: "/v3/list".into(), pages: 1 }));
}

#[tokio::test]
async fn a_range_is_read_through_its_pages_with_the_ticker_encoded_once() {
    let row = |time: u64| format!(r#"{{"o":1,"h":2,"l":1,"c":2,"v":5,"t":{time}}}"#);
    for (ticker, asked) in [("BRK.A", "BRK.A"), ("MRTpA.CL", "MRTpA.CL"), ("A/B", "A%2FB")] {
        let server = MockServer::start().await;
        let next =
            format!("{}/v2/aggs/ticker/x/range/1/minute/1720000000000/2024-07-05?cursor=a", server.uri());
        let first = format!(
            r#"{{"ticker":"{ticker}","status":"OK","adjusted":false,"resultsCount":1,"results":[{}],"next_url":"{next}"}}"#,
            row(1_719_999_960_000)
        );
        Mock::given(path(format!("/v2/aggs/ticker/{asked}/range/1/minute/2024-07-03/2024-07-05")))
            .and(query_param("adjusted", "false"))
            .and(query_param("sort", "asc"))
            .and(query_param("limit", "50000"))
            .respond_with(json(200, &first))
            .mount(&server)
            .await;
        let second = format!(r#"{{"status":"OK","adjusted":false,"results":[{}]}}"#, row(1_720_000_000_000));
        Mock::given(query_param("cursor", "a")).respond_with(json(200, &second)).mount(&server).await;
        let client = client(&server.uri());
        let (from, to) = ("2024-07-03".parse().unwrap(), "2024-07-05".parse().unwrap());
        let range = client.range(ticker, Timeframe::Minute, from, to).await.unwrap();
        let starts: Vec<i64> = range.bars.iter().map(|(start, _)| *start).collect();
        assert_eq!(starts, [1_719_999_960_000, 1_720_000_000_000]);
        assert_eq!((range.ticker.as_str(), range.received, client.requests()), (ticker, 2, 2));
    }
}

#[tokio::test]
async fn what_is_no_ticker_is_not_asked_for() {
    let (server, asked) = server(vec![json(200, "{}")]).await;
    let client = client(&server.uri());
    for ticker in ["", ".", "..", "A B", "A\nB"] {
        let error = client.range(ticker, Timeframe::Day, session(), session()).await.unwrap_err();
        assert!(matches!(error, VendorError::NotFound { .. }), "{ticker:?}: {error}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn a_client_needs_a_usable_key() {
    let with = |key: &str| {
        let rate = NonZeroU32::new(5).unwrap();
        VendorClient::new(VendorSettings::new("https://api.massive.com", Secret::new(key), rate)).map(|_| ())
    };
    assert_eq!(with(" \n"), Err(VendorError::KeyMissing));
    let error = with("two\nlines").unwrap_err();
    assert!(!error.to_string().contains("lines"), "{error}");
    assert_eq!(with("fine"), Ok(()));
}

#[test]
fn debug_of_client_and_settings_shows_no_key() {
    let settings = settings("https://api.massive.com");
    assert!(!format!("{settings:?}").contains(KEY));
    let client = VendorClient::new(settings).unwrap();
    let text = format!("{client:?} {:?}", client.pages("/v3/list", &[]));
    assert!(text.contains("***") && !text.contains(KEY), "{text}");
}
