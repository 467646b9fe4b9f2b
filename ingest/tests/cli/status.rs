//! `ingest status`: for people and for programs.

use serde_json::{Value, json};

use crate::files::Folder;
use crate::run::{backfill, ingest};
use crate::support::Database;

#[tokio::test]
async fn a_missing_session_is_counted_and_named() {
    let (database, folder) = (Database::create().await, Folder::new());
    folder
        .day("2024-07-02", &[("A", 10.0, 100.0), ("B", 20.0, 1.0)])
        .day("2024-07-05", &[("A", 10.0, 100.0)]);
    backfill(&database.url, folder.path(), "2024-07-02", "2024-07-05", &[]).await.succeeded();
    let run = ingest(&database.url, &["status"]).await.succeeded();
    for line in [
        "range        2024-07-02 to 2024-07-05",
        "sessions     3 expected, 2 loaded, 1 missing",
        "             missing: 2024-07-03",
        "bars         3, by the ledger",
        "instruments  2",
        "actions      0 splits, 0 dividends",
    ] {
        assert!(run.out.lines().any(|written| written == line), "{line}\n{}", run.out);
    }
    let args = ["status", "--json", "--from", "2024-07-01", "--to", "2024-07-08"];
    let run = ingest(&database.url, &args).await.succeeded();
    let status: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(status["missing"], json!(["2024-07-01", "2024-07-03", "2024-07-08"]));
    assert_eq!([&status["expected"], &status["loaded"], &status["bars"]], [5, 2, 3]);
    assert!(run.err.is_empty(), "{}", run.err);
}

#[tokio::test]
async fn an_empty_database_says_what_comes_first() {
    let database = Database::create_empty().await;
    let run = ingest(&database.url, &["status"]).await.succeeded();
    assert!(run.out.contains("nothing is loaded yet: ingest backfill --help"), "{}", run.out);
    assert!(run.out.contains("0 expected, 0 loaded, 0 missing"), "{}", run.out);
}
