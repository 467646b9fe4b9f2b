//! Reference data of the sample in the shape of the vendor's replies: tickers, splits, dividends, sectors.

use super::{
    instrument::{Action, ActionKind, BENCHMARK, Instrument},
    statements::Company,
};
use chrono::{Days, NaiveDate};
use serde::Serialize;

/// GICS names.
const SECTORS: [&str; 11] = [
    "Communication Services",
    "Consumer Discretionary",
    "Consumer Staples",
    "Energy",
    "Financials",
    "Health Care",
    "Industrials",
    "Information Technology",
    "Materials",
    "Real Estate",
    "Utilities",
];

/// The tickers of a market of `count` instruments, in their own alphabetical order. `TDM0001` cannot be mistaken
/// for a listed share; `SPY` stands for the benchmark that scans compare with.
pub(super) fn tickers(count: usize) -> Vec<String> {
    let width = count.saturating_sub(1).to_string().len().max(4);
    (0..count)
        .map(|index| if index == BENCHMARK { "SPY".to_owned() } else { format!("TDM{index:0width$}") })
        .collect()
}

/// An entry of `/v3/reference/tickers`.
#[derive(Debug, Serialize)]
pub(super) struct TickerEntry<'a> {
    ticker: &'a str,
    name: String,
    market: &'static str,
    locale: &'static str,
    primary_exchange: &'static str,
    r#type: &'static str,
    active: bool,
    currency_name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    delisted_utc: Option<String>,
}

pub(super) fn ticker<'a>(
    index: usize,
    ticker: &'a str,
    instrument: &Instrument,
    dates: &[NaiveDate],
) -> TickerEntry<'a> {
    let benchmark = index == BENCHMARK;
    let delisted = dates.get(instrument.delisted);
    TickerEntry {
        ticker,
        name: if benchmark { "Made-up Market Fund".to_owned() } else { format!("Made-up Company {index}") },
        market: "stocks",
        locale: "us",
        primary_exchange: if benchmark { "ARCX" } else { ["XNYS", "XNAS"][index % 2] },
        r#type: if benchmark { "ETF" } else { "CS" },
        active: delisted.is_none(),
        currency_name: "usd",
        delisted_utc: delisted.map(|date| format!("{date}T00:00:00Z")),
    }
}

/// `ticker,sector` of all but the benchmark.
pub(super) fn sectors(tickers: &[String]) -> String {
    let company = |(index, ticker): (usize, &String)| format!("{ticker},{}", SECTORS[index % SECTORS.len()]);
    let companies = tickers.iter().enumerate().filter(|(index, _)| *index != BENCHMARK).map(company);
    let mut lines = vec!["ticker,sector".to_owned()];
    lines.extend(companies);
    lines.join("\n") + "\n"
}

/// An entry of `/stocks/v1/splits`.
#[derive(Debug, Serialize)]
pub(super) struct SplitEntry<'a> {
    id: String,
    ticker: &'a str,
    execution_date: NaiveDate,
    split_from: f64,
    split_to: f64,
    adjustment_type: &'static str,
}

pub(super) fn split<'a>(
    action: &Action,
    tickers: &'a [String],
    dates: &[NaiveDate],
) -> Option<SplitEntry<'a>> {
    let ActionKind::Split { from, to } = action.kind else { return None };
    let (ticker, execution_date) = (&tickers[action.instrument], dates[action.session]);
    Some(SplitEntry {
        id: format!("split-{ticker}-{execution_date}"),
        ticker,
        execution_date,
        split_from: f64::from(from),
        split_to: f64::from(to),
        adjustment_type: if to > from { "forward_split" } else { "reverse_split" },
    })
}

/// An entry of `/stocks/v1/dividends`.
#[derive(Debug, Serialize)]
pub(super) struct DividendEntry<'a> {
    id: String,
    ticker: &'a str,
    cash_amount: f64,
    currency: &'static str,
    declaration_date: NaiveDate,
    ex_dividend_date: NaiveDate,
    record_date: NaiveDate,
    pay_date: NaiveDate,
    frequency: i64,
    distribution_type: &'static str,
}

pub(super) fn dividend<'a>(
    action: &Action,
    tickers: &'a [String],
    dates: &[NaiveDate],
) -> Option<DividendEntry<'a>> {
    let ActionKind::Dividend { cents } = action.kind else { return None };
    let (ticker, ex_dividend_date) = (&tickers[action.instrument], dates[action.session]);
    Some(DividendEntry {
        id: format!("dividend-{ticker}-{ex_dividend_date}"),
        ticker,
        cash_amount: cents as f64 / 100.0,
        currency: "USD",
        declaration_date: ex_dividend_date - Days::new(21),
        ex_dividend_date,
        record_date: ex_dividend_date,
        pay_date: ex_dividend_date + Days::new(14),
        frequency: 4,
        distribution_type: "recurring",
    })
}

/// What an instrument's statements start from.
pub(super) fn company(
    index: usize,
    instrument: &Instrument,
    actions: &[Action],
    tickers: &[String],
    dates: &[NaiveDate],
) -> Company {
    let splits = actions.iter().filter_map(|action| match action.kind {
        ActionKind::Split { from, to } => Some((dates[action.session], f64::from(to) / f64::from(from))),
        ActionKind::Dividend { .. } => None,
    });
    Company {
        ticker: tickers[index].clone(),
        price: instrument.first_price,
        shares: instrument.first_shares,
        splits: splits.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickers_are_in_alphabetical_order_and_plainly_artificial() {
        for count in [10, 10_000, 10_002] {
            let tickers = tickers(count);
            assert_eq!(tickers.len(), count);
            assert!(tickers.is_sorted());
            assert_eq!(tickers[BENCHMARK], "SPY");
        }
        assert_eq!(tickers(500)[1], "TDM0001");
        assert_eq!(tickers(10_002)[10_001], "TDM10001");
    }

    #[test]
    fn every_company_has_a_sector() {
        assert_eq!(
            sectors(&tickers(3)),
            "ticker,sector\nTDM0001,Consumer Discretionary\nTDM0002,Consumer Staples\n"
        );
    }
}
