//! The steps of every price factor.

use super::why::{counted, no_price, statistical_returns, too_few};
use super::window::{Ground, Line};
use super::{Action, Counted, SharesUsed, Step, Window, date, day, regression, shares};
use crate::arithmetic::catalogue::position;
use crate::arithmetic::factors::{HALF_YEAR, MONTH, QUARTER, YEAR};
use crate::arithmetic::{NULL, kept};

/// What there is to tell of a factor besides its value.
#[derive(Default)]
pub struct Told {
    pub window: Option<Window>,
    pub counted: Option<Counted>,
    pub steps: Vec<Step>,
    pub formula: &'static str,
    pub actions: Vec<Action>,
    pub shares: Option<SharesUsed>,
    pub lines: Vec<Line>,
    /// Why the value is null, where one of the known reasons holds.
    pub why: Option<String>,
}

impl Told {
    /// Nothing yet but the window `(t − from, t − to]`.
    pub fn over(ground: &Ground<'_>, from: usize, to: usize) -> Self {
        Self {
            window: Some(ground.window(from, to)),
            lines: ground.lines(from, to).to_vec(),
            ..Self::default()
        }
    }

    /// Takes what a window of `length` sessions holds, and whether that is enough.
    pub fn count(&mut self, ground: &Ground<'_>, counted: Counted, length: usize) {
        self.why = too_few(ground, &counted, length);
        self.counted = Some(counted);
    }

    fn with_shares(mut self, ground: &Ground<'_>) -> Self {
        match shares(ground.asked, ground.t) {
            Ok(used) => {
                self.steps.push(step("shares", used.shares));
                self.shares = Some(used);
            }
            Err(why) => self.why = self.why.or(Some(why)),
        }
        self
    }
}

/// A step of the window.
pub fn step(name: &'static str, value: f64) -> Step {
    Step { name, value: kept(value), session_date: None, note: None }
}

impl Step {
    fn at(self, session: i32) -> Self {
        Self { session_date: date(session), ..self }
    }

    /// With a remark.
    #[must_use]
    pub fn noted(self, words: impl Into<String>) -> Self {
        Self { note: Some(words.into()), ..self }
    }
}

/// What to tell of the factor `name`; none for another name.
pub fn of(ground: &Ground<'_>, name: &str) -> Option<Told> {
    Some(match name {
        "mom_12_1" => compounded(ground, YEAR, MONTH),
        "mom_6_1" => compounded(ground, HALF_YEAR, MONTH),
        "mom_3" => compounded(ground, QUARTER, 0),
        "rev_1" => compounded(ground, MONTH, 0),
        "mom_risk_adj" => risk_adjusted(ground),
        "high_52w" => high(ground),
        "vol_20" => volatility(ground, 20),
        "vol_60" => volatility(ground, 60),
        "vol_252" => volatility(ground, YEAR),
        "downside_vol_252" => downside(ground),
        "beta_252" => regression::of(ground, false),
        "ivol_252" => regression::of(ground, true),
        "max_ret_21" => highest_return(ground),
        "max_drawdown_252" => drawdown(ground),
        "adv_20" => money(ground, 20),
        "adv_63" => money(ground, QUARTER),
        "amihud_126" => illiquidity(ground),
        "turnover_63" => turnover(ground),
        "size" => size(ground),
        "div_yield" => dividends(ground),
        _ => return None,
    })
}

fn compounded(ground: &Ground<'_>, from: usize, to: usize) -> Told {
    let mut told = Told::over(ground, from, to);
    told.formula = "growth - 1";
    told.why = no_price(ground, from).or_else(|| no_price(ground, to));
    let lines = ground.lines(from, to);
    let returns = lines.iter().filter(|line| line.since.is_some()).count();
    let any = Counted { what: "returns", count: returns as u32, least: None, left_out: None };
    told.counted = Some(any);
    told.actions = ground.actions_of_returns(lines);
    for (name, lag) in [("start_close", from), ("end_close", to)] {
        if let Some((session, close)) = ground.price(lag) {
            let age = ground.t - lag as i32 - session;
            let price = step(name, close).at(session);
            told.steps.push(if age == 0 {
                price
            } else {
                let plural = if age == 1 { "" } else { "s" };
                price.noted(format!(
                    "{age} session{plural} before {}, which has no bar",
                    day(ground.t - lag as i32)
                ))
            });
        }
    }
    if told.why.is_none() {
        let product = |of: &dyn Fn(&Line) -> f64| lines.iter().fold(1.0, |total, line| total * of(line));
        if !told.actions.is_empty() {
            told.steps.push(step("split_ratio", product(&|line| line.ratio)).noted("new shares per share"));
        }
        told.steps.push(step("growth", product(&|line| line.growth)).noted("the product of 1 + r"));
    }
    told
}

