//! Details of instruments: whom to ask for, and what the vendor says. Stored a few at a time: stopped at any moment, the same
//! command goes on with those that are left.

use chrono::NaiveDate;
use deadpool_postgres::Object;
use futures::{StreamExt, stream};
use tidemark::say::Progress;
use tidemark::store::instruments::Tickers;
use tidemark::store::reference::{self as store, Wanted};
use tidemark::store::{During, StoreError};

use super::super::refusals::Refusals;
use crate::replies::details::{Details, RawDetails, details, shown};
use crate::replies::parse_reply;
use crate::vendor::{VendorClient, VendorError};

/// Calls on their way at once; the plan's rate holds them back.
const AT_ONCE: usize = 8;

/// Answers that are stored together.
const BATCH: usize = 100;

/// What became of details.
#[derive(Debug, Default)]
pub struct Counts {
    /// Details read.
    pub read: usize,
    /// Instruments that differed.
    pub changed: usize,
    /// Details that were not used.
    pub refused: Refusals,
}

/// Stores details that a file holds, by the ticker that an instrument has now or had last.
pub async fn store_read(
    client: &mut Object,
    raw: Vec<RawDetails>,
    today: NaiveDate,
) -> Result<Counts, StoreError> {
    let tickers = Tickers::read(&***client).await?;
    let mut counts = Counts { read: raw.len(), ..Counts::default() };
    let mut found: Vec<(i32, RawDetails)> = Vec::new();
    for raw in raw {
        let ticker = shown(&raw);
        match tickers.find(&ticker, today).or_else(|| tickers.latest(&ticker)) {
            Some(id) => found.push((id, raw)),
            None => counts.refused.add("details: the ticker is not known", || ticker),
        }
    }
    let ids: Vec<i32> = found.iter().map(|(id, _)| *id).collect();
    let wanted = store::without_details(&***client, Some(&ids)).await?;
    let mut batch = Vec::new();
    for (id, raw) in found {
        let Some(wanted) = wanted.iter().find(|wanted| wanted.instrument_id == id) else { continue };
        batch.extend(usable(wanted, &raw, &mut counts.refused));
    }
    counts.changed += store(client, &batch, today).await?;
    Ok(counts)
}

/// Asks for details of `tickers`, else of every instrument with bars that has none, and stores them as they come.
pub async fn ask(
    client: &mut Object,
    vendor: &VendorClient,
    tickers: &[String],
    today: NaiveDate,
    counts: &mut Counts,
) -> anyhow::Result<()> {
    let wanted = if tickers.is_empty() {
        store::without_details(&***client, None).await?
    } else {
        let known = Tickers::read(&***client).await?;
        let mut ids = Vec::new();
        for ticker in tickers {
            match known.find(ticker, today).or_else(|| known.latest(ticker)) {
                Some(id) => ids.push(id),
                None => counts.refused.add("details: the ticker is not known", || ticker.clone()),
            }
        }
        store::without_details(&***client, Some(&ids)).await?
    };
    eprintln!("{} of the vendor's API for details", super::calls(wanted.len()));
    let progress = Progress::new("asking for details", "instruments");
    let asking = wanted.iter().map(|wanted| async move { (wanted, ask_one(vendor, wanted).await) });
    let mut answers = stream::iter(asking).buffered(AT_ONCE);
    let (mut batch, mut done, mut fault) = (Vec::new(), 0, None);
    while let Some((wanted_one, answer)) = answers.next().await {
        done += 1;
        progress.at(done, wanted.len(), &wanted_one.ticker);
        match answer {
            Ok(all) => {
                counts.read += all.len();
                let first = all.first().and_then(|raw| usable(wanted_one, raw, &mut counts.refused));
                batch.push(first.unwrap_or_else(|| nothing(wanted_one)));
            }
            Err(VendorError::NotFound { .. }) => {
                counts.refused.add("details: the vendor has none", || wanted_one.ticker.clone());
                batch.push(nothing(wanted_one));
            }
            Err(error) => {
                fault = Some(error);
                break;
            }
        }
        if batch.len() >= BATCH {
            counts.changed += store(client, &std::mem::take(&mut batch), today).await?;
        }
    }
    progress.end();
    // What came before a fault is kept, so that the next run need not ask again.
    counts.changed += store(client, &batch, today).await?;
    fault.map_or(Ok(()), |error| Err(error.into()))
}

/// Details that say nothing: they were asked for.
fn nothing(wanted: &Wanted) -> store::Details {
    store::Details { instrument_id: wanted.instrument_id, ..store::Details::default() }
}

/// A delisted ticker may be another's now: it is asked for as of the day before its last one.
async fn ask_one(vendor: &VendorClient, wanted: &Wanted) -> Result<Vec<RawDetails>, VendorError> {
    let path = format!("/v3/reference/tickers/{}", wanted.ticker);
    let day = wanted.delisted_on.and_then(|last| last.pred_opt()).map(|day| day.to_string());
    let query: Vec<(&str, &str)> = day.iter().map(|day| ("date", day.as_str())).collect();
    let body = vendor.get(&path, &query).await?;
    parse_reply(&body).map_err(|fault| vendor.malformed(&path, &fault.to_string()))
}

/// Details of the instrument, and of no other that has its ticker. Shares of the past are left out: the vendor dates them by the
/// period that they are about, and not by the day on which they were known.
fn usable(wanted: &Wanted, raw: &RawDetails, refused: &mut Refusals) -> Option<store::Details> {
    let Details { ticker, composite_figi, sic_code, listed_on, shares } = match details(raw) {
        Ok(details) => details,
        Err((field, value, reason)) => {
            refused.add(&format!("details: {reason}"), || format!("{}: {field} \"{value}\"", wanted.ticker));
            return None;
        }
    };
    if composite_figi.is_some() && wanted.composite_figi.is_some() && composite_figi != wanted.composite_figi
    {
        refused.add("details: of another FIGI", || ticker);
        return None;
    }
    let shares = shares.filter(|_| wanted.delisted_on.is_none());
    Some(store::Details { instrument_id: wanted.instrument_id, sic_code, listed_on, shares })
}

async fn store(client: &mut Object, batch: &[store::Details], today: NaiveDate) -> Result<usize, StoreError> {
    if batch.is_empty() {
        return Ok(0);
    }
    let transaction = client.transaction().await.during("opening a transaction")?;
    let changed = store::store_details(&transaction, batch, today).await?;
    transaction.commit().await.during("storing details")?;
    Ok(changed)
}
