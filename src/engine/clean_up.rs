//! Clean-up: what an attempt that is over has left. Idempotent, separate from every decision on a task.
//!
//! Only what bears the attempt's mark is touched, nothing that holds work is destroyed, and what is kept is said.
//! The functions here are also the undos of the saga's steps.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use super::steps::STEPS;
use super::{Engine, Fault, Hint, Kind, leftover, trees};
use crate::domain::attempt::{Attempt, Tree};
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::reconcile::Lock;
use crate::domain::saga::Remains;
use crate::domain::state::{Phase, Status, TreeState, Who};
use crate::domain::tree::Whereabouts;
use crate::ports::host::Found;
use crate::ports::multiplexer::{PaneSeen, Panes};
use crate::ports::store::{Amendment, Which};
use crate::ports::worktrees::{Moved, Parking, TreeError};

/// How long a process that stands in a tree is waited for.
const ON_ITS_WAY_OUT: Duration = Duration::from_secs(2);

/// Undoes a revoked attempt's steps in reverse, and notes what is kept. Returns what is kept or could not be done.
pub fn revoked(engine: &Engine, attempt: &Attempt) -> Vec<String> {
    let mut kept = Vec::new();
    let mut done = true;
    for step in STEPS.iter().rev() {
        match (step.undo)(engine, attempt) {
            Ok(Remains::Nothing) => {}
            Ok(Remains::Kept(what)) => kept.push(what),
            Err(fault) => {
                done = false;
                kept.push(format!("{} not undone yet: {}", step.name.text(), fault.message));
            }
        }
    }
    note(engine, attempt, &kept, done);
    kept
}

fn note(engine: &Engine, attempt: &Attempt, kept: &[String], done: bool) {
    let amendment = Amendment::Cleaned { attempt: attempt.plan.id.clone(), kept: kept.to_vec(), done };
    // What could not be noted now is found and noted by the next pass.
    engine.ports.store.amend(&amendment, &engine.stamp(Who::Reconciler)).ok();
}

/// Undoes the launch step: the files of an attempt whose agent never ran.
///
/// # Errors
/// What the file system says.
pub fn files(engine: &Engine, attempt: &Attempt) -> Result<Remains, Fault> {
    let files = &attempt.plan.files;
    for path in [&files.launch, &files.prompt, &files.preamble(), &files.lock] {
        remove(engine, path)?;
    }
    if engine.ports.locks.ask(&files.saga, None) != Lock::Held {
        remove(engine, &files.saga)?;
    }
    Ok(Remains::Nothing)
}

fn remove(engine: &Engine, path: &Path) -> Result<(), Fault> {
    engine.ports.files.remove(path).map_err(|error| Fault::io(&format!("removing {}", path.display()), &error))
}

/// Undoes the worktree step: the tree and branch that the attempt owns, if nobody ever ran there.
///
/// # Errors
/// Where git is busy or fails: another pass will do it.
pub fn tree(engine: &Engine, attempt: &Attempt) -> Result<Remains, Fault> {
    let owned = engine.ports.store.trees(attempt.plan.task)?.into_iter().find(|tree| {
        tree.owner == attempt.plan.id && matches!(tree.state, TreeState::Planned | TreeState::Present) && !tree.ran
    });
    let Some(tree) = owned else {
        engine.ports.trees.release(&attempt.plan)?;
        return Ok(Remains::Nothing);
    };
    // A shim that came too late stands there until it has seen that it did, and is gone.
    let ours = |found: &Found| Some(OsStr::new(&found.name)) == engine.around.program.file_name();
    if let Some(found) = left_in(engine, &tree.path, ours).unwrap_or_default().first() {
        return Err(works_in(found, &tree.path));
    }
    engine.ports.trees.release(&attempt.plan)?;
    let remains = match engine.ports.trees.remove(&tree, &|| owns(engine, &tree)) {
        // It has another owner, whose it is to make or unmake.
        Err(TreeError::Revoked) => return Ok(Remains::Nothing),
        remains => remains?,
    };
    if remains == Remains::Nothing {
        let gone = Amendment::TreeGone { path: tree.path.clone(), owner: tree.owner.clone() };
        engine.ports.store.amend(&gone, &engine.stamp(Who::Reconciler))?;
    }
    Ok(remains)
}

