//! Statements from files and from the API: every version once, whatever the order, the pages and the faults.

use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::files::Folder;
use crate::run::{Run, backfill, command, finish, ingest};
use crate::support::Database;
use crate::tables;
use crate::vendor::{Fault, Market, Request, Vendor};

const KINDS: [&str; 3] = ["income-statements", "balance-sheets", "cash-flow-statements"];

/// A made-up market's files, and a database with its bars.
async fn sample() -> (Database, Folder) {
    let (database, folder) = (Database::create().await, Folder::new());
    let args = ["sample", "--out", folder.path(), "--instruments", "20", "--sessions", "20"];
    finish(command(None, &args)).await.succeeded();
    backfill(&database.url, folder.path(), "2024-01-01", "2024-12-31", &[]).await.succeeded();
    tables::forget_changes(&database.client().await).await;
    (database, folder)
}

/// Results of a reply in `folder`.
fn results(folder: &Folder, kind: &str) -> Vec<Value> {
    let mut text = String::new();
    let file =
        std::fs::File::open(Path::new(folder.path()).join(format!("{kind}.json.gz"))).expect("a reply");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    serde_json::from_str::<Value>(&text).expect("JSON")["results"].as_array().expect("results").clone()
}

/// A vendor with the statements of `folder`, `page` of them a page.
fn vendor(folder: &Folder, page: usize) -> Vendor {
    let mut market = Market::new();
    market.page = Some(page);
    [market.income_statements, market.balance_sheets, market.cash_flow_statements] =
        KINDS.map(|kind| results(folder, kind));
    Vendor::start(market)
}

async fn from_files(database: &Database, folder: &str) -> Run {
    ingest(&database.url, &["statements", "--source", &format!("files:{folder}")]).await.succeeded()
}

async fn from_api(database: &Database, vendor: &Vendor, more: &[&str]) -> Run {
    let args = ["statements", "--source", "rest", "--plan", "paid"];
    vendor.run(database, &[&args, more].concat()).await
}

/// Every row as text.
async fn table(client: &Client) -> Vec<String> {
    tables::texts(client, "SELECT statements::text FROM statements ORDER BY 1").await
}

/// Counts of new, changed, equal, repeated and set aside statements of a kind.
fn counts(run: &Run, kind: &str) -> [u64; 5] {
    let name = kind.replace('-', " ");
    let line = run.out.lines().find(|line| line.starts_with(&name));
    let line = line.unwrap_or_else(|| panic!("no {name} in\n{}", run.out));
    let numbers: Vec<u64> =
        line.replace(',', "").split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert_eq!(numbers[0], numbers[1..].iter().sum::<u64>(), "each is told of once: {line}");
    numbers[1..].try_into().expect("five")
}

/// Queries of the first pages that the vendor was asked for `kind`.
fn queries(vendor: &Vendor, kind: &str) -> Vec<String> {
    let prefix = format!("/stocks/financials/v1/{kind}?");
    let targets = vendor.requests();
    let targets = targets.iter().map(Request::target);
    targets
        .filter_map(|target| target.strip_prefix(&prefix).map(str::to_owned))
        .filter(|query| !query.contains("cursor="))
        .collect()
}

#[tokio::test]
async fn a_made_up_market_s_statements_are_there_once_and_a_second_load_writes_nothing() {
    let (database, folder) = sample().await;
    let client = database.client().await;
    let run = from_files(&database, folder.path()).await;
    let all = results(&folder, KINDS[0]).len() as u64;
    for kind in KINDS {
        assert_eq!(counts(&run, kind), [all, 0, 0, 0, 0]);
    }
    assert_eq!(tables::number(&client, "SELECT count(*) FROM statements").await, all as i64);
    assert_eq!(tables::number(&client, "SELECT count(*) FROM shares_outstanding").await, all as i64);
    let companies = tables::logged(&client, "statements").await;
    assert_eq!((companies.len(), tables::logged(&client, "shares").await), (19, companies));
    tables::forget_changes(&client).await;
    let before = table(&client).await;

    let run = from_files(&database, folder.path()).await;
    for kind in KINDS {
        assert_eq!(counts(&run, kind), [0, 0, all, 0, 0]);
    }
    assert_eq!(table(&client).await, before);
    assert_eq!(tables::number(&client, "SELECT count(*) FROM change_log").await, 0);
}

