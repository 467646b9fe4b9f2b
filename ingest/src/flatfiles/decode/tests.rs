//! Decoding, from small files written here and from a year of real ones.

use std::io::Write;

use proptest::prelude::*;
use tidemark::domain::bar::{BarFault, DayBar};
use tidemark::domain::calendar::nyse;

use super::*;
use crate::flatfiles::set_aside::Reason;
use crate::flatfiles::{TickerFault, discover};

const HEADER: &str = "ticker,volume,open,close,high,low,window_start,transactions";
/// Midnight of 2015-03-20 in New York.
const START: i64 = 1_426_824_000_000_000_000;
const DAY: i64 = 24 * 3_600_000_000_000;

fn session() -> NaiveDate {
    NaiveDate::from_ymd_opt(2015, 3, 20).expect("a date")
}

fn pack(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).expect("write to memory");
    encoder.finish().expect("write to memory")
}

fn decode_text(text: impl AsRef<[u8]>) -> Result<DayFile, FlatFileError> {
    Decoder::default().decode(Path::new("day.csv.gz"), &pack(text.as_ref()), session())
}

/// A file of the vendor's header and these rows, where `@` stands for the session's window.
fn file_of(rows: &[&str]) -> Result<DayFile, FlatFileError> {
    decode_text(format!("{HEADER}\n{}\n", rows.join("\n")).replace('@', &START.to_string()))
}

fn refusal(decoded: Result<DayFile, FlatFileError>) -> String {
    let fault = decoded.expect_err("refused");
    assert!(!fault.hint().is_empty());
    fault.to_string()
}

fn tickers(file: &DayFile) -> Vec<&str> {
    file.rows().map(|(ticker, _)| ticker).collect()
}

fn reasons(file: &DayFile) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = file.set_aside.iter().map(|row| row.reason).collect();
    reasons.sort_unstable();
    reasons
}

#[test]
fn a_row_worked_by_hand_becomes_a_bar() {
    let file = file_of(&["A,2216600,42.39,42.21,42.53,42.2,@,0"]).expect("decoded");
    let bar = DayBar {
        open: 42.39,
        high: 42.53,
        low: 42.2,
        close: 42.21,
        volume: 2_216_600.0,
        vwap: None,
        trade_count: None,
    };
    assert_eq!(file.rows().collect::<Vec<_>>(), [("A", &bar)]);
    assert_eq!((file.session_date, file.collapsed, file.set_aside.len()), (session(), 0, 0));
}

#[test]
fn columns_may_stand_in_any_order_among_unknown_ones_and_quotes() {
    let text = format!(
        "\u{feff}low,otc,high,vwap,\"ticker\",transactions,window_start,close,open,volume\r\n\
         9,x,1.1e1,10.25,\"BRK.A\",7,{START},10.5,10,1e5\r\n\
         9,x,11,,KIMpL,0.0,{START},10.5,10,0.5"
    );
    let file = decode_text(text).expect("decoded");
    let bar = DayBar {
        open: 10.0,
        high: 11.0,
        low: 9.0,
        close: 10.5,
        volume: 1e5,
        vwap: Some(10.25),
        trade_count: Some(7),
    };
    let small = DayBar { volume: 0.5, vwap: None, trade_count: None, ..bar };
    assert_eq!(file.rows().collect::<Vec<_>>(), [("BRK.A", &bar), ("KIMpL", &small)]);
}

#[test]
fn tickers_keep_their_case_and_words_stay_text() {
    let rows = [
        "NA,1,1,1,1,1,@,0",
        "TRUE,1,1,1,1,1,@,0",
        "NAN,1,1,1,1,1,@,0",
        "null,1,1,1,1,1,@,0",
        "na,1,1,1,1,1,@,0",
    ];
    let file = file_of(&rows).expect("decoded");
    assert_eq!(tickers(&file), ["NA", "NAN", "TRUE", "na", "null"]);
}

