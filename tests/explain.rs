//! `features explain` as a user runs it: the number that is stored, from its inputs to its rank, or why there is none.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::{Command, Output};

use chrono::{Days, NaiveDate};
use serde_json::Value;
use support::{Database, companies, market};
use tidemark::jobs::explain::{self, Request};
use tidemark::store::actions::{DividendRow, SplitRow, upsert_dividends, upsert_splits};
use tidemark::store::change_log::{self, Change, Topic};
use tidemark::store::date_of;
use tokio_postgres::Client;

const SESSIONS: i32 = 300;
const INSTRUMENTS: usize = 24;
/// Has its first bar late.
const YOUNG: usize = 20;
/// Never filed anything.
const SILENT: usize = 21;
/// Is a fund.
const FUND: usize = 22;

/// A market of companies, refreshed.
struct World {
    database: Database,
    client: Client,
    ids: Vec<i32>,
}

fn last() -> i32 {
    market::first() + SESSIONS - 1
}

impl World {
    async fn new() -> Self {
        let database = Database::create().await;
        let mut client = database.client().await;
        let ids = market::instruments(&mut client, INSTRUMENTS).await;
        let sessions = market::first()..market::first() + SESSIONS;
        market::open_chunks(&mut client, sessions.clone()).await;
        let transaction = client.transaction().await.unwrap();
        let missing = |id: i32, session: i32| {
            (id != ids[INSTRUMENTS] && (id + session) % 23 == 0)
                || (id == ids[YOUNG] && session < last() - 40)
        };
        let bar = |id: i32, session: i32| (!missing(id, session)).then(|| market::bar(id, session, 0));
        market::write(&transaction, &ids, sessions, bar).await;
        companies::file_all(&transaction, &ids[..SILENT], 0..16).await;
        let day = date_of(last() - 10);
        let split =
            SplitRow { instrument_id: ids[0], ex_date: day, split_from: 1.0, split_to: 3.0, vendor_id: None };
        upsert_splits(&transaction, &[split]).await.unwrap();
        let paid = DividendRow {
            instrument_id: ids[0],
            ex_date: date_of(last() - 5),
            kind: "CD".into(),
            cash_amount: 0.5,
            vendor_id: None,
        };
        upsert_dividends(&transaction, &[paid]).await.unwrap();
        transaction.commit().await.unwrap();
        client
            .batch_execute(&format!(
                "UPDATE instruments SET sector = CASE WHEN instrument_id % 4 = 0 THEN 'Energy' ELSE 'Health Care' END
                 WHERE instrument_id % 5 <> 0;
                 UPDATE instruments SET type = 'ETF' WHERE instrument_id = {}",
                ids[FUND]
            ))
            .await
            .unwrap();
        let world = Self { database, client, ids };
        assert!(world.run("refresh").status.success());
        world
    }

    fn run(&self, line: &str) -> Output {
        let mut features = Command::new(env!("CARGO_BIN_EXE_features"));
        features.args(line.split(' ')).env("DATABASE_URL", &self.database.url);
        features.env_remove("TIDEMARK_BENCHMARK").output().unwrap()
    }

