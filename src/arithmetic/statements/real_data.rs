//! Real filings of 2015, with what is absurd in them left in. Read in place from `TIDEMARK_TEST_DATA`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::reference::Naive;
use super::sample::{Company, session};
use super::{StatementCursor, StatementFactor};
use crate::arithmetic::catalogue::STATEMENT_FACTOR_COUNT;
use crate::domain::statement::{FIELD_COUNT, Field, Statement, Timeframe};

#[derive(Deserialize)]
struct Page {
    results: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    tickers: Vec<String>,
    period_end: NaiveDate,
    filing_date: NaiveDate,
    timeframe: String,
    #[serde(flatten)]
    numbers: Map<String, Value>,
}

fn records(folder: &Path, kind: &str) -> Vec<Record> {
    let path = folder.join(format!("vendor/us2015/{kind}.json.gz"));
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("a deflated text");
    serde_json::from_str::<Page>(&text).expect("a page of the vendor's").results
}

/// The companies by ticker. Of several records of one key the last one counts, number by number.
fn companies(folder: &Path) -> BTreeMap<String, Company> {
    type Key = (String, NaiveDate, Timeframe, NaiveDate);
    let mut rows: BTreeMap<Key, [f64; FIELD_COUNT]> = BTreeMap::new();
    for kind in ["income-statements", "balance-sheets", "cash-flow-statements"] {
        for record in records(folder, kind) {
            let timeframe = Timeframe::of(&record.timeframe).expect("a timeframe");
            let key = (record.tickers[0].clone(), record.period_end, timeframe, record.filing_date);
            let values = rows.entry(key).or_insert([f64::NAN; FIELD_COUNT]);
            for field in Field::ALL {
                if let Some(value) = record.numbers.get(field.column()).and_then(Value::as_f64) {
                    values[field as usize] = value;
                }
            }
        }
    }
    let mut companies: BTreeMap<String, Company> = BTreeMap::new();
    for ((ticker, end, timeframe, filed), values) in rows {
        companies.entry(ticker).or_default().statements.extend(Statement::new(end, timeframe, filed, values));
    }
    for company in companies.values_mut() {
        Statement::sort(&mut company.statements);
    }
    companies
}

#[test]
fn real_statements_give_numbers_or_null_nothing_before_their_filing_and_what_the_definitions_say() {
    let Some(folder) = crate::real_data() else { return };
    let companies = companies(&folder);
    let statements: usize = companies.values().map(|company| company.statements.len()).sum();
    assert!(companies.len() > 4000 && statements > 16_000, "{} {statements}", companies.len());
    let mut given = [0_u32; STATEMENT_FACTOR_COUNT];
    for (ticker, company) in &companies {
        let first = company.statements[0].filing_date;
        let mut cursor = StatementCursor::new(&company.statements, &[], false);
        for month in ["2015-03-25", "2015-06-01", "2015-09-01", "2015-12-01", "2016-03-01", "2016-12-01"] {
            let session = session(month);
            let values = cursor.values(session, 1e9);
            let naive = Naive::new(company, session, 1e9);
            for (factor, value) in StatementFactor::ALL.into_iter().zip(values) {
                assert!(value.is_finite() || value.to_bits() == f64::NAN.to_bits(), "{ticker} {factor:?}");
                assert!(value.is_nan() || month > &*first.to_string(), "{ticker} {factor:?} before {first}");
                let expected = naive.value(factor.name()).unwrap_or(f64::NAN);
                assert!(
                    (value.is_nan() && expected.is_nan())
                        || (value - expected).abs() <= 1e-12 * (1.0 + value.abs()),
                    "{ticker} {factor:?} on {month}: {value} is not {expected}"
                );
                given[factor as usize] += u32::from(!value.is_nan());
            }
        }
    }
    // This data has few quarters of 2014, no gross profit, no debt and no capital expenditure.
    for (factor, least) in
        [("roe", 5000), ("current_ratio", 15_000), ("operating_margin", 4000), ("sales_growth", 300)]
    {
        let count = given[StatementFactor::of(factor).expect("a factor") as usize];
        assert!(count > least, "{factor}: {count} values");
    }
}
