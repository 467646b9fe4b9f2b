//! What is in the database, for people to see.

use chrono::{DateTime, NaiveDate, Utc};
use tokio_postgres::GenericClient;

use super::error::{During, StoreError};
use super::ledger::Timeframe;

/// Counts of the tables.
#[derive(Debug, Clone)]
pub struct Status {
    /// Version of TimescaleDB.
    pub timescale: String,
    /// `apache` or `timescale` (community).
    pub edition: String,
    /// What the ledger has of daily bars.
    pub days: Loaded,
    /// What the ledger has of minute bars.
    pub minutes: Loaded,
    /// Instruments that have bars.
    pub instruments: u64,
    /// What is known of them.
    pub reference: Reference,
    /// Splits.
    pub splits: u64,
    /// Dividends.
    pub dividends: u64,
    /// Share counts.
    pub shares: u64,
    /// Bars that were replaced, removed or added later.
    pub revisions: u64,
}

/// What the ledger has of a timeframe.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// Sessions, ascending.
    pub sessions: Vec<NaiveDate>,
    /// Bars of the latest load of each session.
    pub bars: u64,
}

impl Loaded {
    async fn read(client: &impl GenericClient, timeframe: Timeframe) -> Result<Self, StoreError> {
        let rows = client
            .query(include_str!("../../sql/status_sessions.sql"), &[&timeframe.name()])
            .await
            .during("reading the status")?;
        Ok(Self {
            sessions: rows.iter().map(|row| row.get(0)).collect(),
            bars: rows.iter().map(|row| row.get::<_, i32>(1) as u64).sum(),
        })
    }
}

/// Counts of reference data.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Instruments with bars that the vendor's list knows.
    pub listed: u64,
    /// Instruments with bars that have a type.
    pub with_type: u64,
    /// Instruments with bars that have a sector.
    pub with_sector: u64,
    /// Instruments of the list that have no bars.
    pub without_bars: u64,
    /// Instruments that turned out to be others.
    pub merged: u64,
    /// Days that the exchange announced and that depart from the calendar's rule.
    pub announced_days: u64,
    /// When a list was last applied.
    pub loaded_at: Option<DateTime<Utc>>,
}

/// Reads the counts.
pub async fn read(client: &impl GenericClient) -> Result<Status, StoreError> {
    let action = "reading the status";
    let row = client.query_one(include_str!("../../sql/status.sql"), &[]).await.during(action)?;
    let reference =
        client.query_one(include_str!("../../sql/status_reference.sql"), &[]).await.during(action)?;
    let known = |at: usize| reference.get::<_, i64>(at) as u64;
    let count = |at: usize| row.get::<_, i64>(at) as u64;
    Ok(Status {
        timescale: row.get(0),
        edition: row.get(1),
        days: Loaded::read(client, Timeframe::Day).await?,
        minutes: Loaded::read(client, Timeframe::Minute).await?,
        instruments: count(2),
        reference: Reference {
            listed: known(0),
            with_type: known(1),
            with_sector: known(2),
            without_bars: known(3),
            merged: known(4),
            announced_days: known(5),
            loaded_at: reference.get(6),
        },
        splits: count(3),
        dividends: count(4),
        shares: count(5),
        revisions: count(6),
    })
}
