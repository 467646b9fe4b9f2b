//! The vendor's flat files: one gzipped CSV a session, `us_stocks_sip/day_aggs_v1/YYYY/MM/YYYY-MM-DD.csv.gz`, and one of its
//! minutes in `minute_aggs_v1`.
//!
//! [`discover`] finds them in a local folder, a [`Decoder`] turns one of days into checked rows, [`decode_minutes`] one of
//! minutes. Nothing here fetches, and nothing here knows the database.

mod decode;
mod discover;
mod error;
mod file;
pub(crate) mod gzip;
mod header;
mod intake;
mod line;
mod minutes;
mod row;
mod runs;
mod set_aside;
mod ticker;

pub use decode::Decoder;
pub use discover::{Discovery, FoundFile, discover};
pub use error::FlatFileError;
pub use minutes::decode_minutes;
pub use row::Window;
pub use runs::TickerMinutes;
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
