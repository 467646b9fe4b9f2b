//! Whole samples, read back from their files.

use super::*;
use flate2::read::GzDecoder;
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashMap},
    fs,
    io::Read,
};
use tidemark::domain::bar::DayBar;

fn options(out: &Path) -> SampleOptions {
    let until = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
    SampleOptions { instruments: 60, sessions: 130, until, seed: 1, minutes: 0, out: out.join("sample") }
}

fn write_sample(options: &SampleOptions) -> SampleSummary {
    write(options, &|_, _| {}).unwrap()
}

/// Every file under `folder` with its bytes.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

/// The bars of each session under `folder`, by ticker.
fn days(folder: &Path) -> BTreeMap<NaiveDate, BTreeMap<String, DayBar>> {
    let bars = |text: &str| {
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("ticker,volume,open,close,high,low,window_start,transactions"));
        let rows: Vec<(String, DayBar)> = lines
            .map(|line| {
                let fields: Vec<&str> = line.split(',').collect();
                let number = |at: usize| fields[at].parse::<f64>().unwrap();
                let bar = DayBar {
                    open: number(2),
                    high: number(4),
                    low: number(5),
                    close: number(3),
                    volume: number(1),
                    vwap: None,
                    trade_count: Some(fields[7].parse().unwrap()),
                };
                (fields[0].to_owned(), bar)
            })
            .collect();
        assert!(rows.is_sorted_by(|one, two| one.0 < two.0), "sorted by ticker, each once");
        rows.into_iter().collect()
    };
    let files = tree(&folder.join("us_stocks_sip/day_aggs_v1"));
    files
        .iter()
        .map(|(path, bytes)| {
            let date: NaiveDate = path.file_name().unwrap().to_str().unwrap()[..10].parse().unwrap();
            assert_eq!(*path, PathBuf::from(date.format("%Y/%m/%Y-%m-%d.csv.gz").to_string()));
            (date, bars(&unpacked(bytes)))
        })
        .collect()
}

fn results(path: PathBuf) -> Vec<Value> {
    let reply: Value = serde_json::from_str(&unpacked(&fs::read(path).unwrap())).unwrap();
    reply["results"].as_array().unwrap().clone()
}

#[test]
fn the_same_options_give_the_same_bytes_and_another_seed_another_market() {
    let folder = tempfile::tempdir().unwrap();
    let one = options(folder.path());
    write_sample(&one);
    let first = tree(&one.out);
    let two = SampleOptions { out: folder.path().join("two"), ..one.clone() };
    rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(|| write_sample(&two));
    assert!(first == tree(&two.out), "another folder and another number of threads");
    write_sample(&SampleOptions { sessions: 140, ..one.clone() });
    write_sample(&one);
    assert!(first == tree(&one.out), "nothing of another sample in the same folder remains");
    let other = SampleOptions { seed: 2, ..two };
    write_sample(&other);
    let other = tree(&other.out);
    for (path, bytes) in first.iter().filter(|(path, _)| path.to_str().unwrap().contains("day_aggs")) {
        assert!(other[path] != *bytes, "{}", path.display());
    }
}

