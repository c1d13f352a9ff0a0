//! Where the trees are, and their records, which follow the disk.
//!
//! Every record is looked at, whatever became of its attempt. What is written is decided again under the repository's
//! lock, so that nobody moves the tree between the look and the write.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::occupants::still_wanted;
use crate::domain::attempt::{Attempt, Plan, Tree};
use crate::domain::id::{AttemptId, TaskId};
use crate::domain::state::{Phase, Status, TreeState, Who};
use crate::domain::task::Task;
use crate::domain::tree::{Follow, Recorded, Whereabouts, follow};
use crate::engine::{Engine, Fault, Hint, Kind, Remedy};
use crate::ports::store::{Amendment, Which};
use crate::ports::worktrees::{Parking, TreeError};

/// A tree that an agent worked in, and what was seen of it just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenTree {
    /// Where it was made.
    pub path: PathBuf,
    pub found: Whereabouts,
}

/// What was found of a tree, and whether its record says something else now, or would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    pub found: Whereabouts,
    pub follow: Follow,
}

/// The attempts that have or had this tree, newest first.
fn owners(engine: &Engine, tree: &Tree) -> Result<Vec<AttemptId>, Fault> {
    let attempts = engine.ports.store.attempts(&Which::Of(tree.task))?;
    let had = attempts.into_iter().rev().filter(|attempt| attempt.plan.worktree == tree.path);
    Ok(had.map(|attempt| attempt.plan.id).collect())
}

/// Where a tree is. Writes nothing.
///
/// # Errors
/// Those of the store.
pub fn whereabouts(engine: &Engine, tree: &Tree) -> Result<Whereabouts, Fault> {
    Ok(engine.ports.trees.whereabouts(tree, &owners(engine, tree)?))
}

/// The newest tree of a task that an agent worked in.
///
/// # Errors
/// Those of the store.
pub fn newest(engine: &Engine, task: TaskId) -> Result<Option<Tree>, Fault> {
    Ok(engine.ports.store.all_trees(Some(task))?.into_iter().rev().find(|tree| tree.ran))
}

/// Where the tree that an attempt works in went, if it is not at its path any more: a sentence.
#[must_use]
pub fn lost(engine: &Engine, plan: &Plan) -> Option<String> {
    let all = engine.ports.store.all_trees(Some(plan.task)).ok()?;
    let tree = all.into_iter().find(|tree| tree.path == plan.worktree && tree.owner == plan.id)?;
    match whereabouts(engine, &tree).ok()? {
        found @ (Whereabouts::Parked(_) | Whereabouts::Elsewhere(_) | Whereabouts::Absent { .. }) => {
            found.trouble(&tree.path)
        }
        // What it holds is looked at by others, and what they can't look at they say.
        Whereabouts::InPlace(_) | Whereabouts::Broken(_) | Whereabouts::Unknown(_) => None,
    }
}

/// Those of the tasks whose newest tree is not in its place, and where it is.
///
/// # Errors
/// Those of the store.
pub fn out_of_place(engine: &Engine, tasks: &[Task]) -> Result<Vec<(TaskId, SeenTree)>, Fault> {
    let mut newest = HashMap::new();
    for tree in engine.ports.store.all_trees(None)?.into_iter().filter(|tree| tree.ran) {
        newest.insert(tree.task, tree);
    }
    let mut found = Vec::new();
    for task in tasks.iter().filter(|task| task.status != Status::Done) {
        let Some(tree) = newest.remove(&task.id) else { continue };
        if tree.state == TreeState::Present && is_right_at_a_glance(engine, &tree) {
            continue;
        }
        let seen = SeenTree { found: whereabouts(engine, &tree)?, path: tree.path };
        if !matches!(seen.found, Whereabouts::InPlace(_)) {
            found.push((task.id, seen));
        }
    }
    Ok(found)
}

/// Looks for a tree, and makes its record say what was found.
///
/// # Errors
/// Where git is busy, or the store can't be asked: then the record stays as it was.
pub fn settle(engine: &Engine, tree: &Tree, live: bool) -> Result<Looked, Fault> {
    let owners = owners(engine, tree)?;
    let found = engine.ports.trees.whereabouts(tree, &owners);
    let looked = Looked { follow: follow(&recorded(tree, live), &found), found };
    match &looked.follow {
        Follow::Keep | Follow::Say | Follow::Unknown => return Ok(looked),
        // A removal may have been cut off before git knew the new place.
        Follow::Parked(at) => finish_parking(engine, tree, at)?,
        Follow::Present | Follow::Gone => {}
    }
    let mut outcome = Ok(looked);
    engine.ports.trees.settle(tree, &owners, &mut |found| {
        outcome = write(engine, tree, live, found);
    })?;
    outcome
}

fn recorded(tree: &Tree, live: bool) -> Recorded {
    Recorded { state: tree.state, parked: tree.parked.clone(), branch: tree.branch.clone(), live }
}

