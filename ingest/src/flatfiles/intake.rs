//! The way of every line of a file, of days or of minutes: header, bar, or set aside; and when a file is none.

use std::path::Path;

use chrono::NaiveDate;

use super::header::Columns;
use super::row::{Row, RowReader, Window, new_york_date};
use super::{FlatFileError, SetAside};

/// Reads the lines of one file one after the other, and keeps account of those that are no bars in an `S`.
pub struct Intake<'path, S> {
    path: &'path Path,
    session_date: NaiveDate,
    window: Window,
    /// There after the header.
    reader: Option<RowReader>,
    line: usize,
    bars: usize,
    bad: usize,
    other_days: usize,
    earliest_other: i64,
    /// Rows that are not loaded.
    pub set_aside: S,
}

impl<'path, S: Default + Extend<SetAside>> Intake<'path, S> {
    /// Begins a file; `path` is for messages only.
    pub fn new(path: &'path Path, session_date: NaiveDate, window: Window) -> Self {
        Self {
            path,
            session_date,
            window,
            reader: None,
            line: 0,
            bars: 0,
            bad: 0,
            other_days: 0,
            earliest_other: i64::MAX,
            set_aside: S::default(),
        }
    }

    /// Takes the next line, without its line break; the first one is the header. Gives the bar that it holds.
    ///
    /// # Errors
    /// When the header is none.
    pub fn take<'line>(&mut self, line: &'line [u8]) -> Result<Option<Row<'line>>, FlatFileError> {
        self.line += 1;
        let Some(reader) = &mut self.reader else {
            let columns = Columns::read(self.path, line)?;
            self.reader = Some(RowReader::new(columns, self.session_date, self.window));
            return Ok(None);
        };
        if line.is_empty() {
            return Ok(None);
        }
        match reader.read(line) {
            Ok(row) => {
                self.bars += 1;
                Ok(Some(row))
            }
            Err(fault) => {
                if let Some(window_start) = fault.window_start {
                    self.other_days += 1;
                    self.earliest_other = self.earliest_other.min(window_start);
                }
                self.bad += 1;
                self.set_aside.extend([fault.set_aside(self.line)]);
                Ok(None)
            }
        }
    }

    /// Number of the line that was taken last; the header is line 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Rows in all, after the last line.
    ///
    /// # Errors
    /// When there are none, or when they are those of another day.
    pub fn count(&self) -> Result<usize, FlatFileError> {
        let (path, count) = (self.path, self.bars + self.bad);
        if count == 0 {
            return Err(FlatFileError::NoBars(path.to_owned()));
        }
        if self.bars == 0 && 2 * self.other_days > count {
            let (named, found) = (self.session_date, new_york_date(self.earliest_other));
            return Err(FlatFileError::NamedForAnotherDay { path: path.to_owned(), named, found });
        }
        Ok(count)
    }
}
