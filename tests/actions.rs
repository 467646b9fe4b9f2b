//! Splits and dividends as the vendor tells them: repeated, contradicted, corrected, announced for two days, withdrawn.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use chrono::NaiveDate;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use support::{Database, market};
use tidemark::domain::bar::DayBar;
use tidemark::store::actions::{
    Actions, Answer, DividendRow, Outcome, SplitRow, copy_dividends, copy_splits, settle_dividends,
    settle_splits, stage_dividends, stage_splits,
};
use tidemark::store::{bar_table, bars, date_of};
use tokio_postgres::Client;

async fn ready() -> (Database, Client, i32) {
    let database = Database::create().await;
    let mut client = database.client().await;
    let id = market::instruments(&mut client, 1).await[0];
    (database, client, id)
}

fn day(n: i32) -> NaiveDate {
    date_of(market::first() + n)
}

fn split(instrument_id: i32, n: i32, split_from: f64, split_to: f64, id: &str) -> SplitRow {
    let vendor_id = (!id.is_empty()).then(|| id.to_owned());
    SplitRow { instrument_id, ex_date: day(n), split_from, split_to, vendor_id }
}

fn dividend(instrument_id: i32, n: i32, cash_amount: f64, kind: &str, id: &str) -> DividendRow {
    let vendor_id = (!id.is_empty()).then(|| id.to_owned());
    DividendRow { instrument_id, ex_date: day(n), kind: kind.into(), cash_amount, vendor_id }
}

async fn load_splits(client: &mut Client, rows: &[SplitRow], answer: Answer) -> Outcome {
    let transaction = client.transaction().await.unwrap();
    stage_splits(&transaction).await.unwrap();
    copy_splits(&transaction, rows, &[]).await.unwrap();
    let outcome = settle_splits(&transaction, answer).await.unwrap();
    transaction.commit().await.unwrap();
    outcome
}

async fn load_dividends(client: &mut Client, rows: &[DividendRow], answer: Answer) -> Outcome {
    let transaction = client.transaction().await.unwrap();
    stage_dividends(&transaction).await.unwrap();
    copy_dividends(&transaction, rows, &[]).await.unwrap();
    let outcome = settle_dividends(&transaction, answer).await.unwrap();
    transaction.commit().await.unwrap();
    outcome
}

