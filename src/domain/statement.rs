//! One filing's word on one period as the arithmetic reads it: when it counts, on which split basis it is, and its numbers.

use chrono::{Days, Months, NaiveDate};
use serde::Serialize;

use super::calendar::{FIRST_DAY, nyse};

/// The length of a statement's period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Timeframe {
    /// A fiscal quarter.
    Quarterly,
    /// A fiscal year.
    Annual,
    /// Four quarters up to the period's end. Stored as filed; the arithmetic makes its own and does not read it.
    TrailingTwelveMonths,
}

impl Timeframe {
    /// The vendor's name, which the table uses too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quarterly => "quarterly",
            Self::Annual => "annual",
            Self::TrailingTwelveMonths => "trailing_twelve_months",
        }
    }

    /// The timeframe of that name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Quarterly, Self::Annual, Self::TrailingTwelveMonths].into_iter().find(|one| one.name() == name)
    }
}

/// How many numbers of a statement the factors read.
pub const FIELD_COUNT: usize = 20;

/// A number of a statement that a factor reads: the place in [`Statement::values`]. Currency unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Net income of the common shareholders.
    NetIncomeToCommon,
    /// Net income of the whole group.
    NetIncomeConsolidated,
    /// Sales of the period.
    Revenue,
    /// Revenue less its direct costs.
    GrossProfit,
    /// Income from operations.
    OperatingIncome,
    /// Earnings before interest, taxes, depreciation and amortisation.
    Ebitda,
    /// Depreciation, depletion and amortisation as the income statement gives it.
    DepreciationOfIncome,
    /// The same as the cash flow statement gives it.
    DepreciationOfCashFlow,
    /// Cash from operations.
    OperatingCashFlow,
    /// Paid for property, plant and equipment; usually negative.
    PropertyPurchases,
    /// Earnings a diluted share, on the split basis of the filing.
    DilutedEps,
    /// Shares, average of the period, on the split basis of the filing.
    BasicShares,
    /// All assets.
    TotalAssets,
    /// Assets that become cash within a year.
    CurrentAssets,
    /// Liabilities due within a year.
    CurrentLiabilities,
    /// Equity of the parent's shareholders.
    ParentEquity,
    /// Equity, minorities included.
    TotalEquity,
    /// Debt and capital leases due after a year.
    LongTermDebt,
    /// Debt due within a year.
    DebtCurrent,
    /// Cash and what is as good as cash.
    Cash,
}

impl Field {
    /// All fields in the order of [`Statement::values`].
    pub const ALL: [Self; FIELD_COUNT] = [
        Self::NetIncomeToCommon,
        Self::NetIncomeConsolidated,
        Self::Revenue,
        Self::GrossProfit,
        Self::OperatingIncome,
        Self::Ebitda,
        Self::DepreciationOfIncome,
        Self::DepreciationOfCashFlow,
        Self::OperatingCashFlow,
        Self::PropertyPurchases,
        Self::DilutedEps,
        Self::BasicShares,
        Self::TotalAssets,
        Self::CurrentAssets,
        Self::CurrentLiabilities,
        Self::ParentEquity,
        Self::TotalEquity,
        Self::LongTermDebt,
        Self::DebtCurrent,
        Self::Cash,
    ];

    /// The column of the table `statements`.
    pub fn column(self) -> &'static str {
        match self {
            Self::NetIncomeToCommon => "net_income_loss_attributable_common_shareholders",
            Self::NetIncomeConsolidated => "consolidated_net_income_loss",
            Self::Revenue => "revenue",
            Self::GrossProfit => "gross_profit",
            Self::OperatingIncome => "operating_income",
            Self::Ebitda => "ebitda",
            Self::DepreciationOfIncome => "depreciation_depletion_amortization",
            Self::DepreciationOfCashFlow => "depreciation_depletion_and_amortization",
            Self::OperatingCashFlow => "net_cash_from_operating_activities",
            Self::PropertyPurchases => "purchase_of_property_plant_and_equipment",
            Self::DilutedEps => "diluted_earnings_per_share",
            Self::BasicShares => "basic_shares_outstanding",
            Self::TotalAssets => "total_assets",
            Self::CurrentAssets => "total_current_assets",
            Self::CurrentLiabilities => "total_current_liabilities",
            Self::ParentEquity => "total_equity_attributable_to_parent",
            Self::TotalEquity => "total_equity",
            Self::LongTermDebt => "long_term_debt_and_capital_lease_obligations",
            Self::DebtCurrent => "debt_current",
            Self::Cash => "cash_and_equivalents",
        }
    }
}

/// One filing's word on one period.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Last day of the period.
    pub period_end: NaiveDate,
    /// Length of the period.
    pub timeframe: Timeframe,
    /// Day of the filing.
    pub filing_date: NaiveDate,
    /// First session on which it may be used: the one after the filing date.
    pub usable_from: i32,
    /// Session whose split basis its shares and earnings a share are on: the last one up to the filing date.
    pub filed: i32,
    /// Last session on which its period may be the latest one: up to [`expiry`]. Every statement of a period has the same.
    pub usable_through: i32,
    /// Numbers by [`Field`]; NaN is null, and nothing else that is not finite is among them.
    pub values: [f64; FIELD_COUNT],
}

