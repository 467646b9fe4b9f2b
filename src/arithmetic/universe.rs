//! The universe of a scan: which instruments a profile's expressions see at all, and the first rule that keeps out each of
//! the others. Scores and ranks are not touched by it: they are taken over the population, whatever a profile asks.

mod error;
mod leveraged;
#[cfg(test)]
mod tests;

pub use error::RulesError;

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::signals::HISTORY;
use crate::domain::instrument;
use crate::domain::sector::Sector;

/// The rules of a profile's universe. A profile gives any of them; the rest are the defaults, which are the population of
/// the scores less leveraged products and the wildest prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key that a profile sets on its own")]
pub struct Rules {
    /// The vendor's types that are let in. `["CS", "ADRC"]`: shares and receipts for them.
    pub types: Vec<String>,
    /// Whether an instrument of unknown type is let in. `true`.
    pub unknown_type: bool,
    /// The exchanges (MIC) that are let in; all if none are given, then unknown ones too.
    pub exchanges: Option<Vec<String>>,
    /// The sectors (names of GICS, in any case) that are let in; all if none are given, then unknown ones too.
    pub sectors: Option<Vec<String>>,
    /// Tickers that are kept out.
    pub exclude: Vec<String>,
    /// Whether leveraged and inverse products that are known by their tickers are let in. `false`.
    pub leveraged: bool,
    /// Whether the benchmark is let in. It must pass all other rules too. `false`.
    pub benchmark: bool,
    /// How many sessions old an instrument's latest bar may be. `0`: it has a bar on the session.
    pub max_bar_age: u32,
    /// The least close, in price. `1`.
    pub min_close: f64,
    /// The least `adv_20`, in money a day; unknown is less, unless the rule is 0. `100000`.
    pub min_adv_20: f64,
    /// The least number of own bars, at most 300: as many as signals read. `0`.
    pub min_bars: u32,
    /// The most `vol_60` a year, as a ratio: 3 is 300 %. Unknown passes. `3`.
    pub max_vol_60: f64,
    /// Whether an instrument must belong to the population over which scores are taken. `true`.
    pub population: bool,
    /// Whether it must have a core score. `true`.
    pub scored: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            types: vec!["CS".to_owned(), "ADRC".to_owned()],
            unknown_type: true,
            exchanges: None,
            sectors: None,
            exclude: Vec::new(),
            leveraged: false,
            benchmark: false,
            max_bar_age: 0,
            min_close: 1.0,
            min_adv_20: 100_000.0,
            min_bars: 0,
            max_vol_60: 3.0,
            population: true,
            scored: true,
        }
    }
}

/// What the rules ask of one instrument at one session. Null numbers are NaN.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Its ticker at the session.
    pub ticker: &'a str,
    /// The vendor's type; none where unknown.
    pub kind: Option<&'a str>,
    /// Primary exchange (MIC); none where unknown.
    pub exchange: Option<&'a str>,
    /// Name of its sector; none where unknown.
    pub sector: Option<&'a str>,
    /// Whether it is the benchmark.
    pub is_benchmark: bool,
    /// Sessions from its latest bar to the session: 0 if it has a bar on it. None if it has no bar at all.
    pub bar_age: Option<i32>,
    /// Whether its features are computed for the session.
    pub has_features: bool,
    /// Whether it belongs to the population over which scores are taken.
    pub in_population: bool,
    /// The close of its latest bar, in price.
    pub close: f64,
    /// Factor `adv_20`, in money a day.
    pub adv_20: f64,
    /// Factor `vol_60`, a year, as a ratio.
    pub vol_60: f64,
    /// How many own bars it has, as far as signals read.
    pub bars: f64,
    /// Its core score.
    pub ics: f64,
}

macro_rules! drops {
    ($($drop:ident, $code:literal, $meaning:literal;)+) => {
        /// The first rule that kept an instrument out, in the order in which they are asked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Drop {
            $(#[doc = $meaning] $drop,)+
        }

        impl Drop {
            /// Every drop with its code, in the order of asking. Codes never change meaning; those below 16 are others'.
            pub const ALL: &[(Self, u8)] = &[$((Self::$drop, $code)),+];

            /// The code, as stored.
            pub fn code(self) -> u8 {
                match self { $(Self::$drop => $code,)+ }
            }
        }
    };
}

