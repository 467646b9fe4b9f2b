//! `features evaluate`: how what was known on each session went together with the returns that came after. Features and bars
//! come from one snapshot, a block of sessions at a time; forward returns are computed from the bars, judged, and dropped.
//! Nothing is stored, and nothing holds a feature and a later return of the same name.

mod block;
mod error;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use tokio_postgres::{Client, Transaction};

use crate::arithmetic::NULL;
use crate::arithmetic::evaluation::LEAST_NAMES;
use crate::arithmetic::evaluation::session::SessionResult;
use crate::arithmetic::evaluation::signal::Signal;
use crate::arithmetic::evaluation::standing::Standing;
use crate::arithmetic::evaluation::summary::{self, HorizonSummary, SessionRow};
use crate::domain::calendar::{END_DAY, nyse};
use crate::jobs::refresh;
use crate::store::actions::Actions;
use crate::store::change_log::{self, Job};
use crate::store::instruments::{self, Instrument};
use crate::store::{bars, date_of, features};

use block::Bars;
pub use error::EvaluateError;

/// Fewest sessions whose bars are read at once; as many more as the longest horizon are read with them.
const BARS_BLOCK: usize = 126;

/// Sessions whose features are in memory at once.
const FEATURES_BLOCK: usize = 21;

/// What is to be evaluated.
#[derive(Debug, Clone)]
pub struct Options {
    /// At least one.
    pub signals: Vec<Signal>,
    /// First day; none: the first that has features.
    pub from: Option<NaiveDate>,
    /// Last day, included; none: the last that has features.
    pub to: Option<NaiveDate>,
    /// Horizons in sessions, ascending, each once, above 0.
    pub horizons: Vec<usize>,
    /// Number of quantiles, 2 … 255.
    pub quantiles: usize,
    /// Ticker of the benchmark, with which the features were computed.
    pub benchmark: String,
}

/// One factor or family over all sessions.
#[derive(Debug, Clone)]
pub struct FactorEvaluation {
    /// What was evaluated.
    pub signal: Signal,
    /// A row a session, ascending.
    pub rows: Vec<SessionRow>,
    /// A summary a horizon.
    pub horizons: Vec<HorizonSummary>,
}

impl FactorEvaluation {
    /// Most names with a value on any session.
    pub fn most_names(&self) -> u32 {
        self.rows.iter().map(|row| row.result.names).max().unwrap_or(0)
    }
}

/// A finished evaluation.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// First and last session that has features in the range.
    pub sessions: (NaiveDate, NaiveDate),
    /// Last session that has bars: forward returns end there.
    pub last_bars: NaiveDate,
    /// Horizons in sessions, ascending.
    pub horizons: Vec<usize>,
    /// Number of quantiles.
    pub quantiles: usize,
    /// A result for each of the signals asked for, in their order.
    pub factors: Vec<FactorEvaluation>,
    /// Ticker of each instrument that has bars.
    pub tickers: HashMap<i32, String>,
    /// Instruments whose bars or actions changed after the last features refresh.
    pub features_behind: usize,
    /// Feature rows read.
    pub feature_rows: u64,
    /// Bars read; where blocks overlap, twice.
    pub bars: u64,
    /// Time spent reading.
    pub reading: Duration,
    /// Time spent computing.
    pub computing: Duration,
}

/// What does not change within a run.
struct Market {
    instruments: Vec<Instrument>,
    /// Sector of each instrument as a number, in the order of `instruments`.
    sectors: Vec<Option<i32>>,
    /// Place of each instrument's ticker in the alphabet, in the order of `instruments`.
    order: Vec<u32>,
    actions: Actions,
    /// Last session with a bar of each instrument.
    last_bars: HashMap<i32, i32>,
    /// Last session with a bar of any.
    last_session: i32,
}

