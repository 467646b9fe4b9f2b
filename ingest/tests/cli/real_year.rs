//! A real year's actions and statements, held against a reader that knows nothing of ours.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::real_slice::{data, results};
use crate::run::{backfill, ingest};
use crate::support::Database;
use crate::tables;

/// Splits of the real year that are announced a session early, and again on the day on which the price jumped.
const EARLY: [&str; 10] = [
    "ACUR 2015-08-27",
    "FRO 2016-02-02",
    "HNSN 2015-09-22",
    "IO 2016-02-04",
    "JHX 2015-09-21",
    "NBY 2015-12-18",
    "NFLX 2015-07-14",
    "RTK 2015-08-19",
    "VXDN 2015-09-24",
    "VXUP 2015-09-24",
];

fn text<'a>(record: &'a Value, name: &str) -> &'a str {
    record[name].as_str().unwrap_or_else(|| panic!("{name} of {record}"))
}

#[tokio::test]
async fn a_real_year_has_each_split_once_on_its_day_and_each_statement_s_versions() {
    let Some(data) = data() else {
        eprintln!("skipped: name a folder of real data in TIDEMARK_TEST_DATA");
        return;
    };
    let (database, market) = (Database::create().await, data.join("vendor/us2015"));
    let client = database.client().await;
    backfill(&database.url, &market.display().to_string(), "2015-03-20", "2016-03-31", &[]).await.succeeded();
    let source = format!("files:{}", market.display());
    let known: BTreeSet<String> =
        tables::texts(&client, "SELECT ticker FROM ticker_periods").await.into_iter().collect();

    let run = ingest(&database.url, &["actions", "--source", &source]).await.succeeded();
    assert!(
        run.out.contains("splits           194 read   184 new or changed, 0 equal, 0 repeated, 10 set aside"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("10  repeats a split of 1 session later\n               ACUR 2015-08-27 5:1\n"),
        "{}",
        run.out
    );
    let splits = "SELECT ticker || ' ' || ex_date || ' ' || split_from || ':' || split_to
                  FROM splits JOIN ticker_periods USING (instrument_id) ORDER BY 1";
    let mut expected: Vec<String> = results(&market.join("splits.json.gz"))
        .iter()
        .map(|split| {
            let sides = ["split_from", "split_to"].map(|side| split[side].as_f64().expect("a side"));
            format!("{} {} {}:{}", text(split, "ticker"), text(split, "execution_date"), sides[0], sides[1])
        })
        .filter(|split| !EARLY.iter().any(|early| split.starts_with(early)))
        .collect();
    expected.sort();
    let stored = tables::texts(&client, splits).await;
    assert_eq!(stored, expected);
    let netflix: Vec<&String> = stored.iter().filter(|split| split.starts_with("NFLX ")).collect();
    assert_eq!(netflix, ["NFLX 2015-07-15 1:7"]);

    // An instrument's statements by period and filing, from files whose lines go together: three of one company each.
    let run = ingest(&database.url, &["statements", "--source", &source]).await.succeeded();
    let mut keys: BTreeMap<[String; 4], BTreeSet<String>> = BTreeMap::new();
    for statement in results(&market.join("balance-sheets.json.gz")) {
        let ticker = statement["tickers"][0].as_str().expect("a ticker").to_owned();
        let [end, filed] = ["period_end", "filing_date"].map(|name| text(&statement, name).to_owned());
        if known.contains(&ticker) && filed >= end {
            let key = [ticker, end, text(&statement, "timeframe").to_owned(), filed];
            keys.entry(key).or_default().insert(statement.to_string());
        }
    }
    let rows = "SELECT concat_ws(' ', ticker, period_end, timeframe, filing_date)
                FROM statements JOIN ticker_periods USING (instrument_id) ORDER BY 1";
    let mut expected: Vec<String> = keys.keys().map(|key| key.join(" ")).collect();
    expected.sort();
    let mut stored = tables::texts(&client, rows).await;
    stored.sort();
    assert_eq!(stored, expected);
    let contradicted: usize = keys.values().map(|contents| contents.len() - 1).sum();
    assert_eq!((stored.len(), contradicted), (4_824, 11));
    let said = format!("{contradicted}  another statement of the same period and filing contradicts it");
    assert_eq!(run.out.matches(&said).count(), 3, "{}", run.out);
    let whole = "SELECT count(*) FROM statements
                 WHERE has_income_statement AND has_balance_sheet AND has_cash_flow_statement";
    assert_eq!(tables::number(&client, whole).await, 4_824);
    let restated = "SELECT count(*) FROM (
                        SELECT FROM statements GROUP BY instrument_id, period_end, timeframe HAVING count(*) > 1
                    ) AS periods";
    let periods: BTreeSet<&[String]> = keys.keys().map(|key| &key[..3]).collect();
    assert!(tables::number(&client, restated).await > 0);
    assert_eq!(
        tables::number(
            &client,
            "SELECT count(DISTINCT (instrument_id, period_end, timeframe)) FROM statements"
        )
        .await,
        periods.len() as i64
    );

    tables::forget_changes(&client).await;
    for command in ["actions", "statements"] {
        ingest(&database.url, &[command, "--source", &source]).await.succeeded();
    }
    assert_eq!(tables::number(&client, "SELECT count(*) FROM change_log").await, 0);
}
