//! Each factor on a history whose answer can be worked out by hand.

use std::f64::consts::LN_2;

use super::sample::Sample;
use super::{Benchmark, FactorColumns, Workspace, price_factors};
use crate::domain::history::{Dividend, History, SharesReport, Split};

#[track_caller]
fn near(got: f64, expected: f64) {
    assert!((got - expected).abs() <= 1e-12 * (1.0 + expected.abs()), "{got} is not {expected}");
}

/// Closes from 100 on that have these returns.
fn compounding(returns: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut close = vec![100.0];
    close.extend(returns.into_iter().scan(100.0, |price, r| {
        *price *= 1.0 + r;
        Some(*price)
    }));
    close
}

/// Returns of `size` and `-size` in turn.
fn to_and_fro(size: f64, length: usize) -> impl Iterator<Item = f64> {
    [size, -size].into_iter().cycle().take(length)
}

/// 300 closes: 10, from session 100 on 20, in the last 20 sessions 40.
fn stairs() -> Sample {
    Sample::steady(
        0,
        (0..300).map(|s| {
            if s < 100 {
                10.0
            } else if s < 280 {
                20.0
            } else {
                40.0
            }
        }),
    )
}

/// The sample less its bars of some sessions.
fn without(sample: Sample, absent: std::ops::Range<i32>) -> Sample {
    let kept = |position: &usize| !absent.contains(&sample.sessions[*position]);
    let kept: Vec<usize> = (0..sample.sessions.len()).filter(kept).collect();
    Sample {
        sessions: kept.iter().map(|&position| sample.sessions[position]).collect(),
        close: kept.iter().map(|&position| sample.close[position]).collect(),
        volume: kept.iter().map(|&position| sample.volume[position]).collect(),
        ..sample
    }
}

#[test]
fn compounded_returns_span_their_windows() {
    let stairs = stairs();
    assert_eq!(stairs.last("mom_12_1", None), 1.0);
    assert_eq!(stairs.last("mom_6_1", None), 0.0);
    assert_eq!(stairs.last("mom_3", None), 1.0);
    assert_eq!(stairs.last("rev_1", None), 1.0);
    let rows = stairs.rows(0..300, None);
    assert_eq!(rows.column("rev_1")[278..281], [0.0, 0.0, 1.0]);
}

#[test]
fn the_most_recent_month_does_not_move_momentum() {
    let before = stairs();
    let mut after = before.clone();
    after.close[279..].iter_mut().for_each(|close| *close *= 3.0);
    for factor in ["mom_12_1", "mom_6_1"] {
        assert_eq!(before.last(factor, None).to_bits(), after.last(factor, None).to_bits());
    }
    assert_ne!(before.last("rev_1", None), after.last("rev_1", None));
}

#[test]
fn momentum_begins_when_there_is_a_price_252_sessions_ago() {
    let rows = stairs().rows(0..300, None);
    for (factor, first) in [("mom_12_1", 252), ("mom_6_1", 126), ("mom_3", 63), ("rev_1", 21)] {
        let column = rows.column(factor);
        assert!(column[first - 1].is_nan() && !column[first].is_nan(), "{factor}");
    }
}

#[test]
fn a_price_may_be_five_sessions_old_and_not_six() {
    // t is 299, t-252 is 47, t-21 is 278.
    assert_eq!(without(stairs(), 43..48).last("mom_12_1", None), 1.0);
    assert!(without(stairs(), 42..48).last("mom_12_1", None).is_nan());
    assert_eq!(without(stairs(), 274..279).last("mom_12_1", None), 1.0);
    assert!(without(stairs(), 273..279).last("mom_12_1", None).is_nan());
    assert!(without(stairs(), 273..279).last("rev_1", None).is_nan());
}

