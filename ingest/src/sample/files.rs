//! Files of the sample: a folder that is surely ours, and gzip files that appear whole and are the same bytes for
//! the same content (no name, no time inside).

use super::{SampleError, instrument::Row, minutes, random::Random};
use chrono::{Datelike, NaiveDate, TimeZone, Timelike};
use chrono_tz::America::New_York;
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use std::{
    fs::{self, File},
    io::{self, BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
};
use tidemark::domain::calendar::nyse;

/// The file that says what a folder is.
pub(super) const README: &str = "README.txt";
/// The first line of our [`README`]; a folder with content and without this line is somebody else's.
pub(super) const MARKER: &str =
    "Tidemark sample market: every number and every name in this folder is made up.";

/// What a sample writes beside its [`README`], and what an earlier one left.
const CONTENT: [&str; 10] = [
    "us_stocks_sip",
    "republished",
    "next",
    "tickers.json.gz",
    "splits.json.gz",
    "dividends.json.gz",
    "income-statements.json.gz",
    "balance-sheets.json.gz",
    "cash-flow-statements.json.gz",
    "sectors.csv",
];

/// Makes `out` a folder with nothing but our [`README`]: a new or empty folder, or an earlier sample, whose files
/// are removed. Anything else in it stays.
pub(super) fn prepare(out: &Path, readme: &str) -> Result<(), SampleError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| SampleError::File { path, source }
    };
    fs::create_dir_all(out).map_err(failed(out))?;
    let note = out.join(README);
    let ours = match fs::read_to_string(&note) {
        Ok(text) => text.lines().next() == Some(MARKER),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) => false,
        Err(error) => return Err(failed(&note)(error)),
    };
    if !ours && fs::read_dir(out).map_err(failed(out))?.next().is_some() {
        return Err(SampleError::Occupied { path: out.to_owned() });
    }
    for name in CONTENT {
        let path = out.join(name);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(&path)(error)),
            _ => {}
        }
    }
    whole(&note, |file| file.write_all(readme.as_bytes()))
}

/// Writes a file so that it is there whole or not at all.
pub(super) fn whole(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), SampleError> {
    let unfinished = PathBuf::from(format!("{}.unfinished", path.display()));
    let attempt = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = BufWriter::new(File::create(&unfinished)?);
        write(&mut file)?;
        file.into_inner()?.sync_data()?;
        fs::rename(&unfinished, path)
    };
    attempt().map_err(|source| SampleError::File { path: path.to_owned(), source })
}

fn gzip(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), SampleError> {
    whole(path, |file| {
        let mut gzip = GzEncoder::new(file, Compression::default());
        write(&mut gzip)?;
        gzip.finish().map(|_| ())
    })
}

/// Writes a day's bars under `folder` in the layout, the order of columns and the units of the vendor's flat files.
pub(super) fn day(
    folder: &Path,
    date: NaiveDate,
    rows: &[(usize, Row)],
    tickers: &[String],
) -> Result<(), SampleError> {
    let path = folder.join(format!(
        "us_stocks_sip/day_aggs_v1/{:04}/{:02}/{date}.csv.gz",
        date.year(),
        date.month()
    ));
    let text = day_text(window_start_ns(date), rows, tickers);
    gzip(&path, |file| file.write_all(text.as_bytes()))
}

/// Writes the minutes of a day's bars, as [`day`] writes the bars.
pub(super) fn minutes(
    folder: &Path,
    date: NaiveDate,
    rows: &[(usize, Row)],
    tickers: &[String],
    seed: u64,
) -> Result<(), SampleError> {
    const MINUTE_NS: i64 = 60_000_000_000;
    let path = folder.join(format!(
        "us_stocks_sip/minute_aggs_v1/{:04}/{:02}/{date}.csv.gz",
        date.year(),
        date.month()
    ));
    // From 09:30 to 16:00, or to the early close.
    let close = nyse().early_close(date).map_or(16 * 60, |close| close.num_seconds_from_midnight() / 60);
    let opening = window_start_ns(date) + (9 * 60 + 30) * MINUTE_NS;
    gzip(&path, |file| {
        file.write_all(HEADER.as_bytes())?;
        let mut text = String::new();
        for (index, row) in rows {
            let mut random =
                Random::new(!seed.rotate_left(16), (*index as u64) << 32 | date.num_days_from_ce() as u64);
            let bars = minutes::of_day(row, (close - (9 * 60 + 30)) as usize, &mut random);
            text.clear();
            for (place, bar) in bars {
                push_line(&mut text, &tickers[*index], &bar, opening + place as i64 * MINUTE_NS);
            }
            file.write_all(text.as_bytes())?;
        }
        Ok(())
    })
}

