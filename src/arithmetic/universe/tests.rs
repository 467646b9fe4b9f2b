//! The rules one by one, in their order, against the ranking that had them built in, and as a profile writes them.

use proptest::prelude::*;

use super::*;

/// A share that passes every rule.
fn good() -> Facts<'static> {
    Facts {
        ticker: "TDM0001",
        kind: Some("CS"),
        exchange: Some("XNAS"),
        sector: Some("Energy"),
        is_benchmark: false,
        bar_age: Some(0),
        has_features: true,
        in_population: true,
        close: 20.0,
        adv_20: 5e6,
        vol_60: 0.4,
        bars: 300.0,
        ics: 55.0,
    }
}

fn rules(text: &str) -> Rules {
    toml::from_str(text).unwrap()
}

fn dropped(text: &str, facts: Facts<'_>) -> Option<Drop> {
    rules(text).first_drop(&facts)
}

/// Breaks a rule.
type Step = fn(&mut Facts<'_>);

#[test]
fn every_rule_drops_what_it_says_and_an_earlier_one_comes_first() {
    let strict = "exchanges = ['XNAS']\nsectors = ['energy']\nexclude = ['BAD']\nmin_bars = 60";
    assert_eq!(dropped(strict, good()), None);
    // Each line breaks one rule more, from the last to the first.
    let mut facts = good();
    let steps: [(Step, Drop); 14] = [
        (|facts| facts.ics = f64::NAN, Drop::NoScore),
        (|facts| facts.in_population = false, Drop::Population),
        (|facts| facts.vol_60 = 3.01, Drop::Volatility),
        (|facts| facts.bars = 59.0, Drop::Bars),
        (|facts| facts.adv_20 = 99_999.0, Drop::Liquidity),
        (|facts| facts.close = 0.99, Drop::Price),
        (|facts| facts.has_features = false, Drop::NoFeatures),
        (|facts| facts.ticker = "TQQQ", Drop::Leveraged),
        (|facts| facts.ticker = "BAD", Drop::Excluded),
        (|facts| facts.sector = Some("Utilities"), Drop::Sector),
        (|facts| facts.exchange = Some("XNYS"), Drop::Exchange),
        (|facts| facts.kind = Some("ETF"), Drop::Type),
        (|facts| facts.is_benchmark = true, Drop::Benchmark),
        (|facts| facts.bar_age = Some(1), Drop::NoBar),
    ];
    for (step, drop) in steps {
        step(&mut facts);
        assert_eq!(dropped(strict, facts), Some(drop));
    }
    assert_eq!(steps.map(|(_, drop)| drop).iter().rev().collect::<Vec<_>>(), all());
}

fn all() -> Vec<&'static Drop> {
    Drop::ALL.iter().map(|(drop, _)| drop).collect()
}

#[test]
fn thresholds_let_in_what_lies_on_them() {
    let text = "min_bars = 60";
    let on = Facts { close: 1.0, adv_20: 100_000.0, vol_60: 3.0, bars: 60.0, ..good() };
    assert_eq!(dropped(text, on), None);
}

#[test]
fn what_is_unknown_is_let_in_only_where_the_rules_say_so() {
    let null = f64::NAN;
    assert_eq!(dropped("", Facts { kind: None, exchange: None, sector: None, vol_60: null, ..good() }), None);
    assert_eq!(dropped("unknown_type = false", Facts { kind: None, ..good() }), Some(Drop::Type));
    assert_eq!(dropped("exchanges = ['XNAS']", Facts { exchange: None, ..good() }), Some(Drop::Exchange));
    assert_eq!(dropped("sectors = ['Energy']", Facts { sector: None, ..good() }), Some(Drop::Sector));
    assert_eq!(dropped("", Facts { adv_20: null, ..good() }), Some(Drop::Liquidity));
    assert_eq!(dropped("min_adv_20 = 0", Facts { adv_20: null, ..good() }), None);
    assert_eq!(dropped("", Facts { bars: null, ..good() }), None);
    assert_eq!(dropped("min_bars = 1", Facts { bars: null, ..good() }), Some(Drop::Bars));
    assert_eq!(dropped("", Facts { bar_age: None, ..good() }), Some(Drop::NoBar));
    assert_eq!(dropped("max_bar_age = 4000000000", Facts { bar_age: None, ..good() }), Some(Drop::NoBar));
}

