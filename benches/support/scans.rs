//! Scans, each a new process: from nothing, and from what changed.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, ensure};
use tidemark::domain::bar::DayBar;
use tidemark::jobs::scan::answer::answer;
use tidemark::jobs::scan::columns;
use tidemark::jobs::scan::earlier::Earlier;
use tidemark::jobs::scan::living::Living;
use tidemark::jobs::scan::profile::Profile;
use tidemark::store::date_of;

use super::database::Database;
use super::market::Market;
use super::report::{Aim, Figure, Report, median};
use super::updates;
use crate::server::market::bar;

/// Sessions that a full scan reads.
const SESSIONS: i32 = 300;

/// Measured runs of each; one more warms up.
const RUNS: u64 = 19;

/// Share of the instruments that change before an incremental scan.
const CHANGED: usize = 100;

/// Measures both.
pub async fn measure(database: &mut Database, market: &Market, report: &mut Report) -> anyhow::Result<()> {
    full(database, market, report)?;
    incremental(database, market, report).await?;
    living(database, market, report).await
}

fn full(database: &Database, market: &Market, report: &mut Report) -> anyhow::Result<()> {
    let rows = format!(
        "SELECT instrument_id, session_date, open, high, low, close, volume FROM bars_day WHERE session_date >= '{}'",
        date_of(market.last + 1 - SESSIONS)
    );
    let (mut seconds, mut limits, mut peak) = (Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..=5 {
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
            note: format!(
                "{} instruments changed in the last session; worst of {RUNS} {:.0} ms",
                ids.len(),
                1000.0 * seconds[1..].iter().copied().fold(0.0, f64::max)
            ),
        });
    }
    report.memory("memory of scan incremental", market.instruments, peak, 1000.0);
    Ok(())
}

/// A living process that follows the change log, ranks and answers, after 1 % of the market changed and after all of it did.
async fn living(database: &mut Database, market: &Market, report: &mut Report) -> anyhow::Result<()> {
    let profile = Arc::new(Profile::market(columns::known())?);
    let mut living = Living::new("SPY");
    let started = Instant::now();
    living.follow(&mut database.client).await?;
    let begun = started.elapsed();
    // A server answers from the market before while it makes the next.
    let mut before;
    for (name, count, runs, aim, first) in [
        ("living scan, 1 % changed", market.instruments / CHANGED, 60, 10.0, 1_000),
        ("living scan, all changed", market.instruments, 3, 500.0, 2_000),
    ] {
        let ids = database.instruments(count).await?;
        let (mut seconds, mut stages) = (Vec::new(), [0.0; 3]);
        for print in first..=first + runs {
            let changed = |id: i32, session: i32| -> Option<DayBar> { Some(bar(id, session, print)) };
            updates::write(database, &ids, market.last, changed).await?;
            database.programs.run("features", &["refresh"])?;
            let started = Instant::now();
            let followed = living.follow(&mut database.client).await?;
            let read = started.elapsed().as_secs_f64();
            let ranked = living.ranked(&profile.weights)?.context("there is a market")?;
            let ranking = started.elapsed().as_secs_f64() - read;
            let answer = answer(ranked, &Earlier::default(), profile.clone())?;
            let rows = answer.rows_json();
            let all = started.elapsed().as_secs_f64();
            ensure!(
                followed.computed == ids.len() && !followed.from_nothing && !rows.is_empty(),
                "the living process saw {followed:?}"
            );
            before = answer;
            std::hint::black_box(&before);
            seconds.push(all);
            for (stage, seconds) in stages.iter_mut().zip([read, ranking, all - read - ranking]) {
                *stage += 1000.0 * seconds / (runs + 1) as f64;
            }
        }
        seconds.remove(0);
        let worst = seconds.iter().copied().fold(0.0, f64::max);
        report.take(Figure {
            name,
            size: market.instruments,
            ours: 1000.0 * median(&seconds),
            limit: None,
            unit: "ms",
            aim: Aim::Below(aim),
            note: format!(
                "worst of {runs} {:.1} ms; mean reading {:.1}, ranking {:.1}, answering {:.1}; begun in {:.0} ms",
                1000.0 * worst,
                stages[0],
                stages[1],
                stages[2],
                1000.0 * begun.as_secs_f64()
            ),
        });
    }
    Ok(())
}
