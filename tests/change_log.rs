//! The tidemark protocol: nothing that commits late is missed, nothing is done twice, and a reader that cannot trust its
//! tidemark starts from nothing and says so.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use support::{Database, market};
use tidemark::arithmetic::scores::Weights;
use tidemark::jobs::refresh::{self, Options, Reason};
use tidemark::jobs::scan::living::Living;
use tidemark::jobs::scan::{self, Connections, Mode};
use tidemark::store::change_log::{self, Change, FromNothing, Job, Topic, Work};
use tidemark::store::date_of;
use tokio_postgres::Client;

fn options(benchmark: &str) -> Options {
    Options { full: false, benchmark: benchmark.into() }
}

/// A database with a market of 12 instruments and 80 sessions, refreshed and scanned.
async fn ready() -> (Database, Client, Vec<i32>) {
    let database = Database::create().await;
    let mut client = database.client().await;
    let ids = market::instruments(&mut client, 12).await;
    let sessions = market::first()..market::first() + 80;
    market::open_chunks(&mut client, sessions.clone()).await;
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, &ids, sessions, |id, session| Some(market::bar(id, session, 0))).await;
    transaction.commit().await.unwrap();
    refresh::refresh(&mut client, &options("SPY"), &|_, _| {}).await.unwrap();
    scan::run(&mut client, Mode::Full, &support::everything(), "SPY", scan::RUNS_KEPT).await.unwrap();
    (database, client, ids)
}

async fn pending(client: &mut Client, job: Job) -> Vec<i32> {
    let transaction = change_log::snapshot(client).await.unwrap();
    change_log::changes(&transaction, job)
        .await
        .unwrap()
        .into_iter()
        .map(|change| change.instrument_id)
        .collect()
}

#[tokio::test]
async fn a_transaction_that_began_before_a_run_and_commits_after_it_is_not_missed() {
    let (database, mut client, ids) = ready().await;
    let mut late = database.client().await;
    let session = market::first() + 60;
    let writing = late.transaction().await.unwrap();
    market::write(&writing, &ids[..1], session..session + 1, |id, session| Some(market::bar(id, session, 1)))
        .await;

    // Others commit and both jobs run while the writer is still open.
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, &ids[1..2], session..session + 1, |id, session| {
        Some(market::bar(id, session, 1))
    })
    .await;
    transaction.commit().await.unwrap();
    refresh::refresh(&mut client, &options("SPY"), &|_, _| {}).await.unwrap();
    scan::run(&mut client, Mode::Incremental, &support::everything(), "SPY", scan::RUNS_KEPT).await.unwrap();
    assert!(pending(&mut client, Job::Features).await.is_empty());
    assert!(pending(&mut client, Job::Scan).await.is_empty());

    writing.commit().await.unwrap();
    assert_eq!(pending(&mut client, Job::Features).await, ids[..1]);
    assert_eq!(pending(&mut client, Job::Scan).await, ids[..1]);
    let summary = refresh::refresh(&mut client, &options("SPY"), &|_, _| {}).await.unwrap();
    assert_eq!(summary.done.instruments, 1);
    assert!(summary.done.changed > 0);
    let scan = scan::run(&mut client, Mode::Incremental, &support::everything(), "SPY", scan::RUNS_KEPT)
        .await
        .unwrap();
    assert_eq!((scan.sources.computed, scan.sources.from_cache), (1, 12));
}

#[tokio::test]
async fn a_writer_that_gives_up_changes_nothing() {
    let (database, mut client, ids) = ready().await;
    let mut writer = database.client().await;
    let session = market::first() + 60;
    let writing = writer.transaction().await.unwrap();
    market::write(&writing, &ids[..1], session..session + 1, |_, _| None).await;
    writing.rollback().await.unwrap();
    assert!(pending(&mut client, Job::Features).await.is_empty());
}

#[tokio::test]
async fn writing_the_same_again_wakes_nobody() {
    let (_database, mut client, ids) = ready().await;
    let sessions = market::first()..market::first() + 80;
    let transaction = client.transaction().await.unwrap();
    let replaced =
        market::write(&transaction, &ids, sessions, |id, session| Some(market::bar(id, session, 0))).await;
    transaction.commit().await.unwrap();
    assert_eq!(replaced, tidemark::store::bar_table::Replaced::default());
    assert!(pending(&mut client, Job::Features).await.is_empty());
    let summary = refresh::refresh(&mut client, &options("SPY"), &|_, _| {}).await.unwrap();
    assert_eq!((summary.done.computed, summary.done.changed), (0, 0));
}

