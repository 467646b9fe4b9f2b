//! The vendor's API, played by a server on loopback.

use crate::files::{Folder, bar};
use crate::run::{KEY, Run, backfill};
use crate::support::Database;
use crate::tables;
use crate::vendor::{Bar, Fault, Market, Vendor};

/// A day and its bars: ticker, close and volume.
type Day<'a> = (&'a str, &'a [(&'a str, f64, f64)]);

/// A database, and a vendor of these days.
async fn with_days(days: &[Day<'_>]) -> (Database, Vendor) {
    let (database, vendor) = (Database::create().await, Vendor::start(Market::new()));
    for (day, bars) in days {
        vendor.market().day(day, bars);
    }
    (database, vendor)
}

async fn rest(database: &Database, vendor: &Vendor, from: &str, to: &str, more: &[&str]) -> Run {
    let args = ["backfill", "--source", "rest", "--plan", "paid", "--from", from, "--to", to];
    vendor.run(database, &[&args, more].concat()).await
}

#[tokio::test]
async fn a_range_is_asked_for_session_by_session_through_an_empty_day_and_a_slow_down() {
    let (database, vendor) = with_days(&[
        ("2024-07-02", &[("A", 10.0, 1.121_174_71e8), ("B", 20.0, 0.5)]),
        ("2024-07-03", &[("A", 11.0, 110.0)]),
    ])
    .await;
    vendor.fault("2024-07-03", 1, Fault::SlowDown(Some("0")));
    let run = rest(&database, &vendor, "2024-07-02", "2024-07-05", &[]).await.succeeded();
    assert!(run.err.contains("3 calls of the vendor's API, one a session"), "{}", run.err);
    assert!(run.err.contains("the vendor asks to slow down"), "{}", run.err);
    assert!(run.out.contains("loaded 2, unchanged 0, set aside 1"), "{}", run.out);
    assert!(run.out.contains("the vendor has no bars of the session") && run.out.contains("2024-07-05"));
    assert_eq!(vendor.requests().len(), 4, "the holiday is not asked for");
    let client = database.client().await;
    assert_eq!(tables::loads(&client).await, ["2024-07-02", "2024-07-03"]);
    let bars = tables::bars(&client).await;
    assert_eq!(bars[&("A".to_owned(), "2024-07-02".to_owned())], bar(10.0, 1.121_174_71e8));
    assert_eq!(bars.len(), 3);
    let origin =
        tables::texts(&client, "SELECT DISTINCT source || ' ' || origin FROM loads ORDER BY 1").await;
    assert_eq!(origin[0], "rest /v2/aggs/grouped/locale/us/market/stocks/2024-07-02");

    // What is loaded costs no call; the session that had no bars is asked for again.
    vendor.market().day("2024-07-05", &[("A", 12.0, 120.0)]);
    rest(&database, &vendor, "2024-07-02", "2024-07-05", &[]).await.succeeded();
    assert_eq!(vendor.requests().len(), 5);
    let run = rest(&database, &vendor, "2024-07-02", "2024-07-05", &[]).await.succeeded();
    assert!(run.out.contains("loaded 0, unchanged 3, set aside 0"), "{}", run.out);
    assert_eq!(vendor.requests().len(), 5);
    vendor.assert_secrets_kept();
}

#[tokio::test]
async fn bars_come_as_printed_also_where_a_split_came_later() {
    let (database, vendor) =
        with_days(&[("2024-07-02", &[("A", 10.0, 100.0)]), ("2024-07-03", &[("A", 5.0, 100.0)])]).await;
    vendor.market().split("s1", "A", "2024-07-03", 1.0, 2.0);
    rest(&database, &vendor, "2024-07-02", "2024-07-03", &[]).await.succeeded();
    let closes = "SELECT close::text FROM bars_day ORDER BY session_date";
    assert_eq!(tables::texts(&database.client().await, closes).await, ["10", "5"]);
}

#[tokio::test]
async fn a_refusal_keeps_what_came_before_it_and_the_next_run_goes_on_from_there() {
    let days = ["2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08"];
    let (database, vendor) = with_days(&days.map(|day| (day, &[("A", 10.0, 100.0)][..]))).await;
    let refusal = format!(r#"{{"status":"NOT_AUTHORIZED","message":"Your plan ends here, {KEY}."}}"#);
    vendor.fault("2024-07-03", 1, Fault::Json(403, refusal));
    let run = rest(&database, &vendor, "2024-07-02", "2024-07-05", &[]).await;
    let run = run.failed("the vendor's plan does not include /v2/aggs/grouped", "or for a larger plan");
    assert!(
        run.err.contains("Your plan ends here") && run.err.contains("1 of 3 sessions are loaded"),
        "{}",
        run.err
    );
    assert_eq!(tables::loads(&database.client().await).await, ["2024-07-02"]);

    rest(&database, &vendor, "2024-07-02", "2024-07-05", &[]).await.succeeded();
    assert_eq!(vendor.calls("2024-07-02"), 1, "what is loaded is not asked for again");
    let mut stranger =
        vendor.command(&database.url, &["backfill", "--source", "rest", "--from", days[3], "--to", days[3]]);
    stranger.env("POLYGON_API_KEY", "another");
    crate::run::finish(stranger).await.failed("the vendor does not accept the key", "the vendor's dashboard");
}

#[tokio::test]
async fn the_same_day_from_the_api_and_from_a_file_is_the_same_to_the_last_bit() {
    let day = [("A", 10.957_860_598_549_463, 1e9 / 3.0), ("BRK.A", 0.7, 0.1 + 0.2), ("ZERO", 5.0, 0.0)];
    let (database, vendor) = with_days(&[("2024-07-02", &day)]).await;
    let folder = Folder::new();
    folder.day("2024-07-02", &day);
    let client = database.client().await;
    let flat = || backfill(&database.url, folder.path(), "2024-07-02", "2024-07-02", &["--reload"]);
    let ask = || rest(&database, &vendor, "2024-07-02", "2024-07-02", &["--reload"]);
    let vwaps = "SELECT count(vwap) FROM bars_day";

    flat().await.succeeded();
    let from_file = tables::bars(&client).await;
    assert_eq!(tables::number(&client, vwaps).await, 0);
    let run = ask().await.succeeded();
    assert_eq!(run.number("changed"), 3, "the file has no vwap, the API has");
    assert_eq!(tables::bars(&client).await, from_file);
    assert_eq!(tables::number(&client, vwaps).await, 3);
    // A file that says nothing of the vwap does not take it away.
    for again in [flat().await.succeeded(), ask().await.succeeded()] {
        assert_eq!((again.number("changed"), again.number("equal")), (0, 3));
    }
    assert_eq!(tables::number(&client, vwaps).await, 3);
}

#[tokio::test]
async fn a_ticker_that_is_none_is_set_aside_and_the_day_is_loaded() {
    let bars = [("A", 10.0, 100.0), ("B\0C", 20.0, 1.0), ("D E", 20.0, 1.0)];
    let (database, vendor) = with_days(&[("2024-07-02", &bars)]).await;
    let run = rest(&database, &vendor, "2024-07-02", "2024-07-02", &[]).await.succeeded();
    assert!(run.out.contains("2  the ticker holds white space or control characters"), "{}", run.out);
    assert_eq!(run.number("inserted"), 1);
}

#[tokio::test]
async fn bars_published_again_are_corrections_when_the_day_is_loaded_again() {
    let (database, vendor) = with_days(&[("2024-07-02", &[("A", 10.0, 100.0), ("GONE", 3.0, 5.0)])]).await;
    vendor
        .market()
        .days
        .values_mut()
        .next()
        .expect("a day")
        .push(Bar { otc: true, ..Bar::new("OTCX", 1.0, 1.0) });
    let run = rest(&database, &vendor, "2024-07-02", "2024-07-02", &[]).await.succeeded();
    assert_eq!(run.number("inserted"), 2, "what trades over the counter is not asked for");
    vendor.market().day("2024-07-02", &[("A", 10.5, 100.0), ("LATE", 3.0, 5.0)]);
    vendor.fault("2024-07-02", 1, Fault::Duplicated).fault("2024-07-02", 1, Fault::Shuffled);
    let run = rest(&database, &vendor, "2024-07-02", "2024-07-02", &["--reload"]).await.succeeded();
    assert!(run.out.contains("2  repeats another row exactly"), "{}", run.out);
    assert_eq!(["inserted", "changed", "removed", "equal"].map(|name| run.number(name)), [1, 1, 1, 0]);
    let run = rest(&database, &vendor, "2024-07-02", "2024-07-02", &["--reload"]).await.succeeded();
    assert_eq!(run.number("equal"), 2, "another order is no change");
}

#[tokio::test]
async fn actions_are_read_page_by_page() {
    let (database, vendor) =
        with_days(&[("2024-07-02", &[("A", 10.0, 100.0)]), ("2024-07-03", &[("A", 5.0, 100.0)])]).await;
    rest(&database, &vendor, "2024-07-02", "2024-07-03", &[]).await.succeeded();
    vendor.forget_requests();
    vendor
        .market()
        .split("s1", "A", "2024-07-03", 1.0, 2.0)
        .split("s2", "NONE", "2024-07-03", 1.0, 3.0)
        .dividend("d1", "A", "2024-07-03", 0.25)
        .page = Some(1);
    let args = ["actions", "--source", "rest", "--plan", "paid"];
    let run = vendor.run(&database, &args).await.succeeded();
    assert!(run.out.contains("2 read   1 new or changed, 0 equal, 0 repeated, 1 set aside"), "{}", run.out);
    assert!(run.out.contains("no bars of this ticker are loaded") && run.out.contains("NONE 2024-07-03"));
    let client = database.client().await;
    assert_eq!(
        tables::texts(&client, "SELECT ex_date || ' ' || split_to FROM splits").await,
        ["2024-07-03 2"]
    );
    assert_eq!(tables::number(&client, "SELECT count(*) FROM dividends").await, 1);
    assert_eq!((vendor.calls("splits"), vendor.calls("dividends")), (2, 1));
    vendor.assert_secrets_kept();
}
