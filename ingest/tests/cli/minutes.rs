//! Minute bars from flat files: loaded once, replaced by sessions, whole or not at all.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_postgres::Client;

use crate::files::{Folder, bar};
use crate::run::{Run, command};
use crate::support::Database;
use crate::tables;

const DAY: &str = "2024-07-02";
const NEXT: &str = "2024-07-03";
const LAST: &str = "2024-07-05";

async fn load(database: &Database, folder: &Folder, from: &str, to: &str, more: &[&str]) -> Run {
    let args = [&["--timeframe", "minute"], more].concat();
    crate::run::backfill(&database.url, folder.path(), from, to, &args).await
}

/// Open, high, low, close and volume by ticker, day and time of day in New York.
type Minutes = BTreeMap<(String, String, String), [f64; 5]>;

async fn minutes(client: &Client) -> Minutes {
    let query =
        "SELECT ticker, session_date::text, left(new_york_time::text, 5), open, high, low, close, volume
                 FROM minute_bars JOIN ticker_periods USING (instrument_id)";
    let rows = client.query(query, &[]).await.expect("minutes");
    let bars: Minutes = rows
        .iter()
        .map(|row| ((row.get(0), row.get(1), row.get(2)), [3, 4, 5, 6, 7].map(|at| row.get(at))))
        .collect();
    assert_eq!(bars.len(), rows.len(), "a bar is there twice");
    bars
}

fn expected(bars: &[(&str, &str, &str, f64, f64)]) -> Minutes {
    bars.iter()
        .map(|(ticker, day, time, close, volume)| {
            (((*ticker).into(), (*day).into(), (*time).into()), bar(*close, *volume))
        })
        .collect()
}

/// Minutes that no row of the change log covers.
async fn unlogged(client: &Client) -> i64 {
    let query = "SELECT count(*) FROM minute_bars AS b WHERE NOT EXISTS (
                     SELECT FROM change_log AS c
                     WHERE c.topic = 'minutes' AND c.instrument_id = b.instrument_id
                         AND b.session_date BETWEEN c.from_session AND c.through_session)";
    tables::number(client, query).await
}

async fn revisions(client: &Client) -> Vec<String> {
    let query = "SELECT ticker || ' ' || session_date || ' ' || to_char(bar_start AT TIME ZONE 'America/New_York', 'HH24:MI')
                     || ' ' || kind || coalesce(' ' || close::text, '')
                 FROM bar_revisions JOIN ticker_periods USING (instrument_id) ORDER BY 1";
    tables::texts(client, query).await
}

#[tokio::test]
async fn two_sessions_worked_by_hand_are_loaded_once_extended_hours_included() {
    let (database, folder) = (Database::create().await, Folder::new());
    let first = [("A", "04:00", 10.0, 5.0), ("A", "09:30", 10.5, 100.0), ("A", "19:59", 10.25, 7.0)];
    folder.minutes(DAY, &[&first[..], &[("BRK.A", "12:00", 7e5, 0.5)]].concat());
    folder.minutes(NEXT, &[("A", "09:30", 11.0, 100.0)]);
    let run = load(&database, &folder, DAY, NEXT, &[]).await.succeeded();
    assert!(run.out.contains("loaded 2, unchanged 0, set aside 0"), "{}", run.out);
    assert_eq!((run.number("bars read"), run.number("inserted")), (5, 5));
    let client = database.client().await;
    let all = expected(&[
        ("A", DAY, "04:00", 10.0, 5.0),
        ("A", DAY, "09:30", 10.5, 100.0),
        ("A", DAY, "19:59", 10.25, 7.0),
        ("A", NEXT, "09:30", 11.0, 100.0),
        ("BRK.A", DAY, "12:00", 7e5, 0.5),
    ]);
    assert_eq!(minutes(&client).await, all);
    assert_eq!(unlogged(&client).await, 0);
    let logged = "SELECT topic || ' ' || ticker || ' ' || from_session || ' ' || through_session
                  FROM change_log JOIN ticker_periods USING (instrument_id) ORDER BY 1";
    let expected_log = [format!("minutes A {DAY} {NEXT}"), format!("minutes BRK.A {DAY} {DAY}")];
    assert_eq!(tables::texts(&client, logged).await, expected_log);
    let ledger = "SELECT timeframe || ' ' || session_date || ' ' || bars FROM loads ORDER BY 1";
    assert_eq!(tables::texts(&client, ledger).await, [format!("minute {DAY} 4"), format!("minute {NEXT} 1")]);
    let start = "SELECT extract(epoch FROM min(bar_start))::bigint FROM bars_minute";
    assert_eq!(tables::number(&client, start).await, 1_719_907_200, "04:00 in New York is 08:00 UTC");

    tables::forget_changes(&client).await;
    let run = load(&database, &folder, DAY, NEXT, &[]).await.succeeded();
    assert!(run.out.contains("loaded 0, unchanged 2, set aside 0"), "{}", run.out);
    let rows = "SELECT xmin::text || instrument_id || bar_start FROM bars_minute ORDER BY 1";
    let before = tables::texts(&client, rows).await;
    let run = load(&database, &folder, DAY, NEXT, &["--reload"]).await.succeeded();
    let numbers = ["inserted", "changed", "removed", "equal"].map(|name| run.number(name));
    assert_eq!(numbers, [0, 0, 0, 5]);
    assert_eq!(tables::texts(&client, rows).await, before, "no row was written");
    let writes = "SELECT (SELECT count(*) FROM change_log) + (SELECT count(*) FROM bar_revisions)";
    assert_eq!(tables::number(&client, writes).await, 0);
}

