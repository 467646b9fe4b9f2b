//! The market's nouns: sessions, bars, corporate actions and one instrument's history. No I/O, no clock, no randomness.

pub mod announcements;
pub mod bar;
pub mod calendar;
pub mod claims;
pub mod history;
pub mod instrument;
pub mod listing;
pub mod sector;
pub mod statement;
pub mod twin_splits;
