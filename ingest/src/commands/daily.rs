//! `ingest daily`: what has to be loaded after a close, in one command.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use chrono::{Days, NaiveDate};
use tidemark::domain::calendar::nyse;
use tidemark::failure::{self, Failure};
use tidemark::say;
use tidemark::settings::Settings;
use tidemark::store::ledger::{self, Timeframe};
use tidemark::store::statements::{Kind, Progress};
use tidemark::store::{self, StoreError};

use super::days::Selection;
use super::listing::Listing;
use super::{actions, backfill, reference, statements};
use crate::source::{self, BarSource, Pace};
use crate::vendor::VendorClient;

/// Sessions that are looked at again where a list of files shows what was replaced, at no call of their own.
const RECHECK_FILES: u16 = 20;

/// Sessions that are asked for again where each takes a call: the vendor mends most of a day within the next one.
const RECHECK_CALLS: u16 = 1;

/// How far before the sessions actions are asked for again: corrections of a month fit into the same call.
const ACTIONS_BACK: Days = Days::new(30);

/// What takes many calls and changes slowly is loaded after as many days.
const WEEK: Days = Days::new(7);

/// Bring everything up to the last finished session: the one command to schedule after the close
///
/// Loads the sessions that are new, looks at the last ones again for late corrections, and loads splits and dividends; once a
/// week also who the instruments are, the exchange's days to come, and statements. A step that fails does not keep the others from their work, and makes the exit code 1. Run it as
/// often as you like, also twice at once: one waits for the other and then finds little to do.
#[derive(clap::Args)]
#[command(after_help = AFTER)]
pub struct Args {
    /// s3, rest or flatfiles:DIR [default: of s3 and rest what is configured and takes the fewest calls]
    ///
    /// With flatfiles:DIR, actions and statements are read from the vendor's replies in the same folder, as far as they are
    /// there.
    #[arg(long, value_name = "SOURCE")]
    source: Option<BarSource>,
    /// Last session, included [default: the last finished one]
    #[arg(long, value_name = "SESSION")]
    through: Option<NaiveDate>,
    /// Sessions before it that are looked at again for late corrections [default: 20 with files, 1 with rest, where each takes
    /// a call]
    #[arg(long, value_name = "SESSIONS")]
    recheck: Option<u16>,
    /// Only these tickers, comma-separated; case matters
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = backfill::ticker)]
    tickers: Vec<String>,
    /// When to load reference data and statements, which take some 40 calls
    #[arg(long, value_enum, default_value = "weekly")]
    slow: Slow,
    #[command(flatten)]
    pace: Pace,
}

const AFTER: &str = "\
A usual day over the API takes 4 calls: the new session, the one before it again, splits, dividends.

Schedule it: scripts/systemd holds a service and a timer, or with cron
  30 18 * * 1-5  TZ=America/New_York  ingest daily && features refresh && scan incremental

The first load is ingest backfill --from DATE; then come features refresh and scan incremental.";

/// When to load what takes many calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Slow {
    /// Every time.
    Always,
    /// When the last time is a week ago.
    Weekly,
    /// Not at all.
    Never,
}

/// What the run works with.
struct Daily<'a> {
    settings: &'a Settings,
    args: &'a Args,
    api: Option<Arc<VendorClient>>,
    through: NaiveDate,
    /// First session that is looked at.
    first: NaiveDate,
    recheck: BTreeSet<NaiveDate>,
}

/// How a step ended, where it did not fail.
enum Step {
    /// All of it was done.
    Done,
    /// It was done, but for parts that were reported.
    Partly,
    /// There was nothing to do, and why.
    Skipped(String),
}

pub async fn run(settings: &Settings, args: &Args) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let daily = Daily::plan(settings, args).await?;
    daily.announce();
    let mut failed: Vec<&str> = Vec::new();
    for name in ["bars", "actions", "reference", "statements"] {
        println!("\n{name}");
        let result = match name {
            "bars" => daily.bars().await,
            "actions" => daily.actions().await,
            "reference" => daily.reference().await,
            _ => daily.statements().await,
        };
        match result {
            Ok(Step::Done) => {}
            Ok(Step::Skipped(why)) => println!("left out: {why}"),
            Ok(Step::Partly) => failed.push(name),
            Err(error) => {
                println!("failed: {error}");
                let without_database = error.chain().any(<dyn std::error::Error>::is::<StoreError>);
                failure::report(&error, crate::hint_of);
                failed.push(name);
                // The other steps would say the same.
                if without_database {
                    break;
                }
            }
        }
    }
    let calls = daily.api.as_ref().map_or(0, |api| api.requests());
    println!("\ntime {}, {} calls of the API", say::time(started.elapsed()), say::count(calls));
    if failed.is_empty() {
        println!("up to {}; next: features refresh, scan incremental", daily.through);
        return Ok(ExitCode::SUCCESS);
    }
    println!("failed: {}; the same command goes on from there", failed.join(", "));
    Ok(ExitCode::FAILURE)
}

