//! The vendor's JSON replies about splits, dividends, statements, tickers and exchange days: pages of them, and the records in them.
//!
//! A page is the same whether it comes over the network or from a file, so [`parse_page`] knows neither; each record module
//! has a raw form, which takes what the vendor may write, and `record`, which says what it means or why it means nothing.

pub mod details;
pub mod dividends;
pub mod events;
pub mod exchange_days;
mod field;
pub mod files;
mod page;
mod set_aside;
pub mod splits;
pub mod statements;
pub mod tickers;

pub use files::ReplyError;
pub use page::{parse_page, parse_reply};
pub use set_aside::SetAside;
