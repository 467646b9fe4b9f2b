//! The first promise: after any history, incremental = full, bit for bit. Random histories of late bars, corrections,
//! deletions, duplicates, new instruments, splits, dividends, share counts, writers that commit out of order, and runs that
//! die between any two steps; after each, what was computed step by step must equal what is computed from nothing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "serve/server.rs"]
mod server;
mod support;

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use futures::FutureExt;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use server::{Server, encoded, text};
use support::{Database, companies, market};
use tidemark::arithmetic::catalogue::{FACTOR_COUNT, FACTORS};
use tidemark::arithmetic::scores::Weights;
use tidemark::domain::sector::Sector;
use tidemark::jobs::refresh::{self, Options, Sample};
use tidemark::jobs::scan::answer::{Answer, answer};
use tidemark::jobs::scan::columns;
use tidemark::jobs::scan::living::Living;
use tidemark::jobs::scan::profile::{Changes, Profile};
use tidemark::jobs::scan::{self, Connections, Mode, ScanError};
use tidemark::store::actions::{
    DividendRow, SharesRow, SplitRow, upsert_dividends, upsert_shares, upsert_splits,
};
use tidemark::store::date_of;
use tidemark::store::instruments::Tickers;
use tidemark::store::reference::store_sectors;
use tidemark::store::statements::{self, Kind, StatementRow, Timeframe};
use tokio_postgres::{Client, Transaction};

/// Instruments at the start, without the benchmark; the population needs ten.
const INSTRUMENTS: usize = 20;
/// Sessions that a history may fill; the first ones are there from the start.
const SESSIONS: i32 = 330;
const AT_START: i32 = 290;
/// Stands for the benchmark, which is the last of the instruments: its changes reach everybody.
const BENCHMARK: usize = usize::MAX;
/// Writers that may be open at once; each has instruments of its own, so that none waits for another.
const WRITERS: usize = 3;

/// One event of a history. Numbers are reduced to what the market has.
#[derive(Debug, Clone)]
enum Step {
    /// A few bars get another print, come late, or are written again unchanged.
    Write {
        instrument: usize,
        from: i32,
        length: i32,
        print: u64,
    },
    /// A few bars go.
    Delete {
        instrument: usize,
        from: i32,
        length: i32,
    },
    /// The next session of the whole market; some have no bar.
    NextSession {
        missing: u64,
    },
    /// An instrument that was not there, with bars from some session on.
    NewInstrument {
        from: i32,
    },
    Split {
        instrument: usize,
        session: i32,
        new: u8,
    },
    Dividend {
        instrument: usize,
        session: i32,
        cents: u16,
    },
    Shares {
        instrument: usize,
        session: i32,
        millions: u16,
    },
    /// A statement of a quarter, or a restatement, some days after its end.
    Statement {
        instrument: usize,
        quarter: u64,
        kind: usize,
        days: u64,
        print: u64,
    },
    /// Another sector, or for an even number the sector of financials.
    Sector {
        instrument: usize,
        sector: usize,
    },
    /// A factor's column was computed by another definition.
    Redefine {
        factor: usize,
    },
    /// A writer opens a transaction and writes; it commits or gives up later.
    Open {
        writer: usize,
        from: i32,
        length: i32,
        print: u64,
    },
    Commit {
        writer: usize,
    },
    Abort {
        writer: usize,
    },
    Refresh,
    /// A refresh that dies before its `at`-th block or before it stores its tidemark; `other` asks for another benchmark, so
    /// that everything is computed again.
    RefreshDies {
        at: usize,
        other: bool,
    },
    Scan,
    /// The living process looks what changed.
    Follow,
    /// The living market is lost and the server is killed; both start again.
    LivingDies,
    /// A scan whose connection breaks before it commits.
    ScanDies,
    FullScan,
}

