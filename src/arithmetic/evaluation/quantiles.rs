//! Quantiles by rank.

use std::cmp::Ordering;

use super::LEAST_NAMES;

/// The quantile of every name, 1 (lowest values) … `count`; 0 for a name without a value.
///
/// - **Reads** a value a name (NaN is null), and `order`, which breaks ties: of two equal values the one with the lower
///   number stands lower. The numbers are the places of the tickers in the alphabet, and none occurs twice.
/// - **Gives** quantiles whose sizes differ by 1 at most: of n names the p-th from below, from 0, is in ⌊p × count / n⌋ + 1.
/// - **Needs** at least `count` and [`LEAST_NAMES`] names whose values are not all equal; else everybody has 0.
pub fn quantiles(values: &[f64], order: &[u32], count: usize) -> Vec<u8> {
    let mut of_name = vec![0; values.len()];
    let mut ranked: Vec<usize> = (0..values.len()).filter(|&name| !values[name].is_nan()).collect();
    let names = ranked.len();
    if names < count.max(LEAST_NAMES) || ranked.iter().all(|&name| values[name] == values[ranked[0]]) {
        return of_name;
    }
    ranked.sort_unstable_by(|&left, &right| {
        let by_value = values[left].partial_cmp(&values[right]).unwrap_or(Ordering::Equal);
        by_value.then(order[left].cmp(&order[right]))
    });
    for (place, &name) in ranked.iter().enumerate() {
        of_name[name] = (place * count / names + 1) as u8;
    }
    of_name
}

/// How many of the names with a value share it with another name. Their order among themselves, and so where a quantile's
/// edge lies among them, is the alphabet's and means nothing.
pub fn tied(doubled_ranks: &[u32]) -> u32 {
    let mut sorted = doubled_ranks.to_vec();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).filter(|ties| ties.len() > 1).map(|ties| ties.len() as u32).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_order(names: usize) -> Vec<u32> {
        (0..names as u32).collect()
    }

    #[test]
    fn twelve_names_in_five_quantiles_differ_by_one_in_size() {
        let values: Vec<f64> = (0..12).map(f64::from).collect();
        assert_eq!(quantiles(&values, &in_order(12), 5), [1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5]);
    }

    #[test]
    fn equal_values_go_by_the_alphabet() {
        let values = [0.0, -0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0];
        let order = [3, 2, 1, 0, 4, 5, 6, 7, 9, 8];
        assert_eq!(quantiles(&values, &order, 5), [2, 2, 1, 1, 3, 3, 4, 4, 5, 5]);
        assert_eq!(quantiles(&values, &order, 10), [4, 3, 2, 1, 5, 6, 7, 8, 10, 9]);
    }

    #[test]
    fn a_name_without_a_value_is_in_no_quantile_and_moves_no_edge() {
        let mut values: Vec<f64> = (0..10).map(f64::from).collect();
        values.insert(4, f64::NAN);
        assert_eq!(quantiles(&values, &in_order(11), 2), [1, 1, 1, 1, 0, 1, 2, 2, 2, 2, 2]);
    }

    #[test]
    fn too_few_names_or_equal_ones_have_no_quantiles() {
        let values: Vec<f64> = (0..12).map(f64::from).collect();
        assert_eq!(quantiles(&values[..9], &in_order(9), 2), [0; 9]);
        assert_eq!(quantiles(&values, &in_order(12), 13), [0; 12]);
        assert_eq!(quantiles(&[0.3; 12], &in_order(12), 2), [0; 12]);
        assert!(quantiles(&[], &[], 2).is_empty());
    }

    #[test]
    fn those_that_share_a_value_are_counted() {
        assert_eq!(tied(&[2, 5, 5, 8, 12, 12, 12]), 5);
        assert_eq!(tied(&[2, 4]), 0);
    }
}
