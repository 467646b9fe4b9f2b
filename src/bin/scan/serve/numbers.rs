//! What is counted and measured, for Prometheus.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

const SCAN_SECONDS: &str = "tidemark_scan_seconds";
const ROWS: &str = "tidemark_scan_rows_total";
const REQUESTS: &str = "tidemark_requests_total";
const FOLLOWS: &str = "tidemark_follows_total";
const UPDATED: &str = "tidemark_instruments_updated_total";
const FEATURES: &str = "tidemark_feature_rows_read_total";
const HITS: &str = "tidemark_cache_hits_total";
const MISSES: &str = "tidemark_cache_misses_total";
const LAG: &str = "tidemark_watermark_lag_seconds";
const POOL: &str = "tidemark_pool_connections";
const READY: &str = "tidemark_ready";
const CONNECTIONS: &str = "tidemark_http_connections";
const STREAMS: &str = "tidemark_streams";
const DROPPED: &str = "tidemark_streams_dropped_total";

/// Bounds of the seconds of an answer.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Begins to count. Once a process.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(SCAN_SECONDS.into()), &SECONDS)?
        .install_recorder()?;
    describe_histogram!(
        SCAN_SECONDS,
        "Seconds to compute an answer, by kind: living (from memory) or as_of (a past session)."
    );
    describe_counter!(ROWS, "Rows of answers, by kind.");
    describe_counter!(
        REQUESTS,
        "Requests for a scan, by door (stdio, http, stream) and result (ok or the code of the error)."
    );
    describe_counter!(FOLLOWS, "Looks at the change log, by result: changed, unchanged or failed.");
    describe_counter!(UPDATED, "Instruments whose signals were computed because they changed.");
    describe_counter!(FEATURES, "Feature rows that were read because they changed.");
    describe_counter!(
        HITS,
        "Answers that a layer of the cache had, by layer: ranking and earlier, both in memory."
    );
    describe_counter!(MISSES, "Answers that a layer of the cache did not have.");
    describe_gauge!(LAG, "Seconds since the market in memory was last known to be that of the database.");
    describe_gauge!(POOL, "Connections of the pool, by state: open or idle.");
    describe_gauge!(READY, "1 where a market is loaded.");
    describe_gauge!(CONNECTIONS, "HTTP connections that are open.");
    describe_gauge!(STREAMS, "Streams that are open.");
    describe_counter!(DROPPED, "Streams that were ended because their reader was too slow.");
    for layer in ["ranking", "earlier"] {
        counter!(HITS, "layer" => layer).absolute(0);
        counter!(MISSES, "layer" => layer).absolute(0);
    }
    Ok(handle)
}

/// An answer was computed.
pub fn answered(kind: &'static str, time: Duration, rows: usize) {
    histogram!(SCAN_SECONDS, "kind" => kind).record(time.as_secs_f64());
    counter!(ROWS, "kind" => kind).increment(rows as u64);
}

/// A request was answered through a door.
pub fn request(door: &'static str, result: &'static str) {
    counter!(REQUESTS, "door" => door, "result" => result).increment(1);
}

/// The change log was looked at.
pub fn follow(result: &'static str) {
    counter!(FOLLOWS, "result" => result).increment(1);
}

/// A look read so many.
pub fn updated(instruments: usize, features: usize) {
    counter!(UPDATED).increment(instruments as u64);
    counter!(FEATURES).increment(features as u64);
}

/// A layer of the cache was asked.
pub fn cache(layer: &'static str, had: bool) {
    counter!(if had { HITS } else { MISSES }, "layer" => layer).increment(1);
}

/// A connection was opened, or closed.
pub fn connection(opened: bool) {
    gauge!(CONNECTIONS).increment(if opened { 1.0 } else { -1.0 });
}

/// A stream was opened, or closed.
pub fn stream(opened: bool) {
    gauge!(STREAMS).increment(if opened { 1.0 } else { -1.0 });
}

/// A stream's reader was too slow.
pub fn dropped() {
    counter!(DROPPED).increment(1);
}

/// What is measured when it is asked for.
pub fn standing(ready: bool, lag: Option<Duration>, (open, idle): (usize, usize)) {
    gauge!(READY).set(f64::from(u8::from(ready)));
    gauge!(LAG).set(lag.map_or(f64::NAN, |lag| lag.as_secs_f64()));
    gauge!(POOL, "state" => "open").set(open as f64);
    gauge!(POOL, "state" => "idle").set(idle as f64);
}

/// Keeps what was measured small, where nobody asks for it.
pub async fn upkeep(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(Duration::from_secs(30)).await;
        handle.run_upkeep();
    }
}
