//! Cases worked out by hand, on a small company.

use super::sample::{Annual, Company, Quarterly, day, filed, session};
use super::{StatementFactor, explain};
use crate::arithmetic::catalogue::STATEMENT_FACTOR_COUNT;
use crate::domain::statement::Field;

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
pub fn company() -> Company {
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
pub const AUTUMN: &str = "2015-09-30";

#[track_caller]
pub fn near(value: f64, expected: f64) {
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
    assert_eq!(
        company.why(AUTUMN, "gross_profitability"),
        "it is a financial, for which gross profit means little"
    );
    for (factor, (before, after)) in
        StatementFactor::ALL.into_iter().zip(before.into_iter().zip(company.values(session(AUTUMN), 1000.0)))
    {
        assert!(factor == StatementFactor::GrossProfitability || before.to_bits() == after.to_bits());
    }
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
                assert_eq!(company.why(AUTUMN, factor), format!("{words} is not above 0"));
            }
        }
    }
    let mut company = company();
    company.set("2015-06-30", Revenue, -600.0);
    assert_eq!(company.why(AUTUMN, "gross_margin"), "revenue is not above 0");
    company.set("2015-06-30", Cash, 1200.0);
    assert_eq!(company.why(AUTUMN, "ebitda_to_ev"), "enterprise value is not above 0");
    company.set("2015-06-30", Cash, 0.0);
    let values = |market| company.values(session(AUTUMN), market);
    // A market value that is none makes no enterprise value either, though debt alone would be above 0.
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
    assert_eq!(company.why(AUTUMN, "asset_growth"), "total assets a year before is not above 0");
    // The year before loses 1.00 a share: from -1.00 to 2.50 is 350 %.
    company.set("2014-06-30", DilutedEps, 0.45 - 2.70);
    near(company.on(AUTUMN, "eps_growth"), (2.50 + 2.70 + 1.00) / 1.00);
    company.set("2014-06-30", DilutedEps, 1e-10 - (0.35 + 0.50 + 0.40));
    assert_eq!(
        company.why(AUTUMN, "eps_growth"),
        "EPS a year before is too close to 0 to be the base of a growth"
    );
    // A sale of 0.1 millionth of a cent is no base either.
    let year = |end: &str, filing: &str, revenue| filed(end, Annual, filing, &[(Revenue, revenue)]);
    for (base, null) in [(0.9e-9, true), (1.1e-9, false)] {
        let tiny =
            Company::new(vec![year("2013-12-31", "2014-03-03", base), year("2014-12-31", "2015-03-02", 1.0)]);
        assert_eq!(tiny.on("2015-06-01", "sales_growth").is_nan(), null);
    }
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
        "needs 3 growths of annual EPS from year to year, has 2"
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
        (&serde_json::Value::Null, &"no quarterly or annual statement was filed before the session".into())
    );
    assert_eq!(STATEMENT_FACTOR_COUNT, 20);
}
