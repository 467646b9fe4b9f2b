//! What expressions give, what they refuse, and that no text makes them panic.

use super::super::sample::Sample;
use super::super::select::Frame;
use super::super::{ColumnData, LONGEST_AGO};
use super::*;
use crate::jobs::scan::columns::known;

/// The values of an expression over a market.
fn values(text: &str, sample: &Sample) -> ColumnData {
    let expression = Expression::read(text, known()).unwrap_or_else(|error| panic!("{text}: {error}"));
    sample.with(|market| {
        let frame = Frame::of(expression.columns(), market, None).unwrap();
        frame.evaluate(vec![expression.expr()]).unwrap().remove(0)
    })
}

/// The value of a number of one row; none is null.
fn number(text: &str) -> Option<f64> {
    let sample = Sample::of(&["A"])
        .number("close", &[10.0])
        .number("open", &[0.0])
        .number("high", &[f64::NAN])
        .number("low", &[-2.5]);
    match values(text, &sample) {
        ColumnData::Numbers(values) => Some(values[0]).filter(|value| !value.is_nan()),
        other => panic!("{text}: {other:?}"),
    }
}

/// The truth of a condition for every pair of true, false and null: TT TF TN FT FF FN NT NF NN.
fn truths(text: &str) -> String {
    let three = [1.0, 0.0, f64::NAN];
    let left: Vec<f64> = three.iter().flat_map(|&value| [value; 3]).collect();
    let right: Vec<f64> = three.iter().cycle().take(9).copied().collect();
    let sample = Sample::of(&["A"; 9]).number("close", &left).number("open", &right);
    match values(text, &sample) {
        ColumnData::Flags(flags) => {
            flags.iter().map(|flag| flag.map_or('N', |flag| if flag { 'T' } else { 'F' })).collect()
        }
        other => panic!("{text}: {other:?}"),
    }
}

/// The words and the hint of a refused expression.
fn refused(text: &str) -> String {
    match Expression::read_condition(text, known()) {
        Ok(expression) => panic!("{text} is read as {}", expression.text()),
        Err(error) => format!("{error} | {}", error.hint()),
    }
}

#[test]
fn numbers_are_floats_and_what_is_not_finite_is_null() {
    for (text, wanted) in [
        ("7 / 2", Some(3.5)),
        ("1e3 + .5", Some(1000.5)),
        ("2 + 3 * 4 - 6 / 2", Some(11.0)),
        ("(2 + 3) * 4", Some(20.0)),
        ("- close + 1", Some(-9.0)),
        ("-2.5 - -2.5", Some(0.0)),
        ("close / open", None),
        ("open / open", None),
        ("1 / (close / open)", None),
        ("0 * (close / open)", None),
        ("close / 0", None),
        ("close - 10", Some(0.0)),
        ("close + high", None),
        ("1e308 * 10", None),
        ("LN(open)", None),
        ("LN(low)", None),
        ("ln(EXP(2))", Some(2.0)),
        ("EXP(1000)", None),
        ("LOG10(1000)", Some(1000.0_f64.ln() / 10.0_f64.ln())),
        ("SQRT(low)", None),
        ("SQRT(close * close)", Some(10.0)),
        ("POWER(close, 3)", Some(1000.0)),
        ("POW(open, -1)", None),
        ("ABS(low)", Some(2.5)),
        ("ROUND(low)", Some(-3.0)),
        ("ROUND(2.345, 1)", Some(2.3)),
        ("FLOOR(low)", Some(-3.0)),
        ("CEIL(low) + CEILING(0.2)", Some(-1.0)),
        ("GREATEST(close, low, high)", Some(10.0)),
        ("LEAST(close, low, high)", Some(-2.5)),
        ("COALESCE(high, close)", Some(10.0)),
        ("COALESCE(high, high)", None),
        ("NULLIF(close, 10)", None),
        ("NULLIF(close, high)", Some(10.0)),
        ("CASE WHEN high > 1 THEN 1 WHEN close > 1 THEN 2 ELSE 3 END", Some(2.0)),
        ("CASE WHEN open > 1 THEN 1 END", None),
        ("CASE close WHEN 1 THEN NULL WHEN 10 THEN 5 ELSE 6 END", Some(5.0)),
    ] {
        assert_eq!(number(text), wanted, "{text}");
    }
}

