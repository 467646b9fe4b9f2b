//! Properties of an evaluation over random markets: what must not matter does not, and foresight shows.

use proptest::prelude::*;

use super::forward::Outcome;
use super::session::{Names, SessionResult, judge};
use super::spearman::spearman;

/// A random session: values with ties and nulls, and what became of each name.
fn session() -> impl Strategy<Value = Vec<(f64, Outcome)>> {
    let value = prop_oneof![4 => -5.0..5.0_f64, 2 => (-3_i8..3).prop_map(f64::from), 1 => Just(f64::NAN)];
    let outcome = prop_oneof![
        8 => (-0.5..0.5_f64).prop_map(Outcome::Return),
        1 => (-0.9..0.1_f64).prop_map(Outcome::Stopped),
        1 => Just(Outcome::Unpriced),
    ];
    prop::collection::vec((value, outcome), 5..60)
}

/// Judges names whose instruments and tickers are numbered as given.
fn judged(names: &[(usize, f64, Outcome)], quantiles: usize) -> SessionResult {
    let ids: Vec<i32> = (0..names.len() as i32).collect();
    let order: Vec<u32> = names.iter().map(|(ticker, ..)| *ticker as u32).collect();
    let values: Vec<f64> = names.iter().map(|(_, value, _)| *value).collect();
    let outcomes = names.iter().map(|(.., outcome)| *outcome).collect();
    judge(&Names { ids: &ids, order: &order, values: &values }, &[Some(outcomes)], quantiles).0
}

/// Every number of a result to the bit, without the instruments' own numbers.
fn bits(result: &SessionResult) -> Vec<u64> {
    let after = result.horizons[0].as_ref().unwrap();
    let mut numbers = vec![after.coefficient, after.mean, after.spread(), after.spread_with_stopped()];
    numbers.extend(&after.by_quantile);
    numbers.extend(&after.by_quantile_with_stopped);
    numbers.extend(after.stopped.iter().map(|(_, gain)| gain));
    numbers.extend(after.largest.map(|(_, gain)| gain));
    let counts = [result.names, result.tied, after.returns, after.unpriced];
    counts.map(u64::from).into_iter().chain(numbers.iter().map(|number| number.to_bits())).collect()
}

fn numbered(session: Vec<(f64, Outcome)>) -> Vec<(usize, f64, Outcome)> {
    session.into_iter().enumerate().map(|(at, (value, outcome))| (at, value, outcome)).collect()
}

/// White noise in [−1, 1], the same for the same arguments.
fn noise(name: u64, session: u64) -> f64 {
    let mut x = (name << 32 ^ session).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 32;
    (x >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rising_map_of_the_values_changes_nothing(session in session(), quantiles in 2_usize..8) {
        let names = numbered(session);
        // Exact in floating point, so that no new ties arise.
        let mapped: Vec<_> = names.iter().map(|(at, value, outcome)| (*at, value * 8.0, *outcome)).collect();
        prop_assert_eq!(bits(&judged(&names, quantiles)), bits(&judged(&mapped, quantiles)));
        let cubed: Vec<_> = names
            .iter()
            .map(|(at, value, outcome)| (*at, if value.abs() < 1e-4 { 0.0 } else { value.powi(3) }, *outcome))
            .collect();
        let flat: Vec<_> = names
            .iter()
            .map(|(at, value, outcome)| (*at, if value.abs() < 1e-4 { 0.0 } else { *value }, *outcome))
            .collect();
        prop_assert_eq!(bits(&judged(&flat, quantiles)), bits(&judged(&cubed, quantiles)));
    }

    #[test]
    fn the_order_of_the_instruments_changes_nothing(
        (names, shuffled) in session().prop_map(numbered).prop_flat_map(|n| (Just(n.clone()), Just(n).prop_shuffle())),
        quantiles in 2_usize..8
    ) {
        prop_assert_eq!(bits(&judged(&names, quantiles)), bits(&judged(&shuffled, quantiles)));
    }

    #[test]
    fn turning_the_values_round_turns_the_coefficient_round(session in session()) {
        let names = numbered(session);
        let turned: Vec<_> = names.iter().map(|(at, value, outcome)| (*at, -value, *outcome)).collect();
        let coefficient = |names: &[(usize, f64, Outcome)]| {
            judged(names, 3).horizons[0].as_ref().unwrap().coefficient
        };
        let (plain, turned) = (coefficient(&names), coefficient(&turned));
        prop_assert!(plain.is_nan() && turned.is_nan() || plain == -turned);
    }

    #[test]
    fn a_value_that_is_the_forward_return_has_coefficient_one_and_rising_quantiles(
        returns in prop::collection::btree_set(-500_i32..500, 10..60), quantiles in 2_usize..8, seed in 0_u64..1000
    ) {
        let mut returns: Vec<f64> = returns.into_iter().map(|r| f64::from(r) / 1000.0).collect();
        returns.sort_by(|a, b| noise(seed, a.to_bits()).total_cmp(&noise(seed, b.to_bits())));
        let names: Vec<_> = returns.iter().enumerate().map(|(at, r)| (at, *r, Outcome::Return(*r))).collect();
        let result = judged(&names, quantiles);
        let after = result.horizons[0].as_ref().unwrap();
        prop_assert_eq!(after.coefficient, 1.0);
        prop_assert!(after.by_quantile.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", after.by_quantile);
    }

    #[test]
    fn a_value_that_looks_one_session_ahead_is_found_out_and_one_session_later_it_knows_nothing(
        seed in 0_u64..10_000
    ) {
        // Returns are white noise. The planted value of session t is the return from t to t + 1, which nobody can know.
        let (names, sessions) = (60, 60);
        let gain = |name: u64, session: u64| noise(seed << 20 | name, session);
        let mean = |shift: u64| {
            let coefficient = |session: u64| {
                let values: Vec<f64> = (0..names).map(|name| gain(name, session - shift)).collect();
                let returns: Vec<f64> = (0..names).map(|name| gain(name, session)).collect();
                spearman(&values, &returns)
            };
            (100..100 + sessions).map(coefficient).sum::<f64>() / sessions as f64
        };
        prop_assert_eq!(mean(0), 1.0);
        // Standard error of the mean coefficient of noise: 1 / √(59 × 60) = 0.017; six of them.
        prop_assert!(mean(1).abs() < 0.1, "{}", mean(1));
    }
}
