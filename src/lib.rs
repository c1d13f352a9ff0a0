//! ganger dispatches coding agents into tmux sessions and never loses track of one.
pub mod agent;
pub mod config;
pub mod domain;
pub mod os;
pub mod ports;
