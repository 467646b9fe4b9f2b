//! Rows of the vendor's replies of bars, whatever they are bars of: read leniently, checked, and settled where several
//! are of one ticker or minute.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use tidemark::domain::bar::{BarFault, DayBar};

use crate::flatfiles::TickerFault;

/// A row that gave no bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside<Key> {
    /// What the row is of, where it says so: a ticker, or a time.
    pub of: Option<Key>,
    /// Why.
    pub reason: SetAsideReason,
}

/// Why a row gave no bar. The text is what the load summary counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum SetAsideReason {
    /// The row is no object, or has no ticker.
    #[error("no ticker")]
    NoTicker,
    /// The ticker is not one.
    #[error(transparent)]
    Ticker(TickerFault),
    /// A field is missing, or is not a number.
    #[error("no number in field {0}")]
    Missing(&'static str),
    /// The numbers are no bar.
    #[error(transparent)]
    Fault(#[from] BarFault),
    /// Another row of the same ticker or time says something else and has the greater volume, or, at the same volume,
    /// the greater close.
    #[error("contradicts another row of the ticker")]
    Contradicted,
}

/// What stands around the rows of a reply.
#[derive(Deserialize)]
pub(super) struct Reply {
    adjusted: Option<bool>,
    /// The ticker of a reply that is about one.
    pub(super) ticker: Option<String>,
    #[serde(rename = "resultsCount")]
    results_count: Option<usize>,
    results: Option<Vec<Value>>,
}

impl Reply {
    /// Reads a reply asked for with `adjusted=false`. The error is the reason, for `Malformed`.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let reply: Self = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let rows = reply.rows().len();
        if reply.adjusted == Some(true) && rows > 0 {
            return Err("asked for raw prices, got adjusted ones".to_owned());
        }
        match reply.results_count.filter(|count| *count > rows) {
            Some(count) => Err(format!("{count} rows are announced, {rows} are there")),
            None => Ok(reply),
        }
    }

    /// The rows; a day or range without bars has none.
    pub(super) fn rows(&self) -> &[Value] {
        self.results.as_deref().unwrap_or_default()
    }
}

/// The bar of a row.
pub(super) fn bar(row: &Value) -> Result<DayBar, SetAsideReason> {
    let number =
        |field: &'static str| row.get(field).and_then(Value::as_f64).ok_or(SetAsideReason::Missing(field));
    let optional = |field: &'static str| match row.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or(SetAsideReason::Missing(field)),
    };
    let bar = DayBar {
        open: number("o")?,
        high: number("h")?,
        low: number("l")?,
        close: number("c")?,
        volume: number("v")? + 0.0, // so that -0 and 0 are the same bits
        vwap: optional("vw")?,
        trade_count: optional("n")?.map(|count| count as i64).filter(|count| *count > 0),
    };
    bar.check()?;
    Ok(bar)
}

/// One bar a key: of contradictory ones the one of the greater volume stays, whatever their order.
#[derive(Debug)]
pub(super) struct Settled<Key> {
    kept: BTreeMap<Key, DayBar>,
    /// Rows that only said again what another one said.
    pub(super) repeated: usize,
}

impl<Key: Ord> Settled<Key> {
    pub(super) fn new() -> Self {
        Self { kept: BTreeMap::new(), repeated: 0 }
    }

    /// Takes a bar.
    ///
    /// # Errors
    /// [`SetAsideReason::Contradicted`]: of two bars one is left out.
    pub(super) fn add(&mut self, key: Key, bar: DayBar) -> Result<(), SetAsideReason> {
        match self.kept.get_mut(&key) {
            None => {
                self.kept.insert(key, bar);
            }
            Some(other) if *other == bar => self.repeated += 1,
            Some(other) => {
                if weight(&bar) > weight(other) {
                    *other = bar;
                }
                return Err(SetAsideReason::Contradicted);
            }
        }
        Ok(())
    }

    /// The bars, ascending by key.
    pub(super) fn bars(self) -> Vec<(Key, DayBar)> {
        self.kept.into_iter().collect()
    }
}

/// What decides between two rows of one key: volume, close, then the rest, so that the order of the rows
/// never matters. All numbers are finite and not negative, so that their bits order as they do.
fn weight(bar: &DayBar) -> [u64; 7] {
    let optional = |value: Option<f64>| value.map_or(0, f64::to_bits);
    [
        (bar.volume + 0.0).to_bits(),
        bar.close.to_bits(),
        bar.high.to_bits(),
        bar.low.to_bits(),
        bar.open.to_bits(),
        optional(bar.vwap),
        bar.trade_count.map_or(0, i64::cast_unsigned),
    ]
}
