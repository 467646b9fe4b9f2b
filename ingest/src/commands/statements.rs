//! `ingest statements`: income statements, balance sheets and cash flow statements, every version under its filing date.

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;

use chrono::{Days, NaiveDate, Utc};
use deadpool_postgres::tokio_postgres::Client;
use tidemark::failure::Failure;
use tidemark::say;
use tidemark::settings::Settings;
use tidemark::store::instruments::{self, Tickers};
use tidemark::store::statements::{self, Kind, Progress, Run, Settled, StatementRow};
use tidemark::store::{During, StoreError};

use super::actions::known;
use super::listing::Listing;
use super::refusals::Refusals;
use crate::replies::statements::{RawStatement, StatementRecord};
use crate::source::{self, Pace, ReplySource};
use crate::vendor::VendorClient;

/// How far behind the latest filing date a load begins: the vendor adds and corrects statements some weeks after their
/// filing, and a page holds all of them, so that a shorter time would save no call.
const DAYS_BACK: Days = Days::new(30);

/// Load financial statements, every version under its filing date; size and turnover need their share counts
///
/// Load the bars first: a statement of a ticker without bars is set aside and counted. A statement counts from the session
/// after its filing date; a restated one is a version of its own. Run it again at any time: only what is new or different is
/// written, and a load from the API that was stopped goes on where it stopped.
#[derive(clap::Args)]
#[command(after_long_help = RULES)]
pub struct Args {
    /// files:DIR (the folder that holds income-statements.json, balance-sheets.json and cash-flow-statements.json, gzipped or
    /// not; any of them) or rest (key in POLYGON_API_KEY)
    #[arg(long, value_name = "SOURCE")]
    source: ReplySource,
    /// With rest: only what was filed from this day on [default: everything the first time, later 30 days before the latest
    /// filing that is loaded]
    #[arg(long, value_name = "DATE")]
    since: Option<NaiveDate>,
    /// With rest: only these tickers, comma-separated; case matters
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = super::backfill::ticker)]
    tickers: Vec<String>,
    #[command(flatten)]
    pace: Pace,
}

const RULES: &str = "\
Rules, each counted where it applies:
- A statement of several tickers is one of each, and counts are of those. Its instrument is the one that had the ticker on \
the filing date, else the one that had it last, because the vendor lists the tickers of today; where one that ever had the \
ticker is known to be the filer by its CIK, it is that one.
- Set aside: a day that is missing or absurd, a filing before its period's end or after today, another timeframe than \
quarterly, annual and trailing_twelve_months, a field that is not a number. Numbers are stored as they come, absurd or not.
- Of contradictory statements of one period, timeframe and filing date the one with the lowest CIK is kept (the older \
company, mostly the parent), else the one with the largest amount of money (a parent's contains its subsidiary's), else the \
one with the most numbers, else always the same one. Each kind of statement is settled by itself.
- Calls of the API: one for each kind and 50,000 statements. From the API all periods but the latest so far are stored with \
every page, from files a kind when all of its files are read.";

/// Where statements come from.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// A folder of replies.
    Files(&'a Path),
    /// The API.
    Rest {
        /// The client.
        vendor: &'a VendorClient,
        /// First filing date; none for where the last load ended.
        since: Option<NaiveDate>,
        /// Only these tickers; empty for all.
        tickers: &'a [String],
    },
}

/// What became of one kind of statement.
pub struct Part {
    /// The kind.
    pub kind: Kind,
    /// Statements of the source, one for each of their tickers.
    pub read: u64,
    /// Statements that are not stored.
    pub set_aside: Refusals,
    /// What the database did.
    pub settled: Settled,
}

/// What a load did, by kind.
pub struct Report {
    /// The kinds that the source has.
    pub parts: Vec<Part>,
}

