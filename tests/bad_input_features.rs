//! Bad input to the feature store: after each, what cannot be known is null, counted or refused with words; no number that is
//! none, no infinity, no -0.0 and no invented 0 is stored, and everything stored equals what is computed from nothing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use support::companies::{self, Filing};
use support::{Database, market};
use tidemark::arithmetic::catalogue::{FACTORS, PRICE_FACTOR_COUNT};
use tidemark::domain::bar::DayBar;
use tidemark::jobs::refresh::{self, Options, Sample};
use tidemark::store::date_of;
use tidemark::store::statements::Timeframe::{Annual, Quarterly};
use tokio_postgres::{Client, error::SqlState};

/// Companies of the made-up market; the place after them is the benchmark's.
const COMPANIES: usize = 12;
const BENCHMARK: usize = COMPANIES;

/// A company without dividends yields 0, and the benchmark has no risk of its own.
const TRUE_ZEROS: [&str; 3] = ["div_yield", "ivol_252", "moments of div_yield"];

const INCOME: &str = "net_income_loss_attributable_common_shareholders";
const SHARES: &str = "basic_shares_outstanding";
const EQUITY: &str = "total_equity_attributable_to_parent";

fn date(offset: i32) -> NaiveDate {
    date_of(market::first() + offset)
}

/// A market of so many sessions with the bars of `bar`: an instrument's place, its id, the session's place.
async fn market_of(
    sessions: i32,
    bar: impl Fn(usize, i32, i32) -> Option<DayBar>,
) -> (Database, Client, Vec<i32>) {
    let database = Database::create().await;
    let mut client = database.client().await;
    let ids = market::instruments(&mut client, COMPANIES).await;
    let range = market::first()..market::first() + sessions;
    market::open_chunks(&mut client, range.clone()).await;
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, &ids, range, |id, session| {
        bar(ids.iter().position(|known| *known == id).unwrap(), id, session - market::first())
    })
    .await;
    transaction.commit().await.unwrap();
    (database, client, ids)
}

/// The bar that nothing is wrong with.
fn usual(id: i32, session: i32) -> DayBar {
    market::bar(id, market::first() + session, 0)
}

fn flat(close: f64, volume: f64) -> DayBar {
    DayBar { open: close, high: close, low: close, close, volume, vwap: None, trade_count: None }
}

async fn number(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.unwrap_or_else(|e| panic!("{query}: {e:?}")).get(0)
}

/// Refreshes, proves what is stored, and gives the columns and moments that hold a 0 anywhere.
async fn zeros(client: &mut Client) -> BTreeSet<String> {
    let options = Options { full: false, benchmark: "SPY".into() };
    refresh::refresh(client, &options, &|_, _| {}).await.unwrap();
    proven(client).await
}

/// Proves that what is stored is computed from what is loaded and holds numbers only, and gives the columns that hold a 0
/// anywhere, but for families: their scores have a mean of 0 but for rounding.
async fn proven(client: &mut Client) -> BTreeSet<String> {
    let verdict = refresh::verify(client, "SPY", Sample::All, &|_, _| {}).await.unwrap();
    assert!(verdict.is_clean(), "{verdict:#?}");
    let values: Vec<String> = FACTORS.iter().map(|factor| format!("('{0}', {0})", factor.name)).collect();
    let query = format!(
        "WITH stored (name, value) AS (
             SELECT v.name, v.value FROM features_day, LATERAL (VALUES {}) AS v (name, value)
             UNION ALL
             SELECT 'moments of ' || factor, v.value
             FROM feature_moments, LATERAL (VALUES (lower), (upper), (mean), (sd)) AS v (value)
         )
         SELECT name,
                count(*) FILTER (WHERE value IN ('NaN', 'Infinity', '-Infinity') OR value::text = '-0'),
                count(*) FILTER (WHERE value = 0 AND name NOT IN (SELECT 'moments of ' || f.name || n.neutral
                                                                   FROM families AS f, (VALUES (''), ('_sn')) AS n (neutral)))
         FROM stored GROUP BY name",
        values.join(", ")
    );
    let rows = client.query(&query, &[]).await.unwrap();
    assert!(rows.is_empty() || rows.len() > FACTORS.len(), "every column is looked at");
    let mut zeros = BTreeSet::new();
    for row in rows {
        let (name, no_numbers, zero): (String, i64, i64) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(no_numbers, 0, "{name}");
        if zero > 0 {
            zeros.insert(name);
        }
    }
    // What analysts read of it can be computed, too.
    number(client, "SELECT count(*) FROM (SELECT feature_scores::text FROM feature_scores) AS read").await;
    number(client, "SELECT count(*) FROM (SELECT feature_ranks::text FROM feature_ranks) AS read").await;
    zeros
}

