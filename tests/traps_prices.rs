//! Traps for price factors. Features are refreshed, late news comes, they are refreshed again: what was right before has its
//! bits still, and what is new is what would be there had the news come in time. The measure is a twin: an instrument with
//! the same market, told as plainly as can be and from the start.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};

use chrono::NaiveDate;
use serde_json::Value;
use support::{Database, market};
use tidemark::domain::bar::DayBar;
use tidemark::domain::calendar::nyse;
use tidemark::domain::listing::Listing;
use tidemark::jobs::reference::{self, Said};
use tidemark::jobs::refresh::{self, Options, Sample};
use tidemark::store::actions::{
    Answer, DividendRow, Outcome, SplitRow, copy_dividends, copy_splits, settle_dividends, settle_splits,
    stage_dividends, stage_splits,
};
use tidemark::store::date_of;
use tidemark::store::instruments::Tickers;
use tidemark::store::refresh_runs::Done;
use tokio_postgres::Client;

/// Sessions of the market, counted from its first: more than a year after any trap in the first of them.
const SESSIONS: i32 = 400;
/// Instruments besides the benchmark.
const INSTRUMENTS: usize = 11;
/// Positions of the instrument that the news is about, and of its twin.
const LATE: usize = 0;
const TWIN: usize = 1;

/// Feature rows by instrument and session (counted from the market's first), each by column.
type Rows = BTreeMap<(i32, i32), serde_json::Map<String, Value>>;

struct World {
    client: Client,
    _database: Database,
    /// The instruments in order; the last is the benchmark.
    ids: Vec<i32>,
}

fn day(n: i32) -> NaiveDate {
    date_of(market::first() + n)
}

/// A bar of the company that the traps are about, the same whoever has it.
fn bar(n: i32) -> DayBar {
    market::bar(3, market::first() + n, 0)
}

/// A bar at `ratio` shares for one of before: exact, as long as the ratio is a power of two.
fn divided(bar: DayBar, ratio: f64) -> DayBar {
    DayBar {
        open: bar.open / ratio,
        high: bar.high / ratio,
        low: bar.low / ratio,
        close: bar.close / ratio,
        volume: bar.volume * ratio,
        ..bar
    }
}

fn split(instrument_id: i32, n: i32, split_from: f64, split_to: f64, id: &str) -> SplitRow {
    SplitRow { instrument_id, ex_date: day(n), split_from, split_to, vendor_id: Some(id.into()) }
}

fn dividend(instrument_id: i32, n: i32, cash_amount: f64, id: &str) -> DividendRow {
    DividendRow { instrument_id, ex_date: day(n), kind: "CD".into(), cash_amount, vendor_id: Some(id.into()) }
}

impl World {
    /// A market of which the first two instruments have the bars that `of_two` gives for their position and session.
    async fn new(of_two: impl Fn(usize, i32) -> Option<DayBar>) -> Self {
        let database = Database::create().await;
        let mut client = database.client().await;
        let ids = market::instruments(&mut client, INSTRUMENTS).await;
        market::open_chunks(&mut client, market::first()..market::first() + SESSIONS).await;
        let mut world = Self { client, _database: database, ids };
        world.fill(0..SESSIONS, of_two).await;
        world
    }

    /// Makes the bars of some sessions equal to these.
    async fn fill(&mut self, sessions: Range<i32>, of_two: impl Fn(usize, i32) -> Option<DayBar>) {
        let (late, twin) = (self.ids[LATE], self.ids[TWIN]);
        let sessions = market::first() + sessions.start..market::first() + sessions.end;
        let ids = self.ids.clone();
        let transaction = self.client.transaction().await.unwrap();
        market::write(&transaction, &ids, sessions, |id, session| match session - market::first() {
            n if id == late => of_two(LATE, n),
            n if id == twin => of_two(TWIN, n),
            _ => Some(market::bar(id, session, 0)),
        })
        .await;
        transaction.commit().await.unwrap();
    }

    /// Gives one instrument these bars on some sessions, and leaves everybody else alone.
    async fn give(&mut self, id: i32, sessions: Range<i32>, bars: impl Fn(i32) -> Option<DayBar>) {
        let sessions = market::first() + sessions.start..market::first() + sessions.end;
        let transaction = self.client.transaction().await.unwrap();
        market::write(&transaction, &[id], sessions, |_, session| bars(session - market::first())).await;
        transaction.commit().await.unwrap();
    }

