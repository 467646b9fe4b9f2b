//! One session's whole cross-section: the moments of every factor, and the family scores that rest on them.

use rayon::prelude::*;

use super::NULL;
use super::catalogue::{FACTOR_COUNT, FACTORS};
use super::cross_section::{CrossSection, Moments, z};
use super::factor_set::FactorSet;
use super::families::{self, Family};

/// The rows of one session in columns, in ascending order of instrument. All columns have one length; null is NaN.
#[derive(Debug, Clone)]
pub struct SessionColumns {
    /// Who is in the population.
    pub population: Vec<bool>,
    /// Sector of each row, as any number that is the same within a sector.
    pub sectors: Vec<Option<i32>>,
    /// A column a factor, in the order of [`FACTORS`].
    pub values: [Vec<f64>; FACTOR_COUNT],
}

impl Default for SessionColumns {
    fn default() -> Self {
        Self { population: Vec::new(), sectors: Vec::new(), values: std::array::from_fn(|_| Vec::new()) }
    }
}

impl SessionColumns {
    /// Appends a row.
    pub fn push(&mut self, in_population: bool, sector: Option<i32>, values: &[f64; FACTOR_COUNT]) {
        self.population.push(in_population);
        self.sectors.push(sector);
        for (column, value) in self.values.iter_mut().zip(values) {
            column.push(*value);
        }
    }
}

/// A family's standing in one session.
#[derive(Debug, Clone)]
pub struct FamilyScores {
    /// Which family.
    pub family: &'static Family,
    /// Its score, a row each; null outside the population.
    pub scores: Vec<f64>,
    /// The same less the sector's mean (`…_sn`).
    pub neutral: Vec<f64>,
}

/// What the cross-section of a session is.
#[derive(Debug, Clone)]
pub struct Section {
    /// Name of each factor, family and sector-neutral family (`…_sn`), with its moments.
    pub moments: Vec<(String, Moments)>,
    /// The scores of each family.
    pub families: Vec<FamilyScores>,
}

impl Section {
    /// The z-scores of the factor at the place `at` of [`FACTORS`], a row of `columns` each; null outside the population.
    pub fn z_scores(&self, columns: &SessionColumns, at: usize) -> Vec<f64> {
        z_column(at, columns, &self.moments[at].1)
    }
}

/// Computes a session's cross-section. `section` is memory to use again.
pub fn cross_section(section: &mut CrossSection, columns: &SessionColumns) -> Section {
    cross_section_of(section, columns, FactorSet::ALL)
}

/// The part of a session's cross-section that the factors of `moved` move: their moments, and the families that one of them
/// belongs to, the members' moments not among them. Of `columns` only those of [`FactorSet::with_relatives`] are read. What is
/// there has the bits of the whole.
pub fn cross_section_of(section: &mut CrossSection, columns: &SessionColumns, moved: FactorSet) -> Section {
    let mut of_factors = [Moments::NONE; FACTOR_COUNT];
    for at in moved.with_relatives().places() {
        of_factors[at] = section.moments(&columns.values[at], &columns.population);
    }
    let families = families_of(moved).map(|family| scored(section, family, columns, &of_factors)).collect();
    assembled(moved, &of_factors, families)
}

/// The same on all cores, for a session that is alone.
pub fn cross_section_on_all_cores(columns: &SessionColumns, moved: FactorSet) -> Section {
    let mut of_factors = [Moments::NONE; FACTOR_COUNT];
    let places: Vec<usize> = moved.with_relatives().places().collect();
    let moments: Vec<Moments> = places
        .par_iter()
        .map_init(CrossSection::default, |section, at| {
            section.moments(&columns.values[*at], &columns.population)
        })
        .collect();
    for (at, moments) in places.into_iter().zip(moments) {
        of_factors[at] = moments;
    }
    let families = families_of(moved)
        .collect::<Vec<_>>()
        .into_par_iter()
        .map_init(CrossSection::default, |section, family| scored(section, family, columns, &of_factors))
        .collect();
    assembled(moved, &of_factors, families)
}

