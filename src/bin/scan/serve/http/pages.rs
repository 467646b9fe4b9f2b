//! The pages that are one answer each.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tidemark::jobs::scan::columns::all;
use tidemark::store::{date_of, scan_runs};

use super::super::fault::Fault;
use super::super::{numbers, request};
use super::{App, Query, json_page, json_text, pairs};
use crate::lists;
use crate::runs::line_json;

/// Older data than this is said to be degraded: looks at the change log are at most 30 s apart.
const FRESH: Duration = Duration::from_secs(90);
/// Runs that are listed where the request gives no limit.
const RUNS: i64 = 50;
/// Most runs that are listed; so many are stored.
const MOST_RUNS: i64 = 1000;

/// `GET /v1/scan`
pub async fn scan(State(shared): App, query: Query) -> Response {
    let answered = async {
        let request = request::of_query(&pairs(query)?)?;
        shared.engine.answer(request, |reply| Value::Object(reply.object()).to_string()).await
    };
    let answered = answered.await;
    numbers::request("http", answered.as_ref().map_or_else(|fault| fault.code, |_| "ok"));
    answered.map_or_else(IntoResponse::into_response, json_text)
}

/// `GET /v1/runs`
pub async fn runs(State(shared): App, query: Query) -> Result<Response, Fault> {
    let (mut limit, mut profile) = (RUNS, None);
    for (key, value) in pairs(query)? {
        match key.as_str() {
            "limit" => {
                let number = value.parse().ok().filter(|number| (1..=MOST_RUNS).contains(number));
                limit = number.ok_or_else(|| Fault::bad_value("limit", "1 to 1000"))?;
            }
            "profile" => profile = Some(value),
            _ => return Err(Fault::unknown_key(&key, &["limit", "profile"])),
        }
    }
    let listing = async {
        let client = shared.engine.store().client().await?;
        scan_runs::list(&**client, profile.as_deref(), limit).await
    };
    let patience = Duration::from_secs(10);
    let listed = tokio::time::timeout(patience, listing).await;
    let listed = listed.map_err(|_| Fault::timeout(patience.as_millis()))??;
    Ok(json_page(&json!({ "ok": true, "runs": listed.iter().map(line_json).collect::<Vec<_>>() })))
}

/// `GET /v1/columns`
pub async fn columns() -> Response {
    json_page(&json!({ "ok": true, "columns": all().iter().map(lists::column_json).collect::<Vec<_>>() }))
}

/// `GET /v1/profiles`
pub async fn profiles(State(shared): App) -> Result<Response, Fault> {
    // Files are read.
    let reading =
        tokio::task::spawn_blocking(move || lists::profiles_json(&lists::described(shared.engine.folder())));
    let profiles = reading.await.map_err(|error| Fault::new("internal", error.to_string()))?;
    Ok(json_page(&json!({ "ok": true, "profiles": profiles })))
}

/// `GET /healthz`
pub async fn health(State(shared): App) -> Response {
    let moment = shared.engine.moment();
    let old = moment.age().is_none_or(|age| age > FRESH);
    let status = match &moment.market {
        None => "starting",
        Some(_) if !moment.connected || moment.trouble.is_some() || old => "degraded",
        Some(_) => "ok",
    };
    let panel = moment.market.as_ref().map(|market| market.panel());
    let mut page = json_page(&json!({
        "status": status,
        "session": panel.map(|panel| date_of(panel.session)),
        "snapshot": moment.market.as_ref().map(|_| &*moment.snapshot),
        "instruments": panel.map(|panel| panel.instruments.len()),
        "features_behind": panel.map(|panel| panel.behind.len()),
        "data_age_seconds": moment.age().map(|age| age.as_secs_f64()),
        "connected": moment.connected,
        "trouble": moment.trouble.as_ref().map(Fault::json),
    }));
    if moment.market.is_none() {
        *page.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    page
}

/// `GET /metrics`
pub async fn metrics(State(shared): App) -> Response {
    let moment = shared.engine.moment();
    numbers::standing(moment.market.is_some(), moment.age(), shared.engine.store().connections());
    ([("content-type", "text/plain; version=0.0.4; charset=utf-8")], shared.metrics.render()).into_response()
}
