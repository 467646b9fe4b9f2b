//! The catalogue: one definition a factor, which says everything that a reader of the number must know. It holds no formula
//! in code (that is `factors`) and no family's membership (that is `families`).

use std::fmt::Write;

use super::{cross_section, factors, families};

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
    /// The formula; r is the total return between consecutive bars, windows count sessions.
    pub definition: &'static str,
    /// Where the factor was published, if anywhere.
    pub source: Option<&'static str>,
}

/// How many factors come from daily bars.
pub const PRICE_FACTOR_COUNT: usize = 20;

/// Sessions before the first wanted row for which bars must be given: the largest `history` of the price factors.
pub const PRICE_HISTORY: i32 = 257;

const MOMENTUM: Option<&str> = Some("momentum");
const LOW_RISK: Option<&str> = Some("low_risk");

/// The factors from daily bars, in the order of every column array.
pub const PRICE_FACTORS: [Factor; PRICE_FACTOR_COUNT] = [
    Factor {
        name: "mom_12_1",
        version: 1,
        family: MOMENTUM,
        unit: "return over the window, 0.10 is +10 %",
        direction: Direction::Higher,
        history: 257,
        definition: "product of (1 + r) over (t-252, t-21], less 1; null without a price at t-252 and at t-21, each at most 5 sessions old",
        source: Some("Jegadeesh & Titman 1993; Carhart 1997"),
    },
    Factor {
        name: "mom_6_1",
        version: 1,
        family: MOMENTUM,
        unit: "return over the window, 0.10 is +10 %",
        direction: Direction::Higher,
        history: 131,
        definition: "product of (1 + r) over (t-126, t-21], less 1; null without a price at t-126 and at t-21, each at most 5 sessions old",
        source: Some("Jegadeesh & Titman 1993"),
    },
    Factor {
        name: "mom_3",
        version: 1,
        family: None,
        unit: "return over the window, 0.10 is +10 %",
        direction: Direction::Higher,
        history: 68,
        definition: "product of (1 + r) over (t-63, t], less 1; null without a price at t-63, at most 5 sessions old",
        source: None,
    },
    Factor {
        name: "rev_1",
        version: 1,
        family: None,
        unit: "return over the window, 0.10 is +10 %",
        direction: Direction::Lower,
        history: 26,
        definition: "product of (1 + r) over (t-21, t], less 1; null without a price at t-21, at most 5 sessions old",
        source: Some("Jegadeesh 1990 (short-term reversal)"),
    },
    Factor {
        name: "mom_risk_adj",
        version: 1,
        family: MOMENTUM,
        unit: "return over the window per unit of annual volatility",
        direction: Direction::Higher,
        history: 257,
        definition: "mom_12_1 / vol_252; null unless vol_252 is above 0",
        source: Some("MSCI momentum, volatility-scaled"),
    },
    Factor {
        name: "high_52w",
        version: 1,
        family: MOMENTUM,
        unit: "fraction, 1 is at the high",
        direction: Direction::Higher,
        history: 251,
        definition: "close / highest close of (t-252, t], split-adjusted to t, not for dividends; at least 120 bars",
        source: Some("George & Hwang 2004"),
    },
    Factor {
        name: "vol_20",
        version: 1,
        family: None,
        unit: "annualised standard deviation, 0.20 is 20 %",
        direction: Direction::Lower,
        history: 24,
        definition: "sample standard deviation of r over (t-20, t], times the square root of 252; at least 15 returns",
        source: None,
    },
    Factor {
        name: "vol_60",
        version: 1,
        family: None,
        unit: "annualised standard deviation, 0.20 is 20 %",
        direction: Direction::Lower,
        history: 64,
        definition: "sample standard deviation of r over (t-60, t], times the square root of 252; at least 40 returns",
        source: None,
    },
    Factor {
        name: "vol_252",
        version: 1,
        family: LOW_RISK,
        unit: "annualised standard deviation, 0.20 is 20 %",
        direction: Direction::Lower,
        history: 256,
        definition: "sample standard deviation of r over (t-252, t], times the square root of 252; at least 120 returns",
        source: None,
    },
    Factor {
        name: "downside_vol_252",
        version: 1,
        family: None,
        unit: "annualised standard deviation, 0.20 is 20 %",
        direction: Direction::Lower,
        history: 256,
        definition: "square root of the mean over all returns of (t-252, t] of min(r, 0) squared, times the square root of 252; at least 120 returns",
        source: Some("Sortino"),
    },
    Factor {
        name: "beta_252",
        version: 1,
        family: LOW_RISK,
        unit: "slope, 1 moves with the benchmark",
        direction: Direction::Lower,
        history: 256,
        definition: "cov(r, m) / var(m) over (t-252, t], m the benchmark's return over the same span as r; at least 120 pairs; the benchmark has 1",
        source: Some("CAPM"),
    },
    Factor {
        name: "ivol_252",
        version: 1,
        family: LOW_RISK,
        unit: "annualised standard deviation, 0.20 is 20 %",
        direction: Direction::Lower,
        history: 256,
        definition: "square root of (sum of squared residuals / (n - 2)) of the regression of r on m with intercept, times the square root of 252; the benchmark has 0",
        source: None,
    },
    Factor {
        name: "max_ret_21",
        version: 1,
        family: None,
        unit: "return of one session, 0.10 is +10 %",
        direction: Direction::Lower,
        history: 25,
        definition: "highest r of (t-21, t]; at least 15 returns",
        source: Some("Bali, Cakici & Whitelaw 2011"),
    },
    Factor {
        name: "max_drawdown_252",
        version: 1,
        family: LOW_RISK,
        unit: "return from the peak, -0.10 is -10 %",
        direction: Direction::Higher,
        history: 256,
        definition: "least of W / running max(W) - 1, W compounding from 1 through the returns of (t-252, t]; at least 120 returns",
        source: None,
    },
    Factor {
        name: "adv_20",
        version: 1,
        family: None,
        unit: "currency a session",
        direction: Direction::Unstated,
        history: 19,
        definition: "sum of unadjusted close x volume over (t-20, t] / sessions of it since the first bar; at least 15 bars",
        source: None,
    },
    Factor {
        name: "adv_63",
        version: 1,
        family: None,
        unit: "currency a session",
        direction: Direction::Unstated,
        history: 62,
        definition: "sum of unadjusted close x volume over (t-63, t] / sessions of it since the first bar; at least 40 bars",
        source: None,
    },
    Factor {
        name: "amihud_126",
        version: 1,
        family: None,
        unit: "return per million of currency traded",
        direction: Direction::Lower,
        history: 130,
        definition: "mean of abs(r) / (close x volume) over the bars of (t-126, t] with volume, times 10^6; at least 60 returns",
        source: Some("Amihud 2002"),
    },
    Factor {
        name: "turnover_63",
        version: 1,
        family: None,
        unit: "fraction of the shares outstanding a session",
        direction: Direction::Unstated,
        history: 62,
        definition: "mean over the bars of (t-63, t] of volume / shares outstanding as of t, both on t's split basis; at least 40 bars",
        source: None,
    },
    Factor {
        name: "size",
        version: 1,
        family: None,
        unit: "natural logarithm of currency",
        direction: Direction::Unstated,
        history: 0,
        definition: "ln(unadjusted close x shares outstanding as of t on t's split basis)",
        source: None,
    },
    Factor {
        name: "div_yield",
        version: 1,
        family: None,
        unit: "fraction a year, 0.03 is 3 %",
        direction: Direction::Higher,
        history: 0,
        definition: "cash dividends with ex-date in (t-252, t], on t's split basis / close; 0 if there were none",
        source: None,
    },
];

