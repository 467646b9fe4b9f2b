//! Where a command reads from: `--source flatfiles:DIR`, `s3`, `files:DIR` or `rest`; and how fast the vendor may be asked.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use tidemark::failure::Failure;
use tidemark::settings::Settings;

use crate::vendor::{S3Client, S3Settings, Secret, VendorClient, VendorSettings};

/// Requests a minute on the free plan.
const FREE_PLAN: NonZeroU32 = NonZeroU32::new(5).expect("not 0");

/// Requests a minute on a paid plan, which has no hard limit and asks to stay under 100 a second.
const PAID_PLAN: NonZeroU32 = NonZeroU32::new(5_700).expect("not 0");

/// The vendor's address where no setting gives another.
const BASE_URL: &str = "https://api.massive.com";

/// The address of the vendor's flat files where no setting gives another.
const S3_ENDPOINT: &str = "https://files.massive.com";

/// The most requests of the API on their way at once.
const MOST_IN_FLIGHT: u32 = 8;

/// A source of bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BarSource {
    /// A local folder in the layout of the vendor's flat files.
    FlatFiles(PathBuf),
    /// The vendor's flat files over S3.
    S3,
    /// The vendor's API.
    Rest,
}

impl FromStr for BarSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match folder(text, "flatfiles:") {
            Some(folder) => Ok(Self::FlatFiles(folder)),
            None if text == "s3" => Ok(Self::S3),
            None if text == "rest" => Ok(Self::Rest),
            None => Err("a source of bars is flatfiles:DIR, s3 or rest".into()),
        }
    }
}

/// A source of actions or statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplySource {
    /// A local folder of the vendor's replies.
    Files(PathBuf),
    /// The vendor's API.
    Rest,
}

impl FromStr for ReplySource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match folder(text, "files:") {
            Some(folder) => Ok(Self::Files(folder)),
            None if text == "rest" => Ok(Self::Rest),
            None => Err("a source of replies is files:DIR or rest".into()),
        }
    }
}

fn folder(text: &str, prefix: &str) -> Option<PathBuf> {
    text.strip_prefix(prefix).filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// The vendor's plan, which sets how fast we may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Plan {
    /// 5 requests a minute.
    Free,
    /// Under 100 requests a second.
    Paid,
}

/// How fast the vendor may be asked: options of every command that asks it.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Pace {
    /// The vendor's plan, which sets how fast its API may be asked
    #[arg(long, value_enum, default_value = "free")]
    pub plan: Plan,
    /// Requests of the vendor's API a minute, in place of the plan's
    #[arg(long, value_name = "PER_MINUTE")]
    pub rate: Option<NonZeroU32>,
}

impl Pace {
    /// Requests of the API a minute.
    pub fn requests_per_minute(self) -> NonZeroU32 {
        self.rate.unwrap_or(match self.plan {
            Plan::Free => FREE_PLAN,
            Plan::Paid => PAID_PLAN,
        })
    }

    /// How many requests of the API may be on their way at once: as many as go out in a second, at most 8.
    pub fn in_flight(self) -> usize {
        (self.requests_per_minute().get() / 60).clamp(1, MOST_IN_FLIGHT) as usize
    }
}

/// Whether a key of the vendor's API is configured.
pub fn has_vendor(settings: &Settings) -> bool {
    settings.polygon_api_key.is_some()
}

/// A client of the vendor's API, from the settings.
///
/// # Errors
/// Without a key, or with a base URL that is none.
pub fn vendor(settings: &Settings, pace: Pace) -> anyhow::Result<VendorClient> {
    let key = settings.polygon_api_key.as_deref().ok_or_else(|| {
        Failure::new("no API key of the vendor is configured")
            .hint("set POLYGON_API_KEY (a flag would show it in every process list)")
    })?;
    let base_url = settings.polygon_base_url.as_deref().unwrap_or(BASE_URL);
    Ok(VendorClient::new(VendorSettings::new(base_url, Secret::new(key), pace.requests_per_minute()))?)
}

/// Whether keys of the vendor's flat files are configured, be it by half.
pub fn has_s3(settings: &Settings) -> bool {
    settings.polygon_s3_access_key_id.is_some() || settings.polygon_s3_secret_access_key.is_some()
}

/// A client of the vendor's flat files, from the settings.
///
/// # Errors
/// Without both keys, or with an endpoint that is none.
pub fn s3(settings: &Settings) -> anyhow::Result<S3Client> {
    let keys = (&settings.polygon_s3_access_key_id, &settings.polygon_s3_secret_access_key);
    let (id, secret) = match keys {
        (Some(id), Some(secret)) => (id, secret),
        (Some(_), None) => {
            return Err(Failure::new(
                "POLYGON_S3_ACCESS_KEY_ID is set and POLYGON_S3_SECRET_ACCESS_KEY is not",
            )
            .hint("set both: the dashboard shows them together, and they are not the key of the API")
            .into());
        }
        (None, Some(_)) => {
            return Err(Failure::new(
                "POLYGON_S3_SECRET_ACCESS_KEY is set and POLYGON_S3_ACCESS_KEY_ID is not",
            )
            .hint("set both: the dashboard shows them together, and they are not the key of the API")
            .into());
        }
        (None, None) => {
            return Err(Failure::new("no keys of the vendor's flat files are configured")
                .hint(
                    "set POLYGON_S3_ACCESS_KEY_ID and POLYGON_S3_SECRET_ACCESS_KEY (from the dashboard; they are not \
                     the key of the API)",
                )
                .into());
        }
    };
    let endpoint = settings.polygon_s3_endpoint.as_deref().unwrap_or(S3_ENDPOINT);
    Ok(S3Client::new(S3Settings::new(endpoint, Secret::new(id), Secret::new(secret)))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_folder_or_the_vendor() {
        assert_eq!("flatfiles:a b/c".parse(), Ok(BarSource::FlatFiles("a b/c".into())));
        assert_eq!("rest".parse(), Ok(BarSource::Rest));
        assert_eq!("s3".parse(), Ok(BarSource::S3));
        assert_eq!("files:x".parse(), Ok(ReplySource::Files("x".into())));
    }

    #[test]
    fn anything_else_says_what_there_is() {
        for text in ["", "flatfiles:", "s3:x", "REST"] {
            assert!(text.parse::<BarSource>().unwrap_err().contains("flatfiles:DIR, s3 or rest"));
        }
    }
    #[test]
    fn the_plan_sets_the_pace_and_a_rate_replaces_it() {
        let pace = |plan, rate| Pace { plan, rate: NonZeroU32::new(rate) };
        let both = |pace: Pace| (pace.requests_per_minute().get(), pace.in_flight());
        assert_eq!(both(pace(Plan::Free, 0)), (5, 1));
        assert_eq!(both(pace(Plan::Paid, 0)), (5_700, 8));
        assert_eq!(both(pace(Plan::Free, 180)), (180, 3));
    }
}
