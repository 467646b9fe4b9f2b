//! `features evaluate` as a user runs it, on a made-up market whose returns are known: what it finds, what it counts, what it
//! refuses, and that it leaves nothing behind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::{Command, Output};

use chrono::NaiveDate;
use serde_json::Value;
use support::{Database, market};
use tidemark::domain::bar::DayBar;
use tidemark::store::date_of;
use tokio_postgres::Client;

const NAMES: usize = 40;
const SESSIONS: i32 = 100;
/// The name that stops trading, and after how many sessions.
const STOPS: (usize, i32) = (3, 88);
/// The name that splits 2:1, and on which session.
const SPLITS: (usize, i32) = (7, 80);

fn run(database: &Database, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_features"))
        .args(line.split(' '))
        .env("DATABASE_URL", &database.url)
        .env_remove("TIDEMARK_BENCHMARK")
        .output()
        .unwrap()
}

fn ok(database: &Database, line: &str) -> String {
    let output = run(database, line);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{line}\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn json(database: &Database, line: &str) -> Value {
    serde_json::from_str(&ok(database, &format!("evaluate {line} --json"))).unwrap()
}

/// A market in which every price is a random walk: what happened says nothing about what will. One name stops, one splits.
struct Walk {
    ids: Vec<i32>,
    first: i32,
    /// Close by name and session, raw as printed; none where there is no bar.
    closes: Vec<Vec<Option<f64>>>,
}

impl Walk {
    async fn create(client: &mut Client) -> Self {
        let ids = market::instruments(client, NAMES - 1).await;
        let first = market::first();
        let close = |name: usize, session: i32| {
            let mut price = 50.0;
            for past in 0..=session {
                price *= 1.0 + 0.1 * noise(name as u64, past as u64);
            }
            if name == SPLITS.0 && session >= SPLITS.1 { price / 2.0 } else { price }
        };
        let closes = (0..ids.len())
            .map(|name| {
                (0..SESSIONS)
                    .map(|session| (name != STOPS.0 || session < STOPS.1).then(|| close(name, session)))
                    .collect()
            })
            .collect();
        let walk = Self { ids, first, closes };
        let sessions = first..first + SESSIONS;
        market::open_chunks(client, sessions.clone()).await;
        let transaction = client.transaction().await.unwrap();
        let bar = |id: i32, session: i32| {
            let name = walk.ids.iter().position(|known| *known == id).unwrap();
            let close = walk.closes[name][(session - first) as usize]?;
            let volume = 1e7 / close;
            Some(DayBar {
                open: close,
                high: close,
                low: close,
                close,
                volume,
                vwap: None,
                trade_count: None,
            })
        };
        market::write(&transaction, &walk.ids, sessions, bar).await;
        transaction.commit().await.unwrap();
        client
            .execute(
                "INSERT INTO splits (instrument_id, ex_date, split_from, split_to) VALUES ($1, $2, 1, 2)",
                &[&walk.ids[SPLITS.0], &date_of(first + SPLITS.1)],
            )
            .await
            .unwrap();
        walk
    }

    /// Return from `session` over `horizon`, from the closes alone.
    fn forward(&self, name: usize, session: i32, horizon: i32) -> Option<f64> {
        let close = |session: i32| self.closes[name].get(usize::try_from(session).ok()?).copied().flatten();
        let split = name == SPLITS.0 && session < SPLITS.1 && session + horizon >= SPLITS.1;
        Some(close(session + horizon)? * if split { 2.0 } else { 1.0 } / close(session)? - 1.0)
    }

    /// Puts into the column `size` the return over one session that begins `ahead` sessions after the row's own: 0 is what
    /// nobody can know, −1 what has just happened.
    async fn plant(&self, client: &Client, ahead: i32) {
        let (mut ids, mut days, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (name, id) in self.ids.iter().enumerate() {
            for session in 0..SESSIONS {
                ids.push(*id);
                days.push(date_of(self.first + session));
                values.push(self.forward(name, session + ahead, 1));
            }
        }
        client
            .execute(
                "UPDATE features_day AS f SET size = p.value
                 FROM unnest($1::integer[], $2::date[], $3::double precision[]) AS p (id, day, value)
                 WHERE f.instrument_id = p.id AND f.session_date = p.day",
                &[&ids, &days, &values],
            )
            .await
            .unwrap();
    }
}

/// White noise in [−1, 1], the same for the same name and session.
fn noise(name: u64, session: u64) -> f64 {
    let mut x = (name << 32 ^ session).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 29;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 32;
    (x >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

fn horizon(evaluation: &Value, at: usize) -> &Value {
    &evaluation["factors"][0]["horizons"][at]
}

fn mean_coefficient(evaluation: &Value, at: usize) -> f64 {
    horizon(evaluation, at)["ic"]["mean"].as_f64().unwrap()
}

/// Spearman's coefficient without ties by the textbook's formula.
fn textbook(pairs: &[(f64, f64)]) -> f64 {
    let ranks = |values: Vec<f64>| -> Vec<f64> {
        values.iter().map(|v| values.iter().filter(|other| *other < v).count() as f64).collect()
    };
    let (x, y) = (ranks(pairs.iter().map(|p| p.0).collect()), ranks(pairs.iter().map(|p| p.1).collect()));
    let n = pairs.len() as f64;
    1.0 - 6.0 * x.iter().zip(&y).map(|(x, y)| (x - y).powi(2)).sum::<f64>() / (n * (n * n - 1.0))
}

/// Everything the database holds, by table: how many rows, and a digest of the features.
async fn contents(client: &Client) -> BTreeMap<String, String> {
    let mut contents = BTreeMap::new();
    let tables = client
        .query("SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'", &[])
        .await
        .unwrap();
    for table in tables {
        let name: String = table.get(0);
        let row = client.query_one(&format!("SELECT count(*)::text FROM \"{name}\""), &[]).await.unwrap();
        contents.insert(name, row.get(0));
    }
    let digest =
        "SELECT md5(string_agg(f::text, '' ORDER BY session_date, instrument_id)) FROM features_day AS f";
    contents.insert("digest".into(), client.query_one(digest, &[]).await.unwrap().get(0));
    contents
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_planted_is_found_and_what_cannot_be_known_is_not() {
    let database = Database::create().await;
    let mut client = database.client().await;
    let walk = Walk::create(&mut client).await;
    ok(&database, "refresh");

    // One session of a real factor by hand: rank correlation and quantiles, from the rows and the closes.
    let day = date_of(walk.first + 78);
    let found = json(&database, &format!("rev_1 --horizons 1,5 --quantiles 4 --from {day} --to {day}"));
    let rows = client
        .query(
            "SELECT instrument_id, rev_1, in_population FROM features_day WHERE session_date = $1",
            &[&day],
        )
        .await
        .unwrap();
    let mut names: Vec<(f64, f64)> = rows
        .iter()
        .filter(|row| row.get(2))
        .map(|row| {
            let name = walk.ids.iter().position(|id| *id == row.get::<_, i32>(0)).unwrap();
            // Less is preferred of rev_1.
            (-row.get::<_, f64>(1), walk.forward(name, 78, 5).unwrap())
        })
        .collect();
    assert_eq!(names.len(), NAMES - 1, "all but the benchmark");
    let session = &found["factors"][0]["sessions"][0]["horizons"][1];
    assert!((session["ic"].as_f64().unwrap() - textbook(&names)).abs() < 1e-12);
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    // 39 names in 4 quantiles: 10, 10, 10, 9.
    let top = names[30..].iter().map(|name| name.1).sum::<f64>() / 9.0;
    let bottom = names[..10].iter().map(|name| name.1).sum::<f64>() / 10.0;
    assert!((session["spread"].as_f64().unwrap() - (top - bottom)).abs() < 1e-12);

    // Foresight planted into a column shows at once; a session later it is worth nothing.
    walk.plant(&client, 0).await;
    let foresight = json(&database, "size --horizons 1,5,21");
    assert_eq!(horizon(&foresight, 0)["ic"]["mean"], 1.0, "the value is the return");
    assert_eq!(horizon(&foresight, 0)["ic"]["positive"], 1.0);
    for session in foresight["factors"][0]["sessions"].as_array().unwrap() {
        let means: Vec<f64> = session["horizons"][0]["return_by_quantile"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_f64)
            .collect();
        assert!(means.windows(2).all(|pair| pair[0] < pair[1]), "{session}");
    }
    let longer = mean_coefficient(&foresight, 1);
    assert!(longer > 0.2 && longer < 0.9, "a part of the return over 5: {longer}");
    walk.plant(&client, -1).await;
    let known = json(&database, "size --horizons 1,5");
    // 40 sessions of 39 names: a standard error of 1 / √(38 × 39) = 0.026.
    assert!(mean_coefficient(&known, 0).abs() < 0.11, "{}", mean_coefficient(&known, 0));
    assert!(horizon(&known, 0)["ic"]["t"].as_f64().unwrap().abs() < 4.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_return_is_counted_and_nothing_is_left_behind() {
    let database = Database::create().await;
    let mut client = database.client().await;
    let walk = Walk::create(&mut client).await;
    ok(&database, "refresh");
    let before = contents(&client).await;
    let whole = json(&database, "vol_20 --horizons 1,5,21");

    // The last sessions have no return; the name that stopped is counted on every session whose horizon it did not reach.
    for (at, sessions) in [1, 5, 21].into_iter().enumerate() {
        assert_eq!(horizon(&whole, at)["sessions_too_late"], sessions);
    }
    assert_eq!(horizon(&whole, 0)["stopped"]["times"], 1);
    assert_eq!(horizon(&whole, 1)["stopped"]["times"], 5);
    assert_eq!(horizon(&whole, 1)["stopped"]["instruments"], 1);
    let closes = &walk.closes[STOPS.0];
    let to_last =
        (83..88).map(|session| closes[87].unwrap() / closes[session].unwrap() - 1.0).sum::<f64>() / 5.0;
    let stopped = horizon(&whole, 1)["stopped"]["mean_return_to_last_bar"].as_f64().unwrap();
    assert!((stopped - to_last).abs() < 1e-12, "{stopped} {to_last}");
    assert_eq!(horizon(&whole, 2)["unpriced"], 0);

    // A session's numbers depend neither on the range nor on who asks with it.
    let (from, to) = (date_of(walk.first + 65), date_of(walk.first + 70));
    let part = json(&database, &format!("mom_3 vol_20 --horizons 1,5,21 --from {from} --to {to}"));
    let of_day = |evaluation: &Value, factor: usize, day: NaiveDate| -> Value {
        let sessions = evaluation["factors"][factor]["sessions"].as_array().unwrap();
        let found = sessions.iter().find(|session| session["session_date"] == day.to_string()).unwrap();
        found["horizons"]
            .as_array()
            .unwrap()
            .iter()
            .map(|h| [&h["ic"], &h["spread"]].map(Clone::clone))
            .collect()
    };
    assert_eq!(of_day(&whole, 0, to), of_day(&part, 1, to));
    assert_ne!(of_day(&part, 1, to)[0][0], Value::Null);

    // Tables and page say the same numbers.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    let text = ok(&database, &format!("evaluate vol_20 mom_3 --horizons 1,5,21 --html {}", path.display()));
    let mean = mean_coefficient(&whole, 1);
    assert!(text.contains(&format!("{mean:.3}")), "{mean} in {text}");
    let text = ok(&database, "evaluate vol_20 --horizons 1,5,21");
    assert!(text.contains(&format!("{mean:.4}")) && text.contains("2022-05"), "{mean} in {text}");
    check_page(&std::fs::read_to_string(&path).unwrap(), &format!("{mean:.4}"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no part of a page is left");

    assert_eq!(contents(&client).await, before, "an evaluation stores nothing");
}

/// The page stands alone, explains itself, and is well formed.
fn check_page(page: &str, number: &str) {
    assert!(page.contains(number), "{number}");
    for foreign in ["http:", "https:", "<script", "<link", "@import", "url(", "src="] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for word in
        ["prefers-color-scheme: dark", "Forward return", "Newey", "splits and dividends", "in_population"]
    {
        let said = page.contains(word) || word == "in_population" && page.contains("population");
        assert!(said, "{word}");
    }
    assert!(!page.contains("NaN") && !page.contains("inf "));
    let ids: Vec<&str> = page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<HashSet<_>>().len(), "ids are unique");
    for labels in page.split("aria-labelledby=\"").skip(1) {
        for label in labels.split('"').next().unwrap().split(' ') {
            assert!(ids.contains(&label), "{label}");
        }
    }
    let plots = page.matches("<svg role=\"img\"").count();
    assert_eq!(plots, 2 * (3 * 3 + 3), "three a horizon, and spread, turnover, coverage, of two factors");
    assert_eq!(plots, page.matches("<desc ").count());
    // Every element that opens closes, in order.
    let mut open: Vec<&str> = Vec::new();
    for tag in page.split('<').skip(1) {
        let name = tag.split(|c: char| !c.is_alphanumeric() && c != '/').next().unwrap();
        let empty = tag.split('>').next().unwrap().ends_with('/');
        match name {
            _ if name.is_empty() || name == "meta" || empty => {}
            _ if name.starts_with('/') => assert_eq!(open.pop(), Some(&name[1..]), "before {tag}"),
            _ => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_evaluated_is_refused_with_the_remedy() {
    let database = Database::create().await;
    let mut client = database.client().await;
    let refused = |line: &str, fact: &str, act: &str| {
        let output = run(&database, &format!("evaluate {line}"));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{line}: {text}");
        assert!(text.contains("error: ") && text.contains(fact), "{line}: {text}");
        assert!(text.contains("hint: ") && text.contains(act), "{line}: {text}");
        assert!(output.stdout.is_empty(), "{line}");
    };
    refused("mom_3", "there are no bars", "ingest backfill");
    let walk = Walk::create(&mut client).await;
    refused("mom_3", "there are no features", "features refresh");
    ok(&database, "refresh");
    let (last, early) = (date_of(walk.first + SESSIONS - 1), date_of(walk.first + 30));
    refused("momentm", "no factor or family is called momentm", "did you mean momentum?");
    refused("nothing_like_it", "no factor or family", "low_risk_sn");
    refused("vol_20 --from 2023-01-01 --to 2022-12-01", "is after", "earlier day");
    refused("vol_20 --to 2020-01-01", "they go from 2022-01-03", "--from and --to");
    refused(&format!("vol_20 --to {early}"), "has 10 names", "starts later");
    refused("mom_12_1", "the most are 0", "history");
    refused("value", "10 names with a value of value", "statements");
    refused(&format!("vol_20 --from {last}"), "has a return 1 session ahead", "--horizons");
    refused("momentum_sn", "no instrument has a sector", "ingest reference");
    refused("vol_20 --sector-neutral", "no instrument has a sector", "ingest reference");
    refused("vol_20 --html /nowhere/page.html", "cannot be written", "folder");

    client.batch_execute("UPDATE instruments SET sector = 'Energy'").await.unwrap();
    let neutral = json(&database, "vol_20 --sector-neutral --horizons 1");
    assert_eq!(neutral["factors"][0]["factor"], "vol_20_sn");

    // A factor without values among others is a line of dashes and a warning.
    let output = run(&database, "evaluate vol_20 mom_12_1");
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("mom_12_1 has a value for at most 0 names"));

    for (names, quantiles, fact) in [
        (15, 20, "20 quantiles are more than the names: no session has more than 15"),
        (9, 5, "the most are 9"),
    ] {
        // The last one is the benchmark, which is in no population.
        let left = &walk.ids[NAMES - 1 - names..NAMES - 1];
        client.execute("DELETE FROM features_day WHERE instrument_id <> ALL ($1)", &[&left]).await.unwrap();
        refused(&format!("vol_20 --quantiles {quantiles}"), fact, "");
    }

    let elsewhere = Command::new(env!("CARGO_BIN_EXE_features"))
        .args(["evaluate", "vol_20"])
        .env("DATABASE_URL", &database.url)
        .env("TIDEMARK_BENCHMARK", "TST1")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&elsewhere.stderr).contains("other definitions"));
}

/// What scipy's `spearmanr`, numpy's `std` and pandas' means gave for the real market: factor, horizon, sessions, mean and
/// standard deviation of the coefficient, mean spread, names stopped (times, instruments), mean turnover of the highest
/// quantile, mean rank autocorrelation. The script built the returns from the same bars, splits and dividends on its own.
#[expect(clippy::type_complexity, reason = "a table of numbers")]
const BY_SCIPY: [(usize, usize, u64, f64, f64, f64, u64, u64, f64, f64); 6] = [
    (
        0,
        1,
        54,
        -0.04059773237376479,
        0.1640789605241984,
        -0.0015504135086789163,
        39,
        39,
        0.13470373074616612,
        0.9441048702212963,
    ),
    (
        0,
        5,
        50,
        -0.08312255153723498,
        0.14925320188248195,
        -0.010022333957186623,
        182,
        40,
        0.2976299173841053,
        0.7640490976843863,
    ),
    (
        0,
        21,
        34,
        -0.1834350128193755,
        0.06039404321504417,
        -0.06284946183774423,
        527,
        42,
        0.6231017703005532,
        0.17343423903647984,
    ),
    (
        1,
        1,
        54,
        0.029600939878462455,
        0.13051854014546116,
        0.00045491664730661985,
        39,
        39,
        0.017245932712077455,
        0.9977235130863785,
    ),
    (
        1,
        5,
        50,
        0.06653481205130524,
        0.1273925773676677,
        0.004230684997723604,
        182,
        40,
        0.06478782939439727,
        0.9907548602057444,
    ),
    (
        1,
        21,
        34,
        0.12643165478960178,
        0.04369265384312259,
        0.02776022718796691,
        527,
        42,
        0.1840516371932344,
        0.9701177659375155,
    ),
];

/// Standard errors of the mean coefficient by statsmodels' `OLS(…).fit(cov_type="HAC")` with horizon − 1 lags and its small
/// sample correction, of `rev_1` and `div_yield` at horizons 1 and 5.
const BY_STATSMODELS: [[f64; 2]; 2] =
    [[0.022328318378363878, 0.03319315861273762], [0.017761323629407858, 0.029758836526265323]];

#[tokio::test(flavor = "multi_thread")]
async fn on_the_real_market_every_number_is_what_scipy_and_statsmodels_give() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let named = std::env::var_os("TIDEMARK_TEST_DATA").map(std::path::PathBuf::from);
    let Some(data) = named.or_else(|| beside.is_dir().then_some(beside)) else {
        eprintln!("skipped: no real data; name its folder in TIDEMARK_TEST_DATA");
        return;
    };
    let database = Database::create_empty().await;
    let ingest = Path::new(env!("CARGO_BIN_EXE_features")).with_file_name("ingest");
    assert!(ingest.is_file(), "ingest is not built: run cargo build --workspace with the same profile");
    for line in [
        "backfill --source flatfiles:us2015 --from 2015-03-20 --to 2015-08-31",
        "actions --source files:us2015",
    ] {
        let loaded = Command::new(&ingest)
            .args(line.split(' '))
            .env("DATABASE_URL", &database.url)
            .current_dir(data.join("vendor"))
            .output()
            .unwrap();
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
    }
    ok(&database, "refresh");
    let found = json(&database, "rev_1 div_yield --horizons 1,5,21");
    let near = |found: &Value, expected: f64| {
        let found = found.as_f64().unwrap();
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    };
    for (at, row) in BY_SCIPY.into_iter().enumerate() {
        let (factor, horizon, sessions, mean, sd, spread, times, instruments, turnover, autocorrelation) =
            row;
        let got = &found["factors"][factor]["horizons"][at % 3];
        assert_eq!((&got["horizon"], &got["ic"]["sessions"]), (&horizon.into(), &sessions.into()));
        near(&got["ic"]["mean"], mean);
        near(&got["ic"]["sd"], sd);
        near(&got["ic"]["ir"], mean / sd);
        near(&got["spread"]["mean"], spread);
        assert_eq!(got["stopped"]["times"], times);
        assert_eq!(got["stopped"]["instruments"], instruments);
        near(&got["turnover_highest"], turnover);
        near(&got["rank_autocorrelation"], autocorrelation);
        match BY_STATSMODELS[factor].get(at % 3) {
            Some(error) => near(&got["ic"]["error"], *error),
            None => assert_eq!(got["ic"]["error"], Value::Null, "34 sessions are under 4 horizons of 21"),
        }
    }
}
