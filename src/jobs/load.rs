//! Loading whole sessions of bars: straight in where a session is new, through a replacement that touches only what
//! differs where it is not. A block of sessions goes in with its ledger and its change log, or not at all.

use std::collections::HashMap;
use std::ops::Range;

use chrono::NaiveDate;
use tokio_postgres::{Client, Transaction};

use crate::domain::bar::{DayBar, MinuteBar};
use crate::store::bar_table::{self, BarRow, Statements};
use crate::store::change_log::{self, Change, Topic};
use crate::store::ledger::{self, Entry, Load};
use crate::store::{During, StoreError, aggregates, bars, minutes};

/// One session of bars from a source, with the instruments resolved.
pub trait Session: Sync + Sized {
    /// The table that the bars go to.
    const TABLE: &'static Statements;
    /// What the change log calls them.
    const TOPIC: Topic;

    /// What the ledger will say.
    fn load(&self) -> &Load;

    /// The instruments that have bars; one may come more than once.
    fn instruments(&self) -> impl Iterator<Item = i32> + Send;

    /// All bars of `sessions`, sorted by instrument, then time: the order of the table, in which they load fastest.
    fn by_key(sessions: &[&Self]) -> impl Iterator<Item = BarRow> + Send;
}

/// A session's daily bars.
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

    fn by_key(sessions: &[&Self]) -> impl Iterator<Item = BarRow> + Send {
        let mut rows: Vec<(i32, NaiveDate, &DayBar)> = sessions
            .iter()
            .flat_map(|day| day.bars.iter().map(|(id, bar)| (*id, day.load.session_date, bar)))
            .collect();
        rows.sort_unstable_by_key(|(id, date, _)| (*id, *date));
        rows.into_iter().map(|(id, date, bar)| bars::row(id, date, bar))
    }
}

/// A session's minute bars, extended hours included.
#[derive(Debug, Clone)]
pub struct Minutes {
    /// What the ledger will say.
    pub load: Load,
    /// Instruments, each with the place of its bars in `bars`.
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

    fn by_key(sessions: &[&Self]) -> impl Iterator<Item = BarRow> + Send {
        let mut runs: Vec<(i32, &[MinuteBar])> = sessions
            .iter()
            .flat_map(|session| session.runs.iter().map(|(id, run)| (*id, &session.bars[run.clone()])))
            .collect();
        runs.sort_unstable_by_key(|(id, bars)| (*id, bars.first().map(|bar| bar.minute)));
        runs.into_iter().flat_map(|(id, bars)| bars.iter().map(move |bar| minutes::row(id, bar)))
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

/// Loads `sessions` in one transaction. `known` is what the ledger says of them; with `only`, the sessions' other
/// instruments are left alone. The caller holds the ingest lock.
pub async fn load<S: Session>(
    client: &mut Client,
    sessions: &[S],
    known: &HashMap<NaiveDate, Entry>,
    only: Option<&[i32]>,
) -> Result<Outcome, StoreError> {
    let dates: Vec<NaiveDate> = sessions.iter().map(|session| session.load().session_date).collect();
    bar_table::open_chunks(client, S::TABLE, &dates).await?;
    let outcome = match attempt(client, sessions, known, only).await {
        // Somebody wrote bars that the ledger does not know: replace those sessions instead.
        Err(error) if error.is_unique_violation() => {
            let everything =
                dates.iter().map(|date| (*date, known.get(date).cloned().unwrap_or_default())).collect();
            attempt(client, sessions, &everything, only).await
        }
        result => result,
    }?;
    if S::TOPIC == Topic::Minutes
        && let (Some(from), Some(to)) = (dates.iter().min(), dates.iter().max())
    {
        aggregates::refresh(client, *from, *to).await?;
    }
    Ok(outcome)
}

async fn attempt<S: Session>(
    client: &mut Client,
    sessions: &[S],
    known: &HashMap<NaiveDate, Entry>,
    only: Option<&[i32]>,
) -> Result<Outcome, StoreError> {
    let transaction = client.transaction().await.during("opening a transaction")?;
    let (loaded, new): (Vec<&S>, Vec<&S>) =
        sessions.iter().partition(|session| known.contains_key(&session.load().session_date));
    let mut outcome = Outcome::default();
    if !new.is_empty() {
        outcome.inserted += bar_table::copy(&transaction, S::TABLE, S::by_key(&new)).await?;
        log(&transaction, &new).await?;
    }
    if !loaded.is_empty() {
        outcome.add(replace(&transaction, &loaded, known, only).await?);
    }
    let loads: Vec<Load> = sessions.iter().map(|session| session.load().clone()).collect();
    ledger::append(&transaction, &loads).await?;
    transaction.commit().await.during("committing bars")?;
    Ok(outcome)
}

async fn replace<S: Session>(
    transaction: &Transaction<'_>,
    sessions: &[&S],
    known: &HashMap<NaiveDate, Entry>,
    only: Option<&[i32]>,
) -> Result<Outcome, StoreError> {
    let dates: Vec<NaiveDate> = sessions.iter().map(|session| session.load().session_date).collect();
    let whole: Vec<NaiveDate> =
        dates.iter().copied().filter(|date| known.get(date).is_some_and(|entry| entry.whole)).collect();
    let bars: u64 = sessions.iter().map(|session| session.load().bars as u64).sum();
    let rows = S::by_key(sessions);
    let replaced = bar_table::replace(transaction, S::TABLE, &dates, &whole, only, rows).await?;
    Ok(Outcome {
        inserted: replaced.added,
        changed: replaced.changed,
        equal: bars - replaced.added - replaced.changed,
        removed: replaced.removed,
    })
}

/// Logs new sessions: for each instrument its first and last one.
async fn log<S: Session>(transaction: &Transaction<'_>, sessions: &[&S]) -> Result<(), StoreError> {
    let mut spans: HashMap<i32, (NaiveDate, NaiveDate)> = HashMap::new();
    for session in sessions {
        let date = session.load().session_date;
        for id in session.instruments() {
            spans
                .entry(id)
                .and_modify(|(a, b)| (*a, *b) = ((*a).min(date), (*b).max(date)))
                .or_insert((date, date));
        }
    }
    let mut changes: Vec<Change> = spans
        .into_iter()
        .map(|(instrument_id, (from, through))| Change { instrument_id, from, through: Some(through) })
        .collect();
    changes.sort_unstable_by_key(|change| change.instrument_id);
    change_log::append(transaction, S::TOPIC, &changes).await
}
