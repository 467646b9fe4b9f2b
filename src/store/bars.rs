//! Daily bars: straight in by COPY, or through staging where a session is loaded already; and out again by column.

use std::collections::HashMap;

use bytes::Buf;
use chrono::NaiveDate;
use tokio_postgres::{GenericClient, Transaction};

use super::bar_table::{self, At, BarRow};
use super::copy_out::{self, Fields, Literal};
use super::error::{During, StoreError};
use super::{date_of, day_of, session_of};
use crate::domain::bar::DayBar;
use crate::domain::calendar::{END_DAY, nyse};

/// The table `bars_day`.
pub static TABLE: bar_table::Statements = bar_table::Statements {
    open_chunks: include_str!("../../sql/bars_open_chunks.sql"),
    open_chunks_undo: include_str!("../../sql/bars_open_chunks_undo.sql"),
    copy: include_str!("../../sql/bars_copy.sql"),
    stage: include_str!("../../sql/bars_stage.sql"),
    stage_copy: include_str!("../../sql/bars_stage_copy.sql"),
    stage_changes: include_str!("../../sql/bars_stage_changes.sql"),
    revisions_append: include_str!("../../sql/bars_revisions_append.sql"),
    remove: include_str!("../../sql/bars_remove.sql"),
    update: include_str!("../../sql/bars_update.sql"),
    add: include_str!("../../sql/bars_add.sql"),
    log_changes: include_str!("../../sql/bars_log_changes.sql"),
    mark: Some(include_str!("../../sql/instruments_mark_bars.sql")),
};

/// A daily bar with its key, as the table's way in takes it.
pub fn row(instrument_id: i32, date: NaiveDate, bar: &DayBar) -> BarRow {
    (instrument_id, At::Day(day_of(date)), *bar)
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
    fn with_room(rows: usize, with_ranges: bool) -> Self {
        let ranges = || Vec::with_capacity(if with_ranges { rows } else { 0 });
        Self {
            sessions: Vec::with_capacity(rows),
            open: ranges(),
            high: ranges(),
            low: ranges(),
            close: Vec::with_capacity(rows),
            volume: Vec::with_capacity(rows),
            ..Self::default()
        }
    }

    /// Appends a row that comes after all others.
    fn push(&mut self, row: &Raw, with_ranges: bool) {
        if self.instruments.last() != Some(&row.instrument_id) {
            self.instruments.push(row.instrument_id);
            self.starts.push(self.sessions.len());
        }
        self.sessions.push(row.session);
        if with_ranges {
            self.open.push(row.values[0]);
            self.high.push(row.values[1]);
            self.low.push(row.values[2]);
        }
        self.close.push(row.values[3]);
        self.volume.push(row.values[4]);
    }

    /// The rows of instrument `id`; empty when it has none.
    pub fn rows_of(&self, id: i32) -> std::ops::Range<usize> {
        match self.instruments.binary_search(&id) {
            Ok(at) => self.starts[at]..self.starts[at + 1],
            Err(_) => 0..0,
        }
    }

    /// The bars of this table that a window from session `oldest` on reads, and after them those of `newer`, which has closes and
    /// volumes too and begins where this one ends. Of each instrument the last bar before `oldest` stays: a return starts
    /// from it.
    fn followed_by(&self, newer: &BarTable, oldest: i32) -> BarTable {
        let mut table = BarTable::default();
        let (mut old, mut new) = (0, 0);
        loop {
            let (left, right) = (self.instruments.get(old), newer.instruments.get(new));
            let Some(&id) = left.into_iter().chain(right).min() else { break };
            table.instruments.push(id);
            table.starts.push(table.sessions.len());
            if left == Some(&id) {
                let rows = self.starts[old]..self.starts[old + 1];
                let before = self.sessions[rows.clone()].partition_point(|session| *session < oldest);
                table.append(self, rows.start + before.saturating_sub(1)..rows.end);
                old += 1;
            }
            if right == Some(&id) {
                table.append(newer, newer.starts[new]..newer.starts[new + 1]);
                new += 1;
            }
        }
        table.starts.push(table.sessions.len());
        table
    }

    fn append(&mut self, other: &BarTable, rows: std::ops::Range<usize>) {
        self.sessions.extend_from_slice(&other.sessions[rows.clone()]);
        self.close.extend_from_slice(&other.close[rows.clone()]);
        self.volume.extend_from_slice(&other.volume[rows]);
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

/// Runs of rows up to which merging is quicker than sorting.
const MOST_RUNS: usize = 16;

const READING: &str = "reading bars";

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
    let mut raw = closes_between(transaction, from, until, only).await?;
    let late = late_starters(&raw, from);
    closes_before(transaction, from, &late, &mut raw).await?;
    Ok(group(vec![raw], false))
}

/// The same where `older`, read before, holds the bars up to `from`: only later ones are read, and of `older` those stay that a
/// window from session `oldest` on reads.
pub async fn read_closes_after(
    transaction: &Transaction<'_>,
    older: &BarTable,
    oldest: i32,
    from: NaiveDate,
    until: NaiveDate,
    only: Option<&[i32]>,
) -> Result<BarTable, StoreError> {
    let mut raw = closes_between(transaction, from, until, only).await?;
    let mut unknown: Vec<i32> = raw.iter().map(|row| row.instrument_id).collect();
    unknown.sort_unstable();
    unknown.dedup();
    unknown.retain(|id| older.instruments.binary_search(id).is_err());
    closes_before(transaction, from, &unknown, &mut raw).await?;
    Ok(older.followed_by(&group(vec![raw], false), oldest))
}

async fn closes_between(
    transaction: &Transaction<'_>,
    from: NaiveDate,
    until: NaiveDate,
    only: Option<&[i32]>,
) -> Result<Vec<Raw>, StoreError> {
    let mut raw = Vec::new();
    let take = |fields: &mut Fields<'_>| {
        raw.push(closes(fields)?);
        Ok(())
    };
    let (from, until) = (Literal::Date(from), Literal::Date(until));
    match only {
        None => {
            let statement = include_str!("../../sql/bars_closes.sql");
            copy_out::rows(transaction, statement, &[from, until], READING, take).await?;
        }
        Some(ids) => {
            let statement = include_str!("../../sql/bars_closes_only.sql");
            copy_out::rows(transaction, statement, &[from, until, Literal::Ints(ids)], READING, take).await?;
        }
    }
    Ok(raw)
}

