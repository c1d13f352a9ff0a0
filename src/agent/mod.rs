//! The agents that ganger knows without configuration, and what their programs say. It starts nothing and reads no file.
//!
//! How they are started is [`BUILT_IN`]: entries of the same form as the user's own.

pub mod hooks;
pub mod limit;
pub mod screen;

/// The agent of a task that names none, unless configured.
pub const DEFAULT: &str = "claude";

/// The built-in agents, as a configuration file.
pub const BUILT_IN: &str = include_str!("../../assets/agents.toml");