fn step() -> impl Strategy<Value = Step> {
    let instrument = prop_oneof![5 => 0..INSTRUMENTS, 1 => Just(BENCHMARK)];
    let session = 0..SESSIONS;
    let length = prop_oneof![4 => 1..4, 1 => 4..40];
    prop_oneof![
        6 => (instrument.clone(), session.clone(), length.clone(), 0..3_u64)
            .prop_map(|(instrument, from, length, print)| Step::Write { instrument, from, length, print }),
        2 => (instrument.clone(), session.clone(), length.clone())
            .prop_map(|(instrument, from, length)| Step::Delete { instrument, from, length }),
        2 => any::<u64>().prop_map(|missing| Step::NextSession { missing }),
        1 => session.clone().prop_map(|from| Step::NewInstrument { from }),
        1 => (instrument.clone(), session.clone(), 2..5_u8)
            .prop_map(|(instrument, session, new)| Step::Split { instrument, session, new }),
        1 => (instrument.clone(), session.clone(), 1..300_u16)
            .prop_map(|(instrument, session, cents)| Step::Dividend { instrument, session, cents }),
        1 => (instrument, session.clone(), 1..900_u16)
            .prop_map(|(instrument, session, millions)| Step::Shares { instrument, session, millions }),
        3 => (0..INSTRUMENTS, 0..companies::QUARTERS, 0..3_usize, 0..200_u64, 0..3_u64).prop_map(
            |(instrument, quarter, kind, days, print)| Step::Statement { instrument, quarter, kind, days, print }
        ),
        1 => (0..INSTRUMENTS, 0..4_usize).prop_map(|(instrument, sector)| Step::Sector { instrument, sector }),
        1 => (0..FACTOR_COUNT).prop_map(|factor| Step::Redefine { factor }),
        3 => (0..WRITERS, session, length, 0..3_u64)
            .prop_map(|(writer, from, length, print)| Step::Open { writer, from, length, print }),
        3 => (0..WRITERS).prop_map(|writer| Step::Commit { writer }),
        1 => (0..WRITERS).prop_map(|writer| Step::Abort { writer }),
        4 => Just(Step::Refresh),
        2 => (0..4_usize, any::<bool>()).prop_map(|(at, other)| Step::RefreshDies { at, other }),
        4 => Just(Step::Scan),
        8 => Just(Step::Follow),
        1 => Just(Step::LivingDies),
        1 => Just(Step::ScanDies),
        1 => Just(Step::FullScan),
    ]
}

/// How much a run did, so that its report is measured and not claimed.
#[derive(Default)]
struct Report {
    steps: usize,
    checks: usize,
    feature_rows: u64,
    scan_rows: usize,
    died: usize,
    out_of_order: usize,
    /// Answers of the server.
    served: usize,
    /// Rows that answers listed.
    listed: usize,
    /// Looks at the change log that found something to read.
    followed: usize,
    /// Most moments of families from statements that a check saw.
    scored: i64,
}

/// A market in a database, and the writers that are open on it.
struct World {
    database: Database,
    client: Client,
    /// Reads beside it in every other scan.
    beside: Client,
    ids: Vec<i32>,
    /// Instruments that only writers touch, one each.
    of_writers: Vec<i32>,
    writers: BTreeMap<usize, Client>,
    living: Living,
    server: Option<Server>,
    filled: i32,
    report: Report,
}

impl World {
    async fn new() -> Self {
        let database = Database::create().await;
        let mut client = database.client().await;
        let mut ids = market::instruments(&mut client, INSTRUMENTS + WRITERS).await;
        let first = market::first();
        market::open_chunks(&mut client, first..first + SESSIONS).await;
        let transaction = client.transaction().await.unwrap();
        market::write(&transaction, &ids, first..first + AT_START, |id, session| {
            Some(market::bar(id, session, 0))
        })
        .await;
        companies::file_all(&transaction, &ids[..INSTRUMENTS], 0..16).await;
        transaction.commit().await.unwrap();
        let of_writers = ids.drain(INSTRUMENTS..INSTRUMENTS + WRITERS).collect();
        let report = Report::default();
        let beside = database.client().await;
        Self {
            database,
            client,
            beside,
            ids,
            of_writers,
            writers: BTreeMap::new(),
            living: Living::new("SPY"),
            server: None,
            filled: AT_START,
            report,
        }
    }

    fn id(&self, instrument: usize) -> i32 {
        self.ids[instrument.min(self.ids.len() - 1)]
    }

    /// Sessions of the market within what is filled.
    fn sessions(&self, from: i32, length: i32) -> Range<i32> {
        let from = from % self.filled;
        let until = (from + length).min(self.filled);
        market::first() + from..market::first() + until
    }

