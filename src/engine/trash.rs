//! The trash: worktrees that were put away, by a removal, a fresh retry or a clean-up; what is in it, what goes back to
//! where it was, and what the user deletes for good.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Engine, Fault, Kind, trees};
use crate::domain::attempt::Tree;
use crate::domain::id::TaskId;
use crate::domain::state::{TreeState, Who};
use crate::domain::task::Task;
use crate::domain::time::Timestamp;
use crate::domain::tree::Whereabouts;
use crate::ports::store::{Amendment, Filter, Record, WORKTREE_PARKED};
use crate::ports::worktrees::TreeError;

/// A worktree in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    pub tree: Tree,
    /// Its path in the trash.
    pub at: PathBuf,
    /// The number of the attempt that owns it.
    pub number: u32,
    pub title: String,
    /// Its task is removed, too.
    pub removed: bool,
    /// When it was parked; absent where nothing says so.
    pub since: Option<Timestamp>,
}

/// What is in the trash, oldest first: of a repository, or of all.
///
/// # Errors
/// Those of the store.
pub fn list(engine: &Engine, repo: Option<&Path>) -> Result<Vec<Parked>, Fault> {
    let read = |removed: bool| -> Result<Vec<Task>, Fault> {
        let filter = Filter { repo: repo.map(Path::to_owned), archived: true, removed, ..Filter::default() };
        Ok(engine.ports.store.tasks(&filter)?.tasks)
    };
    let there: HashSet<TaskId> = read(false)?.into_iter().map(|task| task.id).collect();
    let tasks: HashMap<TaskId, Task> = read(true)?.into_iter().map(|task| (task.id, task)).collect();
    let mut found = Vec::new();
    for tree in engine.ports.store.all_trees(None)? {
        let Some(task) = tasks.get(&tree.task).filter(|_| tree.state == TreeState::Parked) else { continue };
        found.extend(look(engine, tree, task, !there.contains(&task.id))?);
    }
    Ok(found)
}

/// What the trash has of one task, which may be removed, oldest first.
///
/// # Errors
/// [`Kind::NoSuchTask`]; those of the store.
pub fn of(engine: &Engine, id: TaskId) -> Result<Vec<Parked>, Fault> {
    let (task, removed) = match engine.ports.store.task(id)? {
        Some(task) => (task, false),
        None => (removed(engine, id)?, true),
    };
    let mut found = Vec::new();
    for tree in engine.ports.store.all_trees(Some(id))? {
        found.extend(look(engine, tree, &task, removed)?);
    }
    Ok(found)
}

/// A task that is off the board for good.
fn removed(engine: &Engine, id: TaskId) -> Result<Task, Fault> {
    let filter = Filter { archived: true, removed: true, ..Filter::default() };
    let task = engine.ports.store.tasks(&filter)?.tasks.into_iter().find(|task| task.id == id);
    task.ok_or_else(|| Fault::no_such_task(id))
}

/// Where a tree is in the trash, if it is there: the disk decides, whatever its record says.
fn look(engine: &Engine, tree: Tree, task: &Task, removed: bool) -> Result<Option<Parked>, Fault> {
    let Whereabouts::Parked(at) = trees::whereabouts(engine, &tree)? else { return Ok(None) };
    let number = engine.ports.store.attempt(&tree.owner)?.map_or(0, |attempt| attempt.plan.number);
    let events = engine.ports.store.timeline(Some(tree.task), 0, u32::MAX)?;
    let parked = |event: &&Record| event.attempt.as_ref() == Some(&tree.owner) && event.event() == WORKTREE_PARKED;
    let since = events.iter().rev().find(parked).map(|event| event.at);
    Ok(Some(Parked { at, number, title: task.draft.title.clone(), removed, since, tree }))
}

/// Whether it is as old and as large as that. What nothing says the age of is not old.
#[must_use]
pub fn is_due(engine: &Engine, parked: &Parked, older: Option<Duration>, larger: Option<u64>) -> bool {
    let now = engine.ports.clock.now().wall;
    older.is_none_or(|older| parked.since.is_some_and(|then| now.since(then) >= older))
        && larger.is_none_or(|larger| engine.ports.trees.size(&parked.at) >= larger)
}

