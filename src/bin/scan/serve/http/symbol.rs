//! `GET /v1/symbols/{ticker}`: all columns of one instrument, and what became of it under a profile.

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};
use tidemark::jobs::scan::answer::{contributions, number, text};
use tidemark::jobs::scan::asked::kind_name;
use tidemark::jobs::scan::columns::{self, Column};
use tidemark::jobs::scan::profile::ColumnData;

use super::super::fault::Fault;
use super::super::reply::{Reply, fate_name, row_of};
use super::super::request;
use super::{App, Query, json_text, pairs};

/// The keys of the query.
const KEYS: [&str; 2] = ["profile", "as_of"];

/// The page.
pub async fn page(State(shared): App, Path(ticker): Path<String>, query: Query) -> Result<Response, Fault> {
    let pairs = pairs(query)?;
    if let Some((key, _)) = pairs.iter().find(|(key, _)| !KEYS.contains(&key.as_str())) {
        return Err(Fault::unknown_key(key, &KEYS));
    }
    let request = request::of_query(&pairs)?;
    let page = shared.engine.answer(request, move |reply| symbol(&reply, &ticker)).await??;
    Ok(json_text(page))
}

fn symbol(reply: &Reply, ticker: &str) -> Result<String, Fault> {
    let answer = &reply.answer;
    let row = row_of(answer, ticker).map_err(|meant| {
        let fault = Fault::new("unknown_ticker", format!("there is no instrument {ticker} with bars"));
        match meant {
            Some(meant) => fault.hint(format!("did you mean {meant}? case matters")),
            None => fault,
        }
    })?;
    let (ranked, profile) = (&answer.ranked, &answer.profile);
    let settings = profile.plan.unwrap_or_default();
    let entry = |column: &Column| {
        let value = match ranked.values(column, &settings) {
            ColumnData::Numbers(values) => number(values[row]),
            ColumnData::Texts(values) => text(values[row].as_deref()),
            ColumnData::Flags(values) => values[row].into(),
        };
        let unit = Some(column.unit).filter(|unit| !unit.is_empty());
        json!({ "name": column.name, "group": column.group, "kind": kind_name(column.kind), "unit": unit, "value": value })
    };
    let fate = answer.selection.fates[row];
    let mut head = reply.head();
    for key in ["counts", "not_listed"] {
        head.remove(key);
    }
    head.insert("ok".into(), true.into());
    head.insert("ticker".into(), ticker.into());
    head.insert("instrument_id".into(), ranked.panel.instruments[row].id.into());
    head.insert("fate".into(), fate_name(fate).into());
    head.insert("reason".into(), fate.words(&profile.universe).into());
    head.insert("flags".into(), ranked.flags(row).into());
    head.insert("contributions".into(), contributions(ranked, row, &profile.weights));
    head.insert("columns".into(), columns::all().iter().map(entry).collect());
    Ok(Value::Object(head).to_string())
}
