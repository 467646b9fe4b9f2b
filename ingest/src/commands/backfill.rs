//! `ingest backfill`: daily or minute bars of a range of sessions, from the vendor's flat files, its API, or files of one's
//! own.

mod files;
mod frame;
mod minutes;
mod plan;
mod ranges;
mod remote;
mod report;
mod rest;

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use tidemark::domain::calendar::nyse;
use tidemark::failure::Failure;
use tidemark::say;
use tidemark::settings::Settings;
use tidemark::store::ledger::{self, Entry, Timeframe};
use tidemark::store::{self, StoreError};

use super::days::{Loader, Selection, SourceBars};
use crate::flatfiles::{Discovery, Window, discover};
use crate::source::{self, BarSource, Pace};
use crate::vendor::{S3Client, VendorClient, VendorError};

use plan::{Plan, Situation, Way};
pub use report::Report;

/// Load daily or minute bars of a range of sessions
///
/// A session that is new goes straight in by COPY. A session that is there already is replaced: what differs is updated,
/// what it no longer has is removed, and the old values are kept in bar_revisions. Bytes that are loaded already are not
/// loaded again. A file that cannot be trusted is left out whole; the others are loaded, and the exit code is 1. Stop it
/// at any moment and run it again: it goes on where it stopped.
#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// s3, rest or flatfiles:DIR [default: of s3 and rest what is configured and takes the fewest calls]
    ///
    /// s3: the vendor's flat files, one a session (keys in POLYGON_S3_ACCESS_KEY_ID and POLYGON_S3_SECRET_ACCESS_KEY). A
    /// list of 1,000 files takes one call and shows which were replaced: those are loaded again as corrections.
    ///
    /// rest: the vendor's API, one call a session, or one a ticker where --tickers are fewer (key in POLYGON_API_KEY).
    ///
    /// flatfiles:DIR: the folder that holds us_stocks_sip/day_aggs_v1.
    ///
    /// Where none is named, files come first, and the API gives the sessions whose file is not published yet (it is about
    /// 11:00 New York on the next day).
    #[arg(long, value_name = "SOURCE")]
    source: Option<BarSource>,
    /// Which bars: day, or minute (extended hours included)
    ///
    /// Minutes come from flat files, s3 or flatfiles:DIR (us_stocks_sip/minute_aggs_v1), 19 MB a session; from the API only of
    /// chosen tickers, one call a ticker and month.
    #[arg(long, value_name = "TIMEFRAME", value_parser = timeframe(), default_value = "day")]
    timeframe: Timeframe,
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
    /// Print what would be asked for, in how many calls and in what time, and change nothing
    ///
    /// Files are listed for it, which takes a call for every 1,000; no bars are asked for.
    #[arg(long)]
    dry_run: bool,
    /// About how many bars go into one transaction; fewer take less memory and load more slowly
    #[arg(long, value_name = "BARS", default_value_t = BLOCK_BARS)]
    block_bars: NonZeroUsize,
}

const AFTER: &str = "\
Examples:
  ingest backfill --from 2015-01-02 --dry-run                  what ten years would take
  ingest backfill --from 2015-01-02                            load them; every day again
  ingest backfill --from 2015-01-02 --tickers AAPL,BRK.A       two calls of the API
  ingest backfill --from 2024-01-02 --source flatfiles:market  files of one's own
  ingest backfill --from 2024-01-02 --timeframe minute --tickers AAPL,SPY  minutes: two calls a month

What comes next: ingest actions --source rest, features refresh, scan full.";

/// Bars in one transaction where nothing else is said.
pub const BLOCK_BARS: NonZeroUsize = NonZeroUsize::new(500_000).expect("not 0");

pub(super) fn ticker(text: &str) -> Result<String, &'static str> {
    let ticker = text.trim();
    if ticker.is_empty() { Err("a ticker is missing") } else { Ok(ticker.to_owned()) }
}

