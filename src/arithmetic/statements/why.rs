//! Why a factor is null, in words.

use std::fmt;

use chrono::{Days, NaiveDate};

use super::amounts::Amount;
use crate::domain::statement::expiry;

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Why {
    /// Nothing was filed before the session.
    NothingUsable,
    /// The latest period is too old.
    Expired(NaiveDate),
    /// The period lacks the amount.
    NotGiven(Amount, NaiveDate),
    /// There are not four quarters that follow each other; the period is the oldest one that does.
    ChainBreaks(Amount, NaiveDate),
    /// A quarter is not given, and the year from which to derive it lacks quarters.
    NotDerived(Amount, NaiveDate),
    /// No period ends a year before.
    NoYearBefore(NaiveDate),
    /// Sums to more than a number can hold.
    TooLarge(Amount),
    /// A denominator is 0 or negative.
    NotAboveZero(&'static str),
    /// The base of a growth is too small to divide by.
    SmallBase(&'static str),
    /// Too few yearly growths of annual EPS.
    FewGrowths(usize),
    /// Gross profitability means nothing for banks and insurers.
    Financial,
    /// The caller knows no market value.
    MarketValueUnknown,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingUsable => {
                f.write_str("no quarterly or annual statement was filed before the session")
            }
            Self::Expired(end) => {
                let day = expiry(*end).checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
                write!(f, "the latest period, {end}, expired on {day}")
            }
            Self::NotGiven(amount, end) => write!(f, "{} is not given for {end}", amount.given_by()),
            Self::ChainBreaks(amount, end) => {
                write!(
                    f,
                    "{} needs four quarters in a row, and none that ends 80 to 101 days before {end} is known",
                    amount.label()
                )
            }
            Self::NotDerived(amount, end) => write!(
                f,
                "{} is not given for the quarter to {end}, and cannot be the year less the three quarters before, which do not all give it",
                amount.given_by()
            ),
            Self::NoYearBefore(end) => {
                write!(f, "no known period ends 350 to 380 days before {end}, to compare with")
            }
            Self::TooLarge(amount) => write!(f, "{} is too large for a number", amount.label()),
            Self::NotAboveZero(what) => write!(f, "{what} is not above 0"),
            Self::SmallBase(what) => write!(f, "{what} is too close to 0 to be the base of a growth"),
            Self::FewGrowths(count) => {
                write!(f, "needs 3 growths of annual EPS from year to year, has {count}")
            }
            Self::Financial => f.write_str("it is a financial, for which gross profit means little"),
            Self::MarketValueUnknown => f.write_str("the market value is unknown, because no share count is"),
        }
    }
}
