//! What happened in a campaign, for people.

use std::collections::BTreeMap;
use std::fmt;

use super::plan::Mode;

/// Counts of everything that was done and found.
#[derive(Debug, Default)]
pub struct Tally {
    pub kills: usize,
    /// Kills before any, after some and after all of a load's sessions were in.
    pub kills_when: [usize; 3],
    restarts: [usize; 3],
    pub disk_fills: usize,
    pub cuts: usize,
    pub pairs: usize,
    pub runs: usize,
    pub rounds: usize,
    pub databases: usize,
    /// Steps of the reader that follows the change log.
    pub steps: usize,
    /// Requests to the vendor, and those that it answered wrongly.
    pub requests: [usize; 2],
    /// Bars held against the source.
    pub bars: usize,
    /// How loads ended that did not succeed, and how often.
    pub errors: BTreeMap<String, usize>,
}

impl Tally {
    pub fn restart(&mut self, mode: Mode) {
        self.restarts[mode as usize] += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [fast, immediate, killed] = self.restarts;
        let [before, between, after] = self.kills_when;
        writeln!(
            f,
            "{} kills ({before} before the first transaction, {between} between two, {after} after the last), {} database restarts ({fast} fast, {immediate} immediate, {killed} by kill -9), \
             {} disk fills, {} cuts of the vendor, {} pairs at once",
            self.kills,
            fast + immediate + killed,
            self.disk_fills,
            self.cuts,
            self.pairs,
        )?;
        writeln!(
            f,
            "{} runs of ingest, {} rounds in {} databases, {} steps of the reader; {} bars equal the source, every change named once",
            self.runs, self.rounds, self.databases, self.steps, self.bars,
        )?;
        let [requests, faults] = self.requests;
        writeln!(f, "{requests} requests to the vendor, {faults} of them met a fault; how loads failed:")?;
        for (error, times) in &self.errors {
            writeln!(f, "{times:>6}  {error}")?;
        }
        Ok(())
    }
}
