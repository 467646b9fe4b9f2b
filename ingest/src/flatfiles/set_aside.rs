//! Rows that are not loaded: which, where, and why.

use std::collections::BTreeMap;
use std::fmt;

use tidemark::domain::bar::BarFault;

use super::ticker::TickerFault;

/// Why a row is not loaded. The text is what the load summary counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Reason {
    /// Fewer fields than the header has columns.
    #[error("too few fields")]
    TooFewFields,
    /// More fields than the header has columns.
    #[error("too many fields")]
    TooManyFields,
    /// A quoted field does not end, or text follows its end.
    #[error("a quoted field is broken")]
    BrokenQuotes,
    /// The ticker is not one.
    #[error("{0}")]
    Ticker(TickerFault),
    /// A field is not a number, or not a whole one where only that makes sense.
    #[error("not a number")]
    NotANumber,
    /// The window starts outside the session's day in New York.
    #[error("the row is of another day")]
    AnotherDay,
    /// The numbers cannot be a bar.
    #[error("{0}")]
    Bar(BarFault),
    /// The window of a minute does not start on one.
    #[error("the window does not start on a whole minute")]
    NotAMinute,
    /// Another row of the same ticker says otherwise and was kept; see [`super::Decoder::decode`].
    #[error("another row of this ticker contradicts it")]
    Contradicted,
    /// The same of minute bars.
    #[error("another row of this ticker and minute contradicts it")]
    ContradictedMinute,
}

/// One row that is not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Line in the unpacked file; the header is line 1.
    pub line: usize,
    /// The row's ticker; empty where it has none.
    pub ticker: String,
    /// The column at fault; the first one where several are.
    pub field: &'static str,
    /// What stands there: shortened, control characters escaped.
    pub value: String,
    /// Why the row is not loaded.
    pub reason: Reason,
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.ticker.is_empty() {
            write!(f, " ({})", self.ticker)?;
        }
        write!(f, ": {} \"{}\": {}", self.field, self.value, self.reason)
    }
}

/// Rows that are not loaded, counted by reason with the first examples of each: a file may have a million of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    by_reason: BTreeMap<Reason, (usize, Vec<SetAside>)>,
}

impl Tally {
    /// Examples kept for each reason.
    const EXAMPLES: usize = 3;

    /// Rows in all.
    pub fn len(&self) -> usize {
        self.by_reason.values().map(|(count, _)| count).sum()
    }

    /// Every reason with its count and its first examples.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, usize, &[SetAside])> {
        self.by_reason.iter().map(|(reason, (count, examples))| (*reason, *count, &examples[..]))
    }

    /// The example that stands first in the file.
    pub fn first(&self) -> Option<&SetAside> {
        self.by_reason.values().flat_map(|(_, examples)| examples).min_by_key(|row| row.line)
    }
}

impl Extend<SetAside> for Tally {
    fn extend<T: IntoIterator<Item = SetAside>>(&mut self, rows: T) {
        for row in rows {
            let (count, examples) = self.by_reason.entry(row.reason).or_default();
            *count += 1;
            if examples.len() < Self::EXAMPLES {
                examples.push(row);
            }
        }
    }
}

/// Bytes of a file as text that is safe to print: at most 40 characters, control characters escaped.
pub fn printable(bytes: &[u8]) -> String {
    const MOST: usize = 40;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * MOST)]);
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}
