//! `scan`: ranks the whole market and proves that the incremental ranking equals the full one.

mod output;

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Parser, Subcommand, ValueEnum};
use tidemark::failure;
use tidemark::jobs::scan::{self, Mode, Scan, ScanError};
use tidemark::settings::{Settings, SettingsArgs};
use tidemark::store::{self, Store, lock};

/// Ranks every instrument of the market at its latest session.
///
/// A full scan reads everybody's last 300 bars. An incremental scan reads those of the instruments that changed since the
/// last stored scan and takes the others as that scan kept them; ranks and scores are always computed over the whole
/// population, so both give the same rows, bit for bit. `scan verify` proves it on your data.
#[derive(Parser)]
#[command(
    name = "scan",
    version,
    arg_required_else_help = true,
    after_help = "Run `features refresh` before a scan: scores need the factors of the session."
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
        shown: Shown,
        /// Rank a past session instead, from what was known then; such a scan is not stored
        #[arg(long, value_name = "DATE")]
        as_of: Option<NaiveDate>,
    },
    /// Rank the market from what the last scan kept and what changed since
    Incremental {
        #[command(flatten)]
        shown: Shown,
    },
    /// Scan both ways in one snapshot and compare every row, bit for bit; nothing is stored
    Verify,
}

/// What is shown of a scan.
#[derive(clap::Args)]
struct Shown {
    /// Rows to list
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// How to print the rows
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Form of the output.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: the rows, and the counts of every stage on standard error.
    Table,
    /// One JSON object: session, counts and rows with every number.
    Json,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // A reader that has seen enough (`| head`) ends the program quietly, as it does with other tools.
    sigpipe::reset();
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            failure::report(&error, |cause| cause.downcast_ref::<ScanError>().and_then(ScanError::hint))
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(&cli.settings)?;
    let mut client = Store::new(&settings, "tidemark scan")?.client().await?;
    match cli.command {
        Command::Full { as_of: None, .. } | Command::Incremental { .. } => {
            store::prepare(&mut client).await?;
        }
        _ => store::check(&client).await?,
    }
    let (mode, shown) = match cli.command {
        Command::Full { shown, as_of: Some(as_of) } => {
            let scan = scan::run_as_of(&mut client, as_of, &settings.benchmark).await?;
            return Ok(print(&scan, &shown));
        }
        Command::Full { shown, as_of: None } => (Mode::Full, shown),
        Command::Incremental { shown } => (Mode::Incremental, shown),
        Command::Verify => {
            let verdict = scan::verify(&mut client, &settings.benchmark).await?;
            output::verdict(&verdict);
            return Ok(if verdict.comparison.differing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    };
    let held = lock::hold_or_say(&**client, lock::Name::Scan, || {
        eprintln!("another scan is running; waiting for it to finish");
    })
    .await?;
    let scan = scan::run(&mut client, mode, &settings.benchmark, shown.limit).await?;
    held.release(&**client).await?;
    Ok(print(&scan, &shown))
}

fn print(scan: &Scan, shown: &Shown) -> ExitCode {
    match shown.format {
        Format::Table => output::table(scan, shown.limit),
        Format::Json => output::json(scan, shown.limit),
    }
    ExitCode::SUCCESS
}
