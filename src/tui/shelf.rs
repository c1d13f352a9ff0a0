//! What the board does with work that is put away: the trash, and tidying up.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::msg::{Answer, Done, Shelved};
use crate::domain::id::TaskId;
use crate::domain::state::Status;
use crate::domain::text;
use crate::engine::merge::tidy::{self, Fate, Tidied};
use crate::engine::{Engine, Fault, Kind, trash};
use crate::ports::store::Filter;

/// What is in the trash, of a repository or of all.
pub(super) fn trash(engine: &Engine, repo: Option<&Path>) -> Result<Vec<Shelved>, Fault> {
    let shelved = |parked: trash::Parked| Shelved {
        task: parked.tree.task,
        number: parked.number,
        title: parked.title,
        removed: parked.removed,
        since: parked.since,
        bytes: engine.ports.trees.size(&parked.at),
        at: parked.at,
    };
    Ok(trash::list(engine, repo)?.into_iter().map(shelved).collect())
}

/// Deletes what is there in the trash, if it is still there.
pub(super) fn delete(engine: &Engine, task: TaskId, at: &Path) -> Result<Done, Fault> {
    let Some(found) = trash::of(engine, task)?.into_iter().find(|parked| parked.at == at) else {
        let why = format!("task {task}: {} is not in the trash any more", at.display());
        return Err(Fault::new(Kind::Conflict, why).of(task));
    };
    trash::delete(engine, &found)?;
    Ok(Done::Deleted(at.to_owned()))
}

/// What tidying up would do, a line for each task.
pub(super) fn plan(engine: &Engine, repo: Option<&Path>) -> Result<Answer, Fault> {
    let mut count = 0;
    let mut lines = Vec::new();
    for Tidied { task, title, fate } in all(engine, repo, true)? {
        let title = text::cut(&text::line(&title), 50);
        lines.push(match fate {
            Fate::Kept(why) => format!("#{task} {title} is kept: {why}"),
            Fate::Tidy { tree, branch, .. } => {
                count += 1;
                let parts = [tree.map(|_| "worktree".to_owned()), branch.map(|branch| format!("branch {branch}"))];
                let parts: Vec<String> = parts.into_iter().flatten().collect();
                format!("#{task} {title}: {}", parts.join(" and "))
            }
        });
    }
    Ok(Answer::Tidy { count, lines })
}

/// Tidies up; after how many tasks.
pub(super) fn tidy(engine: &Engine, repo: Option<&Path>) -> Result<usize, Fault> {
    let done = all(engine, repo, false)?;
    Ok(done.iter().filter(|tidied| matches!(tidied.fate, Fate::Tidy { .. })).count())
}

fn all(engine: &Engine, repo: Option<&Path>, dry_run: bool) -> Result<Vec<Tidied>, Fault> {
    let repos: BTreeSet<PathBuf> = if let Some(repo) = repo {
        BTreeSet::from([repo.to_owned()])
    } else {
        let filter = Filter { statuses: vec![Status::Done], archived: true, ..Filter::default() };
        engine.ports.store.tasks(&filter)?.tasks.into_iter().map(|task| task.draft.repo).collect()
    };
    let mut tidied = Vec::new();
    for repo in repos {
        tidied.extend(tidy::tidy(engine, &repo, dry_run)?);
    }
    Ok(tidied)
}
