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
    /// An answer that began and was not whole, until the last try.
    #[error("{path} came cut short {tries} times: {reason}")]
    CutShort {
        /// Path of the request.
        path: String,
        /// How often it was asked for.
        tries: usize,
        /// What was missing the last time.
        reason: String,
    },
    /// No whole answer before the deadline, until the last try.
    #[error("no whole answer for {path} in time: {tries} tries of at most {timeout:?} each")]
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
    /// The store of flat files refuses.
    #[error("the store of flat files refuses {path} with {code}: {message}")]
    FilesRefused {
        /// Bucket and key of the request.
        path: String,
        /// What kind of refusal it is.
        refusal: FilesRefusal,
        /// The store's own code, or the HTTP status where it gives none.
        code: String,
        /// The store's words.
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

/// Why the store of flat files refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilesRefusal {
    /// It does not know the access key.
    UnknownKey,
    /// The secret does not belong to the access key.
    WrongSecret,
    /// It does not say why.
    Denied,
    /// There is no such file.
    NoFile,
    /// There is no such bucket.
    NoBucket,
    /// This machine's clock is off.
    Clock,
}

impl FilesRefusal {
    fn hint(self) -> &'static str {
        match self {
            Self::UnknownKey => {
                "copy POLYGON_S3_ACCESS_KEY_ID from the dashboard's flat files; it is not the key of the API"
            }
            Self::WrongSecret => {
                "copy POLYGON_S3_SECRET_ACCESS_KEY again from the dashboard's flat files, with the access key beside it"
            }
            Self::Denied => {
                "the plan may have no flat files, or none so old: try a later --from, look for unsigned agreements in \
                 the dashboard, or ask the API with --source rest"
            }
            Self::NoFile => "the file was taken away after it was listed; run it again later",
            Self::NoBucket => {
                "set POLYGON_S3_ENDPOINT to the vendor's own address, https://files.massive.com"
            }
            Self::Clock => "set this machine's clock: a signature holds for some minutes only",
        }
    }
}

impl VendorError {
    /// Whether it is about this one file, so that the others can still be had.
    pub fn is_of_one_file(&self) -> bool {
        matches!(self, Self::CutShort { .. } | Self::FilesRefused { refusal: FilesRefusal::NoFile, .. })
    }

    /// What the person at the keyboard can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Settings { .. } => {
                "an address is https without a path, such as https://api.massive.com (POLYGON_BASE_URL) or \
                 https://files.massive.com (POLYGON_S3_ENDPOINT)"
                    .to_owned()
            }
            Self::KeyMissing | Self::KeyRefused { .. } => {
                "set POLYGON_API_KEY to the key that the vendor's dashboard shows; the keys of the flat files are others"
                    .to_owned()
            }
            Self::NotInPlan { .. } => {
                "ask for a date inside the plan's history and not in the future (the free plan has 2 years), or for a \
                 larger plan"
                    .to_owned()
            }
            Self::NotFound { .. } => "check the ticker's spelling (case counts) and the date".to_owned(),
            Self::SlowDown { retry_after: Some(wait), .. } => {
                format!("wait {} s, then run it again", wait.as_secs())
            }
            Self::SlowDown { .. } => {
                "lower the requests a minute with --rate (--plan free has 5), and look for other programs on this key"
                    .to_owned()
            }
            Self::ServerFault { .. } => "the fault is the vendor's; run it again later".to_owned(),
            Self::Unreachable { .. } => {
                "check the network, the proxy, POLYGON_BASE_URL and POLYGON_S3_ENDPOINT, then run it again"
                    .to_owned()
            }
            Self::CutShort { .. } => "the fault is on the way or the vendor's; run it again later".to_owned(),
            Self::TimedOut { .. } => "the vendor or the network is slow; run it again later".to_owned(),
            Self::FilesRefused { refusal, .. } => refusal.hint().to_owned(),
            Self::Redirected { .. } => {
                "set the base URL to the vendor's own address (POLYGON_BASE_URL; POLYGON_S3_ENDPOINT for the files)"
                    .to_owned()
            }
            Self::ForeignPage { .. } => {
                "the key stays here; set the base URL to that host if you trust it".to_owned()
            }
            Self::Malformed { .. } | Self::RepeatedPage { .. } => {
                "run it again; if it stays, the vendor's format has changed".to_owned()
            }
            Self::Refused { .. } => {
                "hold the range and the tickers against the vendor's words; if both are right, the vendor's format has \
                 changed"
                    .to_owned()
            }
        }
    }
}
