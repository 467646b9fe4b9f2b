//! Jumps of the price that nothing stored explains: a split that is missing, another change of what a share is, a bad print.
//!
//! News moves a price too. What tells them apart is how the jump is made: a split, a spin-off or a special dividend happens
//! between two sessions and then trading goes on as before; news draws many times the usual trading. All sizes are
//! logarithms, so that up and down are alike.

use super::trades::{TOO_FAR, Trades, Usual};

#[cfg(test)]
mod tests;

/// A jump is at least this much: 1.18 times, a little less than a 5:4 split.
const JUMP: f64 = 0.165;

/// A jump is at least this many times the usual move.
const UNUSUAL: f64 = 8.0;

/// A jump is at least this many times a cent: below, the price has too few steps to tell.
const STEPS: f64 = 10.0;

/// Bars after a jump that tell whether it stays.
const AFTER: usize = 5;

/// Dollars traded, in times of the usual, up to which trading went on as before.
const CALM: f64 = 3.0;

/// The same for a jump up: consolidations draw attention, and news seldom multiplies a price.
const CALM_UP: f64 = 5.0;

/// Up to here a jump by a half or more may still be a split.
const BUSY: f64 = 10.0;

/// Most that an unusual instrument's own moves widen the distance to a ratio, for the open and for the close.
const WIDER: [f64; 2] = [0.06, 0.25];

/// Below this size a jump by a usual ratio is as likely a spin-off or a special dividend.
const SMALL: f64 = 0.6;

/// From this size on (four times), no news lifts a price overnight and leaves it there.
const HUGE: f64 = 1.38;

/// A bad print is at least this far from its neighbours: 1.3 times.
const SPIKE: f64 = 0.262;

/// What is back is at most this far from where it was: 16 %.
const BACK: f64 = 0.15;

/// Bars that a bad print can last.
const SPIKE_BARS: usize = 3;

/// New and old shares of a split: 2 and 1 for 2:1, 1 and 10 for a consolidation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    /// New shares.
    pub new: u32,
    /// Old shares.
    pub old: u32,
}

impl Ratio {
    /// New shares per old one.
    pub fn value(self) -> f64 {
        f64::from(self.new) / f64::from(self.old)
    }

    /// The move of the price that it makes.
    fn size(self) -> f64 {
        -self.value().ln()
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.new, self.old)
    }
}

/// The ratios that companies choose; others are found as a change of level.
pub const USUAL_RATIOS: [(u32, u32); 26] = [
    (2, 1),
    (3, 1),
    (3, 2),
    (4, 1),
    (5, 1),
    (5, 4),
    (7, 1),
    (10, 1),
    (20, 1),
    (1, 2),
    (1, 3),
    (1, 4),
    (1, 5),
    (1, 6),
    (1, 7),
    (1, 8),
    (1, 9),
    (1, 10),
    (1, 12),
    (1, 15),
    (1, 20),
    (1, 25),
    (1, 30),
    (1, 35),
    (1, 40),
    (1, 50),
];

/// How sure it is that a jump is a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sure {
    /// The ratio is met closely, trading went on as before and the level stays.
    Likely,
    /// It may be something else: the ratio is small or met loosely, trading was busy, or too little is known.
    Possible,
}

/// What a jump looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A split by a usual ratio.
    Split(Ratio, Sure),
    /// Another change of what a share is: a spin-off, a special dividend, an exchange of shares, another company.
    Level,
}

/// A jump that stays and that nothing stored explains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jump {
    /// Place of the last traded bar before it in the series.
    pub before: usize,
    /// Place of the first traded bar after it.
    pub place: usize,
    /// Open / close before, with stored actions taken out.
    pub open_ratio: f64,
    /// Close / close before, likewise.
    pub close_ratio: f64,
    /// Dollars traded in times of the usual; none where too few bars are known before.
    pub trading: Option<f64>,
    /// What it looks like.
    pub kind: Kind,
}

/// Bars whose price leaves for one to three bars and is back at the next open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spike {
    /// Place of the last traded bar before it in the series.
    pub before: usize,
    /// Place of its first bar.
    pub first: usize,
    /// Place of its last bar.
    pub last: usize,
    /// Place of the bar that is back.
    pub back: usize,
    /// Close of the first bar / close before.
    pub ratio: f64,
}

/// What [`find`] finds.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Jumps {
    /// Jumps that stay, ascending.
    pub jumps: Vec<Jump>,
    /// Jumps that come back, ascending.
    pub spikes: Vec<Spike>,
}

/// Finds jumps and spikes among the traded bars. A move over a stored split is judged elsewhere ([`super::actions`]).
pub fn find(trades: &Trades<'_>) -> Jumps {
    let mut found = Jumps::default();
    let mut at = 1;
    while at < trades.len() {
        if trades.change(at).abs().max(trades.overnight(at).abs()) < JUMP
            || trades.split[at] != 1.0
            || trades.session(at) - trades.session(at - 1) > TOO_FAR
        {
            at += 1;
        } else if let Some(back) = spike(trades, at) {
            found.spikes.push(Spike {
                before: trades.places[at - 1],
                first: trades.places[at],
                last: trades.places[back - 1],
                back: trades.places[back],
                ratio: trades.change(at).exp(),
            });
            at = back + 1;
        } else {
            found.jumps.extend(jump(trades, at));
            at += 1;
        }
    }
    found
}

