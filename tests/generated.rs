//! What is written from the catalogue: the views of scores and ranks, the comments of the factor columns, the reference page.
//! The files are in the repository, so that they can be read; `make generate` writes them again.

use std::fmt::Write;
use std::path::Path;

use tidemark::arithmetic::catalogue::{Direction, FACTORS, Factor, PRICE_FACTORS, STATEMENT_FACTORS};
use tidemark::arithmetic::families;

fn held_against(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("TIDEMARK_GENERATE").is_some() {
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{file}: {error}"));
        return;
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == text, "{file} is not what the catalogue says: run make generate");
}

/// Text with single quotes doubled, between quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `product of …` as the beginning of a sentence: `Product of …`. Names of fields and formulas stay as they are.
fn sentence(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    let is_word = first.len() > 2 && first.chars().all(|c| c.is_ascii_lowercase());
    if is_word { text[..1].to_uppercase() + &text[1..] } else { text.to_owned() }
}

fn comment(factor: &Factor) -> String {
    let mut text = format!("{}. Unit: {}.", sentence(factor.definition), factor.unit);
    let word = match factor.direction {
        Direction::Higher => " More is usually preferred.",
        Direction::Lower => " Less is usually preferred.",
        Direction::Unstated => "",
    };
    text += word;
    if let Some(source) = factor.source {
        let _ = write!(text, " Source: {source}.");
    }
    text
}

fn comments_of_columns() -> String {
    let mut text = String::from(
        "-- What each factor column holds, from the program's definitions. Written by make generate; repeatable.\n",
    );
    for factor in &FACTORS {
        let _ =
            writeln!(text, "COMMENT ON COLUMN features_day.{} IS {};", factor.name, quoted(&comment(factor)));
    }
    text
}

/// Names of all columns that have moments: factors, families, sector-neutral families.
fn with_moments() -> Vec<String> {
    let factors = FACTORS.iter().map(|factor| factor.name.to_owned());
    let families = families::NAMES.iter().map(|name| (*name).to_owned());
    factors.chain(families).chain(families::NAMES.iter().map(|name| format!("{name}_sn"))).collect()
}

