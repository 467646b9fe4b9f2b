//! The schema: tables by run-once migrations, views and the calendar re-applied when they change, aggregates made again when
//! they or the edition of TimescaleDB change, under one lock.

use sha2::{Digest, Sha256};
use tokio_postgres::{Client, GenericClient};

use super::aggregates;
use super::error::{During, StoreError};
use super::{lock, sessions};
use crate::domain::calendar::{self, Announced};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Views in the order of their dependence, replaced in place so that grants and views of the users' own stay. A view can
/// gain columns at its end; any other change of its columns needs a migration that drops it.
const VIEWS: &[&str] = &[
    include_str!("../../sql/views/tickers.sql"),
    include_str!("../../sql/views/shares_outstanding.sql"),
    include_str!("../../sql/views/feature_scores.sql"),
    include_str!("../../sql/views/feature_ranks.sql"),
    include_str!("../../sql/views/minute_bars.sql"),
    include_str!("../../sql/views/bars_session.sql"),
];

const OLDEST_TIMESCALE: (u32, u32) = (2, 19);

/// Makes sure that the database has TimescaleDB and this program's schema, and lays the announced days over the calendar.
/// Older schemas are brought up to date here (migrations only add, each in a transaction); a newer one is refused. A few small
/// queries when there is nothing to do.
///
/// # Errors
/// [`StoreError::NewerSchema`], [`StoreError::NoTimescale`], [`StoreError::OldTimescale`] or [`StoreError::Migration`].
pub async fn prepare(client: &mut Client) -> Result<(), StoreError> {
    let known = known_version();
    match state(client).await? {
        Some(state) if state.version > known => return Err(state.newer(known)),
        Some(state) if state.version == known && adopt(client, &state).await? => return Ok(()),
        _ => {}
    }
    let lock = lock::hold(client, lock::Name::Schema).await?;
    let result = apply(client, known).await;
    lock.release(client).await?;
    result
}

/// Makes sure that the database has this program's schema, without writing: for commands that only read. Lays the announced
/// days over the calendar.
///
/// # Errors
/// [`StoreError::OlderSchema`] or [`StoreError::NewerSchema`].
pub async fn check(client: &Client) -> Result<(), StoreError> {
    let known = known_version();
    match state(client).await? {
        Some(state) if state.version > known => Err(state.newer(known)),
        Some(state) if state.version == known => {
            calendar::announce(&sessions::announced(client).await?);
            Ok(())
        }
        older => Err(StoreError::OlderSchema { found: older.map_or(0, |state| state.version), known }),
    }
}

fn known_version() -> i32 {
    embedded::migrations::runner()
        .get_migrations()
        .iter()
        .map(refinery::Migration::version)
        .max()
        .unwrap_or(0)
}

/// What a database holds of our schema.
struct State {
    version: i32,
    digest: String,
    edition: String,
}

impl State {
    fn newer(&self, known: i32) -> StoreError {
        StoreError::NewerSchema { found: self.version, known }
    }
}

/// Lays the announced days over the calendar if everything outside of migrations is applied, these days included.
async fn adopt(client: &impl GenericClient, state: &State) -> Result<bool, StoreError> {
    let announced = sessions::announced(client).await?;
    let applied = state.digest == applied_digest(&state.edition, &announced);
    if applied {
        calendar::announce(&announced);
    }
    Ok(applied)
}

/// Digest of everything that is applied outside of migrations on an edition of TimescaleDB.
pub(super) fn applied_digest(edition: &str, announced: &[Announced]) -> String {
    let mut hash = Sha256::new();
    for view in VIEWS {
        hash.update(view);
    }
    // The calendar is its source: computing every session would cost more than this whole check.
    hash.update(include_str!("../domain/calendar.rs"));
    hash.update(aggregates::version(edition));
    for Announced { date, close, .. } in announced {
        hash.update(format!("{date} {close:?}\n"));
    }
    hex(&hash.finalize())
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What the database holds; none in one that we never saw.
async fn state(client: &impl GenericClient) -> Result<Option<State>, StoreError> {
    let action = "reading the schema's version";
    let there = client.query_one(include_str!("../../sql/schema_exists.sql"), &[]).await.during(action)?;
    if !there.get::<_, bool>(0) {
        return Ok(None);
    }
    let row = client.query_one(include_str!("../../sql/schema_state.sql"), &[]).await.during(action)?;
    Ok(Some(State { version: row.get(0), digest: row.get(1), edition: row.get(2) }))
}

async fn apply(client: &mut Client, known: i32) -> Result<(), StoreError> {
    timescale(client).await?;
    // Another program may have done the work while this one waited for the lock.
    match state(client).await? {
        Some(state) if state.version > known => return Err(state.newer(known)),
        Some(state) if state.version == known && adopt(client, &state).await? => return Ok(()),
        _ => {}
    }
    embedded::migrations::runner()
        .set_abort_divergent(true)
        .run_async(client)
        .await
        .map_err(StoreError::Migration)?;
    let action = "applying the views";
    let transaction = client.transaction().await.during(action)?;
    for view in VIEWS {
        transaction.batch_execute(view).await.during(action)?;
    }
    let announced = sessions::announced(&transaction).await?;
    sessions::write(&transaction, &announced).await?;
    let edition = edition(&transaction).await?;
    let (digest, version) = (applied_digest(&edition, &announced), aggregates::version(&edition));
    let statement = include_str!("../../sql/aggregates_applied.sql");
    let applied: String = transaction.query_one(statement, &[]).await.during(action)?.get(0);
    let renewed = applied != version;
    if renewed {
        aggregates::create(&transaction, &edition).await?;
    }
    let statement = include_str!("../../sql/schema_applied.sql");
    transaction.execute(statement, &[&digest, &version]).await.during(action)?;
    transaction.commit().await.during(action)?;
    calendar::announce(&announced);
    // Not in the transaction, which it could not run in. A program that dies here leaves aggregates that are right and slow.
    if renewed { aggregates::refresh_all(client).await } else { Ok(()) }
}

/// Edition of TimescaleDB.
pub(super) async fn edition(client: &impl GenericClient) -> Result<String, StoreError> {
    let row = client
        .query_one(include_str!("../../sql/timescale_edition.sql"), &[])
        .await
        .during("reading the edition of TimescaleDB")?;
    Ok(row.get(0))
}

async fn timescale(client: &impl GenericClient) -> Result<(), StoreError> {
    let action = "reading the version of TimescaleDB";
    let statement = include_str!("../../sql/timescale_version.sql");
    let mut found = client.query_opt(statement, &[]).await.during(action)?;
    if found.is_none() {
        client
            .batch_execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
            .await
            .map_err(StoreError::NoTimescale)?;
        found = client.query_opt(statement, &[]).await.during(action)?;
    }
    let version: String = found.map_or_else(String::new, |row| row.get(0));
    let mut parts = version.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if found < OLDEST_TIMESCALE { Err(StoreError::OldTimescale(version)) } else { Ok(()) }
}
