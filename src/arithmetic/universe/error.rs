//! Why the rules of a universe cannot be used. Every message names the key.

/// Why the rules of a universe cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RulesError {
    /// A threshold is NaN, infinite or negative.
    #[error("{key} is {value}, which is not a number of 0 or more")]
    Value {
        /// Which one.
        key: &'static str,
        /// What it is.
        value: f64,
    },
    /// The volatility rule keeps out every price that moves.
    #[error("max_vol_60 is 0, which no price that moves can pass; 3 is 300 % a year")]
    NoVolatility,
    /// More bars are asked for than are counted.
    #[error("min_bars is {bars}, and bars are counted up to 300")]
    Bars {
        /// How many are asked for.
        bars: u32,
    },
    /// No type is let in.
    #[error("types is empty and unknown_type is false, so that no instrument can pass")]
    NoType,
    /// A list lets in nothing.
    #[error("{key} is empty, so that no instrument can pass; leave it out to let in all")]
    Empty {
        /// Which list.
        key: &'static str,
    },
    /// An entry of a list is empty or holds a blank.
    #[error("{key} holds \"{name}\", which is no name: it is empty or has a blank in it")]
    Name {
        /// Which list.
        key: &'static str,
        /// The entry.
        name: String,
    },
    /// An entry of a list has small letters where the vendor has none.
    #[error("{key} holds \"{name}\", and those are written in capitals")]
    Case {
        /// Which list.
        key: &'static str,
        /// The entry.
        name: String,
    },
    /// A name is not that of a sector.
    #[error("sectors holds \"{name}\", which is not the name of a GICS sector")]
    Sector {
        /// The entry.
        name: String,
    },
}
