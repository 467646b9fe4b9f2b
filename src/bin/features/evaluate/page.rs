//! An evaluation as one HTML page that needs nothing else: no script, no font, no picture from elsewhere. Light or dark as the
//! reader's system is.

use std::fmt::Write;

use chrono::NaiveDate;
use tidemark::arithmetic::evaluation::series::cumulative;
use tidemark::arithmetic::evaluation::summary::SessionRow;
use tidemark::jobs::evaluate::{Evaluation, FactorEvaluation};
use tidemark::say;
use tidemark::store::date_of;

use super::plots::{Bar, Line, Plot, escaped};
use super::scale::Unit;
use super::tables::{self, Table, number, percent};
use super::words;

const STYLE: &str = include_str!("page.css");
const WIDE: f64 = 720.0;
const HALF: f64 = 360.0;
/// Sessions over which the coefficient is averaged for the eye.
const TRAILING: usize = 21;
/// Most factors that the title names.
const MOST_NAMES: usize = 5;
/// Most bars whose labels find room.
const MOST_LABELS: usize = 9;

/// The page.
pub fn page(evaluation: &Evaluation) -> String {
    let names: Vec<String> = evaluation.factors.iter().map(|factor| factor.signal.name()).collect();
    let what = if names.len() <= MOST_NAMES { names.join(", ") } else { format!("{} factors", names.len()) };
    let title = escaped(&format!("Evaluation of {what}"));
    let (first, last) = evaluation.sessions;
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    );
    let _ = writeln!(
        html,
        "<p>Values of the sessions {first} to {last} in the feature store (features_day), names of its population, {} quantiles; total returns from the stored bars, splits and dividends over the next {} sessions, up to {}, the last session with bars. Nothing here says what will be.</p>",
        evaluation.quantiles,
        list(&evaluation.horizons),
        evaluation.last_bars
    );
    for warning in words::warnings(evaluation) {
        let _ = writeln!(html, "<p class=\"warning\">{}</p>", escaped(&warning));
    }
    if evaluation.factors.len() > 1 {
        html.push_str(&table(&tables::comparison(evaluation)));
    }
    for (at, factor) in evaluation.factors.iter().enumerate() {
        html.push_str(&section(evaluation, factor, &format!("f{at}")));
    }
    html.push_str("<section>\n<h2>What the words mean</h2>\n<dl>\n");
    for (term, meaning) in words::TERMS {
        let _ = writeln!(html, "<dt>{}</dt><dd>{}</dd>", escaped(term), escaped(meaning));
    }
    html.push_str("</dl>\n</section>\n</main>\n</body>\n</html>\n");
    html
}

fn list(horizons: &[usize]) -> String {
    horizons.iter().map(usize::to_string).collect::<Vec<String>>().join(", ")
}

