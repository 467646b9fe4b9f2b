//! `ingest backfill`: daily bars of a range of sessions, from flat files or the API.

mod files;
mod rest;

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use chrono::{Days, NaiveDate, NaiveTime, Utc};
use tidemark::domain::calendar::nyse;
use tidemark::failure::{self, Failure};
use tidemark::say;
use tidemark::settings::Settings;
use tidemark::store::ledger::{self, Timeframe};

use super::days::{Loader, Selection};
use super::refusals::Refusals;
use crate::flatfiles::{FlatFileError, Window, discover};
use crate::source::{self, BarSource, Pace};

/// Sessions without a file that are named.
const NAMED: usize = 5;

/// Load daily bars of a range of sessions
///
/// A session that is new goes straight in by COPY. A session that is there already is replaced: what differs is updated,
/// what it no longer has is removed, and the old values are kept in bar_revisions. Bytes that are loaded already are not
/// loaded again. A file that cannot be trusted is left out whole; the others are loaded, and the exit code is 1. Stop it
/// at any moment and run it again: it goes on where it stopped.
#[derive(clap::Args)]
pub struct Args {
    /// flatfiles:DIR (the folder that holds us_stocks_sip/day_aggs_v1) or rest (one call a session; key in POLYGON_API_KEY)
    #[arg(long, value_name = "SOURCE")]
    source: BarSource,
    /// First session
    #[arg(long, value_name = "DATE")]
    from: NaiveDate,
    /// Last session, included [default: the last finished one]
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// Only these tickers, comma-separated; case matters
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = ticker)]
    tickers: Vec<String>,
    #[command(flatten)]
    pace: Pace,
    /// Load even what the ledger says is loaded
    #[arg(long)]
    reload: bool,
    /// About how many bars go into one transaction; fewer take less memory and load more slowly
    #[arg(long, value_name = "BARS", default_value = "500000")]
    block_bars: NonZeroUsize,
}

fn ticker(text: &str) -> Result<String, &'static str> {
    let ticker = text.trim();
    if ticker.is_empty() { Err("a ticker is missing") } else { Ok(ticker.to_owned()) }
}

/// Counts of a run.
#[derive(Default)]
struct Counts {
    /// Files, or sessions of the API.
    found: usize,
    unchanged: usize,
    /// Rows of the source.
    read: u64,
    /// Files, or sessions of the API, that were not loaded.
    files: Refusals,
    rows: Refusals,
    unusable: Vec<FlatFileError>,
    /// Sessions of the range that have no file.
    absent: Vec<NaiveDate>,
}

pub async fn run(settings: &Settings, args: &Args) -> anyhow::Result<ExitCode> {
    let until = range(args)?;
    let selection = Selection::new(&args.tickers);
    // Faults of the source are found before the database is touched.
    let (found, vendor) = match &args.source {
        BarSource::FlatFiles(folder) => (Some(discover(folder, Window::Day, args.from, until, nyse())?), None),
        BarSource::Rest => (None, Some(source::vendor(settings, args.pace)?)),
    };

    let started = Instant::now();
    let store = super::open(settings)?;
    let locked = super::connect(&store).await?;
    let known = Arc::new(ledger::entries(&**locked, Timeframe::Day, args.from, until).await?);
    let mut counts = Counts::default();
    let mut loader =
        Loader::new(&store, locked, selection.clone(), Arc::clone(&known), args.block_bars.get()).await?;
    if let Some(found) = found {
        let (from, to) = (args.from, until);
        counts.absent = nyse()
            .sessions(from, to)
            .filter(|date| found.files.binary_search_by_key(date, |file| file.session_date).is_err())
            .collect();
        files::load(found, args.reload, &mut loader, &known, &selection, &mut counts).await?;
    } else if let Some(vendor) = vendor {
        let sessions: Vec<NaiveDate> = nyse().sessions(args.from, until).collect();
        let is_in = |date: &NaiveDate| known.get(date).is_some_and(|entry| selection.is_in(entry));
        let wanted = sessions.iter().copied().filter(|date| args.reload || !is_in(date)).collect();
        counts.found = sessions.len();
        rest::load(&vendor, wanted, &mut loader, &selection, &mut counts).await?;
    }
    loader.finish().await?;
    print(&counts, &loader, started, &args.source);
    warn_of_absent(&selection, &loader);
    if counts.unusable.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for error in counts.unusable {
        failure::report(&error.into(), crate::hint_of);
    }
    Ok(ExitCode::FAILURE)
}

