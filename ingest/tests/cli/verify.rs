//! `ingest verify`: each fault planted is found once and nothing else is; a clean market is clean; nothing is changed.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;
use serde_json::{Value, json};
use tidemark::domain::calendar::nyse;
use tokio_postgres::Client;

use crate::files::Folder;
use crate::run::{Run, backfill, ingest};
use crate::support::Database;

const SESSIONS: usize = 120;

/// A quiet market in memory: ticker, then session, then open, high, low, close and volume.
struct Market {
    dates: Vec<NaiveDate>,
    bars: BTreeMap<String, BTreeMap<usize, [f64; 5]>>,
}

/// One bar at about `price` that is like no other of its instrument's neighbours.
fn quiet(price: f64, seed: usize, session: usize) -> [f64; 5] {
    let wobble = |session: usize| 1.0 + 0.0008 * ((seed * 7 + session * 5) % 11) as f64;
    let (open, close) = (price * wobble(session + 3), price * wobble(session));
    let volume = 1e7 / price * (1.0 + 0.01 * ((seed * 13 + session * 7) % 17) as f64);
    [open, open.max(close) * 1.002, open.min(close) * 0.998, close, volume.round()]
}

impl Market {
    fn new(count: usize) -> Self {
        let first = NaiveDate::from_ymd_opt(2024, 1, 2).expect("a day");
        let dates: Vec<NaiveDate> =
            nyse().sessions(first, first + chrono::Days::new(365)).take(SESSIONS).collect();
        let bars = (0..count).map(|one| {
            let price = 20.0 + 7.0 * one as f64;
            (
                format!("T{one:02}"),
                (0..SESSIONS).map(|session| (session, quiet(price, one, session))).collect(),
            )
        });
        Self { bars: bars.collect(), dates }
    }

    fn of(&mut self, ticker: &str) -> &mut BTreeMap<usize, [f64; 5]> {
        self.bars.get_mut(ticker).expect("a ticker")
    }

    fn bar(&mut self, ticker: &str, session: usize) -> &mut [f64; 5] {
        self.of(ticker).get_mut(&session).expect("a bar")
    }

    /// Multiplies the prices from `session` on, and leaves the dollars traded as they were.
    fn shift(&mut self, ticker: &str, session: usize, factor: f64) {
        for bar in self.of(ticker).range_mut(session..) {
            bar.1[..4].iter_mut().for_each(|price| *price *= factor);
            bar.1[4] = (bar.1[4] / factor).round();
        }
    }

    fn write(&self, folder: &Folder, without: &[usize]) {
        for (session, date) in self.dates.iter().enumerate().filter(|(session, _)| !without.contains(session))
        {
            let lines: Vec<String> = self
                .bars
                .iter()
                .filter_map(|(ticker, bars)| {
                    let [open, high, low, close, volume] = bars.get(&session)?;
                    Some(format!("{ticker},{volume},{open},{close},{high},{low},@,7"))
                })
                .collect();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            folder.lines(&date.to_string(), &lines);
        }
    }

    /// Loads the files, and the actions if there are any.
    async fn load(&self, database: &Database, folder: &Folder) {
        let (first, last) = (self.dates[0].to_string(), self.dates[SESSIONS - 1].to_string());
        backfill(&database.url, folder.path(), &first, &last, &[]).await.succeeded();
        if Path::new(folder.path()).join("splits.json").exists() {
            let source = format!("files:{}", folder.path());
            ingest(&database.url, &["actions", "--source", &source]).await.succeeded();
        }
    }

    fn day(&self, session: usize) -> String {
        self.dates[session].to_string()
    }
}

/// `ingest verify` in JSON on a connection that the server lets write nothing.
async fn verify(url: &str, more: &[&str]) -> (Run, Value) {
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}options=-c%20default_transaction_read_only%3Don");
    let run = ingest(&url, &[&["verify", "--format", "json"], more].concat()).await;
    let report = serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}\n{}\n{}", run.out, run.err));
    (run, report)
}

/// Check, ticker (or `-`), first and last day of each finding, in order.
fn told(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().expect("findings");
    let mut told: Vec<String> = findings
        .iter()
        .map(|finding| {
            let text = |name: &str| finding[name].as_str().unwrap_or("-").to_owned();
            format!("{} {} {} {}", text("check"), text("ticker"), text("from"), text("through"))
        })
        .collect();
    told.sort();
    told
}

