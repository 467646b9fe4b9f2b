//! `features explain TICKER FACTOR`: one number, told from its inputs to its rank.

mod inputs;
mod place;

use std::process::ExitCode;

use chrono::NaiveDate;
use deadpool_postgres::Object;
use tidemark::jobs::explain::{self, Explained, FactorSaid, InstrumentSaid, Request};
use tidemark::say::count;

use inputs::{print_market, print_price, print_statements};
use place::{print_family, print_population, print_standing};

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
        _ if size.fract() == 0.0 && size < 1e15 => format!("{sign}{}", count(size as u64)),
        1e-3..1e6 if short.len() <= 9 => short,
        1e6..1e15 => format!("{sign}{}", count(size.round() as u64)),
        1e3..1e6 => format!("{value:.4}"),
        1e-3..1e3 => format!("{value:.8}"),
        _ => format!("{value:.8e}"),
    }
}
