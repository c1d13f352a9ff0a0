//! What git thinks of single paths of a worktree: whether it tracks or ignores them. Reads with libgit2, never writes.

use std::path::{Path, PathBuf};

use git2::Repository;

use super::call::failed;
use super::read::around;
use crate::ports::worktrees::{Result, TreeError};

/// The root of the worktree around `from`: a linked one's own, not that of the main one.
///
/// # Errors
/// When there is no repository around it, or it has no worktree.
pub fn worktree_around(from: &Path) -> Result<PathBuf> {
    let repo = around(from)?;
    let root = repo.workdir().ok_or_else(|| {
        TreeError::Impossible(format!("{}: a bare repository, which has no worktree", from.display()))
    })?;
    root.canonicalize().map_err(|error| failed("find the worktree", error))
}

/// Whether the file at `path`, relative to the root of the worktree, is in git's index.
///
/// # Errors
/// When the index can't be read.
pub fn is_tracked(root: &Path, path: &Path) -> Result<bool> {
    let read = || -> std::result::Result<bool, git2::Error> {
        let index = Repository::open(root)?.index()?;
        // In a conflict a path is there in other stages than the first.
        Ok((0..=3).any(|stage| index.get_path(path, stage).is_some()))
    };
    read().map_err(|error| failed("read the index", error.message()))
}

/// Whether git ignores a file at `path`, relative to the root of the worktree; it need not be there.
///
/// # Errors
/// When what is ignored can't be read.
pub fn is_ignored(root: &Path, path: &Path) -> Result<bool> {
    let read = || Repository::open(root)?.is_path_ignored(path);
    read().map_err(|error: git2::Error| failed("read what git ignores", error.message()))
}