fn view_of_scores() -> String {
    let mut text = String::from(
        "-- The cross-section as analysts read it: z-scores of every factor and the family scores, by arithmetic on a row and its
-- session's moments; the same bits as the programs compute (but for _sn, whose sums have no fixed order here). Null outside the population. Grain: session and instrument.
-- Sector-neutral scores are taken off their sector's mean over the whole session: give a session_date. Written by make generate.
CREATE OR REPLACE VIEW feature_scores AS
WITH moments AS NOT MATERIALIZED (
    SELECT session_date",
    );
    for name in with_moments() {
        let _ = write!(
            text,
            ",
           max(lower) FILTER (WHERE factor = '{name}' AND count >= 10 AND sd > 0) AS {name}_lower,
           max(upper) FILTER (WHERE factor = '{name}') AS {name}_upper,
           max(mean) FILTER (WHERE factor = '{name}') AS {name}_mean,
           max(sd) FILTER (WHERE factor = '{name}') AS {name}_sd"
        );
    }
    text += "
    FROM feature_moments
    GROUP BY session_date
), z AS (
    SELECT f.session_date, f.instrument_id, i.sector";
    for factor in &FACTORS {
        let name = factor.name;
        let turned = if factor.direction == Direction::Lower { " * -1" } else { "" };
        let _ = write!(
            text,
            ",
           CASE WHEN m.{name}_lower IS NOT NULL AND f.{name} IS NOT NULL THEN least(greatest((least(greatest(f.{name}, m.{name}_lower), m.{name}_upper) - m.{name}_mean) / m.{name}_sd, -3), 3){turned} + 0.0 END AS {name}"
        );
    }
    text += "
    FROM features_day AS f
    JOIN moments AS m USING (session_date)
    JOIN instruments AS i USING (instrument_id)
    WHERE f.in_population
), families AS (
    SELECT z.*";
    for family in families::all() {
        let members: Vec<&str> = family.members.iter().map(|at| FACTORS[*at].name).collect();
        let (list, least) = (members.join(", "), members.len().div_ceil(2));
        let sum: Vec<String> = members.iter().map(|name| format!("coalesce({name}, 0.0)")).collect();
        let _ = write!(
            text,
            ",
           CASE WHEN num_nonnulls({list}) >= {least} THEN ({}) / num_nonnulls({list}) END AS {}_mean_z",
            sum.join(" + "),
            family.name
        );
    }
    text += "
    FROM z
), scored AS (
    SELECT s.*";
    for name in families::NAMES {
        let _ = write!(
            text,
            ",
           CASE WHEN m.{name}_lower IS NOT NULL AND s.{name}_mean_z IS NOT NULL THEN (s.{name}_mean_z - m.{name}_mean) / m.{name}_sd + 0.0 END AS {name}"
        );
    }
    text += "
    FROM families AS s
    JOIN moments AS m USING (session_date)
), neutral AS (
    SELECT s.*";
    for name in families::NAMES {
        let _ = write!(
            text,
            ",
           {name} - CASE WHEN sector IS NOT NULL AND count({name}) OVER sector >= 5 THEN avg({name}) OVER sector ELSE 0 END
               AS {name}_less_sector"
        );
    }
    text += "
    FROM scored AS s
    WINDOW sector AS (PARTITION BY session_date, sector)
)
SELECT n.session_date, n.instrument_id, t.ticker";
    for name in families::NAMES {
        let _ = write!(text, ",\n       n.{name}");
    }
    for name in families::NAMES {
        let _ = write!(
            text,
            ",
       CASE WHEN m.{name}_sn_lower IS NOT NULL AND n.{name}_less_sector IS NOT NULL THEN (n.{name}_less_sector - m.{name}_sn_mean) / m.{name}_sn_sd + 0.0 END AS {name}_sn"
        );
    }
    for factor in &FACTORS {
        let _ = write!(text, ",\n       n.{0} AS {0}_z", factor.name);
    }
    text += "
FROM neutral AS n
JOIN moments AS m USING (session_date)
JOIN tickers AS t USING (instrument_id);
COMMENT ON VIEW feature_scores IS 'Family scores and z-scores of every factor (winsorised, clipped to 3, higher is preferred) over the population of each session. Always give a session_date.';
COMMENT ON COLUMN feature_scores.session_date IS 'Exchange session.';
COMMENT ON COLUMN feature_scores.instrument_id IS 'The instrument.';
COMMENT ON COLUMN feature_scores.ticker IS 'Its latest ticker.';
";
    for family in families::all() {
        let members: Vec<&str> = family.members.iter().map(|at| FACTORS[*at].name).collect();
        let name = family.name;
        let _ = writeln!(
            text,
            "COMMENT ON COLUMN feature_scores.{name} IS 'Family score: mean of the z-scores of {}, at least {} of them, standardised.';
COMMENT ON COLUMN feature_scores.{name}_sn IS '{name} less its sector''s mean, standardised again.';",
            members.join(", "),
            members.len().div_ceil(2)
        );
    }
    for factor in &FACTORS {
        let _ = writeln!(text, "COMMENT ON COLUMN feature_scores.{0}_z IS 'z-score of {0}.';", factor.name);
    }
    text
}

fn view_of_ranks() -> String {
    let mut text = String::from(
        "-- Percentile rank of every raw value within the population of its session, 0 to 1: (number below + half of the ties, itself
-- counted as a tie) / number of values. Grain: session and instrument. Always give a session_date. Written by make generate.
CREATE OR REPLACE VIEW feature_ranks AS
SELECT f.session_date, f.instrument_id, t.ticker",
    );
    for factor in &FACTORS {
        let name = factor.name;
        let _ = write!(
            text,
            ",
       CASE WHEN f.{name} IS NOT NULL THEN
           (rank() OVER (PARTITION BY f.session_date ORDER BY f.{name}) - 1
               + count(*) OVER (PARTITION BY f.session_date, f.{name}) / 2.0::double precision)
           / count(f.{name}) OVER (PARTITION BY f.session_date) END AS {name}_rank"
        );
    }
    text += "
FROM features_day AS f
JOIN tickers AS t USING (instrument_id)
WHERE f.in_population;
COMMENT ON VIEW feature_ranks IS 'Percentile ranks of raw factor values within the population of each session, 0 to 1. Always give a session_date.';
COMMENT ON COLUMN feature_ranks.session_date IS 'Exchange session.';
COMMENT ON COLUMN feature_ranks.instrument_id IS 'The instrument.';
COMMENT ON COLUMN feature_ranks.ticker IS 'Its latest ticker.';
";
    for factor in &FACTORS {
        let _ = writeln!(
            text,
            "COMMENT ON COLUMN feature_ranks.{0}_rank IS 'Percentile rank of {0}.';",
            factor.name
        );
    }
    text
}

