//! HTTP/1.1 on plain sockets, a thread a connection: just enough to answer GET and HEAD, rightly or wrongly.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::State;
use super::market::Market;
use super::reply::Reply;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// `api` or `s3`.
    pub server: &'static str,
    pub method: String,
    /// As sent, percent signs and all.
    pub path: String,
    /// What follows the question mark, as sent.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// When the last line of the headers was read.
    pub at: Instant,
    /// Address of the server that it came to.
    pub origin: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Path and query.
    pub fn target(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }
}

/// What a server answers.
pub type Service = fn(&Market, &Request) -> Reply;

/// One listening port.
pub struct Server {
    address: SocketAddr,
    ends: Arc<AtomicBool>,
}

impl Server {
    pub fn start(shared: Arc<Mutex<State>>, service: Service) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let ends = Arc::new(AtomicBool::new(false));
        let name = if service as usize == super::api as Service as usize { "api" } else { "s3" };
        let over = Arc::clone(&ends);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let (shared, over) = (Arc::clone(&shared), Arc::clone(&over));
                // A connection that breaks is what many tests are about.
                std::thread::spawn(move || converse(&stream, &shared, service, name, &over));
            }
        });
        Self { address, ends }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn converse(
    stream: &TcpStream,
    shared: &Mutex<State>,
    service: Service,
    server: &'static str,
    over: &AtomicBool,
) -> Result<()> {
    stream.set_nodelay(true)?;
    let origin = format!("http://{}", stream.local_addr()?);
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader, server, &origin)? {
        let (reply, fault) = {
            let mut state = shared.lock().expect("no thread died");
            state.requests.push(request.clone());
            let fault = state.faults.next(&request);
            (service(&state.market, &request), fault)
        };
        let Some(fault) = fault else {
            send(stream, &request, &reply)?;
            continue;
        };
        if !fault.play(stream, &request, reply, over)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads the head of a request; none when the client has hung up.
fn read(reader: &mut BufReader<&TcpStream>, server: &'static str, origin: &str) -> Result<Option<Request>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let Some((first, rest)) = lines.split_first() else { return Ok(None) };
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = rest.iter().filter_map(|line| line.split_once(':'));
    Ok(Some(Request {
        server,
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect(),
        at: Instant::now(),
        origin: origin.to_owned(),
    }))
}

/// Sends a whole answer.
pub fn send(mut stream: &TcpStream, request: &Request, reply: &Reply) -> Result<()> {
    let reply = compressed(request, reply.clone());
    stream.write_all(&head(&reply, reply.body.len()))?;
    if request.method != "HEAD" {
        stream.write_all(&reply.body)?;
    }
    stream.flush()
}

/// Status line and headers for a body of `length` bytes.
pub fn head(reply: &Reply, length: usize) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {} Said by the vendor\r\n", reply.status);
    for (name, value) in &reply.headers {
        text.extend([*name, ": ", value, "\r\n"]);
    }
    if reply.status != 304 {
        text.extend(["content-length: ", &length.to_string(), "\r\n"]);
    }
    text.push_str("date: Tue, 02 Jul 2024 20:00:00 GMT\r\nserver: nginx/1.19.2\r\n\r\n");
    text.into_bytes()
}

/// JSON goes compressed to those who take it.
pub fn compressed(request: &Request, mut reply: Reply) -> Reply {
    let takes = request.header("accept-encoding").is_some_and(|value| value.contains("gzip"));
    if takes && !reply.body.is_empty() && reply.header("content-type") == Some("application/json") {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&reply.body).expect("memory");
        reply.body = encoder.finish().expect("memory");
        reply.headers.push(("content-encoding", "gzip".to_owned()));
    }
    reply
}