    async fn write(
        &mut self,
        ids: &[i32],
        sessions: Range<i32>,
        wanted: impl Fn(i32, i32) -> Option<tidemark::domain::bar::DayBar>,
    ) {
        let transaction = self.client.transaction().await.unwrap();
        market::write(&transaction, ids, sessions, wanted).await;
        transaction.commit().await.unwrap();
    }

    async fn take(&mut self, step: &Step) {
        self.report.steps += 1;
        match *step {
            Step::Write { instrument, from, length, print } => {
                let id = self.id(instrument);
                self.write(&[id], self.sessions(from, length), |id, session| {
                    Some(market::bar(id, session, print))
                })
                .await;
            }
            Step::Delete { instrument, from, length } => {
                let id = self.id(instrument);
                self.write(&[id], self.sessions(from, length), |_, _| None).await;
            }
            Step::NextSession { missing } => {
                if self.filled < SESSIONS {
                    let session = market::first() + self.filled;
                    self.filled += 1;
                    let ids = self.ids.clone();
                    self.write(&ids, session..session + 1, |id, session| {
                        (missing >> (id % 32) & 3 != 3).then(|| market::bar(id, session, 0))
                    })
                    .await;
                }
            }
            Step::NewInstrument { from } => {
                let ticker = format!("NEW{}", self.ids.len());
                let mut tickers = Tickers::read(&self.client).await.unwrap();
                tickers.create(&mut self.client, &[(&ticker, date_of(market::first()))]).await.unwrap();
                let id = tickers.latest(&ticker).unwrap();
                self.ids.insert(self.ids.len() - 1, id);
                self.write(&[id], self.sessions(from, SESSIONS), |id, session| {
                    Some(market::bar(id, session, 0))
                })
                .await;
            }
            Step::Split { .. }
            | Step::Dividend { .. }
            | Step::Shares { .. }
            | Step::Statement { .. }
            | Step::Sector { .. } => self.act(step).await,
            Step::Redefine { factor } => {
                let name = FACTORS[factor].name;
                let statements = format!(
                    "UPDATE features_day SET {name} = 42 WHERE instrument_id % 3 = 0; DELETE FROM factors WHERE name = '{name}'"
                );
                self.client.batch_execute(&statements).await.unwrap();
            }
            Step::Open { writer, from, length, print } => {
                if !self.writers.contains_key(&writer) {
                    let client = self.database.client().await;
                    client.batch_execute("BEGIN").await.unwrap();
                    let (id, sessions) = (self.of_writers[writer], self.sessions(from, length));
                    self.writers.insert(writer, open_writer(client, id, sessions, print).await);
                }
            }
            Step::Commit { writer } => {
                if let Some(client) = self.writers.remove(&writer) {
                    self.report.out_of_order += usize::from(!self.writers.is_empty());
                    client.batch_execute("COMMIT").await.unwrap();
                }
            }
            Step::Abort { writer } => {
                if let Some(client) = self.writers.remove(&writer) {
                    client.batch_execute("ROLLBACK").await.unwrap();
                }
            }
            Step::Refresh => {
                refresh::refresh(&mut self.client, &options(), &|_, _| {}).await.unwrap();
            }
            Step::RefreshDies { at, other } => self.refresh_dies(at, other).await,
            Step::Scan => self.scan(Mode::Incremental).await,
            Step::Follow => self.follow().await,
            Step::LivingDies => {
                self.living = Living::new("SPY");
                // Dropping it kills it.
                self.server = None;
            }
            Step::FullScan => self.scan(Mode::Full).await,
            Step::ScanDies => self.scan_dies().await,
        }
    }

