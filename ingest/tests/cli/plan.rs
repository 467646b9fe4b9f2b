//! Which way a backfill takes when none is named, and what it says beforehand.

use std::process::Command;

use crate::run::{Run, command, finish, ingest};
use crate::support::Database;
use crate::tables;
use crate::vendor::{Market, Vendor, key};

const DAYS: [&str; 4] = ["2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08"];
const RANGE: [&str; 5] = ["backfill", "--from", DAYS[0], "--to", DAYS[3]];

/// A vendor of four days, of which two are published as files.
fn vendor() -> Vendor {
    let mut market = Market::new();
    for day in DAYS {
        market.day(day, &[("A", 10.0, 100.0), ("B", 20.0, 200.0)]);
    }
    market.publish_day(DAYS[0]).publish_day(DAYS[1]);
    Vendor::start(market)
}

/// `ingest` with only the keys of the API, or only those of the flat files.
fn half(vendor: &Vendor, database: &Database, api: bool, more: &[&str]) -> Command {
    let mut command = vendor.command(&database.url, &[&RANGE, more].concat());
    let gone: &[&str] = if api {
        &["POLYGON_S3_ACCESS_KEY_ID", "POLYGON_S3_SECRET_ACCESS_KEY"]
    } else {
        &["POLYGON_API_KEY"]
    };
    for name in gone {
        command.env_remove(name);
    }
    command
}

/// Calls so far: lists, files, sessions, ranges.
fn calls(vendor: &Vendor) -> [usize; 4] {
    ["list-type=2", ".csv.gz?", "/grouped/", "/range/"].map(|pattern| vendor.calls(pattern))
}

fn says(run: &Run, lines: &[&str]) {
    for line in lines {
        assert!(run.out.lines().any(|said| said == *line), "{line}\n{}\n{}", run.out, run.err);
    }
}

#[tokio::test]
async fn without_any_key_every_way_is_named() {
    let run = finish(command(None, &RANGE)).await;
    let run = run.failed("no source of bars is configured", "POLYGON_S3_ACCESS_KEY_ID");
    assert!(run.err.contains("POLYGON_API_KEY") && run.err.contains("flatfiles:DIR"), "{}", run.err);
    let named = |source: &str| finish(command(None, &[&RANGE[..], &["--source", source]].concat()));
    named("s3").await.failed("no keys of the vendor's flat files are configured", "not the key of the API");
    named("rest").await.failed("no API key of the vendor is configured", "POLYGON_API_KEY");
}

#[tokio::test]
async fn files_come_first_and_the_api_gives_what_is_not_published_yet() {
    let (database, vendor) = (Database::create().await, vendor());
    let run = vendor.run(&database, &[&RANGE[..], &["--plan", "paid"]].concat()).await.succeeded();
    assert!(run.err.contains("2 files to fetch") && run.err.contains("1 call to list them"), "{}", run.err);
    assert!(run.err.contains("2 calls of the vendor's API, one a session"), "{}", run.err);
    assert!(run.out.contains("calls               5   3 of the flat files, 2 of the API"), "{}", run.out);
    assert_eq!(calls(&vendor), [1, 2, 2, 0]);
    let client = database.client().await;
    let sources = "SELECT session_date || ' ' || source FROM loads ORDER BY session_date";
    let expected = ["2024-07-02 s3", "2024-07-03 s3", "2024-07-05 rest", "2024-07-08 rest"];
    assert_eq!(tables::texts(&client, sources).await, expected);
    assert_eq!(tables::bars(&client).await.len(), 8);

    // The files that come later are no reason to load those sessions again; asked for by name, they are.
    vendor.market().publish_day(DAYS[2]).publish_day(DAYS[3]);
    vendor.forget_requests();
    let run = vendor.run(&database, &RANGE).await.succeeded();
    assert!(run.out.contains("loaded 0, unchanged 4, set aside 0"), "{}", run.out);
    assert_eq!(calls(&vendor), [1, 0, 0, 0]);
    let run = vendor.run(&database, &[&RANGE[..], &["--source", "s3"]].concat()).await.succeeded();
    assert_eq!((run.number("equal"), run.number("changed"), calls(&vendor)), (4, 0, [2, 2, 0, 0]));
}

