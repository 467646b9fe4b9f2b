//! The market of one look at the change log, as answers are computed from it: it never changes; the next look makes another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidemark::arithmetic::scores::Weights;
use tidemark::jobs::scan::ScanError;
use tidemark::jobs::scan::living::Living;
use tidemark::jobs::scan::panel::Panel;
use tidemark::jobs::scan::ranked::{Ranked, rank};

use super::numbers;

/// Most rankings that are kept of one market.
const KEPT: usize = 8;

/// The market in memory.
pub struct Market {
    panel: Arc<Panel>,
    /// By the weights that were asked for, the latest last.
    rankings: Mutex<Vec<(Weights, Arc<Ranked>)>>,
}

impl Market {
    /// What `living` holds, ranked by the default weights; none before its first look.
    pub fn of(living: &mut Living) -> Result<Option<Self>, ScanError> {
        let weights = Weights::default();
        let Some(ranked) = living.ranked(&weights)? else { return Ok(None) };
        Ok(Some(Self { panel: ranked.panel.clone(), rankings: Mutex::new(vec![(weights, ranked)]) }))
    }

    /// Whether `other` was computed from the same look.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.panel, &other.panel)
    }

    /// The latest signals of everybody.
    pub fn panel(&self) -> &Panel {
        &self.panel
    }

    /// The market ranked by `weights`.
    pub fn ranked(&self, weights: &Weights) -> Result<Arc<Ranked>, ScanError> {
        let find = |rankings: &[(Weights, Arc<Ranked>)]| {
            rankings.iter().find(|(of, _)| of == weights).map(|(_, ranked)| ranked.clone())
        };
        let known = find(&self.kept());
        numbers::cache("ranking", known.is_some());
        if let Some(ranked) = known {
            return Ok(ranked);
        }
        let ranked = Arc::new(rank(self.panel.clone(), weights)?);
        let mut rankings = self.kept();
        // Another request may have ranked by the same weights meanwhile.
        if find(&rankings).is_none() {
            if rankings.len() >= KEPT {
                rankings.remove(0);
            }
            rankings.push((*weights, ranked.clone()));
        }
        Ok(ranked)
    }

    fn kept(&self) -> MutexGuard<'_, Vec<(Weights, Arc<Ranked>)>> {
        // What is guarded is whole after every step, whoever panicked.
        self.rankings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
