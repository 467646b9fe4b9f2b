//! Wilder's indicators over 14 bars: RSI, ATR and ADX, seeded and smoothed as TA-Lib does.

use super::adjust::AdjustedBars;
use super::averages::{mean, smooth};

const PERIOD: usize = 14;
const WEIGHT: f64 = 1.0 / PERIOD as f64;

/// RSI 14, 0 … 100. Null under 15 bars, and if nothing moved (where TA-Lib gives 0 or 50, by its version).
pub(super) fn rsi(close: &[f64]) -> Option<f64> {
    let seed = close.get(..=PERIOD)?;
    let (mut gain, mut loss) = (0.0, 0.0);
    for pair in seed.windows(2) {
        let (up, down) = split_change(pair);
        gain += up;
        loss += down;
    }
    gain *= WEIGHT;
    loss *= WEIGHT;
    for pair in close[PERIOD..].windows(2) {
        let (up, down) = split_change(pair);
        gain = (gain * (PERIOD - 1) as f64 + up) * WEIGHT;
        loss = (loss * (PERIOD - 1) as f64 + down) * WEIGHT;
    }
    let moved = gain + loss;
    (moved > 0.0).then(|| 100.0 * (gain / moved))
}

/// The change between two closes as a gain and a loss, one of which is 0.
fn split_change(pair: &[f64]) -> (f64, f64) {
    let change = pair[1] - pair[0];
    let gain = if change > 0.0 { change } else { 0.0 };
    (gain, gain - change)
}

/// ATR 14, in price: the mean of the first 14 true ranges, then smoothed by 1/14. Null under 15 bars.
pub(super) fn atr(bars: &AdjustedBars<'_>) -> Option<f64> {
    let mut seed = [0.0; PERIOD];
    if bars.close.len() <= PERIOD {
        return None;
    }
    for (range, bar) in seed.iter_mut().zip(1..) {
        *range = true_range(bars, bar);
    }
    let rest = PERIOD + 1..bars.close.len();
    Some(rest.fold(mean(&seed), |average, bar| smooth(average, true_range(bars, bar), WEIGHT)))
}

/// The greatest distance among a bar's high, its low and the close before.
fn true_range(bars: &AdjustedBars<'_>, bar: usize) -> f64 {
    let (high, low, previous) = (bars.high[bar], bars.low[bar], bars.close[bar - 1]);
    (high - low).max((high - previous).abs()).max((low - previous).abs())
}

/// Wilder's smoothed sums of directional movement and true range.
#[derive(Debug, Clone, Copy, Default)]
struct Movement {
    plus: f64,
    minus: f64,
    range: f64,
}

impl Movement {
    fn add(&mut self, bars: &AdjustedBars<'_>, bar: usize) {
        let up = bars.high[bar] - bars.high[bar - 1];
        let down = bars.low[bar - 1] - bars.low[bar];
        // Chosen by value, not by branch: which way a bar went is a coin toss that a processor guesses badly.
        let (outer_up, outer_down) = (if up > down { up } else { 0.0 }, if down > up { down } else { 0.0 });
        self.plus += if outer_up > 0.0 { outer_up } else { 0.0 };
        self.minus += if outer_down > 0.0 { outer_down } else { 0.0 };
        self.range += true_range(bars, bar);
    }

    fn smooth(&mut self, bars: &AdjustedBars<'_>, bar: usize) {
        self.plus -= self.plus * WEIGHT;
        self.minus -= self.minus * WEIGHT;
        self.range -= self.range * WEIGHT;
        self.add(bars, bar);
    }

    /// DX, 0 … 100; null where nothing moved, by TA-Lib's own band.
    fn index(&self) -> Option<f64> {
        if self.range <= 0.0 {
            return None;
        }
        let (plus, minus) = (100.0 * (self.plus / self.range), 100.0 * (self.minus / self.range));
        let sum = minus + plus;
        (sum >= 1e-14).then(|| 100.0 * ((minus - plus).abs() / sum))
    }
}

