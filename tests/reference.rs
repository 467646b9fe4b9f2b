//! The vendor's list of tickers applied to a market that was loaded before it: one instrument through its names, two that shared
//! a name, and after each, what refresh and scan keep equals what is computed from nothing.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use chrono::NaiveDate;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use support::{Database, market};
use tidemark::domain::listing::{Listing, TickerChanges};
use tidemark::domain::sector::Sector;
use tidemark::jobs::reference::{self, Said, Summary};
use tidemark::jobs::refresh::{self, Options, Sample};
use tidemark::jobs::scan::{self, Mode};
use tidemark::store::actions::{
    DividendRow, SharesRow, SplitRow, upsert_dividends, upsert_shares, upsert_splits,
};
use tidemark::store::instruments::Tickers;
use tidemark::store::reference as store;
use tidemark::store::{bar_table, bars, date_of};
use tokio_postgres::Client;

/// Sessions of the market.
const SESSIONS: i32 = 120;

/// A market of a dozen instruments and what the tests add to it.
struct World {
    client: Client,
    _database: Database,
}

fn day(n: i32) -> NaiveDate {
    date_of(market::first() + n)
}

fn listing(ticker: &str, last: Option<i32>) -> Listing {
    Listing {
        ticker: ticker.into(),
        last_day: last.map(day),
        name: Some(format!("{ticker} Inc.")),
        kind: Some("CS".into()),
        ..Listing::default()
    }
}

fn with_figi(ticker: &str, last: Option<i32>, figi: &str) -> Listing {
    Listing { composite_figi: Some(figi.into()), ..listing(ticker, last) }
}

fn options() -> Options {
    Options { full: false, benchmark: "SPY".into() }
}

impl World {
    /// Twelve instruments with all sessions, refreshed and scanned.
    async fn new() -> Self {
        Self::lasting(SESSIONS).await
    }

    async fn lasting(sessions: i32) -> Self {
        let database = Database::create().await;
        let mut client = database.client().await;
        let ids = market::instruments(&mut client, 12).await;
        let sessions = market::first()..market::first() + sessions;
        market::open_chunks(&mut client, sessions.clone()).await;
        let transaction = client.transaction().await.unwrap();
        market::write(&transaction, &ids, sessions, |id, session| Some(market::bar(id, session, 0))).await;
        transaction.commit().await.unwrap();
        Self { client, _database: database }
    }

    /// Loads bars under a ticker as a loader does: through the periods, a new instrument where nobody has the ticker.
    async fn bars(&mut self, ticker: &str, sessions: std::ops::Range<i32>) {
        for n in sessions {
            let mut tickers = Tickers::read(&self.client).await.unwrap();
            let unknown = tickers.unknown([(ticker, day(n))].into_iter());
            tickers.create(&mut self.client, &unknown).await.unwrap();
            let id = tickers.find(ticker, day(n)).unwrap();
            let transaction = self.client.transaction().await.unwrap();
            let session = market::first() + n;
            // Which bar it is does not depend on the instrument that has it.
            let bar = market::bar(ticker.bytes().map(i32::from).sum(), session, 0);
            market::write(&transaction, &[id], session..session + 1, |_, _| Some(bar)).await;
            transaction.commit().await.unwrap();
        }
    }

    async fn apply(&mut self, entries: &[Listing]) -> Summary {
        self.apply_with(entries, &[]).await
    }

    async fn apply_with(&mut self, entries: &[Listing], changes: &[TickerChanges]) -> Summary {
        let said = Said { entries, changes, today: day(SESSIONS) };
        let summary = reference::apply(&mut self.client, &said, "a test", 0).await.unwrap();
        self.check_periods().await;
        // The same list again changes nothing and wakes nobody.
        let before = self.number("SELECT count(*) FROM change_log").await;
        let again = reference::apply(&mut self.client, &said, "a test", 0).await.unwrap();
        assert_eq!((again.new, again.changed, again.bars_moved), (0, 0, 0), "{again:?}");
        assert!(again.ticker_changes.is_empty() && again.merged.is_empty(), "{again:?}");
        assert_eq!(self.number("SELECT count(*) FROM change_log").await, before);
        summary
    }

