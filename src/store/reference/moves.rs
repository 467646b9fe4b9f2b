//! An instrument's days becoming another one's, in every table that has them.

use chrono::NaiveDate;
use tokio_postgres::Transaction;

use crate::store::change_log::{self, Change, Topic};
use crate::store::error::{During, StoreError};
use crate::store::{bar_table, bars};

/// Days of one instrument that are to be another one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Whose they are.
    pub from: i32,
    /// Whose they are to be.
    pub into: i32,
    /// First day.
    pub first: NaiveDate,
    /// First day after the last one; none to the end.
    pub until: Option<NaiveDate>,
}

/// What moved.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Daily bars.
    pub bars: u64,
    /// First and last session of minute bars that moved.
    pub minutes: Option<(NaiveDate, NaiveDate)>,
}

/// A table whose rows belong to an instrument on a day.
struct Table {
    statement: &'static str,
    /// What its change is about; none where nobody computes from it.
    topic: Option<Topic>,
    /// Whether a row counts on its own day alone, and not from it to the end.
    on_its_day: bool,
}

/// What moves with an instrument's days. A table more is a line more.
const TABLES: [Table; 7] = [
    Table {
        statement: include_str!("../../../sql/move_bars_day.sql"),
        topic: Some(Topic::Bars),
        on_its_day: true,
    },
    Table { statement: include_str!("../../../sql/move_bar_revisions.sql"), topic: None, on_its_day: true },
    Table {
        statement: include_str!("../../../sql/move_splits.sql"),
        topic: Some(Topic::Splits),
        on_its_day: false,
    },
    Table {
        statement: include_str!("../../../sql/move_dividends.sql"),
        topic: Some(Topic::Dividends),
        on_its_day: false,
    },
    Table {
        statement: include_str!("../../../sql/move_shares.sql"),
        topic: Some(Topic::Shares),
        on_its_day: false,
    },
    Table {
        statement: include_str!("../../../sql/move_statements.sql"),
        topic: Some(Topic::Statements),
        on_its_day: false,
    },
    Table {
        statement: include_str!("../../../sql/move_bars_minute.sql"),
        topic: Some(Topic::Minutes),
        on_its_day: true,
    },
];

/// Moves the rows of days to other instruments and logs both sides of every move. No two moves may bring the same day to one
/// instrument, unless its own goes elsewhere.
pub async fn move_days(transaction: &Transaction<'_>, moves: &[Move]) -> Result<Moved, StoreError> {
    if moves.is_empty() {
        return Ok(Moved::default());
    }
    let from: Vec<i32> = moves.iter().map(|m| m.from).collect();
    let into: Vec<i32> = moves.iter().map(|m| m.into).collect();
    let first: Vec<NaiveDate> = moves.iter().map(|m| m.first).collect();
    let until: Vec<Option<NaiveDate>> = moves.iter().map(|m| m.until).collect();
    let mut moved = Moved::default();
    for table in &TABLES {
        let rows = transaction
            .query(table.statement, &[&from, &into, &first, &until])
            .await
            .during("moving rows to another instrument")?;
        let mut changes = Vec::new();
        let mut arrived: Vec<i32> = Vec::new();
        for row in rows {
            let (first, last): (NaiveDate, NaiveDate) = (row.get(2), row.get(3));
            let through = table.on_its_day.then_some(last);
            for at in [0, 1] {
                changes.push(Change { instrument_id: row.get(at), from: first, through });
            }
            arrived.push(row.get(1));
            if table.topic == Some(Topic::Minutes) {
                let span = moved.minutes.get_or_insert((first, last));
                *span = (span.0.min(first), span.1.max(last));
            }
            if table.topic == Some(Topic::Bars) {
                moved.bars += row.get::<_, i64>(4) as u64;
            }
        }
        if let Some(topic) = table.topic {
            change_log::append(transaction, topic, &changes).await?;
        }
        if table.topic == Some(Topic::Bars) {
            bar_table::mark(transaction, &bars::TABLE, arrived).await?;
        }
    }
    Ok(moved)
}

/// Notes that instruments left with nothing are others now: (from, into).
pub async fn merge(transaction: &Transaction<'_>, merged: &[(i32, i32)]) -> Result<(), StoreError> {
    let (from, into): (Vec<i32>, Vec<i32>) = merged.iter().copied().unzip();
    transaction
        .execute(include_str!("../../../sql/instruments_merge.sql"), &[&from, &into])
        .await
        .during("merging instruments")
        .map(|_| ())
}
