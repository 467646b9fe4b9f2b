//! Minute bars: the table's statements, for the way in that daily bars take too, and reading one instrument's back.

use chrono::NaiveDate;
use tokio_postgres::Transaction;

use super::bar_table::{At, BarRow, Statements};
use super::copy_out::{self, Literal};
use super::error::StoreError;
use crate::domain::bar::{DayBar, MinuteBar};

/// The table `bars_minute`.
pub static TABLE: Statements = Statements {
    open_chunks: include_str!("../../sql/minutes_open_chunks.sql"),
    open_chunks_undo: include_str!("../../sql/minutes_open_chunks_undo.sql"),
    copy: include_str!("../../sql/minutes_copy.sql"),
    stage: include_str!("../../sql/minutes_stage.sql"),
    stage_copy: include_str!("../../sql/minutes_stage_copy.sql"),
    stage_changes: include_str!("../../sql/minutes_stage_changes.sql"),
    revisions_append: include_str!("../../sql/minutes_revisions_append.sql"),
    remove: include_str!("../../sql/minutes_remove.sql"),
    update: include_str!("../../sql/minutes_update.sql"),
    add: include_str!("../../sql/minutes_add.sql"),
    log_changes: include_str!("../../sql/minutes_log_changes.sql"),
    mark: None,
};

/// Minutes from 1970 to 2000, where Postgres' instants begin.
const POSTGRES_EPOCH: i64 = 15_778_080;

const MICROSECONDS: i64 = 60_000_000;

/// A minute bar with its key, as the table's way in takes it.
pub fn row(instrument_id: i32, bar: &MinuteBar) -> BarRow {
    let instant = (i64::from(bar.minute) - POSTGRES_EPOCH) * MICROSECONDS;
    (instrument_id, At::Instant(instant), bar.bar())
}

/// The minute bars of one instrument in the sessions from `from` to `to`, both included (days in New York), ascending.
pub async fn read(
    transaction: &Transaction<'_>,
    instrument_id: i32,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<MinuteBar>, StoreError> {
    let mut bars = Vec::new();
    let values = [Literal::Int(instrument_id), Literal::Date(from), Literal::Date(to)];
    let statement = include_str!("../../sql/minutes_read.sql");
    copy_out::rows(transaction, statement, &values, "reading minute bars", |fields| {
        let minute = (fields.instant()? / MICROSECONDS + POSTGRES_EPOCH) as i32;
        let mut price = || fields.float();
        let [open, high, low, close, volume, vwap] =
            [price()?, price()?, price()?, price()?, price()?, price()?];
        let vwap = Some(vwap).filter(|vwap| !vwap.is_nan());
        let bar = DayBar { open, high, low, close, volume, vwap, trade_count: fields.bigint()? };
        bars.push(MinuteBar::new(minute, &bar).ok_or(StoreError::BrokenCopy)?);
        Ok(())
    })
    .await?;
    Ok(bars)
}
