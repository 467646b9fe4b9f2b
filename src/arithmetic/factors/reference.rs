//! The definitions once more, written straight from their text over maps from session to bar: slow, one value at a time.
//! The tests hold [`super::price_factors`] against it.

use std::collections::BTreeMap;

use super::sample::Sample;

/// An instrument as the text of the definitions speaks of it.
pub struct Naive {
    /// Close and volume by session.
    bars: BTreeMap<i32, (f64, f64)>,
    sample: Sample,
}

/// A return: between which bars, and how much.
#[derive(Clone, Copy)]
struct Return {
    from: i32,
    to: i32,
    r: f64,
}

impl Naive {
    pub fn new(sample: &Sample) -> Naive {
        let numbers = sample.close.iter().copied().zip(sample.volume.iter().copied());
        Naive { bars: sample.sessions.iter().copied().zip(numbers).collect(), sample: sample.clone() }
    }

    /// The factor at t, where there is a bar.
    pub fn value(&self, factor: &str, t: i32, benchmark: &Naive) -> Option<f64> {
        let (close, _) = self.bars[&t];
        match factor {
            "mom_12_1" => self.compounded(t - 252, t - 21),
            "mom_6_1" => self.compounded(t - 126, t - 21),
            "mom_3" => self.compounded(t - 63, t),
            "rev_1" => self.compounded(t - 21, t),
            "mom_risk_adj" => {
                let vol = self.value("vol_252", t, benchmark).filter(|vol| *vol > 0.0)?;
                Some(self.value("mom_12_1", t, benchmark)? / vol)
            }
            "high_52w" => {
                let window = self.window(t, 252);
                let adjusted = window.iter().map(|&(s, c, _)| c / self.shares_grown(s, t));
                let highest = adjusted.fold(0.0, f64::max);
                (window.len() >= 120).then(|| close / highest)
            }
            "vol_20" => self.volatility(t, 20, 15),
            "vol_60" => self.volatility(t, 60, 40),
            "vol_252" => self.volatility(t, 252, 120),
            "downside_vol_252" => {
                let r = enough(self.short_returns(t, 252), 120)?;
                let mean = r.iter().map(|x| x.r.min(0.0).powi(2)).sum::<f64>() / r.len() as f64;
                Some((mean * 252.0).sqrt())
            }
            "beta_252" => self.regression(t, benchmark).map(|(beta, _)| beta),
            "ivol_252" => self.regression(t, benchmark).map(|(_, ivol)| ivol),
            "max_ret_21" => enough(self.short_returns(t, 21), 15)?.iter().map(|x| x.r).max_by(f64::total_cmp),
            "max_drawdown_252" => {
                let (mut wealth, mut peak, mut worst) = (1.0_f64, 1.0_f64, 0.0_f64);
                for x in enough(self.returns(t, 252), 120)? {
                    wealth *= 1.0 + x.r;
                    peak = peak.max(wealth);
                    worst = worst.min(wealth / peak - 1.0);
                }
                Some(worst)
            }
            "adv_20" => self.average_money(t, 20, 15),
            "adv_63" => self.average_money(t, 63, 40),
            "amihud_126" => {
                let traded = self.short_returns(t, 126).into_iter().filter(|x| self.bars[&x.to].1 > 0.0);
                let price_of_a_million = |x: &Return| {
                    let (close, volume) = self.bars[&x.to];
                    1e6 * x.r.abs() / (close * volume)
                };
                mean(&enough(traded.collect(), 60)?.iter().map(price_of_a_million).collect::<Vec<_>>())
            }
            "turnover_63" => {
                let shares = self.shares(t)?;
                let window = enough(self.window(t, 63), 40)?;
                mean(
                    &window.iter().map(|&(s, _, v)| v * self.shares_grown(s, t) / shares).collect::<Vec<_>>(),
                )
            }
            "size" => Some((close * self.shares(t)?).ln()),
            "div_yield" => {
                let paid = self.sample.dividends.iter().filter(|d| t - 252 < d.session && d.session <= t);
                Some(paid.map(|d| d.cash / self.shares_grown(d.session - 1, t)).sum::<f64>() / close)
            }
            other => panic!("no definition of {other}"),
        }
    }

