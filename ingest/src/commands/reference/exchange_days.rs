//! The exchange's days to come: what departs from the calendar's rule is kept and overlays it.

use chrono::NaiveDate;
use deadpool_postgres::Object;
use tidemark::domain::announcements::{Comparison, compare};
use tidemark::domain::calendar::{Announced, by_rule};
use tidemark::store::{During, StoreError, sessions};

use super::super::refusals::Refusals;
use crate::replies::exchange_days::ExchangeDays;

/// What became of the announcements.
#[derive(Debug, Default)]
pub struct Counts {
    /// Days said.
    pub said: usize,
    /// How they compare with the calendar.
    pub comparison: Comparison,
    /// Entries that were not used.
    pub refused: Refusals,
}

/// Compares with the rule and keeps what departs from it. A closure of a day that has bars is refused.
pub async fn apply(client: &mut Object, days: ExchangeDays, today: NaiveDate) -> Result<Counts, StoreError> {
    let ExchangeDays { days, differing, elsewhere: _, set_aside } = days;
    let mut refused = Refusals::default();
    for left in &set_aside {
        refused.add(&format!("exchange days: {}", left.reason), || {
            format!("entry {} ({}): {} \"{}\"", left.place, left.ticker, left.field, left.value)
        });
    }
    for day in &differing {
        refused.add("exchange days: New York and Nasdaq differ, New York's word counts", || day.to_string());
    }
    let transaction = client.transaction().await.during("opening a transaction")?;
    let kept = sessions::announced(&*transaction).await?;
    let mut comparison = compare(by_rule(), &days, &kept, today);
    let closures: Vec<NaiveDate> =
        comparison.announced.iter().filter(|day| day.close.is_none()).map(|day| day.date).collect();
    let traded = sessions::with_bars(&*transaction, &closures).await?;
    comparison.announced.retain(|day| {
        let stays = !traded.contains(&day.date) || day.close.is_some();
        if !stays {
            refused.add("exchange days: said to be closed, but bars of the day are loaded", || shown(day));
        }
        stays
    });
    for day in &comparison.opened {
        refused.add("exchange days: said to be open, but closed by the calendar's rule", || shown(day));
    }
    sessions::change_announced(&transaction, &comparison.announced, &comparison.withdrawn).await?;
    transaction.commit().await.during("keeping announced days")?;
    Ok(Counts { said: days.len(), comparison, refused })
}

/// A day in words.
pub fn shown(day: &Announced) -> String {
    match day.close {
        None => format!("{} closed: {}", day.date, day.name),
        Some(close) => format!("{} until {}: {}", day.date, close.format("%H:%M"), day.name),
    }
}
