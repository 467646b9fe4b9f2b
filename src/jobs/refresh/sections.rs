//! The cross-section of sessions that moved: their moments, from computed rows and the stored rows of everybody else.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::time::Instant;

use rayon::prelude::*;
use tokio_postgres::Transaction;

use super::Market;
use super::block::Computed;
use super::reach::Reach;
use crate::arithmetic::cross_section::{CrossSection, Moments};
use crate::arithmetic::session::{SessionColumns, cross_section};
use crate::store::features::{self, FeatureRow, MomentsRow};
use crate::store::refresh_runs::Done;
use crate::store::{StoreError, date_of};

/// Sessions held in memory at once.
const AT_ONCE: usize = 63;

/// Moments of some sessions as they are stored.
pub type MomentsRows = BTreeMap<i32, Vec<(String, MomentsRow)>>;

/// Computes and stores the moments of the sessions `moved`, whose rows are stored already.
pub async fn refresh(
    transaction: &Transaction<'_>,
    market: &Market,
    here: &Reach,
    computed: &Computed,
    moved: &[i32],
    done: &mut Done,
) -> Result<(), StoreError> {
    for sessions in moved.chunks(AT_ONCE) {
        let started = Instant::now();
        let others = read_others(transaction, here, sessions).await?;
        done.reading += started.elapsed();
        let started = Instant::now();
        let moments = moments(market, here, computed, &others, sessions);
        done.computing += started.elapsed();
        let started = Instant::now();
        done.sections_changed += store(transaction, sessions, &moments).await?;
        done.writing += started.elapsed();
        done.sections += sessions.len();
    }
    Ok(())
}

/// Stores the moments of `sessions` where they differ from what is stored. Gives how many sessions that were.
pub async fn store(
    transaction: &Transaction<'_>,
    sessions: &[i32],
    moments: &MomentsRows,
) -> Result<usize, StoreError> {
    let (Some(first), Some(last)) = (sessions.first(), sessions.last()) else { return Ok(0) };
    let until = date_of(*last) + chrono::Days::new(1);
    let stored = features::read_moments(transaction, date_of(*first), until).await?;
    let differs = |session: &i32| match (moments.get(session), stored.get(session)) {
        (Some(rows), Some(stored)) => {
            rows.len() != stored.len()
                || rows.iter().any(|(factor, row)| !stored.get(factor).is_some_and(|old| old.same(row)))
        }
        (None, None) => false,
        _ => true,
    };
    let differing: Vec<i32> = sessions.iter().copied().filter(differs).collect();
    if !differing.is_empty() {
        features::replace_moments(transaction, &differing, moments).await?;
    }
    Ok(differing.len())
}

/// Whether `here` has every row of `sessions`, so that nothing stored is needed beside it.
pub fn is_everybody(market: &Market, here: &Reach, sessions: &Range<i32>) -> bool {
    here.values().all(|range| range == sessions)
        && market.instruments.iter().all(|instrument| here.contains_key(&instrument.id))
}

/// Stored rows that were not computed in this block, by session.
async fn read_others(
    transaction: &Transaction<'_>,
    here: &Reach,
    sessions: &[i32],
) -> Result<HashMap<i32, Vec<(i32, FeatureRow)>>, StoreError> {
    let mut others: HashMap<i32, Vec<(i32, FeatureRow)>> = HashMap::new();
    let (Some(first), Some(last)) = (sessions.first(), sessions.last()) else { return Ok(others) };
    let until = date_of(*last) + chrono::Days::new(1);
    features::read_each(transaction, date_of(*first), until, None, |id, row| {
        if !here.get(&id).is_some_and(|range| range.contains(&row.session)) {
            others.entry(row.session).or_default().push((id, row));
        }
    })
    .await?;
    Ok(others)
}

/// The moments of `sessions`, from computed rows and the `others`.
pub fn moments(
    market: &Market,
    here: &Reach,
    computed: &Computed,
    others: &HashMap<i32, Vec<(i32, FeatureRow)>>,
    sessions: &[i32],
) -> MomentsRows {
    sessions
        .par_iter()
        .map_init(CrossSection::default, |section, session| {
            let mut rows: Vec<(i32, &FeatureRow)> =
                others.get(session).into_iter().flatten().map(|(id, row)| (*id, row)).collect();
            for (id, own) in computed {
                if here[id].contains(session)
                    && let Ok(at) = own.binary_search_by_key(session, |row| row.session)
                {
                    rows.push((*id, &own[at]));
                }
            }
            // Ascending by instrument, because sums run in this order.
            rows.sort_by_key(|(id, _)| *id);
            (*session, of_session(section, market, &rows))
        })
        .filter(|(_, rows)| !rows.is_empty())
        .collect()
}

/// The moments of one session from all of its rows, ascending by instrument; nothing for a session without rows.
pub fn of_session(
    section: &mut CrossSection,
    market: &Market,
    rows: &[(i32, &FeatureRow)],
) -> Vec<(String, MomentsRow)> {
    if rows.is_empty() {
        return Vec::new();
    }
    let mut columns = SessionColumns::default();
    for (id, row) in rows {
        columns.push(row.in_population, market.sector(*id), &row.values);
    }
    let stored = |m: Moments| MomentsRow { count: m.count as i32, values: [m.lower, m.upper, m.mean, m.sd] };
    cross_section(section, &columns).moments.into_iter().map(|(name, m)| (name, stored(m))).collect()
}
