//! From one compressed file to its rows: the hot path of a backfill.

use std::path::Path;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use super::file::{DayFile, Rows};
use super::intake::Intake;
use super::row::{Row, Window};
use super::{FlatFileError, SetAside, gzip};

/// The most that a file may unpack to, in bytes. A day of the whole market has about one million, its minutes a hundred.
pub(super) const MOST_UNPACKED: usize = 1 << 30;

/// Decodes files one after the other and keeps its buffer between them. Give each thread its own.
#[derive(Debug, Default)]
pub struct Decoder {
    text: Vec<u8>,
}

impl Decoder {
    /// Decodes the file of one session from its bytes as they are stored; `path` is for messages only.
    ///
    /// Rows that cannot be bars are set aside. Of several rows of one ticker equal ones are one, and of
    /// contradictory ones the one of the greatest volume is kept (then the greatest close, then the other
    /// fields): the result does not depend on the order of the rows.
    ///
    /// # Errors
    /// A [`FlatFileError`] when the file as a whole cannot be trusted; nothing of it should be loaded then.
    pub fn decode(
        &mut self,
        path: &Path,
        packed: &[u8],
        session_date: NaiveDate,
    ) -> Result<DayFile, FlatFileError> {
        if packed.is_empty() {
            return Err(FlatFileError::Empty(path.to_owned()));
        }
        gzip::unpack(packed, MOST_UNPACKED, &mut self.text)
            .map_err(|fault| FlatFileError::Gzip { path: path.to_owned(), fault })?;
        if self.text.is_empty() {
            return Err(FlatFileError::NoContent(path.to_owned()));
        }
        let mut file = parse(path, &self.text, session_date)?;
        file.digest = Sha256::digest(packed).into();
        Ok(file)
    }
}

/// Parses the unpacked text of a file.
fn parse(path: &Path, text: &[u8], session_date: NaiveDate) -> Result<DayFile, FlatFileError> {
    /// Bytes of a usual row, for the first guess at their number.
    const USUAL_ROW: usize = 50;

    let mut intake: Intake<Vec<SetAside>> = Intake::new(path, session_date, Window::Day);
    let mut rows = Rows::with_capacity(text.len() / USUAL_ROW);
    for line in (Lines { rest: text }) {
        if let Some(Row { ticker, bar, .. }) = intake.take(line)? {
            rows.push(ticker, bar, intake.line());
        }
    }
    let count = intake.count()?;
    let mut file = DayFile::new(session_date, rows, intake.set_aside);
    if 2 * file.set_aside.len() > count {
        let (path, set_aside) = (path.to_owned(), file.set_aside.len());
        let first = Box::new(file.set_aside.swap_remove(0));
        return Err(FlatFileError::MostlyBad { path, rows: count, set_aside, first });
    }
    Ok(file)
}

/// The lines of a text, without their `\n` or `\r\n`.
pub(super) struct Lines<'text> {
    pub(super) rest: &'text [u8],
}

impl<'text> Iterator for Lines<'text> {
    type Item = &'text [u8];

    fn next(&mut self) -> Option<&'text [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.rest).unwrap_or(self.rest.len());
        let line = &self.rest[..end];
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

#[cfg(test)]
mod tests;
