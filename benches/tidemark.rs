//! `make bench`: every program against the limit that the database sets on this machine, at several sizes of the market.
//!
//! It makes up a market, loads it into a database of its own (dropped at the end), and measures whole processes. Limits are
//! psql's `\copy` of the same rows, timed by psql itself in the same run. Answers are checked: a wrong one ends the run.
//! Sizes and sessions: TIDEMARK_BENCH_SIZES (default 1000,5000,10000), TIDEMARK_BENCH_SESSIONS (default 504); with
//! TIDEMARK_BENCH_ONLY=bars loading alone, with features no scans.

mod support;

#[path = "../tests/support/mod.rs"]
mod server;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use support::market::{self, Market};
use support::report::Report;
use support::{bars, features, machine, scans, updates};
use tidemark::say;

/// Asks this program to be the limit of an incremental scan: connect, `select 1`, end.
const SELECT_1: &str = "--select-1";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let asked = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let result = if asked(SELECT_1) {
        runtime.block_on(select_1())
    } else if asked("--bench") {
        runtime.block_on(bench())
    } else {
        // `cargo test --all-targets` runs this file too; it must not take minutes there.
        Ok(())
    };
    result.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

async fn select_1() -> anyhow::Result<()> {
    let url = std::env::var("DATABASE_URL")?;
    let row = server::connect(&url).await.query_one("SELECT 1", &[]).await?;
    let one: i32 = row.get(0);
    if one == 1 { Ok(()) } else { bail!("the database says {one}") }
}

async fn bench() -> anyhow::Result<()> {
    let sizes = sizes(&variable("TIDEMARK_BENCH_SIZES", "1000,5000,10000"))?;
    let sessions: usize = variable("TIDEMARK_BENCH_SESSIONS", "504")
        .parse()
        .context("TIDEMARK_BENCH_SESSIONS is a number of sessions")?;
    let started = Instant::now();
    let mut report = Report::default();
    for size in sizes {
        eprintln!("{} instruments, {sessions} sessions", say::count(size as u64));
        let market = market::made_up(size, sessions)?;
        measure(&market, &mut report).await?;
    }
    println!("{}", report.machine);
    println!(
        "limits:  psql's \\copy (format binary) of the same rows; of the incremental scan, connect + select 1"
    );
    println!("\n{}\n", report.table());
    println!("{sessions} sessions; measured in {}", say::time(started.elapsed()));
    Ok(())
}

/// All figures of one market.
async fn measure(market: &Market, report: &mut Report) -> anyhow::Result<()> {
    let mut database = bars::measure(market, report).await?;
    report.machine = machine::words(&database.client).await?;
    let only = variable("TIDEMARK_BENCH_ONLY", "");
    if only == "bars" {
        return updates::new_session(&mut database, market, report).map(|_| ());
    }
    features::measure(&database, market, report).await?;
    // As the server's own upkeep leaves it soon after a load.
    database.execute(&["VACUUM (ANALYZE) bars_day", "VACUUM (ANALYZE) features_day"]).await?;
    features::export(&database, market, report)?;
    if only != "features" {
        scans::measure(&mut database, market, report).await?;
    }
    updates::measure(&mut database, market, report).await?;
    if only != "features" {
        database.programs.run("scan", &["verify"])?;
    }
    database.programs.run("features", &["verify"]).map(|_| ())
}

fn variable(name: &str, otherwise: &str) -> String {
    std::env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or_else(|| otherwise.into())
}

fn sizes(text: &str) -> anyhow::Result<Vec<usize>> {
    text.split(',')
        .map(|size| size.trim().parse().context("TIDEMARK_BENCH_SIZES is like 1000,5000"))
        .collect()
}
