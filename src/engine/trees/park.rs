//! Parking: a tree is moved to the trash, where it stays a worktree.

use super::occupants::{nobody_in, owns};
use super::records::settle;
use crate::domain::attempt::Tree;
use crate::domain::state::Who;
use crate::domain::tree::Whereabouts;
use crate::engine::{Engine, Fault, Kind};
use crate::ports::store::Amendment;
use crate::ports::worktrees::{Moved, Parking, TreeError};

/// What a tree was put away for. The event keeps it: only what goes back with a task was parked with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    Removal,
    FreshRetry,
    Merge,
    Tidy,
}

impl Occasion {
    /// The name of the fact in the event.
    pub const FACT: &str = "occasion";

    /// As it is stored.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Removal => "removal",
            Self::FreshRetry => "fresh retry",
            Self::Merge => "merge",
            Self::Tidy => "tidy",
        }
    }
}

/// Moves a tree to the trash, where it stays a worktree. With `force`, whoever stands in it, and as a plain folder
/// where it is no worktree any more.
///
/// # Errors
/// A conflict when somebody works in it; those of git.
pub fn park(engine: &Engine, tree: &Tree, occasion: Occasion, force: bool) -> Result<Option<Moved>, Fault> {
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
    let stamp = engine.stamp_with(Who::Person, vec![(Occasion::FACT, occasion.text().to_owned())]);
    engine.ports.store.amend(&amendment, &stamp)?;
    Ok(Some(moved))
}

/// There was nothing to park at a tree's path: its record says where it was found, if that could be found out.
fn not_at_its_path(engine: &Engine, tree: &Tree, force: bool) -> Result<Option<Moved>, Fault> {
    match settle(engine, tree, false) {
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
