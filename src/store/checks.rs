//! What `ingest verify` reads, all of it in one snapshot that cannot write: bars sorted by instrument, the ledger, actions,
//! listings and names. Days stay dates here, because a day that is no session is one of the things looked for.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use tokio_postgres::{Client, GenericClient, IsolationLevel, Transaction};

use super::copy_out::{self, Literal};
use super::date_on;
use super::error::{During, StoreError};

/// Begins a REPEATABLE READ transaction that the server lets write nothing.
pub async fn snapshot(client: &mut Client) -> Result<Transaction<'_>, StoreError> {
    client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await
        .during("opening a snapshot")
}

/// Hands out the bars of `from` … `until` (half-open), of the instruments `only` or of all, sorted by instrument and day:
/// instrument, day, and open, high, low, close and volume as they are. Gives their number.
pub async fn bars(
    transaction: &Transaction<'_>,
    from: NaiveDate,
    until: NaiveDate,
    only: Option<&[i32]>,
    mut take: impl FnMut(i32, NaiveDate, [f64; 5]),
) -> Result<u64, StoreError> {
    let mut values = vec![Literal::Date(from), Literal::Date(until)];
    let statement = match only {
        None => include_str!("../../sql/verify_bars.sql"),
        Some(ids) => {
            values.push(Literal::Ints(ids));
            include_str!("../../sql/verify_bars_only.sql")
        }
    };
    copy_out::rows(transaction, statement, &values, "reading bars", |fields| {
        let (instrument, day) = (fields.int()?, date_on(fields.day()?));
        let values = [fields.float()?, fields.float()?, fields.float()?, fields.float()?, fields.float()?];
        take(instrument, day, values);
        Ok(())
    })
    .await
}

/// The exchange's sessions of `from` … `through` (both included), ascending, from the table of sessions.
pub async fn sessions(
    client: &impl GenericClient,
    from: NaiveDate,
    through: NaiveDate,
) -> Result<Vec<NaiveDate>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/verify_sessions.sql"), &[&from, &through])
        .await
        .during("reading the sessions")?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// What the ledger says of a session's daily bars.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The session.
    pub session_date: NaiveDate,
    /// Selection of the latest load; empty for the whole market.
    pub latest_selection: String,
    /// Bars of the latest load.
    pub bars: i64,
    /// Whether the whole market was ever loaded.
    pub whole: bool,
    /// All selections.
    pub selections: Vec<String>,
}

/// The ledger, ascending by session.
pub async fn ledger(client: &impl GenericClient) -> Result<Vec<Loaded>, StoreError> {
    let rows =
        client.query(include_str!("../../sql/verify_ledger.sql"), &[]).await.during("reading the ledger")?;
    let loaded = |row: &tokio_postgres::Row| Loaded {
        session_date: row.get(0),
        latest_selection: row.get(1),
        bars: i64::from(row.get::<_, i32>(2)),
        whole: row.get(3),
        selections: row.get(4),
    };
    Ok(rows.iter().map(loaded).collect())
}

/// An instrument's listing and the first and last of its bars.
#[derive(Debug, Clone)]
pub struct Life {
    /// The instrument.
    pub instrument_id: i32,
    /// First day of the listing, where known.
    pub listed_on: Option<NaiveDate>,
    /// Day of the delisting, where known.
    pub delisted_on: Option<NaiveDate>,
    /// Day of the first bar.
    pub first: NaiveDate,
    /// Its open.
    pub first_open: f64,
    /// Its close × volume.
    pub first_dollars: f64,
    /// Day of the last bar.
    pub last: NaiveDate,
    /// Its close.
    pub last_close: f64,
    /// Its close × volume.
    pub last_dollars: f64,
}

/// All instruments that have bars, ascending.
pub async fn lives(client: &impl GenericClient) -> Result<Vec<Life>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/verify_lives.sql"), &[])
        .await
        .during("reading the first and last bars")?;
    let life = |row: &tokio_postgres::Row| Life {
        instrument_id: row.get(0),
        listed_on: row.get(1),
        delisted_on: row.get(2),
        first: row.get(3),
        first_open: row.get(4),
        first_dollars: row.get::<_, f64>(5) * row.get::<_, f64>(6),
        last: row.get(7),
        last_close: row.get(8),
        last_dollars: row.get::<_, f64>(8) * row.get::<_, f64>(9),
    };
    Ok(rows.iter().map(life).collect())
}

/// Stored splits and dividends of many instruments, each list ascending by ex-date.
#[derive(Debug, Default)]
pub struct StoredActions {
    /// Ex-date, old and new shares.
    pub splits: HashMap<i32, Vec<(NaiveDate, f64, f64)>>,
    /// Ex-date, USD a share.
    pub dividends: HashMap<i32, Vec<(NaiveDate, f64)>>,
}

/// The splits and dividends of the instruments `only`, or of all.
pub async fn actions(client: &impl GenericClient, only: Option<&[i32]>) -> Result<StoredActions, StoreError> {
    let mut actions = StoredActions::default();
    let rows =
        client.query(include_str!("../../sql/splits_read.sql"), &[&only]).await.during("reading splits")?;
    for row in rows {
        let split = (row.get(1), row.get(2), row.get(3));
        actions.splits.entry(row.get(0)).or_default().push(split);
    }
    let rows = client
        .query(include_str!("../../sql/dividends_read.sql"), &[&only])
        .await
        .during("reading dividends")?;
    for row in rows {
        actions.dividends.entry(row.get(0)).or_default().push((row.get(1), row.get(2)));
    }
    Ok(actions)
}

