//! `scan`: ranks the whole market and proves that the incremental ranking equals the full one.

mod asked;
mod diff;
mod explain;
mod lists;
mod output;
mod runs;
mod serve;

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Parser, Subcommand};
use tidemark::failure;
use tidemark::jobs::scan::explain::ExplainError;
use tidemark::jobs::scan::profile::ProfileError;
use tidemark::jobs::scan::runs::RunsError;
use tidemark::jobs::scan::{self, Connections, Mode, ScanError};
use tidemark::settings::{Settings, SettingsArgs};
use tidemark::store::{self, Store, lock};

use asked::Asked;

/// Ranks every instrument of the market at its latest session, and lists what a profile asks for.
///
/// A full scan reads everybody's last 300 bars. An incremental scan reads those of the instruments that changed since the
/// last stored scan and takes the others as that scan kept them; ranks and scores are always computed over the whole
/// population, so both give the same rows, bit for bit. `scan verify` proves it on your data.
///
/// Every scan of the latest session is stored: `scan runs` lists them, `scan show` prints one again, `scan diff` says what changed
/// between two. The latest 1,000 are kept, unless TIDEMARK_SCAN_RUNS_KEPT or scan_runs_kept in tidemark.toml says otherwise.
#[derive(Parser)]
#[command(
    name = "scan",
    version,
    arg_required_else_help = true,
    after_help = "Run `features refresh` before a scan: scores need the factors of the session.\n\n\
        Examples:\n  \
        scan incremental --profile momentum-leaders\n  \
        scan incremental --where \"close > sma_200 AND rsi_14 < 30\" --order-by \"quality_z DESC\"\n  \
        scan explain AAPL --profile momentum-leaders\n  \
        scan diff --profile momentum-leaders\n  \
        scan full --as-of 2015-06-30 --profile low-risk --format csv"
)]
struct Cli {
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Rank the market from nothing
    Full {
        #[command(flatten)]
        asked: Asked,
        /// Rank a past session instead, from what was known then; such a scan is not stored
        #[arg(long, value_name = "DATE")]
        as_of: Option<NaiveDate>,
    },
    /// Rank the market from what the last scan kept and what changed since
    Incremental {
        #[command(flatten)]
        asked: Asked,
    },
    /// Scan both ways in one snapshot and compare every value, bit for bit; nothing is stored
    Verify,
    Explain(explain::Args),
    Runs(runs::ListArgs),
    Show(runs::ShowArgs),
    Diff(diff::Args),
    /// Keep the market in memory, follow its changes, and answer over HTTP or standard input and output
    Serve(serve::Args),
    /// List the columns that profiles filter, order and show: name, unit, meaning
    Columns {
        /// Only those whose name or group contains this
        #[arg(value_name = "TEXT")]
        matching: Option<String>,
        /// As a JSON array
        #[arg(long)]
        json: bool,
    },
    /// List the profiles that are found from this folder
    Profiles {
        /// As a JSON array
        #[arg(long)]
        json: bool,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // A reader that has seen enough (`| head`) ends the program quietly, as it does with other tools.
    sigpipe::reset();
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => failure::report(&error, |cause| {
            let of_scan = cause.downcast_ref::<ScanError>().and_then(ScanError::hint);
            of_scan
                .or_else(|| cause.downcast_ref::<ProfileError>().map(ProfileError::hint))
                .or_else(|| cause.downcast_ref::<RunsError>().map(RunsError::hint))
                .or_else(|| cause.downcast_ref::<ExplainError>().and_then(ExplainError::hint))
        }),
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    // What needs no database needs no settings for one.
    match &cli.command {
        Command::Columns { matching, json } => return Ok(lists::columns(matching.as_deref(), *json)),
        Command::Profiles { json } => return Ok(lists::profiles(*json)),
        _ => {}
    }
    let settings = Settings::load(&cli.settings)?;
    if let Command::Serve(args) = cli.command {
        return serve::run(args, &settings).await;
    }
    let store = Store::new(&settings, "tidemark scan")?;
    let (mode, asked) = match cli.command {
        Command::Full { asked, as_of: Some(as_of) } => {
            let profile = asked.profile()?;
            let mut client = store.client().await?;
            store::check(&client).await?;
            let scan = scan::run_as_of(&mut client, as_of, &profile, &settings.benchmark).await?;
            return output::print(&scan, &asked);
        }
        Command::Full { asked, as_of: None } => (Mode::Full, asked),
        Command::Incremental { asked } => (Mode::Incremental, asked),
        Command::Verify => {
            let mut client = store.client().await?;
            store::check(&client).await?;
            let verdict = scan::verify(&mut client, &settings.benchmark).await?;
            output::verdict(&verdict);
            let clean = verdict.comparison.differing == 0;
            return Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Explain(args) => {
            let profile = args.profile()?;
            let mut client = store.client().await?;
            store::check(&client).await?;
            return explain::run(&mut client, &args, &profile, &settings.benchmark).await;
        }
        Command::Runs(args) => {
            let client = store.client().await?;
            store::check(&client).await?;
            return runs::list(&client, &args, settings.scan_runs_kept).await;
        }
        Command::Show(args) => {
            let client = store.client().await?;
            store::check(&client).await?;
            return runs::show(&client, &args).await;
        }
        Command::Diff(args) => {
            let client = store.client().await?;
            store::check(&client).await?;
            return diff::run(&client, &args).await;
        }
        Command::Columns { .. } | Command::Profiles { .. } | Command::Serve(_) => {
            return Ok(ExitCode::SUCCESS);
        }
    };
    let profile = asked.profile()?;
    let ready = async {
        let mut client = store.client().await?;
        store::prepare(&mut client).await?;
        let held = lock::hold_or_say(&**client, lock::Name::Scan, || {
            eprintln!("another scan is running; waiting for it to finish");
        })
        .await?;
        Ok((client, held))
    };
    let ((mut client, held), mut beside) = tokio::try_join!(ready, store.client())?;
    let connections = Connections { client: &mut client, beside: Some(&mut beside) };
    let scan = scan::run(connections, mode, &profile, &settings.benchmark, settings.scan_runs_kept).await?;
    held.release(&**client).await?;
    let printed = output::print(&scan, &asked);
    // The process ends: taking a hundred thousand small things apart would be waited for in vain.
    std::mem::forget(scan);
    printed
}
