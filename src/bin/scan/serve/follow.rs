//! The one who keeps the market up to date: it owns the living market, listens for changes and reads them. It works on a thread
//! of its own, because a look computes for longer than other tasks should wait.

use std::time::{Duration, Instant};

use tidemark::jobs::scan::living::Living;
use tidemark::jobs::scan::{self, ScanError};
use tidemark::store::{Listener, Store, StoreError};
use tokio::sync::{mpsc, oneshot, watch};

use super::fault::Fault;
use super::market::Market;
use super::moment::Moment;
use super::{numbers, told_to_stop};

/// A look is taken this often where nobody wakes us: a wake-up is a promise of the database, not of the network.
const AT_LEAST_EVERY: Duration = Duration::from_secs(30);
/// Pause before a connection is first taken up again; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a wish is remembered.
const REMEMBERED: Duration = Duration::from_mins(5);
/// Most wishes that are remembered, the latest.
const WISHES: usize = 64;

/// Keeps the market up to date.
pub struct Follower {
    /// Leads to the database.
    pub store: Store,
    /// Ticker of the benchmark.
    pub benchmark: String,
    /// Where every moment is told.
    pub moments: watch::Sender<Moment>,
    /// Columns of earlier sessions that somebody waits for: they are read in the snapshot of a look.
    pub wanted: mpsc::Receiver<Wanted>,
    /// What was wanted lately, and when: later looks read it too, so that it is there before it is asked for.
    pub wishes: Vec<((String, u32), Instant)>,
}

/// Columns of earlier sessions: names, and how long ago.
pub type Wanted = Vec<(String, u32)>;

impl Follower {
    /// Follows until `stop` says so.
    ///
    /// # Errors
    /// [`ScanError::Calendar`]: only a new process can go on.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> Result<(), ScanError> {
        tokio::select! {
            ended = self.follow() => ended,
            () = told_to_stop(&mut stop) => Ok(()),
        }
    }

    async fn follow(&mut self) -> Result<(), ScanError> {
        let mut living = Living::new(&self.benchmark);
        let mut pause = FIRST_PAUSE;
        loop {
            match self.store.listen().await {
                Ok(mut listener) => {
                    // A connection that holds for a look is worth a quick return.
                    if self.while_connected(&mut living, &mut listener).await? {
                        pause = FIRST_PAUSE;
                    }
                    tracing::warn!("the connection to the database was lost; answers go on from memory");
                }
                Err(error) => self.out_of_reach(&error),
            }
            self.moments.send_modify(|moment| moment.connected = false);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn out_of_reach(&self, error: &StoreError) {
        tracing::warn!("{error}; trying again");
        self.moments.send_if_modified(|moment| {
            let news = moment.market.is_none() && moment.trouble.is_none();
            if news {
                moment.trouble = Some(Fault::new("database", error.to_string()).hint(error.hint()));
            }
            news
        });
    }

    /// Looks at every wake-up until the connection is lost. Gives whether a look succeeded.
    async fn while_connected(
        &mut self,
        living: &mut Living,
        listener: &mut Listener,
    ) -> Result<bool, ScanError> {
        let (mut looked, mut pause) = (false, FIRST_PAUSE);
        loop {
            self.wishes.retain(|(_, at)| at.elapsed() < REMEMBERED);
            match self.look(living, listener).await {
                Ok(()) => (looked, pause) = (true, FIRST_PAUSE),
                Err(ScanError::Calendar) => return Err(ScanError::Calendar),
                Err(error) => {
                    numbers::follow("failed");
                    // Who still waits asks again; a wish that cannot be read must not stand in the market's way.
                    self.wishes.clear();
                    if listener.is_lost() || matches!(error, ScanError::Store(StoreError::Lost(..))) {
                        return Ok(looked);
                    }
                    if self.trouble(error) {
                        looked = true;
                    } else {
                        // Nobody wakes us for what failed by itself.
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(LONGEST_PAUSE);
                        continue;
                    }
                }
            }
            tokio::select! {
                connected = listener.wait() => if !connected { return Ok(looked) },
                asked = self.wanted.recv() => match asked {
                    Some(asked) => {
                        self.wish(asked);
                        while let Ok(more) = self.wanted.try_recv() {
                            self.wish(more);
                        }
                    }
                    // Nobody asks any more.
                    None => return Ok(looked),
                },
                () = tokio::time::sleep(AT_LEAST_EVERY) => {}
            }
        }
    }

    fn wish(&mut self, asked: Wanted) {
        let (now, most) = (Instant::now(), asked.len().max(WISHES));
        self.wishes.retain(|(column, _)| !asked.contains(column));
        self.wishes.extend(asked.into_iter().map(|column| (column, now)));
        self.wishes.drain(..self.wishes.len().saturating_sub(most));
    }

    /// Tells what stands in the way. True where the market must change before it can be ranked, so that a change will wake us.
    fn trouble(&self, error: ScanError) -> bool {
        let waits =
            matches!(error, ScanError::NoBars(_) | ScanError::NoFeatures(_) | ScanError::OtherDefinitions);
        let fault = Fault::from(error);
        self.moments.send_if_modified(|moment| {
            // A database that fails does not make what is in memory wrong.
            if fault.code == "database" && moment.market.is_some() {
                tracing::warn!("{}; answers go on from memory", fault.message);
                return false;
            }
            let news = moment.trouble.as_ref() != Some(&fault);
            if news {
                tracing::warn!("{}", fault.message);
            }
            moment.connected = true;
            moment.trouble = Some(fault);
            news
        });
        waits
    }

    async fn look(&self, living: &mut Living, listener: &mut Listener) -> Result<(), ScanError> {
        let started = Instant::now();
        let wanted: Wanted = self.wishes.iter().map(|(column, _)| column.clone()).collect();
        let followed = living.follow_for(&mut listener.client, &wanted).await?;
        // A look that failed at its end may have read changes that are not told yet.
        let told = self.moments.borrow().market.clone();
        let is_new = |market: &Market| told.as_ref().is_none_or(|told| !told.is(market));
        let market = Market::of(living)?.filter(is_new);
        numbers::follow(if followed.changed { "changed" } else { "unchanged" });
        numbers::updated(followed.computed, followed.features);
        if followed.changed {
            tracing::info!(
                "{}: {} instruments computed, {} feature rows read, {} ms",
                if followed.from_nothing { "the market was read" } else { "the market changed" },
                followed.computed,
                followed.features,
                started.elapsed().as_millis()
            );
        }
        self.moments.send_modify(|moment| {
            if let Some(market) = market {
                moment.market = Some(market.into());
                moment.version += 1;
            }
            moment.earlier = living.earlier();
            moment.snapshot = living.standing().map_or("", |standing| &standing.snapshot).into();
            moment.looks += 1;
            moment.trouble = None;
            moment.connected = true;
            // The snapshot is of when the look began.
            moment.followed = Some(started);
        });
        Ok(())
    }
}

/// A follower on a thread of its own, within this runtime.
pub fn start(
    follower: Follower,
    stop: watch::Receiver<bool>,
) -> oneshot::Receiver<Result<(), scan::ScanError>> {
    let (ended, end) = oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    std::thread::spawn(move || {
        // The receiver is gone only when the program ends.
        let _ = ended.send(runtime.block_on(follower.run(stop)));
    });
    end
}
