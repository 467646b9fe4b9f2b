//! Why a number cannot be explained, and what to do.

use chrono::NaiveDate;

use crate::store::StoreError;
use crate::store::bars::Around;

/// Why a number cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// Nobody ever had the ticker.
    #[error("no instrument has the ticker {ticker}")]
    UnknownTicker {
        /// As it was asked for.
        ticker: String,
        /// Tickers that look like it.
        similar: Vec<String>,
    },
    /// The catalogue has no such name.
    #[error("there is no factor or family {name}")]
    UnknownName {
        /// As it was asked for.
        name: String,
        /// Names that look like it.
        near: Vec<String>,
    },
    /// The day lies outside of the calendar.
    #[error("{day} is outside of the exchange calendar, 1970 to 2099")]
    OutsideCalendar {
        /// The day.
        day: NaiveDate,
    },
    /// The exchange was closed.
    #[error("{day} is no session: {because}")]
    Closed {
        /// The day.
        day: NaiveDate,
        /// Why.
        because: String,
        /// The session before it.
        before: Option<NaiveDate>,
        /// The session after it.
        after: Option<NaiveDate>,
    },
    /// The instrument has no bars at all.
    #[error("{ticker} has no bars")]
    NoBars {
        /// The ticker.
        ticker: String,
    },
    /// It has bars, but none on that session.
    #[error("{ticker} has no bar on {day}{}", bars(.around))]
    NoBar {
        /// The ticker.
        ticker: String,
        /// The session.
        day: NaiveDate,
        /// Where it has bars.
        around: Around,
    },
    /// It has a bar, and no row yet.
    #[error("{ticker} has a bar on {day}, and no features of that session are stored yet")]
    NotComputed {
        /// The ticker.
        ticker: String,
        /// The session.
        day: NaiveDate,
    },
    /// It has a row, and its bar is gone.
    #[error("{ticker} has features of {day}, but its bar of that session is gone since")]
    BarGone {
        /// The ticker.
        ticker: String,
        /// The session.
        day: NaiveDate,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ExplainError {
    /// What the user can do.
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownTicker { similar, .. } if similar.is_empty() => {
                "ingest status shows what is loaded".into()
            }
            Self::UnknownTicker { similar, .. } => format!("case matters; known: {}", similar.join(", ")),
            Self::UnknownName { near, .. } if near.is_empty() => {
                "features list has the factors; families are momentum, value, quality, growth and low_risk, each with _sn too".into()
            }
            Self::UnknownName { near, .. } => {
                format!("did you mean {}? features list has all factors", near.join(" or "))
            }
            Self::OutsideCalendar { .. } => "give a session that has bars: YYYY-MM-DD".into(),
            Self::Closed { before, after, .. } => match (before, after) {
                (Some(before), Some(after)) => format!("the sessions around it are {before} and {after}"),
                _ => "give a session".into(),
            },
            Self::NoBars { .. } => {
                "load them: ingest backfill --source … (ingest status shows what is loaded)".into()
            }
            Self::NoBar { around, .. } => match around.before.or(around.after) {
                Some(day) => format!("a session without a bar has no features; {day} has some"),
                None => "ingest status shows what is loaded".into(),
            },
            Self::NotComputed { .. } | Self::BarGone { .. } => "run: features refresh".into(),
            Self::Store(error) => error.hint().to_owned(),
        }
    }
}

/// Where there are bars instead.
fn bars(around: &Around) -> String {
    match (around.before, around.after) {
        (Some(before), Some(after)) => format!("; the bars around it are of {before} and {after}"),
        (Some(last), None) => format!("; its last bar is of {last}"),
        (None, Some(first)) => format!("; its first bar is of {first}"),
        (None, None) => String::new(),
    }
}
