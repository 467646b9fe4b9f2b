//! `features refresh`: brings the feature store up to the bars by computing only what a change can reach.
//!
//! The work comes from one snapshot, whose line is stored at the end. In between, rows are written block of sessions by
//! block of sessions, each block in a transaction of its own: a run that dies leaves whole blocks and the old tidemark,
//! and the next run finds those blocks equal and writes nothing there.

mod block;
mod reach;
mod sections;
mod verify;

use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tokio_postgres::{Client, Transaction};

use crate::arithmetic::catalogue::{self, PRICE_FACTORS};
use crate::domain::instrument;
use crate::store::actions::Actions;
use crate::store::change_log::{self, FromNothing, Job, Work};
use crate::store::features::{self, CatalogueRow};
use crate::store::instruments::{self, Instrument};
use crate::store::{StoreError, bars};

use block::Output;
pub use verify::{Sample, Verdict, verify};

/// What a refresh is asked to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Compute everything again, whatever the change log says.
    pub full: bool,
    /// Ticker of the benchmark.
    pub benchmark: String,
}

/// Why every row was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Everything {
    /// `--full`.
    Asked,
    /// The tidemark cannot be followed.
    FromNothing(FromNothing),
}

/// Counts of a finished refresh.
#[derive(Debug, Default, Clone)]
pub struct Summary {
    /// Why everything was computed; none for an incremental run.
    pub everything: Option<Everything>,
    /// Whether the benchmark is missing, so that `beta_252` and `ivol_252` are null.
    pub benchmark_missing: bool,
    /// Instruments with something to compute.
    pub instruments: usize,
    /// Rows computed.
    pub computed: u64,
    /// Rows that were not there.
    pub added: u64,
    /// Rows with another value.
    pub changed: u64,
    /// Rows whose bar is gone.
    pub removed: u64,
    /// Sessions whose cross-section was computed again.
    pub sections: usize,
    /// Time spent reading, computing and writing.
    pub reading: Duration,
    /// Time spent in arithmetic.
    pub computing: Duration,
    /// Time spent writing rows and moments.
    pub writing: Duration,
}

/// What does not change within a run.
struct Market {
    instruments: Vec<Instrument>,
    /// Sector of each instrument as a number, in the order of `instruments`.
    sectors: Vec<Option<i32>>,
    benchmark: Option<i32>,
    actions: Actions,
    /// Instruments that were merged into others: what is stored of them has to go.
    merged: Vec<i32>,
    restated: Restated,
}

/// Whose sessions get their cross-section again though no row differs: a sector moves the moments around a row.
enum Restated {
    /// Everybody's.
    All,
    /// Those of these instruments, ascending.
    Of(Vec<i32>),
}

impl Restated {
    fn contains(&self, id: i32) -> bool {
        match self {
            Self::All => true,
            Self::Of(ids) => ids.binary_search(&id).is_ok(),
        }
    }
}

