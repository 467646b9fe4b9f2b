//! The last bars of every instrument, in memory: what a living process keeps, so that a new bar costs one row to read and the
//! instrument's arithmetic.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;
use tokio_postgres::Transaction;

use super::{ScanError, fresh};
use crate::arithmetic::signals::{self, EarlierBar, HISTORY, SignalBars, Workspace};
use crate::domain::calendar::{END_DAY, nyse};
use crate::domain::history::Split;
use crate::store::bars::{self, BarTable};
use crate::store::change_log::Change;
use crate::store::signals::LatestSignals;
use crate::store::{actions, date_of};

/// Bars beyond [`HISTORY`] that are kept, so that columns of so many bars ago need no reading.
pub const EARLIER: usize = 21;
/// Bars kept of an instrument.
const DEPTH: usize = HISTORY + EARLIER;
/// Changes this many sessions back are read as the end of the market's table; older ones an instrument at a time.
const RECENT: i32 = 10;
/// Share of the market from which one read of everybody's last sessions is cheaper than a look-up an instrument.
const MANY: usize = 4;

/// One instrument's last bars, oldest first, raw as printed.
#[derive(Debug, Default)]
struct Series {
    sessions: Vec<i32>,
    /// Open, high, low, close, volume.
    columns: [Vec<f64>; 5],
    splits: Vec<(i32, f64)>,
    /// Whether it begins with the instrument's first bar.
    whole: bool,
}

/// The last bars of the market.
#[derive(Debug, Default)]
pub struct Tape {
    series: BTreeMap<i32, Series>,
}

impl Tape {
    /// Reads the last bars of everybody who has one in about the last sessions before `anchor`.
    pub async fn read(transaction: &Transaction<'_>, anchor: chrono::NaiveDate) -> Result<Self, ScanError> {
        let table = bars::read_market(transaction, None, anchor, END_DAY, DEPTH as i32).await?;
        let splits = actions::read_splits(transaction, None).await?;
        let mut tape = Self::default();
        tape.take(&table, &table.instruments, &splits);
        Ok(tape)
    }

    /// Reads what changed, of bars or splits: `changes` ascending by instrument. The market's latest bars were of session `latest`.
    pub async fn update(
        &mut self,
        transaction: &Transaction<'_>,
        changes: &[Change],
        latest: i32,
    ) -> Result<(), ScanError> {
        if changes.is_empty() {
            return Ok(());
        }
        let ids: Vec<i32> = changes.iter().map(|change| change.instrument_id).collect();
        let from = |change: &Change| nyse().at_or_after(change.from).unwrap_or(i32::MAX);
        let (recent, old): (Vec<&Change>, Vec<&Change>) =
            changes.iter().partition(|change| from(change) > latest - RECENT);
        let mut again: Vec<i32> = old.iter().map(|change| change.instrument_id).collect();
        let recent_ids: Vec<i32> = recent.iter().map(|change| change.instrument_id).collect();
        let only = if recent.len() * MANY > self.series.len() { None } else { Some(recent_ids.as_slice()) };
        let first = recent.iter().map(|change| from(change)).min().filter(|first| *first < i32::MAX);
        let newer = async {
            match first {
                Some(first) => Ok(Some((first, bars::read_since(transaction, date_of(first), only).await?))),
                None => Ok(None),
            }
        };
        let (splits, newer) = tokio::try_join!(actions::read_splits(transaction, Some(&ids)), newer)?;
        if let Some((first, newer)) = newer {
            again.extend(recent_ids.into_iter().filter(|id| !self.follow(*id, &newer, first, &splits)));
        }
        if !again.is_empty() {
            again.sort_unstable();
            let table = bars::read_last(transaction, END_DAY, DEPTH as i32, &again).await?;
            self.take(&table, &again, &splits);
        }
        Ok(())
    }

    /// Puts the bars from session `first` on behind the older ones; false where too few older ones are in memory.
    fn follow(&mut self, id: i32, newer: &BarTable, first: i32, splits: &HashMap<i32, Vec<Split>>) -> bool {
        let Some(series) = self.series.get_mut(&id) else { return false };
        let rows = newer.rows_of(id);
        let kept = series.sessions.partition_point(|session| *session < first);
        if !series.whole && kept + rows.len() < DEPTH {
            return false;
        }
        if kept + rows.len() == 0 {
            self.series.remove(&id);
            return true;
        }
        let surplus = (kept + rows.len()).saturating_sub(DEPTH).min(kept);
        series.whole &= kept + rows.len() <= DEPTH;
        series.splits = fresh::splits_of(splits, id);
        series.sessions.truncate(kept);
        series.sessions.drain(..surplus);
        series.sessions.extend_from_slice(&newer.sessions[rows.clone()]);
        for (column, newer) in series.columns.iter_mut().zip(columns(newer)) {
            column.truncate(kept);
            column.drain(..surplus);
            column.extend_from_slice(&newer[rows.clone()]);
        }
        true
    }

    /// Replaces the instruments `ids` by their rows of `table`, which are all there are or as many as are kept.
    fn take(&mut self, table: &BarTable, ids: &[i32], splits: &HashMap<i32, Vec<Split>>) {
        for id in ids {
            let rows = table.rows_of(*id);
            if rows.is_empty() {
                self.series.remove(id);
                continue;
            }
            let series = Series {
                sessions: table.sessions[rows.clone()].to_vec(),
                columns: columns(table).map(|column| column[rows.clone()].to_vec()),
                splits: fresh::splits_of(splits, *id),
                whole: rows.len() < DEPTH,
            };
            self.series.insert(*id, series);
        }
    }

    /// Signals at the latest bar of the instruments `only`, or of all; ascending by instrument.
    pub fn signals(&self, only: Option<&[i32]>) -> Result<Vec<LatestSignals>, ScanError> {
        let wanted: Vec<(i32, &Series)> = match only {
            None => self.series.iter().map(|(id, series)| (*id, series)).collect(),
            Some(ids) => ids.iter().filter_map(|id| Some((*id, self.series.get(id)?))).collect(),
        };
        wanted
            .par_iter()
            .map_init(Workspace::default, |workspace, (id, series)| {
                let values = signals::compute(&series.bars(), &series.splits, workspace)
                    .map_err(|e| ScanError::Signals(*id, e))?;
                let last = series.sessions.len() - 1;
                let bar = series.columns.each_ref().map(|column| column[last]);
                Ok(LatestSignals { instrument_id: *id, session: series.sessions[last], bar, values })
            })
            .collect()
    }

    /// The bars of the instruments `ids` as they were `ago` bars before the latest, with the signals at them; none of an
    /// instrument without bars. `ago` is at most [`EARLIER`].
    pub fn earlier(&self, ids: &[i32], ago: usize) -> Result<Vec<Option<EarlierBar>>, ScanError> {
        ids.par_iter()
            .map_init(Workspace::default, |workspace, id| {
                let Some(series) = self.series.get(id) else { return Ok(None) };
                signals::compute_earlier(&series.bars(), &series.splits, ago, workspace)
                    .map(Some)
                    .map_err(|e| ScanError::Signals(*id, e))
            })
            .collect()
    }
}

impl Series {
    fn bars(&self) -> SignalBars<'_> {
        let [open, high, low, close, volume] = &self.columns;
        SignalBars { sessions: &self.sessions, open, high, low, close, volume }
    }
}

fn columns(table: &BarTable) -> [&Vec<f64>; 5] {
    [&table.open, &table.high, &table.low, &table.close, &table.volume]
}
