//! Tidying up: worktrees, branches and sessions of tasks that are done and whose work is merged, wherever that was done.

use std::path::{Path, PathBuf};

use super::{Request, finish, look};
use crate::domain::id::TaskId;
use crate::domain::state::{Status, TreeState};
use crate::domain::task::Task;
use crate::engine::upkeep::clean_up;
use crate::engine::{Engine, Fault, trees};
use crate::ports::store::Filter;

/// What became of one task's leftovers, or would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tidied {
    pub task: TaskId,
    pub title: String,
    pub fate: Fate,
}

/// See [`Tidied`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Put away. `tree`: where the worktree is parked, or, where nothing is done yet, where it stands.
    Tidy { tree: Option<PathBuf>, branch: Option<String>, said: Vec<String> },
    /// Left as it is: why.
    Kept(String),
}

/// Tidies up after the done tasks of a repository, archived ones included; with `dry_run` only says what would be done.
/// Tasks of which nothing is left are not told.
///
/// # Errors
/// Those of the store. What can't be looked at is kept.
pub fn tidy(engine: &Engine, repo: &Path, dry_run: bool) -> Result<Vec<Tidied>, Fault> {
    let statuses = vec![Status::Done];
    let filter = Filter { repo: Some(repo.to_owned()), statuses, archived: true, removed: false };
    let mut tidied = Vec::new();
    for task in engine.ports.store.tasks(&filter)?.tasks {
        if engine.is_interrupted() {
            break;
        }
        if let Some(fate) = one(engine, &task, dry_run)? {
            tidied.push(Tidied { task: task.id, title: task.draft.title, fate });
        }
    }
    Ok(tidied)
}

fn one(engine: &Engine, task: &Task, dry_run: bool) -> Result<Option<Fate>, Fault> {
    let Some(newest) = trees::newest(engine, task.id)? else { return Ok(None) };
    // One that was there before is the user's.
    let branch = if newest.given { Ok(None) } else { engine.ports.merges.target(&task.draft.repo, &newest.branch) };
    let is_present = matches!(newest.state, TreeState::Planned | TreeState::Present);
    if !is_present && matches!(branch, Ok(None)) {
        return Ok(None);
    }
    let seen = match look::at(engine, &Request::of(task.id), &[]) {
        Ok(seen) => seen,
        Err(fault) => return Ok(Some(Fate::Kept(fault.message))),
    };
    let kept = |why: String| Ok(Some(Fate::Kept(why)));
    if seen.live {
        return kept("its agent still runs".to_owned());
    }
    match &seen.before.uncommitted {
        Err(why) => return kept(format!("what is not committed can't be told: {why}")),
        // What is parked already stays whole in the trash.
        Ok(files) if is_present && !files.is_empty() => {
            let count = if files.len() == 1 { "1 file is".to_owned() } else { format!("{} files are", files.len()) };
            return kept(format!("{count} not committed"));
        }
        Ok(_) => {}
    }
    let into = &seen.before.target.branch;
    if seen.before.contained.is_none() {
        return kept(format!("its work is not merged into {into}"));
    }
    if dry_run {
        let tree = seen.path.clone().filter(|_| is_present);
        let branch = matches!(branch, Ok(Some(_))).then(|| newest.branch.clone());
        return Ok(Some(Fate::Tidy { tree, branch, said: Vec::new() }));
    }
    // A pane that can't be looked at now is cleaned up by a later pass.
    clean_up::ended(engine, task.id).ok();
    let mut merge = seen.merge();
    finish::put_away(engine, &seen, trees::Occasion::Tidy, &mut merge);
    let tree = merge.parked.filter(|_| is_present);
    if tree.is_none() && merge.deleted.is_none() {
        return Ok(merge.said.into_iter().next().map(Fate::Kept));
    }
    Ok(Some(Fate::Tidy { tree, branch: merge.deleted, said: merge.said }))
}
