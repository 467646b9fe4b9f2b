//! Relative strength: how an instrument's return over N of its own bars compares with the benchmark's and with its sector's.
//! The returns themselves are signals; which N there are and what the columns are called is the scanner's.

use std::collections::BTreeMap;

use super::families::LEAST_SECTOR_NAMES;
use super::{NULL, kept};

/// How much more one return made of its money than another: (1 + own) / (1 + other) − 1.
///
/// - **Reads** two returns over as many bars, as ratios: 0.10 is 10 %, −1 is a total loss.
/// - **Gives** a ratio: 0.10 is 10 % more. Null if either is null, or if nothing is left of the other.
/// - **Source** after Levy (1967), Relative Strength as a Criterion for Investment Selection, *J. Finance* 22(4), who ranks
///   shares by the strength of their price; the ratio to an index is the form in use since.
pub fn over(own: f64, other: f64) -> f64 {
    kept((1.0 + own) / (1.0 + other) - 1.0)
}

/// `rel_strength_N`: every row's return against the benchmark's.
///
/// - **Reads** the returns over N bars, a row an instrument, and the benchmark's; each counts its own bars, and neither holds
///   dividends.
/// - **Gives** what [`over`] gives for each row; null throughout without a benchmark.
pub fn against_benchmark(returns: &[f64], benchmark: Option<f64>) -> Vec<f64> {
    let benchmark = benchmark.unwrap_or(NULL);
    returns.iter().map(|&own| over(own, benchmark)).collect()
}

/// `sector_strength_N`: every row's return against the mean return of its sector.
///
/// - **Reads** the returns over N bars, each row's sector as any number that is the same within a sector, and who is in the
///   population. Rows in ascending order of instrument, so that a mean always has the same bits. All columns are equally long.
/// - **Gives** what [`over`] gives for each row, in the population or not. The mean is that of the sector's members of the
///   population that have a return, the row itself among them. Null without a sector, or if under 5 such
///   names are in it.
pub fn against_sector(returns: &[f64], sectors: &[Option<i32>], population: &[bool]) -> Vec<f64> {
    let mut totals: BTreeMap<i32, (f64, u32)> = BTreeMap::new();
    for ((&own, sector), _) in returns.iter().zip(sectors).zip(population).filter(|(_, counts)| **counts) {
        if let (false, Some(sector)) = (own.is_nan(), *sector) {
            let (total, count) = totals.entry(sector).or_default();
            *total += own;
            *count += 1;
        }
    }
    let mean = |sector: Option<i32>| match sector.and_then(|sector| totals.get(&sector)) {
        Some(&(total, count)) if count >= LEAST_SECTOR_NAMES => total / f64::from(count),
        _ => NULL,
    };
    returns.iter().zip(sectors).map(|(&own, &sector)| over(own, mean(sector))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn a_quarter_more_than_the_benchmark_is_a_quarter() {
        // 100 became 150 while the benchmark's 100 became 120, 200, and nothing.
        assert_eq!(over(0.5, 0.2), 0.25);
        assert_eq!(over(0.5, 1.0), -0.25);
        assert!(over(0.5, -1.0).is_nan());
        assert_eq!(over(-1.0, 0.2), -1.0);
        assert_eq!(against_benchmark(&[0.5, 0.2], Some(0.2)), [0.25, 0.0]);
    }

    #[test]
    fn without_a_return_or_a_benchmark_there_is_no_strength() {
        let null = f64::NAN.to_bits();
        assert_eq!(bits(&against_benchmark(&[NULL, 0.0], Some(0.0))), [null, 0.0_f64.to_bits()]);
        assert_eq!(bits(&against_benchmark(&[0.1, 0.2], None)), [null; 2]);
        assert_eq!(bits(&against_benchmark(&[0.1], Some(NULL))), [null]);
    }

    #[test]
    fn a_sector_of_five_has_a_mean_and_one_of_four_has_none() {
        let mut returns = vec![0.0, 0.25, 0.25, 0.25, 0.5];
        let mut sectors = vec![Some(7); 5];
        returns.extend([0.1; 4]);
        sectors.extend([Some(8); 4]);
        returns.push(0.3);
        sectors.push(None);
        let strength = against_sector(&returns, &sectors, &[true; 10]);
        // The mean is 0.25: 1 / 1.25, and 1.5 / 1.25.
        assert_eq!(strength[..5], [1.0 / 1.25 - 1.0, 0.0, 0.0, 0.0, 1.5 / 1.25 - 1.0]);
        assert!(strength[5..].iter().all(|value| value.is_nan()));
    }

    #[test]
    fn an_outsider_is_measured_and_does_not_measure() {
        let returns = [0.25, 0.25, 0.25, 0.25, 0.25, 0.5, NULL];
        let population = [true, true, true, true, true, false, true];
        let strength = against_sector(&returns, &[Some(1); 7], &population);
        assert_eq!(strength[..6], [0.0, 0.0, 0.0, 0.0, 0.0, 1.5 / 1.25 - 1.0]);
        assert!(strength[6].is_nan());
        let four = [true, true, true, true, false, false, true];
        assert!(against_sector(&returns, &[Some(1); 7], &four).iter().all(|value| value.is_nan()));
    }

    fn market() -> impl Strategy<Value = Vec<(f64, Option<i32>, bool)>> {
        let own = prop_oneof![9 => -0.9..3.0, 1 => Just(f64::NAN)];
        prop::collection::vec((own, prop::option::of(0..3_i32), prop::bool::weighted(0.8)), 0..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Who is level with the benchmark is at 0, who made more is above, and benchmark and own turned round give the inverse.
        #[test]
        fn strength_has_the_sign_of_the_difference(own in -0.99..5.0_f64, other in -0.99..5.0_f64) {
            prop_assert_eq!(over(own, own), 0.0);
            prop_assert_eq!(over(own, other) >= 0.0, 1.0 + own >= 1.0 + other);
            let there_and_back = (1.0 + over(own, other)) * (1.0 + over(other, own));
            prop_assert!((there_and_back - 1.0).abs() < 1e-12);
        }

        /// Within a measured sector, the members' strengths average to 0, as their returns do to the mean.
        #[test]
        fn the_members_of_a_sector_average_to_0(market in market()) {
            let returns: Vec<f64> = market.iter().map(|row| row.0).collect();
            let sectors: Vec<Option<i32>> = market.iter().map(|row| row.1).collect();
            let population: Vec<bool> = market.iter().map(|row| row.2).collect();
            let strength = against_sector(&returns, &sectors, &population);
            for sector in 0..3 {
                let member = |row: &usize| sectors[*row] == Some(sector) && population[*row] && !returns[*row].is_nan();
                let members: Vec<usize> = (0..market.len()).filter(member).collect();
                let sum: f64 = members.iter().map(|row| strength[*row]).sum();
                prop_assert_eq!(sum.is_nan(), (1..5).contains(&members.len()));
                prop_assert!(sum.is_nan() || sum.abs() < 1e-9);
            }
        }
    }
}
