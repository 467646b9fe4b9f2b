//! What the API answers: keys, parameters, bars, pages.

use serde_json::Value;

use super::super::reply::volume;
use super::super::{Bar, Ticker, Vendor};
use super::{ask, get, json, market};
use crate::run::KEY;

const GROUPED: &str = "/v2/aggs/grouped/locale/us/market/stocks/2024-07-02";

#[test]
fn a_key_is_wanted_and_known_as_bearer_and_in_the_address() {
    let vendor = Vendor::start(market());
    assert_eq!(get(&vendor, GROUPED).status, 200);
    assert_eq!(ask(&vendor.url(), &format!("{GROUPED}?apiKey={KEY}"), &[]).status, 200);
    let missing = ask(&vendor.url(), GROUPED, &[]);
    assert_eq!((missing.status, missing.json()["status"].as_str()), (400, Some("ERROR")));
    assert_eq!(ask(&vendor.url(), GROUPED, &["Authorization: Bearer other"]).status, 401);
    assert_eq!(get(&vendor, "/v9/nothing").status, 404);
    assert_eq!(vendor.requests().len(), 5);
    assert_eq!(vendor.calls("grouped"), 4);
    let shown = std::panic::catch_unwind(|| vendor.assert_secrets_kept());
    assert!(shown.is_err(), "the key was in an address");
}

#[test]
fn parameters_that_the_vendor_does_not_take_are_refused() {
    let vendor = Vendor::start(market());
    let range = "/v2/aggs/ticker/A/range";
    for target in [
        format!("{GROUPED}?adjust=false"),
        format!("{GROUPED}?adjusted=no"),
        format!("{GROUPED}?adjusted=true&adjusted=false"),
        "/v2/aggs/grouped/locale/us/market/stocks/20240702".to_owned(),
        "/v2/aggs/grouped/locale/us/market/stocks/2024-7-2".to_owned(),
        format!("{range}/0/day/2024-07-01/2024-07-05"),
        format!("{range}/1/fortnight/2024-07-01/2024-07-05"),
        format!("{range}/1/day/2024-07-05/2024-07-01"),
        format!("{range}/1/day/2024-07-01/2024-07-05?limit=50001"),
        format!("{range}/1/day/2024-07-01/2024-07-05?limit=0"),
        format!("{range}/1/day/2024-07-01/2024-07-05?sort=up"),
        "/stocks/v1/splits?limit=5001".to_owned(),
        "/stocks/v1/splits?order=asc".to_owned(),
        "/stocks/v1/splits?sort=ticker.up".to_owned(),
        "/stocks/v1/splits?execution_date.gte=2024/07/01".to_owned(),
        "/stocks/v1/dividends?frequency=often".to_owned(),
        "/stocks/financials/v1/balance-sheets?limit=50001".to_owned(),
        "/v3/reference/tickers?limit=1001".to_owned(),
        "/v3/reference/tickers?active=1".to_owned(),
        "/v3/reference/tickers?cursor=nonsense".to_owned(),
        "/vX/reference/tickers/A/events?types=name_change".to_owned(),
    ] {
        let got = get(&vendor, &target);
        assert_eq!(got.status, 400, "{target}: {}", got.text());
        let body = got.json();
        assert!(
            body["status"] == "ERROR" && body["error"].is_string() && body["request_id"].is_string(),
            "{body}"
        );
    }
}

#[test]
fn days_to_come_and_days_before_the_plans_history_are_not_included() {
    let vendor = Vendor::start(market());
    vendor.market().history_from = "2024-07-01".parse().ok();
    for day in ["2024-07-11", "2024-06-28"] {
        let got = get(&vendor, &format!("/v2/aggs/grouped/locale/us/market/stocks/{day}"));
        assert_eq!((got.status, got.json()["status"].as_str()), (403, Some("NOT_AUTHORIZED")));
    }
}

