//! A session's minute file, `us_stocks_sip/minute_aggs_v1/YYYY/MM/YYYY-MM-DD.csv.gz`: unpacked piece by piece, for its
//! text is a hundred megabytes, into bars of 56 bytes.

use std::path::Path;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use tidemark::domain::bar::MinuteBar;

use super::decode::{Lines, MOST_UNPACKED};
use super::gzip::Pieces;
use super::intake::Intake;
use super::row::{MINUTE, Row, Window};
use super::runs::{Rows, TickerMinutes};
use super::set_aside::{Reason, Tally};
use super::{FlatFileError, SetAside};

/// One session's minute bars of the tickers asked for, and what was left out of the whole file.
#[derive(Debug)]
pub struct MinuteFile {
    /// Bars by ticker: each ticker once, each minute once.
    pub bars: TickerMinutes,
    /// Rows of the file, whatever became of them.
    pub rows: usize,
    /// Rows that are not loaded, of any ticker.
    pub set_aside: Tally,
    /// Rows of the tickers asked for that repeated another row exactly and were dropped.
    pub collapsed: usize,
    /// SHA-256 of the file as it is stored, compressed.
    pub digest: [u8; 32],
}

/// A line longer than this, in bytes, is cut: no row is, and what is no CSV file may have no lines at all.
const LONGEST_LINE: usize = 64 * 1024;

/// Decodes a session's minute file from its bytes as they are stored; `path` is for messages only. Every row is checked,
/// those of the tickers that `wants` are kept.
///
/// Rows that cannot be bars are set aside. Of several rows of one ticker and minute equal ones are one, and of
/// contradictory ones the one of the greatest volume is kept (then the greatest close, then the other fields): the result
/// does not depend on the order of the rows. A file whose tickers stand together costs 60 bytes of memory a bar kept.
///
/// # Errors
/// A [`FlatFileError`] when the file as a whole cannot be trusted; nothing of it should be loaded then.
pub fn decode_minutes(
    path: &Path,
    packed: &[u8],
    session_date: NaiveDate,
    wants: impl Fn(&str) -> bool,
) -> Result<MinuteFile, FlatFileError> {
    if packed.is_empty() {
        return Err(FlatFileError::Empty(path.to_owned()));
    }
    let mut intake: Intake<Tally> = Intake::new(path, session_date, Window::Minute);
    let mut rows = Rows::default();
    let mut wanted = WantedTicker { wants, last: String::new(), answer: false };
    let mut take = |intake: &mut Intake<Tally>, line: &[u8]| -> Result<(), FlatFileError> {
        if let Some(row) = intake.take(line)? {
            keep(row, intake, &mut rows, &mut wanted);
        }
        Ok(())
    };
    let mut pieces = Pieces::new(packed, MOST_UNPACKED);
    let mut begun: Vec<u8> = Vec::new();
    while let Some(mut piece) =
        pieces.next().map_err(|fault| FlatFileError::Gzip { path: path.to_owned(), fault })?
    {
        if !begun.is_empty() {
            let end = memchr::memchr(b'\n', piece).map_or(piece.len(), |at| at + 1);
            begun.extend_from_slice(&piece[..end]);
            piece = &piece[end..];
            if begun.ends_with(b"\n") || begun.len() > LONGEST_LINE {
                take(&mut intake, line_of(&begun))?;
                begun.clear();
            }
        }
        let whole = memchr::memrchr(b'\n', piece).map_or(0, |at| at + 1);
        for line in (Lines { rest: &piece[..whole] }) {
            take(&mut intake, line)?;
        }
        begun.extend_from_slice(&piece[whole..]);
    }
    if !begun.is_empty() {
        take(&mut intake, line_of(&begun))?;
    }
    if intake.line() == 0 {
        return Err(FlatFileError::NoContent(path.to_owned()));
    }
    let count = intake.count()?;
    let mut set_aside = intake.set_aside;
    let (bars, collapsed) = rows.settle(&mut set_aside);
    if 2 * set_aside.len() > count
        && let Some(first) = set_aside.first()
    {
        let (path, first) = (path.to_owned(), Box::new(first.clone()));
        return Err(FlatFileError::MostlyBad { path, rows: count, set_aside: set_aside.len(), first });
    }
    let digest = Sha256::digest(packed).into();
    Ok(MinuteFile { bars, rows: count, set_aside, collapsed, digest })
}

/// Keeps a row if its ticker is wanted.
fn keep(
    row: Row<'_>,
    intake: &mut Intake<Tally>,
    rows: &mut Rows,
    wanted: &mut WantedTicker<impl Fn(&str) -> bool>,
) {
    let Row { ticker, window_start, bar } = row;
    if !wanted.is(ticker) {
        return;
    }
    let minute = window_start / MINUTE;
    match i32::try_from(minute).ok().and_then(|minute| MinuteBar::new(minute, &bar)) {
        Some(bar) => rows.push(ticker, bar, intake.line()),
        None => intake.set_aside.extend([SetAside {
            line: intake.line(),
            ticker: ticker.to_owned(),
            field: "transactions",
            value: bar.trade_count.unwrap_or_default().to_string(),
            reason: Reason::NotANumber,
        }]),
    }
}

/// A line without its line break.
fn line_of(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether tickers are wanted. A file's rows of one ticker mostly stand together, so the last answer is kept.
struct WantedTicker<W> {
    wants: W,
    last: String,
    answer: bool,
}

impl<W: Fn(&str) -> bool> WantedTicker<W> {
    fn is(&mut self, ticker: &str) -> bool {
        if self.last != ticker {
            self.last.clear();
            self.last.push_str(ticker);
            self.answer = (self.wants)(ticker);
        }
        self.answer
    }
}

#[cfg(test)]
mod tests;
