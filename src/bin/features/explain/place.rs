//! A number's place among the others of its session, for people: population, moments, z, rank, family.

use tidemark::arithmetic::cross_section::Moments;
use tidemark::arithmetic::standing::{FamilyStanding, Rank, Standing};
use tidemark::jobs::explain::Population;
use tidemark::say::{count, table};

use super::{number, say};

pub fn print_population(population: &Population) {
    if population.stored {
        say("population", format!("in it, one of {}", count(population.members as u64)));
    } else {
        say("population", format!("not in it (of {}): no z, no rank", count(population.members as u64)));
    }
    for rule in &population.excluded_by {
        say("", rule);
    }
}

fn print_moments(moments: &Moments) {
    if moments.count == 0 {
        return say("moments", "nobody has a value");
    }
    say(
        "moments",
        format!(
            "{} values, mean {}, sd {}, between {} and {}",
            count(u64::from(moments.count)),
            number(moments.mean),
            number(moments.sd),
            number(moments.lower),
            number(moments.upper)
        ),
    );
}

pub fn print_standing(standing: &Standing, direction: Option<i16>) {
    print_moments(&standing.moments);
    if let Some(why) = &standing.why_no_z {
        say("z", format!("null: {why}"));
    } else {
        say("winsorised", number(standing.winsorised));
        let turn = if direction == Some(-1) { ", turned because less is preferred" } else { "" };
        say("z", number(standing.z));
        say("", format!("{} before the clip to -3 and 3{turn}", number(standing.z_before_clip)));
    }
    print_rank(standing.rank);
}

fn print_rank(rank: Option<Rank>) {
    if let Some(rank) = rank {
        let others = match rank.ties {
            1 => String::new(),
            ties => format!(", {} equal", count(u64::from(ties))),
        };
        say(
            "rank",
            format!(
                "{}: {} of {} are below{others}",
                number(rank.percentile),
                count(u64::from(rank.below)),
                count(u64::from(rank.of))
            ),
        );
    }
}

pub fn print_family(family: &FamilyStanding, sector: Option<&str>) {
    say("family", family.family);
    let rows = family
        .members
        .iter()
        .map(|member| vec![member.factor.to_owned(), number(member.value), number(member.z)])
        .collect();
    println!("{}", table(&["member", "value", "z"], &[false, true, true], rows));
    say(
        "mean of z",
        format!("{} of {} present, {} needed", number(family.mean), family.present, family.least),
    );
    print_moments(&family.moments);
    match &family.why_no_score {
        Some(why) => say("score", format!("null: {why}")),
        None => say("score", format!("{} = (mean of z - mean) / sd", number(family.score))),
    }
    print_rank(family.rank);
    if family.score.is_nan() {
        return;
    }
    match sector {
        None => say("sector", "none is known: nothing is taken off"),
        Some(sector) if family.taken_off != family.sector_mean => {
            say("sector", format!("{sector}: {} scored, too few: nothing is taken off", family.sector_names));
        }
        Some(sector) => say(
            "sector",
            format!("{sector}: mean {} of {} scored", number(family.sector_mean), family.sector_names),
        ),
    }
    print_moments(&family.sn_moments);
    say(&format!("{}_sn", family.family), number(family.sn_score));
}
