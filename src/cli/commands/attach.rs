//! `ganger attach`.

use super::Outcome;
use crate::cli::wiring::Wiring;
use crate::domain::id::TaskId;
use crate::engine::{Fault, Kind};
use crate::os::process;
use crate::tmux::Tmux;

/// Goes to the agent's terminal: switches inside its own server, a popup inside another, attaches outside.
///
/// # Errors
/// [`Kind::Conflict`] where it has no session.
pub fn run(wiring: &Wiring, id: i64) -> Outcome {
    let engine = wiring.engine()?;
    let task = engine.task(TaskId(id))?;
    let attempt = task.attempt.as_ref().map(|id| engine.ports.store.attempt(id)).transpose()?.flatten();
    let none = || {
        Fault::new(Kind::Conflict, format!("task {id} has no tmux session"))
            .of(task.id)
            .hint(format!("ganger log {id}, or ganger dispatch {id}"))
    };
    let attempt = attempt.ok_or_else(none)?;
    let socket = &attempt.plan.socket;
    // The session may have been renamed since: the pane knows where it is.
    let session = engine.ports.mux.panes(socket)?.find(&attempt.plan.id).ok_or_else(none)?.session.clone();
    let show = Tmux::new(wiring.settings.timing.tmux).show(std::env::var_os("TMUX").as_deref(), socket, &session)?;
    let error = process::become_program(&show.argv, &[]);
    Err(Fault::io("starting tmux", &error).of(task.id))
}
