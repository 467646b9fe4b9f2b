//! Spearman's rank correlation, in whole numbers up to the last division, so that no order of the names changes a bit.

use super::LEAST_NAMES;
use crate::arithmetic::{NULL, kept};

/// Twice the rank of every value, from 2: equal values share the mean of their ranks, which doubled is a whole number.
/// 0.0 and −0.0 are equal. The values hold no null.
pub fn doubled_ranks(values: &[f64]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    // Adding 0.0 turns −0.0 into 0.0.
    let value = |name: u32| values[name as usize] + 0.0;
    order.sort_unstable_by(|&left, &right| value(left).total_cmp(&value(right)));
    let mut ranks = vec![0; values.len()];
    let mut below = 0;
    for ties in order.chunk_by(|&left, &right| value(left) == value(right)) {
        let doubled = 2 * below + ties.len() as u32 + 1;
        for &name in ties {
            ranks[name as usize] = doubled;
        }
        below += ties.len() as u32;
    }
    ranks
}

/// Pearson's correlation of two columns of doubled ranks; null under [`LEAST_NAMES`] names or where one column is all ties.
///
/// Sums are whole numbers, exact up to two million names.
pub fn correlation_of_ranks(left: &[u32], right: &[u32]) -> f64 {
    let names = left.len().min(right.len());
    if names < LEAST_NAMES {
        return NULL;
    }
    // The mean of doubled ranks is names + 1, whatever the ties.
    let mean = names as i64 + 1;
    let (mut both, mut lefts, mut rights) = (0_i64, 0_i64, 0_i64);
    for (&left, &right) in left.iter().zip(right) {
        let (left, right) = (i64::from(left) - mean, i64::from(right) - mean);
        both += left * right;
        lefts += left * left;
        rights += right * right;
    }
    if lefts == 0 || rights == 0 {
        return NULL;
    }
    kept(both as f64 / (lefts as f64 * rights as f64).sqrt())
}

/// Spearman's rank correlation of the names that have both a value and a return; null under [`LEAST_NAMES`] such names, or
/// where all of their values or all of their returns are equal.
pub fn spearman(values: &[f64], returns: &[f64]) -> f64 {
    let (mut left, mut right) = (Vec::with_capacity(values.len()), Vec::with_capacity(values.len()));
    for (value, gain) in values.iter().zip(returns) {
        if !value.is_nan() && !gain.is_nan() {
            left.push(*value);
            right.push(*gain);
        }
    }
    correlation_of_ranks(&doubled_ranks(&left), &doubled_ranks(&right))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// IQ and hours of television a week of ten people: the worked example of the English Wikipedia's page on the
    /// coefficient, which gives −29/165.
    const IQ: [f64; 10] = [106.0, 86.0, 100.0, 101.0, 99.0, 103.0, 97.0, 113.0, 112.0, 110.0];
    const HOURS: [f64; 10] = [7.0, 0.0, 27.0, 50.0, 28.0, 29.0, 20.0, 12.0, 6.0, 17.0];

    #[test]
    fn the_published_example_is_met() {
        assert!((spearman(&IQ, &HOURS) - -29.0 / 165.0).abs() < 1e-15);
    }

    #[test]
    fn ties_share_the_mean_of_their_ranks() {
        assert_eq!(doubled_ranks(&[3.0, 1.0, 3.0, -0.0, 0.0]), [9, 6, 9, 3, 3]);
        // Ranks 1.5 1.5 3 … 10 against 1 … 10, by hand: Sxy = Sxx = 82, Syy = 82.5.
        let values = [5.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0];
        let returns: Vec<f64> = (0..10).map(f64::from).collect();
        assert!((spearman(&values, &returns) - 82.0 / (82.0_f64 * 82.5).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn nine_names_or_equal_ones_have_no_coefficient() {
        assert!(spearman(&IQ[..9], &HOURS[..9]).is_nan());
        assert!(spearman(&[1.0; 10], &HOURS).is_nan());
        assert!(spearman(&IQ, &[0.0; 10]).is_nan());
        let mut returns = HOURS;
        returns[3] = f64::NAN;
        assert!(spearman(&IQ, &returns).is_nan(), "nine are left");
    }

    #[test]
    fn the_same_order_is_exactly_one_and_the_reverse_exactly_minus_one() {
        for names in [10, 11, 257, 10_007] {
            let values: Vec<f64> =
                (0..names).map(|n| f64::from(n).exp2().min(1e300) + f64::from(n)).collect();
            let reversed: Vec<f64> = values.iter().map(|v| -v).collect();
            assert_eq!(spearman(&values, &values), 1.0);
            assert_eq!(spearman(&values, &reversed), -1.0);
        }
    }

    /// Average ranks by counting, and Pearson's correlation of them by its definition.
    fn naive(values: &[f64], returns: &[f64]) -> f64 {
        let ranks = |of: &[f64]| -> Vec<f64> {
            of.iter()
                .map(|v| {
                    let below = of.iter().filter(|other| *other < v).count() as f64;
                    let ties = of.iter().filter(|other| *other == v).count() as f64;
                    below + f64::midpoint(ties, 1.0)
                })
                .collect()
        };
        let (x, y) = (ranks(values), ranks(returns));
        let n = x.len() as f64;
        let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
        let product: f64 = x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)).sum();
        let square = |v: &[f64], m: f64| v.iter().map(|v| (v - m).powi(2)).sum::<f64>();
        product / (square(&x, mx) * square(&y, my)).sqrt()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn without_ties_it_is_the_textbook_formula(
            names in (10_usize..80).prop_flat_map(|n| Just((0..n).collect::<Vec<usize>>()).prop_shuffle())
        ) {
            let values: Vec<f64> = (0..names.len()).map(|n| n as f64).collect();
            let returns: Vec<f64> = names.iter().map(|n| (*n as f64).sqrt() - 3.0).collect();
            let n = names.len() as f64;
            let squares: f64 = names.iter().enumerate().map(|(at, rank)| (at as f64 - *rank as f64).powi(2)).sum();
            let textbook = 1.0 - 6.0 * squares / (n * (n * n - 1.0));
            prop_assert!((spearman(&values, &returns) - textbook).abs() < 1e-12);
        }

        #[test]
        fn with_ties_it_is_the_correlation_of_counted_ranks(
            pairs in prop::collection::vec(((-4_i8..4).prop_map(f64::from), (-6_i8..6).prop_map(f64::from)), 10..60)
        ) {
            let (values, returns): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let (got, expected) = (spearman(&values, &returns), naive(&values, &returns));
            prop_assert!(got.is_nan() && expected.is_nan() || (got - expected).abs() < 1e-12, "{got} {expected}");
        }
    }
}
