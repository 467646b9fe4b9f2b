//! `features export` as a user runs it: what is read back from every form of file is the table, to the bit.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use polars::prelude::*;
use polars_io::ipc::IpcReader;
use polars_io::parquet::read::ParquetReader;
use polars_io::prelude::{CsvReadOptions, SerReader};
use serde_json::Value;
use support::{Database, market};
use tempfile::TempDir;
use tidemark::arithmetic::catalogue::FACTORS;
use tidemark::store::date_of;

/// Over the end of a year, and long enough that the slowest factor is there.
const SESSIONS: i32 = 290;
const INSTRUMENTS: usize = 30;

/// A market with its features, and a folder to write to.
struct World {
    database: Database,
    folder: TempDir,
    ids: Vec<i32>,
}

impl World {
    async fn new() -> Self {
        let database = Database::create().await;
        let mut client = database.client().await;
        let ids = market::instruments(&mut client, INSTRUMENTS).await;
        let sessions = market::first()..market::first() + SESSIONS;
        market::open_chunks(&mut client, sessions.clone()).await;
        let transaction = client.transaction().await.unwrap();
        // The first begins late, so that some of it is null when the others are not.
        let late = market::first() + 200;
        let bar =
            |id: i32, session: i32| (id != ids[0] || session >= late).then(|| market::bar(id, session, 0));
        market::write(&transaction, &ids, sessions, bar).await;
        transaction.commit().await.unwrap();
        let sectors = "UPDATE instruments SET sector = CASE WHEN instrument_id % 3 = 0 THEN 'Energy' WHEN instrument_id % 3 = 1 THEN 'Utilities' END";
        client.batch_execute(sectors).await.unwrap();
        let world = Self { database, folder: tempfile::tempdir().unwrap(), ids };
        assert!(world.run("refresh", &[]).status.success());
        world
    }

    fn command(&self, command: &str, arguments: &[&str]) -> Command {
        let mut features = Command::new(env!("CARGO_BIN_EXE_features"));
        features.arg(command).args(arguments).current_dir(self.folder.path());
        features.env("DATABASE_URL", &self.database.url).env_remove("TIDEMARK_BENCHMARK");
        features
    }

    fn run(&self, command: &str, arguments: &[&str]) -> Output {
        self.command(command, arguments).output().unwrap()
    }

