//! What analysts ask of minutes: session, time of day, regular hours, and coarser bars, on every edition of TimescaleDB the
//! same. The made-up cases are worked out by hand, the real ones by a few lines that know no SQL.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use chrono::{DateTime, NaiveTime, Timelike, Utc};
use chrono_tz::America::New_York;
use tokio_postgres::Client;

use crate::files::Folder;
use crate::real_slice::data;
use crate::run::Run;
use crate::support::Database;
use crate::tables;

const DAY: &str = "2024-07-02";
/// The exchange closes at 13:00.
const EARLY: &str = "2024-07-03";

async fn load(database: &Database, folder: &Folder, from: &str, to: &str) -> Run {
    crate::run::backfill(&database.url, folder.path(), from, to, &["--timeframe", "minute"]).await.succeeded()
}

/// Open, high, low, close, volume, trades and minutes.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Coarse {
    prices: [f64; 4],
    volume: f64,
    trades: i64,
    minutes: i32,
}

/// Coarse bars by instrument and key.
type Bars = BTreeMap<(i32, String), Coarse>;

/// One key of a coarse bar for a minute; none where it is in none.
type Key = fn(DateTime<Utc>) -> Option<String>;

const VIEWS: [(&str, &str, Key); 3] = [
    ("bars_5min", "extract(epoch FROM bar_start)::bigint::text", |start| {
        Some((start.timestamp() / 300 * 300).to_string())
    }),
    ("bars_hour", "extract(epoch FROM bar_start)::bigint::text", |start| {
        Some((start.timestamp() / 3600 * 3600).to_string())
    }),
    ("bars_session", "session_date::text", |start| {
        let start = start.with_timezone(&New_York);
        let day = start.date_naive();
        let close = tidemark::domain::calendar::nyse().early_close(day).map_or(16, |close| close.hour());
        let at = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).expect("a time");
        (at(9, 30)..at(close, 0)).contains(&start.time()).then(|| day.to_string())
    }),
];

/// The minutes in the table, aggregated here.
async fn by_hand(client: &Client, key: Key) -> Bars {
    let minutes = client
        .query("SELECT instrument_id, bar_start, open, high, low, close, volume, trade_count FROM bars_minute ORDER BY 1, 2", &[])
        .await
        .expect("minutes");
    let mut bars = Bars::new();
    for row in minutes {
        let Some(key) = key(row.get(1)) else { continue };
        let [open, high, low, close, volume]: [f64; 5] = [2, 3, 4, 5, 6].map(|at| row.get(at));
        let trades = row.get::<_, Option<i64>>(7).unwrap_or(0);
        bars.entry((row.get(0), key))
            .and_modify(|bar| {
                let [_, highest, lowest, last] = &mut bar.prices;
                (*highest, *lowest, *last) = (highest.max(high), lowest.min(low), close);
                bar.volume += volume;
                bar.trades += trades;
                bar.minutes += 1;
            })
            .or_insert(Coarse { prices: [open, high, low, close], volume, trades, minutes: 1 });
    }
    bars
}

async fn in_view(client: &Client, view: &str, key: &str) -> Bars {
    let query = format!(
        "SELECT instrument_id, {key}, open, high, low, close, volume, trade_count, minutes FROM {view}"
    );
    let rows = client.query(&query, &[]).await.expect("bars");
    let bars: Bars = rows
        .iter()
        .map(|row| {
            let prices = [2, 3, 4, 5].map(|at| row.get(at));
            let trades = row.get::<_, Option<i64>>(7).unwrap_or(0);
            let bar = Coarse { prices, volume: row.get(6), trades, minutes: row.get(8) };
            ((row.get(0), row.get(1)), bar)
        })
        .collect();
    assert_eq!(bars.len(), rows.len(), "{view} has a bar twice");
    bars
}

/// Asserts that every coarse bar is what its minutes say. Volumes must be such that their sums are exact.
pub async fn are_right(client: &Client) {
    for (view, key, of) in VIEWS {
        let (expected, found) = (by_hand(client, of).await, in_view(client, view, key).await);
        assert!(!expected.is_empty(), "{view}");
        assert_eq!(found, expected, "{view}");
    }
}