const PAGE: &str = "# Factors

Every factor that `features refresh` keeps in `features_day`, from the same definitions that `features list` and `\\d+ features_day` show.
This page is written by `make generate` and held against the program by a test.

- **t** is the session of the row; windows count sessions of the exchange: the window of N sessions is (t-N, t]. A row is there exactly where the
  instrument has a bar. A price at a session is its close, or the latest before it, at most 5 sessions old.
- **r** is the total return between consecutive bars: (close x new shares per old share + cash per old share) / close before - 1. Statistics leave out returns across more than 5 sessions.
- **As known then**: bars, splits and dividends up to t, statements from the session after their filing until 18 months after their period's end. Prices, volumes, shares and
  earnings per share of a window are on t's own split basis, so that a later split changes no stored value.
- **TTM** is the annual figure where a year ends with the latest usable period, else the sum of its four last quarters (ends 80 to 101 days apart; a missing quarter is the annual
  figure less the other three). A year before is 350 to 380 days earlier. Of one period and field the latest filing that gives the field counts, from its own filing date on.
  An annual statement that ends with the latest period gives the flows even where it lacks a figure that four quarters have: the factor is null then. A quarter's EPS derived from the year may
  differ from the published one by some cents, because shares are averaged over each period by itself; amounts of money are exact. Filed rows of trailing twelve months are not read.
- **Currency** is that of the filing; nothing is converted. The latest period counts through the day 18 months after its end.
- **ME** is close x shares outstanding (basic, of the latest filing that gives them); **BE** the parent's equity, else total equity; **AT** total assets; debt is long-term and current debt,
  those given; net income is that to common shareholders, else the consolidated; capital expenditure is the size of purchases of property, plant and equipment; EBITDA is as given, else
  operating income + depreciation and amortisation.
- **Null** is too little history, a missing input, or a denominator of 0 or less; never 0, NaN or infinity. `features explain` says which.
- **+** more is usually preferred, **-** less is. It turns z-scores, never the raw value. *History* is the number of sessions before t that can matter.

";

fn table(text: &mut String, title: &str, factors: &[Factor]) {
    let _ = writeln!(
        text,
        "## {title}\n\n| factor | | definition | unit | family | history | read from | source |\n|---|---|---|---|---|---|---|---|"
    );
    for factor in factors {
        let sign = match factor.direction {
            Direction::Higher => "+",
            Direction::Lower => "-",
            Direction::Unstated => "",
        };
        let _ = writeln!(
            text,
            "| `{}` v{} | {sign} | {} | {} | {} | {} | {} | {} |",
            factor.name,
            factor.version,
            factor.definition,
            factor.unit,
            factor.family.unwrap_or(""),
            factor.history,
            factor.inputs.join(", "),
            factor.source.unwrap_or("")
        );
    }
    text.push('\n');
}

fn page() -> String {
    let mut text = String::from(PAGE);
    table(&mut text, "From daily bars", &PRICE_FACTORS);
    table(&mut text, "From financial statements", &STATEMENT_FACTORS);
    text += "## Families

A family's score is the mean of its members' z-scores, if at least half of them (rounded up) are there, standardised over the population. `_sn` takes off the mean of the sector
(of at least 5 scored names) and standardises again. The population of a session: common shares, receipts and what is not known to be something else, without the benchmark; close at least 1,
`adv_20` at least 100,000, at least 60 sessions since the first bar. A z-score is of the value winsorised at the 1st and 99th percentile, clipped to 3, turned so that more is preferred.

| family | members |
|---|---|
";
    for family in families::all() {
        let members: Vec<String> =
            family.members.iter().map(|at| format!("`{}`", FACTORS[*at].name)).collect();
        let _ = writeln!(text, "| `{}` | {} |", family.name, members.join(", "));
    }
    text
}

#[test]
fn the_comments_of_factor_columns_are_those_of_the_catalogue() {
    held_against("sql/views/features_day.sql", &comments_of_columns());
}

#[test]
fn the_view_of_scores_is_that_of_the_catalogue() {
    held_against("sql/views/feature_scores.sql", &view_of_scores());
}

#[test]
fn the_view_of_ranks_is_that_of_the_catalogue() {
    held_against("sql/views/feature_ranks.sql", &view_of_ranks());
}

#[test]
fn the_reference_page_is_that_of_the_catalogue() {
    held_against("docs/factors.md", &page());
}
