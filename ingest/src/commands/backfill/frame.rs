//! What a backfill does otherwise for daily than for minute bars: decoding a file, and taking apart a range of the API.

use std::path::Path;

use chrono::NaiveDate;
use tidemark::domain::bar::{DayBar, MinuteBar};

use super::super::days::{Selection, SourceBars, SourceDay, TickerBars};
use super::super::refusals::Refusals;
use super::report::Seen;
use super::rest::BarDigest;
use crate::flatfiles::{Decoder, FlatFileError, TickerMinutes, decode_minutes};
use crate::vendor::{Range, new_york_date};

/// Bars of a timeframe on their way through a backfill.
pub(super) trait Frame: SourceBars + Sized {
    /// Files of the vendor that are fetched ahead.
    const IN_FLIGHT: usize;
    /// Whether they are decoded ahead too.
    const DECODED_AHEAD: bool;
    /// Bars that may be on their way into the database while more are decoded.
    const MOST_ON_THE_WAY: usize;
    /// A bar of a range, with its time where its day does not say it.
    type Bar;

    /// A file's bytes as the loader takes them, and what stood in them; `path` names the file.
    fn decode(
        path: &Path,
        packed: &[u8],
        session_date: NaiveDate,
        selection: &Selection,
    ) -> Result<(SourceDay<Self>, Seen), FlatFileError>;

    /// The bars of a range by their day in New York.
    fn by_day(range: Range) -> ByDay<Self::Bar>;

    /// The bars of a session, each with the place of its ticker in `tickers`, and their digest.
    fn of_session(bars: &[(u32, Self::Bar)], tickers: &[String]) -> (Self, [u8; 32]);
}

/// One ticker's range, taken apart by day.
pub(super) struct ByDay<Bar> {
    pub bars: Vec<(NaiveDate, Bar)>,
    /// Rows that gave no bar, with their day where they have one, and why.
    pub set_aside: Vec<(Option<NaiveDate>, String)>,
    /// Rows in all.
    pub received: usize,
    /// Rows that only said again what another row said.
    pub repeated: usize,
}

impl Frame for TickerBars {
    const IN_FLIGHT: usize = 8;
    const DECODED_AHEAD: bool = true;
    const MOST_ON_THE_WAY: usize = usize::MAX;
    type Bar = DayBar;

    fn decode(
        path: &Path,
        packed: &[u8],
        session_date: NaiveDate,
        selection: &Selection,
    ) -> Result<(SourceDay<Self>, Seen), FlatFileError> {
        super::files::decode(&mut Decoder::default(), path, packed, session_date, selection)
    }

    fn by_day(range: Range) -> ByDay<DayBar> {
        let days = range.by_day();
        let set_aside = days.set_aside.into_iter().map(|row| (row.of, row.reason.to_string())).collect();
        ByDay { bars: days.bars, set_aside, received: days.received, repeated: days.repeated }
    }

    fn of_session(bars: &[(u32, DayBar)], tickers: &[String]) -> (Self, [u8; 32]) {
        let mut digest = BarDigest::default();
        let mut gathered = Self::with_capacity(bars.len());
        for (at, bar) in bars {
            let ticker = &tickers[*at as usize];
            digest.add(ticker, bar);
            gathered.push(ticker, *bar);
        }
        (gathered, digest.finish())
    }
}

impl Frame for TickerMinutes {
    const IN_FLIGHT: usize = 2;
    const DECODED_AHEAD: bool = false;
    const MOST_ON_THE_WAY: usize = 600_000;
    type Bar = MinuteBar;

    fn decode(
        path: &Path,
        packed: &[u8],
        session_date: NaiveDate,
        selection: &Selection,
    ) -> Result<(SourceDay<Self>, Seen), FlatFileError> {
        let file = decode_minutes(path, packed, session_date, |ticker| selection.wants(ticker))?;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut set_aside = Refusals::default();
        for (reason, count, examples) in file.set_aside.iter() {
            let examples: Vec<String> = examples.iter().map(|row| format!("{name} {row}")).collect();
            set_aside.add_all(&reason.to_string(), count as u64, &examples);
        }
        set_aside.add_all("repeats another row exactly", file.collapsed as u64, &[name]);
        let day = SourceDay {
            session_date,
            source: "flatfiles",
            origin: path.display().to_string(),
            etag: None,
            digest: file.digest,
            set_aside: set_aside.total() as usize,
            bars: file.bars,
        };
        Ok((day, Seen::new(file.rows as u64, set_aside)))
    }

