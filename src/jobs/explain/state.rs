//! How the stored numbers stand to the data: whether a refresh is due that would change them, and whether they are what the
//! inputs give.

use chrono::NaiveDate;
use serde::Serialize;
use tokio_postgres::Transaction;

use super::Population;
use crate::arithmetic::catalogue::FACTORS;
use crate::arithmetic::cross_section::Moments;
use crate::jobs::refresh;
use crate::store::StoreError;
use crate::store::change_log::{FromNothing, Work};
use crate::store::features::FeatureRow;

/// How the stored numbers stand.
#[derive(Debug, Clone, Default, Serialize)]
pub struct State {
    /// Whether nothing that enters the number changed since the last refresh, and its definition is this program's.
    pub current: bool,
    /// First day of this instrument that changed since the last refresh.
    pub changed_from: Option<NaiveDate>,
    /// First day of the benchmark that changed since.
    pub benchmark_changed_from: Option<NaiveDate>,
    /// How many other instruments changed since: they may move moments and ranks.
    pub others_changed: usize,
    /// What does not agree, in words.
    pub remarks: Vec<String>,
    /// What to do about it; none where there is nothing to do.
    pub hint: Option<&'static str>,
}

/// What the change log and the stored definitions say of the instrument `id` and the factors at `used`.
pub async fn read(
    transaction: &Transaction<'_>,
    id: i32,
    benchmark: &str,
    used: &[usize],
) -> Result<State, StoreError> {
    let fresh = refresh::freshness(transaction, benchmark).await?;
    let mut state = State::default();
    match &fresh.work {
        Work::All(FromNothing::FirstRun | FromNothing::NoCache) => {
            state.due("no refresh has finished yet".into());
        }
        Work::All(FromNothing::NewDefinitions) => {
            state.due("what is stored is of other settings: another benchmark, or another program".into());
        }
        Work::All(FromNothing::AnotherCluster) => {
            state.due("the database comes from another server: what changed since cannot be told".into());
        }
        Work::Since(changes) => {
            let of = |id: i32| changes.iter().find(|change| change.instrument_id == id);
            state.changed_from = of(id).map(|change| change.from);
            let other = fresh.benchmark.filter(|benchmark| *benchmark != id);
            state.benchmark_changed_from = other.and_then(of).map(|change| change.from);
            state.others_changed = changes.iter().filter(|change| change.instrument_id != id).count();
            if let Some(from) = state.changed_from {
                state.due(format!("the instrument changed since the last refresh, from {from} on"));
            }
            if let Some(from) = state.benchmark_changed_from {
                state.due(format!("the benchmark changed since the last refresh, from {from} on"));
            } else if state.others_changed > 0 {
                let others = state.others_changed;
                let plural = if others == 1 { "" } else { "s" };
                state.due(format!(
                    "{others} other instrument{plural} changed since the last refresh, which may move moments and ranks"
                ));
            }
        }
    }
    let redefined = used.iter().filter(|place| fresh.redefined.contains(&FACTORS[**place].name));
    for place in redefined {
        let name = FACTORS[*place].name;
        state.due(format!("the stored {name} is of another version than this program's"));
    }
    if fresh.regrouped && matches!(fresh.work, Work::Since(_)) {
        state.due("families or directions are stored as another program defines them".into());
    }
    state.current = state.remarks.is_empty();
    Ok(state)
}

impl State {
    fn due(&mut self, words: String) {
        self.remarks.push(words);
        self.hint = Some("run: features refresh");
    }

    /// Holds the stored values against those computed again.
    pub fn compare(&mut self, stored: &FeatureRow, again: &[f64], used: &[usize], population: &Population) {
        for place in used {
            let (stored, again) = (stored.values[*place], again[*place]);
            if !same(stored, again) {
                let name = FACTORS[*place].name;
                self.differs(format!("{name}: stored {}, computed {}", shown(stored), shown(again)));
            }
        }
        if population.stored != population.computed {
            let (is, was) = if population.stored { ("in", "out of") } else { ("out of", "in") };
            self.differs(format!("stored as {is} the population, and computed {was} it"));
        }
    }

    /// Holds the stored moments against those computed from the session's stored rows.
    pub fn compare_moments(&mut self, name: &str, stored: Option<&Moments>, again: &Moments) {
        let all = |m: &Moments| [m.lower, m.upper, m.mean, m.sd];
        let equal = stored.is_some_and(|stored| {
            stored.count == again.count && all(stored).iter().zip(all(again)).all(|(a, b)| same(*a, b))
        });
        if !equal {
            self.differs(format!("the stored moments of {name} are not those of the stored rows"));
        }
    }

    fn differs(&mut self, words: String) {
        self.remarks.push(words);
        if self.current {
            // Nothing is due, so a refresh would find nothing to do.
            self.hint = Some(
                "nothing is known to have changed: run features verify, and features refresh --full to repair",
            );
        }
    }
}

/// Equality to the bit; null equals null.
pub fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

fn shown(value: f64) -> String {
    if value.is_nan() { "null".into() } else { format!("{value:?}") }
}
