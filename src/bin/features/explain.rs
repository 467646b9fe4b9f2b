//! `features explain TICKER FACTOR`: one number, told from its inputs to its rank.

use std::process::ExitCode;

use chrono::NaiveDate;
use deadpool_postgres::Object;
use tidemark::arithmetic::cross_section::Moments;
use tidemark::arithmetic::factors::explain::{self as price, Line, SharesUsed, Step};
use tidemark::arithmetic::standing::{FamilyStanding, Rank, Standing};
use tidemark::arithmetic::statements as statement;
use tidemark::jobs::explain::{self, Explained, FactorSaid, InstrumentSaid, Market, Population, Request};
use tidemark::say;

/// Explain one number: definition, inputs with their dates, steps, place among the others
///
/// FACTOR is a factor (features list), a family (momentum, value, quality, growth, low_risk), or a family's sector-neutral score
/// (momentum_sn, …). The value is computed again from its inputs and compared with the stored one, bit for bit. A null has its reason.
#[derive(clap::Args)]
pub struct Args {
    /// Ticker; case matters. The instrument that had it on the session, else the one that had it last
    ticker: String,
    /// Factor or family
    factor: String,
    /// Session, YYYY-MM-DD [default: the latest that has features]
    session: Option<NaiveDate>,
    /// Show every bar of the window instead of the first and the last ones
    #[arg(long)]
    all_inputs: bool,
    /// As one JSON object: everything, in full precision
    #[arg(long)]
    json: bool,
}

/// Bars shown from each end of a window.
const ENDS: usize = 3;

pub async fn run(client: &mut Object, args: &Args, benchmark: &str) -> anyhow::Result<ExitCode> {
    let request = Request {
        ticker: args.ticker.clone(),
        name: args.factor.clone(),
        session: args.session,
        benchmark: benchmark.to_owned(),
    };
    let explained = explain::run(client, &request).await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&explained)?);
    } else {
        print(&explained, args.all_inputs);
    }
    Ok(ExitCode::SUCCESS)
}

/// A label, and beside it lines of text.
fn say(label: &str, text: impl AsRef<str>) {
    println!("{label:<13}{}", text.as_ref());
}

fn print(explained: &Explained, all_inputs: bool) {
    say(&explained.instrument.ticker, format!("{} on {}", explained.name, explained.session_date));
    print_instrument(&explained.instrument);
    if let Some(factor) = &explained.factor {
        print_factor(factor, all_inputs);
    }
    println!();
    print_population(&explained.population);
    if let (Some(standing), Some(factor)) = (&explained.cross_section, &explained.factor) {
        print_standing(standing, factor.definition.direction);
    }
    if let Some(family) = &explained.family {
        println!();
        print_family(family, explained.instrument.sector.as_deref());
    }
    if !explained.state.remarks.is_empty() {
        println!();
    }
    for remark in &explained.state.remarks {
        say("but", remark);
    }
    if let Some(hint) = explained.state.hint {
        say("do", hint);
    }
}

fn print_instrument(instrument: &InstrumentSaid) {
    let known = [instrument.company.as_deref(), instrument.kind.as_deref(), instrument.sector.as_deref()];
    let mut words: Vec<String> = known.into_iter().flatten().map(str::to_owned).collect();
    words.push(format!("instrument {}", instrument.instrument_id));
    if let (Some(first), Some(last)) = (instrument.first_bar, instrument.last_bar) {
        words.push(format!("bars from {first} to {last}"));
    }
    say("", words.join(", "));
    if let Some(then) = instrument.ticker_then.as_ref().filter(|then| **then != instrument.ticker) {
        let names = instrument.names.iter().map(|name| match (name.from, name.until) {
            (None, None) => name.ticker.clone(),
            (None, Some(until)) => format!("{} until {until}", name.ticker),
            (Some(from), None) => format!("{} from {from}", name.ticker),
            (Some(from), Some(until)) => format!("{} from {from} until {until}", name.ticker),
        });
        say("", format!("its ticker was {then} then: {}", names.collect::<Vec<_>>().join(", ")));
    }
}

fn print_factor(factor: &FactorSaid, all_inputs: bool) {
    let definition = &factor.definition;
    say("definition", definition.definition);
    let direction = match definition.direction {
        Some(1) => "more is usually preferred",
        Some(_) => "less is usually preferred",
        None => "no direction",
    };
    say("", format!("version {}, {direction}", definition.version));
    say("unit", definition.unit);
    if let Some(source) = definition.source {
        say("source", source);
    }
    println!();
    say("value", full(factor.stored));
    if let Some(why) = &factor.why_null {
        say("null because", why);
    }
    if factor.same_bits {
        say("", "computed again from its inputs: the same to the bit");
    } else {
        say("", format!("computed again from its inputs: {}", full(factor.computed)));
    }
    if let Some(price) = &factor.price {
        print_price(price, all_inputs);
    }
    if let Some(statements) = &factor.statements {
        print_statements(statements, factor.why_null.as_deref());
    }
    if let Some(market) = &factor.market {
        print_market(market);
    }
}