    /// Bars of the window of n sessions at t: session, close, volume.
    fn window(&self, t: i32, n: i32) -> Vec<(i32, f64, f64)> {
        self.bars.range(t - n + 1..=t).map(|(&s, &(c, v))| (s, c, v)).collect()
    }

    /// What one share at the end of session `after` has become at the end of `through`.
    fn shares_grown(&self, after: i32, through: i32) -> f64 {
        let splits = self.sample.splits.iter().filter(|x| x.session > after && x.session <= through);
        splits.fold(1.0, |shares, split| shares * split.ratio)
    }

    fn returns(&self, t: i32, n: i32) -> Vec<Return> {
        let mut returns = Vec::new();
        for (&to, &(close, _)) in self.bars.range(t - n + 1..=t) {
            let Some((&from, &(before, _))) = self.bars.range(..to).next_back() else { continue };
            // One share, held session by session: dividends on what is held when the session opens, then splits.
            let (mut held, mut cash) = (1.0, 0.0);
            for session in from + 1..=to {
                for dividend in self.sample.dividends.iter().filter(|d| d.session == session) {
                    cash += held * dividend.cash;
                }
                for split in self.sample.splits.iter().filter(|x| x.session == session) {
                    held *= split.ratio;
                }
            }
            returns.push(Return { from, to, r: (close * held + cash) / before - 1.0 });
        }
        returns
    }

    fn short_returns(&self, t: i32, n: i32) -> Vec<Return> {
        self.returns(t, n).into_iter().filter(|x| x.to - x.from <= 5).collect()
    }

    fn compounded(&self, after: i32, through: i32) -> Option<f64> {
        for session in [after, through] {
            self.bars.range(session - 5..=session).next_back()?;
        }
        Some(self.returns(through, through - after).iter().fold(1.0, |w, x| w * (1.0 + x.r)) - 1.0)
    }

    fn volatility(&self, t: i32, n: i32, least: usize) -> Option<f64> {
        let r: Vec<f64> = enough(self.short_returns(t, n), least)?.iter().map(|x| x.r).collect();
        let mean = mean(&r)?;
        let squares: f64 = r.iter().map(|r| (r - mean).powi(2)).sum();
        Some((squares / (r.len() - 1) as f64 * 252.0).sqrt())
    }

    fn regression(&self, t: i32, benchmark: &Naive) -> Option<(f64, f64)> {
        let market = |x: &Return| {
            let both = benchmark.bars.contains_key(&x.from) && benchmark.bars.contains_key(&x.to);
            let compounded =
                || benchmark.returns(x.to, x.to - x.from).iter().fold(1.0, |w, m| w * (1.0 + m.r)) - 1.0;
            both.then(|| (x.r, compounded()))
        };
        let pairs = enough(self.short_returns(t, 252).iter().filter_map(market).collect(), 120)?;
        let n = pairs.len() as f64;
        let (mean_r, mean_m) =
            (pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n);
        let covariance = pairs.iter().map(|p| (p.0 - mean_r) * (p.1 - mean_m)).sum::<f64>() / (n - 1.0);
        let variance = pairs.iter().map(|p| (p.1 - mean_m).powi(2)).sum::<f64>() / (n - 1.0);
        if variance <= 0.0 {
            return None;
        }
        let beta = covariance / variance;
        let intercept = mean_r - beta * mean_m;
        let squares: f64 = pairs.iter().map(|p| (p.0 - intercept - beta * p.1).powi(2)).sum();
        Some((beta, (squares / (n - 2.0) * 252.0).sqrt()))
    }

    fn average_money(&self, t: i32, n: i32, least: usize) -> Option<f64> {
        let first = *self.bars.keys().next()?;
        let money: f64 = enough(self.window(t, n), least)?.iter().map(|(_, c, v)| c * v).sum();
        Some(money / f64::from(n.min(t - first + 1)))
    }

    fn shares(&self, t: i32) -> Option<f64> {
        let known = self.sample.shares.iter().rfind(|report| report.usable_from <= t)?;
        Some(known.shares * self.shares_grown(known.filed, t))
    }
}

fn enough<T>(observations: Vec<T>, least: usize) -> Option<Vec<T>> {
    (observations.len() >= least).then_some(observations)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
