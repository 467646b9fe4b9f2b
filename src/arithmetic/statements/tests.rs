//! Cases worked out by hand: a small company, and the traps.

use super::sample::{Annual, Company, Quarterly, day, filed, session};
use super::{StatementCursor, StatementFactor, explain};
use crate::arithmetic::catalogue::STATEMENT_FACTOR_COUNT;
use crate::domain::history::Split;
use crate::domain::statement::{Field, Timeframe};

use Field::{
    BasicShares, Cash, CurrentAssets, CurrentLiabilities, DebtCurrent, DepreciationOfCashFlow,
    DepreciationOfIncome, DilutedEps, Ebitda, GrossProfit, LongTermDebt, NetIncomeConsolidated,
    NetIncomeToCommon, OperatingCashFlow, OperatingIncome, ParentEquity, PropertyPurchases, Revenue,
    TotalAssets, TotalEquity,
};

/// The flows that every statement of the small company gives.
fn flows(revenue: f64, gross: f64, operating: f64, income: f64, cash: f64, eps: f64) -> Vec<(Field, f64)> {
    vec![
        (Revenue, revenue),
        (GrossProfit, gross),
        (OperatingIncome, operating),
        (NetIncomeToCommon, income),
        (OperatingCashFlow, cash),
        (DilutedEps, eps),
    ]
}

/// Four years and eight quarters, the fourth quarters never by themselves. In the year to June 2015 it has
///
/// | | Q3 14 | Q4 14 = year − three | Q1 15 | Q2 15 | TTM | a year before |
/// |---|---|---|---|---|---|---|
/// | revenue | 140 | 540 − 390 = 150 | 150 | 160 | 600 | 120 + 130 + 120 + 130 = 500 |
/// | gross profit | 63 | 243 − 175.5 = 67.5 | 70 | 80 | 280.5 | 48 + 52 + 54 + 58.5 = 212.5 |
/// | operating income | 20 | 70 − 52 = 18 | 21 | 22 | 81 | |
/// | net income | 10 | 40 − 27 = 13 | 12 | 15 | 50 | 7 + 10 + 8 + 9 = 34 |
/// | operating cash flow | 14 | 52 − 35 = 17 | 16 | 18 | 65 | |
/// | purchases | 5 | 20 − 12 = 8 | 6 | 7 | 26 | |
/// | EBITDA | 25 | (70 + 24) − 66 = 28 | 21 + 7 = 28 | 30 | 111 | |
/// | EPS | 0.50 | 2.00 − 1.35 = 0.65 | 0.60 | 0.75 | 2.50 | 0.35 + 0.50 + 0.40 + 0.45 = 1.70 |
fn company() -> Company {
    let with = |mut flows: Vec<(Field, f64)>, more: &[(Field, f64)]| {
        flows.extend_from_slice(more);
        flows
    };
    let q3_2014 = [
        (NetIncomeConsolidated, 10.0),
        (PropertyPurchases, -5.0),
        (OperatingIncome, 20.0),
        (Ebitda, 25.0),
        (Revenue, 140.0),
        (GrossProfit, 63.0),
        (OperatingCashFlow, 14.0),
        (DilutedEps, 0.50),
    ];
    let mid_2014 = [
        (PropertyPurchases, -4.0),
        (Ebitda, 22.0),
        (TotalAssets, 800.0),
        (CurrentAssets, 200.0),
        (CurrentLiabilities, 125.0),
        (LongTermDebt, 160.0),
        (BasicShares, 20.0),
    ];
    let mid_2015 = [
        (NetIncomeConsolidated, 99.0),
        (PropertyPurchases, -7.0),
        (Ebitda, 30.0),
        (DepreciationOfIncome, 99.0),
        (TotalAssets, 1000.0),
        (CurrentAssets, 300.0),
        (CurrentLiabilities, 150.0),
        (ParentEquity, 400.0),
        (TotalEquity, 999.0),
        (LongTermDebt, 180.0),
        (DebtCurrent, 20.0),
        (Cash, 50.0),
        (BasicShares, 20.0),
    ];
    let end_2014 = [
        (PropertyPurchases, -20.0),
        (DepreciationOfCashFlow, 24.0),
        (TotalAssets, 900.0),
        (TotalEquity, 360.0),
        (CurrentAssets, 270.0),
        (CurrentLiabilities, 120.0),
    ];
    let q1_2014 =
        with(flows(120.0, 54.0, 15.0, 8.0, 10.0, 0.40), &[(PropertyPurchases, -3.0), (Ebitda, 19.0)]);
    let q1_2015 = with(
        flows(150.0, 70.0, 21.0, 12.0, 16.0, 0.60),
        &[(PropertyPurchases, 6.0), (DepreciationOfIncome, 7.0), (DepreciationOfCashFlow, 99.0)],
    );
    Company::new(vec![
        filed("2011-12-31", Annual, "2012-03-01", &[(DilutedEps, 1.00)]),
        filed("2012-12-31", Annual, "2013-03-01", &[(DilutedEps, 1.25)]),
        filed("2013-03-31", Quarterly, "2013-05-10", &flows(100.0, 40.0, 10.0, 5.0, 8.0, 0.25)),
        filed("2013-06-30", Quarterly, "2013-08-09", &flows(110.0, 44.0, 11.0, 6.0, 9.0, 0.30)),
        filed("2013-09-30", Quarterly, "2013-11-08", &flows(120.0, 48.0, 12.0, 7.0, 10.0, 0.35)),
        filed("2013-12-31", Annual, "2014-03-03", &flows(460.0, 184.0, 46.0, 28.0, 36.0, 1.40)),
        filed("2014-03-31", Quarterly, "2014-05-09", &q1_2014),
        filed(
            "2014-06-30",
            Quarterly,
            "2014-08-08",
            &with(flows(130.0, 58.5, 17.0, 9.0, 11.0, 0.45), &mid_2014),
        ),
        filed("2014-09-30", Quarterly, "2014-11-07", &q3_2014),
        filed(
            "2014-12-31",
            Annual,
            "2015-03-02",
            &with(flows(540.0, 243.0, 70.0, 40.0, 52.0, 2.00), &end_2014),
        ),
        filed("2015-03-31", Quarterly, "2015-05-08", &q1_2015),
        filed(
            "2015-06-30",
            Quarterly,
            "2015-08-07",
            &with(flows(160.0, 80.0, 22.0, 15.0, 18.0, 0.75), &mid_2015),
        ),
    ])
}

