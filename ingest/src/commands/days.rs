//! Days on their way into the database: read ahead on other threads, resolved to instruments, gathered into blocks.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use deadpool_postgres::Object;
use tidemark::domain::bar::DayBar;
use tidemark::jobs::load::{self, Day, Outcome};
use tidemark::store::instruments::Tickers;
use tidemark::store::ledger::{Entry, Load, Timeframe};
use tidemark::store::{Store, StoreError};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// A session as a source gives it, by ticker.
pub struct SourceDay {
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
    pub bars: TickerBars,
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

    /// Number of bars.
    pub fn len(&self) -> usize {
        self.bars.len()
    }

    /// Tickers and bars in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &DayBar)> {
        let ends = self.ends.iter().map(|end| *end as usize);
        let starts = std::iter::once(0).chain(ends.clone());
        starts.zip(ends).map(|(start, end)| &self.text[start..end]).zip(&self.bars)
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

/// Gathers days into blocks and loads them: while one block is on its way into the database, the next one gathers.
pub struct Loader {
    /// Creates instruments, while bars are copied on the other connection.
    client: Object,
    locked: Arc<Mutex<Object>>,
    tickers: Tickers,
    selection: Selection,
    known: Arc<HashMap<NaiveDate, Entry>>,
    block_bars: usize,
    waiting: Vec<SourceDay>,
    bars_waiting: usize,
    loading: Option<JoinHandle<Result<Done, StoreError>>>,
    /// What was committed so far.
    pub done: Done,
}

/// Counts of what was committed.
#[derive(Default)]
pub struct Done {
    /// What the database did.
    pub outcome: Outcome,
    /// Bars handed to the database.
    pub bars: u64,
    /// Sessions.
    pub sessions: usize,
}

impl Loader {
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
        Ok(Self {
            client,
            locked: Arc::new(Mutex::new(locked)),
            tickers,
            selection,
            known,
            block_bars,
            waiting: Vec::new(),
            bars_waiting: 0,
            loading: None,
            done: Done::default(),
        })
    }

    /// Takes a day; sends a block on its way when enough has gathered, and the one before it is in.
    pub async fn take(&mut self, day: SourceDay) -> anyhow::Result<()> {
        self.bars_waiting += day.bars.len();
        self.waiting.push(day);
        if self.bars_waiting >= self.block_bars { self.send().await } else { Ok(()) }
    }

    /// Loads what has gathered, and waits until everything is committed.
    pub async fn finish(&mut self) -> anyhow::Result<()> {
        self.send().await?;
        self.arrived().await
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
        let days: Vec<Day> = waiting.into_iter().map(|day| self.resolve(day)).collect();
        let only: Option<Vec<i32>> = self.selection.tickers().map(|tickers| {
            let mut ids: Vec<i32> = tickers.filter_map(|ticker| self.tickers.latest(ticker)).collect();
            ids.extend(days.iter().flat_map(|day| day.bars.iter().map(|(id, _)| *id)));
            ids.sort_unstable();
            ids.dedup();
            ids
        });
        self.arrived().await?;
        let (locked, known) = (Arc::clone(&self.locked), Arc::clone(&self.known));
        self.loading = Some(tokio::spawn(async move {
            let mut client = locked.lock().await;
            let outcome = load::load(&mut client, &days, &known, only.as_deref()).await?;
            let bars = days.iter().map(|day| day.bars.len() as u64).sum();
            Ok(Done { outcome, bars, sessions: days.len() })
        }));
        Ok(())
    }

    /// Waits for the block on its way, if there is one.
    async fn arrived(&mut self) -> anyhow::Result<()> {
        if let Some(block) = self.loading.take() {
            let done = block.await??;
            self.done.outcome.add(done.outcome);
            self.done.bars += done.bars;
            self.done.sessions += done.sessions;
        }
        Ok(())
    }

    async fn create_unknown(&mut self, days: &[SourceDay]) -> Result<(), StoreError> {
        let bars = days
            .iter()
            .flat_map(|day| day.bars.iter().map(move |(ticker, _)| (ticker, day.session_date)));
        let unknown = self.tickers.unknown(bars);
        if unknown.is_empty() { Ok(()) } else { self.tickers.create(&mut self.client, &unknown).await }
    }

    fn resolve(&self, day: SourceDay) -> Day {
        let date = day.session_date;
        let mut bars: Vec<(i32, DayBar)> = Vec::with_capacity(day.bars.len());
        bars.extend(
            day.bars.iter().filter_map(|(ticker, bar)| Some((self.tickers.find(ticker, date)?, *bar))),
        );
        Day {
            load: Load {
                timeframe: Timeframe::Day,
                session_date: date,
                source: day.source,
                origin: day.origin,
                selection: self.selection.text.clone(),
                etag: day.etag,
                digest: day.digest,
                bars: bars.len(),
                set_aside: day.set_aside,
            },
            bars,
        }
    }
}
