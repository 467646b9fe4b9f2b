//! `ingest sample`: a made-up market in the vendor's file layout, for trying everything without a key.
//! The same options give the same bytes on every platform.

mod random;

mod instrument;

mod minutes;

mod republish;

mod statements;

mod reference;

mod files;

#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use instrument::{Action, BENCHMARK, Instrument};
use random::Random;
use rayon::prelude::*;
use republish::Rows;
use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    path::{Path, PathBuf},
};
use tidemark::domain::calendar::nyse;

/// The fewest instruments and sessions that show every kind of event.
const LEAST: usize = 20;

/// Sessions that are computed before they are written: bounds the memory.
const BATCH: usize = 16;

/// What to make up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleOptions {
    /// Folder to write to: new, empty, or an earlier sample, which is replaced.
    pub out: PathBuf,
    /// Number of instruments, the benchmark `SPY` among them; at least 20.
    pub instruments: usize,
    /// Number of sessions of the New York Stock Exchange, without the additional one; at least 20.
    pub sessions: usize,
    /// The first day that is not in the history. The additional session is the first one from here on.
    pub until: NaiveDate,
    /// Another seed gives another market.
    pub seed: u64,
    /// Sessions at the end of the history that have minute bars too.
    pub minutes: usize,
}

/// What was made up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleSummary {
    /// First session of the history.
    pub first_session: NaiveDate,
    /// Last session of the history.
    pub last_session: NaiveDate,
    /// The additional session, in `next/`.
    pub next_session: NaiveDate,
    /// Sessions in the history.
    pub sessions: usize,
    /// Bars in the history, as first published.
    pub bars: usize,
    /// Sessions in `republished/`.
    pub republished: Vec<NaiveDate>,
    /// Splits in the history.
    pub splits: usize,
    /// Dividends in the history.
    pub dividends: usize,
    /// Quarters with an income statement, a balance sheet and a cash flow statement each.
    pub quarters: usize,
}

/// Why there is no sample.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// Fewer than make a market.
    #[error("{given} {what} are too few for a sample market; it takes {LEAST}")]
    TooFew {
        /// Instruments or sessions.
        what: &'static str,
        /// How many were asked for.
        given: usize,
    },
    /// The exchange calendar does not reach so far.
    #[error("the exchange calendar has no {sessions} sessions before {until} and one more from then on")]
    NoSessions {
        /// How many were asked for.
        sessions: usize,
        /// Up to which day.
        until: NaiveDate,
    },
    /// The folder holds something that is not a sample.
    #[error("{} is not empty and not a sample market", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder cannot be read or written.
    #[error("cannot write {}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl SampleError {
    /// What the person at the keyboard can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::TooFew { .. } => Some(format!("ask for {LEAST} or more")),
            Self::NoSessions { .. } => Some("ask for fewer sessions, or another last day".to_owned()),
            Self::Occupied { .. } => Some("name a new or an empty folder".to_owned()),
            Self::File { .. } => None,
        }
    }
}

