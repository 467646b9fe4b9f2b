//! The market kept in memory and up to date: a living process reads what changed since its last look, in one snapshot, and ranks
//! again. Its answers are those of a full scan in that snapshot, bit for bit.

use std::sync::Arc;

use tokio_postgres::{Client, Transaction};

use super::earlier::Earlier;
use super::follow::{Bars, follow};
use super::panel::Panel;
use super::ranked::{Ranked, rank};
use super::tape::Tape;
use super::{Refreshed, ScanError, check_features, fresh};
use crate::arithmetic::scores::Weights;
use crate::store::change_log::{self, Standing, Topic};

pub use super::follow::Followed;

/// The market in memory.
pub struct Living {
    benchmark: String,
    state: Option<State>,
}

/// What was read in one snapshot.
struct State {
    standing: Standing,
    tape: Tape,
    panel: Arc<Panel>,
    /// Rankings by the weights that were asked for since the last change, the latest last.
    ranked: Vec<(Weights, Arc<Ranked>)>,
    /// Columns of earlier sessions that were asked for since.
    earlier: Arc<Earlier>,
}

/// Most weights whose rankings are kept.
const RANKINGS: usize = 8;

impl Living {
    /// A market of which nothing is read yet.
    pub fn new(benchmark: &str) -> Self {
        Self { benchmark: benchmark.into(), state: None }
    }

    /// Brings the market up to date. After an error it is as before, and the next call reads what this one did not.
    ///
    /// # Errors
    /// As of a full scan; [`ScanError::Calendar`] where sessions themselves changed, which only a new process can follow.
    pub async fn follow(&mut self, client: &mut Client) -> Result<Followed, ScanError> {
        self.follow_for(client, &[]).await
    }

    /// Brings the market up to date and reads, in the same snapshot, those of the columns of earlier sessions `wanted` (names, and
    /// how long ago) that are not in memory since the last change.
    ///
    /// # Errors
    /// As of [`Living::follow`].
    pub async fn follow_for(
        &mut self,
        client: &mut Client,
        wanted: &[(String, u32)],
    ) -> Result<Followed, ScanError> {
        let transaction = change_log::snapshot(client).await?;
        let followed = self.follow_in(&transaction).await?;
        if let Some(state) = &mut self.state {
            let missing = state.earlier.missing(wanted);
            if !missing.is_empty() {
                let read = Earlier::read(&transaction, &state.panel, Some(&state.tape), &missing).await?;
                Arc::make_mut(&mut state.earlier).extend(read);
            }
        }
        Ok(followed)
    }

    async fn follow_in(&mut self, transaction: &Transaction<'_>) -> Result<Followed, ScanError> {
        let last = self.state.as_ref().map(|state| &state.standing);
        let log = async { Ok(change_log::follow(transaction, last).await?) };
        let ((standing, changes), refreshed) =
            tokio::try_join!(log, check_features(transaction, &self.benchmark))?;
        let (Some(changes), Some(state)) = (changes, &mut self.state) else {
            return self.read(transaction, standing, refreshed).await;
        };
        let renamed = state.standing.reference != standing.reference;
        let bars = Bars::Memory(&mut state.tape);
        let Some((mut followed, patch)) = follow(transaction, &state.panel, bars, &changes, renamed).await?
        else {
            if changes.iter().any(|(topic, _)| topic == Topic::Sessions.name()) {
                return Err(ScanError::Calendar);
            }
            return self.read(transaction, standing, refreshed).await;
        };
        followed.changed |= refreshed.behind != state.panel.behind;
        state.standing = standing;
        if followed.changed {
            state.ranked.clear();
            state.earlier = Arc::default();
            // Copied only where somebody still holds an answer from before.
            Arc::make_mut(&mut state.panel).apply(patch, refreshed);
        }
        Ok(followed)
    }

    async fn read(
        &mut self,
        transaction: &Transaction<'_>,
        standing: Standing,
        refreshed: Refreshed,
    ) -> Result<Followed, ScanError> {
        let tape = Tape::read(transaction, fresh::anchor(transaction).await?).await?;
        let signals = tape.signals(None)?;
        let computed = signals.len();
        let panel = Arc::new(Panel::read(transaction, signals, refreshed).await?);
        let features = panel.features.len();
        self.state = Some(State { standing, tape, panel, ranked: Vec::new(), earlier: Arc::default() });
        Ok(Followed { from_nothing: true, moved: computed, computed, features, changed: true, touched: None })
    }

    /// The market ranked by `weights`, as of the last look; none before the first.
    ///
    /// # Errors
    /// Weights that mean nothing.
    pub fn ranked(&mut self, weights: &Weights) -> Result<Option<Arc<Ranked>>, ScanError> {
        let Some(state) = &mut self.state else { return Ok(None) };
        if let Some((_, ranked)) = state.ranked.iter().find(|(of, _)| of == weights) {
            return Ok(Some(ranked.clone()));
        }
        let ranked = Arc::new(rank(state.panel.clone(), weights)?);
        if state.ranked.len() == RANKINGS {
            state.ranked.remove(0);
        }
        state.ranked.push((*weights, ranked.clone()));
        Ok(Some(ranked))
    }

    /// The snapshot that the market is of.
    pub fn standing(&self) -> Option<&Standing> {
        self.state.as_ref().map(|state| &state.standing)
    }

    /// The columns of earlier sessions that are in memory.
    pub fn earlier(&self) -> Arc<Earlier> {
        self.state.as_ref().map_or_else(Arc::default, |state| state.earlier.clone())
    }
}
