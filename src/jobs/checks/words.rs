//! Numbers in the words of a finding.

/// A price: up to four decimals, no zeros at the end.
pub fn price(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A ratio of two prices: 0.498, 12.3, 1500.
pub fn ratio(value: f64) -> String {
    let places = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        3
    };
    format!("{value:.places$}")
}

/// How many times something is: 0.8, 12.
pub fn times(value: f64) -> String {
    if value < 10.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

/// The way from a close to the next open and close, with their ratios: after 66.29 open 26.89 (0.406 times), close 28.57
/// (0.431 times).
pub fn step(before: f64, prices: [f64; 2], ratios: [f64; 2]) -> String {
    format!(
        "after {} open {} ({} times), close {} ({} times)",
        price(before),
        price(prices[0]),
        ratio(ratios[0]),
        price(prices[1]),
        ratio(ratios[1])
    )
}

/// A part in percent: 41 %.
pub fn percent(part: f64) -> String {
    format!("{:.0} %", 100.0 * part)
}

/// A split: new shares, old shares.
pub fn split(new: f64, old: f64) -> String {
    format!("{}:{}", price(new), price(old))
}

/// `one` thing or `count` things.
pub fn count(count: i64, one: &str, many: &str) -> String {
    let number = crate::say::count(count.unsigned_abs());
    format!("{number} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_need_to_be() {
        assert_eq!(
            [price(10.0), price(0.025), price(1355.5), price(f64::NAN)],
            ["10", "0.025", "1355.5", "NaN"]
        );
        assert_eq!([ratio(0.5), ratio(12.34), ratio(1487.8)], ["0.500", "12.3", "1488"]);
        assert_eq!([times(0.826), times(12.34)], ["0.8", "12"]);
        assert_eq!((percent(0.414), split(1101.0, 500.0)), ("41 %".into(), "1101:500".into()));
        let told = step(66.29, [26.89, 28.57], [0.4056, 0.431]);
        assert_eq!(told, "after 66.29 open 26.89 (0.406 times), close 28.57 (0.431 times)");
        assert_eq!([count(1, "bar", "bars"), count(1200, "bar", "bars")], ["1 bar", "1,200 bars"]);
    }
}