/// Holds the text inside the files to what it was when this test was written. A change of the generator changes the
/// number, and everybody's sample: say so in the changelog.
#[test]
fn the_market_of_seed_1_is_the_same_on_every_platform() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    write_sample(&options);
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    for (path, bytes) in tree(&options.out) {
        let text = if path.extension().is_some_and(|end| end == "gz") {
            unpacked(&bytes).into_bytes()
        } else {
            bytes
        };
        for byte in text {
            digest = (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    assert_eq!(format!("{digest:016x}"), "ea8cc5e48611daa5");
}

#[test]
fn every_session_has_a_file_and_every_row_is_a_bar() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let summary = write_sample(&options);
    let days = days(&options.out);
    let sessions: Vec<NaiveDate> = nyse().sessions(summary.first_session, options.until).collect();
    assert_eq!(sessions.len(), 130);
    assert!(days.keys().eq(&sessions));
    assert_eq!(summary.last_session.to_string(), "2024-12-31");
    assert_eq!(summary.next_session.to_string(), "2025-01-02");
    assert_eq!(summary.bars, days.values().map(BTreeMap::len).sum::<usize>());
    for folder in [options.out.clone(), options.out.join("republished"), options.out.join("next")] {
        for (date, bars) in super::tests::days(&folder) {
            assert!(bars.contains_key("SPY"), "{date}");
            for (ticker, bar) in bars {
                assert_eq!(bar.check(), Ok(()), "{date} {ticker}");
                assert!(bar.low <= bar.open.min(bar.close) && bar.open.max(bar.close) <= bar.high);
            }
        }
    }
}

#[test]
fn a_larger_market_holds_the_smaller_one() {
    let folder = tempfile::tempdir().unwrap();
    let small = SampleOptions { sessions: 20, ..options(folder.path()) };
    let large = SampleOptions { instruments: 520, out: folder.path().join("large"), ..small.clone() };
    let summary = write_sample(&small);
    write_sample(&large);
    let (small, large) = (days(&small.out), days(&large.out));
    for (date, bars) in small.iter().filter(|(date, _)| !summary.republished.contains(*date)) {
        assert!(bars.iter().all(|(ticker, bar)| large[date][ticker] == *bar), "{date}");
    }
    let first = &large[&summary.first_session];
    assert_eq!(first.len(), 520 - 26, "all but those that are listed later");
    assert!(first.contains_key("TDM0256") && first.contains_key("TDM0519"));
}

#[test]
fn raw_prices_and_actions_fit_together() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let summary = write_sample(&options);
    let days = days(&options.out);
    let splits = results(options.out.join("splits.json.gz"));
    assert_eq!(splits.len(), summary.splits);
    let mut ratios: HashMap<(String, NaiveDate), f64> = HashMap::new();
    for split in &splits {
        let date = split["execution_date"].as_str().unwrap().parse().unwrap();
        let ratio = split["split_to"].as_f64().unwrap() / split["split_from"].as_f64().unwrap();
        ratios.insert((split["ticker"].as_str().unwrap().to_owned(), date), ratio);
    }
    assert!(ratios.values().any(|ratio| *ratio > 1.0) && ratios.values().any(|ratio| *ratio < 1.0));

    let mut last: HashMap<&str, f64> = HashMap::new();
    for (date, bars) in &days {
        for (ticker, bar) in bars {
            let ratio = ratios.remove(&(ticker.clone(), *date)).unwrap_or(1.0);
            if let Some(before) = last.insert(ticker, bar.close) {
                let change = bar.close * ratio / before;
                assert!(
                    (0.55..1.7).contains(&change),
                    "{date} {ticker}: {before} to {} × {ratio}",
                    bar.close
                );
            }
        }
    }
    assert!(ratios.is_empty(), "every split falls on a session with a bar: {ratios:?}");

    let dividends = results(options.out.join("dividends.json.gz"));
    assert_eq!(dividends.len(), summary.dividends);
    assert!(dividends.len() > 50, "{}", dividends.len());
    for dividend in dividends {
        let date: NaiveDate = dividend["ex_dividend_date"].as_str().unwrap().parse().unwrap();
        let bar = days[&date].get(dividend["ticker"].as_str().unwrap());
        let cash = dividend["cash_amount"].as_f64().unwrap();
        assert!(cash > 0.0 && bar.is_none_or(|bar| cash < 0.03 * bar.close), "{dividend}");
    }
}

#[test]
fn there_is_everything_that_makes_trouble() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let summary = write_sample(&options);
    let days = days(&options.out);
    let on = |date| days[&date].keys().cloned().collect::<BTreeSet<String>>();
    let (first, last) = (on(summary.first_session), on(summary.last_session));
    assert!(!first.contains("TDM0007") && last.contains("TDM0007"), "listed on the way");
    assert!(first.contains("TDM0011") && !last.contains("TDM0011"), "delisted on the way");
    let bars = |ticker: &str| days.values().filter(|day| day.contains_key(ticker)).count();
    let halted = (4..60).step_by(5).filter(|index| bars(&format!("TDM{index:04}")) < 129).count();
    assert!(halted > 0, "halts");
    assert!(days.values().flat_map(BTreeMap::values).any(|bar| bar.volume == 0.0), "no volume");
    let tickers = results(options.out.join("tickers.json.gz"));
    assert_eq!(tickers.len(), 60);
    let gone: Vec<&Value> = tickers.iter().filter(|ticker| ticker["active"] == false).collect();
    assert_eq!(gone.len(), 2, "TDM0011 and TDM0036");
    assert!(gone.iter().all(|ticker| ticker["delisted_utc"].is_string()));
}

