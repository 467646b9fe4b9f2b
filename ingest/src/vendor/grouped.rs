//! One day's bars of the whole market, as the vendor's grouped reply gives them, and what is not taken from it.

use chrono::NaiveDate;
use serde_json::Value;
use tidemark::domain::bar::DayBar;

use super::rows::{self, Reply, SetAside, SetAsideReason, Settled};
use crate::flatfiles::{check_ticker, printable};

/// The whole market on one session.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupedDay {
    /// The day that was asked for. The rows' own `t` (16:00 New York) is not used.
    pub session: NaiveDate,
    /// One bar a ticker, sorted by ticker; raw as printed.
    pub bars: Vec<(String, DayBar)>,
    /// Rows that gave no bar, each with its reason.
    pub set_aside: Vec<SetAside<String>>,
    /// Rows in the reply: bars, set aside and repeated.
    pub received: usize,
    /// Rows that only said again what another row of the ticker said.
    pub repeated: usize,
}

/// Reads a grouped reply asked for with `adjusted=false`. The error is the reason, for `Malformed`.
pub(super) fn parse(session: NaiveDate, body: &[u8]) -> Result<GroupedDay, String> {
    let reply = Reply::read(body)?;
    let mut set_aside = Vec::new();
    let mut settled = Settled::new();
    for row in reply.rows() {
        let ticker = row.get("T").and_then(Value::as_str).filter(|ticker| !ticker.is_empty());
        let read = ticker.ok_or(SetAsideReason::NoTicker).and_then(|ticker| {
            check_ticker(ticker.as_bytes()).map_err(SetAsideReason::Ticker)?;
            settled.add(ticker.to_owned(), rows::bar(row)?)
        });
        if let Err(reason) = read {
            set_aside.push(SetAside { of: ticker.map(|ticker| printable(ticker.as_bytes())), reason });
        }
    }
    let (received, repeated) = (reply.rows().len(), settled.repeated);
    Ok(GroupedDay { session, bars: settled.bars(), set_aside, received, repeated })
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
            .map(|row| (row.of.as_deref().unwrap_or("-"), row.reason.to_string()))
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
