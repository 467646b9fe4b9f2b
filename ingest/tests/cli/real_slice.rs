//! Six weeks of the real market, held against a reader that knows nothing of ours.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde_json::Value;

use crate::files::{Bars, naive};
use crate::run::{backfill, ingest};
use crate::support::Database;
use crate::tables;

const FROM: &str = "2015-03-20";
const TO: &str = "2015-04-30";
/// Good Friday; the vendor printed a file.
const CLOSED: &str = "2015-04-03";

/// The folder of real data, where there is one.
pub fn data() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("TIDEMARK_TEST_DATA") {
        return Some(named.into());
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    beside.is_dir().then_some(beside)
}

/// Results of a reply, as they are.
pub fn results(path: &Path) -> Vec<Value> {
    let mut text = String::new();
    let file = std::fs::File::open(path).expect("a reply");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    let reply: Value = serde_json::from_str(&text).expect("JSON");
    reply["results"].as_array().expect("results").clone()
}

/// Whether `other` is the same split up to three days later.
fn is_again(split: &Value, other: &Value) -> bool {
    let same = |name: &str| split[name] == other[name];
    let day = |split: &Value| split["execution_date"].as_str().and_then(|day| day.parse::<NaiveDate>().ok());
    let days_later = || day(other).zip(day(split)).map(|(other, split)| (other - split).num_days());
    same("ticker")
        && same("split_from")
        && same("split_to")
        && days_later().is_some_and(|n| (1..=3).contains(&n))
}

/// Which of two states' bars were added, changed and removed.
fn difference(before: &Bars, after: &Bars) -> [usize; 3] {
    let added = after.keys().filter(|key| !before.contains_key(*key)).count();
    let removed = before.keys().filter(|key| !after.contains_key(*key)).count();
    let changed = before.iter().filter(|(key, bar)| after.get(*key).is_some_and(|now| now != *bar)).count();
    [added, changed, removed]
}

#[tokio::test]
async fn six_real_weeks_their_actions_and_their_corrections_are_loaded_to_the_last_bit() {
    let Some(data) = data() else {
        eprintln!("skipped: name a folder of real data in TIDEMARK_TEST_DATA");
        return;
    };
    let (market, later) = (data.join("vendor/us2015"), data.join("vendor/us2015_republished"));
    let in_range = |day: &str| (FROM..=TO).contains(&day) && day != CLOSED;
    let first = naive(&market, in_range);
    let again = naive(&later, in_range);
    let days = |bars: &Bars| bars.keys().map(|(_, day)| day.clone()).collect::<BTreeSet<_>>();
    let mut second = first.clone();
    second.retain(|(_, day), _| !days(&again).contains(day));
    second.extend(again.clone());

    let database = Database::create().await;
    let client = database.client().await;
    let run = backfill(&database.url, &market.display().to_string(), FROM, TO, &[]).await.succeeded();
    assert_eq!(run.number("inserted"), first.len() as u64);
    assert!(run.out.contains("2015-04-03.csv.gz: Good Friday"), "{}", run.out);
    assert_eq!(tables::bars(&client).await, first);
    assert_eq!(tables::loads(&client).await, days(&first).into_iter().collect::<Vec<_>>());

    let source = format!("files:{}", market.display());
    let run = ingest(&database.url, &["actions", "--source", &source]).await.succeeded();
    let tickers: BTreeSet<&str> = first.keys().map(|(ticker, _)| ticker.as_str()).collect();
    let mut unknown = 0;
    for (name, table) in [("splits.json.gz", "splits"), ("dividends.json.gz", "dividends")] {
        let all = results(&market.join(name));
        // One dividend of the real year is negative, which none can be.
        let usable =
            || all.iter().filter(|action| action["cash_amount"].as_f64().is_none_or(|cash| cash > 0.0));
        let known = usable().filter(|action| action["ticker"].as_str().is_some_and(|t| tickers.contains(t)));
        let known: Vec<&Value> = known.collect();
        unknown += usable().count() - known.len();
        // Ten real splits are announced a session early, and again on their day.
        let again = match table {
            "splits" => known.iter().filter(|split| known.iter().any(|other| is_again(split, other))).count(),
            _ => 0,
        };
        let stored = tables::number(&client, &format!("SELECT count(*) FROM {table}")).await;
        assert_eq!(stored, (known.len() - again) as i64, "{table}");
    }
    let set_aside: usize = run
        .out
        .lines()
        .filter_map(|line| line.trim().strip_suffix("  no bars of this ticker are loaded"))
        .map(|count| count.replace(',', "").parse::<usize>().expect("a count"))
        .sum();
    assert_eq!(set_aside, unknown);

    tables::forget_changes(&client).await;
    let run = backfill(&database.url, &later.display().to_string(), FROM, TO, &[]).await.succeeded();
    let [added, changed, removed] = difference(&first, &second);
    assert!(changed > 0, "the corrections correct something");
    let told = ["inserted", "changed", "removed"].map(|name| run.number(name));
    assert_eq!(told, [added, changed, removed].map(|count| count as u64));
    assert_eq!(tables::bars(&client).await, second);
    let revisions = tables::number(&client, "SELECT count(*) FROM bar_revisions").await;
    assert_eq!(revisions, (added + changed + removed) as i64);
    let touched = first.keys().chain(second.keys()).filter(|key| first.get(*key) != second.get(*key));
    assert_eq!(tables::logged(&client, "bars").await, touched.map(|(ticker, _)| ticker.clone()).collect());
}
