//! The shim: the pane's own process, and the agent's parent.
//!
//! It takes its attempt's lock, commits that the attempt runs, and only then starts an agent: a window that turns
//! up late, twice or after a reset finds its attempt revoked and ends. It holds the lock for its life, writes down
//! how the agent ended before it tells the database, and verifies. It never starts anything for an attempt that
//! is not its task's current one.

mod bring;
mod bringing;
mod footer;
pub mod life;
mod log;
mod observe;
mod pump;
mod signals;
mod terminal;
mod world;

use std::path::Path;

use crate::domain::id::AttemptId;
use crate::engine::{Engine, Fault, Kind};
use crate::wire::launch::Launch;

use life::Life;
use signals::Signals;
use world::World;

/// What the shim needs of whoever wires it.
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    /// Called once the worktree is set up; what it can't do is a line for the log.
    pub prepare: &'a dyn Fn(&Engine, &Path) -> Result<(), String>,
    /// Opens the database anew.
    pub reopen: &'a dyn Fn() -> Result<Engine, Fault>,
}

/// Runs an attempt in this terminal to its end; the agent's exit code.
///
/// # Errors
/// When the attempt can't be run: then no agent was started.
pub fn run(engine: Engine, launch: &Launch, id: &AttemptId, outside: Outside<'_>) -> Result<u8, Fault> {
    let signals = Signals::install().map_err(|error| Fault::io("catching signals", &error))?;
    let unknown = || Fault::new(Kind::Conflict, "this attempt is unknown: no agent is started for it");
    let attempt = engine.ports.store.attempt(id)?.ok_or_else(unknown)?;
    World::new(engine, launch, &attempt.plan, signals, outside).live(Life::new(attempt.phase))
}
