//! What can go wrong between the programs and the database, and what the user can do about it.

use thiserror::Error;
use tokio_postgres::error::SqlState;

/// A failure at the database's edge. `Display` states the fact; [`StoreError::hint`] states the act. No password is ever part of it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// No setting names a database.
    #[error("no database is configured")]
    NotConfigured,
    /// The connection string cannot be read. The string itself stays out: it may hold a password.
    #[error("the database URL from {from} cannot be read: {reason}")]
    BadUrl {
        /// Which setting it came from.
        from: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answers.
    #[error("no database answers at {place}")]
    Unreachable {
        /// Host and port or socket.
        place: String,
        /// The driver's word.
        #[source]
        source: tokio_postgres::Error,
    },
    /// Wrong user or password.
    #[error("the database at {place} refuses user '{user}'")]
    Refused {
        /// Host and port or socket.
        place: String,
        /// User that was refused.
        user: String,
        /// The driver's word.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The server answers, but has no such database.
    #[error("the server at {place} has no database '{name}'")]
    NoSuchDatabase {
        /// Host and port or socket.
        place: String,
        /// Database asked for.
        name: String,
    },
    /// TimescaleDB is not there and cannot be created.
    #[error("the database has no TimescaleDB extension, and this user could not create it")]
    NoTimescale(#[source] tokio_postgres::Error),
    /// TimescaleDB is too old.
    #[error("TimescaleDB {0} is too old: 2.19 or newer is needed")]
    OldTimescale(String),
    /// The schema is older than the program, or there is none, and the command only reads.
    #[error("the database's schema is version {found}, this program needs {known}")]
    OlderSchema {
        /// Version in the database; 0 where there is none.
        found: i32,
        /// Version of the program.
        known: i32,
    },
    /// The connection string asks for TLS.
    #[error("the database URL from {0} asks for TLS (sslmode), which this version does not speak")]
    NoTls(&'static str),
    /// The schema is newer than the program.
    #[error("the database's schema is version {found}, this program knows up to {known}")]
    NewerSchema {
        /// Version in the database.
        found: i32,
        /// Version of the program.
        known: i32,
    },
    /// A migration failed; it was rolled back.
    #[error("the schema could not be brought up to date")]
    Migration(#[source] refinery::Error),
    /// The server has no room left.
    #[error("the database's disk is full")]
    DiskFull(#[source] tokio_postgres::Error),
    /// Another view reads one that has to be made again.
    #[error("a view of your own reads bars_5min or bars_hour, which have to be made again")]
    InTheWay(#[source] tokio_postgres::Error),
    /// Two transactions met; running again is enough.
    #[error("another job changed the same rows at the same time")]
    Conflict(#[source] tokio_postgres::Error),
    /// The connection broke off.
    #[error("the connection to the database was lost while {0}")]
    Lost(&'static str, #[source] tokio_postgres::Error),
    /// A task of the program itself stopped.
    #[error("the program stopped while {0}")]
    Stopped(&'static str),
    /// Any other answer of the server.
    #[error("the database failed while {0}")]
    Postgres(&'static str, #[source] tokio_postgres::Error),
    /// Bytes of a binary COPY that are not what was asked for.
    #[error("a binary COPY from the database broke off in the middle of a row")]
    BrokenCopy,
    /// A list of tickers would leave an instrument with two at once.
    #[error(
        "the list of tickers would give one instrument the tickers {0} and {1} at one time; nothing was changed"
    )]
    TwoTickers(String, String),
    /// A bar on a day that is not a session: no program of ours writes one.
    #[error("the database holds a row for {0}, which is not an exchange session")]
    NotASession(chrono::NaiveDate),
}

impl StoreError {
    /// What the user can do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotConfigured => {
                "run 'make db' in the checkout for a private one, or set DATABASE_URL=postgresql://user:password@host:port/database"
            }
            Self::BadUrl { .. } => "the form is postgresql://user:password@host:port/database",
            Self::Unreachable { .. } => {
                "is it running? 'make db' starts the private one; else check host and port in DATABASE_URL"
            }
            Self::Refused { .. } => "check user and password in DATABASE_URL (or PGPASSWORD)",
            Self::NoSuchDatabase { .. } => {
                "create it (createdb NAME) or correct the name at the end of DATABASE_URL"
            }
            Self::NoTimescale(_) => {
                "install TimescaleDB on the server, add it to shared_preload_libraries, and run CREATE EXTENSION timescaledb as a superuser; or use 'make db'"
            }
            Self::OldTimescale(_) => "update the server's package, then ALTER EXTENSION timescaledb UPDATE",
            Self::OlderSchema { .. } => {
                "run 'ingest status' once as the owner of the database: it brings the schema up to date"
            }
            Self::NoTls(_) => "connect over a local socket, a VPN or an ssh tunnel, with sslmode=disable",
            Self::NewerSchema { .. } => "update this program: a newer one has changed the database",
            Self::Migration(_) => {
                "the migration was rolled back and nothing is lost; the cause above says why"
            }
            Self::DiskFull(_) => {
                "free or add space, then run the same command again: what was loaded stays, nothing is half-written"
            }
            Self::InTheWay(_) => {
                "drop your view (the cause names it), run the command again, then create it again"
            }
            Self::Conflict(_) => "run the command again",
            Self::Lost(..) => {
                "run the same command again once the server is back: it goes on where it stopped"
            }
            Self::Stopped(_) => "this is a fault of the program: please report what it printed",
            Self::Postgres(..) => {
                "the cause above is the server's own word; 'make db-status' tells where its log is"
            }
            Self::BrokenCopy => "run the command again; if it comes back, check the server's log",
            Self::TwoTickers(..) => {
                "this is a fault of the program: please report it with the two tickers' entries in the vendor's list"
            }
            Self::NotASession(_) => "remove the row: bars belong to exchange sessions only",
        }
    }

    /// Sorts an error of the driver into a kind; `action` says what was being done ("reading bars").
    pub fn from_driver(action: &'static str, error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(code) if *code == SqlState::DISK_FULL => Self::DiskFull(error),
            Some(code)
                if *code == SqlState::T_R_SERIALIZATION_FAILURE
                    || *code == SqlState::T_R_DEADLOCK_DETECTED =>
            {
                Self::Conflict(error)
            }
            Some(code)
                if *code == SqlState::ADMIN_SHUTDOWN
                    || *code == SqlState::CRASH_SHUTDOWN
                    || *code == SqlState::CANNOT_CONNECT_NOW =>
            {
                Self::Lost(action, error)
            }
            None if error.is_closed() || is_io(&error) => Self::Lost(action, error),
            _ => Self::Postgres(action, error),
        }
    }

    /// Sorts an error of a DROP.
    pub(super) fn in_the_way(action: &'static str, error: tokio_postgres::Error) -> Self {
        if error.code() == Some(&SqlState::DEPENDENT_OBJECTS_STILL_EXIST) {
            Self::InTheWay(error)
        } else {
            Self::from_driver(action, error)
        }
    }

    /// Whether the server refused a row because its key exists.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Postgres(_, error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION))
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|s| s.downcast_ref::<std::io::Error>().is_some())
}

/// Says what was being done when the driver failed.
pub trait During<T> {
    /// `action` completes "the database failed while …".
    fn during(self, action: &'static str) -> Result<T, StoreError>;
}

impl<T> During<T> for Result<T, tokio_postgres::Error> {
    fn during(self, action: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| StoreError::from_driver(action, error))
    }
}
