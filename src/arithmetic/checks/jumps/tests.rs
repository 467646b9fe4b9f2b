//! Jumps worked out by hand, and what must hold for all of them.

use proptest::prelude::*;

use super::super::Series;
use super::*;
use crate::domain::history::{Dividend, Split};

/// Dollars that trade in a usual session.
const DOLLARS: f64 = 1e6;

/// A quiet instrument: closes a little above and below `price` in turn, opens at the close before.
struct Quiet(Series);

impl Quiet {
    fn new(price: f64, sessions: usize) -> Self {
        let mut quiet = Self(Series::default());
        quiet.go_on(price, sessions);
        quiet
    }

    /// Goes on at `price` for some sessions.
    fn go_on(&mut self, price: f64, sessions: usize) {
        for _ in 0..sessions {
            let wobble = if self.0.len().is_multiple_of(2) { 1.004 } else { 0.996 };
            self.bar(price, price * wobble, DOLLARS);
        }
    }

    /// One bar in the next session.
    fn bar(&mut self, open: f64, close: f64, dollars: f64) {
        let session = self.0.sessions.last().map_or(0, |session| session + 1);
        self.0.push(session, [open, open.max(close), open.min(close), close, dollars / close]);
    }

    fn found(&self) -> Jumps {
        self.found_with(&[], &[])
    }

    fn found_with(&self, splits: &[Split], dividends: &[Dividend]) -> Jumps {
        find(&Trades::new(&self.0, splits, dividends))
    }

    fn kinds(&self) -> Vec<Kind> {
        self.found().jumps.iter().map(|jump| jump.kind).collect()
    }
}

/// Twenty quiet sessions at 100, one that opens and closes at `level` with `times` the usual trading, and ten more there.
fn jumped(level: f64, times: f64) -> Quiet {
    let mut quiet = Quiet::new(100.0, 20);
    quiet.bar(level, level, times * DOLLARS);
    quiet.go_on(level, 10);
    quiet
}

fn split(new: u32, old: u32, sure: Sure) -> Vec<Kind> {
    vec![Kind::Split(Ratio { new, old }, sure)]
}

#[test]
fn a_halving_on_usual_trading_is_likely_a_split() {
    let quiet = jumped(50.0, 1.0);
    assert_eq!(quiet.kinds(), split(2, 1, Sure::Likely));
    let jump = quiet.found().jumps[0];
    assert_eq!((jump.before, jump.place), (19, 20));
    assert!((jump.open_ratio - 50.0 / 99.6).abs() < 1e-12);
    assert!((jump.trading.unwrap() - 1.0).abs() < 1e-9);
    assert_eq!(quiet.found().spikes, []);
}

#[test]
fn the_more_trading_the_less_likely_it_is_a_split() {
    assert_eq!(jumped(50.0, 2.9).kinds(), split(2, 1, Sure::Likely));
    assert_eq!(jumped(50.0, 4.0).kinds(), split(2, 1, Sure::Possible));
    assert_eq!(jumped(200.0, 4.0).kinds(), split(1, 2, Sure::Likely));
    assert_eq!(jumped(50.0, 9.0).kinds(), split(2, 1, Sure::Possible));
    assert_eq!(jumped(50.0, 12.0).kinds(), []);
    assert_eq!(jumped(1000.0, 40.0).kinds(), split(1, 10, Sure::Possible));
}

#[test]
fn a_small_ratio_may_always_be_something_else() {
    assert_eq!(jumped(80.0, 1.0).kinds(), split(5, 4, Sure::Possible));
    assert_eq!(jumped(66.7, 1.0).kinds(), split(3, 2, Sure::Possible));
    assert_eq!(jumped(80.0, 4.0).kinds(), []);
}

#[test]
fn a_level_that_no_usual_ratio_explains_is_named_so() {
    assert_eq!(jumped(42.0, 1.8).kinds(), [Kind::Level]);
    assert_eq!(jumped(42.0, 6.0).kinds(), []);
    assert_eq!(jumped(1150.0, 1.0).kinds(), split(1, 12, Sure::Likely));
    assert_eq!(jumped(7500.0, 300.0).kinds(), [Kind::Level]);
    assert_eq!(jumped(17.0, 300.0).kinds(), []);
}

#[test]
fn a_stored_split_or_dividend_explains_its_jump() {
    let halved = jumped(50.0, 1.0);
    assert_eq!(halved.found_with(&[Split { session: 20, ratio: 2.0 }], &[]), Jumps::default());
    let special = jumped(80.0, 1.0);
    assert_eq!(special.found_with(&[], &[Dividend { session: 20, cash: 20.0 }]), Jumps::default());
    // One of a usual size explains little.
    assert_eq!(special.found_with(&[], &[Dividend { session: 20, cash: 0.5 }]).jumps.len(), 1);
}

