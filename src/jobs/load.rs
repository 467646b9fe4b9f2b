//! Loading whole sessions of bars: straight in where a session is new, through a replacement that touches only what
//! differs where it is not. A block of sessions goes in with its ledger and its change log, or not at all.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use tokio_postgres::Client;

use crate::domain::bar::DayBar;
use crate::store::bars;
use crate::store::change_log::{self, Change, Topic};
use crate::store::ledger::{self, Entry, Load};
use crate::store::{During, StoreError};

/// One session from a source, with the instruments resolved.
#[derive(Debug, Clone)]
pub struct Day {
    /// What the ledger will say.
    pub load: Load,
    /// Bars by instrument; an instrument comes once.
    pub bars: Vec<(i32, DayBar)>,
}

/// What a block did to the database.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Bars that were not there.
    pub inserted: u64,
    /// Bars with another value, whose old one went to the revisions.
    pub changed: u64,
    /// Bars that were there and equal.
    pub equal: u64,
    /// Bars that their session no longer has.
    pub removed: u64,
}

impl Outcome {
    /// Adds another block's counts.
    pub fn add(&mut self, other: Outcome) {
        self.inserted += other.inserted;
        self.changed += other.changed;
        self.equal += other.equal;
        self.removed += other.removed;
    }
}

/// A block of sessions, put in the order of the table before a connection is taken for it.
#[derive(Debug)]
pub struct Block {
    days: Vec<Day>,
    /// Bars of sessions that the ledger does not know, and of those that it does.
    new: Order,
    loaded: Order,
    sorting: Duration,
}

impl Block {
    /// Orders the bars of `days`; `known` is what the ledger says of them.
    pub fn new(mut days: Vec<Day>, known: &HashMap<NaiveDate, Entry>) -> Self {
        let started = Instant::now();
        days.sort_unstable_by_key(|day| day.load.session_date);
        let is_known = |day: &Day| known.contains_key(&day.load.session_date);
        let (new, loaded) = (by_key(&days, |day| !is_known(day)), by_key(&days, is_known));
        Self { days, new, loaded, sorting: started.elapsed() }
    }

    /// Number of its bars.
    pub fn bars(&self) -> usize {
        self.new.len() + self.loaded.len()
    }

    /// Number of its sessions.
    pub fn sessions(&self) -> usize {
        self.days.len()
    }

    fn rows<'a>(&'a self, order: &'a Order) -> impl Iterator<Item = (i32, NaiveDate, &'a DayBar)> {
        order.iter().map(|&(day, at)| {
            let day = &self.days[day as usize];
            let (id, bar) = &day.bars[at as usize];
            (*id, day.load.session_date, bar)
        })
    }
}

/// Bars by the place of their day and their place in it.
type Order = Vec<(u32, u32)>;

/// The bars of the days that are `wanted`, by instrument, then session: the order of the table, in which they load fastest.
/// Days come ascending, so that a counting sort by instrument does it in one pass.
fn by_key(days: &[Day], wanted: impl Fn(&Day) -> bool) -> Order {
    let days: Vec<(u32, &Day)> =
        days.iter().enumerate().map(|(at, day)| (at as u32, day)).filter(|(_, day)| wanted(day)).collect();
    let ids = || days.iter().flat_map(|(_, day)| day.bars.iter().map(|(id, _)| *id as usize));
    let mut next: Vec<u32> = vec![0; ids().max().map_or(0, |last| last + 2)];
    for id in ids() {
        next[id + 1] += 1;
    }
    for id in 1..next.len() {
        next[id] += next[id - 1];
    }
    let mut order = vec![(0, 0); next.last().copied().unwrap_or(0) as usize];
    for (day_at, day) in &days {
        for (at, (id, _)) in day.bars.iter().enumerate() {
            let place = &mut next[*id as usize];
            order[*place as usize] = (*day_at, at as u32);
            *place += 1;
        }
    }
    order
}

/// Where the time of a load went: the sum over blocks, which are on their way at the same time.
#[derive(Debug, Default, Clone, Copy)]
pub struct Stages {
    /// Ordering the bars of a block.
    pub sorting: Duration,
    /// COPY, and for sessions that were there the comparison and what it changed.
    pub copying: Duration,
    /// Change log and ledger.
    pub logging: Duration,
    /// Waiting for the disk to have it.
    pub committing: Duration,
}

impl Stages {
    /// Adds another block's times.
    pub fn add(&mut self, other: Stages) {
        self.sorting += other.sorting;
        self.copying += other.copying;
        self.logging += other.logging;
        self.committing += other.committing;
    }
}

