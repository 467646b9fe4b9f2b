//! The bars of one ticker over a range of days, by day or by minute, as the vendor's range reply gives them page by page.

use chrono::{DateTime, NaiveDate};
use chrono_tz::America::New_York;
use serde_json::Value;
use tidemark::domain::bar::DayBar;
use tidemark::store::ledger::Timeframe;

use super::rows::{self, Reply, SetAside, SetAsideReason, Settled};
use super::{VendorClient, VendorError, pages::Pages};
use crate::flatfiles::{check_ticker, printable};

/// Most bars of a reply: the greatest `limit` that the vendor takes. It counts days for days and minutes for minutes.
const LIMIT: &str = "50000";

/// One ticker's bars over a range of days.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// The ticker that was asked for.
    pub ticker: String,
    /// Bars by the start of their window, in ms since 1970 UTC, ascending and each once; raw as printed. A daily bar
    /// starts at midnight in New York: see [`new_york_date`].
    pub bars: Vec<(i64, DayBar)>,
    /// Rows that gave no bar, with the time where they have one.
    pub set_aside: Vec<SetAside<i64>>,
    /// Rows in all pages: bars, set aside and repeated.
    pub received: usize,
    /// Rows that only said again what another row of the time said.
    pub repeated: usize,
}

/// One ticker's daily bars.
#[derive(Debug, Clone, PartialEq)]
pub struct DailyRange {
    /// Bars by their day in New York, ascending and each once.
    pub bars: Vec<(NaiveDate, DayBar)>,
    /// Rows that gave no bar, with the day where they have one.
    pub set_aside: Vec<SetAside<NaiveDate>>,
    /// Rows in all pages.
    pub received: usize,
    /// Rows that only said again what another row of the day said.
    pub repeated: usize,
}

impl Range {
    /// The bars of a range of days by their day in New York, whatever the hour at which they start.
    pub fn by_day(self) -> DailyRange {
        let mut settled = Settled::new();
        let aside = |row: SetAside<i64>| SetAside { of: row.of.and_then(new_york_date), reason: row.reason };
        let mut set_aside: Vec<SetAside<NaiveDate>> = self.set_aside.into_iter().map(aside).collect();
        for (start, bar) in self.bars {
            let date = new_york_date(start);
            let read = date.ok_or(SetAsideReason::Missing("t")).and_then(|date| settled.add(date, bar));
            if let Err(reason) = read {
                set_aside.push(SetAside { of: date, reason });
            }
        }
        let repeated = self.repeated + settled.repeated;
        DailyRange { bars: settled.bars(), set_aside, received: self.received, repeated }
    }
}

/// The day in New York that an instant, in ms since 1970 UTC, belongs to; none beyond what a date can be.
pub fn new_york_date(instant_ms: i64) -> Option<NaiveDate> {
    DateTime::from_timestamp_millis(instant_ms).map(|time| time.with_timezone(&New_York).date_naive())
}

impl VendorClient {
    /// Raw bars of `ticker` from the day `from` to the day `to`, both included; all pages are read.
    ///
    /// One request is enough for 50,000 bars: daily bars of two centuries, or minutes of about ten weeks, so ask for a
    /// month of minutes at a time. A range without a bar gives no rows; so, mostly, does a ticker that does not exist.
    /// **Source** `/v2/aggs/ticker/…/range/1/…`, unadjusted.
    ///
    /// # Errors
    /// Any [`VendorError`].
    pub async fn range(
        &self,
        ticker: &str,
        timeframe: Timeframe,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Range, VendorError> {
        let (from, to) = (from.to_string(), to.to_string());
        let shown = printable(ticker.as_bytes());
        let path = format!("/v2/aggs/ticker/{shown}/range/1/{}/{from}/{to}", timeframe.name());
        // In an address, one or two dots mean a folder, however they are encoded.
        if check_ticker(ticker.as_bytes()).is_err() || matches!(ticker, "." | "..") {
            return Err(VendorError::NotFound { path, message: "that is no ticker".to_owned() });
        }
        let segments = ["v2", "aggs", "ticker", ticker, "range", "1", timeframe.name(), &from, &to];
        let query = [("adjusted", "false"), ("sort", "asc"), ("limit", LIMIT)];
        let first = self.origin().address_of(&segments, &query);
        let mut pages = Pages::new(self, path.clone(), first);
        let mut reader = Reader::new(ticker);
        while let Some(body) = pages.next().await? {
            reader.page(&body).map_err(|reason| self.malformed(&path, &reason))?;
        }
        Ok(reader.finish())
    }
}

/// Reads the pages of one range.
struct Reader {
    ticker: String,
    settled: Settled<i64>,
    set_aside: Vec<SetAside<i64>>,
    received: usize,
}

impl Reader {
    fn new(ticker: &str) -> Self {
        Self { ticker: ticker.to_owned(), settled: Settled::new(), set_aside: Vec::new(), received: 0 }
    }

