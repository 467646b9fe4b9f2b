//! What is told of an instrument in a scan: one value, which serialises with these names. NaN is null.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;

use crate::arithmetic::plan;

/// Everything about one instrument in one scan, stage by stage.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// What became of it, in one sentence.
    pub conclusion: String,
    /// The name of its fate: `listed`, `over_limit`, `over_sector_cap`, `not_true`, `unknown`, `dropped`.
    pub fate: &'static str,
    /// Its place in the list, from 1; none if it is not listed.
    pub place: Option<usize>,
    /// How many are listed.
    pub listed: usize,
    /// The profile.
    pub profile: String,
    /// The session that was ranked.
    pub session_date: NaiveDate,
    /// `incremental`, or `full` for a look at the past.
    pub mode: &'static str,
    /// Who it is.
    pub instrument: Instrument,
    /// The universe's rules in the order in which they are asked.
    pub universe: Vec<Rule>,
    /// The population over which scores are taken.
    pub population: Population,
    /// Latest bar, signals and strength.
    pub signals: Vec<Number>,
    /// Factors.
    pub factors: Vec<Factor>,
    /// Families.
    pub families: Vec<Family>,
    /// Its scores; none outside of the population.
    pub scores: Option<Scores>,
    /// What lacks and which penalties count.
    pub flags: Vec<Flag>,
    /// The conditions of the profile.
    pub conditions: Vec<Condition>,
    /// The order.
    pub order: Order,
    /// The sector cap; none if the profile has none.
    pub sector_cap: Option<SectorCap>,
    /// Most rows that the profile lists.
    pub limit: usize,
    /// The trade plan.
    pub plan: Plan,
}

/// An instrument.
#[derive(Debug, Clone, Serialize)]
pub struct Instrument {
    /// As it was asked for.
    pub ticker: String,
    /// Its ticker now, or the last it had.
    pub ticker_now: String,
    /// Key.
    pub instrument_id: i32,
    /// Vendor's type.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Primary exchange (MIC).
    pub exchange: Option<String>,
    /// GICS sector.
    pub sector: Option<String>,
    /// The session of its latest bar; none if that is too old for signals.
    pub latest_bar: Option<NaiveDate>,
}

/// A rule of the universe.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    /// What it asks.
    pub rule: &'static str,
    /// What the instrument has.
    pub value: Value,
    /// What is let in.
    pub wanted: String,
    /// Whether the instrument passes.
    pub passed: bool,
    /// Whether this is the rule that dropped it: the first that it does not pass.
    pub dropped: bool,
}

/// Whether it is compared with others.
#[derive(Debug, Clone, Serialize)]
pub struct Population {
    /// Whether it is.
    pub member: bool,
    /// How many are.
    pub members: usize,
    /// What keeps it out.
    pub excluded_by: Vec<String>,
}

/// A column's value.
#[derive(Debug, Clone, Serialize)]
pub struct Number {
    /// The column.
    pub name: &'static str,
    /// The group that it is listed in.
    pub group: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Value.
    pub value: f64,
    /// Whether the profile or the scores read it.
    pub used: bool,
    /// What it is.
    pub definition: &'static str,
}

/// A factor.
#[derive(Debug, Clone, Serialize)]
pub struct Factor {
    /// Name.
    pub name: &'static str,
    /// Unit of the value.
    pub unit: &'static str,
    /// Value.
    pub value: f64,
    /// z-score over the population, its better side up.
    pub z: f64,
    /// Percentile rank over the population, 0 … 1.
    pub rank: f64,
    /// What it is.
    pub definition: &'static str,
}

/// A family of factors.
#[derive(Debug, Clone, Serialize)]
pub struct Family {
    /// Name.
    pub family: &'static str,
    /// Its score.
    pub z: f64,
    /// Its sector-neutral score.
    pub sn: f64,
}

/// Both scores and the place by the core score.
#[derive(Debug, Clone, Serialize)]
pub struct Scores {
    /// Institutional core score.
    pub ics: Score,
    /// MERIT.
    pub merit: Score,
    /// What MERIT loses.
    pub penalties: Vec<Charge>,
    /// Place by the core score among all that are scored, from 1.
    pub rank: f64,
    /// How many are scored.
    pub ranked: usize,
}

/// A score.
#[derive(Debug, Clone, Serialize)]
pub struct Score {
    /// Points.
    pub value: f64,
    /// Tier or band.
    pub label: Option<&'static str>,
    /// What it is made of.
    pub parts: Vec<Part>,
}

/// A part of a score.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    /// Name.
    pub name: &'static str,
    /// Its weight; that of a part that lacks goes to the others.
    pub weight: f64,
    /// Its value, 0 … 100.
    pub value: f64,
    /// What it adds to the score.
    pub points: f64,
}

/// A penalty that is borne.
#[derive(Debug, Clone, Serialize)]
pub struct Charge {
    /// Name.
    pub name: &'static str,
    /// The limit that is broken.
    pub limit: f64,
    /// What it takes off.
    pub points: f64,
}

/// A flag.
#[derive(Debug, Clone, Serialize)]
pub struct Flag {
    /// Name.
    pub name: &'static str,
    /// In words.
    pub meaning: &'static str,
}

/// A condition.
#[derive(Debug, Clone, Serialize)]
pub struct Condition {
    /// As SQL.
    pub condition: String,
    /// Whether it is true; none: unknown.
    pub met: Option<bool>,
    /// The columns that it reads, with their values.
    pub read: BTreeMap<String, Value>,
}

/// The order.
#[derive(Debug, Clone, Serialize)]
pub struct Order {
    /// Its keys.
    pub keys: Vec<Key>,
    /// Place among those that match, from 1; none if it does not match.
    pub place: Option<usize>,
    /// How many match.
    pub matching: usize,
}

/// A key of the order.
#[derive(Debug, Clone, Serialize)]
pub struct Key {
    /// As SQL.
    pub expression: String,
    /// Whether the largest comes first.
    pub descending: bool,
    /// The instrument's value.
    pub value: Value,
}

/// The sector cap, of an instrument whose sector is known.
#[derive(Debug, Clone, Serialize)]
pub struct SectorCap {
    /// Most rows of a sector.
    pub cap: usize,
    /// The instrument's sector.
    pub sector: String,
    /// How many of it are listed before the instrument; of one that does not match, how many are listed.
    pub listed: usize,
}

/// The trade plan.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Price to buy at.
    pub entry: f64,
    /// Price to give up at.
    pub stop: f64,
    /// Price to sell at.
    pub target: f64,
    /// Entry less stop.
    pub risk_per_share: f64,
    /// How many.
    pub shares: f64,
    /// What they cost.
    pub position_value: f64,
    /// Whether fewer shares are bought than the risk allows, because so little is traded.
    pub bound_by_liquidity: bool,
    /// By which settings.
    pub settings: plan::Settings,
    /// Whether the profile gives them, or they are the defaults.
    pub of_profile: bool,
}
