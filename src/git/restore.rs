//! Taking a parked tree back to where it was: the inverse of parking, in the same order.

use std::path::Path;

use super::Git;
use super::back::finish;
use super::call::failed;
use super::carry::{Cargo, REASON, lock_all};
use super::layout::{Admin, is_there, settle};
use super::park::{close, place, shift};
use super::read::Repo;
use super::repo_lock::RepoLock;
use crate::domain::attempt::Tree;
use crate::ports::worktrees::{Moved, Result, TreeError};

const RESTORE: &str = "restore the tree";

/// See [`crate::ports::worktrees::Worktrees::restore`].
pub(super) fn restore(git: &Git, tree: &Tree, owned: &dyn Fn() -> bool) -> Result<Moved> {
    let repo = Repo::open(git, &tree.repo)?;
    let path = settle(&tree.path)?;
    let parked = settle(&place(tree))?;
    let _lock = RepoLock::take(&repo.common, &format!("restore {}", path.display()), git.patience)?;
    if !owned() {
        return Err(TreeError::Revoked);
    }
    let stays = |why: String| failed(RESTORE, format!("{} stays where it is: {why}", parked.display()));
    let is_there = |path: &Path| is_there(path).map_err(stays);
    match (is_there(&path)?, is_there(&parked)?) {
        (false, false) => return Err(failed(RESTORE, format!("{} is gone", parked.display()))),
        (true, true) => return Err(stays(format!("{} is taken; move that away", path.display()))),
        (true, false) => {}
        (false, true) => {
            let mut records = Cargo::of(&parked).records(&parked, &repo.common);
            records.extend(Admin::at(&repo.common, &parked).map_err(|error| stays(error.to_string()))?);
            lock_all(&records, REASON).map_err(stays)?;
            close(&path, shift(&parked, &path).map_err(stays)?);
        }
    }
    finish(git, &repo, &parked, &path)
}
