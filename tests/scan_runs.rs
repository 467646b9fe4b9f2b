//! `scan runs`, `show`, `diff` and `explain` as a user runs them, on a small market that moves between the runs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use support::{Database, market};
use tidemark::domain::bar::DayBar;
use tokio_postgres::Client;

const SESSIONS: i32 = 120;
const INSTRUMENTS: usize = 24;
/// Costs less than 1.
const CHEAP: usize = 20;
/// Has no bar on the last session.
const STALE: usize = 21;
/// Is a fund.
const FUND: usize = 22;
/// Had another ticker.
const RENAMED: usize = 23;

const DIP: &str = "where = \"rsi_14 < 48.5 AND close > 5\"\norder_by = [\"rsi_14\"]\nlimit = 6\nsector_cap = 3\n\
    columns = [\"close\", \"rsi_14\", \"return_5\", \"ics\", \"tier\", \"rsi_14 < 45 AS is_low\"]\n";

fn last() -> i32 {
    market::first() + SESSIONS - 1
}

/// A market whose features are refreshed, and a folder with the profile `dip`.
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
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("scans")).unwrap();
        std::fs::write(folder.path().join("scans/dip.toml"), DIP).unwrap();
        let mut world = Self { database, client, ids, folder };
        world.write(market::first()..last() + 1).await;
        world
            .client
            .batch_execute(&format!(
                "UPDATE instruments SET sector = CASE WHEN instrument_id % 2 = 0 THEN 'Energy' ELSE 'Health Care' END
                 WHERE instrument_id % 5 <> 0;
                 UPDATE instruments SET type = 'ETF' WHERE instrument_id = {};
                 UPDATE ticker_periods SET from_date = '2022-03-01' WHERE instrument_id = {};
                 INSERT INTO ticker_periods (ticker, from_date, until_date, instrument_id)
                 VALUES ('OLDT', '1900-01-01', '2022-03-01', {})",
                world.ids[FUND], world.ids[RENAMED], world.ids[RENAMED]
            ))
            .await
            .unwrap();
        world.features();
        world
    }

    /// Writes bars of sessions.
    async fn write(&mut self, sessions: std::ops::Range<i32>) {
        let ids = self.ids.clone();
        market::open_chunks(&mut self.client, sessions.clone()).await;
        let transaction = self.client.transaction().await.unwrap();
        let bar = |id: i32, session: i32| {
            let bar = market::bar(id, session, 0);
            let scaled = |by: f64| DayBar {
                open: bar.open * by,
                high: bar.high * by,
                low: bar.low * by,
                close: bar.close * by,
                ..bar
            };
            match ids.iter().position(|other| *other == id).unwrap() {
                STALE if session >= last() => None,
                CHEAP => Some(scaled(0.01)),
                _ => Some(bar),
            }
        };
        market::write(&transaction, &ids, sessions, bar).await;
        transaction.commit().await.unwrap();
    }

    fn features(&self) {
        let mut features = Command::new(env!("CARGO_BIN_EXE_features"));
        features.arg("refresh").env("DATABASE_URL", &self.database.url).env_remove("TIDEMARK_BENCHMARK");
        assert!(features.output().unwrap().status.success());
    }

    fn run_with(&self, line: &str, kept: Option<&str>) -> Output {
        let mut scan = Command::new(env!("CARGO_BIN_EXE_scan"));
        scan.args(line.split(' ')).env("DATABASE_URL", &self.database.url).current_dir(self.folder.path());
        scan.env_remove("TIDEMARK_BENCHMARK").env_remove("TIDEMARK_SCAN_RUNS_KEPT");
        if let Some(kept) = kept {
            scan.env("TIDEMARK_SCAN_RUNS_KEPT", kept);
        }
        scan.output().unwrap()
    }

    /// What a command that succeeds prints: rows, and what it says beside them.
    fn both(&self, line: &str) -> (String, String) {
        let output = self.run_with(line, None);
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success(), "{line}\n{out}\n{err}");
        (out, err)
    }

    fn text(&self, line: &str) -> String {
        self.both(line).0
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.text(line)).unwrap()
    }

    /// What a command that must fail says.
    fn error(&self, line: &str) -> String {
        let output = self.run_with(line, None);
        assert!(!output.status.success() && output.stdout.is_empty(), "{line}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn profile(&self, text: &str) {
        std::fs::write(self.folder.path().join("scans/dip.toml"), text).unwrap();
    }
}