drops! {
    NoBar, 16, "It has no bar, or none that is young enough.";
    Benchmark, 17, "It is the benchmark.";
    Type, 18, "Its type is not let in.";
    Exchange, 19, "Its exchange is not let in, or unknown.";
    Sector, 20, "Its sector is not let in, or unknown.";
    Excluded, 21, "Its ticker is kept out by name.";
    Leveraged, 22, "It is a leveraged or inverse product.";
    NoFeatures, 23, "Its features are not computed yet.";
    Price, 24, "Its close is too low.";
    Liquidity, 25, "Its mean traded money (`adv_20`) is too low or unknown.";
    Bars, 26, "It has too few bars.";
    Volatility, 27, "Its volatility (`vol_60`) is beyond what is sane.";
    Population, 28, "It does not belong to the population over which scores are taken.";
    NoScore, 29, "Under half of its score's parts are known.";
}

impl Drop {
    /// The drop of this code; none if it is no drop's.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == code).map(|(drop, _)| *drop)
    }

    /// The rule in words, with its threshold, as counts show it.
    pub fn rule(self, rules: &Rules) -> String {
        match self {
            Self::NoBar if rules.max_bar_age == 0 => "no bar on the session".to_owned(),
            Self::NoBar => format!("no bar on the session or the {} before", rules.max_bar_age),
            Self::Benchmark => "is the benchmark".to_owned(),
            Self::Type if rules.lets_in_shares() => "not a share or receipt".to_owned(),
            Self::Type if rules.types.is_empty() => "type known".to_owned(),
            Self::Type if rules.unknown_type => format!("type not {}", rules.types.join(", ")),
            Self::Type => format!("type not {} or unknown", rules.types.join(", ")),
            Self::Exchange => format!("exchange not {} or unknown", listed(rules.exchanges.as_ref())),
            Self::Sector => format!("sector not {} or unknown", listed(rules.sectors.as_ref())),
            Self::Excluded => "excluded by ticker".to_owned(),
            Self::Leveraged => "leveraged or inverse product".to_owned(),
            Self::NoFeatures => "features not refreshed yet".to_owned(),
            Self::Price => format!("close below {}", grouped(rules.min_close)),
            Self::Liquidity => format!("adv_20 below {} or unknown", grouped(rules.min_adv_20)),
            Self::Bars => format!("under {} bars", rules.min_bars),
            Self::Volatility => format!("vol_60 above {}", grouped(rules.max_vol_60)),
            Self::Population if rules.only_age_is_left() => "first bar under 60 sessions ago".to_owned(),
            Self::Population => "not among those over which scores are taken".to_owned(),
            Self::NoScore => "under half of the score known".to_owned(),
        }
    }
}

impl Rules {
    /// The first rule that keeps the instrument out, in the order of [`Drop`]; none if it is let in.
    ///
    /// - **Features** are asked for only where the population or a score is, which rest on them.
    /// - **Null** `adv_20` and bars are too few unless the rule is 0; null `vol_60` passes; an unknown exchange or sector is not
    ///   one of those that are given.
    /// - **Needs** rules that pass [`Rules::check`].
    pub fn first_drop(&self, facts: &Facts<'_>) -> Option<Drop> {
        let young = facts.bar_age.is_some_and(|age| i64::from(age) <= i64::from(self.max_bar_age));
        let at_least = |value: f64, least: f64| value >= least || least == 0.0;
        let asked = [
            (Drop::NoBar, !young),
            (Drop::Benchmark, facts.is_benchmark && !self.benchmark),
            (
                Drop::Type,
                !facts.kind.map_or(self.unknown_type, |kind| self.types.iter().any(|known| known == kind)),
            ),
            (Drop::Exchange, !among(self.exchanges.as_ref(), facts.exchange)),
            (Drop::Sector, !among(self.sectors.as_ref(), facts.sector)),
            (Drop::Excluded, self.exclude.iter().any(|ticker| ticker == facts.ticker)),
            (Drop::Leveraged, !self.leveraged && leveraged::is_listed(facts.ticker)),
            (Drop::NoFeatures, (self.population || self.scored) && !facts.has_features),
            (Drop::Price, facts.close < self.min_close),
            (Drop::Liquidity, !at_least(facts.adv_20, self.min_adv_20)),
            (Drop::Bars, !at_least(facts.bars, f64::from(self.min_bars))),
            (Drop::Volatility, facts.vol_60 > self.max_vol_60),
            (Drop::Population, self.population && !facts.in_population),
            (Drop::NoScore, self.scored && facts.ics.is_nan()),
        ];
        asked.into_iter().find(|(_, broken)| *broken).map(|(drop, _)| drop)
    }

