//! What may be asked, read from a line of JSON or from an address's query. Both have the same meaning.

use std::time::Duration;

use chrono::NaiveDate;
use serde_json::{Map, Value};
use tidemark::jobs::scan::profile::Changes;

use super::fault::Fault;

/// Time for an answer where the request gives none.
pub const PATIENCE: Duration = Duration::from_mins(2);
/// Most time that a request may give.
const MOST_PATIENCE: Duration = Duration::from_hours(1);
/// Most tickers of one request.
const MOST_TICKERS: usize = 10_000;

/// The keys of a line.
pub const LINE_KEYS: [&str; 9] =
    ["requestId", "profile", "where", "orderBy", "columns", "tickers", "asOf", "limit", "timeoutMs"];
/// The keys of a query.
pub const QUERY_KEYS: [&str; 8] =
    ["profile", "where", "order_by", "columns", "tickers", "as_of", "limit", "timeout_ms"];

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Name of the profile; none: the whole market.
    pub profile: Option<String>,
    /// What is given in place of the profile's own.
    pub changes: Changes,
    /// The tickers that the answer is limited to, as given; empty: all.
    pub tickers: Vec<String>,
    /// A past session.
    pub as_of: Option<NaiveDate>,
    /// Time for the answer.
    pub patience: Duration,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            profile: None,
            changes: Changes::default(),
            tickers: Vec::new(),
            as_of: None,
            patience: PATIENCE,
        }
    }
}

/// The request of a line, and its id, which is null where it cannot be read.
pub fn of_line(line: &[u8]) -> (Value, Result<Request, Fault>) {
    let object = match serde_json::from_slice::<Value>(line) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return (Value::Null, Err(Fault::new("malformed", "the line is no JSON object"))),
        Err(error) => {
            let fault = Fault::new("malformed", format!("the line is no JSON: {error}"))
                .hint("a request is one JSON object on one line, such as {\"requestId\": 1, \"limit\": 5}");
            return (Value::Null, Err(fault));
        }
    };
    match object.get("requestId") {
        Some(id @ (Value::String(_) | Value::Number(_))) => (id.clone(), of_object(&object)),
        Some(_) => (Value::Null, Err(Fault::bad_value("requestId", "a string or a number"))),
        None => {
            let fault = Fault::new("bad_value", "there is no requestId")
                .hint("give each request an id, a string or a number: its answer carries it");
            (Value::Null, Err(fault))
        }
    }
}

fn of_object(object: &Map<String, Value>) -> Result<Request, Fault> {
    let mut request = Request::default();
    for (key, value) in object {
        match key.as_str() {
            "requestId" => {}
            "profile" => request.profile = text(key, value)?,
            "where" => request.changes.filter = text(key, value)?,
            "orderBy" => request.changes.order_by = texts(key, value)?,
            "columns" => request.changes.columns = texts(key, value)?,
            "tickers" => request.tickers = list(key, value)?,
            "asOf" => request.as_of = text(key, value)?.map(|text| day(key, &text)).transpose()?,
            "limit" => request.changes.limit = whole(key, value)?,
            "timeoutMs" => {
                if let Some(milliseconds) = whole(key, value)? {
                    request.patience = patience(key, milliseconds)?;
                }
            }
            _ => return Err(Fault::unknown_key(key, &LINE_KEYS)),
        }
    }
    request.checked()
}

/// The request of a query's pairs.
pub fn of_query(pairs: &[(String, String)]) -> Result<Request, Fault> {
    let mut request = Request::default();
    for (at, (key, value)) in pairs.iter().enumerate() {
        if pairs[..at].iter().any(|(earlier, _)| earlier == key) {
            return Err(Fault::new("bad_value", format!("{key} is given twice")));
        }
        let number =
            || value.parse::<usize>().map_err(|_| Fault::bad_value(key, "a whole number, 1 or more"));
        match key.as_str() {
            "profile" => request.profile = Some(value.clone()),
            "where" => request.changes.filter = Some(value.clone()),
            "order_by" => request.changes.order_by = vec![value.clone()],
            "columns" => request.changes.columns = vec![value.clone()],
            "tickers" => request.tickers = value.split(',').map(|ticker| ticker.trim().to_owned()).collect(),
            "as_of" => request.as_of = Some(day(key, value)?),
            "limit" => request.changes.limit = Some(number()?),
            "timeout_ms" => request.patience = patience(key, number()?)?,
            _ => return Err(Fault::unknown_key(key, &QUERY_KEYS)),
        }
    }
    request.checked()
}

impl Request {
    fn checked(self) -> Result<Self, Fault> {
        if let Some(name) = &self.profile
            && (name.contains(['/', '\\']) || name.to_ascii_lowercase().ends_with(".toml"))
        {
            return Err(Fault::bad_value("profile", "the name of a profile")
                .hint("the server reads profiles by name, from its folder scans/, and no other files"));
        }
        if self.tickers.len() > MOST_TICKERS {
            return Err(Fault::new("bad_value", format!("more than {MOST_TICKERS} tickers are given")));
        }
        if self.tickers.iter().any(String::is_empty) {
            return Err(Fault::new("bad_value", "one of the tickers is empty"));
        }
        if self.changes.limit == Some(0) {
            return Err(Fault::bad_value("limit", "a whole number, 1 or more"));
        }
        Ok(self)
    }
}

