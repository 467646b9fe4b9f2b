//! Factors of real prices against others' arithmetic: Quandl's prices of 2014, raw and adjusted side by side; LEAN's factor files
//! of Apple and SPY, 1998 to 2021; and TA-Lib on the same bars. Read in place from `TIDEMARK_TEST_DATA`.

use std::io::Read;
use std::path::Path;

use ta_lib::{Core, OutRange, RetCode};

use super::sample::Sample;
use super::{Benchmark, FactorColumns};
use crate::domain::history::{Dividend, Split};

/// A zip of one deflated file, whose name and extra field follow a header of 30 bytes.
fn unzipped(path: &Path) -> String {
    let zip = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let length_at = |at: usize| usize::from(u16::from_le_bytes([zip[at], zip[at + 1]]));
    let mut text = String::new();
    let deflated = &zip[30 + length_at(26) + length_at(28)..];
    flate2::read::DeflateDecoder::new(deflated).read_to_string(&mut text).expect("a deflated text");
    text
}

/// The ticker's history, a session a row of the table, and its adjusted closes.
fn adjusted(folder: &Path, ticker: &str) -> (Sample, Vec<f64>) {
    let (mut sample, mut adjusted_close) = (Sample::default(), Vec::new());
    let rows = unzipped(&folder.join("quandl_wiki/QUANDL_ARCHIVE.zip"));
    let rows = rows.lines().map(|line| line.split(',').collect::<Vec<_>>()).filter(|row| row[0] == ticker);
    for (session, row) in (0..).zip(rows) {
        let number = |column: usize| row[column].parse::<f64>().expect("a number");
        sample.sessions.push(session);
        sample.close.push(number(5));
        sample.volume.push(number(6));
        if number(7) != 0.0 {
            sample.dividends.push(Dividend { session, cash: number(7) });
        }
        if number(8) != 1.0 {
            sample.splits.push(Split { session, ratio: number(8) });
        }
        adjusted_close.push(number(12));
    }
    (sample, adjusted_close)
}

#[test]
fn returns_through_a_seven_for_one_split_are_those_of_adjusted_prices() {
    let Some(folder) = crate::real_data() else { return };
    for (ticker, splits, dividends) in [("AAPL", 1, 4), ("MSFT", 0, 4), ("BRK_A", 0, 0)] {
        let (sample, adjusted) = adjusted(&folder, ticker);
        assert_eq!((sample.splits.len(), sample.dividends.len()), (splits, dividends), "{ticker}");
        let rows = sample.rows(0..252, None);
        for (factor, from, to) in [("rev_1", 21, 0), ("mom_3", 63, 0), ("mom_6_1", 126, 21)] {
            for t in from..252 {
                let expected = adjusted[t - to] / adjusted[t - from] - 1.0;
                let value = rows.column(factor)[t];
                assert!((value - expected).abs() < 1e-9, "{ticker} {factor} {t}: {value} is not {expected}");
            }
        }
    }
}

#[test]
fn the_dividends_of_2014_are_paid_on_shares_split_seven_for_one() {
    let Some(folder) = crate::real_data() else { return };
    let (sample, _) = adjusted(&folder, "AAPL");
    let close = sample.close[251];
    let expected = (3.05 / 7.0 + 3.29 / 7.0 + 0.47 + 0.47) / close;
    assert!((sample.last("div_yield", None) - expected).abs() < 1e-15);
    let highest =
        sample.close.iter().zip(0..).map(|(c, s)| if s < sample.splits[0].session { c / 7.0 } else { *c });
    assert_eq!(sample.last("high_52w", None), close / highest.fold(0.0, f64::max));
}

/// A ticker of LEAN's: its history, a session a bar, and what each close as printed is multiplied by for splits, and for
/// dividends, to be on the basis of the last.
struct Lean {
    sample: Sample,
    split_factor: Vec<f64>,
    price_factor: Vec<f64>,
}