#[tokio::test]
async fn session_time_and_regular_hours_of_a_minute_are_those_of_new_york() {
    let (database, folder) = (Database::create().await, Folder::new());
    let times = ["00:00", "09:29", "09:30", "12:59", "13:00", "15:59", "16:00", "19:59", "23:59"];
    let bars: Vec<(&str, &str, f64, f64)> = times.iter().map(|time| ("A", *time, 10.0, 1.0)).collect();
    // A full day in summer and one in winter, and a day with an early close.
    for day in [DAY, EARLY, "2024-01-10"] {
        folder.minutes(day, &bars);
    }
    load(&database, &folder, "2024-01-10", EARLY).await;
    let client = database.client().await;
    for (day, regular) in [
        (DAY, &["09:30", "12:59", "13:00", "15:59"][..]),
        ("2024-01-10", &["09:30", "12:59", "13:00", "15:59"]),
        (EARLY, &["09:30", "12:59"]),
    ] {
        let of = |condition: &str| {
            format!(
                "SELECT left(new_york_time::text, 5) FROM minute_bars
                 WHERE session_date = '{day}' AND {condition} ORDER BY bar_start"
            )
        };
        assert_eq!(tables::texts(&client, &of("true")).await, times, "{day}");
        assert_eq!(tables::texts(&client, &of("is_regular")).await, regular, "{day}");
    }
    are_right(&client).await;
}

#[tokio::test]
async fn coarse_bars_worked_by_hand_and_corrected() {
    let (database, folder) = (Database::create().await, Folder::new());
    // The other prices follow from the close: open + 0.25, high + 0.5, low - 0.5.
    let bars = [
        ("A", "09:29", 10.0, 100.0),
        ("A", "09:30", 20.0, 0.1),
        ("A", "09:31", 19.0, 0.2),
        ("A", "09:34", 21.0, 0.3),
        ("A", "09:35", 22.0, 5.0),
        ("A", "15:59", 23.0, 6.0),
        ("A", "16:00", 24.0, 7.0),
    ];
    folder.minutes(DAY, &bars);
    load(&database, &folder, DAY, DAY).await;
    let client = database.client().await;
    let show = |view: &str, when: &str| {
        format!(
            "SELECT concat_ws(' ', {when}, open, high, low, close, volume, coalesce(vwap::text, 'null'), trade_count, minutes)
             FROM {view} ORDER BY 1"
        )
    };
    let clock = "to_char(bar_start AT TIME ZONE 'America/New_York', 'HH24:MI')";
    let five = show("bars_5min", clock);
    assert_eq!(
        tables::texts(&client, &five).await,
        [
            "09:25 10.25 10.5 9.5 10 100 null 7 1",
            "09:30 20.25 21.5 18.5 21 0.6 null 21 3", // decimals: as doubles, 0.1 + 0.2 + 0.3 is not 0.6
            "09:35 22.25 22.5 21.5 22 5 null 7 1",
            "15:55 23.25 23.5 22.5 23 6 null 7 1",
            "16:00 24.25 24.5 23.5 24 7 null 7 1",
        ]
    );
    let hour = show("bars_hour", clock);
    assert_eq!(
        tables::texts(&client, &hour).await,
        [
            "09:00 10.25 22.5 9.5 22 105.6 null 35 5", // before and after the opening
            "15:00 23.25 23.5 22.5 23 6 null 7 1",
            "16:00 24.25 24.5 23.5 24 7 null 7 1",
        ]
    );
    let session = show("bars_session", "session_date");
    assert_eq!(tables::texts(&client, &session).await, ["2024-07-02 20.25 23.5 18.5 23 11.6 null 35 5"]);

    // A correction, a minute that is gone and one that is new.
    folder.minutes(
        DAY,
        &[&bars[..2], &[("A", "09:31", 18.0, 0.5), ("A", "09:33", 25.0, 1.0)], &bars[5..]].concat(),
    );
    load(&database, &folder, DAY, DAY).await;
    assert_eq!(
        tables::texts(&client, &five).await,
        [
            "09:25 10.25 10.5 9.5 10 100 null 7 1",
            "09:30 20.25 25.5 17.5 25 1.6 null 21 3",
            "15:55 23.25 23.5 22.5 23 6 null 7 1",
            "16:00 24.25 24.5 23.5 24 7 null 7 1",
        ]
    );
    assert_eq!(tables::texts(&client, &hour).await[0], "09:00 10.25 25.5 9.5 25 101.6 null 28 4");
    assert_eq!(tables::texts(&client, &session).await, ["2024-07-02 20.25 25.5 17.5 23 7.6 null 28 4"]);
}

