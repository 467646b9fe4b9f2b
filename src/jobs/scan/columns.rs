//! The columns of a scan: name, unit and meaning of everything that a profile can filter, order and show. What a column is
//! computed from is said here; computing it is `ranked`'s.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::profile::{Kind, Known};
use crate::arithmetic::catalogue::FACTORS;
use crate::arithmetic::families;
use crate::arithmetic::signals::{SIGNALS, SignalId};

/// Text of an instrument or of its scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextOf {
    /// Its ticker now.
    Ticker,
    /// Vendor's type.
    Type,
    /// Primary exchange.
    Exchange,
    /// GICS sector.
    Sector,
    /// Tier of the core score.
    Tier,
    /// Band of MERIT.
    Band,
    /// Flags, with commas between.
    Flags,
}

/// A score, a part of one, or the place that one gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreOf {
    /// Place by core score.
    Rank,
    /// Institutional core score.
    Ics,
    /// MERIT.
    Merit,
    /// Part of the core score.
    Technical,
    /// Part of the core score.
    Alpha,
    /// Part of the core score.
    Stability,
    /// Part of both scores.
    Liquidity,
    /// Part of MERIT.
    Momentum,
    /// Part of MERIT.
    Value,
    /// Part of both scores.
    Quality,
    /// Part of MERIT.
    Growth,
    /// Part of the core score.
    Events,
    /// What MERIT loses.
    Penalty,
}

/// A number of the trade plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanOf {
    /// Price to buy at.
    Entry,
    /// Price to give up at.
    Stop,
    /// Price to sell at.
    Target,
    /// Entry less stop.
    RiskPerShare,
    /// How many.
    Shares,
    /// What they cost.
    PositionValue,
}

/// What a column is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Text.
    Text(TextOf),
    /// Open, high, low, close, volume: by place.
    Bar(usize),
    /// Sessions since the latest bar.
    BarAge,
    /// A signal.
    Signal(SignalId),
    /// Against the benchmark, over so many bars.
    RelativeStrength(u32),
    /// Against the sector, over so many bars.
    SectorStrength(u32),
    /// Raw factor, by its place in the catalogue.
    Factor(usize),
    /// Its z-score.
    FactorZ(usize),
    /// Its percentile rank.
    FactorRank(usize),
    /// Score of a family, by its place.
    Family(usize),
    /// Sector-neutral score of a family.
    FamilyNeutral(usize),
    /// A score or a part of one.
    Score(ScoreOf),
    /// Whether it is compared with others.
    Population,
    /// A number of the plan.
    Plan(PlanOf),
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name in expressions and answers; a published name never changes meaning.
    pub name: String,
    /// What 1.0 means; empty for text.
    pub unit: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Heading under which it is listed.
    pub group: &'static str,
    /// What it is, in a sentence.
    pub definition: String,
    /// Whether `NAME_5d_ago` is its value 5 bars (factors: sessions) before.
    pub earlier: bool,
    /// What it is computed from.
    pub source: Source,
}

/// All columns, in the order in which they are listed.
pub fn all() -> &'static [Column] {
    static ALL: LazyLock<Vec<Column>> = LazyLock::new(build);
    &ALL
}

/// The column called `name`.
pub fn find(name: &str) -> Option<&'static Column> {
    static PLACES: LazyLock<HashMap<&'static str, &'static Column>> =
        LazyLock::new(|| all().iter().map(|column| (column.name.as_str(), column)).collect());
    PLACES.get(name).copied()
}

/// The columns as expressions know them.
pub fn known() -> &'static [Known] {
    static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
        all()
            .iter()
            .map(|column| Known { name: &column.name, kind: column.kind, earlier: column.earlier })
            .collect()
    });
    &KNOWN
}