#[test]
fn dividends_and_splits_are_part_of_the_return() {
    let mut sample = Sample::steady(0, (0..300).map(|s| if s < 290 { 70.0 } else { 10.0 }));
    sample.splits.push(Split { session: 290, ratio: 7.0 });
    sample.dividends.push(Dividend { session: 285, cash: 7.0 });
    near(sample.last("rev_1", None), 0.1);
    sample.dividends[0].session = 290;
    near(sample.last("rev_1", None), 0.1);
    sample.dividends[0] = Dividend { session: 291, cash: 1.0 };
    near(sample.last("rev_1", None), 0.1);
}

#[test]
fn momentum_per_risk_is_the_quotient_and_null_without_risk() {
    let sample = Sample::steady(0, compounding((0..299).map(|s| [0.02, -0.01, 0.0][s % 3])));
    near(sample.last("mom_risk_adj", None), sample.last("mom_12_1", None) / sample.last("vol_252", None));
    let still = Sample::steady(0, [5.0; 300]);
    assert_eq!((still.last("mom_12_1", None), still.last("vol_252", None)), (0.0, 0.0));
    assert!(still.last("mom_risk_adj", None).is_nan());
}

#[test]
fn the_high_is_on_the_rows_own_split_basis() {
    let mut sample = Sample::steady(0, (0..300).map(|s| if s < 200 { 700.0 } else { 50.0 }));
    assert_eq!(sample.last("high_52w", None), 50.0 / 700.0);
    sample.splits.push(Split { session: 200, ratio: 7.0 });
    assert_eq!(sample.last("high_52w", None), 0.5);
    let rows = sample.rows(0..300, None);
    assert!(rows.column("high_52w")[118].is_nan());
    assert_eq!(rows.column("high_52w")[119], 1.0);
}

#[test]
fn volatility_of_ten_percent_to_and_fro() {
    let sample = Sample::steady(0, compounding(to_and_fro(0.1, 252)));
    near(sample.last("vol_20", None), (20.0 * 0.01 / 19.0 * 252.0_f64).sqrt());
    near(sample.last("vol_60", None), (60.0 * 0.01 / 59.0 * 252.0_f64).sqrt());
    near(sample.last("vol_252", None), (252.0 * 0.01 / 251.0 * 252.0_f64).sqrt());
    near(sample.last("downside_vol_252", None), (0.005 * 252.0_f64).sqrt());
    let rows = sample.rows(0..253, None);
    for (factor, least) in [("vol_20", 15), ("vol_60", 40), ("vol_252", 120), ("downside_vol_252", 120)] {
        let column = rows.column(factor);
        assert!(column[least - 1].is_nan() && !column[least].is_nan(), "{factor}");
    }
}

#[test]
fn volatility_is_the_technical_librarys_with_the_sample_denominator() {
    let sample = Sample { splits: vec![], dividends: vec![], ..Sample::random(7, 400, 0.0) };
    let got = sample.rows(1000..1400, None);
    let returns: Vec<f64> = sample.close.windows(2).map(|c| c[1] / c[0] - 1.0).collect();
    for (factor, length) in [("vol_20", 20), ("vol_60", 60), ("vol_252", 252)] {
        let mut sd = vec![0.0; returns.len()];
        let library = ta_lib::Core::new();
        let out = library.stddev(0, returns.len() - 1, &returns, length, 1.0, &mut sd).expect("a series");
        assert_eq!(out.count, returns.len() + 1 - length as usize);
        let n = f64::from(length);
        for (at, sd) in sd[..out.count].iter().enumerate() {
            let expected = sd * (n / (n - 1.0) * 252.0).sqrt();
            let value = got.column(factor)[at + out.beg_idx + 1];
            assert!((value - expected).abs() < 1e-9, "{factor}: {value} is not {expected}");
        }
    }
}

