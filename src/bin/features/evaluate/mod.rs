//! `features evaluate`: what factors were worth after the fact, as tables, JSON, and a page that stands alone.

mod json;
mod page;
mod plots;
mod scale;
mod tables;
mod words;

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::NaiveDate;
use deadpool_postgres::Object;
use tempfile::NamedTempFile;
use tidemark::arithmetic::evaluation::periods::{self, Period};
use tidemark::arithmetic::evaluation::signal::Signal;
use tidemark::failure::Failure;
use tidemark::jobs::evaluate::{self, Evaluation, FactorEvaluation, Options};
use tidemark::say::{self, Progress};
use tidemark::store::date_of;

/// Ask what factors were worth: how the order of the names went together with the returns that came after
///
/// For each session, the names of the population (in_population) with a value are compared with their total returns over the
/// next 1, 5, … sessions of the calendar. Returns are computed from the bars while the command runs and are stored nowhere.
///
/// FACTOR is a factor (features list; its raw value, turned so that a positive coefficient is the preferred way) or a
/// family's score: momentum, low_risk, momentum_sn … Several give a table to compare them by.
#[derive(clap::Args)]
#[command(after_long_help = words::HELP)]
pub struct Args {
    /// Factors or families
    #[arg(required = true, value_name = "FACTOR")]
    factors: Vec<String>,
    /// First session whose names are judged [default: the first with features]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last session whose names are judged, included; returns after it count [default: the last with features]
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// Sessions ahead over which returns are taken
    #[arg(long, value_name = "SESSIONS", value_delimiter = ',', default_value = "1,5,21,63",
        value_parser = clap::value_parser!(u16).range(1..=756))]
    horizons: Vec<u16>,
    /// How many groups of equal size the names are put into
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..=20))]
    quantiles: u8,
    /// Take each value less its sector's mean: z-scores of factors, scores of families (sectors as known now)
    #[arg(long)]
    sector_neutral: bool,
    /// As JSON on standard output, in full precision, every session included
    #[arg(long)]
    json: bool,
    /// Write a page with plots too: one file that needs nothing else
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Args {
    /// What is asked for; refused before the database is.
    fn options(&self, benchmark: &str) -> Result<Options, Failure> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && to < from
        {
            return Err(Failure::new(format!("--from {from} is after --to {to}"))
                .hint("give the earlier day first; --to is included"));
        }
        let mut signals: Vec<Signal> = Vec::new();
        for name in &self.factors {
            let signal = Signal::named(name, self.sector_neutral).ok_or_else(|| unknown(name))?;
            if !signals.contains(&signal) {
                signals.push(signal);
            }
        }
        let mut horizons: Vec<usize> = self.horizons.iter().map(|horizon| usize::from(*horizon)).collect();
        horizons.sort_unstable();
        horizons.dedup();
        Ok(Options {
            signals,
            from: self.from,
            to: self.to,
            horizons,
            quantiles: usize::from(self.quantiles),
            benchmark: benchmark.to_owned(),
        })
    }
}

fn unknown(name: &str) -> Failure {
    let similar = Signal::similar(name);
    let hint = if similar.is_empty() {
        format!("known are the factors (features list) and the families {}", families())
    } else {
        format!("did you mean {}?", similar.join(", "))
    };
    Failure::new(format!("no factor or family is called {name}")).hint(hint)
}

fn families() -> String {
    let names = Signal::names().into_iter();
    names
        .filter(|name| tidemark::arithmetic::catalogue::position(name).is_none())
        .collect::<Vec<String>>()
        .join(", ")
}

pub async fn run(client: &mut Object, args: &Args, benchmark: &str) -> anyhow::Result<ExitCode> {
    let options = args.options(benchmark)?;
    if let Some(out) = &args.html {
        // A place that cannot be written to is known before the work; a killed run leaves nothing there.
        drop(beside(out)?);
    }
    let progress = Progress::new("evaluating", "sessions");
    let evaluation = evaluate::run(client, &options, &|done, total| progress.at(done, total, "")).await;
    progress.end();
    let evaluation = evaluation?;
    if args.json {
        println!("{:#}", json::evaluation(&evaluation));
    } else {
        tables::print(&evaluation);
    }
    for warning in words::warnings(&evaluation) {
        eprintln!("warning: {warning}");
    }
    if let Some(out) = &args.html {
        let size = write(out, &page::page(&evaluation))?;
        eprintln!("page       {} ({})", out.display(), say::size(size));
    }
    Ok(ExitCode::SUCCESS)
}

/// A new file beside the target.
fn beside(out: &Path) -> Result<NamedTempFile, Failure> {
    if out.exists() && !out.is_file() {
        return Err(Failure::new(format!("{} is not a file", out.display()))
            .hint("name a file: it is replaced when the page is complete"));
    }
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Readable by whom the user's mask lets, as any file that a program writes.
    let permissions = Permissions::from_mode(0o666);
    tempfile::Builder::new()
        .prefix(".evaluate-")
        .permissions(permissions)
        .tempfile_in(folder)
        .map_err(|e| unwritable(out, &e))
}

/// Writes the page and puts it in its place when it is complete; gives its size.
fn write(out: &Path, page: &str) -> Result<u64, Failure> {
    let mut part = beside(out)?;
    part.write_all(page.as_bytes())
        .and_then(|()| part.as_file().sync_all())
        .map_err(|e| unwritable(out, &e))?;
    part.persist(out).map_err(|e| unwritable(out, &e.error))?;
    Ok(page.len() as u64)
}

fn unwritable(out: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{} cannot be written: {error}", out.display()))
        .hint("name a file in a folder that exists and may be written")
}

/// The rows of a factor by month.
fn months(evaluation: &Evaluation, factor: &FactorEvaluation) -> Vec<Period> {
    periods::by(&factor.rows, &evaluation.horizons, |session| date_of(session).format("%Y-%m").to_string())
}

/// The rows of a factor by year.
fn years(evaluation: &Evaluation, factor: &FactorEvaluation) -> Vec<Period> {
    periods::by(&factor.rows, &evaluation.horizons, |session| date_of(session).format("%Y").to_string())
}
