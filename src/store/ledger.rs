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

/// The last session that holds the whole market, or the tickers of `selection`; none where none does.
pub async fn last(
    client: &impl GenericClient,
    timeframe: Timeframe,
    selection: &str,
) -> Result<Option<NaiveDate>, StoreError> {
    let row = client
        .query_one(include_str!("../../sql/loads_last.sql"), &[&timeframe.name(), &selection])
        .await
        .during("reading the ledger")?;
    Ok(row.get(0))
}

/// Writes loads, in the transaction that writes their bars.
pub async fn append<'a>(
    transaction: &Transaction<'_>,
    loads: impl IntoIterator<Item = &'a Load>,
) -> Result<(), StoreError> {
    let loads: Vec<&Load> = loads.into_iter().collect();
    let timeframes: Vec<&str> = loads.iter().map(|load| load.timeframe.name()).collect();
    let sessions: Vec<NaiveDate> = loads.iter().map(|load| load.session_date).collect();
    let sources: Vec<&str> = loads.iter().map(|load| load.source).collect();
    let origins: Vec<&str> = loads.iter().map(|load| load.origin.as_str()).collect();
    let selections: Vec<&str> = loads.iter().map(|load| load.selection.as_str()).collect();
    let etags: Vec<Option<&str>> = loads.iter().map(|load| load.etag.as_deref()).collect();
    let digests: Vec<&[u8]> = loads.iter().map(|load| load.digest.as_slice()).collect();
    let bars: Vec<i32> = loads.iter().map(|load| load.bars as i32).collect();
    let set_aside: Vec<i32> = loads.iter().map(|load| load.set_aside as i32).collect();
    transaction
        .execute(
            include_str!("../../sql/loads_append.sql"),
            &[&timeframes, &sessions, &sources, &origins, &selections, &etags, &digests, &bars, &set_aside],
        )
        .await
        .during("writing the ledger")
        .map(|_| ())
}
