//! One series under two instruments: equal closes and volumes over many sessions.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use super::Series;

/// Sessions that are compared at once. Only whole blocks are, so that memory is a few bytes a block.
const BLOCK: i32 = 10;

/// Traded bars that a block needs: fewer can be equal by chance.
const TRADED: usize = 5;

/// Equal blocks that two instruments need to be twins.
const BLOCKS: u32 = 2;

/// Remembers a digest of each block of sessions of each instrument.
#[derive(Debug, Default)]
pub struct Twins {
    /// Block, digest of its bars, instrument.
    blocks: Vec<(i32, u64, i32)>,
}

/// Two instruments with equal bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The instrument with the smaller key.
    pub first: i32,
    /// The other.
    pub second: i32,
    /// Sessions in equal blocks.
    pub sessions: u32,
    /// First session of the first equal block.
    pub from: i32,
    /// Last session of the last equal block.
    pub through: i32,
}

impl Twins {
    /// Takes the bars at `places` of an instrument.
    pub fn add(&mut self, instrument: i32, series: &Series, places: Range<usize>) {
        let block_of = |place: &usize| series.sessions[*place].div_euclid(BLOCK);
        let mut start = places.start;
        while start < places.end {
            let block = block_of(&start);
            let end = (start..places.end).find(|place| block_of(place) != block).unwrap_or(places.end);
            if (start..end).filter(|place| series.volume[*place] > 0.0).count() >= TRADED {
                let mut hasher = DefaultHasher::new();
                for place in start..end {
                    series.sessions[place].hash(&mut hasher);
                    series.close[place].to_bits().hash(&mut hasher);
                    series.volume[place].to_bits().hash(&mut hasher);
                }
                self.blocks.push((block, hasher.finish(), instrument));
            }
            start = end;
        }
    }

    /// The pairs, by instrument. Of several equal instruments each is paired with the one of the smallest key.
    pub fn pairs(mut self) -> Vec<Pair> {
        self.blocks.sort_unstable();
        let mut pairs: BTreeMap<(i32, i32), (u32, i32, i32)> = BTreeMap::new();
        for equal in self.blocks.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            for other in &equal[1..] {
                let pair = pairs.entry((equal[0].2, other.2)).or_insert((0, other.0, other.0));
                *pair = (pair.0 + 1, pair.1, other.0);
            }
        }
        let enough = pairs.into_iter().filter(|(_, (blocks, ..))| *blocks >= BLOCKS);
        enough
            .map(|((first, second), (blocks, from, through))| Pair {
                first,
                second,
                sessions: blocks * BLOCK as u32,
                from: from * BLOCK,
                through: through * BLOCK + BLOCK - 1,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(sessions: Range<i32>, seed: i32) -> Series {
        let mut series = Series::default();
        for session in sessions {
            let close = 10.0 + f64::from((session * 7 + seed) % 13);
            series.push(session, [close, close, close, close, f64::from(100 + (session * seed) % 31)]);
        }
        series
    }

    fn pairs(all: &[(i32, Series)]) -> Vec<Pair> {
        let mut twins = Twins::default();
        for (id, series) in all {
            twins.add(*id, series, 0..series.len());
        }
        twins.pairs()
    }

    #[test]
    fn an_instrument_under_two_keys_is_found_and_another_is_not() {
        let all = [(1, series(0..60, 3)), (2, series(0..60, 5)), (9, series(20..60, 3))];
        assert_eq!(pairs(&all), [Pair { first: 1, second: 9, sessions: 40, from: 20, through: 59 }]);
    }

    #[test]
    fn one_block_and_quotes_without_volume_prove_nothing() {
        assert_eq!(pairs(&[(1, series(0..60, 3)), (2, series(50..60, 3))]), []);
        let mut quiet = series(0..60, 3);
        quiet.volume.fill(0.0);
        assert_eq!(pairs(&[(1, quiet.clone()), (2, quiet)]), []);
    }
}
