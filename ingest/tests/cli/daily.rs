//! `ingest daily`: the day's work in one command, against the vendor on loopback and against a folder.

use crate::files::Folder;
use crate::run::{Run, finish, ingest};
use crate::support::Database;
use crate::tables;
use crate::vendor::{Fault, Market, Ticker, Vendor};

/// A vendor with three sessions of two tickers, a split and a dividend.
fn vendor() -> Vendor {
    let vendor = Vendor::start(Market::new());
    vendor
        .market()
        .day("2024-07-02", &[("A", 10.0, 100.0), ("B", 20.0, 200.0)])
        .day("2024-07-03", &[("A", 11.0, 110.0), ("B", 21.0, 210.0)])
        .day("2024-07-05", &[("A", 5.5, 240.0), ("B", 22.0, 220.0)])
        .split("s1", "A", "2024-07-05", 1.0, 2.0)
        .dividend("d1", "B", "2024-07-03", 0.25);
    vendor
}

async fn loaded_through(vendor: &Vendor, last: &str) -> Database {
    let database = Database::create().await;
    let args = ["backfill", "--source", "rest", "--plan", "paid", "--from", "2024-07-02", "--to", last];
    vendor.run(&database, &args).await.succeeded();
    vendor.forget_requests();
    database
}

async fn daily(vendor: &Vendor, database: &Database, through: &str, more: &[&str]) -> Run {
    let args = ["daily", "--source", "rest", "--plan", "paid", "--through", through];
    vendor.run(database, &[&args, more].concat()).await
}

#[tokio::test]
async fn a_day_of_the_whole_market_takes_four_calls_and_a_second_run_changes_nothing() {
    let vendor = vendor();
    let database = loaded_through(&vendor, "2024-07-03").await;
    // The vendor has mended yesterday's bar since.
    vendor.market().day("2024-07-03", &[("A", 11.5, 110.0), ("B", 21.0, 210.0)]);
    let run = daily(&vendor, &database, "2024-07-05", &["--slow", "never"]).await.succeeded();
    assert!(run.out.starts_with("through 2024-07-05: 1 new session, 1 looked at again"), "{}", run.out);
    assert_eq!((run.number("inserted"), run.number("changed")), (2, 1), "{}", run.out);
    assert_eq!(vendor.requests().len(), 4, "two sessions, splits, dividends");
    assert_eq!([vendor.calls("grouped"), vendor.calls("splits"), vendor.calls("dividends")], [2, 1, 1]);
    let client = database.client().await;
    let close = "SELECT close::text FROM bars_day JOIN tickers USING (instrument_id)
                 WHERE ticker = 'A' AND session_date = '2024-07-03'";
    assert_eq!(tables::texts(&client, close).await, ["11.5"]);
    assert_eq!(tables::number(&client, "SELECT count(*) FROM splits").await, 1);
    assert_eq!(tables::number(&client, "SELECT count(*) FROM dividends").await, 1);

    tables::forget_changes(&client).await;
    let again = daily(&vendor, &database, "2024-07-05", &["--slow", "never"]).await.succeeded();
    assert!(again.out.starts_with("through 2024-07-05: 0 new sessions, 1 looked at again"), "{}", again.out);
    assert_eq!(tables::number(&client, "SELECT count(*) FROM change_log").await, 0);
    vendor.assert_secrets_kept();
}

#[tokio::test]
async fn what_changes_slowly_is_loaded_once_a_week() {
    let vendor = vendor();
    let statement = serde_json::json!({"tickers": ["A"], "period_end": "2024-03-31", "filing_date": "2024-05-02",
        "fiscal_year": 2024, "fiscal_quarter": 1, "timeframe": "quarterly", "revenue": 1e9});
    vendor.market().tickers = vec![Ticker::new("A"), Ticker::new("B").with("type", "ETF")];
    vendor.market().income_statements = vec![statement];
    let database = loaded_through(&vendor, "2024-07-03").await;
    let run = daily(&vendor, &database, "2024-07-05", &[]).await.succeeded();
    let client = database.client().await;
    let kinds = "SELECT ticker || ' ' || type FROM instruments JOIN tickers USING (instrument_id) ORDER BY 1";
    assert_eq!(tables::texts(&client, kinds).await, ["A CS", "B ETF"], "{}", run.out);
    assert_eq!(tables::number(&client, "SELECT count(*) FROM statements").await, 1);
    vendor.forget_requests();
    let again = daily(&vendor, &database, "2024-07-05", &[]).await.succeeded();
    assert!(again.out.contains("reference\nleft out: loaded on "), "{}", again.out);
    assert_eq!(vendor.calls("/v3/reference/tickers"), 0);
    daily(&vendor, &database, "2024-07-05", &["--slow", "always"]).await.succeeded();
    assert_eq!(vendor.calls("/v3/reference/tickers"), 2, "active and delisted");
}

