//! `features export`: rows of a range as Parquet, Arrow IPC or CSV, in one file or a file a year, of one snapshot, a block of
//! sessions at a time: memory does not grow with the range.

mod arrow;
mod block;
mod columns;
mod format;
mod place;
mod sink;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use chrono::{Datelike, Days, NaiveDate, Utc};
use clap::ValueEnum;
use deadpool_postgres::Object;
use tidemark::domain::calendar::{self, nyse};
use tidemark::failure::Failure;
use tidemark::jobs::refresh;
use tidemark::say::{self, Progress};
use tidemark::store::change_log::{self, Job};
use tidemark::store::instruments::{self, Tickers};
use tidemark::store::{StoreError, features};

use block::{Market, Wanted};
use columns::{Columns, Origin};
use format::Format;
use place::{Place, Staging};
use sink::{Done, Sink};

/// Most rows that are read at once, but for a single session that has more.
const AT_ONCE: usize = 131_072;

const EXAMPLES: &str = r#"Examples:
  features export --out features.parquet
  features export --from 2016-01-04 --factors mom_12_1,vol_252 --scores --population --out momentum.arrow
  features export --out features/          # year=2016/features.parquet, …; a year that is there is replaced

In a notebook:
  pl.read_parquet("features.parquet")
  pl.read_parquet("features/**/*.parquet", hive_partitioning=True)
  pd.read_parquet("features")              # a file or a folder by year; needs pyarrow
  pl.read_ipc("momentum.arrow"), pd.read_feather("momentum.arrow")
  pl.read_csv("features.csv", try_parse_dates=True, infer_schema_length=None)
Units and definitions of the columns:
  json.loads(pl.read_parquet_metadata("features.parquet")["tidemark"])["columns"]
  json.loads(pyarrow.parquet.read_schema("features.parquet").metadata[b"tidemark"])["columns"]
  json.loads(pyarrow.ipc.open_file("momentum.arrow").schema.metadata[b"tidemark"])["columns"]"#;

/// Export feature rows for notebooks: Parquet, Arrow IPC (Feather v2) or CSV, in one file or a file a year
///
/// Columns are ticker, session_date, instrument_id, in_population, then the factors by name, in full precision; rows are in
/// order of session, then ticker. Null means too little history or a missing input; it is never 0 or NaN. The file carries
/// what its columns mean (unit, direction, definition, source) under the key "tidemark"; a CSV has it beside it, in
/// FILE.schema.json. All rows are of one moment. Files appear when all of them are complete, and replace those before; an
/// export that was killed leaves a hidden folder, which the next one to the same place removes.
#[derive(clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// First session [default: the first that is stored]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last session, included [default: the last that is stored]
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// File to write, or folder to write a file a year to: one that exists, or ends in /
    #[arg(long, value_name = "PATH")]
    out: std::path::PathBuf,
    /// Form of the file [default: by the end of its name: .parquet, .arrow, .feather, .csv; parquet in a folder]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write a folder with a file a year, whatever the path looks like
    #[arg(long, value_enum, value_name = "WHAT")]
    partition_by: Option<PartitionBy>,
    /// Factors to write, in this order [default: all; features list shows them]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    factors: Vec<String>,
    /// Instruments to write: all that had one of these tickers in the range [default: all]
    #[arg(long, value_name = "TICKERS", value_delimiter = ',')]
    tickers: Vec<String>,
    /// Add z-scores (mom_12_1_z) and family scores (momentum, and momentum_sn, which is sector-neutral)
    ///
    /// They are over each session's whole population, whichever rows are written, and null outside it.
    #[arg(long)]
    scores: bool,
    /// Only rows in the population
    #[arg(long)]
    population: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum PartitionBy {
    /// A folder a year: year=2016
    Year,
}

impl Args {
    fn place(&self) -> Result<(Place, Format), Failure> {
        let ends_in_slash = self.out.as_os_str().as_encoded_bytes().ends_with(b"/");
        if ends_in_slash || self.partition_by.is_some() || self.out.is_dir() {
            // Its components, so that it does not end in a slash.
            return Ok((
                Place::Years(self.out.components().collect()),
                self.format.unwrap_or(Format::Parquet),
            ));
        }
        let Some(format) = self.format.or_else(|| Format::of_name(&self.out)) else {
            return Err(Failure::new(format!("{} does not tell its form by its name", self.out.display()))
                .hint("end it in .parquet, .arrow, .feather or .csv, in / for a folder by year, or give --format"));
        };
        Ok((Place::File(self.out.clone()), format))
    }
}

