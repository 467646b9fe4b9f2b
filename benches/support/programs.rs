//! Running the built programs: wall time, peak memory, and what they say.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How often a running program's peak memory is read.
const POLL: Duration = Duration::from_millis(4);

/// The folder `target`, in which this program's own file lies at `release/deps/`.
pub fn target_folder() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    own.ancestors().nth(3).map(PathBuf::from).context("this program lies in no target folder")
}

/// The programs beside this one, and the database that they work on.
pub struct Programs {
    folder: PathBuf,
    url: String,
}

/// A program that ended well.
pub struct Finished {
    /// From start to end of the process.
    pub seconds: f64,
    /// Largest resident size, in MB (10⁶ bytes); 0 where the system does not tell.
    pub peak_mb: f64,
    /// Its standard output.
    pub out: String,
}

impl Programs {
    /// The programs, to work on the database `url`.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        let folder = target_folder()?.join("release");
        for program in ["ingest", "features", "scan"] {
            if !folder.join(program).is_file() {
                bail!("there is no program {} (run: make bench)", folder.join(program).display());
            }
        }
        Ok(Self { folder, url: url.into() })
    }

    /// Runs `program` with `arguments` and fails if it does.
    pub fn run(&self, program: &str, arguments: &[impl AsRef<OsStr>]) -> anyhow::Result<Finished> {
        run(Command::new(self.folder.join(program)).args(arguments), &self.url)
    }

    /// Runs this program as the limit of the incremental scan.
    pub fn run_select_1(&self) -> anyhow::Result<Finished> {
        run(Command::new(std::env::current_exe()?).arg(crate::SELECT_1), &self.url)
    }
}

fn run(command: &mut Command, url: &str) -> anyhow::Result<Finished> {
    command.env("DATABASE_URL", url).env("TIDEMARK_BENCHMARK", "SPY");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let started = Instant::now();
    let child = command.spawn().with_context(|| format!("starting {}", words(command)))?;
    let ended = Arc::new(AtomicBool::new(false));
    let watcher = {
        let (ended, status) = (Arc::clone(&ended), format!("/proc/{}/status", child.id()));
        std::thread::spawn(move || {
            let mut peak = 0.0;
            while !ended.load(Ordering::Relaxed) {
                peak = peak_mb(&status).unwrap_or(peak);
                std::thread::sleep(POLL);
            }
            peak
        })
    };
    let output = child.wait_with_output();
    let seconds = started.elapsed().as_secs_f64();
    ended.store(true, Ordering::Relaxed);
    let peak_mb = watcher.join().unwrap_or(0.0);
    let output = output?;
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("{} failed: {out}{}", words(command), String::from_utf8_lossy(&output.stderr));
    }
    Ok(Finished { seconds, peak_mb, out })
}

/// The command as a user types it; its environment holds a password and is left out.
fn words(command: &Command) -> String {
    let arguments = command.get_args().map(OsStr::to_string_lossy);
    std::iter::once(command.get_program().to_string_lossy()).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// The peak of the resident size as the kernel counts it, so that only what grows in the last milliseconds is missed.
fn peak_mb(status: &str) -> Option<f64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib * 1024.0 / 1e6)
}

impl Finished {
    /// The count before `word` in the line that begins with `line`: "rows  5 computed: 2 new" gives 2 for "new".
    pub fn count(&self, line: &str, word: &str) -> anyhow::Result<u64> {
        self.words(line)
            .and_then(|words| {
                let at = words.iter().position(|w| w.trim_end_matches([',', ':']) == word)?;
                words.get(at.checked_sub(1)?)?.replace(',', "").parse().ok()
            })
            .with_context(|| format!("no count of {word} in: {}", self.out))
    }

    /// The count right after `line`: "inserted   5" gives 5.
    pub fn total(&self, line: &str) -> anyhow::Result<u64> {
        self.words(line)
            .and_then(|words| words.get(1)?.replace(',', "").parse().ok())
            .with_context(|| format!("no count {line} in: {}", self.out))
    }

    /// The time before `word` in the line "time", in seconds.
    pub fn seconds_of(&self, word: &str) -> anyhow::Result<f64> {
        self.seconds_in("time", word)
    }

    /// The time before `word` in the line that begins with `line`, in seconds.
    pub fn seconds_in(&self, line: &str, word: &str) -> anyhow::Result<f64> {
        self.words(line)
            .and_then(|words| {
                let at = words.iter().position(|w| w.trim_end_matches(',') == word)?;
                let number: f64 = words.get(at.checked_sub(2)?)?.parse().ok()?;
                match *words.get(at - 1)? {
                    "ms" => Some(number / 1000.0),
                    _ if at >= 4 && words[at - 3] == "min" => {
                        Some(number + 60.0 * words[at - 4].parse::<f64>().ok()?)
                    }
                    _ => Some(number),
                }
            })
            .with_context(|| format!("no time of {word} in: {}", self.out))
    }

    fn words(&self, line: &str) -> Option<Vec<&str>> {
        let mut lines = self.out.lines().map(|text| text.split_whitespace().collect::<Vec<&str>>());
        lines.find(|words| words.first() == Some(&line))
    }
}
