//! How far each kind of statement is loaded from the vendor's API, so that a load goes on where the last one stopped.

use chrono::NaiveDate;
use tokio_postgres::{GenericClient, Transaction};

use super::Kind;
use crate::store::error::{During, StoreError};

/// What the database knows of the loads of one kind.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Everything filed up to this day was loaded; none until a load has come to its end.
    pub filed_through: Option<NaiveDate>,
    /// The load under way, or broken off.
    pub run: Option<Run>,
}

/// A load that has not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// First filing date asked for; none for everything.
    pub since: Option<NaiveDate>,
    /// The day on which it began.
    pub began: NaiveDate,
    /// All periods that end before this day are in.
    pub reached: Option<NaiveDate>,
    /// Latest filing date seen.
    pub filed: Option<NaiveDate>,
}

impl Progress {
    /// Reads the progress of `kind`.
    pub async fn read(client: &impl GenericClient, kind: Kind) -> Result<Self, StoreError> {
        let row = client
            .query_opt(include_str!("../../../sql/statement_loads_read.sql"), &[&kind.name()])
            .await
            .during("reading how far statements are loaded")?;
        Ok(row.map_or_else(Self::default, |row| Self {
            filed_through: row.get(0),
            run: row.get::<_, Option<NaiveDate>>(2).map(|began| Run {
                since: row.get(1),
                began,
                reached: row.get(3),
                filed: row.get(4),
            }),
        }))
    }

    /// Stores the progress of `kind`, in the transaction that stores its statements.
    pub async fn store(self, transaction: &Transaction<'_>, kind: Kind) -> Result<(), StoreError> {
        let run = self.run;
        transaction
            .execute(
                include_str!("../../../sql/statement_loads_store.sql"),
                &[
                    &kind.name(),
                    &self.filed_through,
                    &run.and_then(|run| run.since),
                    &run.map(|run| run.began),
                    &run.and_then(|run| run.reached),
                    &run.and_then(|run| run.filed),
                ],
            )
            .await
            .during("storing how far statements are loaded")
            .map(|_| ())
    }
}
