//! Percentile ranks across the population, means of what is present, and the order of a ranked list.

use super::{NULL, kept};

/// Percentile rank of every value among the non-null values of the population: (number below + half of the ties,
/// itself counted as a tie) / number of values; 0.5 is the middle.
///
/// - **Reads** one value and one "is in the population" a row, in any order of rows; NaN is null.
/// - **Gives** ranks in (0, 1), null for a null and for a row outside the population or without an entry in it.
///   0.0 and −0.0 tie.
/// - **Needs** O(n log n); the same bits for any order of rows.
pub fn percentile_ranks(values: &[f64], population: &[bool]) -> Vec<f64> {
    let mut ranks = vec![NULL; values.len()];
    let rows = values.len().min(population.len());
    let bits = |row: usize| ordered_bits(values[row]);
    let ordered = ordered(rows, |row| population[row] && !values[row].is_nan(), bits);
    let count = ordered.len() as f64;
    let mut below = 0;
    for ties in ordered.chunk_by(|left, right| bits(*left) == bits(*right)) {
        let rank = (f64::from(below) + ties.len() as f64 / 2.0) / count;
        for &row in ties {
            ranks[row] = rank;
        }
        below += ties.len() as u32;
    }
    ranks
}

/// Those of so many rows that count, ascending by their bits, equal ones by row. The lowest bits make room for the row, so that
/// plain numbers are sorted, several times faster than pairs; what they no longer tell apart is sorted again.
pub fn ordered(rows: usize, counts: impl Fn(usize) -> bool, bits: impl Fn(usize) -> u64) -> Vec<usize> {
    let of_row = rows.next_power_of_two() as u64 - 1;
    let row = |key: u64| (key & of_row) as usize;
    let mut keys: Vec<u64> = Vec::with_capacity(rows);
    keys.extend((0..rows).filter(|row| counts(*row)).map(|row| bits(row) & !of_row | row as u64));
    keys.sort_unstable();
    for near in keys.chunk_by_mut(|left, right| (*left ^ *right) & !of_row == 0) {
        if near.len() > 1 {
            near.sort_unstable_by_key(|key| (bits(row(*key)), row(*key)));
        }
    }
    keys.into_iter().map(row).collect()
}

