//! One row's place in its session, step by step: z-score and rank of a factor, and the score of a family. The same arithmetic
//! as `cross_section`, `families` and `ranks`, for one row, by the session's stored moments.

use std::collections::BTreeMap;

use serde::Serialize;

use super::catalogue::{Direction, FACTORS};
use super::cross_section::{CLIP, LEAST_NAMES, Moments, z};
use super::families::{self, Family};
use super::session::SessionColumns;
use super::{NULL, kept};

/// A session as a row is held against it.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    /// All rows, in ascending order of instrument. Of sectors it matters only who shares the row's.
    pub columns: &'a SessionColumns,
    /// Moments of factors and families by name.
    pub moments: &'a BTreeMap<String, Moments>,
    /// The row.
    pub at: usize,
}

/// A factor's value among the others of its session. NaN is null.
#[derive(Debug, Clone, Serialize)]
pub struct Standing {
    /// The session's moments of the factor.
    pub moments: Moments,
    /// The value, raised to the lower bound or cut to the upper one.
    pub winsorised: f64,
    /// Its distance from the mean in standard deviations.
    pub z_before_clip: f64,
    /// The same, kept within −3 and 3.
    pub z_before_turn: f64,
    /// The same, turned so that more is preferred: what enters a family.
    pub z: f64,
    /// Why there is no z; none where there is one.
    pub why_no_z: Option<String>,
    /// The place of the raw value; none where it is null or outside the population.
    pub rank: Option<Rank>,
}

/// A place among the values of the population that are not null.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rank {
    /// How many are smaller.
    pub below: u32,
    /// How many are equal, itself counted.
    pub ties: u32,
    /// How many there are.
    pub of: u32,
    /// (below + ties / 2) / of.
    pub percentile: f64,
}

/// A family's score of a row. NaN is null.
#[derive(Debug, Clone, Serialize)]
pub struct FamilyStanding {
    /// Name of the family.
    pub family: &'static str,
    /// Its members, in the order in which they are added.
    pub members: Vec<Member>,
    /// How many members have a z.
    pub present: usize,
    /// With fewer than these there is no score.
    pub least: usize,
    /// Mean of the z that are present.
    pub mean: f64,
    /// The session's moments of these means.
    pub moments: Moments,
    /// The family's score: the mean, standardised.
    pub score: f64,
    /// Why there is no score; none where there is one.
    pub why_no_score: Option<String>,
    /// The place of the score among those of the session.
    pub rank: Option<Rank>,
    /// Names of the row's sector that have a score, itself counted; 0 without a sector.
    pub sector_names: u32,
    /// Mean of their scores; null without any.
    pub sector_mean: f64,
    /// What is taken off the score: the sector's mean, or 0 where it has too few names.
    pub taken_off: f64,
    /// The session's moments of what is left.
    pub sn_moments: Moments,
    /// The sector-neutral score.
    pub sn_score: f64,
}

/// A member of a family.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// The factor.
    pub factor: &'static str,
    /// Its raw value.
    pub value: f64,
    /// Its z, turned so that more is preferred.
    pub z: f64,
}

/// The standing of the factor at position `place` of the catalogue.
pub fn of_factor(session: Session<'_>, place: usize) -> Standing {
    let Session { columns, at, .. } = session;
    let factor = &FACTORS[place];
    let moments = session.moments_of(factor.name);
    let value = columns.values[place][at];
    let in_population = columns.population[at];
    let why_no_z = if value.is_nan() {
        Some("the value is null".to_owned())
    } else if in_population {
        no_scores(&moments, "value")
    } else {
        Some("it is not in the population".to_owned())
    };
    let standardised = if in_population { moments.standardised(value) } else { NULL };
    let clipped = if standardised.is_nan() { NULL } else { standardised.clamp(-CLIP, CLIP) };
    let winsorised = value.max(moments.lower).min(moments.upper);
    Standing {
        moments,
        winsorised: if value.is_nan() || !in_population { NULL } else { winsorised },
        z_before_clip: standardised,
        z_before_turn: clipped,
        z: session.z(place, at, &moments, factor.direction),
        why_no_z,
        rank: rank(&columns.values[place], &columns.population, at),
    }
}

