//! The shim: the pane's own process, and the agent's parent.
//!
//! It takes its attempt's lock, commits that the attempt runs, and only then starts an agent: a window that turns
//! up late, twice or after a reset finds its attempt revoked and ends. It holds the lock for its life, writes down
//! how the agent ended before it tells the database, and verifies. It never starts anything for an attempt that
//! is not its task's current one.

mod bring;
mod footer;
mod log;
mod observe;
mod pump;
mod signals;
mod supervise;
mod terminal;
mod verify;

use std::path::Path;
use std::time::Duration;

use crate::domain::attempt::Attempt;
use crate::domain::id::{AttemptId, Process, TaskId};
use crate::domain::lifecycle::Event;
use crate::domain::state::{Cause, Phase, Who};
use crate::engine::{Engine, Fault, Kind, strays};
use crate::os::proc;
use crate::ports::host::Held;
use crate::ports::store::Applied;
use crate::wire::launch::Launch;

use signals::Signals;
use supervise::Supervisor;

/// How long a prober's shared lock is waited for.
const PROBERS: Duration = Duration::from_secs(2);

/// What the shim needs of whoever wires it.
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    /// Called once the worktree is set up; what it can't do is a line for the log.
    pub prepare: &'a dyn Fn(&Path) -> Result<(), String>,
    /// Opens the database anew.
    pub reopen: &'a dyn Fn() -> Result<Engine, Fault>,
}

/// Runs an attempt in this terminal to its end; the agent's exit code.
///
/// # Errors
/// When the attempt can't be run: then no agent was started.
pub fn run(engine: Engine, launch: &Launch, id: &AttemptId, outside: Outside<'_>) -> Result<u8, Fault> {
    let signals = Signals::install().map_err(|error| Fault::io("catching signals", &error))?;
    let task = TaskId(launch.task);
    let attempt = expected(&engine, id)?;
    let lock = engine
        .ports
        .locks
        .exclusive(&attempt.plan.files.lock, PROBERS)
        .map_err(|error| Fault::io("another shim of this attempt runs", &error))?;
    strays::inscribe(lock.as_ref(), &attempt.plan, engine.ports.processes.me());
    let worktree = launch.worktree.path();
    if let Err(fault) = enter(&worktree) {
        let event = Event::RolledBack { cause: Cause::Worktree, reason: fault.message.clone(), lasting: false };
        engine.apply(task, Some(id), &event, &engine.stamp(Who::Shim))?;
        return Err(fault);
    }
    let server = server();
    let watch = server.and_then(|server| u32::try_from(server.pid).ok()).and_then(crate::os::exit_watch);
    commit(&engine, &attempt, server, lock.as_ref())?;
    engine.ports.files.remove(&attempt.plan.files.launch).ok();
    let code = Supervisor::new(engine, launch, &attempt, signals, watch).run(outside);
    drop(lock);
    Ok(code)
}

/// The attempt's row, if a shim is awaited.
fn expected(engine: &Engine, id: &AttemptId) -> Result<Attempt, Fault> {
    let row = engine.ports.store.attempt(id)?;
    match row {
        Some(row) if row.phase == Phase::Spawning => Ok(row),
        Some(row) => {
            Err(Fault::new(Kind::Conflict, format!("this attempt is {}: no agent is started for it", row.phase)))
        }
        None => Err(Fault::new(Kind::Conflict, "this attempt is unknown: no agent is started for it")),
    }
}

/// Goes to the worktree, and makes sure that it is one: tmux starts a pane somewhere else when its folder is gone.
fn enter(worktree: &Path) -> Result<(), Fault> {
    let gone = |error: &std::io::Error| {
        Fault::new(Kind::Failed, format!("the worktree {} can't be entered: {error}", worktree.display()))
    };
    std::env::set_current_dir(worktree).map_err(|error| gone(&error))?;
    std::fs::metadata(worktree.join(".git")).map_err(|error| gone(&error))?;
    Ok(())
}

/// The tmux server whose pane this is.
fn server() -> Option<Process> {
    let around = std::env::var("TMUX").ok()?;
    let pid = around.rsplit(',').nth(1)?.parse().ok()?;
    proc::identify(pid)
}

/// `spawning` → `running`, or nothing runs.
fn commit(engine: &Engine, attempt: &Attempt, server: Option<Process>, lock: &dyn Held) -> Result<(), Fault> {
    let event = Event::Started {
        place: engine.ports.processes.place(),
        shim: engine.ports.processes.me(),
        server,
        pane: std::env::var("TMUX_PANE").ok(),
        lock: lock.file(),
    };
    match engine.apply(attempt.plan.task, Some(&attempt.plan.id), &event, &engine.stamp(Who::Shim))? {
        Applied::Changed { .. } => Ok(()),
        Applied::Already { .. } | Applied::Conflict { .. } | Applied::Missing => {
            Err(Fault::new(Kind::Conflict, "this attempt was revoked: no agent is started for it"))
        }
    }
}
