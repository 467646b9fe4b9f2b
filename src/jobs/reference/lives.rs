//! Real lives of tickers, held against an independent reading of them: the map files of LEAN, a line of which says until which
//! day an instrument had a ticker.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{Days, NaiveDate};

use super::chain::{Chain, chain};
use crate::domain::claims::{Claim, Period, resolve};
use crate::domain::listing::{Held, Listing};

/// An instrument's tickers and the last day of each, oldest first; the last one's is far away while it trades.
struct Life {
    first: NaiveDate,
    tickers: Vec<(NaiveDate, String)>,
}

const STILL: &str = "2050-12-31";

fn day(text: &str) -> NaiveDate {
    NaiveDate::parse_from_str(text, "%Y%m%d").unwrap()
}

fn read(folder: &Path) -> Vec<Life> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let life = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.lines().filter(|line| !line.trim().is_empty()).map(|line| {
            let mut fields = line.split(',');
            (day(fields.next().unwrap()), fields.next().unwrap().to_owned())
        });
        let (first, _) = lines.next().unwrap();
        Life { first, tickers: lines.collect() }
    };
    paths.iter().map(life).collect()
}

impl Life {
    fn trades(&self) -> bool {
        self.tickers.last().unwrap().0.to_string() == STILL
    }

    /// What a vendor's list would say: an entry for each name that was given up, and one for the last.
    fn entries(&self, figi: &str) -> Vec<Listing> {
        let entry = |(last, ticker): &(NaiveDate, String)| Listing {
            ticker: ticker.clone(),
            last_day: Some(*last).filter(|last| last.to_string() != STILL),
            composite_figi: Some(figi.to_owned()),
            ..Listing::default()
        };
        self.tickers.iter().map(entry).collect()
    }

    /// What the vendor's events would say: the first day of each name.
    fn events(&self) -> Vec<(NaiveDate, String)> {
        let mut since = self.first;
        let mut events = Vec::new();
        for (last, ticker) in &self.tickers {
            events.push((since, ticker.clone()));
            since = *last + Days::new(1);
        }
        events
    }

    /// Its ticker on a day, read straight off the file.
    fn ticker_on(&self, date: NaiveDate) -> Option<&str> {
        let line = self.tickers.iter().find(|(last, _)| date <= *last)?;
        (self.first <= date).then_some(line.1.as_str())
    }
}

fn claims(chains: &[Chain]) -> Vec<Claim> {
    let claim = |(holder, chain): (usize, &Chain)| -> Vec<Claim> {
        let link = |link: &super::chain::Link| {
            let (ticker, start, until) = (link.ticker.clone(), link.start.unwrap(), link.until);
            Claim { ticker, holder, start, until, weight: 1 }
        };
        chain.iter().map(link).collect()
    };
    chains.iter().enumerate().flat_map(claim).collect()
}

fn holders(periods: &[Period], ticker: &str, date: NaiveDate) -> Vec<usize> {
    let has = |period: &&Period| period.ticker == ticker && period.contains(date);
    periods.iter().filter(has).map(|period| period.holder).collect()
}

/// Every day around every change of every life: whoever had the ticker by the files has it by the periods.
fn check(lives: &[Life], periods: &[Period]) -> usize {
    let edges: BTreeSet<NaiveDate> = lives
        .iter()
        .flat_map(|life| life.tickers.iter().map(|(last, _)| *last).chain([life.first]))
        .filter(|day| day.to_string() != STILL)
        .flat_map(|day| [day - Days::new(1), day, day + Days::new(1), day + Days::new(200)])
        .collect();
    let mut checked = 0;
    for (holder, life) in lives.iter().enumerate() {
        for date in edges.iter().copied().chain(["2049-01-04".parse().unwrap()]) {
            if let Some(ticker) = life.ticker_on(date) {
                assert_eq!(holders(periods, ticker, date), [holder], "{ticker} on {date}");
                checked += 1;
            }
        }
    }
    checked
}

/// Who is in the files: FB twice, TWX twice, VXX twice at once, GOOG passed on within a day, SPWR left and taken again.
fn lives() -> Option<Vec<Life>> {
    let lives = read(&crate::real_data()?.join("lean/usa/map_files"));
    assert_eq!(lives.len(), 26);
    assert_eq!(lives.iter().filter(|life| !life.trades()).count(), 8);
    Some(lives)
}

#[test]
fn a_list_gives_real_tickers_to_whom_they_belonged_though_they_were_left_and_taken_again() {
    let Some(lives) = lives() else { return };
    let chains: Vec<Chain> = lives
        .iter()
        .enumerate()
        .map(|(at, life)| {
            let entries = life.entries(&format!("BBG{at}"));
            chain(&[], None, &entries.iter().collect::<Vec<_>>())
        })
        .collect();
    let found = resolve(claims(&chains));
    assert!(found.faults.is_empty(), "{:?}", found.faults);
    assert!(check(&lives, &found.periods) > 700);
}

#[test]
fn events_give_them_too_and_the_list_alone_keeps_them() {
    let Some(lives) = lives() else { return };
    let chains: Vec<Chain> = lives
        .iter()
        .enumerate()
        .map(|(at, life)| {
            let entries = life.entries(&format!("BBG{at}"));
            chain(&[], Some(&life.events()), &entries.iter().rev().take(1).collect::<Vec<_>>())
        })
        .collect();
    let found = resolve(claims(&chains));
    assert!(found.faults.is_empty(), "{:?}", found.faults);
    assert!(check(&lives, &found.periods) > 700);

    // What is stored of it, taken up again with the list alone, is the same.
    let held: Vec<Held> = found
        .periods
        .iter()
        .map(|period| Held {
            ticker: period.ticker.clone(),
            from: period.from,
            until: period.until,
            instrument_id: period.holder as i32,
        })
        .collect();
    let again: Vec<Chain> = lives
        .iter()
        .enumerate()
        .map(|(at, life)| {
            let mut own: Vec<&Held> = held.iter().filter(|held| held.instrument_id == at as i32).collect();
            own.sort_by_key(|held| held.from);
            let entries = life.entries(&format!("BBG{at}"));
            chain(&own, None, &entries.iter().collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(resolve(claims(&again)).periods, found.periods);
}
