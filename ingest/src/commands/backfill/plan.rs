//! What a backfill will ask the vendor for: decided from what is configured, what is wanted and what the ledger has,
//! before anything is asked but the list of files.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU32;
use std::time::Duration;

use chrono::{Datelike, Days, NaiveDate};
use tidemark::domain::calendar::nyse;
use tidemark::say;
use tidemark::store::ledger::{Entry, Timeframe};

use super::super::days::Selection;
use crate::vendor::{Listing, RemoteFile};

/// Bars of a window of ranges, all of which are in memory at once.
const WINDOW_BARS: usize = 500_000;

/// Minutes of a session, extended hours included, most of which have a bar of a ticker that trades all the time.
const SESSION_MINUTES: usize = 960;

/// Daily bars that one call for a range can give.
const RANGE_BARS: usize = 50_000;

/// How old a session without a file may be, in days, and still be taken for one that is not published yet.
const RECENT: Days = Days::new(14);

/// The pace of the free plan, in calls a minute.
const FREE: u32 = 5;

/// Paces above this, in calls a minute, are not worth a word about the time they take.
const FAST: u32 = 600;

/// What is wanted and what is there.
pub struct Situation<'a> {
    /// Which bars are wanted.
    pub timeframe: Timeframe,
    /// The sessions of the range that are over, ascending.
    pub sessions: &'a [NaiveDate],
    /// What the ledger says of them.
    pub known: &'a HashMap<NaiveDate, Entry>,
    /// Which tickers are wanted.
    pub selection: &'a Selection,
    /// Whether everything is to be loaded again.
    pub reload: bool,
    /// Sessions that may have been corrected: they are asked for again where a list does not show it.
    pub recheck: &'a BTreeSet<NaiveDate>,
    /// Today in New York.
    pub today: NaiveDate,
}

/// The ways to a day's bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A file a session, after a list of them.
    Files,
    /// One call of the API a session.
    Grouped,
    /// One call of the API a ticker.
    Ranges,
}

/// What will be asked for.
#[derive(Debug, Default)]
pub struct Plan {
    /// Sessions of the range.
    pub sessions: usize,
    /// Sessions that are in the database and will not be asked for.
    pub unchanged: usize,
    /// Calls that listed the files.
    pub lists: usize,
    /// Files to fetch, one call each.
    pub files: Vec<RemoteFile>,
    /// Sessions to ask the API for, one call each.
    pub grouped: Vec<NaiveDate>,
    /// Sessions to ask the API for ticker by ticker: one call a ticker and window.
    pub windows: Vec<Vec<NaiveDate>>,
    /// Tickers wanted; 0 for all.
    pub tickers: usize,
    /// Sessions for which there is no file and no other way.
    pub absent: Vec<NaiveDate>,
    /// Files of days on which the exchange was closed.
    pub closed: Vec<RemoteFile>,
    /// Keys that are no day's files.
    pub strays: Vec<String>,
}

