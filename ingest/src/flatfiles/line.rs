//! One line of a CSV file: its fields and its numbers. A fault never reaches beyond its line.

use std::ops::Range;

use super::set_aside::Reason;

/// Splits a line at its commas into ranges of bytes, without the quotes around quoted fields.
/// Quotes inside of quotes and line breaks inside of fields do not occur in these files, and are faults.
///
/// # Errors
/// [`Reason::BrokenQuotes`].
pub fn split(line: &[u8], fields: &mut Vec<Range<u32>>) -> Result<(), Reason> {
    fields.clear();
    let mut start = 0;
    let mut quoted = false;
    for (at, byte) in line.iter().enumerate() {
        match byte {
            b',' => {
                fields.push(start..at as u32);
                start = at as u32 + 1;
            }
            b'"' => quoted = true,
            _ => {}
        }
    }
    fields.push(start..line.len() as u32);
    if quoted { split_quoted(line, fields) } else { Ok(()) }
}

fn split_quoted(line: &[u8], fields: &mut Vec<Range<u32>>) -> Result<(), Reason> {
    fields.clear();
    let mut rest = 0;
    loop {
        let end = if line.get(rest) == Some(&b'"') {
            let close = find(line, rest + 1, b'"').ok_or(Reason::BrokenQuotes)?;
            fields.push(rest as u32 + 1..close as u32);
            close + 1
        } else {
            let end = find(line, rest, b',').unwrap_or(line.len());
            if line[rest..end].contains(&b'"') {
                return Err(Reason::BrokenQuotes);
            }
            fields.push(rest as u32..end as u32);
            end
        };
        match line.get(end) {
            None => return Ok(()),
            Some(b',') => rest = end + 1,
            Some(_) => return Err(Reason::BrokenQuotes),
        }
    }
}

fn find(line: &[u8], from: usize, wanted: u8) -> Option<usize> {
    line[from..].iter().position(|byte| *byte == wanted).map(|at| from + at)
}

/// The number that a field spells, to the nearest double; `None` where it spells none.
///
/// Of plain decimals of up to 15 digits, both the digits and the power of ten are exact doubles, so that their
/// quotient is rounded once, as the standard parser would (Clinger, 1990). The rest goes to that parser.
pub fn number(field: &[u8]) -> Option<f64> {
    const POWERS: [f64; 16] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let mut mantissa: u64 = 0;
    let mut point = None;
    let plain = field.len() < POWERS.len()
        && field.iter().enumerate().all(|(at, byte)| match byte {
            b'0'..=b'9' => {
                mantissa = mantissa * 10 + u64::from(byte - b'0');
                true
            }
            b'.' if point.is_none() => {
                point = Some(at);
                true
            }
            _ => false,
        });
    let digits = field.len() - usize::from(point.is_some());
    if plain && digits > 0 {
        let decimals = point.map_or(0, |at| field.len() - 1 - at);
        return Some(mantissa as f64 / POWERS[decimals]);
    }
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// The whole number that a field spells, also as `12.0` or `1.2e1`.
pub fn whole(field: &[u8]) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if let Some(exact) = std::str::from_utf8(field).ok().and_then(|text| text.parse().ok()) {
        return Some(exact);
    }
    let number = number(field)?;
    (number.fract() == 0.0 && (-LIMIT..LIMIT).contains(&number)).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(line: &str) -> Result<Vec<&str>, Reason> {
        let mut ranges = Vec::new();
        split(line.as_bytes(), &mut ranges)?;
        Ok(ranges.iter().map(|range| &line[range.start as usize..range.end as usize]).collect())
    }

    #[test]
    fn fields_lie_between_commas_and_quotes_fall_away() {
        assert_eq!(fields("A,1,2.5"), Ok(vec!["A", "1", "2.5"]));
        assert_eq!(fields(r#""A","1",2.5"#), Ok(vec!["A", "1", "2.5"]));
        assert_eq!(fields(r#"A,"x,y",3"#), Ok(vec!["A", "x,y", "3"]));
        assert_eq!(fields(r#"A,"""#), Ok(vec!["A", ""]));
        assert_eq!(fields(",,"), Ok(vec!["", "", ""]));
        assert_eq!(fields(r#""A","#), Ok(vec!["A", ""]));
    }

    #[test]
    fn a_quote_that_does_not_end_is_a_fault_of_its_line() {
        for line in [r#""A,1,2"#, r#"A,"1"2,3"#, r#"A,1"2"#, r#"""#] {
            assert_eq!(fields(line), Err(Reason::BrokenQuotes), "{line}");
        }
    }

    #[test]
    fn numbers_may_be_written_in_every_usual_way() {
        for (text, value) in [
            ("42.39", 42.39),
            ("1.12117471e+08", 112_117_471.0),
            ("1e5", 1e5),
            (".5", 0.5),
            ("5.", 5.0),
            ("+1.5", 1.5),
            ("-3", -3.0),
            ("0.1000000000000000055511151231257827", 0.1),
            ("9007199254740993", 9_007_199_254_740_992.0),
            ("inf", f64::INFINITY),
        ] {
            assert_eq!(number(text.as_bytes()), Some(value), "{text}");
        }
        for text in ["", ".", "-", "1.2.3", "1,2", " 1", "1 ", "0x10", "1e", "one", "１"] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn whole_numbers_keep_every_digit() {
        assert_eq!(whole(b"1426824000000000001"), Some(1_426_824_000_000_000_001));
        assert_eq!(whole(b"12.0"), Some(12));
        assert_eq!(whole(b"1e5"), Some(100_000));
        for text in ["12.5", "", "nan", "inf", "1e19", "9223372036854775808"] {
            assert_eq!(whole(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_gives_the_bits_of_the_standard_parser(whole in 0_u64..10_000_000_000, decimals in 0_usize..12) {
            let digits = format!("{whole:0width$}", width = decimals + 1);
            let text = format!("{}.{}", &digits[..digits.len() - decimals], &digits[digits.len() - decimals..]);
            let standard: f64 = text.parse().expect("a number");
            prop_assert_eq!(number(text.as_bytes()).map(f64::to_bits), Some(standard.to_bits()));
        }

        #[test]
        fn no_bytes_make_it_panic(line in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut ranges = Vec::new();
            let _ = split(&line, &mut ranges);
            prop_assert!(ranges.iter().all(|range| range.end as usize <= line.len()));
            let _ = (number(&line), whole(&line));
        }
    }
}