/// After everything of the small company is filed.
const AUTUMN: &str = "2015-09-30";

#[track_caller]
fn near(value: f64, expected: f64) {
    assert!((value - expected).abs() <= 1e-12, "{value} is not {expected}");
}

#[test]
fn every_factor_of_the_small_company_is_what_the_hand_says() {
    let expected = [
        ("earnings_yield", 50.0 / 1000.0),
        ("book_to_price", 400.0 / 1000.0),
        ("sales_to_price", 600.0 / 1000.0),
        ("cashflow_to_price", 65.0 / 1000.0),
        ("fcf_yield", (65.0 - 26.0) / 1000.0),
        ("ebitda_to_ev", 111.0 / (1000.0 + 200.0 - 50.0)),
        ("roe", 50.0 / 400.0),
        ("roa", 50.0 / 1000.0),
        ("gross_profitability", 280.5 / 1000.0),
        ("gross_margin", 280.5 / 600.0),
        ("operating_margin", 81.0 / 600.0),
        ("cfo_to_assets", 65.0 / 1000.0),
        ("accruals", (50.0 - 65.0) / 1000.0),
        ("leverage", 200.0 / 1000.0),
        ("current_ratio", 300.0 / 150.0),
        // Growths 0.25 / 1, 0.15 / 1.25, 0.6 / 1.4.
        ("earnings_variability", 0.154_921_529_401_529_1),
        // All but the turnover, which fell from 500 / 800 to 600 / 1000.
        ("piotroski_f", 8.0),
        ("sales_growth", 600.0 / 500.0 - 1.0),
        ("eps_growth", (2.50 - 1.70) / 1.70),
        ("asset_growth", 1000.0 / 800.0 - 1.0),
    ];
    assert_eq!(expected.map(|(name, _)| name), StatementFactor::ALL.map(StatementFactor::name));
    for (name, value) in expected {
        near(company().on(AUTUMN, name), value);
    }
}

