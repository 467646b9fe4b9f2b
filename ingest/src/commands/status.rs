//! `ingest status`: what is loaded and what is missing.

use std::process::ExitCode;

use chrono::{Days, NaiveDate};
use serde_json::json;
use tidemark::domain::calendar::nyse;
use tidemark::say;
use tidemark::settings::Settings;
use tidemark::store::status::Loaded;
use tidemark::store::{self, status};

/// Missing sessions that are named.
const NAMED: usize = 10;

/// Show what is loaded: sessions expected, loaded and missing, instruments, actions, the database's edition
#[derive(clap::Args)]
pub struct Args {
    /// First session expected [default: the first loaded one]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last session expected [default: the last loaded one]
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// As one JSON object, with every missing session
    #[arg(long)]
    json: bool,
}

pub async fn run(settings: &Settings, args: &Args) -> anyhow::Result<ExitCode> {
    let mut client = super::open(settings)?.client().await?;
    store::prepare(&mut client).await?;
    let status = status::read(&**client).await?;
    let first = args.from.or_else(|| status.days.sessions.first().copied());
    let last = args.to.or_else(|| status.days.sessions.last().copied());
    let expected: Vec<NaiveDate> = match (first, last) {
        (Some(first), Some(last)) => nyse().sessions(first, last + Days::new(1)).collect(),
        _ => Vec::new(),
    };
    let missing: Vec<NaiveDate> =
        expected.iter().copied().filter(|date| status.days.sessions.binary_search(date).is_err()).collect();
    if args.json {
        let object = json!({
            "timescaledb": status.timescale,
            "edition": status.edition,
            "from": first,
            "to": last,
            "expected": expected.len(),
            "loaded": expected.len() - missing.len(),
            "missing": missing,
            "bars": status.days.bars,
            "minute_sessions": status.minutes.sessions,
            "minute_bars": status.minutes.bars,
            "instruments": status.instruments,
            "reference": {
                "listed": status.reference.listed,
                "with_type": status.reference.with_type,
                "with_sector": status.reference.with_sector,
                "without_bars": status.reference.without_bars,
                "merged": status.reference.merged,
                "announced_days": status.reference.announced_days,
                "loaded_at": status.reference.loaded_at,
            },
            "splits": status.splits,
            "dividends": status.dividends,
            "share_counts": status.shares,
            "revisions": status.revisions,
        });
        println!("{object:#}");
        return Ok(ExitCode::SUCCESS);
    }
    println!("database     TimescaleDB {}, {} edition", status.timescale, status.edition);
    if status.edition == "apache" {
        println!(
            "             columnstore and continuous aggregates are not in this edition; nothing here needs them (bars_5min and \
             bars_hour are views)"
        );
    }
    match (first, last) {
        (Some(first), Some(last)) => println!("range        {first} to {last}"),
        _ => println!("range        nothing is loaded yet: ingest backfill --help"),
    }
    println!(
        "sessions     {} expected, {} loaded, {} missing",
        expected.len(),
        expected.len() - missing.len(),
        missing.len()
    );
    if !missing.is_empty() {
        let named: Vec<String> = missing.iter().take(NAMED).map(ToString::to_string).collect();
        let more = if missing.len() > NAMED { ", … (--json names all)" } else { "" };
        println!("             missing: {}{more}", named.join(", "));
    }
    println!("bars         {}, by the ledger", say::count(status.days.bars));
    println!("{}", minutes(&status.minutes));
    println!("instruments  {}", say::count(status.instruments));
    print_reference(&status.reference);
    println!("actions      {} splits, {} dividends", say::count(status.splits), say::count(status.dividends));
    println!("share counts {}", say::count(status.shares));
    println!("revisions    {}", say::count(status.revisions));
    Ok(ExitCode::SUCCESS)
}

/// What is loaded of minute bars: sessions of those between the first and the last.
fn minutes(loaded: &Loaded) -> String {
    let (Some(first), Some(last)) = (loaded.sessions.first(), loaded.sessions.last()) else {
        return "minutes      none: ingest backfill --timeframe minute".to_owned();
    };
    format!(
        "minutes      {} of {} sessions from {first} to {last}, {} bars, by the ledger",
        say::count(loaded.sessions.len() as u64),
        say::count(nyse().sessions(*first, *last + Days::new(1)).len() as u64),
        say::count(loaded.bars),
    )
}

fn print_reference(reference: &status::Reference) {
    let Some(loaded_at) = reference.loaded_at else {
        println!("reference    none: ingest reference --help");
        return;
    };
    println!(
        "reference    {} in the vendor's list, {} with a type, {} with a sector; list loaded {}",
        say::count(reference.listed),
        say::count(reference.with_type),
        say::count(reference.with_sector),
        loaded_at.format("%Y-%m-%d %H:%M UTC")
    );
    println!(
        "             {} listed without bars, {} merged into others, {} announced exchange days",
        say::count(reference.without_bars),
        say::count(reference.merged),
        say::count(reference.announced_days)
    );
}
