//! What the exchange says of days to come, held against the calendar's rule.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::calendar::{Announced, Calendar};

/// What an announcement means for the calendar.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Days on which rule and announcement agree.
    pub agreeing: usize,
    /// Days that depart from the rule and are kept already.
    pub known: usize,
    /// Days that depart from the rule and are new, or are announced otherwise than before.
    pub announced: Vec<Announced>,
    /// Days to come that were announced once and are not any more.
    pub withdrawn: Vec<NaiveDate>,
    /// Days on which the rule closes and the announcement opens the exchange: no session is added.
    pub opened: Vec<Announced>,
    /// Departures of the rule from an ordinary day, within the time of the announcements, that nobody announced.
    pub silent: Vec<NaiveDate>,
    /// Days that are over: the rule and what was kept of them stand.
    pub past: usize,
}

/// Holds `said` (a day once) against `rule` and against `kept`, the departures that were announced before, as of `today`. An
/// empty announcement says nothing and withdraws nothing.
pub fn compare(rule: &Calendar, said: &[Announced], kept: &[Announced], today: NaiveDate) -> Comparison {
    let mut comparison = Comparison::default();
    let kept: BTreeMap<NaiveDate, &Announced> = kept.iter().map(|day| (day.date, day)).collect();
    let to_come: BTreeMap<NaiveDate, &Announced> =
        said.iter().filter(|day| day.date >= today).map(|day| (day.date, day)).collect();
    comparison.past = said.iter().filter(|day| day.date < today).count();
    for day in to_come.values() {
        match (rule.number(day.date), day.close) {
            (None, None) => comparison.agreeing += 1,
            (None, Some(_)) => comparison.opened.push((*day).clone()),
            (Some(_), Some(close)) if rule.early_close(day.date) == Some(close) => comparison.agreeing += 1,
            (Some(_), close) => match kept.get(&day.date) {
                Some(known) if known.close == close => comparison.known += 1,
                _ => comparison.announced.push((*day).clone()),
            },
        }
    }
    if let Some(last) = to_come.keys().next_back() {
        let departs = |day: &Announced| match (rule.number(day.date), day.close) {
            (None, _) => false,
            (Some(_), close) => close.is_none() || rule.early_close(day.date) != close,
        };
        let stands = |date: &NaiveDate| to_come.get(date).is_some_and(|day| departs(day));
        comparison.withdrawn = kept.keys().copied().filter(|date| *date >= today && !stands(date)).collect();
        comparison.silent = today
            .iter_days()
            .take_while(|date| date <= last)
            .filter(|date| !to_come.contains_key(date))
            .filter(|date| rule.early_close(*date).is_some() || is_holiday(rule, *date))
            .collect();
    }
    comparison
}

fn is_holiday(rule: &Calendar, date: NaiveDate) -> bool {
    use super::calendar::Closure;
    !matches!(rule.closed_because(date), None | Some(Closure::Saturday | Closure::Sunday))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::by_rule;
    use chrono::NaiveTime;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn closed(date: &str) -> Announced {
        Announced { date: day(date), close: None, name: "why".into() }
    }

    fn until(date: &str, hour: u32) -> Announced {
        Announced { date: day(date), close: NaiveTime::from_hms_opt(hour, 0, 0), name: "why".into() }
    }

    fn against_rule(said: &[Announced], kept: &[Announced]) -> Comparison {
        compare(by_rule(), said, kept, day("2030-06-24"))
    }

    /// The rule: early close on 2030-07-03, holiday on 2030-07-04.
    #[test]
    fn what_the_rule_knows_agrees_and_what_it_does_not_is_announced() {
        let said =
            [closed("2030-07-04"), until("2030-07-03", 13), closed("2030-06-26"), until("2030-07-02", 14)];
        let found = against_rule(&said, &[]);
        assert_eq!((found.agreeing, found.known, found.past), (2, 0, 0));
        assert_eq!(found.announced, [closed("2030-06-26"), until("2030-07-02", 14)]);
        assert!(found.withdrawn.is_empty() && found.opened.is_empty() && found.silent.is_empty());
    }

    #[test]
    fn an_announcement_heard_before_is_known_and_another_hour_is_new() {
        let kept = [closed("2030-06-26"), until("2030-07-02", 14)];
        let found = against_rule(&[closed("2030-06-26"), until("2030-07-02", 15)], &kept);
        assert_eq!((found.known, found.announced), (1, vec![until("2030-07-02", 15)]));
        assert!(found.withdrawn.is_empty());
    }

    #[test]
    fn what_is_not_announced_any_more_is_withdrawn_until_its_day_is_over() {
        let kept = [closed("2030-06-21"), closed("2030-06-26"), until("2030-07-02", 14)];
        let found = against_rule(&[closed("2030-07-04"), until("2030-07-03", 13)], &kept);
        assert_eq!(found.withdrawn, [day("2030-06-26"), day("2030-07-02")]);
        assert_eq!(against_rule(&[], &kept), Comparison::default(), "nothing said is nothing withdrawn");
        // A full session of 13:00 that the rule knows takes back another hour.
        let found = against_rule(&[until("2030-07-03", 13)], &[until("2030-07-03", 12)]);
        assert_eq!((found.agreeing, found.withdrawn), (1, vec![day("2030-07-03")]));
    }

    #[test]
    fn days_that_are_over_are_left_alone() {
        let found = against_rule(&[closed("2030-06-20"), closed("2030-07-04")], &[closed("2030-06-19")]);
        assert_eq!((found.past, found.agreeing), (1, 1));
        assert!(found.announced.is_empty() && found.withdrawn.is_empty());
    }

    #[test]
    fn a_holiday_that_is_said_to_be_open_or_not_said_at_all_is_shown() {
        let found = against_rule(&[until("2030-07-04", 13), closed("2030-09-02")], &[]);
        assert_eq!(found.opened, [until("2030-07-04", 13)]);
        assert_eq!(found.silent, [day("2030-07-03")]);
    }
}
