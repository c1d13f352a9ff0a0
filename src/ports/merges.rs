//! Bringing work home: what a merge reads of a repository, and the one branch that it moves.
//!
//! Contract. The checkouts, indexes, stashes and other branches of a repository are the same before and after, save the
//! branch that is moved and its one checkout, which follows as for `git merge` there. A branch moves by
//! compare-and-set, and whatever can refuse a merge has been asked before. What is made on the way lies in a worktree
//! of our own, which is gone afterwards; what a killed process left of one is removed by the next. The commits of a
//! merge are the user's, by the user's own settings and hooks; an agent's tree is only ever read as data.

use std::path::Path;

use crate::domain::id::TaskId;
use crate::domain::merge::{Built, Contained, Method, Target};
use crate::domain::tree::Head;
use crate::ports::worktrees::Result;

/// A merge that is to be made, beside everything that is there.
#[derive(Clone, Debug)]
pub struct Build<'a> {
    pub repo: &'a Path,
    pub target: &'a Target,
    /// The commit of the work.
    pub work: &'a str,
    /// Only what comes after this commit is brought, onto the target: the rest is there already, as other commits.
    pub since: Option<&'a str>,
    pub method: Method,
    /// For the commit that is made, if one is.
    pub message: &'a str,
    /// Whether the repository's hooks are asked.
    pub hooks: bool,
}

/// What has to hold of the result before it counts: it is given the files, and says why not.
pub type Check<'a> = &'a mut dyn FnMut(&Path) -> std::result::Result<(), String>;

/// What became of a branch that was to move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It is at the new commit, and its checkout with it.
    Yes,
    /// It is somewhere else than it was: build again.
    Elsewhere,
    /// Files where it is checked out would be overwritten. Nothing was changed.
    InTheWay(Vec<String>),
    /// It can't be moved now: why. Nothing was changed.
    No(String),
}

/// See the module's contract.
pub trait Merges {
    /// HEAD of the worktree at `tree`, or of the main one.
    ///
    /// # Errors
    /// As [`TreeError`](crate::ports::worktrees::TreeError) says; so for every method.
    fn head(&self, repo: &Path, tree: Option<&Path>) -> Result<Head>;
    /// A branch as it is now; `None` where there is none.
    fn target(&self, repo: &Path, branch: &str) -> Result<Option<Target>>;
    /// The files in the tree at `path` that its HEAD does not have like that, untracked ones included and ignored ones
    /// not. The tree is read as data.
    fn uncommitted(&self, repo: &Path, path: &Path) -> Result<Vec<String>>;
    /// Commits all of these in the tree at `path`, as `git commit` there.
    fn commit_all(&self, repo: &Path, path: &Path, message: &str) -> Result<()>;
    /// Why `work` counts as merged into the commit `target`, if it does.
    fn contained(&self, repo: &Path, work: &str, target: &str) -> Result<Option<Contained>>;
    /// Makes the merge, without moving anything. With `check` its files are there to be looked at.
    fn build(&self, build: &Build<'_>, check: Option<Check<'_>>) -> Result<Built>;
    /// Moves the target from where it was seen forward to `to`, and its checkout with it. `why` is for the reflog.
    fn advance(&self, repo: &Path, target: &Target, to: &str, why: &str) -> Result<Moved>;
    /// Deletes the references that ganger keeps of a task and that nothing depends on once its work is in the commit
    /// `into`: what was reviewed, and rescue copies that hold nothing but commits which are merged. Their names.
    fn forget(&self, repo: &Path, task: TaskId, into: &str) -> Result<Vec<String>>;
    /// Deletes a branch that we made, where it is at `tip` and nobody's HEAD but that of the parked tree at `parked`,
    /// whose HEAD is the commit from then on. False where it stays.
    fn delete_branch(&self, repo: &Path, branch: &str, tip: &str, parked: Option<&Path>) -> Result<bool>;
}
