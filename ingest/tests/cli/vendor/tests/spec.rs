//! Parameters and answers held against the vendor's own specification and examples, where those are at hand.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::super::lists::LISTS;
use super::super::{Market, Ticker, Vendor};
use super::{get, json as ask, market};
use crate::real_slice::data;

/// The vendor's two specifications, of which each holds paths that the other lacks. Reading them takes a second: once.
fn specifications(folder: &Path) -> &'static [Value] {
    static READ: OnceLock<Vec<Value>> = OnceLock::new();
    let read = |name: &str| {
        let file = std::fs::File::open(folder.join("openapi").join(name)).expect("a specification");
        serde_json::from_reader(flate2::read::GzDecoder::new(file)).expect("JSON")
    };
    READ.get_or_init(|| vec![read("rest.json.gz"), read("openapi_go.json.gz")])
}

/// A path of the specification, one that asks for it, and the file of its example.
const PATHS: [[&str; 3]; 16] = [
    [
        "/v2/aggs/grouped/locale/us/market/stocks/{date}",
        "/v2/aggs/grouped/locale/us/market/stocks/2024-07-02",
        "v2__aggs__grouped__locale__us__market__stocks__date",
    ],
    [
        "/v2/aggs/ticker/{stocksTicker}/range/{multiplier}/{timespan}/{from}/{to}",
        "/v2/aggs/ticker/A/range/1/day/2024-07-01/2024-07-05?limit=1",
        "v2__aggs__ticker__stocksTicker__range__multiplier__timespan__from__to",
    ],
    ["/v3/reference/tickers", "/v3/reference/tickers?limit=1", "v3__reference__tickers"],
    ["/v3/reference/tickers/{ticker}", "/v3/reference/tickers/A", "v3__reference__tickers__ticker"],
    [
        "/vX/reference/tickers/{id}/events",
        "/vX/reference/tickers/META/events",
        "vX__reference__tickers__id__events",
    ],
    ["/v3/reference/tickers/types", "/v3/reference/tickers/types", ""],
    ["/stocks/v1/splits", "/stocks/v1/splits", "stocks__v1__splits"],
    ["/stocks/v1/splits", "/stocks/v1/splits?limit=1", ""],
    ["/stocks/v1/dividends", "/stocks/v1/dividends", "stocks__v1__dividends"],
    ["/v3/reference/splits", "/v3/reference/splits?limit=1", "v3__reference__splits"],
    ["/v3/reference/dividends", "/v3/reference/dividends", ""],
    [
        "/stocks/financials/v1/income-statements",
        "/stocks/financials/v1/income-statements",
        "stocks__financials__v1__income-statements",
    ],
    [
        "/stocks/financials/v1/balance-sheets",
        "/stocks/financials/v1/balance-sheets",
        "stocks__financials__v1__balance-sheets",
    ],
    [
        "/stocks/financials/v1/cash-flow-statements",
        "/stocks/financials/v1/cash-flow-statements",
        "stocks__financials__v1__cash-flow-statements",
    ],
    ["/v1/marketstatus/upcoming", "/v1/marketstatus/upcoming", "v1__marketstatus__upcoming"],
    ["/v1/marketstatus/now", "/v1/marketstatus/now", "v1__marketstatus__now"],
];

/// A market that has something to answer to each of the [`PATHS`]; statements and holidays are those of the examples.
fn full_market(folder: &Path) -> Market {
    let rows = |name: &str| {
        let body = example(folder, name);
        body.get("results").unwrap_or(&body).as_array().expect("rows").clone()
    };
    let mut market = market();
    market.split("s2", "KIMpL", "2024-07-05", 1.0, 3.0);
    market.tickers = ["A", "B"].map(Ticker::new).to_vec();
    market.income_statements = rows("stocks__financials__v1__income-statements");
    market.balance_sheets = rows("stocks__financials__v1__balance-sheets");
    market.cash_flow_statements = rows("stocks__financials__v1__cash-flow-statements");
    market.events = vec![example(folder, "vX__reference__tickers__id__events")["results"].clone()];
    market.holidays = rows("v1__marketstatus__upcoming");
    market.holidays.iter_mut().for_each(|day| day["date"] = json!("2024-11-28"));
    market
}

fn example(folder: &Path, name: &str) -> Value {
    let text = std::fs::read(folder.join("examples").join(format!("{name}.json"))).expect("an example");
    serde_json::from_slice(&text).expect("JSON")
}

/// A vendor, its specifications, and the folder of its documents.
fn documented() -> Option<(Vendor, &'static [Value], PathBuf)> {
    let folder = data().map(|data| data.join("polygon_json")).filter(|folder| folder.is_dir());
    let Some(folder) = folder else {
        eprintln!("skipped: name a folder of real data in TIDEMARK_TEST_DATA");
        return None;
    };
    Some((Vendor::start(full_market(&folder)), specifications(&folder), folder))
}