#[tokio::test]
async fn a_session_published_again_replaces_its_minutes_from_midnight_to_midnight_in_new_york() {
    // In winter the last hour of trading belongs to the next day in UTC.
    let (day, next) = ("2024-01-10", "2024-01-11");
    let (database, folder) = (Database::create().await, Folder::new());
    let first = [
        ("A", "00:00", 10.0, 1.0),
        ("A", "09:30", 20.0, 2.0),
        ("A", "19:30", 30.0, 3.0),
        ("A", "23:59", 40.0, 4.0),
        ("B", "10:00", 50.0, 5.0),
    ];
    folder.minutes(day, &first).minutes(next, &first);
    load(&database, &folder, day, next, &[]).await.succeeded();
    let client = database.client().await;
    tables::forget_changes(&client).await;

    let second = [
        ("A", "00:00", 10.0, 1.0),
        ("A", "09:31", 21.0, 2.0),
        ("A", "19:30", 31.0, 3.0),
        ("B", "10:00", 50.0, 5.0),
    ];
    folder.minutes(day, &second);
    let run = load(&database, &folder, day, next, &[]).await.succeeded();
    assert!(run.out.contains("loaded 1, unchanged 1, set aside 0"), "{}", run.out);
    let numbers = ["inserted", "changed", "removed", "equal"].map(|name| run.number(name));
    assert_eq!(numbers, [1, 1, 2, 2]);
    let on = |day: &'static str, bars: &[(&'static str, &'static str, f64, f64)]| {
        bars.iter()
            .map(|(ticker, time, close, volume)| (*ticker, day, *time, *close, *volume))
            .collect::<Vec<_>>()
    };
    assert_eq!(minutes(&client).await, expected(&[on(day, &second), on(next, &first)].concat()));
    assert_eq!(
        revisions(&client).await,
        [
            format!("A {day} 09:30 removed 20"),
            format!("A {day} 09:31 added"),
            format!("A {day} 19:30 changed 30"),
            format!("A {day} 23:59 removed 40"),
        ]
    );
    assert_eq!(tables::logged(&client, "minutes").await.into_iter().collect::<Vec<_>>(), ["A"]);
    let spans = "SELECT DISTINCT from_session::text || ' ' || through_session FROM change_log";
    assert_eq!(tables::texts(&client, spans).await, [format!("{day} {day}")]);
}

#[tokio::test]
async fn minutes_and_days_know_nothing_of_each_other() {
    let (database, folder) = (Database::create().await, Folder::new());
    folder.day(DAY, &[("A", 10.0, 100.0)]).minutes(DAY, &[("A", "09:30", 11.0, 1.0)]);
    crate::run::backfill(&database.url, folder.path(), DAY, DAY, &[]).await.succeeded();
    let run = load(&database, &folder, DAY, DAY, &[]).await.succeeded();
    assert_eq!(run.number("inserted"), 1);
    let client = database.client().await;
    assert_eq!(tables::number(&client, "SELECT count(*) FROM bars_day").await, 1);
    assert_eq!(tables::number(&client, "SELECT count(*) FROM instruments").await, 1);
    let run = crate::run::backfill(&database.url, folder.path(), DAY, DAY, &[]).await.succeeded();
    assert!(run.out.contains("unchanged 1"), "{}", run.out);
    let out = crate::run::ingest(&database.url, &["status"]).await.succeeded().out;
    assert!(out.lines().any(|line| line == "bars         1, by the ledger"), "{out}");
    let line = format!("minutes      1 of 1 sessions from {DAY} to {DAY}, 1 bars, by the ledger");
    assert!(out.lines().any(|written| written == line), "{out}");
}

