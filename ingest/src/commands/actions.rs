//! `ingest actions`: splits and dividends, from the vendor's replies.

use std::path::Path;
use std::process::ExitCode;

use chrono::NaiveDate;
use deadpool_postgres::tokio_postgres::Client;
use tidemark::failure::Failure;
use tidemark::say;
use tidemark::settings::Settings;
use tidemark::store::actions::{
    Answer, Counted, DividendRow, Outcome, SplitRow, copy_dividends, copy_splits, settle_dividends,
    settle_splits, stage_dividends, stage_splits,
};
use tidemark::store::instruments::Tickers;
use tidemark::store::{During, StoreError};

use super::listing::Listing;
use super::refusals::Refusals;
use crate::replies::SetAside;
use crate::replies::dividends::RawDividend;
use crate::replies::splits::RawSplit;
use crate::source::{self, Pace, ReplySource};
use crate::vendor::VendorClient;

/// Load splits and dividends, which returns need
///
/// Load the bars first: an action of a ticker without bars is set aside and counted. Run it again at any time; only what
/// is new or different is written, all of it at once. Actions to come are stored, and take effect on their day.
#[derive(clap::Args)]
#[command(after_long_help = RULES)]
pub struct Args {
    /// files:DIR (the folder that holds splits.json and dividends.json, gzipped or not) or rest (key in POLYGON_API_KEY)
    #[arg(long, value_name = "SOURCE")]
    source: ReplySource,
    /// With rest: only what takes effect from this day on [default: everything]
    #[arg(long, value_name = "DATE")]
    since: Option<NaiveDate>,
    #[command(flatten)]
    pace: Pace,
}

const RULES: &str = "\
Rules, each counted where it applies:
- A split of one ticker and day is one. Of contradictory ones the greatest id is kept (by length, then by bytes), else the \
greatest ratio.
- Equal splits within 5 sessions are one split, announced for several days. It is kept on the day on which open or close, \
against the close before, is off the ratio by less than half of it; without such a day, on the last one. Where the price \
jumps on several days, each is a split.
- Dividends that agree in ticker, day, cash and kind are one. Several on one day are several payments, but of equal cash \
only those in the best words count: recurring, special, ... of the newer interface before CD, SC, LT and ST of the older \
one, any of them before none.
- A record that comes again under its id with another day, ratio, kind or cash replaces the old one.
- With rest, what is stored with an id, lies in the range that was asked for, and is no longer among the vendor's records, \
is withdrawn: removed and logged. Without --since the range begins with the vendor's earliest record. An empty answer \
withdraws nothing, and neither do files. A record that moved out of the range comes back with an earlier --since.";

