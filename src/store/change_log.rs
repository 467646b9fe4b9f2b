//! The change log and the tidemark: what changed since a job last looked, whatever the order of the commits.
//!
//! A reader opens one REPEATABLE READ snapshot and reads its work and its data in it; that snapshot is the tidemark that
//! it stores. The next run's work is every row whose transaction the tidemark could not see.

use chrono::{DateTime, NaiveDate, Utc};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, GenericClient, IsolationLevel, Transaction};

use super::error::{During, StoreError};

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Daily bars.
    Bars,
    /// Splits.
    Splits,
    /// Dividends.
    Dividends,
    /// Shares outstanding.
    Shares,
    /// Statements other than their share counts.
    Statements,
    /// What an instrument is for the cross-section: its sector, and whether its type belongs to the population.
    Instruments,
    /// Days on which the exchange is open.
    Sessions,
    /// Minute bars.
    Minutes,
    /// Rows of the feature store, for those who follow it.
    Features,
}

impl Topic {
    /// Name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bars => "bars",
            Self::Splits => "splits",
            Self::Dividends => "dividends",
            Self::Shares => "shares",
            Self::Statements => "statements",
            Self::Instruments => "instruments",
            Self::Sessions => "sessions",
            Self::Minutes => "minutes",
            Self::Features => "features",
        }
    }
}

/// Days of one instrument that changed: `from` … `through`, both included; without `through`, everything from `from` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The instrument.
    pub instrument_id: i32,
    /// Earliest day.
    pub from: NaiveDate,
    /// Latest day.
    pub through: Option<NaiveDate>,
}

/// Appends changes; the caller's transaction is the one that makes them.
pub async fn append(
    transaction: &Transaction<'_>,
    topic: Topic,
    changes: &[Change],
) -> Result<(), StoreError> {
    let ids: Vec<i32> = changes.iter().map(|change| change.instrument_id).collect();
    let from: Vec<NaiveDate> = changes.iter().map(|change| change.from).collect();
    let through: Vec<Option<NaiveDate>> = changes.iter().map(|change| change.through).collect();
    transaction
        .execute(include_str!("../../sql/change_log_append.sql"), &[&topic.name(), &ids, &from, &through])
        .await
        .during("writing the change log")
        .map(|_| ())
}

/// A job that keeps a tidemark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// `features refresh`.
    Features,
    /// `scan`.
    Scan,
}

impl Job {
    fn name(self) -> &'static str {
        match self {
            Self::Features => "features",
            Self::Scan => "scan",
        }
    }

    /// Names of the topics that can change what the job keeps.
    fn topics(self) -> Vec<&'static str> {
        let topics: &[Topic] = match self {
            Self::Features => &[
                Topic::Bars,
                Topic::Splits,
                Topic::Dividends,
                Topic::Shares,
                Topic::Statements,
                Topic::Instruments,
                Topic::Sessions,
            ],
            // Kept signals are of an instrument's own bars, adjusted for splits; all else is computed at every scan.
            Self::Scan => &[Topic::Bars, Topic::Splits],
        };
        topics.iter().map(|topic| topic.name()).collect()
    }
}

/// Why a job cannot start from its tidemark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromNothing {
    /// It never ran.
    FirstRun,
    /// The database was restored into another cluster, whose transaction numbers mean nothing here.
    AnotherCluster,
    /// The job's definitions changed.
    NewDefinitions,
    /// What the job keeps is not there, or the market's latest session or its calendar went back.
    NoCache,
}

impl std::fmt::Display for FromNothing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::FirstRun => "it never ran before",
            Self::AnotherCluster => {
                "the database comes from another server, whose change log cannot be followed here"
            }
            Self::NewDefinitions => "its definitions changed",
            Self::NoCache => {
                "what it keeps cannot be followed: the latest session went back, or the calendar changed"
            }
        })
    }
}

/// What a snapshot shows of a job's work.
#[derive(Debug)]
pub enum Work {
    /// Everything, and why.
    All(FromNothing),
    /// The changes since the tidemark, merged to one an instrument, ascending by instrument.
    Since(Vec<Change>),
}

