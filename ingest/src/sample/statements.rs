//! Made-up quarterly statements, in the shape of the vendor's replies: income, balance sheet and cash flow that
//! agree with each other, each filed some weeks after its quarter.

use super::random::Random;
use chrono::{Datelike, Days, NaiveDate};
use serde::Serialize;

/// What a company's statements start from.
#[derive(Debug, Clone)]
pub(super) struct Company {
    pub(super) ticker: String,
    /// Price and shares outstanding before the first session.
    pub(super) price: f64,
    pub(super) shares: f64,
    /// Execution dates of its splits, with new shares for an old one.
    pub(super) splits: Vec<(NaiveDate, f64)>,
}

/// One quarter's three statements.
#[derive(Debug)]
pub(super) struct Quarter {
    pub(super) income: IncomeStatement,
    pub(super) balance: BalanceSheet,
    pub(super) cash_flow: CashFlowStatement,
}

/// What every statement starts with.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Heading {
    pub(super) tickers: [String; 1],
    pub(super) period_end: NaiveDate,
    pub(super) filing_date: NaiveDate,
    pub(super) fiscal_year: f64,
    pub(super) fiscal_quarter: f64,
    pub(super) timeframe: &'static str,
}

/// Dollars; shares and earnings a share on the split basis of the filing date.
#[derive(Debug, Serialize)]
pub(super) struct IncomeStatement {
    #[serde(flatten)]
    pub(super) heading: Heading,
    revenue: f64,
    cost_of_revenue: f64,
    gross_profit: f64,
    operating_income: f64,
    ebitda: f64,
    income_before_income_taxes: f64,
    income_taxes: f64,
    consolidated_net_income_loss: f64,
    net_income_loss_attributable_common_shareholders: f64,
    basic_earnings_per_share: f64,
    diluted_earnings_per_share: f64,
    pub(super) basic_shares_outstanding: f64,
    diluted_shares_outstanding: f64,
}

/// Dollars at the quarter's end.
#[derive(Debug, Serialize)]
pub(super) struct BalanceSheet {
    #[serde(flatten)]
    heading: Heading,
    cash_and_equivalents: f64,
    total_current_assets: f64,
    property_plant_equipment_net: f64,
    total_assets: f64,
    debt_current: f64,
    total_current_liabilities: f64,
    long_term_debt_and_capital_lease_obligations: f64,
    total_liabilities: f64,
    total_equity: f64,
    total_equity_attributable_to_parent: f64,
    total_liabilities_and_equity: f64,
}

/// Dollars of the quarter.
#[derive(Debug, Serialize)]
pub(super) struct CashFlowStatement {
    #[serde(flatten)]
    heading: Heading,
    net_income: f64,
    depreciation_depletion_and_amortization: f64,
    net_cash_from_operating_activities: f64,
    purchase_of_property_plant_and_equipment: f64,
    net_cash_from_investing_activities: f64,
    net_cash_from_financing_activities: f64,
}