#[test]
fn every_list_takes_the_parameters_of_the_specification_and_no_other() {
    let Some((_, specifications, _)) = documented() else { return };
    for list in LISTS {
        let last = specifications.iter().rfind(|all| all["paths"].get(list.path).is_some());
        let last = last.expect("a path of the specification");
        let parameters = last["paths"][list.path]["get"]["parameters"].as_array().expect("parameters");
        let named = |parameter: &&Value, name: &str| parameter["name"] == name;
        let mut names: Vec<&str> =
            parameters.iter().map(|one| one["name"].as_str().expect("a name")).collect();
        let mut ours = list.parameters();
        names.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, names, "{}", list.path);

        let limit = parameters.iter().find(|one| named(one, "limit")).expect("a limit");
        assert_eq!(limit["schema"]["default"], list.default_limit, "{}", list.path);
        let most = list.most.to_string();
        assert!(limit["description"].as_str().is_some_and(|text| text.contains(&most)), "{}", list.path);
        let sort = parameters.iter().find(|one| named(one, "sort")).expect("a sort");
        let default = sort["schema"]["default"].as_str().expect("a default");
        assert_eq!(default.split('.').next(), Some(list.sort.0), "{}", list.path);
    }
}

#[test]
fn every_answer_has_the_fields_that_the_specification_requires_of_the_types_that_it_names() {
    let Some((vendor, specifications, _)) = documented() else { return };
    for [path, target, _] in PATHS {
        let body = ask(&vendor, target);
        for specification in specifications.iter().filter(|all| all["paths"].get(path).is_some()) {
            let answer =
                &specification["paths"][path]["get"]["responses"]["200"]["content"]["application/json"];
            let mut faults = Vec::new();
            hold(&answer["schema"], &body, specification, path, &mut faults);
            // The schema says text, the vendor's own example has a number.
            faults.retain(|fault| !fault.ends_with("request_id is no string"));
            assert!(faults.is_empty(), "{target}: {faults:?}\n{body}");
        }
    }
}

/// Collects what `value` lacks of `schema`, or has of another type.
fn hold(schema: &Value, value: &Value, all: &Value, at: &str, faults: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.trim_start_matches('#');
        return hold(all.pointer(pointer).expect("a schema"), value, all, at, faults);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        hold(part, value, all, at, faults);
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            faults.push(format!("{at} lacks {name}"));
        }
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name).filter(|value| !value.is_null()) {
            hold(schema, value, all, &format!("{at} {name}"), faults);
        }
    }
    let is_right = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    if !is_right {
        faults.push(format!("{at} is no {}", schema["type"].as_str().unwrap_or_default()));
    }
    if let Some(items) = schema.get("items") {
        for value in value.as_array().into_iter().flatten() {
            hold(items, value, all, at, faults);
        }
    }
}

#[test]
fn every_field_of_the_vendors_examples_is_in_the_answer() {
    let Some((vendor, _, folder)) = documented() else { return };
    for [_, target, name] in PATHS.iter().filter(|[.., name]| !name.is_empty()) {
        let mut missing = Vec::new();
        contain(&example(&folder, name), &ask(&vendor, target), target, &mut missing);
        assert!(missing.is_empty(), "{missing:?}");
    }
}

/// Collects the fields of `example` that `answer` has not, or of another kind; of lists the first element counts.
fn contain(example: &Value, answer: &Value, at: &str, missing: &mut Vec<String>) {
    match (example, answer) {
        (Value::Object(fields), Value::Object(_)) => {
            for (name, value) in fields {
                match answer.get(name) {
                    Some(found) => contain(value, found, &format!("{at} {name}"), missing),
                    None => missing.push(format!("{at} {name}")),
                }
            }
        }
        (Value::Array(rows), Value::Array(found)) => {
            if let (Some(row), Some(found)) = (rows.first(), found.first()) {
                contain(row, found, at, missing);
            } else if !rows.is_empty() {
                missing.push(format!("{at} is empty"));
            }
        }
        (Value::Number(_), Value::Number(_))
        | (Value::String(_), Value::String(_))
        | (Value::Bool(_), Value::Bool(_)) => {}
        _ => missing.push(format!("{at} is of another kind")),
    }
}

#[test]
fn the_parameters_of_single_replies_are_those_of_the_specification() {
    let Some((vendor, specifications, _)) = documented() else { return };
    let is_list = |path: &str| LISTS.iter().any(|list| list.path == path);
    let mut asked = 0;
    for [path, target, _] in PATHS.iter().filter(|[path, ..]| !is_list(path)) {
        let found = specifications.iter().find(|all| all["paths"].get(*path).is_some()).expect("a path");
        let parameters = found["paths"][*path]["get"]["parameters"].as_array();
        let bare = target.split('?').next().expect("a path");
        for parameter in parameters.into_iter().flatten().filter(|one| one["in"] == "query") {
            let name = parameter["name"].as_str().expect("a name");
            let value = match (name, parameter["schema"]["type"].as_str()) {
                ("date", _) => "2024-07-02",
                ("types", _) => "ticker_change",
                (_, Some("boolean")) => "true",
                (_, Some("integer")) => "3",
                _ => parameter["schema"]["enum"][0].as_str().expect("a choice"),
            };
            let got = get(&vendor, &format!("{bare}?{name}={value}"));
            assert_eq!(got.status, 200, "{path} {name}: {}", got.text());
            asked += 1;
        }
        assert_eq!(get(&vendor, &format!("{bare}?surprise=1")).status, 400, "{path}");
    }
    assert_eq!(asked, 9);
}
