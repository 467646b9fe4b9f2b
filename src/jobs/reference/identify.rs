//! Whose entry is it? The composite FIGI tells, else the FIGI of the share class, else the ticker within its time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use crate::domain::listing::{Held, Known, Listing};

/// Why an entry of the list is not used. The text is what the summary counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Refusal {
    /// Two entries claim one ticker at one time.
    #[error("another entry has the ticker at the same time")]
    Taken,
    /// One FIGI has two tickers at one time.
    #[error("its FIGI has another ticker at the same time")]
    TwoTickers,
    /// The ticker was another FIGI's here, which the list does not have any more, and nothing says since when it is not.
    #[error("its ticker is another FIGI's here, and nothing says since when (--events asks)")]
    NewFigi,
    /// A FIGI has a new ticker, and both tickers have bars of one session.
    #[error("its FIGI has a new ticker, but both tickers trade")]
    BothTrade,
    /// Nothing is left of its time under the ticker.
    #[error("other instruments have its ticker on all of its days")]
    NoDays,
}

/// One instrument of the list, or of the database alone.
#[derive(Debug, Clone, Default)]
pub struct Entity {
    /// Its place among the known instruments; none where it is new.
    pub known: Option<usize>,
    /// Its entries, by their place in the list.
    pub entries: Vec<usize>,
    /// Whether its present ticker is held by a known instrument of another FIGI that the list does not have.
    pub contested: bool,
    /// Whether its FIGI replaces another one of the same listing.
    pub corrected: bool,
}

/// The instruments behind the entries, and the entries that are not used.
#[derive(Debug, Default)]
pub struct Identified {
    /// Instruments: those of the list, then those that only the database knows by an earlier list.
    pub entities: Vec<Entity>,
    /// Entries that are not used.
    pub refused: Vec<(usize, Refusal)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Composite(&'a str),
    ShareClass(&'a str),
    /// One entry on its own.
    Entry(usize),
}

/// What the database knows, ready to be asked.
struct Index<'a> {
    known: &'a [Known],
    by_composite: HashMap<&'a str, usize>,
    by_share_class: HashMap<&'a str, Vec<usize>>,
    by_ticker: HashMap<&'a str, Vec<(&'a Held, usize)>>,
}

impl<'a> Index<'a> {
    fn new(known: &'a [Known], held: &'a [Held]) -> Self {
        let place: HashMap<i32, usize> = known.iter().enumerate().map(|(at, known)| (known.id, at)).collect();
        let mut index = Self {
            known,
            by_composite: HashMap::new(),
            by_share_class: HashMap::new(),
            by_ticker: HashMap::new(),
        };
        for (at, known) in known.iter().enumerate() {
            if let Some(figi) = &known.composite_figi {
                index.by_composite.insert(figi, at);
            }
            if let Some(figi) = &known.share_class_figi {
                index.by_share_class.entry(figi).or_default().push(at);
            }
        }
        for period in held {
            if let Some(at) = place.get(&period.instrument_id) {
                index.by_ticker.entry(&period.ticker).or_default().push((period, *at));
            }
        }
        index
    }

    /// Who has the ticker of `entry` on its last day, or now.
    fn holder(&self, entry: &Listing) -> Option<(&'a Held, usize)> {
        let is_it = |period: &Held| match entry.last_day {
            None => period.until.is_none(),
            Some(last) => period.contains(last),
        };
        self.by_ticker.get(entry.ticker.as_str())?.iter().find(|(period, _)| is_it(period)).copied()
    }

    /// Whether the holder of the entry's ticker has the entry's FIGI.
    fn stands(&self, entry: &Listing) -> bool {
        entry.composite_figi.is_some()
            && self.holder(entry).is_some_and(|(_, at)| self.known[at].composite_figi == entry.composite_figi)
    }
}

