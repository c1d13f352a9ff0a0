//! Restoring: a parked tree goes back to where it was.

use super::occupants::{moved_meanwhile, owns};
use crate::domain::attempt::Tree;
use crate::domain::state::Who;
use crate::engine::{Engine, Fault};
use crate::ports::store::Amendment;
use crate::ports::worktrees::{Moved, TreeError};

/// Moves a parked tree back to its path, as it was.
///
/// # Errors
/// A conflict where another process has just moved it; those of git, also where its path is taken.
pub fn restore(engine: &Engine, tree: &Tree) -> Result<Moved, Fault> {
    let moved = match engine.ports.trees.restore(tree, &|| owns(engine, tree)) {
        Err(TreeError::Revoked) => return Err(moved_meanwhile(tree)),
        moved => moved.map_err(|error| Fault::from(error).of(tree.task))?,
    };
    let (path, owner) = (tree.path.clone(), tree.owner.clone());
    engine.ports.store.amend(&Amendment::TreeRestored { path, owner }, &engine.stamp(Who::Person))?;
    Ok(moved)
}
