//! The weights and thresholds of the scores. The defaults are the documented ones; a profile may give others, any subset of
//! them: what it does not name keeps its default, and a name that is none is refused.

use serde::{Deserialize, Deserializer, Serialize};

use super::Flags;

/// Weights of the institutional core score's parts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IcsWeights {
    /// Of `technical`.
    pub technical: f64,
    /// Of `alpha`.
    pub alpha: f64,
    /// Of `quality`.
    pub quality: f64,
    /// Of `stability`.
    pub stability: f64,
    /// Of `liquidity`.
    pub liquidity: f64,
    /// Of `events`.
    pub events: f64,
}

/// Weights of MERIT's parts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MeritWeights {
    /// Of the institutional core score.
    pub ics: f64,
    /// Of `momentum`.
    pub momentum: f64,
    /// Of `quality`.
    pub quality: f64,
    /// Of `value`.
    pub value: f64,
    /// Of `growth`.
    pub growth: f64,
    /// Of `liquidity`.
    pub liquidity: f64,
}

/// Points taken off beyond a limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Penalty {
    /// The limit, in the unit of what is measured.
    pub limit: f64,
    /// How many points are taken off.
    pub points: f64,
}

/// MERIT's penalties. Of two that measure the same thing only the first that applies counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "GivenPenalties")]
pub struct Penalties {
    /// `adv_20` below the limit, in money a day.
    pub thin_trading: Penalty,
    /// ATR above the limit, in percent of the close; the worse of two.
    pub extreme_range: Penalty,
    /// ATR above the limit, in percent of the close.
    pub wide_range: Penalty,
    /// Market equity below the limit, in money; the worse of two.
    pub micro_cap: Penalty,
    /// Market equity below the limit, in money.
    pub small_cap: Penalty,
    /// Earnings known to come within so many sessions; the worse of two.
    pub imminent_earnings: Penalty,
    /// Earnings known to come within so many sessions.
    pub near_earnings: Penalty,
}

/// Every weight and threshold of the scores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// How many of the seven ranks `technical` needs.
    pub technical_at_least: usize,
    /// How many of the five families `alpha` needs.
    pub alpha_at_least: usize,
    /// The `events` part of an instrument without known earnings ahead, 0 … 100.
    pub events: f64,
    /// What `events` loses if earnings are known to come within so many sessions.
    #[serde(deserialize_with = "events_earnings")]
    pub events_earnings: Penalty,
    /// The core score's weights.
    pub ics: IcsWeights,
    /// The core score from which a row is CORE.
    pub core: f64,
    /// The core score from which a row is SATELLITE.
    pub satellite: f64,
    /// MERIT's weights.
    pub merit: MeritWeights,
    /// MERIT's penalties.
    pub penalties: Penalties,
    /// The least MERIT of the bands A+, A, B and C.
    pub bands: [f64; 4],
}

impl Default for IcsWeights {
    fn default() -> Self {
        Self { technical: 28.0, alpha: 22.0, quality: 18.0, stability: 12.0, liquidity: 10.0, events: 10.0 }
    }
}

impl Default for MeritWeights {
    fn default() -> Self {
        Self { ics: 30.0, momentum: 20.0, quality: 20.0, value: 15.0, growth: 10.0, liquidity: 5.0 }
    }
}

impl Default for Penalties {
    fn default() -> Self {
        let penalty = |limit: f64, points: f64| Penalty { limit, points };
        Self {
            thin_trading: penalty(10e6, 8.0),
            extreme_range: penalty(12.0, 14.0),
            wide_range: penalty(8.0, 8.0),
            micro_cap: penalty(300e6, 20.0),
            small_cap: penalty(1e9, 6.0),
            imminent_earnings: penalty(3.0, 12.0),
            near_earnings: penalty(7.0, 6.0),
        }
    }
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            technical_at_least: 4,
            alpha_at_least: 2,
            events: 50.0,
            events_earnings: Penalty { limit: 5.0, points: 10.0 },
            ics: IcsWeights::default(),
            core: 75.0,
            satellite: 65.0,
            merit: MeritWeights::default(),
            penalties: Penalties::default(),
            bands: [90.0, 80.0, 70.0, 60.0],
        }
    }
}

/// A penalty as a profile gives it: either number alone keeps the other's default.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Given {
    limit: Option<f64>,
    points: Option<f64>,
}