fn texts<'a>(rows: &'a Value, key: &str) -> Vec<&'a str> {
    rows.as_array().unwrap().iter().map(|row| row[key].as_str().unwrap()).collect()
}

/// Place of each ticker.
fn places(run: &Value) -> BTreeMap<String, i64> {
    let rows = run["rows"].as_array().unwrap().iter();
    rows.map(|row| (row["ticker"].as_str().unwrap().to_owned(), row["place"].as_i64().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_run_is_shown_as_it_was_printed() {
    let mut world = World::new().await;
    let printed = world.json("full --profile dip --format json");
    let table = world.both("incremental --profile dip");
    let csv = world.text("incremental --profile dip --format csv");
    // The market goes on, and the profile goes away.
    world.write(last() + 1..last() + 2).await;
    world.features();
    world.profile("limit = 1\n");
    world.text("incremental --profile dip");

    let mut shown = world.json("show 1 --format json");
    assert!(shown["finished_at"].is_string());
    shown.as_object_mut().unwrap().remove("finished_at");
    assert_eq!(shown, printed);
    assert_eq!(printed["rows"].as_array().unwrap().len(), 6);
    assert!(printed["rows"][0]["is_low"].is_boolean() && printed["rows"][0]["tier"].is_string());
    let (rows, said) = world.both("show 2");
    assert_eq!(rows, table.0);
    assert!(said.contains("incremental scan, profile dip, session 2022-06-24"), "{said}");
    let of_stages = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("   ")).map(str::to_owned).collect()
    };
    assert!(of_stages(&said).len() >= 4, "{said}");
    assert_eq!(of_stages(&said), of_stages(&table.1), "the counts are those of then, in their order");
    assert_eq!(world.text("show 3 --format csv"), csv);
    assert_eq!(world.json("show latest --format json")["run_id"], 4);
    assert_eq!(world.json("show latest --profile dip --format json")["run_id"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_differ_in_who_is_new_gone_and_moved_and_every_why_is_that_of_explain() {
    let mut world = World::new().await;
    let old = world.json("full --profile dip --format json");
    let before: BTreeMap<String, Value> = (0..INSTRUMENTS)
        .map(|at| (format!("TST{at}"), world.json(&format!("explain TST{at} --profile dip --json"))))
        .collect();
    world.write(last() + 1..last() + 2).await;
    world.features();
    let new = world.json("incremental --profile dip --format json");
    let diff = world.json("diff --profile dip --json");
    assert_eq!((&diff["old"]["run_id"], &diff["new"]["run_id"]), (&old["run_id"], &new["run_id"]));
    assert_eq!(diff, world.json("diff 1 2 --json"));
    assert_eq!(diff, world.json("diff 1 --json"), "with one number: that run and the latest of its profile");

    // By hand, from what both scans printed.
    let (then, now) = (places(&old), places(&new));
    let entered: Vec<&str> =
        texts(&new["rows"], "ticker").into_iter().filter(|t| !then.contains_key(*t)).collect();
    let gone: Vec<&str> =
        texts(&old["rows"], "ticker").into_iter().filter(|t| !now.contains_key(*t)).collect();
    let both: Vec<&str> =
        texts(&new["rows"], "ticker").into_iter().filter(|t| then.contains_key(*t)).collect();
    let moved: Vec<&str> = both.iter().copied().filter(|t| then[*t] != now[*t]).collect();
    assert!(!entered.is_empty() && !gone.is_empty(), "the market is made so that both happen");
    assert_eq!(texts(&diff["entered"], "ticker"), entered);
    assert_eq!(texts(&diff["gone"], "ticker"), gone);
    assert_eq!(texts(&diff["moved"], "ticker"), moved);
    let count = |name: &str| diff["counts"][name].as_u64().unwrap() as usize;
    assert_eq!(
        [count("entered"), count("gone"), count("moved"), count("stayed")],
        [entered.len(), gone.len(), moved.len(), both.len() - moved.len()]
    );

    // Who is gone has the fate that explain tells now, who is new had the one that it told then.
    let values_of = |told: &Value, condition: &Value| -> Value {
        let conditions = told["conditions"].as_array().unwrap().iter();
        conditions.filter(|one| one["condition"] == *condition).map(|one| one["read"].clone()).next().unwrap()
    };
    for row in diff["gone"].as_array().unwrap() {
        let ticker = row["ticker"].as_str().unwrap();
        let told = world.json(&format!("explain {ticker} --profile dip --json"));
        assert_eq!(row["why"]["fate"], told["fate"], "{ticker}");
        assert_eq!(row["place_then"], then[ticker], "{ticker}");
        if told["fate"] == "not_true" {
            assert_eq!(row["why"]["condition"], "rsi_14 < 48.5");
            let (read_then, read_now) = (
                values_of(&before[ticker], &row["why"]["condition"]),
                values_of(&told, &row["why"]["condition"]),
            );
            assert_eq!(row["read"][0]["then"], read_then["rsi_14"], "{ticker}");
            assert_eq!(row["read"][0]["now"], read_now["rsi_14"], "{ticker}");
        }
    }
    for row in diff["entered"].as_array().unwrap() {
        let ticker = row["ticker"].as_str().unwrap();
        assert_eq!(row["why"]["fate"], before[ticker]["fate"], "{ticker}");
        assert_eq!((&row["place"], &row["place_then"]), (&now[ticker].into(), &Value::Null));
    }
    for row in diff["moved"].as_array().unwrap() {
        let key = &row["changes"][0];
        assert_eq!((&key["of"], &key["name"]), (&"order".into(), &"rsi_14".into()));
        assert_ne!(key["then"], key["now"]);
    }

    let text = world.text("diff");
    let head = format!(
        "run 1 (2022-06-24, {} rows) and run 2 (2022-06-27, {} rows), profile dip\n\
         note: the sessions differ: 2022-06-24 then, 2022-06-27 now\n{} new, {} gone, {} moved, {} at the same place\n",
        then.len(),
        now.len(),
        entered.len(),
        gone.len(),
        moved.len(),
        both.len() - moved.len()
    );
    assert!(text.starts_with(&head), "{text}");
    if diff["gone"].as_array().unwrap().iter().any(|row| row["why"]["fate"] == "not_true") {
        assert!(text.contains("where not true: rsi_14 < 48.5 (rsi_14 "), "{text}");
        assert!(text.contains(" then, "), "{text}");
    }

    // The same run again differs in nothing; an edited profile is said, and marked in the list.
    world.text("incremental --profile dip");
    let text = world.text("diff");
    assert!(text.ends_with(&format!("0 new, 0 gone, 0 moved, {} at the same place\n", now.len())), "{text}");
    world.profile(&DIP.replace("limit = 6", "limit = 2"));
    world.text("incremental --profile dip");
    let text = world.text("diff");
    assert!(text.contains("note: the profile was edited between the runs"), "{text}");
    assert!(text.contains("over the limit of 2"), "{text}");
    let runs = world.json("runs --profile dip --json");
    let edited: Vec<Option<bool>> =
        runs.as_array().unwrap().iter().map(|run| run["edited"].as_bool()).collect();
    assert_eq!(edited, [Some(true), Some(false), Some(false), None]);
    let (list, said) = world.both("runs");
    assert!(list.lines().nth(1).unwrap().contains("dip") && list.lines().nth(1).unwrap().contains("edited"));
    assert!(said.contains("4 of 4 runs; the latest 1,000 are kept"), "{said}");

    // Another profile's run beside the others.
    world.text("incremental");
    assert!(world.text("diff 4 5").contains("note: the profiles differ: dip then, market now"));
    assert!(
        world
            .error("diff 4 5 --profile dip")
            .starts_with("error: run 5 is of the profile market, not of dip\nhint: ")
    );
    let alone = world.error("diff");
    assert!(alone.starts_with("error: run 5 is the only one of the profile market"), "{alone}");
    assert!(world.text("diff --profile dip").starts_with("run 3 "));
    assert!(world.error("diff 5").contains("would be compared with itself"));
    assert!(world.error("diff 4").contains("hint: run: scan diff 3 4"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_runs_are_kept_and_one_of_an_older_version_is_still_shown() {
    let world = World::new().await;
    for _ in 0..5 {
        assert!(world.run_with("incremental --profile dip", Some("3")).status.success());
    }
    let runs = world.json("runs --json");
    let numbers: Vec<i64> =
        runs.as_array().unwrap().iter().map(|run| run["run_id"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [5, 4, 3]);
    let first = &runs[0];
    for (key, is_right) in [
        ("finished_at", first["finished_at"].is_string()),
        ("mode", first["mode"] == "incremental"),
        ("profile", first["profile"] == "dip"),
        ("session_date", first["session_date"] == "2022-06-24"),
        ("instruments", first["instruments"] == INSTRUMENTS as i64 + 1),
        ("ranked", first["ranked"].as_i64().unwrap() > 10),
        ("listed", first["listed"] == 6),
        ("seconds", first["seconds"].as_f64().unwrap() > 0.0),
    ] {
        assert!(is_right, "{key} of {first}");
    }
    let gone = world.error("show 2");
    assert!(gone.starts_with("error: run 2 is not kept any more\nhint: kept are 3 runs, 3 to 5"), "{gone}");
    for (line, fact) in [
        ("show 0", "error: there is no run 0\nhint: kept are 3 runs, 3 to 5"),
        ("show 99", "error: there is no run 99\nhint: kept are 3 runs, 3 to 5"),
        ("diff 1 5", "error: run 1 is not kept any more\nhint: "),
        ("runs --profile nobody", "error: there are no stored runs of the profile nobody\nhint: "),
        ("show last", "error: invalid value 'last' for '<RUN|latest>': a run is a number, or latest"),
        ("runs --limit 0", "error: invalid value '0' for '--limit <RUNS>'"),
    ] {
        let said = world.error(line);
        assert!(said.starts_with(fact), "{line}: {said}");
    }
    let refused = world.run_with("runs", Some("1"));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.starts_with("error: TIDEMARK_SCAN_RUNS_KEPT is 1, which is not a number from 2 on\nhint: "),
        "{said}"
    );

    // What versions before this one stored.
    world
        .client
        .execute(
            "UPDATE scan_runs SET profile_digest = NULL, snapshot = NULL, timings = NULL, fates = NULL, asked = NULL,
                 order_keys = NULL, unmet = NULL, read = NULL, counts = '{\"instruments\": 25, \"ranked\": 20}'
             WHERE run_id = 3",
            &[],
        )
        .await
        .unwrap();
    let old = &world.json("runs --json")[2];
    assert_eq!((&old["edited"], &old["seconds"], &old["listed"]), (&Value::Null, &Value::Null, &6.into()));
    let (rows, said) = world.both("show 3");
    assert!(rows.contains("return_5 %") && rows.lines().count() == 7, "{rows}");
    assert!(said.contains("25 instruments, 20 of them ranked"), "{said}");
    let diff = world.text("diff 3 5");
    assert!(diff.contains("note: run 3 is of an older version"), "{diff}");
    assert!(diff.contains("0 new, 0 gone, 0 moved, 6 at the same place"), "{diff}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_in_one_that_is_kept_out_and_one_that_does_not_exist_are_explained() {
    let world = World::new().await;
    let scan = world.json("full --profile dip --format json");
    let runs = world.json("runs --json");
    let listed = texts(&scan["rows"], "ticker");

    // Listed: the same numbers as the scan's row.
    for (place, row) in scan["rows"].as_array().unwrap().iter().enumerate() {
        let told = world.json(&format!("explain {} --profile dip --json", listed[place]));
        assert_eq!(told["conclusion"], format!("{} is listed, place {} of 6", listed[place], place + 1));
        assert_eq!((&told["place"], &told["scores"]["ics"]["value"]), (&row["place"], &row["ics"]));
        assert_eq!(told["scores"]["rank"], row["rank"]);
        assert_eq!(told["order"]["keys"][0]["value"], row["rsi_14"]);
        for part in told["scores"]["ics"]["parts"].as_array().unwrap() {
            let name = part["name"].as_str().unwrap();
            assert_eq!(part["points"], row["contributions"]["ics"][name], "{name}");
        }
        let points: f64 = told["scores"]["ics"]["parts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["points"].as_f64().unwrap())
            .sum();
        assert!((points - row["ics"].as_f64().unwrap()).abs() < 1e-9);
        assert!(told["universe"].as_array().unwrap().iter().all(|rule| rule["passed"] == true));
        assert!(told["conditions"].as_array().unwrap().iter().all(|one| one["met"] == true));
        let of_row =
            told["signals"].as_array().unwrap().iter().find(|one| one["name"] == "return_5").unwrap();
        assert_eq!(
            (&of_row["value"], &of_row["used"], &of_row["unit"]),
            (&row["return_5"], &true.into(), &"ratio".into())
        );
    }

    // Everybody: the fates are those that the scan counted, and every rank agrees.
    let mut fates: BTreeMap<String, i64> = BTreeMap::new();
    let mut matching = 0;
    for at in 0..INSTRUMENTS {
        let told = world.json(&format!("explain TST{at} --profile dip --json"));
        let words = match told["fate"].as_str().unwrap() {
            "listed" => "listed",
            "over_limit" => "over the limit",
            "over_sector_cap" => "over the sector's cap",
            "not_true" => "where not true",
            "unknown" => "where unknown",
            _ => told["conclusion"].as_str().unwrap().split_once("kept out: ").unwrap().1,
        };
        *fates.entry(words.to_owned()).or_default() += 1;
        matching += i64::from(told["order"]["place"].is_i64());
        assert_eq!(told["factors"].as_array().unwrap().len(), tidemark::arithmetic::catalogue::FACTORS.len());
    }
    *fates.entry("is the benchmark".into()).or_default() += 1;
    let counted: BTreeMap<String, i64> = serde_json::from_value(scan["counts"]["fates"].clone()).unwrap();
    assert_eq!(fates, counted);
    assert_eq!(world.json("explain TST0 --profile dip --json")["order"]["matching"], matching);

    for (at, conclusion) in [
        (CHEAP, "TST20 is kept out: close below 1"),
        (STALE, "TST21 is kept out: no bar on the session"),
        (FUND, "TST22 is kept out: not a share or receipt"),
    ] {
        let text = world.text(&format!("explain TST{at} --profile dip"));
        assert_eq!(text.lines().next().unwrap(), conclusion);
        assert!(text.contains("dropped it"), "{text}");
    }
    assert!(world.text("explain SPY --profile dip").starts_with("SPY is kept out: is the benchmark\n"));

    let text = world.text(&format!("explain {} --profile dip", listed[0]));
    for words in [
        &format!("{} is listed, place 1 of 6\n", listed[0]),
        "session 2022-06-24, profile dip, incremental signals",
        "universe     passed, all 14 rules\n",
        "population   in it, one of ",
        "where        2 of 2 conditions are true\n",
        "true  rsi_14 < 48.5  rsi_14 ",
        "order        place 1 of ",
        "limit        6, and 6 are listed\n",
        "part       weight  value  points",
        "`events` is null: no event source is loaded.",
        "plan         by the default settings: 1,000 at risk\n",
        &format!("How a factor was computed: features explain {} FACTOR 2022-06-24\n", listed[0]),
    ] {
        assert!(text.contains(words), "{words} is missing in\n{text}");
    }
    assert!(!text.contains("Mean of the last 20 closes"), "meanings are for --all");
    let caps: Vec<String> = listed
        .iter()
        .flat_map(|ticker| {
            let text = world.text(&format!("explain {ticker} --profile dip"));
            text.lines().filter(|line| line.starts_with("sector cap ")).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    // Of those whose sector is known, each counts the ones of its sector that come before it.
    assert!(caps.iter().any(|line| line.contains("3, and 0 of ")), "{caps:?}");
    assert!(caps.iter().any(|line| line.contains("3, and 1 of ")) && caps.len() <= listed.len(), "{caps:?}");
    let all = world.text(&format!("explain {} --profile dip --all", listed[0]));
    assert!(all.contains("Mean of the last 20 closes"), "{all}");

    // A past session, from nothing; and what does not exist.
    let past = world.json("explain TST0 --as-of 2022-06-22 --json");
    assert_eq!((&past["session_date"], &past["mode"]), (&"2022-06-22".into(), &"full".into()));
    let then = world.json("explain OLDT --as-of 2022-02-25 --json");
    assert_eq!(then["instrument"]["ticker_now"], "TST23");
    for (line, said) in [
        (
            "explain tst0",
            "error: no instrument has the ticker tst0\nhint: case matters: did you mean TST0?\n",
        ),
        ("explain SPYY", "error: no instrument has the ticker SPYY\nhint: did you mean SPY?\n"),
        (
            "explain OLDT",
            "error: no instrument has the ticker OLDT any more\nhint: OLDT was the ticker until 2022-03-01 of what is TST23 now: scan explain TST23, or",
        ),
        (
            "explain NOBODY",
            "error: no instrument has the ticker NOBODY\nhint: ingest status shows what is loaded\n",
        ),
        (
            "explain TST0 --as-of 2022-06-19",
            "error: 2022-06-19 is not a session of the exchange\nhint: the session before it is 2022-06-17\n",
        ),
        ("explain TST0 --as-of 2021-06-18", "error: there are no bars up to 2021-06-18\nhint: "),
        (
            "explain TST0 --as-of 2023-06-20",
            "error: there are no bars of 2023-06-20\nhint: the latest session before it that has bars is 2022-06-24",
        ),
        ("explain TST0 --profile dipp", "error: there is no profile dipp\nhint: did you mean dip? "),
    ] {
        let got = world.error(line);
        assert!(got.starts_with(said), "{line}: {got}");
    }
    assert_eq!(world.json("runs --json"), runs, "nothing of this was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_run_or_a_bar_the_commands_say_what_to_do_first() {
    let database = Database::create().await;
    let run = |line: &str| {
        let mut scan = Command::new(env!("CARGO_BIN_EXE_scan"));
        scan.args(line.split(' ')).env("DATABASE_URL", &database.url).current_dir(Path::new("/"));
        let output = scan.output().unwrap();
        assert!(!output.status.success(), "{line}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (line, said) in [
        ("runs", "error: there are no stored runs\nhint: run: scan incremental\n"),
        ("show latest", "error: there are no stored runs\n"),
        ("show 1", "error: there is no run 1\nhint: there are none: run scan incremental first\n"),
        ("diff", "error: there are no stored runs\n"),
        (
            "diff --profile low-risk",
            "error: there are no stored runs of the profile low-risk\nhint: run: scan incremental --profile low-risk;",
        ),
        ("explain AAPL", "error: there are no bars\nhint: load some first: ingest backfill --help\n"),
    ] {
        let got = run(line);
        assert!(got.starts_with(said), "{line}: {got}");
    }
}
