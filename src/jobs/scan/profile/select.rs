//! What a profile selects from the market: the fate of every instrument, and the listed rows in order.
//!
//! The stages are: the universe's rules (done before), the condition, the order, the sector cap, the limit. polars evaluates
//! the expressions over a frame that holds the columns they read and no more; order and caps are plain code.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, Expr, Float64Chunked, IntoColumn, IntoLazy, NewChunkedArray,
    OptFlags, PolarsError, StringChunked,
};

use super::{Fate, Profile, Reads};
use crate::arithmetic::NULL;
use crate::arithmetic::universe::Drop;

/// A column's values, one a row.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnData {
    /// Numbers; NaN is null.
    Numbers(Vec<f64>),
    /// Texts.
    Texts(Vec<Option<String>>),
    /// True, false or null.
    Flags(Vec<Option<bool>>),
}

impl ColumnData {
    /// How many rows it has.
    pub fn len(&self) -> usize {
        match self {
            ColumnData::Numbers(values) => values.len(),
            ColumnData::Texts(values) => values.len(),
            ColumnData::Flags(values) => values.len(),
        }
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The ranked market as a selection reads it; a row an instrument.
pub struct Market<'a> {
    /// Each row's ticker, which breaks ties.
    pub tickers: &'a [&'a str],
    /// Each row's sector, which caps count by.
    pub sectors: &'a [Option<&'a str>],
    /// The universe's rule that keeps a row out, if any.
    pub drops: &'a [Option<Drop>],
    /// A column by name, earlier ones (`close_5d_ago`) included, with a value a row; asked once for each that is read.
    pub column: &'a dyn Fn(&str) -> Option<ColumnData>,
}

/// What a profile selects.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// What became of each row.
    pub fates: Vec<Fate>,
    /// The rows that are listed, first to last.
    pub listed: Vec<usize>,
    /// The profile's columns, of the listed rows only.
    pub columns: Vec<(String, ColumnData)>,
    /// How many rows have each fate that any has, in the order of the codes.
    pub counts: Vec<(Fate, usize)>,
}

/// Why nothing can be selected. Neither happens with a profile that was read for the columns that the market has.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// The market lacks a column that the profile reads, or gives it with too few or too many rows.
    #[error("the market has no column {name} of {rows} rows")]
    Column {
        /// The column.
        name: String,
        /// How many rows there are.
        rows: usize,
    },
    /// polars cannot evaluate an expression.
    #[error("the expressions cannot be evaluated")]
    Evaluate(#[from] PolarsError),
}

/// Selects what a profile asks for. The order of the market's rows does not matter.
///
/// # Errors
/// [`SelectError`], if profile and market do not belong together.
pub fn select(profile: &Profile, market: &Market<'_>) -> Result<Selection, SelectError> {
    let rows = market.tickers.len();
    let frame = Frame::of(&profile.reads(), market)?;
    let conditions = profile.filter.iter().map(super::Expression::expr);
    let keys = profile.order_by.iter().map(|key| key.expression.expr());
    let mut values = frame.evaluate(conditions.chain(keys).collect(), None)?;
    let keys = values.split_off(usize::from(profile.filter.is_some()));

    let mut fates: Vec<Fate> =
        market.drops.iter().map(|drop| drop.map_or(Fate::OverLimit, Fate::Dropped)).collect();
    if let Some(ColumnData::Flags(matches)) = values.first() {
        for (fate, matches) in fates.iter_mut().zip(matches) {
            *fate = match (*fate, matches) {
                (Fate::Dropped(drop), _) => Fate::Dropped(drop),
                (_, Some(true)) => Fate::OverLimit,
                (_, Some(false)) => Fate::NotTrue,
                (_, None) => Fate::Unknown,
            };
        }
    }
    let mut matching: Vec<usize> = (0..rows).filter(|&row| fates[row] == Fate::OverLimit).collect();
    matching.sort_unstable_by(|&a, &b| {
        let by_keys =
            keys.iter().zip(&profile.order_by).map(|(key, order)| compare(key, a, b, order.descending));
        by_keys
            .fold(Ordering::Equal, Ordering::then)
            .then_with(|| market.tickers[a].cmp(market.tickers[b]))
            .then(a.cmp(&b))
    });

    let mut listed = Vec::new();
    let mut of_sector: HashMap<Option<&str>, usize> = HashMap::new();
    for row in matching {
        let taken = of_sector.entry(market.sectors[row]).or_default();
        fates[row] = if profile.sector_cap.is_some_and(|cap| *taken >= cap) {
            Fate::OverSectorCap
        } else if listed.len() >= profile.limit {
            Fate::OverLimit
        } else {
            listed.push(row);
            *taken += 1;
            Fate::Listed
        };
    }
    let shown = profile.columns.iter().map(|column| column.expression.expr()).collect();
    let columns = frame.evaluate(shown, Some(&listed))?;
    let names = profile.columns.iter().map(|column| column.name.clone());
    let mut counts: BTreeMap<Fate, usize> = BTreeMap::new();
    for fate in &fates {
        *counts.entry(*fate).or_default() += 1;
    }
    Ok(Selection {
        columns: names.zip(columns).collect(),
        fates,
        listed,
        counts: counts.into_iter().collect(),
    })
}

