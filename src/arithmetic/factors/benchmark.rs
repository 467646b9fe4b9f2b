//! The benchmark: the market's return between any two of its own bars.

use crate::domain::history::{ActionCursor, History};

/// The benchmark's total return by session.
#[derive(Debug, Clone)]
pub struct Benchmark {
    first_session: i32,
    /// 1 + r where there is a bar with one before it, else 1.
    growth: Vec<f64>,
    has_bar: Vec<bool>,
}

impl Benchmark {
    /// Reads the benchmark instrument's history. It must reach back as far as that of the instruments measured by it.
    pub fn new(history: &History) -> Benchmark {
        let bars = history.bars.slice(0, history.bars.len());
        let (Some(&first_session), Some(&last_session)) = (bars.sessions.first(), bars.sessions.last())
        else {
            return Benchmark { first_session: 0, growth: Vec::new(), has_bar: Vec::new() };
        };
        let length = usize::try_from(last_session - first_session).map_or(0, |span| span + 1);
        let mut growth = vec![1.0; length];
        let mut has_bar = vec![false; length];
        let mut actions = ActionCursor::new(history, first_session);
        let mut previous_close = None;
        for (&session, &close) in bars.sessions.iter().zip(bars.close) {
            let at = (session - first_session) as usize;
            if let Some(previous_close) = previous_close {
                let (ratio, cash) = actions.advance(session);
                growth[at] = (close * ratio + cash) / previous_close;
            }
            has_bar[at] = true;
            previous_close = Some(close);
        }
        Benchmark { first_session, growth, has_bar }
    }

    /// The return compounded, oldest first, over the bars in `(after, through]`; none unless there is a bar on both.
    #[inline]
    pub fn compounded(&self, after: i32, through: i32) -> Option<f64> {
        let from = usize::try_from(after.checked_sub(self.first_session)?).ok()?;
        let to = usize::try_from(through.checked_sub(self.first_session)?).ok()?;
        if !(*self.has_bar.get(from)? && *self.has_bar.get(to)?) {
            return None;
        }
        let mut growth = 1.0;
        for factor in self.growth.get(from + 1..=to)? {
            growth *= factor;
        }
        Some(growth - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::history::{BarSlice, Dividend};

    #[test]
    fn a_span_needs_a_bar_at_both_ends() {
        let history = History {
            bars: BarSlice { sessions: &[10, 11, 13], close: &[100.0, 150.0, 300.0], volume: &[0.0; 3] },
            dividends: &[Dividend { session: 12, cash: 15.0 }],
            ..History::default()
        };
        let benchmark = Benchmark::new(&history);
        assert_eq!(benchmark.compounded(10, 11), Some(0.5));
        assert_eq!(benchmark.compounded(11, 13), Some(2.1 - 1.0));
        assert_eq!(benchmark.compounded(10, 13), Some(1.5 * 2.1 - 1.0));
        assert_eq!(benchmark.compounded(11, 12), None);
        assert_eq!(benchmark.compounded(9, 10), None);
        assert_eq!(benchmark.compounded(13, 14), None);
        assert_eq!(benchmark.compounded(13, 11), None);
    }

    #[test]
    fn a_benchmark_without_bars_knows_no_return() {
        assert_eq!(Benchmark::new(&History::default()).compounded(0, 0), None);
    }
}
