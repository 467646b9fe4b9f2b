//! Reference data that is no list: one ticker, its names, the exchange's days.

use chrono::NaiveTime;
use serde_json::{Value, json};

use super::http::Request;
use super::market::{Market, Ticker};
use super::query::Query;
use super::reply::{Answer, Reply, bad, not_found, request_id};

/// `/v3/reference/tickers/{ticker}`: only who is listed now, or on `date`.
pub fn details(market: &Market, request: &Request, ticker: &str) -> Answer {
    let query = Query::of(request, &["date"])?;
    let date = query.date("date")?;
    let is_active = |one: &Ticker| date.map_or(one.is_active(), |date| one.is_active_on(date));
    let found = market.tickers.iter().rfind(|one| one.row["ticker"] == ticker && is_active(one));
    let found = found.ok_or_else(|| not_found("Ticker not found."))?;
    let mut results = found.row.clone();
    let more = found.details.as_object().expect("an object").clone();
    results.as_object_mut().expect("an object").extend(more);
    // The page of a ticker lacks what only the list has.
    results.as_object_mut().expect("an object").remove("last_updated_utc");
    Ok(one(market, request, &query, results))
}

/// `/vX/reference/tickers/{id}/events`: of who bears the ticker now, or the composite FIGI.
pub fn events(market: &Market, request: &Request, id: &str) -> Answer {
    let query = Query::of(request, &["types"])?;
    if query.get("types").is_some_and(|types| types != "ticker_change") {
        return Err(bad("'types' can only be ticker_change"));
    }
    let bears = |entity: &&Value| {
        entity["composite_figi"] == id || entity["events"][0]["ticker_change"]["ticker"] == id
    };
    let found =
        market.events.iter().find(bears).ok_or_else(|| not_found("No events were found for that id."))?;
    Ok(one(market, request, &query, found.clone()))
}

fn one(market: &Market, request: &Request, query: &Query, results: Value) -> Reply {
    let id = request_id(&request.path, query);
    Reply::json(json!({"status": market.status(), "request_id": id, "results": results}).to_string())
}

/// `/v1/marketstatus/upcoming`: a bare array, of days to come alone.
pub fn upcoming(market: &Market, request: &Request) -> Answer {
    Query::of(request, &[])?;
    let today = market.today.to_string();
    let to_come =
        market.holidays.iter().filter(|day| day["date"].as_str().is_some_and(|date| date >= today.as_str()));
    Ok(Reply::json(Value::from(to_come.cloned().collect::<Vec<_>>()).to_string()))
}

/// `/v1/marketstatus/now`: after hours of the vendor's day.
pub fn now(market: &Market, request: &Request) -> Answer {
    Query::of(request, &[])?;
    let evening = super::new_york(market.today, NaiveTime::from_hms_opt(17, 37, 37).expect("a time"));
    let time = chrono::DateTime::from_timestamp_millis(evening).expect("in range");
    let time = time.with_timezone(&chrono_tz::America::New_York).to_rfc3339();
    Ok(Reply::json(
        json!({
            "afterHours": true, "earlyHours": false, "market": "extended-hours", "serverTime": time,
            "currencies": {"crypto": "open", "fx": "open"},
            "exchanges": {"nasdaq": "extended-hours", "nyse": "extended-hours", "otc": "closed"},
        })
        .to_string(),
    ))
}

/// `/v3/reference/tickers/types`.
pub fn types(request: &Request) -> Answer {
    let query = Query::of(request, &["asset_class", "locale"])?;
    let types = [
        ("CS", "Common Stock"),
        ("ADRC", "American Depository Receipt Common"),
        ("ETF", "Exchange Traded Fund"),
    ];
    let types = types.map(
        |(code, name)| json!({"code": code, "description": name, "asset_class": "stocks", "locale": "us"}),
    );
    let id = request_id(&request.path, &query);
    Ok(Reply::json(
        json!({"status": "OK", "request_id": id, "count": types.len(), "results": types}).to_string(),
    ))
}