#[test]
fn a_year_that_is_as_recent_as_any_quarter_gives_its_own_flows() {
    let spring = "2015-04-01";
    for (factor, expected) in [
        ("sales_to_price", 540.0 / 1000.0),
        ("book_to_price", 360.0 / 1000.0),
        ("sales_growth", 540.0 / 460.0 - 1.0),
        ("eps_growth", (2.00 - 1.40) / 1.40),
        ("fcf_yield", (52.0 - 20.0) / 1000.0),
        ("gross_margin", 243.0 / 540.0),
    ] {
        near(company().on(spring, factor), expected);
    }
}

#[test]
fn a_year_that_lacks_a_figure_is_null_even_where_four_quarters_have_it() {
    let mut company = company();
    let quarter = [(Revenue, 150.0)];
    company.add(filed("2014-12-31", Quarterly, "2015-03-02", &quarter));
    near(company.on("2015-04-01", "sales_to_price"), 0.54);
    for statement in company.statements.iter_mut().filter(|one| one.timeframe == Annual) {
        statement.values[Revenue as usize] = f64::NAN;
    }
    assert_eq!(company.why("2015-04-01", "sales_to_price"), "revenue is not given for 2014-12-31");
    near(company.on(AUTUMN, "sales_to_price"), 0.6);
}

#[test]
fn financials_have_no_gross_profitability_and_everything_else() {
    let mut company = company();
    let before = company.values(session(AUTUMN), 1000.0);
    company.financial = true;
    assert_eq!(company.why(AUTUMN, "gross_profitability"), "a financial");
    for (factor, (before, after)) in
        StatementFactor::ALL.into_iter().zip(before.into_iter().zip(company.values(session(AUTUMN), 1000.0)))
    {
        assert!(factor == StatementFactor::GrossProfitability || before.to_bits() == after.to_bits());
    }
}

#[test]
fn a_statement_filed_on_the_session_itself_is_not_used() {
    let company = company();
    near(company.on("2015-08-07", "sales_to_price"), (130.0 + 140.0 + 150.0 + 150.0) / 1000.0);
    near(company.on("2015-08-10", "sales_to_price"), 0.6);
    assert_eq!(company.why("2012-03-01", "roe"), "no statement is usable yet");
    assert!(company.why("2012-03-02", "roe").contains("2011-12-31"));
}

#[test]
fn a_restatement_replaces_from_its_own_filing_date_only_and_only_what_it_gives() {
    let mut company = company();
    company.add(filed("2015-03-31", Quarterly, "2015-08-20", &[(Revenue, 155.0)]));
    near(company.on("2015-08-20", "sales_to_price"), 0.6);
    near(company.on("2015-08-21", "sales_to_price"), 0.605);
    near(company.on("2015-08-21", "earnings_yield"), 0.05);
}

#[test]
fn a_restated_year_and_a_restated_quarter_of_it_meet_in_the_derived_quarter() {
    let mut company = company();
    // 10 more in the third quarter are 10 fewer in the fourth, as long as the year stands.
    company.add(filed("2014-09-30", Quarterly, "2015-08-20", &[(Revenue, 150.0)]));
    near(company.on("2015-08-21", "sales_to_price"), 0.6);
    company.add(filed("2014-12-31", Annual, "2015-08-24", &[(Revenue, 550.0)]));
    near(company.on("2015-08-25", "sales_to_price"), 0.61);
}

#[test]
fn a_quarter_filed_late_breaks_the_chain_until_it_is_filed() {
    let mut company = company();
    for statement in company.statements.iter_mut().filter(|one| one.period_end == day("2015-03-31")) {
        *statement = filed("2015-03-31", Quarterly, "2015-10-01", &[(Revenue, 150.0)]);
    }
    company = Company::new(company.statements);
    assert_eq!(
        company.why(AUTUMN, "sales_to_price"),
        "revenue (TTM): the chain of four quarters breaks before 2015-06-30"
    );
    near(company.on(AUTUMN, "book_to_price"), 0.4);
    near(company.on("2015-10-02", "sales_to_price"), 0.6);
}

