//! `ingest reference`: the vendor's list of tickers, ticker changes, details, sectors and exchange days.

use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use tidemark::domain::calendar::by_rule;
use tokio_postgres::Client;

use crate::files::Folder;
use crate::run::{Run, backfill, ingest};
use crate::support::Database;
use crate::tables;
use crate::vendor::{Fault, Market, Ticker, Vendor};

const DAYS: [&str; 6] = ["2022-06-06", "2022-06-07", "2022-06-08", "2022-06-09", "2022-06-10", "2022-06-13"];

/// Facebook by its FIGI, under either name.
fn facebook(ticker: &str) -> Ticker {
    Ticker::new(ticker)
        .with("composite_figi", "BBG000MM2P62")
        .with("share_class_figi", "BBG001SQCQC5")
        .with("cik", "0001326801")
}

/// FB for three days, META for three, and somebody else all the time.
fn renamed(folder: &Folder) {
    for (at, day) in DAYS.iter().enumerate() {
        let ticker = if at < 3 { "FB" } else { "META" };
        folder.day(day, &[(ticker, 190.0 + at as f64, 1e6), ("AAPL", 140.0, 2e6)]);
    }
}

async fn load(database: &Database, folder: &Folder, more: &[&str]) -> Run {
    backfill(&database.url, folder.path(), DAYS[0], DAYS[5], more).await.succeeded()
}

async fn reference(database: &Database, vendor: &Vendor, more: &[&str]) -> Run {
    vendor.forget_requests();
    let args = ["reference", "--source", "rest", "--plan", "paid"];
    let run = vendor.run(database, &[&args, more].concat()).await;
    vendor.assert_secrets_kept();
    run
}

/// Ticker, first day, end and whether it is the instrument of `like` now.
async fn periods(client: &Client, like: &str) -> Vec<String> {
    let query = format!(
        "SELECT ticker || ' ' || from_date || ' ' || coalesce(until_date::text, '…') FROM ticker_periods
         WHERE instrument_id = (SELECT instrument_id FROM ticker_periods WHERE ticker = '{like}' ORDER BY from_date DESC LIMIT 1)
         ORDER BY from_date"
    );
    tables::texts(client, &query).await
}

#[tokio::test]
async fn the_list_is_read_page_by_page_active_and_delisted_and_twice_is_once() {
    let database = Database::create().await;
    let mut market = Market::new();
    market.page = Some(2);
    market.tickers = vec![
        Ticker::new("AAPL"),
        Ticker::new("BRK.A"),
        Ticker::new("KIMpL").with("type", "PFD"),
        Ticker::new("AOL").delisted("2001-01-11"),
        Ticker::new("TWX").delisted("2018-06-14"),
        Ticker::new("TWX").with("composite_figi", "BBG000TWXOLD").delisted("2001-01-11"),
        Ticker::new("VOW").with("market", "otc"),
    ];
    let vendor = Vendor::start(market);
    let run = reference(&database, &vendor, &[]).await.succeeded();
    assert!(run.err.contains("one a 1,000 tickers"), "{}", run.err);
    assert!(run.out.contains("6 read   6 new, 0 changed, 0 equal, 0 repeated, 0 set aside"), "{}", run.out);
    let pages = (vendor.calls("active=true"), vendor.calls("active=false"), vendor.calls("marketstatus"));
    assert_eq!(pages.0, 1, "later pages are asked for by their cursor");
    assert_eq!((pages.1, pages.2, vendor.requests().len()), (1, 1, 5));
    let client = database.client().await;
    let stored = "SELECT t.ticker || ' ' || name || ' ' || type || ' ' || exchange || ' ' || coalesce(delisted_on::text, '-')
                  FROM instruments JOIN ticker_periods AS t USING (instrument_id) ORDER BY t.ticker, from_date";
    assert_eq!(
        tables::texts(&client, stored).await,
        [
            "AAPL AAPL Inc. CS XNYS -",
            "AOL AOL Inc. CS XNYS 2001-01-11",
            "BRK.A BRK.A Inc. CS XNYS -",
            "KIMpL KIMpL Inc. PFD XNYS -",
            "TWX TWX Inc. CS XNYS 2001-01-11",
            "TWX TWX Inc. CS XNYS 2018-06-14",
        ]
    );
    let twx = "SELECT from_date || ' ' || until_date FROM ticker_periods WHERE ticker = 'TWX' ORDER BY 1";
    assert_eq!(tables::texts(&client, twx).await, ["0001-01-01 2001-01-12", "2001-01-12 2018-06-15"]);
    assert_eq!(
        tables::number(&client, "SELECT count(*) FROM change_log").await,
        0,
        "nobody computes from them"
    );

    let run = reference(&database, &vendor, &[]).await.succeeded();
    assert!(run.out.contains("0 new, 0 changed, 6 equal"), "{}", run.out);
    vendor.market().tickers[0] =
        Ticker::new("AAPL").with("name", "Apple").with("last_updated_utc", "2030-01-01T00:00:00Z");
    let run = reference(&database, &vendor, &[]).await.succeeded();
    assert!(run.out.contains("0 new, 1 changed, 5 equal"), "{}", run.out);
    assert_eq!(tables::number(&client, "SELECT count(*) FROM reference_loads").await, 3);
}

