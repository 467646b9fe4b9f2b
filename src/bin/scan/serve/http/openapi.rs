//! `GET /openapi.json`: what there is to ask and what the answers look like, as OpenAPI 3.1. The schema of rows is made from the
//! columns themselves.

use axum::response::Response;
use serde_json::{Map, Value, json};

use super::json_page;
use super::schemas;

/// The page.
pub async fn page() -> Response {
    json_page(&document())
}

fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Tidemark scan",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The ranked market, kept in memory and up to date. Every answer is that of a full scan in its snapshot.",
        },
        "security": [{}, { "token": [] }],
        "paths": paths(),
        "components": {
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "Needed where the server has a token." },
            },
            "schemas": schemas::all(),
        },
    })
}

fn paths() -> Value {
    let events = json!({
        "description": "progress, row …, done; then delta, trouble and heartbeat for as long as the connection lasts; end, if the server ends it. As of a past session the stream ends after done.",
        "content": {
            "application/x-ndjson": { "schema": reference("Event") },
            "text/event-stream": { "schema": { "type": "string", "description": "The event's name is its `event`, its data the rest of the object." } },
        },
    });
    let health = json!({
        "200": content("A market is loaded.", "Health"),
        "503": content("No market is loaded yet.", "Health"),
        "default": content("There is no answer.", "Error"),
    });
    json!({
        "/v1/scan": { "get": {
            "summary": "What a profile lists of the ranked market",
            "parameters": scan_parameters(),
            "responses": responses("Scan"),
        } },
        "/v1/scan/stream": { "get": {
            "summary": "The same in events, and then what changes in it",
            "description": "NDJSON, or server-sent events where Accept has text/event-stream.",
            "parameters": scan_parameters(),
            "responses": { "200": events, "default": content("There is no answer.", "Error") },
        } },
        "/v1/symbols/{ticker}": { "get": {
            "summary": "All columns of one instrument, and what became of it under a profile",
            "parameters": [
                { "name": "ticker", "in": "path", "required": true, "schema": { "type": "string" }, "description": "Case matters." },
                parameter("profile"), parameter("as_of"),
            ],
            "responses": responses("Symbol"),
        } },
        "/v1/runs": { "get": {
            "summary": "Stored scans, newest first",
            "parameters": [
                query("limit", json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 50 }), "Most runs."),
                query("profile", json!({ "type": "string" }), "Only those of this profile."),
            ],
            "responses": responses("Runs"),
        } },
        "/v1/columns": { "get": { "summary": "All columns", "responses": responses("Columns") } },
        "/v1/profiles": { "get": { "summary": "All profiles", "responses": responses("Profiles") } },
        "/healthz": { "get": { "summary": "Whether it answers, and how old its data is", "responses": health } },
        "/metrics": { "get": {
            "summary": "Counts and times for Prometheus",
            "responses": { "200": { "description": "Text.", "content": { "text/plain": { "schema": { "type": "string" } } } } },
        } },
        "/openapi.json": { "get": {
            "summary": "This document",
            "responses": { "200": { "description": "OpenAPI 3.1.", "content": { "application/json": { "schema": { "type": "object" } } } } },
        } },
    })
}

fn scan_parameters() -> Value {
    ["profile", "where", "order_by", "columns", "tickers", "as_of", "limit", "timeout_ms"]
        .map(parameter)
        .into_iter()
        .collect()
}

fn parameter(name: &str) -> Value {
    let text = || json!({ "type": "string" });
    let number = || json!({ "type": "integer", "minimum": 1 });
    let (schema, description) = match name {
        "profile" => (json!({ "type": "string", "default": "market" }), "Name of a profile."),
        "where" => (text(), "SQL condition over the columns, instead of the profile's."),
        "order_by" => {
            (text(), "SQL expressions with ASC or DESC, instead of the profile's; nulls come last.")
        }
        "columns" => {
            (text(), "Columns, or expressions AS names, with commas between, instead of the profile's.")
        }
        "tickers" => (
            text(),
            "With commas between. Only these are listed, whatever the profile's limit; not_listed says why the others are not.",
        ),
        "as_of" => {
            (json!({ "type": "string", "format": "date" }), "A past session, from what was known then.")
        }
        "limit" => (number(), "Most rows, instead of the profile's."),
        _ => (
            json!({ "type": "integer", "minimum": 1, "maximum": 3_600_000, "default": 120_000 }),
            "Time for the answer.",
        ),
    };
    query(name, schema, description)
}

fn query(name: &str, schema: Value, description: &str) -> Value {
    json!({ "name": name, "in": "query", "schema": schema, "description": description })
}

fn responses(schema: &str) -> Value {
    json!({ "200": content("The answer.", schema), "default": content("There is no answer.", "Error") })
}

fn content(description: &str, schema: &str) -> Value {
    json!({ "description": description, "content": { "application/json": { "schema": reference(schema) } } })
}

/// A reference to a schema of the document.
pub fn reference(name: &str) -> Value {
    let mut object = Map::new();
    object.insert("$ref".into(), format!("#/components/schemas/{name}").into());
    Value::Object(object)
}
