//! `features explain`: one stored number, from its inputs to its rank. Everything is read in one snapshot, and only what the
//! number needs: one instrument's bars of the window, its actions and statements, the benchmark's bars, and the rows and
//! moments of the session. Nothing is written.

mod error;
mod find;
mod state;
mod told;

pub use error::ExplainError;
pub use state::State;
pub use told::{Definition, Explained, FactorSaid, InstrumentSaid, Market, Population};

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use tokio_postgres::{Client, Transaction};

use crate::arithmetic::NULL;
use crate::arithmetic::catalogue::{FACTORS, PRICE_FACTOR_COUNT, PRICE_HISTORY};
use crate::arithmetic::cross_section::{CrossSection, Moments};
use crate::arithmetic::factors::Benchmark;
use crate::arithmetic::factors::explain::{self as price, Asked};
use crate::arithmetic::families::{self, Family};
use crate::arithmetic::session::SessionColumns;
use crate::arithmetic::standing::{self, Session};
use crate::arithmetic::statements::{self as statement, StatementCursor, StatementFactor};
use crate::domain::history::{BarSlice, History};
use crate::domain::instrument;
use crate::domain::statement::Statement;
use crate::store::actions::{self, Actions};
use crate::store::bars::{self, BarTable};
use crate::store::features::{self, FeatureRow, MomentsRow};
use crate::store::instruments::{self, Traits};
use crate::store::{StoreError, change_log, date_of, statements};
use find::Found;
pub use find::Name;

/// What is to be explained.
#[derive(Debug, Clone)]
pub struct Request {
    /// Ticker; case matters.
    pub ticker: String,
    /// A factor, a family, or a sector-neutral family.
    pub name: String,
    /// The session; none for the instrument's latest row.
    pub session: Option<NaiveDate>,
    /// Ticker of the benchmark.
    pub benchmark: String,
}

/// What a name of the catalogue stands for.
#[derive(Clone, Copy)]
enum Target {
    /// A factor, by its place.
    Factor(usize),
    /// A family, sector-neutral or not.
    Family(&'static Family),
}

/// Explains one number.
///
/// # Errors
/// Whatever keeps the number from being found, each with its remedy; or the store's.
pub async fn run(client: &mut Client, request: &Request) -> Result<Explained, ExplainError> {
    let target = find::target(&request.name)?;
    let transaction = change_log::snapshot(client).await?;
    let found = find::row(&transaction, &request.ticker, request.session).await?;
    let benchmark = instruments::latest_of(&transaction, &request.benchmark).await?;
    let facts = Facts::read(&transaction, &found, benchmark).await?;
    let columns = columns(&found, &facts.sector);
    let session_date = found.session_date;
    let stored_moments =
        features::read_moments(&transaction, session_date, session_date + Days::new(1)).await?;
    let moments: BTreeMap<String, Moments> = stored_moments
        .get(&found.session)
        .into_iter()
        .flatten()
        .map(|(name, row)| (name.clone(), moments(row)))
        .collect();
    let session = Session { columns: &columns, moments: &moments, at: found.at };
    let history = facts.history(found.id);
    let benchmark_history = benchmark.map(|id| facts.history(id));
    let returns = benchmark_history.as_ref().map(Benchmark::new);
    let asked = Asked {
        history: &history,
        benchmark: returns.as_ref(),
        benchmark_name: &request.benchmark,
        is_benchmark: benchmark == Some(found.id),
        share_filings: &facts.filings,
    };
    let row = price::row(&asked, found.session)
        .ok_or_else(|| ExplainError::BarGone { ticker: request.ticker.clone(), day: session_date })?;
    let stored = &found.rows[found.at].1;
    let (factor, place, family) = match target {
        Target::Factor(place) => {
            let family = FACTORS[place].family.and_then(find::family);
            (Some(facts.factor(&asked, &found, &row, place)), Some(place), family)
        }
        Target::Family(family) => (None, None, Some(family)),
    };
    let used: Vec<usize> = match (place, family) {
        (Some(place), _) => vec![place],
        (None, family) => family.map(|family| family.members.clone()).unwrap_or_default(),
    };
    let population = facts.population(&asked, &row, stored, &columns);
    let mut state = state::read(&transaction, found.id, &request.benchmark, &used).await?;
    state.compare(stored, &facts.values(&found, &row), &used, &population);
    if let Some(place) = place {
        let again = CrossSection::default().moments(&columns.values[place], &columns.population);
        state.compare_moments(FACTORS[place].name, moments.get(FACTORS[place].name), &again);
    }
    Ok(Explained {
        name: request.name.clone(),
        session_date,
        state,
        factor,
        population,
        cross_section: place.map(|place| standing::of_factor(session, place)),
        family: family.map(|family| standing::of_family(session, family)),
        instrument: facts.instrument(request, found),
    })
}

fn moments(row: &MomentsRow) -> Moments {
    let [lower, upper, mean, sd] = row.values;
    Moments { count: row.count as u32, lower, upper, mean, sd }
}

/// The session's rows in columns; of sectors, who is in that of the row.
fn columns(found: &Found, sector: &[i32]) -> SessionColumns {
    let mut columns = SessionColumns::default();
    for (id, row) in &found.rows {
        columns.push(row.in_population, sector.binary_search(id).ok().map(|_| 0), &row.values);
    }
    columns
}

/// What the number is computed from.
struct Facts {
    traits: Traits,
    /// Instruments of its sector, itself among them; nobody without a sector.
    sector: Vec<i32>,
    bars: BarTable,
    actions: Actions,
    filings: Vec<(NaiveDate, NaiveDate)>,
    statements: Vec<Statement>,
}

impl Facts {
    async fn read(
        transaction: &Transaction<'_>,
        found: &Found,
        benchmark: Option<i32>,
    ) -> Result<Self, StoreError> {
        let traits = instruments::traits_of(transaction, found.id).await?;
        let sector = match &traits.sector {
            Some(sector) => instruments::of_sector(transaction, sector).await?,
            None => Vec::new(),
        };
        let mut ids: Vec<i32> = benchmark.into_iter().chain([found.id]).collect();
        ids.dedup();
        let from = date_of((found.session - PRICE_HISTORY).max(0));
        let until = found.session_date + Days::new(1);
        Ok(Self {
            traits,
            sector,
            bars: bars::read_closes(transaction, from, until, Some(&ids)).await?,
            actions: Actions::read(transaction, Some(&ids)).await?,
            filings: actions::share_filings(transaction, found.id).await?,
            statements: statements::read(transaction, Some(&[found.id]))
                .await?
                .remove(&found.id)
                .unwrap_or_default(),
        })
    }

