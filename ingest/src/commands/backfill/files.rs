//! Bars from local flat files: decoded on all processors, a few days ahead of the database.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::NaiveDate;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use tidemark::domain::calendar::nyse;
use tidemark::say::{self, Progress};
use tidemark::store::ledger::Entry;
use tokio::sync::mpsc;

use super::super::days::{Loader, Selection, SourceBars, SourceDay, TickerBars};
use super::super::refusals::Refusals;
use super::Request;
use super::report::{Read, Report, Seen};
use crate::flatfiles::{Decoder, Discovery, FlatFileError, FoundFile};

/// Days decoded ahead of those that gather for a block.
const READ_AHEAD: usize = 16;

/// The plan in words: what will be read.
pub fn lines(found: &Discovery) -> Vec<String> {
    let bytes = found.files.iter().map(|file| file.size).sum();
    let files = match found.files.len() {
        1 => "1 file of a session".to_owned(),
        number => format!("{} files of sessions", say::count(number as u64)),
    };
    vec![format!("{files}, {}, to read; bytes that are loaded already are passed over", say::size(bytes))]
}

/// Gives the files of the range to `loader`, but for those that are loaded already.
pub async fn load(
    found: Discovery,
    request: &Request,
    known: &HashMap<NaiveDate, Entry>,
    selection: &Selection,
    loader: &mut Loader,
    report: &mut Report,
) -> anyhow::Result<()> {
    let files = take_list(found, request, report);
    let total = files.len();
    let same = same_bytes(request, known, selection);
    let (send, mut receive) = mpsc::channel(READ_AHEAD);
    let wanted = selection.clone();
    let reader = tokio::task::spawn_blocking(move || {
        for group in files.chunks(rayon::current_num_threads() * 4) {
            let read: Vec<Read> = group
                .par_iter()
                .map_init(Decoder::default, |decoder, file| read_file(decoder, file, &same, &wanted))
                .collect();
            for day in read {
                // The loader has failed and says why.
                if send.blocking_send(day).is_err() {
                    return;
                }
            }
        }
    });
    let progress = Progress::new("loading", "files");
    let (started, mut done) = (Instant::now(), 0);
    while let Some(read) = receive.recv().await {
        report.take(read, loader).await?;
        done += 1;
        say_progress(&progress, done, total, loader, started);
    }
    progress.end();
    reader.await?;
    Ok(())
}

/// The files to load; what else the folder holds, and what it lacks, goes to `report`.
pub(super) fn take_list(found: Discovery, request: &Request, report: &mut Report) -> Vec<FoundFile> {
    let Discovery { files, closed, strays } = found;
    for (file, closure) in &closed {
        report.files.add("the exchange was closed", || format!("{}: {closure}", file.path.display()));
    }
    for stray in &strays {
        report.files.add(&stray.reason.to_string(), || stray.path.display().to_string());
    }
    report.found = files.len() + closed.len() + strays.len();
    report.absent = nyse()
        .sessions(request.from, request.until)
        .filter(|date| files.binary_search_by_key(date, |file| file.session_date).is_err())
        .collect();
    files
}

/// Digests of the files that need no second load, by session.
pub(super) type Same = HashMap<NaiveDate, Vec<u8>>;

/// What the ledger says of files that need no second load.
pub(super) fn same_bytes(
    request: &Request,
    known: &HashMap<NaiveDate, Entry>,
    selection: &Selection,
) -> Same {
    known
        .iter()
        .filter(|(_, entry)| !request.reload && selection.is_in(entry))
        .map(|(date, entry)| (*date, entry.digest.clone()))
        .collect()
}

/// A file's bytes; none where they are loaded already.
pub(super) fn new_bytes(file: &FoundFile, same: &Same) -> Result<Option<Vec<u8>>, FlatFileError> {
    let packed = std::fs::read(&file.path)
        .map_err(|source| FlatFileError::Read { path: file.path.clone(), source })?;
    let is_same =
        same.get(&file.session_date).is_some_and(|digest| *digest == Sha256::digest(&packed).as_slice());
    Ok(Some(packed).filter(|_| !is_same))
}

/// Says how far a load of files is.
pub(super) fn say_progress<B: SourceBars>(
    progress: &Progress,
    done: usize,
    total: usize,
    loader: &Loader<B>,
    started: Instant,
) {
    let rate = loader.done.bars as f64 / started.elapsed().as_secs_f64();
    progress.at(
        done,
        total,
        &format!("{} bars in, {} a second", say::count(loader.done.bars), say::count(rate as u64)),
    );
}

fn read_file(decoder: &mut Decoder, file: &FoundFile, same: &Same, selection: &Selection) -> Read {
    let started = Instant::now();
    let packed = match new_bytes(file, same) {
        Ok(Some(packed)) => packed,
        Ok(None) => return Read::Unchanged,
        Err(error) => return Read::Unusable(error.into()),
    };
    let reading = started.elapsed();
    match decode(decoder, &file.path, &packed, file.session_date, selection) {
        Ok((mut day, mut seen)) => {
            (seen.reading, seen.decoding) = (reading, started.elapsed().saturating_sub(reading));
            day.origin = absolute(&file.path).display().to_string();
            Read::Day(Box::new((day, seen)))
        }
        Err(error) => Read::Unusable(error.into()),
    }
}

/// A file's bytes as the loader takes them, and what stood in them; `path` names the file.
pub(super) fn decode(
    decoder: &mut Decoder,
    path: &Path,
    packed: &[u8],
    session_date: NaiveDate,
    selection: &Selection,
) -> Result<(SourceDay, Seen), FlatFileError> {
    let day = decoder.decode(path, packed, session_date)?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut set_aside = Refusals::default();
    for row in &day.set_aside {
        set_aside.add(&row.reason.to_string(), || format!("{name} {row}"));
    }
    for _ in 0..day.collapsed {
        set_aside.add("repeats another row exactly", || name.clone());
    }
    let wanted = selection.tickers().map_or(day.len(), |tickers| tickers.count().min(day.len()));
    let mut bars = TickerBars::with_capacity(wanted);
    for (ticker, bar) in day.rows().filter(|(ticker, _)| selection.wants(ticker)) {
        bars.push(ticker, *bar);
    }
    let source_day = SourceDay {
        session_date,
        source: "flatfiles",
        origin: path.display().to_string(),
        etag: None,
        digest: day.digest,
        set_aside: set_aside.total() as usize,
        bars,
    };
    Ok((source_day, Seen::new(day.len() as u64 + set_aside.total(), set_aside)))
}

pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
