//! `ingest reference`: who the instruments are, from the vendor's list of tickers, and which days the exchange announced.

mod details;
mod events;
mod exchange_days;
mod report;
mod sectors;
mod source;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{NaiveDate, Utc};
use deadpool_postgres::Object;
use tidemark::domain::calendar::nyse;
use tidemark::failure::Failure;
use tidemark::jobs::reference::{self as job, Said};
use tidemark::say;
use tidemark::settings::Settings;
use tidemark::store::{During, StoreError, date_of, reference as store};

use super::refusals::Refusals;
use crate::source::{Pace, ReplySource, vendor};
use crate::vendor::VendorClient;

pub use report::Report;
pub use source::{Gathered, from_files, from_rest};

/// Load who the instruments are: names, types, exchanges, ticker changes, delistings, sectors, exchange holidays
///
/// Reads the vendor's list of tickers, active and delisted (about 40 calls), and the exchange's days to come (one call). An
/// instrument is known by its composite FIGI, else by its share class FIGI, else by its ticker within its time. One that had
/// several tickers becomes one instrument, and two that shared a ticker become two, with the bars and actions that were loaded
/// before moved to where they belong; features refresh and scan incremental follow. What the list does not have stays as it is.
/// What contradicts itself is left out for that instrument alone, counted and shown.
///
/// Delisted instruments without bars are stored too, so that bars that come later find them. A ticker ends on its last day
/// traded; the next holder begins on the day after. Sectors count for the past too: they are kept as known now.
#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// rest (key in POLYGON_API_KEY) or files:DIR (the folder that holds tickers.json, and if there are ticker-events.json,
    /// ticker-details.json and market-upcoming.json, gzipped or not)
    #[arg(long, value_name = "SOURCE", required_unless_present = "sectors")]
    source: Option<ReplySource>,
    #[command(flatten)]
    pace: Pace,
    /// Ask for details too (SIC code, first day, shares): one call an instrument with bars that has none yet, or of --tickers
    #[arg(long)]
    details: bool,
    /// Ask for the days of ticker changes too: one call an instrument whose list entries show a change, or of --tickers
    #[arg(long)]
    events: bool,
    /// Whom --details and --events ask for, comma-separated; case matters
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    tickers: Vec<String>,
    /// Sectors by ticker: a CSV file with the header ticker,sector and the names of GICS; they outweigh SIC codes
    #[arg(long, value_name = "FILE")]
    sectors: Option<PathBuf>,
}

const AFTER: &str = "\
A ticker change is dated by the vendor's events where they were asked for, else by the list's last day of the old ticker, else by \
the first bar under the new ticker after the last bar under the old one. A day of the vendor's gives way to a change of the bars \
within 5 sessions.

What comes next: features refresh, because types and sectors decide what is compared with what.";

/// What is asked for beside the list.
#[derive(Debug, Default)]
pub struct Options {
    /// Details of instruments.
    pub details: bool,
    /// Days of ticker changes.
    pub events: bool,
    /// Whose; empty for those that need them.
    pub tickers: Vec<String>,
}

pub async fn run(settings: &Settings, args: &Args) -> anyhow::Result<ExitCode> {
    let options = Options { details: args.details, events: args.events, tickers: args.tickers.clone() };
    if args.source != Some(ReplySource::Rest) && (options.details || options.events) {
        return Err(Failure::new("--details and --events ask the vendor, which this source does not")
            .hint("give --source rest; a folder's ticker-details.json and ticker-events.json are read without them")
            .into());
    }
    if !options.tickers.is_empty() && !options.details && !options.events {
        return Err(Failure::new(
            "--tickers says whose details or events to ask for, but neither is asked for",
        )
        .hint("add --details or --events; the list itself is always loaded whole")
        .into());
    }
    // Faults of the sources are found before the database is touched.
    let sectors = args.sectors.as_deref().map(sectors::read).transpose()?;
    let client = match args.source {
        Some(ReplySource::Rest) => Some(vendor(settings, args.pace)?),
        _ => None,
    };
    let gathered = match (&args.source, &client) {
        (Some(ReplySource::Files(folder)), _) => Some(source::from_files(folder)?),
        (_, Some(vendor)) => Some(source::from_rest(vendor).await?),
        _ => None,
    };
    let mut locked = super::connect(&super::open(settings)?).await?;
    let mut report = Report::default();
    let mut done = Ok(());
    if let Some(gathered) = gathered {
        done = load(&mut locked, gathered, client.as_ref(), &options, &mut report).await;
    }
    if let Some(sectors) = sectors {
        report.sectors = Some(sectors::store(&mut locked, sectors).await?);
    }
    report.mapped = map_sectors(&mut locked).await?;
    // What was done before a fault is said too.
    report.print();
    done.map(|()| ExitCode::SUCCESS)
}

