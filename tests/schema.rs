//! The schema: migrations, views, and the rules that every table and statement keeps.

mod support;

use support::Database;
use tidemark::arithmetic::catalogue::FACTORS;
use tidemark::arithmetic::signals::SIGNALS;
use tidemark::domain::calendar::{self, nyse};
use tidemark::store::{self, Store, StoreError};

#[tokio::test]
async fn a_new_database_gets_the_schema_and_a_second_run_finds_nothing_to_do() {
    let database = Database::create_empty().await;
    let mut client = database.client().await;
    store::prepare(&mut client).await.unwrap();
    let oids = "SELECT array_agg(oid ORDER BY oid)::text FROM pg_class WHERE relkind IN ('r', 'v')";
    let before: String = client.query_one(oids, &[]).await.unwrap().get(0);
    store::prepare(&mut client).await.unwrap();
    let after: String = client.query_one(oids, &[]).await.unwrap().get(0);
    assert_eq!(before, after);
}

#[tokio::test]
async fn two_programs_that_start_at_once_migrate_once() {
    let database = Database::create_empty().await;
    let (mut a, mut b) = (database.client().await, database.client().await);
    let (a, b) = tokio::join!(store::prepare(&mut a), store::prepare(&mut b));
    a.unwrap();
    b.unwrap();
}

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// A program that dies while it makes the schema leaves the migrations up to one of them; so does an older program.
#[tokio::test]
async fn every_older_schema_is_brought_up_to_date_and_equals_a_new_one() {
    let whole = schema(&Database::create().await.client().await).await;
    let runner = embedded::migrations::runner;
    for migration in runner().get_migrations() {
        let database = Database::create_empty().await;
        let mut client = database.client().await;
        client.batch_execute("CREATE EXTENSION timescaledb").await.unwrap();
        let target = refinery::Target::Version(migration.version());
        runner().set_target(target).run_async(&mut client).await.unwrap();
        store::prepare(&mut client).await.unwrap_or_else(|error| panic!("from {migration}: {error}"));
        assert_eq!(schema(&client).await, whole, "from {migration}");
    }
}

/// Every column of every table and view, every index and constraint.
async fn schema(client: &tokio_postgres::Client) -> Vec<String> {
    let statement = "SELECT concat_ws(' ', table_name, ordinal_position, column_name, data_type, is_nullable, column_default)
                     FROM information_schema.columns WHERE table_schema = 'public'
                     UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
                     UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
                     WHERE connamespace = 'public'::regnamespace
                     ORDER BY 1";
    client.query(statement, &[]).await.expect("a catalogue").iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let database = Database::create().await;
    let mut client = database.client().await;
    client
        .execute("INSERT INTO refinery_schema_history VALUES (99, 'later', '2030-01-01', '1')", &[])
        .await
        .unwrap();
    let error = store::prepare(&mut client).await.unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 99, .. }), "{error}");
}

#[tokio::test]
async fn views_are_applied_again_when_they_change() {
    let database = Database::create().await;
    let mut client = database.client().await;
    client
        .batch_execute("DROP VIEW feature_ranks; UPDATE schema_applied SET digest = 'older'")
        .await
        .unwrap();
    store::prepare(&mut client).await.unwrap();
    client.query("SELECT * FROM feature_ranks", &[]).await.unwrap();
}

#[tokio::test]
async fn aggregates_are_made_again_when_they_or_the_edition_change_and_no_view_of_the_user_is_dropped() {
    let database = Database::create().await;
    let mut client = database.client().await;
    let statement = "SELECT current_setting('timescaledb.license') = 'timescale',
                            (SELECT count(*) FROM timescaledb_information.continuous_aggregates)";
    let row = client.query_one(statement, &[]).await.unwrap();
    let community: bool = row.get(0);
    assert_eq!(row.get::<_, i64>(1), if community { 2 } else { 0 });

    let older = "UPDATE schema_applied SET digest = 'older', aggregates = 'of another edition'";
    client.batch_execute(older).await.unwrap();
    store::prepare(&mut client).await.unwrap();
    let applied: String =
        client.query_one("SELECT aggregates FROM schema_applied", &[]).await.unwrap().get(0);
    assert!(applied.starts_with(if community { "timescale " } else { "apache " }), "{applied}");
    client.query("SELECT * FROM bars_5min, bars_hour", &[]).await.unwrap();

    // In place where the edition allows it, else with a word about whose view is in the way.
    client.batch_execute(&format!("{older}; CREATE VIEW mine AS SELECT open FROM bars_5min")).await.unwrap();
    match store::prepare(&mut client).await {
        Ok(()) => assert!(!community),
        Err(error) => {
            assert!(community && matches!(error, StoreError::InTheWay(_)), "{error}");
            assert!(error.hint().contains("drop your view"));
            client.batch_execute("DROP VIEW mine").await.unwrap();
            store::prepare(&mut client).await.unwrap();
        }
    }
}

