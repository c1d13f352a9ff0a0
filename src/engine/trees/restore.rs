//! Restoring: a parked tree goes back to where it was.

use super::occupants::owns;
use crate::domain::attempt::Tree;
use crate::domain::state::Who;
use crate::engine::{Engine, Fault, Kind, Remedy};
use crate::ports::store::Amendment;
use crate::ports::worktrees::{Moved, TreeError};

/// Moves a parked tree back to its path, as it was.
///
/// # Errors
/// A conflict where another process has just moved it; those of git, also where its path is taken.
pub fn restore(engine: &Engine, tree: &Tree) -> Result<Moved, Fault> {
    let moved = match engine.ports.trees.restore(tree, &|| owns(engine, tree)) {
        Err(TreeError::Revoked) => {
            let why = format!("task {}: another process has just moved its worktree", tree.task);
            return Err(Fault::new(Kind::Conflict, why).of(tree.task).hint(Remedy::Show(tree.task)));
        }
        moved => moved.map_err(|error| Fault::from(error).of(tree.task))?,
    };
    let (path, owner) = (tree.path.clone(), tree.owner.clone());
    engine.ports.store.amend(&Amendment::TreeRestored { path, owner }, &engine.stamp(Who::Person))?;
    Ok(moved)
}