/// The traded bar that is back where the price was before bar `at`, if bar `at` begins a spike.
fn spike(trades: &Trades<'_>, at: usize) -> Option<usize> {
    let size = trades.change(at);
    let usual = trades.usual(at).map_or(0.0, |usual| usual.close);
    if size.abs() < SPIKE.max(UNUSUAL * usual) || !has_steps(trades, at, size) {
        return None;
    }
    let level = trades.close[at - 1];
    let near = |other: f64| (other - level).abs() <= (size.abs() / 4.0).min(BACK);
    for back in at + 1..(at + 1 + SPIKE_BARS).min(trades.len()) {
        if trades.split[back] != 1.0 || trades.session(back) - trades.session(at - 1) > TOO_FAR {
            return None;
        }
        if near(trades.open[back]) && near(trades.close[back]) {
            return Some(back);
        }
        // Still away, on the same side.
        if (trades.close[back] - level) / size < 0.5 {
            return None;
        }
    }
    None
}

/// Whether a move of `size` to bar `at` is many steps of the price.
fn has_steps(trades: &Trades<'_>, at: usize, size: f64) -> bool {
    let low = trades.price(at).min(trades.price(at - 1));
    0.01 * STEPS <= size.abs() * low
}

/// The jump to bar `at`, if it is one that stays.
fn jump(trades: &Trades<'_>, at: usize) -> Option<Jump> {
    let (open, close) = (trades.overnight(at), trades.change(at));
    let usual = trades.usual(at);
    if open.abs() < JUMP.max(UNUSUAL * usual.map_or(0.0, |usual| usual.close))
        || !has_steps(trades, at, open)
        || !stays(trades, at, open)
    {
        return None;
    }
    // Of an instrument that trades now and then, a jump tells nothing: quotes move without trades.
    if usual.is_some_and(|usual| usual.sessions > 2.0) {
        return None;
    }
    let trading = usual.map(|usual| trades.dollars(at) / usual.dollars);
    let kind = match split(trades, at, usual, trading) {
        Some((ratio, sure)) => Kind::Split(ratio, sure),
        None if trading.is_some_and(|times| times <= CALM) || open >= HUGE => Kind::Level,
        None => return None,
    };
    Some(Jump {
        before: trades.places[at - 1],
        place: trades.places[at],
        open_ratio: open.exp(),
        close_ratio: close.exp(),
        trading,
        kind,
    })
}

/// Whether the price is still beyond half of a move of `size` in most of the bars from `at` on.
fn stays(trades: &Trades<'_>, at: usize, size: f64) -> bool {
    let end = (at + 1 + AFTER).min(trades.len());
    let beyond = (at..end).filter(|bar| (trades.close[*bar] - trades.close[at - 1]) / size > 0.5).count();
    2 * beyond > end - at
}

/// The usual ratio that the jump to bar `at` meets, and how surely it is a split.
fn split(
    trades: &Trades<'_>,
    at: usize,
    usual: Option<Usual>,
    trading: Option<f64>,
) -> Option<(Ratio, Sure)> {
    let (open, close) = (trades.overnight(at), trades.change(at));
    let wider = usual
        .map_or([0.0; 2], |usual| [(4.0 * usual.overnight).min(WIDER[0]), (4.0 * usual.close).min(WIDER[1])]);
    let steps = 0.005 / trades.price(at) + 0.005 / trades.price(at - 1);
    let ratios = USUAL_RATIOS.into_iter().map(|(new, old)| Ratio { new, old });
    let distance = |ratio: Ratio| (open - ratio.size()).abs();
    let ratio = ratios.min_by(|a, b| distance(*a).total_cmp(&distance(*b)))?;
    let size = ratio.size();
    let near = 0.02 + 0.03 * size.abs() + wider[0] + steps;
    let far = if size.abs() < SMALL { 0.03 } else { (near + 0.05 * size.abs()).min(0.3) };
    if distance(ratio) > far || (close - size).abs() > far + 0.05 + wider[1] {
        return None;
    }
    let known_after = trades.len() - at > 2;
    let calm = if size > 0.0 { CALM_UP } else { CALM };
    match trading {
        Some(times) if size.abs() < SMALL => (times <= CALM).then_some((ratio, Sure::Possible)),
        Some(times) if times <= calm && distance(ratio) <= near && known_after => Some((ratio, Sure::Likely)),
        Some(times) if times <= BUSY || size >= HUGE => Some((ratio, Sure::Possible)),
        Some(_) => None,
        None => (size.abs() >= SMALL).then_some((ratio, Sure::Possible)),
    }
}