async fn execute(client: &Client, statement: &str) {
    let changed = client.execute(statement, &[]).await.expect(statement);
    assert!(changed > 0, "{statement} changes nothing");
}

#[tokio::test]
async fn a_clean_market_has_no_findings() {
    let (database, folder, market) = (Database::create().await, Folder::new(), Market::new(30));
    market.write(&folder, &[]);
    market.load(&database, &folder).await;
    let (run, report) = verify(&database.url, &["--fail-on", "warning"]).await;
    assert_eq!(told(&report), Vec::<String>::new());
    assert_eq!(run.code, Some(0));
    assert_eq!([&report["sessions"], &report["instruments"], &report["bars"]], [120, 30, 3600]);
    assert_eq!([&report["from"], &report["to"]], [&json!(market.day(0)), &json!(market.day(119))]);
    assert_eq!(report["change_log"], json!({"bars": 30}));
    let run = ingest(&database.url, &["verify"]).await.succeeded();
    assert!(run.out.contains("clean      missing-session, empty-session"), "{}", run.out);
    assert!(run.out.contains("found      0 errors, 0 warnings, 0 notes"), "{}", run.out);
}

#[tokio::test]
async fn each_fault_is_found_once_and_nothing_else() {
    let (database, folder, mut market) = (Database::create().await, Folder::new(), Market::new(40));
    let client = database.client().await;
    // In the vendor's files:
    for ticker in ["T30", "T31", "T32", "T33", "T34", "T35", "T36", "T37"] {
        market.of(ticker).remove(&60);
        *market.bar(ticker, 70) = *market.bar(ticker, 69);
    }
    let twin = market.of("T04").clone();
    market.bars.insert("T04B".into(), twin.into_iter().filter(|(session, _)| *session >= 40).collect());
    market.shift("T05", 50, 1.0 / 7.0);
    market.shift("T15", 50, 0.5);
    market.shift("T16", 50, 0.42);
    market.shift("T17", 50, 0.5);
    market.shift("T18", 50, 0.7);
    let ended = market.of("T09").split_off(&45);
    market.bars.insert("T09N".into(), ended);
    market.of("T10").retain(|session, _| !(85..92).contains(session));
    *market.bar("T11", 95) = *market.bar("T11", 94);
    market.bar("T12", 96)[3] *= 1.02;
    market.bar("T13", 97)[2] /= 10.0;
    market.bar("T14", 98)[3] *= 0.5;
    market.bar("T14", 98)[2] *= 0.49;
    market.bar("T19", 99)[..4].iter_mut().for_each(|price| *price *= 1.2);
    market.bar("T19", 99)[4] = 0.0;
    market.of("T20").remove(&100);
    market.of("T21").split_off(&90);
    market.of("T22").retain(|session, _| *session >= 20);
    for session in 101..113 {
        let price = 20.0 + 7.0 * 23.0;
        *market.bar("T23", session) = [price, price, price, price, 1000.0 + session as f64];
    }
    market.write(&folder, &[30]);
    // In the vendor's actions:
    let split = |ticker: &str, session: usize, to: u32| {
        let id = format!("{ticker}{session}");
        json!({"id": id, "ticker": ticker, "execution_date": market.day(session), "split_from": 1, "split_to": to})
    };
    let paid = |ticker: &str, day: String, cash: f64| json!({"id": ticker, "ticker": ticker, "ex_dividend_date": day, "cash_amount": cash, "currency": "USD"});
    let splits = [split("T05", 50, 7), split("T06", 50, 2), split("T17", 50, 7)];
    let price = 20.0 + 7.0 * 18.0;
    let dividends = [
        paid("T07", market.day(50), 500.0),
        paid("T18", market.day(50), 0.3 * price),
        paid("T24", "2023-12-01".into(), 0.1),
    ];
    for (name, results) in [("splits.json", json!(splits)), ("dividends.json", json!(dividends))] {
        let text = json!({"status": "OK", "results": results}).to_string();
        std::fs::write(Path::new(folder.path()).join(name), text).expect("written");
    }
    market.load(&database, &folder).await;
    // By other programs:
    let of = |ticker: &str| format!("(SELECT instrument_id FROM tickers WHERE ticker = '{ticker}')");
    let on = |session: usize| format!("session_date = '{}'", market.day(session));
    let faults = [
        // ingest actions knows it for an announcement of the next session's.
        format!("INSERT INTO splits VALUES ({}, '{}', 1, 7)", of("T05"), market.day(49)),
        format!("DELETE FROM bars_day WHERE {}", on(40)),
        format!("UPDATE loads SET bars = bars + 1 WHERE {} OR {}", on(10), on(55)),
        format!(
            "INSERT INTO bars_day SELECT 99999, session_date, open, high, low, close, volume
             FROM bars_day WHERE {} AND instrument_id = {}",
            on(10),
            of("T02")
        ),
        format!("DELETE FROM loads WHERE {}", on(80)),
        format!(
            "INSERT INTO bars_day SELECT instrument_id, '2024-02-03', open, high, low, close, volume
             FROM bars_day WHERE {} AND instrument_id = {}",
            on(22),
            of("T02")
        ),
        format!("UPDATE bars_day SET high = low / 2 WHERE {} AND instrument_id = {}", on(20), of("T03")),
        format!(
            "UPDATE instruments SET delisted_on = '{}' WHERE instrument_id = {}",
            market.day(100),
            of("T08")
        ),
        format!("UPDATE instruments SET listed_on = '{}' WHERE instrument_id = {}", market.day(0), of("T22")),
    ];
    for fault in &faults {
        execute(&client, fault).await;
    }

    let d = |session: usize| market.day(session);
    let one =
        |check: &str, ticker: &str, session: usize| format!("{check} {ticker} {} {}", d(session), d(session));
    let span =
        |check: &str, ticker: &str, from: usize, to: usize| format!("{check} {ticker} {} {}", d(from), d(to));
    let mut planted = vec![
        one("missing-session", "-", 30),
        one("empty-session", "-", 40),
        one("bar-count", "-", 55),
        "not-a-session - 2024-02-03 2024-02-03".to_owned(),
        one("half-loaded", "-", 60),
        one("stale-session", "-", 70),
        one("impossible-bar", "T03", 20),
        one("unknown-instrument", "-", 10),
        span("split-twice", "T05", 49, 50),
        one("split-without-jump", "T06", 50),
        one("impossible-dividend", "T07", 50),
        one("unrecorded-session", "-", 80),
        span("outside-listing", "T08", 101, 119),
        one("renamed", "T09", 44),
        span("long-gap", "T10", 85, 91),
        one("repeated-bar", "T11", 95),
        one("outside-range", "T12", 96),
        one("absurd-bar", "T13", 97),
        one("bad-print", "T14", 98),
        one("missing-split", "T15", 50),
        one("level-shift", "T16", 50),
        one("other-ratio", "T17", 50),
        one("large-dividend", "T18", 50),
        one("untraded-move", "T19", 99),
        one("zero-volume", "T19", 99),
        one("short-gaps", "T20", 100),
        one("ended", "T21", 89),
        one("starts-late", "T22", 20),
        span("standstill", "T23", 101, 112),
        "action-without-bar T24 2023-12-01 2023-12-01".to_owned(),
    ];
    let (run, report) = verify(&database.url, &[]).await;
    let mut found = told(&report);
    // The blocks of twins begin and end at full tens of sessions since the first one.
    let twins: Vec<String> = found.extract_if(.., |finding| finding.starts_with("twins")).collect();
    assert_eq!(twins.len(), 1, "{twins:?}");
    assert!(twins[0].starts_with("twins T04 "), "{twins:?}");
    planted.sort();
    assert_eq!(found, planted);
    assert_eq!(run.code, Some(1));
    check_numbers(&report);

    // Every check was planted, and every number is one that the help explains.
    let checks = report["checks"].as_array().expect("checks");
    assert_eq!(checks.len(), 31);
    for check in checks {
        assert_eq!(check["findings"], 1, "{check}");
    }
    let help = ingest(&database.url, &["verify", "--help"]).await.succeeded().out;
    for finding in report["findings"].as_array().expect("findings") {
        for name in finding["numbers"].as_object().expect("numbers").keys() {
            assert!(help.contains(&format!("    {name} ")), "{name} of {finding} is not in the help");
        }
        assert!(help.contains(finding["check"].as_str().expect("a name")));
    }
    levels_and_ranges(&database, &market).await;
}

