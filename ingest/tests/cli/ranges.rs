//! A few tickers over many sessions: one call of the API each.

use crate::files::{Folder, bar};
use crate::run::{Run, backfill};
use crate::support::Database;
use crate::tables;
use crate::vendor::{Fault, Market, Vendor};

const DAYS: [&str; 4] = ["2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08"];
const TICKERS: [&str; 3] = ["BRK.A", "KIMpL", "MRTpA.CL"];

/// What the vendor has on a day: the wanted tickers and others.
fn market() -> Market {
    let mut market = Market::new();
    for (number, day) in DAYS.iter().enumerate() {
        let close = 10.0 + number as f64;
        let bars =
            [("KIMpL", close, 100.0), ("BRK.A", 7e5, 0.1 + 0.2), ("MRTpA.CL", 3.3, 1e8), ("X", 1.0, 1.0)];
        market.day(day, &bars);
    }
    market
}

async fn load(database: &Database, vendor: &Vendor, tickers: &[&str], more: &[&str]) -> Run {
    vendor.forget_requests();
    let tickers = tickers.join(",");
    let args = ["backfill", "--source", "rest", "--plan", "paid", "--from", DAYS[0], "--to", DAYS[3]];
    let run = vendor.run(database, &[&args[..], &["--tickers", &tickers], more].concat()).await;
    vendor.assert_secrets_kept();
    run
}

#[tokio::test]
async fn three_tickers_take_three_calls_and_are_the_same_as_from_files() {
    let (database, vendor) = (Database::create().await, Vendor::start(market()));
    let run = load(&database, &vendor, &TICKERS, &[]).await.succeeded();
    let words = "3 calls of the vendor's API, one a ticker for up to 4 sessions";
    assert!(run.err.contains(words), "{}", run.err);
    assert!(run.out.contains("loaded 4, unchanged 0, set aside 0"), "{}", run.out);
    assert_eq!((run.number("inserted"), run.number("bars read")), (12, 12));
    let paths: Vec<String> = vendor.requests().iter().map(|request| request.path.clone()).collect();
    for ticker in TICKERS {
        let path = format!("/v2/aggs/ticker/{ticker}/range/1/day/2024-07-02/2024-07-08");
        assert!(paths.contains(&path), "{paths:?}");
    }
    assert_eq!(paths.len(), 3);

    let (other, folder) = (Database::create().await, Folder::new());
    for (day, bars) in &vendor.market().days {
        let bars: Vec<_> = bars.iter().map(|bar| (bar.ticker.as_str(), bar.close, bar.volume)).collect();
        folder.day(&day.to_string(), &bars);
    }
    let tickers = ["--tickers", "BRK.A,KIMpL,MRTpA.CL"];
    backfill(&other.url, folder.path(), DAYS[0], DAYS[3], &tickers).await.succeeded();
    let (client, other) = (database.client().await, other.client().await);
    assert_eq!(tables::bars(&client).await, tables::bars(&other).await);
    let ledger = "SELECT session_date || ' ' || selection || ' ' || bars FROM loads ORDER BY session_date";
    assert_eq!(tables::texts(&client, ledger).await, tables::texts(&other, ledger).await);
    assert_eq!(tables::unlogged(&client).await, 0);

    let run = load(&database, &vendor, &TICKERS, &[]).await.succeeded();
    assert!(run.out.contains("loaded 0, unchanged 4, set aside 0"), "{}", run.out);
    assert!(vendor.requests().is_empty(), "what is loaded costs no call");
}

#[tokio::test]
async fn a_correction_follows_for_these_tickers_alone_when_they_are_loaded_again() {
    let (database, vendor) = (Database::create().await, Vendor::start(market()));
    let args = ["backfill", "--source", "rest", "--plan", "paid", "--from", DAYS[0], "--to", DAYS[3]];
    vendor.run(&database, &args).await.succeeded();
    let client = database.client().await;
    tables::forget_changes(&client).await;
    vendor.market().day(DAYS[1], &[("KIMpL", 99.0, 100.0), ("X", 99.0, 1.0)]);
    let run = load(&database, &vendor, &["KIMpL", "BRK.A"], &["--reload"]).await.succeeded();
    assert_eq!(vendor.requests().len(), 2);
    assert_eq!(["inserted", "changed", "removed", "equal"].map(|name| run.number(name)), [0, 1, 1, 6]);
    let bars = tables::bars(&client).await;
    let of = |ticker: &str| bars.get(&(ticker.to_owned(), DAYS[1].to_owned()));
    assert_eq!(of("KIMpL"), Some(&bar(99.0, 100.0)));
    assert_eq!((of("BRK.A"), of("X")), (None, Some(&bar(1.0, 1.0))), "X was not asked for");
    let logged: Vec<String> = tables::logged(&client, "bars").await.into_iter().collect();
    assert_eq!(logged, ["BRK.A", "KIMpL"]);
}

#[tokio::test]
async fn sessions_before_the_first_bar_and_after_the_last_are_not_taken_for_loaded() {
    let (database, vendor) = (Database::create().await, Vendor::start(Market::new()));
    // Listed on the second session, halted on the third, nothing yet on the fourth.
    vendor.market().day(DAYS[0], &[("X", 1.0, 1.0)]).day(DAYS[1], &[("NEW", 2.0, 1.0)]);
    vendor.market().day("2024-07-04", &[("NEW", 2.0, 0.0)]);
    let run = load(&database, &vendor, &["NEW", "new"], &[]).await.succeeded();
    assert!(run.out.contains("3  the vendor has no bars of these tickers"), "{}", run.out);
    assert!(run.out.contains("the exchange was closed") && run.out.contains("2024-07-04 NEW"), "{}", run.out);
    assert!(run.err.contains("no bar of new was found (known: NEW)"), "{}", run.err);
    let client = database.client().await;
    assert_eq!(tables::loads(&client).await, [DAYS[1]]);

    vendor.market().day(DAYS[3], &[("NEW", 3.0, 1.0)]);
    load(&database, &vendor, &["NEW", "new"], &[]).await.succeeded();
    assert_eq!(tables::loads(&client).await, [DAYS[1], DAYS[3]], "only what was missing");
    let run = load(&database, &vendor, &["NEW", "new"], &["--reload"]).await.succeeded();
    assert_eq!(run.number("equal"), 2);
    assert_eq!(
        tables::loads(&client).await,
        [DAYS[1], DAYS[1], DAYS[2], DAYS[3], DAYS[3]],
        "no bar is an answer"
    );
}

#[tokio::test]
async fn a_refusal_is_told_and_loads_nothing_of_its_window() {
    let (database, vendor) = (Database::create().await, Vendor::start(market()));
    vendor.fault("MRTpA.CL", 1, Fault::NotAuthorized(403));
    let run = load(&database, &vendor, &TICKERS, &[]).await;
    run.failed("the vendor's plan does not include /v2/aggs/ticker/MRTpA.CL/range/1/day", "larger plan");
    assert!(tables::loads(&database.client().await).await.is_empty());
    // A ticker that the vendor does not know is no reason to leave out the others.
    let unknown = r#"{"status":"NOT_FOUND","message":"Ticker not found."}"#;
    vendor.fault("MRTpA.CL", 1, Fault::Json(404, unknown.into()));
    let run = load(&database, &vendor, &TICKERS, &[]).await.succeeded();
    assert_eq!(run.number("inserted"), 8);
    assert!(run.err.contains("warning: no bar of MRTpA.CL was found"), "{}", run.err);
}