/// The first day after the range.
fn range(args: &Args) -> anyhow::Result<NaiveDate> {
    let finished = last_finished_session();
    let mut last = args.to.unwrap_or(finished);
    if last < args.from {
        let to = if args.to.is_some() { "--to" } else { "the last finished session," };
        return Err(Failure::new(format!("--from {} is after {to} {last}", args.from))
            .hint("give the earlier day first; --to is included")
            .into());
    }
    if !nyse().covers(args.from) || !nyse().covers(last) {
        let range = format!("{} to {last}", args.from);
        return Err(Failure::new(format!("{range} is outside of the calendar"))
            .hint("the calendar holds the sessions from 1970 to 2099")
            .into());
    }
    if nyse().sessions(args.from, last + Days::new(1)).len() == 0 {
        let why =
            nyse().closed_because(args.from).map_or(String::new(), |why| format!(" ({}: {why})", args.from));
        return Err(Failure::new(format!("there is no exchange session from {} to {last}{why}", args.from))
            .hint("the exchange is closed at weekends and on holidays; give another range")
            .into());
    }
    // The API answers for a running session too, with bars that are not final; the ledger would take them for loaded.
    if args.source == BarSource::Rest && last > finished {
        if args.from > finished {
            return Err(Failure::new(format!("no session from {} to {last} is over yet", args.from))
                .hint(format!("bars are final after the close; the last finished session is {finished}"))
                .into());
        }
        eprintln!("the last finished session is {finished}; what comes after it is left out");
        last = finished;
    }
    Ok(last + Days::new(1))
}

/// The last session whose close, 16:00 in New York, and some minutes for late trades are over.
fn last_finished_session() -> NaiveDate {
    let now = Utc::now().with_timezone(&chrono_tz::America::New_York);
    let over = NaiveTime::from_hms_opt(16, 30, 0).is_some_and(|over| now.time() >= over);
    let day = if over { now.date_naive() } else { now.date_naive() - Days::new(1) };
    nyse().at_or_before(day).and_then(|number| nyse().date(number)).unwrap_or(day)
}

fn print(counts: &Counts, loader: &Loader, started: Instant, source: &BarSource) {
    let what = if matches!(source, BarSource::Rest) { "sessions" } else { "files" };
    let done = &loader.done;
    let seconds = started.elapsed();
    println!(
        "{what:<11}{:>10}   loaded {}, unchanged {}, set aside {}",
        say::count(counts.found as u64),
        say::count(done.sessions as u64),
        say::count(counts.unchanged as u64),
        say::count(counts.files.total()),
    );
    counts.files.print();
    if !counts.absent.is_empty() {
        let named: Vec<String> = counts.absent.iter().take(NAMED).map(ToString::to_string).collect();
        let more = if counts.absent.len() > NAMED { ", …" } else { "" };
        println!(
            "no file    {:>10}   sessions: {}{more}",
            say::count(counts.absent.len() as u64),
            named.join(", ")
        );
    }
    println!("bars read  {:>10}   set aside {}", say::count(counts.read), say::count(counts.rows.total()));
    counts.rows.print();
    println!("inserted   {:>10}", say::count(done.outcome.inserted));
    println!("changed    {:>10}", say::count(done.outcome.changed));
    println!("removed    {:>10}", say::count(done.outcome.removed));
    println!("equal      {:>10}", say::count(done.outcome.equal));
    let rate = done.bars as f64 / seconds.as_secs_f64();
    println!("time       {:>10}   {} bars a second", say::time(seconds), say::count(rate as u64));
}

/// Tickers that were asked for and have no instrument.
fn warn_of_absent(selection: &Selection, loader: &Loader) {
    let Some(tickers) = selection.tickers() else { return };
    for ticker in tickers {
        if let Some(similar) = loader.unknown(ticker) {
            let meant =
                if similar.is_empty() { String::new() } else { format!(" (known: {})", similar.join(", ")) };
            eprintln!("warning: no bar of {ticker} was found{meant}; tickers are case-sensitive");
        }
    }
}
