//! What a profile gets from the ranked market: the listed rows with typed values, the fate of every instrument, and the counts
//! of every stage. Whoever ranked the market, and however, the answer is made here.

use std::sync::Arc;

use chrono::NaiveDate;
use rayon::prelude::*;
use serde_json::{Map, Value, json};

use super::ScanError;
use super::columns;
use super::earlier::Earlier;
use super::profile::{self, ColumnData, Fate, Kind, Market, Profile, Selection, select};
use super::ranked::Ranked;
use crate::arithmetic::scores::{Part, Weights};
use crate::arithmetic::universe::Drop;
use crate::store::date_of;

/// The answer to a profile.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The market that it was taken from.
    pub ranked: Arc<Ranked>,
    /// What was asked.
    pub profile: Arc<Profile>,
    /// What became of whom.
    pub selection: Selection,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Heading {
    /// Its name.
    pub name: String,
    /// What 1.0 means; empty for text, for yes or no, and for an expression.
    pub unit: &'static str,
    /// What it holds.
    pub kind: Kind,
}

/// Answers a profile. `earlier` holds the columns of earlier sessions that it reads.
///
/// # Errors
/// A column that was not read; never for what [`Profile::reads`] names.
pub fn answer(ranked: Arc<Ranked>, earlier: &Earlier, profile: Arc<Profile>) -> Result<Answer, ScanError> {
    let selection = with_market(&ranked, earlier, &profile, |market| select(&profile, market))?;
    Ok(Answer { ranked, profile, selection })
}