/// The position of a factor in [`PRICE_FACTORS`], if it is there.
pub fn position(name: &str) -> Option<usize> {
    PRICE_FACTORS.iter().position(|factor| factor.name == name)
}

/// What a refresh was computed with, as text to take a digest of: a line a factor (name, version, direction), the
/// parameters of the windows and of the cross-section, a line a family. Wording, units and sources are not in it.
pub fn definitions_text() -> String {
    let mut text = String::new();
    for factor in &PRICE_FACTORS {
        let _ = writeln!(text, "factor {} {} {}", factor.name, factor.version, factor.direction.sign());
    }
    let _ = writeln!(text, "{}", factors::PARAMETERS);
    let _ = writeln!(text, "{}", cross_section::PARAMETERS);
    for family in families::computable() {
        let _ = writeln!(text, "family {} {}", family.name, family.members.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_at_their_place() {
        for (place, factor) in PRICE_FACTORS.iter().enumerate() {
            assert_eq!(position(factor.name), Some(place));
        }
        assert_eq!(position("roe"), None);
    }

    #[test]
    fn the_history_to_load_is_the_longest_that_a_factor_needs() {
        assert_eq!(PRICE_FACTORS.iter().map(|factor| factor.history).max(), Some(PRICE_HISTORY));
    }

    #[test]
    fn a_factor_names_the_family_that_counts_it() {
        for factor in &PRICE_FACTORS {
            let family = families::FAMILIES.iter().find(|f| f.members.contains(&factor.name)).map(|f| f.name);
            assert_eq!(factor.family, family, "{}", factor.name);
        }
    }

    #[test]
    fn the_text_to_digest_has_a_line_for_every_factor_and_family_that_is_computed() {
        let text = definitions_text();
        assert_eq!(text.lines().filter(|line| line.starts_with("factor ")).count(), PRICE_FACTOR_COUNT);
        assert!(text.contains("factor vol_20 1 -1\n"));
        assert!(text.contains("family momentum mom_12_1 mom_6_1 mom_risk_adj high_52w\n"));
        assert!(!text.contains("family value"));
    }
}
