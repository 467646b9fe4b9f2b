//! The scores on markets worked out by hand, at every threshold, and the properties that every market has.

use proptest::prelude::*;

use super::*;

/// A market, owned: a column of values for each input.
#[derive(Debug, Clone)]
struct Market {
    population: Vec<bool>,
    /// In the order of [`Market::input`].
    columns: Vec<Vec<f64>>,
    families: bool,
    equity: bool,
    earnings: bool,
}

const CLOSE: usize = 4;
const ATR: usize = 8;
const VOL: usize = 9;
const ADV: usize = 10;
const FAMILIES: std::ops::Range<usize> = 11..16;
const EQUITY: usize = 16;
const EARNINGS: usize = 17;
const COLUMNS: usize = 18;

impl Market {
    /// Rows that have the same value in every column but for close, ATR, ADV, equity and earnings, which bear
    /// no penalty.
    fn of(values: &[f64]) -> Market {
        let mut columns = vec![values.to_vec(); COLUMNS];
        for (column, value) in [(CLOSE, 10.0), (ATR, 2.0), (EQUITY, 5e9), (EARNINGS, f64::NAN)] {
            columns[column] = vec![value; values.len()];
        }
        columns[ADV] = values.iter().map(|value| 1e8 + value).collect();
        columns[VOL] = values.iter().map(|value| -value).collect();
        Market { population: vec![true; values.len()], columns, families: true, equity: true, earnings: true }
    }

    fn input(&self) -> ScoreInput<'_> {
        let column = |position: usize| self.columns[position].as_slice();
        let family = |position: usize| self.families.then(|| column(FAMILIES.start + position));
        ScoreInput {
            population: &self.population,
            sma_50_distance: column(0),
            sma_200_distance: column(1),
            rsi_14: column(2),
            macd_histogram: column(3),
            close: column(CLOSE),
            return_21: column(5),
            high_20_distance: column(6),
            volume_ratio_20: column(7),
            atr_pct: column(ATR),
            vol_60: column(VOL),
            adv_20: column(ADV),
            momentum: family(0),
            value: family(1),
            quality: family(2),
            growth: family(3),
            low_risk: family(4),
            market_equity: self.equity.then(|| column(EQUITY)),
            sessions_to_earnings: self.earnings.then(|| column(EARNINGS)),
        }
    }

    fn scores(&self) -> Scores {
        compute(&self.input(), &Weights::default()).unwrap()
    }

    /// The market of these rows, in this order.
    fn rows(&self, rows: &[usize]) -> Market {
        let columns =
            self.columns.iter().map(|column| rows.iter().map(|&row| column[row]).collect()).collect();
        Market { population: rows.iter().map(|&row| self.population[row]).collect(), columns, ..self.clone() }
    }
}

