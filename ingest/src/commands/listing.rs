//! The pages of one list of the vendor, one at a time: from files, or from the API.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use tidemark::say;

use crate::replies::{self, ReplyError, files};
use crate::vendor::{self, VendorClient};

/// A place in a list. One page is in memory at a time.
pub struct Listing<'a> {
    name: String,
    source: Source<'a>,
    /// Pages read so far.
    pub pages: usize,
    /// Results read so far.
    pub results: usize,
}

enum Source<'a> {
    Files(std::vec::IntoIter<PathBuf>),
    Rest(&'a VendorClient, vendor::pages::Pages<'a>),
}

impl<'a> Listing<'a> {
    /// The list `name` in the files `NAME.json`, `NAME.json.gz` and `NAME-*.json[.gz]` of `folder`; none without a file.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn of_files(folder: &Path, name: &str) -> Result<Option<Self>, ReplyError> {
        let paths = files::paths(folder, name)?;
        let source = Source::Files(paths.clone().into_iter());
        Ok((!paths.is_empty()).then(|| Self { name: name.to_owned(), source, pages: 0, results: 0 }))
    }

    /// Whether `folder` holds any of the lists `names`.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn any_in(folder: &Path, names: &[&str]) -> Result<bool, ReplyError> {
        for name in names {
            if !files::paths(folder, name)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The list at `path` of the API.
    pub fn of_api(vendor: &'a VendorClient, path: &str, query: &[(&str, &str)]) -> Self {
        let source = Source::Rest(vendor, vendor.pages(path, query));
        Self { name: path.to_owned(), source, pages: 0, results: 0 }
    }

    /// The results of the next page; none after the last one. Says how many calls it took so far.
    ///
    /// # Errors
    /// What is wrong with the page. A list that breaks off is never taken for a whole one.
    pub async fn next<T: DeserializeOwned>(&mut self) -> anyhow::Result<Option<Vec<T>>> {
        let results = match &mut self.source {
            Source::Files(paths) => match paths.next() {
                Some(path) => files::page(&path)?,
                None => return Ok(None),
            },
            Source::Rest(vendor, pages) => match pages.next().await? {
                Some(body) => {
                    replies::parse_page(&body)
                        .map_err(|fault| vendor.malformed(&self.name, &reason(&fault)))?
                        .results
                }
                None => return Ok(None),
            },
        };
        self.pages += 1;
        self.results += results.len();
        if let Source::Rest(..) = self.source {
            eprintln!(
                "{}: {} records after {} call{}",
                self.name,
                say::count(self.results as u64),
                self.pages,
                if self.pages == 1 { "" } else { "s" }
            );
        }
        Ok(Some(results))
    }
}

/// A fault with its cause, on one line.
fn reason(fault: &dyn std::error::Error) -> String {
    fault.source().map_or_else(|| fault.to_string(), |cause| format!("{fault}: {cause}"))
}
