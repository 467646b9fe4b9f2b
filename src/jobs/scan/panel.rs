//! Everything of one moment that a ranking reads, in memory. It is read in one snapshot, or kept up to date by a living
//! process; what is computed from it is the same.

use std::sync::Arc;

use chrono::Days;
use tokio_postgres::Transaction;

use super::{Refreshed, ScanError};
use crate::arithmetic::signals::HISTORY;
use crate::store::date_of;
use crate::store::features::{self, FeatureRow};
use crate::store::instruments::{self, Instrument};
use crate::store::signals::LatestSignals;

/// The market at its latest session, or at a past one.
/// A copy shares its rows with the original: a living process keeps the one that answers are made of while it makes the next.
#[derive(Debug, Clone, Default)]
pub struct Panel {
    /// The session that is ranked: the latest with a bar.
    pub session: i32,
    /// The benchmark instrument; none where its ticker is unknown.
    pub benchmark: Option<i32>,
    /// Every instrument that has bars, ascending by id.
    pub instruments: Arc<Vec<Instrument>>,
    /// Signals at each one's latest bar, ascending by instrument.
    pub signals: Vec<Arc<LatestSignals>>,
    /// Feature rows of the session, ascending by instrument.
    pub features: Vec<(i32, Arc<FeatureRow>)>,
    /// Instruments whose bars or actions changed after the last features refresh, ascending: their factors are older than their bars.
    pub behind: Vec<i32>,
}

/// What is different from a panel in a later snapshot. Reading it may fail; putting it in place does not.
#[derive(Debug, Default)]
pub struct Patch {
    /// The session that is ranked.
    pub session: i32,
    /// Instruments whose signals are replaced, ascending.
    pub moved: Vec<i32>,
    /// Their new signals, ascending; who has none has no bar left.
    pub signals: Vec<LatestSignals>,
    /// The feature rows that are new.
    pub features: NewFeatures,
    /// Every instrument, where one is new or is another than it was.
    pub instruments: Option<Vec<Instrument>>,
}

/// Feature rows that are new.
#[derive(Debug, Default)]
pub enum NewFeatures {
    /// None.
    #[default]
    None,
    /// Those of some instruments (ascending), who may have none any more.
    Of(Vec<i32>, Vec<(i32, FeatureRow)>),
    /// Everybody's.
    All(Vec<(i32, FeatureRow)>),
}

impl NewFeatures {
    /// Reads those of `session` of the instruments `ids` (ascending).
    pub async fn read(transaction: &Transaction<'_>, session: i32, ids: Vec<i32>) -> Result<Self, ScanError> {
        if ids.is_empty() {
            return Ok(Self::None);
        }
        let from = date_of(session);
        let mut rows = Vec::new();
        features::read_each(transaction, from, from + Days::new(1), Some(&ids), |id, row| {
            rows.push((id, row));
        })
        .await?;
        rows.sort_unstable_by_key(|(id, _)| *id);
        Ok(Self::Of(ids, rows))
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Of(_, rows) | Self::All(rows) => rows.len(),
        }
    }
}

impl Panel {
    /// Reads what stands beside `signals` (ascending by instrument, not empty).
    ///
    /// # Errors
    /// [`ScanError::NoFeatures`] where the session has no features, or the store's.
    pub async fn read(
        transaction: &Transaction<'_>,
        signals: Vec<LatestSignals>,
        refreshed: Refreshed,
    ) -> Result<Self, ScanError> {
        let session = signals.iter().map(|row| row.session).max().unwrap_or_default();
        let features = features::read_session(transaction, date_of(session)).await?;
        if features.is_empty() {
            return Err(ScanError::NoFeatures(date_of(session)));
        }
        let mut panel = Self::default();
        let patch = Patch {
            session,
            signals,
            moved: Vec::new(),
            features: NewFeatures::All(features),
            instruments: Some(instruments::all(transaction).await?),
        };
        panel.apply(patch, refreshed);
        Ok(panel)
    }

