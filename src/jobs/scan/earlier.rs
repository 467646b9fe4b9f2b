//! Columns of earlier sessions, `close_5d_ago`: bars and signals as they were so many of the instrument's own bars before, in
//! prices of its latest bar's split basis; factors as they stand in the feature store so many sessions before.

use std::collections::{BTreeMap, HashMap};

use chrono::Days;
use rayon::prelude::*;
use tokio_postgres::Transaction;

use super::columns::{self, Source};
use super::panel::Panel;
use super::tape::{EARLIER, Tape};
use super::{ScanError, fresh};
use crate::arithmetic::NULL;
use crate::arithmetic::catalogue::FACTORS;
use crate::arithmetic::signals::{self, EarlierBar, HISTORY, Workspace};
use crate::store::instruments::Instrument;
use crate::store::{actions, bars, date_of, features};

/// Columns of earlier sessions, a value for each of a panel's instruments; NaN is null.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    columns: HashMap<(String, u32), Vec<f64>>,
}

impl Earlier {
    /// Reads the columns `wanted`, each a name and how many sessions or bars ago. What `tape` holds is not read again.
    pub async fn read(
        transaction: &Transaction<'_>,
        panel: &Panel,
        tape: Option<&Tape>,
        wanted: &[(String, u32)],
    ) -> Result<Self, ScanError> {
        let mut of_bars: BTreeMap<u32, Vec<(&str, Source)>> = BTreeMap::new();
        let mut of_factors: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (name, ago) in wanted {
            match columns::find(name).map(|column| column.source) {
                Some(source @ (Source::Bar(_) | Source::Signal(_))) => {
                    of_bars.entry(*ago).or_default().push((name, source));
                }
                Some(Source::Factor(at)) => of_factors.entry(*ago).or_default().push(at),
                _ => {}
            }
        }
        let mut earlier = Self::default();
        for (ago, places) in of_factors {
            earlier.read_factors(transaction, panel, ago, places).await?;
        }
        let ids: Vec<i32> = panel.instruments.iter().map(|one| one.id).collect();
        let mut beyond = Vec::new();
        for (ago, names) in of_bars {
            match tape.filter(|_| ago as usize <= EARLIER) {
                Some(tape) => earlier.take(panel, ago, &names, &tape.earlier(&ids, ago as usize)?),
                None => beyond.push((ago, names)),
            }
        }
        let Some((most, _)) = beyond.last() else { return Ok(earlier) };
        let is_signal = |(_, source): &(&str, Source)| matches!(source, Source::Signal(_));
        let with_signals = beyond.iter().any(|(_, names)| names.iter().any(is_signal));
        let count = *most as i32 + if with_signals { HISTORY as i32 } else { 1 };
        let latest = date_of(panel.session);
        let table = bars::read_market(transaction, None, latest, latest, count).await?;
        let splits = actions::read_splits(transaction, None).await?;
        for (ago, names) in &beyond {
            let bars: Result<Vec<Option<EarlierBar>>, ScanError> = ids
                .par_iter()
                .map_init(Workspace::default, |workspace, id| {
                    let rows = table.rows_of(*id);
                    if rows.is_empty() {
                        return Ok(None);
                    }
                    let (bars, splits) = (fresh::bars_of(&table, rows), fresh::splits_of(&splits, *id));
                    signals::compute_earlier(&bars, &splits, *ago as usize, workspace)
                        .map(Some)
                        .map_err(|e| ScanError::Signals(*id, e))
                })
                .collect();
            earlier.take(panel, *ago, names, &bars?);
        }
        Ok(earlier)
    }

    /// Those of `wanted` that were not read yet.
    pub fn missing(&self, wanted: &[(String, u32)]) -> Vec<(String, u32)> {
        wanted.iter().filter(|column| !self.columns.contains_key(*column)).cloned().collect()
    }

    /// Takes the columns of another reading of the same panel too.
    pub fn extend(&mut self, other: Self) {
        self.columns.extend(other.columns);
    }

    /// The values of a column so many sessions ago; none if it was not read.
    pub fn values(&self, name: &str, ago: u32) -> Option<&[f64]> {
        self.columns.get(&(name.to_owned(), ago)).map(Vec::as_slice)
    }

    /// An instrument whose latest bar is too old for signals has no earlier ones either.
    fn take(&mut self, panel: &Panel, ago: u32, names: &[(&str, Source)], bars: &[Option<EarlierBar>]) {
        for (name, source) in names {
            let value = |(one, bar): (&Instrument, &Option<EarlierBar>)| match (
                bar,
                panel.signals_of(one.id),
                source,
            ) {
                (Some(bar), Some(_), Source::Bar(place)) => bar.ohlcv[*place],
                (Some(bar), Some(_), Source::Signal(id)) => bar.signals[*id as usize],
                _ => NULL,
            };
            let values = panel.instruments.iter().zip(bars).map(value).collect();
            self.columns.insert(((*name).to_owned(), ago), values);
        }
    }

    async fn read_factors(
        &mut self,
        transaction: &Transaction<'_>,
        panel: &Panel,
        ago: u32,
        mut places: Vec<usize>,
    ) -> Result<(), ScanError> {
        places.sort_unstable();
        places.dedup();
        let names: Vec<&'static str> = places.iter().map(|at| FACTORS[*at].name).collect();
        let mut columns = vec![vec![NULL; panel.instruments.len()]; places.len()];
        let session = panel.session - ago as i32;
        if session >= 0 {
            let from = date_of(session);
            features::read_columns(transaction, from, from + Days::new(1), &places, &names, |id, row| {
                if let Ok(at) = panel.instruments.binary_search_by_key(&id, |one| one.id) {
                    for (column, place) in columns.iter_mut().zip(&places) {
                        column[at] = row.values[*place];
                    }
                }
            })
            .await?;
        }
        for (name, column) in names.into_iter().zip(columns) {
            self.columns.insert((name.to_owned(), ago), column);
        }
        Ok(())
    }
}
