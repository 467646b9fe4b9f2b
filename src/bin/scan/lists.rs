//! `scan columns` and `scan profiles`: what can be asked.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use tidemark::jobs::scan::asked::kind_name;
use tidemark::jobs::scan::columns::{self, Column};
use tidemark::jobs::scan::profile;
use tidemark::say;

/// Lists the columns whose name or group contains `matching`.
pub fn columns(matching: Option<&str>, as_json: bool) -> ExitCode {
    let wanted = |column: &&Column| {
        matching.is_none_or(|text| column.name.contains(text) || column.group.contains(text))
    };
    let columns: Vec<&Column> = columns::all().iter().filter(wanted).collect();
    if as_json {
        println!("{:#}", columns.into_iter().map(column_json).collect::<Value>());
        return ExitCode::SUCCESS;
    }
    let row = |column: &&Column| {
        let unit = if column.unit.is_empty() { kind_name(column.kind) } else { column.unit };
        let earlier = if column.earlier { "yes" } else { "" };
        [column.name.as_str(), column.group, unit, earlier, &column.definition].map(str::to_owned).to_vec()
    };
    let rows = columns.iter().map(row).collect();
    println!("{}", say::table(&["column", "group", "unit", "earlier", "meaning"], &[false; 5], rows));
    eprintln!();
    eprintln!("earlier: NAME_5d_ago is the value 5 bars (factors: 5 sessions) before, up to 252.");
    eprintln!(
        "In conditions: AND OR NOT, = <> < <= > >=, IN, BETWEEN, LIKE, IS NULL, CASE, + - * /, and {}.",
        profile::function_names()
    );
    ExitCode::SUCCESS
}

/// A column as an object.
pub fn column_json(column: &Column) -> Value {
    json!({
        "name": column.name,
        "group": column.group,
        "kind": kind_name(column.kind),
        "unit": if column.unit.is_empty() { Value::Null } else { column.unit.into() },
        "earlier": column.earlier,
        "definition": column.definition,
    })
}

/// Lists the profiles that are found from the working folder. One with a fault is listed with it.
pub fn profiles(as_json: bool) -> ExitCode {
    let described = described(&std::env::current_dir().unwrap_or_default());
    if as_json {
        println!("{:#}", profiles_json(&described));
        return ExitCode::SUCCESS;
    }
    let row = |(name, about): (String, Result<String, String>)| {
        vec![name, about.unwrap_or_else(|fault| format!("cannot be used: {fault}"))]
    };
    println!(
        "{}",
        say::table(&["profile", "what it lists"], &[false; 2], described.into_iter().map(row).collect())
    );
    ExitCode::SUCCESS
}

/// A profile's name, and its description or its fault.
type Described = (String, Result<String, String>);

/// The profiles that are found from the folder `here`.
pub fn described(here: &Path) -> Vec<Described> {
    let describe = |name: String| {
        let found = profile::find(&name, here, columns::known());
        (name, found.map(|profile| profile.description).map_err(|fault| fault.to_string()))
    };
    profile::names(here).into_iter().map(describe).collect()
}

/// Profiles as an array.
pub fn profiles_json(described: &[Described]) -> Value {
    let entry = |(name, about): &Described| match about {
        Ok(text) => json!({ "name": name, "description": Some(text).filter(|text| !text.is_empty()) }),
        Err(fault) => json!({ "name": name, "fault": fault }),
    };
    described.iter().map(entry).collect()
}
