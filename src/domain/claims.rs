//! Who held which ticker when: claims that may overlap in, periods that do not out.
//!
//! A holder is whatever the caller numbers: here it is only told apart from others. Rules, in this order:
//! 1. of several claims of one ticker that end on the same day (or do not end), the one of the greatest weight stays, then that
//!    of the smallest holder; the others are refused;
//! 2. a claim whose first day is known begins on it, and ends what began before it; what began after it stays;
//! 3. any other claim begins when the one that ended before it has ended; the first one of all, at the beginning of time;
//! 4. a claim of which nothing is left is refused.

use std::collections::BTreeMap;

use chrono::NaiveDate;

/// The beginning of time, as the database has it: no first day is known.
pub const BEGINNING: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 1).expect("a date");

/// What is known of the first day of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Start {
    /// Nothing.
    Unknown,
    /// It is this day or a later one.
    NotBefore(NaiveDate),
    /// It is this day.
    On(NaiveDate),
}

impl Start {
    /// The earliest day that it can be.
    pub fn earliest(self) -> NaiveDate {
        match self {
            Self::Unknown => BEGINNING,
            Self::NotBefore(day) | Self::On(day) => day,
        }
    }
}

/// A ticker for a holder, for some time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// Ticker; case matters.
    pub ticker: String,
    /// Who claims it.
    pub holder: usize,
    /// First day.
    pub start: Start,
    /// First day after the claim; none while it lasts.
    pub until: Option<NaiveDate>,
    /// Of claims that cannot both hold, the heavier one does.
    pub weight: i64,
}

/// A ticker's time with its holder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// Ticker; case matters.
    pub ticker: String,
    /// First day; [`BEGINNING`] where it is not known.
    pub from: NaiveDate,
    /// First day after the period; none while it lasts.
    pub until: Option<NaiveDate>,
    /// Who has it.
    pub holder: usize,
}

impl Period {
    /// Whether the period holds `date`.
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.from <= date && self.until.is_none_or(|until| date < until)
    }
}

/// Why a claim does not hold as it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Fault {
    /// Somebody else claims the ticker to the same day.
    #[error("another instrument has the ticker at that time")]
    Taken,
    /// Its last days are known to be somebody else's.
    #[error("the last days of the ticker are another instrument's")]
    Cut,
    /// Its first days are known to be somebody else's.
    #[error("the first days of the ticker are another instrument's")]
    Late,
    /// No day is left of it.
    #[error("other instruments have the ticker on all of its days")]
    Nothing,
}

/// Periods without an overlap, and what became of the other claims.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// Periods by ticker, then first day.
    pub periods: Vec<Period>,
    /// Claims that do not hold, or not to their end.
    pub faults: Vec<(Claim, Fault)>,
}

/// Resolves `claims`; their order does not matter. Periods taken as claims again give the same periods.
pub fn resolve(claims: Vec<Claim>) -> Resolution {
    let mut by_ticker: BTreeMap<String, Vec<Claim>> = BTreeMap::new();
    for claim in claims {
        by_ticker.entry(claim.ticker.clone()).or_default().push(claim);
    }
    let mut resolution = Resolution::default();
    for claims in by_ticker.into_values() {
        of_ticker(claims, &mut resolution);
    }
    resolution.faults.sort();
    resolution
}