#[test]
fn conditions_know_three_values() {
    for (text, wanted) in [
        ("close > 0 AND open > 0", "TFNFFFNFN"),
        ("close > 0 OR open > 0", "TTTTFNTNN"),
        ("NOT close > 0", "FFFTTTNNN"),
        ("close = open", "TFNFTNNNN"),
        ("close <> open", "FTNTFNNNN"),
        ("close IS NULL", "FFFFFFTTT"),
        ("close IS NOT NULL AND open IS NULL", "FFTFFTFFF"),
        ("close IS DISTINCT FROM open", "FTTTFTTTF"),
        ("close IS NOT DISTINCT FROM open", "TFFFTFFFT"),
        ("(close > 0) IS TRUE", "TTTFFFFFF"),
        ("(close > 0) IS NOT TRUE", "FFFTTTTTT"),
        ("(close > 0) IS FALSE", "FFFTTTFFF"),
        ("(close > 0) IS NOT FALSE", "TTTFFFTTT"),
        ("(close > 0) IS UNKNOWN", "FFFFFFTTT"),
        ("(close > 0) IS NOT UNKNOWN", "TTTTTTFFF"),
        ("0.5 BETWEEN open AND close", "FTNFFFFNN"),
        ("close IN (1, 2)", "TTTFFFNNN"),
        ("close NOT IN (1, -2)", "FFFTTTNNN"),
        ("close > 0 = (open > 0)", "TFNFTNNNN"),
        ("TRUE OR close > 0", "TTTTTTTTT"),
        ("1 > 2", "FFFFFFFFF"),
        // AND before OR, NOT before AND.
        ("close > 0 OR open > 0 AND open < 0", "TTTFFNNNN"),
        ("NOT close > 0 AND open > 0", "FFFTFNNFN"),
        ("NOT (close > 0 AND open > 0)", "FTNTTTNTN"),
    ] {
        assert_eq!(truths(text), wanted, "{text}");
    }
}

#[test]
fn text_is_compared_case_sensitively() {
    let sample = Sample::of(&["A"; 4]).text("sector", &["Energy", "energy", "Utilities", ""]);
    let flags = |text: &str| match values(text, &sample) {
        ColumnData::Flags(flags) => flags,
        other => panic!("{text}: {other:?}"),
    };
    let [yes, no] = [Some(true), Some(false)];
    assert_eq!(flags("sector = 'Energy'"), [yes, no, no, None]);
    assert_eq!(flags("LOWER(sector) = 'energy'"), [yes, yes, no, None]);
    assert_eq!(flags("UPPER(sector) <> 'ENERGY'"), [no, no, yes, None]);
    assert_eq!(flags("sector IN ('Energy', 'Utilities')"), [yes, no, yes, None]);
    assert_eq!(flags("sector NOT IN ('Energy')"), [no, yes, yes, None]);
    assert_eq!(flags("sector LIKE 'E%'"), [yes, no, no, None]);
    assert_eq!(flags("sector ILIKE 'e_ergy'"), [yes, yes, no, None]);
    assert_eq!(flags("sector NOT LIKE '%.%'"), [yes, yes, yes, None]);
    assert_eq!(flags("sector > 'F'"), [no, yes, yes, None]);
    assert_eq!(flags("COALESCE(sector, 'none') = 'none'"), [no, no, no, yes]);
    assert_eq!(flags("CASE WHEN sector IS NULL THEN 'x' ELSE sector END = 'x'"), [no, no, no, yes]);
}

#[test]
fn the_columns_of_today_and_of_earlier_sessions_are_told_apart() {
    let text = "close > close_1d_ago AND rsi_14_5d_ago < rsi_14 AND \"close\" > 1 AND close_1d_ago > 2";
    let expression = Expression::read(text, known()).unwrap();
    let wanted = Reads {
        today: vec!["close".into(), "rsi_14".into()],
        earlier: vec![("close".into(), 1), ("rsi_14".into(), 5)],
    };
    assert_eq!(expression.columns(), &wanted);
    assert_eq!(wanted.names().collect::<Vec<_>>(), ["close", "rsi_14", "close_1d_ago", "rsi_14_5d_ago"]);
    assert_eq!(expression.parts().len(), 4);
    assert!(Expression::read(&format!("close_{LONGEST_AGO}d_ago"), known()).is_ok());
}

