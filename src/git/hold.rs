//! git's own lock on a tree while an agent may be at work in it, so that nobody removes, moves or prunes it unasked.
//!
//! A lock of somebody else is left as it is, and so is one that says that the tree is being made or is parked.

use super::Git;
use super::call::failed;
use super::kept_head;
use super::layout::{Admin, Lock, record_of, settle, working};
use super::read::Repo;
use super::repo_lock::RepoLock;
use crate::domain::attempt::Plan;
use crate::ports::worktrees::Result;

const HOLD: &str = "lock the worktree";

/// See [`crate::ports::worktrees::Worktrees::hold`].
pub(super) fn hold(git: &Git, plan: &Plan) -> Result<()> {
    let repo = Repo::open(git, &plan.repo)?;
    let path = settle(&plan.worktree)?;
    let _lock = RepoLock::take(&repo.common, &format!("lock {}", path.display()), git.patience)?;
    let admin = record_of(&repo.common, &path).map_err(|why| failed(HOLD, why))?;
    match admin.lock(&path) {
        // That of an earlier attempt, whose shim was killed.
        Lock::No | Lock::Working(_) => {
            admin.lock_for(working(plan.task, &plan.id)).map_err(|error| failed(HOLD, error))
        }
        Lock::Making | Lock::Other(_) => Ok(()),
    }
}

/// See [`crate::ports::worktrees::Worktrees::release`].
pub(super) fn release(git: &Git, plan: &Plan) -> Result<()> {
    let repo = Repo::open(git, &plan.repo)?;
    let reason = Lock::Working(working(plan.task, &plan.id));
    // Wherever the tree is by now.
    let held = || -> Result<Vec<Admin>> {
        let mut all = Admin::all(&repo.common).map_err(|error| failed("read worktrees", error))?;
        all.retain(|admin| admin.lock(&plan.worktree) == reason);
        Ok(all)
    };
    if held()?.is_empty() {
        return Ok(());
    }
    let _lock = RepoLock::take(&repo.common, &format!("unlock {}", plan.worktree.display()), git.patience)?;
    // A newer attempt may have locked it for itself meanwhile.
    for admin in held()? {
        kept_head::keep(git, &repo, (plan.task, &plan.worktree, &plan.branch), &admin)?;
        admin.unlock().map_err(|error| failed("unlock the worktree", error))?;
    }
    Ok(())
}
