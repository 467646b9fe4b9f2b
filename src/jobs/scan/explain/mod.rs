//! `scan explain`: one instrument's way through a scan, with every number. The market is ranked by the road of an incremental
//! scan, in one snapshot; nothing is stored.

mod find;
mod told;
mod universe;

pub use told::{
    Charge, Condition, Explained, Factor, Family, Flag, Instrument, Key, Number, Order, Part, Plan,
    Population, Rule, Score, Scores, SectorCap,
};

use std::sync::Arc;

use chrono::NaiveDate;
use rayon::prelude::*;
use tokio_postgres::Client;

use super::answer::{Answer, value, with_market};
use super::columns::{self, Column, Source};
use super::earlier::Earlier;
use super::profile::{ColumnData, Fate, Profile, explain_where};
use super::ranked::Ranked;
use super::{Mode, ScanError};
use crate::arithmetic::NULL;
use crate::arithmetic::catalogue::FACTORS;
use crate::arithmetic::families;
use crate::arithmetic::scores::{self, Flags, Weights};
use crate::domain::instrument;
use crate::store::change_log;
use crate::store::{StoreError, date_of};

/// Signals that the scores read, whatever the profile.
const SCORED: [&str; 9] = [
    "close",
    "sma_50_distance",
    "sma_200_distance",
    "rsi_14",
    "macd_histogram",
    "return_21",
    "high_20_distance",
    "volume_ratio_20",
    "atr_pct",
];

/// Explains what becomes of `ticker` in a scan by `profile`, now or as of a past session.
///
/// # Errors
/// Whatever keeps it from being found, each with its remedy; or those of a scan.
pub async fn run(
    client: &mut Client,
    ticker: &str,
    as_of: Option<NaiveDate>,
    profile: &Arc<Profile>,
    benchmark: &str,
) -> Result<Explained, ExplainError> {
    let transaction = change_log::snapshot(client).await?;
    let refreshed = super::check_features(&transaction, benchmark).await?;
    let id = find::instrument(&transaction, ticker, as_of).await?;
    let (mode, panel) = if let Some(as_of) = as_of {
        (Mode::Full, super::panel_as_of(&transaction, as_of, refreshed).await?)
    } else {
        let found = super::from_cache(&transaction, None, &super::definitions(), refreshed).await?;
        (Mode::Incremental, found.panel)
    };
    let (answer, earlier) = super::ranked_answer(&transaction, Arc::new(panel), profile).await?;
    let row = answer.ranked.panel.instruments.iter().position(|one| one.id == id);
    let row = row.ok_or_else(|| ExplainError::NoBars { ticker: ticker.to_owned() })?;
    Ok(explained(ticker, mode, &answer, &earlier, row)?)
}

fn explained(
    ticker: &str,
    mode: Mode,
    answer: &Answer,
    earlier: &Earlier,
    row: usize,
) -> Result<Explained, ScanError> {
    let (ranked, profile, selection) = (&*answer.ranked, &*answer.profile, &answer.selection);
    let one = &ranked.panel.instruments[row];
    let conditions = with_market(ranked, earlier, profile, |market| explain_where(profile, market, row))?;
    let conditions: Vec<Condition> = conditions
        .into_iter()
        .map(|part| Condition {
            read: part.read.iter().map(|(name, values)| (name.clone(), value(values, 0))).collect(),
            condition: part.text,
            met: part.met,
        })
        .collect();
    let order = Order {
        keys: profile
            .order_by
            .iter()
            .zip(&selection.keys)
            .map(|(key, values)| Key {
                expression: key.expression.text().to_owned(),
                descending: key.descending,
                value: value(values, row),
            })
            .collect(),
        place: selection.matching.iter().position(|other| *other == row).map(|at| at + 1),
        matching: selection.matching.len(),
    };
    // Who has no known sector is not capped.
    let sector_cap = profile.sector_cap.zip(one.sector.clone()).map(|(cap, sector)| SectorCap {
        cap,
        sector,
        listed: of_sector_before(answer, row),
    });
    let place = selection.listed.iter().position(|other| *other == row).map(|at| at + 1);
    let fate = selection.fates[row];
    let values = values(ranked, profile, row);
    Ok(Explained {
        conclusion: conclusion(ticker, fate, place, answer, &order, &conditions, sector_cap.as_ref()),
        fate: fate.name(),
        place,
        listed: answer.len(),
        profile: profile.name.clone(),
        session_date: answer.session_date(),
        mode: mode.name(),
        instrument: Instrument {
            ticker: ticker.to_owned(),
            ticker_now: one.ticker.clone(),
            instrument_id: one.id,
            kind: one.kind.clone(),
            exchange: one.exchange.clone(),
            sector: one.sector.clone(),
            latest_bar: ranked.signals(row).map(|signals| date_of(signals.session)),
        },
        universe: universe::rules(&profile.universe, &ranked.facts(row)),
        population: population(ranked, row),
        signals: signals(profile, &values),
        factors: factors(&values),
        families: families_of(&values),
        scores: scores_of(ranked, row, &profile.weights),
        flags: flags(ranked, row),
        conditions,
        order,
        sector_cap,
        limit: profile.limit,
        plan: plan_of(ranked, profile, row),
    })
}

