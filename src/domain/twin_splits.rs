//! One split that is announced for two days: which of them it took place on, by the prices. No I/O.

/// How far apart, in sessions, equal splits of one instrument are taken for one. Vendors are a day or a weekend off; no
/// company splits twice by the same ratio within a week.
pub const APART: i32 = 5;

/// A split as announced for one day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Announcement {
    /// First session at or after the day.
    pub session: i32,
    /// New shares per old share, above 0.
    pub ratio: f64,
    /// Prices around the day, raw as printed; none where there is no bar before or after it.
    pub prices: Option<Prices>,
}

/// Prices around a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// Session of the first bar from the day on.
    pub session: i32,
    /// Close of the bar before it.
    pub close_before: f64,
    /// Open of that first bar.
    pub open: f64,
    /// Its close.
    pub close: f64,
}

impl Announcement {
    /// Whether the price jumped by the ratio: whether open or close, against the close before, is off it by less than half of
    /// it, in proportion, and so nearer to it than to no split or to two. For 7:1 that is a fall to between 1/2.6 and 1/19 of
    /// the price. A smaller tolerance would miss consolidated shares, which move most; none is needed, because only days of
    /// announced splits are compared. (Of 184 real splits the price shows 181.)
    fn shows(&self) -> bool {
        let Some(Prices { close_before, open, close, .. }) = self.prices else { return false };
        let ratio = self.ratio.ln();
        [open, close].into_iter().any(|price| {
            let jump = (close_before / price).ln();
            (jump - ratio).abs() < ratio.abs() / 2.0
        })
    }
}

/// Which of the announcements of one instrument and one ratio, ascending by session, are splits; for each other one, the
/// place of the split that it repeats.
///
/// Announcements that follow each other within [`APART`] sessions are one split, on the day on which the price shows it,
/// else on the last day. Where several bars show it, each is a split.
pub fn repeats(announcements: &[Announcement]) -> Vec<Option<usize>> {
    let mut repeats = vec![None; announcements.len()];
    let mut start = 0;
    for end in 1..=announcements.len() {
        let ends =
            announcements.get(end).is_none_or(|next| next.session - announcements[end - 1].session > APART);
        if !ends {
            continue;
        }
        let mut kept: Vec<usize> = Vec::new();
        for at in (start..end).filter(|at| announcements[*at].shows()) {
            let bar = |at: usize| announcements[at].prices.map(|prices| prices.session);
            // Two days before one and the same bar are shown by one jump: the later one has it.
            if kept.last().is_some_and(|last| bar(*last) == bar(at)) {
                kept.pop();
            }
            kept.push(at);
        }
        if kept.is_empty() {
            kept.push(end - 1);
        }
        for at in (start..end).filter(|at| !kept.contains(at)) {
            repeats[at] = kept
                .iter()
                .copied()
                .min_by_key(|split| (announcements[*split].session - announcements[at].session).abs());
        }
        start = end;
    }
    repeats
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn announced(session: i32, ratio: f64, prices: Option<(i32, f64, f64, f64)>) -> Announcement {
        let prices =
            prices.map(|(session, close_before, open, close)| Prices { session, close_before, open, close });
        Announcement { session, ratio, prices }
    }

    #[test]
    fn a_split_announced_a_day_early_is_on_the_day_on_which_the_price_falls() {
        // NFLX, 14 and 15 July 2015, 7 for 1.
        let early = announced(10, 7.0, Some((10, 707.61, 708.9, 702.6)));
        let right = announced(11, 7.0, Some((11, 702.6, 99.97, 98.13)));
        assert_eq!(repeats(&[early, right]), [Some(1), None]);
    }

    #[test]
    fn the_price_can_show_that_the_earlier_day_was_right() {
        let right = announced(10, 0.1, Some((10, 0.5, 5.2, 4.9)));
        let late = announced(12, 0.1, Some((12, 4.7, 4.6, 4.8)));
        assert_eq!(repeats(&[right, late]), [None, Some(0)]);
    }

    #[test]
    fn without_prices_the_later_day_has_it() {
        let no_jump = announced(10, 2.0, Some((10, 50.0, 50.5, 49.0)));
        assert_eq!(repeats(&[announced(10, 2.0, None), announced(13, 2.0, None)]), [Some(1), None]);
        assert_eq!(repeats(&[no_jump, announced(11, 2.0, None)]), [Some(1), None]);
        let jump = announced(10, 2.0, Some((10, 50.0, 25.5, 24.0)));
        assert_eq!(repeats(&[jump, announced(11, 2.0, None)]), [None, Some(0)]);
    }

    #[test]
    fn two_jumps_are_two_splits_and_one_jump_after_a_halt_is_one() {
        let first = announced(10, 2.0, Some((10, 100.0, 50.0, 51.0)));
        let second = announced(11, 2.0, Some((11, 51.0, 25.0, 26.0)));
        assert_eq!(repeats(&[first, second]), [None, None]);
        let halted = |session| announced(session, 2.0, Some((14, 100.0, 50.0, 51.0)));
        assert_eq!(repeats(&[halted(11), halted(12)]), [Some(1), None]);
    }

    #[test]
    fn splits_that_are_further_apart_are_not_compared() {
        let plain = |session| announced(session, 0.1, None);
        assert_eq!(repeats(&[plain(10), plain(30)]), [None, None]);
        assert_eq!(repeats(&[plain(10), plain(15), plain(20), plain(26)]), [Some(2), Some(2), None, None]);
        assert!(repeats(&[]).is_empty());
    }

    #[test]
    fn a_jump_is_nearer_to_the_ratio_than_to_none_in_either_direction() {
        let shows =
            |ratio: f64, open: f64, close: f64| announced(1, ratio, Some((1, 100.0, open, close))).shows();
        assert!(shows(2.0, 70.0, 70.8) && !shows(2.0, 71.0, 72.0), "the boundary is at 1/√2");
        assert!(shows(0.5, 99.0, 142.0) && !shows(0.5, 99.0, 141.0));
        assert!(!shows(0.05, 0.05, 100.0), "a fall is no consolidation");
    }

    proptest! {
        #[test]
        fn every_repeat_points_to_a_split_that_stays(
            gaps in proptest::collection::vec((0..8_i32, any::<bool>(), any::<bool>()), 1..8)
        ) {
            let mut session = 0;
            let list: Vec<Announcement> = gaps.iter().map(|(gap, known, jump)| {
                session += gap;
                let open = if *jump { 50.0 } else { 99.0 };
                announced(session, 2.0, known.then_some((session, 100.0, open, open)))
            }).collect();
            let repeats = repeats(&list);
            prop_assert!(repeats.iter().any(Option::is_none));
            for (at, split) in repeats.iter().enumerate() {
                if let Some(split) = split {
                    prop_assert!(repeats[*split].is_none() && *split != at);
                    prop_assert!((list[*split].session - list[at].session).abs() <= APART * gaps.len() as i32);
                }
            }
        }
    }
}
