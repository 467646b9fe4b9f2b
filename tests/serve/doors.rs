//! The protocols, driven by clients in Perl; and who may come in.

use std::process::Stdio;

use crate::ready;
use crate::server::{Server, perl, scan, until, words};
use crate::support::Database;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_in_another_language_asks_by_lines() {
    let (database, _client, _) = ready().await;
    let output = perl(&database, "lines.pl", &[env!("CARGO_BIN_EXE_scan")]).output().unwrap();
    assert!(output.status.success() && words(&output).contains("all is well"), "{}", words(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_in_another_language_asks_over_http() {
    let (database, _client, _) = ready().await;
    let mut server = Server::ready(&database);
    let output = perl(&database, "web.pl", &[&format!("http://{}", server.address)]).output().unwrap();
    assert!(output.status.success(), "{}\n{}", words(&output), server.said());
    server.signal("TERM");
    assert_eq!(server.code(), Some(0), "{}", server.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn both_doors_may_be_open_and_the_end_of_the_input_closes_both() {
    let (database, _client, _) = ready().await;
    let mut server = Server::start(scan(&database, &["serve", "--stdio", "--http", "127.0.0.1:0"]));
    until("the market is loaded", || server.get("/healthz").status == 200);
    server.send("{\"requestId\": \"a\", \"limit\": 3}");
    let answer = loop {
        let line = server.line();
        if line != "READY" {
            break serde_json::from_str::<serde_json::Value>(&line).unwrap();
        }
    };
    assert_eq!(answer["rows"], server.rows("limit=3"));
    server.end();
    assert_eq!(server.code(), Some(0), "{}", server.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_connections_are_answered_or_refused_and_the_next_one_is_answered() {
    let (database, _client, _) = ready().await;
    let server = Server::ready(&database);
    let output = perl(&database, "many.pl", &[&server.address.to_string(), "1000"]).output().unwrap();
    let said = words(&output);
    assert!(output.status.success() && said.contains("0 broken"), "{said}\n{}", server.said());
    println!("{said}");
    until("there is a place again", || server.get("/v1/scan?limit=1").status == 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_a_token_only_who_bears_it_is_answered() {
    let (database, _client, _) = ready().await;
    let mut command = scan(&database, &["serve", "--http", "127.0.0.1:0"]);
    command.env("TIDEMARK_HTTP_TOKEN", "correct horse battery");
    let server = Server::start(command);
    for (path, header) in [
        ("/v1/scan", ""),
        ("/healthz", "authorization: Bearer correct horse batterz\r\n"),
        ("/metrics", "authorization: correct horse battery\r\n"),
        ("/nowhere", ""),
    ] {
        let page = server.get_with(path, header);
        assert_eq!(
            (page.status, page.json()["error"]["code"].as_str()),
            (401, Some("unauthorized")),
            "{path}"
        );
    }
    let header = "authorization: Bearer correct horse battery\r\n";
    until("the market is loaded", || server.get_with("/healthz", header).status == 200);
    assert_eq!(server.get_with("/v1/scan", header).status, 200);
    assert!(!server.said().contains("horse"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_others_reach_needs_a_token_of_some_length() {
    let database = Database::create().await;
    for (address, token, wanted) in [
        ("0.0.0.0:0", None, "requests must bear a token"),
        ("0.0.0.0:0", Some("short"), "fewer than 16 characters"),
        ("127.0.0.1:0", Some("short"), "fewer than 16 characters"),
        ("203.0.113.7:1", Some("long enough to be a token"), "cannot be listened on"),
    ] {
        let mut command = scan(&database, &["serve", "--http", address]);
        if let Some(token) = token {
            command.env("TIDEMARK_HTTP_TOKEN", token);
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(!output.status.success() && words(&output).contains(wanted), "{address}: {}", words(&output));
        assert!(!words(&output).contains("short"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_market_without_features_is_an_answer_with_a_code_and_then_one_with_rows() {
    let database = Database::create().await;
    let mut client = database.client().await;
    let server = Server::start(scan(&database, &["serve", "--http", "127.0.0.1:0"]));
    until("the market is looked at", || server.get("/healthz").json()["trouble"].is_object());
    let health = server.get("/healthz");
    assert_eq!((health.status, health.json()["status"].as_str()), (503, Some("starting")));
    assert_eq!(server.get("/v1/scan").json()["error"]["code"], "no_bars");

    let ids = crate::market::instruments(&mut client, 12).await;
    let sessions = crate::market::first()..crate::market::first() + 80;
    crate::market::open_chunks(&mut client, sessions.clone()).await;
    let transaction = client.transaction().await.unwrap();
    crate::market::write(&transaction, &ids, sessions, |id, session| {
        Some(crate::market::bar(id, session, 0))
    })
    .await;
    transaction.commit().await.unwrap();
    until("the bars are seen", || server.get("/v1/scan").json()["error"]["code"] == "no_features");
    let refused = server.get("/v1/scan");
    assert_eq!(refused.status, 503);
    assert_eq!(refused.json()["error"]["hint"], "run: features refresh");
    crate::refresh(&mut client).await;
    until("the features are seen", || server.get("/v1/scan").status == 200);
    assert_eq!(server.get("/healthz").json()["status"], "ok");
}
