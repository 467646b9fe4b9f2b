//! The feature store: rows of raw factor values, and the moments of each session. Which factors there are is for the
//! arithmetic to say; a test holds the two in step.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use tokio_postgres::{GenericClient, Transaction};

use super::copy_in::CopyIn;
use super::copy_out::{self, Fields, Literal};
use super::error::{During, StoreError};
use super::{date_of, day_of, session_of};

/// Number of factor columns in `features_day`.
pub const WIDTH: usize = 40;

/// One stored row: an instrument's raw factor values on one session. Null is NaN.
#[derive(Debug, Clone, Copy)]
pub struct FeatureRow {
    /// Session number.
    pub session: i32,
    /// Whether it belongs to the population.
    pub in_population: bool,
    /// Values in the order of the columns.
    pub values: [f64; WIDTH],
}

impl FeatureRow {
    /// Equality to the bit; null equals null.
    pub fn same(&self, other: &Self) -> bool {
        self.session == other.session
            && self.in_population == other.in_population
            && self
                .values
                .iter()
                .zip(&other.values)
                .all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()))
    }
}

/// Rows of sessions `from` … `until` (half-open) by instrument, each ascending by session. With `only`, of those instruments.
pub async fn read(
    client: &Transaction<'_>,
    from: NaiveDate,
    until: NaiveDate,
    only: Option<&[i32]>,
) -> Result<HashMap<i32, Vec<FeatureRow>>, StoreError> {
    let mut rows: HashMap<i32, Vec<FeatureRow>> = HashMap::new();
    let take = |instrument_id: i32, row: FeatureRow| rows.entry(instrument_id).or_default().push(row);
    read_each(client, from, until, only, take).await?;
    for rows in rows.values_mut() {
        rows.sort_by_key(|row| row.session);
    }
    Ok(rows)
}

/// The rows of one session, ascending by instrument.
pub async fn read_session(
    client: &Transaction<'_>,
    session_date: NaiveDate,
) -> Result<Vec<(i32, FeatureRow)>, StoreError> {
    let mut rows = Vec::new();
    let until = session_date + chrono::Days::new(1);
    read_each(client, session_date, until, None, |id, row| rows.push((id, row))).await?;
    rows.sort_unstable_by_key(|(id, _)| *id);
    Ok(rows)
}

/// Hands every row of sessions `from` … `until` (half-open) to `take`, in no order.
pub async fn read_each(
    client: &Transaction<'_>,
    from: NaiveDate,
    until: NaiveDate,
    only: Option<&[i32]>,
    mut take: impl FnMut(i32, FeatureRow),
) -> Result<u64, StoreError> {
    let action = "reading features";
    let take = |fields: &mut Fields<'_>| {
        let session = session_of(fields.day()?)?;
        let instrument_id = fields.int()?;
        let mut row = FeatureRow { session, in_population: fields.bool()?, values: [f64::NAN; WIDTH] };
        for value in &mut row.values {
            *value = fields.float()?;
        }
        take(instrument_id, row);
        Ok(())
    };
    match only {
        None => {
            let range = [Literal::Date(from), Literal::Date(until)];
            copy_out::rows(client, include_str!("../../sql/features_read.sql"), &range, action, take).await
        }
        Some(ids) => {
            let values = [Literal::Date(from), Literal::Date(until), Literal::Ints(ids)];
            copy_out::rows(client, include_str!("../../sql/features_read_only.sql"), &values, action, take)
                .await
        }
    }
}

