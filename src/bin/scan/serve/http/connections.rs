//! Connections: so many are served, some more wait a moment for their place, and who waits in vain is told so.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use super::super::fault::Fault;
use super::super::stdio::GRACE;
use super::super::{numbers, told_to_stop};
use super::patient::Patient;

/// Connections that may wait for a place; the system holds those beyond them.
const WAITING: usize = 256;
/// How long one waits.
const WAIT: Duration = Duration::from_secs(1);
/// Time to send a request's head, or to send another request on the same connection.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Time in which something must be taken of an answer.
const WRITE_TIME: Duration = Duration::from_secs(15);
/// Most lines of a head.
const HEAD_LINES: usize = 64;
/// Bytes that are kept of what is not yet answered.
const BUFFER: usize = 64 << 10;

/// Serves up to `most` connections until `stop` says so; then waits for the answers that are on their way.
pub async fn serve(listener: TcpListener, most: usize, router: Router, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(most));
    let waiting = Arc::new(Semaphore::new(WAITING));
    loop {
        let accepted = async {
            // Closed is never: nobody closes it.
            let waits = waiting.clone().acquire_owned().await.ok();
            (listener.accept().await, waits)
        };
        let (accepted, waits) = tokio::select! {
            () = told_to_stop(&mut stop) => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (places, router, stop) = (places.clone(), router.clone(), stop.clone());
                tokio::spawn(async move {
                    match timeout(WAIT, places.acquire_owned()).await {
                        Ok(Ok(place)) => {
                            drop(waits);
                            converse(stream, router, stop, place).await;
                        }
                        _ => refuse(stream).await,
                    }
                });
            }
            Err(error) => {
                // Most often there are too many open files: some are closed soon.
                tracing::warn!("a connection could not be taken: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(listener);
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    if timeout(GRACE, places.acquire_many(most)).await.is_err() {
        tracing::warn!("some connections did not end within {} s", GRACE.as_secs());
    }
}

async fn converse(
    stream: TcpStream,
    router: Router,
    mut stop: watch::Receiver<bool>,
    place: OwnedSemaphorePermit,
) {
    // Answers are written whole: waiting for more to send only delays them. Where it cannot be set, they are delayed.
    let _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(HEAD_LINES)
        .max_buf_size(BUFFER);
    let connection = builder
        .serve_connection(TokioIo::new(Patient::new(stream, WRITE_TIME)), TowerToHyperService::new(router));
    tokio::pin!(connection);
    numbers::connection(true);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told_to_stop(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    numbers::connection(false);
    if let Err(error) = ended {
        tracing::debug!("a connection ended: {error}");
    }
    drop(place);
}

/// Tells the other side that there is no place for it, whatever it says.
async fn refuse(mut stream: TcpStream) {
    let fault = Fault::new("busy", "too many connections are open").hint("try again in a second");
    let body = serde_json::json!({ "ok": false, "error": fault.json() }).to_string();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let told = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // Closed before the other side has spoken, the connection would take the answer with it.
        let mut unread = [0; 1024];
        while stream.read(&mut unread).await? > 0 {}
        std::io::Result::Ok(())
    };
    // Who does not listen is not told.
    let _ = timeout(WAIT, told).await;
}
