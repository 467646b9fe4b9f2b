//! Finding the files of a range of sessions, of days or of minutes, in a local folder. Reads names and sizes only.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{Datelike, NaiveDate};
use tidemark::domain::calendar::{Calendar, Closure};

use super::{FlatFileError, Window};

/// The vendor's folder of the market, below which come a folder a window, year and month.
const MARKET: &str = "us_stocks_sip";

/// What a folder holds for a range of days. Every list is sorted by day or path.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Files of sessions: what to load.
    pub files: Vec<FoundFile>,
    /// Files named for days on which the exchange was closed, with the reason. Vendors do print them.
    pub closed: Vec<(FoundFile, Closure)>,
    /// Everything else that lies there, with the reason why it is no session's file.
    pub strays: Vec<Stray>,
}

/// A file that is named and placed as a session's file should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundFile {
    /// The day that the name says.
    pub session_date: NaiveDate,
    /// Where it is.
    pub path: PathBuf,
    /// Its size, compressed, in bytes.
    pub size: u64,
}

/// Something that is not a session's file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stray {
    /// Where it is.
    pub path: PathBuf,
    /// Why it is none.
    pub reason: StrayReason,
}

/// Why something is not a session's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum StrayReason {
    /// The name is not `YYYY-MM-DD.csv.gz`.
    #[error("the name is not YYYY-MM-DD.csv.gz")]
    Name,
    /// A `.csv` that is not compressed; the vendor's are.
    #[error("the file is not compressed")]
    NotCompressed,
    /// The folder is of another year or month than the name.
    #[error("the folder is of another year or month than the name")]
    WrongFolder,
    /// A file where only folders of years or months belong, or a folder in place of a file.
    #[error("neither a folder of a year or month, nor a file within one")]
    OutOfPlace,
    /// The session calendar does not reach this day.
    #[error("the session calendar does not reach this day")]
    OutsideCalendar,
}

/// Lists the files of `window` from `from` up to, but without, `until`.
///
/// `folder` is what holds `us_stocks_sip`, or `us_stocks_sip`, or the window's folder itself (`day_aggs_v1`). Strays that are dated
/// outside of the range are passed over; undated ones are always listed.
///
/// # Errors
/// [`FlatFileError::NoFolder`], [`FlatFileError::Read`], and [`FlatFileError::NoFiles`] when not even a file
/// of a closed day is dated in the range.
pub fn discover(
    folder: &Path,
    window: Window,
    from: NaiveDate,
    until: NaiveDate,
    calendar: &Calendar,
) -> Result<Discovery, FlatFileError> {
    let folder = window_folder(folder, window)?;
    let mut found = Discovery::default();
    let mut first_and_last: Option<(NaiveDate, NaiveDate)> = None;
    let Discovery { files, closed, strays } = &mut found;
    for (path, place) in entries(&folder)? {
        let stray = |reason| Stray { path: path.clone(), reason };
        let (date, compressed) = match (place, dated(&path)) {
            (None, _) => {
                strays.push(stray(StrayReason::OutOfPlace));
                continue;
            }
            (_, None) => {
                strays.push(stray(StrayReason::Name));
                continue;
            }
            (_, Some(dated)) => dated,
        };
        let well_placed = place == Some((date.year(), date.month()));
        if compressed && well_placed {
            let (first, last) = first_and_last.unwrap_or((date, date));
            first_and_last = Some((first.min(date), last.max(date)));
        }
        if !(from..until).contains(&date) {
            continue;
        }
        if !compressed {
            strays.push(stray(StrayReason::NotCompressed));
        } else if !well_placed {
            strays.push(stray(StrayReason::WrongFolder));
        } else if !calendar.covers(date) {
            strays.push(stray(StrayReason::OutsideCalendar));
        } else {
            let size = fs::metadata(&path)
                .map_err(|source| FlatFileError::Read { path: path.clone(), source })?
                .len();
            let file = FoundFile { session_date: date, path, size };
            match calendar.closed_because(date) {
                None => files.push(file),
                Some(closure) => closed.push((file, closure)),
            }
        }
    }
    files.sort();
    closed.sort_by(|(a, _), (b, _)| a.cmp(b));
    strays.sort();
    if files.is_empty() && closed.is_empty() {
        return Err(FlatFileError::NoFiles { folder, window, from, until, first_and_last });
    }
    Ok(found)
}

