//! The command line against a real database: exit code, both streams, and what is in the tables afterwards.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod files;
mod run;
mod tables;
mod vendor;

mod api;
mod arguments;
mod bad_files;
mod connecting;
mod disk_full;
mod faulty_vendor;
mod interrupted;
mod listings;
mod plan;
mod ranges;
mod real_slice;
mod reference;
mod replacing;
mod s3;
mod status;
