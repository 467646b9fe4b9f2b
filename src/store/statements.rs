//! Financial statements: gathered in staging, settled to one of each key, and written where they differ. Any order of the
//! rows, and any cut of them into pages, gives the same table, because nothing is written before a key's rows are all there.

mod kinds;
mod loads;
mod read;

pub use crate::domain::statement::Timeframe;
pub use kinds::Kind;
pub use loads::{Progress, Run};
pub use read::read;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use tokio_postgres::{GenericClient, Transaction};

use super::copy_in::CopyIn;
use super::day_of;
use super::error::{During, StoreError};

/// One statement of one instrument.
#[derive(Debug, Clone, PartialEq)]
pub struct StatementRow {
    /// The instrument.
    pub instrument_id: i32,
    /// The ticker by which it was found, for messages.
    pub ticker: String,
    /// Last day of the period.
    pub period_end: NaiveDate,
    /// Length of the period.
    pub timeframe: Timeframe,
    /// Day of the filing, not before the period's end.
    pub filing_date: NaiveDate,
    /// Company's own year.
    pub fiscal_year: Option<i16>,
    /// Company's own quarter.
    pub fiscal_quarter: Option<i16>,
    /// Filer, ten digits.
    pub cik: Option<String>,
    /// The numbers in the order of [`Kind::columns`]; NaN where there is none.
    pub values: Vec<f64>,
}

/// What became of the staged statements.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Statements that were not there.
    pub new: u64,
    /// Statements that were there with other values.
    pub changed: u64,
    /// Statements that were there and equal.
    pub equal: u64,
    /// Staged rows that repeat the one that was kept.
    pub repeated: u64,
    /// Staged rows that contradict the one that was kept.
    pub contradicted: u64,
    /// The first of those that contradict.
    pub examples: Vec<String>,
}

impl Settled {
    /// Adds what became of others.
    pub fn add(&mut self, other: Self) {
        self.new += other.new;
        self.changed += other.changed;
        self.equal += other.equal;
        self.repeated += other.repeated;
        self.contradicted += other.contradicted;
        self.examples.extend(other.examples);
    }
}

/// Makes room for one kind of statement on this connection, and forgets what was staged before.
pub async fn stage(client: &impl GenericClient) -> Result<(), StoreError> {
    client
        .batch_execute(include_str!("../../sql/statements_stage.sql"))
        .await
        .during("making room for statements")
}

/// Stages statements of `kind`.
pub async fn copy(
    transaction: &Transaction<'_>,
    kind: Kind,
    rows: impl Iterator<Item = StatementRow>,
) -> Result<u64, StoreError> {
    let fields = kind.columns().len() as i16 + 11;
    let mut copy = CopyIn::start(transaction, kind.copy(), "copying statements").await?;
    for row in rows {
        let rank = Rank::of(kind, &row);
        copy.row(fields).await?;
        copy.int(row.instrument_id);
        copy.day(day_of(row.period_end));
        copy.text(row.timeframe.name());
        copy.day(day_of(row.filing_date));
        copy.smallint(row.fiscal_year);
        copy.smallint(row.fiscal_quarter);
        match &row.cik {
            Some(cik) => copy.text(cik),
            None => copy.null(),
        }
        copy.text(&row.ticker);
        copy.float(rank.amount);
        copy.smallint(Some(rank.given));
        copy.bigint(Some(rank.digest));
        for value in row.values {
            copy.float(value);
        }
    }
    copy.finish().await
}

