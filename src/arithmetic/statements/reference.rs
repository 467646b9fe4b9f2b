//! The definitions once more, written straight from their text as filters over the whole list of filings: slow, one value at
//! a time, by dates instead of sessions. The tests hold the cursor against it.

use std::collections::BTreeSet;

use chrono::{Months, NaiveDate};

use super::sample::{Annual, Company, Quarterly};
use crate::domain::calendar::nyse;
use crate::domain::statement::{Field, Statement, Timeframe};

/// An instrument on one session, as the text of the definitions speaks of it.
pub struct Naive<'a> {
    company: &'a Company,
    session: i32,
    market_equity: f64,
}

type Number = Option<f64>;

fn over(numerator: f64, denominator: f64) -> Number {
    (denominator > 0.0).then(|| numerator / denominator)
}

fn positive_growth(new: f64, old: f64) -> Number {
    (old >= 1e-9).then(|| new / old - 1.0)
}

impl<'a> Naive<'a> {
    pub fn new(company: &'a Company, session: i32, market_equity: f64) -> Self {
        Self { company, session, market_equity }
    }

    /// The factor, null where it has no value.
    pub fn value(&self, factor: &str) -> Number {
        let p = self.latest()?;
        let y = || self.year_before(p);
        let me = (self.market_equity > 0.0).then_some(self.market_equity);
        let value = match factor {
            "earnings_yield" => over(self.ttm("net income", p)?, me?)?,
            "book_to_price" => over(self.balance("book equity", p)?, me?)?,
            "sales_to_price" => over(self.ttm("revenue", p)?, me?)?,
            "cashflow_to_price" => over(self.ttm("cash flow", p)?, me?)?,
            "fcf_yield" => over(self.ttm("cash flow", p)? - self.ttm("purchases", p)?, me?)?,
            "ebitda_to_ev" => {
                let value = me? + self.balance("debt", p)? - self.balance("cash", p)?;
                over(self.ttm("ebitda", p)?, value)?
            }
            "roe" => over(self.ttm("net income", p)?, self.balance("book equity", p)?)?,
            "roa" => over(self.ttm("net income", p)?, self.balance("assets", p)?)?,
            "gross_profitability" if self.company.financial => return None,
            "gross_profitability" => over(self.ttm("gross profit", p)?, self.balance("assets", p)?)?,
            "gross_margin" => over(self.ttm("gross profit", p)?, self.ttm("revenue", p)?)?,
            "operating_margin" => over(self.ttm("operating income", p)?, self.ttm("revenue", p)?)?,
            "cfo_to_assets" => over(self.ttm("cash flow", p)?, self.balance("assets", p)?)?,
            "accruals" => {
                let accruals = self.ttm("net income", p)? - self.ttm("cash flow", p)?;
                over(accruals, self.balance("assets", p)?)?
            }
            "leverage" => over(self.balance("debt", p)?, self.balance("assets", p)?)?,
            "current_ratio" => {
                over(self.balance("current assets", p)?, self.balance("current liabilities", p)?)?
            }
            "earnings_variability" => self.earnings_variability()?,
            "piotroski_f" => self.piotroski(p, y()?)?,
            "sales_growth" => positive_growth(self.ttm("revenue", p)?, self.ttm("revenue", y()?)?)?,
            "eps_growth" => {
                let (new, old) = (self.ttm("eps", p)?, self.ttm("eps", y()?)?);
                (old.abs() >= 1e-9).then(|| (new - old) / old.abs())?
            }
            "asset_growth" => positive_growth(self.balance("assets", p)?, self.balance("assets", y()?)?)?,
            other => panic!("{other}"),
        };
        Some(value)
    }

