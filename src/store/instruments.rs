//! Instruments and their tickers through time.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use tokio_postgres::{Client, GenericClient, Row};

use super::error::{During, StoreError};
use crate::domain::listing::Held;

/// A ticker's time with an instrument; `until` is the first day after it.
#[derive(Debug, Clone, Copy)]
struct Period {
    from: NaiveDate,
    until: Option<NaiveDate>,
    instrument_id: i32,
}

/// Which instrument traded under which ticker on which day.
#[derive(Debug, Default)]
pub struct Tickers {
    periods: HashMap<String, Vec<Period>>,
}

impl Tickers {
    /// Reads all ticker periods.
    pub async fn read(client: &impl GenericClient) -> Result<Self, StoreError> {
        let rows = client
            .query(include_str!("../../sql/ticker_periods.sql"), &[])
            .await
            .during("reading the tickers")?;
        let mut tickers = Self::default();
        for row in rows {
            tickers.periods.entry(row.get(0)).or_default().push(Period {
                from: row.get(1),
                until: row.get(2),
                instrument_id: row.get(3),
            });
        }
        Ok(tickers)
    }

    /// The instrument behind `ticker` on `date`.
    pub fn find(&self, ticker: &str, date: NaiveDate) -> Option<i32> {
        self.periods
            .get(ticker)?
            .iter()
            .find(|period| period.from <= date && period.until.is_none_or(|until| date < until))
            .map(|period| period.instrument_id)
    }

    /// Those of `seen` (tickers and days) that no instrument has: one day for each stretch of time that [`Tickers::create`]
    /// will give to one instrument, ascending.
    pub fn unknown<'a>(&self, seen: impl Iterator<Item = (&'a str, NaiveDate)>) -> Vec<(&'a str, NaiveDate)> {
        let mut stretches: BTreeMap<(&str, Option<NaiveDate>), NaiveDate> = BTreeMap::new();
        for (ticker, date) in seen.filter(|(ticker, date)| self.find(ticker, *date).is_none()) {
            let periods = self.periods.get(ticker).into_iter().flatten();
            let start = periods.filter_map(|period| period.until.filter(|until| *until <= date)).max();
            stretches.entry((ticker, start)).or_insert(date);
        }
        stretches.into_iter().map(|((ticker, _), date)| (ticker, date)).collect()
    }

    /// The instrument that last had `ticker`.
    pub fn latest(&self, ticker: &str) -> Option<i32> {
        self.periods.get(ticker)?.iter().max_by_key(|period| period.from).map(|period| period.instrument_id)
    }

    /// The instruments that had `ticker` on some day of `from` … `until` (half-open), ascending by id. A ticker that was used
    /// again has several.
    pub fn holders(&self, ticker: &str, from: NaiveDate, until: NaiveDate) -> Vec<i32> {
        let periods = self.periods.get(ticker).into_iter().flatten();
        let mut ids: Vec<i32> = periods
            .filter(|period| period.from < until && period.until.is_none_or(|end| from < end))
            .map(|period| period.instrument_id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Known tickers that look like `ticker`: the same letters in another case, else a common beginning.
    pub fn similar(&self, ticker: &str) -> Vec<&str> {
        let mut same: Vec<&str> = self
            .periods
            .keys()
            .map(String::as_str)
            .filter(|known| known.eq_ignore_ascii_case(ticker))
            .collect();
        if same.is_empty() {
            let stem: String = ticker.chars().take(2).collect();
            same = self.periods.keys().map(String::as_str).filter(|known| known.starts_with(&stem)).collect();
        }
        same.sort_unstable();
        same.truncate(5);
        same
    }

    /// Creates an instrument for each of `unknown` (tickers and days that [`Tickers::find`] did not find) in a short
    /// transaction of its own, and reads the tickers again. The instrument gets the whole time in which nobody else has the
    /// ticker. Several loaders may do so at once: a ticker gets one instrument.
    pub async fn create(
        &mut self,
        client: &mut Client,
        unknown: &[(&str, NaiveDate)],
    ) -> Result<(), StoreError> {
        let action = "creating instruments";
        let (tickers, days): (Vec<&str>, Vec<NaiveDate>) = unknown.iter().copied().unzip();
        let transaction = client.transaction().await.during(action)?;
        // Locked before the statement that looks: its snapshot must see what the other loader created.
        transaction
            .batch_execute("LOCK TABLE ticker_periods IN SHARE ROW EXCLUSIVE MODE")
            .await
            .during(action)?;
        transaction
            .execute(include_str!("../../sql/instruments_create.sql"), &[&tickers, &days])
            .await
            .during(action)?;
        transaction.commit().await.during(action)?;
        *self = Self::read(client).await?;
        Ok(())
    }
}

/// The instrument whose bars came last under `ticker`, without reading all tickers.
pub async fn latest_of(client: &impl GenericClient, ticker: &str) -> Result<Option<i32>, StoreError> {
    let row = client
        .query_opt(include_str!("../../sql/ticker_latest.sql"), &[&ticker])
        .await
        .during("looking for a ticker")?;
    Ok(row.map(|row| row.get(0)))
}

/// The periods of one ticker, oldest first.
pub async fn periods_of(client: &impl GenericClient, ticker: &str) -> Result<Vec<Held>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/ticker_periods_of.sql"), &[&ticker])
        .await
        .during("looking for a ticker")?;
    Ok(rows.iter().map(held).collect())
}

