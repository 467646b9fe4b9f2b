//! Shares outstanding, as companies report them in their income statements.

use std::cmp::Ordering;
use std::path::Path;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

use super::ReplyError;
use super::field::{self, FieldFault};
use super::files;
use super::settle::{Candidate, Reason, Record, Settled, settle as settle_records};

/// What is read of one income statement, from `/stocks/financials/v1/income-statements`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RawIncomeStatement {
    tickers: Value,
    period_end: Value,
    filing_date: Value,
    timeframe: Value,
    basic_shares_outstanding: Value,
}

/// The period that a count of shares is the average of, the longest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timeframe {
    /// The vendor does not say.
    Unknown,
    /// Four quarters up to the period's end.
    TrailingTwelveMonths,
    /// A fiscal year.
    Annual,
    /// A fiscal quarter.
    Quarterly,
}

/// A company's shares, as one statement reports them for one of its tickers.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareReport {
    /// The ticker, case-sensitive.
    pub ticker: String,
    /// Last day of the reported period.
    pub period_end: NaiveDate,
    /// The day from which the number was known; use it for nothing earlier.
    pub filing_date: NaiveDate,
    /// Basic shares, an average over the period; above 0.
    pub shares: f64,
    /// The period it is the average of.
    pub timeframe: Timeframe,
}

/// Reads `income-statements.json`, `income-statements.json.gz` and `income-statements-*.json[.gz]` in
/// `folder`; `None` if there are none.
///
/// # Errors
/// As of [`ReplyError`]: a file that is not a page of results is refused whole.
pub fn read(folder: &Path) -> Result<Option<Settled<ShareReport>>, ReplyError> {
    Ok(files::results(folder, "income-statements")?.map(settle))
}

/// One report for each ticker, period and filing day. A statement without a count of shares is no report
/// and no fault; one of several tickers gives a report for each. A filing may hold the quarter and the
/// year: the shorter period's average is nearer to its end, is kept, and the other is counted as saying
/// nothing new. Of contradictory ones of one period the greatest count is kept.
pub fn settle(raw: Vec<RawIncomeStatement>) -> Settled<ShareReport> {
    settle_records(
        raw.iter()
            .enumerate()
            .filter(|(_, raw)| !raw.basic_shares_outstanding.is_null())
            .flat_map(|(at, raw)| candidates(at + 1, raw)),
    )
}

fn candidates(place: usize, raw: &RawIncomeStatement) -> Vec<Candidate<ShareReport>> {
    let tickers = match &raw.tickers {
        Value::Array(tickers) if !tickers.is_empty() => tickers.as_slice(),
        single => std::slice::from_ref(single),
    };
    tickers
        .iter()
        .map(|ticker| Candidate {
            place,
            record: record(ticker, raw).map_err(|fault| (field::shown_text(ticker), fault)),
        })
        .collect()
}

fn record(ticker: &Value, raw: &RawIncomeStatement) -> Result<ShareReport, FieldFault> {
    let report = ShareReport {
        ticker: field::ticker("tickers", ticker)?,
        period_end: field::date("period_end", &raw.period_end)?,
        filing_date: field::date("filing_date", &raw.filing_date)?,
        shares: field::above_zero("basic_shares_outstanding", &raw.basic_shares_outstanding, Reason::Shares)?,
        timeframe: match raw.timeframe.as_str() {
            Some("quarterly") => Timeframe::Quarterly,
            Some("annual") => Timeframe::Annual,
            Some("trailing_twelve_months") => Timeframe::TrailingTwelveMonths,
            _ => Timeframe::Unknown,
        },
    };
    if report.filing_date < report.period_end {
        return Err(("filing_date", field::shown(&raw.filing_date), Reason::FiledEarly));
    }
    Ok(report)
}

impl Record for ShareReport {
    fn subject(&self, other: &Self) -> Ordering {
        (self.ticker.cmp(&other.ticker))
            .then_with(|| self.period_end.cmp(&other.period_end))
            .then_with(|| self.filing_date.cmp(&other.filing_date))
    }

    fn precedence(&self, other: &Self) -> Ordering {
        self.timeframe.cmp(&other.timeframe).then_with(|| self.shares.total_cmp(&other.shares))
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.timeframe != other.timeframe || self.shares == other.shares
    }

