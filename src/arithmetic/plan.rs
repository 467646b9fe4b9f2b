//! The trade plan of one instrument: entry, stop, target, and how many shares a given risk buys. A worked example on the
//! screen, not advice: it knows no holdings, costs or gaps. Long only.

use serde::{Deserialize, Serialize};

use super::{NULL, kept};

/// What a plan is made by. A profile gives any of them; the rest are the documented defaults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What may be lost between entry and stop, in money.
    pub risk_money: f64,
    /// The stop is never further below the entry than so many average ranges.
    pub far_atr: f64,
    /// The stop is never nearer below the entry than so many average ranges.
    pub near_atr: f64,
    /// How many times the risk a share the target lies above the entry.
    pub reward: f64,
    /// The most that a position may be of `adv_20`, as a ratio: 0.01 is 1 %.
    pub most_of_adv: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { risk_money: 1000.0, far_atr: 3.0, near_atr: 1.5, reward: 2.0, most_of_adv: 0.01 }
    }
}

/// Why settings make no plan.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// A setting is NaN, infinite, negative or 0.
    #[error("{key} is {value}, which is not a number above 0")]
    Value {
        /// Its key.
        key: &'static str,
        /// What it is.
        value: f64,
    },
    /// The nearest stop lies beyond the furthest.
    #[error("near_atr is {near} and far_atr is {far}; the nearest stop must not lie beyond the furthest")]
    Stops {
        /// `near_atr`.
        near: f64,
        /// `far_atr`.
        far: f64,
    },
}

impl Settings {
    /// Checks that every setting means something.
    ///
    /// # Errors
    /// The first [`SettingsError`] found.
    pub fn check(&self) -> Result<(), SettingsError> {
        let values = [
            ("risk_money", self.risk_money),
            ("far_atr", self.far_atr),
            ("near_atr", self.near_atr),
            ("reward", self.reward),
            ("most_of_adv", self.most_of_adv),
        ];
        if let Some(&(key, value)) = values.iter().find(|(_, value)| !(value.is_finite() && *value > 0.0)) {
            return Err(SettingsError::Value { key, value });
        }
        if self.near_atr > self.far_atr {
            return Err(SettingsError::Stops { near: self.near_atr, far: self.far_atr });
        }
        Ok(())
    }
}

/// A plan. Null is NaN: either all prices are there or none, and a size only with them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// The latest close, in price.
    pub entry: f64,
    /// Where it was wrong, in price: above 0, below the entry.
    pub stop: f64,
    /// Where it was right, in price: above the entry.
    pub target: f64,
    /// Entry less stop, in price.
    pub risk_per_share: f64,
    /// Whole shares; 0 if not one is within the risk or the liquidity limit.
    pub shares: f64,
    /// Shares × entry, in money.
    pub position_value: f64,
    /// Whether fewer shares are bought than the risk allows, because so little is traded.
    pub bound_by_liquidity: bool,
}

impl Plan {
    /// No plan.
    pub const NONE: Self = Self {
        entry: NULL,
        stop: NULL,
        target: NULL,
        risk_per_share: NULL,
        shares: NULL,
        position_value: NULL,
        bound_by_liquidity: false,
    };

    /// Profit at `price` as a multiple of the risk (R): 0 at the entry, −1 at the stop, the settings' `reward` at the target.
    pub fn r_multiple(&self, price: f64) -> f64 {
        kept((price - self.entry) / self.risk_per_share)
    }
}

