//! `ingest backfill`: daily bars of a range of sessions, from flat files or the API.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use chrono::{Days, NaiveDate, NaiveTime, Utc};
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use tidemark::domain::bar::DayBar;
use tidemark::domain::calendar::nyse;
use tidemark::failure::Failure;
use tidemark::say::{self, Progress};
use tidemark::settings::Settings;
use tidemark::store::ledger::{self, Entry};
use tokio::sync::mpsc;

use super::days::{Loader, Selection, SourceDay, TickerBars};
use super::refusals::Refusals;
use crate::flatfiles::{Decoder, FlatFileError, FoundFile, discover};
use crate::source::{self, BarSource, Plan};
use crate::vendor::{GroupedDay, VendorClient};

/// Days read ahead of the database.
const READ_AHEAD: usize = 64;

/// Load daily bars of a range of sessions
///
/// A session that is new goes straight in by COPY. A session that is there already is replaced: what differs is updated,
/// what it no longer has is removed, and the old values are kept in bar_revisions. Bytes that are loaded already are not
/// loaded again. Stop it at any moment and run it again: it goes on where it stopped.
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
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    tickers: Vec<String>,
    /// The vendor's plan for `rest`, which sets how fast we may ask
    #[arg(long, value_enum, default_value = "free")]
    plan: Plan,
    /// Load even what the ledger says is loaded
    #[arg(long)]
    reload: bool,
}

/// Counts of a run.
#[derive(Default)]
struct Counts {
    found: usize,
    loaded: usize,
    unchanged: usize,
    read: u64,
    unusable: u64,
    files: Refusals,
    rows: Refusals,
}

