//! One day's bars of the whole market, as the vendor's grouped reply gives them, and what is not taken from it.

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use tidemark::domain::bar::{BarFault, DayBar};

use crate::flatfiles::{TickerFault, check_ticker, printable};

/// The whole market on one session.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupedDay {
    /// The day that was asked for. The rows' own `t` (16:00 New York) is not used.
    pub session: NaiveDate,
    /// One bar a ticker, sorted by ticker; raw as printed.
    pub bars: Vec<(String, DayBar)>,
    /// Rows that gave no bar, each with its reason.
    pub set_aside: Vec<SetAside>,
    /// Rows in the reply: bars, set aside and repeated.
    pub received: usize,
    /// Rows that only said again what another row of the ticker said.
    pub repeated: usize,
}

/// A row that gave no bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The ticker, where the row has one.
    pub ticker: Option<String>,
    /// Why.
    pub reason: SetAsideReason,
}

/// Why a row gave no bar. The text is what the load summary counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum SetAsideReason {
    /// The row is no object, or has no ticker.
    #[error("no ticker")]
    NoTicker,
    /// The ticker is not one.
    #[error(transparent)]
    Ticker(TickerFault),
    /// A field is missing, or is not a number.
    #[error("no number in field {0}")]
    Missing(&'static str),
    /// The numbers are no bar.
    #[error(transparent)]
    Fault(#[from] BarFault),
    /// Another row of the same ticker says something else and has the greater volume, or, at the same volume,
    /// the greater close.
    #[error("contradicts another row of the ticker")]
    Contradicted,
}

#[derive(Deserialize)]
struct Reply {
    adjusted: Option<bool>,
    #[serde(rename = "resultsCount")]
    results_count: Option<usize>,
    results: Option<Vec<Value>>,
}

/// Reads a grouped reply asked for with `adjusted=false`. The error is the reason, for `Malformed`.
pub(super) fn parse(session: NaiveDate, body: &[u8]) -> Result<GroupedDay, String> {
    let reply: Reply = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let rows = reply.results.unwrap_or_default();
    if reply.adjusted == Some(true) && !rows.is_empty() {
        return Err("asked for raw prices, got adjusted ones".to_owned());
    }
    if let Some(count) = reply.results_count.filter(|count| *count > rows.len()) {
        return Err(format!("{count} rows are announced, {} are there", rows.len()));
    }

    let mut day =
        GroupedDay { session, bars: Vec::new(), set_aside: Vec::new(), received: rows.len(), repeated: 0 };
    let mut kept: BTreeMap<String, DayBar> = BTreeMap::new();
    for row in &rows {
        let ticker = row.get("T").and_then(Value::as_str).filter(|ticker| !ticker.is_empty());
        let mut set_aside = |reason| {
            let ticker = ticker.map(|ticker| printable(ticker.as_bytes()));
            day.set_aside.push(SetAside { ticker, reason });
        };
        let Some(ticker) = ticker else {
            set_aside(SetAsideReason::NoTicker);
            continue;
        };
        if let Err(reason) = check_ticker(ticker.as_bytes()) {
            set_aside(SetAsideReason::Ticker(reason));
            continue;
        }
        let bar = match bar(row) {
            Ok(bar) => bar,
            Err(reason) => {
                set_aside(reason);
                continue;
            }
        };
        match kept.get_mut(ticker) {
            None => {
                kept.insert(ticker.to_owned(), bar);
            }
            Some(other) if *other == bar => day.repeated += 1,
            Some(other) => {
                set_aside(SetAsideReason::Contradicted);
                if weight(&bar) > weight(other) {
                    *other = bar;
                }
            }
        }
    }
    day.bars = kept.into_iter().collect();
    Ok(day)
}

fn bar(row: &Value) -> Result<DayBar, SetAsideReason> {
    let number =
        |field: &'static str| row.get(field).and_then(Value::as_f64).ok_or(SetAsideReason::Missing(field));
    let optional = |field: &'static str| match row.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or(SetAsideReason::Missing(field)),
    };
    let bar = DayBar {
        open: number("o")?,
        high: number("h")?,
        low: number("l")?,
        close: number("c")?,
        volume: number("v")? + 0.0, // so that -0 and 0 are the same bits
        vwap: optional("vw")?,
        trade_count: optional("n")?.map(|count| count as i64).filter(|count| *count > 0),
    };
    bar.check()?;
    Ok(bar)
}

