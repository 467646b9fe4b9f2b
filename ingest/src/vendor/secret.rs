//! A key that cannot be printed by accident.

use std::{convert::Infallible, fmt, str::FromStr};

/// A key or password. It has no `Display` and is not serialized; its `Debug` is `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a key. White space around it, such as the newline of a key file, does not belong to it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// Whether there is nothing inside.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key itself, for the one header that carries it. Never for a message.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// `text` with every appearance of the key replaced by `***`: an answer can quote the key back.
    pub fn redact(&self, text: &str) -> String {
        if self.is_empty() { text.to_owned() } else { text.replace(&self.0, "***") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// So that a command line can take it from an argument or an environment variable.
impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_three_stars_also_inside_other_types() {
        assert_eq!(format!("{:?}", Secret::new("abc")), "***");
        assert_eq!(format!("{:?}", Some(Secret::new("abc"))), "Some(***)");
    }

    #[test]
    fn the_newline_of_a_key_file_is_not_part_of_the_key() {
        assert_eq!(Secret::new("abc\n").reveal(), "abc");
        assert!(Secret::new(" \n").is_empty());
    }

    #[test]
    fn a_quoted_key_is_blotted_out() {
        assert_eq!(Secret::new("abc").redact("Unknown key abc, abc!"), "Unknown key ***, ***!");
        assert_eq!(Secret::new("").redact("as it was"), "as it was");
    }
}
