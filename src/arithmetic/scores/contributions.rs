//! What each part contributed to a row's scores: the weights and values that the scores were made of, in points.

use super::{Flags, NULL, Penalty, Scores, Weights};

/// A part of a weighted mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Its name, which is that of its weight and its column.
    pub name: &'static str,
    /// Its weight.
    pub weight: f64,
    /// Its value, 0 … 100; null where it lacks, and then its weight is the others'.
    pub value: f64,
    /// What it adds to the score: weight × value / Σ weights of the parts present. 0 where it lacks, null where the score is.
    pub points: f64,
    /// The flag that says that it lacks.
    pub missing: Flags,
}

/// A penalty that is borne.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Charge {
    /// Its name, which is that of its flag and its setting.
    pub name: &'static str,
    /// The limit that is broken, in the unit of what is measured.
    pub limit: f64,
    /// What it takes off MERIT.
    pub points: f64,
}

/// What a row's scores are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions {
    /// The parts of the core score; their points add up to it.
    pub ics: [Part; 6],
    /// The parts of MERIT; their points less the penalties' add up to it, before it is kept within 0 … 100.
    pub merit: [Part; 6],
    /// The penalties borne, in the order of their flags; they add up to the row's `penalty`.
    pub penalties: Vec<Charge>,
}

impl Scores {
    /// What the scores of a row are made of; none for a row outside the population or beyond the end.
    ///
    /// - **Needs** the weights by which the scores were computed.
    pub fn contributions(&self, row: usize, weights: &Weights) -> Option<Contributions> {
        let penalty = *self.penalty.get(row)?;
        if penalty.is_nan() {
            return None;
        }
        let flags = self.flags[row];
        let charges = weights.penalties.by_flag().into_iter().filter(|(flag, _)| flags.has(*flag));
        let charge = |(flag, Penalty { limit, points }): (Flags, Penalty)| {
            flag.names().next().map(|name| Charge { name, limit, points })
        };
        Some(Contributions {
            ics: with_points(self.ics_parts(row, weights)),
            merit: with_points(self.merit_parts(row, self.ics[row], weights)),
            penalties: charges.filter_map(charge).collect(),
        })
    }

    /// The core score's parts in the order in which they are added, their points not yet known.
    pub(super) fn ics_parts(&self, row: usize, weights: &Weights) -> [Part; 6] {
        let weights = &weights.ics;
        [
            part("technical", weights.technical, self.technical[row], Flags::MISSING_TECHNICAL),
            part("alpha", weights.alpha, self.alpha[row], Flags::MISSING_ALPHA),
            part("quality", weights.quality, self.quality[row], Flags::MISSING_QUALITY),
            part("stability", weights.stability, self.stability[row], Flags::MISSING_STABILITY),
            part("liquidity", weights.liquidity, self.liquidity[row], Flags::MISSING_LIQUIDITY),
            part("events", weights.events, self.events[row], Flags::MISSING_EVENTS),
        ]
    }

    /// MERIT's parts in the order in which they are added, their points not yet known; one of them is `ics`.
    pub(super) fn merit_parts(&self, row: usize, ics: f64, weights: &Weights) -> [Part; 6] {
        let weights = &weights.merit;
        [
            part("ics", weights.ics, ics, Flags::MISSING_ICS),
            part("momentum", weights.momentum, self.momentum[row], Flags::MISSING_MOMENTUM),
            part("quality", weights.quality, self.quality[row], Flags::MISSING_QUALITY),
            part("value", weights.value, self.value[row], Flags::MISSING_VALUE),
            part("growth", weights.growth, self.growth[row], Flags::MISSING_GROWTH),
            part("liquidity", weights.liquidity, self.liquidity[row], Flags::MISSING_LIQUIDITY),
        ]
    }
}

fn part(name: &'static str, weight: f64, value: f64, missing: Flags) -> Part {
    Part { name, weight, value, points: NULL, missing }
}

/// Points of each part; null throughout if under half of the weight is present, as the score is.
fn with_points(mut parts: [Part; 6]) -> [Part; 6] {
    let total: f64 = parts.iter().map(|part| part.weight).sum();
    let present: f64 = parts.iter().filter(|part| !part.value.is_nan()).map(|part| part.weight).sum();
    if present * 2.0 >= total {
        for part in &mut parts {
            part.points = if part.value.is_nan() { 0.0 } else { part.weight * part.value / present };
        }
    }
    parts
}
