//! The vendor's flat files over S3: listed, fetched once, and fetched again when they are replaced.

use std::collections::BTreeSet;
use std::process::Command;

use crate::files::{Bars, bar, naive};
use crate::run::{Run, finish};
use crate::support::Database;
use crate::tables;
use crate::vendor::{Fault, Market, Vendor};

const DAYS: [&str; 3] = ["2024-07-02", "2024-07-03", "2024-07-05"];

/// A database, and a vendor that published three days.
async fn published() -> (Database, Vendor) {
    let mut market = Market::new();
    for (number, day) in DAYS.iter().enumerate() {
        let close = 10.0 + number as f64;
        market.day(day, &[("A", close, 100.0), ("BRK.A", 700_000.25, 0.5), ("KIMpL", 26.07, 1e6 / 3.0)]);
        market.publish_day(day);
    }
    (Database::create().await, Vendor::start(market))
}

fn command(database: &Database, vendor: &Vendor, more: &[&str]) -> Command {
    let args = ["backfill", "--source", "s3", "--from", DAYS[0], "--to", DAYS[2]];
    vendor.command(&database.url, &[&args, more].concat())
}

async fn load(database: &Database, vendor: &Vendor, more: &[&str]) -> Run {
    vendor.forget_requests();
    let run = finish(command(database, vendor, more)).await;
    vendor.assert_secrets_kept();
    run
}

/// Calls of the last run: lists, files, and the API.
fn calls(vendor: &Vendor) -> [usize; 3] {
    [vendor.calls("list-type=2"), vendor.calls(".csv.gz?"), vendor.calls("/v2/aggs")]
}

#[tokio::test]
async fn every_file_is_fetched_once_and_a_second_run_takes_one_list() {
    let (database, vendor) = published().await;
    let run = load(&database, &vendor, &[]).await.succeeded();
    assert!(run.err.contains("3 sessions: 3 to load, 0 loaded already"), "{}", run.err);
    assert!(
        run.err.contains("3 files to fetch, 0.") && run.err.contains("1 call to list them"),
        "{}",
        run.err
    );
    assert!(run.out.contains("loaded 3, unchanged 0, set aside 0"), "{}", run.out);
    assert!(run.out.contains("calls               4   4 of the flat files, 0 of the API"), "{}", run.out);
    assert_eq!((run.number("inserted"), calls(&vendor)), (9, [1, 3, 0]));
    let client = database.client().await;
    let bars = tables::bars(&client).await;
    let of = |ticker: &str, day: &str| bars[&(ticker.to_owned(), day.to_owned())];
    assert_eq!(of("A", DAYS[1]), bar(11.0, 100.0));
    assert_eq!(of("KIMpL", DAYS[2]), bar(26.07, 1e6 / 3.0));
    assert_eq!(tables::unlogged(&client).await, 0);
    let ledger = "SELECT source || ' ' || origin || ' ' || etag FROM loads ORDER BY session_date LIMIT 1";
    let key = "us_stocks_sip/day_aggs_v1/2024/07/2024-07-02.csv.gz";
    let etag = vendor.market().files[key].etag.replace('"', "");
    assert_eq!(tables::texts(&client, ledger).await, [format!("s3 s3://flatfiles/{key} {etag}")]);

    tables::forget_changes(&client).await;
    let run = load(&database, &vendor, &[]).await.succeeded();
    assert!(run.out.contains("loaded 0, unchanged 3, set aside 0"), "{}", run.out);
    assert_eq!(calls(&vendor), [1, 0, 0], "nothing is fetched");
    assert_eq!(tables::loads(&client).await, DAYS);

    // Asked to, it fetches all again, and writes no bar.
    let run = load(&database, &vendor, &["--reload"]).await.succeeded();
    assert_eq!((run.number("equal"), run.number("changed"), calls(&vendor)), (9, 0, [1, 3, 0]));
    assert!(tables::logged(&client, "bars").await.is_empty());
}

