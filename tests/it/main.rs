//! The tests that need the real binary, real git and real tmux, and those of the rules: models, tables and the architecture. One
//! binary, so that it links once.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod adoption;
mod agents;
mod architecture;
mod audit;
mod blind;
mod bounds;
mod branches;
mod catalogue;
mod catalogue_agents;
mod catalogue_disk;
mod catalogue_git;
mod catalogue_lies;
mod catalogue_limits;
mod catalogue_rivals;
mod catalogue_tmux;
mod catalogue_trees;
mod claims;
mod cli;
mod decisions;
mod diffs;
mod dispatch;
mod endings;
mod events;
mod faults;
mod kills;
mod listing;
mod lists;
mod merging;
mod model;
mod nemesis;
mod old_database;
mod output;
mod permissions;
mod properties;
mod pulls;
mod readme;
mod restored;
mod review;
mod running;
mod security;
mod setup;
mod shapes;
mod standins;
mod states;
mod strangers;
mod support;
mod terminal;
mod tidying;
mod trash;
mod tree_records;
mod tui;
mod undo;
mod verbs;
