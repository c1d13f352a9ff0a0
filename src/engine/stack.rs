//! Stacked tasks: one starts from the branch of a task that it waits for, and comes home after it.

use super::{Engine, Fault, Kind, Remedy, trees};
use crate::domain::attempt::Tree;
use crate::domain::id::TaskId;
use crate::domain::merge::Target;
use crate::domain::settings::{AFTER, Settings};
use crate::domain::task::Task;

/// Whether a task starts from the branch of one that it waits for.
#[must_use]
pub fn is_stacked(task: &Task, settings: &Settings) -> bool {
    task.draft.base.as_ref().unwrap_or(&settings.worktrees.base) == AFTER
}

/// What a task starts from: the tip of the branch of the last task that it waits for and that has one. `None` where none
/// has, as after a merge.
///
/// # Errors
/// Those of the store.
pub fn tip(engine: &Engine, task: &Task) -> Result<Option<String>, Fault> {
    for needed in task.draft.after.iter().rev() {
        if let Some((_, tip)) = branch(engine, *needed)? {
            return Ok(Some(tip));
        }
    }
    Ok(None)
}

/// The newest worktree of a task that was worked in, and where its branch is, while there is one.
fn branch(engine: &Engine, task: TaskId) -> Result<Option<(Tree, String)>, Fault> {
    let Some(tree) = trees::newest(engine, task)? else { return Ok(None) };
    let tip = engine.ports.trees.resolve(&tree.repo, &format!("refs/heads/{}", tree.branch));
    Ok(tip.ok().map(|tip| (tree, tip)))
}

/// Refuses to bring a stacked task home before what it stands on: its branch has that work, too.
///
/// # Errors
/// [`Kind::Conflict`], with what is to be merged first; those of git and of the store.
pub fn refuse_before(engine: &Engine, task: &Task, settings: &Settings, target: &Target) -> Result<(), Fault> {
    if !is_stacked(task, settings) {
        return Ok(());
    }
    for needed in &task.draft.after {
        let Some((tree, tip)) = branch(engine, *needed)? else { continue };
        if engine.ports.merges.contained(&tree.repo, &tip, &target.tip)?.is_none() {
            let why =
                format!("task {} is stacked on task {needed}, whose work is not in {} yet", task.id, target.branch);
            return Err(Fault::new(Kind::Conflict, why).of(task.id).hint(Remedy::Merge(*needed)));
        }
    }
    Ok(())
}