#[tokio::test]
async fn restated_late_repeated_contradictory_and_impossible_statements_are_told_apart() {
    let (database, folder) = (Database::create().await, Folder::new());
    folder.day("2024-07-02", &[("A", 10.0, 100.0), ("GOOG", 10.0, 100.0), ("GOOGL", 10.0, 100.0)]);
    backfill(&database.url, folder.path(), "2024-07-02", "2024-07-02", &[]).await.succeeded();
    let statement = |ticker: &str, end: &str, filed: &str, revenue: f64| {
        json!({"tickers": [ticker], "period_end": end, "filing_date": filed, "timeframe": "quarterly",
               "fiscal_year": 2024.0, "fiscal_quarter": 1.0, "revenue": revenue, "basic_shares_outstanding": 1e6})
    };
    let mut two = statement("GOOG", "2024-03-31", "2024-04-25", 80.0);
    two["tickers"] = json!(["GOOG", "GOOGL"]);
    let income = [
        statement("A", "2024-03-31", "2024-05-02", 100.0),
        // A restatement, a filing 14 months late, a duplicate, a contradiction.
        statement("A", "2024-03-31", "2024-08-01", 90.0),
        statement("A", "2023-03-31", "2024-05-31", 70.0),
        statement("A", "2024-03-31", "2024-05-02", 100.0),
        statement("A", "2024-03-31", "2024-05-02", 110.0),
        two,
        statement("A", "2024-06-30", "2024-06-01", 1.0),
        statement("A", "2024-06-30", "", 1.0),
        statement("NONE", "2024-03-31", "2024-05-02", 1.0),
    ];
    let text = json!({"status": "OK", "results": income}).to_string();
    std::fs::write(Path::new(folder.path()).join("income-statements.json"), text).expect("written");
    let run = from_files(&database, folder.path()).await;
    assert_eq!(counts(&run, KINDS[0]), [5, 0, 0, 0, 5], "{}", run.out);
    for said in [
        "2  another statement of the same period and filing contradicts it\n               A quarterly 2024-03-31, filed 2024-05-02",
        "1  filed before its period ended\n               record 7 (A): filing_date \"2024-06-01\"",
        "1  not a date\n               record 8 (A): filing_date \"\"",
        "1  no bars of this ticker are loaded\n               NONE filed 2024-05-02",
    ] {
        assert!(run.out.contains(said), "{said}\n{}", run.out);
    }
    let client = database.client().await;
    let rows = "SELECT ticker || ' ' || period_end || ' ' || filing_date || ' ' || revenue
                FROM statements JOIN ticker_periods USING (instrument_id) ORDER BY 1";
    assert_eq!(
        tables::texts(&client, rows).await,
        [
            "A 2023-03-31 2024-05-31 70",
            "A 2024-03-31 2024-05-02 110",
            "A 2024-03-31 2024-08-01 90",
            "GOOG 2024-03-31 2024-04-25 80",
            "GOOGL 2024-03-31 2024-04-25 80",
        ]
    );
    let log = "SELECT topic || ' ' || ticker || ' ' || from_session
               FROM change_log JOIN ticker_periods USING (instrument_id) WHERE topic <> 'bars' ORDER BY 1";
    assert_eq!(tables::texts(&client, log).await[..2], ["shares A 2024-05-02", "shares GOOG 2024-04-25"]);
}

#[tokio::test]
async fn the_api_gives_what_the_files_give_in_pages_shuffled_and_repeated_and_later_only_what_is_new() {
    let (database, folder) = sample().await;
    let client = database.client().await;
    from_files(&database, folder.path()).await;
    let expected = table(&client).await;
    client.batch_execute("TRUNCATE statements, change_log").await.expect("emptied");

    let vendor = vendor(&folder, 7);
    let all = results(&folder, KINDS[0]).len() as u64;
    vendor.fault("balance-sheets", 3, Fault::Shuffled).fault_after(
        3,
        "cash-flow-statements",
        2,
        Fault::Duplicated,
    );
    let run = from_api(&database, &vendor, &[]).await.succeeded();
    assert_eq!(table(&client).await, expected);
    assert_eq!([counts(&run, KINDS[0]), counts(&run, KINDS[1])], [[all, 0, 0, 0, 0]; 2]);
    assert_eq!(counts(&run, KINDS[2]), [all, 0, 0, 14, 0]);
    assert_eq!(queries(&vendor, KINDS[0]), ["limit=50000&sort=period_end.asc"]);
    let calls = all.div_ceil(7);
    assert!(run.err.contains(&format!("{all} records after {calls} calls")), "{}", run.err);
    assert_eq!(vendor.requests().len() as u64, 3 * calls);
    tables::forget_changes(&client).await;
    vendor.forget_requests();

    // The next load begins 30 days before the latest filing.
    let run = from_api(&database, &vendor, &[]).await.succeeded();
    let since = "SELECT (max(filing_date) - 30)::text FROM statements";
    let since = tables::texts(&client, since).await.remove(0);
    for kind in KINDS {
        assert_eq!(
            queries(&vendor, kind),
            [format!("limit=50000&sort=period_end.asc&filing_date.gte={since}")]
        );
        let [new, changed, equal, ..] = counts(&run, kind);
        assert!(new + changed == 0 && equal > 0 && equal < all);
    }
    assert_eq!(table(&client).await, expected);
    assert_eq!(tables::number(&client, "SELECT count(*) FROM change_log").await, 0);
    vendor.assert_secrets_kept();
}