/// What decides between two rows of one ticker: volume, close, then the rest, so that the order of the rows
/// never matters. All numbers are finite and not negative, so that their bits order as they do.
fn weight(bar: &DayBar) -> [u64; 7] {
    let optional = |value: Option<f64>| value.map_or(0, f64::to_bits);
    [
        (bar.volume + 0.0).to_bits(),
        bar.close.to_bits(),
        bar.high.to_bits(),
        bar.low.to_bits(),
        bar.open.to_bits(),
        optional(bar.vwap),
        bar.trade_count.map_or(0, i64::cast_unsigned),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn session() -> NaiveDate {
        NaiveDate::from_ymd_opt(2024, 1, 3).unwrap()
    }

    fn day(rows: &str) -> GroupedDay {
        let body = format!(r#"{{"status":"OK","adjusted":false,"results":[{rows}]}}"#);
        parse(session(), body.as_bytes()).unwrap()
    }

    #[test]
    fn a_row_becomes_the_bar_of_the_day_asked_for() {
        let day = day(r#"{"T":"KIMpL","c":25.9102,"h":26.25,"l":25.91,"n":74,"o":26.07,"t":1602705600000,
            "v":1.12117471e+08,"vw":26.0407}"#);
        assert_eq!(day.session, session());
        let bar = DayBar {
            open: 26.07,
            high: 26.25,
            low: 25.91,
            close: 25.9102,
            volume: 112_117_471.0,
            vwap: Some(26.0407),
            trade_count: Some(74),
        };
        assert_eq!(day.bars, [("KIMpL".to_owned(), bar)]);
        assert_eq!((day.received, day.repeated, day.set_aside.len()), (1, 0, 0));
    }

    #[test]
    fn vwap_and_trade_count_may_be_missing_or_null() {
        let day = day(
            r#"{"T":"A","o":1,"h":1,"l":1,"c":1,"v":0.5},{"T":"B","o":1,"h":1,"l":1,"c":1,"v":0,"vw":null,"n":null}"#,
        );
        assert_eq!(day.bars.len(), 2);
        assert!(day.bars.iter().all(|(_, bar)| bar.vwap.is_none() && bar.trade_count.is_none()));
    }

    #[test]
    fn an_empty_day_gives_no_rows() {
        for body in [
            r#"{"status":"OK","queryCount":0,"resultsCount":0,"adjusted":false}"#,
            r#"{"status":"OK","adjusted":true,"results":[]}"#,
            r#"{"results":null}"#,
        ] {
            let day = parse(session(), body.as_bytes()).unwrap();
            assert_eq!((day.received, day.bars.len()), (0, 0), "{body}");
        }
    }

    #[test]
    fn a_bad_row_is_set_aside_with_its_reason_and_harms_no_other() {
        let day = day(r#"{"T":"GOOD","o":1,"h":2,"l":1,"c":2,"v":5},
               {"T":"LATE","h":2,"l":1,"c":2,"v":5},
               {"T":"WORD","o":"1","h":2,"l":1,"c":2,"v":5},
               {"T":"ZERO","o":0,"h":2,"l":1,"c":2,"v":5},
               {"T":"TURN","o":1,"h":1,"l":2,"c":2,"v":5},
               {"T":"LESS","o":1,"h":2,"l":1,"c":2,"v":-5},
               {"T":"ODD","o":1,"h":2,"l":1,"c":2,"v":5,"vw":"x"},
               {"o":1,"h":2,"l":1,"c":2,"v":5}, 7"#);
        assert_eq!(day.bars.len(), 1);
        assert_eq!(day.received, 9);
        let reasons: Vec<_> = day
            .set_aside
            .iter()
            .map(|row| (row.ticker.as_deref().unwrap_or("-"), row.reason.to_string()))
            .collect();
        let expected = [
            ("LATE", "no number in field o"),
            ("WORD", "no number in field o"),
            ("ZERO", "a price is not a number above 0"),
            ("TURN", "high is below low"),
            ("LESS", "volume is not a number of 0 or more"),
            ("ODD", "no number in field vw"),
            ("-", "no ticker"),
            ("-", "no ticker"),
        ];
        assert_eq!(reasons, expected.map(|(ticker, reason)| (ticker, reason.to_owned())));
    }

    #[test]
    fn of_contradicting_rows_the_greatest_volume_stays_whatever_their_order() {
        let small = r#"{"T":"A","o":1,"h":9,"l":1,"c":8,"v":5}"#;
        let large = r#"{"T":"A","o":1,"h":9,"l":1,"c":2,"v":50}"#;
        let large_higher = r#"{"T":"A","o":1,"h":9,"l":1,"c":3,"v":50}"#;
        let orders = [
            [small, large, large_higher],
            [small, large_higher, large],
            [large, small, large_higher],
            [large, large_higher, small],
            [large_higher, small, large],
            [large_higher, large, small],
        ];
        for rows in orders {
            let day = day(&rows.join(","));
            assert_eq!(day.bars.len(), 1);
            assert_eq!((day.bars[0].1.volume, day.bars[0].1.close), (50.0, 3.0), "{rows:?}");
            assert!(day.set_aside.iter().all(|row| row.reason == SetAsideReason::Contradicted));
            assert_eq!(day.set_aside.len(), 2);
        }
    }

    #[test]
    fn an_identical_row_is_counted_and_collapsed() {
        let row = r#"{"T":"A","o":1,"h":9,"l":1,"c":8,"v":5}"#;
        let day = day(&format!("{row},{row}"));
        assert_eq!((day.bars.len(), day.repeated, day.set_aside.len()), (1, 1, 0));
    }

    /// Needs serde_json's feature `float_roundtrip`; without it a day asked for differs from the same day's file.
    #[test]
    fn numbers_are_read_to_the_last_bit() {
        let day = day(
            r#"{"T":"A","o":0.30000000000000004,"h":10.957860598549463,"l":0.1,"c":9007199254740.993,"v":1e-7}"#,
        );
        let bar = day.bars[0].1;
        assert_eq!(bar.open.to_bits(), 0.30000000000000004_f64.to_bits());
        assert_eq!(bar.high.to_bits(), 10.957860598549463_f64.to_bits());
        assert_eq!(bar.close.to_bits(), 9007199254740.993_f64.to_bits());
    }

    #[test]
    fn adjusted_prices_and_missing_rows_are_refused() {
        let row = r#"{"T":"A","o":1,"h":9,"l":1,"c":8,"v":5}"#;
        let refused = |body: String| parse(session(), body.as_bytes()).unwrap_err();
        assert!(refused(format!(r#"{{"adjusted":true,"results":[{row}]}}"#)).contains("adjusted"));
        assert!(refused(format!(r#"{{"resultsCount":2,"results":[{row}]}}"#)).contains("announced"));
        assert!(refused(r#"{"results":[{"T":"#.to_owned()).contains("EOF"));
    }

    /// Reads the vendor's own examples where they are at hand; a folder that is named must hold them.
    #[test]
    fn the_vendors_examples_are_read() {
        let named = std::env::var_os("TIDEMARK_TEST_DATA").map(PathBuf::from);
        let folder = named
            .clone()
            .unwrap_or_else(|| [env!("CARGO_MANIFEST_DIR"), "..", "..", "shared", "data"].iter().collect());
        if named.is_none() && !folder.exists() {
            eprintln!("skipped: set TIDEMARK_TEST_DATA to a folder with polygon_json");
            return;
        }
        for (file, tickers) in [
            (
                "examples/v2__aggs__grouped__locale__us__market__stocks__date.json",
                vec!["KIMpL", "TANH", "VSAT"],
            ),
            (
                "client_mocks/v2/aggs/grouped/locale/us/market/stocks/2005-04-04&adjusted=true.json",
                vec!["GIK"],
            ),
        ] {
            let text = std::fs::read_to_string(folder.join("polygon_json").join(file)).unwrap();
            let text = text.replace(r#""adjusted": true"#, r#""adjusted": false"#);
            let day = parse(session(), text.as_bytes()).unwrap();
            assert_eq!(day.bars.iter().map(|(ticker, _)| ticker.as_str()).collect::<Vec<_>>(), tickers);
            assert_eq!((day.received, day.set_aside.len()), (tickers.len(), 0));
        }
    }
}
