//! Where the key may go: the configured origin and its twin, and nowhere else.

use super::VendorError;
use reqwest::Url;

/// Hosts of one vendor under its old and its new name.
const TWINS: [&str; 2] = ["api.polygon.io", "api.massive.com"];

/// The configured address of the vendor: https, or http on this machine's loopback.
#[derive(Debug, Clone)]
pub(super) struct Origin(Url);

impl Origin {
    /// Reads the address in the setting `what` ("the base URL").
    pub(super) fn parse(what: &str, address: &str) -> Result<Self, VendorError> {
        let unusable = |reason: &str| VendorError::Settings { reason: format!("{what} {reason}") };
        let url = Url::parse(address).map_err(|error| unusable(&format!("is no address: {error}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unusable("holds a user or a password"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(unusable("holds more than scheme, host and port"));
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            _ => Err(unusable("is not https")),
        }
    }

    /// The address itself.
    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    /// Plain http, which only this machine can hear.
    pub(super) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The address of `path` at this origin, whatever `path` holds.
    pub(super) fn address(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// The address of a path of these segments, each encoded, so that none can hold a slash of its own.
    pub(super) fn address_of(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url.query_pairs_mut().extend_pairs(query);
        url
    }

    /// The address of a `next_url`, if it stays with the vendor. `path` is the first page's, for the error.
    /// An `apiKey` that the vendor put in is taken out: the key travels in a header.
    pub(super) fn follow(&self, next_url: &str, path: &str) -> Result<Url, VendorError> {
        let mut url = self.0.join(next_url).map_err(|error| VendorError::Malformed {
            path: path.to_owned(),
            reason: format!("next_url: {error}"),
        })?;
        if !self.trusts(&url) {
            return Err(VendorError::ForeignPage { path: path.to_owned(), origin: origin_text(&url) });
        }
        url.set_fragment(None);
        let is_key = |name: &str| name.eq_ignore_ascii_case("apikey");
        if url.query_pairs().any(|(name, _)| is_key(&name)) {
            let kept: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| !is_key(name)).collect();
            url.set_query(None);
            url.query_pairs_mut().extend_pairs(kept);
        }
        Ok(url)
    }

    fn trusts(&self, url: &Url) -> bool {
        let place = |url: &Url| (url.scheme().to_owned(), url.port_or_known_default());
        if !url.username().is_empty() || url.password().is_some() || place(url) != place(&self.0) {
            return false;
        }
        let is_twin =
            |url: &Url| url.scheme() == "https" && url.host_str().is_some_and(|host| TWINS.contains(&host));
        url.host_str() == self.0.host_str() || (is_twin(url) && is_twin(&self.0))
    }
}

/// Scheme, host and port of an address: what may be shown of it.
pub(super) fn origin_text(url: &Url) -> String {
    let host = url.host_str().unwrap_or("nowhere");
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(base: &str, next: &str) -> Result<String, VendorError> {
        Origin::parse("the base URL", base).unwrap().follow(next, "/v3/x").map(String::from)
    }

    #[test]
    fn only_https_or_loopback_may_hold_the_key() {
        for good in
            ["https://api.massive.com", "https://example.org:8443/", "http://127.0.0.1:80", "http://[::1]:9"]
        {
            assert!(Origin::parse("the base URL", good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.massive.com",
            "http://127.0.0.1.example.org",
            "ftp://api.massive.com",
            "https://u:p@api.massive.com",
            "https://api.massive.com/v2",
            "https://api.massive.com/?apiKey=x",
            "api.massive.com",
        ] {
            assert!(matches!(Origin::parse("the base URL", bad), Err(VendorError::Settings { .. })), "{bad}");
        }
    }

    #[test]
    fn a_next_page_may_be_at_the_twin_of_the_vendor() {
        let next = "https://api.massive.com/v3/x?cursor=a";
        assert_eq!(follow("https://api.polygon.io", next).unwrap(), next);
        let next = "https://api.polygon.io/v3/x?cursor=a";
        assert_eq!(follow("https://api.massive.com", next).unwrap(), next);
        assert_eq!(
            follow("https://api.massive.com", "/v3/x?c=1").unwrap(),
            "https://api.massive.com/v3/x?c=1"
        );
    }

    #[test]
    fn a_next_page_elsewhere_is_foreign() {
        for next in [
            "https://evil.example/v3/x",
            "//evil.example/v3/x",
            "http://api.polygon.io/v3/x",
            "https://api.polygon.io:8443/v3/x",
            "https://api.polygon.io.evil.example/v3/x",
            "https://api.polygon.io@evil.example/v3/x",
            "https://user:word@api.polygon.io/v3/x",
            "https://evil.example\\@api.polygon.io/v3/x",
            "data:text/plain,api.polygon.io",
        ] {
            let error = follow("https://api.polygon.io", next).unwrap_err();
            assert!(matches!(error, VendorError::ForeignPage { .. }), "{next}: {error}");
        }
        for other in ["http://127.0.0.1:9", "https://example.org"] {
            let error = follow(other, "https://api.polygon.io/v3/x").unwrap_err();
            assert!(matches!(error, VendorError::ForeignPage { .. }), "{other} has no twin: {error}");
        }
    }

    #[test]
    fn a_key_in_a_next_page_is_taken_out() {
        assert_eq!(
            follow("https://api.polygon.io", "https://api.polygon.io/v3/x?apiKey=abc&cursor=a%3D").unwrap(),
            "https://api.polygon.io/v3/x?cursor=a%3D"
        );
    }

    #[test]
    fn a_path_cannot_lead_to_another_host() {
        let origin = Origin::parse("the base URL", "https://api.polygon.io").unwrap();
        for path in ["//evil.example/x", "https://evil.example/x", "@evil.example", "/x?y#z"] {
            assert_eq!(origin.address(path, &[]).host_str(), Some("api.polygon.io"), "{path}");
        }
    }
    #[test]
    fn a_segment_stays_one_segment_and_keeps_its_case() {
        let origin = Origin::parse("the base URL", "https://api.polygon.io").unwrap();
        for (ticker, encoded) in [
            ("BRK.A", "BRK.A"),
            ("MRTpA.CL", "MRTpA.CL"),
            ("C:EURUSD", "C:EURUSD"),
            ("A/../B", "A%2F..%2FB"),
            ("A?b#c", "A%3Fb%23c"),
            ("50%", "50%25"),
            ("É", "%C3%89"),
        ] {
            let url = origin.address_of(&["v2", ticker, "x"], &[("sort", "asc")]);
            assert_eq!(url.as_str(), format!("https://api.polygon.io/v2/{encoded}/x?sort=asc"));
        }
    }
}
