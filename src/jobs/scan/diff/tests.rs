//! Comparisons of runs as they are stored.

use serde_json::json;

use super::*;
use crate::arithmetic::universe::{Drop, Rules};
use crate::jobs::scan::asked::{Asked, Condition, Key};
use crate::jobs::scan::profile::Fate;
use crate::store::scan_runs::Stored;

const OVERSOLD: &str = "rsi_14 < 35";

/// A run of the instruments 1 … 5, listing `rows`: instrument, its RSI, which orders, and what technical contributes.
fn run(run_id: i64, rows: &[(i64, f64, f64)], others: &[(i64, Fate)]) -> Run {
    let row = |(at, (id, rsi, technical)): (usize, &(i64, f64, f64))| {
        json!({
            "place": at + 1, "ticker": format!("T{id}"), "instrument_id": id, "rsi_14": rsi,
            "contributions": { "ics": { "technical": technical, "alpha": 20.0 }, "merit": {}, "penalties": {} },
        })
    };
    let mut fates = vec![0_u8; 6];
    let mut unmet = vec![0_u8; 6];
    for (id, ..) in rows {
        fates[*id as usize] = Fate::Listed.code() + 1;
    }
    for (id, fate) in others {
        fates[*id as usize] = fate.code() + 1;
        unmet[*id as usize] = u8::from(matches!(fate, Fate::NotTrue | Fate::Unknown));
    }
    let asked = Asked {
        columns: Vec::new(),
        conditions: vec![Condition { text: OVERSOLD.into(), reads: vec!["rsi_14".into()] }],
        order_by: vec![Key { expression: "rsi_14".into(), descending: false }],
        limit: 3,
        sector_cap: Some(2),
        universe: Rules::default(),
    };
    let read: serde_json::Map<String, Value> =
        rows.iter().map(|(id, rsi, _)| (id.to_string(), json!({ "rsi_14": rsi }))).collect();
    Run::new(Stored {
        run_id,
        finished_at: DateTime::UNIX_EPOCH,
        mode: "full".into(),
        profile: "oversold".into(),
        session_date: NaiveDate::from_ymd_opt(2024, 3, 4).unwrap(),
        definitions: "d".into(),
        counts: json!({ "fates": { "listed": rows.len() } }),
        rows: rows.iter().enumerate().map(row).collect(),
        profile_digest: Some("p".into()),
        snapshot: Some("1:1:".into()),
        timings: None,
        fates: Some(fates),
        asked: Some(asked.to_json()),
        order_keys: Some(rows.iter().map(|(_, rsi, _)| json!([rsi])).collect()),
        unmet: Some(unmet),
        read: Some(read.into()),
    })
}

fn whys(rows: &[Row]) -> Vec<(&str, &str)> {
    rows.iter().map(|row| (row.ticker.as_str(), row.why.as_ref().map_or("", |why| &why.words))).collect()
}

#[test]
fn a_run_compared_with_one_that_is_equal_has_nothing_to_tell() {
    let rows = [(1, 20.0, 10.0), (2, 25.0, 9.0)];
    let found = diff(&run(1, &rows, &[]), &run(2, &rows, &[]));
    assert_eq!(found.counts, Counts { stayed: 2, ..Counts::default() });
    assert!(found.remarks.is_empty() && found.moved.is_empty());
}

#[test]
fn who_is_gone_has_the_fate_of_the_newer_run_and_who_is_new_that_of_the_older() {
    let rows = [(1, 20.0, 10.0), (2, 25.0, 9.0), (3, 30.0, 8.0)];
    let old = run(1, &rows, &[(4, Fate::Dropped(Drop::Price)), (5, Fate::OverLimit)]);
    let mut new = run(2, &[(5, 18.0, 1.0), (4, 19.0, 1.0)], &[(1, Fate::NotTrue), (3, Fate::OverSectorCap)]);
    // The newer run also keeps what the conditions read of instrument 1, which it does not list any more.
    new.stored.read.as_mut().unwrap()["1"] = json!({ "rsi_14": 44.5 });
    let found = diff(&old, &new);
    assert_eq!(found.counts, Counts { entered: 2, gone: 3, moved: 0, stayed: 0 });
    assert_eq!(whys(&found.entered), [("T5", "over the limit of 3"), ("T4", "close below 1")]);
    assert_eq!(
        whys(&found.gone),
        [
            ("T1", "where not true: rsi_14 < 35"),
            ("T2", "no bars were loaded of it"),
            ("T3", "over the sector's cap of 2")
        ]
    );
    let read = &found.gone[0].read;
    assert_eq!((read[0].name.as_str(), &read[0].then), ("rsi_14", &Some(json!(20.0))));
    assert_eq!(read[0].now, Some(json!(44.5)));
    assert_eq!(found.gone[0].why.as_ref().unwrap().condition.as_deref(), Some(OVERSOLD));
    assert_eq!((found.gone[2].place_then, found.gone[2].place), (Some(3), None));
}

