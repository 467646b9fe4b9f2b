//! One made-up instrument, stepped from session to session: a factor model with a volatility of its own that
//! clusters, with splits, dividends, halts, a first and a last session. Raw prices, as an exchange would print them.

use super::random::Random;

/// The benchmark's place among the instruments.
pub(super) const BENCHMARK: usize = 0;
/// Splits two for one after a third of the sessions, whatever its price.
pub(super) const PLANNED_FORWARD: usize = 2;
/// Splits two for one on the additional session.
pub(super) const PLANNED_NEXT: usize = 3;
/// Splits one for ten after two thirds of the sessions, whatever its price.
pub(super) const PLANNED_REVERSE: usize = 5;

/// Sessions between two dividends.
const DIVIDEND_PERIOD: usize = 63;

/// One printed bar; prices in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) open: u64,
    pub(super) high: u64,
    pub(super) low: u64,
    pub(super) close: u64,
    pub(super) volume: u64,
    pub(super) transactions: u64,
}

/// A corporate action that takes effect before the first trade of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Action {
    pub(super) instrument: usize,
    pub(super) session: usize,
    pub(super) kind: ActionKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ActionKind {
    /// `to` new shares for `from` old ones.
    Split { from: u32, to: u32 },
    /// Cash a share.
    Dividend { cents: u64 },
}

/// The state of an instrument before a session.
#[derive(Debug, Clone)]
pub(super) struct Instrument {
    index: usize,
    /// First session with a bar.
    pub(super) listed: usize,
    /// First session without a bar for ever; `usize::MAX` for those that stay.
    pub(super) delisted: usize,
    /// Price and shares before the first session, for the statements.
    pub(super) first_price: f64,
    pub(super) first_shares: f64,
    random: Random,
    sessions: usize,
    price: f64,
    shares: f64,
    beta: f64,
    usual_variance: f64,
    variance: f64,
    turnover: f64,
    halted_until: usize,
    dividend_due: usize,
}

impl Instrument {
    /// Instrument `index` of a market of `sessions` sessions and an additional one. Every twentieth is listed on
    /// the way and every twenty-fifth delisted, so that a small market has some of each.
    pub(super) fn new(seed: u64, index: usize, sessions: usize) -> Self {
        let mut random = Random::new(seed, index as u64 + 1);
        let benchmark = index == BENCHMARK;
        let half = sessions / 2;
        let listed = if index % 20 == 7 { 1 + random.below(half) } else { 0 };
        let delisted =
            if index % 25 == 11 { half + 1 + random.below(sessions - half - 1) } else { usize::MAX };
        // Cubes and squares spread prices and sizes over orders of magnitude, as a logarithm would.
        let spread = random.uniform();
        let price = if benchmark { 400.0 } else { 3.0 + 240.0 * spread * spread * spread };
        let spread = random.uniform();
        let shares = if benchmark { 9e8 } else { 4e6 + 2e9 * spread * spread * spread };
        let deviation = if benchmark { 0.0005 } else { random.between(0.008, 0.03) };
        let pays = benchmark || index % 2 == 1;
        Self {
            index,
            listed,
            delisted,
            first_price: price,
            first_shares: shares,
            sessions,
            price,
            shares,
            beta: if benchmark { 1.0 } else { (1.0 + 0.35 * random.gaussian()).clamp(-0.2, 2.5) },
            usual_variance: deviation * deviation,
            variance: deviation * deviation,
            turnover: if benchmark { 0.08 } else { random.between(0.001, 0.012) },
            halted_until: 0,
            dividend_due: if pays { listed + random.below(DIVIDEND_PERIOD) } else { usize::MAX },
            random,
        }
    }

    /// The session's bar; `None` when there is no trading. What takes effect goes to `actions`.
    /// Sessions come in order; `market` is the session's return of the whole market.
    pub(super) fn step(&mut self, session: usize, market: f64, actions: &mut Vec<Action>) -> Option<Row> {
        if session < self.listed || session >= self.delisted || session < self.halted_until {
            return None;
        }
        let mut act = |kind| actions.push(Action { instrument: self.index, session, kind });
        if self.index % 5 == 4 && self.random.once_in(250) {
            self.halted_until = session + 1 + self.random.below(10);
            return None;
        }
        if let Some((from, to)) = split(&mut self.random, self.index, self.price, session, self.sessions) {
            act(ActionKind::Split { from, to });
            self.price *= f64::from(from) / f64::from(to);
            self.shares *= f64::from(to) / f64::from(from);
        }
        if session >= self.dividend_due {
            self.dividend_due = session + DIVIDEND_PERIOD;
            let cents = (self.price * self.random.between(0.2, 1.0)).round().max(1.0);
            if self.price > 0.5 {
                act(ActionKind::Dividend { cents: cents as u64 });
                self.price -= cents / 100.0;
            }
        }
        if self.index % 20 == 13 && self.random.once_in(7) {
            let last = cents(self.price);
            return Some(Row { open: last, high: last, low: last, close: last, volume: 0, transactions: 0 });
        }
        Some(self.trade(market))
    }