impl<'a> Daily<'a> {
    async fn plan(settings: &'a Settings, args: &'a Args) -> anyhow::Result<Self> {
        // First of all, so that the days that the exchange announced are known.
        let mut client = super::open(settings)?.client().await?;
        store::prepare(&mut client).await?;
        let through = through(args)?;
        let by_files = match args.source {
            Some(BarSource::Rest) => false,
            Some(_) => true,
            None => source::has_s3(settings),
        };
        let api = match args.source {
            Some(BarSource::FlatFiles(_)) => None,
            _ if source::has_vendor(settings) => Some(Arc::new(source::vendor(settings, args.pace)?)),
            _ => None,
        };
        let recheck = args.recheck.unwrap_or(if by_files { RECHECK_FILES } else { RECHECK_CALLS });
        let selection = Selection::new(&args.tickers);
        let last = ledger::last(&**client, Timeframe::Day, &selection.text).await?;
        let last = last.filter(|last| *last <= through).ok_or_else(|| {
            Failure::new(match last {
                None => "no session is loaded yet, so nobody knows where to begin".to_owned(),
                Some(last) => {
                    format!("--through {through} is before {last}, up to which everything is loaded")
                }
            })
            .hint("load the first sessions with ingest backfill --from DATE, or name a later --through")
        })?;
        // Looked at again are sessions that are loaded; those between and after them are new.
        let mut recheck: BTreeSet<NaiveDate> =
            nyse().sessions(NaiveDate::MIN, last + Days::new(1)).rev().take(recheck.into()).collect();
        if let Some(from) = recheck.first() {
            let known = ledger::entries(&**client, Timeframe::Day, *from, last + Days::new(1)).await?;
            recheck.retain(|date| known.get(date).is_some_and(|entry| selection.is_in(entry)));
        }
        let first = recheck.first().copied().unwrap_or(last + Days::new(1));
        Ok(Self { settings, args, api, through, first, recheck })
    }

    fn announce(&self) {
        let new = nyse().sessions(self.first, self.through + Days::new(1)).len() - self.recheck.len();
        println!(
            "through {}: {new} new session{}, {} looked at again",
            self.through,
            if new == 1 { "" } else { "s" },
            self.recheck.len()
        );
    }

    async fn bars(&self) -> anyhow::Result<Step> {
        if self.first > self.through {
            return Ok(Step::Skipped("no session is new, and none is to be looked at again".into()));
        }
        let request = backfill::Request {
            timeframe: Timeframe::Day,
            source: self.args.source.clone(),
            from: self.first,
            until: self.through + Days::new(1),
            tickers: self.args.tickers.clone(),
            reload: false,
            recheck: self.recheck.clone(),
            pace: self.args.pace,
            api: self.api.clone(),
            block_bars: backfill::BLOCK_BARS,
        };
        let report = backfill::load_sessions(self.settings, &request).await?;
        report.print();
        let whole = report.unusable.is_empty();
        let _ = report.exit();
        // A source that does not have the session yet is no fault of its own, but the day's work is not done.
        let client = super::open(self.settings)?.client().await?;
        let selection = Selection::new(&self.args.tickers);
        let last = ledger::last(&**client, Timeframe::Day, &selection.text).await?;
        if last < Some(self.through) {
            println!("the session {} is not loaded: its source does not have it yet", self.through);
            return Ok(Step::Partly);
        }
        Ok(if whole { Step::Done } else { Step::Partly })
    }

