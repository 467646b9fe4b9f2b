//! What scans keep: the latest signals of every instrument, and the runs. A test holds the columns and the catalogue in step.

use chrono::NaiveDate;
use tokio_postgres::Transaction;

use super::copy_in::CopyIn;
use super::error::{During, StoreError};
use super::{copy_out, date_of, day_of, session_of};

/// Number of signal columns.
pub const WIDTH: usize = 33;

/// The signals of one instrument at its latest bar. Null is NaN.
#[derive(Debug, Clone, Copy)]
pub struct LatestSignals {
    /// The instrument.
    pub instrument_id: i32,
    /// Session number of its latest bar.
    pub session: i32,
    /// That bar as printed: open, high, low, close, volume.
    pub bar: [f64; 5],
    /// Signals in the order of the columns.
    pub values: [f64; WIDTH],
}

impl LatestSignals {
    /// Close of the latest bar, raw.
    pub fn close(&self) -> f64 {
        self.bar[3]
    }
}

/// Reads all kept rows, ascending by instrument.
pub async fn read(client: &Transaction<'_>) -> Result<Vec<LatestSignals>, StoreError> {
    let mut rows = Vec::new();
    copy_out::rows(
        client,
        include_str!("../../sql/signals_read.sql"),
        &[],
        "reading kept signals",
        |fields| {
            let mut row = LatestSignals {
                instrument_id: fields.int()?,
                session: session_of(fields.day()?)?,
                bar: [f64::NAN; 5],
                values: [f64::NAN; WIDTH],
            };
            for value in row.bar.iter_mut().chain(&mut row.values) {
                *value = fields.float()?;
            }
            rows.push(row);
            Ok(())
        },
    )
    .await?;
    rows.sort_unstable_by_key(|row| row.instrument_id);
    Ok(rows)
}

/// Replaces the rows of the instruments `changed`, or of all, by `rows`.
pub async fn replace<'a>(
    transaction: &Transaction<'_>,
    changed: Option<&[i32]>,
    rows: impl Iterator<Item = &'a LatestSignals>,
) -> Result<(), StoreError> {
    let action = "keeping signals";
    transaction.execute(include_str!("../../sql/signals_remove.sql"), &[&changed]).await.during(action)?;
    let mut copy = CopyIn::start(transaction, include_str!("../../sql/signals_copy.sql"), action).await?;
    for row in rows {
        copy.row(7 + WIDTH as i16).await?;
        copy.int(row.instrument_id);
        copy.day(day_of(date_of(row.session)));
        for value in row.bar.into_iter().chain(row.values) {
            copy.float(value);
        }
    }
    copy.finish().await.map(|_| ())
}

/// A finished run, to be stored.
#[derive(Debug)]
pub struct Run<'a> {
    /// `full` or `incremental`.
    pub mode: &'a str,
    /// Profile of the scan.
    pub profile: &'a str,
    /// Session that was ranked.
    pub session_date: NaiveDate,
    /// Digest of what the profile means.
    pub profile_digest: &'a str,
    /// Digest of the definitions.
    pub definitions: &'a str,
    /// What the run saw.
    pub snapshot: &'a str,
    /// Instruments at every stage.
    pub counts: serde_json::Value,
    /// Seconds by stage.
    pub timings: serde_json::Value,
    /// Listed rows, best first.
    pub rows: serde_json::Value,
    /// A byte an instrument, at the place of its id.
    pub fates: Vec<u8>,
}

/// Stores a run and gives its number.
pub async fn store_run(transaction: &Transaction<'_>, run: &Run<'_>) -> Result<i64, StoreError> {
    let row = transaction
        .query_one(
            include_str!("../../sql/scan_run_store.sql"),
            &[
                &run.mode,
                &run.profile,
                &run.session_date,
                &run.definitions,
                &run.counts,
                &run.rows,
                &run.profile_digest,
                &run.snapshot,
                &run.timings,
                &run.fates,
            ],
        )
        .await
        .during("storing the run")?;
    Ok(row.get(0))
}
