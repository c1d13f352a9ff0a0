//! Making a branch and its tree.
//!
//! Two steps: git's metadata under the repository's lock, then the checkout outside of it, as our own child. What
//! counts is what is there afterwards; an exit status only decides what to look at more closely. What a failure
//! leaves is for `remove`, save what has to go so that it can be tried again.

use std::ffi::OsStr;
use std::fs::FileType;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use super::Git;
use super::call::{failed, refused};
use super::hide::keep_out;
use super::inspect::status;
use super::layout::{Admin, Lock, making, record_of, settle};
use super::read::Repo;
use super::remove::Leftover;
use super::repo_lock::RepoLock;
use super::seen::{look_beside, mend};
use super::standing::MAKING;
use crate::domain::attempt::trash;
use crate::domain::saga::Remains;
use crate::os::process::Answer;
use crate::ports::worktrees::{Name, NewTree, Result, TreeError};

/// How often it is tried: somebody's `git worktree prune` removes a record that git has made but not yet locked.
const ROUNDS: usize = 8;

const METADATA: &str = "git worktree add";
const CHECKOUT: &str = "check out the files";

/// How one try ended.
enum Round {
    Made,
    /// The record was taken away or never came about; perhaps not the next time.
    Broken(TreeError),
}

/// See [`crate::ports::worktrees::Worktrees::add`].
pub(super) fn add(git: &Git, new: &NewTree<'_>, wanted: &dyn Fn() -> bool) -> Result<()> {
    let repo = Repo::open(git, new.repo)?;
    repo.has_commit(new.base)?;
    let mut broken = None;
    for round in 0..ROUNDS {
        match one_round(git, &repo, new, wanted, round > 0)? {
            Round::Made => return Ok(()),
            Round::Broken(error) => broken = Some(error),
        }
    }
    Err(broken.unwrap_or_else(|| failed(METADATA, "it was never tried")))
}

fn one_round(git: &Git, repo: &Repo, new: &NewTree<'_>, wanted: &dyn Fn() -> bool, again: bool) -> Result<Round> {
    let doing = format!("add {}", new.path.display());
    let lock = RepoLock::take(&repo.common, &doing, git.patience)?;
    if !wanted() {
        return Err(TreeError::Revoked);
    }
    let mut path = settle(new.path)?;
    if again {
        let leftover =
            Leftover { git, repo, path: &path, branch: new.branch, given: new.given.is_some(), base: new.base };
        if let Remains::Kept(why) = leftover.clear()? {
            return Err(failed(METADATA, why));
        }
    }
    refuse_taken(repo, new, &path)?;
    if let Some(parent) = path.parent() {
        let making = |error| failed("make the worktree's parent folder", format!("{}: {error}", parent.display()));
        std::fs::create_dir_all(parent).map_err(making)?;
        path = settle(new.path)?;
    }
    keep_out(git, repo, &path);
    let made = write_metadata(git, repo, &path, new)?;
    drop(lock);
    match made {
        Ok(admin) => check_out(git, repo, new, &path, &admin),
        Err(error) => Ok(Round::Broken(error)),
    }
}

/// The inner error is of the kind that may not come again.
fn write_metadata(
    git: &Git,
    repo: &Repo,
    path: &Path,
    new: &NewTree<'_>,
) -> Result<std::result::Result<Admin, TreeError>> {
    let reason = std::ffi::OsString::from_vec(making(path));
    let call = git
        .call(&repo.common)
        .env(MAKING, path)
        // The branch's reflog tells who made it, also where the repository keeps none.
        .args(["-c", "core.logAllRefUpdates=true"])
        .args(["worktree", "add", "--no-checkout", "--lock", "--reason"])
        .args([reason.as_os_str()]);
    let call = if new.given.is_some() {
        // What is in the trash may have it checked out, too: nobody works there.
        call.args([OsStr::new("--force"), OsStr::new("--"), path.as_os_str(), OsStr::new(new.branch)])
    } else {
        call.args([OsStr::new("--no-track"), OsStr::new("-b"), OsStr::new(new.branch), OsStr::new("--")])
            .args([path.as_os_str(), OsStr::new(new.base)])
    };
    let answer = git.ask(&call, METADATA)?;
    match registered(repo, path, new) {
        Ok(admin) => Ok(Ok(admin)),
        Err(fact) => match disbelieved(METADATA, &answer, &fact) {
            error @ (TreeError::Missing(_) | TreeError::Impossible(_)) => Err(error),
            error => Ok(Err(error)),
        },
    }
}

