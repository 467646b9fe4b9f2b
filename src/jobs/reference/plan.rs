//! From periods as they are to periods as they should be: who keeps what, what moves to whom, and who is left with nothing.
//!
//! An instrument that no list ever knew (a bar created it) is whoever the list says had its ticker at its last bar. What it
//! holds of other instruments' days moves to them. Days that nobody claims stay with it; where it has become somebody else,
//! or where they lie apart, they become instruments of their own.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;

use crate::domain::claims::Period;
use crate::domain::listing::Held;

/// First and last day with a bar.
pub type Span = Option<(NaiveDate, NaiveDate)>;

/// A piece of an old period, all of whose days have one holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Ticker of the old period.
    pub ticker: String,
    /// Whose bars of these days are.
    pub instrument_id: i32,
    /// First day.
    pub from: NaiveDate,
    /// First day after it; none to the end.
    pub until: Option<NaiveDate>,
    /// Who is to have it; none where nobody claims it.
    pub holder: Option<usize>,
}

/// Who is to have something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// An instrument that is there.
    Old(i32),
    /// The new instrument of this number.
    New(usize),
}

/// Days of one instrument that are to be another one's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Whose they are.
    pub from: i32,
    /// Whose they are to be.
    pub into: Target,
    /// First day.
    pub first: NaiveDate,
    /// First day after the last one; none to the end.
    pub until: Option<NaiveDate>,
}

/// A ticker's time with an instrument, as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    /// Ticker.
    pub ticker: String,
    /// First day.
    pub from: NaiveDate,
    /// First day after it.
    pub until: Option<NaiveDate>,
    /// The instrument.
    pub holder: Target,
}

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The instrument of each holder; none where it holds nothing and is not known.
    pub holders: Vec<Option<Target>>,
    /// New instruments.
    pub new: usize,
    /// How many of them get bars that somebody else had.
    pub split: usize,
    /// What moves.
    pub moves: Vec<Move>,
    /// All periods of the tickers that are dealt with, by ticker and first day.
    pub periods: Vec<Assigned>,
    /// Instruments that are left with nothing, and who took their last days.
    pub merged: Vec<(i32, Target)>,
}

/// The tickers that are dealt with: those that anybody claims, and those of instruments that the list knows.
pub fn touched<'a>(old: &'a [Held], wanted: &'a [Period], listed: &HashSet<i32>) -> HashSet<&'a str> {
    let of_listed = old.iter().filter(|held| listed.contains(&held.instrument_id));
    let claimed = wanted.iter().map(|period| period.ticker.as_str());
    claimed.chain(of_listed.map(|held| held.ticker.as_str())).collect()
}

/// Cuts the old periods of the tickers that are `touched` where `wanted` (by ticker and first day) changes hands.
pub fn parts(old: &[Held], wanted: &[Period], touched: &HashSet<&str>) -> Vec<Part> {
    let mut by_ticker: HashMap<&str, Vec<&Period>> = HashMap::new();
    for period in wanted {
        by_ticker.entry(&period.ticker).or_default().push(period);
    }
    let mut parts = Vec::new();
    for held in old.iter().filter(|held| touched.contains(held.ticker.as_str())) {
        let wanted = by_ticker.get(held.ticker.as_str()).map_or(&[][..], Vec::as_slice);
        let end = held.until.unwrap_or(NaiveDate::MAX);
        let mut at = held.from;
        let mut part = |from: NaiveDate, until: NaiveDate, holder| {
            if from < until {
                let until = Some(until).filter(|until| *until != NaiveDate::MAX);
                let (ticker, instrument_id) = (held.ticker.clone(), held.instrument_id);
                parts.push(Part { ticker, instrument_id, from, until, holder });
            }
        };
        for period in wanted {
            let from = period.from.clamp(at, end);
            let until = period.until.unwrap_or(NaiveDate::MAX).clamp(at, end);
            part(at, from, None);
            part(from, until, Some(period.holder));
            at = until.max(from);
        }
        part(at, end, None);
    }
    parts
}

