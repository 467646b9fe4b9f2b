//! A profile's file: TOML, with the line of every fault.

use serde::Deserialize;
use toml::Spanned;

use super::{
    DEFAULT_COLUMNS, DEFAULT_LIMIT, DEFAULT_ORDER, Given, Known, Place, Profile, ProfileError, at_least_one,
    order_keys, shown,
};
use crate::arithmetic::plan;
use crate::arithmetic::scores::{Weights, WeightsError};
use crate::arithmetic::universe::Rules;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    description: Option<String>,
    r#where: Option<Spanned<String>>,
    order_by: Option<Vec<Spanned<String>>>,
    limit: Option<Spanned<i64>>,
    columns: Option<Vec<Spanned<String>>>,
    sector_cap: Option<Spanned<i64>>,
    universe: Option<Spanned<Rules>>,
    weights: Option<Spanned<Weights>>,
    plan: Option<Spanned<plan::Settings>>,
}

/// The text of a file and how to find places in it.
struct Source<'a> {
    file: Option<&'a str>,
    text: &'a str,
}

impl Source<'_> {
    fn place(&self, key: &str, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        Place { file: self.file.map(str::to_owned), line: Some(line), key: key.to_owned() }
    }

    /// The place of a key within a table that begins at `from`: the first line on which its last word follows the others.
    fn within(&self, table: &str, key: &str, from: usize) -> Place {
        let mut at = from;
        for word in key.split('.') {
            match self.word(word, at) {
                Some(found) => at = found,
                None => return self.place(table, from),
            }
        }
        self.place(&format!("{table}.{key}"), at)
    }

    /// Where a whole word stands at or after `from`, outside of comments.
    fn word(&self, word: &str, from: usize) -> Option<usize> {
        let is_part = |character: char| character.is_alphanumeric() || character == '_';
        let matches = self.text.get(from..)?.match_indices(word).map(|(at, _)| from + at);
        matches.into_iter().find(|&at| {
            let (before, after) = (&self.text[..at], &self.text[at + word.len()..]);
            let line = before.rsplit('\n').next().unwrap_or_default();
            !line.contains('#') && !before.ends_with(is_part) && !after.starts_with(is_part)
        })
    }

    /// An expression of the file, placed at the line of its first character.
    fn given<'t>(&self, key: &str, text: &'t Spanned<String>) -> Given<'t> {
        let quoted = self.text.get(text.span()).unwrap_or_default();
        // TOML drops the line break that follows three quotes.
        let broken =
            ["\"\"\"\n", "\"\"\"\r\n", "'''\n", "'''\r\n"].iter().any(|start| quoted.starts_with(start));
        let mut place = self.place(key, text.span().start);
        place.line = place.line.map(|line| line + usize::from(broken));
        Given { text: text.get_ref(), place }
    }

    /// The expressions of a list, or the default where the file has none.
    fn list<'t>(&self, key: &str, texts: Option<&'t [Spanned<String>]>, default: &'t str) -> Vec<Given<'t>> {
        match texts {
            Some(texts) => texts.iter().map(|text| self.given(key, text)).collect(),
            None => vec![Given { text: default, place: Place { line: None, ..self.place(key, 0) } }],
        }
    }

    fn count(&self, key: &str, value: Option<&Spanned<i64>>) -> Result<Option<usize>, ProfileError> {
        value.map(|value| at_least_one(*value.get_ref(), &self.place(key, value.span().start))).transpose()
    }

    fn refused(&self, error: &toml::de::Error) -> ProfileError {
        let at = error.span().map_or(0, |span| span.start);
        let line = self.text.get(..at).unwrap_or_default().rfind('\n').map_or(0, |end| end + 1);
        let key =
            self.text[line..].split('=').next().filter(|key| !key.contains('\n')).unwrap_or_default().trim();
        let message = error.message();
        if let Some((unknown, expected)) =
            message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'))
        {
            let known = expected.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            return ProfileError::UnknownKey { place: self.place("", at), key: unknown.to_owned(), known };
        }
        let key = if key.starts_with('[') || key.starts_with('#') { "" } else { key };
        let fault = message.replace('\n', ", ");
        ProfileError::Toml { place: self.place(key, at), fault }
    }
}

/// Reads a profile from its text.
pub(super) fn read(
    name: &str,
    file: Option<&str>,
    text: &str,
    known: &[Known],
) -> Result<Profile, ProfileError> {
    let source = Source { file, text };
    let given: File = toml::from_str(text).map_err(|error| source.refused(&error))?;
    let filter =
        given.r#where.as_ref().map(|text| source.given("where", text).condition(known)).transpose()?;
    let mut profile = Profile {
        name: name.to_owned(),
        description: given.description.unwrap_or_default().trim().to_owned(),
        universe: universe(&source, given.universe)?,
        weights: weights(&source, given.weights.as_ref())?,
        filter,
        order_by: order_keys(&source.list("order_by", given.order_by.as_deref(), DEFAULT_ORDER), known)?,
        limit: source.count("limit", given.limit.as_ref())?.unwrap_or(DEFAULT_LIMIT),
        columns: shown(&source.list("columns", given.columns.as_deref(), DEFAULT_COLUMNS), known)?,
        sector_cap: source.count("sector_cap", given.sector_cap.as_ref())?,
        plan: plan(&source, given.plan.as_ref())?,
    };
    profile.add_plan_columns(known)?;
    Ok(profile)
}

fn universe(source: &Source<'_>, table: Option<Spanned<Rules>>) -> Result<Rules, ProfileError> {
    let Some(table) = table else { return Ok(Rules::default()) };
    let from = table.span().start;
    let rules = table.into_inner();
    match rules.check() {
        Ok(()) => Ok(rules),
        Err(error) => {
            let fault = error.to_string();
            let key = fault.split(' ').next().unwrap_or_default();
            Err(meaningless(source.within("universe", key, from), &fault))
        }
    }
}

fn weights(source: &Source<'_>, table: Option<&Spanned<Weights>>) -> Result<Weights, ProfileError> {
    let Some(table) = table else { return Ok(Weights::default()) };
    let weights = *table.get_ref();
    weights.check().map(|()| weights).map_err(|error| {
        let key = match error {
            WeightsError::Value { name, .. } => name,
            WeightsError::NoWeight { score } => score,
            WeightsError::Thresholds { what: "tiers" } => "core",
            WeightsError::Thresholds { what } => what,
            WeightsError::Events { .. } => "events",
        };
        meaningless(source.within("weights", key, table.span().start), &error)
    })
}

fn plan(
    source: &Source<'_>,
    table: Option<&Spanned<plan::Settings>>,
) -> Result<Option<plan::Settings>, ProfileError> {
    let Some(table) = table else { return Ok(None) };
    table.get_ref().check().map(|()| Some(*table.get_ref())).map_err(|error| {
        let fault = error.to_string();
        let key = fault.split(' ').next().unwrap_or_default();
        meaningless(source.within("plan", key, table.span().start), &fault)
    })
}

fn meaningless(place: Place, fault: &impl ToString) -> ProfileError {
    let hint = "leave it out for the documented default".to_owned();
    ProfileError::Value { place, fault: fault.to_string(), hint }
}
