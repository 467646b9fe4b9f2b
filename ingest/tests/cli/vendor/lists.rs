//! Lists of records: filters, order, limit, pages. What each list takes is the vendor's own table of parameters, which a
//! test holds against its specification.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::http::Request;
use super::market::Market;
use super::query::{self, Query};
use super::reply::{Answer, Reply, bad, request_id};

/// What a parameter's values are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Text,
    Date,
    Number,
    Boolean,
    OneOf(&'static [&'static str]),
    /// The field is a list; the parameter asks what it holds.
    Within,
}

/// How a column can be asked for besides equality.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ways {
    Equal,
    Range,
    Any,
    AnyAndRange,
    AnyAndAll,
}

/// Sort and order in one parameter, or in two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Order {
    One,
    Two,
}

/// One list.
pub struct List {
    pub path: &'static str,
    pub columns: &'static [(&'static str, Kind, Ways)],
    pub default_limit: usize,
    pub most: usize,
    /// Column, and whether it ascends.
    pub sort: (&'static str, bool),
    pub order: Order,
    records: fn(&Market, &Query) -> Result<Vec<Value>, Reply>,
}

use Kind::{Boolean, Date, Number, OneOf, Text, Within};
use Ways::{Any, AnyAndAll, AnyAndRange, Equal, Range};

const STATEMENT: &[(&str, Kind, Ways)] = &[
    ("cik", Text, AnyAndRange),
    ("tickers", Within, AnyAndAll),
    ("period_end", Date, Range),
    ("filing_date", Date, Range),
    ("fiscal_year", Number, Range),
    ("fiscal_quarter", Number, Range),
    ("timeframe", Text, AnyAndRange),
];

const TYPES: &[&str] = &[
    "CS", "ADRC", "ADRP", "ADRR", "UNIT", "RIGHT", "PFD", "FUND", "SP", "WARRANT", "INDEX", "ETF", "ETN",
    "OS", "GDR", "OTHER", "NYRS", "AGEN", "EQLK", "BOND", "ADRW", "BASKET", "LT",
];

const fn statements(path: &'static str, records: fn(&Market, &Query) -> Result<Vec<Value>, Reply>) -> List {
    List {
        path,
        columns: STATEMENT,
        default_limit: 100,
        most: 50_000,
        sort: ("period_end", true),
        order: Order::One,
        records,
    }
}

/// All lists.
pub const LISTS: &[List] = &[
    List {
        path: "/stocks/v1/splits",
        columns: &[
            ("ticker", Text, AnyAndRange),
            ("execution_date", Date, Range),
            ("adjustment_type", OneOf(&["forward_split", "reverse_split", "stock_dividend"]), Any),
        ],
        default_limit: 100,
        most: 5_000,
        sort: ("execution_date", false),
        order: Order::One,
        records: |market, _| Ok(market.splits.clone()),
    },
    List {
        path: "/stocks/v1/dividends",
        columns: &[
            ("ticker", Text, AnyAndRange),
            ("ex_dividend_date", Date, Range),
            ("frequency", Number, Range),
            (
                "distribution_type",
                OneOf(&["recurring", "special", "supplemental", "irregular", "unknown"]),
                Any,
            ),
        ],
        default_limit: 100,
        most: 5_000,
        sort: ("ticker", true),
        order: Order::One,
        records: |market, _| Ok(market.dividends.clone()),
    },
    statements("/stocks/financials/v1/income-statements", |market, _| Ok(market.income_statements.clone())),
    statements("/stocks/financials/v1/balance-sheets", |market, _| Ok(market.balance_sheets.clone())),
    statements("/stocks/financials/v1/cash-flow-statements", |market, _| {
        Ok(market.cash_flow_statements.clone())
    }),
    List {
        path: "/v3/reference/splits",
        columns: &[
            ("ticker", Text, Range),
            ("execution_date", Date, Range),
            ("reverse_split", Boolean, Equal),
        ],
        default_limit: 10,
        most: 1_000,
        sort: ("execution_date", true),
        order: Order::Two,
        records: |market, _| Ok(market.splits.iter().map(older_split).collect()),
    },
    List {
        path: "/v3/reference/dividends",
        columns: &[
            ("ticker", Text, Range),
            ("ex_dividend_date", Date, Range),
            ("record_date", Date, Range),
            ("declaration_date", Date, Range),
            ("pay_date", Date, Range),
            ("frequency", Number, Equal),
            ("cash_amount", Number, Range),
            ("dividend_type", OneOf(&["CD", "SC", "LT", "ST"]), Equal),
        ],
        default_limit: 10,
        most: 1_000,
        sort: ("ex_dividend_date", true),
        order: Order::Two,
        records: |market, _| Ok(market.dividends.iter().map(older_dividend).collect()),
    },
    List {
        path: "/v3/reference/tickers",
        columns: &[
            ("ticker", Text, Range),
            ("type", OneOf(TYPES), Equal),
            ("market", OneOf(&["stocks", "crypto", "fx", "otc", "indices"]), Equal),
            ("exchange", Text, Equal),
            ("cusip", Text, Equal),
            ("cik", Text, Equal),
            ("date", Date, Equal),
            ("search", Text, Equal),
            ("active", Boolean, Equal),
        ],
        default_limit: 100,
        most: 1_000,
        sort: ("ticker", true),
        order: Order::Two,
        records: tickers,
    },
];

