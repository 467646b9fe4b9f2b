//! An answer as it leaves the server: one object, the same through every door.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use tidemark::jobs::scan::answer::Answer;
use tidemark::jobs::scan::asked::kind_name;
use tidemark::jobs::scan::profile::{Fate, probably_meant};

use super::request::Request;

/// Where an answer was computed from.
pub enum Origin {
    /// The market in memory: the snapshot that it was read in, and how long ago it was last known to be the database's.
    Living {
        /// The snapshot.
        snapshot: Arc<str>,
        /// The age.
        age: Duration,
    },
    /// The database, as of a past session.
    Past(NaiveDate),
}

/// An answer.
pub struct Reply {
    /// What was computed.
    pub answer: Answer,
    /// From where.
    pub origin: Origin,
    /// Places of the rows in the answer's list.
    pub rows: Vec<usize>,
    /// Tickers that were named and are not listed, each with why.
    not_listed: Vec<Value>,
}

impl Reply {
    /// The part of `answer` that `request` asks for.
    pub fn new(answer: Answer, origin: Origin, request: &Request) -> Self {
        if request.tickers.is_empty() {
            return Self { rows: (0..answer.len()).collect(), answer, origin, not_listed: Vec::new() };
        }
        let places: HashMap<usize, usize> =
            answer.selection.listed.iter().enumerate().map(|(place, row)| (*row, place)).collect();
        let (mut rows, mut not_listed) = (Vec::new(), Vec::new());
        let mut tickers: Vec<&str> = request.tickers.iter().map(String::as_str).collect();
        tickers.sort_unstable();
        tickers.dedup();
        let by_ticker = by_ticker(&answer);
        for ticker in tickers {
            match by_ticker.get(ticker) {
                None => not_listed.push(unknown(&answer, ticker)),
                Some(row) => match places.get(row) {
                    Some(place) => rows.push(*place),
                    None => not_listed.push(kept_out(&answer, ticker, answer.selection.fates[*row])),
                },
            }
        }
        rows.sort_unstable();
        if let Some(limit) = request.changes.limit
            && limit < rows.len()
        {
            let over = rows.split_off(limit);
            not_listed
                .extend(over.iter().map(|place| kept_out(&answer, answer.ticker(*place), Fate::OverLimit)));
        }
        Self { answer, origin, rows, not_listed }
    }

    /// The rows as objects.
    pub fn rows_json(&self) -> Vec<Value> {
        self.rows.iter().map(|place| self.answer.row_json(*place)).collect()
    }

    /// Everything but the rows.
    pub fn head(&self) -> Map<String, Value> {
        let (snapshot, age, as_of) = match &self.origin {
            Origin::Living { snapshot, age } => (Some(&**snapshot), Some(age.as_secs_f64()), None),
            Origin::Past(day) => (None, None, Some(day)),
        };
        let columns: Vec<Value> = self
            .answer
            .headings()
            .iter()
            .map(|heading| {
                let unit = Some(heading.unit).filter(|unit| !unit.is_empty());
                json!({ "name": heading.name, "unit": unit, "kind": kind_name(heading.kind) })
            })
            .collect();
        let head = json!({
            "session": self.answer.session_date(),
            "as_of": as_of,
            "snapshot": snapshot,
            "data_age_seconds": age,
            "profile": self.answer.profile.name,
            "counts": self.answer.counts_json(),
            "columns": columns,
            "not_listed": self.not_listed,
        });
        match head {
            Value::Object(head) => head,
            _ => Map::new(),
        }
    }

    /// The whole answer.
    pub fn object(&self) -> Map<String, Value> {
        let mut object = self.head();
        object.insert("ok".into(), true.into());
        object.insert("rows".into(), self.rows_json().into());
        object
    }
}

/// The row of each ticker; of two instruments that bear one, that with the later bar.
fn by_ticker(answer: &Answer) -> HashMap<&str, usize> {
    let mut rows: HashMap<&str, usize> = HashMap::new();
    let session = |row: usize| answer.ranked.signals(row).map(|signals| signals.session);
    for (row, one) in answer.ranked.panel.instruments.iter().enumerate() {
        rows.entry(&one.ticker)
            .and_modify(|known| {
                if session(row) >= session(*known) {
                    *known = row;
                }
            })
            .or_insert(row);
    }
    rows
}

/// The row of a ticker, or the one that was probably meant.
pub fn row_of(answer: &Answer, ticker: &str) -> Result<usize, Option<String>> {
    by_ticker(answer).get(ticker).copied().ok_or_else(|| meant(answer, ticker).map(str::to_owned))
}

fn meant<'a>(answer: &'a Answer, ticker: &str) -> Option<&'a str> {
    probably_meant(ticker, answer.ranked.panel.instruments.iter().map(|one| one.ticker.as_str()))
}

fn unknown(answer: &Answer, ticker: &str) -> Value {
    let hint = meant(answer, ticker).map(|meant| format!("did you mean {meant}? case matters"));
    json!({ "ticker": ticker, "fate": "unknown", "reason": format!("there is no instrument {ticker} with bars"), "hint": hint })
}

fn kept_out(answer: &Answer, ticker: &str, fate: Fate) -> Value {
    json!({ "ticker": ticker, "fate": fate_name(fate), "reason": fate.words(&answer.profile.universe), "hint": null })
}

/// The stage that a fate is of, for programs.
pub fn fate_name(fate: Fate) -> &'static str {
    match fate {
        Fate::Listed => "listed",
        Fate::OverLimit => "over_limit",
        Fate::OverSectorCap => "over_sector_cap",
        Fate::NotTrue => "where_not_true",
        Fate::Unknown => "where_unknown",
        Fate::Dropped(_) => "dropped",
    }
}
