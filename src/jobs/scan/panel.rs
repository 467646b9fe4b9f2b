//! Everything of one moment that a ranking reads, in memory. It is read in one snapshot, or kept up to date by a living
//! process; what is computed from it is the same.

use std::sync::Arc;

use chrono::Days;
use tokio_postgres::Transaction;

use super::ScanError;
use crate::arithmetic::signals::HISTORY;
use crate::store::change_log::{self, Job};
use crate::store::date_of;
use crate::store::features::{self, FeatureRow};
use crate::store::instruments::{self, Instrument};
use crate::store::signals::LatestSignals;

/// The market at its latest session, or at a past one.
#[derive(Debug, Clone, Default)]
pub struct Panel {
    /// The session that is ranked: the latest with a bar.
    pub session: i32,
    /// The benchmark instrument; none where its ticker is unknown.
    pub benchmark: Option<i32>,
    /// Every instrument that has bars, ascending by id.
    pub instruments: Arc<Vec<Instrument>>,
    /// Signals at each one's latest bar, ascending by instrument.
    pub signals: Vec<LatestSignals>,
    /// Feature rows of the session, ascending by instrument.
    pub features: Vec<(i32, FeatureRow)>,
    /// Instruments whose bars or actions changed after the last features refresh, ascending: their factors are older than their bars.
    pub behind: Vec<i32>,
}

impl Panel {
    /// Reads what stands beside `signals` (ascending by instrument, not empty).
    ///
    /// # Errors
    /// [`ScanError::NoFeatures`] where the session has no features, or the store's.
    pub async fn read(
        transaction: &Transaction<'_>,
        signals: Vec<LatestSignals>,
        benchmark: &str,
    ) -> Result<Self, ScanError> {
        let mut panel = Self::default();
        panel.replace_signals(&[], signals);
        panel.read_features(transaction).await?;
        panel.read_instruments(transaction, benchmark).await?;
        panel.read_behind(transaction).await?;
        Ok(panel)
    }

    /// Puts `fresh` (ascending) in the place of what the instruments `ids` (ascending) had. An instrument whose latest bar is more
    /// than [`HISTORY`] sessions old has none: it is not read by a scan from nothing.
    pub fn replace_signals(&mut self, ids: &[i32], fresh: Vec<LatestSignals>) {
        self.signals.retain(|row| ids.binary_search(&row.instrument_id).is_err());
        self.signals.extend(fresh);
        self.signals.sort_by_key(|row| row.instrument_id);
        self.session = self.signals.iter().map(|row| row.session).max().unwrap_or_default();
        let oldest = self.session - HISTORY as i32;
        self.signals.retain(|row| row.session > oldest);
    }

    /// Reads the feature rows of the session. Gives how many.
    ///
    /// # Errors
    /// [`ScanError::NoFeatures`] where there are none, or the store's.
    pub async fn read_features(&mut self, transaction: &Transaction<'_>) -> Result<usize, ScanError> {
        let session = date_of(self.session);
        self.features = features::read_session(transaction, session).await?;
        if self.features.is_empty() { Err(ScanError::NoFeatures(session)) } else { Ok(self.features.len()) }
    }

    /// Reads the session's feature rows of the instruments `ids` (ascending) again. Gives how many there are.
    ///
    /// # Errors
    /// As of [`Panel::read_features`].
    pub async fn reread_features(
        &mut self,
        transaction: &Transaction<'_>,
        ids: &[i32],
    ) -> Result<usize, ScanError> {
        if ids.is_empty() {
            return Ok(0);
        }
        if ids.len() * 4 > self.features.len() {
            return self.read_features(transaction).await;
        }
        let from = date_of(self.session);
        let mut fresh = Vec::new();
        features::read_each(transaction, from, from + Days::new(1), Some(ids), |id, row| {
            fresh.push((id, row));
        })
        .await?;
        self.features.retain(|(id, _)| ids.binary_search(id).is_err());
        let read = fresh.len();
        self.features.extend(fresh);
        self.features.sort_by_key(|(id, _)| *id);
        if self.features.is_empty() { Err(ScanError::NoFeatures(from)) } else { Ok(read) }
    }

    /// Reads who there is and who the benchmark is.
    pub async fn read_instruments(
        &mut self,
        transaction: &Transaction<'_>,
        benchmark: &str,
    ) -> Result<(), ScanError> {
        self.read_benchmark(transaction, benchmark).await?;
        self.instruments = Arc::new(instruments::all(transaction).await?);
        Ok(())
    }

    /// Reads who the benchmark is.
    pub async fn read_benchmark(
        &mut self,
        transaction: &Transaction<'_>,
        benchmark: &str,
    ) -> Result<(), ScanError> {
        self.benchmark = instruments::latest_of(transaction, benchmark).await?;
        Ok(())
    }

    /// Reads whose factors are older than their bars.
    pub async fn read_behind(&mut self, transaction: &Transaction<'_>) -> Result<(), ScanError> {
        let changes = change_log::changes(transaction, Job::Features).await?;
        self.behind = changes.into_iter().map(|change| change.instrument_id).collect();
        Ok(())
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
