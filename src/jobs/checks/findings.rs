//! Findings as they gather: counted always, kept up to a bound.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::catalogue::{CHECKS, Check, Severity};

/// Findings that are kept a check; more are only counted, so that memory stays bounded whatever the data is.
pub const KEPT: usize = 100_000;

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The check that found it.
    pub check: Check,
    /// The instrument; none for a finding about a session.
    pub instrument_id: Option<i32>,
    /// Its ticker on the first day.
    pub ticker: Option<String>,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub through: NaiveDate,
    /// What was found, in words.
    pub found: String,
    /// The numbers, under the names that the catalogue explains.
    pub numbers: Map<String, Value>,
    /// The greater, the earlier it is shown.
    pub weight: f64,
}

impl Finding {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        let remedy = self.check.about().remedy;
        remedy
            .replace("{from}", &self.from.to_string())
            .replace("{through}", &self.through.to_string())
            .replace("{ticker}", self.ticker.as_deref().unwrap_or("…"))
    }
}

/// The findings of one check.
#[derive(Debug, Default, Clone)]
pub struct Found {
    /// How many.
    pub count: u64,
    /// The kept ones, the weightiest first.
    pub kept: Vec<Finding>,
}

/// The findings of the checks that are wanted.
#[derive(Debug)]
pub struct Findings {
    wanted: [bool; CHECKS.len()],
    found: BTreeMap<Check, Found>,
}

impl Findings {
    /// Nothing yet, of the checks `wanted`.
    pub fn of(wanted: &[Check]) -> Self {
        let mut flags = [false; CHECKS.len()];
        for check in wanted {
            flags[*check as usize] = true;
        }
        Self { wanted: flags, found: BTreeMap::new() }
    }

    /// Whether any of `checks` is wanted.
    pub fn want(&self, checks: &[Check]) -> bool {
        checks.iter().any(|check| self.wanted[*check as usize])
    }

    /// Takes a finding of `check`, which `finding` makes up only if it is wanted and kept.
    pub fn add(&mut self, check: Check, finding: impl FnOnce() -> Finding) {
        if !self.wanted[check as usize] {
            return;
        }
        let found = self.found.entry(check).or_default();
        found.count += 1;
        if found.kept.len() < KEPT {
            found.kept.push(finding());
        }
    }

    /// All of them, the weightiest of each check first, equal ones by day and ticker.
    pub fn finish(mut self) -> BTreeMap<Check, Found> {
        for found in self.found.values_mut() {
            found.kept.sort_by(|a, b| {
                b.weight.total_cmp(&a.weight).then_with(|| {
                    (a.from, &a.ticker, a.instrument_id).cmp(&(b.from, &b.ticker, b.instrument_id))
                })
            });
        }
        self.found
    }
}

/// The worst severity among `found`.
pub fn worst(found: &BTreeMap<Check, Found>) -> Option<Severity> {
    found.keys().map(|check| check.about().severity).max()
}