fn print_price(price: &price::Explanation, all_inputs: bool) {
    println!();
    if let Some(window) = &price.window {
        let day = |day: Option<NaiveDate>| {
            day.map_or_else(|| "before the calendar".to_owned(), |day| day.to_string())
        };
        say(
            "window",
            format!(
                "after {} ({}) through {} ({}), {} sessions",
                window.after_name,
                day(window.after),
                window.through_name,
                day(window.through),
                window.sessions
            ),
        );
    }
    if let Some(counted) = &price.counted {
        let least = counted.least.map_or_else(String::new, |least| format!(", at least {least} needed"));
        let also = counted.left_out.as_ref().map_or_else(String::new, |words| format!("; {words}"));
        say("it has", format!("{} {}{least}{also}", counted.count, counted.what));
    }
    if !price.actions.is_empty() {
        println!();
        let rows = price.actions.iter().map(|action| {
            vec![
                action.ex_session.to_string(),
                action.kind.to_owned(),
                if action.ratio.is_nan() { String::new() } else { number(action.ratio) },
                if action.cash.is_nan() { String::new() } else { number(action.cash) },
                if action.cash.is_nan() { String::new() } else { number(action.cash_on_basis) },
            ]
        });
        let header = ["ex-date", "action", "new per old", "cash a share", "on t's basis"];
        println!("{}", say::table(&header, &[false, false, true, true, true], rows.collect()));
    }
    print_lines(&price.lines, all_inputs);
    println!();
    print_steps(&price.steps);
    if let Some(shares) = &price.shares {
        print_shares(shares);
    }
    say("value =", price.formula.replace('_', " "));
}

fn print_steps(steps: &[Step]) {
    if steps.is_empty() {
        return;
    }
    let rows = steps.iter().map(|step| {
        vec![
            step.name.replace('_', " "),
            number(step.value),
            step.session_date.map_or_else(String::new, |day| day.to_string()),
            step.note.clone().unwrap_or_default(),
        ]
    });
    println!("{}", say::table(&["step", "", "of", ""], &[false, true, false, false], rows.collect()));
}

/// The bars of a window: all, or those at its ends. Columns in which no bar of the window has anything are left out.
fn print_lines(lines: &[Line], all: bool) {
    if lines.is_empty() {
        return;
    }
    let columns: [(&str, &dyn Fn(&Line) -> String); 9] = [
        ("session", &|line| line.session_date.map_or_else(String::new, |day| day.to_string())),
        ("close", &|line| number(line.close)),
        ("volume", &|line| number(line.volume)),
        ("split", &|line| where_not(line.ratio, 1.0)),
        ("cash", &|line| where_not(line.cash, 0.0)),
        ("r", &|line| if line.r.is_nan() { "-".into() } else { format!("{:.8}", line.r) }),
        ("benchmark's r", &|line| {
            if line.benchmark_r.is_nan() { String::new() } else { format!("{:.8}", line.benchmark_r) }
        }),
        ("splits since", &|line| where_not(line.split_basis, 1.0)),
        ("", &|line| if line.counted || line.r.is_nan() { String::new() } else { "spans too long".into() }),
    ];
    let used: Vec<_> =
        columns.iter().filter(|(_, of)| lines.iter().any(|line| !of(line).is_empty())).collect();
    let left_out = if all { 0 } else { lines.len().saturating_sub(2 * ENDS) };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if left_out > 0 && at == ENDS {
            let mut row = vec![format!("… {left_out} more")];
            row.resize(used.len(), String::new());
            rows.push(row);
        }
        if left_out == 0 || !(ENDS..lines.len() - ENDS).contains(&at) {
            rows.push(used.iter().map(|(_, of)| of(line)).collect());
        }
    }
    println!();
    let header: Vec<&str> = used.iter().map(|(name, _)| *name).collect();
    let right: Vec<bool> = header.iter().map(|name| !["session", ""].contains(name)).collect();
    println!("{}", say::table(&header, &right, rows));
    if left_out > 0 {
        println!("(--all-inputs shows every bar, --json gives them in full precision)");
    }
}

fn where_not(value: f64, usual: f64) -> String {
    if value == usual { String::new() } else { number(value) }
}

fn print_shares(shares: &SharesUsed) {
    let day = |day: Option<NaiveDate>| day.map_or_else(|| "unknown".to_owned(), |day| day.to_string());
    let splits = if shares.split_ratio == 1.0 {
        "no split since".to_owned()
    } else {
        format!("x {} by splits since", number(shares.split_ratio))
    };
    say(
        "shares",
        format!(
            "{} filed {} for the period to {}, usable from {}; {splits}",
            number(shares.filed),
            day(shares.filing_date),
            day(shares.period_end),
            day(shares.usable_from)
        ),
    );
}

