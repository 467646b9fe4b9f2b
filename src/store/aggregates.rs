//! Coarser bars from minute bars, of one name and one definition on every edition of TimescaleDB: continuous aggregates on
//! the community edition, views on the Apache edition, which has none.

use chrono::{Days, NaiveDate};
use sha2::{Digest, Sha256};
use tokio_postgres::{GenericClient, Transaction};

use super::error::{During, StoreError};
use super::hex;

/// One of them, by the statements that make and drop it.
struct Aggregate {
    name: &'static str,
    create_view: &'static str,
    create_continuous: &'static str,
    drop_view: &'static str,
    drop_continuous: &'static str,
}

macro_rules! aggregate {
    ($name:literal) => {
        Aggregate {
            name: $name,
            create_view: concat!(
                "CREATE OR REPLACE VIEW ",
                $name,
                " AS\n",
                include_str!(concat!("../../sql/views/", $name, ".sql"))
            ),
            // What is newer than the last refresh is computed when it is asked for, so that no row ever lacks.
            create_continuous: concat!(
                "CREATE MATERIALIZED VIEW ",
                $name,
                " WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS\n",
                include_str!(concat!("../../sql/views/", $name, ".sql")),
                "\nWITH NO DATA"
            ),
            drop_view: concat!("DROP VIEW ", $name),
            drop_continuous: concat!("DROP MATERIALIZED VIEW ", $name),
        }
    };
}

const AGGREGATES: [Aggregate; 2] = [aggregate!("bars_5min"), aggregate!("bars_hour")];

const COMMENTS: &str = include_str!("../../sql/views/aggregate_comments.sql");

/// Name of the edition that has continuous aggregates.
const COMMUNITY: &str = "timescale";

/// Edition and digest of the definitions: when it differs from the applied one, the aggregates are made again.
pub(super) fn version(edition: &str) -> String {
    let mut hash = Sha256::new();
    for aggregate in &AGGREGATES {
        hash.update(if edition == COMMUNITY { aggregate.create_continuous } else { aggregate.create_view });
    }
    hash.update(COMMENTS);
    format!("{edition} {}", hex(&hash.finalize()))
}

/// Makes the aggregates as `edition` has them. Those of the other edition are dropped first: the Apache edition drops
/// continuous aggregates too, though it can neither refresh nor keep them (every write to the minutes would fail).
///
/// # Errors
/// [`StoreError::InTheWay`] when a view of the user's own reads one that has to go.
pub(super) async fn create(transaction: &Transaction<'_>, edition: &str) -> Result<(), StoreError> {
    let action = "making the aggregates of minute bars";
    let names = AGGREGATES.map(|aggregate| aggregate.name);
    let present = transaction
        .query(include_str!("../../sql/aggregates_present.sql"), &[&names.as_slice()])
        .await
        .during(action)?;
    for aggregate in &AGGREGATES {
        let found = present.iter().find(|row| row.get::<_, &str>(0) == aggregate.name);
        let drop = match found.map(|row| row.get::<_, bool>(1)) {
            Some(true) => Some(aggregate.drop_continuous),
            Some(false) if edition == COMMUNITY => Some(aggregate.drop_view),
            _ => None,
        };
        if let Some(drop) = drop {
            transaction.batch_execute(drop).await.map_err(|error| StoreError::in_the_way(action, error))?;
        }
        let create = if edition == COMMUNITY { aggregate.create_continuous } else { aggregate.create_view };
        transaction.batch_execute(create).await.during(action)?;
    }
    transaction.batch_execute(COMMENTS).await.during(action)
}

/// Brings continuous aggregates up to date over the sessions from `from` to `to`, both included, after their minutes were
/// committed; on the Apache edition there is nothing to do. A run that dies before leaves it to [`refresh_all`]: until then
/// the aggregates show these sessions as they were.
pub async fn refresh(client: &impl GenericClient, from: NaiveDate, to: NaiveDate) -> Result<(), StoreError> {
    refresh_between(client, Some(from), Some(to + Days::new(1))).await
}

/// The same over everything that changed since it was refreshed last.
pub async fn refresh_all(client: &impl GenericClient) -> Result<(), StoreError> {
    refresh_between(client, None, None).await
}

async fn refresh_between(
    client: &impl GenericClient,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
) -> Result<(), StoreError> {
    let action = "refreshing the aggregates of minute bars";
    let edition =
        client.query_one(include_str!("../../sql/timescale_edition.sql"), &[]).await.during(action)?;
    if edition.get::<_, &str>(0) != COMMUNITY {
        return Ok(());
    }
    for aggregate in &AGGREGATES {
        client
            .execute(include_str!("../../sql/aggregates_refresh.sql"), &[&aggregate.name, &from, &until])
            .await
            .during(action)?;
    }
    Ok(())
}
