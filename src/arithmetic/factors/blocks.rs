//! Windows joined out of fixed blocks of [`BLOCK`] sessions, aligned to absolute session numbers. Of every block is kept
//! what its sessions give up to each of them and from each of them on; a window is the end of its oldest block, the whole
//! blocks between, and the beginning of its newest. The pieces are always the same and always joined in one order, so a
//! window's bits depend on its own sessions' numbers alone, and its cost hardly on its length.

use std::array::from_fn;
use std::marker::PhantomData;
use std::ops::Range;

/// Sessions in a block. A window must be longer than a block and one session, so that it ends in another than it begins.
pub const BLOCK: usize = 16;

/// A number for each session of a block: of those that stand there, or of the windows that end there.
pub type Lanes = [f64; BLOCK];

/// What two neighbouring stretches of sessions give together.
pub trait Join {
    /// What a stretch without sessions gives.
    const NOTHING: f64;

    /// What `older` and `newer` give together.
    fn join(older: f64, newer: f64) -> f64;
}

#[derive(Debug, Clone, Default)]
pub struct Sum;

#[derive(Debug, Clone, Default)]
pub struct Product;

#[derive(Debug, Clone, Default)]
pub struct Highest;

impl Join for Sum {
    const NOTHING: f64 = 0.0;

    #[inline]
    fn join(older: f64, newer: f64) -> f64 {
        older + newer
    }
}

impl Join for Product {
    const NOTHING: f64 = 1.0;

    #[inline]
    fn join(older: f64, newer: f64) -> f64 {
        older * newer
    }
}

impl Join for Highest {
    const NOTHING: f64 = f64::NEG_INFINITY;

    #[inline]
    fn join(older: f64, newer: f64) -> f64 {
        larger(older, newer)
    }
}

/// One number a session, block by block.
#[derive(Debug, Clone, Default)]
pub struct Blocked<J> {
    /// What each block gives from its first session through each of them.
    until: Vec<Lanes>,
    /// What each block gives from each of its sessions through its last.
    from: Vec<Lanes>,
    join: PhantomData<J>,
}

impl<J: Join> Blocked<J> {
    /// Takes the numbers, oldest block first, in place of what it held. `begins` says of a block whether a window that will
    /// be asked for begins in it.
    #[inline]
    pub fn fill(&mut self, blocks: impl ExactSizeIterator<Item = Lanes>, begins: impl Fn(usize) -> bool) {
        self.until.resize(blocks.len(), [0.0; BLOCK]);
        self.from.resize(blocks.len(), [0.0; BLOCK]);
        for (block, values) in blocks.enumerate() {
            let mut total = J::NOTHING;
            for (until, value) in self.until[block].iter_mut().zip(values) {
                total = J::join(total, value);
                *until = total;
            }
            if !begins(block) {
                continue;
            }
            let mut total = J::NOTHING;
            for (from, value) in self.from[block].iter_mut().zip(values).rev() {
                total = J::join(value, total);
                *from = total;
            }
        }
    }

    /// What the windows of `LENGTH` sessions give that end at each session of the block `newest`.
    #[inline]
    pub fn windows<const LENGTH: usize>(&self, newest: usize) -> Lanes {
        let reach = Reach::<LENGTH> { newest };
        let whole = |block: usize| self.until[block][BLOCK - 1];
        let mut few = J::NOTHING;
        for block in reach.between().rev() {
            few = J::join(whole(block), few);
        }
        let many = J::join(whole(reach.oldest() + 1), few);
        let until = &self.until[newest];
        let from = reach.starts(&self.from);
        from_fn(|lane| {
            let between = if lane < Reach::<LENGTH>::EARLY { many } else { few };
            J::join(J::join(from[lane], between), until[lane])
        })
    }
}

/// Where the windows begin that end in the block `newest`: in two neighbouring blocks, the first lanes in the older one.
struct Reach<const LENGTH: usize> {
    newest: usize,
}

impl<const LENGTH: usize> Reach<LENGTH> {
    /// Position in the older block at which the first lane's window begins.
    const OFFSET: usize = (BLOCK - (LENGTH - 1) % BLOCK) % BLOCK;

    /// How many lanes' windows begin in the older block.
    const EARLY: usize = BLOCK - Self::OFFSET;

    /// The block in which the first lane's window begins.
    #[inline]
    fn oldest(&self) -> usize {
        const { assert!(LENGTH > BLOCK + 1, "a shorter window may lie within one block") }
        self.newest - (LENGTH - 1).div_ceil(BLOCK)
    }

