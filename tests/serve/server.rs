//! `scan serve` as a program of its own, and plain requests to it.

#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Database;

/// A running server, which goes with its test.
pub struct Server {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    pub address: SocketAddr,
    said: Arc<Mutex<Vec<String>>>,
}

/// An HTTP answer.
pub struct Page {
    pub status: u16,
    pub body: String,
}

impl Page {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}

/// The command line, led to the test's database.
pub fn scan(database: &Database, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scan"));
    command
        .args(args)
        .env("DATABASE_URL", &database.url)
        .env_remove("TIDEMARK_HTTP_TOKEN")
        .env_remove("RUST_LOG");
    command
}

/// A client in Perl, led to the test's database.
pub fn perl(database: &Database, client: &str, args: &[&str]) -> Command {
    let script = format!("{}/tests/clients/{client}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("perl");
    command.arg(script).args(args).env("DATABASE_URL", &database.url).env_remove("TIDEMARK_HTTP_TOKEN");
    command
}

/// Both outputs in words.
pub fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

impl Server {
    /// Starts one and waits until it answers from a market.
    pub fn ready(database: &Database) -> Self {
        let server = Self::start(scan(database, &["serve", "--http", "127.0.0.1:0"]));
        until("the market is loaded", || server.get("/healthz").status == 200);
        server
    }

    /// Starts one and waits until it listens.
    pub fn start(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = Arc::new(Mutex::new(Vec::new()));
        let mut address = None;
        for line in lines.by_ref() {
            let line = line.unwrap();
            address = line.strip_prefix("listening on http://").map(|text| text.parse().unwrap());
            said.lock().unwrap().push(line);
            if address.is_some() {
                break;
            }
        }
        let kept = said.clone();
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| kept.lock().unwrap().push(line));
        });
        let address = address.unwrap_or_else(|| panic!("it does not listen: {:?}", said.lock().unwrap()));
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output, address, said }
    }

    /// Writes a line to its standard input.
    pub fn send(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line of its standard output.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Ends its standard input.
    pub fn end(&mut self) {
        self.input = None;
    }

    pub fn get(&self, path: &str) -> Page {
        self.get_with(path, "")
    }

    /// `headers` are whole lines.
    pub fn get_with(&self, path: &str, headers: &str) -> Page {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{headers}connection: close\r\n\r\n", self.address);
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
        Page { status: head[9..12].parse().unwrap(), body: body.to_owned() }
    }

    /// The rows of a scan.
    pub fn rows(&self, query: &str) -> Value {
        let page = self.get(&format!("/v1/scan?{query}"));
        assert_eq!(page.status, 200, "{query}: {}", page.body);
        page.json()["rows"].take()
    }

    /// Everything that it said on standard error.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().join("\n")
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub fn code(&mut self) -> Option<i32> {
        until("the server ends", || self.child.try_wait().unwrap().is_some());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A value to the bit: values of JSON hold two zeros for one.
pub fn text(value: &Value) -> String {
    value.to_string()
}

/// Asks until it holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Text for an address's query.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}
