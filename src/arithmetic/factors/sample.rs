//! Histories for tests: owned columns, steady ones for cases worked out by hand, and random ones full of gaps and actions.

use super::{Benchmark, FactorColumns, Workspace, price_factors};
use crate::arithmetic::catalogue::position;
use crate::domain::history::{BarSlice, Dividend, History, SharesReport, Split};

/// A history that owns its columns.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    pub sessions: Vec<i32>,
    pub close: Vec<f64>,
    pub volume: Vec<f64>,
    pub splits: Vec<Split>,
    pub dividends: Vec<Dividend>,
    pub shares: Vec<SharesReport>,
    pub earlier_bars: bool,
}

impl Sample {
    /// A bar on each session from `first` on, with a volume of 1,000.
    pub fn steady(first: i32, close: impl IntoIterator<Item = f64>) -> Sample {
        let close: Vec<f64> = close.into_iter().collect();
        let sessions = (first..).take(close.len()).collect();
        Sample { sessions, volume: vec![1000.0; close.len()], close, ..Sample::default() }
    }

    /// Random walk of `length` sessions from session 1000: bars missing singly and in runs, volumes of 0, splits (some on one
    /// session), dividends (some on the session of a split), share reports.
    pub fn random(seed: u64, length: i32, missing: f64) -> Sample {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let mut sample = Sample::default();
        let (mut price, mut absent_until) = (20.0 + 100.0 * dice.roll(), 0);
        for session in 1000..1000 + length {
            if dice.roll() < 0.004 {
                for _ in 0..=u32::from(dice.roll() < 0.2) {
                    let ratio = [2.0, 7.0, 1.5, 0.1, 0.25][(dice.roll() * 5.0) as usize];
                    price /= ratio;
                    sample.splits.push(Split { session, ratio });
                }
                if dice.roll() < 0.3 {
                    sample.dividends.push(Dividend { session, cash: 0.01 * price });
                }
            }
            if dice.roll() < 0.016 {
                sample.dividends.push(Dividend { session, cash: 0.01 * price * dice.roll() });
            }
            if dice.roll() < 0.016 {
                let filed = session - 1 - (dice.roll() * 3.0) as i32;
                sample.shares.push(SharesReport { usable_from: session, filed, shares: 1e6 * dice.roll() });
            }
            if dice.roll() < missing / 10.0 {
                absent_until = session + (dice.roll() * 14.0) as i32;
            }
            price *= (0.06 * (dice.roll() - 0.495)).exp();
            if session >= absent_until && dice.roll() >= missing {
                sample.sessions.push(session);
                sample.close.push(price);
                sample.volume.push(if dice.roll() < 0.05 { 0.0 } else { (5e4 * dice.roll()).round() });
            }
        }
        sample
    }

    pub fn history(&self) -> History<'_> {
        History {
            bars: BarSlice { sessions: &self.sessions, close: &self.close, volume: &self.volume },
            splits: &self.splits,
            dividends: &self.dividends,
            shares: &self.shares,
            earlier_bars: self.earlier_bars,
        }
    }

    /// The bars at the positions `from..`, the rest as it is.
    pub fn since_bar(&self, from: usize) -> Sample {
        Sample {
            sessions: self.sessions[from..].to_vec(),
            close: self.close[from..].to_vec(),
            volume: self.volume[from..].to_vec(),
            earlier_bars: self.earlier_bars || from > 0,
            ..self.clone()
        }
    }

    /// Rows of the sessions `rows`.
    pub fn rows(&self, rows: std::ops::Range<i32>, benchmark: Option<&Benchmark>) -> FactorColumns {
        let mut out = FactorColumns::default();
        price_factors(&mut Workspace::default(), &self.history(), benchmark, false, rows, &mut out);
        out
    }

    /// One factor on the last bar.
    pub fn last(&self, factor: &str, benchmark: Option<&Benchmark>) -> f64 {
        let session = *self.sessions.last().expect("a bar");
        self.rows(session..session + 1, benchmark).column(factor)[0]
    }
}

impl FactorColumns {
    /// A column of the last rows by the factor's name.
    pub fn column(&self, factor: &str) -> &[f64] {
        &self.values[position(factor).expect("a factor of the catalogue")]
    }

    /// Everything in it, so that two are equal exactly where all bits are.
    pub fn bits(&self) -> (Vec<i32>, Vec<bool>, Vec<Vec<u64>>) {
        let bits = self.values.iter().map(|column| column.iter().map(|value| value.to_bits()).collect());
        (self.sessions.clone(), self.in_population_rule.clone(), bits.collect())
    }
}

/// Numbers in 0 … 1 from a seed (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}