    /// Checks that every rule can be asked and that some instrument can pass.
    ///
    /// # Errors
    /// The first [`RulesError`] found, which names the key.
    pub fn check(&self) -> Result<(), RulesError> {
        let limits =
            [("min_close", self.min_close), ("min_adv_20", self.min_adv_20), ("max_vol_60", self.max_vol_60)];
        if let Some(&(key, value)) = limits.iter().find(|(_, value)| !(value.is_finite() && *value >= 0.0)) {
            return Err(RulesError::Value { key, value });
        }
        if self.max_vol_60 == 0.0 {
            return Err(RulesError::NoVolatility);
        }
        if self.min_bars as usize > HISTORY {
            return Err(RulesError::Bars { bars: self.min_bars });
        }
        if self.types.is_empty() && !self.unknown_type {
            return Err(RulesError::NoType);
        }
        let lists = [
            ("types", Some(&self.types)),
            ("exchanges", self.exchanges.as_ref()),
            ("sectors", self.sectors.as_ref()),
            ("exclude", Some(&self.exclude)),
        ];
        for (key, names) in lists {
            let may_be_empty = matches!(key, "types" | "exclude");
            if names.is_some_and(Vec::is_empty) && !may_be_empty {
                return Err(RulesError::Empty { key });
            }
            for name in names.into_iter().flatten() {
                let in_capitals = matches!(key, "types" | "exchanges");
                let blank = name.contains(char::is_whitespace) && key != "sectors";
                if name.is_empty() || blank || name.trim() != name {
                    return Err(RulesError::Name { key, name: name.clone() });
                }
                if in_capitals && name.contains(char::is_lowercase) {
                    return Err(RulesError::Case { key, name: name.clone() });
                }
                if key == "sectors" && Sector::named(name).is_none() {
                    return Err(RulesError::Sector { name: name.clone() });
                }
            }
        }
        Ok(())
    }

    /// Whether types are those of the population.
    fn lets_in_shares(&self) -> bool {
        self.unknown_type && self.types == Self::default().types
    }

    /// Whether all that keeps an instrument out of the population, but for its age, was asked before.
    fn only_age_is_left(&self) -> bool {
        let least = Self::default();
        self.types.iter().all(|kind| instrument::is_share(Some(kind)))
            && !self.benchmark
            && self.max_bar_age == 0
            && self.min_close >= least.min_close
            && self.min_adv_20 >= least.min_adv_20
    }
}

/// Whether `name` is one of those given, in any case; all are where none are given.
fn among(names: Option<&Vec<String>>, name: Option<&str>) -> bool {
    let holds = |names: &[String], name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    names.is_none_or(|names| name.is_some_and(|name| holds(names, name)))
}

fn listed(names: Option<&Vec<String>>) -> String {
    names.map_or_else(String::new, |names| names.join(", "))
}

/// A number with a comma before every third digit of its whole part: 1,234,567.5.
fn grouped(value: f64) -> String {
    let text = value.to_string();
    let whole = text.split('.').next().unwrap_or_default().len();
    let mut out = String::with_capacity(text.len() + whole / 3);
    for (at, character) in text.chars().enumerate() {
        let comma = if at > 0 && at < whole && (whole - at).is_multiple_of(3) { "," } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(out, "{comma}{character}");
    }
    out
}
