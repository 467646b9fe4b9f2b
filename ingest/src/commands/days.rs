//! Sessions of bars on their way into the database: read ahead on other threads, resolved to instruments, gathered into blocks.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use chrono::NaiveDate;
use deadpool_postgres::Object;
use tidemark::domain::bar::DayBar;
use tidemark::jobs::load::{self, Block, Day, Minutes, Outcome, Session, Stages};
use tidemark::store::instruments::Tickers;
use tidemark::store::ledger::{Entry, Load, Timeframe};
use tidemark::store::{Store, StoreError, bar_table, lock};
use tokio::task::JoinHandle;

use crate::flatfiles::TickerMinutes;

/// A session's bars as a source gives them, by ticker.
pub trait SourceBars: Send + 'static {
    /// What the ledger calls them.
    const TIMEFRAME: Timeframe;
    /// Blocks of them that are on their way into the database at once.
    const CONNECTIONS: usize;
    /// The same with the instruments resolved.
    type Session: Session + 'static;

    /// Number of bars.
    fn len(&self) -> usize;

    /// The tickers, each once.
    fn tickers(&self) -> impl Iterator<Item = &str>;

    /// Resolves the tickers by `find`; `load` lacks the number of bars still.
    fn resolve(self, load: Load, find: impl Fn(&str) -> Option<i32>) -> Self::Session;
}

/// A session as a source gives it, by ticker.
pub struct SourceDay<B = TickerBars> {
    /// The session.
    pub session_date: NaiveDate,
    /// `flatfiles`, `s3` or `rest`.
    pub source: &'static str,
    /// File or path, for the ledger.
    pub origin: String,
    /// Vendor's ETag of a flat file.
    pub etag: Option<String>,
    /// SHA-256 of what was read.
    pub digest: [u8; 32],
    /// Rows that the source has and that are not loaded.
    pub set_aside: usize,
    /// Bars, a ticker once.
    pub bars: B,
}

/// Bars with their tickers, whose texts lie one after the other: a day has thousands.
pub struct TickerBars {
    text: String,
    ends: Vec<u32>,
    bars: Vec<DayBar>,
}

impl TickerBars {
    /// Room for `bars` bars, no more: hundreds of days are in memory.
    pub fn with_capacity(bars: usize) -> Self {
        Self {
            text: String::with_capacity(4 * bars),
            ends: Vec::with_capacity(bars),
            bars: Vec::with_capacity(bars),
        }
    }

    /// Appends a bar.
    pub fn push(&mut self, ticker: &str, bar: DayBar) {
        self.text.push_str(ticker);
        self.ends.push(self.text.len() as u32);
        self.bars.push(bar);
    }

    /// Tickers and bars in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &DayBar)> {
        let ends = self.ends.iter().map(|end| *end as usize);
        let starts = std::iter::once(0).chain(ends.clone());
        starts.zip(ends).map(|(start, end)| &self.text[start..end]).zip(&self.bars)
    }
}

impl SourceBars for TickerBars {
    const TIMEFRAME: Timeframe = Timeframe::Day;
    // While one commits, the other keeps the server busy.
    const CONNECTIONS: usize = 2;
    type Session = Day;

    fn len(&self) -> usize {
        self.bars.len()
    }

    fn tickers(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(ticker, _)| ticker)
    }

    fn resolve(self, load: Load, find: impl Fn(&str) -> Option<i32>) -> Day {
        let mut bars: Vec<(i32, DayBar)> = Vec::with_capacity(self.bars.len());
        bars.extend(self.iter().filter_map(|(ticker, bar)| Some((find(ticker)?, *bar))));
        Day { load: Load { bars: bars.len(), ..load }, bars }
    }
}

impl SourceBars for TickerMinutes {
    const TIMEFRAME: Timeframe = Timeframe::Minute;
    // A session of the whole market is a hundred megabytes, and a commit a small part of its time.
    const CONNECTIONS: usize = 1;
    type Session = Minutes;

    fn len(&self) -> usize {
        TickerMinutes::len(self)
    }

    fn tickers(&self) -> impl Iterator<Item = &str> {
        self.runs().map(|(ticker, _)| ticker)
    }

