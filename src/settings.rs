//! Settings: flags, then environment, then `tidemark.toml`, then defaults. Secrets are never printed.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;

use crate::failure::Failure;
use crate::store::scan_runs;

/// Where `make db` leaves the URL of the private database.
const PRIVATE_URL: &str = ".tidemark/database_url";

/// The options that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Settings (flags, then environment, then tidemark.toml, then defaults)")]
pub struct SettingsArgs {
    /// Database, postgresql://user@host:port/name [env: DATABASE_URL] [default: the private one of `make db`]
    ///
    /// A password does not belong here, where a process list shows it: put it into DATABASE_URL, PGPASSWORD or tidemark.toml.
    #[arg(long, value_name = "URL", global = true)]
    pub database_url: Option<String>,
    /// Settings file [default: tidemark.toml in this folder or one above it]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

/// The settings file, `tidemark.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    database_url: Option<String>,
    benchmark: Option<String>,
    polygon_api_key: Option<String>,
    polygon_base_url: Option<String>,
    polygon_s3_endpoint: Option<String>,
    polygon_s3_access_key_id: Option<String>,
    polygon_s3_secret_access_key: Option<String>,
    scan_runs_kept: Option<u32>,
}

/// What a command works with.
#[derive(Clone)]
pub struct Settings {
    /// Connection string and the setting that it came from; none where nothing is configured.
    pub database_url: Option<(String, &'static str)>,
    /// Ticker of the benchmark instrument for beta (default SPY).
    pub benchmark: String,
    /// Vendor's key, where one is set.
    pub polygon_api_key: Option<String>,
    /// Vendor's base URL, where one is set.
    pub polygon_base_url: Option<String>,
    /// Address of the vendor's flat files, where one is set.
    pub polygon_s3_endpoint: Option<String>,
    /// Public half of the keys of the flat files, where it is set.
    pub polygon_s3_access_key_id: Option<String>,
    /// Secret half of the keys of the flat files, where it is set.
    pub polygon_s3_secret_access_key: Option<String>,
    /// How many stored scans are kept (default 1,000; at least 2).
    pub scan_runs_kept: u32,
}

impl Settings {
    /// Gathers the settings from all four places.
    ///
    /// # Errors
    /// A settings file that cannot be read, or a password on the command line.
    pub fn load(args: &SettingsArgs) -> Result<Self, Failure> {
        let here = std::env::current_dir().unwrap_or_default();
        let file = match &args.config {
            Some(path) => read_file(path)?,
            None => match find_upwards(&here, "tidemark.toml") {
                Some(path) => read_file(&path)?,
                None => File::default(),
            },
        };
        if let Some(url) = &args.database_url
            && has_password(url)
        {
            return Err(Failure::new("--database-url holds a password, which every process list shows")
                .hint("pass the URL in DATABASE_URL, or the password alone in PGPASSWORD"));
        }
        let database_url = args
            .database_url
            .clone()
            .map(|url| (url, "--database-url"))
            .or_else(|| variable("DATABASE_URL").map(|url| (url, "DATABASE_URL")))
            .or(file.database_url.map(|url| (url, "tidemark.toml")))
            .or_else(|| private_url(&here).map(|url| (url, PRIVATE_URL)));
        Ok(Self {
            database_url,
            benchmark: variable("TIDEMARK_BENCHMARK").or(set(file.benchmark)).unwrap_or_else(|| "SPY".into()),
            polygon_api_key: variable("POLYGON_API_KEY").or(set(file.polygon_api_key)),
            polygon_base_url: variable("POLYGON_BASE_URL").or(set(file.polygon_base_url)),
            polygon_s3_endpoint: variable("POLYGON_S3_ENDPOINT").or(set(file.polygon_s3_endpoint)),
            polygon_s3_access_key_id: variable("POLYGON_S3_ACCESS_KEY_ID")
                .or(set(file.polygon_s3_access_key_id)),
            polygon_s3_secret_access_key: variable("POLYGON_S3_SECRET_ACCESS_KEY")
                .or(set(file.polygon_s3_secret_access_key)),
            scan_runs_kept: runs_kept(variable("TIDEMARK_SCAN_RUNS_KEPT"), file.scan_runs_kept)?,
        })
    }
}

fn variable(name: &str) -> Option<String> {
    set(std::env::var(name).ok())
}

/// An empty setting is none.
fn set(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.trim().is_empty())
}

