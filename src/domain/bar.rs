//! One bar of one instrument, of a session or a minute, as the exchange printed it, and the rules a bar must meet.

use std::num::NonZeroU32;

/// A daily bar, **raw as printed**: never adjusted for splits or dividends.
///
/// - **Units** prices in the instrument's currency a share; `volume` in shares, fractional since 2026.
/// - **Nulls** `vwap` and `trade_count` are `None` where the source does not give them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayBar {
    /// First price of the session.
    pub open: f64,
    /// Highest price of the session.
    pub high: f64,
    /// Lowest price of the session.
    pub low: f64,
    /// Last price of the session.
    pub close: f64,
    /// Shares traded; 0 is a bar too.
    pub volume: f64,
    /// Volume-weighted average price.
    pub vwap: Option<f64>,
    /// Number of trades.
    pub trade_count: Option<i64>,
}

/// Why a bar cannot be a bar. The text is what the load summary counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum BarFault {
    /// A price is NaN, infinite, zero or negative.
    #[error("a price is not a number above 0")]
    Price,
    /// The high is below the low.
    #[error("high is below low")]
    HighBelowLow,
    /// The volume is NaN, infinite or negative.
    #[error("volume is not a number of 0 or more")]
    Volume,
}

impl DayBar {
    /// Checks what every stored bar must meet. Open or close outside high and low is dirt that real
    /// vendors print, so it passes here and `ingest verify` reports it.
    ///
    /// # Errors
    /// The first [`BarFault`] found, in the order of its variants.
    pub fn check(&self) -> Result<(), BarFault> {
        let price = |p: f64| p.is_finite() && p > 0.0;
        if ![self.open, self.high, self.low, self.close].into_iter().all(price)
            || !self.vwap.is_none_or(price)
        {
            return Err(BarFault::Price);
        }
        if self.high < self.low {
            return Err(BarFault::HighBelowLow);
        }
        if !(self.volume.is_finite() && self.volume >= 0.0) {
            return Err(BarFault::Volume);
        }
        Ok(())
    }
}

/// A minute's bar: the numbers of a [`DayBar`] in 56 bytes, for a session of the whole market has two million of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinuteBar {
    /// Start of the minute, in minutes since 1970 UTC.
    pub minute: i32,
    /// Number of trades; none where the source does not give it.
    pub trade_count: Option<NonZeroU32>,
    /// First price of the minute.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Shares traded.
    pub volume: f64,
    /// Volume-weighted average price; NaN where the source does not give it.
    pub vwap: f64,
}

impl MinuteBar {
    /// The bar of `minute`; none when its trades are more than four billion, which no minute has.
    pub fn new(minute: i32, bar: &DayBar) -> Option<Self> {
        let DayBar { open, high, low, close, volume, vwap, trade_count } = *bar;
        let count = u32::try_from(trade_count.unwrap_or(0)).ok()?;
        let (trade_count, vwap) = (NonZeroU32::new(count), vwap.unwrap_or(f64::NAN));
        Some(Self { minute, trade_count, open, high, low, close, volume, vwap })
    }

    /// Its numbers, without its time.
    pub fn bar(&self) -> DayBar {
        let Self { minute: _, trade_count, open, high, low, close, volume, vwap } = *self;
        let trade_count = trade_count.map(|count| i64::from(count.get()));
        DayBar { open, high, low, close, volume, vwap: Some(vwap).filter(|vwap| !vwap.is_nan()), trade_count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: DayBar =
        DayBar { open: 10.0, high: 11.0, low: 9.0, close: 10.5, volume: 0.0, vwap: None, trade_count: None };

    #[test]
    fn a_bar_without_volume_is_a_bar() {
        assert_eq!(GOOD.check(), Ok(()));
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(DayBar { close: 0.0, ..GOOD }.check(), Err(BarFault::Price));
        assert_eq!(DayBar { open: f64::NAN, ..GOOD }.check(), Err(BarFault::Price));
        assert_eq!(DayBar { high: f64::INFINITY, ..GOOD }.check(), Err(BarFault::Price));
        assert_eq!(DayBar { high: 8.0, ..GOOD }.check(), Err(BarFault::HighBelowLow));
        assert_eq!(DayBar { volume: -1.0, ..GOOD }.check(), Err(BarFault::Volume));
        assert_eq!(DayBar { volume: f64::NAN, ..GOOD }.check(), Err(BarFault::Volume));
    }

    #[test]
    fn a_close_outside_high_and_low_is_kept_as_printed() {
        assert_eq!(DayBar { close: 12.0, ..GOOD }.check(), Ok(()));
    }

    #[test]
    fn a_minute_s_bar_gives_back_its_numbers_in_56_bytes() {
        let bars = [GOOD, DayBar { vwap: Some(10.25), trade_count: Some(7), ..GOOD }];
        for bar in bars {
            assert_eq!(MinuteBar::new(29_000_000, &bar).map(|minute| minute.bar()), Some(bar));
        }
        assert_eq!(size_of::<MinuteBar>(), 56);
        assert_eq!(MinuteBar::new(0, &DayBar { trade_count: Some(1 << 32), ..GOOD }), None);
    }
}
