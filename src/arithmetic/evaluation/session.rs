//! One session: its names in order and in quantiles, and what became of them by horizon.

use super::forward::Outcome;
use super::quantiles::{quantiles, tied};
use super::spearman::{doubled_ranks, spearman};
use super::standing::Standing;
use crate::arithmetic::{NULL, kept};

/// The population of one session and one factor's value of each; all columns have one length.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// Instruments, ascending.
    pub ids: &'a [i32],
    /// Place of each ticker in the alphabet: breaks ties.
    pub order: &'a [u32],
    /// Value, higher preferred; null is NaN.
    pub values: &'a [f64],
}

/// What became of one horizon's names.
#[derive(Debug, Clone, PartialEq)]
pub struct AfterHorizon {
    /// Names with a forward return.
    pub returns: u32,
    /// Information coefficient.
    pub coefficient: f64,
    /// Mean forward return of the names that have one; null without.
    pub mean: f64,
    /// Mean forward return by quantile, lowest first; null without quantiles.
    pub by_quantile: Vec<f64>,
    /// The same where a name that stopped trading counts with the return to its last bar.
    pub by_quantile_with_stopped: Vec<f64>,
    /// Names that stopped trading before the end of the horizon, with the return to their last bar.
    pub stopped: Vec<(i32, f64)>,
    /// Names without a price at the end of the horizon that traded again later.
    pub unpriced: u32,
    /// The name with the largest forward return, and that return.
    pub largest: Option<(i32, f64)>,
}

impl AfterHorizon {
    /// Mean return of the highest quantile less that of the lowest; null where either has none.
    pub fn spread(&self) -> f64 {
        difference(&self.by_quantile)
    }

    /// The same where names that stopped trading count with the return to their last bar.
    pub fn spread_with_stopped(&self) -> f64 {
        difference(&self.by_quantile_with_stopped)
    }
}

fn difference(means: &[f64]) -> f64 {
    match (means.first(), means.last()) {
        (Some(bottom), Some(top)) => kept(top - bottom),
        _ => NULL,
    }
}

/// One session of one factor.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionResult {
    /// Instruments in the population.
    pub population: u32,
    /// Those with a value.
    pub names: u32,
    /// Those that share their value with another.
    pub tied: u32,
    /// What became of them, a horizon each; none where the horizon ends after the last session with bars.
    pub horizons: Vec<Option<AfterHorizon>>,
}

/// Judges one session. `outcomes` holds for every horizon what became of each of the names' instruments, or nothing where
/// the horizon ends after the last session with bars. `count` is the number of quantiles.
pub fn judge(names: &Names, outcomes: &[Option<Vec<Outcome>>], count: usize) -> (SessionResult, Standing) {
    let with_value: Vec<usize> = (0..names.ids.len()).filter(|&at| !names.values[at].is_nan()).collect();
    let ranks = doubled_ranks(&with_value.iter().map(|&at| names.values[at]).collect::<Vec<f64>>());
    let quantile_of = quantiles(names.values, names.order, count);
    let horizons = outcomes
        .iter()
        .map(|outcomes| outcomes.as_ref().map(|outcomes| after(names, outcomes, &quantile_of, count)))
        .collect();
    let result = SessionResult {
        population: names.ids.len() as u32,
        names: with_value.len() as u32,
        tied: tied(&ranks),
        horizons,
    };
    let standing =
        Standing::new(with_value.iter().zip(ranks).map(|(&at, rank)| (names.ids[at], rank, quantile_of[at])));
    (result, standing)
}