#[test]
fn what_moved_a_row_is_its_key_of_the_order_and_then_the_points_that_changed_most() {
    let old = run(1, &[(1, 20.0, 10.0), (2, 25.0, 9.0), (3, 30.0, 7.0)], &[]);
    let new = run(2, &[(2, 15.0, 12.5), (1, 20.0, 10.01), (3, 31.0, 7.0)], &[]);
    let found = diff(&old, &new);
    assert_eq!((found.counts.moved, found.counts.stayed), (2, 1));
    let told = |row: &Row| -> Vec<String> {
        row.changes.iter().map(|one| format!("{} {} {} {}", one.of, one.name, one.then, one.now)).collect()
    };
    assert_eq!((found.moved[0].place_then, found.moved[0].place), (Some(2), Some(1)));
    assert_eq!(told(&found.moved[0]), ["order rsi_14 25.0 15.0", "ics technical 9.0 12.5"]);
    // A hundredth of a point is nothing; it moved because another did.
    assert!(told(&found.moved[1]).is_empty());
}

#[test]
fn what_has_to_be_known_first_is_said() {
    let (old, mut new) = (run(1, &[(1, 20.0, 1.0)], &[]), run(2, &[(1, 20.0, 1.0)], &[]));
    new.stored.profile_digest = Some("q".into());
    new.stored.session_date = NaiveDate::from_ymd_opt(2024, 3, 5).unwrap();
    new.stored.definitions = "e".into();
    assert_eq!(
        diff(&old, &new).remarks,
        [
            "the profile was edited between the runs: it asks for something else now",
            "the sessions differ: 2024-03-04 then, 2024-03-05 now",
            "the definitions differ: another version of the program computed the signals",
        ]
    );
    new.stored.profile = "other".into();
    assert_eq!(diff(&old, &new).remarks[0], "the profiles differ: oversold then, other now");
}

#[test]
fn a_run_of_an_older_version_is_compared_as_far_as_it_goes() {
    let mut old = run(1, &[(1, 20.0, 1.0), (2, 25.0, 1.0)], &[]);
    let stored = &mut old.stored;
    (stored.fates, stored.asked, stored.order_keys, stored.unmet) = (None, None, None, None);
    (stored.read, stored.profile_digest, stored.counts) = (None, None, json!({}));
    let old = Run::new(stored.clone());
    let new = run(2, &[(3, 15.0, 1.0), (1, 21.0, 4.0)], &[(2, Fate::OverLimit)]);
    let found = diff(&old, &new);
    assert_eq!(found.remarks.len(), 1);
    assert!(found.remarks[0].starts_with("run 1 is of an older version"), "{:?}", found.remarks);
    assert_eq!(whys(&found.entered), [("T3", "")]);
    assert_eq!(whys(&found.gone), [("T2", "over the limit of 3")]);
    assert_eq!(found.moved[0].changes.len(), 1, "contributions are there, keys are not");
}

#[test]
fn a_new_ticker_is_the_same_row_and_one_beyond_the_stored_rows_is_not_gone_for_nothing() {
    let old = run(1, &[(1, 20.0, 1.0), (2, 21.0, 1.0)], &[]);
    let mut new = run(2, &[(1, 20.0, 1.0), (2, 21.0, 1.0)], &[]);
    new.stored.rows = json!([new.stored.rows[1].clone()]);
    new.stored.rows[0]["ticker"] = "META".into();
    let found = diff(&old, &new);
    assert_eq!((found.moved[0].ticker.as_str(), found.moved[0].ticker_then.as_deref()), ("META", Some("T2")));
    assert_eq!(whys(&found.gone), [("T1", "listed, but after the first 1 rows, which are stored")]);
    assert!(found.remarks[0].contains("run 2 listed 2 rows, of which the first 1 are stored"));
}
