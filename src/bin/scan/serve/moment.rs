//! What the server knows at a moment: the market in memory, how old it is, and what stands in the way of a newer one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidemark::jobs::scan::earlier::Earlier;

use super::fault::Fault;
use super::market::Market;

/// What is known now. Cheap to clone.
#[derive(Clone, Default)]
pub struct Moment {
    /// The market of the last look that found it different; none before the first.
    pub market: Option<Arc<Market>>,
    /// Counts the markets: another number is another market.
    pub version: u64,
    /// Columns of earlier sessions of that market, as far as they were asked for.
    pub earlier: Arc<Earlier>,
    /// The latest snapshot that the market is known to be of.
    pub snapshot: Arc<str>,
    /// Counts the looks at the change log that succeeded.
    pub looks: u64,
    /// Why the market of now cannot be ranked.
    pub trouble: Option<Fault>,
    /// Whether the database answers.
    pub connected: bool,
    /// When the change log was last looked at with success.
    pub followed: Option<Instant>,
}

impl Moment {
    /// The market that answers are computed from.
    ///
    /// # Errors
    /// There is none yet, or the database holds a newer one that cannot be ranked.
    pub fn market(&self) -> Result<&Arc<Market>, Fault> {
        match (&self.trouble, &self.market) {
            (Some(trouble), _) => Err(trouble.clone()),
            (None, Some(market)) => Ok(market),
            (None, None) => Err(Fault::starting()),
        }
    }

    /// How long ago the data was last known to be that of the database.
    pub fn age(&self) -> Option<Duration> {
        self.followed.map(|at| at.elapsed())
    }
}
