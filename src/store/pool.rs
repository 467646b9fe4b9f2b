//! Connections: one pool a process, and plain words for every way in which connecting fails.

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, NoTls};

use super::error::StoreError;
use crate::settings::Settings;

/// Most connections that one program opens.
const CONNECTIONS: usize = 8;

/// A way into one database.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    config: Config,
}

impl Store {
    /// Prepares the pool; nothing is connected yet.
    ///
    /// # Errors
    /// [`StoreError::NotConfigured`] or [`StoreError::BadUrl`].
    pub fn new(settings: &Settings, program: &str) -> Result<Self, StoreError> {
        let (url, from) = settings.database_url.as_ref().ok_or(StoreError::NotConfigured)?;
        let mut config: Config = url
            .parse()
            .map_err(|e: tokio_postgres::Error| StoreError::BadUrl { from, reason: reason(&e) })?;
        if config.get_hosts().is_empty() {
            return Err(StoreError::BadUrl { from, reason: "it names no host".into() });
        }
        if config.get_dbname().is_none() {
            return Err(StoreError::BadUrl { from, reason: "it names no database".into() });
        }
        if config.get_ssl_mode() == SslMode::Require {
            return Err(StoreError::NoTls(from));
        }
        if config.get_password().is_none()
            && let Ok(password) = std::env::var("PGPASSWORD")
        {
            config.password(password);
        }
        config.application_name(program);
        // Our statements are short and many: compiling them costs more than it saves.
        let ours = "-c jit=off -c client_min_messages=warning";
        let options =
            config.get_options().map_or_else(|| ours.to_owned(), |theirs| format!("{ours} {theirs}"));
        config.options(options);
        let manager = Manager::from_config(
            config.clone(),
            NoTls,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .build()
            .map_err(|e| StoreError::BadUrl { from, reason: e.to_string() })?;
        Ok(Self { pool, config })
    }

    /// A connection, taken from the pool or opened.
    pub async fn client(&self) -> Result<Object, StoreError> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => self.sort(error),
            // The pool has no time-outs and is never closed, so nothing else can happen.
            _ => StoreError::NotConfigured,
        })
    }

    /// How many connections the pool has open, and how many of them nobody uses.
    pub fn connections(&self) -> (usize, usize) {
        let status = self.pool.status();
        (status.size, status.available)
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    pub(super) fn sort(&self, error: tokio_postgres::Error) -> StoreError {
        let place = self.place();
        let Some(code) = error.code() else { return StoreError::Unreachable { place, source: error } };
        if *code == SqlState::INVALID_CATALOG_NAME {
            StoreError::NoSuchDatabase { place, name: self.config.get_dbname().unwrap_or_default().into() }
        } else if *code == SqlState::INVALID_PASSWORD
            || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION
        {
            StoreError::Refused {
                place,
                user: self.config.get_user().unwrap_or_default().into(),
                source: error,
            }
        } else {
            StoreError::from_driver("connecting", error)
        }
    }

    /// Host and port or socket, without user and password.
    pub fn place(&self) -> String {
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => format!("{host}:{port}"),
            #[cfg(unix)]
            Some(Host::Unix(path)) => format!("socket {} port {port}", path.display()),
            None => "an unnamed host".into(),
        }
    }
}

/// The driver's reason, which names the parameter and never its value.
fn reason(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