/// Makes up a market and writes it: bars of every session, splits, dividends, statements, tickers and sectors in
/// `out`, late corrections in `out/republished` and one more session with its splits and dividends in `out/next`.
///
/// `progress` hears of the sessions written so far and of all of them.
///
/// # Errors
/// Any [`SampleError`]; a sample that was broken off is replaced by the next one.
pub fn write(options: &SampleOptions, progress: &dyn Fn(usize, usize)) -> Result<SampleSummary, SampleError> {
    let SampleOptions { out, instruments, sessions, until, seed, minutes } = options;
    let (count, seed) = (*sessions, *seed);
    for (what, given) in [("instruments", *instruments), ("sessions", count)] {
        if given < LEAST {
            return Err(SampleError::TooFew { what, given });
        }
    }
    let dates = dates(count, *until).ok_or(SampleError::NoSessions { sessions: count, until: *until })?;
    files::prepare(out, &readme(options, &dates))?;

    let tickers = reference::tickers(*instruments);
    let market = instrument::market_returns(seed, count + 1);
    let mut instruments: Vec<Instrument> =
        (0..*instruments).into_par_iter().map(|index| Instrument::new(seed, index, count)).collect();
    let republished = republish::sessions(count);
    let mut actions = Vec::new();
    let mut bars = 0;
    for start in (0..count).step_by(BATCH) {
        let batch = start..(start + BATCH).min(count);
        let days = step(&mut instruments, batch.clone(), &market, &mut actions);
        let written: Result<Vec<usize>, SampleError> = days
            .into_par_iter()
            .zip(batch.clone())
            .map(|(rows, session)| {
                let rows = if republished.contains(&session) {
                    let (first, second) = republish::prints(rows, Random::new(!seed, session as u64));
                    files::day(&out.join("republished"), dates[session], &second, &tickers)?;
                    first
                } else {
                    rows
                };
                files::day(out, dates[session], &rows, &tickers)?;
                if session + minutes >= count {
                    files::minutes(out, dates[session], &rows, &tickers, seed)?;
                }
                Ok(rows.len())
            })
            .collect();
        bars += written?.iter().sum::<usize>();
        progress(batch.end, count);
    }

    let next = out.join("next");
    let mut next_actions = Vec::new();
    for rows in step(&mut instruments, count..count + 1, &market, &mut next_actions) {
        files::day(&next, dates[count], &rows, &tickers)?;
    }
    write_actions(&next, next_actions, &tickers, &dates)?;
    let quarters = write_statements(options, &instruments, &actions, &tickers, &dates)?;
    let (splits, dividends) = write_actions(out, actions, &tickers, &dates)?;
    let listed = tickers.iter().zip(&instruments).enumerate();
    let listed = listed.map(|(index, (ticker, one))| reference::ticker(index, ticker, one, &dates));
    files::reply(&out.join("tickers.json.gz"), listed)?;
    let sectors = reference::sectors(&tickers);
    files::whole(&out.join("sectors.csv"), |file| file.write_all(sectors.as_bytes()))?;

    Ok(SampleSummary {
        first_session: dates[0],
        last_session: dates[count - 1],
        next_session: dates[count],
        sessions: count,
        bars,
        republished: republished.iter().map(|&session| dates[session]).collect(),
        splits,
        dividends,
        quarters,
    })
}

/// The last `count` sessions before `until`, and the one after them.
fn dates(count: usize, until: NaiveDate) -> Option<Vec<NaiveDate>> {
    let calendar = nyse();
    let next = calendar.at_or_after(until).filter(|_| calendar.covers(until))?;
    let first = next.checked_sub(i32::try_from(count).ok()?)?;
    (first..=next).map(|number| calendar.date(number)).collect()
}

/// Steps all instruments through the sessions of `batch`. Gives the rows of each session, in the instruments'
/// order, and adds the actions in the instruments' order.
fn step(
    instruments: &mut [Instrument],
    batch: Range<usize>,
    market: &[f64],
    actions: &mut Vec<Action>,
) -> Vec<Rows> {
    let parts: Vec<(Vec<Rows>, Vec<Action>)> = instruments
        .par_chunks_mut(256)
        .enumerate()
        .map(|(chunk, instruments)| {
            let mut days = vec![Rows::with_capacity(instruments.len()); batch.len()];
            let mut actions = Vec::new();
            for (place, instrument) in instruments.iter_mut().enumerate() {
                for (day, session) in days.iter_mut().zip(batch.clone()) {
                    let row = instrument.step(session, market[session], &mut actions);
                    day.extend(row.map(|row| (chunk * 256 + place, row)));
                }
            }
            (days, actions)
        })
        .collect();
    let mut days = vec![Rows::new(); batch.len()];
    for (part, part_actions) in parts {
        days.iter_mut().zip(part).for_each(|(day, rows)| day.extend(rows));
        actions.extend(part_actions);
    }
    days
}