/// What the findings say.
fn check_numbers(report: &Value) {
    let finding = |check: &str| {
        let findings = report["findings"].as_array().expect("findings");
        findings.iter().find(|finding| finding["check"] == check).expect("a finding")
    };
    let split = finding("missing-split");
    assert_eq!((&split["numbers"]["ratio"], &split["numbers"]["sure"]), (&json!(2.0), &json!("likely")));
    assert_eq!(split["severity"], "warning");
    assert!(
        split["found"]
            .as_str()
            .expect("words")
            .starts_with("2:1 likely: after 125.9 open 62.85 (0.499 times), close 62.65 (0.498 times); "),
        "{split}"
    );
    assert!(split["remedy"].as_str().expect("words").contains("ingest actions"), "{split}");
    let twice = finding("split-twice");
    assert_eq!(twice["numbers"]["shown_on"], twice["through"]);
    let half = finding("half-loaded");
    assert_eq!((&half["numbers"]["expected"], &half["numbers"]["present"]), (&json!(41), &json!(33)));
    let remedy = half["remedy"].as_str().expect("words");
    let day = half["from"].as_str().expect("a day");
    assert!(remedy.contains(&format!("--from {day} --to {day} --reload")), "{remedy}");
    let fallen = finding("large-dividend")["numbers"]["fallen"].as_f64().expect("a number");
    assert!((fallen - 1.0).abs() < 0.05, "{fallen}");
    let gap = &finding("long-gap")["numbers"];
    assert_eq!(gap["missing"], 7);
    assert_eq!(finding("renamed")["numbers"]["other_ticker"], "T09N");
    assert_eq!(finding("twins")["numbers"]["other_ticker"], "T04B");
}