    async fn act(&mut self, step: &Step) {
        let transaction = self.client.transaction().await.unwrap();
        match *step {
            Step::Split { instrument, session, new } => {
                let instrument_id = self.ids[instrument.min(self.ids.len() - 1)];
                let ex_date = date_of(market::first() + session);
                upsert_splits(
                    &transaction,
                    &[SplitRow {
                        instrument_id,
                        ex_date,
                        split_from: 1.0,
                        split_to: f64::from(new),
                        vendor_id: None,
                    }],
                )
                .await
                .unwrap();
            }
            Step::Dividend { instrument, session, cents } => {
                let instrument_id = self.ids[instrument.min(self.ids.len() - 1)];
                let (ex_date, cash_amount) = (date_of(market::first() + session), f64::from(cents) / 100.0);
                upsert_dividends(
                    &transaction,
                    &[DividendRow {
                        instrument_id,
                        ex_date,
                        kind: String::new(),
                        cash_amount,
                        vendor_id: None,
                    }],
                )
                .await
                .unwrap();
            }
            // Counts come from statements, and from elsewhere.
            Step::Shares { instrument, session, millions } => {
                let instrument_id = self.ids[instrument.min(self.ids.len() - 1)];
                let day = date_of(market::first() + session);
                let shares = f64::from(millions) * 1e6;
                if millions % 3 == 0 {
                    let row = SharesRow { instrument_id, filing_date: day, period_end: day, shares };
                    upsert_shares(&transaction, &[row]).await.unwrap();
                } else {
                    file(&transaction, instrument_id, day, shares).await;
                }
            }
            Step::Statement { instrument, quarter, kind, days, print } => {
                let (id, kind) = (self.ids[instrument], Kind::ALL[kind]);
                let filed = companies::quarter_end(quarter) + chrono::Days::new(days);
                let of =
                    |timeframe: &Timeframe| companies::statement(kind, id, quarter, *timeframe, filed, print);
                let rows = companies::timeframes(quarter).iter().map(of).collect();
                companies::file(&transaction, kind, rows).await;
            }
            Step::Sector { instrument, sector } => {
                let sectors = [Sector::Financials, Sector::Energy, Sector::Financials, Sector::Utilities];
                store_sectors(&transaction, &[(self.ids[instrument], sectors[sector])]).await.unwrap();
            }
            _ => {}
        }
        transaction.commit().await.unwrap();
    }

    /// Runs a refresh that panics where it tells its progress: its connection closes, its transaction is gone.
    async fn refresh_dies(&mut self, at: usize, other: bool) {
        let mut client = self.database.client().await;
        let told = AtomicUsize::new(0);
        let mut options = options();
        if other {
            options.benchmark = "TST0".into();
        }
        // Unwinding without the panic hook: a planned death is no news.
        let progress = |_: usize, _: usize| {
            if told.fetch_add(1, Ordering::Relaxed) >= at {
                std::panic::resume_unwind(Box::new("a planned death"));
            }
        };
        let refreshing = AssertUnwindSafe(refresh::refresh(&mut client, &options, &progress));
        self.report.died += usize::from(refreshing.catch_unwind().await.is_err());
    }

    async fn scan(&mut self, mode: Mode) {
        let beside = self.report.steps.is_multiple_of(2).then_some(&mut self.beside);
        let connections = Connections { client: &mut self.client, beside };
        match scan::run(connections, mode, &support::everything(), "SPY", scan::RUNS_KEPT).await {
            Ok(_) | Err(ScanError::NoFeatures(_) | ScanError::OtherDefinitions) => {}
            Err(error) => panic!("scan: {error:?}"),
        }
    }

    async fn follow(&mut self) {
        match self.living.follow(&mut self.client).await {
            Ok(followed) => self.report.followed += usize::from(followed.changed && !followed.from_nothing),
            Err(ScanError::NoFeatures(_) | ScanError::OtherDefinitions) => {}
            Err(error) => panic!("the living process: {error:?}"),
        }
    }

    /// A profile that reads everything that can be read gets the same rows and fates from all three.
    async fn check_answers(&mut self) {
        let profile =
            Arc::new(Profile::market(columns::known()).unwrap().with(&asked(), columns::known()).unwrap());
        let full =
            scan::run(&mut self.client, Mode::Full, &profile, "SPY", scan::RUNS_KEPT).await.unwrap().answer;
        let connections = Connections { client: &mut self.client, beside: Some(&mut self.beside) };
        let incremental =
            scan::run(connections, Mode::Incremental, &profile, "SPY", scan::RUNS_KEPT).await.unwrap().answer;
        self.living.follow_for(&mut self.client, &profile.reads().earlier).await.unwrap();
        let ranked = self.living.ranked(&profile.weights).unwrap().unwrap();
        let living = answer(ranked, &self.living.earlier(), profile).unwrap();
        let said = |answer: &Answer| (answer.rows_json(), answer.fates(), answer.counts_json());
        assert_eq!(said(&incremental), said(&full), "incremental and full");
        assert_eq!(said(&living), said(&full), "living and full");
        self.report.listed += full.len();
        tokio::task::block_in_place(|| self.check_server(&Value::from(full.rows_json()).to_string()));
    }

