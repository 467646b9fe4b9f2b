//! Which instrument a ticker means, and what was probably meant by one that means none.

use chrono::NaiveDate;
use tokio_postgres::Transaction;

use super::ExplainError;
use crate::domain::listing::Held;
use crate::store::instruments;

/// Most tickers that are suggested.
const SUGGESTED: usize = 3;

/// Tickers are short: one letter of three may be wrong.
const SIMILAR_ENOUGH: f64 = 0.6;

/// The instrument of `ticker`: the one that had it on the day `as_of`, else the one that has it now.
pub async fn instrument(
    transaction: &Transaction<'_>,
    ticker: &str,
    as_of: Option<NaiveDate>,
) -> Result<i32, ExplainError> {
    let periods = instruments::periods_of(transaction, ticker).await?;
    if let Some(period) = as_of.and_then(|day| periods.iter().find(|period| period.contains(day))) {
        return Ok(period.instrument_id);
    }
    let ticker = ticker.to_owned();
    let Some(last) = periods.last() else {
        let all = instruments::all(transaction).await?;
        let suggested = suggestions(&ticker, all.iter().map(|one| one.ticker.as_str()));
        return Err(ExplainError::UnknownTicker { ticker, suggested });
    };
    let Some(id) = instruments::latest_of(transaction, &ticker).await? else {
        return Err(ExplainError::NoBars { ticker });
    };
    let names = instruments::names_of(transaction, id).await?;
    match names.last() {
        Some(Held { ticker: now, .. }) if *now != ticker => {
            let until = periods.iter().rfind(|period| period.instrument_id == id).unwrap_or(last).until;
            Err(ExplainError::NotAnyMore { ticker, until, now: now.clone() })
        }
        _ => Ok(id),
    }
}

/// Those of `known` that are most like `ticker`, the likest first: the same in another case, else with few letters wrong.
fn suggestions<'a>(ticker: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let capitals = ticker.to_uppercase();
    let likeness = |other: &str| {
        if other.eq_ignore_ascii_case(ticker) {
            2.0
        } else {
            strsim::normalized_damerau_levenshtein(&capitals, &other.to_uppercase())
        }
    };
    let mut like: Vec<(f64, &str)> = known.map(|other| (likeness(other), other)).collect();
    like.retain(|(likeness, _)| *likeness >= SIMILAR_ENOUGH);
    like.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.cmp(other)));
    let same_but_case = like.iter().filter(|(likeness, _)| *likeness == 2.0).count();
    let count = if same_but_case > 0 { same_but_case } else { SUGGESTED };
    like.into_iter().take(count).map(|(_, other)| other.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_letters_in_another_case_are_meant_before_anything_else() {
        let known = ["AAPL", "AAPB", "APLE", "BRK.B", "MSFT", "aapl.x", "T"];
        let meant = |ticker: &str| suggestions(ticker, known.into_iter());
        assert_eq!(meant("aapl"), ["AAPL"]);
        assert_eq!(meant("AAPLE")[..2], ["AAPL", "APLE"]);
        assert_eq!(meant("APPL"), ["AAPL"]);
        assert_eq!(meant("brk.b"), ["BRK.B"]);
        assert_eq!(meant("BRKB"), ["BRK.B"]);
        assert!(meant("NOBODY").is_empty());
    }
}
