//! Where reference data comes from: a folder of the vendor's replies, or its API.

use std::path::Path;

use tidemark::failure::Failure;
use tidemark::say;

use super::events::{self, Changes};
use crate::replies::details::{self, RawDetails};
use crate::replies::exchange_days::{self, ExchangeDays};
use crate::replies::tickers::{self, RawTicker, Settled};
use crate::replies::{events as replies_events, parse_page};
use crate::vendor::VendorClient;

/// Path of the list.
const TICKERS: &str = "/v3/reference/tickers";

/// Path of the exchange's days to come.
const UPCOMING: &str = "/v1/marketstatus/upcoming";

/// What a source says.
pub struct Gathered {
    /// For the ledger.
    pub source: String,
    /// The list.
    pub tickers: Settled,
    /// Ticker changes, as far as they were read with the list.
    pub changes: Changes,
    /// Details, as far as they were read with the list.
    pub details: Option<Vec<RawDetails>>,
    /// The exchange's days to come.
    pub exchange_days: Option<ExchangeDays>,
}

/// Reads a folder.
pub fn from_files(folder: &Path) -> anyhow::Result<Gathered> {
    let tickers = tickers::read(folder)?.ok_or_else(|| {
        Failure::new(format!("{}: no tickers.json is here", folder.display()))
            .hint("name the folder that holds the vendor's replies, NAME.json or NAME.json.gz")
    })?;
    let changes = replies_events::read(folder)?.unwrap_or_default();
    Ok(Gathered {
        source: format!("files:{}", std::path::absolute(folder)?.display()),
        tickers,
        changes: events::settle(&changes),
        details: details::read(folder)?,
        exchange_days: exchange_days::read(folder)?.map(|days| exchange_days::settle(&days)),
    })
}

/// Asks for the list, active and delisted, and for the exchange's days.
pub async fn from_rest(vendor: &VendorClient) -> anyhow::Result<Gathered> {
    eprintln!("calls of the vendor's API: one a 1,000 tickers (about 40) and one for the exchange's days");
    let mut raw: Vec<RawTicker> = Vec::new();
    for (active, what) in [("true", "active"), ("false", "delisted")] {
        let before = raw.len();
        let query = [("market", "stocks"), ("active", active), ("limit", "1000"), ("sort", "ticker")];
        let mut pages = vendor.pages(TICKERS, &query);
        while let Some(body) = pages.next().await? {
            let page = parse_page(&body).map_err(|fault| vendor.malformed(TICKERS, &fault.to_string()))?;
            raw.extend(page.results);
            eprintln!("{TICKERS}: {} {what}", say::count((raw.len() - before) as u64));
        }
    }
    let body = vendor.get(UPCOMING, &[]).await?;
    let days = exchange_days::parse(&body).map_err(|fault| vendor.malformed(UPCOMING, &fault.to_string()))?;
    Ok(Gathered {
        source: "rest".to_owned(),
        tickers: tickers::settle(raw),
        changes: Changes::default(),
        details: None,
        exchange_days: Some(exchange_days::settle(&days)),
    })
}