    async fn actions(&self) -> anyhow::Result<Step> {
        let source = match (self.folder(), &self.api) {
            (Some(folder), _) if Listing::any_in(folder, &["splits", "dividends"])? => {
                actions::Source::Files(folder)
            }
            (Some(folder), _) => {
                return Ok(Step::Skipped(format!(
                    "neither splits nor dividends are in {}",
                    folder.display()
                )));
            }
            (None, Some(api)) => actions::Source::Rest(api, Some(self.first - ACTIONS_BACK)),
            (None, None) => return Ok(Step::Skipped(NO_KEY.into())),
        };
        let mut client = super::connect(&super::open(self.settings)?).await?;
        actions::load(&mut client, source).await?.print();
        Ok(Step::Done)
    }

    async fn reference(&self) -> anyhow::Result<Step> {
        if self.args.slow == Slow::Never {
            return Ok(Step::Skipped("--slow never".into()));
        }
        let mut client = super::connect(&super::open(self.settings)?).await?;
        let gathered = match (self.folder(), &self.api) {
            (Some(folder), _) if Listing::any_in(folder, &["tickers"])? => reference::from_files(folder)?,
            (Some(folder), _) => {
                return Ok(Step::Skipped(format!("no list of tickers is in {}", folder.display())));
            }
            (None, None) => return Ok(Step::Skipped(NO_KEY.into())),
            (None, Some(api)) => {
                let loaded = store::reference::last_load(&**client).await?.map(|at| at.date_naive());
                if let Some(loaded) = loaded.filter(|loaded| self.is_recent(*loaded)) {
                    return Ok(Step::Skipped(format!("loaded on {loaded}; --slow always loads it now")));
                }
                reference::from_rest(api).await?
            }
        };
        reference::load_list(&mut client, gathered, self.api.as_deref()).await?.print();
        Ok(Step::Done)
    }

    /// Whether what was loaded on `day` need not be loaded again yet.
    fn is_recent(&self, day: NaiveDate) -> bool {
        self.args.slow == Slow::Weekly && day + WEEK > statements::today()
    }

    async fn statements(&self) -> anyhow::Result<Step> {
        if self.args.slow == Slow::Never {
            return Ok(Step::Skipped("--slow never".into()));
        }
        let mut client = super::connect(&super::open(self.settings)?).await?;
        let source = match (self.folder(), &self.api) {
            (Some(folder), _) if Listing::any_in(folder, &Kind::ALL.map(Kind::name))? => {
                statements::Source::Files(folder)
            }
            (Some(folder), _) => {
                return Ok(Step::Skipped(format!("no statements are in {}", folder.display())));
            }
            (None, Some(vendor)) => {
                statements::Source::Rest { vendor, since: None, tickers: &self.args.tickers }
            }
            (None, None) => return Ok(Step::Skipped(NO_KEY.into())),
        };
        if self.folder().is_none()
            && let Some(loaded) = filed_through(&client).await?.filter(|loaded| self.is_recent(*loaded))
        {
            return Ok(Step::Skipped(format!("loaded up to {loaded}; --slow always loads them now")));
        }
        statements::load(&mut client, source, statements::today()).await?.print();
        Ok(Step::Done)
    }

    fn folder(&self) -> Option<&std::path::Path> {
        match &self.args.source {
            Some(BarSource::FlatFiles(folder)) => Some(folder),
            _ => None,
        }
    }
}

const NO_KEY: &str = "no key of the API is configured; set POLYGON_API_KEY";

/// The filing date up to which all three kinds of statement are loaded.
async fn filed_through(client: &deadpool_postgres::Object) -> anyhow::Result<Option<NaiveDate>> {
    let mut through = None;
    for kind in Kind::ALL {
        let Some(filed) = Progress::read(&***client, kind).await?.filed_through else { return Ok(None) };
        through = Some(through.map_or(filed, |through: NaiveDate| through.min(filed)));
    }
    Ok(through)
}

fn through(args: &Args) -> anyhow::Result<NaiveDate> {
    let finished = backfill::last_finished_session(Timeframe::Day);
    let through = args.through.unwrap_or(finished);
    if let Some(why) = nyse().closed_because(through) {
        return Err(Failure::new(format!("--through {through} is no session: {why}"))
            .hint("name a day on which the exchange was open")
            .into());
    }
    let local = matches!(args.source, Some(BarSource::FlatFiles(_)));
    if !nyse().covers(through) || (through > finished && !local) {
        return Err(Failure::new(format!("the session {through} is not over yet"))
            .hint(format!("bars are final after the close; the last finished session is {finished}"))
            .into());
    }
    Ok(through)
}
