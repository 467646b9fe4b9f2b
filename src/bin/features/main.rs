//! `features`: keeps the feature store up to the bars, shows it, explains every number, exports it, evaluates it, and proves it.

mod evaluate;
mod explain;
mod export;
mod show;

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use tidemark::arithmetic::catalogue::FACTORS;
use tidemark::failure::{self, Failure};
use tidemark::jobs::evaluate::EvaluateError;
use tidemark::jobs::explain::ExplainError;
use tidemark::jobs::refresh::{self, Options, Reason, Sample};
use tidemark::say::{self, Progress};
use tidemark::settings::{Settings, SettingsArgs};
use tidemark::store::{self, Store, lock};

/// Keeps every factor of every instrument and session in the table features_day, as it was known on that session.
///
/// `features refresh` computes only what the changes since its last run can reach. In SQL, read features_day (raw values),
/// feature_scores (z-scores and families), feature_ranks and factors.
#[derive(Parser)]
#[command(name = "features", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring the feature store up to the bars
    Refresh {
        /// Compute everything again, whatever the change log says
        #[arg(long)]
        full: bool,
        /// Leave with an error instead of waiting where another refresh is running
        #[arg(long)]
        no_wait: bool,
    },
    /// Compute rows from nothing and compare them with the stored ones, bit for bit
    Verify {
        /// Every instrument and session instead of a sample
        #[arg(long)]
        all: bool,
        /// Size of the sample, in instruments
        #[arg(long, default_value_t = 200, conflicts_with = "all")]
        sample: usize,
    },
    Show(show::Args),
    Explain(explain::Args),
    /// List the factors: unit, direction, history, definition
    List {
        /// As a JSON array
        #[arg(long)]
        json: bool,
    },
    Evaluate(evaluate::Args),
    Export(export::Args),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // A reader that has seen enough (`| head`) ends the program quietly, as it does with other tools.
    sigpipe::reset();
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => failure::report(&error, |cause| {
            let explain = || cause.downcast_ref::<ExplainError>().map(ExplainError::hint);
            cause.downcast_ref::<EvaluateError>().map(EvaluateError::hint).or_else(explain)
        }),
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    if let Command::List { json } = cli.command {
        list(json);
        return Ok(ExitCode::SUCCESS);
    }
    let settings = Settings::load(&cli.settings)?;
    let mut client = Store::new(&settings, "tidemark features")?.client().await?;
    match cli.command {
        Command::Refresh { .. } => store::prepare(&mut client).await?,
        _ => store::check(&client).await?,
    }
    match cli.command {
        Command::Refresh { full, no_wait } => {
            let held = if no_wait {
                lock::try_hold(&**client, lock::Name::Features).await?.ok_or_else(|| {
                    Failure::new("another features refresh is running")
                        .hint("leave --no-wait out to wait for it, or come back later")
                })?
            } else {
                lock::hold_or_say(&**client, lock::Name::Features, || {
                    eprintln!("another features refresh is running; waiting for it to finish");
                })
                .await?
            };
            let options = Options { full, benchmark: settings.benchmark.clone() };
            let started = Instant::now();
            let progress = Progress::new("computing", "sessions");
            let summary =
                refresh::refresh(&mut client, &options, &|done, total| progress.at(done, total, "")).await?;
            progress.end();
            held.release(&**client).await?;
            print_summary(&summary, &settings.benchmark, started);
            Ok(ExitCode::SUCCESS)
        }
        Command::Verify { all, sample } => {
            let sample = if all { Sample::All } else { Sample::About(sample) };
            let progress = Progress::new("verifying", "sessions");
            let verdict = refresh::verify(&mut client, &settings.benchmark, sample, &|done, total| {
                progress.at(done, total, "");
            })
            .await?;
            progress.end();
            print_verdict(&verdict);
            Ok(if verdict.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Show(args) => show::run(&mut client, &args).await,
        Command::Explain(args) => explain::run(&mut client, &args, &settings.benchmark).await,
        Command::Evaluate(args) => evaluate::run(&mut client, &args, &settings.benchmark).await,
        Command::Export(args) => export::run(&mut client, &args, &settings.benchmark).await,
        Command::List { .. } => Ok(ExitCode::SUCCESS),
    }
}

fn print_summary(summary: &refresh::Summary, benchmark: &str, started: Instant) {
    match &summary.reason {
        Reason::Changes if summary.done.instruments == 0 => {
            println!("nothing changed since the last refresh");
        }
        Reason::Changes => {
            println!(
                "{} instruments changed since the last refresh",
                say::count(summary.done.instruments as u64)
            );
        }
        reason => println!("{reason}"),
    }
    println!(
        "rows       {} computed: {} new, {} changed, {} removed",
        say::count(summary.done.computed),
        say::count(summary.done.added),
        say::count(summary.done.changed),
        say::count(summary.done.removed)
    );
    println!("sections   {} sessions", say::count(summary.done.sections as u64));
    println!(
        "time       {}: {} reading, {} computing, {} writing",
        say::time(started.elapsed()),
        say::time(summary.done.reading),
        say::time(summary.done.computing),
        say::time(summary.done.writing)
    );
    if summary.no_bars {
        eprintln!("warning: there are no bars to compute features from; load some with ingest backfill");
    } else if summary.benchmark_missing {
        eprintln!(
            "warning: the benchmark {benchmark} has no bars, so beta_252 and ivol_252 are null; set benchmark in tidemark.toml or TIDEMARK_BENCHMARK"
        );
    }
}

fn print_verdict(verdict: &refresh::Verdict) {
    if verdict.other_definitions {
        println!(
            "the stored features are of other definitions (another benchmark or program), or none are stored yet; nothing was compared"
        );
        eprintln!("hint: run features refresh with these settings, then verify again");
        return;
    }
    if verdict.pending > 0 {
        println!("{} instruments changed since the last refresh; nothing was compared", verdict.pending);
        eprintln!("hint: run features refresh, then verify again");
        return;
    }
    println!(
        "{} instruments, {} rows compared: {} differ",
        say::count(verdict.instruments as u64),
        say::count(verdict.rows),
        verdict.differing_rows
    );
    println!(
        "{} sessions' moments compared: {} differ",
        say::count(verdict.sections),
        verdict.differing_moments
    );
    for words in &verdict.shown {
        println!("  {words}");
    }
    if verdict.is_clean() {
        println!("stored = computed from nothing, bit for bit");
    }
}

fn list(json: bool) {
    if json {
        let factors: Vec<serde_json::Value> = FACTORS
            .iter()
            .map(|f| {
                serde_json::json!({
                    "name": f.name, "version": f.version, "family": f.family, "unit": f.unit,
                    "direction": f.direction.stored(), "history": f.history, "inputs": f.inputs, "definition": f.definition, "source": f.source,
                })
            })
            .collect();
        println!("{:#}", serde_json::Value::from(factors));
        return;
    }
    let rows = FACTORS
        .iter()
        .map(|f| {
            let direction = f.direction.stored().map_or("", |d| if d > 0 { "+" } else { "-" });
            vec![
                f.name.into(),
                direction.into(),
                f.family.unwrap_or("").into(),
                f.unit.into(),
                f.definition.into(),
            ]
        })
        .collect();
    println!("{}", say::table(&["factor", "", "family", "unit", "definition"], &[false; 5], rows));
}
