//! What must hold in the database: between two runs, and when a round is over.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use tidemark::store::change_log::{self, Change, Job, Work};
use tokio_postgres::{Client, Transaction};

use super::truth::Truth;
use crate::files::Bars;
use crate::tables;

/// Bars by instrument and session, as a reader keeps them.
type Kept = BTreeMap<(i32, NaiveDate), [f64; 5]>;

/// A reader that follows the change log by its tidemark and reads only what changed.
#[derive(Default)]
pub struct Follower {
    kept: Kept,
    pub steps: usize,
}

impl Follower {
    /// Reads what changed since the last step, and holds everything that it keeps against a fresh read of the same moment.
    pub async fn step(&mut self, client: &mut Client) {
        let transaction = change_log::snapshot(client).await.expect("a snapshot");
        let (tide, work) = change_log::work(&transaction, Job::Features, "campaign").await.expect("work");
        match work {
            Work::All(_) => self.kept = read(&transaction, None).await,
            Work::Since(changes) => {
                for change in changes {
                    let through = change.through.unwrap_or(NaiveDate::MAX);
                    let is_in = |(id, day): (i32, NaiveDate)| {
                        id == change.instrument_id && (change.from..=through).contains(&day)
                    };
                    self.kept.retain(|key, _| !is_in(*key));
                    self.kept.extend(read(&transaction, Some(change)).await);
                }
            }
        }
        let fresh = read(&transaction, None).await;
        assert!(self.kept == fresh, "a reader that follows the change log has other bars than the table");
        change_log::store(&transaction, Job::Features, &tide, "campaign").await.expect("stored");
        transaction.commit().await.expect("committed");
        self.steps += 1;
    }
}

async fn read(transaction: &Transaction<'_>, change: Option<Change>) -> Kept {
    let statement = "SELECT instrument_id, session_date, open, high, low, close, volume FROM bars_day
                     WHERE $1::integer IS NULL OR (instrument_id = $1 AND session_date BETWEEN $2::date AND coalesce($3::date, 'infinity'))";
    let (id, from) = (change.map(|change| change.instrument_id), change.map(|change| change.from));
    let through = change.and_then(|change| change.through);
    let rows = transaction.query(statement, &[&id, &from, &through]).await.expect("bars");
    rows.iter().map(|row| ((row.get(0), row.get(1)), [2, 3, 4, 5, 6].map(|at| row.get(at)))).collect()
}

/// Whether the schema is there, as far as the checks need it: a run can be killed while it makes it.
pub async fn has_schema(client: &Client) -> bool {
    let version = "SELECT to_regclass('bars_day') IS NOT NULL AND to_regclass('loads') IS NOT NULL
                       AND EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'loads' AND column_name = 'timeframe')";
    client.query_one(version, &[]).await.expect("a catalogue").get(0)
}

/// Bars by day, then by ticker.
fn by_day(bars: &Bars) -> BTreeMap<&str, BTreeMap<&str, &[f64; 5]>> {
    let mut days: BTreeMap<&str, BTreeMap<&str, &[f64; 5]>> = BTreeMap::new();
    for ((ticker, day), bar) in bars {
        days.entry(day).or_default().insert(ticker, bar);
    }
    days
}

/// Asserts that every session is as it was before the round or as the source has it now, nothing between. Gives how many
/// of the sessions that differ have come, and how many there are.
pub async fn old_or_new(client: &Client, truth: &Truth, before: &Bars) -> (usize, usize) {
    let stored = tables::bars(client).await;
    let (was, is, has) = (by_day(before), by_day(&truth.bars), by_day(&stored));
    assert!(has.keys().all(|day| is.contains_key(day)), "a day is there that the source has not");
    let (mut come, mut differ) = (0, 0);
    for (day, is) in &is {
        let (was, has) = (was.get(day), has.get(day));
        assert!(has == was || has == Some(is), "{day} is half there");
        differ += usize::from(was != Some(is));
        come += usize::from(was != Some(is) && has == Some(is));
    }
    (come, differ)
}

