//! A day's file as first published and as published again later, with corrections: rows changed, rows taken out
//! and one row that came late.

use super::{
    instrument::{BENCHMARK, Row},
    random::Random,
};

/// A day's rows: the instrument's place, its bar.
pub(super) type Rows = Vec<(usize, Row)>;

/// The sessions that are published again: four of the last quarter and one in the middle; in order, each once.
pub(super) fn sessions(count: usize) -> Vec<usize> {
    let mut chosen = vec![count / 2, count - count / 4, count - count / 8 - 1, count - 2, count - 1];
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// Splits the true rows of a day into the first and the second print. One row in fifty differs and one in five
/// hundred is taken out, at least one of each; one is missing in the first print. The benchmark's row is never
/// touched: it would change every instrument's beta.
pub(super) fn prints(rows: Rows, mut random: Random) -> (Rows, Rows) {
    let mut places: Vec<usize> = (0..rows.len()).filter(|&place| rows[place].0 != BENCHMARK).collect();
    let mut draw = |count: usize| {
        let mut drawn: Vec<usize> = Vec::with_capacity(count);
        while drawn.len() < count && !places.is_empty() {
            let at = random.below(places.len());
            drawn.push(places.swap_remove(at));
        }
        drawn
    };
    let late = draw(1);
    let removed = draw((rows.len() / 500).max(1));
    let changed = draw((rows.len() / 50).max(1));

    let mut second = rows.clone();
    for &place in &changed {
        correct(&mut second[place].1, &mut random);
    }
    (without(rows, &late), without(second, &removed))
}

/// Another close by up to 2 %, and more volume than first counted.
fn correct(row: &mut Row, random: &mut Random) {
    let close = (row.close as f64 * random.between(0.98, 1.02)).round().max(1.0) as u64;
    row.close = close;
    row.high = row.high.max(close);
    row.low = row.low.min(close);
    row.volume += row.volume / 20 + 100;
    row.transactions += 1;
}

fn without(rows: Rows, places: &[usize]) -> Rows {
    rows.into_iter().enumerate().filter(|(place, _)| !places.contains(place)).map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn row(close: u64) -> Row {
        Row { open: close, high: close + 5, low: close - 5, close, volume: 1000, transactions: 9 }
    }

    #[test]
    fn a_second_print_changes_removes_and_adds() {
        let rows: Rows = (0..600).map(|index| (index, row(1000 + index as u64))).collect();
        let (first, second) = prints(rows.clone(), Random::new(3, 3));
        let (first, second): (BTreeMap<_, _>, BTreeMap<_, _>) =
            (first.into_iter().collect(), second.into_iter().collect());
        let added = second.keys().filter(|index| !first.contains_key(index)).count();
        let removed = first.keys().filter(|index| !second.contains_key(index)).count();
        let changed =
            first.iter().filter(|(index, row)| second.get(index).is_some_and(|two| two != *row)).count();
        assert_eq!((added, removed, changed), (1, 1, 12));
        assert_eq!(first[&BENCHMARK], second[&BENCHMARK]);
        assert!(second.values().all(|row| row.low <= row.close && row.close <= row.high));
        assert!(first.iter().all(|(index, row)| *row == rows[*index].1), "the first print is as it was");
    }

    #[test]
    fn a_day_with_few_rows_is_split_too() {
        let (first, second) = prints(vec![(0, row(10)), (1, row(10))], Random::new(3, 3));
        assert_eq!((first.len(), second.len()), (1, 2));
    }

    #[test]
    fn five_sessions_are_published_again() {
        assert_eq!(sessions(100), [50, 75, 87, 98, 99]);
        assert_eq!(sessions(10), [5, 8, 9]);
        assert!(sessions(10).iter().all(|&session| session < 10));
    }
}
