//! Moving averages and what is built on them: SMA and its cross, EMA, MACD, Bollinger bands.
//! Windows are summed anew, oldest first; no running total drifts.

use super::{latest, level};

/// Mean of the last `period` values; null if there are fewer.
pub(super) fn sma(series: &[f64], period: usize) -> Option<f64> {
    latest(series, period).map(mean)
}

/// Exponential average with the weight 2 / (period + 1), seeded as TA-Lib does with the mean of the first `period`
/// values given; null if there are fewer.
pub(super) fn ema(series: &[f64], period: usize) -> Option<f64> {
    let (seed, rest) = series.split_at_checked(period)?;
    let weight = ema_weight(period);
    Some(rest.iter().fold(mean(seed), |average, &value| smooth(average, value, weight)))
}

/// MACD 12-26-9: the line and its signal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Macd {
    /// Fast less slow average.
    pub line: f64,
    /// The line's own average.
    pub signal: f64,
}

const FAST: usize = 12;
const SLOW: usize = 26;
const SIGNAL: usize = 9;

/// MACD as TA-Lib's MACD computes it: both averages are seeded so that they begin at the 26th bar (the fast one
/// with the mean of bars 15 to 26), the signal with the mean of the first 9 lines. Null under 34 bars, the line too.
pub(super) fn macd(close: &[f64]) -> Option<Macd> {
    let (seed, rest) = close.split_at_checked(SLOW)?;
    let (signal_seed, rest) = rest.split_at_checked(SIGNAL - 1)?;
    let (fast_weight, slow_weight) = (ema_weight(FAST), ema_weight(SLOW));
    let mut fast = mean(&seed[SLOW - FAST..]);
    let mut slow = mean(seed);
    let mut advance = |close: f64| {
        fast = smooth(fast, close, fast_weight);
        slow = smooth(slow, close, slow_weight);
        fast - slow
    };
    let mut line = mean(&seed[SLOW - FAST..]) - mean(seed);
    let mut sum = line;
    for &close in signal_seed {
        line = advance(close);
        sum += line;
    }
    let mut signal = sum / SIGNAL as f64;
    for &close in rest {
        line = advance(close);
        signal = smooth(signal, line, ema_weight(SIGNAL));
    }
    Some(Macd { line, signal })
}

/// The bands of Bollinger 20, 2 sd.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bollinger {
    middle: f64,
    upper: f64,
    lower: f64,
}

impl Bollinger {
    /// Where the close stands between the bands: 0 at the lower, 1 at the upper; null if they are one.
    pub fn percent_b(&self, close: f64) -> Option<f64> {
        (!level(self.upper, self.lower)).then(|| (close - self.lower) / (self.upper - self.lower))
    }

    /// The distance between the bands as a share of the middle.
    pub fn width(&self) -> f64 {
        (self.upper - self.lower) / self.middle
    }
}

/// SMA 20 and two population standard deviations (ddof 0, as TA-Lib) to each side. The deviations are taken from the
/// window's oldest close first, so that a flat window has none at all.
pub(super) fn bollinger(close: &[f64]) -> Option<Bollinger> {
    let window = latest(close, 20)?;
    let origin = window[0];
    let count = window.len() as f64;
    let offset = window.iter().map(|close| close - origin).sum::<f64>() / count;
    let variance = window.iter().map(|close| (close - origin - offset).powi(2)).sum::<f64>() / count;
    let middle = mean(window);
    let reach = 2.0 * variance.sqrt();
    Some(Bollinger { middle, upper: middle + reach, lower: middle - reach })
}

/// The latest cross of SMA 50 over SMA 200 among the last 5 bars: 1 up, −1 down, 0 none; null under 205 bars.
///
/// Up is from below or equal to above, down from above or equal to below; averages that differ by less than 10⁻¹²
/// of their size are equal, which is what rounding leaves of a flat price.
pub(super) fn sma_cross(close: &[f64]) -> Option<f64> {
    const SPAN: usize = 5;
    let mut sides = [0_i8; SPAN + 1];
    for (side, dropped) in sides.iter_mut().rev().zip(0..) {
        let until = close.get(..close.len().checked_sub(dropped)?)?;
        let (fast, slow) = (sma(until, 50)?, sma(until, 200)?);
        *side = match fast - slow {
            gap if gap.abs() <= 1e-12 * slow => 0,
            gap if gap > 0.0 => 1,
            _ => -1,
        };
    }
    let cross = sides.windows(2).rev().find_map(|pair| match (pair[0], pair[1]) {
        (..=0, 1) => Some(1.0),
        (0.., -1) => Some(-1.0),
        _ => None,
    });
    Some(cross.unwrap_or(0.0))
}

