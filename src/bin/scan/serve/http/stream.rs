//! `GET /v1/scan/stream`: how the answer comes about, its rows, and then what changes in it for as long as somebody listens.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::{Map, Value, json};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::super::delta::{Listed, delta};
use super::super::engine::Engine;
use super::super::fault::Fault;
use super::super::reply::Reply;
use super::super::request::{self, Request};
use super::super::{numbers, told_to_stop};
use super::{App, Query, STREAMS, Shared, pairs};

/// Parts that wait for a reader.
const QUEUE: usize = 8;
/// Size from which events that come at once are handed over.
const PART: usize = 32 << 10;
/// Time in which a reader must take a part.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause after which a silent stream shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Server-sent events.
    Sse,
    /// A JSON object a line.
    Ndjson,
}

impl Form {
    fn wanted(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if accept.contains("text/event-stream") { Self::Sse } else { Self::Ndjson }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Sse => "text/event-stream",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    fn write(self, text: &mut String, event: &str, mut data: Map<String, Value>) {
        match self {
            Self::Sse => {
                let data = Value::Object(data).to_string();
                text.extend(["event: ", event, "\ndata: ", data.as_str(), "\n\n"]);
            }
            Self::Ndjson => {
                data.insert("event".into(), event.into());
                text.push_str(&Value::Object(data).to_string());
                text.push('\n');
            }
        }
    }
}

/// The page.
pub async fn open(State(shared): App, headers: HeaderMap, query: Query) -> Response {
    let form = Form::wanted(&headers);
    let opened = begin(&shared, query).await;
    numbers::request("stream", opened.as_ref().map_or_else(|fault| fault.code, |_| "ok"));
    let (request, place) = match opened {
        Ok(opened) => opened,
        Err(fault) => return fault.into_response(),
    };
    let (parts, received) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        numbers::stream(true);
        let mut stop = shared.stop.clone();
        let mut teller = Teller { form, parts, engine: shared.engine, _place: place };
        let ended = tokio::select! {
            ended = teller.tell(request) => ended,
            () = told_to_stop(&mut stop) => Ended::Told(Fault::stopping()),
        };
        if let Ended::Told(fault) = ended {
            // Who went away is not told.
            let _ = teller.say("end", object(json!({ "error": fault.json() }))).await;
        }
        numbers::stream(false);
    });
    let body = stream::unfold(received, |mut received| async {
        received.recv().await.map(|part| (Ok::<_, std::convert::Infallible>(part), received))
    });
    let headers = [
        (header::CONTENT_TYPE, form.media_type()),
        (header::CACHE_CONTROL, "no-store"),
        // Proxies are asked not to hold events back.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(body)).into_response()
}

/// What can be refused is refused before the stream begins, by a status.
async fn begin(shared: &Shared, query: Query) -> Result<(Request, OwnedSemaphorePermit), Fault> {
    let request = request::of_query(&pairs(query)?)?;
    let place = shared.streams.clone().try_acquire_owned().map_err(|_| {
        Fault::new("busy", format!("{STREAMS} streams are open already"))
            .hint("end one, or ask /v1/scan again and again")
    })?;
    let (engine, asked) = (shared.engine.clone(), request.clone());
    let checking = tokio::task::spawn_blocking(move || engine.profile(&asked));
    checking.await.map_err(|error| Fault::new("internal", error.to_string()))??;
    if request.as_of.is_none() {
        shared.engine.moment().market()?;
    }
    Ok((request, place))
}

/// Why a stream ended.
enum Ended {
    /// Nobody reads it.
    Unheard,
    /// There is no more to tell.
    Complete,
    /// Its reader is to be told why.
    Told(Fault),
}

/// What is listed, and the answer without its rows.
type Told = (Map<String, Value>, Arc<Vec<Listed>>);

struct Teller {
    form: Form,
    parts: mpsc::Sender<Bytes>,
    engine: Arc<Engine>,
    _place: OwnedSemaphorePermit,
}

impl Teller {
    async fn tell(&mut self, request: Request) -> Ended {
        match self.try_to_tell(request).await {
            Ok(()) => Ended::Complete,
            Err(ended) => ended,
        }
    }

