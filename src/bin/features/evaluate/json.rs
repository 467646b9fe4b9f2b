//! An evaluation as JSON: every number in full precision, null where there is none, every session included. Returns are those
//! of groups of names; no object holds an instrument's value beside its return.

use serde_json::{Value, json};
use tidemark::arithmetic::evaluation::periods::Period;
use tidemark::arithmetic::evaluation::series::Summary;
use tidemark::arithmetic::evaluation::summary::{self, HorizonSummary, SessionRow};
use tidemark::jobs::evaluate::{Evaluation, FactorEvaluation};
use tidemark::store::date_of;

/// The whole evaluation.
pub fn evaluation(evaluation: &Evaluation) -> Value {
    json!({
        "from": evaluation.sessions.0,
        "to": evaluation.sessions.1,
        "last_bars": evaluation.last_bars,
        "horizons": evaluation.horizons,
        "quantiles": evaluation.quantiles,
        "features_behind": evaluation.features_behind,
        "factors": evaluation.factors.iter().map(|factor| self::factor(evaluation, factor)).collect::<Value>(),
    })
}

fn factor(evaluation: &Evaluation, factor: &FactorEvaluation) -> Value {
    let coverage = summary::coverage(&factor.rows);
    json!({
        "factor": factor.signal.name(),
        "definition": factor.signal.definition(),
        "value": factor.signal.treatment(),
        "sector_neutral": factor.signal.is_neutral(),
        "coverage": coverage.mean,
        "tied": summary::tied(&factor.rows),
        "horizons": factor.horizons.iter().map(|horizon| self::horizon(evaluation, horizon)).collect::<Value>(),
        "months": super::months(evaluation, factor).iter().map(|p| period(evaluation, "month", p)).collect::<Value>(),
        "years": super::years(evaluation, factor).iter().map(|p| period(evaluation, "year", p)).collect::<Value>(),
        "sessions": factor.rows.iter().enumerate().map(|(at, row)| session(evaluation, factor, at, row)).collect::<Value>(),
    })
}

// NaN has no JSON number: serde gives null, which is what it means here.
fn series(summary: &Summary) -> Value {
    json!({
        "sessions": summary.count, "mean": summary.mean, "sd": summary.sd, "error": summary.error,
        "t": summary.t, "positive": summary.positive,
    })
}

fn horizon(evaluation: &Evaluation, horizon: &HorizonSummary) -> Value {
    let ic = &horizon.coefficient;
    let largest = horizon.largest.map(|(session, id, gain)| {
        json!({ "ticker": evaluation.tickers.get(&id), "session_date": date_of(session), "return": gain })
    });
    json!({
        "horizon": horizon.horizon,
        "returns": horizon.returns,
        "sessions_too_late": horizon.unfinished,
        "sessions_without_ic": horizon.without_coefficient,
        "ic": {
            "sessions": ic.count, "mean": ic.mean, "sd": ic.sd, "ir": ic.ratio, "error": ic.error, "t": ic.t,
            "positive": ic.positive,
        },
        "return_all": series(&horizon.all),
        "return_by_quantile": horizon.by_quantile.iter().map(series).collect::<Value>(),
        "spread": series(&horizon.spread),
        "spread_with_stopped": series(&horizon.spread_with_stopped),
        "cumulative_spread": super::tables::cumulative(horizon),
        "turnover_lowest": horizon.turnover[0],
        "turnover_highest": horizon.turnover[1],
        "rank_autocorrelation": horizon.autocorrelation,
        "stopped": {
            "times": horizon.stopped.times, "instruments": horizon.stopped.instruments,
            "mean_return_to_last_bar": horizon.stopped.mean,
        },
        "unpriced": horizon.unpriced,
        "largest_return": largest,
    })
}

fn period(evaluation: &Evaluation, what: &str, period: &Period) -> Value {
    let horizons = evaluation.horizons.iter().zip(&period.coefficients).zip(&period.spreads);
    let horizons: Value = horizons
        .map(|((horizon, ic), spread)| {
            json!({ "horizon": horizon, "ic": ic.mean, "ic_sd": ic.sd, "ic_sessions": ic.count, "spread": spread.mean })
        })
        .collect();
    json!({
        what: period.label, "sessions": period.sessions, "names": period.names, "coverage": period.coverage,
        "horizons": horizons,
    })
}

fn session(evaluation: &Evaluation, factor: &FactorEvaluation, at: usize, row: &SessionRow) -> Value {
    let horizons: Value = evaluation
        .horizons
        .iter()
        .enumerate()
        .map(|(place, horizon)| {
            let after = row.result.horizons[place].as_ref();
            json!({
                "horizon": horizon,
                "returns": after.map(|after| after.returns),
                "ic": row.coefficient(place),
                "return_all": after.map(|after| after.mean),
                "return_by_quantile": after.map(|after| &after.by_quantile),
                "spread": row.spread(place),
                "spread_with_stopped": after.map(tidemark::arithmetic::evaluation::session::AfterHorizon::spread_with_stopped),
                "cumulative_spread": factor.horizons[place].cumulative_spread[at],
                "stopped": after.map(|after| after.stopped.len()),
                "unpriced": after.map(|after| after.unpriced),
                "turnover_lowest": row.turnover[place][0],
                "turnover_highest": row.turnover[place][1],
                "rank_autocorrelation": row.autocorrelation[place],
            })
        })
        .collect();
    json!({
        "session_date": date_of(row.session),
        "population": row.result.population,
        "names": row.result.names,
        "coverage": row.coverage(),
        "horizons": horizons,
    })
}