/// Adds the last bar before `from` of each of the instruments `ids`.
async fn closes_before(
    transaction: &Transaction<'_>,
    from: NaiveDate,
    ids: &[i32],
    raw: &mut Vec<Raw>,
) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let values = [Literal::Date(from), Literal::Ints(ids)];
    let statement = include_str!("../../sql/bars_closes_before.sql");
    copy_out::rows(transaction, statement, &values, READING, |fields| {
        raw.push(closes(fields)?);
        Ok(())
    })
    .await
    .map(|_| ())
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

/// The last `count` bars up to and including `until` of the instruments `only`.
pub async fn read_last(
    transaction: &Transaction<'_>,
    until: NaiveDate,
    count: i32,
    only: &[i32],
) -> Result<BarTable, StoreError> {
    let mut raw = Vec::new();
    look_up(transaction, until, only, &vec![count; only.len()], &mut raw).await?;
    Ok(group(vec![raw], true))
}

/// The last `count` bars up to and including `until` of every instrument that has one in about that many sessions before `anchor`,
/// a session not after `until` near to which the market's latest bars are: instruments without one are left out. `beside` reads
/// half of them in the same snapshot.
pub async fn read_market(
    transaction: &Transaction<'_>,
    beside: Option<&Transaction<'_>>,
    anchor: NaiveDate,
    until: NaiveDate,
    count: i32,
) -> Result<BarTable, StoreError> {
    let last = nyse().at_or_before(anchor).unwrap_or(0);
    let first = (last - count - 9).max(0);
    let start = date_of(first);
    let mut parts = match beside {
        None => vec![window(transaction, start, until).await?],
        Some(beside) => {
            let middle = date_of(first + (last - first) / 2);
            let (older, newer) = tokio::join!(
                window(beside, start, middle - chrono::Days::new(1)),
                window(transaction, middle, until)
            );
            vec![older?, newer?]
        }
    };
    let mut bars: HashMap<i32, i32> = HashMap::new();
    for rows in parts.iter().flat_map(|part| part.chunk_by(|a, b| a.instrument_id == b.instrument_id)) {
        *bars.entry(rows[0].instrument_id).or_default() += rows.len() as i32;
    }
    let (ids, missing): (Vec<i32>, Vec<i32>) =
        bars.into_iter().filter(|(_, n)| *n < count).map(|(id, n)| (id, count - n)).unzip();
    let mut older = Vec::new();
    look_up(transaction, start - chrono::Days::new(1), &ids, &missing, &mut older).await?;
    older.sort_by_key(|row| (row.instrument_id, row.session));
    parts.push(older);
    let mut table = group(parts, true);
    table.keep_last(count as usize);
    Ok(table)
}

