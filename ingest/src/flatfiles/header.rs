//! The header line: which column stands where. The order is free, and columns that nobody knows are ignored.

use std::ops::Range;
use std::path::Path;

use super::FlatFileError;
use super::line;
use super::set_aside::printable;

/// The columns every file must have, in the vendor's own order.
const REQUIRED: [&str; 8] =
    ["ticker", "volume", "open", "close", "high", "low", "window_start", "transactions"];

/// Position of every column in a row.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    pub ticker: usize,
    pub volume: usize,
    pub open: usize,
    pub close: usize,
    pub high: usize,
    pub low: usize,
    pub window_start: usize,
    pub transactions: usize,
    pub vwap: Option<usize>,
    /// Columns in all, known or not: what every row must have.
    pub width: usize,
}

impl Columns {
    /// Reads the header. `path` is for messages only.
    ///
    /// # Errors
    /// [`FlatFileError::NoHeader`], [`FlatFileError::MissingColumns`] or [`FlatFileError::ColumnTwice`].
    pub fn read(path: &Path, header: &[u8]) -> Result<Self, FlatFileError> {
        let header = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header);
        let mut fields: Vec<Range<u32>> = Vec::new();
        let names: Vec<&[u8]> = match line::split(header, &mut fields) {
            Ok(()) => fields
                .iter()
                .map(|field| header[field.start as usize..field.end as usize].trim_ascii())
                .collect(),
            Err(_) => Vec::new(),
        };
        let place = |column: &'static str| -> Result<Option<usize>, FlatFileError> {
            let mut places = (0..names.len()).filter(|at| names[*at] == column.as_bytes());
            let first = places.next();
            match places.next() {
                None => Ok(first),
                Some(_) => Err(FlatFileError::ColumnTwice { path: path.to_owned(), column }),
            }
        };
        let mut places = [None; REQUIRED.len()];
        for (place_of, name) in places.iter_mut().zip(REQUIRED) {
            *place_of = place(name)?;
        }
        let [
            Some(ticker),
            Some(volume),
            Some(open),
            Some(close),
            Some(high),
            Some(low),
            Some(window_start),
            Some(transactions),
        ] = places
        else {
            let missing: Vec<_> = REQUIRED
                .into_iter()
                .zip(places)
                .filter(|(_, at)| at.is_none())
                .map(|(name, _)| name)
                .collect();
            let (path, line) = (path.to_owned(), printable(header));
            return Err(if missing.len() == REQUIRED.len() {
                FlatFileError::NoHeader { path, line }
            } else {
                FlatFileError::MissingColumns { path, missing, line }
            });
        };
        let (vwap, width) = (place("vwap")?, names.len());
        Ok(Self { ticker, volume, open, close, high, low, window_start, transactions, vwap, width })
    }
}
