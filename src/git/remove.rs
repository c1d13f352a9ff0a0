//! Undoing `add`: removes a tree that nobody worked in, its record, and its branch.
//!
//! Idempotent, and safe to be killed anywhere: a tree that is being removed is marked as one that is being made,
//! and a half-made tree is what this removes. Every doubt ends in [`Remains::Kept`].

use std::io;
use std::path::Path;

use super::Git;
use super::call::failed;
use super::inspect::{Content, Made, Verdict, inspect};
use super::layout::{Admin, DotGit, Lock, making, settle};
use super::read::Repo;
use super::refs::{Head, Maker, Tip};
use super::repo_lock::RepoLock;
use super::stale;
use super::standing;
use crate::domain::attempt::Tree;
use crate::domain::saga::Remains;
use crate::ports::worktrees::{Result, TreeError};

/// What is to be removed, with its names as git knows them.
pub(super) struct Leftover<'a> {
    pub git: &'a Git,
    pub repo: &'a Repo,
    pub path: &'a Path,
    pub branch: &'a str,
    /// The branch is the user's.
    pub given: bool,
    pub base: &'a str,
}

/// See [`crate::ports::worktrees::Worktrees::remove`].
pub(super) fn remove(git: &Git, tree: &Tree, owned: &dyn Fn() -> bool) -> Result<Remains> {
    let repo = Repo::open(git, &tree.repo)?;
    let path = settle(&tree.path)?;
    let doing = format!("remove {}", path.display());
    let _lock = RepoLock::take(&repo.common, &doing, git.patience)?;
    if !owned() {
        return Err(TreeError::Revoked);
    }
    if let Some(parked) = &tree.parked {
        return Ok(Remains::Kept(format!("{} is parked", parked.display())));
    }
    if tree.ran {
        return Ok(Remains::Kept(format!("{} was worked in: it can be parked, not removed", path.display())));
    }
    let leftover =
        Leftover { git, repo: &repo, path: &path, branch: &tree.branch, given: tree.given, base: &tree.base };
    leftover.clear()
}

