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
