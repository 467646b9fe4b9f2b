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

/// Views and functions in the order of their dependence, replaced in place so that grants and views of the users' own stay. A
/// view can gain columns at its end; any other change of its columns, or of a function's, needs a migration that drops it.
const VIEWS: &[&str] = &[
    include_str!("../../sql/views/tickers.sql"),
    include_str!("../../sql/views/shares_outstanding.sql"),
    include_str!("../../sql/views/features_day.sql"),
    include_str!("../../sql/views/feature_scores.sql"),
    include_str!("../../sql/views/feature_ranks.sql"),
    include_str!("../../sql/views/minute_bars.sql"),
    include_str!("../../sql/views/bars_session.sql"),
    include_str!("../../sql/views/product.sql"),
    include_str!("../../sql/views/tickers_as_of.sql"),
    include_str!("../../sql/views/adjusted_bars.sql"),
    include_str!("../../sql/views/total_returns.sql"),
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
        Some(state) if state.version == known && state.is_applied(client).await? => return Ok(()),
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
    aggregates: String,
}

impl State {
    fn newer(&self, known: i32) -> StoreError {
        StoreError::NewerSchema { found: self.version, known }
    }

    fn has_aggregates(&self) -> bool {
        self.aggregates == aggregates::version(&self.edition)
    }

    /// Whether everything outside of migrations is applied too; lays the announced days over the calendar where it is.
    async fn is_applied(&self, client: &impl GenericClient) -> Result<bool, StoreError> {
        let announced = sessions::announced(client).await?;
        let applied = self.has_aggregates() && self.digest == applied_digest(&announced);
        if applied {
            calendar::announce(&announced);
        }
        Ok(applied)
    }
}

/// Digest of the views and of the calendar.
pub(super) fn applied_digest(announced: &[Announced]) -> String {
    let mut hash = Sha256::new();
    for view in VIEWS {
        hash.update(view);
    }
    // The calendar is its source: computing every session would cost more than this whole check.
    hash.update(include_str!("../domain/calendar.rs"));
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
    Ok(Some(State { version: row.get(0), digest: row.get(1), edition: row.get(2), aggregates: row.get(3) }))
}

async fn apply(client: &mut Client, known: i32) -> Result<(), StoreError> {
    timescale(client).await?;
    // Another program may have done the work while this one waited for the lock.
    if let Some(state) = state(client).await? {
        if state.version > known {
            return Err(state.newer(known));
        }
        if state.version == known && state.is_applied(client).await? {
            return Ok(());
        }
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
    let state = state(&transaction).await?;
    let renewed = state.filter(|state| !state.has_aggregates());
    if let Some(State { edition, .. }) = &renewed {
        aggregates::create(&transaction, edition).await?;
        let version = aggregates::version(edition);
        let statement = include_str!("../../sql/aggregates_applied.sql");
        transaction.execute(statement, &[&version]).await.during(action)?;
    }
    transaction.commit().await.during(action)?;
    calendar::announce(&announced);
    // Not in the transaction, which it could not run in. A program that dies here leaves aggregates that are right and slow.
    if renewed.is_some() { aggregates::refresh_all(client).await } else { Ok(()) }
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
