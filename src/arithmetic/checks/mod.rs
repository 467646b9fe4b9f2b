//! Checks of one instrument's bars and actions, raw as printed: what cannot be right, and what looks like something that is
//! missing. Says where and by how much; the names, severities and remedies of findings are the caller's.

pub mod actions;
pub mod bars;
pub mod jumps;
pub mod market;
pub mod runs;
pub mod trades;
pub mod twins;

use crate::domain::bar::DayBar;

/// One instrument's daily bars in columns, raw as printed, ascending by session; all columns have one length.
///
/// Unlike the bars that the other arithmetic reads, these may hold anything: a price of 0, NaN, a high below the low.
#[derive(Debug, Default, Clone)]
pub struct Series {
    /// Positions in the row of all sessions: consecutive sessions differ by 1.
    pub sessions: Vec<i32>,
    /// First prices.
    pub open: Vec<f64>,
    /// Highest prices.
    pub high: Vec<f64>,
    /// Lowest prices.
    pub low: Vec<f64>,
    /// Last prices.
    pub close: Vec<f64>,
    /// Shares traded.
    pub volume: Vec<f64>,
}

impl Series {
    /// Adds a bar after the others: open, high, low, close, volume.
    pub fn push(&mut self, session: i32, [open, high, low, close, volume]: [f64; 5]) {
        self.sessions.push(session);
        self.open.push(open);
        self.high.push(high);
        self.low.push(low);
        self.close.push(close);
        self.volume.push(volume);
    }

    /// Forgets all bars and keeps the memory.
    pub fn clear(&mut self) {
        self.sessions.clear();
        for column in [&mut self.open, &mut self.high, &mut self.low, &mut self.close, &mut self.volume] {
            column.clear();
        }
    }

    /// Number of bars.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether there is no bar.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// The bar at `place`.
    pub fn bar(&self, place: usize) -> DayBar {
        DayBar {
            open: self.open[place],
            high: self.high[place],
            low: self.low[place],
            close: self.close[place],
            volume: self.volume[place],
            vwap: None,
            trade_count: None,
        }
    }
}

/// The middle one of `values`, the lower of two; none of none. Orders the values.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}
