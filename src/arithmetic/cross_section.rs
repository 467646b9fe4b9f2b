//! The cross-section of one session and one factor: moments of the winsorised population, and z-scores.
//! It knows no instrument: a column is a slice of values, NaN where null, with a mask of the same length that says who is
//! in the population. **Columns are in ascending order of instrument**, because sums run in the order of the slice.

use serde::Serialize;

use super::{NULL, catalogue::Direction, kept};

/// The parameters of the cross-section, as text to take a digest of.
pub const PARAMETERS: &str =
    "winsor 0.01 0.99 linear, clip 3, least 10 names, family half rounded up, sector 5 names";

/// Fewest names for which scores are given.
pub const LEAST_NAMES: u32 = 10;

const LOWER_PERCENTILE: f64 = 0.01;
const UPPER_PERCENTILE: f64 = 0.99;
/// Size to which a z-score is kept.
pub(super) const CLIP: f64 = 3.0;

/// What a session's population looks like in one factor. With these, a z-score is arithmetic on one value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Moments {
    /// Values that are not null. The other fields are NaN if it is 0.
    pub count: u32,
    /// What lower values are raised to: the 1st percentile, for a family score the least value.
    pub lower: f64,
    /// What higher values are cut to: the 99th percentile, for a family score the largest value.
    pub upper: f64,
    /// Mean of the values so bounded.
    pub mean: f64,
    /// Their population standard deviation (ddof 0); exactly 0 where all are equal.
    pub sd: f64,
}

impl Moments {
    /// Moments of no values.
    pub const NONE: Moments = Moments { count: 0, lower: NULL, upper: NULL, mean: NULL, sd: NULL };

    /// Moments of values, none of them null, between bounds that lie among them.
    fn bounded(values: &[f64], lower: f64, upper: f64) -> Moments {
        let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
        if lower == upper {
            return Moments { count, lower, upper, mean: lower, sd: 0.0 };
        }
        let n = f64::from(count);
        let bounded = |value: &f64| value.max(lower).min(upper);
        let mut total = 0.0;
        for value in values.iter().map(bounded) {
            total += value;
        }
        let mean = total / n;
        let mut squares = 0.0;
        for deviation in values.iter().map(|value| bounded(value) - mean) {
            squares += deviation * deviation;
        }
        Moments { count, lower, upper, mean: kept(mean), sd: kept((squares / n).sqrt()) }
    }

    /// The value's distance from the mean in standard deviations, bounded first but not clipped; null under
    /// [`LEAST_NAMES`] names or where all are equal.
    pub fn standardised(&self, value: f64) -> f64 {
        if value.is_nan() || self.count < LEAST_NAMES || self.sd.is_nan() || self.sd <= 0.0 {
            return NULL;
        }
        kept((value.max(self.lower).min(self.upper) - self.mean) / self.sd)
    }
}

/// The z-score of a raw value: bounded, standardised, clipped to ±3 and turned so that higher is preferred.
///
/// Null where the value is, under 10 names, and where all winsorised values are equal. Whether the instrument is in the
/// population is the caller's to check: outside it z is null.
pub fn z(value: f64, moments: &Moments, direction: Direction) -> f64 {
    let standardised = moments.standardised(value);
    if standardised.is_nan() { NULL } else { standardised.clamp(-CLIP, CLIP) * direction.sign() + 0.0 }
}

/// Memory to use again from column to column.
#[derive(Debug, Clone, Default)]
pub struct CrossSection {
    present: Vec<f64>,
    ordered: Vec<f64>,
}

impl CrossSection {
    /// Moments of the values that are in the population and not null, winsorised at the 1st and 99th percentile.
    pub fn moments(&mut self, values: &[f64], population: &[bool]) -> Moments {
        self.take_present(values, population);
        self.ordered.clone_from(&self.present);
        let lower = percentile(&mut self.ordered, LOWER_PERCENTILE);
        let upper = percentile(&mut self.ordered, UPPER_PERCENTILE);
        match (lower, upper) {
            (Some(lower), Some(upper)) => Moments::bounded(&self.present, lower, upper),
            _ => Moments::NONE,
        }
    }

    /// Moments of the values that are not null, as they are: the bounds are the least and the largest value.
    pub fn plain_moments(&mut self, values: &[f64]) -> Moments {
        self.present.clear();
        self.present.extend(values.iter().filter(|value| !value.is_nan()));
        if self.present.is_empty() {
            return Moments::NONE;
        }
        let lower = self.present.iter().copied().fold(f64::INFINITY, f64::min);
        let upper = self.present.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Moments::bounded(&self.present, lower, upper)
    }

    fn take_present(&mut self, values: &[f64], population: &[bool]) {
        let members = values.iter().zip(population).filter(|(value, member)| **member && !value.is_nan());
        self.present.clear();
        self.present.extend(members.map(|(value, _)| *value));
    }
}

