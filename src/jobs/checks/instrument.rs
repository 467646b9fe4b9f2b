//! The checks of one instrument, made when all its bars have come by.

use std::ops::Range;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::actions::{self, Stored};
use super::catalogue::Check;
use super::findings::{Finding, Findings};
use super::ground::Ground;
use super::tally::Tally;
use super::{moves, words};
use crate::arithmetic::checks::trades::Trades;
use crate::arithmetic::checks::{Series, bars, jumps, runs};
use crate::store::checks::Life;

/// Traded bars with one price from which on a standstill is told.
const STANDSTILL: usize = 10;

/// One instrument under examination.
pub struct Instrument<'a> {
    /// What is known of the market.
    pub ground: &'a Ground,
    /// Its bars, those around the range too.
    pub series: &'a Series,
    /// Places of its bars within the range.
    pub core: Range<usize>,
    /// Its key.
    pub id: i32,
    /// Its listing and ends.
    pub life: &'a Life,
}

/// Runs every check of one instrument.
pub fn check(one: &Instrument<'_>, findings: &mut Findings, tally: &mut Tally) {
    single_bars(one, findings);
    tally.take(one);
    quiet_runs(one, findings);
    listing(one, findings);

    let stored = Stored::of(one);
    let trades = Trades::new(one.series, &stored.splits, &stored.dividends);
    let found = jumps::find(&trades);
    let displaced = actions::splits(one, &trades, &stored, &found.jumps, findings);
    moves::jumps(one, &found, &displaced, findings);
    moves::untraded(one, &trades, &stored, findings);
    actions::dividends(one, &stored, findings);
    actions::without_bar(one, &stored, findings);
}

/// Tells an instrument that has bars, on `sessions`, and does not exist.
pub fn unknown(ground: &Ground, id: i32, sessions: &[i32], findings: &mut Findings) {
    let (Some(first), Some(last)) = (sessions.first(), sessions.last()) else { return };
    let [from, through] = [*first, *last].map(|session| ground.sessions.date(session));
    findings.add(Check::UnknownInstrument, || Finding {
        ticker: None,
        found: format!("{} of instrument {id}", words::count(sessions.len() as i64, "bar", "bars")),
        numbers: [number("bars", sessions.len())].into_iter().collect(),
        weight: sessions.len() as f64,
        ..ground.finding(Check::UnknownInstrument, Some(id), from, through)
    });
}

impl Instrument<'_> {
    /// The date of the bar at `place`.
    pub fn date(&self, place: usize) -> NaiveDate {
        self.ground.sessions.date(self.series.sessions[place])
    }

    /// A finding of the bars `first` … `last` (places, both included), if the first is in the range.
    pub fn add(
        &self,
        findings: &mut Findings,
        check: Check,
        first: usize,
        last: usize,
        fill: impl FnOnce(&mut Finding),
    ) {
        if self.core.contains(&first) {
            self.add_days(findings, check, self.date(first), self.date(last), fill);
        }
    }

    /// A finding of the days `from` … `through`.
    pub fn add_days(
        &self,
        findings: &mut Findings,
        check: Check,
        from: NaiveDate,
        through: NaiveDate,
        fill: impl FnOnce(&mut Finding),
    ) {
        findings.add(check, || {
            let mut finding = self.ground.finding(check, Some(self.id), from, through);
            fill(&mut finding);
            finding
        });
    }
}

/// A number under its name.
pub fn number(name: &str, value: impl Into<Value>) -> (String, Value) {
    (name.to_owned(), value.into())
}