    async fn splits(&mut self, rows: &[SplitRow], answer: Answer) -> Outcome {
        let transaction = self.client.transaction().await.unwrap();
        stage_splits(&transaction).await.unwrap();
        copy_splits(&transaction, rows, &[]).await.unwrap();
        let outcome = settle_splits(&transaction, answer).await.unwrap();
        transaction.commit().await.unwrap();
        outcome
    }

    async fn dividends(&mut self, rows: &[DividendRow], answer: Answer) -> Outcome {
        let transaction = self.client.transaction().await.unwrap();
        stage_dividends(&transaction).await.unwrap();
        copy_dividends(&transaction, rows, &[]).await.unwrap();
        let outcome = settle_dividends(&transaction, answer).await.unwrap();
        transaction.commit().await.unwrap();
        outcome
    }

    async fn list(&mut self, entries: &[Listing]) -> reference::Summary {
        let said = Said { entries, changes: &[], today: day(SESSIONS - 1) };
        reference::apply(&mut self.client, &said, "a test", 0).await.unwrap()
    }

    /// Refreshes from what changed, checks everything against what is computed from nothing, and gives what is stored.
    async fn refreshed(&mut self) -> (Done, Rows) {
        let options = Options { full: false, benchmark: "SPY".into() };
        let summary = refresh::refresh(&mut self.client, &options, &|_, _| {}).await.unwrap();
        let verdict = refresh::verify(&mut self.client, "SPY", Sample::All, &|_, _| {}).await.unwrap();
        assert!(verdict.is_clean(), "features differ: {verdict:#?}");
        (summary.done, self.stored().await)
    }

    async fn stored(&self) -> Rows {
        let statement = "SELECT instrument_id, session_date, to_jsonb(f) - 'instrument_id' - 'session_date' FROM features_day AS f";
        let rows = self.client.query(statement, &[]).await.unwrap();
        rows.iter()
            .map(|row| {
                let n = nyse().number(row.get(1)).unwrap() - market::first();
                let Value::Object(columns) = row.get(2) else { panic!("a row") };
                ((row.get(0), n), columns)
            })
            .collect()
    }
}

/// Rows of one instrument by session.
fn of(rows: &Rows, id: i32) -> BTreeMap<i32, &serde_json::Map<String, Value>> {
    rows.range((id, i32::MIN)..=(id, i32::MAX)).map(|((_, n), row)| (*n, row)).collect()
}

fn value(rows: &Rows, id: i32, n: i32, factor: &str) -> Option<f64> {
    let value = &rows[&(id, n)][factor];
    assert!(value.is_number() || value.is_null(), "{factor}");
    value.as_f64()
}

/// Sessions on which the rows of two instruments differ.
fn apart(rows: &Rows, one: i32, other: i32) -> Vec<i32> {
    let (one, other) = (of(rows, one), of(rows, other));
    let sessions: BTreeSet<i32> = one.keys().chain(other.keys()).copied().collect();
    sessions.into_iter().filter(|n| one.get(n) != other.get(n)).collect()
}

/// Keys of rows that came, went or have other bits.
fn changed(before: &Rows, after: &Rows) -> BTreeSet<(i32, i32)> {
    let keys: BTreeSet<(i32, i32)> = before.keys().chain(after.keys()).copied().collect();
    keys.into_iter().filter(|key| before.get(key) != after.get(key)).collect()
}

/// Asserts that rows of this instrument changed on the first and the last of `sessions`, and none elsewhere.
fn assert_only(changed: &BTreeSet<(i32, i32)>, id: i32, sessions: RangeInclusive<i32>) {
    let elsewhere: Vec<_> =
        changed.iter().filter(|(of, n)| *of != id || !sessions.contains(n)).take(5).collect();
    assert!(elsewhere.is_empty(), "rows that had to stay changed: {elsewhere:?}");
    for n in [*sessions.start(), *sessions.end()] {
        assert!(changed.contains(&(id, n)), "the row of session {n} had to change");
    }
}

/// Last session whose row a bar of session `n` reaches: the one at which the return of the bar after it is the year's first.
fn reach(n: i32) -> i32 {
    n + 252
}

