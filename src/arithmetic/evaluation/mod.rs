//! What a factor was worth after the fact: how its order of the names and their later returns went together. Pure: columns of
//! one session in, numbers out; then series of sessions in, summaries out. Nothing here enters a feature.
//!
//! What the numbers mean:
//! - **Names** of session t are the instruments in the population at t that have a value at t. Nothing after t decides who is
//!   a name, in which quantile it stands, or what its value is.
//! - **Value**: a factor's raw value times its direction, so that a positive coefficient is the preferred way; a family's
//!   score; either less its sector's mean where that is asked for ([`signal`]).
//! - **Forward return** of horizon h at t: the total return (splits, dividends) from the close of t to the price at session
//!   t+h of the calendar, which is that session's close or the latest before it, at most 5 sessions back ([`forward`]).
//! - **A name that stopped trading** before t+h has no price there. It has no forward return; it is counted, and its
//!   return to its last bar is summed apart, so that what a study of survivors hides can be seen.
//! - **Information coefficient**: Spearman's rank correlation of values and forward returns, equal ones sharing the mean of
//!   their ranks; null under [`LEAST_NAMES`] names or where all values or all returns are equal ([`spearman`]).
//! - **Quantiles** by rank, as near equal in size as can be, 1 the lowest; equal values in the order of their tickers. They
//!   are formed from all names, before it is known who has a forward return ([`quantiles`]).
//! - **Statistics over sessions** with standard errors by Newey and West (1987), because the returns of neighbouring
//!   sessions overlap ([`series`]).

pub mod forward;
pub mod periods;
pub mod quantiles;
pub mod series;
pub mod session;
pub mod signal;
pub mod spearman;
pub mod standing;
pub mod summary;

#[cfg(test)]
mod properties;

/// Fewest names for which a coefficient or quantiles are given.
pub const LEAST_NAMES: usize = super::cross_section::LEAST_NAMES as usize;
