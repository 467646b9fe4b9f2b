//! The made-up market that is measured with, kept between runs.

use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::NaiveDate;
use tidemark::domain::calendar::nyse;
use tidemark::store::date_of;

use super::programs::{self, Programs};

/// First day that is not in the history.
const UNTIL: (i32, u32, u32) = (2025, 1, 1);

/// A market on disk.
pub struct Market {
    /// Number of instruments.
    pub instruments: usize,
    /// Its folder.
    pub folder: PathBuf,
    /// First session.
    pub first: i32,
    /// Last session; one more is in `next/`.
    pub last: i32,
}

/// Writes the market of `instruments` and `sessions` with `ingest sample`, unless an earlier run did. Remove the folder
/// `bench-market-…` from the target folder to have it written again.
pub fn made_up(instruments: usize, sessions: usize) -> anyhow::Result<Market> {
    let (year, month, day) = UNTIL;
    let until = NaiveDate::from_ymd_opt(year, month, day).context("a day")?;
    let next = nyse().at_or_after(until).context("a session")?;
    let folder = programs::target_folder()?.join(format!("bench-market-{instruments}x{sessions}"));
    let done = folder.with_extension("done");
    if !(done.exists() && folder.exists()) {
        let out = folder.display().to_string();
        let (count, sessions, until) = (instruments.to_string(), sessions.to_string(), until.to_string());
        let options = ["--out", &out, "--instruments", &count, "--sessions", &sessions, "--until", &until];
        let finished = Programs::new("")?.run("ingest", &[&["sample"], &options[..]].concat())?;
        std::fs::write(&done, finished.out)?;
    }
    Ok(Market { instruments, folder, first: next - sessions as i32, last: next - 1 })
}

impl Market {
    /// How often the long runs are repeated.
    pub fn rounds(&self) -> usize {
        (10_000 / self.instruments).clamp(2, 3)
    }
}

/// The arguments of `ingest backfill` for the sessions `first` … `last`, both included, of the files in `folder`.
pub fn backfill(folder: &Path, first: i32, last: i32, more: &[&str]) -> Vec<String> {
    let source = format!("flatfiles:{}", folder.display());
    let (from, to) = (date_of(first).to_string(), date_of(last).to_string());
    let mut arguments: Vec<String> =
        ["backfill", "--source", &source, "--from", &from, "--to", &to].map(Into::into).into();
    arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
    arguments
}
