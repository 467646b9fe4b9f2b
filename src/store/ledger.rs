//! The ledger of loads: which session is loaded, from what, with which digest.

use std::collections::HashMap;

use chrono::NaiveDate;
use tokio_postgres::{GenericClient, Transaction};

use super::error::{During, StoreError};

/// Which bars of a session a load is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeframe {
    /// One bar an instrument and session.
    Day,
    /// One bar an instrument and minute with a trade.
    Minute,
}

impl Timeframe {
    /// Name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Minute => "minute",
        }
    }
}

/// One session as it was loaded.
#[derive(Debug, Clone)]
pub struct Load {
    /// Which bars.
    pub timeframe: Timeframe,
    /// The session.
    pub session_date: NaiveDate,
    /// `flatfiles`, `s3` or `rest`.
    pub source: &'static str,
    /// File, or path of the vendor's API.
    pub origin: String,
    /// Empty for the whole market, else the tickers asked for, comma-separated.
    pub selection: String,
    /// Vendor's ETag of a flat file; none for other sources.
    pub etag: Option<String>,
    /// SHA-256 of what was read.
    pub digest: [u8; 32],
    /// Bars that the source has.
    pub bars: usize,
    /// Rows that were not loaded.
    pub set_aside: usize,
}

/// What the ledger knows of a session.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Selection of the latest load.
    pub selection: String,
    /// Digest of the latest load.
    pub digest: Vec<u8>,
    /// Source of the latest load.
    pub source: String,
    /// ETag of the latest load, where its source has one.
    pub etag: Option<String>,
    /// Whether the whole market was ever loaded.
    pub whole: bool,
}

/// The entries of the sessions in `from` … `until` (half-open).
pub async fn entries(
    client: &impl GenericClient,
    timeframe: Timeframe,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<HashMap<NaiveDate, Entry>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/loads_latest.sql"), &[&timeframe.name(), &from, &until])
        .await
        .during("reading the ledger")?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let entry = Entry {
                selection: row.get(1),
                digest: row.get(2),
                source: row.get(3),
                etag: row.get(4),
                whole: row.get(5),
            };
            (row.get(0), entry)
        })
        .collect())
}

/// Writes loads, in the transaction that writes their bars.
pub async fn append(transaction: &Transaction<'_>, loads: &[Load]) -> Result<(), StoreError> {
    let action = "writing the ledger";
    let statement = transaction.prepare(include_str!("../../sql/loads_append.sql")).await.during(action)?;
    for load in loads {
        transaction
            .execute(
                &statement,
                &[
                    &load.timeframe.name(),
                    &load.session_date,
                    &load.source,
                    &load.origin,
                    &load.selection,
                    &load.etag,
                    &load.digest.as_slice(),
                    &(load.bars as i32),
                    &(load.set_aside as i32),
                ],
            )
            .await
            .during(action)?;
    }
    Ok(())
}
