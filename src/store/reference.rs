//! Reference data: what the vendor's list says of instruments, and what follows when two turn out to be one or one to be two.

use chrono::{DateTime, NaiveDate, Utc};
use tokio_postgres::{GenericClient, Transaction};

use super::actions::{SharesRow, upsert_shares};
use super::change_log::{self, Change, Topic};
use super::error::{During, StoreError};
use super::{bar_table, bars};
use crate::domain::listing::{Held, Known};
use crate::domain::sector::Sector;

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

/// Days of one instrument that are to be another one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Whose they are.
    pub from: i32,
    /// Whose they are to be.
    pub into: i32,
    /// First day.
    pub first: NaiveDate,
    /// First day after the last one; none to the end.
    pub until: Option<NaiveDate>,
}

/// What moved.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Daily bars.
    pub bars: u64,
    /// First and last session of minute bars that moved.
    pub minutes: Option<(NaiveDate, NaiveDate)>,
}

/// A table whose rows belong to an instrument on a day.
struct Table {
    statement: &'static str,
    /// What its change is about; none where nobody computes from it.
    topic: Option<Topic>,
    /// Whether a row counts on its own day alone, and not from it to the end.
    on_its_day: bool,
}

/// What moves with an instrument's days. A table more is a line more.
const TABLES: [Table; 7] = [
    Table {
        statement: include_str!("../../sql/move_bars_day.sql"),
        topic: Some(Topic::Bars),
        on_its_day: true,
    },
    Table { statement: include_str!("../../sql/move_bar_revisions.sql"), topic: None, on_its_day: true },
    Table {
        statement: include_str!("../../sql/move_splits.sql"),
        topic: Some(Topic::Splits),
        on_its_day: false,
    },
    Table {
        statement: include_str!("../../sql/move_dividends.sql"),
        topic: Some(Topic::Dividends),
        on_its_day: false,
    },
    Table {
        statement: include_str!("../../sql/move_shares.sql"),
        topic: Some(Topic::Shares),
        on_its_day: false,
    },
    Table {
        statement: include_str!("../../sql/move_statements.sql"),
        topic: Some(Topic::Statements),
        on_its_day: false,
    },
    Table {
        statement: include_str!("../../sql/move_bars_minute.sql"),
        topic: Some(Topic::Minutes),
        on_its_day: true,
    },
];

/// Moves the rows of days to other instruments and logs both sides of every move. No two moves may bring the same day to one
/// instrument, unless its own goes elsewhere.
pub async fn move_days(transaction: &Transaction<'_>, moves: &[Move]) -> Result<Moved, StoreError> {
    if moves.is_empty() {
        return Ok(Moved::default());
    }
    let from: Vec<i32> = moves.iter().map(|m| m.from).collect();
    let into: Vec<i32> = moves.iter().map(|m| m.into).collect();
    let first: Vec<NaiveDate> = moves.iter().map(|m| m.first).collect();
    let until: Vec<Option<NaiveDate>> = moves.iter().map(|m| m.until).collect();
    let mut moved = Moved::default();
    for table in &TABLES {
        let rows = transaction
            .query(table.statement, &[&from, &into, &first, &until])
            .await
            .during("moving rows to another instrument")?;
        let mut changes = Vec::new();
        let mut arrived: Vec<i32> = Vec::new();
        for row in rows {
            let (first, last): (NaiveDate, NaiveDate) = (row.get(2), row.get(3));
            let through = table.on_its_day.then_some(last);
            for at in [0, 1] {
                changes.push(Change { instrument_id: row.get(at), from: first, through });
            }
            arrived.push(row.get(1));
            if table.topic == Some(Topic::Minutes) {
                let span = moved.minutes.get_or_insert((first, last));
                *span = (span.0.min(first), span.1.max(last));
            }
            if table.topic == Some(Topic::Bars) {
                moved.bars += row.get::<_, i64>(4) as u64;
            }
        }
        if let Some(topic) = table.topic {
            change_log::append(transaction, topic, &changes).await?;
        }
        if table.topic == Some(Topic::Bars) {
            bar_table::mark(transaction, &bars::TABLE, arrived).await?;
        }
    }
    Ok(moved)
}

/// Notes that instruments left with nothing are others now: (from, into).
pub async fn merge(transaction: &Transaction<'_>, merged: &[(i32, i32)]) -> Result<(), StoreError> {
    let (from, into): (Vec<i32>, Vec<i32>) = merged.iter().copied().unzip();
    transaction
        .execute(include_str!("../../sql/instruments_merge.sql"), &[&from, &into])
        .await
        .during("merging instruments")
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

/// An instrument whose details can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Key.
    pub instrument_id: i32,
    /// Its ticker now, or the last it had.
    pub ticker: String,
    /// FIGI of the share class in the US.
    pub composite_figi: Option<String>,
    /// Last day on which it traded.
    pub delisted_on: Option<NaiveDate>,
}

