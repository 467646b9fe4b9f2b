//! The vendor's API, played by a server on loopback.

use std::process::Command;

use wiremock::matchers::{header, method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::files::{Folder, bar};
use crate::run::{KEY, Run, backfill, command, finish};
use crate::support::Database;
use crate::tables;
use crate::vendor::{Fault, Market, Vendor};

fn json(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(text.to_owned(), "application/json")
}

/// Answers the grouped call for `day` with `answer`, at most `times` times.
async fn grouped(server: &MockServer, day: &str, answer: ResponseTemplate, times: u64) {
    Mock::given(method("GET"))
        .and(path(format!("/v2/aggs/grouped/locale/us/market/stocks/{day}")))
        .and(query_param("adjusted", "false"))
        .and(header("authorization", format!("Bearer {KEY}").as_str()))
        .respond_with(answer)
        .up_to_n_times(times)
        .mount(server)
        .await;
}

/// A grouped answer of tickers, closes and volumes, with the other prices of [`crate::files::line`].
fn bars(rows: &[(&str, f64, f64)]) -> ResponseTemplate {
    let rows: Vec<String> = rows
        .iter()
        .map(|(ticker, close, volume)| {
            let [open, high, low, close, volume] = crate::files::bar(*close, *volume);
            format!(r#"{{"T":"{ticker}","o":{open},"h":{high},"l":{low},"c":{close},"v":{volume},"vw":{close},"n":7,"t":1}}"#)
        })
        .collect();
    json(&format!(
        r#"{{"status":"OK","adjusted":false,"resultsCount":{},"results":[{}]}}"#,
        rows.len(),
        rows.join(",")
    ))
}

fn with_key(database: &Database, server: &MockServer, args: &[&str]) -> Command {
    let mut command = command(Some(&database.url), args);
    command.env("POLYGON_API_KEY", KEY).env("POLYGON_BASE_URL", server.uri());
    command
}

async fn rest(database: &Database, server: &MockServer, from: &str, to: &str, more: &[&str]) -> Run {
    let args = ["backfill", "--source", "rest", "--plan", "paid", "--from", from, "--to", to];
    finish(with_key(database, server, &[&args, more].concat())).await
}

async fn asked(server: &MockServer) -> usize {
    server.received_requests().await.expect("recorded").len()
}

#[tokio::test]
async fn a_range_is_asked_for_session_by_session_through_an_empty_day_and_a_slow_down() {
    let (database, vendor) = (Database::create().await, Vendor::start(Market::new()));
    vendor
        .market()
        .day("2024-07-02", &[("A", 10.0, 1.121_174_71e8), ("B", 20.0, 0.5)])
        .day("2024-07-03", &[("A", 11.0, 110.0)]);
    vendor.fault("2024-07-03", 1, Fault::SlowDown(Some("0")));
    let args =
        ["backfill", "--source", "rest", "--plan", "paid", "--from", "2024-07-02", "--to", "2024-07-05"];
    let run = vendor.run(&database, &args).await.succeeded();
    assert!(run.err.contains("3 calls of the vendor's API, one a session"), "{}", run.err);
    assert!(run.err.contains("the vendor asks to slow down"), "{}", run.err);
    assert!(run.out.contains("loaded 2, unchanged 0, set aside 1"), "{}", run.out);
    assert!(run.out.contains("the vendor has no bars of the session") && run.out.contains("2024-07-05"));
    assert_eq!(vendor.requests().len(), 4, "the holiday is not asked for");
    let client = database.client().await;
    assert_eq!(tables::loads(&client).await, ["2024-07-02", "2024-07-03"]);
    let bars = tables::bars(&client).await;
    assert_eq!(bars[&("A".to_owned(), "2024-07-02".to_owned())], bar(10.0, 1.121_174_71e8), "as printed");
    assert_eq!(bars.len(), 3);
    let origin =
        tables::texts(&client, "SELECT DISTINCT source || ' ' || origin FROM loads ORDER BY 1").await;
    assert_eq!(origin[0], "rest /v2/aggs/grouped/locale/us/market/stocks/2024-07-02");

    // What is loaded costs no call; the session that had no bars is asked for again.
    vendor.market().day("2024-07-05", &[("A", 12.0, 120.0)]);
    vendor.run(&database, &args).await.succeeded();
    assert_eq!(vendor.requests().len(), 5);
    let run = vendor.run(&database, &args).await.succeeded();
    assert!(run.out.contains("loaded 0, unchanged 3, set aside 0"), "{}", run.out);
    assert_eq!(vendor.requests().len(), 5);
    vendor.assert_secrets_kept();
}

#[tokio::test]
async fn a_refusal_keeps_what_came_before_it_and_the_next_run_goes_on_from_there() {
    let (database, server) = (Database::create().await, MockServer::start().await);
    grouped(&server, "2024-07-02", bars(&[("A", 10.0, 100.0)]), 1).await;
    let refusal = format!(r#"{{"status":"NOT_AUTHORIZED","message":"Your plan ends here, {KEY}."}}"#);
    grouped(&server, "2024-07-03", ResponseTemplate::new(403).set_body_raw(refusal, "application/json"), 1)
        .await;
    let run = rest(&database, &server, "2024-07-02", "2024-07-05", &[]).await;
    let run = run.failed("the vendor's plan does not include /v2/aggs/grouped", "or for a larger plan");
    assert!(
        run.err.contains("Your plan ends here") && run.err.contains("1 of 3 sessions are loaded"),
        "{}",
        run.err
    );
    assert_eq!(tables::loads(&database.client().await).await, ["2024-07-02"]);

    grouped(&server, "2024-07-03", bars(&[("A", 11.0, 110.0)]), 1).await;
    grouped(&server, "2024-07-05", bars(&[("A", 12.0, 120.0)]), 1).await;
    rest(&database, &server, "2024-07-02", "2024-07-05", &[]).await.succeeded();
    assert_eq!(asked(&server).await, 4);
    let refused = ResponseTemplate::new(401)
        .set_body_raw(r#"{"status":"ERROR","error":"Unknown API Key"}"#, "application/json");
    grouped(&server, "2024-07-08", refused, 1).await;
    rest(&database, &server, "2024-07-08", "2024-07-08", &[])
        .await
        .failed("the vendor does not accept the key", "the vendor's dashboard");
}

#[tokio::test]
async fn the_same_day_from_the_api_and_from_a_file_is_the_same_to_the_last_bit() {
    let (database, server, folder) = (Database::create().await, MockServer::start().await, Folder::new());
    let day = [("A", 10.957_860_598_549_463, 100.0), ("BRK.A", 0.7, 0.1 + 0.2), ("ZERO", 5.0, 0.0)];
    grouped(&server, "2024-07-02", bars(&day), 9).await;
    folder.day("2024-07-02", &day);
    let client = database.client().await;
    let flat = || backfill(&database.url, folder.path(), "2024-07-02", "2024-07-02", &["--reload"]);
    let ask = || rest(&database, &server, "2024-07-02", "2024-07-02", &["--reload"]);
    let vwaps = "SELECT count(vwap) FROM bars_day";

    flat().await.succeeded();
    let from_file = tables::bars(&client).await;
    assert_eq!(tables::number(&client, vwaps).await, 0);
    let run = ask().await.succeeded();
    assert_eq!(run.number("changed"), 3, "the file has no vwap, the API has");
    assert_eq!(tables::bars(&client).await, from_file);
    assert_eq!(tables::number(&client, vwaps).await, 3);
    // A file that says nothing of the vwap does not take it away.
    for again in [flat().await.succeeded(), ask().await.succeeded()] {
        assert_eq!((again.number("changed"), again.number("equal")), (0, 3));
    }
    assert_eq!(tables::number(&client, vwaps).await, 3);
}

#[tokio::test]
async fn a_ticker_that_is_none_is_set_aside_and_the_day_is_loaded() {
    let (database, server) = (Database::create().await, MockServer::start().await);
    grouped(
        &server,
        "2024-07-02",
        bars(&[("A", 10.0, 100.0), ("B\\u0000C", 20.0, 1.0), ("D E", 20.0, 1.0)]),
        1,
    )
    .await;
    let run = rest(&database, &server, "2024-07-02", "2024-07-02", &[]).await.succeeded();
    assert!(run.out.contains("2  the ticker holds white space or control characters"), "{}", run.out);
    assert_eq!(run.number("inserted"), 1);
}

#[tokio::test]
async fn actions_are_read_page_by_page() {
    let (database, server, folder) = (Database::create().await, MockServer::start().await, Folder::new());
    folder.day("2024-07-02", &[("A", 10.0, 100.0)]).day("2024-07-03", &[("A", 5.0, 100.0)]);
    backfill(&database.url, folder.path(), "2024-07-02", "2024-07-03", &[]).await.succeeded();
    let list = async |list: &str, cursor: Option<&str>, answer: String| {
        let mock = Mock::given(method("GET")).and(path(format!("/stocks/v1/{list}")));
        let mock = match cursor {
            None => mock.and(query_param_is_missing("cursor")).and(query_param("limit", "5000")),
            Some(cursor) => mock.and(query_param("cursor", cursor)),
        };
        mock.respond_with(json(&answer)).mount(&server).await;
    };
    let split = r#"{"id":"s1","ticker":"A","execution_date":"2024-07-03","split_from":1,"split_to":2}"#;
    let next = format!("{}/stocks/v1/splits?cursor=two&apiKey={KEY}", server.uri());
    list("splits", None, format!(r#"{{"status":"OK","results":[{split}],"next_url":"{next}"}}"#)).await;
    list("splits", Some("two"), r#"{"status":"OK","results":[{"id":"s2","ticker":"NONE","execution_date":"2024-07-03","split_from":1,"split_to":3}]}"#.into()).await;
    list("dividends", None, r#"{"status":"OK","results":[{"id":"d1","ticker":"A","ex_dividend_date":"2024-07-03","cash_amount":0.25,"currency":"USD"}]}"#.into()).await;
    let args = ["actions", "--source", "rest", "--plan", "paid"];
    let run = finish(with_key(&database, &server, &args)).await.succeeded();
    assert!(run.out.contains("2 read   1 new or changed, 0 equal, 0 repeated, 1 set aside"), "{}", run.out);
    assert!(run.out.contains("no bars of this ticker are loaded") && run.out.contains("NONE 2024-07-03"));
    let client = database.client().await;
    assert_eq!(
        tables::texts(&client, "SELECT ex_date || ' ' || split_to FROM splits").await,
        ["2024-07-03 2"]
    );
    assert_eq!(tables::number(&client, "SELECT count(*) FROM dividends").await, 1);
    let requests = server.received_requests().await.expect("recorded");
    assert!(requests.iter().all(|request| !request.url.as_str().contains(KEY)), "the key is in no address");
}
