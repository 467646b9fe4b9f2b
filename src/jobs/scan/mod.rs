//! `scan`: the whole market ranked. A full scan reads every instrument's last bars; an incremental one reads those of the
//! instruments that changed since the last stored scan, and takes the others' signals as that scan kept them. Whatever
//! depends on more than one instrument is computed again every time, over the whole population.

pub mod answer;
pub mod asked;
pub mod columns;
pub mod diff;
pub mod earlier;
pub mod explain;
mod follow;
mod fresh;
pub mod living;
mod packed;
pub mod panel;
pub mod profile;
pub mod ranked;
pub mod runs;
pub mod tape;
mod verify;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_postgres::{Client, Transaction};

use crate::arithmetic::catalogue::FACTORS;
use crate::arithmetic::signals::{HISTORY, SIGNALS};
use crate::domain::calendar::{END_DAY, nyse};
use crate::jobs::refresh;
use crate::store::change_log::{self, FromNothing, Job, Standing, Tide, Work};
use crate::store::scan_cache::{self, Head};
use crate::store::signals as kept;
use crate::store::{StoreError, bars, date_of, features, scan_runs};

use answer::Answer;
use asked::Asked;
use earlier::Earlier;
use follow::Bars;
use packed::Unpacking;
use panel::{NewFeatures, Panel};
use profile::Profile;

pub use crate::store::scan_runs::KEPT as RUNS_KEPT;
pub use verify::{Comparison, Verdict, compare, verify};

/// Most rows that are stored of a run, however many are listed.
pub const STORED_ROWS: usize = 1_000;

/// How a scan is to find its signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// From nothing.
    Full,
    /// From what the last stored scan kept and what changed since.
    Incremental,
}

impl Mode {
    /// The mode as it is printed and stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Incremental => "incremental",
        }
    }
}

/// Where the signals of a scan came from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Why an incremental scan had to start from nothing.
    pub from_nothing: Option<FromNothing>,
    /// Instruments that changed since the last scan; all of a full one.
    pub changed: usize,
    /// Instruments whose signals were computed.
    pub computed: usize,
    /// Instruments whose signals are as the last scan kept them.
    pub from_cache: usize,
}

impl Sources {
    /// Puts the counts beside those of an answer.
    pub fn add_to(&self, counts: &mut Value) {
        if let Value::Object(counts) = counts {
            counts.insert("changed".into(), self.changed.into());
            counts.insert("computed".into(), self.computed.into());
            counts.insert("from_cache".into(), self.from_cache.into());
        }
    }
}

/// Time by stage.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timings {
    /// Reading the change log, bars and kept signals, and computing signals.
    pub signals: Duration,
    /// Cross-section, scores, ranks and the answer, while the panel and its signals are kept.
    pub ranking: Duration,
    /// Keeping the run.
    pub storing: Duration,
}

/// A finished scan.
#[derive(Debug)]
pub struct Scan {
    /// Number of the stored run; none for a look at the past, which is not stored.
    pub run_id: Option<i64>,
    /// How it was computed.
    pub mode: Mode,
    /// Where the signals came from.
    pub sources: Sources,
    /// What the profile gets.
    pub answer: Answer,
    /// Time by stage.
    pub timings: Timings,
}

/// Changed instruments whose bars and features are looked up one by one beside the reading of the cache.
const FEW: usize = 1_000;

/// What the last features refresh left beside its rows.
#[derive(Debug)]
pub struct Refreshed {
    /// The benchmark instrument; none where its ticker is unknown.
    benchmark: Option<i32>,
    /// Instruments whose bars or actions changed since, ascending: their factors are older than their bars.
    behind: Vec<i32>,
}

/// The connections of a scan.
pub struct Connections<'a> {
    /// The one that stores.
    pub client: &'a mut Client,
    /// Another one, which reads in the same snapshot beside it.
    pub beside: Option<&'a mut Client>,
}

impl<'a> From<&'a mut Client> for Connections<'a> {
    fn from(client: &'a mut Client) -> Self {
        Self { client, beside: None }
    }
}

/// The panel of a snapshot, how it was found, and the line that will be stored.
struct Found {
    panel: Panel,
    sources: Sources,
    /// Instruments whose kept rows are to be replaced, ascending; none: all.
    touched: Option<Vec<i32>>,
    standing: Standing,
    tide: Tide,
}