    /// The server is a process of its own and may need a moment to read what was committed; then it says the same through both
    /// doors.
    fn check_server(&mut self, full: &str) {
        let server = self.server.get_or_insert_with(|| {
            let mut server =
                Server::start(server::scan(&self.database, &["serve", "--stdio", "--http", "127.0.0.1:0"]));
            assert_eq!(server.line(), "READY");
            server
        });
        let asked = asked();
        let (filter, columns) = (asked.filter.as_deref().unwrap(), &asked.columns[0]);
        let request = json!({
            "requestId": self.report.checks, "where": filter, "orderBy": asked.order_by, "columns": columns, "limit": asked.limit,
        });
        let page = format!(
            "/v1/scan?where={}&order_by={}&columns={}&limit={}",
            encoded(filter),
            encoded(&asked.order_by.join(", ")),
            encoded(columns),
            asked.limit.unwrap()
        );
        let begun = Instant::now();
        loop {
            server.send(&request.to_string());
            let by_line: Value = serde_json::from_str(&server.line()).unwrap();
            let by_http = server.get(&page).json();
            assert_eq!(by_line["requestId"], self.report.checks);
            if [&by_line, &by_http].iter().all(|answer| text(&answer["rows"]) == full) {
                break;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "served {by_line:#} and {by_http:#}, not {full}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        self.report.served += 2;
    }

    /// Starts a scan and ends its connection at about the time at which it stores.
    async fn scan_dies(&mut self) {
        let mut client = self.database.client().await;
        let pid: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
        let scanning = tokio::spawn(async move {
            scan::run(&mut client, Mode::Incremental, &support::everything(), "SPY", scan::RUNS_KEPT)
                .await
                .is_err()
        });
        tokio::time::sleep(std::time::Duration::from_millis(self.report.steps as u64 % 30)).await;
        self.client.execute("SELECT pg_terminate_backend($1)", &[&pid]).await.unwrap();
        self.report.died += usize::from(scanning.await.unwrap());
    }

    /// Refreshes, scans, and compares both with everything computed from nothing.
    async fn check(&mut self) {
        refresh::refresh(&mut self.client, &options(), &|_, _| {}).await.unwrap();
        let verdict = refresh::verify(&mut self.client, "SPY", Sample::All, &|_, _| {}).await.unwrap();
        assert!(verdict.is_clean(), "features differ: {verdict:#?}");
        let scans = scan::verify(&mut self.client, "SPY").await.unwrap();
        assert_eq!(scans.comparison.differing, 0, "scans differ: {:#?}", scans.comparison.shown);
        self.living.follow(&mut self.client).await.unwrap();
        let living = self.living.ranked(&Weights::default()).unwrap().unwrap();
        let compared = scan::compare(&living, &scans.full);
        assert_eq!(compared.differing, 0, "the living process differs: {:#?}", compared.shown);
        self.check_answers().await;
        let scored = "SELECT count(*) FROM feature_moments WHERE factor IN ('value', 'quality', 'growth') AND count >= 10";
        let scored: i64 = self.client.query_one(scored, &[]).await.unwrap().get(0);
        self.report.scored = self.report.scored.max(scored);
        self.report.checks += 1;
        self.report.feature_rows += verdict.rows;
        self.report.scan_rows += scans.comparison.ranked;
    }
}

/// Files a statement of a quarter, or for an even count of a year, with a count of shares.
async fn file(transaction: &Transaction<'_>, instrument_id: i32, day: NaiveDate, shares: f64) {
    let kind = Kind::Income;
    let count = |column: &&str| if *column == "basic_shares_outstanding" { shares } else { f64::NAN };
    let statement = StatementRow {
        instrument_id,
        ticker: String::new(),
        period_end: day,
        timeframe: if shares % 2e6 == 0.0 { Timeframe::Annual } else { Timeframe::Quarterly },
        filing_date: day,
        fiscal_year: None,
        fiscal_quarter: None,
        cik: None,
        values: kind.columns().iter().map(count).collect(),
    };
    statements::stage(transaction).await.unwrap();
    statements::copy(transaction, kind, std::iter::once(statement)).await.unwrap();
    statements::settle(transaction, kind, None).await.unwrap();
}

/// Conditions, orders and columns over bars, signals, factors and scores, of today and of earlier sessions.
fn asked() -> Changes {
    Changes {
        filter: Some(
            "close_3d_ago > 0 AND (rsi_14 > rsi_14_2d_ago OR vol_60 < vol_60_25d_ago OR mom_3_z > 0)".into(),
        ),
        order_by: vec!["sector_strength_21 DESC".into(), "merit DESC".into()],
        limit: Some(12),
        columns: vec![
            "close, close_30d_ago, volume_1d_ago, macd_21d_ago, mom_3_1d_ago, adv_20_rank, quality_sn, flags"
                .into(),
        ],
    }
}

fn options() -> Options {
    Options { full: false, benchmark: "SPY".into() }
}

/// Writes one instrument's bars in a transaction that stays open. The steps are those of the store's replacement, on a
/// client that outlives this function.
async fn open_writer(client: Client, id: i32, sessions: Range<i32>, print: u64) -> Client {
    let days: Vec<chrono::NaiveDate> = sessions.clone().map(date_of).collect();
    for (session, day) in sessions.clone().zip(&days) {
        let bar = market::bar(id, session, print);
        client
            .execute(
                "UPDATE bars_day SET open = $3, high = $4, low = $5, close = $6, volume = $7
                 WHERE instrument_id = $1 AND session_date = $2",
                &[&id, day, &bar.open, &bar.high, &bar.low, &bar.close, &bar.volume],
            )
            .await
            .unwrap();
    }
    client
        .execute(
            "INSERT INTO change_log (topic, instrument_id, from_session, through_session) VALUES ('bars', $1, $2, $3)",
            &[&id, days.first().unwrap(), days.last().unwrap()],
        )
        .await
        .unwrap();
    client
}

async fn live(world: &mut World, steps: &[Step]) {
    for step in steps {
        world.take(step).await;
    }
    // With writers still open, what is visible must agree; and again when all have come or gone.
    world.check().await;
    let waiting: HashSet<usize> = world.writers.keys().copied().collect();
    for writer in waiting {
        world.take(&Step::Commit { writer }).await;
    }
    world.scan(Mode::Incremental).await;
    world.check().await;
}

fn cases() -> u32 {
    std::env::var("TIDEMARK_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(24)
}

#[test]
fn incremental_equals_full_after_any_history() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let cases = cases();
    // One world lives through all histories, each of which starts from what the ones before left; a failing one is
    // shrunk in worlds of their own.
    let world = runtime.block_on(World::new());
    let world = std::sync::Mutex::new(Some(world));
    let mut runner = TestRunner::new(Config {
        cases,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    });
    let result = runner.run(&prop::collection::vec(step(), 8..30), |steps| {
        let mut own = match world.lock().unwrap().take() {
            Some(shared) => shared,
            None => runtime.block_on(World::new()),
        };
        runtime.block_on(live(&mut own, &steps));
        // A history that fails panics and never comes here.
        if own.filled >= SESSIONS {
            let report = std::mem::take(&mut own.report);
            own = runtime.block_on(World::new());
            own.report = report;
        }
        *world.lock().unwrap() = Some(own);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let world = world.into_inner().unwrap().unwrap();
    let report = &world.report;
    println!(
        "{cases} histories, {} steps, {} runs died, {} commits out of order, {} changes followed, {} answers served; {} checks over {} feature rows and {} scan rows",
        report.steps,
        report.died,
        report.out_of_order,
        report.followed,
        report.served,
        report.checks,
        report.feature_rows,
        report.scan_rows
    );
    assert!(report.scan_rows >= 10 * report.checks, "the population was too small to prove anything");
    assert!(report.listed >= report.checks, "the answers were too short to prove anything");
    assert!(report.scored > 300, "statements moved too little to prove anything");
    assert!(
        report.died > 0 && report.out_of_order > 0 && report.followed > 0,
        "the histories were too tame to prove anything"
    );
    let _guard = runtime.enter();
    drop(world);
}