pub async fn run(settings: &Settings, args: &Args) -> anyhow::Result<ExitCode> {
    let until = range(args)?;
    let selection = Selection::new(&args.tickers);
    // Faults of the source are found before the database is touched.
    let found = match &args.source {
        BarSource::FlatFiles(folder) => Some(discover(folder, args.from, until, nyse())?),
        BarSource::Rest => None,
    };
    let vendor = if found.is_none() { Some(source::vendor(settings, args.plan)?) } else { None };

    let started = Instant::now();
    let mut client = super::connect(settings).await?;
    let known = ledger::entries(&**client, args.from, until).await?;
    let mut counts = Counts::default();
    let mut loader = Loader::new(&mut client, &selection, &known).await?;
    match (found, vendor) {
        (Some(found), _) => {
            for (file, closure) in &found.closed {
                counts.files.add("the exchange was closed", || format!("{}: {closure}", file.path.display()));
            }
            for stray in &found.strays {
                counts.files.add(&stray.reason.to_string(), || stray.path.display().to_string());
            }
            counts.found = found.files.len() + found.closed.len() + found.strays.len();
            load_files(found.files, args, &mut loader, &known, &selection, &mut counts).await?;
        }
        (None, Some(vendor)) => {
            load_rest(&vendor, args, until, &mut loader, &known, &selection, &mut counts).await?
        }
        (None, None) => {}
    }
    loader.flush().await?;
    counts.loaded = loader.sessions;
    print(&counts, &loader, started, &args.source);
    warn_of_absent(&selection, &loader);
    Ok(if counts.unusable == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first day after the range.
fn range(args: &Args) -> anyhow::Result<NaiveDate> {
    let last = args.to.unwrap_or_else(last_finished_session);
    if last < args.from {
        return Err(Failure::new(format!("--from {} is after --to {last}", args.from))
            .hint("give the earlier day first; --to is included")
            .into());
    }
    if !nyse().covers(args.from) || !nyse().covers(last) {
        return Err(
            Failure::new(format!("{} … {last} is outside of the calendar, 1970 to 2099", args.from)).into()
        );
    }
    let until = last + Days::new(1);
    if nyse().sessions(args.from, until).len() == 0 {
        let why =
            nyse().closed_because(args.from).map_or(String::new(), |why| format!(" ({}: {why})", args.from));
        return Err(Failure::new(format!("there is no exchange session from {} to {last}{why}", args.from))
            .hint("the exchange is closed at weekends and on holidays; give another range")
            .into());
    }
    Ok(until)
}

/// The last session whose close, 16:00 in New York, and some minutes for late trades are over.
fn last_finished_session() -> NaiveDate {
    let now = Utc::now().with_timezone(&chrono_tz::America::New_York);
    let over = NaiveTime::from_hms_opt(16, 30, 0).is_some_and(|over| now.time() >= over);
    let day = if over { now.date_naive() } else { now.date_naive() - Days::new(1) };
    nyse().at_or_before(day).and_then(|number| nyse().date(number)).unwrap_or(day)
}

/// What reading one file gave.
enum Read {
    Day(SourceDay, u64, Vec<(String, String)>),
    Unchanged,
    Unusable(FlatFileError),
}

async fn load_files(
    files: Vec<FoundFile>,
    args: &Args,
    loader: &mut Loader<'_>,
    known: &HashMap<NaiveDate, Entry>,
    selection: &Selection,
    counts: &mut Counts,
) -> anyhow::Result<()> {
    let total = files.len();
    let (send, mut receive) = mpsc::channel(READ_AHEAD);
    let wanted = selection.tickers().map(|tickers| tickers.map(str::to_owned).collect::<Vec<_>>());
    let same: HashMap<NaiveDate, Vec<u8>> = known
        .iter()
        .filter(|(_, entry)| !args.reload && entry.selection == selection.text)
        .map(|(date, entry)| (*date, entry.digest.clone()))
        .collect();
    let reader = tokio::task::spawn_blocking(move || {
        let selection = Selection::new(&wanted.unwrap_or_default());
        for group in files.chunks(rayon::current_num_threads() * 4) {
            let read: Vec<Read> = group
                .par_iter()
                .map_init(Decoder::default, |decoder, file| read_file(decoder, file, &same, &selection))
                .collect();
            for day in read {
                // The loader has failed and says why.
                if send.blocking_send(day).is_err() {
                    return;
                }
            }
        }
    });
    let progress = Progress::new("loading", "files");
    let (started, mut done) = (Instant::now(), 0);
    while let Some(read) = receive.recv().await {
        match read {
            Read::Day(day, rows, set_aside) => {
                counts.read += rows;
                for (reason, example) in set_aside {
                    counts.rows.add(&reason, || example);
                }
                loader.take(day).await?;
            }
            Read::Unchanged => counts.unchanged += 1,
            Read::Unusable(error) => {
                counts.unusable += 1;
                counts.files.add("the file is unusable", || format!("{error} ({})", error.hint()));
            }
        }
        done += 1;
        let rate = loader.bars as f64 / started.elapsed().as_secs_f64();
        progress.at(
            done,
            total,
            &format!("{} bars in, {} a second", say::count(loader.bars), say::count(rate as u64)),
        );
    }
    progress.end();
    reader.await?;
    Ok(())
}

fn read_file(
    decoder: &mut Decoder,
    file: &FoundFile,
    same: &HashMap<NaiveDate, Vec<u8>>,
    selection: &Selection,
) -> Read {
    let packed = match std::fs::read(&file.path) {
        Ok(packed) => packed,
        Err(source) => return Read::Unusable(FlatFileError::Read { path: file.path.clone(), source }),
    };
    if same.get(&file.session_date).is_some_and(|digest| *digest == Sha256::digest(&packed).as_slice()) {
        return Read::Unchanged;
    }
    let day = match decoder.decode_bytes(&file.path, &packed, file.session_date) {
        Ok(day) => day,
        Err(error) => return Read::Unusable(error),
    };
    let name =
        |path: &Path| path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut set_aside: Vec<(String, String)> = day
        .set_aside
        .iter()
        .map(|row| (row.reason.to_string(), format!("{} {row}", name(&file.path))))
        .collect();
    set_aside
        .extend((0..day.collapsed).map(|_| ("repeats another row exactly".to_owned(), name(&file.path))));
    let mut bars = TickerBars::default();
    for (ticker, bar) in day.rows().filter(|(ticker, _)| selection.wants(ticker)) {
        bars.push(ticker, *bar);
    }
    let rows = (day.len() + set_aside.len()) as u64;
    let source_day = SourceDay {
        session_date: file.session_date,
        source: "flatfiles",
        origin: absolute(&file.path).display().to_string(),
        digest: day.digest,
        set_aside: set_aside.len(),
        bars,
    };
    Read::Day(source_day, rows, set_aside)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

async fn load_rest(
    vendor: &VendorClient,
    args: &Args,
    until: NaiveDate,
    loader: &mut Loader<'_>,
    known: &HashMap<NaiveDate, Entry>,
    selection: &Selection,
    counts: &mut Counts,
) -> anyhow::Result<()> {
    let sessions: Vec<NaiveDate> = nyse().sessions(args.from, until).collect();
    counts.found = sessions.len();
    let wanted: Vec<NaiveDate> = sessions
        .into_iter()
        .filter(|date| args.reload || known.get(date).is_none_or(|entry| entry.selection != selection.text))
        .collect();
    counts.unchanged = counts.found - wanted.len();
    eprintln!(
        "{} calls of the vendor, one a session; {} sessions are loaded already",
        wanted.len(),
        counts.unchanged
    );
    let progress = Progress::new("loading", "sessions");
    for (done, date) in wanted.iter().enumerate() {
        progress.at(done, wanted.len(), &format!("{} bars in", say::count(loader.bars)));
        let day = match vendor.grouped_daily(*date).await {
            Ok(day) => day,
            Err(error) => {
                // What came before the fault is loaded, so that the next run need not ask again.
                loader.flush().await?;
                return Err(error.into());
            }
        };
        counts.read += day.received as u64;
        if day.bars.is_empty() {
            counts.files.add("the vendor has no bars of the session", || date.to_string());
            continue;
        }
        for row in &day.set_aside {
            counts
                .rows
                .add(&row.reason.to_string(), || format!("{date} {}", row.ticker.as_deref().unwrap_or("?")));
        }
        for _ in 0..day.repeated {
            counts.rows.add("repeats another row exactly", || date.to_string());
        }
        loader.take(source_day(day, selection)).await?;
    }
    progress.end();
    Ok(())
}

fn source_day(day: GroupedDay, selection: &Selection) -> SourceDay {
    let mut digest = Sha256::new();
    let mut bars = TickerBars::default();
    for (ticker, bar) in &day.bars {
        digest.update(ticker);
        let DayBar { open, high, low, close, volume, vwap, trade_count } = *bar;
        for value in [open, high, low, close, volume, vwap.unwrap_or(f64::NAN)] {
            digest.update(value.to_bits().to_be_bytes());
        }
        digest.update(trade_count.unwrap_or(-1).to_be_bytes());
        if selection.wants(ticker) {
            bars.push(ticker, *bar);
        }
    }
    SourceDay {
        session_date: day.session,
        source: "rest",
        origin: format!("/v2/aggs/grouped/locale/us/market/stocks/{}", day.session),
        digest: digest.finalize().into(),
        set_aside: day.set_aside.len() + day.repeated,
        bars,
    }
}

fn print(counts: &Counts, loader: &Loader<'_>, started: Instant, source: &BarSource) {
    let what = if matches!(source, BarSource::Rest) { "sessions" } else { "files" };
    let outcome = &loader.outcome;
    let seconds = started.elapsed();
    println!(
        "{what:<11}{:>10}   loaded {}, unchanged {}, set aside {}",
        say::count(counts.found as u64),
        say::count(counts.loaded as u64),
        say::count(counts.unchanged as u64),
        say::count(counts.files.total()),
    );
    counts.files.print();
    println!("bars read  {:>10}   set aside {}", say::count(counts.read), say::count(counts.rows.total()));
    counts.rows.print();
    println!("inserted   {:>10}", say::count(outcome.inserted));
    println!("changed    {:>10}", say::count(outcome.changed));
    println!("removed    {:>10}", say::count(outcome.removed));
    println!("equal      {:>10}", say::count(outcome.equal));
    let rate = loader.bars as f64 / seconds.as_secs_f64();
    println!("time       {:>10}   {} bars a second", say::time(seconds), say::count(rate as u64));
}

/// Tickers that were asked for and have no instrument.
fn warn_of_absent(selection: &Selection, loader: &Loader<'_>) {
    let Some(tickers) = selection.tickers() else { return };
    for ticker in tickers {
        if let Some(similar) = loader.unknown(ticker) {
            let meant =
                if similar.is_empty() { String::new() } else { format!(" (known: {})", similar.join(", ")) };
            eprintln!("warning: no bar of {ticker} was found{meant}; tickers are case-sensitive");
        }
    }
}
