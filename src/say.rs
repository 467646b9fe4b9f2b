//! What programs say to people: progress on standard error, numbers with separators, plain tables.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Progress of long work: a bar on a terminal, a plain line every few seconds elsewhere.
pub struct Progress {
    bar: ProgressBar,
    plain: Option<std::cell::RefCell<(Instant, String)>>,
}

/// How often plain progress is said.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

impl Progress {
    /// Starts progress over `what` ("sessions").
    pub fn new(doing: &str, what: &str) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(
            None,
            if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() },
        );
        if let Ok(style) = ProgressStyle::with_template(&format!(
            "{doing} {{bar:32}} {{pos}}/{{len}} {what}  {{msg}}  {{eta}} left"
        )) {
            bar.set_style(style);
        }
        let plain = (!terminal).then(|| std::cell::RefCell::new((Instant::now(), format!("{doing}: "))));
        Self { bar, plain }
    }

    /// Says that `done` of `total` are done, and anything else in `message`.
    pub fn at(&self, done: usize, total: usize, message: &str) {
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(message.to_owned());
        if let Some(plain) = &self.plain {
            let mut plain = plain.borrow_mut();
            if plain.0.elapsed() >= PLAIN_EVERY {
                plain.0 = Instant::now();
                eprintln!("{}{done}/{total}{}{message}", plain.1, if message.is_empty() { "" } else { ", " });
            }
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// A count with thousands separated: 1,234,567.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size: 741.2 MB, 12.0 kB.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// A time: 45 ms, 1.2 s, 3 min 20 s, 8 h 23 min.
pub fn time(duration: Duration) -> String {
    match duration.as_millis() {
        ms @ 0..1000 => format!("{ms} ms"),
        ms @ 1000..120_000 => format!("{:.1} s", ms as f64 / 1000.0),
        ms @ 120_000..7_200_000 => format!("{} min {} s", ms / 60_000, ms / 1000 % 60),
        ms => format!("{} h {} min", ms / 3_600_000, ms / 60_000 % 60),
    }
}

/// A plain table for standard output; `right` says which columns are numbers.
pub fn table(header: &[&str], right: &[bool], rows: Vec<Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_header(header.iter().copied()).add_rows(rows);
    for (column, right) in table.column_iter_mut().zip(right) {
        column.set_padding((0, 2));
        if *right {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_thousands_separated() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(1_234_567), "1,234,567");
    }

    #[test]
    fn times_read_as_people_say_them() {
        assert_eq!(time(Duration::from_millis(45)), "45 ms");
        assert_eq!(time(Duration::from_millis(1_240)), "1.2 s");
        assert_eq!(time(Duration::from_secs(200)), "3 min 20 s");
        assert_eq!(time(Duration::from_mins(503)), "8 h 23 min");
    }
    #[test]
    fn sizes_have_the_unit_that_keeps_them_short() {
        assert_eq!(
            [999, 310_000, 741_200_000, 5_300_000_000].map(size),
            ["1.0 kB", "310.0 kB", "741.2 MB", "5.3 GB"]
        );
    }
}
