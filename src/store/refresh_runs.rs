//! The ledger of refreshes, for whoever asks what the feature store did and how long it took.

use std::time::Duration;

use tokio_postgres::{GenericClient, Transaction};

use super::error::{During, StoreError};

/// What a finished refresh did.
#[derive(Debug, Default, Clone, Copy)]
pub struct Done {
    /// Instruments with something to compute.
    pub instruments: usize,
    /// Rows computed and compared.
    pub computed: u64,
    /// Rows that were not there.
    pub added: u64,
    /// Rows with another value.
    pub changed: u64,
    /// Rows whose bar is gone.
    pub removed: u64,
    /// Sessions whose cross-section was computed.
    pub sections: usize,
    /// Sessions whose moments differed.
    pub sections_changed: usize,
    /// Time spent reading.
    pub reading: Duration,
    /// Time spent in arithmetic.
    pub computing: Duration,
    /// Time spent writing rows and moments.
    pub writing: Duration,
}

/// Notes that a refresh begins, and why it computes what it computes. Gives its number.
pub async fn begin(client: &impl GenericClient, reason: &str) -> Result<i64, StoreError> {
    let row = client
        .query_one(include_str!("../../sql/refresh_run_begin.sql"), &[&reason])
        .await
        .during("noting the refresh")?;
    Ok(row.get(0))
}

/// Notes what refresh `run` did, in the transaction that stores its tidemark.
pub async fn end(transaction: &Transaction<'_>, run: i64, done: &Done) -> Result<(), StoreError> {
    let ms = |time: Duration| i32::try_from(time.as_millis()).unwrap_or(i32::MAX);
    transaction
        .execute(
            include_str!("../../sql/refresh_run_end.sql"),
            &[
                &run,
                &(done.instruments as i32),
                &(done.computed as i64),
                &(done.added as i64),
                &(done.changed as i64),
                &(done.removed as i64),
                &(done.sections as i32),
                &(done.sections_changed as i32),
                &ms(done.reading),
                &ms(done.computing),
                &ms(done.writing),
            ],
        )
        .await
        .during("noting the refresh")
        .map(|_| ())
}
