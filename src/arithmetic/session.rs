//! One session's whole cross-section: the moments of every factor, and the family scores that rest on them.

use super::NULL;
use super::catalogue::{FACTOR_COUNT, FACTORS};
use super::cross_section::{CrossSection, Moments, z};
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
}

/// What the cross-section of a session is.
#[derive(Debug, Clone)]
pub struct Section {
    /// Name of each factor, family and sector-neutral family (`…_sn`), with its moments.
    pub moments: Vec<(String, Moments)>,
    /// The scores of each family.
    pub families: Vec<FamilyScores>,
}

/// Computes a session's cross-section. `section` is memory to use again.
pub fn cross_section(section: &mut CrossSection, columns: &SessionColumns) -> Section {
    let mut moments: Vec<(String, Moments)> = FACTORS
        .iter()
        .zip(&columns.values)
        .map(|(factor, values)| (factor.name.to_owned(), section.moments(values, &columns.population)))
        .collect();
    let mut scored = Vec::new();
    for family in families::all() {
        let members: Vec<Vec<f64>> =
            family.members.iter().map(|at| z_column(*at, columns, &moments[*at].1)).collect();
        let members: Vec<&[f64]> = members.iter().map(Vec::as_slice).collect();
        let mut scores = Vec::with_capacity(columns.population.len());
        let raw = families::scores(section, &members, &mut scores);
        let mut neutral = Vec::with_capacity(scores.len());
        let neutral_moments = families::sector_neutral(section, &scores, &columns.sectors, &mut neutral);
        moments.push((family.name.to_owned(), raw));
        moments.push((format!("{}_sn", family.name), neutral_moments));
        scored.push(FamilyScores { family, scores });
    }
    Section { moments, families: scored }
}

/// The z-scores of the factor at a position of the catalogue, null outside the population.
fn z_column(at: usize, columns: &SessionColumns, moments: &Moments) -> Vec<f64> {
    let direction = FACTORS[at].direction;
    let member = |(value, member): (&f64, &bool)| if *member { z(*value, moments, direction) } else { NULL };
    columns.values[at].iter().zip(&columns.population).map(member).collect()
}
