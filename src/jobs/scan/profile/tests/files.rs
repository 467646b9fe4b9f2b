//! Files of profiles: what they mean, what is refused in them and with which words, and where they are found.

use std::fs;
use std::path::Path;

use crate::arithmetic::scores::Weights;
use crate::arithmetic::universe::Rules;
use crate::jobs::scan::columns::known;
use crate::jobs::scan::profile::{Expression, MARKET, Profile, SHIPPED, find, names};

/// The words and the hint of a refused file.
fn refused(text: &str) -> String {
    match Profile::read("test", Some("scans/test.toml"), text, known()) {
        Ok(_) => panic!("read: {text}"),
        Err(error) => format!("{error} | {}", error.hint()),
    }
}

#[test]
fn an_empty_file_is_the_market() {
    let empty = Profile::read("test", Some("scans/test.toml"), "# nothing\n", known()).unwrap();
    let market = Profile::market(known()).unwrap();
    assert_eq!(market.name, MARKET);
    assert_eq!(empty.digest(), market.digest());
    assert_eq!((market.universe.clone(), market.weights), (Rules::default(), Weights::default()));
    assert_eq!((market.limit, market.sector_cap, market.plan), (20, None, None));
    let names: Vec<&str> = market.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names.join(", "), crate::jobs::scan::profile::DEFAULT_COLUMNS);
    assert!(market.filter.is_none() && market.order_by[0].descending);
}

#[test]
fn every_key_is_read() {
    let text = "
description = ' Words. '
where = '''
close > sma_200
AND rsi_14 < 30
'''
order_by = ['ics DESC', 'ticker ASC']
limit = 7
columns = ['close', 'close / sma_200 - 1 AS above_200', 'ics']
sector_cap = 3
[universe]
min_close = 5
sectors = ['Energy']
[weights]
core = 80
bands = [95, 85, 75, 65]
[weights.ics]
technical = 30
[weights.penalties]
thin_trading = { limit = 5_000_000, points = 10 }
[plan]
risk_money = 500
";
    let profile = Profile::read("test", None, text, known()).unwrap();
    assert_eq!(profile.description, "Words.");
    assert_eq!(profile.filter.as_ref().map(Expression::text), Some("close > sma_200 AND rsi_14 < 30"));
    assert_eq!((profile.limit, profile.sector_cap), (7, Some(3)));
    let names: Vec<&str> = profile.columns.iter().map(|column| column.name.as_str()).collect();
    let plan = ["entry", "stop", "target", "risk_per_share", "shares", "position_value"];
    assert_eq!(names, [&["close", "above_200", "ics"][..], &plan].concat());
    assert_eq!(
        (profile.universe.min_close, profile.universe.sectors.clone()),
        (5.0, Some(vec!["Energy".into()]))
    );
    let penalty = profile.weights.penalties.thin_trading;
    assert_eq!(
        (profile.weights.core, profile.weights.ics.technical, profile.weights.ics.alpha),
        (80.0, 30.0, 22.0)
    );
    assert_eq!((penalty.limit, penalty.points, profile.weights.bands[0]), (5e6, 10.0, 95.0));
    assert_eq!(profile.plan.map(|plan| plan.risk_money), Some(500.0));
}

