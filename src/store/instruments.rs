//! Instruments and their tickers through time.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use tokio_postgres::types::Type;
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

impl Period {
    fn holds(&self, date: NaiveDate) -> bool {
        self.from <= date && self.until.is_none_or(|until| date < until)
    }
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
        self.periods.get(ticker)?.iter().find(|period| period.holds(date)).map(|period| period.instrument_id)
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

    /// The instrument that a filing under `ticker` on `date` speaks of: the one that had the ticker then, else that had it last;
    /// of the filer's own (`is_filer`) where there are any, because a company may file when its ticker is another's.
    pub fn of_filing(&self, ticker: &str, date: NaiveDate, is_filer: impl Fn(i32) -> bool) -> Option<i32> {
        let periods = self.periods.get(ticker)?;
        let own: Vec<&Period> = periods.iter().filter(|period| is_filer(period.instrument_id)).collect();
        let among = if own.is_empty() { periods.iter().collect() } else { own };
        let then = among.iter().find(|period| period.holds(date));
        then.or_else(|| among.iter().max_by_key(|period| period.from)).map(|period| period.instrument_id)
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
        .query_typed_opt(include_str!("../../sql/ticker_latest.sql"), &[(&ticker, Type::TEXT)])
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
    /// Primary exchange (MIC); none where unknown.
    pub exchange: Option<String>,
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
            exchange: row.get(5),
        })
        .collect())
}

/// The Central Index Key of every instrument that has one: ten digits.
pub async fn ciks(client: &impl GenericClient) -> Result<HashMap<i32, String>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/instruments_ciks.sql"), &[])
        .await
        .during("reading the instruments")?;
    Ok(rows.into_iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Instruments that were merged into others, ascending: they have no bars any more, but may have stored features.
pub async fn merged(client: &impl GenericClient) -> Result<Vec<i32>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/instruments_merged.sql"), &[])
        .await
        .during("reading merged instruments")?;
    Ok(rows.into_iter().map(|row| row.get(0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filing_goes_to_its_filer_though_the_ticker_is_another_s_by_then() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let period = |from, until: Option<&str>, instrument_id| Period {
            from: day(from),
            until: until.map(day),
            instrument_id,
        };
        let periods = vec![period("2000-01-03", Some("2012-05-18"), 1), period("2012-05-18", None, 2)];
        let tickers = Tickers { periods: HashMap::from([("FB".to_owned(), periods)]) };
        let of = |date: &str, filer: Option<i32>| tickers.of_filing("FB", day(date), |id| Some(id) == filer);
        assert_eq!(
            [of("2012-03-01", None), of("2012-08-01", None), of("1999-03-01", None)],
            [Some(1), Some(2), Some(2)]
        );
        assert_eq!([of("2012-08-01", Some(1)), of("2012-03-01", Some(2))], [Some(1), Some(2)]);
        assert_eq!(of("2012-08-01", Some(3)), Some(2), "nobody is known to be the filer");
        assert_eq!(tickers.of_filing("META", day("2012-08-01"), |_| true), None);
    }
}