/// The vendor's columns, in its order.
const HEADER: &str = "ticker,volume,open,close,high,low,window_start,transactions\n";

fn day_text(window_start_ns: i64, rows: &[(usize, Row)], tickers: &[String]) -> String {
    let mut text = String::with_capacity(64 + rows.len() * 80);
    text.push_str(HEADER);
    for (index, row) in rows {
        push_line(&mut text, &tickers[*index], row, window_start_ns);
    }
    text
}

fn push_line(text: &mut String, ticker: &str, row: &Row, window_start_ns: i64) {
    use std::fmt::Write;
    text.push_str(ticker);
    // Writing to a String cannot fail.
    let _ = write!(text, ",{}", row.volume);
    for price in [row.open, row.close, row.high, row.low] {
        let _ = write!(text, ",{}.{:02}", price / 100, price % 100);
    }
    let _ = writeln!(text, ",{window_start_ns},{}", row.transactions);
}

/// Midnight in New York, in nanoseconds since 1970. Clocks there change at two in the morning, so that every day
/// has its midnight.
fn window_start_ns(date: NaiveDate) -> i64 {
    let midnight = date.and_time(chrono::NaiveTime::MIN);
    let midnight =
        New_York.from_local_datetime(&midnight).earliest().map_or(midnight.and_utc(), |at| at.to_utc());
    midnight.timestamp_nanos_opt().unwrap_or_default()
}

/// Writes a list in the shape of the vendor's replies, one entry a line. Gives the number of entries.
pub(super) fn reply<T: Serialize>(
    path: &Path,
    entries: impl Iterator<Item = T>,
) -> Result<usize, SampleError> {
    let mut count = 0;
    gzip(path, |file| {
        let mut file = BufWriter::with_capacity(1 << 16, file);
        file.write_all(br#"{"status":"OK","request_id":"sample","results":["#)?;
        for entry in entries {
            file.write_all(if count == 0 { b"\n" } else { b",\n" })?;
            serde_json::to_writer(&mut file, &entry)?;
            count += 1;
        }
        file.write_all(b"\n]}\n")?;
        file.flush()
    })?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_file_has_the_vendors_columns_units_and_window_start() {
        let row = Row { open: 4146, high: 4152, low: 4072, close: 4105, volume: 2_167_000, transactions: 7 };
        let date = "2015-04-01".parse().unwrap();
        let text = day_text(window_start_ns(date), &[(1, row)], &["A".to_owned(), "B".to_owned()]);
        assert_eq!(
            text,
            "ticker,volume,open,close,high,low,window_start,transactions\n\
             B,2167000,41.46,41.05,41.52,40.72,1427860800000000000,7\n"
        );
        assert_eq!(window_start_ns("2015-01-02".parse().unwrap()), 1420174800000000000);
    }

    #[test]
    fn a_folder_with_somebodys_data_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("next")).unwrap();
        fs::write(folder.path().join(README), "my notes\n").unwrap();
        let error = prepare(folder.path(), "x").unwrap_err();
        assert!(matches!(error, SampleError::Occupied { .. }), "{error}");
        assert!(folder.path().join("next").exists());
        assert_eq!(fs::read_to_string(folder.path().join(README)).unwrap(), "my notes\n");
    }

    #[test]
    fn an_earlier_sample_is_replaced_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let readme = format!("{MARKER}\nseed 1\n");
        prepare(folder.path(), &readme).unwrap();
        fs::create_dir_all(folder.path().join("us_stocks_sip/x")).unwrap();
        fs::write(folder.path().join("sectors.csv"), "old").unwrap();
        fs::write(folder.path().join("mine.txt"), "kept").unwrap();
        prepare(folder.path(), &readme).unwrap();
        assert!(!folder.path().join("us_stocks_sip").exists() && !folder.path().join("sectors.csv").exists());
        assert!(folder.path().join("mine.txt").exists());
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        assert!(prepare(&path, "x").unwrap_err().to_string().contains("file"));
    }

    #[test]
    fn a_reply_has_the_vendors_envelope() {
        let folder = tempfile::tempdir().unwrap();
        for entries in [vec![], vec![1, 2, 3]] {
            let path = folder.path().join("list.json.gz");
            assert_eq!(reply(&path, entries.iter()).unwrap(), entries.len());
            let value: serde_json::Value =
                serde_json::from_reader(flate2::read::GzDecoder::new(File::open(&path).unwrap())).unwrap();
            assert_eq!(value["status"], "OK");
            assert_eq!(value["results"], serde_json::json!(entries));
        }
    }
}
