//! Loading whole sessions of bars: straight in where a session is new, through a replacement that touches only what
//! differs where it is not. A block of sessions goes in with its ledger and its change log, or not at all.

use std::collections::HashMap;

use chrono::NaiveDate;
use tokio_postgres::{Client, Transaction};

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

/// Loads `days` in one transaction. `known` is what the ledger says of them; with `only`, the days' other instruments are
/// left alone. The caller holds the ingest lock.
pub async fn load(
    client: &mut Client,
    days: &[Day],
    known: &HashMap<NaiveDate, Entry>,
    only: Option<&[i32]>,
) -> Result<Outcome, StoreError> {
    let dates: Vec<NaiveDate> = days.iter().map(|day| day.load.session_date).collect();
    bars::open_chunks(client, &dates).await?;
    match attempt(client, days, known, only).await {
        // Somebody wrote bars that the ledger does not know: replace those days instead.
        Err(error) if error.is_unique_violation() => {
            let everything = days.iter().map(|day| {
                let date = day.load.session_date;
                (date, known.get(&date).cloned().unwrap_or_default())
            });
            attempt(client, days, &everything.collect(), only).await
        }
        result => result,
    }
}

async fn attempt(
    client: &mut Client,
    days: &[Day],
    known: &HashMap<NaiveDate, Entry>,
    only: Option<&[i32]>,
) -> Result<Outcome, StoreError> {
    let transaction = client.transaction().await.during("opening a transaction")?;
    let (loaded, new): (Vec<&Day>, Vec<&Day>) =
        days.iter().partition(|day| known.contains_key(&day.load.session_date));
    let mut outcome = Outcome::default();
    if !new.is_empty() {
        outcome.inserted += bars::copy(&transaction, by_key(&new).into_iter()).await?;
        log(&transaction, &new).await?;
    }
    if !loaded.is_empty() {
        outcome.add(replace(&transaction, &loaded, known, only).await?);
    }
    let loads: Vec<Load> = days.iter().map(|day| day.load.clone()).collect();
    ledger::append(&transaction, &loads).await?;
    transaction.commit().await.during("committing bars")?;
    Ok(outcome)
}

async fn replace(
    transaction: &Transaction<'_>,
    days: &[&Day],
    known: &HashMap<NaiveDate, Entry>,
    only: Option<&[i32]>,
) -> Result<Outcome, StoreError> {
    let dates: Vec<NaiveDate> = days.iter().map(|day| day.load.session_date).collect();
    let whole: Vec<NaiveDate> =
        dates.iter().copied().filter(|date| known.get(date).is_some_and(|entry| entry.whole)).collect();
    let bars: u64 = days.iter().map(|day| day.bars.len() as u64).sum();
    let replaced = bars::replace(transaction, &dates, &whole, only, by_key(days).into_iter()).await?;
    Ok(Outcome {
        inserted: replaced.added,
        changed: replaced.changed,
        equal: bars - replaced.added - replaced.changed,
        removed: replaced.removed,
    })
}

/// All bars sorted by instrument, then session: the order of the table, in which they load fastest.
fn by_key<'a>(days: &[&'a Day]) -> Vec<(i32, NaiveDate, &'a DayBar)> {
    let mut rows: Vec<(i32, NaiveDate, &DayBar)> = days
        .iter()
        .flat_map(|day| day.bars.iter().map(|(id, bar)| (*id, day.load.session_date, bar)))
        .collect();
    rows.sort_unstable_by_key(|(id, date, _)| (*id, *date));
    rows
}

/// Logs new sessions: for each instrument its first and last one.
async fn log(transaction: &Transaction<'_>, days: &[&Day]) -> Result<(), StoreError> {
    let mut spans: HashMap<i32, (NaiveDate, NaiveDate)> = HashMap::new();
    for day in days {
        let date = day.load.session_date;
        for (id, _) in &day.bars {
            spans
                .entry(*id)
                .and_modify(|(a, b)| (*a, *b) = ((*a).min(date), (*b).max(date)))
                .or_insert((date, date));
        }
    }
    let mut changes: Vec<Change> = spans
        .into_iter()
        .map(|(instrument_id, (from, through))| Change { instrument_id, from, through: Some(through) })
        .collect();
    changes.sort_unstable_by_key(|change| change.instrument_id);
    change_log::append(transaction, Topic::Bars, &changes).await
}
