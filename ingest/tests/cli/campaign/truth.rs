//! What the source has: a made-up market whose vendor corrects its days again and again.

use chrono::NaiveDate;
use tidemark::domain::calendar::nyse;

use super::plan::Random;
use crate::files::{Bars, Folder};
use crate::vendor::{Bar, Market, Vendor};

/// Tickers of the market; some come late and some leave.
const TICKERS: u64 = 40;

/// Where a load reads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    FlatFiles,
    Rest,
    S3,
}

/// All sources, in the order in which rounds use them.
pub const SOURCES: [Source; 3] = [Source::FlatFiles, Source::Rest, Source::S3];

/// The source, in all its forms.
pub struct Truth {
    random: Random,
    /// Number of the print that is the latest.
    print: u64,
    pub days: Vec<NaiveDate>,
    folder: Folder,
    pub vendor: Vendor,
    /// Every bar as it is now.
    pub bars: Bars,
}

impl Truth {
    /// A market of so many sessions.
    pub fn new(seed: u64, sessions: usize) -> Self {
        let first = NaiveDate::from_ymd_opt(2024, 1, 2).expect("a day");
        let days = nyse().sessions(first, NaiveDate::from_ymd_opt(2024, 12, 31).expect("a day"));
        let mut truth = Self {
            random: Random::new(seed),
            print: 0,
            days: days.take(sessions).collect(),
            folder: Folder::new(),
            vendor: Vendor::start(Market::new()),
            bars: Bars::new(),
        };
        for day in truth.days.clone() {
            let bars =
                (0..TICKERS).filter(|ticker| truth.random.below(20) > 0 || *ticker == 0).collect::<Vec<_>>();
            let bars = bars.iter().map(|ticker| truth.bar(&format!("T{ticker:02}"))).collect();
            truth.publish(day, bars);
        }
        truth
    }

    /// The vendor corrects some dozens of days: bars change, come late, or are withdrawn.
    pub fn correct(&mut self) {
        self.print += 1;
        let sessions = self.days.len() as u64;
        for _ in 0..sessions / 6 + self.random.below(sessions / 3) {
            let day = self.days[self.random.below(sessions) as usize];
            let mut bars = self.vendor.market().days[&day].clone();
            bars.retain(|bar| bar.ticker == "T00" || self.random.below(30) > 0);
            for bar in &mut bars {
                if self.random.below(6) == 0 {
                    *bar = self.bar(&bar.ticker);
                }
            }
            // T39 and above first come with a correction.
            let late = format!("T{:02}", self.random.below(TICKERS + self.print));
            if !bars.iter().any(|bar| bar.ticker == late) {
                bars.push(self.bar(&late));
            }
            self.publish(day, bars);
        }
    }

    /// Arguments of `ingest` that load everything from `source`; `again` when the database has all sessions already.
    pub fn args(&self, source: Source, again: bool) -> Vec<String> {
        let (first, last) = (self.days[0].to_string(), self.days[self.days.len() - 1].to_string());
        let flat = format!("flatfiles:{}", self.folder.path());
        let mut args = match source {
            Source::FlatFiles => vec!["backfill", "--source", &flat],
            Source::Rest if again => vec!["backfill", "--source", "rest", "--rate", "60000", "--reload"],
            Source::Rest => vec!["backfill", "--source", "rest", "--rate", "60000"],
            Source::S3 => vec!["backfill", "--source", "s3"],
        };
        // Two sessions a transaction.
        args.extend(["--block-bars", "50", "--from", &first, "--to", &last]);
        args.into_iter().map(str::to_owned).collect()
    }

    /// Puts a day's bars in place of what was there, in all forms of the source.
    fn publish(&mut self, day: NaiveDate, bars: Vec<Bar>) {
        let name = day.to_string();
        self.bars.retain(|(_, own), _| *own != name);
        for bar in &bars {
            let values = [bar.open, bar.high, bar.low, bar.close, bar.volume];
            self.bars.insert((bar.ticker.clone(), name.clone()), values);
        }
        let mut market = self.vendor.market();
        market.days.insert(day, bars);
        market.publish_day(&name);
        let key = crate::vendor::key("day_aggs_v1", &name);
        self.folder.bytes(&name, &market.files[&key].bytes);
    }

    /// A new print of a bar. Files know no average price, so none of the sources has one here.
    fn bar(&mut self, ticker: &str) -> Bar {
        let close = 10.0 + self.random.fraction() * 90.0;
        Bar { vwap: None, ..Bar::new(ticker, close, self.random.fraction() * 1e7) }
    }
}