    /// The blocks that lie within every lane's window.
    #[inline]
    fn between(&self) -> Range<usize> {
        self.oldest() + 2..self.newest
    }

    /// What stands where each lane's window begins.
    #[inline]
    fn starts<'a>(&self, blocks: &'a [Lanes]) -> &'a Lanes {
        let both = blocks[self.oldest()..self.oldest() + 2].as_flattened();
        both[Self::OFFSET..].first_chunk().unwrap_or(&blocks[0])
    }
}

/// The deepest falls of an index that compounds through growths, block by block.
#[derive(Debug, Clone, Default)]
pub struct Falls {
    whole: Vec<Fall>,
    /// `bottom` and `deepest` of each block from its first session through each of them.
    bottom_until: Vec<Lanes>,
    deepest_until: Vec<Lanes>,
    /// `last` and `deepest` of each block from each of its sessions through its last.
    last_from: Vec<Lanes>,
    deepest_from: Vec<Lanes>,
}

/// How an index W that starts at 1 went through a stretch of sessions. Peaks are running maxima, the start's 1 among them.
#[derive(Debug, Clone, Copy)]
struct Fall {
    /// Last W.
    growth: f64,
    /// Least W, the start's not counted.
    bottom: f64,
    /// Last W / its peak.
    last: f64,
    /// Least of W / its peak; at most 1.
    deepest: f64,
}

impl Fall {
    const NOTHING: Fall = Fall { growth: 1.0, bottom: f64::INFINITY, last: 1.0, deepest: 1.0 };

    #[inline]
    fn one(growth: f64) -> Fall {
        let last = smaller(growth, 1.0);
        Fall { growth, bottom: growth, last, deepest: last }
    }

    /// Whether the newer stretch's W stands below an older peak or one of its own, the deeper fall is the one that counts:
    /// no quotient of products is needed.
    #[inline]
    fn join(older: Fall, newer: Fall) -> Fall {
        Fall {
            growth: older.growth * newer.growth,
            bottom: smaller(older.bottom, older.growth * newer.bottom),
            last: smaller(older.last * newer.growth, newer.last),
            deepest: smaller(older.last * newer.bottom, smaller(older.deepest, newer.deepest)),
        }
    }
}

impl Falls {
    /// Takes the growths, oldest block first, in place of what it held; `begins` as in [`Blocked::fill`].
    #[inline]
    pub fn fill(&mut self, blocks: impl ExactSizeIterator<Item = Lanes>, begins: impl Fn(usize) -> bool) {
        self.whole.resize(blocks.len(), Fall::NOTHING);
        for lanes in
            [&mut self.bottom_until, &mut self.deepest_until, &mut self.last_from, &mut self.deepest_from]
        {
            lanes.resize(blocks.len(), [0.0; BLOCK]);
        }
        for (block, growths) in blocks.enumerate() {
            let (bottom, deepest) = (&mut self.bottom_until[block], &mut self.deepest_until[block]);
            let mut fall = Fall::NOTHING;
            for at in 0..BLOCK {
                fall = Fall::join(fall, Fall::one(growths[at]));
                (bottom[at], deepest[at]) = (fall.bottom, fall.deepest);
            }
            self.whole[block] = fall;
            if !begins(block) {
                continue;
            }
            let (last, deepest) = (&mut self.last_from[block], &mut self.deepest_from[block]);
            let mut fall = Fall::NOTHING;
            for at in (0..BLOCK).rev() {
                fall = Fall::join(Fall::one(growths[at]), fall);
                (last[at], deepest[at]) = (fall.last, fall.deepest);
            }
        }
    }

    /// Least of `W / running max(W)` of the windows of `LENGTH` sessions that end at each session of the block `newest`.
    #[inline]
    pub fn windows<const LENGTH: usize>(&self, newest: usize) -> Lanes {
        let reach = Reach::<LENGTH> { newest };
        let mut few = Fall::NOTHING;
        for block in reach.between().rev() {
            few = Fall::join(self.whole[block], few);
        }
        let many = Fall::join(self.whole[reach.oldest() + 1], few);
        let (older_last, older_deepest) = (reach.starts(&self.last_from), reach.starts(&self.deepest_from));
        let (newer_bottom, newer_deepest) = (&self.bottom_until[newest], &self.deepest_until[newest]);
        from_fn(|lane| {
            let between = if lane < Reach::<LENGTH>::EARLY { many } else { few };
            let last = smaller(older_last[lane] * between.growth, between.last);
            let on_the_way = smaller(older_last[lane] * between.bottom, last * newer_bottom[lane]);
            let of_their_own = smaller(older_deepest[lane], smaller(between.deepest, newer_deepest[lane]));
            smaller(on_the_way, of_their_own)
        })
    }
}