#[tokio::test]
async fn a_fault_in_the_middle_of_the_list_changes_nothing() {
    let database = Database::create().await;
    let mut market = Market::new();
    market.tickers = vec![Ticker::new("AAPL"), Ticker::new("AOL").delisted("2001-01-11")];
    let vendor = Vendor::start(market);
    vendor.fault("active=false", 1, Fault::NotAuthorized(403));
    reference(&database, &vendor, &[]).await.failed("the vendor's plan does not include", "larger plan");
    vendor.fault("marketstatus", 1, Fault::Json(200, "{\"status\":\"OK\"}".to_owned()));
    reference(&database, &vendor, &[]).await.failed("/v1/marketstatus/upcoming cannot be read", "");
    let client = database.client().await;
    assert_eq!(tables::number(&client, "SELECT count(*) FROM instruments").await, 0);
    reference(&database, &vendor, &[]).await.succeeded();
    assert_eq!(tables::number(&client, "SELECT count(*) FROM instruments").await, 2);
}

#[tokio::test]
async fn a_new_name_is_asked_for_merged_and_its_bars_survive_a_reload_of_the_old_one() {
    let (database, folder) = (Database::create().await, Folder::new());
    renamed(&folder);
    load(&database, &folder, &[]).await;
    let before = tables::bars(&database.client().await).await;
    let mut market = Market::new();
    market.tickers = vec![facebook("META"), facebook("FB").delisted("2022-06-08"), Ticker::new("AAPL")];
    // The mock of the vendor's own client says the 11th, a Saturday.
    market.events = vec![json!({
        "name": "Meta Platforms, Inc.", "composite_figi": "BBG000MM2P62", "cik": "0001326801",
        "events": [
            {"ticker_change": {"ticker": "META"}, "type": "ticker_change", "date": "2022-06-11"},
            {"ticker_change": {"ticker": "FB"}, "type": "ticker_change", "date": "2012-05-18"},
        ],
    })];
    let vendor = Vendor::start(market);
    let run = reference(&database, &vendor, &["--events"]).await.succeeded();
    assert!(run.err.contains("1 call of the vendor's API for ticker changes"), "{}", run.err);
    assert_eq!(vendor.calls("/vX/reference/tickers/BBG000MM2P62/events"), 1);
    assert!(run.out.contains("new ticker changes: FB to META on 2022-06-09"), "{}", run.out);
    assert!(run.out.contains("1 instruments into others: META"), "{}", run.out);
    assert_eq!(run.number("moved"), 3);
    let client = database.client().await;
    assert_eq!(periods(&client, "META").await, ["FB 0001-01-01 2022-06-09", "META 2022-06-09 …"]);
    assert_eq!(tables::bars(&client).await, before);
    // Nothing shows a change any more.
    let run = reference(&database, &vendor, &["--events"]).await.succeeded();
    assert!(run.err.contains("0 calls of the vendor's API for ticker changes"), "{}", run.err);
    assert_eq!(vendor.calls("events"), 0);
    let run = reference(&database, &vendor, &["--events", "--tickers", "META,NONE"]).await.succeeded();
    assert!(run.out.contains("the vendor has no ticker events"), "{}", run.out);
    assert!(run.out.contains("0 new, 0 changed, 2 equal"), "{}", run.out);

    // The old name has no bars on the later days, the instrument has: under the new name.
    tables::forget_changes(&client).await;
    for tickers in ["FB", "META", "FB,META"] {
        let run = load(&database, &folder, &["--reload", "--tickers", tickers]).await;
        assert_eq!((run.number("removed"), run.number("inserted"), run.number("changed")), (0, 0, 0));
    }
    assert_eq!(tables::bars(&client).await, before);
    assert_eq!(tables::number(&client, "SELECT count(*) FROM change_log").await, 0);
    // A correction that takes a bar away reaches whoever had the ticker on that day.
    let folder = Folder::new();
    folder.day(DAYS[1], &[("AAPL", 140.0, 2e6)]);
    let run =
        backfill(&database.url, folder.path(), DAYS[1], DAYS[1], &["--tickers", "FB"]).await.succeeded();
    assert_eq!(run.number("removed"), 1);
}

