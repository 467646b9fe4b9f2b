//! The exchange's sessions, 1970 to 2099, by rule: which days New York trades, and when it stops early; and over the rule the
//! days that the exchange announced.
//!
//! A session is known by its date, and inside the program by its number: its place in the row of all
//! sessions, so that "20 sessions ago" is a subtraction. Opening hours and other exchanges are left out.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use chrono::{Datelike, NaiveDate, NaiveTime, Weekday};

use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};

/// The first day that the calendar knows.
pub const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");

/// The first day that the calendar no longer knows.
pub const END_DAY: NaiveDate = NaiveDate::from_ymd_opt(2100, 1, 1).expect("a date");

const ONE_PM: NaiveTime = NaiveTime::from_hms_opt(13, 0, 0).expect("a time");

static RULE: LazyLock<Calendar> = LazyLock::new(|| Calendar::with(&[]));
static OVERLAID: OnceLock<Calendar> = OnceLock::new();

/// The calendar of the New York Stock Exchange, which all US stock exchanges keep: the rule, and what was announced.
pub fn nyse() -> &'static Calendar {
    OVERLAID.get().unwrap_or(&RULE)
}

/// The calendar by rule alone.
pub fn by_rule() -> &'static Calendar {
    &RULE
}

/// Lays announced days over the calendar for the rest of this process. The store calls it before anybody asks for the number
/// of a session; the first days that a process hears of stay its calendar until it ends.
pub fn announce(days: &[Announced]) {
    if !days.is_empty() {
        OVERLAID.get_or_init(|| Calendar::with(days));
    }
}

/// A day on which the exchange departs from the rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Announced {
    /// The day.
    pub date: NaiveDate,
    /// When the session ends, in New York time; none where there is no session.
    pub close: Option<NaiveTime>,
    /// Why.
    pub name: String,
}

/// Sessions in order, with the way from a date to its number and back.
#[derive(Debug)]
pub struct Calendar {
    sessions: Vec<NaiveDate>,
    /// For every day from [`FIRST_DAY`] to [`END_DAY`] inclusive, how many sessions came before it.
    sessions_before: Vec<i32>,
    /// Days that depart from the rule: when their session ends (none: it does not take place), and why.
    announced: BTreeMap<NaiveDate, (Option<NaiveTime>, &'static str)>,
}

impl Calendar {
    /// The rule with these days over it. It is made once a process and lives as long, and so do the names.
    pub fn with(days: &[Announced]) -> Self {
        let announced =
            days.iter().map(|day| (day.date, (day.close, &*String::leak(day.name.clone())))).collect();
        let mut calendar = Self { sessions: Vec::new(), sessions_before: vec![0], announced };
        for day in FIRST_DAY.iter_days().take_while(|day| *day < END_DAY) {
            if calendar.closure(day).is_none() {
                calendar.sessions.push(day);
            }
            calendar.sessions_before.push(calendar.sessions.len() as i32);
        }
        calendar
    }

    /// Whether the calendar knows this day; outside, every other question is answered with `None`.
    pub fn covers(&self, date: NaiveDate) -> bool {
        (FIRST_DAY..END_DAY).contains(&date)
    }

    /// The number of the session on `date`; `None` when the exchange is closed.
    pub fn number(&self, date: NaiveDate) -> Option<i32> {
        let (before, up_to) = self.counts(date)?;
        (up_to > before).then_some(before)
    }

    /// The number of the session on `date`, or of the next one.
    pub fn at_or_after(&self, date: NaiveDate) -> Option<i32> {
        let (before, _) = self.counts(date)?;
        ((before as usize) < self.sessions.len()).then_some(before)
    }

    /// The number of the session on `date`, or of the one before.
    pub fn at_or_before(&self, date: NaiveDate) -> Option<i32> {
        let (_, up_to) = self.counts(date)?;
        (up_to > 0).then_some(up_to - 1)
    }

    /// The date of session `number`.
    pub fn date(&self, number: i32) -> Option<NaiveDate> {
        self.sessions.get(usize::try_from(number).ok()?).copied()
    }

    /// The numbers of the sessions from `from` up to, but without, `until`.
    /// Days outside the calendar hold no sessions; an empty or reversed range gives an empty one.
    pub fn numbers(&self, from: NaiveDate, until: NaiveDate) -> Range<i32> {
        let before = |date: NaiveDate| {
            self.counts(date.clamp(FIRST_DAY, END_DAY))
                .map_or(self.sessions.len() as i32, |(before, _)| before)
        };
        let start = before(from);
        start..before(until).max(start)
    }