/// The bars of the sessions from `start` through `until`, both included.
async fn window(
    transaction: &Transaction<'_>,
    start: NaiveDate,
    until: NaiveDate,
) -> Result<Vec<Raw>, StoreError> {
    let mut raw = Vec::new();
    let values = [Literal::Date(start), Literal::Date(until)];
    copy_out::rows(transaction, include_str!("../../sql/bars_window.sql"), &values, READING, |fields| {
        raw.push(ohlcv(fields)?);
        Ok(())
    })
    .await?;
    Ok(raw)
}

/// Bytes of a bar that comes in one piece with others: its date and five prices.
const PACKED_BAR: usize = 44;

/// Reads the last bars up to and including `until` of each of `ids`, so many as `wanted` says at its place.
async fn look_up(
    transaction: &Transaction<'_>,
    until: NaiveDate,
    ids: &[i32],
    wanted: &[i32],
    raw: &mut Vec<Raw>,
) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let values = [Literal::Date(until), Literal::Ints(ids), Literal::Ints(wanted)];
    copy_out::rows(transaction, include_str!("../../sql/bars_last.sql"), &values, READING, |fields| {
        let instrument_id = fields.int()?;
        // Oldest first, as everything here is.
        let mut bars = fields.bytes()?.rchunks_exact(PACKED_BAR);
        for mut bar in bars.by_ref() {
            let session = session_of(bar.get_i32())?;
            raw.push(Raw { instrument_id, session, values: std::array::from_fn(|_| bar.get_f64()) });
        }
        if bars.remainder().is_empty() { Ok(()) } else { Err(StoreError::BrokenCopy) }
    })
    .await
    .map(|_| ())
}

/// The bars from `from` on: of the instruments `only`, or of all.
pub async fn read_since(
    transaction: &Transaction<'_>,
    from: NaiveDate,
    only: Option<&[i32]>,
) -> Result<BarTable, StoreError> {
    let mut raw: Vec<Raw> = Vec::new();
    let take = |fields: &mut Fields<'_>| {
        raw.push(ohlcv(fields)?);
        Ok(())
    };
    if let Some(ids) = only {
        let values = [Literal::Date(from), Literal::Ints(ids)];
        copy_out::rows(transaction, include_str!("../../sql/bars_since.sql"), &values, READING, take).await?;
    } else {
        let window = [Literal::Date(from), Literal::Date(END_DAY)];
        copy_out::rows(transaction, include_str!("../../sql/bars_window.sql"), &window, READING, take)
            .await?;
    }
    Ok(group(vec![raw], true))
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

/// Whether there is a bar on `day` or later.
pub async fn any_since(client: &impl GenericClient, day: NaiveDate) -> Result<bool, StoreError> {
    let row = client
        .query_one(include_str!("../../sql/bars_any_since.sql"), &[&day])
        .await
        .during("looking for the latest session")?;
    Ok(row.get(0))
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

/// Where an instrument has bars, as seen from a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Around {
    /// Its first session.
    pub first: Option<NaiveDate>,
    /// Its last session.
    pub last: Option<NaiveDate>,
    /// Its last session before the day.
    pub before: Option<NaiveDate>,
    /// Whether it has a bar on the day.
    pub here: bool,
    /// Its first session after the day.
    pub after: Option<NaiveDate>,
}

