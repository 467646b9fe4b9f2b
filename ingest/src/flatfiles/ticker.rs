//! What a ticker may be: short, visible, case-sensitive text. `NA`, `TRUE` and `null` are tickers.

/// The longest ticker taken, in bytes.
pub const LONGEST: usize = 32;

/// Why text cannot be a ticker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum TickerFault {
    /// There is none.
    #[error("the ticker is empty")]
    Empty,
    /// Longer than [`LONGEST`] bytes.
    #[error("the ticker is longer than 32 bytes")]
    TooLong,
    /// The bytes are not UTF-8.
    #[error("the ticker is not UTF-8")]
    NotUtf8,
    /// It would not print as it is stored.
    #[error("the ticker holds white space or control characters")]
    Invisible,
}

/// Gives the bytes back as text.
///
/// # Errors
/// The first [`TickerFault`] found.
pub fn check(bytes: &[u8]) -> Result<&str, TickerFault> {
    if bytes.is_empty() {
        return Err(TickerFault::Empty);
    }
    if bytes.len() > LONGEST {
        return Err(TickerFault::TooLong);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| TickerFault::NotUtf8)?;
    let visible = bytes.iter().all(u8::is_ascii_graphic)
        || !text.chars().any(|character| character.is_control() || character.is_whitespace());
    if visible { Ok(text) } else { Err(TickerFault::Invisible) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_mean_something_elsewhere_are_tickers_here() {
        for ticker in ["NA", "TRUE", "NAN", "null", "BRK.A", "KIMpL", "MRTpA.CL", "É"] {
            assert_eq!(check(ticker.as_bytes()), Ok(ticker));
        }
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(check(b""), Err(TickerFault::Empty));
        assert_eq!(check(&[b'A'; 32]).map(str::len), Ok(32));
        assert_eq!(check(&[b'A'; 33]), Err(TickerFault::TooLong));
        assert_eq!(check(b"A\xff"), Err(TickerFault::NotUtf8));
        for invisible in ["A\u{1b}[31m", " A", "A ", "A\tB", "A\u{a0}", "\u{85}"] {
            assert_eq!(check(invisible.as_bytes()), Err(TickerFault::Invisible), "{invisible:?}");
        }
    }
}
