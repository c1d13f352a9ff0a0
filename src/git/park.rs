//! Setting a tree aside with everything in it: by a rename, still a worktree of its repository.
//!
//! The order makes it safe to be killed anywhere, and a second call finishes the first: rescue reference, git's
//! lock (from then on no prune takes the record, wherever the folder is), rename, git's record of the new path.

use std::io;
use std::path::{Path, PathBuf};

use super::Git;
use super::call::{TempIndex, failed, option};
use super::layout::{Admin, DotGit, Lock, record_of, settle};
use super::read::Repo;
use super::repo_lock::RepoLock;
use super::snapshot::{add_all, copy_index, head, tree_of, write_tree};
use super::standing;
use crate::domain::attempt::Tree;
use crate::domain::id::AttemptId;
use crate::os::process::Answer;
use crate::ports::worktrees::{Result, TreeError};

const PARK: &str = "park the tree";
const REASON: &str = "parked by ganger";

/// See [`crate::ports::worktrees::Worktrees::park`].
pub(super) fn park(
    git: &Git,
    tree: &Tree,
    by: &AttemptId,
    trash: &Path,
    owned: &dyn Fn() -> bool,
) -> Result<Option<PathBuf>> {
    let repo = Repo::open(&tree.repo)?;
    let path = settle(&tree.path)?;
    let target = settle(&trash.join(by.as_str()))?;
    let _lock = RepoLock::take(&repo.common, &format!("park {}", path.display()), git.patience)?;
    if !owned() {
        return Err(TreeError::Revoked);
    }
    match (is_there(&path)?, is_there(&target)?) {
        (false, false) => return Ok(None),
        (true, true) => return Err(in_place(&path, format!("{} is taken", target.display()))),
        (true, false) => move_away(git, &repo, tree, by, &path, &target)?,
        (false, true) => {}
    }
    record(git, &repo, &path, &target)?;
    Ok(Some(target))
}

fn is_there(path: &Path) -> Result<bool> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed(PARK, format!("{}: {error}", path.display()))),
    }
}

fn in_place(path: &Path, why: impl std::fmt::Display) -> TreeError {
    failed(PARK, format!("{} kept in place: {why}", path.display()))
}

fn move_away(git: &Git, repo: &Repo, tree: &Tree, by: &AttemptId, path: &Path, target: &Path) -> Result<()> {
    let admin = record_of(&repo.common, path).map_err(|why| in_place(path, why))?;
    standing::refuse(path)?;
    rescue(git, repo, tree, by, &admin, path).map_err(|error| in_place(path, error))?;
    let was_locked = admin.lock(path) != Lock::No;
    lock(git, repo, &admin, path)?;
    let moved = target.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::rename(path, target));
    moved.map_err(|error| {
        if !was_locked {
            // Left locked it would only be harder to remove by hand.
            admin.unlock().ok();
        }
        in_place(path, error)
    })
}

/// Makes a reference to everything that is not ignored, on top of HEAD.
fn rescue(git: &Git, repo: &Repo, tree: &Tree, by: &AttemptId, admin: &Admin, path: &Path) -> Result<()> {
    let head = head(git, &admin.dir)?;
    let index = TempIndex::new(&admin.dir);
    copy_index(git, &admin.dir, path, head.as_deref(), &index)?;
    // The folder itself is the first copy: what git can't take is not lost.
    match add_all(git, &admin.dir, path, &index) {
        Ok(_) | Err(TreeError::Failed { .. }) => {}
        Err(error) => return Err(error),
    }
    let content = match (write_tree(git, &admin.dir, path, &index), &head) {
        (Ok(content), _) => content,
        // An index with conflicts that could not be taken in.
        (Err(TreeError::Failed { .. }), Some(head)) => tree_of(git, &admin.dir, head)?,
        (Err(error), _) => return Err(error),
    };
    let name = format!("refs/ganger/rescue/{}/{by}", tree.task);
    let call = git.call(&repo.common).args(["rev-parse", "--verify", "--quiet", &name]);
    let earlier = Some(git.ask(&call, "read the rescue reference")?).filter(Answer::ok).map(|answer| answer.text());
    let message = format!("task {}: what was in {}", tree.task, path.display());
    let mut call = git.call(&repo.common).args(["commit-tree", &content]).stdin(message.into_bytes());
    // One from a call that was killed stays reachable.
    for parent in head.iter().chain(&earlier) {
        call = call.args(["-p", parent]);
    }
    let commit = git.must(&call, "write the rescue commit")?.text();
    let call = git.call(&repo.common).args(["update-ref", "--no-deref", &name, &commit]);
    git.must(&call, "write the rescue reference").map(drop)
}

fn lock(git: &Git, repo: &Repo, admin: &Admin, path: &Path) -> Result<()> {
    if admin.lock(path) != Lock::No {
        return Ok(());
    }
    let call = git.call(&repo.common).args(["worktree", "lock", "--reason", REASON, "--"]).args([path]);
    let answer = git.ask(&call, "lock the worktree")?;
    if admin.lock(path) == Lock::No { Err(in_place(path, answer.complaint())) } else { Ok(()) }
}

/// Tells git where the tree is now.
///
/// By one file: `git worktree repair` also rewrites the `.git` of every other tree that it finds odd, and in a
/// copy of a repository it takes the trees away from the original.
fn record(git: &Git, repo: &Repo, path: &Path, target: &Path) -> Result<()> {
    let elsewhere = |why: String| failed(PARK, format!("{}: {why}", target.display()));
    let DotGit::Ours(dir) = DotGit::read(&repo.common, target).map_err(|error| elsewhere(error.to_string()))? else {
        return Err(elsewhere("it is not a worktree of the repository".to_owned()));
    };
    let admin = Admin { dir };
    match admin.tree() {
        Some(known) if known == target => {}
        Some(known) if known == path => {
            let mut text = option("", target.join(".git")).into_encoded_bytes();
            text.push(b'\n');
            let new = admin.dir.join("gitdir.new");
            let written = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, admin.dir.join("gitdir")));
            written.map_err(|error| elsewhere(error.to_string()))?;
        }
        Some(known) => return Err(elsewhere(format!("git knows that tree at {}", known.display()))),
        None => return Err(elsewhere("git has no record of it any more".to_owned())),
    }
    lock(git, repo, &admin, target)
}
