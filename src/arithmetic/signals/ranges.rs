//! What is read off highs and lows: extremes of a window, and the stochastic.

use super::adjust::AdjustedBars;
use super::averages::mean;
use super::{latest, level};

/// The highest of the last `count` values; null if there are fewer.
pub(super) fn highest(series: &[f64], count: usize) -> Option<f64> {
    latest(series, count).map(|window| {
        window.iter().fold(f64::NEG_INFINITY, |high, &value| if value > high { value } else { high })
    })
}

/// The lowest of the last `count` values; null if there are fewer.
pub(super) fn lowest(series: &[f64], count: usize) -> Option<f64> {
    latest(series, count)
        .map(|window| window.iter().fold(f64::INFINITY, |low, &value| if value < low { value } else { low }))
}

/// Stochastic 14-3-3, slow %K and slow %D, 0 … 100 (beyond only if a close lies outside high and low). Null under 18
/// bars. The fast line of a flat window is 0, as in TA-Lib.
pub(super) fn stochastic(bars: &AdjustedBars<'_>) -> Option<(f64, f64)> {
    const SMOOTHING: usize = 3;
    let mut fast = [0.0; 2 * SMOOTHING - 1];
    for (value, dropped) in fast.iter_mut().rev().zip(0..) {
        let count = bars.close.len().checked_sub(dropped)?;
        let (high, low) = (highest(&bars.high[..count], 14)?, lowest(&bars.low[..count], 14)?);
        let close = bars.close[..count].last()?;
        *value = if level(high, low) { 0.0 } else { (close - low) / (high - low) * 100.0 };
    }
    let mut slow = [0.0; SMOOTHING];
    for (value, window) in slow.iter_mut().zip(fast.windows(SMOOTHING)) {
        *value = mean(window);
    }
    Some((slow[SMOOTHING - 1], mean(&slow)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_are_those_of_the_window_alone() {
        assert_eq!(highest(&[9.0, 1.0, 3.0, 2.0], 3), Some(3.0));
        assert_eq!(lowest(&[0.5, 1.0, 3.0, 2.0], 3), Some(1.0));
        assert_eq!((highest(&[1.0], 2), lowest(&[1.0], 2)), (None, None));
    }

    #[test]
    fn the_stochastic_smooths_the_fast_line_twice() {
        // Highs 20 and lows 10 throughout. Closes of the last five bars give fast lines of 0, 30, 60, 90 and 60.
        let (high, low) = ([20.0; 18], [10.0; 18]);
        let mut close = [12.0; 18];
        close[13..].copy_from_slice(&[10.0, 13.0, 16.0, 19.0, 16.0]);
        let bars = AdjustedBars { open: &close, high: &high, low: &low, close: &close, volume: &high };
        // Slow %K: 30, 60, 70; slow %D their mean.
        let (k, d) = stochastic(&bars).unwrap();
        assert!((k - 70.0).abs() < 1e-12 && (d - 160.0 / 3.0).abs() < 1e-12, "{k} {d}");
    }

    #[test]
    fn the_stochastic_of_a_flat_price_is_0_and_needs_18_bars() {
        let flat = [3.0; 18];
        let of = |count: usize| {
            let flat = &flat[..count];
            stochastic(&AdjustedBars { open: flat, high: flat, low: flat, close: flat, volume: flat })
        };
        assert_eq!(of(18), Some((0.0, 0.0)));
        assert_eq!(of(17), None);
    }
}
