//! What `ingest reference` did, for people.

use tidemark::jobs::reference::Summary;
use tidemark::say;

use super::super::refusals::Refusals;
use super::{details, exchange_days, sectors};
use crate::replies::tickers::Settled;

/// Changes and days that are named.
const NAMED: usize = 5;

/// What was done.
#[derive(Debug, Default)]
pub struct Report {
    list: Option<List>,
    /// Details, where any were read.
    pub details: Option<details::Counts>,
    /// Sectors of a file, where one was given.
    pub sectors: Option<sectors::Counts>,
    /// Instruments whose sector by SIC code differed.
    pub mapped: usize,
    /// The exchange's days, where they were read.
    pub days: Option<exchange_days::Counts>,
}

#[derive(Debug)]
struct List {
    read: usize,
    repeated: usize,
    summary: Summary,
    refused: Refusals,
}

impl Report {
    /// Notes what the list did.
    pub fn list(&mut self, tickers: &Settled, summary: Summary, refused: Refusals) {
        let read = tickers.records.len() + tickers.collapsed + tickers.set_aside.len();
        self.list = Some(List { read, repeated: tickers.collapsed, summary, refused });
    }

    /// Prints the report.
    pub fn print(&self) {
        if let Some(list) = &self.list {
            list.print();
        }
        if let Some(details) = &self.details {
            println!(
                "details    {:>9} read   {} new or changed, {} set aside",
                say::count(details.read as u64),
                say::count(details.changed as u64),
                say::count(details.refused.total())
            );
            details.refused.print();
        }
        if let Some(sectors) = &self.sectors {
            println!(
                "sectors    {:>9} read   {} new or changed, {} equal, {} repeated, {} set aside",
                say::count(sectors.read as u64),
                say::count(sectors.changed as u64),
                say::count(sectors.equal as u64),
                say::count(sectors.repeated as u64),
                say::count(sectors.refused.total())
            );
            sectors.refused.print();
        }
        if self.mapped > 0 {
            println!("by SIC     {:>9} sectors new or changed", say::count(self.mapped as u64));
        }
        if let Some(days) = &self.days {
            print_days(days);
        }
    }
}

impl List {
    fn print(&self) {
        let Self { read, repeated, summary, refused } = self;
        println!(
            "tickers    {:>9} read   {} new, {} changed, {} equal, {} repeated, {} set aside",
            say::count(*read as u64),
            say::count(summary.new as u64),
            say::count(summary.changed as u64),
            say::count(summary.equal as u64),
            say::count(*repeated as u64),
            say::count(refused.total())
        );
        refused.print();
        named("renamed", "new ticker changes", &summary.ticker_changes);
        named("merged", "instruments into others", &summary.merged);
        if summary.split > 0 {
            println!("split      {:>9} instruments off others", say::count(summary.split as u64));
        }
        if summary.corrected > 0 {
            println!("corrected  {:>9} FIGIs", say::count(summary.corrected as u64));
        }
        if summary.bars_moved > 0 {
            println!("moved      {:>9} bars to another instrument", say::count(summary.bars_moved));
        }
    }
}

fn named(what: &str, of: &str, all: &[String]) {
    if all.is_empty() {
        return;
    }
    let more = if all.len() > NAMED { "; …" } else { "" };
    let first: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
    println!("{what:<11}{:>9} {of}: {}{more}", say::count(all.len() as u64), first.join("; "));
}

fn print_days(counts: &exchange_days::Counts) {
    let found = &counts.comparison;
    println!(
        "calendar   {:>9} days announced   {} agree with the rule, {} known, {} new, {} withdrawn, {} over, {} set aside",
        counts.said,
        found.agreeing,
        found.known,
        found.announced.len(),
        found.withdrawn.len(),
        found.past,
        counts.refused.total()
    );
    counts.refused.print();
    for day in &found.announced {
        println!("               new: {}", exchange_days::shown(day));
    }
    for day in &found.withdrawn {
        println!("               withdrawn: {day}");
    }
    if !found.silent.is_empty() {
        let days: Vec<String> = found.silent.iter().take(NAMED).map(ToString::to_string).collect();
        println!("               by the rule, but not announced: {}", days.join(", "));
    }
}