    fn trade(&mut self, market: f64) -> Row {
        let random = &mut self.random;
        let deviation = self.variance.sqrt();
        let own = deviation * random.gaussian();
        self.variance = 0.05 * self.usual_variance + 0.08 * own * own + 0.87 * self.variance;
        let move_ = (self.beta * market + own).clamp(-0.4, 0.6);
        let range = deviation.max(0.003);
        let before = self.price;
        let close = (before * (1.0 + move_)).max(0.05);
        let open = (before * (1.0 + 0.4 * move_ + 0.3 * range * random.gaussian())).max(0.05);
        let high = open.max(close) * (1.0 + 0.6 * range * random.uniform());
        let low = open.min(close) * (1.0 - 0.6 * range * random.uniform());
        let busy = 0.3 + random.uniform() + random.uniform() * random.uniform() + 15.0 * move_.abs();
        let volume = (self.shares * self.turnover * busy) as u64;
        self.price = close;
        Row {
            open: cents(open),
            high: cents(high),
            low: cents(low),
            close: cents(close),
            volume,
            transactions: if volume == 0 { 0 } else { volume / 120 + 1 },
        }
    }
}

/// Dear shares are split, and cheap ones put together; a few do so by plan.
fn split(
    random: &mut Random,
    index: usize,
    price: f64,
    session: usize,
    sessions: usize,
) -> Option<(u32, u32)> {
    let planned = match index {
        PLANNED_FORWARD => Some((sessions / 3, (1, 2))),
        PLANNED_REVERSE => Some((sessions * 2 / 3, (10, 1))),
        PLANNED_NEXT => Some((sessions, (1, 2))),
        _ => None,
    };
    if let Some((at, ratio)) = planned {
        return (session == at).then_some(ratio);
    }
    if index == BENCHMARK {
        return None;
    }
    if price > 200.0 && random.once_in(120) {
        return Some([(1, 2), (1, 3), (2, 3), (1, 4), (1, 10)][random.below(5)]);
    }
    (price < 1.5 && random.once_in(15)).then(|| [(10, 1), (8, 1), (20, 1), (25, 1)][random.below(4)])
}

fn cents(price: f64) -> u64 {
    (price * 100.0).round().max(1.0) as u64
}

/// The market's return of every session: drift, and a volatility that clusters.
pub(super) fn market_returns(seed: u64, sessions: usize) -> Vec<f64> {
    let mut random = Random::new(seed, 0);
    let usual: f64 = 0.01 * 0.01;
    let mut variance = usual;
    (0..sessions)
        .map(|_| {
            let shock = variance.sqrt() * random.gaussian();
            variance = 0.04 * usual + 0.1 * shock * shock + 0.86 * variance;
            0.0003 + shock
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSIONS: usize = 600;

    fn run(index: usize) -> (Instrument, Vec<Option<Row>>, Vec<Action>) {
        let mut instrument = Instrument::new(7, index, SESSIONS);
        let market = market_returns(7, SESSIONS + 1);
        let mut actions = Vec::new();
        let rows = market.iter().enumerate().map(|(at, &m)| instrument.step(at, m, &mut actions)).collect();
        (instrument, rows, actions)
    }

    #[test]
    fn open_and_close_are_within_high_and_low() {
        for index in 0..60 {
            for row in run(index).1.into_iter().flatten() {
                assert!(row.low <= row.open.min(row.close) && row.high >= row.open.max(row.close), "{row:?}");
                assert!(row.low > 0, "{row:?}");
            }
        }
    }

    #[test]
    fn a_planned_split_moves_the_raw_price_by_its_ratio() {
        for (index, at, from, to) in [
            (PLANNED_FORWARD, SESSIONS / 3, 1, 2),
            (PLANNED_REVERSE, SESSIONS * 2 / 3, 10, 1),
            (PLANNED_NEXT, SESSIONS, 1, 2),
        ] {
            let (_, rows, actions) = run(index);
            let kind = ActionKind::Split { from, to };
            assert!(actions.contains(&Action { instrument: index, session: at, kind }), "{index}");
            let jump = rows[at].unwrap().close as f64 / rows[at - 1].unwrap().close as f64;
            let ratio = f64::from(from) / f64::from(to);
            assert!((jump / ratio - 1.0).abs() < 0.2, "{index}: {jump} for {ratio}");
        }
    }

    #[test]
    fn bars_begin_at_the_listing_and_end_at_the_delisting() {
        let (young, rows, _) = run(7);
        assert!(young.listed > 0);
        assert_eq!(rows.iter().position(Option::is_some), Some(young.listed));
        let (gone, rows, _) = run(11);
        assert!(gone.delisted < SESSIONS);
        assert_eq!(rows.iter().rposition(Option::is_some), Some(gone.delisted - 1));
    }

    #[test]
    fn some_instruments_are_halted_and_some_print_bars_without_volume() {
        let halted = [4, 9, 14, 19, 24].map(|index| run(index).1.iter().filter(|row| row.is_none()).count());
        assert!(halted.iter().sum::<usize>() > 0, "{halted:?}");
        assert!(run(13).1.iter().flatten().any(|row| row.volume == 0 && row.high == row.low));
    }

    #[test]
    fn dividends_come_quarterly_to_those_that_pay() {
        let count =
            |index| run(index).2.iter().filter(|a| matches!(a.kind, ActionKind::Dividend { .. })).count();
        assert!((9..=10).contains(&count(1)), "{}", count(1));
        assert_eq!(count(6), 0);
    }

    #[test]
    fn the_benchmark_follows_the_market() {
        let (_, rows, actions) = run(BENCHMARK);
        let market = market_returns(7, SESSIONS);
        let (mut together, mut alone) = (0.0, 0.0);
        for at in 1..SESSIONS {
            if actions.iter().all(|action| action.session != at) {
                let change = rows[at].unwrap().close as f64 / rows[at - 1].unwrap().close as f64 - 1.0;
                together += change * market[at];
                alone += market[at] * market[at];
            }
        }
        assert!((together / alone - 1.0_f64).abs() < 0.05, "beta {}", together / alone);
    }
}
