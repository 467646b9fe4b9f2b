//! Windows over a dense session grid, for [`LANES`] consecutive sessions at once: lane j is the window that ends j sessions
//! later. Every window is summed strictly from its oldest element to its newest, so its bits depend on nothing outside
//! it; the lanes only put neighbouring windows side by side in the processor's vectors.

/// Sessions computed side by side.
pub const LANES: usize = 8;

/// One number for each of [`LANES`] consecutive sessions.
pub type Lanes = [f64; LANES];

/// The windows of `length` sessions that end at position `end` of the grid and at the `LANES - 1` positions after it.
///
/// It holds by construction that `end + 1 >= length` and that every grid reaches to `end + LANES`.
#[derive(Debug, Clone, Copy)]
pub struct Windows {
    /// Position of the newest session of the first window.
    pub end: usize,
    /// Sessions in a window.
    pub length: usize,
}

impl Windows {
    fn oldest_to_newest<'a>(&self, grid: &'a [f64]) -> impl Iterator<Item = &'a Lanes> {
        grid[self.end + 1 - self.length..self.end + LANES].array_windows::<LANES>()
    }

    /// Sum of each window.
    #[inline]
    pub fn sum(&self, grid: &[f64]) -> Lanes {
        let mut total = [0.0; LANES];
        for values in self.oldest_to_newest(grid) {
            for (total, value) in total.iter_mut().zip(values) {
                *total += value;
            }
        }
        total
    }

    /// Product of each window.
    #[inline]
    pub fn product(&self, grid: &[f64]) -> Lanes {
        let mut total = [1.0; LANES];
        for values in self.oldest_to_newest(grid) {
            for (total, value) in total.iter_mut().zip(values) {
                *total *= value;
            }
        }
        total
    }

    /// Highest number of each window, -infinity if all are.
    #[inline]
    pub fn highest(&self, grid: &[f64]) -> Lanes {
        let mut highest = [f64::NEG_INFINITY; LANES];
        for values in self.oldest_to_newest(grid) {
            for (highest, &value) in highest.iter_mut().zip(values) {
                *highest = larger(*highest, value);
            }
        }
        highest
    }

    /// Least of `W / running max(W)`, where W starts at 1 and compounds through the window's growths.
    ///
    /// The quotient is carried from session to session, `min(1, quotient × growth)`: where W is a new maximum it is 1.
    #[inline]
    pub fn lowest_from_peak(&self, growth: &[f64]) -> Lanes {
        let mut from_peak = [1.0; LANES];
        let mut lowest = [1.0; LANES];
        for growths in self.oldest_to_newest(growth) {
            for lane in 0..LANES {
                from_peak[lane] = smaller(from_peak[lane] * growths[lane], 1.0);
                lowest[lane] = smaller(from_peak[lane], lowest[lane]);
            }
        }
        lowest
    }

    /// Sum of squared deviations from each window's own mean; `mask` is 1 where there is a value and 0 elsewhere.
    #[inline]
    pub fn squared_deviations(&self, grid: &[f64], mask: &[f64], mean: &Lanes) -> Lanes {
        let mut total = [0.0; LANES];
        for (values, present) in self.oldest_to_newest(grid).zip(self.oldest_to_newest(mask)) {
            for lane in 0..LANES {
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
        let (mut both, mut of_x) = ([0.0; LANES], [0.0; LANES]);
        let pairs = self.oldest_to_newest(y).zip(self.oldest_to_newest(x));
        for ((y, x), present) in pairs.zip(self.oldest_to_newest(mask)) {
            for lane in 0..LANES {
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
        let mut total = [0.0; LANES];
        let pairs = self.oldest_to_newest(y).zip(self.oldest_to_newest(x));
        for ((y, x), present) in pairs.zip(self.oldest_to_newest(mask)) {
            for lane in 0..LANES {
                let residual = (y[lane] - means.0[lane]) - slope[lane] * (x[lane] - means.1[lane]);
                let residual = residual * present[lane];
                total[lane] += residual * residual;
            }
        }
        total
    }
}

/// The smaller of two numbers that are not NaN, in one instruction where `f64::min` takes four.
#[inline]
fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The larger of two numbers that are not NaN.
#[inline]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1, 2, 3, … with windows of 3 that end at the positions 4, 5, …
    fn counting() -> (Vec<f64>, Windows) {
        ((1..=32).map(f64::from).collect(), Windows { end: 4, length: 3 })
    }

    #[test]
    fn lane_j_is_the_window_that_ends_j_later() {
        let (grid, windows) = counting();
        assert_eq!(windows.sum(&grid)[..3], [12.0, 15.0, 18.0]);
        assert_eq!(windows.product(&grid)[..3], [60.0, 120.0, 210.0]);
        assert_eq!(windows.highest(&grid)[LANES - 1], 4.0 + LANES as f64);
    }

    #[test]
    fn the_deviations_of_three_in_a_row_sum_to_two() {
        let (grid, windows) = counting();
        let mask = vec![1.0; 32];
        let mean = windows.sum(&grid).map(|sum| sum / 3.0);
        let twice: Vec<f64> = grid.iter().map(|x| 2.0 * x).collect();
        let mean_of_twice = mean.map(|m| 2.0 * m);
        assert_eq!(windows.squared_deviations(&grid, &mask, &mean), [2.0; LANES]);
        let means = (&mean_of_twice, &mean);
        assert_eq!(windows.co_deviations(&twice, &grid, &mask, means), ([4.0; LANES], [2.0; LANES]));
        assert_eq!(windows.squared_residuals(&twice, &grid, &mask, means, &[2.0; LANES]), [0.0; LANES]);
        assert_eq!(windows.squared_residuals(&twice, &grid, &mask, means, &[1.0; LANES]), [2.0; LANES]);
    }

    #[test]
    fn what_is_masked_counts_nothing() {
        let (mut grid, windows) = counting();
        let mut mask = vec![1.0; 32];
        (grid[3], mask[3]) = (0.0, 0.0);
        let mean = [4.0; LANES];
        assert_eq!(windows.squared_deviations(&grid, &mask, &mean)[0], 2.0);
    }

    #[test]
    fn the_fall_is_measured_from_the_last_peak_and_the_window_starts_at_one() {
        let mut growth = vec![1.0; 40];
        growth[2..6].copy_from_slice(&[0.5, 4.0, 0.25, 2.0]);
        let windows = Windows { end: 5, length: 4 };
        assert_eq!(windows.lowest_from_peak(&growth)[..5], [0.25, 0.25, 0.25, 1.0, 1.0]);
    }
}
