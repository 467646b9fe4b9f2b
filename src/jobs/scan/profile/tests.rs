//! Profiles: their files, what is refused in them, the look-up, and what they select.

mod files;
mod naive;
mod selections;
