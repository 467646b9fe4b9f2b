//! How scans are printed.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use polars::prelude::{
    BooleanChunked, DataFrame, Float64Chunked, IntoColumn, NewChunkedArray, StringChunked,
};
use polars_io::SerWriter;
use polars_io::csv::write::CsvWriter;
use polars_io::parquet::write::ParquetWriter;
use serde_json::json;
use tidemark::jobs::scan::answer::{Answer, Heading};
use tidemark::jobs::scan::profile::ColumnData;
use tidemark::jobs::scan::{Scan, Verdict};
use tidemark::say;
use tidemark::store::date_of;

use crate::asked::{Asked, Format};

/// Prints a scan in the form that was asked for.
pub fn print(scan: &Scan, asked: &Asked) -> anyhow::Result<ExitCode> {
    let Some(path) = &asked.out else {
        write(scan, asked.format, &mut std::io::stdout())?;
        if asked.format == Format::Table {
            stages(scan);
        }
        return Ok(ExitCode::SUCCESS);
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let writing = || format!("writing {}", path.display());
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(writing)?;
    write(scan, asked.format, file.as_file_mut()).with_context(writing)?;
    file.as_file().sync_all().with_context(writing)?;
    file.persist(path).with_context(writing)?;
    stages(scan);
    Ok(ExitCode::SUCCESS)
}

fn write(scan: &Scan, format: Format, out: &mut (impl Write + Send)) -> anyhow::Result<()> {
    match format {
        Format::Table => writeln!(out, "{}", table(&scan.answer))?,
        Format::Json => writeln!(out, "{:#}", object(scan))?,
        Format::Ndjson => {
            for place in 0..scan.answer.len() {
                writeln!(out, "{}", scan.answer.row_json(place))?;
            }
        }
        Format::Csv => CsvWriter::new(out).finish(&mut frame(&scan.answer)?)?,
        Format::Parquet => {
            ParquetWriter::new(out).finish(&mut frame(&scan.answer)?)?;
        }
    }
    Ok(())
}

fn table(answer: &Answer) -> String {
    let headings = answer.headings();
    let titles: Vec<String> = headings.iter().map(title).collect();
    let mut header = vec!["#", "ticker"];
    header.extend(titles.iter().map(String::as_str));
    let mut right = vec![true, false];
    right.extend(answer.selection.columns.iter().map(|(_, values)| matches!(values, ColumnData::Numbers(_))));
    let row = |place: usize| {
        let mut cells = vec![(place + 1).to_string(), answer.ticker(place).to_owned()];
        let columns = headings.iter().zip(&answer.selection.columns);
        cells.extend(columns.map(|(heading, (_, values))| cell(heading.unit, values, place)));
        cells
    };
    say::table(&header, &right, (0..answer.len()).map(row).collect())
}

/// Ratios are shown in percent.
fn title(heading: &Heading) -> String {
    if heading.unit == "ratio" { format!("{} %", heading.name) } else { heading.name.clone() }
}

fn cell(unit: &str, values: &ColumnData, place: usize) -> String {
    let lacking = || "-".to_owned();
    match values {
        ColumnData::Texts(texts) => {
            texts[place].clone().filter(|text| !text.is_empty()).unwrap_or_else(lacking)
        }
        ColumnData::Flags(flags) => {
            flags[place].map_or_else(lacking, |flag| if flag { "yes" } else { "no" }.to_owned())
        }
        ColumnData::Numbers(numbers) => {
            let value = numbers[place];
            match unit {
                _ if value.is_nan() => lacking(),
                "ratio" => format!("{:.1}", 100.0 * value),
                "points" | "percent" => format!("{value:.1}"),
                "place" | "sessions" | "count" | "direction" => format!("{value:.0}"),
                _ if value.abs() >= 10_000.0 => {
                    let sign = if value < 0.0 { "-" } else { "" };
                    format!("{sign}{}", say::count(value.abs().round() as u64))
                }
                _ if value != 0.0 && value.abs() < 0.01 => format!("{value:.6}"),
                _ => format!("{value:.2}"),
            }
        }
    }
}

fn object(scan: &Scan) -> serde_json::Value {
    let answer = &scan.answer;
    let mut counts = answer.counts_json();
    scan.sources.add_to(&mut counts);
    let column = |heading: Heading| json!({ "name": heading.name, "unit": heading.unit });
    json!({
        "session_date": answer.session_date(),
        "mode": scan.mode.name(),
        "run_id": scan.run_id,
        "profile": answer.profile.name,
        "counts": counts,
        "columns": answer.headings().into_iter().map(column).collect::<Vec<_>>(),
        "rows": answer.rows_json(),
    })
}

/// The listed rows in columns, for files.
fn frame(answer: &Answer) -> anyhow::Result<DataFrame> {
    let places = || 0..answer.len();
    let mut columns = vec![
        Float64Chunked::from_iter_values("place".into(), places().map(|place| (place + 1) as f64))
            .into_column(),
        StringChunked::from_iter_values("ticker".into(), places().map(|place| answer.ticker(place)))
            .into_column(),
    ];
    columns[0] = columns[0].cast(&polars::prelude::DataType::Int64)?;
    for (name, values) in &answer.selection.columns {
        let name = name.as_str().into();
        columns.push(match values {
            ColumnData::Numbers(numbers) => {
                let present = numbers.iter().map(|value| (!value.is_nan()).then_some(*value));
                Float64Chunked::from_iter_options(name, present).into_column()
            }
            ColumnData::Texts(texts) => {
                StringChunked::from_iter_options(name, texts.iter().map(Option::as_deref)).into_column()
            }
            ColumnData::Flags(flags) => {
                BooleanChunked::from_iter_options(name, flags.iter().copied()).into_column()
            }
        });
    }
    Ok(DataFrame::new(answer.len(), columns)?)
}

/// Prints what happened at every stage.
fn stages(scan: &Scan) {
    let (answer, sources, times) = (&scan.answer, &scan.sources, &scan.timings);
    eprintln!();
    if let Some(why) = sources.from_nothing {
        eprintln!("from nothing: {why}");
    }
    eprintln!(
        "session   {}, {} scan, profile {}{}",
        answer.session_date(),
        scan.mode.name(),
        answer.profile.name,
        scan.run_id.map_or(String::new(), |id| format!(", run {id}"))
    );
    eprintln!(
        "signals   {} computed, {} from cache",
        say::count(sources.computed as u64),
        say::count(sources.from_cache as u64)
    );
    let ranked = answer.ranked.rank.iter().filter(|rank| !rank.is_nan()).count();
    eprintln!(
        "market    {} instruments, {} of them ranked",
        say::count(answer.ranked.rows() as u64),
        say::count(ranked as u64)
    );
    for (words, count) in answer.counts() {
        eprintln!("  {:>9}  {words}", say::count(count as u64));
    }
    if answer.is_empty() {
        eprintln!(
            "nothing is listed: the lines above say what kept everybody out; scan explain TICKER says it of one"
        );
    }
    let behind = answer.ranked.panel.behind.len();
    if behind > 0 {
        eprintln!(
            "warning: {behind} instruments changed after the last features refresh; their rows are flagged features_behind (run: features refresh)"
        );
    }
    eprintln!(
        "time      {} signals, {} ranking, {} storing",
        say::time(times.signals),
        say::time(times.ranking),
        say::time(times.storing)
    );
}

/// Prints what the comparison found.
pub fn verdict(verdict: &Verdict) {
    let (sources, found) = (&verdict.sources, &verdict.comparison);
    println!(
        "session {}: {} instruments, {} of them ranked, {} values compared; incremental from {} computed and {} cached signals",
        date_of(verdict.full.panel.session),
        say::count(found.rows as u64),
        say::count(found.ranked as u64),
        say::count(found.values as u64),
        say::count(sources.computed as u64),
        say::count(sources.from_cache as u64)
    );
    if found.differing == 0 {
        println!("incremental = full, bit for bit");
        return;
    }
    println!("NOT EQUAL: {} values differ", say::count(found.differing as u64));
    for words in &found.shown {
        println!("  {words}: incremental and full");
    }
}
