//! The whole path on a slice of the real market, with the programs as a user runs them: load, actions, factors, scan, the
//! vendor's corrections, and the proofs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::{Database, market};
use tidemark::domain::calendar::by_rule;
use tidemark::store::date_of;

/// The real bars: `TIDEMARK_TEST_DATA`, or `../shared/data` beside the checkout; none where neither is there, so that a
/// clone alone can be tested.
fn data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let named = std::env::var_os("TIDEMARK_TEST_DATA").map(PathBuf::from);
    let found = named.or_else(|| beside.is_dir().then_some(beside));
    if found.is_none() {
        eprintln!("skipped: no real data; name its folder in TIDEMARK_TEST_DATA");
    }
    found
}

/// A program beside the test's own: `ingest` is built by its own package.
fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_scan")).with_file_name(name);
    assert!(
        path.is_file(),
        "{} is not built: run cargo build --workspace with the same profile",
        path.display()
    );
    path
}

fn run(database: &Database, line: &str) -> Output {
    let mut words = line.split(' ');
    let mut command = Command::new(program(words.next().unwrap()));
    command.args(words).env("DATABASE_URL", &database.url).env_remove("TIDEMARK_BENCHMARK");
    // The market's folder, so that no path with a space in it has to be split.
    if let Some(data) = data() {
        command.current_dir(data.join("vendor"));
    }
    command.output().unwrap()
}