/// The smaller of two numbers that are not NaN, in one instruction where `f64::min` takes four.
#[inline]
pub fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The larger of two numbers that are not NaN.
#[inline]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows that end in the last of 20 blocks, and the same each joined one session after the other.
    fn compared<J: Join + Default, const LENGTH: usize>(values: &[f64; 20 * BLOCK]) -> (Lanes, Lanes) {
        let mut blocked = Blocked::<J>::default();
        blocked.fill(values.as_chunks().0.iter().copied(), |_| true);
        let naive = from_fn(|lane| {
            let end = 19 * BLOCK + lane + 1;
            values[end - LENGTH..end].iter().fold(J::NOTHING, |older, &newer| J::join(older, newer))
        });
        (blocked.windows::<LENGTH>(19), naive)
    }

    fn hold_their_sessions<const LENGTH: usize>() {
        let (sums, naive) = compared::<Sum, LENGTH>(&from_fn(|at| at as f64));
        assert_eq!(sums, naive, "{LENGTH}");
        let powers = from_fn(|at| [2.0, 0.5, 4.0, 0.25, 1.0][at % 5]);
        let (products, naive) = compared::<Product, LENGTH>(&powers);
        assert_eq!(products, naive, "{LENGTH}");
        let (highest, naive) = compared::<Highest, LENGTH>(&from_fn(|at| (at * 7919 % 331) as f64));
        assert_eq!(highest, naive, "{LENGTH}");
    }

    #[test]
    fn windows_hold_their_sessions_and_no_others() {
        hold_their_sessions::<18>();
        hold_their_sessions::<20>();
        hold_their_sessions::<21>();
        hold_their_sessions::<32>();
        hold_their_sessions::<33>();
        hold_their_sessions::<34>();
        hold_their_sessions::<105>();
        hold_their_sessions::<252>();
        hold_their_sessions::<305>();
    }

    /// Least W over its peak, session by session.
    fn deepest(growths: &[f64]) -> f64 {
        let (mut wealth, mut peak, mut deepest) = (1.0_f64, 1.0_f64, 1.0_f64);
        for growth in growths {
            wealth *= growth;
            peak = peak.max(wealth);
            deepest = deepest.min(wealth / peak);
        }
        deepest
    }

    #[test]
    fn a_fall_counts_from_the_peak_before_it_in_whichever_block() {
        // Powers of two, so that no product is rounded: rises, falls, falls within rises, of every length.
        for seed in 1_u64..40 {
            let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let growths: Vec<f64> = (0..320)
                .map(|_| {
                    x ^= x << 13;
                    x ^= x >> 7;
                    x ^= x << 17;
                    [1.0, 1.0, 2.0, 0.5, 2.0, 0.5, 0.25, 4.0][(x >> 61) as usize]
                })
                .collect();
            let mut falls = Falls::default();
            falls.fill(growths.as_chunks().0.iter().copied(), |_| true);
            let naive = |length| -> Lanes {
                from_fn(|lane| deepest(&growths[19 * BLOCK + lane + 1 - length..=19 * BLOCK + lane]))
            };
            assert_eq!(falls.windows::<20>(19), naive(20), "{seed}");
            assert_eq!(falls.windows::<33>(19), naive(33), "{seed}");
            assert_eq!(falls.windows::<252>(19), naive(252), "{seed}");
        }
    }

    #[test]
    fn what_overflows_leaves_a_window_with_its_sessions() {
        let mut growths = [1.0; 320];
        (growths[10], growths[11], growths[13]) = (f64::INFINITY, 0.5, 0.0);
        let mut falls = Falls::default();
        falls.fill(growths.as_chunks().0.iter().copied(), |_| true);
        let with_the_zero = from_fn(|lane| if lane <= 10 { 0.0 } else { 1.0 });
        assert_eq!(falls.windows::<30>(2), with_the_zero);
        assert_eq!(falls.windows::<252>(19)[..], [1.0; BLOCK]);
        assert_eq!(compared::<Product, 252>(&growths).0, [1.0; BLOCK]);
    }
}