/// How many worktrees the settings' own rule would delete; none where there is no rule.
///
/// # Errors
/// Those of the store.
pub fn due(engine: &Engine, repo: Option<&Path>) -> Result<usize, Fault> {
    let rule = &engine.settings.trash;
    if rule.older_than.is_none() && rule.larger_than.is_none() {
        return Ok(0);
    }
    let found = list(engine, repo)?;
    Ok(found.iter().filter(|parked| is_due(engine, parked, rule.older_than, rule.larger_than)).count())
}

/// What was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The worktree's path.
    pub path: PathBuf,
    /// The task was removed, and is on the board again.
    pub task_too: bool,
    /// What could not be done for the worktree beside the move, for people.
    pub said: Vec<String>,
}

/// Gives a task's worktree back as it was, and the task itself where it was removed. Without a number it is the newest
/// worktree that an agent worked in.
///
/// # Errors
/// [`Kind::NoSuchTask`]; [`Kind::Conflict`] where that worktree is not in the trash, its path is taken, or another task
/// has the removed one's external id.
pub fn restore(engine: &Engine, id: TaskId, number: Option<u32>) -> Result<Restored, Fault> {
    let refused = |why: String| Fault::new(Kind::Conflict, format!("task {id}: {why}")).of(id);
    let parked = of(engine, id)?;
    let newest = trees::newest(engine, id)?;
    let wanted = |parked: &&Parked| match number {
        Some(number) => parked.number == number,
        None => newest.as_ref().is_some_and(|newest| newest.path == parked.tree.path),
    };
    let Some(found) = parked.iter().find(wanted) else {
        return Err(match (number, parked.last()) {
            (_, None) => refused("nothing of it is in the trash".to_owned()).hint("ganger trash list"),
            (Some(number), Some(_)) => refused(format!("no worktree of attempt {number} is in the trash"))
                .hint(format!("ganger trash show {id}")),
            (None, Some(other)) => refused("its newest worktree is not in the trash, an earlier one is".to_owned())
                .hint(format!("ganger trash restore {id} --attempt {}", other.number)),
        });
    };
    if found.removed {
        let back = Amendment::Undelete { task: id };
        let is_back =
            engine.ports.store.amend(&back, &engine.stamp(Who::Person))? || engine.ports.store.task(id)?.is_some();
        if !is_back {
            let why = "another task has its external id now".to_owned();
            return Err(refused(why).hint("give that one another: ganger edit ID --external-id TEXT"));
        }
    }
    let tree = Tree { state: TreeState::Parked, parked: Some(found.at.clone()), ..found.tree.clone() };
    // The record follows the disk first, which may be ahead of it.
    if tree != found.tree {
        trees::settle(engine, &found.tree, false)?;
    }
    let moved = trees::restore(engine, &tree)?;
    Ok(Restored { path: moved.path, task_too: found.removed, said: moved.said })
}

/// Deletes a worktree from the trash for good. Its branch and its rescue references stay.
///
/// # Errors
/// [`Kind::Conflict`] where a process stands in it, or it is not there any more; those of git.
pub fn delete(engine: &Engine, parked: &Parked) -> Result<(), Fault> {
    let (tree, id) = (&parked.tree, parked.tree.task);
    let standing = trees::left_in(engine, &parked.at, |_| true)?;
    if let Some(found) = standing.first() {
        return Err(trees::works_in(found, &parked.at).of(id).hint("end it first"));
    }
    let tree = Tree { state: TreeState::Parked, parked: Some(parked.at.clone()), ..tree.clone() };
    match engine.ports.trees.delete(&tree, &|| trees::owns(engine, &tree)) {
        Err(TreeError::Revoked) => return Err(trees::moved_meanwhile(&tree)),
        outcome => outcome.map_err(|error| Fault::from(error).of(id))?,
    }
    let gone = Amendment::TreeDeleted { path: tree.path, owner: tree.owner };
    engine.ports.store.amend(&gone, &engine.stamp(Who::Person))?;
    Ok(())
}
