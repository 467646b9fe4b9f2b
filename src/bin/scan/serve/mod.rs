//! `scan serve`: the market in memory, kept up to date, and the doors through which it is asked.

mod delta;
mod engine;
mod fault;
mod follow;
mod http;
mod lines;
mod market;
mod moment;
mod numbers;
mod reply;
mod request;
mod stdio;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use tidemark::failure::Failure;
use tidemark::settings::Settings;
use tidemark::store::{self, Store};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use engine::Engine;
use follow::Follower;
use moment::Moment;

/// Where HTTP is answered unless told otherwise.
const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8471);

/// What --help says of --stdio.
const LINES: &str = r#"Answer lines of JSON on standard input with lines of JSON on standard output

The first line is READY. A request is one object on a line, of which only requestId must be there:
{"requestId": 1, "profile": "low-risk", "where": "close > 5", "orderBy": "ics DESC", "columns": "close, ics",
"tickers": ["AAPL", "MSFT"], "asOf": "2024-03-15", "limit": 5, "timeoutMs": 2000}
Its answer carries the same requestId. Answers come as they are ready. The end of standard input ends the program."#;

/// What `scan serve` is told.
#[derive(clap::Args)]
pub struct Args {
    /// Answer lines of JSON on standard input with lines of JSON on standard output
    #[arg(long, long_help = LINES)]
    stdio: bool,
    /// Answer HTTP on this address
    ///
    /// GET /openapi.json describes it. Without --stdio and --http, this is how it serves. On another address than one of
    /// this machine alone, TIDEMARK_HTTP_TOKEN must hold a token of 16 characters or more, and requests must bear it.
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:8471")]
    http: Option<SocketAddr>,
    /// HTTP connections that may be open at once; more wait a second, then they are told to try again
    #[arg(long, value_name = "COUNT", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    http_connections: u16,
}

/// Serves until it is told to stop, or both doors are closed from outside.
pub async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
    let metrics =
        numbers::install().map_err(|error| Failure::new(format!("nothing can be counted: {error}")))?;
    let store = Store::new(settings, "tidemark scan serve")?;
    store::check(&*store.client().await?).await?;
    let address = args.http.or_else(|| (!args.stdio).then_some(DEFAULT_ADDRESS));
    let connections = usize::from(args.http_connections);
    let door = address.map(|address| http::Door::open(address, connections, metrics.clone())).transpose()?;
    // A closed pipe or connection is an error of its write and must not end the program: waiting for the signal takes its
    // power to do so.
    let _pipe = signal(SignalKind::pipe())?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);

    let (moments, told) = watch::channel(Moment::default());
    let (stop, stopped) = watch::channel(false);
    let (want, wanted) = mpsc::channel(64);
    let benchmark = settings.benchmark.clone();
    let follower =
        Follower { store: store.clone(), benchmark: benchmark.clone(), moments, wanted, wishes: Vec::new() };
    let engine = Arc::new(Engine::new(store, benchmark, std::env::current_dir()?, told, want));
    let mut followed = follow::start(follower, stopped.clone());
    let mut doors = JoinSet::new();
    if args.stdio {
        doors.spawn(stdio::run(engine.clone(), stopped.clone()));
    }
    if let Some(door) = door {
        doors.spawn(door.serve(engine, stopped));
    }
    tokio::spawn(numbers::upkeep(metrics));

    let mut failed = None;
    tokio::select! {
        ended = doors.join_next() => failed = ended.and_then(Result::err).map(anyhow::Error::from),
        _ = terminate.recv() => tracing::info!("asked to stop"),
        _ = interrupt.recv() => tracing::info!("asked to stop"),
        ended = &mut followed => failed = match ended {
            Ok(ended) => ended.err().map(anyhow::Error::from),
            Err(_) => Some(Failure::new("the market is not followed any more").hint("please report what was said above").into()),
        },
    }
    stop.send_replace(true);
    while doors.join_next().await.is_some() {}
    if let Some(error) = failed {
        return Err(error);
    }
    // What is still computed has no one to go to, and must not hold up the end.
    std::process::exit(0)
}

/// Waits until `stop` says so.
async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    // Whose teller is gone is to stop too.
    let _ = stop.wait_for(|stop| *stop).await;
}
