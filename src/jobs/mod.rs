//! The jobs: what reads from the store, computes, and stores again. A job is a recipe; its arithmetic and its statements
//! live on the floors below.

pub mod checks;
pub mod evaluate;
pub mod explain;
pub mod load;
pub mod reference;
pub mod refresh;
pub mod scan;
