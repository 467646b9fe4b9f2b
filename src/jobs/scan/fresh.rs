//! Signals computed from bars: of the whole market, or of the instruments that changed.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use chrono::NaiveDate;
use rayon::prelude::*;
use tokio_postgres::Transaction;

use super::ScanError;
use crate::arithmetic::signals::{self, HISTORY, SIGNAL_COUNT, SignalBars};
use crate::domain::calendar::{END_DAY, nyse};
use crate::domain::history::Split;
use crate::store::bars::{self, BarTable};
use crate::store::change_log::Change;
use crate::store::signals::{LatestSignals, WIDTH};
use crate::store::{actions, date_of, features};

const _: () = assert!(WIDTH == SIGNAL_COUNT, "the table has a column a signal");

/// Share of the market from which one read of everybody's last sessions is cheaper than a look-up an instrument.
const MANY: usize = 4;

/// Signals as of `until` of every instrument with a bar in about the last [`HISTORY`] sessions before `anchor`, ascending.
/// `beside` reads half of the bars in the same snapshot.
pub async fn of_market(
    transaction: &Transaction<'_>,
    beside: Option<&Transaction<'_>>,
    anchor: NaiveDate,
    until: NaiveDate,
) -> Result<Vec<LatestSignals>, ScanError> {
    let table = bars::read_market(transaction, beside, anchor, until, HISTORY as i32).await?;
    let splits = actions::read_splits(transaction, None).await?;
    compute(&table, &splits, &table.instruments)
}

/// A session near to which the market's latest bars are: the latest with features, without which nothing is ranked. Where its bars
/// went since, the latest with bars.
pub async fn anchor(transaction: &Transaction<'_>) -> Result<NaiveDate, ScanError> {
    if let Some((_, last)) = features::range(transaction).await?
        && bars::any_since(transaction, last).await?
    {
        return Ok(last);
    }
    bars::latest_session(transaction, END_DAY).await?.ok_or(ScanError::NoBars(None))
}

/// Signals at the latest bar of those of the instruments `ids` that have bars: a look-up each.
pub async fn of_few(transaction: &Transaction<'_>, ids: &[i32]) -> Result<Vec<LatestSignals>, ScanError> {
    let splits = actions::read_splits(transaction, Some(ids)).await?;
    let table = bars::read_last(transaction, END_DAY, HISTORY as i32, ids).await?;
    compute(&table, &splits, ids)
}

/// Signals at the latest bar of the instruments in `changes` that have bars, ascending. `kept` says how large the market is
/// and about where it stands.
pub async fn of_changed(
    transaction: &Transaction<'_>,
    changes: &[Change],
    kept: &[Arc<LatestSignals>],
) -> Result<Vec<LatestSignals>, ScanError> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i32> = changes.iter().map(|change| change.instrument_id).collect();
    let splits = actions::read_splits(transaction, Some(&ids)).await?;
    let mut left = ids.clone();
    let mut rows = Vec::new();
    if ids.len() * MANY > kept.len() {
        // Nobody can have a bar after both the latest kept one and the latest change.
        let latest_kept = kept.iter().map(|row| row.session).max();
        let latest_change = changes.iter().filter_map(|change| nyse().at_or_before(change.through?)).max();
        if let Some(latest) = latest_kept.max(latest_change) {
            let latest = date_of(latest);
            let table = bars::read_market(transaction, None, latest, latest, HISTORY as i32).await?;
            left.retain(|id| table.instruments.binary_search(id).is_err());
            rows = compute(&table, &splits, &ids)?;
        }
    }
    if !left.is_empty() {
        let table = bars::read_last(transaction, END_DAY, HISTORY as i32, &left).await?;
        rows.extend(compute(&table, &splits, &left)?);
    }
    Ok(rows)
}

fn compute(
    table: &BarTable,
    splits: &HashMap<i32, Vec<Split>>,
    ids: &[i32],
) -> Result<Vec<LatestSignals>, ScanError> {
    let rows: Result<Vec<Option<LatestSignals>>, ScanError> = ids
        .par_iter()
        .map_init(signals::Workspace::default, |workspace, id| {
            let rows = table.rows_of(*id);
            if rows.is_empty() {
                return Ok(None);
            }
            let last = rows.end - 1;
            let session = table.sessions[last];
            let bar = [&table.open, &table.high, &table.low, &table.close, &table.volume].map(|c| c[last]);
            let (bars, splits) = (bars_of(table, rows), splits_of(splits, *id));
            let values =
                signals::compute(&bars, &splits, workspace).map_err(|e| ScanError::Signals(*id, e))?;
            Ok(Some(LatestSignals { instrument_id: *id, session, bar, values }))
        })
        .collect();
    Ok(rows?.into_iter().flatten().collect())
}

/// The bars of some rows of a table.
pub fn bars_of(table: &BarTable, rows: Range<usize>) -> SignalBars<'_> {
    SignalBars {
        sessions: &table.sessions[rows.clone()],
        open: &table.open[rows.clone()],
        high: &table.high[rows.clone()],
        low: &table.low[rows.clone()],
        close: &table.close[rows.clone()],
        volume: &table.volume[rows],
    }
}

/// The splits of an instrument as signals take them.
pub fn splits_of(splits: &HashMap<i32, Vec<Split>>, id: i32) -> Vec<(i32, f64)> {
    splits.get(&id).into_iter().flatten().map(|split| (split.session, split.ratio)).collect()
}