    /// No ticker and no instrument has two periods at once, and every bar lies in a period of its instrument.
    async fn check_periods(&self) {
        for (one, other) in [("ticker", "instrument_id"), ("instrument_id", "ticker")] {
            let overlaps = format!(
                "SELECT count(*) FROM ticker_periods a JOIN ticker_periods b USING ({one})
                 WHERE (a.from_date, a.{other}) < (b.from_date, b.{other}) AND (a.until_date IS NULL OR b.from_date < a.until_date)"
            );
            assert_eq!(self.number(&overlaps).await, 0, "a {one} has two periods at once");
        }
        let homeless = "SELECT count(*) FROM bars_day AS b WHERE NOT EXISTS (
                            SELECT FROM ticker_periods AS p
                            WHERE p.instrument_id = b.instrument_id AND p.from_date <= b.session_date
                                AND (p.until_date IS NULL OR b.session_date < p.until_date))";
        assert_eq!(self.number(homeless).await, 0, "bars without a period");
        let unmarked = "SELECT count(*) FROM instruments AS i WHERE NOT has_bars
                            AND EXISTS (SELECT FROM bars_day AS b WHERE b.instrument_id = i.instrument_id)";
        assert_eq!(self.number(unmarked).await, 0, "instruments whose bars are not noted");
    }

    async fn number(&self, query: &str) -> i64 {
        self.client.query_one(query, &[]).await.unwrap().get(0)
    }

    async fn refresh(&mut self) {
        refresh::refresh(&mut self.client, &options(), &|_, _| {}).await.unwrap();
        scan::run(&mut self.client, Mode::Incremental, &support::everything(), "SPY").await.unwrap();
    }

    /// Refreshes and scans from what changed, and compares everything with what is computed from nothing: the proofs of the
    /// programs, and the tables of a second database's worth of rows computed by a full refresh.
    async fn check(&mut self) {
        self.refresh().await;
        let verdict = refresh::verify(&mut self.client, "SPY", Sample::All, &|_, _| {}).await.unwrap();
        assert!(verdict.is_clean(), "features differ: {verdict:#?}");
        let scanned = scan::verify(&mut self.client, "SPY").await.unwrap();
        assert_eq!(scanned.comparison.differing, 0, "scans differ: {:#?}", scanned.comparison.shown);
        // Nothing is kept of instruments that have no bars.
        let orphans = "SELECT count(*) FROM features_day AS f WHERE NOT EXISTS (
                           SELECT FROM bars_day AS b
                           WHERE b.instrument_id = f.instrument_id AND b.session_date = f.session_date)";
        assert_eq!(self.number(orphans).await, 0, "features without a bar");
        let incremental = self.tables().await;
        self.client
            .batch_execute("TRUNCATE features_day; DELETE FROM feature_moments; DELETE FROM tidemarks")
            .await
            .unwrap();
        self.refresh().await;
        assert!(self.tables().await == incremental, "incremental and from nothing differ");
    }

    async fn tables(&self) -> Vec<String> {
        let mut all = Vec::new();
        for query in [
            "SELECT f::text FROM features_day AS f ORDER BY session_date, instrument_id",
            "SELECT m::text FROM feature_moments AS m ORDER BY session_date, factor",
            "SELECT s::text FROM signals_latest AS s ORDER BY instrument_id",
        ] {
            let rows = self.client.query(query, &[]).await.unwrap();
            assert!(!rows.is_empty());
            all.extend(rows.iter().map(|row| row.get::<_, String>(0)));
        }
        all
    }

    /// Periods of these tickers: ticker, first and end day as session numbers of the market (or …), instrument.
    async fn periods(&self, tickers: &[&str]) -> Vec<String> {
        let rows = self
            .client
            .query(
                "SELECT ticker, from_date, until_date, instrument_id FROM ticker_periods
                 WHERE ticker = ANY ($1) ORDER BY ticker, from_date",
                &[&tickers],
            )
            .await
            .unwrap();
        let number = |date: Option<NaiveDate>| {
            let found = date.and_then(|date| tidemark::domain::calendar::nyse().number(date));
            match (date, found) {
                (_, Some(number)) => (number - market::first()).to_string(),
                (None, _) => "…".into(),
                (Some(date), None) if date.to_string() == "0001-01-01" => "…".into(),
                (Some(date), None) => date.to_string(),
            }
        };
        rows.iter()
            .map(|row| {
                let id: i32 = row.get(3);
                format!("{} {} {} #{id}", row.get::<_, &str>(0), number(row.get(1)), number(row.get(2)))
            })
            .collect()
    }

    async fn id(&self, ticker: &str, n: i32) -> i32 {
        Tickers::read(&self.client).await.unwrap().find(ticker, day(n)).unwrap()
    }

    /// Sessions of an instrument's bars, from the market's first.
    async fn sessions_of(&self, id: i32) -> Vec<i32> {
        let query = "SELECT session_date FROM bars_day WHERE instrument_id = $1 ORDER BY 1";
        let rows = self.client.query(query, &[&id]).await.unwrap();
        let number =
            |date: NaiveDate| tidemark::domain::calendar::nyse().number(date).unwrap() - market::first();
        rows.iter().map(|row| number(row.get(0))).collect()
    }
}