fn set(names: impl IntoIterator<Item = &'static str>) -> BTreeSet<String> {
    names.into_iter().map(String::from).collect()
}

/// How many of the values of `factor` are there, of an instrument or of all.
async fn present(client: &Client, factor: &str, id: Option<i32>) -> i64 {
    let query =
        format!("SELECT count({factor}) FROM features_day WHERE $1::integer IS NULL OR instrument_id = $1");
    client.query_one(&query, &[&id]).await.unwrap().get(0)
}

/// Scores, families among them, that are there on a session.
async fn scores(client: &Client, session: NaiveDate) -> i64 {
    let query = "SELECT count(*)
                 FROM feature_scores AS s, LATERAL jsonb_each(to_jsonb(s) - '{session_date,instrument_id,ticker}'::text[]) AS e
                 WHERE s.session_date = $1 AND e.value <> 'null'";
    client.query_one(query, &[&session]).await.unwrap().get(0)
}

/// The moments of a session: count, mean and standard deviation.
async fn moments(client: &Client, session: NaiveDate, factor: &str) -> (i32, Option<f64>, Option<f64>) {
    let query = "SELECT count, mean, sd FROM feature_moments WHERE session_date = $1 AND factor = $2";
    let row = client.query_one(query, &[&session, &factor]).await.unwrap();
    (row.get(0), row.get(1), row.get(2))
}

