//! The scanner's scores over the whole population: technical, alpha, the parts, the institutional core score (ICS)
//! and MERIT, each 0 … 100 and null as NaN. Documented heuristics, not advice. Everything here is computed anew at
//! every scan, since one instrument's change moves all ranks. The trade plan is not here.

mod contributions;
mod labels;
#[cfg(test)]
mod tests;
mod weights;

pub use contributions::{Charge, Contributions, Part};
pub use labels::{Band, Flags, Tier};
pub use weights::{IcsWeights, MeritWeights, Penalties, Penalty, Weights, WeightsError};

use rayon::prelude::*;

use super::ranks::{mean_of_present, percentile_ranks};
use super::{NULL, kept};

/// What the scores read, one value a row; NaN is null. All columns are equally long.
#[derive(Debug, Clone, Copy)]
pub struct ScoreInput<'a> {
    /// Whether a row belongs to the population, which is fixed by rule and never by a user's filter.
    pub population: &'a [bool],
    /// Signal `sma_50_distance`.
    pub sma_50_distance: &'a [f64],
    /// Signal `sma_200_distance`.
    pub sma_200_distance: &'a [f64],
    /// Signal `rsi_14`.
    pub rsi_14: &'a [f64],
    /// Signal `macd_histogram`, divided by the close here.
    pub macd_histogram: &'a [f64],
    /// The latest close, in price.
    pub close: &'a [f64],
    /// Signal `return_21`.
    pub return_21: &'a [f64],
    /// Signal `high_20_distance`.
    pub high_20_distance: &'a [f64],
    /// Signal `volume_ratio_20`.
    pub volume_ratio_20: &'a [f64],
    /// Signal `atr_pct`, in percent of the close.
    pub atr_pct: &'a [f64],
    /// Factor `vol_60`.
    pub vol_60: &'a [f64],
    /// Factor `adv_20`, in money a day.
    pub adv_20: &'a [f64],
    /// Family score `momentum`; none if it is not computed.
    pub momentum: Option<&'a [f64]>,
    /// Family score `value`.
    pub value: Option<&'a [f64]>,
    /// Family score `quality`.
    pub quality: Option<&'a [f64]>,
    /// Family score `growth`.
    pub growth: Option<&'a [f64]>,
    /// Family score `low_risk`.
    pub low_risk: Option<&'a [f64]>,
    /// Market equity, in money; none if no statements are loaded.
    pub market_equity: Option<&'a [f64]>,
    /// Sessions to the next known earnings, 0 being this session; null where none are known; none if no event source is
    /// loaded. A negative number is past and does not count.
    pub sessions_to_earnings: Option<&'a [f64]>,
}

/// The scores and their parts, one value a row. Rows outside the population are null, unlabelled and unflagged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores {
    /// 100 × mean of the seven technical ranks present.
    pub technical: Vec<f64>,
    /// 100 × rank of the mean of the family scores present.
    pub alpha: Vec<f64>,
    /// 100 × (1 − rank of `vol_60`).
    pub stability: Vec<f64>,
    /// 100 × rank of `adv_20`.
    pub liquidity: Vec<f64>,
    /// 100 × rank of the family score; null throughout if it is not given.
    pub momentum: Vec<f64>,
    /// 100 × rank of the family score; null throughout if it is not given.
    pub value: Vec<f64>,
    /// 100 × rank of the family score; null throughout if it is not given.
    pub quality: Vec<f64>,
    /// 100 × rank of the family score; null throughout if it is not given.
    pub growth: Vec<f64>,
    /// 50, less 10 if earnings come within 5 sessions; null throughout if no event source is loaded.
    pub events: Vec<f64>,
    /// Institutional core score: weighted mean of its parts present; null under half of the weight.
    pub ics: Vec<f64>,
    /// The core score's tier.
    pub tier: Vec<Option<Tier>>,
    /// The points that MERIT loses, before it is kept within 0 … 100.
    pub penalty: Vec<f64>,
    /// Weighted mean of its parts present, less the penalties; null under half of the weight.
    pub merit: Vec<f64>,
    /// MERIT's band.
    pub band: Vec<Option<Band>>,
    /// The penalties borne and the parts that lack.
    pub flags: Vec<Flags>,
}

/// Why scores cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ScoresError {
    /// A column is shorter or longer than the population.
    #[error("column {column} holds {found} values for {rows} rows")]
    Length {
        /// The column's name.
        column: &'static str,
        /// Its length.
        found: usize,
        /// How many rows the population has.
        rows: usize,
    },
    /// The weights cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// Computes every score of every row.
