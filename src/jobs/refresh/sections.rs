//! The cross-section of sessions that moved: their moments, from computed rows and the stored rows of everybody else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::time::Instant;

use rayon::prelude::*;
use tokio_postgres::Transaction;

use super::Market;
use super::block::Computed;
use super::reach::Reach;
use crate::arithmetic::cross_section::{CrossSection, Moments};
use crate::arithmetic::factor_set::FactorSet;
use crate::arithmetic::session::{SessionColumns, cross_section_of};
use crate::store::features::{self, FeatureRow, MomentsRow};
use crate::store::refresh_runs::Done;
use crate::store::{StoreError, date_of};

/// Sessions held in memory at once.
const AT_ONCE: usize = 21;

/// Moments of some sessions as they are stored.
pub type MomentsRows = BTreeMap<i32, Vec<(String, MomentsRow)>>;

/// Computes and stores the moments of the sessions `moved`, whose rows are stored already.
pub async fn refresh(
    transaction: &Transaction<'_>,
    market: &Market,
    here: &Reach,
    computed: &Computed,
    moved: &[(i32, FactorSet)],
    done: &mut Done,
) -> Result<(), StoreError> {
    for sessions in moved.chunks(AT_ONCE) {
        let started = Instant::now();
        let others = read_others(transaction, here, sessions).await?;
        done.reading += started.elapsed();
        let started = Instant::now();
        let moments = moments(market, computed, &others, sessions);
        done.computing += started.elapsed();
        let started = Instant::now();
        done.sections_changed += store(transaction, sessions, &moments).await?;
        done.writing += started.elapsed();
        done.sections += sessions.len();
    }
    Ok(())
}

/// Stores the moments of the sessions `moved` where they differ from what is stored. Gives how many sessions that were.
pub async fn store(
    transaction: &Transaction<'_>,
    moved: &[(i32, FactorSet)],
    moments: &MomentsRows,
) -> Result<usize, StoreError> {
    let (Some((first, _)), Some((last, _))) = (moved.first(), moved.last()) else { return Ok(0) };
    let until = date_of(*last) + chrono::Days::new(1);
    let mut stored = features::read_moments(transaction, date_of(*first), until).await?;
    let (mut gone, mut fresh) = (Vec::new(), Vec::new());
    for (session, of_factors) in moved {
        let mut old = stored.remove(session).unwrap_or_default();
        let rows = moments.get(session).map_or(&[][..], Vec::as_slice);
        for (name, row) in rows {
            match old.remove(name) {
                Some(old) if old.same(row) => continue,
                Some(_) => gone.push((*session, name.clone())),
                None => {}
            }
            fresh.push((*session, name.as_str(), *row));
        }
        // What was computed whole has no other moments, and a session without rows has none.
        if rows.is_empty() || *of_factors == FactorSet::ALL {
            gone.extend(old.into_keys().map(|name| (*session, name)));
        }
    }
    features::remove_moments(transaction, &gone).await?;
    features::copy_moments(transaction, &fresh).await?;
    let changed = gone.iter().map(|(session, _)| *session).chain(fresh.iter().map(|(session, ..)| *session));
    Ok(changed.collect::<BTreeSet<i32>>().len())
}

/// Whether `here` has every row of `sessions`, so that nothing stored is needed beside it.
pub fn is_everybody(market: &Market, here: &Reach, sessions: &Range<i32>) -> bool {
    here.values().all(|range| range == sessions)
        && market.instruments.iter().all(|instrument| here.contains_key(&instrument.id))
}

/// Stored rows that were not computed in this block, by session, with the columns that the moved factors need.
async fn read_others(
    transaction: &Transaction<'_>,
    here: &Reach,
    moved: &[(i32, FactorSet)],
) -> Result<HashMap<i32, Vec<(i32, FeatureRow)>>, StoreError> {
    let mut others: HashMap<i32, Vec<(i32, FeatureRow)>> = HashMap::new();
    let (Some((first, _)), Some((last, _))) = (moved.first(), moved.last()) else { return Ok(others) };
    let until = date_of(*last) + chrono::Days::new(1);
    let needed = moved.iter().fold(FactorSet::NONE, |set, (_, moved)| set.union(*moved)).with_relatives();
    let places: Vec<usize> = needed.places().collect();
    features::read_columns(transaction, date_of(*first), until, &places, &needed.names(), |id, row| {
        if !here.get(&id).is_some_and(|range| range.contains(&row.session)) {
            others.entry(row.session).or_default().push((id, row));
        }
    })
    .await?;
    Ok(others)
}

/// The moments of the sessions `moved` that their factors move, from computed rows and the `others`.
pub fn moments(
    market: &Market,
    computed: &Computed,
    others: &HashMap<i32, Vec<(i32, FeatureRow)>>,
    moved: &[(i32, FactorSet)],
) -> MomentsRows {
    // One walk along everybody's rows; looking each session up in them would miss the cache ten thousand times a session.
    let first = moved.first().map_or(0, |(session, _)| *session);
    let mut own: Vec<Vec<(i32, &FeatureRow)>> =
        vec![Vec::new(); moved.last().map_or(0, |(last, _)| last - first + 1) as usize];
    for (id, rows) in computed {
        for row in rows {
            if let Some(rows) = usize::try_from(row.session - first).ok().and_then(|at| own.get_mut(at)) {
                rows.push((*id, row));
            }
        }
    }
    moved
        .par_iter()
        .map_init(CrossSection::default, |section, (session, moved)| {
            let mut rows = own[(session - first) as usize].clone();
            if let Some(others) = others.get(session) {
                rows.extend(others.iter().map(|(id, row)| (*id, row)));
                // Ascending by instrument, because sums run in this order.
                rows.sort_by_key(|(id, _)| *id);
            }
            (*session, of_session(section, market, &rows, *moved))
        })
        .collect()
}

/// The moments of one session that the factors of `moved` move, from all of its rows, ascending by instrument; nothing for
/// a session without rows.
pub fn of_session(
    section: &mut CrossSection,
    market: &Market,
    rows: &[(i32, &FeatureRow)],
    moved: FactorSet,
) -> Vec<(String, MomentsRow)> {
    if rows.is_empty() {
        return Vec::new();
    }
    let mut columns = SessionColumns::default();
    for (id, row) in rows {
        columns.push(row.in_population, market.sector(*id), &row.values);
    }
    let stored = |m: Moments| MomentsRow { count: m.count as i32, values: [m.lower, m.upper, m.mean, m.sd] };
    let section = cross_section_of(section, &columns, moved);
    section.moments.into_iter().map(|(name, m)| (name, stored(m))).collect()
}
