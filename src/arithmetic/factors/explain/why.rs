//! Why a price factor is null, in words.

use super::window::{Ground, Line, name};
use super::{Counted, day};
use crate::arithmetic::factors::grid::STALE_AFTER;
use crate::arithmetic::factors::least;

/// Why there is no price at `t − lag`; none where there is one.
pub fn no_price(ground: &Ground<'_>, lag: usize) -> Option<String> {
    if ground.price(lag).is_some() {
        return None;
    }
    let session = ground.t - lag as i32;
    let tail = match (ground.last_bar(lag), ground.first_bar()) {
        (Some((last, _)), _) => format!(": the last bar before it is of {}", day(last)),
        (None, Some(first)) => format!(": the first bar is of {}", day(first)),
        (None, None) => String::new(),
    };
    Some(format!(
        "no price at {} ({}) or within {STALE_AFTER} sessions before it{tail}",
        name(lag),
        day(session)
    ))
}

/// Why there are too few in a window of `length` sessions; none where there are enough.
pub fn too_few(ground: &Ground<'_>, counted: &Counted, length: usize) -> Option<String> {
    let least = counted.least.filter(|least| counted.count < *least)?;
    let after = ground.t - length as i32;
    let first = ground.first_bar().filter(|first| *first > after);
    let since = first.map_or_else(String::new, |first| format!(": the first bar is of {}", day(first)));
    let others = counted.left_out.as_ref().map_or_else(String::new, |others| format!("; {others}"));
    Some(format!(
        "needs {least} {} in ({}, {}], has {}{since}{others}",
        counted.what,
        day(after),
        day(ground.t),
        counted.count
    ))
}

/// What a window of `length` sessions holds, against its least number.
pub fn counted(what: &'static str, count: usize, length: usize) -> Counted {
    Counted { what, count: count as u32, least: Some(least(length)), left_out: None }
}

/// The returns that statistics count in a window of `length` sessions, and how many they leave out.
pub fn statistical_returns(lines: &[Line], length: usize) -> Counted {
    let counted = counted("returns", lines.iter().filter(|line| line.counted).count(), length);
    let long = lines.iter().filter(|line| line.since.is_some() && !line.counted).count();
    let words = || format!("{long} over more than {STALE_AFTER} sessions left out");
    Counted { left_out: (long > 0).then(words), ..counted }
}
