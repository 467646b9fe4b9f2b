//! What is in the tables.

use std::collections::BTreeSet;

use tokio_postgres::Client;

use crate::files::Bars;

/// All bars.
pub async fn bars(client: &Client) -> Bars {
    let statement = "SELECT ticker, session_date::text, open, high, low, close, volume
                     FROM bars_day AS b
                     JOIN ticker_periods AS p ON p.instrument_id = b.instrument_id AND p.from_date <= b.session_date
                         AND (p.until_date IS NULL OR b.session_date < p.until_date)";
    let rows = client.query(statement, &[]).await.expect("bars");
    let bars: Bars =
        rows.iter().map(|row| ((row.get(0), row.get(1)), [2, 3, 4, 5, 6].map(|at| row.get(at)))).collect();
    assert_eq!(bars.len(), rows.len(), "a bar is there twice");
    bars
}

/// A query's first column, as text and in order.
pub async fn texts(client: &Client, query: &str) -> Vec<String> {
    client.query(query, &[]).await.expect(query).iter().map(|row| row.get(0)).collect()
}

/// A query's one number.
pub async fn number(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.expect(query).get(0)
}

/// Sessions in the ledger, ascending, one for each load.
pub async fn loads(client: &Client) -> Vec<String> {
    texts(client, "SELECT session_date::text FROM loads ORDER BY session_date, load_id").await
}

/// Tickers that the change log names for `topic`.
pub async fn logged(client: &Client, topic: &str) -> BTreeSet<String> {
    let query = format!(
        "SELECT ticker FROM change_log JOIN ticker_periods USING (instrument_id) WHERE topic = '{topic}'"
    );
    texts(client, &query).await.into_iter().collect()
}

/// Bars that no row of the change log covers.
pub async fn unlogged(client: &Client) -> i64 {
    let query = "SELECT count(*) FROM bars_day AS b WHERE NOT EXISTS (
                     SELECT FROM change_log AS c
                     WHERE c.topic = 'bars' AND c.instrument_id = b.instrument_id
                         AND b.session_date BETWEEN c.from_session AND c.through_session)";
    number(client, query).await
}

/// Forgets what happened so far, so that what comes next can be told apart.
pub async fn forget_changes(client: &Client) {
    client.batch_execute("TRUNCATE change_log, bar_revisions").await.expect("forgotten");
}