#[test]
fn the_digest_is_of_the_meaning_and_not_of_the_text() {
    let digest = |text: &str| Profile::read("any", None, text, known()).unwrap().digest();
    let one = digest("where = 'close > 1 AND open < 2'\nlimit = 5\n[weights.ics]\ntechnical = 30");
    let same = digest(
        "# said otherwise\ndescription = 'x'\nlimit = 5\nwhere = 'close>1  and open<2'\n[weights]\nics = { alpha = 22, technical = 30.0 }\n[universe]\nmin_close = 1",
    );
    assert_eq!(one, same);
    let others = [
        "where = 'close > 1 AND open < 3'\nlimit = 5\n[weights.ics]\ntechnical = 30",
        "where = 'close > 1 AND open < 2'\nlimit = 6\n[weights.ics]\ntechnical = 30",
        "where = 'close > 1 AND open < 2'\nlimit = 5\n[weights.ics]\ntechnical = 31",
        "where = 'close > 1 AND open < 2'\nlimit = 5\norder_by = ['ics']\n[weights.ics]\ntechnical = 30",
        "where = 'close > 1 AND open < 2'\nlimit = 5\ncolumns = ['ics']\n[weights.ics]\ntechnical = 30",
        "where = 'close > 1 AND open < 2'\nlimit = 5\nsector_cap = 1\n[weights.ics]\ntechnical = 30",
        "where = 'close > 1 AND open < 2'\nlimit = 5\n[weights.ics]\ntechnical = 30\n[plan]",
        "where = 'close > 1 AND open < 2'\nlimit = 5\n[weights.ics]\ntechnical = 30\n[universe]\nmin_close = 2",
    ];
    let mut all: Vec<String> = others.map(digest).into();
    all.push(one);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), others.len() + 1);
}

