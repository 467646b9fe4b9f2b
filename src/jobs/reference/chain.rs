//! The tickers of one instrument through time: from what the database has or the vendor's events, then from the list.

use chrono::{Days, NaiveDate};

use crate::domain::calendar::nyse;
use crate::domain::claims::{BEGINNING, Start};
use crate::domain::listing::{Held, Listing};

/// How far the vendor's day of a change may be from the day on which the bars change, in sessions.
pub const NEAR: i32 = 5;

/// A ticker in an instrument's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Ticker.
    pub ticker: String,
    /// First day; none where the list has it after another ticker and nothing says since when.
    pub start: Option<Start>,
    /// First day after it; none while it lasts.
    pub until: Option<NaiveDate>,
}

/// The links of an instrument, oldest first, each ending before the next one begins.
pub type Chain = Vec<Link>;

/// What the database has, or the vendor's events in its place, brought up to what the list says: `entries` by last day, the
/// present one last.
///
/// A ticker's end that only an entry of the list gives holds where nothing better is known. The first day of the first ticker
/// stays unknown: the vendor's events begin with its data, not with the instrument.
pub fn chain(held: &[&Held], events: Option<&[(NaiveDate, String)]>, entries: &[&Listing]) -> Chain {
    let mut links = match events {
        Some(events) => of_events(held, events),
        None => of_held(held),
    };
    // An end that an entry of its own tells is not corrected by another entry: the ticker was left and taken again.
    let told = |ticker: &str, end: NaiveDate| {
        entries.iter().any(|entry| entry.ticker == ticker && entry.last_day == end.pred_opt())
    };
    for entry in entries {
        match entry.last_day {
            Some(last) => ended(&mut links, &entry.ticker, last + Days::new(1), told),
            None => now(&mut links, &entry.ticker, told),
        }
    }
    links
}

fn of_held(held: &[&Held]) -> Chain {
    held.iter()
        .enumerate()
        .map(|(at, period)| Link {
            ticker: period.ticker.clone(),
            start: Some(match (at, period.from) {
                (_, BEGINNING) => Start::Unknown,
                (0, from) => Start::NotBefore(from),
                (_, from) => Start::On(from),
            }),
            until: period.until,
        })
        .collect()
}

/// What the database has of the time before the first event stays.
fn of_events(held: &[&Held], events: &[(NaiveDate, String)]) -> Chain {
    let first = events.first().map(|(day, _)| *day);
    let mut links = of_held(held);
    links.retain(|link| link.until.is_some_and(|until| Some(until) <= first));
    for (day, ticker) in events {
        match links.last_mut() {
            Some(last) if last.ticker == *ticker && last.until.is_none() => {}
            Some(last) => {
                let start = if last.until.is_some() {
                    last.until.map(Start::NotBefore)
                } else {
                    Some(Start::On(*day))
                };
                last.until.get_or_insert(*day);
                links.push(Link { ticker: ticker.clone(), start, until: None });
            }
            None => {
                links.push(Link { ticker: ticker.clone(), start: Some(Start::Unknown), until: None });
            }
        }
    }
    links
}

/// The list says that the ticker ended before `end`.
fn ended(links: &mut Chain, ticker: &str, end: NaiveDate, told: impl Fn(&str, NaiveDate) -> bool) {
    let same = links.iter().rposition(|link| link.ticker == ticker);
    let corrected =
        same.filter(|at| links[*at].until.is_none_or(|until| until == end || !told(ticker, until)));
    if let Some(at) = corrected {
        // Where another ticker follows, its first day is known already.
        if at + 1 == links.len() && links[at].start.is_none_or(|start| start.earliest() < end) {
            links[at].until = Some(end);
        }
        return;
    }
    let at = links.iter().position(|link| link.until.is_none_or(|until| end < until)).unwrap_or(links.len());
    let begin = at.checked_sub(1).and_then(|before| links[before].until);
    if begin.is_some_and(|begin| end <= begin) {
        return;
    }
    if let Some(next) = links.get_mut(at) {
        match next.start {
            Some(Start::On(day)) if day < end => return,
            Some(start) if start.earliest() < end => next.start = Some(Start::NotBefore(end)),
            _ => {}
        }
    }
    let start = begin.map_or(Start::Unknown, Start::NotBefore);
    links.insert(at, Link { ticker: ticker.to_owned(), start: Some(start), until: Some(end) });
}

