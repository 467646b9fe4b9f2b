//! One block of sessions: read bars, compute rows, compare with what is stored, write what differs, and the cross-section
//! of the sessions that moved.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use tokio_postgres::{Client, Transaction};

use super::Market;
use super::reach::Reach;
use super::sections::{self, MomentsRows};
use crate::arithmetic::NULL;
use crate::arithmetic::catalogue::{FACTOR_COUNT, PRICE_FACTOR_COUNT, PRICE_HISTORY};
use crate::arithmetic::factor_set::FactorSet;
use crate::arithmetic::factors::{Benchmark, FactorColumns, Workspace, price_factors};
use crate::arithmetic::statements::StatementCursor;
use crate::domain::history::{BarSlice, History};
use crate::store::bars::{self, BarTable};
use crate::store::change_log::{self, Change, Topic};
use crate::store::features::{self, FeatureRow, WIDTH};
use crate::store::refresh_runs::Done;
use crate::store::{StoreError, date_of};

const _: () = assert!(WIDTH == FACTOR_COUNT, "the table has a column a factor");

/// Rows of some instruments, ascending by instrument, each ascending by session.
pub type Computed = Vec<(i32, Vec<FeatureRow>)>;

/// The bars that a block was computed from. The next block goes on from them.
pub struct Window {
    bars: BarTable,
    /// Whose bars they are; none for the whole market's.
    only: Option<Vec<i32>>,
    /// First session after them.
    until: i32,
}

/// What a block reads: its bars, its stored rows, and the rows to compute.
pub struct Input {
    sessions: Range<i32>,
    here: Reach,
    /// Its bars, and what its windows reach back to.
    pub window: Arc<Window>,
    stored: HashMap<i32, Vec<FeatureRow>>,
    /// Time that reading took.
    pub reading: Duration,
}

/// A computed block: its rows, and what differs from the stored ones.
pub struct Output {
    sessions: Range<i32>,
    here: Reach,
    computed: Computed,
    difference: Difference,
    /// The cross-section of the sessions that moved, where the block has everybody's rows.
    moments: Option<MomentsRows>,
    /// Time that the arithmetic took.
    pub computing: Duration,
}

/// Reads what the rows of `reach` within `sessions` need, in one snapshot; nothing where there are none. `before` is the
/// window of the block before.
pub async fn read(
    client: &mut Client,
    market: &Market,
    reach: &Reach,
    sessions: Range<i32>,
    before: Option<&Window>,
) -> Result<Option<Input>, StoreError> {
    let here: Reach = reach
        .iter()
        .map(|(id, range)| (*id, range.start.max(sessions.start)..range.end.min(sessions.end)))
        .filter(|(_, range)| range.start < range.end)
        .collect();
    if here.is_empty() {
        return Ok(None);
    }
    let started = Instant::now();
    let transaction = change_log::snapshot(client).await?;
    let window = Arc::new(read_bars(&transaction, market, &here, &sessions, before).await?);
    let stored = if market.has_stored_rows(&sessions) {
        read_stored(&transaction, market, &here, &sessions).await?
    } else {
        HashMap::new()
    };
    transaction.commit().await.map_err(|e| StoreError::from_driver("closing a snapshot", e))?;
    Ok(Some(Input { sessions, here, window, stored, reading: started.elapsed() }))
}

impl Input {
    /// Computes the rows and compares them with the stored ones. Needs no database.
    pub fn compute(self, market: &Market) -> Output {
        let started = Instant::now();
        let Self { sessions, here, window, mut stored, .. } = self;
        let mut computed = compute(market, &window, &here);
        drop(window);
        if let Some((redefined, reached)) = &market.redefined {
            keep_other_columns(&mut computed, &stored, &redefined.columns, reached);
        }
        let difference = compare(market, &computed, &mut stored, &here);
        let everybody = sections::is_everybody(market, &here, &sessions);
        let moments =
            everybody.then(|| sections::moments(market, &computed, &HashMap::new(), &difference.moved()));
        Output { sessions, here, computed, difference, moments, computing: started.elapsed() }
    }
}

impl Output {
    /// Stores what differs and the cross-section of the sessions that moved, in one transaction.
    pub async fn write(
        &self,
        client: &mut Client,
        market: &Market,
        done: &mut Done,
    ) -> Result<(), StoreError> {
        let Self { sessions, here, computed, difference, moments, .. } = self;
        done.computing += self.computing;
        done.computed += computed.iter().map(|(_, rows)| rows.len() as u64).sum::<u64>();
        done.added += difference.added;
        done.changed += difference.changed;
        done.removed += difference.gone.len() as u64 - difference.changed;
        if difference.is_empty() {
            return Ok(());
        }
        let started = Instant::now();
        let transaction = change_log::snapshot(client).await?;
        features::remove(&transaction, &difference.gone).await?;
        features::copy(&transaction, in_key_order(computed, &difference.fresh, sessions).into_iter()).await?;
        change_log::append(&transaction, Topic::Features, &difference.changes(computed)).await?;
        done.writing += started.elapsed();
        let moved = difference.moved();
        if let Some(moments) = moments {
            let started = Instant::now();
            done.sections += moved.len();
            done.sections_changed += sections::store(&transaction, &moved, moments).await?;
            done.writing += started.elapsed();
        } else {
            sections::refresh(&transaction, market, here, computed, &moved, done).await?;
        }
        transaction.commit().await.map_err(|e| StoreError::from_driver("storing features", e))
    }
}