#[test]
fn a_fourth_quarter_is_derived_only_from_a_year_and_three_quarters_that_are_given() {
    let mut company = company();
    company.set("2014-03-31", Revenue, f64::NAN);
    assert_eq!(
        company.why(AUTUMN, "sales_to_price"),
        "revenue is not given for the quarter to 2014-12-31, and the three quarters before it are not all there to derive it from the year"
    );
    company.add(filed("2014-12-31", Quarterly, "2015-09-01", &[(Revenue, 151.0)]));
    near(company.on(AUTUMN, "sales_to_price"), 0.601);
    company.set("2014-12-31", Revenue, f64::NAN);
    assert_eq!(company.why(AUTUMN, "sales_to_price"), "revenue is not given for 2014-12-31");
}

#[test]
fn the_latest_period_counts_through_the_day_eighteen_months_after_its_end() {
    let company = company();
    near(company.on("2016-12-30", "roe"), 0.125);
    assert!(company.on("2017-01-03", "roe").is_nan());
    assert_eq!(company.why("2017-01-03", "roe"), "the latest period, 2015-06-30, expired on 2016-12-31");
    let mut cursor = StatementCursor::new(&company.statements, &[], false);
    near(cursor.values(session("2016-12-30"), 1000.0)[6], 0.125);
    assert!(cursor.values(session("2017-01-03"), 1000.0).iter().all(|value| value.is_nan()));
}

#[test]
fn eps_and_shares_are_brought_to_the_session_s_split_basis() {
    let mut company = company();
    let (growth, score) = (company.on(AUTUMN, "eps_growth"), company.on(AUTUMN, "piotroski_f"));
    let variability = company.on(AUTUMN, "earnings_variability");
    // 2:1 before the last filing, which is on the new basis.
    company.splits.push(Split { session: session("2015-07-01"), ratio: 2.0 });
    company.set("2015-06-30", DilutedEps, 0.375);
    company.set("2015-06-30", BasicShares, 40.0);
    near(company.on(AUTUMN, "eps_growth"), growth);
    near(company.on(AUTUMN, "piotroski_f"), score);
    near(company.on(AUTUMN, "earnings_variability"), variability);
    let on = session(AUTUMN);
    let eps = explain(&company.statements, &company.splits, false, on, 1e3, StatementFactor::EpsGrowth);
    near(eps.amounts[0].value, 1.25);
    near(eps.amounts[1].value, 0.85);
    // One more share than before the split is up.
    company.set("2015-06-30", BasicShares, 41.0);
    near(company.on(AUTUMN, "piotroski_f"), score - 1.0);
}

#[test]
fn a_split_between_filing_and_session_changes_no_ratio_and_counts_on_its_own_session() {
    let mut company = company();
    company.splits.push(Split { session: session("2015-09-01"), ratio: 7.0 });
    let eps = |date| {
        let explained = explain(
            &company.statements,
            &company.splits,
            false,
            session(date),
            1e3,
            StatementFactor::EpsGrowth,
        );
        (explained.amounts[0].value, explained.value)
    };
    near(eps("2015-08-31").0, 2.50);
    near(eps("2015-09-01").0, 2.50 / 7.0);
    near(eps("2015-09-01").1, 0.8 / 1.7);
}

#[test]
fn no_shares_and_no_equity_are_null_and_negative_equity_has_a_price() {
    let mut company = company();
    company.set("2015-06-30", ParentEquity, -400.0);
    near(company.on(AUTUMN, "book_to_price"), -0.4);
    assert_eq!(company.why(AUTUMN, "roe"), "book equity not above 0");
    company.set("2015-06-30", ParentEquity, 0.0);
    assert_eq!(company.on(AUTUMN, "book_to_price").to_bits(), 0);
    assert!(company.on(AUTUMN, "roe").is_nan());
    let zero = filed("2015-06-30", Quarterly, "2015-08-07", &[(BasicShares, 0.0)]);
    assert!(zero.values[BasicShares as usize].is_nan());
    company.set("2015-06-30", BasicShares, f64::NAN);
    assert_eq!(company.why(AUTUMN, "piotroski_f"), "basic_shares_outstanding is not given for 2015-06-30");
}

#[test]
fn a_field_that_the_latest_period_lacks_is_null_and_not_an_older_one() {
    let mut company = company();
    company.add(filed("2015-09-30", Quarterly, "2015-11-06", &[]));
    for factor in StatementFactor::ALL {
        let value = company.on("2015-11-09", factor.name());
        // The growths of annual EPS are those of years, and the years stand.
        assert_eq!(value.is_nan(), factor != StatementFactor::EarningsVariability, "{factor:?}");
    }
    assert_eq!(
        company.why("2015-11-09", "leverage"),
        "debt (long_term_debt_and_capital_lease_obligations, debt_current) is not given for 2015-09-30"
    );
}