pub async fn run(settings: &Settings, args: &Args) -> anyhow::Result<ExitCode> {
    let vendor;
    let source = match &args.source {
        ReplySource::Files(_) if args.since.is_some() || !args.tickers.is_empty() => {
            return Err(Failure::new("--since and --tickers are for --source rest")
                .hint("leave them out: files are loaded whole, and what is equal is not written")
                .into());
        }
        ReplySource::Files(folder) => Source::Files(folder),
        ReplySource::Rest => {
            vendor = source::vendor(settings, args.pace)?;
            Source::Rest { vendor: &vendor, since: args.since, tickers: &args.tickers }
        }
    };
    // Faults of the source are found before the database is touched.
    check(source)?;
    let mut client = super::connect(&super::open(settings)?).await?;
    load(&mut client, source, today()).await?.print();
    Ok(ExitCode::SUCCESS)
}

/// The vendor's day.
pub fn today() -> NaiveDate {
    Utc::now().with_timezone(&chrono_tz::America::New_York).date_naive()
}

/// Loads statements of all three kinds, one after the other. The caller holds the ingest lock.
///
/// Pages go into staging as they come, so that one page is in memory at a time. What duplicates are settled by does not depend
/// on where pages end: from files a kind is settled when all of them are in. The API sorts by the period's end, so there every
/// period but the latest is complete when a page is in, and is settled and committed; should the vendor not keep to the order,
/// the rest waits for the last page.
///
/// # Errors
/// A page that cannot be had or read. What was committed stays.
pub async fn load(client: &mut Client, source: Source<'_>, today: NaiveDate) -> anyhow::Result<Report> {
    check(source)?;
    let companies =
        Companies { tickers: Tickers::read(client).await?, ciks: instruments::ciks(client).await? };
    let mut report = Report { parts: Vec::new() };
    for kind in Kind::ALL {
        let part = match source {
            Source::Files(folder) => match Listing::of_files(folder, kind.name())? {
                Some(listing) => load_kind(client, kind, listing, None, &companies, today).await?,
                None => continue,
            },
            Source::Rest { vendor, since, tickers: only } => {
                let plan = Plan::new(Progress::read(client, kind).await?, since, only, today);
                let listing = plan.listing(vendor, kind, only);
                load_kind(client, kind, listing, Some(plan), &companies, today).await?
            }
        };
        report.parts.push(part);
    }
    Ok(report)
}

/// A folder without any statements is a mistake.
fn check(source: Source<'_>) -> anyhow::Result<()> {
    let Source::Files(folder) = source else { return Ok(()) };
    if Listing::any_in(folder, &Kind::ALL.map(Kind::name))? {
        return Ok(());
    }
    let names = Kind::ALL.map(|kind| format!("{}.json", kind.name())).join(", ");
    Err(Failure::new(format!("{}: none of {names} is here", folder.display()))
        .hint("name the folder that holds the vendor's replies, NAME.json or NAME.json.gz")
        .into())
}

/// What a load from the API asks for, and what it will leave behind.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Plan {
    progress: Progress,
    run: Run,
    /// Whether all of the market is asked for, from a day up to which it is loaded: only then does the next load begin later.
    advances: bool,
}

impl Plan {
    fn new(progress: Progress, since: Option<NaiveDate>, only: &[String], today: NaiveDate) -> Self {
        let whole = only.is_empty();
        let since = since.or_else(|| progress.filed_through.filter(|_| whole).map(|day| day - DAYS_BACK));
        let advances =
            whole && progress.filed_through.is_none_or(|through| since.is_none_or(|since| since <= through));
        let broken_off = progress.run.filter(|run| advances && run.since == since);
        let run = broken_off.unwrap_or(Run { since, began: today, reached: None, filed: None });
        Self { progress, run, advances }
    }

