//! `scan verify`: an incremental and a full scan in one snapshot, compared row by row and bit by bit. Nothing is stored.

use std::sync::Arc;

use tokio_postgres::Client;

use super::columns;
use super::profile::ColumnData;
use super::ranked::{Ranked, rank};
use super::{Found, ScanError, Sources, definitions, from_cache, from_nothing};
use crate::arithmetic::plan;
use crate::arithmetic::scores::Weights;
use crate::store::change_log::{self, Job};

/// Most differences that are put into words.
const SHOWN: usize = 10;

/// What was found.
#[derive(Debug)]
pub struct Verdict {
    /// Where the incremental scan's signals came from.
    pub sources: Sources,
    /// The full scan's ranking.
    pub full: Ranked,
    /// Instruments compared, and how they differ.
    pub comparison: Comparison,
}

/// What two rankings have in common.
#[derive(Debug, Default)]
pub struct Comparison {
    /// Instruments of either.
    pub rows: usize,
    /// Those of them that are ranked.
    pub ranked: usize,
    /// Values compared.
    pub values: usize,
    /// Values that are not equal to the bit.
    pub differing: usize,
    /// The first differences, in words.
    pub shown: Vec<String>,
}

/// Scans both ways and compares.
pub async fn verify(client: &mut Client, benchmark: &str) -> Result<Verdict, ScanError> {
    let definitions = definitions();
    let transaction = change_log::snapshot(client).await?;
    let refreshed = super::check_features(&transaction, benchmark).await?;
    let Found { panel, sources, .. } = from_cache(&transaction, None, &definitions, refreshed).await?;
    let incremental = rank(Arc::new(panel), &Weights::default())?;
    let (tide, _) = change_log::line(&transaction, Job::Scan).await?.start(&definitions);
    let refreshed = super::check_features(&transaction, benchmark).await?;
    let Found { panel, .. } = from_nothing(&transaction, None, tide, None, refreshed).await?;
    let full = rank(Arc::new(panel), &Weights::default())?;
    let comparison = compare(&incremental, &full);
    Ok(Verdict { sources, full, comparison })
}

/// Compares every column of every instrument.
pub fn compare(one: &Ranked, other: &Ranked) -> Comparison {
    let ranked = |ranked: &Ranked| ranked.rank.iter().filter(|rank| !rank.is_nan()).count();
    let mut found = Comparison {
        rows: one.rows().max(other.rows()),
        ranked: ranked(one).max(ranked(other)),
        ..Comparison::default()
    };
    if one.panel.session != other.panel.session || one.rows() != other.rows() {
        found.differs(|| {
            format!(
                "{} instruments on session {}, {} on session {}",
                one.rows(),
                one.panel.session,
                other.rows(),
                other.panel.session
            )
        });
        return found;
    }
    let plan = plan::Settings::default();
    for column in columns::all() {
        let (left, right) = (one.values(column, &plan), other.values(column, &plan));
        found.values += one.rows();
        for row in 0..one.rows() {
            if !same(&left, &right, row) {
                let ticker = &other.panel.instruments[row].ticker;
                found.differs(|| {
                    format!("{ticker} {}: {} and {}", column.name, words(&left, row), words(&right, row))
                });
            }
        }
    }
    found
}

impl Comparison {
    fn differs(&mut self, words: impl FnOnce() -> String) {
        self.differing += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(words());
        }
    }
}

fn same(one: &ColumnData, other: &ColumnData, row: usize) -> bool {
    match (one, other) {
        (ColumnData::Numbers(one), ColumnData::Numbers(other)) => {
            one[row].to_bits() == other[row].to_bits() || (one[row].is_nan() && other[row].is_nan())
        }
        (ColumnData::Texts(one), ColumnData::Texts(other)) => one[row] == other[row],
        (ColumnData::Flags(one), ColumnData::Flags(other)) => one[row] == other[row],
        _ => false,
    }
}

fn words(values: &ColumnData, row: usize) -> String {
    match values {
        ColumnData::Numbers(numbers) => format!("{:?}", numbers[row]),
        ColumnData::Texts(texts) => format!("{:?}", texts[row]),
        ColumnData::Flags(flags) => format!("{:?}", flags[row]),
    }
}