fn numbers(scores: &Scores) -> [(&'static str, &Vec<f64>); 12] {
    [
        ("technical", &scores.technical),
        ("alpha", &scores.alpha),
        ("stability", &scores.stability),
        ("liquidity", &scores.liquidity),
        ("momentum", &scores.momentum),
        ("value", &scores.value),
        ("quality", &scores.quality),
        ("growth", &scores.growth),
        ("events", &scores.events),
        ("ics", &scores.ics),
        ("penalty", &scores.penalty),
        ("merit", &scores.merit),
    ]
}

/// One row, to the bit, as text that a failed test can print.
fn row_text(scores: &Scores, row: usize) -> String {
    let numbers =
        numbers(scores).map(|(name, column)| format!("{name} {} {:x}", column[row], column[row].to_bits()));
    format!("{numbers:?} {:?} {:?} {:?}", scores.tier[row], scores.band[row], scores.flags[row])
}

#[test]
fn two_rows_and_an_outsider_are_scored_as_by_hand() {
    let mut market = Market::of(&[2.0, 1.0, 99.0]);
    market.population[2] = false;
    for (column, value) in [(ADV, 5e6), (ATR, 9.0), (EQUITY, 5e8), (EARNINGS, 2.0)] {
        market.columns[column][1] = value;
    }
    let scores = market.scores();
    // Ranks are 0.75 and 0.25, in vol_60 the other way round.
    for (name, column) in numbers(&scores).into_iter().take(8) {
        assert_eq!(column[..2], [75.0, 25.0], "{name}");
    }
    assert_eq!(scores.events[..2], [50.0, 40.0]);
    assert_eq!(scores.ics[..2], [72.5, 26.5]); // (90 × 75 + 10 × 50) / 100, (90 × 25 + 10 × 40) / 100
    assert_eq!(scores.tier, [Some(Tier::Satellite), Some(Tier::Watch), None]);
    assert_eq!(scores.penalty[..2], [0.0, 8.0 + 8.0 + 6.0 + 12.0]);
    assert_eq!(scores.merit[..2], [74.25, 0.0]); // (30 × 72.5 + 70 × 75) / 100, and (30 × 26.5 + 70 × 25) / 100 − 34
    assert_eq!(scores.band, [Some(Band::B), Some(Band::D), None]);
    assert_eq!(scores.flags[0], Flags::default());
    let named: Vec<&str> = scores.flags[1].names().collect();
    assert_eq!(named, ["thin_trading", "wide_range", "small_cap", "imminent_earnings"]);
    assert!(numbers(&scores).iter().all(|(_, column)| column[2].is_nan()));
    assert_eq!(scores.flags[2], Flags::default());
}

#[test]
fn each_penalty_begins_where_it_is_documented() {
    let cases = [
        (ADV, 10e6, 0.0, ""),
        (ADV, 9.99e6, 8.0, "thin_trading"),
        (ATR, 8.0, 0.0, ""),
        (ATR, 8.01, 8.0, "wide_range"),
        (ATR, 12.0, 8.0, "wide_range"),
        (ATR, 12.01, 14.0, "extreme_range"),
        (EQUITY, 1e9, 0.0, ""),
        (EQUITY, 9.99e8, 6.0, "small_cap"),
        (EQUITY, 3e8, 6.0, "small_cap"),
        (EQUITY, 2.99e8, 20.0, "micro_cap"),
        (EARNINGS, -1.0, 0.0, ""),
        (EARNINGS, 0.0, 12.0, "imminent_earnings"),
        (EARNINGS, 3.0, 12.0, "imminent_earnings"),
        (EARNINGS, 4.0, 6.0, "near_earnings"),
        (EARNINGS, 7.0, 6.0, "near_earnings"),
        (EARNINGS, 8.0, 0.0, ""),
    ];
    for (column, value, points, flag) in cases {
        let mut market = Market::of(&[1.0]);
        market.columns[column][0] = value;
        let scores = market.scores();
        assert_eq!(scores.penalty, [points], "{column} {value}");
        let merit = (30.0 * scores.ics[0] + 70.0 * 50.0) / 100.0 - points;
        assert_eq!(scores.merit, [merit], "{column} {value}");
        assert_eq!(scores.flags[0].names().collect::<Vec<_>>().join(","), flag, "{column} {value}");
    }
}

#[test]
fn contributions_are_as_by_hand() {
    let mut market = Market::of(&[2.0, 1.0, 99.0]);
    market.population[2] = false;
    market.columns[FAMILIES.start + 1] = vec![f64::NAN; 3];
    for (column, value) in [(ADV, 5e6), (ATR, 13.0)] {
        market.columns[column][1] = value;
    }
    let (scores, weights) = (market.scores(), Weights::default());
    let told = scores.contributions(0, &weights).unwrap();
    let points = |parts: [Part; 6]| parts.map(|part| (part.name, part.value, part.points));
    // Parts of 75 and events of 50, of weights that add up to 100: 28 × 75 / 100 …
    assert_eq!(
        points(told.ics),
        [
            ("technical", 75.0, 21.0),
            ("alpha", 75.0, 16.5),
            ("quality", 75.0, 13.5),
            ("stability", 75.0, 9.0),
            ("liquidity", 75.0, 7.5),
            ("events", 50.0, 5.0),
        ]
    );
    // Value lacks, so that 85 of 100 are present.
    assert_eq!((told.merit[3].name, told.merit[3].weight, told.merit[3].points), ("value", 15.0, 0.0));
    assert!(told.merit[3].value.is_nan() && told.merit[3].missing == Flags::MISSING_VALUE);
    assert_eq!((told.merit[1].name, told.merit[1].points), ("momentum", 20.0 * 75.0 / 85.0));
    assert_eq!(told.penalties, []);
    let borne = scores.contributions(1, &weights).unwrap().penalties;
    assert_eq!(
        borne,
        [
            Charge { name: "thin_trading", limit: 10e6, points: 8.0 },
            Charge { name: "extreme_range", limit: 12.0, points: 14.0 },
        ]
    );
    assert_eq!((scores.contributions(2, &weights), scores.contributions(3, &weights)), (None, None));
}

#[test]
fn a_score_that_is_null_has_no_points() {
    let mut market = Market::of(&[2.0, 1.0]);
    (market.families, market.earnings) = (false, false);
    let told = market.scores().contributions(0, &Weights::default()).unwrap();
    assert_eq!(told.ics.map(|part| part.points), [42.0, 0.0, 0.0, 18.0, 15.0, 0.0]); // of 28, 12 and 10
    assert!(told.merit.iter().all(|part| part.points.is_nan()));
}

#[test]
fn events_lose_their_points_within_five_sessions() {
    let mut market = Market::of(&[1.0; 5]);
    market.columns[EARNINGS] = vec![0.0, 5.0, 6.0, -2.0, f64::NAN];
    assert_eq!(market.scores().events, [40.0, 40.0, 50.0, 50.0, 50.0]);
}

#[test]
fn a_missing_part_leaves_its_weight_to_the_others_and_is_flagged() {
    let mut market = Market::of(&[2.0, 1.0]);
    market.earnings = false;
    market.columns[FAMILIES.start + 1] = vec![f64::NAN, f64::NAN];
    let scores = market.scores();
    assert_eq!((scores.ics[0], scores.merit[0]), (75.0, 75.0));
    assert_eq!(scores.tier[0], Some(Tier::Core));
    assert_eq!(scores.flags[0].names().collect::<Vec<_>>(), ["missing_events", "missing_value"]);
}

#[test]
fn half_of_the_weight_is_enough_and_less_is_not() {
    let mut market = Market::of(&[2.0, 1.0]);
    (market.families, market.earnings) = (false, false);
    // ICS has technical 28, stability 12 and liquidity 10; MERIT only ICS 30 and liquidity 5.
    let scores = market.scores();
    assert_eq!(scores.ics, [75.0, 25.0]);
    assert!(scores.merit[0].is_nan() && scores.band[0].is_none());
    assert!(scores.alpha.iter().chain(&scores.quality).all(|value| value.is_nan()));
    market.columns[VOL] = vec![f64::NAN; 2];
    let scores = market.scores();
    assert!(scores.ics[0].is_nan() && scores.tier[0].is_none());
    assert!(scores.flags[0].has(Flags::MISSING_ICS) && scores.flags[0].has(Flags::MISSING_STABILITY));
}

#[test]
fn technical_needs_four_ranks_and_alpha_two_families() {
    let mut market = Market::of(&[2.0, 1.0]);
    for column in [0, 1, 2] {
        market.columns[column][0] = f64::NAN;
    }
    for column in FAMILIES.take(3) {
        market.columns[column][0] = f64::NAN;
    }
    let scores = market.scores();
    assert_eq!((scores.technical[0], scores.alpha[0]), (75.0, 75.0));
    market.columns[7][0] = f64::NAN;
    market.columns[FAMILIES.start + 3][0] = f64::NAN;
    let scores = market.scores();
    assert!(scores.technical[0].is_nan() && scores.alpha[0].is_nan());
    assert!(scores.flags[0].has(Flags::MISSING_TECHNICAL) && scores.flags[0].has(Flags::MISSING_ALPHA));
}

#[test]
fn the_macd_histogram_counts_by_the_close() {
    let mut market = Market::of(&[1.0, 1.0]);
    market.columns[CLOSE] = vec![10.0, 20.0];
    // Six ranks of 0.5 and one of 0.75: (6 × 0.5 + 0.75) / 7.
    assert_eq!(market.scores().technical[0], 100.0 * (3.75 / 7.0));
}

#[test]
fn tiers_and_bands_begin_at_their_thresholds() {
    let weights = Weights::default();
    let tiers = [75.0, 74.9, 65.0, 64.9, f64::NAN].map(|ics| tier(ics, &weights).map_or("", Tier::name));
    assert_eq!(tiers, ["CORE", "SATELLITE", "SATELLITE", "WATCH", ""]);
    let merits = [90.0, 89.9, 80.0, 70.0, 60.0, 59.9, f64::NAN];
    assert_eq!(
        merits.map(|merit| band(merit, &weights).map_or("", Band::name)),
        ["A+", "A", "A", "B", "C", "D", ""]
    );
}

#[test]
fn what_cannot_be_scored_is_named() {
    let market = Market::of(&[1.0, 2.0]);
    let short = ScoreInput { vol_60: &[1.0], ..market.input() };
    let error = compute(&short, &Weights::default()).unwrap_err();
    assert_eq!(error, ScoresError::Length { column: "vol_60", found: 1, rows: 2 });
    let weights = Weights { core: f64::NAN, ..Weights::default() };
    assert!(matches!(
        compute(&market.input(), &weights),
        Err(ScoresError::Weights(WeightsError::Value { .. }))
    ));
    assert!(compute(&Market::of(&[]).input(), &Weights::default()).unwrap().merit.is_empty());
}

fn random_market() -> impl Strategy<Value = Market> {
    let value = prop_oneof![5 => 0.0..3.0, 2 => (0_i8..3).prop_map(f64::from), 2 => Just(f64::NAN)];
    let row = (prop::collection::vec(value, COLUMNS), prop::bool::weighted(0.8));
    (prop::collection::vec(row, 0..25), any::<[bool; 3]>()).prop_map(
        |(rows, [families, equity, earnings])| {
            let column = |position: usize| {
                let scale = match position {
                    ATR => 6.0,
                    ADV => 1e7,
                    EQUITY => 5e8,
                    EARNINGS => 4.0,
                    _ => 1.0,
                };
                rows.iter().map(|(values, _)| values[position] * scale).collect()
            };
            let population = rows.iter().map(|&(_, counts)| counts).collect();
            Market { population, columns: (0..COLUMNS).map(column).collect(), families, equity, earnings }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_score_lies_within_0_and_100(market in random_market()) {
        let scores = market.scores();
        for (name, column) in numbers(&scores) {
            for &value in column {
                prop_assert!(value.is_nan() || (0.0..=100.0).contains(&value), "{} {}", name, value);
            }
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(
        (market, order) in random_market().prop_flat_map(|market| {
            let order: Vec<usize> = (0..market.population.len()).collect();
            (Just(market), Just(order).prop_shuffle())
        })
    ) {
        let (scores, shuffled) = (market.scores(), market.rows(&order).scores());
        for (position, &row) in order.iter().enumerate() {
            prop_assert_eq!(row_text(&shuffled, position), row_text(&scores, row));
        }
    }

    #[test]
    fn rows_outside_the_population_move_nobody(market in random_market()) {
        let inside: Vec<usize> = (0..market.population.len()).filter(|&row| market.population[row]).collect();
        let (scores, alone) = (market.scores(), market.rows(&inside).scores());
        for (position, &row) in inside.iter().enumerate() {
            prop_assert_eq!(row_text(&alone, position), row_text(&scores, row));
        }
    }

    #[test]
    fn contributions_add_up_to_the_scores(market in random_market(), weight in prop::array::uniform12(0.0..50.0_f64)) {
        let mut weights = Weights::default();
        let [a, b, c, d, e, f, g, h, i, j, k, l] = weight;
        weights.ics =
            IcsWeights { technical: a, alpha: b, quality: c, stability: d, liquidity: e, events: f };
        weights.merit = MeritWeights { ics: g, momentum: h, quality: i, value: j, growth: k, liquidity: l };
        let scores = compute(&market.input(), &weights).unwrap();
        for row in 0..market.population.len() {
            let Some(told) = scores.contributions(row, &weights) else {
                prop_assert!(!market.population[row]);
                continue;
            };
            let sum = |parts: [Part; 6]| parts.iter().map(|part| part.points).sum::<f64>();
            let taken: f64 = told.penalties.iter().map(|charge| charge.points).sum();
            prop_assert_eq!(taken, scores.penalty[row]);
            let merit = (sum(told.merit) - taken).clamp(0.0, 100.0);
            for (sum, score) in [(sum(told.ics), scores.ics[row]), (merit, scores.merit[row])] {
                prop_assert!(if score.is_nan() { sum.is_nan() } else { (sum - score).abs() <= 1e-12 }, "{} {}", sum, score);
            }
            let names: Vec<&str> = told.penalties.iter().map(|charge| charge.name).collect();
            let flagged: Vec<&str> = scores.flags[row].names().filter(|name| !name.starts_with("missing")).collect();
            prop_assert_eq!(names, flagged);
        }
    }
}
