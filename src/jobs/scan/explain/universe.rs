//! The universe's rules for one instrument: what each asks, what the instrument has, and whether it passes.

use serde_json::Value;

use super::told::Rule;
use crate::arithmetic::universe::{Drop, Facts, Rules, grouped};
use crate::jobs::scan::answer::number;

/// Every rule in the order in which it is asked.
pub fn rules(rules: &Rules, facts: &Facts<'_>) -> Vec<Rule> {
    let first = rules.first_drop(facts);
    rules
        .asked(facts)
        .into_iter()
        .map(|(drop, broken)| {
            let (rule, value, wanted) = told(drop, rules, facts, broken);
            Rule { rule, value, wanted, passed: !broken, dropped: first == Some(drop) }
        })
        .collect()
}

fn told(drop: Drop, rules: &Rules, facts: &Facts<'_>, broken: bool) -> (&'static str, Value, String) {
    let one_of = |names: &[String]| names.join(", ");
    let any_or = |names: Option<&Vec<String>>| names.map_or_else(|| "any".to_owned(), |names| one_of(names));
    let let_in = |is_let_in: bool| if is_let_in { "let in".to_owned() } else { "not let in".to_owned() };
    let asked = |is_asked: bool| if is_asked { "asked for".to_owned() } else { "not asked for".to_owned() };
    let known = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    match drop {
        Drop::NoBar => {
            let age = facts.bar_age.map_or(Value::Null, Value::from);
            ("sessions since its latest bar", age, format!("at most {}", rules.max_bar_age))
        }
        Drop::Benchmark => ("is the benchmark", facts.is_benchmark.into(), let_in(rules.benchmark)),
        Drop::Type => {
            let unknown = if rules.unknown_type { " or unknown" } else { "" };
            ("type", known(facts.kind), format!("{}{unknown}", one_of(&rules.types)))
        }
        Drop::Exchange => ("exchange", known(facts.exchange), any_or(rules.exchanges.as_ref())),
        Drop::Sector => ("sector", known(facts.sector), any_or(rules.sectors.as_ref())),
        Drop::Excluded => {
            let none = rules.exclude.is_empty();
            let wanted = if none { "any".into() } else { format!("none of {}", one_of(&rules.exclude)) };
            ("ticker", facts.ticker.into(), wanted)
        }
        // Where such products are let in nobody asks whether it is one.
        Drop::Leveraged if rules.leveraged => ("leveraged or inverse product", Value::Null, let_in(true)),
        Drop::Leveraged => ("leveraged or inverse product", broken.into(), let_in(false)),
        Drop::NoFeatures => {
            let wanted = asked(rules.population || rules.scored);
            ("features of the session", facts.has_features.into(), wanted)
        }
        Drop::Price => ("close", number(facts.close), format!("at least {}", grouped(rules.min_close))),
        Drop::Liquidity => {
            ("adv_20", number(facts.adv_20), format!("at least {}", grouped(rules.min_adv_20)))
        }
        Drop::Bars => ("bars", number(facts.bars), format!("at least {}", rules.min_bars)),
        Drop::Volatility => {
            ("vol_60", number(facts.vol_60), format!("at most {}, or unknown", grouped(rules.max_vol_60)))
        }
        Drop::Population => ("in the population", facts.in_population.into(), asked(rules.population)),
        Drop::NoScore => ("ics", number(facts.ics), asked(rules.scored)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arithmetic::NULL;

    #[test]
    fn every_rule_is_told_and_the_first_broken_one_dropped_it() {
        let facts = Facts {
            ticker: "A",
            kind: Some("CS"),
            exchange: None,
            sector: None,
            is_benchmark: false,
            bar_age: Some(0),
            has_features: true,
            in_population: true,
            close: 0.5,
            adv_20: NULL,
            vol_60: NULL,
            bars: 80.0,
            ics: 50.0,
        };
        let told = rules(&Rules::default(), &facts);
        assert_eq!(told.len(), Drop::ALL.len());
        let broken: Vec<(&str, &str, bool)> = told
            .iter()
            .filter(|rule| !rule.passed)
            .map(|rule| (rule.rule, rule.wanted.as_str(), rule.dropped))
            .collect();
        assert_eq!(broken, [("close", "at least 1", true), ("adv_20", "at least 100,000", false)]);
    }
}
