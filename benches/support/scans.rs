//! Scans, each a new process: from nothing, and from what changed.

use std::path::Path;

use tidemark::domain::bar::DayBar;
use tidemark::store::date_of;

use super::database::Database;
use super::market::Market;
use super::report::{Aim, Figure, Report, median};
use super::updates;
use crate::server::market::bar;

/// Sessions that a full scan reads.
const SESSIONS: i32 = 300;

/// Measured runs of each; one more warms up.
const RUNS: u64 = 9;

/// Share of the instruments that change before an incremental scan.
const CHANGED: usize = 100;

/// Measures both.
pub async fn measure(database: &mut Database, market: &Market, report: &mut Report) -> anyhow::Result<()> {
    full(database, market, report)?;
    incremental(database, market, report).await
}

fn full(database: &Database, market: &Market, report: &mut Report) -> anyhow::Result<()> {
    let rows = format!(
        "SELECT instrument_id, session_date, open, high, low, close, volume FROM bars_day WHERE session_date >= '{}'",
        date_of(market.last + 1 - SESSIONS)
    );
    let (mut seconds, mut limits, mut peak) = (Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..=RUNS.min(5) {
        limits.push(database.copy_out(&rows, Path::new("/dev/null"))?);
        let scanned = database.programs.run("scan", &["full"])?;
        seconds.push(scanned.seconds);
        peak = peak.max(scanned.peak_mb);
    }
    report.take(Figure {
        name: "scan full",
        size: market.instruments,
        ours: 1000.0 * median(&seconds[1..]),
        limit: Some(1000.0 * median(&limits[1..])),
        unit: "ms",
        aim: Aim::RatioAtMost(1.5),
        note: String::new(),
    });
    report.memory("memory of scan full", market.instruments, peak, 1000.0);
    Ok(())
}

async fn incremental(database: &mut Database, market: &Market, report: &mut Report) -> anyhow::Result<()> {
    let ids = database.instruments(market.instruments / CHANGED).await?;
    let (mut refreshes, mut scans, mut limits, mut peak) = (Vec::new(), Vec::new(), Vec::new(), 0.0_f64);
    for print in 0..=RUNS {
        let changed = |id: i32, session: i32| -> Option<DayBar> { Some(bar(id, session, print)) };
        updates::write(database, &ids, market.last, changed).await?;
        refreshes.push(database.programs.run("features", &["refresh"])?.seconds);
        limits.push(database.programs.run_select_1()?.seconds);
        let scanned = database.programs.run("scan", &["incremental"])?;
        scans.push(scanned.seconds);
        peak = peak.max(scanned.peak_mb);
    }
    let limit = 1000.0 * median(&limits[1..]);
    let note = format!("{} instruments changed in the last session", ids.len());
    for (name, seconds, aim) in [
        ("scan incremental, 1 % changed", &scans, Aim::Below(60.0)),
        ("features refresh, 1 % changed", &refreshes, Aim::Nothing),
    ] {
        report.take(Figure {
            name,
            size: market.instruments,
            ours: 1000.0 * median(&seconds[1..]),
            limit: Some(limit),
            unit: "ms",
            aim,
            note: note.clone(),
        });
    }
    report.memory("memory of scan incremental", market.instruments, peak, 1000.0);
    Ok(())
}
