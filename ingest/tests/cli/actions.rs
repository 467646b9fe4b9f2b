//! Splits and dividends, from files and from the API.

use std::path::Path;

use serde_json::{Value, json};

use crate::files::Folder;
use crate::run::{Run, backfill, ingest};
use crate::support::Database;
use crate::tables;

fn write(folder: &Folder, name: &str, results: Value) {
    let text = json!({"status": "OK", "results": results}).to_string();
    std::fs::write(Path::new(folder.path()).join(name), text).expect("written");
}

fn split(id: &str, ticker: &str, from: u32, to: u32) -> Value {
    json!({"id": id, "ticker": ticker, "execution_date": "2024-07-03", "split_from": from, "split_to": to})
}

fn dividend(id: &str, ticker: &str, amount: f64) -> Value {
    json!({"id": id, "ticker": ticker, "ex_dividend_date": "2024-07-03", "cash_amount": amount, "currency": "USD"})
}

/// A database with two sessions of A and B.
async fn loaded() -> (Database, Folder) {
    let (database, folder) = (Database::create().await, Folder::new());
    let bars = [("A", 10.0, 100.0), ("B", 20.0, 200.0)];
    folder.day("2024-07-02", &bars).day("2024-07-03", &bars);
    backfill(&database.url, folder.path(), "2024-07-02", "2024-07-03", &[]).await.succeeded();
    (database, folder)
}

async fn actions(database: &Database, folder: &str) -> Run {
    ingest(&database.url, &["actions", "--source", &format!("files:{folder}")]).await.succeeded()
}

#[tokio::test]
async fn actions_loaded_twice_are_there_once_and_only_what_differs_is_written() {
    let (database, folder) = loaded().await;
    let client = database.client().await;
    write(&folder, "splits.json", json!([split("s1", "A", 1, 2), split("s2", "NONE", 1, 2)]));
    write(
        &folder,
        "dividends.json",
        json!([dividend("d1", "A", 0.25), dividend("d2", "B", 0.5), dividend("d3", "B", 0.5)]),
    );
    let run = actions(&database, folder.path()).await;
    assert!(
        run.out.contains("splits             2 read   1 new or changed, 0 equal, 0 repeated, 1 set aside"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("1  no bars of this ticker are loaded\n               NONE 2024-07-03"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("dividends          3 read   2 new or changed, 0 equal, 1 repeated, 0 set aside"),
        "{}",
        run.out
    );
    tables::forget_changes(&client).await;

    let run = actions(&database, folder.path()).await;
    assert!(
        run.out.contains("0 new or changed, 1 equal") && run.out.contains("0 new or changed, 2 equal"),
        "{}",
        run.out
    );
    assert_eq!(tables::number(&client, "SELECT count(*) FROM change_log").await, 0);

    write(&folder, "splits.json", json!([split("s1", "A", 1, 3)]));
    assert!(actions(&database, folder.path()).await.out.contains("1 new or changed, 0 equal"));
    assert_eq!(tables::texts(&client, "SELECT split_from || ':' || split_to FROM splits").await, ["1:3"]);
    assert_eq!(tables::logged(&client, "splits").await.into_iter().collect::<Vec<_>>(), ["A"]);
    assert!(tables::logged(&client, "dividends").await.is_empty());
}

#[tokio::test]
async fn of_contradictory_splits_the_later_id_is_kept_and_the_other_shown() {
    let (database, folder) = loaded().await;
    write(
        &folder,
        "splits.json",
        json!([split("s10", "A", 1, 4), split("s9", "A", 1, 7), split("s11", "B", 0, 2)]),
    );
    let run = actions(&database, folder.path()).await;
    assert!(run.out.contains("3 read   1 new or changed, 0 equal, 0 repeated, 2 set aside"), "{}", run.out);
    assert!(run.out.contains("1  another record contradicts it"), "{}", run.out);
    assert!(run.out.contains("A 2024-07-03 1:7"), "{}", run.out);
    assert!(run.out.contains("1  a side of the split is not above 0"), "{}", run.out);
    let client = database.client().await;
    assert_eq!(tables::texts(&client, "SELECT split_from || ':' || split_to FROM splits").await, ["1:4"]);
}

#[tokio::test]
async fn a_reply_that_is_none_leaves_everything_as_it_was() {
    let (database, folder) = loaded().await;
    write(&folder, "splits.json", json!([split("s1", "A", 1, 2)]));
    std::fs::write(Path::new(folder.path()).join("dividends.json"), "{\"results\": [").expect("written");
    let source = format!("files:{}", folder.path());
    ingest(&database.url, &["actions", "--source", &source])
        .await
        .failed("dividends.json: no page of results", "fetch it again");
    assert_eq!(tables::number(&database.client().await, "SELECT count(*) FROM splits").await, 0);
}
