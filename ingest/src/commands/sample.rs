//! `ingest sample`: writes a made-up market in the vendor's layout.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use tidemark::say::{self, Progress};

use crate::sample::{SampleOptions, write};

/// Write a made-up market in the vendor's file layout, to try and to measure with
///
/// The same options give the same bytes. Beside the history come one more session (OUT/next) and some days as the vendor
/// published them again (OUT/republished). None of it is real, and a README in the folder says so.
#[derive(clap::Args)]
pub struct Args {
    /// Folder to write to: new, empty, or an earlier sample
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Number of instruments, the benchmark SPY among them
    #[arg(long, default_value_t = 500)]
    instruments: usize,
    /// Number of sessions of history
    #[arg(long, default_value_t = 756)]
    sessions: usize,
    /// First day that is not in the history
    #[arg(long, value_name = "DATE", default_value = "2025-01-01")]
    until: NaiveDate,
    /// Another seed gives another market
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of sessions at the end of the history that get minute bars too, which add up to the daily ones
    #[arg(long, value_name = "SESSIONS", default_value_t = 0)]
    minutes: usize,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let options = SampleOptions {
        instruments: args.instruments,
        sessions: args.sessions,
        until: args.until,
        seed: args.seed,
        minutes: args.minutes,
        out: args.out.clone(),
    };
    let progress = Progress::new("making up", "sessions");
    let summary = write(&options, &|done, total| progress.at(done, total, ""))?;
    progress.end();
    println!(
        "made up {} instruments, {} sessions from {} to {}: {} bars, {} splits, {} dividends",
        say::count(args.instruments as u64),
        summary.sessions,
        summary.first_session,
        summary.last_session,
        say::count(summary.bars as u64),
        summary.splits,
        say::count(summary.dividends as u64),
    );
    println!("  {}            the history", args.out.display());
    println!("  {}/next       one more session, {}", args.out.display(), summary.next_session);
    println!(
        "  {}/republished  {} sessions with late corrections",
        args.out.display(),
        summary.republished.len()
    );
    Ok(ExitCode::SUCCESS)
}
