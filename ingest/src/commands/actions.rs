//! `ingest actions`: splits and dividends, from the vendor's replies.

use std::path::Path;
use std::process::ExitCode;

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use tidemark::failure::Failure;
use tidemark::say;
use tidemark::settings::Settings;
use tidemark::store::actions::{DividendRow, SplitRow, upsert_dividends, upsert_splits};
use tidemark::store::instruments::Tickers;
use tidemark::store::{During, StoreError};

use super::refusals::Refusals;
use crate::replies::{self, Settled, dividends, splits};
use crate::source::{self, Pace, ReplySource};
use crate::vendor::VendorClient;

/// Load splits and dividends, which returns need
///
/// Load the bars first: an action of a ticker without bars is set aside and counted. Two contradictory splits of one
/// ticker and day cannot both hold: the one with the greater id is kept, the other counted. Run it again at any time;
/// only what is new or different is written.
#[derive(clap::Args)]
pub struct Args {
    /// files:DIR (the folder that holds splits.json and dividends.json, gzipped or not) or rest (key in POLYGON_API_KEY)
    #[arg(long, value_name = "SOURCE")]
    source: ReplySource,
    #[command(flatten)]
    pace: Pace,
}

pub async fn run(settings: &Settings, args: &Args) -> anyhow::Result<ExitCode> {
    let (splits, dividends) = match &args.source {
        ReplySource::Files(folder) => from_files(folder)?,
        ReplySource::Rest => from_rest(&source::vendor(settings, args.pace)?).await?,
    };
    let mut client = super::connect(&super::open(settings)?).await?;
    let tickers = Tickers::read(&**client).await?;
    let transaction = client.transaction().await.during("opening a transaction")?;
    if let Some(splits) = splits {
        let mut refused = refusals(&splits);
        let rows: Vec<SplitRow> = splits
            .records
            .iter()
            .filter_map(|split| {
                let instrument_id = find(&tickers, &split.ticker, split.ex_date, &mut refused)?;
                Some(SplitRow {
                    instrument_id,
                    ex_date: split.ex_date,
                    split_from: split.split_from,
                    split_to: split.split_to,
                    vendor_id: split.id.clone(),
                })
            })
            .collect();
        let stored = upsert_splits(&transaction, &rows).await?;
        print("splits", &splits, rows.len(), stored, &refused);
    }
    if let Some(dividends) = dividends {
        let mut refused = refusals(&dividends);
        let rows: Vec<DividendRow> = dividends
            .records
            .iter()
            .filter_map(|dividend| {
                let instrument_id = find(&tickers, &dividend.ticker, dividend.ex_date, &mut refused)?;
                Some(DividendRow {
                    instrument_id,
                    ex_date: dividend.ex_date,
                    kind: dividend.kind.clone(),
                    cash_amount: dividend.cash_amount,
                    vendor_id: dividend.id.clone(),
                })
            })
            .collect();
        let stored = upsert_dividends(&transaction, &rows).await?;
        print("dividends", &dividends, rows.len(), stored, &refused);
    }
    transaction.commit().await.map_err(|e| StoreError::from_driver("storing actions", e))?;
    Ok(ExitCode::SUCCESS)
}

type Both = (Option<Settled<splits::SplitRecord>>, Option<Settled<dividends::DividendRecord>>);

fn from_files(folder: &Path) -> anyhow::Result<Both> {
    let both = (splits::read(folder)?, dividends::read(folder)?);
    if both.0.is_none() && both.1.is_none() {
        return Err(Failure::new(format!(
            "{}: neither splits.json nor dividends.json is here",
            folder.display()
        ))
        .hint("name the folder that holds the vendor's replies, NAME.json or NAME.json.gz")
        .into());
    }
    Ok(both)
}

async fn from_rest(vendor: &VendorClient) -> anyhow::Result<Both> {
    let splits = all(vendor, "/stocks/v1/splits").await?;
    let dividends = all(vendor, "/stocks/v1/dividends").await?;
    Ok((Some(splits::settle(splits)), Some(dividends::settle(dividends))))
}

/// All results of a list of pages.
pub(super) async fn all<T: DeserializeOwned>(vendor: &VendorClient, path: &str) -> anyhow::Result<Vec<T>> {
    let mut pages = vendor.pages(path, &[("limit", "5000")]);
    let mut results = Vec::new();
    while let Some(body) = pages.next().await? {
        results.extend(replies::parse_page(&body)?.results);
        eprintln!("{path}: {} records", say::count(results.len() as u64));
    }
    Ok(results)
}

/// What settling set aside, counted.
pub(super) fn refusals<T>(settled: &Settled<T>) -> Refusals {
    let mut refused = Refusals::default();
    for record in &settled.set_aside {
        refused.add(&record.reason.to_string(), || record.to_string());
    }
    refused
}

/// The instrument behind a ticker on a day; without one, the record is counted as refused.
pub(super) fn find(tickers: &Tickers, ticker: &str, date: NaiveDate, refused: &mut Refusals) -> Option<i32> {
    let found = tickers.find(ticker, date);
    if found.is_none() {
        refused.add("no bars of this ticker are loaded", || format!("{ticker} {date}"));
    }
    found
}

/// Says what became of the records of a source: `known` have an instrument, `stored` of them were written.
pub(super) fn print<T>(what: &str, source: &Settled<T>, known: usize, stored: u64, refused: &Refusals) {
    let read = source.records.len() + source.collapsed + source.set_aside.len();
    println!(
        "{what:<11}{:>9} read   {} new or changed, {} equal, {} repeated, {} set aside",
        say::count(read as u64),
        say::count(stored),
        say::count((known as u64).saturating_sub(stored)),
        say::count(source.collapsed as u64),
        say::count(refused.total()),
    );
    refused.print();
}
