//! Splits into the store, each once: exact repeats, contradictions, and one split that is announced for two days.

use chrono::NaiveDate;
use tokio_postgres::{GenericClient, Transaction};

use super::{Answer, Outcome, Steps};
use crate::domain::calendar::nyse;
use crate::domain::twin_splits::{self, Announcement, Prices};
use crate::store::change_log::Topic;
use crate::store::copy_in::CopyIn;
use crate::store::day_of;
use crate::store::error::{During, StoreError};

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

const STEPS: Steps = Steps {
    action: "storing splits",
    topic: Topic::Splits,
    stage: include_str!("../../../sql/splits_stage.sql"),
    copy: include_str!("../../../sql/splits_copy.sql"),
    analyze: "ANALYZE staged_splits",
    settle: include_str!("../../../sql/splits_settle.sql"),
    moved: include_str!("../../../sql/splits_moved.sql"),
    withdraw: include_str!("../../../sql/splits_withdraw.sql"),
    write: include_str!("../../../sql/splits_write.sql"),
    identify: include_str!("../../../sql/splits_identify.sql"),
    fates: include_str!("../../../sql/splits_fates.sql"),
};

/// Days within which [`twin_splits::APART`] sessions lie, however many holidays.
const DAYS_APART: i32 = 14;

/// Makes room for splits on this connection, and forgets what was staged before.
pub async fn stage_splits(client: &impl GenericClient) -> Result<(), StoreError> {
    STEPS.stage(client).await
}

/// Stages splits, and the vendor's keys of records that cannot be used: what is stored of them is not withdrawn.
pub async fn copy_splits(
    transaction: &Transaction<'_>,
    rows: &[SplitRow],
    unusable: &[String],
) -> Result<(), StoreError> {
    let mut copy = CopyIn::start(transaction, STEPS.copy, STEPS.action).await?;
    for row in rows {
        copy.row(5).await?;
        copy.int(row.instrument_id);
        copy.day(day_of(row.ex_date));
        copy.float(row.split_from);
        copy.float(row.split_to);
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

/// Settles the staged splits among themselves and against the stored ones, writes what differs, and logs it.
pub async fn settle_splits(transaction: &Transaction<'_>, answer: Answer) -> Result<Outcome, StoreError> {
    STEPS.begin(transaction, answer).await?;
    drop_twins(transaction).await?;
    STEPS.end(transaction).await
}

/// Stages and settles `rows`. Gives how many were new or different.
pub async fn upsert_splits(transaction: &Transaction<'_>, rows: &[SplitRow]) -> Result<u64, StoreError> {
    stage_splits(transaction).await?;
    copy_splits(transaction, rows, &[]).await?;
    Ok(settle_splits(transaction, Answer::Part).await?.written)
}

/// Drops, staged and stored, the announcements that repeat another day's split.
async fn drop_twins(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let rows = transaction
        .query(include_str!("../../../sql/splits_twins.sql"), &[&DAYS_APART])
        .await
        .during(STEPS.action)?;
    let twins: Vec<(i32, NaiveDate, Announcement)> = rows
        .iter()
        .filter_map(|row| {
            let day: NaiveDate = row.get(1);
            let bar = row.get::<_, Option<NaiveDate>>(4).and_then(|bar| nyse().number(bar));
            let prices = bar.zip(row.get::<_, Option<f64>>(7)).map(|(session, close_before)| Prices {
                session,
                close_before,
                open: row.get(5),
                close: row.get(6),
            });
            let ratio = row.get::<_, f64>(3) / row.get::<_, f64>(2);
            Some((row.get(0), day, Announcement { session: nyse().at_or_after(day)?, ratio, prices }))
        })
        .collect();
    let (mut ids, mut days, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    let one_split = |a: &(i32, NaiveDate, Announcement), b: &(i32, NaiveDate, Announcement)| {
        a.0 == b.0 && (a.2.ratio / b.2.ratio - 1.0).abs() < 1e-6
    };
    for group in twins.chunk_by(one_split) {
        let mut group = group.to_vec();
        // Rows come by ratio, which may differ in the last digits.
        group.sort_by_key(|(_, day, _)| *day);
        let announcements: Vec<Announcement> =
            group.iter().map(|(_, _, announcement)| *announcement).collect();
        for (at, split) in twin_splits::repeats(&announcements).into_iter().enumerate() {
            let Some(split) = split else { continue };
            ids.push(group[at].0);
            days.push(group[at].1);
            reasons.push(reason(announcements[split].session - announcements[at].session));
        }
    }
    transaction
        .execute(include_str!("../../../sql/splits_drop.sql"), &[&ids, &days, &reasons])
        .await
        .during(STEPS.action)
        .map(|_| ())
}

/// Why a split is dropped that is `sessions` before the one that stays.
fn reason(sessions: i32) -> String {
    let plural = if sessions.abs() == 1 { "" } else { "s" };
    match sessions {
        0 => "repeats a split of the same session".to_owned(),
        1.. => format!("repeats a split of {sessions} session{plural} later"),
        ..0 => format!("repeats a split of {} session{plural} earlier", -sessions),
    }
}
