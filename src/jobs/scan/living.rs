//! The market kept in memory and up to date: a living process reads what changed since its last look, in one snapshot, and ranks
//! again. Its answers are those of a full scan in that snapshot, bit for bit.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use tokio_postgres::{Client, Transaction};

use super::panel::Panel;
use super::ranked::{Ranked, rank};
use super::tape::Tape;
use super::{ScanError, check_features};
use crate::arithmetic::scores::Weights;
use crate::domain::calendar::END_DAY;
use crate::store::change_log::{self, Change, Standing, Topic};
use crate::store::{bars, date_of};

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

/// What a look at the change log found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Followed {
    /// Whether everything was read.
    pub from_nothing: bool,
    /// Instruments whose signals were computed.
    pub computed: usize,
    /// Feature rows that were read.
    pub features: usize,
    /// Whether anything is different from before.
    pub changed: bool,
}

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
        match (changes, &mut self.state) {
            (Some(changes), Some(state)) => {
                match state.updated(&transaction, &self.benchmark, standing.clone(), &changes).await? {
                    Update::Nothing => Ok(Followed::default()),
                    Update::To(state, followed) => {
                        self.state = Some(state);
                        Ok(followed)
                    }
                    Update::FromNothing => self.read(&transaction, standing).await,
                }
            }
            _ => self.read(&transaction, standing).await,
        }
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
        Ok(Followed { from_nothing: true, computed, features, changed: true })
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

enum Update {
    /// Nothing that the state depends on changed.
    Nothing,
    To(State, Followed),
    /// The latest session went back: who was too old to be read may be there again.
    FromNothing,
}

impl State {
    async fn updated(
        &mut self,
        transaction: &Transaction<'_>,
        benchmark: &str,
        standing: Standing,
        changes: &[(String, Change)],
    ) -> Result<Update, ScanError> {
        if changes.iter().any(|(topic, _)| topic == Topic::Sessions.name()) {
            return Err(ScanError::Calendar);
        }
        let of = |topics: &[Topic]| merged(changes, topics);
        let mut followed = Followed::default();
        let mut panel = Panel::clone(&self.panel);
        let mut tape = self.tape.clone();
        let moved = of(&[Topic::Bars, Topic::Splits]);
        if !moved.is_empty() {
            tape.update(transaction, &moved).await?;
            let ids: Vec<i32> = moved.iter().map(|change| change.instrument_id).collect();
            let fresh = tape.signals(Some(&ids))?;
            followed.computed = fresh.len();
            panel.replace_signals(&ids, fresh);
            if panel.session < self.panel.session {
                return Ok(Update::FromNothing);
            }
        }
        let unknown = |id: &i32| panel.instruments.binary_search_by_key(id, |one| one.id).is_err();
        let news = moved.iter().map(|change| change.instrument_id).any(|id| {
            unknown(&id) || panel.signals.binary_search_by_key(&id, |row| row.instrument_id).is_err()
        });
        if news || self.standing.reference != standing.reference || !of(&[Topic::Instruments]).is_empty() {
            panel.read_instruments(transaction, benchmark).await?;
        }
        let session = date_of(panel.session);
        if panel.session == self.panel.session {
            let covers = |change: &&Change| {
                change.from <= session && change.through.is_none_or(|through| session <= through)
            };
            let ids: Vec<i32> =
                of(&[Topic::Features]).iter().filter(covers).map(|change| change.instrument_id).collect();
            followed.features = panel.reread_features(transaction, &ids).await?;
        } else {
            followed.features = panel.read_features(transaction).await?;
        }
        panel.read_behind(transaction).await?;
        followed.changed = !changes.is_empty()
            || panel.behind != self.panel.behind
            || self.standing.reference != standing.reference;
        if !followed.changed {
            self.standing = standing;
            return Ok(Update::Nothing);
        }
        let state = State { standing, tape, panel: Arc::new(panel), ranked: Vec::new() };
        Ok(Update::To(state, followed))
    }
}

/// The changes of `topics`, merged to one an instrument, ascending.
fn merged(changes: &[(String, Change)], topics: &[Topic]) -> Vec<Change> {
    let mut by_id: BTreeMap<i32, (NaiveDate, Option<NaiveDate>)> = BTreeMap::new();
    for (_, change) in changes.iter().filter(|(topic, _)| topics.iter().any(|of| of.name() == topic)) {
        by_id
            .entry(change.instrument_id)
            .and_modify(|(from, through)| {
                *from = change.from.min(*from);
                *through = through.zip(change.through).map(|(a, b)| a.max(b));
            })
            .or_insert((change.from, change.through));
    }
    by_id
        .into_iter()
        .map(|(instrument_id, (from, through))| Change { instrument_id, from, through })
        .collect()
}