///
/// - **Reads** the whole market's columns, in any order of rows.
/// - **Gives** scores of 0 … 100; a missing part leaves the weighted mean to the others and is flagged.
///
/// # Errors
/// [`ScoresError`] when columns differ in length or the weights mean nothing.
pub fn compute(input: &ScoreInput<'_>, weights: &Weights) -> Result<Scores, ScoresError> {
    input.check()?;
    weights.check()?;
    let rows = input.population.len();
    let of_families = mean_of_present(&input.families(), rows, weights.alpha_at_least);
    let ranked: [Option<&[f64]>; 7] = [
        Some(&of_families),
        Some(input.vol_60),
        Some(input.adv_20),
        input.momentum,
        input.value,
        input.quality,
        input.growth,
    ];
    let rank = |column: Option<&[f64]>| match column {
        Some(column) => percentile_ranks(column, input.population),
        None => vec![NULL; rows],
    };
    // Ranks are most of the work, and each column's are its own.
    let (technical, ranks) =
        rayon::join(|| technical(input, weights), || ranked.into_par_iter().map(rank).collect::<Vec<_>>());
    let mut ranks = ranks.into_iter();
    let mut next = || ranks.next().unwrap_or_default();
    let percent = |ranks: Vec<f64>| scaled(ranks, |rank| 100.0 * rank);

    let mut scores = Scores {
        technical,
        alpha: percent(next()),
        stability: scaled(next(), |rank| 100.0 * (1.0 - rank)),
        liquidity: percent(next()),
        momentum: percent(next()),
        value: percent(next()),
        quality: percent(next()),
        growth: percent(next()),
        events: (0..rows).map(|row| events(input, weights, row)).collect(),
        ics: vec![NULL; rows],
        tier: vec![None; rows],
        penalty: vec![NULL; rows],
        merit: vec![NULL; rows],
        band: vec![None; rows],
        flags: vec![Flags::default(); rows],
    };
    let completed: Vec<Option<Completed>> = (0..rows)
        .into_par_iter()
        .with_min_len(1_000)
        .map(|row| input.population[row].then(|| scores.completed(row, input, weights)))
        .collect();
    for (row, one) in completed.into_iter().enumerate() {
        let Some(one) = one else { continue };
        scores.ics[row] = one.ics;
        scores.tier[row] = tier(one.ics, weights);
        scores.penalty[row] = one.penalty;
        scores.merit[row] = one.merit;
        scores.band[row] = band(one.merit, weights);
        scores.flags[row] = one.flags;
    }
    Ok(scores)
}

fn technical(input: &ScoreInput<'_>, weights: &Weights) -> Vec<f64> {
    let macd: Vec<f64> = input
        .macd_histogram
        .iter()
        .zip(input.close)
        .map(|(histogram, close)| kept(histogram / close))
        .collect();
    let columns = [
        input.sma_50_distance,
        input.sma_200_distance,
        input.rsi_14,
        &macd,
        input.return_21,
        input.high_20_distance,
        input.volume_ratio_20,
    ];
    let ranks: Vec<Vec<f64>> =
        columns.par_iter().map(|column| percentile_ranks(column, input.population)).collect();
    let ranks: Vec<&[f64]> = ranks.iter().map(Vec::as_slice).collect();
    let mean = mean_of_present(&ranks, input.population.len(), weights.technical_at_least);
    scaled(mean, |rank| 100.0 * rank)
}

/// What a row's parts give.
struct Completed {
    ics: f64,
    penalty: f64,
    merit: f64,
    flags: Flags,
}

impl Scores {
    fn completed(&self, row: usize, input: &ScoreInput<'_>, weights: &Weights) -> Completed {
        let mut flags = Flags::default();
        let ics = weighted_mean(&self.ics_parts(row, weights), &mut flags);
        let merit = weighted_mean(&self.merit_parts(row, ics, weights), &mut flags);
        let penalty = penalty(input, &weights.penalties, row, &mut flags);
        Completed { ics, penalty, merit: kept((merit - penalty).clamp(0.0, 100.0)), flags }
    }
}

fn events(input: &ScoreInput<'_>, weights: &Weights, row: usize) -> f64 {
    let Some(sessions) = input.sessions_to_earnings.filter(|_| input.population[row]) else { return NULL };
    let Penalty { limit, points } = weights.events_earnings;
    if comes_within(sessions[row], limit) { weights.events - points } else { weights.events }
}

