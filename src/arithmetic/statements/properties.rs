//! What holds for every list of filings: the naive reference agrees, the explanation says the same, and bits depend on
//! nothing but the session and what was known then.

use proptest::prelude::*;

use super::reference::Naive;
use super::sample::{Company, Random};
use super::{StatementCursor, StatementFactor, explain};
use crate::domain::history::Split;
use crate::domain::statement::{FIELD_COUNT, Statement};

fn close_enough(a: f64, b: f64) -> bool {
    (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * (1.0 + a.abs().max(b.abs()))
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// A market value of the session: usually known, sometimes null or 0.
fn market_equity(seed: u64, session: i32) -> f64 {
    let mut random = Random::new(seed ^ session as u64);
    if random.chance(0.9) { 1.0 + random.below(3000) as f64 } else { random.one_of(&[f64::NAN, 0.0]) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_value_is_what_the_definition_says(seed in any::<u64>()) {
        let company = Company::random(seed);
        let mut cursor = StatementCursor::new(&company.statements, &company.splits, company.financial);
        for session in company.sessions(seed) {
            let value = market_equity(seed, session);
            let naive = Naive::new(&company, session, value);
            for (factor, got) in StatementFactor::ALL.into_iter().zip(cursor.values(session, value)) {
                let expected = naive.value(factor.name()).unwrap_or(f64::NAN);
                prop_assert!(close_enough(got, expected), "{} at {session}: {got} is not {expected}", factor.name());
            }
        }
    }

    #[test]
    fn any_start_and_any_steps_give_the_same_bits(seed in any::<u64>(), steps in prop::collection::vec(any::<prop::sample::Index>(), 1..8)) {
        let company = Company::random(seed);
        let sessions = company.sessions(seed);
        let mut whole = StatementCursor::new(&company.statements, &company.splits, company.financial);
        let every: Vec<_> = sessions.iter().map(|one| bits(&whole.values(*one, market_equity(seed, *one)))).collect();
        let mut places: Vec<usize> = steps.iter().map(|step| step.index(sessions.len())).collect();
        places.sort_unstable();
        let mut some = StatementCursor::new(&company.statements, &company.splits, company.financial);
        for place in places {
            let (session, value) = (sessions[place], market_equity(seed, sessions[place]));
            prop_assert_eq!(&bits(&some.values(session, value)), &every[place]);
            prop_assert_eq!(&bits(&company.values(session, value)), &every[place]);
        }
    }

    #[test]
    fn what_is_filed_or_split_later_never_changes_an_earlier_row(seed in any::<u64>(), at in any::<prop::sample::Index>()) {
        let company = Company::random(seed);
        let sessions = company.sessions(seed);
        let session = sessions[at.index(sessions.len())];
        let mut known = company.clone();
        known.statements.retain(|one| one.usable_from <= session);
        known.splits.retain(|split| split.session <= session);
        known.splits.push(Split { session: session + 1, ratio: 3.0 });
        let value = market_equity(seed, session);
        prop_assert_eq!(bits(&known.values(session, value)), bits(&company.values(session, value)));
    }

    #[test]
    fn a_trailing_year_that_somebody_else_summed_is_not_read(seed in any::<u64>()) {
        let company = Company::random(seed);
        let mut without = company.clone();
        without.statements.retain(|one| one.timeframe.name() != "trailing_twelve_months");
        for session in company.sessions(seed) {
            prop_assert_eq!(bits(&without.values(session, 1e3)), bits(&company.values(session, 1e3)));
        }
    }

    #[test]
    fn the_explanation_has_the_same_bits_and_says_why_exactly_where_there_is_none(seed in any::<u64>()) {
        let company = Company::random(seed);
        for session in company.sessions(seed).into_iter().step_by(3) {
            let value = market_equity(seed, session);
            let values = company.values(session, value);
            for factor in StatementFactor::ALL {
                let got = explain(&company.statements, &company.splits, company.financial, session, value, factor);
                prop_assert_eq!(got.value.to_bits(), values[factor as usize].to_bits(), "{:?}", got);
                prop_assert_eq!(got.why_null.is_some(), got.value.is_nan(), "{:?}", got);
                for amount in &got.amounts {
                    prop_assert_eq!(amount.why_null.is_some(), amount.value.is_nan(), "{:?}", amount);
                    let sum: f64 = amount.inputs.iter().map(|input| input.used).sum();
                    let summed = amount.value.is_nan() || amount.label == "deviation of EPS growths";
                    prop_assert!(summed || (sum - amount.value).abs() <= 1e-9, "{:?}", amount);
                }
            }
        }
    }

    #[test]
    fn a_value_is_null_or_finite_and_never_minus_zero_whatever_the_numbers(
        seed in any::<u64>(),
        absurd in prop::collection::vec(prop_oneof![any::<f64>(), Just(0.0), Just(-0.0), Just(f64::MAX), Just(f64::MIN_POSITIVE)], FIELD_COUNT),
        market_equity in any::<f64>(),
    ) {
        let mut company = Company::random(seed);
        let place = seed as usize % company.statements.len().max(1);
        if let Some(one) = company.statements.get_mut(place) {
            let values = absurd.try_into().expect("as many as fields");
            *one = Statement::new(one.period_end, one.timeframe, one.filing_date, values).expect("within the calendar");
        }
        for session in company.sessions(seed) {
            for value in company.values(session, market_equity) {
                prop_assert!(value.is_finite() || value.to_bits() == f64::NAN.to_bits());
                prop_assert!(value.to_bits() != (-0.0_f64).to_bits());
            }
        }
    }
}

#[test]
fn random_filings_give_every_factor_often_enough_to_be_worth_comparing() {
    let (mut given, mut rows) = ([0_u32; 20], 0);
    for seed in 0..200 {
        let company = Company::random(seed);
        for session in company.sessions(seed) {
            rows += 1;
            for (count, value) in given.iter_mut().zip(company.values(session, 1e3)) {
                *count += u32::from(!value.is_nan());
            }
        }
    }
    for (factor, count) in StatementFactor::ALL.into_iter().zip(given) {
        assert!(count * 20 > rows, "{}: {count} of {rows}", factor.name());
    }
}