    fn text(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.text(&format!("{line} --json"))).unwrap()
    }

    /// What a command that must fail says.
    fn error(&self, line: &str) -> String {
        let output = self.run(line);
        assert!(!output.status.success() && output.stdout.is_empty(), "{line}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// One number of a view or table; none where it is null or has no row: the views have those of the population.
    async fn number(&self, table: &str, column: &str, id: i32, day: NaiveDate) -> Option<f64> {
        let query =
            format!("SELECT {column} FROM {table} WHERE session_date = '{day}' AND instrument_id = {id}");
        self.client.query_opt(&query, &[]).await.unwrap().and_then(|row| row.get(0))
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * (1.0 + a.abs().max(b.abs()))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_factor_is_told_from_its_bars_to_its_rank() {
    let world = World::new().await;
    let got = world.json("explain TST0 mom_3");
    let day = date_of(last());
    assert_eq!(got["session_date"], day.to_string());
    let factor = &got["factor"];
    assert_eq!((factor["same_bits"].clone(), factor["why_null"].clone()), (true.into(), Value::Null));
    assert_eq!(factor["definition"]["version"], 1);
    assert_eq!(got["state"]["current"], true);
    assert_eq!(got["state"]["remarks"].as_array().unwrap().len(), 0);
    // By hand, from the bars alone: three for one, and half a unit of currency a new share later.
    let stored = world.number("features_day", "mom_3", world.ids[0], day).await.unwrap();
    assert_eq!(number(&factor["stored"]).to_bits(), stored.to_bits());
    let price = &factor["price"];
    let lines = price["lines"].as_array().unwrap();
    let mut growth = 1.0;
    for pair in lines.windows(2) {
        let (before, after) = (&pair[0], &pair[1]);
        assert_eq!(before["session_date"], after["previous_date"]);
        let split = before["session_date"].as_str() < Some(&*date_of(last() - 10).to_string())
            && after["session_date"].as_str() >= Some(&*date_of(last() - 10).to_string());
        let paid = before["session_date"].as_str() < Some(&*date_of(last() - 5).to_string())
            && after["session_date"].as_str() >= Some(&*date_of(last() - 5).to_string());
        let worth = number(&after["close"]) * if split { 3.0 } else { 1.0 } + if paid { 0.5 } else { 0.0 };
        growth *= worth / number(&before["close"]);
    }
    growth *= 1.0 + number(&lines[0]["r"]);
    assert!(near(growth - 1.0, stored), "{growth} by hand, {stored} stored");
    let actions: Vec<&str> =
        price["actions"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(actions, ["split", "dividend"]);

    let text = world.text("explain TST0 mom_3");
    assert!(text.starts_with(&format!("TST0         mom_3 on {day}\n")), "{text}");
    for words in [
        "computed again from its inputs: the same to the bit",
        "window       after t-63 (",
        "start close",
        "value =      growth - 1",
        "population   in it, one of 22",
        "(--all-inputs shows every bar",
    ] {
        assert!(text.contains(words), "{words} is missing in\n{text}");
    }
    let all = world.text("explain TST0 mom_3 --all-inputs");
    assert_eq!(all.lines().count() - text.lines().count(), lines.len() - 6 - 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_agrees_with_what_is_stored_and_with_what_analysts_read() {
    let mut world = World::new().await;
    let day = date_of(last() - 1);
    let mut null = 0;
    for ticker in [0, 1, YOUNG, SILENT, FUND, INSTRUMENTS] {
        let id = world.ids[ticker];
        let name = if ticker == INSTRUMENTS { "SPY".to_owned() } else { format!("TST{ticker}") };
        if (id + last() - 1) % 23 == 0 {
            continue;
        }
        for what in explain::names() {
            let request = Request {
                ticker: name.clone(),
                name: what.clone(),
                session: Some(day),
                benchmark: "SPY".into(),
            };
            let got = explain::run(&mut world.client, &request).await.unwrap();
            assert!(got.state.current && got.state.remarks.is_empty(), "{name} {what}: {:?}", got.state);
            assert_eq!(got.population.excluded_by.is_empty(), got.population.stored, "{name}");
            if let (Some(factor), Some(standing)) = (&got.factor, &got.cross_section) {
                assert!(factor.same_bits);
                assert_eq!(factor.why_null.is_some(), factor.stored.is_nan(), "{name} {what}");
                assert_ne!(factor.price.is_some(), factor.statements.is_some());
                null += usize::from(factor.stored.is_nan());
                let z = world.number("feature_scores", &format!("{what}_z"), id, day).await;
                assert_eq!(Some(standing.z).filter(|z| !z.is_nan()), z, "{name} {what}");
                assert_eq!(standing.why_no_z.is_some(), standing.z.is_nan(), "{name} {what}");
                let rank = world.number("feature_ranks", &format!("{what}_rank"), id, day).await;
                assert_eq!(standing.rank.map(|rank| rank.percentile), rank, "{name} {what}");
            } else {
                let family = got.family.unwrap();
                let score = world.number("feature_scores", &what, id, day).await;
                let told = if what.ends_with("_sn") { family.sn_score } else { family.score };
                match score {
                    Some(score) => assert!(near(score, told), "{name} {what}: {score} and {told}"),
                    None => assert!(told.is_nan(), "{name} {what}"),
                }
                assert_eq!(family.why_no_score.is_some(), family.score.is_nan(), "{name} {what}");
            }
        }
    }
    assert!(null > 30, "{null} null numbers had to give a reason");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_factor_names_every_filing_and_a_family_its_members() {
    let world = World::new().await;
    let day = date_of(last());
    let got = world.json("explain TST1 earnings_yield");
    let factor = &got["factor"];
    let amount = &factor["statements"]["amounts"][0];
    assert_eq!(amount["label"], "net income (TTM)");
    let inputs = amount["inputs"].as_array().unwrap();
    assert!(!inputs.is_empty());
    for input in inputs {
        let end: NaiveDate = input["period_end"].as_str().unwrap().parse().unwrap();
        assert_eq!(input["filing_date"], (end + Days::new(40)).to_string());
    }
    let income: f64 = inputs.iter().map(|input| number(&input["used"])).sum();
    let market = &factor["market"];
    let shares = &market["shares"];
    let worth = number(&market["close"]) * number(&shares["shares"]);
    assert!(near(number(&factor["stored"]), income / worth));
    let filed: NaiveDate = shares["filing_date"].as_str().unwrap().parse().unwrap();
    let end: NaiveDate = shares["period_end"].as_str().unwrap().parse().unwrap();
    assert_eq!(filed, end + Days::new(40));
    let text = world.text("explain TST1 earnings_yield");
    assert!(
        text.contains("  field ") && text.contains(&format!("filed {filed} for the period to {end}")),
        "{text}"
    );
    assert!(text.contains("family       value\n"), "{text}");

    let family = world.json("explain TST1 value_sn");
    assert_eq!((family["factor"].clone(), family["cross_section"].clone()), (Value::Null, Value::Null));
    let members = family["family"]["members"].as_array().unwrap();
    let z: Vec<f64> = members.iter().filter_map(|member| member["z"].as_f64()).collect();
    assert!(near(number(&family["family"]["mean"]), z.iter().sum::<f64>() / z.len() as f64));
    let text = world.text(&format!("explain TST1 value_sn {day}"));
    assert!(text.contains("member") && text.contains("value_sn") && text.contains("sector"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_null_and_an_exclusion_have_their_reasons() {
    let world = World::new().await;
    let bars = format!("SELECT min(session_date) FROM bars_day WHERE instrument_id = {}", world.ids[YOUNG]);
    let first: NaiveDate = world.client.query_one(&bars, &[]).await.unwrap().get(0);
    let text = world.text("explain TST20 vol_60");
    assert!(text.contains("value        null\nnull because needs 40 returns in ("), "{text}");
    let tail = format!(": the first bar is of {first}");
    assert!(["has 38", "has 39"].iter().any(|has| text.contains(&format!("{has}{tail}"))), "{text}");
    assert!(text.contains("population   not in it"), "{text}");
    assert!(text.contains("since the first bar, and has to be 60 or later"), "{text}");
    let silent = world.text("explain TST21 book_to_price");
    assert!(
        silent.contains("null because no quarterly or annual statement was filed before the session"),
        "{silent}"
    );
    assert!(
        silent.contains("market value null: no basic_shares_outstanding in any filing known by then"),
        "{silent}"
    );
    let early = world.text(&format!("explain SPY roe {}", date_of(market::first())));
    assert!(early.contains("was filed before the session\n"), "{early}");
    let fund = world.text("explain TST22 vol_20");
    assert!(fund.contains("its type ETF is none of CS, ADRC and unknown"), "{fund}");
    assert!(fund.contains("z            null: it is not in the population"), "{fund}");
    let benchmark = world.json("explain SPY beta_252");
    assert_eq!(
        (benchmark["factor"]["stored"].clone(), benchmark["factor"]["price"]["formula"].clone()),
        (1.0.into(), "1, being the benchmark".into())
    );
    assert_eq!(benchmark["population"]["excluded_by"][0], "it is the benchmark");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_explained_says_why_and_what_to_do() {
    let world = World::new().await;
    let hole = (0..30).map(|back| last() - back).find(|session| (world.ids[0] + session) % 23 == 0).unwrap();
    let sunday = "2022-06-12";
    for (line, fact, act) in [
        ("explain tst0 roe", "no instrument has the ticker tst0", "case matters; known: TST0"),
        ("explain NONE roe", "no instrument has the ticker NONE", "ingest status"),
        ("explain TST0 mom_12_2", "there is no factor or family mom_12_2", "did you mean mom_12_1"),
        ("explain TST0 wealth_of_nations", "there is no factor or family wealth_of_nations", "features list"),
        (
            &format!("explain TST0 roe {sunday}"),
            "2022-06-12 is no session: Sunday",
            "2022-06-10 and 2022-06-13",
        ),
        (
            "explain TST0 roe 2022-07-04",
            "2022-07-04 is no session: Independence Day",
            "2022-07-01 and 2022-07-05",
        ),
        ("explain TST0 roe 2098-01-02", "TST0 has no bar on 2098-01-02; its last bar is of", "no features"),
        (
            "explain TST20 roe 2022-01-04",
            "TST20 has no bar on 2022-01-04; its first bar is of",
            "no features",
        ),
        ("explain TST0 roe 1969-01-02", "1969-01-02 is outside of the exchange calendar", "YYYY-MM-DD"),
        (&format!("explain TST0 roe {}", date_of(hole)), "the bars around it are of", "no features"),
        ("explain TST0 roe yesterday", "invalid value 'yesterday'", "--help"),
    ] {
        let said = world.error(line);
        assert!(said.contains(fact) && said.contains(act), "{line}\n{said}");
    }
    let empty = Database::create().await;
    market::instruments(&mut empty.client().await, 1).await;
    let world = World { client: empty.client().await, database: empty, ids: Vec::new() };
    let said = world.error("explain TST0 roe");
    assert!(said.contains("TST0 has no bars") && said.contains("ingest backfill"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pending_or_differs_is_said_with_the_remedy() {
    let mut world = World::new().await;
    let (id, day) = (world.ids[2], date_of(last() - 3));
    let sessions = last() - 3..last() - 2;
    let transaction = world.client.transaction().await.unwrap();
    market::write(&transaction, &[id], sessions, |id, session| Some(market::bar(id, session, 1))).await;
    transaction.commit().await.unwrap();
    let line = format!("explain TST2 rev_1 {day}");
    let text = world.text(&line);
    assert!(
        text.contains(&format!("the instrument changed since the last refresh, from {day} on")),
        "{text}"
    );
    assert!(text.contains("rev_1: stored ") && text.contains("do           run: features refresh"), "{text}");
    let got = world.json(&line);
    assert_eq!(
        (got["factor"]["same_bits"].clone(), got["state"]["current"].clone()),
        (false.into(), false.into())
    );
    let other = world.text(&format!("explain TST3 rev_1 {}", date_of(last() - 1)));
    assert!(other.contains("1 other instrument changed since the last refresh"), "{other}");
    world.text("refresh");
    assert_eq!(world.json(&line)["state"]["current"], true);

    // Somebody writes into the table by hand.
    let tamper = format!(
        "UPDATE features_day SET rev_1 = rev_1 + 1 WHERE instrument_id = {id} AND session_date = '{day}'"
    );
    world.client.batch_execute(&tamper).await.unwrap();
    let text = world.text(&line);
    for words in
        ["rev_1: stored ", "the stored moments of rev_1 are not those of the stored rows", "features verify"]
    {
        assert!(text.contains(words), "{words} is missing in\n{text}");
    }
    // A bar that came after the refresh has no row, and another benchmark means other numbers.
    let next = last() + 1;
    market::open_chunks(&mut world.client, next..next + 1).await;
    let transaction = world.client.transaction().await.unwrap();
    market::write(&transaction, &[id], next..next + 1, |id, session| Some(market::bar(id, session, 0))).await;
    transaction.commit().await.unwrap();
    let said = world.error(&format!("explain TST2 rev_1 {}", date_of(next)));
    assert!(
        said.contains("no features of that session are stored yet") && said.contains("features refresh"),
        "{said}"
    );
    let latest = world.json("explain TST2 rev_1");
    assert!(latest["session_date"].as_str().unwrap() <= &*date_of(last()).to_string(), "{latest}");
    let mut features = Command::new(env!("CARGO_BIN_EXE_features"));
    features.args(line.split(' ')).env("DATABASE_URL", &world.database.url).env("TIDEMARK_BENCHMARK", "TST1");
    let text = String::from_utf8(features.output().unwrap().stdout).unwrap();
    assert!(text.contains("what is stored is of other settings"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticker_is_whose_it_was_on_that_day() {
    let mut world = World::new().await;
    let (old, new) = (world.ids[4], world.ids[5]);
    let (moved, taken) = (date_of(market::first() + 100), date_of(market::first() + 200));
    // TST4 becomes RENAMED, and later TST5 takes the free ticker.
    let transaction = world.client.transaction().await.unwrap();
    transaction
        .batch_execute(&format!(
            "UPDATE ticker_periods SET until_date = '{moved}' WHERE ticker = 'TST4';
             UPDATE ticker_periods SET until_date = '{taken}' WHERE ticker = 'TST5';
             INSERT INTO ticker_periods VALUES ('RENAMED', '{moved}', NULL, {old}), ('TST4', '{taken}', NULL, {new})"
        ))
        .await
        .unwrap();
    let change = Change { instrument_id: old, from: moved, through: None };
    change_log::append(&transaction, Topic::Instruments, &[change]).await.unwrap();
    transaction.commit().await.unwrap();
    world.text("refresh");
    let with_bar =
        |id: i32, from: i32| date_of((from..from + 9).find(|session| (id + session) % 23 != 0).unwrap());
    let (early, late) = (with_bar(old, market::first() + 50), with_bar(new, market::first() + 250));
    let whose = |line: String| {
        let got = world.json(&line);
        (
            got["instrument"]["instrument_id"].as_i64().unwrap() as i32,
            got["instrument"]["ticker_then"].clone(),
        )
    };
    assert_eq!(whose(format!("explain TST4 rev_1 {early}")), (old, "TST4".into()));
    assert_eq!(whose(format!("explain TST4 rev_1 {late}")), (new, "TST4".into()));
    assert_eq!(whose("explain TST4 rev_1".into()).0, new);
    // Nobody was called RENAMED then: the one that has the ticker now is meant, under its name of the day.
    assert_eq!(whose(format!("explain RENAMED rev_1 {early}")), (old, "TST4".into()));
    let text = world.text(&format!("explain RENAMED rev_1 {early}"));
    assert!(
        text.contains(&format!("its ticker was TST4 then: TST4 until {moved}, RENAMED from {moved}")),
        "{text}"
    );
}
