//! Scan profiles: what a user asks of the ranked market. A profile says which instruments are looked at, by which weights
//! they are scored, which of them match, in what order and with which columns they are listed. Scores and ranks never
//! depend on it but for its weights: they are taken over the whole population before.
//!
//! Reading is pure but for the looking up of files. What a profile selects from the market is in [`select`].

mod error;
mod explain;
mod expression;
mod fate;
mod file;
mod find;
mod known;
#[cfg(test)]
mod sample;
mod select;
#[cfg(test)]
mod tests;

use sha2::{Digest, Sha256};

use crate::arithmetic::plan;
use crate::arithmetic::scores::Weights;
use crate::arithmetic::universe::Rules;

pub use error::{Place, ProfileError};
pub use explain::{Condition, explain_where};
pub use expression::{Expression, ExpressionError, Fault, Reads, function_names};
pub use fate::Fate;
pub use find::{MARKET, SHIPPED, find, names};
pub use known::{Kind, Known, LONGEST_AGO, earlier, probably_meant};
pub use select::{ColumnData, Market, SelectError, Selection, select};

use expression::Reader;

/// The order of a profile that gives none.
pub const DEFAULT_ORDER: &str = "ics DESC";
/// The columns of a profile that gives none.
pub const DEFAULT_COLUMNS: &str =
    "close, return_1, return_21, rsi_14, volume_ratio_20, technical, ics, tier, merit, band";
/// The columns that a profile with a trade plan lists after its own.
pub const PLAN_COLUMNS: &str = "entry, stop, target, risk_per_share, shares, position_value";
/// The most rows that a profile that gives no limit lists.
pub const DEFAULT_LIMIT: usize = 20;

/// One key of the order.
#[derive(Debug, Clone)]
pub struct OrderKey {
    /// What is compared. Nulls come last in both directions.
    pub expression: Expression,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// A column that is listed.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its name in the output.
    pub name: String,
    /// What it shows.
    pub expression: Expression,
}

/// What a user asks of the ranked market.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The name it is stored under.
    pub name: String,
    /// A sentence for people; empty if none is given.
    pub description: String,
    /// Which instruments are looked at.
    pub universe: Rules,
    /// How the scores are weighted.
    pub weights: Weights,
    /// The condition that a listed instrument meets; none: all do.
    pub filter: Option<Expression>,
    /// The order, most important first. Equals are in the order of their tickers.
    pub order_by: Vec<OrderKey>,
    /// Most rows that are listed, 1 or more.
    pub limit: usize,
    /// What is listed of a row, besides its ticker.
    pub columns: Vec<Shown>,
    /// Most rows of one sector, 1 or more; names without a known sector are not capped. None: no cap.
    pub sector_cap: Option<usize>,
    /// The settings of the trade plan, if its columns are wanted.
    pub plan: Option<plan::Settings>,
}

/// What a command line or a request gives over a profile. What is given replaces the profile's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The condition.
    pub filter: Option<String>,
    /// Keys of the order, each with `ASC` or `DESC`; a text may hold several with commas between. Empty: not given.
    pub order_by: Vec<String>,
    /// Most rows.
    pub limit: Option<usize>,
    /// Columns, or expressions `AS` names; a text may hold several with commas between. Empty: not given.
    pub columns: Vec<String>,
}

impl Profile {
    /// The profile of a name that gives nothing: the whole default universe by the core score.
    ///
    /// # Errors
    /// The default order or columns are not among the known ones.
    pub fn market(known: &[Known]) -> Result<Self, ProfileError> {
        Self::read(MARKET, None, "description = 'The whole default universe by the core score.'", known)
    }

    /// Reads a profile from the text of its file. `file` is how errors name it.
    ///
    /// # Errors
    /// The first fault, with its line.
    pub fn read(name: &str, file: Option<&str>, text: &str, known: &[Known]) -> Result<Self, ProfileError> {
        file::read(name, file, text, known)
    }

    /// This profile with what a command line or a request gives in its place.
    ///
    /// # Errors
    /// The first fault of what was given.
    pub fn with(&self, changes: &Changes, known: &[Known]) -> Result<Self, ProfileError> {
        let mut profile = self.clone();
        if let Some(text) = &changes.filter {
            profile.filter = Some(Given::of(text, "where").condition(known)?);
        }
        if !changes.order_by.is_empty() {
            let keys: Vec<_> = changes.order_by.iter().map(|text| Given::of(text, "order_by")).collect();
            profile.order_by = order_keys(&keys, known)?;
        }
        if let Some(limit) = changes.limit {
            profile.limit =
                at_least_one(i64::try_from(limit).unwrap_or(i64::MAX), &Given::of("", "limit").place)?;
        }
        if !changes.columns.is_empty() {
            let columns: Vec<_> = changes.columns.iter().map(|text| Given::of(text, "columns")).collect();
            profile.columns = shown(&columns, known)?;
            profile.add_plan_columns(known)?;
        }
        Ok(profile)
    }

    /// Every column that the profile reads, each once.
    pub fn reads(&self) -> Reads {
        let mut reads = self.decisive();
        reads.extend(&self.shown());
        reads
    }

    /// The columns that decide who is listed, and where: those of the conditions and the order.
    pub(super) fn decisive(&self) -> Reads {
        let mut reads = Reads::default();
        let keys = self.order_by.iter().map(|key| &key.expression);
        self.filter.iter().chain(keys).for_each(|expression| reads.extend(expression.columns()));
        reads
    }

    /// The columns that are read of who is listed.
    pub(super) fn shown(&self) -> Reads {
        let mut reads = Reads::default();
        self.columns.iter().for_each(|column| reads.extend(column.expression.columns()));
        reads
    }

