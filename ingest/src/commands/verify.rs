//! `ingest verify`: is what is loaded complete, and can it be right?

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};
use tidemark::failure::Failure;
use tidemark::jobs::checks::catalogue::{CHECKS, Check, Severity};
use tidemark::jobs::checks::findings::{Finding, Found};
use tidemark::jobs::checks::{self, ChecksError, Options, Report};
use tidemark::say::{self, Progress};
use tidemark::settings::Settings;
use tidemark::store::{self, Store};

/// Check what is loaded: missing sessions and bars, bars that cannot be right, missing splits, actions without a jump
///
/// Reads everything in one snapshot and changes nothing. An error cannot be right, or is missing for sure; a warning may be
/// right, look at it; a note is common and counted. Exit code 1 if there is a finding at or above --fail-on.
///
/// With --from and --to, findings of these days only, judged with what lies around them. With --tickers, the checks that
/// need the whole market are left out, and what a whole session lacks counts as a gap of each ticker.
#[derive(clap::Args)]
#[command(after_long_help = after_help())]
pub struct Args {
    /// First day examined [default: the first one loaded]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last day examined, included [default: the last one loaded]
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// Only these tickers, comma-separated, whenever an instrument had them; case matters
    #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = super::backfill::ticker)]
    tickers: Vec<String>,
    /// Only these checks, comma-separated [default: all]
    #[arg(long = "check", value_name = "NAME,…", value_delimiter = ',', value_parser = check_parser())]
    checks: Vec<Check>,
    /// Findings of a check that the table shows; the JSON has all
    #[arg(long, value_name = "N", default_value_t = 5)]
    limit: usize,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Findings from which on the exit code is 1
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    fail_on: FailOn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: a line a check, examples, and what to do
    Table,
    /// For programs: one object with all findings
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Never,
}

fn check_parser() -> impl TypedValueParser<Value = Check> {
    let names = CHECKS.iter().map(|about| {
        PossibleValue::new(about.name).help(format!("{}: {}", about.severity.name(), about.meaning))
    });
    PossibleValuesParser::new(names).try_map(|name| Check::named(&name).ok_or("unknown"))
}

fn after_help() -> String {
    let mut text = String::from(
        "Examples:
  ingest verify                                            everything, with what to do
  ingest verify --check missing-split,bad-print --limit 50
  ingest verify --from 2024-06-03 --tickers AAPL,BRK.A
  ingest verify --format json --fail-on warning            for a scheduler: exit code 1

JSON: one object.
  from, to        first and last session examined
  sessions, instruments, bars, splits, dividends
                  how many there are
  revisions       bars that later loads changed, removed or added
  change_log      rows that jobs have to follow, by topic
  checks          one a check that was made: check, severity, meaning,
                  findings (how many), kept (how many are listed below)
  left_out        checks that need the whole market, with --tickers
  findings        check, severity, instrument_id, ticker (on the first day;
                  both null for a finding about a session), from, through,
                  found (in words), numbers (below), remedy

Numbers in the findings of each check (null where there is no number):",
    );
    for about in CHECKS.iter().filter(|about| !about.numbers.is_empty()) {
        let _ = write!(text, "\n  {}", about.name);
        for (name, meaning) in about.numbers {
            let _ = write!(text, "\n    {name:<19} {meaning}");
        }
    }
    text
}

