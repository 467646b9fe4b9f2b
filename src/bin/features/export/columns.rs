//! The columns of an export: which they are, and what a reader has to know of each.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde_json::{Value, json};
use tidemark::arithmetic::catalogue::{self, FACTORS};
use tidemark::arithmetic::families::{self, Family};
use tidemark::failure::Failure;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Ticker,
    SessionDate,
    InstrumentId,
    InPopulation,
    /// The raw value of the factor at this place of the catalogue.
    Factor(usize),
    /// Its z-score.
    ZScore(usize),
    /// The score of the family at this place of all.
    Family(usize),
    /// The same less the sector's mean.
    Neutral(usize),
}

/// A column of the file.
pub struct Column {
    pub name: String,
    pub holds: Holds,
}

/// The columns in the order of the file.
pub struct Columns {
    pub all: Vec<Column>,
    /// Raw factors among them.
    pub factors: usize,
}

impl Columns {
    /// The keys, then `wanted` factors (all where none is named) in their order, then their z-scores and the family scores.
    pub fn choose(wanted: &[String], scores: bool) -> Result<Self, Failure> {
        let mut places: Vec<usize> = Vec::new();
        for name in wanted {
            let at = catalogue::position(name).ok_or_else(|| unknown(name))?;
            if !places.contains(&at) {
                places.push(at);
            }
        }
        if wanted.is_empty() {
            places.extend(0..FACTORS.len());
        }
        let column = |name: &str, holds| Column { name: name.into(), holds };
        let mut all = vec![
            column("ticker", Holds::Ticker),
            column("session_date", Holds::SessionDate),
            column("instrument_id", Holds::InstrumentId),
            column("in_population", Holds::InPopulation),
        ];
        all.extend(places.iter().map(|at| column(FACTORS[*at].name, Holds::Factor(*at))));
        if scores {
            let z = |at: &usize| column(&format!("{}_z", FACTORS[*at].name), Holds::ZScore(*at));
            all.extend(places.iter().map(z));
            for (at, family) in families::all().iter().enumerate() {
                all.push(column(family.name, Holds::Family(at)));
                all.push(column(&format!("{}_sn", family.name), Holds::Neutral(at)));
            }
        }
        Ok(Self { all, factors: places.len() })
    }

    /// Those that rest on a session's whole population.
    pub fn scores(&self) -> impl Iterator<Item = Holds> {
        self.all.iter().map(|column| column.holds).filter(|holds| holds.is_score())
    }
}

impl Holds {
    fn is_score(self) -> bool {
        matches!(self, Holds::ZScore(_) | Holds::Family(_) | Holds::Neutral(_))
    }
}

fn members(family: &Family) -> Vec<&'static str> {
    family.members.iter().map(|at| FACTORS[*at].name).collect()
}

fn unknown(name: &str) -> Failure {
    let known: Vec<&str> = FACTORS.iter().map(|factor| factor.name).collect();
    let act = match families::all().iter().find(|family| family.name == name) {
        Some(family) => format!("it is a family ({}): --scores adds its score", members(family).join(", ")),
        None => match nearest(name, &known) {
            Some(meant) => format!("probably {meant}; known: {}", known.join(", ")),
            None => format!("known: {}", known.join(", ")),
        },
    };
    Failure::new(format!("there is no factor {name}")).hint(act)
}

/// The known name that is meant: one with the same letters, else the one that takes fewest edits, if these are under half
/// of its letters.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let letters = |name: &str| -> Vec<char> {
        name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect()
    };
    let wanted = letters(name);
    let distance = |known: &&str| edits(&wanted, &letters(known));
    let best = known.iter().copied().min_by_key(distance)?;
    (2 * distance(&best) < letters(best).len()).then_some(best)
}