impl Discovery {
    /// Sets aside the files of sessions that `calendar` closes: it may know of announced days since the files were found.
    pub fn close(&mut self, calendar: &Calendar) {
        let (closed, files): (Vec<FoundFile>, Vec<FoundFile>) = std::mem::take(&mut self.files)
            .into_iter()
            .partition(|file| calendar.closed_because(file.session_date).is_some());
        self.files = files;
        for file in closed {
            self.closed.extend(calendar.closed_because(file.session_date).map(|closure| (file, closure)));
        }
        self.closed.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
}

/// The folder of the window's files in or at `folder`.
fn window_folder(folder: &Path, window: Window) -> Result<PathBuf, FlatFileError> {
    let kind = window.folder();
    let mut candidates = vec![folder.join(MARKET).join(kind), folder.join(kind)];
    if folder.file_name().is_some_and(|name| name == kind) {
        candidates.push(folder.to_owned());
    }
    candidates
        .into_iter()
        .find(|candidate| candidate.is_dir())
        .ok_or_else(|| FlatFileError::NoFolder { folder: folder.to_owned(), window })
}

type YearMonth = (i32, u32);

/// Everything two folders down, with the year and month of those folders; what lies elsewhere has none.
fn entries(folder: &Path) -> Result<Vec<(PathBuf, Option<YearMonth>)>, FlatFileError> {
    let mut found = Vec::new();
    for (year_path, year) in numbered(folder, 4)? {
        let Some(year) = year else {
            found.push((year_path, None));
            continue;
        };
        for (month_path, month) in numbered(&year_path, 2)? {
            let Some(month) = month else {
                found.push((month_path, None));
                continue;
            };
            for path in listed(&month_path)? {
                let place = if path.is_dir() { None } else { Some((year as i32, month)) };
                found.push((path, place));
            }
        }
    }
    Ok(found)
}

/// What a folder holds; a number for the folders among it that are named by just `digits` digits.
fn numbered(folder: &Path, digits: usize) -> Result<Vec<(PathBuf, Option<u32>)>, FlatFileError> {
    let number = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        let numeric = name.len() == digits && name.bytes().all(|byte| byte.is_ascii_digit());
        if numeric && path.is_dir() { name.parse().ok() } else { None }
    };
    Ok(listed(folder)?.into_iter().map(|path| (path.clone(), number(&path))).collect())
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, FlatFileError> {
    fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(|source| FlatFileError::Read { path: folder.to_owned(), source })
}

/// The day that a file is named for, and whether its name says that it is compressed.
fn dated(path: &Path) -> Option<(NaiveDate, bool)> {
    let name = path.file_name()?.to_str()?;
    let (day, compressed) = match name.strip_suffix(".csv.gz") {
        Some(day) => (day, true),
        None => (name.strip_suffix(".csv")?, false),
    };
    let date: NaiveDate = day.parse().ok()?;
    // The parser also takes 2015-3-5.
    (date.to_string() == day).then_some((date, compressed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;
    use tidemark::domain::calendar::nyse;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn folder_with(names: &[&str]) -> TempDir {
        let folder = TempDir::new().expect("a folder");
        for name in names {
            let path = folder.path().join("us_stocks_sip/day_aggs_v1").join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, "12345").expect("a file");
        }
        folder
    }

    fn in_2024(folder: &Path) -> Result<Discovery, FlatFileError> {
        discover(folder, Window::Day, day("2024-01-01"), day("2025-01-01"), nyse())
    }

    fn days(found: &Discovery) -> Vec<String> {
        found.files.iter().map(|file| file.session_date.to_string()).collect()
    }

    #[test]
    fn a_day_that_was_announced_since_is_set_aside_like_any_closed_one() {
        use tidemark::domain::calendar::Announced;
        let folder = folder_with(&["2024/07/2024-07-02.csv.gz", "2024/07/2024-07-03.csv.gz"]);
        let mut found = in_2024(folder.path()).expect("found");
        let mourning = Announced { date: day("2024-07-02"), close: None, name: "mourning".into() };
        found.close(&Calendar::with(&[mourning]));
        assert_eq!(days(&found), ["2024-07-03"]);
        assert_eq!(found.closed[0].1, Closure::Special("mourning"));
    }

    #[test]
    fn the_files_of_a_half_open_range_are_found_in_order_and_with_their_size() {
        let folder = folder_with(&[
            "2024/07/2024-07-05.csv.gz",
            "2024/07/2024-07-02.csv.gz",
            "2024/07/2024-07-08.csv.gz",
            "2023/12/2023-12-29.csv.gz",
        ]);
        let found = discover(folder.path(), Window::Day, day("2024-07-02"), day("2024-07-08"), nyse())
            .expect("found");
        assert_eq!(days(&found), ["2024-07-02", "2024-07-05"]);
        assert_eq!(found.files[0].size, 5);
        assert!(found.files[0].path.ends_with("2024/07/2024-07-02.csv.gz"));
        assert_eq!((found.closed.len(), found.strays.len()), (0, 0));
    }

    #[test]
    fn every_level_of_the_vendor_s_folders_may_be_named() {
        let folder = folder_with(&["2024/07/2024-07-02.csv.gz"]);
        for level in ["", "us_stocks_sip", "us_stocks_sip/day_aggs_v1"] {
            let found = in_2024(&folder.path().join(level)).expect(level);
            assert_eq!(days(&found), ["2024-07-02"], "{level}");
        }
    }

    #[test]
    fn minutes_lie_in_a_folder_of_their_own() {
        let folder = folder_with(&["2024/07/2024-07-02.csv.gz"]);
        let minutes =
            |folder: &Path| discover(folder, Window::Minute, day("2024-07-01"), day("2024-08-01"), nyse());
        let fault = minutes(folder.path()).expect_err("no minutes");
        assert!(fault.to_string().ends_with(": no folder us_stocks_sip/minute_aggs_v1 here"), "{fault}");
        let path = folder.path().join("us_stocks_sip/minute_aggs_v1/2024/07");
        fs::create_dir_all(&path).expect("a folder");
        let fault = minutes(folder.path()).expect_err("no files").to_string();
        assert!(fault.contains("no minute file from 2024-07-01 until 2024-08-01"), "{fault}");
        fs::write(path.join("2024-07-03.csv.gz"), "1").expect("a file");
        assert_eq!(days(&minutes(folder.path()).expect("found")), ["2024-07-03"]);
        assert_eq!(days(&in_2024(folder.path()).expect("found")), ["2024-07-02"]);
    }

    #[test]
    fn files_of_closed_days_are_listed_with_the_reason() {
        let folder = folder_with(&["2024/07/2024-07-04.csv.gz", "2024/07/2024-07-06.csv.gz"]);
        let found = in_2024(folder.path()).expect("found");
        let closed: Vec<String> =
            found.closed.iter().map(|(file, why)| format!("{}: {why}", file.session_date)).collect();
        assert_eq!(closed, ["2024-07-04: Independence Day", "2024-07-06: Saturday"]);
        assert!(found.files.is_empty());
    }

    #[test]
    fn strays_are_listed_with_the_reason() {
        let folder = folder_with(&[
            "2024/07/2024-07-02.csv.gz",
            "2024/07/2024-07-02.csv",
            "2024/07/2023-07-03.csv",
            "2024/07/2024-7-3.csv.gz",
            "2024/07/2024-07-32.csv.gz",
            "2024/07/2024-07-02.csv.gz.part",
            "2024/07/notes.txt",
            "2024/06/2024-07-03.csv.gz",
            "2024/07/2024-07-09.csv.gz/inside",
            "2024/2024-07-05.csv.gz",
            "24/07/2024-07-05.csv.gz",
        ]);
        let found = in_2024(folder.path()).expect("found");
        assert_eq!(days(&found), ["2024-07-02"]);
        let root = folder.path().join("us_stocks_sip/day_aggs_v1");
        let strays: Vec<(String, StrayReason)> = (found.strays.iter())
            .map(|stray| (stray.path.strip_prefix(&root).expect("below").display().to_string(), stray.reason))
            .collect();
        let expected = [
            ("2024/06/2024-07-03.csv.gz", StrayReason::WrongFolder),
            ("2024/07/2024-07-02.csv", StrayReason::NotCompressed),
            ("2024/07/2024-07-02.csv.gz.part", StrayReason::Name),
            ("2024/07/2024-07-09.csv.gz", StrayReason::OutOfPlace),
            ("2024/07/2024-07-32.csv.gz", StrayReason::Name),
            ("2024/07/2024-7-3.csv.gz", StrayReason::Name),
            ("2024/07/notes.txt", StrayReason::Name),
            ("2024/2024-07-05.csv.gz", StrayReason::OutOfPlace),
            ("24", StrayReason::OutOfPlace),
        ];
        assert_eq!(strays, expected.map(|(path, reason)| (path.to_owned(), reason)));
    }

    #[test]
    fn a_day_beyond_the_calendar_is_a_stray() {
        let folder = folder_with(&["2024/07/2024-07-02.csv.gz", "2150/01/2150-01-05.csv.gz"]);
        let found = discover(folder.path(), Window::Day, day("2024-01-01"), day("2200-01-01"), nyse())
            .expect("found");
        assert_eq!(
            found.strays.iter().map(|stray| stray.reason).collect::<Vec<_>>(),
            [StrayReason::OutsideCalendar]
        );
    }

    #[test]
    fn an_empty_answer_says_what_there_is() {
        let folder = folder_with(&["2023/07/2023-07-03.csv.gz", "2023/07/2023-07-05.csv.gz"]);
        let message = in_2024(folder.path()).expect_err("nothing in 2024").to_string();
        assert!(
            message.ends_with(
                "no daily file from 2024-01-01 until 2025-01-01 (there are files from 2023-07-03 to 2023-07-05)"
            ),
            "{message}"
        );
        let empty = folder_with(&["2024/07/notes.txt"]);
        let message = in_2024(empty.path()).expect_err("no file").to_string();
        assert!(message.ends_with("(there are no files at all)"), "{message}");
    }

    #[test]
    fn a_missing_folder_is_named() {
        let fault = in_2024(Path::new("/no/such/folder")).expect_err("missing");
        assert_eq!(fault.to_string(), "/no/such/folder: no folder us_stocks_sip/day_aggs_v1 here");
        let other = TempDir::new().expect("a folder");
        assert!(matches!(in_2024(other.path()), Err(FlatFileError::NoFolder { .. })));
    }
}