fn after(names: &Names, outcomes: &[Outcome], quantile_of: &[u8], count: usize) -> AfterHorizon {
    let mut returns = vec![NULL; names.ids.len()];
    let mut stopped = Vec::new();
    let mut unpriced = 0;
    let mut all = Mean::default();
    let mut largest: Option<(i32, f64)> = None;
    let mut means = vec![[Mean::default(); 2]; count];
    let in_order = in_order_of_tickers(names.order);
    // Sums run in the order of the tickers, so that no order of the names changes a bit.
    for at in in_order.into_iter().filter(|&at| !names.values[at].is_nan()) {
        let mean = usize::from(quantile_of[at]).checked_sub(1).and_then(|quantile| means.get_mut(quantile));
        match outcomes[at] {
            Outcome::Return(gain) => {
                returns[at] = gain;
                all.add(gain);
                if largest.is_none_or(|(_, most)| gain > most) {
                    largest = Some((names.ids[at], gain));
                }
                if let Some([plain, with_stopped]) = mean {
                    plain.add(gain);
                    with_stopped.add(gain);
                }
            }
            Outcome::Stopped(gain) => {
                stopped.push((names.ids[at], gain));
                if let Some([_, with_stopped]) = mean {
                    with_stopped.add(gain);
                }
            }
            Outcome::Unpriced => unpriced += 1,
        }
    }
    AfterHorizon {
        returns: all.count,
        coefficient: spearman(names.values, &returns),
        mean: all.value(),
        by_quantile: means.iter().map(|[plain, _]| plain.value()).collect(),
        by_quantile_with_stopped: means.iter().map(|[_, with_stopped]| with_stopped.value()).collect(),
        stopped,
        unpriced,
        largest,
    }
}

fn in_order_of_tickers(order: &[u32]) -> Vec<usize> {
    let mut names: Vec<usize> = (0..order.len()).collect();
    names.sort_unstable_by_key(|&at| order[at]);
    names
}

/// A mean being summed.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    count: u32,
    sum: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
    }

    fn value(self) -> f64 {
        if self.count == 0 { NULL } else { kept(self.sum / f64::from(self.count)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [i32; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    const ORDER: [u32; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

    #[test]
    fn a_session_by_hand() {
        // Twelve in the population, eleven with a value; of these one stops trading and one has no price.
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, f64::NAN];
        let mut outcomes: Vec<Outcome> =
            [0.01, 0.02, 0.03, 0.05, 0.04, 0.06, 0.0, 0.08, 0.09, 0.10, 0.0, 9.0].map(Outcome::Return).into();
        outcomes[10] = Outcome::Stopped(-0.5);
        let names = Names { ids: &IDS, order: &ORDER, values: &values };
        let (result, _) = judge(&names, &[Some(outcomes.clone()), None], 3);
        assert_eq!((result.population, result.names, result.tied), (12, 11, 0));
        assert!(result.horizons[1].is_none());
        let after = result.horizons[0].as_ref().unwrap();
        // Quantiles of eleven in three: 4, 4, 3.
        for (got, expected) in after.by_quantile.iter().zip([0.11 / 4.0, 0.18 / 4.0, 0.19 / 2.0]) {
            assert!((got - expected).abs() < 1e-15, "{got} {expected}");
        }
        assert!((after.by_quantile_with_stopped[2] - (0.19 - 0.5) / 3.0).abs() < 1e-15);
        assert!((after.spread() - (0.095 - 0.0275)).abs() < 1e-15);
        assert!((after.mean - 0.048).abs() < 1e-15);
        assert_eq!((after.returns, after.unpriced, after.stopped.as_slice()), (10, 0, &[(11, -0.5)][..]));
        assert_eq!(after.largest, Some((10, 0.10)));
        // Ranks of the returns 2 3 4 6 5 7 1 8 9 10: d = 1 1 1 2 0 1 6 0 0 0, Σd² = 44.
        assert!((after.coefficient - (1.0 - 6.0 * 44.0 / 990.0)).abs() < 1e-12);

        outcomes[0] = Outcome::Unpriced;
        let (result, _) = judge(&names, &[Some(outcomes)], 3);
        let after = result.horizons[0].as_ref().unwrap();
        assert!(after.coefficient.is_nan(), "nine have a return");
        assert!((after.by_quantile[0] - 0.10 / 3.0).abs() < 1e-15, "the quantiles are as before");
        assert_eq!((after.returns, after.unpriced), (9, 1));
    }

    #[test]
    fn a_session_of_equal_values_has_neither_coefficient_nor_quantiles() {
        let outcomes: Vec<Outcome> = (0..12).map(|n| Outcome::Return(f64::from(n))).collect();
        let names = Names { ids: &IDS, order: &ORDER, values: &[0.0; 12] };
        let (result, _) = judge(&names, &[Some(outcomes)], 3);
        let after = result.horizons[0].as_ref().unwrap();
        assert!(after.coefficient.is_nan() && after.spread().is_nan());
        assert_eq!((after.mean, result.tied), (5.5, 12));
    }
}
