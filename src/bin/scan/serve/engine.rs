//! Where every answer is made, whatever door its request came through: from the market in memory, or for a past session from
//! the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tidemark::jobs::scan::answer::answer;
use tidemark::jobs::scan::profile::{self, Profile};
use tidemark::jobs::scan::{self, columns};
use tidemark::store::Store;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, watch};

use super::fault::Fault;
use super::moment::Moment;
use super::numbers;
use super::reply::{Origin, Reply};
use super::request::Request;

/// Answers about past sessions that are computed at once; each holds a connection and reads the bars of a market.
const PAST_AT_ONCE: usize = 2;
/// Requests that may wait for their turn.
const WAITING: usize = 1024;

/// Makes answers.
pub struct Engine {
    store: Store,
    benchmark: String,
    folder: PathBuf,
    moments: watch::Receiver<Moment>,
    look_now: Arc<Notify>,
    runtime: Handle,
    places: Arc<Semaphore>,
    living: Arc<Semaphore>,
    past: Arc<Semaphore>,
}

impl Engine {
    /// An engine that answers from what `moments` tells, with the profiles of `folder`.
    /// `look_now` asks for a newer moment.
    pub fn new(
        store: Store,
        benchmark: String,
        folder: PathBuf,
        moments: watch::Receiver<Moment>,
        look_now: Arc<Notify>,
    ) -> Self {
        let threads = std::thread::available_parallelism().map_or(2, |count| count.get().max(2));
        Self {
            store,
            benchmark,
            folder,
            moments,
            look_now,
            runtime: Handle::current(),
            places: Arc::new(Semaphore::new(WAITING)),
            living: Arc::new(Semaphore::new(threads)),
            past: Arc::new(Semaphore::new(PAST_AT_ONCE)),
        }
    }

    /// What is known now.
    pub fn moment(&self) -> Moment {
        self.moments.borrow().clone()
    }

    /// Tells every new moment.
    pub fn moments(&self) -> watch::Receiver<Moment> {
        self.moments.clone()
    }

    /// Leads to the database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The answer to `request`, and what `then` makes of it, within the request's time. Both are computed where they hold nobody up.
    pub async fn answer<T: Send + 'static>(
        self: &Arc<Self>,
        request: Request,
        then: impl FnOnce(Reply) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let patience = request.patience;
        let work = self.clone().turn(request, then);
        tokio::time::timeout(patience, work)
            .await
            .unwrap_or_else(|_| Err(Fault::timeout(patience.as_millis())))
    }

    async fn turn<T: Send + 'static>(
        self: Arc<Self>,
        request: Request,
        then: impl FnOnce(Reply) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            return Err(Fault::new("busy", format!("{WAITING} requests are waiting already"))
                .hint("ask again in a second"));
        };
        let turns = if request.as_of.is_some() { &self.past } else { &self.living };
        let Ok(turn) = turns.clone().acquire_owned().await else { return Err(Fault::stopping()) };
        let working = tokio::task::spawn_blocking(move || {
            // Held until the work ends, even where nobody waits for it any more.
            let _held = (place, turn);
            self.compute(&request).map(then)
        });
        working.await.unwrap_or_else(|error| {
            tracing::error!("an answer broke off: {error}");
            Err(Fault::new("internal", "the answer broke off")
                .hint("please report what the server's log says"))
        })
    }

    /// The profile that a request means.
    pub fn profile(&self, request: &Request) -> Result<Profile, Fault> {
        let known = columns::known();
        let name = request.profile.as_deref().unwrap_or(profile::MARKET);
        let mut profile = profile::find(name, &self.folder, known)?.with(&request.changes, known)?;
        // Whom the request names is shown, however many come before; a limit that it gives counts among them.
        if !request.tickers.is_empty() {
            profile.limit = usize::MAX;
        }
        Ok(profile)
    }

    /// Where profiles are looked for.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn compute(&self, request: &Request) -> Result<Reply, Fault> {
        let started = Instant::now();
        let profile = Arc::new(self.profile(request)?);
        let (answer, origin) = if let Some(day) = request.as_of {
            let (answer, day) = self.within(request, async {
                let mut client = self.store.client().await?;
                let scan = scan::run_as_of(&mut client, day, &profile, &self.benchmark).await?;
                Ok((scan.answer, day))
            })?;
            (answer, Origin::Past(day))
        } else {
            let (moment, market, standing, earlier) = loop {
                let moment = self.moment();
                let (market, standing) = moment.market()?;
                let wanted = profile.reads().earlier;
                let earlier = match market.earlier(&wanted)? {
                    None => self.within(request, async {
                        let mut client = self.store.client().await?;
                        Ok(market.read_earlier(&mut client, &standing, &wanted).await?)
                    })?,
                    known => known,
                };
                match earlier {
                    Some(earlier) => break (moment, market, standing, earlier),
                    None => self.within(request, self.newer(moment.looks))?,
                }
            };
            let ranked = market.ranked(&profile.weights)?;
            let answer = answer(ranked, &earlier, profile.clone())?;
            let age = moment.age().unwrap_or_default();
            (answer, Origin::Living { snapshot: standing.snapshot.clone(), age })
        };
        let reply = Reply::new(answer, origin, request);
        let kind = if request.as_of.is_some() { "as_of" } else { "living" };
        numbers::answered(kind, started.elapsed(), reply.rows.len());
        Ok(reply)
    }

    /// Waits for another look than those that were taken, or for what stands in its way.
    async fn newer(&self, looks: u64) -> Result<(), Fault> {
        let mut moments = self.moments();
        self.look_now.notify_one();
        let newer = |moment: &Moment| moment.looks != looks || moment.trouble.is_some();
        moments.wait_for(newer).await.map(|_| ()).map_err(|_| Fault::stopping())
    }

    /// Waits on this thread, which is not the runtime's, for as long as the request may take.
    fn within<T>(&self, request: &Request, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        self.runtime.block_on(async {
            let patience = request.patience;
            tokio::time::timeout(patience, work)
                .await
                .unwrap_or_else(|_| Err(Fault::timeout(patience.as_millis())))
        })
    }
}