/// Bits that sort as the numbers do: negative ones inverted, others above them. Zeros of either sign are equal.
pub fn ordered_bits(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// For every row the mean of the columns that are not null there, summed in the columns' order; null where fewer than
/// `at_least` are present. Columns shorter than `rows` count as null beyond their end.
pub fn mean_of_present(columns: &[&[f64]], rows: usize, at_least: usize) -> Vec<f64> {
    let mean = |row: usize| {
        let present = columns.iter().filter_map(|column| column.get(row)).filter(|value| !value.is_nan());
        let (count, sum) = present.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
        if count < at_least.max(1) { NULL } else { kept(sum / count as f64) }
    };
    (0..rows).map(mean).collect()
}

/// The rows in the order of a ranked list: highest score first, equal scores by ticker (bytes, ascending), equal
/// tickers by row. A row whose score is null is left out.
pub fn ranked_rows<T: AsRef<str>>(scores: &[f64], tickers: &[T]) -> Vec<usize> {
    let rows = scores.len().min(tickers.len());
    let bits = |row: usize| !ordered_bits(scores[row]);
    let mut ordered = ordered(rows, |row| !scores[row].is_nan(), bits);
    for ties in ordered.chunk_by_mut(|left, right| bits(*left) == bits(*right)) {
        ties.sort_by(|left, right| {
            tickers[*left].as_ref().as_bytes().cmp(tickers[*right].as_ref().as_bytes())
        });
    }
    ordered
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn a_rank_counts_those_below_and_half_of_the_ties() {
        let values = [3.0, -1.0, 3.0, f64::NAN, 9.0, -7.0];
        // Below 3 are two, it ties with one other: (2 + 2/2) / 5.
        let expected = [0.6, 0.3, 0.6, f64::NAN, 0.9, 0.1];
        assert_eq!(bits(&percentile_ranks(&values, &[true; 6])), bits(&expected));
    }

    #[test]
    fn a_row_outside_the_population_has_no_rank_and_moves_nobody() {
        let ranks = percentile_ranks(&[1.0, 2.0, 3.0], &[true, false, true]);
        assert_eq!(bits(&ranks), bits(&[0.25, f64::NAN, 0.75]));
        assert_eq!(bits(&percentile_ranks(&[1.0, 2.0], &[true])), bits(&[0.5, f64::NAN]));
    }

    #[test]
    fn equal_values_share_the_middle_and_zeros_of_either_sign_tie() {
        assert_eq!(percentile_ranks(&[4.0; 3], &[true; 3]), [0.5; 3]);
        assert_eq!(percentile_ranks(&[0.0, -0.0, 1.0, -1.0], &[true; 4]), [0.5, 0.5, 0.875, 0.125]);
        assert!(percentile_ranks(&[], &[]).is_empty());
    }

    /// The row takes the place of the lowest bits while it is sorted.
    #[test]
    fn values_that_differ_in_their_last_bit_are_told_apart() {
        let value = |step: u64| f64::from_bits(1.5_f64.to_bits() + step);
        let steps = [7, 3, 0, 5, 6, 1, 4, 2];
        let (up, down): (Vec<f64>, Vec<f64>) =
            steps.map(|step| (value(step), -value(step))).into_iter().unzip();
        let rank = |step: u64| (step as f64 + 0.5) / 8.0;
        assert_eq!(percentile_ranks(&up, &[true; 8]), steps.map(rank));
        assert_eq!(percentile_ranks(&down, &[true; 8]), steps.map(|step| 1.0 - rank(step)));
        assert_eq!(ranked_rows(&up, &[""; 8]), [0, 4, 3, 6, 1, 7, 5, 2]);
    }

    #[test]
    fn a_mean_is_of_those_present() {
        let (a, b, c) = ([1.0, 1.0, f64::NAN], [4.0, f64::NAN, f64::NAN], [4.0, 2.0, 7.0]);
        assert_eq!(bits(&mean_of_present(&[&a, &b, &c], 3, 2)), bits(&[3.0, 1.5, f64::NAN]));
        assert_eq!(bits(&mean_of_present(&[], 2, 0)), bits(&[f64::NAN, f64::NAN]));
    }

    #[test]
    fn a_list_goes_by_score_then_by_ticker_without_the_unscored() {
        let scores = [70.0, 90.0, f64::NAN, 70.0, 70.0];
        assert_eq!(ranked_rows(&scores, &["b", "Z", "A", "B", "BRK.B"]), [1, 3, 4, 0]);
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        let value = prop_oneof![4 => -1e3..1e3, 3 => (-3_i8..3).prop_map(f64::from), 1 => Just(f64::NAN)];
        prop::collection::vec(value, 0..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn ranks_are_what_counting_gives(values in values()) {
            let present = values.iter().filter(|value| !value.is_nan()).count() as f64;
            for (value, rank) in values.iter().zip(percentile_ranks(&values, &vec![true; values.len()])) {
                let below = values.iter().filter(|other| *other < value).count() as f64;
                let ties = values.iter().filter(|other| *other == value).count() as f64;
                let expected = if value.is_nan() { f64::NAN } else { (below + ties / 2.0) / present };
                prop_assert_eq!(rank.to_bits(), expected.to_bits());
            }
        }

        #[test]
        fn a_rising_map_leaves_ranks_as_they_are(values in values()) {
            let everyone = vec![true; values.len()];
            let mapped: Vec<f64> = values.iter().map(|value| 2.0 * value).collect();
            prop_assert_eq!(
                bits(&percentile_ranks(&values, &everyone)), bits(&percentile_ranks(&mapped, &everyone))
            );
        }

        #[test]
        fn the_order_of_rows_does_not_matter(
            rows in values().prop_map(|values| values.into_iter().enumerate().collect::<Vec<_>>()).prop_shuffle()
        ) {
            let mut sorted = rows.clone();
            sorted.sort_by_key(|&(position, _)| position);
            let ranks_of = |rows: &[(usize, f64)]| {
                let values: Vec<f64> = rows.iter().map(|&(_, value)| value).collect();
                percentile_ranks(&values, &vec![true; values.len()])
            };
            let expected = ranks_of(&sorted);
            for (&(position, _), rank) in rows.iter().zip(ranks_of(&rows)) {
                prop_assert_eq!(rank.to_bits(), expected[position].to_bits());
            }
        }
    }
}
