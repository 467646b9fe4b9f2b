//! Loading bars: `ingest backfill` into an empty database, and again with `--reload`.

use anyhow::ensure;
use tempfile::NamedTempFile;

use super::database::Database;
use super::market::{Market, backfill};
use super::programs::{self, Finished};
use super::report::{Aim, Figure, Report, median};

/// Measures both, and gives the database with the bars in it.
pub async fn measure(market: &Market, report: &mut Report) -> anyhow::Result<Database> {
    let mut database = Database::create().await?;
    let file = NamedTempFile::new_in(programs::target_folder()?)?;
    let (mut rows, mut peak) = (0, [0.0_f64; 2]);
    let (mut backfills, mut reloads, mut limits) = (Vec::new(), Vec::new(), Vec::new());
    let mut shares = [String::new(), String::new()];
    for round in 0..market.rounds() {
        if round > 0 {
            drop(database);
            database = Database::create().await?;
        }
        database.settle().await;
        let loaded =
            database.programs.run("ingest", &backfill(&market.folder, market.first, market.last, &[]))?;
        rows = database.number("SELECT count(*) FROM bars_day").await?;
        ensure!(rows > 0 && loaded.total("inserted")? == rows, "not all bars are there: {}", loaded.out);
        if round == 0 {
            database.copy_out(&database.sorted("bars_day").await?, file.path())?;
        }
        limits.push(database.limit_in("bars_day", file.path()).await?);
        database.settle().await;
        let reloaded = database
            .programs
            .run("ingest", &backfill(&market.folder, market.first, market.last, &["--reload"]))?;
        for word in ["inserted", "changed", "removed"] {
            ensure!(reloaded.total(word)? == 0, "a reload of equal bars is no reload: {}", reloaded.out);
        }
        ensure!(reloaded.total("equal")? == rows, "the reload left bars out: {}", reloaded.out);
        shares = [shares_of(&loaded)?, shares_of(&reloaded)?];
        backfills.push(loaded.seconds);
        reloads.push(reloaded.seconds);
        peak = [peak[0].max(loaded.peak_mb), peak[1].max(reloaded.peak_mb)];
    }
    let per_second = |seconds: &[f64]| rows as f64 / median(seconds);
    let [backfill_shares, reload_shares] = shares;
    for (name, seconds, aim, peak, shares) in [
        ("backfill, csv.gz", &backfills, 0.7, peak[0], backfill_shares),
        ("reload of equal bars", &reloads, 0.5, peak[1], reload_shares),
    ] {
        report.take(Figure {
            name,
            size: market.instruments,
            ours: per_second(seconds),
            limit: Some(per_second(&limits)),
            unit: "rows/s",
            aim: Aim::RatioAtLeast(aim),
            note: format!("{:.1} s, {peak:.0} MB; {shares}", median(seconds)),
        });
    }
    report.memory("memory of backfill", market.instruments, peak[0].max(peak[1]), 300.0);
    Ok(database)
}

/// Where the work of a load went, which is done on all processors and connections: shares of its sum.
fn shares_of(load: &Finished) -> anyhow::Result<String> {
    let stages = ["reading", "decoding", "sorting", "copying", "logging", "committing"];
    let mut seconds = Vec::with_capacity(stages.len());
    for stage in stages {
        seconds.push(load.seconds_in("work", stage)?);
    }
    let sum: f64 = seconds.iter().sum();
    let shares =
        stages.iter().zip(&seconds).map(|(stage, time)| format!("{stage} {:.0} %", 100.0 * time / sum));
    Ok(shares.collect::<Vec<_>>().join(", "))
}