#[test]
fn denominators_that_are_not_above_0_give_null() {
    for (field, factors, words) in [
        (
            TotalAssets,
            &["roa", "gross_profitability", "cfo_to_assets", "accruals", "leverage"][..],
            "total assets",
        ),
        (CurrentLiabilities, &["current_ratio"], "current liabilities"),
    ] {
        for value in [0.0, -1.0] {
            let mut company = company();
            company.set("2015-06-30", field, value);
            for factor in factors {
                assert_eq!(company.why(AUTUMN, factor), format!("{words} not above 0"));
            }
        }
    }
    let mut company = company();
    company.set("2015-06-30", Revenue, -600.0);
    assert_eq!(company.why(AUTUMN, "gross_margin"), "revenue not above 0");
    company.set("2015-06-30", Cash, 1200.0);
    assert_eq!(company.why(AUTUMN, "ebitda_to_ev"), "enterprise value not above 0");
    let values = |market| company.values(session(AUTUMN), market);
    for market in [f64::NAN, 0.0, -5.0] {
        assert!(values(market)[..6].iter().all(|value| value.is_nan()));
        assert!(!values(market)[6].is_nan());
    }
}

#[test]
fn enterprise_value_takes_the_debt_that_is_given_and_needs_some_and_cash() {
    let mut company = company();
    company.set("2015-06-30", DebtCurrent, f64::NAN);
    near(company.on(AUTUMN, "ebitda_to_ev"), 111.0 / (1000.0 + 180.0 - 50.0));
    near(company.on(AUTUMN, "leverage"), 0.18);
    company.set("2015-06-30", LongTermDebt, f64::NAN);
    assert!(company.on(AUTUMN, "ebitda_to_ev").is_nan());
    company.set("2015-06-30", DebtCurrent, 20.0);
    near(company.on(AUTUMN, "leverage"), 0.02);
    company.set("2015-06-30", Cash, f64::NAN);
    assert_eq!(company.why(AUTUMN, "ebitda_to_ev"), "cash_and_equivalents is not given for 2015-06-30");
}

#[test]
fn a_growth_needs_a_base_of_some_size_and_of_the_right_sign() {
    let mut company = company();
    company.set("2014-06-30", TotalAssets, 0.0);
    assert_eq!(company.why(AUTUMN, "asset_growth"), "total assets a year before not above 0");
    // The year before loses 1.00 a share: from -1.00 to 2.50 is 350 %.
    company.set("2014-06-30", DilutedEps, 0.45 - 2.70);
    near(company.on(AUTUMN, "eps_growth"), (2.50 + 2.70 + 1.00) / 1.00);
    company.set("2014-06-30", DilutedEps, -(0.35 + 0.50 + 0.40));
    assert_eq!(
        company.why(AUTUMN, "eps_growth"),
        "EPS a year before is too close to 0 to be the base of a growth"
    );
}

#[test]
fn the_growths_of_annual_eps_skip_years_and_are_the_last_five() {
    let years = |eps: &[(i32, f64)]| {
        let annual = |(year, eps): &(i32, f64)| {
            filed(&format!("{year}-12-31"), Annual, &format!("{}-03-01", year + 1), &[(DilutedEps, *eps)])
        };
        Company::new(eps.iter().map(annual).collect())
    };
    let three = [(2010, 1.0), (2011, 2.0), (2012, 3.0)];
    assert_eq!(
        years(&three).why("2014-01-02", "earnings_variability"),
        "needs 3 yearly growths of EPS, has 2"
    );
    // 2013 is missing, so that 2014 has no growth. Growths 1, 0.5, -0.5: mean 1/3, squares 4/9 + 1/36 + 25/36.
    let skipped = [(2010, 1.0), (2011, 2.0), (2012, 3.0), (2014, 4.0), (2015, 2.0)];
    let expected = ((4.0 / 9.0 + 1.0 / 36.0 + 25.0 / 36.0) / 2.0_f64).sqrt();
    near(years(&skipped).on("2016-06-01", "earnings_variability"), expected);
    // Growths 9, 1, 1, 1, 1, 1: the first is too old. A loss grows by its size: from -1 to 1 is +2.
    let long = [(2009, 0.1), (2010, 1.0), (2011, 2.0), (2012, 4.0), (2013, 8.0), (2014, 16.0), (2015, 32.0)];
    near(years(&long).on("2016-06-01", "earnings_variability"), 0.0);
    let loss = [(2012, -1.0), (2013, 1.0), (2014, 1.0), (2015, 1.0)];
    near(years(&loss).on("2016-06-01", "earnings_variability"), (4.0_f64 / 3.0).sqrt());
}

