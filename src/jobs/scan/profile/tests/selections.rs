//! What profiles select, worked out by hand.

use crate::arithmetic::universe::Drop;
use crate::jobs::scan::columns::known;
use crate::jobs::scan::profile::sample::Sample;
use crate::jobs::scan::profile::{
    Changes, ColumnData, Condition, Expression, Fate, Profile, SelectError, Selection, explain_where, select,
};

const NAN: f64 = f64::NAN;

fn read(text: &str) -> Profile {
    Profile::read("test", None, text, known()).unwrap()
}

fn selected(text: &str, sample: &Sample) -> Selection {
    sample.with(|market| select(&read(text), market)).unwrap()
}

fn listed(text: &str, sample: &Sample) -> String {
    selected(text, sample).listed.iter().map(|&row| sample.tickers[row].as_str()).collect()
}

#[test]
fn every_instrument_has_the_fate_of_the_first_stage_that_it_does_not_pass() {
    let mut sample = Sample::of(&["A", "B", "C", "D", "E", "F", "G", "H"])
        .number("close", &[5.0, 6.0, 7.0, 8.0, 1.0, NAN, 9.0, 4.0])
        .sectors(&["x", "x", "x", "y", "y", "y", "y", ""]);
    sample.drops[6] = Some(Drop::Price);
    let text = "where = 'close > 2'\norder_by = ['close DESC']\nlimit = 2\nsector_cap = 1\ncolumns = ['close', 'close * 2 AS twice']";
    let selection = selected(text, &sample);
    let wanted = [
        Fate::OverSectorCap,
        Fate::OverSectorCap,
        Fate::Listed,
        Fate::Listed,
        Fate::NotTrue,
        Fate::Unknown,
        Fate::Dropped(Drop::Price),
        Fate::OverLimit,
    ];
    assert_eq!(selection.fates, wanted);
    assert_eq!(selection.listed, [3, 2]);
    let columns = [("close", vec![8.0, 7.0]), ("twice", vec![16.0, 14.0])];
    let columns = columns.map(|(name, values)| (name.to_owned(), ColumnData::Numbers(values)));
    assert_eq!(selection.columns, columns);
    assert_eq!(selection.counts[..3], [(Fate::Listed, 2), (Fate::OverLimit, 1), (Fate::OverSectorCap, 2)]);
    assert_eq!(selection.counts.iter().map(|(_, count)| count).sum::<usize>(), 8);
}

#[test]
fn the_first_condition_that_decides_is_told_and_a_false_one_decides_before_an_unknown_one() {
    let sample = Sample::of(&["A", "B", "C", "D", "E"])
        .number("close", &[5.0, 1.0, NAN, NAN, 7.0])
        .number("rsi_14", &[40.0, 80.0, 80.0, 40.0, 20.0])
        .number("ics", &[1.0, 2.0, 3.0, 4.0, NAN]);
    let text = "where = 'close > 2 AND rsi_14 < 70'\norder_by = ['rsi_14']\ncolumns = ['ics']";
    let selection = selected(text, &sample);
    let (out, none) = (Fate::NotTrue, Fate::Unknown);
    assert_eq!(selection.fates, [Fate::Listed, out, out, none, Fate::Listed]);
    assert_eq!(selection.unmet, [0, 1, 2, 1, 0]);
    assert_eq!(selection.matching, [4, 0]);
    assert_eq!(selection.keys, [ColumnData::Numbers(vec![40.0, 80.0, 80.0, 40.0, 20.0])]);
    let read: Vec<&str> = selection.read.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(read, ["close", "rsi_14"]);
}

#[test]
fn nulls_come_last_in_both_directions_and_ties_go_by_ticker() {
    let sample = Sample::of(&["D", "C", "B", "A"])
        .number("close", &[2.0, NAN, 1.0, 2.0])
        .number("ics", &[1.0, 2.0, NAN, 1.0])
        .text("sector", &["b", "", "a", "b"])
        .text("ticker", &["D", "C", "B", "A"]);
    let order = |keys: &str| listed(&format!("order_by = [{keys}]\ncolumns = ['close']"), &sample);
    assert_eq!(order("'close'"), "BADC");
    assert_eq!(order("'close DESC'"), "ADBC");
    assert_eq!(order("'close DESC, ticker DESC'"), "DABC");
    assert_eq!(order("'sector', 'close'"), "BADC");
    assert_eq!(order("'sector DESC'"), "ADBC");
    assert_eq!(order("'close > 1 DESC'"), "ADBC");
    assert_eq!(order("'1'"), "ABCD");
    assert_eq!(order("'-0.0 * close'"), "ABDC");
    assert_eq!(order(""), "ABCD");
    assert_eq!(order("'ics DESC'"), "CADB");
}

#[test]
fn a_cap_leaves_names_without_a_known_sector_alone() {
    let sample = Sample::of(&["A", "B", "C", "D", "E"])
        .number("ics", &[5.0, 4.0, 3.0, 2.0, 1.0])
        .sectors(&["", "", "x", "", "x"]);
    assert_eq!(listed("sector_cap = 1\ncolumns = []", &sample), "ABCD");
    assert_eq!(listed("sector_cap = 2\ncolumns = []\nlimit = 3", &sample), "ABC");
    assert_eq!(listed("columns = []\nlimit = 1", &sample), "A");
}