#[tokio::test]
async fn two_instruments_that_are_one_are_merged_with_everything_they_have() {
    let mut world = World::new().await;
    world.bars("FB", 0..80).await;
    world.bars("META", 80..SESSIONS).await;
    let (old, new) = (world.id("FB", 0).await, world.id("META", 90).await);
    assert_ne!(old, new);
    let transaction = world.client.transaction().await.unwrap();
    let split =
        SplitRow { instrument_id: new, ex_date: day(100), split_from: 1.0, split_to: 2.0, vendor_id: None };
    upsert_splits(&transaction, &[split]).await.unwrap();
    let kind = "CD".to_owned();
    let dividend =
        DividendRow { instrument_id: new, ex_date: day(95), kind, cash_amount: 0.5, vendor_id: None };
    upsert_dividends(&transaction, &[dividend]).await.unwrap();
    let shares = SharesRow { instrument_id: new, filing_date: day(90), period_end: day(85), shares: 1e9 };
    upsert_shares(&transaction, &[shares]).await.unwrap();
    // A correction of a bar, which leaves a revision.
    let session = market::first() + 85;
    market::write(&transaction, &[new], session..session + 1, |id, session| {
        Some(market::bar(id, session, 9))
    })
    .await;
    // Statements, one of them filed under the new ticker before it had a bar, as the vendor lists them; and a minute.
    let statement = format!(
        "INSERT INTO statements (instrument_id, period_end, timeframe, filing_date, has_income_statement, revenue)
         VALUES ({new}, '{}', 'quarterly', '{}', true, 0.1::float8 + 0.2), ({new}, '{}', 'annual', '{}', true, 1)",
        day(85),
        day(95),
        day(30),
        day(40)
    );
    let minute = format!(
        "INSERT INTO bars_minute (instrument_id, bar_start, open, high, low, close, volume)
         VALUES ({new}, '{} 09:30 America/New_York', 1, 1, 1, 1, 1)",
        day(90)
    );
    transaction.batch_execute(&statement).await.unwrap();
    transaction.batch_execute(&minute).await.unwrap();
    transaction.commit().await.unwrap();
    world.refresh().await;

    let entries = [with_figi("FB", Some(79), "BBG1"), with_figi("META", None, "BBG1")];
    let summary = world.apply(&entries).await;
    assert_eq!((summary.new, summary.changed, summary.bars_moved), (0, 1, 40));
    assert_eq!(summary.merged, ["META"]);
    assert_eq!(summary.ticker_changes, [format!("FB to META on {}", day(80))]);
    assert_eq!(
        world.periods(&["FB", "META"]).await,
        [format!("FB … 80 #{old}"), format!("META 80 … #{old}")]
    );
    assert_eq!(world.sessions_of(old).await, (0..SESSIONS).collect::<Vec<_>>());
    for table in
        ["bars_day", "bar_revisions", "splits", "dividends", "share_counts", "statements", "bars_minute"]
    {
        let count = world.number(&format!("SELECT count(*) FROM {table} WHERE instrument_id = {new}")).await;
        let moved = world.number(&format!("SELECT count(*) FROM {table} WHERE instrument_id = {old}")).await;
        assert!(count == 0 && moved > 0, "{table}: {count} left, {moved} moved");
    }
    let whole = "SELECT count(*) FROM statements WHERE revenue = 0.1::float8 + 0.2 AND has_income_statement";
    assert_eq!(world.number(whole).await, 1);
    let minutes = format!(
        "SELECT count(*) FROM change_log WHERE topic = 'minutes' AND instrument_id IN ({old}, {new})
             AND (from_session, through_session) = ('{0}', '{0}')",
        day(90)
    );
    assert_eq!(world.number(&minutes).await, 2);
    let merged = format!("SELECT merged_into::bigint FROM instruments WHERE instrument_id = {new}");
    assert_eq!(world.number(&merged).await, i64::from(old));
    world.check().await;
    let universe = scan::verify(&mut world.client, "SPY").await.unwrap().full.rows();
    assert_eq!(universe, 14, "the merged instrument is not counted");
}

