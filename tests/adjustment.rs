//! Adjusted bars and total returns in SQL: the bits of the arithmetic, on the split basis of any day.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use support::{Database, market};
use tidemark::domain::bar::DayBar;
use tidemark::domain::calendar::nyse;
use tidemark::domain::history::{ActionCursor, BarSlice, History, split_ratio};
use tidemark::jobs::refresh::{self, Options};
use tidemark::store::actions::Actions;
use tidemark::store::{bar_table, bars, date_of, session_of};
use tokio_postgres::Client;

/// A day by its distance from the market's first session, 2022-01-03, a Monday; weekends count.
fn calendar_day(n: u64) -> NaiveDate {
    date_of(market::first()) + Days::new(n)
}

fn flat(close: f64) -> DayBar {
    DayBar {
        open: close,
        high: close,
        low: close,
        close,
        volume: 100.0,
        vwap: Some(close),
        trade_count: None,
    }
}

async fn ready(count: usize) -> (Database, Client, Vec<i32>) {
    let database = Database::create().await;
    let mut client = database.client().await;
    let ids = market::instruments(&mut client, count).await;
    market::open_chunks(&mut client, market::first()..market::first() + 400).await;
    (database, client, ids)
}

async fn write(client: &mut Client, id: i32, rows: &[(NaiveDate, DayBar)]) {
    let transaction = client.transaction().await.unwrap();
    let rows = rows.iter().map(|(day, bar)| bars::row(id, *day, bar));
    bar_table::copy(&transaction, &bars::TABLE, rows).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Straight into the table, so that nothing is set aside for what it resembles.
async fn split(client: &Client, id: i32, day: NaiveDate, from: f64, to: f64) {
    let statement =
        "INSERT INTO splits (instrument_id, ex_date, split_from, split_to) VALUES ($1, $2, $3, $4)
                     ON CONFLICT DO NOTHING";
    client.execute(statement, &[&id, &day, &from, &to]).await.unwrap();
}

async fn dividend(client: &Client, id: i32, day: NaiveDate, cash: f64) {
    let statement =
        "INSERT INTO dividends (instrument_id, ex_date, kind, cash_amount) VALUES ($1, $2, 'CD', $3)
                     ON CONFLICT DO NOTHING";
    client.execute(statement, &[&id, &day, &cash]).await.unwrap();
}

/// A row of `adjusted_bars`: open, high, low, close, vwap, volume, total close, ratio.
type Adjusted = (NaiveDate, [f64; 8]);

async fn adjusted(client: &Client, id: i32, as_of: NaiveDate) -> Vec<Adjusted> {
    let statement =
        "SELECT session_date, open_adj, high_adj, low_adj, close_adj, coalesce(vwap_adj, 'NaN'), volume_adj,
                            close_total_adj, split_ratio
                     FROM adjusted_bars($2) WHERE instrument_id = $1 ORDER BY session_date";
    let rows = client.query(statement, &[&id, &as_of]).await.unwrap();
    rows.iter().map(|row| (row.get(0), std::array::from_fn(|at| row.get(at + 1)))).collect()
}

/// The row of `total_returns`: bars, through which session, and the return.
async fn total(
    client: &Client,
    id: i32,
    from: NaiveDate,
    through: NaiveDate,
) -> Option<(NaiveDate, NaiveDate, i64, Option<f64>)> {
    let statement = "SELECT from_session, through_session, bars, total_return FROM total_returns($2, $3) WHERE instrument_id = $1";
    let row = client.query_opt(statement, &[&id, &from, &through]).await.unwrap()?;
    Some((row.get(0), row.get(1), row.get(2), row.get(3)))
}

#[tokio::test]
async fn a_split_and_a_dividend_of_one_weekend_worked_out_by_hand() {
    let (_database, mut client, ids) = ready(2).await;
    // Monday, Tuesday, Wednesday, no bar on Thursday, Friday; the next Monday and Tuesday.
    let days = [0, 1, 2, 4, 7, 8].map(calendar_day);
    let closes = [80.0, 84.0, 88.0, 40.0, 11.0, 12.0];
    write(&mut client, ids[0], &std::array::from_fn::<_, 6, _>(|at| (days[at], flat(closes[at])))).await;
    // 2:1 on the Thursday without a bar, with a dividend of 4 per old share; 4:1 on Saturday, a dividend of 1 on Monday.
    split(&client, ids[0], calendar_day(3), 1.0, 2.0).await;
    dividend(&client, ids[0], calendar_day(3), 4.0).await;
    split(&client, ids[0], calendar_day(5), 1.0, 4.0).await;
    dividend(&client, ids[0], calendar_day(7), 1.0).await;

    let column = |rows: &[Adjusted], at: usize| rows.iter().map(|(_, row)| row[at]).collect::<Vec<_>>();
    let on_tuesday = adjusted(&client, ids[0], days[5]).await;
    assert_eq!(on_tuesday.iter().map(|(day, _)| *day).collect::<Vec<_>>(), days);
    assert_eq!(column(&on_tuesday, 3), [10.0, 10.5, 11.0, 10.0, 11.0, 12.0]);
    assert_eq!(column(&on_tuesday, 4), column(&on_tuesday, 3), "vwap");
    assert_eq!(column(&on_tuesday, 5), [800.0, 800.0, 800.0, 400.0, 100.0, 100.0]);
    assert_eq!(column(&on_tuesday, 7), [8.0, 8.0, 8.0, 4.0, 1.0, 1.0]);
    // 4 per old share is 2 per share on Friday, of 40; the dividend of Monday is per share of Friday, 0.25 on Monday, of 11.
    let (friday, monday) = (1.0 + 2.0 / 40.0, 1.0 + 0.25 / 11.0);
    let total_closes = [
        10.0 / (friday * monday),
        10.5 / (friday * monday),
        11.0 / (friday * monday),
        10.0 / monday,
        11.0,
        12.0,
    ];
    for (value, expected) in column(&on_tuesday, 6).iter().zip(total_closes) {
        assert!((value - expected).abs() < 1e-14, "{value} is not {expected}");
    }
    // On Sunday the split of Saturday is not there yet: its session is Monday.
    let on_sunday = adjusted(&client, ids[0], calendar_day(6)).await;
    assert_eq!(column(&on_sunday, 7), [2.0, 2.0, 2.0, 1.0]);
    assert_eq!(column(&on_sunday, 3), [40.0, 42.0, 44.0, 40.0]);
    // On Wednesday nothing has happened; on Thursday the split has, though there is no bar.
    assert_eq!(column(&adjusted(&client, ids[0], calendar_day(2)).await, 3), closes[..3]);
    assert_eq!(column(&adjusted(&client, ids[0], calendar_day(3)).await, 3), [40.0, 42.0, 44.0]);
    assert_eq!(column(&adjusted(&client, ids[0], calendar_day(3)).await, 6), [40.0, 42.0, 44.0]);
    assert!(adjusted(&client, ids[0], calendar_day(0) - Days::new(1)).await.is_empty());
    assert!(adjusted(&client, ids[1], days[5]).await.is_empty());

    // From Wednesday: (40 × 2 + 4) / 88, then (11 × 4 + 1) / 40, then 12 / 11.
    let (friday, monday, tuesday) = (84.0 / 88.0, 45.0 / 40.0, 12.0 / 11.0);
    assert_eq!(
        total(&client, ids[0], days[2], days[5]).await,
        Some((days[2], days[5], 3, Some(friday * monday * tuesday - 1.0)))
    );
    // From the Thursday without a bar, which has Wednesday's price, through the weekend after Friday.
    let through_sunday = total(&client, ids[0], calendar_day(3), calendar_day(6)).await;
    assert_eq!(through_sunday, Some((days[2], days[3], 1, Some(friday - 1.0))));
    assert_eq!(total(&client, ids[0], days[2], days[2]).await, Some((days[2], days[2], 0, Some(0.0))));
    // Five sessions after the last bar it still has a price, after six no more (the 17th is a holiday); none before the first.
    assert_eq!(total(&client, ids[0], days[5], calendar_day(16)).await.unwrap().3, Some(0.0));
    assert_eq!(total(&client, ids[0], days[5], calendar_day(17)).await.unwrap().3, None);
    assert!(total(&client, ids[0], calendar_day(17), calendar_day(18)).await.is_none());
    assert!(total(&client, ids[0], calendar_day(0) - Days::new(1), days[5]).await.is_none());
    assert!(total(&client, ids[0], days[5], days[2]).await.is_none(), "backwards");
}

#[tokio::test]
async fn a_ticker_means_who_had_it_on_the_day() {
    let (_database, mut client, ids) = ready(3).await;
    for id in &ids[..3] {
        write(&mut client, *id, &[0, 1, 2, 3, 4].map(|n| (calendar_day(n), flat(f64::from(*id))))).await;
    }
    let periods = format!(
        "DELETE FROM ticker_periods WHERE instrument_id IN ({0}, {1});
         INSERT INTO ticker_periods (ticker, from_date, until_date, instrument_id) VALUES
             ('FB', '0001-01-01', '{2}', {0}), ('META', '{2}', NULL, {0}), ('FB', '{3}', NULL, {1})",
        ids[0],
        ids[1],
        calendar_day(2),
        calendar_day(4)
    );
    client.batch_execute(&periods).await.unwrap();
    for (ticker, as_of, expected) in [
        ("FB", 1, vec![ids[0]]),
        ("META", 1, vec![]),
        ("FB", 2, vec![]),
        ("META", 2, vec![ids[0]]),
        ("FB", 4, vec![ids[1]]),
        ("META", 4, vec![ids[0]]),
    ] {
        let statement = "SELECT DISTINCT instrument_id FROM adjusted_bars($1) WHERE ticker = $2";
        let rows = client.query(statement, &[&calendar_day(as_of), &ticker]).await.unwrap();
        let found: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(found, expected, "{ticker} on day {as_of}");
    }
}

/// What happens to one instrument on one calendar day.
#[derive(Debug, Clone)]
struct Happening {
    bar: Option<f64>,
    splits: Option<(u8, u8)>,
    cents: Option<u16>,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let happening = (
        proptest::option::weighted(0.8, 0.9..1.1),
        proptest::option::weighted(0.06, (1..9_u8, 1..9_u8)),
        proptest::option::weighted(0.06, 1..300_u16),
    )
        .prop_map(|(bar, splits, cents)| Happening { bar, splits, cents });
    proptest::collection::vec(happening, 20..90)
}

/// Bars of one instrument as they are stored.
struct Stored {
    sessions: Vec<i32>,
    close: Vec<f64>,
    raw: Vec<[f64; 6]>,
}

async fn stored(client: &Client, id: i32) -> Stored {
    let statement =
        "SELECT session_date - date '2000-01-01', open, high, low, close, coalesce(vwap, 'NaN'), volume
                     FROM bars_day WHERE instrument_id = $1 ORDER BY session_date";
    let rows = client.query(statement, &[&id]).await.unwrap();
    let raw: Vec<[f64; 6]> = rows.iter().map(|row| std::array::from_fn(|at| row.get(at + 1))).collect();
    Stored {
        sessions: rows.iter().map(|row| session_of(row.get(0)).unwrap()).collect(),
        close: raw.iter().map(|bar| bar[3]).collect(),
        raw,
    }
}

/// What the arithmetic says `total_returns` is, for the same days.
fn compounded(
    history: &History,
    from: NaiveDate,
    through: NaiveDate,
) -> Option<(NaiveDate, NaiveDate, i64, Option<f64>)> {
    let (from, through) = (nyse().at_or_before(from).unwrap(), nyse().at_or_before(through).unwrap());
    let bars = history.bars;
    let first = bars.position(from + 1).checked_sub(1).filter(|first| from - bars.sessions[*first] <= 5)?;
    let last = bars.position(through + 1) - 1;
    let mut cursor = ActionCursor::new(history, bars.sessions[first]);
    let mut growth = 1.0;
    for at in first + 1..=last {
        let (ratio, cash) = cursor.advance(bars.sessions[at]);
        growth *= (bars.close[at] * ratio + cash) / bars.close[at - 1];
    }
    let value = (through - bars.sessions[last] <= 5).then_some(growth - 1.0);
    Some((date_of(bars.sessions[first]), date_of(bars.sessions[last]), (last - first) as i64, value))
}

/// Compares every bar on every basis, and every pair of days, with the arithmetic. Gives how many numbers it compared.
async fn compare(client: &Client, id: i32, days: u64) -> usize {
    let Stored { sessions, close, raw } = stored(client, id).await;
    let actions = Actions::read(client, Some(&[id])).await.unwrap();
    let volume: Vec<f64> = raw.iter().map(|bar| bar[5]).collect();
    let history = History {
        bars: BarSlice { sessions: &sessions, close: &close, volume: &volume },
        splits: actions.splits(id),
        dividends: actions.dividends(id),
        ..History::default()
    };
    let mut compared = 0;
    for n in (0..days + 4).step_by(5).chain([days + 3]) {
        let as_of = calendar_day(n);
        let basis = nyse().at_or_before(as_of).unwrap();
        let rows = adjusted(client, id, as_of).await;
        assert_eq!(rows.len(), sessions.partition_point(|session| *session <= basis));
        for (at, (day, row)) in rows.iter().enumerate() {
            assert_eq!(*day, date_of(sessions[at]));
            let ratio = split_ratio(history.splits, sessions[at], basis);
            let [open, high, low, close, vwap, volume] = raw[at];
            let expected =
                [open / ratio, high / ratio, low / ratio, close / ratio, vwap / ratio, volume * ratio];
            for (value, expected) in row.iter().zip(expected) {
                let same = value.to_bits() == expected.to_bits() || (value.is_nan() && expected.is_nan());
                assert!(same, "{day} as of {as_of}: {value} is not {expected}");
                compared += 1;
            }
            assert_eq!(row[7].to_bits(), ratio.to_bits());
        }
        // Total closes of neighbours, against one step of the cursor.
        for (at, pair) in rows.windows(2).enumerate() {
            let (after, through) = (sessions[at], sessions[at + 1]);
            let (ratio, cash) = ActionCursor::new(&history, after).advance(through);
            let growth = (close[at + 1] * ratio + cash) / close[at];
            let value = pair[1].1[6] / pair[0].1[6];
            assert!((value / growth - 1.0).abs() < 1e-13, "{} as of {as_of}: {value} {growth}", pair[1].0);
            compared += 1;
        }
        if let Some((_, last)) = rows.last() {
            assert_eq!(last[6].to_bits(), last[3].to_bits(), "the last total close is the close");
        }
        for from in [n / 3, n / 2, n.saturating_sub(3)] {
            let (value, expected) = (
                total(client, id, calendar_day(from), as_of).await,
                compounded(&history, calendar_day(from), as_of),
            );
            let bits = |found: &Option<(NaiveDate, NaiveDate, i64, Option<f64>)>| {
                found.map(|(from, through, bars, value)| (from, through, bars, value.map(f64::to_bits)))
            };
            assert_eq!(bits(&value), bits(&expected), "from {} through {as_of}", calendar_day(from));
            compared += 1;
        }
    }
    compared
}

#[test]
fn whatever_the_history_sql_has_the_bits_of_the_arithmetic() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (database, mut client, ids) = runtime.block_on(ready(1));
    let cases = std::env::var("TIDEMARK_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    let mut runner = TestRunner::new(Config {
        cases,
        max_shrink_iters: 100,
        failure_persistence: None,
        ..Config::default()
    });
    let world = std::sync::Mutex::new((&mut client, 0_usize));
    let result = runner.run(&happenings(), |happenings| {
        let mut world = world.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let compared = runtime.block_on(async {
            let client = &mut *world.0;
            client.batch_execute("TRUNCATE bars_day, splits, dividends").await.unwrap();
            let (mut rows, mut price) = (Vec::new(), 50.0);
            for (day, happening) in (0..).map(calendar_day).zip(&happenings) {
                if let Some((from, to)) = happening.splits {
                    split(client, ids[0], day, f64::from(from), f64::from(to)).await;
                }
                if let Some(cents) = happening.cents {
                    dividend(client, ids[0], day, f64::from(cents) / 100.0).await;
                    dividend(client, ids[0], day, f64::from(cents) / 300.0).await;
                }
                if let Some(growth) = happening.bar.filter(|_| nyse().number(day).is_some()) {
                    price *= growth;
                    let bar = DayBar {
                        open: price * 1.01,
                        high: price * 1.03,
                        low: price * 0.97,
                        close: price,
                        volume: (price * 1e4).round(),
                        vwap: (happening.cents.is_none()).then_some(price * 0.999),
                        trade_count: None,
                    };
                    rows.push((day, bar));
                }
            }
            write(client, ids[0], &rows).await;
            compare(client, ids[0], happenings.len() as u64).await
        });
        world.1 += compared;
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let compared = world.into_inner().unwrap().1;
    println!("{cases} histories, {compared} numbers");
    assert!(compared > 500 * cases as usize, "the histories were too short to prove anything");
    let _guard = runtime.enter();
    drop(database);
}

#[tokio::test]
async fn total_returns_are_the_factors_but_for_the_last_bits() {
    let (_database, mut client, ids) = ready(6).await;
    let sessions = market::first()..market::first() + 100;
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, &ids, sessions.clone(), |id, session| {
        ((id + session) % 11 != 0).then(|| market::bar(id, session, 0))
    })
    .await;
    transaction.commit().await.unwrap();
    for (at, id) in ids.iter().enumerate() {
        for n in [7, 40, 41, 90] {
            split(&client, *id, calendar_day(n + at as u64), 2.0, 3.0).await;
            dividend(&client, *id, calendar_day(n + 2 * at as u64), 0.37).await;
        }
    }
    let options = Options { full: false, benchmark: "SPY".into() };
    refresh::refresh(&mut client, &options, &|_, _| {}).await.unwrap();
    let mut compared = BTreeMap::new();
    for (factor, length) in [("rev_1", 21), ("mom_3", 63)] {
        for t in market::first() + length..sessions.end {
            let statement = format!(
                "SELECT f.instrument_id, f.{factor}, r.total_return
                 FROM features_day AS f
                 LEFT JOIN total_returns($1, $2) AS r USING (instrument_id)
                 WHERE f.session_date = $2"
            );
            for row in client.query(&statement, &[&date_of(t - length), &date_of(t)]).await.unwrap() {
                let (stored, asked): (Option<f64>, Option<f64>) = (row.get(1), row.get(2));
                let id: i32 = row.get(0);
                assert_eq!(stored.is_some(), asked.is_some(), "{factor} of {id} at {t}");
                let apart = stored.zip(asked).map_or(0.0, |(stored, asked)| (stored - asked).abs());
                assert!(apart < 1e-13 * (1.0 + stored.unwrap_or(0.0)), "{factor} of {id} at {t}: {apart}");
                *compared.entry(factor).or_insert(0) += usize::from(stored.is_some());
            }
        }
    }
    assert!(compared.values().all(|count| *count > 200), "{compared:?}");
}

