//! Where a task's work is: asked by whoever goes there, or goes on in it.

use std::path::PathBuf;

use super::records::whereabouts;
use crate::domain::attempt::Tree;
use crate::domain::id::TaskId;
use crate::domain::state::TreeState;
use crate::domain::tree::Whereabouts;
use crate::engine::{Engine, Fault, Kind, Remedy};

/// The newest tree of a task that an agent has worked in, or is about to. What was made and taken back, with no agent ever
/// in it, holds nobody's work.
///
/// # Errors
/// Those of the store.
pub fn current(engine: &Engine, task: TaskId) -> Result<Option<Tree>, Fault> {
    let mut all = engine.ports.store.all_trees(Some(task))?;
    all.retain(|tree| tree.ran || tree.state == TreeState::Present);
    Ok(all.pop())
}

/// The folder of a task's work: in its place, in the trash, or where somebody has moved it.
///
/// # Errors
/// [`Kind::Conflict`] where there is none, or none any more; [`Kind::Unknown`] where it can't be looked for.
pub fn folder(engine: &Engine, id: TaskId) -> Result<PathBuf, Fault> {
    engine.task(id)?;
    let Some(tree) = current(engine, id)? else {
        return Err(Fault::new(Kind::Conflict, format!("task {id} has no worktree")).of(id).hint(Remedy::Dispatch(id)));
    };
    let found = whereabouts(engine, &tree)?;
    let kind = match found {
        Whereabouts::InPlace(_) => return Ok(tree.path),
        Whereabouts::Parked(at) | Whereabouts::Elsewhere(at) => return Ok(at),
        // One that is not whole is still the place to see to it. Where it was parked from, something else stands.
        Whereabouts::Broken(_) if tree.state == TreeState::Present => return Ok(tree.path),
        Whereabouts::Broken(_) | Whereabouts::Absent { .. } => Kind::Conflict,
        // Git can't be asked, of a repository that was moved for one; the folder is there all the same.
        Whereabouts::Unknown(_) if tree.state == TreeState::Present && engine.look(&tree.path)?.is_some() => {
            return Ok(tree.path);
        }
        Whereabouts::Unknown(_) => Kind::Unknown,
    };
    let trouble = found.trouble(&tree.path).unwrap_or_default();
    Err(Fault::new(kind, format!("task {id}: {trouble}")).of(id).hint(Remedy::Show(id)))
}
