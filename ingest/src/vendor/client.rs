//! The client: settings in, whole answers out. Holds the key, the rate and the connection pool.

use super::{
    GroupedDay, Secret, VendorError,
    answer::{self, Answer, Fault},
    grouped,
    origin::{Origin, origin_text},
    pages::Pages,
    retry::{self, Waits},
};
use bytes::Bytes;
use chrono::{NaiveDate, Utc};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::{Client, Url, header, redirect};
use std::{fmt, num::NonZeroU32, time::Duration};

/// Requests a minute on the vendor's free plan.
const FREE_PLAN: NonZeroU32 = NonZeroU32::new(5).expect("not zero");

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
    /// Deadline of one try, from connecting to the last byte.
    pub timeout: Duration,
    /// How often a request is tried in all, at least once.
    pub tries: usize,
    /// The first wait between tries; each next one doubles, with jitter.
    pub first_wait: Duration,
    /// The longest wait between tries. When the vendor asks for more, the request fails at once.
    pub longest_wait: Duration,
}

impl VendorSettings {
    /// Settings of a patient client on the free plan.
    pub fn new(base_url: &str, key: Secret) -> Self {
        Self {
            base_url: base_url.to_owned(),
            key,
            requests_per_minute: FREE_PLAN,
            timeout: Duration::from_mins(1),
            tries: 6,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_mins(2),
        }
    }
}

/// A client of the vendor's HTTP API. Several tasks can share it; they share its rate.
pub struct VendorClient {
    settings: VendorSettings,
    origin: Origin,
    http: Client,
    rate: DefaultDirectRateLimiter,
    pause: Duration,
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
        let origin = Origin::parse(&settings.base_url)?;
        let mut bearer = header::HeaderValue::from_str(&format!("Bearer {}", settings.key.reveal()))
            .map_err(|_| unusable("the key holds characters that no key has"))?;
        bearer.set_sensitive(true);

        // Fails when a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("tidemark/", env!("CARGO_PKG_VERSION")))
            .default_headers(header::HeaderMap::from_iter([(header::AUTHORIZATION, bearer)]))
            .redirect(redirect::Policy::none())
            .referer(false)
            .timeout(settings.timeout);
        builder = if origin.is_plain() { builder.no_proxy() } else { builder.https_only(true) };
        let http = builder.build().map_err(|error| unusable(&chain(&error)))?;

        let pause = Duration::from_mins(1) / settings.requests_per_minute.get();
        let quota = Quota::with_period(pause)
            .ok_or_else(|| unusable("too many requests a minute"))?
            .allow_burst(burst(settings.requests_per_minute));
        Ok(Self { settings, origin, http, rate: RateLimiter::direct(quota), pause })
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

    /// Asks until there is an answer or no further try. `path` is for the messages.
    pub(super) async fn ask(&self, url: Url, path: &str) -> Result<Answer, VendorError> {
        let VendorSettings { tries, first_wait, longest_wait, timeout, .. } = self.settings;
        let mut waits = Waits::new(tries, first_wait, longest_wait, self.pause);
        let mut tried = 0;
        loop {
            self.rate.until_ready().await;
            tried += 1;
            let fault = match self.try_once(url.clone(), path).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            let Some(wait) = waits.after(&fault) else {
                return Err(retry::give_up(fault, path, tried, timeout));
            };
            tracing::warn!("{path}: {fault}; asking again in {:.1} s", wait.as_secs_f64());
            tokio::time::sleep(wait).await;
        }
    }

    async fn try_once(&self, url: Url, path: &str) -> Result<Answer, Fault> {
        let response = self.http.get(url).send().await.map_err(|error| self.fault(error))?;
        let status = response.status();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        if status.is_redirection() {
            let host = header(header::LOCATION).and_then(|place| response.url().join(place).ok());
            let host = host.as_ref().map_or_else(|| "nowhere".to_owned(), origin_text);
            return Err(Fault::Final(VendorError::Redirected { path: path.to_owned(), host }));
        }
        let retry_after = header(header::RETRY_AFTER).and_then(|value| retry::retry_after(value, Utc::now()));
        // A refusal without a readable body is still that refusal.
        let body = match response.bytes().await {
            Ok(body) => body,
            Err(_) if !status.is_success() => Bytes::new(),
            Err(error) => return Err(self.fault(error)),
        };
        answer::read(path, &self.settings.key, status.as_u16(), retry_after, body)
    }

    fn fault(&self, error: reqwest::Error) -> Fault {
        if error.is_timeout() {
            return Fault::Deadline;
        }
        Fault::Connection { reason: self.settings.key.redact(&chain(&error.without_url())) }
    }
}

/// How many requests may go out at once after a rest: a tenth of a second's worth, so that no second and no
/// minute sees noticeably more than the plan allows.
fn burst(requests_per_minute: NonZeroU32) -> NonZeroU32 {
    NonZeroU32::new(requests_per_minute.get() / 600).unwrap_or(NonZeroU32::MIN)
}

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
