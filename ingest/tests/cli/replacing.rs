//! A session that is loaded again: what differs is written, what was before is kept, what is equal is not touched.

use crate::files::{Folder, bar};
use crate::run::backfill;
use crate::support::Database;
use crate::tables;

const DAY: &str = "2024-07-02";
const NEXT: &str = "2024-07-03";

/// Every row of the revisions as `TICKER kind close`.
async fn revisions(client: &tokio_postgres::Client) -> Vec<String> {
    let query = "SELECT ticker || ' ' || kind || coalesce(' ' || close::text, '')
                 FROM bar_revisions JOIN ticker_periods USING (instrument_id) ORDER BY 1";
    tables::texts(client, query).await
}

#[tokio::test]
async fn a_day_published_again_replaces_that_day_and_nothing_else() {
    let (database, folder) = (Database::create().await, Folder::new());
    let first = [("KEEP", 10.0, 100.0), ("CHANGE", 20.0, 200.0), ("GONE", 30.0, 300.0)];
    folder.day(DAY, &first).day(NEXT, &first);
    backfill(&database.url, folder.path(), DAY, NEXT, &[]).await.succeeded();
    let client = database.client().await;
    tables::forget_changes(&client).await;

    folder.day(DAY, &[("KEEP", 10.0, 100.0), ("CHANGE", 21.0, 210.0), ("LATE", 40.0, 400.0)]);
    let run = backfill(&database.url, folder.path(), DAY, NEXT, &[]).await.succeeded();
    assert!(run.out.contains("loaded 1, unchanged 1, set aside 0"), "{}", run.out);
    let numbers = ["inserted", "changed", "removed", "equal"].map(|name| run.number(name));
    assert_eq!(numbers, [1, 1, 1, 1]);

    let bars = tables::bars(&client).await;
    let on = |day: &str| -> Vec<(String, [f64; 5])> {
        bars.iter().filter(|((_, on), _)| on == day).map(|((name, _), bar)| (name.clone(), *bar)).collect()
    };
    let expected =
        |rows: [(&str, f64, f64); 3]| rows.map(|(name, c, v)| (name.to_owned(), bar(c, v))).to_vec();
    let (change, gone, keep) = (("CHANGE", 20.0, 200.0), ("GONE", 30.0, 300.0), ("KEEP", 10.0, 100.0));
    assert_eq!(on(DAY), expected([("CHANGE", 21.0, 210.0), keep, ("LATE", 40.0, 400.0)]));
    assert_eq!(on(NEXT), expected([change, gone, keep]));
    assert_eq!(revisions(&client).await, ["CHANGE changed 20", "GONE removed 30", "LATE added"]);
    let logged: Vec<String> = tables::logged(&client, "bars").await.into_iter().collect();
    assert_eq!(logged, ["CHANGE", "GONE", "LATE"]);
    let spans = "SELECT DISTINCT from_session::text || ' ' || through_session FROM change_log";
    assert_eq!(tables::texts(&client, spans).await, [format!("{DAY} {DAY}")]);
    assert_eq!(tables::loads(&client).await, [DAY, DAY, NEXT]);
}

#[tokio::test]
async fn equal_bytes_are_not_loaded_again_and_even_a_forced_reload_changes_nothing() {
    let (database, folder) = (Database::create().await, Folder::new());
    folder.day(DAY, &[("A", 10.0, 100.0), ("B", 20.0, 0.0)]);
    backfill(&database.url, folder.path(), DAY, DAY, &[]).await.succeeded();
    let client = database.client().await;
    tables::forget_changes(&client).await;
    let before = tables::texts(&client, "SELECT xmin::text || instrument_id FROM bars_day ORDER BY 1").await;

    let run = backfill(&database.url, folder.path(), DAY, DAY, &[]).await.succeeded();
    assert!(run.out.contains("loaded 0, unchanged 1, set aside 0"), "{}", run.out);
    assert_eq!(tables::loads(&client).await, [DAY]);

    let run = backfill(&database.url, folder.path(), DAY, DAY, &["--reload"]).await.succeeded();
    let numbers = ["inserted", "changed", "removed", "equal"].map(|name| run.number(name));
    assert_eq!(numbers, [0, 0, 0, 2]);
    assert_eq!(tables::loads(&client).await, [DAY, DAY]);
    let after = tables::texts(&client, "SELECT xmin::text || instrument_id FROM bars_day ORDER BY 1").await;
    assert_eq!(before, after, "no row was written");
    let writes = "SELECT (SELECT count(*) FROM change_log) + (SELECT count(*) FROM bar_revisions)";
    assert_eq!(tables::number(&client, writes).await, 0);
}

#[tokio::test]
async fn chosen_tickers_are_loaded_alone_and_a_whole_load_completes_the_day() {
    let (database, folder) = (Database::create().await, Folder::new());
    folder.day(DAY, &[("A", 10.0, 100.0), ("B", 20.0, 200.0), ("C", 30.0, 300.0)]);
    let load = async |more: &[&str]| backfill(&database.url, folder.path(), DAY, DAY, more).await.succeeded();
    let client = database.client().await;
    let closes = async || {
        tables::texts(&client, "SELECT ticker || ' ' || close FROM bars_day JOIN ticker_periods USING (instrument_id) ORDER BY 1").await
    };

    let run = load(&["--tickers", "C, A,b"]).await;
    assert_eq!(closes().await, ["A 10", "C 30"]);
    assert!(run.err.contains("warning: no bar of b was found; tickers are case-sensitive"), "{}", run.err);
    assert!(load(&["--tickers", "A,C,b"]).await.out.contains("unchanged 1"));

    assert_eq!(load(&[]).await.number("inserted"), 1);
    assert_eq!(closes().await, ["A 10", "B 20", "C 30"]);
    assert!(revisions(&client).await.is_empty(), "a day that is completed was never known otherwise");
    assert!(load(&["--tickers", "A"]).await.out.contains("unchanged 1"), "the whole day holds it");

    // Published again without C and with new prices of the others: only what is asked for follows.
    folder.day(DAY, &[("A", 11.0, 100.0), ("B", 21.0, 200.0)]);
    tables::forget_changes(&client).await;
    let run = load(&["--tickers", "A,C,b"]).await;
    assert!(run.err.contains("(known: B)"), "{}", run.err);
    assert_eq!(closes().await, ["A 11", "B 20"]);
    assert_eq!(revisions(&client).await, ["A changed 10", "C removed 30"]);
    assert_eq!(tables::logged(&client, "bars").await.into_iter().collect::<Vec<_>>(), ["A", "C"]);
    load(&[]).await;
    assert_eq!(closes().await, ["A 11", "B 21"]);
    let selections = tables::texts(&client, "SELECT selection FROM loads ORDER BY load_id").await;
    assert_eq!(selections, ["A,C,b", "", "A,C,b", ""]);
}
