//! The signals against TA-Lib, on random bars and on a real market, and the properties every signal has.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use ta_lib::{Core, MAType, OutRange, RetCode};

use super::*;

/// One instrument's bars, owned.
#[derive(Debug, Clone, Default)]
struct Series {
    sessions: Vec<i32>,
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
    volume: Vec<f64>,
}

impl Series {
    fn push(&mut self, session: i32, [open, high, low, close]: [f64; 4], volume: f64) {
        self.sessions.push(session);
        self.open.push(open);
        self.high.push(high);
        self.low.push(low);
        self.close.push(close);
        self.volume.push(volume);
    }

    fn bars(&self) -> SignalBars<'_> {
        SignalBars {
            sessions: &self.sessions,
            open: &self.open,
            high: &self.high,
            low: &self.low,
            close: &self.close,
            volume: &self.volume,
        }
    }

    /// The bars from position `start` on.
    fn from(&self, start: usize) -> Series {
        Series {
            sessions: self.sessions[start..].to_vec(),
            open: self.open[start..].to_vec(),
            high: self.high[start..].to_vec(),
            low: self.low[start..].to_vec(),
            close: self.close[start..].to_vec(),
            volume: self.volume[start..].to_vec(),
        }
    }

    /// The bars before position `end`.
    fn until(&self, end: usize) -> Series {
        Series {
            sessions: self.sessions[..end].to_vec(),
            open: self.open[..end].to_vec(),
            high: self.high[..end].to_vec(),
            low: self.low[..end].to_vec(),
            close: self.close[..end].to_vec(),
            volume: self.volume[..end].to_vec(),
        }
    }

    fn scaled(&self, price: f64, volume: f64) -> Series {
        let times = |values: &[f64], by: f64| values.iter().map(|value| value * by).collect();
        Series {
            sessions: self.sessions.clone(),
            open: times(&self.open, price),
            high: times(&self.high, price),
            low: times(&self.low, price),
            close: times(&self.close, price),
            volume: times(&self.volume, volume),
        }
    }
}

fn compute_alone(series: &Series, splits: &[(i32, f64)]) -> SignalRow {
    compute(&series.bars(), splits, &mut Workspace::default()).unwrap()
}

fn bits(row: &SignalRow) -> Vec<u64> {
    row.iter().map(|value| value.to_bits()).collect()
}

/// The last value of a TA-Lib function that starts at the first bar, or null where it gives none.
fn last(answer: Result<OutRange, RetCode>, out: &[f64]) -> f64 {
    let range = answer.unwrap();
    range.count.checked_sub(1).map_or(f64::NAN, |position| out[position])
}