/// ADX 14, 0 … 100: the mean of the first 14 DX, then smoothed by 1/14. Null under 28 bars. As in TA-Lib a DX without
/// movement counts 0 in the seed and leaves the average where it is afterwards.
pub(super) fn adx(bars: &AdjustedBars<'_>) -> Option<f64> {
    if bars.close.len() < 2 * PERIOD {
        return None;
    }
    let mut movement = Movement::default();
    for bar in 1..PERIOD {
        movement.add(bars, bar);
    }
    let mut sum = 0.0;
    for bar in PERIOD..2 * PERIOD {
        movement.smooth(bars, bar);
        sum += movement.index().unwrap_or(0.0);
    }
    let mut average = sum / PERIOD as f64;
    for bar in 2 * PERIOD..bars.close.len() {
        movement.smooth(bars, bar);
        if let Some(index) = movement.index() {
            average -= (average - index) * WEIGHT;
        }
    }
    Some(average)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOLUME: [f64; 40] = [1.0; 40];

    fn bars<'a>(high: &'a [f64], low: &'a [f64], close: &'a [f64]) -> AdjustedBars<'a> {
        AdjustedBars { open: close, high, low, close, volume: &VOLUME[..close.len()] }
    }

    #[test]
    fn rsi_is_the_share_of_the_gains() {
        // Seven gains of 3 and seven losses of 1 in the seed: 21 / 28.
        let mut close = vec![10.0];
        for _ in 0..7 {
            close.extend([close[close.len() - 1] + 3.0, close[close.len() - 1] + 2.0]);
        }
        assert!((rsi(&close).unwrap() - 75.0).abs() < 1e-12);
        // A loss of 13 more: gains 1.5·13/14, losses (0.5·13 + 13)/14, so 19.5 / (19.5 + 19.5).
        close.push(close[14] - 13.0);
        assert!((rsi(&close).unwrap() - 50.0).abs() < 1e-12);
        assert_eq!(rsi(&close[..14]), None);
    }

    #[test]
    fn rsi_is_null_if_nothing_moved_and_an_end_if_all_moves_are_one_way() {
        assert_eq!(rsi(&[5.0; 40]), None);
        let rising: Vec<f64> = (1..30).map(f64::from).collect();
        let falling: Vec<f64> = rising.iter().rev().copied().collect();
        assert_eq!((rsi(&rising), rsi(&falling)), (Some(100.0), Some(0.0)));
    }

    #[test]
    fn atr_counts_the_gap_to_the_close_before() {
        let close = [10.0; 16];
        let (mut high, mut low) = ([11.0; 16], [9.0; 16]);
        assert_eq!(atr(&bars(&high[..15], &low[..15], &close[..15])), Some(2.0));
        // The 16th bar lies wholly above: 26 − 10 = 16, so (2·13 + 16) / 14 = 3.
        (high[15], low[15]) = (26.0, 25.0);
        assert!((atr(&bars(&high, &low, &close)).unwrap() - 3.0).abs() < 1e-12);
        assert_eq!(atr(&bars(&high[..14], &low[..14], &close[..14])), None);
    }

    #[test]
    fn adx_of_a_steady_climb_is_100_and_of_a_flat_price_0() {
        let low: Vec<f64> = (1..=40).map(f64::from).collect();
        let high: Vec<f64> = low.iter().map(|low| low + 2.0).collect();
        let adx_of = |count: usize| adx(&bars(&high[..count], &low[..count], &low[..count]));
        assert_eq!(adx_of(27), None);
        assert!((adx_of(28).unwrap() - 100.0).abs() < 1e-12);
        assert!((adx_of(40).unwrap() - 100.0).abs() < 1e-12);
        assert_eq!(adx(&bars(&VOLUME, &VOLUME, &VOLUME)), Some(0.0));
    }
}
