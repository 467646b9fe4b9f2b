//! Actions that the vendor corrects: the record that comes again replaces the old one, and both days are logged.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use chrono::NaiveDate;
use support::{Database, market};
use tidemark::store::actions::{Actions, DividendRow, SplitRow, upsert_dividends, upsert_splits};
use tidemark::store::date_of;
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

/// First day of the latest change in the log.
async fn logged(client: &Client) -> Vec<NaiveDate> {
    let rows = client.query("SELECT from_session FROM change_log ORDER BY ctid", &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_dividend_whose_amount_is_corrected_counts_once() {
    let (_database, mut client, id) = ready().await;
    for cash_amount in [0.02, 0.022, 0.022] {
        let transaction = client.transaction().await.unwrap();
        let row = DividendRow {
            instrument_id: id,
            ex_date: day(5),
            kind: "recurring".into(),
            cash_amount,
            vendor_id: Some("d1".into()),
        };
        upsert_dividends(&transaction, &[row]).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let actions = Actions::read(&client, None).await.unwrap();
    let stored: Vec<f64> = actions.dividends(id).iter().map(|dividend| dividend.cash).collect();
    assert_eq!(stored, [0.022]);
    assert_eq!(logged(&client).await, [day(5), day(5)], "the third load changes nothing");
}

#[tokio::test]
async fn a_split_that_moves_to_another_day_counts_there_alone_and_is_logged_from_the_earlier_one() {
    let (_database, mut client, id) = ready().await;
    for n in [5, 9, 9] {
        let transaction = client.transaction().await.unwrap();
        let row = SplitRow {
            instrument_id: id,
            ex_date: day(n),
            split_from: 1.0,
            split_to: 7.0,
            vendor_id: Some("s1".into()),
        };
        upsert_splits(&transaction, &[row]).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let actions = Actions::read(&client, None).await.unwrap();
    let stored: Vec<i32> = actions.splits(id).iter().map(|split| split.session).collect();
    assert_eq!(stored, [market::first() + 9]);
    assert_eq!(logged(&client).await, [day(5), day(5)], "from where it was, though it is later now");
}

#[tokio::test]
async fn a_regular_and_a_special_dividend_of_one_day_are_both_kept() {
    let (_database, mut client, id) = ready().await;
    let transaction = client.transaction().await.unwrap();
    let row = |kind: &str, cash_amount: f64| DividendRow {
        instrument_id: id,
        ex_date: day(5),
        kind: kind.into(),
        cash_amount,
        vendor_id: None,
    };
    let new = upsert_dividends(&transaction, &[row("CD", 0.5), row("SC", 0.5)]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(new, 2);
    assert_eq!(Actions::read(&client, None).await.unwrap().dividends(id).len(), 2);
}
