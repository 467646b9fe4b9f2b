//! Profiles from the outside: the shipped ones on the real market and on a made-up one, conditions of the command line, columns of
//! earlier sessions by hand, faults, and every form of the answer read back.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use polars::prelude::DataFrame;
use polars_io::SerReader;
use polars_io::csv::read::CsvReader;
use polars_io::parquet::read::ParquetReader;
use serde_json::Value;
use support::{Database, market};
use tidemark::domain::bar::DayBar;
use tidemark::jobs::scan::profile::SHIPPED;
use tidemark::store::actions::{SplitRow, upsert_splits};
use tidemark::store::date_of;
use tokio_postgres::Client;

const SESSIONS: i32 = 300;
const INSTRUMENTS: usize = 24;
/// Splits three for one, two sessions before the last.
const SPLIT: usize = 3;
/// Has no bar on one of the last sessions.
const GAPS: usize = 4;

fn last() -> i32 {
    market::first() + SESSIONS - 1
}

/// The bar of the instrument at a place, if it has one.
fn bar(at: usize, id: i32, session: i32) -> Option<DayBar> {
    let bar = market::bar(id, session, 0);
    let split = DayBar {
        open: bar.open / 3.0,
        high: bar.high / 3.0,
        low: bar.low / 3.0,
        close: bar.close / 3.0,
        volume: bar.volume * 3.0,
        ..bar
    };
    match at {
        GAPS if session == last() - 3 => None,
        SPLIT if session >= last() - 2 => Some(split),
        _ => Some(bar),
    }
}

