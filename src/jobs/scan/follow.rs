//! A panel brought up to date by the change log: the same steps whether the panel lives in memory or comes from the cache.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tokio_postgres::Transaction;

use super::panel::{NewFeatures, Panel, Patch};
use super::tape::Tape;
use super::{ScanError, fresh};
use crate::store::change_log::{Change, Topic};
use crate::store::signals::LatestSignals;
use crate::store::{date_of, features, instruments};

/// Where bars are taken from.
pub enum Bars<'a> {
    /// From memory, which is brought up to date first.
    Memory(&'a mut Tape),
    /// From the database.
    Database,
    /// The signals of what [`moved`] were computed already, and the features of what is [`due`] are read.
    Computed(Vec<LatestSignals>, NewFeatures),
}

/// The instruments whose bars or splits changed, with the days, ascending.
pub fn moved(changes: &[(String, Change)]) -> Vec<Change> {
    merged(changes, &[Topic::Bars, Topic::Splits])
}

/// The instruments whose feature rows of `session` a refresh changed, ascending.
pub fn due(changes: &[(String, Change)], session: i32) -> Vec<i32> {
    let session = date_of(session);
    let mut due = merged(changes, &[Topic::Features]);
    due.retain(|one| one.from <= session && one.through.is_none_or(|through| session <= through));
    ids(&due)
}

/// What was brought up to date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Followed {
    /// Whether everything was read.
    pub from_nothing: bool,
    /// Instruments whose bars or splits changed.
    pub moved: usize,
    /// Instruments whose signals were computed.
    pub computed: usize,
    /// Feature rows that were read.
    pub features: usize,
    /// Whether anything is different from before.
    pub changed: bool,
    /// Instruments of which anything may be different, ascending; none: all.
    pub touched: Option<Vec<i32>>,
}

/// What brings `panel` up to `changes`; none where only reading everything would do. `renamed`: a list of tickers was applied since.
///
/// # Errors
/// As of a scan. Bars in memory may then be newer than the panel, which does no harm: the same changes are read once more.
pub async fn follow(
    transaction: &Transaction<'_>,
    panel: &Panel,
    bars: Bars<'_>,
    changes: &[(String, Change)],
    renamed: bool,
) -> Result<Option<(Followed, Patch)>, ScanError> {
    if changes.iter().any(|(topic, _)| topic == Topic::Sessions.name()) {
        return Ok(None);
    }
    let moved = moved(changes);
    let mut patch = Patch { session: panel.session, moved: ids(&moved), ..Patch::default() };
    let mut followed = Followed { moved: moved.len(), ..Followed::default() };
    let due = due(changes, panel.session);
    // The features are of the session so far, which is the one to rank on all looks but one a day.
    let features = panel.read_again(transaction, due.clone());
    (patch.signals, patch.features) = match bars {
        Bars::Computed(signals, features) => (signals, features),
        Bars::Database => tokio::try_join!(fresh::of_changed(transaction, &moved, &panel.signals), features)?,
        Bars::Memory(tape) => {
            let signals = async {
                tape.update(transaction, &moved, panel.session).await?;
                tape.signals(Some(&patch.moved))
            };
            tokio::try_join!(signals, features)?
        }
    };
    if !moved.is_empty() {
        followed.computed = patch.signals.len();
        patch.session = panel.session_with(&patch.moved, &patch.signals);
        // Who was too old to be read may be read again.
        if patch.session < panel.session {
            return Ok(None);
        }
    }
    let is_known = |id: &i32| panel.instruments.binary_search_by_key(id, |one| one.id).is_ok();
    let has_bars = |id: &i32| patch.signals.binary_search_by_key(id, |row| row.instrument_id).is_ok();
    let restated = ids(&merged(changes, &[Topic::Instruments]));
    if renamed || !restated.is_empty() || !patch.moved.iter().all(|id| is_known(id) && has_bars(id)) {
        patch.instruments = Some(instruments::all(transaction).await?);
    }
    let mut touched = Some(union(&patch.moved, &due));
    if patch.session != panel.session {
        patch.features = NewFeatures::All(features::read_session(transaction, date_of(patch.session)).await?);
        touched = None;
    }
    if matches!(&patch.features, NewFeatures::All(rows) if rows.is_empty()) {
        return Err(ScanError::NoFeatures(date_of(patch.session)));
    }
    followed.features = patch.features.rows();
    followed.touched = if renamed { None } else { touched.map(|touched| union(&touched, &restated)) };
    followed.changed = !changes.is_empty() || renamed;
    Ok(Some((followed, patch)))
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

fn ids(changes: &[Change]) -> Vec<i32> {
    changes.iter().map(|change| change.instrument_id).collect()
}

/// The instruments of both, ascending.
fn union(one: &[i32], other: &[i32]) -> Vec<i32> {
    let mut all = [one, other].concat();
    all.sort_unstable();
    all.dedup();
    all
}
