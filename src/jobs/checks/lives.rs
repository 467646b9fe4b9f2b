//! The checks of an instrument's life among others: gaps, early ends, late starts, renames, twins.

use serde_json::json;

use super::catalogue::Check;
use super::findings::{Finding, Findings};
use super::ground::Ground;
use super::instrument::number;
use super::tally::{Present, Tally};
use super::words;
use crate::arithmetic::checks::market::{self, Edge};
use crate::arithmetic::checks::twins::Twins;
use crate::store::checks::Life;

/// Sessions without a bar in a row that make a gap long, an end early, a start late.
const LONG: i32 = 5;

/// An instrument that trades on fewer of its sessions trades now and then: only a month is long for it.
const REGULAR: f64 = 0.9;

/// A gap that is long for everybody: a month.
const MONTH: i32 = 21;

/// Tells the gaps: the long ones each, the others of an instrument together.
pub fn gaps(ground: &Ground, tally: &Tally, findings: &mut Findings) {
    for Present { instrument, gaps } in &tally.attendances {
        let Some(life) = ground.life(*instrument) else { continue };
        let count = |first: i32, end: i32| ground.expected.count(*instrument, first, end);
        let expected =
            count(ground.sessions.at_or_after(life.first), ground.sessions.at_or_after(life.last) + 1);
        let gaps: Vec<(i32, i32, i32)> = gaps
            .iter()
            .map(|(first, last)| (*first, *last, count(*first, last + 1)))
            .filter(|(.., missing)| *missing > 0)
            .collect();
        let missing: i32 = gaps.iter().map(|(.., missing)| missing).sum();
        let is_long = |gap: i32| {
            let regular = f64::from(expected - missing) >= REGULAR * f64::from(expected - gap);
            gap >= MONTH || (gap >= LONG && regular)
        };
        let (long, short): (Vec<_>, Vec<_>) = gaps.into_iter().partition(|(.., missing)| is_long(*missing));
        for (first, last, gap) in long {
            let [from, through] = [first, last].map(|session| ground.sessions.date(session));
            findings.add(Check::LongGap, || {
                let part = f64::from(expected - missing) / f64::from(expected - gap);
                Finding {
                    found: format!(
                        "{} without a bar; it has one on {} of the others",
                        words::count(i64::from(gap), "session", "sessions"),
                        words::percent(part)
                    ),
                    numbers: [number("missing", gap), number("traded_part", part)].into_iter().collect(),
                    weight: f64::from(gap),
                    ..ground.finding(Check::LongGap, Some(*instrument), from, through)
                }
            });
        }
        let Some((first, ..)) = short.first() else { continue };
        let Some((_, last, _)) = short.last() else { continue };
        let [from, through] = [*first, *last].map(|session| ground.sessions.date(session));
        findings.add(Check::ShortGaps, || {
            let missing: i32 = short.iter().map(|(.., missing)| missing).sum();
            let longest =
                short.iter().max_by_key(|(first, _, missing)| (*missing, -first)).unwrap_or(&short[0]);
            let start = ground.sessions.date(longest.0);
            Finding {
                found: format!(
                    "{} of {} without a bar, in {}; the longest {} from {start}",
                    crate::say::count(missing as u64),
                    words::count(i64::from(expected), "session", "sessions"),
                    words::count(short.len() as i64, "gap", "gaps"),
                    longest.2
                ),
                numbers: [
                    number("missing", missing),
                    number("expected", expected),
                    number("gaps", short.len()),
                    number("longest", longest.2),
                    number("longest_from", json!(start)),
                ]
                .into_iter()
                .collect(),
                weight: f64::from(missing),
                ..ground.finding(Check::ShortGaps, Some(*instrument), from, through)
            }
        });
    }
}