    /// The latest session if the instruments `moved` (ascending) had the signals `fresh`.
    pub fn session_with(&self, moved: &[i32], fresh: &[LatestSignals]) -> i32 {
        let latest = fresh.iter().map(|row| row.session).max().unwrap_or_default();
        if latest >= self.session {
            return latest;
        }
        let others = self.signals.iter().filter(|row| moved.binary_search(&row.instrument_id).is_err());
        others.map(|row| row.session).max().unwrap_or_default().max(latest)
    }

    /// Reads the session's feature rows of the instruments `ids` (ascending) again, or all where these are many.
    pub async fn read_again(
        &self,
        transaction: &Transaction<'_>,
        ids: Vec<i32>,
    ) -> Result<NewFeatures, ScanError> {
        if ids.len() * 4 > self.features.len() {
            let rows = features::read_session(transaction, date_of(self.session)).await?;
            return Ok(NewFeatures::All(rows));
        }
        NewFeatures::read(transaction, self.session, ids).await
    }

    /// Brings the panel into the snapshot that `patch` was read in. An instrument whose latest bar is more than [`HISTORY`] sessions
    /// old has no signals: it is not read by a scan from nothing.
    pub fn apply(&mut self, patch: Patch, refreshed: Refreshed) {
        let oldest = patch.session - HISTORY as i32;
        let some_are_old =
            patch.session != self.session || patch.signals.iter().any(|row| row.session <= oldest);
        self.session = patch.session;
        replace(
            &mut self.signals,
            |row| row.instrument_id,
            &patch.moved,
            patch.signals.into_iter().map(Arc::new),
        );
        if some_are_old {
            self.signals.retain(|row| row.session > oldest);
        }
        match patch.features {
            NewFeatures::None => {}
            NewFeatures::Of(ids, rows) => {
                let rows = rows.into_iter().map(|(id, row)| (id, Arc::new(row)));
                replace(&mut self.features, |(id, _)| *id, &ids, rows);
            }
            NewFeatures::All(rows) => {
                self.features = rows.into_iter().map(|(id, row)| (id, Arc::new(row))).collect();
            }
        }
        if let Some(instruments) = patch.instruments {
            self.instruments = Arc::new(instruments);
        }
        self.benchmark = refreshed.benchmark;
        self.behind = refreshed.behind;
    }

    /// The signals of an instrument.
    pub fn signals_of(&self, id: i32) -> Option<&LatestSignals> {
        let at = self.signals.binary_search_by_key(&id, |row| row.instrument_id).ok()?;
        Some(&self.signals[at])
    }

    /// The feature row of an instrument on the session.
    pub fn features_of(&self, id: i32) -> Option<&FeatureRow> {
        let at = self.features.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(&self.features[at].1)
    }
}

/// Puts `fresh` in the place of the rows of `ids`. All are ascending by instrument; most have both, and those are written over.
fn replace<T>(rows: &mut Vec<T>, id_of: impl Fn(&T) -> i32, ids: &[i32], fresh: impl IntoIterator<Item = T>) {
    let mut gone = ids.to_vec();
    let mut news = Vec::new();
    for row in fresh {
        let id = id_of(&row);
        if let Ok(at) = gone.binary_search(&id) {
            gone.remove(at);
        }
        match rows.binary_search_by_key(&id, &id_of) {
            Ok(at) => rows[at] = row,
            Err(_) => news.push(row),
        }
    }
    if !gone.is_empty() {
        rows.retain(|row| gone.binary_search(&id_of(row)).is_err());
    }
    if !news.is_empty() {
        rows.extend(news);
        rows.sort_by_key(id_of);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_replaced_removed_and_added_in_order() {
        let of = |rows: &[(i32, char)]| rows.to_vec();
        let mut rows = of(&[(1, 'a'), (3, 'a'), (4, 'a'), (7, 'a')]);
        replace(&mut rows, |(id, _)| *id, &[2, 3, 7], of(&[(2, 'b'), (7, 'b')]));
        assert_eq!(rows, of(&[(1, 'a'), (2, 'b'), (4, 'a'), (7, 'b')]));
        replace(&mut rows, |(id, _)| *id, &[1, 2, 4, 7], Vec::new());
        assert!(rows.is_empty());
        replace(&mut rows, |(id, _)| *id, &[], of(&[(5, 'c'), (6, 'c')]));
        assert_eq!(rows, of(&[(5, 'c'), (6, 'c')]));
    }
}
