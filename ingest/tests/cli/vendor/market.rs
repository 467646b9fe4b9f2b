//! The market that a vendor serves: what the test puts in.

use std::collections::BTreeMap;
use std::io::Write;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::America::New_York;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A bar of a day or a minute, raw as printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    pub ticker: String,
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
    pub volume: f64,
    pub vwap: Option<f64>,
    pub trades: Option<u64>,
    /// Traded over the counter: given only to who asks for it.
    pub otc: bool,
}

impl Bar {
    /// A bar whose other prices follow from the close, as in [`crate::files::bar`].
    pub fn new(ticker: &str, close: f64, volume: f64) -> Self {
        let [open, high, low, close, volume] = crate::files::bar(close, volume);
        let (vwap, trades) = (Some(close), Some(7));
        Self { ticker: ticker.to_owned(), open, high, low, close, volume, vwap, trades, otc: false }
    }
}

/// A ticker of the reference data: its row in the list, and what its own page adds.
#[derive(Debug, Clone)]
pub struct Ticker {
    pub row: Value,
    pub details: Value,
}

impl Ticker {
    /// An active common stock of the New York Stock Exchange.
    pub fn new(ticker: &str) -> Self {
        let row = json!({
            "ticker": ticker, "name": format!("{ticker} Inc."), "market": "stocks", "locale": "us",
            "primary_exchange": "XNYS", "type": "CS", "active": true, "currency_name": "usd",
            "cik": format!("{:010}", ticker.bytes().fold(0_u32, |n, byte| n.wrapping_mul(31) + u32::from(byte)) % 2_000_000),
            "composite_figi": format!("BBG0{ticker:0>8}"), "share_class_figi": format!("BBG1{ticker:0>8}"),
            "last_updated_utc": "2024-07-02T00:00:00Z",
        });
        let details = json!({
            "address": {"address1": "1 Main Street", "city": "Springfield", "postal_code": "12345", "state": "NY"},
            "branding": {"icon_url": "https://api.massive.com/v1/reference/company-branding/x/images/icon.png",
                         "logo_url": "https://api.massive.com/v1/reference/company-branding/x/images/logo.svg"},
            "description": "Makes things.", "homepage_url": "https://example.com", "list_date": "1990-01-02",
            "market_cap": 1.25e9, "phone_number": "(555) 010-0000", "round_lot": 100,
            "share_class_shares_outstanding": 50_000_000, "sic_code": "3571", "sic_description": "ELECTRONIC COMPUTERS",
            "ticker_root": ticker, "total_employees": 1000, "weighted_shares_outstanding": 49_000_000,
        });
        Self { row, details }
    }

    /// With a field of the row set; null takes it away.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.row, name, value.into());
        self
    }

    /// With a field of the page set; null takes it away.
    pub fn with_detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.details, name, value.into());
        self
    }

    /// Delisted on `day`.
    pub fn delisted(self, day: &str) -> Self {
        self.with("active", false).with("delisted_utc", format!("{day}T00:00:00Z"))
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.row[name].as_str().or_else(|| self.details[name].as_str())
    }

    /// Whether it was listed on `day`.
    pub fn is_active_on(&self, day: NaiveDate) -> bool {
        let day = day.to_string();
        self.text("list_date").is_none_or(|listed| listed <= day.as_str())
            && self.text("delisted_utc").is_none_or(|delisted| &delisted[..10] > day.as_str())
    }

    pub fn is_active(&self) -> bool {
        self.row["active"] == true
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    let object = object.as_object_mut().expect("an object");
    if value.is_null() {
        object.remove(name)
    } else {
        object.insert(name.to_owned(), value)
    };
}

/// An object of the flat files.
#[derive(Debug, Clone)]
pub struct File {
    pub bytes: Vec<u8>,
    pub modified: DateTime<Utc>,
    /// With its quotation marks. Not an MD5, as that of a file that came in parts is not either.
    pub etag: String,
}

/// Everything that the vendor knows. Records of the reference data are JSON as the vendor prints them, so that a test can
/// give any dirt.
#[derive(Debug, Clone)]
pub struct Market {
    /// Bars of the days, in the order in which they are printed.
    pub days: BTreeMap<NaiveDate, Vec<Bar>>,
    /// Minute bars by ticker, each with the milliseconds of its start, in the order in which they are printed.
    pub minutes: BTreeMap<String, Vec<(i64, Bar)>>,
    /// Records of `/stocks/v1/splits`.
    pub splits: Vec<Value>,
    /// Records of `/stocks/v1/dividends`.
    pub dividends: Vec<Value>,
    /// Records of `/stocks/financials/v1/…`.
    pub income_statements: Vec<Value>,
    pub balance_sheets: Vec<Value>,
    pub cash_flow_statements: Vec<Value>,
    pub tickers: Vec<Ticker>,
    /// `results` of `/vX/reference/tickers/{id}/events`, the latest event first.
    pub events: Vec<Value>,
    /// Records of `/v1/marketstatus/upcoming`.
    pub holidays: Vec<Value>,
    /// Objects of the flat files, by key.
    pub files: BTreeMap<String, File>,
    /// The vendor's day: what is later is refused.
    pub today: NaiveDate,
    /// First day that the plan includes.
    pub history_from: Option<NaiveDate>,
    /// Most records of a page, whatever a list is asked for.
    pub page: Option<usize>,
    /// Whether answers say `DELAYED` in place of `OK`.
    pub delayed: bool,
}

