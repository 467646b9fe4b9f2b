//! Minute bars in the store: any history of replacements ends in what the last ones said, and the aggregates follow.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use support::{Database, market};
use tidemark::domain::bar::{DayBar, MinuteBar};
use tidemark::jobs::load::{self, Block, Minutes, Outcome, Session};
use tidemark::store::ledger::{self, Load, Timeframe};
use tidemark::store::{aggregates, bar_table, minutes};
use tokio_postgres::Client;

/// Sessions in winter and summer, on both sides of the ends of chunks and of the change of the clocks.
const DAYS: [&str; 6] = ["2024-01-10", "2024-01-11", "2024-03-08", "2024-03-11", "2024-07-03", "2024-07-05"];

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Midnight in New York, in minutes since 1970.
fn midnight(date: NaiveDate) -> i32 {
    let summer = date >= day("2024-03-10") && date < day("2024-11-03");
    let days = (date - day("1970-01-01")).num_days() as i32;
    days * 1_440 + if summer { 240 } else { 300 }
}

/// Random numbers, the same for a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}

/// Bars by instrument and minute.
type Model = BTreeMap<(i32, i32), MinuteBar>;

/// A session's bars, of which prices and volumes come from few, so that corrections are often equal.
fn session(random: &mut Random, ids: &[i32], date: NaiveDate) -> Model {
    let mut model = Model::new();
    for id in ids {
        for _ in 0..random.below(20) {
            // From the first minute of the day to the last, and more often about the opening and the close.
            let of_day = match random.below(4) {
                0 => random.below(1_440) as i32,
                1 => 565 + random.below(10) as i32,
                2 => 955 + random.below(10) as i32,
                _ => 1_435 + random.below(5) as i32,
            };
            let price = 10.0 + random.below(4) as f64 / 4.0;
            let bar = DayBar {
                open: price,
                high: price + 1.0,
                low: price - 1.0,
                close: price + 0.25,
                volume: random.below(3) as f64 * 100.5,
                vwap: (random.below(2) == 0).then_some(price + 0.125),
                trade_count: (random.below(2) == 0).then_some(7),
            };
            let minute = midnight(date) + of_day;
            model.insert((*id, minute), MinuteBar::new(minute, &bar).unwrap());
        }
    }
    model
}

fn minutes_of(model: &Model, date: NaiveDate, selection: &str) -> Minutes {
    let mut runs: Vec<(i32, std::ops::Range<usize>)> = Vec::new();
    let mut bars = Vec::new();
    for ((id, _), bar) in model {
        bars.push(*bar);
        match runs.last_mut() {
            Some((last, run)) if last == id => run.end += 1,
            _ => runs.push((*id, bars.len() - 1..bars.len())),
        }
    }
    let load = Load {
        timeframe: Timeframe::Minute,
        session_date: date,
        source: "flatfiles",
        origin: String::new(),
        selection: selection.to_owned(),
        etag: None,
        digest: [0; 32],
        bars: bars.len(),
        set_aside: 0,
    };
    Minutes { load, runs, bars }
}

async fn load(client: &mut Client, sessions: Vec<Minutes>, only: Option<&[i32]>) -> Outcome {
    let dates: Vec<NaiveDate> = sessions.iter().map(|session| session.load.session_date).collect();
    let known =
        ledger::entries(client, Timeframe::Minute, day("2000-01-01"), day("2030-01-01")).await.unwrap();
    bar_table::open_chunks(client, Minutes::TABLE, &dates).await.unwrap();
    let block = Block::new(sessions, &known);
    load::load(client, &block, &known, only).await.unwrap().0
}

/// Every bar of the table, read as the programs read it.
async fn stored(client: &mut Client, ids: &[i32]) -> Model {
    let mut model = Model::new();
    let transaction = client.transaction().await.unwrap();
    for id in ids {
        let bars = minutes::read(&transaction, *id, day("2024-01-01"), day("2024-12-31")).await.unwrap();
        assert!(bars.windows(2).all(|pair| pair[0].minute < pair[1].minute), "in order, each minute once");
        model.extend(bars.into_iter().map(|bar| ((*id, bar.minute), bar)));
    }
    model
}

fn bits(model: &Model) -> Vec<(i32, i32, Option<u32>, [u64; 6])> {
    model
        .iter()
        .map(|((id, minute), bar)| {
            let MinuteBar { open, high, low, close, volume, vwap, trade_count, .. } = *bar;
            let vwap = if vwap.is_nan() { f64::NAN } else { vwap };
            let numbers = [open, high, low, close, volume, vwap].map(f64::to_bits);
            (*id, *minute, trade_count.map(std::num::NonZeroU32::get), numbers)
        })
        .collect()
}