    fn resolve(self, load: Load, find: impl Fn(&str) -> Option<i32>) -> Minutes {
        let runs: Vec<(i32, Range<usize>)> =
            self.runs().filter_map(|(ticker, run)| Some((find(ticker)?, run))).collect();
        let bars = runs.iter().map(|(_, run)| run.len()).sum();
        Minutes { load: Load { bars, ..load }, runs, bars: self.into_bars() }
    }
}

/// Which tickers are wanted.
#[derive(Debug, Clone)]
pub struct Selection {
    tickers: Option<BTreeSet<String>>,
    /// As the ledger writes it: empty for all.
    pub text: String,
}

impl Selection {
    /// All tickers, or those in `tickers`.
    pub fn new(tickers: &[String]) -> Self {
        if tickers.is_empty() {
            return Self { tickers: None, text: String::new() };
        }
        let tickers: BTreeSet<String> = tickers.iter().cloned().collect();
        Self {
            text: tickers.iter().map(String::as_str).collect::<Vec<_>>().join(","),
            tickers: Some(tickers),
        }
    }

    /// Whether `ticker` is wanted.
    pub fn wants(&self, ticker: &str) -> bool {
        self.tickers.as_ref().is_none_or(|tickers| tickers.contains(ticker))
    }

    /// The wanted tickers, ascending; none for all.
    pub fn tickers(&self) -> Option<impl Iterator<Item = &str>> {
        self.tickers.as_ref().map(|tickers| tickers.iter().map(String::as_str))
    }

    /// Whether everything wanted is in the database, as the ledger's latest entry of a session has it.
    pub fn is_in(&self, entry: &Entry) -> bool {
        entry.selection.is_empty() || entry.selection == self.text
    }
}

/// A block on its way, and what comes back from there: the connection and the counts.
type Loading = JoinHandle<Result<(Object, Done), StoreError>>;

/// Sessions in which the wanted tickers are of the same instruments; none: all are wanted.
type Group<B> = (Option<Vec<i32>>, Vec<<B as SourceBars>::Session>);

/// Gathers days into blocks and loads them: while blocks are on their way into the database, the next one gathers.
pub struct Loader<B: SourceBars = TickerBars> {
    /// Creates instruments and opens chunks, while bars are copied on other connections.
    client: Object,
    tickers: Tickers,
    selection: Selection,
    known: Arc<HashMap<NaiveDate, Entry>>,
    block_bars: usize,
    waiting: Vec<SourceDay<B>>,
    bars_waiting: usize,
    idle: Vec<Object>,
    /// Blocks on their way, each with the number of its bars.
    loading: VecDeque<(usize, Loading)>,
    /// What was committed so far.
    pub done: Done,
}

/// Counts of what was committed.
#[derive(Default)]
pub struct Done {
    /// What the database did.
    pub outcome: Outcome,
    /// Where the time went.
    pub stages: Stages,
    /// Bars handed to the database.
    pub bars: u64,
    /// Sessions.
    pub sessions: usize,
}

impl<B: SourceBars> Loader<B> {
    /// A loader for `selection`, `block_bars` a transaction, on the connection `locked` that holds the lock; `known` is
    /// what the ledger says of the sessions.
    pub async fn new(
        store: &Store,
        locked: Object,
        selection: Selection,
        known: Arc<HashMap<NaiveDate, Entry>>,
        block_bars: usize,
    ) -> Result<Self, StoreError> {
        let client = store.client().await?;
        let tickers = Tickers::read(&**client).await?;
        let mut idle = vec![locked];
        while idle.len() < B::CONNECTIONS {
            let more = store.client().await?;
            lock::share(&**more, lock::Name::Loading).await?;
            idle.push(more);
        }
        Ok(Self {
            client,
            tickers,
            selection,
            known,
            block_bars,
            waiting: Vec::new(),
            bars_waiting: 0,
            idle,
            loading: VecDeque::new(),
            done: Done::default(),
        })
    }

    /// Takes a day; sends a block on its way when enough has gathered and a connection is free.
    pub async fn take(&mut self, day: SourceDay<B>) -> anyhow::Result<()> {
        self.bars_waiting += day.bars.len();
        self.waiting.push(day);
        if self.bars_waiting >= self.block_bars { self.send().await } else { Ok(()) }
    }