pub async fn run(client: &mut Object, args: &Args, benchmark: &str) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    if let (Some(from), Some(to)) = (args.from, args.to)
        && to < from
    {
        return Err(Failure::new(format!("--from {from} is after --to {to}"))
            .hint("give the earlier day first; --to is included")
            .into());
    }
    let columns = Columns::choose(&args.factors, args.scores)?;
    let (place, format) = args.place()?;
    let by_year = matches!(place, Place::Years(_));

    let transaction = change_log::snapshot(client).await?;
    let tickers = Tickers::read(&transaction).await?;
    let stored = features::range(&transaction).await?;
    let (from, to) = match stored {
        Some((first, last)) => (args.from.unwrap_or(first).max(first), args.to.unwrap_or(last).min(last)),
        None => (args.from.unwrap_or(calendar::FIRST_DAY), args.to.unwrap_or(calendar::END_DAY)),
    };
    let only = ids(&tickers, &args.tickers, from, to)?;
    if stored.is_none() || to < from {
        return Err(nothing(args, stored).into());
    }
    let (snapshot, definitions) = change_log::standing(&transaction, Job::Features).await?;
    let origin = Origin {
        exported_at: Utc::now(),
        snapshot,
        definitions,
        current: refresh::are_current(&transaction, benchmark).await?,
        pending: change_log::changes(&transaction, Job::Features).await?.len(),
        from,
        to,
    };
    warn(&origin);

    let market = Market::new(instruments::all(&transaction).await?);
    // Scores need everybody's rows.
    let read_only = only.clone().filter(|_| !args.scores);
    let width = read_only.as_ref().map_or(market.width(), Vec::len).max(1);
    let wanted = Wanted { only, population: args.population };
    let sessions: Vec<NaiveDate> = nyse().sessions(from, to + Days::new(1)).collect();
    let factors = columns.factors;
    let about = columns::about(&columns, &origin);
    let staging = Staging::new(place, format)?;
    let sink = Sink::new(staging, format, market, columns, wanted, about)?;

    // While one block is encoded and written, the next one is read.
    let progress = Progress::new("exporting", "sessions");
    let (mut done, mut reading) = (0, Duration::ZERO);
    let mut before = tokio::task::spawn_blocking(move || anyhow::Ok(sink));
    let same_file = |a: &NaiveDate, b: &NaiveDate| !by_year || a.year() == b.year();
    for of_file in sessions.chunk_by(same_file) {
        for days in of_file.chunks((AT_ONCE / width).max(1)) {
            progress.at(done, sessions.len(), "");
            let clock = Instant::now();
            let (first, until) = (days[0], days[days.len() - 1] + Days::new(1));
            let mut rows = Vec::with_capacity(days.len() * width);
            features::read_each(&transaction, first, until, read_only.as_deref(), |id, row| {
                rows.push((id, row));
            })
            .await?;
            reading += clock.elapsed();
            done += days.len();
            let mut sink = joined(before).await?;
            let year = by_year.then(|| first.year());
            before = tokio::task::spawn_blocking(move || sink.take(year, rows).map(|()| sink));
        }
    }
    let sink = joined(before).await?;
    let finished = joined(tokio::task::spawn_blocking(move || sink.finish())).await?;
    progress.end();
    let Some(done) = finished else { return Err(nothing(args, stored).into()) };
    summary(&done, &format!("{factors} factors, {from} to {to}"), reading, started.elapsed());
    Ok(ExitCode::SUCCESS)
}

async fn joined<T>(task: tokio::task::JoinHandle<anyhow::Result<T>>) -> anyhow::Result<T> {
    task.await.map_err(|_| StoreError::Stopped("writing the export"))?
}

/// The instruments of `names`, ascending; none where none is named.
fn ids(
    tickers: &Tickers,
    names: &[String],
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Option<Vec<i32>>, Failure> {
    if names.is_empty() {
        return Ok(None);
    }
    let mut ids = Vec::new();
    for name in names {
        let mut holders = tickers.holders(name, from, to.min(calendar::END_DAY) + Days::new(1));
        if holders.is_empty() {
            // Its time lies outside the range; the instrument's may not.
            holders.push(tickers.latest(name).ok_or_else(|| super::show::unknown(tickers, name))?);
        }
        ids.append(&mut holders);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(Some(ids))
}

fn nothing(args: &Args, stored: Option<(NaiveDate, NaiveDate)>) -> Failure {
    let day = |name: &str, day: Option<NaiveDate>| day.map_or(String::new(), |day| format!(" {name} {day}"));
    let of = if args.tickers.is_empty() { String::new() } else { format!(" of {}", args.tickers.join(", ")) };
    let within = if args.population { " in the population" } else { "" };
    let fact = format!("there are no features{of}{within}{}{}", day("from", args.from), day("to", args.to));
    Failure::new(fact).hint(match stored {
        Some((first, last)) => format!("stored are {first} to {last}; features refresh computes what is new"),
        None => "ingest status shows what is loaded; features refresh computes it".into(),
    })
}

fn warn(origin: &Origin) {
    if !origin.current {
        eprintln!(
            "warning: the stored features are of other definitions: another benchmark, another version, or a refresh that was broken off; run: features refresh"
        );
    } else if origin.pending > 0 {
        eprintln!(
            "warning: {} instruments changed since the last refresh: their features are behind their bars; run: features refresh",
            say::count(origin.pending as u64)
        );
    }
}

fn summary(done: &Done, what: &str, reading: Duration, all: Duration) {
    println!("rows       {} of {what}", say::count(done.rows));
    match done.files.as_slice() {
        [file] => println!("file       {}", file.path.display()),
        files => println!(
            "files      {}: {}, …, {}",
            files.len(),
            files.first().map(|file| file.path.display().to_string()).unwrap_or_default(),
            files.last().map(|file| file.path.display().to_string()).unwrap_or_default()
        ),
    }
    if let (Some(first), Some(last)) = (done.others.first(), done.others.last()) {
        println!(
            "kept       {} of an earlier export: {}",
            done.others.len(),
            if first == last {
                first.display().to_string()
            } else {
                format!("{}, …, {}", first.display(), last.display())
            }
        );
    }
    let bytes: u64 = done.files.iter().map(|file| file.bytes).sum();
    println!("size       {} ({:.0} bytes a row)", say::size(bytes), bytes as f64 / done.rows as f64);
    println!(
        "time       {}   {} rows a second",
        say::time(all),
        say::count((done.rows as f64 / all.as_secs_f64().max(1e-3)) as u64)
    );
    println!("work                   {} reading, {} encoding", say::time(reading), say::time(done.encoding));
}