#[tokio::test]
async fn a_replaced_file_is_noticed_by_the_list_and_loaded_as_a_correction() {
    let (database, vendor) = published().await;
    load(&database, &vendor, &[]).await.succeeded();
    let client = database.client().await;
    tables::forget_changes(&client).await;
    vendor.market().day(DAYS[1], &[("A", 11.5, 100.0), ("KIMpL", 26.07, 1e6 / 3.0), ("LATE", 5.0, 1.0)]);
    vendor.market().publish_day(DAYS[1]);
    let run = load(&database, &vendor, &[]).await.succeeded();
    assert_eq!(calls(&vendor), [1, 1, 0], "only the replaced file is fetched");
    assert_eq!(["inserted", "changed", "removed", "equal"].map(|name| run.number(name)), [1, 1, 1, 1]);
    let revisions = "SELECT ticker || ' ' || kind || ' ' || session_date FROM bar_revisions
                     JOIN ticker_periods USING (instrument_id) ORDER BY 1";
    let expected = ["A changed 2024-07-03", "BRK.A removed 2024-07-03", "LATE added 2024-07-03"];
    assert_eq!(tables::texts(&client, revisions).await, expected);
    let logged: Vec<String> = tables::logged(&client, "bars").await.into_iter().collect();
    assert_eq!(logged, ["A", "BRK.A", "LATE"]);
    load(&database, &vendor, &[]).await.succeeded();
    assert_eq!(calls(&vendor), [1, 0, 0]);
}

#[tokio::test]
async fn a_file_with_other_bytes_and_the_same_bars_writes_no_bar_and_is_not_fetched_twice() {
    let (database, vendor) = published().await;
    load(&database, &vendor, &[]).await.succeeded();
    let client = database.client().await;
    tables::forget_changes(&client).await;
    vendor.market().days.values_mut().next().expect("a day").reverse();
    vendor.market().publish_day(DAYS[0]);
    let run = load(&database, &vendor, &[]).await.succeeded();
    assert_eq!((run.number("equal"), run.number("changed"), calls(&vendor)), (3, 0, [1, 1, 0]));
    assert!(tables::logged(&client, "bars").await.is_empty());
    load(&database, &vendor, &[]).await.succeeded();
    assert_eq!(calls(&vendor), [1, 0, 0], "the ledger has the new ETag");
}

#[tokio::test]
async fn what_passes_is_tried_again_and_every_bar_arrives() {
    let (database, vendor) = published().await;
    let file = |day: &str| format!("{day}.csv.gz?");
    vendor.fault("list-type", 1, Fault::Status(503));
    vendor.fault(&file(DAYS[0]), 1, Fault::CutInBody).fault(&file(DAYS[0]), 1, Fault::CutBefore);
    // One is shorter than listed; the other is as long, and cannot be unpacked.
    vendor.fault(&file(DAYS[1]), 1, Fault::TruncatedGzip).fault(&file(DAYS[2]), 1, Fault::DamagedGzip);
    let run = load(&database, &vendor, &[]).await.succeeded();
    assert_eq!((run.number("inserted"), vendor.faults_played()), (9, 5));
    assert_eq!(calls(&vendor), [2, 7, 0]);
    assert!(run.err.contains("fetching it again"), "{}", run.err);
}