#[test]
fn a_profile_may_open_what_is_closed() {
    let fund = Facts { kind: Some("ETF"), ticker: "TQQQ", in_population: false, ics: f64::NAN, ..good() };
    let open = "types = ['ETF']\nleveraged = true\npopulation = false\nscored = false";
    assert_eq!(dropped(open, fund), None);
    assert_eq!(dropped(open, Facts { is_benchmark: true, ..fund }), Some(Drop::Benchmark));
    let open = format!("{open}\nbenchmark = true\nmax_bar_age = 5");
    let late = Facts { is_benchmark: true, bar_age: Some(5), has_features: false, ..fund };
    assert_eq!(dropped(&open, late), None, "no features are needed where none are read");
    assert_eq!(dropped(&open, Facts { bar_age: Some(6), ..late }), Some(Drop::NoBar));
    let scored = open.replace("scored = false", "scored = true");
    assert_eq!(dropped(&scored, late), Some(Drop::NoFeatures));
}

#[test]
fn a_leveraged_product_is_known_by_its_ticker_whatever_its_type() {
    for kind in [None, Some("CS"), Some("ADRC")] {
        assert_eq!(dropped("", Facts { kind, ticker: "SQQQ", ..good() }), Some(Drop::Leveraged));
    }
    assert_eq!(dropped("exclude = ['SQQQ']", Facts { ticker: "SQQQ", ..good() }), Some(Drop::Excluded));
}

#[test]
fn codes_are_their_own_and_sorted_in_the_order_of_asking() {
    assert!(Drop::ALL.windows(2).all(|pair| pair[0] < pair[1] && pair[0].1 < pair[1].1));
    for &(drop, code) in Drop::ALL {
        assert_eq!((drop.code(), Drop::from_code(code)), (code, Some(drop)));
    }
    let first = Drop::ALL[0].1;
    assert!((0..first).all(|code| Drop::from_code(code).is_none()) && first == 16);
}

#[test]
fn a_rule_is_told_with_its_threshold() {
    let told = |text: &str| {
        let rules = rules(text);
        all().into_iter().map(|drop| drop.rule(&rules)).collect::<Vec<_>>()
    };
    let by_default = told("");
    assert_eq!(
        [0, 1, 2, 7, 8, 9, 12, 13].map(|at| by_default[at].as_str()),
        [
            "no bar on the session",
            "is the benchmark",
            "not a share or receipt",
            "features not refreshed yet",
            "close below 1",
            "adv_20 below 100,000 or unknown",
            "first bar under 60 sessions ago",
            "under half of the score known",
        ]
    );
    let other = told(
        "types = ['CS', 'ETF']\nexchanges = ['XNYS', 'XASE']\nsectors = ['Energy']\nmax_bar_age = 3\nmin_close = 2.5\n\
         min_adv_20 = 1234567.5\nmin_bars = 252\nmax_vol_60 = 1.5",
    );
    assert_eq!(
        [0, 2, 3, 4, 8, 9, 10, 11, 12].map(|at| other[at].as_str()),
        [
            "no bar on the session or the 3 before",
            "type not CS, ETF",
            "exchange not XNYS, XASE or unknown",
            "sector not Energy or unknown",
            "close below 2.5",
            "adv_20 below 1,234,567.5 or unknown",
            "under 252 bars",
            "vol_60 above 1.5",
            "not among those over which scores are taken",
        ]
    );
    assert_eq!(Drop::Type.rule(&rules("unknown_type = false")), "type not CS, ADRC or unknown");
    assert_eq!(Drop::Type.rule(&rules("types = []")), "type known");
    assert_eq!(Drop::Liquidity.rule(&rules("min_adv_20 = 999")), "adv_20 below 999 or unknown");
}

#[test]
fn rules_are_read_over_the_defaults_and_an_unknown_key_is_refused() {
    assert_eq!(rules(""), Rules::default());
    assert_eq!(rules("min_close = 5"), Rules { min_close: 5.0, ..Rules::default() });
    let error = toml::from_str::<Rules>("min_price = 5").unwrap_err().to_string();
    assert!(error.contains("unknown field `min_price`"), "{error}");
    assert!(toml::from_str::<Rules>("max_bar_age = -1").is_err());
    // What is written for a digest reads as it was.
    let written = serde_json::to_string(&rules("sectors = ['Energy']\nexclude = ['A']")).unwrap();
    assert_eq!(
        serde_json::from_str::<Rules>(&written).unwrap(),
        rules("sectors = ['Energy']\nexclude = ['A']")
    );
}

