//! Where a price factor's value comes from: the bars, actions and share counts of its window, the amounts on the way, or why
//! it is null. The value is the kernel's own ([`price_factors`]); the steps are computed beside it, and tests hold the two
//! together. It computes one number for people to read, so nothing here is fast.

mod regression;
mod steps;
mod why;
mod window;

#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use serde::Serialize;

use super::rows::RowCursor;
use super::{
    Benchmark, FactorColumns, POPULATION_ADV_20, POPULATION_AGE, POPULATION_CLOSE, Workspace, price_factors,
};
use crate::arithmetic::NULL;
use crate::arithmetic::catalogue::{PRICE_FACTORS, position};
use crate::domain::calendar::nyse;
use crate::domain::history::{History, split_ratio};
use window::Ground;
pub use window::Line;

/// What an explanation is asked of.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The instrument's history: what [`price_factors`] must be given.
    pub history: &'a History<'a>,
    /// The benchmark's returns; none where it has no bars.
    pub benchmark: Option<&'a Benchmark>,
    /// What the benchmark is called.
    pub benchmark_name: &'a str,
    /// Whether the instrument is the benchmark.
    pub is_benchmark: bool,
    /// Filing date and period end of each share count of the history, in its order; where there are fewer, they are not told.
    pub share_filings: &'a [(NaiveDate, NaiveDate)],
}

/// A price factor's value on one session, with all that it was made of. NaN is null.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// Published name.
    pub factor: &'static str,
    /// The value, to the bit what [`price_factors`] gives.
    pub value: f64,
    /// Why the value is null; none where it is not.
    pub why_null: Option<String>,
    /// The sessions that the factor looks at; none where it looks at the session alone.
    pub window: Option<Window>,
    /// How many observations the window holds.
    pub counted: Option<Counted>,
    /// The inputs that matter and the amounts on the way, in the order in which they are made.
    pub steps: Vec<Step>,
    /// How the last steps make the value, by their names.
    pub formula: &'static str,
    /// Splits and dividends that enter.
    pub actions: Vec<Action>,
    /// The share count that enters; none where none is known or none is asked for.
    pub shares: Option<SharesUsed>,
    /// The bars of the window, oldest first.
    pub lines: Vec<Line>,
}

/// Sessions: those after one, up to and including another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Window {
    /// The session after which it begins; none before the calendar does.
    pub after: Option<NaiveDate>,
    /// What that session is called: t-252.
    pub after_name: String,
    /// Its last session.
    pub through: Option<NaiveDate>,
    /// What that session is called.
    pub through_name: String,
    /// How many sessions it has.
    pub sessions: i32,
}

/// Observations of a window against the least number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// What they are.
    pub what: &'static str,
    /// How many there are.
    pub count: u32,
    /// With fewer than these the value is null; none where any number will do.
    pub least: Option<u32>,
    /// What the window holds besides, and does not count.
    pub left_out: Option<String>,
}

/// An input, or an amount on the way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// What it is; words joined by underscores.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// The session that it is of; none where it is of the window.
    pub session_date: Option<NaiveDate>,
    /// What else there is to say.
    pub note: Option<String>,
}

/// A split or a dividend that enters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Action {
    /// First session on or after the ex-date.
    pub ex_session: NaiveDate,
    /// `split` or `dividend`.
    pub kind: &'static str,
    /// New shares per old share of a split; else null.
    pub ratio: f64,
    /// Currency a share, as paid, of a dividend; else null.
    pub cash: f64,
    /// The same per share of t's split basis.
    pub cash_on_basis: f64,
}

/// The share count of a session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SharesUsed {
    /// Day of the filing.
    pub filing_date: Option<NaiveDate>,
    /// End of the period that the filing is about.
    pub period_end: Option<NaiveDate>,
    /// First session on which it may be used.
    pub usable_from: Option<NaiveDate>,
    /// Session whose split basis it is on.
    pub basis: Option<NaiveDate>,
    /// Shares as filed.
    pub filed: f64,
    /// New shares per share since then.
    pub split_ratio: f64,
    /// Shares on t's split basis: what enters.
    pub shares: f64,
}

/// What the kernel gives for one row, besides the factors themselves.
#[derive(Debug, Clone)]
pub struct Row {
    /// All price factors.
    pub values: [f64; PRICE_FACTORS.len()],
    /// Close × shares outstanding.
    pub market_equity: f64,
    /// Close as printed.
    pub close: f64,
    /// Sessions since the first bar, that one included.
    pub age: i32,
    /// Whether it meets the population's rule on close, `adv_20` and age.
    pub in_population_rule: bool,
}

