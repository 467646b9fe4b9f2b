//! Stored scans: what was asked, what was counted, and the answer. The oldest go as new ones come.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use tokio_postgres::types::Type;
use tokio_postgres::{GenericClient, Transaction};

use super::error::{During, StoreError};

/// How many runs are kept unless a setting says otherwise.
pub const KEPT: u32 = 1_000;

/// The fewest that can be kept: a comparison needs two.
pub const LEAST_KEPT: u32 = 2;

/// The byte of an instrument that is listed.
const LISTED: u8 = 1;

/// A finished run, to be stored.
#[derive(Debug)]
pub struct Run<'a> {
    /// `full` or `incremental`.
    pub mode: &'a str,
    /// Profile of the scan.
    pub profile: &'a str,
    /// Session that was ranked.
    pub session_date: NaiveDate,
    /// Digest of what the profile means.
    pub profile_digest: &'a str,
    /// Digest of the definitions.
    pub definitions: &'a str,
    /// What the run saw.
    pub snapshot: &'a str,
    /// Instruments at every stage.
    pub counts: Value,
    /// Seconds by stage.
    pub timings: Value,
    /// Listed rows, best first.
    pub rows: Value,
    /// A byte an instrument, at the place of its id.
    pub fates: Vec<u8>,
    /// What the profile asked.
    pub asked: Value,
    /// Values of the order's keys, a list a row.
    pub order_keys: Value,
    /// A byte an instrument, at the place of its id: the number of the first condition that it did not meet.
    pub unmet: Vec<u8>,
    /// Values of the columns that the conditions read, by instrument.
    pub read: Value,
}

/// A run as it is stored. What runs of older versions do not have is none.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its number.
    pub run_id: i64,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// `full` or `incremental`.
    pub mode: String,
    /// Profile of the scan.
    pub profile: String,
    /// Session that was ranked.
    pub session_date: NaiveDate,
    /// Digest of the definitions of signals.
    pub definitions: String,
    /// Instruments at every stage.
    pub counts: Value,
    /// Listed rows, best first.
    pub rows: Value,
    /// Digest of what the profile means.
    pub profile_digest: Option<String>,
    /// What the run saw.
    pub snapshot: Option<String>,
    /// Seconds by stage.
    pub timings: Option<Value>,
    /// A byte an instrument, at the place of its id: its fate's code and 1; 0 had no bars.
    pub fates: Option<Vec<u8>>,
    /// What the profile asked.
    pub asked: Option<Value>,
    /// Values of the order's keys, a list a row.
    pub order_keys: Option<Value>,
    /// A byte an instrument, at the place of its id: the number of the first condition that it did not meet, from 1.
    pub unmet: Option<Vec<u8>>,
    /// Values of the columns that the conditions read, by instrument: of its rows, and of what the run before listed and it does not.
    pub read: Option<Value>,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its number.
    pub run_id: i64,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// `full` or `incremental`.
    pub mode: String,
    /// Profile of the scan.
    pub profile: String,
    /// Session that was ranked.
    pub session_date: NaiveDate,
    /// Whether the profile means something else than in its next older run; none where that is not known.
    pub edited: Option<bool>,
    /// Instruments that had bars.
    pub instruments: Option<i64>,
    /// Those of them that were ranked.
    pub ranked: Option<i64>,
    /// Those of them that were listed.
    pub listed: Option<i64>,
    /// Seconds without those of storing.
    pub seconds: Option<f64>,
}

/// Which runs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// How many.
    pub count: i64,
    /// The oldest and the latest; none where there is none.
    pub range: Option<(i64, i64)>,
}