/// Reads the bars and the factor file, and the actions out of the factors: ratios are whole, cash has `digits`.
fn lean(folder: &Path, name: &str, digits: i32) -> Lean {
    let (mut sample, mut days) = (Sample::default(), Vec::new());
    let text = unzipped(&folder.join(format!("lean/usa/daily/{name}.zip")));
    for (session, line) in (0..).zip(text.lines()) {
        let fields: Vec<&str> = line.split(',').collect();
        days.push(fields[0][..8].to_owned());
        sample.sessions.push(session);
        sample.close.push(fields[4].parse::<f64>().expect("a price") / 1e4);
        sample.volume.push(fields[5].parse().expect("a volume"));
    }
    let path = folder.join(format!("lean/usa/factor_files/{name}.csv"));
    let text = std::fs::read_to_string(path).expect("a factor file");
    let factors: Vec<(&str, f64, f64)> = text
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            (fields[0], fields[1].parse().expect("a factor"), fields[2].parse().expect("a factor"))
        })
        .collect();
    let (mut price_factor, mut split_factor) = (Vec::new(), Vec::new());
    for day in &days {
        let at = factors.partition_point(|(until, ..)| *until < day.as_str());
        price_factor.push(factors[at].1);
        split_factor.push(factors[at].2);
    }
    for (session, after) in (0..).zip(1..days.len()) {
        let before = session as usize;
        let ratio = split_factor[after] / split_factor[before];
        let cash = sample.close[before] * (1.0 - price_factor[before] / price_factor[after]);
        if ratio > 1.1 {
            sample.splits.push(Split { session: session + 1, ratio: ratio.round() });
        } else if cash > 1e-3 {
            let scale = 10_f64.powi(digits);
            sample.dividends.push(Dividend { session: session + 1, cash: (cash * scale).round() / scale });
        }
    }
    Lean { sample, split_factor, price_factor }
}

/// 1 + r of every bar but the first, straight from the definition.
fn growths(sample: &Sample) -> Vec<f64> {
    let mut growths = vec![1.0];
    for (session, pair) in (1..).zip(sample.close.windows(2)) {
        let ratio =
            sample.splits.iter().find(|split| split.session == session).map_or(1.0, |split| split.ratio);
        let paid = sample.dividends.iter().filter(|paid| paid.session == session).map(|paid| paid.cash);
        growths.push((pair[1] * ratio + paid.sum::<f64>()) / pair[0]);
    }
    growths
}

/// Asserts that a factor is `expected` of each session, to `tolerance` of its size (1 at least), and that enough were seen.
fn assert_all(rows: &FactorColumns, factor: &str, tolerance: f64, expected: impl Fn(usize) -> f64) {
    let (mut furthest, mut seen) = (0.0_f64, 0);
    for (&session, &value) in rows.sessions.iter().zip(rows.column(factor)) {
        let expected = expected(session as usize);
        let apart = (value - expected).abs() / expected.abs().max(1.0);
        assert!(apart <= tolerance, "{factor} of {session}: {value} is not {expected}");
        furthest = furthest.max(apart);
        seen += 1;
    }
    println!("{factor}: {seen} values, furthest apart {furthest:.1e}");
    assert!(seen > 5000, "{factor}: {seen}");
}

#[test]
fn momentum_highs_and_yields_are_those_of_leans_factors_to_their_rounding() {
    let Some(folder) = crate::real_data() else { return };
    // Seven decimals of a factor; Apple's split factors before 2005 are off by 2.4e-6 (1/56 is written 0.0178571).
    for (name, digits, rounding) in [("aapl", 3, 3e-6), ("spy", 4, 5e-7)] {
        let Lean { sample, split_factor, price_factor } = lean(&folder, name, digits);
        let last = sample.close.len() as i32;
        let rows = sample.rows(257..last, None);
        // LEAN reinvests at the close before the ex-date, C/(P - D); we at the close of it, (C + D)/P: the growth to convert by.
        let conversion = |from: usize, to: usize| {
            let within =
                sample.dividends.iter().filter(|paid| (from + 1..=to).contains(&(paid.session as usize)));
            within.fold(1.0, |product, paid| {
                let (before, close) =
                    (sample.close[paid.session as usize - 1], sample.close[paid.session as usize]);
                product * (close + paid.cash) * (before - paid.cash) / (before * close)
            })
        };
        let total = |t: usize| sample.close[t] * price_factor[t] * split_factor[t];
        for (factor, from, to) in
            [("rev_1", 21, 0), ("mom_3", 63, 0), ("mom_6_1", 126, 21), ("mom_12_1", 252, 21)]
        {
            // A tenfold rise makes the rounding tenfold.
            assert_all(&rows, factor, 2.0 * rounding, |t| {
                total(t - to) / total(t - from) * conversion(t - from, t - to) - 1.0
            });
        }
        let adjusted = |t: usize| sample.close[t] * split_factor[t];
        assert_all(&rows, "high_52w", rounding, |t| {
            adjusted(t) / (t - 251..=t).map(adjusted).fold(0.0, f64::max)
        });
        // What the factors fell by, each of it off by half of its seventh decimal in proportion to the factor.
        assert_all(&rows, "div_yield", 1e-6, |t| {
            let of = |s: usize| {
                sample.close[s - 1] * (1.0 - price_factor[s - 1] / price_factor[s]) * split_factor[s - 1]
            };
            (t - 251..=t).map(of).sum::<f64>() / adjusted(t)
        });
    }
}