pub async fn run(settings: &Settings, args: &Args) -> anyhow::Result<ExitCode> {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && to < from
    {
        return Err(Failure::new(format!("--from {from} is after --to {to}"))
            .hint("give the earlier day first; --to is included")
            .into());
    }
    let options =
        Options { from: args.from, to: args.to, tickers: args.tickers.clone(), checks: args.checks.clone() };
    let started = Instant::now();
    let report = verify(&super::open(settings)?, &options).await?;
    match args.format {
        Format::Table => print!("{}", table(&report, args.limit, started.elapsed())),
        Format::Json => println!("{:#}", object(&report)),
    }
    let fails = match args.fail_on {
        FailOn::Error => Some(Severity::Error),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Never => None,
    };
    let failed = fails.is_some_and(|least| report.worst().is_some_and(|worst| worst >= least));
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Examines what is loaded, with progress on standard error.
pub async fn verify(store: &Store, options: &Options) -> anyhow::Result<Report> {
    let mut client = store.client().await?;
    store::check(&client).await?;
    let progress = Progress::new("verifying", "instruments");
    let report = checks::run(&mut client, options, &|done, total| progress.at(done, total, "")).await;
    progress.end();
    report.map_err(|error| match error {
        ChecksError::UnknownTicker { ref similar, .. } => {
            let known =
                if similar.is_empty() { String::new() } else { format!("; known: {}", similar.join(", ")) };
            Failure::new(error.to_string()).hint(format!("tickers are case-sensitive{known}")).into()
        }
        ChecksError::Store(error) => error.into(),
    })
}

/// The report for people: `limit` examples a check.
pub fn table(report: &Report, limit: usize, time: Duration) -> String {
    if report.bars == 0 && report.found.is_empty() {
        return "nothing is loaded in this range: ingest backfill --help\n".to_owned();
    }
    let mut text = String::new();
    let mut line = |words: String| {
        text.push_str(words.trim_end());
        text.push('\n');
    };
    let range = report.range.map_or("no session".to_owned(), |(first, last)| format!("{first} to {last}"));
    line(format!("examined   {range}, {} sessions", say::count(report.sessions as u64)));
    line(format!(
        "           {} bars of {} instruments, {} splits, {} dividends",
        say::count(report.bars),
        say::count(report.instruments as u64),
        say::count(report.splits as u64),
        say::count(report.dividends as u64)
    ));
    if report.splits + report.dividends == 0 {
        line(
            "           no split or dividend is loaded (ingest actions), so every split looks missing"
                .to_owned(),
        );
    }
    for (check, found) in &report.found {
        let about = check.about();
        line(String::new());
        line(format!("{:<10} {}  {}", about.severity.name(), about.name, totals(*check, found)));
        line(format!("           {}", about.meaning));
        for finding in found.kept.iter().take(limit) {
            line(format!("             {}", example(finding)));
        }
        let more = found.count.saturating_sub(limit as u64);
        if more > 0 {
            line(format!("             … and {} more (--limit N, --format json)", say::count(more)));
        }
        if let Some(first) = found.kept.first() {
            line(format!("           do: {}", first.remedy()));
        }
    }
    line(String::new());
    let clean = report.made.iter().filter(|check| !report.found.contains_key(check));
    names("clean", clean.copied(), "").into_iter().for_each(&mut line);
    let left_out = report.left_out.iter().copied();
    names("left out", left_out, " (they need the whole market, without --tickers)")
        .into_iter()
        .for_each(&mut line);
    line(format!("revisions  {}", rows(&report.counts.revisions)));
    line(format!("change log {}", rows(&report.counts.change_log)));
    let counts = [Severity::Error, Severity::Warning, Severity::Note].map(|severity| {
        let count = report.count(severity);
        format!("{} {}{}", say::count(count), severity.name(), if count == 1 { "" } else { "s" })
    });
    line(format!("found      {} in {}", counts.join(", "), say::time(time)));
    text
}

/// How many findings, and what their numbers add up to.
fn totals(check: Check, found: &Found) -> String {
    let count = say::count(found.count);
    let Some((number, unit)) = check.about().sum else { return count };
    let sum: u64 = found.kept.iter().filter_map(|finding| finding.numbers[number].as_u64()).sum();
    let least = if found.count > found.kept.len() as u64 { "at least " } else { "" };
    format!("{count} ({least}{} {unit})", say::count(sum))
}

/// Names of checks in lines of readable length; no line without a name.
fn names(what: &str, checks: impl Iterator<Item = Check>, why: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for check in checks {
        let name = check.about().name;
        match lines.last_mut() {
            Some(line) if line.len() + name.len() < 100 => {
                line.push_str(", ");
                line.push_str(name);
            }
            Some(line) => {
                line.push(',');
                lines.push(format!("           {name}"));
            }
            None => lines.push(format!("{what:<10} {name}")),
        }
    }
    if let Some(line) = lines.last_mut() {
        line.push_str(why);
    }
    lines
}

/// Rows of a table by name.
fn rows(counts: &BTreeMap<String, i64>) -> String {
    if counts.is_empty() {
        return "none".to_owned();
    }
    let part = |(name, count): (&String, &i64)| format!("{} {name}", say::count(count.unsigned_abs()));
    counts.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn example(finding: &Finding) -> String {
    let days = if finding.from == finding.through {
        finding.from.to_string()
    } else {
        format!("{} to {}", finding.from, finding.through)
    };
    match &finding.ticker {
        Some(ticker) => format!("{ticker:<6} {days}  {}", finding.found),
        None => format!("{days}  {}", finding.found),
    }
}

/// The report for programs.
fn object(report: &Report) -> Value {
    let checks = report.made.iter().map(|check| {
        let about = check.about();
        let found = report.found.get(check);
        json!({
            "check": about.name,
            "severity": about.severity.name(),
            "meaning": about.meaning,
            "findings": found.map_or(0, |found| found.count),
            "kept": found.map_or(0, |found| found.kept.len()),
        })
    });
    let findings = report.found.values().flat_map(|found| &found.kept).map(|finding| {
        json!({
            "check": finding.check.about().name,
            "severity": finding.check.about().severity.name(),
            "instrument_id": finding.instrument_id,
            "ticker": finding.ticker,
            "from": finding.from,
            "through": finding.through,
            "found": finding.found,
            "numbers": finding.numbers,
            "remedy": finding.remedy(),
        })
    });
    json!({
        "from": report.range.map(|(from, _)| from),
        "to": report.range.map(|(_, to)| to),
        "sessions": report.sessions,
        "instruments": report.instruments,
        "bars": report.bars,
        "splits": report.splits,
        "dividends": report.dividends,
        "revisions": report.counts.revisions,
        "change_log": report.counts.change_log,
        "checks": checks.collect::<Vec<_>>(),
        "left_out": report.left_out.iter().map(|check| check.about().name).collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
    })
}