/// The tickers of one instrument through time, oldest first.
pub async fn names_of(client: &impl GenericClient, id: i32) -> Result<Vec<Held>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/ticker_names_of.sql"), &[&id])
        .await
        .during("looking for the tickers of an instrument")?;
    Ok(rows.iter().map(held).collect())
}

fn held(row: &Row) -> Held {
    Held { ticker: row.get(0), from: row.get(1), until: row.get(2), instrument_id: row.get(3) }
}

/// What the factors ask of one instrument.
#[derive(Debug, Clone, Default)]
pub struct Traits {
    /// Name; none where unknown.
    pub name: Option<String>,
    /// Vendor's type; none where unknown.
    pub kind: Option<String>,
    /// GICS sector; none where unknown.
    pub sector: Option<String>,
    /// Whether it is a financial.
    pub financial: bool,
}

/// What the factors ask of the instrument `id`; nothing is known of one that is not there.
pub async fn traits_of(client: &impl GenericClient, id: i32) -> Result<Traits, StoreError> {
    let row = client
        .query_opt(include_str!("../../sql/instruments_one.sql"), &[&id])
        .await
        .during("reading an instrument")?;
    Ok(row.map_or_else(Traits::default, |row| Traits {
        name: row.get(0),
        kind: row.get(1),
        sector: row.get(2),
        financial: row.get(3),
    }))
}

/// The instruments of `sector` that have bars, ascending.
pub async fn of_sector(client: &impl GenericClient, sector: &str) -> Result<Vec<i32>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/instruments_of_sector.sql"), &[&sector])
        .await
        .during("reading a sector")?;
    Ok(rows.into_iter().map(|row| row.get(0)).collect())
}

/// An instrument as the jobs see it.
#[derive(Debug, Clone)]
pub struct Instrument {
    /// Key.
    pub id: i32,
    /// Its ticker now, or the last it had.
    pub ticker: String,
    /// Vendor's type; none where unknown.
    pub kind: Option<String>,
    /// GICS sector; none where unknown.
    pub sector: Option<String>,
    /// Whether it is a financial: by its GICS sector where a file gives one, else by its SIC code, 6000 to 6799.
    pub financial: bool,
}

/// The instruments that have bars, ascending by id.
pub async fn all(client: &impl GenericClient) -> Result<Vec<Instrument>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/instruments_all.sql"), &[])
        .await
        .during("reading the instruments")?;
    Ok(rows
        .into_iter()
        .map(|row| Instrument {
            id: row.get(0),
            ticker: row.get(1),
            kind: row.get(2),
            sector: row.get(3),
            financial: row.get(4),
        })
        .collect())
}

/// Instruments that were merged into others, ascending: they have no bars any more, but may have stored features.
pub async fn merged(client: &impl GenericClient) -> Result<Vec<i32>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/instruments_merged.sql"), &[])
        .await
        .during("reading merged instruments")?;
    Ok(rows.into_iter().map(|row| row.get(0)).collect())
}
