//! `features export`: rows of a range as CSV or Parquet, by polars, a block of sessions at a time.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{Days, NaiveDate};
use clap::ValueEnum;
use deadpool_postgres::Object;
use polars::prelude::*;
use polars_io::csv::write::CsvWriter;
use polars_io::parquet::write::ParquetWriter;
use tempfile::NamedTempFile;
use tidemark::arithmetic::catalogue::{FACTOR_COUNT, FACTORS};
use tidemark::domain::calendar::{self, nyse};
use tidemark::failure::Failure;
use tidemark::say::{self, Progress};
use tidemark::store::{change_log, date_of, features, instruments};

/// Sessions in memory at once.
const BLOCK: usize = 21;

/// Export feature rows to a file: ticker, session_date, then the factors by name, in full precision
///
/// Rows are in order of session, then ticker. Null is an empty field in CSV. The file appears when it is complete; one that
/// is there is replaced then.
#[derive(clap::Args)]
pub struct Args {
    /// First session
    #[arg(long, value_name = "DATE")]
    from: NaiveDate,
    /// Last session, included
    #[arg(long, value_name = "DATE")]
    to: NaiveDate,
    /// Form of the file
    #[arg(long, value_enum)]
    format: Format,
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Parquet,
}

pub async fn run(client: &mut Object, args: &Args) -> anyhow::Result<ExitCode> {
    if args.to < args.from {
        return Err(Failure::new(format!("--from {} is after --to {}", args.from, args.to))
            .hint("give the earlier day first; --to is included")
            .into());
    }
    let part = beside(&args.out)?;
    let transaction = change_log::snapshot(client).await?;
    let tickers: HashMap<i32, Arc<str>> =
        instruments::all(&transaction).await?.into_iter().map(|i| (i.id, Arc::from(i.ticker))).collect();
    let until = args.to.min(calendar::END_DAY) + Days::new(1);
    let sessions: Vec<NaiveDate> = nyse().sessions(args.from, until).collect();
    let mut writer = Writer::new(args.format, part.reopen()?)?;
    let progress = Progress::new("exporting", "sessions");
    let mut count = 0;
    for (block, days) in sessions.chunks(BLOCK).enumerate() {
        progress.at(block * BLOCK, sessions.len(), "");
        let mut rows = Vec::new();
        features::read_each(&transaction, days[0], days[days.len() - 1] + Days::new(1), None, |id, row| {
            let ticker = tickers.get(&id).map(Arc::clone).unwrap_or_default();
            rows.push(Row { ticker, session: row.session, values: row.values });
        })
        .await?;
        rows.sort_by(|a, b| (a.session, &a.ticker).cmp(&(b.session, &b.ticker)));
        count += rows.len();
        if !rows.is_empty() {
            writer.write(&frame(&rows)?)?;
        }
    }
    progress.end();
    if count == 0 {
        return Err(Failure::new(format!("there are no features from {} to {}", args.from, args.to))
            .hint("ingest status shows what is loaded; features refresh computes it")
            .into());
    }
    writer.finish()?;
    part.persist(&args.out).map_err(|e| unwritable(&args.out, &e.error))?;
    println!("{} rows of {} factors in {}", say::count(count as u64), FACTOR_COUNT, args.out.display());
    Ok(ExitCode::SUCCESS)
}

/// A new file beside the target, which goes by itself if the export fails: whoever reads the target never sees half of it.
fn beside(out: &Path) -> Result<NamedTempFile, Failure> {
    if out.exists() && !out.is_file() {
        return Err(Failure::new(format!("{} is not a file", out.display()))
            .hint("name a file: it is replaced when the export is complete"));
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(".export-").tempfile_in(folder).map_err(|e| unwritable(out, &e))
}

fn unwritable(out: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{} cannot be written: {error}", out.display()))
        .hint("name a file in a folder that exists and may be written")
}

/// A file being written block by block.
enum Writer {
    Csv(Box<polars_io::csv::write::BatchedWriter<File>>),
    Parquet(Box<polars_io::parquet::write::BatchedWriter<File>>),
}

impl Writer {
    fn new(format: Format, file: File) -> PolarsResult<Self> {
        let frame = frame(&[])?;
        Ok(match format {
            Format::Csv => Self::Csv(Box::new(CsvWriter::new(file).batched(frame.schema())?)),
            Format::Parquet => Self::Parquet(Box::new(ParquetWriter::new(file).batched(frame.schema())?)),
        })
    }

    fn write(&mut self, frame: &DataFrame) -> PolarsResult<()> {
        match self {
            Self::Csv(writer) => writer.write_batch(frame),
            Self::Parquet(writer) => writer.write_batch(frame),
        }
    }

    fn finish(mut self) -> PolarsResult<()> {
        match &mut self {
            Self::Csv(writer) => writer.finish(),
            Self::Parquet(writer) => writer.finish().map(|_| ()),
        }
    }
}

struct Row {
    ticker: Arc<str>,
    session: i32,
    values: [f64; FACTOR_COUNT],
}

fn frame(rows: &[Row]) -> PolarsResult<DataFrame> {
    let days: Vec<i32> =
        rows.iter().map(|row| (date_of(row.session) - calendar::FIRST_DAY).num_days() as i32).collect();
    let tickers: StringChunked = rows.iter().map(|row| Some(&*row.ticker)).collect();
    let mut columns = vec![
        tickers.with_name("ticker".into()).into_column(),
        // The calendar begins where polars counts days from.
        Int32Chunked::from_vec("session_date".into(), days).into_date().into_column(),
    ];
    for (at, factor) in FACTORS.iter().enumerate() {
        let values: Float64Chunked =
            rows.iter().map(|row| Some(row.values[at]).filter(|value| !value.is_nan())).collect();
        columns.push(values.with_name(factor.name.into()).into_column());
    }
    DataFrame::new(rows.len(), columns)
}