#[tokio::test]
async fn a_merge_before_a_full_refresh_leaves_nothing_of_the_other_instrument() {
    let mut world = World::new().await;
    world.bars("FB", 0..80).await;
    world.bars("META", 80..SESSIONS).await;
    world.refresh().await;
    world.apply(&[with_figi("FB", Some(79), "BBG1"), with_figi("META", None, "BBG1")]).await;
    let options = Options { full: true, benchmark: "SPY".into() };
    refresh::refresh(&mut world.client, &options, &|_, _| {}).await.unwrap();
    world.check().await;
}

#[tokio::test]
async fn a_delisted_instrument_and_a_later_one_of_the_same_ticker_are_split() {
    let mut world = World::new().await;
    world.bars("FB", 0..40).await;
    world.bars("FB", 70..SESSIONS).await;
    let id = world.id("FB", 0).await;
    world.refresh().await;
    let entries = [
        with_figi("FB", Some(39), "BBG0"),
        with_figi("FB", Some(79), "BBG1"),
        with_figi("META", None, "BBG1"),
        with_figi("FB", None, "BBG2"),
    ];
    let summary = world.apply(&entries).await;
    // Facebook is found by its days between; a fund has the ticker now.
    assert_eq!((summary.split, summary.new, summary.bars_moved), (2, 2, 50), "{summary:?}");
    let (first, fund) = (world.id("FB", 0).await, world.id("FB", 100).await);
    let facebook = world.id("FB", 75).await;
    assert_eq!(fund, id, "whoever trades now keeps the instrument");
    assert_eq!(world.sessions_of(first).await, (0..40).collect::<Vec<_>>());
    assert_eq!(world.sessions_of(facebook).await, (70..80).collect::<Vec<_>>());
    assert_eq!(world.sessions_of(fund).await, (80..SESSIONS).collect::<Vec<_>>());
    assert_eq!(world.id("META", 90).await, facebook);
    world.check().await;
    // Bars that come later find their instrument.
    world.bars("META", 80..90).await;
    assert_eq!(world.sessions_of(facebook).await, (70..90).collect::<Vec<_>>());
    world.check().await;
}

#[tokio::test]
async fn without_the_vendors_day_a_change_is_dated_by_the_bars() {
    let mut world = World::new().await;
    world.apply(&[with_figi("FB", None, "BBG1")]).await;
    world.bars("FB", 0..80).await;
    // An earlier fund used META, and the list does not know it.
    world.bars("META", 10..20).await;
    world.bars("META", 80..SESSIONS).await;
    let (facebook, fund) = (world.id("FB", 0).await, world.id("META", 10).await);
    world.refresh().await;
    let summary = world.apply(&[with_figi("META", None, "BBG1")]).await;
    assert_eq!(summary.ticker_changes, [format!("FB to META on {}", day(80))]);
    assert_eq!(world.id("META", 80).await, facebook);
    assert_eq!(world.sessions_of(fund).await, (10..20).collect::<Vec<_>>());
    assert_eq!(
        world.periods(&["FB", "META"]).await,
        [format!("FB … 80 #{facebook}"), format!("META … 80 #{fund}"), format!("META 80 … #{facebook}")]
    );
    world.check().await;
}

#[tokio::test]
async fn a_change_before_any_bar_of_the_new_name_begins_after_the_last_bar_of_the_old_one() {
    let mut world = World::new().await;
    world.apply(&[with_figi("FB", None, "BBG1")]).await;
    world.bars("FB", 0..SESSIONS - 1).await;
    let facebook = world.id("FB", 0).await;
    world.apply(&[with_figi("META", None, "BBG1")]).await;
    world.bars("META", SESSIONS - 1..SESSIONS).await;
    assert_eq!(world.sessions_of(facebook).await, (0..SESSIONS).collect::<Vec<_>>());
}

#[tokio::test]
async fn events_date_a_change_and_bars_within_five_sessions_correct_them() {
    let mut world = World::new().await;
    world.bars("FB", 0..80).await;
    world.bars("META", 80..SESSIONS).await;
    world.refresh().await;
    let changes = |n: i32| TickerChanges {
        composite_figi: Some("BBG1".into()),
        tickers: vec![(day(-200), "FB".into()), (day(n), "META".into())],
    };
    let entries = [with_figi("META", None, "BBG1")];
    // Two sessions late, as the vendor is at times.
    let summary = world.apply_with(&entries, &[changes(82)]).await;
    assert_eq!(summary.merged, ["META"]);
    let facebook = world.id("FB", 0).await;
    assert_eq!(world.periods(&["META"]).await, [format!("META 80 … #{facebook}")]);
    assert_eq!(world.sessions_of(facebook).await.len(), SESSIONS as usize);
    world.check().await;
}

