//! The traps of filings: what was known when, on which split basis, and what belongs together.

use super::sample::{Annual, Company, Quarterly, day, filed, session};
use super::tests::{AUTUMN, company, near};
use super::{StatementCursor, StatementFactor, explain};
use crate::domain::history::Split;
use crate::domain::statement::{Field, Timeframe};

use Field::{BasicShares, DilutedEps, LongTermDebt, ParentEquity, Revenue, TotalAssets};

#[test]
fn a_statement_filed_on_the_session_itself_is_not_used() {
    let company = company();
    near(company.on("2015-08-07", "sales_to_price"), (130.0 + 140.0 + 150.0 + 150.0) / 1000.0);
    near(company.on("2015-08-10", "sales_to_price"), 0.6);
    assert_eq!(
        company.why("2012-03-01", "roe"),
        "no quarterly or annual statement was filed before the session"
    );
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
        "revenue (TTM) needs four quarters in a row, and none that ends 80 to 101 days before 2015-06-30 is known"
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
        "revenue is not given for the quarter to 2014-12-31, and cannot be the year less the three quarters before, which do not all give it"
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
    assert_eq!([eps.amounts[0].year_before, eps.amounts[1].year_before], [false, true]);
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
fn a_split_on_the_session_of_the_filing_is_in_it_and_one_on_the_next_session_is_not() {
    for (split, expected) in [("2015-08-07", 0.75), ("2015-08-10", 0.75 / 2.0)] {
        let mut company = company();
        company.splits.push(Split { session: session(split), ratio: 2.0 });
        let explained = explain(
            &company.statements,
            &company.splits,
            false,
            session("2015-08-10"),
            1e3,
            StatementFactor::EpsGrowth,
        );
        near(explained.amounts[0].inputs.last().expect("the quarter to June").used, expected);
    }
}

#[test]
fn no_shares_and_no_equity_are_null_and_negative_equity_has_a_price() {
    let mut company = company();
    company.set("2015-06-30", ParentEquity, -400.0);
    near(company.on(AUTUMN, "book_to_price"), -0.4);
    assert_eq!(company.why(AUTUMN, "roe"), "book equity is not above 0");
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
    assert_eq!(none.why(AUTUMN, "roe"), "no quarterly or annual statement was filed before the session");
    let foreign = filed("2015-06-30", Timeframe::TrailingTwelveMonths, "2015-08-07", &[(TotalAssets, 5.0)]);
    assert_eq!(
        Company::new(vec![foreign]).why(AUTUMN, "roe"),
        "no quarterly or annual statement was filed before the session"
    );
}
