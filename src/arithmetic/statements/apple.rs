//! Apple's own filings from 2009 on, as the SEC has them, against the figures that Apple published. Read in place from
//! `TIDEMARK_TEST_DATA`. A statement here is what one filing of form 10-Q, 10-K or 10-K/A says of a quarter or a year.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::Deserialize;

use super::sample::{Annual, Company, Quarterly, session};
use super::{StatementFactor, explain};
use crate::domain::history::Split;
use crate::domain::statement::{FIELD_COUNT, Field, Statement, Timeframe};

#[derive(Deserialize)]
struct File {
    facts: BTreeMap<String, BTreeMap<String, Tag>>,
}

#[derive(Deserialize)]
struct Tag {
    units: BTreeMap<String, Vec<Fact>>,
}

#[derive(Deserialize, Clone)]
struct Fact {
    start: Option<NaiveDate>,
    end: NaiveDate,
    val: f64,
    form: String,
    filed: NaiveDate,
}

impl Fact {
    fn days(&self) -> Option<i64> {
        self.start.map(|start| (self.end - start).num_days())
    }
}

/// The tags of a field; where a filing has several, the first counts. What they are called changed over the years.
const TAGS: [(Field, &[&str]); 12] = [
    (Field::Revenue, &["RevenueFromContractWithCustomerExcludingAssessedTax", "SalesRevenueNet", "Revenues"]),
    (Field::NetIncomeToCommon, &["NetIncomeLoss"]),
    (Field::GrossProfit, &["GrossProfit"]),
    (Field::OperatingIncome, &["OperatingIncomeLoss"]),
    (Field::DilutedEps, &["EarningsPerShareDiluted"]),
    (Field::BasicShares, &["WeightedAverageNumberOfSharesOutstandingBasic"]),
    (
        Field::OperatingCashFlow,
        &[
            "NetCashProvidedByUsedInOperatingActivities",
            "NetCashProvidedByUsedInOperatingActivitiesContinuingOperations",
        ],
    ),
    (Field::TotalAssets, &["Assets"]),
    (Field::CurrentAssets, &["AssetsCurrent"]),
    (Field::CurrentLiabilities, &["LiabilitiesCurrent"]),
    (Field::ParentEquity, &["StockholdersEquity"]),
    (Field::LongTermDebt, &["LongTermDebtNoncurrent", "LongTermDebt"]),
];

/// What the facts of one field give: quarters, years and balances as they stand, and after them quarters that are the
/// difference of two sums since the beginning of the year, which is all that cash flow statements of quarters have.
fn figures(facts: &[Fact]) -> Vec<(NaiveDate, Timeframe, NaiveDate, f64)> {
    let (mut figures, mut differences) = (Vec::new(), Vec::new());
    for fact in facts.iter().filter(|fact| matches!(&*fact.form, "10-Q" | "10-K" | "10-K/A")) {
        let timeframe = match fact.days() {
            None if fact.form == "10-Q" => Quarterly,
            None | Some(350..=380) => Annual,
            Some(80..=101) => Quarterly,
            Some(_) => {
                let before = facts.iter().filter(|one| {
                    one.start == fact.start
                        && one.filed <= fact.filed
                        && (80..=101).contains(&(fact.end - one.end).num_days())
                });
                if let Some(before) = before.max_by_key(|one| one.filed) {
                    differences.push((fact.end, Quarterly, fact.filed, fact.val - before.val));
                }
                continue;
            }
        };
        figures.push((fact.end, timeframe, fact.filed, fact.val));
    }
    figures.append(&mut differences);
    figures
}

static FACTS: LazyLock<Option<File>> = LazyLock::new(|| {
    let path = crate::real_data()?.join("sec/CIK0000320193.json.gz");
    let file = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("a deflated text");
    Some(serde_json::from_str(&text).expect("company facts"))
});

fn apple() -> Option<Company> {
    let file = FACTS.as_ref()?;
    let tags = &file.facts["us-gaap"];
    let mut rows: BTreeMap<(NaiveDate, Timeframe, NaiveDate), [f64; FIELD_COUNT]> = BTreeMap::new();
    for (field, names) in TAGS {
        let facts: Vec<Fact> =
            names.iter().flat_map(|name| tags[*name].units.values()).flatten().cloned().collect();
        for (end, timeframe, filed, value) in figures(&facts) {
            let values = rows.entry((end, timeframe, filed)).or_insert([f64::NAN; FIELD_COUNT]);
            if values[field as usize].is_nan() {
                values[field as usize] = value;
            }
        }
    }
    let statement = |((end, timeframe, filed), values)| Statement::new(end, timeframe, filed, values);
    let mut company = Company::new(rows.into_iter().filter_map(statement).collect());
    company.splits = vec![
        Split { session: session("2014-06-09"), ratio: 7.0 },
        Split { session: session("2020-08-31"), ratio: 4.0 },
    ];
    Some(company)
}

/// The amount at `place` of those that a factor's formula names, on a day.
fn amount(company: &Company, factor: StatementFactor, place: usize, date: &str) -> f64 {
    let explained = explain(&company.statements, &company.splits, false, session(date), 1e12, factor);
    explained.amounts[place].value
}

