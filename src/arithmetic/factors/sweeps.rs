//! Sums over windows that are swept session by session, strictly from the oldest to the newest: what is needed where the
//! difference of two sums would lose digits. The windows that end in one block are swept side by side, one a lane.

use super::blocks::{BLOCK, Lanes};

/// The windows of `length` sessions that end at position `end` of the grid and at the `BLOCK - 1` positions after it.
///
/// It holds by construction that `end + 1 >= length` and that every grid reaches to `end + BLOCK`.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// Position of the newest session of the first window.
    pub end: usize,
    /// Sessions in a window.
    pub length: usize,
}

impl Sweep {
    fn oldest_to_newest<'a>(&self, grid: &'a [f64]) -> impl Iterator<Item = &'a Lanes> {
        grid[self.end + 1 - self.length..self.end + BLOCK].array_windows::<BLOCK>()
    }

    /// Sum of each window.
    #[inline]
    pub fn sum(&self, grid: &[f64]) -> Lanes {
        let mut total = [0.0; BLOCK];
        for values in self.oldest_to_newest(grid) {
            for (total, value) in total.iter_mut().zip(values) {
                *total += value;
            }
        }
        total
    }

    /// Sum of squared deviations from each window's own mean; `mask` is 1 where there is a value and 0 elsewhere.
    #[inline]
    pub fn squared_deviations(&self, grid: &[f64], mask: &[f64], mean: &Lanes) -> Lanes {
        let mut total = [0.0; BLOCK];
        for (values, present) in self.oldest_to_newest(grid).zip(self.oldest_to_newest(mask)) {
            for lane in 0..BLOCK {
                let deviation = (values[lane] - mean[lane]) * present[lane];
                total[lane] += deviation * deviation;
            }
        }
        total
    }

    /// `(Σ dy·dx, Σ dx²)` of the deviations of y and x from their means; `mask` as above.
    #[inline]
    pub fn co_deviations(
        &self,
        y: &[f64],
        x: &[f64],
        mask: &[f64],
        means: (&Lanes, &Lanes),
    ) -> (Lanes, Lanes) {
        let (mut both, mut of_x) = ([0.0; BLOCK], [0.0; BLOCK]);
        let pairs = self.oldest_to_newest(y).zip(self.oldest_to_newest(x));
        for ((y, x), present) in pairs.zip(self.oldest_to_newest(mask)) {
            for lane in 0..BLOCK {
                let deviation = (x[lane] - means.1[lane]) * present[lane];
                both[lane] += (y[lane] - means.0[lane]) * deviation;
                of_x[lane] += deviation * deviation;
            }
        }
        (both, of_x)
    }

    /// `Σ (dy − slope·dx)²`, the squared residuals of the line through the means; `mask` as above.
    #[inline]
    pub fn squared_residuals(
        &self,
        y: &[f64],
        x: &[f64],
        mask: &[f64],
        means: (&Lanes, &Lanes),
        slope: &Lanes,
    ) -> Lanes {
        let mut total = [0.0; BLOCK];
        let pairs = self.oldest_to_newest(y).zip(self.oldest_to_newest(x));
        for ((y, x), present) in pairs.zip(self.oldest_to_newest(mask)) {
            for lane in 0..BLOCK {
                let residual = (y[lane] - means.0[lane]) - slope[lane] * (x[lane] - means.1[lane]);
                let residual = residual * present[lane];
                total[lane] += residual * residual;
            }
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1, 2, 3, … with windows of 3 that end at the positions 4, 5, …
    fn counting() -> (Vec<f64>, Sweep) {
        ((1..=32).map(f64::from).collect(), Sweep { end: 4, length: 3 })
    }

    #[test]
    fn lane_j_is_the_window_that_ends_j_later() {
        let (grid, sweep) = counting();
        assert_eq!(sweep.sum(&grid)[..3], [12.0, 15.0, 18.0]);
        assert_eq!(sweep.sum(&grid)[BLOCK - 1], 3.0 * (3.0 + BLOCK as f64));
    }

    #[test]
    fn the_deviations_of_three_in_a_row_sum_to_two() {
        let (grid, sweep) = counting();
        let mask = vec![1.0; 32];
        let mean = sweep.sum(&grid).map(|sum| sum / 3.0);
        let twice: Vec<f64> = grid.iter().map(|x| 2.0 * x).collect();
        let mean_of_twice = mean.map(|m| 2.0 * m);
        assert_eq!(sweep.squared_deviations(&grid, &mask, &mean), [2.0; BLOCK]);
        let means = (&mean_of_twice, &mean);
        assert_eq!(sweep.co_deviations(&twice, &grid, &mask, means), ([4.0; BLOCK], [2.0; BLOCK]));
        assert_eq!(sweep.squared_residuals(&twice, &grid, &mask, means, &[2.0; BLOCK]), [0.0; BLOCK]);
        assert_eq!(sweep.squared_residuals(&twice, &grid, &mask, means, &[1.0; BLOCK]), [2.0; BLOCK]);
    }

    #[test]
    fn what_is_masked_counts_nothing() {
        let (mut grid, sweep) = counting();
        let mut mask = vec![1.0; 32];
        (grid[3], mask[3]) = (0.0, 0.0);
        let mean = [4.0; BLOCK];
        assert_eq!(sweep.squared_deviations(&grid, &mask, &mean)[0], 2.0);
    }
}