fn single_bars(one: &Instrument<'_>, findings: &mut Findings) {
    let series = one.series;
    for place in one.core.clone() {
        let bar = series.bar(place);
        if let Err(fault) = bar.check() {
            one.add(findings, Check::ImpossibleBar, place, place, |finding| {
                finding.found = format!(
                    "{fault}: open {}, high {}, low {}, close {}, volume {}",
                    words::price(bar.open),
                    words::price(bar.high),
                    words::price(bar.low),
                    words::price(bar.close),
                    words::price(bar.volume)
                );
                let fields = [
                    ("open", bar.open),
                    ("high", bar.high),
                    ("low", bar.low),
                    ("close", bar.close),
                    ("volume", bar.volume),
                ];
                finding.numbers.extend(fields.map(|(name, value)| number(name, value)));
            });
            continue;
        }
        if let Some(outside) = bars::outside_range(series, place) {
            one.add(findings, Check::OutsideRange, place, place, |finding| {
                let edge = if outside.value > bar.high {
                    ("above the high", bar.high)
                } else {
                    ("below the low", bar.low)
                };
                finding.weight = (outside.value / edge.1).ln().abs();
                finding.found = format!(
                    "{} {} {} {}",
                    outside.field,
                    words::price(outside.value),
                    edge.0,
                    words::price(edge.1)
                );
                let fields = [("open", bar.open), ("high", bar.high), ("low", bar.low), ("close", bar.close)];
                finding.numbers.extend(fields.map(|(name, value)| number(name, value)));
            });
        }
        if let Some(absurd) = bars::absurd(series, place) {
            one.add(findings, Check::AbsurdBar, place, place, |finding| {
                let before = place.checked_sub(1).map(|before| series.close[before]);
                finding.weight = (absurd.value / bar.close).ln().abs();
                finding.found = format!(
                    "{} {} with open {}, close {}{}",
                    absurd.field,
                    words::price(absurd.value),
                    words::price(bar.open),
                    words::price(bar.close),
                    before.map_or(String::new(), |before| format!(", close before {}", words::price(before)))
                );
                finding.numbers.extend([
                    number("value", absurd.value),
                    number("close", bar.close),
                    number("close_before", before),
                ]);
            });
        }
    }
}

fn quiet_runs(one: &Instrument<'_>, findings: &mut Findings) {
    let (series, core) = (one.series, one.core.clone());
    let (run, total) = runs::longest(core.len(), |place| series.volume[core.start + place] == 0.0);
    if total > 0 {
        let start = core.start + run.start;
        let first = core.clone().find(|place| series.volume[*place] == 0.0).unwrap_or(start);
        let last = core.clone().rfind(|place| series.volume[*place] == 0.0).unwrap_or(start);
        one.add(findings, Check::ZeroVolume, first, last, |finding| {
            finding.weight = total as f64;
            finding.found = format!(
                "{} of {}; {} in a row from {}",
                words::count(total as i64, "bar", "bars"),
                crate::say::count(core.len() as u64),
                crate::say::count(run.length as u64),
                one.date(start)
            );
            finding.numbers.extend([
                number("bars", total),
                number("of", core.len()),
                number("longest", run.length),
                number("longest_from", json!(one.date(start))),
            ]);
        });
    }
    let run = runs::longest_standstill(series, core);
    if run.length >= STANDSTILL {
        one.add(findings, Check::Standstill, run.start, run.start + run.length - 1, |finding| {
            let close = series.close[run.start];
            finding.weight = run.length as f64;
            finding.found =
                format!("{} at {}", words::count(run.length as i64, "bar", "bars"), words::price(close));
            finding.numbers.extend([number("bars", run.length), number("close", close)]);
        });
    }
}

fn listing(one: &Instrument<'_>, findings: &mut Findings) {
    let Life { listed_on, delisted_on, .. } = *one.life;
    let (Some(first), Some(last)) = (one.core.clone().next(), one.core.clone().next_back()) else { return };
    let named = one.ground.names.throughout(one.id, one.date(first), one.date(last));
    if named && listed_on.is_none() && delisted_on.is_none() {
        return;
    }
    let outside = |place: &usize| {
        let day = one.date(*place);
        listed_on.is_some_and(|listed| day < listed)
            || delisted_on.is_some_and(|delisted| day > delisted)
            || (!named && one.ground.names.on(one.id, day).is_none())
    };
    let places: Vec<usize> = one.core.clone().filter(outside).collect();
    let (Some(&first), Some(&last)) = (places.first(), places.last()) else { return };
    one.add(findings, Check::OutsideListing, first, last, |finding| {
        finding.weight = places.len() as f64;
        let told = [("listed", listed_on), ("delisted", delisted_on)];
        let told: Vec<String> =
            told.iter().filter_map(|(what, day)| day.map(|day| format!("{what} on {day}"))).collect();
        let told =
            if told.is_empty() { "without a ticker on these days".to_owned() } else { told.join(", ") };
        finding.found = format!("{}; {told}", words::count(places.len() as i64, "bar", "bars"));
        finding.numbers.extend([
            number("bars", places.len()),
            number("listed_on", json!(listed_on)),
            number("delisted_on", json!(delisted_on)),
        ]);
    });
}
