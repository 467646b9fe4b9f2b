//! Flat files made here, and an independent, naive reader of them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveTime, TimeZone};
use chrono_tz::America::New_York;
use tempfile::TempDir;

/// Open, high, low, close and volume by ticker and day.
pub type Bars = BTreeMap<(String, String), [f64; 5]>;

const HEADER: &str = "ticker,volume,open,close,high,low,window_start,transactions\n";

/// A folder in the vendor's layout that goes when the test ends.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub fn path(&self) -> &str {
        self.0.path().to_str().expect("UTF-8")
    }

    /// The place of a day's file.
    pub fn file(&self, day: &str) -> PathBuf {
        let path = self.0.path().join("us_stocks_sip/day_aggs_v1").join(&day[..4]).join(&day[5..7]);
        path.join(format!("{day}.csv.gz"))
    }

    /// The place of a session's minute file.
    pub fn minute_file(&self, day: &str) -> PathBuf {
        let path = self.0.path().join("us_stocks_sip/minute_aggs_v1").join(&day[..4]).join(&day[5..7]);
        path.join(format!("{day}.csv.gz"))
    }

    /// Writes a session's minute file of these lines, in which `@09:30` stands for that minute in New York.
    pub fn minute_lines(&self, day: &str, lines: &[String]) -> &Self {
        let at = |line: &String| match line.split_once('@') {
            Some((before, after)) => {
                format!("{before}{}{}", window(day, &after[..5]), &after[5..])
            }
            None => line.clone(),
        };
        let lines: Vec<String> = lines.iter().map(at).collect();
        let path = self.minute_file(day);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        let packed = packed(day, &lines.iter().map(String::as_str).collect::<Vec<_>>());
        std::fs::write(path, packed).expect("a file");
        self
    }

    /// Writes a session's minute file of one bar for each ticker, time of day in New York, close and volume.
    pub fn minutes(&self, day: &str, bars: &[(&str, &str, f64, f64)]) -> &Self {
        let lines: Vec<String> = bars
            .iter()
            .map(|(ticker, time, close, volume)| {
                line(ticker, *close, *volume).replace('@', &format!("@{time}"))
            })
            .collect();
        self.minute_lines(day, &lines)
    }

    /// Writes these bytes as a day's file.
    pub fn bytes(&self, day: &str, bytes: &[u8]) -> &Self {
        let path = self.file(day);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, bytes).expect("a file");
        self
    }

    /// Writes a day's file of these lines, in which `@` stands for the day's window.
    pub fn lines(&self, day: &str, lines: &[&str]) -> &Self {
        self.bytes(day, &packed(day, lines))
    }

    /// Writes a day's file of one bar for each ticker, close and volume.
    pub fn day(&self, day: &str, bars: &[(&str, f64, f64)]) -> &Self {
        let lines: Vec<String> =
            bars.iter().map(|(ticker, close, volume)| line(ticker, *close, *volume)).collect();
        self.lines(day, &lines.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// A line whose other prices follow from the close, as in [`bar`].
pub fn line(ticker: &str, close: f64, volume: f64) -> String {
    let [open, high, low, close, volume] = bar(close, volume);
    format!("{ticker},{volume},{open},{close},{high},{low},@,7")
}

/// Open, high, low, close and volume of [`line`].
pub fn bar(close: f64, volume: f64) -> [f64; 5] {
    [close + 0.25, close + 0.5, close - 0.5, close, volume]
}

/// A gzipped file of these lines.
pub fn packed(day: &str, lines: &[&str]) -> Vec<u8> {
    let text = format!("{HEADER}{}\n", lines.join("\n")).replace('@', &midnight(day).to_string());
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}

fn midnight(day: &str) -> i64 {
    window(day, "00:00")
}

/// A time of day in New York, in ns since 1970.
pub fn window(day: &str, time: &str) -> i64 {
    let day: NaiveDate = day.parse().expect("a day");
    let time = NaiveTime::parse_from_str(time, "%H:%M").expect("a time");
    let window = New_York.from_local_datetime(&day.and_time(time)).earliest().expect("a moment");
    window.timestamp_nanos_opt().expect("in range")
}

/// All bars of all files below `folder` whose day passes `wanted`: every line split at its commas, nothing checked.
pub fn naive(folder: &Path, wanted: impl Fn(&str) -> bool) -> Bars {
    let mut bars = Bars::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
            let Some(day) = name.strip_suffix(".csv.gz").filter(|day| wanted(day)) else { continue };
            let mut text = String::new();
            let file = std::fs::File::open(&path).expect("a file");
            flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).expect("gzip");
            let header: Vec<&str> = text.lines().next().expect("a header").split(',').collect();
            let at = |name: &str| header.iter().position(|column| *column == name).expect("a column");
            let columns = ["open", "high", "low", "close", "volume"].map(at);
            for line in text.lines().skip(1) {
                let fields: Vec<&str> = line.split(',').collect();
                let values = columns.map(|column| fields[column].parse().expect("a number"));
                bars.insert((fields[at("ticker")].to_owned(), day.to_owned()), values);
            }
        }
    }
    bars
}
