//! The client: settings in, whole answers out. Holds the key, the rate and the connection pool.

use super::{
    GroupedDay, Secret, VendorError,
    answer::{self, Answer},
    grouped, http,
    origin::Origin,
    pages::Pages,
    retry::{self, Fault, Patience},
};
use bytes::Bytes;
use chrono::NaiveDate;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::{Client, Url, header};
use std::{
    fmt,
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// How to reach the vendor.
#[derive(Debug, Clone)]
pub struct VendorSettings {
    /// Scheme, host and port; https, or http on loopback.
    pub base_url: String,
    /// The key, sent as a bearer token and never in an address.
    pub key: Secret,
    /// The plan's rate, over all requests of this client: 5 on the free plan; paid plans have no hard limit, but the
    /// vendor asks to stay under 100 a second, which is 6,000.
    pub requests_per_minute: NonZeroU32,
    /// Deadline and tries of each request.
    pub patience: Patience,
}

impl VendorSettings {
    /// Settings of a patient client.
    pub fn new(base_url: &str, key: Secret, requests_per_minute: NonZeroU32) -> Self {
        Self { base_url: base_url.to_owned(), key, requests_per_minute, patience: Patience::default() }
    }
}

/// A client of the vendor's HTTP API. Several tasks can share it; they share its rate.
pub struct VendorClient {
    settings: VendorSettings,
    origin: Origin,
    http: Client,
    rate: DefaultDirectRateLimiter,
    pause: Duration,
    requests: AtomicU64,
}

impl fmt::Debug for VendorClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("VendorClient").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl VendorClient {
    /// Makes the client; nothing is sent yet.
    ///
    /// # Errors
    /// [`VendorError::Settings`] and [`VendorError::KeyMissing`].
    pub fn new(settings: VendorSettings) -> Result<Self, VendorError> {
        if settings.key.is_empty() {
            return Err(VendorError::KeyMissing);
        }
        let unusable = |reason: &str| VendorError::Settings { reason: reason.to_owned() };
        let origin = Origin::parse("the base URL", &settings.base_url)?;
        let mut bearer = header::HeaderValue::from_str(&format!("Bearer {}", settings.key.reveal()))
            .map_err(|_| unusable("the key holds characters that no key has"))?;
        bearer.set_sensitive(true);
        let http = http::build(
            http::builder(&origin, settings.patience.timeout)
                .default_headers(header::HeaderMap::from_iter([(header::AUTHORIZATION, bearer)])),
        )?;

        let pause = Duration::from_mins(1) / settings.requests_per_minute.get();
        let quota = Quota::with_period(pause)
            .ok_or_else(|| unusable("too many requests a minute"))?
            .allow_burst(burst(settings.requests_per_minute));
        let rate = RateLimiter::direct(quota);
        Ok(Self { settings, origin, http, rate, pause, requests: AtomicU64::new(0) })
    }

    /// Raw daily bars of the whole market on `session`: one request.
    ///
    /// A holiday, and a day not yet over, give no rows. **Source** `/v2/aggs/grouped/…`, unadjusted, without OTC.
    ///
    /// # Errors
    /// Any [`VendorError`]; `NotInPlan` also for days in the future.
    pub async fn grouped_daily(&self, session: NaiveDate) -> Result<GroupedDay, VendorError> {
        let path = format!("/v2/aggs/grouped/locale/us/market/stocks/{session}");
        let url = self.origin.address(&path, &[("adjusted", "false"), ("include_otc", "false")]);
        let answer = self.ask(url, &path).await?;
        grouped::parse(session, &answer.body).map_err(|reason| self.malformed(&path, &reason))
    }

    /// One reply that has no pages, whole and checked to be a success; who asked parses it.
    ///
    /// `path` starts with `/`; `query` must not hold the key.
    ///
    /// # Errors
    /// Any [`VendorError`].
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Bytes, VendorError> {
        Ok(self.ask(self.origin.address(path, query), path).await?.body)
    }

    /// What it means that the reply to `path` cannot be read; `reason` may quote the reply.
    pub fn malformed(&self, path: &str, reason: &str) -> VendorError {
        VendorError::Malformed { path: path.to_owned(), reason: self.settings.key.redact(reason) }
    }

    /// The pages of a list, from the first one; nothing is sent before [`Pages::next`].
    ///
    /// `path` starts with `/`; `query` must not hold the key.
    pub fn pages(&self, path: &str, query: &[(&str, &str)]) -> Pages<'_> {
        Pages::new(self, path.to_owned(), self.origin.address(path, query))
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Requests sent so far, every try counted.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Asks until there is an answer or no further try. `path` is for the messages.
    pub(super) async fn ask(&self, url: Url, path: &str) -> Result<Answer, VendorError> {
        retry::until_answered(self.settings.patience, self.pause, path, || self.try_once(url.clone(), path))
            .await
    }

    async fn try_once(&self, url: Url, path: &str) -> Result<Answer, Fault> {
        self.rate.until_ready().await;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let key = &self.settings.key;
        let response = self.http.get(url).send().await.map_err(|error| http::fault(error, key))?;
        if let Some(fault) = http::redirected(&response, path) {
            return Err(fault);
        }
        let (status, retry_after) = (response.status(), http::retry_after(&response));
        // A refusal without a readable body is still that refusal.
        let body = match response.bytes().await {
            Ok(body) => body,
            Err(_) if !status.is_success() => Bytes::new(),
            Err(error) => return Err(http::fault(error, key)),
        };
        answer::read(path, key, status.as_u16(), retry_after, body)
    }
}

/// How many requests may go out at once after a rest: a tenth of a second's worth, so that no second and no
/// minute sees noticeably more than the plan allows.
fn burst(requests_per_minute: NonZeroU32) -> NonZeroU32 {
    NonZeroU32::new(requests_per_minute.get() / 600).unwrap_or(NonZeroU32::MIN)
}
