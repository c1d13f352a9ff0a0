//! What git thinks of single paths of a worktree: whether it tracks or ignores them. Never writes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::{ErrorCode, Repository, RepositoryOpenFlags};

use super::Git;
use super::call::{failed, refused};
use super::read::unopened;
use crate::ports::worktrees::{Result, TreeError};

const DEADLINE: Duration = Duration::from_secs(10);

/// The root of the worktree around `from`: a linked one's own, not that of the main one.
///
/// # Errors
/// When there is no repository around it, or it has no worktree.
pub fn worktree_around(from: &Path) -> Result<PathBuf> {
    let root = if let Some(repo) = open(from, RepositoryOpenFlags::empty())? {
        repo.workdir().map(Path::to_owned)
    } else {
        let git = Git::new(DEADLINE);
        let answer = git.ask(&git.call_as_found(from).args(["rev-parse", "--show-toplevel"]), "find the worktree")?;
        answer.ok().then(|| PathBuf::from(OsStr::from_bytes(answer.stdout.trim_ascii_end())))
    };
    let root = root.ok_or_else(|| {
        TreeError::Impossible(format!("{}: a bare repository, which has no worktree", from.display()))
    })?;
    root.canonicalize().map_err(|error| failed("find the worktree", error))
}

/// Whether the file at `path`, relative to the root of the worktree, is in git's index.
///
/// # Errors
/// When the index can't be read.
pub fn is_tracked(root: &Path, path: &Path) -> Result<bool> {
    let Some(repo) = open(root, RepositoryOpenFlags::NO_SEARCH)? else {
        return says(root, &["ls-files", "--error-unmatch", "--"], path);
    };
    let index = repo.index().map_err(|error| failed("read the index", error.message()))?;
    // In a conflict a path is there in other stages than the first.
    Ok((0..=3).any(|stage| index.get_path(path, stage).is_some()))
}

/// Whether git ignores a file at `path`, relative to the root of the worktree; it need not be there.
///
/// # Errors
/// When what is ignored can't be read.
pub fn is_ignored(root: &Path, path: &Path) -> Result<bool> {
    let Some(repo) = open(root, RepositoryOpenFlags::NO_SEARCH)? else {
        return says(root, &["check-ignore", "--quiet", "--no-index", "--"], path);
    };
    repo.is_path_ignored(path).map_err(|error| failed("read what git ignores", error.message()))
}

/// The repository, where libgit2 can read it.
fn open(from: &Path, flags: RepositoryOpenFlags) -> Result<Option<Repository>> {
    let none: [&Path; 0] = [];
    match Repository::open_ext(from, flags, none) {
        Ok(repo) => Ok(Some(repo)),
        Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::Owner) => Err(unopened(from, &error)),
        Err(_) => Ok(None),
    }
}

/// What git's exit status says about a path: 0 is yes, 1 is no.
fn says(root: &Path, question: &[&str], path: &Path) -> Result<bool> {
    let git = Git::new(DEADLINE);
    let call = git.call_in(&root.join(".git"), root).env("GIT_LITERAL_PATHSPECS", "1").args(question).args([path]);
    let answer = git.ask(&call, "read what git tracks")?;
    match answer.code {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(refused("read what git tracks", &answer)),
    }
}
