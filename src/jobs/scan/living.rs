//! The market kept in memory and up to date: a living process reads what changed since its last look, in one snapshot, and ranks
//! again. Its answers are those of a full scan in that snapshot, bit for bit.

use std::sync::Arc;

use tokio_postgres::{Client, Transaction};

use super::follow::{Bars, follow};
use super::panel::Panel;
use super::ranked::{Ranked, rank};
use super::tape::Tape;
use super::{ScanError, check_features};
use crate::arithmetic::scores::Weights;
use crate::domain::calendar::END_DAY;
use crate::store::bars;
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
        let transaction = change_log::snapshot(client).await?;
        let last = self.state.as_ref().map(|state| &state.standing);
        let (standing, changes) = change_log::follow(&transaction, last).await?;
        check_features(&transaction, &self.benchmark).await?;
        let (Some(changes), Some(state)) = (changes, &mut self.state) else {
            return self.read(&transaction, standing).await;
        };
        let mut panel = Panel::clone(&state.panel);
        let mut tape = state.tape.clone();
        let renamed = state.standing.reference != standing.reference;
        let bars = Bars::Memory(&mut tape);
        let followed = follow(&transaction, &mut panel, bars, &changes, renamed, &self.benchmark).await?;
        let Some(followed) = followed else {
            if changes.iter().any(|(topic, _)| topic == Topic::Sessions.name()) {
                return Err(ScanError::Calendar);
            }
            return self.read(&transaction, standing).await;
        };
        if followed.changed {
            self.state = Some(State { standing, tape, panel: Arc::new(panel), ranked: Vec::new() });
        } else {
            state.standing = standing;
        }
        Ok(followed)
    }

    async fn read(
        &mut self,
        transaction: &Transaction<'_>,
        standing: Standing,
    ) -> Result<Followed, ScanError> {
        let until = bars::latest_session(transaction, END_DAY).await?.ok_or(ScanError::NoBars(None))?;
        let tape = Tape::read(transaction, until).await?;
        let signals = tape.signals(None)?;
        let computed = signals.len();
        let panel = Panel::read(transaction, signals, &self.benchmark).await?;
        let features = panel.features.len();
        self.state = Some(State { standing, tape, panel: Arc::new(panel), ranked: Vec::new() });
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

    /// The market's latest signals and its bars, as of the last look, to be kept beyond the next.
    pub fn memory(&self) -> Option<(Arc<Panel>, Tape)> {
        self.state.as_ref().map(|state| (state.panel.clone(), state.tape.clone()))
    }

    /// The bars in memory.
    pub fn tape(&self) -> Option<&Tape> {
        self.state.as_ref().map(|state| &state.tape)
    }
}