/// Bars for the windows of the rows: of the whole market where most instruments are wanted.
pub async fn read_bars(
    transaction: &Transaction<'_>,
    market: &Market,
    here: &Reach,
    sessions: &Range<i32>,
    before: Option<&Window>,
) -> Result<Window, StoreError> {
    let oldest = (sessions.start - PRICE_HISTORY).max(0);
    let until = date_of(sessions.end - 1) + chrono::Days::new(1);
    let mut ids: Vec<i32> = here.keys().copied().chain(market.benchmark).collect();
    ids.sort_unstable();
    ids.dedup();
    let only = if ids.len() * 2 > market.instruments.len() { None } else { Some(ids) };
    let bars = match before.filter(|before| before.until == sessions.start && before.only == only) {
        Some(before) => {
            let from = date_of(sessions.start);
            bars::read_closes_after(transaction, &before.bars, oldest, from, until, only.as_deref()).await?
        }
        None => bars::read_closes(transaction, date_of(oldest), until, only.as_deref()).await?,
    };
    Ok(Window { bars, only, until: sessions.end })
}

/// Stored rows of the block, of those instruments that are computed; of others too where most are.
async fn read_stored(
    transaction: &Transaction<'_>,
    market: &Market,
    here: &Reach,
    sessions: &Range<i32>,
) -> Result<HashMap<i32, Vec<FeatureRow>>, StoreError> {
    let ids: Vec<i32> = here.keys().copied().collect();
    let only = if ids.len() * 2 > market.instruments.len() { None } else { Some(ids.as_slice()) };
    let until = date_of(sessions.end - 1) + chrono::Days::new(1);
    features::read(transaction, date_of(sessions.start), until, only).await
}

/// Computes the rows of `here`, in parallel by instrument.
pub fn compute(market: &Market, window: &Window, here: &Reach) -> Computed {
    let bars = &window.bars;
    let history = |id: i32| {
        let rows = bars.rows_of(id);
        History {
            bars: BarSlice {
                sessions: &bars.sessions[rows.clone()],
                close: &bars.close[rows.clone()],
                volume: &bars.volume[rows],
            },
            splits: market.actions.splits(id),
            dividends: market.actions.dividends(id),
            shares: market.actions.shares(id),
            // What was read begins a window before the first row or at the instrument's first bar.
            earlier_bars: false,
        }
    };
    let benchmark = market.benchmark.map(|id| Benchmark::new(&history(id)));
    let wanted: Vec<(i32, Range<i32>)> = here.iter().map(|(id, range)| (*id, range.clone())).collect();
    wanted
        .par_iter()
        .map_init(
            || (Workspace::default(), FactorColumns::default()),
            |(workspace, columns), (id, range)| {
                columns.clear();
                let is_benchmark = Some(*id) == market.benchmark;
                price_factors(
                    workspace,
                    &history(*id),
                    benchmark.as_ref(),
                    is_benchmark,
                    range.clone(),
                    columns,
                );
                let statements = StatementCursor::new(
                    market.statements_of(*id),
                    market.actions.splits(*id),
                    market.is_financial(*id),
                );
                (*id, rows(columns, statements, market.may_be_in_population(*id)))
            },
        )
        .collect()
}

fn rows(columns: &FactorColumns, mut statements: StatementCursor<'_>, eligible: bool) -> Vec<FeatureRow> {
    (0..columns.sessions.len())
        .map(|at| {
            let mut values = [NULL; WIDTH];
            let (of_price, of_statements) = values.split_at_mut(PRICE_FACTOR_COUNT);
            for (value, column) in of_price.iter_mut().zip(&columns.values) {
                *value = column[at];
            }
            of_statements
                .copy_from_slice(&statements.values(columns.sessions[at], columns.market_equity[at]));
            let in_population = eligible && columns.in_population_rule[at];
            FeatureRow { session: columns.sessions[at], in_population, values }
        })
        .collect()
}

/// Of rows that no change reaches, keeps all but `columns` as it is stored.
fn keep_other_columns(
    computed: &mut Computed,
    stored: &HashMap<i32, Vec<FeatureRow>>,
    columns: &[usize],
    reached: &Reach,
) {
    for (id, rows) in computed {
        let Some(stored) = stored.get(id) else { continue };
        for row in rows {
            let is_reached = reached.get(id).is_some_and(|range| range.contains(&row.session));
            if let (false, Ok(at)) =
                (is_reached, stored.binary_search_by_key(&row.session, |old| old.session))
            {
                let computed = std::mem::replace(row, stored[at]);
                for &column in columns {
                    row.values[column] = computed.values[column];
                }
            }
        }
    }
}

