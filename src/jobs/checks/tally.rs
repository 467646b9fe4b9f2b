//! What is counted while the bars come by, in memory that grows with sessions, gaps and instruments, not with bars.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::findings::KEPT;
use super::instrument::Instrument;
use crate::arithmetic::checks::runs;
use crate::arithmetic::checks::twins::Twins;

/// Counts of all bars that came by.
#[derive(Debug, Default)]
pub struct Tally {
    /// Bars by position.
    pub bars: Vec<u32>,
    /// Bars on days that are no session: how many, and an instrument that has one.
    pub strays: BTreeMap<NaiveDate, (u64, i32)>,
    /// Bars that repeat the one before, by position.
    pub repeated: Vec<u32>,
    /// The first of them: instrument, session, close and volume.
    pub repeats: Vec<(i32, i32, f64, f64)>,
    /// Instruments in the order of their key.
    pub attendances: Vec<Present>,
    /// Digests of all bars.
    pub twins: Twins,
}

/// An instrument's bars and gaps within the range.
#[derive(Debug)]
pub struct Present {
    /// The instrument.
    pub instrument: i32,
    /// First and last session without a bar, of each gap.
    pub gaps: Vec<(i32, i32)>,
}

impl Tally {
    /// An empty tally of `sessions` sessions.
    pub fn new(sessions: usize) -> Self {
        Self { bars: vec![0; sessions], repeated: vec![0; sessions], ..Self::default() }
    }

    /// A bar of the session at `position`.
    pub fn bar(&mut self, position: i32) {
        if let Some(bars) = self.bars.get_mut(position as usize) {
            *bars += 1;
        }
    }

    /// A bar on a day that is no session.
    pub fn stray(&mut self, day: NaiveDate, instrument: i32) {
        self.strays.entry(day).or_insert((0, instrument)).0 += 1;
    }

    /// Takes an instrument's gaps, repeats and the digests of its bars.
    pub fn take(&mut self, one: &Instrument<'_>) {
        let (ground, series, id) = (one.ground, one.series, one.id);
        for place in one.core.clone().filter(|place| runs::repeats(series, *place)) {
            let session = series.sessions[place];
            self.repeated[session as usize] += 1;
            if self.repeats.len() < KEPT {
                self.repeats.push((id, session, series.close[place], series.volume[place]));
            }
        }
        // A gap may reach beyond the bars that were read: the ends of its life stand for those.
        let first = ground.sessions.at_or_after(one.life.first);
        let last = ground.sessions.at_or_after(one.life.last);
        let inner = series.sessions.iter().copied().filter(|session| first < *session && *session < last);
        let sessions: Vec<i32> = std::iter::once(first).chain(inner).chain([last]).collect();
        let gaps = runs::gaps(&sessions, |first, end| ground.expected.count(id, first, end));
        let gaps = gaps.into_iter().map(|gap| (gap.first, gap.last)).collect();
        self.attendances.push(Present { instrument: id, gaps });
        self.twins.add(id, series, one.core.clone());
    }
}
