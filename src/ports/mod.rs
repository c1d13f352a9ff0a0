//! The seams: what the engine needs of the outside, each with its errors and its contract in prose.
//!
//! Every call that leaves the process has a deadline. "Could not look" is always an error or a value of its own,
//! never an empty answer.

pub mod forge;
pub mod host;
pub mod merges;
pub mod multiplexer;
pub mod repositories;
pub mod store;
pub mod worktrees;
