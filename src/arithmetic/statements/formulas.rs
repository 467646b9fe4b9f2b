//! The formulas of the statement factors, over amounts that the caller finds.

use super::amounts::Amount::{
    Assets, BookEquity, CapitalExpenditure, Cash, CurrentAssets, CurrentLiabilities, Debt, Ebitda, Eps,
    EpsVariability, GrossProfit, LongTermDebt, NetIncome, OperatingCashFlow, OperatingIncome, Revenue,
    Shares,
};
use super::amounts::When::{Now, YearBefore};
use super::amounts::{Amount, LEAST_BASE, When, growth};
use super::factor::StatementFactor;
use super::why::Why;
use crate::arithmetic::NULL;

/// What the conditions of Piotroski's score are, in the order of [`signals`].
pub const SIGNALS: [&str; 9] = [
    "ROA above 0",
    "operating cash flow above 0",
    "ROA up",
    "operating cash flow above net income",
    "long-term debt / total assets down",
    "current ratio up",
    "shares not up",
    "gross margin up",
    "asset turnover up",
];

/// Rise of the share count that is no rise: what bringing two counts to one split basis may lose to rounding.
const SAME_SHARES: f64 = 1.0 + 1e-9;

/// What a formula comes to.
#[derive(Debug, Clone, Copy)]
pub enum Outcome {
    /// A value.
    Value(f64),
    /// A value once the market value is known.
    Priced(Priced),
}

impl Outcome {
    /// The value on a row of this market value, or why it is null.
    pub fn at(self, market_equity: f64) -> Result<f64, Why> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Priced(priced) => priced.at(market_equity),
        }
    }
}

/// A value that the price moves: numerator / (market value + debt − cash), without debt and cash but for the enterprise value.
#[derive(Debug, Clone, Copy)]
pub struct Priced {
    numerator: f64,
    debt: f64,
    cash: f64,
}

impl Priced {
    /// Null whatever the market value.
    pub const NULL: Self = Self { numerator: NULL, debt: 0.0, cash: 0.0 };

    /// What the numerator is divided by.
    pub fn denominator(&self, market_equity: f64) -> f64 {
        market_equity + self.debt - self.cash
    }

    /// The value on a row of this market value, or why it is null.
    pub fn at(&self, market_equity: f64) -> Result<f64, Why> {
        if market_equity.is_nan() {
            return Err(Why::MarketValueUnknown);
        }
        if market_equity <= 0.0 {
            return Err(Why::NotAboveZero("market value"));
        }
        over(self.numerator, self.denominator(market_equity), "enterprise value")
    }
}

/// A factor's formula.
///
/// - **Reads** amounts through `ask`, all that the formula names before it looks at any.
/// - **Gives** what it comes to, a number that may still not be finite, or why it is null.
pub fn formula(
    factor: StatementFactor,
    financial: bool,
    mut ask: impl FnMut(Amount, When) -> Result<f64, Why>,
) -> Result<Outcome, Why> {
    let over_market = |numerator| Ok(Outcome::Priced(Priced { numerator, debt: 0.0, cash: 0.0 }));
    let value = match factor {
        StatementFactor::EarningsYield => return over_market(ask(NetIncome, Now)?),
        StatementFactor::BookToPrice => return over_market(ask(BookEquity, Now)?),
        StatementFactor::SalesToPrice => return over_market(ask(Revenue, Now)?),
        StatementFactor::CashflowToPrice => return over_market(ask(OperatingCashFlow, Now)?),
        StatementFactor::FcfYield => {
            let (cash_flow, purchases) = (ask(OperatingCashFlow, Now), ask(CapitalExpenditure, Now));
            return over_market(cash_flow? - purchases?);
        }
        StatementFactor::EbitdaToEv => {
            let (ebitda, debt, cash) = (ask(Ebitda, Now), ask(Debt, Now), ask(Cash, Now));
            return Ok(Outcome::Priced(Priced { numerator: ebitda?, debt: debt?, cash: cash? }));
        }
        StatementFactor::Roe => {
            let (income, equity) = (ask(NetIncome, Now), ask(BookEquity, Now));
            over(income?, equity?, "book equity")
        }
        StatementFactor::Roa => over_assets(ask(NetIncome, Now), ask(Assets, Now)),
        StatementFactor::GrossProfitability if financial => Err(Why::Financial),
        StatementFactor::GrossProfitability => over_assets(ask(GrossProfit, Now), ask(Assets, Now)),
        StatementFactor::GrossMargin => over_revenue(ask(GrossProfit, Now), ask(Revenue, Now)),
        StatementFactor::OperatingMargin => over_revenue(ask(OperatingIncome, Now), ask(Revenue, Now)),
        StatementFactor::CfoToAssets => over_assets(ask(OperatingCashFlow, Now), ask(Assets, Now)),
        StatementFactor::Accruals => {
            let (income, cash_flow) = (ask(NetIncome, Now), ask(OperatingCashFlow, Now));
            let assets = ask(Assets, Now);
            over_assets(income.and_then(|income| Ok(income - cash_flow?)), assets)
        }
        StatementFactor::Leverage => over_assets(ask(Debt, Now), ask(Assets, Now)),
        StatementFactor::CurrentRatio => {
            let (assets, liabilities) = (ask(CurrentAssets, Now), ask(CurrentLiabilities, Now));
            over(assets?, liabilities?, "current liabilities")
        }
        StatementFactor::EarningsVariability => ask(EpsVariability, Now),
        StatementFactor::PiotroskiF => {
            let met = signals(ask)?.into_iter().filter(|met| *met).count();
            Ok(met as f64)
        }
        StatementFactor::SalesGrowth => {
            let (new, old) = (ask(Revenue, Now), ask(Revenue, YearBefore));
            rise(new?, old?, "revenue a year before")
        }
        StatementFactor::EpsGrowth => {
            let (new, old) = (ask(Eps, Now), ask(Eps, YearBefore));
            growth(new?, old?).ok_or(Why::SmallBase("EPS a year before"))
        }
        StatementFactor::AssetGrowth => {
            let (new, old) = (ask(Assets, Now), ask(Assets, YearBefore));
            rise(new?, old?, "total assets a year before")
        }
    };
    value.map(Outcome::Value)
}

