//! Adjusted bars and total returns against what others made of the same market: Quandl's adjusted prices of 2014 beside raw ones,
//! and LEAN's factor files, 1998 to 2021. Read in place from `TIDEMARK_TEST_DATA`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use support::{Database, connect};
use tidemark::domain::bar::DayBar;
use tidemark::store::actions::{DividendRow, SplitRow, upsert_dividends, upsert_splits};
use tidemark::store::instruments::Tickers;
use tidemark::store::{bar_table, bars};
use tokio_postgres::Client;

/// Apple's cash dividends per share as printed, by ex-date, as Apple published them.
const APPLE_PAID: [(&str, f64); 35] = [
    ("2012-08-09", 2.65),
    ("2012-11-07", 2.65),
    ("2013-02-07", 2.65),
    ("2013-05-09", 3.05),
    ("2013-08-08", 3.05),
    ("2013-11-06", 3.05),
    ("2014-02-06", 3.05),
    ("2014-05-08", 3.29),
    ("2014-08-07", 0.47),
    ("2014-11-06", 0.47),
    ("2015-02-05", 0.47),
    ("2015-05-07", 0.52),
    ("2015-08-06", 0.52),
    ("2015-11-05", 0.52),
    ("2016-02-04", 0.52),
    ("2016-05-05", 0.57),
    ("2016-08-04", 0.57),
    ("2016-11-03", 0.57),
    ("2017-02-09", 0.57),
    ("2017-05-11", 0.63),
    ("2017-08-10", 0.63),
    ("2017-11-10", 0.63),
    ("2018-02-09", 0.63),
    ("2018-05-11", 0.73),
    ("2018-08-10", 0.73),
    ("2018-11-08", 0.73),
    ("2019-02-08", 0.73),
    ("2019-05-10", 0.77),
    ("2019-08-09", 0.77),
    ("2019-11-07", 0.77),
    ("2020-02-07", 0.77),
    ("2020-05-08", 0.82),
    ("2020-08-07", 0.82),
    ("2020-11-06", 0.205),
    ("2021-02-05", 0.205),
];

fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("TIDEMARK_TEST_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let found = named.or_else(|| beside.is_dir().then_some(beside));
    if found.is_none() {
        eprintln!("skipped: no real data; name its folder in TIDEMARK_TEST_DATA");
    }
    found
}

/// A zip of one deflated file, whose name and extra field follow a header of 30 bytes.
fn unzipped(path: &Path) -> String {
    let zip = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let length_at = |at: usize| usize::from(u16::from_le_bytes([zip[at], zip[at + 1]]));
    let mut text = String::new();
    let deflated = &zip[30 + length_at(26) + length_at(28)..];
    flate2::read::DeflateDecoder::new(deflated).read_to_string(&mut text).unwrap();
    text
}

fn date(text: &str) -> NaiveDate {
    let format = if text.contains('-') { "%Y-%m-%d" } else { "%Y%m%d" };
    NaiveDate::parse_from_str(text, format).unwrap()
}

/// A market in a database, loaded instrument by instrument.
struct World {
    database: Database,
    client: Client,
}

impl World {
    async fn new() -> Self {
        let database = Database::create().await;
        let client = connect(&database.url).await;
        Self { database, client }
    }

    /// The instrument that has the ticker on the first of these days, with these bars.
    async fn load(&mut self, ticker: &str, bars_of: &BTreeMap<NaiveDate, DayBar>) -> i32 {
        let days: Vec<NaiveDate> = bars_of.keys().copied().collect();
        let mut client = connect(&self.database.url).await;
        let mut tickers = Tickers::read(&client).await.unwrap();
        let unknown = tickers.unknown(days.iter().take(1).map(|day| (ticker, *day)));
        tickers.create(&mut client, &unknown).await.unwrap();
        let id = tickers.find(ticker, days[0]).unwrap();
        bar_table::open_chunks(&mut client, &bars::TABLE, &days).await.unwrap();
        let transaction = client.transaction().await.unwrap();
        let rows = bars_of.iter().map(|(day, bar)| bars::row(id, *day, bar));
        bar_table::copy(&transaction, &bars::TABLE, rows).await.unwrap();
        transaction.commit().await.unwrap();
        id
    }

