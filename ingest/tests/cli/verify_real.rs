//! `ingest verify` on two real markets, whose dirt is known: what is found, what is rightly not found, and how many hidden
//! splits are found again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde_json::Value;
use tidemark::domain::calendar::nyse;

use crate::files::naive;
use crate::run::{backfill, ingest};
use crate::support::Database;

fn data() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("TIDEMARK_TEST_DATA") {
        return Some(named.into());
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    if !beside.is_dir() {
        eprintln!("skipped: name a folder of real data in TIDEMARK_TEST_DATA");
        return None;
    }
    Some(beside)
}

/// The findings of a run.
struct Found(Value);

impl Found {
    async fn of(url: &str, more: &[&str]) -> Self {
        let args = [&["verify", "--format", "json", "--fail-on", "never"], more].concat();
        let run = ingest(url, &args).await.succeeded();
        Self(serde_json::from_str(&run.out).expect("JSON"))
    }

    fn all(&self) -> impl Iterator<Item = &Value> {
        self.0["findings"].as_array().expect("findings").iter()
    }

    fn check<'a>(&'a self, check: &str) -> Vec<&'a Value> {
        self.all().filter(|finding| finding["check"] == check).collect()
    }

    /// Ticker and first day of the findings of a check, in order.
    fn told(&self, check: &str) -> BTreeSet<String> {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        self.check(check)
            .iter()
            .map(|finding| format!("{} {}", text(&finding["ticker"]), text(&finding["from"])))
            .collect()
    }

    fn sum(&self, check: &str, number: &str) -> u64 {
        self.check(check).iter().map(|finding| finding["numbers"][number].as_u64().expect("a count")).sum()
    }

    /// The words of the finding of `check` about `ticker` on `day`.
    fn words(&self, check: &str, ticker: &str, day: &str) -> &str {
        let found = self.check(check);
        let finding = found.iter().find(|finding| finding["ticker"] == ticker && finding["from"] == day);
        let finding = finding.unwrap_or_else(|| panic!("no {check} of {ticker} on {day}: {found:#?}"));
        finding["found"].as_str().expect("words")
    }
}

