//! A series of one number a session, in summary: mean, spread, and how sure the mean is although neighbours overlap.

use crate::arithmetic::{NULL, kept};

/// Fewest spans without overlap for which a standard error is given.
const LEAST_SPANS: usize = 4;

/// A series in summary. Null where there are too few values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Values that are not null.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their sample standard deviation (ddof 1); null under 2 values.
    pub sd: f64,
    /// Mean / sd, not annualised; null where sd is 0.
    pub ratio: f64,
    /// Standard error of the mean by Newey and West (1987), with as many lags as neighbours overlap.
    pub error: f64,
    /// Mean / error.
    pub t: f64,
    /// Share of the values that are above 0.
    pub positive: f64,
}

/// Summarises `values`, one a session of `sessions` (ascending); NaN is null. Each value looks `horizon` sessions ahead, so
/// that values closer than that share returns.
///
/// The variance of the mean is `1/n × n/(n−1) × (γ₀ + 2 Σ (1 − l/horizon) γ_l)` over the lags `l = 1 … horizon − 1`, where
/// `γ_l` is the sum over values `l` sessions apart of the product of their deviations from the mean, / n (Newey & West,
/// *Econometrica* 55(3), with Bartlett's weights, which keep it above 0). With horizon 1 it is sd² / n. A session without a
/// value takes part in no product. It is null with fewer values than four horizons hold: the estimate would rest on a span or two.
pub fn summarise(sessions: &[i32], values: &[f64], horizon: usize) -> Summary {
    let present: Vec<(i32, f64)> =
        sessions.iter().copied().zip(values.iter().copied()).filter(|(_, value)| !value.is_nan()).collect();
    let count = present.len();
    if count == 0 {
        return Summary { count, mean: NULL, sd: NULL, ratio: NULL, error: NULL, t: NULL, positive: NULL };
    }
    let n = count as f64;
    let mean = present.iter().map(|(_, value)| value).sum::<f64>() / n;
    let squares: f64 = present.iter().map(|(_, value)| (value - mean).powi(2)).sum();
    let sd = if count < 2 { NULL } else { (squares / (n - 1.0)).sqrt() };
    let enough = count >= LEAST_SPANS * horizon;
    let error = if enough { (long_run(&present, mean, horizon) / (n - 1.0)).sqrt() } else { NULL };
    let positive = present.iter().filter(|(_, value)| *value > 0.0).count() as f64 / n;
    let over = |divisor: f64| if divisor > 0.0 { kept(mean / divisor) } else { NULL };
    Summary {
        count,
        mean: kept(mean),
        sd: kept(sd),
        ratio: over(sd),
        error: kept(error),
        t: over(error),
        positive,
    }
}

/// γ₀ + 2 Σ (1 − l/horizon) γ_l.
fn long_run(present: &[(i32, f64)], mean: f64, horizon: usize) -> f64 {
    let (first, last) = (present[0].0, present[present.len() - 1].0);
    // A session without a value deviates by 0, which is what taking part in no product means.
    let mut deviations = vec![0.0; (last - first) as usize + 1];
    for (session, value) in present {
        deviations[(session - first) as usize] = value - mean;
    }
    let products = |lag: usize| -> f64 {
        deviations.iter().zip(deviations.iter().skip(lag)).map(|(before, now)| before * now).sum()
    };
    let mut total = products(0);
    for lag in 1..horizon.min(deviations.len()) {
        total += 2.0 * (1.0 - lag as f64 / horizon as f64) * products(lag);
    }
    (total / present.len() as f64).max(0.0)
}

