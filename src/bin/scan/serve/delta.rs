//! What is different between two answers to one request: rows that came, rows that went and why, rows that moved or changed.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use tidemark::jobs::scan::profile::Fate;

use super::reply::{Reply, fate_name};

/// A listed row.
pub struct Listed {
    /// Its instrument.
    id: i32,
    /// The row as an object.
    pub row: Value,
}

impl Listed {
    /// The rows of an answer, in order.
    pub fn all(reply: &Reply) -> Vec<Self> {
        let instruments = &reply.answer.ranked.panel.instruments;
        let ids = reply.rows.iter().map(|place| instruments[reply.answer.selection.listed[*place]].id);
        ids.zip(reply.rows_json()).map(|(id, row)| Self { id, row }).collect()
    }
}

/// What is different in `now`, the rows of `reply`, from `before`; none where nothing is.
pub fn delta(reply: &Reply, before: &[Listed], now: &[Listed]) -> Option<Map<String, Value>> {
    let fate = |id: i32| {
        let row = reply.answer.ranked.panel.instruments.binary_search_by_key(&id, |one| one.id).ok()?;
        let fate = match reply.answer.selection.fates[row] {
            // It is listed, and then the request's own limit is over.
            Fate::Listed => Fate::OverLimit,
            fate => fate,
        };
        Some((fate_name(fate), fate.words(&reply.answer.profile.universe)))
    };
    difference(before, now, fate)
}

fn difference(
    before: &[Listed],
    now: &[Listed],
    fate: impl Fn(i32) -> Option<(&'static str, String)>,
) -> Option<Map<String, Value>> {
    let old: HashMap<i32, &Value> = before.iter().map(|one| (one.id, &one.row)).collect();
    let new: HashMap<i32, &Value> = now.iter().map(|one| (one.id, &one.row)).collect();
    let entered: Vec<&Value> =
        now.iter().filter(|one| !old.contains_key(&one.id)).map(|one| &one.row).collect();
    let went = before.iter().filter(|one| !new.contains_key(&one.id));
    let left: Vec<Value> = went
        .map(|one| {
            let (fate, reason) = fate(one.id).unwrap_or(("unknown", "it has no bars any more".into()));
            json!({ "ticker": one.row["ticker"], "instrument_id": one.id, "was_place": one.row["place"], "fate": fate, "reason": reason })
        })
        .collect();
    let changed: Vec<Value> = now
        .iter()
        .filter_map(|one| {
            let was = *old.get(&one.id)?;
            let names = differing(was, &one.row);
            let change = json!({ "row": one.row, "was_place": was["place"], "changed": names });
            (!names.is_empty()).then_some(change)
        })
        .collect();
    if entered.is_empty() && left.is_empty() && changed.is_empty() {
        return None;
    }
    match json!({ "entered": entered, "left": left, "changed": changed }) {
        Value::Object(delta) => Some(delta),
        _ => None,
    }
}

/// The names whose values differ.
fn differing<'a>(was: &Value, is: &'a Value) -> Vec<&'a str> {
    let fields = is.as_object().into_iter().flatten();
    fields
        .filter(|(name, value)| was.get(name.as_str()) != Some(*value))
        .map(|(name, _)| name.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i32, place: usize, close: f64) -> Listed {
        Listed { id, row: json!({ "ticker": format!("T{id}"), "place": place, "close": close }) }
    }

    fn told(before: &[Listed], now: &[Listed]) -> Value {
        let fate = |id: i32| (id != 9).then(|| ("over_limit", "over the limit".to_owned()));
        difference(before, now, fate).map_or(Value::Null, Value::Object)
    }

    #[test]
    fn rows_that_came_went_and_moved_are_told_with_what_changed() {
        let before = [row(1, 1, 10.0), row(2, 2, 20.0), row(9, 3, 5.0)];
        let now = [row(2, 1, 20.0), row(3, 2, 30.0)];
        assert_eq!(
            told(&before, &now),
            json!({
                "entered": [{ "ticker": "T3", "place": 2, "close": 30.0 }],
                "left": [
                    { "ticker": "T1", "instrument_id": 1, "was_place": 1, "fate": "over_limit", "reason": "over the limit" },
                    { "ticker": "T9", "instrument_id": 9, "was_place": 3, "fate": "unknown", "reason": "it has no bars any more" },
                ],
                "changed": [{ "row": { "ticker": "T2", "place": 1, "close": 20.0 }, "was_place": 2, "changed": ["place"] }],
            })
        );
        assert_eq!(told(&before[..1], &[row(1, 1, 10.5)])["changed"][0]["changed"], json!(["close"]));
        assert_eq!(told(&before, &before), Value::Null);
    }
}
