//! An instrument's traded bars on one basis: what the stored splits and dividends explain is taken out.

use super::{Series, median};
use crate::domain::history::{ActionCursor, Dividend, History, Split};

/// How many traded bars before one tell what is usual for it.
const USUAL_BARS: usize = 20;

/// With fewer bars before it nothing is known to be usual.
const LEAST_BARS: usize = 5;

/// Median of absolute deviations of a normal distribution to its deviation.
const TO_DEVIATION: f64 = 1.4826;

/// Two bars further apart than this, in sessions, are not compared: too much can have happened.
pub const TOO_FAR: i32 = 10;

/// The bars of a series that have a volume and could be bars ([`crate::domain::bar::DayBar::check`]).
///
/// Levels are logarithms of what one share of the first bar has become, so that the difference of two levels is the move
/// between them and neither a stored split nor a stored dividend is one.
#[derive(Debug)]
pub struct Trades<'a> {
    /// All bars.
    pub series: &'a Series,
    /// Places of the traded bars in the series, ascending.
    pub places: Vec<usize>,
    /// Level of each close.
    pub close: Vec<f64>,
    /// Level of each open.
    pub open: Vec<f64>,
    /// Product of the stored splits since the traded bar before, new shares per old; 1 where there is none.
    pub split: Vec<f64>,
}

/// What is usual for an instrument before one of its bars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usual {
    /// Size of a move from close to close, in levels.
    pub close: f64,
    /// Size of a move from close to open, in levels.
    pub overnight: f64,
    /// Dollars traded in a session.
    pub dollars: f64,
    /// Sessions per traded bar, 1 where every session trades.
    pub sessions: f64,
}

