//! Each fault as it comes over the wire, and when.

use std::time::{Duration, Instant};

use super::super::{Fault, Random, Vendor};
use super::{ask, get, market};
use crate::run::KEY;

const DAY: &str = "/v2/aggs/grouped/locale/us/market/stocks/2024-07-02";

/// The answer to a request that meets `fault`.
fn met(fault: Fault) -> super::Got {
    let vendor = Vendor::start(market());
    vendor.fault("grouped", 1, fault);
    let key = format!("Authorization: Bearer {KEY}");
    ask(&vendor.url(), DAY, &[&key, "Accept-Encoding: gzip"])
}

fn unpacked(body: &[u8]) -> std::io::Result<String> {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(body), &mut text).map(|_| text)
}

#[test]
fn refusals_come_with_their_status_their_words_and_their_wait() {
    let slow = met(Fault::SlowDown(Some("7")));
    assert!(slow.status == 429 && slow.head.contains("retry-after: 7\r\n"), "{}", slow.head);
    assert!(unpacked(&slow.body).expect("gzip").contains("maximum requests per minute"));
    assert!(!met(Fault::SlowDown(None)).head.contains("retry-after"));
    let silent = met(Fault::SlowDownSilently);
    assert_eq!((silent.status, silent.body.len()), (429, 0));
    for status in [500, 502, 503, 504] {
        let got = met(Fault::Status(status));
        assert!(got.status == status && got.text().starts_with("<html>"));
    }
    for status in [200, 403] {
        let got = met(Fault::NotAuthorized(status));
        assert!(got.status == status && unpacked(&got.body).expect("gzip").contains("NOT_AUTHORIZED"));
    }
    assert_eq!(unpacked(&met(Fault::Json(418, "{}".into())).body).expect("gzip"), "{}");
}

#[test]
fn connections_end_before_within_and_after_the_headers() {
    assert_eq!(met(Fault::CutBefore).head, "");
    let within = met(Fault::CutInHeaders);
    assert!(
        within.head.starts_with("HTTP/1.1 200")
            && !within.head.ends_with("\r\n\r\n")
            && within.body.is_empty()
    );
    let whole = met(Fault::Json(200, "{}".into()));
    let half = met(Fault::CutInBody);
    assert!(half.head.ends_with("\r\n\r\n") && !half.body.is_empty() && unpacked(&half.body).is_err());
    assert_ne!(whole.body.len(), half.body.len());
}

#[test]
fn a_slow_body_trickles_and_a_silent_one_waits_for_the_client_to_leave() {
    let started = Instant::now();
    let slow = met(Fault::Slow(20, Duration::from_millis(5)));
    assert!(unpacked(&slow.body).is_ok());
    assert!(started.elapsed() >= Duration::from_millis(5 * (slow.body.len() as u64 / 20)));
    assert_eq!(met(Fault::Silence).head, "", "this client leaves at once");
}

#[test]
fn bodies_arrive_whole_and_wrong() {
    let good = unpacked(&met(Fault::Slow(9999, Duration::ZERO)).body).expect("gzip");
    let length = |got: &super::Got| format!("content-length: {}\r\n", got.body.len());
    for fault in [Fault::TruncatedGzip, Fault::DamagedGzip] {
        let got = met(fault.clone());
        assert!(got.head.contains(&length(&got)), "{fault:?}");
        assert!(unpacked(&got.body).is_err(), "{fault:?}");
    }
    assert!(met(Fault::Html).text().starts_with("<!doctype html>"));
    let broken = unpacked(&met(Fault::BrokenJson).body).expect("gzip");
    assert!(good.starts_with(&broken) && serde_json::from_str::<serde_json::Value>(&broken).is_err());
    let rows = |fault: Fault| {
        let body: serde_json::Value =
            serde_json::from_str(&unpacked(&met(fault).body).expect("gzip")).expect("JSON");
        let rows = body["results"].as_array().expect("rows").iter();
        rows.map(|row| row["T"].as_str().expect("a ticker").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(rows(Fault::Duplicated), ["A", "A", "KIMpL", "KIMpL"]);
    assert_eq!(rows(Fault::Shuffled), ["KIMpL", "A"]);
}

#[test]
fn the_next_page_can_be_the_same_or_anothers_and_a_redirect_leads_away() {
    let next = |fault: Fault| {
        let vendor = Vendor::start(market());
        vendor.fault("splits", 1, fault);
        let page = get(&vendor, "/stocks/v1/splits?limit=1").json();
        page["next_url"].as_str().expect("a next page").replace(&vendor.url(), "here")
    };
    assert_eq!(next(Fault::LoopingNext), "here/stocks/v1/splits?limit=1");
    assert!(
        next(Fault::ForeignNext("http://127.0.0.1:1".into()))
            .starts_with("http://127.0.0.1:1/stocks/v1/splits")
    );
    let away = met(Fault::Redirect("http://127.0.0.1:1".into()));
    assert!(away.status == 302 && away.head.contains(&format!("location: http://127.0.0.1:1{DAY}\r\n")));
}

#[test]
fn faults_come_where_when_and_as_often_as_they_are_asked_for() {
    let vendor = Vendor::start(market());
    vendor.fault_after(1, "07-02", 2, Fault::Status(500)).fault("07-02", 1, Fault::Status(502));
    let statuses: Vec<u16> = (0..5).map(|_| get(&vendor, DAY).status).collect();
    assert_eq!(statuses, [200, 500, 500, 502, 200]);
    vendor.fault("07-02", 1, Fault::Status(500));
    assert_eq!(get(&vendor, &DAY.replace("07-02", "07-05")).status, 200);
    vendor.cut(true);
    assert_eq!(get(&vendor, DAY).head, "");
    vendor.cut(false);
    assert_eq!((get(&vendor, DAY).status, get(&vendor, DAY).status), (500, 200));
    assert_eq!((vendor.faults_played(), vendor.calls("07-02")), (5, 8));
}

#[test]
fn the_same_seed_gives_the_same_faults() {
    let heads = |seed: u64| {
        let vendor = Vendor::start(market());
        vendor.random_faults(Some(Random::new(seed, 3, true)));
        let heads: Vec<(u16, usize)> =
            (0..40).map(|_| get(&vendor, DAY)).map(|got| (got.status, got.head.len())).collect();
        let played = vendor.faults_played();
        assert!(5 < played && played < 25, "{played} of 40");
        vendor.random_faults(None);
        assert_eq!(get(&vendor, DAY).status, 200);
        heads
    };
    assert_eq!(heads(5), heads(5));
    assert_ne!(heads(5), heads(6));
}