/// Two rows by one key; nulls last in both directions.
fn compare(key: &ColumnData, a: usize, b: usize, descending: bool) -> Ordering {
    fn ordered<T: PartialOrd>(a: Option<T>, b: Option<T>, descending: bool) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) => {
                let ascending = a.partial_cmp(&b).unwrap_or(Ordering::Equal);
                if descending { ascending.reverse() } else { ascending }
            }
            (a, b) => b.is_some().cmp(&a.is_some()),
        }
    }
    match key {
        ColumnData::Numbers(values) => {
            let present = |row: usize| Some(values[row]).filter(|value| !value.is_nan());
            ordered(present(a), present(b), descending)
        }
        ColumnData::Texts(values) => ordered(values[a].as_deref(), values[b].as_deref(), descending),
        ColumnData::Flags(values) => ordered(values[a], values[b], descending),
    }
}

/// The columns that expressions read, of all rows.
pub(super) struct Frame {
    columns: Vec<(String, ColumnData)>,
    rows: usize,
}

impl Frame {
    pub(super) fn of(reads: &Reads, market: &Market<'_>) -> Result<Self, SelectError> {
        let rows = market.tickers.len();
        let column = |name: String| match (market.column)(&name) {
            Some(values) if values.len() == rows => Ok((name, values)),
            _ => Err(SelectError::Column { name, rows }),
        };
        Ok(Self { columns: reads.names().map(column).collect::<Result<_, _>>()?, rows })
    }

    /// The columns of one row.
    pub(super) fn of_row(self, row: usize) -> Vec<(String, ColumnData)> {
        self.columns.into_iter().map(|(name, values)| (name, of_rows(&values, &[row]))).collect()
    }

    /// The values of expressions, for all rows or for some in their order.
    pub(super) fn evaluate(
        &self,
        expressions: Vec<Expr>,
        rows: Option<&[usize]>,
    ) -> Result<Vec<ColumnData>, PolarsError> {
        let height = rows.map_or(self.rows, <[usize]>::len);
        if expressions.is_empty() {
            return Ok(Vec::new());
        }
        let columns = self.columns.iter().map(|(name, values)| match rows {
            Some(rows) => to_polars(name, &of_rows(values, rows)),
            None => to_polars(name, values),
        });
        let frame = DataFrame::new(height, columns.collect())?;
        let named = expressions.into_iter().enumerate().map(|(at, expr)| expr.alias(format!("{at}")));
        let plan = frame.lazy().with_optimizations(optimizations()).select(named.collect::<Vec<_>>());
        let evaluated = outside_of_runtimes(|| plan.collect())?;
        // An expression without a column has one value, whatever the frame's height.
        evaluated
            .columns()
            .iter()
            .map(|column| match column.len() {
                1 if height != 1 => from_polars(&column.new_from_index(0, height)),
                _ => from_polars(column),
            })
            .collect()
    }
}

/// Runs `work` on a thread of its own: polars refuses to work where a runtime of one thread is entered.
fn outside_of_runtimes<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// Only what gives expressions their types: they are small, and a plan costs more than it saves.
fn optimizations() -> OptFlags {
    OptFlags::TYPE_COERCION | OptFlags::TYPE_CHECK
}

/// The values of some rows, in their order.
fn of_rows(values: &ColumnData, rows: &[usize]) -> ColumnData {
    match values {
        ColumnData::Numbers(values) => ColumnData::Numbers(rows.iter().map(|&row| values[row]).collect()),
        ColumnData::Texts(values) => ColumnData::Texts(rows.iter().map(|&row| values[row].clone()).collect()),
        ColumnData::Flags(values) => ColumnData::Flags(rows.iter().map(|&row| values[row]).collect()),
    }
}

fn to_polars(name: &str, values: &ColumnData) -> Column {
    let name = name.into();
    match values {
        ColumnData::Numbers(values) => {
            let present = values.iter().map(|value| value.is_finite().then_some(*value));
            Float64Chunked::from_iter_options(name, present).into_column()
        }
        ColumnData::Texts(values) => {
            StringChunked::from_iter_options(name, values.iter().map(Option::as_deref)).into_column()
        }
        ColumnData::Flags(values) => {
            BooleanChunked::from_iter_options(name, values.iter().copied()).into_column()
        }
    }
}

fn from_polars(column: &Column) -> Result<ColumnData, PolarsError> {
    let series = column.as_materialized_series();
    Ok(match series.dtype() {
        DataType::String => {
            ColumnData::Texts(series.str()?.iter().map(|text| text.map(str::to_owned)).collect())
        }
        DataType::Boolean => ColumnData::Flags(series.bool()?.iter().collect()),
        _ => ColumnData::Numbers(series.f64()?.iter().map(|value| value.unwrap_or(NULL)).collect()),
    })
}
