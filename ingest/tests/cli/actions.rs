//! Splits and dividends, from files and from the API.

use std::path::Path;

use serde_json::{Value, json};

use crate::files::Folder;
use crate::run::{Run, backfill, ingest};
use crate::support::Database;
use crate::tables;
use crate::vendor::{Fault, Market, Vendor};

fn write(folder: &Folder, name: &str, results: Value) {
    let text = json!({"status": "OK", "results": results}).to_string();
    std::fs::write(Path::new(folder.path()).join(name), text).expect("written");
}

fn split(id: &str, ticker: &str, from: u32, to: u32) -> Value {
    json!({"id": id, "ticker": ticker, "execution_date": "2024-07-03", "split_from": from, "split_to": to})
}

fn dividend(id: &str, ticker: &str, amount: f64) -> Value {
    json!({"id": id, "ticker": ticker, "ex_dividend_date": "2024-07-03", "cash_amount": amount, "currency": "USD"})
}

/// A database with two sessions of A and B.
async fn loaded() -> (Database, Folder) {
    let (database, folder) = (Database::create().await, Folder::new());
    let bars = [("A", 10.0, 100.0), ("B", 20.0, 200.0)];
    folder.day("2024-07-02", &bars).day("2024-07-03", &bars);
    backfill(&database.url, folder.path(), "2024-07-02", "2024-07-03", &[]).await.succeeded();
    (database, folder)
}

async fn actions(database: &Database, folder: &str) -> Run {
    ingest(&database.url, &["actions", "--source", &format!("files:{folder}")]).await.succeeded()
}

