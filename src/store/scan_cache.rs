//! The scan's cache: a row an instrument, in a form that is the scan's own. It belongs to the scan's tidemark, beside which it is
//! stored in one transaction.

use chrono::{DateTime, NaiveDate, Utc};
use tokio_postgres::Transaction;

use super::copy_in::CopyIn;
use super::copy_out;
use super::error::{During, StoreError};

/// What all rows have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Session of the factors.
    pub session_date: NaiveDate,
    /// When a list of tickers had last been applied.
    pub reference: Option<DateTime<Utc>>,
}

/// Reads what all rows have in common; none before the first scan.
pub async fn head(transaction: &Transaction<'_>) -> Result<Option<Head>, StoreError> {
    let row = transaction
        .query_typed_opt(include_str!("../../sql/scan_cache_head.sql"), &[])
        .await
        .during("reading the scan's cache")?;
    Ok(row.map(|row| Head { session_date: row.get(0), reference: row.get(1) }))
}

/// Hands all rows to `take`, some dozens at a time: each is its instrument (four bytes, big-endian) and its bytes.
pub async fn read(transaction: &Transaction<'_>, mut take: impl FnMut(&[u8])) -> Result<(), StoreError> {
    let statement = include_str!("../../sql/scan_cache_read.sql");
    copy_out::rows(transaction, statement, &[], "reading the scan's cache", |fields| {
        take(fields.bytes()?);
        Ok(())
    })
    .await
    .map(|_| ())
}

/// Replaces the rows of the instruments `touched`, or of all, by `rows`, and what they have in common.
pub async fn replace(
    transaction: &Transaction<'_>,
    head: Head,
    touched: Option<&[i32]>,
    rows: impl Iterator<Item = (i32, Vec<u8>)>,
) -> Result<(), StoreError> {
    let action = "keeping the scan's cache";
    if touched.is_none_or(|touched| !touched.is_empty()) {
        let remove = include_str!("../../sql/scan_cache_remove.sql");
        transaction.execute(remove, &[&touched]).await.during(action)?;
        let copy = include_str!("../../sql/scan_cache_copy.sql");
        let mut copy = CopyIn::start(transaction, copy, action).await?;
        for (id, bytes) in rows {
            copy.row(2).await?;
            copy.int(id);
            copy.bytes(&bytes);
        }
        copy.finish().await?;
    }
    let store = include_str!("../../sql/scan_cache_head_store.sql");
    transaction.execute(store, &[&head.session_date, &head.reference]).await.during(action).map(|_| ())
}