fn risk_adjusted(ground: &Ground<'_>) -> Told {
    let momentum = compounded(ground, YEAR, MONTH);
    let mut told = volatility(ground, YEAR);
    told.formula = "mom_12_1 / vol_252";
    let vol = value(ground, "vol_252");
    let flat = (vol <= 0.0).then(|| "vol_252 is 0: the price did not move".to_owned());
    told.why = momentum.why.or(told.why).or(flat);
    told.steps.splice(..0, momentum.steps);
    told.steps.push(step("mom_12_1", value(ground, "mom_12_1")));
    told.steps.push(step("vol_252", vol));
    told
}

fn high(ground: &Ground<'_>) -> Told {
    let mut told = Told::over(ground, YEAR, 0);
    let lines = ground.lines(YEAR, 0);
    told.formula = "close / highest_close";
    told.count(ground, counted("bars", lines.len(), YEAR), YEAR);
    told.steps.push(step("close", ground.row.close).at(ground.t));
    let highest =
        lines.iter().max_by(|a, b| f64::total_cmp(&(a.close / a.split_basis), &(b.close / b.split_basis)));
    if let Some(line) = highest {
        if line.split_basis != 1.0 {
            told.steps.push(step("highest_close_as_printed", line.close).at(line.session));
            told.steps.push(step("split_ratio_since", line.split_basis).at(line.session));
        }
        told.steps.push(step("highest_close", line.close / line.split_basis).at(line.session));
    }
    if let Some(first) = lines.first() {
        told.actions = ground.actions(first.session, ground.t, false);
    }
    told
}

/// Lines whose return statistics count.
fn statistical(lines: &[Line]) -> impl Iterator<Item = &Line> {
    lines.iter().filter(|line| line.counted)
}

fn total(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |total, value| total + value)
}

fn volatility(ground: &Ground<'_>, length: usize) -> Told {
    let mut told = Told::over(ground, length, 0);
    let lines = ground.lines(length, 0);
    told.formula = "sqrt(sum_of_squares / (returns - 1)) x sqrt(252)";
    let count = statistical(lines).count();
    told.count(ground, statistical_returns(lines, length), length);
    told.actions = ground.actions_of_returns(lines);
    if count > 0 {
        let mean = total(statistical(lines).map(|line| line.r)) / count as f64;
        let squares = total(statistical(lines).map(|line| (line.r - mean) * (line.r - mean)));
        told.steps.push(step("returns", count as f64));
        told.steps.push(step("mean_r", mean));
        told.steps.push(step("sum_of_squares", squares).noted("of the distances from the mean"));
    }
    told
}

fn downside(ground: &Ground<'_>) -> Told {
    let mut told = Told::over(ground, YEAR, 0);
    let lines = ground.lines(YEAR, 0);
    told.formula = "sqrt(sum_of_squared_falls / returns) x sqrt(252)";
    let count = statistical(lines).count();
    told.count(ground, statistical_returns(lines, YEAR), YEAR);
    told.actions = ground.actions_of_returns(lines);
    let falls = || statistical(lines).filter(|line| line.r < 0.0);
    told.steps.push(step("returns", count as f64));
    told.steps.push(step("falls", falls().count() as f64).noted("returns below 0"));
    told.steps.push(step("sum_of_squared_falls", total(falls().map(|line| line.r * line.r))));
    told
}

fn highest_return(ground: &Ground<'_>) -> Told {
    let mut told = Told::over(ground, MONTH, 0);
    let lines = ground.lines(MONTH, 0);
    told.formula = "highest_r";
    told.count(ground, statistical_returns(lines, MONTH), MONTH);
    if let Some(line) = statistical(lines).max_by(|a, b| f64::total_cmp(&a.r, &b.r)) {
        if let Some((since, close)) = line.since.zip(ground.close_before(line)) {
            told.steps.push(step("close_before", close).at(since));
            told.actions = ground.actions(since, line.session, true);
        }
        told.steps.push(step("close", line.close).at(line.session));
        told.steps.push(step("highest_r", line.r).at(line.session));
    }
    told
}

