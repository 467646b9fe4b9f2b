//! The vendor's daily flat files: one gzipped CSV a session, `us_stocks_sip/day_aggs_v1/YYYY/MM/YYYY-MM-DD.csv.gz`.
//!
//! [`discover`] finds them in a local folder, a [`Decoder`] turns one into checked rows. Nothing here
//! fetches, and nothing here knows the database.

mod decode;
mod discover;
mod error;
mod file;
pub(crate) mod gzip;
mod header;
mod line;
mod row;
mod set_aside;
mod ticker;

pub use decode::Decoder;
pub use discover::{Discovery, FoundFile, discover};
pub use error::FlatFileError;
pub use set_aside::SetAside;
pub(crate) use set_aside::printable;
pub use ticker::TickerFault;
pub(crate) use ticker::check as check_ticker;

/// The real files, if this checkout has them beside it.
#[cfg(test)]
pub(crate) fn test_data() -> Option<std::path::PathBuf> {
    if let Some(named) = std::env::var_os("TIDEMARK_TEST_DATA") {
        return Some(named.into());
    }
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    beside.is_dir().then_some(beside)
}
