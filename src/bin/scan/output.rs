//! How scans are printed.

use serde_json::json;
use tidemark::jobs::scan::{Row, Scan, Verdict};
use tidemark::say;
use tidemark::store::date_of;

/// Columns of the table: name, width after the point, factor for percent.
const COLUMNS: &[(&str, usize, f64)] = &[
    ("ics", 1, 1.0),
    ("merit", 1, 1.0),
    ("technical", 1, 1.0),
    ("alpha", 1, 1.0),
    ("stability", 1, 1.0),
    ("liquidity", 1, 1.0),
    ("close", 2, 1.0),
    ("return_21", 1, 100.0),
    ("rsi_14", 1, 1.0),
    ("vol_60", 1, 100.0),
];

/// Prints the listed rows, and the stages on standard error.
pub fn table(scan: &Scan, limit: usize) {
    let ranking = &scan.ranking;
    let mut header = vec!["#", "ticker", "tier"];
    header.extend(COLUMNS.iter().map(|(name, _, factor)| if *factor > 1.0 { percent(name) } else { name }));
    let mut right = vec![true, false, false];
    right.extend(COLUMNS.iter().map(|_| true));
    let rows = ranking.rows.iter().take(limit).map(cells).collect();
    println!("{}", say::table(&header, &right, rows));
    stages(scan, limit);
}

fn percent(name: &str) -> &'static str {
    match name {
        "return_21" => "return_21 %",
        _ => "vol_60 %",
    }
}

fn cells(row: &Row) -> Vec<String> {
    let mut cells = vec![row.rank.to_string(), row.ticker.clone(), row.tier.to_owned()];
    cells.extend(COLUMNS.iter().map(|(name, places, factor)| {
        let value = row.value(name);
        if value.is_nan() { "-".to_owned() } else { format!("{:.places$}", value * factor) }
    }));
    cells
}

fn stages(scan: &Scan, limit: usize) {
    let (ranking, sources, times) = (&scan.ranking, &scan.sources, &scan.timings);
    eprintln!();
    if let Some(why) = sources.from_nothing {
        eprintln!("from nothing: {why}");
    }
    eprintln!(
        "session   {}, {} scan{}",
        ranking.session_date,
        scan.mode.name(),
        scan.run_id.map_or(String::new(), |id| format!(", run {id}"))
    );
    eprintln!(
        "signals   {} computed, {} from cache",
        say::count(sources.computed as u64),
        say::count(sources.from_cache as u64)
    );
    eprintln!("universe  {}", say::count(ranking.universe as u64));
    for (rule, count) in &ranking.dropped {
        eprintln!("  dropped {:>7}  {}", say::count(*count as u64), rule.rule());
    }
    eprintln!(
        "ranked    {}, {} listed",
        say::count(ranking.rows.len() as u64),
        limit.min(ranking.rows.len())
    );
    if ranking.features_behind > 0 {
        eprintln!(
            "warning: {} instruments changed after the last features refresh; their rows are flagged features_behind (run: features refresh)",
            ranking.features_behind
        );
    }
    eprintln!(
        "time      {} signals, {} ranking, {} storing",
        say::time(times.signals),
        say::time(times.ranking),
        say::time(times.storing)
    );
}

/// Prints one JSON object.
pub fn json(scan: &Scan, limit: usize) {
    let object = json!({
        "session_date": scan.ranking.session_date,
        "mode": scan.mode.name(),
        "run_id": scan.run_id,
        "counts": scan.ranking.counts_json(&scan.sources),
        "rows": scan.ranking.rows_json(limit),
    });
    println!("{object:#}");
}

/// Prints what the comparison found.
pub fn verdict(verdict: &Verdict) {
    let (sources, found) = (&verdict.sources, &verdict.comparison);
    println!(
        "session {}: {} instruments, {} of them ranked, {} values compared; incremental from {} computed and {} cached signals",
        date_of(verdict.full.panel.session),
        say::count(found.rows as u64),
        say::count(found.ranked as u64),
        say::count(found.values as u64),
        say::count(sources.computed as u64),
        say::count(sources.from_cache as u64)
    );
    if found.differing == 0 {
        println!("incremental = full, bit for bit");
        return;
    }
    println!("NOT EQUAL: {} values differ", say::count(found.differing as u64));
    for words in &found.shown {
        println!("  {words}: incremental and full");
    }
}
