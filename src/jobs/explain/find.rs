//! Which row is meant: a name of the catalogue, a ticker, a session. What cannot be found is an error with its remedy.

use chrono::NaiveDate;
use serde::Serialize;
use tokio_postgres::Transaction;

use super::{ExplainError, Target};
use crate::arithmetic::catalogue;
use crate::arithmetic::families::{self, Family};
use crate::domain::calendar::{END_DAY, nyse};
use crate::domain::claims::BEGINNING;
use crate::domain::listing::Held;
use crate::store::bars::{self, Around};
use crate::store::features::{self, FeatureRow};
use crate::store::instruments::{self, Tickers};
use crate::store::{StoreError, date_of};

/// A ticker that an instrument had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Name {
    /// Ticker.
    pub ticker: String,
    /// First day; none where it is not known.
    pub from: Option<NaiveDate>,
    /// First day after; none while it lasts.
    pub until: Option<NaiveDate>,
}

impl Name {
    /// Whether it was the name on `day`.
    pub fn held(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

/// The row, and the others of its session.
pub struct Found {
    pub id: i32,
    pub names: Vec<Name>,
    pub around: Around,
    pub session: i32,
    pub session_date: NaiveDate,
    /// All rows of the session, ascending by instrument.
    pub rows: Vec<(i32, FeatureRow)>,
    /// The place of the instrument's among them.
    pub at: usize,
}

/// What `name` stands for.
pub fn target(name: &str) -> Result<Target, ExplainError> {
    if let Some(place) = catalogue::position(name) {
        return Ok(Target::Factor(place));
    }
    family(name.strip_suffix("_sn").unwrap_or(name)).map(Target::Family).ok_or_else(|| {
        ExplainError::UnknownName { name: name.to_owned(), near: nearest(name, super::names()) }
    })
}

/// The family of that name.
pub fn family(name: &str) -> Option<&'static Family> {
    families::all().iter().find(|family| family.name == name)
}

/// The row of `ticker` on `day`, or its latest one.
pub async fn row(
    transaction: &Transaction<'_>,
    ticker: &str,
    day: Option<NaiveDate>,
) -> Result<Found, ExplainError> {
    let id = instrument(transaction, ticker, day).await?;
    if let Some(day) = day {
        return on(transaction, ticker, id, day).await;
    }
    let last_bar = bars::around(transaction, id, END_DAY).await?.last;
    if let Some(day) = last_bar {
        // The latest row is nearly always that of the latest bar, which the bars' key finds at once.
        match on(transaction, ticker, id, day).await {
            Err(ExplainError::NotComputed { .. }) => {}
            found => return found,
        }
    }
    match (features::latest_of(transaction, id).await?, last_bar) {
        (Some(day), _) => on(transaction, ticker, id, day).await,
        (None, Some(day)) => Err(ExplainError::NotComputed { ticker: ticker.to_owned(), day }),
        (None, None) => Err(ExplainError::NoBars { ticker: ticker.to_owned() }),
    }
}

/// The row of the instrument `id` on `day`.
async fn on(
    transaction: &Transaction<'_>,
    ticker: &str,
    id: i32,
    day: NaiveDate,
) -> Result<Found, ExplainError> {
    let Some(session) = nyse().number(day) else { return Err(closed(day)) };
    let around = bars::around(transaction, id, day).await?;
    let rows = features::read_session(transaction, day).await?;
    let ticker = || ticker.to_owned();
    match rows.binary_search_by_key(&id, |(id, _)| *id) {
        Ok(at) => Ok(Found {
            id,
            names: names(transaction, id).await?,
            around,
            session,
            session_date: day,
            rows,
            at,
        }),
        Err(_) if around.here => Err(ExplainError::NotComputed { ticker: ticker(), day }),
        Err(_) if around.first.is_none() => Err(ExplainError::NoBars { ticker: ticker() }),
        Err(_) => Err(ExplainError::NoBar { ticker: ticker(), day, around }),
    }
}

/// The instrument that had `ticker` on `day`. Where nobody had it then, or no day is asked for, the one that has it now or had
/// it last: it may have had another name on that day.
async fn instrument(
    transaction: &Transaction<'_>,
    ticker: &str,
    day: Option<NaiveDate>,
) -> Result<i32, ExplainError> {
    let periods = instruments::periods_of(transaction, ticker).await?;
    if let Some(period) = day.and_then(|day| periods.iter().find(|period| period.contains(day))) {
        return Ok(period.instrument_id);
    }
    if let Some(latest) = periods.last() {
        let with_bars = instruments::latest_of(transaction, ticker).await?;
        return Ok(with_bars.unwrap_or(latest.instrument_id));
    }
    let tickers = Tickers::read(transaction).await?;
    let similar = tickers.similar(ticker).into_iter().map(str::to_owned).collect();
    Err(ExplainError::UnknownTicker { ticker: ticker.to_owned(), similar })
}

async fn names(transaction: &Transaction<'_>, id: i32) -> Result<Vec<Name>, StoreError> {
    let named = |held: Held| Name {
        from: Some(held.from).filter(|from| *from > BEGINNING),
        ticker: held.ticker,
        until: held.until,
    };
    Ok(instruments::names_of(transaction, id).await?.into_iter().map(named).collect())
}

/// Why there is no session on a day.
fn closed(day: NaiveDate) -> ExplainError {
    let Some(because) = nyse().closed_because(day) else { return ExplainError::OutsideCalendar { day } };
    ExplainError::Closed {
        day,
        because: because.to_string(),
        before: nyse().at_or_before(day).map(date_of),
        after: nyse().at_or_after(day).map(date_of),
    }
}

/// Those of `known` that are spelt most like `name`: the same but for case, else with few letters wrong, else with a common
/// beginning.
fn nearest(name: &str, known: Vec<String>) -> Vec<String> {
    let lower = name.to_lowercase();
    let wrong = |other: &String| {
        let begins = lower.len() >= 3 && other.starts_with(&lower);
        distance(&lower, other).min(if begins { 1 } else { usize::MAX })
    };
    let mut near: Vec<(usize, String)> = known.into_iter().map(|other| (wrong(&other), other)).collect();
    near.sort_by_key(|(wrong, _)| *wrong);
    let fewest = near.first().map_or(0, |(wrong, _)| *wrong);
    let most = (lower.chars().count() / 3).clamp(1, 3);
    near.into_iter()
        .filter(|(wrong, _)| *wrong <= most && *wrong <= fewest + usize::from(fewest > 0))
        .take(5)
        .map(|(_, other)| other)
        .collect()
}

/// Fewest letters to put in, take out or replace to make one word the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for place in 0..b.len() {
            let replaced = diagonal + usize::from(letter != b[place]);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(row[place] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_counted() {
        assert_eq!((distance("kitten", "sitting"), distance("", "abc"), distance("roe", "roe")), (3, 3, 0));
    }

    #[test]
    fn a_name_that_is_wrong_by_little_is_found() {
        let near = |name: &str| nearest(name, super::super::names());
        assert_eq!(near("mom_12_2")[0], "mom_12_1");
        assert_eq!((near("MOM_3"), near("ROE")), (vec!["mom_3".to_owned()], vec!["roe".to_owned()]));
        assert_eq!(near("vol"), ["vol_20", "vol_60", "vol_252"]);
        assert_eq!(near("momentun_sn")[0], "momentum_sn");
        assert!(near("completely_else_where").is_empty());
    }

    #[test]
    fn every_name_stands_for_something() {
        for name in super::super::names() {
            assert!(target(&name).is_ok(), "{name}");
        }
        assert!(target("rev_1_sn").is_err(), "a factor has no sector-neutral version");
    }
}