/// Digest of everything that decides what is kept besides the data.
fn definitions() -> String {
    let mut hash = Sha256::new();
    hash.update(format!("last {HISTORY} bars\n"));
    for signal in &SIGNALS {
        hash.update(format!("{} {} {}\n", signal.name, signal.bars, signal.definition));
    }
    // The packed panel holds factors by their places and sessions by their numbers.
    for factor in &FACTORS {
        hash.update(format!("{}\n", factor.name));
    }
    hash.update(format!("{:?} sessions\n", nyse().at_or_before(END_DAY)));
    crate::store::hex(&hash.finalize())
}

/// Scans the latest session and stores the run, its signals and the tidemark together; of the runs, the latest `runs_kept` stay.
/// The caller holds the scan lock.
///
/// # Errors
/// [`ScanError::NoBars`], [`ScanError::NoFeatures`] or the store's.
pub async fn run(
    connections: impl Into<Connections<'_>>,
    mode: Mode,
    profile: &Arc<Profile>,
    benchmark: &str,
    runs_kept: u32,
) -> Result<Scan, ScanError> {
    let definitions = definitions();
    let Connections { client, beside } = connections.into();
    let transaction = change_log::snapshot(client).await?;
    let other = async {
        match beside {
            Some(other) => Ok(Some(change_log::beside(&transaction, other).await?)),
            None => Ok(None),
        }
    };
    let (beside, refreshed) = tokio::try_join!(other, check_features(&transaction, benchmark))?;
    let started = Instant::now();
    let found = match mode {
        Mode::Full => {
            let (tide, _) = change_log::line(&transaction, Job::Scan).await?.start(&definitions);
            from_nothing(&transaction, beside.as_ref(), tide, None, refreshed).await?
        }
        Mode::Incremental => from_cache(&transaction, beside.as_ref(), &definitions, refreshed).await?,
    };
    let Found { panel, sources, touched, standing, tide } = found;
    let mut timings = Timings { signals: started.elapsed(), ..Timings::default() };
    let started = Instant::now();
    let panel = Arc::new(panel);
    // What the next scan starts from does not depend on the ranking: the database takes it while the market is ranked.
    let kept = async {
        let kept = tokio::try_join!(
            keep(&transaction, &panel, &standing, touched.as_deref()),
            change_log::store(&transaction, Job::Scan, &tide, &definitions),
            scan_runs::listed_last(&transaction, &profile.name)
        );
        Ok(kept?)
    };
    let ranked = ranked_answer(&transaction, panel.clone(), profile);
    let ((answer, _), ((), (), listed_last)) = tokio::try_join!(ranked, kept)?;
    timings.ranking = started.elapsed();

    let started = Instant::now();
    let mut counts = answer.counts_json();
    sources.add_to(&mut counts);
    let stored = answer.len().min(STORED_ROWS);
    let run = scan_runs::Run {
        mode: mode.name(),
        profile: &profile.name,
        profile_digest: &profile.digest(),
        session_date: answer.session_date(),
        definitions: &definitions,
        snapshot: tide.snapshot(),
        counts,
        timings: json!({ "signals": timings.signals.as_secs_f64(), "ranking": timings.ranking.as_secs_f64() }),
        rows: (0..stored).map(|place| answer.row_json(place)).collect(),
        fates: answer.fates(),
        asked: Asked::of(profile).to_json(),
        order_keys: answer.order_keys(stored),
        unmet: answer.unmet(),
        read: answer.read(stored, &listed_last),
    };
    let run_id = scan_runs::store(&transaction, &run, runs_kept).await?;
    transaction.commit().await.map_err(|e| StoreError::from_driver("storing the scan", e))?;
    timings.storing = started.elapsed();
    Ok(Scan { run_id: Some(run_id), mode, sources, answer, timings })
}

/// Scans the market as of a past session, from nothing; nothing is stored.
///
/// # Errors
/// [`ScanError::NotASession`], [`ScanError::NoBarsOn`], and those of [`run`].
pub async fn run_as_of(
    client: &mut Client,
    as_of: NaiveDate,
    profile: &Arc<Profile>,
    benchmark: &str,
) -> Result<Scan, ScanError> {
    let transaction = change_log::snapshot(client).await?;
    let refreshed = check_features(&transaction, benchmark).await?;
    let started = Instant::now();
    let panel = panel_as_of(&transaction, as_of, refreshed).await?;
    let computed = panel.signals.len();
    let sources = Sources { changed: computed, computed, ..Sources::default() };
    let mut timings = Timings { signals: started.elapsed(), ..Timings::default() };
    let started = Instant::now();
    let (answer, _) = ranked_answer(&transaction, Arc::new(panel), profile).await?;
    timings.ranking = started.elapsed();
    Ok(Scan { run_id: None, mode: Mode::Full, sources, answer, timings })
}