    async fn try_to_tell(&mut self, request: Request) -> Result<(), Ended> {
        let mut moments = self.engine.moments();
        let moment = moments.borrow_and_update().clone();
        let mut version = moment.version;
        let stage = match (&request.as_of, &moment.market) {
            (None, Some(market)) => json!({
                "stage": "loaded",
                "instruments": market.panel().instruments.len(),
                "signals": market.panel().signals.len(),
                "features": market.panel().features.len(),
            }),
            (day, _) => json!({ "stage": "reading", "as_of": day }),
        };
        self.say("progress", object(stage)).await?;
        let first = self.engine.answer(request.clone(), |reply| told(&reply)).await;
        let (head, mut listed) = first.map_err(Ended::Told)?;
        self.say(
            "progress",
            object(json!({ "stage": "selected", "counts": head["counts"], "rows": listed.len() })),
        )
        .await?;
        self.rows(&listed).await?;
        let mut done = head;
        done.insert("rows".into(), listed.len().into());
        self.say("done", done).await?;
        if request.as_of.is_some() {
            return Ok(());
        }

        let mut trouble = None;
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                changed = moments.changed() => if changed.is_err() { return Err(Ended::Told(Fault::stopping())) },
                _ = heartbeat.tick() => {
                    self.heartbeat().await?;
                    continue;
                }
                () = self.parts.closed() => return Err(Ended::Unheard),
            }
            let moment = moments.borrow_and_update().clone();
            let (now, news) = match moment.market() {
                Err(fault) => (Some(fault), None),
                Ok(_) if moment.version == version && trouble.is_none() => continue,
                Ok(_) => {
                    let before = listed.clone();
                    let then = move |reply: Reply| {
                        let (head, listed) = told(&reply);
                        let delta = delta(&reply, &before, &listed);
                        (head, listed, delta)
                    };
                    match self.engine.answer(request.clone(), then).await {
                        Ok(news) => (None, Some(news)),
                        Err(fault) => (Some(fault), None),
                    }
                }
            };
            if let Some((head, now, delta)) = news {
                version = moment.version;
                listed = now;
                if let Some(mut delta) = delta {
                    for key in ["session", "snapshot", "counts"] {
                        delta.insert(key.into(), head[key].clone());
                    }
                    self.say("delta", delta).await?;
                }
            }
            if now != trouble {
                if let Some(fault) = &now {
                    self.say("trouble", object(json!({ "error": fault.json() }))).await?;
                }
                trouble = now;
            }
        }
    }

    async fn rows(&self, listed: &[Listed]) -> Result<(), Ended> {
        let mut text = String::new();
        for one in listed {
            self.form.write(&mut text, "row", object(json!({ "row": one.row })));
            if text.len() >= PART {
                self.hand_over(std::mem::take(&mut text)).await?;
            }
        }
        self.hand_over(text).await
    }

    async fn say(&self, event: &str, data: Map<String, Value>) -> Result<(), Ended> {
        let mut text = String::new();
        self.form.write(&mut text, event, data);
        self.hand_over(text).await
    }

    async fn heartbeat(&self) -> Result<(), Ended> {
        match self.form {
            Form::Sse => self.hand_over(": heartbeat\n\n".into()).await,
            Form::Ndjson => {
                let age = self.engine.moment().age().map(|age| age.as_secs_f64());
                self.say("heartbeat", object(json!({ "data_age_seconds": age }))).await
            }
        }
    }

    /// A reader that does not take what is there is dropped: nothing is kept for it.
    async fn hand_over(&self, text: String) -> Result<(), Ended> {
        if text.is_empty() {
            return Ok(());
        }
        match timeout(PATIENCE, self.parts.send(text.into())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Ended::Unheard),
            Err(_) => {
                numbers::dropped();
                Err(Ended::Unheard)
            }
        }
    }
}

fn told(reply: &Reply) -> Told {
    (reply.head(), Arc::new(Listed::all(reply)))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_hold_the_event_and_its_data_and_end_where_a_reader_expects_it() {
        let data = || object(json!({ "rows": 2, "text": "a\nb" }));
        let mut text = String::new();
        Form::Sse.write(&mut text, "done", data());
        assert_eq!(text, "event: done\ndata: {\"rows\":2,\"text\":\"a\\nb\"}\n\n");
        text.clear();
        Form::Ndjson.write(&mut text, "done", data());
        assert_eq!(text, "{\"event\":\"done\",\"rows\":2,\"text\":\"a\\nb\"}\n");
    }
}