/// Which ticker each instrument had on which day.
#[derive(Debug, Default)]
pub struct Names {
    /// First day, first day after, ticker; ascending.
    periods: BTreeMap<i32, Vec<(NaiveDate, Option<NaiveDate>, String)>>,
}

impl Names {
    /// Reads all ticker periods.
    pub async fn read(client: &impl GenericClient) -> Result<Self, StoreError> {
        let rows = client
            .query(include_str!("../../sql/ticker_periods.sql"), &[])
            .await
            .during("reading the tickers")?;
        let mut names = Self::default();
        for row in rows {
            let period = (row.get(1), row.get(2), row.get(0));
            names.periods.entry(row.get(3)).or_default().push(period);
        }
        names.periods.values_mut().for_each(|periods| periods.sort());
        Ok(names)
    }

    /// The instrument's ticker on `day`; none where it had none.
    pub fn on(&self, instrument: i32, day: NaiveDate) -> Option<&str> {
        let periods = self.periods.get(&instrument)?;
        let period = periods.iter().rev().find(|(from, _, _)| *from <= day)?;
        period.1.is_none_or(|until| day < until).then_some(period.2.as_str())
    }

    /// Whether the instrument had a ticker on every day of `from` … `through`, as one period has it.
    pub fn throughout(&self, instrument: i32, from: NaiveDate, through: NaiveDate) -> bool {
        let periods = self.periods.get(&instrument).map_or(&[][..], Vec::as_slice);
        periods.iter().any(|(start, until, _)| *start <= from && until.is_none_or(|until| through < until))
    }

    /// The instrument's ticker on `day`, else the nearest one it had, else its key.
    pub fn about(&self, instrument: i32, day: NaiveDate) -> String {
        let periods = self.periods.get(&instrument).map_or(&[][..], Vec::as_slice);
        let period = periods.iter().rev().find(|(from, _, _)| *from <= day).or(periods.first());
        period.map_or_else(|| format!("instrument {instrument}"), |(_, _, ticker)| ticker.clone())
    }

    /// Instruments that have had one ticker always.
    #[cfg(test)]
    pub(crate) fn of<const N: usize>(tickers: [(i32, &str); N]) -> Self {
        let period = |(id, ticker): (i32, &str)| (id, vec![(NaiveDate::MIN, None, ticker.to_owned())]);
        Self { periods: tickers.map(period).into() }
    }

    /// Every instrument that ever had `ticker`, ascending.
    pub fn instruments(&self, ticker: &str) -> Vec<i32> {
        let had =
            |periods: &[(NaiveDate, Option<NaiveDate>, String)]| periods.iter().any(|(_, _, t)| t == ticker);
        self.periods.iter().filter(|(_, periods)| had(periods)).map(|(instrument, _)| *instrument).collect()
    }
}

/// Rows of a table under a name: change log rows by topic, revisions by kind.
#[derive(Debug, Default, Clone)]
pub struct Counts {
    /// Change log, by topic.
    pub change_log: BTreeMap<String, i64>,
    /// Revisions of daily bars, by kind.
    pub revisions: BTreeMap<String, i64>,
}

/// Counts the change log and the revisions.
pub async fn counts(client: &impl GenericClient) -> Result<Counts, StoreError> {
    let rows =
        client.query(include_str!("../../sql/verify_counts.sql"), &[]).await.during("counting changes")?;
    let mut counts = Counts::default();
    for row in rows {
        let map = if row.get::<_, &str>(0) == "change_log" {
            &mut counts.change_log
        } else {
            &mut counts.revisions
        };
        map.insert(row.get(1), row.get(2));
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::super::day_of;
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_is_the_ticker_of_the_day() {
        let periods = vec![
            (day("2000-01-01"), Some(day("2010-01-01")), "OLD".to_owned()),
            (day("2012-01-01"), None, "NEW".to_owned()),
        ];
        let names = Names { periods: BTreeMap::from([(7, periods)]) };
        let on = |text| names.on(7, day(text));
        assert_eq!([on("2009-12-31"), on("2010-01-01"), on("2012-01-01")], [Some("OLD"), None, Some("NEW")]);
        assert_eq!(names.on(7, day("1999-12-31")), None);
        let throughout = |from, through| names.throughout(7, day(from), day(through));
        assert!(throughout("2000-01-01", "2009-12-31") && throughout("2013-01-01", "2030-01-01"));
        assert!(!throughout("2009-01-01", "2013-01-01"));
        let about = |text| names.about(7, day(text));
        assert_eq!([about("1999-12-31"), about("2011-01-01")], ["OLD", "OLD"]);
        assert_eq!(names.about(8, day("2011-01-01")), "instrument 8");
        assert_eq!((names.instruments("NEW"), names.instruments("?")), (vec![7], vec![]));
    }

    #[test]
    fn a_day_out_of_reach_is_still_a_day() {
        assert_eq!(date_on(day_of(day("2024-07-05"))), day("2024-07-05"));
        assert_eq!((date_on(i32::MAX), date_on(i32::MIN)), (NaiveDate::MAX, NaiveDate::MIN));
    }
}
