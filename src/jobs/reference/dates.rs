//! When a ticker changed: by the bars, where the vendor says nothing or only about when.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use tokio_postgres::GenericClient;

use super::chain::{self, Chain, NEAR};
use crate::domain::calendar::nyse;
use crate::domain::claims::{BEGINNING, Start};
use crate::store::StoreError;
use crate::store::reference as store;

/// Dates the links of which nothing says since when: on the first bar under the new ticker after the last bar under the old one;
/// without such a bar, on the day after that last bar, if it is near `today`; else `today`. Gives the chains whose two tickers
/// both have a bar on that last day and that cannot be dated so.
pub async fn date_changes(
    client: &impl GenericClient,
    chains: &mut [Chain],
    today: NaiveDate,
) -> Result<Vec<usize>, StoreError> {
    // Only the last link of a chain can be without a day.
    let undated: Vec<usize> = (0..chains.len())
        .filter(|at| chains[*at].len() > 1 && chains[*at].last().is_some_and(|link| link.start.is_none()))
        .collect();
    let old: Vec<(&str, NaiveDate)> = undated
        .iter()
        .map(|at| {
            let link = &chains[*at][chains[*at].len() - 2];
            (link.ticker.as_str(), link.start.map_or(BEGINNING, Start::earliest))
        })
        .collect();
    let old = store::spans_under(client, &old).await?;
    let new: Vec<(&str, NaiveDate)> = undated
        .iter()
        .zip(&old)
        .map(|(at, old)| {
            (chains[*at][chains[*at].len() - 1].ticker.as_str(), old.map_or(BEGINNING, |span| span.1))
        })
        .collect();
    // From the old one's last day on: a bar on that very day shows that both trade.
    let spans = store::spans_under(client, &new).await?;
    let later: Vec<(&str, NaiveDate)> =
        new.iter().map(|(ticker, day)| (*ticker, *day + Days::new(1))).collect();
    let after = store::spans_under(client, &later).await?;
    let mut both = Vec::new();
    for (at, ((old, new), after)) in undated.into_iter().zip(old.iter().zip(spans).zip(after)) {
        let last = old.map(|span| span.1);
        let day = match (last, new, after) {
            (Some(_), _, Some((first, _))) | (None, Some((first, _)), _) => first,
            (Some(last), Some((first, _)), None) if first == last => {
                both.push(at);
                continue;
            }
            (Some(last), _, None) if sessions_between(last, today) <= NEAR => last + Days::new(1),
            _ => today,
        };
        let link = chains[at].len() - 1;
        chain::date(&mut chains[at], link, day);
    }
    Ok(both)
}

fn sessions_between(from: NaiveDate, until: NaiveDate) -> i32 {
    let numbers = nyse().numbers(from, until);
    numbers.end - numbers.start
}

/// A day within the calendar so many sessions away; at the calendar's ends, those.
fn sessions_away(day: NaiveDate, sessions: i32) -> NaiveDate {
    let number = nyse().at_or_after(day).unwrap_or(0) + sessions;
    nyse().date(number.max(0)).unwrap_or(day)
}

/// Lets the bars say when a ticker changed where they do so within [`NEAR`] sessions of the vendor's day; and where a ticker
/// that nobody takes over has bars for at most so many sessions after the vendor's last day, lets it end with them.
pub async fn follow_bars(client: &impl GenericClient, chains: &mut [Chain]) -> Result<(), StoreError> {
    let mut ends: HashMap<&str, usize> = HashMap::new();
    for link in chains.iter().flatten() {
        *ends.entry(&link.ticker).or_default() += 1;
    }
    let mut edges: Vec<(usize, usize, NaiveDate)> = Vec::new();
    let mut tails: Vec<(usize, NaiveDate)> = Vec::new();
    for (at, links) in chains.iter().enumerate() {
        for (link, pair) in links.windows(2).enumerate() {
            // Where the new ticker was somebody else's for a while, the instrument did not change from one to the other.
            let begun = pair[1].start.map(Start::earliest);
            if let Some(day) = pair[0].until.filter(|until| begun == Some(*until)) {
                edges.push((at, link + 1, day));
            }
        }
        if let Some((last, day)) = links.last().and_then(|last| Some((last, last.until?)))
            && ends[last.ticker.as_str()] == 1
        {
            tails.push((at, day));
        }
    }
    let windows: Vec<(&str, NaiveDate, NaiveDate)> = edges
        .iter()
        .flat_map(|(at, link, day)| {
            let (from, until) = (sessions_away(*day, -NEAR), sessions_away(*day, NEAR));
            let ticker = |link: usize| chains[*at][link].ticker.as_str();
            [(ticker(link - 1), from, until), (ticker(*link), from, until)]
        })
        .chain(tails.iter().filter_map(|(at, day)| {
            Some((chains[*at].last()?.ticker.as_str(), *day, sessions_away(*day, 2 * NEAR)))
        }))
        .collect();
    let days = store::days_under(client, &windows).await?;
    let (of_edges, of_tails) = days.split_at(2 * edges.len());
    let changed: Vec<Option<NaiveDate>> = edges
        .iter()
        .zip(of_edges.chunks(2))
        .map(|((.., day), days)| chain::change_by_bars(&days[0], &days[1], *day))
        .collect();
    for ((at, link, _), day) in edges.iter().zip(changed) {
        // Not beyond what comes before and after.
        let links = &mut chains[*at];
        let begun = links[*link - 1].start.map_or(BEGINNING, Start::earliest);
        let Some(day) = day.filter(|day| begun < *day && links[*link].until.is_none_or(|until| *day < until))
        else {
            continue;
        };
        links[*link - 1].until = Some(day);
        links[*link].start = Some(match links[*link].start {
            Some(Start::NotBefore(_)) => Start::NotBefore(day),
            _ => Start::On(day),
        });
    }
    for ((at, day), bars) in tails.iter().zip(of_tails) {
        if let Some(last) = bars.last()
            && *last < sessions_away(*day, NEAR)
            && let Some(link) = chains[*at].last_mut()
        {
            link.until = Some(*last + Days::new(1));
        }
    }
    Ok(())
}
