//! Made-up companies: statements that depend on nothing but their arguments, and the writes that file them.

use chrono::{Days, NaiveDate};
use tidemark::store::date_of;
use tidemark::store::statements::{self, Kind, StatementRow, Timeframe};
use tokio_postgres::Transaction;

use super::market;

/// Quarters that a company may file; number 12 ends just before the market's first session, every fourth ends a year.
pub const QUARTERS: u64 = 20;

/// The last day of a quarter.
pub fn quarter_end(quarter: u64) -> NaiveDate {
    date_of(market::first()) - Days::new(3) + Days::new(quarter * 91) - Days::new(12 * 91)
}

/// The timeframes that are filed for a quarter: that of its year too, every fourth time.
pub fn timeframes(quarter: u64) -> &'static [Timeframe] {
    if quarter.is_multiple_of(4) {
        &[Timeframe::Annual, Timeframe::Quarterly]
    } else {
        &[Timeframe::Quarterly]
    }
}

/// A statement of a company. `print` 0 is what was filed first, others are restatements; some numbers are not given.
pub fn statement(
    kind: Kind,
    instrument_id: i32,
    quarter: u64,
    timeframe: Timeframe,
    filing_date: NaiveDate,
    print: u64,
) -> StatementRow {
    let mut x =
        (instrument_id as u64) << 32 ^ quarter << 16 ^ print << 8 ^ kind as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let mut random = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 11) as f64 / (1_u64 << 53) as f64
    };
    for _ in 0..4 {
        random();
    }
    let scale = if timeframe == Timeframe::Annual { 4.0 } else { 1.0 };
    let number = |column: &&str| {
        let (size, missing) = (random(), random() < 0.03);
        match *column {
            _ if missing => f64::NAN,
            "basic_shares_outstanding" | "diluted_shares_outstanding" => 1e6 * (1.0 + 9.0 * size).round(),
            "diluted_earnings_per_share" | "basic_earnings_per_share" => scale * (size - 0.2),
            "revenue" | "gross_profit" | "purchase_of_property_plant_and_equipment" => {
                scale * 1e7 * (1.0 + size)
            }
            "total_assets" | "total_current_assets" | "total_equity_attributable_to_parent" => {
                1e8 * (1.0 + size)
            }
            _ => scale * 1e6 * (size - 0.3),
        }
    };
    StatementRow {
        instrument_id,
        ticker: String::new(),
        period_end: quarter_end(quarter),
        timeframe,
        filing_date,
        fiscal_year: None,
        fiscal_quarter: None,
        cik: None,
        values: kind.columns().iter().map(number).collect(),
    }
}

/// Files statements of one kind, with what changed.
pub async fn file(transaction: &Transaction<'_>, kind: Kind, rows: Vec<StatementRow>) {
    statements::stage(transaction).await.expect("room");
    statements::copy(transaction, kind, rows.into_iter()).await.expect("statements");
    statements::settle(transaction, kind, None).await.expect("settled");
}

/// Files everything that companies would have filed on time, 40 days after each quarter's end.
pub async fn file_all(transaction: &Transaction<'_>, ids: &[i32], quarters: std::ops::Range<u64>) {
    for kind in Kind::ALL {
        let mut rows = Vec::new();
        for id in ids {
            for quarter in quarters.clone() {
                for timeframe in timeframes(quarter) {
                    let filed = quarter_end(quarter) + Days::new(40);
                    rows.push(statement(kind, *id, quarter, *timeframe, filed, 0));
                }
            }
        }
        file(transaction, kind, rows).await;
    }
}