/// The points that a row loses, each penalty flagged. What is null bears no penalty.
fn penalty(input: &ScoreInput<'_>, penalties: &Penalties, row: usize, flags: &mut Flags) -> f64 {
    let at = |column: Option<&[f64]>| column.map_or(NULL, |values| values[row]);
    let (traded, range) = (input.adv_20[row], input.atr_pct[row]);
    let (equity, earnings) = (at(input.market_equity), at(input.sessions_to_earnings));
    let below = |value: f64| move |limit: f64| value < limit;
    let mut points = first(&[(penalties.thin_trading, Flags::THIN_TRADING)], below(traded), flags);
    points += first(
        &[(penalties.extreme_range, Flags::EXTREME_RANGE), (penalties.wide_range, Flags::WIDE_RANGE)],
        |limit| range > limit,
        flags,
    );
    points += first(
        &[(penalties.micro_cap, Flags::MICRO_CAP), (penalties.small_cap, Flags::SMALL_CAP)],
        below(equity),
        flags,
    );
    points += first(
        &[
            (penalties.imminent_earnings, Flags::IMMINENT_EARNINGS),
            (penalties.near_earnings, Flags::NEAR_EARNINGS),
        ],
        |limit| comes_within(earnings, limit),
        flags,
    );
    points
}

/// The points of the first penalty whose limit is broken.
fn first(steps: &[(Penalty, Flags)], broken: impl Fn(f64) -> bool, flags: &mut Flags) -> f64 {
    match steps.iter().find(|(penalty, _)| broken(penalty.limit)) {
        Some(&(penalty, flag)) => {
            flags.set(flag);
            penalty.points
        }
        None => 0.0,
    }
}

fn comes_within(sessions: f64, limit: f64) -> bool {
    (0.0..=limit).contains(&sessions)
}

/// Weighted mean of the parts present, in the order given; null under half of the weight. Flags what lacks.
fn weighted_mean(parts: &[Part], flags: &mut Flags) -> f64 {
    let (mut sum, mut present, mut total) = (0.0, 0.0, 0.0);
    for part in parts {
        total += part.weight;
        if part.value.is_nan() {
            flags.set(part.missing);
        } else {
            sum += part.weight * part.value;
            present += part.weight;
        }
    }
    if present * 2.0 < total { NULL } else { kept((sum / present).clamp(0.0, 100.0)) }
}

fn tier(ics: f64, weights: &Weights) -> Option<Tier> {
    match ics {
        _ if ics.is_nan() => None,
        _ if ics >= weights.core => Some(Tier::Core),
        _ if ics >= weights.satellite => Some(Tier::Satellite),
        _ => Some(Tier::Watch),
    }
}

fn band(merit: f64, weights: &Weights) -> Option<Band> {
    if merit.is_nan() {
        return None;
    }
    let reached = weights
        .bands
        .iter()
        .zip([Band::APlus, Band::A, Band::B, Band::C])
        .find(|(least, _)| merit >= **least);
    Some(reached.map_or(Band::D, |(_, band)| band))
}

fn scaled(mut column: Vec<f64>, scale: impl Fn(f64) -> f64) -> Vec<f64> {
    for value in &mut column {
        *value = kept(scale(*value));
    }
    column
}

impl<'a> ScoreInput<'a> {
    /// The family scores given, in the documented order.
    fn families(&self) -> Vec<&'a [f64]> {
        [self.momentum, self.value, self.quality, self.growth, self.low_risk].into_iter().flatten().collect()
    }

    fn check(&self) -> Result<(), ScoresError> {
        let rows = self.population.len();
        let columns = [
            ("sma_50_distance", Some(self.sma_50_distance)),
            ("sma_200_distance", Some(self.sma_200_distance)),
            ("rsi_14", Some(self.rsi_14)),
            ("macd_histogram", Some(self.macd_histogram)),
            ("close", Some(self.close)),
            ("return_21", Some(self.return_21)),
            ("high_20_distance", Some(self.high_20_distance)),
            ("volume_ratio_20", Some(self.volume_ratio_20)),
            ("atr_pct", Some(self.atr_pct)),
            ("vol_60", Some(self.vol_60)),
            ("adv_20", Some(self.adv_20)),
            ("momentum", self.momentum),
            ("value", self.value),
            ("quality", self.quality),
            ("growth", self.growth),
            ("low_risk", self.low_risk),
            ("market_equity", self.market_equity),
            ("sessions_to_earnings", self.sessions_to_earnings),
        ];
        let given = columns.into_iter().filter_map(|(column, values)| Some((column, values?.len())));
        match given.into_iter().find(|&(_, found)| found != rows) {
            Some((column, found)) => Err(ScoresError::Length { column, found, rows }),
            None => Ok(()),
        }
    }
}
