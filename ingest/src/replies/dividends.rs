//! Cash dividends, by the first day a share trades without them.

use std::cmp::Ordering;
use std::path::Path;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

use super::ReplyError;
use super::field::{self, FieldFault};
use super::files;
use super::settle::{Candidate, Reason, Record, Settled, by_id, settle as settle_records};

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
    /// Cash for one share as it was on that day, before later splits; above 0.
    pub cash_amount: f64,
    /// Always `USD`, which is also taken where the vendor gives none.
    pub currency: String,
    /// The vendor's word: `recurring`, `special` and so on, of the older interface `CD`, `SC`, `LT` or `ST`;
    /// `unknown` where it gives none.
    pub kind: String,
    /// The vendor's id; `None` where it gives none.
    pub id: Option<String>,
}

/// Reads `dividends.json`, `dividends.json.gz` and `dividends-*.json[.gz]` in `folder`; `None` if there are none.
///
/// # Errors
/// As of [`ReplyError`]: a file that is not a page of results is refused whole.
pub fn read(folder: &Path) -> Result<Option<Settled<DividendRecord>>, ReplyError> {
    Ok(files::results(folder, "dividends")?.map(settle))
}

/// Every dividend once. A share may pay several on one day, a regular and a special one, so only those
/// that agree in ticker, day, cash, currency and kind are one; it keeps the greatest id.
pub fn settle(raw: Vec<RawDividend>) -> Settled<DividendRecord> {
    settle_records(raw.into_iter().enumerate().map(|(at, raw)| Candidate {
        place: at + 1,
        record: record(&raw).map_err(|fault| (field::shown_text(&raw.ticker), fault)),
    }))
}

fn record(raw: &RawDividend) -> Result<DividendRecord, FieldFault> {
    let currency =
        field::text(&raw.currency).map_or_else(|| "USD".to_owned(), |text| text.to_ascii_uppercase());
    let dividend = DividendRecord {
        ticker: field::ticker("ticker", &raw.ticker)?,
        ex_date: field::date("ex_dividend_date", &raw.ex_dividend_date)?,
        cash_amount: field::above_zero("cash_amount", &raw.cash_amount, Reason::Cash)?,
        currency,
        kind: field::text(&raw.distribution_type)
            .or_else(|| field::text(&raw.dividend_type))
            .unwrap_or_else(|| "unknown".to_owned()),
        id: field::text(&raw.id),
    };
    if dividend.currency != "USD" {
        return Err(("currency", field::shown(&raw.currency), Reason::Currency));
    }
    Ok(dividend)
}

impl Record for DividendRecord {
    fn subject(&self, other: &Self) -> Ordering {
        (self.ticker.cmp(&other.ticker))
            .then_with(|| self.ex_date.cmp(&other.ex_date))
            .then_with(|| self.cash_amount.total_cmp(&other.cash_amount))
            .then_with(|| self.kind.cmp(&other.kind))
            .then_with(|| self.currency.cmp(&other.currency))
    }

    fn precedence(&self, other: &Self) -> Ordering {
        by_id(self.id.as_deref(), other.id.as_deref())
    }

    fn says_the_same(&self, _: &Self) -> bool {
        true
    }

    fn report(&self) -> (&str, &'static str, String) {
        (&self.ticker, "cash_amount", self.cash_amount.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flatfiles::test_data;
    use crate::replies::parse_page;
    use serde_json::json;

    fn settled(results: Value) -> Settled<DividendRecord> {
        let page = parse_page(json!({ "results": results }).to_string().as_bytes()).expect("a page");
        settle(page.results)
    }

    fn dividend(cash: f64, kind: &str, id: Option<&str>) -> Value {
        json!({
            "ticker": "A", "ex_dividend_date": "2024-01-02", "cash_amount": cash, "currency": "USD",
            "distribution_type": kind, "id": id,
        })
    }

    #[test]
    fn both_interfaces_give_the_same_kind_of_record() {
        let settled = settled(json!([
            dividend(0.26, "recurring", Some("d1")),
            { "ticker": "B", "ex_dividend_date": "2024-01-03", "cash_amount": "0.5", "dividend_type": "CD" },
            { "ticker": "C", "ex_dividend_date": "2024-01-03", "cash_amount": 1, "currency": "usd", "pay_date": null },
        ]));
        let record = |ticker: &str, day: &str, cash_amount, kind: &str, id: Option<&str>| DividendRecord {
            ticker: ticker.to_owned(),
            ex_date: day.parse().expect("a date"),
            cash_amount,
            currency: "USD".to_owned(),
            kind: kind.to_owned(),
            id: id.map(str::to_owned),
        };
        assert_eq!(
            settled.records,
            [
                record("A", "2024-01-02", 0.26, "recurring", Some("d1")),
                record("B", "2024-01-03", 0.5, "CD", None),
                record("C", "2024-01-03", 1.0, "unknown", None),
            ]
        );
        assert_eq!((settled.collapsed, settled.set_aside), (0, vec![]));
    }

    #[test]
    fn a_regular_and_a_special_dividend_of_one_day_are_both_kept() {
        let settled = settled(json!([
            dividend(0.26, "recurring", None),
            dividend(3.0, "special", None),
            dividend(0.26, "special", None),
            dividend(0.30, "recurring", None),
        ]));
        assert_eq!((settled.records.len(), settled.collapsed, settled.set_aside.len()), (4, 0, 0));
    }

    #[test]
    fn equal_dividends_are_one_and_keep_the_greatest_id() {
        let settled = settled(json!([
            dividend(0.26, "recurring", Some("d9")),
            dividend(0.26, "recurring", Some("d10")),
            dividend(0.26, "recurring", None),
        ]));
        assert_eq!((settled.records.len(), settled.collapsed), (1, 2));
        assert_eq!(settled.records[0].id.as_deref(), Some("d10"));
    }

    #[test]
    fn an_unusable_dividend_is_set_aside_with_its_field_and_value() {
        for (field, value, shown, reason) in [
            ("ex_dividend_date", Value::Null, "null", Reason::Date),
            ("cash_amount", json!(0), "0", Reason::Cash),
            ("cash_amount", json!(-0.1), "-0.1", Reason::Cash),
            ("cash_amount", Value::Null, "null", Reason::Cash),
            ("cash_amount", json!("much"), "much", Reason::NotANumber),
            ("currency", json!("CAD"), "CAD", Reason::Currency),
        ] {
            let mut bad = dividend(0.26, "recurring", None);
            bad[field] = value;
            let settled = settled(json!([bad]));
            assert!(settled.records.is_empty());
            let [found] = &settled.set_aside[..] else { panic!("{field}: {:?}", settled.set_aside) };
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
            let settled = settle(page.results);
            assert_eq!((settled.records.len(), settled.set_aside.len()), (count, 0), "{example}");
        }
        let year = read(&data.join("vendor/us2015")).expect("readable").expect("there");
        assert_eq!((year.records.len(), year.collapsed), (15_124, 0));
        let left: Vec<String> = year.set_aside.iter().map(ToString::to_string).collect();
        assert_eq!(left, ["record 8582 (RYAAY): cash_amount \"-0.4056\": the cash is not above 0"]);
    }
}