impl Situation<'_> {
    /// The cheapest way through what is configured: the fewest calls, and files rather than the API where both serve,
    /// since a list of files shows corrections. None where nothing is configured, or nothing that gives the minutes of all.
    pub fn way(&self, files: bool, api: bool) -> Option<Way> {
        let wanted = self.wanted();
        let tickers = self.tickers();
        let by_ticker = tickers * self.windows(&wanted).len();
        let grouped = self.timeframe == Timeframe::Day;
        match (files, api) {
            (_, true) if tickers > 0 && by_ticker < wanted.len() => Some(Way::Ranges),
            (true, _) => Some(Way::Files),
            (false, true) if grouped => Some(Way::Grouped),
            (false, true) if tickers > 0 => Some(Way::Ranges),
            (false, _) => None,
        }
    }

    /// One call a session that is wanted.
    pub fn grouped(&self) -> Plan {
        let grouped = self.wanted();
        Plan { unchanged: self.sessions.len() - grouped.len(), grouped, ..self.empty() }
    }

    /// One call a ticker and window of sessions that are wanted.
    pub fn ranges(&self) -> Plan {
        let wanted = self.wanted();
        let windows = self.windows(&wanted);
        Plan { unchanged: self.sessions.len() - wanted.len(), windows, ..self.empty() }
    }

    /// The files that are new or replaced. A session without a file is asked of the API, where `api` is configured and
    /// the file is not published yet or missing among others. With `insist`, sessions that were loaded from another
    /// source are fetched too.
    pub fn files(&self, listing: Listing, insist: bool, api: bool) -> Plan {
        let mut plan = self.empty();
        plan.lists = listing.pages;
        plan.strays = listing.strays;
        let first = listing.files.first().map(|file| file.session_date);
        let mut there = BTreeSet::new();
        for file in listing.files {
            if nyse().closed_because(file.session_date).is_some() {
                plan.closed.push(file);
                continue;
            }
            there.insert(file.session_date);
            if self.is_new(&file, insist) {
                plan.files.push(file);
            } else {
                plan.unchanged += 1;
            }
        }
        for date in self.sessions.iter().copied().filter(|date| !there.contains(date)) {
            let may_come = date + RECENT >= self.today || first.is_some_and(|first| first < date);
            if !self.is_wanted(date) {
                plan.unchanged += 1;
            } else if api && may_come && self.timeframe == Timeframe::Day {
                plan.grouped.push(date);
            } else {
                plan.absent.push(date);
            }
        }
        plan
    }

    /// Cuts sessions into windows whose bars fit into memory and into one call a ticker: minutes by calendar months.
    fn windows(&self, sessions: &[NaiveDate]) -> Vec<Vec<NaiveDate>> {
        let room = WINDOW_BARS / self.tickers().max(1);
        match self.timeframe {
            Timeframe::Day => sessions.chunks(room.clamp(1, RANGE_BARS)).map(<[NaiveDate]>::to_vec).collect(),
            Timeframe::Minute => sessions
                .chunk_by(|a, b| (a.year(), a.month()) == (b.year(), b.month()))
                .flat_map(|month| month.chunks((room / SESSION_MINUTES).max(1)))
                .map(<[NaiveDate]>::to_vec)
                .collect(),
        }
    }

    fn empty(&self) -> Plan {
        Plan { sessions: self.sessions.len(), tickers: self.tickers(), ..Plan::default() }
    }

    fn tickers(&self) -> usize {
        self.selection.tickers().map_or(0, Iterator::count)
    }

    fn is_in(&self, date: NaiveDate) -> bool {
        self.known.get(&date).is_some_and(|entry| self.selection.is_in(entry))
    }

    fn is_wanted(&self, date: NaiveDate) -> bool {
        self.reload || self.recheck.contains(&date) || !self.is_in(date)
    }

    fn wanted(&self) -> Vec<NaiveDate> {
        self.sessions.iter().copied().filter(|date| self.is_wanted(*date)).collect()
    }

    /// Whether a file has to be fetched.
    fn is_new(&self, file: &RemoteFile, insist: bool) -> bool {
        let date = file.session_date;
        match self.known.get(&date).filter(|_| !self.reload && self.is_in(date)) {
            None => true,
            Some(entry) if entry.source == "s3" => entry.etag.is_none() || entry.etag != file.etag,
            Some(_) => insist || self.recheck.contains(&date),
        }
    }
}

impl Plan {
    /// Calls of the API.
    pub fn api_calls(&self) -> usize {
        self.grouped.len() + self.tickers * self.windows.len()
    }

    /// The plan in words, a line each; the API may be asked `per_minute` times a minute.
    pub fn lines(&self, per_minute: NonZeroU32) -> Vec<String> {
        let count = |number: usize| say::count(number as u64);
        let by_ticker: usize = self.windows.iter().map(Vec::len).sum();
        let mut lines = vec![format!(
            "{} sessions: {} to load, {} loaded already, {} without a file",
            count(self.sessions),
            count(self.files.len() + self.grouped.len() + by_ticker),
            count(self.unchanged),
            count(self.absent.len()),
        )];
        if self.lists > 0 {
            let bytes = self.files.iter().filter_map(|file| file.size).sum();
            lines.push(format!(
                "{} to fetch, {}, one call each; {} to list them",
                count_of(self.files.len(), "file"),
                say::size(bytes),
                count_of(self.lists, "call"),
            ));
        }
        if self.lists == 0 && self.windows.is_empty() || !self.grouped.is_empty() {
            lines
                .push(format!("{} of the vendor's API, one a session", count_of(self.grouped.len(), "call")));
        }
        if !self.windows.is_empty() {
            lines.push(format!(
                "{} of the vendor's API, one a ticker for up to {}",
                count_of(self.api_calls(), "call"),
                count_of(self.windows[0].len(), "session"),
            ));
        }
        let calls = self.api_calls() as u64;
        if per_minute.get() <= FAST && calls > 1 {
            // The first call goes out at once.
            let time = Duration::from_secs((calls - 1) * 60 / u64::from(per_minute.get()));
            let paid = if per_minute.get() <= FREE { "; with a paid plan, say --plan paid" } else { "" };
            let time = say::time(time);
            lines.push(format!("at {per_minute} calls of the API a minute that takes {time}{paid}"));
        }
        lines
    }
}

fn count_of(number: usize, what: &str) -> String {
    format!("{} {what}{}", say::count(number as u64), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
