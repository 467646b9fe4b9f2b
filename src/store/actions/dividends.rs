//! Dividends into the store: several on one day are several payments, but none is stored twice.

use chrono::NaiveDate;
use tokio_postgres::{GenericClient, Transaction};

use super::{Answer, Outcome, Steps};
use crate::store::change_log::Topic;
use crate::store::copy_in::CopyIn;
use crate::store::day_of;
use crate::store::error::StoreError;

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

const STEPS: Steps = Steps {
    action: "storing dividends",
    topic: Topic::Dividends,
    stage: include_str!("../../../sql/dividends_stage.sql"),
    copy: include_str!("../../../sql/dividends_copy.sql"),
    analyze: "ANALYZE staged_dividends",
    settle: include_str!("../../../sql/dividends_settle.sql"),
    moved: include_str!("../../../sql/dividends_moved.sql"),
    withdraw: include_str!("../../../sql/dividends_withdraw.sql"),
    write: include_str!("../../../sql/dividends_write.sql"),
    identify: include_str!("../../../sql/dividends_identify.sql"),
    fates: include_str!("../../../sql/dividends_fates.sql"),
};

/// Makes room for dividends on this connection, and forgets what was staged before.
pub async fn stage_dividends(client: &impl GenericClient) -> Result<(), StoreError> {
    STEPS.stage(client).await
}

/// Stages dividends, and the vendor's keys of records that cannot be used: what is stored of them is not withdrawn.
pub async fn copy_dividends(
    transaction: &Transaction<'_>,
    rows: &[DividendRow],
    unusable: &[String],
) -> Result<(), StoreError> {
    let mut copy = CopyIn::start(transaction, STEPS.copy, STEPS.action).await?;
    for row in rows {
        copy.row(5).await?;
        copy.int(row.instrument_id);
        copy.day(day_of(row.ex_date));
        copy.text(&row.kind);
        copy.float(row.cash_amount);
        match &row.vendor_id {
            Some(id) => copy.text(id),
            None => copy.null(),
        }
    }
    for id in unusable {
        copy.row(5).await?;
        (0..4).for_each(|_| copy.null());
        copy.text(id);
    }
    copy.finish().await.map(|_| ())
}

/// Settles the staged dividends among themselves and against the stored ones, writes what differs, and logs it.
pub async fn settle_dividends(transaction: &Transaction<'_>, answer: Answer) -> Result<Outcome, StoreError> {
    STEPS.begin(transaction, answer).await?;
    STEPS.run(transaction, include_str!("../../../sql/dividends_retold.sql"), &[]).await?;
    STEPS.end(transaction).await
}

/// Stages and settles `rows`. Gives how many were new.
pub async fn upsert_dividends(
    transaction: &Transaction<'_>,
    rows: &[DividendRow],
) -> Result<u64, StoreError> {
    stage_dividends(transaction).await?;
    copy_dividends(transaction, rows, &[]).await?;
    Ok(settle_dividends(transaction, Answer::Part).await?.written)
}
