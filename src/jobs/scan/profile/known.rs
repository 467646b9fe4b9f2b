//! The columns that expressions may name, and what was probably meant by a name that is none of them.

/// What a column or an expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A number; null as NaN.
    Number,
    /// Text, compared case-sensitively.
    Text,
    /// True, false or null.
    Flag,
}

impl Kind {
    /// The kind as errors say it.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Number => "a number",
            Kind::Text => "text",
            Kind::Flag => "a condition",
        }
    }
}

/// A column that an expression may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its published name.
    pub name: &'static str,
    /// What it gives.
    pub kind: Kind,
    /// Whether its values of earlier sessions can be read too, as `<name>_<N>d_ago`.
    pub earlier: bool,
}

/// Furthest session that an earlier column reaches back to.
pub const LONGEST_AGO: u32 = 252;

/// Splits the name of an earlier column, `rsi_14_5d_ago`, into its column and how many sessions ago. None if the name
/// does not have that form. A number of sessions that is out of range is given as it is, up to `u32::MAX`.
pub fn earlier(name: &str) -> Option<(&str, u32)> {
    let (base, digits) = name.strip_suffix("d_ago")?.rsplit_once('_')?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = plain && (digits.len() == 1 || !digits.starts_with('0'));
    (canonical && !base.is_empty()).then(|| (base, digits.parse().unwrap_or(u32::MAX)))
}

/// The candidate that was probably meant by `name`: the same but for case, or else the most similar one that is similar
/// enough.
pub fn probably_meant<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const SIMILAR_ENOUGH: f64 = 0.7;
    let lower: String = name.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        if candidate.eq_ignore_ascii_case(name) {
            return Some(candidate);
        }
        let similarity = strsim::normalized_damerau_levenshtein(&lower, &candidate.to_lowercase());
        if similarity >= SIMILAR_ENOUGH && best.is_none_or(|(found, _)| similarity > found) {
            best = Some((similarity, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_name_is_its_column_and_a_number_of_sessions() {
        assert_eq!(earlier("close_1d_ago"), Some(("close", 1)));
        assert_eq!(earlier("rsi_14_5d_ago"), Some(("rsi_14", 5)));
        assert_eq!(earlier("close_0d_ago"), Some(("close", 0)));
        assert_eq!(earlier("close_99999999999d_ago"), Some(("close", u32::MAX)));
        for other in
            ["close", "close_d_ago", "close_05d_ago", "close_+5d_ago", "_5d_ago", "5d_ago", "close_5d_agO"]
        {
            assert_eq!(earlier(other), None, "{other}");
        }
    }

    #[test]
    fn a_slip_of_the_keys_or_of_case_is_understood_and_a_strange_word_is_not() {
        let names = ["close", "rsi_14", "sma_200", "sma_20"];
        assert_eq!(probably_meant("RSI_14", names), Some("rsi_14"));
        assert_eq!(probably_meant("rsi14", names), Some("rsi_14"));
        assert_eq!(probably_meant("clsoe", names), Some("close"));
        assert_eq!(probably_meant("sma_2000", names), Some("sma_200"));
        assert_eq!(probably_meant("dividend_growth", names), None);
    }
}
