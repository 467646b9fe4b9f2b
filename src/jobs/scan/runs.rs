//! Stored runs: which one is meant, and what it says of an instrument.

use std::str::FromStr;

use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Client;

use super::asked::{Asked, Column, unit_of};
use super::profile::Fate;
use crate::arithmetic::universe::Rules;
use crate::store::StoreError;
use crate::store::scan_runs::{self, Kept, Stored};

/// A run as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// By its number.
    Number(i64),
    /// The latest, of a profile where one is given.
    Latest,
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "latest" => Ok(Self::Latest),
            _ => text.parse().map(Self::Number).map_err(|_| "a run is a number, or latest".to_owned()),
        }
    }
}

/// What every row has, whatever the profile.
const OF_EVERY_ROW: [&str; 6] = ["place", "ticker", "instrument_id", "sector", "flags", "contributions"];

/// A stored run.
#[derive(Debug, Clone)]
pub struct Run {
    /// As it is stored.
    pub stored: Stored,
    /// What was asked of it; none in runs of older versions.
    pub asked: Option<Asked>,
}

/// Why an instrument was not listed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Why {
    /// The name of its fate; `no_bars` if it had none.
    pub fate: &'static str,
    /// In words.
    pub words: String,
    /// The condition that was not true, as SQL.
    pub condition: Option<String>,
    /// The columns that the condition reads.
    pub reads: Vec<String>,
}

impl Run {
    /// A run as it was read.
    pub fn new(stored: Stored) -> Self {
        Self { asked: stored.asked.as_ref().and_then(Asked::from_json), stored }
    }

    /// Its rows.
    pub fn rows(&self) -> &[Value] {
        self.stored.rows.as_array().map_or(&[], Vec::as_slice)
    }

    /// How many were listed, of which [`Run::rows`] has the first.
    pub fn listed(&self) -> usize {
        let fates = self.stored.counts.get("fates").map(|fates| fates.get("listed"));
        let counted = fates.map(|listed| listed.and_then(Value::as_u64).unwrap_or_default() as usize);
        counted.unwrap_or(self.rows().len())
    }

    /// The columns of its rows; of a run of an older version, what its first row has, by name.
    pub fn columns(&self) -> Vec<Column> {
        if let Some(asked) = &self.asked {
            return asked.columns.clone();
        }
        let first = self.rows().first().and_then(Value::as_object);
        let column = |(name, value): (&String, &Value)| {
            let kind = match value {
                _ if OF_EVERY_ROW.contains(&name.as_str()) => return None,
                Value::Number(_) | Value::Null => "number",
                Value::String(_) => "text",
                Value::Bool(_) => "flag",
                Value::Array(_) | Value::Object(_) => return None,
            };
            Some(Column { name: name.clone(), unit: unit_of(name).to_owned(), kind: kind.to_owned() })
        };
        first.into_iter().flatten().filter_map(column).collect()
    }

    /// How many instruments had each fate, in words, in the order of the stages; of a run of an older version as it counted.
    pub fn counts(&self) -> Vec<(String, u64)> {
        let Some(fates) = &self.stored.fates else {
            let counted = self.stored.counts.get("fates").and_then(Value::as_object);
            let line = |(words, count): (&String, &Value)| Some((words.clone(), count.as_u64()?));
            return counted.into_iter().flatten().filter_map(line).collect();
        };
        let mut of_code = [0_u64; 256];
        fates.iter().filter(|byte| **byte > 0).for_each(|byte| of_code[usize::from(*byte) - 1] += 1);
        let rules = self.rules();
        let line = |(code, count): (u8, u64)| Some((Fate::from_code(code)?.words(&rules), count));
        (0..=u8::MAX).zip(of_code).filter(|(_, count)| *count > 0).filter_map(line).collect()
    }

    /// Why an instrument was not listed; none if it was, or if that is not stored.
    pub fn why_not(&self, instrument_id: i64) -> Option<Why> {
        let byte = |bytes: &[u8]| {
            let at = usize::try_from(instrument_id).ok()?;
            bytes.get(at).copied()
        };
        let fates = self.stored.fates.as_deref()?;
        let Some(fate) = byte(fates).and_then(|byte| byte.checked_sub(1)) else {
            let words = "no bars were loaded of it".to_owned();
            return Some(Why { fate: "no_bars", words, condition: None, reads: Vec::new() });
        };
        let fate = Fate::from_code(fate)?;
        let asked = self.asked.as_ref();
        let condition = self
            .stored
            .unmet
            .as_deref()
            .and_then(byte)
            .and_then(|number| asked?.conditions.get(usize::from(number).checked_sub(1)?));
        let limit = asked.map(|asked| asked.limit);
        let cap = asked.and_then(|asked| asked.sector_cap);
        let words = match (fate, condition, limit, cap) {
            (Fate::Listed, ..) if self.listed() > self.rows().len() => {
                format!("listed, but after the first {} rows, which are stored", self.rows().len())
            }
            (Fate::Listed, ..) => return None,
            (Fate::OverLimit, _, Some(limit), _) => format!("over the limit of {limit}"),
            (Fate::OverSectorCap, _, _, Some(cap)) => format!("over the sector's cap of {cap}"),
            (Fate::NotTrue | Fate::Unknown, Some(condition), ..) => {
                format!("{}: {}", fate.words(&self.rules()), condition.text)
            }
            _ => fate.words(&self.rules()),
        };
        let (condition, reads) =
            condition.map_or((None, Vec::new()), |one| (Some(one.text.clone()), one.reads.clone()));
        Some(Why { fate: fate.name(), words, condition, reads })
    }

