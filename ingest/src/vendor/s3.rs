//! The vendor's flat files: an S3 store with a pair of keys of its own. Lists them by day and fetches one; what a file
//! holds is for [`crate::flatfiles`].

mod listing;
mod refusal;
#[cfg(test)]
mod tests;

pub use listing::{Listing, RemoteFile};

use bytes::Bytes;
use chrono::NaiveDate;
use reqwest::{Client, Response, Url, header};
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tidemark::store::ledger::Timeframe;

use super::{
    Secret, VendorError, http,
    origin::Origin,
    retry::{self, Fault, Patience},
};

/// The vendor's one bucket.
const BUCKET: &str = "flatfiles";

/// The region that a signature names; the vendor has one, and its own examples leave S3's default.
const REGION: &str = "us-east-1";

/// How long an address stays valid after it is signed: each try signs anew.
const VALID: Duration = Duration::from_mins(15);

/// The longest silence inside an answer.
const SILENCE: Duration = Duration::from_secs(30);

/// The most that a file may have, in bytes: a day of minutes has some 20 million.
const MOST: u64 = 1 << 30;

/// How to reach the flat files.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// Scheme, host and port; https, or http on loopback.
    pub endpoint: String,
    /// The public half of the keys.
    pub access_key_id: Secret,
    /// The secret half, which never leaves this process.
    pub secret_access_key: Secret,
    /// Deadline and tries of each request.
    pub patience: Patience,
}

impl S3Settings {
    /// Settings of a patient client; a file of minutes gets ten minutes.
    pub fn new(endpoint: &str, access_key_id: Secret, secret_access_key: Secret) -> Self {
        let patience = Patience { timeout: Duration::from_mins(10), ..Patience::default() };
        Self { endpoint: endpoint.to_owned(), access_key_id, secret_access_key, patience }
    }
}

/// A client of the vendor's flat files. Several tasks can share it.
pub struct S3Client {
    settings: S3Settings,
    bucket: Bucket,
    credentials: Credentials,
    http: Client,
    requests: AtomicU64,
}

impl fmt::Debug for S3Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("S3Client").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A file that arrived whole.
#[derive(Debug)]
pub struct Fetched {
    /// Its bytes as they are stored, compressed.
    pub bytes: Bytes,
    /// Its ETag, without quotes: a file can be replaced between the listing and now.
    pub etag: Option<String>,
}

impl S3Client {
    /// Makes the client; nothing is sent yet.
    ///
    /// # Errors
    /// [`VendorError::Settings`].
    pub fn new(settings: S3Settings) -> Result<Self, VendorError> {
        let origin = Origin::parse("the S3 endpoint", &settings.endpoint)?;
        let bucket = Bucket::new(origin.url().clone(), UrlStyle::Path, BUCKET, REGION)
            .map_err(|error| VendorError::Settings { reason: format!("the S3 endpoint: {error}") })?;
        let (id, secret) = (settings.access_key_id.reveal(), settings.secret_access_key.reveal());
        let credentials = Credentials::new(id, secret);
        // The files are gzip themselves: nothing may unpack them on the way.
        let builder = http::builder(&origin, settings.patience.timeout).gzip(false);
        let http = http::build(builder.read_timeout(SILENCE.min(settings.patience.timeout)))?;
        Ok(Self { settings, bucket, credentials, http, requests: AtomicU64::new(0) })
    }

