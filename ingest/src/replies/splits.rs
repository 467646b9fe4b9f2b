//! Splits: the day from which a share is so many shares.

use std::cmp::Ordering;
use std::path::Path;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

use super::ReplyError;
use super::field::{self, FieldFault};
use super::files;
use super::settle::{Candidate, Reason, Record, Settled, by_id, settle as settle_records};

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

/// Reads `splits.json`, `splits.json.gz` and `splits-*.json[.gz]` in `folder`; `None` if there are none.
///
/// # Errors
/// As of [`ReplyError`]: a file that is not a page of results is refused whole.
pub fn read(folder: &Path) -> Result<Option<Settled<SplitRecord>>, ReplyError> {
    Ok(files::results(folder, "splits")?.map(settle))
}

/// One split for each ticker and day. Of contradictory ones the one of the greatest id is kept (by length,
/// then by bytes: the vendor's later word), then the one of the greatest ratio; equal ratios are one split.
pub fn settle(raw: Vec<RawSplit>) -> Settled<SplitRecord> {
    settle_records(raw.into_iter().enumerate().map(|(at, raw)| Candidate {
        place: at + 1,
        record: record(&raw).map_err(|fault| (field::shown_text(&raw.ticker), fault)),
    }))
}

fn record(raw: &RawSplit) -> Result<SplitRecord, FieldFault> {
    let split = SplitRecord {
        ticker: field::ticker("ticker", &raw.ticker)?,
        ex_date: field::date("execution_date", &raw.execution_date)?,
        split_from: field::above_zero("split_from", &raw.split_from, Reason::Ratio)?,
        split_to: field::above_zero("split_to", &raw.split_to, Reason::Ratio)?,
        id: field::text(&raw.id),
    };
    if split.split_from == split.split_to {
        return Err(("split_to", field::shown(&raw.split_to), Reason::OneToOne));
    }
    Ok(split)
}

impl Record for SplitRecord {
    fn subject(&self, other: &Self) -> Ordering {
        self.ticker.cmp(&other.ticker).then_with(|| self.ex_date.cmp(&other.ex_date))
    }

    fn precedence(&self, other: &Self) -> Ordering {
        by_id(self.id.as_deref(), other.id.as_deref())
            .then_with(|| (self.split_to / self.split_from).total_cmp(&(other.split_to / other.split_from)))
            .then_with(|| self.split_to.total_cmp(&other.split_to))
            .then_with(|| self.split_from.total_cmp(&other.split_from))
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.split_to * other.split_from == other.split_to * self.split_from
    }

    fn report(&self) -> (&str, &'static str, String) {
        (&self.ticker, "split_from:split_to", format!("{}:{}", self.split_from, self.split_to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flatfiles::TickerFault;
    use crate::flatfiles::test_data;
    use crate::replies::parse_page;
    use proptest::prelude::*;
    use serde_json::json;

    fn settled(results: Value) -> Settled<SplitRecord> {
        let page = parse_page(json!({ "results": results }).to_string().as_bytes()).expect("a page");
        settle(page.results)
    }

    /// A split of a ticker, a day of January 2024, two sides and an id.
    fn split(ticker: &str, day: u8, from: f64, to: f64, id: Option<&str>) -> Value {
        let execution_date = format!("2024-01-{day:02}");
        json!({ "ticker": ticker, "execution_date": execution_date, "split_from": from, "split_to": to, "id": id })
    }

    fn kept(settled: &Settled<SplitRecord>) -> Vec<(&str, f64, f64)> {
        settled.records.iter().map(|split| (&split.ticker[..], split.split_from, split.split_to)).collect()
    }

    #[test]
    fn a_reply_worked_by_hand_becomes_splits_in_order() {
        let settled = settled(json!([
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
        assert_eq!(
            settled.records,
            [expected("2005-02-28", 2.0, None), expected("2020-08-31", 4.0, Some("17"))]
        );
        assert_eq!((settled.collapsed, settled.set_aside), (0, vec![]));
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
            let settled = settled(json!([bad]));
            assert!(settled.records.is_empty());
            let [found] = &settled.set_aside[..] else { panic!("{field}: {:?}", settled.set_aside) };
            assert_eq!((found.place, found.field, &found.value[..], found.reason), (1, field, shown, reason));
        }
        let text = settled(json!([{ "ticker": "A", "execution_date": "soon" }])).set_aside[0].to_string();
        assert_eq!(text, "record 1 (A): execution_date \"soon\": not a date");
    }

    #[test]
    fn equal_ratios_of_one_day_are_one_split() {
        let settled = settled(json!([
            split("A", 2, 1.0, 2.0, Some("s1")),
            split("A", 2, 2.0, 4.0, None),
            split("A", 3, 1.0, 2.0, None),
        ]));
        assert_eq!(kept(&settled), [("A", 1.0, 2.0), ("A", 1.0, 2.0)]);
        assert_eq!((settled.collapsed, settled.set_aside.len()), (1, 0));
    }

    #[test]
    fn of_contradictory_splits_the_greatest_id_stays_or_without_ids_the_greatest_ratio() {
        let settled = settled(json!([
            split("B", 2, 1.0, 2.0, None),
            split("B", 2, 1.0, 3.0, None),
            split("A", 2, 1.0, 3.0, Some("s9")),
            split("A", 2, 1.0, 2.0, Some("s10")),
            split("A", 2, 1.0, 9.0, None),
        ]));
        assert_eq!(kept(&settled), [("A", 1.0, 2.0), ("B", 1.0, 3.0)]);
        let left: Vec<_> = settled.set_aside.iter().map(|left| (left.place, &left.value[..])).collect();
        assert_eq!(left, [(1, "1:2"), (3, "1:3"), (5, "1:9")]);
        assert!(settled.set_aside.iter().all(|left| left.reason == Reason::Contradicted));
    }

    proptest! {
        #[test]
        fn the_order_of_the_results_does_not_matter(
            (results, shuffled) in proptest::collection::vec((1_u8..3, 1_u8..4, 1_u8..4, proptest::option::of(0_u8..12)), 1..12)
                .prop_flat_map(|results| (Just(results.clone()), Just(results).prop_shuffle()))
        ) {
            let settle = |results: &[(u8, u8, u8, Option<u8>)]| {
                let result = |&(day, from, to, id): &(u8, u8, u8, Option<u8>)| {
                    split("A", day, f64::from(from), f64::from(to), id.map(|id| format!("s{id}")).as_deref())
                };
                settled(results.iter().map(result).collect())
            };
            let (one, other) = (settle(&results), settle(&shuffled));
            prop_assert_eq!(one.set_aside.len(), other.set_aside.len());
            prop_assert_eq!(one.collapsed, other.collapsed);
            prop_assert_eq!(one.records.len() + one.collapsed + one.set_aside.len(), results.len());
            prop_assert_eq!(one.records, other.records);
        }
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
            let settled = settle(page.results);
            assert_eq!((settled.records.len(), settled.set_aside.len()), (count, 0), "{example}");
        }
        let year = read(&data.join("vendor/us2015")).expect("readable").expect("there");
        assert_eq!((year.records.len(), year.collapsed, year.set_aside.len()), (194, 0, 0));
    }
}
