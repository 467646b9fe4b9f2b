//! What can go wrong between us and the vendor, each with the act that helps.
//! The texts hold the path of the request, never its query and never the key.

use std::time::Duration;

/// Why a request to the vendor gave no data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VendorError {
    /// A setting cannot be used; found before anything is sent.
    #[error("the vendor's settings cannot be used: {reason}")]
    Settings {
        /// What is wrong with it.
        reason: String,
    },
    /// No key was given.
    #[error("no key for the vendor is set")]
    KeyMissing,
    /// HTTP 401, or an error that speaks of the key.
    #[error("the vendor does not accept the key for {path}: {message}")]
    KeyRefused {
        /// Path of the request.
        path: String,
        /// The vendor's words.
        message: String,
    },
    /// HTTP 403, or `NOT_AUTHORIZED` in the body.
    #[error("the vendor's plan does not include {path}: {message}")]
    NotInPlan {
        /// Path of the request.
        path: String,
        /// The vendor's words.
        message: String,
    },
    /// HTTP 404, or `NOT_FOUND` in the body.
    #[error("the vendor has no {path}: {message}")]
    NotFound {
        /// Path of the request.
        path: String,
        /// The vendor's words.
        message: String,
    },
    /// HTTP 429 until the last try, or once with a longer wait than the settings allow.
    #[error("the vendor asks to slow down: {path} was refused {tries} times: {message}")]
    SlowDown {
        /// Path of the request.
        path: String,
        /// How often it was asked for.
        tries: usize,
        /// How long the vendor wants us to wait, where it says so.
        retry_after: Option<Duration>,
        /// The vendor's words.
        message: String,
    },
    /// HTTP 413, 499 or 5xx until the last try.
    #[error("the vendor's server failed with {status} {tries} times for {path}: {message}")]
    ServerFault {
        /// Path of the request.
        path: String,
        /// The last HTTP status.
        status: u16,
        /// How often it was asked for.
        tries: usize,
        /// The vendor's words.
        message: String,
    },
    /// No connection, or one that broke off, until the last try.
    #[error("no whole answer for {path} in {tries} tries: {reason}")]
    Unreachable {
        /// Path of the request.
        path: String,
        /// How often it was asked for.
        tries: usize,
        /// What the last try met.
        reason: String,
    },
    /// No whole answer before the deadline, until the last try.
    #[error("no whole answer for {path} within {timeout:?} in {tries} tries")]
    TimedOut {
        /// Path of the request.
        path: String,
        /// How often it was asked for.
        tries: usize,
        /// Deadline of each try.
        timeout: Duration,
    },
    /// Another refusal: a 4xx without its own case, or a status in the body that is neither OK nor DELAYED.
    #[error("the vendor refused {path} with {status}: {message}")]
    Refused {
        /// Path of the request.
        path: String,
        /// The HTTP status.
        status: u16,
        /// The vendor's words.
        message: String,
    },
    /// HTTP 3xx. Redirects are not followed, because the request carries the key.
    #[error("{path} is redirected to {host}, which is not followed")]
    Redirected {
        /// Path of the request.
        path: String,
        /// Host of the `Location` header.
        host: String,
    },
    /// The answer is not what the vendor documents.
    #[error("the vendor's answer to {path} cannot be read: {reason}")]
    Malformed {
        /// Path of the request.
        path: String,
        /// Where reading stopped.
        reason: String,
    },
    /// A `next_url` leads away from the configured origin and its twin.
    #[error("the next page of {path} is said to be at {origin}, which is not the vendor")]
    ForeignPage {
        /// Path of the first request.
        path: String,
        /// Scheme, host and port of the `next_url`.
        origin: String,
    },
    /// A `next_url` that was already read.
    #[error("the pages of {path} lead back to a page already read, after {pages} pages")]
    RepeatedPage {
        /// Path of the first request.
        path: String,
        /// How many pages were read before.
        pages: usize,
    },
}

impl VendorError {
    /// What the person at the keyboard can do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Settings { .. } => {
                "the base URL is an https address without path, such as https://api.massive.com".to_owned()
            }
            Self::KeyMissing | Self::KeyRefused { .. } => {
                "set the key that the vendor's dashboard shows; a key of the flat files is another one"
                    .to_owned()
            }
            Self::NotInPlan { .. } => {
                "ask for a date inside the plan's history and not in the future, or for a larger plan"
                    .to_owned()
            }
            Self::NotFound { .. } => "check the ticker's spelling (case counts) and the date".to_owned(),
            Self::SlowDown { retry_after: Some(wait), .. } => {
                format!("wait {} s, then run it again", wait.as_secs())
            }
            Self::SlowDown { .. } => {
                "lower the requests a minute (5 on the free plan), and look for other programs on this key"
                    .to_owned()
            }
            Self::ServerFault { .. } => "the fault is the vendor's; run it again later".to_owned(),
            Self::Unreachable { .. } => "check the network, the proxy and the base URL".to_owned(),
            Self::TimedOut { .. } => "raise the timeout, or run it again later".to_owned(),
            Self::Redirected { .. } => "set the base URL to the vendor's own address".to_owned(),
            Self::ForeignPage { .. } => {
                "the key stays here; set the base URL to that host if you trust it".to_owned()
            }
            Self::Malformed { .. } | Self::RepeatedPage { .. } => {
                "run it again; if it stays, the vendor's format has changed".to_owned()
            }
            Self::Refused { .. } => return None,
        })
    }
}