/// What a company files: its place, whether of a year, the period, the day of the filing, the numbers.
type Filed<'a> = (usize, bool, &'a str, &'a str, &'a [(&'a str, f64)]);

async fn file(client: &mut Client, ids: &[i32], filings: &[Filed<'_>]) {
    let filings: Vec<Filing<'_>> = filings
        .iter()
        .map(|(place, annual, period_end, filed_on, numbers)| Filing {
            instrument_id: ids[*place],
            period_end,
            timeframe: if *annual { Annual } else { Quarterly },
            filed_on,
            numbers,
        })
        .collect();
    let transaction = client.transaction().await.unwrap();
    companies::file_numbers(&transaction, &filings).await;
    transaction.commit().await.unwrap();
}

/// A program, as a user runs it; `ingest` is built by its own package.
fn program(name: &str, url: &str, args: &[&str]) -> Command {
    let path = Path::new(env!("CARGO_BIN_EXE_features")).with_file_name(name);
    assert!(path.is_file(), "{} is not built: run cargo build --workspace", path.display());
    let mut command = Command::new(path);
    command.args(args).env("DATABASE_URL", url).env_remove("TIDEMARK_BENCHMARK");
    command
}

fn run(database: &Database, args: &[&str]) -> Output {
    program("features", &database.url, args).output().unwrap()
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_benchmark_s_bars_beta_is_null_and_the_program_warns() {
    let (database, mut client, _) =
        market_of(140, |place, id, session| (place != BENCHMARK).then(|| usual(id, session))).await;
    let output = run(&database, &["refresh"]);
    let (_, warning) = said(&output);
    assert!(output.status.success(), "{warning}");
    assert!(
        warning.contains("warning: the benchmark SPY has no bars, so beta_252 and ivol_252 are null"),
        "{warning}"
    );
    for factor in ["beta_252", "ivol_252"] {
        assert_eq!(present(&client, factor, None).await, 0);
        assert_eq!(moments(&client, date(139), factor).await, (0, None, None));
    }
    assert!(present(&client, "vol_252", None).await > 0);
    assert_eq!(proven(&mut client).await, set(["div_yield", "moments of div_yield"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_benchmark_that_nobody_knows_is_told_and_the_right_one_mends_it() {
    let (database, mut client, _) = market_of(140, |_, id, session| Some(usual(id, session))).await;
    let mut asked = program("features", &database.url, &["refresh"]);
    let output = asked.env("TIDEMARK_BENCHMARK", "NOPE").output().unwrap();
    let (_, warning) = said(&output);
    assert!(
        output.status.success() && warning.contains("warning: the benchmark NOPE has no bars"),
        "{warning}"
    );
    assert_eq!(present(&client, "beta_252", None).await, 0);
    let output = run(&database, &["verify", "--all"]);
    assert_eq!(output.status.code(), Some(1), "SPY's own are other definitions");
    let output = run(&database, &["refresh"]);
    assert!(output.status.success() && !said(&output).1.contains("warning"), "{}", said(&output).1);
    assert!(present(&client, "beta_252", None).await > 0);
    assert_eq!(proven(&mut client).await, set(TRUE_ZEROS));
}

#[tokio::test]
async fn without_statements_every_factor_of_theirs_is_null_and_is_counted_as_0() {
    let (_database, mut client, _) = market_of(80, |_, id, session| Some(usual(id, session))).await;
    assert_eq!(zeros(&mut client).await, set(["div_yield", "moments of div_yield"]));
    let of_statements = FACTORS[PRICE_FACTOR_COUNT..].iter().map(|factor| factor.name);
    for factor in of_statements.chain(["size", "turnover_63"]) {
        assert_eq!(present(&client, factor, None).await, 0, "{factor}");
        assert_eq!(moments(&client, date(79), factor).await, (0, None, None), "{factor}");
    }
    for family in ["value", "quality", "growth"] {
        assert_eq!(moments(&client, date(79), family).await, (0, None, None), "{family}");
    }
    assert_eq!(moments(&client, date(79), "vol_60").await.0, COMPANIES as i32);
}

#[tokio::test]
async fn an_instrument_with_one_bar_has_one_row_that_knows_nothing_but_what_one_bar_tells() {
    let (_database, mut client, ids) =
        market_of(80, |place, id, session| (place != 0 || session == 70).then(|| usual(id, session))).await;
    file(&mut client, &ids, &[(0, true, "2021-12-31", "2022-02-15", &[("basic_shares_outstanding", 1e7)])])
        .await;
    assert_eq!(zeros(&mut client).await, set(["div_yield", "moments of div_yield"]));
    for factor in FACTORS {
        let known = ["div_yield", "size"].contains(&factor.name);
        assert_eq!(present(&client, factor.name, Some(ids[0])).await, i64::from(known), "{}", factor.name);
    }
    let members = "SELECT count(*) FROM features_day WHERE session_date = $1 AND in_population";
    assert_eq!(client.query_one(members, &[&date(70)]).await.unwrap().get::<_, i64>(0), COMPANIES as i64 - 1);
}

#[tokio::test]
async fn a_session_of_three_has_moments_and_no_scores() {
    let (_database, mut client, _) =
        market_of(141, |place, id, session| (place < 3 || session < 140).then(|| usual(id, session))).await;
    assert_eq!(zeros(&mut client).await, set(TRUE_ZEROS));
    let (count, mean, sd) = moments(&client, date(140), "vol_60").await;
    assert!(count == 3 && mean.is_some() && sd.is_some_and(|sd| sd > 0.0), "{count} {mean:?} {sd:?}");
    let rows = "SELECT count(*) FROM feature_scores WHERE session_date = $1";
    assert_eq!(client.query_one(rows, &[&date(140)]).await.unwrap().get::<_, i64>(0), 3);
    assert_eq!(scores(&client, date(140)).await, 0);
    // With ten names, families have scores.
    for family in ["momentum", "low_risk", "momentum_sn"] {
        assert_eq!(moments(&client, date(139), family).await.0, COMPANIES as i32, "{family}");
        assert_eq!(moments(&client, date(140), family).await, (0, None, None), "{family}");
    }
    assert!(scores(&client, date(139)).await > 0);
}

#[tokio::test]
async fn where_all_are_equal_the_deviation_is_exactly_0_and_nobody_has_a_score() {
    // A third has no exact form, so that a mean of thirds might miss it.
    let (_database, mut client, ids) = market_of(140, |_, _, _| Some(flat(100.0 / 3.0, 1e6 / 7.0))).await;
    let numbers = [
        ("net_income_loss_attributable_common_shareholders", 1e7 / 3.0),
        ("revenue", 1e8 / 3.0),
        ("gross_profit", 1e8 / 7.0),
        ("basic_shares_outstanding", 1e7),
        ("total_assets", 1e9 / 7.0),
    ];
    let filings: Vec<_> =
        (0..COMPANIES).map(|place| (place, true, "2021-12-31", "2022-02-15", numbers.as_slice())).collect();
    file(&mut client, &ids, &filings).await;
    // What did not move has returns, deviations and drawdowns of 0, and these are the truth.
    let truly = [
        "amihud_126",
        "div_yield",
        "downside_vol_252",
        "ivol_252",
        "max_drawdown_252",
        "max_ret_21",
        "mom_3",
        "mom_6_1",
        "rev_1",
        "vol_20",
        "vol_252",
        "vol_60",
    ];
    let found = zeros(&mut client).await;
    let columns: BTreeSet<String> =
        found.iter().filter(|name| !name.starts_with("moments")).cloned().collect();
    assert_eq!(columns, set(truly));
    let query = "SELECT factor, count, lower = mean AND mean = upper AND sd = 0 FROM feature_moments
                 WHERE session_date = $1 AND count > 0";
    let rows = client.query(query, &[&date(139)]).await.unwrap();
    assert!(rows.len() > 15, "{}", rows.len());
    for row in rows {
        let (factor, count, equal): (String, i32, bool) = (row.get(0), row.get(1), row.get(2));
        assert!(equal && count == COMPANIES as i32, "{factor}");
    }
    assert_eq!(number(&client, "SELECT count(*) FROM feature_moments WHERE sd <> 0").await, 0);
    assert_eq!(scores(&client, date(139)).await, 0);
    // The benchmark does not move either, so that nothing can be held against it.
    for (place, id) in ids.iter().enumerate() {
        let expected = if place == BENCHMARK { present(&client, "vol_252", Some(*id)).await } else { 0 };
        assert_eq!(present(&client, "beta_252", Some(*id)).await, expected, "{place}");
    }
}

#[tokio::test]
async fn absurd_statements_are_null_where_they_say_nothing_and_numbers_where_they_do() {
    let (_database, mut client, ids) = market_of(80, |_, id, session| Some(usual(id, session))).await;
    let transaction = client.transaction().await.unwrap();
    companies::file_all(&transaction, &ids[8..COMPANIES], 0..14).await;
    transaction.commit().await.unwrap();
    let quarter = |revenue: f64| [("revenue", revenue), ("gross_profit", revenue), (SHARES, 1e7)];
    let (huge, too_huge) = (quarter(1e300), quarter(1e308));
    let ends = ["2021-03-31", "2021-06-30", "2021-09-30", "2021-12-31"];
    let mut filings: Vec<Filed<'_>> = vec![
        (0, true, "2021-12-31", "2022-02-15", &[(INCOME, 1e6), (SHARES, 0.0), (EQUITY, 1e7)]),
        (1, true, "2021-12-31", "2022-02-15", &[(INCOME, 1e6), (SHARES, 1e7), (EQUITY, -1e7)]),
        // No number at all; and one that no factor reads.
        (2, true, "2021-12-31", "2022-02-15", &[]),
        (3, true, "2021-12-31", "2022-02-15", &[("goodwill", 1e6)]),
        (6, true, "2021-12-31", "2022-02-15", &[(INCOME, 1e6), (SHARES, -1e7), ("total_assets", -1.0)]),
        (6, false, "2021-12-31", "2022-02-15", &[("revenue", f64::INFINITY), ("gross_profit", 1.0)]),
        (7, true, "2021-12-31", "2022-02-15", &[(INCOME, -0.0), (SHARES, 1e7)]),
    ];
    for (place, numbers) in [(4, &huge), (5, &too_huge)] {
        filings.extend(ends.map(|end| (place, false, end, "2022-02-15", numbers.as_slice())));
    }
    file(&mut client, &ids, &filings).await;
    let found = zeros(&mut client).await;
    assert!(
        found.is_subset(&set(["div_yield", "earnings_yield", "moments of div_yield", "piotroski_f"])),
        "{found:?}"
    );
    let of = async |place: usize, factor: &str| -> Option<f64> {
        let query =
            format!("SELECT {factor} FROM features_day WHERE instrument_id = $1 AND session_date = $2");
        client.query_one(&query, &[&ids[place], &date(79)]).await.unwrap().get(0)
    };
    for factor in ["size", "turnover_63", "earnings_yield", "book_to_price"] {
        assert_eq!(of(0, factor).await, None, "no shares: {factor}");
        assert_eq!(of(6, factor).await, None, "fewer than none: {factor}");
    }
    assert_eq!(
        of(7, "earnings_yield").await.map(f64::to_bits),
        Some(0),
        "who earned nothing yields 0, not -0"
    );
    assert_eq!(of(0, "roe").await, Some(0.1));
    assert_eq!(of(1, "roe").await, None, "a return on what is owed means nothing");
    assert!(of(1, "book_to_price").await.unwrap() < 0.0, "a debt is a debt");
    for factor in &FACTORS[PRICE_FACTOR_COUNT..] {
        for place in [2, 3, 6] {
            assert_eq!(of(place, factor.name).await, None, "{} of {place}", factor.name);
        }
    }
    assert_eq!(of(4, "gross_margin").await, Some(1.0));
    assert!(of(4, "sales_to_price").await.unwrap() > 1e290);
    assert_eq!(of(5, "sales_to_price").await, None, "the sum is too large for a number");
    // One such value leaves the session without a deviation, and says so by the count.
    let (count, _, sd) = moments(&client, date(79), "sales_to_price").await;
    assert!(count > 3 && sd.is_none(), "{count} {sd:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filing_before_its_periods_end_is_set_aside_with_a_count_and_the_table_refuses_it() {
    let (database, mut client, ids) = market_of(80, |_, id, session| Some(usual(id, session))).await;
    let folder = tempfile::tempdir().unwrap();
    let statement = |filing_date: &str, revenue: f64| {
        serde_json::json!({
            "tickers": ["TST0"], "period_end": "2021-12-31", "filing_date": filing_date, "timeframe": "annual",
            "revenue": revenue, "gross_profit": 1e6,
        })
    };
    let reply =
        serde_json::json!({ "results": [statement("2021-12-30", 5e6), statement("2022-02-15", 2e6)] });
    std::fs::write(folder.path().join("income-statements.json"), reply.to_string()).unwrap();
    let source = format!("files:{}", folder.path().display());
    let output = program("ingest", &database.url, &["statements", "--source", &source]).output().unwrap();
    let (text, errors) = said(&output);
    assert!(output.status.success(), "{errors}");
    assert!(text.contains("1 set aside") && text.contains("2021-12-30"), "{text}");
    let direct = "INSERT INTO statements (instrument_id, period_end, timeframe, filing_date, revenue)
                  VALUES ($1, '2021-12-31', 'quarterly', '2021-12-30', 1)";
    let refused = client.execute(direct, &[&ids[0]]).await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::CHECK_VIOLATION), "{refused:?}");
    // One value deviates from nothing.
    assert_eq!(
        zeros(&mut client).await,
        set(["div_yield", "moments of div_yield", "moments of gross_margin"])
    );
    let margins = "SELECT min(session_date), min(gross_margin), max(gross_margin) FROM features_day WHERE gross_margin IS NOT NULL";
    let row = client.query_one(margins, &[]).await.unwrap();
    let first: NaiveDate = row.get(0);
    assert_eq!((first.to_string(), row.get(1), row.get(2)), ("2022-02-16".into(), 0.5, 0.5));
}

#[tokio::test]
async fn a_benchmark_that_begins_later_gives_beta_when_there_are_enough_pairs() {
    let begins = 40;
    let (_database, mut client, ids) = market_of(180, |place, id, session| {
        (place != BENCHMARK || session >= begins).then(|| usual(id, session))
    })
    .await;
    assert_eq!(zeros(&mut client).await, set(TRUE_ZEROS));
    let first = "SELECT min(session_date) FROM features_day WHERE instrument_id = $1 AND beta_252 IS NOT NULL AND ivol_252 IS NOT NULL";
    let found: Option<NaiveDate> = client.query_one(first, &[&ids[0]]).await.unwrap().get(0);
    // Its first return is of the session after its first bar; the 120th counts.
    assert_eq!(found, Some(date(begins + 120)));
    let earlier: i64 = client
        .query_one(
            "SELECT count(vol_252) FROM features_day WHERE instrument_id = $1 AND session_date < $2",
            &[&ids[0], &date(begins + 120)],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(earlier, i64::from(begins), "its own deviation waits for nobody");
}

#[tokio::test]
async fn prices_at_the_ends_of_what_a_number_can_hold_leave_nulls_and_no_infinity() {
    let (_database, mut client, ids) = market_of(140, |place, id, session| {
        Some(match place {
            // Money traded is too large for a number; returns are too; so is the market value.
            0 => flat(if session % 2 == 0 { 1e300 } else { 1e-300 }, 1e300),
            1 => flat(1e308, 1e10),
            2 => flat(1e-300, 1e-10),
            3 => flat(20.0, 0.0),
            _ => usual(id, session),
        })
    })
    .await;
    let shares = [("basic_shares_outstanding", 1e10), ("revenue", 1e6)];
    let filings: Vec<_> =
        (0..4).map(|place| (place, true, "2021-12-31", "2022-02-15", shares.as_slice())).collect();
    file(&mut client, &ids, &filings).await;
    zeros(&mut client).await;
    for (place, factor) in
        [(0, "vol_20"), (0, "adv_20"), (1, "adv_63"), (1, "size"), (1, "sales_to_price"), (3, "amihud_126")]
    {
        assert_eq!(present(&client, factor, Some(ids[place])).await, 0, "{factor} of {place}");
    }
    assert!(present(&client, "vol_20", Some(ids[4])).await > 0);
}

/// Makes every block of a refresh take a moment, so that it can be met on its way.
async fn slow_down(client: &Client) {
    client
        .batch_execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.7); RETURN NULL; END';
             CREATE TRIGGER slow BEFORE INSERT ON feature_moments FOR EACH STATEMENT EXECUTE FUNCTION slow()",
        )
        .await
        .unwrap();
}

async fn until(client: &Client, query: &str) {
    let patience = Instant::now();
    while number(client, query).await == 0 {
        assert!(patience.elapsed() < Duration::from_mins(1), "in vain: {query}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

const LOCKED: &str = "SELECT count(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
                      WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.granted";

fn start(database: &Database, args: &[&str]) -> Child {
    let mut command = program("features", &database.url, args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_refreshes_the_second_waits_or_leaves_saying_so() {
    let (database, mut client, _) = market_of(300, |_, id, session| Some(usual(id, session))).await;
    slow_down(&client).await;
    let first = start(&database, &["refresh"]);
    until(&client, LOCKED).await;
    let second = start(&database, &["refresh"]);
    let leaving = run(&database, &["refresh", "--no-wait"]);
    let (text, errors) = said(&leaving);
    assert_eq!((leaving.status.code(), text.as_str()), (Some(1), ""), "{errors}");
    assert!(errors.contains("error: another features refresh is running"), "{errors}");
    assert!(errors.contains("hint: leave --no-wait out"), "{errors}");
    let (first, second) = (first.wait_with_output().unwrap(), second.wait_with_output().unwrap());
    assert!(first.status.success() && second.status.success());
    assert!(said(&first).0.contains("3,900 new"), "{}", said(&first).0);
    let (text, errors) = said(&second);
    assert!(errors.contains("another features refresh is running; waiting for it to finish"), "{errors}");
    assert!(text.contains("nothing changed since the last refresh"), "{text}");
    assert_eq!(proven(&mut client).await, set(TRUE_ZEROS));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_is_killed_half_way_is_made_good_by_the_next_one() {
    const SESSIONS: i32 = 600;
    let (database, mut client, ids) = market_of(SESSIONS, |_, id, session| Some(usual(id, session))).await;
    slow_down(&client).await;
    let mut first = start(&database, &["refresh"]);
    until(&client, "SELECT count(*) FROM features_day").await;
    first.kill().unwrap();
    assert!(!first.wait().unwrap().success());
    let all = i64::from(SESSIONS) * (COMPANIES as i64 + 1);
    assert!(number(&client, "SELECT count(*) FROM features_day").await < all, "it was half way");
    assert_eq!(number(&client, "SELECT count(*) FROM refresh_runs WHERE finished_at IS NULL").await, 1);
    assert_eq!(run(&database, &["verify"]).status.code(), Some(1), "nothing speaks of a half as of a whole");
    let output = run(&database, &["refresh"]);
    assert!(output.status.success(), "{}", said(&output).1);
    assert_eq!(number(&client, "SELECT count(*) FROM features_day").await, all);
    proven(&mut client).await;

    // The same where only a change is computed: every bar of one instrument, in three blocks.
    let transaction = client.transaction().await.unwrap();
    let sessions = market::first()..market::first() + SESSIONS;
    market::write(&transaction, &ids[..1], sessions, |id, session| Some(market::bar(id, session, 1))).await;
    transaction.commit().await.unwrap();
    client
        .batch_execute("CREATE TABLE stored AS SELECT instrument_id, session_date, adv_20 FROM features_day")
        .await
        .unwrap();
    let rewritten =
        "SELECT count(*) FROM features_day AS f JOIN stored AS s USING (instrument_id, session_date)
                     WHERE f.adv_20 IS DISTINCT FROM s.adv_20";
    let mut second = start(&database, &["refresh"]);
    until(&client, rewritten).await;
    second.kill().unwrap();
    assert!(!second.wait().unwrap().success());
    assert!(number(&client, rewritten).await < i64::from(SESSIONS) - 19, "it was half way");
    assert_eq!(run(&database, &["verify"]).status.code(), Some(1));
    assert!(run(&database, &["refresh"]).status.success());
    assert_eq!(number(&client, rewritten).await, i64::from(SESSIONS) - 14, "from the 15th bar on");
    proven(&mut client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_not_there_is_told_with_what_to_do() {
    let database = Database::create_empty().await;
    let missing = support::with_database(&database.url, "tidemark_there_is_none");
    for (url, fact, act) in [
        ("postgresql://nobody@127.0.0.1:1/none", "no database answers at 127.0.0.1:1", "make db"),
        (missing.as_str(), "has no database 'tidemark_there_is_none'", "createdb"),
        ("no url at all", "URL", "postgresql://user:password@host:port/database"),
    ] {
        for command in ["refresh", "verify"] {
            let output = program("features", url, &[command]).output().unwrap();
            let (text, errors) = said(&output);
            assert_eq!((output.status.code(), text.as_str()), (Some(1), ""), "{errors}");
            assert!(errors.starts_with("error: ") && errors.contains(fact), "{errors}");
            assert!(errors.lines().any(|line| line.starts_with("hint: ") && line.contains(act)), "{errors}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_is_told_with_what_to_do() {
    let database = Database::create_empty().await;
    let output = run(&database, &["verify"]);
    let (text, errors) = said(&output);
    assert_eq!((output.status.code(), text.as_str()), (Some(1), ""), "{errors}");
    assert!(errors.contains("schema is version 0") && errors.contains("hint: "), "{errors}");
    let output = run(&database, &["refresh"]);
    let (text, errors) = said(&output);
    assert!(output.status.success() && text.contains("0 computed"), "{text}\n{errors}");
    assert!(errors.contains("there are no bars") && errors.contains("ingest backfill"), "{errors}");
    assert!(!errors.contains("benchmark"), "a benchmark is not what is missing: {errors}");
    let mut client = database.client().await;
    assert_eq!(proven(&mut client).await, BTreeSet::new());
}