    /// Exports, and gives what it prints.
    fn export(&self, line: &str) -> String {
        let output = self.run("export", &line.split(' ').collect::<Vec<_>>());
        let (out, errors) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{line}\n{out}\n{errors}");
        assert_eq!(errors, "", "{line}");
        out
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The stored rows that `condition` selects, with the columns `names` of `from`, in the order of an export.
    async fn stored(&self, from: &str, names: &[String], condition: &str) -> Vec<Row> {
        let columns: Vec<String> = names.iter().map(|name| format!("f.{name}")).collect();
        let query = format!(
            "SELECT t.ticker, f.session_date, f.instrument_id, d.in_population, {}
             FROM {from} AS f JOIN tickers AS t USING (instrument_id) JOIN features_day AS d USING (session_date, instrument_id)
             WHERE {condition} ORDER BY f.session_date, t.ticker COLLATE \"C\"",
            columns.join(", ")
        );
        let client = self.database.client().await;
        let bits = |row: &tokio_postgres::Row, at: usize| row.get::<_, Option<f64>>(4 + at).map(f64::to_bits);
        (client.query(&query, &[]).await.unwrap().iter())
            .map(|row| Row {
                ticker: row.get(0),
                session_date: row.get(1),
                instrument_id: row.get(2),
                in_population: row.get(3),
                values: (0..names.len()).map(|at| bits(row, at)).collect(),
            })
            .collect()
    }
}

/// A row with the bits of its numbers; none is null.
#[derive(Debug, PartialEq)]
struct Row {
    ticker: String,
    session_date: NaiveDate,
    instrument_id: i32,
    in_population: bool,
    values: Vec<Option<u64>>,
}

/// Reads a file by polars' own reader.
fn read(path: &Path) -> DataFrame {
    let file = File::open(path).unwrap();
    match path.extension().unwrap().to_str().unwrap() {
        "parquet" => ParquetReader::new(file).finish().unwrap(),
        "arrow" | "feather" => IpcReader::new(file).finish().unwrap(),
        _ => {
            let header = fs::read_to_string(path).unwrap().lines().next().unwrap().to_owned();
            let kind = |name: &str| match name {
                "ticker" => DataType::String,
                "session_date" => DataType::Date,
                "instrument_id" => DataType::Int32,
                "in_population" => DataType::Boolean,
                _ => DataType::Float64,
            };
            let schema: Schema = header.split(',').map(|name| Field::new(name.into(), kind(name))).collect();
            let options = CsvReadOptions::default().with_schema(Some(Arc::new(schema)));
            options.into_reader_with_file_handle(file).finish().unwrap()
        }
    }
}

/// The names of the columns after the four keys.
fn names(frame: &DataFrame) -> Vec<String> {
    let names: Vec<String> = frame.get_column_names().into_iter().map(ToString::to_string).collect();
    assert_eq!(names[..4], ["ticker", "session_date", "instrument_id", "in_population"]);
    names[4..].to_vec()
}

fn rows(frame: &DataFrame) -> Vec<Row> {
    let names = names(frame);
    let column = |name: &str| frame.column(name).unwrap().as_materialized_series();
    let tickers = column("ticker").str().unwrap();
    let days = column("session_date").date().unwrap().physical();
    let ids = column("instrument_id").i32().unwrap();
    let members = column("in_population").bool().unwrap();
    let values: Vec<&Float64Chunked> = names.iter().map(|name| column(name).f64().unwrap()).collect();
    let bits = |values: &Float64Chunked, at: usize| {
        let value = values.get(at);
        assert!(value.is_none_or(f64::is_finite), "a number in a file is finite or null");
        value.map(f64::to_bits)
    };
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    (0..frame.height())
        .map(|at| Row {
            ticker: tickers.get(at).unwrap().into(),
            session_date: epoch + chrono::Days::new(days.get(at).unwrap() as u64),
            instrument_id: ids.get(at).unwrap(),
            in_population: members.get(at).unwrap(),
            values: values.iter().map(|values| bits(values, at)).collect(),
        })
        .collect()
}

/// What a file says of itself.
fn about(path: &Path) -> Value {
    let text = match path.extension().unwrap().to_str().unwrap() {
        "parquet" => {
            let mut reader = ParquetReader::new(File::open(path).unwrap());
            let pairs = reader.get_metadata().unwrap().key_value_metadata().clone().unwrap();
            pairs.into_iter().find(|pair| pair.key == "tidemark").unwrap().value.unwrap()
        }
        "arrow" | "feather" => {
            let mut reader = IpcReader::new(File::open(path).unwrap());
            reader.custom_metadata().unwrap().unwrap()["tidemark"].to_string()
        }
        _ => fs::read_to_string(format!("{}.schema.json", path.display())).unwrap(),
    };
    serde_json::from_str(&text).unwrap()
}

/// Names in a folder, hidden ones too.
fn listed(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn factor_names() -> Vec<String> {
    FACTORS.iter().map(|factor| factor.name.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_gives_the_table_back_to_the_bit() {
    let world = World::new().await;
    let table = world.stored("features_day", &factor_names(), "true").await;
    let slow = table.iter().filter(|row| row.values[0].is_some()).count();
    assert!(slow > 100 && slow < table.len() / 2, "{slow} of {} rows have a year behind them", table.len());
    for name in ["a.parquet", "a.arrow", "a.feather", "a.csv"] {
        let said = world.export(&format!("--out {name}"));
        assert!(said.contains("8,790 of"), "{said}");
        let frame = read(&world.path(name));
        assert_eq!(names(&frame), factor_names(), "{name}");
        assert!(rows(&frame) == table, "{name}");
    }
    for format in ["parquet", "ipc", "csv"] {
        let said = world.export(&format!("--out {format} --format {format} --partition-by year"));
        assert!(said.contains("files      2"), "{said}");
        assert_eq!(listed(&world.path(format)), ["year=2022", "year=2023"].map(str::to_owned).into());
        let extension = if format == "ipc" { "arrow" } else { format };
        let mut all = Vec::new();
        for year in ["year=2022", "year=2023"] {
            let file = world.path(format).join(year).join(format!("features.{extension}"));
            let of_year = rows(&read(&file));
            assert!(of_year.iter().all(|row| year.ends_with(&row.session_date.format("%Y").to_string())));
            assert_eq!(about(&file)["columns"][4]["name"], FACTORS[0].name);
            all.extend(of_year);
        }
        assert!(all == table, "{format} by year");
    }
    assert!(!listed(world.folder.path()).iter().any(|name| name.starts_with('.')), "nothing hidden is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_of_sessions_columns_and_rows_is_what_was_asked_for() {
    let world = World::new().await;
    let (from, to) = (date_of(market::first() + 240), date_of(market::first() + 244));
    let range = format!("f.session_date BETWEEN '{from}' AND '{to}'");
    let chosen = ["vol_20", "mom_3"].map(str::to_owned);

    world.export(&format!(
        "--from {from} --to {to} --factors vol_20,mom_3 --tickers TST3,TST1 --out a.parquet"
    ));
    let frame = read(&world.path("a.parquet"));
    assert_eq!(names(&frame), chosen);
    let condition = format!("{range} AND t.ticker IN ('TST1', 'TST3')");
    assert_eq!(rows(&frame), world.stored("features_day", &chosen, &condition).await);

    world.export(&format!("--from {from} --to {to} --factors vol_20,mom_3 --population --out b.csv"));
    let condition = format!("{range} AND d.in_population");
    let members = world.stored("features_day", &chosen, &condition).await;
    assert!(members.len() > 100 && !members.iter().any(|row| row.ticker == "SPY"));
    assert_eq!(rows(&read(&world.path("b.csv"))), members);

    // A year that comes again is replaced by what comes, and the others stay.
    world.export("--factors mom_3 --out years/");
    let before = fs::read(world.path("years/year=2022/features.parquet")).unwrap();
    let said = world.export("--factors mom_3 --from 2023-01-01 --population --out years");
    assert!(said.contains("kept       1 of an earlier export"), "{said}");
    assert_eq!(fs::read(world.path("years/year=2022/features.parquet")).unwrap(), before);
    let condition = "f.session_date >= '2023-01-01' AND d.in_population";
    let expected = world.stored("features_day", &["mom_3".to_owned()], condition).await;
    assert_eq!(rows(&read(&world.path("years/year=2023/features.parquet"))), expected);

    // A ticker that was used again means whoever had it in the range.
    let client = world.database.client().await;
    let end = "UPDATE ticker_periods SET until_date = '2022-06-01' WHERE ticker IN ('TST8', 'TST9')";
    client.batch_execute(end).await.unwrap();
    let again =
        "INSERT INTO ticker_periods (ticker, from_date, instrument_id) VALUES ('TST9', '2022-06-01', $1)";
    client.execute(again, &[&world.ids[8]]).await.unwrap();
    for (range, expected) in [
        ("--to 2022-03-01", vec![world.ids[9]]),
        ("--from 2022-07-01", vec![world.ids[8]]),
        ("--from 2022-05-02", vec![world.ids[8], world.ids[9]]),
    ] {
        world.export(&format!("{range} --tickers TST9 --factors size --out again.csv"));
        let ids: BTreeSet<i32> =
            rows(&read(&world.path("again.csv"))).iter().map(|row| row.instrument_id).collect();
        assert_eq!(ids, expected.into_iter().collect(), "{range}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scores_are_those_of_the_view_whichever_rows_are_written() {
    let world = World::new().await;
    let (from, to) = (date_of(market::first() + 280), date_of(market::first() + 284));
    world.export(&format!("--from {from} --to {to} --scores --out all.parquet"));
    let frame = read(&world.path("all.parquet"));
    let scores: Vec<String> =
        names(&frame).into_iter().filter(|name| !factor_names().contains(name)).collect();
    for name in ["mom_12_1_z", "beta_252_z", "momentum", "momentum_sn", "low_risk", "low_risk_sn"] {
        assert!(scores.iter().any(|score| score == name), "{name}");
    }
    // The view has the population only. It computes in SQL, from stored moments; its sector means add in no fixed order.
    let keys = names(&frame);
    let mut compared = 0;
    let rows_of_all = rows(&frame);
    for day in market::first() + 280..market::first() + 285 {
        let condition = format!("f.session_date = '{}'", date_of(day));
        let view = world.stored("feature_scores", &scores, &condition).await;
        let of_day = rows_of_all.iter().filter(|row| row.session_date == date_of(day));
        let (own, outside): (Vec<&Row>, Vec<&Row>) = of_day.partition(|row| row.in_population);
        assert!(outside.iter().all(|row| row.values[FACTORS.len()..].iter().all(Option::is_none)));
        assert_eq!(own.len(), view.len());
        for (own, view) in own.iter().zip(&view) {
            assert_eq!((&own.ticker, own.in_population), (&view.ticker, view.in_population));
            for (name, theirs) in scores.iter().zip(&view.values) {
                let ours = own.values[keys.iter().position(|key| key == name).unwrap()];
                let near = |a: u64, b: u64| (f64::from_bits(a) - f64::from_bits(b)).abs() < 1e-12;
                let same = match (ours, *theirs) {
                    (Some(a), Some(b)) => a == b || (name.ends_with("_sn") && near(a, b)),
                    (a, b) => a == b,
                };
                assert!(same, "{} {} {name}: {ours:?}, {theirs:?} in the view", own.session_date, own.ticker);
                compared += usize::from(ours.is_some());
            }
        }
    }
    assert!(compared > 3_000, "{compared} scores compared");

    world.export(&format!("--from {from} --to {to} --scores --tickers TST5 --out one.arrow"));
    let one = rows(&read(&world.path("one.arrow")));
    let of_all: Vec<Row> = rows_of_all.into_iter().filter(|row| row.ticker == "TST5").collect();
    assert_eq!((one.len(), one), (5, of_all));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_says_what_its_columns_are_and_of_which_state_it_is() {
    let world = World::new().await;
    let client = world.database.client().await;
    let row =
        client.query_one("SELECT definitions FROM tidemarks WHERE job = 'features'", &[]).await.unwrap();
    let definitions: String = row.get(0);
    for name in ["a.parquet", "a.arrow", "a.csv"] {
        world.export(&format!("--scores --out {name}"));
        let said = about(&world.path(name));
        assert_eq!(
            (&said["definitions"], &said["definitions_current"]),
            (&definitions.clone().into(), &true.into())
        );
        assert_eq!((&said["from"], &said["instruments_pending"]), (&"2022-01-03".into(), &0.into()));
        assert!(
            said["snapshot"].as_str().unwrap().contains(':')
                && said["nulls"].as_str().unwrap().contains("null")
        );
        let exported: chrono::DateTime<chrono::Utc> = said["exported_at"].as_str().unwrap().parse().unwrap();
        assert!((chrono::Utc::now() - exported).num_minutes() < 10);
        let columns = said["columns"].as_array().unwrap();
        let frame = read(&world.path(name));
        let described: Vec<&str> = columns.iter().map(|column| column["name"].as_str().unwrap()).collect();
        assert_eq!(described[4..], names(&frame), "{name}");
        for factor in &FACTORS {
            let column = columns.iter().find(|column| column["name"] == factor.name).unwrap();
            assert_eq!(column["unit"], factor.unit);
            assert_eq!(column["definition"], factor.definition);
            assert_eq!(column["direction"].as_i64(), factor.direction.stored().map(i64::from));
            assert_eq!(column["source"].as_str(), factor.source);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn features_that_are_behind_or_of_other_definitions_are_exported_with_a_warning() {
    let world = World::new().await;
    let mut client = world.database.client().await;
    let transaction = client.transaction().await.unwrap();
    let session = market::first() + 250;
    market::write(&transaction, &world.ids[3..4], session..session + 1, |id, s| Some(market::bar(id, s, 1)))
        .await;
    transaction.commit().await.unwrap();
    let behind = world.run("export", &["--out", "a.parquet"]);
    let text = String::from_utf8_lossy(&behind.stderr);
    assert!(behind.status.success() && text.starts_with("warning: 1 instruments changed since"), "{text}");
    assert_eq!(about(&world.path("a.parquet"))["instruments_pending"], 1);

    let other =
        world.command("export", &["--out", "a.parquet"]).env("TIDEMARK_BENCHMARK", "TST1").output().unwrap();
    let text = String::from_utf8_lossy(&other.stderr);
    assert!(
        other.status.success() && text.starts_with("warning: the stored features are of other definitions"),
        "{text}"
    );
    assert_eq!(about(&world.path("a.parquet"))["definitions_current"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_word_is_met_with_what_was_probably_meant_and_leaves_no_file() {
    let world = World::new().await;
    fs::write(world.path("plain"), "").unwrap();
    world.export("--from 2022-03-01 --to 2022-03-02 --out years/");
    let before = listed(world.folder.path());
    for (line, fact, act) in [
        (
            "--out a.csv --factors mom12_1",
            "there is no factor mom12_1",
            "probably mom_12_1; known: mom_12_1, ",
        ),
        ("--out a.csv --factors momentum", "there is no factor momentum", "it is a family (mom_12_1, "),
        ("--out a.csv --tickers tst4", "no instrument has the ticker tst4", "known: TST4"),
        ("--out a.txt", "a.txt does not tell its form", ".parquet"),
        (
            "--out a.csv --from 2022-03-02 --to 2022-03-01",
            "--from 2022-03-02 is after --to 2022-03-01",
            "earlier day",
        ),
        (
            "--out a.csv --from 2031-01-01",
            "there are no features from 2031-01-01",
            "stored are 2022-01-03 to",
        ),
        (
            "--out a.csv --tickers TST0 --to 2022-03-01",
            "there are no features of TST0 to 2022-03-01",
            "stored are 2022-01-03 to",
        ),
        ("--out no/a.csv", "no/a.csv cannot be written", "a folder that exists"),
        ("--out plain/", "plain is not a folder", "name another"),
        ("--out years/ --format csv", "years holds an export in another form", "another folder"),
    ] {
        let output = world.run("export", &line.split(' ').collect::<Vec<_>>());
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{line}: {text}");
        assert!(text.starts_with("error: ") && text.contains(fact), "{line}: {text}");
        assert!(
            text.contains(&format!("hint: {act}")) || text.contains("hint: ") && text.contains(act),
            "{line}: {text}"
        );
        assert!(output.stdout.is_empty(), "{line}");
        assert_eq!(listed(world.folder.path()), before, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_killed_leaves_what_was_there_and_the_next_one_cleans_up() {
    let world = World::new().await;
    world.export("--from 2022-01-03 --to 2022-06-30 --factors size --out a.parquet");
    let old = fs::read(world.path("a.parquet")).unwrap();
    let hidden = |folder: &Path| listed(folder).into_iter().filter(|name| name.starts_with('.')).count();
    let (mut killed, mut left) = (0, 0);
    for delay in 0..8 {
        for out in ["a.parquet", "years/"] {
            let line = ["--scores", "--out", out];
            let mut child =
                world.command("export", &line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            while hidden(world.folder.path()) == 0 && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(Duration::from_millis(5 * delay));
            child.kill().unwrap();
            if child.wait().unwrap().success() {
                // It was faster: back to where it was.
                fs::write(world.path("a.parquet"), &old).unwrap();
                let _ = fs::remove_dir_all(world.path("years"));
                continue;
            }
            killed += 1;
            left = left.max(hidden(world.folder.path()));
            assert!(
                fs::read(world.path("a.parquet")).unwrap() == old,
                "the old file stands until the new one is whole"
            );
            assert!(!world.path("years").exists(), "the folder comes with all of its years");
        }
    }
    assert!(killed > 4 && left > 0, "{killed} killed, {left} left something: too few to prove anything");
    // What each killed one left went when the next one to the same place began.
    assert!(left <= 2, "{left} hidden folders at once");
    world.export("--scores --out a.parquet");
    world.export("--scores --out years/");
    assert_eq!(listed(world.folder.path()), ["a.parquet", "years"].map(str::to_owned).into());
    let table = world.stored("features_day", &["size".to_owned()], "true").await;
    assert_eq!(read(&world.path("a.parquet")).height(), table.len());
}
