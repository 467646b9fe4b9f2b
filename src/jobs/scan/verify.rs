//! `scan verify`: an incremental and a full scan in one snapshot, compared row by row and bit by bit. Nothing is stored.

use tokio_postgres::Client;

use super::ranking::{Ranking, Row};
use super::{ScanError, Sources, all_signals, definitions, merged_signals, ranking};
use crate::store::change_log;

/// What was found.
#[derive(Debug)]
pub struct Verdict {
    /// Where the incremental scan's signals came from.
    pub sources: Sources,
    /// The full scan's ranking.
    pub full: Ranking,
    /// Rows compared: those of either ranking.
    pub rows: usize,
    /// Numbers compared.
    pub values: usize,
    /// Rows that are not equal to the bit, in rank, identity or any number.
    pub differing: usize,
    /// The first differences, in words.
    pub shown: Vec<String>,
}

/// Scans both ways and compares.
pub async fn verify(client: &mut Client, benchmark: &str) -> Result<Verdict, ScanError> {
    let definitions = definitions();
    let transaction = change_log::snapshot(client).await?;
    super::check_features(&transaction, benchmark).await?;
    let merged = merged_signals(&transaction, &definitions).await?;
    let incremental = ranking::rank(&transaction, &merged.rows, benchmark).await?;
    let all = all_signals(&transaction, &definitions).await?;
    let full = ranking::rank(&transaction, &all.rows, benchmark).await?;
    let mut verdict = Verdict {
        sources: merged.sources,
        rows: full.rows.len().max(incremental.rows.len()),
        values: full.rows.iter().map(|row| row.values.len()).sum(),
        differing: 0,
        shown: Vec::new(),
        full,
    };
    let mut differs = |words: String| {
        verdict.differing += 1;
        if verdict.shown.len() < 10 {
            verdict.shown.push(words);
        }
    };
    if (incremental.session_date, incremental.universe, &incremental.dropped)
        != (verdict.full.session_date, verdict.full.universe, &verdict.full.dropped)
    {
        differs("session or counts by stage differ".into());
    }
    for at in 0..verdict.rows {
        match (incremental.rows.get(at), verdict.full.rows.get(at)) {
            (Some(a), Some(b)) => {
                if let Some(words) = difference(a, b) {
                    differs(words);
                }
            }
            (Some(row), None) => differs(format!("{}: only in the incremental scan", row.ticker)),
            (None, Some(row)) => differs(format!("{}: only in the full scan", row.ticker)),
            (None, None) => {}
        }
    }
    Ok(verdict)
}

fn difference(incremental: &Row, full: &Row) -> Option<String> {
    if (incremental.rank, incremental.instrument_id) != (full.rank, full.instrument_id) {
        return Some(format!("rank {}: {} incremental, {} full", full.rank, incremental.ticker, full.ticker));
    }
    if (&incremental.flags, incremental.tier, incremental.band) != (&full.flags, full.tier, full.band) {
        return Some(format!("{}: flags, tier or band differ", full.ticker));
    }
    incremental.values.iter().zip(&full.values).find_map(|((name, a), (_, b))| {
        let same = a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        (!same).then(|| format!("{} {name}: {a:?} incremental, {b:?} full", full.ticker))
    })
}