#[tokio::test]
async fn details_are_asked_for_once_and_a_broken_off_run_goes_on() {
    let (database, folder) = (Database::create().await, Folder::new());
    let bars = [("AAPL", 140.0, 2e6), ("BRK.A", 4e5, 10.0), ("GONE", 5.0, 10.0), ("NEW", 5.0, 10.0)];
    folder.day(DAYS[0], &bars);
    backfill(&database.url, folder.path(), DAYS[0], DAYS[0], &[]).await.succeeded();
    let mut market = Market::new();
    market.tickers = vec![
        Ticker::new("AAPL"),
        Ticker::new("BRK.A")
            .with_detail("sic_code", "6331")
            .with_detail("share_class_shares_outstanding", 600_000),
        Ticker::new("GONE").delisted("2022-06-06").with_detail("sic_code", "1311"),
        Ticker::new("ZZZ"),
    ];
    let vendor = Vendor::start(market);
    vendor.fault("tickers/BRK.A", 1, Fault::NotAuthorized(403));
    let run = reference(&database, &vendor, &["--details"]).await;
    let run = run.failed("does not include /v3/reference/tickers/BRK.A", "larger plan");
    assert!(run.err.contains("4 calls of the vendor's API for details"), "{}", run.err);
    let run = reference(&database, &vendor, &["--details"]).await.succeeded();
    assert!(run.err.contains("3 calls of the vendor's API for details"), "AAPL is kept: {}", run.err);
    assert_eq!(vendor.calls("tickers/GONE?date=2022-06-05"), 1, "a delisted one as of its time");
    assert!(run.out.contains("details: the vendor has none") && run.out.contains("NEW"), "{}", run.out);
    assert_eq!(run.number("by SIC"), 2, "{}", run.out);
    let client = database.client().await;
    let query = "SELECT ticker || ' ' || coalesce(sic_code, '-') || ' ' || coalesce(sector, '-') || ' ' || coalesce(listed_on::text, '-')
                 FROM instruments JOIN tickers USING (instrument_id) WHERE has_bars ORDER BY 1";
    assert_eq!(
        tables::texts(&client, query).await,
        [
            "AAPL 3571 Information Technology 1990-01-02",
            "BRK.A 6331 Financials 1990-01-02",
            "GONE 1311 Energy 1990-01-02",
            "NEW - - -",
        ]
    );
    // Shares of those who are listed count from today on; those of the past would look ahead.
    let shares = "SELECT ticker || ' ' || shares FROM shares_outstanding JOIN tickers USING (instrument_id)
                  WHERE filing_date >= current_date - 2 ORDER BY 1";
    assert_eq!(tables::texts(&client, shares).await, ["AAPL 50000000", "BRK.A 600000"]);
    let run = reference(&database, &vendor, &["--details"]).await.succeeded();
    assert!(run.err.contains("0 calls of the vendor's API for details"), "{}", run.err);

    tables::forget_changes(&client).await;
    let run = reference(&database, &vendor, &["--details", "--tickers", "AAPL,NOBODY"]).await.succeeded();
    assert!(
        run.out.contains("1 read   0 new or changed, 1 set aside") && run.out.contains("NOBODY"),
        "{}",
        run.out
    );
    assert_eq!(tables::number(&client, "SELECT count(*) FROM change_log").await, 0);
}

