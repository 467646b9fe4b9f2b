//! Financial statements: what a company filed about one period, from `/stocks/financials/v1/…`.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use tidemark::domain::calendar::nyse;
use tidemark::store::statements::{Kind, Timeframe};

use super::field::{self, FieldFault};
use super::set_aside::{Reason, SetAside};

/// One statement as the vendor sends it, of any kind. A page holds tens of thousands: numbers are kept as numbers, and what
/// we do not store is not kept.
#[derive(Debug, Default)]
pub struct RawStatement {
    tickers: Value,
    cik: Value,
    period_end: Value,
    filing_date: Value,
    timeframe: Value,
    fiscal_year: Value,
    fiscal_quarter: Value,
    /// Places in [`Names::all`] and numbers.
    numbers: Vec<(usize, f64)>,
    /// Fields that should hold a number and do not, with what stands there.
    not_numbers: Vec<(usize, String)>,
}

/// What one statement says about one of its tickers.
#[derive(Debug, Clone, PartialEq)]
pub struct StatementRecord {
    /// The ticker, case-sensitive.
    pub ticker: String,
    /// Last day of the period.
    pub period_end: NaiveDate,
    /// Length of the period.
    pub timeframe: Timeframe,
    /// The day from which the statement was known; use it for nothing earlier.
    pub filing_date: NaiveDate,
    /// Company's own year.
    pub fiscal_year: Option<i16>,
    /// Company's own quarter.
    pub fiscal_quarter: Option<i16>,
    /// Filer, ten digits.
    pub cik: Option<String>,
    /// Numbers in the order of [`Kind::columns`]; NaN where the vendor gives none.
    pub values: Vec<f64>,
}

/// The vendor's names of all numbers, and where each kind of statement keeps them.
struct Names {
    all: HashMap<&'static str, usize>,
    in_order: Vec<&'static str>,
    /// By kind, for each name the place in the kind's columns.
    places: [Vec<Option<usize>>; 3],
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names: Vec<&str> =
        Kind::ALL.iter().flat_map(|kind| kind.columns()).map(|column| vendor_name(column)).collect();
    names.sort_unstable();
    names.dedup();
    let places = Kind::ALL.map(|kind| {
        let columns: Vec<&str> = kind.columns().iter().map(|column| vendor_name(column)).collect();
        names.iter().map(|name| columns.iter().position(|column| column == name)).collect()
    });
    Names { all: names.iter().enumerate().map(|(at, name)| (*name, at)).collect(), in_order: names, places }
});

/// The vendor's name of a column; two kinds have a field of one name that means different things.
fn vendor_name(column: &'static str) -> &'static str {
    match column {
        "income_noncontrolling_interest" | "balance_noncontrolling_interest" => "noncontrolling_interest",
        other => other,
    }
}

impl RawStatement {
    /// The statement under each of its tickers, as the result at `place` among all tells it; `today` is the vendor's day.
    pub fn records(
        &self,
        kind: Kind,
        place: usize,
        today: NaiveDate,
    ) -> Vec<Result<StatementRecord, SetAside>> {
        let tickers = match &self.tickers {
            Value::Array(tickers) if !tickers.is_empty() => tickers.as_slice(),
            single => std::slice::from_ref(single),
        };
        let record = |ticker| {
            self.record(kind, ticker, today)
                .map_err(|fault| SetAside::new(place, field::shown_text(ticker), fault))
        };
        tickers.iter().map(record).collect()
    }

    fn record(&self, kind: Kind, ticker: &Value, today: NaiveDate) -> Result<StatementRecord, FieldFault> {
        let ticker = field::ticker("tickers", ticker)?;
        let period_end = day("period_end", &self.period_end)?;
        let filing_date = day("filing_date", &self.filing_date)?;
        if filing_date < period_end {
            return Err(("filing_date", field::shown(&self.filing_date), Reason::FiledEarly));
        }
        if filing_date > today {
            return Err(("filing_date", field::shown(&self.filing_date), Reason::FiledLater));
        }
        let timeframe = self.timeframe.as_str().and_then(Timeframe::of);
        let timeframe =
            timeframe.ok_or_else(|| ("timeframe", field::shown(&self.timeframe), Reason::Timeframe))?;
        let places = &NAMES.places[kind as usize];
        if let Some((at, shown)) = self.not_numbers.iter().find(|(at, _)| places[*at].is_some()) {
            return Err((NAMES.in_order[*at], shown.clone(), Reason::NotANumber));
        }
        let mut values = vec![f64::NAN; kind.columns().len()];
        for (at, number) in &self.numbers {
            if let Some(place) = places[*at] {
                values[place] = *number;
            }
        }
        Ok(StatementRecord {
            ticker,
            period_end,
            timeframe,
            filing_date,
            fiscal_year: whole("fiscal_year", &self.fiscal_year)?,
            fiscal_quarter: whole("fiscal_quarter", &self.fiscal_quarter)?,
            cik: field::text(&self.cik).map(|cik| format!("{cik:0>10}")),
            values,
        })
    }
}

/// A day that our calendar knows.
fn day(name: &'static str, value: &Value) -> Result<NaiveDate, FieldFault> {
    let day = field::date(name, value)?;
    if nyse().covers(day) { Ok(day) } else { Err((name, field::shown(value), Reason::AbsurdDate)) }
}

/// A year or a quarter, which the vendor writes as a float; `None` where there is none.
fn whole(name: &'static str, value: &Value) -> Result<Option<i16>, FieldFault> {
    let Some(number) = field::number(name, value)? else { return Ok(None) };
    if number.fract() == 0.0 && (0.0..10_000.0).contains(&number) {
        Ok(Some(number as i16))
    } else {
        Err((name, field::shown(value), Reason::NotWhole))
    }
}

impl<'de> Deserialize<'de> for RawStatement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(StatementVisitor)
    }
}

