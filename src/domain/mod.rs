//! The market's nouns: sessions, bars, corporate actions and one instrument's history. No I/O, no clock, no randomness.

pub mod bar;
pub mod calendar;
pub mod history;
pub mod twin_splits;
