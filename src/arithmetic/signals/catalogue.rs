//! The catalogue of technical signals: name, unit, bars needed and definition of each column of a signal row.

/// A technical signal: one column of the scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    /// Which position of a row it has.
    pub id: SignalId,
    /// Its column name; a published name never changes meaning.
    pub name: &'static str,
    /// `price` in the instrument's currency on the latest bar's split basis, `ratio` (0.10 is 10 %), `percent`,
    /// `points` (0 … 100), `count` or `direction` (1, 0, −1).
    pub unit: &'static str,
    /// How many bars the first value needs; null before.
    pub bars: usize,
    /// The formula in a sentence.
    pub definition: &'static str,
}

macro_rules! signals {
    ($($id:ident, $name:literal, $unit:literal, $bars:literal, $definition:literal;)+) => {
        /// A position of a signal row, `row[SignalId::Rsi14 as usize]`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum SignalId {
            $(#[doc = $definition] $id,)+
        }

        /// How many signals there are.
        pub const SIGNAL_COUNT: usize = [$(SignalId::$id),+].len();

        /// Every signal, in the order of a row.
        pub const SIGNALS: [Signal; SIGNAL_COUNT] = [
            $(Signal { id: SignalId::$id, name: $name, unit: $unit, bars: $bars, definition: $definition },)+
        ];
    };
}

signals! {
    Sma20, "sma_20", "price", 20, "Mean of the last 20 closes.";
    Sma50, "sma_50", "price", 50, "Mean of the last 50 closes.";
    Sma200, "sma_200", "price", 200, "Mean of the last 200 closes.";
    Sma20Distance, "sma_20_distance", "ratio", 20, "Close / sma_20 − 1.";
    Sma50Distance, "sma_50_distance", "ratio", 50, "Close / sma_50 − 1.";
    Sma200Distance, "sma_200_distance", "ratio", 200, "Close / sma_200 − 1.";
    SmaCross, "sma_cross", "direction", 205,
        "Latest cross of SMA 50 over SMA 200 within the last 5 bars: 1 up, −1 down, else 0.";
    Ema12, "ema_12", "price", 12, "Exponential mean of closes, weight 2/13, seeded with the mean of the first 12.";
    Ema26, "ema_26", "price", 26, "Exponential mean of closes, weight 2/27, seeded with the mean of the first 26.";
    Macd, "macd", "price", 34, "MACD 12-26-9: EMA 12 − EMA 26 of closes, both beginning at the 26th bar.";
    MacdSignal, "macd_signal", "price", 34, "EMA 9 of macd, seeded with the mean of its first 9 values.";
    MacdHistogram, "macd_histogram", "price", 34, "macd − macd_signal.";
    Rsi14, "rsi_14", "points", 15, "Wilder's relative strength of closes over 14 bars; null if nothing moved.";
    Atr14, "atr_14", "price", 15, "Wilder's average true range over 14 bars, seeded with the mean of the first 14.";
    AtrPct, "atr_pct", "percent", 15, "100 × atr_14 / close.";
    Adx14, "adx_14", "points", 28, "Wilder's average directional index over 14 bars.";
    BollingerB, "bollinger_b", "ratio", 20,
        "(Close − lower) / (upper − lower), the bands being sma_20 ∓ 2 population deviations; null if they are one.";
    BollingerWidth, "bollinger_width", "ratio", 20, "(Upper − lower band) / sma_20.";
    StochK, "stoch_k", "points", 18,
        "Mean of the last 3 fast lines, 100 × (close − lowest low) / (highest high − lowest low) of 14 bars.";
    StochD, "stoch_d", "points", 18, "Mean of the last 3 stoch_k.";
    Return1, "return_1", "ratio", 2, "Close / close 1 bar before − 1, adjusted for splits but not for dividends.";
    Return5, "return_5", "ratio", 6, "Close / close 5 bars before − 1, adjusted for splits but not for dividends.";
    Return21, "return_21", "ratio", 22, "Close / close 21 bars before − 1, adjusted for splits but not for dividends.";
    Gap, "gap", "ratio", 2, "Open / close 1 bar before − 1.";
    VolumeRatio20, "volume_ratio_20", "ratio", 21,
        "Volume / mean volume of the 20 bars before; null if nothing traded in them.";
    High20Distance, "high_20_distance", "ratio", 20, "Close / highest high of the last 20 bars − 1.";
    Low20Distance, "low_20_distance", "ratio", 20, "Close / lowest low of the last 20 bars − 1.";
    High252Distance, "high_252_distance", "ratio", 252, "Close / highest high of the last 252 bars − 1.";
    Low252Distance, "low_252_distance", "ratio", 252, "Close / lowest low of the last 252 bars − 1.";
    Low10, "low_10", "price", 10, "Lowest low of the last 10 bars, which the trade plan's stop reads.";
    Return63, "return_63", "ratio", 64, "Close / close 63 bars before − 1, adjusted for splits but not for dividends.";
    Return252, "return_252", "ratio", 253, "Close / close 252 bars before − 1, adjusted for splits but not for dividends.";
    Bars, "bars", "count", 1, "How many bars the signals were computed from, at most 300.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_stands_where_its_id_says_and_its_name_is_a_column_name() {
        for (position, signal) in SIGNALS.iter().enumerate() {
            assert_eq!(signal.id as usize, position, "{}", signal.name);
            assert!(signal.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
            assert_eq!(SIGNALS.iter().filter(|other| other.name == signal.name).count(), 1);
        }
    }
}
