//! Minute bars of a range of sessions: from files, the vendor's or one's own, or from its API a ticker at a time.

use std::sync::Arc;
use std::time::Instant;

use tidemark::say::Progress;
use tidemark::settings::Settings;
use tidemark::store::aggregates;
use tidemark::store::ledger::{self, Timeframe};

use super::super::days::{Loader, Selection};
use super::files::{Same, absolute, new_bytes, same_bytes, say_progress, take_list};
use super::frame::Frame;
use super::report::{Read, Report};
use super::{Opened, Request, ranges, remote};
use crate::flatfiles::{FoundFile, TickerMinutes};
use crate::vendor::Ahead;

/// Files at least this large, in bytes as they are stored, are decoded one at a time: they fill the memory.
const LARGE_FILE: u64 = 2 << 20;

/// Loads the minute bars that `request` asks for, as [`super::load_sessions`] does the daily ones. Aggregates of the minutes
/// are up to date afterwards, those that an earlier run left behind too.
pub(super) async fn load_sessions(settings: &Settings, request: &Request) -> anyhow::Result<Report> {
    let opened = Opened::new(settings, request)?;
    let started = Instant::now();
    let store = super::super::open(settings)?;
    let locked = super::super::connect(&store).await?;
    let known = ledger::entries(&**locked, Timeframe::Minute, request.from, request.until).await?;
    let known = Arc::new(known);
    let selection = Selection::new(&request.tickers);
    let mut report = Report::default();
    let blocks = request.block_bars.get();
    let mut loader = Loader::new(&store, locked, selection.clone(), Arc::clone(&known), blocks).await?;
    match opened {
        Opened::Folder(found) => {
            report.local = true;
            let same = same_bytes(request, &known, &selection);
            let found = take_list(found, request, &mut report);
            files(found, same, &selection, &mut loader, &mut report).await?;
        }
        Opened::Vendor(vendor) => {
            let mut plan = vendor.plan(request, &known, &selection).await?;
            for line in plan.lines(request.pace.requests_per_minute()) {
                eprintln!("{line}");
            }
            vendor.begin(request, &mut plan, &mut report);
            if let Some(client) = vendor.files.as_ref().filter(|_| !plan.files.is_empty()) {
                remote::load(client, plan.files, &selection, &mut loader, &mut report).await?;
            }
            if let Some(client) = vendor.api.as_ref().filter(|_| !plan.windows.is_empty()) {
                let windows = plan.windows;
                ranges::load(client, windows, request, &known, &selection, &mut loader, &mut report).await?;
            }
            vendor.end(&mut report);
        }
    }
    loader.finish().await?;
    aggregates::refresh_all(&**store.client().await?).await?;
    report.close(&loader, &selection, started.elapsed());
    Ok(report)
}

/// Gives files of a folder to `loader`, but for those of which the bytes are loaded already.
async fn files(
    found: Vec<FoundFile>,
    same: Same,
    selection: &Selection,
    loader: &mut Loader<TickerMinutes>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let total = found.len();
    let small = found.iter().all(|file| file.size < LARGE_FILE) || selection.tickers().is_some();
    let at_once = if small { rayon::current_num_threads() } else { 1 };
    let (same, selection) = (Arc::new(same), Arc::new(selection.clone()));
    let mut reads = Ahead::new(found, at_once, move |file| {
        let (same, selection) = (Arc::clone(&same), Arc::clone(&selection));
        async move { tokio::task::spawn_blocking(move || read_file(&file, &same, &selection)).await }
    });
    let progress = Progress::new("loading", "files");
    let (started, mut done) = (Instant::now(), 0);
    while let Some(read) = reads.next().await {
        report.take(read?, loader).await?;
        loader.wait_above(TickerMinutes::MOST_ON_THE_WAY).await?;
        done += 1;
        say_progress(&progress, done, total, loader, started);
    }
    progress.end();
    Ok(())
}

fn read_file(file: &FoundFile, same: &Same, selection: &Selection) -> Read<TickerMinutes> {
    let packed = match new_bytes(file, same) {
        Ok(Some(packed)) => packed,
        Ok(None) => return Read::Unchanged,
        Err(error) => return Read::Unusable(error.into()),
    };
    match TickerMinutes::decode(&file.path, &packed, file.session_date, selection) {
        Ok((mut day, seen)) => {
            day.origin = absolute(&file.path).display().to_string();
            Read::Day(Box::new((day, seen)))
        }
        Err(error) => Read::Unusable(error.into()),
    }
}