fn build() -> Vec<Column> {
    let mut columns = Vec::new();
    let mut add = |group, kind, unit, name: String, earlier, source, definition: String| {
        columns.push(Column { name, unit, kind, group, definition, earlier, source });
    };
    let mut text = |name: &str, of, definition: &str| {
        add("instrument", Kind::Text, "", name.into(), false, Source::Text(of), definition.into());
    };
    text("ticker", TextOf::Ticker, "Its ticker now, or the last it had. Case-sensitive.");
    text(
        "type",
        TextOf::Type,
        "Vendor's type: CS common share, ADRC receipt, ETF, WARRANT …; null where unknown.",
    );
    text("exchange", TextOf::Exchange, "Primary exchange, as a MIC: XNYS, XNAS …; null where unknown.");
    text("sector", TextOf::Sector, "GICS sector; null where unknown.");
    let population = "Whether it is compared with others: the population of ranks and scores, fixed by rule.";
    let flag = Source::Population;
    add("instrument", Kind::Flag, "", "in_population".into(), false, flag, population.into());

    for (place, (name, unit, definition)) in [
        ("open", "price", "First price of the latest bar, as printed."),
        ("high", "price", "Highest price of the latest bar."),
        ("low", "price", "Lowest price of the latest bar."),
        ("close", "price", "Last price of the latest bar, finished or not."),
        ("volume", "shares", "Shares traded in the latest bar."),
    ]
    .into_iter()
    .enumerate()
    {
        add("bar", Kind::Number, unit, name.into(), true, Source::Bar(place), definition.into());
    }
    let age = "Sessions since its latest bar; 0 where it has one on the session.";
    add("bar", Kind::Number, "sessions", "bar_age".into(), false, Source::BarAge, age.into());

    for signal in &SIGNALS {
        let source = Source::Signal(signal.id);
        let earlier = signal.id != SignalId::Bars;
        add(
            "signal",
            Kind::Number,
            signal.unit,
            signal.name.into(),
            earlier,
            source,
            signal.definition.into(),
        );
    }
    for bars in [21, 63, 252] {
        let definition = format!(
            "(1 + return_{bars}) / (1 + the benchmark's) − 1: how much better than the market it did; null without a benchmark."
        );
        let source = Source::RelativeStrength(bars);
        add("strength", Kind::Number, "ratio", format!("rel_strength_{bars}"), false, source, definition);
    }
    for bars in [21, 63, 252] {
        let definition = format!(
            "(1 + return_{bars}) / (1 + the mean of its sector's) − 1; null in a sector of fewer than 5 compared names."
        );
        let source = Source::SectorStrength(bars);
        add("strength", Kind::Number, "ratio", format!("sector_strength_{bars}"), false, source, definition);
    }

    for (at, factor) in FACTORS.iter().enumerate() {
        let (source, definition) = (Source::Factor(at), factor.definition.into());
        add("factor", Kind::Number, factor.unit, factor.name.into(), true, source, definition);
    }
    for (at, family) in families::NAMES.iter().enumerate() {
        let definition =
            format!("Score of the family {family}: its factors' z-scores together; mean 0, sd 1.");
        add("family", Kind::Number, "sd", format!("{family}_z"), false, Source::Family(at), definition);
        let definition = format!("{family}_z less its sector's mean, standardised again.");
        let source = Source::FamilyNeutral(at);
        add("family", Kind::Number, "sd", format!("{family}_sn"), false, source, definition);
    }

    for (name, of, unit, definition) in [
        (
            "rank",
            ScoreOf::Rank,
            "place",
            "Place by ics among all that are scored, from 1; never depends on a filter.",
        ),
        (
            "ics",
            ScoreOf::Ics,
            "points",
            "Institutional core score: weighted mean of technical, alpha, quality, stability, liquidity, events.",
        ),
        (
            "merit",
            ScoreOf::Merit,
            "points",
            "Weighted mean of ics, momentum, quality, value, growth, liquidity, less penalties.",
        ),
        ("technical", ScoreOf::Technical, "points", "100 × mean of the ranks of seven signals."),
        ("alpha", ScoreOf::Alpha, "points", "100 × rank of the mean of the family scores."),
        ("stability", ScoreOf::Stability, "points", "100 × (1 − rank of vol_60)."),
        ("liquidity", ScoreOf::Liquidity, "points", "100 × rank of adv_20."),
        ("momentum", ScoreOf::Momentum, "points", "100 × rank of momentum_z."),
        ("value", ScoreOf::Value, "points", "100 × rank of value_z."),
        ("quality", ScoreOf::Quality, "points", "100 × rank of quality_z."),
        ("growth", ScoreOf::Growth, "points", "100 × rank of growth_z."),
        (
            "events",
            ScoreOf::Events,
            "points",
            "50, less 10 if earnings are known to come soon; null where no source of events is loaded.",
        ),
        (
            "penalty",
            ScoreOf::Penalty,
            "points",
            "What merit loses for thin trading, a wide range and a small market equity.",
        ),
    ] {
        add("score", Kind::Number, unit, name.into(), false, Source::Score(of), definition.into());
    }
    let mut text = |name: &str, of, definition: &str| {
        add("score", Kind::Text, "", name.into(), false, Source::Text(of), definition.into());
    };
    text("tier", TextOf::Tier, "CORE, SATELLITE or WATCH, by ics.");
    text("band", TextOf::Band, "A+, A, B, C or D, by merit.");
    text(
        "flags",
        TextOf::Flags,
        "What lacks and which penalties count, with commas between; empty where nothing is to be said.",
    );

    for (at, factor) in FACTORS.iter().enumerate() {
        let name = factor.name;
        let definition = format!("{name} standardised over the population, its better side up.");
        add("z-score", Kind::Number, "sd", format!("{name}_z"), false, Source::FactorZ(at), definition);
    }
    for (at, factor) in FACTORS.iter().enumerate() {
        let name = factor.name;
        let definition =
            format!("Percentile rank of {name} over the population, 0 … 1; its greatest is nearest to 1.");
        let source = Source::FactorRank(at);
        add("rank", Kind::Number, "ratio", format!("{name}_rank"), false, source, definition);
    }

    for (name, of, unit, definition) in [
        ("entry", PlanOf::Entry, "price", "Plan: the close."),
        (
            "stop",
            PlanOf::Stop,
            "price",
            "Plan: max(close − 3 ATR, min(lowest low of 10 bars, close − 1.5 ATR)).",
        ),
        ("target", PlanOf::Target, "price", "Plan: entry + 2 (entry − stop)."),
        ("risk_per_share", PlanOf::RiskPerShare, "price", "Plan: entry − stop, which is 1 R."),
        (
            "shares",
            PlanOf::Shares,
            "shares",
            "Plan: what the profile's risk buys, at most 1 % of adv_20 in money.",
        ),
        ("position_value", PlanOf::PositionValue, "money", "Plan: shares × entry."),
    ] {
        add("plan", Kind::Number, unit, name.into(), false, Source::Plan(of), definition.into());
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_need_no_quotes_in_sql() {
        for column in all() {
            assert!(std::ptr::eq(find(&column.name).unwrap(), column), "{} is there twice", column.name);
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(column.name.chars().all(plain), "{}", column.name);
            assert!(column.definition.ends_with('.') || column.group == "factor", "{}", column.name);
            assert_eq!(column.unit.is_empty(), column.kind != Kind::Number, "{}", column.name);
        }
        assert!(find("Close").is_none());
    }
}