/// Applies what was gathered, asks `vendor` for the days of the ticker changes that it shows, and maps sectors: what
/// `ingest daily` does. The caller holds the ingest lock.
///
/// # Errors
/// A fault of vendor or database. The list is applied whole or not at all.
pub async fn load_list(
    locked: &mut Object,
    gathered: Gathered,
    vendor: Option<&VendorClient>,
) -> anyhow::Result<Report> {
    let options = Options { events: true, ..Options::default() };
    let mut report = Report::default();
    load(locked, gathered, vendor, &options, &mut report).await?;
    report.mapped = map_sectors(locked).await?;
    Ok(report)
}

/// Applies what was gathered, and asks the vendor for more where `options` want it. `report` holds what was done even if this
/// fails half-way: every part is a transaction of its own. The caller holds the ingest lock.
pub async fn load(
    client: &mut Object,
    gathered: Gathered,
    vendor: Option<&VendorClient>,
    options: &Options,
    report: &mut Report,
) -> anyhow::Result<()> {
    let today = today();
    let Gathered { source, tickers, mut changes, details, exchange_days } = gathered;
    let entries = &tickers.records;
    let mut refused = Refusals::default();
    for record in &tickers.set_aside {
        refused.add(&record.reason.to_string(), || record.to_string());
    }
    if let Some(vendor) = vendor.filter(|_| options.events) {
        let asks = events::whom(client, entries, &options.tickers).await?;
        changes = events::ask(vendor, &asks).await?;
    }
    add_all(&mut refused, &changes.refused);
    let said = Said { entries, changes: &changes.records, today };
    let summary = job::apply(client, &said, &source, tickers.set_aside.len()).await?;
    for left in &summary.refused {
        refused.add(&left.reason, || left.example.clone());
    }
    report.list(&tickers, summary, refused);

    if let Some(details) = details {
        report.details = Some(details::store_read(client, details, today).await?);
    }
    if let Some(vendor) = vendor.filter(|_| options.details) {
        let counts = report.details.insert(details::Counts::default());
        details::ask(client, vendor, &options.tickers, today, counts).await?;
    }
    if let Some(days) = exchange_days {
        report.days = Some(exchange_days::apply(client, days, today).await?);
    }
    Ok(())
}

fn add_all(refused: &mut Refusals, more: &[(String, String)]) {
    for (reason, example) in more {
        refused.add(reason, || example.clone());
    }
}

/// Sectors from SIC codes, where no file gives one. Gives how many instruments differed.
async fn map_sectors(client: &mut Object) -> Result<usize, StoreError> {
    let transaction = client.transaction().await.during("opening a transaction")?;
    let changed = store::map_sectors(&transaction).await?;
    transaction.commit().await.during("storing sectors")?;
    Ok(changed)
}

fn calls(number: usize) -> String {
    format!("{} call{}", say::count(number as u64), if number == 1 { "" } else { "s" })
}

/// Today in New York.
fn today() -> NaiveDate {
    Utc::now().with_timezone(&chrono_tz::America::New_York).date_naive()
}

/// Tickers of the instruments that have a bar in the last `sessions` sessions and that no list ever knew, ascending: a reason to
/// load the list again. Costs a look-up an unlisted instrument.
#[expect(dead_code, reason = "for ingest daily")]
pub async fn unlisted(client: &Object, sessions: i32) -> Result<Vec<String>, StoreError> {
    let last = nyse().at_or_before(today()).unwrap_or(0);
    store::unlisted(&***client, date_of((last - sessions + 1).max(0))).await
}