    async fn act(&mut self, instrument_id: i32, splits: &[(NaiveDate, f64)], dividends: &[(NaiveDate, f64)]) {
        let transaction = self.client.transaction().await.unwrap();
        let splits = splits.iter().map(|(ex_date, ratio)| SplitRow {
            instrument_id,
            ex_date: *ex_date,
            split_from: 1.0,
            split_to: *ratio,
            vendor_id: None,
        });
        upsert_splits(&transaction, &splits.collect::<Vec<_>>()).await.unwrap();
        let dividends = dividends.iter().map(|(ex_date, cash)| DividendRow {
            instrument_id,
            ex_date: *ex_date,
            kind: "CD".into(),
            cash_amount: *cash,
            vendor_id: None,
        });
        upsert_dividends(&transaction, &dividends.collect::<Vec<_>>()).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// Open, high, low, close, volume and total close of a ticker on the basis of `as_of`.
    async fn adjusted(&self, ticker: &str, as_of: NaiveDate) -> BTreeMap<NaiveDate, [f64; 6]> {
        let statement =
            "SELECT session_date, open_adj, high_adj, low_adj, close_adj, volume_adj, close_total_adj
                         FROM adjusted_bars($1) WHERE ticker = $2";
        let rows = self.client.query(statement, &[&as_of, &ticker]).await.unwrap();
        rows.iter().map(|row| (row.get(0), std::array::from_fn(|at| row.get(at + 1)))).collect()
    }

    async fn total_return(&self, ticker: &str, from: NaiveDate, through: NaiveDate) -> f64 {
        let statement = "SELECT total_return FROM total_returns($1, $2) WHERE ticker = $3";
        self.client.query_one(statement, &[&from, &through, &ticker]).await.unwrap().get(0)
    }
}

/// The greatest difference in proportion, with where it is.
#[derive(Default)]
struct Furthest(f64, String);

impl Furthest {
    fn see(&mut self, value: f64, expected: f64, of: impl std::fmt::Display) {
        let apart = (value / expected - 1.0).abs();
        if apart > self.0 || apart.is_nan() {
            *self = Self(apart, format!("{of}: {value} and {expected}"));
        }
    }

