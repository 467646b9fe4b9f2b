//! Minutes of regular hours that add up to a day's bar: its open, high, low, close, volume and trades, to the share.

use super::instrument::Row;
use super::random::Random;

/// The bars of a day's minutes, each with its place among the `minutes` of the session. A day without volume has none, for
/// a minute without a trade has no bar.
pub(super) fn of_day(day: &Row, minutes: usize, random: &mut Random) -> Vec<(usize, Row)> {
    // About four of five minutes trade, and no minute trades less than a share.
    let traded = |random: &mut Random| !random.once_in(5);
    let mut places: Vec<usize> = (0..minutes).filter(|_| traded(random)).collect();
    places.truncate(day.volume as usize);
    let count = places.len();
    if count == 0 {
        return Vec::new();
    }
    let (highest, lowest) = (random.below(count), random.below(count));
    let volumes = parts(day.volume, count, random);
    let trades = parts(day.transactions.max(count as u64), count, random);
    let mut last = day.open;
    let mut bars = Vec::with_capacity(count);
    for (at, place) in places.into_iter().enumerate() {
        // Towards the close, with a detour of up to a tenth of the day's range.
        let left = (count - at) as i64;
        let step = (day.close as i64 - last as i64) / left;
        let detour = ((day.high - day.low) / 10 + 1) as usize;
        let aim = last as i64 + step + random.below(2 * detour + 1) as i64 - detour as i64;
        let close =
            if at + 1 == count { day.close } else { aim.clamp(day.low as i64, day.high as i64) as u64 };
        let high = if at == highest { day.high } else { last.max(close) };
        let low = if at == lowest { day.low } else { last.min(close) };
        let (volume, transactions) = (volumes[at], trades[at]);
        bars.push((place, Row { open: last, high, low, close, volume, transactions }));
        last = close;
    }
    bars
}

/// Cuts `whole`, which is `count` or more, into as many parts of 1 or more, some five times as large as others.
fn parts(whole: u64, count: usize, random: &mut Random) -> Vec<u64> {
    let weights: Vec<u64> = (0..count).map(|_| 1 + random.below(5) as u64).collect();
    let sum: u64 = weights.iter().sum();
    let spare = whole - count as u64;
    let mut parts: Vec<u64> = weights.iter().map(|weight| 1 + spare / sum * weight).collect();
    parts[0] += whole - parts.iter().sum::<u64>();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_add_up_to_their_day() {
        let mut random = Random::new(1, 2);
        for volume in [1, 2, 300, 5_000_001] {
            for minutes in [390, 210] {
                let day = Row {
                    open: 1000,
                    high: 1050,
                    low: 990,
                    close: 1010,
                    volume,
                    transactions: volume / 100 + 1,
                };
                let bars = of_day(&day, minutes, &mut random);
                assert!(!bars.is_empty() && bars.windows(2).all(|pair| pair[0].0 < pair[1].0));
                assert!(bars.last().unwrap().0 < minutes);
                let rows: Vec<Row> = bars.iter().map(|(_, row)| *row).collect();
                assert_eq!((rows[0].open, rows.last().unwrap().close), (day.open, day.close));
                assert_eq!(rows.iter().map(|row| row.high).max(), Some(day.high));
                assert_eq!(rows.iter().map(|row| row.low).min(), Some(day.low));
                assert_eq!(rows.iter().map(|row| row.volume).sum::<u64>(), volume);
                assert!(rows.iter().all(|row| row.volume > 0 && row.transactions > 0));
                let is_bar =
                    |row: &Row| row.low <= row.open.min(row.close) && row.high >= row.open.max(row.close);
                assert!(rows.iter().all(is_bar));
                assert!(rows.windows(2).all(|pair| pair[0].close == pair[1].open));
            }
        }
        assert!(
            of_day(&Row { open: 1, high: 1, low: 1, close: 1, volume: 0, transactions: 0 }, 390, &mut random)
                .is_empty()
        );
    }
}
