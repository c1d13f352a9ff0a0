//! What of the main worktree is ignored: files that are no commit's and that a new tree may want.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::Git;
use super::layout::Admin;
use super::read::Repo;
use crate::domain::settings::INCLUDE;
use crate::ports::worktrees::Result;

/// See [`crate::ports::worktrees::Worktrees::ignored`].
pub(super) fn ignored(git: &Git, repo: &Path) -> Result<Vec<PathBuf>> {
    let opened = Repo::open(git, repo)?;
    if opened.common == repo {
        return Ok(Vec::new());
    }
    // Without a pathspec: together with --directory, git answers with folders around what was asked for (2.47), and
    // for some patterns with an internal error.
    let call = git.call_in(&opened.common, repo).args([
        "ls-files",
        "-z",
        "--others",
        "--ignored",
        "--exclude-standard",
        "--directory",
    ]);
    let mut paths = paths(&git.must(&call, "list ignored files")?.stdout);
    // Nobody wants other worktrees in a new one.
    let trees: Vec<PathBuf> = Admin::all(&opened.common).unwrap_or_default().iter().filter_map(Admin::tree).collect();
    paths.retain(|path| !trees.iter().any(|tree| tree.starts_with(repo.join(path))));
    // git may list what is in a folder beside the folder.
    paths.sort();
    paths.dedup_by(|path, folder| path.starts_with(folder));
    Ok(paths)
}

/// See [`crate::ports::worktrees::Worktrees::included`].
pub(super) fn included(git: &Git, repo: &Path) -> Result<Vec<PathBuf>> {
    let opened = Repo::open(git, repo)?;
    // The patterns are those of .gitignore, so git reads them. With --directory it would answer with whole folders in
    // which one file matches (2.47).
    let call =
        git.call_in(&opened.common, repo).args(["ls-files", "-z", "--others", "--ignored", "--exclude-from", INCLUDE]);
    if opened.common == repo || !repo.join(INCLUDE).is_file() {
        return Ok(Vec::new());
    }
    let mut named = paths(&git.must(&call, "list what .worktreeinclude names")?.stdout);
    let ignored = ignored(git, repo)?;
    named.retain(|path| ignored.iter().any(|ignored| path.starts_with(ignored)));
    Ok(named)
}

/// Paths that git has ended with NUL. Their components are what counts; the slash behind a folder goes.
fn paths(answer: &[u8]) -> Vec<PathBuf> {
    let names = answer.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(|name| Path::new(OsStr::from_bytes(name)).components().collect()).collect()
}
