//! The feature store from nothing.

use anyhow::ensure;
use tempfile::NamedTempFile;

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