#[tokio::test]
async fn a_split_that_is_announced_late_makes_the_rows_that_it_would_have_made_in_time() {
    let mut world = World::new(|_, n| Some(if n < 100 { bar(n) } else { divided(bar(n), 7.0) })).await;
    let (late, twin) = (world.ids[LATE], world.ids[TWIN]);
    world.splits(&[split(twin, 100, 1.0, 7.0, "t")], Answer::Part).await;
    let (_, before) = world.refreshed().await;
    assert!(value(&before, late, 110, "rev_1").unwrap() < -0.7, "without the split the price fell");
    assert_eq!(*apart(&before, late, twin).first().unwrap(), 100);

    world.splits(&[split(late, 100, 1.0, 7.0, "l")], Answer::Part).await;
    let (done, after) = world.refreshed().await;
    assert!(apart(&after, late, twin).is_empty(), "{:?}", apart(&after, late, twin));
    let changed = changed(&before, &after);
    assert_only(&changed, late, 100..=changed.last().unwrap().1);
    assert!(changed.len() > 200 && done.changed == changed.len() as u64, "{}", changed.len());
}

#[tokio::test]
async fn a_split_inside_the_window_is_as_if_the_company_had_always_had_so_many_shares() {
    // One trades at a fourth from session 150 on; its twin always did, with its dividends a fourth too.
    let mut world = World::new(|instrument, n| {
        Some(if instrument == TWIN || n >= 150 { divided(bar(n), 4.0) } else { bar(n) })
    })
    .await;
    let (late, twin) = (world.ids[LATE], world.ids[TWIN]);
    let paid = |id, before: f64, after: f64| {
        [dividend(id, 120, before, &format!("a{id}")), dividend(id, 200, after, &format!("b{id}"))]
    };
    world.dividends(&[paid(late, 2.0, 0.5), paid(twin, 0.5, 0.5)].concat(), Answer::Part).await;
    let (_, before) = world.refreshed().await;
    assert_ne!(value(&before, late, 160, "div_yield"), value(&before, twin, 160, "div_yield"));
    world.splits(&[split(late, 150, 1.0, 4.0, "l")], Answer::Part).await;
    let (_, after) = world.refreshed().await;
    assert!(apart(&after, late, twin).is_empty(), "{:?}", apart(&after, late, twin));
    let changed = changed(&before, &after);
    // 150 + 252: the split leaves the windows of all rows that there are.
    assert_only(&changed, late, 150..=SESSIONS - 1);
}

#[tokio::test]
async fn a_split_that_is_withdrawn_or_corrected_leaves_nothing_behind() {
    let mut world = World::new(|_, n| Some(bar(n))).await;
    let (late, other) = (world.ids[LATE], world.ids[5]);
    // Something for the vendor to go on saying.
    let kept = split(other, 30, 1.0, 2.0, "kept");
    world.splits(std::slice::from_ref(&kept), Answer::Part).await;
    let paid = dividend(other, 30, 0.5, "kept");
    world.dividends(std::slice::from_ref(&paid), Answer::Part).await;
    let (_, before) = world.refreshed().await;

    // Never true: 10 for 1.
    let wrong = split(late, 100, 1.0, 10.0, "wrong");
    world.splits(&[wrong, kept.clone()], Answer::Part).await;
    world.dividends(&[dividend(late, 90, 3.0, "wrong"), paid.clone()], Answer::Part).await;
    let (_, wrong) = world.refreshed().await;
    assert_only(&changed(&before, &wrong), late, 90..=351);
    assert!(value(&wrong, late, 100, "rev_1").unwrap() > 5.0);

    // Turned round: 1 for 10.
    world.splits(&[split(late, 100, 10.0, 1.0, "wrong"), kept.clone()], Answer::Part).await;
    let (_, corrected) = world.refreshed().await;
    assert!(value(&corrected, late, 100, "rev_1").unwrap() < -0.5);

    // And taken back, with the dividend.
    let outcome = world.splits(std::slice::from_ref(&kept), Answer::Whole(Some(day(0)))).await;
    assert_eq!(outcome.removed[0].count, 1);
    world.dividends(std::slice::from_ref(&paid), Answer::Whole(Some(day(0)))).await;
    let (done, after) = world.refreshed().await;
    assert!(changed(&before, &after).is_empty());
    assert!(done.changed > 200);
}

#[tokio::test]
async fn a_split_that_is_announced_twice_within_a_week_is_one() {
    let mut world = World::new(|_, n| Some(if n < 100 { bar(n) } else { divided(bar(n), 4.0) })).await;
    let (late, twin) = (world.ids[LATE], world.ids[TWIN]);
    world.splits(&[split(twin, 100, 1.0, 4.0, "t")], Answer::Part).await;
    // First for the wrong day, as if nothing else were known.
    world.splits(&[split(late, 99, 1.0, 4.0, "early")], Answer::Part).await;
    let (_, before) = world.refreshed().await;
    assert!(apart(&before, late, twin).contains(&99));
    // Then for the right one, and much later again.
    for n in [100, 105] {
        world.splits(&[split(late, n, 1.0, 4.0, &format!("on {n}"))], Answer::Part).await;
        let (_, after) = world.refreshed().await;
        assert!(apart(&after, late, twin).is_empty(), "{n}: {:?}", apart(&after, late, twin));
    }
    // Ten sessions later it would be another one.
    world.splits(&[split(late, 110, 1.0, 4.0, "another")], Answer::Part).await;
    let (_, after) = world.refreshed().await;
    assert_eq!(apart(&after, late, twin).first(), Some(&110));
}

