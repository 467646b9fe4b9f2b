//! The list of stored scans.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use tokio_postgres::GenericClient;

use super::error::{During, StoreError};

/// A stored scan, without its rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// Order of the runs.
    pub run_id: i64,
    /// When it was stored.
    pub finished_at: DateTime<Utc>,
    /// `full` or `incremental`.
    pub mode: String,
    /// Name of its profile.
    pub profile: String,
    /// The session that was ranked.
    pub session: NaiveDate,
    /// Digest of the definitions of signals.
    pub definitions: String,
    /// Digest of what the profile means; none of runs of older versions.
    pub profile_digest: Option<String>,
    /// Instruments at every stage.
    pub counts: serde_json::Value,
    /// Seconds by stage; none of runs of older versions.
    pub timings: Option<serde_json::Value>,
    /// Rows that are stored.
    pub rows: i32,
}

/// The latest `limit` runs, newest first; only those of one profile where it is named.
pub async fn list(
    client: &impl GenericClient,
    limit: i64,
    profile: Option<&str>,
) -> Result<Vec<Listed>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/scan_run_list.sql"), &[&limit, &profile])
        .await
        .during("listing stored scans")?;
    let listed = |row: tokio_postgres::Row| Listed {
        run_id: row.get(0),
        finished_at: row.get(1),
        mode: row.get(2),
        profile: row.get(3),
        session: row.get(4),
        definitions: row.get(5),
        profile_digest: row.get(6),
        counts: row.get(7),
        timings: row.get(8),
        rows: row.get(9),
    };
    Ok(rows.into_iter().map(listed).collect())
}