async fn texts(client: &Client, query: &str) -> Vec<String> {
    client.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// Every split as `day from:to key`, days counted from the market's first session.
async fn splits(client: &Client) -> Vec<String> {
    let rows = client
        .query("SELECT ex_date, split_from || ':' || split_to, coalesce(vendor_id, '-') FROM splits ORDER BY instrument_id, ex_date", &[])
        .await
        .unwrap();
    rows.iter()
        .map(|row| format!("{} {} {}", number(row.get(0)), row.get::<_, String>(1), row.get::<_, String>(2)))
        .collect()
}

/// Every dividend as `day cash kind key`.
async fn dividends(client: &Client) -> Vec<String> {
    let rows = client
        .query("SELECT ex_date, cash_amount || ' ' || kind, coalesce(vendor_id, '-') FROM dividends ORDER BY instrument_id, ex_date, cash_amount, kind", &[])
        .await
        .unwrap();
    rows.iter()
        .map(|row| format!("{} {} {}", number(row.get(0)), row.get::<_, String>(1), row.get::<_, String>(2)))
        .collect()
}

fn number(day: NaiveDate) -> i32 {
    tidemark::domain::calendar::nyse().number(day).unwrap() - market::first()
}

/// First days of the changes in the log, in the order of their writing.
async fn logged(client: &Client) -> Vec<i32> {
    let rows = client
        .query("SELECT from_session FROM change_log WHERE topic <> 'bars' ORDER BY ctid", &[])
        .await
        .unwrap();
    rows.iter().map(|row| number(row.get(0))).collect()
}

async fn forget(client: &Client) {
    client.batch_execute("TRUNCATE change_log").await.unwrap();
}

/// Gives the instrument a bar of these closes from session 0 on, each opening at its close.
async fn prices(client: &mut Client, id: i32, closes: &[f64]) {
    let days: Vec<NaiveDate> = (0..closes.len() as i32).map(day).collect();
    bar_table::open_chunks(client, &bars::TABLE, &days).await.unwrap();
    let rows: Vec<DayBar> = closes
        .iter()
        .map(|close| DayBar {
            open: *close,
            high: *close,
            low: *close,
            close: *close,
            volume: 1e6,
            vwap: None,
            trade_count: None,
        })
        .collect();
    let transaction = client.transaction().await.unwrap();
    let rows = rows.iter().zip(&days).map(|(bar, day)| bars::row(id, *day, bar));
    bar_table::copy(&transaction, &bars::TABLE, rows).await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn a_dividend_whose_amount_is_corrected_counts_once() {
    let (_database, mut client, id) = ready().await;
    for cash in [0.02, 0.022, 0.022] {
        load_dividends(&mut client, &[dividend(id, 5, cash, "recurring", "d1")], Answer::Part).await;
    }
    let actions = Actions::read(&client, None).await.unwrap();
    let stored: Vec<f64> = actions.dividends(id).iter().map(|dividend| dividend.cash).collect();
    assert_eq!(stored, [0.022]);
    assert_eq!(logged(&client).await, [5, 5], "the third load changes nothing");
}

#[tokio::test]
async fn a_split_that_moves_to_another_day_counts_there_alone_and_is_logged_from_the_earlier_one() {
    let (_database, mut client, id) = ready().await;
    for n in [5, 19, 19] {
        load_splits(&mut client, &[split(id, n, 1.0, 7.0, "s1")], Answer::Part).await;
    }
    let actions = Actions::read(&client, None).await.unwrap();
    let stored: Vec<i32> = actions.splits(id).iter().map(|split| split.session).collect();
    assert_eq!(stored, [market::first() + 19]);
    assert_eq!(logged(&client).await, [5, 5], "from where it was, though it is later now");
}

#[tokio::test]
async fn of_contradictory_splits_the_greatest_id_stays_or_without_ids_the_greatest_ratio() {
    let (_database, mut client, id) = ready().await;
    let rows = [
        split(id, 2, 1.0, 2.0, ""),
        split(id, 2, 1.0, 3.0, ""),
        split(id, 30, 1.0, 3.0, "s9"),
        split(id, 30, 1.0, 2.0, "s10"),
        split(id, 30, 1.0, 9.0, ""),
        split(id, 60, 1.0, 2.0, "s1"),
        split(id, 60, 2.0, 4.0, ""),
    ];
    let outcome = load_splits(&mut client, &rows, Answer::Part).await;
    assert_eq!(splits(&client).await, ["2 1:3 -", "30 1:2 s10", "60 1:2 s1"]);
    assert_eq!((outcome.written, outcome.repeated), (3, 1));
    let [contradicted] = &outcome.set_aside[..] else { panic!("{outcome:?}") };
    assert_eq!((contradicted.reason.as_str(), contradicted.count), ("another record contradicts it", 3));
    assert_eq!(contradicted.examples[0], format!("TST0 {} 1:2", day(2)));
}

#[tokio::test]
async fn several_payments_of_one_day_are_kept_and_one_told_twice_is_not() {
    let (_database, mut client, id) = ready().await;
    let rows = [
        dividend(id, 5, 0.5, "recurring", "d9"),
        dividend(id, 5, 0.5, "recurring", "d10"),
        dividend(id, 5, 0.5, "special", "d3"),
        dividend(id, 5, 0.7, "recurring", "d4"),
    ];
    let outcome = load_dividends(&mut client, &rows, Answer::Part).await;
    assert_eq!((outcome.written, outcome.repeated), (3, 1));
    assert_eq!(dividends(&client).await, ["5 0.5 recurring d10", "5 0.5 special d3", "5 0.7 recurring d4"]);

    // The same day by the older interface, and without a kind, from another file.
    forget(&client).await;
    let older = [
        dividend(id, 5, 0.5, "CD", ""),
        dividend(id, 5, 0.5, "SC", ""),
        dividend(id, 5, 0.7, "unknown", ""),
        dividend(id, 6, 0.5, "CD", ""),
        dividend(id, 6, 0.5, "SC", ""),
        dividend(id, 7, 0.1, "unknown", ""),
    ];
    let outcome = load_dividends(&mut client, &older, Answer::Part).await;
    let [retold] = &outcome.set_aside[..] else { panic!("{outcome:?}") };
    assert_eq!((outcome.written, retold.count), (3, 3));
    assert_eq!(retold.reason, "another record of the same day and cash says its kind better");
    assert_eq!(logged(&client).await, [6]);
    assert_eq!(dividends(&client).await[3..], ["6 0.5 CD -", "6 0.5 SC -", "7 0.1 unknown -"]);

    // And the newer interface on top of the older one.
    let outcome = load_dividends(&mut client, &[dividend(id, 6, 0.5, "recurring", "d6")], Answer::Part).await;
    assert_eq!((outcome.written, outcome.removed[0].count), (1, 2));
    assert_eq!(dividends(&client).await[3..], ["6 0.5 recurring d6", "7 0.1 unknown -"]);
}

#[tokio::test]
async fn an_id_that_changes_alone_is_kept_and_wakes_nobody() {
    let (_database, mut client, id) = ready().await;
    load_splits(&mut client, &[split(id, 5, 1.0, 2.0, "s1")], Answer::Part).await;
    load_dividends(&mut client, &[dividend(id, 5, 0.5, "CD", "")], Answer::Part).await;
    forget(&client).await;
    let outcome = load_splits(&mut client, &[split(id, 5, 1.0, 2.0, "s2")], Answer::Whole(None)).await;
    assert_eq!((outcome.written, outcome.equal, outcome.removed), (0, 1, vec![]));
    load_dividends(&mut client, &[dividend(id, 5, 0.5, "CD", "d1")], Answer::Whole(None)).await;
    assert_eq!(
        (splits(&client).await, dividends(&client).await),
        (vec!["5 1:2 s2".into()], vec!["5 0.5 CD d1".into()])
    );
    // A record without an id takes none away.
    load_splits(&mut client, &[split(id, 5, 1.0, 2.0, "")], Answer::Part).await;
    assert_eq!(splits(&client).await, ["5 1:2 s2"]);
    assert!(logged(&client).await.is_empty());
}

#[tokio::test]
async fn a_split_announced_for_two_days_is_one_on_the_day_of_the_jump() {
    let (_database, mut client, id) = ready().await;
    // The price falls by 7 on session 4.
    prices(&mut client, id, &[700.0, 702.0, 707.0, 702.0, 98.0, 97.0, 99.0]).await;
    let (early, right) = (split(id, 3, 1.0, 7.0, "s1"), split(id, 4, 1.0, 7.0, "s2"));
    let outcome = load_splits(&mut client, &[early.clone(), right.clone()], Answer::Part).await;
    let [repeat] = &outcome.set_aside[..] else { panic!("{outcome:?}") };
    assert_eq!((repeat.reason.as_str(), repeat.count), ("repeats a split of 1 session later", 1));
    assert_eq!((splits(&client).await, outcome.written), (vec!["4 1:7 s2".to_owned()], 1));
    forget(&client).await;

    // Again, in any order and alone: nothing changes.
    for rows in [vec![right.clone(), early.clone()], vec![early.clone()], vec![right.clone()]] {
        assert_eq!(load_splits(&mut client, &rows, Answer::Part).await.written, 0);
    }
    assert_eq!((splits(&client).await, logged(&client).await), (vec!["4 1:7 s2".to_owned()], vec![]));

    // Stored from an earlier load, the wrong day goes when the right one comes, and is logged from.
    client.batch_execute("DELETE FROM splits").await.unwrap();
    load_splits(&mut client, std::slice::from_ref(&early), Answer::Part).await;
    assert_eq!(splits(&client).await, ["3 1:7 s1"]);
    forget(&client).await;
    let outcome = load_splits(&mut client, std::slice::from_ref(&right), Answer::Part).await;
    assert_eq!((splits(&client).await, logged(&client).await), (vec!["4 1:7 s2".to_owned()], vec![3]));
    assert_eq!(outcome.removed[0].reason, "repeats a split of 1 session later");

    // A late announcement of a split that took place.
    let late = load_splits(&mut client, &[split(id, 6, 1.0, 7.0, "s3")], Answer::Part).await;
    assert_eq!(late.set_aside[0].reason, "repeats a split of 2 sessions earlier");
    assert_eq!(splits(&client).await, ["4 1:7 s2"]);
}

#[tokio::test]
async fn without_bars_the_later_day_has_the_split_until_the_bars_say_otherwise() {
    let (_database, mut client, id) = ready().await;
    let both = [split(id, 3, 1.0, 7.0, "s1"), split(id, 4, 1.0, 7.0, "s2")];
    load_splits(&mut client, &both, Answer::Part).await;
    assert_eq!(splits(&client).await, ["4 1:7 s2"]);
    prices(&mut client, id, &[700.0, 702.0, 707.0, 101.0, 98.0]).await;
    load_splits(&mut client, &both, Answer::Part).await;
    assert_eq!(splits(&client).await, ["3 1:7 s1"]);
    // Other ratios and longer times are splits of their own.
    let others = [split(id, 4, 1.0, 2.0, "s4"), split(id, 9, 1.0, 7.0, "s5")];
    load_splits(&mut client, &others, Answer::Part).await;
    assert_eq!(splits(&client).await, ["3 1:7 s1", "4 1:2 s4", "9 1:7 s5"]);
}

#[tokio::test]
async fn what_the_vendor_no_longer_has_in_its_whole_answer_is_withdrawn() {
    let (_database, mut client, id) = ready().await;
    let before = [
        split(id, 1, 1.0, 2.0, "s1"),
        split(id, 20, 1.0, 3.0, "s2"),
        split(id, 40, 1.0, 4.0, "s3"),
        split(id, 60, 1.0, 5.0, ""),
    ];
    load_splits(&mut client, &before, Answer::Part).await;
    let paid = [
        dividend(id, 1, 0.1, "recurring", "d1"),
        dividend(id, 20, 0.2, "recurring", "d2"),
        dividend(id, 40, 0.3, "recurring", "d3"),
    ];
    load_dividends(&mut client, &paid, Answer::Part).await;
    forget(&client).await;

    let nothing = load_splits(&mut client, &[], Answer::Whole(Some(day(10)))).await;
    assert_eq!(
        (nothing, splits(&client).await.len()),
        (Outcome::default(), 4),
        "an empty answer is no answer"
    );
    let partly = load_splits(&mut client, &[before[2].clone()], Answer::Part).await;
    assert_eq!((partly.equal, partly.removed), (1, vec![]), "files tell nothing of what they lack");

    let outcome = load_splits(&mut client, &[before[2].clone()], Answer::Whole(Some(day(10)))).await;
    assert_eq!(
        splits(&client).await,
        ["1 1:2 s1", "40 1:4 s3", "60 1:5 -"],
        "older ones, and those without an id, stay"
    );
    let [withdrawn] = &outcome.removed[..] else { panic!("{outcome:?}") };
    assert_eq!((withdrawn.reason.as_str(), withdrawn.count), ("the vendor no longer has it", 1));
    assert_eq!(withdrawn.examples, [format!("TST0 {} 1:3", day(20))]);
    let outcome = load_dividends(&mut client, &[paid[1].clone()], Answer::Whole(None)).await;
    assert_eq!(outcome.removed[0].count, 1);
    assert_eq!(
        dividends(&client).await,
        ["1 0.1 recurring d1", "20 0.2 recurring d2"],
        "the range begins with the earliest record"
    );
    assert_eq!(logged(&client).await, [20, 40]);
}

#[tokio::test]
async fn a_record_that_comes_unusable_is_not_withdrawn() {
    let (_database, mut client, id) = ready().await;
    load_splits(&mut client, &[split(id, 20, 1.0, 3.0, "s2")], Answer::Part).await;
    let transaction = client.transaction().await.unwrap();
    stage_splits(&transaction).await.unwrap();
    copy_splits(&transaction, &[split(id, 30, 1.0, 4.0, "s3")], &["s2".to_owned()]).await.unwrap();
    let outcome = settle_splits(&transaction, Answer::Whole(Some(day(0)))).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!((outcome.written, outcome.removed), (1, vec![]));
    assert_eq!(splits(&client).await, ["20 1:3 s2", "30 1:4 s3"]);
}

/// One record: day, which ratio or cash, which kind, which id.
type Record = (i32, u8, u8, u8);

/// Stages the records page by page, settles them, and gives both tables and what was said.
async fn settled(
    client: &mut Client,
    id: i32,
    pages: &[&[Record]],
) -> (Vec<String>, Vec<String>, Outcome, Outcome) {
    client.batch_execute("DELETE FROM splits; DELETE FROM dividends").await.unwrap();
    // What is stored already takes part.
    load_splits(client, &[split(id, 3, 1.0, 2.0, "s1"), split(id, 9, 1.0, 3.0, "")], Answer::Part).await;
    load_dividends(
        client,
        &[dividend(id, 3, 1.0, "CD", "d1"), dividend(id, 4, 2.0, "recurring", "d2")],
        Answer::Part,
    )
    .await;
    let key = |letter: char, n: u8| if n == 0 { String::new() } else { format!("{letter}{n}") };
    let kinds = ["recurring", "special", "CD", "unknown"];
    stage_splits(client).await.unwrap();
    stage_dividends(client).await.unwrap();
    for page in pages {
        let transaction = client.transaction().await.unwrap();
        let rows: Vec<SplitRow> = page
            .iter()
            .map(|(n, size, _, k)| split(id, *n, 1.0, f64::from(*size) + 1.0, &key('s', *k)))
            .collect();
        copy_splits(&transaction, &rows, &[]).await.unwrap();
        let rows: Vec<DividendRow> = page
            .iter()
            .map(|(n, size, kind, k)| {
                dividend(id, *n, f64::from(*size), kinds[usize::from(*kind)], &key('d', *k))
            })
            .collect();
        copy_dividends(&transaction, &rows, &[]).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let transaction = client.transaction().await.unwrap();
    let one = settle_splits(&transaction, Answer::Whole(Some(day(2)))).await.unwrap();
    let other = settle_dividends(&transaction, Answer::Whole(Some(day(2)))).await.unwrap();
    transaction.commit().await.unwrap();
    (splits(client).await, dividends(client).await, one, other)
}

#[test]
fn neither_the_order_of_the_records_nor_their_pages_matter() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (database, mut client, id) = runtime.block_on(ready());
    let client = std::sync::Mutex::new(&mut client);
    let record = (0..12_i32, 1..3_u8, 0..4_u8, 0..12_u8);
    let records = proptest::collection::vec(record, 1..14)
        .prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle(), 1..6_usize));
    let mut runner = TestRunner::new(Config { cases: 32, failure_persistence: None, ..Config::default() });
    runner
        .run(&records, |(records, shuffled, cut)| {
            let mut client = client.lock().unwrap();
            let whole = runtime.block_on(settled(&mut client, id, &[&records]));
            let pages: Vec<&[Record]> = shuffled.chunks(cut).collect();
            let cut = runtime.block_on(settled(&mut client, id, &pages));
            prop_assert_eq!(&whole, &cut);
            for outcome in [&whole.2, &whole.3] {
                let aside: u64 = outcome.set_aside.iter().map(|counted| counted.count).sum();
                let told = outcome.written + outcome.equal + outcome.repeated + aside;
                prop_assert_eq!(told, records.len() as u64, "every record is told of once");
            }
            Ok(())
        })
        .unwrap();
    let _guard = runtime.enter();
    drop(database);
}

#[tokio::test]
async fn the_report_names_three_examples_of_many() {
    let (_database, mut client, id) = ready().await;
    let rows: Vec<SplitRow> =
        (0..5).flat_map(|n| [split(id, 30 * n, 1.0, 2.0, "s1"), split(id, 30 * n, 1.0, 3.0, "s2")]).collect();
    let outcome = load_splits(&mut client, &rows, Answer::Part).await;
    assert_eq!((outcome.set_aside[0].count, outcome.set_aside[0].examples.len()), (5, 3));
    let staged = texts(&client, "SELECT DISTINCT coalesce(fate, 'kept') FROM staged_splits ORDER BY 1").await;
    assert_eq!(staged, ["contradicted", "kept"]);
}