/// What to write.
struct Difference {
    /// Keys (session, instrument) of stored rows that are gone or different.
    gone: Vec<(i32, i32)>,
    /// For each computed instrument, which of its rows are new or different.
    fresh: Vec<Vec<bool>>,
    /// Sessions whose cross-section is due, with the factors that moved in them: where a row of the population differs, and
    /// where a restated instrument has a row.
    moved: BTreeMap<i32, FactorSet>,
    added: u64,
    changed: u64,
}

impl Difference {
    fn moves(&mut self, session: i32, factors: FactorSet) {
        if !factors.is_empty() {
            let set = self.moved.entry(session).or_default();
            *set = set.union(factors);
        }
    }

    fn moved(&self) -> Vec<(i32, FactorSet)> {
        self.moved.iter().map(|(session, factors)| (*session, *factors)).collect()
    }

    /// The sessions from the first to the last row that is written or removed, an instrument each.
    fn changes(&self, computed: &Computed) -> Vec<Change> {
        let mut spans: BTreeMap<i32, (i32, i32)> = BTreeMap::new();
        let mut touch = |id: i32, session: i32| {
            let span = spans.entry(id).or_insert((session, session));
            *span = (span.0.min(session), span.1.max(session));
        };
        for ((id, rows), fresh) in computed.iter().zip(&self.fresh) {
            rows.iter().zip(fresh).filter(|(_, fresh)| **fresh).for_each(|(row, _)| touch(*id, row.session));
        }
        self.gone.iter().for_each(|(session, id)| touch(*id, *session));
        spans
            .into_iter()
            .map(|(id, (from, through))| Change {
                instrument_id: id,
                from: date_of(from),
                through: Some(date_of(through)),
            })
            .collect()
    }

    fn is_empty(&self) -> bool {
        self.moved.is_empty() && self.gone.is_empty() && self.added == 0
    }
}

/// The factors whose cross-section another value of a row moves: none for a row that stays outside of the population.
fn moved_by(old: &FeatureRow, new: &FeatureRow) -> FactorSet {
    if old.in_population != new.in_population {
        return FactorSet::ALL;
    }
    if !new.in_population {
        return FactorSet::NONE;
    }
    let differs = |at: &usize| old.values[*at].to_bits() != new.values[*at].to_bits();
    (0..WIDTH).filter(differs).fold(FactorSet::NONE, FactorSet::with)
}

fn compare(
    market: &Market,
    computed: &Computed,
    stored: &mut HashMap<i32, Vec<FeatureRow>>,
    here: &Reach,
) -> Difference {
    let mut difference =
        Difference { gone: Vec::new(), fresh: Vec::new(), moved: BTreeMap::new(), added: 0, changed: 0 };
    for (id, rows) in computed {
        let range = &here[id];
        let old: Vec<FeatureRow> = stored
            .remove(id)
            .unwrap_or_default()
            .into_iter()
            .filter(|row| range.contains(&row.session))
            .collect();
        let mut old = old.iter().peekable();
        let restated = market.restated.factors(*id);
        let mut fresh = Vec::with_capacity(rows.len());
        for row in rows {
            while let Some(gone) = old.next_if(|old| old.session < row.session) {
                difference.gone.push((gone.session, *id));
                difference.moves(gone.session, FactorSet::ALL);
            }
            let same = match old.next_if(|old| old.session == row.session) {
                Some(old) if old.same(row) => true,
                Some(old) => {
                    difference.gone.push((old.session, *id));
                    difference.changed += 1;
                    difference.moves(row.session, moved_by(old, row));
                    false
                }
                None => {
                    difference.added += 1;
                    difference.moves(row.session, FactorSet::ALL);
                    false
                }
            };
            difference.moves(row.session, restated);
            fresh.push(!same);
        }
        for gone in old {
            difference.gone.push((gone.session, *id));
            difference.moves(gone.session, FactorSet::ALL);
        }
        difference.fresh.push(fresh);
    }
    difference
}

/// The fresh rows by session, then instrument: the order in which the table stores them.
fn in_key_order<'a>(
    computed: &'a Computed,
    fresh: &[Vec<bool>],
    sessions: &Range<i32>,
) -> Vec<(i32, &'a FeatureRow)> {
    let mut by_session: Vec<Vec<(i32, &FeatureRow)>> =
        vec![Vec::new(); (sessions.end - sessions.start) as usize];
    for ((id, rows), fresh) in computed.iter().zip(fresh) {
        for (row, _) in rows.iter().zip(fresh).filter(|(_, fresh)| **fresh) {
            by_session[(row.session - sessions.start) as usize].push((*id, row));
        }
    }
    by_session.into_iter().flatten().collect()
}
