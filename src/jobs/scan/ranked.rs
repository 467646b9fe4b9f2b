//! The ranked market: population, cross-section and scores over a [`Panel`], from nothing every time, because one
//! instrument's change moves everybody's place. Pure; a profile's filter and order come after it and change nothing here.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::ScanError;
use super::columns::{Column, PlanOf, ScoreOf, Source, TextOf};
use super::panel::Panel;
use super::profile::ColumnData;
use crate::arithmetic::catalogue::{self, FACTORS};
use crate::arithmetic::cross_section::{CrossSection, z};
use crate::arithmetic::factor_set::FactorSet;
use crate::arithmetic::plan::{self, Plan};
use crate::arithmetic::ranks::{percentile_ranks, ranked_rows};
use crate::arithmetic::scores::{self, Flags, ScoreInput, Scores, Weights};
use crate::arithmetic::session::{Section, SessionColumns, cross_section_on_all_cores};
use crate::arithmetic::signals::SignalId;
use crate::arithmetic::universe::Facts;
use crate::arithmetic::{NULL, strength};
use crate::domain::instrument;
use crate::store::features::FeatureRow;
use crate::store::instruments::Instrument;
use crate::store::signals::LatestSignals;

const ADV_20: usize = catalogue::place_of("adv_20");
const VOL_60: usize = catalogue::place_of("vol_60");
const SIZE: usize = catalogue::place_of("size");

/// Rows whose factors are put into columns as one piece of work.
const ROWS_TURNED: usize = 1_024;

/// The ranked market. Its rows are the panel's instruments, in their order.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// What it was computed from.
    pub panel: Arc<Panel>,
    /// Scores and their parts, null outside of the population.
    pub scores: Scores,
    /// Place by core score, from 1; null where there is none.
    pub rank: Vec<f64>,
    /// Who is in the population, and in columns the factors that scores and rules read.
    columns: SessionColumns,
    section: Section,
    /// Where the panel has each row's signals and features.
    signals: Vec<Option<u32>>,
    features: Vec<Option<u32>>,
}

/// Ranks everybody.
///
/// # Errors
/// Weights that mean nothing.
pub fn rank(panel: Arc<Panel>, weights: &Weights) -> Result<Ranked, ScanError> {
    // All of it among rayon's threads: each step of its own would have to wake them.
    rayon::scope(|_| rank_here(panel, weights))
}

fn rank_here(panel: Arc<Panel>, weights: &Weights) -> Result<Ranked, ScanError> {
    let ids: Vec<i32> = panel.instruments.iter().map(|one| one.id).collect();
    let signals = places(&ids, panel.signals.iter().map(|row| row.instrument_id));
    let features = places(&ids, panel.features.iter().map(|(id, _)| *id));
    let columns = session_columns(&panel, &signals, &features);
    let section = cross_section_on_all_cores(&columns, FactorSet::of_families());
    let mut ranked =
        Ranked { panel, scores: Scores::default(), rank: Vec::new(), columns, section, signals, features };
    ranked.scores = ranked.compute_scores(weights)?;
    let tickers: Vec<&str> = ranked.panel.instruments.iter().map(|one| one.ticker.as_str()).collect();
    let mut rank = vec![NULL; tickers.len()];
    for (place, row) in ranked_rows(&ranked.scores.ics, &tickers).into_iter().enumerate() {
        rank[row] = (place + 1) as f64;
    }
    ranked.rank = rank;
    Ok(ranked)
}

fn number(plan: &Plan, of: PlanOf) -> f64 {
    match of {
        PlanOf::Entry => plan.entry,
        PlanOf::Stop => plan.stop,
        PlanOf::Target => plan.target,
        PlanOf::RiskPerShare => plan.risk_per_share,
        PlanOf::Shares => plan.shares,
        PlanOf::PositionValue => plan.position_value,
    }
}

