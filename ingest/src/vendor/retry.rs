//! When to try again: growing waits with jitter, at least as long as the vendor asks for.

use super::VendorError;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use chrono::{DateTime, Utc};
use std::time::Duration;

/// How long one request may take and how often it is tried.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Deadline of one try, from connecting to the last byte.
    pub timeout: Duration,
    /// How often a request is tried in all, at least once.
    pub tries: usize,
    /// The first wait between tries; each next one doubles, with jitter.
    pub first_wait: Duration,
    /// The longest wait between tries. When the vendor asks for more, the request fails at once.
    pub longest_wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            timeout: Duration::from_mins(1),
            tries: 6,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_mins(2),
        }
    }
}

/// What failed in one try. All but `Final` may pass when tried again.
#[derive(Debug)]
pub(super) enum Fault {
    /// Trying again would give the same.
    Final(VendorError),
    /// Too many requests.
    Throttled { retry_after: Option<Duration>, message: String },
    /// The server's fault, perhaps for a moment.
    Server { status: u16, retry_after: Option<Duration>, message: String },
    /// No connection, or a broken one.
    Connection { reason: String },
    /// The answer began and did not end: fewer or more bytes than announced.
    CutShort { reason: String },
    /// The deadline passed.
    Deadline,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Final(error) => error.fmt(f),
            Self::Throttled { .. } => f.write_str("the vendor asks to slow down"),
            Self::Server { status, .. } => write!(f, "the vendor's server fails with status {status}"),
            Self::Connection { reason } => write!(f, "no connection: {reason}"),
            Self::CutShort { reason } => f.write_str(reason),
            Self::Deadline => f.write_str("no answer in time"),
        }
    }
}

/// Tries until there is an answer or no further try. `path` is for the messages; `pause` is the time between requests
/// that the plan allows.
pub(super) async fn until_answered<T, Try>(
    patience: Patience,
    pause: Duration,
    path: &str,
    mut once: impl FnMut() -> Try,
) -> Result<T, VendorError>
where
    Try: Future<Output = Result<T, Fault>>,
{
    let mut waits = Waits::new(patience, pause);
    let mut tried = 0;
    loop {
        tried += 1;
        let fault = match once().await {
            Ok(answer) => return Ok(answer),
            Err(fault) => fault,
        };
        let Some(wait) = waits.after(&fault) else {
            return Err(give_up(fault, path, tried, patience.timeout));
        };
        tracing::warn!("{path}: {fault}; asking again in {:.1} s", wait.as_secs_f64());
        tokio::time::sleep(wait).await;
    }
}

/// The waits of one request.
#[derive(Debug)]
struct Waits {
    growing: ExponentialBackoff,
    /// The pause between requests that the plan allows: the least wait after being told to slow down.
    pause: Duration,
    longest: Duration,
}

impl Waits {
    fn new(patience: Patience, pause: Duration) -> Self {
        let growing = ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(patience.first_wait)
            .with_max_delay(patience.longest_wait)
            .with_max_times(patience.tries.saturating_sub(1))
            .build();
        Self { growing, pause, longest: patience.longest_wait }
    }

    /// How long to wait before the next try; `None` when there is none, or the vendor asks for too much patience.
    fn after(&mut self, fault: &Fault) -> Option<Duration> {
        let asked = match fault {
            Fault::Final(_) => return None,
            Fault::Throttled { retry_after, .. } => retry_after.unwrap_or(self.pause),
            Fault::Server { retry_after, .. } => retry_after.unwrap_or_default(),
            Fault::Connection { .. } | Fault::CutShort { .. } | Fault::Deadline => Duration::ZERO,
        };
        if asked > self.longest {
            return None;
        }
        Some(self.growing.next()?.max(asked))
    }
}

/// Reads a `Retry-After` header: seconds, or a date, which is held against `now`.
pub(super) fn retry_after(header: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = header.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(header.trim()).ok()?;
    Some((until.to_utc() - now).to_std().unwrap_or_default())
}

/// The error that people see when there is no next try.
fn give_up(fault: Fault, path: &str, tries: usize, timeout: Duration) -> VendorError {
    let path = path.to_owned();
    match fault {
        Fault::Final(error) => error,
        Fault::Throttled { retry_after, message } => {
            VendorError::SlowDown { path, tries, retry_after, message }
        }
        Fault::Server { status, message, .. } => VendorError::ServerFault { path, status, tries, message },
        Fault::Connection { reason } => VendorError::Unreachable { path, tries, reason },
        Fault::CutShort { reason } => VendorError::CutShort { path, tries, reason },
        Fault::Deadline => VendorError::TimedOut { path, tries, timeout },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn waits(tries: usize, first_wait: Duration, longest_wait: Duration, pause: Duration) -> Waits {
        Waits::new(Patience { tries, first_wait, longest_wait, ..Patience::default() }, pause)
    }

    fn throttled(retry_after: Option<Duration>) -> Fault {
        Fault::Throttled { retry_after, message: String::new() }
    }

    #[test]
    fn waits_grow_with_jitter_and_end() {
        let mut waits = waits(4, SECOND, 60 * SECOND, Duration::ZERO);
        for least in [1, 2, 4] {
            let wait = waits.after(&Fault::Deadline).unwrap();
            assert!((least * SECOND..=2 * least * SECOND).contains(&wait), "{least}: {wait:?}");
        }
        assert_eq!(waits.after(&Fault::Deadline), None);
    }

    #[test]
    fn a_single_try_waits_for_nothing() {
        assert_eq!(waits(1, SECOND, SECOND, SECOND).after(&Fault::Deadline), None);
    }

    #[test]
    fn the_wait_is_as_long_as_the_vendor_asks_for_or_the_plan_needs() {
        let waits = || waits(3, Duration::from_millis(1), 60 * SECOND, 12 * SECOND);
        assert_eq!(waits().after(&throttled(Some(30 * SECOND))), Some(30 * SECOND));
        assert_eq!(waits().after(&throttled(None)), Some(12 * SECOND));
        assert_eq!(waits().after(&throttled(Some(61 * SECOND))), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = "2024-01-02T00:00:00Z".parse().unwrap();
        assert_eq!(retry_after("7", now), Some(7 * SECOND));
        assert_eq!(retry_after("Tue, 02 Jan 2024 00:01:00 GMT", now), Some(60 * SECOND));
        assert_eq!(retry_after("Mon, 01 Jan 2024 00:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
