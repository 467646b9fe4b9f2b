//! Stored splits and dividends held against the prices: does the price jump where a split says so, is a dividend possible.

use super::Series;
use super::jumps::Jump;
use super::trades::{TOO_FAR, Trades};
use crate::domain::history::{Dividend, Split};

/// A split that moves the price by less than this (15 %) is not judged: any session can hide it.
const LEAST: f64 = 0.14;

/// A price that makes less than this part of the move has not made it.
const PART: f64 = 1.0 / 3.0;

/// What is left after a split is another ratio from here on (1.25 times).
const OTHER: f64 = 0.223;

/// Two splits by one ratio within this many sessions are looked at together.
pub const NEAR: i32 = 10;

/// A dividend is large from this part of the price on.
pub const LARGE: f64 = 0.25;

/// What the price does where a split is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It jumps by the ratio.
    Jump,
    /// It does not jump.
    Nothing,
    /// It jumps by another ratio.
    Another,
}

/// A stored split and what the price does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// Place of the last traded bar before it in the series.
    pub before: usize,
    /// Place of the first traded bar on it.
    pub place: usize,
    /// Open / close before; other splits since the bar before are taken out.
    pub open_ratio: f64,
    /// Close / close before, likewise.
    pub close_ratio: f64,
    /// The verdict.
    pub seen: Seen,
}

/// Judges each of `splits`, which the trades were made with; none where the price cannot tell: no traded bars on both
/// sides of it nearby, a small ratio, or an instrument whose usual moves hide it.
pub fn judge(trades: &Trades<'_>, splits: &[Split]) -> Vec<Option<Judged>> {
    splits.iter().map(|split| judge_one(trades, *split)).collect()
}

fn judge_one(trades: &Trades<'_>, split: Split) -> Option<Judged> {
    let sessions = &trades.series.sessions;
    let at = trades.places.partition_point(|place| sessions[*place] < split.session);
    if at == 0 || at == trades.len() || trades.session(at) - trades.session(at - 1) > TOO_FAR {
        return None;
    }
    let size = -split.ratio.ln();
    let usual = trades.usual(at).map_or(0.0, |usual| usual.close);
    if size.abs() < LEAST.max(6.0 * usual) {
        return None;
    }
    let rest = [trades.overnight(at), trades.change(at)];
    let moves = rest.map(|rest| rest + size);
    let steps = 0.005 / trades.price(at) + 0.005 / trades.price(at - 1);
    let other = OTHER.max(4.0 * usual).max(0.25 * size.abs()) + steps;
    let seen = if moves.iter().all(|moved| moved / size < PART) {
        Seen::Nothing
    } else if rest.iter().all(|rest| rest.abs() > other) {
        Seen::Another
    } else {
        Seen::Jump
    };
    let [open_ratio, close_ratio] = moves.map(f64::exp);
    Some(Judged { before: trades.places[at - 1], place: trades.places[at], open_ratio, close_ratio, seen })
}

/// Splits by one ratio on two days near each other of which not both can be: pairs of places in `splits`, the earlier first.
/// Two splits that the price both shows are two splits.
pub fn twice(splits: &[Split], judged: &[Option<Judged>]) -> Vec<(usize, usize)> {
    let shown = |at: usize| judged[at].is_some_and(|judged| judged.seen == Seen::Jump);
    let mut found = Vec::new();
    for (later, split) in splits.iter().enumerate() {
        let earlier = (0..later).rev().find(|at| {
            split.session - splits[*at].session <= NEAR
                && (splits[*at].ratio / split.ratio - 1.0).abs() < 0.01
        });
        found.extend(
            earlier.filter(|earlier| !(shown(*earlier) && shown(later))).map(|earlier| (earlier, later)),
        );
    }
    found
}

/// The jump among `jumps` that `split`, which the price does not show on its day, makes on another day nearby.
pub fn elsewhere(series: &Series, jumps: &[Jump], split: Split) -> Option<usize> {
    let size = -split.ratio.ln();
    jumps.iter().position(|jump| {
        (series.sessions[jump.place] - split.session).abs() <= NEAR
            && (jump.open_ratio.ln() - size).abs() <= 0.2 * size.abs()
    })
}

/// A dividend that is a large part of the price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LargeDividend {
    /// Which dividend.
    pub dividend: usize,
    /// Place of the last bar before it.
    pub before: usize,
    /// Cash / close before.
    pub part: f64,
    /// By which part of the cash the price opened lower; none without a bar nearby.
    pub fallen: Option<f64>,
}