/// The standing of a family.
pub fn of_family(session: Session<'_>, family: &'static Family) -> FamilyStanding {
    let Session { columns, at, .. } = session;
    let rows = columns.population.len();
    let z: Vec<Vec<f64>> = family
        .members
        .iter()
        .map(|place| {
            let moments = session.moments_of(FACTORS[*place].name);
            (0..rows).map(|row| session.z(*place, row, &moments, FACTORS[*place].direction)).collect()
        })
        .collect();
    let z: Vec<&[f64]> = z.iter().map(Vec::as_slice).collect();
    let moments = session.moments_of(family.name);
    let score = |row| moments.standardised(families::mean_of_present(&z, row));
    let scores: Vec<f64> = (0..rows).map(score).collect();
    let sector = columns.sectors[at];
    let (mut total, mut sector_names) = (0.0, 0);
    for (score, other) in scores.iter().zip(&columns.sectors) {
        if sector.is_some() && *other == sector && !score.is_nan() {
            total += score;
            sector_names += 1;
        }
    }
    let taken_off = families::taken_off(total, sector_names);
    let sn_moments = session.moments_of(&format!("{}_sn", family.name));
    let mean = families::mean_of_present(&z, at);
    let present = z.iter().filter(|column| !column[at].is_nan()).count();
    let least = families::least_members(family.members.len());
    let why_no_score = if !columns.population[at] {
        Some("it is not in the population".to_owned())
    } else if present < least {
        Some(format!("needs {least} of {} members, has {present}", family.members.len()))
    } else {
        no_scores(&moments, "mean")
    };
    let members = family.members.iter().zip(&z);
    FamilyStanding {
        family: family.name,
        members: members
            .map(|(place, z)| Member {
                factor: FACTORS[*place].name,
                value: columns.values[*place][at],
                z: z[at],
            })
            .collect(),
        present,
        least,
        mean,
        moments,
        score: scores[at],
        why_no_score,
        rank: rank(&scores, &columns.population, at),
        sector_names,
        sector_mean: kept(total / f64::from(sector_names)),
        taken_off,
        sn_moments,
        sn_score: sn_moments.standardised(scores[at] - taken_off),
    }
}

impl Session<'_> {
    fn moments_of(&self, name: &str) -> Moments {
        self.moments.get(name).copied().unwrap_or(Moments::NONE)
    }

    fn z(&self, place: usize, row: usize, moments: &Moments, direction: Direction) -> f64 {
        if self.columns.population[row] {
            z(self.columns.values[place][row], moments, direction)
        } else {
            NULL
        }
    }
}

/// Why nobody has a score by these moments; none where somebody can.
fn no_scores(moments: &Moments, what: &str) -> Option<String> {
    if moments.count < LEAST_NAMES {
        Some(format!("needs {LEAST_NAMES} names with a {what}, the session has {}", moments.count))
    } else if moments.sd.is_nan() {
        Some(format!("the {what}s are too large for a standard deviation"))
    } else if moments.sd <= 0.0 {
        Some(format!("all {what}s are equal"))
    } else {
        None
    }
}