#[tokio::test]
async fn a_dividend_on_the_session_of_a_split_is_paid_on_the_shares_before_it() {
    let mut world = World::new(|instrument, n| {
        Some(if instrument == TWIN || n >= 100 { divided(bar(n), 2.0) } else { bar(n) })
    })
    .await;
    let (late, twin) = (world.ids[LATE], world.ids[TWIN]);
    world.splits(&[split(late, 100, 1.0, 2.0, "l")], Answer::Part).await;
    // 3 for an old share is 1.5 for each of the two.
    world.dividends(&[dividend(twin, 100, 1.5, "t")], Answer::Part).await;
    let (_, before) = world.refreshed().await;
    assert_eq!(value(&before, late, 100, "div_yield"), Some(0.0));
    world.dividends(&[dividend(late, 100, 3.0, "l")], Answer::Part).await;
    let (_, after) = world.refreshed().await;
    assert!(apart(&after, late, twin).is_empty(), "{:?}", apart(&after, late, twin));
    assert_eq!(value(&after, late, 100, "div_yield"), Some(1.5 / (bar(100).close / 2.0)));
    // The dividend of session 100 is in the year up to 351.
    assert_only(&changed(&before, &after), late, 100..=351);
}

#[tokio::test]
async fn a_later_split_never_changes_an_earlier_row() {
    let until = 300;
    let mut world = World::new(|_, n| (n < until).then(|| bar(n))).await;
    let (late, twin) = (world.ids[LATE], world.ids[TWIN]);
    world.dividends(&[dividend(late, 280, 1.0, "a"), dividend(twin, 280, 1.0, "b")], Answer::Part).await;
    let (_, before) = world.refreshed().await;
    // Announced for a day that has not come: nothing changes yet.
    world.splits(&[split(late, 310, 1.0, 8.0, "l")], Answer::Part).await;
    world.dividends(&[dividend(late, 305, 1.0, "c")], Answer::Part).await;
    let (done, announced) = world.refreshed().await;
    assert!(changed(&before, &announced).is_empty());
    assert_eq!((done.added, done.changed, done.removed), (0, 0, 0));

    let bars =
        |instrument, n| Some(if instrument == LATE && n >= 310 { divided(bar(n), 8.0) } else { bar(n) });
    world.fill(until..SESSIONS, bars).await;
    world.dividends(&[dividend(twin, 305, 1.0, "d")], Answer::Part).await;
    let (_, after) = world.refreshed().await;
    let old: Vec<_> = changed(&before, &after).into_iter().filter(|(_, n)| *n < until).collect();
    assert!(old.is_empty(), "{old:?}");
    assert!(apart(&after, late, twin).is_empty(), "{:?}", apart(&after, late, twin));
    assert_eq!(of(&after, late).len(), SESSIONS as usize);
}

fn listed(ticker: &str, figi: &str, last: Option<i32>) -> Listing {
    Listing {
        ticker: ticker.into(),
        last_day: last.map(day),
        name: Some(format!("{ticker} Inc.")),
        kind: Some("CS".into()),
        composite_figi: Some(figi.into()),
        ..Listing::default()
    }
}

impl World {
    /// Loads the company's bars under a ticker as a loader does: with the instrument that the ticker has on the day, a new one
    /// where nobody has it.
    async fn load(&mut self, ticker: &str, sessions: Range<i32>) -> i32 {
        let mut tickers = Tickers::read(&self.client).await.unwrap();
        let unknown = tickers.unknown(sessions.clone().map(|n| (ticker, day(n))));
        tickers.create(&mut self.client, &unknown).await.unwrap();
        let id = tickers.find(ticker, day(sessions.start)).unwrap();
        self.give(id, sessions, |n| Some(bar(n))).await;
        id
    }
}