#[test]
fn a_bad_row_is_set_aside_with_its_line_field_and_value() {
    let long = "L".repeat(33);
    let other = START + DAY;
    let cases: [(&str, &str, &str, Reason); 18] = [
        ("A,one,1,1,1,1,@,0", "volume", "one", Reason::NotANumber),
        ("A,1,,1,1,1,@,0", "open", "", Reason::NotANumber),
        ("A,1,1,0,1,1,@,0", "close", "0", Reason::Bar(BarFault::Price)),
        ("A,1,1,1,NaN,1,@,0", "high", "NaN", Reason::Bar(BarFault::Price)),
        ("A,1,1,1,1,-1,@,0", "low", "-1", Reason::Bar(BarFault::Price)),
        ("A,1,inf,1,1,1,@,0", "open", "inf", Reason::Bar(BarFault::Price)),
        ("A,1,1,1,1,2,@,0", "high", "1", Reason::Bar(BarFault::HighBelowLow)),
        ("A,-5,1,1,1,1,@,0", "volume", "-5", Reason::Bar(BarFault::Volume)),
        ("A,1,1,1,1,1,@,-1", "transactions", "-1", Reason::NotANumber),
        ("A,1,1,1,1,1,@,1.5", "transactions", "1.5", Reason::NotANumber),
        ("A,1,1,1,1,1,,0", "window_start", "", Reason::NotANumber),
        ("A,1,1,1,1,1,#,0", "window_start", "#", Reason::AnotherDay),
        (",1,1,1,1,1,@,0", "ticker", "", Reason::Ticker(TickerFault::Empty)),
        ("^,1,1,1,1,1,@,0", "ticker", "^", Reason::Ticker(TickerFault::TooLong)),
        ("A\tB,1,1,1,1,1,@,0", "ticker", "A\\tB", Reason::Ticker(TickerFault::Invisible)),
        ("A,1,1,1,1,1,@", "the whole line", "A,1,1,1,1,1,@", Reason::TooFewFields),
        ("A,1,1,1,1,1,@,0,", "the whole line", "A,1,1,1,1,1,@,0,", Reason::TooManyFields),
        ("\"A,1,1,1,1,1,@,0", "the whole line", "\"A,1,1,1,1,1,@,0", Reason::BrokenQuotes),
    ];
    for (row, field, value, reason) in cases {
        let fill = |text: &str| text.replace('#', &other.to_string()).replace('^', &long);
        let file = file_of(&["GOOD,1,1,1,1,1,@,0", &fill(row)]).expect(row);
        let value = fill(value).replace('@', &START.to_string()).replace('"', "\\\"");
        assert_eq!(tickers(&file), ["GOOD"], "{row}");
        let [found] = &file.set_aside[..] else { panic!("{row}: {:?}", file.set_aside) };
        assert_eq!((found.line, found.field, found.reason), (3, field, reason), "{row}");
        assert_eq!(found.value, value, "{row}");
    }
}

#[test]
fn a_ticker_that_is_not_utf_8_is_set_aside_and_harms_no_other_row() {
    let mut text = format!("{HEADER}\nA,1,1,1,1,1,{START},0\n").into_bytes();
    text.extend_from_slice(format!("B\u{ff},1,1,1,1,1,{START},0\n").replace('\u{ff}', "?").as_bytes());
    let at = text.iter().position(|byte| *byte == b'?').expect("the place");
    text[at] = 0xff;
    let file = decode_text(text).expect("decoded");
    assert_eq!(tickers(&file), ["A"]);
    assert_eq!(
        file.set_aside[0].to_string(),
        "line 3 (B\u{fffd}): ticker \"B\u{fffd}\": the ticker is not UTF-8"
    );
}

#[test]
fn the_day_in_new_york_is_half_open() {
    let rows = |start: i64| format!("{HEADER}\nA,1,1,1,1,1,{START},0\nB,1,1,1,1,1,{start},0\n");
    for (start, taken) in [(START, 2), (START + DAY - 1, 2), (START + DAY, 1), (START - 1, 1)] {
        assert_eq!(decode_text(rows(start)).expect("decoded").len(), taken, "{start}");
    }
}