#[tokio::test]
async fn actions_loaded_twice_are_there_once_and_only_what_differs_is_written() {
    let (database, folder) = loaded().await;
    let client = database.client().await;
    write(&folder, "splits.json", json!([split("s1", "A", 1, 2), split("s2", "NONE", 1, 2)]));
    write(
        &folder,
        "dividends.json",
        json!([dividend("d1", "A", 0.25), dividend("d2", "B", 0.5), dividend("d3", "B", 0.5)]),
    );
    let run = actions(&database, folder.path()).await;
    assert!(
        run.out.contains("splits             2 read   1 new or changed, 0 equal, 0 repeated, 1 set aside"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("1  no bars of this ticker are loaded\n               NONE 2024-07-03"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("dividends          3 read   2 new or changed, 0 equal, 1 repeated, 0 set aside"),
        "{}",
        run.out
    );
    tables::forget_changes(&client).await;

    let run = actions(&database, folder.path()).await;
    assert!(
        run.out.contains("0 new or changed, 1 equal") && run.out.contains("0 new or changed, 2 equal"),
        "{}",
        run.out
    );
    assert_eq!(tables::number(&client, "SELECT count(*) FROM change_log").await, 0);

    write(&folder, "splits.json", json!([split("s1", "A", 1, 3)]));
    assert!(actions(&database, folder.path()).await.out.contains("1 new or changed, 0 equal"));
    assert_eq!(tables::texts(&client, "SELECT split_from || ':' || split_to FROM splits").await, ["1:3"]);
    assert_eq!(tables::logged(&client, "splits").await.into_iter().collect::<Vec<_>>(), ["A"]);
    assert!(tables::logged(&client, "dividends").await.is_empty());
}

#[tokio::test]
async fn of_contradictory_splits_the_later_id_is_kept_and_the_other_shown() {
    let (database, folder) = loaded().await;
    write(
        &folder,
        "splits.json",
        json!([split("s10", "A", 1, 4), split("s9", "A", 1, 7), split("s11", "B", 0, 2)]),
    );
    let run = actions(&database, folder.path()).await;
    assert!(run.out.contains("3 read   1 new or changed, 0 equal, 0 repeated, 2 set aside"), "{}", run.out);
    assert!(run.out.contains("1  another record contradicts it"), "{}", run.out);
    assert!(run.out.contains("A 2024-07-03 1:7"), "{}", run.out);
    assert!(run.out.contains("1  a side of the split is not above 0"), "{}", run.out);
    let client = database.client().await;
    assert_eq!(tables::texts(&client, "SELECT split_from || ':' || split_to FROM splits").await, ["1:4"]);
}

#[tokio::test]
async fn a_reply_that_is_none_leaves_everything_as_it_was() {
    let (database, folder) = loaded().await;
    write(&folder, "splits.json", json!([split("s1", "A", 1, 2)]));
    std::fs::write(Path::new(folder.path()).join("dividends.json"), "{\"results\": [").expect("written");
    let source = format!("files:{}", folder.path());
    ingest(&database.url, &["actions", "--source", &source])
        .await
        .failed("dividends.json: no page of results", "fetch it again");
    assert_eq!(tables::number(&database.client().await, "SELECT count(*) FROM splits").await, 0);
}

/// The vendor with the bars of [`loaded`], a page of 2 records, and these actions.
fn vendor(actions: impl FnOnce(&mut Market)) -> Vendor {
    let mut market = Market::new();
    market.page = Some(2);
    actions(&mut market);
    Vendor::start(market)
}

async fn from_api(database: &Database, vendor: &Vendor, more: &[&str]) -> Run {
    let args = ["actions", "--source", "rest", "--plan", "paid"];
    vendor.run(database, &[&args, more].concat()).await
}

/// Queries that the vendor was asked, in their order, but for those of a further page.
fn queries(vendor: &Vendor) -> Vec<String> {
    let asked = vendor.requests();
    let first = asked.iter().map(crate::vendor::Request::target).filter(|target| !target.contains("cursor="));
    first.collect()
}

const SPLITS: &str = "SELECT ex_date || ' ' || split_from || ':' || split_to FROM splits ORDER BY 1";
const DIVIDENDS: &str = "SELECT ex_date || ' ' || cash_amount FROM dividends ORDER BY 1";

#[tokio::test]
async fn what_the_api_no_longer_has_in_the_range_asked_for_is_withdrawn_and_logged() {
    let (database, _folder) = loaded().await;
    let client = database.client().await;
    let vendor = vendor(|market| {
        market
            .split("s1", "A", "2024-05-01", 1.0, 2.0)
            .split("s2", "A", "2024-07-05", 1.0, 3.0)
            .split("s3", "B", "2199-01-03", 10.0, 1.0)
            .dividend("d1", "A", "2024-05-02", 0.25)
            .dividend("d2", "A", "2024-07-05", 0.5)
            .dividend("d3", "B", "2024-07-05", 0.75);
    });
    let run = from_api(&database, &vendor, &[]).await.succeeded();
    assert!(run.out.contains("splits             3 read   3 new or changed"), "{}", run.out);
    assert!(run.err.contains("/stocks/v1/dividends: 3 records after 2 calls"), "{}", run.err);
    assert_eq!(
        queries(&vendor),
        [
            "/stocks/v1/splits?limit=5000&sort=execution_date.asc",
            "/stocks/v1/dividends?limit=5000&sort=ticker.asc"
        ]
    );
    assert_eq!(tables::texts(&client, SPLITS).await, ["2024-05-01 1:2", "2024-07-05 1:3", "2199-01-03 10:1"]);
    tables::forget_changes(&client).await;
    vendor.forget_requests();

    vendor.market().splits.remove(1);
    vendor.market().dividends.drain(1..);
    let run = from_api(&database, &vendor, &["--since", "2024-07-01"]).await.succeeded();
    assert_eq!(
        queries(&vendor)[0],
        "/stocks/v1/splits?limit=5000&sort=execution_date.asc&execution_date.gte=2024-07-01"
    );
    assert!(queries(&vendor)[1].ends_with("&ex_dividend_date.gte=2024-07-01"));
    let said = "            1  removed: the vendor no longer has it\n               A 2024-07-05 1:3\n";
    assert!(run.out.contains(said), "{}", run.out);
    assert!(run.out.contains("splits             1 read   0 new or changed, 1 equal"), "{}", run.out);
    assert!(run.out.contains("dividends          0 read"), "{}", run.out);
    assert_eq!(tables::texts(&client, SPLITS).await, ["2024-05-01 1:2", "2199-01-03 10:1"]);
    assert_eq!(
        tables::texts(&client, DIVIDENDS).await,
        ["2024-05-02 0.25", "2024-07-05 0.5", "2024-07-05 0.75"],
        "an empty answer withdraws nothing"
    );
    let log = "SELECT topic || ' ' || from_session || coalesce(' ' || through_session, '') FROM change_log";
    assert_eq!(tables::texts(&client, log).await, ["splits 2024-07-05"]);
    vendor.assert_secrets_kept();
}

#[tokio::test]
async fn a_list_that_breaks_off_withdraws_and_stores_nothing() {
    let (database, _folder) = loaded().await;
    let client = database.client().await;
    let vendor = vendor(|market| {
        for (n, month) in (1..6).enumerate() {
            let day = format!("2024-0{month}-03");
            market.dividend(&format!("d{n}"), "A", &day, 0.5).split(&format!("s{n}"), "A", &day, 1.0, 2.0);
        }
    });
    from_api(&database, &vendor, &[]).await.succeeded();
    tables::forget_changes(&client).await;
    vendor.market().splits.drain(..3);
    vendor.fault_after(1, "/stocks/v1/dividends", 1, Fault::NotAuthorized(200));
    from_api(&database, &vendor, &[]).await.failed("the vendor's plan does not include", "larger plan");
    assert_eq!(tables::number(&client, "SELECT count(*) FROM splits").await, 5);
    assert_eq!(tables::number(&client, "SELECT count(*) FROM change_log").await, 0);
    from_api(&database, &vendor, &["--since", "2024-01-01"]).await.succeeded();
    assert_eq!(tables::number(&client, "SELECT count(*) FROM splits").await, 2);
}

#[tokio::test]
async fn since_is_refused_for_files() {
    let (database, folder) = loaded().await;
    let source = format!("files:{}", folder.path());
    ingest(&database.url, &["actions", "--source", &source, "--since", "2024-01-01"])
        .await
        .failed("--since is for --source rest", "files are loaded whole");
}
