//! The schema: tables by run-once migrations, views and the calendar re-applied when they change, aggregates made again when
//! they or the edition of TimescaleDB change, under one lock.

use sha2::{Digest, Sha256};
use tokio_postgres::error::SqlState;
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
    if is_ready(client).await? {
        return Ok(());
    }
    let lock = lock::hold(client, lock::Name::Schema).await?;
    let result = apply(client).await;
    lock.release(client).await?;
    result
}

/// Makes sure that the database has this program's schema, without writing: for commands that only read. Lays the announced
/// days over the calendar.
///
/// # Errors
/// [`StoreError::OlderSchema`] or [`StoreError::NewerSchema`].
pub async fn check(client: &Client) -> Result<(), StoreError> {
    let (found, known) = (version(client).await?, known_version());
    if found < known {
        return Err(StoreError::OlderSchema { found, known });
    }
    calendar::announce(&sessions::announced(client).await?);
    Ok(())
}

/// Whether everything is applied; lays the announced days over the calendar where it is.
async fn is_ready(client: &impl GenericClient) -> Result<bool, StoreError> {
    // Asked for together; what an older schema has no columns for is only asked for in vain.
    let (version, applied, announced) =
        tokio::join!(version(client), Applied::read(client), sessions::announced(client));
    if version? < known_version() {
        return Ok(false);
    }
    let (applied, announced) = (applied?, announced?);
    let is_ready = applied.has_aggregates() && applied.digest == applied_digest(&announced);
    if is_ready {
        calendar::announce(&announced);
    }
    Ok(is_ready)
}

fn known_version() -> i32 {
    embedded::migrations::runner()
        .get_migrations()
        .iter()
        .map(refinery::Migration::version)
        .max()
        .unwrap_or(0)
}

/// What is applied besides the migrations. Its columns came with several migrations: it can be read after all of them.
struct Applied {
    digest: String,
    edition: String,
    aggregates: String,
}

impl Applied {
    async fn read(client: &impl GenericClient) -> Result<Self, StoreError> {
        let row = client
            .query_typed_one(include_str!("../../sql/schema_state.sql"), &[])
            .await
            .during("reading what is applied of the schema")?;
        Ok(Self { digest: row.get(0), edition: row.get(1), aggregates: row.get(2) })
    }

    fn has_aggregates(&self) -> bool {
        self.aggregates == aggregates::version(&self.edition)
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

/// Version of the newest migration that the database has, 0 where it has none: a program may have died between any two.
async fn version(client: &impl GenericClient) -> Result<i32, StoreError> {
    let found = match client.query_typed_one(include_str!("../../sql/schema_version.sql"), &[]).await {
        Ok(row) => row.get(0),
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => 0,
        Err(error) => return Err(StoreError::from_driver("reading the schema's version", error)),
    };
    let known = known_version();
    if found > known { Err(StoreError::NewerSchema { found, known }) } else { Ok(found) }
}

async fn apply(client: &mut Client) -> Result<(), StoreError> {
    timescale(client).await?;
    // Another program may have done the work while this one waited for the lock.
    if is_ready(client).await? {
        return Ok(());
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
    let renewed = Some(Applied::read(&transaction).await?).filter(|applied| !applied.has_aggregates());
    if let Some(Applied { edition, .. }) = &renewed {
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
