//! HTTP under the house's rules, the same for the API and for the flat files: https or loopback, no redirects, a
//! deadline, and no address in any error.

use super::{
    Secret, VendorError,
    origin::{Origin, origin_text},
    retry::{self, Fault},
};
use chrono::Utc;
use reqwest::{Client, ClientBuilder, Response, header, redirect};
use std::time::Duration;

/// How long a connection may take to be made; a part of the deadline.
const CONNECT: Duration = Duration::from_secs(15);

/// A client to be built: connections are kept and used again, HTTP/2 is spoken where the server offers it.
pub(super) fn builder(origin: &Origin, timeout: Duration) -> ClientBuilder {
    // Fails when a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .user_agent(concat!("tidemark/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT.min(timeout))
        .timeout(timeout);
    if origin.is_plain() { builder.no_proxy() } else { builder.https_only(true) }
}

pub(super) fn build(builder: ClientBuilder) -> Result<Client, VendorError> {
    builder.build().map_err(|error| VendorError::Settings { reason: chain(&error) })
}

/// The fault of an answer that leads elsewhere: the request carries the key or a signature, so nobody follows.
pub(super) fn redirected(response: &Response, path: &str) -> Option<Fault> {
    if !response.status().is_redirection() {
        return None;
    }
    let place = text_of(response, header::LOCATION).and_then(|place| response.url().join(place).ok());
    let host = place.as_ref().map_or_else(|| "nowhere".to_owned(), origin_text);
    Some(Fault::Final(VendorError::Redirected { path: path.to_owned(), host }))
}

/// How long the server wants us to wait, where it says so.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    text_of(response, header::RETRY_AFTER).and_then(|value| retry::retry_after(value, Utc::now()))
}

/// A header's text.
pub(super) fn text_of(response: &Response, name: header::HeaderName) -> Option<&str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

/// What a try met when no whole answer came. The address, which may be signed, is taken out.
pub(super) fn fault(error: reqwest::Error, secret: &Secret) -> Fault {
    if error.is_timeout() {
        return Fault::Deadline;
    }
    Fault::Connection { reason: secret.redact(&chain(&error.without_url())) }
}

/// An error with its causes, on one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
