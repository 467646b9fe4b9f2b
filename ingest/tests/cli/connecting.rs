//! Every way in which there is no database to work with.

use crate::files::Folder;
use crate::run::{Run, backfill, command, finish, ingest};
use crate::support::{Database, connect, server, with_database};

async fn status(url: &str) -> Run {
    ingest(url, &["status"]).await
}

/// The server's URL for another user and password.
fn with_user(url: &str, user: &str, password: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (_, place) = rest.split_once('@').expect("a user");
    format!("{scheme}://{user}:{password}@{place}")
}

#[tokio::test]
async fn without_a_database_the_settings_are_named() {
    finish(command(None, &["status"])).await.failed("no database is configured", "DATABASE_URL");
}

#[tokio::test]
async fn a_url_that_is_none_is_not_repeated() {
    let run = status("postgresql://me:hush@host:port/x").await;
    let run = run.failed("the database URL from DATABASE_URL cannot be read", "user:password@host:port");
    assert!(!run.err.contains("hush"));
    let url = "postgresql://me:hush@localhost/x";
    let run = finish(command(None, &["status", "--database-url", url])).await;
    assert!(!run.failed("holds a password", "DATABASE_URL").err.contains("hush"));
}

#[tokio::test]
async fn nobody_answers_at_a_closed_port() {
    let run = status("postgresql://me:hush@127.0.0.1:1/x").await;
    let run = run.failed("no database answers at 127.0.0.1:1", "is it running?");
    assert!(run.err.contains("caused by: ") && !run.err.contains("hush"), "{}", run.err);
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_database_are_told_apart() {
    let user = server().parse::<tokio_postgres::Config>().expect("a URL").get_user().map(str::to_owned);
    let user = user.expect("a user");
    let run = status(&with_user(&server(), &user, "hush")).await;
    let run = run.failed(&format!("refuses user '{user}'"), "check user and password");
    assert!(!run.err.contains("hush"));
    status(&with_database(&server(), "tidemark_test_not_there"))
        .await
        .failed("has no database 'tidemark_test_not_there'", "createdb");
}

#[tokio::test]
async fn a_user_who_may_not_create_timescaledb_is_told_who_may() {
    let database = Database::create_empty().await;
    let role = format!("tidemark_test_role_{}", std::process::id());
    let client = connect(&server()).await;
    client.batch_execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'hush'")).await.expect("a role");
    let run = status(&with_user(&database.url, &role, "hush")).await;
    drop(database);
    client.batch_execute(&format!("DROP ROLE {role}")).await.expect("dropped");
    run.failed("no TimescaleDB extension, and this user could not create it", "CREATE EXTENSION timescaledb");
}

#[tokio::test]
async fn a_connection_that_the_server_ends_is_told_from_a_fault() {
    let (database, folder) = (Database::create().await, Folder::new());
    folder.day("2024-07-01", &[("A", 10.0, 100.0)]);
    let (client, ending) = (database.client().await, database.client().await);
    // While this holds the tickers, the load waits.
    client.batch_execute("BEGIN; LOCK TABLE ticker_periods").await.expect("locked");
    let (url, path) = (database.url.clone(), folder.path().to_owned());
    let run = tokio::spawn(async move { backfill(&url, &path, "2024-07-01", "2024-07-01", &[]).await });
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'tidemark ingest' AND wait_event_type = 'Lock'";
    while !run.is_finished() && crate::tables::number(&ending, end).await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let run = run.await.expect("joined");
    run.failed(
        "the connection to the database was lost",
        "run the same command again once the server is back",
    );
    client.batch_execute("ROLLBACK").await.expect("unlocked");
    backfill(&database.url, folder.path(), "2024-07-01", "2024-07-01", &[]).await.succeeded();
}
