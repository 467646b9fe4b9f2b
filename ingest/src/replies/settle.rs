//! From many raw results to one record each: what is unusable, repeated or contradicted is left out and counted.

use std::cmp::Ordering;
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
    /// The count of shares is not above 0.
    #[error("the count of shares is not above 0")]
    Shares,
    /// Filed before the period that it reports had ended.
    #[error("filed before its period ended")]
    FiledEarly,
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

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}", self.place)?;
        if !self.ticker.is_empty() {
            write!(f, " ({})", self.ticker)?;
        }
        write!(f, ": {} \"{}\": {}", self.field, self.value, self.reason)
    }
}

/// Records in order, each once, and what was left out. Everything but places is the same for every
/// order of the results.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled<T> {
    /// The records, sorted by ticker and day.
    pub records: Vec<T>,
    /// Results that said nothing new and were dropped.
    pub collapsed: usize,
    /// Results that are not used, by their place.
    pub set_aside: Vec<SetAside>,
}

/// A record that knows when another one is about the same thing.
pub trait Record {
    /// Order of what the records are about: equal for those of which only one can hold.
    fn subject(&self, other: &Self) -> Ordering;
    /// Which of two records of one subject is kept: the greater one. Total, so that the order of the
    /// results does not matter.
    fn precedence(&self, other: &Self) -> Ordering;
    /// Whether a record of the same subject says nothing but what `self` says.
    fn says_the_same(&self, other: &Self) -> bool;
    /// The ticker, and the field and value that a contradicted record is reported with.
    fn report(&self) -> (&str, &'static str, String);
}

/// A result that is being settled, with its place.
pub struct Candidate<T> {
    /// Place among all results, from 1.
    pub place: usize,
    /// The record, or what is wrong with it and its ticker as far as it has one.
    pub record: Result<T, (String, FieldFault)>,
}

/// Keeps one record of each subject.
pub fn settle<T: Record>(candidates: impl IntoIterator<Item = Candidate<T>>) -> Settled<T> {
    let mut usable: Vec<(usize, T)> = Vec::new();
    let mut set_aside = Vec::new();
    for Candidate { place, record } in candidates {
        match record {
            Ok(record) => usable.push((place, record)),
            Err((ticker, (field, value, reason))) => {
                set_aside.push(SetAside { place, ticker, field, value, reason });
            }
        }
    }
    usable.sort_by(|(a_place, a), (b_place, b)| {
        a.subject(b).then_with(|| b.precedence(a)).then(a_place.cmp(b_place))
    });

    let mut records: Vec<T> = Vec::with_capacity(usable.len());
    let mut collapsed = 0;
    for (place, record) in usable {
        match records.last() {
            Some(kept) if kept.subject(&record).is_eq() => {
                if kept.says_the_same(&record) {
                    collapsed += 1;
                } else {
                    let (ticker, field, value) = record.report();
                    let (ticker, reason) = (ticker.to_owned(), Reason::Contradicted);
                    set_aside.push(SetAside { place, ticker, field, value, reason });
                }
            }
            _ => records.push(record),
        }
    }
    set_aside.sort_by_key(|result| result.place);
    Settled { records, collapsed, set_aside }
}

/// Order of the vendor's ids: none before any, then by length, then by bytes, so that `s9` is before `s10`.
pub fn by_id(a: Option<&str>, b: Option<&str>) -> Ordering {
    let key = |id: Option<&str>| id.map(|id| (id.len(), id.to_owned()));
    key(a).cmp(&key(b))
}
