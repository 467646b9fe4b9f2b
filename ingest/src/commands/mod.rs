//! The commands, one a file: each reads as a recipe.

pub mod actions;
pub mod backfill;
pub mod daily;
pub mod reference;
pub mod sample;
pub mod statements;
pub mod status;
pub mod verify;

mod days;
mod listing;
mod refusals;

use deadpool_postgres::Object;
use tidemark::settings::Settings;
use tidemark::store::{self, Store, StoreError, lock};

/// The way into the database that the settings name; nothing is connected yet.
fn open(settings: &Settings) -> Result<Store, StoreError> {
    Store::new(settings, "tidemark ingest")
}

/// A connection with the schema in place and the ingest lock held until it is closed.
async fn connect(store: &Store) -> Result<Object, StoreError> {
    let mut client = store.client().await?;
    let _ = lock::hold_or_say(&**client, lock::Name::Ingest, || {
        eprintln!("another ingest is loading into this database; waiting for it to finish");
    })
    .await?;
    // A program that was killed may have left a connection that is still committing.
    lock::hold(&**client, lock::Name::Loading).await?.release(&**client).await?;
    // After the wait: the other one may have changed the calendar.
    store::prepare(&mut client).await?;
    Ok(client)
}
