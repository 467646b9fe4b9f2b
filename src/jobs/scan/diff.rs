//! Two stored runs compared: who is new in the list, who is gone from it, who moved, and why. Pure.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;

use super::runs::{Run, Why};

/// Contributions that are told of a row that moved: the largest, from this many points on.
const CONTRIBUTIONS: usize = 3;
const LEAST_POINTS: f64 = 0.05;

/// What two runs differ in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    /// The older run.
    pub old: Side,
    /// The newer run.
    pub new: Side,
    /// What else differs, which has to be known before the rows are read.
    pub remarks: Vec<String>,
    /// How many rows.
    pub counts: Counts,
    /// Rows that only the newer run has, in its order.
    pub entered: Vec<Row>,
    /// Rows that only the older run has, in its order.
    pub gone: Vec<Row>,
    /// Rows of both at another place, in the newer run's order.
    pub moved: Vec<Row>,
}

/// A run of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Its number.
    pub run_id: i64,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// Its profile.
    pub profile: String,
    /// The session that it ranked.
    pub session_date: NaiveDate,
    /// Rows that are compared.
    pub rows: usize,
}

/// How many rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Only in the newer run.
    pub entered: usize,
    /// Only in the older run.
    pub gone: usize,
    /// In both, at another place.
    pub moved: usize,
    /// In both, at the same place.
    pub stayed: usize,
}

/// A row that is not as it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The instrument.
    pub instrument_id: i64,
    /// Its ticker in the newer run that has it, else in the older.
    pub ticker: String,
    /// Its ticker in the older run where it was another one.
    pub ticker_then: Option<String>,
    /// Its place in the older run.
    pub place_then: Option<usize>,
    /// Its place in the newer run.
    pub place: Option<usize>,
    /// Why the other run does not list it; none for a row that moved, and where that run does not say.
    pub why: Option<Why>,
    /// What the condition that keeps it out of the other run reads, as far as it is stored.
    pub read: Vec<Read>,
    /// What changed most of a row that moved: the order's keys, then the contributions to the scores.
    pub changes: Vec<Change>,
}

/// A column that a condition reads, of an instrument in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Read {
    /// The column.
    pub name: String,
    /// In the older run; none where it is not stored, null where it was null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then: Option<Value>,
    /// In the newer run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Value>,
}

/// A number that changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// A key of the order, or a part of a score.
    pub name: String,
    /// `order` for a key, `ics` or `merit` for points contributed to that score.
    pub of: &'static str,
    /// In the older run.
    pub then: Value,
    /// In the newer run.
    pub now: Value,
}

/// A stored row, as far as it is compared.
struct Listed<'a> {
    id: i64,
    ticker: &'a str,
    place: usize,
    row: &'a Value,
    keys: &'a [Value],
}

/// Compares two runs. Instruments are matched by their ids: a new ticker is the same row.
pub fn diff(old: &Run, new: &Run) -> Diff {
    let (then, now) = (listed(old), listed(new));
    let by_id = |rows: &[Listed<'_>]| -> HashMap<i64, usize> {
        rows.iter().enumerate().map(|(at, row)| (row.id, at)).collect()
    };
    let (then_by_id, now_by_id) = (by_id(&then), by_id(&now));
    let keys = shared_keys(old, new);
    let mut found = Diff {
        old: side(old, then.len()),
        new: side(new, now.len()),
        remarks: remarks(old, new),
        counts: Counts::default(),
        entered: Vec::new(),
        gone: Vec::new(),
        moved: Vec::new(),
    };
    for row in &now {
        match then_by_id.get(&row.id).map(|at| &then[*at]) {
            None => found.entered.push(alone(row, old, (old, new), None, Some(row.place))),
            Some(before) if before.place == row.place => found.counts.stayed += 1,
            Some(before) => found.moved.push(Row {
                instrument_id: row.id,
                ticker: row.ticker.to_owned(),
                ticker_then: Some(before.ticker).filter(|then| *then != row.ticker).map(str::to_owned),
                place_then: Some(before.place),
                place: Some(row.place),
                why: None,
                read: Vec::new(),
                changes: changes(before, row, &keys),
            }),
        }
    }
    let gone = then.iter().filter(|row| !now_by_id.contains_key(&row.id));
    found.gone = gone.map(|row| alone(row, new, (old, new), Some(row.place), None)).collect();
    (found.counts.entered, found.counts.gone, found.counts.moved) =
        (found.entered.len(), found.gone.len(), found.moved.len());
    found
}

fn side(run: &Run, rows: usize) -> Side {
    let stored = &run.stored;
    Side {
        run_id: stored.run_id,
        finished_at: stored.finished_at,
        profile: stored.profile.clone(),
        session_date: stored.session_date,
        rows,
    }
}

