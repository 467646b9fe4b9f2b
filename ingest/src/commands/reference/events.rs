//! Days of ticker changes: whom to ask for them, and what the vendor says.

use deadpool_postgres::Object;
use futures::{StreamExt, stream};
use tidemark::domain::listing::{Listing, TickerChanges};
use tidemark::jobs::reference::{self as job, Ask};
use tidemark::say::Progress;
use tidemark::store::StoreError;

use crate::replies::events::{RawEvents, changes};
use crate::replies::parse_reply;
use crate::vendor::{VendorClient, VendorError};

/// Calls on their way at once; the plan's rate holds them back.
const AT_ONCE: usize = 8;

/// Ticker changes, and what was not used of them: reason and example.
#[derive(Debug, Default)]
pub struct Changes {
    /// Those that can be used.
    pub records: Vec<TickerChanges>,
    /// Those that cannot.
    pub refused: Vec<(String, String)>,
}

/// Sorts the usable from the others.
pub fn settle(raw: &[RawEvents]) -> Changes {
    let mut settled = Changes::default();
    for (at, raw) in raw.iter().enumerate() {
        settled.take(raw, &format!("ticker events {}", at + 1), None);
    }
    settled
}

impl Changes {
    fn take(&mut self, raw: &RawEvents, which: &str, asked: Option<&Ask>) {
        match changes(raw) {
            Ok(mut record) if !record.tickers.is_empty() => {
                if let Some(ask) = asked {
                    record.composite_figi.clone_from(&ask.composite_figi);
                }
                self.records.push(record);
            }
            Ok(_) => {}
            Err((field, value, reason)) => {
                let example = format!("{which}: {field} \"{value}\"");
                self.refused.push((format!("ticker events: {reason}"), example));
            }
        }
    }
}

/// Whom to ask: those of `tickers`, else those whose entries show a change.
pub async fn whom(client: &Object, entries: &[Listing], tickers: &[String]) -> Result<Vec<Ask>, StoreError> {
    if tickers.is_empty() {
        return job::changed_tickers(&***client, entries).await;
    }
    let ask = |ticker: &String| {
        // The present holder; else the one that had it last.
        let entry = entries
            .iter()
            .filter(|entry| entry.ticker == *ticker)
            .max_by_key(|entry| (entry.last_day.is_none(), entry.last_day));
        Ask { ticker: ticker.clone(), composite_figi: entry.and_then(|entry| entry.composite_figi.clone()) }
    };
    Ok(tickers.iter().map(ask).collect())
}

/// Asks, a call an instrument. One that the vendor does not know is counted; any other fault ends it.
pub async fn ask(vendor: &VendorClient, asks: &[Ask]) -> Result<Changes, VendorError> {
    eprintln!("{} of the vendor's API for ticker changes", super::calls(asks.len()));
    let progress = Progress::new("asking for ticker changes", "instruments");
    let mut answers = stream::iter(asks.iter().map(|ask| async move { (ask, ask_one(vendor, ask).await) }))
        .buffered(AT_ONCE);
    let (mut settled, mut done) = (Changes::default(), 0);
    while let Some((ask, answer)) = answers.next().await {
        done += 1;
        progress.at(done, asks.len(), &ask.ticker);
        match answer {
            Ok(all) => all.iter().for_each(|raw| settled.take(raw, &ask.ticker, Some(ask))),
            Err(VendorError::NotFound { .. }) => {
                settled.refused.push(("the vendor has no ticker events".into(), ask.ticker.clone()));
            }
            Err(error) => {
                progress.end();
                return Err(error);
            }
        }
    }
    progress.end();
    Ok(settled)
}

async fn ask_one(vendor: &VendorClient, ask: &Ask) -> Result<Vec<RawEvents>, VendorError> {
    let path =
        format!("/vX/reference/tickers/{}/events", ask.composite_figi.as_deref().unwrap_or(&ask.ticker));
    let body = vendor.get(&path, &[("types", "ticker_change")]).await?;
    parse_reply(&body).map_err(|fault| vendor.malformed(&path, &fault.to_string()))
}