#[test]
fn a_grouped_day_has_its_windows_end_and_an_empty_one_no_results() {
    let vendor = Vendor::start(market());
    vendor
        .market()
        .days
        .values_mut()
        .next()
        .expect("a day")
        .push(Bar { otc: true, ..Bar::new("OTCX", 1.0, 9.0) });
    let got = get(&vendor, &format!("{GROUPED}?adjusted=false"));
    assert!(got.text().contains(r#""v":1.12117471e+08"#), "{}", got.text());
    let body = got.json();
    assert_eq!(body["results"].as_array().map(Vec::len), Some(2));
    assert_eq!(body["results"][0]["t"], 1_719_950_400_000_u64, "16:00 in New York");
    assert_eq!(body["results"][0]["c"], 10.0);
    let adjusted = json(&vendor, GROUPED);
    assert_eq!(adjusted["results"][0]["c"], 5.0, "adjusted is the default");
    assert_eq!(adjusted["results"][0]["v"], 2.242_349_42e8);
    assert_eq!(json(&vendor, &format!("{GROUPED}?include_otc=true"))["resultsCount"], 3);
    let holiday = json(&vendor, "/v2/aggs/grouped/locale/us/market/stocks/2024-07-04");
    assert!(holiday.get("results").is_none() && holiday["resultsCount"] == 0, "{holiday}");
    vendor.market().delayed = true;
    assert_eq!(json(&vendor, GROUPED)["status"], "DELAYED");
}

#[test]
fn volumes_come_as_the_vendor_prints_them() {
    assert_eq!(
        [1.121_174_71e8, 1e6, 4369.5, 100.0, 101.0].map(volume),
        ["1.12117471e+08", "1e+06", "4369.5", "100.0", "101"]
    );
}

#[test]
fn a_range_starts_its_windows_at_midnight_and_its_limit_counts_base_bars() {
    let vendor = Vendor::start(market());
    let fields = |page: &Value, names: [&str; 3]| {
        let rows = page["results"].as_array().expect("rows").iter();
        rows.map(|row| names.map(|name| row[name].as_f64().expect("a number"))).collect::<Vec<_>>()
    };
    let days = json(&vendor, "/v2/aggs/ticker/A/range/1/day/2024-07-01/2024-07-05?adjusted=false");
    let at_midnight = [[1_719_892_800_000.0, 10.0, 112_117_471.0], [1_720_152_000_000.0, 5.0, 100.0]];
    assert_eq!(fields(&days, ["t", "c", "v"]), at_midnight);
    let lower = json(&vendor, "/v2/aggs/ticker/a/range/1/day/2024-07-01/2024-07-05");
    assert!(lower.get("results").is_none(), "case counts");

    for (number, time) in ["09:30", "09:31", "09:34", "09:35", "09:36", "09:40"].iter().enumerate() {
        vendor.market().minute("A", "2024-07-05", time, 10.0 + number as f64, 100.0);
    }
    let page = json(&vendor, "/v2/aggs/ticker/A/range/5/minute/2024-07-05/2024-07-05?limit=4");
    assert_eq!(page["queryCount"], 3, "the window that the limit cuts through comes later");
    assert_eq!(fields(&page, ["o", "c", "v"]), [[10.25, 12.0, 300.0]]);
    let next = page["next_url"].as_str().expect("a next page").strip_prefix(&vendor.url()).expect("here");
    let page = json(&vendor, next);
    let (at_0935, at_0940) = (1_720_186_500_000.0, 1_720_186_800_000.0);
    assert_eq!(fields(&page, ["t", "c", "v"]), [[at_0935, 14.0, 200.0], [at_0940, 15.0, 100.0]]);
    assert!(page.get("next_url").is_none());

    let latest = json(&vendor, "/v2/aggs/ticker/A/range/1/minute/1720186260000/2024-07-05?limit=2&sort=desc");
    assert_eq!(fields(&latest, ["t", "c", "v"])[0], [at_0940, 15.0, 100.0]);
    let hour = json(&vendor, "/v2/aggs/ticker/A/range/1/hour/2024-07-05/2024-07-05");
    assert_eq!(fields(&hour, ["t", "c", "v"]), [[1_720_184_400_000.0, 15.0, 600.0]], "from 09:00 on");
}

#[test]
fn pages_hold_every_record_once_whatever_the_order() {
    let vendor = Vendor::start(market());
    for number in 0..25 {
        vendor.market().split(&format!("x{number}"), &format!("T{number:02}"), "2024-07-03", 1.0, 3.0);
    }
    for start in [
        "/stocks/v1/splits?limit=7",
        "/stocks/v1/splits?limit=7&sort=ticker.desc,execution_date.asc&ticker.gte=A",
        "/v3/reference/splits?limit=7&sort=ticker&order=desc&execution_date.gt=2024-07-01",
    ] {
        let (mut target, mut ids, mut pages) = (start.to_owned(), Vec::new(), 0);
        loop {
            let page = json(&vendor, &target);
            pages += 1;
            ids.extend(page["results"].as_array().expect("rows").iter().map(|row| row["id"].to_string()));
            let Some(next) = page["next_url"].as_str() else { break };
            target = next.strip_prefix(&vendor.url()).expect("here").to_owned();
        }
        assert_eq!(pages, 4);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 26, "{start}");
    }
    let later = json(&vendor, "/stocks/v1/splits?execution_date.gt=2024-07-03");
    assert_eq!(later["results"][0]["id"], "s1");
    assert_eq!(later["request_id"], 1, "a number, as in the vendor's example");
}

#[test]
fn delisted_tickers_need_their_own_question() {
    let vendor = Vendor::start(market());
    {
        let mut market = vendor.market();
        market.tickers.push(Ticker::new("A"));
        market.tickers.push(Ticker::new("META").with_detail("list_date", "2012-05-18"));
        market.tickers.push(
            Ticker::new("META")
                .with("name", "Old Meta")
                .delisted("2010-01-05")
                .with_detail("list_date", "2000-01-03"),
        );
        market.events.push(
            serde_json::json!({"name": "Meta Platforms", "composite_figi": "BBG000MM2P62", "events": [
            {"type": "ticker_change", "date": "2022-06-09", "ticker_change": {"ticker": "META"}},
            {"type": "ticker_change", "date": "2012-05-18", "ticker_change": {"ticker": "FB"}}]}),
        );
    }
    let names = |target: &str| {
        let rows = json(&vendor, target)["results"].as_array().expect("rows").clone();
        rows.iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("/v3/reference/tickers?market=stocks"), ["A Inc.", "META Inc."]);
    assert_eq!(names("/v3/reference/tickers?active=false"), ["Old Meta"]);
    assert_eq!(names("/v3/reference/tickers?date=2005-01-03"), ["A Inc.", "Old Meta"]);
    assert_eq!(json(&vendor, "/v3/reference/tickers/META")["results"]["name"], "META Inc.");
    assert_eq!(json(&vendor, "/v3/reference/tickers/META?date=2005-01-03")["results"]["name"], "Old Meta");
    assert_eq!(get(&vendor, "/v3/reference/tickers/FB").json()["status"], "NOT_FOUND");
    for id in ["META", "BBG000MM2P62"] {
        let events = json(&vendor, &format!("/vX/reference/tickers/{id}/events?types=ticker_change"));
        assert_eq!(events["results"]["events"][1]["ticker_change"]["ticker"], "FB");
    }
    assert_eq!(
        get(&vendor, "/vX/reference/tickers/FB/events").status,
        404,
        "who bears the ticker now, nobody"
    );
}

#[test]
fn only_holidays_to_come_are_told_in_a_bare_array() {
    let vendor = Vendor::start(market());
    for day in ["2024-07-04", "2024-09-02"] {
        vendor
            .market()
            .holidays
            .push(serde_json::json!({"date": day, "exchange": "NYSE", "name": "X", "status": "closed"}));
    }
    let days = json(&vendor, "/v1/marketstatus/upcoming");
    assert_eq!(
        days.as_array().map(|days| days.iter().map(|day| day["date"].clone()).collect::<Vec<_>>()),
        Some(vec!["2024-09-02".into()])
    );
}
