//! Decoding minutes, from small files written here.

use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::flatfiles::set_aside::Reason;

const HEADER: &str = "ticker,volume,open,close,high,low,window_start,transactions";
/// 09:30 of 2015-03-20 in New York, in minutes since 1970.
const OPEN: i64 = 23_780_400 + 570;

fn session() -> NaiveDate {
    NaiveDate::from_ymd_opt(2015, 3, 20).expect("a date")
}

fn pack(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).expect("write to memory");
    encoder.finish().expect("write to memory")
}

fn decode(text: &str) -> Result<MinuteFile, FlatFileError> {
    decode_minutes(Path::new("day.csv.gz"), &pack(text.as_bytes()), session(), |ticker| ticker != "SKIP")
}

/// A row `volume` shares at `close` in the `minute`th minute after the opening.
fn row(ticker: &str, minute: i64, volume: f64, close: f64) -> String {
    format!("{ticker},{volume},{close},{close},{close},{close},{},7", (OPEN + minute) * MINUTE)
}

fn file_of(rows: &[String]) -> Result<MinuteFile, FlatFileError> {
    decode(&format!("{HEADER}\n{}\n", rows.join("\n")))
}

/// Ticker, minute after the opening, volume and close of every bar.
fn bars(file: MinuteFile) -> Vec<(String, i64, f64, f64)> {
    let runs: Vec<(String, std::ops::Range<usize>)> =
        file.bars.runs().map(|(ticker, run)| (ticker.to_owned(), run)).collect();
    let all = file.bars.into_bars();
    runs.into_iter()
        .flat_map(|(ticker, run)| {
            let bars = all[run].iter();
            bars.map(move |bar| (ticker.clone(), i64::from(bar.minute) - OPEN, bar.volume, bar.close))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn reasons(file: &MinuteFile) -> Vec<(Reason, usize)> {
    file.set_aside.iter().map(|(reason, count, _)| (reason, count)).collect()
}

#[test]
fn a_row_worked_by_hand_becomes_a_minute_s_bar() {
    let file = decode(&format!(
        "{HEADER},vwap\nA,2216.5,42.39,42.21,42.53,42.2,1426858200000000000,18,42.3\nA,1,2,2,2,2,1426858260000000000,0,\n"
    ))
    .expect("decoded");
    let [first, second] = file.bars.into_bars()[..] else { panic!("two bars") };
    let expected = MinuteBar {
        minute: OPEN as i32,
        trade_count: std::num::NonZeroU32::new(18),
        open: 42.39,
        high: 42.53,
        low: 42.2,
        close: 42.21,
        volume: 2216.5,
        vwap: 42.3,
    };
    assert_eq!(first, expected);
    assert!(second.vwap.is_nan() && second.trade_count.is_none());
    assert_eq!((i64::from(second.minute), file.rows, file.set_aside.len()), (OPEN + 1, 2, 0));
}

#[test]
fn only_the_tickers_asked_for_are_kept_and_every_row_is_checked() {
    let rows = [
        row("A", 0, 1.0, 1.0),
        row("SKIP", 0, 1.0, 1.0),
        row("SKIP", 0, 1.0, 0.0),
        row("B", 5, 1.0, 1.0),
        row("B", 6, 1.0, 1.0),
    ];
    let file = file_of(&rows).expect("decoded");
    assert_eq!((file.rows, file.set_aside.len()), (5, 1));
    let kept: Vec<(String, i64)> = bars(file).into_iter().map(|(ticker, at, ..)| (ticker, at)).collect();
    assert_eq!(kept, [("A".into(), 0), ("B".into(), 5), ("B".into(), 6)]);
}

#[test]
fn a_window_must_start_on_a_whole_minute_of_the_day_in_new_york() {
    let at = |ns: i64| format!("A,1,1,1,1,1,{ns},0");
    let (midnight, day) = ((OPEN - 570) * MINUTE, 24 * 60 * MINUTE);
    let good = [at(midnight), at(midnight + day - MINUTE), at(OPEN * MINUTE)];
    let file = file_of(&good).expect("decoded");
    assert_eq!((file.bars.len(), file.set_aside.len()), (3, 0));
    let bad = [at(midnight - MINUTE), at(midnight + day), at(OPEN * MINUTE + 1_000_000_000)];
    let file = file_of(&[good.to_vec(), bad.to_vec()].concat()).expect("decoded");
    assert_eq!(file.bars.len(), 3);
    assert_eq!(reasons(&file), [(Reason::AnotherDay, 2), (Reason::NotAMinute, 1)]);
    let shown = file.set_aside.iter().last().expect("examples").2[0].to_string();
    let expected =
        "line 7 (A): window_start \"1426858201000000000\": the window does not start on a whole minute";
    assert_eq!(shown, expected);
}

#[test]
fn equal_rows_are_one_and_of_contradictory_ones_the_greatest_volume_stays() {
    let file = file_of(&[
        row("B", 1, 1.0, 1.0),
        row("A", 0, 10.0, 1.0),
        row("A", 0, 20.0, 1.0),
        row("A", 0, 20.0, 2.0),
        row("A", 1, 5.0, 1.0),
        row("B", 1, 1.0, 1.0),
        row("B", 0, 3.0, 1.0),
        row("A", 0, 10.0, 1.0),
    ])
    .expect("decoded");
    assert_eq!(file.collapsed, 1);
    assert_eq!(reasons(&file), [(Reason::ContradictedMinute, 3)]);
    let lines: Vec<usize> =
        file.set_aside.iter().flat_map(|(.., rows)| rows.iter().map(|row| row.line)).collect();
    assert_eq!(lines, [4, 3, 9]);
    let kept = bars(file);
    let expected = [("A", 0, 20.0, 2.0), ("A", 1, 5.0, 1.0), ("B", 0, 3.0, 1.0), ("B", 1, 1.0, 1.0)];
    assert_eq!(kept, expected.map(|(ticker, at, volume, close)| (ticker.to_owned(), at, volume, close)));
}

#[test]
fn lines_are_whole_however_the_pieces_of_the_file_fall() {
    // Rows of different lengths across many pieces, with both kinds of line breaks and none at the end.
    let mut text = HEADER.to_owned();
    let mut expected = 0;
    for ticker in 0..60 {
        for minute in 0..390 {
            text += if minute % 3 == 0 { "\r\n" } else { "\n" };
            text += &row(
                &"T".repeat(ticker % 7 + 1),
                minute + 400 * (i64::from(ticker as i32) / 7 % 2),
                1.5,
                2.25,
            );
            expected += 1;
        }
    }
    assert!(text.len() > 3 * 256 * 1024);
    let file = decode(&text).expect("decoded");
    assert_eq!((file.rows, file.set_aside.len()), (expected, 0));
    assert_eq!(file.bars.len() + file.collapsed, expected);
    assert_eq!(file.bars.len(), 7 * 2 * 390);
}

#[test]
fn a_file_that_cannot_be_trusted_is_refused() {
    let refusal = |decoded: Result<MinuteFile, FlatFileError>| decoded.expect_err("refused").to_string();
    assert_eq!(refusal(decode("")), "day.csv.gz: unpacks to 0 bytes");
    assert_eq!(refusal(decode(HEADER)), "day.csv.gz: a header and no bars");
    let junk = "x".repeat(1 << 20);
    assert!(refusal(decode(&junk)).contains("line 1 is no header"));
    let good = row("A", 0, 1.0, 1.0);
    let packed = pack(format!("{HEADER}\n{good}\n").as_bytes());
    let cut = decode_minutes(Path::new("day.csv.gz"), &packed[..packed.len() - 3], session(), |_| true);
    assert!(refusal(cut).contains("cut short"));
    let rows = [good, row("A", 1, 1.0, 0.0), row("B", 1, 1.0, 0.0)];
    assert_eq!(
        refusal(file_of(&rows)),
        "day.csv.gz: 2 of 3 rows are unusable, the first in line 3 (A): open \"0\": a price is not a number above 0"
    );
    let another = [row("A", -600, 1.0, 1.0), row("A", -599, 1.0, 1.0)];
    let message = "day.csv.gz: the file is named for 2015-03-20, and its rows are of 2015-03-19";
    assert_eq!(refusal(file_of(&another)), message);
}

#[test]
fn a_count_of_trades_that_no_minute_has_is_no_number() {
    let rows = [row("A", 0, 1.0, 1.0), row("A", 1, 1.0, 1.0).replace(",7", ",4294967296")];
    let file = file_of(&rows).expect("decoded");
    assert_eq!((file.bars.len(), reasons(&file)), (1, vec![(Reason::NotANumber, 1)]));
}

proptest! {
    #[test]
    fn the_order_of_the_rows_does_not_matter(
        (rows, shuffled) in proptest::collection::vec((0_u8..4, 0_i64..4, 1_u8..3, 1_u8..3), 1..40)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        let decode = |rows: &[(u8, i64, u8, u8)]| {
            let lines: Vec<String> = rows
                .iter()
                .map(|(ticker, minute, volume, price)| row(&format!("T{ticker}"), *minute, f64::from(*volume), f64::from(*price)))
                .collect();
            file_of(&lines)
        };
        match (decode(&rows), decode(&shuffled)) {
            (Ok(one), Ok(other)) => {
                prop_assert_eq!(one.bars.len() + one.collapsed + one.set_aside.len(), rows.len());
                prop_assert_eq!((one.collapsed, reasons(&one)), (other.collapsed, reasons(&other)));
                let (mut one, mut other) = (bars(one), bars(other));
                // A map says what is right: the greatest row of every ticker and minute.
                let mut expected = std::collections::BTreeMap::new();
                for (ticker, minute, volume, price) in rows {
                    let best = expected.entry((format!("T{ticker}"), minute)).or_insert((0, 0));
                    *best = (*best).max((volume, price));
                }
                let expected: Vec<_> = expected.into_iter()
                    .map(|((ticker, minute), (volume, price))| (ticker, minute, f64::from(volume), f64::from(price)))
                    .collect();
                one.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
                other.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
                prop_assert_eq!(&one, &expected);
                prop_assert_eq!(other, expected);
            }
            (one, other) => prop_assert!(one.is_err() && other.is_err()),
        }
    }

    #[test]
    fn no_text_makes_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = [HEADER.as_bytes(), b"\n", &tail].concat();
        let _ = decode_minutes(Path::new("day.csv.gz"), &pack(&text), session(), |_| true);
        let _ = decode_minutes(Path::new("day.csv.gz"), &tail, session(), |_| true);
    }
}