fn drawdown(ground: &Ground<'_>) -> Told {
    let mut told = Told::over(ground, YEAR, 0);
    let lines = ground.lines(YEAR, 0);
    told.formula = "trough / peak - 1";
    let returns: Vec<&Line> = lines.iter().filter(|line| line.since.is_some()).collect();
    told.count(ground, counted("returns of any span", returns.len(), YEAR), YEAR);
    told.actions = ground.actions_of_returns(lines);
    let start = (1.0, returns.first().and_then(|line| line.since));
    let (mut wealth, mut peak, mut from_peak) = (1.0, start, 1.0);
    let mut deepest = (1.0, start, start);
    for line in &returns {
        wealth *= line.growth;
        // As the kernel carries it: where wealth is a new maximum, the quotient is 1.
        from_peak *= line.growth;
        if from_peak >= 1.0 {
            (from_peak, peak) = (1.0, (wealth, Some(line.session)));
        }
        if from_peak < deepest.0 {
            deepest = (from_peak, peak, (wealth, Some(line.session)));
        }
    }
    let (quotient, peak, trough) = deepest;
    let at = |name, (wealth, session): (f64, Option<i32>)| {
        let step = step(name, wealth);
        session.map_or(step.clone(), |session| step.at(session))
    };
    if quotient < 1.0 {
        told.steps.push(at("peak", peak).noted("wealth from 1 at the start"));
        told.steps.push(at("trough", trough));
    } else {
        told.steps.push(at("peak", peak).noted("wealth never fell"));
        told.steps.push(at("trough", peak));
    }
    told
}

fn money(ground: &Ground<'_>, length: usize) -> Told {
    let mut told = Told::over(ground, length, 0);
    let lines = ground.lines(length, 0);
    told.formula = "sum_of_money / sessions";
    told.count(ground, counted("bars", lines.len(), length), length);
    told.steps.push(
        step("sum_of_money", total(lines.iter().map(|line| line.close * line.volume)))
            .noted("close x volume as printed"),
    );
    let sessions = ground.row.age.min(length as i32);
    let since = step("sessions", f64::from(sessions));
    told.steps.push(match ground.first_bar().filter(|_| sessions < length as i32) {
        Some(first) => since.noted(format!("since the first bar, {}", day(first))),
        None => since,
    });
    told
}

fn illiquidity(ground: &Ground<'_>) -> Told {
    let mut told = Told::over(ground, HALF_YEAR, 0);
    let lines = ground.lines(HALF_YEAR, 0);
    told.formula = "sum_of_illiquidity / returns x 10^6";
    let traded = || statistical(lines).filter(|line| line.volume > 0.0);
    let mut in_window = counted("returns", traded().count(), HALF_YEAR);
    let others = lines.iter().filter(|line| line.since.is_some()).count() - traded().count();
    if others > 0 {
        in_window.left_out = Some(format!("{others} over more than 5 sessions or without volume left out"));
    }
    told.steps.push(step("returns", f64::from(in_window.count)));
    told.count(ground, in_window, HALF_YEAR);
    told.actions = ground.actions_of_returns(lines);
    let sum = total(traded().map(|line| line.r.abs() / (line.close * line.volume)));
    told.steps.push(step("sum_of_illiquidity", sum).noted("abs(r) / (close x volume)"));
    told
}

fn turnover(ground: &Ground<'_>) -> Told {
    let mut told = Told::over(ground, QUARTER, 0);
    let lines = ground.lines(QUARTER, 0);
    told.formula = "sum_of_volume / bars / shares";
    told.count(ground, counted("bars", lines.len(), QUARTER), QUARTER);
    told.steps.push(step("bars", lines.len() as f64));
    told.steps.push(
        step("sum_of_volume", total(lines.iter().map(|line| line.volume * line.split_basis)))
            .noted("on t's split basis"),
    );
    if let Some(first) = lines.first() {
        told.actions = ground.actions(first.session, ground.t, false);
    }
    told.with_shares(ground)
}

fn size(ground: &Ground<'_>) -> Told {
    let mut told = Told { formula: "ln(close x shares)", ..Told::default() };
    told.steps.push(step("close", ground.row.close).at(ground.t));
    told = told.with_shares(ground);
    if told.why.is_none() {
        told.steps.push(step("market_value", ground.row.market_equity));
    }
    told
}

fn dividends(ground: &Ground<'_>) -> Told {
    let mut told = Told { window: Some(ground.window(YEAR, 0)), formula: "cash / close", ..Told::default() };
    told.actions = ground.actions(ground.t.saturating_sub(YEAR as i32), ground.t, true);
    let paid = || told.actions.iter().filter(|action| action.kind == "dividend");
    let (count, cash) = (paid().count(), total(paid().map(|action| action.cash_on_basis)));
    told.counted = Some(Counted { what: "dividends", count: count as u32, least: None, left_out: None });
    told.steps.push(step("cash", cash).noted("on t's split basis"));
    told.steps.push(step("close", ground.row.close).at(ground.t));
    told
}

/// Another factor of the same row.
fn value(ground: &Ground<'_>, name: &str) -> f64 {
    position(name).and_then(|at| ground.row.values.get(at)).copied().unwrap_or(NULL)
}
