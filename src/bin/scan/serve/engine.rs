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
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use super::fault::Fault;
use super::follow::Wanted;
use super::moment::Moment;
use super::numbers;
use super::reply::{Origin, Reply};
use super::request::Request;

/// Answers about past sessions that are computed at once; each holds a connection and reads the bars of a market.
const PAST_AT_ONCE: usize = 2;
/// Such requests that may wait for their turn.
const PAST_WAITING: usize = 64;
/// Other requests that may wait for their turn.
const WAITING: usize = 1024;

/// Makes answers.
pub struct Engine {
    store: Store,
    benchmark: String,
    folder: PathBuf,
    moments: watch::Receiver<Moment>,
    wanted: mpsc::Sender<Wanted>,
    runtime: Handle,
    living: Queue,
    past: Queue,
}

/// Requests of a kind: so many wait, and so many are computed.
struct Queue {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Queue {
    fn new(waiting: usize, at_once: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(waiting + at_once)), turns: Arc::new(Semaphore::new(at_once)) }
    }

    /// What is held while a request is computed.
    async fn turn(&self) -> Result<(OwnedSemaphorePermit, OwnedSemaphorePermit), Fault> {
        let place = self.places.clone().try_acquire_owned();
        let place = place.map_err(|_| {
            Fault::new("busy", "too many requests are waiting already").hint("ask again in a second")
        })?;
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| Fault::stopping())?;
        Ok((place, turn))
    }
}

impl Engine {
    /// An engine that answers from what `moments` tells, with the profiles of `folder`.
    /// `wanted` asks for columns of earlier sessions.
    pub fn new(
        store: Store,
        benchmark: String,
        folder: PathBuf,
        moments: watch::Receiver<Moment>,
        wanted: mpsc::Sender<Wanted>,
    ) -> Self {
        let threads = std::thread::available_parallelism().map_or(2, |count| count.get().max(2));
        Self {
            store,
            benchmark,
            folder,
            moments,
            wanted,
            runtime: Handle::current(),
            living: Queue::new(WAITING, threads),
            past: Queue::new(PAST_WAITING, PAST_AT_ONCE),
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
        let held = if request.as_of.is_some() { self.past.turn().await? } else { self.living.turn().await? };
        let working = tokio::task::spawn_blocking(move || {
            // Held until the work ends, even where nobody waits for it any more.
            let _held = held;
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
            let wanted = profile.reads().earlier;
            let moment = self.with_earlier(request, wanted)?;
            let ranked = moment.market()?.ranked(&profile.weights)?;
            let answer = answer(ranked, &moment.earlier, profile.clone())?;
            let age = moment.age().unwrap_or_default();
            (answer, Origin::Living { snapshot: moment.snapshot, age })
        };
        let reply = Reply::new(answer, origin, request);
        let kind = if request.as_of.is_some() { "as_of" } else { "living" };
        numbers::answered(kind, started.elapsed(), reply.rows.len());
        Ok(reply)
    }

    /// A moment whose market has the columns of earlier sessions `wanted` in memory.
    fn with_earlier(&self, request: &Request, wanted: Wanted) -> Result<Moment, Fault> {
        let moment = self.moment();
        moment.market()?;
        let missing = moment.earlier.missing(&wanted);
        if !wanted.is_empty() {
            numbers::cache("earlier", missing.is_empty());
        }
        if missing.is_empty() {
            return Ok(moment);
        }
        self.within(request, async {
            let (mut moments, mut moment, mut missing) = (self.moments(), moment, missing);
            loop {
                if !moment.connected {
                    let fault =
                        "columns of earlier sessions are not in memory, and the database does not answer";
                    return Err(
                        Fault::new("database", fault).hint("ask again when it is back, or without them")
                    );
                }
                let looks = moment.looks;
                self.wanted.send(missing).await.map_err(|_| Fault::stopping())?;
                let newer =
                    |moment: &Moment| moment.looks != looks || moment.trouble.is_some() || !moment.connected;
                moment = moments.wait_for(newer).await.map_err(|_| Fault::stopping())?.clone();
                moment.market()?;
                // A look that was under way already did not know of the wish.
                missing = moment.earlier.missing(&wanted);
                if missing.is_empty() {
                    return Ok(moment);
                }
            }
        })
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
