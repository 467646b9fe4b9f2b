//! Every door gives the rows of a full scan, to the bit.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::{Value, json};
use tidemark::jobs::scan::columns;
use tidemark::store::date_of;

use crate::server::{Server, encoded, scan, text, words};
use crate::support::{Database, market};
use crate::{SESSIONS, print_again, ready};

/// What is asked: `where`, order, columns, limit.
fn questions() -> Vec<(&'static str, &'static str, String, usize)> {
    let all: Vec<&str> = columns::all().iter().map(|column| column.name.as_str()).collect();
    let plain = "close, rsi_14, ics, merit, tier".to_owned();
    let earlier = "close_1d_ago, rsi_14_21d_ago, close / close_5d_ago - 1 AS week".to_owned();
    // A factor of an earlier session and a bar beyond what is in memory are read from the database.
    let read = "adv_20_3d_ago, mom_3_1d_ago, close_40d_ago, rsi_14_30d_ago".to_owned();
    vec![
        ("close > 0", "ics DESC", plain.clone(), 50),
        ("close > 30 AND rsi_14 < 60", "close ASC", plain, 7),
        ("close_1d_ago > 0", "rsi_14 DESC, ticker ASC", earlier, 50),
        ("adv_20_3d_ago > 0", "ics DESC", read, 50),
        ("close > 0", "rank ASC", all.join(", "), 50),
    ]
}

/// The rows of the command line.
fn of_command(database: &Database, question: &(&str, &str, String, usize), as_of: Option<&str>) -> Value {
    let (filter, order, columns, limit) = question;
    let limit = limit.to_string();
    let mut args = vec![
        "full",
        "--format",
        "json",
        "--where",
        filter,
        "--order-by",
        order,
        "--columns",
        columns,
        "--limit",
        &limit,
    ];
    args.extend(as_of.map(|day| ["--as-of", day]).into_iter().flatten());
    let output = scan(database, &args).output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["rows"].take()
}

fn of_http(server: &Server, question: &(&str, &str, String, usize), as_of: Option<&str>) -> Value {
    let (filter, order, columns, limit) = question;
    let day = as_of.map_or(String::new(), |day| format!("&as_of={day}"));
    server.rows(&format!(
        "where={}&order_by={}&columns={}&limit={limit}{day}",
        encoded(filter),
        encoded(order),
        encoded(columns)
    ))
}

/// The rows of all questions by lines; all are asked at once.
fn by_lines(
    database: &Database,
    questions: &[(&str, &str, String, usize)],
    as_of: Option<&str>,
) -> Vec<Value> {
    let mut child = scan(database, &["serve", "--stdio"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for (id, (filter, order, columns, limit)) in questions.iter().enumerate() {
        let request = json!({ "requestId": id, "where": filter, "orderBy": [order], "columns": columns, "limit": limit, "asOf": as_of });
        writeln!(input, "{request}").unwrap();
    }
    drop(input);
    let lines: Vec<String> =
        BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!((lines[0].as_str(), lines.len()), ("READY", questions.len() + 1), "{lines:?}");
    let mut rows = vec![Value::Null; questions.len()];
    for line in &lines[1..] {
        let mut answer: Value = serde_json::from_str(line).unwrap();
        assert_eq!(answer["ok"], true, "{answer}");
        rows[answer["requestId"].as_u64().unwrap() as usize] = answer["rows"].take();
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_http_and_a_full_scan_give_the_same_rows_to_the_bit() {
    let (database, mut client, ids) = ready().await;
    let server = Server::ready(&database);
    let (mut rows, mut values) = (0, 0);
    for print in 1..4 {
        print_again(&mut client, &ids[..5 * print as usize], print).await;
        if print == 2 {
            crate::refresh(&mut client).await;
        }
        let day = date_of(market::first() + SESSIONS - 10).to_string();
        for as_of in [None, Some(day.as_str())] {
            let questions = questions();
            let by_lines = by_lines(&database, &questions, as_of);
            for (question, by_lines) in questions.iter().zip(by_lines) {
                let wanted = of_command(&database, question, as_of);
                // The server follows by itself; only the moment at which it has done so is not ours.
                crate::server::until("the server has followed", || {
                    text(&of_http(&server, question, as_of)) == text(&wanted)
                });
                assert_eq!(text(&by_lines), text(&wanted));
                let listed = wanted.as_array().unwrap();
                rows += listed.len();
                values += listed.iter().map(|row| row.as_object().unwrap().len()).sum::<usize>();
            }
        }
    }
    println!("{rows} rows of {values} values are equal through three doors");
    assert!(rows > 500);
}