/// A made-up market whose features are refreshed.
struct World {
    database: Database,
    client: Client,
    ids: Vec<i32>,
    folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let database = Database::create().await;
        let mut client = database.client().await;
        let ids = market::instruments(&mut client, INSTRUMENTS).await;
        let sessions = market::first()..last() + 1;
        market::open_chunks(&mut client, sessions.clone()).await;
        let transaction = client.transaction().await.unwrap();
        let bar =
            |id: i32, session: i32| bar(ids.iter().position(|other| *other == id).unwrap(), id, session);
        market::write(&transaction, &ids, sessions, bar).await;
        let ex_date = date_of(last() - 2);
        let split =
            SplitRow { instrument_id: ids[SPLIT], ex_date, split_from: 1.0, split_to: 3.0, vendor_id: None };
        upsert_splits(&transaction, &[split]).await.unwrap();
        transaction.commit().await.unwrap();
        let world = Self { database, client, ids, folder: tempfile::tempdir().unwrap() };
        world.program("features", "refresh", "SPY");
        world
    }

    fn program(&self, name: &str, line: &str, benchmark: &str) -> String {
        let output =
            run(&self.database, self.folder.path(), name, &line.split(' ').collect::<Vec<_>>(), benchmark);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{name} {line}\n{text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }

    fn scan(&self, arguments: &[&str]) -> Output {
        let mut words = vec!["incremental"];
        words.extend(arguments);
        run(&self.database, self.folder.path(), "scan", &words, "SPY")
    }

    fn answer(&self, arguments: &[&str]) -> Value {
        let mut words = arguments.to_vec();
        words.extend(["--format", "json"]);
        let output = self.scan(&words);
        assert!(output.status.success(), "{arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn error(&self, arguments: &[&str]) -> String {
        let output = self.scan(arguments);
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    async fn runs(&self) -> i64 {
        self.client.query_one("SELECT count(*) FROM scan_runs", &[]).await.unwrap().get(0)
    }
}

fn run(database: &Database, folder: &Path, name: &str, arguments: &[&str], benchmark: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_scan")).with_file_name(name);
    assert!(program.is_file(), "{} is not built: run cargo build --workspace", program.display());
    let mut command = Command::new(program);
    command.args(arguments).env("DATABASE_URL", &database.url).env("TIDEMARK_BENCHMARK", benchmark);
    command.current_dir(folder).output().unwrap()
}

/// The real bars, as in the test of the whole path; none where a clone alone is tested.
fn data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let named = std::env::var_os("TIDEMARK_TEST_DATA").map(PathBuf::from);
    let found = named.or_else(|| beside.is_dir().then_some(beside));
    if found.is_none() {
        eprintln!("skipped: no real data; name its folder in TIDEMARK_TEST_DATA");
    }
    found
}

fn rows(answer: &Value) -> &[Value] {
    answer["rows"].as_array().unwrap()
}

fn number(row: &Value, name: &str) -> f64 {
    row[name].as_f64().unwrap_or_else(|| panic!("{name} of {row} is no number"))
}

fn fates(answer: &Value) -> BTreeMap<String, u64> {
    serde_json::from_value(answer["counts"]["fates"].clone()).unwrap()
}

fn tickers(answer: &Value) -> Vec<&str> {
    rows(answer).iter().map(|row| row["ticker"].as_str().unwrap()).collect()
}

/// What holds of every answer: each instrument has one fate, and places count from 1.
fn whole(answer: &Value) {
    assert_eq!(fates(answer).values().sum::<u64>(), answer["counts"]["instruments"].as_u64().unwrap());
    assert_eq!(fates(answer).get("listed").copied().unwrap_or_default() as usize, rows(answer).len());
    for (at, row) in rows(answer).iter().enumerate() {
        assert_eq!(row["place"], at as u64 + 1);
    }
}

fn descends(answer: &Value, name: &str) {
    assert!(rows(answer).windows(2).all(|pair| number(&pair[0], name) >= number(&pair[1], name)), "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_profiles_list_what_they_promise_of_the_real_market() {
    let Some(data) = data() else { return };
    let folder = data.join("vendor");
    let database = Database::create_empty().await;
    // The data holds no index fund; one calm name stands for the market.
    let ok = |name: &str, line: &str| {
        let output = run(&database, &folder, name, &line.split(' ').collect::<Vec<_>>(), "KO");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{name} {line}\n{text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    };
    ok("ingest", "backfill --source flatfiles:us2015 --from 2015-03-20 --to 2016-03-31");
    for what in ["reference", "actions", "statements"] {
        ok("ingest", &format!("{what} --source files:us2015"));
    }
    ok("features", "refresh");
    let scan = |line: &str| -> Value {
        serde_json::from_str(&ok("scan", &format!("{line} --format json"))).unwrap()
    };
    let of = |profile: &str| scan(&format!("incremental --profile {profile}"));

    let leaders = of("momentum-leaders");
    descends(&leaders, "momentum_z");
    for row in rows(&leaders) {
        assert!(number(row, "momentum_z") > 1.0 && number(row, "high_252_distance") > -0.1, "{row}");
        assert!(number(row, "rel_strength_63") > 0.0 && number(row, "vol_60") < 0.8, "{row}");
        assert!(number(row, "close") >= 5.0, "{row}");
    }
    let breakouts = of("breakouts-with-volume");
    descends(&breakouts, "volume_ratio_20");
    let client = database.client().await;
    for row in rows(&breakouts) {
        assert!(number(row, "high_20_distance") > -0.01 && number(row, "volume_ratio_20") > 1.5, "{row}");
        assert!(
            number(row, "stop") < number(row, "entry") && number(row, "entry") < number(row, "target"),
            "{row}"
        );
        // From the bars alone; none of them split on the day.
        let query = "SELECT close FROM bars_day WHERE instrument_id = $1 ORDER BY session_date DESC LIMIT 2";
        let id = i32::try_from(row["instrument_id"].as_i64().unwrap()).unwrap();
        let closes: Vec<f64> =
            client.query(query, &[&id]).await.unwrap().iter().map(|row| row.get(0)).collect();
        assert!((number(row, "return_1") - (closes[0] / closes[1] - 1.0)).abs() < 1e-12, "{row}");
        assert!(number(row, "return_1") > 0.01);
    }
    let calm = of("low-risk");
    descends(&calm, "low_risk_z");
    for row in rows(&calm) {
        assert!((0.05..=0.35).contains(&number(row, "vol_252")) && number(row, "beta_252") < 0.9, "{row}");
    }
    let dip = scan("full --as-of 2016-02-11 --profile oversold-in-an-uptrend");
    for row in rows(&dip) {
        assert!(number(row, "above_sma_200") > 0.0, "{row}");
        assert!(number(row, "rsi_14") < 35.0 || number(row, "bollinger_b") < 0.0, "{row}");
    }
    let quality = of("quality-at-a-fair-price");
    for row in rows(&quality) {
        assert!(number(row, "quality_z") > 0.5 && number(row, "value_z") > 0.0, "{row}");
    }
    for answer in [&leaders, &breakouts, &calm, &dip, &quality, &of("oversold-in-an-uptrend")] {
        whole(answer);
        assert_eq!(answer["counts"]["instruments"], 1775);
    }
    for answer in [&leaders, &breakouts, &calm, &dip] {
        assert!(!rows(answer).is_empty(), "{}: {}", answer["profile"], answer["counts"]);
    }
    // Whoever is in a list is explained as listed, by the same road.
    let first = tickers(&leaders)[0];
    let told = ok("scan", &format!("explain {first} --profile momentum-leaders"));
    assert!(told.starts_with(&format!("{first} is listed, place 1 of {}\n", rows(&leaders).len())), "{told}");
    assert!(ok("scan", "verify").contains("incremental = full, bit for bit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_profiles_run_on_any_market() {
    let world = World::new().await;
    for (name, _) in SHIPPED {
        let answer = world.answer(&["--profile", name]);
        whole(&answer);
        assert_eq!(
            (answer["profile"].as_str().unwrap(), answer["counts"]["instruments"].as_i64()),
            (name, Some(25))
        );
    }
    // Without statements nothing is known of quality, and the counts say so.
    let quality = world.answer(&["--profile", "quality-at-a-fair-price", "--where", "quality_z > 0.5"]);
    assert!(rows(&quality).is_empty());
    assert!(fates(&quality)["where unknown"] > 10, "{}", quality["counts"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_of_earlier_bars_are_those_of_the_instruments_own_bars_on_todays_split_basis() {
    let world = World::new().await;
    let columns = "close, close_1d_ago, close_5d_ago, open_2d_ago, volume_3d_ago, return_1_4d_ago, mom_3_5d_ago, \
                   close / close_5d_ago - 1 AS week, return_5";
    let all = ["--where", "close_5d_ago > 0", "--order-by", "ticker", "--limit", "100", "--columns", columns];
    let answer = world.answer(&all);
    whole(&answer);
    assert_eq!(rows(&answer).len(), INSTRUMENTS);
    for row in rows(&answer) {
        let ticker = row["ticker"].as_str().unwrap();
        let at: usize = ticker[3..].parse().unwrap();
        let id = world.ids[at];
        // Own bars, latest first, with the ratio by which later splits divide them.
        let bars: Vec<(DayBar, f64)> = (0..10)
            .filter_map(|ago| {
                Some((bar(at, id, last() - ago)?, if at == SPLIT && ago > 2 { 3.0 } else { 1.0 }))
            })
            .collect();
        let close = |ago: usize| bars[ago].0.close / bars[ago].1;
        let near = |name: &str, by_hand: f64| {
            let got = number(row, name);
            assert!(
                (got - by_hand).abs() <= 1e-12 * by_hand.abs().max(1.0),
                "{ticker} {name}: {got}, {by_hand} by hand"
            );
        };
        near("close", close(0));
        near("close_1d_ago", close(1));
        near("close_5d_ago", close(5));
        near("open_2d_ago", bars[2].0.open / bars[2].1);
        near("volume_3d_ago", bars[3].0.volume * bars[3].1);
        near("return_1_4d_ago", close(4) / close(5) - 1.0);
        near("week", close(0) / close(5) - 1.0);
        near("return_5", close(0) / close(5) - 1.0);
        // Factors are of the session so many sessions before, whoever has a bar.
        let query = "SELECT mom_3 FROM features_day WHERE instrument_id = $1 AND session_date = $2";
        let stored: Option<f64> =
            world.client.query_one(query, &[&id, &date_of(last() - 5)]).await.unwrap().get(0);
        assert_eq!(number(row, "mom_3_5d_ago").to_bits(), stored.unwrap().to_bits(), "{ticker}");
    }
    // A condition reads them too: those that rose over the week, by hand.
    let rose: Vec<&str> = rows(&answer)
        .iter()
        .filter(|row| number(row, "close") > number(row, "close_5d_ago"))
        .map(|row| row["ticker"].as_str().unwrap())
        .collect();
    let asked = world.answer(&["--where", "close > close_5d_ago", "--order-by", "ticker", "--limit", "100"]);
    assert!(!rose.is_empty() && rose.len() < INSTRUMENTS);
    assert_eq!(tickers(&asked), rose);
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_that_cannot_match_list_nothing_and_those_that_cannot_be_asked_are_refused_before_anything_is_read()
 {
    let world = World::new().await;
    let before = world.answer(&[]);
    let never = world.answer(&["--where", "close > 1e12"]);
    assert!(rows(&never).is_empty());
    assert_eq!(fates(&never)["where not true"], before["counts"]["ranked"].as_u64().unwrap());
    let said = String::from_utf8(world.scan(&["--where", "close > 1e12"]).stderr).unwrap();
    assert!(said.contains("nothing is listed: the lines above say what kept everybody out"), "{said}");
    // By zero: unknown, not an error and not infinitely much.
    let by_zero = world.answer(&["--where", "close / (close - close) > 1"]);
    assert_eq!(fates(&by_zero)["where unknown"], before["counts"]["ranked"].as_u64().unwrap());
    let shown = world.answer(&["--columns", "close / 0 AS nothing", "--limit", "1"]);
    assert_eq!(rows(&shown)[0]["nothing"], Value::Null);

    let runs = world.runs().await;
    let known = "hint: ";
    for (arguments, fact, act) in [
        (
            ["--profile", "momentum-leader"],
            "error: there is no profile momentum-leader\n",
            "did you mean momentum-leaders?",
        ),
        (["--where", "rsi14 < 30"], "error: where: there is no column rsi14 ", "did you mean rsi_14?"),
        (["--columns", "RSI_14"], "error: columns: there is no column RSI_14 ", "rsi_14"),
        (["--order-by", "ics DSC"], "error: order_by: ", known),
        (
            ["--where", "close"],
            "error: where: `close` is a number, where a condition is needed ",
            "close > sma_200",
        ),
        (["--where", "close > ticker"], "error: where: `close` is a number and `ticker` is text", known),
        (
            ["--where", "DROP TABLE bars_day"],
            "error: where: the statement DROP cannot be used in an expression ",
            known,
        ),
        (
            ["--where", "close > 1; DELETE FROM scan_runs"],
            "error: where: the expression ends before `;` ",
            known,
        ),
        (
            ["--where", "(SELECT count(*) FROM scan_runs) > 0"],
            "error: where: a query inside of an expression ",
            known,
        ),
        (["--where", "pg_sleep(10) IS NULL"], "error: where: ", known),
        (["--where", "close_0d_ago > 1"], "error: where: ", known),
        (["--where", "ics_5d_ago > 1"], "error: where: ", known),
        (["--limit", "0"], "error: limit: 0 is not 1 or more\n", known),
        (
            ["--format", "parquet"],
            "error: the following required arguments were not provided:\n  --out <FILE>",
            "",
        ),
    ] {
        let said = world.error(&arguments);
        assert!(said.starts_with(fact) && said.contains(act), "{arguments:?}: {said}");
        assert!(said.contains("hint: ") || said.contains("--help"), "{arguments:?}: {said}");
    }
    assert_eq!(world.runs().await, runs, "nothing was stored, and nothing was deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_with_a_fault_is_refused_with_its_file_and_line() {
    let world = World::new().await;
    let folder = world.folder.path().join("scans");
    std::fs::create_dir(&folder).unwrap();
    for (text, fact) in [
        (
            "limit = 5\nwhere = \"close > 1 AND rsi14 < 30\"\n",
            "error: scans/own.toml line 2, where: there is no column rsi14 ",
        ),
        (
            "limit = 5\nwhere = \"\"\"\nclose > 1\nAND rsi14 < 30\n\"\"\"\n",
            "error: scans/own.toml line 4, where: there is no column rsi14 ",
        ),
        ("limits = 5\n", "error: scans/own.toml line 1: there is no key limits\nhint: did you mean limit? "),
        ("\n\nlimit = 0\n", "error: scans/own.toml line 3, limit: 0 is not 1 or more\n"),
        ("limit = \"many\"\n", "error: scans/own.toml line 1, limit: "),
        ("[universe]\nmin_close = -1\n", "error: scans/own.toml line 2, universe.min_close: "),
        ("[weights.ics]\ntechnical = -1\n", "error: scans/own.toml line 2, weights."),
        ("where = \"close > 1\n", "error: scans/own.toml line 1"),
    ] {
        std::fs::write(folder.join("own.toml"), text).unwrap();
        let said = world.error(&["--profile", "own"]);
        assert!(said.starts_with(fact), "{text}: {said}");
        assert!(said.contains("hint: "), "{said}");
    }
    let listed = world.program("scan", "profiles", "SPY");
    assert!(listed.contains("own") && listed.contains("cannot be used: "), "{listed}");
    std::fs::write(folder.join("own.toml"), "limit = 3\ncolumns = [\"close\"]\n").unwrap();
    let (by_name, by_path) = (world.answer(&["-p", "own"]), world.answer(&["-p", "scans/own.toml"]));
    assert_eq!((rows(&by_name), rows(&by_name).len()), (rows(&by_path), 3));
}

fn parquet(path: &Path) -> DataFrame {
    ParquetReader::new(File::open(path).unwrap()).finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_the_answer_says_the_same() {
    let world = World::new().await;
    let columns = "close, rsi_14, merit, tier, in_population, quality_z, rsi_14 > 50 AS strong";
    let asked = ["--columns", columns, "--limit", "7", "--order-by", "close DESC"];
    let answer = world.answer(&asked);
    assert_eq!(rows(&answer).len(), 7);
    let with = |format: &str, out: Option<&str>| {
        let mut words = asked.to_vec();
        words.extend(["--format", format]);
        words.extend(out.iter().flat_map(|file| ["--out", *file]));
        let output = world.scan(&words);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let lines: Vec<Value> =
        with("ndjson", None).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, rows(&answer));

    let text = with("csv", None);
    assert_eq!(
        text.lines().next().unwrap(),
        "place,ticker,close,rsi_14,merit,tier,in_population,quality_z,strong"
    );
    std::fs::write(world.folder.path().join("rows.csv"), &text).unwrap();
    let csv = CsvReader::new(File::open(world.folder.path().join("rows.csv")).unwrap()).finish().unwrap();
    assert!(with("parquet", Some("rows.parquet")).is_empty());
    let columnar = parquet(&world.folder.path().join("rows.parquet"));
    for frame in [&csv, &columnar] {
        assert_eq!(frame.height(), 7);
        for (at, row) in rows(&answer).iter().enumerate() {
            let cell = |name: &str| frame.column(name).unwrap().get(at).unwrap();
            assert_eq!(cell("place").try_extract::<i64>().unwrap(), at as i64 + 1);
            assert_eq!(cell("ticker").get_str().unwrap(), row["ticker"].as_str().unwrap());
            for name in ["close", "rsi_14"] {
                let got = cell(name).try_extract::<f64>().unwrap();
                assert_eq!(got.to_bits(), number(row, name).to_bits(), "{name}, to the last bit");
            }
            assert!(cell("quality_z").is_null() && row["quality_z"].is_null());
            assert_eq!(cell("strong").extract_bool(), row["strong"].as_bool());
        }
    }
    assert_eq!(with("csv", Some("again.csv")), "");
    assert_eq!(std::fs::read_to_string(world.folder.path().join("again.csv")).unwrap(), text);
    let said = world.error(&["--format", "csv", "--out", "nowhere/rows.csv"]);
    assert!(said.starts_with("error: writing nowhere/rows.csv\n  caused by: "), "{said}");
}