/// How many stored scans are kept: by the environment, else by the settings file.
fn runs_kept(variable: Option<String>, file: Option<u32>) -> Result<u32, Failure> {
    let (text, from) = match (variable, file) {
        (Some(text), _) => (text, "TIDEMARK_SCAN_RUNS_KEPT"),
        (None, Some(number)) => (number.to_string(), "scan_runs_kept"),
        (None, None) => return Ok(scan_runs::KEPT),
    };
    text.trim().parse().ok().filter(|kept| *kept >= scan_runs::LEAST_KEPT).ok_or_else(|| {
        Failure::new(format!("{from} is {text}, which is not a number from {} on", scan_runs::LEAST_KEPT))
            .hint(format!("give how many stored scans are kept, such as {}", scan_runs::KEPT))
    })
}

fn read_file(path: &Path) -> Result<File, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::new(format!("the settings file {} cannot be read: {e}", path.display())))?;
    // The message of the parser shows the line, which may be the password's: keep its place only.
    toml::from_str(&text).map_err(|e| {
        let line = e.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
        let fault =
            if e.message().starts_with("unknown field") { e.message() } else { "not a valid setting" };
        Failure::new(format!("{} line {line}: {fault}", path.display())).hint(
            "settings are database_url, benchmark, polygon_api_key, polygon_base_url, polygon_s3_endpoint, \
             polygon_s3_access_key_id and polygon_s3_secret_access_key, each = \"text\", and scan_runs_kept = a number",
        )
    })
}

fn find_upwards(start: &Path, name: &str) -> Option<PathBuf> {
    start.ancestors().map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn private_url(start: &Path) -> Option<String> {
    let path = find_upwards(start, PRIVATE_URL)?;
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|url| !url.is_empty())
}

fn has_password(url: &str) -> bool {
    url.parse::<tokio_postgres::Config>().is_ok_and(|config| config.get_password().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_on_the_command_line_is_refused_and_not_repeated() {
        let args =
            SettingsArgs { database_url: Some("postgresql://u:hush@localhost/x".into()), config: None };
        let failure = Settings::load(&args).err().unwrap();
        assert!(failure.to_string().contains("process list"));
        assert!(!format!("{failure:?}").contains("hush"));
    }

    #[test]
    fn how_many_runs_are_kept_is_a_number_from_two_on() {
        let kept = |variable: Option<&str>, file| runs_kept(variable.map(str::to_owned), file);
        assert_eq!(kept(None, None).ok(), Some(1_000));
        assert_eq!(kept(None, Some(20)).ok(), Some(20));
        assert_eq!(kept(Some("2"), Some(20)).ok(), Some(2));
        for (variable, file, words) in [
            (Some("1"), Some(20), "TIDEMARK_SCAN_RUNS_KEPT is 1, which is not a number from 2 on"),
            (Some("many"), None, "TIDEMARK_SCAN_RUNS_KEPT is many, which is not a number from 2 on"),
            (None, Some(0), "scan_runs_kept is 0, which is not a number from 2 on"),
        ] {
            assert_eq!(kept(variable, file).err().unwrap().to_string(), words);
        }
    }

    #[test]
    fn an_unknown_setting_is_named_with_its_line_and_no_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tidemark.toml");
        std::fs::write(&path, "benchmark = \"SPY\"\ndatabase_uri = \"hush\"\n").unwrap();
        let text = read_file(&path).err().unwrap().to_string();
        assert!(text.contains("line 2") && text.contains("database_uri") && !text.contains("hush"), "{text}");
    }
}
