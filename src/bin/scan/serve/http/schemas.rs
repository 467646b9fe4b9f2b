//! The schemas of answers.

use serde_json::{Map, Value, json};
use tidemark::jobs::scan::columns::{self, Column};
use tidemark::jobs::scan::profile::Kind;

use super::super::fault::CODES;
use super::openapi::reference;

/// The schemas by name.
pub fn all() -> Value {
    json!({
        "Error": error(),
        "Row": row(),
        "Heading": closed(json!({
            "name": text(), "unit": or_null("string"), "kind": { "enum": ["number", "text", "flag"] },
        })),
        "NotListed": closed(json!({
            "ticker": text(), "fate": fate(), "reason": text(), "hint": or_null("string"),
        })),
        "Counts": {
            "type": "object",
            "description": "Instruments at every stage; fates are in words.",
            "required": ["instruments", "ranked", "features_behind", "fates"],
            "properties": {
                "instruments": count(), "ranked": count(), "features_behind": count(),
                "fates": { "type": "object", "additionalProperties": count() },
            },
        },
        "Scan": scan(),
        "Symbol": symbol(),
        "Runs": with_ok(json!({ "runs": list(run()) })),
        "Columns": with_ok(json!({ "columns": list(closed(json!({
            "name": text(), "group": text(), "kind": { "enum": ["number", "text", "flag"] }, "unit": or_null("string"),
            "earlier": { "type": "boolean", "description": "Whether NAME_5d_ago can be asked." }, "definition": text(),
        }))) })),
        "Profiles": with_ok(json!({ "profiles": list(json!({
            "type": "object",
            "required": ["name"],
            "properties": { "name": text(), "description": or_null("string"), "fault": text() },
            "oneOf": [{ "required": ["description"] }, { "required": ["fault"] }],
            "additionalProperties": false,
        })) })),
        "Health": closed(json!({
            "status": { "enum": ["ok", "degraded", "starting"] },
            "session": or_null_date(), "snapshot": or_null("string"), "instruments": or_null("integer"),
            "features_behind": or_null("integer"), "data_age_seconds": age(), "connected": { "type": "boolean" },
            "trouble": { "oneOf": [{ "type": "null" }, fault()] },
        })),
        "Event": event(),
    })
}

fn error() -> Value {
    closed(json!({ "ok": { "const": false }, "error": fault() }))
}

fn fault() -> Value {
    let codes: Vec<&str> = CODES.iter().map(|(code, _)| *code).collect();
    closed(json!({ "code": { "enum": codes }, "message": text(), "hint": or_null("string") }))
}

/// A row: what every one has, every column, and whatever else a profile names.
fn row() -> Value {
    let of_column = |column: &Column| {
        let kind = match column.kind {
            Kind::Number => "number",
            Kind::Text => "string",
            Kind::Flag => "boolean",
        };
        let mut schema = or_null(kind);
        schema["description"] = column.definition.clone().into();
        if !column.unit.is_empty() {
            schema["x-unit"] = column.unit.into();
        }
        (column.name.clone(), schema)
    };
    let mut properties: Map<String, Value> = columns::all().iter().map(of_column).collect();
    let points = json!({ "type": "object", "additionalProperties": or_null("number") });
    let fixed = json!({
        "place": { "type": "integer", "minimum": 1, "description": "Place in the answer's order." },
        "ticker": text(),
        "instrument_id": { "type": "integer" },
        "rank": or_null("number"),
        "sector": or_null("string"),
        "flags": list(text()),
        "contributions": { "oneOf": [{ "type": "null" }, closed(json!({ "ics": points, "merit": points, "penalties": points }))] },
    });
    let required: Vec<String> = fixed.as_object().into_iter().flat_map(Map::keys).cloned().collect();
    properties.extend(fixed.as_object().cloned().unwrap_or_default());
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "patternProperties": { "_[0-9]+d_ago$": or_null("number") },
        "additionalProperties": { "type": ["number", "string", "boolean", "null"], "description": "An expression AS this name." },
    })
}

