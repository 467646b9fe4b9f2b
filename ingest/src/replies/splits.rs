//! Splits: the day from which a share is so many shares.

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

use super::field::{self, FieldFault};
use super::set_aside::{Reason, SetAside};

/// One split as the vendor sends it, from `/stocks/v1/splits` or the older `/v3/reference/splits`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RawSplit {
    id: Value,
    ticker: Value,
    execution_date: Value,
    split_from: Value,
    split_to: Value,
}

/// From `ex_date` on, `split_from` shares are `split_to` shares.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitRecord {
    /// The ticker on that day, case-sensitive.
    pub ticker: String,
    /// First session on the new basis.
    pub ex_date: NaiveDate,
    /// Shares before; above 0, may be fractional.
    pub split_from: f64,
    /// Shares after; above 0, may be fractional.
    pub split_to: f64,
    /// The vendor's id; `None` where it gives none.
    pub id: Option<String>,
}

impl RawSplit {
    /// The vendor's id; `None` where it gives none.
    pub fn id(&self) -> Option<String> {
        field::text(&self.id)
    }

    /// The split, as the result at `place` among all tells it.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn record(&self, place: usize) -> Result<SplitRecord, SetAside> {
        record(self).map_err(|fault| SetAside::new(place, field::shown_text(&self.ticker), fault))
    }
}

fn record(raw: &RawSplit) -> Result<SplitRecord, FieldFault> {
    let split = SplitRecord {
        ticker: field::ticker("ticker", &raw.ticker)?,
        ex_date: field::date("execution_date", &raw.execution_date)?,
        split_from: field::above_zero("split_from", &raw.split_from, Reason::Ratio)?,
        split_to: field::above_zero("split_to", &raw.split_to, Reason::Ratio)?,
        id: raw.id(),
    };
    if split.split_from == split.split_to {
        return Err(("split_to", field::shown(&raw.split_to), Reason::OneToOne));
    }
    Ok(split)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flatfiles::{TickerFault, test_data};
    use crate::replies::{files, parse_page};
    use serde_json::json;

    /// The records of a page, and why the others are none.
    fn read(results: Vec<RawSplit>) -> (Vec<SplitRecord>, Vec<SetAside>) {
        let (mut records, mut set_aside) = (Vec::new(), Vec::new());
        for (at, raw) in results.iter().enumerate() {
            match raw.record(at + 1) {
                Ok(record) => records.push(record),
                Err(unusable) => set_aside.push(unusable),
            }
        }
        (records, set_aside)
    }

    fn page(results: Value) -> (Vec<SplitRecord>, Vec<SetAside>) {
        read(parse_page(json!({ "results": results }).to_string().as_bytes()).expect("a page").results)
    }

    #[test]
    fn a_reply_worked_by_hand_becomes_splits() {
        let (records, set_aside) = page(json!([
            { "execution_date": "2020-08-31", "split_from": 1, "split_to": "4", "ticker": "AAPL", "id": 17 },
            { "execution_date": "2005-02-28", "split_from": 1, "split_to": 2.0, "ticker": "AAPL", "other": null },
        ]));
        let expected = |ex_date: &str, split_to, id: Option<&str>| SplitRecord {
            ticker: "AAPL".to_owned(),
            ex_date: ex_date.parse().expect("a date"),
            split_from: 1.0,
            split_to,
            id: id.map(str::to_owned),
        };
        assert_eq!(records, [expected("2020-08-31", 4.0, Some("17")), expected("2005-02-28", 2.0, None)]);
        assert_eq!(set_aside, []);
    }

    #[test]
    fn an_unusable_split_is_set_aside_with_its_field_and_value() {
        let good = json!({ "ticker": "A", "execution_date": "2024-01-02", "split_from": 1, "split_to": 2 });
        for (field, value, shown, reason) in [
            ("execution_date", json!("2024-02-30"), "2024-02-30", Reason::Date),
            ("execution_date", Value::Null, "null", Reason::Date),
            ("split_from", json!(0), "0", Reason::Ratio),
            ("split_to", json!(-2), "-2", Reason::Ratio),
            ("split_to", Value::Null, "null", Reason::Ratio),
            ("split_to", json!("two"), "two", Reason::NotANumber),
            ("split_to", json!(1.0), "1.0", Reason::OneToOne),
            ("ticker", Value::Null, "null", Reason::Ticker(TickerFault::Empty)),
            ("ticker", json!("A\nB"), "A\\nB", Reason::Ticker(TickerFault::Invisible)),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            let (records, set_aside) = page(json!([good, bad]));
            assert_eq!(records.len(), 1);
            let [found] = &set_aside[..] else { panic!("{field}: {set_aside:?}") };
            assert_eq!((found.place, found.field, &found.value[..], found.reason), (2, field, shown, reason));
        }
        let text = page(json!([{ "ticker": "A", "execution_date": "soon" }])).1[0].to_string();
        assert_eq!(text, "record 1 (A): execution_date \"soon\": not a date");
    }

    #[test]
    fn the_vendor_s_own_examples_and_a_real_year_are_read() {
        let Some(data) = test_data() else { return };
        for (example, count) in [
            ("polygon_json/examples/stocks__v1__splits.json", 1),
            ("polygon_json/examples/v3__reference__splits.json", 2),
            ("polygon_json/client_mocks/v3/reference/splits.json", 10),
        ] {
            let page = parse_page(&std::fs::read(data.join(example)).expect(example)).expect(example);
            let (records, set_aside) = read(page.results);
            assert_eq!((records.len(), set_aside.len()), (count, 0), "{example}");
        }
        let paths = files::paths(&data.join("vendor/us2015"), "splits").expect("readable");
        let (records, set_aside) = read(files::page(&paths[0]).expect("a page"));
        assert_eq!((records.len(), set_aside.len()), (194, 0));
    }
}
