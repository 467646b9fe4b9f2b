//! Which files there are: the pages of a listing, by day.

use chrono::{Datelike, NaiveDate};
use rusty_s3::actions::ListObjectsV2;
use std::collections::HashSet;
use tidemark::store::ledger::Timeframe;

/// A file that is named and placed as the vendor's are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFile {
    /// The day that the name says.
    pub session_date: NaiveDate,
    /// Its key in the bucket.
    pub key: String,
    /// Its ETag, without quotes; another one means other bytes.
    pub etag: Option<String>,
    /// Its size, compressed, in bytes.
    pub size: Option<u64>,
}

impl RemoteFile {
    /// Bucket and key, as messages and the ledger name it.
    pub fn place(&self) -> String {
        super::place(&self.key)
    }
}

/// The files of a range of days, gathered page by page.
#[derive(Debug)]
pub struct Listing {
    /// Files of the range, ascending by day.
    pub files: Vec<RemoteFile>,
    /// Keys of the range's folders that are not named as files of a day.
    pub strays: Vec<String>,
    /// How many requests it took.
    pub pages: usize,
    prefix: String,
    from: NaiveDate,
    until: NaiveDate,
    last_key: String,
    tokens: HashSet<String>,
}

/// Why a page cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PageFault {
    /// It is no page of a listing; holds the reason.
    Malformed(String),
    /// It goes back to what was already read.
    Repeated,
}

impl Listing {
    pub(super) fn new(timeframe: Timeframe, from: NaiveDate, until: NaiveDate) -> Self {
        Self {
            files: Vec::new(),
            strays: Vec::new(),
            pages: 0,
            prefix: format!("us_stocks_sip/{}_aggs_v1/", timeframe.name()),
            from,
            until,
            last_key: String::new(),
            tokens: HashSet::new(),
        }
    }

    /// One page of these daily files.
    #[cfg(test)]
    pub(crate) fn of(files: Vec<RemoteFile>) -> Self {
        let day = NaiveDate::default();
        Self { files, pages: 1, ..Self::new(Timeframe::Day, day, day) }
    }

    /// What the keys begin with.
    pub(super) fn prefix(&self) -> String {
        self.prefix.clone()
    }

    /// A key just before the first one of the range.
    pub(super) fn start_after(&self) -> String {
        let Self { prefix, from, .. } = self;
        format!("{prefix}{:04}/{:02}/{from}", from.year(), from.month())
    }

    /// Reads a page and gives the token of the next one; none when the range is past or the list has ended.
    pub(super) fn page(&mut self, body: &[u8]) -> Result<Option<String>, PageFault> {
        let malformed = |reason: String| PageFault::Malformed(reason);
        let text = std::str::from_utf8(body).map_err(|error| malformed(error.to_string()))?;
        let page = ListObjectsV2::parse_response(text).map_err(|error| malformed(error.to_string()))?;
        self.pages += 1;
        let mut past = false;
        for object in page.contents {
            // Keys ascend over all pages; what does not is a page read before, or no listing of ours.
            if object.key <= self.last_key {
                return Err(PageFault::Repeated);
            }
            self.last_key.clone_from(&object.key);
            let Some(name) = object.key.strip_prefix(&self.prefix) else {
                return Err(malformed(format!("a key outside of {}", self.prefix)));
            };
            match dated(name) {
                Some(date) if date >= self.until => {
                    past = true;
                    break;
                }
                Some(date) if date >= self.from => self.files.push(RemoteFile {
                    session_date: date,
                    etag: object.etag.as_deref().map(bare_etag),
                    size: object.size,
                    key: object.key,
                }),
                Some(_) => {}
                // A folder's own entry holds nothing.
                None if name.ends_with('/') || name.is_empty() => {}
                None => self.strays.push(object.key),
            }
        }
        match page.next_continuation_token.filter(|_| !past) {
            Some(token) if !self.tokens.insert(token.clone()) => Err(PageFault::Repeated),
            token => Ok(token),
        }
    }
}

/// The day of `YYYY/MM/YYYY-MM-DD.csv.gz`.
fn dated(name: &str) -> Option<NaiveDate> {
    let (folder, file) = name.rsplit_once('/')?;
    let day = file.strip_suffix(".csv.gz")?;
    let date: NaiveDate = day.parse().ok()?;
    // The parser also takes 2015-3-5.
    let named = date.to_string() == day && format!("{:04}/{:02}", date.year(), date.month()) == folder;
    named.then_some(date)
}

