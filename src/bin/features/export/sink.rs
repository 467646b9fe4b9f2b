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

#[cfg(test)]
mod tests {
    use std::fs::File;

    use polars_io::parquet::read::ParquetReader;
    use polars_io::prelude::SerReader;
    use serde_json::json;
    use tidemark::store::features::{FeatureRow, WIDTH};
    use tidemark::store::instruments::Instrument;

    use super::super::place::Place;
    use super::*;

    fn instrument(id: i32, ticker: &str) -> Instrument {
        Instrument { id, ticker: ticker.into(), kind: None, sector: None, financial: false, exchange: None }
    }

    fn row(id: i32, session: i32, value: f64) -> Row {
        (id, FeatureRow { session, in_population: id % 2 == 0, values: [value; WIDTH] })
    }

    fn sink(place: Place, market: Market, wanted: Wanted) -> Sink {
        let columns = Columns::choose(&["size".into()], false).unwrap();
        let staging = Staging::new(place, Format::Parquet).unwrap();
        Sink::new(staging, Format::Parquet, market, columns, wanted, json!({})).unwrap()
    }

    #[test]
    fn pieces_are_large_whatever_the_blocks_are_and_end_with_the_year() {
        let folder = tempfile::tempdir().unwrap();
        let everybody = Wanted { only: None, population: false };
        let mut sink = sink(Place::Years(folder.path().join("out")), Market::new(Vec::new()), everybody);
        let block = |session: i32| (0..40_000).map(|id| row(id, session, f64::from(id))).collect();
        for (year, session) in
            [(2015, 11_000), (2015, 11_001), (2015, 11_002), (2015, 11_003), (2016, 11_200)]
        {
            sink.take(Some(year), block(session)).unwrap();
        }
        let done = sink.finish().unwrap().unwrap();
        let pieces = |file: &Written| {
            let mut reader = ParquetReader::new(File::open(&file.path).unwrap());
            let groups = &reader.get_metadata().unwrap().row_groups;
            (0..groups.len()).map(|at| groups[at].num_rows()).collect::<Vec<usize>>()
        };
        assert_eq!(done.files.iter().map(pieces).collect::<Vec<_>>(), [vec![120_000, 40_000], vec![40_000]]);
        assert_eq!(done.rows, 200_000);
    }

    #[test]
    fn rows_are_in_order_of_session_then_ticker_and_a_merged_instrument_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a.parquet");
        let market = Market::new(vec![instrument(1, "ZZ"), instrument(2, "AA"), instrument(4, "MM")]);
        let wanted = Wanted { only: Some(vec![1, 2, 3]), population: false };
        let mut sink = sink(Place::File(out.clone()), market, wanted);
        let rows = vec![
            row(1, 11_001, 1.0),
            row(3, 11_000, 2.0),
            row(4, 11_000, 3.0),
            row(2, 11_001, f64::NAN),
            row(1, 11_000, 4.0),
        ];
        sink.take(None, rows).unwrap();
        sink.finish().unwrap();
        let frame = ParquetReader::new(File::open(out).unwrap()).finish().unwrap();
        let tickers: Vec<Option<&str>> = frame.column("ticker").unwrap().str().unwrap().iter().collect();
        assert_eq!(tickers, [None, Some("ZZ"), Some("AA"), Some("ZZ")]);
        let sizes: Vec<Option<f64>> = frame.column("size").unwrap().f64().unwrap().iter().collect();
        assert_eq!(sizes, [Some(2.0), Some(4.0), None, Some(1.0)]);
    }

    #[test]
    fn without_a_row_there_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let members = Wanted { only: None, population: true };
        let mut sink = sink(Place::File(folder.path().join("a.parquet")), Market::new(Vec::new()), members);
        sink.take(None, vec![row(1, 11_000, 1.0)]).unwrap();
        assert!(sink.finish().unwrap().is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