/// Writes splits and dividends by date and ticker. Gives their numbers.
fn write_actions(
    folder: &Path,
    mut actions: Vec<Action>,
    tickers: &[String],
    dates: &[NaiveDate],
) -> Result<(usize, usize), SampleError> {
    actions.sort_by_key(|action| (action.session, action.instrument));
    let splits = actions.iter().filter_map(|action| reference::split(action, tickers, dates));
    let dividends = actions.iter().filter_map(|action| reference::dividend(action, tickers, dates));
    Ok((
        files::reply(&folder.join("splits.json.gz"), splits)?,
        files::reply(&folder.join("dividends.json.gz"), dividends)?,
    ))
}

/// Writes the three statements of every company, company by company. Gives the number of quarters.
fn write_statements(
    options: &SampleOptions,
    instruments: &[Instrument],
    actions: &[Action],
    tickers: &[String],
    dates: &[NaiveDate],
) -> Result<usize, SampleError> {
    let mut by_instrument: BTreeMap<usize, Vec<Action>> = BTreeMap::new();
    for action in actions {
        by_instrument.entry(action.instrument).or_default().push(*action);
    }
    let quarters = || {
        instruments.iter().enumerate().filter(|(index, _)| *index != BENCHMARK).flat_map(
            |(index, instrument)| {
                let actions = by_instrument.get(&index).map_or(&[][..], Vec::as_slice);
                let company = reference::company(index, instrument, actions, tickers, dates);
                let random = Random::new(options.seed.rotate_left(32), index as u64);
                let until =
                    dates.get(instrument.delisted).map_or(options.until, |date| (*date).min(options.until));
                statements::quarters(&company, random, dates[instrument.listed], until)
            },
        )
    };
    let path = |name: &str| options.out.join(name);
    let count = files::reply(&path("income-statements.json.gz"), quarters().map(|quarter| quarter.income))?;
    files::reply(&path("balance-sheets.json.gz"), quarters().map(|quarter| quarter.balance))?;
    files::reply(&path("cash-flow-statements.json.gz"), quarters().map(|quarter| quarter.cash_flow))?;
    Ok(count)
}

fn readme(options: &SampleOptions, dates: &[NaiveDate]) -> String {
    let SampleOptions { instruments, sessions, until, seed, .. } = options;
    let minutes = match options.minutes {
        0 => String::new(),
        count => format!(
            "                                and minute bars of regular hours of the last {count} sessions\n"
        ),
    };
    format!(
        "{marker}\n\
         It shows no real market, company or fund; SPY is made up like the rest.\n\
         \n\
         Written by `ingest sample` with {instruments} instruments, {sessions} sessions before {until}, seed {seed}.\n\
         The same options give the same files.\n\
         \n\
         us_stocks_sip/                  daily bars, {first} to {last}, in the layout of the vendor's flat files\n\
         {minutes}\
         splits.json.gz, dividends.json.gz, tickers.json.gz\n\
         income-statements.json.gz, balance-sheets.json.gz, cash-flow-statements.json.gz\n\
         \x20                               in the shape of the vendor's replies\n\
         sectors.csv                     ticker,sector\n\
         republished/us_stocks_sip/      some of the same days, published again with corrections\n\
         next/us_stocks_sip/             one more session, {next}, with its splits and dividends beside it\n\
         \n\
         In it: TDM0002 splits 2:1 and TDM0005 1:10 on the way, TDM0003 splits 2:1 on {next}. Numbers that leave 7\n\
         when divided by 20 are listed on the way, 11 by 25 delisted; 4 by 5 are halted at times, 13 by 20 print bars\n\
         without volume. Odd numbers pay a dividend each quarter. Dear shares split, cheap ones are put together.\n",
        marker = files::MARKER,
        first = dates[0],
        last = dates[*sessions - 1],
        next = dates[*sessions],
    )
}
