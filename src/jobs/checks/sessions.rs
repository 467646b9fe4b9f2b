//! The checks of whole sessions: those that are missing, empty, half loaded, stale or none at all.

use std::collections::BTreeMap;

use super::catalogue::Check;
use super::findings::{Finding, Findings};
use super::ground::Ground;
use super::instrument::number;
use super::tally::Tally;
use super::words;
use crate::arithmetic::checks::market::{self, Attendance};
use crate::store::checks::Loaded;

/// Tells the bars on days that are no session.
pub fn strays(ground: &Ground, tally: &Tally, findings: &mut Findings) {
    for (day, (bars, instrument)) in &tally.strays {
        findings.add(Check::NotASession, || Finding {
            found: format!(
                "{}, of {} for one",
                words::count(*bars as i64, "bar", "bars"),
                ground.names.about(*instrument, *day)
            ),
            numbers: [number("bars", *bars)].into_iter().collect(),
            weight: *bars as f64,
            ..ground.finding(Check::NotASession, None, *day, *day)
        });
    }
}

/// Holds the ledger against the calendar and the table.
pub fn ledger(ground: &Ground, tally: &Tally, findings: &mut Findings) {
    let known: BTreeMap<i32, &Loaded> = ground
        .ledger
        .iter()
        .filter_map(|loaded| Some((ground.sessions.position(loaded.session_date)?, loaded)))
        .collect();
    let span = known.keys().next().zip(known.keys().next_back()).map(|(first, last)| *first..=*last);
    for position in ground.range.clone() {
        let day = ground.sessions.date(position);
        let bars = i64::from(tally.bars[position as usize]);
        let mut add = |check: Check, weight: i64, found: String, numbers: &[(&str, i64)]| {
            findings.add(check, || Finding {
                found,
                numbers: numbers.iter().map(|(name, value)| number(name, *value)).collect(),
                weight: weight as f64,
                ..ground.finding(check, None, day, day)
            });
        };
        match known.get(&position) {
            None if bars > 0 => {
                let found = words::count(bars, "bar", "bars");
                add(Check::UnrecordedSession, bars, found, &[("bars", bars)]);
            }
            None => {
                if span.as_ref().is_some_and(|span| span.contains(&position)) {
                    add(Check::MissingSession, 0, "not in the ledger".to_owned(), &[]);
                }
            }
            Some(loaded) if loaded.latest_selection.is_empty() => {
                let counts = [("ledger_bars", loaded.bars), ("table_bars", bars)];
                let stated = words::count(loaded.bars, "bar", "bars");
                if bars == 0 {
                    add(
                        Check::EmptySession,
                        loaded.bars,
                        format!("{stated} by the ledger, none in the table"),
                        &counts[..1],
                    );
                } else if bars != loaded.bars {
                    let found =
                        format!("{stated} by the ledger, {} in the table", crate::say::count(bars as u64));
                    add(Check::BarCount, (bars - loaded.bars).abs(), found, &counts);
                }
            }
            Some(_) => {}
        }
    }
}

/// Tells the half-loaded sessions and gives their positions.
pub fn half_loaded(ground: &Ground, tally: &Tally, findings: &mut Findings) -> Vec<i32> {
    let mut alive = vec![0_i64; ground.sessions.len() + 1];
    for life in &ground.lives {
        alive[ground.sessions.at_or_after(life.first) as usize] += 1;
        alive[ground.sessions.at_or_after(life.last).saturating_add(1).min(ground.sessions.len() as i32)
            as usize] -= 1;
    }
    let mut expected = 0;
    let mut attendances = Vec::new();
    let mut positions = Vec::new();
    for (position, change) in (0..ground.sessions.len() as i32).zip(&alive) {
        expected += change;
        let present = tally.bars[position as usize];
        // A session without any bar is told by the ledger.
        if ground.expected.is_whole(position) && present > 0 {
            attendances.push(Attendance { expected: expected as u32, present });
            positions.push(position);
        }
    }
    let half: Vec<usize> = market::half_loaded(&attendances);
    for place in &half {
        let (day, Attendance { expected, present }) =
            (ground.sessions.date(positions[*place]), attendances[*place]);
        findings.add(Check::HalfLoaded, || Finding {
            found: format!(
                "{} of {} instruments have a bar",
                crate::say::count(u64::from(present)),
                crate::say::count(u64::from(expected))
            ),
            numbers: [number("expected", expected), number("present", present)].into_iter().collect(),
            weight: f64::from(expected.saturating_sub(present)),
            ..ground.finding(Check::HalfLoaded, None, day, day)
        });
    }
    let empty = ground.range.clone().filter(|position| tally.bars[*position as usize] == 0);
    half.iter().map(|place| positions[*place]).chain(empty).collect()
}

/// Tells the sessions that are the session before once more, and the bars that are.
pub fn repeats(ground: &Ground, tally: &Tally, whole_market: bool, findings: &mut Findings) {
    let stale = |session: i32| {
        let place = session as usize;
        whole_market && market::is_stale(tally.repeated[place], tally.bars[place])
    };
    for session in ground.range.clone().filter(|session| stale(*session)) {
        let (day, place) = (ground.sessions.date(session), session as usize);
        let (repeated, bars) = (tally.repeated[place], tally.bars[place]);
        findings.add(Check::StaleSession, || Finding {
            found: format!(
                "{} of {} bars are those of the session before",
                crate::say::count(u64::from(repeated)),
                crate::say::count(u64::from(bars))
            ),
            numbers: [number("repeated", repeated), number("bars", bars)].into_iter().collect(),
            weight: f64::from(repeated),
            ..ground.finding(Check::StaleSession, None, day, day)
        });
    }
    for &(instrument, session, close, volume) in
        tally.repeats.iter().filter(|(_, session, ..)| !stale(*session))
    {
        let day = ground.sessions.date(session);
        findings.add(Check::RepeatedBar, || Finding {
            found: format!(
                "the bar of {} once more: close {}, volume {}",
                ground.sessions.date(session - 1),
                words::price(close),
                words::price(volume)
            ),
            numbers: [number("close", close), number("volume", volume)].into_iter().collect(),
            weight: close * volume,
            ..ground.finding(Check::RepeatedBar, Some(instrument), day, day)
        });
    }
}
