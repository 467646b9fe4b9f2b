//! The market of one look at the change log, as answers are computed from it: it never changes; the next look makes another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidemark::arithmetic::scores::Weights;
use tidemark::jobs::scan::ScanError;
use tidemark::jobs::scan::earlier::Earlier;
use tidemark::jobs::scan::living::Living;
use tidemark::jobs::scan::panel::Panel;
use tidemark::jobs::scan::ranked::{Ranked, rank};
use tidemark::jobs::scan::tape::Tape;
use tidemark::store::change_log::{self, Standing};
use tokio_postgres::Client;

use super::numbers;

/// Most rankings, and most sets of earlier columns, that are kept of one market.
const KEPT: usize = 8;

/// The columns of earlier sessions that a profile reads.
type Wanted = Vec<(String, u32)>;

/// The market in memory.
pub struct Market {
    panel: Arc<Panel>,
    tape: Tape,
    /// By the weights that were asked for, the latest last.
    rankings: Mutex<Vec<(Weights, Arc<Ranked>)>>,
    earlier: Mutex<Vec<(Wanted, Arc<Earlier>)>>,
}

impl Market {
    /// What `living` holds, ranked by the default weights; none before its first look.
    pub fn of(living: &mut Living) -> Result<Option<Self>, ScanError> {
        let weights = Weights::default();
        let Some(ranked) = living.ranked(&weights)? else { return Ok(None) };
        let Some((panel, tape)) = living.memory() else { return Ok(None) };
        let rankings = Mutex::new(vec![(weights, ranked)]);
        Ok(Some(Self { panel, tape, rankings, earlier: Mutex::default() }))
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
        let known = find(&held(&self.rankings));
        numbers::cache("ranking", known.is_some());
        if let Some(ranked) = known {
            return Ok(ranked);
        }
        let ranked = Arc::new(rank(self.panel.clone(), weights)?);
        keep(&self.rankings, *weights, ranked.clone());
        Ok(ranked)
    }

    /// The columns of earlier sessions `wanted`, where they need no reading.
    pub fn earlier(&self, wanted: &[(String, u32)]) -> Result<Option<Arc<Earlier>>, ScanError> {
        if wanted.is_empty() {
            return Ok(Some(Arc::default()));
        }
        let known =
            held(&self.earlier).iter().find(|(of, _)| of == wanted).map(|(_, earlier)| earlier.clone());
        numbers::cache("earlier", known.is_some());
        if known.is_some() {
            return Ok(known);
        }
        let Some(earlier) = Earlier::of_tape(&self.panel, &self.tape, wanted)? else { return Ok(None) };
        let earlier = Arc::new(earlier);
        keep(&self.earlier, wanted.to_vec(), earlier.clone());
        Ok(Some(earlier))
    }

    /// Reads columns of earlier sessions. `standing` is the latest that the market is known to be of; none where the database
    /// has moved on from there.
    pub async fn read_earlier(
        &self,
        client: &mut Client,
        standing: &Standing,
        wanted: &[(String, u32)],
    ) -> Result<Option<Arc<Earlier>>, ScanError> {
        let transaction = change_log::snapshot(client).await?;
        let (_, changes) = change_log::follow(&transaction, Some(standing)).await?;
        if changes.is_none_or(|changes| !changes.is_empty()) {
            return Ok(None);
        }
        let earlier = Earlier::read(&transaction, &self.panel, Some(&self.tape), wanted).await?;
        let earlier = Arc::new(earlier);
        keep(&self.earlier, wanted.to_vec(), earlier.clone());
        Ok(Some(earlier))
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded is whole after every step, whoever panicked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep<K: PartialEq, V>(kept: &Mutex<Vec<(K, V)>>, key: K, value: V) {
    let mut kept = held(kept);
    if kept.iter().any(|(of, _)| *of == key) {
        return;
    }
    if kept.len() >= KEPT {
        kept.remove(0);
    }
    kept.push((key, value));
}