/// Where each of `ids` is among `rows`. Both are ascending.
fn places(ids: &[i32], rows: impl Iterator<Item = i32>) -> Vec<Option<u32>> {
    let mut rows = (0..).zip(rows).peekable();
    let place = |id: &i32| {
        while rows.next_if(|(_, other)| other < id).is_some() {}
        rows.next_if(|(_, other)| other == id).map(|(at, _)| at)
    };
    ids.iter().map(place).collect()
}

/// Who is in the population, and those of the session's factors that scores and rules read, in columns.
fn session_columns(panel: &Panel, signals: &[Option<u32>], features: &[Option<u32>]) -> SessionColumns {
    let mut names: HashMap<&str, i32> = HashMap::new();
    let mut columns = SessionColumns::default();
    let rows: Vec<Option<&FeatureRow>> =
        features.iter().map(|at| at.map(|at| &*panel.features[at as usize].1)).collect();
    for ((one, signals), row) in panel.instruments.iter().zip(signals).zip(&rows) {
        let has_bar = signals.is_some_and(|at| panel.signals[at as usize].session == panel.session);
        let is_member = has_bar
            && Some(one.id) != panel.benchmark
            && instrument::is_share(one.kind.as_deref())
            && row.is_some_and(|row| row.in_population);
        let next = names.len() as i32;
        columns.population.push(is_member);
        columns.sectors.push(one.sector.as_deref().map(|sector| *names.entry(sector).or_insert(next)));
    }
    let read = FactorSet::of_families().with(ADV_20).with(VOL_60).with(SIZE);
    let places: Vec<usize> = read.places().collect();
    let mut turned: Vec<Vec<f64>> = places.iter().map(|_| vec![NULL; rows.len()]).collect();
    // So many rows at a time, each read once for all its factors.
    let mut parts: Vec<Vec<&mut [f64]>> = rows.chunks(ROWS_TURNED).map(|_| Vec::new()).collect();
    for column in &mut turned {
        for (part, values) in parts.iter_mut().zip(column.chunks_mut(ROWS_TURNED)) {
            part.push(values);
        }
    }
    rows.par_chunks(ROWS_TURNED).zip(&mut parts).for_each(|(rows, part)| {
        for (place, row) in rows.iter().enumerate() {
            let Some(row) = row else { continue };
            for (column, at) in part.iter_mut().zip(&places) {
                column[place] = row.values[*at];
            }
        }
    });
    for (at, values) in places.into_iter().zip(turned) {
        columns.values[at] = values;
    }
    columns
}

impl Ranked {
    /// How many instruments there are.
    pub fn rows(&self) -> usize {
        self.panel.instruments.len()
    }

    /// Who is in the population.
    pub fn population(&self) -> &[bool] {
        &self.columns.population
    }

    /// Raw values of the factor at a place of the catalogue.
    fn factor(&self, at: usize) -> Vec<f64> {
        (0..self.rows()).map(|row| self.factor_of(at, row)).collect()
    }

    /// The raw value of a factor of a row.
    pub fn factor_of(&self, at: usize, row: usize) -> f64 {
        self.features[row].map_or(NULL, |place| self.panel.features[place as usize].1.values[at])
    }

    /// The signals of a row; none of an instrument without any.
    pub fn signals(&self, row: usize) -> Option<&LatestSignals> {
        self.signals[row].map(|at| &*self.panel.signals[at as usize])
    }

    /// Sessions since the latest bar of a row.
    pub fn bar_age(&self, row: usize) -> Option<i32> {
        self.signals(row).map(|signals| self.panel.session - signals.session)
    }

    /// Values of a column, a row each; the plan's by `plan`.
    pub fn values(&self, column: &Column, plan: &plan::Settings) -> ColumnData {
        self.values_at(column, plan, &(0..self.rows()).collect::<Vec<_>>())
    }

