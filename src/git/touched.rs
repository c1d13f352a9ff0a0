//! What was written in the main worktree since a moment: by its own stamps, as nobody looked at it before.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use git2::{Repository, StatusOptions};

use super::Git;
use super::call::failed;
use super::layout::Admin;
use super::read::Repo;
use crate::domain::time::Timestamp;
use crate::ports::worktrees::Result;

/// How far the clock of a file system is behind, at most: it counts in ticks.
const TICK: i64 = 20;

const LOOK: &str = "look at the main worktree";

/// See [`crate::ports::worktrees::Worktrees::touched`].
pub(super) fn touched(git: &Git, repo: &Path, since: Timestamp) -> Result<Vec<PathBuf>> {
    let opened = Repo::open(git, repo)?;
    if opened.common == repo {
        return Ok(Vec::new());
    }
    // libgit2 runs no filter and no program that somebody has configured; the git program does, for a file whose stamp says
    // nothing.
    if opened.lib().is_none() {
        return Ok(Vec::new());
    }
    let mut found = uncommitted(&opened.common, repo).map_err(|error| failed(LOOK, error.message()))?;
    let trees: Vec<PathBuf> = Admin::all(&opened.common).unwrap_or_default().iter().filter_map(Admin::tree).collect();
    found.retain(|path| {
        let whole = repo.join(path);
        !trees.iter().any(|tree| whole.starts_with(tree)) && is_since(&whole, since)
    });
    Ok(found.into_iter().collect())
}

/// What is in no commit there, ignored files left out.
fn uncommitted(common: &Path, main: &Path) -> std::result::Result<BTreeSet<PathBuf>, git2::Error> {
    let lib = Repository::open(common)?;
    lib.set_workdir(main, false)?;
    let mut options = StatusOptions::new();
    options.include_untracked(true).recurse_untracked_dirs(true).include_ignored(false).exclude_submodules(true);
    let statuses = lib.statuses(Some(&mut options))?;
    let path = |entry: git2::StatusEntry<'_>| PathBuf::from(OsStr::from_bytes(entry.path_bytes()));
    Ok(statuses.iter().map(path).collect())
}

/// Whether it was written since; of one that is gone, its folder tells.
fn is_since(path: &Path, since: Timestamp) -> bool {
    let stamp = |path: &Path| path.symlink_metadata().map(|meta| meta.ctime() * 1_000 + meta.ctime_nsec() / 1_000_000);
    let stamp = stamp(path).or_else(|_| stamp(path.parent().unwrap_or(path)));
    stamp.is_ok_and(|stamp| stamp + TICK >= since.0)
}