fn revenue(company: &Company, date: &str) -> f64 {
    amount(company, StatementFactor::SalesToPrice, 0, date) / 1e9
}

fn net_income(company: &Company, date: &str) -> f64 {
    amount(company, StatementFactor::EarningsYield, 0, date) / 1e9
}

fn eps(company: &Company, date: &str) -> f64 {
    amount(company, StatementFactor::EpsGrowth, 0, date)
}

#[track_caller]
fn within(value: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((value - expected).abs() <= tolerance, "{what}: {value} is not {expected}");
}

/// Fiscal year, then as the year's 10-K has them: revenue, gross profit, net income, total assets, equity, operating cash
/// flow in billions, and diluted EPS on the split basis of then.
#[rustfmt::skip]
const YEARS: [(i32, [f64; 6], f64); 16] = [
    (2010, [ 65.225,  25.684,  14.013,  75.183,  47.791,  18.595], 15.15),
    (2011, [108.249,  43.818,  25.922, 116.371,  76.615,  37.529], 27.68),
    (2012, [156.508,  68.662,  41.733, 176.064, 118.210,  50.856], 44.15),
    (2013, [170.910,  64.304,  37.037, 207.000, 123.549,  53.666], 39.75),
    (2014, [182.795,  70.537,  39.510, 231.839, 111.547,  59.713],  6.45),
    (2015, [233.715,  93.626,  53.394, 290.479, 119.355,  81.266],  9.22),
    (2016, [215.639,  84.263,  45.687, 321.686, 128.249,  65.824],  8.31),
    (2017, [229.234,  88.186,  48.351, 375.319, 134.047,  63.598],  9.21),
    (2018, [265.595, 101.839,  59.531, 365.725, 107.147,  77.434], 11.91),
    (2019, [260.174,  98.392,  55.256, 338.516,  90.488,  69.391], 11.89),
    (2020, [274.515, 104.956,  57.411, 323.888,  65.339,  80.674],  3.28),
    (2021, [365.817, 152.836,  94.680, 351.002,  63.090, 104.038],  5.61),
    (2022, [394.328, 170.782,  99.803, 352.755,  50.672, 122.151],  6.11),
    (2023, [383.285, 169.148,  96.995, 352.583,  62.146, 110.543],  6.13),
    (2024, [391.035, 180.683,  93.736, 364.980,  56.950, 118.254],  6.08),
    (2025, [416.161, 195.201, 112.010, 359.241,  73.733, 111.482],  7.46),
];

#[test]
fn a_fiscal_year_has_the_figures_and_ratios_that_apple_published() {
    let Some(company) = apple() else { return };
    for (year, [revenue_, gross, income, assets, equity, cash_flow], eps_) in YEARS {
        let date = format!("{year}-12-15");
        within(revenue(&company, &date), revenue_, 1e-9, "revenue");
        within(net_income(&company, &date), income, 1e-9, "net income");
        within(eps(&company, &date), eps_, 1e-12, "EPS");
        for (factor, expected) in [
            ("roe", income / equity),
            ("roa", income / assets),
            ("gross_margin", gross / revenue_),
            ("gross_profitability", gross / assets),
            ("cfo_to_assets", cash_flow / assets),
            ("accruals", (income - cash_flow) / assets),
        ] {
            within(company.on(&date, factor), expected, 1e-12, &format!("{factor} of {year}"));
        }
    }
}

#[test]
fn growth_from_year_to_year_is_that_of_the_published_figures() {
    let Some(company) = apple() else { return };
    for pair in YEARS.windows(2) {
        let ((_, before, old), (year, now, new)) = (pair[0], pair[1]);
        let date = format!("{year}-12-15");
        within(company.on(&date, "sales_growth"), now[0] / before[0] - 1.0, 1e-12, &date);
        // Last year's EPS was restated to cents of a split share where a split came between.
        let basis = match year {
            2014 => 7.0,
            2020 => 4.0,
            _ => 1.0,
        };
        let tolerance = if basis > 1.0 { 0.005 } else { 1e-12 };
        within(company.on(&date, "eps_growth"), new * basis / old - 1.0, tolerance, &date);
    }
}

/// A day, then of the twelve months to the quarter filed last before it: revenue and net income in billions, diluted EPS on
/// the basis of the day. Sums of the four quarters that Apple published.
#[rustfmt::skip]
const TRAILING: [(&str, f64, f64, f64); 9] = [
    ("2014-05-15", 176.035,  37.707, 41.85),
    ("2015-08-14", 224.337,  50.737,  8.66),
    ("2016-08-15", 220.288,  47.797,  8.56),
    ("2017-08-15", 223.507,  46.651,  8.80),
    ("2019-08-15", 259.034,  55.695, 11.73),
    ("2020-08-14", 273.857,  58.424, 13.15),
    ("2022-08-15", 387.542,  99.633,  6.06),
    ("2023-08-15", 383.933,  94.760,  5.95),
    ("2024-08-15", 385.603, 101.956,  6.57),
];