/// The market as of a past session, which must have bars.
async fn panel_as_of(
    transaction: &Transaction<'_>,
    as_of: NaiveDate,
    refreshed: Refreshed,
) -> Result<Panel, ScanError> {
    if nyse().number(as_of).is_none() {
        let before = nyse().at_or_before(as_of).map(date_of);
        return Err(ScanError::NotASession { day: as_of, before });
    }
    let until = bars::latest_session(transaction, as_of).await?.ok_or(ScanError::NoBars(Some(as_of)))?;
    if until != as_of {
        return Err(ScanError::NoBarsOn { day: as_of, before: until });
    }
    Panel::read(transaction, fresh::of_market(transaction, None, until, until).await?, refreshed).await
}

/// Ranks the market and answers the profile; also what the profile read of earlier sessions.
async fn ranked_answer(
    transaction: &Transaction<'_>,
    panel: Arc<Panel>,
    profile: &Arc<Profile>,
) -> Result<(Answer, Earlier), ScanError> {
    let earlier = Earlier::read(transaction, &panel, None, &profile.reads().earlier).await?;
    let profile = profile.clone();
    let ranking = tokio::task::spawn_blocking(move || {
        let ranked = Arc::new(ranked::rank(panel, &profile.weights)?);
        Ok((answer::answer(ranked, &earlier, profile)?, earlier))
    });
    ranking.await.map_err(|_| StoreError::Stopped("ranking the market"))?
}

/// What the last features refresh left. Features are asked for before the long work begins.
async fn check_features(transaction: &Transaction<'_>, benchmark: &str) -> Result<Refreshed, ScanError> {
    let fresh = refresh::freshness(transaction, benchmark).await?;
    if fresh.is_current()
        && let Work::Since(changes) = fresh.work
    {
        let behind = changes.into_iter().map(|change| change.instrument_id).collect();
        return Ok(Refreshed { benchmark: fresh.benchmark, behind });
    }
    let Some((_, last)) = bars::range(transaction).await? else { return Err(ScanError::NoBars(None)) };
    match features::range(transaction).await? {
        Some(_) => Err(ScanError::OtherDefinitions),
        None => Err(ScanError::NoFeatures(last)),
    }
}

/// The panel from bars, features and instruments alone.
async fn from_nothing(
    transaction: &Transaction<'_>,
    beside: Option<&Transaction<'_>>,
    tide: Tide,
    why: Option<FromNothing>,
    refreshed: Refreshed,
) -> Result<Found, ScanError> {
    let (standing, _) = change_log::follow(transaction, None).await?;
    let rows = fresh::of_market(transaction, beside, fresh::anchor(transaction).await?, END_DAY).await?;
    let sources = Sources { from_nothing: why, changed: rows.len(), computed: rows.len(), from_cache: 0 };
    let panel = Panel::read(transaction, rows, refreshed).await?;
    Ok(Found { panel, sources, touched: None, standing, tide })
}

/// The panel from what the last scan kept and what changed since.
async fn from_cache(
    transaction: &Transaction<'_>,
    beside: Option<&Transaction<'_>>,
    definitions: &str,
    refreshed: Refreshed,
) -> Result<Found, ScanError> {
    let (line, head, (standing, _)) = tokio::try_join!(
        change_log::line(transaction, Job::Scan),
        scan_cache::head(transaction),
        change_log::follow(transaction, None)
    )?;
    let (tide, from) = line.start(definitions);
    let before = match from {
        Ok(before) => before,
        Err(why) => return from_nothing(transaction, beside, tide, Some(why), refreshed).await,
    };
    let why = Some(FromNothing::NoCache);
    let Some((head, session)) = head.and_then(|head| Some((head, nyse().number(head.session_date)?))) else {
        return from_nothing(transaction, beside, tide, why, refreshed).await;
    };
    let changes = change_log::since(transaction, &before).await?;
    let few: Vec<i32> = follow::moved(&changes).iter().map(|change| change.instrument_id).collect();
    let due = follow::due(&changes, session);
    let (kept, bars) = match beside.filter(|_| few.len().max(due.len()) <= FEW) {
        None => (unpack(transaction, session).await?, Bars::Database),
        Some(beside) => {
            let (features, kept, signals) = tokio::try_join!(
                NewFeatures::read(transaction, session, due),
                unpack(transaction, session),
                fresh::of_few(beside, &few)
            )?;
            (kept, Bars::Computed(signals, features))
        }
    };
    let Some(mut panel) = kept else {
        return from_nothing(transaction, beside, tide, why, refreshed).await;
    };
    let renamed = head.reference != standing.reference;
    let Some((followed, patch)) = follow::follow(transaction, &panel, bars, &changes, renamed).await? else {
        return from_nothing(transaction, beside, tide, why, refreshed).await;
    };
    panel.apply(patch, refreshed);
    if panel.signals.is_empty() {
        return Err(ScanError::NoBars(None));
    }
    let sources = Sources {
        from_nothing: None,
        changed: followed.moved,
        computed: followed.computed,
        from_cache: panel.signals.len().saturating_sub(followed.computed),
    };
    Ok(Found { panel, sources, touched: followed.touched, standing, tide })
}