/// Stores a run, forgets all but the latest `kept` (itself counted), and gives its number.
pub async fn store(transaction: &Transaction<'_>, run: &Run<'_>, kept: u32) -> Result<i64, StoreError> {
    let kept = i64::from(kept.max(LEAST_KEPT));
    let row = transaction
        .query_one(
            include_str!("../../sql/scan_run_store.sql"),
            &[
                &run.mode,
                &run.profile,
                &run.session_date,
                &run.definitions,
                &run.counts,
                &run.rows,
                &run.profile_digest,
                &run.snapshot,
                &run.timings,
                &run.fates,
                &kept,
                &run.asked,
                &run.order_keys,
                &run.unmet,
                &run.read,
            ],
        )
        .await
        .during("storing the run")?;
    Ok(row.get(0))
}

/// The run of this number; none if it is not there.
pub async fn read(client: &impl GenericClient, run_id: i64) -> Result<Option<Stored>, StoreError> {
    let row = client
        .query_opt(include_str!("../../sql/scan_run_read.sql"), &[&run_id])
        .await
        .during("reading a run")?;
    Ok(row.map(|row| Stored {
        run_id: row.get(0),
        finished_at: row.get(1),
        mode: row.get(2),
        profile: row.get(3),
        session_date: row.get(4),
        definitions: row.get(5),
        counts: row.get(6),
        rows: row.get(7),
        profile_digest: row.get(8),
        snapshot: row.get(9),
        timings: row.get(10),
        fates: row.get(11),
        asked: row.get(12),
        order_keys: row.get(13),
        unmet: row.get(14),
        read: row.get(15),
    }))
}

/// The latest `limit` runs of `profile`, or of all, newest first.
pub async fn list(
    client: &impl GenericClient,
    profile: Option<&str>,
    limit: i64,
) -> Result<Vec<Line>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/scan_runs_list.sql"), &[&profile, &limit])
        .await
        .during("listing the runs")?;
    Ok(rows
        .into_iter()
        .map(|row| Line {
            run_id: row.get(0),
            finished_at: row.get(1),
            mode: row.get(2),
            profile: row.get(3),
            session_date: row.get(4),
            edited: row.get(5),
            instruments: row.get(6),
            ranked: row.get(7),
            listed: row.get(8),
            seconds: row.get(9),
        })
        .collect())
}

/// The number of the latest run of `profile`, or of any.
pub async fn latest(client: &impl GenericClient, profile: Option<&str>) -> Result<Option<i64>, StoreError> {
    let row = client
        .query_opt(include_str!("../../sql/scan_runs_latest.sql"), &[&profile])
        .await
        .during("looking for the latest run")?;
    Ok(row.map(|row| row.get(0)))
}

/// The number of the run before this one, of the same profile.
pub async fn before(client: &impl GenericClient, run_id: i64) -> Result<Option<i64>, StoreError> {
    let row = client
        .query_opt(include_str!("../../sql/scan_runs_before.sql"), &[&run_id])
        .await
        .during("looking for the run before")?;
    Ok(row.map(|row| row.get(0)))
}

/// The instruments that the latest run of `profile` listed, ascending; none if there is none, or if it did not store them.
pub async fn listed_last(client: &impl GenericClient, profile: &str) -> Result<Vec<i32>, StoreError> {
    let row = client
        .query_typed_opt(include_str!("../../sql/scan_run_fates.sql"), &[(&profile, Type::TEXT)])
        .await
        .during("reading the run before")?;
    let fates: Option<Vec<u8>> = row.and_then(|row| row.get(0));
    let listed = |(id, byte): (i32, u8)| (byte == LISTED).then_some(id);
    Ok((0..).zip(fates.unwrap_or_default()).filter_map(listed).collect())
}

/// Which runs are kept.
pub async fn kept(client: &impl GenericClient) -> Result<Kept, StoreError> {
    let row = client
        .query_one(include_str!("../../sql/scan_runs_kept.sql"), &[])
        .await
        .during("counting the runs")?;
    let (oldest, latest): (Option<i64>, Option<i64>) = (row.get(1), row.get(2));
    Ok(Kept { count: row.get(0), range: oldest.zip(latest) })
}