    /// The same of some rows, in their order: where few are listed, little is computed.
    pub fn values_at(&self, column: &Column, plan: &plan::Settings, rows: &[usize]) -> ColumnData {
        let each =
            |value: &dyn Fn(usize) -> f64| -> Vec<f64> { rows.iter().map(|row| value(*row)).collect() };
        let of_signals =
            |value: &dyn Fn(&LatestSignals) -> f64| each(&|row| self.signals(row).map_or(NULL, value));
        // What depends on the whole market.
        let of_all = |values: Vec<f64>| each(&|row| values[row]);
        ColumnData::Numbers(match column.source {
            Source::Text(of) => {
                return ColumnData::Texts(rows.iter().map(|row| self.text(of, *row)).collect());
            }
            Source::Population => {
                return ColumnData::Flags(
                    rows.iter().map(|row| Some(self.columns.population[*row])).collect(),
                );
            }
            Source::Bar(place) => of_signals(&|row| row.bar[place]),
            Source::BarAge => of_signals(&|row| f64::from(self.panel.session - row.session)),
            Source::Signal(id) => of_signals(&|row| row.values[id as usize]),
            Source::RelativeStrength(bars) => of_all(self.against_benchmark(bars)),
            Source::SectorStrength(bars) => of_all(strength::against_sector(
                &self.returns(bars),
                &self.columns.sectors,
                &self.columns.population,
            )),
            Source::Factor(at) => each(&|row| self.factor_of(at, row)),
            Source::FactorZ(at) => of_all(self.z_scores(at)),
            Source::FactorRank(at) => of_all(percentile_ranks(&self.factor(at), &self.columns.population)),
            Source::Family(at) => each(&|row| self.section.families[at].scores[row]),
            Source::FamilyNeutral(at) => each(&|row| self.section.families[at].neutral[row]),
            Source::Score(of) => each(&|row| self.score(of)[row]),
            Source::Plan(of) => each(&|row| number(&self.plan(plan, row), of)),
        })
    }

    fn signal(&self, id: SignalId) -> Vec<f64> {
        let at = |at: &Option<u32>| at.map_or(NULL, |at| self.panel.signals[at as usize].values[id as usize]);
        self.signals.iter().map(at).collect()
    }

    /// The instrument's own returns over so many bars.
    fn returns(&self, bars: u32) -> Vec<f64> {
        self.signal(match bars {
            21 => SignalId::Return21,
            63 => SignalId::Return63,
            _ => SignalId::Return252,
        })
    }

    fn against_benchmark(&self, bars: u32) -> Vec<f64> {
        let returns = self.returns(bars);
        let is_benchmark = |one: &Instrument| Some(one.id) == self.panel.benchmark;
        let benchmark = self.panel.instruments.iter().position(is_benchmark);
        strength::against_benchmark(&returns, benchmark.map(|row| returns[row]))
    }

    /// The trade plan of a row.
    pub fn plan(&self, settings: &plan::Settings, row: usize) -> Plan {
        let Some(signals) = self.signals(row) else { return Plan::NONE };
        let value = |id: SignalId| signals.values[id as usize];
        let adv_20 = self.columns.values[ADV_20][row];
        plan::plan(signals.close(), value(SignalId::Atr14), value(SignalId::Low10), adv_20, settings)
    }

    /// Null outside of the population.
    fn z_scores(&self, at: usize) -> Vec<f64> {
        let (values, population) = (self.factor(at), &self.columns.population);
        let moments = CrossSection::default().moments(&values, population);
        let score = |(value, member): (&f64, &bool)| {
            if *member { z(*value, &moments, FACTORS[at].direction) } else { NULL }
        };
        values.iter().zip(population).map(score).collect()
    }

    fn score(&self, of: ScoreOf) -> &[f64] {
        match of {
            ScoreOf::Rank => &self.rank,
            ScoreOf::Ics => &self.scores.ics,
            ScoreOf::Merit => &self.scores.merit,
            ScoreOf::Technical => &self.scores.technical,
            ScoreOf::Alpha => &self.scores.alpha,
            ScoreOf::Stability => &self.scores.stability,
            ScoreOf::Liquidity => &self.scores.liquidity,
            ScoreOf::Momentum => &self.scores.momentum,
            ScoreOf::Value => &self.scores.value,
            ScoreOf::Quality => &self.scores.quality,
            ScoreOf::Growth => &self.scores.growth,
            ScoreOf::Events => &self.scores.events,
            ScoreOf::Penalty => &self.scores.penalty,
        }
    }