/// Tells possible renames and gives the instruments that ended in one.
pub fn renames(ground: &Ground, tally: &Tally, findings: &mut Findings) -> Vec<i32> {
    let sessions = &ground.sessions;
    let market_first = ground.lives.iter().map(|life| life.first).min();
    let goes_on = |life: &&Life| {
        let next = sessions.at_or_after(life.last) + 1;
        ground.expected.count(life.instrument_id, next, next + 1) > 0
    };
    let examined = |life: &&Life| {
        let id = life.instrument_id;
        ground.in_range(life.last)
            && tally.attendances.binary_search_by_key(&id, |present| present.instrument).is_ok()
    };
    let ended = ground.lives.iter().filter(examined).filter(goes_on);
    let ends: Vec<Edge> = ended
        .map(|life| Edge {
            instrument: life.instrument_id,
            session: sessions.at_or_after(life.last),
            price: life.last_close,
            dollars: life.last_dollars,
        })
        .collect();
    let began = ground.lives.iter().filter(|life| Some(life.first) > market_first);
    let starts: Vec<Edge> = began
        .map(|life| Edge {
            instrument: life.instrument_id,
            session: sessions.at_or_after(life.first),
            price: life.first_open,
            dollars: life.first_dollars,
        })
        .collect();
    let mut renamed = Vec::new();
    for rename in market::renames(&ends, &starts) {
        let (Some(old), Some(new)) = (ground.life(rename.ended), ground.life(rename.began)) else { continue };
        // Where both listings are known, these are two instruments.
        if old.delisted_on.is_some() && new.listed_on.is_some() {
            continue;
        }
        renamed.push(rename.ended);
        findings.add(Check::Renamed, || {
            let other = ground.names.about(rename.began, new.first);
            Finding {
                found: format!(
                    "at {}; {other} begins on {} at {} ({} times)",
                    words::price(old.last_close),
                    new.first,
                    words::price(new.first_open),
                    words::ratio(rename.ratio)
                ),
                numbers: [
                    number("other_instrument_id", rename.began),
                    number("other_ticker", other),
                    number("price_ratio", rename.ratio),
                ]
                .into_iter()
                .collect(),
                weight: -rename.ratio.ln().abs(),
                ..ground.finding(Check::Renamed, Some(rename.ended), old.last, old.last)
            }
        });
    }
    renamed
}

/// Tells the lives that end early or start late; those in `renamed` go on under another name.
pub fn ends(ground: &Ground, tally: &Tally, renamed: &[i32], findings: &mut Findings) {
    let sessions = &ground.sessions;
    for Present { instrument, .. } in &tally.attendances {
        let Some(life) = ground.life(*instrument) else { continue };
        let first = sessions.at_or_after(life.first);
        let end = sessions.at_or_after(life.last) + 1;
        let stop = life.delisted_on.map_or(sessions.len() as i32, |day| sessions.at_or_after(day));
        let after = ground.expected.count(*instrument, end, stop);
        if after >= LONG && ground.in_range(life.last) && !renamed.contains(instrument) {
            findings.add(Check::Ended, || {
                let until = life
                    .delisted_on
                    .map_or("the market's last".to_owned(), |day| format!("its delisting on {day}"));
                Finding {
                    found: format!(
                        "{} before {until}, at {}",
                        words::count(i64::from(after), "session", "sessions"),
                        words::price(life.last_close)
                    ),
                    numbers: [
                        number("sessions", after),
                        number("close", life.last_close),
                        number("delisted_on", json!(life.delisted_on)),
                    ]
                    .into_iter()
                    .collect(),
                    weight: f64::from(after),
                    ..ground.finding(Check::Ended, Some(*instrument), life.last, life.last)
                }
            });
        }
        let Some(listed) = life.listed_on.filter(|_| ground.in_range(life.first)) else { continue };
        let before = ground.expected.count(*instrument, sessions.at_or_after(listed), first);
        if before >= LONG {
            findings.add(Check::StartsLate, || Finding {
                found: format!(
                    "{} without a bar since its listing on {listed}",
                    words::count(i64::from(before), "session", "sessions")
                ),
                numbers: [number("sessions", before), number("listed_on", json!(listed))]
                    .into_iter()
                    .collect(),
                weight: f64::from(before),
                ..ground.finding(Check::StartsLate, Some(*instrument), life.first, life.first)
            });
        }
    }
}

/// Tells the instruments that are one.
pub fn twins(ground: &Ground, twins: Twins, findings: &mut Findings) {
    for pair in twins.pairs() {
        let [from, through] = [pair.from, pair.through].map(|session| ground.sessions.date(session));
        findings.add(Check::Twins, || {
            let other = ground.names.about(pair.second, from);
            Finding {
                found: format!("{other} has the same closes and volumes on {} sessions", pair.sessions),
                numbers: [
                    number("other_instrument_id", pair.second),
                    number("other_ticker", other),
                    number("sessions", pair.sessions),
                ]
                .into_iter()
                .collect(),
                weight: f64::from(pair.sessions),
                ..ground.finding(Check::Twins, Some(pair.first), from, through)
            }
        });
    }
}