#[tokio::test]
async fn events_that_do_not_know_a_name_give_its_time_to_an_instrument_of_its_own() {
    let mut world = World::new().await;
    world.bars("OLD", 0..80).await;
    world.bars("NEW", 40..SESSIONS).await;
    world.apply(&[with_figi("OLD", Some(79), "BBG1"), with_figi("NEW", None, "BBG1")]).await;
    let id = world.id("NEW", 90).await;
    assert_eq!(world.id("OLD", 0).await, id);
    // The vendor's events say that the instrument was NEW all the time.
    let changes =
        TickerChanges { composite_figi: Some("BBG1".into()), tickers: vec![(day(30), "NEW".into())] };
    world.apply_with(&[with_figi("NEW", None, "BBG1")], &[changes]).await;
    assert_eq!(world.sessions_of(id).await, (40..SESSIONS).collect::<Vec<_>>());
    let other = world.id("OLD", 0).await;
    assert_eq!(world.sessions_of(other).await, (0..80).collect::<Vec<_>>());
    world.check().await;
}

#[tokio::test]
async fn of_one_figi_with_two_tickers_that_both_trade_neither_is_moved() {
    let mut world = World::new().await;
    world.apply(&[with_figi("AAA", None, "BBG1")]).await;
    world.bars("AAA", 0..SESSIONS).await;
    world.bars("BBB", 0..SESSIONS).await;
    let (a, b) = (world.id("AAA", 0).await, world.id("BBB", 0).await);
    // At once in one list.
    let summary = world.apply(&[with_figi("AAA", None, "BBG1"), with_figi("BBB", None, "BBG1")]).await;
    assert_eq!(summary.refused.len(), 1);
    assert!(summary.refused[0].reason.contains("another ticker at the same time"), "{summary:?}");
    assert_eq!(summary.refused[0].example, "BBB (BBG1)", "the one that the database has stays");
    // As if it were a new name.
    let summary = world.apply(&[with_figi("BBB", None, "BBG1")]).await;
    assert_eq!(summary.refused[0].reason, "its FIGI has a new ticker, but both tickers trade");
    assert_eq!((world.sessions_of(a).await.len(), world.sessions_of(b).await.len()), (120, 120));
    assert_eq!(world.id("BBB", 0).await, b);
}

#[tokio::test]
async fn of_two_entries_with_one_ticker_one_counts_and_the_other_is_shown() {
    let mut world = World::new().await;
    world.bars("AAA", 0..SESSIONS).await;
    let of = |cik: &str, figi: &str, updated: &str| Listing {
        cik: Some(cik.into()),
        updated: Some(updated.parse().unwrap()),
        ..with_figi("AAA", None, figi)
    };
    let old = of("0000000001", "BBG1", "2020-01-01T00:00:00Z");
    let new = of("0000000002", "BBG2", "2024-01-01T00:00:00Z");
    let summary = world.apply(&[old.clone(), new.clone()]).await;
    assert_eq!(summary.refused[0].example, "AAA (BBG1)", "the later entry counts");
    // What the database has goes on, whichever entry is the later one.
    let older = Listing { updated: Some("2030-01-01T00:00:00Z".parse().unwrap()), ..old };
    let summary = world.apply(&[older, new]).await;
    assert_eq!(summary.refused[0].example, "AAA (BBG1)");
}

#[tokio::test]
async fn a_ticker_with_a_new_figi_waits_for_a_day_or_is_the_same_company() {
    let mut world = World::new().await;
    world.bars("AAA", 0..SESSIONS).await;
    let of = |figi: &str, cik: &str| Listing { cik: Some(cik.into()), ..with_figi("AAA", None, figi) };
    world.apply(&[of("BBG1", "0000000001")]).await;
    let id = world.id("AAA", 0).await;
    world.refresh().await;
    // Another company: nothing says since when.
    let summary = world.apply(&[of("BBG2", "0000000002")]).await;
    assert!(summary.refused[0].reason.contains("nothing says since when"), "{summary:?}");
    assert_eq!(world.sessions_of(id).await.len(), SESSIONS as usize);
    let asks = reference::changed_tickers(&world.client, &[of("BBG2", "0000000002")]).await.unwrap();
    assert_eq!(asks[0].composite_figi.as_deref(), Some("BBG2"));
    // The vendor's events say it.
    let changes = TickerChanges {
        composite_figi: Some("BBG2".into()),
        tickers: vec![(day(-200), "OLD".into()), (day(60), "AAA".into())],
    };
    let summary = world.apply_with(&[of("BBG2", "0000000002")], &[changes]).await;
    assert_eq!((summary.new, summary.bars_moved), (1, 60), "{summary:?}");
    assert_eq!(world.sessions_of(id).await, (0..60).collect::<Vec<_>>());
    world.check().await;
    // The same company under a new FIGI goes on.
    let summary = world.apply(&[of("BBG3", "0000000002")]).await;
    assert_eq!((summary.corrected, summary.changed, summary.new), (1, 1, 0));
}

