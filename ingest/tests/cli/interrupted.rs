//! Loads that meet. Loads that die are the campaign's.

use std::collections::BTreeSet;
use std::path::Path;

use crate::files::{Folder, naive};
use crate::run::{Run, backfill, command, finish};
use crate::support::Database;
use crate::tables;

#[tokio::test]
async fn of_two_loads_at_once_the_second_waits_says_so_and_finds_everything_done() {
    let folder = Folder::new();
    let args = ["sample", "--out", folder.path(), "--instruments", "40", "--sessions", "100"];
    finish(command(None, &args)).await.succeeded();
    let bars = naive(&Path::new(folder.path()).join("us_stocks_sip"), |_| true);
    let database = Database::create_empty().await;
    let load =
        || backfill(&database.url, folder.path(), "2024-01-01", "2024-12-31", &["--block-bars", "300"]);
    let (one, other) = tokio::join!(load(), load());
    let (one, other) = (one.succeeded(), other.succeeded());
    let waited = |run: &Run| run.err.contains("another ingest is loading into this database");
    assert!(waited(&one) != waited(&other), "{}\n{}", one.err, other.err);
    let second = if waited(&one) { one } else { other };
    assert!(second.out.contains("loaded 0, unchanged 100, set aside 0"), "{}", second.out);

    let client = database.client().await;
    assert_eq!(tables::bars(&client).await, bars);
    assert_eq!(tables::loads(&client).await.len(), 100);
    assert_eq!(tables::unlogged(&client).await, 0);
    let names: BTreeSet<String> = bars.keys().map(|(name, _)| name.clone()).collect();
    let instruments = tables::number(&client, "SELECT count(*) FROM instruments").await;
    assert_eq!(instruments, names.len() as i64, "an instrument is there twice, or for nothing");
}