/// How many of the row's sector are listed, of a row that matches those before it.
fn of_sector_before(answer: &Answer, row: usize) -> usize {
    let instruments = &answer.ranked.panel.instruments;
    let selection = &answer.selection;
    let is_listed = |other: &&usize| {
        selection.fates[**other] == Fate::Listed && instruments[**other].sector == instruments[row].sector
    };
    selection.matching.iter().take_while(|other| **other != row).filter(is_listed).count()
}

fn conclusion(
    ticker: &str,
    fate: Fate,
    place: Option<usize>,
    answer: &Answer,
    order: &Order,
    conditions: &[Condition],
    cap: Option<&SectorCap>,
) -> String {
    let rules = &answer.profile.universe;
    let at = order.place.unwrap_or_default();
    match (fate, place) {
        (_, Some(place)) => format!("{ticker} is listed, place {place} of {}", answer.len()),
        (Fate::OverSectorCap, _) => {
            let (cap, sector) = cap.map_or((0, ""), |cap| (cap.cap, cap.sector.as_str()));
            format!(
                "{ticker} matches, place {at} of {}, and is kept out: {cap} of {sector} are listed before it",
                order.matching
            )
        }
        (Fate::OverLimit, _) => format!(
            "{ticker} matches, place {at} of {}, and is kept out: over the limit of {}",
            order.matching, answer.profile.limit
        ),
        (Fate::NotTrue | Fate::Unknown, _) => {
            let decides = if fate == Fate::NotTrue { Some(false) } else { None };
            let texts = conditions.iter().filter(|one| one.met == decides).map(|one| one.condition.as_str());
            format!("{ticker} is kept out: {}: {}", fate.words(rules), texts.collect::<Vec<_>>().join("; "))
        }
        _ => format!("{ticker} is kept out: {}", fate.words(rules)),
    }
}

/// Every column's value for one row.
fn values(ranked: &Ranked, profile: &Profile, row: usize) -> Vec<(&'static Column, f64)> {
    let settings = profile.plan.unwrap_or_default();
    let member = ranked.population()[row];
    let of_row = |column: &'static Column| {
        let value = match column.source {
            Source::FactorZ(at) | Source::FactorRank(at) if !member || ranked.factor_of(at, row).is_nan() => {
                NULL
            }
            _ => match ranked.values_at(column, &settings, &[row]) {
                ColumnData::Numbers(numbers) => numbers[0],
                _ => NULL,
            },
        };
        (column, value)
    };
    columns::all().par_iter().map(of_row).collect()
}