    fn text(&self, of: TextOf, row: usize) -> Option<String> {
        let one = &self.panel.instruments[row];
        match of {
            TextOf::Ticker => Some(one.ticker.clone()),
            TextOf::Type => one.kind.clone(),
            TextOf::Exchange => one.exchange.clone(),
            TextOf::Sector => one.sector.clone(),
            TextOf::Tier => self.scores.tier[row].map(|tier| tier.name().to_owned()),
            TextOf::Band => self.scores.band[row].map(|band| band.name().to_owned()),
            TextOf::Flags => Some(self.flags(row).join(",")),
        }
    }

    /// What the universe's rules ask of a row.
    pub fn facts(&self, row: usize) -> Facts<'_> {
        let one = &self.panel.instruments[row];
        let signals = self.signals(row);
        Facts {
            ticker: &one.ticker,
            kind: one.kind.as_deref(),
            exchange: one.exchange.as_deref(),
            sector: one.sector.as_deref(),
            is_benchmark: Some(one.id) == self.panel.benchmark,
            bar_age: self.bar_age(row),
            has_features: self.features[row].is_some(),
            in_population: self.columns.population[row],
            close: signals.map_or(NULL, LatestSignals::close),
            adv_20: self.columns.values[ADV_20][row],
            vol_60: self.columns.values[VOL_60][row],
            bars: signals.map_or(NULL, |signals| signals.values[SignalId::Bars as usize]),
            ics: self.scores.ics[row],
        }
    }

    /// What lacks in a row, and which penalties count.
    pub fn flags(&self, row: usize) -> Vec<&'static str> {
        let mut set = self.scores.flags[row];
        set.set(Flags::of_bar_age(self.bar_age(row)));
        let mut flags: Vec<&'static str> = set.names().collect();
        if self.panel.behind.binary_search(&self.panel.instruments[row].id).is_ok() {
            flags.push("features_behind");
        }
        flags
    }

    fn compute_scores(&self, weights: &Weights) -> Result<Scores, ScanError> {
        let family = |at: usize| Some(self.section.families[at].scores.as_slice());
        let wanted = [
            SignalId::Sma50Distance,
            SignalId::Sma200Distance,
            SignalId::Rsi14,
            SignalId::MacdHistogram,
            SignalId::Return21,
            SignalId::High20Distance,
            SignalId::VolumeRatio20,
            SignalId::AtrPct,
        ];
        // A row at a time: its signals lie together.
        let column = || Vec::with_capacity(self.rows());
        let (mut close, mut read) = (column(), wanted.map(|_| column()));
        for row in 0..self.rows() {
            let signals = self.signals(row);
            close.push(signals.map_or(NULL, LatestSignals::close));
            for (column, id) in read.iter_mut().zip(wanted) {
                column.push(signals.map_or(NULL, |signals| signals.values[id as usize]));
            }
        }
        let [
            sma_50_distance,
            sma_200_distance,
            rsi_14,
            macd_histogram,
            return_21,
            high_20_distance,
            volume_ratio_20,
            atr_pct,
        ] = &read;
        let market_equity: Vec<f64> = self.columns.values[SIZE].iter().map(|size| size.exp()).collect();
        let input = ScoreInput {
            population: &self.columns.population,
            sma_50_distance,
            sma_200_distance,
            rsi_14,
            macd_histogram,
            close: &close,
            return_21,
            high_20_distance,
            volume_ratio_20,
            atr_pct,
            vol_60: &self.columns.values[VOL_60],
            adv_20: &self.columns.values[ADV_20],
            momentum: family(0),
            value: family(1),
            quality: family(2),
            growth: family(3),
            low_risk: family(4),
            market_equity: Some(&market_equity),
            sessions_to_earnings: None,
        };
        Ok(scores::compute(&input, weights)?)
    }
}
