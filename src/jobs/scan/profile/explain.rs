//! Why an instrument does or does not meet a profile's condition: each part of it with its truth and what it read.

use super::select::Frame;
use super::{ColumnData, Market, Profile, SelectError};

/// One of the conditions that a `where` joins by its outermost ANDs, for one instrument.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The condition as SQL.
    pub text: String,
    /// Whether it is met; none: something that it reads is unknown.
    pub met: Option<bool>,
    /// The columns that it reads, each with the instrument's value.
    pub read: Vec<(String, ColumnData)>,
}

/// The parts of a profile's condition for one row of the market; none if the profile has no condition.
///
/// # Errors
/// [`SelectError`], if profile and market do not belong together.
pub fn explain_where(
    profile: &Profile,
    market: &Market<'_>,
    row: usize,
) -> Result<Vec<Condition>, SelectError> {
    let parts = profile.filter.as_ref().map_or(&[][..], |filter| filter.parts());
    let mut conditions = Vec::with_capacity(parts.len());
    for part in parts {
        let frame = Frame::of(&part.reads, market, Some(&[row]))?;
        let met = match frame.evaluate(vec![part.expr.clone()])?.first() {
            Some(ColumnData::Flags(flags)) => flags.first().copied().flatten(),
            _ => None,
        };
        conditions.push(Condition { text: part.text.clone(), met, read: frame.columns });
    }
    Ok(conditions)
}