    fn rules(&self) -> Rules {
        self.asked.as_ref().map_or_else(Rules::default, |asked| asked.universe.clone())
    }
}

/// Finds a run.
pub async fn find(client: &Client, which: Which, profile: Option<&str>) -> Result<Run, RunsError> {
    let number = match which {
        Which::Number(number) => number,
        Which::Latest => scan_runs::latest(client, profile)
            .await?
            .ok_or_else(|| RunsError::NoRuns { profile: profile.map(str::to_owned) })?,
    };
    let Some(stored) = scan_runs::read(client, number).await? else {
        let kept = scan_runs::kept(client).await?;
        return Err(RunsError::NotThere { number, kept });
    };
    match profile {
        Some(asked) if asked != stored.profile => {
            Err(RunsError::OtherProfile { number, profile: stored.profile, asked: asked.to_owned() })
        }
        _ => Ok(Run::new(stored)),
    }
}

/// Finds the older and the newer run of a comparison: by default the two latest of the profile, that of the latest run where
/// none is given. With one number, that run and the latest of its profile.
pub async fn pair(
    client: &Client,
    old: Option<Which>,
    new: Option<Which>,
    profile: Option<&str>,
) -> Result<(Run, Run), RunsError> {
    let (old, new) = match (old, new) {
        (Some(old), Some(new)) => (find(client, old, profile).await?, find(client, new, profile).await?),
        (Some(old), None) => {
            let old = find(client, old, profile).await?;
            let new = find(client, Which::Latest, Some(&old.stored.profile)).await?;
            (old, new)
        }
        (None, _) => {
            let new = find(client, Which::Latest, profile).await?;
            let Some(before) = scan_runs::before(client, new.stored.run_id).await? else {
                return Err(RunsError::OnlyOne {
                    number: new.stored.run_id,
                    profile: new.stored.profile.clone(),
                });
            };
            (find(client, Which::Number(before), None).await?, new)
        }
    };
    if old.stored.run_id == new.stored.run_id {
        let before = scan_runs::before(client, new.stored.run_id).await?;
        return Err(RunsError::Itself { number: new.stored.run_id, before });
    }
    Ok((old, new))
}

/// Why there is no such run.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// Nothing was scanned yet.
    #[error("there are no stored runs{}", .profile.as_ref().map_or(String::new(), |name| format!(" of the profile {name}")))]
    NoRuns {
        /// The profile that was asked for.
        profile: Option<String>,
    },
    /// No run has this number, or not any more.
    #[error("{}", not_there(*.number, .kept))]
    NotThere {
        /// The number.
        number: i64,
        /// Which there are.
        kept: Kept,
    },
    /// The run is of another profile than the one asked for.
    #[error("run {number} is of the profile {profile}, not of {asked}")]
    OtherProfile {
        /// The run.
        number: i64,
        /// Its profile.
        profile: String,
        /// The profile that was asked for.
        asked: String,
    },
    /// Nothing to compare with.
    #[error("run {number} is the only one of the profile {profile}: there is nothing to compare it with")]
    OnlyOne {
        /// The run.
        number: i64,
        /// Its profile.
        profile: String,
    },
    /// The older run is the newer one.
    #[error("run {number} would be compared with itself")]
    Itself {
        /// The run.
        number: i64,
        /// The run before it, of its profile.
        before: Option<i64>,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn not_there(number: i64, kept: &Kept) -> String {
    match kept.range {
        Some((oldest, _)) if (1..oldest).contains(&number) => format!("run {number} is not kept any more"),
        _ => format!("there is no run {number}"),
    }
}

impl RunsError {
    /// What the user can do.
    pub fn hint(&self) -> String {
        match self {
            Self::NoRuns { profile: None } => "run: scan incremental".into(),
            Self::NoRuns { profile: Some(name) } => {
                format!("run: scan incremental --profile {name}; scan runs lists the runs of all profiles")
            }
            Self::NotThere { kept: Kept { range: None, .. }, .. } => {
                "there are none: run scan incremental first".into()
            }
            Self::NotThere { kept: Kept { range: Some((oldest, latest)), count }, .. } => format!(
                "kept are {count} runs, {oldest} to {latest} (the setting scan_runs_kept says how many); scan runs lists them"
            ),
            Self::OtherProfile { number, .. } => format!(
                "leave --profile out, or name both runs without it to compare two profiles; scan runs lists what run {number} is near to"
            ),
            Self::OnlyOne { profile, .. } => {
                format!(
                    "scan again with --profile {profile} when something changed, or name two runs: scan diff OLD NEW"
                )
            }
            Self::Itself { number, before: Some(before) } => format!("run: scan diff {before} {number}"),
            Self::Itself { .. } => "name two runs: scan diff OLD NEW (scan runs lists them)".into(),
            Self::Store(store) => store.hint().into(),
        }
    }
}
