//! The commands, one a file: each reads as a recipe.

pub mod actions;
pub mod backfill;
pub mod sample;
pub mod statements;
pub mod status;

mod days;
mod refusals;

use deadpool_postgres::Object;
use tidemark::settings::Settings;
use tidemark::store::{self, Store, StoreError, lock};

/// A connection with the schema in place and the ingest lock held until it is closed.
async fn connect(settings: &Settings) -> Result<Object, StoreError> {
    let mut client = Store::new(settings, "tidemark ingest")?.client().await?;
    store::prepare(&mut client).await?;
    let _ = lock::hold_or_say(&**client, lock::Name::Ingest, || {
        eprintln!("another ingest is loading into this database; waiting for it to finish");
    })
    .await?;
    Ok(client)
}
