//! Bars from the vendor's API: one call a session.

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use tidemark::domain::bar::DayBar;
use tidemark::say::{self, Progress};

use super::super::days::{Loader, Selection, SourceDay, TickerBars};
use super::Counts;
use crate::vendor::{GroupedDay, VendorClient};

/// Asks for the sessions `wanted` and gives them to `loader`.
pub async fn load(
    vendor: &VendorClient,
    wanted: Vec<NaiveDate>,
    loader: &mut Loader,
    selection: &Selection,
    counts: &mut Counts,
) -> anyhow::Result<()> {
    counts.unchanged = counts.found - wanted.len();
    eprintln!(
        "{} calls of the vendor's API, one a session; {} sessions are loaded already",
        say::count(wanted.len() as u64),
        say::count(counts.unchanged as u64)
    );
    let progress = Progress::new("loading", "sessions");
    for (done, date) in wanted.iter().enumerate() {
        progress.at(done, wanted.len(), &format!("{} bars in", say::count(loader.done.bars)));
        let day = match vendor.grouped_daily(*date).await {
            Ok(day) => day,
            Err(error) => {
                progress.end();
                // What came before the fault is loaded, so that the next run need not ask again.
                loader.finish().await?;
                eprintln!(
                    "{} of {} sessions are loaded; the same command goes on from there",
                    say::count(loader.done.sessions as u64),
                    say::count(wanted.len() as u64)
                );
                return Err(error.into());
            }
        };
        counts.read += day.received as u64;
        if day.bars.is_empty() {
            counts.files.add("the vendor has no bars of the session", || date.to_string());
            continue;
        }
        for row in &day.set_aside {
            counts
                .rows
                .add(&row.reason.to_string(), || format!("{date} {}", row.ticker.as_deref().unwrap_or("?")));
        }
        for _ in 0..day.repeated {
            counts.rows.add("repeats another row exactly", || date.to_string());
        }
        loader.take(source_day(day, selection)).await?;
    }
    progress.end();
    Ok(())
}

/// The day as the loader takes it. Its digest is over the bars: the bytes of an answer hold a new request id each time.
fn source_day(day: GroupedDay, selection: &Selection) -> SourceDay {
    let mut digest = Sha256::new();
    let wanted = selection.tickers().map_or(day.bars.len(), |tickers| tickers.count().min(day.bars.len()));
    let mut bars = TickerBars::with_capacity(wanted);
    for (ticker, bar) in &day.bars {
        digest.update(ticker);
        let DayBar { open, high, low, close, volume, vwap, trade_count } = *bar;
        for value in [open, high, low, close, volume, vwap.unwrap_or(f64::NAN)] {
            digest.update(value.to_bits().to_be_bytes());
        }
        digest.update(trade_count.unwrap_or(-1).to_be_bytes());
        if selection.wants(ticker) {
            bars.push(ticker, *bar);
        }
    }
    SourceDay {
        session_date: day.session,
        source: "rest",
        origin: format!("/v2/aggs/grouped/locale/us/market/stocks/{}", day.session),
        etag: None,
        digest: digest.finalize().into(),
        set_aside: day.set_aside.len() + day.repeated,
        bars,
    }
}
