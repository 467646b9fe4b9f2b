//! `scan runs` and `scan show`: the stored runs.

use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;
use polars_io::SerWriter;
use polars_io::csv::write::CsvWriter;
use serde_json::{Value, json};
use tidemark::jobs::scan::asked::Column;
use tidemark::jobs::scan::profile::ColumnData;
use tidemark::jobs::scan::runs::{self, Run, RunsError, Which};
use tidemark::say;
use tidemark::store::scan_runs::{self, Line};
use tokio_postgres::Client;

use crate::output;

/// List the stored runs, newest first
///
/// Every scan of the latest session is stored with its rows and with what kept out every other instrument. The latest 1,000 runs of
/// all profiles together are kept, unless TIDEMARK_SCAN_RUNS_KEPT or scan_runs_kept in tidemark.toml says otherwise.
#[derive(clap::Args)]
pub struct ListArgs {
    /// Only those of this profile
    #[arg(long, short, value_name = "NAME")]
    profile: Option<String>,
    /// Runs to list
    #[arg(long, value_name = "RUNS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// As a JSON array
    #[arg(long)]
    json: bool,
}

/// Show a stored run as it was printed then: its rows and its counts
#[derive(clap::Args)]
pub struct ShowArgs {
    /// Number of the run (see `scan runs`), or latest
    #[arg(value_name = "RUN|latest")]
    run: Which,
    /// The latest of this profile; a run of another profile is refused
    #[arg(long, short, value_name = "NAME")]
    profile: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: the rows, and the counts of every stage on standard error.
    Table,
    /// One JSON object: run, session, counts, columns and rows.
    Json,
    /// Header and rows; null is empty.
    Csv,
}

/// Lists runs. `keep` is how many are kept.
pub async fn list(client: &Client, args: &ListArgs, keep: u32) -> anyhow::Result<ExitCode> {
    let profile = args.profile.as_deref();
    let lines = scan_runs::list(client, profile, i64::from(args.limit)).await?;
    if args.json {
        println!("{:#}", lines.iter().map(line_json).collect::<Value>());
        return Ok(ExitCode::SUCCESS);
    }
    if lines.is_empty() {
        return Err(RunsError::NoRuns { profile: args.profile.clone() }.into());
    }
    let header =
        ["run", "when (UTC)", "mode", "profile", "", "session", "instruments", "ranked", "listed", "time"];
    let right = [true, false, false, false, false, false, true, true, true, true];
    println!("{}", say::table(&header, &right, lines.iter().map(line_cells).collect()));
    let kept = scan_runs::kept(client).await?;
    eprintln!();
    eprintln!(
        "{} of {} runs; the latest {} are kept (setting scan_runs_kept)",
        say::count(lines.len() as u64),
        say::count(kept.count as u64),
        say::count(u64::from(keep))
    );
    if lines.iter().any(|line| line.edited == Some(true)) {
        eprintln!("edited: the profile asks for something else than in its run before");
    }
    Ok(ExitCode::SUCCESS)
}

fn line_cells(line: &Line) -> Vec<String> {
    let count =
        |count: Option<i64>| count.map_or_else(|| "-".to_owned(), |count| say::count(count.unsigned_abs()));
    vec![
        line.run_id.to_string(),
        line.finished_at.format("%Y-%m-%d %H:%M:%S").to_string(),
        line.mode.clone(),
        line.profile.clone(),
        if line.edited == Some(true) { "edited".to_owned() } else { String::new() },
        line.session_date.to_string(),
        count(line.instruments),
        count(line.ranked),
        count(line.listed),
        line.seconds.map_or_else(|| "-".to_owned(), |seconds| say::time(Duration::from_secs_f64(seconds))),
    ]
}

/// A run of a list as an object.
pub fn line_json(line: &Line) -> Value {
    json!({
        "run_id": line.run_id,
        "finished_at": line.finished_at,
        "mode": line.mode,
        "profile": line.profile,
        "edited": line.edited,
        "session_date": line.session_date,
        "instruments": line.instruments,
        "ranked": line.ranked,
        "listed": line.listed,
        "seconds": line.seconds,
    })
}

