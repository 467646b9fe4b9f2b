//! Technical signals of one instrument, from its own last 300 bars alone: a value never depends on another
//! instrument, on older bars or on what was computed before. TA-Lib's definitions and seeds.
//! Holds the recipe; the catalogue, the adjustment for splits and the formulas are in the modules below.
//! Ranks and scores across instruments are not here.

mod adjust;
mod averages;
mod catalogue;
mod ranges;
#[cfg(test)]
mod tests;
mod wilder;

pub use adjust::{SignalBars, SignalsError, Workspace};
pub use catalogue::{SIGNAL_COUNT, SIGNALS, Signal, SignalId};

use super::{NULL, kept};
use adjust::{AdjustedBars, adjust};
use averages::{bollinger, ema, macd, sma, sma_cross};
use ranges::{highest, lowest, stochastic};
use wilder::{adx, atr, rsi};

/// How many bars, counted from the latest back, a signal may read.
pub const HISTORY: usize = 300;

/// One value a signal, in the order of [`SIGNALS`]. NaN is null; never infinite, never −0.0.
pub type SignalRow = [f64; SIGNAL_COUNT];

/// Computes every signal at the latest bar.
///
/// - **Reads** the last [`HISTORY`] bars as printed, and `splits` as (session, ratio in new shares per old share),
///   oldest first. A split takes effect at the first bar at or after its session; one after the latest bar does not
///   count. Prices are brought to the latest bar's basis: raw / Π ratio of the later splits, volume × Π.
/// - **Gives** units as [`Signal::unit`] says. A signal that lacks bars ([`Signal::bars`]) or whose
///   denominator is 0 is null.
/// - **Needs** bars that pass the check of a stored bar (prices above 0, volume 0 or more).
///
/// # Errors
/// [`SignalsError`] when columns differ in length, sessions or splits are out of order, or a ratio is not above 0.
pub fn compute(
    bars: &SignalBars<'_>,
    splits: &[(i32, f64)],
    workspace: &mut Workspace,
) -> Result<SignalRow, SignalsError> {
    let adjusted = adjust(bars, splits, HISTORY, workspace)?;
    Ok(row(&adjusted))
}

/// Computes every signal as it was `ago` bars before the latest one, in prices of the **latest** bar's split basis, so that it
/// can be compared with today's; null where there are not that many bars. Of the bars the last [`HISTORY`] + `ago` are read.
///
/// # Errors
/// As of [`compute`].
pub fn compute_earlier(
    bars: &SignalBars<'_>,
    splits: &[(i32, f64)],
    ago: usize,
    workspace: &mut Workspace,
) -> Result<EarlierBar, SignalsError> {
    let adjusted = adjust(bars, splits, HISTORY + ago, workspace)?;
    let Some(end) = adjusted.close.len().checked_sub(ago).filter(|end| *end > 0) else {
        return Ok(EarlierBar { ohlcv: [NULL; 5], signals: [NULL; SIGNAL_COUNT] });
    };
    let window = end.saturating_sub(HISTORY)..end;
    let until = AdjustedBars {
        open: &adjusted.open[window.clone()],
        high: &adjusted.high[window.clone()],
        low: &adjusted.low[window.clone()],
        close: &adjusted.close[window.clone()],
        volume: &adjusted.volume[window],
    };
    let columns = [until.open, until.high, until.low, until.close, until.volume];
    Ok(EarlierBar {
        ohlcv: columns.map(|column| column.last().copied().unwrap_or(NULL)),
        signals: row(&until),
    })
}

/// An earlier bar on the latest bar's split basis, and the signals at it. Null is NaN.
#[derive(Debug, Clone, Copy)]
pub struct EarlierBar {
    /// Open, high, low, close and volume.
    pub ohlcv: [f64; 5],
    /// The signals.
    pub signals: SignalRow,
}

fn row(bars: &AdjustedBars<'_>) -> SignalRow {
    let mut row = [NULL; SIGNAL_COUNT];
    let Some(&close) = bars.close.last() else { return row };
    let mut set = |id: SignalId, value: Option<f64>| {
        row[id as usize] = value.map_or(NULL, kept);
    };
    let distance = |level: Option<f64>| level.map(|level| close / level - 1.0);

    let (sma_20, sma_50, sma_200) = (sma(bars.close, 20), sma(bars.close, 50), sma(bars.close, 200));
    set(SignalId::Sma20, sma_20);
    set(SignalId::Sma50, sma_50);
    set(SignalId::Sma200, sma_200);
    set(SignalId::Sma20Distance, distance(sma_20));
    set(SignalId::Sma50Distance, distance(sma_50));
    set(SignalId::Sma200Distance, distance(sma_200));
    set(SignalId::SmaCross, sma_cross(bars.close));
    set(SignalId::Ema12, ema(bars.close, 12));
    set(SignalId::Ema26, ema(bars.close, 26));

    let macd = macd(bars.close);
    set(SignalId::Macd, macd.map(|macd| macd.line));
    set(SignalId::MacdSignal, macd.map(|macd| macd.signal));
    set(SignalId::MacdHistogram, macd.map(|macd| macd.line - macd.signal));
    set(SignalId::Rsi14, rsi(bars.close));

    let atr = atr(bars);
    set(SignalId::Atr14, atr);
    set(SignalId::AtrPct, atr.map(|atr| 100.0 * atr / close));
    set(SignalId::Adx14, adx(bars));

    let bollinger = bollinger(bars.close);
    set(SignalId::BollingerB, bollinger.and_then(|bands| bands.percent_b(close)));
    set(SignalId::BollingerWidth, bollinger.map(|bands| bands.width()));
    let stochastic = stochastic(bars);
    set(SignalId::StochK, stochastic.map(|(k, _)| k));
    set(SignalId::StochD, stochastic.map(|(_, d)| d));

    let before = |count: usize| bars.close.iter().rev().nth(count).copied();
    set(SignalId::Return1, distance(before(1)));
    set(SignalId::Return5, distance(before(5)));
    set(SignalId::Return21, distance(before(21)));
    set(SignalId::Return63, distance(before(63)));
    set(SignalId::Return252, distance(before(252)));
    set(SignalId::Bars, Some(bars.close.len() as f64));
    set(SignalId::Gap, bars.open.last().zip(before(1)).map(|(open, previous)| open / previous - 1.0));
    set(SignalId::VolumeRatio20, volume_ratio(bars.volume));

    set(SignalId::High20Distance, distance(highest(bars.high, 20)));
    set(SignalId::Low20Distance, distance(lowest(bars.low, 20)));
    set(SignalId::High252Distance, distance(highest(bars.high, 252)));
    set(SignalId::Low252Distance, distance(lowest(bars.low, 252)));
    set(SignalId::Low10, lowest(bars.low, 10));
    row
}

/// The latest volume over the mean of the 20 bars before it; null if nothing traded in them.
fn volume_ratio(volume: &[f64]) -> Option<f64> {
    let (latest, before) = volume.split_last()?;
    let mean = sma(before, 20)?;
    (mean > 0.0).then(|| latest / mean)
}

/// The last `count` values; null if there are fewer.
fn latest(series: &[f64], count: usize) -> Option<&[f64]> {
    series.len().checked_sub(count).and_then(|start| series.get(start..))
}

/// Whether two levels are equal but for rounding, by the band that TA-Lib's stochastic uses.
fn level(high: f64, low: f64) -> bool {
    (high - low).abs() <= 1e-14 * (high.abs() + low.abs())
}