/// The row of `session` as the kernel computes it; none without a bar on it.
pub fn row(asked: &Asked<'_>, session: i32) -> Option<Row> {
    let mut columns = FactorColumns::default();
    price_factors(
        &mut Workspace::default(),
        asked.history,
        asked.benchmark,
        asked.is_benchmark,
        session..session + 1,
        &mut columns,
    );
    let bars = asked.history.bars;
    let close = *bars.close.get(bars.position(session))?;
    let first = if asked.history.earlier_bars { None } else { bars.sessions.first().copied() };
    Some(Row {
        values: std::array::from_fn(|at| columns.values[at].first().copied().unwrap_or(NULL)),
        market_equity: *columns.market_equity.first()?,
        close,
        age: first.map_or(i32::MAX, |first| (session - first).saturating_add(1)),
        in_population_rule: *columns.in_population_rule.first()?,
    })
}

impl Row {
    /// The rules on close, `adv_20` and age that keep the row out of the population; none where it meets them.
    pub fn exclusions(&self) -> Vec<String> {
        let adv_20 = position("adv_20").map_or(NULL, |at| self.values[at]);
        let mut rules = Vec::new();
        if self.close < POPULATION_CLOSE {
            rules.push(format!("close {} is below {POPULATION_CLOSE}", self.close));
        }
        if adv_20.is_nan() {
            rules.push(format!("adv_20 is null, and has to be at least {POPULATION_ADV_20}"));
        } else if adv_20 < POPULATION_ADV_20 {
            rules.push(format!("adv_20 {adv_20:.0} is below {POPULATION_ADV_20}"));
        }
        if self.age < POPULATION_AGE {
            rules.push(format!(
                "the session is number {} since the first bar, and has to be {POPULATION_AGE} or later",
                self.age
            ));
        }
        rules
    }
}

/// Explains the price factor at `place` of the catalogue on `session`; none without a bar on it, and for another factor.
pub fn explain(asked: &Asked<'_>, session: i32, place: usize) -> Option<Explanation> {
    let factor = PRICE_FACTORS.get(place)?;
    let row = row(asked, session)?;
    let ground = Ground::new(asked, session, &row);
    let told = steps::of(&ground, factor.name)?;
    let value = row.values[place];
    let why_null = value.is_nan().then(|| {
        told.why.unwrap_or_else(|| "what the formula makes of these numbers is no finite number".to_owned())
    });
    Some(Explanation {
        factor: factor.name,
        value,
        why_null,
        window: told.window,
        counted: told.counted,
        steps: told.steps,
        formula: told.formula,
        actions: told.actions,
        shares: told.shares,
        lines: told.lines,
    })
}

/// The share count of `session`; why there is none.
pub fn shares(asked: &Asked<'_>, session: i32) -> Result<SharesUsed, String> {
    let reports = asked.history.shares;
    let usable = reports.partition_point(|report| report.usable_from <= session);
    let Some((at, report)) = usable.checked_sub(1).and_then(|at| Some((at, reports.get(at)?))) else {
        let later = reports.first().and_then(|report| date(report.usable_from));
        let tail = later.map_or_else(String::new, |day| format!(": the first is usable from {day}"));
        return Err(format!("no basic_shares_outstanding in any filing known by then{tail}"));
    };
    let ratio = split_ratio(asked.history.splits, report.filed, session);
    let shares = RowCursor::new(asked.history).shares(session);
    let filing = asked.share_filings.get(at);
    if shares.is_nan() {
        return Err(format!("the share count known by then is {}, not above 0", report.shares * ratio));
    }
    Ok(SharesUsed {
        filing_date: filing.map(|filing| filing.0),
        period_end: filing.map(|filing| filing.1),
        usable_from: date(report.usable_from),
        basis: date(report.filed),
        filed: report.shares,
        split_ratio: ratio,
        shares,
    })
}

/// The date of a session; none before the calendar begins.
fn date(session: i32) -> Option<NaiveDate> {
    nyse().date(session)
}

/// A session in words.
fn day(session: i32) -> String {
    date(session).map_or_else(|| "before the calendar".to_owned(), |date| date.to_string())
}
