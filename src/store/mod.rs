//! The store: connections, schema, COPY in and out, the change log, and one module a table family. It knows no arithmetic.

pub mod actions;
pub mod aggregates;
pub mod bar_table;
pub mod bars;
pub mod change_log;
pub mod checks;
pub mod copy_in;
pub mod copy_out;
pub mod definitions;
mod error;
pub mod features;
pub mod instruments;
pub mod ledger;
mod listen;
pub mod lock;
mod migrate;
pub mod minutes;
mod pool;
pub mod reference;
pub mod refresh_runs;
pub mod scan_cache;
pub mod scan_runs;
pub mod sessions;
pub mod signals;
pub mod statements;
pub mod status;

pub use error::{During, StoreError};
pub use listen::Listener;
pub(crate) use migrate::hex;
pub use migrate::{check, prepare};
pub use pool::Store;

use chrono::NaiveDate;

use crate::domain::calendar::nyse;

/// Days from 0001-01-01 to 2000-01-01, the first day of Postgres' dates.
const POSTGRES_EPOCH: i32 = 730_120;

/// A date as Postgres' binary form counts it: days since 2000-01-01.
pub(crate) fn day_of(date: NaiveDate) -> i32 {
    chrono::Datelike::num_days_from_ce(&date) - POSTGRES_EPOCH
}

/// A day that Postgres gave. What lies outside of chrono's years becomes the nearest day that it has.
pub(crate) fn date_on(day: i32) -> NaiveDate {
    let nearest = if day < 0 { NaiveDate::MIN } else { NaiveDate::MAX };
    NaiveDate::from_num_days_from_ce_opt(day.saturating_add(POSTGRES_EPOCH)).unwrap_or(nearest)
}

/// The number of the session on a day that Postgres gave.
pub fn session_of(day: i32) -> Result<i32, StoreError> {
    let date = NaiveDate::from_num_days_from_ce_opt(day.saturating_add(POSTGRES_EPOCH)).unwrap_or_default();
    nyse().number(date).ok_or(StoreError::NotASession(date))
}

/// The date of a session; sessions come from the calendar, so every one has a date.
pub fn date_of(session: i32) -> NaiveDate {
    nyse().date(session).unwrap_or_default()
}
