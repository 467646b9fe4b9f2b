//! The vendor's list of tickers applied: one instrument through its names, two instruments that shared a name.
//!
//! All of it is one transaction. What depends on nothing but its arguments is in [`identify`] (whose entry is it), [`chain`] (an
//! instrument's tickers through time), [`crate::domain::claims`] (who has a ticker when) and [`plan`] (what
//! moves).

mod chain;
mod dates;
mod identify;
#[cfg(test)]
mod lives;
mod plan;
mod work;

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use tokio_postgres::{Client, GenericClient};

use crate::domain::claims;
use crate::domain::listing::{Held, Listing, TickerChanges};
use crate::store::reference as store;
use crate::store::{During, StoreError, aggregates};

use identify::Identified;
pub use identify::Refusal;
use work::Work;

/// What the vendor says, and on which day it was asked.
#[derive(Debug)]
pub struct Said<'a> {
    /// Entries of its list, each once.
    pub entries: &'a [Listing],
    /// Ticker changes of some instruments.
    pub changes: &'a [TickerChanges],
    /// Today in New York: the day of a change of which nothing else is known.
    pub today: NaiveDate,
}

/// An entry that was not used, or a claim that does not hold as it was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// Why; what the summary counts by.
    pub reason: String,
    /// Which.
    pub example: String,
}

/// What a list did to the database.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Instruments that were not there.
    pub new: usize,
    /// Instruments that differed.
    pub changed: usize,
    /// Instruments that were as the list says.
    pub equal: usize,
    /// Changes of a ticker that were not known, `OLD to NEW on DAY`.
    pub ticker_changes: Vec<String>,
    /// Instruments that turned out to be others, `TICKER`.
    pub merged: Vec<String>,
    /// Instruments that got the bars of a time in which their ticker was not another's any more, or not yet.
    pub split: usize,
    /// Daily bars that moved to another instrument.
    pub bars_moved: u64,
    /// Instruments whose FIGI the vendor replaced.
    pub corrected: usize,
    /// Entries that were not used.
    pub refused: Vec<Refused>,
}

/// An instrument whose ticker changes the vendor should be asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ask {
    /// Its present or last ticker.
    pub ticker: String,
    /// Its composite FIGI; none where it has none, and the ticker must do.
    pub composite_figi: Option<String>,
}

/// The instruments of the list whose tickers are not those that the database has: one FIGI with several tickers, or a ticker
/// with a new FIGI.
pub async fn changed_tickers(
    client: &impl GenericClient,
    entries: &[Listing],
) -> Result<Vec<Ask>, StoreError> {
    let (known, held) = (store::known(client).await?, store::held(client).await?);
    let Identified { entities, .. } = identify::identify(entries, &known, &held);
    let periods = periods_of(&held);
    let mut asks = Vec::new();
    for entity in entities.iter().filter(|entity| !entity.entries.is_empty()) {
        let has: BTreeSet<&str> = entity
            .known
            .and_then(|at| periods.get(&known[at].id))
            .into_iter()
            .flatten()
            .map(|period| period.ticker.as_str())
            .collect();
        let said: BTreeSet<&str> = entity.entries.iter().map(|at| entries[*at].ticker.as_str()).collect();
        let news = said.difference(&has).count() > 0 && (said.len() > 1 || !has.is_empty());
        let Some(last) = entity.entries.last().map(|at| &entries[*at]) else { continue };
        if news || entity.contested || entity.corrected {
            asks.push(Ask { ticker: last.ticker.clone(), composite_figi: last.composite_figi.clone() });
        }
    }
    asks.sort();
    Ok(asks)
}

/// Applies the list in one transaction. The caller holds the ingest lock. `source` is for the ledger; `set_aside` are the
/// entries that the caller did not use.
pub async fn apply(
    client: &mut Client,
    said: &Said<'_>,
    source: &str,
    set_aside: usize,
) -> Result<Summary, StoreError> {
    let transaction = client.transaction().await.during("opening a transaction")?;
    store::lock(&transaction).await?;
    let (known, held) = (store::known(&transaction).await?, store::held(&transaction).await?);
    let mut work = Work::new(said, &known, &held);
    let chains = work.chains(&transaction).await?;
    let wanted = claims::resolve(work.claims(&chains));
    work.faults(&wanted.faults);

    let ids: Vec<Option<i32>> =
        work.identified.entities.iter().map(|entity| entity.known.map(|at| known[at].id)).collect();
    let touched = plan::touched(&held, &wanted.periods, &ids.iter().flatten().copied().collect());
    let parts = plan::parts(&held, &wanted.periods, &touched);
    // What stays with whom the list knows it to be is of no interest.
    let moving: Vec<usize> = (0..parts.len())
        .filter(|at| parts[*at].holder.and_then(|holder| ids[holder]) != Some(parts[*at].instrument_id))
        .collect();
    let places: Vec<(i32, NaiveDate, Option<NaiveDate>)> =
        moving.iter().map(|at| (parts[*at].instrument_id, parts[*at].from, parts[*at].until)).collect();
    let mut spans = vec![None; parts.len()];
    for (at, span) in moving.into_iter().zip(store::spans(&transaction, &places).await?) {
        spans[at] = span;
    }
    let elsewhere: HashSet<i32> = held
        .iter()
        .filter(|period| !touched.contains(period.ticker.as_str()))
        .map(|period| period.instrument_id)
        .collect();
    let plan = plan::plan(&wanted.periods, &ids, &parts, &spans, &elsewhere);
    if let Some((_, one, other)) = plan::two_tickers_at_once(&plan.periods) {
        return Err(StoreError::TwoTickers(one, other));
    }
    work.write(&transaction, &plan, &touched, source, set_aside).await?;
    let Work { summary, minutes_moved, .. } = work;
    transaction.commit().await.during("storing the list of tickers")?;
    if let Some((first, last)) = minutes_moved {
        aggregates::refresh(client, first, last).await?;
    }
    Ok(summary)
}

/// Periods of each instrument, by first day.
fn periods_of(held: &[Held]) -> HashMap<i32, Vec<&Held>> {
    let mut periods: HashMap<i32, Vec<&Held>> = HashMap::new();
    for period in held {
        periods.entry(period.instrument_id).or_default().push(period);
    }
    for periods in periods.values_mut() {
        periods.sort_by_key(|period| period.from);
    }
    periods
}
