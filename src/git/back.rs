//! The way back from the trash, after the rename: git's records of the old place, and its locks. Whoever finds that it was
//! cut off there finishes it.

use std::path::Path;

use super::Git;
use super::call::failed;
use super::carry::{Cargo, REASON, mend, unlock};
use super::layout::{Admin, DotGit, Lock, record_of};
use super::pointer::Shift;
use super::read::Repo;
use crate::ports::worktrees::{Moved, Result};

/// Whether a restore of the tree at `path` was cut off between the rename and git's own record of it.
pub(super) fn is_cut_off(repo: &Repo, parked: &Path, path: &Path) -> bool {
    let Ok(DotGit::Ours(dir)) = DotGit::read(&repo.common, path) else { return false };
    let admin = Admin { dir };
    admin.tree().is_some_and(|tree| tree == parked) && admin.lock(parked) == Lock::Other(REASON.to_owned())
}

/// Everything after the rename. A second pass changes nothing.
pub(super) fn finish(git: &Git, repo: &Repo, parked: &Path, path: &Path) -> Result<Moved> {
    let cargo = Cargo::of(path);
    let aside = parked.parent().unwrap_or(parked);
    let mut said = mend(git, &repo.common, &Shift { from: parked, to: path, aside }, &cargo);
    let mut records = cargo.records(path, &repo.common);
    match record_of(&repo.common, path) {
        Ok(admin) => records.push(admin),
        Err(why) => said.push(why),
    }
    for admin in records {
        if admin.tree().is_some_and(|tree| admin.lock(&tree) == Lock::Other(REASON.to_owned())) {
            unlock(&admin).map_err(|error| failed("restore the tree", format!("{}: {error}", admin.dir.display())))?;
        }
    }
    Ok(Moved { path: path.to_owned(), said })
}