/// Shows a run.
pub async fn show(client: &Client, args: &ShowArgs) -> anyhow::Result<ExitCode> {
    let run = runs::find(client, args.run, args.profile.as_deref()).await?;
    let columns = run.columns();
    let values: Vec<ColumnData> = columns.iter().map(|column| values(&run, column)).collect();
    let tickers: Vec<&str> =
        run.rows().iter().map(|row| row.get("ticker").and_then(Value::as_str).unwrap_or("-")).collect();
    match args.format {
        Format::Table => {
            let names = columns.iter().map(|column| (column.name.as_str(), column.unit.as_str()));
            println!("{}", output::rows_table(&tickers, &names.zip(&values).collect::<Vec<_>>()));
            stages(&run);
        }
        Format::Json => println!("{:#}", object(&run, &columns)),
        Format::Csv => {
            let names = columns.iter().map(|column| column.name.as_str());
            let mut frame = output::rows_frame(&tickers, &names.zip(&values).collect::<Vec<_>>())?;
            CsvWriter::new(std::io::stdout()).finish(&mut frame)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A column of the stored rows.
fn values(run: &Run, column: &Column) -> ColumnData {
    let of_rows = run.rows().iter().map(|row| row.get(&column.name));
    match column.kind.as_str() {
        "text" => {
            ColumnData::Texts(of_rows.map(|value| value.and_then(Value::as_str).map(str::to_owned)).collect())
        }
        "flag" => ColumnData::Flags(of_rows.map(|value| value.and_then(Value::as_bool)).collect()),
        _ => ColumnData::Numbers(
            of_rows.map(|value| value.and_then(Value::as_f64).unwrap_or(f64::NAN)).collect(),
        ),
    }
}

/// The same as a scan prints, and when.
fn object(run: &Run, columns: &[Column]) -> Value {
    let stored = &run.stored;
    let column = |column: &Column| json!({ "name": column.name, "unit": column.unit });
    json!({
        "session_date": stored.session_date,
        "mode": stored.mode,
        "run_id": stored.run_id,
        "finished_at": stored.finished_at,
        "profile": stored.profile,
        "counts": stored.counts,
        "columns": columns.iter().map(column).collect::<Vec<_>>(),
        "rows": stored.rows,
    })
}

fn stages(run: &Run) {
    let stored = &run.stored;
    let number = |name: &str| stored.counts.get(name).and_then(Value::as_u64);
    let count = |name: &str| number(name).map_or_else(|| "-".to_owned(), say::count);
    eprintln!();
    eprintln!(
        "run {}    {}, {} scan, profile {}, session {}",
        stored.run_id,
        stored.finished_at.format("%Y-%m-%d %H:%M:%S UTC"),
        stored.mode,
        stored.profile,
        stored.session_date
    );
    eprintln!("signals   {} computed, {} from cache", count("computed"), count("from_cache"));
    eprintln!("market    {} instruments, {} of them ranked", count("instruments"), count("ranked"));
    for (words, count) in run.counts() {
        eprintln!("  {:>9}  {words}", say::count(count));
    }
    if run.listed() > run.rows().len() {
        eprintln!(
            "the first {} of {} listed rows are stored",
            say::count(run.rows().len() as u64),
            say::count(run.listed() as u64)
        );
    }
    if let Some(behind) = number("features_behind").filter(|behind| *behind > 0) {
        eprintln!("warning: the factors of {behind} instruments were older than their bars");
    }
    if let Some(times) = stored.timings.as_ref().and_then(Value::as_object) {
        let stage = |name: &str| times.get(name).and_then(Value::as_f64).map(Duration::from_secs_f64);
        if let (Some(signals), Some(ranking)) = (stage("signals"), stage("ranking")) {
            eprintln!("time      {} signals, {} ranking", say::time(signals), say::time(ranking));
        }
    }
}
