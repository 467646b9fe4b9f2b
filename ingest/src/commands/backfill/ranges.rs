//! Bars of a few tickers from the vendor's API: one call a ticker gives all sessions of a window, which are then days
//! like any other.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use tidemark::domain::calendar::nyse;
use tidemark::say::Progress;
use tidemark::store::ledger::Entry;

use super::super::days::{Loader, Selection, SourceDay};
use super::Request;
use super::frame::{ByDay, Frame};
use super::report::Report;
use super::rest::is_loaded;
use crate::vendor::{Ahead, VendorClient, VendorError};

/// Asks for the tickers of `selection` window by window, and gives the sessions to `loader`.
pub(super) async fn load<B: Frame>(
    vendor: &Arc<VendorClient>,
    windows: Vec<Vec<NaiveDate>>,
    request: &Request,
    known: &HashMap<NaiveDate, Entry>,
    selection: &Selection,
    loader: &mut Loader<B>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let tickers: Vec<String> = selection.tickers().into_iter().flatten().map(str::to_owned).collect();
    let total: usize = windows.iter().map(Vec::len).sum();
    let progress = Progress::new("asking", "tickers");
    let calls = tickers.len() * windows.len();
    let mut done = 0;
    for sessions in windows {
        let mut window: Window<B> = Window::new(sessions);
        let (from, to) = (window.from, window.to);
        let vendor = Arc::clone(vendor);
        let mut ranges = Ahead::new(tickers.clone(), request.pace.in_flight(), move |ticker| {
            let vendor = Arc::clone(&vendor);
            async move { vendor.range(&ticker, B::TIMEFRAME, from, to).await }
        });
        for (at, ticker) in tickers.iter().enumerate() {
            progress.at(done, calls, ticker);
            let Some(range) = ranges.next().await else { break };
            done += 1;
            match range {
                Ok(range) => window.take(at, ticker, B::by_day(range), report),
                // Another ticker's bars are none the worse; the summary names those that have none.
                Err(VendorError::NotFound { .. }) => {}
                Err(error) => {
                    progress.end();
                    return Err(super::stopped(loader, total, error).await);
                }
            }
        }
        let origin = match tickers.as_slice() {
            [ticker] => format!("/v2/aggs/ticker/{ticker}/range/1/{}/{from}/{to}", B::TIMEFRAME.name()),
            _ => format!("/v2/aggs/ticker/…/range/1/{}/{from}/{to}", B::TIMEFRAME.name()),
        };
        for day in window.days(&tickers, &origin, report) {
            if is_loaded(&day, request, known, selection) {
                report.unchanged += 1;
            } else {
                loader.take(day).await?;
            }
        }
    }
    progress.end();
    Ok(())
}

/// The sessions of a window while they gather ticker by ticker.
struct Window<B: Frame> {
    from: NaiveDate,
    to: NaiveDate,
    days: BTreeMap<NaiveDate, Gathering<B::Bar>>,
}

/// A session's bars so far, each with the place of its ticker.
struct Gathering<Bar> {
    bars: Vec<(u32, Bar)>,
    set_aside: usize,
}

impl<B: Frame> Window<B> {
    fn new(sessions: Vec<NaiveDate>) -> Self {
        let from = sessions.first().copied().unwrap_or_default();
        let to = sessions.last().copied().unwrap_or_default();
        let empty = || Gathering { bars: Vec::new(), set_aside: 0 };
        let days = sessions.into_iter().map(|date| (date, empty())).collect();
        Self { from, to, days }
    }

    /// Takes a ticker's bars. Those of sessions between the wanted ones are loaded already.
    fn take(&mut self, at: usize, ticker: &str, range: ByDay<B::Bar>, report: &mut Report) {
        report.read += range.received as u64;
        for (date, bar) in range.bars {
            let refused = if let Some(closure) = nyse().closed_because(date) {
                Some(("the exchange was closed", closure.to_string()))
            } else if date < self.from || date > self.to {
                Some(("the day was not asked for", format!("{} to {}", self.from, self.to)))
            } else {
                None
            };
            if let Some((reason, detail)) = refused {
                report.rows.add(reason, || format!("{date} {ticker}: {detail}"));
            } else if let Some(day) = self.days.get_mut(&date) {
                day.bars.push((at as u32, bar));
            }
        }
        for (of, reason) in range.set_aside {
            let date = of.map_or_else(|| "?".to_owned(), |date| date.to_string());
            report.rows.add(&reason, || format!("{date} {ticker}"));
            if let Some(day) = of.and_then(|date| self.days.get_mut(&date)) {
                day.set_aside += 1;
            }
        }
        for _ in 0..range.repeated {
            report.rows.add("repeats another row exactly", || ticker.to_owned());
        }
    }

    /// The sessions from the first to the last on which any of the tickers has a bar. The others may be before their
    /// listing, or not published yet: they are not taken for loaded.
    fn days<'a>(
        self,
        tickers: &'a [String],
        origin: &'a str,
        report: &mut Report,
    ) -> impl Iterator<Item = SourceDay<B>> + 'a {
        let traded = |(date, day): (&NaiveDate, &Gathering<B::Bar>)| (!day.bars.is_empty()).then_some(*date);
        let first = self.days.iter().find_map(traded);
        let last = self.days.iter().rev().find_map(traded);
        let is_known = move |date: NaiveDate| first.is_some_and(|first| first <= date) && last >= Some(date);
        for date in self.days.keys().filter(|date| !is_known(**date)) {
            report.files.add("the vendor has no bars of these tickers", || date.to_string());
        }
        self.days.into_iter().filter(move |(date, _)| is_known(*date)).map(move |(session_date, day)| {
            let (bars, digest) = B::of_session(&day.bars, tickers);
            SourceDay {
                session_date,
                source: "rest",
                origin: origin.to_owned(),
                etag: None,
                digest,
                set_aside: day.set_aside,
                bars,
            }
        })
    }
}