/// Writes what is staged of `kind` and differs from what is there, with the change log, and takes it out of staging: the
/// periods that end before `before`, or all. Of several rows of one key the best is kept, as `statements_settle.sql` says.
pub async fn settle(
    transaction: &Transaction<'_>,
    kind: Kind,
    before: Option<NaiveDate>,
) -> Result<Settled, StoreError> {
    let action = "storing statements";
    transaction.batch_execute("ANALYZE staged_statements").await.during(action)?;
    let mut settled = Settled::default();
    let dropped = transaction
        .query(include_str!("../../sql/statements_settle.sql"), &[&before])
        .await
        .during(action)?;
    for row in dropped {
        let count = row.get::<_, i64>(1) as u64;
        if row.get(0) {
            settled.repeated = count;
        } else {
            settled.contradicted = count;
            settled.examples = row.get(2);
        }
    }
    transaction.execute(kind.changes(), &[&before]).await.during(action)?;
    transaction.execute(kind.write(), &[]).await.during(action)?;
    transaction.execute(include_str!("../../sql/statements_log.sql"), &[]).await.during(action)?;
    let changed =
        transaction.query_one(include_str!("../../sql/statements_changed.sql"), &[]).await.during(action)?;
    let kept = transaction
        .execute(include_str!("../../sql/statements_unstage.sql"), &[&before])
        .await
        .during(action)?;
    transaction.batch_execute("TRUNCATE statement_changes").await.during(action)?;
    settled.new = changed.get::<_, i64>(0) as u64;
    settled.changed = changed.get::<_, i64>(1) as u64;
    settled.equal = kept - settled.new - settled.changed;
    Ok(settled)
}

/// What duplicates of one key are settled by, after the filer.
#[derive(Debug, PartialEq)]
struct Rank {
    /// The largest amount of money, whatever its sign. Where a parent and its subsidiary are filed under one ticker, the
    /// parent's statement, which contains the other's, has the larger one.
    amount: f64,
    /// How many numbers there are.
    given: i16,
    /// Equal for equal statements.
    digest: i64,
}

impl Rank {
    fn of(kind: Kind, row: &StatementRow) -> Self {
        let mut hash = Sha256::new();
        hash.update(row.cik.as_deref().unwrap_or_default());
        for whole in [row.fiscal_year, row.fiscal_quarter] {
            hash.update(whole.unwrap_or(i16::MIN).to_be_bytes());
        }
        let (mut amount, mut given) = (0.0_f64, 0);
        for (value, column) in row.values.iter().zip(kind.columns()) {
            // Zero has two forms that are equal.
            hash.update(if value.is_nan() { f64::NAN } else { value + 0.0 }.to_bits().to_be_bytes());
            given += i16::from(!value.is_nan());
            if !column.ends_with("_per_share") && !column.ends_with("_shares_outstanding") {
                amount = amount.max(value.abs());
            }
        }
        let digest = hash.finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        Self { amount, given, digest: i64::from_be_bytes(first) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn income(values: &[(&str, f64)]) -> StatementRow {
        let columns = Kind::Income.columns();
        let mut row = StatementRow {
            instrument_id: 1,
            ticker: "A".into(),
            period_end: NaiveDate::from_ymd_opt(2024, 3, 31).unwrap(),
            timeframe: Timeframe::Quarterly,
            filing_date: NaiveDate::from_ymd_opt(2024, 5, 2).unwrap(),
            fiscal_year: Some(2024),
            fiscal_quarter: Some(1),
            cik: None,
            values: vec![f64::NAN; columns.len()],
        };
        for (name, value) in values {
            row.values[columns.iter().position(|column| column == name).unwrap()] = *value;
        }
        row
    }

    #[test]
    fn the_largest_amount_counts_money_and_not_shares() {
        let row = income(&[
            ("revenue", 3e6),
            ("consolidated_net_income_loss", -4e6),
            ("basic_shares_outstanding", 9e9),
        ]);
        let rank = Rank::of(Kind::Income, &row);
        assert_eq!((rank.amount, rank.given), (4e6, 3));
    }

    #[test]
    fn equal_statements_have_equal_digests_whichever_zero_they_hold() {
        let digest = |row: &StatementRow| Rank::of(Kind::Income, row).digest;
        let zero = income(&[("revenue", 0.0)]);
        assert_eq!(digest(&zero), digest(&income(&[("revenue", -0.0)])));
        let mut filed = zero.clone();
        filed.cik = Some("0000000001".into());
        for other in [income(&[]), income(&[("ebitda", 0.0)]), income(&[("revenue", 1.0)]), filed] {
            assert_ne!(digest(&zero), digest(&other));
        }
    }
}
