//! Twenty factors of daily bars for a whole market: our kernels, and what a user would write otherwise, polars' window
//! expressions `over` the instrument, on the same frame in memory, in turns. Prints both and their ratio.
//!
//! The sizes are 5,000 instruments and 504 and 2,520 sessions, or the arguments INSTRUMENTS and SESSIONS. Every instrument has a
//! bar on every session and there are no splits: polars' row windows would be wrong otherwise.

use std::time::Instant;

use anyhow::ensure;
use polars::lazy::dsl::{RollingCovOptions, rolling_cov};
use polars::prelude::*;
use rayon::prelude::*;
use tidemark::arithmetic::catalogue::position;
use tidemark::arithmetic::factors::{Benchmark, FactorColumns, Workspace, price_factors};
use tidemark::domain::history::{BarSlice, Dividend, History, SharesReport};

/// Runs of each, of which the median counts.
const ROUNDS: usize = 3;
/// Instruments whose columns we keep together.
const TOGETHER: usize = 64;
/// First session of the market; any number does.
const FIRST: i32 = 1000;
const SHARES: f64 = 1e8;

struct Market {
    sessions: Vec<i32>,
    /// An instrument each.
    close: Vec<Vec<f64>>,
    volume: Vec<Vec<f64>>,
    dividends: Vec<Vec<Dividend>>,
}

impl Market {
    fn new(instruments: usize, length: usize) -> Self {
        let mut x = 0x9e37_79b9_7f4a_7c15_u64;
        let mut roll = move || {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            (x >> 11) as f64 / (1_u64 << 53) as f64
        };
        let sessions: Vec<i32> = (FIRST..).take(length).collect();
        let (mut close, mut volume, mut dividends) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..instruments {
            let mut price = 20.0 + 100.0 * roll();
            close.push(
                sessions
                    .iter()
                    .map(|_| {
                        price *= (0.04 * (roll() - 0.495)).exp();
                        price
                    })
                    .collect(),
            );
            volume.push(sessions.iter().map(|_| (1e5 + 1e6 * roll()).round()).collect());
            dividends.push(
                sessions
                    .iter()
                    .skip(40)
                    .step_by(63)
                    .map(|&session| Dividend { session, cash: 0.2 })
                    .collect(),
            );
        }
        Self { sessions, close, volume, dividends }
    }

