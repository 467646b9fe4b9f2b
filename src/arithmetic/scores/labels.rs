//! What a score is called: tiers of the core score, bands of MERIT, and the flags that name what moved or lacked.

/// Tier of the institutional core score, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// 75 and above, by default.
    Core,
    /// 65 and above, by default.
    Satellite,
    /// Below.
    Watch,
}

impl Tier {
    /// The tier as it is printed and stored.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Core => "CORE",
            Tier::Satellite => "SATELLITE",
            Tier::Watch => "WATCH",
        }
    }
}

/// Band of MERIT, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// 90 and above, by default.
    APlus,
    /// 80 and above, by default.
    A,
    /// 70 and above, by default.
    B,
    /// 60 and above, by default.
    C,
    /// Below.
    D,
}

impl Band {
    /// The band as it is printed and stored.
    pub fn name(self) -> &'static str {
        match self {
            Band::APlus => "A+",
            Band::A => "A",
            Band::B => "B",
            Band::C => "C",
            Band::D => "D",
        }
    }
}

/// What a row's scores lack and which penalties it bears, as a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(u32);

macro_rules! flags {
    ($($constant:ident, $bit:literal, $name:literal, $meaning:literal;)+) => {
        impl Flags {
            $(#[doc = $meaning] pub const $constant: Flags = Flags(1 << $bit);)+

            /// Every flag with its name, in the order of the bits. Bits never change meaning.
            pub const ALL: &[(Flags, &str)] = &[$((Flags::$constant, $name)),+];
        }
    };
}

flags! {
    MISSING_TECHNICAL, 0, "missing_technical", "`technical` is null.";
    MISSING_ALPHA, 1, "missing_alpha", "`alpha` is null.";
    MISSING_QUALITY, 2, "missing_quality", "`quality` is null.";
    MISSING_STABILITY, 3, "missing_stability", "`stability` is null.";
    MISSING_LIQUIDITY, 4, "missing_liquidity", "`liquidity` is null.";
    MISSING_EVENTS, 5, "missing_events", "`events` is null: no event source is loaded.";
    MISSING_ICS, 6, "missing_ics", "The core score is null: under half of its weight is present.";
    MISSING_MOMENTUM, 7, "missing_momentum", "`momentum` is null.";
    MISSING_VALUE, 8, "missing_value", "`value` is null.";
    MISSING_GROWTH, 9, "missing_growth", "`growth` is null.";
    THIN_TRADING, 10, "thin_trading", "Penalty: little money changes hands a day.";
    EXTREME_RANGE, 11, "extreme_range", "Penalty: the average range is extreme.";
    WIDE_RANGE, 12, "wide_range", "Penalty: the average range is wide.";
    MICRO_CAP, 13, "micro_cap", "Penalty: the market equity is very small.";
    SMALL_CAP, 14, "small_cap", "Penalty: the market equity is small.";
    IMMINENT_EARNINGS, 15, "imminent_earnings", "Penalty: earnings come within a few sessions.";
    NEAR_EARNINGS, 16, "near_earnings", "Penalty: earnings come soon.";
    STALE_BAR, 17, "stale_bar", "The latest bar is older than the session that is ranked. Not set by the scores, which read no dates.";
}

impl Flags {
    /// What the age of an instrument's latest bar says, in sessions before the one that is ranked; none if it has no bar.
    pub fn of_bar_age(bar_age: Option<i32>) -> Flags {
        if bar_age.is_some_and(|age| age > 0) { Flags::STALE_BAR } else { Flags::default() }
    }

    /// Sets a flag.
    pub fn set(&mut self, flag: Flags) {
        self.0 |= flag.0;
    }

    /// Whether all of `flag`'s bits are set.
    pub fn has(self, flag: Flags) -> bool {
        self.0 & flag.0 == flag.0
    }

    /// The bits, as stored.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// The names of the flags that are set, in the order of the bits.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Flags::ALL.iter().filter(move |(flag, _)| self.has(*flag)).map(|&(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_named_in_the_order_of_their_bits() {
        let mut flags = Flags::default();
        assert_eq!(flags.names().count(), 0);
        flags.set(Flags::SMALL_CAP);
        flags.set(Flags::MISSING_EVENTS);
        assert_eq!(flags.names().collect::<Vec<_>>(), ["missing_events", "small_cap"]);
        assert!(flags.has(Flags::SMALL_CAP) && !flags.has(Flags::MICRO_CAP));
    }

    #[test]
    fn a_bar_of_an_earlier_session_is_stale() {
        for (age, names) in [(None, ""), (Some(0), ""), (Some(1), "stale_bar")] {
            assert_eq!(Flags::of_bar_age(age).names().collect::<String>(), names);
        }
        let mut flags = Flags::SMALL_CAP;
        flags.set(Flags::of_bar_age(Some(4)));
        assert_eq!(flags.names().collect::<Vec<_>>(), ["small_cap", "stale_bar"]);
    }

    #[test]
    fn bits_stay_where_they_were() {
        let of =
            |name: &str| Flags::ALL.iter().find(|(_, known)| *known == name).map(|(flag, _)| flag.bits());
        assert_eq!(of("missing_technical"), Some(1));
        assert_eq!(of("near_earnings"), Some(1 << 16));
        assert_eq!(of("stale_bar"), Some(1 << 17));
    }

    #[test]
    fn each_flag_has_a_bit_of_its_own() {
        let all = Flags::ALL.iter().fold(0, |bits, (flag, _)| bits | flag.bits());
        assert_eq!(all.count_ones() as usize, Flags::ALL.len());
    }
}