/// An ETag without its quotes.
pub(super) fn bare_etag(etag: &str) -> String {
    let etag = etag.trim();
    etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn listing(from: &str, until: &str) -> Listing {
        Listing::new(Timeframe::Day, day(from), day(until))
    }

    fn object(key: &str) -> String {
        format!(
            "<Contents><Key>us_stocks_sip/day_aggs_v1/{key}</Key><LastModified>2023-09-02T17:44:38.050Z</LastModified>\
             <ETag>&quot;etag-{key}&quot;</ETag><Size>160</Size><StorageClass>STANDARD</StorageClass>\
             <Type>Normal</Type></Contents>"
        )
    }

    /// A page as the vendor's store writes it: elements that S3 does not have, and no count of keys.
    fn page(objects: &str, token: Option<&str>) -> String {
        let next = token
            .map_or(String::new(), |token| format!("<NextContinuationToken>{token}</NextContinuationToken>"));
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Name>flatfiles</Name><Prefix></Prefix><MaxKeys>1000</MaxKeys><IsTruncated>{}</IsTruncated>{next}{objects}\
             </ListBucketResult>",
            token.is_some()
        )
    }

    #[test]
    fn a_page_gives_day_key_etag_and_size() {
        let mut listing = listing("2024-07-02", "2024-07-04");
        let objects = object("2024/07/2024-07-02.csv.gz") + &object("2024/07/2024-07-03.csv.gz");
        assert_eq!(listing.page(page(&objects, None).as_bytes()), Ok(None));
        assert_eq!(listing.pages, 1);
        assert_eq!(listing.files.len(), 2);
        let first = RemoteFile {
            session_date: day("2024-07-02"),
            key: "us_stocks_sip/day_aggs_v1/2024/07/2024-07-02.csv.gz".into(),
            etag: Some("etag-2024/07/2024-07-02.csv.gz".into()),
            size: Some(160),
        };
        assert_eq!(listing.files[0], first);
        assert_eq!(first.place(), "s3://flatfiles/us_stocks_sip/day_aggs_v1/2024/07/2024-07-02.csv.gz");
    }

    #[test]
    fn the_list_starts_just_before_the_first_day() {
        let listing = listing("2015-03-05", "2024-07-04");
        assert_eq!(listing.prefix(), "us_stocks_sip/day_aggs_v1/");
        assert_eq!(listing.start_after(), "us_stocks_sip/day_aggs_v1/2015/03/2015-03-05");
        assert!(listing.start_after() < format!("{}2015/03/2015-03-05.csv.gz", listing.prefix()));
        assert!(listing.start_after() > format!("{}2015/03/2015-03-04.csv.gz", listing.prefix()));
        let minutes = Listing::new(Timeframe::Minute, day("2015-03-05"), day("2015-03-06"));
        assert_eq!(minutes.prefix(), "us_stocks_sip/minute_aggs_v1/");
    }

    #[test]
    fn pages_follow_each_other_and_end_once_past_the_range() {
        let mut listing = listing("2024-07-02", "2024-07-05");
        let first = page(&object("2024/07/2024-07-02.csv.gz"), Some("one"));
        assert_eq!(listing.page(first.as_bytes()), Ok(Some("one".into())));
        let objects = object("2024/07/2024-07-03.csv.gz") + &object("2024/07/2024-07-05.csv.gz");
        assert_eq!(listing.page(page(&objects, Some("two")).as_bytes()), Ok(None), "two is not asked for");
        let days: Vec<String> = listing.files.iter().map(|file| file.session_date.to_string()).collect();
        assert_eq!(days, ["2024-07-02", "2024-07-03"]);
        assert_eq!(listing.pages, 2);
    }

    #[test]
    fn a_server_that_starts_too_early_or_goes_in_a_circle_is_seen_through() {
        let mut early = listing("2024-07-02", "2024-07-05");
        let objects = object("2003/09/2003-09-10.csv.gz") + &object("2024/07/2024-07-02.csv.gz");
        early.page(page(&objects, None).as_bytes()).unwrap();
        assert_eq!(early.files.len(), 1);

        let mut circle = listing("2024-07-02", "2024-07-05");
        let first = page(&object("2024/07/2024-07-02.csv.gz"), Some("one"));
        circle.page(first.as_bytes()).unwrap();
        assert_eq!(circle.page(first.as_bytes()), Err(PageFault::Repeated));
        let mut empty = listing("2024-07-02", "2024-07-05");
        assert_eq!(empty.page(page("", Some("one")).as_bytes()), Ok(Some("one".into())));
        assert_eq!(empty.page(page("", Some("one")).as_bytes()), Err(PageFault::Repeated));
    }

    #[test]
    fn what_is_not_named_as_a_day_s_file_is_a_stray() {
        let mut listing = listing("2024-01-01", "2025-01-01");
        let objects: String = [
            "2024/06/",
            "2024/06/2024-07-01.csv.gz",
            "2024/07/2024-07-02.csv",
            "2024/07/2024-07-03.csv.gz",
            "2024/07/2024-07-32.csv.gz",
            "2024/07/notes.txt",
        ]
        .map(object)
        .concat();
        listing.page(page(&objects, None).as_bytes()).unwrap();
        assert_eq!(listing.files.len(), 1);
        assert_eq!(
            listing.strays,
            [
                "2024/06/2024-07-01.csv.gz",
                "2024/07/2024-07-02.csv",
                "2024/07/2024-07-32.csv.gz",
                "2024/07/notes.txt"
            ]
            .map(|name| format!("us_stocks_sip/day_aggs_v1/{name}"))
        );
    }

    #[test]
    fn what_is_no_listing_is_refused() {
        let malformed = |body: &[u8]| {
            let fault = listing("2024-01-01", "2025-01-01").page(body).unwrap_err();
            assert!(matches!(fault, PageFault::Malformed(_)), "{fault:?}");
        };
        malformed(b"<html>welcome</html>");
        malformed(b"");
        malformed(b"\xff\xfe");
        malformed(page("", Some("")).as_bytes());
        let foreign = page(&object("x"), None).replace("us_stocks_sip/day", "us_options/day");
        malformed(foreign.as_bytes());
    }

    #[test]
    fn an_etag_is_kept_without_quotes() {
        for etag in ["\"a-1\"", "W/\"a-1\"", "a-1", " \"a-1\"\n"] {
            assert_eq!(bare_etag(etag), "a-1");
        }
    }
}
