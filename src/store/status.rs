//! What is in the database, for people to see.

use chrono::NaiveDate;
use tokio_postgres::GenericClient;

use super::error::{During, StoreError};

/// Counts of the tables.
#[derive(Debug, Clone)]
pub struct Status {
    /// Version of TimescaleDB.
    pub timescale: String,
    /// `apache` or `timescale` (community).
    pub edition: String,
    /// Sessions in the ledger, ascending.
    pub loaded: Vec<NaiveDate>,
    /// Bars of the latest load of each session, by the ledger.
    pub bars: u64,
    /// Instruments.
    pub instruments: u64,
    /// Splits.
    pub splits: u64,
    /// Dividends.
    pub dividends: u64,
    /// Share counts.
    pub shares: u64,
    /// Bars that were replaced, removed or added later.
    pub revisions: u64,
}

/// Reads the counts.
pub async fn read(client: &impl GenericClient) -> Result<Status, StoreError> {
    let action = "reading the status";
    let row = client.query_one(include_str!("../../sql/status.sql"), &[]).await.during(action)?;
    let sessions = client.query(include_str!("../../sql/status_sessions.sql"), &[]).await.during(action)?;
    let count = |at: usize| row.get::<_, i64>(at) as u64;
    Ok(Status {
        timescale: row.get(0),
        edition: row.get(1),
        loaded: sessions.iter().map(|session| session.get(0)).collect(),
        bars: sessions.iter().map(|session| session.get::<_, i32>(1) as u64).sum(),
        instruments: count(2),
        splits: count(3),
        dividends: count(4),
        shares: count(5),
        revisions: count(6),
    })
}
