//! ganger dispatches coding agents into tmux sessions and never loses track of one.
//!
//! # The map
//!
//! Folders are layers; a test reads the imports and enforces who may use whom.
//!
//! | layer | what it does |
//! |---|---|
//! | [`domain`] | decides: pure values and functions, the standard library only |
//! | [`ports`] | the seams: traits, their errors, and their contracts in prose |
//! | [`engine`] | the use cases over the ports: dispatch, reconcile, clean-up, stop, report, review, undo |
//! | [`sqlite`], [`git`], [`tmux`], [`os`] | the adapters, which never use each other but for [`os::process`], the one spawner |
//! | [`wire`] | what processes of ganger write for one another: versioned files |
//! | [`shim`] | the pane's own process, the parent of the agent |
//! | [`agent`] | the built-in agents: their hooks, and what their events and screens mean |
//! | [`config`] | the configuration file, one row for each setting |
//! | [`formats`] | task lists as other programs and people write them |
//! | [`tui`] | the board: model, update, view, and effects as data |
//! | [`cli`] | arguments, output, one file for each command; wires everything and alone names concrete adapters |
//!
//! With the feature `failpoints`, which no released build has, every call through a port can be made to fail.
//!
//! # A dispatch, from key to agent
//!
//! 1. `ganger dispatch 1` ([`cli::run`]) or `s` on the board ([`tui`]) comes to [`engine::dispatch::dispatch`].
//! 2. [`engine::dispatch::preflight`] asks what can be known to fail before the task is touched; then every name is fixed.
//! 3. [`ports::store::Store::claim`] opens the attempt in one transaction, by [`domain::lifecycle::step`].
//! 4. The steps of `engine::steps` run in order: the launch file, the worktree ([`git`]), the session ([`tmux`]).
//! 5. In the new pane, `ganger __agent` ([`shim`]) takes the attempt's lock, commits `spawning → running`, runs the setup,
//!    starts the agent and watches it. It writes down how the agent ended before it commits that.
//! 6. A step that fails is undone by the same functions that [`engine::upkeep`] calls; whatever a killed process left,
//!    it finds by locks and identities and finishes.
//!
//! ARCHITECTURE.md in the repository has the invariants, the protocol and its words, and where to change what.

pub mod agent;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
#[cfg(feature = "failpoints")]
pub mod failpoint;
pub mod forge;
pub mod formats;
pub mod git;
pub mod os;
pub mod ports;
pub mod shim;
pub mod sqlite;
pub mod tmux;
pub mod tui;
pub mod wire;
