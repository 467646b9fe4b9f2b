//! `features show TICKER`: the latest rows of one instrument.

use std::process::ExitCode;

use chrono::{Days, NaiveDate};
use deadpool_postgres::Object;
use serde_json::{Map, Value, json};
use tidemark::arithmetic::catalogue::FACTORS;
use tidemark::domain::calendar;
use tidemark::failure::Failure;
use tidemark::say;
use tidemark::store::features::{self, FeatureRow};
use tidemark::store::instruments::Tickers;
use tidemark::store::{change_log, date_of};

/// Show the factors of one instrument
#[derive(clap::Args)]
pub struct Args {
    /// Ticker; case matters
    ticker: String,
    /// The session, or the last one before it [default: the latest]
    #[arg(long, value_name = "DATE")]
    session: Option<NaiveDate>,
    /// How many sessions, back from there
    #[arg(long, default_value_t = 5)]
    rows: usize,
    /// As a JSON array, in full precision
    #[arg(long)]
    json: bool,
}

pub async fn run(client: &mut Object, args: &Args) -> anyhow::Result<ExitCode> {
    let tickers = Tickers::read(&***client).await?;
    let until = args.session.unwrap_or(calendar::END_DAY);
    let found =
        args.session.and_then(|day| tickers.find(&args.ticker, day)).or_else(|| tickers.latest(&args.ticker));
    let Some(id) = found else {
        return Err(unknown(&tickers, &args.ticker).into());
    };
    let transaction = change_log::snapshot(client).await?;
    let until = until.min(calendar::END_DAY) + Days::new(1);
    let mut rows = features::read(&transaction, calendar::FIRST_DAY, until, Some(&[id]))
        .await?
        .remove(&id)
        .unwrap_or_default();
    rows.drain(..rows.len().saturating_sub(args.rows.max(1)));
    if rows.is_empty() {
        return Err(Failure::new(format!("{} has no features up to that day", args.ticker))
            .hint("run: features refresh")
            .into());
    }
    if args.json {
        println!("{:#}", rows.iter().map(|row| object(&args.ticker, row)).collect::<Value>());
    } else {
        print(&rows);
    }
    Ok(ExitCode::SUCCESS)
}

/// The failure of a ticker that nobody has.
pub fn unknown(tickers: &Tickers, ticker: &str) -> Failure {
    let similar = tickers.similar(ticker);
    let hint = if similar.is_empty() {
        "ingest status shows what is loaded".into()
    } else {
        format!("known: {}", similar.join(", "))
    };
    Failure::new(format!("no instrument has the ticker {ticker}")).hint(hint)
}

fn object(ticker: &str, row: &FeatureRow) -> Value {
    let mut object = Map::new();
    object.insert("ticker".into(), ticker.into());
    object.insert("session_date".into(), json!(date_of(row.session)));
    object.insert("in_population".into(), row.in_population.into());
    object.extend(FACTORS.iter().zip(row.values).map(|(f, value)| (f.name.to_owned(), json!(value))));
    Value::Object(object)
}

/// Factors down, sessions across.
fn print(rows: &[FeatureRow]) {
    let dates: Vec<String> = rows.iter().map(|row| date_of(row.session).to_string()).collect();
    let mut header = vec!["factor"];
    header.extend(dates.iter().map(String::as_str));
    header.push("unit");
    let mut right = vec![false];
    right.extend(rows.iter().map(|_| true));
    right.push(false);
    let mut lines: Vec<Vec<String>> = Vec::new();
    for (at, factor) in FACTORS.iter().enumerate() {
        let mut line = vec![factor.name.to_owned()];
        line.extend(rows.iter().map(|row| shown(row.values[at])));
        line.push(factor.unit.to_owned());
        lines.push(line);
    }
    let mut line = vec!["in population".to_owned()];
    line.extend(rows.iter().map(|row| if row.in_population { "yes".into() } else { "no".into() }));
    lines.push(line);
    println!("{}", say::table(&header, &right, lines));
}

fn shown(value: f64) -> String {
    match value {
        _ if value.is_nan() => "-".into(),
        _ if value.abs() >= 100_000.0 => say::count(value.abs().round() as u64),
        _ => format!("{value:.6}"),
    }
}