#[tokio::test]
async fn every_table_view_column_and_function_explains_itself() {
    let database = Database::create().await;
    let client = database.client().await;
    let silent = client
        .query(
            "SELECT c.relname || coalesce('.' || a.attname, '')
             FROM pg_class AS c
             CROSS JOIN LATERAL (
                 SELECT NULL::name AS attname, 0 AS attnum
                 UNION ALL
                 SELECT attname, attnum FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
             ) AS a
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'p')
                 AND c.relname <> 'refinery_schema_history'
                 AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype = 'e')
                 AND coalesce(CASE WHEN a.attnum = 0 THEN obj_description(c.oid) ELSE col_description(c.oid, a.attnum) END, '') = ''",
            &[],
        )
        .await
        .unwrap();
    let mut silent: Vec<String> = silent.iter().map(|row| row.get(0)).collect();
    let functions = client
        .query(
            "SELECT p.proname || '()', coalesce(obj_description(p.oid, 'pg_proc'), '')
             FROM pg_proc AS p
             WHERE p.pronamespace = 'public'::regnamespace
                 AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
             ORDER BY 1",
            &[],
        )
        .await
        .unwrap();
    let ours: Vec<&str> = functions.iter().map(|row| row.get(0)).collect();
    let named = ["adjusted_bars()", "new_york_midnight()", "product()", "tickers_as_of()", "total_returns()"];
    assert!(named.iter().all(|name| ours.contains(name)), "{ours:?}");
    silent.extend(functions.iter().filter(|row| row.get::<_, &str>(1).is_empty()).map(|row| row.get(0)));
    assert!(silent.is_empty(), "without a comment: {silent:?}");
}

#[tokio::test]
async fn columns_and_catalogues_are_in_step() {
    let database = Database::create().await;
    let client = database.client().await;
    let columns = |table: &'static str, before: usize| {
        let client = &client;
        async move {
            let rows = client
                .query("SELECT attname::text FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 ORDER BY attnum", &[&table])
                .await
                .unwrap();
            rows.iter().skip(before).map(|row| row.get(0)).collect::<Vec<String>>()
        }
    };
    assert_eq!(columns("features_day", 3).await, FACTORS.map(|factor| factor.name));
    let mut of_signals = SIGNALS.map(|signal| signal.name).to_vec();
    of_signals.extend(["open", "high", "low", "volume"]);
    assert_eq!(columns("signals_latest", 3).await, of_signals);
}

#[tokio::test]
async fn the_table_of_sessions_is_the_calendar() {
    let database = Database::create().await;
    let client = database.client().await;
    let rows = client.query("SELECT session_date, early_close FROM sessions ORDER BY 1", &[]).await.unwrap();
    let stored: Vec<(chrono::NaiveDate, Option<chrono::NaiveTime>)> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let calendar: Vec<_> = nyse()
        .sessions(calendar::FIRST_DAY, calendar::END_DAY)
        .map(|day| (day, nyse().early_close(day)))
        .collect();
    assert!(stored == calendar);
}

#[test]
fn every_statement_has_a_header_that_names_its_caller() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("-- ") && text.contains("Caller: "), "{}", path.display());
        }
    }
}

async fn refusal(url: &str) -> StoreError {
    let database = Database::create_empty().await;
    let mut settings = database.settings();
    settings.database_url = Some((url.replace("{db}", &database.url), "the test"));
    match Store::new(&settings, "tidemark test") {
        Ok(store) => store.client().await.expect_err("a refusal"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn each_way_of_not_connecting_is_told_apart_and_no_password_is_repeated() {
    let nobody = refusal("postgresql://someone:hush@127.0.0.1:1/x").await;
    assert!(matches!(nobody, StoreError::Unreachable { .. }), "{nobody}");
    let bad = refusal("postgresql://someone:hush@127.0.0.1:port/x").await;
    assert!(matches!(bad, StoreError::BadUrl { .. }), "{bad}");
    let server = support::server();
    let missing = refusal(&support::with_database(&server, "no_such_database")).await;
    assert!(matches!(missing, StoreError::NoSuchDatabase { .. }), "{missing}");
    let config: tokio_postgres::Config = server.parse().unwrap();
    let password = String::from_utf8(config.get_password().unwrap_or(b"none").to_vec()).unwrap();
    let wrong = refusal(&server.replace(&password, "hush")).await;
    assert!(matches!(wrong, StoreError::Refused { .. }), "{wrong}");
    for error in [nobody, bad, missing, wrong] {
        let text = format!("{error} {error:?} {}", error.hint());
        assert!(!text.contains("hush") && !text.contains(&password), "{text}");
    }
}