    fn usable(&self) -> impl Iterator<Item = &'a Statement> {
        let today = nyse().date(self.session).expect("a session");
        let statements = self.company.statements.iter();
        statements
            .filter(move |one| one.filing_date < today && one.timeframe != Timeframe::TrailingTwelveMonths)
    }

    fn ends(&self) -> BTreeSet<NaiveDate> {
        self.usable().map(|one| one.period_end).collect()
    }

    fn latest(&self) -> Option<NaiveDate> {
        let today = nyse().date(self.session)?;
        self.ends().pop_last().filter(|end| today <= *end + Months::new(18))
    }

    fn between(ends: &BTreeSet<NaiveDate>, end: NaiveDate, least: i64, most: i64) -> Option<NaiveDate> {
        ends.iter().copied().filter(|one| (least..=most).contains(&(end - *one).num_days())).max()
    }

    fn year_before(&self, end: NaiveDate) -> Option<NaiveDate> {
        Self::between(&self.ends(), end, 350, 380)
    }

    fn has_year(&self, end: NaiveDate) -> bool {
        self.usable().any(|one| one.period_end == end && one.timeframe == Annual)
    }

    /// The field of a period, as the latest filing that gives it has it, on today's basis; of a timeframe or of either.
    fn field(&self, field: Field, end: NaiveDate, timeframe: Option<Timeframe>) -> Number {
        let giving = self.usable().filter(|one| {
            one.period_end == end
                && timeframe.is_none_or(|timeframe| one.timeframe == timeframe)
                && !one.values[field as usize].is_nan()
        });
        let latest = giving.max_by_key(|one| (one.filing_date, one.timeframe == Quarterly))?;
        let since = |split: &&crate::domain::history::Split| {
            latest.filed < split.session && split.session <= self.session
        };
        let ratio: f64 = self.company.splits.iter().filter(since).map(|split| split.ratio).product();
        let value = latest.values[field as usize];
        Some(match field {
            Field::DilutedEps => value / ratio,
            Field::BasicShares => value * ratio,
            _ => value,
        })
    }

    /// The flow of one quarter or year, with its fallbacks.
    fn flow(&self, what: &str, end: NaiveDate, timeframe: Timeframe) -> Number {
        let field = |field| self.field(field, end, Some(timeframe));
        match what {
            "net income" => field(Field::NetIncomeToCommon).or(field(Field::NetIncomeConsolidated)),
            "revenue" => field(Field::Revenue),
            "gross profit" => field(Field::GrossProfit),
            "operating income" => field(Field::OperatingIncome),
            "cash flow" => field(Field::OperatingCashFlow),
            "purchases" => field(Field::PropertyPurchases).map(f64::abs),
            "eps" => field(Field::DilutedEps),
            "ebitda" => field(Field::Ebitda).or_else(|| {
                let depreciation =
                    field(Field::DepreciationOfIncome).or(field(Field::DepreciationOfCashFlow));
                Some(field(Field::OperatingIncome)? + depreciation?)
            }),
            other => panic!("{other}"),
        }
    }

    /// Trailing twelve months at a period's end.
    fn ttm(&self, what: &str, end: NaiveDate) -> Number {
        if self.has_year(end) {
            return self.flow(what, end, Annual);
        }
        let mut quarters = vec![end];
        while quarters.len() < 7
            && let Some(earlier) = Self::between(&self.ends(), quarters[quarters.len() - 1], 80, 101)
        {
            quarters.push(earlier);
        }
        let quarter = |at: usize| {
            let given = |at: usize| self.flow(what, *quarters.get(at)?, Quarterly);
            given(at).or_else(|| {
                let year = self.flow(what, *quarters.get(at)?, Annual)?;
                Some(year - (given(at + 3)? + given(at + 2)? + given(at + 1)?))
            })
        };
        Some(quarter(3)? + quarter(2)? + quarter(1)? + quarter(0)?)
    }

    fn balance(&self, what: &str, end: NaiveDate) -> Number {
        let field = |field| self.field(field, end, None);
        match what {
            "assets" => field(Field::TotalAssets),
            "current assets" => field(Field::CurrentAssets),
            "current liabilities" => field(Field::CurrentLiabilities),
            "book equity" => field(Field::ParentEquity).or(field(Field::TotalEquity)),
            "long-term debt" => field(Field::LongTermDebt),
            "debt" => {
                let parts = [field(Field::LongTermDebt), field(Field::DebtCurrent)];
                parts.iter().any(Option::is_some).then(|| parts.into_iter().flatten().sum())
            }
            "cash" => field(Field::Cash),
            "shares" => field(Field::BasicShares),
            other => panic!("{other}"),
        }
    }

    fn earnings_variability(&self) -> Number {
        let years: BTreeSet<NaiveDate> = self.ends().into_iter().filter(|end| self.has_year(*end)).collect();
        let growth = |end: &NaiveDate| {
            let base = Self::between(&years, *end, 350, 380)?;
            let (new, old) = (self.flow("eps", *end, Annual)?, self.flow("eps", base, Annual)?);
            (old.abs() >= 1e-9).then(|| (new - old) / old.abs())
        };
        let mut growths: Vec<f64> = years.iter().filter_map(growth).collect();
        growths.drain(..growths.len().saturating_sub(5));
        if growths.len() < 3 {
            return None;
        }
        let mean = growths.iter().sum::<f64>() / growths.len() as f64;
        let squares: f64 = growths.iter().map(|growth| (growth - mean).powi(2)).sum();
        Some((squares / (growths.len() - 1) as f64).sqrt())
    }

    fn piotroski(&self, p: NaiveDate, y: NaiveDate) -> Number {
        let roa = |end| over(self.ttm("net income", end)?, self.balance("assets", end)?);
        let debt = |end| over(self.balance("long-term debt", end)?, self.balance("assets", end)?);
        let liquidity =
            |end| over(self.balance("current assets", end)?, self.balance("current liabilities", end)?);
        let margin = |end| over(self.ttm("gross profit", end)?, self.ttm("revenue", end)?);
        let turnover = |end| over(self.ttm("revenue", end)?, self.balance("assets", end)?);
        let cash_flow = self.ttm("cash flow", p)?;
        let conditions = [
            roa(p)? > 0.0,
            cash_flow > 0.0,
            roa(p)? > roa(y)?,
            cash_flow > self.ttm("net income", p)?,
            debt(p)? < debt(y)?,
            liquidity(p)? > liquidity(y)?,
            self.balance("shares", p)? <= self.balance("shares", y)? * (1.0 + 1e-9),
            margin(p)? > margin(y)?,
            turnover(p)? > turnover(y)?,
        ];
        Some(conditions.into_iter().filter(|met| *met).count() as f64)
    }
}
