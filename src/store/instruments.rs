//! Instruments and their tickers through time.

use std::collections::HashMap;

use chrono::NaiveDate;
use tokio_postgres::{Client, GenericClient};

use super::error::{During, StoreError};

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

    /// The instrument that last traded under `ticker`.
    pub fn latest(&self, ticker: &str) -> Option<i32> {
        self.periods.get(ticker)?.iter().max_by_key(|period| period.from).map(|period| period.instrument_id)
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

    /// Creates an instrument for each of `unknown` (tickers that [`Tickers::find`] did not find on some day) in a short
    /// transaction of its own, and reads the tickers again. Several loaders may do so at once: a ticker gets one instrument.
    pub async fn create(&mut self, client: &mut Client, unknown: &[&str]) -> Result<(), StoreError> {
        let action = "creating instruments";
        let transaction = client.transaction().await.during(action)?;
        // Locked before the statement that looks: its snapshot must see what the other loader created.
        transaction
            .batch_execute("LOCK TABLE ticker_periods IN SHARE ROW EXCLUSIVE MODE")
            .await
            .during(action)?;
        transaction
            .execute(include_str!("../../sql/instruments_create.sql"), &[&unknown])
            .await
            .during(action)?;
        transaction.commit().await.during(action)?;
        *self = Self::read(client).await?;
        Ok(())
    }
}

/// The instrument that last traded under `ticker`, without reading all tickers.
pub async fn latest_of(client: &impl GenericClient, ticker: &str) -> Result<Option<i32>, StoreError> {
    let row = client
        .query_opt(include_str!("../../sql/ticker_latest.sql"), &[&ticker])
        .await
        .during("looking for a ticker")?;
    Ok(row.map(|row| row.get(0)))
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
}

/// All instruments, ascending by id.
pub async fn all(client: &impl GenericClient) -> Result<Vec<Instrument>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/instruments_all.sql"), &[])
        .await
        .during("reading the instruments")?;
    Ok(rows
        .into_iter()
        .map(|row| Instrument { id: row.get(0), ticker: row.get(1), kind: row.get(2), sector: row.get(3) })
        .collect())
}
