//! The session step: the tmux session whose pane the shim is.

use std::path::Path;

use super::saga::Saga;
use crate::domain::attempt::Attempt;
use crate::domain::lifecycle::Event;
use crate::domain::naming;
use crate::domain::saga::{Failure, Remains, StepName};
use crate::domain::state::Cause;
use crate::engine::{Engine, Fault};
use crate::ports::multiplexer::{MuxError, NewSession, Panes};

/// Asks tmux for it.
pub(super) fn start(saga: &mut Saga<'_>) -> Result<(), Failure> {
    saga.advance(StepName::Session, &Event::Spawning)?;
    let mut asked = ask_for_session(saga);
    if let Err(MuxError::Taken(_)) = asked {
        let suffix = format!("-{}", saga.engine.ports.clock.suffix());
        let names = naming::names(&saga.settings.worktrees, &saga.task, &suffix);
        let (branch, worktree) = (saga.plan.branch.clone(), saga.plan.worktree.clone());
        let renamed = saga
            .rename(branch, worktree, names.session)
            .map_err(|fault| Failure::new(StepName::Session, Cause::Spawn, false, fault.message))?;
        if renamed {
            asked = ask_for_session(saga);
        }
    }
    // Whatever the answer, the session may exist, or come yet: the shim's commit is what counts.
    saga.asked = asked.err().map(|error| error.to_string());
    Ok(())
}

fn ask_for_session(saga: &Saga<'_>) -> Result<(), MuxError> {
    let (engine, plan) = (saga.engine, &saga.plan);
    let argv = [
        engine.around.program.clone().into_os_string(),
        "__agent".into(),
        plan.id.to_string().into(),
        plan.files.launch.clone().into_os_string(),
    ];
    let session = NewSession {
        name: &plan.session,
        attempt: &plan.id,
        folder: Path::new(&plan.worktree),
        argv: &argv,
        columns: saga.settings.tmux.columns,
        rows: saga.settings.tmux.rows,
        alternate_screen: saga.settings.tmux.alternate_screen,
    };
    engine.ports.mux.start(&plan.socket, &session)
}

/// Undoes the session step: the attempt's own pane.
///
/// # Errors
/// When tmux can't be asked.
pub(super) fn end(engine: &Engine, attempt: &Attempt) -> Result<Remains, Fault> {
    if let Panes::Listed(panes) = engine.ports.mux.panes(&attempt.plan.socket)? {
        for pane in panes.iter().filter(|pane| pane.attempt() == Some(&attempt.plan.id)) {
            engine.ports.mux.kill(&attempt.plan.socket, pane)?;
        }
    }
    Ok(Remains::Nothing)
}