#[test]
fn a_condition_without_columns_and_a_market_without_rows_are_answered() {
    let sample = Sample::of(&["A", "B"]).number("ics", &[1.0, 2.0]);
    let text = "where = '1 > 2'\ncolumns = ['1 + 1 AS two']";
    assert_eq!(selected(text, &sample).fates, [Fate::NotTrue; 2]);
    let selection = selected("where = '2 > 1'\ncolumns = ['1 + 1 AS two', 'ics > 1 AS above_1']", &sample);
    let wanted = [
        ("two", ColumnData::Numbers(vec![2.0, 2.0])),
        ("above_1", ColumnData::Flags(vec![Some(true), Some(false)])),
    ];
    assert_eq!(selection.columns, wanted.map(|(name, values)| (name.to_owned(), values)));
    let empty = Sample::of(&[]).number("ics", &[]);
    let selection = selected(text, &empty);
    assert!(selection.listed.is_empty() && selection.counts.is_empty());
    assert_eq!(selection.columns, [("two".to_owned(), ColumnData::Numbers(vec![]))]);
}

#[test]
fn a_market_without_a_column_that_is_read_is_refused() {
    let sample = Sample::of(&["A", "B"]).number("ics", &[1.0]);
    let error = sample.with(|market| select(&read("columns = []"), market)).unwrap_err();
    assert!(matches!(&error, SelectError::Column { name, rows: 2 } if name == "ics"), "{error}");
}

#[test]
fn each_part_of_a_condition_is_explained_with_what_it_read() {
    let sample = Sample::of(&["A", "B"])
        .number("close", &[1.0, 12.0])
        .number("rsi_14", &[1.0, NAN])
        .number("close_1d_ago", &[1.0, 10.0])
        .text("sector", &["", "Energy"]);
    let profile = read("where = \"close > close_1d_ago and (rsi_14<30 AND sector LIKE 'X%')\"\ncolumns = []");
    let conditions = sample.with(|market| explain_where(&profile, market, 1)).unwrap();
    let number = |name: &str, value: f64| (name.to_owned(), ColumnData::Numbers(vec![value]));
    let condition = |text: &str, met, read| Condition { text: text.to_owned(), met, read };
    assert_eq!(
        conditions[0],
        condition(
            "close > close_1d_ago",
            Some(true),
            vec![number("close", 12.0), number("close_1d_ago", 10.0)]
        )
    );
    assert_eq!((conditions[1].text.as_str(), conditions[1].met), ("rsi_14 < 30", None));
    let energy = ("sector".to_owned(), ColumnData::Texts(vec![Some("Energy".to_owned())]));
    assert_eq!(conditions[2], condition("sector LIKE 'X%'", Some(false), vec![energy]));
    let nothing = Profile::market(known()).unwrap();
    assert_eq!(sample.with(|market| explain_where(&nothing, market, 0)).unwrap(), []);
}

#[test]
fn what_a_request_gives_stands_in_place_of_the_profiles_own() {
    let profile = read("where = 'close > 1'\nlimit = 5\nsector_cap = 2");
    let changes = Changes {
        filter: Some("rsi_14 < 30".into()),
        order_by: vec!["close desc, ticker".into()],
        limit: Some(3),
        columns: vec!["close, open".into(), "close - open AS up".into()],
    };
    let changed = profile.with(&changes, known()).unwrap();
    assert_eq!(changed.filter.as_ref().map(Expression::text), Some("rsi_14 < 30"));
    let order: Vec<_> = changed.order_by.iter().map(|key| (key.expression.text(), key.descending)).collect();
    assert_eq!(order, [("close", true), ("ticker", false)]);
    let names: Vec<_> = changed.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["close", "open", "up"]);
    assert_eq!((changed.limit, changed.sector_cap), (3, Some(2)));
    assert_ne!(changed.digest(), profile.digest());
    assert_eq!(profile.with(&Changes::default(), known()).unwrap().digest(), profile.digest());
    let refused = |changes: Changes| profile.with(&changes, known()).unwrap_err().to_string();
    let filter = Changes { filter: Some("clsoe > 1".into()), ..Changes::default() };
    assert_eq!(refused(filter), "where: there is no column clsoe (character 1 of `clsoe > 1`)");
    assert_eq!(refused(Changes { limit: Some(0), ..Changes::default() }), "limit: 0 is not 1 or more");
}

/// Not a limit that fails by chance: ten times what it takes here in the development build.
#[test]
fn ten_thousand_rows_are_selected_at_once() {
    let tickers: Vec<String> = (0..10_000).map(|row| format!("T{row:05}")).collect();
    let names: Vec<&str> = tickers.iter().map(String::as_str).collect();
    let mut sample = Sample::of(&names);
    let profile = read(crate::jobs::scan::profile::SHIPPED[2].1);
    for (at, name) in profile.reads().names().enumerate() {
        let values: Vec<f64> = (0..10_000).map(|row| ((row * 7919 + at * 31) % 997) as f64 / 9.97).collect();
        sample = sample.number(&name, &values);
    }
    let mut best = f64::MAX;
    for _ in 0..10 {
        let started = std::time::Instant::now();
        let selection = sample.with(|market| select(&profile, market)).unwrap();
        assert_eq!(selection.fates.len(), 10_000);
        best = best.min(started.elapsed().as_secs_f64());
    }
    println!("{:.2} ms", best * 1e3);
    assert!(best < 1.0, "{best} s");
}