#[test]
fn a_jump_in_the_last_session_may_come_back() {
    let mut quiet = Quiet::new(100.0, 20);
    quiet.bar(50.0, 50.0, DOLLARS);
    assert_eq!(quiet.kinds(), split(2, 1, Sure::Possible));
    quiet.bar(100.0, 100.0, DOLLARS);
    assert_eq!(quiet.kinds(), []);
}

#[test]
fn a_close_that_is_halved_for_one_session_is_a_bad_print() {
    // LNT in May 2016, as an S&P 500 data set has it.
    let mut quiet = Quiet::new(35.4, 20);
    quiet.bar(35.19, 17.87, 1.2 * DOLLARS);
    quiet.bar(35.8, 35.91, 0.8 * DOLLARS);
    quiet.go_on(35.8, 10);
    let found = quiet.found();
    assert_eq!(found.jumps, []);
    assert_eq!(found.spikes.len(), 1);
    let spike = found.spikes[0];
    assert_eq!((spike.before, spike.first, spike.last, spike.back), (19, 20, 20, 21));
    assert!((spike.ratio - 17.87 / (35.4 * 0.996)).abs() < 1e-12);
}

#[test]
fn a_bad_print_lasts_three_bars_at_most_and_is_back_at_the_open() {
    let print = |bars: usize, open: f64| {
        let mut quiet = Quiet::new(100.0, 20);
        (0..bars).for_each(|_| quiet.bar(1.0, 1.0, DOLLARS));
        quiet.bar(open, 100.0, DOLLARS);
        quiet.go_on(100.0, 10);
        quiet.found().spikes.iter().map(|spike| spike.last - spike.first + 1).collect::<Vec<_>>()
    };
    assert_eq!(print(1, 100.0), [1]);
    assert_eq!(print(3, 100.0), [3]);
    assert!(print(4, 100.0).is_empty());
    assert!(print(1, 40.0).is_empty());
}

#[test]
fn cents_and_instruments_that_trade_now_and_then_tell_nothing() {
    let mut cents = Quiet::new(0.02, 20);
    cents.go_on(0.01, 10);
    assert_eq!(cents.found(), Jumps::default());
    let mut rare = jumped(50.0, 1.0);
    rare.0.sessions.iter_mut().for_each(|session| *session *= 3);
    assert_eq!(rare.found(), Jumps::default());
}

#[test]
fn a_wild_instrument_halves_without_a_split() {
    let mut quiet = Quiet::new(100.0, 2);
    (0..20).for_each(|at| quiet.bar(100.0, if at % 2 == 0 { 100.0 } else { 110.0 }, DOLLARS));
    quiet.go_on(50.0, 10);
    assert_eq!(quiet.kinds(), []);
}

proptest! {
    #[test]
    fn every_usual_split_is_found_with_its_ratio_and_gone_once_stored(
        which in 0..USUAL_RATIOS.len(), price in 20.0..2000.0_f64, off in -0.01..0.01_f64, times in 0.3..2.5_f64,
    ) {
        let (new, old) = USUAL_RATIOS[which];
        let ratio = Ratio { new, old };
        let mut quiet = Quiet::new(price, 25);
        let level = price / ratio.value();
        quiet.bar(level * (1.0 + off), level * (1.0 - off), times * DOLLARS);
        quiet.go_on(level, 10);
        let found = quiet.found();
        prop_assert_eq!(&found.spikes, &[]);
        prop_assert_eq!(found.jumps.len(), 1);
        let Kind::Split(told, _) = found.jumps[0].kind else { panic!("{found:?}") };
        prop_assert_eq!(told, ratio);
        let stored = [Split { session: 25, ratio: ratio.value() }];
        prop_assert_eq!(quiet.found_with(&stored, &[]), Jumps::default());
    }
}

/// Far from where a cent, which has no currency, decides.
#[test]
fn the_currency_does_not_matter() {
    let places = |quiet: &Quiet| {
        let found = quiet.found();
        let jumps: Vec<_> = found.jumps.iter().map(|jump| (jump.place, jump.open_ratio)).collect();
        (jumps, found.spikes)
    };
    let mut jumps = 0;
    for level in [5.0, 10.0, 20.0, 33.0, 50.0, 77.0, 100.0, 150.0, 200.0, 400.0, 1000.0] {
        for times in [0.5, 1.0, 3.0, 8.0, 20.0] {
            let one = jumped(level, times);
            jumps += one.found().jumps.len();
            for power in 1..6 {
                let mut other = jumped(level, times);
                let Series { open, high, low, close, .. } = &mut other.0;
                for price in [open, high, low, close].into_iter().flatten() {
                    *price *= 2.0_f64.powi(power);
                }
                assert_eq!(places(&one), places(&other), "{level} {times} {power}");
            }
        }
    }
    assert!(jumps > 20, "{jumps}");
}
