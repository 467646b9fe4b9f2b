//! Plots as inline SVG: lines over sessions and bars with their errors. Colours are the page's, by class; every plot carries a
//! title and a description for those who do not see it.

use std::fmt::Write;

use chrono::NaiveDate;

use super::scale::{Scale, Unit, months};

/// Colours of the page, as classes `c0` and on.
const COLOURS: usize = 6;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 26.0;

/// What a plot is called, and how wide it is.
#[derive(Debug, Clone)]
pub struct Plot {
    /// Unique in the page.
    pub id: String,
    /// Title, read out to those who do not see the plot.
    pub title: String,
    /// What there is to see, in words.
    pub description: String,
    /// Width in the units of the drawing.
    pub width: f64,
    /// What the vertical axis shows.
    pub unit: Unit,
}

/// One line of a plot; NaN leaves a gap.
#[derive(Debug)]
pub struct Line<'a> {
    /// Name in the legend; empty to leave it out.
    pub label: String,
    /// Number of its colour.
    pub colour: usize,
    /// Drawn faintly, behind the others.
    pub faint: bool,
    /// A value a session.
    pub values: &'a [f64],
}

/// One bar.
#[derive(Debug)]
pub struct Bar {
    /// Name under the axis; empty to leave it out.
    pub label: String,
    /// Height; NaN draws nothing.
    pub value: f64,
    /// Standard error, drawn as a whisker to both sides; NaN draws none.
    pub error: f64,
}

