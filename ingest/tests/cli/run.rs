//! Runs the built program as a user does, and sees to it that no secret is ever printed.

use std::process::{Command, Stdio};

/// The vendor's key in all tests.
pub const KEY: &str = "k3y-that-nobody-may-see";

/// The variables of the environment that `ingest` reads.
const SETTINGS: [&str; 8] = [
    "DATABASE_URL",
    "PGPASSWORD",
    "POLYGON_API_KEY",
    "POLYGON_BASE_URL",
    "POLYGON_S3_ENDPOINT",
    "POLYGON_S3_ACCESS_KEY_ID",
    "POLYGON_S3_SECRET_ACCESS_KEY",
    "RUST_LOG",
];

/// What a run left behind.
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Run {
    /// Panics with both streams unless the exit code is 0.
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self
    }

    /// Panics unless the exit code is 1 and standard error holds an `error:` line with `fact` and a hint with `act`.
    pub fn failed(self, fact: &str, act: &str) -> Self {
        assert_eq!(self.code, Some(1), "{}\n{}", self.out, self.err);
        let line = |start: &str, text: &str| {
            self.err.lines().any(|line| line.starts_with(start) && line.contains(text))
        };
        assert!(line("error: ", fact), "error: … {fact}\n{}", self.err);
        assert!(line("hint: ", act), "hint: … {act}\n{}", self.err);
        self
    }

    /// The number behind `name` in the summary.
    pub fn number(&self, name: &str) -> u64 {
        let line = self.out.lines().find(|line| line.starts_with(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in\n{}\n{}", self.out, self.err));
        let digits = line[name.len()..].split_whitespace().next().unwrap_or_default().replace(',', "");
        digits.parse().unwrap_or_else(|_| panic!("no number in {line}"))
    }
}

/// `ingest` with `args` in an empty folder, so that no settings of this checkout are found.
pub fn command(url: Option<&str>, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ingest"));
    command.args(args).current_dir(std::env::temp_dir()).stdin(Stdio::null());
    for name in SETTINGS {
        command.env_remove(name);
    }
    if let Some(url) = url {
        command.env("DATABASE_URL", url);
    }
    command
}

/// Runs `command` to its end.
pub async fn finish(mut command: Command) -> Run {
    let output =
        tokio::task::spawn_blocking(move || command.output()).await.expect("joined").expect("started");
    let run = Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    };
    let password = crate::support::server().parse::<tokio_postgres::Config>().expect("a URL");
    let password = password.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    // A signed address is as good as the secret while it holds.
    let secrets = [KEY, crate::vendor::S3_SECRET, crate::vendor::S3_KEY, "X-Amz-Signature"];
    for secret in secrets.map(str::to_owned).into_iter().chain(password) {
        assert!(!run.out.contains(&secret) && !run.err.contains(&secret), "a secret is printed");
    }
    run
}

/// `ingest` with `args` on the database at `url`.
pub async fn ingest(url: &str, args: &[&str]) -> Run {
    finish(command(Some(url), args)).await
}

/// `ingest backfill` of the flat files in `folder`, from `from` to `to`.
pub async fn backfill(url: &str, folder: &str, from: &str, to: &str, more: &[&str]) -> Run {
    let source = format!("flatfiles:{folder}");
    let args = ["backfill", "--source", &source, "--from", from, "--to", to];
    ingest(url, &[&args, more].concat()).await
}