    /// The dates of the sessions from `from` up to, but without, `until`, in order.
    pub fn sessions(
        &self,
        from: NaiveDate,
        until: NaiveDate,
    ) -> impl DoubleEndedIterator<Item = NaiveDate> + ExactSizeIterator + '_ {
        let numbers = self.numbers(from, until);
        self.sessions[numbers.start as usize..numbers.end as usize].iter().copied()
    }

    /// When the session of `date` ends before 16:00, in New York time; `None` on full and on closed days.
    ///
    /// Planned early closes are known from 1993 on; the shortened sessions of emergencies are not.
    pub fn early_close(&self, date: NaiveDate) -> Option<NaiveTime> {
        self.number(date)?;
        self.announced.get(&date).and_then(|(close, _)| *close).or_else(|| early_close(date))
    }

    /// Why the exchange is closed on `date`; `None` for a session and for a day that is not
    /// [covered](Self::covers).
    pub fn closed_because(&self, date: NaiveDate) -> Option<Closure> {
        if self.covers(date) { self.closure(date) } else { None }
    }

    fn closure(&self, date: NaiveDate) -> Option<Closure> {
        closure(date).or_else(|| match self.announced.get(&date) {
            Some((None, name)) => Some(Closure::Special(name)),
            _ => None,
        })
    }

    /// Sessions before `date`, and sessions up to and with it.
    fn counts(&self, date: NaiveDate) -> Option<(i32, i32)> {
        let day = usize::try_from((date - FIRST_DAY).num_days()).ok()?;
        Some((*self.sessions_before.get(day)?, *self.sessions_before.get(day + 1)?))
    }
}

/// Why there is no session on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Closure {
    /// Every Saturday.
    Saturday,
    /// Every Sunday.
    Sunday,
    /// A yearly holiday, on its own date.
    Holiday(&'static str),
    /// A yearly holiday that fell on a weekend and is kept on the Friday before or the Monday after.
    Observed(&'static str),
    /// A day that the exchange closed for once.
    Special(&'static str),
}

impl fmt::Display for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Saturday => f.write_str("Saturday"),
            Self::Sunday => f.write_str("Sunday"),
            Self::Holiday(name) | Self::Special(name) => f.write_str(name),
            Self::Observed(name) => write!(f, "{name} (observed)"),
        }
    }
}

/// Days that the exchange stayed closed for once: year, month, day, why.
const SPECIAL_CLOSURES: [(i32, u32, u32, &str); 15] = [
    (1972, 12, 28, "day of mourning for President Truman"),
    (1973, 1, 25, "day of mourning for President Johnson"),
    (1977, 7, 14, "New York City blackout"),
    (1985, 9, 27, "Hurricane Gloria"),
    (1994, 4, 27, "day of mourning for President Nixon"),
    (2001, 9, 11, "attacks of September 11"),
    (2001, 9, 12, "attacks of September 11"),
    (2001, 9, 13, "attacks of September 11"),
    (2001, 9, 14, "attacks of September 11"),
    (2004, 6, 11, "day of mourning for President Reagan"),
    (2007, 1, 2, "day of mourning for President Ford"),
    (2012, 10, 29, "Hurricane Sandy"),
    (2012, 10, 30, "Hurricane Sandy"),
    (2018, 12, 5, "day of mourning for President George H. W. Bush"),
    (2025, 1, 9, "day of mourning for President Carter"),
];

/// Why `date` is no session, by the exchange's holiday rule and its history since 1970.
fn closure(date: NaiveDate) -> Option<Closure> {
    match date.weekday() {
        Sat => return Some(Closure::Saturday),
        Sun => return Some(Closure::Sunday),
        _ => {}
    }
    let (year, month, day) = (date.year(), date.month(), date.day());
    if let Some((.., why)) = SPECIAL_CLOSURES.iter().find(|(y, m, d, _)| (*y, *m, *d) == (year, month, day)) {
        return Some(Closure::Special(why));
    }
    movable_holiday(date).map(Closure::Holiday).or_else(|| fixed_holiday(date))
}

