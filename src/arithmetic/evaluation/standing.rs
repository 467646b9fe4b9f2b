//! Where the names stood on a session, kept until a later session is compared with it.

use super::spearman::correlation_of_ranks;
use super::spearman::doubled_ranks;
use crate::arithmetic::NULL;

/// The names of one session that have a value: 12 bytes a name.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// Instruments, ascending.
    ids: Vec<i32>,
    /// Twice the rank of each.
    ranks: Vec<u32>,
    /// Quantile of each; 0 where the session has none.
    quantiles: Vec<u8>,
}

impl Standing {
    /// The names in ascending order of instrument, each with twice its rank and its quantile.
    pub fn new(names: impl Iterator<Item = (i32, u32, u8)>) -> Self {
        let mut standing = Self::default();
        for (id, rank, quantile) in names {
            standing.ids.push(id);
            standing.ranks.push(rank);
            standing.quantiles.push(quantile);
        }
        standing
    }

    /// Turnover of a quantile since `before`: the share of its names that were not in it then. Null where either session
    /// has no quantiles.
    pub fn turnover(&self, before: &Standing, quantile: u8) -> f64 {
        let now = self.ids.iter().zip(&self.quantiles).filter(|(_, own)| **own == quantile);
        let (mut names, mut new) = (0, 0);
        for (id, _) in now {
            names += 1;
            let then = before.ids.binary_search(id).map_or(0, |at| before.quantiles[at]);
            new += u32::from(then != quantile);
        }
        if names == 0 || !before.quantiles.contains(&quantile) {
            NULL
        } else {
            f64::from(new) / f64::from(names)
        }
    }

    /// Rank autocorrelation: Spearman's correlation of the values now and those of `before`, over the names that have both;
    /// null under 10 of them.
    pub fn autocorrelation(&self, before: &Standing) -> f64 {
        let (mut now, mut then) = (Vec::new(), Vec::new());
        let mut at = 0;
        for (id, rank) in self.ids.iter().zip(&self.ranks) {
            at += before.ids[at..].partition_point(|other| other < id);
            if before.ids.get(at) == Some(id) {
                now.push(f64::from(*rank));
                then.push(f64::from(before.ranks[at]));
            }
        }
        // Ranked again among themselves: the others leave gaps.
        correlation_of_ranks(&doubled_ranks(&now), &doubled_ranks(&then))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names from instrument `first` on, in the order of their ranks, in two quantiles.
    fn standing(first: i32, names: u32) -> Standing {
        Standing::new((0..names).map(|n| (first + n as i32, 2 * (n + 1), if n < names / 2 { 1 } else { 2 })))
    }

    #[test]
    fn turnover_is_the_share_of_names_that_came_in() {
        let (before, now) = (standing(1, 12), standing(3, 12));
        // The top is 9 … 14 now and was 7 … 12: 13 and 14 came in.
        assert!((now.turnover(&before, 2) - 2.0 / 6.0).abs() < 1e-15);
        // The bottom is 3 … 8 and was 1 … 6.
        assert!((now.turnover(&before, 1) - 2.0 / 6.0).abs() < 1e-15);
        assert_eq!(now.turnover(&now, 2), 0.0);
        assert_eq!(standing(100, 12).turnover(&now, 2), 1.0);
    }

    #[test]
    fn a_session_without_quantiles_has_no_turnover() {
        let none = Standing::new((0..12).map(|n| (n, 2, 0)));
        assert!(none.turnover(&standing(0, 12), 2).is_nan());
        assert!(standing(0, 12).turnover(&none, 2).is_nan());
        assert!(standing(0, 12).turnover(&Standing::default(), 2).is_nan());
    }

    #[test]
    fn the_order_is_compared_among_those_who_are_in_both() {
        assert_eq!(standing(3, 12).autocorrelation(&standing(1, 12)), 1.0);
        assert!(standing(4, 12).autocorrelation(&standing(1, 12)).is_nan(), "nine are in both");
        let reversed = Standing::new((1..=12).map(|n| (n, 2 * (13 - n as u32), 1)));
        assert_eq!(reversed.autocorrelation(&standing(1, 12)), -1.0);
    }
}