impl List {
    /// Every parameter that the list takes.
    pub fn parameters(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (column, _, ways) in self.columns {
            names.push((*column).to_owned());
            names.extend(ways_of(*ways).iter().map(|way| format!("{column}.{way}")));
        }
        names.extend(["limit", "sort"].map(str::to_owned));
        if self.order == Order::Two {
            names.push("order".to_owned());
        }
        names
    }

    pub fn answer(&self, market: &Market, request: &Request) -> Answer {
        let known = self.parameters();
        let query = Query::of(request, &known.iter().map(String::as_str).collect::<Vec<_>>())?;
        let limit = query.limit(self.default_limit, self.most)?.min(market.page.unwrap_or(usize::MAX));
        let mut records = (self.records)(market, &query)?;
        for (name, value) in &query.0 {
            let (column, way) = name.split_once('.').unwrap_or((name, ""));
            let Some((column, kind, _)) = self.columns.iter().find(|(own, ..)| *own == column) else {
                continue;
            };
            check(name, *kind, way, value)?;
            // These are about the record as a whole: `records` has seen to them.
            if !["date", "search", "active", "exchange", "cusip", "reverse_split"].contains(column) {
                records.retain(|record| passes(&record[*column], *kind, way, value));
            }
        }
        for (column, ascends) in self.sorting(&query)?.iter().rev() {
            records.sort_by(|a, b| {
                let order = compare(&a[column], &b[column]);
                if *ascends { order } else { order.reverse() }
            });
        }
        let from = query.marker().min(records.len());
        let until = (from + limit).min(records.len());
        // A number, as in the vendor's own examples of these two.
        let is_number = self.path.starts_with("/stocks/v1/");
        let id = if is_number { json!(1) } else { json!(request_id(&request.path, &query)) };
        let mut body = json!({
            "status": market.status(), "request_id": id, "results": records[from..until],
            "served": {"by": "a new field"},
        });
        if self.order == Order::Two {
            body["count"] = json!(until - from);
        }
        if until < records.len() {
            body["next_url"] =
                json!(format!("{}{}?cursor={}", request.origin, self.path, query.cursor(until)));
        }
        Ok(Reply::json(body.to_string()))
    }

    /// Columns to sort by, the first one first, and whether each ascends.
    fn sorting(&self, query: &Query) -> Result<Vec<(String, bool)>, Reply> {
        let is_column = |name: &str| self.columns.iter().any(|(own, ..)| *own == name);
        let wrong = |text: &str| bad(&format!("'sort' cannot be '{text}'"));
        let default = || (self.sort.0.to_owned(), self.sort.1);
        if self.order == Order::Two {
            let ascends = match query.get("order") {
                None => self.sort.1,
                Some("asc") => true,
                Some("desc") => false,
                Some(other) => return Err(bad(&format!("'order' must be asc or desc, not '{other}'"))),
            };
            return match query.get("sort") {
                None => Ok(vec![(default().0, ascends)]),
                Some(column) if is_column(column) => Ok(vec![(column.to_owned(), ascends)]),
                Some(other) => Err(wrong(other)),
            };
        }
        let Some(text) = query.get("sort") else { return Ok(vec![default()]) };
        text.split(',')
            .map(|part| match part.rsplit_once('.') {
                Some((column, "asc")) if is_column(column) => Ok((column.to_owned(), true)),
                Some((column, "desc")) if is_column(column) => Ok((column.to_owned(), false)),
                None if is_column(part) => Ok((part.to_owned(), self.sort.1)),
                _ => Err(wrong(part)),
            })
            .collect()
    }
}

