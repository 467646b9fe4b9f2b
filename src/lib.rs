//! Tidemark: bars in TimescaleDB, factors beside them, and a ranked market kept right by reading only what changed.
//!
//! Four floors, each using those below: the programs (`ingest`, `features`, `scan`), the [`jobs`], the [`arithmetic`] and
//! the [`store`] side by side, and the [`domain`].

pub mod domain;

pub mod arithmetic;
pub mod settings;
pub mod store;

pub mod jobs;

pub mod failure;
pub mod say;

/// The real market data that some tests read in place: `TIDEMARK_TEST_DATA`, or `../shared/data` beside the checkout. None
/// where neither is there: those tests say so and pass, so that a clone alone can be tested.
#[cfg(test)]
fn real_data() -> Option<std::path::PathBuf> {
    if let Some(named) = std::env::var_os("TIDEMARK_TEST_DATA") {
        return Some(named.into());
    }
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    if beside.is_dir() {
        return Some(beside);
    }
    eprintln!("skipped: no real data; name its folder in TIDEMARK_TEST_DATA");
    None
}
