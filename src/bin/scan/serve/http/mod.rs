//! HTTP: a door with bounds. Connections, heads, bodies, readers and waiting requests are all limited; every refusal is an object
//! with a code.

mod connections;
mod gate;
mod openapi;
mod pages;
mod patient;
mod schemas;
mod stream;
mod symbol;
mod token;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::engine::Engine;
use super::fault::Fault;
use token::Token;

/// An address that is bound, and who may come in.
pub struct Door {
    listener: TcpListener,
    token: Option<Token>,
    connections: usize,
    metrics: PrometheusHandle,
}

/// What the handlers share.
#[derive(Clone)]
pub struct Shared {
    engine: Arc<Engine>,
    token: Option<Arc<Token>>,
    metrics: PrometheusHandle,
    streams: Arc<Semaphore>,
    stop: watch::Receiver<bool>,
}

/// Streams that may be open at once.
const STREAMS: usize = 64;

impl Door {
    /// Binds `address`, and says where.
    ///
    /// # Errors
    /// The address is taken or not ours, or it is not of this machine alone and there is no token.
    pub fn open(address: SocketAddr, connections: usize, metrics: PrometheusHandle) -> anyhow::Result<Self> {
        let token = Token::of_environment(address.ip().is_loopback())?;
        let listener = std::net::TcpListener::bind(address)
            .with_context(|| format!("{address} cannot be listened on"))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        eprintln!("listening on http://{address}");
        Ok(Self { listener: TcpListener::from_std(listener)?, token, connections, metrics })
    }

    /// Answers until `stop` says so; then ends what runs, for as long as that may take.
    pub async fn serve(self, engine: Arc<Engine>, stop: watch::Receiver<bool>) {
        let shared = Shared {
            engine,
            token: self.token.map(Arc::new),
            metrics: self.metrics,
            streams: Arc::new(Semaphore::new(STREAMS)),
            stop: stop.clone(),
        };
        connections::serve(self.listener, self.connections, router(shared), stop).await;
    }
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/v1/scan", get(pages::scan))
        .route("/v1/scan/stream", get(stream::open))
        .route("/v1/symbols/{ticker}", get(symbol::page))
        .route("/v1/runs", get(pages::runs))
        .route("/v1/columns", get(pages::columns))
        .route("/v1/profiles", get(pages::profiles))
        .route("/healthz", get(pages::health))
        .route("/metrics", get(pages::metrics))
        .route("/openapi.json", get(openapi::page))
        .fallback(|| async {
            Fault::new("not_found", "there is nothing at this path")
                .hint("GET /openapi.json says what there is")
        })
        .method_not_allowed_fallback(|| async {
            Fault::new("method_not_allowed", "only GET and HEAD are answered here")
        })
        .layer(middleware::from_fn_with_state(shared.clone(), gate::pass))
        .with_state(shared)
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let text = json!({ "ok": false, "error": self.json() }).to_string();
        let mut response = json_text(text);
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        match self.status() {
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            }
            _ => {}
        }
        response
    }
}

/// A page of JSON. Nobody keeps it: the next one may differ.
fn json_text(text: String) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, text).into_response()
}

fn json_page(value: &Value) -> Response {
    json_text(value.to_string())
}

/// The pairs of an address's query.
type Pairs = Vec<(String, String)>;

/// A query that may be unreadable.
type Query = Result<axum::extract::Query<Pairs>, axum::extract::rejection::QueryRejection>;

fn pairs(query: Query) -> Result<Pairs, Fault> {
    query.map(|query| query.0).map_err(|error| Fault::new("malformed", error.body_text()))
}

/// The state that handlers take.
type App = State<Shared>;