#[tokio::test]
async fn one_ticker_of_many_is_read_alone() {
    let (_database, mut client, ids) = ready(200).await;
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, &ids, market::first()..market::first() + 60, |id, session| {
        Some(market::bar(id, session, 0))
    })
    .await;
    transaction.commit().await.unwrap();
    for n in 0..6 {
        dividend(&client, ids[7], date_of(market::first() + 5 * n), 0.1).await;
    }
    let day = date_of(market::first() + 50);
    // However little the planner knows. A dividend reads the bar at which it takes effect, once and not for every bar.
    for statistics in ["SELECT", "ANALYZE"] {
        client.batch_execute(statistics).await.unwrap();
        for (query, most) in [
            (format!("SELECT * FROM adjusted_bars('{day}') WHERE ticker = 'TST7'"), 51 + 6),
            (format!("SELECT * FROM adjusted_bars('{day}') WHERE instrument_id = {}", ids[7]), 51 + 6),
            (format!("SELECT * FROM adjusted_bars('{day}') WHERE session_date = '{day}'"), 201 + 6),
            (
                format!("SELECT * FROM total_returns('{}', '{day}') WHERE ticker = 'TST7'", calendar_day(0)),
                52,
            ),
        ] {
            let plan =
                client.query_one(&format!("EXPLAIN (ANALYZE, FORMAT JSON) {query}"), &[]).await.unwrap();
            let read = bars_read(&plan.get::<_, serde_json::Value>(0)[0]["Plan"]);
            assert!(0.0 < read && read <= f64::from(most), "{read} bars read for {query} after {statistics}");
        }
    }
}

/// Bars that the scans of a plan gave or threw away.
fn bars_read(plan: &serde_json::Value) -> f64 {
    let number = |name: &str| plan[name].as_f64().unwrap_or(0.0);
    let scans = plan["Relation Name"].as_str().is_some_and(|table| table.starts_with("_hyper_"));
    let own = (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops");
    let below: f64 = plan["Plans"].as_array().into_iter().flatten().map(bars_read).sum();
    below + if scans { own } else { 0.0 }
}
