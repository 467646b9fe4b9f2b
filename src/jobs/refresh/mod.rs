//! `features refresh`: brings the feature store up to the bars by computing only what a change can reach.
//!
//! The work comes from one snapshot, whose line is stored at the end. In between, rows are written block of sessions by
//! block of sessions, each block in a transaction of its own: a run that dies leaves whole blocks and the old tidemark,
//! and the next run finds those blocks equal and writes nothing there.

mod block;
mod reach;
mod sections;
mod verify;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest, Sha256};
use tokio_postgres::{Client, Transaction};

use crate::arithmetic::catalogue::{self, FACTOR_COUNT, FACTORS, Factor};
use crate::arithmetic::factor_set::FactorSet;
use crate::arithmetic::families;
use crate::domain::instrument;
use crate::domain::statement::Statement;
use crate::store::actions::Actions;
use crate::store::change_log::{self, FromNothing, Job, Work};
use crate::store::definitions::{self, FactorRow, FamilyRow};
use crate::store::instruments::{self, Instrument};
use crate::store::refresh_runs::{self, Done};
use crate::store::{StoreError, bars, statements};

use block::Output;
use reach::Reach;
pub use verify::{Sample, Verdict, verify};

/// What a refresh is asked to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Compute everything again, whatever the change log says.
    pub full: bool,
    /// Ticker of the benchmark.
    pub benchmark: String,
}

/// Why a refresh computed what it computed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Reason {
    /// What changed since the tidemark.
    #[default]
    Changes,
    /// Everything, for `--full`.
    Asked,
    /// Everything, because the tidemark cannot be followed.
    FromNothing(FromNothing),
    /// What changed, and of every row these columns; without columns, every session's cross-section.
    Redefined(Vec<&'static str>),
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Changes => f.write_str("changes since the last refresh"),
            Self::Asked => f.write_str("everything computed again, as asked"),
            Self::FromNothing(why) => write!(f, "everything computed: {why}"),
            Self::Redefined(columns) if columns.is_empty() => {
                f.write_str("every cross-section computed again: the families' definitions changed")
            }
            Self::Redefined(columns) => {
                write!(f, "new definitions, columns computed again: {}", columns.join(", "))
            }
        }
    }
}

/// What a finished refresh did.
#[derive(Debug, Default, Clone)]
pub struct Summary {
    /// Why it computed what it computed.
    pub reason: Reason,
    /// Whether there is no bar at all.
    pub no_bars: bool,
    /// Whether the benchmark is missing, so that `beta_252` and `ivol_252` are null.
    pub benchmark_missing: bool,
    /// Counts and times.
    pub done: Done,
}

/// What does not change within a run.
struct Market {
    instruments: Vec<Instrument>,
    /// Sector of each instrument as a number, in the order of `instruments`.
    sectors: Vec<Option<i32>>,
    benchmark: Option<i32>,
    actions: Actions,
    /// Statements of each instrument, in the order in which they count.
    statements: HashMap<i32, Vec<Statement>>,
    /// Instruments that were merged into others: what is stored of them has to go.
    merged: Vec<i32>,
    restated: Restated,
    /// Sessions that have stored rows.
    stored: Range<i32>,
    /// Columns that are defined anew, and the rows that changes reach: of other rows nothing but these columns changes.
    redefined: Option<(Redefined, Reach)>,
}

/// Whose sessions get their cross-section again though no row differs.
enum Restated {
    /// Everybody's, of all factors.
    All,
    /// Those of these instruments, ascending: a sector moves the families around a row.
    Of(Vec<i32>),
}