/// Hands every row of sessions `from` … `until` (half-open) to `take`, in no order, with the columns of these `names` at their
/// `places`; other values are null.
pub async fn read_columns(
    client: &Transaction<'_>,
    from: NaiveDate,
    until: NaiveDate,
    places: &[usize],
    names: &[&'static str],
    mut take: impl FnMut(i32, FeatureRow),
) -> Result<u64, StoreError> {
    let values = [Literal::Date(from), Literal::Date(until), Literal::Columns(names)];
    let statement = include_str!("../../sql/features_read_columns.sql");
    copy_out::rows(client, statement, &values, "reading features", |fields| {
        let session = session_of(fields.day()?)?;
        let instrument_id = fields.int()?;
        let mut row = FeatureRow { session, in_population: fields.bool()?, values: [f64::NAN; WIDTH] };
        for place in places {
            row.values[*place] = fields.float()?;
        }
        take(instrument_id, row);
        Ok(())
    })
    .await
}

/// Copies rows whose keys are not there; sorted by session, then instrument, they load fastest.
pub async fn copy<'a>(
    transaction: &Transaction<'_>,
    rows: impl Iterator<Item = (i32, &'a FeatureRow)>,
) -> Result<u64, StoreError> {
    let mut copy =
        CopyIn::start(transaction, include_str!("../../sql/features_copy.sql"), "copying features").await?;
    let mut day = (i32::MIN, 0);
    for (instrument_id, row) in rows {
        if day.0 != row.session {
            day = (row.session, day_of(date_of(row.session)));
        }
        copy.row(3 + WIDTH as i16).await?;
        copy.day(day.1);
        copy.int(instrument_id);
        copy.bool(row.in_population);
        for value in row.values {
            copy.float(value);
        }
    }
    copy.finish().await
}

/// Removes rows by (session, instrument).
pub async fn remove(transaction: &Transaction<'_>, keys: &[(i32, i32)]) -> Result<u64, StoreError> {
    let (Some(first), Some(last)) = (keys.iter().map(|k| k.0).min(), keys.iter().map(|k| k.0).max()) else {
        return Ok(0);
    };
    let days: Vec<NaiveDate> = keys.iter().map(|key| date_of(key.0)).collect();
    let ids: Vec<i32> = keys.iter().map(|key| key.1).collect();
    transaction
        .execute(
            include_str!("../../sql/features_remove.sql"),
            &[&days, &ids, &date_of(first), &date_of(last)],
        )
        .await
        .during("removing features")
}

/// The cross-section of one session and factor as it is stored. Null is NaN.
#[derive(Debug, Clone, Copy)]
pub struct MomentsRow {
    /// Values that are not null.
    pub count: i32,
    /// Lower bound, upper bound, mean, standard deviation.
    pub values: [f64; 4],
}

impl MomentsRow {
    /// Equality to the bit; null equals null.
    pub fn same(&self, other: &Self) -> bool {
        self.count == other.count
            && self
                .values
                .iter()
                .zip(&other.values)
                .all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()))
    }
}

/// Removes moments by session and factor.
pub async fn remove_moments(transaction: &Transaction<'_>, keys: &[(i32, String)]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (keys.iter().map(|k| k.0).min(), keys.iter().map(|k| k.0).max()) else {
        return Ok(());
    };
    let days: Vec<NaiveDate> = keys.iter().map(|key| date_of(key.0)).collect();
    let factors: Vec<&str> = keys.iter().map(|key| key.1.as_str()).collect();
    transaction
        .execute(
            include_str!("../../sql/moments_remove.sql"),
            &[&days, &factors, &date_of(first), &date_of(last)],
        )
        .await
        .during("removing moments")
        .map(|_| ())
}

/// Copies moments of sessions and factors whose keys are not there.
pub async fn copy_moments(
    transaction: &Transaction<'_>,
    rows: &[(i32, &str, MomentsRow)],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut copy =
        CopyIn::start(transaction, include_str!("../../sql/moments_copy.sql"), "writing moments").await?;
    for (session, factor, row) in rows {
        copy.row(7).await?;
        copy.day(day_of(date_of(*session)));
        copy.text(factor);
        copy.int(row.count);
        for value in row.values {
            copy.float(value);
        }
    }
    copy.finish().await.map(|_| ())
}

/// The moments of sessions `from` … `until` (half-open), by session and factor.
pub async fn read_moments(
    client: &impl GenericClient,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<BTreeMap<i32, BTreeMap<String, MomentsRow>>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/moments_read.sql"), &[&from, &until])
        .await
        .during("reading moments")?;
    let mut moments: BTreeMap<i32, BTreeMap<String, MomentsRow>> = BTreeMap::new();
    for row in rows {
        let date: NaiveDate = row.get(0);
        let session = session_of(day_of(date))?;
        let value = |at: usize| row.get::<_, Option<f64>>(at).unwrap_or(f64::NAN);
        moments.entry(session).or_default().insert(
            row.get(1),
            MomentsRow { count: row.get(2), values: [value(3), value(4), value(5), value(6)] },
        );
    }
    Ok(moments)
}

/// The first and the last session that have rows; none without rows.
pub async fn range(client: &impl GenericClient) -> Result<Option<(NaiveDate, NaiveDate)>, StoreError> {
    let row = client
        .query_one(include_str!("../../sql/features_range.sql"), &[])
        .await
        .during("looking for the range of the features")?;
    Ok(row.get::<_, Option<NaiveDate>>(0).zip(row.get(1)))
}

/// The latest session of an instrument that has a row; none without rows.
pub async fn latest_of(client: &impl GenericClient, id: i32) -> Result<Option<NaiveDate>, StoreError> {
    let row = client
        .query_one(include_str!("../../sql/features_latest.sql"), &[&id])
        .await
        .during("looking for the latest features of an instrument")?;
    Ok(row.get(0))
}
