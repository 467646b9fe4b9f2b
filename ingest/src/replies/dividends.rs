//! Cash dividends, by the first day a share trades without them.

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

use super::field::{self, FieldFault};
use super::set_aside::{Reason, SetAside};

/// One dividend as the vendor sends it, from `/stocks/v1/dividends` or the older `/v3/reference/dividends`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RawDividend {
    id: Value,
    ticker: Value,
    ex_dividend_date: Value,
    cash_amount: Value,
    currency: Value,
    distribution_type: Value,
    dividend_type: Value,
}

/// Cash for each share held before `ex_date`.
#[derive(Debug, Clone, PartialEq)]
pub struct DividendRecord {
    /// The ticker on that day, case-sensitive.
    pub ticker: String,
    /// First session without the dividend.
    pub ex_date: NaiveDate,
    /// USD for one share as it was on that day, before later splits; above 0.
    pub cash_amount: f64,
    /// The vendor's word: `recurring`, `special` and so on, of the older interface `CD`, `SC`, `LT` or `ST`;
    /// `unknown` where it gives none.
    pub kind: String,
    /// The vendor's id; `None` where it gives none.
    pub id: Option<String>,
}

impl RawDividend {
    /// The vendor's id; `None` where it gives none.
    pub fn id(&self) -> Option<String> {
        field::text(&self.id)
    }

    /// The dividend, as the result at `place` among all tells it.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn record(&self, place: usize) -> Result<DividendRecord, SetAside> {
        record(self).map_err(|fault| SetAside::new(place, field::shown_text(&self.ticker), fault))
    }
}

fn record(raw: &RawDividend) -> Result<DividendRecord, FieldFault> {
    // USD is also taken where the vendor gives no currency.
    if field::text(&raw.currency).is_some_and(|text| !text.eq_ignore_ascii_case("USD")) {
        return Err(("currency", field::shown(&raw.currency), Reason::Currency));
    }
    Ok(DividendRecord {
        ticker: field::ticker("ticker", &raw.ticker)?,
        ex_date: field::date("ex_dividend_date", &raw.ex_dividend_date)?,
        cash_amount: field::above_zero("cash_amount", &raw.cash_amount, Reason::Cash)?,
        kind: field::text(&raw.distribution_type)
            .or_else(|| field::text(&raw.dividend_type))
            .unwrap_or_else(|| "unknown".to_owned()),
        id: raw.id(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flatfiles::test_data;
    use crate::replies::{files, parse_page};
    use serde_json::json;

    /// The records of a page, and why the others are none.
    fn read(results: Vec<RawDividend>) -> (Vec<DividendRecord>, Vec<SetAside>) {
        let (mut records, mut set_aside) = (Vec::new(), Vec::new());
        for (at, raw) in results.iter().enumerate() {
            match raw.record(at + 1) {
                Ok(record) => records.push(record),
                Err(unusable) => set_aside.push(unusable),
            }
        }
        (records, set_aside)
    }

    fn page(results: Value) -> (Vec<DividendRecord>, Vec<SetAside>) {
        read(parse_page(json!({ "results": results }).to_string().as_bytes()).expect("a page").results)
    }

    #[test]
    fn both_interfaces_give_the_same_kind_of_record() {
        let (records, set_aside) = page(json!([
            { "ticker": "A", "ex_dividend_date": "2024-01-02", "cash_amount": 0.26, "currency": "USD",
              "distribution_type": "recurring", "id": "d1" },
            { "ticker": "B", "ex_dividend_date": "2024-01-03", "cash_amount": "0.5", "dividend_type": "CD" },
            { "ticker": "C", "ex_dividend_date": "2024-01-03", "cash_amount": 1, "currency": "usd", "pay_date": null },
        ]));
        let record = |ticker: &str, day: &str, cash_amount, kind: &str, id: Option<&str>| DividendRecord {
            ticker: ticker.to_owned(),
            ex_date: day.parse().expect("a date"),
            cash_amount,
            kind: kind.to_owned(),
            id: id.map(str::to_owned),
        };
        assert_eq!(
            records,
            [
                record("A", "2024-01-02", 0.26, "recurring", Some("d1")),
                record("B", "2024-01-03", 0.5, "CD", None),
                record("C", "2024-01-03", 1.0, "unknown", None),
            ]
        );
        assert_eq!(set_aside, []);
    }

    #[test]
    fn an_unusable_dividend_is_set_aside_with_its_field_and_value() {
        let good = json!({ "ticker": "A", "ex_dividend_date": "2024-01-02", "cash_amount": 0.26, "currency": "USD" });
        for (field, value, shown, reason) in [
            ("ex_dividend_date", Value::Null, "null", Reason::Date),
            ("cash_amount", json!(0), "0", Reason::Cash),
            ("cash_amount", json!(-0.1), "-0.1", Reason::Cash),
            ("cash_amount", Value::Null, "null", Reason::Cash),
            ("cash_amount", json!("much"), "much", Reason::NotANumber),
            ("currency", json!("CAD"), "CAD", Reason::Currency),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            let (records, set_aside) = page(json!([good, bad]));
            assert_eq!(records.len(), 1);
            let [found] = &set_aside[..] else { panic!("{field}: {set_aside:?}") };
            assert_eq!(
                (&found.ticker[..], found.field, &found.value[..], found.reason),
                ("A", field, shown, reason)
            );
        }
    }

    #[test]
    fn the_vendor_s_own_examples_and_a_real_year_are_read() {
        let Some(data) = test_data() else { return };
        for (example, count) in [
            ("polygon_json/examples/stocks__v1__dividends.json", 1),
            ("polygon_json/client_mocks/v3/reference/dividends.json", 10),
        ] {
            let page = parse_page(&std::fs::read(data.join(example)).expect(example)).expect(example);
            let (records, set_aside) = read(page.results);
            assert_eq!((records.len(), set_aside.len()), (count, 0), "{example}");
        }
        let paths = files::paths(&data.join("vendor/us2015"), "dividends").expect("readable");
        let (records, set_aside) = read(files::page(&paths[0]).expect("a page"));
        assert_eq!(records.len(), 15_124);
        let left: Vec<String> = set_aside.iter().map(ToString::to_string).collect();
        assert_eq!(left, ["record 8582 (RYAAY): cash_amount \"-0.4056\": the cash is not above 0"]);
    }
}
