//! Daily bars: straight in by COPY, or through staging where a session is loaded already; and out again by column.

use std::collections::HashMap;

use chrono::NaiveDate;
use tokio_postgres::{Client, GenericClient, Transaction};

use super::copy_in::CopyIn;
use super::copy_out::{self, Fields, Literal};
use super::error::{During, StoreError};
use super::{date_of, day_of, session_of};
use crate::domain::bar::DayBar;
use crate::domain::calendar::nyse;

/// What a replacement did to the bars of its sessions.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    /// Bars that were not there.
    pub added: u64,
    /// Bars with another value.
    pub changed: u64,
    /// Bars that the sessions no longer have.
    pub removed: u64,
}

/// Opens the chunks for `days` in a short transaction of its own: opening one blocks every other writer until commit.
pub async fn open_chunks(client: &mut Client, days: &[NaiveDate]) -> Result<(), StoreError> {
    let action = "opening chunks for bars";
    let transaction = client.transaction().await.during(action)?;
    transaction.execute(include_str!("../../sql/bars_open_chunks.sql"), &[&days]).await.during(action)?;
    transaction.execute(include_str!("../../sql/bars_open_chunks_undo.sql"), &[]).await.during(action)?;
    transaction.commit().await.during(action)
}

/// Copies bars into sessions that hold none of these instruments; rows sorted by instrument, then day, load fastest.
///
/// # Errors
/// A key that is there already gives [`StoreError::is_unique_violation`].
pub async fn copy<'a>(
    transaction: &Transaction<'_>,
    rows: impl Iterator<Item = (i32, NaiveDate, &'a DayBar)>,
) -> Result<u64, StoreError> {
    let mut ids = Vec::new();
    let count = copy_into(transaction, include_str!("../../sql/bars_copy.sql"), rows, &mut ids).await?;
    mark(transaction, ids).await?;
    Ok(count)
}

/// Notes that these instruments have bars.
pub(super) async fn mark(transaction: &Transaction<'_>, mut ids: Vec<i32>) -> Result<(), StoreError> {
    ids.sort_unstable();
    ids.dedup();
    transaction
        .execute(include_str!("../../sql/instruments_mark_bars.sql"), &[&ids])
        .await
        .during("noting which instruments have bars")
        .map(|_| ())
}

/// Copies bars and gathers their instruments, each run of one once.
async fn copy_into<'a>(
    transaction: &Transaction<'_>,
    statement: &str,
    rows: impl Iterator<Item = (i32, NaiveDate, &'a DayBar)>,
    ids: &mut Vec<i32>,
) -> Result<u64, StoreError> {
    let mut copy = CopyIn::start(transaction, statement, "copying bars").await?;
    for (instrument_id, date, bar) in rows {
        if ids.last() != Some(&instrument_id) {
            ids.push(instrument_id);
        }
        copy.row(9).await?;
        copy.int(instrument_id);
        copy.day(day_of(date));
        copy.float(bar.open);
        copy.float(bar.high);
        copy.float(bar.low);
        copy.float(bar.close);
        copy.float(bar.volume);
        copy.float(bar.vwap.unwrap_or(f64::NAN));
        copy.bigint(bar.trade_count);
    }
    copy.finish().await
}

/// Makes the bars of `days` equal to `rows`, touching only what differs: new bars are added, different ones updated, bars
/// that are gone removed; what was replaced goes to `bar_revisions`, what changed to `change_log`. With `only`, the
/// days' other instruments are left alone. A null vwap or trade count in `rows` does not erase one that is there.
///
/// `known_before` lists the days whose whole market was loaded before: a bar added there was not known at that time, so
/// it leaves a revision too.
pub async fn replace<'a>(
    transaction: &Transaction<'_>,
    days: &[NaiveDate],
    known_before: &[NaiveDate],
    only: Option<&[i32]>,
    rows: impl Iterator<Item = (i32, NaiveDate, &'a DayBar)>,
) -> Result<Replaced, StoreError> {
    let action = "replacing bars";
    transaction.batch_execute(include_str!("../../sql/bars_stage.sql")).await.during(action)?;
    let mut ids = Vec::new();
    copy_into(transaction, include_str!("../../sql/bars_stage_copy.sql"), rows, &mut ids).await?;
    transaction.batch_execute("ANALYZE staged_bars").await.during(action)?;
    transaction
        .execute(include_str!("../../sql/bars_stage_changes.sql"), &[&days, &only])
        .await
        .during(action)?;
    transaction
        .execute(include_str!("../../sql/bars_revisions_append.sql"), &[&known_before])
        .await
        .during(action)?;
    let removed = transaction.execute(include_str!("../../sql/bars_remove.sql"), &[]).await.during(action)?;
    let changed = transaction.execute(include_str!("../../sql/bars_update.sql"), &[]).await.during(action)?;
    let added = transaction.execute(include_str!("../../sql/bars_add.sql"), &[]).await.during(action)?;
    transaction.execute(include_str!("../../sql/bars_log_changes.sql"), &[]).await.during(action)?;
    transaction.batch_execute("DROP TABLE staged_bars; DROP TABLE staged_changes").await.during(action)?;
    mark(transaction, ids).await?;
    Ok(Replaced { added, changed, removed })
}

