//! Small markets for the tests.

use super::{ColumnData, Market};
use crate::arithmetic::universe::Drop;

/// A market of any columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample {
    pub(super) tickers: Vec<String>,
    pub(super) sectors: Vec<Option<String>>,
    pub(super) drops: Vec<Option<Drop>>,
    pub(super) columns: Vec<(String, ColumnData)>,
}

impl Sample {
    /// A market of these tickers without sectors, none dropped.
    pub(super) fn of(tickers: &[&str]) -> Self {
        Self {
            tickers: tickers.iter().map(|&ticker| ticker.to_owned()).collect(),
            sectors: vec![None; tickers.len()],
            drops: vec![None; tickers.len()],
            columns: Vec::new(),
        }
    }

    /// With a column of numbers.
    pub(super) fn number(mut self, name: &str, values: &[f64]) -> Self {
        self.columns.push((name.to_owned(), ColumnData::Numbers(values.to_vec())));
        self
    }

    /// With a column of texts; empty ones are null.
    pub(super) fn text(mut self, name: &str, values: &[&str]) -> Self {
        let texts = values.iter().map(|&text| Some(text.to_owned()).filter(|text| !text.is_empty()));
        self.columns.push((name.to_owned(), ColumnData::Texts(texts.collect())));
        self
    }

    /// With sectors; empty ones are none.
    pub(super) fn sectors(mut self, values: &[&str]) -> Self {
        self.sectors =
            values.iter().map(|&text| Some(text.to_owned()).filter(|text| !text.is_empty())).collect();
        self
    }

    /// What `run` makes of the market.
    pub(super) fn with<T>(&self, run: impl FnOnce(&Market<'_>) -> T) -> T {
        let tickers: Vec<&str> = self.tickers.iter().map(String::as_str).collect();
        let sectors: Vec<Option<&str>> = self.sectors.iter().map(Option::as_deref).collect();
        let column = |name: &str, rows: Option<&[usize]>| {
            let (_, data) = self.columns.iter().find(|(known, _)| known == name)?;
            Some(rows.map_or_else(|| data.clone(), |rows| data.at(rows)))
        };
        run(&Market { tickers: &tickers, sectors: &sectors, drops: &self.drops, column: &column })
    }
}