/// Holidays that always fall on the same weekday.
fn movable_holiday(date: NaiveDate) -> Option<&'static str> {
    let (year, day) = (date.year(), date.day());
    let week = (day - 1) / 7 + 1;
    match (date.month(), date.weekday()) {
        (1, Mon) if week == 3 && year >= 1998 => Some("Martin Luther King Jr. Day"),
        (2, Mon) if week == 3 && year >= 1971 => Some("Washington's Birthday"),
        (3 | 4, Fri) if days_later(date, 2) == Some(easter(year)) => Some("Good Friday"),
        (5, Mon) if day > 24 && year >= 1971 => Some("Memorial Day"),
        (9, Mon) if week == 1 => Some("Labor Day"),
        (11, Tue) if (2..=8).contains(&day) && matches!(year, 1972 | 1976 | 1980) => Some("Election Day"),
        (11, Thu) if week == 4 => Some("Thanksgiving Day"),
        _ => None,
    }
}

/// Holidays with a date of their own, kept on the Friday before a Saturday and on the Monday after a Sunday.
fn fixed_holiday(date: NaiveDate) -> Option<Closure> {
    if let Some(name) = holiday_named_by_date(date) {
        return Some(Closure::Holiday(name));
    }
    let neighbour = match date.weekday() {
        Fri => date.succ_opt()?,
        Mon => date.pred_opt()?,
        _ => return None,
    };
    // A Saturday's New Year is not kept: the Friday before is the last day of the books of the old year.
    let name = holiday_named_by_date(neighbour).filter(|_| (date.month(), date.day()) != (12, 31))?;
    Some(Closure::Observed(name))
}

fn holiday_named_by_date(date: NaiveDate) -> Option<&'static str> {
    let year = date.year();
    match (date.month(), date.day()) {
        (1, 1) => Some("New Year's Day"),
        (2, 22) if year <= 1970 => Some("Washington's Birthday"),
        (6, 19) if year >= 2022 => Some("Juneteenth"),
        (7, 4) => Some("Independence Day"),
        (12, 25) => Some("Christmas Day"),
        _ => None,
    }
}

fn days_later(date: NaiveDate, days: u64) -> Option<(u32, u32)> {
    let later = date.checked_add_days(chrono::Days::new(days))?;
    Some((later.month(), later.day()))
}

/// Month and day of Easter Sunday in the Gregorian calendar (Meeus, Jones and Butcher).
fn easter(year: i32) -> (u32, u32) {
    let golden = year % 19;
    let (century, rest) = (year / 100, year % 100);
    let moon_shift = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - moon_shift + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let late = (golden + 11 * epact + 22 * to_sunday) / 451;
    let march_day = epact + to_sunday - 7 * late + 114;
    ((march_day / 31) as u32, (march_day % 31 + 1) as u32)
}