struct StatementVisitor;

impl<'de> Visitor<'de> for StatementVisitor {
    type Value = RawStatement;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a statement")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawStatement, A::Error> {
        let mut raw = RawStatement::default();
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let text = match name.as_ref() {
                "tickers" => &mut raw.tickers,
                "cik" => &mut raw.cik,
                "period_end" => &mut raw.period_end,
                "filing_date" => &mut raw.filing_date,
                "timeframe" => &mut raw.timeframe,
                "fiscal_year" => &mut raw.fiscal_year,
                "fiscal_quarter" => &mut raw.fiscal_quarter,
                other => {
                    match NAMES.all.get(other) {
                        None => drop(map.next_value::<IgnoredAny>()?),
                        Some(at) => {
                            let value = map.next_value::<Value>()?;
                            match field::number(NAMES.in_order[*at], &value) {
                                Ok(number) => raw.numbers.extend(number.map(|number| (*at, number))),
                                Err((_, shown, _)) => raw.not_numbers.push((*at, shown)),
                            }
                        }
                    }
                    continue;
                }
            };
            *text = map.next_value()?;
        }
        Ok(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flatfiles::test_data;
    use crate::replies::{files, parse_page};
    use serde_json::json;

    const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 1, 2).expect("a date");

    fn statement() -> Value {
        json!({
            "tickers": ["A"], "cik": 320193, "period_end": "2023-12-31", "filing_date": "2024-02-01", "fiscal_year": 2023.0,
            "fiscal_quarter": "4", "timeframe": "quarterly", "revenue": 1e9, "noncontrolling_interest": -3,
            "total_assets": "5e9", "net_income": null, "new_field": {"a": 1},
        })
    }

    fn read(kind: Kind, statement: Value) -> Vec<Result<StatementRecord, SetAside>> {
        let page = json!({ "results": [statement] }).to_string();
        let page = parse_page::<RawStatement>(page.as_bytes()).expect("a page");
        page.results[0].records(kind, 1, TODAY)
    }

    /// The numbers that a record has, by column.
    fn given(kind: Kind, record: &StatementRecord) -> Vec<(&'static str, f64)> {
        let values = kind.columns().iter().copied().zip(record.values.iter().copied());
        values.filter(|(_, value)| !value.is_nan()).collect()
    }

    #[test]
    fn a_statement_worked_by_hand_keeps_the_numbers_of_its_kind() {
        let record = read(Kind::Income, statement()).remove(0).expect("usable");
        assert_eq!(
            given(Kind::Income, &record),
            [("income_noncontrolling_interest", -3.0), ("revenue", 1e9)]
        );
        assert_eq!((record.ticker.as_str(), record.cik.as_deref()), ("A", Some("0000320193")));
        assert_eq!((record.fiscal_year, record.fiscal_quarter), (Some(2023), Some(4)));
        assert_eq!(record.timeframe, Timeframe::Quarterly);
        assert_eq!(record.filing_date.to_string(), "2024-02-01");
        let record = read(Kind::Balance, statement()).remove(0).expect("usable");
        assert_eq!(
            given(Kind::Balance, &record),
            [("balance_noncontrolling_interest", -3.0), ("total_assets", 5e9)]
        );
        let record = read(Kind::CashFlow, statement()).remove(0).expect("usable");
        assert_eq!(given(Kind::CashFlow, &record), []);
    }

    #[test]
    fn a_statement_of_two_tickers_is_one_of_each() {
        let mut both = statement();
        both["tickers"] = json!(["GOOGL", "GOOG"]);
        let tickers: Vec<String> =
            read(Kind::Income, both).into_iter().map(|record| record.expect("usable").ticker).collect();
        assert_eq!(tickers, ["GOOGL", "GOOG"]);
    }

    #[test]
    fn an_unusable_statement_is_set_aside_with_its_field_and_value() {
        for (field, value, shown, reason) in [
            ("filing_date", Value::Null, "null", Reason::Date),
            ("filing_date", json!("2023-12-30"), "2023-12-30", Reason::FiledEarly),
            ("filing_date", json!("2026-01-03"), "2026-01-03", Reason::FiledLater),
            ("period_end", json!("Q4"), "Q4", Reason::Date),
            ("period_end", json!("0202-12-31"), "0202-12-31", Reason::AbsurdDate),
            ("timeframe", json!("monthly"), "monthly", Reason::Timeframe),
            ("timeframe", Value::Null, "null", Reason::Timeframe),
            ("fiscal_quarter", json!(1.5), "1.5", Reason::NotWhole),
            ("fiscal_year", json!(-1), "-1", Reason::NotWhole),
            ("revenue", json!("much"), "much", Reason::NotANumber),
            ("revenue", json!([1]), "[1]", Reason::NotANumber),
        ] {
            let mut bad = statement();
            bad[field] = value;
            let found = read(Kind::Income, bad).remove(0).expect_err(field);
            assert_eq!((found.field, &found.value[..], found.reason), (field, shown, reason));
        }
        for nobody in [json!([]), Value::Null, json!([null])] {
            let mut bad = statement();
            bad["tickers"] = nobody;
            assert!(matches!(&read(Kind::Income, bad)[..], [Err(_)]));
        }
        // Filed on the last day of the period, or today, is neither early nor late.
        for day in ["2023-12-31", "2026-01-02"] {
            let mut good = statement();
            good["filing_date"] = json!(day);
            assert!(read(Kind::Income, good)[0].is_ok());
        }
        let mut elsewhere = statement();
        elsewhere["total_assets"] = json!("much");
        assert!(read(Kind::Income, elsewhere)[0].is_ok(), "an income statement has no total assets");
    }

    #[test]
    fn the_vendor_s_own_examples_are_read_to_the_last_number() {
        let Some(data) = test_data() else { return };
        for (kind, column, value) in [
            (Kind::Income, "basic_shares_outstanding", 14_902_886_000.0),
            (Kind::Balance, "total_assets", 331_495_000_000.0),
            (Kind::CashFlow, "net_cash_from_operating_activities", 27_867_000_000.0),
        ] {
            let name = format!("polygon_json/examples/stocks__financials__v1__{}.json", kind.name());
            let text = std::fs::read(data.join(&name)).expect(&name);
            let page = parse_page::<RawStatement>(&text).expect("a page");
            let record = page.results[0].records(kind, 1, TODAY).remove(0).expect("usable");
            let given = given(kind, &record);
            assert!(given.contains(&(column, value)), "{given:?}");
            let plain: Value = serde_json::from_slice(&text).expect("JSON");
            let numbers = plain["results"][0].as_object().expect("an object");
            let numbers =
                numbers.iter().filter(|(name, value)| value.is_number() && !name.starts_with("fiscal_"));
            assert_eq!(given.len(), numbers.count(), "{name}");
            assert_eq!((record.ticker.as_str(), record.fiscal_quarter), ("AAPL", Some(3)));
        }
    }

    #[test]
    fn every_number_of_the_vendor_s_specification_has_a_column() {
        let Some(data) = test_data() else { return };
        let file = std::fs::File::open(data.join("polygon_json/openapi/openapi_go.json.gz")).expect("there");
        let spec: Value = serde_json::from_reader(flate2::read::GzDecoder::new(file)).expect("JSON");
        for kind in Kind::ALL {
            let path = format!("/stocks/financials/v1/{}", kind.name());
            let answer =
                &spec["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
            let fields = answer["properties"]["results"]["items"]["properties"].as_object().expect("fields");
            let mut numbers: Vec<&str> = fields
                .iter()
                .filter(|(name, field)| field["type"] == "number" && !name.starts_with("fiscal_"))
                .map(|(name, _)| name.as_str())
                .collect();
            let mut ours: Vec<&str> = kind.columns().iter().map(|column| vendor_name(column)).collect();
            numbers.sort_unstable();
            ours.sort_unstable();
            assert_eq!(ours, numbers, "{}", kind.name());
        }
    }

    #[test]
    fn a_real_year_is_read() {
        let Some(data) = test_data() else { return };
        for kind in Kind::ALL {
            let paths = files::paths(&data.join("vendor/us2015"), kind.name()).expect("readable");
            let page = files::page::<RawStatement>(&paths[0]).expect("a page");
            let records: Vec<_> =
                page.iter().enumerate().flat_map(|(at, raw)| raw.records(kind, at + 1, TODAY)).collect();
            assert_eq!(records.len(), 16_452);
            let set_aside: Vec<String> =
                records.iter().filter_map(|record| record.as_ref().err()).map(ToString::to_string).collect();
            let [only] = &set_aside[..] else { panic!("{set_aside:?}") };
            assert!(only.ends_with("filed before its period ended"), "{only}");
        }
    }
}
