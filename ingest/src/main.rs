//! `ingest`: loads a market into Tidemark's database, from the vendor's files or its API.

mod commands;
mod flatfiles;
mod replies;
mod sample;
mod source;
mod vendor;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tidemark::failure;
use tidemark::settings::{Settings, SettingsArgs};

/// Loads a market into TimescaleDB: daily and minute bars, splits, dividends, statements and who the instruments are, from Polygon.io (Massive.com) or its files.
///
/// What is loaded is loaded once: every command can be stopped at any moment and run again. Programs bring the schema up
/// to date by themselves.
#[derive(Parser)]
#[command(name = "ingest", version, arg_required_else_help = true, after_help = AFTER)]
struct Cli {
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
First steps:
  ingest sample --out market                                   make up a market to try things on
  ingest backfill --source flatfiles:market --from 2022-01-01  load its bars
  ingest actions --source files:market                         load its splits and dividends
  ingest verify                                                check that it is complete and can be right
  features refresh                                             compute the factors
  scan full                                                    rank the market

With keys of the vendor:
  ingest backfill --from 2015-01-02 --dry-run                  say what ten years would take
  ingest backfill --from 2015-01-02                            load them

Environment: DATABASE_URL, POLYGON_API_KEY, POLYGON_BASE_URL, POLYGON_S3_ACCESS_KEY_ID, POLYGON_S3_SECRET_ACCESS_KEY,
POLYGON_S3_ENDPOINT, TIDEMARK_BENCHMARK, RUST_LOG.";

#[derive(Subcommand)]
enum Command {
    Backfill(commands::backfill::Args),
    Daily(commands::daily::Args),
    Actions(commands::actions::Args),
    Reference(commands::reference::Args),
    Statements(commands::statements::Args),
    Sample(commands::sample::Args),
    Status(commands::status::Args),
    Verify(commands::verify::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    // A reader that has seen enough (`| head`) ends the program quietly, as it does with other tools.
    sigpipe::reset();
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            eprintln!("\ninterrupted: what was committed stays; run the same command again to go on");
            std::process::exit(130);
        }
    });
    match run(cli).await {
        Ok(code) => code,
        Err(error) => failure::report(&error, hint_of),
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    if let Command::Sample(args) = &cli.command {
        return commands::sample::run(args);
    }
    let settings = Settings::load(&cli.settings)?;
    match cli.command {
        Command::Backfill(args) => commands::backfill::run(&settings, &args).await,
        Command::Daily(args) => commands::daily::run(&settings, &args).await,
        Command::Actions(args) => commands::actions::run(&settings, &args).await,
        Command::Reference(args) => commands::reference::run(&settings, &args).await,
        Command::Statements(args) => commands::statements::run(&settings, &args).await,
        Command::Status(args) => commands::status::run(&settings, &args).await,
        Command::Verify(args) => commands::verify::run(&settings, &args).await,
        Command::Sample(_) => Ok(ExitCode::SUCCESS),
    }
}

/// Hints of the errors that the library does not know.
fn hint_of(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    let flat = cause.downcast_ref::<flatfiles::FlatFileError>().map(|e| e.hint().to_owned());
    flat.or_else(|| cause.downcast_ref::<replies::ReplyError>().map(|e| e.hint().to_owned()))
        .or_else(|| cause.downcast_ref::<sample::SampleError>().and_then(sample::SampleError::hint))
        .or_else(|| cause.downcast_ref::<vendor::VendorError>().map(vendor::VendorError::hint))
}