/// The families that one of the factors of `moved` belongs to.
fn families_of(moved: FactorSet) -> impl Iterator<Item = &'static Family> {
    families::all().iter().filter(move |family| moved.touches(&family.members))
}

/// A family's standing, with the moments of its scores and of the sector-neutral ones.
fn scored(
    section: &mut CrossSection,
    family: &'static Family,
    columns: &SessionColumns,
    of_factors: &[Moments; FACTOR_COUNT],
) -> (FamilyScores, [Moments; 2]) {
    let members: Vec<Vec<f64>> =
        family.members.iter().map(|at| z_column(*at, columns, &of_factors[*at])).collect();
    let members: Vec<&[f64]> = members.iter().map(Vec::as_slice).collect();
    let mut scores = Vec::with_capacity(columns.population.len());
    let raw = families::scores(section, &members, &mut scores);
    let mut neutral = Vec::with_capacity(scores.len());
    let of_neutral = families::sector_neutral(section, &scores, &columns.sectors, &mut neutral);
    (FamilyScores { family, scores, neutral }, [raw, of_neutral])
}

fn assembled(
    moved: FactorSet,
    of_factors: &[Moments; FACTOR_COUNT],
    scored: Vec<(FamilyScores, [Moments; 2])>,
) -> Section {
    let mut moments: Vec<(String, Moments)> =
        moved.places().map(|at| (FACTORS[at].name.to_owned(), of_factors[at])).collect();
    let mut families = Vec::with_capacity(scored.len());
    for (family, [raw, neutral]) in scored {
        moments.push((family.family.name.to_owned(), raw));
        moments.push((format!("{}_sn", family.family.name), neutral));
        families.push(family);
    }
    Section { moments, families }
}

/// The z-scores of the factor at a position of the catalogue, null outside the population.
fn z_column(at: usize, columns: &SessionColumns, moments: &Moments) -> Vec<f64> {
    let direction = FACTORS[at].direction;
    let member = |(value, member): (&f64, &bool)| if *member { z(*value, moments, direction) } else { NULL };
    columns.values[at].iter().zip(&columns.population).map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forty names in two sectors and none, with a value of every factor that depends on the place.
    fn session() -> SessionColumns {
        let mut columns = SessionColumns::default();
        for name in 0..40_u32 {
            let value = |at: usize| {
                if (name as usize + at).is_multiple_of(11) {
                    NULL
                } else {
                    f64::from((name * 37 + at as u32 * 13) % 101)
                }
            };
            columns.push(
                name % 7 != 0,
                [None, Some(1), Some(2)][name as usize % 3],
                &std::array::from_fn(value),
            );
        }
        columns
    }

    #[test]
    fn a_part_has_the_bits_of_the_whole_and_reads_no_other_column() {
        let columns = session();
        let mut memory = CrossSection::default();
        let whole = cross_section(&mut memory, &columns);
        for (at, factor) in FACTORS.iter().enumerate() {
            let moved = FactorSet::NONE.with(at);
            let mut fewer = columns.clone();
            for (place, column) in fewer.values.iter_mut().enumerate() {
                if !moved.with_relatives().contains(place) {
                    column.fill(NULL);
                }
            }
            let part = cross_section_of(&mut memory, &fewer, moved);
            let at_once = cross_section_on_all_cores(&fewer, moved);
            assert_eq!(format!("{part:?}"), format!("{at_once:?}"));
            let family = factor.family.into_iter().flat_map(|name| [name.to_owned(), format!("{name}_sn")]);
            let names: Vec<String> = std::iter::once(factor.name.to_owned()).chain(family).collect();
            assert_eq!(part.moments.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), names);
            for (name, moments) in &part.moments {
                let (_, expected) = whole.moments.iter().find(|(known, _)| known == name).unwrap();
                assert!(moments.count > 0 && moments == expected, "{name}");
            }
        }
    }
}