/// The least number of letters to put in, take out or replace (Levenshtein).
fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Of which state of the database an export is.
pub struct Origin {
    pub exported_at: DateTime<Utc>,
    /// The database's snapshot, in its words.
    pub snapshot: String,
    /// Digest of the definitions that the stored features were computed with; none where that is not known.
    pub definitions: Option<String>,
    /// Whether these are the program's own.
    pub current: bool,
    /// Instruments whose bars or actions changed since the features were computed.
    pub pending: usize,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// What goes into the file beside the rows, as JSON.
pub fn about(columns: &Columns, origin: &Origin) -> Value {
    json!({
        "program": format!("tidemark {}", env!("CARGO_PKG_VERSION")),
        "exported_at": origin.exported_at.to_rfc3339_opts(SecondsFormat::Secs, true),
        "snapshot": origin.snapshot,
        "definitions": origin.definitions,
        "definitions_current": origin.current,
        "instruments_pending": origin.pending,
        "from": origin.from,
        "to": origin.to,
        "rows": "one an instrument and session with a bar, as known on that session; ascending by session_date, then ticker",
        "nulls": "null: too little history or a missing input; scores are null outside the population too; never 0 or NaN instead",
        "columns": columns.all.iter().map(described).collect::<Value>(),
    })
}

fn described(column: &Column) -> Value {
    let name = &column.name;
    match column.holds {
        Holds::Ticker => json!({
            "name": name, "type": "string",
            "definition": "the ticker that the instrument has now, or had last; null for one merged into another since",
        }),
        Holds::SessionDate => {
            json!({ "name": name, "type": "date", "definition": "the session, a day of New York" })
        }
        Holds::InstrumentId => json!({
            "name": name, "type": "int32",
            "definition": "the instrument, the same through all its tickers; tells companies apart that used one ticker after another",
        }),
        Holds::InPopulation => json!({
            "name": name, "type": "boolean",
            "definition": "whether the instrument is one of those over which z-scores, ranks and families are taken on the session",
        }),
        Holds::Factor(at) => {
            let factor = &FACTORS[at];
            json!({
                "name": name, "type": "float64", "version": factor.version, "family": factor.family, "unit": factor.unit,
                "direction": factor.direction.stored(), "history": factor.history, "inputs": factor.inputs, "definition": factor.definition,
                "source": factor.source,
            })
        }
        Holds::ZScore(at) => json!({
            "name": name, "type": "float64", "of": FACTORS[at].name, "unit": "standard deviations", "direction": 1,
            "definition": "the value between the 1st and 99th percentile of the session's population, less its mean, by its standard deviation, clipped to 3, turned so that more is preferred",
        }),
        Holds::Family(at) | Holds::Neutral(at) => {
            let members = members(&families::all()[at]);
            let neutral = matches!(column.holds, Holds::Neutral(_));
            json!({
                "name": name, "type": "float64", "members": members, "unit": "standard deviations", "direction": 1,
                "definition": if neutral {
                    "the family's score less the mean of its sector, standardised again"
                } else {
                    "the mean of the members' z-scores (at least half of them), standardised over the session's population"
                },
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_keep_the_order_in_which_factors_are_named_and_a_name_counts_once() {
        let wanted = ["size", "mom_12_1", "size"].map(str::to_owned);
        let columns = Columns::choose(&wanted, true).unwrap();
        let names: Vec<&str> = columns.all.iter().map(|column| column.name.as_str()).collect();
        let first = ["ticker", "session_date", "instrument_id", "in_population", "size", "mom_12_1"];
        assert_eq!(names[..6], first);
        assert_eq!(names[6..10], ["size_z", "mom_12_1_z", "momentum", "momentum_sn"]);
        assert_eq!(columns.scores().count(), names.len() - 6);
    }

    #[test]
    fn no_two_columns_have_one_name() {
        let columns = Columns::choose(&[], true).unwrap();
        let mut names: Vec<&str> = columns.all.iter().map(|column| column.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), columns.all.len());
    }

    #[test]
    fn a_wrong_name_is_met_with_the_one_that_was_probably_meant() {
        let known = ["mom_12_1", "mom_6_1", "vol_252", "size"];
        assert_eq!(nearest("Mom12-1", &known), Some("mom_12_1"));
        assert_eq!(nearest("vol_250", &known), Some("vol_252"));
        assert_eq!(nearest("siez", &known), None);
        assert_eq!(nearest("sze", &known), Some("size"));
        assert_eq!(nearest("everything", &known), None);
        assert_eq!(edits(&['a', 'b'], &['b']), 1);
        assert_eq!(edits(&[], &['x', 'y']), 2);
    }

    #[test]
    fn every_column_says_what_it_is_and_every_number_its_unit() {
        let columns = Columns::choose(&[], true).unwrap();
        for column in &columns.all {
            let words = described(column);
            assert!(words["definition"].as_str().is_some_and(|text| !text.is_empty()), "{}", column.name);
            assert!(words["type"] != "float64" || words["unit"].is_string(), "{}", column.name);
        }
    }
}
