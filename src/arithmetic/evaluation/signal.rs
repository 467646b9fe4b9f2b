//! What can be evaluated: a factor, a family, or either less its sector's mean; by name, and as a column of one session.

use crate::arithmetic::NULL;
use crate::arithmetic::catalogue::{self, Direction, FACTORS};
use crate::arithmetic::cross_section::{CrossSection, z};
use crate::arithmetic::families::{self, Family};
use crate::arithmetic::session::{Section, SessionColumns, cross_section};

/// What a value is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Position in [`FACTORS`].
    Factor(usize),
    Family(&'static Family),
}

/// Something that gives every name of a session a value, higher preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    source: Source,
    /// Whether the sector's mean is taken off.
    neutral: bool,
}

impl Signal {
    /// Every name that [`Signal::named`] knows: factors, families, sector-neutral families.
    pub fn names() -> Vec<String> {
        let factors = FACTORS.iter().map(|factor| factor.name.to_owned());
        let scores = families::all().iter().map(|family| family.name.to_owned());
        let neutral = families::all().iter().map(|family| format!("{}_sn", family.name));
        factors.chain(scores).chain(neutral).collect()
    }

    /// The signal called `name`. With `neutral`, less its sector's mean; a name that ends in `_sn` is that already.
    pub fn named(name: &str, neutral: bool) -> Option<Signal> {
        if let Some(position) = catalogue::position(name) {
            return Some(Signal { source: Source::Factor(position), neutral });
        }
        let (family, neutral) = match name.strip_suffix("_sn") {
            Some(family) => (family, true),
            None => (name, neutral),
        };
        let family = families::all().iter().find(|known| known.name == family)?;
        Some(Signal { source: Source::Family(family), neutral })
    }

    /// Known names that are close to `name`, closest first: those within a third of its letters of it, or that contain it.
    pub fn similar(name: &str) -> Vec<String> {
        let name = name.to_lowercase();
        let mut close: Vec<(usize, String)> = Self::names()
            .into_iter()
            .map(|known| (edits(&name, &known), known))
            .filter(|(edits, known)| {
                *edits * 3 <= name.len().max(3) || name.len() > 1 && known.contains(&name)
            })
            .collect();
        close.sort();
        close.into_iter().take(5).map(|(_, known)| known).collect()
    }

    /// Name of the signal; `_sn` at its end says that it is less its sector's mean.
    pub fn name(&self) -> String {
        let name = match self.source {
            Source::Factor(position) => FACTORS[position].name,
            Source::Family(family) => family.name,
        };
        if self.neutral { format!("{name}_sn") } else { name.to_owned() }
    }

    /// What the value is, in words.
    pub fn definition(&self) -> String {
        match self.source {
            Source::Factor(position) => FACTORS[position].definition.to_owned(),
            Source::Family(family) => {
                let members: Vec<&str> = family.members.iter().map(|at| FACTORS[*at].name).collect();
                format!("mean of the z-scores of {}, standardised", members.join(", "))
            }
        }
    }

    /// Which way the value was turned, and what was taken off it, in words.
    pub fn treatment(&self) -> String {
        let turned = match self.source {
            Source::Factor(position) => match FACTORS[position].direction {
                Direction::Higher => "more is preferred: as it is",
                Direction::Lower => "less is preferred: turned round, so that the top quantile has the least",
                Direction::Unstated => "no direction is given: as it is",
            },
            Source::Family(_) => "each member turned by its direction: more is preferred",
        };
        if self.neutral {
            format!("{turned}; z-score less the mean of its sector (of 5 names at least; others as they are)")
        } else {
            turned.to_owned()
        }
    }

    /// Whether the sector's mean is taken off.
    pub fn is_neutral(&self) -> bool {
        self.neutral
    }

    /// Whether the value rests on more of the session than the instrument's own row.
    fn needs_section(&self) -> bool {
        self.neutral || matches!(self.source, Source::Family(_))
    }
}

/// The column of each of `signals` over the rows of a session, in ascending order of instrument; null outside of the
/// population. `section` is memory to use again.
pub fn columns(signals: &[Signal], session: &SessionColumns, section: &mut CrossSection) -> Vec<Vec<f64>> {
    let whole = signals.iter().any(Signal::needs_section).then(|| cross_section(section, session));
    signals.iter().map(|signal| column(signal, session, whole.as_ref(), section)).collect()
}

