//! Stored splits and dividends of one instrument, held against its prices.

use chrono::NaiveDate;
use serde_json::json;

use super::catalogue::Check;
use super::findings::Findings;
use super::instrument::{Instrument, number};
use super::words;
use crate::arithmetic::checks::actions::{self, Judged, Seen};
use crate::arithmetic::checks::jumps::Jump;
use crate::arithmetic::checks::trades::Trades;
use crate::domain::history::{Dividend, Split};

/// What is stored about an instrument, by position.
pub struct Stored {
    /// Ex-date, old and new shares of each split.
    days: Vec<(NaiveDate, f64, f64)>,
    /// The splits, by position.
    pub splits: Vec<Split>,
    /// Ex-date and cash of each dividend.
    paid: Vec<(NaiveDate, f64)>,
    /// The dividends, by position.
    pub dividends: Vec<Dividend>,
}

impl Stored {
    /// Reads them.
    pub fn of(one: &Instrument<'_>) -> Self {
        let sessions = &one.ground.sessions;
        let days = one.ground.actions.splits.get(&one.id).cloned().unwrap_or_default();
        let paid = one.ground.actions.dividends.get(&one.id).cloned().unwrap_or_default();
        let split = |(day, old, new): &(NaiveDate, f64, f64)| Split {
            session: sessions.at_or_after(*day),
            ratio: new / old,
        };
        let dividend =
            |(day, cash): &(NaiveDate, f64)| Dividend { session: sessions.at_or_after(*day), cash: *cash };
        Self {
            splits: days.iter().map(split).collect(),
            dividends: paid.iter().map(dividend).collect(),
            days,
            paid,
        }
    }
}

/// Judges the stored splits. Gives the places of those jumps that are a stored split's on another day.
pub fn splits(
    one: &Instrument<'_>,
    trades: &Trades<'_>,
    stored: &Stored,
    jumps: &[Jump],
    findings: &mut Findings,
) -> Vec<usize> {
    let judged = actions::judge(trades, &stored.splits);
    let twice = actions::twice(&stored.splits, &judged);
    let text = |split: usize| words::split(stored.days[split].2, stored.days[split].1);
    for &(earlier, later) in &twice {
        let [from, through] = [earlier, later].map(|split| stored.days[split].0);
        if !one.ground.in_range(from) {
            continue;
        }
        one.add_days(findings, Check::SplitTwice, from, through, |finding| {
            let shows = |split: usize| judged[split].is_some_and(|judged| judged.seen == Seen::Jump);
            let shown = [earlier, later].into_iter().find(|split| shows(*split));
            let shown = shown.map(|split| stored.days[split].0);
            finding.weight = stored.splits[later].ratio.ln().abs();
            finding.found = format!(
                "{} on both days; the price jumps by it on {}",
                text(later),
                shown.map_or("neither".to_owned(), |day| format!("{day} only"))
            );
            finding.numbers.extend([
                number("stored_ratio", stored.splits[later].ratio),
                number("shown_on", json!(shown)),
            ]);
        });
    }
    let mut displaced = Vec::new();
    for (split, judged) in judged.iter().enumerate() {
        let Some(judged) = judged.filter(|judged| judged.seen != Seen::Jump) else { continue };
        let check = match judged.seen {
            Seen::Nothing => Check::SplitWithoutJump,
            _ => Check::OtherRatio,
        };
        let elsewhere = actions::elsewhere(one.series, jumps, stored.splits[split]);
        displaced.extend(elsewhere);
        let (day, ..) = stored.days[split];
        if twice.iter().any(|(earlier, later)| *earlier == split || *later == split)
            || !one.ground.in_range(day)
        {
            continue;
        }
        one.add_days(findings, check, day, day, |finding| {
            let jumps_on = elsewhere.map(|jump| one.date(jumps[jump].place));
            let Judged { before, place, open_ratio, close_ratio, .. } = judged;
            let close_before = one.series.close[before];
            let [open, close] = [one.series.open[place], one.series.close[place]];
            finding.weight = stored.splits[split].ratio.ln().abs();
            finding.found = format!(
                "{} stored, which makes {} times; {}{}",
                text(split),
                words::ratio(1.0 / stored.splits[split].ratio),
                words::step(close_before, [open, close], [open_ratio, close_ratio]),
                jumps_on.map_or(String::new(), |day| format!("; it jumps by the ratio on {day}"))
            );
            finding.numbers.extend([
                number("stored_ratio", stored.splits[split].ratio),
                number("open_ratio", open_ratio),
                number("close_ratio", close_ratio),
                number("close_before", close_before),
                number("open", open),
                number("close", close),
            ]);
            if check == Check::SplitWithoutJump {
                finding.numbers.extend([number("jumps_on", json!(jumps_on))]);
            }
        });
    }
    displaced
}