#[tokio::test]
async fn chosen_tickers_are_loaded_alone_and_a_whole_load_completes_the_session() {
    let (database, folder) = (Database::create().await, Folder::new());
    let bars = [
        ("A", "09:30", 10.0, 1.0),
        ("A", "09:31", 11.0, 1.0),
        ("B", "09:30", 20.0, 1.0),
        ("C", "09:30", 30.0, 1.0),
    ];
    folder.minutes(DAY, &bars);
    let client = database.client().await;
    let closes =
        "SELECT ticker || ' ' || close FROM bars_minute JOIN ticker_periods USING (instrument_id) ORDER BY 1";
    let run = load(&database, &folder, DAY, DAY, &["--tickers", "C,A,b"]).await.succeeded();
    assert!(run.err.contains("warning: no bar of b was found; tickers are case-sensitive"), "{}", run.err);
    assert_eq!(tables::texts(&client, closes).await, ["A 10", "A 11", "C 30"]);
    assert_eq!(load(&database, &folder, DAY, DAY, &[]).await.number("inserted"), 1);
    assert!(revisions(&client).await.is_empty(), "a session that is completed was never known otherwise");
    folder.minutes(DAY, &[("A", "09:30", 12.0, 1.0), ("B", "09:30", 22.0, 1.0)]);
    load(&database, &folder, DAY, DAY, &["--tickers", "A,C"]).await.succeeded();
    assert_eq!(tables::texts(&client, closes).await, ["A 12", "B 20"], "B was not asked for");
}

#[tokio::test]
async fn bad_rows_are_set_aside_bad_files_left_out_and_closed_days_named() {
    let (database, folder) = (Database::create().await, Folder::new());
    let row = |ticker: &str, time: &str, rest: &str| format!("{ticker},{rest},@{time},7");
    let good = (0..12).map(|n| row("GOOD", &format!("10:{n:02}"), "100,10,10,10,10"));
    let mut lines: Vec<String> = good.collect();
    lines.extend([
        row("ZERO", "09:30", "1,1,0,1,1"),
        row("LATE", "09:30", "1,1,1,1,1")
            .replace("@09:30", &format!("{}", crate::files::window(NEXT, "09:30"))),
        row("HALF", "09:30", "1,1,1,1,1")
            .replace("@09:30", &format!("{}", crate::files::window(DAY, "09:30") + 30_000_000_000)),
        row("SAME", "09:30", "5,10,10,10,10"),
        row("TWICE", "09:30", "5,10,10,10,10"),
        row("TWICE", "09:30", "6,10,10,10,10"),
        row("TWICE", "09:31", "6,10,10,10,10"),
        row("SAME", "09:30", "5.0,10,10,10,10"),
    ]);
    folder.minute_lines(DAY, &lines).minutes("2024-07-04", &[("A", "09:30", 10.0, 1.0)]);
    std::fs::write(folder.minute_file(NEXT), b"<?xml version=\"1.0\"?>").expect("a file");
    let run = load(&database, &folder, DAY, "2024-07-05", &[]).await.failed("not gzip", "an error page");
    assert!(run.out.contains("loaded 1, unchanged 0, set aside 2"), "{}", run.out);
    assert!(run.out.contains("2024-07-04.csv.gz: Independence Day"), "{}", run.out);
    for (reason, example) in [
        ("a price is not a number above 0", "2024-07-02.csv.gz line 14 (ZERO): close \"0\""),
        ("the row is of another day", "line 15 (LATE)"),
        ("the window does not start on a whole minute", "line 16 (HALF)"),
        ("repeats another row exactly", "2024-07-02.csv.gz"),
        ("another row of this ticker and minute contradicts it", "line 18 (TWICE): volume \"5\""),
    ] {
        let counted = run.out.lines().any(|line| line.trim() == format!("1  {reason}"));
        assert!(counted && run.out.contains(example), "{reason}, {example}\n{}", run.out);
    }
    let client = database.client().await;
    let kept = "SELECT ticker || ' ' || count(*) || ' ' || max(volume) FROM bars_minute
                JOIN ticker_periods USING (instrument_id) GROUP BY ticker ORDER BY 1";
    assert_eq!(tables::texts(&client, kept).await, ["GOOD 12 100", "SAME 1 5", "TWICE 2 6"]);
    assert_eq!(tables::number(&client, "SELECT set_aside::bigint FROM loads").await, 5);
}