#[test]
fn balances_of_one_end_come_from_the_latest_filing_of_either_length_the_quarterly_one_in_a_tie() {
    let at = |quarter: &str, year: &str| {
        Company::new(vec![
            filed("2014-12-31", Quarterly, quarter, &[(TotalAssets, 100.0), (LongTermDebt, 10.0)]),
            filed("2014-12-31", Annual, year, &[(TotalAssets, 200.0)]),
        ])
        .on("2015-06-01", "leverage")
    };
    near(at("2015-03-02", "2015-03-02"), 0.1);
    near(at("2015-03-03", "2015-03-02"), 0.1);
    near(at("2015-03-02", "2015-03-03"), 0.05);
}

#[test]
fn quarters_follow_each_other_by_80_to_101_days_and_a_year_has_350_to_380() {
    let sum = |last: &str| {
        let quarter = |end: &str, revenue| {
            filed(end, Quarterly, "2015-06-01", &[(Revenue, revenue), (TotalAssets, revenue)])
        };
        let first = [quarter("2014-03-31", 1.0), quarter("2014-06-30", 2.0), quarter("2014-09-30", 3.0)];
        let mut all = first.to_vec();
        all.push(quarter(last, 4.0));
        Company::new(all).on("2015-06-02", "sales_to_price")
    };
    for (last, follows) in
        [("2014-12-18", false), ("2014-12-19", true), ("2015-01-09", true), ("2015-01-10", false)]
    {
        assert_eq!(!sum(last).is_nan(), follows, "{last}");
    }
    let growth = |before: &str| {
        Company::new(vec![
            filed(before, Quarterly, "2015-01-02", &[(TotalAssets, 1.0)]),
            filed("2014-12-31", Quarterly, "2015-03-02", &[(TotalAssets, 2.0)]),
        ])
        .on("2015-06-01", "asset_growth")
    };
    for (before, year) in
        [("2013-12-15", false), ("2013-12-16", true), ("2014-01-15", true), ("2014-01-16", false)]
    {
        assert_eq!(!growth(before).is_nan(), year, "{before}");
    }
}

#[test]
fn of_several_ends_a_year_before_the_latest_is_taken() {
    let company = Company::new(vec![
        filed("2013-12-28", Quarterly, "2014-03-03", &[(TotalAssets, 1.0)]),
        filed("2013-12-31", Quarterly, "2014-03-03", &[(TotalAssets, 2.0)]),
        filed("2014-12-31", Quarterly, "2015-03-02", &[(TotalAssets, 3.0)]),
    ]);
    near(company.on("2015-06-01", "asset_growth"), 0.5);
}

#[test]
fn a_company_without_statements_has_nothing_and_one_with_a_foreign_sum_of_a_year_neither() {
    let none = Company::default();
    assert!(none.values(session(AUTUMN), 1000.0).iter().all(|value| value.is_nan()));
    assert_eq!(none.why(AUTUMN, "roe"), "no statement is usable yet");
    let foreign = filed("2015-06-30", Timeframe::TrailingTwelveMonths, "2015-08-07", &[(TotalAssets, 5.0)]);
    assert_eq!(Company::new(vec![foreign]).why(AUTUMN, "roe"), "no statement is usable yet");
}

