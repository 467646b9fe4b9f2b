//! Whatever the vendor does, a session is loaded whole or not at all, and the user is told.

use std::time::Duration;

use crate::run::Run;
use crate::support::Database;
use crate::tables;
use crate::vendor::{Fault, Market, Vendor};

/// Sessions of two weeks in 2024 without a holiday.
const DAYS: [&str; 14] = [
    "2024-06-03",
    "2024-06-04",
    "2024-06-05",
    "2024-06-06",
    "2024-06-07",
    "2024-06-10",
    "2024-06-11",
    "2024-06-12",
    "2024-06-13",
    "2024-06-14",
    "2024-06-17",
    "2024-06-18",
    "2024-06-20",
    "2024-06-21",
];

fn vendor() -> Vendor {
    let mut market = Market::new();
    for (number, day) in DAYS.iter().enumerate() {
        market.day(day, &[("A", 10.0 + number as f64, 100.0), ("B", 20.0, 2e6), ("C", 30.0, 0.5)]);
    }
    Vendor::start(market)
}

async fn load(database: &Database, vendor: &Vendor) -> Run {
    let args = ["backfill", "--source", "rest", "--plan", "paid", "--from", DAYS[0], "--to", DAYS[13]];
    vendor.run(database, &[&args[..], &["--block-bars", "1"]].concat()).await
}

#[tokio::test]
async fn what_passes_when_it_is_asked_again_is_asked_again() {
    let (database, vendor) = (Database::create().await, vendor());
    let faults = [
        Fault::SlowDown(Some("0")),
        Fault::SlowDown(None),
        Fault::SlowDownSilently,
        Fault::Status(500),
        Fault::Status(502),
        Fault::Status(503),
        Fault::Status(504),
        Fault::CutBefore,
        Fault::CutInHeaders,
        Fault::CutInBody,
        Fault::TruncatedGzip,
        Fault::DamagedGzip,
    ];
    for (day, fault) in DAYS.iter().zip(&faults) {
        vendor.fault(day, 1, fault.clone());
    }
    vendor.fault(DAYS[12], 1, Fault::Slow(40, Duration::from_millis(2))).fault(DAYS[13], 1, Fault::Shuffled);
    let run = load(&database, &vendor).await.succeeded();
    assert_eq!((run.number("inserted"), vendor.faults_played()), (42, 14));
    assert_eq!(
        vendor.requests().len(),
        DAYS.len() + faults.len(),
        "each fault costs one more call\n{}",
        run.err
    );
    assert_eq!(tables::bars(&database.client().await).await.len(), 42);
    vendor.assert_secrets_kept();
}

#[tokio::test]
async fn what_does_not_pass_is_named_and_the_next_run_goes_on_behind_it() {
    let (database, vendor, foreign) = (Database::create().await, vendor(), vendor());
    let client = database.client().await;
    let cases = [
        (Fault::NotAuthorized(200), "the vendor's plan does not include", "larger plan"),
        (Fault::NotAuthorized(403), "the vendor's plan does not include", "larger plan"),
        (Fault::BrokenJson, "cannot be read", "the vendor's format has changed"),
        (Fault::Html, "cannot be read", "the vendor's format has changed"),
        (
            Fault::Json(200, "{\"status\":\"OK\",\"results\":{}}".into()),
            "cannot be read",
            "format has changed",
        ),
        (
            Fault::Json(404, "{\"status\":\"NOT_FOUND\"}".into()),
            "the vendor has no /v2",
            "check the ticker's spelling",
        ),
        (Fault::Json(401, String::new()), "does not accept the key", "the vendor's dashboard"),
        (Fault::SlowDown(Some("86400")), "asks to slow down", "wait 86400 s"),
        (Fault::Redirect(foreign.url()), "which is not followed", "set the base URL"),
    ];
    for (number, (fault, fact, act)) in cases.into_iter().enumerate() {
        vendor.fault(DAYS[number + 1], 1, fault);
        load(&database, &vendor).await.failed(fact, act);
        assert_eq!(
            tables::loads(&client).await.len(),
            number + 1,
            "what came before the fault is loaded, once"
        );
        assert_eq!(tables::bars(&client).await.len(), 3 * (number + 1));
    }
    assert!(foreign.requests().is_empty(), "nothing is asked of a stranger");
    load(&database, &vendor).await.succeeded();
    assert_eq!(tables::bars(&client).await.len(), 42);
    assert_eq!(tables::unlogged(&client).await, 0);
}

#[tokio::test]
async fn a_list_that_goes_in_a_circle_or_away_changes_nothing() {
    let (database, vendor, foreign) = (Database::create().await, vendor(), vendor());
    load(&database, &vendor).await.succeeded();
    vendor.market().split("s1", "A", DAYS[3], 1.0, 2.0).split("s2", "B", DAYS[3], 1.0, 2.0);
    vendor.market().page = Some(1);
    let actions = || vendor.run(&database, &["actions", "--source", "rest", "--plan", "paid"]);
    let client = database.client().await;
    for (fault, fact) in [
        (Fault::LoopingNext, "lead back to a page already read"),
        (Fault::ForeignNext(foreign.url()), "which is not the vendor"),
    ] {
        vendor.fault_after(1, "splits", 1, fault);
        actions().await.failed(fact, "");
        assert_eq!(tables::number(&client, "SELECT count(*) FROM splits").await, 0);
    }
    assert!(foreign.requests().is_empty(), "nothing is asked of a stranger");
    actions().await.succeeded();
    assert_eq!(tables::number(&client, "SELECT count(*) FROM splits").await, 2);
}