    fn listing<'a>(&self, vendor: &'a VendorClient, kind: Kind, only: &[String]) -> Listing<'a> {
        let mut query = vec![("limit", "50000".to_owned()), ("sort", "period_end.asc".to_owned())];
        query.extend(self.run.since.map(|day| ("filing_date.gte", day.to_string())));
        query.extend(self.run.reached.map(|day| ("period_end.gte", day.to_string())));
        if !only.is_empty() {
            query.push(("tickers.any_of", only.join(",")));
        }
        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Listing::of_api(vendor, &format!("/stocks/financials/v1/{}", kind.name()), &query)
    }

    /// The progress while the load is under way: all periods before `reached` are in.
    fn reached(&mut self, reached: Option<NaiveDate>) -> Option<Progress> {
        self.run.reached = reached;
        self.advances.then_some(Progress { run: Some(self.run), ..self.progress })
    }

    /// The progress when the load has come to its end.
    fn ended(&self) -> Option<Progress> {
        // What was filed while the load went on may be missing.
        let filed = self.run.filed.map(|filed| filed.min(self.run.began));
        let filed_through = self.progress.filed_through.max(filed);
        self.advances.then_some(Progress { filed_through, run: None })
    }
}

async fn load_kind(
    client: &mut Client,
    kind: Kind,
    mut listing: Listing<'_>,
    mut plan: Option<Plan>,
    companies: &Companies,
    today: NaiveDate,
) -> anyhow::Result<Part> {
    let action = "storing statements";
    let mut part = Part { kind, read: 0, set_aside: Refusals::default(), settled: Settled::default() };
    statements::stage(client).await?;
    // The latest period so far; none once the pages are not in order.
    let (mut latest, mut in_order) = (None, plan.is_some());
    loop {
        let before = listing.results;
        let Some(page) = listing.next::<RawStatement>().await? else { break };
        let rows = part.rows(&page, before, companies, today);
        drop(page);
        let periods = || rows.iter().map(|row| row.period_end);
        let is_next = rows.is_empty() || periods().min() >= latest;
        if let Some(plan) = &mut plan {
            let transaction = client.transaction().await.during("opening a transaction")?;
            let progress = match latest {
                Some(before) if in_order && is_next => {
                    part.settled.add(statements::settle(&transaction, kind, Some(before)).await?);
                    plan.reached(Some(before))
                }
                Some(_) if in_order => plan.reached(None),
                _ => None,
            };
            if let Some(progress) = progress {
                progress.store(&transaction, kind).await?;
            }
            transaction.commit().await.map_err(|e| StoreError::from_driver(action, e))?;
            plan.run.filed = plan.run.filed.max(rows.iter().map(|row| row.filing_date).max());
        }
        in_order &= is_next;
        latest = latest.max(periods().max());
        let transaction = client.transaction().await.during("opening a transaction")?;
        statements::copy(&transaction, kind, rows.into_iter()).await?;
        transaction.commit().await.during("staging statements")?;
    }
    let transaction = client.transaction().await.during("opening a transaction")?;
    part.settled.add(statements::settle(&transaction, kind, None).await?);
    if let Some(progress) = plan.and_then(|plan| plan.ended()) {
        progress.store(&transaction, kind).await?;
    }
    transaction.commit().await.map_err(|e| StoreError::from_driver(action, e))?;
    let examples = std::mem::take(&mut part.settled.examples);
    part.set_aside.add_all(
        "another statement of the same period and filing contradicts it",
        part.settled.contradicted,
        &examples,
    );
    Ok(part)
}

/// Who filed what.
struct Companies {
    tickers: Tickers,
    ciks: HashMap<i32, String>,
}

impl Companies {
    fn of(&self, record: &StatementRecord) -> Option<i32> {
        let is_filer = |id| record.cik.is_some() && self.ciks.get(&id) == record.cik.as_ref();
        self.tickers.of_filing(&record.ticker, record.filing_date, is_filer)
    }
}

