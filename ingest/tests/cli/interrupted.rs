//! Loads that die at any moment, and loads that meet: nothing is lost, nothing is double, nothing is half.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio_postgres::Client;

use crate::files::{Bars, Folder, naive};
use crate::run::{backfill, command, finish};
use crate::support::Database;
use crate::tables;

/// The made-up market's sessions; every block is small, so that a load has many transactions.
const SESSIONS: usize = 100;
const BLOCK: [&str; 2] = ["--block-bars", "300"];
const RANGE: [&str; 2] = ["2024-01-01", "2024-12-31"];
const KILLS: usize = 15;

/// A made-up market and the bars in it, as first published and with the days that were published again.
async fn sample() -> (Folder, Bars, Bars) {
    let folder = Folder::new();
    let sessions = SESSIONS.to_string();
    let args = ["sample", "--out", folder.path(), "--instruments", "40", "--sessions", &sessions];
    finish(command(None, &args)).await.succeeded();
    let first = naive(&Path::new(folder.path()).join("us_stocks_sip"), |_| true);
    let again = naive(&Path::new(folder.path()).join("republished"), |_| true);
    let mut second = first.clone();
    second.retain(|(_, day), _| !again.keys().any(|(_, replaced)| replaced == day));
    second.extend(again);
    (folder, first, second)
}

/// Asserts that the database holds what the source has, once, and says so in ledger and change log.
async fn whole(client: &Client, expected: &Bars, loads: usize) {
    assert_eq!(tables::bars(client).await, *expected);
    assert_eq!(tables::loads(client).await.len(), loads);
    assert_eq!(
        tables::number(client, "SELECT count(DISTINCT session_date) FROM loads").await,
        SESSIONS as i64
    );
    assert_eq!(tables::unlogged(client).await, 0);
    let names: std::collections::BTreeSet<String> = expected.keys().map(|(name, _)| name.clone()).collect();
    assert_eq!(tables::logged(client, "bars").await, names);
    let instruments = tables::number(client, "SELECT count(*) FROM instruments").await;
    assert_eq!(instruments, names.len() as i64, "an instrument is there twice, or for nothing");
}

/// Starts a load, kills it after `wait`, and says whether it was still alive.
async fn killed(url: &str, folder: &str, wait: Duration) -> bool {
    let source = format!("flatfiles:{folder}");
    let args = ["backfill", "--source", &source, "--from", RANGE[0], "--to", RANGE[1], BLOCK[0], BLOCK[1]];
    let mut child = command(Some(url), &args);
    child.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = child.spawn().expect("started");
    tokio::time::sleep(wait).await;
    child.kill().expect("killed");
    let status = child.wait().expect("waited");
    assert!(status.success() || status.code().is_none(), "{status}");
    status.code().is_none()
}

/// Loads from nothing and says how long it took.
async fn timed(database: &Database, folder: &Folder, expected: &Bars) -> Duration {
    let started = Instant::now();
    backfill(&database.url, folder.path(), RANGE[0], RANGE[1], &BLOCK).await.succeeded();
    let time = started.elapsed();
    whole(&database.client().await, expected, SESSIONS).await;
    time
}

async fn empty(client: &Client) {
    let tables = "bars_day, bar_revisions, loads, change_log, ticker_periods, instruments";
    client.batch_execute(&format!("TRUNCATE {tables} CASCADE")).await.expect("empty");
}

#[tokio::test]
async fn a_load_that_is_killed_again_and_again_ends_with_every_bar_once() {
    let (folder, first, second) = sample().await;
    let republished = format!("{}/republished", folder.path());
    let mut random = u64::from(std::process::id()) | 1;
    let mut moment = |time: Duration| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        time.mul_f64((random >> 33) as f64 / (1_u64 << 31) as f64)
    };

    // Killed while it makes the schema, and at last left alone.
    let database = Database::create_empty().await;
    for _ in 0..4 {
        killed(&database.url, folder.path(), moment(Duration::from_millis(500))).await;
    }
    timed(&database, &folder, &first).await;

    let client = database.client().await;
    empty(&client).await;
    let time = timed(&database, &folder, &first).await;
    let (mut kills, mut between) = (0, 0);
    while kills < KILLS || between < 3 {
        empty(&client).await;
        while killed(&database.url, folder.path(), moment(time)).await {
            kills += 1;
            assert!(kills < 20 * KILLS, "no kill meets a load between two transactions");
            let loaded = tables::loads(&client).await.len();
            between += usize::from(0 < loaded && loaded < SESSIONS);
        }
        backfill(&database.url, folder.path(), RANGE[0], RANGE[1], &BLOCK).await.succeeded();
        whole(&client, &first, SESSIONS).await;

        // The days that were published again, in one transaction: all of it or nothing.
        for _ in 0..2 {
            killed(&database.url, &republished, moment(time)).await;
            let bars = tables::bars(&client).await;
            assert!(bars == first || bars == second, "a replacement is half there");
        }
        backfill(&database.url, &republished, RANGE[0], RANGE[1], &[]).await.succeeded();
        whole(&client, &second, SESSIONS + 5).await;
    }
}

#[tokio::test]
async fn of_two_loads_at_once_the_second_waits_says_so_and_finds_everything_done() {
    let (folder, first, _) = sample().await;
    let database = Database::create_empty().await;
    let load = || backfill(&database.url, folder.path(), RANGE[0], RANGE[1], &BLOCK);
    let (one, other) = tokio::join!(load(), load());
    let (one, other) = (one.succeeded(), other.succeeded());
    let waited = |run: &crate::run::Run| run.err.contains("another ingest is loading into this database");
    assert!(waited(&one) != waited(&other), "{}\n{}", one.err, other.err);
    let second = if waited(&one) { one } else { other };
    assert!(second.out.contains(&format!("loaded 0, unchanged {SESSIONS}, set aside 0")), "{}", second.out);
    whole(&database.client().await, &first, SESSIONS).await;
}
