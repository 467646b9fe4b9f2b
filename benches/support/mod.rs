//! What the benchmark stands on (report, market, programs, database, machine), and the figures, a file a group.

pub mod report;

pub mod database;
pub mod machine;
pub mod market;
pub mod programs;

pub mod bars;
pub mod features;
pub mod scans;
pub mod updates;