#[tokio::test]
async fn with_one_key_alone_that_way_is_taken() {
    let (database, vendor) = (Database::create().await, vendor());
    finish(half(&vendor, &database, true, &["--plan", "paid"])).await.succeeded();
    assert_eq!(calls(&vendor), [0, 0, 4, 0]);

    let (database, vendor) = (Database::create().await, self::vendor());
    let run = finish(half(&vendor, &database, false, &[])).await.succeeded();
    assert_eq!(calls(&vendor), [1, 2, 0, 0]);
    assert!(run.out.contains("2   sessions: 2024-07-05, 2024-07-08\n"), "{}", run.out);
    assert!(run.err.contains("with POLYGON_API_KEY set, the API gives it before"), "{}", run.err);
}

#[tokio::test]
async fn tickers_fewer_than_sessions_are_ranges_even_where_there_are_files() {
    let (database, vendor) = (Database::create().await, vendor());
    let tickers = [&RANGE[..], &["--plan", "paid", "--tickers", "A"]].concat();
    vendor.run(&database, &tickers).await.succeeded();
    assert_eq!(calls(&vendor), [0, 0, 0, 1]);
    assert_eq!(tables::bars(&database.client().await).await.len(), 4);
}

#[tokio::test]
async fn a_dry_run_tells_the_plan_asks_for_no_bars_and_changes_nothing() {
    let (database, vendor) = (Database::create_empty().await, vendor());
    let run = vendor.run(&database, &[&RANGE[..], &["--dry-run"]].concat()).await.succeeded();
    let lines = [
        "4 sessions: 4 to load, 0 loaded already, 0 without a file",
        "2 calls of the vendor's API, one a session",
        "at 5 calls of the API a minute that takes 12.0 s; with a paid plan, say --plan paid",
        "nothing was loaded; leave out --dry-run to load",
    ];
    says(&run, &lines);
    assert!(
        run.out.contains("2 files to fetch, 0.") && run.out.contains("1 call to list them"),
        "{}",
        run.out
    );
    assert_eq!(calls(&vendor), [1, 0, 0, 0]);
    let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(tables::number(&database.client().await, tables).await, 0, "not even a table is made");

    // A database in use knows what is loaded, and that does not change either.
    finish(half(&vendor, &database, false, &[])).await.succeeded();
    let run = finish(half(&vendor, &database, true, &["--dry-run"])).await.succeeded();
    says(&run, &["4 sessions: 2 to load, 2 loaded already, 0 without a file"]);
    assert_eq!(tables::loads(&database.client().await).await, [DAYS[0], DAYS[1]]);
    assert_eq!(vendor.calls("/v2/aggs"), 0);

    let folder = crate::files::Folder::new();
    folder.day(DAYS[0], &[("A", 10.0, 100.0)]);
    let source = format!("flatfiles:{}", folder.path());
    let run = ingest(&database.url, &[&RANGE[..], &["--source", &source, "--dry-run"]].concat()).await;
    assert!(run.succeeded().out.starts_with("1 file of a session, 0."));
}

#[tokio::test]
async fn ten_years_are_listed_in_three_calls() {
    let mut market = Market::new();
    let day = |text: &str| text.parse().expect("a day");
    let sessions: Vec<String> = tidemark::domain::calendar::nyse()
        .sessions(day("2003-09-10"), day("2025-02-01"))
        .map(|date| date.to_string())
        .collect();
    for session in &sessions {
        market.put(&key("day_aggs_v1", session), vec![0; 300]);
    }
    let (database, vendor) = (Database::create_empty().await, Vendor::start(market));
    let args = ["backfill", "--from", "2015-01-02", "--to", "2024-12-31", "--dry-run"];
    let run = vendor.run(&database, &args).await.succeeded();
    says(&run, &["2,516 files to fetch, 754.8 kB, one call each; 3 calls to list them"]);
    assert_eq!(calls(&vendor), [3, 0, 0, 0]);
    // Where the files begin later than asked for, the calls do not grow and the sessions are counted.
    let args = ["backfill", "--from", "2003-09-02", "--to", "2003-09-12", "--dry-run"];
    let run = vendor.run(&database, &args).await.succeeded();
    says(&run, &["9 sessions: 3 to load, 0 loaded already, 6 without a file"]);
}
