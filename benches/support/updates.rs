//! The feature store brought up to small changes: one correction a year back, and one more session.

use anyhow::ensure;
use tempfile::NamedTempFile;
use tidemark::domain::bar::DayBar;
use tidemark::store::date_of;

use super::database::Database;
use super::market::{Market, backfill};
use super::programs;
use super::report::{Aim, Figure, Report, median};
use crate::server::market::{bar, write as write_bars};

/// Sessions between the corrected bar and the last one.
const YEAR: i32 = 252;

/// Corrections that are measured.
const CORRECTIONS: usize = 5;

/// Measures both.
pub async fn measure(database: &mut Database, market: &Market, report: &mut Report) -> anyhow::Result<()> {
    correction(database, market, report).await?;
    session(database, market, report).await
}

async fn correction(database: &mut Database, market: &Market, report: &mut Report) -> anyhow::Result<()> {
    let limit = 1000.0 * database.programs.run_select_1()?.seconds;
    let (mut seconds, mut rewritten) = (Vec::new(), 0);
    for id in database.instruments(CORRECTIONS).await? {
        let corrected = |id: i32, session: i32| -> Option<DayBar> { Some(bar(id, session, 1000)) };
        write(database, &[id], market.last - YEAR, corrected).await?;
        let refreshed = database.programs.run("features", &["refresh"])?;
        rewritten = refreshed.count("rows", "changed")?;
        ensure!((1..300).contains(&rewritten), "a correction rewrote {rewritten} rows: {}", refreshed.out);
        seconds.push(refreshed.seconds);
    }
    report.take(Figure {
        name: "features refresh, 1 bar a year back",
        size: market.instruments,
        ours: 1000.0 * median(&seconds),
        limit: Some(limit),
        unit: "ms",
        aim: Aim::Below(5000.0),
        note: format!("{rewritten} rows rewritten"),
    });
    Ok(())
}

/// Measures the load of one more session; gives the session.
pub fn new_session(database: &mut Database, market: &Market, report: &mut Report) -> anyhow::Result<i32> {
    let next = market.folder.join("next");
    let session = market.last + 1;
    let loaded = database.programs.run("ingest", &backfill(&next, session, session, &[]))?;
    let mut seconds = 0.0;
    for stage in ["copying", "logging", "committing"] {
        seconds += loaded.seconds_in("work", stage)?;
    }
    report.take(Figure {
        name: "backfill, 1 new session, in the database",
        size: market.instruments,
        ours: 1000.0 * seconds,
        limit: None,
        unit: "ms",
        aim: Aim::Below(500.0),
        note: format!("{} bars, {:.0} ms in all", loaded.total("inserted")?, 1000.0 * loaded.seconds),
    });
    Ok(session)
}

async fn session(database: &mut Database, market: &Market, report: &mut Report) -> anyhow::Result<()> {
    let session = new_session(database, market, report)?;
    database.settle().await;
    let refreshed = database.programs.run("features", &["refresh"])?;
    let rows = refreshed.count("rows", "new")?;
    let bars = database
        .number(&format!("SELECT count(*) FROM bars_day WHERE session_date = '{}'", date_of(session)))
        .await?;
    ensure!(rows == bars, "{bars} new bars have {rows} new feature rows: {}", refreshed.out);
    let file = NamedTempFile::new_in(programs::target_folder()?)?;
    let of_session = format!("SELECT * FROM features_day WHERE session_date = '{}'", date_of(session));
    database.copy_out(&of_session, file.path())?;
    report.take(Figure {
        name: "features refresh, 1 new session",
        size: market.instruments,
        ours: 1000.0 * refreshed.seconds,
        limit: Some(1000.0 * database.limit_in("features_day", file.path()).await?),
        unit: "ms",
        aim: Aim::Below(3000.0),
        note: format!("{rows} new rows"),
    });
    Ok(())
}

/// Writes one session's bars of some instruments as a loader does, with what changed.
pub async fn write(
    database: &mut Database,
    ids: &[i32],
    session: i32,
    wanted: impl Fn(i32, i32) -> Option<DayBar>,
) -> anyhow::Result<()> {
    let transaction = database.client.transaction().await?;
    let written = write_bars(&transaction, ids, session..session + 1, wanted).await;
    transaction.commit().await?;
    ensure!(written.changed + written.added > 0, "the change changed nothing");
    Ok(())
}
