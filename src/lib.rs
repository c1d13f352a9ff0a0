//! ganger dispatches coding agents into tmux sessions and never loses track of one.
//!
//! Folders are layers. `domain` decides and knows nothing else; `ports` are the seams; `engine` carries decisions out
//! over them; `sqlite`, `git`, `tmux` and `os` are the adapters, which never use each other (but for `os::process`,
//! the one spawner); `shim` is the pane's process; `cli` wires everything and alone names concrete adapters. A test
//! reads the imports and enforces this.

pub mod agent;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
#[cfg(feature = "failpoints")]
pub mod failpoint;
pub mod git;
pub mod os;
pub mod ports;
pub mod shim;
pub mod sqlite;
pub mod tmux;
pub mod tui;
