//! What an agent's terminal shows, and typing into it.

use super::{Engine, Fault, Kind};
use crate::domain::attempt::Attempt;
use crate::domain::id::TaskId;
use crate::domain::reconcile::Probe;
use crate::ports::multiplexer::{PaneSeen, Typed};

/// The newest attempt's row.
///
/// # Errors
/// [`Kind::Conflict`] where the task was never dispatched.
pub fn attempt(engine: &Engine, id: TaskId) -> Result<Attempt, Fault> {
    let task = engine.task(id)?;
    let attempt = task.attempt.as_ref().map(|id| engine.ports.store.attempt(id)).transpose()?.flatten();
    attempt.ok_or_else(|| {
        Fault::new(Kind::Conflict, format!("task {id} was never dispatched"))
            .of(id)
            .hint(format!("ganger dispatch {id}"))
    })
}

/// The newest attempt's pane, dead or alive.
///
/// # Errors
/// [`Kind::Conflict`] where there is none.
pub fn pane(engine: &Engine, attempt: &Attempt) -> Result<PaneSeen, Fault> {
    let id = attempt.plan.task;
    let none =
        || Fault::new(Kind::Conflict, format!("task {id} has no tmux session")).of(id).hint(format!("ganger log {id}"));
    engine.ports.mux.panes(&attempt.plan.socket)?.find(&attempt.plan.id).cloned().ok_or_else(none)
}

/// Types into the agent's terminal.
///
/// # Errors
/// [`Kind::Conflict`] where no agent runs there: nothing is typed at anybody else.
pub fn send(engine: &Engine, id: TaskId, typed: Typed<'_>) -> Result<(), Fault> {
    let attempt = attempt(engine, id)?;
    let alive = attempt.agent.is_some_and(|agent| engine.ports.processes.probe(agent) == Probe::Alive);
    if !attempt.phase.has_shim() || !alive {
        return Err(Fault::new(Kind::Conflict, format!("task {id} has no running agent to type to"))
            .of(id)
            .hint(format!("ganger show {id}")));
    }
    let pane = pane(engine, &attempt)?;
    Ok(engine.ports.mux.send(&attempt.plan.socket, &pane, typed)?)
}