/// Whether the tree's owner is still who it was, and over: asked under the repository's lock. Whoever read the record
/// after a claim has read the new owner, which makes or enters the tree just now.
fn owns(engine: &Engine, tree: &Tree) -> bool {
    let store = &engine.ports.store;
    let is_over = |id: &AttemptId| store.attempt(id).is_ok_and(|row| row.is_some_and(|row| !row.phase.is_live()));
    is_over(&tree.owner)
        && store.trees(tree.task).is_ok_and(|trees| {
            trees.iter().any(|now| now.path == tree.path && now.owner == tree.owner && now.state == tree.state)
        })
}

/// Undoes the session step: the attempt's own pane.
///
/// # Errors
/// When tmux can't be asked.
pub fn pane(engine: &Engine, attempt: &Attempt) -> Result<Remains, Fault> {
    if let Panes::Listed(panes) = engine.ports.mux.panes(&attempt.plan.socket)? {
        for pane in panes.iter().filter(|pane| pane.attempt() == Some(&attempt.plan.id)) {
            engine.ports.mux.kill(&attempt.plan.socket, pane)?;
        }
    }
    Ok(Remains::Nothing)
}

/// Refuses a tree that a living process stands in, or that what is left of an earlier attempt may write in. A shim that
/// has recorded its end stands there until its process is gone: it is waited for. `hint` is asked what there is to do,
/// with the command that ends what is left over.
///
/// # Errors
/// A conflict that names the process.
pub fn nobody_in(engine: &Engine, tree: &Tree, hint: &dyn Fn(Option<String>) -> Hint) -> Result<(), Fault> {
    let id = tree.task;
    let refused = |fault: Fault, first: Option<String>| Err(fault.of(id).hint(hint(first)));
    let standing = left_in(engine, &tree.path, |_| true)?;
    let mut left = Vec::new();
    engine.until(ON_ITS_WAY_OUT, |_| {
        left = leftover::around(engine, tree)?;
        Ok(left.is_empty().then_some(()))
    })?;
    // Who stands there and was left over is ended as such.
    let stranger = standing.iter().find(|found| !left.iter().any(|left| left.process == found.process));
    match (left.first(), stranger) {
        (_, Some(found)) => refused(works_in(found, &tree.path), None),
        (Some(found), None) => {
            let (pid, name, at) = (found.process.pid, &found.name, tree.path.display());
            let why = format!("pid {pid} ({name}) is left of an earlier attempt and may work in {at}");
            refused(Fault::new(Kind::Conflict, why), Some(format!("ganger stop {id} --leftovers")))
        }
        (None, None) => Ok(()),
    }
}

/// Who stands in a tree. While they all are such as are waited for, they are given time to go.
fn left_in(engine: &Engine, tree: &Path, waited_for: impl Fn(&Found) -> bool) -> Result<Vec<Found>, Fault> {
    let mut standing = Vec::new();
    engine.until(ON_ITS_WAY_OUT, |_| {
        let found = engine.ports.processes.standing_in(tree);
        standing = found.map_err(|error| Fault::io("looking for processes in the worktree", &error))?;
        Ok((standing.is_empty() || !standing.iter().all(&waited_for)).then_some(()))
    })?;
    Ok(standing)
}

fn works_in(found: &Found, tree: &Path) -> Fault {
    let why = format!("pid {} ({}) works in {}", found.process.pid, found.name, tree.display());
    Fault::new(Kind::Conflict, why)
}

