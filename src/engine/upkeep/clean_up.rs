//! Clean-up: what an attempt that is over has left. Idempotent, separate from every decision on a task.
//!
//! Only what bears the attempt's mark is touched, nothing that holds work is destroyed, and what is kept is said.

use std::path::Path;

use crate::domain::attempt::Attempt;
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::state::{Phase, Status, TreeState};
use crate::engine::{Engine, Fault, steps, trees};
use crate::ports::host::Entry;
use crate::ports::multiplexer::{PaneSeen, Panes};
use crate::ports::store::Which;

/// After a dispatch: the panes of the task's earlier attempts go, and with `fresh` their trees are parked. Returns
/// what was kept where it is, and why, and what else a person has to know of it.
pub fn earlier_attempts(engine: &Engine, attempt: &Attempt, fresh: bool) -> Vec<String> {
    let mut said = Vec::new();
    if attempt.plan.number == 1 {
        return said;
    }
    for earlier in engine.ports.store.attempts(&Which::Of(attempt.plan.task)).unwrap_or_default() {
        if earlier.plan.id != attempt.plan.id && !earlier.cleaned && earlier.phase == Phase::Exited {
            exited(engine, &earlier, None);
        }
    }
    if fresh {
        for tree in engine.ports.store.trees(attempt.plan.task).unwrap_or_default() {
            if tree.owner != attempt.plan.id && tree.state == TreeState::Present {
                match trees::park(engine, &tree, trees::Occasion::FreshRetry, false) {
                    Ok(parked) => said.extend(parked.into_iter().flat_map(|moved| moved.said)),
                    Err(fault) => {
                        let at = tree.path.display();
                        said.push(format!("the earlier worktree stays at {at}, not parked: {}", fault.message));
                    }
                }
            }
        }
    }
    said
}

/// The clean-up of an attempt whose agent ran: its pane, once nobody needs it. `panes` are those of its server,
/// where they have been listed already.
pub fn exited(engine: &Engine, attempt: &Attempt, panes: Option<&Panes>) -> bool {
    let listed;
    let panes = if let Some(panes) = panes {
        panes
    } else {
        let Ok(panes) = engine.ports.mux.panes(&attempt.plan.socket) else { return false };
        listed = panes;
        &listed
    };
    if engine.ports.trees.release(&attempt.plan).is_err() && !is_absent(engine, &attempt.plan.repo) {
        return false;
    }
    let pane = panes.find(&attempt.plan.id);
    match pane {
        None => {
            steps::note(engine, attempt, &attempt.kept, true);
            true
        }
        Some(pane) if pane.dead && pane.attached == 0 && is_superseded(engine, attempt) => {
            let killed = engine.ports.mux.kill(&attempt.plan.socket, pane).is_ok();
            if killed {
                steps::note(engine, attempt, &attempt.kept, true);
            }
            killed
        }
        Some(_) => false,
    }
}

/// Looks once at what a task's attempts have left. What fails here is left to the next pass.
///
/// # Errors
/// Those of the store.
pub fn ended(engine: &Engine, task: TaskId) -> Result<(), Fault> {
    for attempt in engine.ports.store.attempts(&Which::Of(task))? {
        match attempt.phase {
            Phase::Revoked if !attempt.cleaned => drop(steps::undo(engine, &attempt)),
            Phase::Exited if !attempt.cleaned => drop(exited(engine, &attempt, None)),
            Phase::Revoked
            | Phase::Exited
            | Phase::Claimed
            | Phase::Worktree
            | Phase::Spawning
            | Phase::Running
            | Phase::Verifying => {}
        }
    }
    Ok(())
}

/// A repository that is not there any more has no lock to take off; one that can't be looked at may have.
fn is_absent(engine: &Engine, repo: &Path) -> bool {
    matches!(engine.ports.disk.look(repo), Ok(None))
}

/// Whether the screen of an ended pane is on disk, so that the pane may go.
fn is_saved(engine: &Engine, attempt: &Attempt) -> bool {
    matches!(engine.ports.disk.look(&attempt.plan.files.screen), Ok(Some(Entry::File)))
}

/// A newer attempt runs and the screen is saved; or the task is done with.
fn is_superseded(engine: &Engine, attempt: &Attempt) -> bool {
    let Ok(task) = engine.ports.store.task(attempt.plan.task) else { return false };
    let Some(task) = task else { return true };
    if task.status == Status::Done || task.archived {
        return true;
    }
    let newer = task.attempt.as_ref().filter(|newest| **newest != attempt.plan.id);
    let runs =
        |id: &AttemptId| engine.ports.store.attempt(id).ok().flatten().is_some_and(|row| row.started_at.is_some());
    newer.is_some_and(runs) && is_saved(engine, attempt)
}

/// Ended panes beyond the newest `keep_ended`, oldest first, that nobody looks at.
pub fn surplus(engine: &Engine, ended: &[(&Attempt, &PaneSeen)]) {
    let keep = usize::try_from(engine.settings.tmux.keep_ended).unwrap_or(usize::MAX);
    let mut ended = ended.to_vec();
    ended.sort_by_key(|(attempt, _)| attempt.ended_at);
    let surplus = ended.len().saturating_sub(keep);
    for (attempt, pane) in ended.into_iter().take(surplus) {
        let unused = pane.dead && pane.attached == 0 && is_saved(engine, attempt);
        if unused && engine.ports.mux.kill(&attempt.plan.socket, pane).is_ok() {
            steps::note(engine, attempt, &attempt.kept, true);
        }
    }
}
