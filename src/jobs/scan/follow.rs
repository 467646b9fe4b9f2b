//! A panel brought up to date by the change log: the same steps whether the panel lives in memory or comes from the cache.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tokio_postgres::Transaction;

use super::panel::Panel;
use super::tape::Tape;
use super::{ScanError, fresh};
use crate::store::change_log::{Change, Topic};
use crate::store::date_of;
use crate::store::signals::LatestSignals;

/// Where bars are taken from.
pub enum Bars<'a> {
    /// From memory, which is brought up to date first.
    Memory(&'a mut Tape),
    /// From the database.
    Database,
    /// The signals of what [`moved`] were computed already.
    Computed(Vec<LatestSignals>),
}

/// The instruments whose bars or splits changed, with the days, ascending.
pub fn moved(changes: &[(String, Change)]) -> Vec<Change> {
    merged(changes, &[Topic::Bars, Topic::Splits])
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

/// Brings `panel` up to `changes`; none where only reading everything would do. `renamed`: a list of tickers was applied since.
///
/// # Errors
/// As of a scan; the panel is then of no use.
pub async fn follow(
    transaction: &Transaction<'_>,
    panel: &mut Panel,
    bars: Bars<'_>,
    changes: &[(String, Change)],
    renamed: bool,
    benchmark: &str,
) -> Result<Option<Followed>, ScanError> {
    if changes.iter().any(|(topic, _)| topic == Topic::Sessions.name()) {
        return Ok(None);
    }
    let before = (panel.session, panel.behind.clone());
    let moved = moved(changes);
    let moved_ids = ids(&moved);
    let mut followed = Followed { moved: moved.len(), ..Followed::default() };
    if !moved.is_empty() {
        let fresh = match bars {
            Bars::Memory(tape) => {
                tape.update(transaction, &moved).await?;
                tape.signals(Some(&moved_ids))?
            }
            Bars::Computed(fresh) => fresh,
            Bars::Database => fresh::of_changed(transaction, &moved, &panel.signals).await?,
        };
        followed.computed = fresh.len();
        panel.replace_signals(&moved_ids, fresh);
        // Who was too old to be read may be read again.
        if panel.session < before.0 {
            return Ok(None);
        }
    }
    let is_news = |id: &i32| {
        panel.instruments.binary_search_by_key(id, |one| one.id).is_err() || panel.signals_of(*id).is_none()
    };
    let restated = ids(&merged(changes, &[Topic::Instruments]));
    let reread = renamed || !restated.is_empty() || moved_ids.iter().any(is_news);
    if reread {
        panel.read_instruments(transaction, benchmark).await?;
    } else {
        panel.read_benchmark(transaction, benchmark).await?;
    }
    let session = date_of(panel.session);
    let mut touched = Some(moved_ids);
    if panel.session == before.0 {
        let covers = |change: &Change| {
            change.from <= session && change.through.is_none_or(|through| session <= through)
        };
        let mut due = merged(changes, &[Topic::Features]);
        due.retain(covers);
        let due = ids(&due);
        followed.features = panel.reread_features(transaction, &due).await?;
        touched = touched.map(|touched| union(&touched, &due));
    } else {
        followed.features = panel.read_features(transaction).await?;
        touched = None;
    }
    panel.read_behind(transaction).await?;
    followed.touched = if renamed { None } else { touched.map(|touched| union(&touched, &restated)) };
    followed.changed = !changes.is_empty() || renamed || panel.behind != before.1;
    Ok(Some(followed))
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