/// The nine conditions of Piotroski's score, in the order of [`SIGNALS`]; each against a year before.
pub fn signals(mut ask: impl FnMut(Amount, When) -> Result<f64, Why>) -> Result<[bool; 9], Why> {
    let now = Year::new(&mut ask, Now);
    let before = Year::new(&mut ask, YearBefore);
    let cash_flow = ask(OperatingCashFlow, Now);
    let (now, before, cash_flow) = (now?, before?, cash_flow?);
    Ok([
        now.return_on_assets > 0.0,
        cash_flow > 0.0,
        now.return_on_assets > before.return_on_assets,
        cash_flow > now.net_income,
        now.debt_to_assets < before.debt_to_assets,
        now.current_ratio > before.current_ratio,
        now.shares <= before.shares * SAME_SHARES,
        now.gross_margin > before.gross_margin,
        now.asset_turnover > before.asset_turnover,
    ])
}

/// What Piotroski's score compares of two years.
struct Year {
    net_income: f64,
    return_on_assets: f64,
    debt_to_assets: f64,
    current_ratio: f64,
    shares: f64,
    gross_margin: f64,
    asset_turnover: f64,
}

impl Year {
    fn new(mut ask: impl FnMut(Amount, When) -> Result<f64, Why>, when: When) -> Result<Self, Why> {
        let asked = [
            NetIncome,
            Assets,
            LongTermDebt,
            CurrentAssets,
            CurrentLiabilities,
            Shares,
            GrossProfit,
            Revenue,
        ]
        .map(|amount| ask(amount, when));
        let [income, assets, debt, current_assets, current_liabilities, shares, gross_profit, revenue] =
            asked;
        let (net_income, assets, revenue) = (income?, assets?, revenue?);
        let (of_assets, of_liabilities, of_revenue) = match when {
            Now => ("total assets", "current liabilities", "revenue"),
            YearBefore => {
                ("total assets a year before", "current liabilities a year before", "revenue a year before")
            }
        };
        Ok(Self {
            net_income,
            return_on_assets: over(net_income, assets, of_assets)?,
            debt_to_assets: over(debt?, assets, of_assets)?,
            current_ratio: over(current_assets?, current_liabilities?, of_liabilities)?,
            shares: shares?,
            gross_margin: over(gross_profit?, revenue, of_revenue)?,
            asset_turnover: over(revenue, assets, of_assets)?,
        })
    }
}

/// The quotient, where the denominator is above 0.
fn over(numerator: f64, denominator: f64, what: &'static str) -> Result<f64, Why> {
    if denominator > 0.0 { Ok(numerator / denominator) } else { Err(Why::NotAboveZero(what)) }
}

fn over_assets(amount: Result<f64, Why>, assets: Result<f64, Why>) -> Result<f64, Why> {
    over(amount?, assets?, "total assets")
}

fn over_revenue(amount: Result<f64, Why>, revenue: Result<f64, Why>) -> Result<f64, Why> {
    over(amount?, revenue?, "revenue")
}

/// new / old − 1, where the base is above 0 and not too small.
fn rise(new: f64, old: f64, what: &'static str) -> Result<f64, Why> {
    if old <= 0.0 {
        return Err(Why::NotAboveZero(what));
    }
    if old < LEAST_BASE {
        return Err(Why::SmallBase(what));
    }
    Ok(new / old - 1.0)
}
