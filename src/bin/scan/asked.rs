//! What is asked of a scan on the command line: a profile, what replaces parts of it, and the form of the answer.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use tidemark::jobs::scan::columns;
use tidemark::jobs::scan::profile::{self, Changes, MARKET, Profile, ProfileError};

/// What is listed, and how.
#[derive(Args)]
pub struct Asked {
    /// Profile: a name (see `scan profiles`) or a TOML file
    #[arg(long, short, value_name = "NAME|FILE", default_value = MARKET)]
    profile: String,
    /// List only where this SQL condition over the columns holds, instead of the profile's
    #[arg(long = "where", value_name = "SQL")]
    filter: Option<String>,
    /// Order by these expressions, each with ASC or DESC, instead of the profile's; nulls come last
    #[arg(long, value_name = "SQL", value_delimiter = None)]
    order_by: Option<String>,
    /// Show these columns, or expressions AS names, with commas between, instead of the profile's
    #[arg(long, value_name = "SQL")]
    columns: Option<String>,
    /// Rows to list, instead of the profile's
    #[arg(long, value_name = "ROWS")]
    limit: Option<usize>,
    /// Form of the answer
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
    /// Write the rows into this file, which appears when it is complete
    #[arg(long, value_name = "FILE", required_if_eq("format", "parquet"))]
    pub out: Option<PathBuf>,
}

/// Form of the answer.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: the rows, and the counts of every stage on standard error.
    Table,
    /// One JSON object: session, counts, columns and rows.
    Json,
    /// One JSON object a row.
    Ndjson,
    /// Header and rows; null is empty.
    Csv,
    /// Apache Parquet, into --out.
    Parquet,
}

impl Asked {
    /// The profile with what replaces parts of it.
    pub fn profile(&self) -> Result<Arc<Profile>, ProfileError> {
        let here = std::env::current_dir().unwrap_or_default();
        let changes = Changes {
            filter: self.filter.clone(),
            order_by: self.order_by.iter().cloned().collect(),
            limit: self.limit,
            columns: self.columns.iter().cloned().collect(),
        };
        let found = profile::find(&self.profile, &here, columns::known())?;
        found.with(&changes, columns::known()).map(Arc::new)
    }
}
