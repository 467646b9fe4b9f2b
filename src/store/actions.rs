//! Splits, dividends and share counts: in by upserts that touch only what differs, out as the arithmetic reads them.

use std::collections::HashMap;

use chrono::NaiveDate;
use tokio_postgres::types::ToSql;
use tokio_postgres::{GenericClient, Row, Transaction};

use super::change_log::{self, Change, Topic};
use super::error::{During, StoreError};
use crate::domain::calendar::nyse;
use crate::domain::history::{Dividend, SharesReport, Split};

/// A split to store: `split_to` new shares for `split_from` old ones from `ex_date` on.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitRow {
    /// The instrument.
    pub instrument_id: i32,
    /// First day on the new basis.
    pub ex_date: NaiveDate,
    /// Old shares.
    pub split_from: f64,
    /// New shares.
    pub split_to: f64,
    /// Vendor's key: a record that comes again with another day replaces the old one.
    pub vendor_id: Option<String>,
}

/// A cash dividend to store, in USD a share.
#[derive(Debug, Clone, PartialEq)]
pub struct DividendRow {
    /// The instrument.
    pub instrument_id: i32,
    /// First day without the payment.
    pub ex_date: NaiveDate,
    /// Vendor's type, may be empty.
    pub kind: String,
    /// USD a share.
    pub cash_amount: f64,
    /// Vendor's key: a record that comes again with another day or amount replaces the old one.
    pub vendor_id: Option<String>,
}

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

/// Stores splits and logs the instruments whose splits changed. Gives how many were new or different.
pub async fn upsert_splits(transaction: &Transaction<'_>, rows: &[SplitRow]) -> Result<u64, StoreError> {
    let action = "storing splits";
    let ids: Vec<i32> = rows.iter().map(|row| row.instrument_id).collect();
    let dates: Vec<NaiveDate> = rows.iter().map(|row| row.ex_date).collect();
    let old: Vec<f64> = rows.iter().map(|row| row.split_from).collect();
    let new: Vec<f64> = rows.iter().map(|row| row.split_to).collect();
    let keys: Vec<Option<&str>> = rows.iter().map(|row| row.vendor_id.as_deref()).collect();
    let withdrawn = transaction
        .query(include_str!("../../sql/splits_withdraw.sql"), &[&ids, &dates, &keys])
        .await
        .during(action)?;
    let changed = transaction
        .query(include_str!("../../sql/splits_upsert.sql"), &[&ids, &dates, &old, &new, &keys])
        .await
        .during(action)?;
    log(transaction, Topic::Splits, &withdrawn, &changed).await
}

/// Stores dividends and logs the instruments whose dividends changed. Gives how many were new.
pub async fn upsert_dividends(
    transaction: &Transaction<'_>,
    rows: &[DividendRow],
) -> Result<u64, StoreError> {
    let action = "storing dividends";
    let ids: Vec<i32> = rows.iter().map(|row| row.instrument_id).collect();
    let dates: Vec<NaiveDate> = rows.iter().map(|row| row.ex_date).collect();
    let kinds: Vec<&str> = rows.iter().map(|row| row.kind.as_str()).collect();
    let amounts: Vec<f64> = rows.iter().map(|row| row.cash_amount).collect();
    let keys: Vec<Option<&str>> = rows.iter().map(|row| row.vendor_id.as_deref()).collect();
    let values: [&(dyn ToSql + Sync); 5] = [&ids, &dates, &kinds, &amounts, &keys];
    let withdrawn =
        transaction.query(include_str!("../../sql/dividends_withdraw.sql"), &values).await.during(action)?;
    let changed =
        transaction.query(include_str!("../../sql/dividends_upsert.sql"), &values).await.during(action)?;
    log(transaction, Topic::Dividends, &withdrawn, &changed).await
}

