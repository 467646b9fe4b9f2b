//! The names of the statement factors.

use StatementFactor::{
    Accruals, AssetGrowth, BookToPrice, CashflowToPrice, CfoToAssets, CurrentRatio, EarningsVariability,
    EarningsYield, EbitdaToEv, EpsGrowth, FcfYield, GrossMargin, GrossProfitability, Leverage,
    OperatingMargin, PiotroskiF, Roa, Roe, SalesGrowth, SalesToPrice,
};

use crate::arithmetic::catalogue::{STATEMENT_FACTOR_COUNT, STATEMENT_FACTORS};

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

    /// Whether the price moves it every day.
    pub fn is_priced(self) -> bool {
        (self as usize) < PRICED_COUNT
    }

    /// Published name.
    pub fn name(self) -> &'static str {
        STATEMENT_FACTORS[self as usize].name
    }

    /// The factor of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|factor| factor.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factors_have_the_order_of_the_catalogue() {
        for (place, factor) in StatementFactor::ALL.into_iter().enumerate() {
            assert_eq!(factor as usize, place);
            let letters = factor.name().replace('_', "");
            assert_eq!(format!("{factor:?}").to_lowercase(), letters);
            assert_eq!(StatementFactor::of(factor.name()), Some(factor));
        }
    }
}