/// Where the instrument `id` has bars, as seen from `day`.
pub async fn around(client: &impl GenericClient, id: i32, day: NaiveDate) -> Result<Around, StoreError> {
    let row = client
        .query_one(include_str!("../../sql/bars_around.sql"), &[&id, &day])
        .await
        .during("looking for the bars of an instrument")?;
    Ok(Around {
        first: row.get(0),
        last: row.get(1),
        before: row.get(2),
        here: row.get(3),
        after: row.get(4),
    })
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

/// The last session number with a bar of each instrument that has bars.
pub async fn last_sessions(client: &impl GenericClient) -> Result<HashMap<i32, i32>, StoreError> {
    let rows = client
        .query(include_str!("../../sql/bars_last_sessions.sql"), &[])
        .await
        .during("looking for the last bars")?;
    rows.into_iter().map(|row| Ok((row.get(0), session_of(day_of(row.get(1)))?))).collect()
}

/// Puts rows into columns by instrument and session. They come in a few ascending runs, one a chunk and read, which are merged: a
/// sort would move them all once more.
fn group(mut parts: Vec<Vec<Raw>>, with_ranges: bool) -> BarTable {
    let key = |row: &Raw| (row.instrument_id, row.session);
    let mut runs: Vec<&[Raw]> =
        parts.iter().flat_map(|part| part.chunk_by(|a, b| key(a) <= key(b))).collect();
    if runs.len() > MOST_RUNS {
        for part in &mut parts {
            part.sort_by_key(key);
        }
        runs = parts.iter().map(Vec::as_slice).collect();
    }
    let rows = runs.iter().map(|run| run.len()).sum();
    let mut table = BarTable::with_room(rows, with_ranges);
    while let Some(next) =
        (0..runs.len()).filter(|at| !runs[*at].is_empty()).min_by_key(|at| key(&runs[*at][0]))
    {
        // All rows of its run that come before the head of any other.
        let others = runs.iter().enumerate().filter(|(at, run)| *at != next && !run.is_empty());
        let until = others.map(|(_, run)| key(&run[0])).min();
        let taken = match until {
            None => runs[next].len(),
            Some(until) => runs[next].iter().take_while(|row| key(row) < until).count().max(1),
        };
        let (rows, rest) = runs[next].split_at(taken);
        runs[next] = rest;
        for row in rows {
            table.push(row, with_ranges);
        }
    }
    table.starts.push(table.sessions.len());
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(i32, i32)]) -> BarTable {
        let row = |(instrument_id, session): &(i32, i32)| {
            let close = f64::from(100 * instrument_id + session);
            Raw {
                instrument_id: *instrument_id,
                session: *session,
                values: [f64::NAN, f64::NAN, f64::NAN, close, 1.0],
            }
        };
        group(vec![rows.iter().map(row).collect()], false)
    }

    #[test]
    fn a_table_goes_on_with_later_bars_and_keeps_the_one_before_its_window() {
        let older = table(&[(1, 3), (1, 5), (1, 8), (2, 1), (4, 7)]);
        let newer = table(&[(1, 9), (3, 9), (3, 10), (4, 10)]);
        let got = older.followed_by(&newer, 7);
        assert_eq!(got.instruments, [1, 2, 3, 4]);
        let sessions = |id| got.sessions[got.rows_of(id)].to_vec();
        assert_eq!(
            [sessions(1), sessions(2), sessions(3), sessions(4)],
            [vec![5, 8, 9], vec![1], vec![9, 10], vec![7, 10]]
        );
        assert_eq!(got.close[got.rows_of(4)], [407.0, 410.0]);
        assert_eq!(got.volume.len(), got.sessions.len());
    }

    #[test]
    fn few_runs_are_merged_and_many_sorted_to_the_same_table() {
        let row = |(instrument_id, session): (i32, i32)| Raw {
            instrument_id,
            session,
            values: [f64::from(instrument_id), 0.0, 0.0, f64::from(session), 1.0],
        };
        let all: Vec<(i32, i32)> = (0..40).flat_map(|id| (0..9).map(move |session| (id, session))).collect();
        let sorted = group(vec![all.iter().copied().map(row).collect()], true);
        let of = |keep: &dyn Fn(i32, i32) -> bool| -> Vec<Raw> {
            all.iter().copied().filter(|(id, session)| keep(*id, *session)).map(row).collect()
        };
        // Two reads of two chunks each, and a look-up of what is older.
        let mut parts = vec![of(&|_, session| (2..4).contains(&session)), of(&|_, session| session >= 7)];
        parts[0].extend(of(&|_, session| (4..7).contains(&session)));
        parts.push(of(&|id, session| session < 2 && id % 3 == 0));
        parts.push(of(&|id, session| session < 2 && id % 3 != 0));
        let backwards = vec![all.iter().rev().copied().map(row).collect()];
        for parts in [parts, backwards] {
            let table = group(parts, true);
            assert_eq!((&table.instruments, &table.starts), (&sorted.instruments, &sorted.starts));
            assert_eq!(
                (&table.sessions, &table.open, &table.close),
                (&sorted.sessions, &sorted.open, &sorted.close)
            );
        }
        assert_eq!(group(Vec::new(), true).starts, [0]);
    }
}