/// Makes the plan. `known` is the instrument of each holder as far as the database knows it by a list; `spans` are the bars of
/// `parts`, which may be missing for those that stay with a known instrument; `elsewhere` are the instruments that hold tickers
/// which are not dealt with.
pub fn plan(
    wanted: &[Period],
    known: &[Option<i32>],
    parts: &[Part],
    spans: &[Span],
    elsewhere: &HashSet<i32>,
) -> Plan {
    let listed: HashSet<i32> = known.iter().flatten().copied().collect();
    let mut of_instrument: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
    for (at, part) in parts.iter().enumerate() {
        of_instrument.entry(part.instrument_id).or_default().push(at);
    }
    let latest = |places: &[usize]| {
        // Its last bar, or where it has none, its last day.
        places
            .iter()
            .copied()
            .max_by_key(|at| (spans[*at].map(|span| span.1), parts[*at].until.unwrap_or(NaiveDate::MAX)))
    };

    // Who is who.
    let mut candidates: BTreeMap<usize, Vec<(NaiveDate, i32)>> = BTreeMap::new();
    for (id, places) in of_instrument.iter().filter(|(id, _)| !listed.contains(id)) {
        let Some(holder) = latest(places).and_then(|at| parts[at].holder) else { continue };
        if known[holder].is_none() {
            let first = places.iter().filter_map(|at| spans[*at]).map(|span| span.0).min();
            candidates.entry(holder).or_default().push((first.unwrap_or(NaiveDate::MAX), *id));
        }
    }
    let mut holders: Vec<Option<Target>> = known.iter().map(|id| id.map(Target::Old)).collect();
    let mut became: HashSet<i32> = HashSet::new();
    for (holder, mut ids) in candidates {
        // The one whose bars begin first: the fewest bars move, and the name that lasted keeps its instrument.
        ids.sort_unstable();
        holders[holder] = Some(Target::Old(ids[0].1));
        became.insert(ids[0].1);
    }
    let mut new = 0;
    let mut next = || {
        new += 1;
        Target::New(new - 1)
    };
    for period in wanted {
        holders[period.holder].get_or_insert_with(&mut next);
    }

    // Who has what.
    let mut targets: Vec<Option<Target>> = parts.iter().map(|part| holders[part.holder?]).collect();
    for (id, places) in &of_instrument {
        let unclaimed: Vec<usize> = places.iter().copied().filter(|at| parts[*at].holder.is_none()).collect();
        let nobody = !listed.contains(id) && !became.contains(id);
        let stays =
            latest(&unclaimed).filter(|at| nobody && (spans[*at].is_some() || latest(places) == Some(*at)));
        for at in unclaimed {
            if Some(at) == stays {
                targets[at] = Some(Target::Old(*id));
            } else if spans[at].is_some() {
                targets[at] = Some(next());
            }
        }
    }
    let mut periods: Vec<Assigned> = wanted
        .iter()
        .filter_map(|period| {
            let Period { ticker, from, until, holder } = period.clone();
            Some(Assigned { ticker, from, until, holder: holders[holder]? })
        })
        .collect();
    let mut moves = Vec::new();
    for (part, target) in parts.iter().zip(&targets) {
        let Some(target) = *target else { continue };
        if part.holder.is_none() {
            let (ticker, from, until) = (part.ticker.clone(), part.from, part.until);
            periods.push(Assigned { ticker, from, until, holder: target });
        }
        if target != Target::Old(part.instrument_id) {
            moves.push(Move { from: part.instrument_id, into: target, first: part.from, until: part.until });
        }
    }
    periods.sort_by(|a, b| (&a.ticker, a.from).cmp(&(&b.ticker, b.from)));
    periods.dedup_by(|later, kept| {
        let goes_on =
            later.ticker == kept.ticker && later.holder == kept.holder && kept.until == Some(later.from);
        if goes_on {
            kept.until = later.until;
        }
        goes_on
    });

    let hold: HashSet<Target> = periods.iter().map(|period| period.holder).collect();
    let empty = |id: &i32| !hold.contains(&Target::Old(*id)) && !elsewhere.contains(id);
    let merged = of_instrument
        .iter()
        .filter(|(id, _)| empty(id))
        .filter_map(|(id, places)| {
            let covered: Vec<usize> = places.iter().copied().filter(|at| targets[*at].is_some()).collect();
            Some((*id, targets[latest(&covered)?]?))
        })
        .collect();
    let with_bars: HashSet<Target> = parts
        .iter()
        .zip(spans)
        .zip(&targets)
        .filter_map(|((_, span), target)| {
            target.filter(|target| span.is_some() && matches!(target, Target::New(_)))
        })
        .collect();
    Plan { holders, new, split: with_bars.len(), moves, periods, merged }
}