/// Runs a command that must succeed, and gives its standard output.
fn ok(database: &Database, line: &str) -> String {
    let output = run(database, line);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{line}\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// A ticker's closes as the files print them, by a reader that shares nothing with the program.
fn closes(folder: &Path, ticker: &str, from: &str, to: &str) -> Vec<(String, f64)> {
    let mut closes = Vec::new();
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![folder.join("us_stocks_sip/day_aggs_v1")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    for path in files {
        let day = path.file_name().unwrap().to_str().unwrap()[..10].to_owned();
        // Good Friday, Memorial Day, and Independence Day of 2015: the vendor prints files for them.
        if day.as_str() < from
            || day.as_str() > to
            || ["2015-04-03", "2015-05-25", "2015-07-03"].contains(&day.as_str())
        {
            continue;
        }
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(std::fs::File::open(&path).unwrap())
            .read_to_string(&mut text)
            .unwrap();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            if fields[0] == ticker {
                closes.push((day.clone(), fields[3].parse().unwrap()));
            }
        }
    }
    closes
}

fn exported(path: &Path) -> HashMap<(String, String), HashMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<String>>());
    let header = lines.next().unwrap();
    lines
        .map(|fields| ((fields[0].clone(), fields[1].clone()), header.iter().cloned().zip(fields).collect()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_on_a_slice_of_the_real_market() {
    let Some(data) = data() else { return };
    let first = data.join("vendor/us2015");
    let database = Database::create_empty().await;
    let range = "--from 2015-03-20 --to 2015-07-31";
    let loaded = ok(&database, &format!("ingest backfill --source flatfiles:us2015 {range}"));
    assert!(loaded.contains("Good Friday"), "{loaded}");
    ok(&database, "ingest actions --source files:us2015");
    ok(&database, "features refresh");
    let scan: serde_json::Value =
        serde_json::from_str(&ok(&database, "scan full --format json --limit 100000")).unwrap();
    assert_eq!(scan["session_date"], "2015-07-31");
    let ranked = scan["counts"]["ranked"].as_u64().unwrap();
    assert!(ranked > 1_000, "{ranked} ranked");
    let fates = scan["counts"]["fates"].as_object().unwrap();
    let of = |words: &str| fates.get(words).map_or(0, |count| count.as_u64().unwrap());
    let kept_out = of("leveraged or inverse product") + of("vol_60 above 3");
    assert!(kept_out > 0 && of("listed") <= ranked && of("listed") + kept_out >= ranked, "{fates:?}");
    let all: u64 = fates.values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(
        all,
        scan["counts"]["instruments"].as_u64().unwrap(),
        "everybody is listed or kept out by a rule"
    );

    // The vendor corrects three of these days.
    let corrected = ok(&database, &format!("ingest backfill --source flatfiles:us2015_republished {range}"));
    assert!(corrected.contains("loaded 3"), "{corrected}");
    let stale = run(&database, "features verify");
    assert!(!stale.status.success(), "verify must not speak of rows that are not refreshed");
    let behind: serde_json::Value =
        serde_json::from_str(&ok(&database, "scan incremental --format json")).unwrap();
    assert!(behind["counts"]["features_behind"].as_u64().unwrap() > 0);
    ok(&database, "features refresh");
    let scan: serde_json::Value =
        serde_json::from_str(&ok(&database, "scan incremental --format json")).unwrap();
    assert_eq!(scan["counts"]["features_behind"], 0);
    assert!(ok(&database, "scan verify").contains("incremental = full, bit for bit"));
    assert!(ok(&database, "features verify --all").contains("stored = computed from nothing, bit for bit"));

    // One number worked out from the files: the total return of Apple over 63 sessions, one dividend within.
    let out = tempfile::tempdir().unwrap();
    let csv = out.path().join("features.csv");
    ok(
        &database,
        &format!("features export --from 2015-07-31 --to 2015-07-31 --format csv --out {}", csv.display()),
    );
    let rows = exported(&csv);
    let prices = closes(&first, "AAPL", "2015-03-20", "2015-07-31");
    let prices = &prices[prices.len() - 64..];
    // 0.52 USD went ex on 2015-05-07.
    let growth: f64 = prices
        .windows(2)
        .map(|pair| (pair[1].1 + if pair[1].0 == "2015-05-07" { 0.52 } else { 0.0 }) / pair[0].1)
        .product();
    let stored: f64 = rows[&("AAPL".to_owned(), "2015-07-31".to_owned())]["mom_3"].parse().unwrap();
    assert!((stored - (growth - 1.0)).abs() < 1e-12, "{stored} stored, {} by hand", growth - 1.0);
    let text = ok(&database, "features show AAPL --json --session 2015-07-31 --rows 1");
    let shown: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        shown[0]["mom_3"].as_f64().unwrap().to_bits(),
        stored.to_bits(),
        "export and show give the same bits"
    );

    // A look at the past gives what a scan on that day would have given.
    let past: serde_json::Value =
        serde_json::from_str(&ok(&database, "scan full --as-of 2015-07-02 --format json --limit 5")).unwrap();
    assert_eq!(past["session_date"], "2015-07-02");
    assert_eq!(past["run_id"], serde_json::Value::Null);
    for (day, fact, act) in [
        ("2015-07-05", "2015-07-05 is not a session of the exchange", "the session before it is 2015-07-02"),
        ("2015-03-02", "there are no bars up to 2015-03-02", "ingest backfill"),
        (
            "2031-03-03",
            "there are no bars of 2031-03-03",
            "the latest session before it that has bars is 2015-07-31",
        ),
    ] {
        let refused = run(&database, &format!("scan full --as-of {day}"));
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && said.contains(fact) && said.contains(act), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_on_an_empty_database_say_what_to_do_first() {
    let database = Database::create().await;
    for (line, fact, act) in [
        ("scan full", "there are no bars", "ingest backfill"),
        ("scan incremental", "there are no bars", "ingest backfill"),
        ("scan verify", "there are no bars", "ingest backfill"),
        ("features show AAPL", "no instrument has the ticker AAPL", "ingest status"),
        (
            "features export --from 2024-01-02 --to 2024-01-03 --format csv --out /tmp/never.csv",
            "no features",
            "features refresh",
        ),
        (
            "features export --from 2024-01-03 --to 2024-01-02 --format csv --out /tmp/never.csv",
            "is after",
            "earlier day",
        ),
    ] {
        let output = run(&database, line);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{line}: {text}");
        assert!(text.starts_with("error: ") && text.contains(fact), "{line}: {text}");
        assert!(text.contains("hint: ") && text.contains(act), "{line}: {text}");
        assert!(output.stdout.is_empty(), "{line}");
    }
    assert!(ok(&database, "features refresh").contains("0 computed"));
    assert!(ok(&database, "features list").contains("mom_12_1"));
    assert!(ok(&database, "ingest status").contains("nothing is loaded yet"));
}

/// The return of TST0 over 21 sessions, as `features` shows it at its latest session.
fn month(database: &Database) -> f64 {
    let text = ok(database, "features show TST0 --json --rows 1");
    let shown: serde_json::Value = serde_json::from_str(&text).unwrap();
    shown[0]["rev_1"].as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announced_day_moves_the_windows_after_it_and_a_withdrawn_one_moves_them_back() {
    let database = Database::create().await;
    let mut client = database.client().await;
    let ids = market::instruments(&mut client, 12).await;
    // A session some weeks from now; every other one around it has bars.
    let today = chrono::Utc::now().date_naive();
    let mourning = by_rule().at_or_after(today + chrono::Days::new(30)).unwrap();
    let sessions = mourning - 60..mourning + 10;
    market::open_chunks(&mut client, sessions.clone()).await;
    let transaction = client.transaction().await.unwrap();
    let bar = |id: i32, session: i32| (session != mourning).then(|| market::bar(id, session, 0));
    market::write(&transaction, &ids, sessions.clone(), bar).await;
    transaction.commit().await.unwrap();
    let closes: Vec<f64> = sessions.filter_map(|session| Some(bar(ids[0], session)?.close)).collect();
    let last = closes.len() - 1;
    let growth = |bars: usize| closes[last] / closes[last - bars] - 1.0;
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
    ok(&database, "features refresh");
    assert!(near(month(&database), growth(20)), "a session without a bar counts");

    let folder = tempfile::tempdir().unwrap();
    let announce = |date: chrono::NaiveDate| {
        let days =
            format!(r#"[{{"exchange":"NYSE","date":"{date}","status":"closed","name":"Day of Mourning"}}]"#);
        std::fs::write(folder.path().join("market-upcoming.json"), days).unwrap();
        std::fs::write(folder.path().join("tickers.json"), r#"{"results":[]}"#).unwrap();
        ok(&database, &format!("ingest reference --source files:{}", folder.path().display()))
    };
    let said = announce(date_of(mourning));
    assert!(said.contains(&format!("new: {} closed: Day of Mourning", date_of(mourning))), "{said}");
    assert!(ok(&database, "features refresh").contains("13 instruments changed since the last refresh"));
    assert!(near(month(&database), growth(21)), "the day is no session any more");
    assert!(ok(&database, "features verify --all").contains("stored = computed from nothing, bit for bit"));
    ok(&database, "scan full");
    assert!(ok(&database, "scan verify").contains("incremental = full, bit for bit"));

    // The next Christmas is announced, and the day of mourning is not any more.
    let christmas = (0..400)
        .map(|n| today + chrono::Days::new(n))
        .find(|day| by_rule().closed_because(*day).is_some_and(|why| why.to_string() == "Christmas Day"));
    assert!(announce(christmas.unwrap()).contains(&format!("withdrawn: {}", date_of(mourning))));
    ok(&database, "features refresh");
    assert!(near(month(&database), growth(20)), "the day is a session again");
    assert!(ok(&database, "features verify --all").contains("stored = computed from nothing, bit for bit"));
}
