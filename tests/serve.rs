//! The server: what it answers is what a full scan answers, through every door, and nothing that is sent to it or happens to it
//! ends it. Its clients are written in another language.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "serve/alive.rs"]
mod alive;
#[path = "serve/doors.rs"]
mod doors;
#[path = "serve/equal.rs"]
mod equal;
#[path = "serve/schema.rs"]
mod schema;
#[path = "serve/server.rs"]
mod server;
mod support;

use support::{Database, companies, market};
use tidemark::jobs::refresh::{self, Options};
use tidemark::jobs::scan::{self, Mode};
use tokio_postgres::Client;

/// Instruments besides the benchmark, and sessions.
const INSTRUMENTS: usize = 30;
const SESSIONS: i32 = 100;

/// A market that is refreshed and scanned.
async fn ready() -> (Database, Client, Vec<i32>) {
    let database = Database::create().await;
    let mut client = database.client().await;
    let ids = market::instruments(&mut client, INSTRUMENTS).await;
    let sessions = market::first()..market::first() + SESSIONS;
    market::open_chunks(&mut client, sessions.start..sessions.end + 1).await;
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, &ids, sessions, |id, session| Some(market::bar(id, session, 0))).await;
    companies::file_all(&transaction, &ids[..INSTRUMENTS], 0..14).await;
    transaction.commit().await.unwrap();
    refresh(&mut client).await;
    scan::run(&mut client, Mode::Full, &support::everything(), "SPY", scan::RUNS_KEPT).await.unwrap();
    (database, client, ids)
}

async fn refresh(client: &mut Client) {
    refresh::refresh(client, &Options { full: false, benchmark: "SPY".into() }, &|_, _| {}).await.unwrap();
}

/// Gives the instruments `ids` another bar of the latest session.
async fn print_again(client: &mut Client, ids: &[i32], print: u64) {
    let session = market::first() + SESSIONS - 1;
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, ids, session..session + 1, |id, session| {
        Some(market::bar(id, session, print))
    })
    .await;
    transaction.commit().await.unwrap();
}