fn table(table: &Table) -> String {
    let class = |column: usize| if column < table.text { " class=\"text\"" } else { "" };
    let mut html =
        format!("<div class=\"table\"><table>\n<caption>{}</caption>\n<thead><tr>", escaped(&table.title));
    for (column, name) in table.header.iter().enumerate() {
        let _ = write!(html, "<th scope=\"col\"{}>{}</th>", class(column), escaped(name));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for line in &table.lines {
        html.push_str("<tr>");
        for (column, cell) in line.iter().enumerate() {
            let _ = write!(html, "<td{}>{}</td>", class(column), escaped(cell));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table></div>\n");
    html
}

fn section(evaluation: &Evaluation, factor: &FactorEvaluation, id: &str) -> String {
    let mut html = format!("<section>\n<h2>{}</h2>\n", escaped(&factor.signal.name()));
    let _ = writeln!(
        html,
        "<p>{}. Value: {}. Names: {}.</p>",
        escaped(&factor.signal.definition()),
        escaped(&factor.signal.treatment()),
        tables::names(factor)
    );
    let figures = Figures {
        evaluation,
        factor,
        id,
        dates: factor.rows.iter().map(|row| date_of(row.session)).collect(),
    };
    let [coefficients, quantiles, spreads, stability, left_out, periods] =
        tables::of_factor(evaluation, factor);
    html.push_str(&table(&coefficients));
    html.push_str(&figures.coefficients());
    html.push_str(&table(&quantiles));
    html.push_str(&figures.quantiles());
    html.push_str(&table(&spreads));
    html.push_str(&figures.cumulative_spread());
    html.push_str(&table(&stability));
    html.push_str(&figures.stability());
    html.push_str(&table(&left_out));
    html.push_str(&table(&periods));
    html.push_str(&figures.periods());
    html.push_str(&figures.coverage());
    html.push_str("</section>\n");
    html
}

/// The figures of one factor.
struct Figures<'a> {
    evaluation: &'a Evaluation,
    factor: &'a FactorEvaluation,
    id: &'a str,
    dates: Vec<NaiveDate>,
}

impl Figures<'_> {
    fn plot(&self, name: &str, title: String, description: String, width: f64, unit: Unit) -> Plot {
        let title = format!("{}: {title}", self.factor.signal.name());
        Plot { id: format!("{}-{name}", self.id), title, description, width, unit }
    }

    /// "names, sessions" of every caption: which data it is.
    fn data(&self) -> String {
        let (first, last) = self.evaluation.sessions;
        format!("Population of {} sessions from {first} to {last}", say::count(self.dates.len() as u64))
    }

    fn series(&self, value: impl Fn(&SessionRow) -> f64) -> Vec<f64> {
        self.factor.rows.iter().map(value).collect()
    }

    fn each_horizon(&self) -> impl Iterator<Item = (usize, usize)> {
        self.evaluation.horizons.iter().copied().enumerate()
    }

    fn coefficients(&self) -> String {
        let plots = self.each_horizon().map(|(at, horizon)| {
            let values = self.series(|row| row.coefficient(at));
            let smooth = trailing(&values);
            let ic = &self.factor.horizons[at].coefficient;
            let description = format!(
                "{} sessions, mean {}, {} above 0",
                ic.count,
                number(ic.mean, 4),
                percent(ic.positive, 1)
            );
            let title = format!("information coefficient, {horizon} ahead");
            self.plot(&format!("ic{horizon}"), title, description, WIDE, Unit::Number).lines(
                &self.dates,
                &[
                    Line { label: format!("horizon {horizon}"), colour: 0, faint: true, values: &values },
                    Line {
                        label: format!("mean of the last {TRAILING}"),
                        colour: 0,
                        faint: false,
                        values: &smooth,
                    },
                ],
            )
        });
        figure(
            plots.collect(),
            &format!(
                "Information coefficient by session: did the names with higher values earn more over the horizon? 0 is chance, 1 the same order, -1 the reverse. {}, by the session on which the values stood; the bold line is the mean of the {TRAILING} sessions up to each.",
                self.data()
            ),
        )
    }

    fn quantiles(&self) -> String {
        let plots = self.each_horizon().map(|(at, horizon)| {
            let means = &self.factor.horizons[at].by_quantile;
            let shown: Vec<String> = means.iter().map(|mean| percent(mean.mean, 2)).collect();
            let bars: Vec<Bar> = (1..)
                .zip(means)
                .map(|(quantile, mean)| Bar {
                    label: quantile.to_string(),
                    value: mean.mean,
                    error: mean.error,
                })
                .collect();
            let title = format!("mean return by quantile, {horizon} ahead");
            labelled(
                &format!("{horizon} ahead"),
                &self
                    .plot(
                        &format!("q{horizon}"),
                        title,
                        format!("from the lowest: {}", shown.join(", ")),
                        HALF,
                        Unit::Percent,
                    )
                    .bars(&bars),
            )
        });
        figure_of_many(
            plots.collect(),
            &format!(
                "Mean forward return of each quantile, 1 with the lowest values; each horizon on its own scale, whiskers of one standard error (Newey-West). Steps that rise to the right are what a factor should show. {}; names that stopped trading are not in it.",
                self.data()
            ),
        )
    }

    fn cumulative_spread(&self) -> String {
        let series: Vec<Vec<f64>> = self
            .each_horizon()
            .map(|(at, horizon)| {
                let spreads = self.series(|row| row.spread(at));
                let mut total = cumulative(&spreads, horizon);
                // Before the first spread and after the last one there is nothing to show.
                let first = spreads.iter().position(|spread| !spread.is_nan()).unwrap_or(spreads.len());
                let last = spreads.iter().rposition(|spread| !spread.is_nan()).unwrap_or(0);
                total[..first].fill(f64::NAN);
                total[(last + 1).min(spreads.len())..].fill(f64::NAN);
                total
            })
            .collect();
        let lines: Vec<Line> = self
            .each_horizon()
            .map(|(at, horizon)| Line {
                label: format!("horizon {horizon}"),
                colour: at,
                faint: false,
                values: &series[at],
            })
            .collect();
        let ends: Vec<String> = self
            .factor
            .horizons
            .iter()
            .map(|horizon| {
                format!("horizon {}: {}", horizon.horizon, percent(tables::cumulative(horizon), 2))
            })
            .collect();
        let plot = self.plot("spread", "cumulative spread".into(), ends.join(", "), WIDE, Unit::Percent);
        figure(
            vec![plot.lines(&self.dates, &lines)],
            &format!(
                "Cumulative spread of the highest over the lowest quantile: the running sum of spread / horizon, before costs, booked on the session on which the position is taken. {}.",
                self.data()
            ),
        )
    }

    fn stability(&self) -> String {
        let at = self.evaluation.horizons.len() - 1;
        let horizon = self.evaluation.horizons[at];
        let lowest = self.series(|row| row.turnover[at][0]);
        let highest = self.series(|row| row.turnover[at][1]);
        let same = self.series(|row| row.autocorrelation[at]);
        let summary = &self.factor.horizons[at];
        let description = format!(
            "means: turnover {} and {}, rank autocorrelation {}",
            percent(summary.turnover[0], 1),
            percent(summary.turnover[1], 1),
            number(summary.autocorrelation, 3)
        );
        let title = format!("turnover and rank autocorrelation over {horizon}");
        let plot = self.plot("turnover", title, description, WIDE, Unit::Number).lines(
            &self.dates,
            &[
                Line { label: "turnover lowest".into(), colour: 1, faint: false, values: &lowest },
                Line { label: "turnover highest".into(), colour: 2, faint: false, values: &highest },
                Line { label: "rank autocorrelation".into(), colour: 0, faint: false, values: &same },
            ],
        );
        figure(
            vec![plot],
            &format!(
                "Turnover of the lowest and highest quantile (share of names that were not in it {horizon} sessions earlier) and rank autocorrelation (1: the same order as {horizon} sessions earlier). {}.",
                self.data()
            ),
        )
    }

    fn periods(&self) -> String {
        let months = super::months(self.evaluation, self.factor);
        let every = months.len().div_ceil(MOST_LABELS).max(1);
        let plots = self.each_horizon().map(|(at, horizon)| {
            let bars: Vec<Bar> = months
                .iter()
                .enumerate()
                .map(|(place, month)| Bar {
                    label: if place % every == 0 { month.label.clone() } else { String::new() },
                    value: month.coefficients[at].mean,
                    error: f64::NAN,
                })
                .collect();
            let up = bars.iter().filter(|bar| bar.value > 0.0).count();
            let known = bars.iter().filter(|bar| !bar.value.is_nan()).count();
            let title = format!("mean information coefficient by month, {horizon} ahead");
            let description = format!("above 0 in {up} of {known} months");
            labelled(
                &format!("{horizon} ahead"),
                &self.plot(&format!("m{horizon}"), title, description, WIDE, Unit::Number).bars(&bars),
            )
        });
        figure(
            plots.collect(),
            &format!(
                "Mean information coefficient by month of the session on which the values stood. {}.",
                self.data()
            ),
        )
    }

    fn coverage(&self) -> String {
        let names = self.series(|row| f64::from(row.result.names));
        let population = self.series(|row| f64::from(row.result.population));
        let plot = self
            .plot("coverage", "names and population".into(), tables::names(self.factor), WIDE, Unit::Count)
            .lines(
                &self.dates,
                &[
                    Line { label: "population".into(), colour: 1, faint: false, values: &population },
                    Line { label: "names with a value".into(), colour: 0, faint: false, values: &names },
                ],
            );
        figure(
            vec![plot],
            &format!("Coverage: how many of the population have a value, by session. {}.", self.data()),
        )
    }
}

/// Mean of the values of the last [`TRAILING`] sessions, where at least half of them have one.
fn trailing(values: &[f64]) -> Vec<f64> {
    (0..values.len())
        .map(|at| {
            let window = &values[(at + 1).saturating_sub(TRAILING)..=at];
            let (count, sum) = window
                .iter()
                .filter(|value| !value.is_nan())
                .fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
            if values[at].is_nan() || count * 2 < TRAILING { f64::NAN } else { sum / count as f64 }
        })
        .collect()
}

/// A plot with a word over it.
fn labelled(label: &str, plot: &str) -> String {
    format!("<div class=\"plot\"><p>{}</p>{plot}</div>", escaped(label))
}

fn figure(plots: Vec<String>, caption: &str) -> String {
    format!("<figure>\n{}\n<figcaption>{}</figcaption>\n</figure>\n", plots.join("\n"), escaped(caption))
}

/// A figure whose plots stand side by side.
fn figure_of_many(plots: Vec<String>, caption: &str) -> String {
    figure(vec![format!("<div class=\"many\">{}</div>", plots.join("\n"))], caption)
}
