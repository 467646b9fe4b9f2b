//! What a profile selects from the market: the fate of every instrument, and the listed rows in order.
//!
//! The stages are: the universe's rules (done before), the condition, the order, the sector cap, the limit. polars evaluates
//! the expressions over a frame that holds the columns they read and no more; order and caps are plain code.

use std::cmp::Ordering;
use std::collections::HashMap;

use polars::prelude::{
    BooleanChunked, Column, DataFrame, DataType, Expr, Float64Chunked, IntoColumn, IntoLazy, NewChunkedArray,
    OptFlags, PolarsError, StringChunked,
};

use super::{Fate, Profile, Reads};
use crate::arithmetic::NULL;
use crate::arithmetic::ranks::{ordered, ordered_bits};
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

    /// The values of some rows, in their order.
    #[must_use]
    pub fn at(&self, rows: &[usize]) -> Self {
        match self {
            Self::Numbers(values) => Self::Numbers(rows.iter().map(|&row| values[row]).collect()),
            Self::Texts(values) => Self::Texts(rows.iter().map(|&row| values[row].clone()).collect()),
            Self::Flags(values) => Self::Flags(rows.iter().map(|&row| values[row]).collect()),
        }
    }
}

/// Gives a column by name, of some rows, in their order, or of all.
pub type ColumnOf<'a> = dyn Fn(&str, Option<&[usize]>) -> Option<ColumnData> + 'a;

/// The ranked market as a selection reads it; a row an instrument.
pub struct Market<'a> {
    /// Each row's ticker, which breaks ties.
    pub tickers: &'a [&'a str],
    /// Each row's sector, which caps count by.
    pub sectors: &'a [Option<&'a str>],
    /// The universe's rule that keeps a row out, if any.
    pub drops: &'a [Option<Drop>],
    /// A column by name, earlier ones (`close_5d_ago`) included: its values of some rows, in their order, or of all.
    pub column: &'a ColumnOf<'a>,
}

