//! Loading whole sessions of bars: straight in where a session is new, through a replacement that touches only what
//! differs where it is not. A block of sessions goes in with its ledger and its change log, or not at all.

use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use tokio_postgres::Client;

use crate::domain::bar::{DayBar, MinuteBar};
use crate::store::bar_table::{self, BarRow, Statements};
use crate::store::change_log::{self, Change, Topic};
use crate::store::ledger::{self, Entry, Load};
use crate::store::{During, StoreError, aggregates, bars, minutes};

/// One session of bars from a source, with the instruments resolved, in pieces that are of one instrument each.
pub trait Session: Clone + Send + Sync {
    /// The table that the bars go to.
    const TABLE: &'static Statements;
    /// What the change log calls them.
    const TOPIC: Topic;

    /// What the ledger will say.
    fn load(&self) -> &Load;

    /// The instruments of the pieces: each comes once.
    fn instruments(&self) -> impl Iterator<Item = i32> + Send;

    /// The instrument of a piece.
    fn instrument(&self, piece: usize) -> i32;

    /// The bars of a piece, ascending by time.
    fn rows(&self, piece: usize) -> impl Iterator<Item = BarRow> + Send;
}

/// A session's daily bars: a piece is a bar.
#[derive(Debug, Clone)]
pub struct Day {
    /// What the ledger will say.
    pub load: Load,
    /// Bars by instrument; an instrument comes once.
    pub bars: Vec<(i32, DayBar)>,
}

impl Session for Day {
    const TABLE: &'static Statements = &bars::TABLE;
    const TOPIC: Topic = Topic::Bars;

    fn load(&self) -> &Load {
        &self.load
    }

    fn instruments(&self) -> impl Iterator<Item = i32> + Send {
        self.bars.iter().map(|(id, _)| *id)
    }

    fn instrument(&self, piece: usize) -> i32 {
        self.bars[piece].0
    }

    fn rows(&self, piece: usize) -> impl Iterator<Item = BarRow> + Send {
        let (id, bar) = &self.bars[piece];
        std::iter::once(bars::row(*id, self.load.session_date, bar))
    }
}

/// A session's minute bars, extended hours included: a piece is an instrument's session.
#[derive(Debug, Clone)]
pub struct Minutes {
    /// What the ledger will say.
    pub load: Load,
    /// Instruments, each once, with the place of its bars in `bars`.
    pub runs: Vec<(i32, Range<usize>)>,
    /// Bars, within a run ascending by minute.
    pub bars: Vec<MinuteBar>,
}

impl Session for Minutes {
    const TABLE: &'static Statements = &minutes::TABLE;
    const TOPIC: Topic = Topic::Minutes;

    fn load(&self) -> &Load {
        &self.load
    }

    fn instruments(&self) -> impl Iterator<Item = i32> + Send {
        self.runs.iter().map(|(id, _)| *id)
    }

    fn instrument(&self, piece: usize) -> i32 {
        self.runs[piece].0
    }

    fn rows(&self, piece: usize) -> impl Iterator<Item = BarRow> + Send {
        let (id, run) = &self.runs[piece];
        self.bars[run.clone()].iter().map(|bar| minutes::row(*id, bar))
    }
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
pub struct Block<S> {
    sessions: Vec<S>,
    /// Pieces of sessions that the ledger does not know, and of those that it does.
    new: Order,
    loaded: Order,
    sorting: Duration,
}

impl<S: Session> Block<S> {
    /// Orders the bars of `sessions`; `known` is what the ledger says of them.
    pub fn new(mut sessions: Vec<S>, known: &HashMap<NaiveDate, Entry>) -> Self {
        let started = Instant::now();
        sessions.sort_unstable_by_key(|session| session.load().session_date);
        let is_known = |session: &S| known.contains_key(&session.load().session_date);
        let (new, loaded) = (by_key(&sessions, |session| !is_known(session)), by_key(&sessions, is_known));
        Self { sessions, new, loaded, sorting: started.elapsed() }
    }

    /// Number of its bars.
    pub fn bars(&self) -> usize {
        self.sessions.iter().map(|session| session.load().bars).sum()
    }

    /// Number of its sessions.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    fn rows<'a>(&'a self, order: &'a Order) -> impl Iterator<Item = BarRow> + Send + 'a {
        order.iter().flat_map(|&(session, piece)| self.sessions[session as usize].rows(piece as usize))
    }

    /// What the bars of `order` change: for each instrument its first and its last session.
    fn spans(&self, order: &Order) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        for &(session, piece) in order {
            let session = &self.sessions[session as usize];
            let (instrument_id, date) = (session.instrument(piece as usize), session.load().session_date);
            match changes.last_mut() {
                Some(change) if change.instrument_id == instrument_id => change.through = Some(date),
                _ => changes.push(Change { instrument_id, from: date, through: Some(date) }),
            }
        }
        changes
    }
}

