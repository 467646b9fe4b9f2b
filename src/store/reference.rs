//! Reference data: what the vendor's list says of instruments, and what follows when two turn out to be one or one to be two.

use chrono::{DateTime, NaiveDate, Utc};
use tokio_postgres::{GenericClient, Transaction};

use super::error::{During, StoreError};
use crate::domain::listing::{Held, Known};

mod details;
mod moves;

pub use details::{Details, Wanted, map_sectors, store_details, store_sectors, without_details};
pub use moves::{Move, Moved, merge, move_days};

/// Keeps everybody else from creating instruments until the transaction ends.
pub async fn lock(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction
        .batch_execute("LOCK TABLE ticker_periods IN SHARE ROW EXCLUSIVE MODE")
        .await
        .during("locking the tickers")
}

/// The instruments in use, ascending.
pub async fn known(client: &impl GenericClient) -> Result<Vec<Known>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/reference_known.sql"), &[])
        .await
        .during("reading the instruments")?;
    let known = |row: tokio_postgres::Row| Known {
        id: row.get(0),
        listed: row.get(1),
        has_bars: row.get(2),
        name: row.get(3),
        kind: row.get(4),
        exchange: row.get(5),
        cik: row.get(6),
        composite_figi: row.get(7),
        share_class_figi: row.get(8),
        delisted_on: row.get(9),
    };
    Ok(rows.into_iter().map(known).collect())
}

/// All ticker periods, by ticker and first day.
pub async fn held(client: &impl GenericClient) -> Result<Vec<Held>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/reference_held.sql"), &[])
        .await
        .during("reading the tickers")?;
    let held = |row: tokio_postgres::Row| Held {
        ticker: row.get(0),
        from: row.get(1),
        until: row.get(2),
        instrument_id: row.get(3),
    };
    Ok(rows.into_iter().map(held).collect())
}

/// First and last day with a bar; none without bars.
pub type Span = Option<(NaiveDate, NaiveDate)>;

/// The spans of the bars of `parts`: an instrument, a first day, and the first day after (none: to the end).
pub async fn spans(
    client: &impl GenericClient,
    parts: &[(i32, NaiveDate, Option<NaiveDate>)],
) -> Result<Vec<Span>, StoreError> {
    let ids: Vec<i32> = parts.iter().map(|part| part.0).collect();
    let from: Vec<NaiveDate> = parts.iter().map(|part| part.1).collect();
    let until: Vec<Option<NaiveDate>> = parts.iter().map(|part| part.2).collect();
    let rows = client
        .query(include_str!("../../sql/bars_of_parts.sql"), &[&ids, &from, &until])
        .await
        .during("looking for bars")?;
    Ok(numbered(parts.len(), &rows))
}

/// The spans of the bars under tickers, each from its day on, whoever had the ticker.
pub async fn spans_under(
    client: &impl GenericClient,
    windows: &[(&str, NaiveDate)],
) -> Result<Vec<Span>, StoreError> {
    let (tickers, from): (Vec<&str>, Vec<NaiveDate>) = windows.iter().copied().unzip();
    let rows = client
        .query(include_str!("../../sql/bars_span_under_tickers.sql"), &[&tickers, &from])
        .await
        .during("looking for bars")?;
    Ok(numbered(windows.len(), &rows))
}

fn numbered(count: usize, rows: &[tokio_postgres::Row]) -> Vec<Span> {
    let mut spans = vec![None; count];
    for row in rows {
        spans[row.get::<_, i32>(0) as usize - 1] = Some((row.get(1), row.get(2)));
    }
    spans
}

/// The days with a bar under tickers, each from a day to before another, whoever had the ticker; ascending.
pub async fn days_under(
    client: &impl GenericClient,
    windows: &[(&str, NaiveDate, NaiveDate)],
) -> Result<Vec<Vec<NaiveDate>>, StoreError> {
    let tickers: Vec<&str> = windows.iter().map(|window| window.0).collect();
    let from: Vec<NaiveDate> = windows.iter().map(|window| window.1).collect();
    let until: Vec<NaiveDate> = windows.iter().map(|window| window.2).collect();
    let rows = client
        .query(include_str!("../../sql/bars_under_tickers.sql"), &[&tickers, &from, &until])
        .await
        .during("looking for bars")?;
    let mut days = vec![Vec::new(); windows.len()];
    for row in rows {
        days[row.get::<_, i32>(0) as usize - 1].push(row.get(1));
    }
    Ok(days)
}

