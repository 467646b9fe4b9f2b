//! Bars from flat files: decoded on all processors, a few days ahead of the database.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::NaiveDate;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use tidemark::say::{self, Progress};
use tidemark::store::ledger::Entry;
use tokio::sync::mpsc;

use super::super::days::{Loader, Selection, SourceDay, TickerBars};
use super::Counts;
use crate::flatfiles::{Decoder, Discovery, FlatFileError, FoundFile};

/// Days decoded ahead of those that gather for a block.
const READ_AHEAD: usize = 16;

/// What reading one file gave.
enum Read {
    Day(SourceDay, Seen),
    Unchanged,
    Unusable(FlatFileError),
}

/// What stood in a file.
struct Seen {
    rows: u64,
    /// Reason and example of every row that is not loaded.
    set_aside: Vec<(String, String)>,
}

/// Gives the files of the range to `loader`, but for those that are loaded already.
pub async fn load(
    found: Discovery,
    reload: bool,
    loader: &mut Loader,
    known: &HashMap<NaiveDate, Entry>,
    selection: &Selection,
    counts: &mut Counts,
) -> anyhow::Result<()> {
    let Discovery { files, closed, strays } = found;
    for (file, closure) in &closed {
        counts.files.add("the exchange was closed", || format!("{}: {closure}", file.path.display()));
    }
    for stray in &strays {
        counts.files.add(&stray.reason.to_string(), || stray.path.display().to_string());
    }
    counts.found = files.len() + closed.len() + strays.len();

    let total = files.len();
    let same: HashMap<NaiveDate, Vec<u8>> = known
        .iter()
        .filter(|(_, entry)| !reload && selection.is_in(entry))
        .map(|(date, entry)| (*date, entry.digest.clone()))
        .collect();
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
        match read {
            Read::Day(day, seen) => {
                counts.read += seen.rows;
                for (reason, example) in seen.set_aside {
                    counts.rows.add(&reason, || example);
                }
                loader.take(day).await?;
            }
            Read::Unchanged => counts.unchanged += 1,
            Read::Unusable(error) => {
                counts.files.add("the file is unusable", || error.to_string());
                counts.unusable.push(error);
            }
        }
        done += 1;
        let rate = loader.done.bars as f64 / started.elapsed().as_secs_f64();
        progress.at(
            done,
            total,
            &format!("{} bars in, {} a second", say::count(loader.done.bars), say::count(rate as u64)),
        );
    }
    progress.end();
    reader.await?;
    Ok(())
}

fn read_file(
    decoder: &mut Decoder,
    file: &FoundFile,
    same: &HashMap<NaiveDate, Vec<u8>>,
    selection: &Selection,
) -> Read {
    let packed = match std::fs::read(&file.path) {
        Ok(packed) => packed,
        Err(source) => return Read::Unusable(FlatFileError::Read { path: file.path.clone(), source }),
    };
    if same.get(&file.session_date).is_some_and(|digest| *digest == Sha256::digest(&packed).as_slice()) {
        return Read::Unchanged;
    }
    let day = match decoder.decode(&file.path, &packed, file.session_date) {
        Ok(day) => day,
        Err(error) => return Read::Unusable(error),
    };
    let name = file.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut set_aside: Vec<(String, String)> =
        day.set_aside.iter().map(|row| (row.reason.to_string(), format!("{name} {row}"))).collect();
    set_aside.extend((0..day.collapsed).map(|_| ("repeats another row exactly".to_owned(), name.clone())));
    let wanted = selection.tickers().map_or(day.len(), |tickers| tickers.count().min(day.len()));
    let mut bars = TickerBars::with_capacity(wanted);
    for (ticker, bar) in day.rows().filter(|(ticker, _)| selection.wants(ticker)) {
        bars.push(ticker, *bar);
    }
    let source_day = SourceDay {
        session_date: file.session_date,
        source: "flatfiles",
        origin: absolute(&file.path).display().to_string(),
        etag: None,
        digest: day.digest,
        set_aside: set_aside.len(),
        bars,
    };
    Read::Day(source_day, Seen { rows: (day.len() + set_aside.len()) as u64, set_aside })
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
