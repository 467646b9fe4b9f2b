//! `ingest verify`: is what is loaded complete, and can it be right? Everything is read in one snapshot that writes nothing:
//! the bars once, sorted by instrument, one instrument in memory at a time; the rest is small.

mod actions;
pub mod catalogue;
mod days;
pub mod findings;
mod ground;
mod instrument;
mod lives;
mod moves;
mod sessions;
mod tally;
mod words;

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{Days, NaiveDate};
use tokio_postgres::Client;

use catalogue::{CHECKS, Check, Severity};
use days::Finder;
use findings::{Findings, Found};
use ground::Ground;
use instrument::Instrument;
use tally::Tally;

use crate::arithmetic::checks::Series;
use crate::store::checks::{self, Counts, Names};
use crate::store::{StoreError, instruments};

/// Sessions read before the range, so that its first bars have something to be compared with.
const BEFORE: i32 = 40;

/// Sessions read after the range, which tell whether a jump stays.
const AFTER: i32 = 10;

/// What to examine.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// First day; none for everything from the start.
    pub from: Option<NaiveDate>,
    /// Last day, included; none for everything to the end.
    pub to: Option<NaiveDate>,
    /// Tickers; empty for the whole market.
    pub tickers: Vec<String>,
    /// Checks; empty for all.
    pub checks: Vec<Check>,
}