#[tokio::test]
async fn a_load_that_breaks_off_goes_on_with_the_period_that_it_reached() {
    let (database, folder) = sample().await;
    let client = database.client().await;
    from_files(&database, folder.path()).await;
    let expected = table(&client).await;
    client.batch_execute("TRUNCATE statements").await.expect("emptied");

    let vendor = vendor(&folder, 7);
    vendor.fault_after(10, KINDS[1], 1, Fault::NotAuthorized(403));
    from_api(&database, &vendor, &[]).await.failed("the vendor's plan does not include", "larger plan");
    let reached =
        tables::texts(&client, "SELECT run_reached::text FROM statement_loads WHERE run_reached IS NOT NULL")
            .await;
    let [reached] = &reached[..] else { panic!("{reached:?}") };
    let balances = "SELECT count(*) FROM statements WHERE has_balance_sheet";
    let stored = tables::number(&client, balances).await;
    assert!((50..71).contains(&stored), "{stored} statements before the fault are kept");
    vendor.forget_requests();

    from_api(&database, &vendor, &[]).await.succeeded();
    assert_eq!(table(&client).await, expected);
    assert!(queries(&vendor, KINDS[0])[0].contains("&filing_date.gte="), "income statements were complete");
    assert_eq!(
        queries(&vendor, KINDS[1]),
        [format!("limit=50000&sort=period_end.asc&period_end.gte={reached}")]
    );
    assert_eq!(queries(&vendor, KINDS[2]), ["limit=50000&sort=period_end.asc"]);
    let open = "SELECT count(*) FROM statement_loads WHERE run_began IS NOT NULL OR filed_through IS NULL";
    assert_eq!(tables::number(&client, open).await, 0);
}

#[tokio::test]
async fn pages_that_are_not_in_order_give_the_same_table() {
    let (database, folder) = sample().await;
    let client = database.client().await;
    from_files(&database, folder.path()).await;
    let expected = table(&client).await;
    client.batch_execute("TRUNCATE statements").await.expect("emptied");

    let vendor = vendor(&folder, 60);
    let mut late = results(&folder, KINDS[0]);
    late.sort_by_key(|statement| std::cmp::Reverse(statement["period_end"].as_str().map(str::to_owned)));
    let next = format!("{}/stocks/financials/v1/income-statements?limit=50000", vendor.url());
    let body = json!({"status": "OK", "results": late[..30], "next_url": next}).to_string();
    vendor.fault(KINDS[0], 1, Fault::Json(200, body));
    let run = from_api(&database, &vendor, &[]).await.succeeded();
    assert_eq!(table(&client).await, expected);
    assert_eq!(counts(&run, KINDS[0])[3], 30, "the late ones came twice");
}

#[tokio::test]
async fn single_tickers_are_asked_for_and_do_not_move_the_line() {
    let (database, folder) = sample().await;
    let client = database.client().await;
    let vendor = vendor(&folder, 1000);
    from_api(&database, &vendor, &["--tickers", "TDM0001,TDM0002"]).await.succeeded();
    assert_eq!(
        queries(&vendor, KINDS[0]),
        ["limit=50000&sort=period_end.asc&tickers.any_of=TDM0001%2CTDM0002"]
    );
    let tickers =
        "SELECT DISTINCT ticker FROM statements JOIN ticker_periods USING (instrument_id) ORDER BY 1";
    assert_eq!(tables::texts(&client, tickers).await, ["TDM0001", "TDM0002"]);
    assert_eq!(tables::number(&client, "SELECT count(*) FROM statement_loads").await, 0);
    let source = format!("files:{}", folder.path());
    for more in [["--tickers", "TDM0001"], ["--since", "2024-01-01"]] {
        ingest(&database.url, &["statements", "--source", &source, more[0], more[1]])
            .await
            .failed("--since and --tickers are for --source rest", "files are loaded whole");
    }
}
