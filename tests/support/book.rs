//! What the feature store holds, to the bit, and with which transaction wrote it: to say afterwards what moved and what did not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::NaiveDate;
use tidemark::arithmetic::catalogue::FACTORS;
use tokio_postgres::Client;

/// A row's key: instrument and session.
pub type Key = (i32, NaiveDate);

/// A stored row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which transaction wrote it.
    written_by: String,
    in_population: bool,
    /// Bits of the factors in the order of the catalogue.
    bits: Vec<Option<u64>>,
}

impl Row {
    fn same(&self, other: &Self) -> bool {
        (self.in_population, &self.bits) == (other.in_population, &other.bits)
    }
}

/// The count, and the bits of the other numbers.
type Moments = (i32, Vec<Option<u64>>);

/// Everything stored at one moment.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Book {
    /// `features_day`.
    pub rows: BTreeMap<Key, Row>,
    /// `feature_moments` by session and factor.
    pub moments: BTreeMap<(NaiveDate, String), Moments>,
}

impl Book {
    /// Reads both tables.
    pub async fn read(client: &Client) -> Self {
        let mut query = "SELECT instrument_id, session_date, xmin::text, in_population".to_owned();
        for factor in FACTORS {
            write!(query, ", {}", factor.name).expect("text");
        }
        query += " FROM features_day";
        let bits = |row: &tokio_postgres::Row, at: usize| row.get::<_, Option<f64>>(at).map(f64::to_bits);
        let mut book = Self::default();
        for row in client.query(&query, &[]).await.expect("rows") {
            let bits = (4..4 + FACTORS.len()).map(|at| bits(&row, at)).collect();
            let stored = Row { written_by: row.get(2), in_population: row.get(3), bits };
            book.rows.insert((row.get(0), row.get(1)), stored);
        }
        let query = "SELECT session_date, factor, count, lower, upper, mean, sd FROM feature_moments";
        for row in client.query(query, &[]).await.expect("moments") {
            let numbers = (3..7).map(|at| bits(&row, at)).collect();
            book.moments.insert((row.get(0), row.get(1)), (row.get(2), numbers));
        }
        book
    }

    /// A factor of a row that is there.
    pub fn value(&self, id: i32, day: NaiveDate, factor: &str) -> Option<f64> {
        let at = FACTORS.iter().position(|known| known.name == factor).expect("a factor");
        let row = self.rows.get(&(id, day)).unwrap_or_else(|| panic!("no row of {id} on {day}"));
        row.bits[at].map(f64::from_bits)
    }

    /// Rows that are not as they were, or were not there, or are not any more.
    pub fn changed(&self, before: &Self) -> BTreeSet<Key> {
        self.rows_where(before, |new, old| !new.same(old))
    }

    /// Rows that were written again, whatever they say.
    pub fn rewritten(&self, before: &Self) -> BTreeSet<Key> {
        self.rows_where(before, |new, old| new.written_by != old.written_by)
    }

    fn rows_where(&self, before: &Self, differs: impl Fn(&Row, &Row) -> bool) -> BTreeSet<Key> {
        let keys: BTreeSet<Key> = self.rows.keys().chain(before.rows.keys()).copied().collect();
        let moved = |key: &Key| match (self.rows.get(key), before.rows.get(key)) {
            (Some(new), Some(old)) => differs(new, old),
            _ => true,
        };
        keys.into_iter().filter(moved).collect()
    }

    /// Names of the factors in which any row differs that is in both.
    pub fn columns(&self, before: &Self) -> BTreeSet<&'static str> {
        let mut columns = BTreeSet::new();
        for (key, new) in &self.rows {
            let Some(old) = before.rows.get(key) else { continue };
            let differing = FACTORS.iter().zip(new.bits.iter().zip(&old.bits)).filter(|(_, (a, b))| a != b);
            columns.extend(differing.map(|(factor, _)| factor.name));
        }
        columns
    }

    /// Moments that are not as they were.
    pub fn moved(&self, before: &Self) -> BTreeSet<(NaiveDate, String)> {
        let keys: BTreeSet<_> = self.moments.keys().chain(before.moments.keys()).cloned().collect();
        keys.into_iter().filter(|key| self.moments.get(key) != before.moments.get(key)).collect()
    }
}