/// What a replacement leaves of a bar: where prices and volume are as before, what the new one lacks stays.
fn settle(before: Option<&MinuteBar>, mut now: MinuteBar) -> MinuteBar {
    if let Some(before) = before {
        let numbers = |bar: &MinuteBar| [bar.open, bar.high, bar.low, bar.close, bar.volume];
        if numbers(before) == numbers(&now) {
            now.trade_count = now.trade_count.or(before.trade_count);
            now.vwap = if now.vwap.is_nan() { before.vwap } else { now.vwap };
        }
    }
    now
}

/// A definition's rows, and the rows of the same query over the minutes themselves: the aggregate must not differ.
async fn aggregates_are_fresh(client: &Client) {
    for name in ["bars_5min", "bars_hour"] {
        let definition = std::fs::read_to_string(format!("sql/views/{name}.sql")).unwrap();
        let difference = format!(
            "SELECT count(*) FROM (SELECT * FROM {name}) AS a FULL JOIN ({definition}) AS b USING (instrument_id, bar_start)
             WHERE a IS DISTINCT FROM b AND (a.open, a.high, a.low, a.close, a.volume, a.vwap, a.trade_count, a.minutes)
                 IS DISTINCT FROM (b.open, b.high, b.low, b.close, b.volume, b.vwap, b.trade_count, b.minutes)"
        );
        let row = client.query_one(&difference, &[]).await.unwrap();
        assert_eq!(row.get::<_, i64>(0), 0, "{name}");
    }
}

#[tokio::test]
async fn any_history_of_replacements_ends_in_what_the_last_ones_said() {
    let database = Database::create().await;
    let mut client = database.client().await;
    let ids = market::instruments(&mut client, 5).await;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut model = Model::new();
    for step in 0..30 {
        // One to three sessions at once, of everybody or of some.
        let mut dates: Vec<NaiveDate> = DAYS.iter().map(|date| day(date)).collect();
        while dates.len() as u64 > 1 + random.below(3) {
            dates.remove(random.below(dates.len() as u64) as usize);
        }
        let some: Vec<i32> = ids.iter().copied().filter(|_| random.below(2) == 0).collect();
        let only = (random.below(3) == 0).then_some(some);
        let chosen = only.clone().unwrap_or_else(|| ids.clone());
        let mut expected = Outcome::default();
        let mut sessions = Vec::new();
        for date in dates {
            let new = session(&mut random, &chosen, date);
            let of_day = midnight(date)..midnight(date) + 1_440;
            let is_replaced = |(id, minute): &(i32, i32)| chosen.contains(id) && of_day.contains(minute);
            let before: Model =
                model.iter().filter(|(key, _)| is_replaced(key)).map(|(key, bar)| (*key, *bar)).collect();
            model.retain(|key, _| !is_replaced(key));
            expected.removed += before.keys().filter(|key| !new.contains_key(*key)).count() as u64;
            for (key, bar) in &new {
                let settled = settle(before.get(key), *bar);
                let same = |other: &MinuteBar| {
                    bits(&Model::from([(*key, *other)])) == bits(&Model::from([(*key, settled)]))
                };
                match before.get(key) {
                    None => expected.inserted += 1,
                    Some(other) if same(other) => expected.equal += 1,
                    Some(_) => expected.changed += 1,
                }
                model.insert(*key, settled);
            }
            let selection = if only.is_some() { "some" } else { "" };
            sessions.push(minutes_of(&new, date, selection));
        }
        let outcome = load(&mut client, sessions, only.as_deref()).await;
        assert_eq!(outcome, expected, "step {step}");
        assert_eq!(bits(&stored(&mut client, &ids).await), bits(&model), "step {step}");
    }
    assert!(model.len() > 100, "{}", model.len());
    aggregates_are_fresh(&client).await;
    aggregates::refresh_all(&client).await.unwrap();
    aggregates_are_fresh(&client).await;
    let counts = "SELECT count(*) FILTER (WHERE instrument_id = 0), count(*) FROM bars_minute";
    let row = client.query_one(counts, &[]).await.unwrap();
    assert_eq!(
        (row.get::<_, i64>(0), row.get::<_, i64>(1)),
        (0, model.len() as i64),
        "rows that opened chunks"
    );
}

#[tokio::test]
async fn bars_that_the_ledger_does_not_know_are_replaced_and_not_doubled() {
    let database = Database::create().await;
    let mut client = database.client().await;
    let ids = market::instruments(&mut client, 3).await;
    let mut random = Random(7);
    let date = day(DAYS[0]);
    let (first, second) = (session(&mut random, &ids, date), session(&mut random, &ids, date));
    load(&mut client, vec![minutes_of(&first, date, "")], None).await;
    client.batch_execute("TRUNCATE loads").await.unwrap();
    let known = HashMap::new();
    let block = Block::new(vec![minutes_of(&second, date, "")], &known);
    load::load(&mut client, &block, &known, None).await.unwrap();
    let stored: Vec<(i32, i32)> = stored(&mut client, &ids).await.into_keys().collect();
    assert_eq!(stored, second.keys().copied().collect::<Vec<_>>());
}
