//! One row: from the fields of a line to a ticker and a checked bar.

use std::ops::Range;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::America::New_York;
use tidemark::domain::bar::{BarFault, DayBar};

use super::header::Columns;
use super::line;
use super::set_aside::{Reason, SetAside, printable};
use super::ticker;

/// What is wrong with a row: the column, what stands there, and why that will not do.
#[derive(Debug)]
pub struct Fault<'line> {
    ticker: &'line [u8],
    field: &'static str,
    value: &'line [u8],
    pub reason: Reason,
    /// Start of the window, in ns, where the row is of another day.
    pub window_start: Option<i64>,
}

impl Fault<'_> {
    /// The fault as it is reported.
    pub fn set_aside(&self, line: usize) -> SetAside {
        SetAside {
            line,
            ticker: printable(self.ticker),
            field: self.field,
            value: printable(self.value),
            reason: self.reason,
        }
    }
}

/// What a row's window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// A session.
    Day,
    /// A minute of one.
    Minute,
}

impl Window {
    /// The vendor's folder of such files.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Day => "day_aggs_v1",
            Self::Minute => "minute_aggs_v1",
        }
    }

    /// What such a file is called in a message.
    pub fn of_file(self) -> &'static str {
        match self {
            Self::Day => "daily",
            Self::Minute => "minute",
        }
    }
}

/// A minute, in ns.
pub const MINUTE: i64 = 60_000_000_000;

/// A row that is a bar.
#[derive(Debug)]
pub struct Row<'line> {
    pub ticker: &'line str,
    /// Start of the window, in ns since 1970 UTC.
    pub window_start: i64,
    pub bar: DayBar,
}

/// Reads the rows of one file.
#[derive(Debug)]
pub struct RowReader {
    columns: Columns,
    window: Window,
    /// The session's day in New York, in ns since 1970 UTC.
    day: Range<i64>,
    fields: Vec<Range<u32>>,
}

impl RowReader {
    pub fn new(columns: Columns, session_date: NaiveDate, window: Window) -> Self {
        let fields = Vec::with_capacity(columns.width);
        Self { columns, window, day: new_york_day(session_date), fields }
    }

    /// The row of a line without its line break.
    pub fn read<'line>(&mut self, row: &'line [u8]) -> Result<Row<'line>, Fault<'line>> {
        let fault = |ticker, field, value, reason| Fault { ticker, field, value, reason, window_start: None };
        line::split(row, &mut self.fields).map_err(|reason| fault(&[], "the whole line", row, reason))?;
        let width = self.columns.width;
        if self.fields.len() != width {
            let reason = if self.fields.len() < width { Reason::TooFewFields } else { Reason::TooManyFields };
            return Err(fault(&[], "the whole line", row, reason));
        }
        let at = |column: usize| &row[self.fields[column].start as usize..self.fields[column].end as usize];
        let columns = &self.columns;
        let ticker_bytes = at(columns.ticker);
        let ticker = ticker::check(ticker_bytes)
            .map_err(|reason| fault(ticker_bytes, "ticker", ticker_bytes, Reason::Ticker(reason)))?;
        let fault = |field, column, reason| fault(ticker_bytes, field, at(column), reason);
        let number =
            |field, column| line::number(at(column)).ok_or_else(|| fault(field, column, Reason::NotANumber));

        let bar = DayBar {
            open: number("open", columns.open)?,
            high: number("high", columns.high)?,
            low: number("low", columns.low)?,
            close: number("close", columns.close)?,
            volume: number("volume", columns.volume)? + 0.0, // so that -0 and 0 are the same bits
            vwap: match columns.vwap {
                Some(column) if !at(column).is_empty() => Some(number("vwap", column)?),
                _ => None,
            },
            trade_count: match at(columns.transactions) {
                b"" => None,
                count => match line::whole(count) {
                    Some(count) if count >= 0 => Some(count).filter(|count| *count > 0),
                    _ => return Err(fault("transactions", columns.transactions, Reason::NotANumber)),
                },
            },
        };
        let window_start = line::whole(at(columns.window_start))
            .ok_or_else(|| fault("window_start", columns.window_start, Reason::NotANumber))?;
        if !self.day.contains(&window_start) {
            let fault = fault("window_start", columns.window_start, Reason::AnotherDay);
            return Err(Fault { window_start: Some(window_start), ..fault });
        }
        if self.window == Window::Minute && window_start % MINUTE != 0 {
            return Err(fault("window_start", columns.window_start, Reason::NotAMinute));
        }
        bar.check().map_err(|reason| {
            let (field, column) = culprit(&bar, reason, columns);
            fault(field, column, Reason::Bar(reason))
        })?;
        Ok(Row { ticker, window_start, bar })
    }
}

/// The column that a bar's fault is shown with.
fn culprit(bar: &DayBar, reason: BarFault, columns: &Columns) -> (&'static str, usize) {
    let bad = |price: f64| !(price.is_finite() && price > 0.0);
    match reason {
        BarFault::Volume => ("volume", columns.volume),
        BarFault::HighBelowLow => ("high", columns.high),
        BarFault::Price if bad(bar.open) => ("open", columns.open),
        BarFault::Price if bad(bar.high) => ("high", columns.high),
        BarFault::Price if bad(bar.low) => ("low", columns.low),
        BarFault::Price if bad(bar.close) => ("close", columns.close),
        BarFault::Price => ("vwap", columns.vwap.unwrap_or(columns.close)),
    }
}

/// From midnight to midnight in New York, in ns since 1970 UTC; empty where that does not fit.
fn new_york_day(date: NaiveDate) -> Range<i64> {
    let midnight = |date: NaiveDate| {
        New_York.from_local_datetime(&date.and_time(NaiveTime::MIN)).earliest()?.timestamp_nanos_opt()
    };
    match (midnight(date), date.succ_opt().and_then(midnight)) {
        (Some(start), Some(end)) => start..end,
        _ => 0..0,
    }
}

/// The day in New York that an instant, in ns since 1970 UTC, belongs to.
pub fn new_york_date(instant_ns: i64) -> NaiveDate {
    DateTime::from_timestamp_nanos(instant_ns).with_timezone(&New_York).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn a_day_in_new_york_has_23_24_or_25_hours() {
        const HOUR: i64 = 3_600_000_000_000;
        let start = 1_426_824_000_000_000_000; // 2015-03-20 00:00 in New York
        assert_eq!(new_york_day(day("2015-03-20")), start..start + 24 * HOUR);
        let hours = |date| (new_york_day(day(date)).end - new_york_day(day(date)).start) / HOUR;
        assert_eq!([hours("2015-03-08"), hours("2015-11-01")], [23, 25]);
        assert!(new_york_day(NaiveDate::MAX).is_empty());
    }

    #[test]
    fn an_instant_belongs_to_the_day_it_falls_in() {
        let start = new_york_day(day("2015-03-20")).start;
        assert_eq!(new_york_date(start), day("2015-03-20"));
        assert_eq!(new_york_date(start - 1), day("2015-03-19"));
    }
}