#[tokio::test]
async fn a_late_correction_rewrites_its_instrument_and_nobody_else() {
    let (_database, mut client, ids) = ready().await;
    let session = market::first() + 40;
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, &ids[3..4], session..session + 1, |id, session| {
        Some(market::bar(id, session, 1))
    })
    .await;
    transaction.commit().await.unwrap();
    let summary = refresh::refresh(&mut client, &options("SPY"), &|_, _| {}).await.unwrap();
    assert_eq!(summary.done.computed, 40);
    assert_eq!((summary.done.added, summary.done.removed), (0, 0));
    assert!((1..=40).contains(&summary.done.changed));
}

#[tokio::test]
async fn the_benchmark_reaches_everybody() {
    let (_database, mut client, ids) = ready().await;
    let spy = *ids.last().unwrap();
    let session = market::first() + 79;
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, &[spy], session..session + 1, |id, session| {
        Some(market::bar(id, session, 1))
    })
    .await;
    transaction.commit().await.unwrap();
    let summary = refresh::refresh(&mut client, &options("SPY"), &|_, _| {}).await.unwrap();
    assert_eq!((summary.done.instruments, summary.done.computed), (13, 13));
}

#[tokio::test]
async fn changes_of_one_instrument_are_merged_and_one_without_an_end_wins() {
    let (_database, mut client, ids) = ready().await;
    let day = |n: i32| date_of(market::first() + n);
    for changes in [
        vec![Change { instrument_id: ids[0], from: day(30), through: Some(day(31)) }],
        vec![Change { instrument_id: ids[0], from: day(10), through: Some(day(12)) }],
        vec![Change { instrument_id: ids[1], from: day(20), through: None }],
        vec![Change { instrument_id: ids[1], from: day(5), through: Some(day(5)) }],
    ] {
        let transaction = client.transaction().await.unwrap();
        change_log::append(&transaction, Topic::Bars, &changes).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let transaction = change_log::snapshot(&mut client).await.unwrap();
    assert_eq!(
        change_log::changes(&transaction, Job::Features).await.unwrap(),
        [
            Change { instrument_id: ids[0], from: day(10), through: Some(day(31)) },
            Change { instrument_id: ids[1], from: day(5), through: None },
        ]
    );
}

#[tokio::test]
async fn after_a_restore_into_another_cluster_a_job_starts_from_nothing() {
    let (_database, mut client, _) = ready().await;
    client.execute("UPDATE tidemarks SET system_identifier = system_identifier + 1", &[]).await.unwrap();
    let transaction = change_log::snapshot(&mut client).await.unwrap();
    let (_, work) = change_log::work(&transaction, Job::Features, "any").await.unwrap();
    assert!(matches!(work, Work::All(FromNothing::AnotherCluster)));
    drop(transaction);
    let summary = refresh::refresh(&mut client, &options("SPY"), &|_, _| {}).await.unwrap();
    assert_eq!(summary.reason, Reason::FromNothing(FromNothing::AnotherCluster));
    let scan = scan::run(&mut client, Mode::Incremental, &support::everything(), "SPY", scan::RUNS_KEPT)
        .await
        .unwrap();
    assert_eq!(scan.sources.from_nothing, Some(FromNothing::AnotherCluster));
}

#[tokio::test]
async fn where_the_latest_session_goes_everybody_ranks_the_one_before() {
    let (database, mut client, ids) = ready().await;
    let mut other = database.client().await;
    let mut living = Living::new("SPY");
    living.follow(&mut client).await.unwrap();
    let latest = market::first() + 79;
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, &ids, latest..latest + 1, |_, _| None).await;
    transaction.commit().await.unwrap();
    refresh::refresh(&mut client, &options("SPY"), &|_, _| {}).await.unwrap();

    assert!(living.follow(&mut client).await.unwrap().from_nothing);
    let ranked = living.ranked(&Weights::default()).unwrap().unwrap();
    assert_eq!(ranked.panel.session, latest - 1);
    let connections = Connections { client: &mut client, beside: Some(&mut other) };
    let everything = support::everything();
    let scan = scan::run(connections, Mode::Incremental, &everything, "SPY", scan::RUNS_KEPT).await.unwrap();
    assert_eq!(scan.sources.from_nothing, Some(FromNothing::NoCache));
    assert_eq!(scan.answer.session_date(), date_of(latest - 1));
}

