//! Random conditions, built as trees: printed as SQL they select what a plain evaluation of the tree selects, in whatever
//! order the rows stand. And no text makes reading panic.

use proptest::prelude::*;

use crate::jobs::scan::columns::known;
use crate::jobs::scan::profile::sample::Sample;
use crate::jobs::scan::profile::{Expression, Fate, Profile, select};

/// A calculation.
#[derive(Debug, Clone)]
enum Number {
    Literal(i32),
    Column(&'static str),
    Of(char, Box<Number>, Box<Number>),
    Negative(Box<Number>),
    Abs(Box<Number>),
    Coalesce(Box<Number>, Box<Number>),
    Case(Box<Truth>, Box<Number>, Option<Box<Number>>),
}

/// A condition.
#[derive(Debug, Clone)]
enum Truth {
    Compare(&'static str, Number, Number),
    Between(Number, Number, Number, bool),
    In(Number, Vec<i32>, bool),
    IsNull(Number, bool),
    Text(&'static str, &'static str),
    And(Box<Truth>, Box<Truth>),
    Or(Box<Truth>, Box<Truth>),
    Not(Box<Truth>),
}

/// One instrument.
#[derive(Debug, Clone)]
struct Row {
    ticker: String,
    close: Option<f64>,
    open: Option<f64>,
    rsi_14: Option<f64>,
    sector: Option<&'static str>,
}

impl Number {
    fn sql(&self) -> String {
        match self {
            Number::Literal(value) => value.to_string(),
            Number::Column(name) => (*name).to_owned(),
            Number::Of(op, left, right) => format!("({} {op} {})", left.sql(), right.sql()),
            Number::Negative(inner) => format!("- ({})", inner.sql()),
            Number::Abs(inner) => format!("abs({})", inner.sql()),
            Number::Coalesce(left, right) => format!("COALESCE({}, {})", left.sql(), right.sql()),
            Number::Case(when, then, None) => format!("CASE WHEN {} THEN {} END", when.sql(), then.sql()),
            Number::Case(when, then, Some(otherwise)) => {
                format!("CASE WHEN {} THEN {} ELSE {} END", when.sql(), then.sql(), otherwise.sql())
            }
        }
    }

    fn of(&self, row: &Row) -> Option<f64> {
        let value = match self {
            Number::Literal(value) => Some(f64::from(*value)),
            Number::Column("close") => row.close,
            Number::Column("open") => row.open,
            Number::Column(_) => row.rsi_14,
            Number::Of(op, left, right) => {
                let (left, right) = (left.of(row)?, right.of(row)?);
                Some(match op {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    _ => left / right,
                })
            }
            Number::Negative(inner) => inner.of(row).map(|value| -value),
            Number::Abs(inner) => inner.of(row).map(f64::abs),
            Number::Coalesce(left, right) => left.of(row).or_else(|| right.of(row)),
            Number::Case(when, then, otherwise) => match when.of(row) {
                Some(true) => then.of(row),
                _ => otherwise.as_ref().and_then(|otherwise| otherwise.of(row)),
            },
        };
        value.filter(|value| value.is_finite())
    }
}

impl Truth {
    fn sql(&self) -> String {
        let not = |negated: &bool| if *negated { "NOT " } else { "" };
        match self {
            Truth::Compare(op, left, right) => format!("{} {op} {}", left.sql(), right.sql()),
            Truth::Between(value, low, high, negated) => {
                format!("{} {}BETWEEN {} AND {}", value.sql(), not(negated), low.sql(), high.sql())
            }
            Truth::In(value, list, negated) => {
                let list: Vec<String> = list.iter().map(ToString::to_string).collect();
                format!("{} {}IN ({})", value.sql(), not(negated), list.join(", "))
            }
            Truth::IsNull(value, negated) => format!("{} IS {}NULL", value.sql(), not(negated)),
            Truth::Text(op, text) => format!("sector {op} '{text}'"),
            Truth::And(left, right) => format!("({} AND {})", left.sql(), right.sql()),
            Truth::Or(left, right) => format!("({} OR {})", left.sql(), right.sql()),
            Truth::Not(inner) => format!("NOT ({})", inner.sql()),
        }
    }

