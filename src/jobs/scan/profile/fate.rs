//! What became of an instrument in a scan: listed, or the stage that it did not pass.

use crate::arithmetic::universe::{Drop, Rules};

/// What became of an instrument. The order is that of the codes: the further it came, the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It is listed.
    Listed,
    /// It matches, but so many as are listed come before it.
    OverLimit,
    /// It matches, but as many of its sector as are listed come before it.
    OverSectorCap,
    /// The condition is false.
    NotTrue,
    /// The condition is null: something that it reads is unknown.
    Unknown,
    /// A rule of the universe kept it out.
    Dropped(Drop),
}

impl Fate {
    /// The code, as stored. Codes never change meaning; those from 16 on are the universe's.
    pub fn code(self) -> u8 {
        match self {
            Fate::Listed => 0,
            Fate::OverLimit => 1,
            Fate::OverSectorCap => 2,
            Fate::NotTrue => 3,
            Fate::Unknown => 4,
            Fate::Dropped(drop) => drop.code(),
        }
    }

    /// The fate of this code; none if it is no fate's.
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Fate::Listed),
            1 => Some(Fate::OverLimit),
            2 => Some(Fate::OverSectorCap),
            3 => Some(Fate::NotTrue),
            4 => Some(Fate::Unknown),
            other => Drop::from_code(other).map(Fate::Dropped),
        }
    }

    /// The fate in words, as counts show it.
    pub fn words(self, rules: &Rules) -> String {
        match self {
            Fate::Listed => "listed".to_owned(),
            Fate::OverLimit => "over the limit".to_owned(),
            Fate::OverSectorCap => "over the sector's cap".to_owned(),
            Fate::NotTrue => "where not true".to_owned(),
            Fate::Unknown => "where unknown".to_owned(),
            Fate::Dropped(drop) => drop.rule(rules),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fate_has_a_code_of_its_own_and_comes_back_from_it() {
        let fates: Vec<Fate> = (0..=u8::MAX).filter_map(Fate::from_code).collect();
        assert_eq!(fates.len(), 5 + Drop::ALL.len());
        for (fate, wanted) in fates.iter().zip([0, 1, 2, 3, 4]) {
            assert_eq!(fate.code(), wanted);
        }
        for fate in &fates {
            assert_eq!(Fate::from_code(fate.code()), Some(*fate));
        }
        let mut words: Vec<String> = fates.iter().map(|fate| fate.words(&Rules::default())).collect();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), fates.len());
    }
}