#[test]
fn twice_the_market_and_a_residual_across_it() {
    let market: Vec<f64> = to_and_fro(0.01, 252).collect();
    let residual = [0.003, 0.003, -0.003, -0.003];
    let returns = market.iter().enumerate().map(|(s, m)| 2.0 * m + residual[s % 4]);
    let sample = Sample::steady(0, compounding(returns));
    let benchmark = Sample::steady(0, compounding(market.iter().copied()));
    let known = Benchmark::new(&benchmark.history());
    near(sample.last("beta_252", Some(&known)), 2.0);
    near(sample.last("ivol_252", Some(&known)), 0.003 * (252.0 / 250.0 * 252.0_f64).sqrt());
    assert!(sample.last("beta_252", None).is_nan() && sample.last("ivol_252", None).is_nan());
    let still = Benchmark::new(&Sample::steady(0, [5.0; 253]).history());
    assert!(sample.last("beta_252", Some(&still)).is_nan() && sample.last("ivol_252", Some(&still)).is_nan());
}

#[test]
fn a_session_without_the_benchmark_takes_two_returns_from_the_sample() {
    let sample = Sample::steady(0, compounding(to_and_fro(0.01, 121)));
    let whole = Benchmark::new(&sample.history());
    assert!(!sample.last("beta_252", Some(&whole)).is_nan());
    let holed = Benchmark::new(&without(sample.clone(), 50..51).history());
    assert!(sample.last("beta_252", Some(&holed)).is_nan(), "119 pairs are left");
}

#[test]
fn the_benchmark_has_beta_one_and_no_residual() {
    let sample = Sample::steady(0, compounding(to_and_fro(0.01, 130)));
    let mut out = FactorColumns::default();
    price_factors(&mut Workspace::default(), &sample.history(), None, true, 0..131, &mut out);
    for (factor, expected) in [("beta_252", 1.0), ("ivol_252", 0.0)] {
        assert!(out.column(factor)[119].is_nan());
        assert_eq!(out.column(factor)[120..], [expected; 11]);
    }
}

#[test]
fn the_highest_return_of_a_month_leaves_it_after_21_sessions() {
    let sample = Sample::steady(0, (0..100).map(|s| if s < 50 { 10.0 } else { 15.0 }));
    let rows = sample.rows(0..100, None);
    assert_eq!(rows.column("max_ret_21")[49..52], [0.0, 0.5, 0.5]);
    assert_eq!(rows.column("max_ret_21")[70..72], [0.5, 0.0]);
    assert!(rows.column("max_ret_21")[14].is_nan() && !rows.column("max_ret_21")[15].is_nan());
}

#[test]
fn the_deepest_fall_is_from_the_peak_before_it() {
    let closes = |s| {
        if s < 50 {
            100.0
        } else if s < 100 {
            75.0
        } else if s < 150 {
            300.0
        } else {
            180.0
        }
    };
    let sample = Sample::steady(0, (0..200).map(closes));
    near(sample.last("max_drawdown_252", None), -0.4);
    let rows = sample.rows(0..200, None);
    near(rows.column("max_drawdown_252")[149], -0.25);
    assert!(rows.column("max_drawdown_252")[119].is_nan());
    assert_eq!(Sample::steady(0, (1..200).map(f64::from)).last("max_drawdown_252", None).to_bits(), 0);
}

#[test]
fn a_return_across_six_sessions_compounds_but_is_no_statistic() {
    let mut closes = vec![100.0; 300];
    closes[280..].fill(50.0);
    let five = without(Sample::steady(0, closes.clone()), 276..280);
    let six = without(Sample::steady(0, closes), 275..280);
    assert!(five.last("vol_252", None) > 0.0);
    assert_eq!(six.last("vol_252", None), 0.0);
    assert_eq!(six.last("downside_vol_252", None), 0.0);
    assert_eq!(six.last("amihud_126", None), 0.0);
    assert_eq!(six.last("max_drawdown_252", None), -0.5);
    assert_eq!(six.last("rev_1", None), -0.5);
}

