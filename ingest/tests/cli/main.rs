//! The command line against a real database: exit code, both streams, and what is in the tables afterwards.

#[path = "../../../tests/support/mod.rs"]
mod support;

mod files;
mod run;
mod tables;
mod vendor;

mod actions;
mod api;
mod arguments;
mod bad_files;
mod campaign;
mod connecting;
mod daily;
mod disk_full;
mod faulty_vendor;
mod interrupted;
mod listings;
mod minute_aggregates;
mod minute_vendor;
mod minutes;
mod plan;
mod ranges;
mod real_slice;
mod real_year;
mod replacing;
mod s3;
mod statements;
mod status;
mod verify;
mod verify_real;