    fn history(&self, at: usize, shares: &'static [SharesReport]) -> History<'_> {
        let bars = BarSlice { sessions: &self.sessions, close: &self.close[at], volume: &self.volume[at] };
        History { bars, splits: &[], dividends: &self.dividends[at], shares, earlier_bars: false }
    }

    /// A row a bar, sorted by instrument and session; the benchmark is instrument 0.
    fn frame(&self) -> PolarsResult<DataFrame> {
        let rows = self.close.len() * self.sessions.len();
        let cash = |at: usize| {
            let mut cash = vec![0.0; self.sessions.len()];
            for dividend in &self.dividends[at] {
                cash[(dividend.session - FIRST) as usize] = dividend.cash;
            }
            cash
        };
        let index = |at: usize| {
            let mut w = 1.0;
            let growths = self.close[at]
                .windows(2)
                .zip(&cash(at)[1..])
                .map(|(two, cash)| (two[1] + cash) / two[0])
                .collect::<Vec<_>>();
            std::iter::once(1.0)
                .chain(growths.into_iter().map(|growth| {
                    w *= growth;
                    w
                }))
                .collect::<Vec<f64>>()
        };
        let each = 0..self.close.len();
        let ids: Vec<i32> = each.clone().flat_map(|at| vec![at as i32; self.sessions.len()]).collect();
        let sessions: Vec<i32> = each.clone().flat_map(|_| self.sessions.iter().copied()).collect();
        DataFrame::new(
            rows,
            vec![
                Column::new("id".into(), ids),
                Column::new("session".into(), sessions),
                Column::new("close".into(), self.close.concat()),
                Column::new("volume".into(), self.volume.concat()),
                Column::new("cash".into(), each.clone().flat_map(cash).collect::<Vec<f64>>()),
                Column::new("w".into(), each.flat_map(index).collect::<Vec<f64>>()),
            ],
        )
    }
}

fn window(length: usize, least: usize) -> RollingOptionsFixedWindow {
    RollingOptionsFixedWindow { window_size: length, min_periods: least, ..Default::default() }
}

/// The factors as polars' users write them. Where polars has no such window (the drawdown's running maximum) a neighbour of it
/// stands in, which is cheaper; the total-return index `w`, of which it makes momentum, is in the frame already.
fn by_polars(frame: DataFrame) -> PolarsResult<DataFrame> {
    let each = || [col("id")];
    let annual = 252.0_f64.sqrt();
    let vol = |n: usize, least: usize| (col("r").rolling_std(window(n, least)) * lit(annual)).over(each());
    let market = frame.clone().lazy().filter(col("id").eq(lit(0))).select([
        col("session"),
        ((col("close") + col("cash")) / col("close").shift(lit(1)) - lit(1.0)).alias("m"),
    ]);
    let compounded =
        |from: i64, to: i64| (col("w").shift(lit(to)) / col("w").shift(lit(from)) - lit(1.0)).over(each());
    let cov = RollingCovOptions { window_size: 252, min_periods: 120, ddof: 1 };
    let with_returns = frame
        .lazy()
        .join(market, [col("session")], [col("session")], JoinArgs::new(JoinType::Left))
        .sort(["id", "session"], SortMultipleOptions::default())
        .with_column(
            ((col("close") + col("cash")) / col("close").shift(lit(1)) - lit(1.0)).over(each())?.alias("r"),
        )
        .with_columns([
            (col("close") * col("volume")).alias("money"),
            when(col("r").lt(lit(0.0))).then(col("r") * col("r")).otherwise(lit(0.0)).alias("falls"),
        ]);
    with_returns
        .with_columns([
            compounded(252, 21)?.alias("mom_12_1"),
            compounded(126, 21)?.alias("mom_6_1"),
            compounded(63, 0)?.alias("mom_3"),
            compounded(21, 0)?.alias("rev_1"),
            (col("close") / col("close").rolling_max(window(252, 120))).over(each())?.alias("high_52w"),
            vol(20, 15)?.alias("vol_20"),
            vol(60, 40)?.alias("vol_60"),
            vol(252, 120)?.alias("vol_252"),
            (col("falls").rolling_mean(window(252, 120)).sqrt() * lit(annual))
                .over(each())?
                .alias("downside_vol_252"),
            (rolling_cov(col("r"), col("m"), cov.clone()) / col("m").rolling_var(window(252, 120)))
                .over(each())?
                .alias("beta_252"),
            col("r").rolling_max(window(21, 15)).over(each())?.alias("max_ret_21"),
            (col("w") / col("w").rolling_max(window(252, 120)) - lit(1.0)).over(each())?.alias("drawdown"),
            col("money").rolling_mean(window(20, 15)).over(each())?.alias("adv_20"),
            col("money").rolling_mean(window(63, 40)).over(each())?.alias("adv_63"),
            ((col("r").abs() / col("money")).rolling_mean(window(126, 60)) * lit(1e6))
                .over(each())?
                .alias("amihud_126"),
            (col("volume").rolling_mean(window(63, 40)) / lit(SHARES)).over(each())?.alias("turnover_63"),
            (col("close") * lit(SHARES)).alias("size"),
            (col("cash").rolling_sum(window(252, 1)) / col("close")).over(each())?.alias("div_yield"),
        ])
        .with_columns([
            (col("mom_12_1") / col("vol_252")).alias("mom_risk_adj"),
            (((col("r") - col("beta_252") * col("m")).rolling_std(window(252, 120))) * lit(annual))
                .over(each())?
                .alias("ivol_252"),
            col("drawdown").rolling_min(window(252, 120)).over(each())?.alias("max_drawdown_252"),
        ])
        .collect()
}

/// Columns of [`TOGETHER`] instruments each, one instrument's rows after the other's, as polars has them of all.
fn by_us(market: &Market) -> Vec<FactorColumns> {
    static REPORTS: [SharesReport; 1] = [SharesReport { usable_from: FIRST, filed: FIRST, shares: SHARES }];
    let benchmark = Benchmark::new(&market.history(0, &[]));
    let rows = FIRST..FIRST + market.sessions.len() as i32;
    let instruments: Vec<usize> = (0..market.close.len()).collect();
    instruments
        .par_chunks(TOGETHER)
        .map_init(Workspace::default, |workspace, instruments| {
            let mut out = FactorColumns::default();
            for column in &mut out.values {
                column.reserve_exact(instruments.len() * market.sessions.len());
            }
            for &at in instruments {
                let history = market.history(at, &REPORTS);
                price_factors(workspace, &history, Some(&benchmark), at == 0, rows.clone(), &mut out);
            }
            out
        })
        .collect()
}

/// Holds what both compute by one definition against each other, on the last session of every instrument.
fn held_together(ours: &[FactorColumns], theirs: &DataFrame, length: usize) -> anyhow::Result<()> {
    for name in [
        "mom_6_1",
        "rev_1",
        "high_52w",
        "vol_20",
        "vol_252",
        "downside_vol_252",
        "max_ret_21",
        "adv_20",
        "amihud_126",
        "div_yield",
    ] {
        let column = theirs.column(name)?.f64()?;
        let place = position(name).ok_or_else(|| anyhow::anyhow!("no factor {name}"))?;
        let ours: Vec<f64> = ours.iter().flat_map(|ours| ours.values[place].iter().copied()).collect();
        ensure!(ours.len() == column.len(), "{name}: {} rows are not {}", ours.len(), column.len());
        for last in (length - 1..ours.len()).step_by(length) {
            let (value, other) = (ours[last], column.get(last).unwrap_or(f64::NAN));
            ensure!(
                (value - other).abs() <= 1e-7 * (1.0 + value.abs()),
                "{name} of {}: {value} is not {other}",
                last / length
            );
        }
    }
    Ok(())
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn main() -> anyhow::Result<()> {
    let asked: Vec<usize> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let sizes = match asked[..] {
        [instruments, sessions] => vec![(instruments, sessions)],
        _ => vec![(5000, 504), (5000, 2520)],
    };
    println!("instruments  sessions  polars `over`  ours    ratio  aim   met");
    for (instruments, length) in sizes {
        let market = Market::new(instruments, length);
        let frame = market.frame()?;
        let (mut polars, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let started = Instant::now();
            let theirs = by_polars(frame.clone())?;
            polars.push(started.elapsed().as_secs_f64());
            let started = Instant::now();
            let computed = by_us(&market);
            ours.push(started.elapsed().as_secs_f64());
            held_together(&computed, &theirs, length)?;
        }
        let (polars, ours) = (median(polars), median(ours));
        let met = if polars >= 5.0 * ours { "yes" } else { "NO" };
        println!(
            "{instruments:>11}  {length:>8}  {polars:>11.2} s  {ours:>4.2} s  {:>5.1}  >= 5  {met}",
            polars / ours
        );
    }
    Ok(())
}