#[test]
fn equal_rows_are_one_row_and_of_contradictory_ones_the_greatest_volume_stays() {
    let file = file_of(&[
        "B,1,1,1,1,1,@,0",
        "A,10,1,1,2,1,@,0",
        "A,20,1,1,2,1,@,0",
        "B,1,1.0,1,1e0,1,@,0",
        "A,20,1,2,2,1,@,0",
        "A,10,1,1,2,1,@,0",
        "C,0,1,1,1,1,@,0",
        "C,-0,1,1,1,1,@,0",
    ])
    .expect("decoded");
    let kept: Vec<_> = file.rows().map(|(ticker, bar)| (ticker, bar.volume, bar.close)).collect();
    assert_eq!(kept, [("A", 20.0, 2.0), ("B", 1.0, 1.0), ("C", 0.0, 1.0)]);
    assert_eq!(file.collapsed, 3);
    let left: Vec<_> = file.set_aside.iter().map(|row| (row.line, row.value.as_str())).collect();
    assert_eq!(left, [(3, "10"), (4, "20")]);
    assert!(file.set_aside.iter().all(|row| row.reason == Reason::Contradicted));
}

#[test]
fn several_gzip_members_are_one_file() {
    let text = format!("{HEADER}\nA,1,1,1,1,1,{START},0\n");
    let packed = [pack(text.as_bytes()), pack(format!("B,1,1,1,1,1,{START},0\n").as_bytes())].concat();
    let file = Decoder::default().decode(Path::new("day.csv.gz"), &packed, session()).expect("decoded");
    assert_eq!(tickers(&file), ["A", "B"]);
}

#[test]
fn a_file_that_is_empty_at_any_depth_is_refused() {
    let nothing = Decoder::default().decode(Path::new("day.csv.gz"), b"", session());
    assert_eq!(refusal(nothing), "day.csv.gz: the file is empty (0 bytes)");
    assert_eq!(refusal(decode_text("")), "day.csv.gz: unpacks to 0 bytes");
    assert_eq!(refusal(decode_text(HEADER)), "day.csv.gz: a header and no bars");
    assert_eq!(refusal(decode_text(format!("{HEADER}\r\n\r\n\n"))), "day.csv.gz: a header and no bars");
}

#[test]
fn a_file_that_is_cut_damaged_or_no_gzip_is_refused() {
    let packed = pack(format!("{HEADER}\nA,1,1,1,1,1,{START},0\n").as_bytes());
    let decode = |bytes: &[u8]| Decoder::default().decode(Path::new("day.csv.gz"), bytes, session());
    let cut = refusal(decode(&packed[..packed.len() - 3]));
    assert_eq!(
        cut,
        format!("day.csv.gz: cut short: the compressed data stops after {} bytes", packed.len() - 3)
    );
    assert_eq!(refusal(decode(b"<?xml version")), "day.csv.gz: not gzip: it starts with 3c 3f 78 6d");
    let mut flipped = packed.clone();
    let sum = flipped.len() - 8;
    flipped[sum] ^= 0xff;
    assert!(refusal(decode(&flipped)).contains("damaged near compressed byte"));
}

#[test]
fn a_header_that_lacks_or_repeats_a_column_is_refused() {
    let row = format!("A,1,1,1,1,1,{START},0\n");
    assert_eq!(
        refusal(decode_text(HEADER.replace("close,high", "shut") + "\n" + &row)),
        "day.csv.gz: line 1: the header lacks close, high (it reads \"ticker,volume,open,shut,low,window_start…\")"
    );
    assert_eq!(
        refusal(decode_text(row.repeat(2))),
        "day.csv.gz: line 1 is no header: \"A,1,1,1,1,1,1426824000000000000,0\""
    );
    assert_eq!(
        refusal(decode_text(format!("{HEADER},low\n{row}"))),
        "day.csv.gz: line 1: the header names low twice"
    );
}

#[test]
fn a_file_of_another_day_is_refused_and_both_days_are_named() {
    let text = format!("{HEADER}\nA,1,1,1,1,1,{0},0\nB,1,1,1,1,1,{0},0\n", START - DAY);
    let message = "day.csv.gz: the file is named for 2015-03-20, and its rows are of 2015-03-19";
    assert_eq!(refusal(decode_text(text)), message);
}