/// Moves a tree to the trash, where it stays a worktree. With `force`, whoever stands in it, and as a plain folder
/// where it is no worktree any more.
///
/// # Errors
/// A conflict when somebody works in it; those of git.
pub fn park(engine: &Engine, tree: &Tree, force: bool) -> Result<Option<Moved>, Fault> {
    let insist = |fault: Fault, first: &str| {
        let fault = fault.of(tree.task);
        if force { fault } else { fault.hint(format!("{first}ganger rm {} --force", tree.task)) }
    };
    if !force {
        let force = format!("ganger rm {} --force", tree.task);
        let first = |ends: Option<String>| ends.unwrap_or_else(|| "end it first".to_owned());
        nobody_in(engine, tree, &|ends| format!("{}, or: {force}", first(ends)).into())?;
    }
    let parking = Parking { by: &tree.owner, trash: &tree.trash(), force };
    let parked = match engine.ports.trees.park(tree, &parking, &|| owns(engine, tree)) {
        Err(TreeError::Revoked) => {
            let why = format!("task {}: a new attempt has just taken over its worktree", tree.task);
            return Err(Fault::new(Kind::Conflict, why).of(tree.task).hint(format!("ganger show {}", tree.task)));
        }
        parked => parked.map_err(|error| insist(error.into(), ""))?,
    };
    let Some(moved) = parked else { return not_at_its_path(engine, tree, force) };
    let (path, owner) = (tree.path.clone(), tree.owner.clone());
    let amendment = Amendment::TreeParked { path, owner, parked: moved.path.clone() };
    engine.ports.store.amend(&amendment, &engine.stamp(Who::Person))?;
    Ok(Some(moved))
}

/// There was nothing to park at a tree's path: its record says where it was found, if that could be found out.
fn not_at_its_path(engine: &Engine, tree: &Tree, force: bool) -> Result<Option<Moved>, Fault> {
    match trees::settle(engine, tree, false) {
        Ok(looked) => Ok(match looked.found {
            Whereabouts::Parked(path) => Some(Moved { path, said: Vec::new() }),
            Whereabouts::InPlace(_)
            | Whereabouts::Broken(_)
            | Whereabouts::Elsewhere(_)
            | Whereabouts::Absent { .. }
            | Whereabouts::Unknown(_) => None,
        }),
        Err(_) if force => Ok(None),
        Err(fault) => Err(fault),
    }
}

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
                match park(engine, &tree, false) {
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
    if engine.ports.trees.release(&attempt.plan).is_err() && attempt.plan.repo.exists() {
        return false;
    }
    let pane = panes.find(&attempt.plan.id);
    match pane {
        None => {
            note(engine, attempt, &attempt.kept, true);
            true
        }
        Some(pane) if pane.dead && pane.attached == 0 && is_superseded(engine, attempt) => {
            let killed = engine.ports.mux.kill(&attempt.plan.socket, pane).is_ok();
            if killed {
                note(engine, attempt, &attempt.kept, true);
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
            Phase::Revoked if !attempt.cleaned => drop(revoked(engine, &attempt)),
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
    newer.is_some_and(runs) && attempt.plan.files.screen.exists()
}

/// Ended panes beyond the newest `keep_ended`, oldest first, that nobody looks at.
pub fn surplus(engine: &Engine, ended: &[(&Attempt, &PaneSeen)]) {
    let keep = usize::try_from(engine.settings.tmux.keep_ended).unwrap_or(usize::MAX);
    let mut ended = ended.to_vec();
    ended.sort_by_key(|(attempt, _)| attempt.ended_at);
    let surplus = ended.len().saturating_sub(keep);
    for (attempt, pane) in ended.into_iter().take(surplus) {
        let unused = pane.dead && pane.attached == 0 && attempt.plan.files.screen.exists();
        if unused && engine.ports.mux.kill(&attempt.plan.socket, pane).is_ok() {
            note(engine, attempt, &attempt.kept, true);
        }
    }
}
