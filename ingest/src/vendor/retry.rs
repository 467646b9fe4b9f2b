//! When to try again: growing waits with jitter, at least as long as the vendor asks for.

use super::{VendorError, answer::Fault};
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use chrono::{DateTime, Utc};
use std::time::Duration;

/// The waits of one request.
#[derive(Debug)]
pub(super) struct Waits {
    growing: ExponentialBackoff,
    /// The pause between requests that the plan allows: the least wait after being told to slow down.
    pause: Duration,
    longest: Duration,
}

impl Waits {
    pub(super) fn new(tries: usize, first: Duration, longest: Duration, pause: Duration) -> Self {
        let growing = ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(first)
            .with_max_delay(longest)
            .with_max_times(tries.saturating_sub(1))
            .build();
        Self { growing, pause, longest }
    }

    /// How long to wait before the next try; `None` when there is none, or the vendor asks for too much patience.
    pub(super) fn after(&mut self, fault: &Fault) -> Option<Duration> {
        let asked = match fault {
            Fault::Final(_) => return None,
            Fault::Throttled { retry_after, .. } => retry_after.unwrap_or(self.pause),
            Fault::Server { retry_after, .. } => retry_after.unwrap_or_default(),
            Fault::Connection { .. } | Fault::Deadline => Duration::ZERO,
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
pub(super) fn give_up(fault: Fault, path: &str, tries: usize, timeout: Duration) -> VendorError {
    let path = path.to_owned();
    match fault {
        Fault::Final(error) => error,
        Fault::Throttled { retry_after, message } => {
            VendorError::SlowDown { path, tries, retry_after, message }
        }
        Fault::Server { status, message, .. } => VendorError::ServerFault { path, status, tries, message },
        Fault::Connection { reason } => VendorError::Unreachable { path, tries, reason },
        Fault::Deadline => VendorError::TimedOut { path, tries, timeout },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn throttled(retry_after: Option<Duration>) -> Fault {
        Fault::Throttled { retry_after, message: String::new() }
    }

    #[test]
    fn waits_grow_with_jitter_and_end() {
        let mut waits = Waits::new(4, SECOND, 60 * SECOND, Duration::ZERO);
        for least in [1, 2, 4] {
            let wait = waits.after(&Fault::Deadline).unwrap();
            assert!((least * SECOND..=2 * least * SECOND).contains(&wait), "{least}: {wait:?}");
        }
        assert_eq!(waits.after(&Fault::Deadline), None);
    }

    #[test]
    fn a_single_try_waits_for_nothing() {
        assert_eq!(Waits::new(1, SECOND, SECOND, SECOND).after(&Fault::Deadline), None);
    }

    #[test]
    fn the_wait_is_as_long_as_the_vendor_asks_for_or_the_plan_needs() {
        let waits = || Waits::new(3, Duration::from_millis(1), 60 * SECOND, 12 * SECOND);
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