    fn report(&self) -> (&str, &'static str, String) {
        (&self.ticker, "basic_shares_outstanding", self.shares.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flatfiles::test_data;
    use crate::replies::parse_page;
    use serde_json::json;

    fn settled(results: Value) -> Settled<ShareReport> {
        let page = parse_page(json!({ "results": results }).to_string().as_bytes()).expect("a page");
        settle(page.results)
    }

    fn statement(timeframe: &str, shares: Value) -> Value {
        json!({
            "tickers": ["A"], "period_end": "2023-12-31", "filing_date": "2024-02-01",
            "timeframe": timeframe, "basic_shares_outstanding": shares, "revenue": 1e9,
        })
    }

    fn kept(settled: &Settled<ShareReport>) -> Vec<(&str, f64)> {
        settled.records.iter().map(|report| (&report.ticker[..], report.shares)).collect()
    }

    #[test]
    fn a_statement_of_two_tickers_gives_a_report_for_each() {
        let mut both = statement("quarterly", json!(5e6));
        both["tickers"] = json!(["GOOGL", "GOOG"]);
        let settled = settled(json!([both]));
        assert_eq!(kept(&settled), [("GOOG", 5e6), ("GOOGL", 5e6)]);
        let report = &settled.records[0];
        assert_eq!(report.period_end.to_string(), "2023-12-31");
        assert_eq!(report.filing_date.to_string(), "2024-02-01");
        assert_eq!(report.timeframe, Timeframe::Quarterly);
    }

    #[test]
    fn a_statement_without_a_count_is_no_report_and_no_fault() {
        let mut absent = statement("annual", Value::Null);
        absent.as_object_mut().expect("an object").remove("basic_shares_outstanding");
        let settled = settled(json!([absent, statement("annual", Value::Null)]));
        assert_eq!((settled.records.len(), settled.collapsed, settled.set_aside.len()), (0, 0, 0));
    }

    #[test]
    fn the_quarter_is_kept_before_the_year_and_the_greatest_of_contradictory_counts() {
        let settled = settled(json!([
            statement("annual", json!(90.0)),
            statement("quarterly", json!(70.0)),
            statement("quarterly", json!(80.0)),
            statement("quarterly", json!("80")),
        ]));
        assert_eq!(kept(&settled), [("A", 80.0)]);
        assert_eq!(settled.collapsed, 2);
        let left: Vec<_> = settled.set_aside.iter().map(|left| (left.place, left.reason)).collect();
        assert_eq!(left, [(2, Reason::Contradicted)]);
    }

    #[test]
    fn a_restatement_filed_on_another_day_is_a_report_of_its_own() {
        let mut later = statement("quarterly", json!(75.0));
        later["filing_date"] = json!("2024-05-01");
        let settled = settled(json!([later, statement("quarterly", json!(70.0))]));
        assert_eq!(kept(&settled), [("A", 70.0), ("A", 75.0)]);
    }

    #[test]
    fn an_unusable_report_is_set_aside_with_its_field_and_value() {
        for (field, value, shown, reason) in [
            ("filing_date", Value::Null, "null", Reason::Date),
            ("filing_date", json!("2023-12-30"), "2023-12-30", Reason::FiledEarly),
            ("period_end", json!("Q4"), "Q4", Reason::Date),
            ("basic_shares_outstanding", json!(0), "0", Reason::Shares),
            ("basic_shares_outstanding", json!("many"), "many", Reason::NotANumber),
        ] {
            let mut bad = statement("quarterly", json!(70.0));
            bad[field] = value;
            let settled = settled(json!([bad]));
            assert!(settled.records.is_empty());
            let [found] = &settled.set_aside[..] else { panic!("{field}: {:?}", settled.set_aside) };
            assert_eq!((found.field, &found.value[..], found.reason), (field, shown, reason));
        }
        for nobody in [json!([]), Value::Null, json!([null])] {
            let mut bad = statement("quarterly", json!(70.0));
            bad["tickers"] = nobody;
            assert_eq!(settled(json!([bad])).set_aside.len(), 1);
        }
    }

    #[test]
    fn the_vendor_s_own_example_and_a_real_year_are_read() {
        let Some(data) = test_data() else { return };
        let example = data.join("polygon_json/examples/stocks__financials__v1__income-statements.json");
        let page = parse_page(&std::fs::read(example).expect("readable")).expect("a page");
        assert_eq!(kept(&settle(page.results)), [("AAPL", 14_902_886_000.0)]);
        // These statements carry no basic count at all.
        let year = read(&data.join("vendor/us2015")).expect("readable").expect("there");
        assert_eq!((year.records.len(), year.set_aside.len()), (0, 0));
    }
}