/// Exit codes, tickers and ranges on the market with every fault.
async fn levels_and_ranges(database: &Database, market: &Market) {
    let (run, report) = verify(&database.url, &["--fail-on", "never", "--check", "half-loaded,ended"]).await;
    assert_eq!(run.code, Some(0));
    assert_eq!(told(&report).len(), 2);
    assert_eq!(report["checks"].as_array().map(Vec::len), Some(2));
    for (level, check, code) in
        [("error", "bad-print", 0), ("warning", "bad-print", 1), ("warning", "ended", 0)]
    {
        let (run, _) = verify(&database.url, &["--check", check, "--fail-on", level]).await;
        assert_eq!(run.code, Some(code), "{level} {check}");
    }

    let (_, report) = verify(&database.url, &["--tickers", "T15,T20"]).await;
    assert_eq!(
        told(&report),
        [
            format!("missing-split T15 {0} {0}", market.day(50)),
            // Of the emptied session nobody knows here that it is empty for all.
            format!("short-gaps T15 {0} {0}", market.day(40)),
            format!("short-gaps T20 {} {}", market.day(40), market.day(100)),
        ]
    );
    let left_out = report["left_out"].as_array().expect("names");
    assert!(left_out.contains(&json!("half-loaded")) && left_out.contains(&json!("twins")), "{left_out:?}");
    assert_eq!(report["instruments"], 2);

    // The range begins at the jump itself: what lies before tells that it is one.
    let (_, report) = verify(&database.url, &["--from", &market.day(50), "--to", &market.day(54)]).await;
    let expected: Vec<String> = [
        "impossible-dividend T07",
        "large-dividend T18",
        "level-shift T16",
        "missing-split T15",
        "other-ratio T17",
        "split-without-jump T06",
    ]
    .iter()
    .map(|finding| format!("{finding} {0} {0}", market.day(50)))
    .collect();
    assert_eq!(told(&report), expected);
    assert_eq!(report["sessions"], 5);
}

#[tokio::test]
async fn the_table_has_examples_and_says_what_to_do() {
    let (database, folder, mut market) = (Database::create().await, Folder::new(), Market::new(10));
    for ticker in ["T01", "T02", "T03"] {
        market.shift(ticker, 50, 0.5);
    }
    market.write(&folder, &[]);
    market.load(&database, &folder).await;
    let run = ingest(&database.url, &["verify", "--limit", "2"]).await.succeeded();
    for line in [
        &format!("examined   {} to {}, 120 sessions", market.day(0), market.day(119)),
        "           1,200 bars of 10 instruments, 0 splits, 0 dividends",
        "           no split or dividend is loaded (ingest actions), so every split looks missing",
        "warning    missing-split  3",
        "             … and 1 more (--limit N, --format json)",
        "revisions  none",
        "change log 10 bars",
    ] {
        assert!(run.out.lines().any(|written| written == line), "{line}\n{}", run.out);
    }
    let examples: Vec<&str> = run.out.lines().filter(|line| line.contains("2:1 likely")).collect();
    assert_eq!(examples.len(), 2, "{}", run.out);
    assert!(run.out.contains("do: load the vendor's splits and dividends: ingest actions"), "{}", run.out);
    assert!(run.out.contains("found      0 errors, 3 warnings, 0 notes in "), "{}", run.out);
}