/// Bars of many instruments as columns, grouped by instrument (ascending) and by session within it.
#[derive(Debug, Default)]
pub struct BarTable {
    /// Instruments, ascending, each with where its rows begin; `starts` has one more entry than there are instruments.
    pub instruments: Vec<i32>,
    /// Row index where each instrument begins.
    pub starts: Vec<usize>,
    /// Session numbers.
    pub sessions: Vec<i32>,
    /// Opens, raw; empty unless asked for.
    pub open: Vec<f64>,
    /// Highs, raw; empty unless asked for.
    pub high: Vec<f64>,
    /// Lows, raw; empty unless asked for.
    pub low: Vec<f64>,
    /// Closes, raw.
    pub close: Vec<f64>,
    /// Volumes, raw.
    pub volume: Vec<f64>,
}

impl BarTable {
    /// The rows of instrument `id`; empty when it has none.
    pub fn rows_of(&self, id: i32) -> std::ops::Range<usize> {
        match self.instruments.binary_search(&id) {
            Ok(at) => self.starts[at]..self.starts[at + 1],
            Err(_) => 0..0,
        }
    }

    /// Drops all but the last `count` bars of each instrument.
    fn keep_last(&mut self, count: usize) {
        let mut keep = vec![false; self.sessions.len()];
        for bounds in self.starts.windows(2) {
            keep[bounds[1] - count.min(bounds[1] - bounds[0])..bounds[1]].fill(true);
        }
        if keep.iter().all(|kept| *kept) {
            return;
        }
        let mut kept = 0;
        let starts = std::mem::take(&mut self.starts);
        for bounds in starts.windows(2) {
            self.starts.push(kept);
            kept += count.min(bounds[1] - bounds[0]);
        }
        self.starts.push(kept);
        let mut flags = keep.iter();
        self.sessions.retain(|_| flags.next() == Some(&true));
        for column in [&mut self.open, &mut self.high, &mut self.low, &mut self.close, &mut self.volume] {
            let mut flags = keep.iter();
            column.retain(|_| flags.next() == Some(&true));
        }
    }
}

/// One row of a read, before it is grouped.
struct Raw {
    instrument_id: i32,
    session: i32,
    values: [f64; 5],
}

/// How far back a price may be and still stand for a session, in sessions.
const STALE_AFTER: i32 = 5;

/// Closes and volumes of sessions `from` … `until` (half-open), and for each instrument without a bar in the first
/// sessions of the range the last bar before it, which its first return starts from. With `only`, of those instruments.
pub async fn read_closes(
    transaction: &Transaction<'_>,
    from: NaiveDate,
    until: NaiveDate,
    only: Option<&[i32]>,
) -> Result<BarTable, StoreError> {
    let action = "reading bars";
    let mut raw = Vec::new();
    let mut take = |fields: &mut Fields<'_>| {
        raw.push(closes(fields)?);
        Ok(())
    };
    let range = [Literal::Date(from), Literal::Date(until)];
    match only {
        None => {
            copy_out::rows(transaction, include_str!("../../sql/bars_closes.sql"), &range, action, &mut take)
                .await?
        }
        Some(ids) => {
            let [from, until] = range;
            let values = [from, until, Literal::Ints(ids)];
            copy_out::rows(
                transaction,
                include_str!("../../sql/bars_closes_only.sql"),
                &values,
                action,
                &mut take,
            )
            .await?
        }
    };
    let late = late_starters(&raw, from);
    if !late.is_empty() {
        let values = [Literal::Date(from), Literal::Ints(&late)];
        copy_out::rows(
            transaction,
            include_str!("../../sql/bars_closes_before.sql"),
            &values,
            action,
            |fields| {
                raw.push(closes(fields)?);
                Ok(())
            },
        )
        .await?;
    }
    Ok(group(raw, false))
}

/// Instruments whose first row is not among the first sessions of the range.
fn late_starters(raw: &[Raw], from: NaiveDate) -> Vec<i32> {
    let mut first: HashMap<i32, i32> = HashMap::new();
    for row in raw {
        first.entry(row.instrument_id).and_modify(|at| *at = (*at).min(row.session)).or_insert(row.session);
    }
    let start = nyse().at_or_after(from).unwrap_or(0);
    let mut late: Vec<i32> =
        first.into_iter().filter(|(_, session)| *session > start + STALE_AFTER).map(|(id, _)| id).collect();
    late.sort_unstable();
    late
}