#[test]
fn a_file_of_which_more_than_half_is_bad_is_refused() {
    assert_eq!(file_of(&["A,1,1,1,1,1,@,0", "B,x,1,1,1,1,@,0"]).expect("half is bearable").len(), 1);
    assert_eq!(
        refusal(file_of(&["B,x,1,1,1,1,@,0", "A,1,1,1,1,1,@,0", "C,1,0,1,1,1,@,0"])),
        "day.csv.gz: 2 of 3 rows are unusable, the first in line 2 (B): volume \"x\": not a number"
    );
}

#[test]
fn a_file_is_known_by_the_digest_of_its_bytes_whatever_was_decoded_before() {
    let packed = pack(format!("{HEADER}\nA,1,1,1,1,1,{START},0\n").as_bytes());
    let mut decoder = Decoder::default();
    for _ in 0..2 {
        let file = decoder.decode(Path::new("day.csv.gz"), &packed, session()).expect("decoded");
        assert_eq!(file.len(), 1);
        assert_eq!(file.digest, <[u8; 32]>::from(Sha256::digest(&packed)));
        assert!(decoder.decode(Path::new("cut.csv.gz"), &packed[..20], session()).is_err());
    }
}

proptest! {
    #[test]
    fn the_order_of_the_rows_does_not_matter(
        (rows, shuffled) in proptest::collection::vec((0_u8..5, 0_u8..3, 1_u8..3, 0_u8..2), 1..20)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        let decode = |rows: &[(u8, u8, u8, u8)]| {
            let line = |(ticker, volume, price, count): &(u8, u8, u8, u8)| {
                format!("T{ticker},{volume},1,{price},2,1,{START},{count}")
            };
            let lines: Vec<String> = rows.iter().map(line).collect();
            decode_text(format!("{HEADER}\n{}", lines.join("\n")))
        };
        match (decode(&rows), decode(&shuffled)) {
            (Ok(one), Ok(other)) => {
                prop_assert_eq!(one.rows().collect::<Vec<_>>(), other.rows().collect::<Vec<_>>());
                prop_assert_eq!((one.collapsed, reasons(&one)), (other.collapsed, reasons(&other)));
                prop_assert_eq!(one.len() + one.collapsed + one.set_aside.len(), rows.len());
            }
            (one, other) => prop_assert!(one.is_err() && other.is_err()),
        }
    }

    #[test]
    fn no_text_makes_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_text([HEADER.as_bytes(), b"\n", &tail].concat());
        let _ = decode_text(&tail);
        let _ = Decoder::default().decode(Path::new("day.csv.gz"), &tail, session());
    }
}

#[test]
fn a_year_of_real_files_is_read_to_the_last_row() {
    let Some(data) = crate::flatfiles::test_data() else {
        eprintln!("skipped: name a folder of real data in TIDEMARK_TEST_DATA");
        return;
    };
    let (from, until) = (session(), NaiveDate::from_ymd_opt(2016, 4, 1).expect("a date"));
    let found = discover(&data.join("vendor/us2015"), Window::Day, from, until, nyse()).expect("the folder");
    assert_eq!((found.files.len(), found.closed.len(), found.strays.len()), (260, 10, 0));
    let sessions: Vec<_> = found.files.iter().map(|file| file.session_date).collect();
    assert_eq!(sessions, nyse().sessions(from, until).collect::<Vec<_>>());

    let mut decoder = Decoder::default();
    let (mut rows, mut set_aside, mut collapsed) = (0, 0, 0);
    for file in found.files.iter().chain(found.closed.iter().map(|(file, _)| file)) {
        let packed = std::fs::read(&file.path).expect("a real file");
        let decoded = decoder.decode(&file.path, &packed, file.session_date).expect("a real file");
        assert_eq!(packed.len() as u64, file.size);
        rows += decoded.len();
        set_aside += decoded.set_aside.len();
        collapsed += decoded.collapsed;
    }
    assert_eq!((rows, set_aside, collapsed), (413_358, 0, 0));
}