/// The statements with a filing date from nine quarters before `from` up to, but without, `until`.
pub(super) fn quarters(
    company: &Company,
    mut random: Random,
    from: NaiveDate,
    until: NaiveDate,
) -> Vec<Quarter> {
    let size = company.price * company.shares;
    let mut revenue = size * random.between(0.04, 0.4);
    let growth = random.between(-0.01, 0.04);
    let gross_margin = random.between(0.15, 0.75);
    let overhead = gross_margin * random.between(0.4, 1.15);
    let leverage = random.between(0.2, 0.8);
    let filing_lag = 25 + random.below(20) as u64;
    let mut assets = size * random.between(0.3, 2.0);
    let mut shares = company.shares;

    quarter_ends(from, until)
        .map(|period_end| {
            revenue *= 1.0 + growth + 0.04 * random.gaussian();
            assets *= 1.0 + 0.5 * growth + 0.01 * random.gaussian();
            shares *= 1.0 + 0.002 * random.gaussian();
            let filing_date = period_end + Days::new(filing_lag + random.below(8) as u64);
            let basis: f64 = company
                .splits
                .iter()
                .filter(|(execution_date, _)| *execution_date <= filing_date)
                .map(|(_, new_for_old)| new_for_old)
                .product();
            let heading = Heading {
                tickers: [company.ticker.clone()],
                period_end,
                filing_date,
                fiscal_year: f64::from(period_end.year()),
                fiscal_quarter: f64::from(period_end.month() / 3),
                timeframe: "quarterly",
            };
            let gross_profit = (revenue * (gross_margin + 0.01 * random.gaussian())).round();
            let operating_income = (gross_profit - revenue * overhead).round();
            let depreciation = (assets * 0.01).round();
            let interest = (assets * leverage * 0.006).round();
            let before_taxes = operating_income - interest;
            let taxes = (before_taxes.max(0.0) * 0.21).round();
            let net_income = before_taxes - taxes;
            let operating_cash = (net_income + depreciation + revenue * 0.02 * random.gaussian()).round();
            let investment = (depreciation * random.between(0.6, 1.6)).round();
            let basic_shares = (shares * basis).round();
            let diluted_shares = (shares * basis * 1.015).round();
            let per_share = |shares: f64| (net_income / shares * 100.0).round() / 100.0;
            let total_assets = assets.round();
            let current_assets = (total_assets * random.between(0.3, 0.4)).round();
            let liabilities = (total_assets * leverage).round();
            let current_liabilities = (liabilities * random.between(0.3, 0.45)).round();
            Quarter {
                income: IncomeStatement {
                    heading: heading.clone(),
                    revenue: revenue.round(),
                    cost_of_revenue: revenue.round() - gross_profit,
                    gross_profit,
                    operating_income,
                    ebitda: operating_income + depreciation,
                    income_before_income_taxes: before_taxes,
                    income_taxes: taxes,
                    consolidated_net_income_loss: net_income,
                    net_income_loss_attributable_common_shareholders: net_income,
                    basic_earnings_per_share: per_share(basic_shares),
                    diluted_earnings_per_share: per_share(diluted_shares),
                    basic_shares_outstanding: basic_shares,
                    diluted_shares_outstanding: diluted_shares,
                },
                balance: BalanceSheet {
                    heading: heading.clone(),
                    cash_and_equivalents: (current_assets * 0.3).round(),
                    total_current_assets: current_assets,
                    property_plant_equipment_net: (total_assets * 0.25).round(),
                    total_assets,
                    debt_current: (current_liabilities * 0.2).round(),
                    total_current_liabilities: current_liabilities,
                    long_term_debt_and_capital_lease_obligations: (liabilities * 0.35).round(),
                    total_liabilities: liabilities,
                    total_equity: total_assets - liabilities,
                    total_equity_attributable_to_parent: total_assets - liabilities,
                    total_liabilities_and_equity: total_assets,
                },
                cash_flow: CashFlowStatement {
                    heading,
                    net_income,
                    depreciation_depletion_and_amortization: depreciation,
                    net_cash_from_operating_activities: operating_cash,
                    purchase_of_property_plant_and_equipment: -investment,
                    net_cash_from_investing_activities: -investment,
                    net_cash_from_financing_activities: ((investment - operating_cash) * 0.8).round(),
                },
            }
        })
        .filter(|quarter| quarter.income.heading.filing_date < until)
        .collect()
}

/// The last days of March, June, September and December, from nine quarters before `from`, below `until`.
fn quarter_ends(from: NaiveDate, until: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    let first = from.year() * 4 + from.month0() as i32 / 3 - 9;
    (first..)
        .map_while(|quarter| {
            let next = quarter + 1;
            NaiveDate::from_ymd_opt(next.div_euclid(4), next.rem_euclid(4) as u32 * 3 + 1, 1)?.pred_opt()
        })
        .take_while(move |period_end| *period_end < until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn company() -> Company {
        let splits = vec![(date("2024-05-15"), 2.0)];
        Company { ticker: "TDM0002".to_owned(), price: 50.0, shares: 1e7, splits }
    }

    fn example() -> Vec<Quarter> {
        quarters(&company(), Random::new(1, 1), date("2024-01-02"), date("2025-01-01"))
    }

    #[test]
    fn quarters_begin_nine_before_and_end_with_the_last_one_filed() {
        let quarters = example();
        let first = &quarters[0].income.heading;
        assert_eq!(
            (first.period_end, first.fiscal_year, first.fiscal_quarter),
            (date("2021-12-31"), 2021.0, 4.0)
        );
        let last = &quarters[quarters.len() - 1].income.heading;
        assert_eq!((last.period_end, last.fiscal_quarter), (date("2024-09-30"), 3.0));
    }

    #[test]
    fn a_statement_is_filed_some_weeks_after_its_quarter() {
        for quarter in example() {
            let heading = &quarter.income.heading;
            let lag = (heading.filing_date - heading.period_end).num_days();
            assert!((25..=52).contains(&lag), "{lag}");
        }
    }

    #[test]
    fn shares_are_on_the_split_basis_of_the_filing_date() {
        let shares: Vec<_> = example()
            .iter()
            .map(|q| (q.income.heading.filing_date, q.income.basic_shares_outstanding))
            .collect();
        for pair in shares.windows(2) {
            let expected =
                if pair[0].0 < date("2024-05-15") && pair[1].0 >= date("2024-05-15") { 2.0 } else { 1.0 };
            let ratio = pair[1].1 / pair[0].1;
            assert!((ratio / expected - 1.0).abs() < 0.02, "{pair:?}");
        }
    }

    #[test]
    fn the_statements_agree_with_each_other() {
        for Quarter { income, balance, cash_flow } in example() {
            assert_eq!(income.revenue - income.cost_of_revenue, income.gross_profit);
            assert_eq!(balance.total_liabilities + balance.total_equity, balance.total_assets);
            assert_eq!(income.consolidated_net_income_loss, cash_flow.net_income);
            assert!(balance.total_current_assets < balance.total_assets);
        }
    }
}
