//! A database of the benchmark's own, and psql's `\copy` into and out of it, which sets the limits.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use tidemark::store;
use tokio_postgres::Client;

use super::programs::Programs;
use crate::server;

/// What an earlier run that was killed may have left is dropped first.
const NAME: &str = "tidemark_bench";

/// The database; dropped with this value.
pub struct Database {
    server: String,
    url: String,
    /// A connection to it.
    pub client: Client,
    /// The programs, working on it.
    pub programs: Programs,
}

impl Database {
    /// Creates it with the schema in place.
    pub async fn create() -> anyhow::Result<Self> {
        let server = server::server();
        let admin = server::connect(&server).await;
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")).await?;
        admin.batch_execute(&format!("CREATE DATABASE {NAME}")).await?;
        let url = server::with_database(&server, NAME);
        let mut client = server::connect(&url).await;
        let programs = Programs::new(&url);
        let prepared = store::prepare(&mut client).await;
        let database = Self { server, url, client, programs: programs? };
        prepared?;
        Ok(database)
    }

    /// Runs statements one by one, each in a transaction of its own.
    pub async fn execute(&self, statements: &[&str]) -> anyhow::Result<()> {
        for statement in statements {
            self.client.batch_execute(statement).await.with_context(|| (*statement).to_owned())?;
        }
        Ok(())
    }

    /// Writes out what earlier work left to be written, so that what is measured next does not pay for it; only where
    /// the user may.
    pub async fn settle(&self) {
        let _ = self.client.batch_execute("CHECKPOINT").await;
    }

    /// The one number that `query` gives.
    pub async fn number(&self, query: &str) -> anyhow::Result<u64> {
        let row = self.client.query_one(query, &[]).await.with_context(|| query.to_owned())?;
        Ok(row.get::<_, i64>(0) as u64)
    }

    /// Some instruments, spread over the market, that have a bar in the last session.
    pub async fn instruments(&self, count: usize) -> anyhow::Result<Vec<i32>> {
        let rows = self
            .client
            .query(
                "SELECT instrument_id FROM bars_day WHERE session_date = (SELECT max(session_date) FROM bars_day)
                     AND instrument_id <> (SELECT instrument_id FROM ticker_periods WHERE ticker = 'SPY')
                 ORDER BY md5(instrument_id::text) LIMIT $1",
                &[&(count as i64)],
            )
            .await?;
        let mut ids: Vec<i32> = rows.into_iter().map(|row| row.get(0)).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    /// A query for all rows of `table` in the order of its primary key, in which they load fastest.
    pub async fn sorted(&self, table: &str) -> anyhow::Result<String> {
        let row = self
            .client
            .query_one(
                "SELECT string_agg(a.attname, ', ' ORDER BY array_position(i.indkey::smallint[], a.attnum))
                 FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                 WHERE i.indrelid = to_regclass($1) AND i.indisprimary",
                &[&table],
            )
            .await?;
        Ok(format!("SELECT * FROM {table} ORDER BY {}", row.get::<_, String>(0)))
    }

    /// The limit of writing: seconds that psql takes to copy `file` into an empty hypertable with the columns, indexes
    /// and chunks of `table`, which is dropped again.
    pub async fn limit_in(&self, table: &str, file: &Path) -> anyhow::Result<f64> {
        let create = format!("CREATE TABLE limit_of_{table} (LIKE {table} INCLUDING ALL)");
        let hypertable = format!(
            "SELECT create_hypertable('limit_of_{table}', by_range('session_date', INTERVAL '1 year'), create_default_indexes => false)"
        );
        self.execute(&[&create, &hypertable]).await?;
        self.settle().await;
        let seconds =
            self.copy(&format!("\\copy limit_of_{table} from '{}' (format binary)", file.display()))?;
        self.execute(&[&format!("DROP TABLE limit_of_{table}")]).await?;
        Ok(seconds)
    }

    /// Seconds that psql takes to copy the rows of `query` into `file`.
    pub fn copy_out(&self, query: &str, file: &Path) -> anyhow::Result<f64> {
        self.copy(&format!("\\copy ({query}) to '{}' (format binary)", file.display()))
    }

    fn copy(&self, command: &str) -> anyhow::Result<f64> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/db");
        let output = Command::new(script)
            .args(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", "\\timing on", "-c", command])
            .env("DATABASE_URL", &self.url)
            .env("LC_ALL", "C")
            .output()
            .with_context(|| format!("starting {script}"))?;
        let out = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            bail!("psql {command} failed: {out}{}", String::from_utf8_lossy(&output.stderr));
        }
        out.lines()
            .find_map(|line| line.strip_prefix("Time: ")?.split(' ').next()?.parse::<f64>().ok())
            .map(|ms| ms / 1000.0)
            .with_context(|| format!("psql does not say how long {command} took: {out}"))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let server = self.server.clone();
        // A runtime cannot be entered from within another one.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let admin = server::connect(&server).await;
                admin.batch_execute(&format!("DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")).await?;
                anyhow::Ok(())
            })
        });
        if !matches!(dropping.join(), Ok(Ok(()))) {
            eprintln!("warning: the database {NAME} could not be dropped");
        }
    }
}