/// The dividends above [`LARGE`] of the close before them.
pub fn large_dividends(series: &Series, splits: &[Split], dividends: &[Dividend]) -> Vec<LargeDividend> {
    let large = |(dividend, paid): (usize, &Dividend)| {
        let place = series.sessions.partition_point(|session| *session < paid.session);
        let before = place.checked_sub(1)?;
        let close = series.close[before];
        let part = paid.cash / close;
        if paid.session - series.sessions[before] > TOO_FAR || !(part > LARGE && close > 0.0) {
            return None;
        }
        let after = series.sessions.get(place).filter(|session| **session - paid.session <= TOO_FAR);
        let fallen = after.map(|session| {
            let ratio = crate::domain::history::split_ratio(splits, series.sessions[before], *session);
            (close - series.open[place] * ratio) / paid.cash
        });
        Some(LargeDividend { dividend, before, part, fallen })
    };
    dividends.iter().enumerate().filter_map(large).collect()
}

#[cfg(test)]
mod tests {
    use super::super::jumps;
    use super::*;

    fn series(closes: &[f64]) -> Series {
        let mut series = Series::default();
        (0..)
            .zip(closes)
            .for_each(|(session, close)| series.push(session, [*close, *close, *close, *close, 100.0]));
        series
    }

    fn seen(closes: &[f64], splits: &[Split]) -> Vec<Option<Seen>> {
        let series = series(closes);
        let judged = judge(&Trades::new(&series, splits, &[]), splits);
        judged.into_iter().map(|judged| judged.map(|judged| judged.seen)).collect()
    }

    #[test]
    fn a_split_is_held_against_the_price_of_its_day() {
        let split = |ratio: f64| [Split { session: 2, ratio }];
        assert_eq!(seen(&[70.0, 70.0, 10.0], &split(7.0)), [Some(Seen::Jump)]);
        assert_eq!(seen(&[70.0, 70.0, 71.0], &split(7.0)), [Some(Seen::Nothing)]);
        // Up where it must go down.
        assert_eq!(seen(&[70.0, 70.0, 90.0], &split(7.0)), [Some(Seen::Nothing)]);
        assert_eq!(seen(&[70.0, 70.0, 35.0], &split(7.0)), [Some(Seen::Another)]);
        assert_eq!(seen(&[1.0, 1.0, 9.2], &split(0.1)), [Some(Seen::Jump)]);
        assert_eq!(seen(&[70.0, 70.0, 70.0], &split(1.1)), [None]);
        assert_eq!(seen(&[70.0, 70.0], &split(7.0)), [None]);
    }

    #[test]
    fn of_one_split_on_two_near_days_one_is_too_much() {
        let splits = [Split { session: 1, ratio: 7.0 }, Split { session: 2, ratio: 7.0 }];
        let series = series(&[70.0, 70.0, 10.0]);
        let judged = judge(&Trades::new(&series, &splits, &[]), &splits);
        assert_eq!(
            judged.iter().flatten().map(|judged| judged.seen).collect::<Vec<_>>(),
            [Seen::Nothing, Seen::Jump]
        );
        assert_eq!(twice(&splits, &judged), [(0, 1)]);
        let far = [Split { session: 1, ratio: 7.0 }, Split { session: 12, ratio: 7.0 }];
        assert_eq!(twice(&far, &[None, None]), []);
    }

    #[test]
    fn two_splits_that_the_price_shows_are_two() {
        let splits = [Split { session: 1, ratio: 2.0 }, Split { session: 2, ratio: 2.0 }];
        let series = series(&[80.0, 40.0, 20.0]);
        let judged = judge(&Trades::new(&series, &splits, &[]), &splits);
        assert_eq!(twice(&splits, &judged), []);
    }

    #[test]
    fn a_split_stored_on_the_wrong_day_is_found_on_the_right_one() {
        let mut closes = vec![70.0; 20];
        closes.extend([10.0; 10]);
        let series = series(&closes);
        let splits = [Split { session: 18, ratio: 7.0 }];
        let found = jumps::find(&Trades::new(&series, &splits, &[]));
        assert_eq!(elsewhere(&series, &found.jumps, splits[0]).map(|at| found.jumps[at].place), Some(20));
        assert_eq!(elsewhere(&series, &found.jumps, Split { session: 18, ratio: 2.0 }), None);
    }

    #[test]
    fn a_dividend_of_a_quarter_of_the_price_is_large() {
        let series = series(&[100.0, 60.0, 60.0]);
        let paid = |session: i32, cash: f64| Dividend { session, cash };
        let found =
            large_dividends(&series, &[], &[paid(1, 40.0), paid(2, 15.0), paid(2, 90.0), paid(0, 500.0)]);
        let told: Vec<_> = found.iter().map(|large| (large.dividend, large.part, large.fallen)).collect();
        assert_eq!(told, [(0, 0.4, Some(1.0)), (2, 1.5, Some(0.0))]);
    }
}