#[test]
fn republished_days_differ_by_changed_removed_and_added_rows() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let summary = write_sample(&options);
    let (first, second) = (days(&options.out), days(&options.out.join("republished")));
    assert!(second.keys().eq(&summary.republished));
    assert_eq!(second.len(), 5);
    for (date, second) in second {
        let first = &first[&date];
        assert_eq!(second.keys().filter(|ticker| !first.contains_key(*ticker)).count(), 1, "{date}: added");
        assert_eq!(first.keys().filter(|ticker| !second.contains_key(*ticker)).count(), 1, "{date}: removed");
        let changed = first.iter().filter(|(ticker, bar)| second.get(*ticker).is_some_and(|two| two != *bar));
        assert_eq!(changed.count(), 1, "{date}: changed");
        assert_eq!(first["SPY"], second["SPY"]);
    }
}

#[test]
fn the_additional_session_brings_its_own_split() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let summary = write_sample(&options);
    let next = options.out.join("next");
    assert!(days(&next).keys().eq([&summary.next_session]));
    let splits = results(next.join("splits.json.gz"));
    assert!(splits.iter().any(|split| split["ticker"] == "TDM0003"));
    let (before, after) = (days(&options.out)[&summary.last_session]["TDM0003"], days(&next));
    let ratio = after[&summary.next_session]["TDM0003"].close / before.close;
    assert!((0.4..0.6).contains(&ratio), "{ratio}");
}

#[test]
fn statements_are_filed_before_the_end_and_by_living_companies() {
    let folder = tempfile::tempdir().unwrap();
    let options = SampleOptions { sessions: 500, ..options(folder.path()) };
    let summary = write_sample(&options);
    let income = results(options.out.join("income-statements.json.gz"));
    assert_eq!(income.len(), summary.quarters);
    for name in ["balance-sheets.json.gz", "cash-flow-statements.json.gz"] {
        assert_eq!(results(options.out.join(name)).len(), summary.quarters);
    }
    for statement in &income {
        let date = |field: &str| statement[field].as_str().unwrap().parse::<NaiveDate>().unwrap();
        assert!(date("filing_date") < options.until && date("filing_date") > date("period_end"));
        assert!(statement["basic_shares_outstanding"].as_f64().unwrap() > 1e6 / 25.0);
        assert_ne!(statement["tickers"][0], "SPY");
    }
    let of = |ticker: &Value| -> Vec<&Value> {
        income.iter().filter(|row| row["tickers"][0] == *ticker).collect()
    };
    for ticker in results(options.out.join("tickers.json.gz")).iter().skip(1) {
        let rows = of(&ticker["ticker"]);
        assert!((9..=19).contains(&rows.len()), "{ticker}: {}", rows.len());
        if let Some(delisted) = ticker["delisted_utc"].as_str() {
            assert!(rows.iter().all(|row| row["filing_date"].as_str().unwrap() < delisted), "{ticker}");
        }
    }
}

#[test]
fn the_readme_says_that_all_is_made_up_and_how() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    write_sample(&options);
    let text = fs::read_to_string(options.out.join("README.txt")).unwrap();
    for part in ["made up", "seed 1", "60 instruments", "130 sessions before 2025-01-01"] {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains(folder.path().to_str().unwrap()), "the folder is not part of the bytes");
}

#[test]
fn impossible_options_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let good = options(folder.path());
    let far = "2150-01-01".parse().unwrap();
    for bad in [
        SampleOptions { instruments: 19, ..good.clone() },
        SampleOptions { sessions: 0, ..good.clone() },
        SampleOptions { sessions: 1_000_000, ..good.clone() },
        SampleOptions { until: far, ..good.clone() },
        SampleOptions { until: "1970-01-05".parse().unwrap(), ..good.clone() },
    ] {
        let error = write(&bad, &|_, _| {}).unwrap_err();
        assert!(error.hint().is_some(), "{error}");
        assert!(!bad.out.exists());
    }
}

#[test]
fn progress_ends_with_all_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let heard = std::cell::RefCell::new(Vec::new());
    write(&options(folder.path()), &|done, all| heard.borrow_mut().push((done, all))).unwrap();
    let heard = heard.into_inner();
    assert!(heard.is_sorted());
    assert_eq!(heard.last(), Some(&(130, 130)));
}