/// A snapshot in which a job reads, and the line that it will store.
pub struct Tide {
    snapshot: String,
    system_identifier: i64,
}

impl Tide {
    /// The snapshot in words.
    pub fn snapshot(&self) -> &str {
        &self.snapshot
    }
}

/// Begins a REPEATABLE READ transaction: everything read in it is of one moment.
pub async fn snapshot(client: &mut Client) -> Result<Transaction<'_>, StoreError> {
    client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .start()
        .await
        .during("opening a snapshot")
}

/// Begins a transaction on another connection that reads in the snapshot of `transaction`.
pub async fn beside<'a>(
    transaction: &Transaction<'_>,
    other: &'a mut Client,
) -> Result<Transaction<'a>, StoreError> {
    let action = "sharing a snapshot";
    let row = transaction
        .query_typed_one(include_str!("../../sql/snapshot_export.sql"), &[])
        .await
        .during(action)?;
    let name: String = row.get(0);
    // The statement takes no parameters; the server's own name holds nothing else.
    if !name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return Err(StoreError::BrokenCopy);
    }
    let beside = snapshot(other).await?;
    beside.batch_execute(&format!("SET TRANSACTION SNAPSHOT '{name}'")).await.during(action)?;
    Ok(beside)
}

/// A snapshot, and the line that a job stored last.
pub struct Line {
    tide: Tide,
    /// Cluster, digest of the definitions, and snapshot of the stored line; none of a job that never ran.
    stored: Option<(i64, String, String)>,
}

impl Line {
    /// The snapshot, and the one to start from with definitions of the digest `definitions`; or why there is none.
    pub fn start(self, definitions: &str) -> (Tide, Result<String, FromNothing>) {
        let from = match self.stored {
            None => Err(FromNothing::FirstRun),
            Some((id, ..)) if id != self.tide.system_identifier => Err(FromNothing::AnotherCluster),
            Some((_, stored, _)) if stored != definitions => Err(FromNothing::NewDefinitions),
            Some((.., snapshot)) => Ok(snapshot),
        };
        (self.tide, from)
    }
}

/// The snapshot of `transaction`, and the line that `job` stored last.
pub async fn line(transaction: &Transaction<'_>, job: Job) -> Result<Line, StoreError> {
    let row = transaction
        .query_typed_one(include_str!("../../sql/tidemark_read.sql"), &[(&job.name(), Type::TEXT)])
        .await
        .during("reading the tidemark")?;
    let tide = Tide { snapshot: row.get(0), system_identifier: row.get(1) };
    Ok(Line { tide, stored: row.get::<_, Option<i64>>(2).map(|id| (id, row.get(3), row.get(4))) })
}

/// The snapshot of `transaction`, and the work that it shows for `job` whose definitions have the digest `definitions`.
pub async fn work(
    transaction: &Transaction<'_>,
    job: Job,
    definitions: &str,
) -> Result<(Tide, Work), StoreError> {
    let (line, changes) = tokio::try_join!(line(transaction, job), changes(transaction, job))?;
    let (tide, from) = line.start(definitions);
    Ok((tide, from.map_or_else(Work::All, |_| Work::Since(changes))))
}

/// The snapshot of `transaction` in words, and the digest of the definitions that `job` last ran with; none where it keeps no
/// line.
pub async fn standing(
    transaction: &Transaction<'_>,
    job: Job,
) -> Result<(String, Option<String>), StoreError> {
    let row = transaction
        .query_one(include_str!("../../sql/tidemark_read.sql"), &[&job.name()])
        .await
        .during("reading the tidemark")?;
    Ok((row.get(0), row.get(3)))
}

/// The changes that `transaction` sees and the stored tidemark of `job` did not; nothing for a job without one.
pub async fn changes(transaction: &Transaction<'_>, job: Job) -> Result<Vec<Change>, StoreError> {
    let rows = transaction
        .query_typed(
            include_str!("../../sql/change_log_since.sql"),
            &[(&job.name(), Type::TEXT), (&job.topics(), Type::TEXT_ARRAY)],
        )
        .await
        .during("reading the change log")?;
    Ok(rows
        .into_iter()
        .map(|row| Change { instrument_id: row.get(0), from: row.get(1), through: row.get(2) })
        .collect())
}