    fn of(&self, row: &Row) -> Option<bool> {
        match self {
            Truth::Compare(op, left, right) => {
                let (left, right) = (left.of(row)?, right.of(row)?);
                Some(match *op {
                    "=" => left == right,
                    "<>" => left != right,
                    "<" => left < right,
                    "<=" => left <= right,
                    ">" => left > right,
                    _ => left >= right,
                })
            }
            Truth::Between(value, low, high, negated) => {
                let at_least = value.of(row).zip(low.of(row)).map(|(value, low)| value >= low);
                let at_most = value.of(row).zip(high.of(row)).map(|(value, high)| value <= high);
                and(at_least, at_most).map(|within| within != *negated)
            }
            Truth::In(value, list, negated) => {
                let value = value.of(row)?;
                Some(list.iter().any(|&other| f64::from(other) == value) != *negated)
            }
            Truth::IsNull(value, negated) => Some(value.of(row).is_none() != *negated),
            Truth::Text(op, text) => {
                let sector = row.sector?;
                Some(match *op {
                    "=" => sector == *text,
                    "<>" => sector != *text,
                    _ => sector < *text,
                })
            }
            Truth::And(left, right) => and(left.of(row), right.of(row)),
            Truth::Or(left, right) => {
                and(left.of(row).map(|flag| !flag), right.of(row).map(|flag| !flag)).map(|flag| !flag)
            }
            Truth::Not(inner) => inner.of(row).map(|flag| !flag),
        }
    }
}

fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn a_number() -> impl Strategy<Value = Number> {
    let leaf = prop_oneof![
        (-2..4).prop_map(Number::Literal),
        prop::sample::select(&["close", "open", "rsi_14"][..]).prop_map(Number::Column),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let op = prop::sample::select(&['+', '-', '*', '/'][..]);
        prop_oneof![
            4 => (op, boxed.clone(), boxed.clone()).prop_map(|(op, left, right)| Number::Of(op, left, right)),
            1 => boxed.clone().prop_map(Number::Negative),
            1 => boxed.clone().prop_map(Number::Abs),
            1 => (boxed.clone(), boxed.clone()).prop_map(|(left, right)| Number::Coalesce(left, right)),
            1 => (inner.clone(), inner, boxed.clone(), prop::option::of(boxed)).prop_map(|(a, b, then, otherwise)| {
                Number::Case(Box::new(Truth::Compare("<", a, b)), then, otherwise)
            }),
        ]
    })
}

fn a_truth() -> impl Strategy<Value = Truth> {
    let compare = prop::sample::select(&["=", "<>", "<", "<=", ">", ">="][..]);
    let leaf = prop_oneof![
        4 => (compare, a_number(), a_number()).prop_map(|(op, left, right)| Truth::Compare(op, left, right)),
        1 => (a_number(), a_number(), a_number(), any::<bool>())
            .prop_map(|(value, low, high, negated)| Truth::Between(value, low, high, negated)),
        1 => (a_number(), prop::collection::vec(-2..4, 1..4), any::<bool>())
            .prop_map(|(value, list, negated)| Truth::In(value, list, negated)),
        1 => (a_number(), any::<bool>()).prop_map(|(value, negated)| Truth::IsNull(value, negated)),
        1 => (prop::sample::select(&["=", "<>", "<"][..]), prop::sample::select(&["Energy", "energy"][..]))
            .prop_map(|(op, text)| Truth::Text(op, text)),
    ];
    leaf.prop_recursive(3, 10, 2, |inner| {
        let boxed = inner.prop_map(Box::new);
        prop_oneof![
            (boxed.clone(), boxed.clone()).prop_map(|(left, right)| Truth::And(left, right)),
            (boxed.clone(), boxed.clone()).prop_map(|(left, right)| Truth::Or(left, right)),
            boxed.prop_map(Truth::Not),
        ]
    })
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let value = || prop::option::weighted(0.8, (-2..4).prop_map(f64::from));
    let sector = prop::option::of(prop::sample::select(&["Energy", "Utilities", "energy"][..]));
    let row = (value(), value(), value(), sector);
    prop::collection::vec(row, 0..12).prop_map(|all| {
        let row = |(at, (close, open, rsi_14, sector))| Row {
            ticker: format!("T{at:02}"),
            close,
            open,
            rsi_14,
            sector,
        };
        all.into_iter().enumerate().map(row).collect()
    })
}

fn sample(rows: &[Row]) -> Sample {
    let tickers: Vec<&str> = rows.iter().map(|row| row.ticker.as_str()).collect();
    let sectors: Vec<&str> = rows.iter().map(|row| row.sector.unwrap_or_default()).collect();
    let column = |of: fn(&Row) -> Option<f64>| {
        rows.iter().map(|row| of(row).unwrap_or(f64::NAN)).collect::<Vec<f64>>()
    };
    Sample::of(&tickers)
        .number("close", &column(|row| row.close))
        .number("open", &column(|row| row.open))
        .number("rsi_14", &column(|row| row.rsi_14))
        .text("sector", &sectors)
        .sectors(&sectors)
}

/// What the profile selects by a plain evaluation: fates by row, and the listed tickers in order.
fn plainly(
    rows: &[Row],
    filter: &Truth,
    key: &Number,
    descending: bool,
    cap: usize,
    limit: usize,
) -> (Vec<Fate>, Vec<String>) {
    let mut fates: Vec<Fate> = rows
        .iter()
        .map(|row| match filter.of(row) {
            Some(true) => Fate::OverLimit,
            Some(false) => Fate::NotTrue,
            None => Fate::Unknown,
        })
        .collect();
    let mut open: Vec<usize> = (0..rows.len()).filter(|&at| fates[at] == Fate::OverLimit).collect();
    let mut listed: Vec<usize> = Vec::new();
    while !open.is_empty() {
        let before = |a: usize, b: usize| match (key.of(&rows[a]), key.of(&rows[b])) {
            (Some(x), Some(y)) if x != y => (x < y) != descending,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            _ => rows[a].ticker < rows[b].ticker,
        };
        let first = open.iter().copied().find(|&a| open.iter().all(|&b| a == b || before(a, b))).unwrap();
        open.retain(|&at| at != first);
        if listed.iter().filter(|&&at| rows[at].sector == rows[first].sector).count() >= cap {
            fates[first] = Fate::OverSectorCap;
        } else if listed.len() < limit {
            fates[first] = Fate::Listed;
            listed.push(first);
        }
    }
    (fates, listed.iter().map(|&at| rows[at].ticker.clone()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_selection_is_what_a_plain_evaluation_selects(
        rows in rows(),
        filter in a_truth(),
        key in a_number(),
        descending in any::<bool>(),
        cap in 1_usize..4,
        limit in 1_usize..6,
        turn in 0_usize..12,
    ) {
        let direction = if descending { "DESC" } else { "ASC" };
        let text = format!(
            "where = \"{}\"\norder_by = [\"{} {direction}\"]\nlimit = {limit}\nsector_cap = {cap}\ncolumns = ['close']",
            filter.sql(),
            key.sql(),
        );
        let profile = Profile::read("random", None, &text, known()).unwrap();
        let selection = sample(&rows).with(|market| select(&profile, market)).unwrap();
        let tickers: Vec<String> = selection.listed.iter().map(|&row| rows[row].ticker.clone()).collect();
        let (fates, wanted) = plainly(&rows, &filter, &key, descending, cap, limit);
        prop_assert_eq!(&selection.fates, &fates, "{}", text);
        prop_assert_eq!(&tickers, &wanted, "{}", text);

        let mut turned = rows.clone();
        turned.rotate_left(turn.min(rows.len()));
        turned.reverse();
        let selection = sample(&turned).with(|market| select(&profile, market)).unwrap();
        let again: Vec<String> = selection.listed.iter().map(|&row| turned[row].ticker.clone()).collect();
        prop_assert_eq!(again, tickers);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_text_makes_reading_panic(
        words in prop::collection::vec(
            prop_oneof![
                8 => prop::sample::select(&[
                    "close", "rsi_14", "sector", "close_5d_ago", "ics", "AND", "OR", "NOT", "(", ")", ",", "+", "-", "*", "/",
                    "%", "<", ">", "=", "<>", "IS", "NULL", "IN", "BETWEEN", "LIKE", "CASE", "WHEN", "THEN", "ELSE", "END",
                    "ABS", "ROUND", "COALESCE", "'Energy'", "1", "2.5", "1e400", "TRUE", ";", "--", "/*", "AS", "DESC", "x",
                    "SELECT", "FROM", "EXISTS", "OVER", "::", "INTERVAL", "[", "]", "{", "}", "->", "|", "~", "@", "?", "$1",
                ][..]).prop_map(str::to_owned),
                1 => ".{0,6}",
            ],
            0..16,
        ),
        tight in any::<bool>(),
    ) {
        let text = words.join(if tight { "" } else { " " });
        if let Err(error) = Expression::read(&text, known()) {
            prop_assert!(!error.to_string().is_empty() && !error.hint().is_empty());
        }
        let _ = Profile::read("random", Some("x.toml"), &text, known());
        let _ = Profile::read("random", None, &format!("where = '''{text}'''\norder_by = ['''{text}''']"), known());
    }
}
