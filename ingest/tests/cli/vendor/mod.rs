//! The vendor, on loopback: its API and its flat files, as its own documents and replies tell, with faults on demand.
//!
//! [`Vendor::start`] serves a [`Market`] that the test gives and may change at any time. Every request is checked as the
//! vendor checks it (key, path, parameters, signature) and kept, so that a test can count calls. Sockets are plain and
//! each connection has a thread of its own: nothing between us and the wire keeps an answer from being wrong.

#![allow(dead_code, reason = "a vendor has more than one test asks for")]

mod aggregates;
mod fault;
mod http;
mod lists;
mod market;
mod objects;
mod query;
mod reference;
mod reply;
mod signature;

mod tests;

use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};

pub use fault::{Fault, Random, step};
pub use http::Request;
pub use market::{Bar, Market, Ticker, key, new_york};
pub use reply::Reply;

use crate::run::{KEY, Run, finish};
use crate::support::Database;

/// The key pair of the flat files.
pub const S3_KEY: &str = "FLATFILESKEY00000001";
/// The secret half, which signs and is never sent.
pub const S3_SECRET: &str = "s3cret/that+nobody/may+see";
/// The bucket of the flat files.
pub const BUCKET: &str = "flatfiles";

/// A running vendor; it ends with the test.
pub struct Vendor {
    shared: Arc<Mutex<State>>,
    api: http::Server,
    s3: http::Server,
}

/// What the threads share.
struct State {
    market: Market,
    faults: fault::Faults,
    requests: Vec<Request>,
}

impl Vendor {
    /// Serves `market` on two free ports.
    pub fn start(market: Market) -> Self {
        let state = State { market, faults: fault::Faults::default(), requests: Vec::new() };
        let shared = Arc::new(Mutex::new(state));
        let api = http::Server::start(Arc::clone(&shared), api);
        let s3 = http::Server::start(Arc::clone(&shared), objects::answer);
        Self { shared, api, s3 }
    }

    /// Address of the API, for `POLYGON_BASE_URL`.
    pub fn url(&self) -> String {
        self.api.url()
    }

    /// Address of the flat files, for `POLYGON_S3_ENDPOINT`.
    pub fn s3_url(&self) -> String {
        self.s3.url()
    }

    /// The market, to look at or to change. No request is answered while it is held.
    pub fn market(&self) -> impl std::ops::DerefMut<Target = Market> {
        struct Held<'a>(MutexGuard<'a, State>);
        impl std::ops::Deref for Held<'_> {
            type Target = Market;
            fn deref(&self) -> &Market {
                &self.0.market
            }
        }
        impl std::ops::DerefMut for Held<'_> {
            fn deref_mut(&mut self) -> &mut Market {
                &mut self.0.market
            }
        }
        Held(self.state())
    }

    /// Answers the next `times` requests whose path and query hold `pattern` with `fault`. Faults of one pattern come in
    /// the order in which they were asked for.
    pub fn fault(&self, pattern: &str, times: usize, fault: Fault) -> &Self {
        self.fault_after(0, pattern, times, fault)
    }

    /// As [`Vendor::fault`], after `first` such requests that are answered well.
    pub fn fault_after(&self, first: usize, pattern: &str, times: usize, fault: Fault) -> &Self {
        self.state().faults.schedule(pattern, first, times, fault);
        self
    }

    /// Answers with random faults from now on, or no longer.
    pub fn random_faults(&self, random: Option<Random>) {
        self.state().faults.random = random;
    }

    /// Cuts the vendor off, or brings it back: while it is off, connections close without a word.
    pub fn cut(&self, off: bool) {
        self.state().faults.off = off;
    }

    /// Faults that were played so far.
    pub fn faults_played(&self) -> usize {
        self.state().faults.played
    }

    /// Every request so far, of both servers, in the order of their coming.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// How many requests so far had `pattern` in their path and query.
    pub fn calls(&self, pattern: &str) -> usize {
        self.state().requests.iter().filter(|request| request.target().contains(pattern)).count()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.state().requests.clear();
    }

    /// Panics if a key or a secret is in an address, or was sent to the other server.
    pub fn assert_secrets_kept(&self) {
        for request in self.requests() {
            let target = request.target();
            assert!(!target.contains(KEY) && !target.contains(S3_SECRET), "a secret is in {target}");
            let foreign = if request.server == "api" { S3_KEY } else { KEY };
            for (name, value) in &request.headers {
                assert!(!value.contains(S3_SECRET), "the secret is sent in {name}");
                assert!(!value.contains(foreign), "{name} of {target} holds the other server's key");
            }
        }
    }

    /// `ingest` with `args` on the database at `url`, with this vendor and its keys in the environment.
    pub fn command(&self, url: &str, args: &[&str]) -> Command {
        let mut command = crate::run::command(Some(url), args);
        command
            .env("POLYGON_API_KEY", KEY)
            .env("POLYGON_BASE_URL", self.url())
            .env("POLYGON_S3_ENDPOINT", self.s3_url())
            .env("POLYGON_S3_ACCESS_KEY_ID", S3_KEY)
            .env("POLYGON_S3_SECRET_ACCESS_KEY", S3_SECRET);
        command
    }

    /// Runs `ingest` with `args` on `database`, to its end.
    pub async fn run(&self, database: &Database, args: &[&str]) -> Run {
        finish(self.command(&database.url, args)).await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().expect("no thread died")
    }
}

/// Answers a request of the API.
fn api(market: &Market, request: &Request) -> Reply {
    let answer = || {
        query::authorize(request)?;
        let segments: Vec<String> = request.path[1..].split('/').map(query::decoded).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments[..] {
            ["v2", "aggs", "grouped", "locale", "us", "market", "stocks", date] => {
                aggregates::grouped(market, request, date)
            }
            ["v2", "aggs", "ticker", ticker, "range", multiplier, timespan, from, to] => {
                aggregates::range(market, request, ticker, [multiplier, timespan, from, to])
            }
            ["v3", "reference", "tickers", "types"] => reference::types(request),
            ["v3", "reference", "tickers", ticker] => reference::details(market, request, ticker),
            ["vX", "reference", "tickers", id, "events"] => reference::events(market, request, id),
            ["v1", "marketstatus", "upcoming"] => reference::upcoming(market, request),
            ["v1", "marketstatus", "now"] => reference::now(market, request),
            _ => match lists::LISTS.iter().find(|list| list.path == request.path) {
                Some(list) => list.answer(market, request),
                None => Err(Reply::new(404, "text/plain", "404 page not found\n")),
            },
        }
    };
    answer().unwrap_or_else(|refusal| refusal)
}