/// Hands the ranked market to `use_it` as a selection by `profile` reads it.
pub fn with_market<T>(
    ranked: &Ranked,
    earlier: &Earlier,
    profile: &Profile,
    use_it: impl FnOnce(&Market<'_>) -> T,
) -> T {
    let instruments = &ranked.panel.instruments;
    let tickers: Vec<&str> = instruments.iter().map(|one| one.ticker.as_str()).collect();
    let sectors: Vec<Option<&str>> = instruments.iter().map(|one| one.sector.as_deref()).collect();
    let drops: Vec<Option<Drop>> = (0..ranked.rows())
        .into_par_iter()
        .with_min_len(1_000)
        .map(|row| profile.universe.first_drop(&ranked.facts(row)))
        .collect();
    let settings = profile.plan.unwrap_or_default();
    let column = |name: &str, rows: Option<&[usize]>| match profile::earlier(name) {
        Some((base, ago)) => {
            let values = earlier.values(base, ago)?;
            Some(ColumnData::Numbers(match rows {
                Some(rows) => rows.iter().map(|row| values[*row]).collect(),
                None => values.to_vec(),
            }))
        }
        None => columns::find(name).map(|column| match rows {
            Some(rows) => ranked.values_at(column, &settings, rows),
            None => ranked.values(column, &settings),
        }),
    };
    use_it(&Market { tickers: &tickers, sectors: &sectors, drops: &drops, column: &column })
}

impl Answer {
    /// The session that was ranked.
    pub fn session_date(&self) -> NaiveDate {
        date_of(self.ranked.panel.session)
    }

    /// How many rows are listed.
    pub fn len(&self) -> usize {
        self.selection.listed.len()
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.selection.listed.is_empty()
    }

    /// The profile's columns in their order.
    pub fn headings(&self) -> Vec<Heading> {
        let heading = |(name, values): &(String, ColumnData)| {
            let base = profile::earlier(name).map_or(name.as_str(), |(base, _)| base);
            let kind = match values {
                ColumnData::Numbers(_) => Kind::Number,
                ColumnData::Texts(_) => Kind::Text,
                ColumnData::Flags(_) => Kind::Flag,
            };
            Heading { name: name.clone(), unit: columns::find(base).map_or("", |column| column.unit), kind }
        };
        self.selection.columns.iter().map(heading).collect()
    }

    /// The ticker of the listed row at `place`, from 0.
    pub fn ticker(&self, place: usize) -> &str {
        &self.ranked.panel.instruments[self.selection.listed[place]].ticker
    }

    /// The listed row at `place`, from 0, as an object: place (from 1), ticker, instrument_id, rank, sector, the profile's columns, flags, and
    /// what each part contributed to the scores, in points. Null is null; no value is blank.
    pub fn row_json(&self, place: usize) -> Value {
        let row = self.selection.listed[place];
        let one = &self.ranked.panel.instruments[row];
        let mut object = Map::new();
        object.insert("place".into(), (place + 1).into());
        object.insert("ticker".into(), one.ticker.clone().into());
        object.insert("instrument_id".into(), one.id.into());
        object.insert("rank".into(), number(self.ranked.rank[row]));
        object.insert("sector".into(), one.sector.clone().into());
        for (name, values) in &self.selection.columns {
            object.insert(name.clone(), value(values, place));
        }
        object.insert("flags".into(), self.ranked.flags(row).into());
        object.insert("contributions".into(), contributions(&self.ranked, row, &self.profile.weights));
        Value::Object(object)
    }

    /// All listed rows as objects.
    pub fn rows_json(&self) -> Vec<Value> {
        (0..self.len()).map(|place| self.row_json(place)).collect()
    }

    /// Instruments at every stage: all, those of each fate in words, and those whose factors are older than their bars.
    pub fn counts_json(&self) -> Value {
        let fates: Map<String, Value> =
            self.counts().into_iter().map(|(words, count)| (words, count.into())).collect();
        json!({
            "instruments": self.ranked.rows(),
            "ranked": self.ranked.rank.iter().filter(|rank| !rank.is_nan()).count(),
            "features_behind": self.ranked.panel.behind.len(),
            "fates": fates,
        })
    }

    /// How many instruments had each fate that any had, in words; the listed first, then from the last stage to the first.
    pub fn counts(&self) -> Vec<(String, usize)> {
        let rules = &self.profile.universe;
        self.selection.counts.iter().map(|(fate, count)| (fate.words(rules), *count)).collect()
    }

    /// The fates as they are stored: at the place of each instrument's id its code and 1, elsewhere 0.
    pub fn fates(&self) -> Vec<u8> {
        self.by_id(|row| self.selection.fates[row].code() + 1)
    }

    /// The first conditions that were not met, as they are stored: at the place of each instrument's id the condition's number.
    pub fn unmet(&self) -> Vec<u8> {
        self.by_id(|row| self.selection.unmet[row])
    }

    fn by_id(&self, byte: impl Fn(usize) -> u8) -> Vec<u8> {
        // Ascending by id.
        let instruments = &self.ranked.panel.instruments;
        let mut bytes = vec![0; instruments.last().map_or(0, |one| one.id.unsigned_abs() as usize + 1)];
        for (row, one) in instruments.iter().enumerate() {
            bytes[one.id.unsigned_abs() as usize] = byte(row);
        }
        bytes
    }

    /// What the conditions read, as it is stored: values by column, by instrument; of the first `rows` listed rows, and of those of the
    /// instruments `also` (ascending) that are not listed.
    pub fn read(&self, rows: usize, also: &[i32]) -> Value {
        let names: Vec<String> = self.profile.conditions().flat_map(|(_, reads)| reads).collect();
        let columns: Vec<&(String, ColumnData)> =
            self.selection.read.iter().filter(|(name, _)| names.contains(name)).collect();
        let instruments = &self.ranked.panel.instruments;
        let row_of = |id: &i32| instruments.binary_search_by_key(id, |one| one.id).ok();
        let not_listed =
            also.iter().filter_map(row_of).filter(|row| self.selection.fates[*row] != Fate::Listed);
        let of_row = |row: usize| {
            let values = columns.iter().map(|(name, values)| (name.clone(), value(values, row)));
            (instruments[row].id.to_string(), Value::Object(values.collect()))
        };
        let listed = self.selection.listed.iter().take(rows).copied();
        Value::Object(listed.chain(not_listed).map(of_row).collect())
    }

    /// The values of the order's keys of the first `rows` listed rows, a list a row.
    pub fn order_keys(&self, rows: usize) -> Value {
        let of_row = |row: &usize| self.selection.keys.iter().map(|key| value(key, *row)).collect::<Value>();
        self.selection.listed.iter().take(rows).map(of_row).collect()
    }
}

/// What each part of a row's scores contributed, in points; null where it has none.
pub fn contributions(ranked: &Ranked, row: usize, weights: &Weights) -> Value {
    let Some(made_of) = ranked.scores.contributions(row, weights) else { return Value::Null };
    let parts = |parts: &[Part]| -> Map<String, Value> {
        parts.iter().map(|part| (part.name.to_owned(), number(part.points))).collect()
    };
    let penalties: Map<String, Value> =
        made_of.penalties.iter().map(|charge| (charge.name.to_owned(), number(-charge.points))).collect();
    json!({ "ics": parts(&made_of.ics), "merit": parts(&made_of.merit), "penalties": penalties })
}

/// A value of a column as JSON.
pub fn value(values: &ColumnData, row: usize) -> Value {
    match values {
        ColumnData::Numbers(values) => number(values[row]),
        ColumnData::Texts(values) => text(values[row].as_deref()),
        ColumnData::Flags(values) => values[row].into(),
    }
}

/// A number as JSON; NaN is null.
pub fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// Text as JSON; a blank one is null.
pub fn text(text: Option<&str>) -> Value {
    text.filter(|text| !text.is_empty()).map_or(Value::Null, Value::from)
}