impl Plot {
    /// Lines over sessions.
    pub fn lines(&self, dates: &[NaiveDate], lines: &[Line]) -> String {
        let scale = Scale::over(lines.iter().flat_map(|line| line.values.iter().copied()), self.unit);
        let mut svg = self.open();
        self.axis(&mut svg, &scale);
        let step = (self.width - LEFT - RIGHT) / (dates.len().max(2) - 1) as f64;
        for (at, label) in months(dates, (self.width / 75.0) as usize) {
            let x = LEFT + at as f64 * step;
            let _ = write!(svg, r#"<path class="tick" d="M{x:.1} {:.1}v4"/>"#, HEIGHT - BOTTOM);
            let _ = write!(svg, r#"<text class="x" x="{x:.1}" y="{:.1}">{label}</text>"#, HEIGHT - 8.0);
        }
        for line in lines {
            let path = path(line.values, step, |value| y(&scale, value));
            let faint = if line.faint { " faint" } else { "" };
            let _ = write!(svg, r#"<path class="line c{}{faint}" d="{path}"/>"#, line.colour % COLOURS);
        }
        let mut x = LEFT;
        for line in lines.iter().filter(|line| !line.label.is_empty()) {
            let faint = if line.faint { " faint" } else { "" };
            let _ =
                write!(svg, r#"<path class="line c{}{faint}" d="M{x:.1} 10h18"/>"#, line.colour % COLOURS);
            let _ = write!(
                svg,
                r#"<text class="key" x="{:.1}" y="14">{}</text>"#,
                x + 23.0,
                escaped(&line.label)
            );
            x += 40.0 + 6.6 * line.label.chars().count() as f64;
        }
        svg.push_str("</svg>");
        svg
    }

    /// Bars from 0, each with its error.
    pub fn bars(&self, bars: &[Bar]) -> String {
        let ends = bars.iter().flat_map(|bar| {
            let error = if bar.error.is_nan() { 0.0 } else { bar.error };
            [bar.value - error, bar.value + error]
        });
        let scale = Scale::over(ends, self.unit);
        let mut svg = self.open();
        self.axis(&mut svg, &scale);
        let room = (self.width - LEFT - RIGHT) / bars.len().max(1) as f64;
        let zero = y(&scale, 0.0);
        for (at, bar) in bars.iter().enumerate() {
            let middle = LEFT + (at as f64 + 0.5) * room;
            if !bar.label.is_empty() {
                let label = escaped(&bar.label);
                let _ =
                    write!(svg, r#"<text class="x" x="{middle:.1}" y="{:.1}">{label}</text>"#, HEIGHT - 8.0);
            }
            if bar.value.is_nan() {
                continue;
            }
            let (end, width) = (y(&scale, bar.value), room * 0.66);
            let sign = if bar.value < 0.0 { "below" } else { "above" };
            let _ = write!(
                svg,
                r#"<rect class="{sign}" x="{:.1}" y="{:.1}" width="{width:.1}" height="{:.1}"/>"#,
                middle - width / 2.0,
                end.min(zero),
                (end - zero).abs()
            );
            if !bar.error.is_nan() {
                let (upper, lower) = (y(&scale, bar.value + bar.error), y(&scale, bar.value - bar.error));
                let cap = (room * 0.12).min(6.0);
                let _ = write!(
                    svg,
                    r#"<path class="whisker" d="M{middle:.1} {upper:.1}V{lower:.1}M{:.1} {upper:.1}h{:.1}M{:.1} {lower:.1}h{:.1}"/>"#,
                    middle - cap,
                    2.0 * cap,
                    middle - cap,
                    2.0 * cap
                );
            }
        }
        svg.push_str("</svg>");
        svg
    }

    fn open(&self) -> String {
        let (id, width) = (&self.id, self.width);
        format!(
            r#"<svg role="img" aria-labelledby="{id}-t {id}-d" viewBox="0 0 {width} {HEIGHT}"><title id="{id}-t">{}</title><desc id="{id}-d">{}</desc>"#,
            escaped(&self.title),
            escaped(&self.description)
        )
    }

    fn axis(&self, svg: &mut String, scale: &Scale) {
        let right = self.width - RIGHT;
        for (value, label) in scale.ticks() {
            let y = y(scale, value);
            let class = if value.abs() < 1e-12 { "zero" } else { "grid" };
            let _ = write!(svg, r#"<path class="{class}" d="M{LEFT} {y:.1}H{right}"/>"#);
            let _ = write!(svg, r#"<text class="y" x="{:.1}" y="{:.1}">{label}</text>"#, LEFT - 6.0, y + 3.5);
        }
    }
}

fn y(scale: &Scale, value: f64) -> f64 {
    HEIGHT - BOTTOM - scale.place(value) * (HEIGHT - TOP - BOTTOM)
}

/// A path through the values that are not NaN; one alone between gaps is a dot.
fn path(values: &[f64], step: f64, y: impl Fn(f64) -> f64) -> String {
    let mut path = String::new();
    let mut drawing = false;
    for (at, value) in values.iter().enumerate() {
        if value.is_nan() {
            drawing = false;
            continue;
        }
        let (command, dot) = if drawing { ('L', "") } else { ('M', "h0") };
        let _ = write!(path, "{command}{:.1} {:.1}{dot}", LEFT + at as f64 * step, y(*value));
        drawing = true;
    }
    path
}

/// Text as HTML shows it.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot() -> Plot {
        Plot {
            id: "p".into(),
            title: "a < b & c".into(),
            description: "d".into(),
            width: 360.0,
            unit: Unit::Number,
        }
    }

    #[test]
    fn a_gap_breaks_the_line_and_a_value_alone_is_a_dot() {
        assert_eq!(path(&[1.0, 2.0, f64::NAN, 4.0], 10.0, |v| v), "M58.0 1.0h0L68.0 2.0M88.0 4.0h0");
    }

    #[test]
    fn a_bar_goes_from_zero_to_its_value_with_a_whisker() {
        let bars = [
            Bar { label: "1".into(), value: -1.0, error: f64::NAN },
            Bar { label: "2".into(), value: 1.0, error: 0.5 },
            Bar { label: String::new(), value: f64::NAN, error: f64::NAN },
        ];
        let svg = plot().bars(&bars);
        // −1 … 2 over 188 units of height: zero at 214 − 188 / 3.
        assert!(
            svg.contains(r#"<rect class="below" x="74.4" y="151.3" width="63.8" height="62.7"/>"#),
            "{svg}"
        );
        assert_eq!(svg.matches("<rect").count(), 2);
        assert_eq!(svg.matches("whisker").count(), 1);
        assert!(svg.contains("<title id=\"p-t\">a &lt; b &amp; c</title>"));
    }

    #[test]
    fn every_element_that_opens_closes() {
        let dates: Vec<NaiveDate> = (0..90)
            .map(|day| NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + chrono::Days::new(day))
            .collect();
        let values = vec![f64::NAN; 90];
        let line = Line { label: "x".into(), colour: 0, faint: false, values: &values };
        for svg in [plot().lines(&dates, &[line]), plot().lines(&[], &[]), plot().bars(&[])] {
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
            assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