    /// The files of the days in `from` … `until` (half-open), ascending: one request for every 1,000 of them.
    ///
    /// # Errors
    /// Any [`VendorError`].
    pub async fn list(
        &self,
        timeframe: Timeframe,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Result<Listing, VendorError> {
        let mut listing = Listing::new(timeframe, from, until);
        let path = place(&listing.prefix());
        let mut token: Option<String> = None;
        loop {
            let mut action = self.bucket.list_objects_v2(Some(&self.credentials));
            action.with_prefix(listing.prefix());
            action.with_start_after(listing.start_after());
            if let Some(token) = token.take() {
                action.with_continuation_token(token);
            }
            let page = self.ask(&path, || action.sign(VALID), None).await?;
            token = listing.page(&page.bytes).map_err(|fault| match fault {
                listing::PageFault::Malformed(reason) => {
                    VendorError::Malformed { path: path.clone(), reason: self.redact(&reason) }
                }
                listing::PageFault::Repeated => {
                    VendorError::RepeatedPage { path: path.clone(), pages: listing.pages }
                }
            })?;
            if token.is_none() {
                return Ok(listing);
            }
        }
    }

    /// A file's bytes, as many as announced.
    ///
    /// # Errors
    /// Any [`VendorError`]; [`VendorError::is_of_one_file`] tells those that say nothing of the other files.
    pub async fn get(&self, file: &RemoteFile) -> Result<Fetched, VendorError> {
        let action = self.bucket.get_object(Some(&self.credentials), &file.key);
        self.ask(&place(&file.key), || action.sign(VALID), Some(file)).await
    }

    /// Requests sent so far, every try counted.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// `text` without either key.
    fn redact(&self, text: &str) -> String {
        self.settings.access_key_id.redact(&self.settings.secret_access_key.redact(text))
    }

    /// Asks until there is an answer or no further try; `sign` gives a fresh address for each.
    async fn ask(
        &self,
        path: &str,
        sign: impl Fn() -> Url,
        file: Option<&RemoteFile>,
    ) -> Result<Fetched, VendorError> {
        let once = || self.try_once(path, sign(), file);
        retry::until_answered(self.settings.patience, Duration::ZERO, path, once).await
    }

    async fn try_once(&self, path: &str, signed: Url, file: Option<&RemoteFile>) -> Result<Fetched, Fault> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let secret = &self.settings.secret_access_key;
        let response = self.http.get(signed).send().await.map_err(|error| http::fault(error, secret))?;
        if let Some(fault) = http::redirected(&response, path) {
            return Err(fault);
        }
        let (status, retry_after) = (response.status().as_u16(), http::retry_after(&response));
        if status != 200 {
            // A refusal without a readable body is still that refusal.
            let body = response.bytes().await.unwrap_or_default();
            return Err(refusal::fault(path, status, retry_after, &body, |text| self.redact(text)));
        }
        let etag = http::text_of(&response, header::ETAG).map(listing::bare_etag);
        let announced = response.content_length();
        let listed = file.filter(|file| etag.is_none() || etag == file.etag).and_then(|file| file.size);
        let bytes = self.body(response, announced.or(listed)).await?;
        if let Some(listed) = listed.filter(|listed| *listed != bytes.len() as u64) {
            let reason = format!("{} bytes came of {listed} listed", bytes.len());
            return Err(Fault::CutShort { reason });
        }
        Ok(Fetched { bytes, etag })
    }

    /// The body, which must have `expected` bytes where that is known.
    async fn body(&self, mut response: Response, expected: Option<u64>) -> Result<Bytes, Fault> {
        let most = expected.unwrap_or(MOST).min(MOST);
        let mut bytes = Vec::with_capacity(expected.unwrap_or(0).min(MOST) as usize);
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => {
                    return Err(match http::fault(error, &self.settings.secret_access_key) {
                        Fault::Connection { reason } => Fault::CutShort {
                            reason: format!("it broke off after {} bytes: {reason}", bytes.len()),
                        },
                        fault => fault,
                    });
                }
            };
            if (bytes.len() + chunk.len()) as u64 > most {
                return Err(Fault::CutShort { reason: format!("more than {most} bytes came") });
            }
            bytes.extend_from_slice(&chunk);
        }
        match expected.filter(|expected| *expected != bytes.len() as u64) {
            Some(expected) => {
                Err(Fault::CutShort { reason: format!("{} bytes came of {expected}", bytes.len()) })
            }
            None => Ok(bytes.into()),
        }
    }
}

/// Bucket and key, as messages and the ledger name a file.
fn place(key: &str) -> String {
    format!("s3://{BUCKET}/{key}")
}
