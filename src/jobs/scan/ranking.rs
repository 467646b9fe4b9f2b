//! From signals and features to a ranked market: who is in the population and who was dropped by which rule, the scores,
//! the ranks, and each row with its parts.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use tokio_postgres::Transaction;

use super::{ScanError, Sources};
use crate::arithmetic::catalogue::{self, FACTORS};
use crate::arithmetic::cross_section::CrossSection;
use crate::arithmetic::ranks::ranked_rows;
use crate::arithmetic::scores::{self, ScoreInput, Scores, Weights};
use crate::arithmetic::session::{Section, SessionColumns, cross_section};
use crate::arithmetic::signals::{SIGNALS, SignalId};
use crate::domain::instrument;
use crate::store::change_log::{self, Job};
use crate::store::date_of;
use crate::store::features::{self, FeatureRow};
use crate::store::instruments;
use crate::store::signals::LatestSignals;

/// The first rule that kept an instrument out of the ranking, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drop {
    /// It has no bar on the session.
    NoBar,
    /// It is the benchmark.
    Benchmark,
    /// It is a fund, a warrant or another thing that is neither a share nor a receipt.
    Type,
    /// Its features are not computed yet.
    NoFeatures,
    /// Its close is below 1.
    Price,
    /// Its mean traded money (`adv_20`) is below 100,000 or unknown.
    Liquidity,
    /// Its first bar is fewer than 60 sessions ago.
    Age,
    /// Under half of its score's parts are known.
    NoScore,
}

impl Drop {
    /// The rule in words, as counts show it.
    pub fn rule(self) -> &'static str {
        match self {
            Self::NoBar => "no bar on the session",
            Self::Benchmark => "is the benchmark",
            Self::Type => "not a share or receipt",
            Self::NoFeatures => "features not refreshed yet",
            Self::Price => "close below 1",
            Self::Liquidity => "adv_20 below 100,000 or unknown",
            Self::Age => "first bar under 60 sessions ago",
            Self::NoScore => "under half of the score known",
        }
    }
}

/// One ranked instrument. Values are null (NaN) where an input is missing; every part of a score is 0 … 100.
#[derive(Debug, Clone)]
pub struct Row {
    /// Place in the order, from 1.
    pub rank: usize,
    /// The instrument.
    pub instrument_id: i32,
    /// Its ticker.
    pub ticker: String,
    /// Every number of the row with its name, in a fixed order.
    pub values: Vec<(&'static str, f64)>,
    /// Tier of the core score.
    pub tier: &'static str,
    /// Band of MERIT; empty where MERIT is null.
    pub band: &'static str,
    /// What lacks and which penalties count.
    pub flags: Vec<&'static str>,
}

/// The ranked market of one session.
#[derive(Debug, Clone)]
pub struct Ranking {
    /// The session.
    pub session_date: NaiveDate,
    /// Instruments that have bars.
    pub universe: usize,
    /// How many each rule dropped.
    pub dropped: BTreeMap<Drop, usize>,
    /// Instruments whose bars or actions changed after the last features refresh: their factors are older than their bars.
    pub features_behind: usize,
    /// Ranked rows, best first.
    pub rows: Vec<Row>,
}

/// Ranks the market at the latest session in `signals` (ascending by instrument, not empty).
pub async fn rank(
    transaction: &Transaction<'_>,
    signals: &[LatestSignals],
    benchmark: &str,
) -> Result<Ranking, ScanError> {
    let session = signals.iter().map(|row| row.session).max().unwrap_or_default();
    let session_date = date_of(session);
    let benchmark = instruments::latest_of(transaction, benchmark).await?;
    let instruments = instruments::all(transaction).await?;
    let behind: HashSet<i32> =
        change_log::changes(transaction, Job::Features).await?.into_iter().map(|c| c.instrument_id).collect();
    let features = features::read_session(transaction, session_date).await?;
    if features.is_empty() {
        return Err(ScanError::NoFeatures(session_date));
    }
    let signals_of: HashMap<i32, &LatestSignals> =
        signals.iter().filter(|row| row.session == session).map(|row| (row.instrument_id, row)).collect();
    let features_of: HashMap<i32, &FeatureRow> = features.iter().map(|(id, row)| (*id, row)).collect();

    let mut sectors: Vec<&str> = instruments.iter().filter_map(|i| i.sector.as_deref()).collect();
    sectors.sort_unstable();
    sectors.dedup();
    let mut dropped: BTreeMap<Drop, usize> = BTreeMap::new();
    let mut market = Market::default();
    for instrument in &instruments {
        let member = match (signals_of.get(&instrument.id), features_of.get(&instrument.id)) {
            (None, _) => Err(Drop::NoBar),
            _ if Some(instrument.id) == benchmark => Err(Drop::Benchmark),
            _ if !instrument::is_share(instrument.kind.as_deref()) => Err(Drop::Type),
            (_, None) => Err(Drop::NoFeatures),
            (Some(signals), Some(features)) if features.in_population => Ok((*signals, *features)),
            (Some(signals), Some(features)) => Err(rule_of(signals, features)),
        };
        match member {
            Err(rule) => *dropped.entry(rule).or_default() += 1,
            Ok((signals, features)) => {
                let sector = instrument.sector.as_deref().and_then(|s| sectors.binary_search(&s).ok());
                market.columns.push(true, sector.map(|at| at as i32), &features.values);
                market.signals.push(signals);
                market.tickers.push(&instrument.ticker);
            }
        }
    }
    let section = cross_section(&mut CrossSection::default(), &market.columns);
    let scores = market.scores(&section)?;
    let order = ranked_rows(&scores.ics, &market.tickers);
    let unscored = market.tickers.len() - order.len();
    if unscored > 0 {
        dropped.insert(Drop::NoScore, unscored);
    }
    let rows = order
        .iter()
        .enumerate()
        .map(|(place, at)| market.row(place + 1, *at, &scores, &section, &behind))
        .collect();
    Ok(Ranking { session_date, universe: instruments.len(), dropped, features_behind: behind.len(), rows })
}

/// Why the feature row is outside of the population though type and benchmark allow it.
fn rule_of(signals: &LatestSignals, features: &FeatureRow) -> Drop {
    let adv_20 = catalogue::position("adv_20").map_or(f64::NAN, |at| features.values[at]);
    if signals.close() < 1.0 {
        Drop::Price
    } else if adv_20 >= 100_000.0 {
        Drop::Age
    } else {
        Drop::Liquidity
    }
}

/// The members of the population in columns.
#[derive(Default)]
struct Market<'a> {
    columns: SessionColumns,
    signals: Vec<&'a LatestSignals>,
    tickers: Vec<&'a str>,
}

