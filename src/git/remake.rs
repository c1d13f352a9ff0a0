//! Making a tree again whose folder is gone: from git's own record of it, with its HEAD and its index, or else from
//! its branch.
//!
//! Nothing is forgotten for it: a record that can't be used is kept by a reference to where its HEAD was. Killed
//! anywhere, it leaves a half-made tree that the next call finishes.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::Git;
use super::call::{failed, refused};
use super::kept_head;
use super::layout::{Admin, Lock, making, record_of, settle};
use super::read::Repo;
use super::refs::{Head, Tip};
use super::repo_lock::RepoLock;
use super::standing::{self, MAKING};
use crate::domain::attempt::Tree;
use crate::ports::worktrees::{Result, TreeError};

const REMAKE: &str = "make the worktree again";

/// See [`crate::ports::worktrees::Worktrees::remake`].
pub(super) fn remake(git: &Git, tree: &Tree, wanted: &dyn Fn() -> bool) -> Result<()> {
    let repo = Repo::open(git, &tree.repo)?;
    let path = settle(&tree.path)?;
    let lock = RepoLock::take(&repo.common, &format!("make {} again", path.display()), git.patience)?;
    if !wanted() {
        return Err(TreeError::Revoked);
    }
    standing::refuse(&path, true)?;
    let admin = metadata(git, &repo, tree, &path)?;
    drop(lock);
    check_out(git, &admin, &path)
}

/// git's directory of the tree, and the tree's folder with nothing but its `.git`; marked as being made.
fn metadata(git: &Git, repo: &Repo, tree: &Tree, path: &Path) -> Result<Admin> {
    if let Ok(admin) = record_of(&repo.common, path) {
        return if admin.lock(path) == Lock::Making { Ok(admin) } else { Err(taken(path)) };
    }
    if path.symlink_metadata().is_ok() {
        return Err(taken(path));
    }
    let records = Admin::at(&repo.common, path).map_err(|error| failed("read worktrees", error))?;
    if let Some(admin) = records.iter().find(|admin| is_usable(repo, admin)) {
        admin.lock_for(OsStr::from_bytes(&making(path))).map_err(|error| failed(REMAKE, error))?;
        link(admin, path).map_err(|error| failed(REMAKE, format!("{}: {error}", path.display())))?;
        return Ok(admin.clone());
    }
    for admin in &records {
        keep_reachable(git, repo, tree, admin)?;
        admin.forget(&repo.common).map_err(|error| failed("remove git's record", error))?;
    }
    let kept = kept_head::read(git, repo, tree.task, path).filter(|head| match head {
        Head::Branch(name) => matches!(repo.tip(name), Ok(Tip::At(_))),
        Head::Detached(commit) => repo.has_commit(commit).is_ok(),
        Head::Unmade => false,
    });
    from_head(git, repo, &kept.unwrap_or_else(|| Head::Branch(tree.branch.clone())), path)
}

fn taken(path: &Path) -> TreeError {
    TreeError::Taken(format!("{}: something is there", path.display()))
}

/// Whether what a record's HEAD names is still there.
pub(super) fn is_usable(repo: &Repo, admin: &Admin) -> bool {
    match admin.head() {
        Head::Branch(name) => matches!(repo.tip(&name), Ok(Tip::At(_))),
        Head::Detached(commit) => repo.has_commit(&commit).is_ok(),
        Head::Unmade => false,
    }
}

/// Makes the folder with its `.git` at once.
fn link(admin: &Admin, path: &Path) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".making");
    let new = path.with_file_name(name);
    match std::fs::remove_dir_all(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    std::fs::create_dir(&new)?;
    let text = [b"gitdir: ", admin.dir.as_os_str().as_bytes(), b"\n"].concat();
    std::fs::write(new.join(".git"), text)?;
    std::fs::rename(new, path)
}

/// What its HEAD was at last stays reachable when the record goes.
fn keep_reachable(git: &Git, repo: &Repo, tree: &Tree, admin: &Admin) -> Result<()> {
    let log = std::fs::read_to_string(admin.dir.join("logs/HEAD")).unwrap_or_default();
    let last = log.lines().next_back().and_then(|entry| entry.split(' ').nth(1)).unwrap_or_default();
    if repo.has_commit(last).is_err() {
        return Ok(());
    }
    let name = format!("refs/ganger/rescue/{}/{}-head", tree.task, tree.owner);
    let call = git.call(&repo.common).args(["update-ref", "--no-deref", &name, last]);
    git.must(&call, "write the rescue reference").map(drop)
}

fn from_head(git: &Git, repo: &Repo, head: &Head, path: &Path) -> Result<Admin> {
    let (Head::Branch(from) | Head::Detached(from)) = head else { return Err(failed(REMAKE, "it has no HEAD")) };
    let reason = OsString::from_vec(making(path));
    let call = git
        .call(&repo.common)
        .env(MAKING, path)
        .args(["worktree", "add", "--no-checkout", "--lock", "--reason"])
        .args([reason.as_os_str(), OsStr::new("--"), path.as_os_str(), OsStr::new(from)]);
    let answer = git.ask(&call, REMAKE)?;
    match record_of(&repo.common, path) {
        Ok(admin) if admin.head() == *head => Ok(admin),
        Ok(_) => Err(failed(REMAKE, format!("{} is not on {from}", path.display()))),
        Err(_) if !answer.ok() => Err(refused(REMAKE, &answer)),
        Err(why) => Err(failed(REMAKE, why)),
    }
}

/// Writes what the index has: what was staged, too. Without an index, what HEAD has.
fn check_out(git: &Git, admin: &Admin, path: &Path) -> Result<()> {
    let call = || git.call_in(&admin.dir, path).env(MAKING, path);
    let mut answer = None;
    if admin.has_index() {
        answer = Some(git.ask(&call().args(["checkout-index", "--all", "--force", "--index"]), REMAKE)?);
    }
    if !answer.as_ref().is_some_and(crate::os::process::Answer::ok) && !admin.index_is_locked() {
        set_aside(&admin.dir.join("index")).map_err(|error| failed(REMAKE, error))?;
        answer = Some(git.ask(&call().args(["read-tree", "--reset", "-u", "HEAD"]), REMAKE)?);
    }
    match answer {
        Some(answer) if answer.ok() && !admin.index_is_locked() => {
            admin.unlock().map_err(|error| failed("finish the worktree", error))
        }
        Some(answer) => Err(refused(REMAKE, &answer)),
        None => Err(failed(REMAKE, "its index is locked")),
    }
}

fn set_aside(index: &PathBuf) -> io::Result<()> {
    match std::fs::rename(index, index.with_extension("broken")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