fn check_out(git: &Git, repo: &Repo, new: &NewTree<'_>, path: &Path, admin: &Admin) -> Result<Round> {
    // Not `git reset --hard`: that takes packed-refs.lock and the branch's lock of the shared repository as well
    // (2.47, for ORIG_HEAD and AUTO_MERGE), and killed at that moment it leaves them, in everybody's way.
    let call = git.fetching_call_in(&admin.dir, path).env(MAKING, path).args(["read-tree", "--reset", "-u", "HEAD"]);
    let (answer, seen) = look_beside(git, admin, path, || git.ask(&call, CHECKOUT));
    let answer = answer?;
    if let Err(fact) = registered(repo, path, new) {
        return Ok(Round::Broken(disbelieved(CHECKOUT, &answer, &fact)));
    }
    if admin.index_is_locked() {
        return Err(disbelieved(CHECKOUT, &answer, "the index is still locked"));
    }
    if !admin.has_index() {
        return Err(disbelieved(CHECKOUT, &answer, "there is no index"));
    }
    if !answer.ok()
        && let Some(entry) = status(git, &admin.dir, path, false)?
    {
        return Err(disbelieved(CHECKOUT, &answer, &format!("`git status` shows {entry:?}")));
    }
    if let Err(why) = seen? {
        mend(git, repo, admin, path, why)?;
    }
    admin.unlock().map_err(|error| failed("finish the worktree", error))?;
    Ok(Round::Made)
}

/// Whether branch, tree and record are as asked for, and locked by us: why not.
fn registered(repo: &Repo, path: &Path, new: &NewTree<'_>) -> std::result::Result<Admin, String> {
    let admin = record_of(&repo.common, path)?;
    match admin.lock(path) {
        Lock::Making => {}
        Lock::No => return Err("its lock is gone".to_owned()),
        Lock::Working(reason) | Lock::Other(reason) => return Err(format!("it is locked: {reason}")),
    }
    repo.head_is(&admin, new.branch, new.base)?;
    Ok(admin)
}

/// What to say when the facts are not what was asked for: git's own reason, if it gave one.
fn disbelieved(doing: &str, answer: &Answer, fact: &str) -> TreeError {
    if answer.ok() { failed(doing, format!("git reported success, but {fact}")) } else { refused(doing, answer) }
}

fn refuse_taken(repo: &Repo, new: &NewTree<'_>, path: &Path) -> Result<()> {
    match path.symlink_metadata() {
        Ok(meta) => {
            return Err(TreeError::Taken(format!("{}: there is {} already", path.display(), kind(meta.file_type()))));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("look at the worktree's path", format!("{}: {error}", path.display()))),
    }
    let branch = new.branch;
    if let Some(earlier) = new.given {
        return refuse_held(repo, branch, &trash(path), earlier);
    }
    match repo.name(branch)? {
        Name::Free => Ok(()),
        Name::Clashes => Err(TreeError::Taken(format!(
            "branch {branch}: another branch is called like a folder of it, or it like a folder of another's"
        ))),
        Name::Taken => {
            let holder = repo.holder(branch).map_err(|error| failed("read worktrees", error))?;
            Err(TreeError::Taken(match holder {
                Some(holder) => format!("branch {branch} exists and is checked out at {}", holder.display()),
                None => format!("branch {branch} exists"),
            }))
        }
    }
}

/// A branch that is the user's has to be there, and checked out nowhere but in the trash or where the task's earlier attempts were.
fn refuse_held(repo: &Repo, branch: &str, trash: &Path, earlier: &[PathBuf]) -> Result<()> {
    if repo.name(branch)? != Name::Taken {
        return Err(TreeError::Impossible(format!("there is no branch {branch}")));
    }
    let holders = repo.holders(branch).map_err(|error| failed("read worktrees", error))?;
    match holders.iter().find(|holder| !holder.starts_with(trash) && !earlier.contains(holder)) {
        None => Ok(()),
        Some(holder) => Err(TreeError::Impossible(format!(
            "branch {branch} is checked out at {}: check out another one there first",
            holder.display()
        ))),
    }
}

fn kind(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else {
        "a file"
    }
}
