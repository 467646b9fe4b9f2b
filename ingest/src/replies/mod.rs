//! The vendor's JSON replies about splits, dividends, shares, tickers and exchange days: pages of them, and the records in them.
//!
//! A page is the same whether it comes over the network or from a file, so [`parse_page`] knows neither;
//! each record module has `settle`, from raw results to records, and `read`, the same for files in a folder.

pub mod details;
pub mod dividends;
pub mod events;
pub mod exchange_days;
mod field;
mod files;
mod page;
mod settle;
pub mod shares;
pub mod splits;
pub mod tickers;

pub use files::ReplyError;
pub use page::{parse_page, parse_reply};
pub use settle::Settled;
