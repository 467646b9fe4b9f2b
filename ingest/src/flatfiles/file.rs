//! What one file holds after decoding: one bar a ticker, in the order of the tickers' bytes.

use std::cmp::Ordering;

use chrono::NaiveDate;
use tidemark::domain::bar::DayBar;

use super::set_aside::{Reason, SetAside};

/// One session's bars of the whole market, and what was left out of them.
///
/// Everything but line numbers is the same for every order of the rows in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct DayFile {
    /// The session that all rows are of.
    pub session_date: NaiveDate,
    /// Rows that are not loaded, in the order of the file.
    pub set_aside: Vec<SetAside>,
    /// Rows that repeated another row exactly and were dropped.
    pub collapsed: usize,
    /// SHA-256 of the file as it is stored, compressed.
    pub digest: [u8; 32],
    rows: Rows,
}

impl DayFile {
    /// Settles the rows of a file: sorted by ticker, one row a ticker.
    pub(super) fn new(session_date: NaiveDate, rows: Rows, set_aside: Vec<SetAside>) -> Self {
        let mut file = Self { session_date, set_aside, collapsed: 0, digest: [0; 32], rows };
        if !file.rows.sorted {
            file.settle();
        }
        file
    }

    /// Number of bars.
    pub fn len(&self) -> usize {
        self.rows.bars.len()
    }

    /// Tickers and their bars, in ascending order of the tickers' bytes, each ticker once.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (&str, &DayBar)> {
        (0..self.len()).map(|row| (self.rows.ticker(row), &self.rows.bars[row]))
    }

    /// Sorts the rows and keeps one of each ticker: the one of the greatest volume, then of the
    /// greatest close, then of the other fields. Equal rows are one row.
    fn settle(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let mut order: Vec<usize> = (0..rows.bars.len()).collect();
        order.sort_unstable_by(|&a, &b| {
            (rows.ticker(a).cmp(rows.ticker(b)))
                .then_with(|| precedence(&rows.bars[b], &rows.bars[a]))
                .then_with(|| rows.lines[a].cmp(&rows.lines[b]))
        });
        let mut previous: Option<usize> = None;
        for row in order {
            let (ticker, bar) = (rows.ticker(row), &rows.bars[row]);
            match previous.replace(row) {
                Some(before) if rows.ticker(before) == ticker => {
                    if precedence(&rows.bars[before], bar) == Ordering::Equal {
                        self.collapsed += 1;
                    } else {
                        self.set_aside.push(SetAside {
                            line: rows.lines[row] as usize,
                            ticker: ticker.to_owned(),
                            field: "volume",
                            value: bar.volume.to_string(),
                            reason: Reason::Contradicted,
                        });
                    }
                }
                _ => self.rows.push(ticker, *bar, rows.lines[row] as usize),
            }
        }
        self.set_aside.sort_by_key(|row| row.line);
    }
}

/// Which of two rows of one ticker is kept: the greater one.
pub(super) fn precedence(a: &DayBar, b: &DayBar) -> Ordering {
    let prices = |bar: &DayBar| [bar.volume, bar.close, bar.open, bar.high, bar.low];
    let by_price = prices(a).iter().zip(prices(b)).map(|(a, b)| a.total_cmp(&b)).find(|order| order.is_ne());
    let vwap = |bar: &DayBar| bar.vwap.unwrap_or(0.0);
    by_price
        .unwrap_or(Ordering::Equal)
        .then_with(|| vwap(a).total_cmp(&vwap(b)))
        .then_with(|| a.trade_count.cmp(&b.trade_count))
}

/// Rows as they come: the tickers' texts one after the other, a bar and a line number for each.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rows {
    text: String,
    ends: Vec<u32>,
    bars: Vec<DayBar>,
    lines: Vec<u32>,
    /// Whether every ticker so far was greater than the one before.
    sorted: bool,
}

impl Default for Rows {
    fn default() -> Self {
        Self { text: String::new(), ends: Vec::new(), bars: Vec::new(), lines: Vec::new(), sorted: true }
    }
}

impl Rows {
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self {
            text: String::with_capacity(4 * rows),
            ends: Vec::with_capacity(rows),
            bars: Vec::with_capacity(rows),
            lines: Vec::with_capacity(rows),
            sorted: true,
        }
    }

    pub(super) fn push(&mut self, ticker: &str, bar: DayBar, line: usize) {
        self.sorted = self.sorted && (self.bars.is_empty() || self.ticker(self.bars.len() - 1) < ticker);
        self.text.push_str(ticker);
        self.ends.push(self.text.len() as u32);
        self.bars.push(bar);
        self.lines.push(line as u32);
    }

    fn ticker(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.text[start as usize..self.ends[row] as usize]
    }
}
