//! What the vendor says of one instrument at a time, and the sector that follows from it or from a file.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use tokio_postgres::{GenericClient, Transaction};

use super::log;
use crate::domain::sector::Sector;
use crate::store::actions::{SharesRow, upsert_shares};
use crate::store::error::{During, StoreError};

/// An instrument whose details can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Key.
    pub instrument_id: i32,
    /// Its ticker now, or the last it had.
    pub ticker: String,
    /// FIGI of the share class in the US.
    pub composite_figi: Option<String>,
    /// Last day on which it traded.
    pub delisted_on: Option<NaiveDate>,
}

/// The instruments with bars that have no details; or the instruments `only`, whatever they have.
pub async fn without_details(
    client: &impl GenericClient,
    only: Option<&[i32]>,
) -> Result<Vec<Wanted>, StoreError> {
    let action = "looking for instruments without details";
    let rows = match only {
        None => client.query(include_str!("../../../sql/details_wanted.sql"), &[]).await,
        Some(ids) => client.query(include_str!("../../../sql/details_of.sql"), &[&ids]).await,
    };
    let wanted = |row: tokio_postgres::Row| Wanted {
        instrument_id: row.get(0),
        ticker: row.get(1),
        composite_figi: row.get(2),
        delisted_on: row.get(3),
    };
    Ok(rows.during(action)?.into_iter().map(wanted).collect())
}

/// Details of an instrument; none says nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    /// The instrument.
    pub instrument_id: i32,
    /// Industry by the SEC's list.
    pub sic_code: Option<String>,
    /// First day of the listing.
    pub listed_on: Option<NaiveDate>,
    /// Shares outstanding now.
    pub shares: Option<f64>,
}

/// Stores details as read on `day`: a share count that is not the latest known one counts from then on. Gives how many
/// instruments differed.
pub async fn store_details(
    transaction: &Transaction<'_>,
    rows: &[Details],
    day: NaiveDate,
) -> Result<usize, StoreError> {
    let action = "storing details";
    let ids: Vec<i32> = rows.iter().map(|row| row.instrument_id).collect();
    let codes: Vec<Option<&str>> = rows.iter().map(|row| row.sic_code.as_deref()).collect();
    let days: Vec<Option<NaiveDate>> = rows.iter().map(|row| row.listed_on).collect();
    let written = transaction
        .query(include_str!("../../../sql/details_store.sql"), &[&ids, &codes, &days])
        .await
        .during(action)?;
    let mut differing: BTreeSet<i32> = written.iter().map(|row| row.get(0)).collect();
    // A SIC code tells who is a financial, even where the sector stays.
    let of_code: Vec<i32> = written.iter().filter(|row| row.get(1)).map(|row| row.get(0)).collect();
    log(transaction, &of_code).await?;
    let counts: Vec<(i32, f64)> =
        rows.iter().filter_map(|row| Some((row.instrument_id, row.shares?))).collect();
    let (of, shares): (Vec<i32>, Vec<f64>) = counts.iter().copied().unzip();
    let new: Vec<i32> = transaction
        .query(include_str!("../../../sql/shares_differing.sql"), &[&of, &shares])
        .await
        .during(action)?
        .into_iter()
        .map(|row| row.get(0))
        .collect();
    let counts: Vec<SharesRow> = counts
        .into_iter()
        .filter(|(id, _)| new.contains(id))
        .map(|(instrument_id, shares)| SharesRow { instrument_id, filing_date: day, period_end: day, shares })
        .collect();
    upsert_shares(transaction, &counts).await?;
    differing.extend(new);
    Ok(differing.len())
}

/// Writes the sectors of a file, which outweigh SIC codes, and logs what differs. Gives how many instruments differed.
pub async fn store_sectors(
    transaction: &Transaction<'_>,
    sectors: &[(i32, Sector)],
) -> Result<usize, StoreError> {
    let rows: Vec<(i32, Option<&str>, Option<&str>)> =
        sectors.iter().map(|(id, sector)| (*id, Some(sector.name()), Some("file"))).collect();
    write_sectors(transaction, &rows).await
}

/// Brings the sectors of instruments that no file speaks of up to their SIC codes, and logs what differs. Gives how many
/// instruments differed.
pub async fn map_sectors(transaction: &Transaction<'_>) -> Result<usize, StoreError> {
    let rows = transaction
        .query(include_str!("../../../sql/sectors_by_sic.sql"), &[])
        .await
        .during("reading SIC codes")?;
    let differing: Vec<(i32, Option<&str>, Option<&str>)> = rows
        .iter()
        .filter_map(|row| {
            let sector = Sector::of_sic(row.get(1)).map(Sector::name);
            let differs = sector != row.get::<_, Option<&str>>(2);
            differs.then(|| (row.get(0), sector, sector.map(|_| "sic")))
        })
        .collect();
    write_sectors(transaction, &differing).await
}

async fn write_sectors(
    transaction: &Transaction<'_>,
    rows: &[(i32, Option<&str>, Option<&str>)],
) -> Result<usize, StoreError> {
    let ids: Vec<i32> = rows.iter().map(|row| row.0).collect();
    let sectors: Vec<Option<&str>> = rows.iter().map(|row| row.1).collect();
    let sources: Vec<Option<&str>> = rows.iter().map(|row| row.2).collect();
    let differing: Vec<i32> = transaction
        .query(include_str!("../../../sql/sectors_store.sql"), &[&ids, &sectors, &sources])
        .await
        .during("writing sectors")?
        .into_iter()
        .map(|row| row.get(0))
        .collect();
    log(transaction, &differing).await?;
    Ok(differing.len())
}