    /// Asserts that nothing is further apart than 10 to the power of `-digits`.
    fn assert_within(&self, digits: f64, what: &str) {
        println!("{what}: furthest apart {:.1e}", self.0);
        assert!(self.0 < 10_f64.powf(-digits), "{what} differ by {:e}, on {}", self.0, self.1);
    }
}

#[tokio::test]
async fn quandls_adjusted_prices_of_2014_are_ours_to_twelve_digits() {
    let Some(folder) = folder() else { return };
    let table = unzipped(&folder.join("quandl_wiki/QUANDL_ARCHIVE.zip"));
    let mut world = World::new().await;
    for (ticker, splits, dividends) in [("AAPL", 1, 4), ("MSFT", 0, 4), ("BRK_A", 0, 0), ("ZEN", 0, 0)] {
        // Open, high, low, close and volume as printed and adjusted.
        let mut theirs: BTreeMap<NaiveDate, [f64; 5]> = BTreeMap::new();
        let (mut raw, mut split, mut paid) = (BTreeMap::new(), Vec::new(), Vec::new());
        for row in
            table.lines().map(|line| line.split(',').collect::<Vec<_>>()).filter(|row| row[0] == ticker)
        {
            let (day, number) = (date(row[1]), |column: usize| row[column].parse::<f64>().unwrap());
            raw.insert(
                day,
                DayBar {
                    open: number(2),
                    high: number(3),
                    low: number(4),
                    close: number(5),
                    volume: number(6),
                    vwap: None,
                    trade_count: None,
                },
            );
            paid.extend((number(7) != 0.0).then(|| (day, number(7))));
            split.extend((number(8) != 1.0).then(|| (day, number(8))));
            theirs.insert(day, [9, 10, 11, 12, 13].map(number));
        }
        assert_eq!((split.len(), paid.len()), (splits, dividends), "{ticker}");
        let id = world.load(ticker, &raw).await;
        world.act(id, &split, &paid).await;

        let (&first, &last) = (theirs.keys().next().unwrap(), theirs.keys().next_back().unwrap());
        let ours = world.adjusted(ticker, last).await;
        assert_eq!(ours.len(), theirs.len());
        let (mut closes, mut shapes, mut returns) =
            (Furthest::default(), Furthest::default(), Furthest::default());
        // Theirs are on the basis of a later day than 2014's last, so only proportions can be compared.
        let (our_last, their_last) = (ours[&last], theirs[&last]);
        for (day, row) in &theirs {
            let our = ours[day];
            closes.see(our[5] / our_last[5], row[3] / their_last[3], day);
            for at in 0..3 {
                shapes.see(our[at] / our[3], row[at] / row[3], day);
            }
            assert_eq!(our[4], row[4], "{ticker} volume on {day}");
            if *day > first {
                let value = world.total_return(ticker, first, *day).await;
                returns.see(1.0 + value, row[3] / theirs[&first][3], day);
            }
        }
        closes.assert_within(12.0, &format!("{ticker} total closes"));
        shapes.assert_within(12.0, &format!("{ticker} open, high and low against the close"));
        returns.assert_within(12.0, &format!("{ticker} total returns"));
    }
}

/// LEAN's daily bars of a file: prices as printed, × 10,000.
fn lean_bars(folder: &Path, name: &str) -> BTreeMap<NaiveDate, DayBar> {
    let text = unzipped(&folder.join(format!("lean/usa/daily/{name}.zip")));
    text.lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let price = |at: usize| fields[at].parse::<f64>().unwrap() / 1e4;
            let volume = fields[5].parse().unwrap();
            let bar = DayBar {
                open: price(1),
                high: price(2),
                low: price(3),
                close: price(4),
                volume,
                vwap: None,
                trade_count: None,
            };
            (date(&fields[0][..8]), bar)
        })
        .collect()
}

/// A line of a factor file: what prices up to and including its day are multiplied by.
#[derive(Clone, Copy)]
struct Factors {
    price: f64,
    split: f64,
}

