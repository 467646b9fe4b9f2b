//! What the vendor says of a listing: one entry of its list of tickers, and the changes of a ticker.

use chrono::{DateTime, NaiveDate, Utc};

/// One entry of the vendor's list of tickers.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listing {
    /// Ticker; case matters.
    pub ticker: String,
    /// Last day on which it traded; none while it does.
    pub last_day: Option<NaiveDate>,
    /// FIGI of the share class in the US.
    pub composite_figi: Option<String>,
    /// FIGI of the share class in all countries.
    pub share_class_figi: Option<String>,
    /// Number of the company at the SEC.
    pub cik: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Vendor's type (CS, ETF, …).
    pub kind: Option<String>,
    /// Primary exchange (MIC).
    pub exchange: Option<String>,
    /// Up to when the entry is accurate.
    pub updated: Option<DateTime<Utc>>,
}

/// The tickers of one instrument through time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TickerChanges {
    /// FIGI of the instrument; where there is none, it is the one that has the last of the tickers.
    pub composite_figi: Option<String>,
    /// First day of each ticker, ascending.
    pub tickers: Vec<(NaiveDate, String)>,
}

/// A ticker's time with an instrument, as the database has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// Ticker; case matters.
    pub ticker: String,
    /// First day; [`super::claims::BEGINNING`] where it is not known.
    pub from: NaiveDate,
    /// First day after the period; none while it lasts.
    pub until: Option<NaiveDate>,
    /// The instrument.
    pub instrument_id: i32,
}

impl Held {
    /// Whether the period holds `date`.
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.from <= date && self.until.is_none_or(|until| date < until)
    }
}

/// An instrument as the database has it, in the vendor's terms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Key.
    pub id: i32,
    /// Whether the vendor's list ever knew it.
    pub listed: bool,
    /// Whether it has bars.
    pub has_bars: bool,
    /// Name.
    pub name: Option<String>,
    /// Vendor's type.
    pub kind: Option<String>,
    /// Primary exchange.
    pub exchange: Option<String>,
    /// Number of the company at the SEC.
    pub cik: Option<String>,
    /// FIGI of the share class in the US.
    pub composite_figi: Option<String>,
    /// FIGI of the share class in all countries.
    pub share_class_figi: Option<String>,
    /// Last day on which it traded.
    pub delisted_on: Option<NaiveDate>,
}
