//! The catalogue: one definition a factor, which says everything that a reader of the number must know. It holds no formula
//! in code (that is `factors` and `statements`). From it come the table `factors`, the comments of the columns, the views of
//! scores and ranks, and the reference page; a new factor goes to the end, as its column does.

mod price;
mod statement;

use super::{cross_section, factors, statements};

pub use price::{PRICE_FACTOR_COUNT, PRICE_FACTORS, PRICE_HISTORY};
pub use statement::{STATEMENT_FACTOR_COUNT, STATEMENT_FACTORS};

/// Which way a factor is usually preferred. Applied to z-scores only, never to the raw value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More is preferred, (+).
    Higher,
    /// Less is preferred, (−).
    Lower,
    /// None is given; z-scores keep their sign.
    Unstated,
}

impl Direction {
    /// What a z-score is multiplied by: 1 or −1.
    pub fn sign(self) -> f64 {
        match self {
            Direction::Higher | Direction::Unstated => 1.0,
            Direction::Lower => -1.0,
        }
    }

    /// The direction as it is stored: 1, −1, or none.
    pub fn stored(self) -> Option<i16> {
        match self {
            Direction::Higher => Some(1),
            Direction::Lower => Some(-1),
            Direction::Unstated => None,
        }
    }
}

/// One factor's definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factor {
    /// Published name; it never changes meaning, a new formula gets a new name or a new version.
    pub name: &'static str,
    /// Version of the formula, from 1.
    pub version: i16,
    /// The family whose score it enters, if any.
    pub family: Option<&'static str>,
    /// What 1.0 means.
    pub unit: &'static str,
    /// Which way it is preferred.
    pub direction: Direction,
    /// Sessions before t whose bars can matter to the value at t. Where the oldest of them has no bar, the last bar before
    /// them matters to `max_drawdown_252`, and to the others not.
    pub history: i32,
    /// What it is computed from: columns of bars and statements, splits, dividends.
    pub inputs: &'static [&'static str],
    /// The formula; r is the total return between consecutive bars, windows count sessions.
    pub definition: &'static str,
    /// Where the factor was published, if anywhere.
    pub source: Option<&'static str>,
}

/// Number of factors.
pub const FACTOR_COUNT: usize = PRICE_FACTOR_COUNT + STATEMENT_FACTOR_COUNT;

/// All factors, in the order of every column array: those from daily bars, then those from statements.
pub const FACTORS: [Factor; FACTOR_COUNT] = {
    let mut all = [PRICE_FACTORS[0]; FACTOR_COUNT];
    let mut at = 0;
    while at < FACTOR_COUNT {
        all[at] = if at < PRICE_FACTOR_COUNT {
            PRICE_FACTORS[at]
        } else {
            STATEMENT_FACTORS[at - PRICE_FACTOR_COUNT]
        };
        at += 1;
    }
    all
};

/// The position of a factor in [`FACTORS`], if it is there.
pub fn position(name: &str) -> Option<usize> {
    FACTORS.iter().position(|factor| factor.name == name)
}

/// The position of a factor that is known to be there: what is not fails to compile.
pub const fn place_of(name: &str) -> usize {
    let name = name.as_bytes();
    let mut at = 0;
    while at < FACTOR_COUNT {
        let other = FACTORS[at].name.as_bytes();
        let mut same = 0;
        while same < name.len() && same < other.len() && name[same] == other[same] {
            same += 1;
        }
        if same == name.len() && same == other.len() {
            return at;
        }
        at += 1;
    }
    panic!("the catalogue has no such factor")
}

/// What all factors are computed with, as text to take a digest of: the parameters of the windows, of statements and of
/// the cross-section. What is one factor's own is its version.
pub fn parameters_text() -> String {
    format!("{}\n{}\n{}\n", factors::PARAMETERS, statements::PARAMETERS, cross_section::PARAMETERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_at_their_place() {
        for (place, factor) in FACTORS.iter().enumerate() {
            assert_eq!(position(factor.name), Some(place));
            assert_eq!(place_of(factor.name), place);
        }
        assert_eq!(position("nonsense"), None);
    }

    #[test]
    fn the_history_to_load_is_the_longest_that_a_factor_needs() {
        assert_eq!(FACTORS.iter().map(|factor| factor.history).max(), Some(PRICE_HISTORY));
    }

    #[test]
    fn every_definition_says_what_it_reads() {
        for factor in &FACTORS {
            assert!(!factor.inputs.is_empty() && !factor.definition.is_empty(), "{}", factor.name);
        }
    }
}