fn column(
    signal: &Signal,
    session: &SessionColumns,
    whole: Option<&Section>,
    section: &mut CrossSection,
) -> Vec<f64> {
    let scores = match (signal.source, whole) {
        (Source::Factor(position), whole) => {
            let direction = FACTORS[position].direction;
            let moments = whole.filter(|_| signal.neutral).map(|whole| whole.moments[position].1);
            let value = |(value, member): (&f64, &bool)| match moments {
                _ if !member || value.is_nan() => NULL,
                Some(moments) => z(*value, &moments, direction),
                None => value * direction.sign() + 0.0,
            };
            session.values[position].iter().zip(&session.population).map(value).collect()
        }
        (Source::Family(family), Some(whole)) => {
            let scored = whole.families.iter().find(|scored| scored.family == family);
            scored.map_or_else(|| vec![NULL; session.population.len()], |scored| scored.scores.clone())
        }
        (Source::Family(_), None) => vec![NULL; session.population.len()],
    };
    if !signal.neutral {
        return scores;
    }
    let mut neutral = Vec::with_capacity(scores.len());
    families::sector_neutral(section, &scores, &session.sectors, &mut neutral);
    neutral
}

/// Fewest letters to insert, delete or replace to get from one word to the other (Levenshtein).
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (place, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(row[place] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::catalogue::FACTOR_COUNT;

    /// Twelve names, the last one outside of the population; every factor of name n is n, in two sectors.
    fn session() -> SessionColumns {
        let mut session = SessionColumns::default();
        for name in 0..12 {
            session.push(name < 11, Some(name / 6), &[f64::from(name); FACTOR_COUNT]);
        }
        session
    }

    fn of(name: &str, neutral: bool) -> Vec<f64> {
        let signal = Signal::named(name, neutral).unwrap();
        columns(&[signal], &session(), &mut CrossSection::default()).remove(0)
    }

    #[test]
    fn a_factor_is_its_raw_value_turned_by_its_direction() {
        assert_eq!(of("mom_3", false)[..3], [0.0, 1.0, 2.0]);
        assert_eq!(of("vol_60", false)[..3], [0.0, -1.0, -2.0]);
        assert_eq!(of("vol_60", false)[0].to_bits(), 0.0_f64.to_bits());
        assert!(of("mom_3", false)[11].is_nan(), "outside of the population");
    }

    #[test]
    fn a_family_is_its_score_as_the_cross_section_gives_it() {
        let whole = cross_section(&mut CrossSection::default(), &session());
        assert_eq!(of("momentum", false)[..11], whole.families[0].scores[..11]);
        assert_eq!(of("momentum_sn", false)[..11], of("momentum", true)[..11]);
        assert_eq!(Signal::named("momentum", true), Signal::named("momentum_sn", false));
    }

    #[test]
    fn a_sector_neutral_value_is_less_the_mean_of_its_sector() {
        let neutral = of("mom_3", true);
        // Six names of sector 0 and five of sector 1: both means are 0 then.
        assert!(
            neutral[..6].iter().sum::<f64>().abs() < 1e-12
                && neutral[6..11].iter().sum::<f64>().abs() < 1e-12
        );
        assert!(neutral[5] > neutral[6], "the best of the worse sector beats the worst of the better one");
    }

    #[test]
    fn every_name_is_found_and_a_wrong_one_brings_its_neighbours() {
        for name in Signal::names() {
            assert_eq!(Signal::named(&name, false).unwrap().name(), name);
        }
        assert_eq!(Signal::named("mom_12", false), None);
        assert_eq!(Signal::similar("mom_12")[0], "mom_12_1");
        assert_eq!(Signal::similar("Vol_60")[0], "vol_60");
        assert_eq!(Signal::similar("momentun")[0], "momentum");
        assert!(Signal::similar("beta").contains(&"beta_252".to_owned()));
        assert!(Signal::similar("xylophone").is_empty());
    }

    #[test]
    fn edits_are_counted_as_in_the_textbook() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!((edits("", "abc"), edits("abc", "abc")), (3, 0));
    }
}