/// The percentile by linear interpolation between the two nearest values, at position `(n − 1) × fraction` of the ordered
/// values; none if there are no values. The values are put into another order.
fn percentile(values: &mut [f64], fraction: f64) -> Option<f64> {
    let position = values.len().checked_sub(1)? as f64 * fraction;
    let below = position.floor();
    let (_, &mut lower, above) = values.select_nth_unstable_by(below as usize, f64::total_cmp);
    let next = above.iter().copied().min_by(f64::total_cmp);
    Some(next.map_or(lower, |next| lower + (next - lower) * (position - below)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 0, 1, … 100, so that the 1st and 99th percentile are 1 and 99.
    fn hundred_and_one() -> Vec<f64> {
        (0..=100).map(f64::from).collect()
    }

    fn moments(values: &[f64]) -> Moments {
        CrossSection::default().moments(values, &vec![true; values.len()])
    }

    #[test]
    fn the_moments_of_zero_to_a_hundred() {
        let m = moments(&hundred_and_one());
        // Winsorised: 1, 1, 2, …, 98, 99, 99. Twice the sum of squares of 1 … 48 and twice 2 × 49².
        let squares: f64 = 2.0 * ((1..=48).map(|d| f64::from(d * d)).sum::<f64>() + 2.0 * 49.0 * 49.0);
        assert_eq!((m.count, m.lower, m.upper, m.mean), (101, 1.0, 99.0, 50.0));
        assert_eq!(m.sd, (squares / 101.0).sqrt());
    }

    #[test]
    fn a_percentile_between_two_values_is_interpolated() {
        let mut values = [40.0, 10.0, 20.0, 30.0];
        assert_eq!(percentile(&mut values, 0.5), Some(25.0));
        assert_eq!(percentile(&mut values, 0.99), Some(30.0 + 10.0 * (3.0 * 0.99 - 2.0)));
        assert_eq!(percentile(&mut values, 1.0), Some(40.0));
        assert_eq!(percentile(&mut [], 0.5), None);
    }

    #[test]
    fn an_outlier_is_bounded_then_clipped_then_turned() {
        let mut values = vec![0.0; 99];
        values.extend([100.0, 1e9]);
        let m = moments(&values);
        assert_eq!((m.lower, m.upper), (0.0, 100.0));
        assert_eq!(z(1e9, &m, Direction::Higher), 3.0);
        assert_eq!(z(1e9, &m, Direction::Lower), -3.0);
        let m = moments(&hundred_and_one());
        assert_eq!(z(50.0, &m, Direction::Lower).to_bits(), 0.0_f64.to_bits());
        assert_eq!(z(0.0, &m, Direction::Unstated), -49.0 / m.sd);
    }

    #[test]
    fn null_has_no_score_and_is_not_counted() {
        let mut values = hundred_and_one();
        values.push(NULL);
        let m = moments(&values);
        assert_eq!(m, moments(&hundred_and_one()));
        assert!(z(NULL, &m, Direction::Higher).is_nan());
    }

    #[test]
    fn who_is_outside_the_population_moves_nothing() {
        let mut values = hundred_and_one();
        values.push(-1e6);
        let mut population = vec![true; 101];
        population.push(false);
        assert_eq!(CrossSection::default().moments(&values, &population), moments(&hundred_and_one()));
    }

    #[test]
    fn nine_names_have_no_score_and_ten_have() {
        let nine = moments(&hundred_and_one()[..9]);
        assert_eq!(nine.count, 9);
        assert!(z(4.0, &nine, Direction::Higher).is_nan());
        assert!(!z(4.0, &moments(&hundred_and_one()[..10]), Direction::Higher).is_nan());
    }

    #[test]
    fn equal_values_have_no_score_even_where_their_mean_is_rounded() {
        let m = moments(&[0.1; 11]);
        assert_eq!((m.mean, m.sd), (0.1, 0.0));
        assert!(z(0.1, &m, Direction::Higher).is_nan());
        assert_eq!(moments(&[NULL; 11]).count, 0);
        assert!(z(0.1, &Moments::NONE, Direction::Higher).is_nan());
    }

    proptest! {
        #[test]
        fn moments_agree_with_sorting_and_with_any_workspace(values in prop::collection::vec(-1e3..1e3, 1..200)) {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let at = |fraction: f64| {
                let position = fraction * (sorted.len() - 1) as f64;
                let (low, high) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
                low + (high - low) * position.fract()
            };
            let (lower, upper) = (at(0.01), at(0.99));
            let bounded: Vec<f64> = values.iter().map(|v| v.max(lower).min(upper)).collect();
            let n = values.len() as f64;
            let mean = bounded.iter().sum::<f64>() / n;
            let sd = (bounded.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
            let mut used = CrossSection::default();
            used.moments(&[1.0, 2.0], &[true, true]);
            let m = used.moments(&values, &vec![true; values.len()]);
            prop_assert!((m.lower - lower).abs() <= 1e-9 && (m.upper - upper).abs() <= 1e-9);
            prop_assert!((m.mean - mean).abs() <= 1e-9 && (m.sd - sd).abs() <= 1e-9);
            prop_assert_eq!(m, moments(&values));
        }

        #[test]
        fn scaling_a_column_leaves_its_scores(values in prop::collection::vec(-1e3..1e3, 10..60), scale in 1e-3..1e3) {
            let scaled: Vec<f64> = values.iter().map(|v| v * scale).collect();
            let (before, after) = (moments(&values), moments(&scaled));
            for (value, scaled) in values.iter().zip(&scaled) {
                let difference = z(*value, &before, Direction::Higher) - z(*scaled, &after, Direction::Higher);
                prop_assert!(difference.is_nan() || difference.abs() < 1e-9);
            }
        }
    }
}
