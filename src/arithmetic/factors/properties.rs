//! What holds for every history: the naive reference agrees, and bits depend on nothing but the window's inputs.

use proptest::prelude::*;

use super::reference::Naive;
use super::sample::Sample;
use super::{Benchmark, FactorColumns, Workspace, price_factors};
use crate::arithmetic::catalogue::{PRICE_FACTORS, PRICE_HISTORY};
use crate::domain::history::{Dividend, Split};

const FIRST: i32 = 1000;
const LENGTH: i32 = 640;
const ALL: std::ops::Range<i32> = FIRST..FIRST + LENGTH;

/// A history, from complete to mostly absent, and a benchmark that lacks a few bars.
fn market() -> impl Strategy<Value = (Sample, Sample)> {
    (any::<u64>(), 0_usize..5, any::<bool>()).prop_map(|(seed, missing, whole)| {
        let missing = [0.0, 0.02, 0.1, 0.4, 0.8][missing];
        let benchmark = Sample::random(seed ^ 0xBE9C, LENGTH, if whole { 0.0 } else { 0.03 });
        (Sample::random(seed, LENGTH, missing), benchmark)
    })
}

fn close_enough(a: f64, b: f64) -> bool {
    (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * (1.0 + a.abs().max(b.abs()))
}

/// A price that also stands still, rises evenly, leaps a thousandfold and crumbles to nearly nothing, in runs of a few weeks;
/// bars are missing singly and in runs.
fn uneven() -> impl Strategy<Value = Sample> {
    let run = (0_usize..6, 5_i32..60, -0.02_f64..0.02);
    (any::<u64>(), prop::collection::vec(run, 12..30)).prop_map(|(seed, runs)| {
        let (walk, mut price) = (Sample::random(seed, LENGTH, 0.05), 1.0);
        let kinds: Vec<(usize, i32, f64)> =
            runs.into_iter().flat_map(|run| vec![run; run.1 as usize]).collect();
        let mut sample = Sample { splits: vec![], dividends: vec![], ..walk.clone() };
        for (at, close) in sample.close.iter_mut().enumerate().skip(1) {
            let (kind, _, step) = kinds[at % kinds.len()];
            price *= match kind {
                0 => 1.0,
                1 => 1.001,
                2 => 1.0 + step * 1e-7,
                3 if at % 17 == 0 => [1e3, 1e-3][at % 2],
                4 if at % 13 == 0 => 1e-2,
                _ => walk.close[at] / walk.close[at - 1],
            };
            price = price.clamp(1e-6, 1e9);
            *close = price;
        }
        sample
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn standing_still_leaping_and_crumbling_are_no_less_exact(sample in uneven(), benchmark in uneven(), cut in 1..LENGTH) {
        let known = Benchmark::new(&benchmark.history());
        let got = sample.rows(ALL, Some(&known));
        let (naive, naive_benchmark) = (Naive::new(&sample), Naive::new(&benchmark));
        for factor in &PRICE_FACTORS {
            for (&t, &value) in got.sessions.iter().zip(got.column(factor.name)).step_by(3) {
                let expected = naive.value(factor.name, t, &naive_benchmark).unwrap_or(f64::NAN);
                // A quotient is as exact as what is above beside what is below; nothing can be said where that does not vary.
                let vol = |of: &Naive| of.value("vol_252", t, &naive_benchmark).filter(|vol| *vol > 1e-9);
                let size = match factor.name {
                    "mom_risk_adj" => vol(&naive).map(|vol| 1.0 / vol),
                    "beta_252" if !benchmark.sessions.contains(&t) => None,
                    "beta_252" => vol(&naive_benchmark).map(|market| vol(&naive).unwrap_or(0.0) / market),
                    _ => Some(1.0),
                };
                let Some(size) = size else { continue };
                let exact = close_enough(value, expected) || (value - expected).abs() <= 1e-12 * size;
                prop_assert!(exact, "{} at {t}: {value} is not {expected}", factor.name);
            }
        }
        let mut out = sample.rows(FIRST..FIRST + cut, Some(&known));
        price_factors(&mut Workspace::default(), &sample.history(), Some(&known), false, FIRST + cut..ALL.end, &mut out);
        prop_assert_eq!(out.bits(), got.bits());
    }

    #[test]
    fn every_value_is_what_the_definition_says((sample, benchmark) in market()) {
        let got = sample.rows(ALL, Some(&Benchmark::new(&benchmark.history())));
        let (naive, naive_benchmark) = (Naive::new(&sample), Naive::new(&benchmark));
        prop_assert_eq!(&got.sessions, &sample.sessions);
        for factor in &PRICE_FACTORS {
            for (&t, &value) in got.sessions.iter().zip(got.column(factor.name)) {
                let expected = naive.value(factor.name, t, &naive_benchmark).unwrap_or(f64::NAN);
                prop_assert!(close_enough(value, expected), "{} at {t}: {value} is not {expected}", factor.name);
            }
        }
    }

    #[test]
    fn cutting_the_rows_anywhere_gives_the_same_bits((sample, benchmark) in market(), cuts in prop::collection::vec(0..LENGTH, 0..6)) {
        let benchmark = Benchmark::new(&benchmark.history());
        let mut edges: Vec<i32> = cuts.iter().map(|cut| FIRST + cut).chain([ALL.start, ALL.end]).collect();
        edges.sort_unstable();
        let (mut workspace, mut out) = (Workspace::default(), FactorColumns::default());
        for edge in edges.windows(2) {
            price_factors(&mut workspace, &sample.history(), Some(&benchmark), false, edge[0]..edge[1], &mut out);
        }
        prop_assert_eq!(out.bits(), sample.rows(ALL, Some(&benchmark)).bits());
    }

    #[test]
    fn the_history_that_must_be_given_is_enough_to_the_bit((sample, benchmark) in market(), cut in PRICE_HISTORY..LENGTH) {
        let rows = FIRST + cut..FIRST + cut + 20;
        let oldest = rows.start - PRICE_HISTORY;
        let inside = sample.sessions.partition_point(|&session| session < oldest);
        let gap_there = sample.sessions.get(inside) != Some(&oldest);
        let from = if gap_there { inside.saturating_sub(1) } else { inside };
        let from_benchmark = benchmark.sessions.partition_point(|&session| session < oldest);
        let whole = sample.rows(rows.clone(), Some(&Benchmark::new(&benchmark.history())));
        let shortened = Benchmark::new(&benchmark.since_bar(from_benchmark.saturating_sub(1)).history());
        prop_assert_eq!(sample.since_bar(from).rows(rows, Some(&shortened)).bits(), whole.bits());
    }

    #[test]
    fn what_comes_later_never_changes_an_earlier_row((sample, benchmark) in market(), cut in 1..LENGTH, ratio in 0.01..50.0) {
        let t = FIRST + cut;
        let mut changed = sample.clone();
        changed.splits.retain(|split| split.session <= t);
        changed.splits.push(Split { session: t + 1, ratio });
        changed.dividends.retain(|dividend| dividend.session <= t);
        changed.dividends.push(Dividend { session: t + 1, cash: ratio });
        changed.shares.retain(|report| report.usable_from <= t);
        for (close, _) in changed.close.iter_mut().zip(&sample.sessions).filter(|(_, session)| **session > t) {
            *close *= ratio;
        }
        let benchmark = Benchmark::new(&benchmark.history());
        let (before, after) = (sample.rows(FIRST..t + 1, Some(&benchmark)), changed.rows(FIRST..t + 1, Some(&benchmark)));
        prop_assert_eq!(before.bits(), after.bits());
    }

    #[test]
    fn a_factor_reads_no_bar_before_its_own_history((sample, benchmark) in market(), cut in PRICE_HISTORY + 10..LENGTH) {
        let t = FIRST + cut;
        prop_assume!(sample.sessions.contains(&t));
        let benchmark = Benchmark::new(&benchmark.history());
        for factor in PRICE_FACTORS.iter().filter(|factor| factor.name != "max_drawdown_252") {
            let mut changed = sample.clone();
            for position in 0..changed.sessions.partition_point(|&session| session < t - factor.history) {
                changed.close[position] *= 1.0 + (position % 7) as f64;
                changed.volume[position] += 1e6;
            }
            let value = |sample: &Sample| sample.rows(t..t + 1, Some(&benchmark)).column(factor.name)[0];
            prop_assert_eq!(value(&sample).to_bits(), value(&changed).to_bits(), "{}", factor.name);
        }
    }

    #[test]
    fn scaling_all_prices_leaves_ratios_and_scales_money((sample, _) in market(), scale in 0.01..100.0) {
        let mut scaled = sample.clone();
        scaled.close.iter_mut().for_each(|close| *close *= scale);
        scaled.dividends.iter_mut().for_each(|dividend| dividend.cash *= scale);
        let (before, after) = (sample.rows(ALL, None), scaled.rows(ALL, None));
        for factor in &PRICE_FACTORS {
            for (&before, &after) in before.column(factor.name).iter().zip(after.column(factor.name)) {
                let expected = match factor.name {
                    "adv_20" | "adv_63" => before * scale,
                    "amihud_126" => before / scale,
                    "size" => before + f64::ln(scale),
                    _ => before,
                };
                let equal = (expected.is_nan() && after.is_nan()) || (expected - after).abs() <= 1e-9 * (1.0 + expected.abs());
                prop_assert!(equal, "{}: {after} is not {expected}", factor.name);
            }
        }
    }

    #[test]
    fn a_value_is_null_or_finite_and_never_minus_zero((sample, benchmark) in market()) {
        let (_, _, columns) = sample.rows(ALL, Some(&Benchmark::new(&benchmark.history()))).bits();
        for bits in columns.into_iter().flatten() {
            let value = f64::from_bits(bits);
            prop_assert!(value.is_finite() || bits == f64::NAN.to_bits());
            prop_assert!(bits != (-0.0_f64).to_bits());
        }
    }
}