#[test]
fn the_outermost_conditions_are_apart_and_no_others() {
    let parts = |text: &str| {
        let expression = Expression::read(text, known()).unwrap();
        expression.parts().iter().map(|part| part.text.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        parts("close BETWEEN 1 AND 2 AND (open > 1 AND (high > 1 or low>1)) AND NOT (low > 1 AND low < 2)"),
        ["close BETWEEN 1 AND 2", "open > 1", "(high > 1 OR low > 1)", "NOT (low > 1 AND low < 2)"]
    );
    assert_eq!(parts("close > 1 OR open > 1 AND low > 1"), ["close > 1 OR open > 1 AND low > 1"]);
    assert_eq!(parts("close + 1"), ["close + 1"]);
}

#[test]
fn every_refusal_says_what_and_where() {
    let cases = [
        ("", "the expression is empty | leave it out, or write a condition such as close > sma_200"),
        (
            "close > 1 AND rsi14 < 30",
            "there is no column rsi14 (character 15 of `close > 1 AND rsi14 < 30`) | did you mean rsi_14? `scan columns` lists them all",
        ),
        (
            "Close > 1",
            "there is no column Close (character 1 of `Close > 1`) | did you mean close? `scan columns` lists them all",
        ),
        (
            "dividends > 1",
            "there is no column dividends (character 1 of `dividends > 1`) | `scan columns` lists them all",
        ),
        (
            "sector = \"Energy\"",
            "there is no column Energy (character 10 of `sector = \"Energy\"`) | double quotes are for names; text stands in single quotes: 'Energy'",
        ),
        (
            "closee_5d_ago > 1",
            "there is no column closee_5d_ago (character 1 of `closee_5d_ago > 1`) | did you mean close_5d_ago? `scan columns` lists them all",
        ),
        (
            "ics > ics_5d_ago",
            "ics has no values of earlier sessions (character 7 of `ics > ics_5d_ago`) | bars, signals and factors have earlier values; scores, ranks, z-scores and text have not",
        ),
        (
            "close > close_253d_ago",
            "close_253d_ago is not 1 to 252 sessions ago (character 9 of `close > close_253d_ago`) | write 1 to 252 sessions, such as close_5d_ago",
        ),
        (
            "close > close_0d_ago",
            "close_0d_ago is not 1 to 252 sessions ago (character 9 of `close > close_0d_ago`) | write 1 to 252 sessions, such as close_5d_ago",
        ),
        (
            "close > AND open > 1",
            "expected an expression, found AND (character 9 of `close > AND open > 1`) | an expression is one piece of SQL over columns, such as close > sma_200 AND rsi_14 < 30",
        ),
        (
            "close > (1",
            "expected ), found the end (in `close > (1`) | an expression is one piece of SQL over columns, such as close > sma_200 AND rsi_14 < 30",
        ),
        (
            "sector = 'Energy",
            "unterminated string literal (character 10 of `sector = 'Energy`) | an expression is one piece of SQL over columns, such as close > sma_200 AND rsi_14 < 30",
        ),
        (
            "close > 1; DROP TABLE bars_day",
            "the expression ends before `;` (character 10 of `close > 1; DROP TABLE bars_day`) | an expression is one piece of SQL over columns, such as close > sma_200 AND rsi_14 < 30",
        ),
        (
            "DELETE FROM bars_day",
            "the statement DELETE cannot be used in an expression (character 1 of `DELETE FROM bars_day`) | use columns, numbers, 'text', + - * /, comparisons, AND OR NOT, IS NULL, IN, BETWEEN, LIKE, CASE and functions",
        ),
        (
            "close > sma(20)",
            "there is no function sma (character 9 of `close > sma(20)`) | functions are ABS, CEIL, CEILING, COALESCE, EXP, FLOOR, GREATEST, LEAST, LN, LOG10, LOWER, NULLIF, POW, POWER, ROUND, SQRT, UPPER",
        ),
        ("sqr(close) > 1", "there is no function sqr (character 1 of `sqr(close) > 1`) | did you mean SQRT?"),
        (
            "close > avg(close)",
            "AVG reads many rows, and an expression sees one instrument at a time (character 9 of `close > avg(close)`) | ranks and z-scores over the market are columns: see `scan columns` for names that end in _rank and _z",
        ),
        (
            "ABS(close) OVER (PARTITION BY sector) > 1",
            "ABS OVER reads many rows, and an expression sees one instrument at a time (character 1 of `ABS(close) OVER (PARTITION BY sector) > 1`) | ranks and z-scores over the market are columns: see `scan columns` for names that end in _rank and _z",
        ),
        (
            "read_csv('/etc/passwd') = 'x'",
            "there is no function read_csv (character 1 of `read_csv('/etc/passwd') = 'x'`) | functions are ABS, CEIL, CEILING, COALESCE, EXP, FLOOR, GREATEST, LEAST, LN, LOG10, LOWER, NULLIF, POW, POWER, ROUND, SQRT, UPPER",
        ),
        (
            "ABS(close, open) > 1",
            "ABS takes one number (character 1 of `ABS(close, open) > 1`) | functions are ABS, CEIL, CEILING, COALESCE, EXP, FLOOR, GREATEST, LEAST, LN, LOG10, LOWER, NULLIF, POW, POWER, ROUND, SQRT, UPPER",
        ),
        (
            "ROUND(close, open) > 1",
            "ROUND takes a number and, if wanted, 0 to 15 decimals (character 14 of `ROUND(close, open) > 1`) | functions are ABS, CEIL, CEILING, COALESCE, EXP, FLOOR, GREATEST, LEAST, LN, LOG10, LOWER, NULLIF, POW, POWER, ROUND, SQRT, UPPER",
        ),
        (
            "close",
            "`close` is a number, where a condition is needed (character 1 of `close`) | write a condition, such as close > sma_200",
        ),
        (
            "close > 1 AND open",
            "`open` is a number, where a condition is needed (character 15 of `close > 1 AND open`) | write a condition, such as close > sma_200",
        ),
        (
            "sector > 3",
            "`sector` is text and `3` is a number; they cannot be compared or mixed (character 10 of `sector > 3`) | numbers go with numbers and 'text' with text; `scan columns` says which column is which",
        ),
        (
            "close + ticker > 1",
            "`ticker` is text, where a number is needed (character 9 of `close + ticker > 1`) | numbers go with numbers and 'text' with text; `scan columns` says which column is which",
        ),
        (
            "close LIKE '1%'",
            "`close` is a number, where text is needed (character 1 of `close LIKE '1%'`) | numbers go with numbers and 'text' with text; `scan columns` says which column is which",
        ),
        (
            "close = NULL",
            "`NULL` is null for every instrument (character 9 of `close = NULL`) | write IS NULL or IS NOT NULL",
        ),
        (
            "NULL",
            "`NULL` is null for every instrument (character 1 of `NULL`) | write IS NULL or IS NOT NULL",
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(refused(text), wanted, "{text}");
    }
}

#[test]
fn what_has_no_place_in_an_expression_is_named() {
    for (text, named) in [
        ("close > (SELECT 1)", "a query inside of an expression"),
        ("close IN (SELECT close FROM bars_day)", "a query inside of an expression"),
        ("EXISTS (SELECT 1)", "a query inside of an expression"),
        ("CAST(close AS TEXT) = '1'", "a conversion of types"),
        ("close::text = '1'", "a conversion of types"),
        ("bars_day.close > 1", "a name with a dot, `bars_day.close`,"),
        ("close % 2 = 0", "the operator %"),
        ("ticker || 'x' = 'Ax'", "the operator ||"),
        ("close > 1 XOR open > 1", "the operator XOR"),
        ("sector ~ 'E.*'", "the operator ~"),
        ("close IN (open)", "`open` in a list"),
        ("close IN (NULL)", "`NULL` is null"),
        ("sector LIKE ticker", "`ticker` as a pattern"),
        ("sector LIKE 'a' ESCAPE 'b'", "`sector LIKE 'a' ESCAPE 'b'`"),
        ("ABS(DISTINCT close) > 1", "`ABS(DISTINCT close)`"),
        ("ABS(*) > 1", "`ABS(*)`"),
        ("close > x'ff'", "`X'ff'`"),
        ("close > INTERVAL '1' DAY", "`INTERVAL '1' DAY`"),
        ("*", "`*`"),
        ("close > 1e999", "the number 1e999"),
        ("FLOOR(close TO DAY) > 1", "`FLOOR(close TO DAY)`"),
    ] {
        let words = refused(text);
        assert!(words.contains(named), "{text}: {words}");
    }
}

#[test]
fn long_and_deep_expressions_are_refused_or_run_but_never_overflow() {
    let chain = |count: usize, with: &str| vec!["close > 1"; count].join(with);
    let sample = Sample::of(&["A"]).number("close", &[2.0]);
    assert_eq!(values(&chain(150, " AND "), &sample), ColumnData::Flags(vec![Some(true)]));
    assert_eq!(values(&chain(150, " OR "), &sample), ColumnData::Flags(vec![Some(true)]));
    assert_eq!(values(&vec!["close"; 45].join(" + "), &sample), ColumnData::Numbers(vec![90.0]));
    let tickers = vec!["'ABCD'"; 2_000].join(", ");
    let sample = sample.text("ticker", &["A"]);
    assert_eq!(values(&format!("ticker IN ({tickers})"), &sample), ColumnData::Flags(vec![Some(false)]));
    let nested = |count: usize| "NULLIF(".repeat(count) + "close" + &", 1)".repeat(count);
    for text in [
        chain(2_000, " AND "),
        vec!["close"; 290].join(" + "),
        vec!["close"; 290].join(" % "),
        "(".repeat(5_000) + "close" + &")".repeat(5_000),
        "NOT ".repeat(500) + "close > 1",
        "- ".repeat(500) + "close",
        nested(40),
        "CASE WHEN close > 1 THEN ".repeat(200) + "1" + &" ELSE 2 END".repeat(200),
        "x".repeat(30_000),
        format!("sector LIKE '{}'", "_".repeat(5_000)),
    ] {
        let error = Expression::read(&text, known()).unwrap_err();
        let said = error.to_string();
        let known = ["expected", "the operator %"].iter().any(|words| said.contains(words));
        assert!(*error.fault == Fault::TooLarge || known, "{said}");
        assert!(said.chars().count() < 300, "{said}");
    }
}
