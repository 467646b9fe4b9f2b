//! `features export`: rows of a range as CSV or Parquet, by polars.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{Days, NaiveDate};
use clap::ValueEnum;
use deadpool_postgres::Object;
use polars::prelude::*;
use polars_io::csv::write::CsvWriter;
use polars_io::parquet::write::ParquetWriter;
use tidemark::arithmetic::catalogue::{PRICE_FACTOR_COUNT, PRICE_FACTORS};
use tidemark::domain::calendar::nyse;
use tidemark::failure::Failure;
use tidemark::say;
use tidemark::store::{change_log, date_of, features, instruments};

/// Export feature rows to a file: ticker, session_date, then the factors by name, in full precision
///
/// Rows are in order of session, then ticker. Null is an empty field in CSV.
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
    /// File to write; replaced when the export is complete
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
    let rows = read(client, args).await?;
    if rows.is_empty() {
        return Err(Failure::new(format!("there are no features from {} to {}", args.from, args.to))
            .hint("ingest status shows what is loaded; features refresh computes it")
            .into());
    }
    let count = rows.len();
    let mut frame = frame(&rows)?;
    // Beside the file first: whoever reads it never sees half of it.
    let part = args.out.with_extension("part");
    let file = std::fs::File::create(&part).map_err(|e| {
        Failure::new(format!("{} cannot be written: {e}", part.display()))
            .hint("name a folder that exists and may be written")
    })?;
    match args.format {
        Format::Csv => CsvWriter::new(file).finish(&mut frame)?,
        Format::Parquet => {
            ParquetWriter::new(file).finish(&mut frame)?;
        }
    }
    std::fs::rename(&part, &args.out)?;
    println!("{} rows of {} factors in {}", say::count(count as u64), PRICE_FACTOR_COUNT, args.out.display());
    Ok(ExitCode::SUCCESS)
}

struct Row {
    ticker: Arc<str>,
    session: i32,
    values: [f64; PRICE_FACTOR_COUNT],
}

async fn read(client: &mut Object, args: &Args) -> anyhow::Result<Vec<Row>> {
    let transaction = change_log::snapshot(client).await?;
    let tickers: std::collections::HashMap<i32, Arc<str>> =
        instruments::all(&transaction).await?.into_iter().map(|i| (i.id, Arc::from(i.ticker))).collect();
    let none: Arc<str> = Arc::from("");
    let mut rows = Vec::new();
    features::read_each(&transaction, args.from, args.to + Days::new(1), None, |id, row| {
        let ticker = Arc::clone(tickers.get(&id).unwrap_or(&none));
        rows.push(Row { ticker, session: row.session, values: row.values });
    })
    .await?;
    rows.sort_by(|a, b| (a.session, &a.ticker).cmp(&(b.session, &b.ticker)));
    Ok(rows)
}

fn frame(rows: &[Row]) -> PolarsResult<DataFrame> {
    let first = nyse().date(0).unwrap_or_default();
    let days: Vec<i32> = rows
        .iter()
        .map(|row| {
            (date_of(row.session) - NaiveDate::from_ymd_opt(1970, 1, 1).unwrap_or(first)).num_days() as i32
        })
        .collect();
    let tickers: StringChunked = rows.iter().map(|row| Some(&*row.ticker)).collect();
    let mut columns = vec![
        tickers.with_name("ticker".into()).into_column(),
        Int32Chunked::from_vec("session_date".into(), days).into_date().into_column(),
    ];
    for (at, factor) in PRICE_FACTORS.iter().enumerate() {
        let values: Float64Chunked =
            rows.iter().map(|row| Some(row.values[at]).filter(|value| !value.is_nan())).collect();
        columns.push(values.with_name(factor.name.into()).into_column());
    }
    DataFrame::new(rows.len(), columns)
}
