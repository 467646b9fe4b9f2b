//! Days to come on which the exchange is closed or closes early.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;
use chrono_tz::America::New_York;
use serde::Deserialize;
use serde_json::Value;
use tidemark::domain::calendar::Announced;

use super::field::{self, FieldFault};
use super::page::PageFault;
use super::set_aside::{Reason, SetAside};
use super::{ReplyError, files};

/// One day of one exchange as the vendor sends it, from `/v1/marketstatus/upcoming`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RawDay {
    date: Value,
    exchange: Value,
    name: Value,
    status: Value,
    close: Value,
}

/// What the exchanges announced, a day once.
#[derive(Debug, Default, PartialEq)]
pub struct ExchangeDays {
    /// Days, ascending. Where New York's and Nasdaq's words differ, New York's counts.
    pub days: Vec<Announced>,
    /// Days on which they differ.
    pub differing: Vec<NaiveDate>,
    /// Entries of other exchanges.
    pub elsewhere: usize,
    /// Entries that cannot be used.
    pub set_aside: Vec<SetAside>,
}

/// Reads `market-upcoming.json[.gz]` in `folder`; `None` if it is not there.
///
/// # Errors
/// As of [`ReplyError`].
pub fn read(folder: &Path) -> Result<Option<Vec<RawDay>>, ReplyError> {
    files::read(folder, "market-upcoming", parse)
}

/// The entries of a reply, which is a bare list.
///
/// # Errors
/// [`PageFault::Malformed`].
pub fn parse(bytes: &[u8]) -> Result<Vec<RawDay>, PageFault> {
    serde_json::from_slice(bytes).map_err(PageFault::Malformed)
}

/// Every day once.
pub fn settle(raw: &[RawDay]) -> ExchangeDays {
    let mut found = ExchangeDays::default();
    let mut days: BTreeMap<NaiveDate, [Option<Announced>; 2]> = BTreeMap::new();
    for (at, raw) in raw.iter().enumerate() {
        let exchange = match field::text(&raw.exchange).unwrap_or_default().to_ascii_uppercase().as_str() {
            "NYSE" => 0,
            "NASDAQ" => 1,
            _ => {
                found.elsewhere += 1;
                continue;
            }
        };
        match day(raw) {
            Ok(day) => {
                let date = day.date;
                days.entry(date).or_default()[exchange] = Some(day);
            }
            Err((field, value, reason)) => {
                let ticker = field::shown_text(&raw.exchange);
                found.set_aside.push(SetAside { place: at + 1, ticker, field, value, reason });
            }
        }
    }
    for (date, [nyse, nasdaq]) in days {
        if let (Some(nyse), Some(nasdaq)) = (&nyse, &nasdaq)
            && nyse.close != nasdaq.close
        {
            found.differing.push(date);
        }
        found.days.extend(nyse.or(nasdaq));
    }
    found
}

fn day(raw: &RawDay) -> Result<Announced, FieldFault> {
    let date = field::date("date", &raw.date)?;
    let close = match field::text(&raw.status).unwrap_or_default().to_ascii_lowercase().as_str() {
        "closed" => None,
        "early-close" => {
            let moment = field::moment("close", &raw.close, Reason::Time)?
                .ok_or_else(|| ("close", field::shown(&raw.close), Reason::Time))?
                .with_timezone(&New_York);
            if moment.date_naive() != date {
                return Err(("close", field::shown(&raw.close), Reason::Time));
            }
            Some(moment.time())
        }
        _ => return Err(("status", field::shown(&raw.status), Reason::Status)),
    };
    let name = field::text(&raw.name).unwrap_or_else(|| "announced by the exchange".to_owned());
    Ok(Announced { date, close, name: crate::flatfiles::printable(name.as_bytes()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flatfiles::test_data;
    use serde_json::json;
    use tidemark::domain::announcements::compare;
    use tidemark::domain::calendar::by_rule;

    fn settled(entries: Value) -> ExchangeDays {
        settle(&parse(entries.to_string().as_bytes()).expect("a list"))
    }

    fn entry(exchange: &str, status: &str, close: Value) -> Value {
        json!({ "date": "2030-06-26", "exchange": exchange, "name": "Mourning", "status": status, "close": close })
    }

    #[test]
    fn a_closing_time_is_new_yorks() {
        let days = settled(json!([entry("NYSE", "early-close", json!("2030-06-26T17:00:00.000Z"))]));
        assert_eq!(days.days[0].close.map(|time| time.to_string()).as_deref(), Some("13:00:00"));
        assert_eq!(days.days[0].name, "Mourning");
    }

    #[test]
    fn both_exchanges_are_one_day_and_new_york_s_word_counts() {
        let closed = entry("NYSE", "closed", Value::Null);
        let early = entry("NASDAQ", "early-close", json!("2030-06-26T17:00:00Z"));
        for order in [json!([closed, early]), json!([early, closed])] {
            let days = settled(order);
            assert_eq!((days.days.len(), days.days[0].close), (1, None));
            assert_eq!(days.differing.len(), 1);
        }
        let days =
            settled(json!([entry("nasdaq", "CLOSED", Value::Null), entry("OTC", "closed", Value::Null)]));
        assert_eq!((days.days.len(), days.differing.len(), days.elsewhere), (1, 0, 1));
    }

    #[test]
    fn an_entry_that_cannot_be_used_is_named() {
        for (entry, reason) in [
            (entry("NYSE", "open", Value::Null), Reason::Status),
            (entry("NYSE", "early-close", Value::Null), Reason::Time),
            (entry("NYSE", "early-close", json!("13:00")), Reason::Time),
            (entry("NYSE", "early-close", json!("2030-06-27T17:00:00Z")), Reason::Time),
            (json!({ "exchange": "NYSE", "status": "closed" }), Reason::Date),
        ] {
            let days = settled(json!([entry]));
            assert!(days.days.is_empty());
            assert_eq!(days.set_aside.iter().map(|left| left.reason).collect::<Vec<_>>(), [reason]);
        }
    }

    #[test]
    fn the_vendor_s_own_examples_agree_with_the_calendar() {
        let Some(data) = test_data() else { return };
        for (example, today, count) in [
            ("examples/v1__marketstatus__upcoming.json", "2020-11-10", 2),
            ("client_mocks/v1/marketstatus/upcoming.json", "2022-05-10", 7),
        ] {
            let bytes = std::fs::read(data.join("polygon_json").join(example)).expect(example);
            let days = settle(&parse(&bytes).expect(example));
            assert_eq!((days.days.len(), days.set_aside.len(), days.differing.len()), (count, 0, 0));
            let found = compare(by_rule(), &days.days, &[], today.parse().expect("a day"));
            assert_eq!(
                (found.agreeing, found.announced.len(), found.silent.len()),
                (count, 0, 0),
                "{example}"
            );
        }
    }
}
