//! What the figures were measured on.

use tokio_postgres::Client;

/// Cores, processor, versions and the settings of the server that decide what a commit costs.
pub async fn words(client: &Client) -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.into());
    let row = client
        .query_one(
            "SELECT split_part(current_setting('server_version'), ' ', 1), extversion,
                    current_setting('timescaledb.license'), current_setting('fsync'),
                    current_setting('synchronous_commit'), current_setting('shared_buffers')
             FROM pg_extension WHERE extname = 'timescaledb'",
            &[],
        )
        .await?;
    let setting = |at: usize| row.get::<_, String>(at);
    Ok(format!(
        "machine: {cores} cores, {processor}; PostgreSQL {}, TimescaleDB {} ({}), fsync {}, synchronous_commit {}, shared_buffers {}",
        setting(0),
        setting(1),
        setting(2),
        setting(3),
        setting(4),
        setting(5)
    ))
}