/// Dividends that are a large part of the price.
pub fn dividends(one: &Instrument<'_>, stored: &Stored, findings: &mut Findings) {
    for large in actions::large_dividends(one.series, &stored.splits, &stored.dividends) {
        let (day, cash) = stored.paid[large.dividend];
        if !one.ground.in_range(day) {
            continue;
        }
        let check = if large.part >= 1.0 { Check::ImpossibleDividend } else { Check::LargeDividend };
        one.add_days(findings, check, day, day, |finding| {
            let before = one.series.close[large.before];
            finding.weight = large.part;
            finding.found = format!(
                "{} a share, {} of the close {} before{}",
                words::price(cash),
                words::percent(large.part),
                words::price(before),
                large.fallen.map_or(String::new(), |part| format!(
                    "; the price opened lower by {} of it",
                    words::percent(part)
                ))
            );
            finding.numbers.extend([
                number("cash", cash),
                number("close_before", before),
                number("part", large.part),
                number("fallen", large.fallen),
            ]);
        });
    }
}

/// Stored actions on days on which there is no bar.
pub fn without_bar(one: &Instrument<'_>, stored: &Stored, findings: &mut Findings) {
    let ground = one.ground;
    let splits = stored.days.iter().map(|(day, ..)| (*day, 0));
    let dividends = stored.paid.iter().map(|(day, _)| (*day, 1));
    let (mut kinds, mut places, mut days) = ([0_i64; 2], [0_i64; 3], Vec::new());
    for (day, kind) in splits.chain(dividends).filter(|(day, _)| ground.in_range(*day)) {
        let session = ground.sessions.at_or_after(day);
        let at = if session < ground.sessions.at_or_after(one.life.first) {
            0
        } else if session > ground.sessions.at_or_after(one.life.last) {
            2
        } else if one.series.sessions.binary_search(&session).is_err() {
            1
        } else {
            continue;
        };
        kinds[kind] += 1;
        places[at] += 1;
        days.push(day);
    }
    let (Some(&from), Some(&through)) = (days.iter().min(), days.iter().max()) else { return };
    one.add_days(findings, Check::ActionWithoutBar, from, through, |finding| {
        let [splits, dividends] = kinds;
        let [before, between, after] = places;
        // What lies between two bars is worth a look, what lies outside is not.
        finding.weight = between as f64 * 1e6 + days.len() as f64;
        let mut what = Vec::new();
        what.extend((splits > 0).then(|| words::count(splits, "split", "splits")));
        what.extend((dividends > 0).then(|| words::count(dividends, "dividend", "dividends")));
        let mut at = Vec::new();
        at.extend((before > 0).then(|| format!("{before} before its first bar {}", one.life.first)));
        at.extend((between > 0).then(|| format!("{between} between two bars")));
        at.extend((after > 0).then(|| format!("{after} after its last bar {}", one.life.last)));
        finding.found = format!("{}: {}", what.join(" and "), at.join(", "));
        finding.numbers.extend([
            number("splits", splits),
            number("dividends", dividends),
            number("before", before),
            number("between", between),
            number("after", after),
        ]);
    });
}