#[tokio::test]
async fn sectors_of_a_file_outweigh_sic_codes_and_faults_are_named_with_their_line() {
    let (database, folder) = (Database::create().await, Folder::new());
    folder.day(DAYS[0], &[("AAPL", 140.0, 2e6), ("BRK.A", 4e5, 10.0)]);
    backfill(&database.url, folder.path(), DAYS[0], DAYS[0], &[]).await.succeeded();
    let write =
        |name: &str, text: &str| std::fs::write(Path::new(folder.path()).join(name), text).expect("written");
    write(
        "tickers.json",
        r#"{"results":[{"ticker":"AAPL","name":"Apple","type":"CS"},{"ticker":"BRK.A","name":"Berkshire"}]}"#,
    );
    write(
        "ticker-details.json",
        r#"{"results":[{"ticker":"AAPL","sic_code":"3571"},{"ticker":"BRK.A","sic_code":"6331"},{"ticker":"NONE","sic_code":"1"}]}"#,
    );
    write("sectors.csv", "ticker,sector\nAAPL,consumer discretionary\nX,Energy\nBRK.A,Insurance\n");
    let source = format!("files:{}", folder.path());
    let file = format!("{}/sectors.csv", folder.path());
    let run =
        ingest(&database.url, &["reference", "--source", &source, "--sectors", &file]).await.succeeded();
    assert!(run.out.contains("3 read   1 new or changed, 0 equal, 0 repeated, 2 set aside"), "{}", run.out);
    for words in ["line 3: X", "line 4: BRK.A \"Insurance\"", "details: the ticker is not known"] {
        assert!(run.out.contains(words), "{words}\n{}", run.out);
    }
    let client = database.client().await;
    let query = "SELECT ticker || ' ' || sector || ' ' || sector_source FROM instruments JOIN tickers USING (instrument_id) ORDER BY 1";
    let expected = ["AAPL Consumer Discretionary file", "BRK.A Financials sic"];
    assert_eq!(tables::texts(&client, query).await, expected);
    assert_eq!(tables::logged(&client, "instruments").await.len(), 2);
    tables::forget_changes(&client).await;
    // Without the file the code stays outweighed; the file alone is enough.
    ingest(&database.url, &["reference", "--source", &source]).await.succeeded();
    let run = ingest(&database.url, &["reference", "--sectors", &file]).await.succeeded();
    assert!(run.out.contains("0 new or changed, 1 equal"), "{}", run.out);
    assert_eq!(tables::texts(&client, query).await, expected);
    assert_eq!(tables::number(&client, "SELECT count(*) FROM change_log").await, 0);
    let run = ingest(&database.url, &["status"]).await.succeeded();
    assert!(
        run.out.contains("reference    2 in the vendor's list, 1 with a type, 2 with a sector"),
        "{}",
        run.out
    );
}

/// A session some weeks from now, and the one after it.
fn session_to_come() -> (NaiveDate, NaiveDate) {
    let today = chrono::Utc::now().date_naive();
    // Neither a holiday nor near one, so that the rule alone speaks of the days around.
    let plain = |day: NaiveDate| by_rule().number(day).is_some() && by_rule().early_close(day).is_none();
    let found = (20..60).map(|n| today + Days::new(n)).find(|day| plain(*day) && plain(*day + Days::new(1)));
    let day = found.expect("two sessions in a row");
    (day, day + Days::new(1))
}

fn announced(day: NaiveDate, status: &str, close: &Value) -> Value {
    json!({"date": day.to_string(), "exchange": "NYSE", "name": "National Day of Mourning", "status": status, "close": close})
}

#[tokio::test]
async fn an_announced_day_of_mourning_is_no_session_for_any_command_until_it_is_withdrawn() {
    let (database, folder) = (Database::create().await, Folder::new());
    let (mourning, next) = session_to_come();
    let mut market = Market::new();
    market.tickers = vec![Ticker::new("AAPL")];
    market.holidays = vec![announced(mourning, "closed", &Value::Null)];
    let vendor = Vendor::start(market);
    let run = reference(&database, &vendor, &[]).await.succeeded();
    assert!(run.out.contains("1 days announced   0 agree with the rule, 0 known, 1 new"), "{}", run.out);
    assert!(run.out.contains(&format!("new: {mourning} closed: National Day of Mourning")), "{}", run.out);
    let client = database.client().await;
    let session = format!("SELECT count(*) FROM sessions WHERE session_date = '{mourning}'");
    assert_eq!(tables::number(&client, &session).await, 0);

    let (from, to) = (mourning.to_string(), next.to_string());
    let status = async || ingest(&database.url, &["status", "--from", &from, "--to", &to]).await.succeeded();
    assert!(status().await.out.contains("sessions     1 expected"), "{}", status().await.out);
    assert!(status().await.out.contains("1 announced exchange days"));
    folder.day(&from, &[("AAPL", 10.0, 1.0)]).day(&to, &[("AAPL", 11.0, 1.0)]);
    let run = backfill(&database.url, folder.path(), &from, &to, &[]).await.succeeded();
    assert!(run.out.contains("the exchange was closed"), "{}", run.out);
    assert!(run.out.contains(&format!("{mourning}.csv.gz: National Day of Mourning")), "{}", run.out);
    assert_eq!(tables::loads(&client).await, [to.as_str()]);

    // Said again it is known; the table of sessions is as it was.
    let run = reference(&database, &vendor, &[]).await.succeeded();
    assert!(run.out.contains("0 agree with the rule, 1 known, 0 new"), "{}", run.out);
    tables::forget_changes(&client).await;
    // A vendor that is silent withdraws nothing; one that speaks of other days does.
    vendor.market().holidays.clear();
    reference(&database, &vendor, &[]).await.succeeded();
    assert_eq!(tables::number(&client, &session).await, 0);
    let early = json!(format!("{}T18:00:00Z", next));
    vendor.market().holidays = vec![announced(next, "early-close", &early)];
    let run = reference(&database, &vendor, &[]).await.succeeded();
    assert!(run.out.contains(&format!("withdrawn: {mourning}")), "{}", run.out);
    assert_eq!(tables::number(&client, &session).await, 1);
    let close = format!("SELECT early_close::text FROM sessions WHERE session_date = '{next}'");
    let close = tables::texts(&client, &close).await;
    assert!(close == ["13:00:00"] || close == ["14:00:00"], "18:00 in London's time: {close:?}");
    assert_eq!(tables::logged(&client, "sessions").await.len(), 1, "windows over the day move");
    let run = backfill(&database.url, folder.path(), &from, &to, &[]).await.succeeded();
    assert_eq!(run.number("inserted"), 1, "{}", run.out);

    // Bars of a day outweigh the word that it is closed.
    vendor.market().holidays = vec![announced(mourning, "closed", &Value::Null)];
    let run = reference(&database, &vendor, &[]).await.succeeded();
    assert!(run.out.contains("said to be closed, but bars of the day are loaded"), "{}", run.out);
    assert_eq!(tables::number(&client, &session).await, 1);
}