#[test]
fn money_traded_counts_absent_sessions_and_not_those_before_the_first_bar() {
    let rows = Sample::steady(0, [2.0; 100]).rows(0..100, None);
    assert!(rows.column("adv_20")[13].is_nan());
    assert_eq!(rows.column("adv_20")[14..16], [2000.0, 2000.0]);
    assert!(rows.column("adv_63")[38].is_nan());
    assert_eq!(rows.column("adv_63")[39], 2000.0);
    let sample = without(Sample::steady(0, [2.0; 100]), 90..92);
    near(sample.last("adv_20", None), 2000.0 * 18.0 / 20.0);
    near(sample.last("adv_63", None), 2000.0 * 61.0 / 63.0);
    let cut = Sample { earlier_bars: true, ..Sample::steady(0, [2.0; 16]) };
    near(cut.last("adv_20", None), 2000.0 * 16.0 / 20.0);
}

#[test]
fn illiquidity_is_per_million_and_leaves_out_bars_without_volume() {
    let mut sample = Sample::steady(0, compounding(to_and_fro(0.1, 130)));
    for (volume, close) in sample.volume.iter_mut().zip(&sample.close) {
        *volume = 2e6 / close;
    }
    near(sample.last("amihud_126", None), 0.05);
    sample.volume[100] = 0.0;
    near(sample.last("amihud_126", None), 0.05);
    sample.volume[40..110].fill(0.0);
    assert!(sample.last("amihud_126", None).is_nan(), "56 returns are left");
}

#[test]
fn turnover_and_size_are_on_the_rows_own_split_basis() {
    let mut sample = Sample::steady(0, (0..100).map(|s| if s < 80 { 8.0 } else { 4.0 }));
    assert!(sample.last("turnover_63", None).is_nan() && sample.last("size", None).is_nan());
    sample.volume[80..].fill(2000.0);
    sample.splits.push(Split { session: 80, ratio: 2.0 });
    sample.shares.push(SharesReport { usable_from: 10, filed: 9, shares: 1e5 });
    near(sample.last("turnover_63", None), 0.01);
    near(sample.last("size", None), 8e5_f64.ln());
    let rows = sample.rows(0..100, None);
    assert!(rows.column("size")[9].is_nan());
    near(rows.column("size")[10], 8e5_f64.ln());
    assert!(rows.column("turnover_63")[38].is_nan());
    near(rows.column("turnover_63")[79], 0.01);
    // A later report on the new basis replaces it; of two usable from one session, the last given counts.
    sample.shares.push(SharesReport { usable_from: 90, filed: 70, shares: 3e5 });
    sample.shares.push(SharesReport { usable_from: 90, filed: 80, shares: 4e5 });
    near(sample.last("turnover_63", None), 0.005);
    near(sample.last("size", None), 8e5_f64.ln() + LN_2);
    sample.shares.push(SharesReport { usable_from: 91, filed: 90, shares: 0.0 });
    assert!(sample.last("turnover_63", None).is_nan() && sample.last("size", None).is_nan());
}

#[test]
fn the_yield_counts_a_year_of_dividends_per_share_of_today() {
    let mut sample = Sample::steady(0, [10.0; 300]);
    assert_eq!(sample.last("div_yield", None).to_bits(), 0);
    // t is 299: the window is (47, 299].
    for (session, cash) in [(47, 9.0), (48, 0.2), (200, 0.4), (201, 0.1), (299, 0.1)] {
        sample.dividends.push(Dividend { session, cash });
    }
    near(sample.last("div_yield", None), 0.08);
    sample.splits.push(Split { session: 200, ratio: 2.0 });
    near(sample.last("div_yield", None), (0.1 + 0.2 + 0.1 + 0.1) / 10.0);
    assert_eq!(Sample::steady(0, [10.0]).last("div_yield", None), 0.0);
}

