//! What every request passes before it is answered: its head and its body are bounded, and it bears the token.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;

use super::super::fault::Fault;
use super::App;

/// Longest address, in bytes.
const LONGEST_URI: usize = 8 << 10;
/// Largest head besides the address, in bytes.
const LARGEST_HEAD: usize = 16 << 10;
/// Largest body, in bytes. No request needs one.
const LARGEST_BODY: u64 = 64 << 10;
/// What is read, and forgotten, of a body that is too large: its sender shall see the answer and no broken connection.
const PASSED_OVER: u64 = 32 << 20;
/// Time to read a body.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Lets a request through, or answers it.
pub async fn pass(State(shared): App, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let uri = head.uri.path_and_query().map_or(0, |uri| uri.as_str().len());
    if uri > LONGEST_URI {
        return Fault::new("uri_too_long", format!("the address is longer than {LONGEST_URI} bytes"))
            .into_response();
    }
    let size: usize = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if size > LARGEST_HEAD {
        return Fault::new("headers_too_large", format!("the headers are larger than {LARGEST_HEAD} bytes"))
            .into_response();
    }
    let may = match &shared.token {
        Some(token) => token.check(&head.headers),
        None => of_this_machine(&head.headers),
    };
    if let Err(fault) = may {
        return fault.into_response();
    }
    let wants_to_ask = head.headers.contains_key(header::EXPECT);
    if let Err(fault) = read(body, wants_to_ask).await {
        let mut response = fault.into_response();
        response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
        return response;
    }
    tracing::debug!("{} {}", head.method, head.uri);
    next.run(Request::from_parts(head, Body::empty())).await
}

/// Without a token, a page of a browser must not reach us through a name of its own that leads to this machine.
fn of_this_machine(headers: &HeaderMap) -> Result<(), Fault> {
    let Some(host) = headers.get(header::HOST) else { return Ok(()) };
    let host = host.to_str().unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let ours = name.is_empty()
        || name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if ours {
        return Ok(());
    }
    Err(Fault::new("unauthorized", "the request is for another host")
        .hint("without TIDEMARK_HTTP_TOKEN only localhost, 127.0.0.1 and [::1] are answered"))
}

/// Reads a body to its end and forgets it.
async fn read(body: Body, wants_to_ask: bool) -> Result<(), Fault> {
    let too_large = || Fault::new("body_too_large", format!("the body is larger than {LARGEST_BODY} bytes"));
    let announced = body.size_hint().lower();
    if announced > LARGEST_BODY && (wants_to_ask || announced > PASSED_OVER) {
        return Err(too_large());
    }
    let mut parts = body.into_data_stream();
    let reading = async {
        let mut size = 0;
        while let Some(part) = parts.next().await {
            match part {
                Ok(part) => size += part.len() as u64,
                Err(_) => return Err(Fault::new("malformed", "the body cannot be read")),
            }
            if size > PASSED_OVER {
                break;
            }
        }
        if size > LARGEST_BODY { Err(too_large()) } else { Ok(()) }
    };
    match tokio::time::timeout(BODY_TIME, reading).await {
        Ok(read) => read,
        Err(_) if announced > LARGEST_BODY => Err(too_large()),
        Err(_) => {
            Err(Fault::new("body_timeout", format!("the body did not come within {} s", BODY_TIME.as_secs())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_are_answered_without_a_token_and_no_others() {
        let answered = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            of_this_machine(&headers).is_ok()
        };
        for ours in ["localhost", "LOCALHOST:8471", "127.0.0.1:8471", "127.9.9.9", "[::1]:8471"] {
            assert!(answered(ours), "{ours}");
        }
        for other in ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:80", "[::2]", "localhost.evil:80"] {
            assert!(!answered(other), "{other}");
        }
        assert!(of_this_machine(&HeaderMap::new()).is_ok());
    }
}
