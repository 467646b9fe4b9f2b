//! `scan explain TICKER`: why an instrument is listed or not, stage by stage, for people or as JSON.

use std::process::ExitCode;
use std::sync::Arc;

use chrono::NaiveDate;
use tidemark::jobs::scan::columns;
use tidemark::jobs::scan::explain::{self, Condition, Explained, Score};
use tidemark::jobs::scan::profile::{self, ColumnData, MARKET, Profile, ProfileError};
use tidemark::say::{count, table};
use tokio_postgres::Client;

use crate::output::{cell, shown};

/// Explain one instrument: why it is listed or not, each stage with its numbers
///
/// The market is ranked as by an incremental scan, and nothing is stored. `features explain` tells how a single factor was computed.
#[derive(clap::Args)]
pub struct Args {
    /// Ticker; case matters
    ticker: String,
    /// Profile: a name (see `scan profiles`) or a TOML file
    #[arg(long, short, value_name = "NAME|FILE", default_value = MARKET)]
    profile: String,
    /// A past session instead of the latest, from what was known then
    #[arg(long, value_name = "DATE")]
    as_of: Option<NaiveDate>,
    /// Show every signal and factor, null or not, with its meaning
    #[arg(long)]
    all: bool,
    /// As one JSON object: everything, in full precision
    #[arg(long)]
    json: bool,
}

impl Args {
    /// The profile that is asked for.
    pub fn profile(&self) -> Result<Arc<Profile>, ProfileError> {
        let here = std::env::current_dir().unwrap_or_default();
        profile::find(&self.profile, &here, columns::known()).map(Arc::new)
    }
}

pub async fn run(
    client: &mut Client,
    args: &Args,
    profile: &Arc<Profile>,
    benchmark: &str,
) -> anyhow::Result<ExitCode> {
    let explained = explain::run(client, &args.ticker, args.as_of, profile, benchmark).await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&explained)?);
    } else {
        print(&explained, args.all);
    }
    Ok(ExitCode::SUCCESS)
}

/// A label, and beside it lines of text.
fn say(label: &str, text: impl AsRef<str>) {
    println!("{}", format!("{label:<13}{}", text.as_ref()).trim_end());
}

/// A table under a label.
fn section(header: &[&str], right: &[bool], rows: Vec<Vec<String>>) {
    for line in table(header, right, rows).lines() {
        println!("  {line}");
    }
}

fn print(explained: &Explained, all: bool) {
    println!("{}", explained.conclusion);
    print_instrument(explained);
    println!();
    print_universe(explained);
    println!();
    print_population(explained);
    print_conditions(&explained.conditions);
    print_order(explained);
    println!();
    print_scores(explained);
    if !explained.flags.is_empty() {
        println!();
        say("flags", "");
        let rows = explained.flags.iter().map(|flag| vec![flag.name.to_owned(), flag.meaning.to_owned()]);
        section(&["flag", "meaning"], &[false; 2], rows.collect());
    }
    println!();
    print_factors(explained, all);
    println!();
    print_signals(explained, all);
    println!();
    print_plan(explained);
    println!();
    println!(
        "How a factor was computed: features explain {} FACTOR {}",
        explained.instrument.ticker, explained.session_date
    );
}

fn print_instrument(explained: &Explained) {
    let one = &explained.instrument;
    let known = [one.kind.as_deref(), one.exchange.as_deref(), one.sector.as_deref()];
    let mut words: Vec<String> = known.into_iter().flatten().map(str::to_owned).collect();
    words.push(format!("instrument {}", one.instrument_id));
    words.push(
        one.latest_bar
            .map_or_else(|| "no bar in the last 300 sessions".to_owned(), |day| format!("latest bar {day}")),
    );
    if one.ticker != one.ticker_now {
        words.push(format!("its ticker is {} now", one.ticker_now));
    }
    say("", words.join(", "));
    say(
        "",
        format!(
            "session {}, profile {}, {} signals",
            explained.session_date, explained.profile, explained.mode
        ),
    );
}

fn print_universe(explained: &Explained) {
    let broken = explained.universe.iter().filter(|rule| !rule.passed).count();
    match explained.universe.iter().find(|rule| rule.dropped) {
        None => say("universe", format!("passed, all {} rules", explained.universe.len())),
        Some(rule) => say(
            "universe",
            format!("dropped by the first rule that it breaks: {} ({broken} in all)", rule.rule),
        ),
    }
    let rows = explained.universe.iter().map(|rule| {
        let passed = match (rule.passed, rule.dropped) {
            (true, _) => "passed",
            (false, true) => "dropped it",
            (false, false) => "broken too",
        };
        vec![rule.rule.to_owned(), shown(rule.rule, &rule.value), rule.wanted.clone(), passed.to_owned()]
    });
    section(&["rule", "value", "let in", ""], &[false, true, false, false], rows.collect());
}

fn print_population(explained: &Explained) {
    let population = &explained.population;
    let members = count(population.members as u64);
    if population.member {
        say("population", format!("in it, one of {members}"));
    } else {
        say("population", format!("not in it (of {members}): no z, no rank, no score"));
    }
    for why in &population.excluded_by {
        say("", why);
    }
}

fn print_conditions(conditions: &[Condition]) {
    if conditions.is_empty() {
        return say("where", "the profile has no condition");
    }
    let met = conditions.iter().filter(|one| one.met == Some(true)).count();
    say("where", format!("{met} of {} conditions are true", conditions.len()));
    let rows = conditions.iter().map(|one| {
        let truth = one.met.map_or("unknown", |met| if met { "true" } else { "FALSE" });
        let read: Vec<String> =
            one.read.iter().map(|(name, value)| format!("{name} {}", shown(name, value))).collect();
        vec![truth.to_owned(), one.condition.clone(), read.join(", ")]
    });
    section(&["", "condition", "reads"], &[false; 3], rows.collect());
}

