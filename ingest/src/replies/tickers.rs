//! The vendor's list of tickers, active and delisted.

use std::cmp::Ordering;
use std::path::Path;

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;
use tidemark::domain::listing::Listing;

use super::ReplyError;
use super::field::{self, FieldFault};
use super::set_aside::{Reason, SetAside};
use super::{files, parse_page};

/// One entry as the vendor sends it, from `/v3/reference/tickers`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RawTicker {
    ticker: Value,
    name: Value,
    market: Value,
    locale: Value,
    r#type: Value,
    active: Value,
    primary_exchange: Value,
    cik: Value,
    composite_figi: Value,
    share_class_figi: Value,
    delisted_utc: Value,
    last_updated_utc: Value,
}

/// Entries in order, each once, and what was left out. Everything but places is the same for every order of the results.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// The entries, by ticker.
    pub records: Vec<Listing>,
    /// Results that said nothing new and were dropped.
    pub collapsed: usize,
    /// Results that are not used, by their place.
    pub set_aside: Vec<SetAside>,
}

/// Reads `tickers.json`, `tickers.json.gz` and `tickers-*.json[.gz]` in `folder`; `None` if there are none.
///
/// # Errors
/// As of [`ReplyError`]: a file that is not a page of results is refused whole.
pub fn read(folder: &Path) -> Result<Option<Settled>, ReplyError> {
    Ok(files::read(folder, "tickers", |text| Ok(parse_page(text)?.results))?.map(settle))
}

/// Every entry once. Of entries that agree in ticker, last day, FIGIs and CIK and differ otherwise the latest is kept.
pub fn settle(raw: Vec<RawTicker>) -> Settled {
    let mut usable: Vec<(usize, Listing)> = Vec::with_capacity(raw.len());
    let mut set_aside = Vec::new();
    for (at, raw) in raw.iter().enumerate() {
        match listing(raw) {
            Ok(listing) => usable.push((at + 1, listing)),
            Err(fault) => set_aside.push(SetAside::new(at + 1, field::shown_text(&raw.ticker), fault)),
        }
    }
    usable.sort_by(|(a_place, a), (b_place, b)| {
        subject(a, b)
            .then_with(|| b.updated.cmp(&a.updated))
            .then_with(|| b.cmp(a))
            .then(a_place.cmp(b_place))
    });
    let mut settled = Settled { records: Vec::with_capacity(usable.len()), collapsed: 0, set_aside };
    for (place, listing) in usable {
        match settled.records.last() {
            Some(kept) if subject(kept, &listing).is_eq() => {
                if (&kept.name, &kept.kind, &kept.exchange)
                    == (&listing.name, &listing.kind, &listing.exchange)
                {
                    settled.collapsed += 1;
                } else {
                    let fault = ("name", listing.name.unwrap_or_default(), Reason::Contradicted);
                    settled.set_aside.push(SetAside::new(place, listing.ticker, fault));
                }
            }
            _ => settled.records.push(listing),
        }
    }
    settled.set_aside.sort_by_key(|result| result.place);
    settled
}

/// Order of what entries are about: equal for those of which only one can hold.
fn subject(a: &Listing, b: &Listing) -> Ordering {
    fn key(listing: &Listing) -> (&str, Option<NaiveDate>, Option<&str>, Option<&str>, Option<&str>) {
        let Listing { ticker, last_day, composite_figi, share_class_figi, cik, .. } = listing;
        (ticker, *last_day, composite_figi.as_deref(), share_class_figi.as_deref(), cik.as_deref())
    }
    key(a).cmp(&key(b))
}

