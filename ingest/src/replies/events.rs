//! Ticker changes: when an instrument took which name.

use std::path::Path;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;
use tidemark::domain::listing::TickerChanges;

use super::field::{self, FieldFault};
use super::page::parse_reply;
use super::{ReplyError, files};

/// One instrument's events as the vendor sends them, from `/vX/reference/tickers/{id}/events`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RawEvents {
    composite_figi: Value,
    events: Vec<RawEvent>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct RawEvent {
    date: Value,
    ticker_change: RawTickerChange,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct RawTickerChange {
    ticker: Value,
}

/// Reads `ticker-events.json[.gz]` and `ticker-events-*.json[.gz]` in `folder`: replies of the vendor, or several gathered with
/// their results in one list; `None` if there are none.
///
/// # Errors
/// As of [`ReplyError`]: a file that is not a reply is refused whole.
pub fn read(folder: &Path) -> Result<Option<Vec<RawEvents>>, ReplyError> {
    files::read(folder, "ticker-events", parse_reply)
}

/// An instrument's tickers in the order of their first days; two tickers on one day contradict each other, and all of its
/// events are refused.
pub fn changes(raw: &RawEvents) -> Result<TickerChanges, FieldFault> {
    let mut tickers = Vec::with_capacity(raw.events.len());
    // Events of other kinds have no ticker; there are none of them yet.
    for event in raw.events.iter().filter(|event| !event.ticker_change.ticker.is_null()) {
        let ticker = field::ticker("ticker", &event.ticker_change.ticker)?;
        tickers.push((field::date("date", &event.date)?, ticker));
    }
    tickers.sort();
    tickers.dedup();
    if let Some(pair) = tickers.windows(2).find(|pair: &&[(NaiveDate, String)]| pair[0].0 == pair[1].0) {
        return Err(("ticker", pair[1].1.clone(), super::set_aside::Reason::Contradicted));
    }
    Ok(TickerChanges { composite_figi: field::text(&raw.composite_figi), tickers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flatfiles::test_data;
    use serde_json::json;

    fn raw(events: &[(&str, &str)]) -> RawEvents {
        let events: Vec<Value> = events
            .iter()
            .map(|(date, ticker)| {
                json!({ "date": date, "type": "ticker_change", "ticker_change": { "ticker": ticker } })
            })
            .collect();
        serde_json::from_value(json!({ "name": "X", "events": events })).expect("events")
    }

    #[test]
    fn events_come_in_order_and_once() {
        let changes = changes(&raw(&[("2022-06-09", "META"), ("2012-05-18", "FB"), ("2012-05-18", "FB")]));
        let changes = changes.expect("usable");
        let shown: Vec<String> =
            changes.tickers.iter().map(|(day, ticker)| format!("{day} {ticker}")).collect();
        assert_eq!(shown, ["2012-05-18 FB", "2022-06-09 META"]);
        assert_eq!(changes.composite_figi, None);
    }

    #[test]
    fn events_that_contradict_each_other_or_have_no_day_are_refused() {
        assert!(changes(&raw(&[("2022-06-09", "META"), ("2022-06-09", "FB")])).is_err());
        assert!(changes(&raw(&[("2022-06-31", "META")])).is_err());
        assert!(changes(&raw(&[("2022-06-30", "M ETA")])).is_err());
        let other: RawEvents =
            serde_json::from_value(json!({ "events": [{ "type": "rename", "date": "?" }] })).expect("one");
        assert!(changes(&other).expect("no change of a ticker").tickers.is_empty());
    }

    #[test]
    fn the_vendor_s_own_examples_are_read() {
        let Some(data) = test_data() else { return };
        let mock = "client_mocks/vX/reference/tickers/META/events&types=ticker_change.json";
        for (example, day, figi) in [
            ("examples/vX__reference__tickers__id__events.json", "2022-06-09", None),
            (mock, "2022-06-11", Some("BBG000MM2P62")),
        ] {
            let bytes = std::fs::read(data.join("polygon_json").join(example)).expect(example);
            let [raw] = &parse_reply::<RawEvents>(&bytes).expect(example)[..] else { panic!("{example}") };
            let changes = changes(raw).expect(example);
            let last = changes.tickers.last().expect("a change");
            assert_eq!((last.0.to_string().as_str(), last.1.as_str()), (day, "META"));
            assert_eq!(changes.tickers.len(), 2);
            assert_eq!(changes.composite_figi.as_deref(), figi);
        }
    }
}
