//! Lines of JSON on standard input and output: READY, then an answer a request, each as soon as it is there. Nothing else is
//! written to standard output.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::engine::Engine;
use super::fault::Fault;
use super::lines::{self, Line};
use super::moment::Moment;
use super::{numbers, request, told_to_stop};

/// Requests that are worked on at once; the next line is read when one of them is answered.
const AT_ONCE: usize = 256;
/// Answers that wait for standard output.
const QUEUE: usize = 16;
/// Time that what runs has to end, after the last line.
pub const GRACE: Duration = Duration::from_secs(10);

/// Answers what standard input asks until it ends, or until `stop` says so.
pub async fn run(engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
    let mut lines = read_lines();
    let (out, mut written) = write_lines();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let (ready, is_ready) = watch::channel(false);
    let announcing = tokio::spawn(announce(engine.moments(), out.clone(), ready));
    loop {
        let next = async {
            // Closed is never: nobody closes it.
            let place = places.clone().acquire_owned().await.ok();
            (lines.recv().await, place)
        };
        tokio::select! {
            biased;
            () = told_to_stop(&mut stop) => break,
            _ = &mut written => return,
            (line, place) = next => {
                let Some(line) = line else { break };
                let (engine, out, is_ready) = (engine.clone(), out.clone(), is_ready.clone());
                tokio::spawn(async move {
                    let text = answer(engine, is_ready, line).await;
                    // A reader that went away is no fault.
                    let _ = out.send(text).await;
                    drop(place);
                });
            }
        }
    }
    drop(out);
    // Every running request holds a place. Those that came before the market was loaded are not late before it is.
    let all = || places.acquire_many(AT_ONCE as u32);
    tokio::select! {
        _ = all() => {}
        _ = loaded(&engine, is_ready) => {}
        () = told_to_stop(&mut stop) => {}
    }
    let ended = tokio::time::timeout(GRACE, async {
        drop(all().await);
        announcing.abort();
        (&mut written).await.is_ok()
    });
    if ended.await.is_err() {
        tracing::warn!("some requests did not end within {} s", GRACE.as_secs());
    }
}

/// Says READY when the first market is loaded.
async fn announce(
    mut moments: watch::Receiver<Moment>,
    out: mpsc::Sender<String>,
    ready: watch::Sender<bool>,
) {
    let loaded = moments.wait_for(|moment| moment.market.is_some()).await.is_ok();
    if loaded && out.send("READY".into()).await.is_ok() {
        ready.send_replace(true);
    }
    // Who still asks whether it is ready asks this.
    ready.closed().await;
}

async fn answer(engine: Arc<Engine>, is_ready: watch::Receiver<bool>, line: Line) -> String {
    let (id, request) = match &line {
        Line::Whole(line) => request::of_line(line),
        Line::TooLong => {
            let fault = Fault::new("too_long", format!("the line is longer than {} bytes", lines::LONGEST));
            (Value::Null, Err(fault))
        }
    };
    drop(line);
    let answered = async {
        let mut request = request?;
        let (patience, asked) = (request.patience, Instant::now());
        let waited = tokio::time::timeout(patience, loaded(&engine, is_ready)).await;
        waited.map_err(|_| Fault::timeout(patience.as_millis()))??;
        request.patience = patience.saturating_sub(asked.elapsed());
        let id = id.clone();
        engine
            .answer(request, move |reply| {
                let mut object = reply.object();
                object.insert("requestId".into(), id);
                Value::Object(object).to_string()
            })
            .await
    };
    let answered = answered.await;
    numbers::request("stdio", answered.as_ref().map_or_else(|fault| fault.code, |_| "ok"));
    answered
        .unwrap_or_else(|fault| json!({ "requestId": id, "ok": false, "error": fault.json() }).to_string())
}

/// Waits until READY was said, or something stands in the way of it.
async fn loaded(engine: &Engine, mut is_ready: watch::Receiver<bool>) -> Result<(), Fault> {
    let mut moments = engine.moments();
    let troubled = moments.wait_for(|moment: &Moment| moment.trouble.is_some());
    tokio::select! {
        biased;
        ready = is_ready.wait_for(|ready| *ready) => ready.map(|_| ()).map_err(|_| Fault::stopping()),
        moment = troubled => Err(moment.ok().and_then(|moment| moment.trouble.clone()).unwrap_or_else(Fault::stopping)),
    }
}

/// Standard input's lines. A thread reads them: a read that never returns must not hold up the end of the program.
fn read_lines() -> mpsc::Receiver<Line> {
    let (lines, received) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        loop {
            match lines::next(&mut input) {
                Ok(Some(line)) => {
                    if lines.blocking_send(line).is_err() {
                        return;
                    }
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!("standard input cannot be read: {error}");
                    return;
                }
            }
        }
    });
    received
}

/// Writes lines to standard output; the other end is told when all are written or nobody reads them.
fn write_lines() -> (mpsc::Sender<String>, oneshot::Receiver<()>) {
    let (lines, mut received) = mpsc::channel::<String>(QUEUE);
    let (done, written) = oneshot::channel();
    std::thread::spawn(move || {
        let mut output = io::stdout().lock();
        while let Some(mut line) = received.blocking_recv() {
            line.push('\n');
            if output.write_all(line.as_bytes()).and_then(|()| output.flush()).is_err() {
                break;
            }
        }
        // Nobody waits for it where the program ends.
        let _ = done.send(());
    });
    (lines, written)
}