fn print_order(explained: &Explained) {
    let order = &explained.order;
    let matching = count(order.matching as u64);
    match order.place {
        Some(place) => say("order", format!("place {} of {matching} that match", count(place as u64))),
        None => say("order", format!("does not match; {matching} do")),
    }
    let rows = order.keys.iter().map(|key| {
        let direction = if key.descending { "largest first" } else { "smallest first" };
        vec![key.expression.clone(), shown(&key.expression, &key.value), direction.to_owned()]
    });
    section(&["key", "value", ""], &[false, true, false], rows.collect());
    if let Some(cap) = &explained.sector_cap {
        let before = if order.place.is_some() { "listed before it" } else { "listed" };
        say("sector cap", format!("{}, and {} of {} are {before}", cap.cap, cap.listed, cap.sector));
    }
    say("limit", format!("{}, and {} are listed", count(explained.limit as u64), explained.listed));
}

fn print_scores(explained: &Explained) {
    let Some(scores) = &explained.scores else { return say("scores", "none outside of the population") };
    let place = if scores.rank.is_nan() {
        String::new()
    } else {
        format!(", place {:.0} of {} by it", scores.rank, count(scores.ranked as u64))
    };
    print_score("ics", &scores.ics, &place);
    print_score("merit", &scores.merit, "");
    for charge in &scores.penalties {
        say(
            "",
            format!(
                "{} takes off {} (its limit is {})",
                charge.name,
                points(charge.points),
                plain(charge.limit)
            ),
        );
    }
}

fn print_score(name: &str, score: &Score, place: &str) {
    let label = score.label.map_or(String::new(), |label| format!(", {label}"));
    let value = if score.value.is_nan() {
        "null: under half of its weight is known".into()
    } else {
        points(score.value)
    };
    say(name, format!("{value}{label}{place}"));
    let rows = score.parts.iter().map(|part| {
        let lacks = if part.value.is_nan() { "lacks: its weight is the others'" } else { "" };
        vec![
            part.name.to_owned(),
            plain(part.weight),
            points(part.value),
            points(part.points),
            lacks.to_owned(),
        ]
    });
    section(&["part", "weight", "value", "points", ""], &[false, true, true, true, false], rows.collect());
}

fn print_factors(explained: &Explained, all: bool) {
    say("families", "");
    let rows = explained.families.iter().map(|one| vec![one.family.to_owned(), plain(one.z), plain(one.sn)]);
    section(&["family", "z", "sector-neutral"], &[false, true, true], rows.collect());
    println!();
    let (factors, lacking): (Vec<_>, Vec<_>) =
        explained.factors.iter().partition(|factor| all || !factor.value.is_nan());
    say(
        "factors",
        if lacking.is_empty() {
            String::new()
        } else {
            format!("{} more are null (--all shows them)", lacking.len())
        },
    );
    let rows = factors.iter().map(|factor| {
        let mut row = vec![
            factor.name.to_owned(),
            plain(factor.value),
            plain(factor.z),
            plain(factor.rank),
            factor.unit.to_owned(),
        ];
        row.extend(all.then(|| factor.definition.to_owned()));
        row
    });
    let header = ["factor", "value", "z", "rank", "unit", "meaning"];
    let right = [false, true, true, true, false, false];
    let shown = if all { 6 } else { 5 };
    section(&header[..shown], &right[..shown], rows.collect());
}

fn print_signals(explained: &Explained, all: bool) {
    let signals: Vec<_> = explained.signals.iter().filter(|one| all || one.used).collect();
    let note = if all { "" } else { "those that the profile or the scores read (--all shows the others)" };
    say("signals", note);
    let rows = signals.iter().map(|one| {
        let mut row = vec![
            one.name.to_owned(),
            cell(one.unit, &ColumnData::Numbers(vec![one.value]), 0),
            if one.unit == "ratio" { "%".to_owned() } else { one.unit.to_owned() },
        ];
        row.extend(all.then(|| one.definition.to_owned()));
        row
    });
    let shown = if all { 4 } else { 3 };
    section(
        &["signal", "value", "unit", "meaning"][..shown],
        &[false, true, false, false][..shown],
        rows.collect(),
    );
}

fn print_plan(explained: &Explained) {
    let plan = &explained.plan;
    let settings = if plan.of_profile { "the profile's settings" } else { "the default settings" };
    if plan.entry.is_nan() {
        return say("plan", "none: no average range, or no stop below the close and above 0");
    }
    say("plan", format!("by {settings}: {} at risk", plain(plan.settings.risk_money)));
    let price = |value: f64| cell("price", &ColumnData::Numbers(vec![value]), 0);
    let bound = if plan.bound_by_liquidity { ", as few because little is traded" } else { "" };
    say(
        "",
        format!(
            "entry {}, stop {}, target {}, {} at risk a share",
            price(plan.entry),
            price(plan.stop),
            price(plan.target),
            price(plan.risk_per_share)
        ),
    );
    say("", format!("{} shares for {}{bound}", plain(plan.shares), price(plan.position_value)));
}

fn points(value: f64) -> String {
    if value.is_nan() { "-".to_owned() } else { format!("{value:.1}") }
}

/// A number for reading: whole ones with their thousands separated, others to four digits after the point.
fn plain(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    match value.abs() {
        size if size.is_nan() => "-".to_owned(),
        size if size.fract() == 0.0 || size >= 10_000.0 => format!("{sign}{}", count(size.round() as u64)),
        size if size < 0.001 => format!("{value:.8}"),
        _ => format!("{value:.4}"),
    }
}