fn rank(values: &[f64], population: &[bool], at: usize) -> Option<Rank> {
    let value = values[at];
    if value.is_nan() || !population[at] {
        return None;
    }
    let (mut below, mut ties, mut of) = (0, 0, 0);
    for (other, member) in values.iter().zip(population) {
        if *member && !other.is_nan() {
            of += 1;
            below += u32::from(*other < value);
            ties += u32::from(*other == value);
        }
    }
    let percentile = (f64::from(below) + f64::from(ties) / 2.0) / f64::from(of);
    Some(Rank { below, ties, of, percentile })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arithmetic::catalogue::{FACTOR_COUNT, position};
    use crate::arithmetic::cross_section::CrossSection;
    use crate::arithmetic::ranks::percentile_ranks;
    use crate::arithmetic::session::cross_section;

    fn moments_of(columns: &SessionColumns) -> BTreeMap<String, Moments> {
        cross_section(&mut CrossSection::default(), columns).moments.into_iter().collect()
    }

    /// Rows whose values are all `value(row)`.
    fn columns(rows: usize, value: impl Fn(usize) -> f64) -> SessionColumns {
        let mut columns = SessionColumns::default();
        (0..rows).for_each(|row| columns.push(true, Some(1), &[value(row); FACTOR_COUNT]));
        columns
    }

    #[test]
    fn an_outlier_is_bounded_clipped_turned_and_ranked() {
        // 0 … 199, and one of a million: the 99th percentile of 201 values is 198.
        let columns = columns(201, |row| if row == 200 { 1e6 } else { row as f64 });
        let moments = moments_of(&columns);
        let session = Session { columns: &columns, moments: &moments, at: 200 };
        let got = of_factor(session, position("rev_1").unwrap());
        assert_eq!((got.moments.lower, got.moments.upper, got.winsorised), (2.0, 198.0, 198.0));
        assert_eq!(got.z_before_clip, (198.0 - got.moments.mean) / got.moments.sd);
        assert_eq!((got.z_before_turn, got.z), (got.z_before_clip, -got.z_before_clip));
        assert_eq!(got.rank, Some(Rank { below: 200, ties: 1, of: 201, percentile: 200.5 / 201.0 }));
    }

    #[test]
    fn whoever_has_no_score_hears_why() {
        let of = |columns: &SessionColumns, at| {
            let moments = moments_of(columns);
            let session = Session { columns, moments: &moments, at };
            (of_factor(session, 0).why_no_z, of_family(session, &families::all()[0]).why_no_score)
        };
        let why = |columns: &SessionColumns, at| of(columns, at).0.unwrap();
        assert_eq!(why(&columns(9, |row| row as f64), 3), "needs 10 names with a value, the session has 9");
        assert_eq!(why(&columns(12, |_| 7.0), 3), "all values are equal");
        assert_eq!(why(&columns(12, |row| if row == 3 { NULL } else { row as f64 }), 3), "the value is null");
        assert_eq!(of(&columns(12, |row| row as f64), 3), (None, None));
        let mut fund = columns(12, |row| row as f64);
        fund.population[3] = false;
        assert_eq!(why(&fund, 3), "it is not in the population");
        let mut lacking = columns(12, |row| row as f64);
        for factor in ["mom_12_1", "mom_6_1", "mom_risk_adj"] {
            lacking.values[position(factor).unwrap()][3] = NULL;
        }
        assert_eq!(of(&lacking, 3).1.unwrap(), "needs 2 of 4 members, has 1");
        let flat = of(&columns(12, |_| 7.0), 3).1.unwrap();
        assert_eq!(flat, "needs 2 of 4 members, has 0");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

        #[test]
        fn a_row_stands_where_the_whole_session_puts_it(
            rows in prop::collection::vec((0.0..1.0_f64, 0..4_i32, prop::array::uniform8(-2e3..1e3_f64)), 4..60)
        ) {
            let mut columns = SessionColumns::default();
            for (chance, sector, seeds) in &rows {
                // Some values tie, some are null.
                let value = |at: usize| {
                    let value = (seeds[at % 8] * (1.0 + at as f64)).round();
                    if value < -1500.0 { NULL } else if chance * 10.0 % 1.0 < 0.3 { value.signum() } else { value }
                };
                columns.push(*chance < 0.9, Some(*sector).filter(|one| *one > 0), &std::array::from_fn(value));
            }
            let mut memory = CrossSection::default();
            let section = cross_section(&mut memory, &columns);
            let moments: BTreeMap<String, Moments> = section.moments.iter().cloned().collect();
            for at in 0..rows.len() {
                let session = Session { columns: &columns, moments: &moments, at };
                for place in [0, 3, 14, 25] {
                    let ranks = percentile_ranks(&columns.values[place], &columns.population);
                    let got = of_factor(session, place);
                    let percentile = got.rank.map_or(NULL, |rank| rank.percentile);
                    prop_assert_eq!(percentile.to_bits(), ranks[at].to_bits());
                    prop_assert_eq!(got.why_no_z.is_some(), got.z.is_nan());
                }
                for scored in &section.families {
                    let got = of_family(session, scored.family);
                    prop_assert_eq!(got.score.to_bits(), scored.scores[at].to_bits());
                    prop_assert_eq!(got.why_no_score.is_some(), got.score.is_nan());
                    let mut neutral = Vec::new();
                    families::sector_neutral(&mut memory, &scored.scores, &columns.sectors, &mut neutral);
                    prop_assert_eq!(got.sn_score.to_bits(), neutral[at].to_bits());
                }
            }
        }
    }
}
