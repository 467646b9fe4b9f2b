//! The vendor's HTTP API: one client that holds the key, keeps to the plan's rate, tries again what may pass
//! and says plainly what will not. Leaves out: the S3 flat files and the meaning of splits, dividends and statements.

pub mod secret;

pub mod error;

pub mod client;

pub mod grouped;

pub mod pages;

mod answer;
mod origin;
mod retry;

#[cfg(test)]
mod tests;

pub use client::{VendorClient, VendorSettings};
pub use error::VendorError;
pub use grouped::GroupedDay;
pub use secret::Secret;
