//! Git worktrees, for [`Worktrees`]: the `git` program makes and moves them, libgit2 reads.
//!
//! Owns the repository lock, the making, inspection, removal and parking of an attempt's tree and branch. It must
//! never remove a file that it has not just found equal to what git wrote, never touch a tree, a branch or a
//! record that lacks our mark, and never run a command that acts on a whole repository (`prune`, `repair`, `gc`).
//!
//! Two marks tell what is ours. A tree that is being made or unmade is locked with the reason `ganger: making
//! PATH`: it is the first file that `git worktree add` writes, so every leftover of a killed one bears it. A
//! branch's reflog begins with an entry by `ganger <add@ganger.invalid>`. While an agent may be at work in a tree it
//! is locked as well, with a reason that names task and attempt.

mod add;
mod back;
mod bench;
mod call;
mod carry;
mod clash;
mod content;
mod delete;
mod diff;

pub mod files;
mod find;
mod follow;
mod forget;
mod hide;
mod hold;
mod ignored;
mod inspect;
mod kept_head;
mod layout;
mod merge;
mod merged;
pub mod pager;
mod park;
mod pointer;
mod program;
mod quarantine;
mod read;
mod refs;
mod remake;
mod remove;
mod repo_lock;
mod rescue;
mod restore;
mod seen;
mod snapshot;
mod stale;
mod standing;
#[cfg(test)]
mod tests;
mod touched;
mod view;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::attempt::{Plan, Tree};
use crate::domain::diff::{Count, File};
use crate::domain::id::AttemptId;
use crate::domain::patch::{Limit, Patch};
use crate::domain::saga::Remains;
use crate::domain::time::Timestamp;
use crate::domain::tree::Whereabouts;
use crate::ports::worktrees::{
    Clash, Compared, Intact, Moved, Name, NewTree, Parking, Result, Snapshot, TreeError, Worktrees,
};

/// How long a caller waits for the repository's lock.
const PATIENCE: Duration = Duration::from_secs(5);

/// The `git` program and how it is run.
#[derive(Clone, Debug)]
pub struct Git {
    program: OsString,
    deadline: Duration,
    patience: Duration,
    env: Vec<(OsString, OsString)>,
    scratch: Option<PathBuf>,
}

impl Git {
    /// The `git` found on `PATH`; each of its calls may take up to `deadline`.
    #[must_use]
    pub fn new(deadline: Duration) -> Self {
        Self { program: OsString::from("git"), deadline, patience: PATIENCE, env: Vec::new(), scratch: None }
    }

    /// Runs this program in place of the one on `PATH`.
    #[must_use]
    pub fn with_program(mut self, program: impl AsRef<OsStr>) -> Self {
        program.as_ref().clone_into(&mut self.program);
        self
    }

    /// Sets a variable of git's environment (after every `GIT_*` variable was left out).
    #[must_use]
    pub fn with_env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Waits this long for the repository's lock; 5 s where it is not said.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The names of a repository's branches.
    ///
    /// # Errors
    /// Where the repository can't be read.
    pub fn branches(&self, repo: &Path) -> Result<Vec<String>> {
        let found = read::Repo::open(self, repo)?.branches()?;
        Ok(found.into_iter().filter_map(|name| Some(name.strip_prefix("refs/heads/")?.to_owned())).collect())
    }

    /// Keeps its temporary files in this folder, which no agent may write.
    #[must_use]
    pub fn with_scratch(mut self, folder: &Path) -> Self {
        self.scratch = Some(folder.to_owned());
        self
    }

    fn scratch(&self) -> PathBuf {
        self.scratch.clone().unwrap_or_else(std::env::temp_dir)
    }
}

impl Worktrees for Git {
    fn repository(&self, from: &Path) -> Result<PathBuf> {
        read::repository(self, from)
    }

    fn resolve(&self, repo: &Path, base: &str) -> Result<String> {
        read::Repo::open(self, repo)?.resolve(base)
    }

    fn is_same(&self, one: &Path, other: &Path) -> bool {
        let common = |path| read::Repo::open(self, path).map(|repo| repo.common);
        matches!((common(one), common(other)), (Ok(one), Ok(other)) if one == other)
    }

    fn base_at(&self, from: &Path, base: &str) -> Result<Option<String>> {
        read::base_at(self, from, base)
    }

    fn branch(&self, repo: &Path, branch: &str) -> Result<Name> {
        read::Repo::open(self, repo)?.name(branch)
    }

    fn add(&self, tree: &NewTree<'_>, wanted: &dyn Fn() -> bool) -> Result<()> {
        add::add(self, tree, wanted)
    }