fn timeframe() -> impl TypedValueParser<Value = Timeframe> {
    let both = [Timeframe::Day, Timeframe::Minute];
    PossibleValuesParser::new(both.map(Timeframe::name))
        .map(move |name| if name == Timeframe::Minute.name() { Timeframe::Minute } else { Timeframe::Day })
}

/// What to load.
pub struct Request {
    /// Which bars.
    pub timeframe: Timeframe,
    /// Where from; none for the cheapest of what is configured.
    pub source: Option<BarSource>,
    /// First session.
    pub from: NaiveDate,
    /// First day after the range. Sessions that are not over must be left out: the API answers for a running one too,
    /// with bars that are not final, and the ledger would take them for loaded.
    pub until: NaiveDate,
    /// Only these tickers; empty for all.
    pub tickers: Vec<String>,
    /// Load even what the ledger says is loaded.
    pub reload: bool,
    /// Sessions that may have been corrected since they were loaded. Where a list of files shows it they cost nothing;
    /// else they are asked for again, and an answer that says the same is not loaded again.
    pub recheck: BTreeSet<NaiveDate>,
    /// How fast the API may be asked.
    pub pace: Pace,
    /// A client of the API that others use too, so that all keep to one pace; none for one of its own.
    pub api: Option<Arc<VendorClient>>,
    /// About how many bars go into one transaction.
    pub block_bars: NonZeroUsize,
}

impl Args {
    fn request(&self) -> anyhow::Result<Request> {
        Ok(Request {
            timeframe: self.timeframe,
            source: self.source.clone(),
            from: self.from,
            until: range(self)?,
            tickers: self.tickers.clone(),
            reload: self.reload,
            recheck: BTreeSet::new(),
            pace: self.pace,
            api: None,
            block_bars: self.block_bars,
        })
    }
}