fn finish_parking(engine: &Engine, tree: &Tree, at: &Path) -> Result<(), Fault> {
    let by = at.file_name().and_then(|name| AttemptId::parse(&name.to_string_lossy()).ok());
    let (Some(by), Some(trash)) = (by, at.parent()) else { return Ok(()) };
    let parking = Parking { by: &by, trash, force: false };
    match engine.ports.trees.park(tree, &parking, &|| is_unchanged(engine, tree)) {
        // It is in the trash all the same, and what git makes of it is no reason not to say so.
        Ok(_) | Err(TreeError::Failed { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether the record is still as it was read.
fn is_unchanged(engine: &Engine, tree: &Tree) -> bool {
    engine.ports.store.all_trees(Some(tree.task)).is_ok_and(|trees| trees.contains(tree))
}

/// Under the repository's lock.
fn write(engine: &Engine, tree: &Tree, live: bool, found: &Whereabouts) -> Result<Looked, Fault> {
    let looked = Looked { follow: follow(&recorded(tree, live), found), found: found.clone() };
    let (path, owner) = (tree.path.clone(), tree.owner.clone());
    let amendment = match &looked.follow {
        Follow::Keep | Follow::Say | Follow::Unknown => return Ok(looked),
        Follow::Present => Amendment::TreeFound { path, owner, made_from: None },
        Follow::Parked(at) => Amendment::TreeParked { path, owner, parked: at.clone() },
        Follow::Gone => Amendment::TreeGone { path, owner },
    };
    if !is_unchanged(engine, tree) {
        return Ok(Looked { follow: Follow::Keep, ..looked });
    }
    engine.ports.store.amend(&amendment, &engine.stamp(Who::Reconciler))?;
    Ok(looked)
}

/// Whether a glance shows that a record is right: most are, and a look at all places takes longer. What can't be glanced
/// at is looked at.
fn is_right_at_a_glance(engine: &Engine, tree: &Tree) -> bool {
    let is_there = |path: &Path| engine.ports.disk.look(path).ok().map(|found| found.is_some());
    let in_trash = || is_there(&tree.trash().join(tree.owner.as_str()));
    let in_place = || is_there(&tree.path);
    match tree.state {
        TreeState::Planned => false,
        TreeState::Present => engine.ports.trees.glance(&tree.path) && in_trash() == Some(false),
        TreeState::Parked => {
            in_place() == Some(false) && tree.parked.as_deref().is_some_and(|at| is_there(at) == Some(true))
        }
        TreeState::Gone => in_place() == Some(false) && in_trash() == Some(false),
    }
}

/// A tree whose record said something else than the disk, or that a person has to know about.
pub struct Finding {
    pub owner: Attempt,
    pub tree: Tree,
    pub looked: Result<Looked, Fault>,
}

/// Looks at every tree whose attempt is not at work on it by itself, and with `act` mends the records.
///
/// # Errors
/// Those of the store.
pub fn survey(engine: &Engine, wanted: &dyn Fn(&Tree) -> bool, act: bool) -> Result<Vec<Finding>, Fault> {
    let mut findings = Vec::new();
    for tree in engine.ports.store.all_trees(None)? {
        if !wanted(&tree) || is_right_at_a_glance(engine, &tree) {
            continue;
        }
        let Some(owner) = engine.ports.store.attempt(&tree.owner)? else { continue };
        let live = match owner.phase {
            // Who makes or unmakes a tree writes its record.
            Phase::Claimed | Phase::Worktree | Phase::Spawning => continue,
            Phase::Revoked if !owner.cleaned => continue,
            Phase::Running | Phase::Verifying => true,
            Phase::Exited | Phase::Revoked => false,
        };
        let looked = if act {
            settle(engine, &tree, live)
        } else {
            whereabouts(engine, &tree).map(|found| Looked { follow: follow(&recorded(&tree, live), &found), found })
        };
        let keeps = looked.as_ref().is_ok_and(|looked| looked.follow == Follow::Keep);
        let only_said = looked.as_ref().map_or(true, |looked| matches!(looked.follow, Follow::Say | Follow::Unknown));
        if keeps || (only_said && !is_on_the_board(engine, &tree)?) {
            continue;
        }
        findings.push(Finding { owner, tree, looked });
    }
    Ok(findings)
}

/// Whether anybody still waits for what is in it.
fn is_on_the_board(engine: &Engine, tree: &Tree) -> Result<bool, Fault> {
    Ok(engine.ports.store.task(tree.task)?.is_some_and(|task| !task.archived && task.status != Status::Done))
}

/// Makes the tree that an attempt has taken over again, where its folder is gone and something still has its commits.
/// False where it is not like that.
///
/// # Errors
/// What kept it from being made.
pub(in crate::engine) fn make_again(engine: &Engine, plan: &Plan) -> Result<bool, String> {
    let of_store = |error: crate::ports::store::StoreError| error.to_string();
    let all = engine.ports.store.all_trees(Some(plan.task)).map_err(of_store)?;
    let Some(tree) = all.into_iter().find(|tree| tree.path == plan.worktree && tree.owner == plan.id) else {
        return Ok(false);
    };
    let found = whereabouts(engine, &tree).map_err(|fault| fault.message)?;
    let Whereabouts::Absent { held_by: Some(from) } = found else { return Ok(false) };
    let wanted = || still_wanted(engine, &plan.id);
    engine.ports.trees.remake(&tree, &wanted).map_err(|error| error.to_string())?;
    let again = Amendment::TreeFound { path: tree.path, owner: tree.owner, made_from: Some(from) };
    engine.ports.store.amend(&again, &engine.stamp(Who::Dispatcher)).map_err(of_store)?;
    Ok(true)
}

/// Refuses to go on in a tree that is not where it should be.
pub(in crate::engine) fn not_there(tree: &Tree, found: &Whereabouts) -> Fault {
    let id = tree.task;
    let fresh = Remedy::RetryFresh(id);
    let trouble = found.trouble(&tree.path).unwrap_or_else(|| "its worktree was there just now".to_owned());
    Fault::new(Kind::Conflict, format!("task {id}: {trouble}"))
        .of(id)
        .hint(Hint::saying(format!("bring it back, or start over without it: {fresh}"), fresh))
}
