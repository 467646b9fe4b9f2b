//! A database of its own for each test, on the server that `make db` provides.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod book;
pub mod companies;
pub mod market;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tidemark::jobs::scan::columns;
use tidemark::jobs::scan::profile::Profile;
use tidemark::settings::{Settings, SettingsArgs};
use tidemark::store::{self, Store};
use tokio_postgres::{Client, NoTls};

/// The profile that lists the whole market.
pub fn everything() -> Arc<Profile> {
    Arc::new(Profile::market(columns::known()).expect("the default profile"))
}

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A migrated database that goes when the test ends.
pub struct Database {
    name: String,
    server: String,
    /// Connection string of the database.
    pub url: String,
}

impl Database {
    /// Creates and migrates a database.
    pub async fn create() -> Self {
        let database = Self::create_empty().await;
        store::prepare(&mut database.client().await).await.expect("the schema");
        database
    }

    /// Creates a database without anything in it.
    pub async fn create_empty() -> Self {
        Self::create_empty_on(server()).await
    }

    /// Creates a database without anything in it on another server than that of all tests.
    pub async fn create_empty_on(server: String) -> Self {
        let name = format!("tidemark_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        execute(&server, &format!("CREATE DATABASE {name}")).await;
        let url = with_database(&server, &name);
        Self { name, server, url }
    }

    /// A new connection.
    pub async fn client(&self) -> Client {
        connect(&self.url).await
    }

    /// Settings that lead here.
    pub fn settings(&self) -> Settings {
        Settings {
            database_url: Some((self.url.clone(), "the test")),
            benchmark: "SPY".into(),
            polygon_api_key: None,
            polygon_base_url: None,
            polygon_s3_endpoint: None,
            polygon_s3_access_key_id: None,
            polygon_s3_secret_access_key: None,
        }
    }

    /// The store of this database.
    pub fn store(&self) -> Store {
        Store::new(&self.settings(), "tidemark test").expect("a store")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, statement) =
            (self.server.clone(), format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        let dropping = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(execute(&server, &statement));
        });
        let _ = dropping.join();
    }
}

/// The server's connection string; fails with the remedy where there is none.
pub fn server() -> String {
    let settings = Settings::load(&SettingsArgs { database_url: None, config: None }).expect("settings");
    settings.database_url.expect("these tests need TimescaleDB: run make db, or set DATABASE_URL").0
}

async fn execute(url: &str, statement: &str) {
    connect(url).await.batch_execute(statement).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
}

/// A connection.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("these tests need TimescaleDB: run make db, or set DATABASE_URL");
    tokio::spawn(connection);
    client
}

/// The same connection string for another database.
pub fn with_database(url: &str, name: &str) -> String {
    let (base, query) = url.split_once('?').map_or((url, None), |(base, query)| (base, Some(query)));
    let scheme = base.find("://").map_or(0, |at| at + 3);
    let end = base[scheme..].find('/').map_or(base.len(), |at| scheme + at);
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    format!("{}/{name}{query}", &base[..end])
}
