//! Details of one ticker: its industry, its first day, its shares.

use std::path::Path;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

use super::field::{self, FieldFault};
use super::page::parse_reply;
use super::set_aside::Reason;
use super::{ReplyError, files};

/// Details as the vendor sends them, from `/v3/reference/tickers/{ticker}`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RawDetails {
    ticker: Value,
    composite_figi: Value,
    sic_code: Value,
    list_date: Value,
    share_class_shares_outstanding: Value,
    weighted_shares_outstanding: Value,
}

/// What the vendor knows of one instrument beyond its entry in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    /// Ticker; case matters.
    pub ticker: String,
    /// FIGI of the share class in the US.
    pub composite_figi: Option<String>,
    /// Industry by the SEC's list.
    pub sic_code: Option<String>,
    /// First day of the listing.
    pub listed_on: Option<NaiveDate>,
    /// Shares outstanding of the class now, else of all classes in terms of this one; above 0.
    pub shares: Option<f64>,
}

/// Reads `ticker-details.json[.gz]` and `ticker-details-*.json[.gz]` in `folder`: replies of the vendor, or several gathered
/// with their results in one list; `None` if there are none.
///
/// # Errors
/// As of [`ReplyError`]: a file that is not a reply is refused whole.
pub fn read(folder: &Path) -> Result<Option<Vec<RawDetails>>, ReplyError> {
    files::read(folder, "ticker-details", parse_reply)
}

/// The details, if their fields are what they should be.
pub fn details(raw: &RawDetails) -> Result<Details, FieldFault> {
    let shares = match field::number("share_class_shares_outstanding", &raw.share_class_shares_outstanding)? {
        None => field::number("weighted_shares_outstanding", &raw.weighted_shares_outstanding)?,
        shares => shares,
    };
    if shares.is_some_and(|shares| shares < 0.0) {
        return Err(("shares_outstanding", shares.unwrap_or_default().to_string(), Reason::Shares));
    }
    let listed_on = if field::text(&raw.list_date).is_none() {
        None
    } else {
        Some(field::date("list_date", &raw.list_date)?)
    };
    Ok(Details {
        ticker: field::ticker("ticker", &raw.ticker)?,
        composite_figi: field::text(&raw.composite_figi),
        sic_code: field::text(&raw.sic_code),
        listed_on,
        // A count of none is not known.
        shares: shares.filter(|shares| *shares > 0.0),
    })
}

/// The ticker as it is shown where the details are not used.
pub fn shown(raw: &RawDetails) -> String {
    field::shown_text(&raw.ticker)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flatfiles::test_data;
    use serde_json::json;

    fn read_one(value: Value) -> Result<Details, FieldFault> {
        details(&serde_json::from_value(value).expect("details"))
    }

    #[test]
    fn fields_may_be_missing_and_the_class_s_own_shares_come_first() {
        let all = read_one(json!({
            "ticker": "A", "sic_code": 3571, "list_date": "1999-11-18",
            "share_class_shares_outstanding": 5e6, "weighted_shares_outstanding": 7e6,
        }));
        let all = all.expect("usable");
        assert_eq!((all.sic_code.as_deref(), all.shares), (Some("3571"), Some(5e6)));
        assert_eq!(all.listed_on.map(|day| day.to_string()).as_deref(), Some("1999-11-18"));
        let few = read_one(json!({ "ticker": "A", "weighted_shares_outstanding": 7e6, "list_date": "" }));
        assert_eq!(few.expect("usable").shares, Some(7e6));
        let none = read_one(json!({ "ticker": "A", "share_class_shares_outstanding": 0 })).expect("usable");
        assert_eq!((none.shares, none.sic_code, none.listed_on), (None, None, None));
    }

    #[test]
    fn a_field_that_is_not_what_it_should_be_is_named() {
        for (value, field) in [
            (json!({ "ticker": "A", "list_date": "long ago" }), "list_date"),
            (json!({ "ticker": "A", "share_class_shares_outstanding": -1 }), "shares_outstanding"),
            (
                json!({ "ticker": "A", "share_class_shares_outstanding": "many" }),
                "share_class_shares_outstanding",
            ),
            (json!({ "ticker": null }), "ticker"),
        ] {
            assert_eq!(read_one(value).expect_err("unusable").0, field);
        }
    }

    #[test]
    fn the_vendor_s_own_examples_are_read() {
        let Some(data) = test_data() else { return };
        for example in [
            "examples/v3__reference__tickers__ticker.json",
            "client_mocks/v3/reference/tickers/AAPL.json",
            "client_mocks/v3/reference/tickers/AAPL&date=2020-10-01.json",
        ] {
            let bytes = std::fs::read(data.join("polygon_json").join(example)).expect(example);
            let [raw] = &parse_reply::<RawDetails>(&bytes).expect(example)[..] else { panic!("{example}") };
            let details = details(raw).expect(example);
            assert_eq!((details.ticker.as_str(), details.sic_code.as_deref()), ("AAPL", Some("3571")));
            assert_eq!(details.listed_on.map(|day| day.to_string()).as_deref(), Some("1980-12-12"));
            assert!(details.shares.is_some_and(|shares| shares > 1.6e10), "{example}");
        }
    }
}