/// Adds `count` instruments of which nothing is known yet, and gives their numbers.
pub async fn add(transaction: &Transaction<'_>, count: usize) -> Result<Vec<i32>, StoreError> {
    let action = "creating instruments";
    let rows = transaction
        .query(include_str!("../../sql/instruments_reserve.sql"), &[&(count as i32)])
        .await
        .during(action)?;
    let ids: Vec<i32> = rows.into_iter().map(|row| row.get(0)).collect();
    transaction.execute(include_str!("../../sql/instruments_add.sql"), &[&ids]).await.during(action)?;
    Ok(ids)
}

/// Writes what the list says of these instruments, and up to when each entry was accurate.
pub async fn update(
    transaction: &Transaction<'_>,
    rows: &[(Known, Option<DateTime<Utc>>)],
) -> Result<(), StoreError> {
    fn column<T>(rows: &[(Known, Option<DateTime<Utc>>)], of: impl Fn(&Known) -> T) -> Vec<T> {
        rows.iter().map(|(known, _)| of(known)).collect()
    }
    let ids = column(rows, |known| known.id);
    let names = column(rows, |known| known.name.clone());
    let kinds = column(rows, |known| known.kind.clone());
    let exchanges = column(rows, |known| known.exchange.clone());
    let ciks = column(rows, |known| known.cik.clone());
    let composites = column(rows, |known| known.composite_figi.clone());
    let classes = column(rows, |known| known.share_class_figi.clone());
    let days = column(rows, |known| known.delisted_on);
    let updated: Vec<Option<DateTime<Utc>>> = rows.iter().map(|(_, updated)| *updated).collect();
    transaction
        .execute(
            include_str!("../../sql/instruments_update.sql"),
            &[&ids, &names, &kinds, &exchanges, &ciks, &composites, &classes, &days, &updated],
        )
        .await
        .during("writing instruments")
        .map(|_| ())
}

/// Logs that the type or sector of `ids` changed, in the transaction that changes it.
pub async fn log(transaction: &Transaction<'_>, ids: &[i32]) -> Result<(), StoreError> {
    transaction
        .execute(include_str!("../../sql/instruments_log.sql"), &[&ids])
        .await
        .during("writing the change log")
        .map(|_| ())
}

/// Takes the periods `gone` (ticker and first day) away and adds `new`.
pub async fn change_periods(
    transaction: &Transaction<'_>,
    gone: &[(&str, NaiveDate)],
    new: &[Held],
) -> Result<(), StoreError> {
    let action = "writing ticker periods";
    let (tickers, days): (Vec<&str>, Vec<NaiveDate>) = gone.iter().copied().unzip();
    transaction
        .execute(include_str!("../../sql/ticker_periods_remove.sql"), &[&tickers, &days])
        .await
        .during(action)?;
    let tickers: Vec<&str> = new.iter().map(|period| period.ticker.as_str()).collect();
    let from: Vec<NaiveDate> = new.iter().map(|period| period.from).collect();
    let until: Vec<Option<NaiveDate>> = new.iter().map(|period| period.until).collect();
    let ids: Vec<i32> = new.iter().map(|period| period.instrument_id).collect();
    transaction
        .execute(include_str!("../../sql/ticker_periods_add.sql"), &[&tickers, &from, &until, &ids])
        .await
        .during(action)
        .map(|_| ())
}

/// Notes that a list of `listed` entries from `source` was applied.
pub async fn note(
    transaction: &Transaction<'_>,
    source: &str,
    listed: usize,
    set_aside: usize,
    changed: usize,
) -> Result<(), StoreError> {
    let (listed, set_aside, changed) = (listed as i32, set_aside as i32, changed as i32);
    transaction
        .execute(
            include_str!("../../sql/reference_loads_append.sql"),
            &[&source, &listed, &set_aside, &changed],
        )
        .await
        .during("writing the ledger")
        .map(|_| ())
}

/// Tickers of the instruments with a bar on `since` or later that no list ever knew, ascending.
pub async fn unlisted(client: &impl GenericClient, since: NaiveDate) -> Result<Vec<String>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/instruments_unlisted.sql"), &[&since])
        .await
        .during("looking for unlisted instruments")?;
    Ok(rows.into_iter().map(|row| row.get(0)).collect())
}

/// When a list was last applied; none where none was.
pub async fn last_load(client: &impl GenericClient) -> Result<Option<DateTime<Utc>>, StoreError> {
    let row = client
        .query_one(include_str!("../../sql/reference_last_load.sql"), &[])
        .await
        .during("reading the ledger")?;
    Ok(row.get(0))
}
