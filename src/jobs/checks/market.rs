//! The checks of whole sessions and of several instruments at once, from what was counted while the bars came by.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::json;

use super::catalogue::Check;
use super::findings::{Finding, Findings, KEPT};
use super::ground::Ground;
use super::instrument::{Instrument, number};
use super::words;
use crate::arithmetic::checks::market::{self, Attendance, Edge};
use crate::arithmetic::checks::runs;
use crate::arithmetic::checks::twins::Twins;
use crate::store::checks::{Life, Loaded};

/// Sessions without a bar in a row that make a gap long, an end early, a start late.
const LONG: i32 = 5;

/// An instrument that trades on fewer of its sessions trades now and then: only a month is long for it.
const REGULAR: f64 = 0.9;

/// A gap that is long for everybody: a month.
const MONTH: i32 = 21;

/// What is counted while the bars come by, in memory that grows with sessions, gaps and instruments, not with bars.
#[derive(Debug, Default)]
pub struct Tally {
    /// Bars by position.
    bars: Vec<u32>,
    /// Bars on days that are no session: how many, and an instrument that has one.
    strays: BTreeMap<NaiveDate, (u64, i32)>,
    /// Bars that repeat the one before, by position.
    repeated: Vec<u32>,
    /// The first of them: instrument, session, close and volume.
    repeats: Vec<(i32, i32, f64, f64)>,
    /// Instruments in the order of their key.
    attendances: Vec<Present>,
    twins: Twins,
}

/// An instrument's bars and gaps within the range.
#[derive(Debug)]
struct Present {
    instrument: i32,
    /// First and last session without a bar, of each gap.
    gaps: Vec<(i32, i32)>,
}

impl Tally {
    /// An empty tally of `sessions` sessions.
    pub fn new(sessions: usize) -> Self {
        Self { bars: vec![0; sessions], repeated: vec![0; sessions], ..Self::default() }
    }

    /// A bar of the session at `position`.
    pub fn bar(&mut self, position: i32) {
        if let Some(bars) = self.bars.get_mut(position as usize) {
            *bars += 1;
        }
    }

    /// A bar on a day that is no session.
    pub fn stray(&mut self, day: NaiveDate, instrument: i32) {
        self.strays.entry(day).or_insert((0, instrument)).0 += 1;
    }

    /// Takes an instrument's gaps, repeats and the digests of its bars.
    pub fn take(&mut self, one: &Instrument<'_>) {
        let (ground, series, id) = (one.ground, one.series, one.id);
        for place in one.core.clone().filter(|place| runs::repeats(series, *place)) {
            let session = series.sessions[place];
            self.repeated[session as usize] += 1;
            if self.repeats.len() < KEPT {
                self.repeats.push((id, session, series.close[place], series.volume[place]));
            }
        }
        // A gap may reach beyond the bars that were read: the ends of its life stand for those.
        let first = ground.sessions.at_or_after(one.life.first);
        let last = ground.sessions.at_or_after(one.life.last);
        let inner = series.sessions.iter().copied().filter(|session| first < *session && *session < last);
        let sessions: Vec<i32> = std::iter::once(first).chain(inner).chain([last]).collect();
        let gaps = runs::gaps(&sessions, |first, end| ground.expected.count(id, first, end));
        let gaps = gaps.into_iter().map(|gap| (gap.first, gap.last)).collect();
        self.attendances.push(Present { instrument: id, gaps });
        self.twins.add(id, series, one.core.clone());
    }
}

/// Runs the checks that need all bars, and changes what is expected to what the half-loaded sessions leave.
pub fn check(ground: &mut Ground, tally: Tally, whole_market: bool, findings: &mut Findings) {
    strays(ground, &tally, findings);
    if whole_market {
        ledger(ground, &tally, findings);
        let half = half_loaded(ground, &tally, findings);
        ground.expected.excuse(half);
    }
    repeats(ground, &tally, whole_market, findings);
    gaps(ground, &tally, findings);
    let renamed = renames(ground, &tally, findings);
    ends(ground, &tally, &renamed, findings);
    if whole_market {
        twins(ground, tally.twins, findings);
    }
}

fn strays(ground: &Ground, tally: &Tally, findings: &mut Findings) {
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

fn ledger(ground: &Ground, tally: &Tally, findings: &mut Findings) {
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
fn half_loaded(ground: &Ground, tally: &Tally, findings: &mut Findings) -> Vec<i32> {
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

fn repeats(ground: &Ground, tally: &Tally, whole_market: bool, findings: &mut Findings) {
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

fn gaps(ground: &Ground, tally: &Tally, findings: &mut Findings) {
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
fn renames(ground: &Ground, tally: &Tally, findings: &mut Findings) -> Vec<i32> {
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
                    "{other} begins on {} at {} times {}",
                    new.first,
                    words::ratio(rename.ratio),
                    words::price(old.last_close)
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

fn ends(ground: &Ground, tally: &Tally, renamed: &[i32], findings: &mut Findings) {
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

fn twins(ground: &Ground, twins: Twins, findings: &mut Findings) {
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
