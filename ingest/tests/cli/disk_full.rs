//! The server runs out of space in the middle of a load. Here a trigger makes it say so, with the server's own error code,
//! at the 15th bar: the way from there to the user is the same as with a full disk.

use crate::files::Folder;
use crate::run::backfill;
use crate::support::Database;
use crate::tables;

const FULL: &str = "
    CREATE SEQUENCE rows_written;
    CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('rows_written') > 14 THEN
            RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER no_space BEFORE INSERT ON bars_day FOR EACH ROW EXECUTE FUNCTION no_space();";

#[tokio::test]
async fn a_full_disk_is_named_nothing_is_half_written_and_the_same_command_goes_on() {
    let (database, folder) = (Database::create().await, Folder::new());
    let client = database.client().await;
    for day in ["2024-07-01", "2024-07-02", "2024-07-03"] {
        folder.day(day, &[("A", 10.0, 100.0), ("B", 20.0, 200.0), ("C", 30.0, 300.0), ("D", 40.0, 400.0)]);
    }
    client.batch_execute(FULL).await.expect("a trigger");
    // Two sessions a transaction: the first block fits, the second does not. Opening chunks takes rows too.
    backfill(&database.url, folder.path(), "2024-07-01", "2024-07-03", &["--block-bars", "8"])
        .await
        .failed("disk is full", "free or add space");
    let loaded = tables::loads(&client).await;
    let bars = tables::bars(&client).await;
    assert_eq!(bars.len(), 4 * loaded.len(), "whole sessions, each with its ledger row: {loaded:?}");
    assert!(loaded.len() < 3);
    assert_eq!(tables::unlogged(&client).await, 0);

    client.batch_execute("DROP TRIGGER no_space ON bars_day").await.expect("space again");
    backfill(&database.url, folder.path(), "2024-07-01", "2024-07-03", &[]).await.succeeded();
    assert_eq!(tables::bars(&client).await.len(), 12);
}
