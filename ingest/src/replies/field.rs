//! Fields as the vendor may write them: numbers as text, text as numbers, null, or not at all.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::set_aside::Reason;
use crate::flatfiles::{check_ticker, printable};

/// A fault of one field: its name, what stands there, why that will not do.
pub type FieldFault = (&'static str, String, Reason);

/// A finite number; `None` where there is nothing.
pub fn number(name: &'static str, value: &Value) -> Result<Option<f64>, FieldFault> {
    let number = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match number.filter(|number| number.is_finite()) {
        Some(number) => Ok(Some(number)),
        None => Err((name, shown(value), Reason::NotANumber)),
    }
}

/// A number above 0, which must be there.
pub fn above_zero(name: &'static str, value: &Value, otherwise: Reason) -> Result<f64, FieldFault> {
    number(name, value)?.filter(|number| *number > 0.0).ok_or_else(|| (name, shown(value), otherwise))
}

/// A day as `YYYY-MM-DD`, which must be there.
pub fn date(name: &'static str, value: &Value) -> Result<NaiveDate, FieldFault> {
    let date = value.as_str().and_then(|text| text.trim().parse().ok());
    date.ok_or_else(|| (name, shown(value), Reason::Date))
}

/// A moment as `YYYY-MM-DDTHH:MM:SSZ`; `None` where there is nothing.
pub fn moment(
    name: &'static str,
    value: &Value,
    otherwise: Reason,
) -> Result<Option<DateTime<Utc>>, FieldFault> {
    let Some(text) = text(value) else { return Ok(None) };
    let moment = DateTime::parse_from_rfc3339(&text).map(|moment| moment.to_utc());
    moment.map(Some).map_err(|_| (name, shown(value), otherwise))
}

/// The day of a moment, or a day alone; `None` where there is nothing.
pub fn day_of_moment(name: &'static str, value: &Value) -> Result<Option<NaiveDate>, FieldFault> {
    let Some(text) = text(value) else { return Ok(None) };
    let day = text.split('T').next().and_then(|day| day.parse().ok());
    day.map(Some).ok_or_else(|| (name, shown(value), Reason::Date))
}

/// A ticker, which must be there.
pub fn ticker(name: &'static str, value: &Value) -> Result<String, FieldFault> {
    let text = value.as_str().unwrap_or_default();
    match check_ticker(text.as_bytes()) {
        Ok(ticker) => Ok(ticker.to_owned()),
        Err(fault) => Err((name, shown(value), Reason::Ticker(fault))),
    }
}

/// Text, or a number as text; `None` where there is nothing.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Yes or no; `None` where it is neither.
pub fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// A value as it is reported.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => printable(text.as_bytes()),
        other => printable(other.to_string().as_bytes()),
    }
}

/// A value as it is reported where nothing is reported as nothing.
pub fn shown_text(value: &Value) -> String {
    if value.is_null() { String::new() } else { shown(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_may_be_text_and_may_be_missing() {
        assert_eq!(number("n", &json!(2.5)), Ok(Some(2.5)));
        assert_eq!(number("n", &json!(" 1e3 ")), Ok(Some(1000.0)));
        assert_eq!(number("n", &Value::Null), Ok(None));
        for bad in [json!("two"), json!("NaN"), json!("inf"), json!(""), json!([1]), json!(true)] {
            assert_eq!(number("n", &bad), Err(("n", shown(&bad), Reason::NotANumber)));
        }
    }

    #[test]
    fn a_date_must_be_a_day_that_exists() {
        assert_eq!(
            date("d", &json!("2024-02-29")),
            Ok(NaiveDate::from_ymd_opt(2024, 2, 29).expect("a date"))
        );
        for bad in [json!("2023-02-29"), json!("02/28/2023"), json!(""), json!(20230228), Value::Null] {
            assert_eq!(date("d", &bad), Err(("d", shown(&bad), Reason::Date)));
        }
    }

    #[test]
    fn the_day_of_a_moment_is_the_day_it_is_written_with() {
        let day = |text: &str| day_of_moment("d", &json!(text)).map(|day| day.map(|day| day.to_string()));
        assert_eq!(day("2016-01-13T00:00:00Z"), Ok(Some("2016-01-13".to_owned())));
        assert_eq!(day("2016-01-13"), Ok(Some("2016-01-13".to_owned())));
        assert_eq!(day_of_moment("d", &Value::Null), Ok(None));
        assert!(day("soon").is_err() && day("2016-02-30T00:00:00Z").is_err());
        assert_eq!(
            moment("m", &json!("2016-01-13T18:00:00.000Z"), Reason::Time).map(|m| m.is_some()),
            Ok(true)
        );
        assert!(moment("m", &json!("13:00"), Reason::Time).is_err());
    }

    #[test]
    fn an_id_may_be_a_number() {
        assert_eq!(text(&json!(17)), Some("17".to_owned()));
        assert_eq!(text(&json!("E36")), Some("E36".to_owned()));
        assert_eq!((text(&Value::Null), text(&json!(""))), (None, None));
    }
}