    fn by_day(range: Range) -> ByDay<MinuteBar> {
        const MINUTE_MS: i64 = 60_000;
        let mut days = ByDay {
            bars: Vec::with_capacity(range.bars.len()),
            set_aside: Vec::new(),
            received: range.received,
            repeated: range.repeated,
        };
        for row in range.set_aside {
            days.set_aside.push((row.of.and_then(new_york_date), row.reason.to_string()));
        }
        for (start, bar) in range.bars {
            let date = new_york_date(start);
            let minute = i32::try_from(start / MINUTE_MS).ok().filter(|_| start % MINUTE_MS == 0);
            let read = match (date, minute) {
                (Some(date), Some(minute)) => MinuteBar::new(minute, &bar).map(|bar| (date, bar)),
                _ => None,
            };
            match read {
                Some(read) => days.bars.push(read),
                None if minute.is_none() => {
                    days.set_aside.push((date, "the window does not start on a whole minute".to_owned()));
                }
                None => days.set_aside.push((date, "not a number".to_owned())),
            }
        }
        days
    }

    fn of_session(bars: &[(u32, MinuteBar)], tickers: &[String]) -> (Self, [u8; 32]) {
        let mut digest = BarDigest::default();
        let mut gathered = Self::default();
        for (at, bar) in bars {
            let ticker = &tickers[*at as usize];
            digest.add_minute(ticker, bar);
            gathered.push(ticker, *bar);
        }
        (gathered, digest.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAR: DayBar =
        DayBar { open: 1.0, high: 2.0, low: 1.0, close: 2.0, volume: 5.0, vwap: None, trade_count: Some(3) };

    fn range(bars: &[(i64, DayBar)]) -> Range {
        let (received, bars) = (bars.len(), bars.to_vec());
        Range { ticker: "A".into(), bars, set_aside: Vec::new(), received, repeated: 0 }
    }

    #[test]
    fn a_range_of_minutes_falls_into_days_in_new_york_and_only_whole_minutes_are_bars() {
        let midnight = 1_719_892_800_000; // 2024-07-02 in New York
        let many = DayBar { trade_count: Some(1 << 40), ..BAR };
        let starts = [midnight - 60_000, midnight, midnight + 1, midnight + 60_000];
        let mut bars: Vec<(i64, DayBar)> = starts.iter().map(|start| (*start, BAR)).collect();
        bars.push((midnight + 120_000, many));
        let days = TickerMinutes::by_day(range(&bars));
        let found: Vec<(String, i64)> = (days.bars.iter())
            .map(|(date, bar)| (date.to_string(), i64::from(bar.minute) * 60_000 - midnight))
            .collect();
        let expected = [("2024-07-01", -60_000), ("2024-07-02", 0), ("2024-07-02", 60_000)];
        assert_eq!(found, expected.map(|(date, at)| (date.to_owned(), at)));
        let reasons: Vec<&str> = days.set_aside.iter().map(|(_, reason)| reason.as_str()).collect();
        assert_eq!(reasons, ["the window does not start on a whole minute", "not a number"]);
        assert_eq!(days.set_aside[0].0, "2024-07-02".parse().ok());
    }

    #[test]
    fn a_session_of_minutes_is_known_by_every_ticker_minute_and_number_in_it() {
        let tickers = ["A".to_owned(), "B".to_owned()];
        let minute = |at: i32| MinuteBar::new(at, &BAR).unwrap();
        let bars = [(0, minute(7)), (0, minute(8)), (1, minute(7))];
        let (gathered, digest) = TickerMinutes::of_session(&bars, &tickers);
        let runs: Vec<(&str, usize)> = gathered.runs().map(|(ticker, run)| (ticker, run.len())).collect();
        assert_eq!(runs, [("A", 2), ("B", 1)]);
        let digest_of = |bars: &[(u32, MinuteBar)]| TickerMinutes::of_session(bars, &tickers).1;
        assert_eq!(digest_of(&bars), digest);
        let changed = MinuteBar { volume: 6.0, ..bars[2].1 };
        for other in [&bars[..2], &[bars[0], bars[1], (1, changed)], &[bars[0], bars[1], (1, minute(9))]] {
            assert_ne!(digest_of(other), digest);
        }
    }
}