#[tokio::test]
async fn a_file_that_was_replaced_is_noticed_by_the_list_alone() {
    let vendor = vendor();
    for day in ["2024-07-02", "2024-07-03", "2024-07-05"] {
        vendor.market().publish_day(day);
    }
    let database = Database::create().await;
    let s3 = ["--source", "s3"];
    let first = ["backfill", "--from", "2024-07-02", "--to", "2024-07-05"];
    vendor.run(&database, &[&first[..], &s3].concat()).await.succeeded();
    vendor.market().day("2024-07-02", &[("A", 10.0, 100.0), ("B", 20.0, 201.0)]).publish_day("2024-07-02");
    vendor.forget_requests();
    let args = ["daily", "--through", "2024-07-05", "--slow", "never", "--plan", "paid"];
    let run = vendor.run(&database, &[&args[..], &s3].concat()).await.succeeded();
    assert_eq!((run.number("changed"), run.number("inserted")), (1, 0), "{}", run.out);
    assert_eq!(vendor.calls("day_aggs_v1/2024/07/2024-07-02.csv.gz"), 1);
    assert_eq!(vendor.calls("2024-07-03.csv.gz") + vendor.calls("2024-07-05.csv.gz"), 0);
}

#[tokio::test]
async fn a_step_that_fails_is_named_and_the_others_do_their_work() {
    let vendor = vendor();
    let database = loaded_through(&vendor, "2024-07-03").await;
    vendor.fault("2024-07-05", 1, Fault::NotAuthorized(403));
    let run = daily(&vendor, &database, "2024-07-05", &["--slow", "never"]).await;
    assert_eq!(run.code, Some(1), "{}\n{}", run.out, run.err);
    assert!(run.out.contains("failed: bars; the same command goes on from there"), "{}", run.out);
    assert!(run.err.contains("the vendor's plan does not include"), "{}", run.err);
    let client = database.client().await;
    assert_eq!(tables::number(&client, "SELECT count(*) FROM splits").await, 1);
    assert_eq!(tables::loads(&client).await, ["2024-07-02", "2024-07-03"]);
    daily(&vendor, &database, "2024-07-05", &["--slow", "never"]).await.succeeded();
    assert_eq!(tables::bars(&client).await.len(), 6);
}

#[tokio::test]
async fn a_session_that_the_vendor_does_not_have_yet_is_not_taken_for_done() {
    let vendor = vendor();
    let database = loaded_through(&vendor, "2024-07-05").await;
    let run = daily(&vendor, &database, "2024-07-08", &["--slow", "never"]).await;
    assert_eq!(run.code, Some(1), "{}\n{}", run.out, run.err);
    assert!(run.out.contains("the session 2024-07-08 is not loaded"), "{}", run.out);
    assert!(run.out.contains("failed: bars; the same command goes on from there"), "{}", run.out);
    vendor.market().day("2024-07-08", &[("A", 6.0, 250.0)]);
    daily(&vendor, &database, "2024-07-08", &["--slow", "never"]).await.succeeded();
}

#[tokio::test]
async fn two_at_once_do_the_work_once() {
    let vendor = vendor();
    let database = loaded_through(&vendor, "2024-07-02").await;
    let runs = futures::future::join_all(
        (0..2).map(|_| daily(&vendor, &database, "2024-07-05", &["--slow", "never"])),
    );
    for run in runs.await {
        run.succeeded();
    }
    let client = database.client().await;
    assert_eq!(tables::bars(&client).await.len(), 6);
    assert_eq!(tables::number(&client, "SELECT count(*) FROM bar_revisions").await, 0);
    assert_eq!(tables::unlogged(&client).await, 0);
}

#[tokio::test]
async fn a_folder_of_files_and_replies_is_a_day_s_work_too() {
    let (database, folder) = (Database::create().await, Folder::new());
    let args = ["sample", "--out", folder.path(), "--instruments", "20", "--sessions", "30"];
    finish(crate::run::command(None, &args)).await.succeeded();
    let source = format!("flatfiles:{}", folder.path());
    let through = |day: &str| -> Vec<String> {
        ["daily", "--source", &source, "--through", day].map(str::to_owned).into()
    };
    let run = async |args: Vec<String>| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        ingest(&database.url, &args).await
    };
    run(through("2024-12-31"))
        .await
        .failed("no session is loaded yet", "load the first sessions with ingest backfill");
    let args = ["backfill", "--source", &source, "--from", "2024-11-01", "--to", "2024-12-27"];
    ingest(&database.url, &args).await.succeeded();
    let day = run(through("2024-12-31")).await.succeeded();
    assert!(day.out.starts_with("through 2024-12-31: 2 new sessions, 20 looked at again"), "{}", day.out);
    assert!(day.number("inserted") > 30 && day.number("changed") == 0, "{}", day.out);
    assert!(day.out.contains("\nactions\n") && day.out.contains("income statements"), "{}", day.out);
    assert!(day.out.contains("up to 2024-12-31; next: features refresh"), "{}", day.out);
}

#[tokio::test]
async fn what_cannot_be_done_is_said_before_anything_is_asked() {
    let vendor = vendor();
    let database = loaded_through(&vendor, "2024-07-03").await;
    daily(&vendor, &database, "2024-07-04", &[]).await.failed("is no session: Independence Day", "was open");
    daily(&vendor, &database, "2024-07-02", &[]).await.failed("is before 2024-07-03", "a later --through");
    daily(&vendor, &database, "2099-07-02", &[]).await.failed("is not over yet", "the last finished session");
    assert!(vendor.requests().is_empty());
}
