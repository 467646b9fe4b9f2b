//! A small made-up market, and the writes that change it: each in the transaction it is given.

use chrono::NaiveDate;
use tidemark::domain::bar::DayBar;
use tidemark::domain::calendar::nyse;
use tidemark::store::bar_table::{self, Replaced};
use tidemark::store::instruments::Tickers;
use tidemark::store::{bars, date_of};
use tokio_postgres::{Client, Transaction};

/// First session of the made-up market.
pub fn first() -> i32 {
    nyse().number(NaiveDate::from_ymd_opt(2022, 1, 3).expect("a date")).expect("a session")
}

/// A bar that depends on nothing but its arguments; `print` 0 is the first print, others are corrections.
pub fn bar(instrument: i32, session: i32, print: u64) -> DayBar {
    let mut x = (instrument as u64) << 40 ^ (session as u64) << 8 ^ print ^ 0x9e37_79b9_7f4a_7c15;
    let mut random = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        (x >> 11) as f64 / (1_u64 << 53) as f64
    };
    for _ in 0..4 {
        random();
    }
    let close = ((20.0 + f64::from(instrument % 7) * 10.0) * (0.9 + 0.2 * random()) * 100.0).round() / 100.0;
    let open = close * (0.98 + 0.04 * random());
    DayBar {
        open,
        high: open.max(close) * 1.01,
        low: open.min(close) * 0.99,
        close,
        volume: (50_000.0 + 100_000.0 * random()).round(),
        vwap: None,
        trade_count: None,
    }
}

/// Creates instruments `TST0` … and the benchmark `SPY`, and gives their ids in that order.
pub async fn instruments(client: &mut Client, count: usize) -> Vec<i32> {
    let mut names: Vec<String> = (0..count).map(|n| format!("TST{n}")).collect();
    names.push("SPY".into());
    let mut tickers = Tickers::read(client).await.expect("tickers");
    let wanted: Vec<(&str, NaiveDate)> = names.iter().map(|name| (name.as_str(), date_of(first()))).collect();
    tickers.create(client, &wanted).await.expect("instruments");
    names.iter().map(|name| tickers.latest(name).expect("created")).collect()
}

/// Opens the chunks of sessions, as a loader does before it writes.
pub async fn open_chunks(client: &mut Client, sessions: std::ops::Range<i32>) {
    let days: Vec<NaiveDate> = sessions.map(date_of).collect();
    bar_table::open_chunks(client, &bars::TABLE, &days).await.expect("chunks");
}

/// Makes the bars of `ids` on `sessions` equal to `wanted` (none: no bar), and logs what changed.
pub async fn write(
    transaction: &Transaction<'_>,
    ids: &[i32],
    sessions: std::ops::Range<i32>,
    wanted: impl Fn(i32, i32) -> Option<DayBar>,
) -> Replaced {
    let days: Vec<NaiveDate> = sessions.clone().map(date_of).collect();
    let rows: Vec<(i32, NaiveDate, DayBar)> = ids
        .iter()
        .flat_map(|id| sessions.clone().map(move |session| (*id, session)))
        .filter_map(|(id, session)| Some((id, date_of(session), wanted(id, session)?)))
        .collect();
    let rows = rows.iter().map(|(id, day, bar)| bars::row(*id, *day, bar));
    bar_table::replace(transaction, &bars::TABLE, &days, &days, Some(ids), rows).await.expect("bars")
}
