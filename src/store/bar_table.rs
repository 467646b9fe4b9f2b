//! What the tables of daily and of minute bars have in common: the way in, straight or through staging.

use chrono::NaiveDate;
use tokio_postgres::{Client, Transaction};

use super::copy_in::CopyIn;
use super::error::{During, StoreError};
use crate::domain::bar::DayBar;

/// The statements of a table of bars: those of one name do the same in every table and take the same parameters.
pub struct Statements {
    pub(super) open_chunks: &'static str,
    pub(super) open_chunks_undo: &'static str,
    pub(super) copy: &'static str,
    pub(super) stage: &'static str,
    pub(super) stage_copy: &'static str,
    pub(super) stage_changes: &'static str,
    pub(super) revisions_append: &'static str,
    pub(super) remove: &'static str,
    pub(super) update: &'static str,
    pub(super) add: &'static str,
    pub(super) log_changes: &'static str,
    /// Notes that instruments have bars; none where nobody asks.
    pub(super) mark: Option<&'static str>,
}

/// When a bar is, as Postgres' binary form counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum At {
    /// A `date`: days since 2000-01-01.
    Day(i32),
    /// A `timestamptz`: microseconds since 2000-01-01 UTC.
    Instant(i64),
}

/// A bar with its key.
pub type BarRow = (i32, At, DayBar);

/// What a replacement did to the bars of its sessions.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    /// Bars that were not there.
    pub added: u64,
    /// Bars with another value.
    pub changed: u64,
    /// Bars that the sessions no longer have.
    pub removed: u64,
}

/// Opens the chunks for `days` in a short transaction of its own: opening one blocks every other writer until commit.
pub async fn open_chunks(
    client: &mut Client,
    table: &Statements,
    days: &[NaiveDate],
) -> Result<(), StoreError> {
    let action = "opening chunks for bars";
    let days = ascending(days);
    let transaction = client.transaction().await.during(action)?;
    transaction.execute(table.open_chunks, &[&days]).await.during(action)?;
    transaction.execute(table.open_chunks_undo, &[&days]).await.during(action)?;
    transaction.commit().await.during(action)
}

/// Copies bars into sessions that hold none of these instruments; rows sorted by their key load fastest.
///
/// # Errors
/// A key that is there already gives [`StoreError::is_unique_violation`].
pub async fn copy(
    transaction: &Transaction<'_>,
    table: &Statements,
    rows: impl Iterator<Item = BarRow>,
) -> Result<u64, StoreError> {
    let mut ids = Vec::new();
    let count = copy_into(transaction, table.copy, rows, &mut ids).await?;
    mark(transaction, table, ids).await?;
    Ok(count)
}

/// Notes that these instruments have bars, in the transaction that writes them: last, because two loaders wait for each other
/// here until the first one commits.
pub(super) async fn mark(
    transaction: &Transaction<'_>,
    table: &Statements,
    mut ids: Vec<i32>,
) -> Result<(), StoreError> {
    let Some(statement) = table.mark else { return Ok(()) };
    ids.sort_unstable();
    ids.dedup();
    transaction.execute(statement, &[&ids]).await.during("noting which instruments have bars").map(|_| ())
}

/// Copies bars and gathers their instruments, each run of one once.
async fn copy_into(
    transaction: &Transaction<'_>,
    statement: &str,
    rows: impl Iterator<Item = BarRow>,
    ids: &mut Vec<i32>,
) -> Result<u64, StoreError> {
    let mut copy = CopyIn::start(transaction, statement, "copying bars").await?;
    for (instrument_id, at, bar) in rows {
        if ids.last() != Some(&instrument_id) {
            ids.push(instrument_id);
        }
        copy.row(9).await?;
        copy.int(instrument_id);
        match at {
            At::Day(day) => copy.day(day),
            At::Instant(instant) => copy.bigint(Some(instant)),
        }
        copy.float(bar.open);
        copy.float(bar.high);
        copy.float(bar.low);
        copy.float(bar.close);
        copy.float(bar.volume);
        copy.float(bar.vwap.unwrap_or(f64::NAN));
        copy.bigint(bar.trade_count);
    }
    copy.finish().await
}

/// Makes the bars of `days` equal to `rows`, touching only what differs: new bars are added, different ones updated, bars
/// that are gone removed; what was replaced goes to `bar_revisions`, what changed to `change_log`. With `only`, the
/// days' other instruments are left alone. A null vwap or trade count in `rows` does not erase one that is there.
///
/// `known_before` lists the days whose whole market was loaded before: a bar added there was not known at that time, so
/// it leaves a revision too.
pub async fn replace(
    transaction: &Transaction<'_>,
    table: &Statements,
    days: &[NaiveDate],
    known_before: &[NaiveDate],
    only: Option<&[i32]>,
    rows: impl Iterator<Item = BarRow>,
) -> Result<Replaced, StoreError> {
    let action = "replacing bars";
    let days = ascending(days);
    transaction.batch_execute(table.stage).await.during(action)?;
    let mut ids = Vec::new();
    copy_into(transaction, table.stage_copy, rows, &mut ids).await?;
    transaction.batch_execute("ANALYZE staged_bars").await.during(action)?;
    transaction.execute(table.stage_changes, &[&days, &only]).await.during(action)?;
    transaction.batch_execute("ANALYZE staged_changes").await.during(action)?;
    transaction.execute(table.revisions_append, &[&days, &known_before]).await.during(action)?;
    let removed = transaction.execute(table.remove, &[&days]).await.during(action)?;
    let changed = transaction.execute(table.update, &[&days]).await.during(action)?;
    let added = transaction.execute(table.add, &[]).await.during(action)?;
    transaction.execute(table.log_changes, &[]).await.during(action)?;
    transaction.batch_execute("DROP TABLE staged_bars; DROP TABLE staged_changes").await.during(action)?;
    mark(transaction, table, ids).await?;
    Ok(Replaced { added, changed, removed })
}

fn ascending(days: &[NaiveDate]) -> Vec<NaiveDate> {
    let mut days = days.to_vec();
    days.sort_unstable();
    days
}