#[tokio::test]
async fn a_file_that_stays_damaged_is_named_and_the_others_are_loaded() {
    let (database, vendor) = published().await;
    let key = format!("us_stocks_sip/day_aggs_v1/2024/07/{}.csv.gz", DAYS[1]);
    let good = vendor.market().files[&key].bytes.clone();
    vendor.market().put(&key, good[..good.len() / 2].to_vec());
    let run = load(&database, &vendor, &[]).await;
    let run = run.failed("cut short: the compressed data stops after", "--source rest");
    assert!(run.err.contains(&format!("error: s3://flatfiles/{key}")), "{}", run.err);
    assert!(run.out.contains("loaded 2, unchanged 0, set aside 1"), "{}", run.out);
    assert!(run.out.contains("1  the file is unusable"), "{}", run.out);
    assert_eq!(calls(&vendor), [1, 4, 0], "it is fetched twice");
    let client = database.client().await;
    assert_eq!(tables::loads(&client).await, [DAYS[0], DAYS[2]]);

    // Mended, it is all that the next run fetches; taken away after the list, it is named too.
    vendor.market().put(&key, good);
    let gone = "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>";
    vendor.fault(&format!("{}.csv.gz?", DAYS[1]), 1, Fault::Json(404, gone.into()));
    load(&database, &vendor, &[]).await.failed("NoSuchKey", "taken away after it was listed");
    load(&database, &vendor, &[]).await.succeeded();
    assert_eq!(calls(&vendor), [1, 1, 0]);
    assert_eq!(tables::bars(&client).await.len(), 9);
}

#[tokio::test]
async fn keys_that_are_refused_are_told_apart_and_nothing_is_loaded() {
    let (database, vendor) = published().await;
    for (name, value, fact, act) in [
        ("POLYGON_S3_SECRET_ACCESS_KEY", "another", "SignatureDoesNotMatch", "POLYGON_S3_SECRET_ACCESS_KEY"),
        ("POLYGON_S3_ACCESS_KEY_ID", crate::run::KEY, "InvalidAccessKeyId", "it is not the key of the API"),
        (
            "POLYGON_S3_ENDPOINT",
            "http://files.example.com",
            "the S3 endpoint is not https",
            "files.massive.com",
        ),
        ("POLYGON_S3_ACCESS_KEY_ID", "", "POLYGON_S3_ACCESS_KEY_ID is not", "set both"),
    ] {
        let mut command = command(&database, &vendor, &[]);
        command.env(name, value);
        finish(command).await.failed(fact, act);
    }
    let xml = |code: &str| format!("<Error><Code>{code}</Code><Message>Denied.</Message></Error>");
    for (code, act) in [
        ("AccessDenied", "the plan may have no flat files"),
        ("RequestTimeTooSkewed", "set this machine's clock"),
        ("NoSuchBucket", "set POLYGON_S3_ENDPOINT"),
    ] {
        vendor.fault("list-type", 1, Fault::Json(403, xml(code)));
        load(&database, &vendor, &[]).await.failed(code, act);
        assert_eq!(calls(&vendor), [1, 0, 0]);
    }
    assert!(tables::loads(&database.client().await).await.is_empty());
}

#[tokio::test]
async fn a_file_outside_of_the_plan_ends_the_run_and_what_came_before_stays() {
    let (database, vendor) = published().await;
    let denied = "<Error><Code>AccessDenied</Code><Message>Forbidden</Message></Error>";
    vendor.fault(&format!("{}.csv.gz?", DAYS[2]), 1, Fault::Json(403, denied.into()));
    let run = load(&database, &vendor, &[]).await.failed("AccessDenied: Forbidden", "try a later --from");
    assert!(run.err.contains("2 of 3 sessions are loaded"), "{}", run.err);
    load(&database, &vendor, &[]).await.succeeded();
    assert_eq!(calls(&vendor), [1, 1, 0]);
    assert_eq!(tables::bars(&database.client().await).await.len(), 9);
}