fn set(findings: &[&str]) -> BTreeSet<String> {
    findings.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn the_known_dirt_of_a_real_year_is_found() {
    let Some(data) = data() else { return };
    let market = data.join("vendor/us2015");
    let database = Database::create().await;
    let folder = market.display().to_string();
    backfill(&database.url, &folder, "2015-03-20", "2016-03-31", &[]).await.succeeded();
    ingest(&database.url, &["actions", "--source", &format!("files:{folder}")]).await.succeeded();
    let found = Found::of(&database.url, &[]).await;

    // Zero volume: as a naive reader of the files counts it, the ten files of holidays aside.
    let files = naive(&market, |_| true);
    let is_session = |day: &str| nyse().number(day.parse().expect("a day")).is_some();
    let bars: BTreeMap<_, _> = files.iter().filter(|((_, day), _)| is_session(day)).collect();
    let zero = |bars: &mut dyn Iterator<Item = &[f64; 5]>| bars.filter(|bar| bar[4] == 0.0).count() as u64;
    assert_eq!(zero(&mut files.values()), 10_702);
    assert_eq!(found.sum("zero-volume", "bars"), zero(&mut bars.values().copied()));
    assert_eq!(found.0["bars"], bars.len());

    // Early ends: 5 or more sessions before the last one, likewise.
    let mut last: BTreeMap<&str, &str> = BTreeMap::new();
    for (ticker, day) in bars.keys() {
        last.insert(ticker, day);
    }
    let final_day = *last.values().max().expect("a day");
    let position = |day: &str| nyse().number(day.parse().expect("a day")).expect("a session");
    let early: BTreeSet<String> = last
        .iter()
        .filter(|(_, day)| position(final_day) - position(day) >= 5)
        .map(|(ticker, day)| format!("{ticker} {day}"))
        .collect();
    let ended = found.told("ended");
    let renamed = found.told("renamed");
    assert_eq!((early.len(), ended.len(), renamed.len()), (298, 280, 18));
    assert_eq!(&ended | &renamed, early);
    assert!(renamed.is_superset(&set(&["LEAF 2015-11-25", "SPF 2015-09-29", "JOEZ 2016-01-27"])));
    assert!(
        found
            .words("renamed", "LEAF", "2015-11-25")
            .starts_with("at 48.68; OMF begins on 2015-11-27 at 48.68")
    );

    assert_eq!(found.told("outside-range"), set(&["PMV 2015-11-20"]));
    assert_eq!(found.told("split-without-jump"), set(&["HCHC 2015-11-12", "WIN 2015-04-27"]));
    assert_eq!(found.told("other-ratio"), set(&["CSC 2015-11-30"]));
    // Real splits that the derived list lacks.
    for (ticker, day, ratio) in [
        ("CF", "2015-06-18", "5:1 likely"),
        ("NSPH", "2015-04-09", "1:20 likely"),
        ("ABIO", "2015-09-04", "1:7 likely"),
    ] {
        assert!(found.words("missing-split", ticker, day).starts_with(ratio));
    }
    assert!(found.told("bad-print").is_superset(&set(&[
        "SSE 2015-04-24",
        "SSE 2015-05-05",
        "TCON 2015-09-04"
    ])));
    let msft: Vec<&Value> = found.all().filter(|finding| finding["ticker"] == "MSFT").collect();
    assert!(msft.is_empty(), "{msft:?}");
    for clean in [
        "split-twice",
        "missing-session",
        "bar-count",
        "half-loaded",
        "stale-session",
        "impossible-bar",
        "twins",
    ] {
        assert!(found.check(clean).is_empty(), "{clean}");
    }

    // The vendor has NFLX's split a session early too, which ingest actions leaves out; with it, returns are wrong.
    let client = database.client().await;
    let early =
        "INSERT INTO splits SELECT instrument_id, '2015-07-14', 1, 7 FROM tickers WHERE ticker = 'NFLX'";
    assert_eq!(client.execute(early, &[]).await.expect("stored"), 1);
    let found = Found::of(&database.url, &["--tickers", "NFLX"]).await;
    assert_eq!(found.all().count(), 1);
    let words = "7:1 on both days; the price jumps by it on 2015-07-15 only";
    assert_eq!(found.words("split-twice", "NFLX", "2015-07-14"), words);
    client
        .execute("DELETE FROM splits WHERE ex_date = '2015-07-14' AND split_to = 7", &[])
        .await
        .expect("gone");

    hidden_splits(&database).await;
}

/// Forgets all splits and looks for them: how many are found again, how surely, and what is taken for one beside them.
async fn hidden_splits(database: &Database) {
    let client = database.client().await;
    let stored =
        "SELECT ticker, ex_date, split_to / split_from FROM splits JOIN tickers USING (instrument_id)";
    let stored = client.query(stored, &[]).await.expect("splits");
    client.execute("DELETE FROM splits", &[]).await.expect("forgotten");
    let found = Found::of(&database.url, &["--check", "missing-split,level-shift"]).await;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut exact = 0;
    let mut ours: BTreeSet<(String, NaiveDate)> = BTreeSet::new();
    for row in &stored {
        let (ticker, day, ratio): (&str, NaiveDate, f64) = (row.get(0), row.get(1), row.get(2));
        // A share that does not trade on the day of its split jumps at its next trade.
        let from =
            |finding: &Value| finding["from"].as_str().expect("a day").parse::<NaiveDate>().expect("a day");
        let near = |finding: &&Value| {
            finding["ticker"] == ticker && (0..=5).contains(&(from(finding) - day).num_days())
        };
        let finding =
            found.all().find(near).filter(|finding| ours.insert((ticker.to_owned(), from(finding))));
        let sure = finding
            .map_or("not found", |finding| finding["numbers"]["sure"].as_str().unwrap_or("level-shift"));
        *counts.entry(sure).or_default() += 1;
        let told = finding.and_then(|finding| finding["numbers"]["ratio"].as_f64());
        exact += usize::from(told.is_some_and(|told| (told / ratio - 1.0).abs() < 1e-9));
    }
    // Some ratios are spin-offs in disguise, and some shares jump by much on the same day.
    let expected = [("level-shift", 12), ("likely", 93), ("not found", 11), ("possible", 68)];
    assert_eq!(counts, BTreeMap::from(expected));
    assert_eq!(exact, 115);
    let likely =
        found.check("missing-split").into_iter().filter(|finding| finding["numbers"]["sure"] == "likely");
    assert_eq!(likely.count() - 93, 5, "CF, NSPH, ABIO, GPT (a merger at 3.19 for 1) and WAVX (bankrupt)");
}

#[tokio::test]
async fn a_halved_close_is_no_split_and_spin_offs_are_named_with_the_doubt_they_leave() {
    let Some(data) = data() else { return };
    let database = Database::create().await;
    let folder = data.join("vendor/sp500").display().to_string();
    backfill(&database.url, &folder, "2013-02-08", "2016-12-31", &[]).await.succeeded();
    let found = Found::of(&database.url, &[]).await;

    assert_eq!(found.told("bad-print"), set(&["LNT 2016-05-19"]));
    let words = "close 17.87 (0.506 times) between 35.35 and 35.91";
    assert_eq!(found.words("bad-print", "LNT", "2016-05-19"), words);
    assert_eq!(found.check("outside-range").len(), 11);
    assert!(found.told("outside-range").contains("LNT 2016-05-19"));

    // Spin-offs: two by no usual ratio, one that is near 2:1 and therefore only possibly a split.
    let shifts = found.told("level-shift");
    let spun_off = [
        "EBAY 2015-07-20",
        "NI 2015-07-02",
        "A 2014-11-03",
        "DOV 2014-03-03",
        "YUM 2016-11-01",
        "ARNC 2016-11-01",
    ];
    assert!(shifts.is_superset(&set(&spun_off)), "{shifts:?}");
    assert!(found.words("missing-split", "BAX", "2015-07-01").starts_with("2:1 possible"));
    // A share of another class for each share: as good as 2:1.
    assert!(found.words("missing-split", "DISCA", "2014-08-07").starts_with("2:1 likely"));
    assert_eq!(found.check("missing-split").len(), 6);
    assert_eq!(shifts.len(), 8);

    // Two sessions of which a part is the session before once more.
    assert_eq!(found.told("stale-session"), set(&["- 2014-07-18", "- 2014-08-04"]));
    assert_eq!(found.sum("stale-session", "repeated"), 247);
    assert_eq!(found.told("long-gap"), set(&["DHR 2015-03-09", "ES 2015-03-09", "O 2015-03-09"]));
    assert_eq!(found.sum("long-gap", "missing") + found.sum("short-gaps", "missing"), 60);
}