    fn intact(&self, repo: &Path, path: &Path) -> Intact {
        match find::worktree_of(self, repo, path) {
            Ok(()) => Intact::Yes,
            Err(why) => Intact::No(why),
        }
    }

    fn adopt(&self, repo: &Path, path: &Path) -> Result<Intact> {
        let opened = read::Repo::open(self, repo)?;
        let doing = format!("adopt {}", path.display());
        let _lock = repo_lock::RepoLock::take(&opened.common, &doing, self.patience)?;
        if let Intact::No(why) = self.intact(repo, path) {
            return Ok(Intact::No(why));
        }
        let path = layout::settle(path)?;
        let admin = layout::record_at(&opened.common, &path).map_err(TreeError::Impossible)?;
        seen::ensure(self, &opened, &admin, &path)?;
        Ok(Intact::Yes)
    }

    fn glance(&self, path: &Path) -> bool {
        find::glance(path)
    }

    fn whereabouts(&self, tree: &Tree, owners: &[AttemptId]) -> Whereabouts {
        find::whereabouts(self, tree, owners)
    }

    fn settle(&self, tree: &Tree, owners: &[AttemptId], act: &mut dyn FnMut(&Whereabouts)) -> Result<()> {
        let opened = read::Repo::open(self, &tree.repo)?;
        let doing = format!("look for {}", tree.path.display());
        let _lock = repo_lock::RepoLock::take(&opened.common, &doing, self.patience)?;
        act(&find::whereabouts(self, tree, owners));
        Ok(())
    }

    fn remake(&self, tree: &Tree, wanted: &dyn Fn() -> bool) -> Result<()> {
        remake::remake(self, tree, wanted)
    }

    fn hold(&self, plan: &Plan) -> Result<()> {
        hold::hold(self, plan)
    }

    fn release(&self, plan: &Plan) -> Result<()> {
        hold::release(self, plan)
    }

    fn snapshot(&self, repo: &Path, path: &Path) -> Result<Snapshot> {
        snapshot::snapshot(self, repo, path)
    }

    fn fresh(&self, repo: &Path, path: &Path, base: &str) -> Result<Snapshot> {
        snapshot::fresh(self, repo, path, base)
    }

    fn changed(&self, repo: &Path, path: &Path, since: &Snapshot) -> Result<bool> {
        snapshot::changed(self, repo, path, since)
    }

    fn ignored(&self, repo: &Path) -> Result<Vec<PathBuf>> {
        ignored::ignored(self, repo)
    }

    fn included(&self, repo: &Path) -> Result<Vec<PathBuf>> {
        ignored::included(self, repo)
    }

    fn touched(&self, repo: &Path, since: Timestamp) -> Result<Vec<PathBuf>> {
        touched::touched(self, repo, since)
    }

    fn commits(&self, repo: &Path, branch: &str, base: &str) -> Result<Vec<String>> {
        read::Repo::open(self, repo)?.commits(branch, base)
    }

    fn changes(&self, compared: &Compared<'_>) -> Result<Vec<File>> {
        diff::changes(self, compared)
    }

    fn patches(
        &self,
        compared: &Compared<'_>,
        files: &[File],
        limit: Limit,
        read: &mut dyn FnMut(usize, Patch) -> bool,
    ) -> Result<()> {
        diff::patches(self, compared, files, limit, read)
    }

    fn count(
        &self,
        compared: &Compared<'_>,
        files: &[File],
        counted: &mut dyn FnMut(usize, Option<Count>) -> bool,
    ) -> Result<()> {
        diff::count(self, compared, files, counted)
    }

    fn clash(&self, one: &Compared<'_>, other: &Compared<'_>, path: &Path) -> Result<Clash> {
        clash::clash(self, one, other, path)
    }

    fn remember(&self, tree: &Tree, reference: &str) -> Result<()> {
        rescue::remember(self, tree, reference)
    }

    fn remove(&self, tree: &Tree, owned: &dyn Fn() -> bool) -> Result<Remains> {
        remove::remove(self, tree, owned)
    }

    fn park(&self, tree: &Tree, parking: &Parking<'_>, owned: &dyn Fn() -> bool) -> Result<Option<Moved>> {
        park::park(self, tree, parking, owned)
    }

    fn restore(&self, tree: &Tree, owned: &dyn Fn() -> bool) -> Result<Moved> {
        restore::restore(self, tree, owned)
    }

    fn delete(&self, tree: &Tree, owned: &dyn Fn() -> bool) -> Result<()> {
        delete::delete(self, tree, owned)
    }

    fn size(&self, folder: &Path) -> u64 {
        delete::size(folder)
    }
}
