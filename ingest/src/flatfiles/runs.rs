//! Minute bars by ticker: as a file gives them, and settled to one bar a ticker and minute.

use std::ops::Range;

use tidemark::domain::bar::MinuteBar;

use super::SetAside;
use super::file::precedence;
use super::set_aside::{Reason, Tally};

/// Minute bars of many tickers: a ticker's bars stand together, ascending by minute, each minute once.
#[derive(Debug, Default)]
pub struct TickerMinutes {
    /// The tickers' texts one after the other.
    text: String,
    /// For each ticker, where its text and its bars end.
    ends: Vec<(u32, u32)>,
    bars: Vec<MinuteBar>,
}

impl TickerMinutes {
    /// Number of bars.
    pub fn len(&self) -> usize {
        self.bars.len()
    }

    /// Tickers, each with the place of its bars.
    pub fn runs(&self) -> impl Iterator<Item = (&str, Range<usize>)> {
        (0..self.ends.len()).map(|run| (self.ticker(run), self.range(run)))
    }

    /// All bars, in the order of the runs.
    pub fn into_bars(self) -> Vec<MinuteBar> {
        self.bars
    }

    fn ticker(&self, run: usize) -> &str {
        let start = if run == 0 { 0 } else { self.ends[run - 1].0 };
        &self.text[start as usize..self.ends[run].0 as usize]
    }

    fn range(&self, run: usize) -> Range<usize> {
        let start = if run == 0 { 0 } else { self.ends[run - 1].1 };
        start as usize..self.ends[run].1 as usize
    }

    /// Appends a bar: to the last ticker's, or as the first of a new run. A ticker's bars must come together and in order.
    pub fn push(&mut self, ticker: &str, bar: MinuteBar) {
        if self.ends.is_empty() || self.ticker(self.ends.len() - 1) != ticker {
            self.text.push_str(ticker);
            self.ends.push((self.text.len() as u32, self.bars.len() as u32));
        }
        self.bars.push(bar);
        if let Some((_, end)) = self.ends.last_mut() {
            *end += 1;
        }
    }
}

/// Rows as they come.
#[derive(Debug, Default)]
pub(super) struct Rows {
    given: TickerMinutes,
    /// Line of every bar.
    lines: Vec<u32>,
    /// Whether a minute was not after the one before it within its run.
    disordered: bool,
}

impl Rows {
    /// Appends a row that stands in `line`.
    pub(super) fn push(&mut self, ticker: &str, bar: MinuteBar, line: usize) {
        let runs = self.given.ends.len();
        let before = self.given.bars.last().map(|last| last.minute);
        self.given.push(ticker, bar);
        self.disordered |= runs == self.given.ends.len() && before >= Some(bar.minute);
        self.lines.push(line as u32);
    }

    /// One bar a ticker and minute: the one of the greatest volume, then of the greatest close, then of the other fields.
    /// Equal rows are one row; the second value counts those that fell away. Contradicted ones are set aside. Where every
    /// ticker stands together and every minute after the one before it, as in the vendor's files, nothing moves.
    pub(super) fn settle(mut self, set_aside: &mut Tally) -> (TickerMinutes, usize) {
        let mut by_ticker: Vec<u32> = (0..self.given.ends.len() as u32).collect();
        by_ticker.sort_unstable_by_key(|run| (self.given.ticker(*run as usize), *run));
        let same = |a: u32, b: u32| self.given.ticker(a as usize) == self.given.ticker(b as usize);
        let scattered = by_ticker.windows(2).any(|pair| same(pair[0], pair[1]));
        if !scattered && !self.disordered {
            return (self.given, 0);
        }
        let mut order: Vec<u32> = Vec::with_capacity(self.given.bars.len());
        for runs in by_ticker.chunk_by(|a, b| same(*a, *b)) {
            let first = order.len();
            order.extend(runs.iter().flat_map(|run| self.given.range(*run as usize)).map(|at| at as u32));
            let bar = |at: u32| &self.given.bars[at as usize];
            order[first..].sort_unstable_by(|&a, &b| {
                (bar(a).minute.cmp(&bar(b).minute))
                    .then_with(|| precedence(&bar(b).bar(), &bar(a).bar()))
                    .then(a.cmp(&b))
            });
        }
        let tickers: Vec<(String, usize)> = by_ticker
            .chunk_by(|a, b| same(*a, *b))
            .map(|runs| {
                let bars = runs.iter().map(|run| self.given.range(*run as usize).len()).sum();
                (self.given.ticker(runs[0] as usize).to_owned(), bars)
            })
            .collect();
        arrange(&mut self.given.bars, &mut self.lines, &mut order);
        self.thin_out(&tickers, set_aside)
    }

    /// Keeps the first bar of every minute; the bars of each of `tickers`, with their number, stand together and in order.
    fn thin_out(mut self, tickers: &[(String, usize)], set_aside: &mut Tally) -> (TickerMinutes, usize) {
        let bars = &mut self.given.bars;
        let (mut text, mut ends) = (String::new(), Vec::with_capacity(tickers.len()));
        let (mut kept, mut next, mut collapsed) = (0, 0, 0);
        for (ticker, count) in tickers {
            let first = kept;
            for at in next..next + count {
                let bar = bars[at];
                if kept == first || bars[kept - 1].minute != bar.minute {
                    bars[kept] = bar;
                    kept += 1;
                } else if precedence(&bars[kept - 1].bar(), &bar.bar()).is_eq() {
                    collapsed += 1;
                } else {
                    set_aside.extend([SetAside {
                        line: self.lines[at] as usize,
                        ticker: ticker.clone(),
                        field: "volume",
                        value: bar.volume.to_string(),
                        reason: Reason::ContradictedMinute,
                    }]);
                }
            }
            next += count;
            text.push_str(ticker);
            ends.push((text.len() as u32, kept as u32));
        }
        bars.truncate(kept);
        (TickerMinutes { text, ends, bars: self.given.bars }, collapsed)
    }
}

/// Puts what stands at `order[n]` at n, in place: a second copy of the bars would not fit. Uses `order` up.
fn arrange(bars: &mut [MinuteBar], lines: &mut [u32], order: &mut [u32]) {
    for start in 0..order.len() {
        let mut at = start;
        loop {
            let from = std::mem::replace(&mut order[at], at as u32) as usize;
            if from == start {
                break;
            }
            bars.swap(at, from);
            lines.swap(at, from);
            at = from;
        }
    }
}
