//! Addresses as the vendor reads them: percent signs, parameters, cursors, the key.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::http::Request;
use super::reply::{Reply, bad, unknown_key};
use crate::run::KEY;

/// Parameters of a request, decoded, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub struct Query(pub Vec<(String, String)>);

impl Query {
    pub fn parse(raw: &str) -> Self {
        let pairs = raw.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        Self(
            pairs
                .map(|(name, value)| (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " "))))
                .collect(),
        )
    }

    /// The parameters of `request`, or those that its cursor stands for. Refuses names that are not `known`, and repeated ones.
    pub fn of(request: &Request, known: &[&str]) -> Result<Self, Reply> {
        let mut query = Self::parse(&request.query);
        query.0.retain(|(name, _)| name != "apiKey");
        if let Some(cursor) = query.get("cursor") {
            let text = (query.0.len() == 1).then(|| unhex(cursor)).flatten();
            query = Self::parse(&text.ok_or_else(|| bad("'cursor' is not a valid cursor"))?);
            return Ok(query);
        }
        let mut seen = BTreeSet::new();
        for (name, _) in &query.0 {
            if !known.contains(&name.as_str()) {
                return Err(bad(&format!("unknown query parameter '{name}'")));
            }
            if !seen.insert(name) {
                return Err(bad(&format!("query parameter '{name}' is given twice")));
            }
        }
        Ok(query)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub fn boolean(&self, name: &str, default: bool) -> Result<bool, Reply> {
        match self.get(name) {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => Err(bad(&format!("'{name}' must be a boolean, not '{other}'"))),
        }
    }

    /// `limit`, from 1 to `most`.
    pub fn limit(&self, default: usize, most: usize) -> Result<usize, Reply> {
        let Some(text) = self.get("limit") else { return Ok(default) };
        match text.parse() {
            Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
            _ => Err(bad(&format!("'limit' must be a number from 1 to {most}, not '{text}'"))),
        }
    }

    pub fn date(&self, name: &str) -> Result<Option<NaiveDate>, Reply> {
        self.get(name).map(|text| date(name, text)).transpose()
    }

    /// A cursor that stands for these parameters with `marker` as the place to go on from.
    pub fn cursor(&self, marker: usize) -> String {
        let mut pairs: Vec<String> = self
            .0
            .iter()
            .filter(|(name, _)| name != "page_marker")
            .map(|(n, v)| format!("{}={}", encoded(n), encoded(v)))
            .collect();
        pairs.push(format!("page_marker={marker}"));
        super::signature::hex(pairs.join("&").as_bytes())
    }

    /// Where a cursor goes on from.
    pub fn marker(&self) -> usize {
        self.get("page_marker").and_then(|marker| marker.parse().ok()).unwrap_or(0)
    }
}

/// A date as the vendor wants it: four, two and two digits.
pub fn date(name: &str, text: &str) -> Result<NaiveDate, Reply> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
    date.ok_or_else(|| {
        bad(&format!("Could not parse the time parameter '{name}': '{text}' is not YYYY-MM-DD"))
    })
}

/// The key as a bearer token, or as `apiKey`.
pub fn authorize(request: &Request) -> Result<(), Reply> {
    let bearer =
        request.header("authorization").and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned));
    let key = bearer.or_else(|| Query::parse(&request.query).get("apiKey").map(str::to_owned));
    match key.as_deref() {
        Some(KEY) => Ok(()),
        Some(_) => Err(unknown_key()),
        None => Err(bad("API Key was not provided")),
    }
}

/// Text without percent signs.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = match (first, tail) {
            (b'%', [a, b, ..]) => {
                std::str::from_utf8(&[*a, *b]).ok().and_then(|code| u8::from_str_radix(code, 16).ok())
            }
            _ => None,
        };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Text with percent signs for all but letters, digits and `-_.~`.
pub fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => text.push(byte as char),
            _ => text.extend(["%", &super::signature::hex(&[byte]).to_uppercase()]),
        }
        text
    })
}

fn unhex(text: &str) -> Option<String> {
    let bytes =
        text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}