impl Part {
    /// The statements of a page whose first result is at place `before` + 1, with their instruments, an instrument once.
    fn rows(
        &mut self,
        page: &[RawStatement],
        before: usize,
        companies: &Companies,
        today: NaiveDate,
    ) -> Vec<StatementRow> {
        let mut rows: Vec<StatementRow> = Vec::with_capacity(page.len());
        for (at, raw) in page.iter().enumerate() {
            let first = rows.len();
            for record in raw.records(self.kind, before + at + 1, today) {
                self.read += 1;
                let found = known(record, &mut self.set_aside, |record| {
                    companies
                        .of(record)
                        .ok_or_else(|| format!("{} filed {}", record.ticker, record.filing_date))
                });
                let Some((instrument_id, record)) = found else { continue };
                // Two names of one instrument.
                if rows[first..].iter().any(|row| row.instrument_id == instrument_id) {
                    self.settled.repeated += 1;
                    continue;
                }
                rows.push(StatementRow {
                    instrument_id,
                    ticker: record.ticker,
                    period_end: record.period_end,
                    timeframe: record.timeframe,
                    filing_date: record.filing_date,
                    fiscal_year: record.fiscal_year,
                    fiscal_quarter: record.fiscal_quarter,
                    cik: record.cik,
                    values: record.values,
                });
            }
        }
        rows
    }
}

impl Report {
    /// Prints a line for each kind, with what was set aside below.
    pub fn print(&self) {
        for Part { kind, read, set_aside, settled } in &self.parts {
            println!(
                "{:<21}{:>9} read   {} new, {} changed, {} equal, {} repeated, {} set aside",
                kind.name().replace('-', " "),
                say::count(*read),
                say::count(settled.new),
                say::count(settled.changed),
                say::count(settled.equal),
                say::count(settled.repeated),
                say::count(set_aside.total()),
            );
            set_aside.print();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    const FIRST: Progress = Progress { filed_through: None, run: None };

    #[test]
    fn the_first_load_takes_everything_and_the_next_one_begins_30_days_before_the_latest_filing() {
        let mut plan = Plan::new(FIRST, None, &[], day("2024-07-05"));
        assert_eq!((plan.run.since, plan.run.reached, plan.advances), (None, None, true));
        plan.run.filed = Some(day("2024-07-03"));
        let ended = plan.ended().unwrap();
        assert_eq!((ended.filed_through, ended.run), (Some(day("2024-07-03")), None));
        let next = Plan::new(ended, None, &[], day("2024-07-08"));
        assert_eq!(next.run.since, Some(day("2024-06-03")));
        // Nothing new was filed, or the vendor has a filing of tomorrow: the line does not move too far.
        assert_eq!(next.ended().unwrap().filed_through, Some(day("2024-07-03")));
    }

    #[test]
    fn a_load_that_broke_off_goes_on_and_what_was_filed_meanwhile_is_asked_for_next_time() {
        let mut plan = Plan::new(FIRST, None, &[], day("2024-07-05"));
        plan.run.filed = Some(day("2024-07-03"));
        let broken = plan.reached(Some(day("2019-03-31"))).unwrap();
        let mut again = Plan::new(broken, None, &[], day("2024-09-01"));
        assert_eq!((again.run.reached, again.run.began), (Some(day("2019-03-31")), day("2024-07-05")));
        again.run.filed = Some(day("2024-08-30"));
        assert_eq!(again.ended().unwrap().filed_through, Some(day("2024-07-05")));
        let other = Plan::new(broken, Some(day("2020-01-01")), &[], day("2024-09-01"));
        assert_eq!(other.run.reached, None, "another range begins anew");
    }

    #[test]
    fn neither_single_tickers_nor_a_later_range_move_the_line() {
        let loaded = Progress { filed_through: Some(day("2024-07-03")), run: None };
        let tickers = Plan::new(loaded, None, &["A".to_owned()], day("2024-07-08"));
        assert_eq!((tickers.run.since, tickers.ended()), (None, None));
        let later = Plan::new(loaded, Some(day("2024-07-04")), &[], day("2024-07-08"));
        assert_eq!((later.run.since, later.ended()), (Some(day("2024-07-04")), None));
        let earlier = Plan::new(loaded, Some(day("2020-01-01")), &[], day("2024-07-08"));
        assert!(earlier.advances);
    }
}
