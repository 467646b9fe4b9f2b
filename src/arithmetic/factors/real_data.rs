//! Prices of 2014 that a vendor gives raw and adjusted side by side: what we compound from raw prices, splits and dividends
//! must be what its adjusted prices say. Read in place from `TIDEMARK_TEST_DATA`.

use std::io::Read;
use std::path::Path;

use super::sample::Sample;
use crate::domain::history::{Dividend, Split};

/// The sample table: a zip of one deflated file, whose name and extra field follow a header of 30 bytes.
fn table(folder: &Path) -> String {
    let path = folder.join("quandl_wiki/QUANDL_ARCHIVE.zip");
    let zip = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let length_at = |at: usize| usize::from(u16::from_le_bytes([zip[at], zip[at + 1]]));
    let mut text = String::new();
    let deflated = &zip[30 + length_at(26) + length_at(28)..];
    flate2::read::DeflateDecoder::new(deflated).read_to_string(&mut text).expect("a deflated text");
    text
}

/// The ticker's history, a session a row of the table, and its adjusted closes.
fn adjusted(folder: &Path, ticker: &str) -> (Sample, Vec<f64>) {
    let (mut sample, mut adjusted_close) = (Sample::default(), Vec::new());
    let rows = table(folder);
    let rows = rows.lines().map(|line| line.split(',').collect::<Vec<_>>()).filter(|row| row[0] == ticker);
    for (session, row) in (0..).zip(rows) {
        let number = |column: usize| row[column].parse::<f64>().expect("a number");
        sample.sessions.push(session);
        sample.close.push(number(5));
        sample.volume.push(number(6));
        if number(7) != 0.0 {
            sample.dividends.push(Dividend { session, cash: number(7) });
        }
        if number(8) != 1.0 {
            sample.splits.push(Split { session, ratio: number(8) });
        }
        adjusted_close.push(number(12));
    }
    (sample, adjusted_close)
}

#[test]
fn returns_through_a_seven_for_one_split_are_those_of_adjusted_prices() {
    let Some(folder) = crate::real_data() else { return };
    for (ticker, splits, dividends) in [("AAPL", 1, 4), ("MSFT", 0, 4), ("BRK_A", 0, 0)] {
        let (sample, adjusted) = adjusted(&folder, ticker);
        assert_eq!((sample.splits.len(), sample.dividends.len()), (splits, dividends), "{ticker}");
        let rows = sample.rows(0..252, None);
        for (factor, from, to) in [("rev_1", 21, 0), ("mom_3", 63, 0), ("mom_6_1", 126, 21)] {
            for t in from..252 {
                let expected = adjusted[t - to] / adjusted[t - from] - 1.0;
                let value = rows.column(factor)[t];
                assert!((value - expected).abs() < 1e-9, "{ticker} {factor} {t}: {value} is not {expected}");
            }
        }
    }
}

#[test]
fn the_dividends_of_2014_are_paid_on_shares_split_seven_for_one() {
    let Some(folder) = crate::real_data() else { return };
    let (sample, _) = adjusted(&folder, "AAPL");
    let close = sample.close[251];
    let expected = (3.05 / 7.0 + 3.29 / 7.0 + 0.47 + 0.47) / close;
    assert!((sample.last("div_yield", None) - expected).abs() < 1e-15);
    let highest =
        sample.close.iter().zip(0..).map(|(c, s)| if s < sample.splits[0].session { c / 7.0 } else { *c });
    assert_eq!(sample.last("high_52w", None), close / highest.fold(0.0, f64::max));
}
