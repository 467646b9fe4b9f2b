//! `ingest` in the background, and what it says when it ends.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than any run takes on any machine: what lasts longer hangs.
const HANGS: Duration = Duration::from_mins(5);

/// A running `ingest`.
pub struct Program {
    child: Child,
    readers: [std::thread::JoinHandle<String>; 2],
    secrets: Vec<String>,
}

/// How a run ended.
pub struct Ended {
    /// None when it was killed.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Program {
    /// Starts `command`, which must never print one of `secrets`.
    pub fn start(mut command: Command, secrets: Vec<String>) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        let out = reader(child.stdout.take().expect("a pipe"));
        let err = reader(child.stderr.take().expect("a pipe"));
        Self { child, readers: [out, err], secrets }
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("waited").is_none()
    }

    /// Kills it with -9.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
    }

    /// Waits for its end. A run that is not killed succeeds, or fails with an error and a hint.
    pub fn end(mut self) -> Ended {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("waited") {
                break status;
            }
            if started.elapsed() > HANGS {
                self.kill();
                let [out, err] = self.readers.map(|reader| reader.join().expect("read"));
                panic!("it hangs:\n{out}\n{err}");
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let [out, err] = self.readers.map(|reader| reader.join().expect("read"));
        for secret in &self.secrets {
            assert!(!out.contains(secret) && !err.contains(secret), "a secret is printed");
        }
        let has = |start: &str| err.lines().any(|line| line.starts_with(start));
        match status.code() {
            Some(1) => assert!(has("error: ") && has("hint: "), "no error, or no hint:\n{out}\n{err}"),
            code => assert!(matches!(code, Some(0) | None), "{status}:\n{out}\n{err}"),
        }
        Ended { code: status.code(), out, err }
    }
}

impl Ended {
    pub fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// The error that ended it, without what differs from run to run.
    pub fn error(&self) -> Option<String> {
        let line = self.err.lines().find_map(|line| line.strip_prefix("error: "))?;
        let words = line.split_whitespace().map(|word| if word.starts_with('/') { "…" } else { word });
        let words = words.collect::<Vec<_>>().join(" ");
        Some(words.replace(|c: char| c.is_ascii_digit(), "#"))
    }
}

fn reader(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        let _ = pipe.read_to_string(&mut text);
        text
    })
}
