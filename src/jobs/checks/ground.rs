//! What all checks stand on: the sessions, what is loaded, listings, names and stored actions, of one moment.

use std::collections::HashMap;
use std::ops::Range;

use chrono::{Days, NaiveDate};
use serde_json::Map;
use tokio_postgres::Transaction;

use super::catalogue::Check;
use super::days::{Expected, Sessions};
use super::findings::Finding;
use crate::store::StoreError;
use crate::store::checks::{self, Life, Loaded, Names, StoredActions};

/// Some sessions before the first bar, so that what lies before it has a place.
const EARLIER: Days = Days::new(10);

/// What is known of the market.
#[derive(Debug, Default)]
pub struct Ground {
    /// The sessions to the last day that has anything, from some days before the first one.
    pub sessions: Sessions,
    /// First day that has anything, a session or not.
    pub first_day: NaiveDate,
    /// Last such day.
    pub last_day: NaiveDate,
    /// Positions that are examined.
    pub range: Range<i32>,
    /// Days that were asked for: an action on any other is not told.
    pub days: (Option<NaiveDate>, Option<NaiveDate>),
    /// The ledger, ascending.
    pub ledger: Vec<Loaded>,
    /// Which sessions should have a bar of whom.
    pub expected: Expected,
    /// Instruments that have bars, ascending.
    pub lives: Vec<Life>,
    /// Their places in `lives`.
    by_id: HashMap<i32, usize>,
    /// Tickers.
    pub names: Names,
    /// Splits and dividends.
    pub actions: StoredActions,
}

impl Ground {
    /// Reads it; `days` bounds the range, both ends included. None where nothing is loaded.
    pub async fn read(
        transaction: &Transaction<'_>,
        days: (Option<NaiveDate>, Option<NaiveDate>),
        only: Option<&[i32]>,
        names: Names,
    ) -> Result<Option<Self>, StoreError> {
        let lives = checks::lives(transaction).await?;
        let ledger = checks::ledger(transaction).await?;
        let firsts =
            lives.iter().map(|life| life.first).chain(ledger.first().map(|loaded| loaded.session_date));
        let lasts = lives.iter().map(|life| life.last).chain(ledger.last().map(|loaded| loaded.session_date));
        let Some((first, last)) = firsts.min().zip(lasts.max()) else { return Ok(None) };
        let earlier = first.checked_sub_days(EARLIER).unwrap_or(first);
        let sessions = Sessions::new(checks::sessions(transaction, earlier, last).await?);
        let start = sessions.at_or_after(days.0.unwrap_or(first).max(first));
        let end = days
            .1
            .and_then(|to| to.succ_opt())
            .map_or(sessions.len() as i32, |end| sessions.at_or_after(end));
        let range = start..end.max(start);
        let expected = Expected::new(&sessions, &ledger, &names, range.clone());
        let by_id = lives.iter().enumerate().map(|(place, life)| (life.instrument_id, place)).collect();
        let actions = checks::actions(transaction, only).await?;
        Ok(Some(Self {
            sessions,
            first_day: first,
            last_day: last,
            range,
            days,
            ledger,
            expected,
            lives,
            by_id,
            names,
            actions,
        }))
    }

    /// The instrument's life; every instrument with bars has one.
    pub fn life(&self, instrument: i32) -> Option<&Life> {
        self.by_id.get(&instrument).map(|place| &self.lives[*place])
    }

    /// Whether `day` was asked for.
    pub fn in_range(&self, day: NaiveDate) -> bool {
        self.days.0.is_none_or(|from| from <= day) && self.days.1.is_none_or(|to| day <= to)
    }

    /// A finding that has still to say what was found.
    pub fn finding(
        &self,
        check: Check,
        instrument: Option<i32>,
        from: NaiveDate,
        through: NaiveDate,
    ) -> Finding {
        Finding {
            check,
            instrument_id: instrument,
            ticker: instrument.map(|instrument| self.names.about(instrument, from)),
            from,
            through,
            found: String::new(),
            numbers: Map::new(),
            weight: 0.0,
        }
    }
}
