//! A changed definition: its column is computed again and no other, whatever happens in between, and what a refresh did is kept.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use support::{Database, companies, market};
use tidemark::jobs::refresh::{self, Options, Reason, Sample};
use tidemark::jobs::scan::{self, Mode, ScanError};
use tokio_postgres::Client;

const SESSIONS: i32 = 90;

fn options() -> Options {
    Options { full: false, benchmark: "SPY".into() }
}

/// A market of 12 companies, refreshed.
async fn ready() -> (Database, Client, Vec<i32>) {
    let database = Database::create().await;
    let mut client = database.client().await;
    let ids = market::instruments(&mut client, 12).await;
    let sessions = market::first()..market::first() + SESSIONS;
    market::open_chunks(&mut client, sessions.clone()).await;
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, &ids, sessions, |id, session| Some(market::bar(id, session, 0))).await;
    companies::file_all(&transaction, &ids[..12], 0..14).await;
    transaction.commit().await.unwrap();
    refresh::refresh(&mut client, &options(), &|_, _| {}).await.unwrap();
    (database, client, ids)
}

async fn number(client: &Client, statement: &str) -> i64 {
    client.query_one(statement, &[]).await.unwrap().get(0)
}

/// Leaves the store as another definition of `mom_3` would have: other values, and another version in the catalogue.
async fn of_another_definition(client: &Client) {
    client
        .batch_execute(
            "UPDATE features_day SET mom_3 = 42; UPDATE factors SET version = 9 WHERE name = 'mom_3'",
        )
        .await
        .unwrap();
}

const WRONG: &str = "SELECT count(*) FROM features_day WHERE mom_3 = 42";

#[tokio::test]
async fn a_new_definition_recomputes_its_column_and_leaves_the_others_alone() {
    let (_database, mut client, ids) = ready().await;
    of_another_definition(&client).await;
    client.execute("UPDATE features_day SET roe = 7 WHERE instrument_id = $1", &[&ids[0]]).await.unwrap();
    let summary = refresh::refresh(&mut client, &options(), &|_, _| {}).await.unwrap();
    assert_eq!(summary.reason, Reason::Redefined(vec!["mom_3"]));
    assert_eq!(summary.done.changed, 13 * SESSIONS as u64);
    assert_eq!(number(&client, WRONG).await, 0);
    assert_eq!(number(&client, "SELECT count(*) FROM features_day WHERE roe = 7").await, i64::from(SESSIONS));
    // Which is for `verify` to find, and for `--full` to mend.
    let verdict = refresh::verify(&mut client, "SPY", Sample::All, &|_, _| {}).await.unwrap();
    assert_eq!((verdict.differing_rows, verdict.differing_moments), (SESSIONS as u64, 0), "{verdict:#?}");
    let full = Options { full: true, ..options() };
    refresh::refresh(&mut client, &full, &|_, _| {}).await.unwrap();
    let verdict = refresh::verify(&mut client, "SPY", Sample::All, &|_, _| {}).await.unwrap();
    assert!(verdict.is_clean(), "{verdict:#?}");
}

#[tokio::test]
async fn what_changed_meanwhile_is_computed_in_all_columns() {
    let (_database, mut client, ids) = ready().await;
    of_another_definition(&client).await;
    let session = market::first() + 60;
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, &ids[..1], session..session + 1, |id, session| {
        Some(market::bar(id, session, 1))
    })
    .await;
    transaction.commit().await.unwrap();
    refresh::refresh(&mut client, &options(), &|_, _| {}).await.unwrap();
    let verdict = refresh::verify(&mut client, "SPY", Sample::All, &|_, _| {}).await.unwrap();
    assert!(verdict.is_clean(), "{verdict:#?}");
}

#[tokio::test]
async fn nobody_takes_a_half_written_column_for_a_whole_one() {
    let (database, mut client, _) = ready().await;
    of_another_definition(&client).await;
    let verdict = refresh::verify(&mut client, "SPY", Sample::All, &|_, _| {}).await.unwrap();
    assert!(verdict.other_definitions);
    // A refresh that dies before its first block has forgotten the definition, whoever had written it.
    client.batch_execute("UPDATE factors SET version = 9 WHERE name = 'mom_3'").await.unwrap();
    let mut dying = database.client().await;
    let death = |_: usize, _: usize| std::panic::resume_unwind(Box::new("a planned death"));
    let asked = options();
    let refreshing = AssertUnwindSafe(refresh::refresh(&mut dying, &asked, &death));
    assert!(refreshing.catch_unwind().await.is_err());
    assert_eq!(number(&client, "SELECT count(*) FROM factors WHERE name = 'mom_3'").await, 0);
    let scan = scan::run(&mut client, Mode::Full, &support::everything(), "SPY").await;
    assert!(matches!(scan, Err(ScanError::OtherDefinitions)), "{scan:?}");
    refresh::refresh(&mut client, &options(), &|_, _| {}).await.unwrap();
    assert_eq!(number(&client, WRONG).await, 0);
    scan::run(&mut client, Mode::Full, &support::everything(), "SPY").await.unwrap();
}

#[tokio::test]
async fn a_family_of_other_members_moves_moments_and_no_row() {
    let (_database, mut client, _) = ready().await;
    client
        .batch_execute(
            "UPDATE families SET members = '{mom_3}' WHERE name = 'momentum';
             UPDATE feature_moments SET mean = 42 WHERE factor IN ('momentum', 'momentum_sn')",
        )
        .await
        .unwrap();
    let summary = refresh::refresh(&mut client, &options(), &|_, _| {}).await.unwrap();
    assert_eq!(summary.reason, Reason::Redefined(vec![]));
    assert_eq!((summary.done.added, summary.done.changed, summary.done.removed), (0, 0, 0));
    assert_eq!(summary.done.sections_changed, SESSIONS as usize);
    let verdict = refresh::verify(&mut client, "SPY", Sample::All, &|_, _| {}).await.unwrap();
    assert!(verdict.is_clean(), "{verdict:#?}");
}

#[tokio::test]
async fn every_refresh_is_kept_with_what_it_did() {
    let (_database, mut client, _) = ready().await;
    refresh::refresh(&mut client, &options(), &|_, _| {}).await.unwrap();
    let runs = client
        .query("SELECT reason, rows_added, rows_computed, finished_at >= started_at FROM refresh_runs ORDER BY run_id", &[])
        .await
        .unwrap();
    let told: Vec<(String, i64, i64, bool)> =
        runs.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect();
    let rows = 13 * i64::from(SESSIONS);
    assert_eq!(
        told,
        [
            ("everything computed: it never ran before".to_owned(), rows, rows, true),
            ("changes since the last refresh".to_owned(), 0, 0, true)
        ]
    );
}
