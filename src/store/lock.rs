//! One job of a kind at a time: advisory locks that the server frees when a program dies.

use std::time::Duration;

use tokio_postgres::GenericClient;
use tokio_postgres::types::Type;

use super::error::{During, StoreError};

/// What is locked.
#[derive(Debug, Clone, Copy)]
pub enum Name {
    /// Migrations and views.
    Schema,
    /// `ingest` loading anything.
    Ingest,
    /// `features refresh`.
    Features,
    /// `scan` storing a run.
    Scan,
    /// Connections that write for the holder of [`Name::Ingest`] beside its own.
    Loading,
}

impl Name {
    /// Key of the lock; the first half says "Tidemark" to whoever reads pg_locks.
    fn key(self) -> i64 {
        0x5449_4445_0000_0000
            + match self {
                Self::Schema => 1,
                Self::Ingest => 2,
                Self::Features => 3,
                Self::Scan => 4,
                Self::Loading => 5,
            }
    }
}

/// A held lock. The server frees it when the connection ends; [`Held::release`] frees it earlier.
#[must_use]
pub struct Held(Name);

impl Held {
    /// Frees the lock.
    pub async fn release(self, client: &impl GenericClient) -> Result<(), StoreError> {
        client
            .execute(include_str!("../../sql/lock_release.sql"), &[&self.0.key()])
            .await
            .during("releasing a lock")
            .map(|_| ())
    }
}

/// Takes a share of the lock until the connection ends; several connections can have one.
pub async fn share(client: &impl GenericClient, name: Name) -> Result<(), StoreError> {
    client
        .execute(include_str!("../../sql/lock_share.sql"), &[&name.key()])
        .await
        .during("sharing a lock")
        .map(|_| ())
}

/// Waits for the lock.
pub async fn hold(client: &impl GenericClient, name: Name) -> Result<Held, StoreError> {
    client
        .execute(include_str!("../../sql/lock_hold.sql"), &[&name.key()])
        .await
        .during("waiting for a lock")?;
    Ok(Held(name))
}

/// How often, and how long apart, a lock is tried before anybody is told to wait: the server notices a moment later that a
/// program has ended.
const TRIES: u32 = 10;
const APART: Duration = Duration::from_millis(30);

/// Takes the lock if nobody else holds it.
pub async fn try_hold(client: &impl GenericClient, name: Name) -> Result<Option<Held>, StoreError> {
    for attempt in 0..TRIES {
        if attempt > 0 {
            tokio::time::sleep(APART).await;
        }
        let row = client
            .query_typed_one(include_str!("../../sql/lock_try.sql"), &[(&name.key(), Type::INT8)])
            .await
            .during("taking a lock")?;
        if row.get(0) {
            return Ok(Some(Held(name)));
        }
    }
    Ok(None)
}

/// Waits for the lock; `waiting` is called once if somebody else holds it.
pub async fn hold_or_say(
    client: &impl GenericClient,
    name: Name,
    waiting: impl FnOnce(),
) -> Result<Held, StoreError> {
    if let Some(held) = try_hold(client, name).await? {
        return Ok(held);
    }
    waiting();
    hold(client, name).await
}