/// One step of an exponential average. In this form a flat series stays where it is; TA-Lib's latest releases fuse the
/// multiplication and the addition, which moves the last bits.
pub(super) fn smooth(average: f64, value: f64, weight: f64) -> f64 {
    (value - average) * weight + average
}

/// Mean of a window, summed oldest first. An empty window has none; callers hold at least one value.
pub(super) fn mean(window: &[f64]) -> f64 {
    window.iter().sum::<f64>() / window.len() as f64
}

fn ema_weight(period: usize) -> f64 {
    2.0 / (period as f64 + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(count: usize) -> Vec<f64> {
        (1..=count).map(|value| value as f64).collect()
    }

    #[test]
    fn an_sma_is_the_mean_of_the_last_values() {
        assert_eq!(sma(&[9.0, 1.0, 2.0, 3.0], 3), Some(2.0));
        assert_eq!(sma(&[1.0, 2.0], 3), None);
    }

    #[test]
    fn an_ema_begins_at_the_mean_of_the_first_values() {
        // Seed (1 + 2 + 6) / 3 = 3, weight 1/2: 3 → 5 → 3.
        assert_eq!(ema(&[1.0, 2.0, 6.0], 3), Some(3.0));
        assert_eq!(ema(&[1.0, 2.0, 6.0, 7.0, 1.0], 3), Some(3.0));
        assert_eq!(ema(&[1.0, 2.0], 3), None);
    }

    #[test]
    fn on_a_straight_line_macd_is_the_difference_of_the_lags() {
        // An EMA of n trails a line by (n − 1) / 2: 12.5 − 5.5 = 7, and the seeds are there already.
        let macd = macd(&ramp(60)).unwrap();
        assert!((macd.line - 7.0).abs() < 1e-12 && (macd.signal - 7.0).abs() < 1e-12, "{macd:?}");
        assert!(super::macd(&ramp(33)).is_none());
        assert!(super::macd(&ramp(34)).is_some());
    }

    #[test]
    fn bollinger_bands_lie_two_population_deviations_from_the_mean() {
        // Ten closes of 9 and ten of 11: mean 10, sd 1, bands 8 and 12.
        let close: Vec<f64> = (0..20).map(|index| if index % 2 == 0 { 9.0 } else { 11.0 }).collect();
        let bands = bollinger(&close).unwrap();
        assert_eq!(bands.percent_b(11.0), Some(0.75));
        assert_eq!(bands.width(), 0.4);
        assert!(bollinger(&close[1..]).is_none());
    }

    #[test]
    fn bands_of_a_flat_price_are_one_and_have_no_percent_b() {
        let bands = bollinger(&[0.1; 20]).unwrap();
        assert_eq!((bands.percent_b(0.1), bands.width()), (None, 0.0));
    }

    /// 210 closes that fall by a thousandth a bar from 100, so that SMA 50 lies 0.075 below SMA 200.
    fn gentle_fall() -> Vec<f64> {
        (0..210).map(|bar| 100.0 - 0.001 * f64::from(bar)).collect()
    }

    #[test]
    fn a_cross_is_seen_for_five_bars() {
        let mut close = gentle_fall();
        assert_eq!(sma_cross(&close), Some(0.0));
        for bar in 1..=7 {
            // 10 more moves SMA 50 up by 0.2 and SMA 200 by 0.05.
            close.push(110.0);
            assert_eq!(sma_cross(&close), Some(if bar <= 5 { 1.0 } else { 0.0 }), "bar {bar}");
        }
    }

    #[test]
    fn of_two_crosses_the_latest_counts() {
        let mut close = gentle_fall();
        for (price, cross) in [(110.0, 1.0), (110.0, 1.0), (50.0, -1.0), (50.0, -1.0), (200.0, 1.0)] {
            close.push(price);
            assert_eq!(sma_cross(&close), Some(cross), "{price}");
        }
    }

    #[test]
    fn a_flat_price_never_crosses() {
        let mut close = vec![7.0; 80];
        close.extend([0.1; 220]);
        for count in 205..=close.len() {
            let cross = sma_cross(&close[close.len() - count..]);
            assert_eq!(cross, Some(0.0), "{count} bars");
        }
    }

    #[test]
    fn leaving_equality_is_a_cross_to_either_side() {
        let mut close = vec![7.0; 205];
        close.push(8.0);
        assert_eq!(sma_cross(&close), Some(1.0));
        close[205] = 6.0;
        assert_eq!(sma_cross(&close), Some(-1.0));
    }

    #[test]
    fn the_cross_needs_205_bars() {
        assert_eq!(sma_cross(&ramp(204)), None);
        assert_eq!(sma_cross(&ramp(205)), Some(0.0));
    }
}
