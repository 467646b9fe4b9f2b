//! `scan diff`: what two stored runs differ in.

use std::process::ExitCode;

use serde_json::Value;
use tidemark::jobs::scan::diff::{self, Change, Diff, Read, Row};
use tidemark::jobs::scan::runs::{self, Which};
use tidemark::say;
use tokio_postgres::Client;

use crate::output::shown;

/// Compare two stored runs: who is new, who is gone, who moved, and why
///
/// By default the two latest runs of the profile (of the latest run's profile, if none is given). With one number, that run and
/// the latest of its profile. Runs of different profiles are compared only if both are named.
#[derive(clap::Args)]
pub struct Args {
    /// Number of the older run
    old: Option<Which>,
    /// Number of the newer run, or latest
    new: Option<Which>,
    /// Profile of both runs
    #[arg(long, short, value_name = "NAME")]
    profile: Option<String>,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

pub async fn run(client: &Client, args: &Args) -> anyhow::Result<ExitCode> {
    let (old, new) = runs::pair(client, args.old, args.new, args.profile.as_deref()).await?;
    let found = diff::diff(&old, &new);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&found)?);
    } else {
        print(&found);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(diff: &Diff) {
    let (old, new) = (&diff.old, &diff.new);
    println!(
        "run {} ({}, {} rows) and run {} ({}, {} rows), profile {}",
        old.run_id, old.session_date, old.rows, new.run_id, new.session_date, new.rows, new.profile
    );
    for remark in &diff.remarks {
        println!("note: {remark}");
    }
    let counts = &diff.counts;
    println!(
        "{} new, {} gone, {} moved, {} at the same place",
        counts.entered, counts.gone, counts.moved, counts.stayed
    );
    let place = |place: Option<usize>| place.map_or_else(String::new, |place| place.to_string());
    if !diff.entered.is_empty() {
        let rows = diff.entered.iter().map(|row| vec![place(row.place), ticker(row), why(row)]);
        section(&["#", "new", "why it was not listed"], &[true, false, false], rows.collect());
    }
    if !diff.gone.is_empty() {
        let rows = diff.gone.iter().map(|row| vec![place(row.place_then), ticker(row), why(row)]);
        section(&["was", "gone", "why it is not listed"], &[true, false, false], rows.collect());
    }
    if !diff.moved.is_empty() {
        let rows = diff
            .moved
            .iter()
            .map(|row| vec![place(row.place_then), place(row.place), ticker(row), changes(&row.changes)]);
        section(&["was", "#", "moved", "what changed most"], &[true, true, false, false], rows.collect());
    }
}

fn section(header: &[&str], right: &[bool], rows: Vec<Vec<String>>) {
    println!();
    println!("{}", say::table(header, right, rows));
}

fn ticker(row: &Row) -> String {
    match &row.ticker_then {
        Some(then) => format!("{} ({then} then)", row.ticker),
        None => row.ticker.clone(),
    }
}

/// The fate in the other run, and what is stored of what the condition reads.
fn why(row: &Row) -> String {
    let Some(why) = &row.why else { return "not stored".to_owned() };
    let words = |read: &Read| {
        let shown = |value: &Option<Value>| value.as_ref().map(|value| shown(&read.name, value));
        match (shown(&read.then), shown(&read.now)) {
            (Some(then), Some(now)) => format!("{} {then} then, {now} now", read.name),
            (Some(then), None) => format!("{} {then} then", read.name),
            (None, now) => format!("{} {} now", read.name, now.unwrap_or_default()),
        }
    };
    let read: Vec<String> = row.read.iter().map(words).collect();
    if read.is_empty() { why.words.clone() } else { format!("{} ({})", why.words, read.join("; ")) }
}

/// Keys of the order from value to value, contributions as the points that they won or lost.
fn changes(changes: &[Change]) -> String {
    let words = |change: &Change| match (change.of, change.then.as_f64(), change.now.as_f64()) {
        ("order", ..) => {
            let (then, now) = (shown(&change.name, &change.then), shown(&change.name, &change.now));
            format!("{} {then} to {now}", change.name)
        }
        (score, Some(then), Some(now)) => format!("{score} {:+.1} by {}", now - then, change.name),
        _ => change.name.clone(),
    };
    if changes.is_empty() {
        return "nothing of its own: others moved".to_owned();
    }
    changes.iter().map(words).collect::<Vec<_>>().join(", ")
}