    /// As a refresh gives it to the kernel.
    fn history(&self, id: i32) -> History<'_> {
        let rows = self.bars.rows_of(id);
        History {
            bars: BarSlice {
                sessions: &self.bars.sessions[rows.clone()],
                close: &self.bars.close[rows.clone()],
                volume: &self.bars.volume[rows],
            },
            splits: self.actions.splits(id),
            dividends: self.actions.dividends(id),
            shares: self.actions.shares(id),
            earlier_bars: false,
        }
    }

    /// All factors of the row, computed again.
    fn values(&self, found: &Found, row: &price::Row) -> Vec<f64> {
        let splits = self.actions.splits(found.id);
        let mut cursor = StatementCursor::new(&self.statements, splits, self.traits.financial);
        row.values.into_iter().chain(cursor.values(found.session, row.market_equity)).collect()
    }

    fn factor(&self, asked: &Asked<'_>, found: &Found, row: &price::Row, place: usize) -> FactorSaid {
        let factor = &FACTORS[place];
        let stored = found.rows[found.at].1.values[place];
        let of_statements = place
            .checked_sub(PRICE_FACTOR_COUNT)
            .and_then(|at| StatementFactor::ALL.get(at).copied())
            .map(|one| {
                let splits = self.actions.splits(found.id);
                let financial = self.traits.financial;
                let explained = statement::explain(
                    &self.statements,
                    splits,
                    financial,
                    found.session,
                    row.market_equity,
                    one,
                );
                (one, explained)
            });
        let price = price::explain(asked, found.session, place);
        let mut why_null = price.as_ref().and_then(|price| price.why_null.clone());
        let (mut computed, mut market) = (price.as_ref().map_or(NULL, |price| price.value), None);
        let statements = of_statements.map(|(one, explained)| {
            computed = explained.value;
            why_null.clone_from(&explained.why_null);
            if let (Some(words), Some(first)) = (&mut why_null, self.statements.first())
                && first.usable_from > found.session
            {
                *words = format!("{words}; the first was filed on {}", first.filing_date);
            }
            if one.is_priced() {
                let shares = price::shares(asked, found.session);
                market = Some(Market {
                    close: row.close,
                    value: row.market_equity,
                    why_null: shares.as_ref().err().cloned(),
                    shares: shares.ok(),
                });
            }
            explained
        });
        FactorSaid {
            definition: Definition {
                name: factor.name,
                version: factor.version,
                family: factor.family,
                unit: factor.unit,
                direction: factor.direction.stored(),
                history: factor.history,
                inputs: factor.inputs,
                definition: factor.definition,
                source: factor.source,
            },
            stored,
            computed,
            same_bits: state::same(stored, computed),
            why_null,
            price,
            statements,
            market,
        }
    }

    fn population(
        &self,
        asked: &Asked<'_>,
        row: &price::Row,
        stored: &FeatureRow,
        columns: &SessionColumns,
    ) -> Population {
        let kind = self.traits.kind.as_deref();
        let mut excluded_by = Vec::new();
        if !instrument::is_share(kind) {
            excluded_by
                .push(format!("its type {} is none of CS, ADRC and unknown", kind.unwrap_or_default()));
        }
        if asked.is_benchmark {
            excluded_by.push("it is the benchmark".to_owned());
        }
        excluded_by.extend(row.exclusions());
        Population {
            stored: stored.in_population,
            computed: excluded_by.is_empty(),
            excluded_by,
            members: columns.population.iter().filter(|member| **member).count(),
        }
    }

    fn instrument(self, request: &Request, found: Found) -> InstrumentSaid {
        let then = found.names.iter().find(|name| name.held(found.session_date));
        InstrumentSaid {
            ticker: request.ticker.clone(),
            ticker_then: then.map(|name| name.ticker.clone()),
            instrument_id: found.id,
            company: self.traits.name,
            kind: self.traits.kind,
            sector: self.traits.sector,
            financial: self.traits.financial,
            first_bar: found.around.first,
            last_bar: found.around.last,
            names: found.names,
        }
    }
}

/// Names of everything that can be explained: factors, families, sector-neutral families.
pub fn names() -> Vec<String> {
    let factors = FACTORS.iter().map(|factor| factor.name.to_owned());
    let families = families::NAMES.iter().map(|name| (*name).to_owned());
    let neutral = families::NAMES.iter().map(|name| format!("{name}_sn"));
    factors.chain(families).chain(neutral).collect()
}