fn text(key: &str, value: &Value) -> Result<Option<String>, Fault> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(Fault::bad_value(key, "text")),
    }
}

/// A text, or several in a list.
fn texts(key: &str, value: &Value) -> Result<Vec<String>, Fault> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        _ => list(key, value),
    }
}

fn list(key: &str, value: &Value) -> Result<Vec<String>, Fault> {
    let wanted = || Fault::bad_value(key, "a list of texts");
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => {
            items.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wanted)).collect()
        }
        _ => Err(wanted()),
    }
}

fn whole(key: &str, value: &Value) -> Result<Option<usize>, Fault> {
    match value {
        Value::Null => Ok(None),
        _ => match value.as_u64().and_then(|number| usize::try_from(number).ok()) {
            Some(number) if number > 0 => Ok(Some(number)),
            _ => Err(Fault::bad_value(key, "a whole number, 1 or more")),
        },
    }
}

fn day(key: &str, text: &str) -> Result<NaiveDate, Fault> {
    let shape = text.len() == 10;
    let day = text.parse().ok().filter(|_| shape);
    day.ok_or_else(|| Fault::bad_value(key, "a day").hint("a day is written 2024-03-15"))
}

fn patience(key: &str, milliseconds: usize) -> Result<Duration, Fault> {
    let patience = Duration::from_millis(milliseconds as u64);
    let fits = milliseconds > 0 && patience <= MOST_PATIENCE;
    fits.then_some(patience).ok_or_else(|| Fault::bad_value(key, "1 to 3600000 milliseconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
        query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_line_and_a_query_that_say_the_same_are_the_same_request() {
        let line = br#"{"requestId":"a","profile":"low-risk","where":"close > 5","orderBy":"ics DESC","columns":"close, ics","tickers":["A","B"],"asOf":"2024-03-15","limit":7,"timeoutMs":900}"#;
        let query = pairs(&[
            ("profile", "low-risk"),
            ("where", "close > 5"),
            ("order_by", "ics DESC"),
            ("columns", "close, ics"),
            ("tickers", "A, B"),
            ("as_of", "2024-03-15"),
            ("limit", "7"),
            ("timeout_ms", "900"),
        ]);
        let (id, request) = of_line(line);
        assert_eq!(id, "a");
        assert_eq!(request, of_query(&query));
        let request = request.unwrap();
        assert_eq!((request.changes.limit, request.patience), (Some(7), Duration::from_millis(900)));
        assert_eq!(of_line(br#"{"requestId":1.5}"#).1, of_query(&[]));
        assert_eq!(of_line(br#"{"requestId":1,"limit":null,"asOf":null,"tickers":null}"#).1, of_query(&[]));
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_a_code_and_keeps_its_id() {
        for (line, id, code) in [
            ("", Value::Null, "malformed"),
            ("{\"requestId\":1", Value::Null, "malformed"),
            ("[1]", Value::Null, "malformed"),
            ("{}", Value::Null, "bad_value"),
            ("{\"requestId\":null}", Value::Null, "bad_value"),
            ("{\"requestId\":{}}", Value::Null, "bad_value"),
            ("{\"requestId\":1,\"wher\":\"x\"}", 1.into(), "unknown_key"),
            ("{\"requestId\":1,\"limit\":0}", 1.into(), "bad_value"),
            ("{\"requestId\":1,\"limit\":-3}", 1.into(), "bad_value"),
            ("{\"requestId\":1,\"limit\":1.5}", 1.into(), "bad_value"),
            ("{\"requestId\":1,\"limit\":\"5\"}", 1.into(), "bad_value"),
            ("{\"requestId\":1,\"asOf\":\"2024-3-5\"}", 1.into(), "bad_value"),
            ("{\"requestId\":1,\"asOf\":\"2024-02-30\"}", 1.into(), "bad_value"),
            ("{\"requestId\":1,\"tickers\":\"A\"}", 1.into(), "bad_value"),
            ("{\"requestId\":1,\"tickers\":[1]}", 1.into(), "bad_value"),
            ("{\"requestId\":1,\"timeoutMs\":99999999}", 1.into(), "bad_value"),
            ("{\"requestId\":1,\"profile\":\"../../etc/passwd\"}", 1.into(), "bad_value"),
            ("{\"requestId\":1,\"profile\":\"other.TOML\"}", 1.into(), "bad_value"),
        ] {
            let (found, request) = of_line(line.as_bytes());
            assert_eq!((found, request.unwrap_err().code), (id, code), "{line}");
        }
        for (key, value) in
            [("limit", "x"), ("limit", "0"), ("as_of", "yesterday"), ("tickers", "A,,B"), ("timeout_ms", "0")]
        {
            assert_eq!(of_query(&pairs(&[(key, value)])).unwrap_err().code, "bad_value", "{key}={value}");
        }
        assert_eq!(
            of_query(&pairs(&[("limit", "1"), ("limit", "2")])).unwrap_err().message,
            "limit is given twice"
        );
        let wrong = of_query(&pairs(&[("orderBy", "ics")])).unwrap_err();
        assert!(wrong.hint.unwrap().starts_with("did you mean order_by?"));
    }
}