/// The last `count` bars up to and including `until` of the instruments `only`, or of all that have a bar in the last
/// `count` + 10 sessions before `until`: instruments without one are left out.
pub async fn read_last(
    transaction: &Transaction<'_>,
    until: NaiveDate,
    count: i32,
    only: Option<&[i32]>,
) -> Result<BarTable, StoreError> {
    let action = "reading the last bars";
    let mut raw: Vec<Raw> = Vec::new();
    let older: Vec<i32>;
    let (ids, until) = if let Some(ids) = only {
        (ids, until)
    } else {
        let last = nyse().at_or_before(until).unwrap_or(0);
        let start = date_of((last - count - 9).max(0));
        let window = [Literal::Date(start), Literal::Date(until)];
        copy_out::rows(transaction, include_str!("../../sql/bars_window.sql"), &window, action, |fields| {
            raw.push(ohlcv(fields)?);
            Ok(())
        })
        .await?;
        older = with_older_bars(transaction, &raw, count, start).await?;
        (older.as_slice(), start - chrono::Days::new(1))
    };
    if !ids.is_empty() {
        let values = [Literal::Date(until), Literal::Int(count), Literal::Ints(ids)];
        copy_out::rows(transaction, include_str!("../../sql/bars_last.sql"), &values, action, |fields| {
            raw.push(ohlcv(fields)?);
            Ok(())
        })
        .await?;
    }
    let mut table = group(raw, true);
    table.keep_last(count as usize);
    Ok(table)
}

fn closes(fields: &mut Fields<'_>) -> Result<Raw, StoreError> {
    Ok(Raw {
        instrument_id: fields.int()?,
        session: session_of(fields.day()?)?,
        values: [f64::NAN, f64::NAN, f64::NAN, fields.float()?, fields.float()?],
    })
}

fn ohlcv(fields: &mut Fields<'_>) -> Result<Raw, StoreError> {
    Ok(Raw {
        instrument_id: fields.int()?,
        session: session_of(fields.day()?)?,
        values: [fields.float()?, fields.float()?, fields.float()?, fields.float()?, fields.float()?],
    })
}

/// The instruments that have fewer than `count` bars in the window, and older ones before its `start`.
async fn with_older_bars(
    transaction: &Transaction<'_>,
    raw: &[Raw],
    count: i32,
    start: NaiveDate,
) -> Result<Vec<i32>, StoreError> {
    let mut bars: HashMap<i32, i32> = HashMap::new();
    for row in raw {
        *bars.entry(row.instrument_id).or_default() += 1;
    }
    let sparse: Vec<i32> = bars.into_iter().filter(|(_, n)| *n < count).map(|(id, _)| id).collect();
    let older = transaction
        .query(include_str!("../../sql/bars_older.sql"), &[&sparse, &start])
        .await
        .during("looking for older bars")?;
    Ok(older.into_iter().map(|row| row.get(0)).collect())
}

/// The latest session up to and including `until` that has a bar; none without bars.
pub async fn latest_session(
    client: &impl GenericClient,
    until: NaiveDate,
) -> Result<Option<NaiveDate>, StoreError> {
    let row = client
        .query_one(include_str!("../../sql/bars_latest_session.sql"), &[&until])
        .await
        .during("looking for the latest session")?;
    Ok(row.get(0))
}

/// The first and the last session that have a bar; none without bars.
pub async fn range(client: &impl GenericClient) -> Result<Option<(NaiveDate, NaiveDate)>, StoreError> {
    let row = client
        .query_one(include_str!("../../sql/bars_range.sql"), &[])
        .await
        .during("looking for the range of the bars")?;
    Ok(row.get::<_, Option<NaiveDate>>(0).zip(row.get(1)))
}

/// For each (instrument, day), the first session after the day that has a bar; instruments without one are left out.
pub async fn next_bars(
    client: &impl GenericClient,
    after: &[(i32, NaiveDate)],
) -> Result<HashMap<i32, NaiveDate>, StoreError> {
    let (ids, days): (Vec<i32>, Vec<NaiveDate>) = after.iter().copied().unzip();
    let rows = client
        .query(include_str!("../../sql/bars_next.sql"), &[&ids, &days])
        .await
        .during("looking for the next bars")?;
    Ok(rows.into_iter().map(|row| (row.get(0), row.get(1))).collect())
}

fn group(mut raw: Vec<Raw>, with_ranges: bool) -> BarTable {
    // Rows mostly come in order already, which this sort detects.
    raw.sort_by_key(|row| (row.instrument_id, row.session));
    let mut table = BarTable::default();
    for (index, row) in raw.iter().enumerate() {
        if table.instruments.last() != Some(&row.instrument_id) {
            table.instruments.push(row.instrument_id);
            table.starts.push(index);
        }
    }
    table.starts.push(raw.len());
    table.sessions = raw.iter().map(|row| row.session).collect();
    if with_ranges {
        table.open = raw.iter().map(|row| row.values[0]).collect();
        table.high = raw.iter().map(|row| row.values[1]).collect();
        table.low = raw.iter().map(|row| row.values[2]).collect();
    }
    table.close = raw.iter().map(|row| row.values[3]).collect();
    table.volume = raw.iter().map(|row| row.values[4]).collect();
    table
}