impl Market {
    async fn read(transaction: &Transaction<'_>, benchmark: &str) -> Result<Self, StoreError> {
        let benchmark = instruments::latest_of(transaction, benchmark).await?;
        let instruments = instruments::all(transaction).await?;
        let mut names: Vec<&str> = instruments.iter().filter_map(|i| i.sector.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        let number = |sector: &str| names.binary_search(&sector).ok().map(|at| at as i32);
        let sectors = instruments.iter().map(|i| i.sector.as_deref().and_then(number)).collect();
        Ok(Self {
            sectors,
            benchmark,
            actions: Actions::read(transaction, None).await?,
            instruments,
            merged: instruments::merged(transaction).await?,
            restated: Restated::Of(Vec::new()),
        })
    }

    fn position(&self, id: i32) -> Option<usize> {
        self.instruments.binary_search_by_key(&id, |i| i.id).ok()
    }

    fn sector(&self, id: i32) -> Option<i32> {
        self.position(id).and_then(|at| self.sectors[at])
    }

    /// Whether the instrument may be in the population: its type allows it, and it is not the benchmark.
    fn may_be_in_population(&self, id: i32) -> bool {
        let kind = self.position(id).and_then(|at| self.instruments[at].kind.as_deref());
        Some(id) != self.benchmark && instrument::is_share(kind)
    }
}

/// Digest of everything that decides a value besides the data.
fn definitions(benchmark: Option<i32>) -> String {
    let mut hash = Sha256::new();
    hash.update(catalogue::definitions_text());
    hash.update(format!("benchmark {benchmark:?}"));
    crate::store::hex(&hash.finalize())
}

/// Whether the stored features are of this program's definitions and of this benchmark.
pub async fn are_current(transaction: &Transaction<'_>, benchmark: &str) -> Result<bool, StoreError> {
    let benchmark = instruments::latest_of(transaction, benchmark).await?;
    let (_, work) = change_log::work(transaction, Job::Features, &definitions(benchmark)).await?;
    Ok(matches!(work, Work::Since(_)))
}

/// Runs the refresh. `progress` is told how many of how many sessions are done. The caller holds the features lock.
pub async fn refresh(
    client: &mut Client,
    options: &Options,
    progress: &dyn Fn(usize, usize),
) -> Result<Summary, StoreError> {
    let started = Instant::now();
    let mut summary = Summary::default();
    let transaction = change_log::snapshot(client).await?;
    let mut market = Market::read(&transaction, &options.benchmark).await?;
    let definitions = definitions(market.benchmark);
    let (tide, work) = change_log::work(&transaction, Job::Features, &definitions).await?;
    let range = bars::range(&transaction).await?;
    let reach = match (&work, options.full) {
        (Work::Since(changes), false) => {
            market.restated = Restated::Of(change_log::restated(&transaction, Job::Features).await?);
            reach::of_changes(&transaction, &market, changes, range).await?
        }
        (_, full) => {
            market.restated = Restated::All;
            summary.everything = Some(match work {
                Work::All(why) if !full => Everything::FromNothing(why),
                _ => Everything::Asked,
            });
            reach::of_everything(&transaction, &market, range).await?
        }
    };
    if let Work::All(_) = work {
        // What the tidemark speaks of is about to be mixed with new rows: a run that dies must not leave it standing.
        change_log::forget(&transaction, Job::Features).await?;
    }
    transaction.commit().await.map_err(|e| StoreError::from_driver("closing a snapshot", e))?;
    summary.reading += started.elapsed();
    summary.benchmark_missing = market.benchmark.is_none();
    summary.instruments = reach.len();

    let blocks = reach::blocks(&reach);
    let sessions: usize = blocks.iter().map(|block| (block.end - block.start) as usize).sum();
    let market = Arc::new(market);
    let mut done = 0;
    // While one block is written, the next one is computed: the server and the arithmetic each have a core to themselves.
    let mut before: Option<Output> = None;
    for sessions_of_block in blocks {
        progress(done, sessions);
        done += sessions_of_block.len();
        let input = block::read(client, &market, &reach, sessions_of_block).await?;
        let next = input.map(|input| {
            summary.reading += input.reading;
            let market = Arc::clone(&market);
            tokio::task::spawn_blocking(move || input.compute(&market))
        });
        if let Some(output) = before.take() {
            output.write(client, &market, &mut summary).await?;
        }
        if let Some(next) = next {
            before = Some(next.await.map_err(|_| StoreError::Stopped("computing features"))?);
        }
    }
    if let Some(output) = before {
        output.write(client, &market, &mut summary).await?;
    }
    progress(done, sessions);

    let transaction =
        client.transaction().await.map_err(|e| StoreError::from_driver("storing the tidemark", e))?;
    features::write_catalogue(&transaction, &catalogue_rows()).await?;
    change_log::store(&transaction, Job::Features, &tide, &definitions).await?;
    transaction.commit().await.map_err(|e| StoreError::from_driver("storing the tidemark", e))?;
    change_log::prune(&*client).await?;
    Ok(summary)
}

fn catalogue_rows() -> Vec<CatalogueRow<'static>> {
    PRICE_FACTORS
        .iter()
        .map(|factor| CatalogueRow {
            name: factor.name,
            version: factor.version,
            family: factor.family,
            unit: factor.unit,
            direction: factor.direction.stored(),
            history: factor.history,
            definition: factor.definition,
            source: factor.source,
        })
        .collect()
}
