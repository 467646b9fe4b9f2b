//! Minutes from the vendor: its flat files over S3, and its API a ticker and month at a time, give the same bars.

use crate::run::Run;
use crate::support::Database;
use crate::tables;
use crate::vendor::{Market, Vendor};

const DAYS: [&str; 3] = ["2024-06-27", "2024-06-28", "2024-07-01"];

/// Three sessions in two months, with minutes before and after regular hours.
fn market() -> Market {
    let mut market = Market::new();
    for (number, day) in DAYS.iter().enumerate() {
        let close = 10.0 + number as f64;
        for (minute, time) in ["04:00", "09:30", "09:31", "19:59"].iter().enumerate() {
            let close = close + minute as f64 / 4.0;
            market.minute("A", day, time, close, 100.0 + minute as f64);
            market.minute("KIMpL", day, time, 2.0 * close, 0.1 + 0.2);
        }
        market.minute("X", day, "12:00", 1.0, 1.0);
        market.publish_minutes(day);
    }
    market
}

async fn load(database: &Database, vendor: &Vendor, more: &[&str]) -> Run {
    vendor.forget_requests();
    let args = ["backfill", "--timeframe", "minute", "--plan", "paid", "--from", DAYS[0], "--to", DAYS[2]];
    let run = vendor.run(database, &[&args[..], more].concat()).await;
    vendor.assert_secrets_kept();
    run
}

/// Every minute without its vwap, which flat files lack.
async fn minutes(database: &Database) -> Vec<String> {
    let query = "SELECT concat_ws(' ', ticker, bar_start, open, high, low, close, volume, trade_count)
                 FROM bars_minute JOIN ticker_periods USING (instrument_id) ORDER BY 1";
    tables::texts(&database.client().await, query).await
}

#[tokio::test]
async fn files_and_api_give_the_same_minutes_and_each_says_its_calls() {
    let (files, api, vendor) = (Database::create().await, Database::create().await, Vendor::start(market()));
    let run = load(&files, &vendor, &["--source", "s3"]).await.succeeded();
    assert!(run.err.contains("3 files to fetch"), "{}", run.err);
    assert_eq!((run.number("inserted"), vendor.calls("list-type=2"), vendor.calls(".csv.gz?")), (27, 1, 3));
    let run = load(&api, &vendor, &["--source", "rest", "--tickers", "KIMpL,A,none"]).await.succeeded();
    assert!(
        run.err.contains("6 calls of the vendor's API, one a ticker for up to 2 sessions"),
        "{}",
        run.err
    );
    assert!(run.err.contains("no bar of none was found"), "{}", run.err);
    assert_eq!((run.number("inserted"), vendor.calls("/v2/aggs")), (24, 6));
    let paths: Vec<String> = vendor.requests().iter().map(|request| request.path.clone()).collect();
    assert!(
        paths.contains(&"/v2/aggs/ticker/A/range/1/minute/2024-06-27/2024-06-28".to_owned()),
        "{paths:?}"
    );
    assert!(
        paths.contains(&"/v2/aggs/ticker/A/range/1/minute/2024-07-01/2024-07-01".to_owned()),
        "{paths:?}"
    );
    let of_all = minutes(&files).await;
    let of_two: Vec<String> = of_all.iter().filter(|bar| !bar.starts_with('X')).cloned().collect();
    assert_eq!(minutes(&api).await, of_two);

    let client = api.client().await;
    let ledger = "SELECT concat_ws(' ', timeframe, session_date, source, origin, selection, bars) FROM loads ORDER BY 1 LIMIT 1";
    let origin = "/v2/aggs/ticker/…/range/1/minute/2024-06-27/2024-06-28";
    assert_eq!(
        tables::texts(&client, ledger).await,
        [format!("minute 2024-06-27 rest {origin} A,KIMpL,none 8")]
    );
    // The vendor's vwap is the close here: weighted by volume, (10.25 × 101 + 10.5 × 102) / 203.
    let vwap = "SELECT round(vwap::numeric, 9)::text FROM bars_5min JOIN ticker_periods USING (instrument_id)
                WHERE ticker = 'A' AND bar_start = '2024-06-27 09:30 America/New_York'";
    assert_eq!(tables::texts(&client, vwap).await, ["10.375615764"]);
    let files = files.client().await;
    assert_eq!(tables::number(&files, "SELECT count(*) FROM bars_hour WHERE vwap IS NOT NULL").await, 0);

    let run = load(&api, &vendor, &["--source", "rest", "--tickers", "A,KIMpL,none"]).await.succeeded();
    assert!(run.out.contains("loaded 0, unchanged 3, set aside 0"), "{}", run.out);
    assert!(vendor.requests().is_empty(), "what is loaded costs no call");
}

#[tokio::test]
async fn a_replaced_file_is_noticed_by_the_list_and_its_session_follows() {
    let (database, vendor) = (Database::create().await, Vendor::start(market()));
    load(&database, &vendor, &["--source", "s3"]).await.succeeded();
    let client = database.client().await;
    tables::forget_changes(&client).await;
    vendor.market().minute("A", DAYS[1], "16:30", 99.0, 5.0).publish_minutes(DAYS[1]);
    let run = load(&database, &vendor, &["--source", "s3"]).await.succeeded();
    assert!(run.out.contains("loaded 1, unchanged 2, set aside 0"), "{}", run.out);
    assert_eq!(["inserted", "changed", "removed", "equal"].map(|name| run.number(name)), [1, 0, 0, 9]);
    assert_eq!(tables::logged(&client, "minutes").await.into_iter().collect::<Vec<_>>(), ["A"]);
    // From the API, the vwap that the files lack is added to what is equal otherwise.
    let run = load(&database, &vendor, &["--source", "rest", "--tickers", "A", "--reload"]).await.succeeded();
    assert_eq!(["inserted", "changed", "removed", "equal"].map(|name| run.number(name)), [0, 13, 0, 0]);
    let run = load(&database, &vendor, &["--source", "s3", "--reload"]).await.succeeded();
    assert_eq!(["changed", "equal"].map(|name| run.number(name)), [0, 28], "a file does not erase it");
}

#[tokio::test]
async fn the_minutes_of_the_whole_market_are_refused_from_the_api_before_anything_is_asked() {
    let (database, vendor) = (Database::create().await, Vendor::start(market()));
    for more in [&["--source", "rest"][..], &["--source", "rest", "--dry-run"]] {
        load(&database, &vendor, more)
            .await
            .failed("the minutes of the whole market are too many for the vendor's API", "--source s3");
        assert!(vendor.requests().is_empty());
    }
    let run = load(&database, &vendor, &["--dry-run", "--tickers", "A,KIMpL"]).await.succeeded();
    assert!(
        run.out.contains("3 files to fetch") || run.out.contains("calls of the vendor's API"),
        "{}",
        run.out
    );
    assert_eq!(tables::number(&database.client().await, "SELECT count(*) FROM loads").await, 0);
}