/// Names of the chunks that a query reads, by its plan.
async fn chunks(client: &Client, query: &str) -> Vec<String> {
    let plan =
        tables::texts(client, &format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {query}"))
            .await;
    let mut chunks: Vec<String> = plan
        .iter()
        .filter(|line| !line.contains("never executed"))
        .filter_map(|line| line.split_once(" on _hyper_").map(|(_, rest)| rest))
        .map(|rest| rest.split("_chunk").next().unwrap_or_default().to_owned())
        .collect();
    chunks.sort();
    chunks.dedup();
    chunks
}

#[tokio::test]
async fn a_query_of_one_session_reads_the_chunks_of_that_session() {
    let (database, folder) = (Database::create().await, Folder::new());
    for day in ["2024-05-01", "2024-06-03", DAY, "2024-08-01"] {
        folder.minutes(day, &[("A", "09:30", 10.0, 1.0), ("B", "19:59", 10.0, 1.0)]);
    }
    load(&database, &folder, "2024-05-01", "2024-08-01").await;
    let client = database.client().await;
    assert_eq!(tables::number(&client, "SELECT count(*) FROM show_chunks('bars_minute')").await, 4);
    let day = "bar_start >= new_york_midnight('2024-07-02') AND bar_start < new_york_midnight('2024-07-03')";
    for query in [
        format!("SELECT * FROM minute_bars WHERE {day}"),
        format!("SELECT * FROM minute_bars WHERE {day} AND is_regular"),
        "SELECT * FROM bars_session WHERE session_date = '2024-07-02'".to_owned(),
        "SELECT * FROM bars_session WHERE session_date = '2024-07-02' AND instrument_id = 1".to_owned(),
    ] {
        assert_eq!(chunks(&client, &query).await.len(), 1, "{query}");
        assert!(!client.query(&query, &[]).await.expect("rows").is_empty(), "{query}");
    }
    for view in ["bars_5min", "bars_hour"] {
        let query = format!("SELECT * FROM {view} WHERE {day}");
        assert!(chunks(&client, &query).await.len() <= 1, "{query}");
        assert_eq!(client.query(&query, &[]).await.expect("rows").len(), 2, "{query}");
    }
}

/// The lines of a zipped file of the engine LEAN, each with the time that it starts with and its numbers: prices times 10,000.
fn lean(path: &Path) -> Vec<(String, [i64; 5])> {
    let zip = std::fs::read(path).expect("a zip file");
    let word = |at: usize| usize::from(u16::from_le_bytes([zip[at], zip[at + 1]]));
    assert_eq!(&zip[..4], b"PK\x03\x04");
    let packed = &zip[30 + word(26) + word(28)..];
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(packed).read_to_string(&mut text).expect("deflate");
    text.lines()
        .map(|line| {
            let (time, numbers) = line.split_once(',').expect("a comma");
            let numbers: Vec<i64> =
                numbers.split(',').map(|field| field.parse::<f64>().expect("a number") as i64).collect();
            (time.to_owned(), numbers.try_into().expect("five numbers"))
        })
        .collect()
}

#[tokio::test]
async fn real_minutes_give_the_real_days_and_hours() {
    let Some(data) = data() else {
        eprintln!("skipped: name a folder of real data in TIDEMARK_TEST_DATA");
        return;
    };
    let lean_data = data.join("lean/usa");
    let (database, folder) = (Database::create().await, Folder::new());
    let decimal = |price: i64| format!("{}.{:04}", price / 10_000, price % 10_000);
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ticker in std::fs::read_dir(lean_data.join("minute")).expect("a folder") {
        let ticker = ticker.expect("an entry").path();
        let name = ticker.file_name().and_then(|name| name.to_str()).expect("a name").to_uppercase();
        for file in std::fs::read_dir(ticker).expect("a folder") {
            let path = file.expect("an entry").path();
            let stamp = path.file_name().and_then(|name| name.to_str()).expect("a name")[..8].to_owned();
            let day = format!("{}-{}-{}", &stamp[..4], &stamp[4..6], &stamp[6..]);
            for (ms, [open, high, low, close, volume]) in lean(&path) {
                // Milliseconds since midnight in New York.
                let minute = ms.parse::<u32>().expect("a number") / 60_000;
                let [open, high, low, close] = [open, high, low, close].map(decimal);
                files.entry(day.clone()).or_default().push(format!(
                    "{name},{volume},{open},{close},{high},{low},@{:02}:{:02},0",
                    minute / 60,
                    minute % 60
                ));
            }
        }
    }
    let rows: usize = files.values().map(Vec::len).sum();
    for (day, lines) in &files {
        folder.minute_lines(day, lines);
    }
    let run = load(&database, &folder, "2008-01-01", "2023-12-31").await;
    assert_eq!(run.number("inserted"), rows as u64);
    assert!(rows > 15_000, "{rows}");
    let client = database.client().await;
    are_right(&client).await;

    // AAPL around its split of 7 for 1: what the minutes say is what the day's own files say, raw as printed.
    let aapl =
        "SELECT concat_ws(' ', session_date, open, high, low, close, volume, minutes) FROM bars_session
                JOIN ticker_periods USING (instrument_id) WHERE ticker = 'AAPL' ORDER BY 1";
    assert_eq!(
        tables::texts(&client, aapl).await,
        [
            "2014-06-05 646.25 649.37 642.61 647.35 10445282 390",
            "2014-06-06 650 651.26 644.47 645.57 12116671 390",
            "2014-06-09 92.69 93.88 91.75 93.7 72875948 390",
        ]
    );
    let numbers = async |view: &str, condition: &str| -> Vec<[i64; 5]> {
        let query = format!(
            "SELECT open, high, low, close, volume FROM {view} JOIN ticker_periods USING (instrument_id)
             WHERE ticker = 'AAPL' AND {condition} ORDER BY {}",
            if view == "bars_hour" { "bar_start" } else { "session_date" }
        );
        let rows = client.query(&query, &[]).await.expect("bars");
        let of =
            |row: &tokio_postgres::Row, at: usize, unit: f64| (row.get::<_, f64>(at) * unit).round() as i64;
        rows.iter()
            .map(|row| [(0, 1e4), (1, 1e4), (2, 1e4), (3, 1e4), (4, 1.0)].map(|(at, unit)| of(row, at, unit)))
            .collect()
    };
    let real = |file: &str, start: &str| -> Vec<[i64; 5]> {
        let all = lean(&lean_data.join(file));
        all.iter().filter(|(time, _)| time.starts_with(start)).map(|(_, numbers)| *numbers).collect()
    };
    // The engine's highs and lows of the days before are cut to two decimals.
    let without_extremes = |days: Vec<[i64; 5]>| -> Vec<[i64; 3]> {
        days.into_iter().map(|[open, _, _, close, volume]| [open, close, volume]).collect()
    };
    let days: Vec<[i64; 5]> = ["20140605", "20140606", "20140609"]
        .iter()
        .flat_map(|day| real("daily/aapl.zip", &format!("{day} ")))
        .collect();
    let split = "session_date = '2014-06-09'";
    assert_eq!(numbers("bars_session", split).await, days[2..]);
    assert_eq!(without_extremes(numbers("bars_session", "true").await), without_extremes(days));
    let regular = "bar_start >= '2014-06-09 10:00 America/New_York' AND bar_start < '2014-06-09 16:00 America/New_York'";
    let hours = real("hour/aapl.zip", "20140609 1");
    assert_eq!((numbers("bars_hour", regular).await, hours.len()), (hours.clone(), 6));
}

#[tokio::test]
async fn minutes_of_the_made_up_market_add_up_to_its_days() {
    let (database, folder) = (Database::create().await, Folder::new());
    // The second session from the end closes early: 2024-12-24 is before 2024-12-26.
    let args = [
        "sample",
        "--out",
        folder.path(),
        "--instruments",
        "25",
        "--sessions",
        "20",
        "--until",
        "2024-12-27",
    ];
    let sample = crate::run::command(None, &[&args[..], &["--minutes", "3"]].concat());
    crate::run::finish(sample).await.succeeded();
    crate::run::backfill(&database.url, folder.path(), "2024-12-23", "2024-12-26", &[]).await.succeeded();
    let run = load(&database, &folder, "2024-12-23", "2024-12-26").await;
    assert!(run.out.contains("loaded 3, unchanged 0, set aside 0"), "{}", run.out);
    let client = database.client().await;
    are_right(&client).await;
    let differ = "SELECT count(*) FROM (SELECT * FROM bars_day WHERE volume > 0) AS d
                  FULL JOIN bars_session AS m USING (instrument_id, session_date)
                  WHERE (d.open, d.high, d.low, d.close, d.volume) IS DISTINCT FROM (m.open, m.high, m.low, m.close, m.volume)";
    assert_eq!(tables::number(&client, differ).await, 0);
    assert!(tables::number(&client, "SELECT count(*) FROM bars_session").await > 50);
    let latest = "SELECT max(new_york_time)::text FROM minute_bars WHERE session_date = '2024-12-24'";
    let latest = &tables::texts(&client, latest).await[0];
    assert!(("12:50:00".."13:00:00").contains(&latest.as_str()), "{latest}");
}