    /// Waits while more than `most` bars are on their way: what is decoded meanwhile takes memory too.
    pub async fn wait_above(&mut self, most: usize) -> anyhow::Result<()> {
        while self.loading.iter().map(|(bars, _)| bars).sum::<usize>() > most {
            self.arrived().await?;
        }
        Ok(())
    }

    /// Loads what has gathered, and waits until everything is committed.
    pub async fn finish(&mut self) -> anyhow::Result<()> {
        self.send().await?;
        while !self.loading.is_empty() {
            self.arrived().await?;
        }
        Ok(())
    }

    /// For a ticker that no instrument ever had, those that look like it.
    pub fn unknown(&self, ticker: &str) -> Option<Vec<&str>> {
        self.tickers.latest(ticker).is_none().then(|| self.tickers.similar(ticker))
    }

    async fn send(&mut self) -> anyhow::Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        self.bars_waiting = 0;
        if waiting.is_empty() {
            return Ok(());
        }
        self.create_unknown(&waiting).await?;
        let dates: Vec<NaiveDate> = waiting.iter().map(|day| day.session_date).collect();
        bar_table::open_chunks(&mut self.client, B::Session::TABLE, &dates).await?;
        // Days on which the wanted tickers are of other instruments go apart: a ticker that was given up leaves its
        // instrument's bars under the next one alone.
        let mut groups: Vec<Group<B>> = Vec::new();
        for day in waiting {
            let only = self.only(day.session_date);
            let day = self.resolve(day);
            match groups.last_mut() {
                Some((same, days)) if *same == only => days.push(day),
                _ => groups.push((only, vec![day])),
            }
        }
        for (only, days) in groups {
            self.send_block(days, only).await?;
        }
        Ok(())
    }

    /// The instruments that have the wanted tickers on `date`; none for all.
    fn only(&self, date: NaiveDate) -> Option<Vec<i32>> {
        let tickers = self.selection.tickers()?;
        let mut ids: Vec<i32> = tickers.filter_map(|ticker| self.tickers.find(ticker, date)).collect();
        ids.sort_unstable();
        ids.dedup();
        Some(ids)
    }

    async fn send_block(&mut self, days: Vec<B::Session>, only: Option<Vec<i32>>) -> anyhow::Result<()> {
        let block = Block::new(days, &self.known);
        if self.idle.is_empty() {
            self.arrived().await?;
        }
        let Some(mut client) = self.idle.pop() else { return Ok(()) };
        let known = Arc::clone(&self.known);
        let (bars, sessions) = (block.bars(), block.sessions());
        let loading = tokio::spawn(async move {
            let (outcome, stages) = load::load(&mut client, &block, &known, only.as_deref()).await?;
            Ok((client, Done { outcome, stages, bars: bars as u64, sessions }))
        });
        self.loading.push_back((bars, loading));
        Ok(())
    }

    /// Waits for the block that is longest on its way.
    async fn arrived(&mut self) -> anyhow::Result<()> {
        if let Some((_, block)) = self.loading.pop_front() {
            let (client, done) = block.await??;
            self.idle.push(client);
            self.done.outcome.add(done.outcome);
            self.done.stages.add(done.stages);
            self.done.bars += done.bars;
            self.done.sessions += done.sessions;
        }
        Ok(())
    }

    async fn create_unknown(&mut self, days: &[SourceDay<B>]) -> Result<(), StoreError> {
        let bars =
            days.iter().flat_map(|day| day.bars.tickers().map(move |ticker| (ticker, day.session_date)));
        let unknown = self.tickers.unknown(bars);
        if unknown.is_empty() { Ok(()) } else { self.tickers.create(&mut self.client, &unknown).await }
    }

    fn resolve(&self, day: SourceDay<B>) -> B::Session {
        let SourceDay { session_date, source, origin, etag, digest, set_aside, bars } = day;
        let load = Load {
            timeframe: B::TIMEFRAME,
            session_date,
            source,
            origin,
            selection: self.selection.text.clone(),
            etag,
            digest,
            bars: 0,
            set_aside,
        };
        bars.resolve(load, |ticker| self.tickers.find(ticker, session_date))
    }
}