#[tokio::test]
async fn a_share_class_identifies_where_the_composite_is_missing_and_never_joins_two_lines_that_trade() {
    let mut world = World::new().await;
    let of = |ticker: &str, last: Option<i32>, figi: Option<&str>| Listing {
        share_class_figi: Some("BBGS".into()),
        composite_figi: figi.map(str::to_owned),
        ..listing(ticker, last)
    };
    // A line in another currency, of the same class, without a composite of its own.
    let summary = world.apply(&[of("AAA", None, Some("BBG1")), of("AAA.U", None, None)]).await;
    assert_eq!((summary.new, summary.refused.len()), (2, 0), "{summary:?}");
    let mut world = World::new().await;
    // An old name without a composite is of the one instrument of its class.
    let summary = world.apply(&[of("AAA", None, Some("BBG1")), of("OLD", Some(50), None)]).await;
    assert_eq!((summary.new, summary.ticker_changes.len()), (1, 1), "{summary:?}");
}

#[tokio::test]
async fn a_delisted_ticker_that_trades_again_gets_an_instrument_of_its_own() {
    let mut world = World::new().await;
    world.bars("AAA", 0..40).await;
    world.apply(&[listing("AAA", Some(39))]).await;
    let id = world.id("AAA", 0).await;
    world.bars("AAA", 80..SESSIONS).await;
    let later = world.id("AAA", 90).await;
    assert_ne!(later, id);
    assert_eq!(world.periods(&["AAA"]).await, [format!("AAA … 40 #{id}"), format!("AAA 40 … #{later}")]);
    // A bar or two after the day that the vendor gives are still its own.
    world.bars("BBB", 0..42).await;
    world.apply(&[listing("AAA", Some(39)), listing("BBB", Some(39))]).await;
    let id = world.id("BBB", 0).await;
    assert_eq!(world.periods(&["BBB"]).await, [format!("BBB … 42 #{id}")]);
    // More of them are somebody else's.
    world.bars("CCC", 0..60).await;
    let summary = world.apply(&[listing("CCC", Some(39))]).await;
    assert_eq!((summary.split, summary.bars_moved), (1, 40));
    world.check().await;
}

#[tokio::test]
async fn types_and_sectors_move_the_cross_section_and_only_real_changes_are_logged() {
    // Long enough for families, whose scores less their sector's mean are what a sector moves.
    let mut world = World::lasting(300).await;
    world.refresh().await;
    let entry =
        |n: usize, kind: &str| Listing { kind: Some(kind.into()), ..listing(&format!("TST{n}"), None) };
    world.apply(&(0..12).map(|n| entry(n, "CS")).collect::<Vec<_>>()).await;
    let logged = "SELECT count(*) FROM change_log WHERE topic = 'instruments'";
    assert_eq!(world.number(logged).await, 0, "a share is what an unknown type was taken for");
    world.apply(&[entry(1, "ETF"), entry(2, "ADRC")]).await;
    assert_eq!(world.number(logged).await, 1, "a fund leaves the population, a receipt does not");
    world.check().await;

    let ids: Vec<i32> = {
        let tickers = Tickers::read(&world.client).await.unwrap();
        (0..12).map(|n| tickers.latest(&format!("TST{n}")).unwrap()).collect()
    };
    let sectors = |swap: usize| -> Vec<(i32, Sector)> {
        let sector =
            |at: usize| if (at + swap).is_multiple_of(2) { Sector::Energy } else { Sector::Materials };
        ids.iter().enumerate().map(|(at, id)| (*id, sector(at))).collect()
    };
    let moments = "SELECT count(*) FROM feature_moments WHERE factor = 'momentum_sn' AND sd > 0";
    let text = "SELECT md5(string_agg(m::text, ' ' ORDER BY session_date)) FROM feature_moments AS m WHERE factor = 'momentum_sn'";
    assert!(world.number(moments).await > 0);
    let mut seen = std::collections::BTreeSet::new();
    for (swap, differing) in [(0, 12), (0, 0), (1, 12)] {
        let transaction = world.client.transaction().await.unwrap();
        assert_eq!(store::store_sectors(&transaction, &sectors(swap)).await.unwrap(), differing);
        transaction.commit().await.unwrap();
        world.check().await;
        seen.insert(world.client.query_one(text, &[]).await.unwrap().get::<_, String>(0));
    }
    // One instrument's sector alone: its rows stay, the moments around them move.
    let transaction = world.client.transaction().await.unwrap();
    store::store_sectors(&transaction, &[(ids[3], Sector::Utilities)]).await.unwrap();
    transaction.commit().await.unwrap();
    let summary = refresh::refresh(&mut world.client, &options(), &|_, _| {}).await.unwrap();
    assert_eq!((summary.done.added, summary.done.changed), (0, 0));
    assert!(summary.done.sections > 0);
    world.check().await;
    seen.insert(world.client.query_one(text, &[]).await.unwrap().get::<_, String>(0));
    assert!(seen.len() > 1, "sectors move the moments, or this proves nothing");
}