/// What a profile selects.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// What became of each row.
    pub fates: Vec<Fate>,
    /// For each row the number, from 1, of the first condition that decided that it does not match; 0 where none did.
    pub unmet: Vec<u8>,
    /// The rows that match, first to last, before the sector cap and the limit.
    pub matching: Vec<usize>,
    /// The values of the order's keys, of all rows.
    pub keys: Vec<ColumnData>,
    /// Every column that conditions and order read, of all rows.
    pub read: Vec<(String, ColumnData)>,
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
    let frame = Frame::of(&profile.decisive(), market, None)?;
    let parts = profile.filter.as_ref().map_or(&[][..], |filter| filter.parts());
    let conditions = parts.iter().map(|part| part.expr.clone());
    let keys = profile.order_by.iter().map(|key| key.expression.expr());
    let mut conditions = frame.evaluate(conditions.chain(keys).collect())?;
    let keys = conditions.split_off(parts.len());

    let mut fates: Vec<Fate> =
        market.drops.iter().map(|drop| drop.map_or(Fate::OverLimit, Fate::Dropped)).collect();
    let mut unmet = vec![0; rows];
    for (fate, row) in fates.iter_mut().zip(0..).filter(|(fate, _)| **fate == Fate::OverLimit) {
        let first = |wanted: Option<bool>| {
            let is_it =
                |values: &ColumnData| matches!(values, ColumnData::Flags(flags) if flags[row] == wanted);
            conditions.iter().position(is_it).map(|at| u8::try_from(at + 1).unwrap_or(u8::MAX))
        };
        // SQL's AND: one false is false whatever else is null.
        let (out, condition) = match (first(Some(false)), first(None)) {
            (Some(condition), _) => (Fate::NotTrue, condition),
            (None, Some(condition)) => (Fate::Unknown, condition),
            (None, None) => continue,
        };
        (*fate, unmet[row]) = (out, condition);
    }
    let matching = in_order(|row| fates[row] == Fate::OverLimit, &keys, profile, market.tickers);

    let mut listed = Vec::new();
    let mut of_sector: HashMap<&str, usize> = HashMap::new();
    for &row in &matching {
        // Who has no known sector is not capped: it would be capped with everybody else of whom nothing is known.
        let mut taken = market.sectors[row].map(|sector| of_sector.entry(sector).or_default());
        fates[row] = if taken.as_deref().zip(profile.sector_cap).is_some_and(|(taken, cap)| *taken >= cap) {
            Fate::OverSectorCap
        } else if listed.len() >= profile.limit {
            Fate::OverLimit
        } else {
            listed.push(row);
            if let Some(taken) = &mut taken {
                **taken += 1;
            }
            Fate::Listed
        };
    }
    let shown = profile.columns.iter().map(|column| column.expression.expr()).collect();
    let columns = Frame::of(&profile.shown(), market, Some(&listed))?.evaluate(shown)?;
    let names = profile.columns.iter().map(|column| column.name.clone());
    let mut counts = [0; 1 + u8::MAX as usize];
    for fate in &fates {
        counts[usize::from(fate.code())] += 1;
    }
    let counts = (0..=u8::MAX).zip(counts).filter(|(_, count)| *count > 0);
    Ok(Selection {
        columns: names.zip(columns).collect(),
        fates,
        unmet,
        matching,
        keys,
        read: frame.columns,
        listed,
        counts: counts.filter_map(|(code, count)| Some((Fate::from_code(code)?, count))).collect(),
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

/// The rows that match, by the order's keys, then by ticker, then by place.
fn in_order(
    matches: impl Fn(usize) -> bool,
    keys: &[ColumnData],
    profile: &Profile,
    tickers: &[&str],
) -> Vec<usize> {
    // A first key that is a number is compared as a whole number, which is smaller the earlier its row comes.
    let leading = |row: usize| match (keys.first(), profile.order_by.first()) {
        (Some(ColumnData::Numbers(values)), Some(order)) => match (values[row].is_nan(), order.descending) {
            (true, _) => u64::MAX,
            (false, false) => ordered_bits(values[row]),
            (false, true) => !ordered_bits(values[row]),
        },
        _ => 0,
    };
    let by_keys = |a: usize, b: usize| {
        let each = keys.iter().zip(&profile.order_by);
        each.map(|(key, order)| compare(key, a, b, order.descending)).fold(Ordering::Equal, Ordering::then)
    };
    let mut rows = ordered(tickers.len(), matches, leading);
    for ties in rows.chunk_by_mut(|a, b| leading(*a) == leading(*b)) {
        ties.sort_unstable_by(|a, b| {
            by_keys(*a, *b).then_with(|| tickers[*a].cmp(tickers[*b])).then(a.cmp(b))
        });
    }
    rows
}

/// The columns that expressions read, of all rows or of some.
pub(super) struct Frame {
    pub(super) columns: Vec<(String, ColumnData)>,
    height: usize,
}

impl Frame {
    /// The columns `reads` of the rows asked for, in their order, or of all.
    pub(super) fn of(
        reads: &Reads,
        market: &Market<'_>,
        rows: Option<&[usize]>,
    ) -> Result<Self, SelectError> {
        let height = rows.map_or(market.tickers.len(), <[usize]>::len);
        let column = |name: String| match (market.column)(&name, rows) {
            Some(values) if values.len() == height => Ok((name, values)),
            _ => Err(SelectError::Column { name, rows: height }),
        };
        Ok(Self { columns: reads.names().map(column).collect::<Result<_, _>>()?, height })
    }

    /// The values of expressions.
    pub(super) fn evaluate(&self, expressions: Vec<Expr>) -> Result<Vec<ColumnData>, PolarsError> {
        // What is a column already needs nobody to evaluate it.
        match expressions.iter().map(|expr| self.bare(expr)).collect() {
            Some(columns) => Ok(columns),
            None => self.evaluate_all(expressions),
        }
    }

    fn bare(&self, expr: &Expr) -> Option<ColumnData> {
        let Expr::Column(wanted) = expr else { return None };
        match &self.columns.iter().find(|(name, _)| name == wanted.as_str())?.1 {
            ColumnData::Numbers(values) => {
                let kept = |value: &f64| if value.is_finite() { *value } else { NULL };
                Some(ColumnData::Numbers(values.iter().map(kept).collect()))
            }
            other => Some(other.clone()),
        }
    }

    fn evaluate_all(&self, expressions: Vec<Expr>) -> Result<Vec<ColumnData>, PolarsError> {
        let height = self.height;
        let columns = self.columns.iter().map(|(name, values)| to_polars(name, values));
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
