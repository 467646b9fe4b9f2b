//! A block of sessions: its feature rows read, and every session judged against the bars after it.

use std::collections::BTreeMap;

use rayon::prelude::*;
use tokio_postgres::Transaction;

use super::{Market, Options, after};
use crate::arithmetic::cross_section::CrossSection;
use crate::arithmetic::evaluation::forward::{Last, Outcome, Path};
use crate::arithmetic::evaluation::session::{Names, SessionResult, judge as judge_session};
use crate::arithmetic::evaluation::signal;
use crate::arithmetic::evaluation::standing::Standing;
use crate::arithmetic::session::SessionColumns;
use crate::domain::history::{BarSlice, History};
use crate::store::bars::BarTable;
use crate::store::features::{self, FeatureRow};
use crate::store::{StoreError, date_of};

/// Rows of some sessions, each session's ascending by instrument.
type Rows = BTreeMap<i32, Vec<(i32, FeatureRow)>>;

/// A session's result and standing, a signal each.
type Results = Vec<(SessionResult, Standing)>;

/// Reads the feature rows of consecutive sessions.
pub async fn read(transaction: &Transaction<'_>, sessions: &[i32]) -> Result<Rows, StoreError> {
    let mut rows = Rows::new();
    let (Some(first), Some(last)) = (sessions.first(), sessions.last()) else { return Ok(rows) };
    features::read_each(transaction, date_of(*first), after(*last), None, |id, row| {
        rows.entry(row.session).or_default().push((id, row));
    })
    .await?;
    for rows in rows.values_mut() {
        rows.sort_unstable_by_key(|(id, _)| *id);
    }
    Ok(rows)
}

/// The bars of a block and of the horizon after it, by instrument.
pub struct Bars<'a> {
    table: &'a BarTable,
    /// In the order of the table's instruments.
    paths: Vec<Path<'a>>,
}

impl<'a> Bars<'a> {
    /// Walks every instrument's actions.
    pub fn new(table: &'a BarTable, market: &'a Market) -> Self {
        let path = |id: &i32| {
            let rows = table.rows_of(*id);
            let history = History {
                bars: BarSlice {
                    sessions: &table.sessions[rows.clone()],
                    close: &table.close[rows.clone()],
                    volume: &table.volume[rows],
                },
                splits: market.actions.splits(*id),
                dividends: market.actions.dividends(*id),
                ..History::default()
            };
            let own = market.last_bars.get(id).copied().unwrap_or(market.last_session);
            Path::new(&history, Last { market: market.last_session, own })
        };
        Self { table, paths: table.instruments.par_iter().map(path).collect() }
    }

    fn outcome(&self, id: i32, session: i32, horizon: usize) -> Outcome {
        match self.table.instruments.binary_search(&id) {
            Ok(at) => self.paths[at].outcome(session, horizon as i32),
            Err(_) => Outcome::Unpriced,
        }
    }
}

/// Judges every session of `rows`, in parallel, ascending by session.
pub fn judge(rows: Rows, bars: &Bars<'_>, market: &Market, options: &Options) -> Vec<(i32, Results)> {
    let mut sessions: Vec<(i32, Vec<(i32, FeatureRow)>)> = rows.into_iter().collect();
    sessions
        .par_drain(..)
        .map_init(CrossSection::default, |section, (session, rows)| {
            (session, of_session(section, session, &rows, bars, market, options))
        })
        .collect()
}

fn of_session(
    section: &mut CrossSection,
    session: i32,
    rows: &[(i32, FeatureRow)],
    bars: &Bars<'_>,
    market: &Market,
    options: &Options,
) -> Results {
    let mut columns = SessionColumns::default();
    let (mut ids, mut order, mut members) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (id, row)) in rows.iter().enumerate() {
        let position = market.position(*id);
        columns.push(row.in_population, position.and_then(|at| market.sectors[at]), &row.values);
        if let Some(position) = position.filter(|_| row.in_population) {
            members.push(at);
            ids.push(*id);
            order.push(market.order[position]);
        }
    }
    let outcomes: Vec<Option<Vec<Outcome>>> = options
        .horizons
        .iter()
        .map(|&horizon| {
            let ends = session.saturating_add(horizon as i32) <= market.last_session;
            ends.then(|| ids.iter().map(|id| bars.outcome(*id, session, horizon)).collect())
        })
        .collect();
    signal::columns(&options.signals, &columns, section)
        .into_iter()
        .map(|column| {
            let values: Vec<f64> = members.iter().map(|&at| column[at]).collect();
            let names = Names { ids: &ids, order: &order, values: &values };
            judge_session(&names, &outcomes, options.quantiles)
        })
        .collect()
}