impl Restated {
    fn factors(&self, id: i32) -> FactorSet {
        match self {
            Self::All => FactorSet::ALL,
            Self::Of(ids) if ids.binary_search(&id).is_ok() => FactorSet::of_families(),
            Self::Of(_) => FactorSet::NONE,
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
            actions: Actions::default(),
            statements: HashMap::new(),
            instruments,
            merged: instruments::merged(transaction).await?,
            restated: Restated::Of(Vec::new()),
            stored: reach::stored_sessions(transaction).await?,
            redefined: None,
        })
    }

    /// Reads the actions and statements of the instruments in `reach`, and of the benchmark.
    async fn read_facts(&mut self, transaction: &Transaction<'_>, reach: &Reach) -> Result<(), StoreError> {
        let ids: Vec<i32> = reach.keys().copied().chain(self.benchmark).collect();
        let only = if ids.len() * 2 > self.instruments.len() { None } else { Some(ids.as_slice()) };
        self.actions = Actions::read(transaction, only).await?;
        self.statements = statements::read(transaction, only).await?;
        Ok(())
    }

    fn has_stored_rows(&self, sessions: &Range<i32>) -> bool {
        sessions.start < self.stored.end && self.stored.start < sessions.end
    }

    fn statements_of(&self, id: i32) -> &[Statement] {
        self.statements.get(&id).map_or(&[], Vec::as_slice)
    }

    fn is_financial(&self, id: i32) -> bool {
        self.position(id).is_some_and(|at| self.instruments[at].financial)
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

/// Digest of what decides every value besides the data: the parameters, and which instrument is the benchmark.
fn parameters(benchmark: Option<i32>) -> String {
    let mut hash = Sha256::new();
    hash.update(catalogue::parameters_text());
    hash.update(format!("benchmark {benchmark:?}"));
    crate::store::hex(&hash.finalize())
}

/// How the stored features stand to the data and to this program.
#[derive(Debug)]
pub struct Freshness {
    /// The benchmark instrument; none where its ticker is unknown.
    pub benchmark: Option<i32>,
    /// What the next refresh has to do.
    pub work: Work,
    /// Factors that this program defines otherwise than those stored.
    pub redefined: Vec<&'static str>,
    /// Whether families or directions differ.
    pub regrouped: bool,
}

impl Freshness {
    /// Whether the stored features are of this program's definitions and of this benchmark, however many changes wait.
    pub fn is_current(&self) -> bool {
        matches!(self.work, Work::Since(_)) && self.redefined.is_empty() && !self.regrouped
    }
}

/// How the stored features stand, with the instrument of the ticker `benchmark` as the benchmark.
pub async fn freshness(transaction: &Transaction<'_>, benchmark: &str) -> Result<Freshness, StoreError> {
    let (benchmark, line, changes, redefined) = tokio::try_join!(
        instruments::latest_of(transaction, benchmark),
        change_log::line(transaction, Job::Features),
        change_log::changes(transaction, Job::Features),
        Redefined::read(transaction)
    )?;
    let (_, from) = line.start(&parameters(benchmark));
    let work = from.map_or_else(Work::All, |_| Work::Since(changes));
    Ok(Freshness { benchmark, work, redefined: redefined.names(), regrouped: redefined.families })
}

/// Whether the stored features are of this program's definitions and of this benchmark.
pub async fn are_current(transaction: &Transaction<'_>, benchmark: &str) -> Result<bool, StoreError> {
    Ok(freshness(transaction, benchmark).await?.is_current())
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
    let parameters = parameters(market.benchmark);
    let (tide, work) = change_log::work(&transaction, Job::Features, &parameters).await?;
    let range = bars::range(&transaction).await?;
    let reach = match (&work, options.full) {
        (Work::Since(changes), false) => {
            market.restated = Restated::Of(change_log::restated(&transaction, Job::Features).await?);
            let reach = reach::of_changes(&transaction, &market, changes, range).await?;
            let redefined = Redefined::read(&transaction).await?;
            if redefined.any() {
                summary.reason = Reason::Redefined(redefined.names());
                definitions::forget(&transaction, &redefined.names()).await?;
                market.restated = Restated::All;
                market.redefined = Some((redefined, reach));
                reach::of_everything(&market, range)
            } else {
                reach
            }
        }
        (_, full) => {
            market.restated = Restated::All;
            summary.reason = match work {
                Work::All(why) if !full => Reason::FromNothing(why),
                _ => Reason::Asked,
            };
            reach::of_everything(&market, range)
        }
    };
    market.read_facts(&transaction, &reach).await?;
    if let Work::All(_) = work {
        // What the tidemark speaks of is about to be mixed with new rows: a run that dies must not leave it standing.
        change_log::forget(&transaction, Job::Features).await?;
    }
    transaction.commit().await.map_err(|e| StoreError::from_driver("closing a snapshot", e))?;
    summary.done.reading += started.elapsed();
    summary.no_bars = range.is_none();
    summary.benchmark_missing = market.benchmark.is_none();
    summary.done.instruments = reach.len();
    let run = refresh_runs::begin(&*client, &summary.reason.to_string()).await?;

    let blocks = reach::blocks(&reach);
    let sessions: usize = blocks.iter().map(|block| (block.end - block.start) as usize).sum();
    let market = Arc::new(market);
    let mut done = 0;
    // While one block is written, the next one is computed: the server and the arithmetic each have a core to themselves.
    let mut before: Option<Output> = None;
    let mut window = None;
    for sessions_of_block in blocks {
        progress(done, sessions);
        done += sessions_of_block.len();
        let input = block::read(client, &market, &reach, sessions_of_block, window.as_deref()).await?;
        window = input.as_ref().map(|input| Arc::clone(&input.window));
        let next = input.map(|input| {
            summary.done.reading += input.reading;
            let market = Arc::clone(&market);
            tokio::task::spawn_blocking(move || input.compute(&market))
        });
        if let Some(output) = before.take() {
            output.write(client, &market, &mut summary.done).await?;
        }
        if let Some(next) = next {
            before = Some(next.await.map_err(|_| StoreError::Stopped("computing features"))?);
        }
    }
    if let Some(output) = before {
        output.write(client, &market, &mut summary.done).await?;
    }
    progress(done, sessions);

    let transaction =
        client.transaction().await.map_err(|e| StoreError::from_driver("storing the tidemark", e))?;
    definitions::write(&transaction, &factor_rows(), &family_rows()).await?;
    refresh_runs::end(&transaction, run, &summary.done).await?;
    change_log::store(&transaction, Job::Features, &tide, &parameters).await?;
    transaction.commit().await.map_err(|e| StoreError::from_driver("storing the tidemark", e))?;
    change_log::prune(&*client).await?;
    Ok(summary)
}

/// What the program defines otherwise than what is stored.
#[derive(Debug)]
struct Redefined {
    /// Positions of factors with another version, or none stored.
    columns: Vec<usize>,
    /// Whether a direction or a family differs, which moves moments of families and no column.
    families: bool,
}

impl Redefined {
    async fn read(transaction: &Transaction<'_>) -> Result<Self, StoreError> {
        let stored = definitions::read(transaction).await?;
        let of = |factor: &Factor| stored.factors.get(factor.name);
        let columns = (0..FACTOR_COUNT)
            .filter(|at| of(&FACTORS[*at]).is_none_or(|(version, _)| *version != FACTORS[*at].version))
            .collect();
        let turned = FACTORS
            .iter()
            .any(|factor| of(factor).is_some_and(|(_, direction)| *direction != factor.direction.stored()));
        let regrouped = family_rows()
            .iter()
            .any(|family| stored.families.get(family.name).is_none_or(|members| *members != family.members));
        Ok(Self { columns, families: turned || regrouped })
    }

    fn any(&self) -> bool {
        self.families || !self.columns.is_empty()
    }

    fn names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|at| FACTORS[*at].name).collect()
    }
}

fn family_rows() -> Vec<FamilyRow<'static>> {
    families::all()
        .iter()
        .map(|family| FamilyRow {
            name: family.name,
            members: family.members.iter().map(|at| FACTORS[*at].name).collect(),
        })
        .collect()
}

fn factor_rows() -> Vec<FactorRow<'static>> {
    FACTORS
        .iter()
        .map(|factor| FactorRow {
            name: factor.name,
            version: factor.version,
            family: factor.family,
            unit: factor.unit,
            direction: factor.direction.stored(),
            history: factor.history,
            inputs: factor.inputs,
            definition: factor.definition,
            source: factor.source,
        })
        .collect()
}