#[test]
fn trailing_twelve_months_are_the_sums_of_four_published_quarters() {
    let Some(company) = apple() else { return };
    for (date, revenue_, income, eps_) in TRAILING {
        within(revenue(&company, date), revenue_, 1e-9, date);
        within(net_income(&company, date), income, 1e-9, date);
        // Since 2021 the 10-K gives no fourth quarter: EPS of the year less three is a cent off at most.
        let tolerance = if date > "2021" { 0.0101 } else { 1e-12 };
        within(eps(&company, date), eps_, tolerance, date);
    }
    within(company.on("2016-08-15", "sales_growth"), 220.288 / 224.337 - 1.0, 1e-12, "sales growth");
    within(company.on("2016-08-15", "eps_growth"), 8.56 / 8.66 - 1.0, 1e-12, "EPS growth");
}

#[test]
fn fourth_quarters_that_no_filing_gives_are_derived_to_the_same_twelve_months() {
    let Some(mut company) = apple() else { return };
    let years: Vec<NaiveDate> =
        company.statements.iter().filter(|one| one.timeframe == Annual).map(|one| one.period_end).collect();
    for statement in &mut company.statements {
        if statement.timeframe == Quarterly && years.contains(&statement.period_end) {
            for field in [Field::Revenue, Field::NetIncomeToCommon, Field::DilutedEps] {
                statement.values[field as usize] = f64::NAN;
            }
        }
    }
    for (date, revenue_, income, eps_) in TRAILING {
        within(revenue(&company, date), revenue_, 1e-9, date);
        within(net_income(&company, date), income, 1e-9, date);
        // EPS of a year is no sum of quarters: shares are averaged over each period by itself.
        within(eps(&company, date), eps_, 0.005 * eps_, date);
    }
}

#[test]
fn eps_follows_the_splits_on_their_own_session() {
    let Some(company) = apple() else { return };
    for (date, expected) in [
        ("2014-06-06", 41.85),
        ("2014-06-09", 41.85 / 7.0),
        // The quarter to June was filed on the new basis, and its sum takes quarters of both.
        ("2014-07-23", 41.85 / 7.0),
        ("2014-07-24", (8.26 + 14.50 + 11.62) / 7.0 + 1.28),
        ("2020-08-28", 13.15),
        ("2020-08-31", 13.15 / 4.0),
    ] {
        within(eps(&company, date), expected, 1e-12, date);
    }
}

#[test]
fn trailing_operating_cash_flow_is_the_year_and_what_has_come_since_less_the_same_of_last_year() {
    let Some(company) = apple() else { return };
    let file = FACTS.as_ref().expect("read above");
    let tag = |name: &str| file.facts["us-gaap"][name].units["USD"].clone();
    let mut facts = tag("NetCashProvidedByUsedInOperatingActivities");
    facts.extend(tag("NetCashProvidedByUsedInOperatingActivitiesContinuingOperations"));
    let latest = |end: NaiveDate, days: std::ops::RangeInclusive<i64>, by: NaiveDate| {
        let found = facts.iter().filter(|one| {
            (one.end - end).num_days().abs() <= 8
                && one.days().is_some_and(|length| days.contains(&length))
                && one.filed < by
        });
        found.max_by_key(|one| one.filed).map(|one| one.val)
    };
    let mut compared = 0;
    for year in 2010..=2025 {
        let day = |year: i32, month, of| NaiveDate::from_ymd_opt(year, month, of).expect("a date");
        let by = day(year, 8, 15);
        let since = latest(day(year, 6, 27), 260..=290, by);
        let since_before = latest(day(year - 1, 6, 27), 260..=290, by);
        let year_before = latest(day(year - 1, 9, 27), 350..=380, by);
        if let (Some(since), Some(since_before), Some(year_before)) = (since, since_before, year_before) {
            let date = format!("{year}-08-15");
            let got = amount(&company, StatementFactor::CashflowToPrice, 0, &date);
            within(got, year_before + since - since_before, 0.5, &date);
            compared += 1;
        }
    }
    assert!(compared >= 10, "{compared} years");
}

#[test]
fn what_was_restated_counts_from_the_day_of_its_own_filing() {
    let Some(company) = apple() else { return };
    // The year to September 2009: 36.537 and 5.704 as filed in October, 42.905 and 8.235 in the amendment of January 2010,
    // which came on the same day as the quarter to December.
    within(revenue(&company, "2009-12-15"), 36.537, 1e-9, "as first filed");
    within(net_income(&company, "2009-12-15"), 5.704, 1e-9, "as first filed");
    let restated =
        explain(&company.statements, &[], false, session("2010-12-15"), 1e12, StatementFactor::SalesGrowth);
    within(restated.amounts[1].value / 1e9, 42.905, 1e-9, "as restated");
    let input = &restated.amounts[1].inputs[0];
    assert!(input.filing_date >= "2010-01-25".parse().unwrap(), "{input:?}");
}

#[test]
fn apple_s_numbers_at_hand_are_many() {
    let Some(company) = apple() else { return };
    let quarters = company.statements.iter().filter(|one| one.timeframe == Quarterly).count();
    assert!(company.statements.len() > 300 && quarters > 150, "{} {quarters}", company.statements.len());
}
