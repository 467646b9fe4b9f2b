//! Bars from the vendor's API: the whole market in one call a session.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use tidemark::domain::bar::{DayBar, MinuteBar};
use tidemark::say::{self, Progress};
use tidemark::store::ledger::Entry;

use super::super::days::{Loader, Selection, SourceDay, TickerBars};
use super::Request;
use super::report::Report;
use crate::vendor::{Ahead, GroupedDay, VendorClient};

/// Asks for the sessions `wanted` and gives them to `loader`.
pub async fn load(
    vendor: &Arc<VendorClient>,
    wanted: Vec<NaiveDate>,
    request: &Request,
    known: &HashMap<NaiveDate, Entry>,
    selection: &Selection,
    loader: &mut Loader,
    report: &mut Report,
) -> anyhow::Result<()> {
    let total = wanted.len();
    let vendor = Arc::clone(vendor);
    let mut days = Ahead::new(wanted, request.pace.in_flight(), move |date| {
        let vendor = Arc::clone(&vendor);
        async move { vendor.grouped_daily(date).await }
    });
    let progress = Progress::new("loading", "sessions");
    let mut done = 0;
    progress.at(done, total, "");
    while let Some(day) = days.next().await {
        let day = match day {
            Ok(day) => day,
            Err(error) => {
                progress.end();
                return Err(super::stopped(loader, total, error).await);
            }
        };
        done += 1;
        progress.at(done, total, &format!("{} bars in", say::count(loader.done.bars)));
        let date = day.session;
        report.read += day.received as u64;
        if day.bars.is_empty() {
            report.files.add("the vendor has no bars of the session", || date.to_string());
            continue;
        }
        for row in &day.set_aside {
            let of = || format!("{date} {}", row.of.as_deref().unwrap_or("?"));
            report.rows.add(&row.reason.to_string(), of);
        }
        for _ in 0..day.repeated {
            report.rows.add("repeats another row exactly", || date.to_string());
        }
        let day = source_day(day, selection);
        if is_loaded(&day, request, known, selection) {
            report.unchanged += 1;
        } else {
            loader.take(day).await?;
        }
    }
    progress.end();
    Ok(())
}

/// Whether an answer says what the latest load of its session said: nothing needs to be compared then.
pub(super) fn is_loaded<B>(
    day: &SourceDay<B>,
    request: &Request,
    known: &HashMap<NaiveDate, Entry>,
    selection: &Selection,
) -> bool {
    !request.reload
        && known.get(&day.session_date).is_some_and(|entry| {
            entry.source == day.source && entry.digest == day.digest && selection.is_in(entry)
        })
}

/// The day as the loader takes it. Its digest is over the bars: the bytes of an answer hold a new request id each time.
fn source_day(day: GroupedDay, selection: &Selection) -> SourceDay {
    let mut digest = BarDigest::default();
    let wanted = selection.tickers().map_or(day.bars.len(), |tickers| tickers.count().min(day.bars.len()));
    let mut bars = TickerBars::with_capacity(wanted);
    for (ticker, bar) in &day.bars {
        digest.add(ticker, bar);
        if selection.wants(ticker) {
            bars.push(ticker, *bar);
        }
    }
    SourceDay {
        session_date: day.session,
        source: "rest",
        origin: format!("/v2/aggs/grouped/locale/us/market/stocks/{}", day.session),
        etag: None,
        digest: digest.finish(),
        set_aside: day.set_aside.len() + day.repeated,
        bars,
    }
}

/// SHA-256 over bars in the order of their tickers.
#[derive(Default)]
pub(super) struct BarDigest(Sha256);

impl BarDigest {
    pub fn add(&mut self, ticker: &str, bar: &DayBar) {
        self.0.update(ticker);
        let DayBar { open, high, low, close, volume, vwap, trade_count } = *bar;
        for value in [open, high, low, close, volume, vwap.unwrap_or(f64::NAN)] {
            self.0.update(value.to_bits().to_be_bytes());
        }
        self.0.update(trade_count.unwrap_or(-1).to_be_bytes());
    }

    pub fn add_minute(&mut self, ticker: &str, bar: &MinuteBar) {
        self.0.update(bar.minute.to_be_bytes());
        self.add(ticker, &bar.bar());
    }

    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const BAR: DayBar =
        DayBar { open: 1.0, high: 2.0, low: 1.0, close: 2.0, volume: 5.0, vwap: None, trade_count: Some(3) };

    fn day(bars: &[(&str, DayBar)]) -> SourceDay {
        let day = GroupedDay {
            session: "2024-07-02".parse().unwrap(),
            bars: bars.iter().map(|(ticker, bar)| ((*ticker).to_owned(), *bar)).collect(),
            set_aside: Vec::new(),
            received: bars.len(),
            repeated: 0,
        };
        source_day(day, &Selection::new(&[]))
    }

    fn request(reload: bool) -> Request {
        Request {
            timeframe: tidemark::store::ledger::Timeframe::Day,
            source: None,
            from: "2024-07-02".parse().unwrap(),
            until: "2024-07-03".parse().unwrap(),
            tickers: Vec::new(),
            reload,
            recheck: BTreeSet::new(),
            api: None,
            pace: crate::source::Pace { plan: crate::source::Plan::Free, rate: None },
            block_bars: super::super::BLOCK_BARS,
        }
    }

    /// Whether `day` is taken for loaded when the ledger has an entry of `source` and `selection` with the digest of A and B.
    fn loaded(day: &SourceDay, source: &str, selection: &str, reload: bool) -> bool {
        let digest = self::day(&[("A", BAR), ("B", BAR)]).digest.to_vec();
        let entry = Entry { digest, source: source.into(), selection: selection.into(), ..Entry::default() };
        let known = HashMap::from([(day.session_date, entry)]);
        is_loaded(day, &request(reload), &known, &Selection::new(&[]))
    }

    #[test]
    fn an_answer_that_says_the_same_is_not_loaded_again() {
        let same = day(&[("A", BAR), ("B", BAR)]);
        assert!(loaded(&same, "rest", "", false));
        assert!(!loaded(&same, "rest", "", true), "who asks for a reload gets it");
        assert!(!loaded(&same, "rest", "A", false), "only A was loaded");
        assert!(!loaded(&same, "flatfiles", "", false), "that digest is over a file's bytes");
    }

    #[test]
    fn any_difference_makes_another_digest() {
        let differs = |bars: &[(&str, DayBar)]| !loaded(&day(bars), "rest", "", false);
        assert!(differs(&[("A", BAR)]));
        assert!(differs(&[("A", BAR), ("C", BAR)]));
        assert!(differs(&[("A", BAR), ("B", DayBar { close: 1.5, ..BAR })]));
        assert!(differs(&[("A", BAR), ("B", DayBar { vwap: Some(1.5), ..BAR })]));
        assert!(differs(&[("A", BAR), ("B", DayBar { trade_count: None, ..BAR })]));
        assert!(differs(&[("A", DayBar { volume: 6.0, ..BAR }), ("B", BAR)]));
    }
}
