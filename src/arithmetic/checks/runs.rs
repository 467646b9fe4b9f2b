//! Checks of consecutive bars: gaps, bars without volume, prices that stand still, bars that come twice.

use std::ops::Range;

use super::Series;

/// From this volume on, an equal bar without a range is no coincidence; with a range any volume will do.
pub const REPEATED_VOLUME: f64 = 1000.0;

/// Sessions without a bar between two bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// First session without a bar.
    pub first: i32,
    /// Last session without a bar.
    pub last: i32,
    /// Sessions that should have one: those of `first` … `last` that are loaded.
    pub missing: i32,
}

/// The gaps between the bars of `sessions` (ascending). `expected` counts the sessions of a half-open range that should have
/// a bar; a gap without any is none.
pub fn gaps(sessions: &[i32], expected: impl Fn(i32, i32) -> i32) -> Vec<Gap> {
    let gap = |pair: &[i32]| {
        let (first, end) = (pair[0] + 1, pair[1]);
        let missing = if first < end { expected(first, end) } else { 0 };
        (missing > 0).then_some(Gap { first, last: end - 1, missing })
    };
    sessions.windows(2).filter_map(gap).collect()
}

/// Bars in a row, by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Run {
    /// Place of the first bar.
    pub start: usize,
    /// Number of bars.
    pub length: usize,
}

/// The longest run of places of `0..length` that pass `test`, the first of equally long ones, and how many pass in all.
pub fn longest(length: usize, test: impl Fn(usize) -> bool) -> (Run, usize) {
    let (mut best, mut run, mut total) = (Run::default(), Run::default(), 0);
    for place in 0..length {
        if test(place) {
            if run.length == 0 {
                run.start = place;
            }
            run.length += 1;
            total += 1;
            if run.length > best.length {
                best = run;
            }
        } else {
            run.length = 0;
        }
    }
    (best, total)
}

/// The longest run of traded bars at `places` with one and the same open, high, low and close; its first bar counts.
pub fn longest_standstill(series: &Series, places: Range<usize>) -> Run {
    let flat = |place: usize| series.high[place] == series.low[place] && series.volume[place] > 0.0;
    let same =
        |place: usize| flat(place) && flat(place - 1) && series.close[place] == series.close[place - 1];
    let start = places.start;
    let (run, _) = longest(places.len(), |place| place > 0 && same(start + place));
    if run.length == 0 { run } else { Run { start: start + run.start - 1, length: run.length + 1 } }
}

/// Whether bar `place` is the bar of the session before once more, to the last share.
pub fn repeats(series: &Series, place: usize) -> bool {
    let Some(before) = place.checked_sub(1) else { return false };
    let columns = [&series.volume, &series.close, &series.open, &series.high, &series.low];
    let (volume, range) = (series.volume[place], series.high[place] - series.low[place]);
    volume > 0.0
        && series.sessions[before] + 1 == series.sessions[place]
        && columns.into_iter().all(|column| column[place] == column[before])
        && (range > 0.0 || volume >= REPEATED_VOLUME)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn flat(closes: &[f64]) -> Series {
        let mut series = Series::default();
        (0..)
            .zip(closes)
            .for_each(|(session, close)| series.push(session, [*close, *close, *close, *close, 5.0]));
        series
    }

    #[test]
    fn a_gap_counts_the_loaded_sessions_only() {
        let loaded = |first: i32, end: i32| (first..end).filter(|session| *session != 5).count() as i32;
        let found = gaps(&[1, 2, 4, 6, 10], loaded);
        assert_eq!(found, [Gap { first: 3, last: 3, missing: 1 }, Gap { first: 7, last: 9, missing: 3 }]);
        assert_eq!(gaps(&[], loaded), []);
        assert_eq!(gaps(&[7], loaded), []);
    }

    #[test]
    fn the_first_of_the_longest_runs_is_found() {
        let flags = [true, false, true, true, false, true, true];
        assert_eq!(longest(7, |place| flags[place]), (Run { start: 2, length: 2 }, 5));
        assert_eq!(longest(7, |_| false), (Run::default(), 0));
    }

    #[test]
    fn a_price_that_stands_still_counts_from_its_first_bar() {
        let still = flat(&[1.0, 2.0, 2.0, 2.0, 1.0]);
        assert_eq!(longest_standstill(&still, 0..5), Run { start: 1, length: 3 });
        assert_eq!(longest_standstill(&still, 2..5), Run { start: 2, length: 2 });
        assert_eq!(longest_standstill(&flat(&[1.0, 2.0, 1.0]), 0..3), Run::default());
        let mut moving = flat(&[2.0, 2.0, 2.0]);
        moving.high[1] = 2.5;
        assert_eq!(longest_standstill(&moving, 0..3), Run::default());
    }

    #[test]
    fn a_bar_repeats_only_if_everything_is_equal_and_it_is_no_coincidence() {
        let bar = [10.0, 11.0, 9.0, 10.5, 100.0];
        let mut series = Series::default();
        series.push(0, bar);
        series.push(1, bar);
        series.push(3, bar);
        series.push(4, [10.0, 11.0, 9.0, 10.5, 101.0]);
        for (session, volume) in [(10, 100.0), (11, 100.0), (20, 1000.0), (21, 1000.0), (30, 0.0), (31, 0.0)]
        {
            series.push(session, [5.0, 5.0, 5.0, 5.0, volume]);
        }
        let found: Vec<usize> = (0..series.len()).filter(|place| repeats(&series, *place)).collect();
        assert_eq!(found, [1, 7]);
    }

    proptest! {
        #[test]
        fn bars_and_missing_sessions_make_up_the_whole_life(present in prop::collection::vec(any::<bool>(), 1..80)) {
            let sessions: Vec<i32> = (0..).zip(&present).filter(|(_, there)| **there).map(|(at, _)| at).collect();
            let found = gaps(&sessions, |first, end| end - first);
            let missing: i32 = found.iter().map(|gap| gap.missing).sum();
            let life = sessions.first().zip(sessions.last()).map_or(0, |(first, last)| last - first + 1);
            prop_assert_eq!(missing + sessions.len() as i32, life);
            prop_assert!(found.iter().all(|gap| gap.missing == gap.last - gap.first + 1));
        }
    }
}