/// What an answer says besides its rows.
fn head() -> Map<String, Value> {
    let head = json!({
        "session": date(), "as_of": or_null_date(), "snapshot": or_null("string"), "data_age_seconds": age(),
        "profile": text(),
    });
    head.as_object().cloned().unwrap_or_default()
}

fn of_listing() -> Map<String, Value> {
    let mut properties = head();
    properties.insert("counts".into(), reference("Counts"));
    properties.insert("columns".into(), list(reference("Heading")));
    properties.insert("not_listed".into(), list(reference("NotListed")));
    properties
}

fn scan() -> Value {
    let mut properties = of_listing();
    properties.insert("rows".into(), list(reference("Row")));
    with_ok(Value::Object(properties))
}

fn symbol() -> Value {
    let mut properties = head();
    let of_row = row();
    for (name, schema) in [
        ("ticker", text()),
        ("instrument_id", json!({ "type": "integer" })),
        ("fate", fate()),
        ("reason", text()),
        ("flags", list(text())),
        ("contributions", of_row["properties"]["contributions"].clone()),
        (
            "columns",
            list(closed(json!({
                "name": text(), "group": text(), "kind": { "enum": ["number", "text", "flag"] }, "unit": or_null("string"),
                "value": { "type": ["number", "string", "boolean", "null"] },
            }))),
        ),
    ] {
        properties.insert(name.into(), schema);
    }
    with_ok(Value::Object(properties))
}

fn run() -> Value {
    closed(json!({
        "run_id": { "type": "integer" },
        "finished_at": { "type": "string", "format": "date-time" },
        "mode": { "enum": ["full", "incremental"] },
        "profile": text(),
        "edited": or_null("boolean"),
        "session_date": date(),
        "instruments": or_null("integer"),
        "ranked": or_null("integer"),
        "listed": or_null("integer"),
        "seconds": or_null("number"),
    }))
}

fn event() -> Value {
    let named = |name: &str, mut properties: Map<String, Value>| {
        properties.insert("event".into(), json!({ "const": name }));
        closed(Value::Object(properties))
    };
    let of = |name: &str, properties: Value| named(name, properties.as_object().cloned().unwrap_or_default());
    let mut done = of_listing();
    done.insert("rows".into(), count());
    let gone = closed(json!({
        "ticker": text(), "instrument_id": { "type": "integer" }, "was_place": count(), "fate": fate(), "reason": text(),
    }));
    let changed = closed(json!({ "row": reference("Row"), "was_place": count(), "changed": list(text()) }));
    json!({ "oneOf": [
        of("progress", json!({ "stage": { "const": "loaded" }, "instruments": count(), "signals": count(), "features": count() })),
        of("progress", json!({ "stage": { "const": "reading" }, "as_of": date() })),
        of("progress", json!({ "stage": { "const": "selected" }, "counts": reference("Counts"), "rows": count() })),
        of("row", json!({ "row": reference("Row") })),
        named("done", done),
        of("delta", json!({
            "session": date(), "snapshot": text(), "counts": reference("Counts"),
            "entered": list(reference("Row")), "left": list(gone), "changed": list(changed),
        })),
        of("trouble", json!({ "error": fault() })),
        of("heartbeat", json!({ "data_age_seconds": age() })),
        of("end", json!({ "error": fault() })),
    ] })
}

fn fate() -> Value {
    json!({ "enum": [
        "listed", "over_limit", "over_sector_cap", "where_not_true", "where_unknown", "dropped", "unknown",
    ] })
}

fn with_ok(properties: Value) -> Value {
    let mut properties = properties;
    properties["ok"] = json!({ "const": true });
    closed(properties)
}

/// An object that has all of `properties` and no others.
fn closed(properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false })
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn date() -> Value {
    json!({ "type": "string", "format": "date" })
}

fn or_null_date() -> Value {
    json!({ "type": ["string", "null"], "format": "date" })
}

fn or_null(kind: &str) -> Value {
    let blank = kind == "string";
    if blank { json!({ "type": [kind, "null"], "minLength": 1 }) } else { json!({ "type": [kind, "null"] }) }
}

fn age() -> Value {
    json!({ "type": ["number", "null"], "minimum": 0, "description": "Seconds since the data was last known to be that of the database." })
}