#[tokio::test]
async fn an_instrument_that_changes_its_ticker_keeps_its_history() {
    let mut world = World::new(|instrument, n| (instrument == TWIN).then(|| bar(n))).await;
    let twin = world.ids[TWIN];
    let old = world.load("FB", 0..320).await;
    let new = world.load("META", 320..SESSIONS).await;
    let (_, before) = world.refreshed().await;
    assert_eq!(value(&before, new, 399, "mom_12_1"), None, "a newcomer, as far as is known");
    let summary = world.list(&[listed("FB", "F1", Some(319)), listed("META", "F1", None)]).await;
    assert_eq!(summary.merged, ["META"]);
    let (_, after) = world.refreshed().await;
    assert!(apart(&after, old, twin).is_empty(), "{:?}", apart(&after, old, twin));
    assert!(of(&after, new).is_empty());
    assert!(value(&after, old, 399, "mom_12_1").is_some());
    let moved: BTreeSet<i32> = changed(&before, &after).iter().map(|(id, _)| *id).collect();
    assert_eq!(moved, BTreeSet::from([old, new]));
    assert!(changed(&before, &after).iter().all(|(_, n)| *n >= 320), "its rows under the old name stay");
}

#[tokio::test]
async fn of_two_companies_that_used_one_ticker_neither_sees_the_bars_of_the_other() {
    // The twin is the second company alone, and the other one the first. Returns would reach across three sessions.
    let mut world = World::new(|instrument, n| (instrument == TWIN && n >= 200).then(|| bar(n))).await;
    let (twin, alone) = (world.ids[TWIN], world.ids[LATE]);
    let one = world.load("FB", 0..197).await;
    world.give(alone, 0..197, |n| Some(bar(n))).await;
    let two = world.load("FB", 200..SESSIONS).await;
    assert_eq!(one, two, "one instrument, as far as is known");
    world.dividends(&[dividend(one, 150, 1.0, "d"), dividend(alone, 150, 1.0, "e")], Answer::Part).await;
    let (_, before) = world.refreshed().await;
    assert!(apart(&before, two, twin).contains(&210));

    let summary = world.list(&[listed("FB", "F1", Some(196)), listed("FB", "F2", None)]).await;
    assert_eq!(summary.split, 1, "{summary:?}");
    let (_, after) = world.refreshed().await;
    let tickers = Tickers::read(&world.client).await.unwrap();
    let (first, second) = (tickers.find("FB", day(0)).unwrap(), tickers.find("FB", day(300)).unwrap());
    assert_ne!(first, second);
    assert!(apart(&after, second, twin).is_empty(), "{:?}", apart(&after, second, twin));
    assert_eq!(value(&after, second, 219, "rev_1"), None);
    assert_eq!(of(&after, first).into_keys().collect::<Vec<_>>(), (0..197).collect::<Vec<_>>());
    assert!(apart(&after, first, alone).is_empty(), "{:?}", apart(&after, first, alone));
    assert!(value(&after, first, 196, "div_yield").unwrap() > 0.0, "what it paid went with it");
}

#[tokio::test]
async fn a_delisting_ends_the_series_and_nothing_is_carried_on() {
    // It trades through session 219; what the vendor printed of it afterwards is taken back.
    let mut world =
        World::new(|instrument, n| (n < if instrument == LATE { 230 } else { 220 }).then(|| bar(n))).await;
    let (late, twin) = (world.ids[LATE], world.ids[TWIN]);
    world.dividends(&[dividend(late, 240, 9.0, "a")], Answer::Part).await;
    let (_, before) = world.refreshed().await;
    assert_eq!(apart(&before, late, twin), (220..230).collect::<Vec<_>>());
    world.give(late, 220..230, |_| None).await;
    world.list(&[listed("TST0", "F0", Some(219)), listed("TST1", "F1", Some(219))]).await;
    let (done, after) = world.refreshed().await;
    assert_eq!((done.removed, done.added), (10, 0));
    for id in [late, twin] {
        assert_eq!(of(&after, id).into_keys().collect::<Vec<_>>(), (0..220).collect::<Vec<_>>());
    }
    assert!(apart(&after, late, twin).is_empty());
    assert_only(&changed(&before, &after), late, 220..=229);
}