pub async fn run(settings: &Settings, args: &Args) -> anyhow::Result<ExitCode> {
    let request = args.request()?;
    if args.dry_run {
        for line in dry_run(settings, &request).await? {
            println!("{line}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let report = load_sessions(settings, &request).await?;
    report.print();
    Ok(report.exit())
}

/// Loads what `request` asks for; says the plan and the progress on standard error.
///
/// # Errors
/// Faults of settings, vendor and database. What was loaded before the fault stays. Files that cannot be used are no
/// error: they are in [`Report::unusable`].
pub async fn load_sessions(settings: &Settings, request: &Request) -> anyhow::Result<Report> {
    if request.timeframe == Timeframe::Minute {
        return minutes::load_sessions(settings, request).await;
    }
    // Faults of the source are found before the database is touched.
    let opened = Opened::new(settings, request)?;
    let started = Instant::now();
    let store = super::open(settings)?;
    let locked = super::connect(&store).await?;
    let known = ledger::entries(&**locked, Timeframe::Day, request.from, request.until).await?;
    let known = Arc::new(known);
    let selection = Selection::new(&request.tickers);
    let mut report = Report::default();
    let blocks = request.block_bars.get();
    let mut loader = Loader::new(&store, locked, selection.clone(), Arc::clone(&known), blocks).await?;
    match opened {
        Opened::Folder(mut found) => {
            found.close(nyse());
            report.local = true;
            files::load(found, request, &known, &selection, &mut loader, &mut report).await?;
        }
        Opened::Vendor(vendor) => {
            let plan = vendor.plan(request, &known, &selection).await?;
            for line in plan.lines(request.pace.requests_per_minute()) {
                eprintln!("{line}");
            }
            vendor.load(plan, request, &known, &selection, &mut loader, &mut report).await?;
        }
    }
    loader.finish().await?;
    report.close(&loader, &selection, started.elapsed());
    Ok(report)
}

/// The plan of `request` in words; writes nothing into the database.
async fn dry_run(settings: &Settings, request: &Request) -> anyhow::Result<Vec<String>> {
    let opened = Opened::new(settings, request)?;
    let client = super::open(settings)?.client().await?;
    let known = match store::check(&client).await {
        // A database that was never used has loaded nothing.
        Err(StoreError::OlderSchema { found: 0, .. }) => HashMap::new(),
        checked => {
            checked?;
            ledger::entries(&**client, request.timeframe, request.from, request.until).await?
        }
    };
    let mut lines = match opened {
        Opened::Folder(mut found) => {
            found.close(nyse());
            files::lines(&found)
        }
        Opened::Vendor(vendor) => vendor
            .plan(request, &known, &Selection::new(&request.tickers))
            .await?
            .lines(request.pace.requests_per_minute()),
    };
    lines.push("nothing was loaded; leave out --dry-run to load".to_owned());
    Ok(lines)
}

/// A source whose settings are good.
enum Opened {
    /// Files of one's own.
    Folder(Discovery),
    Vendor(Vendor),
}

/// The ways to the vendor that are configured, or the one that was asked for.
struct Vendor {
    files: Option<Arc<S3Client>>,
    api: Option<Arc<VendorClient>>,
    /// Whether the files were asked for by name.
    insist: bool,
}

impl Opened {
    fn new(settings: &Settings, request: &Request) -> anyhow::Result<Self> {
        let files = || source::s3(settings).map(|client| Some(Arc::new(client)));
        let api = || match &request.api {
            Some(client) => Ok(Some(Arc::clone(client))),
            None => source::vendor(settings, request.pace).map(|client| Some(Arc::new(client))),
        };
        let (has_files, has_api) = (source::has_s3(settings), source::has_vendor(settings));
        let opened = match &request.source {
            Some(BarSource::FlatFiles(folder)) => {
                let window =
                    if request.timeframe == Timeframe::Minute { Window::Minute } else { Window::Day };
                Self::Folder(discover(folder, window, request.from, request.until, nyse())?)
            }
            Some(BarSource::S3) => Self::Vendor(Vendor { files: files()?, api: None, insist: true }),
            Some(BarSource::Rest) => Self::Vendor(Vendor { files: None, api: api()?, insist: false }),
            None if !has_files && !has_api => return Err(no_source().into()),
            None => Self::Vendor(Vendor {
                files: if has_files { files()? } else { None },
                api: if has_api { api()? } else { None },
                insist: false,
            }),
        };
        let all = request.tickers.is_empty();
        match opened {
            Self::Vendor(Vendor { files: None, .. }) if all && request.timeframe == Timeframe::Minute => {
                Err(minutes_of_all().into())
            }
            opened => Ok(opened),
        }
    }
}

fn no_source() -> Failure {
    Failure::new("no source of bars is configured").hint(
        "set POLYGON_S3_ACCESS_KEY_ID and POLYGON_S3_SECRET_ACCESS_KEY for the vendor's flat files, or POLYGON_API_KEY for \
         its API, or name files of your own with --source flatfiles:DIR",
    )
}

fn minutes_of_all() -> Failure {
    Failure::new("the minutes of the whole market are too many for the vendor's API").hint(
        "name a few with --tickers A,B, or load flat files: --source s3 (set POLYGON_S3_ACCESS_KEY_ID and \
         POLYGON_S3_SECRET_ACCESS_KEY) or --source flatfiles:DIR",
    )
}

impl Vendor {
    async fn plan(
        &self,
        request: &Request,
        known: &HashMap<NaiveDate, Entry>,
        selection: &Selection,
    ) -> anyhow::Result<Plan> {
        let sessions: Vec<NaiveDate> = nyse().sessions(request.from, request.until).collect();
        let situation = Situation {
            timeframe: request.timeframe,
            sessions: &sessions,
            known,
            selection,
            reload: request.reload,
            recheck: &request.recheck,
            today: now().date_naive(),
        };
        match (situation.way(self.files.is_some(), self.api.is_some()), &self.files) {
            (Some(Way::Files), Some(files)) => {
                let listing = files.list(request.timeframe, request.from, request.until).await?;
                Ok(situation.files(listing, self.insist, self.api.is_some()))
            }
            (Some(Way::Ranges), _) => Ok(situation.ranges()),
            (Some(_), _) => Ok(situation.grouped()),
            (None, _) => Err(no_source().into()),
        }
    }

    /// What the plan says of the range goes to `report`.
    fn begin(&self, request: &Request, plan: &mut Plan, report: &mut Report) {
        report.found = plan.sessions;
        report.unchanged = plan.unchanged;
        for file in &plan.closed {
            let why =
                nyse().closed_because(file.session_date).map_or_else(String::new, |why| format!(": {why}"));
            report.files.add("the exchange was closed", || file.place() + &why);
        }
        for key in plan.strays.drain(..) {
            report.files.add("the name is not YYYY/MM/YYYY-MM-DD.csv.gz", || key);
        }
        if plan.lists > 0 && self.api.is_none() && !plan.absent.is_empty() {
            let before = if request.timeframe == Timeframe::Day {
                "; with POLYGON_API_KEY set, the API gives it before"
            } else {
                ""
            };
            eprintln!("a session's file is there about 11:00 New York on the next day{before}");
        }
        report.absent = std::mem::take(&mut plan.absent);
    }

    /// The calls that were made go to `report`.
    fn end(&self, report: &mut Report) {
        report.file_calls = self.files.as_ref().map_or(0, |client| client.requests());
        report.api_calls = self.api.as_ref().map_or(0, |client| client.requests());
    }

    async fn load(
        &self,
        mut plan: Plan,
        request: &Request,
        known: &HashMap<NaiveDate, Entry>,
        selection: &Selection,
        loader: &mut Loader,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        self.begin(request, &mut plan, report);
        if let Some(client) = self.files.as_ref().filter(|_| !plan.files.is_empty()) {
            remote::load(client, plan.files, selection, loader, report).await?;
        }
        if let Some(client) = &self.api {
            if !plan.grouped.is_empty() {
                rest::load(client, plan.grouped, request, known, selection, loader, report).await?;
            }
            if !plan.windows.is_empty() {
                ranges::load(client, plan.windows, request, known, selection, loader, report).await?;
            }
        }
        self.end(report);
        Ok(())
    }
}

/// What a fault of the vendor means for a load of `total` sessions: what came before it is loaded, so that the next run
/// need not ask again.
async fn stopped<B: SourceBars>(loader: &mut Loader<B>, total: usize, error: VendorError) -> anyhow::Error {
    if let Err(store) = loader.finish().await {
        return store.context(error.to_string());
    }
    eprintln!(
        "{} of {} sessions are loaded; the same command goes on from there",
        say::count(loader.done.sessions as u64),
        say::count(total as u64)
    );
    error.into()
}

/// The first day after the range.
fn range(args: &Args) -> anyhow::Result<NaiveDate> {
    let finished = last_finished_session(args.timeframe);
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
    if last > finished && !matches!(args.source, Some(BarSource::FlatFiles(_))) {
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

/// Now in New York.
fn now() -> DateTime<Tz> {
    Utc::now().with_timezone(&chrono_tz::America::New_York)
}

/// The last session whose close, 16:00 in New York (20:00 with the extended hours that minutes have), and some minutes for
/// late trades are over.
pub fn last_finished_session(timeframe: Timeframe) -> NaiveDate {
    let now = now();
    let hour = if timeframe == Timeframe::Minute { 20 } else { 16 };
    let over = NaiveTime::from_hms_opt(hour, 30, 0).is_some_and(|over| now.time() >= over);
    let day = if over { now.date_naive() } else { now.date_naive() - Days::new(1) };
    nyse().at_or_before(day).and_then(|number| nyse().date(number)).unwrap_or(day)
}
