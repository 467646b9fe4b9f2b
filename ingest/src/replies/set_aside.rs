//! Results that cannot be used, each with its place, its field and why.

use std::fmt;

use super::field::FieldFault;
use crate::flatfiles::TickerFault;

/// Why a result is not used. The text is what the load summary counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Reason {
    /// The ticker is not one.
    #[error("{0}")]
    Ticker(TickerFault),
    /// A day is missing, or is none.
    #[error("not a date")]
    Date,
    /// A field is not a number.
    #[error("not a number")]
    NotANumber,
    /// A side of a split is missing, or is not above 0.
    #[error("a side of the split is not above 0")]
    Ratio,
    /// A split into as many shares as before.
    #[error("the split changes nothing")]
    OneToOne,
    /// The cash is missing, or is not above 0.
    #[error("the cash is not above 0")]
    Cash,
    /// Paid in another currency than the shares are traded in.
    #[error("the currency is not USD")]
    Currency,
    /// A fiscal year or quarter is not a whole number.
    #[error("not a whole number")]
    NotWhole,
    /// A period of a length that no statement has.
    #[error("the timeframe is not quarterly, annual or trailing_twelve_months")]
    Timeframe,
    /// A day that no calendar of ours knows.
    #[error("the day is not between 1970 and 2099")]
    AbsurdDate,
    /// Filed before the period that it reports had ended.
    #[error("filed before its period ended")]
    FiledEarly,
    /// Filed on a day to come.
    #[error("filed after today")]
    FiledLater,
    /// The count of shares is not above 0.
    #[error("the count of shares is not above 0")]
    Shares,
    /// An entry of another market than US stocks.
    #[error("another market than US stocks")]
    Market,
    /// A listing that has ended, without the day.
    #[error("it trades no more, and its last day is not given")]
    LastDay,
    /// An exchange's status that is neither closed nor early-close.
    #[error("neither closed nor early-close")]
    Status,
    /// A closing time that is none.
    #[error("not a time")]
    Time,
    /// Another result about the same thing says otherwise and was kept.
    #[error("another record contradicts it")]
    Contradicted,
}

/// One result that is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Place among all results, over all pages, from 1.
    pub place: usize,
    /// The result's ticker; empty where it has none.
    pub ticker: String,
    /// The field at fault.
    pub field: &'static str,
    /// What stands there, shortened.
    pub value: String,
    /// Why the result is not used.
    pub reason: Reason,
}

impl SetAside {
    /// The result at `place`, of `ticker`, with the fault of one of its fields.
    pub fn new(place: usize, ticker: String, (field, value, reason): FieldFault) -> Self {
        Self { place, ticker, field, value, reason }
    }
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}", self.place)?;
        if !self.ticker.is_empty() {
            write!(f, " ({})", self.ticker)?;
        }
        write!(f, ": {} \"{}\": {}", self.field, self.value, self.reason)
    }
}