/// The planned early close of a session.
fn early_close(date: NaiveDate) -> Option<NaiveTime> {
    let (year, weekday) = (date.year(), date.weekday());
    let at_one = match (date.month(), date.day()) {
        // The Friday after Thanksgiving, which is the fourth Thursday.
        (11, 23..=29) => weekday == Fri && year >= 1993,
        (7, 3) => match weekday {
            Wed => year >= 2013,
            Mon | Tue | Thu => year >= 1995,
            _ => false,
        },
        // Until 2012 a Thursday's Independence Day shortened the Friday after it, not the Wednesday before.
        (7, 5) => weekday == Fri && (1995..2013).contains(&year),
        (12, 24) => year >= 1993,
        (12, 26) => matches!(year, 1997 | 2003),
        (12, 31) => year == 1999,
        _ => false,
    };
    at_one.then_some(ONE_PM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn days(text: &str) -> Vec<NaiveDate> {
        text.split_whitespace().map(day).collect()
    }

    fn why(text: &str) -> String {
        nyse().closed_because(day(text)).map_or_else(String::new, |closure| closure.to_string())
    }

    #[test]
    fn a_week_worked_by_hand_skips_the_weekend_and_the_holiday() {
        let week: Vec<String> =
            nyse().sessions(day("2024-07-03"), day("2024-07-09")).map(|date| date.to_string()).collect();
        assert_eq!(week, ["2024-07-03", "2024-07-05", "2024-07-08"]);
    }

    #[test]
    fn ranges_are_half_open_and_may_be_empty_reversed_or_wider_than_the_calendar() {
        let calendar = nyse();
        assert_eq!(calendar.sessions(day("2024-07-08"), day("2024-07-09")).len(), 1);
        assert_eq!(calendar.sessions(day("2024-07-08"), day("2024-07-08")).len(), 0);
        assert_eq!(calendar.sessions(day("2024-07-08"), day("2024-07-01")).len(), 0);
        assert_eq!(calendar.sessions(day("1900-01-01"), day("1970-01-03")).len(), 1);
        assert_eq!(calendar.sessions(NaiveDate::MIN, NaiveDate::MAX).len(), calendar.sessions.len());
        assert_eq!(calendar.sessions(day("2100-01-01"), day("2101-01-01")).len(), 0);
    }

    #[test]
    fn a_closed_day_lies_between_two_sessions() {
        let calendar = nyse();
        let (friday, monday) = (calendar.number(day("2024-07-05")), calendar.number(day("2024-07-08")));
        assert_eq!(calendar.number(day("2024-07-06")), None);
        assert_eq!(calendar.at_or_before(day("2024-07-06")), friday);
        assert_eq!(calendar.at_or_after(day("2024-07-06")), monday);
        assert_eq!(calendar.at_or_before(day("2024-07-08")), monday);
    }

    #[test]
    fn the_ends_of_the_calendar_answer_none() {
        let calendar = nyse();
        assert_eq!(calendar.number(day("1970-01-02")), Some(0));
        assert_eq!(calendar.at_or_before(day("1970-01-01")), None);
        assert_eq!(calendar.at_or_after(day("1969-12-31")), None);
        assert_eq!(calendar.at_or_before(day("1969-12-31")), None);
        assert_eq!(calendar.at_or_before(day("2099-12-31")), Some(calendar.sessions.len() as i32 - 1));
        assert_eq!(calendar.at_or_after(day("2100-01-01")), None);
        assert_eq!(calendar.closed_because(day("2100-01-02")), None);
        assert_eq!(calendar.date(-1), None);
        assert_eq!(calendar.date(i32::MAX), None);
        for outside in [NaiveDate::MIN, NaiveDate::MAX] {
            assert_eq!(calendar.number(outside), None);
            assert!(!calendar.covers(outside));
        }
    }

    /// Checked against two independent calendars (exchange_calendars, pandas_market_calendars), day by day.
    #[test]
    fn every_year_has_its_known_number_of_sessions() {
        #[rustfmt::skip]
        let known = [
            253, 251, 252, 253, 253, 253, 252, 252, 253, 253, // 1971
            253, 253, 253, 253, 252, 253, 253, 253, 252, 253, // 1981
            253, 254, 253, 252, 252, 254, 253, 252, 252, 252, // 1991
            248, 252, 252, 252, 252, 251, 251, 253, 252, 252, // 2001
            252, 250, 252, 252, 252, 252, 251, 251, 252, 253, // 2011
            252, 251, 250, 252, 250, 251, 251, 251, 251, 251, // 2021
        ];
        let counted: Vec<usize> = (1971..=2030)
            .map(|year| {
                nyse().sessions(day(&format!("{year}-01-01")), day(&format!("{}-01-01", year + 1))).len()
            })
            .collect();
        assert_eq!(counted, known);
    }

    #[test]
    fn a_closed_day_says_why() {
        for (date, reason) in [
            ("2024-07-06", "Saturday"),
            ("2024-07-07", "Sunday"),
            ("2024-07-04", "Independence Day"),
            ("2020-07-03", "Independence Day (observed)"),
            ("2021-07-05", "Independence Day (observed)"),
            ("1970-02-23", "Washington's Birthday (observed)"),
            ("1971-02-15", "Washington's Birthday"),
            ("1971-05-31", "Memorial Day"),
            ("1998-01-19", "Martin Luther King Jr. Day"),
            ("2024-03-29", "Good Friday"),
            ("2022-06-20", "Juneteenth (observed)"),
            ("2024-09-02", "Labor Day"),
            ("1980-11-04", "Election Day"),
            ("2024-11-28", "Thanksgiving Day"),
            ("2021-12-24", "Christmas Day (observed)"),
            ("2023-01-02", "New Year's Day (observed)"),
            ("1977-07-14", "New York City blackout"),
            ("2001-09-14", "attacks of September 11"),
            ("2007-01-02", "day of mourning for President Ford"),
            ("2012-10-30", "Hurricane Sandy"),
            ("2025-01-09", "day of mourning for President Carter"),
        ] {
            assert_eq!(why(date), reason, "{date}");
        }
    }

    #[test]
    fn days_before_a_holiday_began_or_after_it_ended_are_sessions() {
        for date in [
            "1997-01-20", // no Martin Luther King Jr. Day yet
            "2021-06-18", // no Juneteenth yet
            "1984-11-06", // no Election Day any more
            "2021-12-31", // New Year's Day on a Saturday is not kept
            "1971-02-22", // Washington's Birthday has moved to the third Monday
            "1970-05-29", // the Friday before Memorial Day
            "2001-09-17",
        ] {
            assert_eq!(why(date), "", "{date}");
        }
    }

    /// The ten weekdays of March 2015 to March 2016 for which a vendor printed files without a session.
    #[test]
    fn a_year_of_real_holidays_is_closed_and_every_other_weekday_is_open() {
        let closed: Vec<NaiveDate> = day("2015-03-20")
            .iter_days()
            .take_while(|date| *date <= day("2016-03-31"))
            .filter(|date| !matches!(date.weekday(), Sat | Sun) && nyse().number(*date).is_none())
            .collect();
        assert_eq!(
            closed,
            days(
                "2015-04-03 2015-05-25 2015-07-03 2015-09-07 2015-11-26 \
             2015-12-25 2016-01-01 2016-01-18 2016-02-15 2016-03-25"
            )
        );
    }

    #[test]
    fn early_closes_follow_the_rule_of_their_time() {
        let one = NaiveTime::from_hms_opt(13, 0, 0);
        for date in days(
            "1993-11-26 2024-11-29 2024-12-24 1995-07-03 2013-07-03 2024-07-03 1996-07-05 \
             2002-07-05 1997-12-26 2003-12-26 1999-12-31",
        ) {
            assert_eq!(nyse().early_close(date), one, "{date}");
        }
        for date in days(
            "2002-07-03 2013-07-05 1994-07-05 2024-12-26 2021-12-24 2020-07-03 2024-11-22 \
             2024-11-30 2026-07-02",
        ) {
            assert_eq!(nyse().early_close(date), None, "{date}");
        }
    }

    #[test]
    fn an_announced_closure_is_no_session_and_moves_the_numbers_after_it() {
        let mourning = Announced { date: day("2030-03-05"), close: None, name: "day of mourning".into() };
        let short = Announced {
            date: day("2030-03-06"),
            close: NaiveTime::from_hms_opt(14, 30, 0),
            name: "computer failure".into(),
        };
        let calendar = Calendar::with(&[mourning, short]);
        let rule = by_rule();
        assert_eq!(calendar.number(day("2030-03-04")), rule.number(day("2030-03-04")));
        assert_eq!(calendar.number(day("2030-03-05")), None);
        assert_eq!(calendar.number(day("2030-03-06")), rule.number(day("2030-03-05")));
        assert_eq!(calendar.closed_because(day("2030-03-05")), Some(Closure::Special("day of mourning")));
        assert_eq!(calendar.early_close(day("2030-03-06")), NaiveTime::from_hms_opt(14, 30, 0));
        assert_eq!(calendar.early_close(day("2030-03-05")), None);
        assert_eq!(calendar.sessions.len(), rule.sessions.len() - 1);
    }

    #[test]
    fn an_announcement_of_what_the_rule_knows_changes_nothing() {
        let known = |date: &str, close| Announced { date: day(date), close, name: "known".into() };
        let calendar = Calendar::with(&[
            known("2030-07-04", None),
            known("2030-07-03", Some(ONE_PM)),
            known("2030-07-06", Some(ONE_PM)),
        ]);
        assert_eq!(calendar.sessions, by_rule().sessions);
        assert_eq!(calendar.closed_because(day("2030-07-04")), Some(Closure::Holiday("Independence Day")));
        assert_eq!(calendar.early_close(day("2030-07-06")), None, "a Saturday stays one");
    }

    proptest! {
        #[test]
        fn a_number_leads_back_to_its_date(number in 0..nyse().sessions.len() as i32) {
            let date = nyse().date(number);
            prop_assert_eq!(date.and_then(|date| nyse().number(date)), Some(number));
            prop_assert_eq!(date.and_then(|date| nyse().closed_because(date)), None);
        }

        #[test]
        fn every_known_day_is_a_session_or_has_a_reason(offset in 0_i64..47_482) {
            let date = FIRST_DAY + chrono::Duration::days(offset);
            let calendar = nyse();
            prop_assert_eq!(calendar.number(date).is_some(), calendar.closed_because(date).is_none());
            if let (Some(before), Some(after)) = (calendar.at_or_before(date), calendar.at_or_after(date)) {
                prop_assert_eq!(after - before, i32::from(calendar.number(date).is_none()));
            }
        }
    }
}