/// The panel as the last scan kept it, of `session`; none where what is kept is not in the form of these definitions.
async fn unpack(transaction: &Transaction<'_>, session: i32) -> Result<Option<Panel>, ScanError> {
    let mut unpacking = Unpacking::default();
    let mut whole = true;
    scan_cache::read(transaction, |rows| whole &= unpacking.take(session, rows).is_some()).await?;
    Ok(whole.then(|| unpacking.panel(session)))
}

/// Keeps what the next scan starts from, and the signals for people, of the instruments `touched` or of all.
async fn keep(
    transaction: &Transaction<'_>,
    panel: &Panel,
    standing: &Standing,
    touched: Option<&[i32]>,
) -> Result<(), StoreError> {
    let is_touched = |id: i32| touched.is_none_or(|touched| touched.binary_search(&id).is_ok());
    let signals = panel.signals.iter().map(Arc::as_ref).filter(|row| is_touched(row.instrument_id));
    let head = Head { session_date: date_of(panel.session), reference: standing.reference };
    let places = (0..panel.instruments.len()).filter(|place| is_touched(panel.instruments[*place].id));
    let rows = places.map(|place| (panel.instruments[place].id, packed::pack(panel, place)));
    tokio::try_join!(
        kept::replace(transaction, touched, signals),
        scan_cache::replace(transaction, head, touched, rows)
    )
    .map(|_| ())
}

/// Why there is nothing to rank.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// There are no bars (up to the day asked for).
    #[error("there are no bars{}", .0.map_or(String::new(), |day| format!(" up to {day}")))]
    NoBars(Option<NaiveDate>),
    /// The exchange is closed on the day asked for.
    #[error("{day} is not a session of the exchange")]
    NotASession {
        /// The day.
        day: NaiveDate,
        /// The session before it.
        before: Option<NaiveDate>,
    },
    /// Nothing is loaded of the session asked for.
    #[error("there are no bars of {day}")]
    NoBarsOn {
        /// The session.
        day: NaiveDate,
        /// The latest session before it that has bars.
        before: NaiveDate,
    },
    /// There are bars of the session, but no features.
    #[error("there are no features for {0}, the latest session with bars")]
    NoFeatures(NaiveDate),
    /// The features are of another benchmark or another version of the program.
    #[error(
        "the stored features are of other definitions: another benchmark, another version, or a refresh that was broken off"
    )]
    OtherDefinitions,
    /// Days of the calendar changed, and with them the numbers of all sessions.
    #[error("the exchange's calendar changed")]
    Calendar,
    /// The arithmetic refuses its input, which stored bars and actions never give it.
    #[error("the signals of instrument {0} cannot be computed")]
    Signals(i32, #[source] crate::arithmetic::signals::SignalsError),
    /// The profile reads a column that the market does not have.
    #[error("the profile cannot be answered")]
    Select(#[from] profile::SelectError),
    /// Likewise for the scores.
    #[error("the scores cannot be computed")]
    Scores(#[from] crate::arithmetic::scores::ScoresError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ScanError {
    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoBars(_) => Some("load some first: ingest backfill --help".into()),
            Self::NotASession { before, .. } => {
                before.map(|before| format!("the session before it is {before}"))
            }
            Self::NoBarsOn { before, .. } => Some(format!(
                "the latest session before it that has bars is {before}; ingest status shows what is loaded"
            )),
            Self::NoFeatures(_) => Some("run: features refresh".into()),
            Self::Select(_) => None,
            Self::OtherDefinitions => Some("run features refresh with the same settings as the scan".into()),
            Self::Calendar => Some("start the program again: it reads the calendar when it starts".into()),
            Self::Signals(..) | Self::Scores(_) => {
                Some("look at the instrument's bars and splits in psql".into())
            }
            Self::Store(store) => Some(store.hint().into()),
        }
    }
}
