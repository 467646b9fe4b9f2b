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

/// The factor's value, or why it is null.
///
/// - **Reads** amounts through `ask`, all that the formula names before it looks at any; `market_equity` in currency, NaN
///   where it is unknown.
/// - **Gives** a number that may still not be finite.
pub fn formula(
    factor: StatementFactor,
    financial: bool,
    market_equity: f64,
    mut ask: impl FnMut(Amount, When) -> Result<f64, Why>,
) -> Result<f64, Why> {
    match factor {
        StatementFactor::EarningsYield => ask(NetIncome, Now)?.over_market(market_equity),
        StatementFactor::BookToPrice => ask(BookEquity, Now)?.over_market(market_equity),
        StatementFactor::SalesToPrice => ask(Revenue, Now)?.over_market(market_equity),
        StatementFactor::CashflowToPrice => ask(OperatingCashFlow, Now)?.over_market(market_equity),
        StatementFactor::FcfYield => {
            let (cash_flow, purchases) = (ask(OperatingCashFlow, Now), ask(CapitalExpenditure, Now));
            (cash_flow? - purchases?).over_market(market_equity)
        }
        StatementFactor::EbitdaToEv => {
            let (ebitda, debt, cash) = (ask(Ebitda, Now), ask(Debt, Now), ask(Cash, Now));
            let (ebitda, value) = (ebitda?, enterprise_value(market_equity, debt?, cash?)?);
            ebitda.over(value, "enterprise value")
        }
        StatementFactor::Roe => {
            let (income, equity) = (ask(NetIncome, Now), ask(BookEquity, Now));
            income?.over(equity?, "book equity")
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
            assets?.over(liabilities?, "current liabilities")
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
    }
}

/// Market value of equity + debt − cash.
pub fn enterprise_value(market_equity: f64, debt: f64, cash: f64) -> Result<f64, Why> {
    if market_equity.is_nan() {
        return Err(Why::MarketValueUnknown);
    }
    Ok(market_equity + debt - cash)
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
            return_on_assets: net_income.over(assets, of_assets)?,
            debt_to_assets: debt?.over(assets, of_assets)?,
            current_ratio: current_assets?.over(current_liabilities?, of_liabilities)?,
            shares: shares?,
            gross_margin: gross_profit?.over(revenue, of_revenue)?,
            asset_turnover: revenue.over(assets, of_assets)?,
        })
    }
}

trait Over {
    /// The quotient, where the denominator is above 0.
    fn over(self, denominator: f64, what: &'static str) -> Result<f64, Why>;
    /// The quotient by the market value of equity.
    fn over_market(self, market_equity: f64) -> Result<f64, Why>;
}

impl Over for f64 {
    fn over(self, denominator: f64, what: &'static str) -> Result<f64, Why> {
        if denominator > 0.0 { Ok(self / denominator) } else { Err(Why::NotAboveZero(what)) }
    }

    fn over_market(self, market_equity: f64) -> Result<f64, Why> {
        if market_equity.is_nan() {
            return Err(Why::MarketValueUnknown);
        }
        self.over(market_equity, "market value")
    }
}

fn over_assets(amount: Result<f64, Why>, assets: Result<f64, Why>) -> Result<f64, Why> {
    amount?.over(assets?, "total assets")
}

fn over_revenue(amount: Result<f64, Why>, revenue: Result<f64, Why>) -> Result<f64, Why> {
    amount?.over(revenue?, "revenue")
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
