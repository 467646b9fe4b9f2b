//! By which definitions the stored features are computed: the catalogue of factors with their versions, and the families. A
//! refresh that computes a column anew forgets its definition first, so that nobody takes a half-written column for a whole one.

use std::collections::BTreeMap;

use tokio_postgres::{GenericClient, Transaction};

use super::error::{During, StoreError};

/// One entry of the catalogue.
#[derive(Debug)]
pub struct FactorRow<'a> {
    /// Column of `features_day`.
    pub name: &'a str,
    /// Version of the definition.
    pub version: i16,
    /// Family whose score it enters.
    pub family: Option<&'a str>,
    /// Unit of the value.
    pub unit: &'a str,
    /// +1, -1 or none.
    pub direction: Option<i16>,
    /// Sessions that matter.
    pub history: i32,
    /// What it is computed from.
    pub inputs: &'a [&'a str],
    /// What is computed.
    pub definition: &'a str,
    /// Where it was published.
    pub source: Option<&'a str>,
}

/// One family.
#[derive(Debug)]
pub struct FamilyRow<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its factors, in the order in which they are added.
    pub members: Vec<&'a str>,
}

/// What is stored of the definitions.
#[derive(Debug, Default)]
pub struct Definitions {
    /// Version and direction of each factor.
    pub factors: BTreeMap<String, (i16, Option<i16>)>,
    /// Members of each family.
    pub families: BTreeMap<String, Vec<String>>,
}

/// The definitions by which the stored features are computed.
pub async fn read(client: &impl GenericClient) -> Result<Definitions, StoreError> {
    let action = "reading the catalogue of factors";
    let (factors, families) = tokio::try_join!(
        client.query_typed(include_str!("../../sql/factors_read.sql"), &[]),
        client.query_typed(include_str!("../../sql/families_read.sql"), &[])
    )
    .during(action)?;
    Ok(Definitions {
        factors: factors.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect(),
        families: families.iter().map(|row| (row.get(0), row.get(1))).collect(),
    })
}

/// Forgets the definitions of `columns`, and of all families: what they speak of is about to be written anew.
pub async fn forget(transaction: &Transaction<'_>, columns: &[&str]) -> Result<(), StoreError> {
    let action = "writing the catalogue of factors";
    transaction.execute(include_str!("../../sql/factors_forget.sql"), &[&columns]).await.during(action)?;
    transaction.execute(include_str!("../../sql/families_forget.sql"), &[]).await.during(action).map(|_| ())
}

/// Writes the definitions by which everything stored is computed.
pub async fn write(
    transaction: &Transaction<'_>,
    factors: &[FactorRow<'_>],
    families: &[FamilyRow<'_>],
) -> Result<(), StoreError> {
    let action = "writing the catalogue of factors";
    let statement = transaction.prepare(include_str!("../../sql/factors_upsert.sql")).await.during(action)?;
    for row in factors {
        transaction
            .execute(
                &statement,
                &[
                    &row.name,
                    &row.version,
                    &row.family,
                    &row.unit,
                    &row.direction,
                    &row.history,
                    &row.definition,
                    &row.source,
                    &row.inputs,
                ],
            )
            .await
            .during(action)?;
    }
    let statement =
        transaction.prepare(include_str!("../../sql/families_upsert.sql")).await.during(action)?;
    for row in families {
        transaction.execute(&statement, &[&row.name, &row.members]).await.during(action)?;
    }
    Ok(())
}
