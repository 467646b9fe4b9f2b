//! The vendor over HTTP: a client of its API that holds the key and keeps to the plan's rate, and one of its flat files
//! that signs. Both try again what may pass and say plainly what will not. Leaves out the meaning of splits, dividends
//! and statements, and what a file holds.

pub mod secret;

pub mod error;

pub mod client;

pub mod grouped;

pub mod ranges;

pub mod pages;

pub mod s3;

mod ahead;
mod answer;
mod http;
mod origin;
mod retry;
mod rows;

#[cfg(test)]
mod tests;

pub use ahead::Ahead;
pub use client::{VendorClient, VendorSettings};
pub use error::VendorError;
pub use grouped::GroupedDay;
pub use ranges::{Range, new_york_date};
pub use s3::{Fetched, Listing, RemoteFile, S3Client, S3Settings};
pub use secret::Secret;
