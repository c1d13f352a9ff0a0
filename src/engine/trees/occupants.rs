//! Whose a tree is, and who stands in it.

use std::path::Path;
use std::time::Duration;

use crate::domain::attempt::Tree;
use crate::domain::id::AttemptId;
use crate::engine::{Engine, Fault, Hint, Kind, Remedy, leftover};
use crate::ports::host::Found;

/// How long a process that stands in a tree is waited for.
const ON_ITS_WAY_OUT: Duration = Duration::from_secs(2);

/// Whether the tree's owner is still who it was, and over: asked under the repository's lock. Whoever read the record
/// after a claim has read the new owner, which makes or enters the tree just now.
///
/// # Errors
/// Those of the store.
pub(in crate::engine) fn is_owner(engine: &Engine, tree: &Tree) -> Result<bool, Fault> {
    let store = &engine.ports.store;
    if store.attempt(&tree.owner)?.is_none_or(|row| row.phase.is_live()) {
        return Ok(false);
    }
    let same = |now: &Tree| now.path == tree.path && now.owner == tree.owner && now.state == tree.state;
    Ok(store.trees(tree.task)?.iter().any(same))
}

/// As [`is_owner`], for before an effect: who can't be asked about lets nothing be done.
pub(in crate::engine) fn owns(engine: &Engine, tree: &Tree) -> bool {
    is_owner(engine, tree).unwrap_or(false)
}

/// Whether `attempt` may still act: it is its task's current attempt and has not been revoked.
#[must_use]
pub fn still_wanted(engine: &Engine, attempt: &AttemptId) -> bool {
    engine.ports.store.attempt(attempt).is_ok_and(|row| row.is_some_and(|row| row.phase.is_live()))
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
pub(in crate::engine) fn left_in(
    engine: &Engine,
    tree: &Path,
    waited_for: impl Fn(&Found) -> bool,
) -> Result<Vec<Found>, Fault> {
    let mut standing = Vec::new();
    engine.until(ON_ITS_WAY_OUT, |_| {
        let found = engine.ports.processes.standing_in(tree);
        standing = found.map_err(|error| Fault::io("looking for processes in the worktree", &error))?;
        Ok((standing.is_empty() || !standing.iter().all(&waited_for)).then_some(()))
    })?;
    Ok(standing)
}

/// Refuses what was decided on a tree's record that is another by now.
pub(in crate::engine) fn moved_meanwhile(tree: &Tree) -> Fault {
    let why = format!("task {}: another process has just moved its worktree", tree.task);
    Fault::new(Kind::Conflict, why).of(tree.task).hint(Remedy::Show(tree.task))
}

pub(in crate::engine) fn works_in(found: &Found, tree: &Path) -> Fault {
    let why = format!("pid {} ({}) works in {}", found.process.pid, found.name, tree.display());
    Fault::new(Kind::Conflict, why)
}