    /// The conditions that the profile's `where` joins by its outermost ANDs: text, and the columns that each reads.
    pub fn conditions(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        let parts = self.filter.as_ref().map_or(&[][..], |filter| filter.parts());
        parts.iter().map(|part| (part.text.as_str(), part.reads.names().collect()))
    }

    /// A digest of what the profile means: equal for texts that differ in comments, spacing, order of keys, capitals of SQL's
    /// words and values that are the defaults. Name and description do not count.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |key: &str, value: String| hash.update(format!("{key} {} {value}\n", value.len()));
        add("universe", format!("{:?}", self.universe));
        add("weights", format!("{:?}", self.weights));
        add("where", self.filter.as_ref().map_or_else(String::new, |filter| filter.text().to_owned()));
        for key in &self.order_by {
            add(
                "order",
                format!("{} {}", key.expression.text(), if key.descending { "DESC" } else { "ASC" }),
            );
        }
        add("limit", self.limit.to_string());
        for column in &self.columns {
            add("column", format!("{} AS {}", column.expression.text(), column.name));
        }
        add("sector_cap", format!("{:?}", self.sector_cap));
        add("plan", format!("{:?}", self.plan));
        crate::store::hex(&hash.finalize())
    }

    /// Lists the plan's columns after the others, if a plan is wanted.
    fn add_plan_columns(&mut self, known: &[Known]) -> Result<(), ProfileError> {
        if self.plan.is_none() {
            return Ok(());
        }
        for column in shown(&[Given::of(PLAN_COLUMNS, "plan")], known)? {
            if self.columns.iter().all(|other| other.name != column.name) {
                self.columns.push(column);
            }
        }
        Ok(())
    }
}

/// A text that was given, and where.
struct Given<'a> {
    text: &'a str,
    place: Place,
}

impl<'a> Given<'a> {
    /// A text from a command line or a request.
    fn of(text: &'a str, key: &str) -> Self {
        Self { text, place: Place { file: None, line: None, key: key.to_owned() } }
    }

    fn refused(&self, source: ExpressionError) -> ProfileError {
        let down = source.place.map_or(0, |(line, _)| line - 1);
        let place = Place { line: self.place.line.map(|line| line + down), ..self.place.clone() };
        ProfileError::Expression { place, source }
    }

    fn condition(&self, known: &[Known]) -> Result<Expression, ProfileError> {
        Expression::read_condition(self.text, known).map_err(|source| self.refused(source))
    }
}

/// Reads keys of an order.
fn order_keys(given: &[Given<'_>], known: &[Known]) -> Result<Vec<OrderKey>, ProfileError> {
    let mut keys = Vec::new();
    for item in given {
        let mut read = || {
            let mut reader = Reader::new(item.text, known)?;
            loop {
                keys.push(OrderKey { expression: reader.expression()?, descending: reader.descending() });
                if !reader.more()? {
                    return Ok(());
                }
            }
        };
        read().map_err(|source| item.refused(source))?;
    }
    Ok(keys)
}

/// Reads columns to list.
fn shown(given: &[Given<'_>], known: &[Known]) -> Result<Vec<Shown>, ProfileError> {
    let mut columns: Vec<Shown> = Vec::new();
    for item in given {
        let read = || {
            let mut reader = Reader::new(item.text, known)?;
            let mut all = Vec::new();
            loop {
                all.push((reader.expression()?, reader.alias()?));
                if !reader.more()? {
                    return Ok(all);
                }
            }
        };
        for (expression, alias) in read().map_err(|source| item.refused(source))? {
            let column = named(expression, alias, &item.place, known)?;
            if columns.iter().any(|other| other.name == column.name) {
                return Err(ProfileError::Value {
                    fault: format!("the column {} is listed twice", column.name),
                    hint: "leave one out, or give it another name with AS".into(),
                    place: item.place.clone(),
                });
            }
            columns.push(column);
        }
    }
    Ok(columns)
}

/// The column that an expression and its name make. A bare column is its own name; any other needs one that is not taken.
fn named(
    expression: Expression,
    alias: Option<String>,
    place: &Place,
    known: &[Known],
) -> Result<Shown, ProfileError> {
    let reads = expression.columns();
    let bare = reads.names().next().filter(|name| name == expression.text());
    let fault = match (bare, alias) {
        (Some(name), None) => return Ok(Shown { name, expression }),
        (None, None) => format!("`{}` has no name", expression.text()),
        (bare, Some(alias)) => {
            let taken = known.iter().any(|column| column.name == alias) || earlier(&alias).is_some();
            let plain =
                alias.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
                    && alias.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
                    && alias.len() <= 63;
            match (plain, taken && bare.as_ref() != Some(&alias)) {
                (true, false) => return Ok(Shown { name: alias, expression }),
                (true, true) => format!("the name {alias} is another column's"),
                (false, _) => format!("the name {alias} is not made of a-z, 0-9 and _"),
            }
        }
    };
    let hint = "name an expression with AS, such as close / sma_200 - 1 AS above_200".into();
    Err(ProfileError::Value { place: place.clone(), fault, hint })
}

/// A count that must be 1 or more.
fn at_least_one(value: i64, place: &Place) -> Result<usize, ProfileError> {
    usize::try_from(value).ok().filter(|&value| value > 0).ok_or_else(|| ProfileError::Value {
        place: place.clone(),
        fault: format!("{value} is not 1 or more"),
        hint: format!("{} is a whole number, 1 or more", place.key),
    })
}