fn signals(profile: &Profile, values: &[(&'static Column, f64)]) -> Vec<Number> {
    let reads = profile.reads();
    let is_read = |name: &str| {
        reads.today.iter().chain(reads.earlier.iter().map(|(name, _)| name)).any(|other| other == name)
    };
    values
        .iter()
        .filter(|(column, _)| matches!(column.group, "bar" | "signal" | "strength"))
        .map(|(column, value)| Number {
            name: &column.name,
            group: column.group,
            unit: column.unit,
            value: *value,
            used: SCORED.contains(&column.name.as_str()) || is_read(&column.name),
            definition: &column.definition,
        })
        .collect()
}

/// The value of a column that was computed for the row.
fn of_source(values: &[(&'static Column, f64)], source: Source) -> f64 {
    values.iter().find(|(column, _)| column.source == source).map_or(NULL, |(_, value)| *value)
}

fn factors(values: &[(&'static Column, f64)]) -> Vec<Factor> {
    let factor = |(at, factor): (usize, &'static crate::arithmetic::catalogue::Factor)| Factor {
        name: factor.name,
        unit: factor.unit,
        value: of_source(values, Source::Factor(at)),
        z: of_source(values, Source::FactorZ(at)),
        rank: of_source(values, Source::FactorRank(at)),
        definition: factor.definition,
    };
    FACTORS.iter().enumerate().map(factor).collect()
}

fn families_of(values: &[(&'static Column, f64)]) -> Vec<Family> {
    let family = |(at, family): (usize, &&'static str)| Family {
        family,
        z: of_source(values, Source::Family(at)),
        sn: of_source(values, Source::FamilyNeutral(at)),
    };
    families::NAMES.iter().enumerate().map(family).collect()
}

fn population(ranked: &Ranked, row: usize) -> Population {
    let (one, facts) = (&ranked.panel.instruments[row], ranked.facts(row));
    let features = ranked.panel.features_of(one.id);
    let mut excluded_by = Vec::new();
    if facts.bar_age != Some(0) {
        excluded_by.push("it has no bar on the session".to_owned());
    }
    if facts.is_benchmark {
        excluded_by.push("it is the benchmark".to_owned());
    }
    if !instrument::is_share(facts.kind) {
        let kind = facts.kind.unwrap_or_default();
        excluded_by.push(format!("its type {kind} is none of CS, ADRC and unknown"));
    }
    match features {
        None if facts.bar_age == Some(0) => {
            excluded_by.push("its features of the session are not computed yet".to_owned());
        }
        Some(features) if !features.in_population && excluded_by.is_empty() => excluded_by.push(
            "its price, its traded money or its age is too small for the population of factors".to_owned(),
        ),
        _ => {}
    }
    let population = ranked.population();
    Population {
        member: population[row],
        members: population.iter().filter(|member| **member).count(),
        excluded_by,
    }
}

fn scores_of(ranked: &Ranked, row: usize, weights: &Weights) -> Option<Scores> {
    let made_of = ranked.scores.contributions(row, weights)?;
    let parts = |parts: [scores::Part; 6]| {
        let part = |part: scores::Part| Part {
            name: part.name,
            weight: part.weight,
            value: part.value,
            points: part.points,
        };
        parts.into_iter().map(part).collect()
    };
    let charge =
        |charge: scores::Charge| Charge { name: charge.name, limit: charge.limit, points: charge.points };
    let scores = &ranked.scores;
    Some(Scores {
        ics: Score {
            value: scores.ics[row],
            label: scores.tier[row].map(scores::Tier::name),
            parts: parts(made_of.ics),
        },
        merit: Score {
            value: scores.merit[row],
            label: scores.band[row].map(scores::Band::name),
            parts: parts(made_of.merit),
        },
        penalties: made_of.penalties.into_iter().map(charge).collect(),
        rank: ranked.rank[row],
        ranked: ranked.rank.iter().filter(|rank| !rank.is_nan()).count(),
    })
}

fn flags(ranked: &Ranked, row: usize) -> Vec<Flag> {
    let meaning = |name: &'static str| match name {
        "features_behind" => {
            "Its bars or actions changed after the last features refresh: its factors are older than its bars."
        }
        _ => Flags::meaning(name).unwrap_or_default(),
    };
    ranked.flags(row).into_iter().map(|name| Flag { name, meaning: meaning(name) }).collect()
}

fn plan_of(ranked: &Ranked, profile: &Profile, row: usize) -> Plan {
    let settings = profile.plan.unwrap_or_default();
    let plan = ranked.plan(&settings, row);
    Plan {
        entry: plan.entry,
        stop: plan.stop,
        target: plan.target,
        risk_per_share: plan.risk_per_share,
        shares: plan.shares,
        position_value: plan.position_value,
        bound_by_liquidity: plan.bound_by_liquidity,
        settings,
        of_profile: profile.plan.is_some(),
    }
}

/// Why an instrument cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// Nobody ever had the ticker.
    #[error("no instrument has the ticker {ticker}")]
    UnknownTicker {
        /// As it was asked for.
        ticker: String,
        /// Tickers that are like it, the likest first.
        suggested: Vec<String>,
    },
    /// Its instrument has another ticker now.
    #[error("no instrument has the ticker {ticker} any more")]
    NotAnyMore {
        /// As it was asked for.
        ticker: String,
        /// The first day on which it was not the ticker.
        until: Option<NaiveDate>,
        /// The ticker now, or the last one.
        now: String,
    },
    /// The instrument has no bars.
    #[error("{ticker} has no bars")]
    NoBars {
        /// The ticker.
        ticker: String,
    },
    /// The scan failed.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ExplainError {
    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownTicker { suggested, .. } if suggested.is_empty() => {
                Some("ingest status shows what is loaded".into())
            }
            Self::UnknownTicker { ticker, suggested } => {
                let case = suggested.iter().any(|other| other.eq_ignore_ascii_case(ticker));
                let case = if case { "case matters: " } else { "" };
                Some(format!("{case}did you mean {}?", suggested.join(" or ")))
            }
            Self::NotAnyMore { ticker, until, now } => {
                let until = until.map_or(String::new(), |until| format!(" until {until}"));
                Some(format!(
                    "{ticker} was the ticker{until} of what is {now} now: scan explain {now}, or {ticker} with an --as-of before"
                ))
            }
            Self::NoBars { .. } => {
                Some("load them: ingest backfill --source … (ingest status shows what is loaded)".into())
            }
            Self::Scan(scan) => scan.hint(),
            Self::Store(store) => Some(store.hint().into()),
        }
    }
}
