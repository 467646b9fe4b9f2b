//! The amounts that the formulas speak of: flows over twelve months, balances of a day, and how EPS varied.

use chrono::NaiveDate;

use super::known::{Chain, Found, Known, Of, YEAR};
use super::why::Why;
use crate::domain::history::{Split, split_ratio};
use crate::domain::statement::{Field, Timeframe};

/// An amount of a company at a period's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// Net income of twelve months, to common, else consolidated.
    NetIncome,
    /// Revenue of twelve months.
    Revenue,
    /// Gross profit of twelve months.
    GrossProfit,
    /// Operating income of twelve months.
    OperatingIncome,
    /// EBITDA of twelve months, as given, else operating income and depreciation.
    Ebitda,
    /// Operating cash flow of twelve months.
    OperatingCashFlow,
    /// Purchases of property, plant and equipment of twelve months, counted positive.
    CapitalExpenditure,
    /// Diluted EPS of twelve months.
    Eps,
    /// Total assets.
    Assets,
    /// Current assets.
    CurrentAssets,
    /// Current liabilities.
    CurrentLiabilities,
    /// Equity, the parent's, else total.
    BookEquity,
    /// Long-term debt alone.
    LongTermDebt,
    /// Long-term and current debt, those given.
    Debt,
    /// Cash.
    Cash,
    /// Basic shares.
    Shares,
    /// Standard deviation of the growths of annual EPS.
    EpsVariability,
}

/// How many amounts there are.
pub const AMOUNT_COUNT: usize = 17;

impl Amount {
    /// All amounts, by their place.
    pub const ALL: [Self; AMOUNT_COUNT] = [
        Self::NetIncome,
        Self::Revenue,
        Self::GrossProfit,
        Self::OperatingIncome,
        Self::Ebitda,
        Self::OperatingCashFlow,
        Self::CapitalExpenditure,
        Self::Eps,
        Self::Assets,
        Self::CurrentAssets,
        Self::CurrentLiabilities,
        Self::BookEquity,
        Self::LongTermDebt,
        Self::Debt,
        Self::Cash,
        Self::Shares,
        Self::EpsVariability,
    ];

    /// Those that some formula asks for a year before.
    pub const COMPARED: [Self; 9] = [
        Self::NetIncome,
        Self::Revenue,
        Self::GrossProfit,
        Self::Eps,
        Self::Assets,
        Self::CurrentAssets,
        Self::CurrentLiabilities,
        Self::LongTermDebt,
        Self::Shares,
    ];

    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::NetIncome => "net income (TTM)",
            Self::Revenue => "revenue (TTM)",
            Self::GrossProfit => "gross profit (TTM)",
            Self::OperatingIncome => "operating income (TTM)",
            Self::Ebitda => "EBITDA (TTM)",
            Self::OperatingCashFlow => "operating cash flow (TTM)",
            Self::CapitalExpenditure => "capital expenditure (TTM)",
            Self::Eps => "diluted EPS (TTM)",
            Self::Assets => "total assets",
            Self::CurrentAssets => "current assets",
            Self::CurrentLiabilities => "current liabilities",
            Self::BookEquity => "book equity",
            Self::LongTermDebt => "long-term debt",
            Self::Debt => "debt",
            Self::Cash => "cash",
            Self::Shares => "basic shares",
            Self::EpsVariability => "deviation of EPS growths",
        }
    }

    /// The fields that could have given it.
    pub fn given_by(self) -> &'static str {
        match self {
            Self::NetIncome => {
                "net income (net_income_loss_attributable_common_shareholders, else consolidated_net_income_loss)"
            }
            Self::Ebitda => "EBITDA (ebitda, else operating_income with depreciation)",
            Self::BookEquity => "equity (total_equity_attributable_to_parent, else total_equity)",
            Self::Debt => "debt (long_term_debt_and_capital_lease_obligations, debt_current)",
            Self::Revenue => Field::Revenue.column(),
            Self::GrossProfit => Field::GrossProfit.column(),
            Self::OperatingIncome => Field::OperatingIncome.column(),
            Self::OperatingCashFlow => Field::OperatingCashFlow.column(),
            Self::CapitalExpenditure => Field::PropertyPurchases.column(),
            Self::Eps | Self::EpsVariability => Field::DilutedEps.column(),
            Self::Assets => Field::TotalAssets.column(),
            Self::CurrentAssets => Field::CurrentAssets.column(),
            Self::CurrentLiabilities => Field::CurrentLiabilities.column(),
            Self::LongTermDebt => Field::LongTermDebt.column(),
            Self::Cash => Field::Cash.column(),
            Self::Shares => Field::BasicShares.column(),
        }
    }

    fn is_flow(self) -> bool {
        (self as usize) < Self::Assets as usize
    }
}

