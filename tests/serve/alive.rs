//! The living process sees every change without being asked, whatever happens to its connection.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server::{Server, perl, scan, text, until, words};
use crate::support::{Database, market, server as database_server};
use crate::{print_again, ready};

/// A reader of the stream, in Perl.
struct Events {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
}

impl Events {
    fn open(database: &Database, server: &Server, path: &str, media_type: &str) -> Self {
        let mut child = perl(database, "events.pl", &[&server.address.to_string(), path, media_type])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).all(|line| send.send(line).is_ok()));
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(30)).expect("an event")
    }

    /// The next event of a name; what comes before it is passed over.
    fn next(&self, name: &str) -> Value {
        loop {
            let event: Value = serde_json::from_str(&self.line()).unwrap();
            if event["event"] == name {
                return event;
            }
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The rows of a full scan of everything, as text.
fn full(database: &Database, columns: &str) -> String {
    let args = ["full", "--format", "json", "--limit", "100", "--columns", columns];
    let output = scan(database, &args).output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    text(&serde_json::from_slice::<Value>(&output.stdout).unwrap()["rows"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_committed_bar_comes_to_the_stream_without_being_asked_for() {
    let (database, mut client, ids) = ready().await;
    let mut server = Server::ready(&database);
    let events = Events::open(
        &database,
        &server,
        "/v1/scan/stream?limit=100&columns=close,ics",
        "application/x-ndjson",
    );
    assert_eq!(events.line(), "type: application/x-ndjson");
    let loaded = events.next("progress");
    assert_eq!((loaded["stage"].as_str(), loaded["instruments"].as_u64()), (Some("loaded"), Some(31)));
    let selected = events.next("progress");
    let listed = selected["rows"].as_u64().unwrap();
    assert_eq!(selected["counts"]["fates"]["listed"].as_u64(), Some(listed));
    let mut rows: Vec<Value> = (0..listed).map(|_| events.next("row")["row"].take()).collect();
    assert_eq!(events.next("done")["rows"].as_u64(), Some(listed));
    assert_eq!(Value::from(rows.clone()), server.rows("limit=100&columns=close,ics"));

    // Uncommitted, it is nobody's business.
    let (session, last) = (market::first() + 99, ids[4]);
    let transaction = client.transaction().await.unwrap();
    market::write(&transaction, &[last], session..session + 1, |id, session| {
        Some(market::bar(id, session, 7))
    })
    .await;
    assert!(events.lines.recv_timeout(Duration::from_millis(300)).is_err());
    let committed = Instant::now();
    transaction.commit().await.unwrap();
    let delta = events.next("delta");
    println!("a committed bar came to the stream after {} ms", committed.elapsed().as_millis());
    let changed = delta["changed"].as_array().unwrap();
    let of_ours = changed.iter().find(|change| change["row"]["instrument_id"] == last).unwrap();
    assert_eq!(of_ours["row"]["close"].as_f64(), Some(market::bar(last, session, 7).close));
    assert!(of_ours["changed"].as_array().unwrap().iter().any(|name| name == "close"));

    // What the stream told is what the server answers.
    for (kind, place) in [("left", "ticker"), ("changed", "row"), ("entered", "row")] {
        for change in delta[kind].as_array().unwrap() {
            let ticker = if kind == "left" { &change["ticker"] } else { &change[place]["ticker"] };
            rows.retain(|row| row["ticker"] != *ticker);
            if kind != "left" {
                rows.push(if kind == "changed" { change["row"].clone() } else { change.clone() });
            }
        }
    }
    rows.sort_by_key(|row| row["place"].as_u64());
    assert_eq!(Value::from(rows), server.rows("limit=100&columns=close,ics"));

    // Who goes away is not kept.
    drop(Events::open(&database, &server, "/v1/scan/stream?limit=1", "text/event-stream"));
    until("one stream is left", || server.get("/metrics").body.contains("\ntidemark_streams 1\n"));

    // One that no longer matches leaves, and it is said why.
    let narrow = Events::open(
        &database,
        &server,
        &format!("/v1/scan/stream?tickers=TST4&where=close%3D{}", market::bar(last, session, 7).close),
        "application/x-ndjson",
    );
    narrow.line();
    assert_eq!(narrow.next("done")["rows"], 1);
    print_again(&mut client, &[last], 8).await;
    let left = &narrow.next("delta")["left"][0];
    assert_eq!((left["ticker"].as_str(), left["fate"].as_str()), (Some("TST4"), Some("where_not_true")));

    server.signal("TERM");
    assert_eq!(events.next("end")["error"]["code"], "stopping");
    assert_eq!(events.line(), "closed");
    assert_eq!(server.code(), Some(0), "{}", server.said());
}

#[tokio::test(flavor = "multi_thread")]
async fn server_sent_events_hold_the_same_and_a_past_session_ends() {
    let (database, _client, _) = ready().await;
    let server = Server::ready(&database);
    let events =
        Events::open(&database, &server, "/v1/scan/stream?limit=2&as_of=2022-05-10", "text/event-stream");
    let lines: Vec<String> =
        std::iter::from_fn(|| Some(events.line())).take_while(|line| line != "closed").collect();
    let names: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(lines[0], "type: text/event-stream");
    assert_eq!(names, ["progress", "progress", "row", "row", "done"]);
    let row = lines.iter().skip_while(|line| *line != "event: row").nth(1).unwrap();
    let row: Value = serde_json::from_str(row.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(row["row"], server.rows("limit=2&as_of=2022-05-10")[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_are_committed_while_its_connections_are_killed_are_not_missed() {
    let (database, mut client, ids) = ready().await;
    let server = Server::ready(&database);
    let ours = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'tidemark scan serve'";
    // Somebody keeps asking for what each look must read beside the changes.
    let columns = "limit=100&columns=close,close_2d_ago,adv_20_3d_ago";
    let asking = std::sync::atomic::AtomicBool::new(true);
    let killed = std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let mut statuses = std::collections::BTreeMap::new();
            while asking.load(std::sync::atomic::Ordering::Relaxed) {
                *statuses.entry(server.get(&format!("/v1/scan?{columns}")).status).or_insert(0) += 1;
            }
            statuses
        });
        let killed = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                let mut killed = 0;
                for round in 0..8_u64 {
                    if round % 2 == 0 {
                        until("it is connected", || server.get("/healthz").json()["connected"] == true);
                    }
                    let some: Vec<i32> = ids.iter().copied().skip(round as usize * 3).take(3).collect();
                    print_again(&mut client, &some, 10 + round).await;
                    killed += client.query_one(ours, &[]).await.unwrap().get::<_, i64>(0);
                    print_again(&mut client, &some[..1], 20 + round).await;
                    if round % 3 == 0 {
                        let wanted = full(&database, "close");
                        until("nothing is missed", || {
                            text(&server.rows("limit=100&columns=close")) == wanted
                        });
                    }
                }
                killed
            })
        });
        asking.store(false, std::sync::atomic::Ordering::Relaxed);
        println!(
            "{killed} connections were killed; meanwhile others were answered {:?}",
            asked.join().unwrap()
        );
        killed
    });
    let wanted = full(&database, "close, close_2d_ago, adv_20_3d_ago");
    until("nothing is missed", || text(&server.get(&format!("/v1/scan?{columns}")).json()["rows"]) == wanted);
    assert!(killed >= 4, "only {killed} connections were killed");
    assert_eq!(server.get("/healthz").json()["status"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_answers_go_on_from_memory_and_say_how_old_they_are() {
    let (database, mut client, ids) = ready().await;
    let server = Server::ready(&database);
    let before = server.rows("limit=100&columns=close");
    server.rows("columns=close_5d_ago");
    let elsewhere = crate::support::connect(&database_server()).await;
    let name: String = client.query_one("SELECT current_database()", &[]).await.unwrap().get(0);
    elsewhere.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await.unwrap();
    let ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tidemark scan serve' AND datname = current_database()";
    client.query(ours, &[]).await.unwrap();
    until("the loss is noticed", || server.get("/healthz").json()["connected"] == false);
    print_again(&mut client, &ids[..4], 5).await;
    let health = server.get("/healthz");
    assert_eq!((health.status, health.json()["status"].as_str()), (200, Some("degraded")));
    let answer = server.get("/v1/scan?limit=100&columns=close").json();
    assert_eq!(answer["rows"], before);
    assert!(answer["data_age_seconds"].as_f64().unwrap() > 0.0);
    // What is in memory needs no database, and what is not is refused by a code.
    assert_eq!(server.get("/v1/scan?columns=close_5d_ago").status, 200);
    assert_eq!(server.get("/v1/scan?columns=close_6d_ago").json()["error"]["code"], "database");
    let past = server.get("/v1/scan?as_of=2022-05-10");
    assert_eq!((past.status, past.json()["error"]["code"].as_str()), (503, Some("database")));

    elsewhere.batch_execute(&format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await.unwrap();
    let wanted = full(&database, "close");
    assert_ne!(wanted, text(&before));
    until("it is back", || text(&server.rows("limit=100&columns=close")) == wanted);
    assert_eq!(server.get("/healthz").json()["status"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_calendar_ends_it_with_a_hint() {
    let (database, mut client, ids) = ready().await;
    let mut server = Server::ready(&database);
    let transaction = client.transaction().await.unwrap();
    let change = tidemark::store::change_log::Change {
        instrument_id: ids[0],
        from: tidemark::store::date_of(market::first()),
        through: None,
    };
    let topic = tidemark::store::change_log::Topic::Sessions;
    tidemark::store::change_log::append(&transaction, topic, &[change]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(server.code(), Some(1));
    until("it says why", || server.said().contains("hint: start the program again"));
    assert!(server.said().contains("error: the exchange's calendar changed"), "{}", server.said());
}
