//! What a tree holds now, as the ids of git objects. Leaves the tree and its index as they are.

use std::path::Path;

use git2::{Repository, RepositoryOpenFlags};

use super::Git;
use super::call::{TempIndex, failed, refused};
use super::inspect::status;
use crate::ports::worktrees::{Result, Snapshot, TreeError};

pub(super) const TAKE_IN: &str = "take in the files";
/// HEAD's id where it has no commit yet.
const UNBORN: &str = "0000000000000000000000000000000000000000";

/// See [`crate::ports::worktrees::Worktrees::snapshot`].
pub(super) fn snapshot(git: &Git, path: &Path) -> Result<Snapshot> {
    let none: [&Path; 0] = [];
    let repo = Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, none)
        .map_err(|error| TreeError::Impossible(format!("{}: {}", path.display(), error.message())))?;
    let head = head(git, repo.path())?;
    if let Some(head) = &head
        && status(git, repo.path(), path, false)?.is_none()
    {
        return Ok(Snapshot { tree: tree_of(git, repo.path(), head)?, head: head.clone() });
    }
    let index = TempIndex::new(repo.path());
    copy_index(git, repo.path(), path, head.as_deref(), &index)?;
    let all = add_all(git, repo.path(), path, &index)?;
    let tree = write_tree(git, repo.path(), path, &index)?;
    if !all
        && let Some(head) = &head
        && tree_of(git, repo.path(), head)? == tree
    {
        // There are differences, and none of them could be read: that must not look like none.
        return Err(failed(TAKE_IN, format!("{}: git could not read what changed", path.display())));
    }
    Ok(Snapshot { head: head.unwrap_or_else(|| UNBORN.to_owned()), tree })
}

/// The commit of HEAD; `None` where it has none.
pub(super) fn head(git: &Git, git_dir: &Path) -> Result<Option<String>> {
    let call = git.call(git_dir).args(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
    let answer = git.ask(&call, "read HEAD")?;
    match answer.code {
        Some(0) => Ok(Some(answer.text())),
        Some(1) if answer.stderr.is_empty() => Ok(None),
        _ => Err(failed("read HEAD", answer.complaint())),
    }
}

/// The id of a commit's tree.
pub(super) fn tree_of(git: &Git, git_dir: &Path, commit: &str) -> Result<String> {
    let call = git.call(git_dir).args(["rev-parse", "--verify", "--quiet", &format!("{commit}^{{tree}}")]);
    Ok(git.must(&call, "read a commit's tree")?.text())
}

/// Fills `index` with the tree's own, or with HEAD where it has none.
pub(super) fn copy_index(git: &Git, git_dir: &Path, path: &Path, head: Option<&str>, index: &TempIndex) -> Result<()> {
    let own = git_dir.join("index");
    match (own.is_file(), head) {
        (true, _) => {
            std::fs::copy(&own, index.path()).map_err(|error| failed("copy the index", error))?;
        }
        (false, Some(head)) => {
            let call = git.call_in(git_dir, path).env("GIT_INDEX_FILE", index.path()).args(["read-tree", head]);
            git.must(&call, "read HEAD")?;
        }
        (false, None) => {}
    }
    Ok(())
}

/// Takes everything that is not ignored into `index`; false when git could not read some of it: an unreadable
/// file, a repository without a commit.
pub(super) fn add_all(git: &Git, git_dir: &Path, path: &Path, index: &TempIndex) -> Result<bool> {
    let call = git
        .call_in(git_dir, path)
        .env("GIT_INDEX_FILE", index.path())
        .args(["-c", "advice.addEmbeddedRepo=false", "-c", "core.safecrlf=false"])
        .args(["add", "--all", "--sparse", "--ignore-errors"]);
    let answer = git.ask(&call, TAKE_IN)?;
    match answer.code {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(refused(TAKE_IN, &answer)),
    }
}

/// Writes `index` as a tree object.
pub(super) fn write_tree(git: &Git, git_dir: &Path, path: &Path, index: &TempIndex) -> Result<String> {
    let call = git.call_in(git_dir, path).env("GIT_INDEX_FILE", index.path()).args(["write-tree"]);
    Ok(git.must(&call, "write a tree")?.text())
}
