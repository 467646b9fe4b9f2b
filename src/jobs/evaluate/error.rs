//! Why there is nothing to evaluate.

use chrono::NaiveDate;

use crate::store::StoreError;

/// Why there is nothing to evaluate.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// Nothing is loaded.
    #[error("there are no bars")]
    NoBars,
    /// There are bars, but no features.
    #[error("there are no features")]
    NoFeatures,
    /// The features are of another benchmark or another version of the program.
    #[error(
        "the stored features are of other definitions: another benchmark, another version, or a refresh that was broken off"
    )]
    OtherDefinitions,
    /// No session of the range has features.
    #[error("no session of that range has features: they go from {first} to {last}")]
    OutOfRange {
        /// First session with features.
        first: NaiveDate,
        /// Last session with features.
        last: NaiveDate,
    },
    /// Sector-neutral values are asked for, and no instrument has a sector.
    #[error("no instrument has a sector, so nothing can be taken off by sector")]
    NoSectors,
    /// No session has enough names with a value.
    #[error("no session from {from} to {to} has 10 names with a value of {factor}: the most are {most}")]
    TooFewNames {
        /// The one that has most.
        factor: String,
        /// First session.
        from: NaiveDate,
        /// Last session.
        to: NaiveDate,
        /// Most names of a session.
        most: usize,
    },
    /// There are more quantiles than names.
    #[error("{quantiles} quantiles are more than the names: no session has more than {most}")]
    TooManyQuantiles {
        /// Quantiles asked for.
        quantiles: usize,
        /// Most names of a session.
        most: usize,
    },
    /// Every horizon ends after the bars do.
    #[error("no session of that range has a return {} ahead: the last bars are of {last}", sessions(*.horizon))]
    NoReturns {
        /// The shortest horizon.
        horizon: usize,
        /// Last session with bars.
        last: NaiveDate,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn sessions(count: usize) -> String {
    if count == 1 { "1 session".into() } else { format!("{count} sessions") }
}

impl EvaluateError {
    /// What the user can do.
    pub fn hint(&self) -> String {
        match self {
            Self::NoBars => "load some first: ingest backfill --help".into(),
            Self::NoFeatures => "run: features refresh".into(),
            Self::OtherDefinitions => "run features refresh with the same settings".into(),
            Self::OutOfRange { .. } => "leave out --from and --to for all of them".into(),
            Self::NoSectors => {
                "load them: ingest reference --source …, or --sectors FILE (CSV ticker,sector)".into()
            }
            Self::TooFewNames { .. } => {
                "take a range that starts later, when the factor's history is complete, or load what it needs (features list): statements, dividends, the benchmark".into()
            }
            Self::TooManyQuantiles { most, .. } => format!("--quantiles {} or fewer", (*most).min(5)),
            Self::NoReturns { .. } => "end earlier with --to, or take shorter --horizons".into(),
            Self::Store(store) => store.hint().into(),
        }
    }
}