/// An instrument with two tickers on one day, which no plan may leave; its bars of that day could not be told apart.
pub fn two_tickers_at_once(periods: &[Assigned]) -> Option<(Target, String, String)> {
    let mut by_holder: BTreeMap<Target, Vec<&Assigned>> = BTreeMap::new();
    for period in periods {
        by_holder.entry(period.holder).or_default().push(period);
    }
    by_holder.into_iter().find_map(|(holder, mut periods)| {
        periods.sort_by_key(|period| period.from);
        let pair = periods.windows(2).find(|pair| pair[0].until.is_none_or(|until| pair[1].from < until))?;
        Some((holder, pair[0].ticker.clone(), pair[1].ticker.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::claims::BEGINNING;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn held(ticker: &str, from: Option<&str>, until: Option<&str>, instrument_id: i32) -> Held {
        let from = from.map_or(BEGINNING, day);
        Held { ticker: ticker.into(), from, until: until.map(day), instrument_id }
    }

    fn period(ticker: &str, from: Option<&str>, until: Option<&str>, holder: usize) -> Period {
        let from = from.map_or(BEGINNING, day);
        Period { ticker: ticker.into(), from, until: until.map(day), holder }
    }

    /// A plan in which `bars` says whose first and last bars are where: instrument, first, last.
    fn planned(old: &[Held], wanted: &[Period], known: &[Option<i32>], bars: &[(i32, &str)]) -> Plan {
        let listed: HashSet<i32> = known.iter().flatten().copied().collect();
        let parts = parts(old, wanted, &touched(old, wanted, &listed));
        let span = |part: &Part| {
            let inside = |at: &NaiveDate| part.from <= *at && part.until.is_none_or(|until| *at < until);
            let days: Vec<NaiveDate> = bars
                .iter()
                .filter(|(id, _)| *id == part.instrument_id)
                .map(|(_, at)| day(at))
                .filter(inside)
                .collect();
            Some((*days.iter().min()?, *days.iter().max()?))
        };
        let spans: Vec<Span> = parts.iter().map(span).collect();
        let plan = plan(wanted, known, &parts, &spans, &HashSet::new());
        assert_eq!(two_tickers_at_once(&plan.periods), None);
        plan
    }

    fn moves(plan: &Plan) -> Vec<String> {
        let until = |at: Option<NaiveDate>| at.map_or("…".to_owned(), |day| day.to_string());
        let target = |target: Target| match target {
            Target::Old(id) => id.to_string(),
            Target::New(at) => format!("new {at}"),
        };
        plan.moves
            .iter()
            .map(|m| format!("{} to {}: {} {}", m.from, target(m.into), m.first, until(m.until)))
            .collect()
    }

    #[test]
    fn two_instruments_that_are_one_become_the_older_of_them() {
        let old = [held("FB", None, None, 7), held("META", None, None, 9)];
        let wanted = [period("FB", None, Some("2022-06-09"), 0), period("META", Some("2022-06-09"), None, 0)];
        let bars = [(7, "2012-05-18"), (7, "2022-06-08"), (9, "2022-06-09"), (9, "2022-07-01")];
        let plan = planned(&old, &wanted, &[None], &bars);
        assert_eq!(plan.holders, [Some(Target::Old(7))]);
        assert_eq!(moves(&plan), ["9 to 7: 2022-06-09 …"]);
        assert_eq!(plan.merged, [(9, Target::Old(7))]);
        assert_eq!((plan.new, plan.split), (0, 0));
    }

    #[test]
    fn the_earlier_holder_of_a_reused_ticker_gets_its_bars() {
        let old = [held("FB", None, None, 7)];
        let wanted = [period("FB", None, Some("2003-03-29"), 0), period("FB", Some("2003-03-29"), None, 1)];
        let bars = [(7, "1999-09-29"), (7, "2003-03-28"), (7, "2012-05-18"), (7, "2020-01-02")];
        let plan = planned(&old, &wanted, &[None, None], &bars);
        assert_eq!(plan.holders, [Some(Target::New(0)), Some(Target::Old(7))]);
        assert_eq!(moves(&plan), ["7 to new 0: 0001-01-01 2003-03-29"]);
        assert!(plan.merged.is_empty());
        assert_eq!((plan.new, plan.split), (1, 1));
    }

    #[test]
    fn bars_of_nobody_before_a_known_first_day_stay_with_the_instrument_that_a_bar_created() {
        // An earlier fund used META until January; the list does not know it.
        let old = [held("FB", None, None, 7), held("META", None, None, 9)];
        let wanted = [period("FB", None, Some("2022-06-09"), 0), period("META", Some("2022-06-09"), None, 0)];
        let bars = [(7, "2012-05-18"), (7, "2022-06-08"), (9, "2021-06-30"), (9, "2022-07-01")];
        let plan = planned(&old, &wanted, &[Some(7)], &bars);
        assert_eq!(moves(&plan), ["9 to 7: 2022-06-09 …"]);
        assert!(plan.merged.is_empty());
        let meta: Vec<_> = plan.periods.iter().filter(|period| period.ticker == "META").collect();
        assert_eq!((meta[0].holder, meta[0].until), (Target::Old(9), Some(day("2022-06-09"))));
        assert_eq!((meta[1].holder, meta[1].until), (Target::Old(7), None));
    }

    #[test]
    fn a_delisted_ticker_that_trades_on_becomes_an_instrument_of_its_own() {
        // Known by an earlier list, and now said to be delisted.
        let old = [held("A", None, None, 7)];
        let wanted = [period("A", None, Some("2020-01-03"), 0)];
        let later = [(7, "2019-01-02"), (7, "2020-03-02")];
        let plan = planned(&old, &wanted, &[Some(7)], &later);
        assert_eq!(moves(&plan), ["7 to new 0: 2020-01-03 …"]);
        assert_eq!(plan.periods.len(), 2);
        // Without such bars the ticker is free.
        let plan = planned(&old, &wanted, &[Some(7)], &[(7, "2019-01-02")]);
        assert!(plan.moves.is_empty() && plan.periods.len() == 1);
        // One that a bar created is the one that trades now; the delisted one gets the bars before.
        let plan = planned(&old, &wanted, &[None], &later);
        assert_eq!(moves(&plan), ["7 to new 0: 0001-01-01 2020-01-03"]);
        assert_eq!(plan.holders, [Some(Target::New(0))]);
    }

    #[test]
    fn a_name_that_an_instrument_is_not_said_to_have_had_any_more_becomes_an_instrument() {
        let old = [held("OLD", None, Some("2022-06-09"), 7), held("NEW", Some("2022-06-09"), None, 7)];
        let wanted = [period("NEW", None, None, 0)];
        let plan = planned(&old, &wanted, &[Some(7)], &[(7, "2022-01-03"), (7, "2022-07-01")]);
        assert_eq!(moves(&plan), ["7 to new 0: 0001-01-01 2022-06-09"]);
        let plan = planned(&old, &wanted, &[Some(7)], &[(7, "2022-07-01")]);
        assert!(plan.moves.is_empty() && plan.periods.len() == 1, "without bars nobody needs it");
    }

    #[test]
    fn periods_that_are_as_they_should_be_need_nothing() {
        let old = [held("FB", None, Some("2022-06-09"), 7), held("META", Some("2022-06-09"), None, 7)];
        let wanted = [period("FB", None, Some("2022-06-09"), 0), period("META", Some("2022-06-09"), None, 0)];
        let plan = planned(&old, &wanted, &[Some(7)], &[(7, "2022-01-03")]);
        assert!(plan.moves.is_empty() && plan.merged.is_empty() && plan.new == 0);
        assert_eq!(plan.periods.len(), 2);
    }

    #[test]
    fn an_instrument_without_a_bar_gives_way_to_the_one_of_the_list() {
        let old = [held("A", None, None, 7)];
        let wanted = [period("A", None, None, 0)];
        let plan = planned(&old, &wanted, &[Some(3)], &[]);
        assert_eq!(plan.merged, [(7, Target::Old(3))]);
        let plan = planned(&old, &wanted, &[None], &[]);
        assert_eq!((plan.holders, plan.merged.len()), (vec![Some(Target::Old(7))], 0));
    }
}
