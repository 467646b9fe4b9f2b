//! Replies kept in files: `NAME.json`, `NAME.json.gz`, or pages of them as `NAME-*.json[.gz]`.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::page::{PageFault, parse_page};
use crate::flatfiles::gzip::{self, GzipFault};

/// The most that a file of replies may unpack to, in bytes.
const MOST_UNPACKED: usize = 1 << 30;

/// Why a file of replies cannot be used. Nothing of the folder's records is used then.
#[derive(Debug, thiserror::Error)]
pub enum ReplyError {
    /// The file or folder cannot be read.
    #[error("{}: cannot be read", .path.display())]
    Read {
        /// What could not be read.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file cannot be unpacked.
    #[error("{}: {fault}", .path.display())]
    Gzip {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: GzipFault,
    },
    /// The file holds no page of results.
    #[error("{}: no page of results", .path.display())]
    Page {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PageFault,
    },
}

impl ReplyError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Read { .. } => "check that the path exists and may be read by this user",
            Self::Gzip { .. } => "delete the file and fetch it again",
            Self::Page { source: PageFault::Refused { .. }, .. } => {
                "the file holds a refusal in place of data; check the plan of the key, and fetch it again"
            }
            Self::Page { source: PageFault::Malformed(_), .. } => {
                "the file must be a reply of the vendor as it came, {\"status\": …, \"results\": […]}; fetch it again"
            }
        }
    }
}

/// The results of one file.
///
/// # Errors
/// As of [`ReplyError`]: a file that is not a page of results is refused whole.
pub fn page<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, ReplyError> {
    parsed(path, |text| Ok(parse_page(text)?.results))
}

/// What `parse` makes of all files of `name` in `folder`, in the order of their names; `None` if no file is there.
///
/// # Errors
/// As of [`page`].
pub fn read<T>(
    folder: &Path,
    name: &str,
    parse: impl Fn(&[u8]) -> Result<Vec<T>, PageFault>,
) -> Result<Option<Vec<T>>, ReplyError> {
    let mut all: Option<Vec<T>> = None;
    for path in paths(folder, name)? {
        all.get_or_insert_default().extend(parsed(&path, &parse)?);
    }
    Ok(all)
}

fn parsed<T>(path: &Path, parse: impl Fn(&[u8]) -> Result<Vec<T>, PageFault>) -> Result<Vec<T>, ReplyError> {
    let stored = fs::read(path).map_err(|source| ReplyError::Read { path: path.to_owned(), source })?;
    let mut unpacked = Vec::new();
    let text = if path.extension().is_some_and(|extension| extension == "gz") {
        gzip::unpack(&stored, MOST_UNPACKED, &mut unpacked)
            .map_err(|fault| ReplyError::Gzip { path: path.to_owned(), fault })?;
        &unpacked
    } else {
        &stored
    };
    parse(text).map_err(|source| ReplyError::Page { path: path.to_owned(), source })
}

/// The pages of `name` in `folder`, in the order of the files' names; empty if no file is there.
///
/// # Errors
/// [`ReplyError::Read`].
pub fn paths(folder: &Path, name: &str) -> Result<Vec<PathBuf>, ReplyError> {
    let is_page = |path: &Path| {
        let file_name = path.file_name().and_then(|file_name| file_name.to_str()).unwrap_or_default();
        let stem = file_name.strip_suffix(".gz").unwrap_or(file_name).strip_suffix(".json");
        let rest = stem.and_then(|stem| stem.strip_prefix(name));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(|source| ReplyError::Read { path: folder.to_owned(), source })?;
    paths.retain(|path| is_page(path));
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use tempfile::TempDir;

    fn pack(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).expect("write to memory");
        encoder.finish().expect("write to memory")
    }

    fn folder_with(files: &[(&str, &[u8])]) -> TempDir {
        let folder = TempDir::new().expect("a folder");
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).expect("a file");
        }
        folder
    }

    fn numbers(folder: &TempDir) -> Result<Vec<i32>, ReplyError> {
        let mut all = Vec::new();
        for path in paths(folder.path(), "splits")? {
            all.extend(page::<i32>(&path)?);
        }
        Ok(all)
    }

    #[test]
    fn all_pages_are_read_packed_or_not_and_other_files_are_not() {
        let folder = folder_with(&[
            ("splits.json", br#"{"results":[1]}"#),
            ("splits-1.json.gz", &pack(r#"{"results":[2,3]}"#)),
            ("splits-2.json", br#"{"status":"OK"}"#),
            ("splits.json.part", b"half"),
            ("splitsville.json", b"no"),
            ("dividends.json", b"no"),
        ]);
        let mut read = numbers(&folder).expect("readable");
        read.sort_unstable();
        assert_eq!(read, [1, 2, 3]);
    }

    #[test]
    fn a_bad_file_is_named_and_says_what_to_do() {
        let cut = pack(r#"{"results":[1]}"#);
        for (bytes, name, message) in [
            (&b"{\"results\":[1"[..], "splits.json", "splits.json: no page of results"),
            (br#"{"status":"ERROR","error":"no"}"#, "splits.json", "splits.json: no page of results"),
            (b"{}", "splits.json.gz", "splits.json.gz: not gzip: it starts with 7b 7d"),
            (&cut[..cut.len() - 1], "splits.json.gz", "splits.json.gz: cut short"),
        ] {
            let fault = numbers(&folder_with(&[(name, bytes)])).expect_err(message);
            assert!(fault.to_string().contains(message), "{fault}");
            assert!(!fault.hint().is_empty());
        }
        let gone = paths(Path::new("/no/such/folder"), "splits").expect_err("missing");
        assert_eq!(gone.to_string(), "/no/such/folder: cannot be read");
    }
}