#[test]
fn rules_that_mean_nothing_are_named_by_their_key() {
    assert_eq!(Rules::default().check(), Ok(()));
    let fine = "types = []\nexclude = ['BRK.A', 'BACpB']\nsectors = ['health care']\nexchanges = ['XNYS']\nmin_bars = 300";
    assert_eq!(rules(fine).check(), Ok(()));
    for (text, told) in [
        ("min_close = nan", "min_close is NaN"),
        ("min_adv_20 = -1", "min_adv_20 is -1"),
        ("max_vol_60 = inf", "max_vol_60 is inf"),
        ("max_vol_60 = 0", "max_vol_60 is 0"),
        ("min_bars = 301", "min_bars is 301"),
        ("types = []\nunknown_type = false", "types is empty and unknown_type is false"),
        ("types = ['cs']", "types holds \"cs\""),
        ("exchanges = []", "exchanges is empty"),
        ("exchanges = ['xnas']", "exchanges holds \"xnas\""),
        ("sectors = []", "sectors is empty"),
        ("sectors = ['Technology']", "sectors holds \"Technology\""),
        ("sectors = [' Energy']", "sectors holds \" Energy\""),
        ("exclude = ['']", "exclude holds \"\""),
        ("exclude = ['BRK A']", "exclude holds \"BRK A\""),
    ] {
        let error = rules(text).check().unwrap_err().to_string();
        assert!(error.starts_with(told), "{text}: {error}");
    }
}

/// The ranking's own rules before there were others, as it asked them; the score's last.
fn built_in(facts: &Facts<'_>) -> Option<Drop> {
    let member = match (facts.bar_age, facts.has_features) {
        (None | Some(1..), _) => Err(Drop::NoBar),
        _ if facts.is_benchmark => Err(Drop::Benchmark),
        _ if !instrument::is_share(facts.kind) => Err(Drop::Type),
        (_, false) => Err(Drop::NoFeatures),
        _ if facts.in_population => Ok(()),
        _ if facts.close < 1.0 => Err(Drop::Price),
        _ if facts.adv_20 >= 100_000.0 => Err(Drop::Population),
        _ => Err(Drop::Liquidity),
    };
    member.err().or(facts.ics.is_nan().then_some(Drop::NoScore))
}

fn facts() -> impl Strategy<Value = Facts<'static>> {
    let kind = prop::sample::select(vec![None, Some("CS"), Some("ADRC"), Some("ETF"), Some("cs")]);
    let age = prop::sample::select(vec![None, Some(0), Some(0), Some(0), Some(1), Some(9)]);
    let null_or = |range: std::ops::Range<f64>| prop_oneof![5 => range, 1 => Just(f64::NAN)];
    let old = any::<bool>();
    let bits = (prop::bool::weighted(0.1), prop::bool::weighted(0.9), old);
    (kind, age, bits, 0.5..3.0_f64, null_or(0.0..1e6), null_or(0.0..3.0), 1_u8..100, null_or(0.0..100.0))
        .prop_map(|(kind, bar_age, (is_benchmark, has_features, old), close, adv_20, vol_60, bars, ics)| {
            let in_population = old && has_features && close >= 1.0 && adv_20 >= 100_000.0;
            let bars = f64::from(bars);
            let seen = Facts { kind, is_benchmark, bar_age, has_features, in_population, close, ..good() };
            Facts { adv_20, vol_60, bars, ics, sector: None, exchange: None, ..seen }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_defaults_drop_as_the_ranking_did(facts in facts()) {
        prop_assert_eq!(Rules::default().first_drop(&facts), built_in(&facts));
    }

    /// Rules that are tightened never let in what was kept out.
    #[test]
    fn a_tighter_rule_lets_in_no_more(facts in facts(), close in 1.0..3.0_f64, adv in 1e5..1e6_f64, bars in 0_u32..100) {
        let tight = Rules { min_close: close, min_adv_20: adv, min_bars: bars, ..Rules::default() };
        if tight.first_drop(&facts).is_none() {
            prop_assert_eq!(Rules::default().first_drop(&facts), None);
        }
    }
}