fn of_ticker(mut claims: Vec<Claim>, resolution: &mut Resolution) {
    // An end that is not known is the last one.
    let end = |claim: &Claim| claim.until.unwrap_or(NaiveDate::MAX);
    claims.sort_by(|a, b| {
        end(a)
            .cmp(&end(b))
            .then_with(|| b.weight.cmp(&a.weight))
            .then_with(|| a.holder.cmp(&b.holder))
            .then_with(|| a.start.cmp(&b.start))
    });
    let mut held: Vec<(NaiveDate, Claim)> = Vec::new();
    let mut ended: Option<NaiveDate> = None;
    for claim in claims {
        if ended == Some(end(&claim)) {
            let same = held.last().is_some_and(|(_, last)| last.holder == claim.holder);
            if !same {
                resolution.faults.push((claim, Fault::Taken));
            }
            continue;
        }
        let start = match claim.start {
            Start::On(first) => {
                cut(&mut held, first, &claim, resolution);
                let start = first.max(free_from(&held));
                if first < start && start < end(&claim) {
                    resolution.faults.push((claim.clone(), Fault::Late));
                }
                start
            }
            Start::NotBefore(first) => first.max(free_from(&held)),
            Start::Unknown => free_from(&held),
        };
        if start < end(&claim) {
            ended = Some(end(&claim));
            held.push((start, claim));
        } else {
            resolution.faults.push((claim, Fault::Nothing));
        }
    }
    let first = resolution.periods.len();
    for (from, claim) in held {
        match resolution.periods[first..].last_mut() {
            // One holder that goes on.
            Some(last) if last.holder == claim.holder && last.until == Some(from) => last.until = claim.until,
            _ => resolution.periods.push(Period {
                ticker: claim.ticker,
                from,
                until: claim.until,
                holder: claim.holder,
            }),
        }
    }
}

/// The first day that nobody has yet.
fn free_from(held: &[(NaiveDate, Claim)]) -> NaiveDate {
    held.last().map_or(BEGINNING, |(_, claim)| claim.until.unwrap_or(NaiveDate::MAX))
}

