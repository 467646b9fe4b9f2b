//! The feature store from nothing, and out of it into files.

use std::path::Path;

use anyhow::ensure;
use tempfile::NamedTempFile;
use tidemark::store::date_of;

use super::database::Database;
use super::market::Market;
use super::programs;
use super::report::{Aim, Figure, Report, median};

/// Loads actions and share counts, and measures the first `features refresh`.
pub async fn measure(database: &Database, market: &Market, report: &mut Report) -> anyhow::Result<()> {
    let source = format!("files:{}", market.folder.display());
    database.programs.run("ingest", &["actions", "--source", &source])?;
    database.programs.run("ingest", &["statements", "--source", &source])?;
    let bars = database.number("SELECT count(*) FROM bars_day").await?;
    let file = NamedTempFile::new_in(programs::target_folder()?)?;
    let (mut seconds, mut limits, mut shares, mut peak) = (Vec::new(), Vec::new(), Vec::new(), 0.0_f64);
    let mut note = String::new();
    for round in 0..market.rounds() {
        if round > 0 {
            database
                .execute(&[
                    "TRUNCATE features_day",
                    "TRUNCATE feature_moments",
                    "DELETE FROM tidemarks WHERE job = 'features'",
                ])
                .await?;
        }
        database.settle().await;
        let refreshed = database.programs.run("features", &["refresh"])?;
        let rows = database.number("SELECT count(*) FROM features_day").await?;
        ensure!(rows == bars, "{bars} bars have {rows} feature rows: {}", refreshed.out);
        if round == 0 {
            database.copy_out(&database.sorted("features_day").await?, file.path())?;
        }
        limits.push(database.limit_in("features_day", file.path()).await?);
        let part = |word: &str| refreshed.seconds_of(word);
        note = format!(
            "{:.1} s: {:.1} reading, {:.1} computing, {:.1} writing",
            refreshed.seconds,
            part("reading")?,
            part("computing")?,
            part("writing")?
        );
        shares.push(100.0 * part("computing")? / refreshed.seconds);
        seconds.push(refreshed.seconds);
        peak = peak.max(refreshed.peak_mb);
    }
    report.take(Figure {
        name: "features refresh, all",
        size: market.instruments,
        ours: bars as f64 / median(&seconds),
        limit: Some(bars as f64 / median(&limits)),
        unit: "rows/s",
        aim: Aim::RatioAtLeast(0.6),
        note,
    });
    report.take(Figure {
        name: "  arithmetic's share of it",
        size: market.instruments,
        ours: median(&shares),
        limit: None,
        unit: "%",
        aim: Aim::Below(20.0),
        note: String::new(),
    });
    report.memory("memory of features refresh", market.instruments, peak, 1000.0);
    Ok(())
}

/// Sessions of an export.
const EXPORTED: i32 = 63;

/// Measures `features export` of the last sessions in each form of file, against psql's copy of the same rows.
pub fn export(database: &Database, market: &Market, report: &mut Report) -> anyhow::Result<()> {
    let from = date_of(market.last + 1 - EXPORTED).to_string();
    let rows = format!(
        "SELECT * FROM features_day WHERE session_date >= '{from}' ORDER BY session_date, instrument_id"
    );
    let folder = tempfile::tempdir_in(programs::target_folder()?)?;
    let mut limits = Vec::new();
    for (name, file) in [
        ("features export, Parquet", "rows.parquet"),
        ("features export, Arrow IPC", "rows.arrow"),
        ("features export, CSV", "rows.csv"),
    ] {
        let out = folder.path().join(file).display().to_string();
        let (mut seconds, mut peak) = (Vec::new(), 0.0_f64);
        for _ in 0..3 {
            limits.push(database.copy_out(&rows, Path::new("/dev/null"))?);
            let exported = database.programs.run("features", &["export", "--from", &from, "--out", &out])?;
            seconds.push(exported.seconds);
            peak = peak.max(exported.peak_mb);
        }
        report.take(Figure {
            name,
            size: market.instruments,
            ours: median(&seconds),
            limit: Some(median(&limits)),
            unit: "s",
            aim: Aim::Nothing,
            note: format!("{EXPORTED} sessions, {peak:.0} MB"),
        });
    }
    Ok(())
}