#[tokio::test]
async fn sessions_that_were_loaded_for_some_tickers_are_expected_of_these_alone() {
    let (database, folder, mut market) = (Database::create().await, Folder::new(), Market::new(10));
    market.of("T01").retain(|session, _| !(20..23).contains(session));
    market.write(&folder, &[]);
    let load = async |from: usize, to: usize, tickers: &[&str]| {
        backfill(&database.url, folder.path(), &market.day(from), &market.day(to), tickers).await.succeeded();
    };
    load(0, 9, &[]).await;
    load(10, 99, &["--tickers", "T01,T02"]).await;
    load(100, 119, &[]).await;
    let (run, report) = verify(&database.url, &[]).await;
    assert_eq!(told(&report), [format!("short-gaps T01 {} {}", market.day(20), market.day(22))]);
    assert_eq!(run.code, Some(0));
}

#[tokio::test]
async fn mistakes_are_answered_with_what_is_known() {
    let database = Database::create().await;
    let run = ingest(&database.url, &["verify", "--check", "mising-split"]).await;
    assert_eq!(run.code, Some(2));
    for words in ["invalid value 'mising-split'", "half-loaded", "a similar value exists: 'missing-split'"] {
        assert!(run.err.contains(words), "{words}\n{}", run.err);
    }
    let backwards = ["verify", "--from", "2024-02-01", "--to", "2024-01-01"];
    ingest(&database.url, &backwards)
        .await
        .failed("--from 2024-02-01 is after --to 2024-01-01", "the earlier day");
    ingest(&database.url, &["verify", "--tickers", "t01"])
        .await
        .failed("no bar of t01 is loaded", "case-sensitive");

    let run = ingest(&database.url, &["verify"]).await.succeeded();
    assert_eq!(run.out, "nothing is loaded in this range: ingest backfill --help\n");
    let (_, report) = verify(&database.url, &[]).await;
    assert_eq!((&report["bars"], &report["from"]), (&json!(0), &Value::Null));

    let empty = Database::create_empty().await;
    ingest(&empty.url, &["verify"]).await.failed("the database's schema is version 0", "ingest status");
}

#[tokio::test]
async fn the_sample_market_with_its_actions_has_no_error() {
    let (database, folder) = (Database::create().await, Folder::new());
    let out = Path::new(folder.path()).join("market");
    let out = out.to_str().expect("UTF-8");
    let size = ["--instruments", "120", "--sessions", "300"];
    ingest(&database.url, &[&["sample", "--out", out], &size[..]].concat()).await.succeeded();
    backfill(&database.url, out, "2023-01-01", "2024-12-31", &[]).await.succeeded();
    ingest(&database.url, &["actions", "--source", &format!("files:{out}")]).await.succeeded();
    let (run, report) = verify(&database.url, &[]).await;
    assert_eq!(run.code, Some(0));
    let unexpected: Vec<String> = told(&report)
        .into_iter()
        .filter(|finding| {
            // Its instruments are halted, delisted and without trades at times.
            !["long-gap", "short-gaps", "ended", "zero-volume"].iter().any(|usual| finding.starts_with(usual))
        })
        .collect();
    assert_eq!(unexpected, Vec::<String>::new());

    // Without the splits their jumps are found.
    let client = database.client().await;
    let count = "SELECT count(*) FROM splits WHERE split_to / split_from NOT BETWEEN 0.6 AND 1.6";
    let splits: i64 = client.query_one(count, &[]).await.expect(count).get(0);
    assert!(splits >= 5, "{splits} splits");
    execute(&client, "DELETE FROM splits").await;
    let (_, report) = verify(&database.url, &["--check", "missing-split,level-shift"]).await;
    assert!(told(&report).len() as i64 >= splits, "{splits} splits, found {:?}", told(&report));
}
