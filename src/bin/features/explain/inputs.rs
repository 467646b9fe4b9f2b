//! What a number is made of, for people: window, actions, bars, steps, filings, market value.

use chrono::NaiveDate;
use tidemark::arithmetic::factors::explain::{self as price, Line, SharesUsed, Step};
use tidemark::arithmetic::statements as statement;
use tidemark::jobs::explain::Market;
use tidemark::say;

use super::{number, say};

pub fn print_price(price: &price::Explanation, all_inputs: bool) {
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

/// A column of the bars: its header, and what it shows of each.
type Column<'a> = (&'a str, &'a dyn Fn(&Line) -> String);

/// Bars shown from each end of a window.
const ENDS: usize = 3;

/// The bars of a window: all, or those at its ends. Columns in which no bar of the window has anything are left out.
fn print_lines(lines: &[Line], all: bool) {
    if lines.is_empty() {
        return;
    }
    let columns: [Column<'_>; 9] = [
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

pub fn print_statements(explained: &statement::Explanation, told: Option<&str>) {
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

pub fn print_market(market: &Market) {
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