/// Where actions come from.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// A folder of replies.
    Files(&'a Path),
    /// The API: all that takes effect from a day on, or all.
    Rest(&'a VendorClient, Option<NaiveDate>),
}

/// What a load did; a part that the source does not have is none.
pub struct Report {
    /// Splits.
    pub splits: Option<Part>,
    /// Dividends.
    pub dividends: Option<Part>,
}

/// What became of one kind of action.
pub struct Part {
    /// Results of the source.
    pub read: usize,
    /// Results that are not stored.
    pub set_aside: Refusals,
    /// What the database did.
    pub outcome: Outcome,
}

pub async fn run(settings: &Settings, args: &Args) -> anyhow::Result<ExitCode> {
    let vendor;
    let source = match &args.source {
        ReplySource::Files(_) if args.since.is_some() => {
            return Err(Failure::new("--since is for --source rest")
                .hint("leave it out: files are loaded whole, and what is equal is not written")
                .into());
        }
        ReplySource::Files(folder) => Source::Files(folder),
        ReplySource::Rest => {
            vendor = source::vendor(settings, args.pace)?;
            Source::Rest(&vendor, args.since)
        }
    };
    // Faults of the source are found before the database is touched.
    listings(source)?;
    let mut client = super::connect(&super::open(settings)?).await?;
    load(&mut client, source).await?.print();
    Ok(ExitCode::SUCCESS)
}

/// Loads splits and dividends, all in one transaction. Pages go into staging as they come, and are settled there: one page is
/// in memory at a time. The caller holds the ingest lock.
///
/// # Errors
/// A page that cannot be had or read: nothing is written then.
pub async fn load(client: &mut Client, source: Source<'_>) -> anyhow::Result<Report> {
    let (splits, dividends) = listings(source)?;
    let tickers = Tickers::read(client).await?;
    let mut report = Report { splits: None, dividends: None };
    if let Some(listing) = splits {
        report.splits = Some(gather_splits(client, listing, &tickers).await?);
    }
    if let Some(listing) = dividends {
        report.dividends = Some(gather_dividends(client, listing, &tickers).await?);
    }
    let answer = match source {
        Source::Files(_) => Answer::Part,
        Source::Rest(_, since) => Answer::Whole(since),
    };
    let transaction = client.transaction().await.during("opening a transaction")?;
    if let Some(part) = &mut report.splits {
        part.settled(settle_splits(&transaction, answer).await?);
    }
    if let Some(part) = &mut report.dividends {
        part.settled(settle_dividends(&transaction, answer).await?);
    }
    transaction.commit().await.map_err(|e| StoreError::from_driver("storing actions", e))?;
    Ok(report)
}

fn listings(source: Source<'_>) -> anyhow::Result<(Option<Listing<'_>>, Option<Listing<'_>>)> {
    match source {
        Source::Files(folder) => {
            let both = (Listing::of_files(folder, "splits")?, Listing::of_files(folder, "dividends")?);
            if both.0.is_none() && both.1.is_none() {
                return Err(Failure::new(format!(
                    "{}: neither splits.json nor dividends.json is here",
                    folder.display()
                ))
                .hint("name the folder that holds the vendor's replies, NAME.json or NAME.json.gz")
                .into());
            }
            Ok(both)
        }
        Source::Rest(vendor, since) => {
            let since = since.map(|since| since.to_string());
            let list = |path, day, sort| {
                let mut query = vec![("limit", "5000"), ("sort", sort)];
                query.extend(since.as_deref().map(|since| (day, since)));
                Some(Listing::of_api(vendor, path, &query))
            };
            Ok((
                list("/stocks/v1/splits", "execution_date.gte", "execution_date.asc"),
                list("/stocks/v1/dividends", "ex_dividend_date.gte", "ticker.asc"),
            ))
        }
    }
}

async fn gather_splits(
    client: &mut Client,
    mut listing: Listing<'_>,
    tickers: &Tickers,
) -> anyhow::Result<Part> {
    stage_splits(client).await?;
    let mut set_aside = Refusals::default();
    loop {
        let before = listing.results;
        let Some(page) = listing.next::<RawSplit>().await? else { break };
        let (mut rows, mut unusable) = (Vec::with_capacity(page.len()), Vec::new());
        for (at, raw) in page.iter().enumerate() {
            let found = known(raw.record(before + at + 1), &mut set_aside, |split| {
                find(tickers, &split.ticker, split.ex_date)
            });
            match found {
                Some((instrument_id, split)) => rows.push(SplitRow {
                    instrument_id,
                    ex_date: split.ex_date,
                    split_from: split.split_from,
                    split_to: split.split_to,
                    vendor_id: split.id,
                }),
                None => unusable.extend(raw.id()),
            }
        }
        let transaction = client.transaction().await.during("opening a transaction")?;
        copy_splits(&transaction, &rows, &unusable).await?;
        transaction.commit().await.during("staging splits")?;
    }
    Ok(Part { read: listing.results, set_aside, outcome: Outcome::default() })
}

async fn gather_dividends(
    client: &mut Client,
    mut listing: Listing<'_>,
    tickers: &Tickers,
) -> anyhow::Result<Part> {
    stage_dividends(client).await?;
    let mut set_aside = Refusals::default();
    loop {
        let before = listing.results;
        let Some(page) = listing.next::<RawDividend>().await? else { break };
        let (mut rows, mut unusable) = (Vec::with_capacity(page.len()), Vec::new());
        for (at, raw) in page.iter().enumerate() {
            let found = known(raw.record(before + at + 1), &mut set_aside, |dividend| {
                find(tickers, &dividend.ticker, dividend.ex_date)
            });
            match found {
                Some((instrument_id, dividend)) => rows.push(DividendRow {
                    instrument_id,
                    ex_date: dividend.ex_date,
                    kind: dividend.kind,
                    cash_amount: dividend.cash_amount,
                    vendor_id: dividend.id,
                }),
                None => unusable.extend(raw.id()),
            }
        }
        let transaction = client.transaction().await.during("opening a transaction")?;
        copy_dividends(&transaction, &rows, &unusable).await?;
        transaction.commit().await.during("staging dividends")?;
    }
    Ok(Part { read: listing.results, set_aside, outcome: Outcome::default() })
}

/// The instrument behind a ticker on the first day of an action, or what to say without one.
fn find(tickers: &Tickers, ticker: &str, day: NaiveDate) -> Result<i32, String> {
    tickers.find(ticker, day).ok_or_else(|| format!("{ticker} {day}"))
}

/// A record with its instrument; what has none, or is none, is counted.
pub(super) fn known<T>(
    record: Result<T, SetAside>,
    set_aside: &mut Refusals,
    find: impl FnOnce(&T) -> Result<i32, String>,
) -> Option<(i32, T)> {
    match record.map(|record| (find(&record), record)) {
        Ok((Ok(instrument_id), record)) => return Some((instrument_id, record)),
        Ok((Err(example), _)) => set_aside.add("no bars of this ticker are loaded", || example),
        Err(unusable) => set_aside.add(&unusable.reason.to_string(), || unusable.to_string()),
    }
    None
}

impl Part {
    fn settled(&mut self, outcome: Outcome) {
        for Counted { reason, count, examples } in &outcome.set_aside {
            self.set_aside.add_all(reason, *count, examples);
        }
        self.outcome = outcome;
    }

    fn print(&self, what: &str) {
        println!(
            "{what:<11}{:>9} read   {} new or changed, {} equal, {} repeated, {} set aside",
            say::count(self.read as u64),
            say::count(self.outcome.written),
            say::count(self.outcome.equal),
            say::count(self.outcome.repeated),
            say::count(self.set_aside.total()),
        );
        self.set_aside.print();
        let mut removed = Refusals::default();
        for Counted { reason, count, examples } in &self.outcome.removed {
            removed.add_all(&format!("removed: {reason}"), *count, examples);
        }
        removed.print();
    }
}

impl Report {
    /// Prints a line for each part, with what was set aside and removed below.
    pub fn print(&self) {
        for (what, part) in [("splits", &self.splits), ("dividends", &self.dividends)] {
            if let Some(part) = part {
                part.print(what);
            }
        }
    }
}