/// Finds the instruments behind `entries`, each of which is there once. Their order does not matter but for the places.
pub fn identify(entries: &[Listing], known: &[Known], held: &[Held]) -> Identified {
    let index = Index::new(known, held);
    let mut found = Identified::default();
    let used = one_a_ticker(entries, &index, &mut found.refused);
    let mut groups = group(entries, &used, &index);
    for group in groups.values_mut() {
        one_ticker_at_a_time(entries, group, &index, &mut found.refused);
    }
    let groups: Vec<(Key<'_>, Vec<usize>)> =
        groups.into_iter().filter(|(_, entries)| !entries.is_empty()).collect();
    let composites: BTreeSet<&str> = entries.iter().filter_map(|e| e.composite_figi.as_deref()).collect();
    let mut matching = Matching {
        entries,
        index: &index,
        composites,
        entities: groups
            .iter()
            .map(|(_, entries)| Entity { entries: entries.clone(), ..Entity::default() })
            .collect(),
        taken: vec![false; known.len()],
    };
    matching.by_figi(&groups);
    matching.by_ticker();
    let Matching { mut entities, taken, .. } = matching;
    for entity in &mut entities {
        entity.contested = entity.known.is_none()
            && entity.entries.iter().any(|at| {
                let entry = &entries[*at];
                let holder = if entry.last_day.is_none() { index.holder(entry) } else { None };
                holder.is_some_and(|(_, known_at)| known[known_at].listed && !taken[known_at])
            });
    }
    found.entities = entities;
    let only_here = (0..known.len()).filter(|at| known[*at].listed && !taken[*at]);
    found.entities.extend(only_here.map(|at| Entity { known: Some(at), ..Entity::default() }));
    found
}

/// The order of entries of which one can stay: the one that the database has, then the latest, then by what identifies it.
fn precedence<'a>(entry: &'a Listing, index: &Index<'_>) -> impl Ord + use<'a> {
    use std::cmp::Reverse;
    (Reverse(index.stands(entry)), Reverse(entry.updated), entry)
}

/// Of the entries of one ticker and last day, one.
fn one_a_ticker(entries: &[Listing], index: &Index<'_>, refused: &mut Vec<(usize, Refusal)>) -> Vec<usize> {
    let mut by_time: BTreeMap<(&str, Option<NaiveDate>), Vec<usize>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        by_time.entry((&entry.ticker, entry.last_day)).or_default().push(at);
    }
    let mut used = Vec::new();
    for mut same in by_time.into_values() {
        same.sort_by_key(|at| precedence(&entries[*at], index));
        used.push(same[0]);
        refused.extend(same[1..].iter().map(|at| (*at, Refusal::Taken)));
    }
    used
}

/// Entries by what identifies them. A share class joins entries only where it leads to one instrument, and where no two of
/// them trade now: one class can trade in several lines at once.
fn group<'a>(entries: &'a [Listing], used: &[usize], index: &Index<'a>) -> BTreeMap<Key<'a>, Vec<usize>> {
    let mut composites: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    let mut active: HashMap<&str, usize> = HashMap::new();
    for entry in used.iter().map(|at| &entries[*at]) {
        let Some(class) = entry.share_class_figi.as_deref() else { continue };
        *active.entry(class).or_default() += usize::from(entry.last_day.is_none());
        composites.entry(class).or_default().extend(entry.composite_figi.as_deref());
    }
    for (class, found) in &mut composites {
        let known = index.by_share_class.get(class).into_iter().flatten();
        found.extend(known.filter_map(|at| index.known[*at].composite_figi.as_deref()));
    }
    let key = |at: usize| match (&entries[at].composite_figi, entries[at].share_class_figi.as_deref()) {
        (Some(figi), _) => Key::Composite(figi),
        (None, Some(class)) if active[class] <= 1 => {
            let mut found = composites[class].iter();
            match (found.next(), found.next()) {
                (Some(figi), None) => Key::Composite(figi),
                (None, _) => Key::ShareClass(class),
                _ => Key::Entry(at),
            }
        }
        _ => Key::Entry(at),
    };
    let mut groups: BTreeMap<Key<'a>, Vec<usize>> = BTreeMap::new();
    for at in used {
        groups.entry(key(*at)).or_default().push(*at);
    }
    groups
}

/// Of a group's entries with one last day (or none), one: the one that the database has, then the latest.
fn one_ticker_at_a_time(
    entries: &[Listing],
    group: &mut Vec<usize>,
    index: &Index<'_>,
    refused: &mut Vec<(usize, Refusal)>,
) {
    group.sort_by_key(|at| {
        (entries[*at].last_day.unwrap_or(NaiveDate::MAX), precedence(&entries[*at], index))
    });
    group.dedup_by(|later, kept| {
        let twice = entries[*later].last_day == entries[*kept].last_day;
        if twice {
            refused.push((*later, Refusal::TwoTickers));
        }
        twice
    });
}

