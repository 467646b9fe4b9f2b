//! Arithmetic: factors of one instrument, the cross-section of a session, families, checks, and what factors were
//! worth after the fact. No store, clock, I/O or randomness.
//!
//! **Null is NaN** in every array here: [`NULL`], one bit pattern. A value is never infinite and never -0.0, so that equal
//! values have equal bits; the store turns NaN into NULL.

pub mod catalogue;
pub mod checks;
pub mod cross_section;
pub mod evaluation;
pub mod factor_set;
pub mod factors;
pub mod families;
pub mod plan;
pub mod ranks;
pub mod scores;
pub mod session;
pub mod signals;
pub mod standing;
pub mod statements;
pub mod strength;
pub mod universe;

/// The null of every array in the arithmetic.
pub const NULL: f64 = f64::NAN;

/// A computed number as it is kept: what is not finite becomes [`NULL`], and -0.0 becomes 0.0.
pub fn kept(value: f64) -> f64 {
    if value.is_finite() { value + 0.0 } else { NULL }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_becomes_the_one_null() {
        for value in [f64::INFINITY, f64::NEG_INFINITY, -f64::NAN] {
            assert_eq!(kept(value).to_bits(), NULL.to_bits());
        }
        assert_eq!(kept(-0.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(kept(-1.5), -1.5);
    }
}
