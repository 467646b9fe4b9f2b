//! One session's bar of one instrument, as the exchange printed it, and the rules a bar must meet.

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
}
