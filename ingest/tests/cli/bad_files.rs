//! Faults of files and of rows: what is bad is left out and named, everything else is loaded.

use crate::files::{Folder, bar, line, packed};
use crate::run::backfill;
use crate::support::Database;
use crate::tables;

const BEFORE: &str = "2024-07-01";
const DAY: &str = "2024-07-02";
const AFTER: &str = "2024-07-03";

/// Loads three days of which the middle one is `bytes`: the file is refused with `fact` and `act`, the others are loaded.
async fn refused(database: &Database, bytes: &[u8], fact: &str, act: &str) {
    let folder = Folder::new();
    folder.day(BEFORE, &[("A", 10.0, 100.0), ("B", 20.0, 200.0)]).bytes(DAY, bytes);
    folder.day(AFTER, &[("A", 11.0, 110.0), ("B", 21.0, 210.0)]);
    let client = database.client().await;
    client.batch_execute("TRUNCATE loads, bars_day").await.expect("empty");
    let run = backfill(&database.url, folder.path(), BEFORE, AFTER, &[]).await.failed(fact, act);
    assert!(run.err.contains(&format!("{DAY}.csv.gz")), "{}", run.err);
    assert!(run.out.contains("loaded 2, unchanged 0, set aside 1"), "{}", run.out);
    assert_eq!(tables::loads(&client).await, [BEFORE, AFTER], "{fact}");
    let days = tables::texts(&client, "SELECT DISTINCT session_date::text FROM bars_day ORDER BY 1").await;
    assert_eq!(days, [BEFORE, AFTER], "{fact}");
    assert_eq!(tables::number(&client, "SELECT count(*) FROM bars_day").await, 4);
}

#[tokio::test]
async fn a_file_that_cannot_be_trusted_is_left_out_whole() {
    let database = Database::create().await;
    let lines: Vec<String> = (0..200).map(|n| line(&format!("T{n}"), f64::from(n) + 10.0, 100.0)).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let good = packed(DAY, &lines);
    refused(
        &database,
        &good[..good.len() / 2],
        "cut short: the compressed data stops after",
        "fetch it again",
    )
    .await;
    refused(&database, b"<?xml version=\"1.0\"?><Error/>", "not gzip: it starts with 3c 3f", "an error page")
        .await;
    refused(&database, b"", "the file is empty (0 bytes)", "is the file complete?").await;
    refused(&database, &packed(DAY, &[]), "a header and no bars", "a session always has bars").await;
    refused(
        &database,
        &packed(BEFORE, &lines),
        "the file is named for 2024-07-02, and its rows are of 2024-07-01",
        "renamed or stored in the wrong place",
    )
    .await;
    let mut half: Vec<String> = lines.iter().map(|line| line.replace(",@", "")).collect();
    half[0] = lines[0].to_owned();
    let half: Vec<&str> = half.iter().map(String::as_str).collect();
    refused(&database, &packed(DAY, &half), "199 of 200 rows are unusable", "look at the line").await;
}

#[tokio::test]
async fn a_mended_file_is_loaded_by_the_same_command_and_the_others_are_not_read_again() {
    let (database, folder) = (Database::create().await, Folder::new());
    folder.day(BEFORE, &[("A", 10.0, 100.0)]).bytes(DAY, b"").day(AFTER, &[("A", 11.0, 110.0)]);
    backfill(&database.url, folder.path(), BEFORE, AFTER, &[]).await.failed("0 bytes", "fetch it again");
    folder.day(DAY, &[("A", 12.0, 120.0)]);
    let run = backfill(&database.url, folder.path(), BEFORE, AFTER, &[]).await.succeeded();
    assert!(run.out.contains("loaded 1, unchanged 2, set aside 0"), "{}", run.out);
    assert_eq!(tables::bars(&database.client().await).await.len(), 3);
}

#[tokio::test]
async fn a_bad_row_is_left_out_counted_and_shown_and_harms_no_other() {
    let (database, folder) = (Database::create().await, Folder::new());
    let good: Vec<String> = (0..12).map(|n| line(&format!("G{n}"), 10.0 + f64::from(n), 100.0)).collect();
    let mut lines: Vec<&str> = good.iter().map(String::as_str).collect();
    lines.extend([
        "SHORT,1,1,1,1,1,@",
        "ZERO,1,1,0,1,1,@,0",
        "MINUS,1,1,1,1,-1,@,0",
        "NOTNUM,1,NaN,1,1,1,@,0",
        "TURNED,1,1,1,1,2,@,0",
        "LESS,-5,1,1,1,1,@,0",
        // Equal rows are one bar; of contradictory ones the one of the greater volume is kept.
        "SAME,5,10.25,10,10.5,9.5,@,0",
        "SAME,5,10.25,10,10.5,9.5,@,0",
        "TWICE,5,10.25,10,10.5,9.5,@,0",
        "TWICE,6,10.25,10,10.5,9.5,@,0",
    ]);
    folder.lines(DAY, &lines);
    let run = backfill(&database.url, folder.path(), DAY, DAY, &[]).await.succeeded();
    assert!(run.out.contains("set aside 8"), "{}", run.out);
    for (count, reason, example) in [
        (1, "too few fields", "2024-07-02.csv.gz line 14: the whole line \"SHORT,1,1,1,1,1,"),
        (3, "a price is not a number above 0", "line 15 (ZERO): close \"0\""),
        (1, "high is below low", "line 18 (TURNED): high \"1\""),
        (1, "volume is not a number of 0 or more", "line 19 (LESS): volume \"-5\""),
        (1, "repeats another row exactly", "2024-07-02.csv.gz"),
        (1, "another row of this ticker contradicts it", "line 22 (TWICE): volume \"5\""),
    ] {
        let counted = run.out.lines().any(|line| line.trim() == format!("{count}  {reason}"));
        assert!(counted && run.out.contains(example), "{count} {reason}, {example}\n{}", run.out);
    }
    let bars = tables::bars(&database.client().await).await;
    assert_eq!(bars.len(), 14);
    let of = |ticker: &str| bars[&(ticker.to_owned(), DAY.to_owned())];
    assert_eq!((of("G3"), of("SAME"), of("TWICE")), (bar(13.0, 100.0), bar(10.0, 5.0), bar(10.0, 6.0)));
    let client = database.client().await;
    assert_eq!(tables::number(&client, "SELECT set_aside::bigint FROM loads").await, 8);
}

#[tokio::test]
async fn files_of_holidays_and_strays_are_set_aside_and_absent_sessions_named() {
    let (database, folder) = (Database::create().await, Folder::new());
    folder.day("2024-07-03", &[("A", 10.0, 100.0)]).day("2024-07-04", &[("A", 10.0, 0.0)]);
    std::fs::write(folder.file("2024-07-03").with_file_name("notes.txt"), "mine").expect("written");
    let run = backfill(&database.url, folder.path(), "2024-07-03", "2024-07-08", &[]).await.succeeded();
    assert!(run.out.contains("loaded 1, unchanged 0, set aside 2"), "{}", run.out);
    assert!(run.out.contains("2024-07-04.csv.gz: Independence Day"), "{}", run.out);
    assert!(
        run.out.contains("the name is not YYYY-MM-DD.csv.gz") && run.out.contains("notes.txt"),
        "{}",
        run.out
    );
    assert!(run.out.contains("2   sessions: 2024-07-05, 2024-07-08\n"), "{}", run.out);
    assert_eq!(tables::loads(&database.client().await).await, ["2024-07-03"]);
}