/// The running sum of `spreads / horizon`: what was gained, not compounded, by putting 1/horizon of the capital into the top
/// against the bottom on every session and holding it for the horizon, booked on the session on which it is put in. A
/// session without a spread adds nothing.
pub fn cumulative(spreads: &[f64], horizon: usize) -> Vec<f64> {
    let mut total = 0.0;
    let add = |spread: &f64| {
        if !spread.is_nan() {
            total += spread / horizon as f64;
        }
        total
    };
    spreads.iter().map(add).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Four values of mean 1.5, twice.
    const EIGHT: [f64; 8] = [1.0, 2.0, -1.0, 4.0, 1.0, 2.0, -1.0, 4.0];

    fn near(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-12, "{got} is not {expected}");
    }

    #[test]
    fn without_overlap_it_is_the_textbook_mean_and_t() {
        let s = summarise(&[5, 6, 7, 8], &[1.0, 2.0, -1.0, 4.0], 1);
        // Deviations from 1.5: −0.5, 0.5, −2.5, 2.5; squares sum to 13.
        near(s.mean, 1.5);
        near(s.sd, (13.0_f64 / 3.0).sqrt());
        near(s.ratio, 1.5 / (13.0_f64 / 3.0).sqrt());
        near(s.error, (13.0_f64 / 3.0).sqrt() / 2.0);
        near(s.t, 1.5 / ((13.0_f64 / 3.0).sqrt() / 2.0));
        assert_eq!((s.count, s.positive), (4, 0.75));
    }

    #[test]
    fn a_horizon_of_two_counts_the_neighbours_half() {
        let s = summarise(&[5, 6, 7, 8, 9, 10, 11, 12], &EIGHT, 2);
        // Squares sum to 26. Products of neighbours: twice −0.25, −1.25 and −6.25, once −1.25, together −16.75;
        // (26 + 2 × ½ × −16.75) / 8, / 7.
        near(s.error, (9.25_f64 / 56.0).sqrt());
    }

    #[test]
    fn neighbours_are_neighbours_in_sessions_not_in_rows() {
        let with_gap = summarise(&[5, 6, 8, 9, 11, 12, 14, 15], &EIGHT, 2);
        // Twice −0.25 and −6.25 are left: (26 − 13) / 8 / 7.
        near(with_gap.error, (13.0_f64 / 56.0).sqrt());
        let with_null = summarise(
            &[5, 6, 7, 8, 9, 11, 12, 14, 15],
            &[1.0, 2.0, f64::NAN, -1.0, 4.0, 1.0, 2.0, -1.0, 4.0],
            2,
        );
        assert_eq!(with_gap, with_null);
    }

    #[test]
    fn too_few_values_have_no_error_and_equal_ones_no_ratio() {
        let s = summarise(&[5, 6, 7, 8], &[1.0, 2.0, -1.0, 4.0], 2);
        near(s.mean, 1.5);
        assert!(s.error.is_nan() && s.t.is_nan());
        let s = summarise(&[5], &[1.0], 1);
        assert!(s.sd.is_nan() && s.error.is_nan() && s.ratio.is_nan());
        let s = summarise(&[5, 6, 7, 8], &[0.5; 4], 1);
        assert_eq!((s.sd, s.error), (0.0, 0.0));
        assert!(s.ratio.is_nan() && s.t.is_nan());
        assert_eq!(summarise(&[5], &[f64::NAN], 1).count, 0);
    }

    #[test]
    fn spreads_add_up_by_the_part_of_the_capital_that_they_get() {
        assert_eq!(cumulative(&[0.02, f64::NAN, -0.01, 0.04], 2), [0.01, 0.01, 0.005, 0.025]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Bartlett's weights are what overlapping blocks give: the mean square of the sums of `horizon` neighbours,
        /// with zeros before and after, is `horizon` times the weighted sum.
        #[test]
        fn the_long_run_variance_is_that_of_sums_over_the_horizon(
            values in prop::collection::vec(-1.0..1.0_f64, 8..60), horizon in 1_usize..8
        ) {
            let n = values.len();
            let mean = values.iter().sum::<f64>() / n as f64;
            let present: Vec<(i32, f64)> = (0..).zip(values.iter().copied()).collect();
            let mut padded = vec![0.0; horizon - 1];
            padded.extend(values.iter().map(|v| v - mean));
            padded.extend(vec![0.0; horizon - 1]);
            let blocks: f64 = padded.windows(horizon).map(|w| w.iter().sum::<f64>().powi(2)).sum();
            let expected = blocks / (horizon * n) as f64;
            prop_assert!((long_run(&present, mean, horizon) - expected).abs() < 1e-12);
        }
    }
}
