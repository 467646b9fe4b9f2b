//! The ranked market: population, cross-section and scores over a [`Panel`], from nothing every time, because one
//! instrument's change moves everybody's place. Pure; a profile's filter and order come after it and change nothing here.

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
use crate::store::instruments::Instrument;
use crate::store::signals::LatestSignals;

const ADV_20: usize = catalogue::place_of("adv_20");
const VOL_60: usize = catalogue::place_of("vol_60");
const SIZE: usize = catalogue::place_of("size");

/// The ranked market. Its rows are the panel's instruments, in their order.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// What it was computed from.
    pub panel: Arc<Panel>,
    /// Scores and their parts, null outside of the population.
    pub scores: Scores,
    /// Place by core score, from 1; null where there is none.
    pub rank: Vec<f64>,
    /// Factors in columns, and who is in the population.
    columns: SessionColumns,
    section: Section,
    signals: Vec<Option<u32>>,
    /// Who has a feature row of the session.
    has_features: Vec<bool>,
}

/// Ranks everybody.
///
/// # Errors
/// Weights that mean nothing.
pub fn rank(panel: Arc<Panel>, weights: &Weights) -> Result<Ranked, ScanError> {
    let signals: Vec<Option<u32>> = places(&panel);
    let (columns, has_features) = session_columns(&panel, &signals);
    let section = cross_section_on_all_cores(&columns, FactorSet::of_families());
    let mut ranked = Ranked {
        panel,
        scores: Scores::default(),
        rank: Vec::new(),
        columns,
        section,
        signals,
        has_features,
    };
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

/// Where each instrument's signals are. Both are ascending by instrument.
fn places(panel: &Panel) -> Vec<Option<u32>> {
    let mut at = 0;
    let place = |one: &Instrument| {
        while panel.signals.get(at).is_some_and(|row| row.instrument_id < one.id) {
            at += 1;
        }
        panel.signals.get(at).filter(|row| row.instrument_id == one.id).map(|_| at as u32)
    };
    panel.instruments.iter().map(place).collect()
}

/// The session's factors in columns, and who has any.
fn session_columns(panel: &Panel, signals: &[Option<u32>]) -> (SessionColumns, Vec<bool>) {
    let mut sectors: Vec<&str> = panel.instruments.iter().filter_map(|one| one.sector.as_deref()).collect();
    sectors.sort_unstable();
    sectors.dedup();
    let mut columns = SessionColumns::default();
    let mut features = Vec::with_capacity(signals.len());
    let mut at = 0;
    for (one, signals) in panel.instruments.iter().zip(signals) {
        while panel.features.get(at).is_some_and(|(id, _)| *id < one.id) {
            at += 1;
        }
        let row = panel.features.get(at).filter(|(id, _)| *id == one.id).map(|(_, row)| &**row);
        let has_bar = signals.is_some_and(|at| panel.signals[at as usize].session == panel.session);
        let is_member = has_bar
            && Some(one.id) != panel.benchmark
            && instrument::is_share(one.kind.as_deref())
            && row.is_some_and(|row| row.in_population);
        let sector = one.sector.as_deref().and_then(|sector| sectors.binary_search(&sector).ok());
        columns.population.push(is_member);
        columns.sectors.push(sector.map(|at| at as i32));
        features.push(row);
    }
    // A cache line of each row at a time.
    let places: Vec<usize> = (0..catalogue::FACTOR_COUNT).collect();
    let turned = |places: &[usize]| {
        let mut block: Vec<Vec<f64>> = places.iter().map(|_| Vec::with_capacity(features.len())).collect();
        for row in &features {
            for (column, at) in block.iter_mut().zip(places) {
                column.push(row.map_or(NULL, |row| row.values[*at]));
            }
        }
        block
    };
    let turned: Vec<Vec<f64>> = places.par_chunks(8).flat_map_iter(turned).collect();
    for (column, values) in columns.values.iter_mut().zip(turned) {
        *column = values;
    }
    (columns, features.iter().map(Option::is_some).collect())
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
    pub fn factor(&self, at: usize) -> &[f64] {
        &self.columns.values[at]
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
        match column.source {
            Source::Text(of) => ColumnData::Texts((0..self.rows()).map(|row| self.text(of, row)).collect()),
            Source::Population => {
                ColumnData::Flags(self.columns.population.iter().map(|member| Some(*member)).collect())
            }
            Source::Bar(place) => self.of_signals(|row| row.bar[place]),
            Source::BarAge => self.of_signals(|row| f64::from(self.panel.session - row.session)),
            Source::Signal(id) => self.of_signals(|row| row.values[id as usize]),
            Source::RelativeStrength(bars) => ColumnData::Numbers(self.against_benchmark(bars)),
            Source::SectorStrength(bars) => ColumnData::Numbers(strength::against_sector(
                &self.returns(bars),
                &self.columns.sectors,
                &self.columns.population,
            )),
            Source::Factor(at) => ColumnData::Numbers(self.columns.values[at].clone()),
            Source::FactorZ(at) => ColumnData::Numbers(self.z_scores(at)),
            Source::FactorRank(at) => {
                ColumnData::Numbers(percentile_ranks(&self.columns.values[at], &self.columns.population))
            }
            Source::Family(at) => ColumnData::Numbers(self.section.families[at].scores.clone()),
            Source::FamilyNeutral(at) => ColumnData::Numbers(self.section.families[at].neutral.clone()),
            Source::Score(of) => ColumnData::Numbers(self.score(of).to_vec()),
            Source::Plan(of) => {
                ColumnData::Numbers(self.plans(plan).iter().map(|plan| number(plan, of)).collect())
            }
        }
    }

    /// The same of some rows, in their order.
    pub fn values_at(&self, column: &Column, plan: &plan::Settings, rows: &[usize]) -> ColumnData {
        match column.source {
            // A text a row costs more than it is worth where few are listed.
            Source::Text(of) => ColumnData::Texts(rows.iter().map(|row| self.text(of, *row)).collect()),
            _ => self.values(column, plan).at(rows),
        }
    }

    fn of_signals(&self, value: impl Fn(&LatestSignals) -> f64) -> ColumnData {
        let at = |at: &Option<u32>| at.map_or(NULL, |at| value(&self.panel.signals[at as usize]));
        ColumnData::Numbers(self.signals.iter().map(at).collect())
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

    /// The trade plan of every row.
    pub fn plans(&self, settings: &plan::Settings) -> Vec<Plan> {
        let of = |(row, adv_20): (usize, &f64)| match self.signals(row) {
            Some(signals) => {
                let value = |id: SignalId| signals.values[id as usize];
                plan::plan(signals.close(), value(SignalId::Atr14), value(SignalId::Low10), *adv_20, settings)
            }
            None => Plan::NONE,
        };
        self.columns.values[ADV_20].iter().enumerate().map(of).collect()
    }

    /// Null outside of the population.
    fn z_scores(&self, at: usize) -> Vec<f64> {
        let (values, population) = (&self.columns.values[at], &self.columns.population);
        let moments = CrossSection::default().moments(values, population);
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
            has_features: self.has_features[row],
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
        let close: Vec<f64> =
            (0..self.rows()).map(|row| self.signals(row).map_or(NULL, LatestSignals::close)).collect();
        let market_equity: Vec<f64> = self.columns.values[SIZE].iter().map(|size| size.exp()).collect();
        let input = ScoreInput {
            population: &self.columns.population,
            sma_50_distance: &self.signal(SignalId::Sma50Distance),
            sma_200_distance: &self.signal(SignalId::Sma200Distance),
            rsi_14: &self.signal(SignalId::Rsi14),
            macd_histogram: &self.signal(SignalId::MacdHistogram),
            close: &close,
            return_21: &self.signal(SignalId::Return21),
            high_20_distance: &self.signal(SignalId::High20Distance),
            volume_ratio_20: &self.signal(SignalId::VolumeRatio20),
            atr_pct: &self.signal(SignalId::AtrPct),
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