fn listing(raw: &RawTicker) -> Result<Listing, FieldFault> {
    let is =
        |value: &Value, wanted: &str| field::text(value).is_none_or(|text| text.eq_ignore_ascii_case(wanted));
    if !is(&raw.market, "stocks") {
        return Err(("market", field::shown(&raw.market), Reason::Market));
    }
    if !is(&raw.locale, "us") {
        return Err(("locale", field::shown(&raw.locale), Reason::Market));
    }
    let delisted = field::day_of_moment("delisted_utc", &raw.delisted_utc)?;
    // What trades has no last day, whatever else is said.
    let active = field::flag(&raw.active).unwrap_or(delisted.is_none());
    if !active && delisted.is_none() {
        return Err(("delisted_utc", field::shown(&raw.delisted_utc), Reason::LastDay));
    }
    Ok(Listing {
        ticker: field::ticker("ticker", &raw.ticker)?,
        last_day: delisted.filter(|_| !active),
        composite_figi: field::text(&raw.composite_figi),
        share_class_figi: field::text(&raw.share_class_figi),
        cik: field::text(&raw.cik).map(|cik| ten_digits(&cik)),
        name: field::text(&raw.name),
        kind: field::text(&raw.r#type),
        exchange: field::text(&raw.primary_exchange),
        updated: field::moment("last_updated_utc", &raw.last_updated_utc, Reason::Date)?,
    })
}

/// A CIK as the SEC writes it in full.
fn ten_digits(cik: &str) -> String {
    if cik.bytes().all(|byte| byte.is_ascii_digit()) { format!("{cik:0>10}") } else { cik.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flatfiles::test_data;
    use serde_json::json;

    fn settled(results: Value) -> Settled {
        let page = parse_page(json!({ "results": results }).to_string().as_bytes()).expect("a page");
        settle(page.results)
    }

    #[test]
    fn an_entry_worked_by_hand_becomes_a_listing() {
        let settled = settled(json!([
            { "ticker": "FB", "name": "Facebook", "market": "stocks", "locale": "us", "active": false, "cik": 1326801,
              "delisted_utc": "2022-06-08T04:00:00Z", "composite_figi": "BBG000MM2P62", "type": "CS" },
            { "ticker": "META", "market": "stocks", "locale": "us", "active": true, "composite_figi": "",
              "last_updated_utc": "2022-06-09T00:00:00Z", "primary_exchange": "XNAS", "unknown": [1] },
        ]));
        let [facebook, meta] = &settled.records[..] else { panic!("{settled:?}") };
        assert_eq!(facebook.last_day.map(|day| day.to_string()).as_deref(), Some("2022-06-08"));
        assert_eq!(facebook.cik.as_deref(), Some("0001326801"));
        assert_eq!(facebook.composite_figi.as_deref(), Some("BBG000MM2P62"));
        assert_eq!((meta.last_day, &meta.composite_figi, &meta.cik), (None, &None, &None));
        assert!(meta.updated.is_some());
        assert_eq!((settled.collapsed, settled.set_aside.len()), (0, 0));
    }

    #[test]
    fn active_may_be_missing_and_outweighs_a_day() {
        let settled = settled(json!([
            { "ticker": "A", "delisted_utc": "2020-01-02" },
            { "ticker": "B" },
            { "ticker": "C", "active": true, "delisted_utc": "2020-01-02" },
            { "ticker": "D", "active": "false", "delisted_utc": "2020-01-02" },
        ]));
        let last: Vec<bool> = settled.records.iter().map(|listing| listing.last_day.is_some()).collect();
        assert_eq!(last, [true, false, false, true]);
    }

    #[test]
    fn an_unusable_entry_is_set_aside_with_its_field_and_value() {
        for (field, value, shown, reason) in [
            ("market", json!("otc"), "otc", Reason::Market),
            ("locale", json!("global"), "global", Reason::Market),
            ("active", json!(false), "null", Reason::LastDay),
            ("delisted_utc", json!("soon"), "soon", Reason::Date),
            ("last_updated_utc", json!("now"), "now", Reason::Date),
        ] {
            let mut bad = json!({ "ticker": "A", "market": "stocks", "locale": "us", "active": true });
            bad[field] = value;
            let settled = settled(json!([bad]));
            assert!(settled.records.is_empty());
            let [found] = &settled.set_aside[..] else { panic!("{field}: {:?}", settled.set_aside) };
            assert_eq!((&found.value[..], found.reason), (shown, reason));
        }
        assert_eq!(settled(json!([{ "ticker": "A B" }])).set_aside.len(), 1);
    }

    #[test]
    fn of_entries_about_one_listing_the_latest_is_kept() {
        let entry =
            |name: &str, updated: &str| json!({ "ticker": "A", "name": name, "last_updated_utc": updated });
        let settled = settled(json!([
            entry("Old", "2020-01-01T00:00:00Z"),
            entry("New", "2024-01-01T00:00:00Z"),
            entry("New", "2023-01-01T00:00:00Z"),
        ]));
        assert_eq!(settled.records.len(), 1);
        assert_eq!(settled.records[0].name.as_deref(), Some("New"));
        assert_eq!((settled.collapsed, settled.set_aside.len()), (1, 1));
    }

    #[test]
    fn the_vendor_s_own_examples_and_a_real_year_are_read() {
        let Some(data) = test_data() else { return };
        let mocks = data.join("polygon_json/client_mocks/v3/reference");
        let next = std::fs::read_dir(&mocks)
            .expect("mocks")
            .map(|entry| entry.expect("an entry").path())
            .find(|path| {
                path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("tickers&cursor"))
            });
        for (example, count) in [
            (data.join("polygon_json/examples/v3__reference__tickers.json"), 1),
            (mocks.join("tickers.json"), 2),
            (next.expect("the second page"), 2),
        ] {
            let page = parse_page(&std::fs::read(&example).expect("readable")).expect("a page");
            let settled = settle(page.results);
            assert_eq!((settled.records.len(), settled.set_aside.len()), (count, 0), "{}", example.display());
            assert!(settled.records.iter().all(|listing| listing.composite_figi.is_some()));
        }
        let year = read(&data.join("vendor/us2015")).expect("readable").expect("there");
        assert_eq!((year.records.len(), year.collapsed, year.set_aside.len()), (1_775, 0, 0));
        assert_eq!(year.records.iter().filter(|listing| listing.last_day.is_some()).count(), 300);
    }
}