#[test]
fn every_one_of_piotroski_s_conditions_is_worth_a_point() {
    // All nine hold where the turnover rises too.
    let best = || {
        let mut company = company();
        company.set("2014-06-30", TotalAssets, 900.0);
        company.set("2014-06-30", LongTermDebt, 180.0);
        company
    };
    near(best().on(AUTUMN, "piotroski_f"), 9.0);
    for (end, field, value) in [
        ("2015-06-30", OperatingCashFlow, 2.0), // 49 a year, below the 50 of net income
        ("2015-06-30", LongTermDebt, 201.0),    // 0.201 of assets after 0.2
        ("2015-06-30", CurrentAssets, 240.0),   // 1.6 after 1.6
        ("2015-06-30", BasicShares, 20.1),      // after 20
        ("2015-06-30", GrossProfit, 50.0),      // 250.5 / 600 after 212.5 / 500
        ("2013-12-31", NetIncomeToCommon, 100.0), // 0.05 of assets after 106 / 900
    ] {
        let mut company = best();
        company.set(end, field, value);
        assert_eq!(company.on(AUTUMN, "piotroski_f"), 8.0, "{field:?}");
    }
    // A loss takes ROA above 0 and ROA up; cash flow is then above it still.
    let mut company = best();
    company.set("2015-06-30", NetIncomeToCommon, -100.0);
    near(company.on(AUTUMN, "piotroski_f"), 7.0);
    // Cash flow below 0 is below the income too.
    let mut company = best();
    company.set("2015-06-30", OperatingCashFlow, -100.0);
    near(company.on(AUTUMN, "piotroski_f"), 7.0);
}

#[test]
fn the_explanation_names_every_number_with_its_filing_and_says_what_was_derived() {
    let company = company();
    let on = session(AUTUMN);
    let got = explain(&company.statements, &[], false, on, 1000.0, StatementFactor::FcfYield);
    assert_eq!((got.factor, got.latest_period), ("fcf_yield", Some(day("2015-06-30"))));
    let labels: Vec<_> = got.amounts.iter().map(|one| (one.label, one.value, one.period_end)).collect();
    let end = Some(day("2015-06-30"));
    assert_eq!(labels, [("operating cash flow (TTM)", 65.0, end), ("capital expenditure (TTM)", 26.0, end)]);
    let inputs: Vec<String> = got.amounts[1]
        .inputs
        .iter()
        .map(|one| {
            let derived = if one.derived { " derived" } else { "" };
            format!(
                "{} {} {} {} {}{derived}",
                one.period_end,
                one.timeframe.name(),
                one.filing_date,
                one.filed,
                one.used
            )
        })
        .collect();
    assert_eq!(
        inputs,
        [
            "2014-09-30 quarterly 2014-11-07 -5 5",
            "2014-12-31 annual 2015-03-02 -20 20 derived",
            "2014-03-31 quarterly 2014-05-09 -3 -3 derived",
            "2014-06-30 quarterly 2014-08-08 -4 -4 derived",
            "2014-09-30 quarterly 2014-11-07 -5 -5 derived",
            "2015-03-31 quarterly 2015-05-08 6 6",
            "2015-06-30 quarterly 2015-08-07 -7 7",
        ]
    );
    assert!(got.amounts[1].inputs.iter().all(|one| one.field == "purchase_of_property_plant_and_equipment"));
    assert_eq!(
        got.steps.iter().map(|step| (&*step.label, step.value)).collect::<Vec<_>>(),
        [("market value", 1000.0)]
    );
}

#[test]
fn the_explanation_shows_the_steps_on_the_way_and_can_be_read_by_machines() {
    let company = company();
    let on = session(AUTUMN);
    let of = |factor| explain(&company.statements, &[], false, on, 1000.0, factor);
    let steps = |factor| of(factor).steps.into_iter().map(|one| one.value).collect::<Vec<_>>();
    assert_eq!(steps(StatementFactor::EbitdaToEv), [1000.0, 1150.0]);
    assert_eq!(steps(StatementFactor::PiotroskiF), [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
    assert_eq!(steps(StatementFactor::EarningsVariability).len(), 3);
    let json = serde_json::to_value(of(StatementFactor::Roe)).unwrap();
    assert_eq!(json["value"], 0.125);
    assert_eq!(json["amounts"][0]["inputs"][0]["filing_date"], "2014-11-07");
    assert_eq!(json["amounts"][0]["inputs"][1]["timeframe"], "annual");
    let json = serde_json::to_value(explain(&[], &[], false, on, f64::NAN, StatementFactor::Roe)).unwrap();
    assert_eq!(
        (&json["value"], &json["why_null"]),
        (&serde_json::Value::Null, &"no statement is usable yet".into())
    );
    assert_eq!(STATEMENT_FACTOR_COUNT, 20);
}