impl Statement {
    /// The statement in its place in the calendar; none where there is no session up to the filing date or none after it.
    /// A number that is not finite is null, and so is a share count that is not above 0.
    pub fn new(
        period_end: NaiveDate,
        timeframe: Timeframe,
        filing_date: NaiveDate,
        mut values: [f64; FIELD_COUNT],
    ) -> Option<Self> {
        let filed = nyse().at_or_before(filing_date)?;
        let usable_from = nyse().at_or_after(filing_date.checked_add_days(Days::new(1))?)?;
        let expiry = expiry(period_end);
        let usable_through = match nyse().at_or_before(expiry) {
            Some(session) => session,
            None if expiry > FIRST_DAY => i32::MAX,
            None => i32::MIN,
        };
        for value in &mut values {
            if !value.is_finite() {
                *value = f64::NAN;
            }
        }
        let shares = &mut values[Field::BasicShares as usize];
        if *shares <= 0.0 {
            *shares = f64::NAN;
        }
        Some(Self { period_end, timeframe, filing_date, usable_from, filed, usable_through, values })
    }

    /// Sorts the statements of one instrument so that, applied in order, the later filing wins; of one day's filings the
    /// shorter timeframe does.
    pub fn sort(statements: &mut [Self]) {
        let longer_first = |timeframe| std::cmp::Reverse::<Timeframe>(timeframe);
        statements.sort_unstable_by_key(|one| (one.filing_date, longer_first(one.timeframe), one.period_end));
    }
}

/// The last day on which a period may be the latest one: 18 months after its end, on the same day of the month, or on the
/// month's last day where it is shorter.
pub fn expiry(period_end: NaiveDate) -> NaiveDate {
    period_end.checked_add_months(Months::new(18)).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn filed(period_end: &str, filing_date: &str) -> Option<Statement> {
        Statement::new(day(period_end), Timeframe::Quarterly, day(filing_date), [1.0; FIELD_COUNT])
    }

    #[test]
    fn a_statement_is_used_from_the_session_after_its_filing_and_on_the_basis_of_the_one_up_to_it() {
        for (filing, basis, first) in [
            ("2024-07-03", "2024-07-03", "2024-07-05"),
            ("2024-07-04", "2024-07-03", "2024-07-05"),
            ("2024-07-05", "2024-07-05", "2024-07-08"),
            ("2024-07-06", "2024-07-05", "2024-07-08"),
        ] {
            let statement = filed("2024-03-31", filing).unwrap();
            let sessions = (nyse().number(day(basis)), nyse().number(day(first)));
            assert_eq!((Some(statement.filed), Some(statement.usable_from)), sessions, "{filing}");
        }
    }

    #[test]
    fn a_period_is_the_latest_for_at_most_eighteen_months_that_day_included() {
        for (end, last) in [
            ("2014-06-30", "2015-12-30"),
            ("2014-09-27", "2016-03-24"),
            ("2014-08-31", "2016-02-29"),
            ("2014-12-31", "2016-06-30"),
        ] {
            let statement = filed(end, "2015-01-15").unwrap();
            assert_eq!(Some(statement.usable_through), nyse().number(day(last)), "{end}");
        }
    }

    #[test]
    fn what_lies_outside_of_the_calendar_takes_no_effect() {
        assert_eq!(filed("1969-09-30", "1969-12-31"), None);
        assert_eq!(filed("2099-09-30", "2099-12-31"), None);
        assert_eq!(filed("2099-09-30", "2099-12-01").unwrap().usable_through, i32::MAX);
        assert_eq!(filed("1960-09-30", "1975-12-01").unwrap().usable_through, i32::MIN);
    }

    #[test]
    fn of_one_day_s_filings_the_shorter_timeframe_and_then_the_later_period_comes_last() {
        let on = |end: &str, timeframe, filing: &str| {
            Statement::new(day(end), timeframe, day(filing), [1.0; FIELD_COUNT]).unwrap()
        };
        let sorted = [
            on("2014-09-30", Timeframe::Quarterly, "2014-11-03"),
            on("2014-12-31", Timeframe::Annual, "2015-03-02"),
            on("2013-12-31", Timeframe::Quarterly, "2015-03-02"),
            on("2014-12-31", Timeframe::Quarterly, "2015-03-02"),
        ];
        let mut shuffled = [2, 3, 0, 1].map(|place: usize| sorted[place].clone());
        Statement::sort(&mut shuffled);
        assert_eq!(shuffled, sorted);
    }

    #[test]
    fn absurd_numbers_are_null_and_negative_ones_are_not() {
        let mut values = [-1.0; FIELD_COUNT];
        values[Field::Revenue as usize] = f64::INFINITY;
        let statement =
            Statement::new(day("2014-12-31"), Timeframe::Annual, day("2015-03-02"), values).unwrap();
        for (field, value) in Field::ALL.into_iter().zip(statement.values) {
            let null = matches!(field, Field::Revenue | Field::BasicShares);
            assert!(if null { value.is_nan() } else { value == -1.0 }, "{field:?}");
        }
    }

    #[test]
    fn a_field_stands_at_its_place() {
        for (place, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!(field as usize, place);
        }
    }
}