impl Given {
    fn over(&self, default: Penalty) -> Penalty {
        Penalty { limit: self.limit.unwrap_or(default.limit), points: self.points.unwrap_or(default.points) }
    }
}

/// [`Penalties`] as a profile gives them.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct GivenPenalties {
    thin_trading: Given,
    extreme_range: Given,
    wide_range: Given,
    micro_cap: Given,
    small_cap: Given,
    imminent_earnings: Given,
    near_earnings: Given,
}

impl From<GivenPenalties> for Penalties {
    fn from(given: GivenPenalties) -> Self {
        let default = Self::default();
        Self {
            thin_trading: given.thin_trading.over(default.thin_trading),
            extreme_range: given.extreme_range.over(default.extreme_range),
            wide_range: given.wide_range.over(default.wide_range),
            micro_cap: given.micro_cap.over(default.micro_cap),
            small_cap: given.small_cap.over(default.small_cap),
            imminent_earnings: given.imminent_earnings.over(default.imminent_earnings),
            near_earnings: given.near_earnings.over(default.near_earnings),
        }
    }
}

fn events_earnings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Penalty, D::Error> {
    Ok(Given::deserialize(deserializer)?.over(Weights::default().events_earnings))
}

/// Why weights cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum WeightsError {
    /// A weight, limit or number of points is NaN, infinite or negative.
    #[error("{name} is {value}, which is not a number of 0 or more")]
    Value {
        /// Which one.
        name: &'static str,
        /// What it is.
        value: f64,
    },
    /// All weights of a score are 0.
    #[error("the weights of {score} add up to nothing")]
    NoWeight {
        /// Which score.
        score: &'static str,
    },
    /// Thresholds that must fall from the best to the worst do not.
    #[error("the thresholds of the {what} do not fall from the best to the worst")]
    Thresholds {
        /// Tiers or bands.
        what: &'static str,
    },
    /// The part of `events` lies above 100 or below what earnings take off it.
    #[error("events is {events} and loses {points} at earnings; both must stay within 0 … 100")]
    Events {
        /// The part without earnings ahead.
        events: f64,
        /// What is taken off.
        points: f64,
    },
}

impl Penalties {
    /// Each with the flag of a row that bears it, in the order of the flags.
    pub(super) fn by_flag(&self) -> [(Flags, Penalty); 7] {
        [
            (Flags::THIN_TRADING, self.thin_trading),
            (Flags::EXTREME_RANGE, self.extreme_range),
            (Flags::WIDE_RANGE, self.wide_range),
            (Flags::MICRO_CAP, self.micro_cap),
            (Flags::SMALL_CAP, self.small_cap),
            (Flags::IMMINENT_EARNINGS, self.imminent_earnings),
            (Flags::NEAR_EARNINGS, self.near_earnings),
        ]
    }
}

impl Weights {
    /// Checks that every score stays within 0 … 100 and means something.
    ///
    /// # Errors
    /// The first [`WeightsError`] found.
    pub fn check(&self) -> Result<(), WeightsError> {
        let values = self.values();
        if let Some(&(name, value)) = values.iter().find(|(_, value)| !(value.is_finite() && *value >= 0.0)) {
            return Err(WeightsError::Value { name, value });
        }
        for score in ["ics", "merit"] {
            let belongs = |name: &str| name.split_once('.').is_some_and(|(group, _)| group == score);
            if values.iter().filter(|(name, _)| belongs(name)).all(|&(_, value)| value == 0.0) {
                return Err(WeightsError::NoWeight { score });
            }
        }
        if self.core < self.satellite {
            return Err(WeightsError::Thresholds { what: "tiers" });
        }
        if self.bands.windows(2).any(|pair| pair[0] < pair[1]) {
            return Err(WeightsError::Thresholds { what: "bands" });
        }
        let (events, points) = (self.events, self.events_earnings.points);
        if events > 100.0 || points > events {
            return Err(WeightsError::Events { events, points });
        }
        Ok(())
    }