/// Rows of many minutes that depend on nothing but `print`.
fn busy(day: &str, print: usize) -> Vec<(String, String, f64, f64)> {
    let seed = day.bytes().map(usize::from).sum::<usize>();
    (0..30)
        .flat_map(|ticker| (0..60).map(move |minute| (ticker, minute)))
        .filter(|(ticker, minute)| print == 0 || (ticker * 7 + minute + seed) % 50 > 0)
        .map(|(ticker, minute)| {
            let corrected = print > 0 && (ticker + minute * 3 + seed) % 40 == 0;
            let close = 10.0 + ticker as f64 + if corrected { 0.5 } else { 0.0 };
            (format!("T{ticker}"), format!("10:{minute:02}"), close, 100.0 + minute as f64)
        })
        .collect()
}

#[tokio::test]
async fn a_load_that_is_killed_again_and_again_ends_with_every_minute_once() {
    let (database, folder) = (Database::create().await, Folder::new());
    let days: Vec<String> = (8..=31)
        .map(|day| format!("2024-07-{day:02}"))
        .filter(|day| {
            use chrono::Datelike;
            day.parse::<chrono::NaiveDate>().expect("a day").weekday().num_days_from_monday() < 5
        })
        .collect();
    let publish = |print: usize| {
        let mut all = Minutes::new();
        for day in &days {
            let rows = busy(day, print);
            let rows: Vec<(&str, &str, f64, f64)> = rows
                .iter()
                .map(|(ticker, time, close, volume)| (ticker.as_str(), time.as_str(), *close, *volume))
                .collect();
            folder.minutes(day, &rows);
            all.extend(expected(
                &rows.iter().map(|(t, time, c, v)| (*t, day.as_str(), *time, *c, *v)).collect::<Vec<_>>(),
            ));
        }
        all
    };
    let source = format!("flatfiles:{}", folder.path());
    let args = [
        "backfill",
        "--timeframe",
        "minute",
        "--source",
        &source,
        "--from",
        "2024-07-08",
        "--to",
        "2024-07-31",
        "--block-bars",
        "4000",
    ];
    let client = database.client().await;
    let (mut random, mut kills) = (u64::from(std::process::id()) | 1, 0);
    for print in 0..2 {
        let all = publish(print);
        for _ in 0..8 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mut child = command(Some(&database.url), &args);
            child.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
            let mut child = child.spawn().expect("started");
            tokio::time::sleep(Duration::from_millis(random >> 57)).await;
            child.kill().expect("killed");
            kills += usize::from(child.wait().expect("waited").code().is_none());
            // Whole sessions, each with its row of the ledger.
            let torn = "SELECT count(*) FROM (SELECT session_date, count(*) AS bars FROM minute_bars GROUP BY 1) AS b
                        FULL JOIN (SELECT DISTINCT ON (session_date) session_date, bars FROM loads
                                   ORDER BY session_date, load_id DESC) AS l USING (session_date)
                        WHERE b.bars IS DISTINCT FROM l.bars";
            assert_eq!(tables::number(&client, torn).await, 0);
        }
        load(&database, &folder, "2024-07-08", "2024-07-31", &[]).await.succeeded();
        assert!(minutes(&client).await == all, "print {print}");
        assert_eq!(unlogged(&client).await, 0);
        crate::minute_aggregates::are_right(&client).await;
    }
    assert!(kills > 0, "no kill met a load");
    let revisions = "SELECT count(*) FROM bar_revisions";
    let (first, second): (Minutes, Minutes) = {
        let of = |print| {
            let mut all = Minutes::new();
            for day in &days {
                for (ticker, time, close, volume) in busy(day, print) {
                    all.insert((ticker, day.clone(), time), bar(close, volume));
                }
            }
            all
        };
        (of(0), of(1))
    };
    let touched = first.iter().filter(|(key, bar)| second.get(*key) != Some(bar)).count();
    assert_eq!(tables::number(&client, revisions).await, touched as i64);
}

#[tokio::test]
async fn a_folder_without_minutes_and_a_timeframe_that_there_is_not_are_refused() {
    let (database, folder) = (Database::create().await, Folder::new());
    load(&database, &folder, DAY, LAST, &[])
        .await
        .failed("no folder us_stocks_sip/minute_aggs_v1 here", "minute_aggs_v1/YYYY/MM/YYYY-MM-DD.csv.gz");
    let run = crate::run::backfill(&database.url, folder.path(), DAY, LAST, &["--timeframe", "hour"]).await;
    assert!(run.code == Some(2) && run.err.contains("possible values: day, minute"), "{}", run.err);
}
