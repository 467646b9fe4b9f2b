//! Checks of single bars.

use super::Series;

/// A price that is further than this factor from all others of its bar and from the close before is absurd.
pub const ABSURD: f64 = 3.0;

/// The highest price that is believed; the dearest share of the US market stays below a sixth of it.
pub const HIGHEST_PRICE: f64 = 5e6;

/// The highest volume that is believed; the whole US market trades about a tenth of it a session.
pub const HIGHEST_VOLUME: f64 = 1e11;

/// A price and where it was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// `open`, `high`, `low`, `close`, or `volume`.
    pub field: &'static str,
    /// Its value.
    pub value: f64,
}

/// The open or close of bar `place` that lies outside of its high and low, the close first; none where both are inside.
pub fn outside_range(series: &Series, place: usize) -> Option<Price> {
    let inside = series.low[place]..=series.high[place];
    [("close", series.close[place]), ("open", series.open[place])]
        .into_iter()
        .find(|(_, value)| !inside.contains(value))
        .map(|(field, value)| Price { field, value })
}

/// The value of bar `place` that nobody can believe: a price above [`HIGHEST_PRICE`], a volume above [`HIGHEST_VOLUME`], or
/// a high or low [`ABSURD`] times away from the open, the close and the close before. Half a cent is no distance.
pub fn absurd(series: &Series, place: usize) -> Option<Price> {
    let bar = series.bar(place);
    if bar.volume > HIGHEST_VOLUME {
        return Some(Price { field: "volume", value: bar.volume });
    }
    let prices = [("open", bar.open), ("high", bar.high), ("low", bar.low), ("close", bar.close)];
    if let Some((field, value)) = prices.into_iter().find(|(_, value)| *value > HIGHEST_PRICE) {
        return Some(Price { field, value });
    }
    let before = place.checked_sub(1).map_or(bar.close, |before| series.close[before]);
    let top = bar.open.max(bar.close).max(before);
    let bottom = bar.open.min(bar.close).min(before);
    if bar.high > ABSURD * top && bar.high - top > 0.1 {
        return Some(Price { field: "high", value: bar.high });
    }
    (bar.low < bottom / ABSURD && bottom - bar.low > 0.1).then_some(Price { field: "low", value: bar.low })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(bars: &[[f64; 5]]) -> Series {
        let mut series = Series::default();
        (0..).zip(bars).for_each(|(session, bar)| series.push(session, *bar));
        series
    }

    #[test]
    fn a_close_or_an_open_outside_of_high_and_low_is_named() {
        let bars = series(&[
            [10.0, 11.0, 9.0, 10.0, 1.0],
            [10.0, 11.0, 9.0, 11.0, 1.0],
            [10.0, 11.0, 9.0, 11.5, 1.0],
            [8.0, 11.0, 9.0, 9.0, 1.0],
        ]);
        let found: Vec<_> = (0..4).map(|place| outside_range(&bars, place)).collect();
        let close = Price { field: "close", value: 11.5 };
        assert_eq!(found, [None, None, Some(close), Some(Price { field: "open", value: 8.0 })]);
    }

    #[test]
    fn a_low_a_third_of_everything_around_it_is_absurd_and_a_halving_is_not() {
        let bars = series(&[
            [10.0, 11.0, 9.0, 10.0, 1.0],
            [10.0, 11.0, 3.0, 10.0, 1.0],
            [10.0, 11.0, 4.0, 10.0, 1.0],
            // A 1:10 consolidation: the close before is a tenth.
            [100.0, 110.0, 90.0, 100.0, 1.0],
            [100.0, 301.0, 90.0, 100.0, 1.0],
            [100.0, 110.0, 90.0, 100.0, 1e12],
        ]);
        let found: Vec<_> = (0..6).map(|place| absurd(&bars, place).map(|price| price.field)).collect();
        assert_eq!(found, [None, Some("low"), None, None, Some("high"), Some("volume")]);
    }

    #[test]
    fn a_cent_more_or_less_is_never_absurd() {
        let bars = series(&[[0.01, 0.01, 0.01, 0.01, 1.0], [0.01, 0.04, 0.01, 0.01, 1.0]]);
        assert_eq!(absurd(&bars, 1), None);
    }
}