    /// Reads one page. The error is the reason, for `Malformed`.
    fn page(&mut self, body: &[u8]) -> Result<(), String> {
        let reply = Reply::read(body)?;
        if let Some(other) = reply.ticker.as_deref().filter(|ticker| *ticker != self.ticker) {
            return Err(format!("it is about another ticker, {}", printable(other.as_bytes())));
        }
        self.received += reply.rows().len();
        for row in reply.rows() {
            let start = row.get("t").and_then(whole);
            let read = start
                .ok_or(SetAsideReason::Missing("t"))
                .and_then(|start| self.settled.add(start, rows::bar(row)?));
            if let Err(reason) = read {
                self.set_aside.push(SetAside { of: start, reason });
            }
        }
        Ok(())
    }

    fn finish(self) -> Range {
        Range {
            ticker: self.ticker,
            repeated: self.settled.repeated,
            bars: self.settled.bars(),
            set_aside: self.set_aside,
            received: self.received,
        }
    }
}

/// A whole number, also where it is written as a float.
fn whole(value: &Value) -> Option<i64> {
    /// Below it, every whole number is a float exactly.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = || value.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < EXACT);
    value.as_i64().or_else(|| float().map(|float| float as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flatfiles::test_data;

    fn read(pages: &[&str]) -> Result<Range, String> {
        let mut reader = Reader::new("AAPL");
        for page in pages {
            reader.page(page.as_bytes())?;
        }
        Ok(reader.finish())
    }

    fn day(text: &str) -> Option<NaiveDate> {
        text.parse().ok()
    }

    const ROW: &str = r#"{"c":75.0875,"h":75.15,"l":73.7975,"n":1,"o":74.06,"t":1577941200000,"v":1.35647456e+08,"vw":74.6099}"#;

    fn page(rows: &str) -> String {
        format!(r#"{{"ticker":"AAPL","status":"OK","adjusted":false,"results":[{rows}]}}"#)
    }

    #[test]
    fn a_row_becomes_a_bar_at_its_time() {
        let range = read(&[&page(ROW)]).unwrap();
        let bar = DayBar {
            open: 74.06,
            high: 75.15,
            low: 73.7975,
            close: 75.0875,
            volume: 135_647_456.0,
            vwap: Some(74.6099),
            trade_count: Some(1),
        };
        assert_eq!(range.bars, [(1_577_941_200_000, bar)]);
        assert_eq!((range.received, range.repeated, range.set_aside.len()), (1, 0, 0));
    }

    #[test]
    fn a_day_begins_at_midnight_in_new_york_in_winter_and_in_summer() {
        assert_eq!(new_york_date(1_577_941_200_000), day("2020-01-02")); // 05:00 UTC
        assert_eq!(new_york_date(1_577_941_199_999), day("2020-01-01"));
        assert_eq!(new_york_date(1_720_065_600_000), day("2024-07-04")); // 04:00 UTC
        assert_eq!(new_york_date(1_720_065_599_999), day("2024-07-03"));
        assert_eq!(new_york_date(i64::MAX), None);
    }

    #[test]
    fn two_rows_of_one_day_are_one_bar_whatever_their_hour() {
        let noon = ROW.replace("1577941200000", "1577984400000").replace("1.35647456e+08", "2e8");
        let daily = read(&[&page(&format!("{ROW},{noon},{ROW}"))]).unwrap().by_day();
        assert_eq!(
            daily.bars.iter().map(|(date, bar)| (Some(*date), bar.volume)).collect::<Vec<_>>(),
            [(day("2020-01-02"), 2e8)]
        );
        assert_eq!((daily.received, daily.repeated), (3, 1));
        assert_eq!(
            daily.set_aside,
            [SetAside { of: day("2020-01-02"), reason: SetAsideReason::Contradicted }]
        );
    }

    #[test]
    fn a_range_without_bars_is_empty_with_or_without_results() {
        for body in [
            r#"{"ticker":"AAPL","queryCount":0,"resultsCount":0,"adjusted":false,"status":"OK"}"#,
            r#"{"ticker":"AAPL","adjusted":true,"results":[],"status":"OK"}"#,
            r#"{"results":null}"#,
        ] {
            assert!(read(&[body]).unwrap().bars.is_empty(), "{body}");
        }
    }

    #[test]
    fn pages_are_one_range_and_what_they_repeat_is_there_once() {
        let next = ROW.replace("1577941200000", "1.5780276e+12");
        let greater = ROW.replace("1.35647456e+08", "2e8");
        let range = read(&[&page(&next), &page(&format!("{ROW},{next}")), &page(&greater)]).unwrap();
        let volumes: Vec<(i64, f64)> = range.bars.iter().map(|(start, bar)| (*start, bar.volume)).collect();
        assert_eq!(volumes, [(1_577_941_200_000, 2e8), (1_578_027_600_000, 135_647_456.0)]);
        assert_eq!((range.received, range.repeated), (4, 1));
        let contradicted = SetAside { of: Some(1_577_941_200_000), reason: SetAsideReason::Contradicted };
        assert_eq!(range.set_aside, [contradicted]);
    }

    #[test]
    fn a_bad_row_is_set_aside_with_its_reason_and_harms_no_other() {
        let rows = [
            ROW.replace("1577941200000", "\"soon\""),
            ROW.replace("1577941200000", "1.5"),
            ROW.replace("\"o\":74.06", "\"o\":\"74.06\""),
            ROW.replace("74.06", "-1"),
            "7".to_owned(),
            ROW.to_owned(),
        ];
        let range = read(&[&page(&rows.join(","))]).unwrap();
        assert_eq!((range.bars.len(), range.received), (1, 6));
        let reasons: Vec<String> = range.set_aside.iter().map(|row| row.reason.to_string()).collect();
        assert_eq!(
            reasons,
            [
                "no number in field t",
                "no number in field t",
                "no number in field o",
                "a price is not a number above 0",
                "no number in field t"
            ]
        );
    }

    #[test]
    fn adjusted_prices_missing_rows_and_another_ticker_are_refused() {
        let refused = |body: &str| read(&[body]).unwrap_err();
        assert!(refused(&page(ROW).replace("false", "true")).contains("adjusted"));
        assert!(
            refused(&page(ROW).replace("\"results\"", "\"resultsCount\":2,\"results\""))
                .contains("announced")
        );
        assert!(refused(&page(ROW).replace("AAPL", "aapl")).contains("another ticker, aapl"));
        assert!(refused(r#"{"results":[{"t":"#).contains("EOF"));
    }

    #[test]
    fn the_vendors_examples_are_read() {
        let Some(folder) = test_data() else { return };
        for (file, days) in [
            (
                "examples/v2__aggs__ticker__stocksTicker__range__multiplier__timespan__from__to.json",
                ["2020-01-02", "2020-01-03"],
            ),
            (
                "client_mocks/v2/aggs/ticker/AAPL/range/1/day/2005-04-01/2005-04-04.json",
                ["2005-04-01", "2005-04-04"],
            ),
            (
                "client_mocks/v2/aggs/ticker/AAPL/range/1/day/2005-04-02/2005-04-04.json",
                ["2005-04-01", "2005-04-04"],
            ),
        ] {
            let text = std::fs::read_to_string(folder.join("polygon_json").join(file)).unwrap();
            // The examples are adjusted; the reader refuses what it did not ask for.
            assert!(read(&[&text]).unwrap_err().contains("adjusted"));
            let range = read(&[&text.replace(r#""adjusted": true"#, r#""adjusted": false"#)]).unwrap();
            let read: Vec<_> = range.bars.iter().map(|(start, _)| new_york_date(*start)).collect();
            assert_eq!(read, days.map(day));
            assert_eq!((range.received, range.set_aside.len()), (2, 0));
        }
    }
}
