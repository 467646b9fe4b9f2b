//! The vendor on loopback, held against the real one's documents.

mod api;
mod faults;
mod flat_files;
mod spec;

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::{Market, Vendor};
use crate::run::KEY;

/// An answer as it came over the wire: status, headers, and whatever body arrived.
struct Got {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Asks the server at `origin` for `target` with these header lines, without a client in between.
fn ask(origin: &str, target: &str, headers: &[&str]) -> Got {
    let host = origin.strip_prefix("http://").expect("http");
    let mut stream = TcpStream::connect(host).expect("a server");
    let mut head = format!(
        "GET {target} HTTP/1.1
host: {host}
"
    );
    head.extend(headers.iter().flat_map(|line| {
        [
            *line, "
",
        ]
    }));
    stream
        .write_all(
            format!(
                "{head}
"
            )
            .as_bytes(),
        )
        .expect("sent");
    stream.shutdown(std::net::Shutdown::Write).expect("no more requests");
    let mut bytes = Vec::new();
    // A connection that is cut ends what arrives.
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    Got { status, head, body: bytes.split_off(end) }
}

/// Asks the API with the key.
fn get(vendor: &Vendor, target: &str) -> Got {
    ask(&vendor.url(), target, &[&format!("Authorization: Bearer {KEY}")])
}

/// A reply that must succeed.
fn json(vendor: &Vendor, target: &str) -> Value {
    let got = get(vendor, target);
    assert_eq!(got.status, 200, "{target}: {}", got.text());
    got.json()
}

/// A market of two days with a bit of everything.
fn market() -> Market {
    let mut market = Market::new();
    market.today = "2024-07-10".parse().expect("a day");
    market
        .day("2024-07-02", &[("A", 10.0, 1.121_174_71e8), ("KIMpL", 25.9102, 4369.5)])
        .day("2024-07-05", &[("A", 5.0, 100.0), ("KIMpL", 26.0, 1.0)])
        .split("s1", "A", "2024-07-05", 1.0, 2.0)
        .dividend("d1", "A", "2024-07-03", 0.26);
    market
}