/// The instruments with bars that have no details; or the instruments `only`, whatever they have.
pub async fn without_details(
    client: &impl GenericClient,
    only: Option<&[i32]>,
) -> Result<Vec<Wanted>, StoreError> {
    let action = "looking for instruments without details";
    let rows = match only {
        None => client.query(include_str!("../../sql/details_wanted.sql"), &[]).await,
        Some(ids) => client.query(include_str!("../../sql/details_of.sql"), &[&ids]).await,
    };
    let wanted = |row: tokio_postgres::Row| Wanted {
        instrument_id: row.get(0),
        ticker: row.get(1),
        composite_figi: row.get(2),
        delisted_on: row.get(3),
    };
    Ok(rows.during(action)?.into_iter().map(wanted).collect())
}

/// Details of an instrument; none says nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    /// The instrument.
    pub instrument_id: i32,
    /// Industry by the SEC's list.
    pub sic_code: Option<String>,
    /// First day of the listing.
    pub listed_on: Option<NaiveDate>,
    /// Shares outstanding now.
    pub shares: Option<f64>,
}

/// Stores details as read on `day`: a share count that is not the latest known one counts from then on. Gives how many
/// instruments differed.
pub async fn store_details(
    transaction: &Transaction<'_>,
    rows: &[Details],
    day: NaiveDate,
) -> Result<usize, StoreError> {
    let action = "storing details";
    let ids: Vec<i32> = rows.iter().map(|row| row.instrument_id).collect();
    let codes: Vec<Option<&str>> = rows.iter().map(|row| row.sic_code.as_deref()).collect();
    let days: Vec<Option<NaiveDate>> = rows.iter().map(|row| row.listed_on).collect();
    let mut differing: std::collections::BTreeSet<i32> = transaction
        .query(include_str!("../../sql/details_store.sql"), &[&ids, &codes, &days])
        .await
        .during(action)?
        .into_iter()
        .map(|row| row.get(0))
        .collect();
    let counts: Vec<(i32, f64)> =
        rows.iter().filter_map(|row| Some((row.instrument_id, row.shares?))).collect();
    let (of, shares): (Vec<i32>, Vec<f64>) = counts.iter().copied().unzip();
    let new: Vec<i32> = transaction
        .query(include_str!("../../sql/shares_differing.sql"), &[&of, &shares])
        .await
        .during(action)?
        .into_iter()
        .map(|row| row.get(0))
        .collect();
    let counts: Vec<SharesRow> = counts
        .into_iter()
        .filter(|(id, _)| new.contains(id))
        .map(|(instrument_id, shares)| SharesRow { instrument_id, filing_date: day, period_end: day, shares })
        .collect();
    upsert_shares(transaction, &counts).await?;
    differing.extend(new);
    Ok(differing.len())
}

/// Writes the sectors of a file, which outweigh SIC codes, and logs what differs. Gives how many instruments differed.
pub async fn store_sectors(
    transaction: &Transaction<'_>,
    sectors: &[(i32, Sector)],
) -> Result<usize, StoreError> {
    let rows: Vec<(i32, Option<&str>, Option<&str>)> =
        sectors.iter().map(|(id, sector)| (*id, Some(sector.name()), Some("file"))).collect();
    write_sectors(transaction, &rows).await
}

/// Brings the sectors of instruments that no file speaks of up to their SIC codes, and logs what differs. Gives how many
/// instruments differed.
pub async fn map_sectors(transaction: &Transaction<'_>) -> Result<usize, StoreError> {
    let rows = transaction
        .query(include_str!("../../sql/sectors_by_sic.sql"), &[])
        .await
        .during("reading SIC codes")?;
    let differing: Vec<(i32, Option<&str>, Option<&str>)> = rows
        .iter()
        .filter_map(|row| {
            let sector = Sector::of_sic(row.get(1)).map(Sector::name);
            let differs = sector != row.get::<_, Option<&str>>(2);
            differs.then(|| (row.get(0), sector, sector.map(|_| "sic")))
        })
        .collect();
    write_sectors(transaction, &differing).await
}

async fn write_sectors(
    transaction: &Transaction<'_>,
    rows: &[(i32, Option<&str>, Option<&str>)],
) -> Result<usize, StoreError> {
    let ids: Vec<i32> = rows.iter().map(|row| row.0).collect();
    let sectors: Vec<Option<&str>> = rows.iter().map(|row| row.1).collect();
    let sources: Vec<Option<&str>> = rows.iter().map(|row| row.2).collect();
    let differing: Vec<i32> = transaction
        .query(include_str!("../../sql/sectors_store.sql"), &[&ids, &sectors, &sources])
        .await
        .during("writing sectors")?
        .into_iter()
        .map(|row| row.get(0))
        .collect();
    log(transaction, &differing).await?;
    Ok(differing.len())
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
