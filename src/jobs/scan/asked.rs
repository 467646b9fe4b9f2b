//! What a profile asked, as it is stored with a run: so that the run can be shown and compared though the profile changes or goes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::columns;
use super::profile::{self, Kind, Profile};
use crate::arithmetic::universe::Rules;

/// What was asked of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The columns of its rows, in their order.
    pub columns: Vec<Column>,
    /// What its `where` joined by AND.
    pub conditions: Vec<Condition>,
    /// Keys of the order.
    pub order_by: Vec<Key>,
    /// Most rows.
    pub limit: usize,
    /// Most rows of a sector.
    pub sector_cap: Option<usize>,
    /// Which instruments it looked at.
    pub universe: Rules,
}

/// A column of the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What 1.0 means; empty for text, for yes or no, and for an expression.
    pub unit: String,
    /// `number`, `text` or `flag`.
    pub kind: String,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// As SQL.
    pub text: String,
    /// The columns that it reads.
    pub reads: Vec<String>,
}

/// A key of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// As SQL.
    pub expression: String,
    /// Whether the largest comes first.
    pub descending: bool,
}

impl Asked {
    /// What `profile` asks.
    pub fn of(profile: &Profile) -> Self {
        let column = |shown: &profile::Shown| Column {
            unit: unit_of(&shown.name).to_owned(),
            kind: kind_name(shown.expression.kind()).to_owned(),
            name: shown.name.clone(),
        };
        let key = |key: &profile::OrderKey| Key {
            expression: key.expression.text().to_owned(),
            descending: key.descending,
        };
        Self {
            columns: profile.columns.iter().map(column).collect(),
            conditions: profile
                .conditions()
                .map(|(text, reads)| Condition { text: text.to_owned(), reads })
                .collect(),
            order_by: profile.order_by.iter().map(key).collect(),
            limit: profile.limit,
            sector_cap: profile.sector_cap,
            universe: profile.universe.clone(),
        }
    }

    /// As it is stored.
    pub fn to_json(&self) -> Value {
        // Names and numbers: nothing in it can fail to be JSON.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// What was stored; none if another version wrote it in a way that this one does not know.
    pub fn from_json(stored: &Value) -> Option<Self> {
        serde_json::from_value(stored.clone()).ok()
    }
}

/// The unit of a column by its name, of an earlier session or not; empty where it has none.
pub fn unit_of(name: &str) -> &'static str {
    let base = profile::earlier(name).map_or(name, |(base, _)| base);
    columns::find(base).map_or("", |column| column.unit)
}

/// A kind as it is stored and printed.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "number",
        Kind::Text => "text",
        Kind::Flag => "flag",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::scan::profile::SHIPPED;

    #[test]
    fn what_every_shipped_profile_asks_comes_back_from_what_is_stored() {
        for (name, text) in SHIPPED {
            let profile = Profile::read(name, None, text, columns::known()).unwrap();
            let asked = Asked::of(&profile);
            assert_eq!(Asked::from_json(&asked.to_json()), Some(asked.clone()), "{name}");
            assert_eq!(asked.columns.len(), profile.columns.len());
            assert!(asked.conditions.iter().all(|condition| !condition.reads.is_empty()), "{name}");
        }
        assert_eq!(Asked::from_json(&serde_json::json!({ "limit": 3 })), None);
    }

    #[test]
    fn a_column_has_its_unit_on_earlier_days_too() {
        assert_eq!(unit_of("close_5d_ago"), "price");
        assert_eq!(unit_of("above_sma_200"), "");
    }
}
