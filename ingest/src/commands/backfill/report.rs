//! What a backfill did, in counts.

use std::process::ExitCode;
use std::time::Duration;

use chrono::NaiveDate;
use tidemark::failure;
use tidemark::jobs::load::{Outcome, Stages};
use tidemark::say;

use super::super::days::{Loader, Selection, SourceBars, SourceDay, TickerBars};
use super::super::refusals::Refusals;

/// Sessions without a file that are named.
const NAMED: usize = 5;

/// Counts of a backfill.
#[derive(Default)]
pub struct Report {
    /// Whether it read files of a folder; else it asked the vendor.
    pub local: bool,
    /// Files found in the folder, or sessions of the range.
    pub found: usize,
    /// Of these, those that are in the database already.
    pub unchanged: usize,
    /// Sessions loaded.
    pub loaded: usize,
    /// Files or sessions that were not loaded, by reason.
    pub files: Refusals,
    /// Sessions of the range that have no file.
    pub absent: Vec<NaiveDate>,
    /// Rows of the source.
    pub read: u64,
    /// Rows that were not loaded, by reason.
    pub rows: Refusals,
    /// Bars handed to the database.
    pub bars: u64,
    /// What the database did with them.
    pub outcome: Outcome,
    /// Files that cannot be used, each with what is wrong with it.
    pub unusable: Vec<anyhow::Error>,
    /// Tickers that were asked for and have no instrument, with known ones that look like them.
    pub unknown: Vec<(String, Vec<String>)>,
    /// Calls for lists and files, every try counted.
    pub file_calls: u64,
    /// Calls of the API, every try counted.
    pub api_calls: u64,
    /// How long it took.
    pub time: Duration,
    /// What the loader's time went to; blocks and files are worked on side by side, so that these times overlap.
    pub stages: Stages,
    /// Time in which files were read, and decoded, likewise.
    pub reading: Duration,
    /// Decoding.
    pub decoding: Duration,
}

/// What reading one file gave.
pub(super) enum Read<B = TickerBars> {
    /// A day.
    Day(Box<(SourceDay<B>, Seen)>),
    /// Bytes that are loaded already.
    Unchanged,
    /// Nothing that can be loaded.
    Unusable(anyhow::Error),
}

/// What stood in a file.
pub(super) struct Seen {
    pub rows: u64,
    /// Rows that are not loaded, by reason.
    pub set_aside: Refusals,
    /// Time in which its bytes were read, where they were.
    pub reading: Duration,
    /// Time in which they were unpacked and decoded, where it was taken.
    pub decoding: Duration,
}

impl Seen {
    pub fn new(rows: u64, set_aside: Refusals) -> Self {
        Self { rows, set_aside, reading: Duration::ZERO, decoding: Duration::ZERO }
    }
}

impl Report {
    /// Gives what was read to `loader`, and counts it.
    pub(super) async fn take<B: SourceBars>(
        &mut self,
        read: Read<B>,
        loader: &mut Loader<B>,
    ) -> anyhow::Result<()> {
        match read {
            Read::Day(day) => {
                let (day, seen) = *day;
                self.read += seen.rows;
                self.rows.merge(&seen.set_aside);
                self.reading += seen.reading;
                self.decoding += seen.decoding;
                loader.take(day).await?;
            }
            Read::Unchanged => self.unchanged += 1,
            Read::Unusable(error) => {
                self.files.add("the file is unusable", || error.to_string());
                self.unusable.push(error);
            }
        }
        Ok(())
    }

    /// Takes over what the loader did, at its end.
    pub(super) fn close<B: SourceBars>(&mut self, loader: &Loader<B>, selection: &Selection, time: Duration) {
        self.loaded = loader.done.sessions;
        self.bars = loader.done.bars;
        self.outcome = loader.done.outcome;
        self.stages = loader.done.stages;
        self.time = time;
        for ticker in selection.tickers().into_iter().flatten() {
            if let Some(similar) = loader.unknown(ticker) {
                let similar = similar.into_iter().map(str::to_owned).collect();
                self.unknown.push((ticker.to_owned(), similar));
            }
        }
    }

    /// Prints the counts to standard output, and to standard error what looks like a mistake.
    pub fn print(&self) {
        let what = if self.local { "files" } else { "sessions" };
        println!(
            "{what:<11}{:>10}   loaded {}, unchanged {}, set aside {}",
            say::count(self.found as u64),
            say::count(self.loaded as u64),
            say::count(self.unchanged as u64),
            say::count(self.files.total()),
        );
        self.files.print();
        if !self.absent.is_empty() {
            let named: Vec<String> = self.absent.iter().take(NAMED).map(ToString::to_string).collect();
            let more = if self.absent.len() > NAMED { ", …" } else { "" };
            println!(
                "no file    {:>10}   sessions: {}{more}",
                say::count(self.absent.len() as u64),
                named.join(", ")
            );
        }
        if !self.local {
            let (files, api) = (say::count(self.file_calls), say::count(self.api_calls));
            println!(
                "calls      {:>10}   {files} of the flat files, {api} of the API",
                say::count(self.file_calls + self.api_calls)
            );
        }
        println!("bars read  {:>10}   set aside {}", say::count(self.read), say::count(self.rows.total()));
        self.rows.print();
        println!("inserted   {:>10}", say::count(self.outcome.inserted));
        println!("changed    {:>10}", say::count(self.outcome.changed));
        println!("removed    {:>10}", say::count(self.outcome.removed));
        println!("equal      {:>10}", say::count(self.outcome.equal));
        let rate = self.bars as f64 / self.time.as_secs_f64();
        println!("time       {:>10}   {} bars a second", say::time(self.time), say::count(rate as u64));
        let stages = &self.stages;
        let mut work =
            vec![("copying", stages.copying), ("logging", stages.logging), ("committing", stages.committing)];
        if self.local {
            let before =
                [("reading", self.reading), ("decoding", self.decoding), ("sorting", stages.sorting)];
            work.splice(0..0, before);
        }
        let work: Vec<String> =
            work.iter().map(|(what, time)| format!("{} {what}", say::time(*time))).collect();
        println!("work                    {}", work.join(", "));
        for (ticker, similar) in &self.unknown {
            let meant =
                if similar.is_empty() { String::new() } else { format!(" (known: {})", similar.join(", ")) };
            eprintln!("warning: no bar of {ticker} was found{meant}; tickers are case-sensitive");
        }
    }

    /// Prints what is wrong with each unusable file, and gives the exit code.
    pub fn exit(self) -> ExitCode {
        let code = if self.unusable.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        for error in self.unusable {
            failure::report(&error, crate::hint_of);
        }
        code
    }
}
