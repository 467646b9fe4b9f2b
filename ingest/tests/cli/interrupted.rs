//! Loads that meet. Loads that die are the campaign's.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use tidemark::store::lock;

use crate::files::{Folder, naive};
use crate::run::{backfill, command, finish};
use crate::support::Database;
use crate::tables;

#[tokio::test]
async fn loads_that_meet_another_wait_and_say_so_and_the_last_finds_everything_done() {
    let folder = Folder::new();
    let args = ["sample", "--out", folder.path(), "--instruments", "40", "--sessions", "100"];
    finish(command(None, &args)).await.succeeded();
    let bars = naive(&Path::new(folder.path()).join("us_stocks_sip"), |_| true);
    let database = Database::create_empty().await;
    let load =
        || backfill(&database.url, folder.path(), "2024-01-01", "2024-12-31", &["--block-bars", "300"]);
    let client = database.client().await;
    // A third one is loading until both wait.
    let both_wait = async {
        let held = lock::hold(&client, lock::Name::Ingest).await.expect("the lock");
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        while tables::number(&client, waiting).await < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        held.release(&client).await.expect("released");
    };
    let (one, other, ()) = tokio::join!(load(), load(), both_wait);
    let (one, other) = (one.succeeded(), other.succeeded());
    for run in [&one, &other] {
        assert!(run.err.contains("another ingest is loading into this database"), "{}", run.err);
    }
    let first = one.out.contains("loaded 100, unchanged 0, set aside 0");
    let second = if first { other } else { one };
    assert!(second.out.contains("loaded 0, unchanged 100, set aside 0"), "{}", second.out);

    assert_eq!(tables::bars(&client).await, bars);
    assert_eq!(tables::loads(&client).await.len(), 100);
    assert_eq!(tables::unlogged(&client).await, 0);
    let names: BTreeSet<String> = bars.keys().map(|(name, _)| name.clone()).collect();
    let instruments = tables::number(&client, "SELECT count(*) FROM instruments").await;
    assert_eq!(instruments, names.len() as i64, "an instrument is there twice, or for nothing");
}