fn ways_of(ways: Ways) -> &'static [&'static str] {
    match ways {
        Equal => &[],
        Range => &["gt", "gte", "lt", "lte"],
        Any => &["any_of"],
        AnyAndRange => &["any_of", "gt", "gte", "lt", "lte"],
        AnyAndAll => &["any_of", "all_of"],
    }
}

fn check(name: &str, kind: Kind, way: &str, value: &str) -> Result<(), Reply> {
    let values: Vec<&str> = if way.ends_with("_of") { value.split(',').collect() } else { vec![value] };
    for value in values {
        match kind {
            Date => drop(query::date(name, value)?),
            Number if value.parse::<f64>().is_err() => {
                return Err(bad(&format!("'{name}' must be a number")));
            }
            Boolean if !["true", "false"].contains(&value) => {
                return Err(bad(&format!("'{name}' must be a boolean")));
            }
            OneOf(all) if !all.contains(&value) => return Err(bad(&format!("'{name}' cannot be '{value}'"))),
            _ => {}
        }
    }
    Ok(())
}

fn passes(field: &Value, kind: Kind, way: &str, wanted: &str) -> bool {
    if kind == Within {
        let holds = |one: &str| field.as_array().is_some_and(|all| all.iter().any(|value| value == one));
        return match way {
            "any_of" => wanted.split(',').any(holds),
            "all_of" => wanted.split(',').all(holds),
            _ => holds(wanted),
        };
    }
    let order = |wanted: &str| match kind {
        Number => field.as_f64().zip(wanted.parse().ok()).map(|(a, b)| a.total_cmp(&b)),
        _ => field.as_str().map(|text| text.cmp(wanted)),
    };
    match way {
        "any_of" => wanted.split(',').any(|one| order(one) == Some(Ordering::Equal)),
        "gt" => order(wanted) == Some(Ordering::Greater),
        "gte" => order(wanted).is_some_and(Ordering::is_ge),
        "lt" => order(wanted) == Some(Ordering::Less),
        "lte" => order(wanted).is_some_and(Ordering::is_le),
        _ => order(wanted) == Some(Ordering::Equal),
    }
}

/// Numbers, then texts, then what is missing.
fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(_), Value::Number(_)) => {
            a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0))
        }
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Greater,
        (_, Value::Null) => Ordering::Less,
        (a, b) => a.to_string().cmp(&b.to_string()),
    }
}

fn older_split(record: &Value) -> Value {
    let names = ["id", "ticker", "execution_date", "split_from", "split_to"];
    names
        .iter()
        .map(|name| ((*name).to_owned(), record[*name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn older_dividend(record: &Value) -> Value {
    let names = [
        "id",
        "ticker",
        "cash_amount",
        "currency",
        "declaration_date",
        "ex_dividend_date",
        "record_date",
        "pay_date",
        "frequency",
    ];
    let mut older: serde_json::Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), record[*name].clone())).collect();
    let kind = if record["distribution_type"] == "recurring" { "CD" } else { "SC" };
    older.insert("dividend_type".to_owned(), kind.into());
    older.into()
}

/// Rows of the tickers that a day, a word and an exchange leave.
fn tickers(market: &Market, query: &Query) -> Result<Vec<Value>, Reply> {
    let active = query.boolean("active", true)?;
    let date = query.date("date")?;
    let is_active =
        |ticker: &super::Ticker| date.map_or(ticker.is_active(), |date| ticker.is_active_on(date));
    let rows =
        market.tickers.iter().filter(|ticker| is_active(ticker) == active).map(|ticker| ticker.row.clone());
    let has = |row: &Value, name: &str, word: &str| {
        row[name].as_str().is_some_and(|text| text.to_lowercase().contains(&word.to_lowercase()))
    };
    Ok(rows
        .filter(|row| query.get("exchange").is_none_or(|exchange| row["primary_exchange"] == exchange))
        .filter(|_| query.get("cusip").is_none())
        .filter(|row| {
            query.get("search").is_none_or(|word| has(row, "ticker", word) || has(row, "name", word))
        })
        .collect())
}