fn print_statements(explained: &statement::Explanation, told: Option<&str>) {
    if let Some(end) = explained.latest_period {
        println!();
        say("latest period", format!(" ends {end}"));
    }
    for amount in &explained.amounts {
        println!();
        let end = amount.period_end.map_or_else(String::new, |end| format!(" to {end}"));
        println!("{}{end}: {}", amount.label, number(amount.value));
        if let Some(why) = amount.why_null.as_deref().filter(|why| Some(*why) != told) {
            println!("  null: {why}");
        }
        if amount.inputs.is_empty() {
            continue;
        }
        let rows = amount.inputs.iter().map(|input| {
            vec![
                format!("  {}", input.field),
                input.period_end.to_string(),
                input.timeframe.name().to_owned(),
                input.filing_date.to_string(),
                number(input.filed),
                number(input.used),
                if input.derived { "to derive a quarter".into() } else { String::new() },
            ]
        });
        let header = ["  field", "period end", "of the", "filed on", "as filed", "enters as", ""];
        let right = [false, false, false, false, true, true, false];
        println!("{}", say::table(&header, &right, rows.collect()));
    }
    // The market value is told with the share count that it is made of.
    let steps = explained.steps.iter().filter(|step| step.label != "market value");
    let rows: Vec<Vec<String>> = steps.map(|step| vec![step.label.clone(), number(step.value)]).collect();
    if !rows.is_empty() {
        println!();
        println!("{}", say::table(&["step", ""], &[false, true], rows));
    }
}

fn print_market(market: &Market) {
    println!();
    let value = format!("{} = close {} x shares", number(market.value), number(market.close));
    match &market.why_null {
        Some(why) => say("market value", format!("null: {why}")),
        None => say("market value", value),
    }
    if let Some(shares) = &market.shares {
        print_shares(shares);
    }
}

fn print_population(population: &Population) {
    if population.stored {
        say("population", format!("in it, one of {}", say::count(population.members as u64)));
    } else {
        say("population", format!("not in it (of {}): no z, no rank", say::count(population.members as u64)));
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
            say::count(u64::from(moments.count)),
            number(moments.mean),
            number(moments.sd),
            number(moments.lower),
            number(moments.upper)
        ),
    );
}

fn print_standing(standing: &Standing, direction: Option<i16>) {
    print_moments(&standing.moments);
    match &standing.why_no_z {
        Some(why) => say("z", format!("null: {why}")),
        None => {
            say("winsorised", number(standing.winsorised));
            let turn = if direction == Some(-1) { ", turned because less is preferred" } else { "" };
            say("z", number(standing.z));
            say("", format!("{} before the clip to -3 and 3{turn}", number(standing.z_before_clip)));
        }
    }
    print_rank(standing.rank);
}

fn print_rank(rank: Option<Rank>) {
    if let Some(rank) = rank {
        let others = match rank.ties {
            1 => String::new(),
            ties => format!(", {} equal", say::count(u64::from(ties))),
        };
        say(
            "rank",
            format!(
                "{}: {} of {} are below{others}",
                number(rank.percentile),
                say::count(u64::from(rank.below)),
                say::count(u64::from(rank.of))
            ),
        );
    }
}

fn print_family(family: &FamilyStanding, sector: Option<&str>) {
    say("family", family.family);
    let rows = family
        .members
        .iter()
        .map(|member| vec![member.factor.to_owned(), number(member.value), number(member.z)])
        .collect();
    println!("{}", say::table(&["member", "value", "z"], &[false, true, true], rows));
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
            say("sector", format!("{sector}: {} scored, too few: nothing is taken off", family.sector_names))
        }
        Some(sector) => say(
            "sector",
            format!("{sector}: mean {} of {} scored", number(family.sector_mean), family.sector_names),
        ),
    }
    print_moments(&family.sn_moments);
    say(&format!("{}_sn", family.family), number(family.sn_score));
}

/// A number to its last bit.
fn full(value: f64) -> String {
    if value.is_nan() { "null".into() } else { format!("{value:?}") }
}

/// A number for reading: whole ones with their thousands separated, others to about 8 digits.
fn number(value: f64) -> String {
    let size = value.abs();
    let sign = if value < 0.0 { "-" } else { "" };
    let short = format!("{value}");
    match size {
        _ if value.is_nan() => "null".into(),
        _ if size.fract() == 0.0 && size < 1e15 => format!("{sign}{}", say::count(size as u64)),
        1e-3..1e6 if short.len() <= 9 => short,
        1e6..1e15 => format!("{sign}{}", say::count(size.round() as u64)),
        1e3..1e6 => format!("{value:.4}"),
        1e-3..1e3 => format!("{value:.8}"),
        _ => format!("{value:.8e}"),
    }
}