/// At which of the two ends that formulas compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The latest period's.
    Now,
    /// The one a year before it.
    YearBefore,
}

/// Hears of every number that enters an amount.
pub trait Trace {
    /// `used`, on the session's basis and with its sign, enters; `derived` where it serves to derive a quarter from a year.
    fn number(&mut self, found: Found<'_>, used: f64, derived: bool);
    /// A growth of annual EPS enters.
    fn growth(&mut self, from: NaiveDate, to: NaiveDate, growth: f64);
}

/// Nobody listens.
impl Trace for () {
    fn number(&mut self, _: Found<'_>, _: f64, _: bool) {}
    fn growth(&mut self, _: NaiveDate, _: NaiveDate, _: f64) {}
}

/// A figure of one period: the sum of one or two numbers.
struct Figure<'a> {
    value: f64,
    parts: [Option<(Found<'a>, f64)>; 2],
}

impl<'a> Figure<'a> {
    fn one(found: Found<'a>, value: f64) -> Self {
        Self { value, parts: [Some((found, value)), None] }
    }

    fn plain(found: Found<'a>) -> Self {
        Self::one(found, found.value())
    }

    fn both(a: Found<'a>, b: Found<'a>) -> Self {
        Self { value: a.value() + b.value(), parts: [Some((a, a.value())), Some((b, b.value()))] }
    }

    /// Tells of its numbers and gives its value.
    fn enter(self, trace: &mut impl Trace, sign: f64, derived: bool) -> f64 {
        for (found, value) in self.parts.into_iter().flatten() {
            trace.number(found, sign * value, derived);
        }
        self.value
    }
}

/// An instrument as of one session, between two events.
pub struct View<'k, 'a> {
    known: &'k Known<'a>,
    splits: &'a [Split],
    session: i32,
    now: Chain,
    year_before: Option<Chain>,
}

impl<'k, 'a> View<'k, 'a> {
    /// The view of `session`, up to which `known` must have been advanced; why there is none.
    pub fn new(known: &'k Known<'a>, splits: &'a [Split], session: i32) -> Result<Self, Why> {
        let latest = known.periods.last().ok_or(Why::NothingUsable)?;
        if session > latest.usable_through {
            return Err(Why::Expired(latest.end));
        }
        let at = known.periods.len() - 1;
        let year_before = known.before(at, YEAR, None).map(|place| Chain::back_from(known, place));
        Ok(Self { known, splits, session, now: Chain::back_from(known, at), year_before })
    }

    /// Last session on which the latest period may be that.
    pub fn usable_through(&self) -> i32 {
        self.known.periods[self.now.end()].usable_through
    }

    /// Where an amount of `when` stands; why there is no such end.
    pub fn end(&self, when: When) -> Result<NaiveDate, Why> {
        self.chain(when).map(|chain| self.date(chain.end()))
    }

    /// An amount; why there is none.
    pub fn amount(&self, amount: Amount, when: When, trace: &mut impl Trace) -> Result<f64, Why> {
        let chain = self.chain(when)?;
        let value = match amount {
            Amount::EpsVariability => self.eps_variability(trace),
            _ if amount.is_flow() => self.flow(amount, chain, trace),
            _ => self.figure(amount, chain.end(), Of::Latest).map(|figure| figure.enter(trace, 1.0, false)),
        }?;
        if value.is_finite() { Ok(value) } else { Err(Why::TooLarge(amount)) }
    }

    fn date(&self, place: usize) -> NaiveDate {
        self.known.periods[place].end
    }

    fn chain(&self, when: When) -> Result<&Chain, Why> {
        match when {
            When::Now => Ok(&self.now),
            When::YearBefore => {
                self.year_before.as_ref().ok_or_else(|| Why::NoYearBefore(self.date(self.now.end())))
            }
        }
    }

    /// Twelve months up to the chain's end: the year's figure, else the sum of four quarters, oldest first.
    fn flow(&self, amount: Amount, chain: &Chain, trace: &mut impl Trace) -> Result<f64, Why> {
        let end = chain.end();
        if self.known.periods[end].has(Timeframe::Annual) {
            return Ok(self.figure(amount, end, Of::One(Timeframe::Annual))?.enter(trace, 1.0, false));
        }
        if let Err(oldest) = chain.quarters(0, 4) {
            return Err(Why::ChainBreaks(amount, self.date(oldest)));
        }
        let mut total = 0.0;
        for link in (0..4).rev() {
            total += self.quarter(amount, chain, link, trace)?;
        }
        Ok(total)
    }

    /// One quarter: its own figure, else the year's that ends there less the three quarters before it.
    fn quarter(
        &self,
        amount: Amount,
        chain: &Chain,
        link: usize,
        trace: &mut impl Trace,
    ) -> Result<f64, Why> {
        let place = chain.quarters(link, 1).map_err(|oldest| Why::ChainBreaks(amount, self.date(oldest)))?[0];
        let own = match self.figure(amount, place, Of::One(Timeframe::Quarterly)) {
            Ok(figure) => return Ok(figure.enter(trace, 1.0, false)),
            Err(why) => why,
        };
        let year = self.figure(amount, place, Of::One(Timeframe::Annual)).map_err(|_| own)?;
        let not_derived = Why::NotDerived(amount, self.date(place));
        let others = chain.quarters(link + 1, 3).map_err(|_| not_derived)?;
        let year = year.enter(trace, 1.0, true);
        let mut three = 0.0;
        for &other in others.iter().rev() {
            let figure =
                self.figure(amount, other, Of::One(Timeframe::Quarterly)).map_err(|_| not_derived)?;
            three += figure.enter(trace, -1.0, true);
        }
        Ok(year - three)
    }

    /// The amount as one period gives it, after fallbacks and on the session's basis.
    fn figure(&self, amount: Amount, place: usize, of: Of) -> Result<Figure<'a>, Why> {
        let find = |field| self.known.find(place, of, field);
        let plain = |field| find(field).map(Figure::plain);
        let figure =
            match amount {
                Amount::NetIncome => {
                    plain(Field::NetIncomeToCommon).or_else(|| plain(Field::NetIncomeConsolidated))
                }
                Amount::Revenue => plain(Field::Revenue),
                Amount::GrossProfit => plain(Field::GrossProfit),
                Amount::OperatingIncome => plain(Field::OperatingIncome),
                Amount::Ebitda => plain(Field::Ebitda).or_else(|| {
                    let depreciation =
                        find(Field::DepreciationOfIncome).or_else(|| find(Field::DepreciationOfCashFlow));
                    Some(Figure::both(find(Field::OperatingIncome)?, depreciation?))
                }),
                Amount::OperatingCashFlow => plain(Field::OperatingCashFlow),
                Amount::CapitalExpenditure => {
                    find(Field::PropertyPurchases).map(|found| Figure::one(found, found.value().abs()))
                }
                Amount::Eps | Amount::EpsVariability => find(Field::DilutedEps)
                    .map(|found| Figure::one(found, found.value() / self.ratio(&found))),
                Amount::Assets => plain(Field::TotalAssets),
                Amount::CurrentAssets => plain(Field::CurrentAssets),
                Amount::CurrentLiabilities => plain(Field::CurrentLiabilities),
                Amount::BookEquity => plain(Field::ParentEquity).or_else(|| plain(Field::TotalEquity)),
                Amount::LongTermDebt => plain(Field::LongTermDebt),
                Amount::Debt => match (find(Field::LongTermDebt), find(Field::DebtCurrent)) {
                    (Some(long), Some(current)) => Some(Figure::both(long, current)),
                    (long, current) => long.or(current).map(Figure::plain),
                },
                Amount::Cash => plain(Field::Cash),
                Amount::Shares => find(Field::BasicShares)
                    .map(|found| Figure::one(found, found.value() * self.ratio(&found))),
            };
        figure.ok_or_else(|| Why::NotGiven(amount, self.date(place)))
    }

    /// Shares of the session for one share of the filing.
    fn ratio(&self, found: &Found<'_>) -> f64 {
        split_ratio(self.splits, found.statement.filed, self.session)
    }

    /// Sample standard deviation of the latest growths of annual EPS, at most 5 and at least 3 of them. A growth takes an
    /// annual end and the latest annual one a year before it; years that lack one are skipped.
    fn eps_variability(&self, trace: &mut impl Trace) -> Result<f64, Why> {
        let mut growths = [(0, 0, 0.0); MOST_GROWTHS];
        let mut count = 0;
        for place in (0..self.known.periods.len()).rev() {
            if self.known.periods[place].has(Timeframe::Annual)
                && let Some((base, growth)) = self.eps_growth(place)
            {
                growths[count] = (base, place, growth);
                count += 1;
            }
            if count == MOST_GROWTHS {
                break;
            }
        }
        for &(base, place, growth) in growths[..count].iter().rev() {
            for (place, sign) in [(base, -1.0), (place, 1.0)] {
                if let Ok(figure) = self.figure(Amount::EpsVariability, place, Of::One(Timeframe::Annual)) {
                    figure.enter(trace, sign, false);
                }
            }
            trace.growth(self.date(base), self.date(place), growth);
        }
        if count < LEAST_GROWTHS {
            return Err(Why::FewGrowths(count));
        }
        let oldest_first = || growths[..count].iter().rev().map(|(_, _, growth)| *growth);
        let mut total = 0.0;
        for growth in oldest_first() {
            total += growth;
        }
        let mean = total / count as f64;
        let mut squares = 0.0;
        for growth in oldest_first() {
            squares += (growth - mean) * (growth - mean);
        }
        Ok((squares / (count - 1) as f64).sqrt())
    }

    /// The growth of annual EPS at the annual end at `place`, with the place of its base.
    fn eps_growth(&self, place: usize) -> Option<(usize, f64)> {
        let base = self.known.before(place, YEAR, Some(Timeframe::Annual))?;
        let eps = |place| {
            let figure = self.figure(Amount::EpsVariability, place, Of::One(Timeframe::Annual));
            figure.ok().map(|figure| figure.value)
        };
        let (new, old) = (eps(place)?, eps(base)?);
        growth(new, old).map(|growth| (base, growth))
    }
}

const LEAST_GROWTHS: usize = 3;
const MOST_GROWTHS: usize = 5;

/// Size under which a number is no base of a growth.
pub const LEAST_BASE: f64 = 1e-9;

/// (new − old) / abs(old); none where the base is too small or the growth is no finite number.
pub fn growth(new: f64, old: f64) -> Option<f64> {
    let growth = (new - old) / old.abs();
    (old.abs() >= LEAST_BASE && growth.is_finite()).then_some(growth)
}