impl Market<'_> {
    fn signal(&self, id: SignalId) -> Vec<f64> {
        self.signals.iter().map(|row| row.values[id as usize]).collect()
    }

    fn factor(&self, name: &str) -> Vec<f64> {
        catalogue::position(name).map_or_else(Vec::new, |at| self.columns.values[at].clone())
    }

    fn scores(&self, section: &Section) -> Result<Scores, ScanError> {
        let family = |name: &str| {
            section
                .families
                .iter()
                .find(|family| family.family.name == name)
                .map(|family| family.scores.as_slice())
        };
        let close: Vec<f64> = self.signals.iter().map(|row| row.close()).collect();
        let market_equity: Vec<f64> = self.factor("size").into_iter().map(f64::exp).collect();
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
            vol_60: &self.factor("vol_60"),
            adv_20: &self.factor("adv_20"),
            momentum: family("momentum"),
            value: family("value"),
            quality: family("quality"),
            growth: family("growth"),
            low_risk: family("low_risk"),
            market_equity: Some(&market_equity),
            sessions_to_earnings: None,
        };
        Ok(scores::compute(&input, &Weights::default())?)
    }

    fn row(&self, rank: usize, at: usize, scores: &Scores, section: &Section, behind: &HashSet<i32>) -> Row {
        let signals = self.signals[at];
        let mut values: Vec<(&'static str, f64)> = vec![
            ("close", signals.close()),
            ("ics", scores.ics[at]),
            ("merit", scores.merit[at]),
            ("technical", scores.technical[at]),
            ("alpha", scores.alpha[at]),
            ("stability", scores.stability[at]),
            ("liquidity", scores.liquidity[at]),
            ("momentum", scores.momentum[at]),
            ("value", scores.value[at]),
            ("quality", scores.quality[at]),
            ("growth", scores.growth[at]),
            ("penalty", scores.penalty[at]),
        ];
        values
            .extend(section.families.iter().map(|family| (family_z(family.family.name), family.scores[at])));
        values.extend(SIGNALS.iter().map(|signal| (signal.name, signals.values[signal.id as usize])));
        values.extend(
            FACTORS.iter().zip(&self.columns.values).map(|(factor, column)| (factor.name, column[at])),
        );
        let mut flags: Vec<&'static str> = scores.flags[at].names().collect();
        if behind.contains(&signals.instrument_id) {
            flags.push("features_behind");
        }
        Row {
            rank,
            instrument_id: signals.instrument_id,
            ticker: self.tickers[at].to_owned(),
            values,
            tier: scores.tier[at].map_or("", scores::Tier::name),
            band: scores.band[at].map_or("", scores::Band::name),
            flags,
        }
    }
}

/// Name of a family's score in a row; the plain name is the 0 … 100 part.
fn family_z(family: &str) -> &'static str {
    match family {
        "momentum" => "momentum_score",
        "value" => "value_score",
        "quality" => "quality_score",
        "growth" => "growth_score",
        _ => "low_risk_score",
    }
}

impl Row {
    /// The number called `name`; null (NaN) where the row has none of that name.
    pub fn value(&self, name: &str) -> f64 {
        self.values.iter().find(|(known, _)| *known == name).map_or(f64::NAN, |(_, value)| *value)
    }

    fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("rank".into(), self.rank.into());
        object.insert("ticker".into(), self.ticker.clone().into());
        object.insert("tier".into(), text(self.tier));
        object.insert("band".into(), text(self.band));
        object.insert("flags".into(), self.flags.clone().into());
        // NaN has no JSON number: serde gives null, which is what it means here.
        object.extend(self.values.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
        Value::Object(object)
    }
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

impl Ranking {
    /// The first `limit` rows as objects.
    pub fn rows_json(&self, limit: usize) -> Value {
        self.rows.iter().take(limit).map(Row::json).collect()
    }

    /// Instruments at every stage.
    pub fn counts_json(&self, sources: &Sources) -> Value {
        let dropped: Map<String, Value> =
            self.dropped.iter().map(|(rule, count)| (rule.rule().to_owned(), (*count).into())).collect();
        json!({
            "universe": self.universe,
            "changed": sources.changed,
            "computed": sources.computed,
            "from_cache": sources.from_cache,
            "features_behind": self.features_behind,
            "dropped": dropped,
            "ranked": self.rows.len(),
        })
    }
}
