//! The bars of a window with their returns, as the kernel spreads them, and what stands at its ends.

use chrono::NaiveDate;
use serde::Serialize;

use super::{Action, Asked, Row, Window, date};
use crate::arithmetic::NULL;
use crate::arithmetic::factors::YEAR;
use crate::arithmetic::factors::grid::STALE_AFTER;
use crate::domain::history::{ActionCursor, split_ratio};

/// A bar of the window, and the return that ends with it. NaN is null.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// Its session.
    pub session_date: Option<NaiveDate>,
    /// The bar before it, from which the return starts; none for the first bar.
    pub previous_date: Option<NaiveDate>,
    /// Close as printed.
    pub close: f64,
    /// Volume as printed.
    pub volume: f64,
    /// New shares per share of the bar before.
    pub ratio: f64,
    /// Cash per share of the bar before.
    pub cash: f64,
    /// (close × ratio + cash) / close of the bar before − 1.
    pub r: f64,
    /// Whether statistics count the return: it spans at most 5 sessions.
    pub counted: bool,
    /// The benchmark's return over the same span; null where it is not counted or the benchmark lacks a bar at either end.
    pub benchmark_r: f64,
    /// New shares of t per share of this session: prices are divided by it, volumes multiplied.
    pub split_basis: f64,
    #[serde(skip)]
    pub(super) session: i32,
    #[serde(skip)]
    pub(super) since: Option<i32>,
    /// 1 + r; 1 where there is none.
    #[serde(skip)]
    pub(super) growth: f64,
}

/// What all factors of one row stand on.
pub(super) struct Ground<'a> {
    pub asked: &'a Asked<'a>,
    /// The session.
    pub t: i32,
    pub row: &'a Row,
    /// The bars of the year.
    lines: Vec<Line>,
}

impl<'a> Ground<'a> {
    /// Spreads the year before `t`.
    pub fn new(asked: &'a Asked<'a>, t: i32, row: &'a Row) -> Self {
        let bars = asked.history.bars;
        let from = bars.position(t.saturating_sub(YEAR as i32 - 1));
        let through = bars.position(t.saturating_add(1));
        let mut previous = from.checked_sub(1).map(|at| (bars.sessions[at], bars.close[at]));
        let mut lines = Vec::with_capacity(through - from);
        for at in from..through {
            let (session, close, volume) = (bars.sessions[at], bars.close[at], bars.volume[at]);
            let mut line = Line {
                session_date: date(session),
                previous_date: previous.and_then(|(since, _)| date(since)),
                close,
                volume,
                ratio: 1.0,
                cash: 0.0,
                r: NULL,
                counted: false,
                benchmark_r: NULL,
                split_basis: split_ratio(asked.history.splits, session, t),
                session,
                since: previous.map(|(since, _)| since),
                growth: 1.0,
            };
            if let Some((since, previous_close)) = previous {
                (line.ratio, line.cash) = ActionCursor::new(asked.history, since).advance(session);
                line.growth = (close * line.ratio + line.cash) / previous_close;
                line.r = line.growth - 1.0;
                line.counted = session - since <= STALE_AFTER;
                let market = asked.benchmark.filter(|_| line.counted && !asked.is_benchmark);
                line.benchmark_r =
                    market.and_then(|market| market.compounded(since, session)).unwrap_or(NULL);
            }
            previous = Some((session, close));
            lines.push(line);
        }
        Self { asked, t, row, lines }
    }

    /// The lines of `(t − from, t − to]`.
    pub fn lines(&self, from: usize, to: usize) -> &[Line] {
        let at = |lag: usize| self.lines.partition_point(|line| line.session <= self.t - lag as i32);
        &self.lines[at(from)..at(to)]
    }

    /// The window `(t − from, t − to]` in words.
    pub fn window(&self, from: usize, to: usize) -> Window {
        Window {
            after: date(self.t - from as i32),
            after_name: name(from),
            through: date(self.t - to as i32),
            through_name: name(to),
            sessions: (from - to) as i32,
        }
    }

    /// The last bar up to `t − lag`, at most 5 sessions before it: session and close.
    pub fn price(&self, lag: usize) -> Option<(i32, f64)> {
        let last = self.t - lag as i32;
        let (session, close) = self.last_bar(lag)?;
        (last - session <= STALE_AFTER).then_some((session, close))
    }

    /// The last bar up to `t − lag`, however old.
    pub fn last_bar(&self, lag: usize) -> Option<(i32, f64)> {
        let bars = self.asked.history.bars;
        let at = bars.position((self.t - lag as i32).saturating_add(1)).checked_sub(1)?;
        Some((bars.sessions[at], bars.close[at]))
    }

    /// The close from which the line's return starts.
    pub fn close_before(&self, line: &Line) -> Option<f64> {
        let bars = self.asked.history.bars;
        bars.position(line.session).checked_sub(1).map(|at| bars.close[at])
    }

    /// The first bar, where the history given begins with it.
    pub fn first_bar(&self) -> Option<i32> {
        let history = self.asked.history;
        if history.earlier_bars { None } else { history.bars.sessions.first().copied() }
    }

    /// Splits and dividends that take effect after session `after`, up to session `through`, in their order: of one session
    /// the dividends are paid first.
    pub fn actions(&self, after: i32, through: i32, dividends: bool) -> Vec<Action> {
        let history = self.asked.history;
        let within = |session: i32| after < session && session <= through;
        let splits = history.splits.iter().filter(|split| within(split.session));
        let paid = history.dividends.iter().filter(|paid| dividends && within(paid.session));
        let mut actions: Vec<(i32, bool, Action)> = Vec::new();
        for split in splits {
            let Some(ex_session) = date(split.session) else { continue };
            let action =
                Action { ex_session, kind: "split", ratio: split.ratio, cash: NULL, cash_on_basis: NULL };
            actions.push((split.session, true, action));
        }
        for paid in paid {
            let Some(ex_session) = date(paid.session) else { continue };
            let basis = split_ratio(history.splits, paid.session.saturating_sub(1), self.t);
            let cash_on_basis = paid.cash / basis;
            let action = Action { ex_session, kind: "dividend", ratio: NULL, cash: paid.cash, cash_on_basis };
            actions.push((paid.session, false, action));
        }
        actions.sort_by_key(|(session, is_split, _)| (*session, *is_split));
        actions.into_iter().map(|(_, _, action)| action).collect()
    }

    /// The actions that enter the returns of `lines`.
    pub fn actions_of_returns(&self, lines: &[Line]) -> Vec<Action> {
        let since = lines.iter().find_map(|line| line.since);
        match (since, lines.last()) {
            (Some(since), Some(last)) => self.actions(since, last.session, true),
            _ => Vec::new(),
        }
    }
}

/// What a session is called by its distance from t.
pub(super) fn name(lag: usize) -> String {
    if lag == 0 { "t".to_owned() } else { format!("t-{lag}") }
}
