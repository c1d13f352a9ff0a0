//! Git worktrees.
//!
//! Contract. Nothing here destroys a byte that somebody wrote. Only what was made for the attempt named is
//! touched: branches go by compare-and-delete at their recorded base, trees only if they equal what git wrote
//! or else by being parked. Inspection that fails counts as dirty. Metadata is written under the repository's
//! lock, `ganger.lock` in its common directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::attempt::{Plan, Tree};
use crate::domain::diff::{Count, File, Part};
use crate::domain::id::AttemptId;
use crate::domain::patch::{Limit, Patch};
use crate::domain::saga::Remains;
use crate::domain::time::Timestamp;
use crate::domain::tree::Whereabouts;

/// Why git could not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// Trying again would fail alike: no repository, no such base, an empty repository.
    #[error("{0}")]
    Impossible(String),
    /// A name was taken since the plan was made.
    #[error("{0}")]
    Taken(String),
    /// Somebody holds the repository's lock, or a process stands in the tree: who.
    #[error("git busy: {0}")]
    Busy(String),
    /// git is missing or too old: the machine's fault.
    #[error("{0}")]
    Missing(String),
    /// It ran past its deadline and was ended.
    #[error("{doing}: no answer within {after:?}")]
    Deadline { doing: String, after: Duration },
    /// The caller's attempt is not wanted any more.
    #[error("the attempt was revoked")]
    Revoked,
    #[error("{doing}: {why}")]
    Failed { doing: String, why: String },
}

/// Result of a call.
pub type Result<T> = std::result::Result<T, TreeError>;

/// Whether a branch name can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Free,
    /// There is a branch of this name.
    Taken,
    /// There is a branch called like one of its folders, or a folder called like it.
    Clashes,
}

/// A tree to be made.
#[derive(Clone, Debug)]
pub struct NewTree<'a> {
    pub repo: &'a Path,
    pub path: &'a Path,
    pub branch: &'a str,
    /// The branch is there, and the user's: it is checked out as it is, unless it is so elsewhere than in the trash or in
    /// one of these, which the task's earlier attempts have left.
    pub given: Option<&'a [PathBuf]>,
    /// A full commit id: where the branch is made, or where one that is given is.
    pub base: &'a str,
}

/// The state of a tree's content, to compare with later: where HEAD is, and what differs from it byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit of HEAD; `None` where it has none yet.
    pub head: Option<String>,
    /// The branch that HEAD is, without `refs/heads/`.
    pub branch: Option<String>,
    /// What is not as in that commit, by path. Ignored files are left out.
    pub differs: BTreeMap<PathBuf, Content>,
}

/// What is at a path of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Absent,
    File {
        size: u64,
        /// The id of its bytes, whatever git would make of them.
        id: String,
    },
    /// The id of where it leads.
    Link(String),
    /// A repository of its own, at this commit.
    Nested(Option<String>),
    /// Nothing that is read, or too much of it: by size and time of change.
    Opaque(u64, i64, i64),
}

/// Whether a tree can be worked in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intact {
    Yes,
    /// It is gone, or not a worktree of the repository any more: why.
    No(String),
}

/// How a tree is set aside.
#[derive(Clone, Copy, Debug)]
pub struct Parking<'a> {
    /// The attempt that it is named after.
    pub by: &'a AttemptId,
    pub trash: &'a Path,
    /// A person insists: whoever stands in it, and as a plain folder where it is no worktree any more.
    pub force: bool,
}

/// A tree that was moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    pub path: PathBuf,
    /// What could not be done for it beside the move, for people.
    pub said: Vec<String>,
}

/// Which two states are compared: a commit with what was made of it.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    pub repo: &'a Path,
    pub work: Work<'a>,
    /// A full commit id.
    pub base: &'a str,
    pub part: Part,
}