/// The stored rows. One without an id cannot be compared: no version stores such.
fn listed(run: &Run) -> Vec<Listed<'_>> {
    let keys = run.stored.order_keys.as_ref().and_then(Value::as_array);
    let row = |(at, row): (usize, &'_ Value)| -> Option<(i64, usize)> {
        Some((row.get("instrument_id")?.as_i64()?, at))
    };
    run.rows()
        .iter()
        .enumerate()
        .filter_map(row)
        .map(|(id, at)| Listed {
            id,
            ticker: run.rows()[at].get("ticker").and_then(Value::as_str).unwrap_or_default(),
            place: at + 1,
            row: &run.rows()[at],
            keys: keys.and_then(|keys| keys.get(at)?.as_array()).map_or(&[], Vec::as_slice),
        })
        .collect()
}

fn remarks(old: &Run, new: &Run) -> Vec<String> {
    let (then, now) = (&old.stored, &new.stored);
    let mut remarks = Vec::new();
    if then.profile != now.profile {
        remarks.push(format!("the profiles differ: {} then, {} now", then.profile, now.profile));
    } else if let (Some(before), Some(after)) = (&then.profile_digest, &now.profile_digest)
        && before != after
    {
        remarks.push("the profile was edited between the runs: it asks for something else now".to_owned());
    }
    if then.session_date != now.session_date {
        remarks.push(format!("the sessions differ: {} then, {} now", then.session_date, now.session_date));
    }
    if then.definitions != now.definitions {
        remarks
            .push("the definitions differ: another version of the program computed the signals".to_owned());
    }
    for run in [old, new] {
        if run.stored.fates.is_none() {
            remarks.push(format!(
                "run {} is of an older version, which did not store why instruments are not listed",
                run.stored.run_id
            ));
        }
    }
    for run in [old, new] {
        if run.listed() > run.rows().len() {
            remarks.push(format!(
                "run {} listed {} rows, of which the first {} are stored and compared",
                run.stored.run_id,
                run.listed(),
                run.rows().len()
            ));
        }
    }
    remarks
}

/// Keys that both runs order by: text, and place in either.
fn shared_keys(old: &Run, new: &Run) -> Vec<(String, usize, usize)> {
    let (Some(then), Some(now)) = (&old.asked, &new.asked) else { return Vec::new() };
    let place =
        |key: &super::asked::Key| then.order_by.iter().position(|before| before.expression == key.expression);
    let with_places = now.order_by.iter().enumerate();
    with_places.filter_map(|(at, key)| Some((key.expression.clone(), place(key)?, at))).collect()
}

/// A row that only one of the runs lists, and why `other` does not.
fn alone(
    row: &Listed<'_>,
    other: &Run,
    (old, new): (&Run, &Run),
    place_then: Option<usize>,
    place: Option<usize>,
) -> Row {
    let why = other.why_not(row.id);
    let stored =
        |run: &Run, name: &str| run.stored.read.as_ref()?.get(row.id.to_string())?.get(name).cloned();
    let read = |name: &String| {
        let (then, now) = (stored(old, name), stored(new, name));
        (then.is_some() || now.is_some()).then(|| Read { name: name.clone(), then, now })
    };
    Row {
        instrument_id: row.id,
        ticker: row.ticker.to_owned(),
        ticker_then: None,
        place_then,
        place,
        read: why.iter().flat_map(|why| &why.reads).filter_map(read).collect(),
        why,
        changes: Vec::new(),
    }
}

fn changes(before: &Listed<'_>, after: &Listed<'_>, keys: &[(String, usize, usize)]) -> Vec<Change> {
    let key = |(name, then, now): &(String, usize, usize)| {
        let (then, now) = (before.keys.get(*then)?.clone(), after.keys.get(*now)?.clone());
        (then != now).then(|| Change { name: name.clone(), of: "order", then, now })
    };
    let mut changes: Vec<Change> = keys.iter().filter_map(key).collect();
    let points = |row: &Listed<'_>, score: &str| -> BTreeMap<String, f64> {
        let parts = row.row.get("contributions").and_then(|all| all.get(score)).and_then(Value::as_object);
        parts
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)))
            .collect()
    };
    let mut parts: Vec<(f64, Change)> = Vec::new();
    for score in ["ics", "merit"] {
        let (then, now) = (points(before, score), points(after, score));
        for (name, now) in now {
            let Some(then) = then.get(&name) else { continue };
            if (now - then).abs() >= LEAST_POINTS {
                let change = Change { name, of: score, then: (*then).into(), now: now.into() };
                parts.push(((now - then).abs(), change));
            }
        }
    }
    parts.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    changes.extend(parts.into_iter().take(CONTRIBUTIONS).map(|(_, change)| change));
    changes
}
