//! The traps of point-in-time statements, each sprung on a store that is already computed: news that comes late must move what
//! it reaches, to the value worked out by hand, and leave every other row and every earlier one as it is, to the bit.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::NaiveDate;
use support::book::{Book, Key};
use support::companies::{self, Filing};
use support::{Database, market};
use tidemark::domain::calendar::nyse;
use tidemark::domain::sector::Sector;
use tidemark::jobs::refresh::{self, Options, Sample, Summary};
use tidemark::store::actions::{SplitRow, upsert_splits};
use tidemark::store::date_of;
use tidemark::store::instruments::Tickers;
use tidemark::store::reference::{Details, store_details, store_sectors};
use tidemark::store::statements::Timeframe::{self, Annual, Quarterly, TrailingTwelveMonths};
use tokio_postgres::Client;

/// 3 January to 15 July 2022; the population begins with the 60th session, 30 March.
const SESSIONS: i32 = 134;
/// Companies that file nothing but what a trap gives them: the first ones.
const OWN: usize = 5;
const COMPANIES: usize = 16;

const INCOME: &str = "net_income_loss_attributable_common_shareholders";
const CASH_FLOW: &str = "net_cash_from_operating_activities";
const LONG_DEBT: &str = "long_term_debt_and_capital_lease_obligations";
const SHARES: &str = "basic_shares_outstanding";
const EPS: &str = "diluted_earnings_per_share";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn number_of(day: NaiveDate) -> i32 {
    nyse().number(day).unwrap()
}

fn close(id: i32, day: NaiveDate) -> f64 {
    market::bar(id, number_of(day), 0).close
}

fn before(day: NaiveDate) -> NaiveDate {
    date_of(number_of(day) - 1)
}