/// The plan of one instrument.
///
/// - **Reads** the latest close, the signals `atr_14` and `low_10`, all in price on one split basis, and the factor `adv_20`
///   in money a day.
/// - **Gives** entry = close; stop = max(close − 3 ATR, min(low_10, close − 1.5 ATR)); target = entry + 2 (entry − stop);
///   shares = ⌊risk money / (entry − stop)⌋, at most so many that the position is 1 % of `adv_20`.
/// - **Nulls** the whole plan if close, ATR or low is null, since without ATR nothing says how far a stop may lie; if the stop is
///   not above 0 or not below the close (ATR is 0). Only the size if `adv_20` is null: what cannot be sold has no size.
/// - **Needs** settings that pass [`Settings::check`].
/// - **Source** average true range as the unit of a stop: Wilder (1978), *New Concepts in Technical Trading Systems*; profit
///   in multiples of the risk and size by risk: Tharp (1998), *Trade Your Way to Financial Freedom*.
pub fn plan(close: f64, atr_14: f64, low_10: f64, adv_20: f64, settings: &Settings) -> Plan {
    // `max` and `min` pass over a null.
    if [close, atr_14, low_10].iter().any(|value| value.is_nan()) {
        return Plan::NONE;
    }
    let nearest = close - settings.near_atr * atr_14;
    let stop = (close - settings.far_atr * atr_14).max(low_10.min(nearest));
    let risk_per_share = close - stop;
    let target = close + settings.reward * risk_per_share;
    if !(stop > 0.0 && stop < close && target > close && target.is_finite()) {
        return Plan::NONE;
    }
    let by_risk = whole(settings.risk_money, risk_per_share);
    let by_liquidity = whole(settings.most_of_adv * adv_20, close);
    let shares = if by_liquidity.is_nan() { NULL } else { kept(by_risk.min(by_liquidity)) };
    Plan {
        entry: close,
        stop,
        target,
        risk_per_share,
        shares,
        position_value: kept(shares * close),
        bound_by_liquidity: by_liquidity < by_risk,
    }
}

