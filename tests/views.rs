//! What analysts read in SQL is what the programs compute.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashMap;

use support::{Database, companies, market};
use tidemark::arithmetic::catalogue::FACTORS;
use tidemark::arithmetic::cross_section::{CrossSection, z};
use tidemark::arithmetic::ranks::percentile_ranks;
use tidemark::arithmetic::session::{SessionColumns, cross_section};
use tidemark::jobs::refresh::{self, Options};
use tidemark::store::{change_log, date_of, features};
use tokio_postgres::{Client, Row};

const SESSIONS: i32 = 300;

/// A market of two sectors and some without one, refreshed.
async fn ready() -> (Database, Client) {
    let database = Database::create().await;
    let mut client = database.client().await;
    let ids = market::instruments(&mut client, 30).await;
    let sessions = market::first()..market::first() + SESSIONS;
    market::open_chunks(&mut client, sessions.clone()).await;
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, &ids, sessions, |id, session| {
        ((id + session) % 23 != 0).then(|| market::bar(id, session, 0))
    })
    .await;
    companies::file_all(&transaction, &ids[..30], 0..16).await;
    transaction.commit().await.unwrap();
    client
        .batch_execute(
            "UPDATE instruments SET sector = CASE WHEN instrument_id % 3 = 0 THEN 'Energy' ELSE 'Health Care' END
             WHERE instrument_id % 5 <> 0",
        )
        .await
        .unwrap();
    let options = Options { full: false, benchmark: "SPY".into() };
    refresh::refresh(&mut client, &options, &|_, _| {}).await.unwrap();
    (database, client)
}

/// The last session's rows in columns, as the jobs gather them, with the instruments.
async fn columns(client: &mut Client) -> (Vec<i32>, SessionColumns) {
    let sectors: HashMap<i32, String> = client
        .query("SELECT instrument_id, sector FROM instruments WHERE sector IS NOT NULL", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    let transaction = change_log::snapshot(client).await.unwrap();
    let rows = features::read_session(&transaction, date_of(market::first() + SESSIONS - 1)).await.unwrap();
    let mut columns = SessionColumns::default();
    for (id, row) in &rows {
        columns.push(row.in_population, sectors.get(id).map(|sector| sector.len() as i32), &row.values);
    }
    (rows.iter().map(|(id, _)| *id).collect(), columns)
}

async fn view(client: &Client, sql: &str) -> HashMap<i32, Row> {
    let day = date_of(market::first() + SESSIONS - 1);
    let rows = client.query(sql, &[&day]).await.unwrap();
    rows.into_iter().map(|row| (row.get("instrument_id"), row)).collect()
}

fn number(row: &Row, column: &str) -> f64 {
    row.get::<_, Option<f64>>(column).unwrap_or(f64::NAN)
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

#[tokio::test]
async fn scores_in_sql_have_the_bits_of_the_arithmetic() {
    let (_database, mut client) = ready().await;
    let (ids, columns) = columns(&mut client).await;
    let section = cross_section(&mut CrossSection::default(), &columns);
    let rows = view(&client, "SELECT * FROM feature_scores WHERE session_date = $1").await;
    let members = columns.population.iter().filter(|member| **member).count();
    assert_eq!(rows.len(), members);
    assert!(members > 20);
    let (mut compared, mut scored) = (0, 0);
    for (at, id) in ids.iter().enumerate().filter(|(at, _)| columns.population[*at]) {
        let row = &rows[id];
        for (place, factor) in FACTORS.iter().enumerate() {
            let (name, moments) = &section.moments[place];
            assert_eq!(name, factor.name);
            let computed = z(columns.values[place][at], moments, factor.direction);
            let stored = number(row, &format!("{name}_z"));
            assert!(same(computed, stored), "{id} {name}: {computed:?} computed, {stored:?} in SQL");
            compared += usize::from(!computed.is_nan());
        }
        for family in &section.families {
            scored += usize::from(!family.scores[at].is_nan());
            let (computed, stored) = (family.scores[at], number(row, family.family.name));
            assert!(
                same(computed, stored),
                "{id} {}: {computed:?} computed, {stored:?} in SQL",
                family.family.name
            );
        }
    }
    assert!(compared > 900, "only {compared} z-scores were compared");
    assert!(scored > 100, "only {scored} family scores were compared");
}

#[tokio::test]
async fn sector_neutral_scores_have_no_mean_in_a_large_sector() {
    let (_database, client) = ready().await;
    let rows = client
        .query(
            "SELECT i.sector, count(s.momentum_sn), avg(s.momentum_sn), stddev_pop(s.momentum_sn)
             FROM feature_scores AS s JOIN instruments AS i USING (instrument_id)
             WHERE s.session_date = $1 AND i.sector IS NOT NULL GROUP BY i.sector",
            &[&date_of(market::first() + SESSIONS - 1)],
        )
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    let means: Vec<f64> = rows.iter().map(|row| row.get(2)).collect();
    assert!(rows.iter().all(|row| row.get::<_, i64>(1) >= 5));
    // Standardising again takes off the same small mean from both.
    assert!((means[0] - means[1]).abs() < 1e-9, "{means:?}");
}

#[tokio::test]
async fn ranks_in_sql_have_the_bits_of_the_arithmetic() {
    let (_database, mut client) = ready().await;
    let (ids, columns) = columns(&mut client).await;
    let rows = view(&client, "SELECT * FROM feature_ranks WHERE session_date = $1").await;
    for (place, factor) in FACTORS.iter().enumerate() {
        let ranks = percentile_ranks(&columns.values[place], &columns.population);
        for (at, id) in ids.iter().enumerate().filter(|(at, _)| columns.population[*at]) {
            let stored = number(&rows[id], &format!("{}_rank", factor.name));
            assert!(same(ranks[at], stored), "{id} {}: {} computed, {stored} in SQL", factor.name, ranks[at]);
        }
    }
}
