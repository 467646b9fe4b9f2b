//! Faults of a whole file or folder. Nothing of such a file is loaded.

use std::path::PathBuf;

use chrono::NaiveDate;

use super::gzip::GzipFault;
use super::{SetAside, Window};

/// Why a folder or a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FlatFileError {
    /// The folder does not exist, or holds no folder of these files.
    #[error("{}: no folder us_stocks_sip/{} here", .folder.display(), .window.folder())]
    NoFolder {
        /// The folder that was searched.
        folder: PathBuf,
        /// Which files were looked for.
        window: Window,
    },
    /// No file is dated in the range.
    #[error("{}: no {} file from {from} until {until}{}", .folder.display(), .window.of_file(), have(.first_and_last.as_ref()))]
    NoFiles {
        /// The folder that was searched.
        folder: PathBuf,
        /// Which files were looked for.
        window: Window,
        /// First day asked for.
        from: NaiveDate,
        /// First day no longer asked for.
        until: NaiveDate,
        /// The first and the last day that the folder does hold.
        first_and_last: Option<(NaiveDate, NaiveDate)>,
    },
    /// The file or folder cannot be read.
    #[error("{}: cannot be read", .path.display())]
    Read {
        /// What could not be read.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file of 0 bytes.
    #[error("{}: the file is empty (0 bytes)", .0.display())]
    Empty(PathBuf),
    /// The file cannot be unpacked.
    #[error("{}: {fault}", .path.display())]
    Gzip {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: GzipFault,
    },
    /// A file that unpacks to nothing.
    #[error("{}: unpacks to 0 bytes", .0.display())]
    NoContent(PathBuf),
    /// The first line names none of the columns.
    #[error("{}: line 1 is no header: \"{line}\"", .path.display())]
    NoHeader {
        /// The file.
        path: PathBuf,
        /// The line that is there instead, shortened.
        line: String,
    },
    /// The header lacks columns.
    #[error("{}: line 1: the header lacks {} (it reads \"{line}\")", .path.display(), .missing.join(", "))]
    MissingColumns {
        /// The file.
        path: PathBuf,
        /// Names of the columns that are not there.
        missing: Vec<&'static str>,
        /// The header as it is, shortened.
        line: String,
    },
    /// The header names a column twice.
    #[error("{}: line 1: the header names {column} twice", .path.display())]
    ColumnTwice {
        /// The file.
        path: PathBuf,
        /// The name.
        column: &'static str,
    },
    /// A header and nothing else.
    #[error("{}: a header and no bars", .0.display())]
    NoBars(PathBuf),
    /// The rows are those of another session.
    #[error("{}: the file is named for {named}, and its rows are of {found}", .path.display())]
    NamedForAnotherDay {
        /// The file.
        path: PathBuf,
        /// The session that the file's name claims.
        named: NaiveDate,
        /// The first day, in New York, that rows belong to.
        found: NaiveDate,
    },
    /// More than half of the rows were set aside.
    #[error("{}: {set_aside} of {rows} rows are unusable, the first in {first}", .path.display())]
    MostlyBad {
        /// The file.
        path: PathBuf,
        /// Rows in the file.
        rows: usize,
        /// Rows that were set aside.
        set_aside: usize,
        /// The first of them.
        first: Box<SetAside>,
    },
}

fn have(first_and_last: Option<&(NaiveDate, NaiveDate)>) -> String {
    match first_and_last {
        Some((first, last)) => format!(" (there are files from {first} to {last})"),
        None => " (there are no files at all)".to_owned(),
    }
}

impl FlatFileError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoFolder { window: Window::Day, .. } => {
                "name the folder that holds us_stocks_sip/day_aggs_v1/YYYY/MM/YYYY-MM-DD.csv.gz"
            }
            Self::NoFolder { window: Window::Minute, .. } => {
                "name the folder that holds us_stocks_sip/minute_aggs_v1/YYYY/MM/YYYY-MM-DD.csv.gz"
            }
            Self::NoFiles { .. } => "ask for another range, or fetch the files of this one first",
            Self::Read { .. } => "check that the path exists and may be read by this user",
            Self::Empty(_) | Self::NoContent(_) | Self::NoBars(_) => {
                "is the file complete? delete it and fetch it again; a session always has bars"
            }
            Self::Gzip { fault: GzipFault::Truncated { .. }, .. } => {
                "the download did not finish; delete the file and fetch it again"
            }
            Self::Gzip { fault: GzipFault::NotGzip(_), .. } => {
                "an error page saved in place of the file, or an unpacked file? fetch it again"
            }
            Self::Gzip { fault: GzipFault::Damaged { .. }, .. } => "delete the file and fetch it again",
            Self::Gzip { fault: GzipFault::TooLarge { .. }, .. } => {
                "no day of the whole market is that large; look where the file comes from"
            }
            Self::NoHeader { .. } | Self::MissingColumns { .. } | Self::ColumnTwice { .. } => {
                "the header must name ticker, volume, open, close, high, low, window_start and transactions, \
                 in any order"
            }
            Self::NamedForAnotherDay { .. } => {
                "the file was renamed or stored in the wrong place; fetch it again"
            }
            Self::MostlyBad { .. } => {
                "the file is damaged or of another kind; look at the line, then fetch it again"
            }
        }
    }
}
