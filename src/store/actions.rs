//! Splits and dividends: gathered in staging, settled there by rule and against what is stored, and written where they differ;
//! out, with the share counts, as the arithmetic reads them. Any order of the records gives the same tables.

mod dividends;
mod shares;
mod splits;

pub use dividends::{DividendRow, copy_dividends, settle_dividends, stage_dividends, upsert_dividends};
pub use shares::{SharesRow, upsert_shares};
pub use splits::{SplitRow, copy_splits, settle_splits, stage_splits, upsert_splits};

use std::collections::HashMap;

use chrono::NaiveDate;
use tokio_postgres::types::ToSql;
use tokio_postgres::types::Type;
use tokio_postgres::{GenericClient, Row, Transaction};

use super::change_log::Topic;
use super::error::{During, StoreError};
use crate::domain::calendar::nyse;
use crate::domain::history::{Dividend, SharesReport, Split};

/// What a load of splits or dividends is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Some records: what else is stored stays.
    Part,
    /// All that the vendor has from a day on (none: from the earliest one it gave): stored records with a vendor's key that
    /// are not among them are withdrawn, unless there are none at all.
    Whole(Option<NaiveDate>),
}

/// What a load did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Records that are new or different.
    pub written: u64,
    /// Records that were there and equal.
    pub equal: u64,
    /// Records that repeat another one exactly.
    pub repeated: u64,
    /// Records that are not stored, by reason.
    pub set_aside: Vec<Counted>,
    /// Stored records that were removed, by reason.
    pub removed: Vec<Counted>,
}

/// How many there were of something, and the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Why.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// At most 3.
    pub examples: Vec<String>,
}

/// The statements of one kind of action.
struct Steps {
    action: &'static str,
    topic: Topic,
    stage: &'static str,
    copy: &'static str,
    analyze: &'static str,
    settle: &'static str,
    moved: &'static str,
    withdraw: &'static str,
    write: &'static str,
    identify: &'static str,
    fates: &'static str,
}

impl Steps {
    async fn stage(&self, client: &impl GenericClient) -> Result<(), StoreError> {
        client.batch_execute(self.stage).await.during(self.action)
    }

    async fn run(
        &self,
        transaction: &Transaction<'_>,
        statement: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<(), StoreError> {
        transaction.execute(statement, values).await.during(self.action).map(|_| ())
    }

    /// Settles what is staged among itself, and removes what the vendor moved or withdrew.
    async fn begin(&self, transaction: &Transaction<'_>, answer: Answer) -> Result<(), StoreError> {
        transaction.batch_execute(include_str!("../../sql/actions_changes.sql")).await.during(self.action)?;
        transaction.batch_execute(self.analyze).await.during(self.action)?;
        self.run(transaction, self.settle, &[]).await?;
        self.run(transaction, self.moved, &[]).await?;
        match answer {
            Answer::Part => Ok(()),
            Answer::Whole(since) => self.run(transaction, self.withdraw, &[&since]).await,
        }
    }

    /// Writes what is left, logs everything that was done, and says what.
    async fn end(&self, transaction: &Transaction<'_>) -> Result<Outcome, StoreError> {
        self.run(transaction, self.write, &[]).await?;
        self.run(transaction, self.identify, &[]).await?;
        self.run(transaction, include_str!("../../sql/actions_log.sql"), &[&self.topic.name()]).await?;
        let mut outcome = Outcome::default();
        let done = transaction
            .query(include_str!("../../sql/actions_changes_sum.sql"), &[])
            .await
            .during(self.action)?;
        for row in done {
            match row.get(0) {
                "written" => outcome.written = row.get::<_, i64>(1) as u64,
                reason => outcome.removed.push(counted(reason, &row)),
            }
        }
        for row in transaction.query(self.fates, &[]).await.during(self.action)? {
            let count = row.get::<_, i64>(1) as u64;
            match row.get(0) {
                None => outcome.equal = count - outcome.written,
                Some("repeated") => outcome.repeated = count,
                Some(reason) => outcome.set_aside.push(counted(reason, &row)),
            }
        }
        Ok(outcome)
    }
}

/// A row of reason, count and examples, in words.
fn counted(reason: &str, row: &Row) -> Counted {
    let words = match reason {
        "contradicted" => "another record contradicts it",
        "retold" => "another record of the same day and cash says its kind better",
        "moved" => "the vendor corrected the record",
        "withdrawn" => "the vendor no longer has it",
        other => other,
    };
    Counted {
        reason: words.to_owned(),
        count: row.get::<_, i64>(1) as u64,
        examples: row.get::<_, Option<Vec<String>>>(2).unwrap_or_default(),
    }
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
            if let Some((basis, next)) = sessions_of_filing(filed) {
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

/// For a filing date the session on whose split basis its share count is, the last one up to it, and the first session on
/// which it may be used, the one after it; none outside of the calendar.
fn sessions_of_filing(filed: NaiveDate) -> Option<(i32, i32)> {
    nyse().at_or_before(filed).zip(nyse().at_or_after(filed + chrono::Days::new(1)))
}

/// Filing date and period end of each of an instrument's share counts, in the order of [`Actions::shares`].
pub async fn share_filings(
    client: &impl GenericClient,
    id: i32,
) -> Result<Vec<(NaiveDate, NaiveDate)>, StoreError> {
    let only: &[i32] = &[id];
    let rows = client
        .query(include_str!("../../sql/shares_read.sql"), &[&only])
        .await
        .during("reading shares outstanding")?;
    let filings = rows.iter().map(|row| (row.get(1), row.get(3)));
    Ok(filings.filter(|(filed, _)| sessions_of_filing(*filed).is_some()).collect())
}

/// The splits of the instruments `only`, or of all, each list ascending.
pub async fn read_splits(
    client: &impl GenericClient,
    only: Option<&[i32]>,
) -> Result<HashMap<i32, Vec<Split>>, StoreError> {
    let rows = client
        .query_typed(include_str!("../../sql/splits_read.sql"), &[(&only, Type::INT4_ARRAY)])
        .await
        .during("reading splits")?;
    let mut splits: HashMap<i32, Vec<Split>> = HashMap::new();
    for row in rows {
        if let Some(session) = nyse().at_or_after(row.get(1)) {
            let ratio = row.get::<_, f64>(3) / row.get::<_, f64>(2);
            splits.entry(row.get(0)).or_default().push(Split { session, ratio });
        }
    }
    Ok(splits)
}
