//! Takes block after block, and writes file after file in pieces of a sensible size.

use std::time::{Duration, Instant};

use polars::prelude::*;
use serde_json::Value;

use super::block::{self, Market, Row, Wanted};
use super::columns::Columns;
use super::format::{Format, Writer};
use super::place::{Staging, Written};

/// Fewest rows of a piece (a row group, a record batch), but for the last one of a file.
const LEAST: usize = 100_000;

/// An export under way.
pub struct Sink {
    staging: Staging,
    format: Format,
    market: Market,
    columns: Columns,
    wanted: Wanted,
    about: String,
    empty: DataFrame,
    /// The file being written, and its year.
    open: Option<(Option<i32>, Writer)>,
    /// Rows of it that are too few for a piece.
    held: DataFrame,
    rows: u64,
    encoding: Duration,
}

/// A finished export.
pub struct Done {
    pub rows: u64,
    pub files: Vec<Written>,
    /// Files of other years that were there before.
    pub others: Vec<std::path::PathBuf>,
    pub encoding: Duration,
}

impl Sink {
    pub fn new(
        staging: Staging,
        format: Format,
        market: Market,
        columns: Columns,
        wanted: Wanted,
        about: Value,
    ) -> PolarsResult<Self> {
        let empty = block::frame(Vec::new(), &market, &columns, &wanted)?;
        let (held, about) = (empty.clone(), format!("{about:#}"));
        Ok(Self {
            staging,
            format,
            market,
            columns,
            wanted,
            about,
            empty,
            open: None,
            held,
            rows: 0,
            encoding: Duration::ZERO,
        })
    }

    /// Takes rows of whole sessions, later than those before, for the file of `year`.
    pub fn take(&mut self, year: Option<i32>, rows: Vec<Row>) -> anyhow::Result<()> {
        let clock = Instant::now();
        let frame = block::frame(rows, &self.market, &self.columns, &self.wanted)?;
        if frame.height() > 0 {
            if self.open.as_ref().is_none_or(|(open, _)| *open != year) {
                self.close()?;
                let file = self.staging.file(year)?;
                let writer = Writer::new(self.format, file, &self.empty, &self.about);
                self.open = Some((year, self.written(writer)?));
            }
            self.rows += frame.height() as u64;
            self.held.vstack_mut_owned(frame)?;
            if self.held.height() >= LEAST {
                self.write()?;
            }
        }
        self.encoding += clock.elapsed();
        Ok(())
    }

    /// Completes the files and moves them to their place; none where there was no row.
    pub fn finish(mut self) -> anyhow::Result<Option<Done>> {
        let clock = Instant::now();
        self.close()?;
        if self.rows == 0 {
            return Ok(None);
        }
        let (files, others) = self.staging.finish(&self.about)?;
        let encoding = self.encoding + clock.elapsed();
        Ok(Some(Done { rows: self.rows, files, others, encoding }))
    }

    fn write(&mut self) -> anyhow::Result<()> {
        let mut piece = std::mem::replace(&mut self.held, self.empty.clone());
        piece.rechunk_mut();
        if let Some((_, writer)) = &mut self.open
            && piece.height() > 0
        {
            let result = writer.write(&piece);
            self.written(result)?;
        }
        Ok(())
    }

    fn close(&mut self) -> anyhow::Result<()> {
        self.write()?;
        if let Some((_, writer)) = self.open.take() {
            self.written(writer.finish())?;
        }
        Ok(())
    }

    /// A disk that is full is told as such.
    fn written<T>(&self, result: PolarsResult<T>) -> anyhow::Result<T> {
        result.map_err(|error| match error {
            PolarsError::IO { error, .. } => self.staging.unwritable(&error).into(),
            error => error.into(),
        })
    }
}
