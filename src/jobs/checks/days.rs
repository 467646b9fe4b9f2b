//! The exchange's sessions over the whole history, by position, and which of them are loaded for whom.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use chrono::NaiveDate;

use crate::store::checks::{Loaded, Names};

/// Sessions in order: a session's position is its place here.
#[derive(Debug, Default)]
pub struct Sessions {
    dates: Vec<NaiveDate>,
}

impl Sessions {
    /// Sessions of these dates, ascending.
    pub fn new(dates: Vec<NaiveDate>) -> Self {
        Self { dates }
    }

    /// Number of sessions.
    pub fn len(&self) -> usize {
        self.dates.len()
    }

    /// Position of the session on `date`; none where there is none.
    pub fn position(&self, date: NaiveDate) -> Option<i32> {
        self.dates.binary_search(&date).ok().map(|place| place as i32)
    }

    /// Position of the first session on `date` or later; the number of sessions where there is none.
    pub fn at_or_after(&self, date: NaiveDate) -> i32 {
        self.dates.partition_point(|session| *session < date) as i32
    }

    /// Date of the session at `position`, of the nearest one for a position outside.
    pub fn date(&self, position: i32) -> NaiveDate {
        let last = self.dates.len().saturating_sub(1);
        self.dates.get((position.max(0) as usize).min(last)).copied().unwrap_or_default()
    }
}

/// Finds positions of many dates, most of them the session after the one before.
pub struct Finder<'a> {
    sessions: &'a Sessions,
    last: i32,
}

impl<'a> Finder<'a> {
    /// A finder among `sessions`.
    pub fn new(sessions: &'a Sessions) -> Self {
        Self { sessions, last: 0 }
    }

    /// Position of the session on `date`; none where there is none.
    pub fn position(&mut self, date: NaiveDate) -> Option<i32> {
        let next = self.last + 1;
        let guess = self.sessions.dates.get(next as usize).is_some_and(|session| *session == date);
        self.last = if guess { next } else { self.sessions.position(date)? };
        Some(self.last)
    }
}

/// Which sessions should have a bar of which instrument: those whose whole market is loaded, and those that were loaded for
/// its tickers.
#[derive(Debug, Default)]
pub struct Expected {
    /// The positions that count.
    range: Range<i32>,
    /// Whether the whole market of a session is loaded, by position.
    whole: Vec<bool>,
    /// How many such sessions lie before a position, within the range.
    whole_before: Vec<i32>,
    /// The same for the sessions that were loaded for some instruments only.
    partial: Vec<(HashSet<i32>, Vec<i32>)>,
}

impl Expected {
    /// Reads the ledger; only sessions of `range` count.
    pub fn new(sessions: &Sessions, ledger: &[Loaded], names: &Names, range: Range<i32>) -> Self {
        let mut expected = Self { range, whole: vec![false; sessions.len()], ..Self::default() };
        let mut partial: BTreeMap<&[String], Vec<bool>> = BTreeMap::new();
        for loaded in ledger {
            let Some(position) = sessions.position(loaded.session_date) else { continue };
            if loaded.whole {
                expected.whole[position as usize] = true;
            } else {
                let flags = partial.entry(&loaded.selections).or_insert_with(|| vec![false; sessions.len()]);
                flags[position as usize] = true;
            }
        }
        let mut known: HashMap<&str, Vec<i32>> = HashMap::new();
        for (selections, flags) in partial {
            let tickers = selections.iter().flat_map(|selection| selection.split(','));
            let mut instruments = HashSet::new();
            for ticker in tickers {
                instruments.extend(known.entry(ticker).or_insert_with(|| names.instruments(ticker)).iter());
            }
            expected.partial.push((instruments, before(&flags, &expected.range)));
        }
        expected.whole_before = before(&expected.whole, &expected.range);
        expected
    }

    /// How many sessions of `first` … `end` (half-open) should have a bar of the instrument.
    pub fn count(&self, instrument: i32, first: i32, end: i32) -> i32 {
        if first >= end || self.whole_before.is_empty() {
            return 0;
        }
        let last = self.whole_before.len() as i32 - 1;
        let (first, end) = (first.clamp(0, last) as usize, end.clamp(0, last) as usize);
        let partial = self.partial.iter().filter(|(instruments, _)| instruments.contains(&instrument));
        let partial: i32 = partial.map(|(_, before)| before[end] - before[first]).sum();
        self.whole_before[end] - self.whole_before[first] + partial
    }

    /// Whether the whole market of the session at `position` is loaded.
    pub fn is_whole(&self, position: i32) -> bool {
        self.range.contains(&position) && self.whole.get(position as usize).is_some_and(|whole| *whole)
    }

    /// Expects nothing more of the sessions at `positions`.
    pub fn excuse(&mut self, positions: impl IntoIterator<Item = i32>) {
        for position in positions {
            if let Some(whole) = self.whole.get_mut(position as usize) {
                *whole = false;
            }
        }
        self.whole_before = before(&self.whole, &self.range);
    }
}

/// How many flags of `range` are set before each place; one more than there are flags.
fn before(flags: &[bool], range: &Range<i32>) -> Vec<i32> {
    let mut count = 0;
    let mut before = Vec::with_capacity(flags.len() + 1);
    for (position, flag) in (0..).zip(flags) {
        before.push(count);
        count += i32::from(*flag && range.contains(&position));
    }
    before.push(count);
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(days: &[u32]) -> Sessions {
        Sessions::new(days.iter().map(|day| date(*day)).collect())
    }

    fn date(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 7, day).unwrap()
    }

    fn loaded(day: u32, selections: &[&str]) -> Loaded {
        Loaded {
            session_date: date(day),
            latest_selection: String::new(),
            bars: 0,
            whole: selections.contains(&""),
            selections: selections.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn positions_and_dates_lead_to_each_other() {
        let sessions = sessions(&[1, 2, 3, 5, 8]);
        assert_eq!([sessions.position(date(3)), sessions.position(date(4))], [Some(2), None]);
        assert_eq!([sessions.at_or_after(date(4)), sessions.at_or_after(date(9))], [3, 5]);
        assert_eq!([sessions.date(4), sessions.date(9), sessions.date(-1)], [date(8), date(8), date(1)]);
        let mut finder = Finder::new(&sessions);
        let found = [1, 2, 5, 8, 4, 2].map(|day| finder.position(date(day)));
        assert_eq!(found, [Some(0), Some(1), Some(3), Some(4), None, Some(1)]);
    }

    #[test]
    fn only_loaded_sessions_of_the_range_are_expected_and_those_for_some_tickers_of_these_alone() {
        let sessions = sessions(&[1, 2, 3, 5, 8]);
        let names = Names::of([(7, "A"), (8, "B")]);
        let ledger = [
            loaded(1, &[""]),
            loaded(2, &["A", ""]),
            loaded(3, &["A", "C"]),
            loaded(8, &[""]),
            loaded(4, &[""]),
        ];
        let mut expected = Expected::new(&sessions, &ledger, &names, 1..5);
        let count = |expected: &Expected, instrument| expected.count(instrument, 0, 5);
        assert_eq!([count(&expected, 7), count(&expected, 8)], [3, 2]);
        assert_eq!([expected.is_whole(0), expected.is_whole(1), expected.is_whole(2)], [false, true, false]);
        assert_eq!(expected.count(7, 2, 4), 1);
        assert_eq!(expected.count(7, 4, 99), 1);
        expected.excuse([1]);
        assert_eq!([count(&expected, 7), count(&expected, 8)], [2, 1]);
    }
}
