//! The token that requests must bear.

use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use tidemark::failure::Failure;

use super::super::fault::Fault;

const VARIABLE: &str = "TIDEMARK_HTTP_TOKEN";
/// Fewest characters of a token.
const SHORTEST: usize = 16;

/// The digest of the token: of the token itself nothing is kept.
pub struct Token([u8; 32]);

impl Token {
    /// The token of the environment. It may lack where only this machine can connect.
    ///
    /// # Errors
    /// It lacks where it must be there, or is too short.
    pub fn of_environment(may_lack: bool) -> Result<Option<Self>, Failure> {
        Self::of(std::env::var(VARIABLE).ok().as_deref(), may_lack)
    }

    fn of(token: Option<&str>, may_lack: bool) -> Result<Option<Self>, Failure> {
        let act = format!(
            "put {SHORTEST} random characters or more into {VARIABLE}, such as those that `openssl rand -hex 16` prints"
        );
        match token.map(str::trim).filter(|token| !token.is_empty()) {
            None if may_lack => Ok(None),
            None => Err(Failure::new(
                "on an address that others can reach, requests must bear a token, and there is none",
            )
            .hint(act)),
            Some(token) if token.chars().count() < SHORTEST => {
                Err(Failure::new(format!("{VARIABLE} has fewer than {SHORTEST} characters")).hint(act))
            }
            Some(token) => Ok(Some(Self(digest(token.as_bytes())))),
        }
    }

    /// Whether a request may come in. The time that it takes says nothing about the token.
    ///
    /// # Errors
    /// It does not bear the token.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Fault> {
        let given = headers.get(header::AUTHORIZATION).map_or(&[] as &[u8], |value| value.as_bytes());
        let given = match given.split_at_checked(7) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => token.trim_ascii(),
            _ => &[],
        };
        let differing = digest(given).iter().zip(&self.0).fold(0, |all, (a, b)| all | (a ^ b));
        if std::hint::black_box(differing) == 0 {
            return Ok(());
        }
        Err(Fault::new("unauthorized", "the request does not bear the token")
            .hint("send the header Authorization: Bearer TOKEN"))
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bears(header: Option<&str>) -> bool {
        let token = Token::of(Some("sixteen-letters!"), false).unwrap().unwrap();
        let mut headers = HeaderMap::new();
        if let Some(text) = header {
            headers.insert(header::AUTHORIZATION, text.parse().unwrap());
        }
        token.check(&headers).is_ok()
    }

    #[test]
    fn only_the_token_opens() {
        assert!(bears(Some("Bearer sixteen-letters!")) && bears(Some("bearer  sixteen-letters!")));
        for wrong in
            ["", "sixteen-letters!", "Bearer", "Bearer ", "Bearer sixteen-letters", "Basic sixteen-letters!"]
        {
            assert!(!bears(Some(wrong)), "{wrong}");
        }
        assert!(!bears(None));
    }

    #[test]
    fn a_short_token_is_refused_and_none_is_enough_on_loopback_alone() {
        assert!(Token::of(None, true).unwrap().is_none() && Token::of(Some(" "), true).unwrap().is_none());
        assert!(Token::of(None, false).is_err());
        let error = Token::of(Some("hush-hush"), true).err().unwrap();
        assert!(!format!("{error:?}").contains("hush-hush"));
    }
}