/// A period: its length and its last day.
type Timed<'a> = (Timeframe, &'a str);
/// What a company files: its place, the period, the day of the filing, the numbers.
type Filed<'a> = (usize, Timed<'a>, &'a str, &'a [(&'a str, f64)]);

/// A market that is computed, and what the store held before and after the latest news.
struct Ground {
    database: Database,
    client: Client,
    ids: Vec<i32>,
    was: Book,
    is: Book,
}

impl Ground {
    async fn new() -> Self {
        Self::with_bars(|_, _| true).await
    }

    /// The market with bars where `has` says so of a company's place and a session's day.
    async fn with_bars(has: impl Fn(usize, NaiveDate) -> bool) -> Self {
        let database = Database::create().await;
        let mut client = database.client().await;
        let ids = market::instruments(&mut client, COMPANIES).await;
        let sessions = market::first()..market::first() + SESSIONS;
        market::open_chunks(&mut client, sessions.clone()).await;
        let transaction = client.transaction().await.unwrap();
        market::write(&transaction, &ids, sessions, |id, session| {
            let place = ids.iter().position(|known| *known == id).unwrap();
            has(place, date_of(session)).then(|| market::bar(id, session, 0))
        })
        .await;
        companies::file_all(&transaction, &ids[OWN..COMPANIES], 0..14).await;
        transaction.commit().await.unwrap();
        Self { database, client, ids, was: Book::default(), is: Book::default() }
    }

    /// Files statements, and refreshes.
    async fn file(&mut self, filings: &[Filed<'_>]) -> Summary {
        let filings: Vec<Filing<'_>> = filings
            .iter()
            .map(|(place, (timeframe, period_end), filed_on, numbers)| Filing {
                instrument_id: self.ids[*place],
                period_end,
                timeframe: *timeframe,
                filed_on,
                numbers,
            })
            .collect();
        let transaction = self.client.transaction().await.unwrap();
        companies::file_numbers(&transaction, &filings).await;
        transaction.commit().await.unwrap();
        self.refresh().await
    }

    async fn split(&mut self, place: usize, ex_date: &str, ratio: f64) {
        let row = SplitRow {
            instrument_id: self.ids[place],
            ex_date: day(ex_date),
            split_from: 1.0,
            split_to: ratio,
            vendor_id: None,
        };
        let transaction = self.client.transaction().await.unwrap();
        assert_eq!(upsert_splits(&transaction, &[row]).await.unwrap(), 1);
        transaction.commit().await.unwrap();
        self.refresh().await;
    }

    /// Brings the store up to the news and proves it against the same computed from nothing.
    async fn refresh(&mut self) -> Summary {
        let options = Options { full: false, benchmark: "SPY".into() };
        let summary = refresh::refresh(&mut self.client, &options, &|_, _| {}).await.unwrap();
        let verdict = refresh::verify(&mut self.client, "SPY", Sample::All, &|_, _| {}).await.unwrap();
        assert!(verdict.is_clean(), "{verdict:#?}");
        let now = Book::read(&self.client).await;
        self.was = std::mem::replace(&mut self.is, now);
        summary
    }

    /// The transactions that wrote the statements.
    async fn versions(&self) -> Vec<String> {
        let query = "SELECT ctid::text || ' ' || xmin::text FROM statements ORDER BY 1";
        self.client.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    fn value(&self, place: usize, on: &str, factor: &str) -> Option<f64> {
        self.is.value(self.ids[place], day(on), factor)
    }

    #[track_caller]
    fn near(&self, place: usize, on: &str, factor: &str, expected: f64) {
        let value = self.value(place, on, factor);
        let is_near = value.is_some_and(|value| (value - expected).abs() <= 1e-12 * expected.abs().max(1.0));
        assert!(is_near, "{factor} of {place} on {on}: {value:?}, {expected} by hand");
    }

    /// Market value on a day, from the bar as it was printed.
    fn market_value(&self, place: usize, on: &str, shares: f64) -> f64 {
        close(self.ids[place], day(on)) * shares
    }

    /// The rows of companies from a day on: what news may move.
    fn rows(&self, from: &[(usize, &str)]) -> BTreeSet<Key> {
        let reached =
            |(id, on): &Key| from.iter().any(|(place, first)| self.ids[*place] == *id && day(first) <= *on);
        self.is.rows.keys().copied().filter(reached).collect()
    }

    /// All rows of these companies from these days on have changed, no other row has been as much as written again, and no
    /// moments moved on other sessions.
    #[track_caller]
    fn moved_exactly(&self, from: &[(usize, &str)]) {
        let expected = self.rows(from);
        assert_eq!(self.is.changed(&self.was), expected);
        assert_eq!(self.is.rewritten(&self.was), expected);
        let days: BTreeSet<NaiveDate> = expected.iter().map(|(_, on)| *on).collect();
        let moved: BTreeSet<NaiveDate> = self.is.moved(&self.was).into_iter().map(|(on, _)| on).collect();
        assert!(moved.is_subset(&days), "{moved:?}");
        assert!(!moved.is_empty(), "the population was to feel it");
    }

    /// Nothing is as much as written again.
    #[track_caller]
    fn nothing_moved(&self) {
        assert_eq!(self.is.rewritten(&self.was), BTreeSet::new());
        assert_eq!(self.is.moved(&self.was), BTreeSet::new());
    }
}

#[tokio::test]
async fn a_statement_filed_on_a_session_or_on_a_day_without_one_is_used_from_the_next_session_on() {
    let mut ground = Ground::new().await;
    let news = [
        ("2022-04-20", "2022-04-21"), // A Wednesday, while the market is open.
        ("2022-04-22", "2022-04-25"), // A Friday, however late in the evening.
        ("2022-04-23", "2022-04-25"), // A Saturday.
        ("2022-04-15", "2022-04-18"), // Good Friday: the exchange is closed, the SEC is not.
        ("2022-05-30", "2022-05-31"), // Memorial Day, a Monday.
    ];
    let old: &[(&str, f64)] = &[(INCOME, 10e6), (SHARES, 10e6), ("total_assets", 200e6)];
    let new: &[(&str, f64)] = &[(INCOME, 30e6), (SHARES, 12e6), ("total_assets", 300e6)];
    let base: Vec<_> = (0..OWN).map(|place| (place, (Annual, "2020-12-31"), "2021-03-01", old)).collect();
    ground.file(&base).await;
    let filed: Vec<_> = (0..OWN).map(|place| (place, (Annual, "2021-12-31"), news[place].0, new)).collect();
    ground.file(&filed).await;
    let used: Vec<(usize, &str)> = news.iter().map(|(_, first)| *first).enumerate().collect();
    ground.moved_exactly(&used);
    for (place, first) in used {
        let last = before(day(first)).to_string();
        ground.near(place, &last, "roa", 0.05);
        ground.near(place, &last, "size", ground.market_value(place, &last, 10e6).ln());
        ground.near(place, first, "roa", 0.1);
        ground.near(place, first, "size", ground.market_value(place, first, 12e6).ln());
        ground.near(place, first, "earnings_yield", 30e6 / ground.market_value(place, first, 12e6));
    }
}

#[tokio::test]
async fn a_restatement_replaces_what_it_gives_from_its_own_filing_on_and_the_rest_stays() {
    let mut ground = Ground::new().await;
    let first: &[(&str, f64)] = &[("revenue", 100e6), ("gross_profit", 40e6), (SHARES, 10e6)];
    ground.file(&[(0, (Annual, "2021-12-31"), "2022-02-15", first)]).await;
    ground.near(0, "2022-05-05", "gross_margin", 0.4);
    ground.file(&[(0, (Annual, "2021-12-31"), "2022-05-04", &[("revenue", 80e6)])]).await;
    ground.moved_exactly(&[(0, "2022-05-05")]);
    assert_eq!(ground.is.columns(&ground.was), BTreeSet::from(["gross_margin", "sales_to_price"]));
    ground.near(0, "2022-05-04", "gross_margin", 0.4);
    ground.near(0, "2022-05-05", "gross_margin", 0.5);
    ground.near(0, "2022-05-05", "sales_to_price", 80e6 / ground.market_value(0, "2022-05-05", 10e6));
}

#[tokio::test]
async fn a_filing_two_hundred_days_late_changes_nothing_before_it_whenever_it_is_loaded() {
    let mut ground = Ground::new().await;
    let balance = |debt: f64| [(LONG_DEBT, debt), ("total_assets", 100e6)];
    ground.file(&[(0, (Quarterly, "2021-06-30"), "2021-08-10", &balance(20e6))]).await;
    ground.file(&[(0, (Quarterly, "2021-09-30"), "2022-04-18", &balance(50e6))]).await;
    ground.moved_exactly(&[(0, "2022-04-19")]);
    ground.near(0, "2022-04-18", "leverage", 0.2);
    ground.near(0, "2022-04-19", "leverage", 0.5);
}

#[tokio::test]
async fn a_restated_older_period_moves_the_comparison_and_not_the_newest_figures() {
    let mut ground = Ground::new().await;
    let year = |revenue: f64, assets: f64| [("revenue", revenue), ("total_assets", assets), (SHARES, 10e6)];
    ground
        .file(&[
            (0, (Annual, "2020-12-31"), "2021-03-01", &year(80e6, 150e6)),
            (0, (Annual, "2021-12-31"), "2022-02-15", &year(100e6, 200e6)),
        ])
        .await;
    ground.near(0, "2022-06-01", "sales_growth", 0.25);
    ground.file(&[(0, (Annual, "2020-12-31"), "2022-05-04", &[("revenue", 125e6)])]).await;
    ground.moved_exactly(&[(0, "2022-05-05")]);
    assert_eq!(ground.is.columns(&ground.was), BTreeSet::from(["sales_growth"]));
    ground.near(0, "2022-05-04", "sales_growth", 0.25);
    ground.near(0, "2022-05-05", "sales_growth", -0.2);
    ground.near(0, "2022-05-05", "asset_growth", 1.0 / 3.0);
    ground.near(0, "2022-05-05", "sales_to_price", 100e6 / ground.market_value(0, "2022-05-05", 10e6));
}

/// A year of a company on whose nine points only the share count and EPS are in doubt: `size` scales what grows.
fn year(income: f64, shares: f64, eps: f64) -> Vec<(&'static str, f64)> {
    vec![
        (INCOME, income),
        (CASH_FLOW, income * 2.0),
        ("total_assets", 200e6),
        (LONG_DEBT, 60e6 - income),
        ("total_current_assets", 50e6 + income),
        ("total_current_liabilities", 40e6),
        ("revenue", 100e6 + income),
        ("gross_profit", 30e6 + 2.0 * income),
        (SHARES, shares),
        (EPS, eps),
    ]
}

#[tokio::test]
async fn a_split_between_filing_and_session_puts_shares_and_earnings_on_the_sessions_basis() {
    let mut ground = Ground::new().await;
    let (old, new) = (year(10e6, 10e6, 4.0), year(20e6, 20e6, 2.5));
    ground
        .file(&[
            (0, (Annual, "2020-12-31"), "2021-03-01", &old),
            // After the split.
            (0, (Annual, "2021-12-31"), "2022-05-04", &new),
            // On the ex-date: on the new basis. On the Saturday before: on the old one.
            (1, (Annual, "2021-12-31"), "2022-04-25", &new),
            (2, (Annual, "2021-12-31"), "2022-04-23", &old),
        ])
        .await;
    // It is announced after everything was computed.
    for place in 0..3 {
        ground.split(place, "2022-04-25", 2.0).await;
        // Nothing but the split's own basis moves before the next filing.
        let expected: BTreeSet<Key> = ground.rows(&[(place, "2022-04-25")]);
        assert_eq!(ground.is.changed(&ground.was), expected, "earlier rows keep their bits");
    }
    let size =
        |place, on: &str, shares| ground.near(place, on, "size", ground.market_value(place, on, shares).ln());
    size(0, "2022-04-22", 10e6);
    size(0, "2022-04-25", 20e6);
    size(0, "2022-05-05", 20e6);
    size(1, "2022-04-26", 20e6);
    size(2, "2022-04-25", 20e6);
    for (on, income, shares) in
        [("2022-04-22", 10e6, 10e6), ("2022-04-25", 10e6, 20e6), ("2022-05-05", 20e6, 20e6)]
    {
        ground.near(0, on, "earnings_yield", income / ground.market_value(0, on, shares));
    }
    assert_eq!(ground.value(0, "2022-05-04", "eps_growth"), None, "there is no year before");
    // 4 USD of an old share are 2 USD of a new one; and twice as many shares are as many as before.
    ground.near(0, "2022-05-05", "eps_growth", 0.25);
    assert_eq!(ground.value(0, "2022-05-05", "piotroski_f"), Some(9.0));
}

/// A program beside the test's own: `ingest` is built by its own package.
fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_scan")).with_file_name(name);
    assert!(path.is_file(), "{} is not built: run cargo build --workspace", path.display());
    path
}

/// Loads annual income statements of ticker TST0 as the vendor gives them, with the program that does so.
fn ingest(database: &Database, statements: &[(&str, &str, f64)]) {
    let folder = tempfile::tempdir().unwrap();
    let results: Vec<serde_json::Value> = statements
        .iter()
        .map(|(period_end, filing_date, gross_profit)| {
            serde_json::json!({
                "tickers": ["TST0"], "period_end": period_end, "filing_date": filing_date, "timeframe": "annual",
                "revenue": 100e6, "gross_profit": gross_profit,
            })
        })
        .collect();
    let reply = serde_json::json!({ "results": results });
    std::fs::write(folder.path().join("income-statements.json"), reply.to_string()).unwrap();
    let source = format!("files:{}", folder.path().display());
    let output = Command::new(program("ingest"))
        .args(["statements", "--source", &source])
        .env("DATABASE_URL", &database.url)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_of_a_reused_ticker_go_to_the_company_that_had_it_when_they_were_filed() {
    let reused = day("2022-04-04");
    let mut ground = Ground::with_bars(|place, on| place > 0 || on < reused).await;
    ground
        .client
        .execute("UPDATE ticker_periods SET until_date = $1 WHERE ticker = 'TST0'", &[&reused])
        .await
        .unwrap();
    let mut tickers = Tickers::read(&ground.client).await.unwrap();
    tickers.create(&mut ground.client, &[("TST0", reused)]).await.unwrap();
    let newcomer = tickers.find("TST0", reused).unwrap();
    assert_ne!(newcomer, ground.ids[0]);
    let sessions = number_of(reused)..market::first() + SESSIONS;
    let transaction = ground.client.transaction().await.unwrap();
    market::write(&transaction, &[newcomer], sessions, |id, session| Some(market::bar(id, session, 0))).await;
    transaction.commit().await.unwrap();
    ground.ids.push(newcomer);
    let new = ground.ids.len() - 1;

    ingest(&ground.database, &[("2020-12-31", "2021-03-01", 50e6), ("2021-12-31", "2022-05-02", 20e6)]);
    ground.refresh().await;
    let margins = |place: usize| -> BTreeSet<String> {
        let rows = ground.is.rows.keys().filter(|(id, _)| *id == ground.ids[place]);
        rows.map(|(_, on)| format!("{:?}", ground.value(place, &on.to_string(), "gross_margin"))).collect()
    };
    assert_eq!(margins(0), BTreeSet::from(["Some(0.5)".into()]), "the old company has its own to the end");
    assert_eq!(margins(new), BTreeSet::from(["None".into(), "Some(0.2)".into()]));
    assert_eq!(ground.value(new, "2022-05-02", "gross_margin"), None);
    assert_eq!(ground.value(new, "2022-05-03", "gross_margin"), Some(0.2));

    // A restatement by the old company, and by the new one a year before it had the ticker, both loaded late.
    ingest(&ground.database, &[("2020-12-31", "2022-03-15", 40e6), ("2020-12-31", "2022-05-02", 10e6)]);
    ground.refresh().await;
    assert_eq!(ground.is.changed(&ground.was), ground.rows(&[(0, "2022-03-16"), (new, "2022-05-03")]));
    ground.near(0, "2022-04-01", "gross_margin", 0.4);
    ground.near(new, "2022-05-03", "gross_margin", 0.2);
    assert_eq!(ground.value(new, "2022-05-03", "sales_growth"), Some(0.0), "against its own year before");
}

#[tokio::test]
async fn a_company_that_files_after_its_last_bar_gets_no_rows_and_loses_those_of_bars_that_go() {
    let last = day("2022-05-13");
    let mut ground = Ground::with_bars(|place, on| place > 0 || on <= last).await;
    ground.file(&[(0, (Annual, "2020-12-31"), "2021-03-01", &year(10e6, 10e6, 4.0))]).await;
    let summary = ground.file(&[(0, (Annual, "2021-12-31"), "2022-06-01", &year(20e6, 10e6, 5.0))]).await;
    assert_eq!((summary.done.instruments, summary.done.computed), (1, 0));
    ground.nothing_moved();
    let of_company = ground.rows(&[(0, "2022-01-03")]);
    assert_eq!(of_company.last().map(|(_, on)| *on), Some(last));

    // The vendor learns that it was delisted a week earlier.
    let gone = number_of(day("2022-05-09"))..number_of(last) + 1;
    let transaction = ground.client.transaction().await.unwrap();
    market::write(&transaction, &ground.ids[..1], gone.clone(), |_, _| None).await;
    transaction.commit().await.unwrap();
    ground.refresh().await;
    let expected: BTreeSet<Key> = gone.map(|session| (ground.ids[0], date_of(session))).collect();
    assert_eq!(ground.is.changed(&ground.was), expected);
    let days: BTreeSet<NaiveDate> = expected.iter().map(|(_, on)| *on).collect();
    let moved: BTreeSet<NaiveDate> = ground.is.moved(&ground.was).into_iter().map(|(on, _)| on).collect();
    assert_eq!(moved, days);
}

#[tokio::test]
async fn a_republished_file_rewrites_nothing_where_it_is_equal_and_only_what_it_changes_elsewhere() {
    let mut ground = Ground::new().await;
    let (of_0, of_1) = (year(10e6, 10e6, 4.0), year(20e6, 10e6, 5.0));
    let published = [
        (0, (Annual, "2020-12-31"), "2021-03-01", of_0.as_slice()),
        (0, (Annual, "2021-12-31"), "2022-04-20", of_1.as_slice()),
        (1, (Annual, "2021-12-31"), "2022-02-15", of_1.as_slice()),
    ];
    ground.file(&published).await;
    let versions = ground.versions().await;
    let summary = ground.file(&published).await;
    assert_eq!((summary.done.instruments, summary.done.computed), (0, 0));
    assert_eq!(ground.versions().await, versions, "the statements themselves are not written again");
    ground.nothing_moved();

    // The second filing of the first company has another number.
    let mut corrected = of_1.clone();
    corrected.iter_mut().find(|(name, _)| *name == "total_current_liabilities").unwrap().1 = 35e6;
    let mut republished = published;
    republished[1].3 = &corrected;
    let summary = ground.file(&republished).await;
    assert_eq!(summary.done.instruments, 1);
    ground.moved_exactly(&[(0, "2022-04-21")]);
    assert_eq!(ground.is.columns(&ground.was), BTreeSet::from(["current_ratio"]));
    let moved: BTreeSet<String> = ground.is.moved(&ground.was).into_iter().map(|(_, name)| name).collect();
    assert_eq!(moved, BTreeSet::from(["current_ratio".to_owned()]), "no other column's moments");
    ground.near(0, "2022-04-21", "current_ratio", 2.0);
    // And the correction is taken back.
    let published_bits = ground.was.clone();
    ground.file(&published).await;
    assert_eq!(ground.is.changed(&published_bits), BTreeSet::new());
    assert_eq!(ground.is.moved(&published_bits), BTreeSet::new());
}

#[tokio::test]
async fn a_restated_share_count_moves_what_is_divided_by_it_from_its_own_filing_on() {
    let mut ground = Ground::new().await;
    ground.file(&[(0, (Annual, "2021-12-31"), "2022-02-15", &[(INCOME, 10e6), (SHARES, 10e6)])]).await;
    let turnover = ground.value(0, "2022-05-05", "turnover_63").unwrap();
    ground.file(&[(0, (Annual, "2021-12-31"), "2022-05-04", &[(SHARES, 8e6)])]).await;
    ground.moved_exactly(&[(0, "2022-05-05")]);
    assert_eq!(ground.is.columns(&ground.was), BTreeSet::from(["earnings_yield", "size", "turnover_63"]));
    ground.near(0, "2022-05-04", "size", ground.market_value(0, "2022-05-04", 10e6).ln());
    ground.near(0, "2022-05-05", "size", ground.market_value(0, "2022-05-05", 8e6).ln());
    ground.near(0, "2022-05-05", "earnings_yield", 10e6 / ground.market_value(0, "2022-05-05", 8e6));
    ground.near(0, "2022-05-05", "turnover_63", turnover / 0.8);
    // The vendor corrects the restatement: the count alone, on the same day.
    ground.file(&[(0, (Annual, "2021-12-31"), "2022-05-04", &[(SHARES, 5e6)])]).await;
    ground.moved_exactly(&[(0, "2022-05-05")]);
    ground.near(0, "2022-05-05", "size", ground.market_value(0, "2022-05-05", 5e6).ln());
}

#[tokio::test]
async fn a_fourth_quarter_is_derived_from_the_year_until_it_is_filed_itself() {
    let mut ground = Ground::new().await;
    let revenue = |millions: f64| [("revenue", millions * 1e6), ("gross_profit", millions * 4e5)];
    let shares = [(SHARES, 10e6), ("revenue", 10e6), ("gross_profit", 4e6)];
    ground
        .file(&[
            (0, (Quarterly, "2021-03-31"), "2021-05-05", &shares),
            (0, (Quarterly, "2021-06-30"), "2021-08-05", &revenue(20.0)),
            (0, (Quarterly, "2021-09-30"), "2021-11-05", &revenue(30.0)),
            (0, (Annual, "2021-12-31"), "2022-02-15", &revenue(100.0)),
        ])
        .await;
    let sales = |ground: &Ground, on: &str, millions: f64| {
        ground.near(0, on, "sales_to_price", millions * 1e6 / ground.market_value(0, on, 10e6));
    };
    sales(&ground, "2022-02-16", 100.0);
    ground.file(&[(0, (Quarterly, "2022-03-31"), "2022-05-04", &revenue(15.0))]).await;
    // 20 + 30 + (100 - 10 - 20 - 30) + 15; the margin is the same.
    sales(&ground, "2022-05-04", 100.0);
    sales(&ground, "2022-05-05", 105.0);
    ground.near(0, "2022-05-05", "gross_margin", 0.4);
    ground.file(&[(0, (Quarterly, "2021-12-31"), "2022-06-01", &[("revenue", 42e6)])]).await;
    ground.moved_exactly(&[(0, "2022-06-02")]);
    sales(&ground, "2022-06-01", 105.0);
    sales(&ground, "2022-06-02", 107.0);
    // Gross profit is still derived: the filing does not give it.
    ground.near(0, "2022-06-02", "gross_margin", 42.0 / 107.0);
}

#[tokio::test]
async fn a_period_expires_eighteen_months_after_its_end_and_the_share_count_does_not() {
    let mut ground = Ground::new().await;
    ground.file(&[(0, (Annual, "2020-12-31"), "2021-03-01", &year(10e6, 10e6, 4.0))]).await;
    let last = ground.value(0, "2022-06-30", "roa");
    assert_eq!(last, Some(0.05), "that day included");
    for factor in ["roa", "earnings_yield", "book_to_price", "current_ratio", "leverage"] {
        assert_eq!(ground.value(0, "2022-07-01", factor), None, "{factor}");
    }
    ground.near(0, "2022-07-01", "size", ground.market_value(0, "2022-07-01", 10e6).ln());
    // A newer period, filed when the older one had expired, and compared with it nevertheless.
    ground.file(&[(0, (Annual, "2021-12-31"), "2022-07-06", &year(20e6, 10e6, 5.0))]).await;
    ground.moved_exactly(&[(0, "2022-07-07")]);
    assert_eq!(ground.value(0, "2022-07-06", "roa"), None);
    ground.near(0, "2022-07-07", "roa", 0.1);
    ground.near(0, "2022-07-07", "eps_growth", 0.25);
}

#[tokio::test]
async fn a_company_that_becomes_a_financial_loses_its_gross_profitability_for_the_past_too() {
    let mut ground = Ground::new().await;
    let filed = year(10e6, 10e6, 4.0);
    ground
        .file(&[
            (0, (Annual, "2021-12-31"), "2022-02-15", &filed),
            (1, (Annual, "2021-12-31"), "2022-02-15", &filed),
        ])
        .await;
    ground.near(0, "2022-02-16", "gross_profitability", 0.25);
    let at_first = ground.is.clone();
    let details = |code: &str| Details {
        instrument_id: ground.ids[1],
        sic_code: Some(code.into()),
        ..Details::default()
    };
    let (bank, shop) = (details("6021"), details("5311"));
    for (sector, code, expected) in [(Sector::Financials, bank, None), (Sector::Materials, shop, Some(0.25))]
    {
        let transaction = ground.client.transaction().await.unwrap();
        store_sectors(&transaction, &[(ground.ids[0], sector)]).await.unwrap();
        store_details(&transaction, &[code], day("2022-07-15")).await.unwrap();
        transaction.commit().await.unwrap();
        ground.refresh().await;
        let affected = ground.rows(&[(0, "2022-02-16"), (1, "2022-02-16")]);
        assert_eq!(ground.is.changed(&ground.was), affected);
        assert_eq!(ground.is.columns(&ground.was), BTreeSet::from(["gross_profitability"]));
        for (place, on) in [(0, "2022-02-16"), (0, "2022-07-14"), (1, "2022-02-16"), (1, "2022-07-14")] {
            assert_eq!(ground.value(place, on, "gross_profitability"), expected, "{place} on {on}");
        }
        let moved: BTreeSet<String> =
            ground.is.moved(&ground.was).into_iter().map(|(_, name)| name).collect();
        let names = ["gross_profitability", "quality", "quality_sn"].map(String::from);
        assert_eq!(moved, BTreeSet::from(names));
    }
    assert_eq!(ground.is.changed(&at_first), BTreeSet::new());
}

#[tokio::test]
async fn a_sum_of_twelve_months_that_the_vendor_made_is_not_read() {
    let mut ground = Ground::new().await;
    ground.file(&[(0, (Annual, "2021-12-31"), "2022-02-15", &year(10e6, 10e6, 4.0))]).await;
    let absurd: Vec<(&str, f64)> =
        year(77e6, 10e6, 77.0).into_iter().filter(|(name, _)| *name != SHARES).collect();
    ground
        .file(&[
            (0, (TrailingTwelveMonths, "2022-03-31"), "2022-05-04", &absurd),
            (0, (TrailingTwelveMonths, "2021-12-31"), "2022-05-04", &absurd),
        ])
        .await;
    ground.nothing_moved();
    ground.near(0, "2022-05-05", "roa", 0.05);
}