impl Leftover<'_> {
    /// Removes all of it, under the repository's lock.
    pub(super) fn clear(&self) -> Result<Remains> {
        // First of all: what is looked at below must not be changed by a git that has not noticed its end yet.
        standing::refuse(self.path, true)?;
        let outcome = match self.path.symlink_metadata() {
            Ok(meta) if meta.is_dir() => self.clear_folder(),
            // A file or a link is nothing that git makes.
            Ok(_) => Ok(Remains::Nothing),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.forget_absent(),
            Err(error) => Err(failed("look at the tree", error)),
        };
        match outcome {
            Ok(Remains::Nothing) if self.given => Ok(Remains::Nothing),
            Ok(Remains::Nothing) => self.delete_branch(),
            Ok(Remains::Kept(why)) => Ok(Remains::Kept(why)),
            // Nothing was written meanwhile: the caller may ask again.
            Err(error @ TreeError::Busy(_)) => Err(error),
            Err(error) => Ok(self.kept(&error.to_string())),
        }
    }

    fn kept(&self, why: &str) -> Remains {
        Remains::Kept(format!("{} kept: {why}", self.path.display()))
    }

    fn records(&self) -> Result<Vec<Admin>> {
        Admin::at(&self.repo.common, self.path).map_err(|error| failed("read worktrees", error))
    }

    /// The tree's folder is gone: only git's record of it is left.
    fn forget_absent(&self) -> Result<Remains> {
        let records = self.records()?;
        if records.is_empty() {
            return Ok(Remains::Nothing);
        }
        if !self.path.parent().is_some_and(Path::exists) {
            return Ok(self.kept("its parent folder is absent too, perhaps not mounted"));
        }
        for admin in &records {
            if let Some(why) = self.somebodys(admin) {
                return Ok(self.kept(&why));
            }
        }
        self.forget(&records)
    }

    fn forget(&self, records: &[Admin]) -> Result<Remains> {
        for admin in records {
            admin.forget(&self.repo.common).map_err(|error| failed("remove git's record", error))?;
        }
        Ok(Remains::Nothing)
    }

    /// Why a record is not merely what `add` left.
    fn somebodys(&self, admin: &Admin) -> Option<String> {
        let half = match admin.lock(self.path) {
            Lock::Other(reason) => return Some(format!("it is locked: {reason}")),
            Lock::Making => true,
            Lock::No | Lock::Working(_) => false,
        };
        // Somebody's prune that is at work takes the lock away before the rest.
        let unmade = admin.head() == Head::Unmade && (half || !admin.has_index());
        if !unmade && let Err(why) = self.repo.head_is(admin, self.branch, self.base) {
            return Some(why);
        }
        if !self.given && self.repo.maker(self.branch) != Maker::UsUntouched && !unmade {
            return Some(format!("branch {} was not made, or was moved by another process", self.branch));
        }
        admin.work(self.base)
    }

    fn clear_folder(&self) -> Result<Remains> {
        let records = self.records()?;
        let dot_git = DotGit::read(&self.repo.common, self.path).map_err(|error| failed("look at the tree", error))?;
        let lost = match (&dot_git, records.as_slice()) {
            (DotGit::Foreign, _) | (DotGit::Missing | DotGit::Torn, []) => return Ok(Remains::Nothing),
            // Its record was pruned by somebody; one that is there belongs to the tree that this is a copy of.
            (DotGit::Ours(dir), []) if dir.exists() => return Ok(Remains::Nothing),
            (DotGit::Ours(_), []) => true,
            (DotGit::Ours(dir), records) if !records.iter().any(|admin| admin.dir == *dir) => {
                return Ok(self.kept("git knows another tree at its path"));
            }
            (DotGit::Missing | DotGit::Torn | DotGit::Ours(_), _) => false,
        };
        if lost && self.repo.maker(self.branch) != Maker::UsUntouched {
            return Ok(self.kept("git's record of it is gone"));
        }
        for admin in &records {
            if let Some(why) = self.somebodys(admin) {
                return Ok(self.kept(&why));
            }
        }
        let whole = match records.as_slice() {
            [admin] if self.is_whole(admin, &dot_git) => Some(admin),
            _ => None,
        };
        let made = whole.map_or(Made::Half, Made::Whole);
        match inspect(self.git, self.repo, self.path, self.base, made)? {
            Verdict::Work(what) => Ok(self.kept(&what)),
            Verdict::Equal(content) => {
                if let Some(admin) = whole {
                    self.mark(admin)?;
                }
                self.empty(&content, &records)
            }
        }
    }

    fn is_whole(&self, admin: &Admin, dot_git: &DotGit) -> bool {
        matches!(dot_git, DotGit::Ours(_))
            && matches!(admin.lock(self.path), Lock::No | Lock::Working(_))
            && admin.has_index()
            && !admin.index_is_locked()
    }

    /// Makes it a half-made tree, so that a removal that is killed can be taken up.
    fn mark(&self, admin: &Admin) -> Result<()> {
        std::fs::write(admin.dir.join("locked"), making(self.path)).map_err(|error| failed("mark the tree", error))
    }

    fn empty(&self, content: &Content, records: &[Admin]) -> Result<Remains> {
        let removing = |error: io::Error| failed("remove the tree", error);
        if let Some(why) = content.remove_from(self.path).map_err(removing)? {
            return Ok(self.kept(&why));
        }
        match std::fs::remove_file(self.path.join(".git")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(removing(error)),
            Ok(()) | Err(_) => {}
        }
        match std::fs::remove_dir(self.path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                return Ok(self.kept("something was written there just now"));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(removing(error)),
            Ok(()) | Err(_) => {}
        }
        self.forget(records)
    }

    /// Deletes the branch, if it is ours, still where it was made, and nobody's HEAD.
    fn delete_branch(&self) -> Result<Remains> {
        let kept = |why: String| Ok(Remains::Kept(why));
        let branch = self.branch;
        let name = format!("refs/heads/{branch}");
        match self.repo.tip(branch)? {
            Tip::Absent => {
                // A git that was killed while it made or deleted the branch left it, and no other can make one now.
                stale::drop_lock(&self.repo.common, &name);
                return Ok(Remains::Nothing);
            }
            Tip::At(id) if id == self.base => {}
            Tip::At(id) => return kept(format!("branch {branch} kept: it was moved to {id}")),
            Tip::Symbolic => return kept(format!("branch {branch} kept: it is a symbolic reference")),
        }
        match self.repo.maker(branch) {
            Maker::UsUntouched => {}
            Maker::Somebody => return Ok(Remains::Nothing),
            Maker::UsMoved => return kept(format!("branch {branch} kept: it was elsewhere meanwhile")),
            Maker::Unknown => return kept(format!("branch {branch} kept: its reflog does not tell who made it")),
        }
        let holder = self.repo.holder(branch).map_err(|error| failed("read worktrees", error))?;
        if let Some(holder) = holder {
            return kept(format!("branch {branch} kept: it is checked out at {}", holder.display()));
        }
        let call = self.git.call(&self.repo.common).args(["update-ref", "--no-deref", "-d", &name, self.base]);
        let mut answer = self.git.ask(&call, "delete the branch")?;
        if !answer.ok() && stale::drop_lock(&self.repo.common, &name) {
            answer = self.git.ask(&call, "delete the branch")?;
        }
        match self.repo.tip(branch)? {
            Tip::Absent => Ok(Remains::Nothing),
            // A lock that a killed git left, or that another git holds: nothing is decided yet.
            Tip::At(_) if answer.complaint().contains(".lock") => Err(TreeError::Busy(answer.complaint())),
            Tip::At(_) | Tip::Symbolic => kept(format!("branch {branch} kept: {}", answer.complaint())),
        }
    }
}