#[tokio::test]
async fn holidays_strays_and_sessions_without_a_file_are_counted() {
    let (database, vendor) = published().await;
    vendor.market().day("2024-07-04", &[("A", 1.0, 0.0)]).publish_day("2024-07-04");
    vendor.market().put("us_stocks_sip/day_aggs_v1/2024/07/notes.txt", b"mine".to_vec());
    let args = ["backfill", "--source", "s3", "--from", DAYS[0], "--to", "2024-07-09"];
    let run = vendor.run(&database, &args).await.succeeded();
    assert!(run.out.contains("loaded 3, unchanged 0, set aside 2"), "{}", run.out);
    assert!(
        run.out.contains("the exchange was closed")
            && run.out.contains("2024-07-04.csv.gz: Independence Day"),
        "{}",
        run.out
    );
    assert!(run.out.contains("the name is not YYYY/MM/YYYY-MM-DD.csv.gz"), "{}", run.out);
    assert!(run.out.contains("2   sessions: 2024-07-08, 2024-07-09\n"), "{}", run.out);
    assert!(run.err.contains("about 11:00 New York on the next day"), "{}", run.err);
    assert_eq!(calls(&vendor)[2], 0, "who asks for files gets files");
}

#[tokio::test]
async fn chosen_tickers_are_loaded_alone_from_files_too() {
    let (database, vendor) = published().await;
    load(&database, &vendor, &["--tickers", "KIMpL,a"]).await.succeeded();
    let client = database.client().await;
    assert_eq!(tables::bars(&client).await.len(), 3);
    let run = load(&database, &vendor, &["--tickers", "KIMpL,a"]).await.succeeded();
    assert_eq!(calls(&vendor), [1, 0, 0]);
    assert!(run.err.contains("no bar of a was found"), "{}", run.err);
    let run = load(&database, &vendor, &[]).await.succeeded();
    assert_eq!((run.number("inserted"), run.number("equal"), calls(&vendor)), (6, 3, [1, 3, 0]));
}

#[tokio::test]
async fn six_real_weeks_and_their_corrections_come_over_the_wire_to_the_last_bit() {
    let Some(data) = crate::real_slice::data() else {
        eprintln!("skipped: name a folder of real data in TIDEMARK_TEST_DATA");
        return;
    };
    let (from, to, closed) = ("2015-03-20", "2015-04-30", "2015-04-03");
    let in_range = |day: &str| (from..=to).contains(&day) && day != closed;
    let (market, later) = (data.join("vendor/us2015"), data.join("vendor/us2015_republished"));
    let publish = |folder: &std::path::Path, vendor: &Vendor| {
        for month in ["03", "04"] {
            let month = format!("us_stocks_sip/day_aggs_v1/2015/{month}");
            for file in std::fs::read_dir(folder.join(&month)).into_iter().flatten() {
                let path = file.expect("a file").path();
                let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
                vendor.market().put(&format!("{month}/{name}"), std::fs::read(path).expect("bytes"));
            }
        }
    };
    let (database, vendor) = (Database::create().await, Vendor::start(Market::new()));
    let client = database.client().await;
    let args = ["backfill", "--source", "s3", "--from", from, "--to", to];
    publish(&market, &vendor);
    vendor.run(&database, &args).await.succeeded();
    let first = naive(&market, in_range);
    assert_eq!(tables::bars(&client).await, first);
    let days = |bars: &Bars| bars.keys().map(|(_, day)| day.clone()).collect::<BTreeSet<_>>();
    assert_eq!(calls(&vendor), [1, days(&first).len(), 0]);

    publish(&later, &vendor);
    vendor.forget_requests();
    vendor.run(&database, &args).await.succeeded();
    let again = naive(&later, in_range);
    assert_eq!(calls(&vendor), [1, days(&again).len(), 0]);
    let mut second = first;
    second.retain(|(_, day), _| !days(&again).contains(day));
    second.extend(again);
    assert_eq!(tables::bars(&client).await, second);
    assert_eq!(tables::unlogged(&client).await, 0);
}

#[tokio::test]
async fn not_even_the_fullest_log_shows_a_key_or_a_signed_address() {
    let (database, vendor) = published().await;
    vendor.fault("list-type", 1, Fault::CutInBody).fault("07-03.csv.gz?", 1, Fault::Status(500));
    let mut command = command(&database, &vendor, &[]);
    command.env("RUST_LOG", "trace");
    let run = finish(command).await.succeeded();
    assert!(run.err.contains("asking again in"), "{}", run.err);
}