/// Loads `block` in one transaction. `known` is what the ledger says of its sessions; with `only`, the other instruments of
/// sessions that are there already are left alone. The caller holds the ingest lock.
pub async fn load(
    client: &mut Client,
    block: &Block,
    known: &HashMap<NaiveDate, Entry>,
    only: Option<&[i32]>,
) -> Result<(Outcome, Stages), StoreError> {
    match attempt(client, block, known, only).await {
        // Somebody wrote bars that the ledger does not know: replace those days instead.
        Err(error) if error.is_unique_violation() => {
            let everything: HashMap<NaiveDate, Entry> = (block.days.iter())
                .map(|day| day.load.session_date)
                .map(|date| (date, known.get(&date).cloned().unwrap_or_default()))
                .collect();
            let block = Block::new(block.days.clone(), &everything);
            attempt(client, &block, &everything, only).await
        }
        result => result,
    }
}

async fn attempt(
    client: &mut Client,
    block: &Block,
    known: &HashMap<NaiveDate, Entry>,
    only: Option<&[i32]>,
) -> Result<(Outcome, Stages), StoreError> {
    let transaction = client.transaction().await.during("opening a transaction")?;
    let mut outcome = Outcome::default();
    let mut stages = Stages { sorting: block.sorting, ..Stages::default() };
    let mut clock = Instant::now();
    let mut lap = |stage: &mut Duration| {
        *stage += clock.elapsed();
        clock = Instant::now();
    };
    if !block.new.is_empty() {
        outcome.inserted += bars::copy(&transaction, block.rows(&block.new)).await?;
        lap(&mut stages.copying);
        change_log::append(&transaction, Topic::Bars, &spans(block.rows(&block.new))).await?;
        lap(&mut stages.logging);
    }
    let loaded: Vec<NaiveDate> = (block.days.iter())
        .map(|day| day.load.session_date)
        .filter(|date| known.contains_key(date))
        .collect();
    if !loaded.is_empty() {
        let whole: Vec<NaiveDate> =
            loaded.iter().copied().filter(|date| known.get(date).is_some_and(|entry| entry.whole)).collect();
        let rows = block.rows(&block.loaded);
        let replaced = bars::replace(&transaction, &loaded, &whole, only, rows).await?;
        outcome.add(Outcome {
            inserted: replaced.added,
            changed: replaced.changed,
            equal: block.loaded.len() as u64 - replaced.added - replaced.changed,
            removed: replaced.removed,
        });
    }
    lap(&mut stages.copying);
    ledger::append(&transaction, block.days.iter().map(|day| &day.load)).await?;
    lap(&mut stages.logging);
    transaction.commit().await.during("committing bars")?;
    lap(&mut stages.committing);
    Ok((outcome, stages))
}

/// What new bars change: for each instrument its first and its last session. `rows` come in the order of the table.
fn spans<'a>(rows: impl Iterator<Item = (i32, NaiveDate, &'a DayBar)>) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for (instrument_id, date, _) in rows {
        match changes.last_mut() {
            Some(change) if change.instrument_id == instrument_id => change.through = Some(date),
            _ => changes.push(Change { instrument_id, from: date, through: Some(date) }),
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ledger::Timeframe;

    fn day(date: &str, ids: &[i32]) -> Day {
        let session_date = date.parse().expect("a date");
        let bar = |id: &i32| {
            let price = f64::from(*id);
            DayBar {
                open: price,
                high: price,
                low: price,
                close: price,
                volume: 1.0,
                vwap: None,
                trade_count: None,
            }
        };
        Day {
            load: Load {
                timeframe: Timeframe::Day,
                session_date,
                source: "flatfiles",
                origin: String::new(),
                selection: String::new(),
                etag: None,
                digest: [0; 32],
                bars: ids.len(),
                set_aside: 0,
            },
            bars: ids.iter().map(|id| (*id, bar(id))).collect(),
        }
    }

    #[test]
    fn a_block_has_its_bars_in_the_order_of_the_table_whatever_the_order_of_its_days() {
        let days = vec![
            day("2024-07-03", &[7, 2]),
            day("2024-07-02", &[2, 3]),
            day("2024-07-05", &[3]),
            day("2024-07-08", &[]),
        ];
        let known = HashMap::from([("2024-07-05".parse().expect("a date"), Entry::default())]);
        let block = Block::new(days, &known);
        let shown = |order: &Order| -> Vec<String> {
            block.rows(order).map(|(id, date, bar)| format!("{id} {date} {}", bar.close)).collect()
        };
        assert_eq!(
            shown(&block.new),
            ["2 2024-07-02 2", "2 2024-07-03 2", "3 2024-07-02 3", "7 2024-07-03 7"]
        );
        assert_eq!(shown(&block.loaded), ["3 2024-07-05 3"]);
        let changes = spans(block.rows(&block.new));
        let first = "2024-07-02".parse().expect("a date");
        let second = "2024-07-03".parse().expect("a date");
        assert_eq!(
            changes[..2],
            [
                Change { instrument_id: 2, from: first, through: Some(second) },
                Change { instrument_id: 3, from: first, through: Some(first) },
            ]
        );
    }
}