#[test]
fn the_population_wants_a_close_of_one_money_and_sixty_sessions() {
    let rule = |sample: &Sample| sample.rows(0..1000, None).in_population_rule;
    let members = rule(&Sample::steady(0, [100.0; 62]));
    assert_eq!(members[58..], [false, true, true, true]);
    let mut penny = Sample::steady(0, [1.0; 62]);
    penny.volume.fill(1e5);
    assert!(rule(&penny)[61]);
    penny.close[61] = 0.99;
    penny.volume[61] = 2e5;
    assert!(!rule(&penny)[61]);
    assert!(!rule(&Sample::steady(0, [99.99; 62]))[61]);
    assert!(rule(&Sample { earlier_bars: true, ..Sample::steady(0, [200.0; 16]) })[15]);
}

#[test]
fn there_is_a_row_exactly_where_there_is_a_bar() {
    let sample = without(Sample::steady(0, [10.0; 60]), 20..50);
    assert_eq!(sample.rows(15..52, None).sessions, [15, 16, 17, 18, 19, 50, 51]);
    let backwards = std::ops::Range { start: 52, end: 15 };
    let empty = [sample.rows(20..50, None), sample.rows(backwards, None), Sample::default().rows(0..9, None)];
    assert!(empty.iter().all(|rows| rows.sessions.is_empty() && rows.values.iter().all(Vec::is_empty)));
    let mut out = sample.rows(15..52, None);
    out.clear();
    assert_eq!(out.bits(), FactorColumns::default().bits());
    assert!(Benchmark::new(&History::default()).compounded(0, 1).is_none());
}

#[test]
fn a_residual_of_a_billionth_is_measured_and_not_lost_in_a_difference() {
    // The market moves by a percent; what is left of 1.3 times the market is a billionth of one.
    let noise = |s: usize| [1.0, -2.0, 0.5, 3.0, -1.5, 0.25, -0.75][s * s % 7] * 1e-9;
    let market: Vec<f64> = (0..260).map(|s| 0.01 * (f64::from(s) * 1.7).sin() + 0.0003).collect();
    let benchmark = Sample::steady(0, compounding(market.iter().copied()));
    let sample = Sample::steady(0, compounding(market.iter().enumerate().map(|(s, m)| 1.3 * m + noise(s))));
    // Directly, on the returns as they are after rounding to closes.
    let returns = |closes: &[f64]| -> Vec<f64> {
        let returns: Vec<f64> = closes.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
        returns[returns.len() - 252..].to_vec()
    };
    let (y, x) = (returns(&sample.close), returns(&benchmark.close));
    let mean = |values: &[f64]| values.iter().sum::<f64>() / 252.0;
    let (mean_y, mean_x) = (mean(&y), mean(&x));
    let both: f64 = y.iter().zip(&x).map(|(y, x)| (y - mean_y) * (x - mean_x)).sum();
    let beta = both / x.iter().map(|x| (x - mean_x).powi(2)).sum::<f64>();
    let residuals = y.iter().zip(&x).map(|(y, x)| ((y - mean_y) - beta * (x - mean_x)).powi(2));
    let expected = (residuals.sum::<f64>() / 250.0 * 252.0).sqrt();
    assert!(1e-9 < expected && expected < 1e-7, "{expected}");
    let known = Benchmark::new(&benchmark.history());
    let value = sample.last("ivol_252", Some(&known));
    assert!((value / expected - 1.0).abs() < 1e-9, "{value} is not {expected}");
    near(sample.last("beta_252", Some(&known)), beta);
}

#[test]
fn even_returns_have_no_volatility_but_that_of_their_rounding() {
    // Doubling and halving are exact: not the least deviation is made up.
    let doubled = Sample::steady(0, (0..300).map(|s| 2.0_f64.powi(s)));
    for factor in ["vol_20", "vol_60", "vol_252"] {
        assert_eq!(doubled.last(factor, None), 0.0, "{factor}");
    }
    assert!(doubled.last("mom_risk_adj", None).is_nan());
    let evenly = Sample::steady(0, compounding((0..300).map(|_| 0.01)));
    for factor in ["vol_20", "vol_60", "vol_252"] {
        assert!(evenly.last(factor, None) < 1e-14, "{factor}: {}", evenly.last(factor, None));
    }
}