#[test]
fn every_fault_of_a_file_is_named_with_its_line() {
    let cases = [
        (
            "limit = 5\nlimt = 6",
            "scans/test.toml line 2: there is no key limt | did you mean limit? known here: description, where, order_by, limit, columns, sector_cap, universe, weights, plan",
        ),
        (
            "[universe]\nmin_close = 1\nmin_closed = 2",
            "scans/test.toml line 3: there is no key min_closed | did you mean min_close? known here: types, unknown_type, exchanges, sectors, exclude, leveraged, benchmark, max_bar_age, min_close, min_adv_20, min_bars, max_vol_60, population, scored",
        ),
        (
            "[weights.ics]\ntechnikal = 1",
            "scans/test.toml line 2: there is no key technikal | did you mean technical? known here: technical, alpha, quality, stability, liquidity, events",
        ),
        (
            "\nlimit = 'ten'",
            "scans/test.toml line 2, limit: invalid type: string \"ten\", expected i64 | a profile is TOML: text in quotes, numbers bare, lists in [ ]; copy one of the shipped ones",
        ),
        (
            "limit = 0",
            "scans/test.toml line 1, limit: 0 is not 1 or more | limit is a whole number, 1 or more",
        ),
        (
            "sector_cap = -1",
            "scans/test.toml line 1, sector_cap: -1 is not 1 or more | sector_cap is a whole number, 1 or more",
        ),
        (
            "limit = 5\nwhere = 'close > sma_300'",
            "scans/test.toml line 2, where: there is no column sma_300 (character 9 of `close > sma_300`) | did you mean sma_200? `scan columns` lists them all",
        ),
        (
            "where = '''\nclose > 1\n  AND opn > 1'''",
            "scans/test.toml line 3, where: there is no column opn (character 7 of `  AND opn > 1`) | did you mean open? `scan columns` lists them all",
        ),
        (
            "columns = [\n  'close',\n  'closs',\n]",
            "scans/test.toml line 3, columns: there is no column closs (character 1 of `closs`) | did you mean close? `scan columns` lists them all",
        ),
        (
            "order_by = ['ics DSC']",
            "scans/test.toml line 1, order_by: the expression ends before `DSC` (character 5 of `ics DSC`) | an expression is one piece of SQL over columns, such as close > sma_200 AND rsi_14 < 30",
        ),
        (
            "columns = ['close', 'close']",
            "scans/test.toml line 1, columns: the column close is listed twice | leave one out, or give it another name with AS",
        ),
        (
            "columns = ['close * 2']",
            "scans/test.toml line 1, columns: `close * 2` has no name | name an expression with AS, such as close / sma_200 - 1 AS above_200",
        ),
        (
            "columns = ['close * 2 AS open']",
            "scans/test.toml line 1, columns: the name open is another column's | name an expression with AS, such as close / sma_200 - 1 AS above_200",
        ),
        (
            "columns = ['close AS \"Last price\"']",
            "scans/test.toml line 1, columns: the name Last price is not made of a-z, 0-9 and _ | name an expression with AS, such as close / sma_200 - 1 AS above_200",
        ),
        (
            "limit = 1\n[weights.ics]\nalpha = 1\ntechnical = -1",
            "scans/test.toml line 4, weights.ics.technical: ics.technical is -1, which is not a number of 0 or more | leave it out for the documented default",
        ),
        (
            "[weights]\nsatellite = 1\ncore = 0",
            "scans/test.toml line 3, weights.core: the thresholds of the tiers do not fall from the best to the worst | leave it out for the documented default",
        ),
        (
            "[universe]\n# sectors\nsectors = ['Enregy']",
            "scans/test.toml line 3, universe.sectors: sectors holds \"Enregy\", which is not the name of a GICS sector | leave it out for the documented default",
        ),
        (
            "[plan]\nrisk_money = 0",
            "scans/test.toml line 2, plan.risk_money: risk_money is 0, which is not a number above 0 | leave it out for the documented default",
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(refused(text), wanted, "{text}");
    }
    let broken = refused("limit = 5\nwhere = 'x");
    assert!(broken.starts_with("scans/test.toml line 2, where: "), "{broken}");
}

#[test]
fn the_shipped_profiles_are_read_and_say_what_they_need() {
    for (name, text) in SHIPPED {
        let profile = Profile::read(name, Some(name), text, known())
            .unwrap_or_else(|error| panic!("{error} {}", error.hint()));
        assert!(profile.filter.is_some() && profile.description.contains("Needs "), "{name}");
        assert!(profile.sector_cap.is_some_and(|cap| cap < profile.limit), "{name}");
    }
}

#[test]
fn a_name_finds_the_nearest_file_then_a_shipped_profile() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    fs::create_dir_all(deep.join("scans")).unwrap();
    fs::create_dir_all(folder.path().join("scans")).unwrap();
    fs::write(folder.path().join("scans/mine.toml"), "limit = 1").unwrap();
    fs::write(folder.path().join("scans/low-risk.toml"), "limit = 2").unwrap();
    fs::write(deep.join("scans/near.toml"), "limit = 3").unwrap();
    fs::write(deep.join("scans/market.toml"), "limit = 4").unwrap();
    fs::write(deep.join("other.toml"), "limit = 5").unwrap();
    let limit = |name: &str| find(name, &deep, known()).map(|profile| (profile.name, profile.limit)).unwrap();
    assert_eq!(limit("mine"), ("mine".to_owned(), 1));
    assert_eq!(limit("low-risk"), ("low-risk".to_owned(), 2));
    assert_eq!(limit("near"), ("near".to_owned(), 3));
    assert_eq!(limit("market"), ("market".to_owned(), 20));
    assert_eq!(limit("other.toml"), ("other".to_owned(), 5));
    assert_eq!(limit("./scans/near.toml"), ("near".to_owned(), 3));
    assert_eq!(limit("momentum-leaders").1, 25);
    assert_eq!(
        names(&deep),
        [
            "breakouts-with-volume",
            "low-risk",
            "market",
            "mine",
            "momentum-leaders",
            "near",
            "oversold-in-an-uptrend",
            "quality-at-a-fair-price"
        ]
    );
}

#[test]
fn what_cannot_be_found_or_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let words = |name: &str, here: &Path| match find(name, here, known()) {
        Ok(profile) => panic!("{} is read", profile.name),
        Err(error) => format!("{error} | {}", error.hint()),
    };
    assert_eq!(
        words("momentum-leader", folder.path()),
        "there is no profile momentum-leader | did you mean momentum-leaders? profiles are breakouts-with-volume, low-risk, market, \
         momentum-leaders, oversold-in-an-uptrend, quality-at-a-fair-price; or give the path of a file"
    );
    assert!(words("", folder.path()).starts_with("there is no profile"));
    assert!(words("./none.toml", folder.path()).starts_with("the profile ./none.toml cannot be read"));
    assert!(words("./", folder.path()).contains("cannot be read"));
    fs::write(folder.path().join("x.toml"), b"limit = 1\n# \xff\n").unwrap();
    assert_eq!(words("x.toml", folder.path()), "x.toml line 2: not UTF-8 text | save the file as UTF-8");
}