#[tokio::test]
async fn an_instrument_that_comes_back_after_a_long_gap_has_its_old_prices_and_no_return_of_a_day() {
    // Away from session 120 to 299, back at 16 times the price; first only the new bars are known.
    let back = |n: i32| divided(bar(n), 1.0 / 16.0);
    let mut world = World::new(|instrument, n| match n {
        300.. => Some(back(n)),
        120..300 => None,
        _ => (instrument == TWIN).then(|| bar(n)),
    })
    .await;
    let (late, twin) = (world.ids[LATE], world.ids[TWIN]);
    let (_, before) = world.refreshed().await;
    world.give(late, 0..120, |n| Some(bar(n))).await;
    let (_, after) = world.refreshed().await;
    assert!(apart(&after, late, twin).is_empty(), "{:?}", apart(&after, late, twin));
    assert_eq!(of(&after, late).len(), 220);
    let changed = changed(&before, &after);
    // On session 314 there are fifteen new bars, and it matters that the series is older than they are.
    assert!(changed.iter().all(|(id, _)| *id == late) && changed.contains(&(late, 314)));
    assert!(!changed.contains(&(late, 313)));
    // The jump is no return of a day, and there is no price a month ago until the month is over.
    for n in 300..SESSIONS {
        let most = value(&after, late, n, "max_ret_21");
        assert_eq!(most.is_some(), n >= 315, "{n}");
        assert!(most.is_none_or(|most| most < 0.3), "{n}");
        assert!(value(&after, late, n, "vol_20").is_none_or(|vol| vol < 4.0), "{n}");
        assert_eq!(value(&after, late, n, "rev_1").is_some(), n >= 321, "{n}");
        assert_eq!(value(&after, late, n, "mom_3").is_some(), n >= 363, "{n}");
    }
    // But it counts in what was earned between two prices: from session 100 to 331.
    let earned = value(&after, late, 352, "mom_12_1").unwrap();
    assert!((earned - (back(331).close / bar(100).close - 1.0)).abs() < 1e-12, "{earned}");
    // The price of session 119 serves through session 124, a year before 376.
    assert!(value(&after, late, 376, "mom_12_1").is_some() && value(&after, late, 377, "mom_12_1").is_none());
}

#[tokio::test]
async fn a_republished_file_changes_the_rows_that_its_one_corrected_bar_reaches_and_no_others() {
    let mut world = World::new(|_, n| Some(bar(n))).await;
    let late = world.ids[LATE];
    let (_, before) = world.refreshed().await;
    // The whole market once more, all equal but one bar.
    let corrected = DayBar { close: bar(60).close * 1.02, volume: 7.0, ..bar(60) };
    world.fill(60..61, |instrument, n| Some(if instrument == LATE { corrected } else { bar(n) })).await;
    let (done, after) = world.refreshed().await;
    let changed = changed(&before, &after);
    assert_only(&changed, late, 60..=reach(60));
    assert_eq!((done.instruments, done.added, done.removed), (1, 0, 0));
    assert!(changed.len() > 250 && done.changed == changed.len() as u64);
    // And back again.
    world.fill(60..61, |_, n| Some(bar(n))).await;
    let (_, again) = world.refreshed().await;
    assert!(again == before);
}

#[tokio::test]
async fn a_corrected_benchmark_changes_what_is_measured_by_it_for_everybody_and_nothing_else() {
    let mut world = World::new(|_, n| Some(bar(n))).await;
    let benchmark = *world.ids.last().unwrap();
    let (_, before) = world.refreshed().await;
    let printed = market::bar(benchmark, market::first() + 60, 0);
    let corrected = DayBar { close: printed.close * 1.02, ..printed };
    world.give(benchmark, 60..61, |_| Some(corrected)).await;
    let (_, after) = world.refreshed().await;
    let changed = changed(&before, &after);
    assert!(changed.iter().all(|(_, n)| (60..=reach(60)).contains(n)));
    for (id, n) in &changed {
        let (old, new) = (&before[&(*id, *n)], &after[&(*id, *n)]);
        let columns: Vec<&String> = old.keys().filter(|column| old[*column] != new[*column]).collect();
        let measured = columns.iter().all(|column| ["beta_252", "ivol_252"].contains(&column.as_str()));
        assert!(measured || *id == benchmark, "{id} {n}: {columns:?}");
    }
    for id in &world.ids[..INSTRUMENTS] {
        // The first row with a beta, and the last one that the return after the corrected bar is in.
        for n in [120, 312] {
            let beta = |rows| value(rows, *id, n, "beta_252");
            assert!(beta(&before).is_some() && beta(&before) != beta(&after), "{id} {n}");
        }
        let beta = |rows| value(rows, *id, reach(60) + 1, "beta_252");
        assert_eq!(beta(&before), beta(&after), "{id}");
    }
    assert_eq!(value(&after, benchmark, 200, "beta_252"), Some(1.0));
}