impl Market {
    async fn read(transaction: &Transaction<'_>) -> Result<Self, EvaluateError> {
        let (_, last) = bars::range(transaction).await?.ok_or(EvaluateError::NoBars)?;
        let instruments = instruments::all(transaction).await?;
        let mut names: Vec<&str> = instruments.iter().filter_map(|i| i.sector.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        let number = |sector: &str| names.binary_search(&sector).ok().map(|at| at as i32);
        let sectors = instruments.iter().map(|i| i.sector.as_deref().and_then(number)).collect();
        let mut by_ticker: Vec<usize> = (0..instruments.len()).collect();
        by_ticker.sort_by_key(|&at| (instruments[at].ticker.as_bytes(), instruments[at].id));
        let mut order = vec![0; instruments.len()];
        for (place, at) in by_ticker.into_iter().enumerate() {
            order[at] = place as u32;
        }
        Ok(Self {
            sectors,
            order,
            actions: Actions::read(transaction, None).await?,
            last_bars: bars::last_sessions(transaction).await?,
            last_session: nyse().at_or_before(last).unwrap_or_default(),
            instruments,
        })
    }

    fn position(&self, id: i32) -> Option<usize> {
        self.instruments.binary_search_by_key(&id, |i| i.id).ok()
    }
}

/// Evaluates. `progress` is told how many of how many sessions are done.
///
/// # Errors
/// [`EvaluateError`] where there is nothing to evaluate, or the store's.
pub async fn run(
    client: &mut Client,
    options: &Options,
    progress: &dyn Fn(usize, usize),
) -> Result<Evaluation, EvaluateError> {
    let started = Instant::now();
    let transaction = change_log::snapshot(client).await?;
    let (first, last) = range(&transaction, options).await?;
    let market = Market::read(&transaction).await?;
    if options.signals.iter().any(Signal::is_neutral) && market.sectors.iter().all(Option::is_none) {
        return Err(EvaluateError::NoSectors);
    }
    let behind = change_log::changes(&transaction, Job::Features).await?.len();
    let mut evaluation = Evaluation {
        sessions: (first, last),
        last_bars: date_of(market.last_session),
        horizons: options.horizons.clone(),
        quantiles: options.quantiles,
        factors: Vec::new(),
        tickers: HashMap::new(),
        features_behind: behind,
        feature_rows: 0,
        bars: 0,
        reading: started.elapsed(),
        computing: Duration::ZERO,
    };
    let sessions: Vec<i32> = nyse().numbers(first, last + Days::new(1)).collect();
    let longest = options.horizons.last().copied().unwrap_or_default();
    let mut tracks: Vec<Track> = options.signals.iter().map(|_| Track::default()).collect();
    let mut done = 0;
    for bars_block in sessions.chunks(BARS_BLOCK.max(longest)) {
        let started = Instant::now();
        let end = bars_block[bars_block.len() - 1];
        let until = end.saturating_add(longest as i32).min(market.last_session);
        let table = bars::read_closes(&transaction, date_of(bars_block[0]), after(until), None).await?;
        evaluation.bars += table.sessions.len() as u64;
        evaluation.reading += started.elapsed();
        let started = Instant::now();
        let bars = Bars::new(&table, &market);
        evaluation.computing += started.elapsed();
        for days in bars_block.chunks(FEATURES_BLOCK) {
            progress(done, sessions.len());
            done += days.len();
            let started = Instant::now();
            let rows = block::read(&transaction, days).await?;
            evaluation.feature_rows += rows.values().map(|rows| rows.len() as u64).sum::<u64>();
            evaluation.reading += started.elapsed();
            let started = Instant::now();
            for (session, results) in block::judge(rows, &bars, &market, options) {
                for (track, (result, standing)) in tracks.iter_mut().zip(results) {
                    track.push(session, result, standing, options);
                }
            }
            evaluation.computing += started.elapsed();
        }
    }
    progress(done, sessions.len());
    let started = Instant::now();
    evaluation.factors = summarise(tracks, options);
    evaluation.computing += started.elapsed();
    evaluation.tickers = market.instruments.into_iter().map(|i| (i.id, i.ticker)).collect();
    check(&evaluation)?;
    Ok(evaluation)
}

fn after(session: i32) -> NaiveDate {
    date_of(session) + Days::new(1)
}

/// The part of the range asked for that has features.
async fn range(
    transaction: &Transaction<'_>,
    options: &Options,
) -> Result<(NaiveDate, NaiveDate), EvaluateError> {
    let Some((first, last)) = features::range(transaction).await? else {
        return Err(match bars::range(transaction).await? {
            Some(_) => EvaluateError::NoFeatures,
            None => EvaluateError::NoBars,
        });
    };
    if !refresh::are_current(transaction, &options.benchmark).await? {
        return Err(EvaluateError::OtherDefinitions);
    }
    let (from, to) = (options.from.unwrap_or(first), options.to.unwrap_or(last).min(END_DAY));
    let (from, to) = (from.max(first), to.min(last));
    if nyse().numbers(from, to + Days::new(1)).is_empty() {
        return Err(EvaluateError::OutOfRange { first, last });
    }
    Ok((from, to))
}

/// The rows of one signal so far, and where its names stood on as many sessions as the longest horizon looks back.
#[derive(Default)]
struct Track {
    rows: Vec<SessionRow>,
    standings: VecDeque<(i32, Standing)>,
}

impl Track {
    fn push(&mut self, session: i32, result: SessionResult, standing: Standing, options: &Options) {
        let (mut turnover, mut autocorrelation) = (Vec::new(), Vec::new());
        for &horizon in &options.horizons {
            let then = session - horizon as i32;
            let before = self.standings.binary_search_by_key(&then, |(session, _)| *session);
            let before = before.ok().map(|at| &self.standings[at].1);
            let since = |quantile| before.map_or(NULL, |before| standing.turnover(before, quantile));
            turnover.push([since(1), since(options.quantiles as u8)]);
            autocorrelation.push(before.map_or(NULL, |before| standing.autocorrelation(before)));
        }
        self.rows.push(SessionRow { session, result, turnover, autocorrelation });
        self.standings.push_back((session, standing));
        let longest = options.horizons.last().copied().unwrap_or_default() as i32;
        while self.standings.front().is_some_and(|(before, _)| *before <= session - longest) {
            self.standings.pop_front();
        }
    }
}

fn summarise(tracks: Vec<Track>, options: &Options) -> Vec<FactorEvaluation> {
    let of_track = |(signal, track): (&Signal, Track)| FactorEvaluation {
        signal: *signal,
        horizons: options
            .horizons
            .iter()
            .enumerate()
            .map(|(at, horizon)| summary::of_horizon(&track.rows, at, *horizon, options.quantiles))
            .collect(),
        rows: track.rows,
    };
    options.signals.iter().zip(tracks).map(of_track).collect()
}

/// Refuses an evaluation that says nothing.
fn check(evaluation: &Evaluation) -> Result<(), EvaluateError> {
    let most = |factor: &FactorEvaluation| factor.most_names();
    let (from, to) = evaluation.sessions;
    let Some(best) = evaluation.factors.iter().max_by_key(|factor| most(factor)) else { return Ok(()) };
    let names = most(best) as usize;
    if names < LEAST_NAMES {
        return Err(EvaluateError::TooFewNames { factor: best.signal.name(), from, to, most: names });
    }
    if names < evaluation.quantiles {
        return Err(EvaluateError::TooManyQuantiles { quantiles: evaluation.quantiles, most: names });
    }
    if best.horizons.iter().all(|horizon| horizon.unfinished == best.rows.len()) {
        let shortest = evaluation.horizons.first().copied().unwrap_or_default();
        return Err(EvaluateError::NoReturns { horizon: shortest, last: evaluation.last_bars });
    }
    Ok(())
}