/// The row as TA-Lib and plain definitions give it, on bars that are adjusted already. Windowed functions are asked for
/// the last bar alone, so that their running totals hold nothing older.
fn oracle(bars: &AdjustedBars<'_>) -> SignalRow {
    let count = bars.close.len();
    let end = count - 1;
    let core = Core::new();
    let (mut a, mut b, mut c) = (vec![0.0; count], vec![0.0; count], vec![0.0; count]);
    let mut row = [f64::NAN; SIGNAL_COUNT];
    let mut set = |id: SignalId, value: f64| row[id as usize] = value;
    let (high, low, close, today) = (bars.high, bars.low, bars.close, bars.close[end]);

    for (period, level, distance) in [
        (20, SignalId::Sma20, SignalId::Sma20Distance),
        (50, SignalId::Sma50, SignalId::Sma50Distance),
        (200, SignalId::Sma200, SignalId::Sma200Distance),
    ] {
        let value = last(core.sma(end, end, close, period, &mut a), &a);
        set(level, value);
        set(distance, today / value - 1.0);
    }
    set(SignalId::Ema12, last(core.ema(0, end, close, 12, &mut a), &a));
    set(SignalId::Ema26, last(core.ema(0, end, close, 26, &mut a), &a));
    let answer = core.macd(0, end, close, 12, 26, 9, &mut a, &mut b, &mut c);
    set(SignalId::Macd, last(answer, &a));
    set(SignalId::MacdSignal, last(answer, &b));
    set(SignalId::MacdHistogram, last(answer, &c));
    let moved = close.windows(2).any(|pair| pair[0] != pair[1]);
    set(SignalId::Rsi14, if moved { last(core.rsi(0, end, close, 14, &mut a), &a) } else { f64::NAN });
    let atr = last(core.atr(0, end, high, low, close, 14, &mut a), &a);
    set(SignalId::Atr14, atr);
    set(SignalId::AtrPct, atr / today * 100.0);
    set(SignalId::Adx14, last(core.adx(0, end, high, low, close, 14, &mut a), &a));
    let answer = core.bbands(end, end, close, 20, 2.0, 2.0, MAType::SMA, &mut a, &mut b, &mut c);
    let (upper, middle, lower) = (last(answer, &a), last(answer, &b), last(answer, &c));
    let apart = upper - lower > 1e-14 * (upper + lower);
    set(SignalId::BollingerB, if apart { (today - lower) / (upper - lower) } else { f64::NAN });
    set(SignalId::BollingerWidth, (upper - lower) / middle);
    let answer = core.stoch(0, end, high, low, close, 14, 3, MAType::SMA, 3, MAType::SMA, &mut a, &mut b);
    set(SignalId::StochK, last(answer, &a));
    set(SignalId::StochD, last(answer, &b));

    for (bars_back, id) in [
        (1, SignalId::Return1),
        (5, SignalId::Return5),
        (21, SignalId::Return21),
        (63, SignalId::Return63),
        (252, SignalId::Return252),
    ] {
        set(id, last(core.rocp(0, end, close, bars_back, &mut a), &a));
    }
    if count >= 2 {
        set(SignalId::Gap, bars.open[end] / close[end - 1] - 1.0);
    }
    if count >= 21 {
        let before: f64 = bars.volume[end - 20..end].iter().sum();
        let ratio = bars.volume[end] * 20.0 / before;
        set(SignalId::VolumeRatio20, if before > 0.0 { ratio } else { f64::NAN });
    }
    for (period, highest, lowest) in [
        (20, SignalId::High20Distance, SignalId::Low20Distance),
        (252, SignalId::High252Distance, SignalId::Low252Distance),
    ] {
        set(highest, today / last(core.max(0, end, high, period, &mut a), &a) - 1.0);
        set(lowest, today / last(core.min(0, end, low, period, &mut a), &a) - 1.0);
    }
    set(SignalId::Low10, last(core.min(0, end, low, 10, &mut a), &a));
    set(SignalId::Bars, count as f64);
    if count >= 205 {
        let means = |period: i32, out: &mut Vec<f64>| {
            let range = core.sma(end - 5, end, close, period, out).unwrap();
            out[..range.count].to_vec()
        };
        let (fast, slow) = (means(50, &mut a), means(200, &mut b));
        let gaps: Vec<f64> = fast.iter().zip(&slow).map(|(fast, slow)| fast - slow).collect();
        let gap = |bar: usize| if gaps[bar].abs() <= 1e-12 * slow[bar] { 0.0 } else { gaps[bar] };
        let mut cross = 0.0;
        for bar in 1..gaps.len() {
            if gap(bar - 1) <= 0.0 && gap(bar) > 0.0 {
                cross = 1.0;
            } else if gap(bar - 1) >= 0.0 && gap(bar) < 0.0 {
                cross = -1.0;
            }
        }
        set(SignalId::SmaCross, cross);
    }
    row
}

/// Compares with the oracle, to 10⁻¹² of the price for prices, 10⁻¹⁰ of the value's usual size else, and to the bit where
/// TA-Lib sums the same numbers in the same order.
fn assert_equals_oracle(series: &Series, splits: &[(i32, f64)], what: &str) {
    let mut workspace = Workspace::default();
    let ours = compute(&series.bars(), splits, &mut workspace).unwrap();
    let adjusted = adjust(&series.bars(), splits, HISTORY, &mut workspace).unwrap();
    let theirs = oracle(&adjusted);
    let price = adjusted.high.iter().copied().fold(0.0, f64::max);
    for signal in &SIGNALS {
        let (ours, theirs) = (ours[signal.id as usize], theirs[signal.id as usize]);
        let exact = matches!(
            signal.id,
            SignalId::Sma20 | SignalId::Sma50 | SignalId::Sma200 | SignalId::Rsi14 | SignalId::Adx14
        );
        let tolerance = match signal.unit {
            "price" => 1e-12 * price,
            "points" | "percent" => 1e-8,
            _ => 1e-10 * theirs.abs().max(1.0),
        };
        let same = if exact { ours == theirs } else { (ours - theirs).abs() <= tolerance };
        assert!(
            same || ours.is_nan() && theirs.is_nan(),
            "{what}, {} bars, {}: {ours} is not {theirs}",
            adjusted.close.len(),
            signal.name
        );
        let expected_null = adjusted.close.len() < signal.bars;
        assert!(!expected_null || ours.is_nan(), "{what}: {} before {} bars", signal.name, signal.bars);
    }
}

