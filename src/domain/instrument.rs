//! What an instrument is: the vendor's types, and who of them is compared with whom.

/// Whether an instrument of the vendor's type `kind` may be in the population over which scores are taken: common shares and
/// receipts for them, and what is not known to be something else.
pub fn is_share(kind: Option<&str>) -> bool {
    matches!(kind, None | Some("CS" | "ADRC"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_receipts_and_the_unknown_are_compared_funds_and_warrants_are_not() {
        for kind in [None, Some("CS"), Some("ADRC")] {
            assert!(is_share(kind), "{kind:?}");
        }
        for kind in ["ETF", "WARRANT", "PFD", "UNIT", "ETN", "cs", ""] {
            assert!(!is_share(Some(kind)), "{kind}");
        }
    }
}
