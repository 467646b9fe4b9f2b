//! From values to places on a plot: round ticks, labels, months.

use chrono::{Datelike, NaiveDate};

use super::tables;

/// What the numbers of an axis are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A plain number.
    Number,
    /// A share or return, shown in percent.
    Percent,
    /// A count.
    Count,
}

/// The vertical axis of a plot.
#[derive(Debug, Clone)]
pub struct Scale {
    low: f64,
    high: f64,
    step: f64,
    unit: Unit,
}

impl Scale {
    /// An axis that holds the values and 0, with round ticks; NaN is passed over.
    pub fn over(values: impl Iterator<Item = f64>, unit: Unit) -> Self {
        let (low, high) = values
            .filter(|value| value.is_finite())
            .fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let range = if high > low { high - low } else { 1.0 };
        let step = round_step(range / 4.0);
        let high = if high > low { (high / step).ceil() * step } else { 1.0 };
        Self { low: (low / step).floor() * step, high, step, unit }
    }

    /// The value's place: 0 at the lower end, 1 at the upper.
    pub fn place(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// Ticks with their labels, from below.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let count = ((self.high - self.low) / self.step).round() as i32;
        (0..=count)
            .map(|at| {
                let value = self.low + f64::from(at) * self.step;
                (value, self.label(value))
            })
            .collect()
    }

    fn label(&self, value: f64) -> String {
        let places = |step: f64| (-step.log10()).ceil().max(0.0) as usize;
        match self.unit {
            Unit::Number | Unit::Count => tables::number(value, places(self.step)),
            Unit::Percent => tables::percent(value, places(self.step * 100.0)),
        }
    }
}

/// The least of 1, 2, 5 × 10ⁿ that is not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|step| *step >= least * 0.999)
        .unwrap_or(10.0 * power)
}

/// Where months begin in `dates` (ascending), with labels, at most about `most` of them.
pub fn months(dates: &[NaiveDate], most: usize) -> Vec<(usize, String)> {
    let number = |date: &NaiveDate| date.year() * 12 + date.month0() as i32;
    let starts: Vec<usize> =
        (1..dates.len()).filter(|&at| number(&dates[at]) != number(&dates[at - 1])).collect();
    let every = [1, 2, 3, 6, 12, 24, 60]
        .into_iter()
        .find(|every| starts.len() <= most * *every as usize)
        .unwrap_or(120);
    starts
        .into_iter()
        .filter(|&at| number(&dates[at]) % every == 0)
        .map(|at| (at, dates[at].format("%Y-%m").to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64], unit: Unit) -> Vec<String> {
        Scale::over(values.iter().copied(), unit).ticks().into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_and_hold_the_values_and_zero() {
        assert_eq!(labels(&[0.3, f64::NAN, -0.12], Unit::Number), ["-0.2", "0.0", "0.2", "0.4"]);
        assert_eq!(labels(&[0.011, 0.019], Unit::Percent), ["0.0 %", "0.5 %", "1.0 %", "1.5 %", "2.0 %"]);
        assert_eq!(labels(&[1000.0], Unit::Count), ["0", "500", "1000"]);
        let scale = Scale::over([0.3, -0.12].into_iter(), Unit::Number);
        assert!((scale.place(-0.2)).abs() < 1e-12 && (scale.place(0.4) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_or_zeros_make_an_axis_too() {
        for values in [&[][..], &[f64::NAN], &[0.0]] {
            let scale = Scale::over(values.iter().copied(), Unit::Number);
            assert_eq!((scale.place(0.0), scale.place(1.0)), (0.0, 1.0));
        }
    }

    #[test]
    fn months_begin_where_the_month_changes_and_are_thinned_evenly() {
        let first = NaiveDate::from_ymd_opt(2015, 1, 2).unwrap();
        let dates: Vec<NaiveDate> = (0..300).map(|day| first + chrono::Days::new(day)).collect();
        let all: Vec<String> = months(&dates, 20).into_iter().map(|(_, label)| label).collect();
        assert_eq!((all.len(), all[0].as_str()), (9, "2015-02"));
        let few: Vec<String> = months(&dates, 4).into_iter().map(|(_, label)| label).collect();
        assert_eq!(few, ["2015-04", "2015-07", "2015-10"]);
    }
}
