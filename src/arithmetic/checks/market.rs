//! Checks of the whole market: sessions that many instruments lack, and instruments that go on under another name.

/// A session is half loaded when at least this part of the market lacks it, beyond what is usual.
const LACKING: f64 = 0.10;

/// And at least so many instruments.
const LEAST: f64 = 5.0;

/// A session is stale when at least this part of its bars are the bars of the session before.
const STALE: f64 = 0.05;

/// Furthest that an instrument's first open lies from the last close under its old name.
const SAME_PRICE: f64 = 0.1;

/// Furthest that its trading does, in times.
const SAME_TRADING: f64 = 30.0;

/// How many instruments should have a bar in a session, and how many have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attendance {
    /// Instruments between their first and their last bar.
    pub expected: u32,
    /// Those of them with a bar.
    pub present: u32,
}

impl Attendance {
    fn lacking(self) -> f64 {
        f64::from(self.expected.saturating_sub(self.present))
    }
}

/// The places of the sessions that an unusual part of the market lacks. Illiquid instruments lack some sessions always, so
/// the median part is the usual one.
pub fn half_loaded(sessions: &[Attendance]) -> Vec<usize> {
    let mut parts: Vec<f64> = sessions
        .iter()
        .filter(|session| session.expected > 0)
        .map(|session| session.lacking() / f64::from(session.expected))
        .collect();
    let usual = super::median(&mut parts).unwrap_or(0.0);
    let half = |session: &Attendance| {
        let expected = f64::from(session.expected);
        session.lacking() - usual * expected >= LEAST.max(LACKING * expected)
    };
    sessions.iter().enumerate().filter(|(_, session)| half(session)).map(|(place, _)| place).collect()
}

/// Whether a session with `bars` bars is stale when `repeated` of them are those of the session before.
pub fn is_stale(repeated: u32, bars: u32) -> bool {
    f64::from(repeated) >= LEAST.max(STALE * f64::from(bars))
}

/// An instrument's last bar, or another's first one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// The instrument.
    pub instrument: i32,
    /// Session of the bar.
    pub session: i32,
    /// Last close, or first open.
    pub price: f64,
    /// Dollars traded in the bar.
    pub dollars: f64,
}

/// An instrument that may go on as another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rename {
    /// The one that ends.
    pub ended: i32,
    /// The one that begins in the next session.
    pub began: i32,
    /// First open / last close.
    pub ratio: f64,
}

/// Pairs those that end with those that begin in the session after at a similar price and trading: the closest prices
/// first, each instrument once. In the order of `ends`.
pub fn renames(ends: &[Edge], starts: &[Edge]) -> Vec<Rename> {
    let mut starts: Vec<&Edge> = starts.iter().collect();
    starts.sort_by_key(|start| (start.session, start.instrument));
    let mut candidates = Vec::new();
    for (place, end) in ends.iter().enumerate() {
        let from = starts.partition_point(|start| start.session <= end.session);
        for (other, start) in starts.iter().enumerate().skip(from) {
            if start.session != end.session + 1 {
                break;
            }
            let (price, trading) = (start.price / end.price, start.dollars / end.dollars);
            let alike = !trading.is_finite() || trading == 0.0 || trading.ln().abs() <= SAME_TRADING.ln();
            if price.ln().abs() <= (1.0 + SAME_PRICE).ln() && alike {
                candidates.push((price.ln().abs(), place, other));
            }
        }
    }
    candidates.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (mut ended, mut began) = (vec![false; ends.len()], vec![false; starts.len()]);
    let mut found = Vec::new();
    for (_, place, other) in candidates {
        if !ended[place] && !began[other] {
            (ended[place], began[other]) = (true, true);
            let (end, start) = (&ends[place], starts[other]);
            let rename =
                Rename { ended: end.instrument, began: start.instrument, ratio: start.price / end.price };
            found.push((place, rename));
        }
    }
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, rename)| rename).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attendance(expected: u32, present: u32) -> Attendance {
        Attendance { expected, present }
    }

    #[test]
    fn a_session_that_a_tenth_of_the_market_lacks_is_half_loaded() {
        let sessions = [attendance(100, 100), attendance(100, 91), attendance(100, 90), attendance(100, 99)];
        // The usual part is 1 %, so 10 lack 9 more than usual.
        assert!(half_loaded(&sessions).is_empty());
        let sessions = [attendance(100, 100), attendance(100, 100), attendance(100, 90), attendance(0, 0)];
        assert_eq!(half_loaded(&sessions), [2]);
    }

    #[test]
    fn a_market_that_always_lacks_some_is_not_half_loaded_and_a_few_instruments_are_no_market() {
        assert!(half_loaded(&[attendance(100, 80), attendance(100, 78), attendance(100, 80)]).is_empty());
        assert!(half_loaded(&[attendance(4, 4), attendance(4, 0), attendance(4, 4)]).is_empty());
    }

    #[test]
    fn a_session_is_stale_when_a_twentieth_of_it_is_the_one_before() {
        assert_eq!([is_stale(4, 20), is_stale(5, 100), is_stale(5, 101)], [false, true, false]);
    }

    #[test]
    fn the_next_session_at_a_similar_price_is_a_rename_and_the_closest_price_wins() {
        let edge = |instrument, session, price, dollars| Edge { instrument, session, price, dollars };
        let ends = [
            edge(1, 10, 20.0, 1e6),
            edge(2, 10, 20.5, 0.0),
            edge(3, 10, 90.0, 1e6),
            edge(4, 11, 20.0, 1e6),
            edge(5, 20, 10.0, 1e9),
        ];
        let starts = [
            edge(11, 11, 20.1, 2e6),
            edge(12, 11, 20.5, 1e6),
            edge(13, 13, 20.0, 1e6),
            edge(14, 21, 10.0, 1e6),
        ];
        let found: Vec<_> =
            renames(&ends, &starts).iter().map(|rename| (rename.ended, rename.began)).collect();
        assert_eq!(found, [(1, 11), (2, 12)]);
    }
}
