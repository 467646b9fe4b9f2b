//! Everything that can go wrong between us and the vendor, on demand or at random.

use std::io::{Result, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::http::{Request, compressed, head, send};
use super::reply::{Reply, not_authorized};

/// One way to answer wrongly.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// 429 with the vendor's words, and with `Retry-After` where one is given (seconds or a date).
    SlowDown(Option<&'static str>),
    /// 429 without a body.
    SlowDownSilently,
    /// This status, with a page of HTML, or with XML for the flat files.
    Status(u16),
    /// `NOT_AUTHORIZED` in the body, on this status: 403, or 200.
    NotAuthorized(u16),
    /// These bytes as JSON, on this status.
    Json(u16, String),
    /// HTML on 200.
    Html,
    /// JSON that breaks off, as a whole answer.
    BrokenJson,
    /// The connection ends before the answer begins.
    CutBefore,
    /// The connection ends in the middle of the headers.
    CutInHeaders,
    /// The connection ends in the middle of the body.
    CutInBody,
    /// The connection stays open and nothing comes.
    Silence,
    /// The body comes in pieces of this many bytes with this pause before each.
    Slow(usize, Duration),
    /// Compressed bytes, half of them, as a whole answer.
    TruncatedGzip,
    /// Compressed bytes, some of them changed.
    DamagedGzip,
    /// Every result twice.
    Duplicated,
    /// The results in another order.
    Shuffled,
    /// A `next_url` that leads back to the page itself.
    LoopingNext,
    /// A `next_url` at another origin.
    ForeignNext(String),
    /// A redirect to another origin.
    Redirect(String),
}

impl Fault {
    /// Answers in this way; true when the connection can be used again.
    pub fn play(
        &self,
        mut stream: &TcpStream,
        request: &Request,
        reply: Reply,
        over: &AtomicBool,
    ) -> Result<bool> {
        match self {
            Self::CutBefore => return cut(stream),
            Self::CutInHeaders => {
                let head = head(&reply, reply.body.len());
                stream.write_all(&head[..head.len() / 2])?;
                return cut(stream);
            }
            Self::CutInBody => {
                let reply = compressed(request, reply);
                stream.write_all(&head(&reply, reply.body.len()))?;
                stream.write_all(&reply.body[..reply.body.len() / 2])?;
                return cut(stream);
            }
            Self::Silence => {
                wait_for_hang_up(stream, over);
                return Ok(false);
            }
            Self::Slow(bytes, pause) => {
                let reply = compressed(request, reply);
                stream.write_all(&head(&reply, reply.body.len()))?;
                for piece in reply.body.chunks(*bytes) {
                    std::thread::sleep(*pause);
                    stream.write_all(piece)?;
                }
                return Ok(true);
            }
            Self::TruncatedGzip | Self::DamagedGzip => {
                let mut reply = compressed(request, reply);
                let middle = reply.body.len() / 2;
                if *self == Self::TruncatedGzip {
                    reply.body.truncate(middle);
                } else {
                    reply.body[middle..].iter_mut().step_by(7).for_each(|byte| *byte ^= 0x55);
                }
                stream.write_all(&head(&reply, reply.body.len()))?;
                stream.write_all(&reply.body)?;
            }
            _ => send(stream, request, &self.spoil(request, reply))?,
        }
        Ok(true)
    }

    /// The answer that comes whole, and wrong.
    fn spoil(&self, request: &Request, mut reply: Reply) -> Reply {
        match self {
            Self::SlowDown(retry_after) => {
                let words = "You've exceeded the maximum requests per minute, please wait or upgrade your subscription to continue. https://massive.com/pricing";
                let mut reply = Reply::new(
                    429,
                    "application/json",
                    format!(r#"{{"status":"ERROR","request_id":"9d1","error":"{words}"}}"#),
                );
                reply.headers.extend(retry_after.map(|value| ("retry-after", value.to_owned())));
                reply
            }
            Self::SlowDownSilently => Reply { status: 429, headers: Vec::new(), body: Vec::new() },
            Self::Status(status) if request.server == "s3" => {
                let code = if *status == 503 { "SlowDown" } else { "InternalError" };
                super::objects::error(*status, code, "Please reduce your request rate.", &request.path)
            }
            Self::Status(status) => {
                Reply::new(*status, "text/html", format!("<html><h1>{status}</h1></html>"))
            }
            Self::NotAuthorized(status) => not_authorized(*status),
            Self::Json(status, text) => Reply::new(*status, "application/json", text.as_str()),
            Self::Html => Reply::new(200, "text/html", "<!doctype html><title>Maintenance</title>"),
            Self::BrokenJson => {
                reply.body.truncate(reply.body.len() * 2 / 3);
                reply
            }
            Self::Redirect(origin) => {
                let mut reply = Reply::new(302, "text/html", "");
                reply.headers.push(("location", format!("{origin}{}", request.target())));
                reply
            }
            Self::LoopingNext => rewritten(reply, |body| {
                body["next_url"] = format!("{}{}", request.origin, request.target()).into();
            }),
            Self::ForeignNext(origin) => rewritten(reply, |body| {
                body["next_url"] = format!("{origin}{}?cursor=7b", request.path).into();
            }),
            Self::Duplicated => rewritten(reply, |body| {
                if let Some(rows) = body["results"].as_array_mut() {
                    *rows = rows.iter().flat_map(|row| [row.clone(), row.clone()]).collect();
                }
            }),
            Self::Shuffled => rewritten(reply, |body| {
                if let Some(rows) = body["results"].as_array_mut() {
                    let mut random = 7_u64;
                    rows.sort_by_cached_key(|_| step(&mut random));
                    rows.reverse();
                }
            }),
            _ => reply,
        }
    }
}

fn rewritten(mut reply: Reply, change: impl FnOnce(&mut Value)) -> Reply {
    if let Ok(mut body) = serde_json::from_slice(&reply.body) {
        change(&mut body);
        reply.body = body.to_string().into_bytes();
    }
    reply
}

fn cut(stream: &TcpStream) -> Result<bool> {
    stream.shutdown(Shutdown::Both)?;
    Ok(false)
}

/// Until the client has closed its side, or the test is over.
fn wait_for_hang_up(stream: &TcpStream, over: &AtomicBool) {
    let _ = stream.set_read_timeout(Some(Duration::from_millis(100)));
    while !over.load(Ordering::Relaxed) {
        match stream.peek(&mut [0]) {
            Err(error)
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            _ => return,
        }
    }
}

/// The faults to come.
#[derive(Default)]
pub struct Faults {
    scheduled: Vec<Scheduled>,
    pub random: Option<Random>,
    pub off: bool,
    pub played: usize,
}

struct Scheduled {
    pattern: String,
    after: usize,
    times: usize,
    fault: Fault,
}

impl Faults {
    pub fn schedule(&mut self, pattern: &str, after: usize, times: usize, fault: Fault) {
        self.scheduled.push(Scheduled { pattern: pattern.to_owned(), after, times, fault });
    }

    /// What this request meets.
    pub fn next(&mut self, request: &Request) -> Option<Fault> {
        let fault = if self.off { Some(Fault::CutBefore) } else { self.asked_for(request) };
        self.played += usize::from(fault.is_some());
        fault
    }

    fn asked_for(&mut self, request: &Request) -> Option<Fault> {
        let target = request.target();
        let is_meant = |one: &&mut Scheduled| one.times > 0 && target.contains(&one.pattern);
        let Some(scheduled) = self.scheduled.iter_mut().find(is_meant) else {
            return self.random.as_mut()?.next(request);
        };
        if scheduled.after > 0 {
            scheduled.after -= 1;
            return None;
        }
        scheduled.times -= 1;
        Some(scheduled.fault.clone())
    }
}

/// Faults drawn from a seed: the same requests in the same order meet the same faults.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
    one_in: u64,
    fatal: bool,
}

impl Random {
    /// About one request in `one_in` meets a fault that passes when it is asked again; with `fatal`, also such as end a run.
    pub fn new(seed: u64, one_in: u64, fatal: bool) -> Self {
        Self { state: seed | 1, one_in, fatal }
    }

    fn next(&mut self, request: &Request) -> Option<Fault> {
        if !step(&mut self.state).is_multiple_of(self.one_in) {
            return None;
        }
        let mut faults = vec![
            Fault::Status(500),
            Fault::Status(502),
            Fault::Status(503),
            Fault::Status(504),
            Fault::CutBefore,
            Fault::CutInHeaders,
            Fault::CutInBody,
            Fault::Slow(997, Duration::from_millis(1)),
        ];
        if request.server == "api" {
            faults.extend([
                Fault::SlowDown(Some("0")),
                Fault::SlowDown(None),
                Fault::SlowDownSilently,
                Fault::Duplicated,
                Fault::Shuffled,
            ]);
        }
        if self.fatal {
            faults.extend([Fault::TruncatedGzip, Fault::DamagedGzip]);
            if request.server == "api" {
                faults.extend([
                    Fault::BrokenJson,
                    Fault::Html,
                    Fault::NotAuthorized(200),
                    Fault::NotAuthorized(403),
                ]);
            }
        }
        let at = step(&mut self.state) as usize % faults.len();
        Some(faults.swap_remove(at))
    }
}

/// The next of a row of random numbers.
pub fn step(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}