/// The last value of a TA-Lib function that is asked for one bar, so that its running totals hold nothing older.
fn last(answer: Result<OutRange, RetCode>, out: &[f64]) -> f64 {
    let range = answer.expect("an answer");
    out[range.count.checked_sub(1).expect("a value")]
}

#[test]
fn windows_of_real_returns_are_those_of_ta_lib() {
    let Some(folder) = crate::real_data() else { return };
    let (apple, market) = (lean(&folder, "aapl", 3).sample, lean(&folder, "spy", 4).sample);
    assert_eq!(apple.sessions, market.sessions);
    let (growths, market_growths) = (growths(&apple), growths(&market));
    let rows = apple.rows(257..apple.close.len() as i32, Some(&Benchmark::new(&market.history())));

    let compounded = |growths: &[f64]| -> Vec<f64> {
        growths
            .iter()
            .scan(1.0, |total, growth| {
                *total *= growth;
                Some(*total)
            })
            .collect()
    };
    let (index, market_index) = (compounded(&growths), compounded(&market_growths));
    let less_one = |growths: &[f64]| -> Vec<f64> { growths.iter().map(|growth| growth - 1.0).collect() };
    let (returns, market_returns) = (less_one(&growths), less_one(&market_growths));
    let money: Vec<f64> =
        apple.close.iter().zip(&apple.volume).map(|(close, volume)| close * volume).collect();
    let illiquidity: Vec<f64> = returns.iter().zip(&money).map(|(r, money)| r.abs() / money * 1e6).collect();
    let falls: Vec<f64> = returns.iter().map(|r| r.min(0.0) * r.min(0.0)).collect();
    let adjusted: Vec<f64> = (0..)
        .zip(&apple.close)
        .map(|(session, close)| {
            let later = apple.splits.iter().filter(|split| session < split.session);
            close / later.map(|split| split.ratio).product::<f64>()
        })
        .collect();

    let core = Core::new();
    let year = 252_f64.sqrt();
    // TA-Lib's deviation is of the population.
    let deviation = |series: &[f64], t: usize, length: i32| {
        let mut out = [0.0];
        let n = f64::from(length);
        last(core.stddev(t, t, series, length, 1.0, &mut out), &out) * (n / (n - 1.0)).sqrt()
    };
    let mean = |series: &[f64], t: usize, length: i32| {
        let mut out = [0.0];
        last(core.sma(t, t, series, length, &mut out), &out)
    };
    let highest = |series: &[f64], t: usize, length: i32| {
        let mut out = [0.0];
        last(core.max(t, t, series, length, &mut out), &out)
    };
    let change = |t: usize, length: i32| {
        let mut out = [0.0];
        last(core.rocp(t, t, &index, length, &mut out), &out)
    };
    let correlation = |t: usize| {
        let mut out = [0.0];
        last(core.correl(t, t, &returns, &market_returns, 252, &mut out), &out)
    };
    for (factor, length) in [("vol_20", 20), ("vol_60", 60), ("vol_252", 252)] {
        assert_all(&rows, factor, 1e-12, |t| deviation(&returns, t, length) * year);
    }
    // TA-Lib's BETA takes prices and makes returns of them: from total-return indices it is the slope of the definition.
    assert_all(&rows, "beta_252", 1e-11, |t| {
        let mut out = [0.0];
        last(core.beta(t, t, &market_index, &index, 252, &mut out), &out)
    });
    assert_all(&rows, "beta_252", 1e-11, |t| {
        correlation(t) * deviation(&returns, t, 252) / deviation(&market_returns, t, 252)
    });
    assert_all(&rows, "ivol_252", 1e-11, |t| {
        let unexplained = 1.0 - correlation(t).powi(2);
        deviation(&returns, t, 252) * (unexplained * 251.0 / 250.0).sqrt() * year
    });
    assert_all(&rows, "downside_vol_252", 1e-12, |t| mean(&falls, t, 252).sqrt() * year);
    assert_all(&rows, "max_ret_21", 0.0, |t| highest(&returns, t, 21));
    assert_all(&rows, "high_52w", 1e-15, |t| adjusted[t] / highest(&adjusted, t, 252));
    assert_all(&rows, "rev_1", 1e-12, |t| change(t, 21));
    assert_all(&rows, "mom_3", 1e-12, |t| change(t, 63));
    assert_all(&rows, "mom_6_1", 1e-12, |t| change(t - 21, 105));
    assert_all(&rows, "mom_12_1", 1e-12, |t| change(t - 21, 231));
    assert_all(&rows, "adv_20", 1e-12, |t| mean(&money, t, 20));
    assert_all(&rows, "adv_63", 1e-12, |t| mean(&money, t, 63));
    assert_all(&rows, "amihud_126", 1e-17, |t| mean(&illiquidity, t, 126));
}
