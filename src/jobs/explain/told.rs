//! What is told of a number: one value, which serialises with these names.

use chrono::NaiveDate;
use serde::Serialize;

use super::{Name, State};
use crate::arithmetic::factors::explain::{self as price, SharesUsed};
use crate::arithmetic::standing::{FamilyStanding, Standing};
use crate::arithmetic::statements as statement;

/// Everything about one number. NaN is null.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// What was asked for: a factor or a family.
    pub name: String,
    /// The session.
    pub session_date: NaiveDate,
    /// Whose number it is.
    pub instrument: InstrumentSaid,
    /// How the stored numbers stand to the data.
    pub state: State,
    /// The factor; none where a family was asked for.
    pub factor: Option<FactorSaid>,
    /// Whether the row is in the population.
    pub population: Population,
    /// The factor's place in the session; none where a family was asked for.
    pub cross_section: Option<Standing>,
    /// The family asked for, or the one that the factor enters, if any.
    pub family: Option<FamilyStanding>,
}

/// An instrument.
#[derive(Debug, Clone, Serialize)]
pub struct InstrumentSaid {
    /// As it was asked for.
    pub ticker: String,
    /// The ticker that it had on the session; none where that is not known.
    pub ticker_then: Option<String>,
    /// Key.
    pub instrument_id: i32,
    /// Name in the vendor's list.
    pub company: Option<String>,
    /// Vendor's type.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// GICS sector as known now.
    pub sector: Option<String>,
    /// Whether it is a financial.
    pub financial: bool,
    /// Its first bar.
    pub first_bar: Option<NaiveDate>,
    /// Its last bar.
    pub last_bar: Option<NaiveDate>,
    /// Its tickers through time, oldest first.
    pub names: Vec<Name>,
}

/// A factor's number.
#[derive(Debug, Clone, Serialize)]
pub struct FactorSaid {
    /// What the number is.
    pub definition: Definition,
    /// As it is stored.
    pub stored: f64,
    /// Computed again now.
    pub computed: f64,
    /// Whether the two have the same bits.
    pub same_bits: bool,
    /// Why the computed number is null; none where it is not.
    pub why_null: Option<String>,
    /// What a price factor was made of.
    pub price: Option<price::Explanation>,
    /// What a statement factor was made of.
    pub statements: Option<statement::Explanation>,
    /// The close and the share count of the market value by which a statement factor is divided.
    pub market: Option<Market>,
}

/// A market value of equity.
#[derive(Debug, Clone, Serialize)]
pub struct Market {
    /// Close as printed.
    pub close: f64,
    /// Share count; none where none is known.
    pub shares: Option<SharesUsed>,
    /// Close × shares.
    pub value: f64,
    /// Why it is null; none where it is not.
    pub why_null: Option<String>,
}

/// An entry of the catalogue.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Definition {
    /// Published name.
    pub name: &'static str,
    /// Version of the formula.
    pub version: i16,
    /// Family whose score it enters.
    pub family: Option<&'static str>,
    /// What 1.0 means.
    pub unit: &'static str,
    /// 1 where more is preferred, −1 where less is, none where neither.
    pub direction: Option<i16>,
    /// Sessions before t that matter.
    pub history: i32,
    /// What it is computed from.
    pub inputs: &'static [&'static str],
    /// The formula.
    pub definition: &'static str,
    /// Where it was published.
    pub source: Option<&'static str>,
}

/// Whether a row is in the population.
#[derive(Debug, Clone, Serialize)]
pub struct Population {
    /// As it is stored.
    pub stored: bool,
    /// Computed again now.
    pub computed: bool,
    /// The rules that keep it out.
    pub excluded_by: Vec<String>,
    /// How many rows of the session are in it.
    pub members: usize,
}
