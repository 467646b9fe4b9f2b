//! Statements in the store: every version, each kind in columns of its own, duplicates by rule, and who hears of what changed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use chrono::NaiveDate;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use support::{Database, market};
use tidemark::domain::calendar::nyse;
use tidemark::domain::statement::{Field, Statement};
use tidemark::store::actions::{Actions, SharesRow, upsert_shares};
use tidemark::store::statements::{self, Kind, Progress, Run, Settled, StatementRow, Timeframe};
use tokio_postgres::Client;

async fn ready() -> (Database, Client, i32) {
    let database = Database::create().await;
    let mut client = database.client().await;
    let id = market::instruments(&mut client, 1).await[0];
    (database, client, id)
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The quarter to March 2024, filed in May, with these numbers.
fn quarter(kind: Kind, instrument_id: i32, numbers: &[(&str, f64)]) -> StatementRow {
    let columns = kind.columns();
    let mut row = StatementRow {
        instrument_id,
        ticker: "TST0".into(),
        period_end: date("2024-03-31"),
        timeframe: Timeframe::Quarterly,
        filing_date: date("2024-05-02"),
        fiscal_year: Some(2024),
        fiscal_quarter: Some(1),
        cik: None,
        values: vec![f64::NAN; columns.len()],
    };
    for (name, value) in numbers {
        row.values[columns.iter().position(|column| column == name).unwrap()] = *value;
    }
    row
}

async fn load(client: &mut Client, kind: Kind, rows: &[StatementRow]) -> Settled {
    load_pages(client, kind, &[rows]).await
}

async fn load_pages(client: &mut Client, kind: Kind, pages: &[&[StatementRow]]) -> Settled {
    statements::stage(client).await.unwrap();
    for page in pages {
        let transaction = client.transaction().await.unwrap();
        statements::copy(&transaction, kind, page.iter().cloned()).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let transaction = client.transaction().await.unwrap();
    let settled = statements::settle(&transaction, kind, None).await.unwrap();
    transaction.commit().await.unwrap();
    settled
}

async fn texts(client: &Client, query: &str) -> Vec<String> {
    client.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// The change log as `topic first-day`, and an empty one afterwards.
async fn logged(client: &Client) -> Vec<String> {
    let log = texts(client, "SELECT topic || ' ' || from_session FROM change_log ORDER BY 1").await;
    client.batch_execute("TRUNCATE change_log").await.unwrap();
    log
}

fn counts(settled: &Settled) -> [u64; 5] {
    [settled.new, settled.changed, settled.equal, settled.repeated, settled.contradicted]
}

#[tokio::test]
async fn a_restatement_is_a_version_of_its_own_under_its_later_filing() {
    let (_database, mut client, id) = ready().await;
    let first = quarter(Kind::Income, id, &[("revenue", 100.0), ("basic_shares_outstanding", 5e6)]);
    let mut later = quarter(Kind::Income, id, &[("revenue", 90.0), ("basic_shares_outstanding", 6e6)]);
    later.filing_date = date("2024-08-01");
    load(&mut client, Kind::Income, &[later.clone(), first.clone()]).await;
    let versions = "SELECT filing_date || ' ' || revenue FROM statements ORDER BY 1";
    assert_eq!(texts(&client, versions).await, ["2024-05-02 100", "2024-08-01 90"]);
    assert_eq!(logged(&client).await, ["shares 2024-05-02", "statements 2024-05-02"]);
    let actions = Actions::read(&client, None).await.unwrap();
    let counts: Vec<f64> = actions.shares(id).iter().map(|report| report.shares).collect();
    assert_eq!(counts, [5e6, 6e6]);
}

#[tokio::test]
async fn only_what_differs_is_written_and_each_topic_hears_of_its_own() {
    let (_database, mut client, id) = ready().await;
    let numbers = [("revenue", 100.0), ("basic_shares_outstanding", 5e6)];
    let row = quarter(Kind::Income, id, &numbers);
    let mut other = row.clone();
    (other.period_end, other.filing_date) = (date("2024-06-30"), date("2024-08-01"));
    assert_eq!(
        counts(&load(&mut client, Kind::Income, &[row.clone(), other.clone()]).await),
        [2, 0, 0, 0, 0]
    );
    logged(&client).await;
    let rows = "SELECT xmin::text || ctid::text FROM statements ORDER BY 1";
    let before = texts(&client, rows).await;
    assert_eq!(
        counts(&load(&mut client, Kind::Income, &[other.clone(), row.clone()]).await),
        [0, 0, 2, 0, 0]
    );
    assert_eq!((texts(&client, rows).await, logged(&client).await), (before, vec![]));

    let shares = quarter(Kind::Income, id, &[("revenue", 100.0), ("basic_shares_outstanding", 4e6)]);
    assert_eq!(counts(&load(&mut client, Kind::Income, &[shares, other.clone()]).await), [0, 1, 1, 0, 0]);
    assert_eq!(logged(&client).await, ["shares 2024-05-02"]);
    let revenue = quarter(Kind::Income, id, &[("revenue", 99.0), ("basic_shares_outstanding", 4e6)]);
    load(&mut client, Kind::Income, &[revenue]).await;
    assert_eq!(logged(&client).await, ["statements 2024-05-02"]);
    // A number that the vendor takes back is gone.
    load(&mut client, Kind::Income, &[quarter(Kind::Income, id, &[("revenue", 99.0)])]).await;
    assert_eq!(logged(&client).await, ["shares 2024-05-02"]);
    assert_eq!(texts(&client, "SELECT filing_date::text FROM shares_outstanding").await, ["2024-08-01"]);
}

#[tokio::test]
async fn each_kind_owns_its_columns_in_the_one_row_of_a_filing() {
    let (_database, mut client, id) = ready().await;
    let mut balance =
        quarter(Kind::Balance, id, &[("total_assets", 7.0), ("balance_noncontrolling_interest", 1.0)]);
    balance.fiscal_year = Some(2023);
    let cash = quarter(Kind::CashFlow, id, &[("net_income", 3.0)]);
    let income = quarter(Kind::Income, id, &[("revenue", 9.0), ("income_noncontrolling_interest", 2.0)]);
    let row = "SELECT concat_ws(' ', has_income_statement, has_balance_sheet, has_cash_flow_statement, fiscal_year, revenue,
                                income_noncontrolling_interest, total_assets, balance_noncontrolling_interest, net_income)
               FROM statements";
    load(&mut client, Kind::CashFlow, std::slice::from_ref(&cash)).await;
    assert_eq!(texts(&client, row).await, ["f f t 2024 3"]);
    assert_eq!(
        counts(&load(&mut client, Kind::Balance, std::slice::from_ref(&balance)).await),
        [1, 0, 0, 0, 0]
    );
    assert_eq!(
        texts(&client, row).await,
        ["f t t 2023 7 1 3"],
        "the balance sheet's year goes before the cash flow statement's"
    );
    load(&mut client, Kind::Income, std::slice::from_ref(&income)).await;
    let all = "t t t 2024 9 2 7 1 3";
    assert_eq!(texts(&client, row).await, [all]);
    logged(&client).await;
    // In any order again: nobody argues about the year.
    for (kind, statement) in [(Kind::Balance, balance), (Kind::Income, income), (Kind::CashFlow, cash)] {
        assert_eq!(counts(&load(&mut client, kind, &[statement]).await), [0, 0, 1, 0, 0]);
    }
    assert_eq!((texts(&client, row).await, logged(&client).await), (vec![all.to_owned()], vec![]));
}

#[tokio::test]
async fn of_contradictory_statements_the_oldest_company_s_then_the_largest_then_the_fullest_is_kept() {
    let (_database, mut client, id) = ready().await;
    let plain = quarter(Kind::Balance, id, &[("total_assets", 5.0), ("goodwill", 1.0)]);
    let fuller =
        quarter(Kind::Balance, id, &[("total_assets", 5.0), ("goodwill", 1.0), ("inventories", 0.0)]);
    let larger = quarter(Kind::Balance, id, &[("total_equity", -6.0)]);
    let with_cik = |row: &StatementRow, cik: &str| StatementRow { cik: Some(cik.to_owned()), ..row.clone() };
    let kept = "SELECT concat_ws(' ', total_assets, total_equity, inventories, cik) FROM statements";
    for (rows, expected) in [
        (vec![plain.clone(), fuller.clone()], "5 0"),
        (vec![plain.clone(), larger.clone(), fuller.clone()], "-6"),
        (vec![larger.clone(), with_cik(&plain, "0000000009")], "5 0000000009"),
        (vec![with_cik(&larger, "0000000010"), with_cik(&plain, "0000000009")], "5 0000000009"),
    ] {
        client.batch_execute("DELETE FROM statements").await.unwrap();
        let settled = load(&mut client, Kind::Balance, &rows).await;
        assert_eq!(counts(&settled), [1, 0, 0, 0, rows.len() as u64 - 1]);
        assert_eq!(settled.examples[0], "TST0 quarterly 2024-03-31, filed 2024-05-02");
        assert_eq!(texts(&client, kept).await, [expected]);
    }
    let settled = load(&mut client, Kind::Balance, &[plain.clone(), plain.clone(), plain]).await;
    assert_eq!(counts(&settled), [0, 1, 0, 2, 0], "equal ones are one");
}

#[tokio::test]
async fn of_one_filing_and_period_the_shorter_timeframe_counts_the_shares_and_other_sources_come_last() {
    let (_database, mut client, id) = ready().await;
    let shares = "SELECT shares::text FROM shares_outstanding";
    let transaction = client.transaction().await.unwrap();
    let row = SharesRow {
        instrument_id: id,
        filing_date: date("2024-05-02"),
        period_end: date("2024-03-31"),
        shares: 1.0,
    };
    upsert_shares(&transaction, &[row.clone(), SharesRow { period_end: date("2024-05-02"), ..row }])
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(logged(&client).await, ["shares 2024-05-02"]);
    assert_eq!(texts(&client, shares).await, ["1", "1"]);
    for (timeframe, count) in
        [(Timeframe::TrailingTwelveMonths, 2.0), (Timeframe::Annual, 3.0), (Timeframe::Quarterly, 4.0)]
    {
        let mut row = quarter(Kind::Income, id, &[("basic_shares_outstanding", count)]);
        row.timeframe = timeframe;
        load(&mut client, Kind::Income, &[row]).await;
        assert_eq!(texts(&client, shares).await, [count.to_string(), "1".to_owned()]);
    }
    // Absurd counts are stored, and count for nothing.
    load(&mut client, Kind::Income, &[quarter(Kind::Income, id, &[("basic_shares_outstanding", -5.0)])])
        .await;
    assert_eq!(texts(&client, shares).await, ["3", "1"]);
}

#[tokio::test]
async fn a_part_can_be_settled_while_the_rest_waits() {
    let (_database, mut client, id) = ready().await;
    let early = quarter(Kind::Income, id, &[("revenue", 1.0)]);
    let mut late = early.clone();
    (late.period_end, late.filing_date) = (date("2024-06-30"), date("2024-08-01"));
    statements::stage(&client).await.unwrap();
    let transaction = client.transaction().await.unwrap();
    statements::copy(&transaction, Kind::Income, [late.clone(), early, late].into_iter()).await.unwrap();
    let first = statements::settle(&transaction, Kind::Income, Some(date("2024-06-30"))).await.unwrap();
    assert_eq!(counts(&first), [1, 0, 0, 0, 0]);
    let rest = statements::settle(&transaction, Kind::Income, None).await.unwrap();
    assert_eq!(counts(&rest), [1, 0, 0, 1, 0]);
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn statements_are_read_as_the_arithmetic_wants_them_all_or_those_asked_for() {
    let database = Database::create().await;
    let mut client = database.client().await;
    let ids = market::instruments(&mut client, 2).await;
    let filed = |id, end: &str, timeframe, filing: &str, numbers: &[(&str, f64)]| StatementRow {
        period_end: date(end),
        timeframe,
        filing_date: date(filing),
        ..quarter(Kind::Income, id, numbers)
    };
    let rows = [
        filed(ids[0], "2024-06-30", Timeframe::Quarterly, "2024-08-01", &[("revenue", 4.0)]),
        filed(ids[0], "2024-03-31", Timeframe::Quarterly, "2024-08-01", &[("revenue", 3.0)]),
        filed(ids[0], "2024-03-31", Timeframe::Annual, "2024-08-01", &[("revenue", 2.0)]),
        filed(ids[0], "2024-03-31", Timeframe::TrailingTwelveMonths, "2024-08-01", &[("revenue", 9.0)]),
        filed(ids[0], "2024-03-31", Timeframe::Quarterly, "2024-05-02", &[("basic_shares_outstanding", 5e6)]),
        // Filed outside of the calendar: takes no effect.
        filed(ids[1], "1968-12-31", Timeframe::Annual, "1969-03-01", &[("revenue", 8.0)]),
        filed(
            ids[1],
            "2024-03-31",
            Timeframe::Quarterly,
            "2024-07-04",
            &[("basic_shares_outstanding", -1.0)],
        ),
    ];
    load(&mut client, Kind::Income, &rows).await;
    let sheet = [("total_assets", 7.0), ("cash_and_equivalents", 1.0)];
    load(&mut client, Kind::Balance, &[quarter(Kind::Balance, ids[0], &sheet)]).await;
    let flows = [("depreciation_depletion_and_amortization", 6.0)];
    load(&mut client, Kind::CashFlow, &[quarter(Kind::CashFlow, ids[0], &flows)]).await;

    let transaction = client.transaction().await.unwrap();
    let all = statements::read(&transaction, None).await.unwrap();
    let shown = |id: i32| -> Vec<String> {
        let words = |one: &Statement| {
            let given = Field::ALL.into_iter().filter(|field| !one.values[*field as usize].is_nan());
            let given: Vec<String> =
                given.map(|field| format!("{} {}", field.column(), one.values[field as usize])).collect();
            format!("{} {} {}: {}", one.filing_date, one.timeframe.name(), one.period_end, given.join(", "))
        };
        all[&id].iter().map(words).collect()
    };
    assert_eq!(
        shown(ids[0]),
        [
            "2024-05-02 quarterly 2024-03-31: depreciation_depletion_and_amortization 6, basic_shares_outstanding 5000000, total_assets 7, cash_and_equivalents 1",
            "2024-08-01 annual 2024-03-31: revenue 2",
            "2024-08-01 quarterly 2024-03-31: revenue 3",
            "2024-08-01 quarterly 2024-06-30: revenue 4",
        ],
        "in the order in which the later one wins"
    );
    assert_eq!(shown(ids[1]), ["2024-07-04 quarterly 2024-03-31: "]);
    let one = &all[&ids[1]][0];
    let number = |text: &str| nyse().number(date(text)).unwrap();
    assert_eq!((one.filed, one.usable_from), (number("2024-07-03"), number("2024-07-05")));
    let some = statements::read(&transaction, Some(&ids[..1])).await.unwrap();
    assert_eq!((some.len(), some[&ids[0]].len()), (1, 4));
    assert!(statements::read(&transaction, Some(&[])).await.unwrap().is_empty());
}

#[tokio::test]
async fn progress_is_read_as_it_was_stored() {
    let (_database, mut client, _) = ready().await;
    assert_eq!(Progress::read(&client, Kind::Income).await.unwrap(), Progress::default());
    let run = Run { since: None, began: date("2024-07-05"), reached: Some(date("2020-03-31")), filed: None };
    let under_way = Progress { filed_through: Some(date("2024-07-01")), run: Some(run) };
    for progress in [under_way, Progress { run: None, ..under_way }] {
        let transaction = client.transaction().await.unwrap();
        progress.store(&transaction, Kind::Income).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(Progress::read(&client, Kind::Income).await.unwrap(), progress);
    }
    assert_eq!(Progress::read(&client, Kind::Balance).await.unwrap(), Progress::default());
}

#[tokio::test]
async fn the_table_has_the_columns_of_the_three_kinds() {
    let (_database, client, _) = ready().await;
    let columns = "SELECT attname::text FROM pg_attribute
                   WHERE attrelid = 'statements'::regclass AND attnum > 10 AND atttypid = 'float8'::regtype ORDER BY attnum";
    let ours: Vec<&str> = Kind::ALL.iter().flat_map(|kind| kind.columns()).copied().collect();
    assert_eq!(texts(&client, columns).await, ours);
}

/// One statement: which period, filed when, revenue, whether shares are given, which filer.
type Record = (u8, u8, u8, bool, u8);

async fn settled(client: &mut Client, id: i32, pages: &[&[Record]]) -> (Vec<String>, Settled, Vec<String>) {
    client.batch_execute("DELETE FROM statements").await.unwrap();
    load(client, Kind::Income, &[quarter(Kind::Income, id, &[("revenue", 1.0)])]).await;
    logged(client).await;
    let pages: Vec<Vec<StatementRow>> = pages
        .iter()
        .map(|page| {
            let row = |(period, filed, revenue, shares, filer): &Record| {
                let mut row = quarter(Kind::Income, id, &[("revenue", f64::from(*revenue))]);
                row.period_end = date("2024-03-31") + chrono::Days::new(u64::from(*period) * 91);
                row.filing_date = row.period_end + chrono::Days::new(32 + u64::from(*filed));
                row.cik = (*filer > 0).then(|| format!("{filer:010}"));
                if *shares {
                    row.values[1] = 5e6;
                }
                row
            };
            page.iter().map(row).collect()
        })
        .collect();
    let pages: Vec<&[StatementRow]> = pages.iter().map(Vec::as_slice).collect();
    let settled = load_pages(client, Kind::Income, &pages).await;
    let table = texts(client, "SELECT statements::text FROM statements ORDER BY 1").await;
    (table, settled, logged(client).await)
}

#[test]
fn neither_the_order_of_the_statements_nor_their_pages_matter() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (database, mut client, id) = runtime.block_on(ready());
    let client = std::sync::Mutex::new(&mut client);
    let record = (0..3_u8, 0..2_u8, 0..3_u8, any::<bool>(), 0..3_u8);
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
            prop_assert_eq!(
                counts(&whole.1).iter().sum::<u64>(),
                records.len() as u64,
                "each is told of once"
            );
            Ok(())
        })
        .unwrap();
    let _guard = runtime.enter();
    drop(database);
}