fn lean_factors(folder: &Path, name: &str) -> BTreeMap<NaiveDate, Factors> {
    let path = folder.join(format!("lean/usa/factor_files/{name}.csv"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut factors = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |at: usize| fields[at].parse::<f64>().unwrap();
        factors.insert(date(fields[0]), Factors { price: number(1), split: number(2) });
    }
    factors
}

/// An action as a factor file tells it: the last day before it, the first bar on it, new shares per old, and cash a share.
struct Told {
    before: NaiveDate,
    ex_date: NaiveDate,
    ratio: f64,
    cash: f64,
}

fn told(factors: &BTreeMap<NaiveDate, Factors>, raw: &BTreeMap<NaiveDate, DayBar>) -> Vec<Told> {
    let lines: Vec<(NaiveDate, Factors)> = factors.iter().map(|(day, line)| (*day, *line)).collect();
    let actions = lines.windows(2).filter_map(|pair| {
        let (day, line) = pair[0];
        let next = pair[1].1;
        let (ex_date, _) = raw.range(day + chrono::Days::new(1)..).next()?;
        let ratio = next.split / line.split;
        let cash = raw.get(&day)?.close * (1.0 - line.price / next.price);
        (line.price != next.price || line.split != next.split).then_some(Told {
            before: day,
            ex_date: *ex_date,
            ratio,
            cash,
        })
    });
    actions.collect()
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

/// What LEAN's factors leave of a price of `day`.
fn factor_on(factors: &BTreeMap<NaiveDate, Factors>, day: NaiveDate) -> Factors {
    *factors.range(day..).next().unwrap().1
}

/// Loads the ticker, its dividends rounded to `digits` (as they were declared) and its splits to whole shares; compares closes
/// on the basis of several days, and total returns. The digits are those to which split-adjusted closes and total returns
/// agree: LEAN rounds its factors to seven places.
async fn agrees_with_lean(
    world: &mut World,
    folder: &Path,
    name: &str,
    digits: i32,
    agree: (f64, f64),
) -> Vec<(NaiveDate, f64)> {
    let (raw, factors) = (lean_bars(folder, name), lean_factors(folder, name));
    let actions = told(&factors, &raw);
    let splits: Vec<(NaiveDate, f64)> = actions
        .iter()
        .filter(|action| (action.ratio - 1.0).abs() > 1e-9)
        .map(|action| (action.ex_date, action.ratio.round()))
        .collect();
    let paid: Vec<(NaiveDate, f64)> = actions
        .iter()
        .filter(|action| action.cash > 1e-3)
        .map(|action| (action.ex_date, rounded(action.cash, digits)))
        .collect();
    assert_eq!(splits.len() + paid.len(), actions.len(), "{name}: an action is lost");
    let ticker = name.to_uppercase();
    let id = world.load(&ticker, &raw).await;
    world.act(id, &splits, &paid).await;

    let last = *raw.keys().next_back().unwrap();
    let mut closes = Furthest::default();
    for as_of in [
        date("2003-06-30"),
        date("2014-06-06"),
        date("2014-06-09"),
        date("2020-08-28"),
        date("2020-08-31"),
        last,
    ] {
        let ours = world.adjusted(&ticker, as_of).await;
        assert_eq!(ours.len(), raw.range(..=as_of).count());
        for (day, row) in &ours {
            let expected =
                raw[day].close * factor_on(&factors, *day).split / factor_on(&factors, as_of).split;
            closes.see(row[3], expected, day);
        }
    }
    closes.assert_within(agree.0, &format!("{name} split-adjusted closes"));

    // LEAN reinvests a dividend at the close before its ex-date, C/(P − D); we at the close of it, (C + D)/P. Each dividend's
    // own conversion makes the one of the other.
    let conversion = |from: NaiveDate, through: NaiveDate| {
        let within = actions.iter().filter(|action| from < action.ex_date && action.ex_date <= through);
        within.fold(1.0, |product, action| {
            let cash = rounded(action.cash, digits) * f64::from(action.cash > 1e-3);
            let (before, close) =
                (raw[&action.before].close, raw[&action.ex_date].close * action.ratio.round());
            product * (close + cash) * (before - cash) / (before * close)
        })
    };
    let (mut converted, mut plain, mut series) =
        (Furthest::default(), Furthest::default(), Furthest::default());
    let value = |day: NaiveDate| {
        let Factors { price, split } = factor_on(&factors, day);
        raw[&day].close * price * split
    };
    // Over each dividend and split, and over months, years and decades.
    let days: Vec<NaiveDate> = raw.keys().copied().collect();
    let mut pairs: Vec<(NaiveDate, NaiveDate)> =
        actions.iter().map(|action| (action.before, action.ex_date)).collect();
    for span in [21, 252, 2520] {
        pairs.extend(days.iter().copied().zip(days[span..].iter().copied()).step_by(61));
    }
    for (from, through) in pairs {
        let ours = 1.0 + world.total_return(&ticker, from, through).await;
        let theirs = value(through) / value(from);
        converted.see(ours, theirs * conversion(from, through), through);
        plain.see(ours, theirs, through);
    }
    converted.assert_within(agree.1, &format!("{name} total returns, converted"));
    plain.assert_within(3.0, &format!("{name} total returns as they are"));
    // The series of total closes says the same as the total return from each day to the last.
    for (day, row) in world.adjusted(&ticker, last).await.iter().step_by(97) {
        let ours = raw[&last].close / row[5];
        series.see(ours, 1.0 + world.total_return(&ticker, *day, last).await, day);
    }
    series.assert_within(12.0, &format!("{name} total closes against total returns"));
    paid
}

#[tokio::test]
async fn leans_factor_files_agree_with_ours_to_their_rounding() {
    let Some(folder) = folder() else { return };
    let mut world = World::new().await;
    // Apple's split factors before 2005 are 0.00892857 and 0.01785710 for 1/112 and 1/56.
    let paid = agrees_with_lean(&mut world, &folder, "aapl", 3, (5.5, 5.5)).await;
    let published: Vec<(NaiveDate, f64)> = APPLE_PAID.iter().map(|(day, cash)| (date(day), *cash)).collect();
    assert_eq!(paid, published);
    agrees_with_lean(&mut world, &folder, "spy", 4, (12.0, 6.0)).await;
    agrees_with_lean(&mut world, &folder, "ibm", 2, (12.0, 6.0)).await;
}

#[tokio::test]
async fn alphabets_two_classes_of_shares_keep_apart_through_the_change_of_their_tickers() {
    let Some(folder) = folder() else { return };
    let mut world = World::new().await;
    let day = date;
    // LEAN's map files: GOOG was the older class until 2014-04-02, GOOGL since; the new class traded as GOOCV before it was GOOG.
    let (goog, googl, goocv) =
        (lean_bars(&folder, "goog"), lean_bars(&folder, "googl"), lean_bars(&folder, "goocv"));
    let change = day("2014-04-03");
    let split_of = |bars: &BTreeMap<NaiveDate, DayBar>, from: NaiveDate, until: NaiveDate| {
        bars.range(from..until).map(|(day, bar)| (*day, *bar)).collect::<BTreeMap<_, _>>()
    };
    let (always, never) = (day("1998-01-01"), day("2100-01-01"));
    let older: BTreeMap<_, _> =
        split_of(&goog, always, change).into_iter().chain(split_of(&googl, change, never)).collect();
    let newer: BTreeMap<_, _> =
        split_of(&goocv, always, change).into_iter().chain(split_of(&goog, change, never)).collect();
    let periods = format!(
        "INSERT INTO instruments (instrument_id) VALUES (1), (2);
         INSERT INTO ticker_periods (ticker, from_date, until_date, instrument_id) VALUES
             ('GOOG', '0001-01-01', '{change}', 1), ('GOOGL', '{change}', NULL, 1),
             ('GOOCV', '2014-03-27', '{change}', 2), ('GOOG', '{change}', NULL, 2)"
    );
    world.client.batch_execute(&periods).await.unwrap();
    assert_eq!(world.load("GOOG", &older).await, 1);
    assert_eq!(world.load("GOOCV", &newer).await, 2);
    let (of_older, of_newer) = (lean_factors(&folder, "googl"), lean_factors(&folder, "goog"));
    // A share of the new class for each old one, told as 2:1; and the new class's 1.0027 for 1 of April 2015.
    let given: Vec<(NaiveDate, f64)> =
        told(&of_newer, &newer).iter().map(|action| (action.ex_date, action.ratio)).collect();
    assert!(given.len() == 1 && given[0].0 == day("2015-04-27"), "{given:?}");
    world.act(1, &[(change, 2.0)], &[]).await;
    world.act(2, &given, &[]).await;

    let last = *newer.keys().next_back().unwrap();
    for (ticker, raw, factors) in [("GOOGL", &older, &of_older), ("GOOG", &newer, &of_newer)] {
        let ours = world.adjusted(ticker, last).await;
        assert_eq!(ours.len(), raw.len(), "{ticker}");
        let mut closes = Furthest::default();
        for (day, row) in &ours {
            closes.see(row[3], raw[day].close * factor_on(factors, *day).split, day);
        }
        closes.assert_within(12.0, &format!("{ticker} split-adjusted closes"));
    }
    // Whom the ticker means depends on the day.
    let before = world.adjusted("GOOG", day("2014-04-02")).await;
    assert_eq!(before.len(), split_of(&goog, always, change).len());
    assert_eq!(before[&day("2014-04-02")][3], goog[&day("2014-04-02")].close);
    assert_eq!(world.adjusted("GOOG", change).await.len(), split_of(&newer, always, change).len() + 1);
    assert!(world.adjusted("GOOGL", day("2014-04-02")).await.is_empty());
    // The older class did not halve on the day.
    let overnight = world.total_return("GOOGL", day("2014-04-02"), change).await;
    assert!((overnight - (571.5 * 2.0 / goog[&day("2014-04-02")].close - 1.0)).abs() < 1e-12, "{overnight}");
    assert!(overnight.abs() < 0.02);
}