#[tokio::test]
async fn faults_of_the_command_line_are_found_before_the_database_is_touched() {
    let run = |args: Vec<&'static str>| async move {
        ingest("postgresql://nobody@127.0.0.1:1/nowhere", &[&["reference"], &args[..]].concat()).await
    };
    let nothing = run(vec![]).await;
    assert_eq!(nothing.code, Some(2));
    assert!(nothing.err.contains("--source <SOURCE>"), "{}", nothing.err);
    run(vec!["--source", "files:/no/such/folder"]).await.failed("cannot be read", "path exists");
    run(vec!["--source", "files:/tmp", "--details"]).await.failed("ask the vendor", "--source rest");
    run(vec!["--source", "files:/tmp", "--tickers", "A"]).await.failed("neither is asked for", "--details");
    run(vec!["--sectors", "/no/such/file"]).await.failed("/no/such/file: cannot be read", "ticker,sector");
    let folder = Folder::new();
    let source = format!("files:{}", folder.path());
    let args = ["reference", "--source", &source];
    ingest("postgresql://nobody@127.0.0.1:1/nowhere", &args)
        .await
        .failed("no tickers.json is here", "the folder that holds the vendor's replies");
}

fn data() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("TIDEMARK_TEST_DATA") {
        return Some(named.into());
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    beside.is_dir().then_some(beside)
}

#[tokio::test]
async fn the_real_list_of_a_year_names_every_instrument_and_moves_no_bar() {
    let Some(data) = data() else {
        eprintln!("skipped: name a folder of real data in TIDEMARK_TEST_DATA");
        return;
    };
    let (database, market) = (Database::create().await, data.join("vendor/us2015"));
    let market = market.display().to_string();
    backfill(&database.url, &market, "2016-01-04", "2016-01-29", &[]).await.succeeded();
    let client = database.client().await;
    let before = tables::bars(&client).await;
    let loaded = tables::number(&client, "SELECT count(*) FROM instruments").await;
    let source = format!("files:{market}");
    let run = ingest(&database.url, &["reference", "--source", &source]).await.succeeded();
    let new = 1_775 - loaded;
    let words =
        format!("1,775 read   {new} new, {} changed, 0 equal, 0 repeated, 0 set aside", tables_count(loaded));
    assert!(run.out.contains(&words), "{words}\n{}", run.out);
    assert_eq!(tables::bars(&client).await, before);
    let ended = "SELECT count(*) FROM ticker_periods WHERE until_date IS NOT NULL";
    assert_eq!(tables::number(&client, ended).await, 300);
    let run = ingest(&database.url, &["reference", "--source", &source]).await.succeeded();
    assert!(run.out.contains("0 new, 0 changed, 1,775 equal"), "{}", run.out);
    // The months before find the instruments that the list made.
    backfill(&database.url, &market, "2015-12-01", "2015-12-31", &[]).await.succeeded();
    assert_eq!(tables::number(&client, "SELECT count(*) FROM instruments").await, 1_775);
}

/// A count as the summary writes it.
fn tables_count(count: i64) -> String {
    tidemark::say::count(count as u64)
}
