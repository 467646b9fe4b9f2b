//! The names of the statement factors.

use StatementFactor::{
    Accruals, AssetGrowth, BookToPrice, CashflowToPrice, CfoToAssets, CurrentRatio, EarningsVariability,
    EarningsYield, EbitdaToEv, EpsGrowth, FcfYield, GrossMargin, GrossProfitability, Leverage,
    OperatingMargin, PiotroskiF, Roa, Roe, SalesGrowth, SalesToPrice,
};

/// How many factors come from financial statements.
pub const STATEMENT_FACTOR_COUNT: usize = 20;

/// How many of them the price moves every day: the first ones.
pub(super) const PRICED_COUNT: usize = 6;

/// A factor from financial statements. TTM is trailing twelve months, ME market value of equity, BE book equity, AT total
/// assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatementFactor {
    /// Net income (TTM) / ME.
    EarningsYield,
    /// BE / ME.
    BookToPrice,
    /// Revenue (TTM) / ME.
    SalesToPrice,
    /// Operating cash flow (TTM) / ME.
    CashflowToPrice,
    /// (Operating cash flow − capital expenditure) (TTM) / ME.
    FcfYield,
    /// EBITDA (TTM) / (ME + debt − cash).
    EbitdaToEv,
    /// Net income (TTM) / BE.
    Roe,
    /// Net income (TTM) / AT.
    Roa,
    /// Gross profit (TTM) / AT; null for financials.
    GrossProfitability,
    /// Gross profit / revenue (TTM).
    GrossMargin,
    /// Operating income / revenue (TTM).
    OperatingMargin,
    /// Operating cash flow (TTM) / AT.
    CfoToAssets,
    /// (Net income − operating cash flow) (TTM) / AT.
    Accruals,
    /// Debt / AT.
    Leverage,
    /// Current assets / current liabilities.
    CurrentRatio,
    /// Sample standard deviation of the last 5 yearly growths of annual EPS; at least 3.
    EarningsVariability,
    /// Piotroski's score, 0 to 9.
    PiotroskiF,
    /// Revenue (TTM) / revenue (TTM a year before) − 1.
    SalesGrowth,
    /// (EPS − EPS a year before) / abs(EPS a year before), TTM diluted.
    EpsGrowth,
    /// AT / AT a year before − 1.
    AssetGrowth,
}

impl StatementFactor {
    /// All factors in the order of every array.
    pub const ALL: [Self; STATEMENT_FACTOR_COUNT] = [
        EarningsYield,
        BookToPrice,
        SalesToPrice,
        CashflowToPrice,
        FcfYield,
        EbitdaToEv,
        Roe,
        Roa,
        GrossProfitability,
        GrossMargin,
        OperatingMargin,
        CfoToAssets,
        Accruals,
        Leverage,
        CurrentRatio,
        EarningsVariability,
        PiotroskiF,
        SalesGrowth,
        EpsGrowth,
        AssetGrowth,
    ];

    /// Published name.
    pub fn name(self) -> &'static str {
        match self {
            EarningsYield => "earnings_yield",
            BookToPrice => "book_to_price",
            SalesToPrice => "sales_to_price",
            CashflowToPrice => "cashflow_to_price",
            FcfYield => "fcf_yield",
            EbitdaToEv => "ebitda_to_ev",
            Roe => "roe",
            Roa => "roa",
            GrossProfitability => "gross_profitability",
            GrossMargin => "gross_margin",
            OperatingMargin => "operating_margin",
            CfoToAssets => "cfo_to_assets",
            Accruals => "accruals",
            Leverage => "leverage",
            CurrentRatio => "current_ratio",
            EarningsVariability => "earnings_variability",
            PiotroskiF => "piotroski_f",
            SalesGrowth => "sales_growth",
            EpsGrowth => "eps_growth",
            AssetGrowth => "asset_growth",
        }
    }

    /// The factor of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|factor| factor.name() == name)
    }
}