/// How many whole shares at `each` do not exceed `money`, though the quotient is rounded.
fn whole(money: f64, each: f64) -> f64 {
    let shares = (money / each).floor();
    if shares * each > money { shares - 1.0 } else { shares }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_default(close: f64, atr: f64, low: f64, adv: f64) -> Plan {
        plan(close, atr, low, adv, &Settings::default())
    }

    #[test]
    fn a_plan_as_by_hand() {
        // Stops: 3 ATR is 94, 1.5 ATR is 97, the low 95.5 lies between. Risk 4.5: ⌊1000 / 4.5⌋ = 222.
        let plan = by_default(100.0, 2.0, 95.5, 50e6);
        assert_eq!((plan.entry, plan.stop, plan.target, plan.risk_per_share), (100.0, 95.5, 109.0, 4.5));
        assert_eq!((plan.shares, plan.position_value, plan.bound_by_liquidity), (222.0, 22_200.0, false));
        assert_eq!([100.0, 95.5, 109.0].map(|price| plan.r_multiple(price)), [0.0, -1.0, 2.0]);
    }

    #[test]
    fn the_stop_is_never_nearer_or_further_than_the_ranges_say() {
        // A low at hand leaves 1.5 ATR, a low far away 3 ATR.
        assert_eq!(by_default(100.0, 2.0, 99.0, 50e6).stop, 97.0);
        assert_eq!(by_default(100.0, 2.0, 80.0, 50e6).stop, 94.0);
    }

    #[test]
    fn what_is_little_traded_bounds_the_size() {
        // 1 % of 1 million buys 100 shares at 100; of 9,999 not one at 100.
        let plan = by_default(100.0, 2.0, 95.5, 1e6);
        assert_eq!((plan.shares, plan.position_value, plan.bound_by_liquidity), (100.0, 10_000.0, true));
        assert_eq!((by_default(100.0, 2.0, 95.5, 9_999.0).shares, plan.stop), (0.0, 95.5));
        // 222 shares are 22,200: 1 % of 2.22 million is no bound.
        assert!(!by_default(100.0, 2.0, 95.5, 2.22e6).bound_by_liquidity);
    }

    #[test]
    fn a_risk_smaller_than_that_of_one_share_buys_none() {
        let plan = by_default(500_000.0, 2_000.0, 480_000.0, 1e9);
        assert_eq!((plan.shares, plan.position_value, plan.bound_by_liquidity), (0.0, 0.0, false));
    }

    #[test]
    fn there_is_no_plan_without_a_range_a_low_or_a_stop() {
        let none = format!("{:?}", Plan::NONE);
        for (close, atr, low, why) in [
            (NULL, 2.0, 95.0, "no close"),
            (100.0, NULL, 95.0, "no ATR"),
            (100.0, 2.0, NULL, "no low"),
            (100.0, 0.0, 100.0, "a flat price: the stop would be the entry"),
            (1.0, 0.8, 0.1, "both stops lie at or below 0"),
            (3.0, 1.0, 0.0, "the stop is 0"),
        ] {
            assert_eq!(format!("{:?}", by_default(close, atr, low, 50e6)), none, "{why}");
        }
    }

    #[test]
    fn without_traded_money_there_are_prices_but_no_size() {
        let plan = by_default(100.0, 2.0, 95.5, NULL);
        assert_eq!((plan.stop, plan.target, plan.bound_by_liquidity), (95.5, 109.0, false));
        assert!(plan.shares.is_nan() && plan.position_value.is_nan());
    }

    #[test]
    fn settings_are_read_over_the_defaults_and_named_when_they_mean_nothing() {
        let read = |text: &str| toml::from_str::<Settings>(text);
        assert_eq!(read("").unwrap(), Settings::default());
        let settings = read("risk_money = 250\nreward = 3").unwrap();
        assert_eq!(settings, Settings { risk_money: 250.0, reward: 3.0, ..Settings::default() });
        assert!(read("risk = 250").unwrap_err().to_string().contains("unknown field `risk`"));
        assert_eq!(Settings::default().check(), Ok(()));
        let told = |text: &str| read(text).unwrap().check().unwrap_err().to_string();
        assert_eq!(told("risk_money = nan"), "risk_money is NaN, which is not a number above 0");
        assert_eq!(told("most_of_adv = 0"), "most_of_adv is 0, which is not a number above 0");
        assert!(told("near_atr = 4").starts_with("near_atr is 4 and far_atr is 3"));
        let plan = plan(100.0, 2.0, 95.5, 50e6, &settings);
        assert_eq!((plan.target, plan.shares), (113.5, 55.0));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_plan_keeps_its_promises(
            close in 0.01..5_000.0_f64,
            atr_pct in 0.01..60.0_f64,
            below in 0.0..0.9_f64,
            adv in 0.0..1e9_f64,
            risk_money in 1.0..1e6_f64,
        ) {
            let settings = Settings { risk_money, ..Settings::default() };
            let atr = atr_pct / 100.0 * close;
            let plan = plan(close, atr, close * (1.0 - below), adv, &settings);
            if plan.entry.is_nan() {
                prop_assert!(3.0 * atr >= close * (1.0 - 1e-12), "no plan though there is a stop");
            } else {
                prop_assert!(0.0 < plan.stop && plan.stop < plan.entry && plan.entry < plan.target);
                prop_assert!(plan.shares >= 0.0 && plan.shares.fract() == 0.0);
                prop_assert!(plan.shares * plan.risk_per_share <= risk_money);
                prop_assert!(plan.position_value <= 0.01 * adv);
                let one_more = plan.shares + 1.0;
                let beyond = one_more * plan.risk_per_share > risk_money * (1.0 - 1e-12);
                prop_assert!(beyond || one_more * close > 0.01 * adv * (1.0 - 1e-12), "one more would do");
                let ranges = plan.risk_per_share / atr;
                prop_assert!((1.5 - 1e-9..=3.0 + 1e-9).contains(&ranges));
            }
        }

        /// A split of all prices by a power of two: as many times the shares, the same money.
        #[test]
        fn a_split_changes_no_money(close in 1.0..500.0_f64, atr in 0.01..0.3_f64, adv in 1e5..1e9_f64) {
            let (whole, half) = (
                by_default(close, atr * close, close * 0.9, adv),
                by_default(close / 2.0, atr * close / 2.0, close * 0.9 / 2.0, adv),
            );
            prop_assert_eq!(whole.stop / 2.0, half.stop);
            prop_assert!((half.shares - 2.0 * whole.shares).abs() <= 1.0);
        }
    }
}
