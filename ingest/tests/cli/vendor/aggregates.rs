//! Bars: the whole market on a day, and one ticker over a range.

use std::fmt::Write;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Timelike};
use chrono_tz::America::New_York;

use super::http::Request;
use super::market::{Bar, Market, midnight, new_york};
use super::query::{self, Query, encoded};
use super::reply::{Answer, Reply, bad, not_authorized, request_id, volume};

/// `/v2/aggs/grouped/locale/us/market/stocks/{date}`.
pub fn grouped(market: &Market, request: &Request, date: &str) -> Answer {
    let query = Query::of(request, &["adjusted", "include_otc"])?;
    let adjusted = query.boolean("adjusted", true)?;
    let include_otc = query.boolean("include_otc", false)?;
    let date = query::date("date", date)?;
    included(market, date)?;
    let close = new_york(date, NaiveTime::from_hms_opt(16, 0, 0).expect("a time"));
    let bars = market.days.get(&date).into_iter().flatten().filter(|bar| include_otc || !bar.otc);
    let rows: Vec<String> = bars
        .map(|bar| row(&if adjusted { adjust(market, bar, date) } else { bar.clone() }, close, true))
        .collect();
    let id = request_id(&request.path, &query);
    Ok(reply(market, &rows, rows.len(), format!(r#""adjusted":{adjusted},"request_id":"{id}""#)))
}

/// `/v2/aggs/ticker/{ticker}/range/{multiplier}/{timespan}/{from}/{to}`.
pub fn range(market: &Market, request: &Request, ticker: &str, place: [&str; 4]) -> Answer {
    let query = Query::of(request, &["adjusted", "sort", "limit"])?;
    let adjusted = query.boolean("adjusted", true)?;
    let limit = query.limit(5_000, 50_000)?;
    let ascending = match query.get("sort") {
        None | Some("asc") => true,
        Some("desc") => false,
        Some(other) => return Err(bad(&format!("'sort' must be asc or desc, not '{other}'"))),
    };
    let [multiplier, timespan, from, to] = place;
    let multiplier: u32 = multiplier
        .parse()
        .ok()
        .filter(|m| *m > 0)
        .ok_or_else(|| bad("'multiplier' must be a number above 0"))?;
    if !["second", "minute", "hour", "day", "week", "month", "quarter", "year"].contains(&timespan) {
        return Err(bad(&format!("'timespan' '{timespan}' is not known")));
    }
    let (first, last) = (moment("from", from, false)?, moment("to", to, true)?);
    if first > last {
        return Err(bad("'to' must be greater than or equal to 'from'"));
    }
    included(market, day_of(first))?;

    let mut base: Vec<(i64, Bar)> = if ["second", "minute", "hour"].contains(&timespan) {
        market.minutes.get(ticker).into_iter().flatten().cloned().collect()
    } else {
        let of_day = |(day, bars): (&NaiveDate, &Vec<Bar>)| {
            let bars = bars.iter().filter(|bar| bar.ticker == ticker);
            bars.map(|bar| (midnight(*day), bar.clone())).collect::<Vec<_>>()
        };
        market.days.iter().flat_map(of_day).collect()
    };
    base.retain(|(start, _)| (first..=last).contains(start));
    base.sort_by_key(|(start, _)| if ascending { *start } else { -start });

    // The limit counts base bars; a window that it cuts through belongs to the next page.
    let window = |start: i64| window(start, multiplier, timespan);
    let mut taken = base.len().min(limit);
    if taken < base.len() {
        let cut = window(base[taken].0);
        let whole = base[..taken].iter().rposition(|(start, _)| window(*start) != cut);
        taken = whole.map_or(taken, |at| at + 1);
    }
    let mut rows = Vec::new();
    let one = multiplier == 1 && !matches!(timespan, "hour" | "week" | "month" | "quarter" | "year");
    for group in base[..taken].chunk_by(|(a, _), (b, _)| !one && window(*a) == window(*b)) {
        let mut group: Vec<(i64, Bar)> = group.to_vec();
        group.sort_by_key(|(start, _)| *start);
        let bar = merged(
            &group
                .iter()
                .map(|(start, bar)| if adjusted { adjust(market, bar, day_of(*start)) } else { bar.clone() })
                .collect::<Vec<_>>(),
        );
        rows.push(row(&bar, window(group[0].0), false));
    }
    let id = request_id(&request.path, &query);
    let mut more =
        format!(r#""ticker":{},"adjusted":{adjusted},"request_id":"{id}""#, serde_json::Value::from(ticker));
    if let Some((start, _)) = base.get(taken) {
        let (from, to) =
            if ascending { (start.to_string(), to.to_owned()) } else { (from.to_owned(), start.to_string()) };
        let path = format!("/v2/aggs/ticker/{}/range/{multiplier}/{timespan}/{from}/{to}", encoded(ticker));
        let _ = write!(more, r#","next_url":"{}{path}?cursor={}""#, request.origin, query.cursor(0));
    }
    Ok(reply(market, &rows, taken, more))
}

/// Refuses a day to come, and one before the plan's history.
fn included(market: &Market, day: NaiveDate) -> Result<(), Reply> {
    let is_early = market.history_from.is_some_and(|from| day < from);
    if day > market.today || is_early { Err(not_authorized(403)) } else { Ok(()) }
}

/// A date, or milliseconds; the end of a range holds its whole day.
fn moment(name: &str, text: &str, is_end: bool) -> Result<i64, Reply> {
    if text.len() > 10
        && let Ok(milliseconds) = text.parse()
    {
        return Ok(milliseconds);
    }
    let day = query::date(name, text)?;
    Ok(if is_end { midnight(day + Days::new(1)) - 1 } else { midnight(day) })
}

fn day_of(milliseconds: i64) -> NaiveDate {
    local(milliseconds).date_naive()
}

fn local(milliseconds: i64) -> DateTime<chrono_tz::Tz> {
    DateTime::from_timestamp_millis(milliseconds).expect("in range").with_timezone(&New_York)
}

/// Start of the window that holds `start`.
fn window(start: i64, multiplier: u32, timespan: &str) -> i64 {
    let moment = local(start);
    let (day, size) = (moment.date_naive(), multiplier);
    let since = |day: NaiveDate| midnight(day);
    match timespan {
        "second" => start,
        "minute" | "hour" => {
            let seconds = i64::from(if timespan == "minute" { 60 * size } else { 3600 * size });
            let of_day = i64::from(moment.num_seconds_from_midnight());
            start - (of_day % seconds) * 1000 - i64::from(moment.timestamp_subsec_millis())
        }
        "day" => since(day - Days::new(u64::from(day.num_days_from_ce() as u32 % size))),
        "week" => since(day - Days::new(u64::from(day.weekday().num_days_from_sunday()))),
        "month" => since(day.with_day(1).expect("a day")),
        "quarter" => since(NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1).expect("a day")),
        _ => since(NaiveDate::from_ymd_opt(day.year(), 1, 1).expect("a day")),
    }
}

/// One bar of several, in the order of time.
fn merged(bars: &[Bar]) -> Bar {
    let mut all = bars[0].clone();
    for bar in &bars[1..] {
        all.high = all.high.max(bar.high);
        all.low = all.low.min(bar.low);
        all.close = bar.close;
        let traded = all.volume + bar.volume;
        all.vwap = all.vwap.zip(bar.vwap).map(|(a, b)| (a * all.volume + b * bar.volume) / traded);
        all.volume = traded;
        all.trades = all.trades.zip(bar.trades).map(|(a, b)| a + b);
    }
    all
}

/// On today's basis: what `adjusted=true`, the default, gives.
fn adjust(market: &Market, bar: &Bar, day: NaiveDate) -> Bar {
    let day = day.to_string();
    let later = market.splits.iter().filter(|split| {
        split["ticker"] == bar.ticker.as_str()
            && split["execution_date"].as_str().is_some_and(|ex| ex > day.as_str())
    });
    let number = |value: &serde_json::Value| value.as_f64().unwrap_or(1.0);
    let factor: f64 = later.map(|split| number(&split["split_from"]) / number(&split["split_to"])).product();
    Bar {
        open: bar.open * factor,
        high: bar.high * factor,
        low: bar.low * factor,
        close: bar.close * factor,
        volume: bar.volume / factor,
        vwap: bar.vwap.map(|vwap| vwap * factor),
        ..bar.clone()
    }
}

fn row(bar: &Bar, time: i64, with_ticker: bool) -> String {
    let Bar { ticker, open, high, low, close, .. } = bar;
    let mut row = String::from("{");
    if with_ticker {
        let _ = write!(row, r#""T":{},"#, serde_json::Value::from(ticker.as_str()));
    }
    let _ = write!(row, r#""v":{},"#, volume(bar.volume));
    if let Some(vwap) = bar.vwap {
        let _ = write!(row, r#""vw":{vwap},"#);
    }
    let _ = write!(row, r#""o":{open},"c":{close},"h":{high},"l":{low},"t":{time}"#);
    if let Some(trades) = bar.trades {
        let _ = write!(row, r#","n":{trades}"#);
    }
    if bar.otc {
        row.push_str(r#","otc":true"#);
    }
    row + "}"
}

/// No results, no `results`.
fn reply(market: &Market, rows: &[String], base: usize, more: String) -> Reply {
    let results = if rows.is_empty() {
        String::new()
    } else {
        format!(r#""results":[{}],"count":{},"#, rows.join(","), rows.len())
    };
    Reply::json(format!(
        r#"{{"queryCount":{base},"resultsCount":{},{results}"status":"{}","served":{{"by":"a new field"}},{more}}}"#,
        rows.len(),
        market.status()
    ))
}
