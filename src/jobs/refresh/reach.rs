//! Which rows a change can reach: an instrument, and a range of sessions of it.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::NaiveDate;
use tokio_postgres::Transaction;

use super::Market;
use crate::arithmetic::catalogue::PRICE_HISTORY;
use crate::domain::calendar::nyse;
use crate::store::change_log::Change;
use crate::store::{StoreError, bars, date_of};

/// Rows to compute: for each instrument, the sessions.
pub type Reach = BTreeMap<i32, Range<i32>>;

/// About how many rows a block may hold, which bounds the memory of a run.
const BLOCK_ROWS: usize = 400_000;

/// Longest block, in sessions; a longer one saves little.
const BLOCK_SESSIONS: i32 = 252;

type Dates = Option<(NaiveDate, NaiveDate)>;

/// The sessions from the first to the last that has stored rows.
pub async fn stored_sessions(transaction: &Transaction<'_>) -> Result<Range<i32>, StoreError> {
    Ok(session_range(crate::store::features::range(transaction).await?).unwrap_or_default())
}

/// Every row that can exist: from the first bar, or the first stored row, to the last; of instruments with bars, and of those
/// that were merged into others.
pub fn of_everything(market: &Market, bars: Dates) -> Reach {
    let sessions = match session_range(bars) {
        Some(bars) if market.stored.is_empty() => bars,
        Some(bars) => bars.start.min(market.stored.start)..bars.end.max(market.stored.end),
        None => market.stored.clone(),
    };
    if sessions.is_empty() {
        return Reach::new();
    }
    let ids = market.instruments.iter().map(|instrument| instrument.id).chain(market.merged.iter().copied());
    ids.map(|id| (id, sessions.clone())).collect()
}

fn session_range(dates: Dates) -> Option<Range<i32>> {
    let (first, last) = dates?;
    Some(nyse().at_or_after(first)?..nyse().at_or_before(last)? + 1)
}

/// The rows that `changes` reach.
///
/// A row at t reads the bars of the [`PRICE_HISTORY`] sessions before it, and a return ends at the first bar after a changed
/// one however late that is: so a changed bar reaches to `PRICE_HISTORY` sessions after the later of itself and its next
/// bar. A change without an end (a split, a share count) reaches to the end. The benchmark reaches every instrument.
pub async fn of_changes(
    transaction: &Transaction<'_>,
    market: &Market,
    changes: &[Change],
    bars: Dates,
) -> Result<Reach, StoreError> {
    let bounded: Vec<(i32, NaiveDate)> =
        changes.iter().filter_map(|change| Some((change.instrument_id, change.through?))).collect();
    let last = session_range(bars).map_or(0, |range| range.end);
    // A change up to the market's last session has no bar after it.
    let with_later: Vec<(i32, NaiveDate)> =
        bounded.iter().copied().filter(|(_, through)| *through < date_of(last - 1)).collect();
    let next = bars::next_bars(transaction, &with_later).await?;
    // Removed bars may have been the last of all, and their rows must go.
    let last_changed =
        bounded.iter().filter_map(|(_, through)| nyse().at_or_before(*through)).max().unwrap_or(0);
    let end = last.max(last_changed + 1);
    let mut reach = Reach::new();
    for change in changes {
        let Some(from) = nyse().at_or_after(change.from) else { continue };
        let until = match change.through {
            None => end,
            Some(through) => {
                let through = nyse().at_or_before(through).unwrap_or(from);
                let next =
                    next.get(&change.instrument_id).and_then(|day| nyse().number(*day)).unwrap_or(through);
                (next.max(through) + PRICE_HISTORY + 1).min(end)
            }
        };
        if from < until {
            reach.insert(change.instrument_id, from..until);
        }
    }
    if let Some(range) = market.benchmark.and_then(|id| reach.get(&id).cloned()) {
        for instrument in &market.instruments {
            let own = reach.entry(instrument.id).or_insert_with(|| range.clone());
            *own = own.start.min(range.start)..own.end.max(range.end);
        }
    }
    Ok(reach)
}

/// Cuts the sessions of `reach` into blocks that fit into memory, oldest first.
pub fn blocks(reach: &Reach) -> Vec<Range<i32>> {
    let (Some(start), Some(end)) =
        (reach.values().map(|r| r.start).min(), reach.values().map(|r| r.end).max())
    else {
        return Vec::new();
    };
    let length = ((BLOCK_ROWS / reach.len()) as i32).clamp(21, BLOCK_SESSIONS);
    (start..end).step_by(length as usize).map(|from| from..(from + length).min(end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_the_reach_once_and_in_order() {
        let reach = Reach::from([(1, 10..700), (2, 300..1000)]);
        let blocks = blocks(&reach);
        assert_eq!(blocks.first().map(|b| b.start), Some(10));
        assert_eq!(blocks.last().map(|b| b.end), Some(1000));
        assert!(blocks.windows(2).all(|pair| pair[0].end == pair[1].start));
    }

    #[test]
    fn nothing_to_do_is_no_block() {
        assert!(blocks(&Reach::new()).is_empty());
    }
}