/// Where a follower of the change log stands: one that keeps its tidemark in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The snapshot that it reads in.
    pub snapshot: String,
    /// The cluster that the snapshot is of.
    pub system_identifier: i64,
    /// When a list of tickers was last applied.
    pub reference: Option<DateTime<Utc>>,
    /// The transaction that pruned the log last: while it stays, nothing is missed.
    pub pruned: String,
}

/// The standing that `transaction` shows, and every change since `last`, by topic. None of the changes where `last` is none, or
/// where some that it has not read were pruned or belong to another cluster: then everything is to be read.
pub async fn follow(
    transaction: &Transaction<'_>,
    last: Option<&Standing>,
) -> Result<(Standing, Option<Vec<(String, Change)>>), StoreError> {
    let action = "following the change log";
    let before = last.map(|last| last.snapshot.as_str());
    let pruned = last.map(|last| last.pruned.as_str());
    let parameters: [(&(dyn ToSql + Sync), Type); 2] = [(&before, Type::TEXT), (&pruned, Type::TEXT)];
    let row = transaction.query_typed_one(include_str!("../../sql/change_log_standing.sql"), &parameters);
    let changes = async {
        match before {
            Some(before) => since(transaction, before).await,
            None => Ok(Vec::new()),
        }
    };
    let (row, changes) = tokio::try_join!(async { row.await.during(action) }, changes)?;
    let standing = Standing {
        snapshot: row.get(0),
        system_identifier: row.get(1),
        reference: row.get(3),
        pruned: row.get(4),
    };
    let missed: bool = row.get(2);
    match last {
        Some(last) if !missed && last.system_identifier == standing.system_identifier => {
            Ok((standing, Some(changes)))
        }
        _ => Ok((standing, None)),
    }
}

/// Every change that `transaction` sees and the snapshot `before` did not, by topic. The caller knows that none was pruned.
pub async fn since(transaction: &Transaction<'_>, before: &str) -> Result<Vec<(String, Change)>, StoreError> {
    let rows = transaction
        .query_typed(include_str!("../../sql/change_log_follow.sql"), &[(&before, Type::TEXT)])
        .await
        .during("following the change log")?;
    let change = |row: tokio_postgres::Row| {
        (row.get(0), Change { instrument_id: row.get(1), from: row.get(2), through: row.get(3) })
    };
    Ok(rows.into_iter().map(change).collect())
}

/// The instruments whose type or sector changed since the tidemark of `job`, ascending: their rows may be as before while the
/// cross-section around them is not.
pub async fn restated(transaction: &Transaction<'_>, job: Job) -> Result<Vec<i32>, StoreError> {
    let rows = transaction
        .query(include_str!("../../sql/change_log_restated.sql"), &[&job.name()])
        .await
        .during("reading the change log")?;
    Ok(rows.into_iter().map(|row| row.get(0)).collect())
}

/// Stores the line that `job` has read up to, in the transaction that stores its results.
pub async fn store(
    transaction: &Transaction<'_>,
    job: Job,
    tide: &Tide,
    definitions: &str,
) -> Result<(), StoreError> {
    transaction
        .execute(
            include_str!("../../sql/tidemark_store.sql"),
            &[&job.name(), &tide.snapshot, &tide.system_identifier, &definitions],
        )
        .await
        .during("storing the tidemark")
        .map(|_| ())
}

/// Forgets the line of `job`: its next run starts from nothing.
pub async fn forget(transaction: &Transaction<'_>, job: Job) -> Result<(), StoreError> {
    transaction
        .execute(include_str!("../../sql/tidemark_forget.sql"), &[&job.name()])
        .await
        .during("forgetting a tidemark")
        .map(|_| ())
}

/// Removes the rows that every job has read, and those that a restore brought from another cluster.
pub async fn prune(client: &impl GenericClient) -> Result<u64, StoreError> {
    client.execute(include_str!("../../sql/change_log_prune.sql"), &[]).await.during("pruning the change log")
}