#[tokio::test]
async fn a_sector_of_a_file_outweighs_a_sic_code_and_stays() {
    let mut world = World::new().await;
    let (a, b) = (world.id("TST0", 0).await, world.id("TST1", 0).await);
    let sector = |id: i32| {
        format!(
            "SELECT coalesce(sector, '-') || ' ' || coalesce(sector_source, '-') FROM instruments WHERE instrument_id = {id}"
        )
    };
    let transaction = world.client.transaction().await.unwrap();
    let details = |id: i32, code: &str| store::Details {
        instrument_id: id,
        sic_code: Some(code.into()),
        shares: Some(5e6),
        ..store::Details::default()
    };
    let rows = [details(a, "3674"), details(b, "6798")];
    assert_eq!(store::store_details(&transaction, &rows, day(50)).await.unwrap(), 2);
    assert_eq!(store::store_details(&transaction, &rows, day(51)).await.unwrap(), 0, "nothing new");
    assert_eq!(store::map_sectors(&transaction).await.unwrap(), 2);
    assert_eq!(store::store_sectors(&transaction, &[(a, Sector::Energy)]).await.unwrap(), 1);
    assert_eq!(store::map_sectors(&transaction).await.unwrap(), 0);
    transaction.commit().await.unwrap();
    let client = &world.client;
    let text =
        |query: String| async move { client.query_one(&query, &[]).await.unwrap().get::<_, String>(0) };
    assert_eq!(text(sector(a)).await, "Energy file");
    assert_eq!(text(sector(b)).await, "Real Estate sic");
    let shares = "SELECT count(*) FROM shares_outstanding WHERE filing_date = period_end";
    assert_eq!(world.number(shares).await, 2);
    world.check().await;
}

#[tokio::test]
async fn what_the_list_does_not_have_stays_and_what_has_no_bars_is_out_of_the_way() {
    let mut world = World::new().await;
    world.refresh().await;
    let many: Vec<Listing> = (0..300)
        .map(|n| with_figi(&format!("NEW{n}"), (n % 2 == 0).then_some(-100 - n), &format!("BBG{n}")))
        .collect();
    let summary = world.apply(&many).await;
    assert_eq!((summary.new, summary.changed), (300, 0));
    assert_eq!(world.number("SELECT count(*) FROM change_log WHERE topic = 'instruments'").await, 0);
    let verdict = scan::verify(&mut world.client, "SPY").await.unwrap();
    assert_eq!(verdict.full.rows(), 13);
    assert_eq!(store::unlisted(&world.client, day(SESSIONS - 5)).await.unwrap().len(), 13);
    assert!(store::unlisted(&world.client, day(SESSIONS)).await.unwrap().is_empty(), "no bars since then");
    assert!(store::last_load(&world.client).await.unwrap().is_some());
    // The benchmark of a list without bars is no benchmark yet.
    world.check().await;
}

/// Who has a ticker in each stretch of ten sessions: for each stretch, the instrument of each of four tickers.
type Lives = Vec<[Option<usize>; 4]>;

const NAMES: [&str; 4] = ["AAA", "BBB", "CCC", "DDD"];
const STRETCH: i32 = 10;

fn lives() -> impl Strategy<Value = Lives> {
    // Five instruments for four tickers: some have none at times, and nobody has two.
    let stretch = Just([0_usize, 1, 2, 3, 4]).prop_shuffle();
    let used = proptest::array::uniform4(proptest::bool::weighted(0.75));
    let held =
        (stretch, used).prop_map(|(order, used)| std::array::from_fn(|at| used[at].then_some(order[at])));
    // A name mostly lasts.
    let lasting = (held, 1..4_usize).prop_map(|(held, times)| vec![held; times]);
    proptest::collection::vec(lasting, 2..6).prop_map(|all| all.concat().into_iter().take(11).collect())
}