impl<'a> Trades<'a> {
    /// The traded bars of `series`; splits and dividends ascending, by the same session positions. A dividend that is not
    /// below the price explains nothing.
    pub fn new(series: &'a Series, splits: &[Split], dividends: &[Dividend]) -> Self {
        let places: Vec<usize> = (0..series.len())
            .filter(|place| series.volume[*place] > 0.0 && series.bar(*place).check().is_ok())
            .collect();
        let history = History { splits, dividends, ..History::default() };
        let mut trades = Self {
            series,
            close: Vec::with_capacity(places.len()),
            open: Vec::with_capacity(places.len()),
            split: Vec::with_capacity(places.len()),
            places,
        };
        let mut cursor: Option<(ActionCursor<'_>, f64, f64)> = None;
        for &place in &trades.places {
            let session = series.sessions[place];
            let (open, close) = (series.open[place], series.close[place]);
            let (open_level, close_level, ratio, walking) = match cursor {
                None => ((open / close).ln(), 0.0, 1.0, ActionCursor::new(&history, session)),
                Some((mut walking, level, before)) => {
                    let (ratio, cash) = walking.advance(session);
                    let cash = if cash < before { cash } else { 0.0 };
                    let moved = |price: f64| level + ((price * ratio + cash) / before).ln();
                    (moved(open), moved(close), ratio, walking)
                }
            };
            trades.open.push(open_level);
            trades.close.push(close_level);
            trades.split.push(ratio);
            cursor = Some((walking, close_level, close));
        }
        trades
    }

    /// Number of traded bars.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nothing traded.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Session of traded bar `at`.
    pub fn session(&self, at: usize) -> i32 {
        self.series.sessions[self.places[at]]
    }

    /// Close of traded bar `at`, as printed.
    pub fn price(&self, at: usize) -> f64 {
        self.series.close[self.places[at]]
    }

    /// Move from the close before to the open of traded bar `at`; `at` is not the first.
    pub fn overnight(&self, at: usize) -> f64 {
        self.open[at] - self.close[at - 1]
    }

    /// Move from close to close up to traded bar `at`; `at` is not the first.
    pub fn change(&self, at: usize) -> f64 {
        self.close[at] - self.close[at - 1]
    }

    /// Dollars traded in bar `at`.
    pub fn dollars(&self, at: usize) -> f64 {
        self.price(at) * self.series.volume[self.places[at]]
    }

    /// What was usual in the bars before traded bar `at`; none where there are too few of them.
    pub fn usual(&self, at: usize) -> Option<Usual> {
        let start = at.saturating_sub(USUAL_BARS);
        if at - start < LEAST_BARS {
            return None;
        }
        let moves = |move_of: &dyn Fn(usize) -> f64| {
            let mut sizes: Vec<f64> = (start.max(1)..at).map(|at| move_of(at).abs()).collect();
            median(&mut sizes).map(|size| size * TO_DEVIATION)
        };
        let mut dollars: Vec<f64> = (start..at).map(|at| self.dollars(at)).collect();
        Some(Usual {
            close: moves(&|at| self.change(at))?,
            overnight: moves(&|at| self.overnight(at))?,
            dollars: median(&mut dollars)?,
            sessions: f64::from(self.session(at - 1) - self.session(start) + 1) / (at - start) as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(bars: &[(i32, f64, f64, f64)]) -> Series {
        let mut series = Series::default();
        for &(session, open, close, volume) in bars {
            series.push(session, [open, open.max(close), open.min(close), close, volume]);
        }
        series
    }

    #[test]
    fn a_stored_split_and_a_stored_dividend_are_no_moves() {
        let bars = series(&[(0, 70.0, 70.0, 1.0), (1, 10.0, 10.0, 7.0), (2, 9.0, 9.5, 7.0)]);
        let splits = [Split { session: 1, ratio: 7.0 }];
        let dividends = [Dividend { session: 2, cash: 1.0 }];
        let trades = Trades::new(&bars, &splits, &dividends);
        assert_eq!(trades.overnight(1), 0.0);
        assert_eq!(trades.change(1), 0.0);
        assert_eq!(trades.overnight(2), 0.0);
        assert!((trades.change(2) - (10.5_f64 / 10.0).ln()).abs() < 1e-15);
        assert_eq!(trades.split, [1.0, 7.0, 1.0]);
        let bare = Trades::new(&bars, &[], &[]);
        assert!((bare.change(1) - (1.0_f64 / 7.0).ln()).abs() < 1e-15);
    }

    #[test]
    fn bars_without_volume_and_bars_that_cannot_be_are_left_out() {
        let bars = series(&[(0, 1.0, 1.0, 1.0), (1, 9.0, 9.0, 0.0), (2, 0.0, 1.0, 1.0), (3, 1.0, 2.0, 1.0)]);
        let trades = Trades::new(&bars, &[], &[]);
        assert_eq!(trades.places, [0, 3]);
        assert_eq!((trades.session(1), trades.price(1), trades.dollars(1)), (3, 2.0, 2.0));
    }

    #[test]
    fn a_dividend_that_is_not_below_the_price_explains_nothing() {
        let bars = series(&[(0, 10.0, 10.0, 1.0), (1, 10.0, 10.0, 1.0)]);
        let trades = Trades::new(&bars, &[], &[Dividend { session: 1, cash: 10.0 }]);
        assert_eq!(trades.change(1), 0.0);
    }

    #[test]
    fn what_is_usual_is_a_median_of_the_bars_before() {
        let bars: Vec<_> =
            (0..7).map(|at| (at * 2, 10.0, if at % 2 == 0 { 10.0 } else { 11.0 }, 100.0)).collect();
        let bars = series(&bars);
        let trades = Trades::new(&bars, &[], &[]);
        assert_eq!(trades.usual(4), None);
        let usual = trades.usual(6).unwrap();
        assert!((usual.close - 1.1_f64.ln() * TO_DEVIATION).abs() < 1e-12, "{usual:?}");
        assert_eq!(usual.dollars, 1000.0);
        assert_eq!(usual.sessions, 11.0 / 6.0);
    }
}
