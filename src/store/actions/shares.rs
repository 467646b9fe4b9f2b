//! Share counts that come from elsewhere than statements into the store.

use chrono::NaiveDate;
use tokio_postgres::Transaction;

use crate::store::change_log::{self, Change, Topic};
use crate::store::error::{During, StoreError};

/// A share count to store.
#[derive(Debug, Clone, PartialEq)]
pub struct SharesRow {
    /// The instrument.
    pub instrument_id: i32,
    /// Day of the filing.
    pub filing_date: NaiveDate,
    /// End of the period.
    pub period_end: NaiveDate,
    /// Shares outstanding.
    pub shares: f64,
}

/// Stores share counts and logs the instruments whose counts changed. Gives how many were new or different. Counts of
/// statements come with them ([`crate::store::statements`]), and go before these.
pub async fn upsert_shares(transaction: &Transaction<'_>, rows: &[SharesRow]) -> Result<u64, StoreError> {
    let ids: Vec<i32> = rows.iter().map(|row| row.instrument_id).collect();
    let filed: Vec<NaiveDate> = rows.iter().map(|row| row.filing_date).collect();
    let ends: Vec<NaiveDate> = rows.iter().map(|row| row.period_end).collect();
    let shares: Vec<f64> = rows.iter().map(|row| row.shares).collect();
    let written = transaction
        .query(include_str!("../../../sql/shares_upsert.sql"), &[&ids, &filed, &ends, &shares])
        .await
        .during("storing shares outstanding")?;
    let mut changes: Vec<Change> = written
        .iter()
        .map(|row| Change { instrument_id: row.get(0), from: row.get(1), through: None })
        .collect();
    changes.sort_unstable_by_key(|change| (change.instrument_id, change.from));
    changes.dedup_by_key(|change| change.instrument_id);
    change_log::append(transaction, Topic::Shares, &changes).await?;
    Ok(written.len() as u64)
}
