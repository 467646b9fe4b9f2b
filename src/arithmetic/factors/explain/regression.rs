//! The regression on the benchmark, step by step.

use super::steps::{Told, step};
use super::why::{counted, statistical_returns};
use super::window::{Ground, Line};
use crate::arithmetic::factors::YEAR;

/// Steps of `beta_252`, and of `ivol_252` where `residual`.
pub fn of(ground: &Ground<'_>, residual: bool) -> Told {
    let lines = ground.lines(YEAR, 0);
    let mut told = Told::over(ground, YEAR, 0);
    told.actions = ground.actions_of_returns(lines);
    if ground.asked.is_benchmark {
        told.count(ground, statistical_returns(lines, YEAR), YEAR);
        told.formula = if residual { "0, being the benchmark" } else { "1, being the benchmark" };
        return told;
    }
    let name = ground.asked.benchmark_name;
    let returns = lines.iter().filter(|line| line.counted).count();
    let pairs: Vec<&Line> = lines.iter().filter(|line| !line.benchmark_r.is_nan()).collect();
    let mut in_window = counted("pairs of returns", pairs.len(), YEAR);
    if returns > pairs.len() {
        let lacking = returns - pairs.len();
        in_window.left_out = Some(format!("{lacking} of {returns} returns lack the benchmark {name}'s"));
    }
    told.count(ground, in_window, YEAR);
    told.formula = if residual {
        "sqrt(sum_of_squared_residuals / (pairs - 2)) x sqrt(252)"
    } else {
        "covariance / variance_of_benchmark"
    };
    if ground.asked.benchmark.is_none() {
        told.why = Some(format!("the benchmark {name} has no bars"));
        return told;
    }
    if pairs.len() < 3 {
        return told;
    }
    let n = pairs.len() as f64;
    let sum = |of: &dyn Fn(&Line) -> f64| pairs.iter().fold(0.0, |total, line| total + of(line));
    let mean_r = sum(&|line| line.r) / n;
    let mean_m = sum(&|line| line.benchmark_r) / n;
    let products = sum(&|line| (line.r - mean_r) * (line.benchmark_r - mean_m));
    let squares = sum(&|line| (line.benchmark_r - mean_m) * (line.benchmark_r - mean_m));
    told.steps.extend([
        step("pairs", n),
        step("mean_r", mean_r),
        step("mean_r_of_benchmark", mean_m).noted(format!("the benchmark is {name}")),
        step("covariance", products / (n - 1.0)),
        step("variance_of_benchmark", squares / (n - 1.0)),
    ]);
    if squares <= 0.0 {
        told.why = told.why.or_else(|| Some(format!("the benchmark {name} did not move in the window")));
        return told;
    }
    let beta = products / squares;
    told.steps.push(step("beta", beta));
    told.steps.push(step("alpha", mean_r - beta * mean_m).noted("a session, the intercept"));
    if residual {
        let squared = sum(&|line| {
            let residual = (line.r - mean_r) - beta * (line.benchmark_r - mean_m);
            residual * residual
        });
        told.steps.push(step("sum_of_squared_residuals", squared));
    }
    told
}
