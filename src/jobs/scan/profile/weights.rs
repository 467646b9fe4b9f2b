//! The table of weights in a profile: any of them, the rest staying at the documented defaults.

use serde::Deserialize;

use crate::arithmetic::scores::{IcsWeights, MeritWeights, Penalties, Penalty, Weights};

/// A table that may give any of a struct's values, each of which is a value or such a table itself.
trait Table<T> {
    fn apply(&self, to: &mut T);
}

impl<T: Copy> Table<T> for T {
    fn apply(&self, to: &mut T) {
        *to = *self;
    }
}

macro_rules! table {
    ($visibility:vis $name:ident for $target:ty { $($field:ident: $part:ty),+ $(,)? }) => {
        #[derive(Debug, Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        $visibility struct $name { $($field: Option<$part>),+ }

        impl Table<$target> for $name {
            fn apply(&self, to: &mut $target) {
                $(if let Some(given) = &self.$field { given.apply(&mut to.$field); })+
            }
        }
    };
}

table!(PenaltyTable for Penalty { limit: f64, points: f64 });
table!(IcsTable for IcsWeights { technical: f64, alpha: f64, quality: f64, stability: f64, liquidity: f64, events: f64 });
table!(MeritTable for MeritWeights { ics: f64, momentum: f64, quality: f64, value: f64, growth: f64, liquidity: f64 });
table!(PenaltiesTable for Penalties {
    thin_trading: PenaltyTable,
    extreme_range: PenaltyTable,
    wide_range: PenaltyTable,
    micro_cap: PenaltyTable,
    small_cap: PenaltyTable,
    imminent_earnings: PenaltyTable,
    near_earnings: PenaltyTable,
});
table!(pub(super) WeightsTable for Weights {
    technical_at_least: usize,
    alpha_at_least: usize,
    events: f64,
    events_earnings: PenaltyTable,
    ics: IcsTable,
    core: f64,
    satellite: f64,
    merit: MeritTable,
    penalties: PenaltiesTable,
    bands: [f64; 4],
});

impl WeightsTable {
    /// The weights that the table means.
    pub(super) fn weights(&self) -> Weights {
        let mut weights = Weights::default();
        self.apply(&mut weights);
        weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_table_does_not_give_stays_as_documented() {
        let table: WeightsTable = toml::from_str(
            "core = 80\nbands = [95, 85, 75, 65]\n[ics]\ntechnical = 40\n[penalties]\nmicro_cap = { points = 30 }\n\
             [events_earnings]\nlimit = 7",
        )
        .unwrap();
        let mut wanted = Weights { core: 80.0, bands: [95.0, 85.0, 75.0, 65.0], ..Weights::default() };
        wanted.ics.technical = 40.0;
        wanted.penalties.micro_cap.points = 30.0;
        wanted.events_earnings.limit = 7.0;
        assert_eq!(table.weights(), wanted);
        assert_eq!(wanted.penalties.micro_cap.limit, 300e6);
        assert_eq!(WeightsTable::default().weights(), Weights::default());
    }
}