/// Pieces by the place of their session and their place in it.
type Order = Vec<(u32, u32)>;

/// The pieces of the sessions that are `wanted`, by instrument, then session: the order of the table, in which they load
/// fastest. Sessions come ascending, so that a counting sort by instrument does it in one pass.
fn by_key<S: Session>(sessions: &[S], wanted: impl Fn(&S) -> bool) -> Order {
    let sessions: Vec<(u32, &S)> = (sessions.iter().enumerate())
        .map(|(at, session)| (at as u32, session))
        .filter(|(_, session)| wanted(session))
        .collect();
    let ids = || sessions.iter().flat_map(|(_, session)| session.instruments().map(|id| id as usize));
    let mut next: Vec<u32> = vec![0; ids().max().map_or(0, |last| last + 2)];
    for id in ids() {
        next[id + 1] += 1;
    }
    for id in 1..next.len() {
        next[id] += next[id - 1];
    }
    let mut order = vec![(0, 0); next.last().copied().unwrap_or(0) as usize];
    for (session_at, session) in &sessions {
        for (piece, id) in session.instruments().enumerate() {
            let place = &mut next[id as usize];
            order[*place as usize] = (*session_at, piece as u32);
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

/// Loads `block` in one transaction, and refreshes the aggregates of its minutes after it. `known` is what the ledger says
/// of its sessions; with `only`, the other instruments of sessions that are there already are left alone. The caller holds
/// the ingest lock.
pub async fn load<S: Session>(
    client: &mut Client,
    block: &Block<S>,
    known: &HashMap<NaiveDate, Entry>,
    only: Option<&[i32]>,
) -> Result<(Outcome, Stages), StoreError> {
    let done = match attempt(client, block, known, only).await {
        // Somebody wrote bars that the ledger does not know: replace those days instead.
        Err(error) if error.is_unique_violation() => {
            let everything: HashMap<NaiveDate, Entry> = (block.sessions.iter())
                .map(|session| session.load().session_date)
                .map(|date| (date, known.get(&date).cloned().unwrap_or_default()))
                .collect();
            let block = Block::new(block.sessions.clone(), &everything);
            attempt(client, &block, &everything, only).await
        }
        result => result,
    }?;
    if S::TOPIC == Topic::Minutes
        && let (Some(first), Some(last)) = (block.sessions.first(), block.sessions.last())
    {
        aggregates::refresh(client, first.load().session_date, last.load().session_date).await?;
    }
    Ok(done)
}

async fn attempt<S: Session>(
    client: &mut Client,
    block: &Block<S>,
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
        outcome.inserted += bar_table::copy(&transaction, S::TABLE, block.rows(&block.new)).await?;
        lap(&mut stages.copying);
        change_log::append(&transaction, S::TOPIC, &block.spans(&block.new)).await?;
        lap(&mut stages.logging);
    }
    let loaded: Vec<&Load> = (block.sessions.iter())
        .map(Session::load)
        .filter(|load| known.contains_key(&load.session_date))
        .collect();
    if !loaded.is_empty() {
        let dates: Vec<NaiveDate> = loaded.iter().map(|load| load.session_date).collect();
        let is_whole = |date: &NaiveDate| known.get(date).is_some_and(|entry| entry.whole);
        let whole: Vec<NaiveDate> = dates.iter().copied().filter(is_whole).collect();
        let rows = block.rows(&block.loaded);
        let replaced = bar_table::replace(&transaction, S::TABLE, &dates, &whole, only, rows).await?;
        let bars: u64 = loaded.iter().map(|load| load.bars as u64).sum();
        outcome.add(Outcome {
            inserted: replaced.added,
            changed: replaced.changed,
            equal: bars - replaced.added - replaced.changed,
            removed: replaced.removed,
        });
    }
    lap(&mut stages.copying);
    ledger::append(&transaction, block.sessions.iter().map(Session::load)).await?;
    lap(&mut stages.logging);
    transaction.commit().await.during("committing bars")?;
    lap(&mut stages.committing);
    Ok((outcome, stages))
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
            block.rows(order).map(|(id, at, bar)| format!("{id} {at:?} {}", bar.close)).collect()
        };
        assert_eq!(shown(&block.new), ["2 Day(8949) 2", "2 Day(8950) 2", "3 Day(8949) 3", "7 Day(8950) 7"]);
        assert_eq!(shown(&block.loaded), ["3 Day(8952) 3"]);
        let changes = block.spans(&block.new);
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