/// Instruments of the list finding those of the database, each at most once.
struct Matching<'a> {
    entries: &'a [Listing],
    index: &'a Index<'a>,
    /// FIGIs that the list has.
    composites: BTreeSet<&'a str>,
    entities: Vec<Entity>,
    taken: Vec<bool>,
}

impl Matching<'_> {
    fn take(&mut self, entity: usize, known: usize) {
        self.entities[entity].known = Some(known);
        self.taken[known] = true;
    }

    fn by_figi(&mut self, groups: &[(Key<'_>, Vec<usize>)]) {
        for (at, (key, _)) in groups.iter().enumerate() {
            if let Key::Composite(figi) = key
                && let Some(known) = self.index.by_composite.get(figi)
            {
                self.take(at, *known);
            }
        }
        for (at, (key, entries)) in groups.iter().enumerate() {
            let class = match key {
                Key::Entry(_) => None,
                Key::ShareClass(class) => Some(*class),
                Key::Composite(_) => {
                    entries.iter().find_map(|entry| self.entries[*entry].share_class_figi.as_deref())
                }
            };
            let Some(class) = class.filter(|_| self.entities[at].known.is_none()) else { continue };
            let known = self.index.by_share_class.get(class).map_or(&[][..], Vec::as_slice);
            if let [known] = known
                && !self.taken[*known]
                && (matches!(key, Key::ShareClass(_)) || self.index.known[*known].composite_figi.is_none())
            {
                self.take(at, *known);
            }
        }
    }

    /// Listings that end on the same day first, then those of now, then those that the database did not know to have ended; at
    /// last those whose FIGI the vendor has replaced.
    fn by_ticker(&mut self) {
        let ends_there = |entry: &Listing, period: &Held| {
            entry.last_day.and_then(|last| last.succ_opt()).is_some_and(|end| period.until == Some(end))
        };
        self.pass(|_, entry, period, known| ends_there(entry, period) && compatible(entry, known));
        self.pass(|_, entry, _, known| entry.last_day.is_none() && compatible(entry, known));
        self.pass(|_, entry, _, known| compatible(entry, known));
        let found_before: Vec<bool> = self.entities.iter().map(|entity| entity.known.is_some()).collect();
        self.pass(|matching, entry, period, known| {
            let vanished =
                known.composite_figi.as_deref().is_some_and(|figi| !matching.composites.contains(figi));
            let same_company = entry.cik.is_some() && entry.cik == known.cik;
            vanished && (ends_there(entry, period) || (entry.last_day.is_none() && same_company))
        });
        for (entity, before) in self.entities.iter_mut().zip(found_before) {
            entity.corrected = entity.known.is_some() && !before;
        }
    }

    fn pass(&mut self, fits: impl Fn(&Self, &Listing, &Held, &Known) -> bool) {
        let latest = |at: usize| {
            let entry = self.entities[at].entries.last().map(|entry| &self.entries[*entry]);
            entry.map_or(NaiveDate::MIN, |entry| entry.last_day.unwrap_or(NaiveDate::MAX))
        };
        let mut free: Vec<usize> =
            (0..self.entities.len()).filter(|at| self.entities[*at].known.is_none()).collect();
        free.sort_by_key(|at| std::cmp::Reverse(latest(*at)));
        for at in free {
            // The latest entry says best who it is.
            let found = self.entities[at].entries.iter().rev().find_map(|entry| {
                let entry = &self.entries[*entry];
                let (period, known_at) = self.index.holder(entry)?;
                let known = &self.index.known[known_at];
                let free = known.listed && !self.taken[known_at];
                (free && fits(self, entry, period, known)).then_some(known_at)
            });
            if let Some(known) = found {
                self.take(at, known);
            }
        }
    }
}

/// Whether nothing that identifies them says that they are two.
fn compatible(entry: &Listing, known: &Known) -> bool {
    let differ = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
    !differ(&entry.composite_figi, &known.composite_figi)
        && !differ(&entry.share_class_figi, &known.share_class_figi)
}
