//! Where a command reads from: `--source flatfiles:DIR`, `files:DIR` or `rest`.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use tidemark::failure::Failure;
use tidemark::settings::Settings;

use crate::vendor::{Secret, VendorClient, VendorSettings};

/// Requests a minute on a paid plan, which has no hard limit and asks to stay under 100 a second.
const PAID_PLAN: NonZeroU32 = NonZeroU32::new(5_700).expect("not 0");

/// The vendor's address where no setting gives another.
const BASE_URL: &str = "https://api.massive.com";

/// A source of bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BarSource {
    /// A local folder in the layout of the vendor's flat files.
    FlatFiles(PathBuf),
    /// The vendor's API.
    Rest,
}

impl FromStr for BarSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match folder(text, "flatfiles:") {
            Some(folder) => Ok(Self::FlatFiles(folder)),
            None if text == "rest" => Ok(Self::Rest),
            None => Err("a source of bars is flatfiles:DIR or rest".into()),
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
    let mut vendor = VendorSettings::new(base_url, Secret::new(key));
    match (pace.rate, pace.plan) {
        (Some(rate), _) => vendor.requests_per_minute = rate,
        (None, Plan::Paid) => vendor.requests_per_minute = PAID_PLAN,
        (None, Plan::Free) => {}
    }
    Ok(VendorClient::new(vendor)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_folder_or_the_api() {
        assert_eq!("flatfiles:a b/c".parse(), Ok(BarSource::FlatFiles("a b/c".into())));
        assert_eq!("rest".parse(), Ok(BarSource::Rest));
        assert_eq!("files:x".parse(), Ok(ReplySource::Files("x".into())));
    }

    #[test]
    fn anything_else_says_what_there_is() {
        for text in ["", "flatfiles:", "s3:x", "REST"] {
            assert!(text.parse::<BarSource>().unwrap_err().contains("flatfiles:DIR or rest"));
        }
    }
}
