//! Families of factors: who belongs to one, its score over a session's population, and the same less the sector's mean.
//! Columns are in ascending order of instrument, NaN where null, because sums run in the order of the slice.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::NULL;
use super::catalogue::{FACTOR_COUNT, FACTORS};
use super::cross_section::{CrossSection, Moments};

/// Fewest names of a sector, each with a value, whose mean is compared with.
pub(super) const LEAST_SECTOR_NAMES: u32 = 5;

/// Names of the families; the sector-neutral version of one adds `_sn`.
pub const NAMES: [&str; 5] = ["momentum", "value", "quality", "growth", "low_risk"];

/// A family: a name and its factors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Published name.
    pub name: &'static str,
    /// Positions of its factors in the catalogue, in the order in which their z-scores are added.
    pub members: Vec<usize>,
}

/// All families, in the order of [`NAMES`]: the factors that name them.
pub fn all() -> &'static [Family] {
    static ALL: LazyLock<Vec<Family>> = LazyLock::new(|| {
        let members = |name| (0..FACTOR_COUNT).filter(|&at| FACTORS[at].family == Some(name)).collect();
        NAMES.map(|name| Family { name, members: members(name) }).into()
    });
    &ALL
}

/// Appends a family's scores to `out`, and gives the moments by which they were standardised.
///
/// - **Reads** the members' z-scores, a column a member in the family's order, null outside the population.
/// - **Gives** the mean of the z-scores present, if they are at least half of the members (rounded up), standardised to mean
///   0 and sd 1 without winsorising or clipping. All are null under 10 names, or where all means are equal.
pub fn scores(section: &mut CrossSection, members: &[&[f64]], out: &mut Vec<f64>) -> Moments {
    let names = members.iter().map(|column| column.len()).min().unwrap_or(0);
    let means: Vec<f64> = (0..names).map(|name| mean_of_present(members, name)).collect();
    standardise(section, &means, out)
}

/// Appends the sector-neutral scores to `out`, and gives the moments by which they were standardised.
///
/// - **Reads** the family's scores, and each name's sector.
/// - **Gives** the score less the mean of its sector's scores, standardised again. A name without a sector, or in one of
///   fewer than 5 scored names, is taken as it is.
pub fn sector_neutral(
    section: &mut CrossSection,
    scores: &[f64],
    sectors: &[Option<i32>],
    out: &mut Vec<f64>,
) -> Moments {
    let mut totals: BTreeMap<i32, (f64, u32)> = BTreeMap::new();
    for (&score, sector) in scores.iter().zip(sectors) {
        if let (false, Some(sector)) = (score.is_nan(), *sector) {
            let (total, count) = totals.entry(sector).or_default();
            *total += score;
            *count += 1;
        }
    }
    let mean = |sector: Option<i32>| match sector.and_then(|sector| totals.get(&sector)) {
        Some(&(total, count)) => taken_off(total, count),
        None => 0.0,
    };
    let neutral: Vec<f64> = scores.iter().zip(sectors).map(|(score, &sector)| score - mean(sector)).collect();
    standardise(section, &neutral, out)
}

/// What is taken off the scores of a sector: their mean, or 0 where it has fewer than 5 scored names.
pub fn taken_off(total: f64, names: u32) -> f64 {
    if names >= LEAST_SECTOR_NAMES { total / f64::from(names) } else { 0.0 }
}

/// Of so many members, how many must have a z.
pub fn least_members(members: usize) -> usize {
    members.div_ceil(2)
}

/// The mean of a name's z-scores, if enough of them are present.
pub fn mean_of_present(members: &[&[f64]], name: usize) -> f64 {
    let (mut total, mut present) = (0.0, 0);
    for z in members.iter().map(|column| column[name]).filter(|z| !z.is_nan()) {
        total += z;
        present += 1;
    }
    if present >= least_members(members.len()) { total / present as f64 } else { NULL }
}