#[tokio::test]
async fn another_benchmark_is_another_definition() {
    let (_database, mut client, _) = ready().await;
    let summary = refresh::refresh(&mut client, &options("TST0"), &|_, _| {}).await.unwrap();
    assert_eq!(summary.reason, Reason::FromNothing(FromNothing::NewDefinitions));
    assert!(summary.done.changed > 0);
}

#[tokio::test]
async fn rows_that_both_jobs_have_read_are_pruned_and_later_ones_are_not() {
    let (database, mut client, ids) = ready().await;
    prune(&mut client).await;
    assert_eq!(count(&client).await, 0, "both jobs have read everything");

    let mut late = database.client().await;
    let session = market::first() + 60;
    let writing = late.transaction().await.unwrap();
    market::write(&writing, &ids[..1], session..session + 1, |id, session| Some(market::bar(id, session, 1)))
        .await;
    refresh::refresh(&mut client, &options("SPY"), &|_, _| {}).await.unwrap();
    scan::run(&mut client, Mode::Incremental, &support::everything(), "SPY", scan::RUNS_KEPT).await.unwrap();
    writing.commit().await.unwrap();
    refresh::refresh(&mut client, &options("SPY"), &|_, _| {}).await.unwrap();
    assert_eq!(count(&client).await, 2, "the scan has read neither the bar nor the features that it moved");
    scan::run(&mut client, Mode::Incremental, &support::everything(), "SPY", scan::RUNS_KEPT).await.unwrap();
    prune(&mut client).await;
    assert_eq!(count(&client).await, 0);
}

#[tokio::test]
async fn a_follower_misses_nothing_that_is_pruned_and_reads_everything_no_more_often_than_it_must() {
    let (database, mut client, ids) = ready().await;
    let mut living = Living::new("SPY");
    living.follow(&mut client).await.unwrap();
    let session = market::first() + 79;
    let again = |id, session| Some(market::bar(id, session, 1));

    // Older transactions stay open while a newer one is read by both jobs and pruned.
    let (mut quiet, mut late) = (database.client().await, database.client().await);
    let of_minutes = quiet.transaction().await.unwrap();
    let minutes = Change { instrument_id: ids[2], from: date_of(session), through: None };
    change_log::append(&of_minutes, Topic::Minutes, &[minutes]).await.unwrap();
    let writing = late.transaction().await.unwrap();
    market::write(&writing, &ids[..1], session..session + 1, again).await;
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, &ids[1..2], session..session + 1, again).await;
    transaction.commit().await.unwrap();
    refresh::refresh(&mut client, &options("SPY"), &|_, _| {}).await.unwrap();
    scan::run(&mut client, Mode::Full, &support::everything(), "SPY", scan::RUNS_KEPT).await.unwrap();
    prune(&mut client).await;
    assert_eq!(count(&client).await, 0);
    assert!(living.follow(&mut client).await.unwrap().from_nothing, "what it had not read was pruned");
    assert!(!living.follow(&mut client).await.unwrap().changed, "nothing was pruned since");

    // One that nobody computes from commits and is pruned: below what was pruned before, and alone.
    of_minutes.commit().await.unwrap();
    refresh::refresh(&mut client, &options("SPY"), &|_, _| {}).await.unwrap();
    scan::run(&mut client, Mode::Full, &support::everything(), "SPY", scan::RUNS_KEPT).await.unwrap();
    prune(&mut client).await;
    assert_eq!(count(&client).await, 0);
    assert!(living.follow(&mut client).await.unwrap().from_nothing, "an older one was pruned");

    // One that matters comes last.
    writing.commit().await.unwrap();
    refresh::refresh(&mut client, &options("SPY"), &|_, _| {}).await.unwrap();
    scan::run(&mut client, Mode::Full, &support::everything(), "SPY", scan::RUNS_KEPT).await.unwrap();
    prune(&mut client).await;
    assert_eq!(count(&client).await, 0);
    assert!(living.follow(&mut client).await.unwrap().changed);
    let ranked = living.ranked(&Weights::default()).unwrap().unwrap();
    let close = ranked.panel.signals_of(ids[0]).unwrap().close();
    assert_eq!(close, market::bar(ids[0], session, 1).close, "the late one was missed");
}

/// A refresh removes what both jobs had read before it; a scan does not keep its user waiting for that.
async fn prune(client: &mut Client) {
    refresh::refresh(client, &options("SPY"), &|_, _| {}).await.unwrap();
}

async fn count(client: &Client) -> i64 {
    client.query_one("SELECT count(*) FROM change_log", &[]).await.unwrap().get(0)
}