impl Market {
    pub fn new() -> Self {
        Self {
            days: BTreeMap::new(),
            minutes: BTreeMap::new(),
            splits: Vec::new(),
            dividends: Vec::new(),
            income_statements: Vec::new(),
            balance_sheets: Vec::new(),
            cash_flow_statements: Vec::new(),
            tickers: Vec::new(),
            events: Vec::new(),
            holidays: Vec::new(),
            files: BTreeMap::new(),
            today: Utc::now().with_timezone(&New_York).date_naive(),
            history_from: None,
            page: None,
            delayed: false,
        }
    }

    /// Sets the bars of a day: ticker, close and volume.
    pub fn day(&mut self, day: &str, bars: &[(&str, f64, f64)]) -> &mut Self {
        let bars = bars.iter().map(|(ticker, close, volume)| Bar::new(ticker, *close, *volume)).collect();
        self.days.insert(date(day), bars);
        self
    }

    /// Adds a minute bar of `ticker` that starts at `time` (such as `09:30`) in New York.
    pub fn minute(&mut self, ticker: &str, day: &str, time: &str, close: f64, volume: f64) -> &mut Self {
        let time = NaiveTime::parse_from_str(time, "%H:%M").expect("a time");
        let start = new_york(date(day), time);
        self.minutes.entry(ticker.to_owned()).or_default().push((start, Bar::new(ticker, close, volume)));
        self
    }

    /// Adds a split.
    pub fn split(&mut self, id: &str, ticker: &str, ex_date: &str, from: f64, to: f64) -> &mut Self {
        let kind = if to > from { "forward_split" } else { "reverse_split" };
        self.splits.push(json!({
            "id": id, "ticker": ticker, "execution_date": ex_date, "split_from": from, "split_to": to,
            "adjustment_type": kind, "historical_adjustment_factor": from / to,
        }));
        self
    }

    /// Adds a dividend in USD.
    pub fn dividend(&mut self, id: &str, ticker: &str, ex_date: &str, cash_amount: f64) -> &mut Self {
        self.dividends.push(json!({
            "id": id, "ticker": ticker, "ex_dividend_date": ex_date, "cash_amount": cash_amount, "currency": "USD",
            "declaration_date": ex_date, "record_date": ex_date, "pay_date": ex_date, "frequency": 4,
            "distribution_type": "recurring", "historical_adjustment_factor": 0.99, "split_adjusted_cash_amount": cash_amount,
        }));
        self
    }

    /// Puts a day's bars, as they are now, among the flat files, in place of what was there.
    pub fn publish_day(&mut self, day: &str) -> &mut Self {
        let window = midnight(date(day)) * 1_000_000;
        let lines = self.days.get(&date(day)).into_iter().flatten().filter(|bar| !bar.otc);
        let lines: Vec<String> = lines.map(|bar| line(bar, window)).collect();
        self.put(&key("day_aggs_v1", day), packed(&lines))
    }

    /// Puts a day's minute bars, as they are now, among the flat files.
    pub fn publish_minutes(&mut self, day: &str) -> &mut Self {
        let (from, until) = (midnight(date(day)), midnight(date(day).succ_opt().expect("a day")));
        let minutes = self.minutes.values().flatten().filter(|(start, _)| (from..until).contains(start));
        let lines: Vec<String> = minutes.map(|(start, bar)| line(bar, start * 1_000_000)).collect();
        self.put(&key("minute_aggs_v1", day), packed(&lines))
    }

    /// Puts an object among the flat files, published now.
    pub fn put(&mut self, key: &str, bytes: Vec<u8>) -> &mut Self {
        let digest = super::signature::hex(&Sha256::digest(&bytes)[..16]);
        let file = File { bytes, modified: Utc::now(), etag: format!("\"{digest}-2\"") };
        self.files.insert(key.to_owned(), file);
        self
    }

    /// The word of success.
    pub fn status(&self) -> &'static str {
        if self.delayed { "DELAYED" } else { "OK" }
    }
}

/// Key of a day's file.
pub fn key(kind: &str, day: &str) -> String {
    format!("us_stocks_sip/{kind}/{}/{}/{day}.csv.gz", &day[..4], &day[5..7])
}

fn line(bar: &Bar, window_ns: i64) -> String {
    let Bar { ticker, open, high, low, close, volume, trades, .. } = bar;
    format!("{ticker},{volume},{open},{close},{high},{low},{window_ns},{}\n", trades.unwrap_or(0))
}

fn packed(lines: &[String]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let header = "ticker,volume,open,close,high,low,window_start,transactions\n";
    encoder.write_all(format!("{header}{}", lines.concat()).as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

fn date(day: &str) -> NaiveDate {
    day.parse().expect("a day")
}

/// Milliseconds since 1970 of midnight in New York.
pub fn midnight(day: NaiveDate) -> i64 {
    new_york(day, NaiveTime::MIN)
}

/// Milliseconds since 1970 of a time of day in New York.
pub fn new_york(day: NaiveDate, time: NaiveTime) -> i64 {
    New_York.from_local_datetime(&day.and_time(time)).earliest().expect("a moment").timestamp_millis()
}