fn standardise(section: &mut CrossSection, values: &[f64], out: &mut Vec<f64>) -> Moments {
    let moments = section.plain_moments(values);
    out.extend(values.iter().map(|&value| moments.standardised(value)));
    moments
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten names of which five score −1 and five score 1.
    fn two_camps() -> Vec<f64> {
        [-1.0, 1.0].repeat(5)
    }

    fn scored(members: &[&[f64]]) -> (Vec<f64>, Moments) {
        let mut out = Vec::new();
        let moments = scores(&mut CrossSection::default(), members, &mut out);
        (out, moments)
    }

    fn neutral(scores: &[f64], sectors: &[Option<i32>]) -> Vec<f64> {
        let mut out = Vec::new();
        sector_neutral(&mut CrossSection::default(), scores, sectors, &mut out);
        out
    }

    #[test]
    fn every_family_that_a_factor_names_is_there_with_its_members() {
        let names = |name: &str| {
            let family = all().iter().find(|family| family.name == name).unwrap();
            family.members.iter().map(|at| FACTORS[*at].name).collect::<Vec<_>>()
        };
        assert_eq!(names("momentum"), ["mom_12_1", "mom_6_1", "mom_risk_adj", "high_52w"]);
        assert_eq!(names("growth"), ["sales_growth", "eps_growth"]);
        let members: usize = all().iter().map(|family| family.members.len()).sum();
        assert_eq!(members, FACTORS.iter().filter(|factor| factor.family.is_some()).count());
    }

    #[test]
    fn a_score_is_the_mean_of_the_members_standardised() {
        let three: Vec<f64> = two_camps().iter().map(|z| 3.0 * z).collect();
        let (out, moments) = scored(&[&two_camps(), &three]);
        assert_eq!(out, two_camps());
        assert_eq!((moments.count, moments.mean, moments.sd), (10, 0.0, 2.0));
    }

    #[test]
    fn half_of_the_members_are_enough_and_fewer_are_not() {
        let (mut a, mut b, c) = (two_camps(), two_camps(), two_camps());
        a.push(NULL);
        b.push(1.0);
        let with = |last: f64| c.iter().copied().chain([last]).collect::<Vec<_>>();
        assert_eq!(scored(&[&a, &b, &with(NULL), &with(1.0)]).1.count, 11);
        assert_eq!(scored(&[&a, &b, &with(NULL), &with(NULL)]).1.count, 10);
        assert!(scored(&[&a, &b, &with(NULL)]).0[10].is_nan(), "one of three is under half, rounded up");
    }

    #[test]
    fn nine_names_or_equal_names_have_no_score() {
        assert!(scored(&[&two_camps()[..9]]).0.iter().all(|score| score.is_nan()));
        assert!(scored(&[&[0.3; 12]]).0.iter().all(|score| score.is_nan()));
        assert_eq!(scored(&[]).0.len(), 0);
    }

    #[test]
    fn an_extreme_mean_is_neither_bounded_nor_clipped() {
        let mut z = vec![0.0; 200];
        z[7] = 3.0;
        let (out, moments) = scored(&[&z]);
        assert_eq!((moments.lower, moments.upper), (0.0, 3.0));
        assert!(out[7] > 14.0, "{}", out[7]);
    }

    #[test]
    fn a_sector_of_five_loses_its_mean_and_one_of_four_keeps_it() {
        let mut values = vec![3.0, 4.0, 5.0, 6.0, 7.0];
        values.extend([10.0, 10.0, 10.0, 11.0, -20.0]);
        let mut sectors = vec![Some(1); 5];
        sectors.extend([Some(2), Some(2), Some(2), Some(2), None]);
        let got = neutral(&values, &sectors);
        let expected = [-2.0, -1.0, 0.0, 1.0, 2.0, 10.0, 10.0, 10.0, 11.0, -20.0];
        let mean = expected.iter().sum::<f64>() / 10.0;
        let sd = (expected.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 10.0).sqrt();
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - (expected - mean) / sd).abs() < 1e-12);
        }
    }

    #[test]
    fn a_null_score_stays_null_and_is_not_a_name_of_its_sector() {
        let mut values = two_camps();
        values.push(NULL);
        let got = neutral(&values, &[Some(1); 11]);
        assert_eq!(got[..10], two_camps()[..]);
        assert!(got[10].is_nan());
    }
}
