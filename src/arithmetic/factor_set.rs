//! A set of factors of the catalogue: which columns a change moved, and which others their cross-section needs.

use super::catalogue::{FACTOR_COUNT, FACTORS};
use super::families;

const _: () = assert!(FACTOR_COUNT <= 64, "a bit a factor");

/// Factors by their place in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FactorSet(u64);

impl FactorSet {
    /// No factor.
    pub const NONE: Self = Self(0);
    /// Every factor.
    pub const ALL: Self = Self(u64::MAX >> (64 - FACTOR_COUNT));

    /// Every factor that belongs to a family.
    pub fn of_families() -> Self {
        families::all().iter().flat_map(|family| &family.members).fold(Self::NONE, |set, at| set.with(*at))
    }

    /// Whether it is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The same with the factor at a place.
    #[must_use]
    pub fn with(self, at: usize) -> Self {
        Self(self.0 | 1 << at)
    }

    /// The factors of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the factor at a place is in it.
    pub fn contains(self, at: usize) -> bool {
        self.0 >> at & 1 == 1
    }

    /// Whether one of `places` is in it.
    pub fn touches(self, places: &[usize]) -> bool {
        places.iter().any(|at| self.contains(*at))
    }

    /// With all members of the families that one of its factors belongs to: what their scores are made of.
    #[must_use]
    pub fn with_relatives(self) -> Self {
        let touched = families::all().iter().filter(|family| self.touches(&family.members));
        touched.flat_map(|family| &family.members).fold(self, |set, at| set.with(*at))
    }

    /// The places, ascending.
    pub fn places(self) -> impl Iterator<Item = usize> {
        (0..FACTOR_COUNT).filter(move |at| self.contains(*at))
    }

    /// The names, in the order of the catalogue.
    pub fn names(self) -> Vec<&'static str> {
        self.places().map(|at| FACTORS[at].name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::catalogue::position;

    fn set(names: &[&str]) -> FactorSet {
        names.iter().fold(FactorSet::NONE, |set, name| set.with(position(name).unwrap()))
    }

    #[test]
    fn relatives_are_the_members_of_the_families_that_are_touched() {
        assert_eq!(set(&["vol_20"]).with_relatives().names(), ["vol_20"]);
        assert_eq!(
            set(&["vol_20", "sales_growth"]).with_relatives().names(),
            ["vol_20", "sales_growth", "eps_growth"]
        );
        assert_eq!(FactorSet::NONE.with_relatives(), FactorSet::NONE);
        assert_eq!(FactorSet::ALL.with_relatives(), FactorSet::ALL);
    }

    #[test]
    fn all_is_every_factor_and_families_have_fewer() {
        assert_eq!(FactorSet::ALL.places().count(), FACTOR_COUNT);
        let members = FACTORS.iter().filter(|factor| factor.family.is_some()).count();
        assert_eq!(FactorSet::of_families().places().count(), members);
        assert!(FactorSet::NONE.is_empty() && !set(&["size"]).is_empty());
        assert_eq!(set(&["size"]).union(set(&["roe"])).names(), ["size", "roe"]);
    }
}
