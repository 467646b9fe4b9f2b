//! `features verify`: computes rows from nothing and compares them with the stored ones, bit for bit, in one snapshot.

use std::collections::HashMap;

use tokio_postgres::{Client, Transaction};

use super::block;
use super::reach::{self, Reach};
use super::{Market, sections};
use crate::arithmetic::catalogue::FACTORS;
use crate::arithmetic::cross_section::CrossSection;
use crate::arithmetic::factor_set::FactorSet;
use crate::store::change_log::{self, Job};
use crate::store::features::{self, FeatureRow};
use crate::store::{StoreError, bars, date_of};

/// How many differences are kept to be shown.
const SHOWN: usize = 10;

/// How much is computed again.
#[derive(Debug, Clone, Copy)]
pub enum Sample {
    /// Every instrument and session.
    All,
    /// About so many instruments, spread evenly, and as many sessions' cross-sections.
    About(usize),
}

/// What was found.
#[derive(Debug, Default, Clone)]
pub struct Verdict {
    /// Whether the stored rows are of other definitions (another benchmark, another version), or none are stored: nothing
    /// is compared then.
    pub other_definitions: bool,
    /// Instruments that changed since the last refresh: nothing is compared until they are refreshed.
    pub pending: usize,
    /// Instruments computed.
    pub instruments: usize,
    /// Rows compared: stored, computed or both.
    pub rows: u64,
    /// Rows that are not equal to the bit.
    pub differing_rows: u64,
    /// Sessions whose moments were computed again from the stored rows.
    pub sections: u64,
    /// Moments that are not equal to the bit.
    pub differing_moments: u64,
    /// The first differences, in words.
    pub shown: Vec<String>,
}

impl Verdict {
    /// Whether everything compared is equal and nothing is pending.
    pub fn is_clean(&self) -> bool {
        !self.other_definitions
            && self.pending == 0
            && self.differing_rows == 0
            && self.differing_moments == 0
    }

    fn differs(&mut self, words: impl FnOnce() -> String) {
        if self.shown.len() < SHOWN {
            self.shown.push(words());
        }
    }
}

/// Computes again and compares. `progress` is told how many of how many sessions are done.
pub async fn verify(
    client: &mut Client,
    benchmark: &str,
    sample: Sample,
    progress: &dyn Fn(usize, usize),
) -> Result<Verdict, StoreError> {
    let transaction = change_log::snapshot(client).await?;
    let mut verdict = Verdict {
        other_definitions: !super::are_current(&transaction, benchmark).await?,
        pending: change_log::changes(&transaction, Job::Features).await?.len(),
        ..Verdict::default()
    };
    if verdict.other_definitions || verdict.pending > 0 {
        return Ok(verdict);
    }
    let mut market = Market::read(&transaction, benchmark).await?;
    let range = bars::range(&transaction).await?;
    let mut reach = reach::of_everything(&market, range);
    let mut every_session = 1;
    if let Sample::About(count) = sample {
        let every = (reach.len() / count.max(1)).max(1);
        reach = reach.into_iter().step_by(every).collect();
        every_session = reach.values().next().map_or(1, |r| (r.end - r.start) as usize / count.max(1)).max(1);
    }
    market.read_facts(&transaction, &reach).await?;
    verdict.instruments = reach.len();
    let blocks = reach::blocks(&reach);
    let mut before = None;
    let (total, mut done) = (blocks.iter().map(|b| (b.end - b.start) as usize).sum(), 0);
    for sessions in blocks {
        progress(done, total);
        rows(&transaction, &market, &reach, &sessions, &mut before, &mut verdict).await?;
        let chosen: Vec<i32> =
            sessions.clone().filter(|s| (*s as usize).is_multiple_of(every_session)).collect();
        moments(&transaction, &market, &chosen, &mut verdict).await?;
        done += (sessions.end - sessions.start) as usize;
    }
    progress(done, total);
    Ok(verdict)
}

async fn rows(
    transaction: &Transaction<'_>,
    market: &Market,
    reach: &Reach,
    sessions: &std::ops::Range<i32>,
    before: &mut Option<block::Window>,
    verdict: &mut Verdict,
) -> Result<(), StoreError> {
    let here: Reach = reach.keys().map(|id| (*id, sessions.clone())).collect();
    let window = block::read_bars(transaction, market, &here, sessions, before.as_ref()).await?;
    let computed = block::compute(market, &window, &here);
    *before = Some(window);
    let ids: Vec<i32> = here.keys().copied().collect();
    let only = if ids.len() >= market.instruments.len() { None } else { Some(ids.as_slice()) };
    let until = date_of(sessions.end - 1) + chrono::Days::new(1);
    let mut stored = features::read(transaction, date_of(sessions.start), until, only).await?;
    for (id, rows) in &computed {
        let stored: HashMap<i32, FeatureRow> =
            stored.remove(id).unwrap_or_default().into_iter().map(|row| (row.session, row)).collect();
        verdict.rows += rows.len() as u64;
        for row in rows {
            match stored.get(&row.session) {
                Some(old) if old.same(row) => {}
                old => {
                    verdict.differing_rows += 1;
                    verdict.differs(|| difference(market, *id, row, old));
                }
            }
        }
        let known: std::collections::HashSet<i32> = rows.iter().map(|row| row.session).collect();
        for session in stored.keys().filter(|session| !known.contains(session)) {
            verdict.rows += 1;
            verdict.differing_rows += 1;
            verdict.differs(|| {
                format!("{} {}: stored, but there is no bar", ticker(market, *id), date_of(*session))
            });
        }
    }
    Ok(())
}

async fn moments(
    transaction: &Transaction<'_>,
    market: &Market,
    sessions: &[i32],
    verdict: &mut Verdict,
) -> Result<(), StoreError> {
    let mut section = CrossSection::default();
    for session in sessions {
        let date = date_of(*session);
        let rows = features::read_session(transaction, date).await?;
        let rows: Vec<(i32, &FeatureRow)> = rows.iter().map(|(id, row)| (*id, row)).collect();
        let computed = sections::of_session(&mut section, market, &rows, FactorSet::ALL);
        let stored = features::read_moments(transaction, date, date + chrono::Days::new(1)).await?;
        let mut stored = stored.get(session).cloned().unwrap_or_default();
        verdict.sections += 1;
        for (factor, row) in computed {
            if !stored.remove(&factor).is_some_and(|old| old.same(&row)) {
                verdict.differing_moments += 1;
                verdict.differs(|| format!("{date} {factor}: the stored moments differ"));
            }
        }
        for factor in stored.keys() {
            verdict.differing_moments += 1;
            verdict.differs(|| format!("{date} {factor}: moments are stored, but there are no rows"));
        }
    }
    Ok(())
}

fn ticker(market: &Market, id: i32) -> &str {
    market.position(id).map_or("?", |at| market.instruments[at].ticker.as_str())
}

fn difference(market: &Market, id: i32, row: &FeatureRow, old: Option<&FeatureRow>) -> String {
    let (ticker, date) = (ticker(market, id), date_of(row.session));
    let Some(old) = old else { return format!("{ticker} {date}: a bar is there, but no stored row") };
    let factor = FACTORS
        .iter()
        .zip(row.values.iter().zip(&old.values))
        .find(|(_, (a, b))| a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan()));
    match factor {
        Some((factor, (computed, stored))) => {
            format!("{ticker} {date} {}: stored {stored:?}, computed {computed:?}", factor.name)
        }
        None => format!(
            "{ticker} {date}: stored in_population {}, computed {}",
            old.in_population, row.in_population
        ),
    }
}