    fn values(&self) -> Vec<(&'static str, f64)> {
        let mut values = vec![
            ("ics.technical", self.ics.technical),
            ("ics.alpha", self.ics.alpha),
            ("ics.quality", self.ics.quality),
            ("ics.stability", self.ics.stability),
            ("ics.liquidity", self.ics.liquidity),
            ("ics.events", self.ics.events),
            ("merit.ics", self.merit.ics),
            ("merit.momentum", self.merit.momentum),
            ("merit.quality", self.merit.quality),
            ("merit.value", self.merit.value),
            ("merit.growth", self.merit.growth),
            ("merit.liquidity", self.merit.liquidity),
            ("events", self.events),
            ("core", self.core),
            ("satellite", self.satellite),
        ];
        values.extend(self.bands.map(|band| ("bands", band)));
        let penalties = [
            ("events_earnings", self.events_earnings),
            ("thin_trading", self.penalties.thin_trading),
            ("extreme_range", self.penalties.extreme_range),
            ("wide_range", self.penalties.wide_range),
            ("micro_cap", self.penalties.micro_cap),
            ("small_cap", self.penalties.small_cap),
            ("imminent_earnings", self.penalties.imminent_earnings),
            ("near_earnings", self.penalties.near_earnings),
        ];
        values.extend(
            penalties.into_iter().flat_map(|(name, penalty)| [(name, penalty.limit), (name, penalty.points)]),
        );
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_pass_and_weigh_a_hundred() {
        let weights = Weights::default();
        assert_eq!(weights.check(), Ok(()));
        for score in ["ics.", "merit."] {
            let parts = weights.values().into_iter().filter(|(name, _)| name.starts_with(score));
            assert_eq!(parts.map(|(_, value)| value).sum::<f64>(), 100.0, "{score}");
        }
    }

    #[test]
    fn weights_without_meaning_are_named() {
        let good = Weights::default();
        let mut weights = good;
        weights.penalties.small_cap.points = -1.0;
        assert_eq!(weights.check(), Err(WeightsError::Value { name: "small_cap", value: -1.0 }));
        let none =
            MeritWeights { ics: 0.0, momentum: 0.0, quality: 0.0, value: 0.0, growth: 0.0, liquidity: 0.0 };
        assert_eq!(Weights { merit: none, ..good }.check(), Err(WeightsError::NoWeight { score: "merit" }));
        assert_eq!(Weights { core: 60.0, ..good }.check(), Err(WeightsError::Thresholds { what: "tiers" }));
        let bands = [90.0, 80.0, 85.0, 60.0];
        assert_eq!(Weights { bands, ..good }.check(), Err(WeightsError::Thresholds { what: "bands" }));
        let error = WeightsError::Events { events: 101.0, points: 10.0 };
        assert_eq!(Weights { events: 101.0, ..good }.check(), Err(error));
    }

    fn read(text: &str) -> Result<Weights, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_table_is_read_over_the_defaults() {
        let default = Weights::default();
        assert_eq!(read(""), Ok(default));
        assert_eq!(read("[ics]\n[merit]\n[penalties]\n[events_earnings]"), Ok(default));
        let some = read(
            "core = 80\n[ics]\nevents = 0\n[penalties]\nsmall_cap = { points = 0 }\nwide_range = { limit = 9.5 }\n\
             [events_earnings]\nlimit = 2",
        );
        let mut expected = Weights { core: 80.0, ..default };
        expected.ics.events = 0.0;
        expected.penalties.small_cap.points = 0.0;
        expected.penalties.wide_range.limit = 9.5;
        expected.events_earnings.limit = 2.0;
        assert_eq!(some, Ok(expected));
    }

    #[test]
    fn every_name_that_is_none_is_refused() {
        for (text, name) in [
            ("alpha = 3", "alpha"),
            ("[ics]\nmomentum = 3", "momentum"),
            ("[merit]\ntechnical = 3", "technical"),
            ("[penalties]\nlarge_cap = { points = 3 }", "large_cap"),
            ("[penalties]\nsmall_cap = { point = 3 }", "point"),
            ("[events_earnings]\nsessions = 3", "sessions"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(&format!("unknown field `{name}`")), "{text}: {error}");
        }
        assert!(read("bands = [90, 80, 70]").is_err());
        assert!(read("core = nan").unwrap().check().is_err(), "check stays the judge");
    }

    #[test]
    fn what_is_written_for_a_digest_reads_as_it_was() {
        let mut weights = Weights { alpha_at_least: 3, bands: [95.0, 85.5, 70.0, 0.1], ..Weights::default() };
        weights.penalties.micro_cap = Penalty { limit: 1.0, points: 2.0 };
        weights.merit.value = 33.0;
        let written = serde_json::to_string(&weights).unwrap();
        assert_eq!(serde_json::from_str::<Weights>(&written).unwrap(), weights);
    }
}