/// The list says that this is the ticker now.
fn now(links: &mut Chain, ticker: &str, told: impl Fn(&str, NaiveDate) -> bool) {
    let start = match links.last_mut() {
        None => Some(Start::Unknown),
        Some(last) if last.ticker == ticker && last.until.is_none_or(|until| !told(ticker, until)) => {
            last.until = None;
            return;
        }
        Some(last) => last.until.map(Start::NotBefore),
    };
    links.push(Link { ticker: ticker.to_owned(), start, until: None });
}

/// Dates the link at `at`, which follows another one: from `day` on.
pub fn date(links: &mut Chain, at: usize, day: NaiveDate) {
    links[at - 1].until = Some(day);
    links[at].start = Some(Start::On(day));
}

/// Where the bars change from one ticker to another near `day`, the vendor's first day of the new one: the first bar of the new
/// one (of `new`) after the last bar of the old one (of `old`). Both lists hold the days with bars within [`NEAR`] sessions of
/// `day`, ascending. None where the bars do not change there, or on that very day.
pub fn change_by_bars(old: &[NaiveDate], new: &[NaiveDate], day: NaiveDate) -> Option<NaiveDate> {
    let last = old.last()?;
    let session = |day: NaiveDate| nyse().at_or_after(day);
    new.iter().copied().find(|next| next > last).filter(|next| session(*next) != session(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn listing(ticker: &str, last: Option<&str>) -> Listing {
        Listing { ticker: ticker.into(), last_day: last.map(day), ..Listing::default() }
    }

    fn held(ticker: &str, from: &str, until: Option<&str>) -> Held {
        Held { ticker: ticker.into(), from: day(from), until: until.map(day), instrument_id: 1 }
    }

    fn shown(chain: &Chain) -> Vec<String> {
        let start = |link: &Link| match link.start {
            None => "?".to_owned(),
            Some(Start::Unknown) => "…".to_owned(),
            Some(Start::NotBefore(day)) => format!(">={day}"),
            Some(Start::On(day)) => day.to_string(),
        };
        let until = |link: &Link| link.until.map_or("…".to_owned(), |day| day.to_string());
        chain.iter().map(|link| format!("{} {} {}", link.ticker, start(link), until(link))).collect()
    }

    fn built(base: &[Held], events: Option<&[(&str, &str)]>, entries: &[Listing]) -> Vec<String> {
        let events: Option<Vec<(NaiveDate, String)>> = events
            .map(|events| events.iter().map(|(date, ticker)| (day(date), (*ticker).to_owned())).collect());
        let base: Vec<&Held> = base.iter().collect();
        let entries: Vec<&Listing> = entries.iter().collect();
        shown(&chain(&base, events.as_deref(), &entries))
    }

    #[test]
    fn events_give_the_days_and_the_list_gives_the_end() {
        let events = [("2012-05-18", "FB"), ("2022-06-09", "META")];
        let now = [listing("META", None)];
        assert_eq!(built(&[], Some(&events), &now), ["FB … 2022-06-09", "META 2022-06-09 …"]);
        let gone = [listing("META", Some("2030-01-02"))];
        assert_eq!(built(&[], Some(&events), &gone), ["FB … 2022-06-09", "META 2022-06-09 2030-01-03"]);
    }

    #[test]
    fn a_list_that_has_both_names_of_one_figi_gives_the_day_itself() {
        let entries = [listing("FB", Some("2022-06-08")), listing("META", None)];
        assert_eq!(built(&[], None, &entries), ["FB … 2022-06-09", "META >=2022-06-09 …"]);
    }

    #[test]
    fn a_new_ticker_without_a_day_is_to_be_dated() {
        let base = [held("FB", "0001-01-01", None)];
        assert_eq!(built(&base, None, &[listing("META", None)]), ["FB … …", "META ? …"]);
        let mut links = chain(&base.iter().collect::<Vec<_>>(), None, &[&listing("META", None)]);
        date(&mut links, 1, day("2022-06-09"));
        assert_eq!(shown(&links), ["FB … 2022-06-09", "META 2022-06-09 …"]);
    }

    #[test]
    fn what_the_database_has_of_earlier_names_stays_when_the_list_only_has_the_present_one() {
        let base = [held("FB", "2003-03-29", Some("2022-06-09")), held("META", "2022-06-09", None)];
        let same = ["FB >=2003-03-29 2022-06-09", "META 2022-06-09 …"];
        assert_eq!(built(&base, None, &[listing("META", None)]), same);
        // The list's day of the old name does not move a day that is known.
        assert_eq!(built(&base, None, &[listing("FB", Some("2022-06-13")), listing("META", None)]), same);
        assert_eq!(built(&base, None, &[]), same);
    }

    #[test]
    fn an_earlier_name_that_the_list_adds_comes_before_the_present_one() {
        let base = [held("META", "0001-01-01", None)];
        let entries = [listing("FB", Some("2022-06-08")), listing("META", None)];
        assert_eq!(built(&base, None, &entries), ["FB … 2022-06-09", "META >=2022-06-09 …"]);
    }

    #[test]
    fn a_delisting_ends_the_present_name_and_a_relisting_takes_it_back() {
        let base = [held("A", "0001-01-01", None)];
        assert_eq!(built(&base, None, &[listing("A", Some("2020-01-02"))]), ["A … 2020-01-03"]);
        let base = [held("A", "0001-01-01", Some("2020-01-03"))];
        assert_eq!(built(&base, None, &[listing("A", None)]), ["A … …"]);
        // The vendor corrects the day.
        assert_eq!(built(&base, None, &[listing("A", Some("2020-01-06"))]), ["A … 2020-01-07"]);
    }

    #[test]
    fn what_the_database_has_of_the_time_before_the_first_event_stays() {
        let base = [held("OLD", "0001-01-01", Some("2001-05-02")), held("FB", "2001-05-02", None)];
        let events = [("2003-09-10", "FB"), ("2022-06-09", "META")];
        let links = ["OLD … 2001-05-02", "FB >=2001-05-02 2022-06-09", "META 2022-06-09 …"];
        assert_eq!(built(&base, Some(&events), &[listing("META", None)]), links);
        // What lasts beyond it is told anew.
        let base = [held("OLD", "0001-01-01", Some("2010-05-02")), held("FB", "2010-05-02", None)];
        assert_eq!(built(&base, Some(&events), &[]), ["FB … 2022-06-09", "META 2022-06-09 …"]);
    }

    #[test]
    fn two_ends_of_one_ticker_are_two_times() {
        let entries =
            [listing("A", Some("2003-03-28")), listing("A", Some("2010-01-04")), listing("A", None)];
        let links = ["A … 2003-03-29", "A >=2003-03-29 2010-01-05", "A >=2010-01-05 …"];
        assert_eq!(built(&[], None, &entries), links);
        // As the database has it where nobody had the ticker in between.
        assert_eq!(built(&[held("A", "0001-01-01", None)], None, &entries), links);
    }

    #[test]
    fn a_ticker_left_and_taken_again_is_two_links() {
        let events = [("2005-11-17", "SPWR"), ("2008-09-30", "SPWRA"), ("2011-11-17", "SPWR")];
        let expected = ["SPWR … 2008-09-30", "SPWRA 2008-09-30 2011-11-17", "SPWR 2011-11-17 …"];
        assert_eq!(built(&[], Some(&events), &[listing("SPWR", None)]), expected);
    }

    #[test]
    fn bars_near_the_vendors_day_say_when_the_ticker_changed() {
        let days = |text: &str| -> Vec<NaiveDate> { text.split_whitespace().map(day).collect() };
        let by = |old: &str, new: &str, at: &str| {
            change_by_bars(&days(old), &days(new), day(at)).map(|day| day.to_string())
        };
        // The vendor says Saturday; the bars changed on the Thursday before.
        let changed = by("2022-06-07 2022-06-08", "2022-06-09 2022-06-10 2022-06-13", "2022-06-11");
        assert_eq!(changed.as_deref(), Some("2022-06-09"));
        assert_eq!(by("2022-06-08", "2022-06-09", "2022-06-09"), None, "both agree");
        assert_eq!(by("2022-06-10", "2022-06-13", "2022-06-11"), None, "but for a weekend");
        assert_eq!(by("", "", "2022-06-09"), None, "no bars");
        assert_eq!(by("2022-06-08 2022-06-09", "", "2022-06-09"), None, "no bars under the new one");
        assert_eq!(by("", "2022-06-02 2022-06-03", "2022-06-09"), None, "no bars under the old one");
        // An earlier holder of the new ticker is not the change.
        assert_eq!(
            by("2022-06-07 2022-06-08", "2022-06-03 2022-06-09", "2022-06-08").as_deref(),
            Some("2022-06-09")
        );
        // Both trade all the time.
        assert_eq!(by("2022-06-08 2022-06-09", "2022-06-08 2022-06-09", "2022-06-09"), None);
    }
}
