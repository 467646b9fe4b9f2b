//! Moves of one instrument's price that nothing stored explains.

use super::actions::Stored;
use super::catalogue::Check;
use super::findings::Findings;
use super::instrument::{Instrument, number};
use super::words;
use crate::arithmetic::checks::jumps::{Jump, Jumps, Kind, Sure};
use crate::arithmetic::checks::trades::{TOO_FAR, Trades};
use crate::domain::history::{ActionCursor, History};

/// A move without a trade is told from here on: 10 %.
const UNTRADED: f64 = 0.0953;

/// Tells the spikes, and the jumps except those at the places `displaced`, which a stored split makes on another day.
pub fn jumps(one: &Instrument<'_>, found: &Jumps, displaced: &[usize], findings: &mut Findings) {
    for spike in &found.spikes {
        one.add(findings, Check::BadPrint, spike.first, spike.last, |finding| {
            let closes = [spike.before, spike.first, spike.back].map(|place| one.series.close[place]);
            finding.weight = spike.ratio.ln().abs();
            finding.found = format!(
                "close {} ({} times) between {} and {}",
                words::price(closes[1]),
                words::ratio(spike.ratio),
                words::price(closes[0]),
                words::price(closes[2])
            );
            finding.numbers.extend([
                number("close_ratio", spike.ratio),
                number("close_before", closes[0]),
                number("close", closes[1]),
                number("close_back", closes[2]),
            ]);
        });
    }
    for (place, jump) in found.jumps.iter().enumerate() {
        if !displaced.contains(&place) {
            self::jump(one, jump, findings);
        }
    }
}

fn jump(one: &Instrument<'_>, jump: &Jump, findings: &mut Findings) {
    let before = one.series.close[jump.before];
    let [open, close] = [one.series.open[jump.place], one.series.close[jump.place]];
    let check = match jump.kind {
        Kind::Split(..) => Check::MissingSplit,
        Kind::Level => Check::LevelShift,
    };
    one.add(findings, check, jump.place, jump.place, |finding| {
        let seen = format!(
            "{}{}",
            words::step(before, [open, close], [jump.open_ratio, jump.close_ratio]),
            jump.trading
                .map_or(String::new(), |times| format!("; trading {} times the usual", words::times(times)))
        );
        finding.weight = jump.open_ratio.ln().abs();
        finding.found = match jump.kind {
            Kind::Split(ratio, Sure::Likely) => format!("{ratio} likely: {seen}"),
            Kind::Split(ratio, Sure::Possible) => format!("{ratio} possible: {seen}"),
            Kind::Level => seen,
        };
        if let Kind::Split(ratio, sure) = jump.kind {
            let sure = if sure == Sure::Likely { "likely" } else { "possible" };
            // What is likely is shown before what is possible.
            finding.weight += if sure == "likely" { 10.0 } else { 0.0 };
            finding.numbers.extend([number("ratio", ratio.value()), number("sure", sure)]);
        }
        finding.numbers.extend([
            number("open_ratio", jump.open_ratio),
            number("close_ratio", jump.close_ratio),
            number("close_before", before),
            number("open", open),
            number("close", close),
            number("trading", jump.trading),
        ]);
    });
}

/// Bars without volume that are far from the last trade.
pub fn untraded(one: &Instrument<'_>, trades: &Trades<'_>, stored: &Stored, findings: &mut Findings) {
    let series = one.series;
    let history = History { splits: &stored.splits, dividends: &stored.dividends, ..History::default() };
    let mut traded = 0;
    let mut furthest: Option<(usize, usize, f64)> = None;
    let (mut count, mut first, mut last) = (0, 0, 0);
    for place in one.core.clone() {
        while trades.places.get(traded).is_some_and(|trade| *trade < place) {
            traded += 1;
        }
        let quiet = series.volume[place] == 0.0 && series.bar(place).check().is_ok();
        let Some(at) = traded.checked_sub(1).filter(|_| quiet) else { continue };
        let before = trades.places[at];
        let [then, now] = [before, place].map(|place| series.sessions[place]);
        let (ratio, cash) = ActionCursor::new(&history, then).advance(now);
        let moved = ((series.close[place] * ratio + cash) / series.close[before]).ln();
        if now - then > TOO_FAR || moved.abs() < UNTRADED {
            continue;
        }
        first = if count == 0 { place } else { first };
        (count, last) = (count + 1, place);
        if furthest.is_none_or(|(_, _, most)| moved.abs() > most.abs()) {
            furthest = Some((before, place, moved));
        }
    }
    let Some((before, place, moved)) = furthest else { return };
    one.add(findings, Check::UntradedMove, first, last, |finding| {
        let closes = [before, place].map(|place| series.close[place]);
        finding.weight = moved.abs();
        finding.found = format!(
            "{}; {} on {} while {} was the last traded close",
            words::count(count, "bar", "bars"),
            words::price(closes[1]),
            one.date(place),
            words::price(closes[0])
        );
        finding.numbers.extend([
            number("bars", count),
            number("close", closes[1]),
            number("close_before", closes[0]),
            number("close_ratio", moved.exp()),
        ]);
    });
}