/// What becomes of a file that two works change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// It is the same in both.
    Same,
    /// A merge of the two would go by itself.
    Merges,
    Conflicts,
    /// It is too large, or nothing that can be read.
    Unknown,
}

/// Where the work is.
#[derive(Clone, Copy, Debug)]
pub enum Work<'a> {
    /// In the worktree at this path.
    Tree(&'a Path),
    /// In this commit alone, a full id: its worktree is gone.
    Commit(&'a str),
}

/// See the module's contract.
pub trait Worktrees {
    /// The repository around `from`: the canonical path of its main worktree, or of a bare one's common directory.
    ///
    /// # Errors
    /// [`TreeError::Impossible`] where there is none; the others as their docs say, here and below.
    fn repository(&self, from: &Path) -> Result<PathBuf>;
    /// Whether both are worktrees or git directories of the same repository, which need not be known by the same path:
    /// one whose git directory is set apart does not know where its main worktree is.
    fn is_same(&self, one: &Path, other: &Path) -> bool;
    /// What `base` is called in the repository itself for somebody who stands at `from`: in a linked worktree, HEAD is
    /// that one's. `None` where it is called the same.
    fn base_at(&self, from: &Path, base: &str) -> Result<Option<String>>;
    /// The full id of the commit that `base` names.
    fn resolve(&self, repo: &Path, base: &str) -> Result<String>;
    /// Whether `branch` can be given.
    fn branch(&self, repo: &Path, branch: &str) -> Result<Name>;
    /// Makes branch and tree, checks the files out, and believes only what it then sees. `wanted` is asked under
    /// the lock, before the first effect.
    fn add(&self, tree: &NewTree<'_>, wanted: &dyn Fn() -> bool) -> Result<()>;
    /// Whether the tree at `path` still is one, of `repo`.
    fn intact(&self, repo: &Path, path: &Path) -> Intact;
    /// As `intact`, under the repository's lock: for the attempt that has just become the tree's owner. Whoever was
    /// about to remove or park the tree has done so by then, or will find that it has another owner.
    fn adopt(&self, repo: &Path, path: &Path) -> Result<Intact>;
    /// Where the tree is, looked for in every place that it could be in: its path, the trash under the name of each of
    /// `owners`, which have or had it, and what git knows of it. Absent only where all of them could be looked at.
    fn whereabouts(&self, tree: &Tree, owners: &[AttemptId]) -> Whereabouts;
    /// Whether the folder at `path` and git's record of it name each other: a look at two small files.
    fn glance(&self, path: &Path) -> bool;
    /// As `whereabouts`, and acts on it before the repository's lock is given back: nobody moves the tree meanwhile.
    fn settle(&self, tree: &Tree, owners: &[AttemptId], act: &mut dyn FnMut(&Whereabouts)) -> Result<()>;
    /// Makes a tree again whose folder is gone: with HEAD and index of git's own record of it, or else on its branch. What
    /// was in no commit and not staged is not in it. `wanted` is asked under the lock, before the first effect.
    fn remake(&self, tree: &Tree, wanted: &dyn Fn() -> bool) -> Result<()>;
    /// Locks the attempt's tree in git's own way, so that git removes, moves and prunes it for nobody while its agent
    /// may be at work there. Somebody else's lock stays.
    fn hold(&self, plan: &Plan) -> Result<()>;
    /// Takes that lock off again, wherever the tree is by now; no other attempt's, and nobody else's.
    fn release(&self, plan: &Plan) -> Result<()>;
    /// What the tree at `path` holds now. What an agent left there is read as data: no program is run that the tree or
    /// the repository's configuration names.
    fn snapshot(&self, repo: &Path, path: &Path) -> Result<Snapshot>;
    /// As `snapshot`, for a tree of `base` that nobody has touched since it was made: without looking at all of it.
    fn fresh(&self, repo: &Path, path: &Path, base: &str) -> Result<Snapshot>;
    /// Whether the tree at `path`, or its branch, is not as it was: by the same rules as `snapshot`. Commits and bytes
    /// count; permissions do not, nor what git's index and filters make of a file.
    fn changed(&self, repo: &Path, path: &Path, since: &Snapshot) -> Result<bool>;
    /// What is ignored in the main worktree at `repo`, relative to it: files, and folders in which everything is. A
    /// bare repository has none.
    fn ignored(&self, repo: &Path) -> Result<Vec<PathBuf>>;
    /// The files of the main worktree at `repo`, relative to it, that its `.worktreeinclude` names and git ignores; none
    /// where it has no such file.
    fn included(&self, repo: &Path) -> Result<Vec<PathBuf>>;
    /// What is not committed in the main worktree at `repo`, relative to it, and was written at `since` or later, by
    /// whomever; ignored files are left out. A bare repository has none.
    fn touched(&self, repo: &Path, since: Timestamp) -> Result<Vec<PathBuf>>;
    /// The ids of the commits on `from`, a branch or a commit, that are not in `base`, newest first.
    fn commits(&self, repo: &Path, from: &str, base: &str) -> Result<Vec<String>>;
    /// The files that have changed, by path, not counted yet. Quick: a file whose stamps say that it may have changed is
    /// listed although its bytes may turn out to be the same. Read as `snapshot` does.
    fn changes(&self, compared: &Compared<'_>) -> Result<Vec<File>>;
    /// The changed lines of each of `files`, one after the other, told by its place in them. Stops where `read` says no.
    fn patches(
        &self,
        compared: &Compared<'_>,
        files: &[File],
        limit: Limit,
        read: &mut dyn FnMut(usize, Patch) -> bool,
    ) -> Result<()>;
    /// Counts the changed lines of each of `files`, and tells each by its place in them; `None` where it turns out to be
    /// as before. Stops where `counted` says no.
    fn count(
        &self,
        compared: &Compared<'_>,
        files: &[File],
        counted: &mut dyn FnMut(usize, Option<Count>) -> bool,
    ) -> Result<()>;
    /// What a merge of both works would make of the file at `path`, as it is in them now, committed or not. Nothing is
    /// written.
    fn clash(&self, one: &Compared<'_>, other: &Compared<'_>, path: &Path) -> Result<Clash>;
    /// Keeps what the tree holds now, committed or not and not ignored, by this reference; what it held before stays
    /// reachable from there.
    fn remember(&self, tree: &Tree, reference: &str) -> Result<()>;
    /// Undoes `add`: removes a tree that never ran if it equals what git wrote (also a half-made one), and its
    /// branch if that is still at the base and nobody's HEAD. Keeps what it can't prove empty. `owned` is asked
    /// under the lock, before the first effect; where it says no, nothing is done ([`TreeError::Revoked`]).
    fn remove(&self, tree: &Tree, owned: &dyn Fn() -> bool) -> Result<Remains>;
    /// Moves a tree to the trash, still a locked worktree of its repository, with what hangs on it (worktrees and
    /// submodules inside still work) and rescue references beside. Returns where it is then; `None` when there was
    /// nothing at its path. `owned` is asked under the lock, at first and just before the move.
    fn park(&self, tree: &Tree, parking: &Parking<'_>, owned: &dyn Fn() -> bool) -> Result<Option<Moved>>;
    /// The inverse of `park`: moves a parked tree back to its path, and takes git's locks off again.
    fn restore(&self, tree: &Tree, owned: &dyn Fn() -> bool) -> Result<Moved>;
    /// Deletes a parked tree for good, with git's records of it; branches and rescue references stay. Refused while a
    /// process stands in it. `owned` as above.
    fn delete(&self, tree: &Tree, owned: &dyn Fn() -> bool) -> Result<()>;
    /// How much room a folder takes on the disk, in bytes; what can't be read counts nothing.
    fn size(&self, folder: &Path) -> u64;
}
