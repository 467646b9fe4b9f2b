//! Days on their way into the database: read ahead on other threads, resolved to instruments, gathered into blocks.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use deadpool_postgres::Object;
use tidemark::domain::bar::DayBar;
use tidemark::jobs::load::{self, Day, Outcome};
use tidemark::store::StoreError;
use tidemark::store::instruments::Tickers;
use tidemark::store::ledger::{Entry, Load};

/// About how many bars go into one transaction: enough for long runs of one instrument, few enough for the memory.
const BLOCK_BARS: usize = 1_000_000;

/// A session as a source gives it, by ticker.
pub struct SourceDay {
    /// The session.
    pub session_date: NaiveDate,
    /// `flatfiles` or `rest`.
    pub source: &'static str,
    /// File or path, for the ledger.
    pub origin: String,
    /// SHA-256 of what was read.
    pub digest: [u8; 32],
    /// Rows that the source has and that are not loaded.
    pub set_aside: usize,
    /// Bars, a ticker once.
    pub bars: TickerBars,
}

/// Bars with their tickers, whose texts lie one after the other: a day has thousands.
#[derive(Default)]
pub struct TickerBars {
    text: String,
    ends: Vec<usize>,
    bars: Vec<DayBar>,
}

impl TickerBars {
    /// Appends a bar.
    pub fn push(&mut self, ticker: &str, bar: DayBar) {
        self.text.push_str(ticker);
        self.ends.push(self.text.len());
        self.bars.push(bar);
    }

    /// Number of bars.
    pub fn len(&self) -> usize {
        self.bars.len()
    }

    /// Tickers and bars in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &DayBar)> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end]).zip(&self.bars)
    }
}

/// Which tickers are wanted.
pub struct Selection {
    tickers: Option<HashSet<String>>,
    /// As the ledger writes it: empty for all.
    pub text: String,
}

impl Selection {
    /// All tickers, or those in `tickers`.
    pub fn new(tickers: &[String]) -> Self {
        if tickers.is_empty() {
            return Self { tickers: None, text: String::new() };
        }
        let mut sorted = tickers.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        Self { text: sorted.join(","), tickers: Some(sorted.into_iter().collect()) }
    }

    /// Whether `ticker` is wanted.
    pub fn wants(&self, ticker: &str) -> bool {
        self.tickers.as_ref().is_none_or(|tickers| tickers.contains(ticker))
    }

    /// The wanted tickers; none for all.
    pub fn tickers(&self) -> Option<impl Iterator<Item = &str>> {
        self.tickers.as_ref().map(|tickers| tickers.iter().map(String::as_str))
    }
}

/// Gathers days into blocks and loads them.
pub struct Loader<'a> {
    client: &'a mut Object,
    tickers: Tickers,
    selection: &'a Selection,
    known: &'a HashMap<NaiveDate, Entry>,
    waiting: Vec<SourceDay>,
    bars_waiting: usize,
    /// What the database did so far.
    pub outcome: Outcome,
    /// Bars handed to the database so far.
    pub bars: u64,
    /// Sessions committed so far.
    pub sessions: usize,
}

impl<'a> Loader<'a> {
    /// A loader for `selection`; `known` is what the ledger says of the sessions.
    pub async fn new(
        client: &'a mut Object,
        selection: &'a Selection,
        known: &'a HashMap<NaiveDate, Entry>,
    ) -> Result<Self, StoreError> {
        let tickers = Tickers::read(&***client).await?;
        Ok(Self {
            client,
            tickers,
            selection,
            known,
            waiting: Vec::new(),
            bars_waiting: 0,
            outcome: Outcome::default(),
            bars: 0,
            sessions: 0,
        })
    }

    /// Takes a day; loads a block when enough has gathered.
    pub async fn take(&mut self, day: SourceDay) -> Result<(), StoreError> {
        self.bars_waiting += day.bars.len();
        self.waiting.push(day);
        if self.bars_waiting >= BLOCK_BARS { self.flush().await } else { Ok(()) }
    }

    /// Loads what has gathered.
    pub async fn flush(&mut self) -> Result<(), StoreError> {
        let waiting = std::mem::take(&mut self.waiting);
        self.bars_waiting = 0;
        if waiting.is_empty() {
            return Ok(());
        }
        self.create_unknown(&waiting).await?;
        let days: Vec<Day> = waiting.into_iter().map(|day| self.resolve(day)).collect();
        let only: Option<Vec<i32>> = self.selection.tickers().map(|tickers| {
            let mut ids: Vec<i32> = tickers.filter_map(|ticker| self.tickers.latest(ticker)).collect();
            ids.extend(days.iter().flat_map(|day| day.bars.iter().map(|(id, _)| *id)));
            ids.sort_unstable();
            ids.dedup();
            ids
        });
        let outcome = load::load(self.client, &days, self.known, only.as_deref()).await?;
        self.outcome.add(outcome);
        self.bars += days.iter().map(|day| day.bars.len() as u64).sum::<u64>();
        self.sessions += days.len();
        Ok(())
    }

    /// For a ticker that no instrument ever had, those that look like it.
    pub fn unknown(&self, ticker: &str) -> Option<Vec<&str>> {
        self.tickers.latest(ticker).is_none().then(|| self.tickers.similar(ticker))
    }

    async fn create_unknown(&mut self, days: &[SourceDay]) -> Result<(), StoreError> {
        let mut unknown: Vec<&str> = days
            .iter()
            .flat_map(|day| day.bars.iter().map(move |(ticker, _)| (ticker, day.session_date)))
            .filter(|(ticker, date)| self.tickers.find(ticker, *date).is_none())
            .map(|(ticker, _)| ticker)
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() { Ok(()) } else { self.tickers.create(self.client, &unknown).await }
    }

    fn resolve(&self, day: SourceDay) -> Day {
        let date = day.session_date;
        let bars: Vec<(i32, DayBar)> = day
            .bars
            .iter()
            .filter_map(|(ticker, bar)| Some((self.tickers.find(ticker, date)?, *bar)))
            .collect();
        Day {
            load: Load {
                session_date: date,
                source: day.source,
                origin: day.origin,
                selection: self.selection.text.clone(),
                digest: day.digest,
                bars: bars.len(),
                set_aside: day.set_aside,
            },
            bars,
        }
    }
}
