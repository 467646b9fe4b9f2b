//! What scans keep: the latest signals of every instrument. A test holds the columns and the catalogue in step.

use tokio_postgres::Transaction;

use super::copy_in::CopyIn;
use super::error::{During, StoreError};
use super::{date_of, day_of};

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