/// Why nothing was examined.
#[derive(Debug, thiserror::Error)]
pub enum ChecksError {
    /// No instrument ever had the ticker.
    #[error("no bar of {ticker} is loaded")]
    UnknownTicker {
        /// The ticker.
        ticker: String,
        /// Known ones that look like it.
        similar: Vec<String>,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was examined and found.
#[derive(Debug, Default)]
pub struct Report {
    /// First and last session examined; none where nothing is loaded.
    pub range: Option<(NaiveDate, NaiveDate)>,
    /// Sessions of the exchange in it.
    pub sessions: usize,
    /// Instruments with a bar in it.
    pub instruments: usize,
    /// Bars in it.
    pub bars: u64,
    /// Stored splits of these instruments, of any day.
    pub splits: usize,
    /// Stored dividends of these instruments, of any day.
    pub dividends: usize,
    /// The change log and the revisions, of all instruments.
    pub counts: Counts,
    /// Checks that were made.
    pub made: Vec<Check>,
    /// Checks that were wanted and need the whole market, when only some tickers were asked for.
    pub left_out: Vec<Check>,
    /// What they found.
    pub found: BTreeMap<Check, Found>,
}

impl Report {
    /// How many findings there are of a severity.
    pub fn count(&self, severity: Severity) -> u64 {
        let of = self.found.iter().filter(|(check, _)| check.about().severity == severity);
        of.map(|(_, found)| found.count).sum()
    }

    /// The worst severity found.
    pub fn worst(&self) -> Option<Severity> {
        findings::worst(&self.found)
    }
}

/// Examines what is loaded. `progress` is told how many of how many instruments are done.
pub async fn run(
    client: &mut Client,
    options: &Options,
    progress: &dyn Fn(usize, usize),
) -> Result<Report, ChecksError> {
    let transaction = checks::snapshot(client).await?;
    let names = Names::read(&transaction).await?;
    let only = instruments_of(&transaction, &names, &options.tickers).await?;
    let wanted = CHECKS.iter().map(|about| about.check);
    let wanted = wanted.filter(|check| options.checks.is_empty() || options.checks.contains(check));
    let (left_out, made): (Vec<Check>, Vec<Check>) =
        wanted.partition(|check| only.is_some() && check.about().whole_market);
    let mut report =
        Report { counts: checks::counts(&transaction).await?, made, left_out, ..Report::default() };
    let days = (options.from, options.to);
    let Some(mut ground) = Ground::read(&transaction, days, only.as_deref(), names).await? else {
        return Ok(report);
    };
    let mut findings = Findings::of(&report.made);
    let mut tally = Tally::new(ground.sessions.len());
    let (from, until) = window(&ground);
    let total = only.as_ref().map_or(ground.lives.len(), Vec::len);
    let mut reader = Reader::new(&ground);
    checks::bars(&transaction, from, until, only.as_deref(), |id, day, values| {
        if reader.id != Some(id) {
            reader.close(&mut findings, &mut tally);
            reader.id = Some(id);
            progress(reader.read, total);
            reader.read += 1;
        }
        reader.bar(id, day, values, &mut tally);
    })
    .await?;
    reader.close(&mut findings, &mut tally);
    progress(total, total);
    (report.bars, report.instruments) = (reader.bars, reader.instruments);
    report.splits = ground.actions.splits.values().map(Vec::len).sum();
    report.dividends = ground.actions.dividends.values().map(Vec::len).sum();
    report.sessions = ground.range.len();
    if !ground.range.is_empty() {
        let [first, last] = [ground.range.start, ground.range.end - 1].map(|at| ground.sessions.date(at));
        report.range = Some((first, last));
    }
    check_market(&mut ground, tally, only.is_none(), &mut findings);
    report.found = findings.finish();
    Ok(report)
}

/// The instruments that ever had one of `tickers`; none for all.
async fn instruments_of(
    client: &impl tokio_postgres::GenericClient,
    names: &Names,
    tickers: &[String],
) -> Result<Option<Vec<i32>>, ChecksError> {
    if tickers.is_empty() {
        return Ok(None);
    }
    let mut only = Vec::new();
    for ticker in tickers {
        let found = names.instruments(ticker);
        if found.is_empty() {
            let known = instruments::Tickers::read(client).await?;
            let similar = known.similar(ticker).into_iter().map(str::to_owned).collect();
            return Err(ChecksError::UnknownTicker { ticker: ticker.clone(), similar });
        }
        only.extend(found);
    }
    only.sort_unstable();
    only.dedup();
    Ok(Some(only))
}

/// Runs the checks that need all bars. What half-loaded sessions lack is nobody's gap.
fn check_market(ground: &mut Ground, tally: Tally, whole_market: bool, findings: &mut Findings) {
    sessions::strays(ground, &tally, findings);
    if whole_market {
        sessions::ledger(ground, &tally, findings);
        let half = sessions::half_loaded(ground, &tally, findings);
        ground.expected.excuse(half);
    }
    sessions::repeats(ground, &tally, whole_market, findings);
    lives::gaps(ground, &tally, findings);
    let renamed = lives::renames(ground, &tally, findings);
    lives::ends(ground, &tally, &renamed, findings);
    if whole_market {
        lives::twins(ground, tally.twins, findings);
    }
}

/// The days to read, half-open: the range and what is needed around it. Days before the first session and after the last
/// one belong to it where nothing bounds the range.
fn window(ground: &Ground) -> (NaiveDate, NaiveDate) {
    let Range { start, end } = ground.range;
    let from = match ground.days.0 {
        Some(from) => from.min(ground.sessions.date(start - BEFORE)),
        None => ground.first_day,
    };
    let last = match ground.days.1 {
        Some(to) => to.max(ground.sessions.date(end - 1 + AFTER)),
        None => ground.last_day,
    };
    (from, last.checked_add_days(Days::new(1)).unwrap_or(last))
}

/// Gathers the bars of one instrument at a time.
struct Reader<'a> {
    ground: &'a Ground,
    finder: Finder<'a>,
    series: Series,
    id: Option<i32>,
    /// Instruments begun.
    read: usize,
    /// Bars in the range.
    bars: u64,
    /// Instruments with one.
    instruments: usize,
}

impl<'a> Reader<'a> {
    fn new(ground: &'a Ground) -> Self {
        let finder = Finder::new(&ground.sessions);
        Self { ground, finder, series: Series::default(), id: None, read: 0, bars: 0, instruments: 0 }
    }

    fn bar(&mut self, id: i32, day: NaiveDate, values: [f64; 5], tally: &mut Tally) {
        self.bars += u64::from(self.ground.in_range(day));
        match self.finder.position(day) {
            Some(position) => {
                if self.ground.range.contains(&position) {
                    tally.bar(position);
                }
                self.series.push(position, values);
            }
            None if self.ground.in_range(day) => tally.stray(day, id),
            None => {}
        }
    }

    /// Examines the instrument whose bars were gathered.
    fn close(&mut self, findings: &mut Findings, tally: &mut Tally) {
        let Some(id) = self.id else { return };
        let sessions = &self.series.sessions;
        let Range { start, end } = self.ground.range;
        let core = sessions.partition_point(|s| *s < start)..sessions.partition_point(|s| *s < end);
        self.instruments += usize::from(!core.is_empty());
        match self.ground.life(id) {
            Some(life) if !sessions.is_empty() => {
                let one = Instrument { ground: self.ground, series: &self.series, core, id, life };
                instrument::check(&one, findings, tally);
            }
            Some(_) => {}
            None => instrument::unknown(self.ground, id, &sessions[core], findings),
        }
        self.series.clear();
    }
}