/// Random bars: each has a move, a gap, a reach up and down, and a volume; some do not move at all.
fn random_series(bars: std::ops::Range<usize>) -> impl Strategy<Value = Series> {
    let bar = (-0.05..0.05, -0.02..0.02, 0.0..0.03, 0.0..0.03, 0.0..1e6, 0_u8..8);
    (prop::collection::vec(bar, bars), 0.01..1000.0).prop_map(|(bars, first_price)| {
        let mut series = Series::default();
        let mut previous: f64 = first_price;
        for (position, (step, gap, up, down, volume, kind)) in bars.into_iter().enumerate() {
            let still = kind == 0;
            let open = if still { previous } else { previous * (1.0 + gap) };
            let close = if still { previous } else { open * (1.0 + step) };
            let high = if still { close } else { open.max(close) * (1.0 + up) };
            let low = if still { close } else { open.min(close) * (1.0 - down) };
            let volume = if kind == 1 { 0.0 } else { volume };
            series.push(position as i32 * 2, [open, high, low, close], volume);
            previous = close;
        }
        series
    })
}

fn random_splits() -> impl Strategy<Value = Vec<(i32, f64)>> {
    let ratio = prop::sample::select(vec![2.0, 7.0, 1.5, 0.1, 1.0 / 3.0]);
    prop::collection::vec((0_i32..700, ratio), 0..4).prop_map(|mut splits| {
        splits.sort_by_key(|&(session, _)| session);
        splits
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn random_bars_give_what_ta_lib_gives(series in random_series(1..340), splits in random_splits()) {
        assert_equals_oracle(&series, &splits, "random bars");
    }

    #[test]
    fn a_bar_older_than_the_300th_changes_nothing(series in random_series(300..340), splits in random_splits()) {
        let kept = series.from(series.close.len() - 300);
        prop_assert_eq!(bits(&compute_alone(&series, &splits)), bits(&compute_alone(&kept, &splits)));
    }

    #[test]
    fn every_signal_needs_the_bars_it_says(series in random_series(300..301)) {
        for signal in &SIGNALS {
            let bars = |count: usize| compute_alone(&series.from(300 - count), &[])[signal.id as usize];
            prop_assert!(bars(signal.bars - 1).is_nan(), "{} too early", signal.name);
            prop_assert!(!bars(signal.bars).is_nan(), "{} too late", signal.name);
        }
    }

    #[test]
    fn scaling_prices_and_volumes_scales_prices_and_leaves_the_rest(series in random_series(250..310)) {
        // A power of 2 is exact, so the bits must agree.
        let (before, after) = (compute_alone(&series, &[]), compute_alone(&series.scaled(4.0, 0.5), &[]));
        for signal in &SIGNALS {
            let factor = if signal.unit == "price" { 4.0 } else { 1.0 };
            let (before, after) = (before[signal.id as usize] * factor, after[signal.id as usize]);
            prop_assert!(before.to_bits() == after.to_bits() || before.is_nan() && after.is_nan(), "{}", signal.name);
        }
    }

    #[test]
    fn a_split_leaves_a_trader_where_he_was(series in random_series(250..310), at in 1_usize..240) {
        // The same market, printed after a 4:1 split from one bar on.
        let mut printed = series.scaled(0.25, 4.0);
        for (column, raw) in [
            (&mut printed.open, &series.open), (&mut printed.high, &series.high),
            (&mut printed.low, &series.low), (&mut printed.close, &series.close),
            (&mut printed.volume, &series.volume),
        ] {
            column[..at].copy_from_slice(&raw[..at]);
        }
        let split = [(series.sessions[at], 4.0)];
        prop_assert_eq!(bits(&compute_alone(&printed, &split)), bits(&compute_alone(&series.scaled(0.25, 4.0), &[])));
    }

    #[test]
    fn a_used_workspace_changes_nothing(
        first in random_series(200..310), second in random_series(1..310), splits in random_splits()
    ) {
        let mut workspace = Workspace::default();
        compute(&first.bars(), &splits, &mut workspace).unwrap();
        let again = compute(&second.bars(), &splits, &mut workspace).unwrap();
        prop_assert_eq!(bits(&again), bits(&compute_alone(&second, &splits)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    /// Without a split since, what was so many bars ago is what a scan of then said.
    #[test]
    fn an_earlier_bar_has_the_signals_that_it_had_when_it_was_the_latest(
        series in random_series(1..340), ago in 0_usize..40
    ) {
        let earlier = compute_earlier(&series.bars(), &[], ago, &mut Workspace::default()).unwrap();
        match series.close.len().checked_sub(ago).filter(|end| *end > 0) {
            None => prop_assert!(earlier.ohlcv.iter().chain(&earlier.signals).all(|value| value.is_nan())),
            Some(end) => {
                let then = series.until(end);
                prop_assert_eq!(bits(&earlier.signals), bits(&compute_alone(&then, &[])));
                let bar = [&then.open, &then.high, &then.low, &then.close, &then.volume].map(|c| c[end - 1]);
                prop_assert_eq!(earlier.ohlcv, bar);
            }
        }
    }
}

#[test]
fn an_earlier_bar_is_in_prices_of_the_latest_basis() {
    let mut series = Series::default();
    for session in 0..10 {
        series.push(session, [70.0; 4], 100.0);
    }
    let earlier = compute_earlier(&series.bars(), &[(8, 7.0)], 5, &mut Workspace::default()).unwrap();
    assert_eq!(earlier.ohlcv, [10.0, 10.0, 10.0, 10.0, 700.0]);
    assert_eq!(earlier.signals[SignalId::Bars as usize], 5.0);
    let after = compute_earlier(&series.bars(), &[(8, 7.0)], 1, &mut Workspace::default()).unwrap();
    assert_eq!(after.ohlcv[3], 70.0);
}

#[test]
fn the_300th_bar_from_the_latest_still_seeds_an_average() {
    let mut series = Series::default();
    for session in 0..301 {
        series.push(session, [10.0; 4], 1.0);
    }
    let before = compute_alone(&series, &[])[SignalId::Ema26 as usize];
    let ema_with = |position: usize| {
        let mut series = series.clone();
        series.close[position] = 1e9;
        compute_alone(&series, &[])[SignalId::Ema26 as usize]
    };
    assert_eq!(before, ema_with(0));
    assert!(before < ema_with(1));
}

#[test]
fn no_bar_gives_no_signal() {
    assert!(compute_alone(&Series::default(), &[(5, 2.0)]).iter().all(|value| value.is_nan()));
}

#[test]
fn a_flat_market_gives_no_infinity_and_no_negative_zero() {
    let mut series = Series::default();
    for session in 0..300 {
        series.push(session, [0.1; 4], 0.0);
    }
    let row = compute_alone(&series, &[]);
    assert!(
        row.iter().all(|value| !value.is_infinite() && value.to_bits() != (-0.0_f64).to_bits()),
        "{row:?}"
    );
    let of = |id: SignalId| row[id as usize];
    assert!(
        of(SignalId::Rsi14).is_nan()
            && of(SignalId::VolumeRatio20).is_nan()
            && of(SignalId::BollingerB).is_nan()
    );
    assert_eq!((of(SignalId::StochK), of(SignalId::Adx14), of(SignalId::SmaCross)), (0.0, 0.0, 0.0));
}

#[test]
fn prices_beyond_what_a_sum_can_hold_give_null() {
    let mut series = Series::default();
    for session in 0..300 {
        series.push(session, [f64::MAX, f64::MAX, 1.0, f64::MAX / f64::from(1 + session % 3)], f64::MAX);
    }
    let row = compute_alone(&series, &[(250, 1e-300)]);
    assert!(row.iter().all(|value| !value.is_infinite()), "{row:?}");
}

/// Every file below a folder, sorted by path.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] })
        .collect();
    files.sort();
    files
}

#[test]
fn a_real_market_gives_what_ta_lib_gives() {
    let Some(folder) = crate::real_data() else { return };
    let days = files_below(&folder.join("vendor/us2015/us_stocks_sip/day_aggs_v1"));
    let mut market: BTreeMap<String, Series> = BTreeMap::new();
    for (session, file) in days.iter().enumerate() {
        let mut text = String::new();
        flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
        for line in text.lines().skip(1) {
            // ticker, volume, open, close, high, low
            let fields: Vec<&str> = line.split(',').collect();
            let number = |field: usize| fields[field].parse::<f64>().unwrap();
            let prices = [number(2), number(4), number(5), number(3)];
            if prices.iter().all(|&price| price > 0.0) && prices[1] >= prices[2] {
                let series = market.entry(fields[0].to_owned()).or_default();
                series.push(session as i32, prices, number(1));
            }
        }
    }
    assert!(market.len() > 1_700, "{} instruments", market.len());
    for (ticker, series) in &market {
        assert_equals_oracle(series, &[], ticker);
        assert_equals_oracle(series, &[(60, 7.0), (180, 1.0 / 3.0)], ticker);
        assert_equals_oracle(&series.from(series.close.len() / 2), &[], ticker);
    }
}
