//! Faults of the command line itself, found before anything is read or written.

use crate::files::Folder;
use crate::run::{Run, command, finish};

/// No database is needed to find these faults: there is none.
async fn run(args: &[&str]) -> Run {
    finish(command(Some("postgresql://nobody@127.0.0.1:1/nowhere"), args)).await
}

#[tokio::test]
async fn an_unknown_value_is_refused_with_what_there_is() {
    for (args, says) in [
        (["--source", "s3:bucket"], "a source of bars is flatfiles:DIR, s3 or rest"),
        (["--source", "flatfiles:"], "a source of bars is flatfiles:DIR, s3 or rest"),
        (["--plan", "golden"], "[possible values: free, paid]"),
        (["--from", "2024-02-30"], "2024-02-30"),
        (["--tickers", "A,,B"], "a ticker is missing"),
        (["--block-bars", "0"], "--block-bars"),
    ] {
        let run = run(&[&["backfill"], &args[..]].concat()).await;
        assert_eq!(run.code, Some(2), "{args:?}");
        assert!(run.err.starts_with("error: ") && run.err.contains(says), "{args:?}\n{}", run.err);
        assert!(run.out.is_empty());
    }
}

#[tokio::test]
async fn a_range_that_holds_no_session_is_refused_with_the_reason() {
    for (from, to, fact, act) in [
        ("2024-07-05", "2024-07-02", "--from 2024-07-05 is after --to 2024-07-02", "the earlier day first"),
        (
            "2024-07-06",
            "2024-07-07",
            "no exchange session from 2024-07-06 to 2024-07-07 (2024-07-06: Saturday)",
            "weekends and on holidays",
        ),
        ("2024-07-04", "2024-07-04", "(2024-07-04: Independence Day)", "weekends and on holidays"),
        ("1960-01-04", "2024-07-04", "1960-01-04 to 2024-07-04 is outside of the calendar", "1970 to 2099"),
    ] {
        run(&["backfill", "--source", "flatfiles:x", "--from", from, "--to", to]).await.failed(fact, act);
    }
}

#[tokio::test]
async fn sessions_that_are_not_over_are_not_asked_for() {
    let command = |args: &[&str]| {
        let mut command = command(None, &[&["backfill", "--source", "rest"], args].concat());
        command.env("POLYGON_API_KEY", crate::run::KEY);
        command
    };
    finish(command(&["--from", "2099-01-05", "--to", "2099-01-09"]))
        .await
        .failed("no session from 2099-01-05 to 2099-01-09 is over yet", "final after the close");
    let run = finish(command(&["--from", "2024-07-01", "--to", "2099-01-09"])).await;
    let run = run.failed("no database is configured", "make db");
    assert!(run.err.starts_with("the last finished session is 20"), "{}", run.err);
}

#[tokio::test]
async fn a_folder_that_is_missing_or_holds_nothing_of_the_range_is_named() {
    let backfill = ["backfill", "--from", "2024-07-01", "--to", "2024-07-05", "--source"];
    run(&[&backfill[..], &["flatfiles:/no/such/folder"]].concat())
        .await
        .failed("/no/such/folder: no folder us_stocks_sip/day_aggs_v1 here", "YYYY-MM-DD.csv.gz");
    let folder = Folder::new();
    folder.day("2023-07-03", &[("A", 10.0, 100.0)]);
    run(&[&backfill[..], &[&format!("flatfiles:{}", folder.path())]].concat())
        .await
        .failed("there are files from 2023-07-03 to 2023-07-03", "another range");
    for (command, fact) in [
        ("actions", "neither splits.json nor dividends.json is here"),
        (
            "statements",
            "none of income-statements.json, balance-sheets.json, cash-flow-statements.json is here",
        ),
    ] {
        run(&[command, "--source", &format!("files:{}", folder.path())])
            .await
            .failed(fact, "the folder that holds the vendor's replies");
        run(&[command, "--source", "files:/no/such/folder"]).await.failed("cannot be read", "path exists");
    }
}

#[tokio::test]
async fn the_api_needs_a_key_and_an_honest_address() {
    let args = ["actions", "--source", "rest"];
    run(&args).await.failed("no API key of the vendor is configured", "POLYGON_API_KEY");
    let mut command = command(None, &args);
    command.env("POLYGON_API_KEY", crate::run::KEY).env("POLYGON_BASE_URL", "http://api.example.com");
    finish(command).await.failed("the base URL is not https", "https://api.massive.com");
}
