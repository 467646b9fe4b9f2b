//! A database server of the campaign's own, which it may restart, kill and starve: made by `scripts/db` from the binaries
//! that `scripts/provision` has unpacked, on a file system of limited size where this user may mount one.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::plan::Mode;

/// Size of the file system: the fresh server takes a third of it.
const SIZE: &str = "size=320m,mode=755";
const NAME: &str = "tidemark-campaign-";

/// A log that is short and takes new space as it grows: a full disk then stops the bars or the log, as it comes.
/// A commit takes some milliseconds, as on a disk: memory would leave kills no time to meet one.
const SETTINGS: [&str; 7] = [
    "commit_delay = 3000",
    "commit_siblings = 0",
    "max_wal_size = '64MB'",
    "min_wal_size = '32MB'",
    "wal_recycle = off",
    "wal_init_zero = off",
    "shared_buffers = '64MB'",
];

/// The server. It and its data go when this is dropped.
pub struct Cluster {
    folder: PathBuf,
    is_small: bool,
}

impl Cluster {
    /// Makes and starts a server; none, and why, where there are no binaries.
    pub fn start() -> Result<Self, String> {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts");
        let found = run(Command::new(scripts.join("provision")).arg("--find"));
        if found.is_err() {
            return Err(
                "no PostgreSQL is unpacked here for a server of the campaign's own (make db does it)".into(),
            );
        }
        sweep();
        let folder = std::env::temp_dir().join(format!("{NAME}{}", std::process::id()));
        fs::create_dir(&folder).expect("a folder");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(&folder).output();
        let is_small = mount.is_ok_and(|output| output.status.success());
        let cluster = Self { folder, is_small };
        copy(&scripts, &cluster.folder.join("scripts"));
        cluster.up();
        for setting in SETTINGS {
            let statement = format!("ALTER SYSTEM SET {setting}");
            cluster.db(&["psql", "-XAtqc", &statement]).expect("a setting");
        }
        cluster.restart(Mode::Fast);
        Ok(cluster)
    }

    /// Whether the server's file system is so small that it can be filled.
    pub fn is_small(&self) -> bool {
        self.is_small
    }

    /// The server's address, with its password.
    pub fn url(&self) -> String {
        fs::read_to_string(self.folder.join(".tidemark/database_url")).expect("an address").trim().to_owned()
    }

    /// Takes the server down in the way of `mode` and brings it up again.
    pub fn restart(&self, mode: Mode) {
        match mode {
            Mode::Fast => self.db(&["stop"]).expect("stopped"),
            Mode::Immediate => self.signal("-QUIT"),
            Mode::Killed => self.signal("-KILL"),
        }
        self.up();
    }

    /// Sends a signal to the server's first process and waits until that has ended.
    fn signal(&self, signal: &str) {
        let lines = fs::read_to_string(self.home().join("data/postmaster.pid")).expect("a running server");
        let process = lines.lines().next().expect("a process");
        run(Command::new("kill").args([signal, process])).expect("a signal");
        for _ in 0..600 {
            let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
            // Nobody may have waited for it yet.
            if state.is_empty() || state.contains(") Z ") {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server (process {process}) does not end");
    }

    /// Makes sure that the server answers, also while it recovers by itself.
    pub fn up(&self) {
        let mut words = String::new();
        for _ in 0..100 {
            match self.db(&["up"]).and_then(|()| self.db(&["psql", "-XAtqc", "SELECT 1"])) {
                Ok(()) => return,
                Err(said) => words = said,
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("the server does not come up again: {words}");
    }

    /// Takes all but `left_kib` of the file system.
    pub fn fill(&self, left_kib: u64) {
        let mut ballast = File::create(self.folder.join("ballast")).expect("a file");
        let block = vec![1_u8; 1 << 16];
        while ballast.write_all(&block).is_ok() {}
        let length = ballast.metadata().expect("a length").len();
        ballast.set_len(length.saturating_sub(left_kib * 1024)).expect("a shorter file");
    }

    /// Gives the file system's space back.
    pub fn free(&self) {
        fs::remove_file(self.folder.join("ballast")).expect("the ballast");
    }

    fn home(&self) -> PathBuf {
        let elsewhere = fs::read_to_string(self.folder.join(".tidemark/home"));
        elsewhere.map_or_else(|_| self.folder.join(".tidemark/cluster"), |path| path.trim().into())
    }

    fn db(&self, args: &[&str]) -> Result<(), String> {
        let mut command = Command::new(self.folder.join("scripts/db"));
        run(command.args(args).env_remove("DATABASE_URL"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        remove(&self.folder);
    }
}

/// Runs a command to its end; gives what it said when it fails. Output goes to a file: a server that it starts keeps a
/// pipe open.
fn run(command: &mut Command) -> Result<(), String> {
    let mut said = tempfile::tempfile().map_err(|e| e.to_string())?;
    let clone = |file: &File| file.try_clone().map(Stdio::from).map_err(|e| e.to_string());
    command.stdin(Stdio::null()).stdout(clone(&said)?).stderr(clone(&said)?);
    let status = command.status().map_err(|e| e.to_string())?;
    if status.success() {
        return Ok(());
    }
    let mut words = String::new();
    let _ =
        std::io::Seek::rewind(&mut said).and_then(|()| std::io::Read::read_to_string(&mut said, &mut words));
    Err(words)
}

fn copy(from: &Path, to: &Path) {
    run(Command::new("cp").arg("-r").arg(from).arg(to)).expect("a copy of the scripts");
}

/// Ends what a campaign that was killed has left behind.
fn sweep() {
    for entry in fs::read_dir(std::env::temp_dir()).expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix(NAME);
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            remove(&entry.path());
        }
    }
}

fn remove(folder: &Path) {
    let mut destroy = Command::new(folder.join("scripts/db"));
    let _ = run(destroy.args(["destroy", "--yes"]).env_remove("DATABASE_URL"));
    let _ = run(Command::new("umount").arg(folder));
    let _ = fs::remove_dir_all(folder);
}