/// The vendor's list of it: an entry for every time that an instrument had a ticker.
fn list_of(lives: &Lives) -> Vec<Listing> {
    let mut entries = Vec::new();
    for (name, ticker) in NAMES.iter().enumerate() {
        for (at, holders) in lives.iter().enumerate() {
            let Some(holder) = holders[name] else { continue };
            let next = lives.get(at + 1).map(|holders| holders[name]);
            if next != Some(Some(holder)) {
                let last = next.map(|_| (at as i32 + 1) * STRETCH - 1);
                entries.push(with_figi(ticker, last, &format!("BBG{holder}")));
            }
        }
    }
    entries
}

impl World {
    /// Loads the bars of some stretches, ticker by ticker and day by day as they are.
    async fn live(&mut self, lives: &Lives, stretches: &[usize]) {
        let mut wanted: Vec<(&str, i32)> = Vec::new();
        for at in stretches {
            for (_, ticker) in NAMES.iter().enumerate().filter(|(name, _)| lives[*at][*name].is_some()) {
                wanted.extend((0..STRETCH).map(|n| (*ticker, *at as i32 * STRETCH + n)));
            }
        }
        let mut tickers = Tickers::read(&self.client).await.unwrap();
        let unknown = tickers.unknown(wanted.iter().map(|(ticker, n)| (*ticker, day(*n))));
        tickers.create(&mut self.client, &unknown).await.unwrap();
        let mut rows: Vec<(i32, NaiveDate)> =
            wanted.iter().map(|(ticker, n)| (tickers.find(ticker, day(*n)).unwrap(), day(*n))).collect();
        rows.sort_unstable();
        let transaction = self.client.transaction().await.unwrap();
        let bar = market::bar(1, 1, 0);
        let rows = rows.iter().map(|(id, date)| bars::row(*id, *date, &bar));
        bar_table::copy(&transaction, &bars::TABLE, rows).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Every bar is with the instrument that had the ticker on its day, and with nobody else's.
    async fn check_lives(&self, lives: &Lives) {
        let tickers = Tickers::read(&self.client).await.unwrap();
        let mut ids: std::collections::BTreeMap<usize, i32> = std::collections::BTreeMap::new();
        for (at, holders) in lives.iter().enumerate() {
            for (name, ticker) in NAMES.iter().enumerate() {
                let Some(holder) = holders[name] else { continue };
                for n in 0..STRETCH {
                    let date = day(at as i32 * STRETCH + n);
                    let id = tickers.find(ticker, date).unwrap();
                    assert_eq!(
                        *ids.entry(holder).or_insert(id),
                        id,
                        "{ticker} on {date} of {holder}: {lives:?}"
                    );
                }
            }
        }
        let different: std::collections::BTreeSet<i32> = ids.values().copied().collect();
        assert_eq!(different.len(), ids.len(), "two instruments are one: {lives:?}");
        let bars = self.number("SELECT count(*) FROM bars_day").await;
        let expected: usize = lives.iter().flatten().flatten().count() * STRETCH as usize;
        assert_eq!(bars, expected as i64);
    }
}

#[test]
fn whatever_comes_first_bars_or_list_a_bar_is_with_whom_it_belongs_to() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut world = runtime.block_on(async {
        let database = Database::create().await;
        let mut client = database.client().await;
        market::open_chunks(&mut client, market::first()..market::first() + SESSIONS).await;
        World { client, _database: database }
    });
    let cases = std::env::var("TIDEMARK_HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    let mut runner = TestRunner::new(Config {
        cases,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    });
    let strategy = lives().prop_flat_map(|lives| {
        let order = Just((0..lives.len()).collect::<Vec<usize>>()).prop_shuffle();
        (Just(lives), order, 0..3_usize, 0..100_usize)
    });
    let world = std::sync::Mutex::new(&mut world);
    let result = runner.run(&strategy, |(lives, order, cuts, cut)| {
        let mut world = world.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        runtime.block_on(async {
            let reset = "TRUNCATE bars_day, bar_revisions, change_log, ticker_periods, instruments, splits, dividends,
                         share_counts, statements, reference_loads";
            world.client.batch_execute(reset).await.unwrap();
            let list = list_of(&lives);
            // The bars before the list, after it, or some before and some after.
            let at = match cuts {
                0 => 0,
                1 => order.len(),
                _ => cut % (order.len() + 1),
            };
            world.live(&lives, &order[..at]).await;
            world.apply(&list).await;
            world.live(&lives, &order[at..]).await;
            world.apply(&list).await;
            world.check_lives(&lives).await;
        });
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let _guard = runtime.enter();
}
