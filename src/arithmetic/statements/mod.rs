//! The factors of financial statements, point in time. [`StatementCursor`] computes all of them row after row,
//! [`explain`](explain()) tells where one number comes from; both find periods, figures and reasons in the same code.
//!
//! - **Known** at a session is what was filed before it. For one period, timeframe and field the latest filing that gives
//!   the field counts, from its own first usable session.
//! - **The latest period** is the largest period end of a known quarterly or annual statement. It expires 18 months after
//!   its end; then every factor is null. The periods it is compared with may be older.
//! - **Flows** at an end are the annual figure where a known annual statement ends there (null if it lacks the figure), else
//!   the sum, oldest first, of four quarters, each ending 80 to 101 days after the one before. A quarter without a figure of
//!   its own is the annual figure of its end less the three quarters before it, which must be given.
//! - **A year before** is the latest period end 350 to 380 days before the latest period's.
//! - **Balances** of an end come from its annual and quarterly statements together: the latest filing that gives the field;
//!   of one day's filings the quarterly.
//! - **Fallbacks** apply per period, before summing: net income to common, else consolidated; EBITDA, else operating income +
//!   depreciation (the income statement's, else the cash flow statement's); equity of the parent, else total; debt is
//!   long-term + current, those given; capital expenditure is the absolute value of purchases.
//! - **Basis** EPS and shares are brought from the split basis of their filing to the session's before anything else.
//! - **Null** where an input is missing, a denominator is not above 0, or the base of a growth is under 10⁻⁹ in size.
//!
//! Currency amounts are taken as filed: nothing here converts one currency into another.

mod amounts;
mod cursor;
mod explain;
mod factor;
mod formulas;
mod known;
mod why;

#[cfg(test)]
mod apple;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod real_data;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod traps;

pub use cursor::StatementCursor;
pub use explain::{AmountUsed, Explanation, Input, Step, explain};
pub use factor::StatementFactor;

/// The parameters of all statement factors, as text to take a digest of.
pub const PARAMETERS: &str = "statements usable from the session after filing, expire after 18 months, quarters 80 101 days apart, year 350 380 days, least base 1e-9, EPS growths 3 to 5, shares up over 1e-9";