/// A replaced bar: ticker, day, kind and the bits of its old values (none for one that was added).
pub type Revision = (String, String, &'static str, Option<[u64; 5]>);

/// What a round changes, bar by bar. A first load changes nothing that was known.
pub fn revisions(before: &Bars, after: &Bars) -> Vec<Revision> {
    let bits = |bar: &[f64; 5]| Some(bar.map(f64::to_bits));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .filter_map(|key| {
            let (kind, old) = match (before.get(key), after.get(key)) {
                (Some(was), Some(is)) if was != is => ("changed", bits(was)),
                (Some(was), None) => ("removed", bits(was)),
                (None, Some(_)) => ("added", None),
                _ => return None,
            };
            Some((key.0.clone(), key.1.clone(), kind, old))
        })
        .collect()
}

/// Where the change log ends now; everything that comes later has this transaction number or a greater one.
pub async fn end_of_log(client: &Client) -> String {
    let query = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text";
    client.query_one(query, &[]).await.expect("a number").get(0)
}

/// Asserts everything that must hold when a round is over: the bars are the source's, `expected` are all revisions of the
/// database, the change log since `log` names every bar that differs from `before` and nothing else, nothing is double.
pub async fn whole(client: &Client, truth: &Truth, before: &Bars, expected: &[Revision], log: &str) {
    assert!(tables::bars(client).await == truth.bars, "bars differ from the source");

    let statement = "SELECT ticker, session_date::text, kind, open, high, low, close, volume
                     FROM bar_revisions JOIN ticker_periods USING (instrument_id)";
    let kinds = ["changed", "removed", "added"];
    let rows = client.query(statement, &[]).await.expect("revisions");
    let mut found: Vec<Revision> = rows
        .iter()
        .map(|row| {
            let kind = kinds.iter().find(|kind| **kind == row.get::<_, &str>(2)).expect("a kind");
            let values = [3, 4, 5, 6, 7].map(|at| row.get::<_, Option<f64>>(at));
            let values =
                values[0].is_some().then(|| values.map(|value| value.expect("all or none").to_bits()));
            (row.get(0), row.get(1), *kind, values)
        })
        .collect();
    let mut expected = expected.to_vec();
    found.sort();
    expected.sort();
    assert!(
        found == expected,
        "the revisions are not what changed: {} rows, {} changes",
        found.len(),
        expected.len()
    );

    let differs: BTreeSet<(&str, &str)> = before
        .keys()
        .chain(truth.bars.keys())
        .filter(|key| before.get(*key) != truth.bars.get(*key))
        .map(|(ticker, day)| (ticker.as_str(), day.as_str()))
        .collect();
    let statement = "SELECT ticker, from_session::text, through_session::text
                     FROM change_log JOIN ticker_periods USING (instrument_id)
                     WHERE topic = 'bars' AND xid >= $1::text::xid8";
    let rows = client.query(statement, &[&log]).await.expect("the change log");
    let spans: Vec<[&str; 3]> = rows.iter().map(|row| [row.get(0), row.get(1), row.get(2)]).collect();
    for (ticker, day) in &differs {
        let is_named = |[own, from, through]: &[&str; 3]| own == ticker && from <= day && day <= through;
        assert!(spans.iter().any(is_named), "the change log does not name {ticker} {day}");
    }
    for [ticker, from, through] in &spans {
        let is_change = differs.contains(&(ticker, from)) && differs.contains(&(ticker, through));
        assert!(
            is_change,
            "the change log names {ticker} {from} to {through}, which begins or ends with no change"
        );
    }

    let ledger = "SELECT DISTINCT ON (session_date) session_date::text || ' ' || bars FROM loads ORDER BY session_date, load_id DESC";
    let days = by_day(&truth.bars);
    let expected: Vec<String> = days.iter().map(|(day, bars)| format!("{day} {}", bars.len())).collect();
    assert_eq!(tables::texts(client, ledger).await, expected, "the ledger");

    let names = "SELECT count(*) FROM ticker_periods JOIN instruments USING (instrument_id)";
    let doubles = "SELECT count(*) - count(DISTINCT ticker) FROM ticker_periods";
    let instruments = tables::number(client, "SELECT count(*) FROM instruments").await;
    assert_eq!(tables::number(client, names).await, instruments);
    assert_eq!(tables::number(client, doubles).await, 0, "a ticker has two instruments");
    let without = "SELECT count(*) FROM instruments AS i
                   WHERE NOT EXISTS (SELECT FROM bars_day AS b WHERE b.instrument_id = i.instrument_id)
                       AND NOT EXISTS (SELECT FROM bar_revisions AS r WHERE r.instrument_id = i.instrument_id)";
    assert_eq!(tables::number(client, without).await, 0, "an instrument is there for nothing");
}

/// Rows of everything that a load appends to; an equal load adds none.
pub async fn appended(client: &Client) -> i64 {
    let query = "SELECT (SELECT count(*) FROM loads) + (SELECT count(*) FROM change_log) + (SELECT count(*) FROM bar_revisions)";
    tables::number(client, query).await
}