/// Ends on `first` what began before it, if that was somebody else's.
fn cut(held: &mut [(NaiveDate, Claim)], first: NaiveDate, by: &Claim, resolution: &mut Resolution) {
    if let Some((from, last)) = held.last_mut()
        && *from < first
        && last.until.is_none_or(|until| first < until)
    {
        if last.holder != by.holder {
            resolution.faults.push((last.clone(), Fault::Cut));
        }
        last.until = Some(first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn claim(ticker: &str, holder: usize, start: Start, until: Option<&str>) -> Claim {
        Claim { ticker: ticker.into(), holder, start, until: until.map(day), weight: 0 }
    }

    fn shown(resolution: &Resolution) -> Vec<String> {
        let until = |period: &Period| period.until.map_or("…".into(), |day| day.to_string());
        resolution
            .periods
            .iter()
            .map(|period| format!("{} {} {} {}", period.ticker, period.from, until(period), period.holder))
            .collect()
    }

    #[test]
    fn a_ticker_that_was_used_twice_changes_hands_on_the_day_after_the_delisting() {
        let found = resolve(vec![
            claim("FB", 2, Start::Unknown, Some("2022-06-09")),
            claim("FB", 1, Start::Unknown, Some("2003-03-29")),
            claim("META", 2, Start::NotBefore(day("2022-06-09")), None),
        ]);
        assert_eq!(
            shown(&found),
            ["FB 0001-01-01 2003-03-29 1", "FB 2003-03-29 2022-06-09 2", "META 2022-06-09 … 2"]
        );
        assert!(found.faults.is_empty());
    }

    #[test]
    fn a_known_first_day_leaves_a_gap_before_it_and_ends_what_is_said_to_last_longer() {
        let found = resolve(vec![
            claim("META", 1, Start::Unknown, Some("2022-12-31")),
            claim("META", 2, Start::On(day("2022-06-09")), None),
            claim("T", 3, Start::On(day("2005-12-01")), None),
        ]);
        assert_eq!(
            shown(&found),
            ["META 0001-01-01 2022-06-09 1", "META 2022-06-09 … 2", "T 2005-12-01 … 3"]
        );
        assert_eq!(found.faults.len(), 1);
        assert_eq!((found.faults[0].0.holder, found.faults[0].1), (1, Fault::Cut));
    }

    #[test]
    fn of_two_that_have_a_ticker_now_the_heavier_has_it() {
        let heavy = Claim { weight: 1, ..claim("A", 9, Start::Unknown, None) };
        let found = resolve(vec![claim("A", 1, Start::On(day("2020-01-01")), None), heavy]);
        assert_eq!(shown(&found), ["A 0001-01-01 … 9"]);
        assert_eq!((found.faults[0].0.holder, found.faults[0].1), (1, Fault::Taken));
    }

    #[test]
    fn a_holder_that_left_a_ticker_and_came_back_has_it_twice() {
        let found = resolve(vec![
            claim("SPWR", 1, Start::Unknown, Some("2008-09-30")),
            claim("SPWRA", 1, Start::On(day("2008-09-30")), Some("2011-11-17")),
            claim("SPWR", 1, Start::On(day("2011-11-17")), None),
        ]);
        assert_eq!(
            shown(&found),
            ["SPWR 0001-01-01 2008-09-30 1", "SPWR 2011-11-17 … 1", "SPWRA 2008-09-30 2011-11-17 1"]
        );
    }

    #[test]
    fn a_listing_that_goes_on_is_one_period() {
        let found = resolve(vec![
            claim("A", 1, Start::NotBefore(day("2010-06-01")), None),
            claim("A", 1, Start::Unknown, Some("2010-06-01")),
        ]);
        assert_eq!(shown(&found), ["A 0001-01-01 … 1"]);
    }

    #[test]
    fn a_claim_of_which_no_day_is_left_is_refused() {
        let found = resolve(vec![
            claim("A", 1, Start::Unknown, Some("2010-06-01")),
            claim("A", 2, Start::NotBefore(day("2012-01-01")), Some("2011-01-01")),
        ]);
        assert_eq!(shown(&found), ["A 0001-01-01 2010-06-01 1"]);
        assert_eq!(found.faults[0].1, Fault::Nothing);
    }

    fn any_day() -> impl Strategy<Value = NaiveDate> {
        (0..12_u64).prop_map(|n| day("2000-01-01") + chrono::Days::new(30 * n))
    }

    fn any_claim() -> impl Strategy<Value = Claim> {
        let start = prop_oneof![
            3 => Just(Start::Unknown),
            1 => any_day().prop_map(Start::NotBefore),
            2 => any_day().prop_map(Start::On),
        ];
        ("[AB]", 0..5_usize, start, proptest::option::weighted(0.7, any_day()), 0..3_i64)
            .prop_map(|(ticker, holder, start, until, weight)| Claim { ticker, holder, start, until, weight })
    }

    fn claims() -> impl Strategy<Value = Vec<Claim>> {
        proptest::collection::vec(any_claim(), 0..14)
    }

    fn as_claims(periods: &[Period]) -> Vec<Claim> {
        periods
            .iter()
            .map(|period| Claim {
                ticker: period.ticker.clone(),
                holder: period.holder,
                start: if period.from == BEGINNING { Start::Unknown } else { Start::On(period.from) },
                until: period.until,
                weight: 0,
            })
            .collect()
    }

    proptest! {
        #[test]
        fn periods_of_a_ticker_never_overlap_and_none_is_empty(claims in claims()) {
            let found = resolve(claims);
            for period in &found.periods {
                prop_assert!(period.until.is_none_or(|until| period.from < until));
            }
            for pair in found.periods.windows(2) {
                if pair[0].ticker == pair[1].ticker {
                    prop_assert!(pair[0].until.is_some_and(|until| until <= pair[1].from));
                }
            }
        }

        #[test]
        fn the_order_of_the_claims_does_not_matter(
            (one, other) in claims().prop_flat_map(|claims| (Just(claims.clone()), Just(claims).prop_shuffle()))
        ) {
            prop_assert_eq!(resolve(one), resolve(other));
        }

        #[test]
        fn periods_taken_as_claims_give_the_same_periods(claims in claims()) {
            let once = resolve(claims);
            let twice = resolve(as_claims(&once.periods));
            prop_assert_eq!(twice.periods, once.periods);
            prop_assert!(twice.faults.is_empty());
        }

        #[test]
        fn whoever_claims_a_ticker_alone_has_it_from_the_beginning_to_its_end(claim in any_claim()) {
            let found = resolve(vec![Claim { start: Start::Unknown, ..claim.clone() }]);
            let whole = Period { ticker: claim.ticker, from: BEGINNING, until: claim.until, holder: claim.holder };
            prop_assert_eq!(found.periods, vec![whole]);
        }

        #[test]
        fn a_claim_holds_or_is_named(claims in claims()) {
            let found = resolve(claims.clone());
            for claim in claims {
                let holds = found.periods.iter().any(|period| (&period.ticker, period.holder) == (&claim.ticker, claim.holder));
                prop_assert!(holds || found.faults.iter().any(|(fault, _)| *fault == claim));
            }
        }
    }
}
