//! `ingest statements`: shares outstanding as filed, from the vendor's income statements.

use std::process::ExitCode;

use tidemark::failure::Failure;
use tidemark::settings::Settings;
use tidemark::store::actions::{SharesRow, upsert_shares};
use tidemark::store::instruments::Tickers;
use tidemark::store::{During, StoreError};

use super::actions::{all, find, print, refusals};
use crate::replies::shares;
use crate::source::{self, Pace, ReplySource};

/// Load shares outstanding from income statements, which size and turnover need
///
/// Every version is kept under its filing date and counts from the session after it. Of the statements only
/// basic_shares_outstanding is read.
#[derive(clap::Args)]
pub struct Args {
    /// files:DIR (the folder that holds income-statements.json, gzipped or not) or rest (key in POLYGON_API_KEY)
    #[arg(long, value_name = "SOURCE")]
    source: ReplySource,
    #[command(flatten)]
    pace: Pace,
}

pub async fn run(settings: &Settings, args: &Args) -> anyhow::Result<ExitCode> {
    let reports = match &args.source {
        ReplySource::Files(folder) => shares::read(folder)?.ok_or_else(|| {
            Failure::new(format!("{}: no income-statements.json is here", folder.display()))
                .hint("name the folder that holds the vendor's replies, NAME.json or NAME.json.gz")
        })?,
        ReplySource::Rest => shares::settle(
            all(&source::vendor(settings, args.pace)?, "/stocks/financials/v1/income-statements").await?,
        ),
    };
    let mut client = super::connect(&super::open(settings)?).await?;
    let tickers = Tickers::read(&**client).await?;
    let mut refused = refusals(&reports);
    let rows: Vec<SharesRow> = reports
        .records
        .iter()
        .filter_map(|report| {
            let instrument_id = find(&tickers, &report.ticker, report.filing_date, &mut refused)?;
            Some(SharesRow {
                instrument_id,
                filing_date: report.filing_date,
                period_end: report.period_end,
                shares: report.shares,
            })
        })
        .collect();
    let transaction = client.transaction().await.during("opening a transaction")?;
    let stored = upsert_shares(&transaction, &rows).await?;
    transaction.commit().await.map_err(|e| StoreError::from_driver("storing shares outstanding", e))?;
    print("shares", &reports, rows.len(), stored, &refused);
    Ok(ExitCode::SUCCESS)
}