/// Stores share counts and logs the instruments whose counts changed. Gives how many were new or different.
pub async fn upsert_shares(transaction: &Transaction<'_>, rows: &[SharesRow]) -> Result<u64, StoreError> {
    let action = "storing shares outstanding";
    let ids: Vec<i32> = rows.iter().map(|row| row.instrument_id).collect();
    let filed: Vec<NaiveDate> = rows.iter().map(|row| row.filing_date).collect();
    let ends: Vec<NaiveDate> = rows.iter().map(|row| row.period_end).collect();
    let shares: Vec<f64> = rows.iter().map(|row| row.shares).collect();
    let changed = transaction
        .query(include_str!("../../sql/shares_upsert.sql"), &[&ids, &filed, &ends, &shares])
        .await
        .during(action)?;
    log(transaction, Topic::Shares, &[], &changed).await
}

/// Logs the rows that were withdrawn and written: instrument and first day; an action counts from then to the end. Gives how
/// many were written.
async fn log(
    transaction: &Transaction<'_>,
    topic: Topic,
    withdrawn: &[Row],
    written: &[Row],
) -> Result<u64, StoreError> {
    let mut first: HashMap<i32, NaiveDate> = HashMap::new();
    for row in withdrawn.iter().chain(written) {
        let day: NaiveDate = row.get(1);
        first.entry(row.get(0)).and_modify(|at| *at = (*at).min(day)).or_insert(day);
    }
    let mut changes: Vec<Change> = first
        .into_iter()
        .map(|(instrument_id, from)| Change { instrument_id, from, through: None })
        .collect();
    changes.sort_unstable_by_key(|change| change.instrument_id);
    change_log::append(transaction, topic, &changes).await?;
    Ok(written.len() as u64)
}

/// The actions of many instruments, each list ascending.
#[derive(Debug, Default)]
pub struct Actions {
    splits: HashMap<i32, Vec<Split>>,
    dividends: HashMap<i32, Vec<Dividend>>,
    shares: HashMap<i32, Vec<SharesReport>>,
}

impl Actions {
    /// Reads the splits, dividends and share counts of the instruments `only`, or of all. What lies outside of the
    /// calendar takes no effect.
    pub async fn read(client: &impl GenericClient, only: Option<&[i32]>) -> Result<Self, StoreError> {
        let mut actions = Self { splits: read_splits(client, only).await?, ..Self::default() };
        let rows = client
            .query(include_str!("../../sql/dividends_read.sql"), &[&only])
            .await
            .during("reading dividends")?;
        for row in rows {
            if let Some(session) = nyse().at_or_after(row.get(1)) {
                actions.dividends.entry(row.get(0)).or_default().push(Dividend { session, cash: row.get(2) });
            }
        }
        let rows = client
            .query(include_str!("../../sql/shares_read.sql"), &[&only])
            .await
            .during("reading shares outstanding")?;
        for row in rows {
            let filed: NaiveDate = row.get(1);
            // Usable from the session after the filing date; on the basis of the last session up to it.
            if let Some((basis, next)) =
                nyse().at_or_before(filed).zip(nyse().at_or_after(filed + chrono::Days::new(1)))
            {
                actions.shares.entry(row.get(0)).or_default().push(SharesReport {
                    usable_from: next,
                    filed: basis,
                    shares: row.get(2),
                });
            }
        }
        Ok(actions)
    }

    /// Splits of an instrument, ascending.
    pub fn splits(&self, id: i32) -> &[Split] {
        self.splits.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Dividends of an instrument, ascending.
    pub fn dividends(&self, id: i32) -> &[Dividend] {
        self.dividends.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Share counts of an instrument, ascending by first usable session.
    pub fn shares(&self, id: i32) -> &[SharesReport] {
        self.shares.get(&id).map_or(&[], Vec::as_slice)
    }
}

/// The splits of the instruments `only`, or of all, each list ascending.
pub async fn read_splits(
    client: &impl GenericClient,
    only: Option<&[i32]>,
) -> Result<HashMap<i32, Vec<Split>>, StoreError> {
    let rows =
        client.query(include_str!("../../sql/splits_read.sql"), &[&only]).await.during("reading splits")?;
    let mut splits: HashMap<i32, Vec<Split>> = HashMap::new();
    for row in rows {
        if let Some(session) = nyse().at_or_after(row.get(1)) {
            let ratio = row.get::<_, f64>(3) / row.get::<_, f64>(2);
            splits.entry(row.get(0)).or_default().push(Split { session, ratio });
        }
    }
    Ok(splits)
}
