//! The exchange's sessions in the database: the days that were announced, and the table that programs and analysts join with.

use chrono::{NaiveDate, Timelike};
use tokio_postgres::{GenericClient, Transaction};

use super::copy_in::CopyIn;
use super::error::{During, StoreError};
use super::{day_of, migrate};
use crate::domain::calendar::{Announced, Calendar, END_DAY, FIRST_DAY};

/// The announced days that depart from the calendar's rule, ascending.
pub async fn announced(client: &impl GenericClient) -> Result<Vec<Announced>, StoreError> {
    let rows = client
        .query_typed(include_str!("../../sql/announced_read.sql"), &[])
        .await
        .during("reading the announced days")?;
    Ok(rows
        .into_iter()
        .map(|row| Announced { date: row.get(0), close: row.get(1), name: row.get(2) })
        .collect())
}

/// Those of `days` that have bars, ascending.
pub async fn with_bars(
    client: &impl GenericClient,
    days: &[NaiveDate],
) -> Result<Vec<NaiveDate>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/announced_with_bars.sql"), &[&days])
        .await
        .during("looking for bars on announced days")?;
    Ok(rows.into_iter().map(|row| row.get(0)).collect())
}

/// Keeps the announced days `new`, forgets those of `withdrawn`, logs the instruments that have bars from the first of these
/// days on, and writes the table of sessions again. This process keeps its calendar; others have the new one from their start.
pub async fn change_announced(
    transaction: &Transaction<'_>,
    new: &[Announced],
    withdrawn: &[NaiveDate],
) -> Result<(), StoreError> {
    let action = "keeping announced days";
    let first = new.iter().map(|day| day.date).chain(withdrawn.iter().copied()).min();
    let Some(first) = first else { return Ok(()) };
    transaction
        .execute(include_str!("../../sql/announced_withdraw.sql"), &[&withdrawn])
        .await
        .during(action)?;
    let days: Vec<NaiveDate> = new.iter().map(|day| day.date).collect();
    let closes: Vec<Option<chrono::NaiveTime>> = new.iter().map(|day| day.close).collect();
    let names: Vec<&str> = new.iter().map(|day| day.name.as_str()).collect();
    transaction
        .execute(include_str!("../../sql/announced_upsert.sql"), &[&days, &closes, &names])
        .await
        .during(action)?;
    transaction
        .execute(include_str!("../../sql/sessions_log_changes.sql"), &[&first])
        .await
        .during(action)?;
    let announced = announced(transaction).await?;
    write(transaction, &announced).await
}

/// Writes the table of sessions, and the digest that says what it was written from.
pub(super) async fn write(transaction: &Transaction<'_>, announced: &[Announced]) -> Result<(), StoreError> {
    let action = "writing the calendar";
    let calendar = Calendar::with(announced);
    transaction.batch_execute("DELETE FROM sessions").await.during(action)?;
    let statement = "COPY sessions (session_date, early_close) FROM STDIN (FORMAT binary)";
    let mut copy = CopyIn::start(transaction, statement, action).await?;
    for day in calendar.sessions(FIRST_DAY, END_DAY) {
        copy.row(2).await?;
        copy.day(day_of(day));
        let close = calendar.early_close(day).map(|t| i64::from(t.num_seconds_from_midnight()) * 1_000_000);
        copy.bigint(close);
    }
    copy.finish().await?;
    let digest = migrate::applied_digest(announced);
    transaction
        .execute(include_str!("../../sql/schema_applied.sql"), &[&digest])
        .await
        .during(action)
        .map(|_| ())
}
